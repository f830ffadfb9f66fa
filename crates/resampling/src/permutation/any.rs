use tailproof_core::Sample;

use super::arrangements::Design;
use super::counts::Relabelled;
use super::settings::Permutation;

/// The permutation test of any statistic of two samples.
///
/// ```text
/// p = #{T(relabelled) ≥ T(x, y)} / C(n₁+n₂, n₁)      or (1 + b)/(1 + B) of B random ones
/// ```
/// Answers whether `statistic(x, y)` would be as large if the labels meant nothing, that is
/// under *equal distributions*; it judges a parameter only as far as the statistic is
/// studentized. All relabellings are tried when there are at most
/// [`Permutation::enumerate_up_to`], otherwise random ones, in parallel, one stream each. The
/// two-sided p-value compares absolute values, so let the statistic be 0 when nothing
/// differs.
///
/// Statistics count as tied within `1e-12` of their usual size, and NaN counts as extreme in
/// every direction; a statistic that rounds more coarsely than that (sums of values with a
/// large offset) should subtract a data point first. For means [`crate::permute_means`] is
/// faster.
///
/// # Source
/// Pitman (1937), *Suppl. JRSS* 4(1), 119–130; Lehmann & Romano (2005), *Testing Statistical
/// Hypotheses*, §15.2.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_any};
///
/// let x = Sample::new(vec![1.0, 2.0, 3.0])?;
/// let y = Sample::new(vec![11.0, 12.0, 13.0])?;
/// let max = |v: &[f64]| v.iter().copied().fold(f64::MIN, f64::max);
/// let test = permute_any(&x, &y, &Permutation::new(Seed(42)), |x, y| max(y) - max(x));
/// assert_eq!((test.observed, test.counts.total), (10.0, 20));
/// assert_eq!(test.counts.p_greater(), 0.05); // Only this relabelling.
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
pub fn permute_any<F>(x: &Sample, y: &Sample, settings: &Permutation, statistic: F) -> Relabelled
where
    F: Fn(&[f64], &[f64]) -> f64 + Sync,
{
    let pooled = [x.values(), y.values()].concat();
    Design::new(pooled, vec![vec![x.len(), y.len()]]).test(settings, |values| {
        let (x, y) = values.split_at(x.len());
        statistic(x, y)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permute_means;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn means_agree_with_the_test_of_means() {
        let (x, y) = (sample(&[0.1, 0.5, 0.2, 0.2]), sample(&[0.4, 0.3, 0.8, 0.5, 0.1]));
        let settings = Permutation::new(Seed(1));
        let any = permute_any(&x, &y, &settings, |x, y| mean(y) - mean(x));
        let means = permute_means(&x, &y, &settings);
        assert_eq!(any.counts, means.raw);
        assert!((any.observed - means.difference).abs() < 1e-15);
    }

    #[test]
    fn drawing_agrees_with_enumerating() {
        let x = sample(&[1.0, 5.0, 2.0, 2.5, 3.3, 7.1]);
        let y = sample(&[4.0, 3.0, 8.0, 4.4, 5.9, 6.1, 3.9]);
        let all = permute_any(&x, &y, &Permutation::new(Seed(1)), |x, y| mean(y) - mean(x));
        let draws = NonZeroU32::new(40_000).expect("not zero");
        let settings =
            Permutation { enumerate_up_to: 0, ..Permutation::new(Seed(2)).replicates(draws) };
        let some = permute_any(&x, &y, &settings, |x, y| mean(y) - mean(x));
        assert!(all.counts.exhaustive && !some.counts.exhaustive);
        let level = "0.999999".parse().unwrap();
        for (a, s) in [
            (all.counts.greater(), some.counts.greater()),
            (all.counts.less(), some.counts.less()),
            (all.counts.two_sided(), some.counts.two_sided()),
        ] {
            let (lo, hi) = s.interval(level);
            assert!(lo <= a.p() && a.p() <= hi, "{a:?} {s:?}");
        }
    }

    #[test]
    fn equal_values_tell_nothing() {
        let s = sample(&[3.0; 4]);
        let test = permute_any(&s, &s, &Permutation::new(Seed(1)), |x, y| mean(y) / mean(x) - 1.0);
        assert_eq!((test.counts.p_two_sided(), test.counts.total), (1.0, 70));
    }
}
