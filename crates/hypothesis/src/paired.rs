use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;

use crate::error::TestError;
use crate::t_test::{TTest, common_exponent};

/// The paired t test: whether `yᵢ − xᵢ` is 0 on average.
///
/// ```text
/// dᵢ = yᵢ − xᵢ      t = d̄/(s_d/√n)      df = n − 1
/// ```
/// Exact for normal differences, asymptotic for others. Pairs are independent of each other;
/// `x` and `y` need not be. Each difference is rounded once: data that are *meant* to differ by
/// a constant, in digits that are not binary, have a spread of rounding noise.
///
/// # Errors
/// Unequal lengths, fewer than two pairs, or differences that are all equal.
///
/// # Source
/// Student (1908), *Biometrika* 6(1), 1–25.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::paired;
///
/// let (x, y) = (Sample::new(vec![1.0, 5.0, 9.0])?, Sample::new(vec![2.0, 7.0, 12.0])?);
/// let test = paired(&x, &y)?;
/// assert_eq!((test.difference, test.df), (2.0, 2.0));
/// assert!((test.t() - 12.0_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn paired(x: &Sample, y: &Sample) -> Result<TTest, TestError> {
    let (differences, halvings) = differences(x, y)?;
    of_mean(&Moments::of_values(&differences), &Moments::of_values(&[0.0]), halvings)
}

/// The one-sample t test: whether the mean is `mu`.
///
/// ```text
/// t = (x̄ − μ)/(s/√n)      df = n − 1
/// ```
/// [`TTest::difference`] and its intervals are of `mean − mu`; add `mu` for an interval of the
/// mean. `less` among the p-values is for a mean below `mu`. Exact for normal data,
/// asymptotic for others.
///
/// # Errors
/// Fewer than two values, all values equal, or a `mu` that is not finite.
///
/// # Source
/// Student (1908), *Biometrika* 6(1), 1–25.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::one_sample;
///
/// let test = one_sample(&Sample::new(vec![1.0, 2.0, 3.0])?, 3.0)?;
/// assert_eq!(test.difference, -1.0);
/// assert!((test.t() + 3.0_f64.sqrt()).abs() < 1e-12 && test.p().less < test.p().greater);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn one_sample(x: &Sample, mu: f64) -> Result<TTest, TestError> {
    if !mu.is_finite() {
        return Err(TestError::Parameter { name: "mu", must: "finite", got: mu });
    }
    of_mean(&Moments::of(x), &Moments::of_values(&[mu]), 0).map(TTest::first_minus_second)
}

/// `yᵢ − xᵢ`, in units of 2 to the second number, which is 0 unless a difference overflows.
pub(crate) fn differences(x: &Sample, y: &Sample) -> Result<(Vec<f64>, i32), TestError> {
    if x.len() != y.len() {
        return Err(TestError::Lengths(x.len(), y.len()));
    }
    let all = |unit: f64| -> Vec<f64> {
        y.values().iter().zip(x.values()).map(|(y, x)| y * unit - x * unit).collect()
    };
    let plain = all(1.0);
    Ok(if plain.iter().all(|d| d.is_finite()) { (plain, 0) } else { (all(0.5), 1) })
}

/// The test of a mean against another, exactly known, in units of `2^halvings`.
fn of_mean(m: &Moments, mu: &Moments, halvings: i32) -> Result<TTest, TestError> {
    if m.n() < 2.0 {
        return Err(TestError::TooFew { need: 2, got: m.n() as usize });
    }
    if m.sd_in(1, m.exponent()) == 0.0 {
        return Err(TestError::NoSpread);
    }
    let e = common_exponent(&[m, mu]);
    let error = m.sd_in(1, e) / m.n().sqrt();
    Ok(TTest::new(m.mean_minus(mu, e), error, m.n() - 1.0, e + halvings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_sleep_data_give_the_published_values() {
        // Student (1908): hours of sleep gained by ten patients with two drugs.
        let x = sample(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
        let y = sample(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
        let test = paired(&x, &y).unwrap();
        assert!((test.t() - 4.0621).abs() < 5e-5 && test.df == 9.0, "{test:?}");
        assert!((test.p().two_sided - 0.002_833).abs() < 5e-7);
        assert!(test.p().less < 0.002 && test.p().greater > 0.998);
    }

    #[test]
    fn a_paired_test_is_a_test_of_the_differences() {
        let (x, y) = (sample(&[1.0, 4.0, 2.0, 8.0]), sample(&[3.0, 5.0, 2.5, 11.0]));
        let one = one_sample(&sample(&[2.0, 1.0, 0.5, 3.0]), 0.0).unwrap();
        let two = paired(&x, &y).unwrap();
        assert_eq!((one.t(), one.df), (two.t(), two.df));
        // Of one sample the first mean is its own; of a pair that of x.
        assert_eq!(one.p().greater, two.p().less);
    }

    #[test]
    fn ends_of_the_range_are_no_obstacle() {
        let (x, y) = ([-1.0, 0.5, 0.25], [1.0, -0.5, 0.5]);
        let times = |v: &[f64], f: f64| sample(&v.iter().map(|v| v * f).collect::<Vec<_>>());
        let want = paired(&sample(&x), &sample(&y)).unwrap();
        let huge = 1.5 * 2.0_f64.powi(1_023);
        let got = paired(&times(&x, huge), &times(&y, huge)).unwrap();
        assert!((got.t() - want.t()).abs() < 1e-14, "{got:?}");
        let tiny = 4.0 * f64::from_bits(1);
        let got = one_sample(&times(&y, tiny), 0.0).unwrap();
        assert!((got.t() - one_sample(&sample(&y), 0.0).unwrap().t()).abs() < 1e-14, "{got:?}");
    }

    #[test]
    fn degenerate_pairs_are_errors() {
        let (x, y) = (sample(&[1.0, 2.0, 3.0]), sample(&[3.0, 4.0, 5.0]));
        assert_eq!(paired(&x, &y), Err(TestError::NoSpread));
        assert_eq!(paired(&x, &sample(&[1.0])), Err(TestError::Lengths(3, 1)));
        let few = Err(TestError::TooFew { need: 2, got: 1 });
        assert_eq!(one_sample(&sample(&[1.0]), 0.0), few);
        assert_eq!(one_sample(&sample(&[0.1; 10]), 0.3), Err(TestError::NoSpread));
        assert!(one_sample(&x, f64::NAN).is_err());
    }
}
