use tailproof_core::binomial::{mass, tails};

use crate::chi_square::ChiSquare;
use crate::p_values::PValues;
use tailproof_core::distributions::chi_square_upper;

/// Pairs of yes-or-no outcomes in which the two sides disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discordant {
    /// Pairs in which only the first succeeded.
    pub only_first: u64,
    /// Pairs in which only the second succeeded.
    pub only_second: u64,
}

/// Outcome of McNemar's test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Exact p-values; `less`: the first succeeds less often.
    pub exact: PValues,
    /// Mid-p values, which count the observed outcome half: less conservative, and seldom
    /// above the level, but without a guarantee.
    pub mid: PValues,
    /// The χ² test with continuity correction.
    pub chi_square: ChiSquare,
}

/// McNemar's test of paired proportions: did one side of the pairs succeed more often?
///
/// ```text
/// under H₀   b ~ Bin(b + c, ½)      b, c: pairs in which only the first, only the second succeeded
/// exact      less = P(B ≤ b)      greater = P(B ≥ b)      two-sided = min(1, 2·min(less, greater))
/// mid-p      less = P(B < b) + ½P(B = b)                   two-sided = 2·min(less, greater)
/// χ²         (max(|b − c| − 1, 0))²/(b + c)                df = 1
/// ```
/// Pairs that agree carry no information. Without any discordant pair the exact p is 1 in
/// every direction, the one-sided mid-p ½, and χ² 0. Assumes independent pairs.
///
/// # Source
/// McNemar (1947), *Psychometrika* 12(2), 153–157; mid-p: Fagerland, Lydersen & Laake (2013),
/// *BMC Medical Research Methodology* 13, 91.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Discordant, mcnemar};
///
/// // 1 request failed only before the change, 7 only after it.
/// let test = mcnemar(Discordant { only_first: 1, only_second: 7 });
/// assert!((test.exact.two_sided - 2.0 * 9.0 / 256.0).abs() < 1e-15);
/// assert!((test.mid.two_sided - 10.0 / 256.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn mcnemar(pairs: Discordant) -> McNemar {
    let (b, n) = (pairs.only_first, pairs.only_first + pairs.only_second);
    let gap = (pairs.only_first.abs_diff(pairs.only_second) as f64 - 1.0).max(0.0);
    let statistic = if n == 0 { 0.0 } else { gap * gap / n as f64 };
    let (less, greater) = (tails(b + 1, n, 0.5, 0.5).below, tails(b, n, 0.5, 0.5).at_least);
    let both = |less: f64, greater: f64| PValues {
        two_sided: (2.0 * less.min(greater)).min(1.0),
        less,
        greater,
    };
    // P(B < b) and P(B > b) themselves: subtracting half a mass from a tail would cancel.
    let half = 0.5 * mass(b, n, 0.5, 0.5);
    let (below, above) = (tails(b, n, 0.5, 0.5).below, tails(b + 1, n, 0.5, 0.5).at_least);
    McNemar {
        exact: both(less, greater),
        mid: both(below + half, above + half),
        chi_square: ChiSquare { statistic, df: 1.0, p: chi_square_upper(statistic, 1.0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(only_first: u64, only_second: u64) -> McNemar {
        mcnemar(Discordant { only_first, only_second })
    }

    #[test]
    fn no_discordant_pair_is_no_evidence() {
        let none = test(0, 0);
        assert_eq!(none.exact, PValues { two_sided: 1.0, less: 1.0, greater: 1.0 });
        assert_eq!(none.mid, PValues { two_sided: 1.0, less: 0.5, greater: 0.5 });
        assert_eq!((none.chi_square.statistic, none.chi_square.p), (0.0, 1.0));
    }

    #[test]
    fn the_textbook_case() {
        // Fagerland et al. (2013), airway hyper-responsiveness: b = 1, c = 7.
        let t = test(1, 7);
        assert!((t.exact.two_sided - 0.0703).abs() < 5e-5);
        assert!((t.mid.two_sided - 0.0391).abs() < 5e-5);
        assert!((t.chi_square.statistic - 25.0 / 8.0).abs() < 1e-15);
        assert!(t.exact.less < 0.05 && t.exact.greater > 0.9);
    }

    #[test]
    fn a_balanced_outcome_has_p_1() {
        let t = test(6, 6);
        assert!(t.exact.two_sided == 1.0 && (t.mid.two_sided - 1.0).abs() < 1e-12);
        assert!(test(0, 900).mid.two_sided > 0.0);
    }
}
