use tailproof_core::Level;

use super::normal_mixture::{RunningMean, half_width};
use super::positive;
use crate::error::TestError;

/// A confidence sequence of a mean whose noise is known to be σ-sub-Gaussian.
///
/// ```text
/// m_n ± σ/n · √( (n + ρ)·(2 ln(1/α) + ln((n + ρ)/ρ)) )      ρ = n*/(2 ln(1/α) + ln(1 + 2 ln(1/α)))
/// ```
/// All intervals of the sequence hold together with probability at least `level`, for
/// independent observations with one mean and `E exp(t(X − μ)) ≤ exp(σ²t²/2)` for all `t`.
/// Normal observations of standard deviation σ are, and so are values in an interval of width
/// `w` with σ = w/2 (Hoeffding); for those [`super::BoundedMean`] is narrower when they vary
/// little. The sequence is about narrowest at `n*`, and valid everywhere.
///
/// # Source
/// Robbins (1970), *Annals of Mathematical Statistics* 41(5), 1397–1409; Howard, Ramdas,
/// McAuliffe & Sekhon (2021), *Annals of Statistics* 49(2), 1055–1080, the normal
/// mixture.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::sequential::SubGaussian;
///
/// let mut mean = SubGaussian::new(2.0, Level::P95, 100)?;
/// for i in 0..100 {
///     mean.observe(10.0 + f64::from(i % 3));
/// }
/// let (lo, hi) = mean.interval();
/// assert!(lo > 10.3 && hi < 11.7);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SubGaussian {
    variance: f64,
    tau2: f64,
    alpha: f64,
    mean: RunningMean,
}

impl SubGaussian {
    /// A sequence at `level` that is meant to be narrow at about `narrow_at` observations.
    ///
    /// # Errors
    /// `sigma` is not positive and finite, its square is not a normal number, or `narrow_at`
    /// is 0.
    pub fn new(sigma: f64, level: Level, narrow_at: u64) -> Result<Self, TestError> {
        let variance = positive("sigma^2", positive("sigma", sigma)? * sigma)?;
        let alpha = level.alpha().to_f64();
        let evidence = -2.0 * alpha.ln();
        let rho = positive("narrow_at", narrow_at as f64)? / (evidence + evidence.ln_1p());
        Ok(Self { variance, tau2: variance / rho, alpha, mean: RunningMean::about(0.0) })
    }

    /// Adds an observation.
    ///
    /// # Panics
    /// `x` is not finite.
    pub fn observe(&mut self, x: f64) {
        if self.mean.n() == 0 {
            self.mean = RunningMean::about(x); // Differences to it keep their digits.
        }
        self.mean.add(x);
    }

    /// Observations so far.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.mean.n()
    }

    /// The interval at this n; the line before the first observation.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let h = half_width(self.mean.n(), self.variance, self.tau2, self.alpha);
        (self.mean.mean() - h, self.mean.mean() + h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    #[test]
    fn the_width_is_the_formula() {
        let mut mean = SubGaussian::new(3.0, Level::P95, 50).unwrap();
        for _ in 0..20 {
            mean.observe(1e9);
        }
        let e = 2.0 * 20.0_f64.ln();
        let rho = 50.0 / (e + (1.0 + e).ln());
        let n = 20.0;
        let h = 3.0 / n * ((n + rho) * (e + ((n + rho) / rho).ln())).sqrt();
        let (lo, hi) = mean.interval();
        assert!((hi - 1e9 - h).abs() < 1e-6 && (1e9 - lo - h).abs() < 1e-6, "{lo} {hi} {h}");
    }

    #[test]
    fn the_sequence_covers_at_every_look() {
        // A fair coin of ±1 is 1-sub-Gaussian.
        let missed = (0..1_000)
            .filter(|&run| {
                let mut rng = stream(Seed(8), run);
                let mut mean = SubGaussian::new(1.0, Level::P95, 200).unwrap();
                (0..500).any(|_| {
                    mean.observe(if uniform(&mut rng) < 0.5 { 1.0 } else { -1.0 });
                    let (lo, hi) = mean.interval();
                    lo > 0.0 || hi < 0.0
                })
            })
            .count();
        assert!(missed <= 78, "{missed} of 1 000"); // 4 sd above 5 %.
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(SubGaussian::new(0.0, Level::P95, 10).is_err());
        assert!(SubGaussian::new(1.0, Level::P95, 0).is_err());
        let fresh = SubGaussian::new(1.0, Level::P95, 10).unwrap();
        assert_eq!(fresh.interval(), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
