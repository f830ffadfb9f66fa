use tailproof_core::Sample;

use super::arrangements::Design;
use super::centred::{centred, scale};
use super::counts::Relabelled;
use super::settings::{Permutation, PermutationError};

/// The permutation test of two means within strata: labels are exchanged inside a stratum
/// only, so that differences between strata (machines, days, endpoints) count for nothing.
///
/// ```text
/// T = Σ_h w_h(ȳ_h − x̄_h) / Σ_h w_h      w_h = n_xh n_yh/(n_xh + n_yh)
/// ```
/// The weights are those of least variance when the spread is the same everywhere. Every
/// stratum is `(x, y)`. All `Π_h C(n_h, n_xh)` relabellings are tried when there are at most
/// [`Permutation::enumerate_up_to`], otherwise random ones, one stream each. Tests equal
/// distributions within every stratum. No spread within any stratum gives p = 1.
///
/// # Errors
/// No stratum.
///
/// # Source
/// Cochran (1954), *Biometrics* 10(4), 417–451 (weights); Edgington & Onghena (2007),
/// *Randomization Tests*.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_strata};
///
/// // A slow and a fast machine; on both, the second build is slower.
/// let slow = (Sample::new(vec![90.0, 91.0])?, Sample::new(vec![93.0, 94.0])?);
/// let fast = (Sample::new(vec![10.0, 11.0])?, Sample::new(vec![13.0, 14.0])?);
/// let test = permute_strata(&[slow, fast], &Permutation::new(Seed(42)))?;
/// assert_eq!((test.observed, test.counts.total), (3.0, 36));
/// assert_eq!(test.counts.p_greater(), 1.0 / 36.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permute_strata(
    strata: &[(Sample, Sample)],
    settings: &Permutation,
) -> Result<Relabelled, PermutationError> {
    let sizes = sizes(strata)?;
    let unit = scale(&pooled(strata));
    let values = strata
        .iter()
        .flat_map(|(x, y)| {
            let own: Vec<f64> =
                x.values().iter().chain(y.values()).map(|value| value / unit).collect();
            let (z, own_unit) = centred(&own);
            z.into_iter().map(move |value| value * own_unit)
        })
        .collect();
    let weight = |own: &[usize]| {
        let (n1, n2) = (own[0] as f64, own[1] as f64);
        n1 * n2 / (n1 + n2)
    };
    let weights: f64 = sizes.iter().map(|own| weight(own)).sum();
    let test = Design::new(values, sizes.clone()).test(settings, |values| {
        let mut rest = values;
        let mut sum = 0.0;
        for own in &sizes {
            let (x, others) = rest.split_at(own[0]);
            let (y, others) = others.split_at(own[1]);
            let difference =
                y.iter().sum::<f64>() / y.len() as f64 - x.iter().sum::<f64>() / x.len() as f64;
            sum += weight(own) * difference;
            rest = others;
        }
        sum / weights
    });
    Ok(Relabelled { observed: test.observed * unit, ..test })
}

/// The same for any statistic of the strata, each `(x, y)`.
///
/// ```text
/// p = #{T(relabelled) ≥ T(strata)} / Π_h C(n_h, n_xh)      or (1 + b)/(1 + B)
/// ```
/// Statistics count as tied within `1e-12` of their usual size; NaN counts as extreme.
///
/// # Errors
/// No stratum.
///
/// # Source
/// Edgington & Onghena (2007), *Randomization Tests*.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_strata_by};
///
/// let one = (Sample::new(vec![1.0, 2.0])?, Sample::new(vec![3.0])?);
/// let two = (Sample::new(vec![7.0])?, Sample::new(vec![9.0])?);
/// let test = permute_strata_by(&[one, two], &Permutation::new(Seed(42)), |strata| {
///     // How many strata have their largest value in y?
///     let max = |v: &[f64]| v.iter().copied().fold(f64::MIN, f64::max);
///     strata.iter().filter(|(x, y)| max(y) > max(x)).count() as f64
/// })?;
/// assert_eq!((test.observed, test.counts.p_greater()), (2.0, 1.0 / 6.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permute_strata_by<F>(
    strata: &[(Sample, Sample)],
    settings: &Permutation,
    statistic: F,
) -> Result<Relabelled, PermutationError>
where
    F: Fn(&[(&[f64], &[f64])]) -> f64 + Sync,
{
    let sizes = sizes(strata)?;
    let design = Design::new(pooled(strata), sizes.clone());
    Ok(design.test(settings, |values| {
        let mut rest = values;
        let strata: Vec<(&[f64], &[f64])> = sizes
            .iter()
            .map(|own| {
                let (x, others) = rest.split_at(own[0]);
                let (y, others) = others.split_at(own[1]);
                rest = others;
                (x, y)
            })
            .collect();
        statistic(&strata)
    }))
}

fn sizes(strata: &[(Sample, Sample)]) -> Result<Vec<Vec<usize>>, PermutationError> {
    if strata.is_empty() {
        return Err(PermutationError::TooFew { what: "strata", need: 1, got: 0 });
    }
    Ok(strata.iter().map(|(x, y)| vec![x.len(), y.len()]).collect())
}

fn pooled(strata: &[(Sample, Sample)]) -> Vec<f64> {
    strata.iter().flat_map(|(x, y)| x.values().iter().chain(y.values()).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permute_means;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    fn pair(x: &[f64], y: &[f64]) -> (Sample, Sample) {
        (Sample::new(x.to_vec()).unwrap(), Sample::new(y.to_vec()).unwrap())
    }

    #[test]
    fn one_stratum_is_the_test_of_means() {
        let (x, y) = pair(&[4.0, 4.0, 5.0, 1.0], &[7.0, 3.0, 4.0, 9.0, 4.0]);
        let settings = Permutation::new(Seed(1));
        let means = permute_means(&x, &y, &settings);
        let test = permute_strata(&[(x, y)], &settings).unwrap();
        assert_eq!(test.counts, means.raw);
        assert!((test.observed - means.difference).abs() < 1e-15);
    }

    #[test]
    fn levels_of_strata_do_not_matter() {
        let strata = [pair(&[1.0, 2.5, 3.0], &[2.0, 4.0]), pair(&[7.0, 3.0], &[8.0, 9.5, 5.0])];
        let moved = [
            pair(&[1.0, 2.5, 3.0], &[2.0, 4.0]),
            pair(&[1e6, 999_996.0], &[1_000_001.0, 1_000_002.5, 999_998.0]),
        ];
        let settings = Permutation::new(Seed(1));
        let (a, b) = (
            permute_strata(&strata, &settings).unwrap(),
            permute_strata(&moved, &settings).unwrap(),
        );
        assert_eq!(a.counts, b.counts);
        assert_eq!(a.counts.total, 100);
        // Equal weights 6/5: the plain average of both differences.
        let want = f64::midpoint(3.0 - 6.5 / 3.0, 7.5 - 5.0);
        assert!((a.observed - want).abs() < 1e-12 && (b.observed - want).abs() < 1e-9);
        let draws = NonZeroU32::new(20_000).unwrap();
        let settings = Permutation { enumerate_up_to: 0, ..settings.replicates(draws) };
        let drawn = permute_strata(&strata, &settings).unwrap();
        let (lo, hi) = drawn.counts.greater().interval("0.999999".parse().unwrap());
        assert!(lo <= a.counts.p_greater() && a.counts.p_greater() <= hi, "{drawn:?}");
    }

    #[test]
    fn degenerate_strata_have_documented_answers() {
        let settings = Permutation::new(Seed(1));
        let flat = [pair(&[2.0; 3], &[2.0; 2]), pair(&[9.0; 2], &[9.0; 2])];
        let test = permute_strata(&flat, &settings).unwrap();
        assert_eq!((test.observed, test.counts.p_two_sided()), (0.0, 1.0));
        let error = PermutationError::TooFew { what: "strata", need: 1, got: 0 };
        assert_eq!(permute_strata(&[], &settings), Err(error));
    }
}
