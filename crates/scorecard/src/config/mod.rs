//! The targets file.

mod checks;
mod lines;

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::{Level, Objective, Provenance};
use toml::Spanned;

pub(crate) use lines::{Lines, Number};

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
    /// Whether nobody has edited it since `--init` wrote it: a draft is never ready.
    pub draft: bool,
    /// Level of the intervals made here.
    pub level: Option<Level>,
    /// What the decision needs.
    pub rules: Rules,
    /// What a report claims of itself.
    pub published: Published,
    /// The rows.
    pub targets: Vec<Target>,
    /// What the host must have.
    pub resources: Vec<Resource>,
    /// Error budgets.
    pub budgets: Vec<BudgetTarget>,
    /// Chains of stages.
    pub chains: Vec<Chain>,
    /// How many replicas are needed.
    pub capacity: Option<Capacity>,
    /// Scores to aggregate.
    pub tree: Option<TreeConfig>,
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
        let resources = self.resources.iter().flat_map(|r| [Some(&r.available), r.used.as_ref()]);
        let constraints = self.capacity.iter().flat_map(|c| &c.constraints);
        let constraints = constraints.flat_map(|c| [Some(&c.available), c.used.as_ref()]);
        resources.chain(constraints).flatten().any(|amount| *amount == Amount::Host)
    }

    /// What data are asked for: the promises of rows whose value the file does not type and
    /// that name no data of their own.
    #[must_use]
    pub fn objectives(&self) -> Vec<Objective> {
        let open =
            self.targets.iter().filter(|t| t.actual.is_none() && !t.untested && t.data.is_none());
        let stages = self.chains.iter().flat_map(|c| c.stages.iter().map(|s| &s.value));
        let values = stages.chain(self.capacity.iter().map(|c| &c.one));
        let asked = values.filter_map(|value| match value {
            Value::Asked(objective) => Some(objective.as_ref()),
            Value::Typed(_) => None,
        });
        let budgets = self.budgets.iter().filter_map(BudgetTarget::asks);
        open.map(|t| &t.objective).chain(asked).chain(budgets).cloned().collect()
    }

    /// Files that rows name, with what is asked of each.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Asked> {
        let mut files: BTreeMap<String, Asked> = BTreeMap::new();
        for target in self.targets.iter().filter(|t| t.actual.is_none()) {
            for (key, file) in [("data", &target.data), ("without", &target.without)] {
                let Some(file) = file else { continue };
                let blank = || Asked { line: target.line, key, objectives: Vec::new() };
                let asked = files.entry(file.clone()).or_insert_with(blank);
                asked.objectives.push(target.objective.clone());
            }
        }
        files
    }
}

/// What is asked of a file that a row names.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Line of the first target that names it.
    pub line: usize,
    /// The key that names it there: `data` or `without`.
    pub key: &'static str,
    /// The promises of the targets that name it.
    pub objectives: Vec<Objective>,
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
    #[serde(default)]
    draft: bool,
    level: Option<Spanned<Number>>,
    #[serde(default)]
    readiness: RulesFile,
    #[serde(default)]
    published: PublishedFile,
    #[serde(default)]
    target: Vec<TargetFile>,
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
    ready: Option<Spanned<Number>>,
    conditions: Option<Spanned<Number>>,
    open_at_most: Option<Spanned<Number>>,
    critical_undecided: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PublishedFile {
    success_rate: Option<Spanned<Number>>,
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
    actual: Option<Spanned<Number>>,
    provenance: Option<Spanned<String>>,
    source: Option<String>,
    step: Option<String>,
    data: Option<String>,
    without: Option<String>,
}

/// Parses the text of a targets file.
///
/// # Errors
/// Names the line of the first thing that is wrong: unknown keys, values that are no numbers,
/// weights below zero or all zero, an unknown provenance, a number without one or without the
/// unit of its target, targets that contradict each other or are there twice, a target without
/// a unit where its value has one, or nothing to judge.
pub fn parse(text: &str) -> Result<Targets, ConfigError> {
    let lines = Lines::new(text);
    let lines = &lines;
    let file: File = toml::from_str(text)
        .map_err(|e| lines.wrong(e.span().map_or(0, |s| s.start), e.message()))?;
    let level = file.level.as_ref().map(|l| lines.parse(&Number::spanned(l))).transpose()?;
    let targets: Vec<Target> =
        file.target.into_iter().map(|row| target(row, lines)).collect::<Result<_, _>>()?;
    checks::check(&targets)?;
    let resources = file.resource.into_iter().map(|r| {
        let line = lines.line(r.span().start);
        r.into_inner().read(line, lines)
    });
    let budgets = file.budget.into_iter().map(|b| b.read(lines));
    let chains = file.chain.into_iter().map(|c| {
        let line = lines.line(c.span().start);
        c.into_inner().read(line, lines)
    });
    let capacity = file.capacity.map(|c| {
        let line = lines.line(c.span().start);
        c.into_inner().read(line, lines)
    });
    let targets = Targets {
        title: file.title,
        draft: file.draft,
        level,
        rules: rules(&file.readiness, lines)?,
        published: published(&file.published, lines)?,
        targets,
        resources: resources.collect::<Result<_, _>>()?,
        budgets: budgets.collect::<Result<_, _>>()?,
        chains: chains.collect::<Result<_, _>>()?,
        capacity: capacity.transpose()?,
        tree: tree(file.tree, file.node, lines)?,
    };
    if targets.is_empty() {
        let message = "nothing to judge: no [[target]], [[resource]], [[budget]], [[chain]], \
                       [capacity] or [tree]; `tailproof score --init` prints an example";
        return Err(ConfigError { line: 1, message: message.to_owned() });
    }
    Ok(targets)
}

/// The tree, when there is one.
fn tree(
    file: Option<Spanned<TreeFile>>,
    nodes: Vec<NodeFile>,
    lines: &Lines,
) -> Result<Option<TreeConfig>, ConfigError> {
    let Some(file) = file else {
        let Some(node) = nodes.first() else { return Ok(None) };
        return Err(lines.wrong(node.at(), "a [[node]] belongs to a [tree]: there is none"));
    };
    let line = lines.line(file.span().start);
    file.into_inner().read(line, nodes, lines).map(Some)
}

fn rules(file: &RulesFile, lines: &Lines) -> Result<Rules, ConfigError> {
    let mut rules = Rules::default();
    let shares = [
        (&file.ready, &mut rules.ready),
        (&file.conditions, &mut rules.conditions),
        (&file.open_at_most, &mut rules.open_at_most),
    ];
    for (number, share) in shares {
        if let Some(number) = number {
            *share = lines.share(&Number::spanned(number))?;
            if *share > 1.0 {
                let message = "a share of the weights is at most 100%";
                return Err(lines.wrong(number.span().start, message));
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
        .map(|rate| Ok((lines.share(&Number::spanned(rate))?, rate.get_ref().text())))
        .transpose()?;
    Ok(Published {
        success_rate,
        domains: file.domains,
        rows: file.rows,
        passed: file.passed,
        decision: file.decision.as_ref().map(|d| lines.parse(d)).transpose()?,
    })
}

fn target(file: TargetFile, lines: &Lines) -> Result<Target, ConfigError> {
    let objective: Objective = lines.parse(&file.claim)?;
    let actual = actual(&file, lines)?;
    let name = file.name.unwrap_or_else(|| {
        let metric = objective.metric.clone().unwrap_or_default();
        let metric = tailproof_core::qualified(&metric, &objective.labels);
        format!("{metric} {}", objective.claim).trim().to_owned()
    });
    let mut target = Target {
        domain: file.domain.unwrap_or_else(|| "general".to_owned()),
        name,
        objective,
        weight: file.weight.as_ref().map_or(Ok(1.0), |w| weight(w, lines))?,
        critical: file.critical,
        // Without a value a provenance can only be this one.
        untested: actual.is_none() && file.provenance.is_some(),
        source: file.source,
        step: file.step,
        line: lines.line(file.claim.span().start),
        data: file.data,
        without: file.without,
        actual: None,
    };
    if let (Some(actual), Some(text)) = (actual, &file.actual) {
        if !target.is_relative()
            && let Some(message) = target.unit_problem(actual.unit.as_ref())
        {
            return Err(ConfigError { line: target.line, message });
        }
        let wrong = |message: String| lines.wrong(text.span().start, message);
        target.actual = Some(target.takes(actual, &text.get_ref().text()).map_err(wrong)?);
    }
    Ok(target)
}

fn weight(number: &Spanned<Number>, lines: &Lines) -> Result<f64, ConfigError> {
    let text = number.get_ref().text();
    text.parse::<f64>().ok().filter(|x| (0.0..=1e9).contains(x)).ok_or_else(|| {
        let message = format!("a weight is a number that is not negative, 1e9 at most, got {text}");
        lines.wrong(number.span().start, message)
    })
}

/// The value that the file types.
fn actual(file: &TargetFile, lines: &Lines) -> Result<Option<Actual>, ConfigError> {
    if let Some(number) = &file.actual {
        let text = Number::spanned(number);
        return lines.typed(&text, file.provenance.as_ref(), file.source.as_deref()).map(Some);
    }
    let Some(said) = &file.provenance else { return Ok(None) };
    if lines.parse::<Provenance>(said)? == Provenance::NotTested {
        return Ok(None);
    }
    let message = "provenance goes with `actual`; data and evidence bring their own";
    Err(lines.wrong(said.span().start, message))
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
            (row("weight = 1e308"), 3, "1e9 at most"),
            (
                "[[target]]\nclaim = \"e: ratio >= 99%\"\nactual = \"110%\"\nprovenance = \"measured\"\n"
                    .to_owned(),
                3,
                "at most 100",
            ),
            (
                "[[target]]\nclaim = \"f: mape <= 15%\"\nactual = \"-5%\"\nprovenance = \"measured\"\n"
                    .to_owned(),
                3,
                "at least 0",
            ),
            (row("weight = nan"), 3, "not negative"),
            (row("weight = 0"), 2, "all weights"),
            (row("actual = \"17 ms\""), 3, "provenance"),
            (row("actual = \"17 ms\"\nprovenance = \"guessed\""), 4, "guessed"),
            (row("actual = \"~17 ms\"\nprovenance = \"estimated\""), 3, "estimated"),
            (row("actual = \"17 GB\"\nprovenance = \"measured\""), 2, "convert"),
            (row("actual = \"17\"\nprovenance = \"measured\""), 3, "write \"17 ms\""),
            (row("actual = 17\nprovenance = \"measured\""), 3, "write \"17 ms\""),
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
            (row("[[target]]\nclaim = \"a: p99 <= 100ms\""), 4, "another name"),
            ("[readiness]\nready = \"70%\"\n".to_owned(), 2, "at most"),
            ("[readiness]\ncritical_undecided = \"ready\"\n".to_owned(), 2, "not ready"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
        let error = parse("title = \"nothing\"\n").unwrap_err();
        for table in ["target", "resource", "budget", "chain", "capacity", "tree"] {
            assert!(error.message.contains(&format!("[{table}]")), "{table}: {error}");
        }
        // Together they make a window.
        let window = row("[[target]]\nclaim = \"a: p99 >= 0.1s\"");
        assert_eq!(parse(&window).unwrap().targets.len(), 2);
    }

    /// A row with this claim and a typed value.
    fn typed(claim: &str, actual: &str) -> Result<Target, ConfigError> {
        let text = format!(
            "[[target]]\nclaim = \"{claim}\"\nactual = {actual}\nprovenance = \"measured\"\n"
        );
        parse(&text).map(|mut targets| targets.targets.remove(0))
    }

    #[test]
    fn a_bare_number_from_one_on_is_no_share() {
        for (claim, actual, part) in [
            ("a: ratio >= 90%", "\"85\"", "write 85% or 0.85"),
            ("a: ratio >= 90%", "85", "write 85% or 0.85"),
            ("a: ratio >= 90%", "\"> 90\"", "write > 90% or > 0.9"),
            ("a: value >= 90%", "\"85\"", "write 85% or 0.85"),
            ("a: f1 >= 0.85", "\"91\"", "write 91% or 0.91"),
            ("a: throughput >= 5/s", "\"4\"", "write \"4 /s\""),
            ("a: mean <= +5%", "\"3\"", "percentage"),
        ] {
            let error = typed(claim, actual).unwrap_err();
            assert!(error.message.contains(part) && error.line == 3, "{claim} {actual}: {error}");
        }
        // Below 1 it is one, also where the target is a value in percent.
        let share = typed("a: value >= 90%", "\"0.85\"").unwrap().actual.unwrap();
        assert_eq!((share.estimate, share.unit), (85.0, tailproof_core::Unit::known("%")));
        for (claim, actual) in
            [("a: f1 >= 0.85", "0.91"), ("a: value <= 0", "0"), ("a: value >= 5", "\"> 6\"")]
        {
            assert!(typed(claim, actual).is_ok(), "{claim} {actual}");
        }
    }

    #[test]
    fn numbers_may_be_text_or_numbers() {
        let row = "[[target]]\nclaim = \"a: p99 <= 100ms\"\n";
        let rules = "[readiness]\nready = 0.9\nconditions = \"70%\"\nopen_at_most = 0.25\n";
        let head = format!("draft = true\nlevel = 0.99\n{rules}[published]\nsuccess_rate = 0.91\n");
        let targets = parse(&(head + row)).unwrap();
        assert!(targets.draft);
        assert_eq!(targets.rules.ready, 0.9);
        assert_eq!(targets.rules.open_at_most, 0.25);
        assert_eq!(targets.published.success_rate, Some((0.91, "0.91".to_owned())));
        assert!(!parse(row).unwrap().draft);
    }

    #[test]
    fn files_of_rows_know_who_names_them() {
        let text = "[[target]]\nclaim = \"a: mean <= +5%\"\ndata = \"a.csv\"\n\
                    without = \"b.csv\"\n";
        let files = parse(text).unwrap().files();
        let named: Vec<(&str, usize, &str)> =
            files.iter().map(|(file, asked)| (file.as_str(), asked.line, asked.key)).collect();
        assert_eq!(named, [("a.csv", 2, "data"), ("b.csv", 2, "without")]);
    }
}
