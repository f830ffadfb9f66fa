use tailproof_core::distributions::normal_quantile;

use crate::error::TestError;
use crate::power_t::{Tail, check_power, check_probability, power as noncentral_power};

/// More observations a side than this are not planned for.
pub(crate) const MOST: f64 = 1e9;
/// Changes beyond this are no change of a mean but another quantity.
const LARGEST: f64 = 1e6;

/// Power of the two-sided Welch test, `n` observations a side, when the mean changes by the
/// share `change` and the spread with it.
///
/// ```text
/// P(T > t) + P(T < −t)      T noncentral t, t = quantile 1 − α/2 of Student's t
/// λ = c√n / (v·√(1 + k²))   df = (n−1)(1 + k²)²/(1 + k⁴)      k = 1 + c
/// ```
/// `change` is c, 0.05 for 5 % more; `cv` is v, standard deviation over mean, the same on both
/// sides (what becomes slower by a factor varies more by that factor). Assumes normal data, or
/// n large enough for normal means. For runs, n counts runs and `cv` is [`run_cv`].
///
/// # Errors
/// `change` not above −1 or not finite, `cv` not positive, `n` below 2, `alpha` outside (0, 1).
///
/// # Source
/// Welch (1947), *Biometrika* 34(1–2), 28–35; van Belle (2008), *Statistical Rules of Thumb*,
/// §2.5, for plans by coefficient of variation.
pub fn mean_change_power(change: f64, cv: f64, n: f64, alpha: f64) -> Result<f64, TestError> {
    check_change(change)?;
    check_noise("cv", cv)?;
    check_probability("alpha", alpha)?;
    if n.is_nan() || n < 2.0 {
        return Err(TestError::TooFew { need: 2, got: n as usize });
    }
    let square = (1.0 + change).powi(2);
    let total = 1.0 + square;
    let lambda = change * n.sqrt() / (cv * total.sqrt());
    let df = (n - 1.0) * total * total / (1.0 + square * square);
    Ok(noncentral_power(df, lambda, alpha, Tail::TwoSided))
}

/// Observations a side with which the two-sided Welch test finds a change of the mean by the
/// share `change` with probability `power`; not rounded, at least 2.
///
/// The n at which [`mean_change_power`] equals `power`, by bisection to a relative 10⁻¹².
///
/// # Errors
/// As [`mean_change_power`]; `power` not between `alpha` and 1; no change, or one that 10⁹
/// observations would not show.
///
/// # Source
/// As [`mean_change_power`].
///
/// # Example
/// ```
/// use tailproof_hypothesis::mean_change_sample_size;
///
/// // Latencies that vary by 20 % of their mean show a change of 5 % in 266 a side.
/// let n = mean_change_sample_size(0.05, 0.2, 0.05, 0.8)?;
/// assert_eq!(n.ceil(), 266.0);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn mean_change_sample_size(
    change: f64,
    cv: f64,
    alpha: f64,
    power: f64,
) -> Result<f64, TestError> {
    check_power(alpha, power)?;
    let enough = |n: f64| mean_change_power(change, cv, n, alpha).map(|p| p >= power);
    let mut hi = 2.0;
    if enough(hi)? {
        return Ok(hi);
    }
    while !enough(hi)? {
        hi *= 2.0;
        if hi > MOST {
            let must = "one that 10⁹ observations show";
            return Err(TestError::Parameter { name: "change", must, got: change });
        }
    }
    let mut lo = hi / 2.0;
    while hi - lo > 1e-12 * hi {
        let mid = f64::midpoint(lo, hi);
        if enough(mid)? { hi = mid } else { lo = mid }
    }
    Ok(hi)
}

/// The increase of the mean, as a share of it, that the two-sided Welch test finds with
/// probability `power` in `n` observations a side.
///
/// The c at which [`mean_change_power`] equals `power`, by bisection to a relative 10⁻¹².
///
/// # Errors
/// As [`mean_change_power`]; `power` not between `alpha` and 1; so much noise and so few
/// observations that no increase is found.
///
/// # Source
/// As [`mean_change_power`].
pub fn mean_change_detectable(n: f64, cv: f64, alpha: f64, power: f64) -> Result<f64, TestError> {
    check_power(alpha, power)?;
    let enough = |c: f64| mean_change_power(c, cv, n, alpha).map(|p| p >= power);
    let (mut lo, mut hi) = (0.0, 1e-3);
    while !enough(hi)? {
        (lo, hi) = (hi, 2.0 * hi);
        if hi > LARGEST {
            let must = "one that some increase reaches with so few observations";
            return Err(TestError::Parameter { name: "power", must, got: power });
        }
    }
    while hi - lo > 1e-12 * hi {
        let mid = f64::midpoint(lo, hi);
        if enough(mid)? { hi = mid } else { lo = mid }
    }
    Ok(hi)
}

/// Coefficient of variation of the mean of a run: what varies between runs, and what is left
/// of the variation within one.
///
/// ```text
/// √(v_b² + v_w²/m)      m observations a run
/// ```
/// `between` is v_b, the spread of true run means over the mean; `within` is v_w, that of
/// observations of one run. More observations a run never bring it below `between`.
///
/// # Errors
/// A negative or infinite coefficient, or both 0; `observations` that are not positive.
///
/// # Source
/// Kalibera & Jones (2013), *Rigorous Benchmarking in Reasonable Time*, ISMM '13, §6.
pub fn run_cv(between: f64, within: f64, observations: f64) -> Result<f64, TestError> {
    for (name, got) in [("between", between), ("within", within)] {
        if !(got >= 0.0 && got.is_finite()) {
            return Err(TestError::Parameter { name, must: "finite and not negative", got });
        }
    }
    if observations.is_nan() || observations <= 0.0 {
        let (name, must) = ("observations", "positive");
        return Err(TestError::Parameter { name, must, got: observations });
    }
    let cv = between.hypot(within / observations.sqrt());
    if cv > 0.0 { Ok(cv) } else { Err(TestError::NoSpread) }
}

/// The probability above ½ with which a draw of one sample must exceed one of the other for
/// the two-sided Mann–Whitney test to find it with probability `power`, `n` a side.
///
/// ```text
/// P = ½ + (z_{1−α/2} + z_power)/√(6n)
/// ```
/// The inverse of [`crate::mann_whitney_sample_size`] at equal sizes.
///
/// # Errors
/// `alpha` or `power` outside (0, 1), `power` not above `alpha`; so few observations that P
/// would have to be 1 or more.
///
/// # Source
/// Noether (1987), *Journal of the American Statistical Association* 82(398), 645–647.
pub fn mann_whitney_detectable(n: f64, alpha: f64, power: f64) -> Result<f64, TestError> {
    let gap = z(1.0, alpha, power)? / (6.0 * n).sqrt();
    if gap < 0.5 {
        return Ok(0.5 + gap);
    }
    let need = (4.0 * z(1.0, alpha, power)?.powi(2) / 6.0).floor() as usize + 1;
    Err(TestError::TooFew { need, got: n as usize })
}

/// `z_{1−α/2} + z_power`.
pub(crate) fn z(noise: f64, alpha: f64, power: f64) -> Result<f64, TestError> {
    check_noise("noise", noise)?;
    check_power(alpha, power)?;
    Ok(normal_quantile(power) - normal_quantile(alpha / 2.0))
}

pub(crate) fn check_change(got: f64) -> Result<(), TestError> {
    if got > -1.0 && got.is_finite() && got != 0.0 {
        return Ok(());
    }
    Err(TestError::Parameter { name: "change", must: "above -100 % and not zero", got })
}

pub(crate) fn check_noise(name: &'static str, got: f64) -> Result<(), TestError> {
    if got > 0.0 && got.is_finite() {
        return Ok(());
    }
    Err(TestError::Parameter { name, must: "positive and finite", got })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        log_normal_change, log_normal_noise, log_normal_superiority, quantile_change_detectable,
        quantile_change_sample_size,
    };
    use tailproof_core::Rank;

    /// `scipy.stats.nct.sf(t.isf(α/2, df), df, λ)` and `norm`, SciPy 1.17.1.
    #[test]
    fn plans_agree_with_scipy() {
        let near = |got: Result<f64, TestError>, want: f64| {
            let got = got.unwrap();
            assert!((got / want - 1.0).abs() < 1e-7, "{got} {want}");
        };
        for (change, cv, n, alpha, want) in [
            (0.05, 0.2, 265.0, 0.05, 0.799_997_404_924_581_9),
            (0.1, 0.3, 20.0, 0.05, 0.164_552_614_731_689_58),
            (-0.1, 0.1, 10.0, 0.01, 0.329_514_387_098_621_37),
            (0.5, 0.05, 2.0, 0.05, 0.897_312_014_468_329_3),
        ] {
            near(mean_change_power(change, cv, n, alpha), want);
        }
        near(mean_change_sample_size(0.05, 0.2, 0.05, 0.9), 354.434_997_100_672_6);
        near(mean_change_sample_size(0.05, 0.03, 0.05, 0.8), 7.046_450_544_095_905);
        near(mean_change_detectable(500.0, 0.2, 0.05, 0.8), 0.036_117_971_624_391_385);
        near(mean_change_detectable(10.0, 0.03, 0.05, 0.9), 0.047_113_009_613_572_204);
        near(log_normal_noise(0.2, Rank::P95), 0.418_500_304_604_849_77);
        near(log_normal_noise(0.2, Rank::P99), 0.739_338_323_898_679_2);
        let noise = log_normal_noise(0.2, Rank::P99).unwrap();
        near(quantile_change_sample_size(0.05, noise, Rank::P99, 0.05, 0.8), 3_604.620_502_837_66);
        let noise = log_normal_noise(0.2, Rank::P95).unwrap();
        near(
            quantile_change_detectable(500.0, noise, Rank::P95, 0.05, 0.9),
            0.089_585_503_431_202_89,
        );
        near(log_normal_superiority(0.05, 0.2), 0.569_147_652_091_328_9);
    }

    #[test]
    fn size_and_detectable_change_are_inverse() {
        for (change, cv, alpha, power) in
            [(0.05, 0.2, 0.05, 0.8), (0.01, 1.5, 0.001, 0.9), (0.3, 0.1, 0.05, 0.95)]
        {
            let n = mean_change_sample_size(change, cv, alpha, power).unwrap();
            let found = mean_change_detectable(n, cv, alpha, power).unwrap();
            assert!((found / change - 1.0).abs() < 1e-6, "{n} {found}");
            for p in [Rank::MEDIAN, Rank::P99] {
                let noise = log_normal_noise(cv, p).unwrap();
                let n = quantile_change_sample_size(change, noise, p, alpha, power).unwrap();
                let found = quantile_change_detectable(n, noise, p, alpha, power).unwrap();
                // At the least n that a percentile needs, less than the change shows.
                assert!(found <= change * (1.0 + 1e-9), "{p} {n} {found}");
                assert!(n <= 1_000.0 || (found / change - 1.0).abs() < 1e-9, "{p} {n} {found}");
            }
            let p = log_normal_superiority(change, cv).unwrap();
            assert!((log_normal_change(p, cv).unwrap() / change - 1.0).abs() < 1e-9);
            let n = crate::mann_whitney_sample_size(p, alpha, power, 1.0).unwrap().n1;
            // Fewer than this cannot show even complete separation in the approximation.
            if let Ok(found) = mann_whitney_detectable(n, alpha, power) {
                assert!((found - p).abs() < 1e-9, "{found} {p}");
            }
        }
    }

    #[test]
    fn power_rises_with_n_and_is_alpha_without_an_effect() {
        let at = |n| mean_change_power(0.05, 0.2, n, 0.05).unwrap();
        assert!(at(50.0) < at(100.0) && at(100.0) < at(400.0));
        let tiny = mean_change_power(1e-12, 0.2, 30.0, 0.05).unwrap();
        assert!((tiny - 0.05).abs() < 1e-9, "{tiny}");
    }

    #[test]
    fn more_observations_a_run_do_not_replace_runs() {
        assert!((run_cv(0.03, 0.2, 100.0).unwrap() - 0.0013_f64.sqrt()).abs() < 1e-15);
        assert!((run_cv(0.03, 0.2, 1e18).unwrap() - 0.03).abs() < 1e-12);
        assert_eq!(run_cv(0.03, 0.0, 1.0), Ok(0.03));
        assert_eq!(run_cv(0.0, 0.0, 1.0), Err(TestError::NoSpread));
        assert!(run_cv(0.03, f64::NAN, 1.0).is_err() && run_cv(0.03, 0.2, 0.0).is_err());
    }

    #[test]
    fn impossible_plans_are_refused() {
        for change in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(mean_change_sample_size(change, 0.2, 0.05, 0.8).is_err(), "{change}");
            assert!(quantile_change_sample_size(change, 0.2, Rank::P95, 0.05, 0.8).is_err());
        }
        assert!(mean_change_sample_size(0.05, 0.0, 0.05, 0.8).is_err());
        assert!(mean_change_sample_size(0.05, 0.2, 0.05, 0.05).is_err());
        assert!(mean_change_sample_size(1e-9, 0.2, 0.05, 0.8).is_err());
        assert!(mean_change_detectable(2.0, 5.0, 0.001, 0.9).is_err());
        let few = quantile_change_detectable(999.0, 0.5, Rank::P99, 0.05, 0.8);
        assert_eq!(few, Err(TestError::TooFew { need: 1_000, got: 999 }));
        let one = Rank::from_f64(1.0).unwrap();
        assert!(log_normal_noise(0.2, one).is_err());
        assert!(mann_whitney_detectable(5.0, 0.05, 0.8).is_err());
        assert!(mann_whitney_detectable(6.0, 0.05, 0.8).is_ok());
    }
}
