//! Do categories agree, and does their mix mislead?

mod cell;
mod findings;

use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::{
    Class, Dataset, Finding, Labels, Level, Reason, Series, Subject, Verdict, number, qualified,
};
use tailproof_hypothesis::{Estimated, Heterogeneity, chi_square_table, heterogeneity};

use crate::change::Spread;
use crate::settings::Settings;
use crate::two::subject;
use cell::{Cell, change, degrees};
use findings::findings;

/// Which labels make categories, and how many cases each needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grouping {
    /// Series that differ only in these labels are categories of one whole.
    pub by: Vec<String>,
    /// Observations that a category needs on either side.
    pub least_cases: Option<u64>,
}

/// Why there are no categories.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CategoryError {
    /// No series has a label.
    #[error("no series has the label {label:?}; there are {known}")]
    Unknown {
        /// The label asked for.
        label: String,
        /// Labels of the data.
        known: String,
    },
    /// Nothing falls into two categories.
    #[error("no metric has two categories of {0} that both sides hold")]
    Single(String),
}

/// What the categories of all metrics say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strata {
    /// One per metric and remaining labels, in order of the candidate.
    pub groups: Vec<Group>,
    /// Whether categories agree, reversals, and categories with too few cases; none gates.
    pub findings: Vec<Finding>,
}

/// The categories of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Metric and the labels that all categories share.
    pub name: String,
    /// In order of their labels.
    pub categories: Vec<Category>,
    /// Pooled log ratio, Cochran's Q and I² of the categories that have enough cases; `None`
    /// with fewer than two.
    pub heterogeneity: Option<Heterogeneity>,
    /// Relative change of the mean of everything thrown together.
    pub crude: f64,
    /// Its interval, where it exists.
    pub crude_interval: Option<(f64, f64)>,
    /// Whether the categories move one way and the whole the other.
    pub reversal: Reversal,
}

/// Simpson's paradox: the mix of categories changed, and hides or feigns a change within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// Categories and the whole agree, as far as estimates go.
    None,
    /// Every category, or their pooled change, points one way and the whole the other.
    Estimated,
    /// The same with both intervals on their side of no change.
    Shown,
}

/// One category of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Category {
    /// The series it is.
    pub subject: Subject,
    /// Labels that make it.
    pub labels: Labels,
    /// Observations a side.
    pub n: [u64; 2],
    /// Relative change of the mean (of the rate, for events); `None` when a side has no mean.
    pub change: Option<f64>,
    /// Its interval, where it exists.
    pub interval: Option<(f64, f64)>,
    /// The cases it needs and does not have.
    pub short: Option<u64>,
    /// Log ratio with its error by the delta method.
    effect: Option<Estimated>,
}

/// Changes of a metric by category.
///
/// The categories of a metric are the series that differ only in the labels asked for. In each,
/// the log ratio of means with its error by the delta method (by run where both sides have
/// several):
/// ```text
/// θ = ln(ȳ/x̄)      SE² = s_x²/(n x̄²) + s_y²/(m ȳ²)
/// ```
/// These are pooled with inverse variances, and Cochran's Q asks whether they are one change
/// ([`heterogeneity`]). The crude change is that of the means of everything together: when the
/// mix of categories differs between the sides it can point the other way (Simpson's reversal).
/// Intervals of categories and of the crude change are Fieller's, or score intervals of rates.
/// Categories with fewer cases than asked for are shown and not pooled.
///
/// # Errors
/// A label that no series has, or no metric with two categories.
///
/// # Source
/// Simpson (1951), *JRSS B* 13(2), 238–241; Cochran (1954), *Biometrics* 10(1), 101–129.
pub fn strata(
    base: &Dataset,
    candidate: &Dataset,
    grouping: &Grouping,
    settings: &Settings,
) -> Result<Strata, CategoryError> {
    let all = || base.series.iter().chain(&candidate.series);
    for label in &grouping.by {
        if !all().any(|s| s.labels.contains_key(label)) {
            let known: BTreeSet<&str> =
                all().flat_map(|s| s.labels.keys().map(String::as_str)).collect();
            let known = if known.is_empty() {
                "no labels".to_owned()
            } else {
                known.into_iter().collect::<Vec<_>>().join(", ")
            };
            return Err(CategoryError::Unknown { label: label.clone(), known });
        }
    }
    let left: BTreeMap<(&str, &Labels), &Series> =
        base.series.iter().rev().map(|s| ((s.metric.name.as_str(), &s.labels), s)).collect();
    let mut order: Vec<(&str, Labels)> = Vec::new();
    let mut groups: BTreeMap<(&str, Labels), Vec<(&Series, &Series)>> = BTreeMap::new();
    for series in &candidate.series {
        let labels = series.labels.iter().filter(|(k, _)| !grouping.by.contains(k));
        let shared: Labels = labels.map(|(k, v)| (k.clone(), v.clone())).collect();
        let Some(before) = left.get(&(series.metric.name.as_str(), &series.labels)) else {
            continue;
        };
        let key = (series.metric.name.as_str(), shared);
        let pairs = groups.entry(key.clone()).or_default();
        if pairs.is_empty() {
            order.push(key);
        }
        pairs.push((*before, series));
    }
    let mut strata = Strata::default();
    for key in order {
        let pairs = &groups[&key];
        if pairs.len() < 2 {
            continue;
        }
        let name = qualified(key.0, &key.1);
        if let Some(group) = group(name, pairs, grouping, settings.level) {
            strata.findings.extend(findings(&group, pairs[0].1, grouping, settings.level));
            strata.groups.push(group);
        }
    }
    if strata.groups.is_empty() {
        return Err(CategoryError::Single(grouping.by.join(", ")));
    }
    Ok(strata)
}

impl Strata {
    /// Makes the ordinary rows of categories with too few cases inconclusive.
    pub fn hold(&self, rows: &mut [Finding]) {
        let categories = self.groups.iter().flat_map(|g| &g.categories);
        for (category, need) in categories.filter_map(|c| Some((c, c.short?))) {
            let own = |f: &&mut Finding| {
                let plain = Subject { statistic: None, ..f.subject.clone() };
                f.class == Class::Regression && plain == category.subject
            };
            for row in rows.iter_mut().filter(own) {
                row.verdict = Verdict::Inconclusive(Reason::TooFew { need });
                row.why = format!(
                    "{}; fewer than the {} cases that a category needs: INCONCLUSIVE",
                    row.why,
                    number(need as f64)
                );
            }
        }
    }
}

fn group(
    name: String,
    pairs: &[(&Series, &Series)],
    grouping: &Grouping,
    level: Level,
) -> Option<Group> {
    let by_run = pairs.iter().all(|(b, c)| b.runs() >= 2 && c.runs() >= 2);
    let mut cells: Vec<[Cell; 2]> = Vec::new();
    let mut categories: Vec<Category> = Vec::new();
    for (base, candidate) in pairs {
        let labels = candidate.labels.iter().filter(|(k, _)| grouping.by.contains(k));
        let labels = labels.map(|(k, v)| (k.clone(), v.clone())).collect();
        let both = Cell::of(base, by_run).zip(Cell::of(candidate, by_run));
        let mut category = Category {
            subject: subject(candidate),
            labels,
            n: [base, candidate].map(|s| s.observations.len() as u64),
            change: None,
            interval: None,
            short: None,
            effect: None,
        };
        if let Some((x, y)) = both {
            cells.push([x, y]);
            category.n = [x.whole.n, y.whole.n];
            let ratio = y.unit.mean / x.unit.mean;
            if ratio > 0.0 && ratio.is_finite() {
                category.change = Some(ratio - 1.0);
                category.interval = change(x, y, level);
                category.effect = Some(Estimated {
                    effect: (y.centre() / x.centre()).ln(),
                    error: (x.error() + y.error()).sqrt(),
                    df: degrees(x, y),
                });
            }
        }
        let least = grouping.least_cases.unwrap_or(0);
        category.short = (category.n.into_iter().min() < Some(least)).then_some(least);
        categories.push(category);
    }
    categories.sort_by(|a, b| a.labels.cmp(&b.labels));
    let side = |i: usize| Spread::merged(&cells.iter().map(|c| c[i].whole).collect::<Vec<_>>());
    let (x, y) = side(0).zip(side(1))?;
    let rate = cells.iter().all(|c| c[0].rate);
    let whole = |spread: Spread| Cell { whole: spread, unit: spread, rate };
    let crude_interval = change(whole(x), whole(y), level);
    let counted = categories.iter().filter(|c| c.short.is_none());
    let effects: Vec<Estimated> = counted.filter_map(|c| c.effect).collect();
    let heterogeneity = heterogeneity(&effects, level).ok();
    let crude = y.mean / x.mean - 1.0;
    let mix: Vec<[u64; 2]> = categories.iter().map(|c| c.n).collect();
    let reversal = if mixed_otherwise(&mix, level) {
        reversal(&effects, heterogeneity.as_ref(), (crude, crude_interval), level)
    } else {
        Reversal::None
    };
    Some(Group { name, categories, heterogeneity, crude, crude_interval, reversal })
}

/// Whether the shares of the categories differ between the sides.
fn mixed_otherwise(mix: &[[u64; 2]], level: Level) -> bool {
    let sides = [0, 1].map(|side| mix.iter().map(|n| n[side]).collect::<Vec<u64>>());
    let table = [sides[0].as_slice(), sides[1].as_slice()];
    chi_square_table(&table, false).is_ok_and(|test| test.p <= level.alpha().to_f64())
}

/// Whether the strata move one way and the whole the other.
fn reversal(
    effects: &[Estimated],
    pooled: Option<&Heterogeneity>,
    (crude, crude_interval): (f64, Option<(f64, f64)>),
    level: Level,
) -> Reversal {
    let Some(pooled) = pooled else { return Reversal::None };
    let against = |effect: f64| effect * crude < 0.0;
    if !(effects.iter().all(|e| against(e.effect)) || against(pooled.pooled)) {
        return Reversal::None;
    }
    let side = |(lo, hi): (f64, f64)| f64::from(i8::from(lo > 0.0) - i8::from(hi < 0.0));
    let (within, whole) = (side(pooled.interval(level)), crude_interval.map_or(0.0, side));
    if within * whole < 0.0 { Reversal::Shown } else { Reversal::Estimated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Observations, Raw, Sample, Seed, Unit};

    fn series(category: &str, level: f64, n: usize) -> Series {
        let values = (0..n).map(|i| level * (1.0 + (i * 31 % 40) as f64 / 400.0)).collect();
        Series {
            metric: Metric::new("latency", Unit::known("ms")),
            labels: Labels::from([("kind".to_owned(), category.to_owned())]),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: None,
            time: None,
            marks: None,
        }
    }

    fn data(rows: &[(&str, f64, usize)]) -> Dataset {
        let series = rows.iter().map(|&(c, level, n)| series(c, level, n)).collect();
        Dataset { series, ..Dataset::default() }
    }

    fn by_kind(base: &Dataset, candidate: &Dataset, least_cases: Option<u64>) -> Strata {
        let grouping = Grouping { by: vec!["kind".to_owned()], least_cases };
        strata(base, candidate, &grouping, &Settings::new(Seed(1))).unwrap()
    }

    #[test]
    fn simpsons_reversal_is_named() {
        // Both kinds become 10 % slower, and the fast kind more frequent.
        let base = data(&[("fast", 10.0, 40), ("slow", 100.0, 160)]);
        let head = data(&[("fast", 11.0, 160), ("slow", 110.0, 40)]);
        let found = by_kind(&base, &head, None);
        let group = &found.groups[0];
        assert!(group.crude < -0.4 && group.reversal == Reversal::Shown, "{group:?}");
        let pooled = group.heterogeneity.unwrap();
        assert!((pooled.pooled.exp() - 1.1).abs() < 0.005 && pooled.p > 0.5);
        assert!(found.findings[1].why.contains("Simpson's reversal: every category"));
        assert!(found.findings.iter().all(|f| f.class == Class::Other));
        // The same mix on both sides: nothing to name.
        let head = data(&[("fast", 11.0, 40), ("slow", 110.0, 160)]);
        let same = by_kind(&base, &head, None);
        assert_eq!((same.groups[0].reversal, same.findings.len()), (Reversal::None, 1));
        assert!((same.groups[0].crude - 0.1).abs() < 1e-9);
    }

    #[test]
    fn categories_that_differ_are_found() {
        let base = data(&[("a", 10.0, 80), ("b", 10.0, 80), ("c", 10.0, 80)]);
        let head = data(&[("a", 10.0, 80), ("b", 10.0, 80), ("c", 12.0, 80)]);
        let found = by_kind(&base, &head, None);
        assert_eq!(found.findings[0].verdict, Verdict::Fail);
        let h = found.groups[0].heterogeneity.unwrap();
        assert!(h.p < 1e-6 && h.i_squared > 0.9 && h.df == 2.0);
    }

    #[test]
    fn few_cases_are_inconclusive() {
        let base = data(&[("a", 10.0, 80), ("b", 10.0, 80), ("c", 10.0, 8)]);
        let found = by_kind(&base, &base, Some(30));
        assert_eq!(found.groups[0].categories[2].short, Some(30));
        assert_eq!(found.groups[0].heterogeneity.unwrap().df, 1.0);
        let need = Verdict::Inconclusive(Reason::TooFew { need: 30 });
        assert_eq!(found.findings[1].verdict, need);
        let mut rows = crate::compare(&base, &base, &Settings::new(Seed(1))).unwrap().findings;
        found.hold(&mut rows);
        let held = rows.iter().filter(|f| f.verdict == need).count();
        assert!(held > 0 && held < rows.len());
    }

    #[test]
    fn unknown_labels_are_refused() {
        let one = data(&[("a", 10.0, 80)]);
        let settings = Settings::new(Seed(1));
        let ask = |by: &str| {
            let grouping = Grouping { by: vec![by.to_owned()], least_cases: None };
            strata(&one, &one, &grouping, &settings).unwrap_err()
        };
        assert!(ask("sort").to_string().contains("there are kind"));
        assert_eq!(ask("kind"), CategoryError::Single("kind".to_owned()));
    }
}
