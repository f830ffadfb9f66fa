use crate::error::TestError;
use crate::odds::cohens_h;
use crate::power_t::check_power;
use tailproof_core::distributions::{normal_cdf, normal_quantile};

/// By which normal approximation a test of two proportions is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProportionPlan {
    /// On the scale `2·asin√p`, where both variances are 1/n.
    Arcsine,
    /// The z test with the pooled variance; as R's `power.prop.test`.
    Pooled,
    /// The z test with the variances of either side.
    Unpooled,
}

impl ProportionPlan {
    /// Effect, and standard deviations of one observation a side without and with the effect.
    fn parts(self, p1: f64, p2: f64) -> Result<(f64, f64, f64), TestError> {
        let h = cohens_h(p1, p2)?; // Checks the shares.
        let apart = (p1 * (1.0 - p1) + p2 * (1.0 - p2)).sqrt();
        let mean = f64::midpoint(p1, p2);
        Ok(match self {
            Self::Arcsine => (h.abs(), std::f64::consts::SQRT_2, std::f64::consts::SQRT_2),
            Self::Pooled => ((p2 - p1).abs(), (2.0 * mean * (1.0 - mean)).sqrt(), apart),
            Self::Unpooled => ((p2 - p1).abs(), apart, apart),
        })
    }
}

/// Power of the two-sided test of two proportions with `n` trials a side.
///
/// ```text
/// Φ((|e|√n − z·s₀)/s₁) + Φ((−|e|√n − z·s₀)/s₁)      z = z_{1−α/2}
/// arcsine   e = h                s₀ = s₁ = √2
/// pooled    e = p₂ − p₁          s₀ = √(2p̄(1−p̄))       s₁ = √(p₁(1−p₁) + p₂(1−p₂))
/// unpooled  e = p₂ − p₁          s₀ = s₁ = √(p₁(1−p₁) + p₂(1−p₂))
/// ```
/// Asymptotic. Shares of 0 against 1 have no variance: the power is then 1 under `Unpooled`.
///
/// # Errors
/// A share outside [0, 1], equal shares at which nothing varies, `alpha` outside (0, 1), `n`
/// that is not positive.
///
/// # Source
/// Fleiss, Levin & Paik (2003), *Statistical Methods for Rates and Proportions*, §4; arcsine:
/// Cohen (1988), §6.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{ProportionPlan, two_proportion_power};
///
/// let power = two_proportion_power(0.5, 0.75, 50.0, 0.05, ProportionPlan::Pooled)?;
/// assert!((power - 0.7402).abs() < 5e-4);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn two_proportion_power(
    p1: f64,
    p2: f64,
    n: f64,
    alpha: f64,
    plan: ProportionPlan,
) -> Result<f64, TestError> {
    crate::power_t::check_probability("alpha", alpha)?;
    if n.is_nan() || n <= 0.0 {
        return Err(TestError::TooFew { need: 1, got: 0 });
    }
    let (effect, s0, s1) = plan.parts(p1, p2)?;
    if effect == 0.0 && s1 == 0.0 {
        return Err(TestError::NoSpread);
    }
    Ok(power(effect * n.sqrt(), s0, s1, alpha))
}

/// Trials a side with which the two-sided test tells `p1` from `p2` with probability `target`.
///
/// ```text
/// arcsine   the n whose power (both tails) is `target`
/// pooled    ((z_{1−α/2}·√(2p̄(1−p̄)) + z_target·√(p₁(1−p₁) + p₂(1−p₂))) / (p₂ − p₁))²
/// unpooled  (z_{1−α/2} + z_target)²·(p₁(1−p₁) + p₂(1−p₂)) / (p₂ − p₁)²
/// ```
/// The pooled and the unpooled form neglect the wrong tail, as R's `power.prop.test` does.
/// Not rounded.
///
/// # Errors
/// A share outside [0, 1], equal shares, `alpha` or `target` outside (0, 1), `target` not above
/// `alpha`.
///
/// # Source
/// As [`two_proportion_power`].
///
/// # Example
/// ```
/// use tailproof_hypothesis::{ProportionPlan, two_proportion_sample_size};
///
/// let n = two_proportion_sample_size(0.5, 0.75, 0.05, 0.9, ProportionPlan::Pooled)?;
/// assert!((n - 76.707).abs() < 1e-3);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn two_proportion_sample_size(
    p1: f64,
    p2: f64,
    alpha: f64,
    target: f64,
    plan: ProportionPlan,
) -> Result<f64, TestError> {
    check_power(alpha, target)?;
    let (effect, s0, s1) = plan.parts(p1, p2)?;
    if effect == 0.0 {
        return Err(TestError::Parameter { name: "difference", must: "not zero", got: 0.0 });
    }
    let root = (-normal_quantile(alpha / 2.0) * s0 + normal_quantile(target) * s1) / effect;
    if plan != ProportionPlan::Arcsine {
        return Ok(root.max(0.0).powi(2));
    }
    // With both tails the power at 0 is alpha; it rises with √n, and `root` has too much.
    let (mut lo, mut hi) = (0.0, root.max(1.0 / effect));
    while power(effect * hi, s0, s1, alpha) < target {
        hi *= 2.0;
    }
    for _ in 0..200 {
        let mid = f64::midpoint(lo, hi);
        if mid <= lo || mid >= hi {
            break;
        }
        if power(effect * mid, s0, s1, alpha) < target { lo = mid } else { hi = mid }
    }
    Ok(hi * hi)
}

fn power(shift: f64, s0: f64, s1: f64, alpha: f64) -> f64 {
    let limit = -normal_quantile(alpha / 2.0) * s0;
    if s1 == 0.0 {
        return f64::from(u8::from(shift > limit));
    }
    (normal_cdf((shift - limit) / s1) + normal_cdf((-shift - limit) / s1)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANS: [ProportionPlan; 3] =
        [ProportionPlan::Arcsine, ProportionPlan::Pooled, ProportionPlan::Unpooled];

    #[test]
    fn size_and_power_are_inverse() {
        for plan in PLANS {
            for (p1, p2) in [(0.1, 0.13), (0.99, 0.995), (0.7, 0.5)] {
                let n = two_proportion_sample_size(p1, p2, 0.05, 0.9, plan).unwrap();
                let power = two_proportion_power(p1, p2, n, 0.05, plan).unwrap();
                assert!((power - 0.9).abs() < 1e-6, "{plan:?} {p1} {p2}: {power}");
            }
        }
    }

    #[test]
    fn equal_shares_have_power_alpha_and_no_size() {
        for plan in PLANS {
            let power = two_proportion_power(0.3, 0.3, 100.0, 0.05, plan).unwrap();
            assert!((power - 0.05).abs() < 1e-12, "{plan:?}");
            assert!(two_proportion_sample_size(0.3, 0.3, 0.05, 0.8, plan).is_err());
            assert!(two_proportion_sample_size(0.3, 1.1, 0.05, 0.8, plan).is_err());
        }
        let certain = two_proportion_power(0.0, 1.0, 3.0, 0.05, ProportionPlan::Unpooled);
        assert_eq!(certain, Ok(1.0));
        assert!(two_proportion_power(0.0, 0.0, 3.0, 0.05, ProportionPlan::Pooled).is_err());
    }
}
