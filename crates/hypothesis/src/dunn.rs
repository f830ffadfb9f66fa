use tailproof_core::Sample;
use tailproof_core::distributions::normal_cdf;

use crate::error::TestError;
use crate::friedman::BlockRanks;
use crate::kruskal_wallis::MeanRanks;
use crate::multiplicity::holm;

/// How two of several groups compare by their ranks among all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankPair {
    /// Index of the first group.
    pub first: usize,
    /// Index of the second group, above `first`.
    pub second: usize,
    /// Mean rank of the second less that of the first; positive when the second is larger.
    pub difference: f64,
    /// The difference in units of its standard error under equal distributions.
    pub z: f64,
    /// Two-sided p-value of this pair alone.
    pub p: f64,
    /// Two-sided p-value adjusted by Holm for all pairs of the call.
    pub p_holm: f64,
}

/// Dunn's comparisons of all pairs of groups, after [`crate::kruskal_wallis`].
///
/// ```text
/// z_ij = (R̄_j − R̄_i) / √(V(1/n_i + 1/n_j))    R̄ mean ranks among all N observations
/// V = (N³ − N − Σ(t³ − t)) / (12(N − 1))        p = 2Φ(−|z|), then Holm over all pairs
/// ```
/// The ranks are those of all groups together, so a pair's result also depends on the others.
/// With two groups `z²` is the `H` of Kruskal and Wallis. A normal approximation: trust it from
/// about five observations a group. Pairs come in the order (0, 1), (0, 2), …, (1, 2), ….
///
/// # Errors
/// Fewer than two groups; all observations equal.
///
/// # Source
/// Dunn (1964), *Technometrics* 6(3), 241–252; Holm (1979), *Scandinavian Journal of Statistics*
/// 6(2), 65–70.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::dunn;
///
/// let groups = [
///     Sample::new(vec![1.0, 2.0, 3.0, 4.0])?,
///     Sample::new(vec![2.5, 3.5, 1.5, 4.5])?,
///     Sample::new(vec![11.0, 12.0, 13.0, 14.0])?,
/// ];
/// let pairs = dunn(&groups)?;
/// assert_eq!((pairs[1].first, pairs[1].second, pairs[1].difference), (0, 2, 6.5));
/// assert!(pairs[0].p_holm > 0.5 && pairs[1].p_holm < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dunn(groups: &[Sample]) -> Result<Vec<RankPair>, TestError> {
    let ranks = MeanRanks::of(groups)?;
    let sizes = &ranks.sizes;
    Ok(all_pairs(&ranks.means, |i, j| (ranks.variance * (1.0 / sizes[i] + 1.0 / sizes[j])).sqrt()))
}

/// Comparisons of all pairs of treatments by their ranks within blocks, after
/// [`crate::friedman`].
///
/// ```text
/// z_ij = (R̄_j − R̄_i) / √(2T / (n²(k − 1)))    R̄ mean ranks within blocks
/// T = Σ_b Σ_j (r_bj − (k + 1)/2)²               p = 2Φ(−|z|), then Holm over all pairs
/// ```
/// Without ties the standard error is the usual `√(k(k + 1)/(6n))`. A normal approximation:
/// trust it from about ten blocks. The squares of all `z` add up to `k/2` times Friedman's χ².
///
/// # Errors
/// Those of [`crate::friedman`].
///
/// # Source
/// Siegel & Castellan (1988), *Nonparametric Statistics for the Behavioral Sciences*, §7.2.2;
/// ties: the variance of a difference of two ranks drawn without replacement from each block.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::friedman_pairs;
///
/// let treatments = [
///     Sample::new((0..12).map(f64::from).collect())?,
///     Sample::new((0..12).map(|b| f64::from(b) + 0.1).collect())?,
///     Sample::new((0..12).map(|b| f64::from(b) + 0.2).collect())?,
/// ];
/// let pairs = friedman_pairs(&treatments)?;
/// assert_eq!((pairs[1].second, pairs[1].difference), (2, 2.0)); // Third v first, every block.
/// assert!((pairs[1].z - 24.0_f64.sqrt()).abs() < 1e-12 && pairs[1].p_holm < 0.001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn friedman_pairs(treatments: &[Sample]) -> Result<Vec<RankPair>, TestError> {
    let BlockRanks { sums, blocks, spread } = BlockRanks::of(treatments)?;
    let means: Vec<f64> = sums.iter().map(|r| r / blocks).collect();
    let df = means.len() as f64 - 1.0;
    let error = (2.0 * spread / df).sqrt() / blocks;
    Ok(all_pairs(&means, |_, _| error))
}

fn all_pairs(means: &[f64], error: impl Fn(usize, usize) -> f64) -> Vec<RankPair> {
    let mut pairs = Vec::new();
    for (first, a) in means.iter().enumerate() {
        for (second, b) in means.iter().enumerate().skip(first + 1) {
            let difference = b - a;
            let z = difference / error(first, second);
            let p = 2.0 * normal_cdf(-z.abs());
            pairs.push(RankPair { first, second, difference, z, p, p_holm: p });
        }
    }
    let plain: Vec<f64> = pairs.iter().map(|pair| pair.p).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(holm(&plain)) {
        pair.p_holm = adjusted;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::friedman::friedman;
    use crate::kruskal_wallis::kruskal_wallis;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn two_groups_give_the_statistic_of_kruskal_and_wallis() {
        let groups = [sample(&[1.0, 4.0, 4.0, 9.0]), sample(&[4.0, 5.0, 9.0, 11.0, 12.0])];
        let (pairs, test) = (dunn(&groups).unwrap(), kruskal_wallis(&groups).unwrap());
        assert!((pairs[0].z * pairs[0].z - test.h).abs() < 1e-12);
        assert!((pairs[0].p - test.p).abs() < 1e-12 && pairs[0].p == pairs[0].p_holm);
        assert!(pairs[0].z > 0.0, "the second group is larger");
    }

    #[test]
    fn squares_of_all_pairs_add_up_to_the_statistic() {
        let columns = [
            sample(&[1.0, 4.0, 2.0, 2.0, 8.0]),
            sample(&[1.0, 5.0, 3.0, 1.0, 9.0]),
            sample(&[2.0, 5.0, 7.0, 2.0, 4.0]),
            sample(&[3.0, 5.0, 1.0, 2.0, 6.0]),
        ];
        let sum = |pairs: Vec<RankPair>| pairs.iter().map(|p| p.z * p.z).sum::<f64>();
        let blocks = sum(friedman_pairs(&columns).unwrap());
        assert!((blocks - 2.0 * friedman(&columns).unwrap().statistic).abs() < 1e-12);
        // The same identity holds for independent groups of one size.
        let groups = sum(dunn(&columns).unwrap());
        assert!((groups - 2.0 * kruskal_wallis(&columns).unwrap().h).abs() < 1e-12);
    }

    #[test]
    fn adjusted_values_are_those_of_holm() {
        let groups = [sample(&[1.0, 2.0, 3.0]), sample(&[2.5, 3.5, 9.0]), sample(&[7.0, 8.0, 9.5])];
        let pairs = dunn(&groups).unwrap();
        let least = pairs.iter().map(|p| p.p).fold(1.0, f64::min);
        let adjusted = pairs.iter().map(|p| p.p_holm).fold(1.0, f64::min);
        assert!((adjusted - 3.0 * least).abs() < 1e-15, "{adjusted} {least}");
        assert!(dunn(&groups[..1]).is_err() && friedman_pairs(&groups[..2]).is_err());
    }
}
