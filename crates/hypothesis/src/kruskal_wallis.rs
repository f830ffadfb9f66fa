use tailproof_core::Sample;
use tailproof_core::distributions::chi_square_upper;

use crate::error::TestError;
use crate::groups::{all_equal, mean_of, need_groups, parts, pooled};
use crate::ranks::{midranks, tie_sum};

/// Outcome of the Kruskal–Wallis test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KruskalWallis {
    /// `H`, corrected for ties.
    pub h: f64,
    /// Degrees of freedom, the number of groups less one.
    pub df: f64,
    /// `P(χ²_df ≥ H)`.
    pub p: f64,
}

/// The Kruskal–Wallis test: does one of several independent groups tend to be larger?
///
/// ```text
/// V = (N³ − N − Σ(t³ − t)) / (12(N − 1))      variance of the ranks, t the tied groups
/// H = Σ nᵢ(R̄ᵢ − (N + 1)/2)² / V               R̄ᵢ mean rank of group i among all N
/// p = P(χ²_{k−1} ≥ H)
/// ```
/// Assumes independent observations; it tests equal distributions, and is sensitive to groups
/// that tend to be larger or smaller. The χ² law is an approximation: trust it from about five
/// observations a group. Which groups differ is the question of [`crate::dunn`].
///
/// # Errors
/// Fewer than two groups; all observations equal.
///
/// # Source
/// Kruskal & Wallis (1952), *Journal of the American Statistical Association* 47(260), 583–621.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::kruskal_wallis;
///
/// let groups = [
///     Sample::new(vec![1.0, 2.0, 3.0])?,
///     Sample::new(vec![4.0, 5.0, 6.0])?,
///     Sample::new(vec![7.0, 8.0, 9.0])?,
/// ];
/// let test = kruskal_wallis(&groups)?;
/// assert!((test.h - 7.2).abs() < 1e-12 && (test.p - (-3.6_f64).exp()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kruskal_wallis(groups: &[Sample]) -> Result<KruskalWallis, TestError> {
    let ranks = MeanRanks::of(groups)?;
    let middle = f64::midpoint(ranks.n, 1.0);
    let between: f64 = ranks
        .means
        .iter()
        .zip(&ranks.sizes)
        .map(|(mean, size)| size * (mean - middle) * (mean - middle))
        .sum();
    let (h, df) = (between / ranks.variance, (groups.len() - 1) as f64);
    Ok(KruskalWallis { h, df, p: chi_square_upper(h, df) })
}

/// Mean ranks of groups among all observations.
pub(crate) struct MeanRanks {
    /// Mean rank of each group.
    pub(crate) means: Vec<f64>,
    /// Observations of each group.
    pub(crate) sizes: Vec<f64>,
    /// All observations.
    pub(crate) n: f64,
    /// Variance of the ranks with divisor `N − 1`; positive.
    pub(crate) variance: f64,
}

impl MeanRanks {
    pub(crate) fn of(groups: &[Sample]) -> Result<Self, TestError> {
        need_groups(groups, 2)?;
        let all = pooled(groups);
        if all_equal(&all) {
            return Err(TestError::NoSpread);
        }
        let n = all.len() as f64;
        let ranks = midranks(&all);
        Ok(Self {
            means: parts(groups, &ranks).map(mean_of).collect(),
            sizes: groups.iter().map(|g| g.len() as f64).collect(),
            n,
            variance: (n * (n * n - 1.0) - tie_sum(&all)) / (12.0 * (n - 1.0)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn tied_groups_agree_with_the_textbook_form() {
        // H = (12/(N(N+1)) ΣRᵢ²/nᵢ − 3(N+1)) / (1 − Σ(t³−t)/(N³−N)), by hand: the ranks are
        // 1, 3, 3 | 3, 5, 6.5 | 6.5, 8 and the rank sums 7, 14.5, 14.5; two ties of 3 and 2.
        let groups = [group(&[1.0, 2.0, 2.0]), group(&[2.0, 3.0, 4.0]), group(&[4.0, 5.0])];
        let sums = 7.0 * 7.0 / 3.0 + 14.5 * 14.5 / 3.0 + 14.5 * 14.5 / 2.0;
        let plain = 12.0 / (8.0 * 9.0) * sums - 27.0;
        let want = plain / (1.0 - (24.0 + 6.0) / (512.0 - 8.0));
        let test = kruskal_wallis(&groups).unwrap();
        assert!((test.h - want).abs() < 1e-12, "{} {want}", test.h);
        assert_eq!(test.df, 2.0);
        assert!((test.p - (-want / 2.0).exp()).abs() < 1e-12);
    }

    #[test]
    fn equal_values_and_single_groups_are_errors() {
        let same = group(&[2.0, 2.0]);
        assert_eq!(kruskal_wallis(&[same.clone(), same.clone()]), Err(TestError::NoSpread));
        assert_eq!(kruskal_wallis(&[same]), Err(TestError::TooFewGroups { need: 2, got: 1 }));
    }
}
