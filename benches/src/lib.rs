//! Data for benchmarks.

use ndarray::Array2;
use tailproof_core::{Labels, Metric, Observations, Raw, Sample, Seed, Series, Unit};
use tailproof_resampling::{below, stream, uniform};
use tailproof_scorecard::tree::{Combine, Node, Tree};

/// `n` log-normal latencies around 20 ms (σ = 0.5), in random order.
///
/// # Panics
/// `n` is zero.
#[must_use]
pub fn lognormal(n: usize, seed: Seed) -> Vec<f64> {
    let mut rng = stream(seed, 0);
    (0..n)
        .map(|_| {
            // Box–Muller; one of the pair is enough.
            let r = (-2.0 * uniform(&mut rng).ln()).sqrt();
            let z = r * (std::f64::consts::TAU * uniform(&mut rng)).cos();
            20.0 * (0.5 * z).exp()
        })
        .collect()
}

/// Values as a series `name` in milliseconds, without time order.
///
/// # Panics
/// `values` is empty or not finite.
#[must_use]
pub fn series(name: &str, values: Vec<f64>) -> Series {
    Series {
        metric: Metric::new(name, Unit::known("ms")),
        labels: Labels::new(),
        observations: Observations::Raw(Raw::complete(Sample::new(values).expect("finite"))),
        run: None,
        time: None,
        marks: None,
    }
}

/// Document 4's tree: sixty scores, six dimensions in each of ten areas, and a total.
///
/// # Panics
/// Never: the tree is one.
#[must_use]
pub fn sixty() -> Tree {
    let area = |i: u32| {
        let leaves = (1..=6).map(|d| Node::leaf(format!("D{d}"), f64::from(d))).collect();
        Node::inner(format!("PA{i:02}"), f64::from(i), Combine::WeightedMean, leaves)
    };
    let areas = (1..=10).map(area).collect();
    Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, areas)).expect("names differ")
}

/// `batches` rows of sixty scores in 0..1, drawn from at most `distinct` different rows, each of
/// which occurs before any occurs again.
///
/// # Panics
/// `distinct` is zero.
#[must_use]
pub fn scores(batches: usize, distinct: usize, seed: Seed) -> Array2<f64> {
    const LEAVES: usize = 60;
    let different = distinct.min(batches);
    let mut rng = stream(seed, 1);
    let pool: Vec<f64> = (0..different * LEAVES).map(|_| uniform(&mut rng)).collect();
    let mut values = pool.clone();
    values.reserve((batches - different) * LEAVES);
    for _ in different..batches {
        let row = below(&mut rng, different as u64) as usize;
        values.extend_from_slice(&pool[row * LEAVES..][..LEAVES]);
    }
    Array2::from_shape_vec((batches, LEAVES), values).expect("sixty a row")
}
