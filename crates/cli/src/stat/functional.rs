//! The statistic that general resampling is about, and what replicates of it say.

use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, Rank, Sample};
use tailproof_resampling::Replicates;

use super::parameters::Parameters;
use super::report::Report;

/// A statistic of one sample that is resampled: the mean, or with `--p` a quantile.
#[derive(Clone, Copy, Debug)]
pub(super) enum Functional {
    Mean,
    Quantile(Rank),
}

impl Functional {
    pub(super) fn asked_for(parameters: &Parameters) -> Self {
        parameters.optional_rank().map_or(Self::Mean, Self::Quantile)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Quantile(_) => "quantile",
        }
    }

    pub(super) fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => Moments::of_values(values).mean(),
            Self::Quantile(p) => {
                Sample::new(values.to_vec()).expect("resampled values are finite").quantile(p)
            }
        }
    }
}

/// Estimate, standard error and percentile interval of replicates.
pub(super) fn replicated(
    name: &str,
    estimate: f64,
    replicates: &Replicates,
    level: Level,
) -> Report {
    Report::new().quantity(name, estimate).quantity("standard error", replicates.sd()).range(
        "interval",
        replicates.percentile_interval(level),
        level,
        "percentile bootstrap",
    )
}
