//! The tables `[tree]` and `[[node]]` of a targets file.

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::Comparison;
use toml::Spanned;

use super::definition::{Combine, Node, Tree};
use super::error::TreeError;
use super::levels::Levels;
use super::pairing::Pairing;
use super::propagation::Correlation;
use crate::config::{ConfigError, Lines};

/// A tree from a targets file, and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeConfig {
    /// The tree.
    pub tree: Tree,
    /// Metric whose series are the leaves.
    pub metric: Option<String>,
    /// Labels whose values, joined by `/`, name the leaf of a series.
    pub labels: Vec<String>,
    /// Levels of quality, when there are any.
    pub levels: Option<Levels>,
    /// Composite improvement over the baseline that is asked for.
    pub improvement: Option<(Comparison, f64)>,
    /// What the two variants of an improvement have in common.
    pub pairing: Pairing,
    /// Whether nothing is released without the improvement.
    pub critical: bool,
    /// Line of the table.
    pub line: usize,
}

/// The table `[tree]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreeFile {
    name: Spanned<String>,
    metric: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    combine: Option<Spanned<String>>,
    range: Option<Spanned<String>>,
    improvement: Option<Spanned<String>>,
    pairing: Option<Spanned<String>>,
    critical: Option<Spanned<bool>>,
    levels: Option<Spanned<BTreeMap<String, f64>>>,
    penalty: Option<Spanned<f64>>,
    correlation: Option<Spanned<CorrelationFile>>,
    leaves: Option<Spanned<LeavesFile>>,
    weights: Option<Spanned<BTreeMap<String, f64>>>,
}

/// A table `[[node]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeFile {
    name: Spanned<String>,
    parent: Option<Spanned<String>>,
    weight: Option<Spanned<f64>>,
    combine: Option<Spanned<String>>,
    penalty: Option<Spanned<f64>>,
    correlation: Option<Spanned<CorrelationFile>>,
    leaves: Option<Spanned<LeavesFile>>,
    weights: Option<Spanned<BTreeMap<String, f64>>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "leaves are a list of names, or a table of names and weights")]
enum LeavesFile {
    Names(Vec<String>),
    Weights(BTreeMap<String, f64>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a correlation is one number, or a matrix with the children in the order of their names"
)]
enum CorrelationFile {
    Common(f64),
    Matrix(Vec<Vec<f64>>),
}

/// A node whose children are still to come.
struct Open {
    node: Node,
    parent: usize,
    /// Where its name stands in the file.
    at: usize,
}

/// The root's place among the open nodes.
const ROOT: usize = 0;

impl NodeFile {
    /// Where it stands in the file.
    pub(crate) fn at(&self) -> usize {
        self.name.span().start
    }
}

impl TreeFile {
    /// Builds the tree of the table at a line.
    ///
    /// # Errors
    /// Names and line of unknown or doubled nodes, a cycle of parents, nodes without children,
    /// weights that are negative, all zero or do not cover the leaves, and whatever else makes
    /// no tree.
    pub(crate) fn read(
        self,
        line: usize,
        nodes: Vec<NodeFile>,
        lines: &Lines,
    ) -> Result<TreeConfig, ConfigError> {
        let root = self.open(lines)?;
        let defaults = root.node.clone();
        let mut open = vec![root];
        let names: Vec<(String, usize)> = std::iter::once(&self.name)
            .chain(nodes.iter().map(|node| &node.name))
            .map(|name| (name.get_ref().clone(), name.span().start))
            .collect();
        let places = places(&names, lines)?;
        for node in nodes {
            open.push(node.open(&defaults, &places, lines)?);
        }
        let depths = depths(&open, lines)?;
        let root = close(open, &depths, lines)?;
        let at = self.name.span().start;
        // The line of the node that an error speaks of, or that of the tree.
        let line_of = |error: &TreeError| {
            let path = error.node().unwrap_or_default();
            let spoken_of = |name: &str| path.rsplit('/').any(|part| part == name);
            names.iter().rev().find(|(name, _)| spoken_of(name)).map_or(at, |(_, at)| *at)
        };
        let tree = Tree::new(root).map_err(|e| lines.wrong(line_of(&e), &e))?;
        let (lo, hi) = match &self.range {
            None => (0.0, 1.0),
            Some(range) => ends(range.get_ref()).ok_or_else(|| {
                let message =
                    format!("expected a range such as \"0..1\", got {:?}", range.get_ref());
                lines.wrong(range.span().start, message)
            })?,
        };
        let range_at = self.range.as_ref().map_or(at, |range| range.span().start);
        let tree = tree.with_range(lo, hi).map_err(|e| lines.wrong(range_at, &e))?;
        let levels = self.levels.as_ref().map(|levels| {
            let at = levels.span().start;
            Levels::new(levels.get_ref().clone(), (lo, hi)).map_err(|e| lines.wrong(at, &e))
        });
        let levels = levels.transpose()?;
        let (improvement, pairing) = self.compared(lines)?;
        let critical = self.critical.is_some_and(Spanned::into_inner);
        Ok(TreeConfig {
            tree,
            metric: self.metric,
            labels: self.labels,
            levels,
            improvement,
            pairing,
            critical,
            line,
        })
    }

    /// What is asked of the change from a baseline, and what both have in common.
    fn compared(&self, lines: &Lines) -> Result<(Option<(Comparison, f64)>, Pairing), ConfigError> {
        let improvement = self.improvement.as_ref().map(|text| {
            margin(text.get_ref()).ok_or_else(|| {
                let message =
                    format!("expected an improvement such as \"> 15%\", got {:?}", text.get_ref());
                lines.wrong(text.span().start, message)
            })
        });
        let pairing = self.pairing.as_ref().map(|text| lines.parse(text)).transpose()?;
        if improvement.is_none() {
            let critical = self.critical.as_ref().filter(|critical| *critical.get_ref());
            let alone = [
                self.pairing.as_ref().map(|text| ("pairing", text.span())),
                critical.map(|critical| ("critical", critical.span())),
            ];
            if let Some((key, span)) = alone.into_iter().flatten().next() {
                return Err(lines.wrong(span.start, format!("{key} goes with an improvement")));
            }
        }
        Ok((improvement.transpose()?, pairing.unwrap_or_default()))
    }

    fn open(&self, lines: &Lines) -> Result<Open, ConfigError> {
        let combine =
            self.combine.as_ref().map_or(Ok(Combine::WeightedMean), |c| read(c, lines))?;
        let children = leaves(self.leaves.as_ref(), self.weights.as_ref(), lines)?;
        let correlation = self.correlation.as_ref().map_or(Correlation::Independent, correlation);
        let penalty = self.penalty.as_ref().map_or(0.0, |p| *p.get_ref());
        let node = Node {
            penalty,
            correlation,
            ..Node::inner(self.name.get_ref(), 1.0, combine, children)
        };
        Ok(Open { node, parent: ROOT, at: self.name.span().start })
    }
}

impl NodeFile {
    /// Penalty, correlation of a single number and way to combine are the tree's by default.
    fn open(
        &self,
        tree: &Node,
        places: &BTreeMap<String, usize>,
        lines: &Lines,
    ) -> Result<Open, ConfigError> {
        let parent = match &self.parent {
            None => ROOT,
            Some(parent) => *places.get(parent.get_ref()).ok_or_else(|| {
                let message = format!("no node is named {:?}", parent.get_ref());
                lines.wrong(parent.span().start, message)
            })?,
        };
        let weight = match &self.weight {
            None => 1.0,
            Some(weight) => checked(*weight.get_ref(), self.name.get_ref())
                .map_err(|message| lines.wrong(weight.span().start, message))?,
        };
        let combine = self.combine.as_ref().map_or(Ok(tree.combine), |c| read(c, lines))?;
        let children = leaves(self.leaves.as_ref(), self.weights.as_ref(), lines)?;
        let inherited = match tree.correlation {
            Correlation::Common(rho) => Correlation::Common(rho),
            Correlation::Independent | Correlation::Matrix(_) => Correlation::Independent,
        };
        let correlation = self.correlation.as_ref().map_or(inherited, correlation);
        // A minimum has no penalty to inherit.
        let inherited = if combine == Combine::Minimum { 0.0 } else { tree.penalty };
        let penalty = self.penalty.as_ref().map_or(inherited, |p| *p.get_ref());
        let node = Node {
            penalty,
            correlation,
            ..Node::inner(self.name.get_ref(), weight, combine, children)
        };
        Ok(Open { node, parent, at: self.name.span().start })
    }
}

fn read(name: &Spanned<String>, lines: &Lines) -> Result<Combine, ConfigError> {
    [Combine::WeightedMean, Combine::Geometric, Combine::Minimum]
        .into_iter()
        .find(|combine| combine.name() == name.get_ref())
        .ok_or_else(|| {
            let message = format!(
                "combine is \"mean\", \"geometric\" or \"minimum\", got {:?}",
                name.get_ref()
            );
            lines.wrong(name.span().start, message)
        })
}

fn correlation(file: &Spanned<CorrelationFile>) -> Correlation {
    match file.get_ref() {
        CorrelationFile::Common(0.0) => Correlation::Independent,
        CorrelationFile::Common(rho) => Correlation::Common(*rho),
        CorrelationFile::Matrix(rows) => Correlation::Matrix(rows.clone()),
    }
}

fn checked(weight: f64, of: &str) -> Result<f64, String> {
    if weight.is_finite() && weight >= 0.0 {
        return Ok(weight);
    }
    Err(format!("the weight of {of:?} must be a number that is not negative, got {weight}"))
}

/// The leaves of a node in the order of their names.
fn leaves(
    leaves: Option<&Spanned<LeavesFile>>,
    weights: Option<&Spanned<BTreeMap<String, f64>>>,
    lines: &Lines,
) -> Result<Vec<Node>, ConfigError> {
    let Some(file) = leaves else {
        return match weights {
            None => Ok(Vec::new()),
            Some(w) => Err(lines.wrong(w.span().start, "weights of leaves need leaves")),
        };
    };
    let at = file.span().start;
    let listed = match file.get_ref() {
        LeavesFile::Weights(_) if weights.is_some() => {
            return Err(lines.wrong(at, "the leaves have weights twice: here and in `weights`"));
        }
        LeavesFile::Weights(table) => table.clone(),
        LeavesFile::Names(names) => {
            let mut table = BTreeMap::new();
            for name in names {
                let known = weights.map(Spanned::get_ref);
                let weight = known.map_or(Some(&1.0), |weights| weights.get(name));
                // What has no weight is listed below, all at once.
                if table.insert(name.clone(), weight.copied().unwrap_or(0.0)).is_some() {
                    return Err(lines.wrong(at, format!("the leaf {name:?} is there twice")));
                }
            }
            if let Some(weights) = weights {
                covered(&table, weights, lines)?;
            }
            table
        }
    };
    let leaf = |(name, weight): (String, f64)| {
        checked(weight, &name).map(|weight| Node::leaf(name, weight))
    };
    let children: Result<Vec<Node>, String> = listed.into_iter().map(leaf).collect();
    children.map_err(|message| lines.wrong(at, message))
}

/// Whether weights and leaves have the same names.
fn covered(
    leaves: &BTreeMap<String, f64>,
    weights: &Spanned<BTreeMap<String, f64>>,
    lines: &Lines,
) -> Result<(), ConfigError> {
    let listed =
        |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let table = weights.get_ref();
    let without = listed(leaves.keys().filter(|name| !table.contains_key(*name)).collect());
    let strange = listed(table.keys().filter(|name| !leaves.contains_key(*name)).collect());
    let message = match (without.is_empty(), strange.is_empty()) {
        (true, true) => return Ok(()),
        (false, true) => format!("the weights do not cover the leaves; without one: {without}"),
        (true, false) => format!("weights of what is no leaf: {strange}"),
        (false, false) => format!(
            "the weights do not cover the leaves; without one: {without}; no leaf: {strange}"
        ),
    };
    Err(lines.wrong(weights.span().start, message))
}

/// The place of every node by name, the tree's own first.
fn places(
    names: &[(String, usize)],
    lines: &Lines,
) -> Result<BTreeMap<String, usize>, ConfigError> {
    let mut places = BTreeMap::new();
    for (place, (name, at)) in names.iter().enumerate() {
        if places.insert(name.clone(), place).is_some() {
            return Err(lines.wrong(*at, format!("two nodes are named {name:?}")));
        }
    }
    Ok(places)
}

/// Levels below the root of every node; a cycle of parents is an error that names it.
fn depths(open: &[Open], lines: &Lines) -> Result<Vec<usize>, ConfigError> {
    let mut depths: Vec<Option<usize>> = vec![None; open.len()];
    depths[ROOT] = Some(0);
    let mut seen_from = vec![usize::MAX; open.len()];
    for start in 1..open.len() {
        let mut way = Vec::new();
        let mut at = start;
        while depths[at].is_none() {
            if seen_from[at] == start {
                let first = way.iter().position(|&node| node == at).unwrap_or(0);
                let name = |&node: &usize| open[node].node.name.as_str();
                let mut names: Vec<&str> = way[first..].iter().map(name).collect();
                names.push(name(&at));
                let message = format!("the parents form a cycle: {}", names.join(" -> "));
                return Err(lines.wrong(open[at].at, message));
            }
            seen_from[at] = start;
            way.push(at);
            at = open[at].parent;
        }
        let mut depth = depths[at].unwrap_or(0);
        for node in way.into_iter().rev() {
            depth += 1;
            depths[node] = Some(depth);
        }
    }
    if let Some(at) = depths.iter().position(|depth| depth.is_some_and(|d| d >= Tree::MAX_DEPTH)) {
        return Err(lines.wrong(open[at].at, TreeError::TooDeep));
    }
    Ok(depths.into_iter().flatten().collect())
}

/// Puts every node into its parent, the deepest first.
fn close(open: Vec<Open>, depths: &[usize], lines: &Lines) -> Result<Node, ConfigError> {
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(depths[at]), at));
    let mut nodes: Vec<Option<Open>> = open.into_iter().map(Some).collect();
    for at in order {
        let mut done = nodes[at].take().expect("every node is closed once");
        let name = done.node.name.as_str();
        if done.node.children.is_empty() {
            let message = format!("{name:?} has neither leaves nor nodes below it");
            return Err(lines.wrong(done.at, message));
        }
        if done.node.children.iter().all(|child| child.weight == 0.0) {
            let message = format!("all children of {name:?} have weight 0");
            return Err(lines.wrong(done.at, message));
        }
        // Correlations are in this order.
        done.node.children.sort_by(|a, b| a.name.cmp(&b.name));
        if at == ROOT {
            return Ok(done.node);
        }
        let parent = nodes[done.parent].as_mut().expect("a parent is closed after its children");
        parent.node.children.push(done.node);
    }
    unreachable!("the root is closed last")
}

/// `0..1`.
fn ends(text: &str) -> Option<(f64, f64)> {
    let (lo, hi) = text.split_once("..")?;
    Some((lo.trim().parse().ok()?, hi.trim().parse().ok()?))
}

/// `> 15%` or `>= 15%`.
fn margin(text: &str) -> Option<(Comparison, f64)> {
    let rest = text.trim().strip_prefix('>')?;
    let (comparison, rest) = match rest.strip_prefix('=') {
        Some(rest) => (Comparison::AtLeast, rest),
        None => (Comparison::Above, rest),
    };
    let share = tailproof_core::share(rest.trim().trim_start_matches('+')).ok()?;
    Some((comparison, share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        tree: TreeFile,
        #[serde(default)]
        node: Vec<NodeFile>,
    }

    fn parse(text: &str) -> Result<TreeConfig, ConfigError> {
        let file: File = toml::from_str(text).unwrap();
        file.tree.read(1, file.node, &Lines::new(text))
    }

    #[test]
    fn a_tree_is_read() {
        let config = parse(concat!(
            "[tree]\nname = \"total\"\nmetric = \"score\"\nlabels = [\"area\", \"dimension\"]\n",
            "range = \"0..3\"\nimprovement = \"> 15%\"\npenalty = 0.1\n",
            "critical = true\n",
            "levels = { good = 2, poor = 0 }\n",
            "[[node]]\nname = \"PA02\"\nparent = \"one\"\nleaves = [\"D2\", \"D1\"]\n",
            "weights = { D1 = 1, D2 = 3 }\n",
            "[[node]]\nname = \"one\"\nweight = 2\ncombine = \"minimum\"\n",
            "[[node]]\nname = \"PA01\"\nleaves = { D1 = 1, D2 = 1 }\n",
        ))
        .unwrap();
        let tree = &config.tree;
        assert_eq!(tree.leaves(), ["PA01/D1", "PA01/D2", "one/PA02/D1", "one/PA02/D2"]);
        assert_eq!(tree.range(), (0.0, 3.0));
        let penalties: Vec<f64> = tree.nodes().iter().map(|node| node.penalty).collect();
        assert_eq!(penalties, [0.1, 0.1, 0.0, 0.1]); // PA01, one/PA02, one, total
        assert_eq!(tree.nodes()[1].children[1].1, 0.75);
        assert_eq!(config.improvement, Some((Comparison::Above, 0.15)));
        assert_eq!((config.critical, config.line), (true, 1));
        assert_eq!(config.levels.unwrap().of(2.0), "good");
    }

    #[test]
    fn mistakes_have_a_line() {
        let node = |lines: &str| format!("[tree]\nname = \"t\"\n[[node]]\nname = \"a\"\n{lines}");
        for (text, line, part) in [
            (node("leaves = [\"x\"]\nparent = \"b\"\n"), 6, "no node is named \"b\""),
            (node("leaves = [\"x\"]\nweight = -1\n"), 6, "not negative, got -1"),
            (node("leaves = { x = -1 }\n"), 5, "\"x\" must be a number"),
            (node("leaves = { x = nan }\n"), 5, "got NaN"),
            (node("leaves = { x = 0, y = 0 }\n"), 4, "have weight 0"),
            (node("leaves = [\"x\", \"x\"]\n"), 5, "twice"),
            (
                node("leaves = [\"x\", \"y\"]\nweights = { x = 1, z = 1 }\n"),
                6,
                "one: y; no leaf: z",
            ),
            (node(""), 4, "neither leaves nor nodes"),
            (node("leaves = [\"x\"]\ncombine = \"max\"\n"), 6, "geometric"),
            (node("leaves = [\"x\"]\n[[node]]\nname = \"a\"\nleaves = [\"x\"]\n"), 7, "two nodes"),
            (node("leaves = [\"x\"]\npenalty = 0.7\n"), 4, "between 0 and 0.5"),
            (node("leaves = [\"x\", \"y\"]\ncorrelation = -2\n"), 4, "cannot all be correlated"),
            ("[tree]\nname = \"t\"\nleaves = [\"x\"]\nrange = \"1..0\"\n".into(), 4, "range"),
            ("[tree]\nname = \"t\"\nleaves = [\"x\"]\nimprovement = \"15\"\n".into(), 4, "> 15%"),
            ("[tree]\nname = \"t\"\nleaves = [\"x\"]\npairing = \"by run\"\n".into(), 4, "goes with"),
            ("[tree]\nname = \"t\"\nleaves = [\"x\"]\ncritical = true\n".into(), 4, "goes with"),
            (
                "[tree]\nname = \"t\"\nleaves = [\"x\"]\nimprovement = \"> 1%\"\npairing = \"days\"\n"
                    .into(),
                5,
                "by value",
            ),
            (
                "[tree]\nname = \"t\"\nleaves = [\"x\"]\nlevels = { a = 0.5 }\n".into(),
                4,
                "no level",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }

    #[test]
    fn a_cycle_is_named() {
        let node = |name: &str, parent: &str| {
            format!("[[node]]\nname = \"{name}\"\nparent = \"{parent}\"\n")
        };
        let nodes = [node("x", "a"), node("a", "b"), node("b", "c"), node("c", "a")].concat();
        let text = format!("[tree]\nname = \"t\"\n{nodes}");
        let error = parse(&text).unwrap_err();
        assert_eq!(error.message, "the parents form a cycle: a -> b -> c -> a");
        assert_eq!(error.line, 7);
        let own = parse(&format!("[tree]\nname = \"t\"\n{}", node("x", "x"))).unwrap_err();
        assert!(own.message.ends_with("x -> x"), "{own}");
    }
}
