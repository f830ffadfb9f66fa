use std::num::NonZeroU32;

use tailproof_core::{Level, Seed};

/// How two samples are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Level of intervals and verdicts, for the whole family of rows.
    pub level: Level,
    /// Level of the document's permutation test.
    pub mean_level: Level,
    /// Significance level of the document's Mann–Whitney test.
    pub sensitivity: f64,
    /// A regression is worse by more than this share of the baseline.
    pub min_effect: f64,
    /// Random relabellings of the permutation test.
    pub resamples: NonZeroU32,
    /// Seed of the permutation test.
    pub seed: Seed,
}

impl Settings {
    /// 95 % for verdicts, 99.9 % and 5 % for the document's tests, a margin of 1 %, 10 000
    /// relabellings.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const RESAMPLES: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
        Self {
            level: Level::P95,
            mean_level: Level::P999,
            sensitivity: 0.05,
            min_effect: 0.01,
            resamples: RESAMPLES,
            seed,
        }
    }
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
