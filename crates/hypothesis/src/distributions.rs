use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::erf::erfc;

/// Distribution function of the standard normal distribution; `normal_cdf(-z)` is its upper
/// tail, with full relative precision.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Quantile of the standard normal distribution; ∓∞ at 0 and 1, NaN outside.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    Normal::standard().inverse_cdf(p)
}

/// How much farther than a one-sided bound at error `alpha` an effect must lie to be found with
/// probability `power`: `(z_{1−α} + z_power)/z_{1−α}`.
#[must_use]
pub fn power_factor(alpha: f64, power: f64) -> f64 {
    let z = normal_quantile(1.0 - alpha);
    (z + normal_quantile(power)) / z
}

/// `P(|T| ≥ |t|)` of Student's distribution with `df > 0` degrees of freedom.
///
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn student_two_sided(t: f64, df: f64) -> f64 {
    let law = StudentsT::new(0.0, 1.0, df).expect("degrees of freedom are positive");
    (2.0 * law.cdf(-t.abs())).min(1.0)
}

/// Quantile of Student's distribution with `df > 0` degrees of freedom, for p in (0, 1).
///
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn student_quantile(p: f64, df: f64) -> f64 {
    let law = StudentsT::new(0.0, 1.0, df).expect("degrees of freedom are positive");
    // The lower tail has relative precision; the upper is its mirror.
    let tail = p.min(1.0 - p);
    let (mut lo, mut hi) = (-1.0, 0.0);
    while law.cdf(lo) > tail {
        hi = lo;
        lo *= 2.0;
        if lo < -1e300 {
            return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
        }
    }
    for _ in 0..200 {
        let mid = lo + (hi - lo) / 2.0;
        if mid <= lo || mid >= hi {
            break;
        }
        if law.cdf(mid) > tail { hi = mid } else { lo = mid }
    }
    let t = lo + (hi - lo) / 2.0;
    if p < 0.5 { t } else { -t }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textbook_quantiles() {
        for (got, want) in [
            (normal_quantile(0.975), 1.959_963_984_540_054),
            (student_quantile(0.975, 10.0), 2.228_138_851_964_939),
            (student_quantile(0.025, 3.5), -2.940_088_637_982_729_6),
            (student_two_sided(2.228_138_851_964_939, 10.0), 0.05),
            (normal_cdf(-10.0), 7.619_853_024_160_527e-24),
        ] {
            assert!((got / want - 1.0_f64).abs() < 1e-10, "{got} {want}");
        }
        assert!(normal_quantile(1.5).is_nan());
    }
}
