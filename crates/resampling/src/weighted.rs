/// The mean with weights, `Σwx/Σw`: the plainest statistic for [`crate::poisson()`] and
/// [`crate::bayesian()`].
///
/// Not a number when the weights sum to zero.
///
/// # Panics
/// No values.
#[must_use]
pub fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    // Against the first value, so that equal values have exactly their own mean.
    let first = values[0];
    let (mut sum, mut total) = (0.0, 0.0);
    for (x, w) in values.iter().zip(weights) {
        sum += w * (x - first);
        total += w;
    }
    first + sum / total
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bootstrap::Replicates;
    use tailproof_core::Sample;

    pub(crate) fn sample() -> Sample {
        Sample::new((0..20_u32).map(|i| f64::from(i * i % 17)).collect()).unwrap()
    }

    pub(crate) fn variance(replicates: &Replicates) -> f64 {
        let mean = replicates.mean();
        replicates.values().iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 10_000.0
    }

    /// Variance of the replicated means against the plug-in variance of an observation.
    pub(crate) fn ratio(replicates: &Replicates) -> f64 {
        let x = sample();
        let centre = weighted_mean(x.values(), &[1.0; 20]);
        let plug_in = x.values().iter().map(|v| (v - centre).powi(2)).sum::<f64>() / 20.0;
        variance(replicates) / plug_in
    }

    #[test]
    fn weights_are_shares() {
        assert_eq!(weighted_mean(&[1.0, 2.0, 6.0], &[2.0, 1.0, 1.0]), 2.5);
        assert_eq!(weighted_mean(&[1.0, 2.0, 6.0], &[0.0, 0.0, 0.3]), 6.0);
        assert_eq!(weighted_mean(&[0.1; 3], &[0.7, 0.1, 0.9]), 0.1);
        assert!(weighted_mean(&[1.0, 2.0], &[0.0, 0.0]).is_nan());
    }
}
