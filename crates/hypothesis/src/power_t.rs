use tailproof_core::binomial::stirling_error;

use crate::error::TestError;
use tailproof_core::distributions::{ln_gamma, normal_cdf, student_quantile};

/// In which direction a planned test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// For a change either way.
    TwoSided,
    /// For a positive effect: the second exceeds the first.
    Upper,
    /// For a negative effect.
    Lower,
}

/// Observations of each side that a test needs, not yet rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleSize {
    /// Of the first sample.
    pub n1: f64,
    /// Of the second.
    pub n2: f64,
}

impl SampleSize {
    /// Whole numbers of observations; 10⁻⁹ too much does not cost one more.
    #[must_use]
    pub fn ceil(self) -> (u64, u64) {
        let up = |n: f64| (n - 1e-9).ceil() as u64;
        (up(self.n1), up(self.n2))
    }
}

/// Power of the two-sample t test with pooled variance.
///
/// ```text
/// P(T > t) + P(T < −t)      T noncentral t, df = n₁ + n₂ − 2, λ = δ√(n₁n₂/(n₁ + n₂))
/// t = quantile 1 − α/2 of Student's t      (one-sided: one term, 1 − α)
/// ```
/// `effect` is δ, the difference of the means in standard deviations, positive when the second
/// exceeds the first. Both tails are counted, the wrong one too; either is integrated by itself
/// with relative precision, and one that underflows is 0. Sizes need not be whole. Assumes
/// normal data of equal variance.
///
/// # Errors
/// Fewer than 3 observations in all (or a side of none), `alpha` outside (0, 1), an effect that
/// is not finite.
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, §2; Johnson, Kotz &
/// Balakrishnan (1995), *Continuous Univariate Distributions* 2, §31.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Tail, t_power};
///
/// assert!((t_power(0.5, 64.0, 64.0, 0.05, Tail::TwoSided)? - 0.8015).abs() < 5e-5);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn t_power(effect: f64, n1: f64, n2: f64, alpha: f64, tail: Tail) -> Result<f64, TestError> {
    check_effect(effect)?;
    check_probability("alpha", alpha)?;
    let (df, root) = two_samples(n1, n2)?;
    Ok(power(df, effect * root, alpha, tail))
}

/// Power of the one-sample t test, and of the paired one on the differences of n pairs.
///
/// As [`t_power`] with `df = n − 1` and `λ = δ√n`; `effect` is the mean in standard deviations.
///
/// # Errors
/// `n` of 1 or less, `alpha` outside (0, 1), an effect that is not finite.
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, §2.3.
pub fn t_one_sample_power(effect: f64, n: f64, alpha: f64, tail: Tail) -> Result<f64, TestError> {
    check_effect(effect)?;
    check_probability("alpha", alpha)?;
    if n.is_nan() || n <= 1.0 {
        return Err(TestError::TooFew { need: 2, got: n as usize });
    }
    Ok(power(n - 1.0, effect * n.sqrt(), alpha, tail))
}

/// Observations with which the two-sample t test finds `effect` with probability `power`;
/// `ratio` is n₂/n₁.
///
/// The n₁ at which [`t_power`] equals `power`, by bisection to a relative 10⁻¹²; at least
/// `1.02·max(1, 2/(1 + ratio))`, where even the smallest design has more power than asked.
///
/// # Errors
/// `alpha` or `power` outside (0, 1), a ratio that is not positive, or an effect that 10¹²
/// observations would not show (0, or one against the direction of `tail`).
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, §2.4.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Tail, t_sample_size};
///
/// let size = t_sample_size(0.5, 0.05, 0.8, 1.0, Tail::TwoSided)?;
/// assert_eq!(size.ceil(), (64, 64));
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn t_sample_size(
    effect: f64,
    alpha: f64,
    power: f64,
    ratio: f64,
    tail: Tail,
) -> Result<SampleSize, TestError> {
    check_probability("power", power)?;
    check_ratio(ratio)?;
    let smallest = 1.02 * (2.0 / (1.0 + ratio)).max(1.0);
    let enough = |n1: f64| t_power(effect, n1, n1 * ratio, alpha, tail).map(|p| p >= power);
    let size = |n1: f64| SampleSize { n1, n2: n1 * ratio };
    let mut hi = smallest;
    while !enough(hi)? {
        hi *= 2.0;
        if hi > 1e12 {
            let must = "one that 10¹² observations show in this direction";
            return Err(TestError::Parameter { name: "effect", must, got: effect });
        }
    }
    if hi == smallest {
        return Ok(size(smallest));
    }
    let mut lo = hi / 2.0;
    while hi - lo > 1e-12 * hi {
        let mid = f64::midpoint(lo, hi);
        if enough(mid)? { hi = mid } else { lo = mid }
    }
    Ok(size(hi))
}

/// The smallest effect, in standard deviations, that the two-sided two-sample t test finds with
/// probability `power`.
///
/// # Errors
/// As [`t_power`]; `power` not between `alpha` and 1.
///
/// # Source
/// Bloom (1995), *Evaluation Review* 19(5), 547–556.
///
/// # Example
/// ```
/// use tailproof_hypothesis::t_minimum_detectable_effect;
///
/// // Sixteen runs a side show an effect of one standard deviation.
/// assert!((t_minimum_detectable_effect(16.0, 16.0, 0.05, 0.8)? - 1.0237).abs() < 5e-5);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn t_minimum_detectable_effect(
    n1: f64,
    n2: f64,
    alpha: f64,
    power: f64,
) -> Result<f64, TestError> {
    check_power(alpha, power)?;
    let (df, root) = two_samples(n1, n2)?;
    let enough = |lambda: f64| self::power(df, lambda, alpha, Tail::TwoSided) >= power;
    let (mut lo, mut hi) = (0.0, 1.0);
    while !enough(hi) {
        lo = hi;
        hi *= 2.0;
        if hi > 1e9 {
            let must = "one that some effect reaches with so few observations";
            return Err(TestError::Parameter { name: "power", must, got: power });
        }
    }
    while hi - lo > 1e-13 * hi {
        let mid = f64::midpoint(lo, hi);
        if enough(mid) { hi = mid } else { lo = mid }
    }
    Ok(hi / root)
}

/// `df` and `√(n₁n₂/(n₁ + n₂))`.
fn two_samples(n1: f64, n2: f64) -> Result<(f64, f64), TestError> {
    let df = n1 + n2 - 2.0;
    if !(n1 > 0.0 && n2 > 0.0 && df > 0.0) {
        return Err(TestError::TooFew { need: 3, got: (n1 + n2) as usize });
    }
    Ok((df, (n1 / (n1 + n2) * n2).sqrt()))
}

/// P(the noncentral t statistic is significant); both tails are counted for a two-sided test.
pub(crate) fn power(df: f64, lambda: f64, alpha: f64, tail: Tail) -> f64 {
    let each = if tail == Tail::TwoSided { alpha / 2.0 } else { alpha };
    let t = -student_quantile(each, df);
    let found = match tail {
        Tail::TwoSided => upper_tail(t, df, lambda) + upper_tail(t, df, -lambda),
        Tail::Upper => upper_tail(t, df, lambda),
        Tail::Lower => upper_tail(t, df, -lambda),
    };
    found.min(1.0)
}

/// `P(T > t)` of the noncentral t distribution, with relative precision however small:
///
/// ```text
/// ∫ Φ(λ − t s) f(s) ds in u = ln s      df·S² ~ χ²_df
/// ```
/// Every term is positive, so nothing cancels (one minus the distribution function would).
fn upper_tail(t: f64, df: f64, lambda: f64) -> f64 {
    let a = df / 2.0;
    // ln f(s)·s at s = e^u is this + df·u − a·(e^{2u} − 1), highest at u = 0.
    let constant = std::f64::consts::LN_2
        + if a > 16.0 {
            0.5 * (a / std::f64::consts::TAU).ln() - stirling_error(a)
        } else {
            a * a.ln() - a - ln_gamma(a)
        };
    // Ends where the density has fallen by e^-50: quadratic near 0, linear far below it. The
    // tail's own factor moves the mass to the left by no more than that.
    let width = (50.0 / df).sqrt();
    let hi = width.min(0.5 * (100.0 / df).ln_1p() + width.min(0.5));
    let lo = -(width + 50.0 / df);
    // Φ rises over 1/λ in u; two points in that length make the trapezoidal rule exact.
    let steps = (2.0 * (hi - lo) * lambda.abs()).clamp(4_000.0, 400_000.0).ceil();
    let h = (hi - lo) / steps;
    let sum: f64 = (0..=steps as u32)
        .map(|i| {
            let u = lo + h * f64::from(i);
            let density = (constant + df * u - a * (2.0 * u).exp_m1()).exp();
            density * normal_cdf(lambda - t * u.exp())
        })
        .sum();
    (sum * h).clamp(0.0, 1.0)
}

pub(crate) fn check_probability(name: &'static str, got: f64) -> Result<(), TestError> {
    if got > 0.0 && got < 1.0 {
        return Ok(());
    }
    Err(TestError::Parameter { name, must: "strictly between 0 and 1", got })
}

pub(crate) fn check_power(alpha: f64, power: f64) -> Result<(), TestError> {
    check_probability("alpha", alpha)?;
    check_probability("power", power)?;
    if power > alpha {
        return Ok(());
    }
    Err(TestError::Parameter { name: "power", must: "above alpha", got: power })
}

pub(crate) fn check_ratio(got: f64) -> Result<(), TestError> {
    if got > 0.0 && got.is_finite() {
        return Ok(());
    }
    Err(TestError::Parameter { name: "ratio", must: "positive and finite", got })
}

fn check_effect(got: f64) -> Result<(), TestError> {
    if got.is_finite() {
        return Ok(());
    }
    Err(TestError::Parameter { name: "effect", must: "finite", got })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_effect_is_found_as_often_as_alpha() {
        for tail in [Tail::TwoSided, Tail::Upper, Tail::Lower] {
            for (n1, n2, alpha) in [(30.0, 30.0, 0.05), (2.0, 2.0, 0.001), (1.0, 2.0, 0.01)] {
                let p = t_power(0.0, n1, n2, alpha, tail).unwrap();
                assert!((p / alpha - 1.0).abs() < 1e-9, "{tail:?} {n1} {n2} {alpha}: {p}");
            }
        }
    }

    #[test]
    fn far_tails_keep_their_digits() {
        // 30-digit integration; 1 − cdf would give 0.
        for (t, df, lambda, want) in [
            (2.0, 5.0, -8.0, 1.282_320_500_517_41e-19),
            (636.6, 1.0, 0.4, 0.000_790_161_611_159_764_7),
            (31.6, 2.0, 60.0, 0.972_648_545_453_901_7),
        ] {
            let got = upper_tail(t, df, lambda);
            assert!((got / want - 1.0).abs() < 1e-11, "{t} {df} {lambda}: {got:e}");
        }
        let wrong_way = t_power(-5.0, 1e4, 1e4, 0.05, Tail::Upper).unwrap();
        assert_eq!(wrong_way, 0.0); // Underflows, and is no NaN.
    }

    #[test]
    fn size_effect_and_power_are_inverse() {
        let size = t_sample_size(0.9, 0.01, 0.9, 2.0, Tail::Upper).unwrap();
        let power = t_power(0.9, size.n1, size.n2, 0.01, Tail::Upper).unwrap();
        assert!((power - 0.9).abs() < 1e-9 && size.n2 == 2.0 * size.n1);
        let effect = t_minimum_detectable_effect(3.0, 4.0, 0.05, 0.8).unwrap();
        let power = t_power(effect, 3.0, 4.0, 0.05, Tail::TwoSided).unwrap();
        assert!((power - 0.8).abs() < 1e-9);
    }

    #[test]
    fn impossible_plans_are_refused() {
        assert!(t_power(0.5, 1.0, 1.0, 0.05, Tail::Upper).is_err());
        assert!(t_power(f64::NAN, 5.0, 5.0, 0.05, Tail::Upper).is_err());
        assert!(t_sample_size(0.0, 0.05, 0.8, 1.0, Tail::TwoSided).is_err());
        assert!(t_sample_size(0.5, 0.05, 0.8, 1.0, Tail::Lower).is_err());
        assert!(t_minimum_detectable_effect(9.0, 9.0, 0.05, 0.05).is_err());
        assert!(t_one_sample_power(0.5, 1.0, 0.05, Tail::Upper).is_err());
    }
}
