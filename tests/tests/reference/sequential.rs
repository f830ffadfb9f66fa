//! Tests that may be looked at any time.

use tailproof_core::{Level, Rational};
use tailproof_hypothesis::sequential::{Decision, Msprt, Sprt};
use tailproof_tests::reference::Case;

pub(super) fn sequential(case: &mut Case<'_>) {
    if case.op() == "wald_sprt" {
        return wald_sprt(case);
    }
    let number = |key: &str| case.input(key).as_f64().unwrap();
    let alpha = number("alpha");
    let level = Rational::from_f64(alpha).unwrap().complement().unwrap();
    let level = Level::new(level).unwrap();
    let mut test =
        Msprt::new(number("variance_of_difference"), number("tau2"), number("theta0")).unwrap();
    let differences: Vec<f64> = if case.op() == "two_sample_pairs" {
        let (x, y) = (case.sample("x").unwrap(), case.sample("y").unwrap());
        x.values().iter().zip(y.values()).map(|(x, y)| y - x).collect()
    } else {
        case.sample("z").unwrap().values().to_vec()
    };
    // The looks that the file lists, counted from 1.
    let listed: Vec<u64> = case
        .want("n")
        .and_then(|n| n.as_array())
        .map_or_else(Vec::new, |n| n.iter().filter_map(serde_json::Value::as_u64).collect());
    let mut looks: Vec<[f64; 6]> = Vec::new();
    let mut first = f64::NAN; // Never: null in the file.
    for z in differences {
        test.observe(z);
        let (lo, hi) = test.confidence(level);
        if first.is_nan() && test.p() <= alpha {
            first = test.n() as f64;
        }
        if listed.contains(&test.n()) {
            looks.push([test.n() as f64, test.mean(), test.log_lambda(), test.p(), lo, hi]);
        }
    }
    let keys = ["n", "mean", "log_lambda", "p_always_valid", "ci_low", "ci_high"];
    for (i, key) in keys.into_iter().enumerate() {
        let column: Vec<f64> = looks.iter().map(|look| look[i]).collect();
        case.check_list(key, &column);
    }
    case.check("first_n_with_p_le_alpha", first);
}

fn wald_sprt(case: &mut Case<'_>) {
    let number = |key: &str| case.input(key).as_f64().unwrap();
    let (alpha, beta) = (number("alpha"), number("beta"));
    let (first, second) = (number("theta0"), number("theta1"));
    let mut test = if case.input("family") == "normal" {
        Sprt::normal(first, second, number("sigma2"), alpha, beta).unwrap()
    } else {
        Sprt::bernoulli(first, second, alpha, beta).unwrap()
    };
    for &x in case.sample("x").unwrap().values() {
        test.observe(x);
    }
    let (word, n) = match test.decision() {
        Decision::AcceptH0 => ("accept_h0", test.n() as f64),
        Decision::AcceptH1 => ("accept_h1", test.n() as f64),
        Decision::Continue => ("continue", f64::NAN),
    };
    for (key, got) in [
        ("upper", test.upper()),
        ("lower", test.lower()),
        ("decision_n", n),
        ("llr_at_decision_or_end", test.log_likelihood_ratio()),
    ] {
        case.check(key, got);
    }
    // A word is read as NaN by the harness: NaN when it is the right one, and 0 when it is not.
    let right = case.want("decision").is_some_and(|want| want == word);
    case.check("decision", if right { f64::NAN } else { 0.0 });
}
