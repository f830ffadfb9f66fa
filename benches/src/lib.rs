//! Data for benchmarks.

use tailproof_core::{Labels, Metric, Observations, Raw, Sample, Seed, Series, Unit};
use tailproof_resampling::{stream, uniform};

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
