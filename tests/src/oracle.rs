//! The slow obvious way, against which the fast ways are checked and timed.

use tailproof_core::quantile::position;
use tailproof_core::{QuantileType, Rank, Seed};
use tailproof_resampling::{below, stream};

/// Document 0's bootstrap of a percentile: draw, sort, interpolate, again and again.
///
/// # Panics
/// `values` is empty or not finite.
#[must_use]
pub fn bootstrap_quantile(values: &[f64], p: Rank, seed: Seed, replicates: u64) -> Vec<f64> {
    let n = values.len() as u64;
    (0..replicates)
        .map(|replicate| {
            let mut rng = stream(seed, replicate);
            let drawn: Vec<f64> = (0..n).map(|_| values[below(&mut rng, n) as usize]).collect();
            let mut sorted = drawn;
            sorted.sort_by(f64::total_cmp);
            let at = position(n, p, QuantileType::Linear);
            at.interpolate(sorted[at.lower as usize - 1], sorted[at.upper as usize - 1])
        })
        .collect()
}

/// The bootstrap of a mean: draw, gather, add, without a buffer.
#[must_use]
pub fn bootstrap_mean(values: &[f64], seed: Seed, replicates: u64) -> Vec<f64> {
    let n = values.len() as u64;
    (0..replicates)
        .map(|replicate| {
            let mut rng = stream(seed, replicate);
            let sum: f64 = (0..n).map(|_| values[below(&mut rng, n) as usize]).sum();
            sum / n as f64
        })
        .collect()
}

/// Document 0's permutations: shuffle the pooled values, take two means, subtract.
#[must_use]
pub fn permute_mean_difference(x: &[f64], y: &[f64], seed: Seed, replicates: u64) -> Vec<f64> {
    let mut pooled = [x, y].concat();
    (0..replicates)
        .map(|replicate| {
            let mut rng = stream(seed, replicate);
            for i in (1..pooled.len()).rev() {
                let j = below(&mut rng, i as u64 + 1) as usize;
                pooled.swap(i, j);
            }
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            mean(&pooled[x.len()..]) - mean(&pooled[..x.len()])
        })
        .collect()
}

/// p95, p99, p99.9 and a compliance rate, each from its own sort of a copy.
///
/// # Panics
/// `values` is empty or not finite.
#[must_use]
pub fn compliance(values: &[f64], target: f64) -> [f64; 4] {
    let at = |p| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = position(values.len() as u64, p, QuantileType::Linear);
        at.interpolate(sorted[at.lower as usize - 1], sorted[at.upper as usize - 1])
    };
    let rate = values.iter().filter(|&&x| x <= target).count() as f64 / values.len() as f64;
    [at(Rank::P95), at(Rank::P99), at(Rank::P999), rate]
}
