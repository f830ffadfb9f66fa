use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::normal_quantile;
use tailproof_core::{Interval, Level};

use crate::bca::{bias_correction, corrected_levels};
use crate::bootstrap::Replicates;

/// Why a bootstrap interval does not exist.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IntervalError {
    /// The estimate or a replicate is NaN or infinite.
    #[error("the estimate and all replicates must be finite, got {0}")]
    NotFinite(f64),
    /// All replicates are equal: resampling tells nothing of the error.
    #[error("all replicates are {0}: there is no spread to make an interval of")]
    NoSpread(f64),
    /// The level needs more replicates, `B ≥ 2/α − 1`.
    #[error("this level needs at least {need} replicates, got {got}")]
    TooFewReplicates {
        /// Smallest number of replicates accepted.
        need: u128,
        /// Replicates there are.
        got: usize,
    },
    /// All replicates lie on one side of the estimate, so the bias correction is infinite.
    #[error("all replicates lie on one side of the estimate")]
    OneSided,
    /// The acceleration is NaN or infinite.
    #[error("the acceleration must be finite, got {0}")]
    Acceleration(f64),
    /// The corrected levels of the ends lie beyond what the replicates show.
    #[error("the corrected levels {lo} and {hi} lie beyond {replicates} replicates")]
    Beyond {
        /// Level of the lower end.
        lo: f64,
        /// Level of the upper end.
        hi: f64,
        /// Replicates there are.
        replicates: usize,
    },
}

/// The intervals that replicates of a statistic give.
///
/// ```text
/// percentile      [q(α/2), q(1−α/2)]
/// basic           [2θ − q(1−α/2), 2θ − q(α/2)]
/// normal          2θ − θ̄* ± z s*
/// bias_corrected  [q(α₁), q(α₂)],   α₁, α₂ = bca_levels(z₀, 0)
/// bca             [q(α₁), q(α₂)],   α₁, α₂ = bca_levels(z₀, a)
/// ```
/// q is the type-7 quantile of the replicates, θ the statistic of the sample. All are
/// *asymptotic*: the error of each end is of order `n^{−1/2}`, of BCa `n^{−1}`. The
/// studentized interval is [`crate::studentized()`].
///
/// A quantile needs no replicates: [`crate::QuantileBootstrap::bca_interval`].
///
/// # Source
/// Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, ch. 12–14; Davison & Hinkley
/// (1997), *Bootstrap Methods and their Application*, ch. 5.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample, Seed};
/// use tailproof_resampling::{Bootstrap, Intervals, bootstrap, jackknife};
///
/// let sample = Sample::new(vec![1.0, 9.0, 2.0, 4.0, 3.5, 30.0, 2.5, 6.0])?; // Skewed.
/// let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
/// let replicates = bootstrap(&sample, &Bootstrap::new(Seed(42)), mean);
/// let a = jackknife(&sample, mean)?.acceleration().expect("the values differ");
///
/// let of = Intervals::new(&replicates, mean(sample.values()))?;
/// let (percentile, bca) = (of.percentile(Level::P95)?, of.bca(a, Level::P95)?);
/// assert!(bca.lo > percentile.lo && bca.hi > percentile.hi); // Towards the long tail.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    estimate: f64,
    sorted: Vec<f64>,
}

impl Intervals {
    /// From replicates of a statistic and the statistic of the sample.
    ///
    /// # Errors
    /// A value that is not finite, or equal replicates.
    pub fn new(replicates: &Replicates, estimate: f64) -> Result<Self, IntervalError> {
        let mut all = replicates.values().iter().chain([&estimate]);
        if let Some(&value) = all.find(|v| !v.is_finite()) {
            return Err(IntervalError::NotFinite(value));
        }
        let mut sorted = replicates.values().to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        if sorted.first() == sorted.last() {
            return Err(IntervalError::NoSpread(sorted[0]));
        }
        Ok(Self { estimate, sorted })
    }

    /// `z₀` of the replicates; see [`bias_correction`].
    #[must_use]
    pub fn z0(&self) -> f64 {
        let below = self.sorted.partition_point(|&v| v < self.estimate);
        let up_to = self.sorted.partition_point(|&v| v <= self.estimate);
        let count = self.sorted.len() as f64;
        bias_correction(below as f64 / count, (up_to - below) as f64 / count)
    }

    /// Between the quantiles of the replicates.
    ///
    /// # Errors
    /// Fewer than `2/α − 1` replicates.
    pub fn percentile(&self, level: Level) -> Result<Interval, IntervalError> {
        let (lo, hi) = self.equal_tails(level)?;
        Ok(named("percentile bootstrap", (lo, hi), level))
    }

    /// The percentile interval mirrored at the estimate.
    ///
    /// # Errors
    /// Fewer than `2/α − 1` replicates.
    pub fn basic(&self, level: Level) -> Result<Interval, IntervalError> {
        let (lo, hi) = self.equal_tails(level)?;
        let mirror = |q: f64| self.estimate + (self.estimate - q);
        Ok(named("basic bootstrap", (mirror(hi), mirror(lo)), level))
    }

    /// From the mean and standard deviation of the replicates, corrected for their bias. Not
    /// made of quantiles, so it exists for any level and number of replicates.
    #[must_use]
    pub fn normal(&self, level: Level) -> Interval {
        let moments = Moments::of_values(&self.sorted);
        let centre = self.estimate - (moments.mean() - self.estimate);
        let reach = -normal_quantile(level.alpha().to_f64() / 2.0) * moments.sd(1);
        named("normal bootstrap", (centre - reach, centre + reach), level)
    }

    /// The percentile interval at levels corrected for the median bias.
    ///
    /// # Errors
    /// As [`Intervals::bca`].
    pub fn bias_corrected(&self, level: Level) -> Result<Interval, IntervalError> {
        self.corrected("bias-corrected bootstrap", 0.0, level)
    }

    /// The bias-corrected and accelerated interval; the acceleration is that of
    /// [`crate::Jackknife::acceleration`] or [`crate::Influence::acceleration`].
    ///
    /// # Errors
    /// Fewer than `2/α − 1` replicates, all of them on one side of the estimate, an acceleration
    /// that is not finite, or corrected levels outside `[1/(B+1), B/(B+1)]`.
    pub fn bca(&self, acceleration: f64, level: Level) -> Result<Interval, IntervalError> {
        self.corrected("BCa bootstrap", acceleration, level)
    }

    fn corrected(
        &self,
        method: &str,
        acceleration: f64,
        level: Level,
    ) -> Result<Interval, IntervalError> {
        self.enough(level)?;
        let (lo, hi) = corrected_levels(self.z0(), acceleration, level)?;
        let replicates = self.sorted.len();
        let first = 1.0 / (replicates + 1) as f64;
        if lo.min(hi) < first || lo.max(hi) > 1.0 - first {
            return Err(IntervalError::Beyond { lo, hi, replicates });
        }
        Ok(named(method, (self.quantile(lo), self.quantile(hi)), level))
    }

    fn equal_tails(&self, level: Level) -> Result<(f64, f64), IntervalError> {
        self.enough(level)?;
        let half = level.alpha().to_f64() / 2.0;
        Ok((self.quantile(half), self.quantile(1.0 - half)))
    }

    /// Whether the outermost replicates are at least as far out as the level's ends.
    fn enough(&self, level: Level) -> Result<(), IntervalError> {
        let (alpha, got) = (level.alpha(), self.sorted.len());
        let need = (2 * u128::from(alpha.den())).div_ceil(u128::from(alpha.num())) - 1;
        if (got as u128) < need {
            return Err(IntervalError::TooFewReplicates { need, got });
        }
        Ok(())
    }

    fn quantile(&self, p: f64) -> f64 {
        let h = p * (self.sorted.len() - 1) as f64;
        let j = h.floor() as usize;
        let (a, b) = (self.sorted[j], self.sorted[(j + 1).min(self.sorted.len() - 1)]);
        a + (h - h.floor()) * (b - a)
    }
}

pub(crate) fn named(method: &str, (lo, hi): (f64, f64), level: Level) -> Interval {
    Interval { lo, hi, level, method: method.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], estimate: f64) -> Result<Intervals, IntervalError> {
        Intervals::new(&Replicates::new(values.to_vec()), estimate)
    }

    /// 1..=999, the estimate in the middle.
    fn grid() -> Intervals {
        of(&(1..=999).map(f64::from).collect::<Vec<_>>(), 500.0).unwrap()
    }

    #[test]
    fn symmetric_replicates_give_one_interval() {
        let grid = grid();
        assert!(grid.z0().abs() < 1e-12);
        let ends = |i: Result<Interval, IntervalError>| i.map(|i| (i.lo, i.hi)).unwrap();
        let (lo, hi) = ends(grid.percentile(Level::P95));
        assert!((lo - 25.95).abs() < 1e-9 && (hi - 974.05).abs() < 1e-9, "{lo} {hi}");
        for other in [grid.basic(Level::P95), grid.bias_corrected(Level::P95)] {
            let (a, b) = ends(other);
            assert!((a - lo).abs() < 1e-6 && (b - hi).abs() < 1e-6, "{a} {b}");
        }
        // sd of 1..=999 is √(999·1000/12).
        let (a, b) = ends(Ok(grid.normal(Level::P95)));
        let reach = 1.959_963_984_540_054 * 83_250.0_f64.sqrt();
        assert!((b - a - 2.0 * reach).abs() < 1e-6 && (a + b - 1_000.0).abs() < 1e-9);
        assert_eq!(
            grid.bca(0.0, Level::P95).unwrap().lo,
            grid.bias_corrected(Level::P95).unwrap().lo
        );
    }

    #[test]
    fn ties_with_the_estimate_count_half() {
        let four = of(&[1.0, 2.0, 2.0, 3.0], 2.0).unwrap();
        assert!(four.z0().abs() < 1e-12);
        let skew = of(&[1.0, 1.0, 2.0, 2.0], 2.0).unwrap();
        assert!((skew.z0() - normal_quantile(0.75)).abs() < 1e-12);
    }

    #[test]
    fn intervals_that_do_not_exist_say_why() {
        assert_eq!(of(&[2.0; 5], 2.0).unwrap_err(), IntervalError::NoSpread(2.0));
        assert_eq!(of(&[1.0, 2.0], f64::INFINITY), Err(IntervalError::NotFinite(f64::INFINITY)));
        // 95 % needs 2/0.05 − 1 = 39 replicates.
        let few = |n: u32| of(&(0..n).map(f64::from).collect::<Vec<_>>(), 3.0).unwrap();
        assert!(few(39).percentile(Level::P95).is_ok());
        let error = few(38).percentile(Level::P95).unwrap_err();
        assert_eq!(error, IntervalError::TooFewReplicates { need: 39, got: 38 });
        assert_eq!(
            few(100).bca(f64::NAN, Level::P95).map_err(|e| e.to_string()).unwrap_err(),
            "the acceleration must be finite, got NaN"
        );
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(of(&values, -1.0).unwrap().bca(0.0, Level::P95), Err(IntervalError::OneSided));
        let beyond = of(&values, 99.0).unwrap().bca(0.0, Level::P95);
        assert!(matches!(beyond, Err(IntervalError::Beyond { replicates: 100, .. })), "{beyond:?}");
    }
}
