//! The rows of a matrix: what answers each target, and what it says.

use std::collections::BTreeMap;

use tailproof_compare::{Counterparts, counterparts, relative};
use tailproof_core::{
    Claim, Class, Condition, Dataset, Finding, Level, Objective, Provenance, Reason, Seed, Series,
    Subject, Unit, UnitError, Verdict, qualified,
};
use tailproof_slo::judge;

use crate::actual::{Actual, Value};
use crate::budgets;
use crate::config::{ConfigError, Targets};
use crate::evidence;
use crate::row::Row;
use crate::score::Settings;
use crate::supplied::{Known, Supplied, find, known, listed, meant, statistic};
use crate::target::Target;

/// What all rows of a run share.
pub(crate) struct Judge<'a> {
    supplied: &'a Supplied<'a>,
    /// Level of a pass.
    pub(crate) level: Level,
    /// Seed of everything random.
    pub(crate) seed: Seed,
    known: Vec<Known<'a>>,
}

/// What answers a target.
enum Way<'a> {
    /// The file types it.
    Typed(&'a Actual),
    /// The file says that nobody tested it.
    Untested,
    /// Data.
    Data,
    /// Data and a baseline.
    Change(Counterparts<'a>),
    /// Evidence, or nothing.
    Evidence,
}

/// The rows, and what else they say of the run.
pub(crate) struct Judged {
    pub(crate) rows: Vec<Row>,
    /// One-sided claims of rows that were judged here, over which failures are corrected.
    pub(crate) claims: usize,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(supplied: &'a Supplied<'a>, level: Level, settings: &Settings) -> Self {
        Self { supplied, level, seed: settings.seed, known: known(supplied.evidence) }
    }

    /// A value as typed, or as the data or the evidence have it, with bounds at a level.
    pub(crate) fn value(&self, value: &Value, level: Level) -> Result<Option<Actual>, String> {
        match value {
            Value::Typed(actual) => Ok(Some(actual.clone())),
            Value::Asked(objective) => find(self.supplied, objective, level, self.seed),
        }
    }

    /// The rows of all targets, in their order.
    ///
    /// Failures are corrected for every claim of the run that is judged here: rows on data, on
    /// data of their own, changes, and error budgets.
    pub(crate) fn rows(&self, file: &Targets) -> Result<Judged, ConfigError> {
        let targets = &file.targets;
        let ways: Vec<Way<'_>> = targets.iter().map(|t| self.way(t)).collect::<Result<_, _>>()?;
        let own: usize = targets.iter().zip(&ways).map(|(t, way)| self.claims(t, way)).sum();
        let all = own + budgets::claims(&file.budgets, self.supplied.data);
        let mut rows: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        let mut on_data = Vec::new();
        for (index, (target, way)) in targets.iter().zip(ways).enumerate() {
            let found = match way {
                Way::Data => {
                    on_data.push(index);
                    continue;
                }
                Way::Typed(actual) => vec![typed(target, actual)?],
                Way::Untested => {
                    let why = target.source.as_deref().unwrap_or("the targets file says so");
                    vec![Row::untested(target, why)]
                }
                Way::Change(sides) => self.change(target, &sides, all)?,
                Way::Evidence => self.evidence_rows(target)?,
            };
            rows.insert(index, found);
        }
        rows.extend(self.absolute(targets, &on_data, all)?);
        Ok(Judged { rows: rows.into_values().flatten().collect(), claims: own })
    }

    /// What the reader should know.
    pub(crate) fn notes(&self, rows: &[Row]) -> Vec<String> {
        let mut notes = self.supplied.data.notes.clone();
        let single = rows.iter().filter(|r| is_single(&r.finding)).count();
        if single > 0 {
            notes.push(format!(
                "{single} of {} rows are single numbers: they are taken as they are, without an \
                 interval",
                rows.len()
            ));
        }
        notes
    }

    fn way<'b>(&'b self, target: &'b Target) -> Result<Way<'b>, ConfigError> {
        if let Some(actual) = &target.actual {
            return Ok(Way::Typed(actual));
        }
        if target.untested {
            return Ok(Way::Untested);
        }
        let data = self.data(target);
        if !target.is_relative() {
            let objective = meant(&target.objective, data);
            let there = data.series.iter().any(|s| objective.matches(s));
            return Ok(if there { Way::Data } else { Way::Evidence });
        }
        let own = target.without.as_ref().and_then(|file| self.supplied.files.get(file));
        let Some(base) = own.or(self.supplied.baseline) else {
            let there = data.series.iter().any(|s| target.objective.matches(s));
            if there && !self.answered(target) {
                let message = format!(
                    "{:?} is a change: it needs `without = \"FILE\"`, or --baseline DATA",
                    target.name
                );
                return Err(ConfigError { line: target.line, message });
            }
            return Ok(Way::Evidence);
        };
        let sides = counterparts(&target.objective, base, data);
        let alone = sides.gone.is_empty() && sides.new.is_empty();
        let nothing = sides.both.is_empty() && (alone || self.answered(target));
        Ok(if nothing { Way::Evidence } else { Way::Change(sides) })
    }

    /// Whether evidence answers a target.
    fn answered(&self, target: &Target) -> bool {
        self.known.iter().any(|k| k.answers(&target.objective))
    }

    /// One-sided claims that a target makes on data.
    fn claims(&self, target: &Target, way: &Way<'_>) -> usize {
        match way {
            Way::Data => {
                let data = self.data(target);
                let objective = meant(&target.objective, data);
                let series = data.series.iter().filter(|s| objective.matches(s)).count();
                let sides = if matches!(objective.condition, Condition::Range(..)) { 2 } else { 1 };
                sides * if objective.pooled { 1 } else { series }
            }
            Way::Change(sides) => sides.both.len(),
            _ => 0,
        }
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
            by_file.entry(targets[index].data.as_ref()).or_default().push(index);
        }
        let mut rows = Vec::new();
        for group in by_file.into_values() {
            let data = self.data(&targets[group[0]]);
            let objectives: Vec<Objective> =
                group.iter().map(|&i| meant(&targets[i].objective, data).into_owned()).collect();
            for (&i, objective) in group.iter().zip(&objectives) {
                for series in data.series.iter().filter(|s| objective.matches(s)) {
                    if let Some(message) = targets[i].unit_problem(series.metric.unit.as_ref()) {
                        return Err(ConfigError { line: targets[i].line, message });
                    }
                }
            }
            let mine: usize = group.iter().map(|&i| self.claims(&targets[i], &Way::Data)).sum();
            let mut how = tailproof_slo::Settings::new(self.seed).level(self.level);
            how.beside = claims.saturating_sub(mine);
            let judged = judge(data, &objectives, &how).map_err(|e| {
                let alone = |o: &Objective| judge(data, std::slice::from_ref(o), &how).is_err();
                let guilty = objectives.iter().position(alone).unwrap_or(0);
                wrong(&targets[group[guilty]], e)
            })?;
            let mut found: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
            for (finding, answers) in judged.findings.into_iter().zip(judged.answers) {
                found.entry(group[answers]).or_default().push(finding);
            }
            rows.extend(found.into_iter().map(|(i, all)| (i, shared(&targets[i], all))));
        }
        Ok(rows)
    }

    /// Rows of a change from a baseline; series that only one side has were not tested.
    fn change(
        &self,
        target: &Target,
        sides: &Counterparts<'_>,
        claims: usize,
    ) -> Result<Vec<Row>, ConfigError> {
        let fail = self.level.split(claims);
        let both = sides.both.iter().map(|(base, candidate)| {
            relative(&target.objective, base, candidate, self.level, fail)
                .map_err(|e| wrong(target, e))
        });
        let mut findings: Vec<Finding> = both.collect::<Result<_, _>>()?;
        for (all, where_to) in [(&sides.gone, "baseline"), (&sides.new, "data")] {
            findings.extend(all.iter().map(|series| one_sided(target, series, where_to)));
        }
        Ok(shared(target, findings))
    }

    /// Rows of findings that answer the target, or one that was not tested.
    fn evidence_rows(&self, target: &Target) -> Result<Vec<Row>, ConfigError> {
        let found: Vec<&Known<'_>> =
            self.known.iter().filter(|k| k.answers(&target.objective)).collect();
        if found.is_empty() {
            return Ok(vec![Row::untested(target, &self.missing(target))]);
        }
        let weight = target.weight / found.len() as f64;
        let subjects: Vec<(&Subject, &str)> =
            found.iter().map(|k| (&k.finding.subject, k.source)).collect();
        let names = names(target, &subjects);
        let rows = found.into_iter().zip(names);
        rows.map(|(k, name)| Ok(evidence::row(target, k, weight, self.level)?.named(name)))
            .collect()
    }

    /// Why nothing answers a target: what there is instead.
    fn missing(&self, target: &Target) -> String {
        let objective = &target.objective;
        let asked = qualified(objective.metric.as_deref().unwrap_or("*"), &objective.labels);
        let data = self.data(target);
        let mut said = Vec::new();
        if !data.series.is_empty() {
            let same = |s: &&Series| objective.matches_metric(&s.metric);
            let mut there: Vec<&Series> = data.series.iter().filter(same).collect();
            if there.is_empty() {
                there = data.series.iter().collect();
            }
            let verb = if there.len() == 1 { "is" } else { "are" };
            let names = listed(there.into_iter().map(Series::name));
            said.push(format!("no series {asked}; there {verb} {names}"));
        }
        let mut sources: Vec<&str> = self.known.iter().map(|k| k.source).collect();
        sources.dedup();
        for source in sources {
            let names = self.known.iter().filter(|k| k.source == source).map(Known::name);
            let change = if target.is_relative() { "a change of " } else { "" };
            said.push(format!(
                "{source} holds {}; none is {change}{asked} {}",
                listed(names),
                statistic(objective)
            ));
        }
        if said.is_empty() {
            return "there are neither data nor evidence".to_owned();
        }
        said.join("; ")
    }
}

/// Whether a row is one number and no sample.
fn is_single(f: &Finding) -> bool {
    let bare = f.interval.is_none() && f.bounds.is_empty();
    f.estimate.is_some() && bare && (f.n.is_empty() || f.n == [1])
}

/// Rows of what data answered; they share the weight of the target.
fn shared(target: &Target, findings: Vec<Finding>) -> Vec<Row> {
    let weight = target.weight / findings.len().max(1) as f64;
    let subjects: Vec<(&Subject, &str)> = findings.iter().map(|f| (&f.subject, "")).collect();
    let names = names(target, &subjects);
    let rows = findings.into_iter().zip(names).map(|(mut finding, name)| {
        let would = match finding.verdict {
            Verdict::Pass => Some(true),
            Verdict::Fail => Some(false),
            _ => None,
        };
        claimed(target, &mut finding);
        Row::new(target, weight, finding, would).named(name)
    });
    rows.collect()
}

/// The names of the rows that one target splits into: what tells a row from the others stands
/// after the name of the target, and only that: not labels which the claim has fixed.
///
/// `cart p99 (endpoint=/pay)`; where that tells nothing apart, the source as well.
fn names(target: &Target, subjects: &[(&Subject, &str)]) -> Vec<String> {
    if subjects.len() < 2 {
        return vec![target.name.clone(); subjects.len()];
    }
    let free = |key: &str| {
        let fixed = target.objective.labels.get(key);
        fixed.is_none_or(|value| value.contains(['*', '?']))
    };
    let one_metric = subjects.iter().all(|(s, _)| s.metric == subjects[0].0.metric);
    let marks: Vec<Vec<String>> = subjects
        .iter()
        .map(|(subject, _)| {
            let mut marks = Vec::new();
            if !one_metric {
                marks.push(subject.metric.clone());
            }
            let benchmark = subject.benchmark.iter().map(|value| ("benchmark", value));
            let labels = subject.labels.iter().map(|(key, value)| (key.as_str(), value));
            let own = benchmark.chain(labels).filter(|(key, _)| free(key));
            marks.extend(own.map(|(key, value)| format!("{key}={value}")));
            marks
        })
        .collect();
    let mut count: BTreeMap<&[String], usize> = BTreeMap::new();
    for own in &marks {
        *count.entry(own).or_default() += 1;
    }
    let named = subjects.iter().zip(&marks).map(|((_, source), own)| {
        let mut all: Vec<&str> = own.iter().map(String::as_str).collect();
        if count[own.as_slice()] > 1 && !source.is_empty() {
            all.push(source);
        }
        if all.is_empty() {
            return target.name.clone();
        }
        format!("{} ({})", target.name, all.join(", "))
    });
    named.collect()
}

/// A series that only one side of a change has.
fn one_sided(target: &Target, series: &Series, side: &str) -> Finding {
    let subject = Subject {
        metric: series.metric.name.clone(),
        labels: series.labels.clone(),
        ..Subject::default()
    };
    let verdict = Verdict::Inconclusive(Reason::NotTested);
    let mut finding = Finding::new(Class::Slo, subject, &*target.objective.claim, verdict);
    finding.unit.clone_from(&series.metric.unit);
    finding.direction = series.metric.direction;
    finding.provenance = Provenance::NotTested;
    finding.why =
        format!("{}: NOT TESTED, {} is only in the {side}", target.objective.claim, series.name());
    finding
}

/// The finding with the claim of the row.
pub(crate) fn claimed(target: &Target, finding: &mut Finding) {
    finding.class = Class::Slo;
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
pub(crate) fn claims(target: &Target, unit: Option<&Unit>) -> Result<Vec<Claim>, UnitError> {
    if !target.is_share() {
        return target.objective.claims(unit);
    }
    // A share may be in percent too; anything else is taken as the share itself.
    let ratio = Unit::known("ratio").expect("in the table");
    let own = unit.filter(|unit| unit.factor_to(&ratio).is_ok());
    target.objective.claims(own.or(Some(&ratio)))
}

pub(crate) fn wrong(target: &Target, problem: impl std::fmt::Display) -> ConfigError {
    ConfigError { line: target.line, message: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::score::{Scorecard, score};
    use tailproof_core::{Labels, Metric, NoMemo, Observations, Raw, Sample};

    fn latency(n: u32, shift: f64, labels: &[(&str, &str)]) -> Series {
        let values = (0..n).map(|i| shift + f64::from(i * 7 % 100)).collect();
        let labels: Labels =
            labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let observations = Observations::Raw(Raw::complete(Sample::new(values).unwrap()));
        Series { labels, ..Series::new(Metric::new("latency", Unit::known("ms")), observations) }
    }

    fn data(series: Vec<Series>) -> Dataset {
        Dataset { series, ..Dataset::default() }
    }

    fn run(
        text: &str,
        data: &Dataset,
        baseline: Option<&Dataset>,
        evidence: &[(String, Vec<Finding>)],
    ) -> Result<Scorecard, ConfigError> {
        let files = BTreeMap::new();
        let memo = &NoMemo;
        let supplied = Supplied { data, baseline, evidence, files: &files, host: None, memo };
        let settings = Settings { level: Level::P999, seed: Seed(1) };
        score(&parse(text).unwrap(), &supplied, &settings)
    }

    fn target(claim: &str) -> String {
        format!("[[target]]\nname = \"{claim}\"\nclaim = \"{claim}\"\n")
    }

    #[test]
    fn rows_are_named_by_what_tells_them_apart() {
        let shop = |endpoint| latency(1_000, 0.0, &[("zone", "eu"), ("endpoint", endpoint)]);
        let data = data(vec![shop("/cart"), shop("/pay")]);
        let text = target("latency{zone=eu}: p95 <= 120ms")
            .replace("name = \"latency{zone=eu}: p95 <= 120ms\"", "name = \"cart p95\"");
        let card = run(&text, &data, None, &[]).unwrap();
        let names: Vec<&str> = card.rows.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["cart p95 (endpoint=/cart)", "cart p95 (endpoint=/pay)"]);
        for row in &card.rows {
            assert_eq!(row.finding.standing.as_ref().unwrap().name, row.name);
        }
        // Evidence of the same rows has the same names, and one row is named as it is.
        let evidence = [("card.json".to_owned(), card.findings())];
        let again = run(&text, &Dataset::default(), None, &evidence).unwrap();
        let other: Vec<&str> = again.rows.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(other, names);
        let one = text.replace("zone=eu", "endpoint=/pay");
        assert_eq!(run(&one, &data, None, &[]).unwrap().rows[0].name, "cart p95");
    }

    #[test]
    fn what_is_not_there_is_not_tested_and_says_what_is() {
        let cart = latency(1_000, 0.0, &[("endpoint", "/cart")]);
        let pay = latency(1_000, 0.0, &[("endpoint", "/pay")]);
        let data = data(vec![cart, pay]);
        for (claim, part) in [
            (
                "latency{endpoint=/crat}: p95 <= 120ms",
                "no series latency{endpoint=/crat}; there are latency{endpoint=/cart}, \
                 latency{endpoint=/pay}",
            ),
            ("cpu: mean <= 70%", "no series cpu; there are latency{endpoint=/cart}"),
        ] {
            let card = run(&target(claim), &data, None, &[]).unwrap();
            let finding = &card.rows[0].finding;
            assert_eq!(finding.verdict.word(), "NOT TESTED", "{claim}");
            assert!(finding.why.contains(part), "{}", finding.why);
        }
        let nothing = run(&target("cpu: mean <= 70%"), &Dataset::default(), None, &[]).unwrap();
        assert!(nothing.rows[0].finding.why.contains("neither data nor evidence"));
    }

    #[test]
    fn series_of_one_side_are_rows_that_were_not_tested() {
        let of = |endpoint, shift| latency(1_000, shift, &[("endpoint", endpoint)]);
        let base = data(vec![of("/cart", 0.0), of("/pay", 0.0)]);
        let head = data(vec![of("/cart", 0.0), of("/new", 0.0)]);
        let card = run(&target("latency: mean <= +50%"), &head, Some(&base), &[]).unwrap();
        let words: Vec<&str> = card.rows.iter().map(|r| r.finding.verdict.word()).collect();
        assert_eq!(words, ["PASS", "NOT TESTED", "NOT TESTED"]);
        assert!(
            card.rows[1].finding.why.contains("latency{endpoint=/pay} is only in the baseline")
        );
        assert!(card.rows[2].finding.why.contains("latency{endpoint=/new} is only in the data"));
        let weight: f64 = card.rows.iter().map(|r| r.weight).sum();
        assert!((weight - 1.0).abs() < 1e-12 && card.rows[0].weight < 0.5);
    }

    #[test]
    fn data_do_not_break_what_evidence_answers() {
        let (base, head) = (latency(1_000, 0.0, &[]), latency(1_000, 1.0, &[]));
        let text = target("latency: mean <= +50%");
        let (base, head) = (data(vec![base]), data(vec![head]));
        let first = run(&text, &head, Some(&base), &[]).unwrap();
        let evidence = [("card.json".to_owned(), first.findings())];
        let card = run(&text, &head, None, &evidence).unwrap();
        assert_eq!(card.rows[0].finding.verdict, Verdict::Pass, "{}", card.rows[0].finding.why);
        let error = run(&text, &head, None, &[]).unwrap_err();
        assert!(error.message.contains("--baseline"), "{error}");
    }

    #[test]
    fn failures_are_corrected_for_all_claims_of_the_run() {
        // Three series, a range of two sides on one of them, and a change of three.
        let zones = || ["a", "b", "c"].map(|zone| latency(400, 0.0, &[("zone", zone)])).to_vec();
        let (base, head) = (data(zones()), data(zones()));
        let text = target("latency: p50 <= 120ms")
            + &target("latency{zone=a}: mean in 0..120 ms")
            + &target("latency: mean <= +50%");
        let card = run(&text, &head, Some(&base), &[]).unwrap();
        let finest = |row: &Row| {
            let levels = row.finding.bounds.iter().map(|b| b.level.to_f64());
            levels.fold(0.0, f64::max)
        };
        let want = Level::P999.split(3 + 2 + 3).to_f64();
        for row in &card.rows {
            assert_eq!(finest(row), want, "{}", row.name);
        }
    }

    #[test]
    fn event_counts_go_by_the_name_that_is_asked() {
        let events = Observations::Events(vec![(100_000, 100_000)]);
        let data = data(vec![Series::new(Metric::new("events", None), events)]);
        let card = run(&target("requests: ratio >= 99%"), &data, None, &[]).unwrap();
        assert_eq!(card.rows[0].finding.verdict, Verdict::Pass, "{}", card.rows[0].finding.why);
    }
}
