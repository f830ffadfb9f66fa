use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;

use crate::error::TestError;
use crate::t_test::{TTest, common_exponent, scaled_summaries};

/// Welch's unequal-variances t test of `mean(y) − mean(x)`.
///
/// ```text
/// se² = s_x²/n₁ + s_y²/n₂      df = se⁴ / ( (s_x²/n₁)²/(n₁−1) + (s_y²/n₂)²/(n₂−1) )
/// ```
/// Approximate for normal data, asymptotic for others. One sample may be constant. An offset
/// common to the data, and their scale, cost no digits.
///
/// # Errors
/// A sample of one value, or no spread in both (two different constants too).
///
/// # Source
/// Welch (1947), *Biometrika* 34(1–2), 28–35; Satterthwaite (1946), *Biometrics Bulletin* 2(6),
/// 110–114.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::welch;
///
/// let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3])?; // ms
/// let after = Sample::new(vec![11.2, 11.0, 11.9, 11.4])?; // ms
/// let test = welch(&before, &after)?;
/// assert!((test.difference + 0.825).abs() < 1e-12); // 0.825 ms faster
/// assert!(test.p().greater < 0.02 && test.interval(Level::P95).1 < 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn welch(x: &Sample, y: &Sample) -> Result<TTest, TestError> {
    let got = x.len().min(y.len());
    if got < 2 {
        return Err(TestError::TooFew { need: 2, got });
    }
    let (a, b) = (Moments::of(x), Moments::of(y));
    let e = common_exponent(&[&a, &b]);
    let part = |m: &Moments| (m.sd_in(1, e) / m.n().sqrt(), m.n() - 1.0);
    of_parts(b.mean_minus(&a, e), [part(&a), part(&b)], e)
}

/// Welch's test from `(mean, sd, n)` of each side, the sd with divisor `n − 1`.
///
/// # Errors
/// An n below 2, no spread in both, or a mean, sd or n that cannot be one.
pub fn welch_from_summary(x: (f64, f64, f64), y: (f64, f64, f64)) -> Result<TTest, TestError> {
    let (difference, [a, b], e) = scaled_summaries(x, y, 2)?;
    let part = |(sd, n): (f64, f64)| (sd / n.sqrt(), n - 1.0);
    of_parts(difference, [part(a), part(b)], e)
}

/// The test of a difference of two independent estimates with standard errors and their
/// degrees of freedom, in units of `2^exponent`.
pub(crate) fn of_parts(
    difference: f64,
    parts: [(f64, f64); 2],
    exponent: i32,
) -> Result<TTest, TestError> {
    let (error, df) = satterthwaite(parts)?;
    Ok(TTest::new(difference, error, df, exponent))
}

/// Standard error of a sum of two independent estimates, each `(standard error, df)`, and its
/// Welch–Satterthwaite degrees of freedom; [`TestError::NoSpread`] when both errors are 0.
pub(crate) fn satterthwaite(
    [(e1, df1), (e2, df2)]: [(f64, f64); 2],
) -> Result<(f64, f64), TestError> {
    let scale = e1.max(e2);
    if scale == 0.0 {
        return Err(TestError::NoSpread);
    }
    let (a, b) = ((e1 / scale).powi(2), (e2 / scale).powi(2));
    let df = (a + b).powi(2) / (a * a / df1 + b * b / df2);
    Ok((scale * (a + b).sqrt(), df))
}

#[cfg(test)]
mod tests {
    use tailproof_core::Level;

    use super::*;

    #[test]
    fn a_published_slow_down_is_significant() {
        // A published table calls −2.22 %, p = 0.983 "not significant": one-sided for *faster*.
        let w = welch_from_summary((142.17, 2.24, 10.0), (145.33, 3.57, 10.0)).unwrap();
        assert!((w.t() - 2.371).abs() < 5e-4 && (w.df - 15.1).abs() < 0.05, "{w:?}");
        let p = w.p();
        assert!((p.two_sided - 0.031).abs() < 5e-4 && w.interval(Level::P95).0 > 0.0);
        assert!((p.greater - 0.984).abs() < 1e-3 && p.less < 0.02, "{p:?}");
    }

    #[test]
    fn no_spread_is_an_error() {
        let s = |v: &[f64]| Sample::new(v.to_vec()).unwrap();
        assert_eq!(welch(&s(&[1.0; 3]), &s(&[1.0; 3])), Err(TestError::NoSpread));
        assert_eq!(welch(&s(&[0.1; 6]), &s(&[0.7; 9])), Err(TestError::NoSpread));
        let few = TestError::TooFew { need: 2, got: 1 };
        assert_eq!(welch(&s(&[1.0]), &s(&[1.0, 2.0])), Err(few));
        // One constant sample leaves the other's degrees of freedom.
        assert_eq!(welch(&s(&[1.0; 3]), &s(&[1.0, 2.0, 4.0, 5.0])).unwrap().df, 3.0);
    }
}
