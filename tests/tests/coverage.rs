//! How often 90 % percentile intervals of each bootstrap scheme cover the truth.
//!
//! The wanted coverage of each design was simulated by other software (4 000 samples, 400
//! replicates); the seeded simulation here has 1 000 samples and must agree with it within four
//! standard deviations of the difference. These intervals are asymptotic: the coverage is stated,
//! not promised.

use std::num::NonZeroU32;
use std::num::NonZeroUsize;

use tailproof_core::{Level, Sample, Seed};
use tailproof_resampling::{
    Blocks, Bootstrap, Replicates, Stream, bayesian, blocks, hierarchical, m_out_of_n, paired,
    poisson, rescaled, stratified, stream, two_samples, uniform, weighted_mean,
};

const SAMPLES: u64 = 1_000;

/// Checks the share of simulated samples whose interval covers `truth`.
fn covers(want: f64, truth: f64, replicates: impl Fn(&mut Stream, &Bootstrap) -> Replicates) {
    let level: Level = "0.9".parse().unwrap();
    let count = NonZeroU32::new(400).unwrap();
    let hits = (0..SAMPLES)
        .filter(|&task| {
            let settings = Bootstrap::new(Seed(task)).replicates(count);
            let drawn = replicates(&mut stream(Seed(u64::MAX), task), &settings);
            let (lo, hi) = drawn.percentile_interval(level);
            lo <= truth && truth <= hi
        })
        .count();
    let got = hits as f64 / SAMPLES as f64;
    let sd = (want * (1.0 - want) * (1.0 / SAMPLES as f64 + 1.0 / 4_000.0)).sqrt();
    assert!((got - want).abs() <= 4.0 * sd, "covered {got}, want {want} ± {}", 4.0 * sd);
}

fn exponential(rng: &mut Stream, mean: f64) -> f64 {
    -mean * uniform(rng).ln()
}

fn exponentials(rng: &mut Stream, n: usize, mean: f64) -> Sample {
    Sample::new((0..n).map(|_| exponential(rng, mean)).collect()).unwrap()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// 100 values of an autoregression with coefficient ½ and centred exponential innovations.
fn autoregression(rng: &mut Stream) -> Sample {
    let mut x = 0.0;
    let all: Vec<f64> = (0..150)
        .map(|_| {
            x = 0.5 * x + exponential(rng, 1.0) - 1.0;
            x
        })
        .collect();
    Sample::new(all[50..].to_vec()).unwrap().in_time_order()
}

#[test]
fn coverage_of_strata() {
    covers(0.850, 2.0, |rng, settings| {
        let strata = [exponentials(rng, 25, 1.0), exponentials(rng, 25, 3.0)];
        stratified(&strata, settings, |s| f64::midpoint(mean(&s[0]), mean(&s[1]))).unwrap()
    });
}

#[test]
fn coverage_of_pairs() {
    covers(0.871, 0.5, |rng, settings| {
        let x = exponentials(rng, 50, 1.0);
        let y = x.values().iter().map(|v| v + exponential(rng, 0.5)).collect();
        let y = Sample::new(y).unwrap();
        paired(&x, &y, settings, |a, b| mean(b) - mean(a)).unwrap()
    });
}

#[test]
fn coverage_of_two_samples() {
    covers(0.882, 1.0, |rng, settings| {
        let (x, y) = (exponentials(rng, 30, 1.0), exponentials(rng, 50, 2.0));
        two_samples(&x, &y, settings, |a, b| mean(b) - mean(a))
    });
}

#[test]
fn coverage_of_ten_runs() {
    covers(0.851, 2.0, |rng, settings| {
        let runs: Vec<Sample> = (0..10)
            .map(|_| {
                let own = exponential(rng, 1.0);
                Sample::new((0..5).map(|_| own + exponential(rng, 1.0)).collect()).unwrap()
            })
            .collect();
        let all = |runs: &[Vec<f64>]| runs.iter().flatten().sum::<f64>() / 50.0;
        hierarchical(&runs, settings, all).unwrap()
    });
}

#[test]
fn coverage_of_poisson_weights() {
    covers(0.873, 1.0, |rng, settings| {
        poisson(&exponentials(rng, 50, 1.0), settings, weighted_mean)
    });
}

#[test]
fn coverage_of_bayesian_weights() {
    covers(0.865, 1.0, |rng, settings| {
        bayesian(&exponentials(rng, 50, 1.0), settings, weighted_mean)
    });
}

#[test]
fn coverage_of_half_of_the_sample() {
    covers(0.8815, 1.0, |rng, settings| {
        let x = exponentials(rng, 50, 1.0);
        let drawn = m_out_of_n(&x, NonZeroUsize::new(25).unwrap(), settings, mean).unwrap();
        rescaled(&drawn, mean(x.values()), 0.5_f64.sqrt())
    });
}

#[test]
fn coverage_of_blocks() {
    // Independent draws cover 64 % here.
    let length = NonZeroUsize::new(8).unwrap();
    for (kind, want) in
        [(Blocks::Moving, 0.8105), (Blocks::Circular, 0.814), (Blocks::Stationary, 0.808)]
    {
        covers(want, 0.0, |rng, settings| {
            blocks(&autoregression(rng), kind, length, settings, mean).unwrap()
        });
    }
}
