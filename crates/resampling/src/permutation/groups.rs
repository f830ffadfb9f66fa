use tailproof_core::Sample;

use super::arrangements::Design;
use super::centred::centred;
use super::p_value::PValue;
use super::settings::{Permutation, PermutationError};

/// The outcome of [`permute_groups`] and [`permute_groups_by`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupsPermuted {
    /// The statistic of the groups as labelled.
    pub statistic: f64,
    /// Relabellings with a statistic at least as large.
    pub p: PValue,
}

/// The permutation test of whether groups have equal means, by the share of the spread that
/// lies between them.
///
/// ```text
/// η² = Σ_g n_g(x̄_g − x̄)² / Σ_g Σ_i (x_gi − x̄)²      F = η²/(1 − η²) · (N − k)/(k − 1)
/// ```
/// F rises with η², and the denominator of η² is the same for every relabelling, so this is
/// the permutation test of F. All labellings are tried when there are at most
/// [`Permutation::enumerate_up_to`], otherwise random ones, one stream each. It tests *equal
/// distributions*: unequal spread with unequal sizes can reject too. Data without spread give
/// η² = 0 and p = 1, and so do groups of one value each p = 1.
///
/// # Errors
/// Fewer than two groups.
///
/// # Source
/// Fisher (1935), *The Design of Experiments*; Edgington & Onghena (2007), *Randomization
/// Tests*.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_groups};
///
/// let groups = [
///     Sample::new(vec![1.0, 2.0])?,
///     Sample::new(vec![5.0, 6.0])?,
///     Sample::new(vec![9.0, 10.0])?,
/// ];
/// let test = permute_groups(&groups, &Permutation::new(Seed(42)))?;
/// assert_eq!(test.p.p(), 6.0 / 90.0); // The three pairs, in any order of the labels.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permute_groups(
    groups: &[Sample],
    settings: &Permutation,
) -> Result<GroupsPermuted, PermutationError> {
    let sizes = sizes(groups)?;
    let (z, _) = centred(&pooled(groups));
    let spread: f64 = z.iter().map(|v| v * v).sum();
    let between = |values: &[f64]| {
        let mut rest = values;
        let mut sum = 0.0;
        for &size in &sizes {
            let (own, others) = rest.split_at(size);
            sum += own.iter().sum::<f64>().powi(2) / size as f64;
            rest = others;
        }
        if spread == 0.0 { 0.0 } else { sum / spread }
    };
    let test = Design::new(z, vec![sizes.clone()]).test(settings, between);
    Ok(GroupsPermuted { statistic: test.observed, p: test.counts.greater() })
}

/// The same for any statistic of the groups, of which large values speak against the null.
///
/// ```text
/// p = #{T(relabelled) ≥ T(groups)} / (N!/Π n_g!)      or (1 + b)/(1 + B) of B random ones
/// ```
/// Statistics count as tied within `1e-12` of their usual size; NaN counts as extreme.
///
/// # Errors
/// Fewer than two groups.
///
/// # Source
/// Edgington & Onghena (2007), *Randomization Tests*.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_groups_by};
///
/// let groups = [Sample::new(vec![1.0, 2.0])?, Sample::new(vec![5.0])?, Sample::new(vec![9.0])?];
/// let widest = |groups: &[&[f64]]| {
///     let means: Vec<f64> =
///         groups.iter().map(|g| g.iter().sum::<f64>() / g.len() as f64).collect();
///     let fold = |from, f: fn(f64, f64) -> f64| means.iter().copied().fold(from, f);
///     fold(f64::MIN, f64::max) - fold(f64::MAX, f64::min)
/// };
/// let test = permute_groups_by(&groups, &Permutation::new(Seed(42)), widest)?;
/// assert_eq!((test.statistic, test.p.total()), (7.5, 12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permute_groups_by<F>(
    groups: &[Sample],
    settings: &Permutation,
    statistic: F,
) -> Result<GroupsPermuted, PermutationError>
where
    F: Fn(&[&[f64]]) -> f64 + Sync,
{
    let sizes = sizes(groups)?;
    let design = Design::new(pooled(groups), vec![sizes.clone()]);
    let test = design.test(settings, |values| {
        let mut rest = values;
        let groups: Vec<&[f64]> = sizes
            .iter()
            .map(|&size| {
                let (own, others) = rest.split_at(size);
                rest = others;
                own
            })
            .collect();
        statistic(&groups)
    });
    Ok(GroupsPermuted { statistic: test.observed, p: test.counts.greater() })
}

fn sizes(groups: &[Sample]) -> Result<Vec<usize>, PermutationError> {
    if groups.len() < 2 {
        return Err(PermutationError::TooFew { what: "groups", need: 2, got: groups.len() });
    }
    Ok(groups.iter().map(Sample::len).collect())
}

fn pooled(groups: &[Sample]) -> Vec<f64> {
    groups.iter().flat_map(|group| group.values().iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permute_means;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn two_groups_are_the_two_sided_test_of_means() {
        // |d| and η² order the relabellings alike.
        let (x, y) = (sample(&[4.0, 4.0, 5.0, 1.0, 7.0]), sample(&[7.0, 3.0, 9.0, 9.0]));
        let settings = Permutation::new(Seed(1));
        let groups = permute_groups(&[x.clone(), y.clone()], &settings).unwrap();
        let means = permute_means(&x, &y, &settings);
        assert_eq!(groups.p, means.raw.two_sided());
    }

    #[test]
    fn a_statistic_of_ones_own_gives_the_same_test() {
        let groups = [sample(&[1.0, 4.0, 2.0]), sample(&[3.0, 7.0]), sample(&[5.0, 8.0, 9.0])];
        let f = |groups: &[&[f64]]| {
            let mean = |g: &[f64]| g.iter().sum::<f64>() / g.len() as f64;
            let grand = mean(&groups.concat());
            let within: f64 =
                groups.iter().flat_map(|g| g.iter().map(move |v| (v - mean(g)).powi(2))).sum();
            let between: f64 =
                groups.iter().map(|g| g.len() as f64 * (mean(g) - grand).powi(2)).sum();
            between / 2.0 / (within / 5.0)
        };
        let settings = Permutation::new(Seed(1));
        let (own, share) = (
            permute_groups_by(&groups, &settings, f).unwrap(),
            permute_groups(&groups, &settings).unwrap(),
        );
        assert_eq!((own.p, own.p.total()), (share.p, 560));
        let eta = share.statistic;
        assert!((own.statistic - eta / (1.0 - eta) * 5.0 / 2.0).abs() < 1e-12);
        let draws = NonZeroU32::new(20_000).unwrap();
        let settings = Permutation { enumerate_up_to: 0, ..settings.replicates(draws) };
        let drawn = permute_groups(&groups, &settings).unwrap();
        let (lo, hi) = drawn.p.interval("0.999999".parse().unwrap());
        assert!(lo <= share.p.p() && share.p.p() <= hi, "{drawn:?} {share:?}");
    }

    #[test]
    fn degenerate_groups_have_documented_answers() {
        let settings = Permutation::new(Seed(1));
        let flat = permute_groups(&[sample(&[2.5; 3]), sample(&[2.5; 2])], &settings).unwrap();
        assert_eq!((flat.statistic, flat.p.p()), (0.0, 1.0));
        let single = [sample(&[1.0]), sample(&[2.0]), sample(&[7.0])];
        assert_eq!(permute_groups(&single, &settings).unwrap().p.p(), 1.0);
        let error = PermutationError::TooFew { what: "groups", need: 2, got: 1 };
        assert_eq!(permute_groups(&single[..1], &settings), Err(error));
    }
}
