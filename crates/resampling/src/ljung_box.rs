use std::num::NonZeroUsize;

use tailproof_core::distributions::chi_square_upper;

use crate::ResamplingError;
use crate::dependence::autocorrelation;

/// Outcome of [`ljung_box`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LjungBox {
    /// The statistic.
    pub q: f64,
    /// Lags that it sums, its degrees of freedom.
    pub lags: usize,
    /// `P(χ²_lags ≥ q)`: small when the observations are not independent.
    pub p: f64,
}

/// The Ljung–Box test that the first autocorrelations of a series in time order are zero.
///
/// ```text
/// Q = n(n+2) Σ_{k=1}^{h} ρ_k²/(n−k)  ~  χ²_h
/// ```
/// Asymptotic; for observations with a finite variance. It tells that a series is dependent, not
/// by how much: in a long series a harmless dependence is significant, so a decision rests on
/// [`crate::dependence()`].
///
/// # Errors
/// Not more observations than lags, or all of them equal.
///
/// # Source
/// Ljung & Box (1978), *Biometrika* 65(2), 297–303.
///
/// # Example
/// ```
/// use std::num::NonZeroUsize;
/// use tailproof_resampling::ljung_box;
///
/// let saw: Vec<f64> = (0..60_u32).map(|t| f64::from(t % 5)).collect();
/// let test = ljung_box(&saw, NonZeroUsize::new(10).expect("not zero"))?;
/// assert!(test.p < 1e-6);
/// # Ok::<(), tailproof_resampling::ResamplingError>(())
/// ```
pub fn ljung_box(series: &[f64], lags: NonZeroUsize) -> Result<LjungBox, ResamplingError> {
    let (n, lags) = (series.len(), lags.get());
    if n <= lags {
        return Err(ResamplingError::TooFew { need: lags.saturating_add(1), got: n });
    }
    if series.iter().all(|&x| x == series[0]) {
        return Err(ResamplingError::NoSpread);
    }
    let rho = autocorrelation(series);
    let sum: f64 = (1..=lags).map(|k| rho[k] * rho[k] / (n - k) as f64).sum();
    let q = n as f64 * (n + 2) as f64 * sum;
    Ok(LjungBox { q, lags, p: chi_square_upper(q, lags as f64) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};
    use tailproof_core::Seed;

    fn lags(h: usize) -> NonZeroUsize {
        NonZeroUsize::new(h).unwrap()
    }

    #[test]
    fn it_is_the_formula() {
        // Deviations −1.5, 0.5, −0.5, 1.5 of 5: ρ₁ = (−0.75 − 0.25 − 0.75)/5.
        let test = ljung_box(&[1.0, 3.0, 2.0, 4.0], lags(1)).unwrap();
        assert!((test.q - 4.0 * 6.0 * 0.35_f64.powi(2) / 3.0).abs() < 1e-12, "{test:?}");
        // P(χ²₁ ≥ 0.98) = P(|Z| ≥ 0.98995).
        assert!((test.p - 0.322_198_806_162_578_7).abs() < 1e-9, "{test:?}");
    }

    #[test]
    fn independent_observations_are_rejected_at_the_level() {
        let rejected = (0..2_000)
            .filter(|&task| {
                let mut rng = stream(Seed(8), task);
                let series: Vec<f64> = (0..200).map(|_| uniform(&mut rng)).collect();
                ljung_box(&series, lags(10)).unwrap().p <= 0.05
            })
            .count();
        // 5.4 % at n = 200 (simulated in Python), and four standard deviations.
        assert!((68..=150).contains(&rejected), "{rejected} of 2 000");
    }

    #[test]
    fn short_and_constant_series_are_errors() {
        let short = ljung_box(&[1.0, 2.0], lags(2));
        assert_eq!(short, Err(ResamplingError::TooFew { need: 3, got: 2 }));
        assert_eq!(ljung_box(&[1.0; 9], lags(2)), Err(ResamplingError::NoSpread));
    }
}
