use crate::error::TestError;
use crate::power_t::{SampleSize, check_power, check_probability, check_ratio};
use tailproof_core::distributions::{normal_cdf, normal_quantile};

/// Observations with which the two-sided Mann–Whitney test finds that a draw of the second
/// sample exceeds one of the first with probability `p_exceeds` (ties counted half).
///
/// ```text
/// N = (z_{1−α/2} + z_power)² / (12·c(1−c)·(P − ½)²)      c = n₁/N = 1/(1 + ratio)
/// ```
/// `ratio` is n₂/n₁. Asymptotic, with the variance of no effect: good near ½, and too large by
/// some for P near 0 or 1.
///
/// # Errors
/// `p_exceeds` of ½ or outside [0, 1], `alpha` or `power` outside (0, 1), `power` not above
/// `alpha`, a ratio that is not positive.
///
/// # Source
/// Noether (1987), *Journal of the American Statistical Association* 82(398), 645–647.
///
/// # Example
/// ```
/// use tailproof_hypothesis::mann_whitney_sample_size;
///
/// let size = mann_whitney_sample_size(0.65, 0.05, 0.8, 1.0)?;
/// assert_eq!(size.ceil(), (59, 59));
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn mann_whitney_sample_size(
    p_exceeds: f64,
    alpha: f64,
    power: f64,
    ratio: f64,
) -> Result<SampleSize, TestError> {
    check_power(alpha, power)?;
    check_ratio(ratio)?;
    check_share(p_exceeds)?;
    let gap = p_exceeds - 0.5;
    if gap == 0.0 {
        let must = "other than ½, which is no effect";
        return Err(TestError::Parameter { name: "p_exceeds", must, got: p_exceeds });
    }
    let c = 1.0 / (1.0 + ratio);
    let z = -normal_quantile(alpha / 2.0) + normal_quantile(power);
    // c(1 − c) = ratio·c², without cancellation.
    let total = (z / gap).powi(2) / (12.0 * ratio * c * c);
    Ok(SampleSize { n1: c * total, n2: c * ratio * total })
}

/// Power of the two-sided Mann–Whitney test, Noether's approximation with both tails.
///
/// ```text
/// Φ(d − z) + Φ(−d − z)      d = |P − ½|·√(12·n₁n₂/N)      z = z_{1−α/2}
/// ```
/// # Errors
/// `p_exceeds` outside [0, 1], `alpha` outside (0, 1), a side of none.
///
/// # Source
/// Noether (1987), *Journal of the American Statistical Association* 82(398), 645–647.
///
/// # Example
/// ```
/// use tailproof_hypothesis::mann_whitney_power;
///
/// let power = mann_whitney_power(0.65, 59.0, 59.0, 0.05)?;
/// assert!(power > 0.8 && power < 0.81);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn mann_whitney_power(p_exceeds: f64, n1: f64, n2: f64, alpha: f64) -> Result<f64, TestError> {
    check_probability("alpha", alpha)?;
    check_share(p_exceeds)?;
    if !(n1 > 0.0 && n2 > 0.0) {
        return Err(TestError::TooFew { need: 1, got: n1.min(n2) as usize });
    }
    let d = (p_exceeds - 0.5).abs() * (12.0 * (n1 / (n1 + n2) * n2)).sqrt();
    let z = normal_quantile(alpha / 2.0);
    Ok((normal_cdf(d + z) + normal_cdf(z - d)).min(1.0))
}

fn check_share(got: f64) -> Result<(), TestError> {
    if (0.0..=1.0).contains(&got) {
        return Ok(());
    }
    Err(TestError::Parameter { name: "p_exceeds", must: "in [0, 1]", got })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_power_are_inverse_but_for_the_far_tail() {
        for ratio in [0.5, 1.0, 3.0] {
            let size = mann_whitney_sample_size(0.3, 0.01, 0.9, ratio).unwrap();
            assert!((size.n2 / size.n1 - ratio).abs() < 1e-12);
            let power = mann_whitney_power(0.3, size.n1, size.n2, 0.01).unwrap();
            assert!((power - 0.9).abs() < 1e-6, "{power}");
        }
    }

    #[test]
    fn no_effect() {
        assert!((mann_whitney_power(0.5, 20.0, 30.0, 0.05).unwrap() - 0.05).abs() < 1e-12);
        assert!(mann_whitney_sample_size(0.5, 0.05, 0.8, 1.0).is_err());
        assert!(mann_whitney_sample_size(0.6, 0.05, 0.8, 0.0).is_err());
        assert!(mann_whitney_power(1.2, 20.0, 30.0, 0.05).is_err());
    }
}
