//! The targets file.

mod lines;

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::{Claim, Level, Objective, Provenance, Unit};
use toml::Spanned;

pub(crate) use lines::Lines;

use crate::actual::{Actual, Value};
use crate::budgets::{BudgetFile, BudgetTarget};
use crate::capacity::{Capacity, CapacityFile};
use crate::readiness::{Readiness, Rules};
use crate::resources::{Amount, Resource, ResourceFile};
use crate::stages::{Chain, ChainFile};
use crate::target::{Published, Target};
use crate::tree::{NodeFile, TreeConfig, TreeFile};

/// What a targets file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Targets {
    /// What is judged.
    pub title: Option<String>,
    /// Level of the intervals made here.
    pub level: Option<Level>,
    /// What the decision needs.
    pub rules: Rules,
    /// What a report claims of itself.
    pub published: Published,
    /// The rows.
    pub targets: Vec<Target>,
    /// What the host must have, with its line.
    pub resources: Vec<(usize, Resource)>,
    /// Error budgets.
    pub budgets: Vec<BudgetTarget>,
    /// Chains of stages, with their lines.
    pub chains: Vec<(usize, Chain)>,
    /// How many replicas are needed, with its line.
    pub capacity: Option<(usize, Capacity)>,
    /// Scores to aggregate, with its line.
    pub tree: Option<(usize, TreeConfig)>,
}

impl Targets {
    /// Whether there is nothing to judge.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
            && self.resources.is_empty()
            && self.budgets.is_empty()
            && self.chains.is_empty()
            && self.capacity.is_none()
            && self.tree.is_none()
    }

    /// Whether something is to be read from the machine.
    #[must_use]
    pub fn needs_host(&self) -> bool {
        let resources =
            self.resources.iter().flat_map(|(_, r)| [Some(&r.available), r.used.as_ref()]);
        let constraints = self.capacity.iter().flat_map(|(_, c)| &c.constraints);
        let constraints = constraints.flat_map(|c| [Some(&c.available), c.used.as_ref()]);
        resources.chain(constraints).flatten().any(|amount| *amount == Amount::Host)
    }

    /// What data are asked for: the promises of rows whose value the file does not type and
    /// that name no data of their own.
    #[must_use]
    pub fn objectives(&self) -> Vec<Objective> {
        let open =
            self.targets.iter().filter(|t| t.actual.is_none() && !t.untested && t.data.is_none());
        let stages = self.chains.iter().flat_map(|(_, c)| c.stages.iter().map(|s| &s.value));
        let values = stages.chain(self.capacity.iter().map(|(_, c)| &c.one));
        let asked = values.filter_map(|value| match value {
            Value::Asked(objective) => Some(objective.as_ref()),
            Value::Typed(_) => None,
        });
        let budgets = self.budgets.iter().filter_map(BudgetTarget::asks);
        open.map(|t| &t.objective).chain(asked).chain(budgets).cloned().collect()
    }

    /// Files that rows name, with what is asked of each.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<Objective>> {
        let mut files: BTreeMap<String, Vec<Objective>> = BTreeMap::new();
        for target in self.targets.iter().filter(|t| t.actual.is_none()) {
            for file in target.data.iter().chain(&target.without) {
                files.entry(file.clone()).or_default().push(target.objective.clone());
            }
        }
        files
    }
}

/// What is wrong with a targets file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Option<String>,
    level: Option<Spanned<Number>>,
    #[serde(default)]
    readiness: RulesFile,
    #[serde(default)]
    published: PublishedFile,
    #[serde(default)]
    target: Vec<Spanned<TargetFile>>,
    #[serde(default)]
    resource: Vec<Spanned<ResourceFile>>,
    #[serde(default)]
    budget: Vec<BudgetFile>,
    #[serde(default)]
    chain: Vec<Spanned<ChainFile>>,
    capacity: Option<Spanned<CapacityFile>>,
    tree: Option<Spanned<TreeFile>>,
    #[serde(default)]
    node: Vec<NodeFile>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    ready: Option<Spanned<String>>,
    conditions: Option<Spanned<String>>,
    critical_undecided: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PublishedFile {
    success_rate: Option<Spanned<String>>,
    domains: Option<u64>,
    rows: Option<u64>,
    passed: Option<u64>,
    decision: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetFile {
    domain: Option<String>,
    name: Option<String>,
    claim: Spanned<String>,
    weight: Option<Spanned<Number>>,
    #[serde(default)]
    critical: bool,
    actual: Option<Spanned<String>>,
    provenance: Option<Spanned<String>>,
    source: Option<String>,
    step: Option<String>,
    data: Option<Spanned<String>>,
    without: Option<Spanned<String>>,
}

/// A number that may be written as text: `0.999` or `"99.9%"`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    /// As text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number.
    Float(f64),
}

impl Number {
    /// As text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(n) => n.to_string(),
            Self::Float(x) => x.to_string(),
        }
    }
}

/// Parses the text of a targets file.
///
/// # Errors
/// Names the line of the first thing that is wrong: unknown keys, values that are no numbers,
/// weights below zero or all zero, an unknown provenance, a value without one, targets that
/// contradict each other or are there twice, a target without a unit where its value has one,
/// or nothing to judge.
pub fn parse(text: &str) -> Result<Targets, ConfigError> {
    let lines = Lines::new(text);
    let file: File = toml::from_str(text)
        .map_err(|e| lines.wrong(e.span().map_or(0, |s| s.start), e.message()))?;
    let level = file
        .level
        .map(|l| {
            let text = l.get_ref().text();
            text.parse::<Level>().map_err(|e| lines.wrong(l.span().start, e))
        })
        .transpose()?;
    let mut targets = Vec::with_capacity(file.target.len());
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in file.target {
        let at = row.span().start;
        let target = target(row.into_inner(), at, &lines)?;
        let key = (target.domain.clone(), target.name.clone());
        if let Some(first) = seen.insert(key, target.line) {
            let message = format!(
                "{:?} is there twice in domain {:?}, first in line {first}: give it a name",
                target.name, target.domain
            );
            return Err(ConfigError { line: target.line, message });
        }
        targets.push(target);
    }
    weights(&targets)?;
    contradictions(&targets)?;
    let targets = Targets {
        title: file.title,
        level,
        rules: rules(&file.readiness, &lines)?,
        published: published(&file.published, &lines)?,
        targets,
        resources: file
            .resource
            .into_iter()
            .map(|r| Ok((lines.line(r.span().start), r.into_inner().read(&lines)?)))
            .collect::<Result<_, _>>()?,
        budgets: file.budget.into_iter().map(|b| b.read(&lines)).collect::<Result<_, _>>()?,
        chains: file
            .chain
            .into_iter()
            .map(|c| Ok((lines.line(c.span().start), c.into_inner().read(&lines)?)))
            .collect::<Result<_, _>>()?,
        capacity: file
            .capacity
            .map(|c| Ok((lines.line(c.span().start), c.into_inner().read(&lines)?)))
            .transpose()?,
        tree: tree(file.tree, file.node, &lines)?,
    };
    if targets.is_empty() {
        let message = "nothing to judge: no [[target]], [[resource]], [[budget]], [[chain]] or \
                       [capacity]; `tailproof score --init` prints an example";
        return Err(ConfigError { line: 1, message: message.to_owned() });
    }
    Ok(targets)
}

/// The tree with its line, when there is one.
fn tree(
    file: Option<Spanned<TreeFile>>,
    nodes: Vec<NodeFile>,
    lines: &Lines,
) -> Result<Option<(usize, TreeConfig)>, ConfigError> {
    match file {
        Some(file) => {
            let line = lines.line(file.span().start);
            Ok(Some((line, file.into_inner().read(nodes, lines)?)))
        }
        None => match nodes.first() {
            Some(node) => {
                Err(lines.wrong(node.at(), "a [[node]] belongs to a [tree]: there is none"))
            }
            None => Ok(None),
        },
    }
}

fn rules(file: &RulesFile, lines: &Lines) -> Result<Rules, ConfigError> {
    let mut rules = Rules::default();
    for (text, share) in
        [(&file.ready, &mut rules.ready), (&file.conditions, &mut rules.conditions)]
    {
        if let Some(text) = text {
            *share = lines.share(text)?;
            if *share > 1.0 {
                return Err(lines.wrong(text.span().start, "a weighted score is at most 100%"));
            }
        }
    }
    if rules.conditions > rules.ready {
        let at = file.conditions.as_ref().or(file.ready.as_ref()).map_or(0, |t| t.span().start);
        return Err(lines.wrong(at, "`conditions` is at most `ready`"));
    }
    if let Some(text) = &file.critical_undecided {
        rules.critical_undecided = lines.parse(text)?;
        if rules.critical_undecided == Readiness::Ready {
            let message = "critical_undecided is \"not ready\" or \"ready with conditions\"";
            return Err(lines.wrong(text.span().start, message));
        }
    }
    Ok(rules)
}

fn published(file: &PublishedFile, lines: &Lines) -> Result<Published, ConfigError> {
    let success_rate = file
        .success_rate
        .as_ref()
        .map(|text| Ok((lines.share(text)?, text.get_ref().clone())))
        .transpose()?;
    Ok(Published {
        success_rate,
        domains: file.domains,
        rows: file.rows,
        passed: file.passed,
        decision: file.decision.as_ref().map(|d| lines.parse(d)).transpose()?,
    })
}

fn target(file: TargetFile, at: usize, lines: &Lines) -> Result<Target, ConfigError> {
    let objective: Objective = lines.objective(&file.claim)?;
    let weight = match &file.weight {
        None => 1.0,
        Some(w) => {
            let text = w.get_ref().text();
            let wrong = || {
                lines.wrong(
                    w.span().start,
                    format!("a weight is a number that is not negative, got {text}"),
                )
            };
            text.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0).ok_or_else(wrong)?
        }
    };
    let provenance: Option<Provenance> =
        file.provenance.as_ref().map(|p| lines.parse(p)).transpose()?;
    let place = file.provenance.as_ref().or(file.actual.as_ref()).map_or(at, |t| t.span().start);
    let actual = match (&file.actual, provenance) {
        (Some(_), None) => {
            let message = "say where `actual` comes from: provenance = \"measured\", \
                           \"simulated\", \"estimated\" or \"projected\"";
            return Err(lines.wrong(place, message));
        }
        (Some(_), Some(Provenance::NotTested)) => {
            return Err(lines.wrong(place, "a value that nobody tested has no `actual`"));
        }
        (Some(text), Some(provenance)) => {
            let source = file.source.as_deref().unwrap_or("typed");
            Some(
                Actual::typed(text.get_ref(), provenance, source)
                    .map_err(|e| lines.wrong(text.span().start, e))?,
            )
        }
        (None, None | Some(Provenance::NotTested)) => None,
        (None, Some(_)) => {
            let message = "provenance goes with `actual`; data and evidence bring their own";
            return Err(lines.wrong(place, message));
        }
    };
    let name = file.name.unwrap_or_else(|| {
        let metric = objective.metric.clone().unwrap_or_default();
        let metric = tailproof_core::qualified(&metric, &objective.labels);
        format!("{metric} {}", objective.claim).trim().to_owned()
    });
    let text = |t: Option<Spanned<String>>| t.map(Spanned::into_inner);
    let target = Target {
        domain: file.domain.unwrap_or_else(|| "general".to_owned()),
        name,
        objective,
        weight,
        critical: file.critical,
        untested: provenance == Some(Provenance::NotTested),
        source: file.source,
        step: file.step,
        line: lines.line(file.claim.span().start),
        data: text(file.data),
        without: text(file.without),
        actual,
    };
    if let Some(actual) = &target.actual {
        if target.is_relative() {
            let unit = actual.unit.as_ref();
            if unit.is_none_or(|u| u.factor_to(&percent()).is_err()) {
                let message = "the change is typed as a percentage: actual = \"+3 %\"";
                return Err(lines.wrong(place, message));
            }
        } else if let Some(problem) = target.unit_problem(actual.unit.as_ref()) {
            return Err(ConfigError { line: target.line, message: problem });
        }
    }
    Ok(target)
}

fn percent() -> Unit {
    Unit::known("%").expect("in the table")
}

/// A matrix whose rows all weigh nothing has no score.
fn weights(targets: &[Target]) -> Result<(), ConfigError> {
    if !targets.is_empty() && targets.iter().all(|t| t.weight == 0.0) {
        let message = "all weights are zero: at least one row must count";
        return Err(ConfigError { line: targets[0].line, message: message.to_owned() });
    }
    Ok(())
}

/// Two targets of one statistic that no value meets together.
fn contradictions(targets: &[Target]) -> Result<(), ConfigError> {
    let mut by_subject: BTreeMap<String, Vec<&Target>> = BTreeMap::new();
    for target in targets.iter().filter(|t| t.objective.metric.is_some()) {
        let o = &target.objective;
        let key = format!("{:?} {:?} {:?}", o.metric, o.labels, o.aggregate);
        by_subject.entry(key).or_default().push(target);
    }
    for group in by_subject.values() {
        for (i, later) in group.iter().enumerate() {
            for earlier in &group[..i] {
                if contradict(earlier, later) {
                    let message = format!(
                        "{:?} and {:?} of line {} contradict each other: no value meets both",
                        later.objective.claim, earlier.objective.claim, earlier.line
                    );
                    return Err(ConfigError { line: later.line, message });
                }
            }
        }
    }
    Ok(())
}

fn contradict(a: &Target, b: &Target) -> bool {
    let Some(unit) = a.quantity().map(|q| q.unit().cloned()) else { return false };
    let (Ok(left), Ok(right)) =
        (a.objective.claims(unit.as_ref()), b.objective.claims(unit.as_ref()))
    else {
        return false;
    };
    let apart = |upper: &Claim, lower: &Claim| {
        use tailproof_core::Comparison::{AtLeast, AtMost};
        upper.comparison.is_upper()
            && !lower.comparison.is_upper()
            && (upper.target < lower.target
                || upper.target == lower.target
                    && !(upper.comparison == AtMost && lower.comparison == AtLeast))
    };
    left.iter().any(|x| right.iter().any(|y| apart(x, y) || apart(y, x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let targets = parse(
            "title = \"t\"\nlevel = \"99%\"\n[readiness]\nready = \"90%\"\n[[target]]\n\
             domain = \"load\"\nclaim = \"throughput: at least 1000/s\"\nactual = \"60/s\"\n\
             provenance = \"measured\"\nweight = 2\ncritical = true\n",
        )
        .unwrap();
        assert_eq!((targets.rules.ready, targets.level), (0.9, "99%".parse().ok()));
        let row = &targets.targets[0];
        assert_eq!((row.domain.as_str(), row.weight, row.critical), ("load", 2.0, true));
        assert_eq!(row.name, "throughput at least 1000/s");
        assert_eq!(row.actual.as_ref().unwrap().estimate, 60.0);
    }

    #[test]
    fn mistakes_have_a_line() {
        let row = |rest: &str| format!("[[target]]\nclaim = \"a: p99 <= 100ms\"\n{rest}\n");
        for (text, line, part) in [
            (row("weight = -1"), 3, "not negative"),
            (row("weight = nan"), 3, "not negative"),
            (row("weight = 0"), 2, "all weights"),
            (row("actual = \"17 ms\""), 3, "provenance"),
            (row("actual = \"17 ms\"\nprovenance = \"guessed\""), 4, "guessed"),
            (row("actual = \"~17 ms\"\nprovenance = \"estimated\""), 3, "estimated"),
            (row("actual = \"17 GB\"\nprovenance = \"measured\""), 2, "convert"),
            (row("actual = \"17\"\nprovenance = \"not tested\""), 4, "nobody"),
            (row("wieght = 1"), 3, "wieght"),
            ("[[target]]\nclaim = \"a: p99 =< 1\"\n".to_owned(), 2, "column"),
            (
                "[[target]]\nclaim = \"a: value <= 100\"\nactual = \"3 ms\"\nprovenance = \"measured\"\n"
                    .to_owned(),
                2,
                "no unit",
            ),
            (row("[[target]]\nclaim = \"a: p99 >= 0.2s\""), 4, "contradict"),
            (row("[[target]]\nclaim = \"a: p99 <= 100ms\""), 4, "twice"),
            ("[readiness]\nready = \"70%\"\n".to_owned(), 2, "at most"),
            ("[readiness]\ncritical_undecided = \"ready\"\n".to_owned(), 2, "not ready"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
        // Together they make a window.
        let window = row("[[target]]\nclaim = \"a: p99 >= 0.1s\"");
        assert_eq!(parse(&window).unwrap().targets.len(), 2);
    }
}
