use tailproof_core::Level;
use tailproof_core::distributions::{normal_cdf, normal_quantile};

use crate::intervals::IntervalError;

/// The bias correction `z₀ = Φ⁻¹(P(θ* < θ) + ½P(θ* = θ))`; infinite when all of the
/// distribution lies on one side.
///
/// Replicates equal to the estimate count half on each side, as in SciPy. Where the distribution
/// is continuous this is Efron's `Φ⁻¹(P(θ* < θ))`; for a quantile or tied data it is not, and
/// software differs.
#[must_use]
pub fn bias_correction(below: f64, equal: f64) -> f64 {
    normal_quantile((below + equal / 2.0).clamp(0.0, 1.0))
}

/// The levels of the bootstrap distribution at which the BCa interval ends.
///
/// ```text
/// α₁ = Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z)))      z = Φ⁻¹(α/2), and −z for α₂
/// ```
/// With `a = 0` the bias-corrected interval, with `z₀ = 0` too the percentile interval. The
/// level rises with z up to the pole `a(z₀ + z) = 1`; at and beyond it, it is the limit, 0 for
/// `z₀ + z < 0` and 1 for `z₀ + z > 0`.
///
/// # Source
/// Efron (1987), *JASA* 82(397), 171–185, eq. 2.3.
#[must_use]
pub fn bca_levels(z0: f64, acceleration: f64, level: Level) -> (f64, f64) {
    let z = normal_quantile(level.alpha().to_f64() / 2.0);
    let at = |z: f64| {
        let w = z0 + z;
        let rest = 1.0 - acceleration * w;
        if rest > 0.0 { normal_cdf(z0 + w / rest) } else { f64::from(u8::from(w > 0.0)) }
    };
    (at(z), at(-z))
}

/// [`bca_levels`], or why there are none.
pub(crate) fn corrected_levels(
    z0: f64,
    acceleration: f64,
    level: Level,
) -> Result<(f64, f64), IntervalError> {
    if !z0.is_finite() {
        return Err(IntervalError::OneSided);
    }
    if !acceleration.is_finite() {
        return Err(IntervalError::Acceleration(acceleration));
    }
    Ok(bca_levels(z0, acceleration, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_follow_the_formula() {
        // z₀ = 0.146, a = 0.061, 90 %, by the formula in SciPy.
        let level: Level = "0.9".parse().unwrap();
        let (lo, hi) = bca_levels(0.146, 0.061, level);
        assert!((lo - 0.109_856_2).abs() < 1e-6 && (hi - 0.984_477_0).abs() < 1e-6, "{lo} {hi}");
        let (lo, hi) = bca_levels(0.0, 0.0, level);
        assert!((lo - 0.05).abs() < 1e-9 && (hi - 0.95).abs() < 1e-9, "{lo} {hi}");
        // Beyond the pole: 1 − 2·(0.2 + 1.645) < 0.
        assert_eq!(bca_levels(0.2, 2.0, level).1, 1.0);
        assert_eq!(bca_levels(-0.2, -2.0, level).0, 0.0);
    }

    #[test]
    fn levels_that_do_not_exist_say_why() {
        let levels = |z0, a| corrected_levels(z0, a, Level::P95);
        assert_eq!(levels(bias_correction(0.0, 0.0), 0.0), Err(IntervalError::OneSided));
        assert_eq!(levels(bias_correction(1.0, 0.0), 0.0), Err(IntervalError::OneSided));
        let error = levels(0.0, f64::INFINITY).unwrap_err();
        assert_eq!(error, IntervalError::Acceleration(f64::INFINITY));
        // Ties count half.
        assert!(bias_correction(0.25, 0.5).abs() < 1e-12);
    }
}
