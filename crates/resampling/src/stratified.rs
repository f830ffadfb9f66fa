use tailproof_core::Sample;

use crate::ResamplingError;
use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::{like, redraw, replicates};

/// The bootstrap of a statistic of several strata whose sizes are fixed by design.
///
/// Each stratum is redrawn by itself, at its own size; `statistic` gets the redrawn strata in
/// their order. Use it when the sizes were chosen, such as 100 requests of each endpoint; when
/// they came about by chance, redraw all observations together ([`crate::bootstrap()`]).
///
/// Observations must be independent within and between strata. The bootstrap's standard error
/// is too small by `√((n−1)/n)` in *each* stratum, so strata of a few observations undercover;
/// a stratum of one has no error at all.
///
/// # Errors
/// No stratum.
///
/// # Source
/// Davison & Hinkley (1997), *Bootstrap Methods and their Application*, §3.2.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Bootstrap, stratified};
///
/// let reads = Sample::new(vec![1.0, 1.2, 0.9, 1.1])?;
/// let writes = Sample::new(vec![7.0, 9.5, 8.0])?;
/// let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
/// // 80 % of the traffic reads.
/// let mix = stratified(&[reads, writes], &Bootstrap::new(Seed(42)), |strata| {
///     0.8 * mean(&strata[0]) + 0.2 * mean(&strata[1])
/// })?;
/// assert!((mix.mean() - (0.8 * 1.05 + 0.2 * 24.5 / 3.0)).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn stratified<F>(
    strata: &[Sample],
    settings: &Bootstrap,
    statistic: F,
) -> Result<Replicates, ResamplingError>
where
    F: Fn(&[Vec<f64>]) -> f64 + Sync,
{
    if strata.is_empty() {
        return Err(ResamplingError::NoGroups);
    }
    Ok(replicates(
        settings,
        || like(strata),
        |rng, buffer| {
            for (from, into) in strata.iter().zip(buffer.iter_mut()) {
                redraw(rng, from.values(), into);
            }
            statistic(buffer)
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;

    #[test]
    fn strata_keep_their_sizes_and_values() {
        let strata = [vec![1.0, 2.0], vec![10.0, 20.0, 30.0]].map(|v| Sample::new(v).unwrap());
        let settings = Bootstrap::new(Seed(2));
        let held = stratified(&strata, &settings, |s| {
            let small = s[0].len() == 2 && s[0].iter().all(|v| [1.0, 2.0].contains(v));
            let large = s[1].len() == 3 && s[1].iter().all(|v| [10.0, 20.0, 30.0].contains(v));
            f64::from(u8::from(small && large))
        });
        assert!(held.unwrap().values().iter().all(|&v| v == 1.0));
        // Both values of the first stratum are 1 with probability ¼, whatever the second.
        let ones = stratified(&strata, &settings, |s| s[0].iter().sum::<f64>()).unwrap();
        assert!((ones.share_at_most(2.0) - 0.25).abs() < 0.02);
        assert_eq!(stratified(&[], &settings, |_| 0.0), Err(ResamplingError::NoGroups));
    }

    #[test]
    fn one_stratum_is_the_plain_bootstrap() {
        let x = Sample::new(vec![1.0, 5.0, 2.5, 9.0]).unwrap();
        let settings = Bootstrap::new(Seed(7));
        let plain = crate::bootstrap(&x, &settings, |v| v[0] + v[3]);
        let strata = stratified(&[x], &settings, |s| s[0][0] + s[0][3]).unwrap();
        assert_eq!(plain, strata);
    }
}
