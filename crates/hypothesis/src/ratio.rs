use tailproof_core::binomial::tails;
use tailproof_core::descriptive::{Moments, ldexp, median};
use tailproof_core::distributions::{normal_quantile, student_quantile};
use tailproof_core::{Level, Sample};

use crate::error::TestError;
use crate::welch::satterthwaite;

/// The ratio of two means with the set of ratios that the data do not contradict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// `mean(y)/mean(x)`; infinite or NaN when `mean(x)` is 0.
    pub ratio: f64,
    /// Fieller's confidence set.
    pub set: FiellerSet,
    /// Degrees of freedom.
    pub df: f64,
}

/// A confidence set of a ratio, which need not be an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FiellerSet {
    /// From the first to the second number: the denominator is significantly away from 0.
    Interval(f64, f64),
    /// At most the first number or at least the second: the denominator may be 0, the
    /// numerator not. One of the numbers may be infinite, which leaves a single ray.
    Outside(f64, f64),
    /// Every ratio: both means may be 0.
    All,
}

impl FiellerSet {
    /// Whether a ratio is in the set.
    #[must_use]
    pub fn contains(&self, ratio: f64) -> bool {
        match *self {
            Self::Interval(lo, hi) => lo <= ratio && ratio <= hi,
            Self::Outside(lo, hi) => ratio <= lo || ratio >= hi,
            Self::All => true,
        }
    }

    /// The ends when the set is an interval.
    #[must_use]
    pub const fn interval(&self) -> Option<(f64, f64)> {
        match *self {
            Self::Interval(lo, hi) => Some((lo, hi)),
            Self::Outside(..) | Self::All => None,
        }
    }
}

/// The ratio of means, `mean(y)/mean(x)`, with Fieller's confidence set.
///
/// ```text
/// { θ : |ȳ − θx̄| ≤ t √(b + θ²a) }     a = s_x²/n₁     b = s_y²/n₂
/// A = x̄² − t²a     B = x̄ȳ     C = ȳ² − t²b     ends (B ± √(B² − AC))/A
/// df = (ȳ²a + x̄²b)²/((ȳ²a)²/(n₁−1) + (x̄²b)²/(n₂−1))
/// ```
/// An interval when `x̄` differs significantly from 0 (A > 0), otherwise two rays or the whole
/// line, which is an answer too: the data do not bound the ratio. t is taken at Welch's degrees
/// of freedom of the estimated ratio. Asymptotic for data that are not normal.
///
/// # Errors
/// A sample of one value, no spread in both, or an `x` that is 0 throughout.
///
/// # Source
/// Fieller (1954), *JRSS B* 16(2), 175–185; Welch (1947), *Biometrika* 34(1–2), 28–35.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::{FiellerSet, ratio_of_means};
///
/// let x = Sample::new(vec![100.0, 104.0, 98.0, 102.0])?;
/// let y = Sample::new(vec![201.0, 199.0, 206.0, 202.0])?;
/// let ratio = ratio_of_means(&x, &y, Level::P95)?;
/// assert_eq!(ratio.ratio, 2.0);
/// assert!(ratio.set.contains(2.0) && !ratio.set.contains(1.8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn ratio_of_means(x: &Sample, y: &Sample, level: Level) -> Result<Ratio, TestError> {
    let got = x.len().min(y.len());
    if got < 2 {
        return Err(TestError::TooFew { need: 2, got });
    }
    // Each sample in its own power of two; the ratio is scaled back at the end.
    let (a, b) = (Moments::of(x), Moments::of(y));
    let own = |m: &Moments| {
        let e = m.exponent();
        (m.mean_in(e), m.sd_in(1, e) / m.n().sqrt(), m.n() - 1.0)
    };
    let ((mx, ex, df1), (my, ey, df2)) = (own(&a), own(&b));
    if ex == 0.0 && ey == 0.0 {
        return Err(TestError::NoSpread);
    }
    if ex == 0.0 && mx == 0.0 {
        return Err(TestError::Parameter { name: "the mean of x", must: "other than 0", got: 0.0 });
    }
    // Both terms vanish only when both means are 0, or one with the other sample constant.
    let df = satterthwaite([(my.abs() * ex, df1), (mx.abs() * ey, df2)])
        .map_or(df1.min(df2), |(_, df)| df);
    let t = -student_quantile(level.alpha().to_f64() / 2.0, df);
    let back = |ratio: f64| ldexp(ratio, b.exponent() - a.exponent());
    let set = match fieller((mx, t * ex), (my, t * ey)) {
        FiellerSet::Interval(lo, hi) => FiellerSet::Interval(back(lo), back(hi)),
        FiellerSet::Outside(lo, hi) => FiellerSet::Outside(back(lo), back(hi)),
        FiellerSet::All => FiellerSet::All,
    };
    Ok(Ratio { ratio: back(my / mx), set, df })
}

/// `{θ : (my − θ·mx)² ≤ ey² + θ²·ex²}` with half widths `ex`, `ey` of which one is above 0, and
/// `mx ≠ 0` if `ex` is 0.
fn fieller((mx, ex): (f64, f64), (my, ey): (f64, f64)) -> FiellerSet {
    let (a, b, c) = ((mx - ex) * (mx + ex), mx * my, (my - ey) * (my + ey));
    // B² − AC without the cancellation of fourth powers.
    let discriminant = c * ex * ex + mx * mx * ey * ey;
    if a == 0.0 {
        // −2Bθ + C ≤ 0: one ray, or everything.
        return if b == 0.0 {
            FiellerSet::All
        } else if b > 0.0 {
            FiellerSet::Outside(f64::NEG_INFINITY, c / (2.0 * b))
        } else {
            FiellerSet::Outside(c / (2.0 * b), f64::INFINITY)
        };
    }
    if a < 0.0 && discriminant <= 0.0 {
        return FiellerSet::All;
    }
    let q = b + discriminant.max(0.0).sqrt().copysign(b);
    // The roots q/A and C/q; both are 0 when q is.
    let (one, two) = if q == 0.0 { (0.0, 0.0) } else { (q / a, c / q) };
    let (lo, hi) = (one.min(two), one.max(two));
    if a > 0.0 { FiellerSet::Interval(lo, hi) } else { FiellerSet::Outside(lo, hi) }
}

/// The ratio of two medians with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MedianRatio {
    /// `median(y)/median(x)`.
    pub ratio: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
}

/// The ratio of medians, `median(y)/median(x)`, of positive data, with an interval on the log
/// scale.
///
/// ```text
/// c = (n+1)/2 − √n, rounded, at least 1     p = P(Bin(n, ½) ≤ c − 1)     z = Φ⁻¹(1 − p)
/// v = ((ln X₍n−c+1₎ − ln X₍c₎)/(2z))²       interval = ratio · exp(± z_{α/2} √(v_x + v_y))
/// ```
/// No shape is assumed of either distribution. The interval is asymptotic. For ties the
/// variance is an underestimate.
///
/// # Errors
/// Fewer than two values in a sample, a value that is not positive, or no spread: the middle
/// `c`-th order statistics of both samples coincide.
///
/// # Source
/// Price & Bonett (2002), *J. Statistical Computation and Simulation* 72(2), 119–124.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::ratio_of_medians;
///
/// let x = Sample::new(vec![10.0, 11.0, 12.0, 9.0, 10.5])?;
/// let y = Sample::new(vec![20.0, 23.0, 25.0, 19.0, 21.0])?;
/// let ratio = ratio_of_medians(&x, &y, Level::P95)?;
/// assert_eq!(ratio.ratio, 2.0);
/// assert!(ratio.lo > 1.5 && ratio.hi < 2.7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn ratio_of_medians(x: &Sample, y: &Sample, level: Level) -> Result<MedianRatio, TestError> {
    let variance = log_median_variance(x)? + log_median_variance(y)?;
    if variance == 0.0 {
        return Err(TestError::NoSpread);
    }
    let log = median(y).ln() - median(x).ln();
    let reach = -normal_quantile(level.alpha().to_f64() / 2.0) * variance.sqrt();
    Ok(MedianRatio {
        ratio: median(y) / median(x),
        lo: (log - reach).exp(),
        hi: (log + reach).exp(),
    })
}

/// Variance of the logarithm of the median, from two order statistics.
fn log_median_variance(s: &Sample) -> Result<f64, TestError> {
    let n = s.len();
    if n < 2 {
        return Err(TestError::TooFew { need: 2, got: n });
    }
    let smallest = s.range().0;
    if smallest <= 0.0 {
        let (name, must) = ("every value", "positive");
        return Err(TestError::Parameter { name, must, got: smallest });
    }
    let middle = f64::midpoint(n as f64, 1.0) - (n as f64).sqrt();
    let c = middle.round().max(1.0) as u64;
    let z = -normal_quantile(tails(c, n as u64, 0.5, 0.5).below);
    let (lo, hi) = (s.order_statistic(c), s.order_statistic(n as u64 - c + 1));
    Ok(((hi.ln() - lo.ln()) / (2.0 * z)).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_set_is_what_the_inequality_says() {
        // All shapes: denominators near 0, away from it, and on the boundary.
        for mx in [-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 4.0] {
            for my in [-5.0, -1.0, 0.0, 0.3, 1.0, 2.0] {
                for (ex, ey) in [(1.0, 1.0), (0.1, 2.0), (2.0, 0.0), (1.0, 0.25)] {
                    let set = fieller((mx, ex), (my, ey));
                    for i in -400..=400 {
                        let r = f64::from(i) / 16.0 + 1e-3;
                        let gap = (my - r * mx).powi(2) - ey * ey - r * r * ex * ex;
                        if gap.abs() > 1e-9 {
                            assert_eq!(
                                set.contains(r),
                                gap < 0.0,
                                "{mx} {my} {ex} {ey} {r} {set:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn shapes_have_names_and_scales_cancel() {
        let (x, y) = (sample(&[1.0, -1.0, 0.25, 0.5]), sample(&[7.0, 8.0, 9.0, 7.5]));
        assert!(matches!(ratio_of_means(&x, &y, Level::P95).unwrap().set, FiellerSet::Outside(..)));
        assert_eq!(ratio_of_means(&x, &x, Level::P95).unwrap().set, FiellerSet::All);
        let (lo, hi) = ratio_of_means(&y, &x, Level::P95).unwrap().set.interval().unwrap();
        assert!(lo < 0.0 && hi > 0.0);
        let times =
            |s: &Sample, f: f64| sample(&s.values().iter().map(|v| v * f).collect::<Vec<_>>());
        let (a, b) = (times(&y, 2.0_f64.powi(-1_000)), times(&y, 2.0_f64.powi(1_000)));
        assert_eq!(
            ratio_of_means(&a, &times(&x, 2.0_f64.powi(-1_000)), Level::P95),
            ratio_of_means(&b, &times(&x, 2.0_f64.powi(1_000)), Level::P95),
        );
    }

    #[test]
    fn medians_by_hand() {
        // n = 9: c = 2, p = 10/512; the ends are 2 and 8 times the scale.
        let x = sample(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let y = sample(&[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
        let got = ratio_of_medians(&x, &y, Level::P95).unwrap();
        let z = -normal_quantile(10.0 / 512.0);
        let reach = -normal_quantile(0.025) * 4.0_f64.ln() / (2.0 * z) * 2.0_f64.sqrt();
        assert!((got.hi / (10.0 * reach.exp()) - 1.0).abs() < 1e-12, "{got:?}");
        assert!((got.lo * got.hi / 100.0 - 1.0).abs() < 1e-12 && got.ratio == 10.0);
    }

    #[test]
    fn degenerate_data_are_errors() {
        let (c, y) = (sample(&[2.0; 5]), sample(&[1.0, 2.0, 3.0]));
        assert_eq!(ratio_of_means(&c, &c, Level::P95), Err(TestError::NoSpread));
        assert_eq!(ratio_of_medians(&c, &c, Level::P95), Err(TestError::NoSpread));
        assert!(ratio_of_means(&sample(&[0.0; 4]), &y, Level::P95).is_err());
        assert!(ratio_of_medians(&y, &sample(&[0.0, 1.0]), Level::P95).is_err());
        let few = Err(TestError::TooFew { need: 2, got: 1 });
        assert_eq!(ratio_of_means(&y, &sample(&[1.0]), Level::P95), few);
        // A constant that is not 0 divides exactly.
        let (lo, hi) = ratio_of_means(&c, &y, Level::P95).unwrap().set.interval().unwrap();
        assert!((lo + hi - 2.0).abs() < 1e-14);
    }
}
