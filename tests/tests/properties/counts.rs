//! What must hold for any data: counts, families, planning.

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::{Comparison, Level, Rank, Rational, Verdict};

use tailproof_hypothesis::{
    Attainable, Correction, Discordant, Proportion, ProportionPlan, Tail, attainable,
    benjamini_hochberg, benjamini_yekutieli, binomial_test, bonferroni, chi_square_table,
    difference_agresti_caffo, difference_newcombe, difference_score, difference_wald, fcr_level,
    fisher_exact, gate_detectable_share, gate_misses, gate_power, gate_sample_size,
    goodness_of_fit, hochberg, holm, holm_sidak, hommel, mann_whitney_power,
    mann_whitney_sample_size, mcnemar, odds_ratio, risk_ratio, sidak, t_minimum_detectable_effect,
    t_power, t_sample_size, two_proportion_power, two_proportion_sample_size, two_proportions_z,
};
use tailproof_slo::gate::{Count, Gate};

fn proportion() -> impl Strategy<Value = Proportion> {
    (1..400_u64).prop_flat_map(|n| (0..=n).prop_map(move |k| Proportion::new(k, n).unwrap()))
}

/// Probabilities with ties, zeros, ones and some tiny ones.
fn p_values() -> impl Strategy<Value = Vec<f64>> {
    vec(
        prop_oneof![
            (0..=20_u32).prop_map(|k| f64::from(k) / 20.0),
            0.0..0.1_f64,
            (1..300_i32).prop_map(|e| 10.0_f64.powi(-e)),
        ],
        0..25,
    )
}

type Interval = fn(Proportion, Level) -> (f64, f64);

fn mirrored(p: Proportion) -> Proportion {
    Proportion::new(p.failures(), p.trials()).unwrap()
}

proptest! {
    #[test]
    fn intervals_of_a_share_hold_it_and_mirror(seen in proportion()) {
        let share = seen.share();
        for (name, of) in [
            ("wilson", Proportion::wilson as Interval),
            ("clopper_pearson", Proportion::clopper_pearson),
            ("agresti_coull", Proportion::agresti_coull),
            ("wald", Proportion::wald),
        ] {
            let (lo, hi) = of(seen, Level::P95);
            prop_assert!(0.0 <= lo && lo <= share + 1e-12 && share <= hi + 1e-12 && hi <= 1.0, "{name}");
            let (wide_lo, wide_hi) = of(seen, Level::P999);
            prop_assert!(wide_lo <= lo + 1e-12 && hi <= wide_hi + 1e-12, "{name}");
            let (other_lo, other_hi) = of(mirrored(seen), Level::P95);
            prop_assert!((other_lo + hi - 1.0).abs() < 1e-9 && (other_hi + lo - 1.0).abs() < 1e-9, "{name}");
        }
        // Jeffreys' lies within Clopper and Pearson's.
        let (outer, inner) = (seen.clopper_pearson(Level::P95), seen.jeffreys(Level::P95));
        prop_assert!(outer.0 <= inner.0 + 1e-9 && inner.1 <= outer.1 + 1e-9);
    }

    #[test]
    fn the_exact_interval_is_the_exact_test_inverted(seen in proportion(), p0 in 0.001..0.999_f64) {
        let p = binomial_test(seen, p0).unwrap();
        let (lo, hi) = seen.clopper_pearson(Level::P95);
        prop_assume!((p.less - 0.025).abs() > 1e-9 && (p.greater - 0.025).abs() > 1e-9);
        prop_assert_eq!(p0 < lo, p.greater < 0.025);
        prop_assert_eq!(p0 > hi, p.less < 0.025);
    }

    #[test]
    fn binomial_p_values_are_monotone_in_the_count(n in 1..300_u64, at in 0.0..1.0_f64, p0 in 0.0..=1.0_f64) {
        let k = (at * n as f64) as u64;
        let test = |k| binomial_test(Proportion::new(k, n).unwrap(), p0).unwrap();
        let (one, two) = (test(k), test((k + 1).min(n)));
        prop_assert!(one.less <= two.less + 1e-12 && one.greater >= two.greater - 1e-12);
        prop_assert!(one.less + one.greater >= 1.0 - 1e-12);
        prop_assert!(one.two_sided >= one.less.min(one.greater) - 1e-12 && one.two_sided <= 1.0);
    }

    #[test]
    fn swapping_two_proportions_flips_the_difference(a in proportion(), b in proportion()) {
        for of in [difference_newcombe, difference_agresti_caffo, difference_wald, difference_score] {
            let ((lo, hi), (other_lo, other_hi)) = (of(a, b, Level::P95), of(b, a, Level::P95));
            prop_assert!((lo + other_hi).abs() < 1e-9 && (hi + other_lo).abs() < 1e-9);
            prop_assert!(lo <= hi);
        }
        let d = b.share() - a.share();
        for of in [difference_newcombe, difference_score, difference_wald] {
            let (lo, hi) = of(a, b, Level::P95);
            prop_assert!(lo <= d + 1e-9 && d <= hi + 1e-9);
        }
        if let (Ok(one), Ok(two)) = (two_proportions_z(a, b), two_proportions_z(b, a)) {
            prop_assert_eq!(one.z, -two.z);
            prop_assert_eq!(one.p.less, two.p.greater);
            prop_assert_eq!(one.p.two_sided, two.p.two_sided);
        }
    }

    #[test]
    fn z_squared_is_the_chi_square_of_the_table(a in proportion(), b in proportion()) {
        let rows = [[a.successes(), a.failures()], [b.successes(), b.failures()]];
        let rows = [rows[0].as_slice(), rows[1].as_slice()];
        if let (Ok(z), Ok(table)) = (two_proportions_z(a, b), chi_square_table(&rows, false)) {
            prop_assert!((z.z * z.z - table.statistic).abs() <= 1e-9 * (1.0 + table.statistic));
            prop_assert!((z.p.two_sided - table.p).abs() < 1e-9);
            prop_assert!(chi_square_table(&rows, true).unwrap().p >= table.p - 1e-12);
        }
    }

    #[test]
    fn fisher_knows_no_order_and_one_direction_is_likely(a in proportion(), b in proportion()) {
        let (one, two) = (fisher_exact(a, b), fisher_exact(b, a));
        prop_assert!((one.p.less - two.p.greater).abs() < 1e-10);
        prop_assert!((one.p.two_sided - two.p.two_sided).abs() < 1e-10);
        // Successes and failures in exchange of their roles turn the direction.
        let mirror = fisher_exact(mirrored(a), mirrored(b));
        prop_assert!((one.p.less - mirror.p.greater).abs() < 1e-10);
        prop_assert!(one.p.less + one.p.greater >= 1.0 - 1e-10);
        prop_assert!(one.p.two_sided >= one.p.less.min(one.p.greater) - 1e-10);
    }

    #[test]
    fn a_good_fit_does_not_see_the_scale_of_the_weights(counts in vec(1..60_u64, 2..8), scale in -200..200_i32) {
        let weights = |w: f64| (0..counts.len()).map(|i| (i + 1) as f64 * w).collect::<Vec<f64>>();
        let plain = goodness_of_fit(&counts, &weights(1.0), 0).unwrap();
        let scaled = goodness_of_fit(&counts, &weights(10.0_f64.powi(scale)), 0).unwrap();
        prop_assert!((plain.statistic - scaled.statistic).abs() <= 1e-9 * (1.0 + plain.statistic));
        // Twice the counts at the same shares: twice the statistic.
        let doubled: Vec<u64> = counts.iter().map(|c| 2 * c).collect();
        let twice = goodness_of_fit(&doubled, &weights(1.0), 0).unwrap();
        prop_assert!((twice.statistic - 2.0 * plain.statistic).abs() <= 1e-9 * (1.0 + twice.statistic));
    }

    #[test]
    fn mcnemar_is_the_binomial_test_of_a_half(b in 0..200_u64, c in 0..200_u64) {
        let test = mcnemar(Discordant { only_first: b, only_second: c });
        let turned = mcnemar(Discordant { only_first: c, only_second: b });
        prop_assert!((test.exact.less - turned.exact.greater).abs() < 1e-12);
        prop_assert!(test.mid.two_sided <= test.exact.two_sided + 1e-12);
        if b + c > 0 {
            let half = binomial_test(Proportion::new(b, b + c).unwrap(), 0.5).unwrap();
            prop_assert!((test.exact.two_sided - half.two_sided).abs() < 1e-10);
        }
    }

    #[test]
    fn ratios_turn_over_with_their_sides(a in proportion(), b in proportion()) {
        for of in [odds_ratio, risk_ratio] {
            let (one, two) = (of(a, b, Level::P95), of(b, a, Level::P95));
            prop_assert!((one.lo * two.hi - 1.0).abs() < 1e-9 && (one.hi * two.lo - 1.0).abs() < 1e-9);
            prop_assert!(one.lo < one.hi);
            prop_assert!(one.corrected || (one.lo <= one.estimate && one.estimate <= one.hi));
        }
    }

    #[test]
    fn adjusted_p_are_ordered(p in p_values()) {
        let le = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| *a <= b * (1.0 + 1e-12));
        for (smaller, larger) in [
            (hommel(&p), hochberg(&p)),
            (hochberg(&p), holm(&p)),
            (holm(&p), bonferroni(&p)),
            (sidak(&p), bonferroni(&p)),
            (holm_sidak(&p), sidak(&p)),
            (holm_sidak(&p), holm(&p)),
            (benjamini_hochberg(&p), hommel(&p)),
            (benjamini_hochberg(&p), benjamini_yekutieli(&p)),
        ] {
            prop_assert!(le(&smaller, &larger), "{smaller:?} {larger:?}");
        }
        for correction in Correction::ALL {
            let adjusted = correction.adjust(&p);
            prop_assert!(le(&p, &adjusted) && adjusted.iter().all(|a| *a <= 1.0), "{correction}");
            // The order of the p is kept, and the order of the list does not matter.
            for (i, a) in p.iter().zip(&adjusted) {
                for (j, b) in p.iter().zip(&adjusted) {
                    prop_assert!(i > j || a <= b, "{correction}");
                }
            }
            let reversed: Vec<f64> = p.iter().rev().copied().collect();
            let mut back = correction.adjust(&reversed);
            back.reverse();
            prop_assert_eq!(back, adjusted);
        }
    }

    #[test]
    fn the_level_shown_agrees_with_the_rejections(p in p_values(), q in 0.001..0.3_f64) {
        for correction in Correction::ALL {
            if correction == Correction::Hommel {
                continue; // Its rejections are not those of one level.
            }
            let adjusted = correction.adjust(&p);
            prop_assume!(adjusted.iter().all(|a| (a / q - 1.0).abs() > 1e-9));
            let rejected = adjusted.iter().filter(|a| **a <= q).count();
            let level = fcr_level(correction, q, p.len(), rejected);
            for (p, adjusted) in p.iter().zip(&adjusted) {
                prop_assert_eq!(*p <= level * (1.0 + 1e-12), *adjusted <= q, "{} {} {}", correction, p, level);
            }
        }
    }

    #[test]
    fn a_row_that_suffices_alone_is_rejected_whatever_the_others_show(p in p_values(), others in p_values(), q in 0.001..0.3_f64) {
        for correction in [Correction::BenjaminiHochberg, Correction::Holm, Correction::None] {
            for (i, row) in attainable(&p, q, correction).into_iter().enumerate() {
                if row == Attainable::Alone {
                    // Any p that the others can show, from their smallest up.
                    let mut family: Vec<f64> = p
                        .iter()
                        .zip(others.iter().chain(std::iter::repeat(&1.0)))
                        .map(|(least, other)| least.max(*other))
                        .collect();
                    family[i] = p[i];
                    prop_assert!(correction.adjust(&family)[i] <= q * (1.0 + 1e-9));
                }
            }
        }
    }

    #[test]
    fn the_plan_is_that_of_the_gate(n in 1..3_000_u64, k in 500..1_000_u64, misses in 0..3_000_u64) {
        let p = Rank::new(Rational::new(k, 1_000).unwrap()).unwrap();
        let (n, misses) = (n, misses.min(n));
        let plan = gate_misses(n, p, Level::P999, Level::P95);
        let gate = Gate::new(p, n, Comparison::AtMost, Level::P999, Level::P95);
        let verdict = gate.verdict(Count::exact(n - misses, n));
        let text = format!("{n} {p} {misses} {plan:?} {verdict:?}");
        prop_assert_eq!(verdict == Verdict::Pass, plan.passes.is_some_and(|most| misses <= most), "{}", text);
        prop_assert_eq!(verdict == Verdict::Fail, plan.fails.is_some_and(|least| misses >= least), "{}", text);
    }

    #[test]
    fn power_rises_with_effect_and_size(effect in 0.0..2.0_f64, n in 2..200_u32, alpha in 0.001..0.2_f64) {
        let n = f64::from(n);
        for tail in [Tail::TwoSided, Tail::Upper] {
            let at = |effect: f64, n: f64| t_power(effect, n, n, alpha, tail).unwrap();
            let p = at(effect, n);
            prop_assert!(p >= alpha * (1.0 - 1e-9) && p <= 1.0);
            prop_assert!(at(effect + 0.1, n) >= p - 1e-10 && at(effect, n + 1.0) >= p - 1e-10);
        }
        let mirrored = t_power(-effect, n, n, alpha, Tail::Lower).unwrap();
        prop_assert!((mirrored - t_power(effect, n, n, alpha, Tail::Upper).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn planned_sizes_have_the_power_planned(effect in 0.2..1.5_f64, ratio in 0.5..3.0_f64, power in 0.5..0.99_f64) {
        let size = t_sample_size(effect, 0.05, power, ratio, Tail::TwoSided).unwrap();
        let got = t_power(effect, size.n1, size.n2, 0.05, Tail::TwoSided).unwrap();
        prop_assert!(got >= power && (got - power < 1e-8 || size.n1.min(size.n2) < 1.1));
        let least = t_minimum_detectable_effect(size.n1, size.n2, 0.05, got).unwrap();
        prop_assert!((least / effect - 1.0).abs() < 1e-6);

        let exceeds = 0.5 + effect / 4.0;
        let rank = mann_whitney_sample_size(exceeds, 0.05, power, ratio).unwrap();
        let got = mann_whitney_power(exceeds, rank.n1, rank.n2, 0.05).unwrap();
        prop_assert!((got - power).abs() < 0.01 && got >= power - 1e-9);

        for plan in [ProportionPlan::Arcsine, ProportionPlan::Pooled, ProportionPlan::Unpooled] {
            let n = two_proportion_sample_size(0.3, 0.3 + effect / 4.0, 0.05, power, plan).unwrap();
            let got = two_proportion_power(0.3, 0.3 + effect / 4.0, n, 0.05, plan).unwrap();
            prop_assert!((got - power).abs() < 0.01);
        }
    }

    #[test]
    fn the_plan_of_a_gate_has_its_power(misses in 0.001..0.04_f64, power in 0.5..0.95_f64) {
        let share = 1.0 - misses;
        let n = gate_sample_size(Rank::P95, share, Level::P95, power).unwrap();
        prop_assert!(gate_power(n, Rank::P95, share, Level::P95).unwrap() >= power);
        let least = gate_detectable_share(n, Rank::P95, Level::P95, power).unwrap();
        prop_assert!(least <= share + 1e-9 && least > 0.95);
    }
}
