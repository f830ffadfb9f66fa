use tailproof_core::Sample;

use crate::ResamplingError;
use crate::bootstrap::{Bootstrap, Replicates};
use crate::redraw::{redraw, replicates};
use crate::stream::below;

/// The bootstrap of a statistic of several runs: runs are redrawn, and within each run its
/// observations.
///
/// `statistic` gets as many runs as there are, some of them more than once, each at the size of
/// the run that was drawn. It keeps what differs from run to run (placement, warm caches, the
/// neighbour on the host), which a bootstrap of the pooled observations takes for nothing.
/// Observations must be independent within a run, and runs of one another.
///
/// **Descriptive only below 10 runs.** Nominal 95 % percentile intervals of the mean cover
/// 63 / 76 / 86 / 92 / 94 % at 2 / 3 / 5 / 10 / 30 runs: decisions rest on Student's t of the run
/// means there.
///
/// # Errors
/// No run.
///
/// # Source
/// Kalibera & Jones (2013), *Rigorous Benchmarking in Reasonable Time*, ISMM '13, 63–74; Davison
/// & Hinkley (1997), *Bootstrap Methods and their Application*, §3.8.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample, Seed};
/// use tailproof_resampling::{Bootstrap, hierarchical};
///
/// let runs = [10.0, 13.0, 11.0, 14.0]
///     .map(|at| Sample::new(vec![at, at + 0.1, at - 0.1]).expect("finite"));
/// let all = |runs: &[Vec<f64>]| runs.iter().flatten().sum::<f64>() / 12.0;
/// let mean = hierarchical(&runs, &Bootstrap::new(Seed(42)), all)?;
/// let (lo, hi) = mean.percentile_interval(Level::P95);
/// assert!(hi - lo > 2.0); // Runs differ by far more than observations do.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hierarchical<F>(
    runs: &[Sample],
    settings: &Bootstrap,
    statistic: F,
) -> Result<Replicates, ResamplingError>
where
    F: Fn(&[Vec<f64>]) -> f64 + Sync,
{
    if runs.is_empty() {
        return Err(ResamplingError::NoGroups);
    }
    Ok(replicates(
        settings,
        || vec![Vec::new(); runs.len()],
        |rng, buffer| {
            for into in buffer.iter_mut() {
                let run = &runs[below(rng, runs.len() as u64) as usize];
                into.resize(run.len(), 0.0);
                redraw(rng, run.values(), into);
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
    fn a_drawn_run_keeps_its_size_and_values() {
        let runs = [vec![1.0; 2], vec![2.0; 5], vec![3.0; 1]].map(|v| Sample::new(v).unwrap());
        let settings = Bootstrap::new(Seed(2));
        let held = hierarchical(&runs, &settings, |drawn| {
            let same = |r: &Vec<f64>| {
                let of = runs[r[0] as usize - 1].len();
                r.len() == of && r.iter().all(|v| *v == r[0])
            };
            f64::from(u8::from(drawn.len() == 3 && drawn.iter().all(same)))
        });
        assert!(held.unwrap().values().iter().all(|&v| v == 1.0));
        // The first drawn run is each of them in a third of the replicates.
        let first = hierarchical(&runs, &settings, |drawn| drawn[0][0]).unwrap();
        assert!((first.share_at_most(1.5) - 1.0 / 3.0).abs() < 0.025);
        assert_eq!(hierarchical(&[], &settings, |_| 0.0), Err(ResamplingError::NoGroups));
    }

    #[test]
    fn runs_that_agree_add_nothing() {
        // One run many times over: only the observations within vary, each by ¼.
        let runs = vec![Sample::new(vec![0.0, 1.0, 0.0, 1.0]).unwrap(); 3];
        let mean = |runs: &[Vec<f64>]| runs.iter().flatten().sum::<f64>() / 12.0;
        let drawn = hierarchical(&runs, &Bootstrap::new(Seed(9)), mean).unwrap();
        let variance = drawn.values().iter().map(|m| (m - 0.5).powi(2)).sum::<f64>() / 10_000.0;
        assert!((variance - 0.25 / 12.0).abs() < 0.0015, "{variance}");
    }
}
