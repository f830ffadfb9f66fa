//! Tests of several samples.

use tailproof_core::{Rank, Sample};
use tailproof_hypothesis::{
    AndersonDarlingVariant, Center, MedianTies, anderson_darling, fligner_killeen, friedman,
    kruskal_wallis, levene, mood_median,
};
use tailproof_tests::reference::Case;

/// An input list of lists.
fn groups(case: &Case<'_>, key: &str) -> Vec<Sample> {
    let lists = case.input(key).as_array().expect("a list of lists");
    lists
        .iter()
        .map(|list| {
            let values = list.as_array().unwrap().iter().map(|v| v.as_f64().unwrap());
            Sample::new(values.collect()).unwrap()
        })
        .collect()
}

/// The numbers of a test; an error where one is expected, or NaN where the library shows NaN.
fn check_numbers<E>(case: &mut Case<'_>, keys: [&str; 2], got: Result<[f64; 2], E>) {
    if case.expects_error() {
        return case.check_error(got.is_err());
    }
    let got = got.unwrap_or([f64::NAN; 2]);
    // A statistic that is 0 on paper may be rounding noise in the file, as may ours.
    let want = case.want(keys[0]).and_then(serde_json::Value::as_f64);
    let noise = want.is_some_and(|want| want.abs().max(got[0].abs()) < 1e-25);
    case.check(keys[0], if noise { want.unwrap() } else { got[0] });
    case.check(keys[1], got[1]);
}

pub(super) fn rank_tests_groups(case: &mut Case<'_>) {
    match case.op() {
        "kruskal_wallis" => {
            let test = kruskal_wallis(&groups(case, "groups"));
            check_numbers(case, ["h", "p"], test.map(|t| [t.h, t.p]));
        }
        "friedman" => {
            let test = friedman(&groups(case, "treatments"));
            check_numbers(case, ["statistic", "p"], test.map(|t| [t.statistic, t.p]));
        }
        "levene" => {
            let center = match case.input("center").as_str().unwrap() {
                "mean" => Center::Mean,
                "median" => Center::Median,
                "trimmed" => Center::Trimmed(
                    Rank::from_f64(case.input("proportiontocut").as_f64().unwrap()).unwrap(),
                ),
                other => panic!("unknown centre {other}"),
            };
            let test = levene(&groups(case, "groups"), center);
            check_numbers(case, ["w", "p"], test.map(|t| [t.w, t.p]));
        }
        "fligner_killeen" => {
            let test = fligner_killeen(&groups(case, "groups"));
            check_numbers(case, ["statistic", "p"], test.map(|t| [t.statistic, t.p]));
        }
        "mood_median" => check_mood_median(case),
        "anderson_darling_k" => check_anderson_darling(case),
        other => panic!("unknown op {other}"),
    }
}

fn check_mood_median(case: &mut Case<'_>) {
    let ties = match case.input("ties").as_str().unwrap() {
        "below" => MedianTies::Below,
        "above" => MedianTies::Above,
        "ignore" => MedianTies::Ignore,
        other => panic!("unknown ties {other}"),
    };
    let correction = case.input("correction").as_bool().unwrap();
    let test = mood_median(&groups(case, "groups"), ties, correction);
    if case.expects_error() {
        return case.check_error(test.is_err());
    }
    let test = test.expect("the reference has an answer");
    case.check("statistic", test.statistic);
    case.check("p", test.p);
    case.check("grand_median", test.grand_median);
    let table: Vec<f64> = test.above.iter().chain(&test.below).map(|&n| n as f64).collect();
    case.check_list("table", &table);
}

fn check_anderson_darling(case: &mut Case<'_>) {
    let variant = match case.input("variant").as_str().unwrap() {
        "midrank" => AndersonDarlingVariant::Midrank,
        // The reference offers the continuous form for data without ties only, where it is the
        // right-continuous one.
        "right" | "continuous" => AndersonDarlingVariant::Right,
        other => panic!("unknown variant {other}"),
    };
    let test = anderson_darling(&groups(case, "groups"), variant);
    if case.expects_error() {
        return case.check_error(test.is_err());
    }
    let test = test.expect("the reference has an answer");
    case.check("statistic_normalized", test.normalized);
    // Inside the table: two interpolations of the same seven points, within the file's 20 %.
    // At its ends both are the end itself.
    case.check("p", test.p);
    case.check_list("critical_values", &test.critical);
}
