use tailproof_core::descriptive::{mean, median};
use tailproof_core::distributions::student_quantile;
use tailproof_core::{Level, Sample};
use tailproof_hypothesis::{TheilSen, theil_sen};
use tailproof_resampling::{TimeEstimator, autocorrelation_time};

/// Blocks whose medians carry the slope.
const BLOCKS: usize = 8;
/// Observations from which on a block is more than a value or two.
pub(super) const LEAST: usize = 40;
/// A block must be this many autocorrelation times long to count as independent.
const TIMES: f64 = 3.0;
/// Increments of block medians of a random walk are correlated: √(10/7) of the plain error.
const WALK: f64 = 1.195;

/// A slope per hour with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// Per hour, in the unit of the data.
    pub per_hour: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Autocorrelation time of what is left without the line, in observations.
    pub tau: f64,
    /// Whether the series wanders: blocks too short for their autocorrelation time.
    pub wanders: bool,
}

/// The slope of a dependent series over time, with an interval that allows for dependence.
///
/// ```text
/// y_k, t_k   median value and mean time of the k-th of 8 blocks of successive observations
/// slope      Theil–Sen: the median of (y_j − y_i)/(t_j − t_i), with Sen's interval by the exact
///            law of Kendall's statistic for 8 values; the interval takes in those of 6, 7, 9 and
///            10 blocks, so that a period near the length of a block cannot pass for a slope
/// residuals  x − slope·t over all observations; τ their integrated autocorrelation time
/// τ > n/24   the series wanders: the interval is widened to take in that of a random walk,
///            mean d ± 1.195·t₆·sd(d)/√7 of the slopes d between neighbouring blocks
/// ```
/// `times` are hours, ascending. Wild values hardly matter: a block's median takes almost half.
/// `docs/speedup.md` has the coverage, which the tests of this file measure. A constant series has slope 0 and
/// the interval [0, 0].
///
/// `None` for fewer than 40 observations or times that do not advance.
///
/// # Source
/// Sen (1968), *JASA* 63(324), 1379–1389; non-overlapping batches: Law & Kelton, §9.5.
#[must_use]
pub fn slope(times: &[f64], values: &[f64], level: Level) -> Option<Slope> {
    let n = values.len();
    if n < LEAST || times.len() != n {
        return None;
    }
    let ([t, y], line) = blocked(times, values, BLOCKS, level)?;
    let residuals: Vec<f64> = values.iter().zip(times).map(|(x, t)| x - line.slope * t).collect();
    let tau = autocorrelation_time(&residuals, TimeEstimator::InitialPositive).tau.max(1.0);
    let wanders = tau * TIMES * BLOCKS as f64 > n as f64;
    let (mut lo, mut hi) = (line.lo, line.hi);
    for blocks in [6, 7, 9, 10] {
        let (_, other) = blocked(times, values, blocks, level)?;
        (lo, hi) = (lo.min(other.lo), hi.max(other.hi));
    }
    if wanders {
        let steps: Vec<f64> = (1..BLOCKS).map(|k| (y[k] - y[k - 1]) / (t[k] - t[k - 1])).collect();
        let count = steps.len() as f64;
        let centre = steps.iter().sum::<f64>() / count;
        let squares: f64 = steps.iter().map(|d| (d - centre).powi(2)).sum();
        let error = WALK * (squares / (count - 1.0) / count).sqrt();
        let reach = student_quantile(1.0 - level.alpha().to_f64() / 2.0, count - 1.0) * error;
        (lo, hi) = (lo.min(centre - reach), hi.max(centre + reach));
    }
    Some(Slope { per_hour: line.slope, lo, hi, tau, wanders })
}

/// Mean times and median values of blocks, and the line through them.
fn blocked(
    times: &[f64],
    values: &[f64],
    blocks: usize,
    level: Level,
) -> Option<([Vec<f64>; 2], TheilSen)> {
    let edge = |k: usize| k * values.len() / blocks;
    let block = |all: &[f64], k: usize| Sample::new(all[edge(k)..edge(k + 1)].to_vec()).ok();
    let t: Vec<f64> = (0..blocks).filter_map(|k| Some(mean(&block(times, k)?))).collect();
    let y: Vec<f64> = (0..blocks).filter_map(|k| Some(median(&block(values, k)?))).collect();
    if t.len() < blocks || y.len() < blocks || t.windows(2).any(|w| w[0] >= w[1]) {
        return None;
    }
    let line =
        theil_sen(&Sample::new(t.clone()).ok()?, &Sample::new(y.clone()).ok()?, level).ok()?;
    Some(([t, y], line))
}

#[cfg(test)]
pub(super) mod tests {
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    use super::*;

    /// Hourly memory over `n` minutes with AR(1) noise of unit innovations.
    pub(crate) fn memory(n: usize, rho: f64, per_hour: f64, task: u64) -> (Vec<f64>, Vec<f64>) {
        let mut rng = stream(Seed(4), task);
        let mut noise = 0.0;
        let times: Vec<f64> = (0..n).map(|i| i as f64 / 60.0).collect();
        let values = times
            .iter()
            .map(|t| {
                let e: f64 = (0..12).map(|_| uniform(&mut rng)).sum::<f64>() - 6.0;
                noise = rho * noise + e;
                500.0 + per_hour * t + noise
            })
            .collect();
        (times, values)
    }

    #[test]
    fn intervals_cover_under_dependence() {
        for (rho, least) in [(0.0, 180), (0.9, 178), (0.99, 176), (1.0, 168)] {
            let covered = (0..200)
                .filter(|&task| {
                    let (t, x) = memory(400, rho, 2.0, task);
                    let s = slope(&t, &x, Level::P95).unwrap();
                    s.lo <= 2.0 && 2.0 <= s.hi
                })
                .count();
            assert!(covered >= least, "{rho}: {covered} of 200");
        }
    }

    #[test]
    fn a_sawtooth_is_no_slope() {
        // Memory that a collector frees again and again, with a period near that of the blocks.
        for (n, period) in [(1_000, 115.0), (1_000, 134.0), (400, 47.0), (1_000, 66.0)] {
            let covered = (0..200)
                .filter(|&task| {
                    let mut rng = stream(Seed(5), task);
                    let phase = uniform(&mut rng);
                    let times: Vec<f64> = (0..n).map(|i| f64::from(i) / 60.0).collect();
                    let saw = |i: i32| 100.0 * (f64::from(i) / period + phase).fract();
                    let values: Vec<f64> = (0..n).map(|i| saw(i) + uniform(&mut rng)).collect();
                    let s = slope(&times, &values, Level::P95).unwrap();
                    s.lo <= 0.0 && 0.0 <= s.hi
                })
                .count();
            assert!(covered >= 186, "n {n} period {period}: {covered} of 200");
        }
    }
}
