//! Prints by how many KiB a call raises the peak of this process, for the test of memory.
//!
//! `peak CALL N` makes the call on two samples of `N` values each, or on the first of them.
#![expect(clippy::print_stdout, reason = "the test reads the number")]

use std::hint::black_box;
use std::num::NonZeroU32;

use tailproof_core::{Level, QuantileType, Rank, Sample, Seed};
use tailproof_hypothesis::mann_whitney;
use tailproof_resampling::{
    Bootstrap, Law, MeanBootstrap, QuantileBootstrap, RatioBootstrap, bootstrap, stream, uniform,
};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [call, n] = args.as_slice() else { panic!("usage: peak CALL N, got {args:?}") };
    let n: usize = n.parse().expect("N is a whole number");
    let (x, y) = (sample(n, 1), sample(n, 2));
    let before = kib("VmRSS:");
    let quantile = |p: Rank| QuantileBootstrap::of(&x, p, QuantileType::Linear);
    match call.as_str() {
        "quantile" => {
            black_box(quantile(Rank::P95).interval(Level::P95));
        }
        "median" => {
            black_box(quantile(Rank::MEDIAN).interval(Level::P95));
        }
        "ratio" => {
            let law = RatioBootstrap::of_quantiles(&x, &y, Rank::P95, QuantileType::Linear);
            black_box(law.expect("all values are positive").interval(Level::P95));
        }
        "mann_whitney" => {
            black_box(mann_whitney(&x, &y));
        }
        "mean" => {
            black_box(MeanBootstrap::of(&x, Seed(42)).interval(Level::P95));
        }
        "bootstrap" => {
            let few = NonZeroU32::new(16).expect("not zero");
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            black_box(bootstrap(&x, &Bootstrap::new(Seed(42)).replicates(few), mean));
        }
        _ => panic!("no call {call:?}"),
    }
    println!("{}", kib("VmHWM:").saturating_sub(before));
    black_box((x, y)); // Both are held until here.
}

/// `n` values, exponential with mean 20 ms.
fn sample(n: usize, task: u64) -> Sample {
    let mut rng = stream(Seed(1), task);
    Sample::new((0..n).map(|_| -20.0 * uniform(&mut rng).ln()).collect()).expect("finite")
}

/// A field of what Linux knows of this process.
fn kib(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = text.lines().find(|l| l.starts_with(field)).expect("every process has the field");
    line.split_whitespace().nth(1).expect("a number").parse().expect("whole KiB")
}
