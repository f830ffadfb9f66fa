use rand_distr::{Distribution, Poisson};
use tailproof_core::Sample;

use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::replicates;

/// The Poisson bootstrap: each observation counts a Poisson(1) number of times, by itself.
///
/// `statistic` gets the observations in their order and their weights `0, 1, 2, …`, of which at
/// least one is above 0: a resample of nothing is drawn again. The size of a resample varies, as
/// if the number of observations were chance too; a mean varies as in the ordinary bootstrap up to
/// a share `1/n`, a *sum* varies more. Made for streams and shards, where n is not known when an
/// observation passes.
///
/// # Source
/// Hanley & MacGibbon (2006), *Computer Methods and Programs in Biomedicine* 83(1), 57–62;
/// Chamandy, Muralidharan, Najmi & Naidu (2012), *Estimating Uncertainty for Massive Data
/// Streams*, Google.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Bootstrap, poisson, weighted_mean};
///
/// let sample = Sample::new(vec![12.1, 11.8, 12.6, 12.3, 13.0])?;
/// let means = poisson(&sample, &Bootstrap::new(Seed(42)), weighted_mean);
/// assert!((means.mean() - 12.36).abs() < 0.02);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
pub fn poisson<F>(sample: &Sample, settings: &Bootstrap, statistic: F) -> Replicates
where
    F: Fn(&[f64], &[f64]) -> f64 + Sync,
{
    let x = sample.values();
    let law = Poisson::new(1.0).expect("the mean is positive");
    replicates(
        settings,
        || vec![0.0; x.len()],
        |rng, weights| {
            loop {
                weights.fill_with(|| law.sample(rng));
                if weights.iter().any(|&w| w > 0.0) {
                    return statistic(x, weights);
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighted::tests::{ratio, sample, variance};
    use crate::weighted::weighted_mean;
    use tailproof_core::Seed;

    #[test]
    fn weights_are_poisson() {
        // Mean 1, variance 1; one observation in all replicates.
        let one = poisson(&sample(), &Bootstrap::new(Seed(3)), |_, w| w[4]);
        assert!((one.mean() - 1.0).abs() < 0.05 && (variance(&one) - 1.0).abs() < 0.1);
        assert!((one.share_at_most(0.5) - (-1.0_f64).exp()).abs() < 0.025);
    }

    #[test]
    fn a_mean_varies_as_it_should() {
        // Σw varies: E[1/Σw | Σw > 0] of Poisson(20) is 0.0528.
        let got = ratio(&poisson(&sample(), &Bootstrap::new(Seed(5)), weighted_mean)) / 0.0528;
        assert!((got - 1.0).abs() < 0.08, "{got}");
    }

    #[test]
    fn a_resample_of_nothing_is_drawn_again() {
        let x = Sample::new(vec![7.0]).unwrap();
        let all = poisson(&x, &Bootstrap::new(Seed(5)), weighted_mean);
        assert!(all.values().iter().all(|&m| m == 7.0));
    }
}
