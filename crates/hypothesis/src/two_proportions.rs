use tailproof_core::Level;

use crate::error::TestError;
use crate::p_values::PValues;
use crate::proportion::{Proportion, two_sided_z};
use tailproof_core::distributions::normal_cdf;

/// Outcome of the z test of two proportions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoProportions {
    /// `p₂ − p₁`.
    pub difference: f64,
    /// The difference in its standard errors under equality.
    pub z: f64,
    /// `less`: the first share is smaller.
    pub p: PValues,
}

/// The z test of two proportions with the pooled variance.
///
/// ```text
/// z = (p₂ − p₁) / √(p(1−p)(1/n₁ + 1/n₂))      p = (k₁ + k₂)/(n₁ + n₂)
/// ```
/// `z²` is the χ² of the 2×2 table without correction. Asymptotic: with an expected count
/// below 5 use [`fisher_exact`](crate::fisher_exact). The difference is formed in whole
/// numbers, so that near-equal shares keep their digits.
///
/// # Errors
/// No success, or no failure, in both: [`TestError::NoSpread`].
///
/// # Source
/// Fleiss, Levin & Paik (2003), *Statistical Methods for Rates and Proportions*, §3.1.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Proportion, two_proportions_z};
///
/// let test = two_proportions_z(Proportion::new(15, 100)?, Proportion::new(25, 100)?)?;
/// assert!((test.z - 1.767_766_952_966_369).abs() < 1e-12);
/// assert!(test.p.less < 0.05); // The first share is smaller.
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn two_proportions_z(
    first: Proportion,
    second: Proportion,
) -> Result<TwoProportions, TestError> {
    let good = first.successes() as f64 + second.successes() as f64;
    let bad = first.failures() as f64 + second.failures() as f64;
    if good == 0.0 || bad == 0.0 {
        return Err(TestError::NoSpread);
    }
    let difference = difference(first, second);
    let (n1, n2) = (first.trials() as f64, second.trials() as f64);
    let share = good / (n1 + n2);
    let z = difference / (share * (bad / (n1 + n2)) * (1.0 / n1 + 1.0 / n2)).sqrt();
    let p = PValues {
        two_sided: (2.0 * normal_cdf(-z.abs())).min(1.0),
        less: normal_cdf(-z),
        greater: normal_cdf(z),
    };
    Ok(TwoProportions { difference, z, p })
}

/// Newcombe's hybrid score interval of `p₂ − p₁`, from Wilson's intervals `(lᵢ, uᵢ)`.
///
/// ```text
/// d − √((p₂ − l₂)² + (u₁ − p₁)²)   to   d + √((u₂ − p₂)² + (p₁ − l₁)²)
/// ```
/// Inside [−1, 1], and no point when both shares are 0 or 1: the default for a change of a rate.
///
/// # Source
/// Newcombe (1998), *Statistics in Medicine* 17(8), 873–890, method 10.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::{Proportion, difference_newcombe};
///
/// let (lo, hi) =
///     difference_newcombe(Proportion::new(48, 80)?, Proportion::new(56, 70)?, Level::P95);
/// assert!((lo - 0.0524).abs() < 5e-5 && (hi - 0.3339).abs() < 5e-5);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[must_use]
pub fn difference_newcombe(first: Proportion, second: Proportion, level: Level) -> (f64, f64) {
    let d = difference(first, second);
    let (p1, p2) = (first.share(), second.share());
    let ((l1, u1), (l2, u2)) = (first.wilson(level), second.wilson(level));
    ((d - (p2 - l2).hypot(u1 - p1)).max(-1.0), (d + (u2 - p2).hypot(p1 - l1)).min(1.0))
}

/// Agresti and Caffo's interval of `p₂ − p₁`: Wald's after adding one success and one failure
/// to each side.
///
/// ```text
/// p̃ᵢ = (kᵢ + 1)/(nᵢ + 2)      p̃₂ − p̃₁ ± z√(Σ p̃ᵢ(1−p̃ᵢ)/(nᵢ + 2))
/// ```
/// Not clipped to [−1, 1].
///
/// # Source
/// Agresti & Caffo (2000), *The American Statistician* 54(4), 280–288.
#[must_use]
pub fn difference_agresti_caffo(first: Proportion, second: Proportion, level: Level) -> (f64, f64) {
    let padded = |p: Proportion| {
        let n = p.trials() as f64 + 2.0;
        ((p.successes() as f64 + 1.0) / n, n)
    };
    let ((p1, n1), (p2, n2)) = (padded(first), padded(second));
    around(p2 - p1, (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2).sqrt(), level)
}

/// Wald's interval `p₂ − p₁ ± z√(Σ pᵢ(1−pᵢ)/nᵢ)`, not clipped.
///
/// A point when both shares are 0 or 1: for comparison with texts, not for decisions.
///
/// # Source
/// Newcombe (1998), *Statistics in Medicine* 17(8), 873–890, method 1.
#[must_use]
pub fn difference_wald(first: Proportion, second: Proportion, level: Level) -> (f64, f64) {
    let variance = |p: Proportion| p.share() * (1.0 - p.share()) / p.trials() as f64;
    around(difference(first, second), (variance(first) + variance(second)).sqrt(), level)
}

/// Miettinen and Nurminen's score interval of `p₂ − p₁`: the differences δ that a score test
/// keeps.
///
/// ```text
/// (d − δ)² ≤ z² · N/(N−1) · (p̃₁(1−p̃₁)/n₁ + p̃₂(1−p̃₂)/n₂)
/// ```
/// p̃₁ and p̃₂ = p̃₁ + δ are the most likely shares with that difference, found as the root of
/// the derivative of the log-likelihood, which falls in p̃₁. Inside [−1, 1].
///
/// # Source
/// Miettinen & Nurminen (1985), *Statistics in Medicine* 4(2), 213–226.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::{Proportion, difference_score};
///
/// // Newcombe (1998), table II.
/// let (lo, hi) = difference_score(Proportion::new(3, 10)?, Proportion::new(9, 10)?, Level::P95);
/// assert!((lo - 0.1700).abs() < 5e-5 && (hi - 0.8406).abs() < 5.1e-5);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[must_use]
pub fn difference_score(first: Proportion, second: Proportion, level: Level) -> (f64, f64) {
    let d = difference(first, second);
    let z = two_sided_z(level);
    let total = first.trials() as f64 + second.trials() as f64;
    let factor = z * z * (total / (total - 1.0));
    let kept = |delta: f64| (d - delta).powi(2) <= factor * null_variance(first, second, delta);
    let end = |outermost: f64| {
        if kept(outermost) {
            return outermost;
        }
        let (mut out, mut inside) = (outermost, d);
        for _ in 0..100 {
            let mid = f64::midpoint(out, inside);
            if mid == out || mid == inside {
                break;
            }
            if kept(mid) { inside = mid } else { out = mid }
        }
        inside
    };
    (end(-1.0), end(1.0))
}

/// Variance of `p₂ − p₁` at the most likely shares with `p₂ − p₁ = delta`.
fn null_variance(first: Proportion, second: Proportion, delta: f64) -> f64 {
    let part = |count: u64, share: f64| match (count, share > 0.0) {
        (0, _) => 0.0,
        (_, true) => count as f64 / share,
        (_, false) => f64::INFINITY,
    };
    let slope = |p: f64| {
        let q = p + delta;
        part(first.successes(), p) + part(second.successes(), q)
            - part(first.failures(), 1.0 - p)
            - part(second.failures(), 1.0 - q)
    };
    let (mut lo, mut hi) = ((-delta).max(0.0), (1.0 - delta).min(1.0));
    for _ in 0..200 {
        let mid = f64::midpoint(lo, hi);
        if mid <= lo || mid >= hi {
            break;
        }
        if slope(mid) > 0.0 { lo = mid } else { hi = mid }
    }
    let p = f64::midpoint(lo, hi);
    let q = (p + delta).clamp(0.0, 1.0);
    p * (1.0 - p) / first.trials() as f64 + q * (1.0 - q) / second.trials() as f64
}

/// `p₂ − p₁` over the common denominator, without cancellation.
pub(crate) fn difference(first: Proportion, second: Proportion) -> f64 {
    let cross = |a: u64, b: u64| i128::from(a) * i128::from(b);
    let top = cross(second.successes(), first.trials()) - cross(first.successes(), second.trials());
    top as f64 / (first.trials() as f64 * second.trials() as f64)
}

fn around(centre: f64, error: f64, level: Level) -> (f64, f64) {
    let half = two_sided_z(level) * error;
    (centre - half, centre + half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(k: u64, n: u64) -> Proportion {
        Proportion::new(k, n).unwrap()
    }

    #[test]
    fn score_intervals_of_newcombes_table() {
        // Newcombe (1998), Statistics in Medicine 17, 873–890, table II, method 6.
        for (first, second, lo, hi) in [
            (of(48, 80), of(56, 70), 0.0528, 0.3382),
            (of(2, 7), of(6, 7), 0.0342, 0.8534),
            (of(0, 29), of(5, 56), -0.0326, 0.1933),
        ] {
            let got = difference_score(first, second, Level::P95);
            assert!((got.0 - lo).abs() < 6e-5 && (got.1 - hi).abs() < 6e-5, "{got:?}");
        }
    }

    #[test]
    fn no_success_in_both_is_no_evidence_but_an_interval() {
        assert_eq!(two_proportions_z(of(0, 9), of(0, 17)), Err(TestError::NoSpread));
        assert_eq!(two_proportions_z(of(9, 9), of(7, 7)), Err(TestError::NoSpread));
        assert_eq!(difference_wald(of(0, 9), of(0, 17), Level::P95), (0.0, 0.0));
        let (lo, hi) = difference_score(of(0, 10), of(0, 20), Level::P95);
        assert!(lo < -0.2 && hi > 0.1, "{lo} {hi}");
        let (lo, hi) = difference_newcombe(of(0, 10), of(10, 10), Level::P95);
        assert!(lo > 0.5 && hi == 1.0, "{lo} {hi}");
    }

    #[test]
    fn the_score_interval_at_zero_is_the_pooled_test() {
        // δ = 0 is kept exactly when z²·(N−1)/N ≤ z²_{0.975}: the null variance is the pooled one.
        let (a, b) = (of(54, 119), of(60, 121));
        let pooled = 114.0 / 240.0 * (126.0 / 240.0) * (1.0 / 119.0 + 1.0 / 121.0);
        assert!((null_variance(a, b, 0.0) / pooled - 1.0).abs() < 1e-12);
    }
}
