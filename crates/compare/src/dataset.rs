use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;
use tailproof_core::{
    Class, Dataset, Finding, Labels, Level, Loop, Objective, Reason, Series, Subject, Verdict, glob,
};
use tailproof_hypothesis::Correction;

use crate::exact::{Exactness, exactness, judged};
use crate::family::{Assessed, assess, conclude, warned};
use crate::mixed::Mixed;
use crate::regression::{Regression, effects, tests, with_effects};
use crate::relative::relative;
use crate::row::{Pair, complete};
use crate::settings::{CompareError, Settings, margin_in};
use crate::two::{Two, benchmark};

/// What [`compare`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// The document's tests, one per metric and label set of which both sides hold all values;
    /// none when the settings do without.
    pub regressions: Vec<Regression>,
    /// Metrics and label sets that were compared.
    pub compared: usize,
    /// Rows of all comparisons, then what is only on one side.
    pub findings: Vec<Finding>,
    /// The family of rows in one line.
    pub family: String,
    /// Series only in the candidate.
    pub new: Vec<String>,
    /// Series only in the baseline.
    pub gone: Vec<String>,
    /// Series of both sides in no form that can be compared.
    pub incomparable: Vec<String>,
    /// Declared benchmarks that the candidate lacks.
    pub missing: Vec<String>,
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
/// have been detected with probability 0.8.
///
/// What is not there as complete raw values on both sides is compared in the form that both
/// have, of two forms by the weaker: failed requests count above every value; counts of values
/// like samples; buckets by the outer ends of their order statistics; summaries by mean,
/// standard deviation and n; events by the ratio of their rates. A metric without noise is
/// compared as it is, outside of the family. Series on one side only are listed as not tested;
/// a declared benchmark that the candidate lacks fails.
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
    let mut all = compare_all(base, &[candidate], settings)?;
    Ok(all.pop().expect("one candidate, one result"))
}

/// Compares several candidates with one baseline, as [`compare`] does: the rows of all of them
/// are one family.
///
/// A candidate with nothing in common with the baseline is inconclusive beside others.
///
/// # Errors
/// No candidate has anything in common with the baseline, or a pair cannot be compared.
pub fn compare_all(
    base: &Dataset,
    candidates: &[&Dataset],
    settings: &Settings,
) -> Result<Vec<Compared>, CompareError> {
    let left = by_key(base);
    let mut all = candidates
        .iter()
        .map(|candidate| Matched::of(base, &left, candidate, settings))
        .collect::<Result<Vec<_>, _>>()?;
    let nothing = all.iter().all(|m| m.metrics.is_empty() && m.other.is_empty());
    // Declared benchmarks that are all gone are a failure, not a question.
    if nothing && settings.declared.is_empty() {
        let list = |d: &Dataset| names(d.series.iter().map(Series::name));
        let candidate = candidates.iter().map(|d| list(d)).collect::<Vec<_>>().join("; ");
        return Err(CompareError::NothingInCommon { base: list(base), candidate });
    }
    let rows = all.iter_mut().flat_map(|m| std::mem::take(&mut m.rows)).collect();
    let mut judged = conclude(rows, settings).into_iter();
    let mut compared: Vec<Compared> =
        all.into_iter().map(|m| m.finish(&mut judged, settings)).collect();
    let line = family_line(&compared, settings);
    for (one, candidate) in compared.iter_mut().zip(candidates) {
        one.family.clone_from(&line);
        one.add_unmatched(base, &left, candidate, settings);
    }
    Ok(compared)
}

/// The series of a candidate that the baseline holds as well.
struct Matched<'a> {
    /// Both series, and how many rows they have.
    metrics: Vec<(&'a Series, &'a Series, usize)>,
    rows: Vec<Assessed>,
    /// Series that both hold in no form that can be compared.
    other: Vec<String>,
}

impl<'a> Matched<'a> {
    fn of(
        base: &Dataset,
        left: &HashMap<Key<'a>, &'a Series>,
        candidate: &'a Dataset,
        settings: &Settings,
    ) -> Result<Self, CompareError> {
        let pairs: Vec<(&Series, &Series)> =
            candidate.series.iter().filter_map(|c| Some((*left.get(&key(c))?, c))).collect();
        if !pairs.is_empty() {
            check_margin(&pairs, settings)?;
        }
        let sources = [base.generator, candidate.generator];
        let assessed = pairs
            .par_iter()
            .map(|&(b, c)| assess_series(b, c, sources, settings))
            .collect::<Vec<_>>();
        // The first error in the order of the data, whichever thread found one first.
        let assessed = assessed.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut own = Self { metrics: Vec::new(), rows: Vec::new(), other: Vec::new() };
        for (&(b, c), found) in pairs.iter().zip(assessed) {
            match found {
                Some(found) => {
                    own.metrics.push((b, c, found.len()));
                    own.rows.extend(found);
                }
                None => own.other.push(c.name()),
            }
        }
        Ok(own)
    }

    /// Takes its rows from those of the whole family.
    fn finish(self, judged: &mut impl Iterator<Item = Finding>, settings: &Settings) -> Compared {
        let mut compared = Compared { compared: self.metrics.len(), ..Compared::default() };
        let metrics: Vec<_> = self
            .metrics
            .into_iter()
            .map(|(b, c, count)| (b, c, judged.by_ref().take(count).collect::<Vec<_>>()))
            .collect();
        let finished: Vec<(Option<Regression>, Vec<Finding>)> =
            metrics.into_par_iter().map(|(b, c, rows)| finish(b, c, rows, settings)).collect();
        for (regression, findings) in finished {
            compared.findings.extend(findings);
            compared.regressions.extend(regression);
        }
        compared.incomparable = self.other;
        compared
    }
}

impl Compared {
    /// Adds what is only on one side, or on both in no common form.
    fn add_unmatched(
        &mut self,
        base: &Dataset,
        left: &HashMap<Key<'_>, &Series>,
        candidate: &Dataset,
        settings: &Settings,
    ) {
        let right = by_key(candidate);
        let only = |here: &Dataset, there: &HashMap<Key<'_>, &Series>| -> Vec<String> {
            here.series.iter().filter(|s| !there.contains_key(&key(s))).map(Series::name).collect()
        };
        self.new = only(candidate, left);
        self.gone = only(base, &right);
        if self.compared == 0 && self.incomparable.is_empty() {
            let verdict = Verdict::Inconclusive(Reason::Absent);
            let what = "something in common with the baseline";
            let mut finding = Finding::new(Class::Regression, Subject::default(), what, verdict);
            "nothing in common with the baseline: INCONCLUSIVE".clone_into(&mut finding.why);
            self.findings.push(finding);
        }
        let lists = [
            (&self.new, "only in the candidate"),
            (&self.gone, "only in the baseline"),
            (
                &self.incomparable,
                "not there as raw values, which a comparison needs, nor in any form that both hold",
            ),
        ];
        for (names, what) in lists {
            for name in names {
                let subject = Subject { metric: name.clone(), ..Subject::default() };
                let verdict = Verdict::Inconclusive(Reason::NotTested);
                let mut finding = Finding::new(Class::Other, subject, what, verdict);
                finding.why = format!("{name} is {what}: NOT TESTED");
                self.findings.push(finding);
            }
        }
        self.missing = missing(base, candidate, settings);
        self.findings.extend(self.missing.iter().map(|name| vanished(name)));
    }
}

/// Names in a message: the first twenty.
fn names(all: impl Iterator<Item = String>) -> String {
    const MOST: usize = 20;
    let mut all: Vec<String> = all.collect();
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let listed = all.join(", ");
    if more > 0 { format!("{listed} and {more} more") } else { listed }
}

/// What makes two series the same.
pub(crate) type Key<'a> = (&'a str, &'a Labels);

pub(crate) fn key(series: &Series) -> Key<'_> {
    (&series.metric.name, &series.labels)
}

/// The series by what makes them the same; of several, the first.
pub(crate) fn by_key(data: &Dataset) -> HashMap<Key<'_>, &Series> {
    let mut found = HashMap::with_capacity(data.series.len());
    for series in &data.series {
        found.entry(key(series)).or_insert(series);
    }
    found
}

/// The rows of one metric; `None` when the two sides hold nothing that can be compared.
fn assess_series(
    base: &Series,
    candidate: &Series,
    sources: [Option<Loop>; 2],
    settings: &Settings,
) -> Result<Option<Vec<Assessed>>, CompareError> {
    let two = Two::new(base, candidate)?;
    let exact = exactness(&two);
    if let Exactness::Values(values) = exact {
        return Ok(Some(vec![judged(&two, values, settings)]));
    }
    let rows = if complete(base).is_some() && complete(candidate).is_some() {
        Some(assess(&Pair::new(base, candidate)?, sources, settings))
    } else {
        Mixed::new(two).map(|mixed| mixed.assess(sources, settings))
    };
    if exact == Exactness::Differs {
        let warning = "said to be exact, but the values of a side differ: judged as random";
        return Ok(rows.map(|rows| warned(rows, &[warning.to_owned()])));
    }
    Ok(rows)
}

/// Effect sizes and the document's tests for rows of complete samples.
fn finish(
    base: &Series,
    candidate: &Series,
    rows: Vec<Finding>,
    settings: &Settings,
) -> (Option<Regression>, Vec<Finding>) {
    if complete(base).is_none() || complete(candidate).is_none() {
        return (None, rows);
    }
    let pair = Pair::new(base, candidate).expect("compared before");
    let regression = settings.tests.then(|| tests(&pair, candidate.name(), settings));
    let effects = effects(&pair, regression.as_ref(), settings);
    let rows = with_effects(rows, &effects);
    let regression = regression.map(|r| Regression { findings: rows.clone(), ..r });
    (regression, rows)
}

/// Declared benchmarks that the candidate lacks: those of the baseline, and globs that nothing
/// matches.
fn missing(base: &Dataset, candidate: &Dataset, settings: &Settings) -> Vec<String> {
    let names = |d: &Dataset| d.series.iter().map(benchmark).collect::<BTreeSet<_>>();
    let (before, now) = (names(base), names(candidate));
    let mut missing = BTreeSet::new();
    for pattern in &settings.declared {
        missing.extend(before.difference(&now).filter(|name| glob(pattern, name)).cloned());
        if !now.iter().chain(&before).any(|name| glob(pattern, name)) {
            missing.insert(pattern.clone());
        }
    }
    missing.into_iter().collect()
}

fn vanished(name: &str) -> Finding {
    let benchmark = Some(name.to_owned());
    let subject = Subject { metric: "benchmark".to_owned(), benchmark, ..Subject::default() };
    let claim = "declared benchmark is present";
    let mut finding = Finding::new(Class::Missing, subject, claim, Verdict::Fail);
    finding.why = format!("{name} is declared and not in the candidate: MISSING");
    finding
}

/// An absolute margin must fit at least one metric.
fn check_margin(pairs: &[(&Series, &Series)], settings: &Settings) -> Result<(), CompareError> {
    let Some(margin) = &settings.min_effect_abs else { return Ok(()) };
    let unit = |(b, c): &(&Series, &Series)| c.metric.unit.clone().or(b.metric.unit.clone());
    if pairs.iter().any(|pair| margin_in(margin, unit(pair).as_ref()).is_some()) {
        return Ok(());
    }
    let units: Vec<String> = pairs
        .iter()
        .map(|pair| {
            let unit = unit(pair).map_or_else(|| "no unit".to_owned(), |u| u.to_string());
            format!("{} in {unit}", pair.1.name())
        })
        .collect();
    Err(CompareError::Margin { margin: margin.to_string(), units: units.join(", ") })
}

/// `Benjamini-Hochberg over 8 rows at 95 %: 2 regressed, all intervals at 98.75 %`.
fn family_line(compared: &[Compared], settings: &Settings) -> String {
    let findings = compared.iter().flat_map(|c| &c.findings);
    let tested: Vec<&Finding> = findings.filter(|f| f.p.is_some()).collect();
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

/// The series that an objective names, by which of two data sets hold them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counterparts<'a> {
    /// Of the baseline and of the candidate.
    pub both: Vec<(&'a Series, &'a Series)>,
    /// Only in the baseline.
    pub gone: Vec<&'a Series>,
    /// Only in the candidate.
    pub new: Vec<&'a Series>,
}

/// Finds the series that an objective names on both sides, and those that only one side has, in
/// the order of the data: a series that is gone is no change, and nothing that may be left out.
#[must_use]
pub fn counterparts<'a>(
    objective: &Objective,
    base: &'a Dataset,
    candidate: &'a Dataset,
) -> Counterparts<'a> {
    let (left, right) = (by_key(base), by_key(candidate));
    let mut found = Counterparts::default();
    for series in candidate.series.iter().filter(|s| objective.matches(s)) {
        match left.get(&key(series)) {
            Some(base) => found.both.push((*base, series)),
            None => found.new.push(series),
        }
    }
    let named = base.series.iter().filter(|s| objective.matches(s));
    found.gone.extend(named.filter(|s| !right.contains_key(&key(s))));
    found
}

/// Judges a relative objective on every series that it names and both data sets hold; see
/// [`counterparts`] for those that only one of them has.
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
    let findings = counterparts(objective, base, candidate)
        .both
        .into_iter()
        .map(|(base, candidate)| relative(objective, base, candidate, level, fail))
        .collect::<Result<Vec<_>, _>>()?;
    if findings.is_empty() {
        let list = |d: &Dataset| d.series.iter().map(Series::name).collect::<Vec<_>>().join(", ");
        return Err(CompareError::NothingInCommon { base: list(base), candidate: list(candidate) });
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Noise, Observations, Quantity, Raw, Sample, Seed, Unit};

    fn bench(name: &str, shift: f64) -> Series {
        let values = (0..40).map(|i| 100.0 + shift + f64::from(i * 31 % 40) / 20.0).collect();
        Series {
            metric: Metric::new("time", Unit::known("ms")),
            labels: Labels::from([("benchmark".to_owned(), name.to_owned())]),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: None,
            time: None,
            marks: None,
        }
    }

    fn data(series: Vec<Series>) -> Dataset {
        Dataset { series, ..Dataset::default() }
    }

    #[test]
    fn nothing_stays_nothing_and_something_is_more() {
        let of = |values: Vec<f64>| {
            let raw = Raw::complete(Sample::new(values).unwrap());
            let metric = Metric::new("allocs", Unit::known("B"));
            Dataset {
                series: vec![Series::new(metric, Observations::Raw(raw))],
                ..Dataset::default()
            }
        };
        let verdicts = |base: Vec<f64>, head: Vec<f64>, settings: &Settings| -> Vec<Verdict> {
            let compared = compare(&of(base), &of(head), settings).unwrap();
            compared.findings.into_iter().map(|f| f.verdict).collect()
        };
        let plain = Settings::new(Seed(1));
        for n in [3, 6, 20] {
            for v in verdicts(vec![0.0; n], vec![0.0; n], &plain) {
                assert!(
                    matches!(v, Verdict::Pass | Verdict::NoDetectableChange { .. }),
                    "{n} {v:?}"
                );
            }
        }
        let some = || (0..20).map(|i| 1.0 + f64::from(i) / 10.0).collect::<Vec<_>>();
        assert_eq!(verdicts(vec![0.0; 20], some(), &plain)[0], Verdict::Fail);
        // Around nothing a ratio means nothing, but an absolute margin does.
        let around = || (0..20).map(|i| f64::from(i % 5) - 2.0).collect::<Vec<_>>();
        let base_near_zero = Verdict::Inconclusive(Reason::BaseNearZero);
        assert_eq!(verdicts(around(), some(), &plain)[0], base_near_zero);
        let margin = Quantity::new(0.5, Unit::known("B"));
        let settings = Settings { min_effect_abs: Some(margin), ..plain };
        assert_eq!(verdicts(around(), some(), &settings)[0], Verdict::Fail);
        let far = around().iter().map(|x| x + 0.01).collect();
        assert!(verdicts(around(), far, &settings)[0] != Verdict::Fail);
    }

    #[test]
    fn limits_are_per_benchmark() {
        let base = data(vec![bench("hash/1", 0.0), bench("flat", 0.0)]);
        let head = data(vec![bench("hash/1", 6.0), bench("flat", 6.0)]);
        let limit = crate::Limit {
            benchmark: Some("hash/*".to_owned()),
            min_effect: Some(0.2),
            ..crate::Limit::default()
        };
        let settings = Settings { limits: vec![limit], tests: false, ..Settings::new(Seed(1)) };
        let found = compare(&base, &head, &settings).unwrap();
        assert!(found.regressions.is_empty() && found.compared == 2);
        for finding in &found.findings {
            let lenient = finding.subject.benchmark.as_deref() == Some("hash/1");
            let want = if lenient { Verdict::Pass } else { Verdict::Fail };
            assert_eq!(finding.verdict, want, "{}", finding.why);
            assert!(finding.subject.labels.is_empty());
            let names: Vec<&str> = finding.effects.iter().map(|e| e.name.as_str()).collect();
            assert_eq!(names[..3], ["base", "candidate", "relative_change"]);
        }
    }

    #[test]
    fn declared_benchmarks_that_vanish_fail() {
        let base = data(vec![bench("hash/1", 0.0), bench("hash/2", 0.0), bench("old", 0.0)]);
        let head = data(vec![bench("hash/1", 0.0)]);
        let declared = vec!["hash/*".to_owned(), "sort/*".to_owned()];
        let settings = Settings { declared, ..Settings::new(Seed(1)) };
        let found = compare(&base, &head, &settings).unwrap();
        assert_eq!(found.missing, ["hash/2", "sort/*"]);
        let missing = found.findings.iter().filter(|f| f.class == Class::Missing);
        assert!(
            missing.clone().count() == 2 && missing.clone().all(|f| f.verdict == Verdict::Fail)
        );
        assert_eq!(found.gone.len(), 2);
    }

    #[test]
    fn without_the_documents_tests_the_rows_are_the_same() {
        let (base, head) = (data(vec![bench("a", 0.0)]), data(vec![bench("a", 2.0)]));
        let with = compare(&base, &head, &Settings::new(Seed(1))).unwrap();
        let settings = Settings { tests: false, ..Settings::new(Seed(1)) };
        let without = compare(&base, &head, &settings).unwrap();
        let rows = |c: &Compared| -> Vec<(Verdict, Option<f64>, String)> {
            c.findings.iter().map(|f| (f.verdict.clone(), f.p, f.why.clone())).collect()
        };
        assert_eq!(rows(&with), rows(&without));
        assert_eq!((with.regressions.len(), without.regressions.len()), (1, 0));
    }

    #[test]
    fn what_only_one_side_has_is_named() {
        let base = data(vec![bench("a", 0.0), bench("b", 0.0)]);
        let head = data(vec![bench("c", 0.0), bench("b", 0.0)]);
        let names = |all: &[&Series]| all.iter().map(|s| s.name()).collect::<Vec<_>>();
        let every: Objective = "time: mean <= +5%".parse().unwrap();
        let found = counterparts(&every, &base, &head);
        assert_eq!(found.both.len(), 1);
        assert_eq!(names(&found.gone), ["time{benchmark=a}"]);
        assert_eq!(names(&found.new), ["time{benchmark=c}"]);
        let one: Objective = "time{benchmark=b}: mean <= +5%".parse().unwrap();
        let found = counterparts(&one, &base, &head);
        assert!(found.both.len() == 1 && found.gone.is_empty() && found.new.is_empty());
        let judged = relatives(&one, &base, &head, Level::P95, Level::P95).unwrap();
        assert_eq!(judged.len(), 1);
        let gone: Objective = "time{benchmark=a}: mean <= +5%".parse().unwrap();
        assert!(relatives(&gone, &base, &head, Level::P95, Level::P95).is_err());
    }

    #[test]
    fn exact_metrics_are_no_part_of_the_family() {
        let exact = |by: f64| {
            let mut series = bench("a", by);
            series.metric.noise = Noise::Exact;
            series.metric.name = "instructions".to_owned();
            let one = Sample::new(vec![1_000.0 + by]).unwrap();
            series.observations = Observations::Raw(Raw::complete(one));
            series
        };
        let (base, head) = (data(vec![exact(0.0)]), data(vec![exact(20.0)]));
        let settings = Settings::new(Seed(1));
        let found = compare(&base, &head, &settings).unwrap();
        assert_eq!((found.findings.len(), &found.findings[0].verdict), (1, &Verdict::Fail));
        assert!(found.findings[0].p.is_none() && found.family.contains("over 0 rows"));
        // A margin in bytes fits nothing here.
        let margin = Some(Quantity::new(1.0, Unit::known("kB")));
        let settings = Settings { min_effect_abs: margin, ..settings };
        assert!(matches!(compare(&base, &head, &settings), Err(CompareError::Margin { .. })));
    }
}
