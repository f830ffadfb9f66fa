//! Coverage of the intervals of a change between two samples of the same law.

use tailproof_core::{Level, QuantileType, Rank, Sample, Seed};
use tailproof_hypothesis::{
    FiellerSet, cliffs_delta_interval, hodges_lehmann, ratio_of_means, ratio_of_medians, student,
    welch, yuen_welch,
};
use tailproof_resampling::{DifferenceBootstrap, Law as _, MeanBootstrap, RatioBootstrap};

use super::data::laws;
use super::simulate::{Hit, Plan, Size, seed_of, size};

const LEVEL: Level = Level::P95;
const SIZES: [Size; 4] = [size(10, 2_000), size(30, 2_000), size(100, 2_000), size(500, 1_000)];
/// Samples for which the exact law of a difference of means is found, from `FROM` on.
const EXACT: u32 = 1_000;
const FROM: usize = 30;

const METHODS: [&str; 11] = [
    "difference of means, Welch",
    "difference of means, Student (pooled)",
    "difference of means, exact law",
    "ratio of means, Fieller",
    "difference of trimmed means, Yuen",
    "ratio of medians, Price & Bonett",
    "ratio of medians, exact law",
    "difference of medians, exact law",
    "ratio of p95s, exact law",
    "Hodges–Lehmann shift",
    "Cliff's δ",
];

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let table = Plan { seed, what: "a change", axis: "n", methods: &METHODS, sizes: &SIZES }
        .coverage(&laws(), |law, n, r, rng| {
            let (x, y) = (law.sample(n, rng), law.sample(2 * n, rng));
            hits(&x, &y, r, seed_of(rng))
        });
    format!(
        "## Intervals from two samples

Both samples have the same law, the first n observations, the second 2n: with equal sizes skewness
would cancel and flatter the intervals. The truth is a difference and a δ of 0 and a ratio of 1.
Some intervals miss exactly when another one does, and have no line: the ratio of means of
`RatioBootstrap` with the exact law of the difference, Cohen's d with Student's, the
Hodges–Lehmann ratio with the shift, Vargha–Delaney's A with δ. The exact law of a difference of
means is found for {EXACT} samples from n = {FROM} on. A set of Fieller's that is no interval
counts as none, when it contains the truth.

{}",
        table.render()
    )
}

fn hits(x: &Sample, y: &Sample, number: u32, seed: Seed) -> Vec<Hit> {
    let zero = |interval| Hit::of(interval, 0.0);
    let one = |interval| Hit::of(interval, 1.0);
    let exact_ratio = |p: Rank| {
        let law = RatioBootstrap::of_quantiles(x, y, p, QuantileType::InvertedCdf).ok();
        one(law.map(|law| law.interval(LEVEL)))
    };
    let medians = DifferenceBootstrap::of_quantiles(x, y, Rank::MEDIAN, QuantileType::InvertedCdf);
    let shift = hodges_lehmann(x, y, LEVEL);
    let means = if x.len() >= FROM && number < EXACT {
        zero(Some(MeanBootstrap::difference(x, y, seed).interval(LEVEL)))
    } else {
        Hit::Skipped
    };
    // At least five observations beyond p95.
    let p95 = if x.len() >= 100 { exact_ratio(Rank::P95) } else { Hit::Skipped };
    vec![
        zero(welch(x, y).ok().map(|t| t.interval(LEVEL))),
        zero(student(x, y).ok().map(|t| t.interval(LEVEL))),
        means,
        fieller(x, y),
        zero(yuen_welch(x, y, 0.2).ok().map(|t| t.interval(LEVEL))),
        one(ratio_of_medians(x, y, LEVEL).ok().map(|r| (r.lo, r.hi))),
        exact_ratio(Rank::MEDIAN),
        zero(Some(medians.interval(LEVEL))),
        p95,
        zero(Some((shift.lo, shift.hi))),
        zero(cliffs_delta_interval(x, y, LEVEL).ok()),
    ]
}

fn fieller(x: &Sample, y: &Sample) -> Hit {
    match ratio_of_means(x, y, LEVEL).ok().map(|r| r.set) {
        Some(FiellerSet::Interval(lo, hi)) => Hit::of(Some((lo, hi)), 1.0),
        // Two rays, one on either side of the truth: counted as too low.
        Some(set) if !set.contains(1.0) => Hit::Below,
        _ => Hit::Absent,
    }
}
