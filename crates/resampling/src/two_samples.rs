use tailproof_core::Sample;

use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::{redraw, replicates};

/// The bootstrap of a statistic of two independent samples, such as a difference or a ratio.
///
/// Each sample is redrawn by itself, at its own size; `statistic` gets both in that order. Write
/// effects as the change from the first to the second, `y − x`. Samples may differ in size,
/// spread and shape. For pairs see [`crate::paired()`].
///
/// # Source
/// Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, §8.3.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample, Seed};
/// use tailproof_resampling::{Bootstrap, two_samples};
///
/// let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3, 12.0, 12.4])?;
/// let after = Sample::new(vec![11.2, 11.0, 11.9, 11.4, 11.3])?;
/// let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
/// let settings = Bootstrap::new(Seed(42));
/// let change = two_samples(&before, &after, &settings, |x, y| mean(y) - mean(x));
/// assert!(change.percentile_interval(Level::P95).1 < 0.0);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
pub fn two_samples<F>(x: &Sample, y: &Sample, settings: &Bootstrap, statistic: F) -> Replicates
where
    F: Fn(&[f64], &[f64]) -> f64 + Sync,
{
    replicates(
        settings,
        || (vec![0.0; x.len()], vec![0.0; y.len()]),
        |rng, (first, second)| {
            redraw(rng, x.values(), first);
            redraw(rng, y.values(), second);
            statistic(first, second)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;

    #[test]
    fn the_variance_is_the_sum_of_both() {
        let x = Sample::new(vec![0.0, 1.0, 2.0, 3.0]).unwrap();
        let y = Sample::new(vec![10.0, 30.0]).unwrap();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let change = two_samples(&x, &y, &Bootstrap::new(Seed(5)), |x, y| mean(y) - mean(x));
        // Plug-in variances 1.25/4 and 100/2.
        let square = change.values().iter().map(|d| (d - 18.5).powi(2)).sum::<f64>() / 10_000.0;
        assert!((square - 50.312_5).abs() < 2.5, "{square}");
        assert!((change.mean() - 18.5).abs() < 0.4);
    }

    #[test]
    fn one_value_a_side_is_a_point() {
        let x = Sample::new(vec![3.0]).unwrap();
        let only = two_samples(&x, &x, &Bootstrap::new(Seed(5)), |x, y| y[0] - x[0]);
        assert!(only.values().iter().all(|&d| d == 0.0));
    }
}
