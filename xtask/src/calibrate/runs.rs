//! Coverage of the intervals of a mean and a median when the data come in runs.

use tailproof_core::descriptive::{mean, median};
use tailproof_core::{Level, Rank, Sample, Seed};
use tailproof_hypothesis::one_sample;
use tailproof_resampling::{Bootstrap, hierarchical, order_statistic_interval};

use super::data::{Design, Margin, pooled, sample};
use super::intervals::REPLICATES;
use super::simulate::{Hit, Plan, Size, seed_of, size};

const LEVEL: Level = Level::P95;
/// Observations in a run; odd, so that the median of a run is one of them.
const EACH: u64 = 31;
const SIZES: [Size; 6] = [
    size(2, 1_000),
    size(3, 1_000),
    size(5, 1_000),
    size(10, 1_000),
    size(20, 1_000),
    size(30, 1_000),
];

const METHODS: [&str; 6] = [
    "mean: Student's t of run means",
    "mean: percentile, hierarchical bootstrap",
    "mean: Student's t, runs ignored",
    "median: Student's t of run medians",
    "median: order statistics of run medians",
    "median: order statistics, runs ignored",
];

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let table = Plan { seed, what: "several runs", axis: "runs", methods: &METHODS, sizes: &SIZES }
        .coverage(&Design::all(), |design, count, _, rng| {
            let runs = design.runs(count, EACH, rng);
            hits(&runs, design, seed_of(rng))
        });
    format!(
        "## Intervals from several runs

{EACH} observations a run. \"± 0.5\": the levels of runs have a standard deviation of 0.5, the
observations within a run one of 1, both before the exponential of log-normal data. The
hierarchical bootstrap has {REPLICATES} replicates. Student's t of run medians speaks of their
mean, which is the median for symmetric data only.

{}",
        table.render()
    )
}

fn hits(runs: &[Sample], design: &Design, seed: Seed) -> Vec<Hit> {
    let settings = Bootstrap::new(seed).replicates(REPLICATES);
    let by_run = |statistic: fn(&Sample) -> f64| sample(runs.iter().map(statistic).collect());
    let (means, medians) = (by_run(mean), by_run(median));
    let all = pooled(runs).0;
    let of_all = |drawn: &[Vec<f64>]| {
        let count: usize = drawn.iter().map(Vec::len).sum();
        drawn.iter().flatten().sum::<f64>() / count as f64
    };
    let replicates = hierarchical(runs, &settings, of_all).expect("there are runs");
    let t = |s: &Sample| one_sample(s, 0.0).ok().map(|t| t.interval(LEVEL));
    let order = |s: &Sample| order_statistic_interval(s, Rank::MEDIAN, LEVEL);
    let of_mean = |interval| Hit::of(interval, design.mean());
    let of_median = |interval| Hit::of(interval, design.quantile(Rank::MEDIAN));
    let symmetric = design.margin == Margin::Normal;
    vec![
        of_mean(t(&means)),
        of_mean(Some(replicates.percentile_interval(LEVEL))),
        of_mean(t(&all)),
        if symmetric { of_median(t(&medians)) } else { Hit::Skipped },
        of_median(order(&medians)),
        of_median(order(&all)),
    ]
}
