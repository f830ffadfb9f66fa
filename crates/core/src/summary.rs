use crate::{Level, Rank};

/// What a tool printed instead of samples. Never passed off as a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Observations behind the summary.
    pub n: Option<u64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Sample standard deviation.
    pub sd: Option<f64>,
    /// Smallest observation.
    pub min: Option<f64>,
    /// Largest observation.
    pub max: Option<f64>,
    /// Percentiles as printed.
    pub quantiles: Vec<(Rank, f64)>,
    /// Interval `(lo, hi)` with its level when the tool states one.
    pub interval: Option<(f64, f64, Option<Level>)>,
}
