//! The fast ways against the slow obvious ones.

use std::num::NonZeroU32;

use data::skewed;
use tailproof_core::{QuantileType, Rank, Sample, Seed};
use tailproof_resampling::{Permutation, QuantileBootstrap, permute_means};
use tailproof_tests::oracle;

/// Data shared by these tests.
mod data {
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    pub(super) fn skewed(n: usize, task: u64) -> Vec<f64> {
        let mut rng = stream(Seed(77), task);
        // Rounded, so that there are ties.
        (0..n).map(|_| (-20.0 * uniform(&mut rng).ln() * 10.0).round() / 10.0).collect()
    }
}

#[test]
fn the_exact_bootstrap_is_the_limit_of_the_plain_loop() {
    for (n, p) in [(50, Rank::P95), (400, Rank::P99), (1_000, Rank::MEDIAN)] {
        let values = skewed(n, n as u64);
        let law =
            QuantileBootstrap::of(&Sample::new(values.clone()).unwrap(), p, QuantileType::Linear);
        let mut drawn = oracle::bootstrap_quantile(&values, p, Seed(5), 4_000);
        drawn.sort_by(f64::total_cmp);
        // Dvoretzky–Kiefer–Wolfowitz with Massart's constant, at 1e-9.
        let allowed = ((2e9_f64).ln() / (2.0 * 4_000.0)).sqrt();
        for (i, &x) in drawn.iter().enumerate() {
            // A loop that interpolates may differ by one rounding.
            let (above, below) = (law.cdf(x + 1e-9), law.cdf(x - 1e-9));
            assert!(i as f64 / 4_000.0 <= above + allowed, "{n} {p} {x}");
            assert!((i + 1) as f64 / 4_000.0 >= below - allowed, "{n} {p} {x}");
        }
    }
}

#[test]
fn permutations_agree_with_the_plain_shuffle() {
    let (x, y) = (skewed(80, 1), skewed(60, 2).iter().map(|v| v + 4.0).collect::<Vec<_>>());
    let settings = Permutation::new(Seed(3)).replicates(NonZeroU32::new(40_000).unwrap());
    let fast = permute_means(
        &Sample::new(x.clone()).unwrap(),
        &Sample::new(y.clone()).unwrap(),
        &settings,
    );
    let drawn = oracle::permute_mean_difference(&x, &y, Seed(4), 40_000);
    let share = |f: &dyn Fn(f64) -> bool| drawn.iter().filter(|&&d| f(d)).count() as f64 / 40_000.0;
    let d = fast.difference;
    for (got, want) in [
        (fast.raw.p_greater(), share(&|v| v >= d - 1e-9)),
        (fast.raw.p_less(), share(&|v| v <= d + 1e-9)),
        (fast.raw.p_two_sided(), share(&|v| v.abs() >= d.abs() - 1e-9)),
    ] {
        let se = (2.0 * want * (1.0 - want) / 40_000.0).sqrt();
        assert!((got - want).abs() <= 5.0 * se + 1e-4, "{got} {want}");
    }
}

#[test]
fn studentizing_keeps_the_level_where_the_raw_difference_does_not() {
    // n = 20 (sd 3) against n = 200 (sd 1), equal means: the raw permutation rejects far too
    // often, Welch's form does not.
    let (mut raw, mut studentized) = (0, 0);
    let normal = |rng: &mut _| {
        let u = |rng: &mut _| tailproof_resampling::uniform(rng);
        (-2.0 * u(rng).ln()).sqrt() * (std::f64::consts::TAU * u(rng)).cos()
    };
    for trial in 0..400 {
        let mut rng = tailproof_resampling::stream(Seed(9), trial);
        let x: Vec<f64> = (0..20).map(|_| 3.0 * normal(&mut rng)).collect();
        let y: Vec<f64> = (0..200).map(|_| normal(&mut rng)).collect();
        let settings = Permutation::new(Seed(trial)).replicates(NonZeroU32::new(399).unwrap());
        let test = permute_means(&Sample::new(x).unwrap(), &Sample::new(y).unwrap(), &settings);
        raw += u32::from(test.raw.p_two_sided() <= 0.05);
        studentized += u32::from(test.studentized.unwrap().p_two_sided() <= 0.05);
    }
    assert!(raw > 100, "the raw form rejected {raw} of 400");
    assert!(studentized < 40, "the studentized form rejected {studentized} of 400");
}
