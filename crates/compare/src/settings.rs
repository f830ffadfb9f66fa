use std::num::NonZeroU32;

use tailproof_core::{Level, Quantity, Seed, Unit};
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
        }
    }

    /// The absolute margin in a unit of data; 0 without one, where the unit cannot say it, and
    /// where equivalence is asked for.
    pub(crate) fn absolute(&self, unit: Option<&Unit>) -> f64 {
        let typed = self.min_effect_abs.as_ref().filter(|_| self.equivalence.is_none());
        typed.and_then(|q| margin_in(q, unit)).unwrap_or(0.0)
    }

    /// The relative margin in force.
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
