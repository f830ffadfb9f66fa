use std::num::NonZeroUsize;

use tailproof_core::Sample;

use crate::ResamplingError;
use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::{redraw, replicates};

/// The m-out-of-n bootstrap: resamples of m observations, with replacement.
///
/// Right for some statistics for which resamples of n are wrong however large n is: a maximum, a
/// mean of data of infinite variance, an estimate at the edge of its range. m must grow with n, but
/// more slowly, such as `2√n` or `n^{2/3}`.
///
/// **The replicates have the spread of m observations.** Where the error of the statistic is of
/// order `n^{−r}` (½ for a mean, 1 for the maximum of a bounded law) they must be drawn together
/// by `(m/n)^r` around the estimate before an interval is read off: [`rescaled`].
///
/// # Errors
/// m above the number of observations.
///
/// # Source
/// Bickel, Götze & van Zwet (1997), *Statistica Sinica* 7(1), 1–31.
///
/// # Example
/// ```
/// use std::num::NonZeroUsize;
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Bootstrap, m_out_of_n, rescaled};
///
/// let sample = Sample::new((0..100).map(f64::from).collect())?;
/// let m = NonZeroUsize::new(25).expect("not zero");
/// let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
/// let wide = m_out_of_n(&sample, m, &Bootstrap::new(Seed(42)), mean)?;
/// let right = rescaled(&wide, 49.5, 0.5); // √(25/100)
/// assert!((right.values()[0] - 49.5 - (wide.values()[0] - 49.5) / 2.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn m_out_of_n<F>(
    sample: &Sample,
    m: NonZeroUsize,
    settings: &Bootstrap,
    statistic: F,
) -> Result<Replicates, ResamplingError>
where
    F: Fn(&[f64]) -> f64 + Sync,
{
    let (x, m) = (sample.values(), m.get());
    if m > x.len() {
        return Err(ResamplingError::TooLong { n: x.len(), got: m });
    }
    Ok(replicates(
        settings,
        || vec![0.0; m],
        |rng, buffer| {
            redraw(rng, x, buffer);
            statistic(buffer)
        },
    ))
}

/// Replicates drawn together around the estimate: `θ + factor·(θ* − θ)`.
#[must_use]
pub fn rescaled(replicates: &Replicates, estimate: f64, factor: f64) -> Replicates {
    let values = replicates.values().iter().map(|v| estimate + factor * (v - estimate));
    Replicates::new(values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;

    #[test]
    fn the_maximum_is_drawn_less_often() {
        let x = Sample::new((0..50).map(f64::from).collect()).unwrap();
        let max = |v: &[f64]| v.iter().copied().fold(f64::MIN, f64::max);
        let settings = Bootstrap::new(Seed(4));
        for m in [5, 50] {
            let drawn = m_out_of_n(&x, NonZeroUsize::new(m).unwrap(), &settings, max).unwrap();
            // 1 − (1 − 1/n)^m: 0.096, and 0.636 for m = n, which does not vanish.
            let want = 1.0 - 0.98_f64.powi(m as i32);
            assert!((1.0 - drawn.share_at_most(48.5) - want).abs() < 0.025, "{m}");
        }
    }

    #[test]
    fn all_of_them_are_the_plain_bootstrap() {
        let x = Sample::new(vec![1.0, 5.0, 2.5, 9.0]).unwrap();
        let settings = Bootstrap::new(Seed(7));
        let plain = crate::bootstrap(&x, &settings, |v| v[0] + v[3]);
        let four = NonZeroUsize::new(4).unwrap();
        let drawn = m_out_of_n(&x, four, &settings, |v| v[0] + v[3]).unwrap();
        assert_eq!(drawn, plain);
        assert_eq!(rescaled(&drawn, 3.0, 1.0).mean(), drawn.mean());
        let five = NonZeroUsize::new(5).unwrap();
        let error = m_out_of_n(&x, five, &settings, |v| v[0]);
        assert_eq!(error, Err(ResamplingError::TooLong { n: 4, got: 5 }));
    }
}
