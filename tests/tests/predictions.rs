//! Transcripts: how good predictions are.

use std::fmt::Write as _;
use std::fs;

use tailproof_tests::program::run;

/// So many rows of each kind: tp, fp, fn, tn.
fn labels(counts: [usize; 4]) -> String {
    let kinds = ["1,1\n", "0,1\n", "1,0\n", "0,0\n"];
    let rows: String = kinds.iter().zip(counts).map(|(kind, n)| kind.repeat(n)).collect();
    format!("label,predicted\n{rows}")
}

/// 40 values before the predictions, which step by 40 ms, then 200 predictions.
fn forecasts() -> String {
    let mut text = "actual_ms,forecast\n".to_owned();
    for i in 0..40 {
        writeln!(text, "{},", 100 + i % 2 * 40).unwrap();
    }
    for i in 0..200 {
        writeln!(text, "{},{}", 100 + i % 7, 97 + i * 5 % 11).unwrap();
    }
    text
}

#[test]
fn labels_are_counted_within_their_denominators() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spam.csv"), labels([480, 10, 10, 500])).unwrap();
    let args = [
        "validate",
        "spam.csv",
        "--objective",
        "predicted: precision >= 90%",
        "--objective",
        "predicted: recall >= 99.9%",
        "--objective",
        "predicted: f1 >= 95%",
        "--objective",
        "accuracy >= 95%",
    ];
    let judged = run(folder.path(), &args);
    assert_eq!(judged.code, 1, "{}{}", judged.stdout, judged.stderr); // The recall.
    for part in [
        "precision = 97.96 %, at least ",
        "(480 of 490 predicted positives, Clopper-Pearson, one-sided; n = 490) vs >= 90%: PASS",
        "recall = 97.96 %, at most ",
        "n = 490) vs >= 99.9%: FAIL",
        "f1 = 97.96 %, at least ",
        "(Jaccard index 480 of 500 positives, real or predicted, Clopper-Pearson",
        "(980 of 1000 pairs, Clopper-Pearson",
    ] {
        assert!(judged.stdout.contains(part), "{part}: {}", judged.stdout);
    }
    fs::write(folder.path().join("text.csv"), "label,predicted\nspam,ham\n").unwrap();
    let text = run(folder.path(), &["validate", "text.csv", "-o", "predicted: f1 >= 95%"]);
    assert_eq!(text.code, 2, "{}", text.stderr);
    assert!(text.stderr.contains("line 2") && text.stderr.contains("0 and 1"), "{}", text.stderr);
}

#[test]
fn forecasts_are_judged_with_their_spread() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("load.csv"), forecasts()).unwrap();
    let args = [
        "validate",
        "load.csv",
        "--objective",
        "forecast: mape <= 15%",
        "--objective",
        "forecast: mase <= 1",
        "--objective",
        "forecast: rmse <= 2.5 ms",
    ];
    let judged = run(folder.path(), &args);
    assert_eq!(judged.code, 1, "{}{}", judged.stdout, judged.stderr); // The root mean square.
    for part in [
        "studentized bootstrap, one-sided, asymptotic; n = 200) vs <= 15%: PASS",
        "vs <= 1: PASS",
        "rmse = 3.849 ms, at least ",
        "vs <= 2.5 ms: FAIL",
        "errors are divided by 40, how much each of the 40 training values differs",
    ] {
        assert!(judged.stdout.contains(part), "{part}: {}", judged.stdout);
    }
    // A percentage of 0 does not exist: the row is not left out in silence.
    fs::write(folder.path().join("zero.csv"), forecasts() + "0,1\n").unwrap();
    let zero = run(folder.path(), &["validate", "zero.csv", "-o", "forecast: mape <= 15%"]);
    assert_eq!(zero.code, 3, "{}{}", zero.stdout, zero.stderr);
    assert!(zero.stdout.contains("1 of 201 actual values are 0"), "{}", zero.stdout);
    let bare = run(folder.path(), &["validate", "load.csv", "-o", "forecast: mape <= 15"]);
    assert_eq!(bare.code, 2, "{}", bare.stdout);
    assert!(bare.stderr.contains("only as a percentage"), "{}", bare.stderr);
}
