//! Errors of predictions, and rates of labels.

use tailproof_core::Rank;
use tailproof_core::accuracy::{
    Confusion, bias, mae, mape, mase, median_absolute_error, pinball, r_squared, rmse, smape, wape,
};
use tailproof_tests::reference::Case;

fn numbers(case: &Case<'_>, key: &str) -> Vec<f64> {
    case.input(key).as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn pairs(case: &Case<'_>, actual: &str, predicted: &str) -> Vec<(f64, f64)> {
    numbers(case, actual).into_iter().zip(numbers(case, predicted)).collect()
}

/// What does not exist is NaN in the file, or its key is absent.
fn value(answer: Option<f64>) -> f64 {
    answer.unwrap_or(f64::NAN)
}

pub(super) fn forecasting_metrics(case: &mut Case<'_>) {
    match case.op() {
        "forecast" => forecast(case),
        "labels" => labels(case),
        other => panic!("unknown op {other}"),
    }
}

fn forecast(case: &mut Case<'_>) {
    let pairs = pairs(case, "actual", "forecast");
    let training = numbers(case, "train");
    let season = case.input("season").as_u64().unwrap() as usize;
    for (key, got) in [
        ("mae", mae(&pairs)),
        ("rmse", rmse(&pairs)),
        ("bias_mean_error", bias(&pairs)),
        ("median_ae", median_absolute_error(&pairs)),
        ("mape_fraction", mape(&pairs)),
        ("smape_fraction_0_to_2", smape(&pairs)),
        ("wape_fraction", wape(&pairs)),
        ("mase", mase(&pairs, &training, season)),
        ("r2", r_squared(&pairs)),
    ] {
        // The file leaves out what does not exist.
        assert_eq!(got.is_some(), case.want(key).is_some(), "{}: {key}", case.name());
        case.check(key, value(got));
    }
    for p in ["0.1", "0.5", "0.9"] {
        let rank: Rank = p.parse().unwrap();
        case.check(&format!("pinball_{p}"), value(pinball(&pairs, rank)));
    }
}

fn labels(case: &mut Case<'_>) {
    let seen = Confusion::of(&pairs(case, "truth", "predicted"), 1.0);
    for (key, got) in [
        ("tp", Some(seen.true_positives as f64)),
        ("fp", Some(seen.false_positives as f64)),
        ("fn", Some(seen.false_negatives as f64)),
        ("tn", Some(seen.true_negatives as f64)),
        ("precision", seen.precision()),
        ("recall", seen.recall()),
        ("f1", seen.f1()),
        ("accuracy", seen.accuracy()),
        ("false_positive_rate", seen.false_positive_rate()),
        ("specificity", seen.specificity()),
        ("mcc", seen.mcc()),
    ] {
        case.check(key, value(got));
    }
}
