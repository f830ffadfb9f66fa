//! What must hold for any data: permutation tests.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::{Level, Sample, Seed};

use std::num::NonZeroU64;

use super::shifted;
use tailproof_resampling::{
    Bound, PValue, Permutation, besag_clifford, curtailed, permute_any, permute_groups,
    permute_lattice, permute_means, permute_pairs, permute_runs, permute_strata, saddlepoint_means,
};

fn whole(values: &[i32]) -> Sample {
    Sample::new(values.iter().map(|&v| f64::from(v)).collect()).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-11 * a.abs().max(b.abs())
}

proptest! {
    #[test]
    fn the_law_on_a_lattice_is_the_enumeration(a in vec(-9..9_i32, 1..8), b in vec(-9..9_i32, 1..8)) {
        let (x, y) = (whole(&a), whole(&b));
        let law = permute_lattice(&x, &y).unwrap().p;
        let all = permute_means(&x, &y, &Permutation::new(Seed(1))).raw;
        prop_assert!(close(law.rise, all.p_greater()), "{law:?} {all:?}");
        prop_assert!(close(law.fall, all.p_less()), "{law:?} {all:?}");
        prop_assert!(close(law.two_sided, all.p_two_sided()), "{law:?} {all:?}");
    }

    #[test]
    fn the_law_on_a_lattice_knows_no_order_nor_unit(a in vec(-99..99_i32, 1..30), b in vec(-99..99_i32, 1..30)) {
        let (x, y) = (whole(&a), whole(&b));
        let (one, two) = (permute_lattice(&x, &y).unwrap(), permute_lattice(&y, &x).unwrap());
        prop_assert!(close(one.p.rise, two.p.fall) && close(one.p.two_sided, two.p.two_sided));
        let tenth = |s: &Sample| Sample::new(s.values().iter().map(|v| v / 10.0).collect()).unwrap();
        let tenths = permute_lattice(&tenth(&x), &tenth(&y)).unwrap();
        prop_assert_eq!(one.p, tenths.p);
    }

    #[test]
    fn any_statistic_counts_as_the_means_do(a in vec(-9..9_i32, 1..7), b in vec(-9..9_i32, 1..7)) {
        let (x, y) = (whole(&a), whole(&b));
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let settings = Permutation::new(Seed(1));
        let any = permute_any(&x, &y, &settings, |x, y| mean(y) - mean(x));
        prop_assert_eq!(any.counts, permute_means(&x, &y, &settings).raw);
        // The observed labelling is one of them.
        prop_assert!(any.counts.at_least >= 1 && any.counts.at_most >= 1);
    }

    #[test]
    fn drawn_p_values_do_not_depend_on_the_scale(a in vec(-9..9_i32, 9..14), b in vec(-9..9_i32, 9..14)) {
        let (x, y) = (whole(&a), whole(&b));
        let double = |s: &Sample| Sample::new(s.values().iter().map(|v| 2.0 * v).collect()).unwrap();
        let few = std::num::NonZeroU32::new(50).unwrap();
        let settings = Permutation { enumerate_up_to: 0, ..Permutation::new(Seed(3)).replicates(few) };
        let sum = |x: &[f64], y: &[f64]| y.iter().sum::<f64>() - x.iter().sum::<f64>();
        let (one, two) = (
            permute_any(&x, &y, &settings, sum),
            permute_any(&double(&x), &double(&y), &settings, sum),
        );
        prop_assert_eq!(one.counts, two.counts);
        let (lo, hi) = one.counts.greater().interval(Level::P999);
        let seen = one.counts.at_least as f64 / 50.0;
        prop_assert!(lo <= seen + 1e-12 && seen <= hi + 1e-12);
    }

    #[test]
    fn pairs_know_no_order_of_the_samples(pairs in vec((-9..9_i32, -9..9_i32), 1..30)) {
        let (a, b): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
        let settings = Permutation::new(Seed(1));
        let one = permute_pairs(&whole(&a), &whole(&b), &settings).unwrap();
        let two = permute_pairs(&whole(&b), &whole(&a), &settings).unwrap();
        prop_assert_eq!(one.p.two_sided, two.p.two_sided);
        prop_assert_eq!(one.p.rise, two.p.fall);
        prop_assert_eq!(one.mean, -two.mean);
    }

    #[test]
    fn pairs_without_a_difference_say_nothing(d in vec(-9..9_i32, 1..15), more in 0..9_usize) {
        let settings = Permutation::new(Seed(1));
        let padded = [d.clone(), vec![0; more]].concat();
        let of = |d: &[i32]| permute_pairs(&whole(&vec![0; d.len()]), &whole(d), &settings).unwrap();
        let (plain, with) = (of(&d).p, of(&padded).p);
        prop_assert_eq!(plain, with);
    }

    #[test]
    fn groups_know_no_names(a in vec(-9..9_i32, 1..4), b in vec(-9..9_i32, 1..4), c in vec(-9..9_i32, 1..4)) {
        let settings = Permutation::new(Seed(1));
        let one = permute_groups(&[whole(&a), whole(&b), whole(&c)], &settings).unwrap();
        let two = permute_groups(&[whole(&c), whole(&a), whole(&b)], &settings).unwrap();
        prop_assert_eq!(one.p, two.p);
        prop_assert!(close(1.0 + one.statistic, 1.0 + two.statistic));
        prop_assert!((-1e-12..=1.0 + 1e-12).contains(&one.statistic));
    }

    #[test]
    fn two_groups_are_the_two_sided_test(a in vec(-9..9_i32, 1..7), b in vec(-9..9_i32, 1..7)) {
        let settings = Permutation::new(Seed(1));
        let groups = permute_groups(&[whole(&a), whole(&b)], &settings).unwrap();
        prop_assert_eq!(groups.p, permute_means(&whole(&a), &whole(&b), &settings).raw.two_sided());
    }

    #[test]
    fn a_shifted_stratum_changes_nothing(
        a in vec(-9..9_i32, 1..4), b in vec(-9..9_i32, 1..4),
        c in vec(-9..9_i32, 1..4), d in vec(-9..9_i32, 1..4), by in -99..99_i32
    ) {
        let settings = Permutation::new(Seed(1));
        let by = f64::from(by);
        let plain = [(whole(&a), whole(&b)), (whole(&c), whole(&d))];
        let moved = [plain[0].clone(), (shifted(&plain[1].0, by), shifted(&plain[1].1, by))];
        let (one, two) =
            (permute_strata(&plain, &settings).unwrap(), permute_strata(&moved, &settings).unwrap());
        prop_assert_eq!(one.counts, two.counts);
        prop_assert!((one.observed - two.observed).abs() < 1e-10);
    }

    #[test]
    fn runs_are_judged_by_their_means(a in vec(-9..9_i32, 1..6), b in vec(-9..9_i32, 1..6)) {
        // Runs of one observation each are observations.
        let runs = |v: &[i32]| -> Vec<Sample> { v.iter().map(|&v| whole(&[v])).collect() };
        let settings = Permutation::new(Seed(1));
        let test = permute_runs(&runs(&a), &runs(&b), &settings).unwrap();
        prop_assert_eq!(test.means, permute_means(&whole(&a), &whole(&b), &settings));
        prop_assert!(test.means.raw.p_two_sided() >= test.smallest_p - 1e-15);
    }

    #[test]
    fn the_saddlepoint_is_near_the_exact_law(a in vec(-50..50_i32, 10..30), b in vec(-50..50_i32, 10..30)) {
        let (x, y) = (whole(&a), whole(&b));
        let exact = permute_lattice(&x, &y).unwrap().p;
        if let Ok(test) = saddlepoint_means(&x, &y) {
            for (got, want) in [(test.p.rise, exact.rise), (test.p.fall, exact.fall)] {
                prop_assert!((0.0..=1.0).contains(&got));
                prop_assert!((got - want).abs() < 0.05, "{got} {want}");
            }
        }
    }

    #[test]
    fn sequential_rules_agree_with_the_full_run(exceed in vec(any::<bool>(), 99), h in 1..20_u64) {
        let b = exceed.iter().filter(|&&e| e).count() as u64;
        let full = PValue::new(b, 99, false).p();
        let max = NonZeroU64::new(99).unwrap();
        let decided = curtailed(Level::P95, max, |task| exceed[task as usize]);
        prop_assert_eq!(decided.significant, full <= 0.05);
        match decided.bound {
            Bound::AtMost(bound) => prop_assert!(full <= bound && bound <= 0.05),
            Bound::AtLeast(bound) => prop_assert!(full >= bound && bound > 0.05),
        }
        let test = besag_clifford(NonZeroU64::new(h).unwrap(), max, |task| exceed[task as usize]);
        prop_assert_eq!(test.stopped, b >= h);
        prop_assert!(test.p > 0.0 && test.p <= 1.0);
        if !test.stopped {
            prop_assert_eq!(test.p, full);
        }
    }
}
