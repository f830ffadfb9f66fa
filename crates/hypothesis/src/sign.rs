use tailproof_core::Sample;
use tailproof_core::binomial::tails;

use crate::error::TestError;
use crate::p_values::PValues;

/// Outcome of the sign test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignTest {
    /// Pairs with `y > x`.
    pub positive: u64,
    /// Pairs with `y < x`.
    pub negative: u64,
    /// Pairs with `y = x`, which are left out.
    pub zero: u64,
    /// The exact p-values.
    pub p: PValues,
}

/// The sign test of paired samples: is `y > x` as frequent as `y < x`?
///
/// ```text
/// K = #{yᵢ > xᵢ} ~ Bin(m, ½) under H₀      m = #{yᵢ ≠ xᵢ}
/// p(less) = P(Bin ≥ K)      p(greater) = P(Bin ≤ K)      p = 2 min(…)
/// ```
/// Assumes independent pairs and nothing about the size of the differences, hence needs no
/// symmetry, unlike [`wilcoxon_signed_rank`](crate::wilcoxon_signed_rank). `less` says that
/// the first sample is the smaller one. Without a non-zero difference every p is 1.
///
/// # Errors
/// Samples of different lengths.
///
/// # Source
/// Dixon & Mood (1946), *JASA* 41(236), 557–566.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::sign_test;
///
/// let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3, 13.0])?; // ms
/// let after = Sample::new(vec![11.0, 11.5, 11.9, 12.3, 11.2])?;
/// let test = sign_test(&before, &after)?;
/// assert_eq!((test.negative, test.zero), (4, 1));
/// assert!((test.p.two_sided - 2.0 / 16.0).abs() < 1e-14); // Four heads of four, or four tails.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign_test(x: &Sample, y: &Sample) -> Result<SignTest, TestError> {
    if x.len() != y.len() {
        return Err(TestError::Lengths(x.len(), y.len()));
    }
    let pairs = || x.values().iter().zip(y.values());
    let positive = pairs().filter(|(a, b)| b > a).count() as u64;
    let negative = pairs().filter(|(a, b)| b < a).count() as u64;
    let m = positive + negative;
    let at_least = |k: u64| tails(k, m, 0.5, 0.5).at_least;
    // A fair coin is symmetric: P(Bin ≤ K) = P(Bin ≥ m − K).
    let (less, greater) = (at_least(positive), at_least(negative));
    let two_sided = (2.0 * less.min(greater)).min(1.0);
    Ok(SignTest {
        positive,
        negative,
        zero: x.len() as u64 - m,
        p: PValues { two_sided, less, greater },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(differences: &[f64]) -> SignTest {
        let zeros = Sample::new(vec![0.0; differences.len()]).unwrap();
        sign_test(&zeros, &Sample::new(differences.to_vec()).unwrap()).unwrap()
    }

    #[test]
    fn tails_agree_with_counting_coins() {
        for m in 1..=10_u32 {
            for k in 0..=m {
                let d: Vec<f64> = (0..m).map(|i| if i < k { 1.0 } else { -1.0 }).collect();
                let heads = |keep: &dyn Fn(u32) -> bool| {
                    let count = (0_u32..1 << m).filter(|coins| keep(coins.count_ones())).count();
                    count as f64 / f64::from(1_u32 << m)
                };
                let p = test(&d).p;
                assert!((p.less - heads(&|h| h >= k)).abs() < 1e-13, "{m} {k}: {p:?}");
                assert!((p.greater - heads(&|h| h <= k)).abs() < 1e-13, "{m} {k}: {p:?}");
            }
        }
    }

    #[test]
    fn zeros_tell_nothing() {
        let p = test(&[0.0; 5]).p;
        assert_eq!((p.two_sided, p.less, p.greater), (1.0, 1.0, 1.0));
        assert_eq!(test(&[1.0, 0.0, 2.0, 0.0]).p, test(&[1.0, 2.0]).p);
        let s = |n: usize| Sample::new(vec![1.0; n]).unwrap();
        assert_eq!(sign_test(&s(2), &s(3)), Err(TestError::Lengths(2, 3)));
    }

    #[test]
    fn small_tails_keep_their_digits() {
        let p = test(&vec![-1.0; 900]).p;
        assert!((p.greater / 0.5_f64.powi(900) - 1.0).abs() < 1e-11, "{p:?}");
    }
}
