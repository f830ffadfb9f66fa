use tailproof_core::{
    Class, Dataset, Finding, Level, Objective, Observations, Reason, Series, Subject, Verdict,
};

use crate::regression::{Regression, judge};
use crate::relative::relative;
use crate::settings::{CompareError, Settings};

/// What [`compare`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// One per metric and label set on both sides.
    pub regressions: Vec<Regression>,
    /// Rows of all comparisons, then what is only on one side.
    pub findings: Vec<Finding>,
    /// Series only in the candidate.
    pub new: Vec<String>,
    /// Series only in the baseline.
    pub gone: Vec<String>,
}

/// Compares every series that both data sets hold.
///
/// The level is split over all rows of all metrics (Bonferroni), so that the chance of any
/// false alarm in the table is at most `1 − level` as far as the intervals of the rows hold
/// theirs: exactly for boxes of order statistics, asymptotically for the others. Series on one
/// side only, and those that are not raw values, are listed as not tested.
///
/// # Errors
/// Nothing in common, or a pair that cannot be compared.
pub fn compare(
    base: &Dataset,
    candidate: &Dataset,
    settings: &Settings,
) -> Result<Compared, CompareError> {
    let same = |a: &Series, b: &Series| a.metric.name == b.metric.name && a.labels == b.labels;
    let raw = |s: &&Series| matches!(s.observations, Observations::Raw(_));
    let pairs: Vec<(&Series, &Series)> = candidate
        .series
        .iter()
        .filter(raw)
        .filter_map(|c| Some((base.series.iter().find(|b| same(b, c))?, c)))
        .collect();
    // What both hold, but not as values that can be compared.
    let other: Vec<String> = candidate
        .series
        .iter()
        .filter(|c| !raw(c) && base.series.iter().any(|b| same(b, c)))
        .map(Series::name)
        .collect();
    if pairs.is_empty() && other.is_empty() {
        let list = |d: &Dataset| d.series.iter().map(Series::name).collect::<Vec<_>>().join(", ");
        return Err(CompareError::NothingInCommon { base: list(base), candidate: list(candidate) });
    }
    let mut compared = Compared::default();
    for (b, c) in &pairs {
        let regression = judge(b, c, settings, pairs.len())?;
        compared.findings.extend(regression.findings.iter().cloned());
        compared.regressions.push(regression);
    }
    let only = |here: &Dataset, there: &Dataset| -> Vec<String> {
        here.series
            .iter()
            .filter(|s| !there.series.iter().any(|t| same(s, t)))
            .map(Series::name)
            .collect()
    };
    compared.new = only(candidate, base);
    compared.gone = only(base, candidate);
    for (names, what) in [
        (&compared.new, "only in the candidate"),
        (&compared.gone, "only in the baseline"),
        (&other, "not there as raw values, which a comparison needs"),
    ] {
        for name in names {
            let subject = Subject { metric: name.clone(), ..Subject::default() };
            let verdict = Verdict::Inconclusive(Reason::NotTested);
            let mut finding = Finding::new(Class::Other, subject, what, verdict);
            finding.why = format!("{name} is {what}: NOT TESTED");
            compared.findings.push(finding);
        }
    }
    Ok(compared)
}

/// Judges a relative objective on every series that it names and both data sets hold.
///
/// # Errors
/// It names nothing that both hold, or a pair that cannot be compared.
pub fn relatives(
    objective: &Objective,
    base: &Dataset,
    candidate: &Dataset,
    level: Level,
    fail: Level,
) -> Result<Vec<Finding>, CompareError> {
    let pairs = candidate.series.iter().filter(|s| objective.matches(s)).filter_map(|s| {
        let same = |b: &&Series| b.metric.name == s.metric.name && b.labels == s.labels;
        Some((base.series.iter().find(same)?, s))
    });
    let findings = pairs
        .map(|(base, candidate)| relative(objective, base, candidate, level, fail))
        .collect::<Result<Vec<_>, _>>()?;
    if findings.is_empty() {
        let list = |d: &Dataset| d.series.iter().map(Series::name).collect::<Vec<_>>().join(", ");
        return Err(CompareError::NothingInCommon { base: list(base), candidate: list(candidate) });
    }
    Ok(findings)
}
