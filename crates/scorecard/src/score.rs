use std::collections::BTreeMap;

use tailproof_compare::relatives;
use tailproof_core::{
    Claim, Condition, Dataset, Finding, Level, Objective, Provenance, Reason, Seed, Unit,
    UnitError, Verdict, percent,
};
use tailproof_slo::judge;

use crate::actual::{Actual, Value};
use crate::budgets::{self, JudgedBudget};
use crate::capacity::{CapacityPlan, plan};
use crate::config::{ConfigError, Targets};
use crate::readiness::{Decision, decide};
use crate::recommend::{Recommendation, recommend};
use crate::resources::{ResourceOutcome, assess};
use crate::risk::{Risk, risks};
use crate::row::{Row, from_bounds};
use crate::stages::{Total, add_up};
use crate::success::{Success, WeightedScore};
use crate::supplied::{Known, Supplied, find, known};
use crate::target::{Published, Target};
use crate::tree::{self, TreeJudged};

/// How rows are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Level of the intervals made here, when the file says none.
    pub level: Level,
    /// Seed of everything random.
    pub seed: Seed,
}

/// The matrix, judged, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// What was judged.
    pub title: String,
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Targets met among those decided.
    pub success: Success,
    /// Share of the weights that passed.
    pub score: WeightedScore,
    /// Whether to release.
    pub decision: Decision,
    /// The gravest first.
    pub risks: Vec<Risk>,
    /// The most urgent first.
    pub recommendations: Vec<Recommendation>,
    /// What a report says of itself, against what was found.
    pub claims: Vec<PublishedClaim>,
    /// What the host has, against what it must have.
    pub resources: Vec<ResourceOutcome>,
    /// How much of the error budgets is used.
    pub budgets: Vec<JudgedBudget>,
    /// What the chains of stages add up to.
    pub chains: Vec<Total>,
    /// How many replicas are needed.
    pub capacity: Option<CapacityPlan>,
    /// Scores, aggregated.
    pub tree: Option<TreeJudged>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// A claim of a report about itself, recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedClaim {
    /// What it is about.
    pub what: String,
    /// What was said.
    pub said: String,
    /// What was found.
    pub found: String,
    /// Whether they agree.
    pub holds: bool,
}

/// The rows of one domain in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// The gravest status of its rows.
    pub status: Status,
    /// Measured rows that passed.
    pub passed: usize,
    /// Measured rows that passed or failed.
    pub decided: usize,
    /// All rows.
    pub rows: usize,
    /// The row that speaks most, in words.
    pub key: String,
}

/// The status of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Every row passed.
    Pass,
    /// Something was not tested, nothing failed.
    NotTested,
    /// Something could not be decided, nothing failed.
    Inconclusive,
    /// A row failed.
    Fail,
}

impl Status {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive(Reason::NotTested) => Self::NotTested,
            Verdict::Inconclusive(_) => Self::Inconclusive,
            _ => Self::Pass,
        }
    }

    /// In a word, as for verdicts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::NotTested => "NOT TESTED",
        }
    }
}

/// Judges every target and decides.
///
/// A value that the file types is taken as typed. Otherwise the row's own data, then the data,
/// then the evidence answer, one row for each series or finding that matches; the weight of the
/// target is shared by them. A target that nothing answers is `not tested`. Failures on data are
/// corrected for the number of targets judged, as in [`tailproof_slo::judge`].
///
/// # Errors
/// Names the line of the target: units that do not convert, data of another kind, a relative
/// target without a baseline.
pub fn score(
    targets: &Targets,
    supplied: &Supplied<'_>,
    settings: &Settings,
) -> Result<Scorecard, ConfigError> {
    let level = targets.level.unwrap_or(settings.level);
    let judge = Judge { supplied, level, seed: settings.seed, known: known(supplied.evidence) };
    let rows = judge.rows(&targets.targets)?;
    let success = Success::of(&rows);
    let weighted = WeightedScore::of(&rows);
    let parts = judge.parts(targets)?;
    let findings = parts.findings();
    let decision = decide(&rows, &findings, &weighted, &targets.rules);
    Ok(Scorecard {
        resources: parts.resources,
        budgets: parts.budgets,
        chains: parts.chains,
        capacity: parts.capacity,
        tree: parts.tree,
        title: targets.title.clone().unwrap_or_else(|| "scorecard".to_owned()),
        risks: risks(&rows),
        recommendations: recommend(&rows),
        claims: published(&targets.published, &rows, &success, &decision),
        success,
        score: weighted,
        decision,
        notes: judge.notes(&rows),
        rows,
    })
}

impl Scorecard {
    /// The rows as findings, and the decision.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let rows = self.rows.iter().map(|r| r.finding.clone());
        let resources = self.resources.iter().flat_map(ResourceOutcome::findings);
        let budgets = self.budgets.iter().flat_map(JudgedBudget::findings);
        let chains = self.chains.iter().flat_map(Total::findings);
        let capacity = self.capacity.iter().flat_map(CapacityPlan::findings);
        let tree = self.tree.iter().flat_map(TreeJudged::findings);
        rows.chain(resources)
            .chain(budgets)
            .chain(chains)
            .chain(capacity)
            .chain(tree)
            .chain([self.decision.finding(&self.title)])
            .collect()
    }

    /// The domains, in the order in which they appear.
    #[must_use]
    pub fn domains(&self) -> Vec<Domain> {
        let mut domains: Vec<(Domain, f64)> = Vec::new();
        for row in &self.rows {
            let verdict = &row.finding.verdict;
            let status = Status::of(verdict);
            // The worst row speaks, among equals the one with the larger weight.
            let loud = f64::from(status as u8) * 1e9 + row.weight.min(1e8);
            let index =
                domains.iter().position(|(d, _)| d.name == row.domain).unwrap_or_else(|| {
                    let (name, key) = (row.domain.clone(), String::new());
                    let blank = Domain { name, status, passed: 0, decided: 0, rows: 0, key };
                    domains.push((blank, f64::NEG_INFINITY));
                    domains.len() - 1
                });
            let (domain, loudest) = &mut domains[index];
            domain.rows += 1;
            domain.passed += usize::from(*verdict == Verdict::Pass);
            domain.decided += usize::from(matches!(verdict, Verdict::Pass | Verdict::Fail));
            domain.status = domain.status.max(status);
            if loud > *loudest {
                *loudest = loud;
                let gap = row.gap().map_or_else(String::new, |gap| format!(": {gap}"));
                domain.key = format!("{}{gap}", row.name);
            }
        }
        domains.into_iter().map(|d| d.0).collect()
    }
}

/// What all rows of a run share.
struct Judge<'a> {
    supplied: &'a Supplied<'a>,
    level: Level,
    seed: Seed,
    known: Vec<Known<'a>>,
}

/// What stands beside the rows.
struct Parts {
    resources: Vec<ResourceOutcome>,
    budgets: Vec<JudgedBudget>,
    chains: Vec<Total>,
    capacity: Option<CapacityPlan>,
    tree: Option<TreeJudged>,
}

impl Parts {
    fn findings(&self) -> Vec<Finding> {
        let resources = self.resources.iter().flat_map(ResourceOutcome::findings);
        let budgets = self.budgets.iter().flat_map(JudgedBudget::findings);
        let chains = self.chains.iter().flat_map(Total::findings);
        let capacity = self.capacity.iter().flat_map(CapacityPlan::findings);
        let tree = self.tree.iter().flat_map(TreeJudged::findings);
        resources.chain(budgets).chain(chains).chain(capacity).chain(tree).collect()
    }
}

impl Judge<'_> {
    fn parts(&self, targets: &Targets) -> Result<Parts, ConfigError> {
        let at = |line: usize| move |message: String| ConfigError { line, message };
        let mut chains = Vec::with_capacity(targets.chains.len());
        for (line, chain) in &targets.chains {
            let values = chain.stages.iter().map(|s| self.value(&s.value));
            let values = values.collect::<Result<Vec<_>, _>>().map_err(at(*line))?;
            chains.push(add_up(chain, &values).map_err(|e| at(*line)(e.to_string()))?);
        }
        let capacity = targets.capacity.as_ref().map(|(line, capacity)| {
            let one = self.value(&capacity.one).map_err(at(*line))?;
            plan(capacity, one.as_ref(), self.supplied.host).map_err(|e| at(*line)(e.to_string()))
        });
        let tree = targets.tree.as_ref().map(|(line, tree)| {
            let Supplied { data, baseline, memo, .. } = *self.supplied;
            tree::judge(tree, data, baseline, (self.level, self.seed), memo).map_err(at(*line))
        });
        let resources = targets.resources.iter().map(|(line, r)| {
            assess(r, self.supplied.host).map_err(|e| at(*line)(format!("{:?}: {e}", r.name)))
        });
        Ok(Parts {
            resources: resources.collect::<Result<_, _>>()?,
            budgets: budgets::judge(&targets.budgets, self.supplied.data, self.level, 0)?,
            chains,
            capacity: capacity.transpose()?,
            tree: tree.transpose()?,
        })
    }

    /// A value as typed, or as the data or the evidence have it.
    fn value(&self, value: &Value) -> Result<Option<Actual>, String> {
        match value {
            Value::Typed(actual) => Ok(Some(actual.clone())),
            Value::Asked(objective) => find(self.supplied, objective, self.level, self.seed),
        }
    }

    fn rows(&self, targets: &[Target]) -> Result<Vec<Row>, ConfigError> {
        let mut rows: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        let (mut on_data, mut relative) = (Vec::new(), Vec::new());
        for (index, target) in targets.iter().enumerate() {
            if let Some(actual) = &target.actual {
                rows.insert(index, vec![typed(target, actual)?]);
            } else if target.untested {
                let why = target.source.as_deref().unwrap_or("the targets file says so");
                rows.insert(index, vec![Row::untested(target, why)]);
            } else if target.is_relative() {
                relative.push(index);
            } else if self.data(target).series.iter().any(|s| target.objective.matches(s)) {
                on_data.push(index);
            }
        }
        let claims = relative.len() + on_data.len();
        for index in relative {
            let target = &targets[index];
            if let Some(found) = self.relative(target, claims)? {
                rows.insert(index, found);
            }
        }
        for (index, found) in self.absolute(targets, &on_data, claims)? {
            rows.insert(index, found);
        }
        for (index, target) in targets.iter().enumerate() {
            if let std::collections::btree_map::Entry::Vacant(entry) = rows.entry(index) {
                entry.insert(self.evidence_rows(target)?);
            }
        }
        Ok(rows.into_values().flatten().collect())
    }

    /// The data that a target is judged on.
    fn data(&self, target: &Target) -> &Dataset {
        let own = target.data.as_ref().and_then(|file| self.supplied.files.get(file));
        own.unwrap_or(self.supplied.data)
    }

    /// Rows of targets that data answer, judged in one call for each data set.
    fn absolute(
        &self,
        targets: &[Target],
        indexes: &[usize],
        claims: usize,
    ) -> Result<Vec<(usize, Vec<Row>)>, ConfigError> {
        let mut by_file: BTreeMap<Option<&String>, Vec<usize>> = BTreeMap::new();
        for &index in indexes {
            let target = &targets[index];
            let data = self.data(target);
            for series in data.series.iter().filter(|s| target.objective.matches(s)) {
                if let Some(problem) = target.unit_problem(series.metric.unit.as_ref()) {
                    return Err(ConfigError { line: target.line, message: problem });
                }
            }
            by_file.entry(target.data.as_ref()).or_default().push(index);
        }
        let mut rows = Vec::new();
        for group in by_file.into_values() {
            let data = self.data(&targets[group[0]]);
            let objectives: Vec<Objective> =
                group.iter().map(|&i| targets[i].objective.clone()).collect();
            let mut how = tailproof_slo::Settings::new(self.seed).level(self.level);
            how.beside = claims - group.len();
            let judged = judge(data, &objectives, &how).map_err(|e| {
                let guilty = group
                    .iter()
                    .map(|&i| &targets[i])
                    .find(|t| judge(data, std::slice::from_ref(&t.objective), &how).is_err());
                wrong(guilty.unwrap_or(&targets[group[0]]), e)
            })?;
            let mut found: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
            for (finding, answers) in judged.findings.into_iter().zip(judged.answers) {
                found.entry(group[answers]).or_default().push(finding);
            }
            rows.extend(found.into_iter().map(|(i, all)| (i, shared(&targets[i], all))));
        }
        Ok(rows)
    }

    /// Rows of a change from a baseline; `None` when there are no data for it.
    fn relative(&self, target: &Target, claims: usize) -> Result<Option<Vec<Row>>, ConfigError> {
        let data = self.data(target);
        if !data.series.iter().any(|s| target.objective.matches(s)) {
            return Ok(None);
        }
        let own = target.without.as_ref().and_then(|file| self.supplied.files.get(file));
        let Some(base) = own.or(self.supplied.baseline) else {
            let message = format!(
                "{:?} is a change: it needs `without = \"FILE\"`, or --baseline DATA",
                target.name
            );
            return Err(ConfigError { line: target.line, message });
        };
        let fail = self.level.split(claims);
        relatives(&target.objective, base, data, self.level, fail)
            .map(|all| Some(shared(target, all)))
            .map_err(|e| ConfigError { line: target.line, message: e.to_string() })
    }

    /// Rows of findings that answer the target, or one that was not tested.
    fn evidence_rows(&self, target: &Target) -> Result<Vec<Row>, ConfigError> {
        let found: Vec<&Known<'_>> =
            self.known.iter().filter(|k| k.answers(&target.objective)).collect();
        if found.is_empty() {
            return Ok(vec![Row::untested(target, "neither the data nor the evidence has it")]);
        }
        let weight = target.weight / found.len() as f64;
        found.into_iter().map(|k| self.known_row(target, k, weight)).collect()
    }

    fn known_row(
        &self,
        target: &Target,
        known: &Known<'_>,
        weight: f64,
    ) -> Result<Row, ConfigError> {
        let mut finding = known.finding.clone();
        if let Some(problem) =
            target.unit_problem(finding.unit.as_ref().filter(|_| finding.base.is_none()))
        {
            return Err(ConfigError { line: target.line, message: problem });
        }
        let same =
            known.objective.as_ref().is_some_and(|o| o.condition == target.objective.condition);
        let claims = match target.objective.condition {
            Condition::Relative(comparison, limit) => vec![Claim { comparison, target: limit }],
            _ => claims(target, finding.unit.as_ref()).map_err(|e| wrong(target, e))?,
        };
        let (mut verdict, would) = from_bounds(&finding, &claims);
        if same {
            verdict = finding.verdict.clone();
        }
        let would = match verdict {
            Verdict::Pass => Some(true),
            Verdict::Fail => Some(false),
            _ => would,
        };
        if finding.provenance != Provenance::Measured {
            verdict = Verdict::Inconclusive(Reason::NotTested);
        }
        if let Some(bound) = finding.bounds.iter().find(|b| b.level.to_f64() < self.level.to_f64())
        {
            finding.warnings.push(format!(
                "the evidence bounds it at {}, below the {} asked for here",
                bound.level, self.level
            ));
        }
        finding.why = format!("{} ({}): {}", finding.why, known.source, verdict.word());
        finding.verdict = verdict;
        finding.exhibits.clear();
        finding.target = claims.first().map(|c| c.target);
        claimed(target, &mut finding);
        Ok(Row::new(target, weight, finding, would))
    }

    fn notes(&self, rows: &[Row]) -> Vec<String> {
        let mut notes = self.supplied.data.notes.clone();
        let typed = rows
            .iter()
            .filter(|r| r.finding.estimate.is_some() && r.finding.interval.is_none())
            .count();
        if typed > 0 {
            notes.push(format!(
                "{typed} of {} rows are single numbers: they are taken as they are, without an \
                 interval",
                rows.len()
            ));
        }
        notes
    }
}

/// Rows of what data answered; they share the weight of the target.
fn shared(target: &Target, findings: Vec<Finding>) -> Vec<Row> {
    let weight = target.weight / findings.len().max(1) as f64;
    let several = findings.len() > 1;
    findings
        .into_iter()
        .map(|mut finding| {
            let would = match finding.verdict {
                Verdict::Pass => Some(true),
                Verdict::Fail => Some(false),
                _ => None,
            };
            let labels = finding.subject.labels.clone();
            claimed(target, &mut finding);
            let mut row = Row::new(target, weight, finding, would);
            if several {
                row.name = tailproof_core::qualified(&target.name, &labels);
            }
            row
        })
        .collect()
}

/// The finding with the claim of the row.
fn claimed(target: &Target, finding: &mut Finding) {
    finding.class = tailproof_core::Class::Slo;
    finding.claim.clone_from(&target.objective.claim);
}

/// A row of a number that the file types.
fn typed(target: &Target, actual: &Actual) -> Result<Row, ConfigError> {
    let share = Unit::known("ratio");
    if let Condition::Relative(comparison, limit) = target.objective.condition {
        let change = actual.in_unit(share.as_ref()).map_err(|e| wrong(target, e))?;
        return Ok(Row::of_actual(target, &change, &[Claim { comparison, target: limit }]));
    }
    let unit = if target.is_share() { share.as_ref() } else { actual.unit.as_ref() };
    let actual = actual.in_unit(unit).map_err(|e| wrong(target, e))?;
    let claims = claims(target, unit).map_err(|e| wrong(target, e))?;
    Ok(Row::of_actual(target, &actual, &claims))
}

/// The promise in the unit of the value.
fn claims(target: &Target, unit: Option<&Unit>) -> Result<Vec<Claim>, UnitError> {
    let ratio = Unit::known("ratio");
    target.objective.claims(if target.is_share() { ratio.as_ref() } else { unit })
}

fn wrong(target: &Target, problem: impl std::fmt::Display) -> ConfigError {
    ConfigError { line: target.line, message: problem.to_string() }
}

/// What a report says of itself, recomputed.
fn published(
    said: &Published,
    rows: &[Row],
    success: &Success,
    decision: &Decision,
) -> Vec<PublishedClaim> {
    let mut claims = Vec::new();
    let mut add = |what: &str, said: String, found: String, holds: bool| {
        claims.push(PublishedClaim { what: what.to_owned(), said, found, holds });
    };
    if let Some((rate, text)) = &said.success_rate {
        let of_all = success.of_all.0 as f64 / success.of_all.1.max(1) as f64;
        let found = format!(
            "{success}; {} of all {} rows with a value would meet theirs, {}",
            success.of_all.0,
            success.of_all.1,
            percent(of_all)
        );
        // As many digits as a report prints.
        let holds = success.rate().is_some_and(|found| (found - rate).abs() < 0.005);
        add("success rate", text.clone(), found, holds);
    }
    let mut count = |what: &str, said: Option<u64>, found: u64| {
        if let Some(said) = said {
            add(what, said.to_string(), found.to_string(), said == found);
        }
    };
    let domains: std::collections::BTreeSet<&str> =
        rows.iter().map(|r| r.domain.as_str()).collect();
    count("domains", said.domains, domains.len() as u64);
    count("rows", said.rows, rows.len() as u64);
    count("rows passed", said.passed, success.passed);
    if let Some(said) = said.decision {
        let found = decision.readiness;
        add("decision", said.to_string(), found.to_string(), said == found);
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Readiness;
    use crate::config::parse;
    use tailproof_core::{Class, Labels, Metric, Observations, Raw, Sample, Series, Subject};

    fn latency(n: u32, labels: &[(&str, &str)]) -> Series {
        let values = (0..n).map(|i| f64::from(i % 100)).collect();
        let labels: Labels =
            labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let observations = Observations::Raw(Raw::complete(Sample::new(values).unwrap()));
        Series { labels, ..Series::new(Metric::new("latency", Unit::known("ms")), observations) }
    }

    fn run(text: &str, data: &Dataset, evidence: &[(String, Vec<Finding>)]) -> Scorecard {
        let files = BTreeMap::new();
        let supplied = Supplied {
            data,
            baseline: None,
            evidence,
            files: &files,
            host: None,
            memo: &tailproof_core::NoMemo,
        };
        let settings = Settings { level: Level::P999, seed: Seed(1) };
        score(&parse(text).unwrap(), &supplied, &settings).unwrap()
    }

    const TYPED: &str = "
[published]
success_rate = \"91%\"
domains = 9
[[target]]
domain = \"load\"
name = \"throughput\"
claim = \"throughput: value >= 1000/s\"
actual = \"60/s\"
provenance = \"measured\"
[[target]]
domain = \"model\"
name = \"accuracy\"
claim = \"accuracy: value > 85%\"
actual = \"91.6%\"
provenance = \"measured\"
[[target]]
domain = \"model\"
name = \"uptime\"
claim = \"uptime: value >= 99.9%\"
actual = \"99.9%\"
provenance = \"projected\"
";

    #[test]
    fn only_what_was_measured_counts() {
        let card = run(TYPED, &Dataset::default(), &[]);
        assert_eq!((card.success.passed, card.success.decided), (1, 2));
        assert_eq!(card.success.of_all, (2, 3));
        assert_eq!(card.success.left_out, ["uptime (projected)"]);
        let (lo, hi) = card.success.interval.unwrap();
        assert!(lo < 0.5 && hi > 0.5);
        assert_eq!(card.score, WeightedScore { at_least: 1.0 / 3.0, at_most: 2.0 / 3.0 });
        assert_eq!(card.decision.readiness, Readiness::NotReady, "{:?}", card.decision);
        let variances: Vec<String> =
            card.rows.iter().map(|r| tailproof_core::signed_percent(r.variance.unwrap())).collect();
        assert_eq!(variances, ["-94 %", "+7.765 %", "0 %"]);
        assert_eq!(card.rows[2].status(), "NOT TESTED (would meet it)");
        let claims: Vec<(&str, bool)> =
            card.claims.iter().map(|c| (c.what.as_str(), c.holds)).collect();
        assert_eq!(claims, [("success rate", false), ("domains", false)]);
        let domains = card.domains();
        assert_eq!((domains.len(), domains[1].passed, domains[1].rows), (2, 1, 2));
        assert_eq!(domains[1].status, Status::NotTested);
    }

    #[test]
    fn data_are_judged_with_intervals_and_share_the_weight() {
        let text = "[[target]]\nclaim = \"latency: p95 <= 120ms\"\nweight = 3\n\
                    [[target]]\nclaim = \"latency{zone=a}: p99.9 <= 120ms\"\n\
                    [[target]]\nclaim = \"memory: max <= 1 GiB\"\n";
        let series = vec![latency(1_000, &[("zone", "a")]), latency(1_000, &[("zone", "b")])];
        let card = run(text, &Dataset { series, ..Dataset::default() }, &[]);
        let words: Vec<&str> = card.rows.iter().map(|r| r.finding.verdict.word()).collect();
        assert_eq!(words, ["PASS", "PASS", "INCONCLUSIVE", "NOT TESTED"]);
        assert_eq!(card.rows.iter().map(|r| r.weight).sum::<f64>(), 5.0);
        assert!(card.rows[0].finding.bounds.iter().any(|b| b.value.is_finite()));
        assert_eq!(card.decision.readiness, Readiness::Conditions);
    }

    #[test]
    fn evidence_is_judged_again_by_its_bounds() {
        let data = Dataset { series: vec![latency(1_000, &[])], ..Dataset::default() };
        let objective: Objective = "latency: p95 <= 150ms".parse().unwrap();
        let settings = tailproof_slo::Settings::new(Seed(1));
        let findings = tailproof_slo::judge(&data, &[objective], &settings).unwrap().findings;
        let evidence = [("run.json".to_owned(), findings)];
        for (limit, word) in
            [("150ms", "PASS"), ("0.12 s", "PASS"), ("94.5ms", "INCONCLUSIVE"), ("50ms", "FAIL")]
        {
            let text = format!("[[target]]\nclaim = \"latency: p95 <= {limit}\"\n");
            let card = run(&text, &Dataset::default(), &evidence);
            assert_eq!(card.rows[0].finding.verdict.word(), word, "{limit}");
        }
        let other = "[[target]]\nclaim = \"latency: p99 <= 150ms\"\n";
        let card = run(other, &Dataset::default(), &evidence);
        assert_eq!(card.rows[0].finding.verdict.word(), "NOT TESTED");
    }

    #[test]
    fn mistakes_name_the_line_of_the_target() {
        let data = Dataset { series: vec![latency(100, &[])], ..Dataset::default() };
        let files = BTreeMap::new();
        let supplied = Supplied {
            data: &data,
            baseline: None,
            evidence: &[],
            files: &files,
            host: None,
            memo: &tailproof_core::NoMemo,
        };
        let settings = Settings { level: Level::P999, seed: Seed(1) };
        for (claim, part) in [
            ("latency: p95 <= 120", "no unit"),
            ("latency: p95 <= 120 MB", "convert"),
            ("latency: ratio >= 0.5", "needs"),
            ("latency: value <= 120ms", "single value"),
            ("latency: mean <= +5%", "baseline"),
        ] {
            let text = format!("\n[[target]]\nclaim = \"{claim}\"\n");
            let error = score(&parse(&text).unwrap(), &supplied, &settings).unwrap_err();
            assert!(error.message.contains(part), "{claim}: {error}");
            assert_eq!(error.line, 3, "{claim}");
        }
    }

    #[test]
    fn evidence_that_was_not_measured_is_no_pass() {
        let subject = Subject { metric: "speed".to_owned(), ..Subject::default() };
        let mut finding = Finding::new(Class::Other, subject, "value >= 2", Verdict::Pass);
        finding.estimate = Some(4.0);
        finding.provenance = Provenance::Estimated;
        let evidence = [("claims.json".to_owned(), vec![finding])];
        let card =
            run("[[target]]\nclaim = \"speed: value >= 3\"\n", &Dataset::default(), &evidence);
        assert_eq!(card.rows[0].status(), "NOT TESTED (would meet it)");
    }
}
