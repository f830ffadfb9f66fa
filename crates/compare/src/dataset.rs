use tailproof_core::{
    Class, Dataset, Finding, Level, Objective, Observations, Reason, Series, Subject, Verdict,
};

use tailproof_hypothesis::Correction;

use crate::family::{assess, conclude};
use crate::regression::{Regression, tests, with_effects};
use crate::relative::relative;
use crate::row::Pair;
use crate::settings::{CompareError, Settings, margin_in};

/// What [`compare`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// One per metric and label set on both sides.
    pub regressions: Vec<Regression>,
    /// Rows of all comparisons, then what is only on one side.
    pub findings: Vec<Finding>,
    /// The family of rows in one line.
    pub family: String,
    /// Series only in the candidate.
    pub new: Vec<String>,
    /// Series only in the baseline.
    pub gone: Vec<String>,
}

/// Compares every series that both data sets hold.
///
/// Every row claims "not worse by more than the margin". Its p is the smallest α at which its
/// two-sided `1 − α` interval lies beyond the margin on the worse side; the correction of the
/// settings works on the p of all rows of all metrics, and none is dropped first because its
/// effect is small. All rows are then shown at the level that the correction leaves:
/// ```text
/// bh 1 − max(R,1)q/m     by the same with q/Σ1/i     holm 1 − q/max(m−R,1)     none 1 − q
/// ```
/// with R rejections of m, so that interval and verdict cannot disagree: beyond the margin is
/// `Fail`, within it `Pass`, anything else no detectable change, with the change that would
/// have been detected with probability 0.8. Series on one side only, and those that are not
/// raw values, are listed as not tested.
///
/// # Source
/// Benjamini & Hochberg (1995), *JRSS B* 57(1), 289–300; Benjamini & Yekutieli (2005), *JASA*
/// 100(469), 71–81.
///
/// # Errors
/// Nothing in common, or a pair that cannot be compared.
pub fn compare(
    base: &Dataset,
    candidate: &Dataset,
    settings: &Settings,
) -> Result<Compared, CompareError> {
    let same = |a: &Series, b: &Series| a.metric.name == b.metric.name && a.labels == b.labels;
    let raw = |s: &&Series| matches!(&s.observations, Observations::Raw(r) if r.is_complete());
    let pairs: Vec<(&Series, &Series)> = candidate
        .series
        .iter()
        .filter(raw)
        .filter_map(|c| Some((base.series.iter().filter(raw).find(|b| same(b, c))?, c)))
        .collect();
    // What both hold, but not as values that can be compared.
    let other: Vec<String> = candidate
        .series
        .iter()
        .filter(|c| base.series.iter().any(|b| same(b, c) && !(raw(c) && raw(&b))))
        .map(Series::name)
        .collect();
    if pairs.is_empty() && other.is_empty() {
        let list = |d: &Dataset| d.series.iter().map(Series::name).collect::<Vec<_>>().join(", ");
        return Err(CompareError::NothingInCommon { base: list(base), candidate: list(candidate) });
    }
    let mut compared = Compared::default();
    let pairs = pairs
        .into_iter()
        .map(|(b, c)| Ok((Pair::new(b, c)?, c.name())))
        .collect::<Result<Vec<_>, CompareError>>()?;
    check_margin(&pairs, settings)?;
    // One family over all rows of all metrics.
    let sources = [base.generator, candidate.generator];
    let rows: Vec<_> = pairs.iter().map(|(pair, _)| assess(pair, sources, settings)).collect();
    let counts: Vec<usize> = rows.iter().map(Vec::len).collect();
    let mut judged = conclude(rows.into_iter().flatten().collect(), settings).into_iter();
    for ((pair, name), count) in pairs.iter().zip(counts) {
        let mut regression = tests(pair, name.clone(), settings);
        let findings = judged.by_ref().take(count).collect();
        regression.findings = with_effects(findings, pair, &regression, settings);
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
    compared.family = family_line(&compared, settings);
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

/// An absolute margin must fit at least one metric.
fn check_margin(pairs: &[(Pair<'_>, String)], settings: &Settings) -> Result<(), CompareError> {
    let Some(margin) = &settings.min_effect_abs else { return Ok(()) };
    if pairs.is_empty() || pairs.iter().any(|(p, _)| margin_in(margin, p.unit()).is_some()) {
        return Ok(());
    }
    let unit = |p: &Pair<'_>| p.unit().map_or_else(|| "no unit".to_owned(), ToString::to_string);
    let units: Vec<String> = pairs.iter().map(|(p, n)| format!("{n} in {}", unit(p))).collect();
    Err(CompareError::Margin { margin: margin.to_string(), units: units.join(", ") })
}

/// `Benjamini-Hochberg over 8 rows at 95 %: 2 regressed, all intervals at 98.75 %`.
fn family_line(compared: &Compared, settings: &Settings) -> String {
    let tested: Vec<&Finding> = compared.findings.iter().filter(|f| f.p.is_some()).collect();
    let regressed = tested.iter().filter(|f| f.verdict == Verdict::Fail).count();
    let name = match settings.correction {
        Correction::BenjaminiHochberg => "Benjamini-Hochberg",
        Correction::BenjaminiYekutieli => "Benjamini-Yekutieli",
        Correction::Holm => "Holm",
        Correction::None => "no correction",
        other => other.name(),
    };
    let shown = tested.first().and_then(|f| f.interval.as_ref());
    let at = shown.map_or_else(String::new, |i| format!(", intervals at {}", i.level));
    let rows = if tested.len() == 1 { "row" } else { "rows" };
    format!("{name} over {} {rows} at {}: {regressed} regressed{at}", tested.len(), settings.level)
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
