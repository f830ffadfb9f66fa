use tailproof_core::binomial::{mass, tails};

use crate::error::TestError;
use crate::p_values::PValues;
use crate::proportion::Proportion;
use crate::unlikely::{Unlikely, no_more_likely};

/// The exact binomial test: is the true share of successes `p0`?
///
/// ```text
/// less = P(Bin(n, p₀) ≤ k)      greater = P(Bin(n, p₀) ≥ k)
/// two-sided = Σ P(Bin(n, p₀) = j) over all j that are no more likely than k
/// ```
/// `less` is small when the true share is less than `p0`, `greater` when it is more. "No more
/// likely" allows a relative 10⁻⁷ for rounding. At `p0` 0 or 1 an outcome is certain: p is 1
/// when it was seen, and 0 in the two-sided test when it was not. Time `O(log n)`, tails with
/// full relative precision.
///
/// Assumes independent trials with one share of success.
///
/// # Errors
/// `p0` is outside `[0, 1]` or NaN.
///
/// # Source
/// Clopper & Pearson (1934), *Biometrika* 26(4), 404–413; two-sided: Sterne (1954),
/// *Biometrika* 41(1–2), 275–278.
///
/// # Example
/// ```
/// use tailproof_hypothesis::{Proportion, binomial_test};
///
/// let heads = Proportion::new(9, 10)?;
/// let p = binomial_test(heads, 0.5)?;
/// assert!((p.two_sided - 22.0 / 1_024.0).abs() < 1e-15); // 0, 1, 9 or 10 heads.
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn binomial_test(seen: Proportion, p0: f64) -> Result<PValues, TestError> {
    if !(0.0..=1.0).contains(&p0) {
        return Err(TestError::Parameter { name: "p0", must: "in [0, 1]", got: p0 });
    }
    let (k, n, q0) = (seen.successes(), seen.trials(), 1.0 - p0);
    let at_most = |j: u64| tails(j + 1, n, p0, q0).below;
    let at_least = |j: u64| tails(j, n, p0, q0).at_least;
    let mode = (((n + 1) as f64 * p0) as u64).min(n);
    let two_sided = match no_more_likely(|j| mass(j, n, p0, q0), k, (0, mode, n)) {
        Unlikely::All => 1.0,
        Unlikely::Beyond(low, high) => {
            (low.map_or(0.0, at_most) + high.map_or(0.0, at_least)).min(1.0)
        }
    };
    Ok(PValues { two_sided, less: at_most(k), greater: at_least(k) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(k: u64, n: u64, p0: f64) -> PValues {
        binomial_test(Proportion::new(k, n).unwrap(), p0).unwrap()
    }

    #[test]
    fn it_agrees_with_summation_of_every_outcome() {
        for n in [1_u64, 2, 7, 20] {
            for p0 in [0.05, 0.3, 0.5, 0.9] {
                let m: Vec<f64> = (0..=n).map(|j| mass(j, n, p0, 1.0 - p0)).collect();
                for k in 0..=n {
                    let sum = |keep: &dyn Fn(u64) -> bool| -> f64 {
                        (0..=n).filter(|&j| keep(j)).map(|j| m[j as usize]).sum()
                    };
                    let p = test(k, n, p0);
                    assert!((p.less - sum(&|j| j <= k)).abs() < 1e-12);
                    assert!((p.greater - sum(&|j| j >= k)).abs() < 1e-12);
                    let both = sum(&|j| m[j as usize] <= m[k as usize] * (1.0 + 1e-7));
                    assert!((p.two_sided - both).abs() < 1e-12, "{k} {n} {p0}");
                }
            }
        }
    }

    #[test]
    fn a_certain_outcome() {
        assert_eq!(test(0, 5, 0.0).two_sided, 1.0);
        assert_eq!(test(1, 5, 0.0), PValues { two_sided: 0.0, less: 1.0, greater: 0.0 });
        assert_eq!(test(5, 5, 1.0).two_sided, 1.0);
        assert!(binomial_test(Proportion::new(1, 2).unwrap(), f64::NAN).is_err());
    }

    #[test]
    fn a_far_tail_keeps_its_digits() {
        let p = test(1_000, 1_000, 0.5);
        assert!((p.two_sided / (2.0 * 0.5_f64.powi(1_000)) - 1.0).abs() < 1e-9);
    }
}
