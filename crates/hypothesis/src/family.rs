//! What a family of comparisons can show: the level of its intervals, and whether a row can
//! be rejected at all.

use crate::multiplicity::{Correction, harmonic};

/// The α at which the intervals of all rows of a family of `m` are shown, so that interval and
/// verdict cannot disagree.
///
/// ```text
/// bh    max(R, 1)·q/m                      by    the same with q/Σ_{k=1..m} 1/k for q
/// holm  q/max(m − R, 1), also hochberg     none  q      bonferroni  q/m
/// sidak 1 − (1−q)^{1/m}                    holm-sidak  1 − (1−q)^{1/max(m−R, 1)}
/// ```
/// R is the number of rejections at `q`. `hommel` is shown as `holm`: Hommel's test can
/// reject a row whose interval at that level still holds the null value. `q` for `m = 0`.
///
/// # Source
/// Benjamini & Yekutieli (2005), *Journal of the American Statistical Association* 100(469),
/// 71–81.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Correction, fcr_level};
///
/// assert_eq!(fcr_level(Correction::BenjaminiHochberg, 0.05, 20, 4), 0.01);
/// assert_eq!(fcr_level(Correction::Holm, 0.05, 20, 15), 0.01);
/// ```
#[must_use]
pub fn fcr_level(correction: Correction, q: f64, m: usize, rejected: usize) -> f64 {
    if m == 0 {
        return q;
    }
    let all = m as f64;
    let found = rejected.clamp(1, m) as f64;
    let left = m.saturating_sub(rejected).max(1) as f64;
    // 1 − (1 − q)^{1/k} without cancellation.
    let root = |k: f64| -((-q).ln_1p() / k).exp_m1();
    match correction {
        Correction::None => q,
        Correction::Bonferroni => q / all,
        Correction::Holm | Correction::Hochberg | Correction::Hommel => q / left,
        Correction::Sidak => root(all),
        Correction::HolmSidak => root(left),
        Correction::BenjaminiHochberg => found * q / all,
        Correction::BenjaminiYekutieli => found * (q / harmonic(m)) / all,
    }
}

/// The smallest two-sided p of a permutation test of `n1` against `n2` observations.
///
/// ```text
/// min(1, 2/C(n₁+n₂, n₁))      3 v 3: 0.10      5 v 5: 0.0079
/// ```
/// 1 when a side is empty, and for 1 v 1.
///
/// # Example
/// ```
/// use tailproof_hypothesis::smallest_p_permutation;
///
/// assert!((smallest_p_permutation(3, 3) - 0.1).abs() < 1e-15);
/// ```
#[must_use]
pub fn smallest_p_permutation(n1: usize, n2: usize) -> f64 {
    let (few, many) = (n1.min(n2), n1.max(n2));
    let mut p = 2.0;
    for i in 1..=few {
        p *= i as f64 / (many + i) as f64;
        if p == 0.0 {
            break; // Below 10⁻³⁰⁸; millions of observations need no more factors.
        }
    }
    p.min(1.0)
}

/// The smallest two-sided p of a test by the signs of `n` pairs: `2^{1−n}`, at most 1.
#[must_use]
pub fn smallest_p_signed(n: usize) -> f64 {
    (1.0 - n as f64).exp2().min(1.0)
}

/// Whether a row of a family can be rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attainable {
    /// Its smallest p suffices whatever the other rows show.
    Alone,
    /// Only together with others: "not significant alone in a family of m".
    OnlyInFamily,
    /// Too few observations: its smallest p is above what even a family of small p allows.
    Never,
}

/// For each row, by its smallest attainable p, whether the correction can reject it at `q`.
///
/// ```text
/// Never         the adjusted p is above q even when every row reaches its smallest p
/// Alone         it is at most q when every other row shows p = 1
/// OnlyInFamily  otherwise: "not significant alone in a family of m"
/// ```
/// Exact for every correction here, since an adjusted p never falls when a p rises. (The rule
/// `p ≤ q·k/m` with k rows at least as small would call a row impossible that Benjamini and
/// Hochberg's step-up carries along: smallest p-values 0.03 and 0.04 at q = 0.05.) Limits are
/// widened by a relative 10⁻¹² for rounding.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Attainable, Correction, attainable, smallest_p_permutation};
///
/// // Three comparisons of 5 v 5 runs and one of 3 v 3.
/// let smallest = [(5, 5), (5, 5), (5, 5), (3, 3)].map(|(a, b)| smallest_p_permutation(a, b));
/// let rows = attainable(&smallest, 0.05, Correction::BenjaminiHochberg);
/// assert_eq!((rows[0], rows[3]), (Attainable::Alone, Attainable::Never));
/// ```
#[must_use]
pub fn attainable(smallest: &[f64], q: f64, correction: Correction) -> Vec<Attainable> {
    let within = |p: f64| p <= q * (1.0 + 1e-12);
    let best = correction.adjust(smallest);
    // Beside rows that show p = 1 all places are alike: once for each different p.
    let mut alone: Vec<(f64, bool)> = Vec::new();
    let mut others = vec![1.0; smallest.len()];
    smallest
        .iter()
        .zip(best)
        .map(|(&p, best)| {
            let known = alone.iter().find(|(of, _)| *of == p).map(|(_, reached)| *reached);
            let reached = known.unwrap_or_else(|| {
                others[0] = p;
                let reached = within(correction.adjust(&others)[0]);
                alone.push((p, reached));
                reached
            });
            match (reached, within(best)) {
                (true, _) => Attainable::Alone,
                (false, true) => Attainable::OnlyInFamily,
                (false, false) => Attainable::Never,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_observations_bound_the_p() {
        for (n1, n2, want) in [(3, 3, 0.1), (5, 5, 2.0 / 252.0), (1, 4, 0.4), (1, 1, 1.0)] {
            assert!((smallest_p_permutation(n1, n2) - want).abs() < 1e-15, "{n1} {n2}");
        }
        assert_eq!(smallest_p_permutation(0, 7), 1.0);
        assert_eq!(smallest_p_permutation(100_000_000, 100_000_000), 0.0);
        assert_eq!(
            (smallest_p_signed(0), smallest_p_signed(1), smallest_p_signed(5)),
            (1.0, 1.0, 0.0625)
        );
    }

    #[test]
    fn a_family_can_do_what_a_row_alone_cannot() {
        // m = 10, q = 0.05: alone 0.005, with k rows as small 0.005·k.
        let p = smallest_p_permutation(5, 5); // 0.0079
        let bh = |rows: &[f64]| attainable(rows, 0.05, Correction::BenjaminiHochberg);
        assert!(bh(&[p; 10]).iter().all(|&a| a == Attainable::OnlyInFamily));
        let mut rows = [0.1; 10];
        rows[0] = p;
        assert_eq!(bh(&rows)[0], Attainable::Never); // k = 1.
        assert_eq!(bh(&rows)[1], Attainable::Never); // 0.1 > q.
        assert_eq!(bh(&[0.05]), [Attainable::Alone]); // A tie with the limit is within it.
        // 0.03 alone is above 0.05/2, but both are rejected when both reach their smallest.
        assert_eq!(bh(&[0.03, 0.04]), [Attainable::OnlyInFamily; 2]);
        assert_eq!(attainable(&[p; 10], 0.05, Correction::Holm)[0], Attainable::Never);
        assert_eq!(attainable(&[p; 10], 0.05, Correction::None)[0], Attainable::Alone);
        assert!(bh(&[]).is_empty());
    }

    #[test]
    fn levels_at_the_ends() {
        assert_eq!(fcr_level(Correction::BenjaminiHochberg, 0.05, 5, 0), 0.01);
        assert_eq!(fcr_level(Correction::BenjaminiHochberg, 0.05, 5, 5), 0.05);
        assert_eq!(fcr_level(Correction::Holm, 0.05, 5, 5), 0.05);
        let by = fcr_level(Correction::BenjaminiYekutieli, 0.05, 2, 2);
        assert!((by - 0.05 / 1.5).abs() < 1e-15);
        assert!((fcr_level(Correction::Sidak, 0.05, 2, 0) - 0.025_320_565_519).abs() < 1e-11);
        assert_eq!(fcr_level(Correction::None, 0.05, 0, 0), 0.05);
    }
}
