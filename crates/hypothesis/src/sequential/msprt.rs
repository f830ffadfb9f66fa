use tailproof_core::Level;

use super::normal_mixture::{RunningMean, half_width, log_lambda};
use super::{finite, positive};
use crate::error::TestError;

/// The mixture sequential probability ratio test of a mean: a p-value and an interval that
/// hold at every look.
///
/// ```text
/// Λ_n = √(V/(V + nτ²)) · exp( n²τ²(m_n − θ₀)² / (2V(V + nτ²)) )
/// p_n = min(1, min_{k ≤ n} 1/Λ_k)
/// interval: m_n ± √( V(V + nτ²)/(n²τ²) · (2 ln(1/α) + ln((V + nτ²)/V)) )
/// ```
/// `V` is the *known* variance of one observation, `τ²` the variance of the effects over which
/// the likelihood ratio is mixed: about the square of the effect that matters. `τ²` changes how
/// soon an effect is found, never the error rate. For pairs observe the differences `y − x`;
/// `V` is then `σ_x² + σ_y²`. Under the hypothesis that the mean is `θ₀`, P(p_n ≤ α at any n)
/// is at most α for normal observations and, with `V` the true variance, in the limit of small
/// effects for others.
///
/// # Source
/// Robbins (1970), *Annals of Mathematical Statistics* 41(5), 1397–1409; Johari, Pekelis &
/// Walsh (2017), *Peeking at A/B tests*, KDD '17.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::sequential::Msprt;
///
/// let mut test = Msprt::new(1.0, 0.5, 0.0)?; // variance, τ², θ₀
/// test.observe(2.5);
/// assert!((test.p() - 0.432_170_923_554_771_8).abs() < 1e-12);
/// let (lo, hi) = test.confidence(Level::P95);
/// assert!(lo < 0.0 && hi > 2.5);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Msprt {
    variance: f64,
    tau2: f64,
    mean: RunningMean,
    /// The largest `ln Λ` so far, at least 0.
    largest: f64,
}

impl Msprt {
    /// A test of `mean = theta0` for observations of variance `variance`.
    ///
    /// # Errors
    /// `variance` or `tau2` is not positive and finite, or `theta0` is not finite.
    pub fn new(variance: f64, tau2: f64, theta0: f64) -> Result<Self, TestError> {
        Ok(Self {
            variance: positive("variance", variance)?,
            tau2: positive("tau2", tau2)?,
            mean: RunningMean::about(finite("theta0", theta0)?),
            largest: 0.0,
        })
    }

    /// Adds an observation, or the difference `y − x` of a pair.
    ///
    /// # Panics
    /// `z` is not finite.
    pub fn observe(&mut self, z: f64) {
        self.mean.add(z);
        self.largest = self.largest.max(self.log_lambda());
    }

    /// Observations so far.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.mean.n()
    }

    /// Their mean; `θ₀` before the first one.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean.mean()
    }

    /// `ln Λ_n` of the observations so far.
    #[must_use]
    pub fn log_lambda(&self) -> f64 {
        log_lambda(self.mean.n(), self.mean.deviation(), self.variance, self.tau2)
    }

    /// The always-valid p-value: it only falls.
    #[must_use]
    pub fn p(&self) -> f64 {
        (-self.largest).exp()
    }

    /// The interval of the mean at this n; all of them together hold at `level`. The line
    /// before the first observation.
    #[must_use]
    pub fn confidence(&self, level: Level) -> (f64, f64) {
        let h = half_width(self.mean.n(), self.variance, self.tau2, level.alpha().to_f64());
        (self.mean.mean() - h, self.mean.mean() + h)
    }
}

/// The mixture test of two event rates that are observed side by side.
///
/// ```text
/// d_n = p̂_y − p̂_x      p̄ = (p̂_x + p̂_y)/2      V = 2p̄(1 − p̄)
/// ```
/// with Λ, p and interval of [`Msprt`] at `θ₀ = 0`. `V` is estimated, so everything here is
/// *asymptotic*: it holds when each side has seen a fair number of events. While all
/// observations are equal (`V = 0`) they are no evidence: Λ = 1, and the interval is [−1, 1].
///
/// # Source
/// Johari, Koomen, Pekelis & Walsh (2022), *Operations Research* 70(3), 1806–1821, with the
/// pooled variance.
///
/// # Example
/// ```
/// use tailproof_hypothesis::sequential::MsprtProportions;
///
/// let mut errors = MsprtProportions::new(0.01)?;
/// for i in 0..400 {
///     errors.observe(i % 20 == 0, i % 4 == 0); // 5 % against 25 %
/// }
/// assert!(errors.p() < 1e-9 && (errors.difference() - 0.2).abs() < 1e-12);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MsprtProportions {
    tau2: f64,
    n: u64,
    events_x: u64,
    events_y: u64,
    largest: f64,
}

impl MsprtProportions {
    /// A test of equal rates; `tau2` is about the square of the difference that matters.
    ///
    /// # Errors
    /// `tau2` is not positive and finite.
    pub fn new(tau2: f64) -> Result<Self, TestError> {
        let tau2 = positive("tau2", tau2)?;
        Ok(Self { tau2, n: 0, events_x: 0, events_y: 0, largest: 0.0 })
    }

    /// Adds one observation of each side: whether the event happened.
    pub fn observe(&mut self, x: bool, y: bool) {
        self.n += 1;
        self.events_x += u64::from(x);
        self.events_y += u64::from(y);
        self.largest = self.largest.max(self.log_lambda());
    }

    /// Pairs so far.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// `p̂_y − p̂_x`; 0 before the first pair.
    #[must_use]
    pub fn difference(&self) -> f64 {
        if self.n == 0 {
            return 0.0;
        }
        (self.events_y as f64 - self.events_x as f64) / self.n as f64
    }

    /// `ln Λ_n` of the pairs so far.
    #[must_use]
    pub fn log_lambda(&self) -> f64 {
        self.variance().map_or(0.0, |v| log_lambda(self.n, self.difference(), v, self.tau2))
    }

    /// The always-valid p-value: it only falls. Asymptotic.
    #[must_use]
    pub fn p(&self) -> f64 {
        (-self.largest).exp()
    }

    /// The interval of `p_y − p_x` at this n, within [−1, 1]. Asymptotic.
    #[must_use]
    pub fn confidence(&self, level: Level) -> (f64, f64) {
        let Some(v) = self.variance() else { return (-1.0, 1.0) };
        let h = half_width(self.n, v, self.tau2, level.alpha().to_f64());
        ((self.difference() - h).max(-1.0), (self.difference() + h).min(1.0))
    }

    /// Variance of one pair's difference from the pooled rate; `None` when it is zero.
    fn variance(&self) -> Option<f64> {
        let (events, all) = (self.events_x + self.events_y, 2 * self.n);
        if events == 0 || events == all {
            return None;
        }
        let (hits, misses) = (events as f64, (all - events) as f64);
        Some(2.0 * (hits / all as f64) * (misses / all as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_core::distributions::normal_quantile;
    use tailproof_resampling::{stream, uniform};

    #[test]
    fn looking_after_every_observation_keeps_the_error_rate() {
        let (runs, alpha) = (2_000, 0.05);
        let mut rejected = 0;
        let mut missed = 0;
        for run in 0..runs {
            let mut rng = stream(Seed(11), run);
            let mut test = Msprt::new(4.0, 1.0, 3.0).unwrap();
            let mut outside = false;
            for _ in 0..500 {
                test.observe(3.0 + 2.0 * normal_quantile(uniform(&mut rng)));
                let (lo, hi) = test.confidence(Level::P95);
                outside |= 3.0 < lo || 3.0 > hi;
            }
            rejected += u32::from(test.p() <= alpha);
            missed += u32::from(outside);
        }
        // The interval excludes θ₀ exactly when p ≤ α. 4 sd above 5 % of 2 000 is 139.
        assert_eq!(rejected, missed);
        assert!((10..=139).contains(&rejected), "{rejected} of {runs}");
    }

    #[test]
    fn equal_rates_are_rarely_told_apart() {
        let rejected = (0..1_000)
            .filter(|&run| {
                let mut rng = stream(Seed(12), run);
                let mut test = MsprtProportions::new(0.01).unwrap();
                for _ in 0..500 {
                    test.observe(uniform(&mut rng) < 0.1, uniform(&mut rng) < 0.1);
                }
                test.p() <= 0.05
            })
            .count();
        assert!(rejected <= 78, "{rejected} of 1 000"); // 4 sd above 5 %.
    }

    #[test]
    fn nothing_seen_is_no_evidence() {
        let test = Msprt::new(1.0, 1.0, 2.0).unwrap();
        assert_eq!((test.p(), test.mean(), test.n()), (1.0, 2.0, 0));
        assert_eq!(test.confidence(Level::P95), (f64::NEG_INFINITY, f64::INFINITY));
        let mut rates = MsprtProportions::new(1.0).unwrap();
        rates.observe(true, true);
        assert_eq!((rates.p(), rates.confidence(Level::P95)), (1.0, (-1.0, 1.0)));
        assert!(Msprt::new(0.0, 1.0, 0.0).is_err() && Msprt::new(1.0, f64::NAN, 0.0).is_err());
    }
}
