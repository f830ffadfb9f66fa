use tailproof_core::binomial;

use crate::p_values::PValues;
use crate::proportion::Proportion;
use crate::unlikely::{Unlikely, no_more_likely};

/// Outcome of Fisher's exact test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fisher {
    /// `less`: the first share is smaller.
    pub p: PValues,
    /// Odds of the second over odds of the first, `k₂(n₁−k₁) / (k₁(n₂−k₂))`; infinite when only
    /// the denominator is 0, NaN when both are.
    pub odds_ratio: f64,
}

/// Fisher's exact test of two proportions: the 2×2 table with rows `(k, n − k)`.
///
/// ```text
/// P(X = x) = C(n₁, x)·C(n₂, K−x) / C(N, K)      K = k₁ + k₂, N = n₁ + n₂
/// less = P(X ≤ k₁)      greater = P(X ≥ k₁)
/// two-sided = Σ P(X = x) over all x that are no more likely than k₁ (relative slack 10⁻⁷)
/// ```
/// Valid whatever the counts, because it conditions on K; conservative, as X is discrete. When
/// nothing or everything succeeded every p is 1. A mass is formed of three binomial masses in
/// Loader's form, not of differences of log-gammas, so counts of 10⁶ lose no digits. Time
/// `O(√N)`.
///
/// # Errors
/// None: [`Proportion`] excludes empty rows.
///
/// # Source
/// Fisher (1935), *Journal of the Royal Statistical Society* 98(1), 39–82; the masses: Loader
/// (2000), *Fast and Accurate Computation of Binomial Probabilities*.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Proportion, fisher_exact};
///
/// // The lady tasting tea: 3 of 4 cups with milk first told right, 1 of 4 others called so.
/// let test = fisher_exact(Proportion::new(3, 4)?, Proportion::new(1, 4)?);
/// assert!((test.p.greater - 17.0 / 70.0).abs() < 1e-14);
/// assert!((test.p.two_sided - 34.0 / 70.0).abs() < 1e-14);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[must_use]
pub fn fisher_exact(first: Proportion, second: Proportion) -> Fisher {
    let (k1, k2) = (first.successes(), second.successes());
    let odds_ratio = (k2 as f64 * first.failures() as f64) / (k1 as f64 * second.failures() as f64);
    let Some(law) = Hypergeometric::new(first.trials(), second.trials(), k1 + k2) else {
        return Fisher { p: PValues { two_sided: 1.0, less: 1.0, greater: 1.0 }, odds_ratio };
    };
    let two_sided = match no_more_likely(|x| law.mass(x), k1, (law.lo, law.mode, law.hi)) {
        Unlikely::All => 1.0,
        Unlikely::Beyond(low, high) => {
            let low = low.map_or(0.0, |x| law.at_most(x));
            (low + high.map_or(0.0, |x| law.at_least(x))).min(1.0)
        }
    };
    let p = PValues { two_sided, less: law.at_most(k1), greater: law.at_least(k1) };
    Fisher { p, odds_ratio }
}

/// Successes in the first row, given both rows and all successes.
#[derive(Clone, Copy, Debug)]
struct Hypergeometric {
    n1: u64,
    n2: u64,
    successes: u64,
    lo: u64,
    mode: u64,
    hi: u64,
}

impl Hypergeometric {
    /// `None` when there is one possible table only.
    fn new(n1: u64, n2: u64, successes: u64) -> Option<Self> {
        if successes == 0 || successes == n1 + n2 {
            return None;
        }
        let (lo, hi) = (successes.saturating_sub(n2), successes.min(n1));
        let top = u128::from(n1 + 1) * u128::from(successes + 1);
        let mode = (top / u128::from(n1 + n2 + 2)) as u64;
        Some(Self { n1, n2, successes, lo, mode: mode.clamp(lo, hi), hi })
    }

    fn mass(&self, x: u64) -> f64 {
        let total = self.n1 + self.n2;
        let p = self.successes as f64 / total as f64;
        let q = (total - self.successes) as f64 / total as f64;
        binomial::mass(x, self.n1, p, q) * binomial::mass(self.successes - x, self.n2, p, q)
            / binomial::mass(self.successes, total, p, q)
    }

    /// `P(X ≤ x)` for x in `lo..=hi`: summed below the mode, the complement above it.
    fn at_most(&self, x: u64) -> f64 {
        if x >= self.hi {
            return 1.0;
        }
        if x >= self.mode { 1.0 - self.sum_up(x + 1) } else { self.sum_down(x) }
    }

    /// `P(X ≥ x)`, the same way.
    fn at_least(&self, x: u64) -> f64 {
        if x <= self.lo {
            return 1.0;
        }
        if x <= self.mode { 1.0 - self.sum_down(x - 1) } else { self.sum_up(x) }
    }

    /// Σ of the masses from `x`, below the mode, down: they fall ever faster.
    fn sum_down(&self, mut x: u64) -> f64 {
        let (mut term, mut sum) = (self.mass(x), 0.0);
        loop {
            sum += term;
            if x == self.lo || term <= sum * 1e-18 {
                return sum.min(1.0);
            }
            // x ≥ successes − n2 + 1 here, so the sum in the first factor does not underflow.
            let up = x as f64 * (self.n2 + x - self.successes) as f64;
            term *= up / ((self.n1 - x + 1) as f64 * (self.successes - x + 1) as f64);
            x -= 1;
        }
    }

    /// Σ of the masses from `x`, above the mode, up.
    fn sum_up(&self, mut x: u64) -> f64 {
        let (mut term, mut sum) = (self.mass(x), 0.0);
        loop {
            sum += term;
            if x == self.hi || term <= sum * 1e-18 {
                return sum.min(1.0);
            }
            let down = (x + 1) as f64 * (self.n2 + x + 1 - self.successes) as f64;
            term *= (self.n1 - x) as f64 * (self.successes - x) as f64 / down;
            x += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(k: u64, n: u64) -> Proportion {
        Proportion::new(k, n).unwrap()
    }

    fn choose(n: u64, k: u64) -> f64 {
        (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
    }

    #[test]
    fn it_agrees_with_every_table() {
        for (n1, n2) in [(1, 1), (4, 4), (3, 9), (12, 7)] {
            for successes in 1..n1 + n2 {
                let law = Hypergeometric::new(n1, n2, successes).unwrap();
                let mass =
                    |x: u64| choose(n1, x) * choose(n2, successes - x) / choose(n1 + n2, successes);
                for k1 in law.lo..=law.hi {
                    let test = fisher_exact(of(k1, n1), of(successes - k1, n2));
                    let sum = |keep: &dyn Fn(u64) -> bool| -> f64 {
                        (law.lo..=law.hi).filter(|&x| keep(x)).map(mass).sum()
                    };
                    let seen = mass(k1) * (1.0 + 1e-7);
                    for (got, want) in [
                        (test.p.less, sum(&|x| x <= k1)),
                        (test.p.greater, sum(&|x| x >= k1)),
                        (test.p.two_sided, sum(&|x| mass(x) <= seen)),
                    ] {
                        assert!((got - want).abs() < 1e-12, "{k1} {n1} {n2}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_possible_table_is_no_evidence() {
        let test = fisher_exact(of(0, 9), of(0, 17));
        assert_eq!((test.p.two_sided, test.p.less), (1.0, 1.0));
        assert!(test.odds_ratio.is_nan());
        assert_eq!(fisher_exact(of(0, 9), of(1, 17)).odds_ratio, f64::INFINITY);
    }

    #[test]
    fn a_million_a_side_and_a_far_tail() {
        // Equal rows: the distribution is symmetric.
        let test = fisher_exact(of(500_300, 1_000_000), of(499_700, 1_000_000));
        assert!((test.p.two_sided - 2.0 * test.p.greater).abs() < 1e-9 * test.p.two_sided);
        assert!((test.p.less + test.p.greater - 1.0) > 0.0);
        let far = fisher_exact(of(0, 500), of(500, 500));
        let want =
            (-(1..=500).map(|i| (f64::from(500 + i) / f64::from(i)).ln()).sum::<f64>()).exp();
        assert!((far.p.less / want - 1.0).abs() < 1e-10, "{} {want}", far.p.less);
    }
}
