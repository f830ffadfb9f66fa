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

/// How far neighbours depend on each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Persistence {
    /// Estimate of the first autocorrelation.
    pub(super) rho: f64,
    /// Larger by two of its relative standard errors.
    pub(super) cautious: f64,
}

/// The first autocorrelation of a series whose level changes now and then, where it is beyond
/// what independent values rarely show.
///
/// ```text
/// d = first differences less their median, within 3 MAD-σ      ρ̂ = 1 + 2 Σ d_t d_{t+1}/Σ d_t²
/// s = 0.15 √(100/m)                                            m differences other than 0
/// ρ̂ > 1.64 s: independent values rarely show it                cautious ρ̂ (1 + 2s)
/// ```
/// Neighbouring differences of independent values have correlation −1/2, and those of an AR(1)
/// −(1 − ρ)/2; the few that straddle a change of level hardly count. No level has to be known,
/// so none that a false split made can hide the dependence. The cautious one is for tests: too
/// little dependence costs more false alarms than too much costs changes. `None` where more than half of the
/// differences are equal: a level that moves by whole steps has no noise to ask.
pub(super) fn persistence(series: &[f64]) -> Option<Persistence> {
    /// Of independent values, 5 % are beyond.
    const BEYOND: f64 = 1.64;
    let steps: Vec<f64> = series.windows(2).map(|w| w[1] - w[0]).collect();
    let moved = steps.iter().filter(|&&d| d != 0.0).count() as f64;
    let sample = Sample::new(steps).ok()?;
    let (centre, limit) = (median(&sample), 3.0 * mad_normal(&sample));
    if limit <= 0.0 {
        return None;
    }
    // In units of the limit, so that no square overflows or vanishes.
    let near = |d: &f64| ((d - centre) / limit).clamp(-1.0, 1.0);
    let steps: Vec<f64> = sample.values().iter().map(near).collect();
    let squares: f64 = steps.iter().map(|d| d * d).sum();
    let rho = 1.0 + 2.0 * steps.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / squares;
    let error = 0.15 * (100.0 / moved).sqrt();
    (rho > BEYOND * error).then_some(Persistence { rho, cautious: rho * (1.0 + 2.0 * error) })
}

/// The power of two that brings values to about 1 where their squares would overflow or vanish,
/// else 1.
pub(super) fn unit(series: &[f64]) -> f64 {
    let largest = series.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if largest == 0.0 || (1e-120..1e120).contains(&largest) {
        return 1.0;
    }
    // Short of the ends, where a power of two or its inverse is no normal double.
    2.0_f64.powi(-largest.log2().clamp(-1e3, 1e3) as i32)
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
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

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
    fn dependence_shows_through_levels() {
        let wave = |rho: f64, seed: u64, steps: bool| -> Vec<f64> {
            let mut rng = stream(Seed(seed), 0);
            let mut x = 0.0;
            let mut next = |i: usize| {
                x = rho * x + (0..12).map(|_| uniform(&mut rng)).sum::<f64>() - 6.0;
                x + if steps { (i / 34) as f64 * 7.0 } else { 0.0 }
            };
            (0..100).map(&mut next).collect()
        };
        let found = |rho: f64, steps: bool| {
            (0..200).filter(|&seed| persistence(&wave(rho, seed, steps)).is_some()).count()
        };
        let (none, steps, some, strong) =
            (found(0.0, false), found(0.0, true), found(0.5, false), found(0.9, false));
        assert!(none <= 22 && steps <= 80, "{none} {steps}");
        assert!(some >= 170 && strong == 200, "{some} {strong}");
        // Steps without noise, and a trend, are levels.
        let steps: Vec<f64> = (0..100).map(|i| f64::from(i / 10)).collect();
        let trend: Vec<f64> = (0..100).map(|i| f64::from(i) + f64::from(i * 37 % 11)).collect();
        assert_eq!((persistence(&steps), persistence(&trend)), (None, None));
        assert_eq!((persistence(&[]), persistence(&[1.0, 2.0])), (None, None));
    }

    #[test]
    fn only_extreme_values_are_scaled() {
        assert_eq!((unit(&[3.0, -1e100]), unit(&[]), unit(&[0.0])), (1.0, 1.0, 1.0));
        for x in [f64::MAX, 1e-300, f64::from_bits(1)] {
            let scaled = x * unit(&[0.0, -x]);
            assert!(scaled > 1e-30 && scaled < 1e30, "{scaled:e}");
        }
    }

    #[test]
    fn an_outlier_is_pulled_in() {
        let values = [1.0, 2.0, 1.5, 2.5, 1e9, 1.0, 2.0];
        let clipped = clipped(&values, 3.0);
        assert!(clipped[4] < 10.0);
        assert_eq!(clipped[..4], values[..4]);
    }
}
