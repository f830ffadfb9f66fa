use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::{
    Aggregate, Class, Condition, Dataset, Finding, Host, Level, Memo, Metric, NoMemo, Objective,
    Observations, Provenance, Seed, Series, Verdict, glob, qualified,
};
use tailproof_slo::{Settings, judge};

use crate::actual::Actual;

/// What the rows are judged from; everything is optional.
#[derive(Clone, Copy, Debug)]
pub struct Supplied<'a> {
    /// Measurements.
    pub data: &'a Dataset,
    /// Measurements to compare with.
    pub baseline: Option<&'a Dataset>,
    /// Findings of evidence files, with the file's name.
    pub evidence: &'a [(String, Vec<Finding>)],
    /// Files that single rows name.
    pub files: &'a BTreeMap<String, Dataset>,
    /// The machine, for resources whose value is `host`.
    pub host: Option<&'a Host>,
    /// Where expensive results are kept from one run to the next; [`NoMemo`](tailproof_core::NoMemo)
    /// keeps none.
    pub memo: &'a dyn Memo,
}

impl<'a> Supplied<'a> {
    /// Measurements and files that rows name, and nothing else.
    #[must_use]
    pub const fn new(data: &'a Dataset, files: &'a BTreeMap<String, Dataset>) -> Self {
        Self { data, baseline: None, evidence: &[], files, host: None, memo: &NoMemo }
    }
}

/// A finding of an evidence file, and what it says about which statistic.
pub(crate) struct Known<'a> {
    pub(crate) source: &'a str,
    pub(crate) finding: &'a Finding,
    metric: Metric,
    /// The promise that it judged, when its claim is an objective.
    pub(crate) objective: Option<Objective>,
}

/// Findings of evidence, with their claims read.
///
/// Of the evidence of a scorecard only the rows answer: its decision, and what stands beside its
/// rows, are no values of a metric.
pub(crate) fn known(evidence: &[(String, Vec<Finding>)]) -> Vec<Known<'_>> {
    let all = evidence.iter().flat_map(|(source, findings)| {
        let scorecard = findings.iter().any(|f| f.class == Class::Decision);
        let answering = findings.iter().filter(move |f| !scorecard || f.standing.is_some());
        answering.map(move |finding| (source.as_str(), finding))
    });
    all.map(|(source, finding)| {
        // `p95 <= 150 (in ms)` says the unit that a bare number was taken to be in.
        let claim = finding.claim.split(" (in ").next().unwrap_or_default();
        Known::new(source, finding, claim.parse().ok())
    })
    .collect()
}

impl<'a> Known<'a> {
    fn new(source: &'a str, finding: &'a Finding, objective: Option<Objective>) -> Self {
        let metric = Metric::new(&*finding.subject.metric, finding.unit.clone());
        Self { source, finding, metric, objective }
    }

    /// Whether the finding is about what an objective speaks of: metric, labels and statistic.
    pub(crate) fn answers(&self, objective: &Objective) -> bool {
        let f = self.finding;
        let labels = |k: &String, v: &String| {
            let own = f.subject.labels.get(k).or(match k.as_str() {
                "benchmark" => f.subject.benchmark.as_ref(),
                _ => None,
            });
            own.is_some_and(|own| glob(v, own))
        };
        objective.metric.is_some()
            && objective.matches_metric(&self.metric)
            && objective.labels.iter().all(|(k, v)| labels(k, v))
            && is_relative(objective) == self.is_change()
            && self.is_statistic(&objective.aggregate)
    }

    /// Whether it speaks of a change: it has a base, or judged a relative promise.
    fn is_change(&self) -> bool {
        self.finding.base.is_some() || self.objective.as_ref().is_some_and(is_relative)
    }

    fn is_statistic(&self, aggregate: &Aggregate) -> bool {
        if let Some(objective) = &self.objective
            && objective.aggregate == *aggregate
        {
            return true;
        }
        let Some(statistic) = &self.finding.subject.statistic else {
            // A finding of one number has no statistic; only `value` can ask for it.
            return *aggregate == Aggregate::Value && self.objective.is_none();
        };
        match aggregate {
            Aggregate::Quantile(rank) => {
                *statistic == rank.to_string()
                    || statistic == "median" && *rank == tailproof_core::Rank::MEDIAN
            }
            Aggregate::Mean => statistic == "mean",
            Aggregate::Value => statistic == "value",
            _ => false,
        }
    }

    /// What it speaks of, for people: `latency{route=search} p95`.
    pub(crate) fn name(&self) -> String {
        let f = self.finding;
        let of_claim = || self.objective.as_ref().map(statistic);
        match f.subject.statistic.clone().or_else(of_claim) {
            Some(statistic) => format!("{} {statistic}", f.name()),
            None => f.name(),
        }
    }

    /// The finding as a value.
    pub(crate) fn actual(&self) -> Option<Actual> {
        let f = self.finding;
        let interval = f.interval.clone().filter(|_| f.base.is_none());
        let undecided = match &f.verdict {
            Verdict::Inconclusive(reason)
                if interval.is_none() && f.provenance == Provenance::Measured =>
            {
                Some(reason.clone())
            }
            _ => None,
        };
        Some(Actual {
            estimate: f.estimate?,
            unit: f.unit.clone(),
            interval,
            bounds: if f.base.is_none() { f.bounds.clone() } else { Vec::new() },
            known: f.standing.as_ref().and_then(|standing| standing.known),
            n: f.n.clone(),
            provenance: f.provenance,
            source: self.source.to_owned(),
            undecided,
        })
    }
}

fn is_relative(objective: &Objective) -> bool {
    matches!(objective.condition, Condition::Relative(..))
}

/// The aggregate of an objective as typed: `p95`, `rate(<= 150ms)`, `value`.
pub(crate) fn statistic(objective: &Objective) -> String {
    let end = objective.claim.rfind(&objective.promise).unwrap_or(objective.claim.len());
    match objective.claim[..end].trim() {
        "" => "value".to_owned(),
        aggregate => aggregate.to_owned(),
    }
}

/// The objective as it is meant for data: one of event counts (`requests: ratio`) whose metric no
/// series has means the event counts of the data, when all of them go by one name. Counts in
/// columns `good,total` have no heading that could name them.
pub(crate) fn meant<'a>(objective: &'a Objective, data: &Dataset) -> Cow<'a, Objective> {
    let plain = Cow::Borrowed(objective);
    let Some(metric) = objective.metric.as_ref().filter(|m| !m.contains(['*', '?'])) else {
        return plain;
    };
    if objective.aggregate != Aggregate::Ratio
        || data.series.iter().any(|s| objective.matches_metric(&s.metric))
    {
        return plain;
    }
    let counts = data.series.iter().filter(|s| matches!(s.observations, Observations::Events(_)));
    let names: BTreeSet<&str> = counts.map(|s| s.metric.name.as_str()).collect();
    match names.first() {
        Some(name) if names.len() == 1 && name != metric => {
            let metric = Some((*name).to_owned());
            Cow::Owned(Objective { metric, ..objective.clone() })
        }
        _ => plain,
    }
}

/// At most five names, and how many more there are.
pub(crate) fn listed(names: impl IntoIterator<Item = String>) -> String {
    const MOST: usize = 5;
    let mut seen = BTreeSet::new();
    let mut names: Vec<String> =
        names.into_iter().filter(|name| seen.insert(name.clone())).collect();
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

/// What a value is that the data or the evidence were asked for; `None` when neither has it. One
/// that is inconclusive has no interval, and says why.
///
/// # Errors
/// Says what is wrong: several series or findings answer, or the data are of the wrong kind.
pub(crate) fn find(
    supplied: &Supplied<'_>,
    asked: &Objective,
    level: Level,
    seed: Seed,
) -> Result<Option<Actual>, String> {
    let name = || qualified(asked.metric.as_deref().unwrap_or("*"), &asked.labels);
    let matching: Vec<&Series> = supplied.data.series.iter().filter(|s| asked.matches(s)).collect();
    match matching.as_slice() {
        [] => {}
        [series] => {
            let one = Dataset { series: vec![(*series).clone()], ..Dataset::default() };
            let settings = Settings::new(seed).level(level);
            let judged =
                judge(&one, std::slice::from_ref(asked), &settings).map_err(|e| e.to_string())?;
            let Some(finding) = judged.findings.into_iter().next() else { return Ok(None) };
            let known = Known::new("measured", &finding, None);
            return known.actual().map(Some).ok_or_else(|| {
                let why = match &finding.verdict {
                    Verdict::Inconclusive(reason) => reason.to_string(),
                    _ => "the data have no such value".to_owned(),
                };
                format!("{} {}: {why}", name(), statistic(asked))
            });
        }
        several => {
            let names = listed(several.iter().map(|s| s.name()));
            return Err(format!("{:?} matches several series: {names}", name()));
        }
    }
    let findings = known(supplied.evidence);
    let mut answers = findings.iter().filter(|k| k.answers(asked));
    let first = answers.next();
    if answers.next().is_some() {
        return Err(format!("{:?} matches several findings of the evidence", name()));
    }
    Ok(first.and_then(Known::actual))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Raw, Reason, Sample, Standing, Subject, Unit};

    fn objective(text: &str) -> Objective {
        text.parse().unwrap()
    }

    fn series(name: &str, observations: Observations) -> Series {
        Series::new(Metric::new(name, Unit::known("s")), observations)
    }

    #[test]
    fn five_values_are_no_exact_number() {
        let raw = |n: u32| {
            let values = (0..n).map(|i| 1.0 + f64::from(i * 7 % 10)).collect();
            Observations::Raw(Raw::complete(Sample::new(values).unwrap()))
        };
        let files = BTreeMap::new();
        let value = |n: u32| {
            let data = Dataset { series: vec![series("stage", raw(n))], ..Dataset::default() };
            let supplied = Supplied::new(&data, &files);
            find(&supplied, &objective("stage: mean >= 0.5"), Level::P999, Seed(1))
                .unwrap()
                .unwrap()
        };
        let few = value(5);
        assert!(few.interval.is_none());
        assert!(matches!(few.undecided, Some(Reason::TooFew { .. })), "{few:?}");
        let many = value(100);
        assert!(many.interval.is_some() && many.undecided.is_none());
    }

    #[test]
    fn of_a_scorecard_only_the_rows_answer() {
        let of = |class: Class, metric: &str| {
            let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
            let mut f = Finding::new(class, subject, "8 GB are free", Verdict::Pass);
            f.estimate = Some(8.0);
            f
        };
        let mut row = of(Class::Slo, "speed");
        row.claim = "value >= 2".to_owned();
        row.standing = Some(Standing { name: "fast".to_owned(), ..Standing::default() });
        let parts = vec![row, of(Class::Other, "memory"), of(Class::Decision, "readiness")];
        let evidence = [("card.json".to_owned(), parts.clone())];
        let all = known(&evidence);
        let answer = |text: &str| all.iter().filter(|k| k.answers(&objective(text))).count();
        assert_eq!(answer("speed: value >= 3"), 1);
        assert_eq!((answer("memory: value >= 3"), answer("readiness: value >= 3")), (0, 0));
        // Elsewhere a finding of one number is a value.
        let evidence = [("claims.json".to_owned(), parts[1..2].to_vec())];
        let all = known(&evidence);
        assert!(all[0].answers(&objective("memory: value >= 3")));
    }

    #[test]
    fn event_counts_answer_to_any_name_while_there_is_one() {
        let events = || Observations::Events(vec![(1, 1)]);
        let of = |names: &[&str]| Dataset {
            series: names.iter().map(|n| series(n, events())).collect(),
            ..Dataset::default()
        };
        let asked = objective("requests: ratio >= 99%");
        let name = |data: &Dataset| meant(&asked, data).metric.clone().unwrap();
        assert_eq!(name(&of(&["events"])), "events");
        assert_eq!(name(&of(&["events", "requests"])), "requests");
        assert_eq!(name(&of(&["logins", "orders"])), "requests");
        let other = objective("requests: p95 <= 1 s");
        assert_eq!(meant(&other, &of(&["events"])).metric.as_deref(), Some("requests"));
    }

    #[test]
    fn names_of_statistics_are_as_typed() {
        for (text, want) in [
            ("a: p95 <= 1s", "p95"),
            ("a: rate(<= 1s) >= 99%", "rate(<= 1s)"),
            ("a: 2..4 cores", "value"),
            ("a: mean <= +5%", "mean"),
        ] {
            assert_eq!(statistic(&objective(text)), want);
        }
        let names = listed((0..7).map(|i| i.to_string()).chain(["0".to_owned()]));
        assert_eq!(names, "0, 1, 2, 3, 4 and 2 more");
    }
}
