//! The noise of a series, whatever its level does.

use tailproof_core::Sample;
use tailproof_core::descriptive::{mad_normal, median};

/// The noise of a series whose level changes now and then.
///
/// ```text
/// σ̂ = 1.4826 · MAD(x₂ − x₁, x₃ − x₂, …) / √2
/// ```
/// Differences of neighbours do not see a level, and their MAD ignores the few that straddle a
/// change. In the unit of the data; for independent observations, too small for those that
/// follow each other. Where more than half of the differences are equal, the mean of their sizes
/// over √2 stands in. 0 for fewer than two values and for a constant series.
///
/// # Example
/// ```
/// use tailproof_compare::history::noise;
///
/// let step = [10.0, 11.0, 9.5, 10.5, 90.0, 91.5, 90.5, 91.0];
/// assert!(noise(&step) < 2.0);
/// assert_eq!(noise(&[7.0; 5]), 0.0);
/// ```
#[must_use]
pub fn noise(series: &[f64]) -> f64 {
    let steps: Vec<f64> = series.windows(2).map(|w| w[1] - w[0]).collect();
    let sizes = steps.iter().map(|d| d.abs()).sum::<f64>() / steps.len().max(1) as f64;
    let spread = Sample::new(steps).map_or(0.0, |steps| mad_normal(&steps));
    (if spread > 0.0 { spread } else { sizes }) / std::f64::consts::SQRT_2
}

/// The values pulled in to within `limit` times their noise from their median.
pub(super) fn clipped(series: &[f64], limit: f64) -> Vec<f64> {
    let sigma = noise(series);
    let Ok(sample) = Sample::new(series.to_vec()) else { return series.to_vec() };
    if sigma <= 0.0 || !sigma.is_finite() {
        return series.to_vec();
    }
    let centre = median(&sample);
    series.iter().map(|x| x.clamp(centre - limit * sigma, centre + limit * sigma)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_not_noise() {
        let flat: Vec<f64> = (0..80).map(|i| f64::from((i * i * 31 + i * 7_919) % 101)).collect();
        let step: Vec<f64> =
            flat.iter().enumerate().map(|(i, x)| if i < 40 { *x } else { x + 500.0 }).collect();
        assert!((noise(&flat) / noise(&step) - 1.0).abs() < 0.1);
    }

    #[test]
    fn few_distinct_values_have_noise_too() {
        let mut ticks = vec![5.0; 40];
        ticks[20] = 6.0;
        assert!(noise(&ticks) > 0.0 && noise(&ticks) < 0.1);
        assert_eq!((noise(&[]), noise(&[1.0])), (0.0, 0.0));
    }

    #[test]
    fn an_outlier_is_pulled_in() {
        let values = [1.0, 2.0, 1.5, 2.5, 1e9, 1.0, 2.0];
        let clipped = clipped(&values, 3.0);
        assert!(clipped[4] < 10.0);
        assert_eq!(clipped[..4], values[..4]);
    }
}
