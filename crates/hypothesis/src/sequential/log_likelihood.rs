use super::{finite, positive, probability};
use crate::error::TestError;

/// The log likelihood ratio of one observation, of a second hypothesis against a first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LogLikelihood {
    /// `ln(p₁/p₀)` for an event, `ln((1 − p₁)/(1 − p₀))` for none.
    Bernoulli { event: f64, none: f64 },
    /// `(θ₁ − θ₀)/σ² · (x − (θ₀ + θ₁)/2)`.
    Normal { slope: f64, middle: f64 },
}

impl LogLikelihood {
    pub(super) fn bernoulli(p0: f64, p1: f64) -> Result<Self, TestError> {
        let (p0, p1) = (probability("p0", p0)?, probability("p1", p1)?);
        different("p1", p0, p1)?;
        // ln_1p of the relative change keeps the digits of rates that are close.
        Ok(Self::Bernoulli {
            event: ((p1 - p0) / p0).ln_1p(),
            none: ((p0 - p1) / (1.0 - p0)).ln_1p(),
        })
    }

    pub(super) fn normal(theta0: f64, theta1: f64, sigma2: f64) -> Result<Self, TestError> {
        let (theta0, theta1) = (finite("theta0", theta0)?, finite("theta1", theta1)?);
        let sigma2 = positive("sigma2", sigma2)?;
        different("theta1", theta0, theta1)?;
        let middle = f64::midpoint(theta0, theta1);
        Ok(Self::Normal { slope: (theta1 - theta0) / sigma2, middle })
    }

    /// # Panics
    /// `x` is not finite.
    pub(super) fn of(&self, x: f64) -> f64 {
        assert!(x.is_finite(), "an observation is finite, got {x}");
        match *self {
            Self::Bernoulli { event, none } => {
                if x == 0.0 {
                    none
                } else {
                    event
                }
            }
            Self::Normal { slope, middle } => slope * (x - middle),
        }
    }
}

fn different(name: &'static str, first: f64, second: f64) -> Result<(), TestError> {
    if first == second {
        let must = "different from that of the first hypothesis";
        return Err(TestError::Parameter { name, must, got: second });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_ratios_of_densities() {
        let coin = LogLikelihood::bernoulli(0.01, 0.05).unwrap();
        assert!((coin.of(1.0) - 5.0_f64.ln()).abs() < 1e-14);
        assert!((coin.of(0.0) - (0.95_f64 / 0.99).ln()).abs() < 1e-14);
        let (a, b, s2, x) = (0.3, 1.1, 2.0, 0.9);
        let density = |m: f64| -(x - m) * (x - m) / (2.0 * s2);
        let normal = LogLikelihood::normal(a, b, s2).unwrap();
        assert!((normal.of(x) - (density(b) - density(a))).abs() < 1e-14);
    }

    #[test]
    fn two_equal_hypotheses_are_refused() {
        assert!(LogLikelihood::bernoulli(0.2, 0.2).is_err());
        assert!(LogLikelihood::bernoulli(0.0, 0.2).is_err());
        assert!(LogLikelihood::normal(0.0, 1.0, 0.0).is_err());
        assert!(LogLikelihood::normal(f64::NAN, 1.0, 1.0).is_err());
    }
}
