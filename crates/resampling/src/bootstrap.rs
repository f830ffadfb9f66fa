use std::num::NonZeroU32;

use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, Sample, Seed};

use crate::redraw::{redraw, replicates};

/// Settings of a bootstrap; every value of this type is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    seed: Seed,
    replicates: NonZeroU32,
}

impl Bootstrap {
    /// 10 000 replicates. No default seed: evidence must be repeatable.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const REPLICATES: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
        Self { seed, replicates: REPLICATES }
    }

    /// Sets the number of replicates.
    #[must_use]
    pub const fn replicates(self, replicates: NonZeroU32) -> Self {
        Self { replicates, ..self }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// The number of replicates.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.replicates.get()
    }
}

/// Replicates of a statistic, in the order of their tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicates {
    values: Vec<f64>,
}

impl Replicates {
    pub(crate) fn new(values: Vec<f64>) -> Self {
        Self { values }
    }

    /// The replicates in the order of their tasks.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Their mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        // Against the first value, so that equal replicates have exactly their own mean.
        let first = self.values[0];
        first + self.values.iter().map(|x| x - first).sum::<f64>() / self.values.len() as f64
    }

    /// Their standard deviation, with divisor `B − 1`: the bootstrap standard error; NaN for
    /// one replicate.
    #[must_use]
    pub fn sd(&self) -> f64 {
        Moments::of_values(&self.values).sd(1)
    }

    /// The quotients of replicates by those of another statistic of the same resamples; `None`
    /// when their numbers differ or a quotient is not finite.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        let quotients: Vec<f64> =
            self.values.iter().zip(&other.values).map(|(a, b)| a / b).collect();
        let fit = self.values.len() == other.values.len();
        (fit && quotients.iter().all(|q| q.is_finite())).then(|| Self::new(quotients))
    }

    /// Share of replicates at most `t`.
    #[must_use]
    pub fn share_at_most(&self, t: f64) -> f64 {
        self.values.iter().filter(|&&x| x <= t).count() as f64 / self.values.len() as f64
    }

    /// Equal-tailed percentile interval: the type-7 quantiles at `α/2` and `1 − α/2`.
    #[must_use]
    pub fn percentile_interval(&self, level: Level) -> (f64, f64) {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |p: f64| {
            let h = p * (sorted.len() - 1) as f64;
            let j = h.floor() as usize;
            let (a, b) = (sorted[j], sorted[(j + 1).min(sorted.len() - 1)]);
            a + (h - h.floor()) * (b - a)
        };
        let half = level.alpha().to_f64() / 2.0;
        (at(half), at(1.0 - half))
    }
}

/// The nonparametric bootstrap of any statistic (Efron 1979).
///
/// Replicate `b` draws `n` observations with replacement from stream `(seed, b)`, see
/// [`crate::stream()`], and passes them, in the order drawn, to `statistic`. Replicates run in
/// parallel; one buffer a thread. The result is a function of sample, seed and number of
/// replicates.
///
/// For a percentile use [`crate::QuantileBootstrap`], which needs no replicates.
///
/// # Source
/// Efron (1979), *Annals of Statistics* 7(1), 1–26.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample, Seed};
/// use tailproof_resampling::{Bootstrap, bootstrap};
///
/// let sample = Sample::new(vec![12.1, 11.8, 12.6, 12.3, 13.0])?;
/// let max = bootstrap(&sample, &Bootstrap::new(Seed(42)), |x| {
///     x.iter().copied().fold(f64::MIN, f64::max)
/// });
/// // The maximum is in a resample of 5 with probability 1 − 0.8⁵ = 0.672.
/// let share = 1.0 - max.share_at_most(12.9);
/// assert!((share - 0.672).abs() < 0.02);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
pub fn bootstrap<F>(sample: &Sample, settings: &Bootstrap, statistic: F) -> Replicates
where
    F: Fn(&[f64]) -> f64 + Sync,
{
    let values = sample.values();
    replicates(
        settings,
        || vec![0.0; values.len()],
        |rng, buffer| {
            redraw(rng, values, buffer);
            statistic(buffer)
        },
    )
}
