//! What must hold for any data.

mod counts;
mod groups;
mod means;
mod permutation;
mod ranks;
mod schemes;
mod sequential;
mod tree;

use proptest::collection::vec;
use proptest::prelude::*;
use tailproof_core::binomial::{lower_rank, proportion_lower, proportion_upper, tails, upper_rank};
use tailproof_core::{
    Comparison, Level, Objective, QuantileType, Rank, Rational, Sample, Seed, Verdict, quantile,
};
use tailproof_hypothesis::{cliffs_delta, cohens_d, hodges_lehmann, mann_whitney, vargha_delaney};
use tailproof_resampling::{Permutation, QuantileBootstrap, permute_means};
use tailproof_slo::gate::{Count, Gate};

fn sample() -> impl Strategy<Value = Sample> {
    // Few distinct integers, so that ties are common.
    vec((-5..=5_i32).prop_map(f64::from), 1..=40).prop_map(|xs| Sample::new(xs).unwrap())
}

fn rank() -> impl Strategy<Value = Rank> {
    (1..1_000_u64).prop_map(|k| Rank::new(Rational::new(k, 1_000).unwrap()).unwrap())
}

fn shifted(s: &Sample, by: f64) -> Sample {
    Sample::new(s.values().iter().map(|x| x + by).collect()).unwrap()
}

proptest! {
    #[test]
    fn swapping_the_samples_flips_the_sign(a in sample(), b in sample()) {
        prop_assert_eq!(cliffs_delta(&a, &b), -cliffs_delta(&b, &a));
        prop_assert!((vargha_delaney(&a, &b) + vargha_delaney(&b, &a) - 1.0).abs() < 1e-12);
        let (one, two) = (mann_whitney(&a, &b), mann_whitney(&b, &a));
        prop_assert_eq!(one.p.two_sided, two.p.two_sided);
        prop_assert_eq!(one.p.less, two.p.greater);
        if let (Ok(d), Ok(e)) = (cohens_d(&a, &b), cohens_d(&b, &a)) {
            prop_assert!((d + e).abs() <= 1e-12 * d.abs());
        }
    }

    #[test]
    fn a_shift_moves_the_hodges_lehmann_estimate_by_itself(a in sample(), b in sample(), by in -9..9_i32) {
        let by = f64::from(by);
        let plain = hodges_lehmann(&a, &b, Level::P95);
        let moved = hodges_lehmann(&a, &shifted(&b, by), Level::P95);
        prop_assert_eq!(plain.shift + by, moved.shift);
        prop_assert!(plain.lo <= plain.shift && plain.shift <= plain.hi);
    }

    #[test]
    fn quantiles_rise_with_the_rank_and_stay_inside(s in sample(), p in rank(), q in rank()) {
        let (lo, hi) = s.range();
        for kind in [QuantileType::Linear, QuantileType::NearestRank, QuantileType::Hazen] {
            let (a, b) = (quantile(&s, p, kind), quantile(&s, q, kind));
            prop_assert!((lo..=hi).contains(&a));
            prop_assert!((p.to_f64() <= q.to_f64()) == (a <= b) || a == b);
        }
    }

    #[test]
    fn the_bootstrap_law_is_a_law(s in sample(), p in rank(), t in -6..6_i32) {
        let law = QuantileBootstrap::of(&s, p, QuantileType::Linear);
        let (lo, hi) = s.range();
        prop_assert_eq!(law.cdf(hi), 1.0);
        prop_assert_eq!(law.cdf(lo - 1.0), 0.0);
        let t = f64::from(t);
        prop_assert!(law.cdf(t) <= law.cdf(t + 0.5) + 1e-12);
        for q in [0.01, 0.5, 0.99] {
            let x = law.quantile(q);
            prop_assert!(law.cdf(x) >= q - 1e-12 && law.cdf(x.next_down()) < q + 1e-12);
        }
        prop_assert!(lo <= law.mean() + 1e-12 && law.mean() <= hi + 1e-12);
    }

    #[test]
    fn relabelling_knows_no_order_of_the_samples(a in vec(-9..9_i32, 2..7), b in vec(-9..9_i32, 2..7)) {
        let of = |v: &[i32]| Sample::new(v.iter().map(|&x| f64::from(x)).collect()).unwrap();
        let settings = Permutation::new(Seed(1));
        let (one, two) = (permute_means(&of(&a), &of(&b), &settings), permute_means(&of(&b), &of(&a), &settings));
        prop_assert_eq!(one.raw.p_two_sided(), two.raw.p_two_sided());
        prop_assert_eq!(one.raw.at_least, two.raw.at_most);
        prop_assert_eq!(
            one.studentized.map(|c| c.abs_at_least),
            two.studentized.map(|c| c.abs_at_least)
        );
    }

    #[test]
    fn tails_are_complements_and_ranks_are_ordered(n in 1..3_000_u64, p in rank(), share in 0.0..1.0_f64) {
        let k = (share * n as f64) as u64;
        let t = tails(k, n, p.to_f64(), p.complement().to_f64());
        prop_assert!((t.below + t.at_least - 1.0).abs() < 1e-12);
        if let (Some(lo), Some(hi)) = (lower_rank(n, p, Level::P999), upper_rank(n, p, Level::P999)) {
            prop_assert!(lo <= hi);
        }
        let (lo, hi) = (proportion_lower(k, n, Level::P95), proportion_upper(k, n, Level::P95));
        let seen = k as f64 / n as f64;
        prop_assert!(lo <= seen + 1e-12 && seen <= hi + 1e-12);
    }

    #[test]
    fn more_good_observations_never_hurt(n in 2..2_000_u64, p in rank(), share in 0.0..1.0_f64) {
        let gate = Gate::new(p, n, Comparison::AtMost, Level::P999, Level::P999);
        let score = |c: u64| match gate.verdict(Count::exact(c, n)) {
            Verdict::Fail => 0,
            Verdict::Pass => 2,
            _ => 1,
        };
        let c = (share * (n - 1) as f64) as u64;
        prop_assert!(score(c) <= score(c + 1));
    }

    #[test]
    fn no_text_makes_the_objective_parser_panic(text in ".{0,60}") {
        let _ = text.parse::<Objective>();
    }

    #[test]
    fn almost_objectives_do_not_panic_either(
        text in "[a-z]{0,3}:? ?(p95|rate\\(|median|in|p9.9.9) ?[<>=]{0,2} ?[0-9.+e-]{0,6}[a-z%µ/]{0,3}( of | by )?.{0,4}"
    ) {
        let _ = text.parse::<Objective>();
    }
}
