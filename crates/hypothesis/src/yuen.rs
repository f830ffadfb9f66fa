use tailproof_core::descriptive::Moments;
use tailproof_core::{Rank, Sample};

use crate::error::TestError;
use crate::t_test::{TTest, common_exponent};
use crate::welch::of_parts;

/// Yuen's test of trimmed means: Welch's test without the tails.
///
/// ```text
/// g = ⌊trim·n⌋ cut from each end     h = n − 2g kept     s_w² the winsorized variance
/// d = (n−1)s_w²/(h(h−1))             se² = d₁ + d₂       df = se⁴/(d₁²/(h₁−1) + d₂²/(h₂−1))
/// ```
/// The difference is that of the trimmed means, `y − x`: a claim about the bulk, not about
/// means or totals. `trim` is read as the decimal it prints as; 0 gives [`crate::welch`], 0.2 is
/// customary. Approximate for normal data, and for long tails far better than a t test.
///
/// # Errors
/// A `trim` outside [0, 0.5), fewer than two values left in a sample (`got` counts those
/// left), or no spread in both samples once their tails are winsorized.
///
/// # Source
/// Yuen (1974), *Biometrika* 61(1), 165–170.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::yuen_welch;
///
/// let x = Sample::new(vec![1.0, 2.0, 3.0, 4.0, 90.0])?; // the outlier is cut
/// let y = Sample::new(vec![6.0, 7.0, 8.0, 9.0, 10.0])?;
/// let test = yuen_welch(&x, &y, 0.2)?;
/// assert_eq!((test.difference, test.df), (5.0, 4.0));
/// assert!(test.p().less < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn yuen_welch(x: &Sample, y: &Sample, trim: f64) -> Result<TTest, TestError> {
    if !(0.0..0.5).contains(&trim) {
        return Err(TestError::Parameter {
            name: "trim",
            must: "at least 0 and below 0.5",
            got: trim,
        });
    }
    let (a, b) = (Trimmed::of(x, trim)?, Trimmed::of(y, trim)?);
    let e = common_exponent(&[&a.kept, &a.winsorized, &b.kept, &b.winsorized]);
    of_parts(b.kept.mean_minus(&a.kept, e), [a.part(e), b.part(e)], e)
}

/// A sample without its tails, and with its tails pulled in.
struct Trimmed {
    kept: Moments,
    winsorized: Moments,
}

impl Trimmed {
    fn of(sample: &Sample, trim: f64) -> Result<Self, TestError> {
        let (sorted, n) = (sample.sorted(), sample.len());
        let g = cut(trim, n);
        let kept = &sorted[g..n - g];
        if kept.len() < 2 {
            return Err(TestError::TooFew { need: 2, got: kept.len() });
        }
        let (lo, hi) = (kept[0], kept[kept.len() - 1]);
        let winsorized: Vec<f64> = sorted.iter().map(|v| v.clamp(lo, hi)).collect();
        Ok(Self { kept: Moments::of_values(kept), winsorized: Moments::of_values(&winsorized) })
    }

    /// `√d` in units of `2^exponent`, and `h − 1`.
    fn part(&self, exponent: i32) -> (f64, f64) {
        let (n, h) = (self.winsorized.n(), self.kept.n());
        let error = self.winsorized.sd_in(1, exponent) * ((n - 1.0) / (h * (h - 1.0))).sqrt();
        (error, h - 1.0)
    }
}

/// `⌊trim·n⌋`, the product formed in decimal: 0.29 of 100 is 29.
fn cut(trim: f64, n: usize) -> usize {
    Rank::from_f64(trim).map_or_else(
        |_| (trim * n as f64) as usize,
        |rank| {
            let p = rank.value();
            (u128::from(p.num()) * n as u128 / u128::from(p.den())) as usize
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::welch::welch;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn nothing_trimmed_is_welch() {
        let (x, y) = (sample(&[1.0, 2.0, 4.0, 4.5]), sample(&[3.0, 5.0, 9.0, 4.0, 2.0]));
        let (one, two) = (yuen_welch(&x, &y, 0.0).unwrap(), welch(&x, &y).unwrap());
        assert!((one.t() - two.t()).abs() < 1e-14 && (one.df - two.df).abs() < 1e-12);
    }

    #[test]
    fn a_case_by_hand() {
        // Kept 2, 3, 4; winsorized 2, 2, 3, 4, 4: d = 4/(3·2) on both sides.
        let x = sample(&[2.5e8, 2.0, 3.0, 4.0, -7.0]);
        let test = yuen_welch(&x, &sample(&[6.0, 7.0, 8.0, 9.0, 10.0]), 0.2).unwrap();
        assert!((test.error - (4.0_f64 / 3.0).sqrt()).abs() < 1e-14, "{test:?}");
        assert_eq!((test.difference, test.df), (5.0, 4.0));
        assert_eq!((cut(0.29, 100), cut(0.2, 4), cut(0.0, 9)), (29, 0, 0));
    }

    #[test]
    fn what_is_left_must_vary() {
        let y = sample(&[1.0, 5.0, 5.0, 5.0, 9.0]);
        assert_eq!(yuen_welch(&y, &y, 0.2), Err(TestError::NoSpread));
        let few = Err(TestError::TooFew { need: 2, got: 1 });
        assert_eq!(yuen_welch(&sample(&[1.0, 2.0, 3.0]), &y, 0.4), few);
        assert!(yuen_welch(&y, &y, 0.5).is_err() && yuen_welch(&y, &y, f64::NAN).is_err());
    }
}
