//! What must hold for any data: t tests, equivalence, effect sizes.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::{Level, Sample};

use super::{sample, shifted};
use tailproof_hypothesis::{
    FiellerSet, TTest, TestError, cliffs_delta, cliffs_delta_interval, hodges_lehmann_ratio,
    non_inferiority_welch, one_sample, paired, rank_biserial, ratio_of_means, ratio_of_medians,
    student, tost_mann_whitney, tost_ratio, tost_welch, vargha_delaney_interval, welch,
    welch_anova, yuen_welch,
};

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-9)
}

fn scaled(s: &Sample, by: f64) -> Sample {
    Sample::new(s.values().iter().map(|x| x * by).collect()).unwrap()
}

/// Positive, with ties.
fn positive() -> impl Strategy<Value = Sample> {
    vec((1..=12_i32).prop_map(f64::from), 2..=30).prop_map(|xs| Sample::new(xs).unwrap())
}

type TwoSample = fn(&Sample, &Sample) -> Result<TTest, TestError>;
const T_TESTS: [TwoSample; 4] = [student, welch, |x, y| yuen_welch(x, y, 0.2), paired];

proptest! {
    #[test]
    fn swapping_the_samples_of_a_t_test_flips_its_sign(a in sample(), b in sample()) {
        for test in T_TESTS {
            match (test(&a, &b), test(&b, &a)) {
                (Ok(one), Ok(two)) => {
                    prop_assert!(near(one.t(), -two.t()) && near(one.df, two.df));
                    prop_assert!(near(one.p().less, two.p().greater));
                    prop_assert!(near(one.p().two_sided, two.p().two_sided));
                }
                (one, two) => prop_assert_eq!(one.is_err(), two.is_err()),
            }
        }
    }

    #[test]
    fn t_tests_know_no_unit_and_no_origin(a in sample(), b in sample(), by in -9..9_i32) {
        for test in T_TESTS {
            let Ok(plain) = test(&a, &b) else { continue };
            for factor in [2.0_f64.powi(-1_000), 2.0_f64.powi(1_000)] {
                let other = test(&scaled(&a, factor), &scaled(&b, factor)).unwrap();
                prop_assert!(near(other.t(), plain.t()) && near(other.df, plain.df));
            }
            let offset = 1e9 + f64::from(by);
            let other = test(&shifted(&a, offset), &shifted(&b, offset)).unwrap();
            prop_assert!(near(other.t(), plain.t()), "{} {}", other.t(), plain.t());
        }
    }

    #[test]
    fn a_one_sample_interval_excludes_what_the_test_rejects(a in sample(), mu in -5..5_i32) {
        let Ok(test) = one_sample(&a, f64::from(mu)) else { return Ok(()) };
        let (lo, hi) = test.interval(Level::P95);
        let p = test.p();
        prop_assume!((p.two_sided - 0.05).abs() > 1e-9);
        prop_assert_eq!(p.two_sided < 0.05, lo > 0.0 || hi < 0.0);
        prop_assume!((p.less - 0.05).abs() > 1e-9 && (p.greater - 0.05).abs() > 1e-9);
        prop_assert_eq!(p.less < 0.05, test.upper(Level::P95) < 0.0);
        prop_assert_eq!(p.greater < 0.05, test.lower(Level::P95) > 0.0);
    }

    #[test]
    fn wider_margins_are_easier_to_keep(a in positive(), b in positive(), low in -6..0_i32, high in 1..6_i32) {
        let (low, high) = (f64::from(low), f64::from(high));
        if let (Ok(one), Ok(two)) = (tost_welch(&a, &b, low, high), tost_welch(&a, &b, low - 1.0, high + 1.0)) {
            prop_assert!(two.p <= one.p && one.p == one.lower.max(one.upper));
            let upper = non_inferiority_welch(&a, &b, high).unwrap();
            prop_assert_eq!(upper.p, one.upper);
        }
        let one = tost_mann_whitney(&a, &b, low, high).unwrap();
        let two = tost_mann_whitney(&b, &a, -high, -low).unwrap();
        prop_assert!(near(one.lower, two.upper) && near(one.upper, two.lower));
    }

    #[test]
    fn the_fieller_set_holds_the_ratios_that_tost_does_not_reject(a in positive(), b in positive()) {
        let Ok(ratio) = ratio_of_means(&a, &b, Level::P95) else { return Ok(()) };
        prop_assert!(ratio.set.contains(ratio.ratio));
        // The degrees of freedom depend on the margin there, so only the ratio's own ends agree.
        if let FiellerSet::Interval(lo, hi) = ratio.set {
            prop_assert!(lo <= ratio.ratio && ratio.ratio <= hi);
            if lo > 0.0 {
                let tost = tost_ratio(&a, &b, lo * 0.5, hi * 2.0).unwrap();
                prop_assert!(tost.p < 0.5);
            }
        }
        let other = ratio_of_means(&scaled(&a, 1024.0), &b, Level::P95).unwrap();
        prop_assert!(near(other.ratio * 1024.0, ratio.ratio) && near(other.df, ratio.df));
    }

    #[test]
    fn ratios_of_medians_and_of_ranks_turn_over(a in positive(), b in positive()) {
        if let (Ok(one), Ok(two)) = (ratio_of_medians(&a, &b, Level::P95), ratio_of_medians(&b, &a, Level::P95)) {
            prop_assert!(one.lo <= one.ratio * (1.0 + 1e-12) && one.ratio <= one.hi * (1.0 + 1e-12));
            prop_assert!(near(one.lo * two.hi, 1.0) && near(one.ratio * two.ratio, 1.0));
        }
        let one = hodges_lehmann_ratio(&a, &b, Level::P95).unwrap();
        let two = hodges_lehmann_ratio(&a, &scaled(&b, 8.0), Level::P95).unwrap();
        prop_assert!(near(two.ratio / one.ratio, 8.0) && one.lo <= one.ratio * (1.0 + 1e-12));
    }

    #[test]
    fn intervals_of_dominance_hold_it_and_mirror(a in sample(), b in sample()) {
        let (Ok((lo, hi)), Ok((lo2, hi2))) =
            (cliffs_delta_interval(&a, &b, Level::P95), cliffs_delta_interval(&b, &a, Level::P95))
        else {
            return Ok(());
        };
        let delta = cliffs_delta(&a, &b);
        prop_assert!(-1.0 <= lo && lo <= delta + 1e-12 && delta - 1e-12 <= hi && hi <= 1.0);
        prop_assert!((lo + hi2).abs() < 1e-9 && (hi + lo2).abs() < 1e-9);
        let (a_lo, a_hi) = vargha_delaney_interval(&b, &a, Level::P95).unwrap();
        prop_assert!((2.0 * a_lo - 1.0 - lo).abs() < 1e-12 && (2.0 * a_hi - 1.0 - hi).abs() < 1e-12);
    }

    #[test]
    fn the_rank_biserial_correlation_has_a_sign(a in vec(-5..=5_i32, 2..30)) {
        let of = |sign: f64| Sample::new(a.iter().map(|&v| sign * f64::from(v)).collect()).unwrap();
        let zero = Sample::new(vec![0.0; a.len()]).unwrap();
        if let (Ok(one), Ok(two)) =
            (rank_biserial(&zero, &of(1.0), Level::P95), rank_biserial(&zero, &of(-1.0), Level::P95))
        {
            prop_assert!((one.r + two.r).abs() < 1e-12 && (one.lo + two.hi).abs() < 1e-9);
            prop_assert!(-1.0 <= one.lo && one.lo <= one.r + 1e-12 && one.r <= one.hi + 1e-12);
        }
    }

    #[test]
    fn welch_anova_knows_no_order_of_groups(a in sample(), b in sample(), c in sample()) {
        let one = welch_anova(&[a.clone(), b.clone(), c.clone()]);
        let two = welch_anova(&[shifted(&c, 3.0), shifted(&a, 3.0), shifted(&b, 3.0)]);
        match (one, two) {
            (Ok(one), Ok(two)) => {
                prop_assert!((one.f - two.f).abs() <= 1e-9 * (1.0 + one.f) && near(one.df2, two.df2));
                prop_assert!((0.0..=1.0).contains(&one.p));
            }
            (one, two) => prop_assert_eq!(one.is_err(), two.is_err()),
        }
        if let (Ok(anova), Ok(t)) = (welch_anova(&[a.clone(), b.clone()]), welch(&a, &b)) {
            prop_assert!((anova.f - t.t().powi(2)).abs() <= 1e-9 * (1.0 + anova.f));
        }
    }
}
