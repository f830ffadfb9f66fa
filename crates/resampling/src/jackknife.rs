use rayon::prelude::*;
use tailproof_core::Sample;

use crate::ResamplingError;

/// A statistic of a sample, and of the sample without each of its observations.
#[derive(Clone, Debug, PartialEq)]
pub struct Jackknife {
    /// The statistic of the whole sample, `θ`.
    pub estimate: f64,
    values: Vec<f64>,
}

impl Jackknife {
    /// `θ₍ᵢ₎`: the statistic without observation i, in the order of the sample.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// `θ̄`, the mean of the values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        // Against the first value, so that equal values have exactly their own mean.
        let first = self.values[0];
        first + self.values.iter().map(|v| v - first).sum::<f64>() / self.values.len() as f64
    }

    /// Quenouille's estimate of the bias, `(n−1)(θ̄ − θ)`.
    #[must_use]
    pub fn bias(&self) -> f64 {
        (self.values.len() - 1) as f64 * (self.mean() - self.estimate)
    }

    /// The estimate less its bias.
    #[must_use]
    pub fn corrected(&self) -> f64 {
        self.estimate - self.bias()
    }

    /// Tukey's standard error, `√((n−1)/n · Σ(θ₍ᵢ₎ − θ̄)²)`.
    ///
    /// Right for smooth statistics; for a quantile it stays wrong however large the sample
    /// (Efron 1982, §3.4): use [`crate::QuantileBootstrap::sd`].
    #[must_use]
    pub fn error(&self) -> f64 {
        let d = self.deviations();
        let largest = d.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if largest == 0.0 {
            return 0.0;
        }
        let n = d.len() as f64;
        largest * ((n - 1.0) / n * d.iter().map(|x| (x / largest).powi(2)).sum::<f64>()).sqrt()
    }

    /// The acceleration of the BCa interval, `Σd³ / (6 (Σd²)^{3/2})` with `d = θ̄ − θ₍ᵢ₎`;
    /// `None` when all values are equal.
    #[must_use]
    pub fn acceleration(&self) -> Option<f64> {
        acceleration(&self.deviations())
    }

    /// `θ̄ − θ₍ᵢ₎`.
    fn deviations(&self) -> Vec<f64> {
        if self.values.iter().all(|&v| v == self.values[0]) {
            return vec![0.0; self.values.len()];
        }
        let mean = self.mean();
        self.values.iter().map(|v| mean - v).collect()
    }
}

/// `Σd³ / (6 (Σd²)^{3/2})`: a sixth of the skewness of influences, `None` when all are zero.
pub(crate) fn acceleration(d: &[f64]) -> Option<f64> {
    let largest = d.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return None;
    }
    let (mut square, mut cube) = (0.0, 0.0);
    for x in d.iter().map(|x| x / largest) {
        square += x * x;
        cube += x * x * x;
    }
    Some(cube / (6.0 * square * square.sqrt()))
}

/// The delete-one jackknife of any statistic: bias, standard error, acceleration.
///
/// ```text
/// θ₍ᵢ₎ = θ(x₁, …, xᵢ₋₁, xᵢ₊₁, …, xₙ)      bias = (n−1)(θ̄ − θ)
/// se² = (n−1)/n · Σ(θ₍ᵢ₎ − θ̄)²            â = Σ(θ̄ − θ₍ᵢ₎)³ / (6 (Σ(θ̄ − θ₍ᵢ₎)²)^{3/2})
/// ```
/// For independent observations and smooth statistics. `statistic` is called n + 1 times, in
/// parallel, with the observations in their order; it must be able to do with n − 1 of them.
///
/// # Errors
/// Fewer than two observations.
///
/// # Source
/// Quenouille (1956), *Biometrika* 43(3–4), 353–360; Tukey (1958), *Annals of Mathematical
/// Statistics* 29(2), 614; acceleration: Efron (1987), *JASA* 82(397), 171–185, §6.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_resampling::jackknife;
///
/// let sample = Sample::new(vec![2.0, 4.0, 9.0])?;
/// let mean = jackknife(&sample, |x| x.iter().sum::<f64>() / x.len() as f64)?;
/// assert!(mean.bias().abs() < 1e-12);
/// assert!((mean.error() - (13.0_f64 / 3.0).sqrt()).abs() < 1e-12); // s/√n
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn jackknife<F>(sample: &Sample, statistic: F) -> Result<Jackknife, ResamplingError>
where
    F: Fn(&[f64]) -> f64 + Sync,
{
    let x = sample.values();
    if x.len() < 2 {
        return Err(ResamplingError::TooFew { need: 2, got: x.len() });
    }
    let values = (0..x.len())
        .into_par_iter()
        .map_init(
            || vec![0.0; x.len() - 1],
            |buffer, i| {
                buffer[..i].copy_from_slice(&x[..i]);
                buffer[i..].copy_from_slice(&x[i + 1..]);
                statistic(buffer)
            },
        )
        .collect();
    Ok(Jackknife { estimate: statistic(x), values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::descriptive::Moments;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_bias_of_the_plug_in_variance_is_found() {
        // The jackknife turns Σ(x−x̄)²/n into Σ(x−x̄)²/(n−1) exactly.
        let x = sample(&[1.0, 4.0, 2.0, 8.0, 5.5]);
        let j = jackknife(&x, |v| Moments::of_values(v).variance(0)).unwrap();
        assert!((j.corrected() / Moments::of(&x).variance(1) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_mean_has_its_own_error_and_skewness() {
        for scale in [1.0, 1e200, 1e-200] {
            let values: Vec<f64> = [1.0, 1.5, 1.25, 7.0, 3.0].iter().map(|v| v * scale).collect();
            let x = sample(&values);
            let m = Moments::of(&x);
            let j = jackknife(&x, |v| Moments::of_values(v).mean()).unwrap();
            assert!((j.error() / m.standard_error() - 1.0).abs() < 1e-12);
            // d_i is proportional to x_i − x̄, so â = skewness/(6√n).
            let want = m.skewness() / (6.0 * 5.0_f64.sqrt());
            assert!((j.acceleration().unwrap() / want - 1.0).abs() < 1e-9, "{scale}");
        }
    }

    #[test]
    fn each_observation_is_left_out_in_turn() {
        let j = jackknife(&sample(&[1.0, 2.0, 4.0]), |v| v[0] * 10.0 + v[1]).unwrap();
        assert_eq!((j.estimate, j.values()), (12.0, &[24.0, 14.0, 12.0][..]));
    }

    #[test]
    fn equal_values_have_no_acceleration() {
        let j = jackknife(&sample(&[0.1; 7]), |v| Moments::of_values(v).mean()).unwrap();
        assert_eq!((j.error(), j.acceleration()), (0.0, None));
        let one = jackknife(&sample(&[3.0]), |v| v[0]);
        assert_eq!(one, Err(ResamplingError::TooFew { need: 2, got: 1 }));
    }
}
