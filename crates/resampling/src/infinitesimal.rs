use rayon::prelude::*;
use tailproof_core::Sample;

use crate::ResamplingError;
use crate::bootstrap::{Bootstrap, bootstrap};
use crate::jackknife::acceleration;
use crate::stream::{Indices, stream};

/// How much each observation pulls at a statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct Influence {
    /// The statistic with equal weights.
    pub estimate: f64,
    values: Vec<f64>,
}

impl Influence {
    /// `U_i`, the derivative of the statistic towards observation i; they sum to about zero.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The infinitesimal jackknife's standard error, `√(ΣU_i²)/n`.
    #[must_use]
    pub fn error(&self) -> f64 {
        let largest = self.values.iter().fold(0.0_f64, |m, u| m.max(u.abs()));
        if largest == 0.0 {
            return 0.0;
        }
        let n = self.values.len() as f64;
        largest * self.values.iter().map(|u| (u / largest).powi(2)).sum::<f64>().sqrt() / n
    }

    /// The acceleration of the BCa interval, `ΣU³ / (6 (ΣU²)^{3/2})`; `None` when all are zero.
    #[must_use]
    pub fn acceleration(&self) -> Option<f64> {
        acceleration(&self.values)
    }
}

/// The infinitesimal jackknife of a statistic that takes weights.
///
/// ```text
/// U_i = lim_{ε → 0} [ θ((1−ε)P + εδ_i) − θ(P) ]/ε          P: weight 1/n on each observation
/// se² = ΣU_i²/n²
/// ```
/// The limit is a central difference with `ε = min(10⁻⁵, 1/(2n))`. `statistic` gets the
/// observations and their weights, which are positive and sum to 1, and must be smooth in the
/// weights: about eight digits are right when it is, none for a quantile.
///
/// # Errors
/// Fewer than two observations.
///
/// # Source
/// Jaeckel (1972), *The Infinitesimal Jackknife*, Bell Laboratories; Efron & Tibshirani (1993),
/// *An Introduction to the Bootstrap*, §20.4 and §22.2.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_resampling::{infinitesimal_jackknife, weighted_mean};
///
/// let sample = Sample::new(vec![2.0, 4.0, 9.0])?;
/// let mean = infinitesimal_jackknife(&sample, weighted_mean)?;
/// assert!((mean.error() - (26.0_f64 / 9.0).sqrt()).abs() < 1e-8); // √(Σ(x−x̄)²)/n
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn infinitesimal_jackknife<F>(
    sample: &Sample,
    statistic: F,
) -> Result<Influence, ResamplingError>
where
    F: Fn(&[f64], &[f64]) -> f64 + Sync,
{
    let x = sample.values();
    if x.len() < 2 {
        return Err(ResamplingError::TooFew { need: 2, got: x.len() });
    }
    let n = x.len() as f64;
    let step = (0.5 / n).min(1e-5);
    let values = (0..x.len())
        .into_par_iter()
        .map_init(
            || vec![0.0; x.len()],
            |weights, i| {
                let mut towards = |e: f64| {
                    weights.fill((1.0 - e) / n);
                    weights[i] += e;
                    statistic(x, weights)
                };
                (towards(step) - towards(-step)) / (2.0 * step)
            },
        )
        .collect();
    let equal = vec![1.0 / n; x.len()];
    Ok(Influence { estimate: statistic(x, &equal), values })
}

/// A bagged statistic and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothed {
    /// The mean of the replicates, `θ̄*`.
    pub estimate: f64,
    /// Its standard error as in the paper; too large by Monte-Carlo error when replicates are few.
    pub error: f64,
    /// The same less that excess (Wager, Hastie & Efron 2014); 0 when nothing is left.
    pub error_corrected: f64,
}

/// The mean of the bootstrap replicates of any statistic, with the infinitesimal jackknife's
/// standard error of that mean from the counts of the resamples.
///
/// ```text
/// cov_j = Σ_b (N_bj − 1)(θ*_b − θ̄*)/B        se² = Σ_j cov_j²
/// corrected: se² − n/B² · Σ_b (θ*_b − θ̄*)²
/// ```
/// `N_bj` counts observation j in resample b. Averaging smooths statistics that jump, such as
/// those after a selection; the error is that of the average, below the standard deviation of
/// the replicates. Replicates are those of [`bootstrap()`] with the same settings. `statistic`
/// must be finite.
///
/// # Source
/// Efron (2014), *JASA* 109(507), 991–1007, Theorem 1; correction: Wager, Hastie & Efron (2014),
/// *Journal of Machine Learning Research* 15, 1625–1651, eq. 7.
pub fn smoothed<F>(sample: &Sample, settings: &Bootstrap, statistic: F) -> Smoothed
where
    F: Fn(&[f64]) -> f64 + Sync,
{
    let replicates = bootstrap(sample, settings, statistic);
    let mean = replicates.mean();
    let deviation = |value: f64| value - mean;
    let largest = replicates.values().iter().fold(0.0_f64, |m, &v| m.max(deviation(v).abs()));
    if largest == 0.0 {
        return Smoothed { estimate: mean, error: 0.0, error_corrected: 0.0 };
    }
    let n = sample.len();
    let count = f64::from(settings.count());
    let indices = Indices::below(n);
    let mut sums = vec![0.0; n];
    let (mut total, mut square) = (0.0, 0.0);
    for (b, &value) in (0_u64..).zip(replicates.values()) {
        let d = deviation(value) / largest;
        // The draws of `bootstrap`, once more.
        indices.each(&mut stream(settings.seed(), b), n, |at| sums[at] += d);
        total += d;
        square += d * d;
    }
    let variance: f64 = sums.iter().map(|s| ((s - total) / count).powi(2)).sum();
    let excess = n as f64 * square / (count * count);
    Smoothed {
        estimate: mean,
        error: largest * variance.sqrt(),
        error_corrected: largest * (variance - excess).max(0.0).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighted::weighted_mean;
    use tailproof_core::Seed;
    use tailproof_core::descriptive::Moments;

    fn sample() -> Sample {
        Sample::new((0..40_u32).map(|i| f64::from(i * i % 31)).collect()).unwrap()
    }

    #[test]
    fn influences_of_a_mean_and_a_variance_are_known() {
        let x = sample();
        let m = Moments::of(&x);
        let mean = infinitesimal_jackknife(&x, weighted_mean).unwrap();
        assert!((mean.estimate - m.mean()).abs() < 1e-12);
        for (u, v) in mean.values().iter().zip(x.values()) {
            assert!((u - (v - m.mean())).abs() < 1e-7, "{u} {v}");
        }
        assert!((mean.error() - m.sd(0) / 40.0_f64.sqrt()).abs() < 1e-8);
        let variance = infinitesimal_jackknife(&x, |v, w| {
            let centre = weighted_mean(v, w);
            v.iter().zip(w).map(|(v, w)| w * (v - centre).powi(2)).sum()
        });
        for (u, v) in variance.unwrap().values().iter().zip(x.values()) {
            assert!((u - ((v - m.mean()).powi(2) - m.variance(0))).abs() < 1e-5, "{u} {v}");
        }
    }

    #[test]
    fn the_smoothed_mean_has_the_error_of_the_mean() {
        let x = sample();
        let smooth = smoothed(&x, &Bootstrap::new(Seed(4)), |v| Moments::of_values(v).mean());
        let want = Moments::of(&x).sd(0) / 40.0_f64.sqrt();
        // Monte-Carlo error 1/√B of the error: five standard deviations.
        assert!((smooth.error_corrected / want - 1.0).abs() < 0.05, "{smooth:?} {want}");
        assert!(smooth.error >= smooth.error_corrected);
        assert!((smooth.estimate - Moments::of(&x).mean()).abs() < 5.0 * want / 100.0);
    }

    #[test]
    fn equal_observations_have_no_error() {
        let flat = Sample::new(vec![0.3; 9]).unwrap();
        let smooth = smoothed(&flat, &Bootstrap::new(Seed(4)), |v| v[0]);
        assert_eq!((smooth.estimate, smooth.error), (0.3, 0.0));
        let influence = infinitesimal_jackknife(&flat, weighted_mean).unwrap();
        assert_eq!((influence.error(), influence.acceleration()), (0.0, None));
        let one = Sample::new(vec![0.3]).unwrap();
        assert!(infinitesimal_jackknife(&one, weighted_mean).is_err());
    }
}
