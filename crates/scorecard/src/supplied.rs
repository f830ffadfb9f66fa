use std::collections::BTreeMap;

use tailproof_core::{
    Aggregate, Condition, Dataset, Finding, Host, Level, Memo, Metric, Objective, Seed, Series,
    glob,
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

/// A finding of an evidence file, and what it says about which statistic.
pub(crate) struct Known<'a> {
    pub(crate) source: &'a str,
    pub(crate) finding: &'a Finding,
    metric: Metric,
    /// The promise that it judged, when its claim is an objective.
    pub(crate) objective: Option<Objective>,
}

/// Findings of evidence, with their claims read.
pub(crate) fn known(evidence: &[(String, Vec<Finding>)]) -> Vec<Known<'_>> {
    let all = evidence.iter().flat_map(|(source, findings)| {
        findings.iter().map(move |finding| (source.as_str(), finding))
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
        let relative = matches!(objective.condition, Condition::Relative(..));
        objective.metric.is_some()
            && objective.matches_metric(&self.metric)
            && objective.labels.iter().all(|(k, v)| labels(k, v))
            && relative == f.base.is_some()
            && self.is_statistic(&objective.aggregate)
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
            Aggregate::Value => true,
            _ => false,
        }
    }

    /// The finding as a value.
    pub(crate) fn actual(&self) -> Option<Actual> {
        let f = self.finding;
        Some(Actual {
            estimate: f.estimate?,
            unit: f.unit.clone(),
            interval: f.interval.clone().filter(|_| f.base.is_none()),
            known: None,
            n: f.n.clone(),
            provenance: f.provenance,
            source: self.source.to_owned(),
        })
    }
}

/// What a value is that the data or the evidence were asked for; `None` when neither has it.
///
/// # Errors
/// Says what is wrong: several series or findings answer, or the data are of the wrong kind.
pub(crate) fn find(
    supplied: &Supplied<'_>,
    asked: &Objective,
    level: Level,
    seed: Seed,
) -> Result<Option<Actual>, String> {
    let name = || {
        let metric = asked.metric.as_deref().unwrap_or("*");
        tailproof_core::qualified(metric, &asked.labels)
    };
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
            return known.actual().map(Some).ok_or_else(|| finding.why.clone());
        }
        several => {
            let names: Vec<String> = several.iter().map(|s| s.name()).collect();
            return Err(format!("{:?} matches several series: {}", name(), names.join(", ")));
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
