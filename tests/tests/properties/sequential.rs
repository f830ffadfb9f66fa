//! What must hold for any data: sequential tests and pathologies.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::{Level, Sample, Seed};

use super::{rank, sample};
use tailproof_hypothesis::sequential::{
    BinomialMixture, BoundedMean, Cusum, Decision, Msprt, QuantileSequence, Sprt, SubGaussian,
    empirical_bernstein,
};
use tailproof_resampling::{
    clock_resolution, coordinated_omission_corrected, dip, modes, stalls, warm_up,
};

proptest! {
    #[test]
    fn a_sequential_p_never_rises(s in sample()) {
        let mut mean = Msprt::new(4.0, 1.0, 0.0).unwrap();
        let mut mirrored = mean.clone();
        let mut last = 1.0;
        for &x in s.values() {
            mean.observe(x);
            mirrored.observe(-x);
            prop_assert!(mean.p() <= last && mean.p() > 0.0);
            last = mean.p();
        }
        prop_assert_eq!(mean.p(), mirrored.p());
        let (lo, hi) = mean.confidence(Level::P95);
        prop_assert!(lo < mean.mean() && mean.mean() < hi);
    }

    #[test]
    fn shares_are_bounded_around_what_was_seen(s in sample(), p in rank()) {
        let mut test = BinomialMixture::new(p);
        let (mut above, mut below) = (1.0, 1.0);
        for &x in s.values() {
            test.observe(x <= 2.0);
            prop_assert!(test.p_share_above() <= above && test.p_share_below() <= below);
            (above, below) = (test.p_share_above(), test.p_share_below());
        }
        let seen = test.within() as f64 / test.n() as f64;
        let (lo, hi) = (test.share_lower(Level::P95), test.share_upper(Level::P95));
        prop_assert!(0.0 <= lo && lo <= seen && seen <= hi && hi <= 1.0);
        prop_assert!(test.share_lower(Level::P999) <= lo && hi <= test.share_upper(Level::P999));
    }

    #[test]
    fn a_quantile_sequence_follows_increasing_maps(s in sample(), p in rank(), by in 1..9_i32) {
        let by = f64::from(by);
        let mut plain = QuantileSequence::new(p, Level::P95);
        let mut mapped = plain.clone();
        for &x in s.values() {
            plain.observe(x);
            mapped.observe(by * x + 1.0);
        }
        let ((lo, hi), (a, b)) = (plain.interval(), mapped.interval());
        prop_assert!(lo <= hi);
        prop_assert_eq!((by * lo + 1.0, by * hi + 1.0), (a, b));
    }

    #[test]
    fn sequential_tests_of_two_hypotheses_are_mirrored(s in sample()) {
        // alpha = beta: exchanging the hypotheses exchanges the decisions.
        let mut one = Sprt::normal(-1.0, 1.0, 4.0, 0.05, 0.05).unwrap();
        let mut two = Sprt::normal(1.0, -1.0, 4.0, 0.05, 0.05).unwrap();
        let mut chart = Cusum::normal(-1.0, 1.0, 4.0, 3.0).unwrap();
        for &x in s.values() {
            let (a, b) = (one.observe(x), two.observe(x));
            prop_assert_eq!(a == Decision::AcceptH0, b == Decision::AcceptH1);
            prop_assert_eq!(a == Decision::Continue, b == Decision::Continue);
            let alarm = chart.observe(x);
            prop_assert!(chart.value() >= 0.0 && alarm == (chart.value() >= chart.threshold()));
        }
        prop_assert_eq!(one.log_likelihood_ratio(), -two.log_likelihood_ratio());
        prop_assert!(chart.since() <= chart.n());
    }

    #[test]
    fn means_of_a_range_stay_in_it(s in sample()) {
        let mut mean = BoundedMean::new(-5.0, 5.0, Level::P95).unwrap();
        let mut mirrored = mean.clone();
        let mut loose = SubGaussian::new(5.0, Level::P95, 20).unwrap();
        for &x in s.values() {
            mean.observe(x).unwrap();
            mirrored.observe(-x).unwrap();
            loose.observe(x);
        }
        let ((lo, hi), (a, b)) = (mean.interval(), mirrored.interval());
        prop_assert!(-5.0 <= lo && lo <= hi && hi <= 5.0);
        prop_assert!((lo + b).abs() < 1e-9 && (hi + a).abs() < 1e-9);
        let (low, high) = loose.interval();
        prop_assert!(low < high);
        if let Ok((lo, hi)) = empirical_bernstein(&s, (-5.0, 5.0), Level::P95) {
            let wider = empirical_bernstein(&s, (-5.0, 5.0), Level::P999).unwrap();
            prop_assert!(wider.0 <= lo && lo < hi && hi <= wider.1);
        }
    }

    #[test]
    fn stalls_do_not_depend_on_the_start(
        gaps in vec(0..50_i64, 2..40), at in -9..9_i64, every in 1..9_i32,
    ) {
        let times = |start: i64| -> Vec<i64> {
            std::iter::once(start)
                .chain(gaps.iter().scan(start, |t, gap| { *t += gap; Some(*t) }))
                .collect()
        };
        prop_assert_eq!(stalls(&times(0)), stalls(&times(at)));
        if let Some(found) = stalls(&times(0)) {
            prop_assert!(found.ratio > 10.0 && found.count >= 1);
            prop_assert_eq!(gaps[found.at_index] as u64, found.longest_ns);
        }
        let values: Vec<f64> = gaps.iter().map(|&g| g as f64).collect();
        let all = coordinated_omission_corrected(&values, f64::from(every)).unwrap();
        let largest = |v: &[f64]| v.iter().copied().fold(0.0, f64::max);
        prop_assert!(all.len() >= values.len() && largest(&all) == largest(&values));
    }

    #[test]
    fn diagnostics_ignore_unit_and_origin(s in sample(), by in 1..4_i32) {
        // Powers of two and integers: exact.
        let factor = f64::from(2_i32.pow(by as u32));
        let moved: Vec<f64> = s.values().iter().map(|x| factor * x + 64.0).collect();
        let moved = Sample::new(moved).unwrap();
        let (a, b) = (clock_resolution(&s), clock_resolution(&moved));
        prop_assert_eq!(a.ties, b.ties);
        prop_assert_eq!(a.smallest_gap.map(|g| factor * g), b.smallest_gap);
        let (one, two) = (dip(&s, Seed(1)), dip(&moved, Seed(1)));
        prop_assert!((one.statistic - two.statistic).abs() < 1e-12);
        let least = 0.5 / s.len() as f64;
        prop_assert!(one.statistic >= least && one.statistic <= least.max(0.25) + 1e-12);
        let shares: f64 = modes(&s).iter().map(|m| m.share).sum();
        prop_assert!((shares - 1.0).abs() < 1e-12);
        let long: Vec<f64> = s.values().iter().copied().cycle().take(300).collect();
        let found = warm_up(&long).unwrap();
        prop_assert!(found.truncate.is_multiple_of(5) && found.truncate <= 250);
    }
}
