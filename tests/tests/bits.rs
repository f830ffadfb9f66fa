//! Results do not depend on threads, nor on the build profile.
//!
//! `cargo xtask test` runs these in debug and in release; both must meet the same constants.

use std::num::NonZeroU32;

use tailproof_core::{QuantileType, Rank, Sample, Seed};
use tailproof_resampling::{
    Bootstrap, Permutation, QuantileBootstrap, bootstrap, permute_means, stream, uniform,
};

fn sample(n: usize, task: u64) -> Sample {
    let mut rng = stream(Seed(1), task);
    Sample::new((0..n).map(|_| 10.0 + 5.0 * uniform(&mut rng)).collect()).unwrap()
}

fn in_pool<T: Send>(threads: usize, call: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(call)
}

/// FNV-1a of the bits of all values.
fn digest(values: &[f64]) -> u64 {
    values
        .iter()
        .flat_map(|v| v.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn bits_of_the_general_bootstrap() {
    let x = sample(500, 0);
    let run = || {
        let settings = Bootstrap::new(Seed(42)).replicates(NonZeroU32::new(2_000).unwrap());
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        bootstrap(&x, &settings, mean).values().to_vec()
    };
    let one = in_pool(1, run);
    assert_eq!(one, in_pool(8, run));
    assert_eq!(digest(&one), BOOTSTRAP, "{:#x}", digest(&one));
}

#[test]
fn bits_of_the_replicates_of_a_quantile() {
    let x = sample(500, 0);
    let run = || {
        QuantileBootstrap::of(&x, Rank::P95, QuantileType::Linear)
            .replicates(Seed(42), NonZeroU32::new(2_000).unwrap())
            .values()
            .to_vec()
    };
    let one = in_pool(1, run);
    assert_eq!(one, in_pool(8, run));
    assert_eq!(digest(&one), REPLICATES, "{:#x}", digest(&one));
}

#[test]
fn bits_of_the_permutation_test() {
    let (x, y) = (sample(300, 1), sample(280, 2));
    let run = || {
        let test = permute_means(&x, &y, &Permutation::new(Seed(42)));
        let s = test.studentized.unwrap();
        [
            test.difference,
            test.t.unwrap(),
            test.raw.at_least as f64,
            test.raw.at_most as f64,
            test.raw.abs_at_least as f64,
            s.at_least as f64,
            s.at_most as f64,
            s.abs_at_least as f64,
        ]
    };
    let one = in_pool(1, run);
    assert_eq!(one, in_pool(8, run));
    assert_eq!(digest(&one), PERMUTATION, "{:#x}", digest(&one));
}

const BOOTSTRAP: u64 = 0x8c25_dedf_0df3_4419;
const REPLICATES: u64 = 0xd785_f76f_134e_7a82;
const PERMUTATION: u64 = 0x05df_ab71_50c6_0acf;
