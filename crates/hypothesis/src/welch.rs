use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, Sample};

use crate::standardized::EffectError;
use tailproof_core::distributions::{student_quantile, student_two_sided};

/// Outcome of Welch's test of two means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// `mean(y) − mean(x)`, in the unit of the samples.
    pub difference: f64,
    /// Its standard error.
    pub error: f64,
    /// Welch–Satterthwaite degrees of freedom.
    pub df: f64,
}

impl Welch {
    /// `difference/error`.
    #[must_use]
    pub fn t(&self) -> f64 {
        self.difference / self.error
    }

    /// Two-sided p-value.
    #[must_use]
    pub fn p(&self) -> f64 {
        student_two_sided(self.t(), self.df)
    }

    /// Two-sided interval of the difference.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, self.df);
        (self.difference - t * self.error, self.difference + t * self.error)
    }
}

/// Welch's unequal-variances t test of `mean(y) − mean(x)`.
///
/// ```text
/// se² = s_x²/n₁ + s_y²/n₂      df = se⁴ / ( (s_x²/n₁)²/(n₁−1) + (s_y²/n₂)²/(n₂−1) )
/// ```
/// Asymptotic for data that are not normal.
///
/// # Errors
/// A sample of one value, or no spread in both.
///
/// # Source
/// Welch (1947), *Biometrika* 34(1–2), 28–35.
pub fn welch(x: &Sample, y: &Sample) -> Result<Welch, EffectError> {
    let origin = x.values()[0];
    let moments = |s: &Sample| {
        let shifted: Vec<f64> = s.values().iter().map(|v| v - origin).collect();
        if shifted.iter().all(|v| v.is_finite()) {
            Moments::of_values(&shifted)
        } else {
            Moments::of(s)
        }
    };
    let (a, b) = (moments(x), moments(y));
    welch_from_summary((a.mean(), a.sd(1), a.n()), (b.mean(), b.sd(1), b.n()))
}

/// Welch's test from `(mean, sd, n)` of each side.
///
/// # Errors
/// An n below 2, or no spread in both.
pub fn welch_from_summary(
    (mean1, sd1, n1): (f64, f64, f64),
    (mean2, sd2, n2): (f64, f64, f64),
) -> Result<Welch, EffectError> {
    if n1 < 2.0 || n2 < 2.0 {
        return Err(EffectError::TooFew);
    }
    let difference = mean2 - mean1;
    let scale = sd1.max(sd2);
    if scale <= 0.0 || scale.is_nan() {
        return Err(EffectError::NoSpread { difference });
    }
    let (a, b) = ((sd1 / scale).powi(2) / n1, (sd2 / scale).powi(2) / n2);
    let df = (a + b).powi(2) / (a * a / (n1 - 1.0) + b * b / (n2 - 1.0));
    Ok(Welch { difference, error: scale * (a + b).sqrt(), df })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_slow_down_is_significant() {
        // A published table calls −2.22 %, p = 0.983 "not significant": one-sided for *faster*.
        let w = welch_from_summary((142.17, 2.24, 10.0), (145.33, 3.57, 10.0)).unwrap();
        assert!((w.t() - 2.371).abs() < 5e-4 && (w.df - 15.1).abs() < 0.05, "{w:?}");
        assert!((w.p() - 0.031).abs() < 5e-4 && w.interval(Level::P95).0 > 0.0);
    }

    #[test]
    fn no_spread_is_an_error() {
        let s = Sample::new(vec![1.0; 3]).unwrap();
        assert_eq!(welch(&s, &s), Err(EffectError::NoSpread { difference: 0.0 }));
    }
}
