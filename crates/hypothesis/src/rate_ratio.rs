use tailproof_core::Level;

use crate::proportion::{Proportion, two_sided_z};

/// How far the ratio of two shares, `p₂/p₁`, lies above `ratio`, in standard errors of the
/// score test of that ratio.
///
/// ```text
/// z = (p₂ − ρp₁)/√(N/(N−1)·(p̃₂(1−p̃₂)/n₂ + ρ²p̃₁(1−p̃₁)/n₁))      N = n₁ + n₂
/// ```
/// p̃₁ and p̃₂ = ρp̃₁ are the most likely shares with that ratio; p̃₁ is the smaller root x of
/// ```text
/// Nρ·x² − (n₂ρ + k₂ + n₁ + k₁ρ)·x + (k₁ + k₂) = 0
/// ```
/// 0 where the shares have that ratio exactly, infinite where no error is left.
///
/// # Source
/// Miettinen & Nurminen (1985), *Statistics in Medicine* 4(2), 213–226; without the factor
/// N/(N−1): Koopman (1984), *Biometrics* 40(2), 513–517.
#[must_use]
pub fn ratio_score_z(first: Proportion, second: Proportion, ratio: f64) -> f64 {
    let (k1, n1) = (first.successes() as f64, first.trials() as f64);
    let (k2, n2) = (second.successes() as f64, second.trials() as f64);
    let total = n1 + n2;
    let distance = k2 / n2 - ratio * (k1 / n1);
    let (a, b, c) = (total * ratio, n2 * ratio + k2 + n1 + k1 * ratio, k1 + k2);
    // The smaller root without cancellation; b² ≥ 4ac because both shares are at most 1.
    let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
    let p1 = (2.0 * c / (b + root)).clamp(0.0, 1.0);
    let p2 = (ratio * p1).clamp(0.0, 1.0);
    let variance = p2 * (1.0 - p2) / n2 + ratio * ratio * p1 * (1.0 - p1) / n1;
    let error = (variance * (total / (total - 1.0))).sqrt();
    if distance == 0.0 { 0.0 } else { distance / error }
}

/// Miettinen and Nurminen's score interval of the ratio of two shares, `p₂/p₁`: the ratios that
/// a score test keeps ([`ratio_score_z`]).
///
/// From 0 when the second has no success; infinite above when the first has none. Asymptotic,
/// near its level also for shares near 0 and 1 and without any correction for empty cells.
///
/// # Source
/// Miettinen & Nurminen (1985), *Statistics in Medicine* 4(2), 213–226.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::{Proportion, ratio_score};
///
/// // statsmodels: confint_proportions_2indep(36, 40, 16, 80, method="score", compare="ratio")
/// let (lo, hi) = ratio_score(Proportion::new(16, 80)?, Proportion::new(36, 40)?, Level::P95);
/// assert!((lo - 2.934_646_459).abs() < 1e-8 && (hi - 7.166_298_299).abs() < 1e-8);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[must_use]
pub fn ratio_score(first: Proportion, second: Proportion, level: Level) -> (f64, f64) {
    let z = two_sided_z(level);
    let kept = |ratio: f64| ratio_score_z(first, second, ratio).abs() <= z;
    let estimate = second.share() / first.share();
    let lo = if second.successes() == 0 {
        0.0
    } else {
        // Down from the estimate, or from a ratio kept for sure when the first has no success.
        let total = first.trials() as f64 + second.trials() as f64;
        let start = if estimate.is_finite() { estimate } else { 1e3 * total * total };
        edge(start, 0.5, kept)
    };
    let hi = if first.successes() == 0 {
        f64::INFINITY
    } else if second.successes() == 0 {
        let scale = 1.0 / (second.trials() as f64 * first.share());
        edge(scale * f64::EPSILON, 2.0, kept)
    } else {
        edge(estimate, 2.0, kept)
    };
    (lo, hi)
}

/// The last ratio kept, going away from a kept one by factors and then by halves.
fn edge(start: f64, factor: f64, kept: impl Fn(f64) -> bool) -> f64 {
    let (mut inside, mut out) = (start, start * factor);
    while out > 0.0 && out.is_finite() && kept(out) {
        (inside, out) = (out, out * factor);
    }
    for _ in 0..100 {
        let mid = f64::midpoint(inside, out);
        if mid == inside || mid == out || !mid.is_finite() {
            break;
        }
        if kept(mid) { inside = mid } else { out = mid }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(k: u64, n: u64) -> Proportion {
        Proportion::new(k, n).unwrap()
    }

    #[test]
    fn the_ends_are_where_the_score_is_z() {
        for (a, b) in
            [(of(10, 100), of(20, 100)), (of(999, 1_000), of(950, 1_000)), (of(1, 9), of(9, 9))]
        {
            let (lo, hi) = ratio_score(a, b, Level::P95);
            for end in [lo, hi] {
                assert!((ratio_score_z(a, b, end).abs() - 1.959_963_984_54).abs() < 1e-6, "{end}");
            }
            let estimate = b.share() / a.share();
            assert!(lo < estimate && estimate < hi);
            // The other way round, the interval is turned over.
            let (l, h) = ratio_score(b, a, Level::P95);
            assert!((l * hi - 1.0).abs() < 1e-9 && (h * lo - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn empty_cells_have_intervals() {
        let (lo, hi) = ratio_score(of(10, 100), of(0, 100), Level::P95);
        assert!(lo == 0.0 && hi > 0.1 && hi < 1.0, "{lo} {hi}");
        let (lo, hi) = ratio_score(of(0, 100), of(10, 100), Level::P95);
        assert!(lo > 1.0 && hi == f64::INFINITY, "{lo} {hi}");
        // Everything succeeded on both sides: 1 is kept, much less is not.
        let (lo, hi) = ratio_score(of(50, 50), of(50, 50), Level::P95);
        assert!(lo > 0.8 && lo < 1.0 && hi > 1.0 && hi < 1.2, "{lo} {hi}");
    }
}
