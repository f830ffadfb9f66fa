//! Mean, spread and shape of a sample, accurate where the textbook sums are not.
//!
//! Data are scaled by a power of two and centred before they are squared, and sums carry
//! their rounding error along (Knuth's two-sum), so that an offset of 10⁹, values near
//! 10³⁰⁰ or subnormal ones cost no digits.

use crate::quantile::{QuantileType, position};
use crate::{Rank, Sample};

/// `1/Φ⁻¹(3/4)`: makes the MAD of normal data estimate their standard deviation.
pub const MAD_TO_SIGMA: f64 = 1.482_602_218_505_601_9;

/// A sum that carries its rounding error.
#[derive(Clone, Copy, Debug, Default)]
struct Twofold {
    hi: f64,
    lo: f64,
}

impl Twofold {
    fn add(&mut self, x: f64) {
        let s = self.hi + x;
        let t = s - self.hi;
        self.lo += (self.hi - (s - t)) + (x - t);
        self.hi = s;
    }

    fn settled(self) -> Self {
        let hi = self.hi + self.lo;
        Self { hi, lo: self.lo - (hi - self.hi) }
    }

    /// `self / d`, as an unevaluated sum.
    fn over(self, d: f64) -> Self {
        let s = self.settled();
        let hi = s.hi / d;
        Self { hi, lo: (hi.mul_add(-d, s.hi) + s.lo) / d }.settled()
    }
}

fn sum_of(values: impl IntoIterator<Item = f64>) -> Twofold {
    let mut sum = Twofold::default();
    for x in values {
        sum.add(x);
    }
    sum.settled()
}

/// `x · 2^e`, rounded once unless it overflows or `e` is below −1 074.
#[must_use]
pub fn ldexp(x: f64, e: i32) -> f64 {
    let power = |e: i32| {
        if e >= -1_022 {
            f64::from_bits(((e + 1_023) as u64) << 52)
        } else {
            f64::from_bits(1 << (e + 1_074))
        }
    };
    if e > 1_023 {
        return ldexp(x * power(1_023), (e - 1_023).min(2_100));
    }
    if e < -1_074 {
        return ldexp(x * power(-1_000), (e + 1_000).max(-1_074));
    }
    x * power(e)
}

/// The exponent by which values are scaled down so that the largest is near 1.
fn exponent(largest: f64) -> i32 {
    if largest == 0.0 {
        return 0;
    }
    let biased = ((largest.to_bits() >> 52) & 0x7ff) as i32;
    if biased == 0 {
        -1_074 + (64 - largest.to_bits().leading_zeros() as i32)
    } else {
        biased - 1_022
    }
}

/// Central moments of a sample, scaled: `m_k = Σ(x−x̄)^k / n` in units of `2^exponent`.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    n: f64,
    exponent: i32,
    mean: Twofold,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Moments {
    /// One pass for the mean, one for the centred powers. `O(n)`.
    #[must_use]
    pub fn of(sample: &Sample) -> Self {
        Self::of_values(sample.values())
    }

    /// The same for a slice.
    ///
    /// # Panics
    /// `values` is empty or not finite.
    #[must_use]
    pub fn of_values(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "moments need at least one value");
        let n = values.len() as f64;
        let largest = values.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        let exponent = exponent(largest);
        let scaled = |x: f64| ldexp(x, -exponent);
        let constant = values.iter().all(|&x| x == values[0]);
        let mean = if constant {
            Twofold { hi: scaled(values[0]), lo: 0.0 }
        } else {
            sum_of(values.iter().map(|&x| scaled(x))).over(n)
        };
        let (mut s1, mut s2) = (Twofold::default(), Twofold::default());
        let (mut s3, mut s4) = (Twofold::default(), Twofold::default());
        if !constant {
            for &x in values {
                let d = (scaled(x) - mean.hi) - mean.lo;
                let d2 = d * d;
                s1.add(d);
                s2.add(d2);
                s3.add(d2 * d);
                s4.add(d2 * d2);
            }
        }
        let total = |s: Twofold| s.hi + s.lo;
        // The mean of the rounded deviations is not quite zero; the second moment forgives it.
        let slip = total(s1) / n;
        let m2 = (total(s2) / n - slip * slip).max(0.0);
        Self { n, exponent, mean, m2, m3: total(s3) / n, m4: total(s4) / n }
    }

    /// Number of observations.
    #[must_use]
    pub const fn n(&self) -> f64 {
        self.n
    }

    /// Arithmetic mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean_in(0)
    }

    /// The largest observation lies below `2^exponent` and, unless all are 0, not below half
    /// of it.
    #[must_use]
    pub const fn exponent(&self) -> i32 {
        self.exponent
    }

    /// The mean in units of `2^exponent`.
    #[must_use]
    pub fn mean_in(&self, exponent: i32) -> f64 {
        ldexp(self.mean.hi + self.mean.lo, self.exponent - exponent)
    }

    /// This mean minus another's, in units of `2^exponent`; take the larger exponent of the two.
    ///
    /// The means are kept to twice the digits of an `f64`, so that a common offset cancels
    /// without loss: what is rounded is the difference.
    #[must_use]
    pub fn mean_minus(&self, other: &Self, exponent: i32) -> f64 {
        let (e, f) = (self.exponent - exponent, other.exponent - exponent);
        (ldexp(self.mean.hi, e) - ldexp(other.mean.hi, f))
            + (ldexp(self.mean.lo, e) - ldexp(other.mean.lo, f))
    }

    /// Variance with divisor `n − ddof`; NaN when that is not positive, 0 for constant data.
    #[must_use]
    pub fn variance(&self, ddof: u32) -> f64 {
        ldexp(self.scaled_variance(ddof), 2 * self.exponent)
    }

    /// Square root of [`Moments::variance`], without its overflow and underflow.
    #[must_use]
    pub fn sd(&self, ddof: u32) -> f64 {
        self.sd_in(ddof, 0)
    }

    /// [`Moments::sd`] in units of `2^exponent`.
    #[must_use]
    pub fn sd_in(&self, ddof: u32, exponent: i32) -> f64 {
        ldexp(self.scaled_variance(ddof).sqrt(), self.exponent - exponent)
    }

    /// Standard error of the mean, `s/√n` with divisor `n − 1`; NaN for n = 1.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        ldexp((self.scaled_variance(1) / self.n).sqrt(), self.exponent)
    }

    /// Coefficient of variation, `sd/mean`; infinite when only the mean is zero, NaN when
    /// both are.
    #[must_use]
    pub fn coefficient_of_variation(&self, ddof: u32) -> f64 {
        let mean = self.mean.hi + self.mean.lo;
        let sd = self.scaled_variance(ddof).sqrt();
        // A zero mean has no sign worth keeping.
        if mean == 0.0 { sd / 0.0 } else { sd / mean }
    }

    /// Skewness `m₃/m₂^{3/2}`; NaN for constant data.
    #[must_use]
    pub fn skewness(&self) -> f64 {
        if self.m2 == 0.0 { f64::NAN } else { self.m3 / (self.m2 * self.m2.sqrt()) }
    }

    /// Bias-corrected skewness `√(n(n−1))/(n−2)·m₃/m₂^{3/2}`; NaN below n = 3.
    #[must_use]
    pub fn skewness_unbiased(&self) -> f64 {
        let n = self.n;
        if n < 3.0 { f64::NAN } else { (n * (n - 1.0)).sqrt() / (n - 2.0) * self.skewness() }
    }

    /// Excess kurtosis `m₄/m₂² − 3`; NaN for constant data.
    #[must_use]
    pub fn kurtosis_excess(&self) -> f64 {
        if self.m2 == 0.0 { f64::NAN } else { self.m4 / (self.m2 * self.m2) - 3.0 }
    }

    /// Bias-corrected excess kurtosis `(n−1)/((n−2)(n−3))·((n+1)g₂ + 6)`; NaN below n = 4.
    #[must_use]
    pub fn kurtosis_excess_unbiased(&self) -> f64 {
        let n = self.n;
        if n < 4.0 {
            return f64::NAN;
        }
        (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * self.kurtosis_excess() + 6.0)
    }

    fn scaled_variance(&self, ddof: u32) -> f64 {
        let df = self.n - f64::from(ddof);
        if df <= 0.0 { f64::NAN } else { self.m2 * self.n / df }
    }
}

/// Sum of the observations, correct to rounding; infinite when it overflows.
#[must_use]
pub fn sum(sample: &Sample) -> f64 {
    let (lo, hi) = sample.range();
    let e = exponent(lo.abs().max(hi.abs()));
    let s = sum_of(sample.values().iter().map(|&x| ldexp(x, -e)));
    ldexp(s.hi + s.lo, e)
}

/// Arithmetic mean, in the unit of the sample.
#[must_use]
pub fn mean(sample: &Sample) -> f64 {
    Moments::of(sample).mean()
}

/// Median: the middle observation, or the mean of the two in the middle.
#[must_use]
pub fn median(sample: &Sample) -> f64 {
    let (lo, hi) = sample.range();
    let e = exponent(lo.abs().max(hi.abs()));
    let n = sample.len();
    let pair = sample.order_statistics(n.div_ceil(2), n / 2 + 1);
    // Scaled, so that neither the sum overflows nor a subnormal half is rounded twice.
    let (a, b) = (ldexp(pair[0], -e), ldexp(pair[pair.len() - 1], -e));
    if a == b { pair[0] } else { ldexp(f64::midpoint(a, b), e) }
}

/// Median absolute deviation from the median, unscaled; see [`MAD_TO_SIGMA`].
///
/// ```text
/// MAD = median |xᵢ − median(x)|
/// ```
/// 0 when more than half of the observations are equal.
#[must_use]
pub fn mad(sample: &Sample) -> f64 {
    scaled_mad(sample, 1.0)
}

/// MAD times [`MAD_TO_SIGMA`]: estimates the standard deviation of normal data.
#[must_use]
pub fn mad_normal(sample: &Sample) -> f64 {
    scaled_mad(sample, MAD_TO_SIGMA)
}

fn scaled_mad(sample: &Sample, factor: f64) -> f64 {
    let (lo, hi) = sample.range();
    let e = exponent(lo.abs().max(hi.abs()));
    let n = sample.len();
    let (a, b) = (n.div_ceil(2), n / 2 + 1);
    let pair = sample.order_statistics(a, b);
    let (a, b) = (ldexp(pair[0], -e), ldexp(pair[pair.len() - 1], -e));
    // Measured from the lower middle value: differences of near values are exact.
    let half = (b - a) / 2.0;
    let deviations = sample.values().iter().map(|&x| ((ldexp(x, -e) - a) - half).abs()).collect();
    let deviations =
        Sample::new(deviations).expect("scaled differences of finite values are finite");
    ldexp(median(&deviations) * factor, e)
}

/// Interquartile range of type-7 quartiles.
#[must_use]
pub fn interquartile_range(sample: &Sample) -> f64 {
    let (lo, hi) = sample.range();
    let e = exponent(lo.abs().max(hi.abs()));
    let rank = |num| Rank::new(crate::Rational::new(num, 4).expect("4 is not zero"));
    let at = |num| {
        let p = rank(num).expect("quarters are ranks");
        let at = position(sample.len() as u64, p, QuantileType::Linear);
        let pair = sample.order_statistics(at.lower as usize, at.upper as usize);
        (ldexp(pair[0], -e), ldexp(pair[pair.len() - 1], -e), at.weight)
    };
    let ((a, a1, f), (b, b1, g)) = (at(1), at(3));
    // Differences of near values are exact.
    ldexp((b - a) + g * (b1 - b) - f * (a1 - a), e)
}

/// Mean of what remains when `⌊p·n⌋` observations are cut from each end.
///
/// # Panics
/// `cut` is 1/2 or more.
#[must_use]
pub fn trimmed_mean(sample: &Sample, cut: Rank) -> f64 {
    let n = sample.len();
    let p = cut.value();
    assert!(2 * u128::from(p.num()) < u128::from(p.den()), "less than half is cut from each end");
    let k = (u128::from(p.num()) * n as u128 / u128::from(p.den())) as usize;
    Moments::of_values(&sample.sorted()[k..n - k]).mean()
}

/// Geometric mean `exp(Σ ln xᵢ / n)`; 0 when an observation is 0, NaN when one is negative.
#[must_use]
pub fn geometric_mean(sample: &Sample) -> f64 {
    let (lo, hi) = sample.range();
    if lo <= 0.0 {
        return if lo == 0.0 { 0.0 } else { f64::NAN };
    }
    if lo == hi {
        return lo;
    }
    let e = exponent(hi);
    let logs = sum_of(sample.values().iter().map(|&x| x.ln())).over(sample.len() as f64);
    // exp near the exponent's range loses digits, so the scale is taken out first.
    let shifted = (logs.hi - f64::from(e) * std::f64::consts::LN_2) + logs.lo;
    ldexp(shifted.exp(), e)
}

/// Harmonic mean `n / Σ 1/xᵢ`; 0 when an observation is 0, NaN when one is negative.
#[must_use]
pub fn harmonic_mean(sample: &Sample) -> f64 {
    let (lo, hi) = sample.range();
    if lo <= 0.0 {
        return if lo == 0.0 { 0.0 } else { f64::NAN };
    }
    if lo == hi {
        return lo;
    }
    let e = exponent(lo);
    let s = sum_of(sample.values().iter().map(|&x| 1.0 / ldexp(x, -e))).over(sample.len() as f64);
    ldexp(1.0 / (s.hi + s.lo), e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn means_differ_by_what_their_offset_hides() {
        // Means 1e15 + 1/3 and 1e15 + 2/3: their doubles differ by 0.25 or 0.375.
        let a = Moments::of_values(&[1e15, 1e15, 1e15 + 1.0]);
        let b = Moments::of_values(&[1e15, 1e15 + 1.0, 1e15 + 1.0]);
        assert!((b.mean_minus(&a, 0) - 1.0 / 3.0).abs() < 1e-15);
        assert!((b.mean() - a.mean() - 1.0 / 3.0).abs() > 0.01);
        assert_eq!(Moments::of_values(&[5e-324; 2]).mean_in(-1_074), 1.0);
    }

    #[test]
    fn constant_data_have_no_spread() {
        let s = sample(&[0.1; 6]);
        let m = Moments::of(&s);
        assert_eq!((m.mean(), m.variance(1), mad(&s)), (0.1, 0.0, 0.0));
        assert!(m.skewness().is_nan());
    }

    #[test]
    fn an_offset_costs_no_digits() {
        let s = sample(&[1e15 + 1.0, 1e15 + 2.0, 1e15 + 4.0]);
        let want = 7.0 / 3.0; // The variance of 1, 2, 4.
        assert!((Moments::of(&s).variance(1) - want).abs() < 1e-14);
    }

    #[test]
    fn scaling_by_powers_of_two_is_exact_at_both_ends() {
        for e in [-2_100, -1_074, -1_030, -1_022, 0, 1_023] {
            let want = if e < -1_074 { 0.0 } else { 2.0_f64.powi(e / 2) * 2.0_f64.powi(e - e / 2) };
            assert_eq!(ldexp(1.0, e), want, "{e}");
        }
        assert_eq!(ldexp(1.0, 1_024), f64::INFINITY);
        assert_eq!(ldexp(5e-324, 1_074), 1.0);
    }
}
