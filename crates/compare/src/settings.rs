use std::num::NonZeroU32;

use tailproof_core::{Direction, Level, Quantity, Seed, Unit, glob};
use tailproof_hypothesis::Correction;

/// Which statistics a comparison is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Test {
    /// Mean, median, and the percentiles that both samples carry.
    #[default]
    Auto,
    /// The mean, Welch-studentized.
    Welch,
    /// Median and percentiles.
    Quantiles,
    /// The factor between the samples by the Mann–Whitney test.
    MannWhitney,
}

/// How samples are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `1 − q`: q is what the correction holds for the whole family of rows.
    pub level: Level,
    /// Level of the document's permutation test.
    pub mean_level: Level,
    /// Significance level of the document's Mann–Whitney test.
    pub sensitivity: f64,
    /// What is compared.
    pub test: Test,
    /// A regression is worse by more than this share of the baseline.
    pub min_effect: f64,
    /// And by more than this much, where the metric's unit can say so.
    pub min_effect_abs: Option<Quantity>,
    /// What is held over all rows: the false discovery rate or the family-wise error.
    pub correction: Correction,
    /// The proof asked for: no slow-down by this share or more. Takes the place of
    /// `min_effect`, and what is not proven is inconclusive.
    pub equivalence: Option<f64>,
    /// Rows that could not have shown a change of this size are inconclusive.
    pub require_power: Option<f64>,
    /// Random relabellings of the permutation test.
    pub resamples: NonZeroU32,
    /// Seed of the permutation test.
    pub seed: Seed,
    /// Limits of single benchmarks, metrics and statistics; the first that matches a row counts.
    pub limits: Vec<Limit>,
    /// Benchmarks that must be there, as globs.
    pub declared: Vec<String>,
    /// Whether the document's tests (permutation, Mann–Whitney) are run beside the rows, which
    /// takes most of the time.
    pub tests: bool,
}

/// Other limits for some rows; a part that is `None` is as in the [`Settings`], a glob that is
/// `None` matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limit {
    /// Glob of the benchmark's name (of the metric with its labels, without one).
    pub benchmark: Option<String>,
    /// Glob of the metric's name.
    pub metric: Option<String>,
    /// Glob of the row: `mean`, `p50`, `p99`, `rate`, `value`.
    pub statistic: Option<String>,
    /// Relative margin.
    pub min_effect: Option<f64>,
    /// Absolute margin.
    pub min_effect_abs: Option<Quantity>,
    /// Whether less is better.
    pub direction: Option<Direction>,
    /// The proof asked for, in place of margins.
    pub equivalence: Option<f64>,
}

impl Limit {
    fn matches(&self, name: &RowName<'_>) -> bool {
        let fits = |pattern: Option<&str>, text: &str| pattern.is_none_or(|p| glob(p, text));
        fits(self.benchmark.as_deref(), name.benchmark)
            && fits(self.metric.as_deref(), name.metric)
            && fits(self.statistic.as_deref(), name.statistic)
    }
}

/// What a row is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowName<'a> {
    pub(crate) benchmark: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) statistic: &'a str,
}

/// What counts as a change of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Margins {
    /// As a share of the baseline.
    pub(crate) relative: f64,
    /// In the unit of the data; 0 when there is none.
    pub(crate) absolute: f64,
    /// Whether it is to be proven that nothing became worse.
    pub(crate) proof: bool,
    /// Whether the relative margin is the row's own, and not that of the settings.
    pub(crate) own: bool,
    /// The direction that a limit gives.
    pub(crate) direction: Option<Direction>,
}

impl Settings {
    /// 95 % for verdicts with Benjamini and Hochberg's correction, 99.9 % and 5 % for the
    /// document's tests, a margin of 1 %, 10 000 relabellings.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const RESAMPLES: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
        Self {
            level: Level::P95,
            mean_level: Level::P999,
            sensitivity: 0.05,
            test: Test::Auto,
            min_effect: 0.01,
            min_effect_abs: None,
            correction: Correction::BenjaminiHochberg,
            equivalence: None,
            require_power: None,
            resamples: RESAMPLES,
            seed,
            limits: Vec::new(),
            declared: Vec::new(),
            tests: true,
        }
    }

    /// The margins of a row. The absolute one is 0 without any, where the unit of the data
    /// cannot say it, and where equivalence is asked for.
    pub(crate) fn margins(&self, name: &RowName<'_>, unit: Option<&Unit>) -> Margins {
        let plain = Limit::default();
        let limit = self.limits.iter().find(|l| l.matches(name)).unwrap_or(&plain);
        // A margin of its own takes a row out of the proof that the settings ask for.
        let proof = limit.equivalence.or(self.equivalence.filter(|_| limit.min_effect.is_none()));
        let absolute = limit.min_effect_abs.as_ref().or(self.min_effect_abs.as_ref());
        Margins {
            relative: proof.or(limit.min_effect).unwrap_or(self.min_effect),
            absolute: absolute
                .filter(|_| proof.is_none())
                .and_then(|q| margin_in(q, unit))
                .unwrap_or(0.0),
            proof: proof.is_some(),
            own: limit.equivalence.is_some() || limit.min_effect.is_some(),
            direction: limit.direction,
        }
    }

    /// The relative margin in force where no limit says otherwise.
    #[must_use]
    pub fn margin(&self) -> f64 {
        self.equivalence.unwrap_or(self.min_effect)
    }
}

/// A margin in a unit of data; a margin with a unit does not fit data without one.
pub(crate) fn margin_in(margin: &Quantity, unit: Option<&Unit>) -> Option<f64> {
    if margin.unit().is_some() && unit.is_none() {
        return None;
    }
    margin.in_unit(unit).ok()
}

/// Why two series cannot be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The series are in different units.
    #[error("{metric} is in {base} in the baseline and in {candidate} in the candidate")]
    Units {
        /// Metric.
        metric: String,
        /// Unit of the baseline.
        base: String,
        /// Unit of the candidate.
        candidate: String,
    },
    /// The comparison needs raw values.
    #[error("{0}: a comparison needs raw values on both sides")]
    NotRaw(String),
    /// The absolute margin is in a unit that no metric has.
    #[error("a margin of {margin} fits none of the metrics compared: {units} (--unit says it)")]
    Margin {
        /// The margin as typed.
        margin: String,
        /// Metrics and their units.
        units: String,
    },
    /// Too few runs to deal two to either side.
    #[error("{0} has {1} runs; a split needs at least four, two a side")]
    FewRuns(String, usize),
    /// Without a direction nothing is worse.
    #[error("{0}: it is not known whether more or less is better; say --direction lower or higher")]
    Direction(String),
    /// Nothing has the same metric and labels on both sides.
    #[error("nothing to compare: the baseline holds {base}, the candidate {candidate}")]
    NothingInCommon {
        /// Series of the baseline.
        base: String,
        /// Series of the candidate.
        candidate: String,
    },
    /// An aggregate that has no relative form here.
    #[error("objective {0:?}: a relative objective is about a percentile or a mean")]
    Aggregate(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_limit_that_matches_counts() {
        let limit = |benchmark: &str, statistic: Option<&str>, min_effect: f64| Limit {
            benchmark: Some(benchmark.to_owned()),
            statistic: statistic.map(str::to_owned),
            min_effect: Some(min_effect),
            ..Limit::default()
        };
        let settings = Settings {
            limits: vec![limit("hash/*", Some("p99"), 0.2), limit("hash/*", None, 0.1)],
            min_effect_abs: Some(Quantity::new(50.0, Unit::known("us"))),
            ..Settings::new(Seed(1))
        };
        let margins = |benchmark, statistic| {
            let name = RowName { benchmark, metric: "time", statistic };
            settings.margins(&name, Unit::known("ms").as_ref())
        };
        assert_eq!((margins("hash/1", "p99").relative, margins("hash/1", "p99").own), (0.2, true));
        assert_eq!(margins("hash/1", "mean").relative, 0.1);
        assert_eq!((margins("flat", "mean").relative, margins("flat", "mean").own), (0.01, false));
        assert_eq!(margins("flat", "mean").absolute, 0.05);
    }

    #[test]
    fn a_limit_can_ask_for_a_proof_or_be_excused_from_it() {
        let limit = Limit { equivalence: Some(0.02), ..Limit::default() };
        let name = RowName { benchmark: "b", metric: "time", statistic: "mean" };
        let settings = Settings { limits: vec![limit], ..Settings::new(Seed(1)) };
        let margins = settings.margins(&name, None);
        assert_eq!((margins.relative, margins.absolute, margins.proof), (0.02, 0.0, true));
        let own = Limit { min_effect: Some(0.3), ..Limit::default() };
        let asked =
            Settings { equivalence: Some(0.05), limits: vec![own], ..Settings::new(Seed(1)) };
        let margins = asked.margins(&name, None);
        assert_eq!((margins.relative, margins.proof), (0.3, false));
    }
}
