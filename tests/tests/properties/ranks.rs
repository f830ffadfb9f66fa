//! What must hold for any data: rank tests of two samples.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::Sample;

use super::sample;
use tailproof_hypothesis::{
    PValues, brunner_munzel, cramer_von_mises, kolmogorov_smirnov, sign_test, vargha_delaney,
    wilcoxon_signed_rank,
};

/// Paired samples with many ties and zeros among the differences.
fn paired() -> impl Strategy<Value = (Sample, Sample)> {
    vec((-5..=5_i32, -5..=5_i32), 1..=40).prop_map(|pairs| {
        let side = |of: fn(&(i32, i32)) -> i32| {
            Sample::new(pairs.iter().map(|pair| f64::from(of(pair))).collect()).unwrap()
        };
        (side(|pair| pair.0), side(|pair| pair.1))
    })
}

/// A monotone transformation that keeps ties: x³ + x, exact for small whole numbers.
fn stretched(s: &Sample) -> Sample {
    Sample::new(s.values().iter().map(|x| x * x * x + x).collect()).unwrap()
}

fn is_p(p: PValues) -> bool {
    [p.two_sided, p.less, p.greater].iter().all(|p| (0.0..=1.0).contains(p))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-11 * a.abs().max(b.abs())
}

proptest! {
    #[test]
    fn swapping_the_samples_swaps_the_directions((x, y) in paired(), a in sample(), b in sample()) {
        let signed = |x, y| wilcoxon_signed_rank(x, y).unwrap();
        let (one, two) = (signed(&x, &y), signed(&y, &x));
        prop_assert_eq!((one.p.less, one.p.greater), (two.p.greater, two.p.less));
        prop_assert_eq!((one.p.two_sided, one.w_plus), (two.p.two_sided, two.w_minus));
        let (one, two) = (sign_test(&x, &y).unwrap(), sign_test(&y, &x).unwrap());
        prop_assert_eq!((one.p.less, one.p.greater), (two.p.greater, two.p.less));
        let (one, two) = (kolmogorov_smirnov(&a, &b), kolmogorov_smirnov(&b, &a));
        prop_assert_eq!((one.d, one.d_less), (two.d, two.d_greater));
        prop_assert!(near(one.p.less, two.p.greater) && near(one.p.two_sided, two.p.two_sided));
        prop_assert_eq!(one.limit.less, two.limit.greater);
        if let (Ok(one), Ok(two)) = (brunner_munzel(&a, &b), brunner_munzel(&b, &a)) {
            prop_assert_eq!(one.statistic, -two.statistic);
            prop_assert_eq!((one.p.less, one.normal.less), (two.p.greater, two.normal.greater));
            prop_assert!((one.effect + two.effect - 1.0).abs() < 1e-12);
        }
        if let (Ok(one), Ok(two)) = (cramer_von_mises(&a, &b), cramer_von_mises(&b, &a)) {
            prop_assert_eq!(one.t, two.t);
            prop_assert!(near(one.p, two.p));
        }
    }

    #[test]
    fn rank_tests_see_only_the_order(a in sample(), b in sample()) {
        let (c, d) = (stretched(&a), stretched(&b));
        prop_assert_eq!(kolmogorov_smirnov(&a, &b), kolmogorov_smirnov(&c, &d));
        prop_assert_eq!(brunner_munzel(&a, &b), brunner_munzel(&c, &d));
        prop_assert_eq!(cramer_von_mises(&a, &b), cramer_von_mises(&c, &d));
    }

    #[test]
    fn paired_rank_tests_see_only_the_order_of_the_differences((x, y) in paired()) {
        // Differences of opposite sign and equal size keep both: x³ + x is odd.
        let d: Vec<f64> = x.values().iter().zip(y.values()).map(|(a, b)| b - a).collect();
        let (zero, d) = (Sample::new(vec![0.0; d.len()]).unwrap(), Sample::new(d).unwrap());
        prop_assert_eq!(wilcoxon_signed_rank(&x, &y), wilcoxon_signed_rank(&zero, &stretched(&d)));
        prop_assert_eq!(sign_test(&x, &y), sign_test(&zero, &stretched(&d)));
    }

    #[test]
    fn p_values_of_rank_tests_are_probabilities((x, y) in paired(), a in sample(), b in sample()) {
        let wilcoxon = wilcoxon_signed_rank(&x, &y).unwrap();
        let sign = sign_test(&x, &y).unwrap();
        let smirnov = kolmogorov_smirnov(&a, &b);
        prop_assert!(is_p(wilcoxon.p) && is_p(sign.p) && is_p(smirnov.p) && is_p(smirnov.limit));
        // An exact two-sided p doubles the smaller tail.
        let least = wilcoxon.p.less.min(wilcoxon.p.greater);
        prop_assert_eq!(wilcoxon.p.two_sided, (2.0 * least).min(1.0));
        // The union of two events is at most their sum.
        let least = smirnov.p.less.min(smirnov.p.greater);
        let both = smirnov.p.two_sided;
        prop_assert!(least <= both + 1e-12 && both <= 2.0 * least + 1e-12);
        if let Ok(test) = brunner_munzel(&a, &b) {
            prop_assert!(is_p(test.p) && is_p(test.normal));
            prop_assert!((test.effect - vargha_delaney(&a, &b)).abs() < 1e-12);
        }
        if let Ok(test) = cramer_von_mises(&a, &b) {
            prop_assert!((0.0..=1.0).contains(&test.p) && (0.0..=1.0).contains(&test.limit));
        }
    }
}
