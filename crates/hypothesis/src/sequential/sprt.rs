use super::log_likelihood::LogLikelihood;
use super::probability;
use crate::error::TestError;

/// What a sequential test has concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The first hypothesis.
    AcceptH0,
    /// The second hypothesis.
    AcceptH1,
    /// Not settled yet.
    Continue,
}

/// Wald's sequential probability ratio test of two stated hypotheses.
///
/// ```text
/// S_n = Σ ln(f₁(xᵢ)/f₀(xᵢ))      AcceptH1 when S_n ≥ ln((1−β)/α)
///                                AcceptH0 when S_n ≤ ln(β/(1−α))
/// ```
/// `α` bounds the probability of accepting H1 under H0, `β` the reverse, up to the overshoot at
/// the boundary: the real rates `α′`, `β′` obey `α′ + β′ ≤ α + β`, `α′ ≤ α/(1−β)` and
/// `β′ ≤ β/(1−α)`. Of all tests with these error rates it needs the fewest observations on
/// average, under H0 and under H1; between the two it may run long. A decision is final: later
/// observations change nothing.
///
/// # Source
/// Wald (1945), *Annals of Mathematical Statistics* 16(2), 117–186.
///
/// # Example
/// ```
/// use tailproof_hypothesis::sequential::{Decision, Sprt};
///
/// let mut errors = Sprt::bernoulli(0.01, 0.05, 0.05, 0.1)?; // 1 % against 5 % errors
/// let n = (1..).find(|_| errors.observe(0.0) != Decision::Continue);
/// assert_eq!((n, errors.decision()), (Some(55), Decision::AcceptH0));
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sprt {
    ratio: LogLikelihood,
    upper: f64,
    lower: f64,
    n: u64,
    sum: f64,
    decision: Decision,
}

impl Sprt {
    /// Event rates `p0` against `p1`; observe 1 for an event and 0 for none.
    ///
    /// # Errors
    /// A rate or an error probability outside (0, 1), equal rates, or `alpha + beta ≥ 1`.
    pub fn bernoulli(p0: f64, p1: f64, alpha: f64, beta: f64) -> Result<Self, TestError> {
        Self::new(LogLikelihood::bernoulli(p0, p1)?, alpha, beta)
    }

    /// Means `theta0` against `theta1` of normal observations with variance `sigma2`.
    ///
    /// # Errors
    /// `sigma2` is not positive, a mean is not finite, the means are equal, an error
    /// probability is outside (0, 1), or `alpha + beta ≥ 1`.
    pub fn normal(
        theta0: f64,
        theta1: f64,
        sigma2: f64,
        alpha: f64,
        beta: f64,
    ) -> Result<Self, TestError> {
        Self::new(LogLikelihood::normal(theta0, theta1, sigma2)?, alpha, beta)
    }

    fn new(ratio: LogLikelihood, alpha: f64, beta: f64) -> Result<Self, TestError> {
        let (alpha, beta) = (probability("alpha", alpha)?, probability("beta", beta)?);
        if alpha + beta >= 1.0 {
            return Err(TestError::Parameter {
                name: "alpha + beta",
                must: "below 1",
                got: alpha + beta,
            });
        }
        Ok(Self {
            ratio,
            upper: ((1.0 - beta) / alpha).ln(),
            lower: (beta / (1.0 - alpha)).ln(),
            n: 0,
            sum: 0.0,
            decision: Decision::Continue,
        })
    }

    /// Adds an observation, unless the test is decided, and says what is known now. For
    /// rates every value but 0 is an event.
    ///
    /// # Panics
    /// `x` is not finite.
    pub fn observe(&mut self, x: f64) -> Decision {
        if self.decision == Decision::Continue {
            self.n += 1;
            self.sum += self.ratio.of(x);
            if self.sum >= self.upper {
                self.decision = Decision::AcceptH1;
            } else if self.sum <= self.lower {
                self.decision = Decision::AcceptH0;
            }
        }
        self.decision
    }

    /// What is known so far.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// Observations used, up to the decision.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The log likelihood ratio `S_n` of the observations used.
    #[must_use]
    pub const fn log_likelihood_ratio(&self) -> f64 {
        self.sum
    }

    /// The boundary `ln((1−β)/α)` at which H1 is accepted.
    #[must_use]
    pub const fn upper(&self) -> f64 {
        self.upper
    }

    /// The boundary `ln(β/(1−α))` at which H0 is accepted.
    #[must_use]
    pub const fn lower(&self) -> f64 {
        self.lower
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    #[test]
    fn both_errors_are_kept() {
        let (alpha, beta) = (0.05, 0.1);
        let wrong = |rate: f64, decision: Decision| {
            (0..2_000)
                .filter(|&run| {
                    let mut rng = stream(Seed(3), run);
                    let mut test = Sprt::bernoulli(0.05, 0.15, alpha, beta).unwrap();
                    while test.decision() == Decision::Continue {
                        test.observe(f64::from(u8::from(uniform(&mut rng) < rate)));
                    }
                    test.decision() == decision
                })
                .count()
        };
        // Wald: α′ ≤ α/(1−β) = 0.0556, β′ ≤ β/(1−α) = 0.1053; 4 sd of simulation on top.
        let (first, second) = (wrong(0.05, Decision::AcceptH1), wrong(0.15, Decision::AcceptH0));
        assert!(first <= 152, "{first} of 2 000");
        assert!(second <= 266, "{second} of 2 000");
    }

    #[test]
    fn a_decision_is_final() {
        let mut test = Sprt::normal(0.0, 1.0, 1.0, 0.05, 0.05).unwrap();
        assert_eq!(test.observe(100.0), Decision::AcceptH1);
        let at = test.log_likelihood_ratio();
        assert_eq!(test.observe(-1e6), Decision::AcceptH1);
        assert_eq!((test.n(), test.log_likelihood_ratio()), (1, at));
        assert!(Sprt::bernoulli(0.1, 0.2, 0.6, 0.5).is_err());
    }
}
