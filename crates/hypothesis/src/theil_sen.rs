use tailproof_core::distributions::normal_quantile;
use tailproof_core::{Level, Sample};

use crate::Method;
use crate::error::TestError;
use crate::groups::{median_of, power_of_two};
use crate::mann_kendall::{EXACT_UP_TO, Ties, inversion_law};

/// A robust line through a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TheilSen {
    /// Median of the slopes of all pairs, in units of the values per unit of time.
    pub slope: f64,
    /// Lower end of the interval of the slope; −∞ when so few pairs cannot bound it.
    pub lo: f64,
    /// Upper end; +∞ when so few pairs cannot bound it.
    pub hi: f64,
    /// `median(values) − slope · median(times)`.
    pub intercept: f64,
    /// Exact up to 60 observations without ties, else by the normal approximation.
    pub method: Method,
}

/// The Theil–Sen slope of a series and its interval: how fast does it rise?
///
/// ```text
/// slopes s₍₁₎ ≤ … ≤ s₍M₎ of all pairs (y_j − y_i)/(t_j − t_i) with t_i ≠ t_j
/// slope = median s      interval = [s₍c₎, s₍M+1−c₎]
/// exact:  c the largest number with P(D ≤ c − 1) ≤ α/2, D the inversions of a permutation
/// normal: c = ⌊(M − z_{1−α/2} √V)/2⌋
///         V = (n(n−1)(2n+5) − Σ_t t(t−1)(2t+5) − Σ_y t(t−1)(2t+5))/18, over tied times, values
/// ```
/// Inverts Kendall's test: with independent, identically distributed errors the exact interval
/// covers the slope with at least the level. 29 % of the values may be wild. The times need no
/// order. Time and memory `O(n²)`: 5 000 observations are 12 million slopes.
///
/// # Errors
/// Samples of unequal lengths; fewer than two observations; all times equal.
///
/// # Source
/// Theil (1950), *Proceedings of the KNAW* 53, 386–392; Sen (1968), *Journal of the American
/// Statistical Association* 63(324), 1379–1389.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::theil_sen;
///
/// let day = Sample::new(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])?;
/// let size = Sample::new(vec![10.0, 12.0, 14.0, 99.0, 18.0, 20.0])?; // MB, one wild
/// let line = theil_sen(&day, &size, Level::P95)?;
/// assert_eq!((line.slope, line.intercept), (2.0, 11.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn theil_sen(times: &Sample, values: &Sample, level: Level) -> Result<TheilSen, TestError> {
    let n = values.len();
    if times.len() != n {
        return Err(TestError::Lengths(times.len(), n));
    }
    if n < 2 {
        return Err(TestError::TooFew { need: 2, got: n });
    }
    let (time_scale, value_scale) = (
        power_of_two(times.values().iter().copied()),
        power_of_two(values.values().iter().copied()),
    );
    let points: Vec<(f64, f64)> = times
        .values()
        .iter()
        .zip(values.values())
        .map(|(t, y)| (t / time_scale, y / value_scale))
        .collect();
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    for (j, (t, y)) in points.iter().enumerate() {
        slopes.extend(points[..j].iter().filter(|(u, _)| u != t).map(|(u, v)| (y - v) / (t - u)));
    }
    if slopes.is_empty() {
        return Err(TestError::NoSpread);
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let (c, method) = interval_rank(times, values, slopes.len(), level);
    let unit = value_scale / time_scale;
    let slope = median_of(&slopes) * unit;
    // More than half: times that only differ by far less than the largest were taken as equal.
    let (lo, hi) = if c == 0 || 2 * c > slopes.len() + 1 {
        (f64::NEG_INFINITY, f64::INFINITY)
    } else {
        (slopes[c - 1] * unit, slopes[slopes.len() - c] * unit)
    };
    let intercept = median_of(values.sorted()) - slope * median_of(times.sorted());
    Ok(TheilSen { slope, lo, hi, intercept, method })
}

/// [`theil_sen`] with the positions 0, 1, 2, … for times: the slope is a change per observation.
///
/// # Errors
/// Fewer than two observations.
///
/// # Source
/// As [`theil_sen`].
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::theil_sen_by_index;
///
/// let line = theil_sen_by_index(&Sample::new(vec![3.0, 5.0, 7.0, 9.0])?, Level::P95)?;
/// assert_eq!((line.slope, line.intercept), (2.0, 3.0));
/// assert_eq!(line.hi, f64::INFINITY); // Four observations bound no slope at 95 %.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn theil_sen_by_index(values: &Sample, level: Level) -> Result<TheilSen, TestError> {
    let index = (0..values.len()).map(|i| i as f64).collect();
    let times = Sample::new(index).expect("as many whole numbers as values, so not empty");
    theil_sen(&times, values, level)
}

/// The rank `c` of the lower end, counted from 1; 0 when there is none.
fn interval_rank(times: &Sample, values: &Sample, slopes: usize, level: Level) -> (usize, Method) {
    let half = level.alpha().to_f64() / 2.0;
    let (own, other) = (Ties::of(times), Ties::of(values));
    let count = values.len();
    if own.pairs == 0 && other.pairs == 0 && count <= EXACT_UP_TO {
        let mut below = 0.0;
        let within = |p: &&f64| {
            below += **p;
            below <= half
        };
        return (inversion_law(count).iter().take_while(within).count(), Method::Exact);
    }
    let n = count as f64;
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - own.weight - other.weight) / 18.0;
    let spread = -normal_quantile(half) * variance.max(0.0).sqrt();
    // Too few slopes: the cast of a negative number is 0.
    (((slopes as f64 - spread) / 2.0).floor() as usize, Method::Normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn values_of_scipy() {
        // scipy 1.17.1, scipy.stats.theilslopes(y, t).
        let t = sample(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let y = sample(&[2.0, 1.0, 5.0, 4.0, 9.0, 7.0, 11.0, 14.0]);
        let line = theil_sen(&t, &y, Level::P95).unwrap();
        assert!((line.slope - 1.690_476_190_476_190_5).abs() < 1e-14);
        assert!((line.intercept + 1.607_142_857_142_856_8).abs() < 1e-14);
        assert!((line.lo - 1.0).abs() < 1e-14 && (line.hi - 8.0 / 3.0).abs() < 1e-14);
        assert_eq!(line.method, Method::Exact);
    }

    #[test]
    fn ties_and_long_series_go_by_the_normal_law() {
        let t = sample(&[0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
        let y = sample(&[1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0]);
        let line = theil_sen(&t, &y, Level::P95).unwrap();
        assert_eq!((line.slope, line.method), (1.0, Method::Normal));
        // M = 24; V = (8·7·21 − 4·18 − 3·18)/18 = 58.33; c = ⌊(24 − 1.96·7.638)/2⌋ = 4.
        let mut slopes: Vec<f64> = Vec::new();
        for j in 0..8 {
            for i in (0..j).filter(|&i| t.values()[i] != t.values()[j]) {
                slopes.push((y.values()[j] - y.values()[i]) / (t.values()[j] - t.values()[i]));
            }
        }
        slopes.sort_by(f64::total_cmp);
        assert_eq!((line.lo, line.hi), (slopes[3], slopes[20]));
    }

    #[test]
    fn the_scale_goes_into_the_slope() {
        let y = [2.0, 1.0, 5.0, 4.0, 9.0, 7.0];
        let t = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let by = |a: f64, b: f64| {
            theil_sen(&sample(&t.map(|v| v * a)), &sample(&y.map(|v| v * b)), Level::P95).unwrap()
        };
        let (plain, huge) = (by(1.0, 1.0), by(1e300, 1e300));
        assert!((plain.slope / huge.slope - 1.0).abs() < 1e-12);
        assert!((by(1.0, -1e307).slope / plain.slope / -1e307 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn degenerate_series_are_errors() {
        let (a, b) = (sample(&[1.0, 1.0]), sample(&[1.0, 2.0]));
        assert_eq!(theil_sen(&a, &b, Level::P95), Err(TestError::NoSpread));
        let three = sample(&[1.0, 2.0, 3.0]);
        assert_eq!(theil_sen(&a, &three, Level::P95), Err(TestError::Lengths(2, 3)));
        assert_eq!(theil_sen_by_index(&b, Level::P95).unwrap().lo, f64::NEG_INFINITY);
    }
}
