use tailproof_core::Sample;

use crate::ResamplingError;
use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::replicates;
use crate::stream::Indices;

/// The bootstrap of a statistic of pairs: the two observations of a pair stay together.
///
/// `x` and `y` hold the pairs by position; `statistic` gets both redrawn, in that order. What
/// the two have in common cancels in a difference or ratio, as it does in the data. Pairs must
/// be independent of one another.
///
/// # Errors
/// Samples of different length.
///
/// # Source
/// Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, §7.2 and §9.5.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Bootstrap, paired};
///
/// // The same five queries before and after: very different queries, the same gain.
/// let before = Sample::new(vec![1.0, 20.0, 300.0, 4_000.0, 50.0])?;
/// let after = Sample::new(vec![0.9, 18.0, 270.0, 3_600.0, 45.0])?;
/// let sum = |v: &[f64]| v.iter().sum::<f64>();
/// let gain = paired(&before, &after, &Bootstrap::new(Seed(42)), |x, y| sum(y) / sum(x))?;
/// assert!(gain.values().iter().all(|g| (g - 0.9).abs() < 1e-9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn paired<F>(
    x: &Sample,
    y: &Sample,
    settings: &Bootstrap,
    statistic: F,
) -> Result<Replicates, ResamplingError>
where
    F: Fn(&[f64], &[f64]) -> f64 + Sync,
{
    if x.len() != y.len() {
        return Err(ResamplingError::Lengths(x.len(), y.len()));
    }
    let n = x.len();
    Ok(replicates(
        settings,
        || (vec![0.0; n], vec![0.0; n]),
        |rng, (first, second)| {
            let mut slots = first.iter_mut().zip(second.iter_mut());
            Indices::below(n).each(rng, n, |at| {
                if let Some((a, b)) = slots.next() {
                    (*a, *b) = (x.values()[at], y.values()[at]);
                }
            });
            statistic(first, second)
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;

    #[test]
    fn pairs_stay_together() {
        let x = Sample::new((0..9).map(f64::from).collect()).unwrap();
        let y = Sample::new((0..9).map(|i| 100.0 + f64::from(i)).collect()).unwrap();
        let settings = Bootstrap::new(Seed(2));
        let gaps = paired(&x, &y, &settings, |a, b| {
            a.iter().zip(b).map(|(a, b)| (b - a - 100.0).abs()).sum()
        });
        assert!(gaps.unwrap().values().iter().all(|&g| g == 0.0));
        let short = Sample::new(vec![1.0]).unwrap();
        let error = paired(&x, &short, &settings, |_, _| 0.0);
        assert_eq!(error, Err(ResamplingError::Lengths(9, 1)));
    }

    #[test]
    fn the_first_of_each_pair_is_the_plain_bootstrap() {
        let x = Sample::new(vec![1.0, 5.0, 2.5, 9.0]).unwrap();
        let settings = Bootstrap::new(Seed(7));
        let plain = crate::bootstrap(&x, &settings, |v| v[0] + v[3]);
        assert_eq!(paired(&x, &x, &settings, |a, b| a[0] + b[3]).unwrap(), plain);
    }
}
