use tailproof_core::descriptive::{Moments, ldexp};
use tailproof_core::distributions::{student_cdf, student_quantile, student_two_sided};
use tailproof_core::{Level, Sample};

use crate::error::TestError;
use crate::p_values::PValues;

/// Outcome of a t test: an estimate, its standard error, and how well that is known.
///
/// ```text
/// t = difference/error        P(T ≥ t) of Student's distribution with df degrees of freedom
/// ```
/// Made by [`student`], [`crate::welch`], [`crate::yuen_welch`], [`crate::paired`] and
/// [`crate::one_sample`]. `t`, the p-values and the ends of intervals are formed before the
/// fields are rounded, so that they are right even where a field over- or underflows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TTest {
    /// `mean(y) − mean(x)`, for one sample `mean − mu`; in the unit of the samples.
    pub difference: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom.
    pub df: f64,
    scaled: Scaled,
}

/// Difference and error in units of `2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scaled {
    difference: f64,
    error: f64,
    exponent: i32,
    /// Whether the difference is that of the first mean from the second (`mean − mu`).
    first_minus_second: bool,
}

impl TTest {
    /// A test of a difference with a standard error above 0, both in units of `2^exponent`.
    pub(crate) fn new(difference: f64, error: f64, df: f64, exponent: i32) -> Self {
        Self {
            difference: ldexp(difference, exponent),
            error: ldexp(error, exponent),
            df,
            scaled: Scaled { difference, error, exponent, first_minus_second: false },
        }
    }

    /// The same test, its difference read as the first mean minus the second.
    pub(crate) fn first_minus_second(mut self) -> Self {
        self.scaled.first_minus_second = true;
        self
    }

    /// `difference/error`.
    #[must_use]
    pub fn t(&self) -> f64 {
        self.scaled.difference / self.scaled.error
    }

    /// `(difference − margin)/error`, the statistic against a difference of `margin`.
    pub(crate) fn t_against(&self, margin: f64) -> f64 {
        let margin = ldexp(margin, -self.scaled.exponent);
        (self.scaled.difference - margin) / self.scaled.error
    }

    /// p-values: `less` is for the claim that the *first* mean is smaller, that of `x` before
    /// `y`, or that of the sample before `mu`.
    #[must_use]
    pub fn p(&self) -> PValues {
        let t = self.t();
        let (below, above) = (student_cdf(t, self.df), student_cdf(-t, self.df));
        let (less, greater) =
            if self.scaled.first_minus_second { (below, above) } else { (above, below) };
        PValues { two_sided: student_two_sided(t, self.df), less, greater }
    }

    /// Two-sided interval of the difference.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        let t = self.quantile(level.alpha().to_f64() / 2.0);
        (self.end(-t), self.end(t))
    }

    /// One-sided lower bound of the difference.
    #[must_use]
    pub fn lower(&self, level: Level) -> f64 {
        self.end(-self.quantile(level.alpha().to_f64()))
    }

    /// One-sided upper bound of the difference.
    #[must_use]
    pub fn upper(&self, level: Level) -> f64 {
        self.end(self.quantile(level.alpha().to_f64()))
    }

    /// The upper quantile `t` with `P(T > t) = tail`.
    fn quantile(&self, tail: f64) -> f64 {
        -student_quantile(tail, self.df)
    }

    fn end(&self, errors: f64) -> f64 {
        let Scaled { difference, error, exponent, .. } = self.scaled;
        ldexp(difference + errors * error, exponent)
    }
}

/// Student's t test of `mean(y) − mean(x)` with one pooled variance.
///
/// ```text
/// s² = (Σ(x−x̄)² + Σ(y−ȳ)²)/(n₁+n₂−2)     se = s √(1/n₁ + 1/n₂)     df = n₁ + n₂ − 2
/// ```
/// Exact for normal data of equal variance, and far off when the smaller sample has the larger
/// variance: prefer [`crate::welch`]. One sample may have a single value. An offset common to
/// the data, and their scale, cost no digits.
///
/// # Errors
/// Fewer than three values in all, or no spread in both samples (two different constants too).
///
/// # Source
/// Student (1908), *Biometrika* 6(1), 1–25; Fisher (1925), *Metron* 5(3), 90–104.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::student;
///
/// let (x, y) = (Sample::new(vec![1.0, 2.0, 3.0])?, Sample::new(vec![3.0, 4.0, 5.0])?);
/// let test = student(&x, &y)?;
/// assert_eq!((test.difference, test.df), (2.0, 4.0));
/// assert!((test.t() - 6.0_f64.sqrt()).abs() < 1e-12 && test.p().less < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn student(x: &Sample, y: &Sample) -> Result<TTest, TestError> {
    let (a, b) = (Moments::of(x), Moments::of(y));
    let e = common_exponent(&[&a, &b]);
    let root = |m: &Moments| m.sd_in(0, e) * m.n().sqrt();
    pooled(b.mean_minus(&a, e), [(root(&a), a.n()), (root(&b), b.n())], e)
}

/// Student's test from `(mean, sd, n)` of each side, the sd with divisor `n − 1`.
///
/// For `n = 1` the sd is not used; pass 0.
///
/// # Errors
/// As [`student`]; or a mean, sd or n that cannot be one.
pub fn student_from_summary(x: (f64, f64, f64), y: (f64, f64, f64)) -> Result<TTest, TestError> {
    let (difference, [a, b], e) = scaled_summaries(x, y, 1)?;
    let root = |(sd, n): (f64, f64)| (sd * (n - 1.0).sqrt(), n);
    pooled(difference, [root(a), root(b)], e)
}

/// Student's test from roots of sums of squares and counts.
fn pooled(
    difference: f64,
    [(root1, n1), (root2, n2)]: [(f64, f64); 2],
    exponent: i32,
) -> Result<TTest, TestError> {
    let df = n1 + n2 - 2.0;
    if df <= 0.0 {
        return Err(TestError::TooFew { need: 3, got: (n1 + n2) as usize });
    }
    let scale = root1.max(root2);
    if scale == 0.0 {
        return Err(TestError::NoSpread);
    }
    let s = ((root1 / scale).powi(2) + (root2 / scale).powi(2)) / df;
    let error = scale * (s * (1.0 / n1 + 1.0 / n2)).sqrt();
    Ok(TTest::new(difference, error, df, exponent))
}

/// The power of two in which samples are measured together: that of the largest value.
///
/// A sample more than 2¹⁰⁰⁰ times smaller than another is 0 in this unit, and its spread none.
pub(crate) fn common_exponent(all: &[&Moments]) -> i32 {
    all.iter()
        .map(|m| (m.exponent(), m))
        // The exponent of zeros means nothing.
        .filter(|&(e, m)| m.mean_in(e) != 0.0 || m.sd_in(0, e) != 0.0)
        .map(|(e, _)| e)
        .max()
        .unwrap_or(0)
}

/// The difference of means and `(sd, n)` of both sides in units of a common power of two,
/// and its exponent.
#[expect(clippy::type_complexity, reason = "read once by either caller")]
pub(crate) fn scaled_summaries(
    x: (f64, f64, f64),
    y: (f64, f64, f64),
    need: u32,
) -> Result<(f64, [(f64, f64); 2], i32), TestError> {
    for (mean, sd, n) in [x, y] {
        let parameter = |name, must, got| Err(TestError::Parameter { name, must, got });
        if !mean.is_finite() {
            return parameter("mean", "finite", mean);
        }
        if !sd.is_finite() || sd < 0.0 {
            return parameter("sd", "finite and not negative", sd);
        }
        if !n.is_finite() {
            return parameter("n", "finite", n);
        }
        if n < f64::from(need) {
            return Err(TestError::TooFew { need: need as usize, got: n as usize });
        }
    }
    let e = Moments::of_values(&[x.0, x.1, y.0, y.1]).exponent();
    let scaled = |v: f64| ldexp(v, -e);
    Ok((scaled(y.0) - scaled(x.0), [(scaled(x.1), x.2), (scaled(y.1), y.2)], e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_sleep_data_give_the_published_values() {
        // Student (1908), table of hours of sleep gained, as two independent groups.
        let x = sample(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
        let y = sample(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
        let test = student(&x, &y).unwrap();
        assert!((test.t() - 1.8608).abs() < 5e-5 && test.df == 18.0, "{test:?}");
        let p = test.p();
        assert!((p.two_sided - 0.07919).abs() < 5e-6 && (p.less - 0.039_59).abs() < 5e-6);
        let (lo, hi) = test.interval(Level::P95);
        assert!((lo + 0.2039).abs() < 5e-5 && (hi - 3.3639).abs() < 5e-5, "{lo} {hi}");
        assert_eq!(test.lower(Level::P95) > 0.0, p.less < 0.05);
        assert_eq!(test.upper(Level::P95) < 0.0, p.greater < 0.05);
    }

    #[test]
    fn summaries_agree_with_the_data() {
        let (x, y) = (sample(&[1.0, 2.0, 4.0]), sample(&[3.0, 5.0, 9.0, 4.0]));
        let (a, b) = (Moments::of(&x), Moments::of(&y));
        let one = student(&x, &y).unwrap();
        let summary = |m: Moments| (m.mean(), m.sd(1), m.n());
        let two = student_from_summary(summary(a), summary(b)).unwrap();
        assert!((one.t() - two.t()).abs() < 1e-14 && one.df == two.df);
        let error = student_from_summary((1.0, -1.0, 5.0), (1.0, 1.0, 5.0)).unwrap_err();
        assert!(matches!(error, TestError::Parameter { name: "sd", .. }), "{error}");
    }

    #[test]
    fn offset_and_scale_cost_no_digits() {
        let (x, y) = ([0.0, 0.25, 0.75], [0.5, 1.25, 1.5, 0.25]);
        let want = student(&sample(&x), &sample(&y)).unwrap().t();
        let of = |change: &dyn Fn(f64) -> f64| {
            let moved = |v: &[f64]| sample(&v.iter().map(|&v| change(v)).collect::<Vec<_>>());
            student(&moved(&x), &moved(&y)).unwrap().t()
        };
        for t in [
            of(&|v| v + 1e15),
            of(&|v| v * 2.0_f64.powi(1_020)),
            of(&|v| v * 8.0 * f64::from_bits(1)),
        ] {
            assert!((t / want - 1.0).abs() < 1e-14, "{t} {want}");
        }
    }

    #[test]
    fn constants_have_no_t() {
        let (a, b) = (sample(&[0.1; 6]), sample(&[0.7; 10]));
        assert_eq!(student(&a, &b), Err(TestError::NoSpread));
        let one = sample(&[1.0]);
        assert_eq!(student(&one, &one), Err(TestError::TooFew { need: 3, got: 2 }));
        assert_eq!(student(&one, &sample(&[2.0, 3.0])).unwrap().df, 1.0);
    }
}
