//! Quantiles of a sample: the nine types of Hyndman and Fan, and the nearest rank.

use crate::{Rank, Sample};

/// How a quantile is read off the order statistics.
///
/// The nine types of Hyndman & Fan (1996), *The American Statistician* 50(4), 361–365, by
/// their NumPy names, and the nearest rank `x₍⌈pn⌉₎`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuantileType {
    /// Type 1: the inverse of the empirical distribution function.
    InvertedCdf,
    /// Type 2: type 1 with averaging at discontinuities.
    AveragedInvertedCdf,
    /// Type 3: the closest observation, ties to the even rank.
    ClosestObservation,
    /// Type 4: linear interpolation of the empirical distribution function.
    InterpolatedInvertedCdf,
    /// Type 5: knots midway through the steps.
    Hazen,
    /// Type 6: `E F(x₍k₎) = k/(n+1)`.
    Weibull,
    /// Type 7: the mode of `F(x₍k₎)`; the default of NumPy and R.
    #[default]
    Linear,
    /// Type 8: approximately median-unbiased.
    MedianUnbiased,
    /// Type 9: approximately unbiased for the normal distribution.
    NormalUnbiased,
    /// `x₍⌈pn⌉₎`, and `x₍₁₎` at p = 0.
    NearestRank,
}

/// Where a quantile lies among `n` order statistics: `(1 − weight)·x₍lower₎ + weight·x₍upper₎`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Rank of the lower order statistic, from 1.
    pub lower: u64,
    /// Rank of the upper one, equal to `lower` when `weight` is 0.
    pub upper: u64,
    /// Weight of the upper one, in `[0, 1)`.
    pub weight: f64,
}

impl Position {
    /// The weighted mean of the two order statistics; exact when they are equal, and free of
    /// overflow.
    #[must_use]
    pub fn interpolate(&self, lower: f64, upper: f64) -> f64 {
        if self.weight == 0.0 || lower == upper {
            return lower;
        }
        (1.0 - self.weight) * lower + self.weight * upper
    }
}

/// Where the quantile of rank `p` lies among `n` order statistics.
///
/// ```text
/// h = a + p(n + 1 − a − b)    j = ⌊h⌋    weight = h − j
/// ```
/// with the constants `a`, `b` of the type; ranks are clamped to `1..=n`. The arithmetic is
/// rational, so that `p·n` is an integer exactly when it is one in decimal.
///
/// # Panics
/// `n` is zero.
#[must_use]
pub fn position(n: u64, p: Rank, kind: QuantileType) -> Position {
    assert!(n > 0, "a quantile needs at least one observation");
    let (num, den) = (i128::from(p.value().num()), i128::from(p.value().den()));
    let np = i128::from(n) * num; // Over den.
    let whole = |r: i128| Position { lower: clamp(r, n), upper: clamp(r, n), weight: 0.0 };
    // h = top / bottom, everything over 24·den: the constants are multiples of 1/24.
    let (a, b) = match kind {
        QuantileType::InvertedCdf | QuantileType::NearestRank => return whole(ceil(np, den)),
        QuantileType::AveragedInvertedCdf => {
            if np % den != 0 {
                return whole(ceil(np, den));
            }
            let j = np / den;
            let (lower, upper) = (clamp(j, n), clamp(j + 1, n));
            return Position { lower, upper, weight: if lower == upper { 0.0 } else { 0.5 } };
        }
        QuantileType::ClosestObservation => {
            // h = np − 1/2; the even neighbour when h is a whole number.
            let twice = 2 * np - den;
            let j = twice.div_euclid(2 * den);
            let stay = twice.rem_euclid(2 * den) == 0 && j % 2 == 0;
            return whole(if stay { j } else { j + 1 });
        }
        QuantileType::InterpolatedInvertedCdf => (0, 24),
        QuantileType::Hazen => (12, 12),
        QuantileType::Weibull => (0, 0),
        QuantileType::Linear => (24, 24),
        QuantileType::MedianUnbiased => (8, 8),
        QuantileType::NormalUnbiased => (9, 9),
    };
    let bottom = 24 * den;
    let top = a * den + num * (24 * (i128::from(n) + 1) - a - b);
    let j = top.div_euclid(bottom);
    let rest = top.rem_euclid(bottom);
    let (lower, upper) = (clamp(j, n), clamp(j + 1, n));
    if rest == 0 || lower == upper {
        return Position { lower, upper: lower, weight: 0.0 };
    }
    Position { lower, upper, weight: rest as f64 / bottom as f64 }
}

fn ceil(num: i128, den: i128) -> i128 {
    num.div_euclid(den) + i128::from(num.rem_euclid(den) != 0)
}

fn clamp(r: i128, n: u64) -> u64 {
    r.clamp(1, i128::from(n)) as u64
}

/// The quantile of rank `p`, in the unit of the sample.
///
/// # Source
/// Hyndman & Fan (1996), *The American Statistician* 50(4), 361–365.
#[must_use]
pub fn quantile(sample: &Sample, p: Rank, kind: QuantileType) -> f64 {
    let at = position(sample.len() as u64, p, kind);
    let pair = sample.order_statistics(at.lower as usize, at.upper as usize);
    at.interpolate(pair[0], pair[pair.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_ranks_are_whole_in_decimal() {
        // 0.07 · 100 is 7.000000000000001 in binary; the seventh value it is.
        let p = Rank::from_f64(0.07).unwrap();
        assert_eq!(position(100, p, QuantileType::InvertedCdf).lower, 7);
        let at = position(100, p, QuantileType::AveragedInvertedCdf);
        assert_eq!((at.lower, at.upper, at.weight), (7, 8, 0.5));
    }

    #[test]
    fn the_ends_are_the_extremes() {
        let sample = Sample::new(vec![3.0, 1.0, 2.0]).unwrap();
        for kind in [QuantileType::Linear, QuantileType::Weibull, QuantileType::NearestRank] {
            assert_eq!(quantile(&sample, Rank::from_f64(0.0).unwrap(), kind), 1.0);
            assert_eq!(quantile(&sample, Rank::from_f64(1.0).unwrap(), kind), 3.0);
        }
    }
}
