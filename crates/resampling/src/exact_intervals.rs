use tailproof_core::binomial::{lower_rank, upper_rank};
use tailproof_core::{Interval, Level, Rank, Sample};

use crate::bca::{bias_correction, corrected_levels};
use crate::intervals::{IntervalError, named};
use crate::quantile::QuantileBootstrap;

/// The basic interval from a law that is known: the percentile interval mirrored at the estimate.
///
/// `quantile` is that of the bootstrap distribution for B → ∞.
#[must_use]
pub fn basic_of_law(estimate: f64, quantile: &dyn Fn(f64) -> f64, level: Level) -> Interval {
    let half = level.alpha().to_f64() / 2.0;
    let mirror = |q: f64| estimate + (estimate - quantile(q));
    named("basic bootstrap (B → ∞)", (mirror(1.0 - half), mirror(half)), level)
}

/// The BCa interval from a law that is known.
///
/// ```text
/// z₀ = Φ⁻¹(P(θ* < θ) + ½P(θ* = θ))      [q(α₁), q(α₂)],   α₁, α₂ = bca_levels(z₀, a, level)
/// ```
/// `cdf` is right-continuous, `quantile(u)` the smallest t with `cdf(t) ≥ u`, both of the
/// bootstrap distribution for B → ∞. Values within four units in the last place of the estimate
/// count as equal to it: they are the same number, rounded on two ways.
///
/// # Errors
/// The whole distribution lies on one side of the estimate, or is the estimate; an acceleration
/// or estimate that is not finite.
///
/// # Source
/// Efron (1987), *JASA* 82(397), 171–185.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_resampling::bca_of_law;
///
/// // Exponential with mean 1, about its median.
/// let law = |t: f64| 1.0 - (-t.max(0.0)).exp();
/// let quantile = |u: f64| -(1.0 - u).ln();
/// let bca = bca_of_law(2.0_f64.ln(), &law, &quantile, 0.0, Level::P95)?;
/// assert!((bca.hi - 40.0_f64.ln()).abs() < 1e-6);
/// # Ok::<(), tailproof_resampling::IntervalError>(())
/// ```
pub fn bca_of_law(
    estimate: f64,
    cdf: &dyn Fn(f64) -> f64,
    quantile: &dyn Fn(f64) -> f64,
    acceleration: f64,
    level: Level,
) -> Result<Interval, IntervalError> {
    let (below, equal) = around(estimate, cdf)?;
    let z0 = bias_correction(below, equal);
    let (lo, hi) = corrected_levels(z0, acceleration, level)?;
    Ok(named("BCa bootstrap (B → ∞)", (quantile(lo), quantile(hi)), level))
}

/// `P(θ* < θ)` and `P(θ* = θ)`.
fn around(estimate: f64, cdf: &dyn Fn(f64) -> f64) -> Result<(f64, f64), IntervalError> {
    if !estimate.is_finite() {
        return Err(IntervalError::NotFinite(estimate));
    }
    let slack = 4.0 * f64::EPSILON * estimate.abs();
    let below = cdf((estimate - slack).next_down());
    let equal = (cdf(estimate + slack) - below).max(0.0);
    if below <= 0.0 && equal >= 1.0 {
        return Err(IntervalError::NoSpread(estimate));
    }
    Ok((below, equal))
}

impl QuantileBootstrap {
    /// `P(Q* < θ)` and `P(Q* = θ)` for the quantile θ of the sample itself.
    ///
    /// # Errors
    /// The law is a point: one observation, or equal ones where the quantile lies.
    pub fn around_estimate(&self) -> Result<(f64, f64), IntervalError> {
        around(self.sample_quantile(), &|t| self.cdf(t))
    }

    /// The basic interval, free of Monte-Carlo error: [`QuantileBootstrap::interval`] mirrored at
    /// the sample's quantile. Its ends can lie outside of the range of the data.
    #[must_use]
    pub fn basic_interval(&self, level: Level) -> Interval {
        basic_of_law(self.sample_quantile(), &|u| self.quantile(u), level)
    }

    /// The BCa interval, free of Monte-Carlo error; see [`bca_of_law`].
    ///
    /// The jackknife's acceleration is a rough guess for a quantile, and does not exist where
    /// neighbours are tied; 0 gives the bias-corrected interval. Coverage is no better than that
    /// of the percentile interval in the tails: verdicts rest on [`order_statistic_interval`].
    ///
    /// # Errors
    /// As [`bca_of_law`].
    pub fn bca_interval(&self, acceleration: f64, level: Level) -> Result<Interval, IntervalError> {
        let (cdf, quantile) = (|t: f64| self.cdf(t), |u: f64| self.quantile(u));
        bca_of_law(self.sample_quantile(), &cdf, &quantile, acceleration, level)
    }
}

/// A two-sided interval of the `p`-quantile between order statistics, each end at `1 − α/2`.
///
/// ```text
/// [X₍s₎, X₍r₎]      P(Bin(n,p) < s) ≤ α/2,  P(Bin(n,p) ≥ r) ≤ α/2
/// ```
/// Covers with probability at least `level` whatever the distribution, for independent
/// observations. `None` when the sample is too small for one of its ends.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §5.2.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank, Sample};
/// use tailproof_resampling::order_statistic_interval;
///
/// let sample = Sample::new((1..=20).map(f64::from).collect())?;
/// assert_eq!(order_statistic_interval(&sample, Rank::MEDIAN, Level::P95), Some((6.0, 15.0)));
/// assert_eq!(order_statistic_interval(&sample, Rank::P99, Level::P95), None);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn order_statistic_interval(sample: &Sample, p: Rank, level: Level) -> Option<(f64, f64)> {
    let (n, side) = (sample.len() as u64, level.split(2));
    let (lo, hi) = (lower_rank(n, p, side)?, upper_rank(n, p, side)?);
    Some((sample.order_statistic(lo), sample.order_statistic(hi)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    use crate::bca::bca_levels;
    use crate::intervals::Intervals;
    use tailproof_core::{QuantileType, Seed};

    fn law(values: Vec<f64>, p: Rank) -> QuantileBootstrap {
        QuantileBootstrap::of(&Sample::new(values).unwrap(), p, QuantileType::Linear)
    }

    #[test]
    fn the_law_is_the_limit_of_replicates() {
        let values: Vec<f64> = (0..201_u32).map(|i| f64::from(i * i % 199).sqrt()).collect();
        let law = law(values, Rank::P95);
        let replicates = law.replicates(Seed(3), NonZeroU32::new(100_000).unwrap());
        let drawn = Intervals::new(&replicates, law.sample_quantile()).unwrap();
        let got = drawn.bca(0.05, Level::P95).unwrap();
        let exact = law.bca_interval(0.05, Level::P95).unwrap();
        // The law is discrete: where its levels may be off by 1 %.
        let (below, equal) = law.around_estimate().unwrap();
        let levels = bca_levels(bias_correction(below, equal), 0.05, Level::P95);
        for (level, got, exact) in [(levels.0, got.lo, exact.lo), (levels.1, got.hi, exact.hi)] {
            assert_eq!(exact, law.quantile(level));
            let (from, to) = (law.quantile(level - 0.01), law.quantile(level + 0.01));
            assert!(from <= got && got <= to, "{level}: {got} in {from}..{to}");
        }
        let (basic, (lo, hi)) = (law.basic_interval(Level::P95), law.interval(Level::P95));
        let twice = 2.0 * law.sample_quantile();
        assert!((basic.lo + hi - twice).abs() < 1e-12 && (basic.hi + lo - twice).abs() < 1e-12);
    }

    #[test]
    fn the_median_of_three_is_known() {
        // Of 27 resamples 7 have a median of 1, 13 of 2, 7 of 3.
        let (below, equal) = law(vec![1.0, 2.0, 3.0], Rank::MEDIAN).around_estimate().unwrap();
        assert!((below - 7.0 / 27.0).abs() < 1e-14 && (equal - 13.0 / 27.0).abs() < 1e-14);
    }

    #[test]
    fn a_point_has_no_bca_interval() {
        let flat = law(vec![5.0; 9], Rank::MEDIAN);
        assert_eq!(flat.bca_interval(0.0, Level::P95), Err(IntervalError::NoSpread(5.0)));
        assert_eq!(
            (flat.basic_interval(Level::P95).lo, flat.interval(Level::P95)),
            (5.0, (5.0, 5.0))
        );
        let some = law(vec![1.0, 2.0, 3.0], Rank::MEDIAN);
        assert!(some.bca_interval(f64::NAN, Level::P95).is_err());
    }
}
