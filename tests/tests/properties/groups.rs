//! What must hold for any data: tests of several samples.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::{Level, Sample, Seed};

use tailproof_resampling::Permutation;

use super::{sample, shifted};
use tailproof_hypothesis::{
    AndersonDarlingVariant, Center, MedianTies, TestError, anderson_darling,
    anderson_darling_permuted, brown_forsythe, dunn, fligner_killeen, friedman, friedman_pairs,
    jarque_bera, kruskal_wallis, levene, mann_kendall, mood_median, runs_test, shapiro_wilk,
    theil_sen_by_index,
};

fn several() -> impl Strategy<Value = Vec<Sample>> {
    // Few distinct integers, so that ties are common.
    vec(sample(), 2..=4)
}

fn blocks() -> impl Strategy<Value = Vec<Sample>> {
    (3..=5_usize, 2..=12_usize).prop_flat_map(|(k, n)| {
        let treatment = vec((-5..=5_i32).prop_map(f64::from), n);
        vec(treatment.prop_map(|xs| Sample::new(xs).unwrap()), k)
    })
}

fn mapped(s: &Sample, f: impl Fn(f64) -> f64) -> Sample {
    Sample::new(s.values().iter().map(|&x| f(x)).collect()).unwrap()
}

fn all_mapped(groups: &[Sample], f: impl Fn(f64) -> f64) -> Vec<Sample> {
    groups.iter().map(|g| mapped(g, &f)).collect()
}

fn reversed(groups: &[Sample]) -> Vec<Sample> {
    groups.iter().rev().cloned().collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs())
}

fn same(a: Result<f64, TestError>, b: Result<f64, TestError>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => near(a, b),
        (a, b) => a == b,
    }
}

proptest! {
    #[test]
    fn tests_by_ranks_see_only_the_order(groups in several()) {
        let cubes = all_mapped(&groups, |x| x * x * x + x);
        prop_assert_eq!(kruskal_wallis(&groups), kruskal_wallis(&cubes));
        prop_assert_eq!(dunn(&groups), dunn(&cubes));
        for variant in [AndersonDarlingVariant::Midrank, AndersonDarlingVariant::Right] {
            prop_assert_eq!(anderson_darling(&groups, variant), anderson_darling(&cubes, variant));
        }
    }

    #[test]
    fn the_order_of_the_groups_does_not_matter(groups in several()) {
        let back = reversed(&groups);
        let kruskal = |g: &[Sample]| kruskal_wallis(g).map(|t| t.h);
        prop_assert!(same(kruskal(&groups), kruskal(&back)));
        let brown = |g: &[Sample]| brown_forsythe(g).map(|t| t.w);
        prop_assert!(same(brown(&groups), brown(&back)));
        let fligner = |g: &[Sample]| fligner_killeen(g).map(|t| t.statistic);
        prop_assert!(same(fligner(&groups), fligner(&back)));
        let mood = |g: &[Sample]| mood_median(g, MedianTies::Below, true).map(|t| t.statistic);
        prop_assert!(same(mood(&groups), mood(&back)));
        let anderson = |g: &[Sample]| {
            anderson_darling(g, AndersonDarlingVariant::Midrank).map(|t| t.normalized)
        };
        prop_assert!(same(anderson(&groups), anderson(&back)));
    }

    #[test]
    fn a_shift_changes_no_spread(groups in several(), by in -9..9_i32) {
        // Each group by its own whole number; deviations of halves and whole numbers are exact.
        let moved: Vec<Sample> = (1..)
            .zip(&groups)
            .map(|(i, g)| shifted(g, f64::from(i * by)))
            .collect();
        prop_assert_eq!(brown_forsythe(&groups), brown_forsythe(&moved));
        prop_assert_eq!(fligner_killeen(&groups), fligner_killeen(&moved));
        if let (Ok(a), Ok(b)) = (levene(&groups, Center::Mean), levene(&moved, Center::Mean)) {
            prop_assert!(near(a.w, b.w) && (0.0..=1.0).contains(&a.p));
        }
    }

    #[test]
    fn the_median_test_counts_every_observation(groups in several()) {
        for ties in [MedianTies::Below, MedianTies::Above] {
            if let Ok(test) = mood_median(&groups, ties, false) {
                for ((a, b), g) in test.above.iter().zip(&test.below).zip(&groups) {
                    prop_assert_eq!(a + b, g.len() as u64);
                }
                let corrected = mood_median(&groups, ties, true).unwrap();
                prop_assert!(corrected.statistic <= test.statistic && test.p <= corrected.p);
            }
        }
    }

    #[test]
    fn squares_of_the_pairs_make_friedmans_statistic(columns in blocks()) {
        if let Ok(test) = friedman(&columns) {
            let pairs = friedman_pairs(&columns).unwrap();
            let sum: f64 = pairs.iter().map(|p| p.z * p.z).sum();
            prop_assert!(near(sum, columns.len() as f64 / 2.0 * test.statistic));
            prop_assert!(pairs.iter().all(|p| p.p <= p.p_holm && p.p_holm <= 1.0));
            prop_assert!((-1e-12..=1.0 + 1e-12).contains(&test.concordance));
        }
    }

    #[test]
    fn friedman_ranks_within_blocks(columns in blocks(), by in -9..9_i32) {
        // What belongs to a block does not matter.
        let moved: Vec<Sample> = columns
            .iter()
            .map(|c| {
                let values = c.values().iter().zip(1..).map(|(x, b)| x + f64::from(b * by));
                Sample::new(values.collect()).unwrap()
            })
            .collect();
        prop_assert_eq!(friedman(&columns), friedman(&moved));
        prop_assert_eq!(friedman_pairs(&columns), friedman_pairs(&moved));
    }

    #[test]
    fn pairs_change_sign_with_the_order(groups in several()) {
        if let (Ok(one), Ok(two)) = (dunn(&groups), dunn(&reversed(&groups))) {
            let last = groups.len() - 1;
            for a in &one {
                let mirror = (last - a.second, last - a.first);
                let b = two.iter().find(|b| (b.first, b.second) == mirror).unwrap();
                prop_assert!(near(a.z, -b.z) && near(a.p_holm, b.p_holm) && a.p <= a.p_holm);
            }
        }
    }

    #[test]
    fn relabelling_gives_a_p_value(a in vec(-4..4_i32, 2..6), b in vec(-4..4_i32, 2..6)) {
        let of = |v: &[i32]| Sample::new(v.iter().map(|&x| f64::from(x)).collect()).unwrap();
        let (one, two) = ([of(&a), of(&b)], [of(&b), of(&a)]);
        let settings = Permutation::new(Seed(1));
        for variant in [AndersonDarlingVariant::Midrank, AndersonDarlingVariant::Right] {
            let p = anderson_darling_permuted(&one, variant, &settings);
            prop_assert_eq!(p.is_ok(), anderson_darling(&one, variant).is_ok());
            if let (Ok(p), Ok(q)) = (p, anderson_darling_permuted(&two, variant, &settings)) {
                prop_assert!(p.exhaustive && p.p > 0.0 && p.p <= 1.0 && p.p == q.p);
            }
        }
    }

    #[test]
    fn normality_is_judged_by_shape(s in sample(), by in -9..9_i32) {
        let other = mapped(&s, |x| f64::from(by) - 4.0 * x);
        match (shapiro_wilk(&s), shapiro_wilk(&other)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.w, b.w) && (a.p - b.p).abs() < 1e-6);
                prop_assert!(a.w > 0.0 && a.w <= 1.0 && (0.0..=1.0).contains(&a.p));
            }
            (a, b) => {
                prop_assert_eq!(a, b);
            }
        }
        match (jarque_bera(&s), jarque_bera(&other)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.jb, b.jb) && near(a.skewness, -b.skewness));
                prop_assert!(a.jb >= 0.0 && (0.0..=1.0).contains(&a.p));
            }
            (a, b) => {
                prop_assert_eq!(a, b);
            }
        }
    }

    #[test]
    fn a_reversed_series_has_the_opposite_trend(s in sample()) {
        let back = Sample::new(s.values().iter().rev().copied().collect()).unwrap();
        // Runs are the same from the end, and in the mirror.
        let down = mapped(&s, |x| -x);
        if let Ok(found) = runs_test(&s) {
            prop_assert_eq!(found, runs_test(&back).unwrap());
            prop_assert!((found.p.less - runs_test(&down).unwrap().p.less).abs() < 1e-12);
            prop_assert!(found.p.less + found.p.greater >= 1.0 - 1e-12);
        }
        if let (Ok(a), Ok(b)) = (mann_kendall(&s), mann_kendall(&back)) {
            prop_assert_eq!((a.s, a.z, a.tau, a.p), (-b.s, -b.z, -b.tau, b.p));
            prop_assert!(a.tau.abs() <= 1.0 + 1e-12 && a.p > 0.0 && a.p <= 1.0);
        }
        let of = |x: &Sample| theil_sen_by_index(x, Level::P95);
        if let (Ok(a), Ok(b)) = (of(&s), of(&back)) {
            prop_assert!(near(a.slope, -b.slope) && near(a.lo.max(-1e9), (-b.hi).max(-1e9)));
        }
    }

    #[test]
    fn a_trend_that_is_added_is_found(s in sample(), by in -9..9_i32) {
        let steeper = s.values().iter().zip(0..).map(|(x, i)| x + f64::from(i * by));
        let steeper = Sample::new(steeper.collect()).unwrap();
        let of = |x: &Sample| theil_sen_by_index(x, Level::P95);
        if let (Ok(plain), Ok(more)) = (of(&s), of(&steeper)) {
            prop_assert!(near(plain.slope + f64::from(by), more.slope));
            prop_assert!(plain.lo <= plain.slope && plain.slope <= plain.hi);
        }
        // A step of 11 outruns values from −5 to 5: every pair rises.
        let rising = s.values().iter().zip(0..).map(|(x, i)| x + f64::from(11 * i));
        if let Ok(test) = mann_kendall(&Sample::new(rising.collect()).unwrap()) {
            prop_assert_eq!((test.s, test.tau), ((s.len() * (s.len() - 1) / 2) as i64, 1.0));
        }
    }
}
