//! The statistics against golden files.

use tailproof_core::descriptive::{self, Moments};
use tailproof_core::{Level, QuantileType, Rank, Seed, quantile};
use tailproof_hypothesis::{
    MannWhitney, Pairs, Standardized, cliffs_delta, cohens_d_interval, hodges_lehmann,
    mann_whitney, vargha_delaney,
};
use tailproof_resampling::{Permutation, QuantileBootstrap, permute_means};
use tailproof_tests::reference::{Case, Reference, folder};

mod accuracy;
mod changepoints;
mod counts;
mod groups;
mod means;
mod permutation;
mod ranks;
mod schemes;
mod sequential;

type Check = fn(&mut Case<'_>);

/// Every file and what checks it; a file that is not here fails.
const FILES: &[(&str, Check)] = &[
    ("descriptive", descriptive),
    ("effect_sizes", effect_sizes),
    ("exact_bootstrap_quantile", exact_bootstrap_quantile),
    ("exact_permutation", exact_permutation),
    ("forecasting_metrics", accuracy::forecasting_metrics),
    ("mannwhitney", mannwhitney),
    ("quantiles", quantiles),
    ("bca", schemes::bca),
    ("block_length", schemes::block_lengths),
    ("changepoints", changepoints::changepoints),
    ("equivalence", means::equivalence),
    ("multiplicity", counts::multiplicity),
    ("power", counts::power),
    ("proportions", counts::proportions),
    ("rank_tests", rank_tests),
    ("sequential", sequential::sequential),
    ("ttests", means::ttests),
];

fn rank_tests(case: &mut Case<'_>) {
    match case.op() {
        "wilcoxon_signed_rank"
        | "sign_test"
        | "brunner_munzel"
        | "ks_2samp"
        | "cramer_von_mises_2samp" => ranks::rank_tests_two(case),
        _ => groups::rank_tests_groups(case),
    }
}

#[test]
fn reference() {
    let mut failures = Vec::new();
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder of golden files exists")
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".json").map(str::to_owned)
        })
        .filter(|name| name != "seeds" && name != "dsse")
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no golden file in {}", folder().display());
    for name in names {
        let Some((_, check)) = FILES.iter().find(|f| f.0 == name) else {
            failures.push(format!("{name}.json: no check knows this file"));
            continue;
        };
        let mut file = Reference::read(&name);
        file.each(check);
        println!("{}", file.summary());
        if file.checked == 0 {
            failures.push(format!("{name}: nothing was checked"));
        }
        failures.append(&mut file.failures);
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn reference_notices_a_perturbed_value() {
    for (name, check) in FILES {
        // Only the repository's own files are known to be right.
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reference");
        let text = std::fs::read_to_string(path.join(format!("{name}.json"))).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let cases = value["cases"].as_array_mut().unwrap();
        // One number that is not whole, in a case that must be compared to the last digits.
        let spot = cases
            .iter_mut()
            .rev()
            .filter(|case| {
                let name = case["name"].as_str().unwrap();
                let plain = !["offset", "tiny", "1e9"].iter().any(|part| name.contains(part));
                plain && case.get("exact").is_none()
            })
            .find_map(|case| fraction(&mut case["expected"]))
            .unwrap();
        // Planning is known to 1e-6 only.
        *spot = (spot.as_f64().unwrap() * 1.001).into();
        let mut file = Reference::parse(name, &value.to_string());
        file.each(check);
        assert!(!file.failures.is_empty(), "{name}: nothing was noticed");
    }
}

/// The first number that is not whole, at any depth.
fn fraction(value: &mut serde_json::Value) -> Option<&mut serde_json::Value> {
    use serde_json::Value;
    match value {
        Value::Array(list) => list.iter_mut().find_map(fraction),
        Value::Object(map) => map.values_mut().find_map(fraction),
        Value::Number(n) => {
            n.as_f64().is_some_and(|x| x.is_normal() && x.fract() != 0.0).then_some(value)
        }
        _ => None,
    }
}

#[test]
fn reference_refuses_unlisted_keys() {
    let text =
        r#"{"cases": [{"name": "a", "input": {"x": [1.0]}, "expected": {"novel": 1.0, "n": 1}}]}"#;
    let mut file = Reference::parse("descriptive", text);
    file.each(descriptive);
    assert!(file.failures[0].contains("novel"), "{:?}", file.failures);
    // All other keys of the table are missed too.
    assert!(file.failures.iter().any(|f| f.contains("offers mean")), "{:?}", file.failures);
    assert!(!file.failures.iter().any(|f| f.contains("offers n")), "{:?}", file.failures);
    let text = r#"{"cases": [{"name": "a", "op": "type8", "input": {}, "expected": {"mean": 1}}]}"#;
    let mut file = Reference::parse("exact_bootstrap_quantile", text);
    file.each(|_| ());
    assert!(file.failures[0].contains("type8"), "{:?}", file.failures);
}

fn rank(p: f64) -> Rank {
    Rank::from_f64(p).expect("ranks of golden files are in [0, 1]")
}

fn quantiles(case: &mut Case<'_>) {
    let Some(x) = case.sample("x") else { return case.check_error(case.expects_error()) };
    let ranks: Vec<Rank> =
        case.input("p").as_array().unwrap().iter().map(|p| rank(p.as_f64().unwrap())).collect();
    for (key, kind) in [
        ("inverted_cdf", QuantileType::InvertedCdf),
        ("averaged_inverted_cdf", QuantileType::AveragedInvertedCdf),
        ("closest_observation", QuantileType::ClosestObservation),
        ("interpolated_inverted_cdf", QuantileType::InterpolatedInvertedCdf),
        ("hazen", QuantileType::Hazen),
        ("weibull", QuantileType::Weibull),
        ("linear", QuantileType::Linear),
        ("median_unbiased", QuantileType::MedianUnbiased),
        ("normal_unbiased", QuantileType::NormalUnbiased),
        ("nearest_rank", QuantileType::NearestRank),
    ] {
        let got: Vec<f64> = ranks.iter().map(|&p| quantile(&x, p, kind)).collect();
        case.check_list(key, &got);
    }
}

fn descriptive(case: &mut Case<'_>) {
    let Some(x) = case.sample("x") else { return case.check_error(case.expects_error()) };
    let m = Moments::of(&x);
    for (key, got) in [
        ("n", m.n()),
        ("sum", descriptive::sum(&x)),
        ("mean", m.mean()),
        ("var0", m.variance(0)),
        ("std0", m.sd(0)),
        ("var1", m.variance(1)),
        ("std1", m.sd(1)),
        ("skew_biased", m.skewness()),
        ("skew_unbiased", m.skewness_unbiased()),
        ("kurtosis_excess_biased", m.kurtosis_excess()),
        ("kurtosis_excess_unbiased", m.kurtosis_excess_unbiased()),
        ("median", descriptive::median(&x)),
        ("mad_raw", descriptive::mad(&x)),
        ("mad_normal", descriptive::mad_normal(&x)),
        ("trimmed_mean_5pct", descriptive::trimmed_mean(&x, rank(0.05))),
        ("trimmed_mean_10pct", descriptive::trimmed_mean(&x, rank(0.1))),
        ("trimmed_mean_25pct", descriptive::trimmed_mean(&x, rank(0.25))),
        ("geometric_mean", descriptive::geometric_mean(&x)),
        ("harmonic_mean", descriptive::harmonic_mean(&x)),
        ("cv0", m.coefficient_of_variation(0)),
        ("cv1", m.coefficient_of_variation(1)),
        ("sem", m.standard_error()),
        ("iqr_type7", descriptive::interquartile_range(&x)),
    ] {
        case.check(key, got);
    }
}

fn mannwhitney(case: &mut Case<'_>) {
    let (Some(x), Some(y)) = (case.sample("x"), case.sample("y")) else {
        return case.check_error(case.expects_error());
    };
    let test = mann_whitney(&x, &y);
    let pairs = Pairs::of(&x, &y);
    for (key, got) in [
        ("u1", test.u),
        ("u2", pairs.total() as f64 - test.u),
        ("pairs_x_gt_y", pairs.greater as f64),
        ("pairs_equal", pairs.equal as f64),
        ("pairs_x_lt_y", pairs.less as f64),
        ("vargha_delaney_a_xy", vargha_delaney(&y, &x)),
        ("vargha_delaney_a_yx", vargha_delaney(&x, &y)),
        ("cliffs_delta_xy", cliffs_delta(&x, &y)),
        ("rank_biserial_xy", cliffs_delta(&x, &y)),
        ("p_asymptotic_two_sided_cc", test.normal.two_sided),
        ("p_asymptotic_less_cc", test.normal.less),
        ("p_asymptotic_greater_cc", test.normal.greater),
        ("p_asymptotic_two_sided_nocc", test.normal_uncorrected.two_sided),
        ("p_asymptotic_less_nocc", test.normal_uncorrected.less),
        ("p_asymptotic_greater_nocc", test.normal_uncorrected.greater),
        ("p_auto_two_sided", test.p.two_sided),
    ] {
        case.check(key, got);
    }
    if case.want("p_exact_two_sided").is_some() {
        let p = MannWhitney::exact(&x, &y).expect("small samples without ties");
        case.check("p_exact_two_sided", p.two_sided);
        case.check("p_exact_less", p.less);
        case.check("p_exact_greater", p.greater);
    }
    if case.want("hodges_lehmann_y_minus_x").is_some() {
        let hl = hodges_lehmann(&x, &y, Level::P95);
        case.check("hodges_lehmann_y_minus_x", hl.shift);
        case.check_list("hodges_lehmann_ci95_exact", &[hl.lo, hl.hi]);
    }
}

fn effect_sizes(case: &mut Case<'_>) {
    let (Some(x), Some(y)) = (case.sample("x"), case.sample("y")) else {
        return case.check_error(case.expects_error());
    };
    let parts = Standardized::of(&x, &y);
    let value = |r: Result<f64, tailproof_hypothesis::EffectError>| r.unwrap_or(f64::NAN);
    for (key, got) in [
        ("mean_difference_y_minus_x", parts.difference()),
        ("pooled_sd", parts.pooled_sd()),
        ("cohens_d", value(parts.cohens_d())),
        ("cohens_d_avg_sample_var", value(parts.cohens_d_average())),
        ("cohens_d_avg_population_var", value(parts.cohens_d_document())),
        ("hedges_g_exact_gamma", value(parts.hedges_g())),
        ("hedges_g_approx", value(parts.hedges_g_approximate())),
        ("hedges_g_variance_statsmodels", value(parts.hedges_g_variance())),
        ("glass_delta_x_control", value(parts.glass_delta())),
        ("common_language_normal", value(parts.common_language())),
        ("vargha_delaney_a_y_over_x", vargha_delaney(&x, &y)),
        ("cliffs_delta_y_over_x", cliffs_delta(&y, &x)),
    ] {
        case.check(key, got);
    }
    let pair = |r: Result<(f64, f64), tailproof_hypothesis::EffectError>| {
        r.map_or([f64::NAN; 2], |(lo, hi)| [lo, hi])
    };
    case.check_list("cohens_d_ci95_normal", &pair(parts.cohens_d_normal_interval(Level::P95)));
    case.check_list("glass_delta_ci95_normal", &pair(parts.glass_delta_interval(Level::P95)));
    case.check_list("cohens_d_ci95_noncentral_t", &pair(cohens_d_interval(&x, &y, Level::P95)));
}

fn exact_bootstrap_quantile(case: &mut Case<'_>) {
    let x = case.sample("x").unwrap();
    let kind = match case.op() {
        "type7" => QuantileType::Linear,
        "type1" => QuantileType::InvertedCdf,
        other => panic!("unknown op {other}"),
    };
    let law = QuantileBootstrap::of(&x, rank(case.input("p").as_f64().unwrap()), kind);
    case.check("mean", law.mean());
    case.check("sd", law.sd());
    case.check("probability_min", law.cdf(x.range().0));
    if let Some(points) = case.want("cdf_points").and_then(|p| p.as_array()) {
        let points: Vec<f64> = points.iter().map(|p| p.as_f64().unwrap()).collect();
        let got: Vec<f64> = points.iter().map(|&t| law.cdf(t)).collect();
        case.check_list("cdf", &got);
    }
    case.check_map("quantiles_of_distribution", |q| law.quantile(q.parse().unwrap()));
}

fn exact_permutation(case: &mut Case<'_>) {
    let (x, y) = (case.sample("x").unwrap(), case.sample("y").unwrap());
    let test = permute_means(&x, &y, &Permutation::new(Seed(1)));
    assert!(test.raw.exhaustive, "golden cases are small enough to enumerate");
    for (key, got) in [
        ("observed", test.difference),
        ("permutations", test.raw.total as f64),
        ("count_ge", test.raw.at_least as f64),
        ("count_le", test.raw.at_most as f64),
        ("count_abs_ge", test.raw.abs_at_least as f64),
        ("p_greater", test.raw.p_greater()),
        ("p_less", test.raw.p_less()),
        ("p_two_sided_abs", test.raw.p_two_sided()),
        ("p_two_sided_doubled", test.raw.p_doubled()),
        ("p_scipy_two_sided", test.raw.p_doubled()),
        ("p_scipy_less", test.raw.p_less()),
        ("p_scipy_greater", test.raw.p_greater()),
    ] {
        case.check(key, got);
    }
    permutation::exact_permutation_by_other_ways(case, &x, &y);
}
