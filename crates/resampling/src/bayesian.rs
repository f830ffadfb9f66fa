use rand_distr::{Distribution, Exp1};
use tailproof_core::Sample;

use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::replicates;

/// The Bayesian bootstrap: weights from the flat Dirichlet distribution.
///
/// ```text
/// w_i = E_i / Σ_j E_j        E_1, …, E_n independent, exponential
/// ```
/// `statistic` gets the observations in their order and their weights, which are positive and sum
/// to 1. The replicates are draws from the posterior of the statistic under an improper Dirichlet
/// prior on the observed values; they are smoother than the bootstrap's, no observation is ever
/// missing, and the variance of a mean is smaller by a share `1/(n+1)`.
///
/// # Source
/// Rubin (1981), *Annals of Statistics* 9(1), 130–134.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample, Seed};
/// use tailproof_resampling::{Bootstrap, bayesian, weighted_mean};
///
/// let sample = Sample::new(vec![12.1, 11.8, 12.6, 12.3, 13.0])?;
/// let means = bayesian(&sample, &Bootstrap::new(Seed(42)), weighted_mean);
/// let (lo, hi) = means.percentile_interval(Level::P95);
/// assert!(11.8 < lo && hi < 13.0);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
pub fn bayesian<F>(sample: &Sample, settings: &Bootstrap, statistic: F) -> Replicates
where
    F: Fn(&[f64], &[f64]) -> f64 + Sync,
{
    let x = sample.values();
    replicates(
        settings,
        || vec![0.0; x.len()],
        |rng, weights| {
            weights.fill_with(|| Exp1.sample(rng));
            let total: f64 = weights.iter().sum();
            for w in weights.iter_mut() {
                *w /= total;
            }
            statistic(x, weights)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighted::tests::{ratio, sample};
    use crate::weighted::weighted_mean;
    use tailproof_core::Seed;

    #[test]
    fn weights_are_dirichlet() {
        // One component is Beta(1, n−1): P(w ≤ t) = 1 − (1−t)^{n−1}.
        let settings = Bootstrap::new(Seed(3));
        let one = bayesian(&sample(), &settings, |_, w| w[4]);
        assert!((one.mean() - 0.05).abs() < 0.0025);
        assert!((one.share_at_most(0.05) - (1.0 - 0.95_f64.powi(19))).abs() < 0.025);
        let sums = bayesian(&sample(), &settings, |_, w| w.iter().sum());
        assert!(sums.values().iter().all(|s| (s - 1.0).abs() < 1e-12));
    }

    #[test]
    fn a_mean_varies_as_it_should() {
        let got = ratio(&bayesian(&sample(), &Bootstrap::new(Seed(5)), weighted_mean)) * 21.0;
        assert!((got - 1.0).abs() < 0.08, "{got}");
    }

    #[test]
    fn one_observation_is_a_point() {
        let x = Sample::new(vec![7.0]).unwrap();
        let all = bayesian(&x, &Bootstrap::new(Seed(5)), weighted_mean);
        assert!(all.values().iter().all(|&m| m == 7.0));
    }
}
