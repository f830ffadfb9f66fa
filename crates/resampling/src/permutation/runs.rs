use tailproof_core::{Sample, descriptive};

use super::arrangements::choose;
use super::means::{Permuted, permute_means};
use super::settings::{Permutation, PermutationError};

/// The outcome of [`permute_runs`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunsPermuted {
    /// The permutation test of the run means, raw and studentized.
    pub means: Permuted,
    /// Distinct splits of the runs, `C(R₁+R₂, R₁)`; `None` beyond 64 bits.
    pub splits: Option<u64>,
    /// The smallest two-sided p-value that these numbers of runs and settings can give;
    /// equal run means can only raise it.
    pub smallest_p: f64,
}

/// The permutation test of two sides that consist of runs: whole runs are exchanged.
///
/// ```text
/// m_r = mean of run r      T = difference of the sides' means of m_r, raw or over Welch's error
/// smallest p = 2/C(2R, R) with R runs a side, 1/C(R₁+R₂, R₁) with unequal numbers
/// ```
/// Observations of one run share what the run had in common, so they are not exchangeable;
/// runs are. All splits are tried when there are at most [`Permutation::enumerate_up_to`],
/// otherwise random ones. With few runs the smallest attainable p-value bounds what can be
/// claimed: 3 v 3 runs cannot go below 0.1. One run a side always gives p = 1. Runs weigh
/// equally whatever their lengths.
///
/// # Errors
/// A side without runs.
///
/// # Source
/// Edgington & Onghena (2007), *Randomization Tests*; runs as units: Kalibera & Jones (2013),
/// *ISMM*, 63–74.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_runs};
///
/// let run = |level: f64| Sample::new((0..50).map(|i| level + f64::from(i % 5)).collect());
/// let before = [run(100.0)?, run(101.0)?, run(100.5)?];
/// let after = [run(110.0)?, run(111.0)?, run(112.0)?];
/// let test = permute_runs(&before, &after, &Permutation::new(Seed(42)))?;
/// assert_eq!((test.splits, test.smallest_p), (Some(20), 0.1));
/// assert_eq!(test.means.raw.p_two_sided(), 0.1); // 300 observations, but 6 runs.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permute_runs(
    x: &[Sample],
    y: &[Sample],
    settings: &Permutation,
) -> Result<RunsPermuted, PermutationError> {
    let (own, other) = (run_means(x)?, run_means(y)?);
    let splits = choose((x.len() + y.len()) as u64, x.len() as u64);
    // With equal numbers the mirrored split has the same absolute difference.
    let extreme = if x.len() == y.len() { 2.0 } else { 1.0 };
    let by_design = splits.map_or(0.0, |splits| extreme / splits as f64);
    let by_draws = if splits.is_some_and(|splits| splits <= settings.enumerate_up_to) {
        0.0
    } else {
        1.0 / (1.0 + f64::from(settings.replicates.get()))
    };
    Ok(RunsPermuted {
        means: permute_means(&own, &other, settings),
        splits,
        smallest_p: by_design.max(by_draws),
    })
}

fn run_means(runs: &[Sample]) -> Result<Sample, PermutationError> {
    let means: Vec<f64> = runs.iter().map(descriptive::mean).collect();
    if means.is_empty() {
        return Err(PermutationError::TooFew { what: "runs a side", need: 1, got: 0 });
    }
    Ok(Sample::new(means).expect("means of finite values are finite"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    fn runs(levels: &[f64]) -> Vec<Sample> {
        levels.iter().map(|l| Sample::new(vec![l - 1.0, l + 1.0, *l]).unwrap()).collect()
    }

    #[test]
    fn the_extreme_split_attains_the_smallest_p() {
        let settings = Permutation::new(Seed(1));
        for (x, y, splits) in [
            (&[1.0, 2.0, 3.0][..], &[7.0, 8.0, 9.5][..], 20),
            (&[1.0, 2.0][..], &[7.0, 8.0, 9.0][..], 10),
        ] {
            let test = permute_runs(&runs(x), &runs(y), &settings).unwrap();
            assert_eq!(test.splits, Some(splits));
            assert_eq!(test.means.raw.total, splits);
            assert!(test.means.raw.p_two_sided() >= test.smallest_p);
        }
        let even = permute_runs(&runs(&[1.0, 2.0, 3.0]), &runs(&[7.0, 8.0, 9.0]), &settings);
        let even = even.unwrap();
        assert_eq!(even.means.raw.p_two_sided(), even.smallest_p);
        let five = permute_runs(&runs(&[1.0; 5]), &runs(&[2.0; 5]), &settings).unwrap();
        assert!((five.smallest_p - 0.0079).abs() < 5e-5);
        assert_eq!(five.means.raw.p_two_sided(), five.smallest_p);
    }

    #[test]
    fn one_run_a_side_says_nothing() {
        let settings = Permutation::new(Seed(1));
        let test = permute_runs(&runs(&[1.0]), &runs(&[50.0]), &settings).unwrap();
        assert_eq!((test.smallest_p, test.means.raw.p_two_sided()), (1.0, 1.0));
        assert!(test.means.studentized.is_none());
        let error = PermutationError::TooFew { what: "runs a side", need: 1, got: 0 };
        assert_eq!(permute_runs(&[], &runs(&[1.0]), &settings), Err(error));
    }

    #[test]
    fn draws_bound_what_can_be_claimed() {
        let levels: Vec<f64> = (0..20).map(f64::from).collect();
        let settings = Permutation::new(Seed(1)).replicates(NonZeroU32::new(99).unwrap());
        let test = permute_runs(&runs(&levels), &runs(&levels), &settings).unwrap();
        assert_eq!((test.smallest_p, test.splits), (0.01, Some(137_846_528_820)));
    }
}
