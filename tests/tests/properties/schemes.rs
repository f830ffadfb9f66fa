//! What must hold for any data: bootstrap schemes and intervals.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::{Level, QuantileType, Sample, Seed};

use super::{rank, sample, shifted};

use std::num::{NonZeroU32, NonZeroUsize};

use tailproof_resampling::{
    Blocks, Bootstrap, Intervals, QuantileBootstrap, TimeEstimator, autocorrelation_time, bayesian,
    bca_levels, block_length, blocks, bootstrap, hierarchical, infinitesimal_jackknife, jackknife,
    ljung_box, m_out_of_n, order_statistic_interval, paired, poisson, smoothed, stratified,
    two_samples, weighted_mean,
};

fn few(seed: u64) -> Bootstrap {
    Bootstrap::new(Seed(seed)).replicates(NonZeroU32::new(60).unwrap())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn in_pool<T: Send>(threads: usize, call: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(call)
}

proptest! {
    #[test]
    fn replicated_means_stay_inside_the_data(s in sample(), t in sample(), seed in 0..99_u64) {
        let (settings, (lo, hi)) = (few(seed), s.range());
        let m = NonZeroUsize::new(s.len().div_ceil(2)).unwrap();
        let runs = [s.clone(), t.clone()];
        let own = |g: &[Vec<f64>]| mean(&g[0]);
        for drawn in [
            poisson(&s, &settings, weighted_mean),
            bayesian(&s, &settings, weighted_mean),
            m_out_of_n(&s, m, &settings, mean).unwrap(),
            paired(&s, &s, &settings, |a, b| f64::midpoint(mean(a), mean(b))).unwrap(),
            two_samples(&s, &t, &settings, |a, _| mean(a)),
            stratified(&runs, &settings, own).unwrap(),
            hierarchical(&runs[..1], &settings, own).unwrap(),
        ] {
            prop_assert_eq!(drawn.values().len(), 60);
            let inside = |v: &&f64| (lo - 1e-9..=hi + 1e-9).contains(*v);
            prop_assert_eq!(drawn.values().iter().filter(inside).count(), 60);
        }
    }

    #[test]
    fn resamples_of_a_scheme_are_made_of_the_data(s in sample(), l in 1..8_usize, seed in 0..99_u64) {
        let s = s.in_time_order();
        let length = NonZeroUsize::new(l).unwrap();
        let foreign = |v: &[f64]| v.iter().filter(|x| !s.values().contains(x)).count() as f64;
        for kind in [Blocks::Moving, Blocks::Circular, Blocks::Stationary] {
            match blocks(&s, kind, length, &few(seed), foreign) {
                Ok(drawn) => prop_assert!(drawn.values().iter().all(|&f| f == 0.0)),
                Err(_) => prop_assert!(s.order() != tailproof_core::Order::Time || l > s.len()),
            }
        }
    }

    #[test]
    fn intervals_move_with_the_data(s in sample(), by in -9..9_i32, seed in 0..99_u64) {
        let (by, moved) = (f64::from(by), shifted(&s, f64::from(by)));
        // Sums of small integers: exact, so that the same replicates are tied.
        let sum = |v: &[f64]| v.iter().sum::<f64>();
        let of = |s: &Sample| Intervals::new(&bootstrap(s, &few(seed), sum), sum(s.values()));
        let (one, two) = (of(&s), of(&moved));
        prop_assert_eq!(one.is_ok(), two.is_ok());
        let by = by * s.len() as f64;
        if let (Ok(one), Ok(two)) = (one, two) {
            prop_assert_eq!(one.z0(), two.z0());
            let near = |a: f64, b: f64| (a + by - b).abs() < 1e-8;
            for (a, b) in [
                (one.percentile(Level::P95), two.percentile(Level::P95)),
                (one.basic(Level::P95), two.basic(Level::P95)),
                (Ok(one.normal(Level::P95)), Ok(two.normal(Level::P95))),
                (one.bias_corrected(Level::P95), two.bias_corrected(Level::P95)),
                (one.bca(0.02, Level::P95), two.bca(0.02, Level::P95)),
            ] {
                match (a, b) {
                    (Ok(a), Ok(b)) => {
                        prop_assert!(a.lo <= a.hi, "{a:?}");
                        prop_assert!(near(a.lo, b.lo) && near(a.hi, b.hi), "{a:?} {b:?}");
                    }
                    (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
                }
            }
        }
    }

    #[test]
    fn bca_levels_are_levels_in_order(z0 in -3.0..3.0_f64, a in -0.4..0.4_f64) {
        let (lo, hi) = bca_levels(z0, a, Level::P95);
        prop_assert!((0.0..=1.0).contains(&lo) && (0.0..=1.0).contains(&hi) && lo <= hi);
        // Mirrored data mirror the levels.
        let (low, high) = bca_levels(-z0, -a, Level::P95);
        prop_assert!((lo - (1.0 - high)).abs() < 1e-12 && (hi - (1.0 - low)).abs() < 1e-12);
    }

    #[test]
    fn exact_intervals_of_a_quantile_are_in_order(s in sample(), p in rank(), a in -0.2..0.2_f64) {
        let law = QuantileBootstrap::of(&s, p, QuantileType::Linear);
        let basic = law.basic_interval(Level::P95);
        prop_assert!(basic.lo <= basic.hi);
        let (lo, hi) = s.range();
        if let Ok(bca) = law.bca_interval(a, Level::P95) {
            prop_assert!(lo <= bca.lo && bca.lo <= bca.hi && bca.hi <= hi, "{bca:?}");
        }
        if let Some((from, to)) = order_statistic_interval(&s, p, Level::P95) {
            prop_assert!(from <= to && s.values().contains(&from) && s.values().contains(&to));
            let wide = order_statistic_interval(&s, p, Level::P999);
            prop_assert!(wide.is_none_or(|(a, b)| a <= from && to <= b));
        }
    }

    #[test]
    fn leaving_out_knows_no_order(s in sample()) {
        prop_assume!(s.len() >= 2);
        let turned = Sample::new(s.values().iter().rev().copied().collect()).unwrap();
        let (one, two) = (jackknife(&s, mean).unwrap(), jackknife(&turned, mean).unwrap());
        prop_assert!((one.error() - two.error()).abs() < 1e-9);
        prop_assert!(one.bias().abs() < 1e-9);
        // The two jackknives of a mean differ by n − 1 against n.
        let n = s.len() as f64;
        let limit = infinitesimal_jackknife(&s, weighted_mean).unwrap();
        prop_assert!((limit.error() - one.error() * ((n - 1.0) / n).sqrt()).abs() < 1e-6);
        prop_assert!((limit.values().iter().sum::<f64>()).abs() < 1e-6 * n);
    }

    #[test]
    fn a_smoothed_estimate_is_the_mean_of_the_replicates(s in sample(), seed in 0..99_u64) {
        let smooth = smoothed(&s, &few(seed), mean);
        prop_assert_eq!(smooth.estimate, bootstrap(&s, &few(seed), mean).mean());
        prop_assert!(smooth.error_corrected <= smooth.error);
    }

    #[test]
    fn diagnostics_of_a_series_know_no_unit(x in vec(-9..9_i32, 12..60), by in -9..9_i32) {
        let of = |by: f64, scale: f64| -> Vec<f64> {
            x.iter().map(|&v| (f64::from(v) + by) * scale).collect()
        };
        let (plain, moved) = (of(0.0, 1.0), of(f64::from(by), -4.0));
        let ten = NonZeroUsize::new(10).unwrap();
        match (ljung_box(&plain, ten), ljung_box(&moved, ten)) {
            (Ok(a), Ok(b)) => {
                prop_assert!((a.q - b.q).abs() < 1e-9 * a.q.max(1.0));
                prop_assert!((0.0..=1.0).contains(&a.p));
            }
            (a, b) => prop_assert_eq!(a, b),
        }
        let (a, b) = (
            autocorrelation_time(&plain, TimeEstimator::Bartlett),
            autocorrelation_time(&moved, TimeEstimator::Bartlett),
        );
        prop_assert!((a.tau - b.tau).abs() < 1e-9);
        let monotone = autocorrelation_time(&plain, TimeEstimator::InitialMonotone);
        let positive = autocorrelation_time(&plain, TimeEstimator::InitialPositive);
        prop_assert!(monotone.tau <= positive.tau && monotone.lag == positive.lag);
    }

    #[test]
    fn block_lengths_stay_inside_the_series(x in vec(-9..9_i32, 2..80)) {
        let series: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        if let Ok(best) = block_length(&series) {
            let most = (3.0 * (x.len() as f64).sqrt()).min(x.len() as f64 / 3.0).ceil();
            prop_assert!(best.stationary >= 0.0 && best.stationary <= best.circular);
            prop_assert!(best.circular <= most && best.length().get() <= x.len());
            prop_assert!(best.mean_length() <= best.length());
        }
    }
}

#[test]
fn schemes_do_not_depend_on_threads() {
    let x = Sample::new((0..90_u32).map(|i| f64::from(i * i % 83)).collect()).unwrap();
    let x = x.in_time_order();
    let (length, settings) = (NonZeroUsize::new(7).unwrap(), Bootstrap::new(Seed(42)));
    let all = || {
        let runs = [x.clone(), x.clone()];
        let flat = |g: &[Vec<f64>]| g.iter().flatten().sum::<f64>();
        [
            stratified(&runs, &settings, flat).unwrap(),
            hierarchical(&runs, &settings, flat).unwrap(),
            paired(&x, &x, &settings, |a, b| a[0] + b[89]).unwrap(),
            two_samples(&x, &x, &settings, |a, b| mean(b) - mean(a)),
            blocks(&x, Blocks::Moving, length, &settings, mean).unwrap(),
            blocks(&x, Blocks::Circular, length, &settings, mean).unwrap(),
            blocks(&x, Blocks::Stationary, length, &settings, mean).unwrap(),
            poisson(&x, &settings, weighted_mean),
            bayesian(&x, &settings, weighted_mean),
            m_out_of_n(&x, length, &settings, mean).unwrap(),
        ]
    };
    assert_eq!(in_pool(1, all), in_pool(8, all));
    let jack = || jackknife(&x, mean).unwrap();
    assert_eq!(in_pool(1, jack), in_pool(8, jack));
}
