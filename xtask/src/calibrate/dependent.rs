//! Coverage of the intervals of the mean of an AR(1) series.

use std::num::NonZeroU32;

use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::student_quantile;
use tailproof_core::{Level, Sample, Seed};
use tailproof_hypothesis::one_sample;
use tailproof_resampling::{
    Blocks, Bootstrap, TimeEstimator, autocorrelation_time, block_length, blocks, bootstrap,
};

use super::data::{Process, sample};
use super::simulate::{Hit, Plan, Size, seed_of, size};

const LEVEL: Level = Level::P95;
const REPLICATES: NonZeroU32 = NonZeroU32::new(499).expect("not zero");
const SIZES: [Size; 3] = [size(100, 2_000), size(500, 1_000), size(2_000, 400)];

const METHODS: [&str; 8] = [
    "percentile, as if independent",
    "Student's t, as if independent",
    "percentile, moving blocks",
    "percentile, circular blocks",
    "percentile, stationary blocks",
    "Student's t of √n batch means",
    "Student's t, effective n (Geyer)",
    "Student's t, effective n (Bartlett)",
];

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let methods = &METHODS;
    let table = Plan { seed, what: "the mean of a series", axis: "n", methods, sizes: &SIZES }
        .coverage(&Process::all(), |process, n, _, rng| {
            let series = process.series(n, rng);
            hits(&series, process.mean(), seed_of(rng))
        });
    format!(
        "## Intervals from one dependent series

The series is stationary and in time order. Blocks have the automatic length of Politis & White;
{REPLICATES} replicates. The effective n is n/τ, with τ from `autocorrelation_time`: Geyer's
initial positive sequence, or the Bartlett window.

{}",
        table.render()
    )
}

fn hits(series: &Sample, truth: f64, seed: Seed) -> Vec<Hit> {
    let settings = Bootstrap::new(seed).replicates(REPLICATES);
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let best = block_length(series.values()).expect("continuous data have spread");
    let by_blocks = |kind: Blocks| {
        let length = if kind == Blocks::Stationary { best.mean_length() } else { best.length() };
        let replicates = blocks(series, kind, length, &settings, mean)
            .expect("in time order, and no block is longer than a third of the series");
        replicates.percentile_interval(LEVEL)
    };
    let independent = bootstrap(series, &settings, mean).percentile_interval(LEVEL);
    let t = |s: &Sample| one_sample(s, 0.0).ok().map(|t| t.interval(LEVEL));
    [
        Some(independent),
        t(series),
        Some(by_blocks(Blocks::Moving)),
        Some(by_blocks(Blocks::Circular)),
        Some(by_blocks(Blocks::Stationary)),
        t(&batch_means(series)),
        effective(series, TimeEstimator::InitialPositive),
        effective(series, TimeEstimator::Bartlett),
    ]
    .map(|interval| Hit::of(interval, truth))
    .to_vec()
}

/// Means of √n batches of equal size.
fn batch_means(series: &Sample) -> Sample {
    let each = series.len() / series.len().isqrt();
    let means = series.values().chunks_exact(each).map(|b| b.iter().sum::<f64>() / each as f64);
    sample(means.collect())
}

/// Student's t with n/τ in the place of n.
fn effective(series: &Sample, by: TimeEstimator) -> Option<(f64, f64)> {
    let worth = autocorrelation_time(series.values(), by).effective()?;
    let moments = Moments::of(series);
    let df = (worth - 1.0).max(1.0);
    let t = -student_quantile(LEVEL.alpha().to_f64() / 2.0, df);
    let reach = t * moments.sd(1) / worth.sqrt();
    Some((moments.mean() - reach, moments.mean() + reach))
}
