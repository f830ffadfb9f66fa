use tailproof_core::{
    Cell, Class, Direction, Exhibit, Finding, Guarantee, Interval, Memo, Sample, Seed, Subject,
    Verdict, number, percent,
};

use tailproof_core::descriptive::Moments;

use super::bootstrap::bootstrap_with;
use super::combine::taken;
use super::definition::{Child, Combine, Inner, Tree};
use super::error::ScoresError;
use super::levels::Levels;
use super::settings::{BootstrapError, TreeBootstrap};

/// A child's part in the score of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Name: the path of a leaf, or of a node.
    pub name: String,
    /// Normalised weight.
    pub weight: f64,
    /// Score.
    pub score: f64,
    /// What it adds: `w s` to a mean, `w ln s` to the logarithm of a geometric mean, its score
    /// to a minimum that it is, else nothing.
    pub contribution: f64,
}

/// The score of a node with everything said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeScore {
    /// Path, such as `total/PA01`.
    pub name: String,
    /// How the children are combined.
    pub combine: Combine,
    /// The score, penalty included.
    pub score: f64,
    /// What the penalty for spread took.
    pub penalty: f64,
    /// Standard error by bootstrap, or the propagated one when there were no samples; `None`
    /// when nothing is known of the leaves' or no formula has it.
    pub sd: Option<f64>,
    /// Standard error by propagation through the correlations of the tree; `None` where no
    /// formula has it.
    pub propagated: Option<f64>,
    /// Interval, when there were samples.
    pub interval: Option<Interval>,
    /// Level of quality, when levels are set.
    pub quality: Option<String>,
    /// The children.
    pub parts: Vec<Part>,
}

/// The scores of all inner nodes of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeOutcome {
    /// The nodes, children before parents, the root last.
    pub nodes: Vec<NodeScore>,
    /// Values of all leaves; `None` when scores were given, not samples.
    pub n: Option<u64>,
    /// Seed of the bootstrap, when there was one.
    pub seed: Option<Seed>,
    /// What to be careful about.
    pub warnings: Vec<String>,
}

impl TreeOutcome {
    /// Fewest values of a leaf without a warning.
    const FEW: usize = 10;

    /// From one score for each leaf, with standard deviations by propagation where those of the
    /// leaves are given.
    ///
    /// # Errors
    /// Those of [`Tree::deviations`].
    pub fn of_scores(
        tree: &Tree,
        scores: &[f64],
        sds: Option<&[f64]>,
        levels: Option<&Levels>,
    ) -> Result<Self, ScoresError> {
        let values = tree.aggregate(scores)?;
        let sds = sds.map(|sds| tree.deviations(scores, sds)).transpose()?;
        let mut warnings = Vec::new();
        if sds.as_ref().is_some_and(|sds| sds.iter().any(Option::is_none)) {
            let text = "no formula has the standard deviation of a minimum, or of a geometric \
                        mean at zero; samples of the leaves would give it by bootstrap";
            warnings.push(text.to_owned());
        }
        let mut nodes = described(tree, scores, &values, levels);
        for (at, node) in nodes.iter_mut().enumerate() {
            node.propagated = sds.as_ref().and_then(|sds| sds[at]);
            node.sd = node.propagated;
        }
        Ok(Self { nodes, n: None, seed: None, warnings })
    }

    /// From a sample for each leaf, with intervals and standard errors by [`bootstrap_with`], from
    /// a cache where they are there.
    ///
    /// # Errors
    /// Those of [`bootstrap_with`].
    pub fn of_samples(
        tree: &Tree,
        samples: &[Sample],
        settings: &TreeBootstrap,
        levels: Option<&Levels>,
        memo: &dyn Memo,
    ) -> Result<Self, BootstrapError> {
        let found = bootstrap_with(tree, samples, settings, memo)?;
        let values: Vec<f64> = found.nodes.iter().map(|node| node.score).collect();
        let mut nodes = described(tree, &found.leaves, &values, levels);
        let errors: Vec<f64> = samples.iter().map(standard_error).collect();
        let propagated = tree.deviations(&found.leaves, &errors)?;
        for (node, sd) in nodes.iter_mut().zip(propagated) {
            node.propagated = sd;
        }
        for (node, sure) in nodes.iter_mut().zip(found.nodes) {
            node.sd = Some(sure.sd);
            node.interval = Some(sure.interval);
        }
        let mut warnings = Vec::new();
        if !found.constant.is_empty() {
            warnings.push(format!(
                "{} of {} leaves have a single value and are taken to be constant: the intervals \
                 are too narrow ({})",
                found.constant.len(),
                samples.len(),
                some(&found.constant),
            ));
        }
        let few = samples.iter().filter(|s| (2..Self::FEW).contains(&s.len())).count();
        if few > 0 {
            warnings.push(format!(
                "{few} of {} leaves have fewer than {} values: intervals of so few may cover less \
                 than they say",
                samples.len(),
                Self::FEW,
            ));
        }
        let n = Some(found.n.iter().sum());
        Ok(Self { nodes, n, seed: Some(settings.seed()), warnings })
    }

    /// The root's result.
    #[must_use]
    pub fn root(&self) -> &NodeScore {
        self.nodes.last().expect("a tree has a root")
    }

    /// A finding for each node, the root first: that its score stands on every leaf exactly
    /// once, which is what was checked. It passes as a fact, of [`Class::Other`], and says
    /// nothing of whether the score is good; no decision counts it.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.nodes.iter().rev().map(|node| self.finding(node)).collect()
    }

    fn finding(&self, node: &NodeScore) -> Finding {
        let subject = Subject {
            metric: node.name.clone(),
            statistic: Some("score".to_owned()),
            ..Subject::default()
        };
        let claim = format!("the {} of {} children, all there once", node.how(), node.parts.len());
        let mut finding = Finding::new(Class::Other, subject, claim, Verdict::Pass);
        finding.direction = Direction::Higher;
        finding.estimate = Some(node.score);
        finding.interval.clone_from(&node.interval);
        if node.interval.is_some() {
            finding.guarantee = Guarantee::Asymptotic;
        }
        finding.n = self.n.into_iter().collect();
        finding.seed = self.seed;
        finding.why = node.why();
        finding.warnings.clone_from(&self.warnings);
        finding.exhibits = vec![node.table()];
        finding
    }
}

/// `s/√n`, 0 for a single value: nothing is known of its spread.
fn standard_error(sample: &Sample) -> f64 {
    if sample.len() < 2 {
        return 0.0;
    }
    Moments::of(sample).sd(1) / (sample.len() as f64).sqrt()
}

impl NodeScore {
    const fn how(&self) -> &'static str {
        match self.combine {
            Combine::WeightedMean => "weighted mean",
            Combine::Geometric => "weighted geometric mean",
            Combine::Minimum => "minimum",
        }
    }

    fn why(&self) -> String {
        let mut why = format!("{} = {}", self.name, number(self.score));
        if let Some(quality) = &self.quality {
            why += &format!(" ({quality})");
        }
        if let Some(sd) = self.sd {
            why += &format!(", sd {}", number(sd));
        }
        if let Some(interval) = &self.interval {
            why += &format!(
                ", [{}, {}] at {} ({})",
                number(interval.lo),
                number(interval.hi),
                interval.level,
                interval.method
            );
        }
        why += &format!(", {} of {} children", self.how(), self.parts.len());
        if self.penalty > 0.0 {
            why += &format!(", of which spread took {}", number(self.penalty));
        }
        why
    }

    /// The children, those that matter most first where there are too many.
    fn table(&self) -> Exhibit {
        let contribution = match self.combine {
            Combine::WeightedMean => "weight × score",
            Combine::Geometric => "weight × ln score",
            Combine::Minimum => "decides",
        };
        let columns = ["child", "weight", "score", contribution].map(str::to_owned).to_vec();
        let mut parts: Vec<&Part> = self.parts.iter().collect();
        let mut title = format!("children of {}", self.name);
        if parts.len() > Exhibit::MAX_POINTS {
            parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
            parts.truncate(Exhibit::MAX_POINTS);
            let shown: f64 = parts.iter().map(|part| part.weight).sum();
            title += &format!(
                ": {} of {}, with {} of the weight",
                parts.len(),
                self.parts.len(),
                percent(shown)
            );
        }
        let row = |part: &&Part| {
            let numbers = [part.weight, part.score, part.contribution].map(Cell::Number);
            std::iter::once(Cell::Text(part.name.clone())).chain(numbers).collect()
        };
        let rows = parts.iter().map(row).collect();
        Exhibit::table(title, columns, rows)
    }
}

fn described(
    tree: &Tree,
    leaves: &[f64],
    values: &[f64],
    levels: Option<&Levels>,
) -> Vec<NodeScore> {
    let of = |child| match child {
        Child::Leaf(at) => leaves[at],
        Child::Inner(at) => values[at],
    };
    let one = |(node, &score): (&Inner, &f64)| {
        let parts = node.children.iter().map(|&(child, weight)| (weight, of(child)));
        NodeScore {
            name: node.name.clone(),
            combine: node.combine,
            score,
            penalty: taken(node.combine, node.penalty, parts),
            sd: None,
            propagated: None,
            interval: None,
            quality: levels.map(|levels| levels.of(score).to_owned()),
            parts: shares(tree, node, score, of),
        }
    };
    tree.nodes().iter().zip(values).map(one).collect()
}

fn shares(tree: &Tree, node: &Inner, score: f64, of: impl Fn(Child) -> f64) -> Vec<Part> {
    let share = |&(child, weight): &(Child, f64)| {
        let own = of(child);
        let contribution = match node.combine {
            Combine::WeightedMean => weight * own,
            Combine::Geometric if weight > 0.0 => weight * own.ln(),
            Combine::Minimum if weight > 0.0 && own == score => own,
            Combine::Geometric | Combine::Minimum => 0.0,
        };
        Part { name: tree.name(child).to_owned(), weight, score: own, contribution }
    };
    node.children.iter().map(share).collect()
}

/// The first of many names.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let rest = names.len().saturating_sub(SHOWN);
    let first = names[..names.len() - rest].join(", ");
    if rest == 0 { first } else { format!("{first} and {rest} more") }
}

#[cfg(test)]
mod tests {
    use tailproof_core::ExhibitKind;

    use super::super::Node;
    use super::*;

    fn tree(combine: Combine, penalty: f64) -> Tree {
        let leaves = vec![Node::leaf("D1", 1.0), Node::leaf("D2", 3.0)];
        let area = Node { penalty, ..Node::inner("PA01", 1.0, combine, leaves) };
        Tree::new(Node::inner("total", 1.0, Combine::Minimum, vec![area])).unwrap()
    }

    fn levels() -> Levels {
        let all = [("poor", 0.0), ("good", 0.7)].map(|(name, from)| (name.to_owned(), from));
        Levels::new(all, (0.0, 1.0)).unwrap()
    }

    #[test]
    fn scores_have_quality_penalty_and_parts() {
        let tree = tree(Combine::WeightedMean, 0.25);
        let found = TreeOutcome::of_scores(&tree, &[0.5, 0.9], Some(&[0.1, 0.0]), Some(&levels()));
        let found = found.unwrap();
        // Mean 0.8, D = 0.25 · 0.3 + 0.75 · 0.1 = 0.15.
        let area = &found.nodes[0];
        assert!((area.score - (0.8 - 0.25 * 0.15)).abs() < 1e-15);
        assert!((area.penalty - 0.25 * 0.15).abs() < 1e-15);
        assert_eq!(area.quality.as_deref(), Some("good"));
        assert_eq!(area.parts[0].contribution, 0.125);
        assert!(area.sd.is_some() && found.root().sd.is_none());
        assert_eq!(found.warnings.len(), 1);
        let findings = found.findings();
        assert_eq!(findings[0].subject.metric, "total");
        assert_eq!(findings[1].subject.statistic.as_deref(), Some("score"));
        assert!(findings[1].why.contains("spread took 0.0375"), "{}", findings[1].why);
    }

    #[test]
    fn samples_give_intervals_and_warnings() {
        let tree = tree(Combine::Geometric, 0.0);
        let many = Sample::new((0..40).map(|i| 0.5 + f64::from(i) / 100.0).collect()).unwrap();
        let single = Sample::new(vec![0.8]).unwrap();
        let settings = TreeBootstrap::new(Seed(7));
        let found = TreeOutcome::of_samples(
            &tree,
            &[many, single],
            &settings,
            None,
            &tailproof_core::NoMemo,
        )
        .unwrap();
        assert!(found.warnings[0].contains("PA01/D2"), "{:?}", found.warnings);
        let root = &found.findings()[0];
        assert_eq!((root.n.as_slice(), root.seed), (&[41][..], Some(Seed(7))));
        assert!(root.interval.is_some() && root.guarantee == Guarantee::Asymptotic);
    }

    #[test]
    fn large_tables_are_cut() {
        let leaves = (0..100).map(|i| Node::leaf(format!("{i}"), 1.0)).collect();
        let tree = Tree::new(Node::inner("t", 1.0, Combine::WeightedMean, leaves)).unwrap();
        let found = TreeOutcome::of_scores(&tree, &[0.5; 100], None, None).unwrap();
        let exhibit = found.root().table();
        assert!(exhibit.title.ends_with("64 of 100, with 64 % of the weight"), "{}", exhibit.title);
        let ExhibitKind::Table { columns, rows } = exhibit.kind else { panic!("a table") };
        assert!(rows.len() == 64 && rows.iter().all(|row| row.len() == columns.len()));
    }
}
