//! The artifact of document 0: its structure to the letter, every boolean derived.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tailproof_tests::program::run;

/// Values 1..=n modulo 100, in a scrambled order.
fn csv(column: &str, n: usize) -> String {
    let rows: String = (0..n).map(|i| format!("{}\n", i * 7_919 % 100)).collect();
    format!("{column}\n{rows}")
}

fn artifact(folder: &Path, args: &[&str]) -> Value {
    let mut all = vec!["validate"];
    all.extend_from_slice(args);
    all.extend_from_slice(&["--component", "demo", "--artifacts", "out"]);
    let run = run(folder, &all);
    assert_ne!(run.code, 2, "{}", run.stderr);
    let path = folder.join("out/demo_performance_bootstrap_validation.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn with_files(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_structure_is_the_documents() {
    let folder =
        with_files(&[("a.csv", csv("latency_ms", 1_000)), ("b.csv", csv("latency_ms", 900))]);
    let a =
        artifact(folder.path(), &["a.csv", "-o", "latency: p95 <= 150ms", "--baseline", "b.csv"]);
    assert_eq!(
        keys(&a),
        [
            "component",
            "validation_timestamp",
            "bootstrap_validation",
            "statistical_testing",
            "t4_excellence",
            "reporting",
            "evidence"
        ]
    );
    for (section, want) in [
        (
            "bootstrap_validation",
            &["samples", "confidence_level", "slo_compliance_validated", "performance_ms"][..],
        ),
        (
            "statistical_testing",
            &[
                "regression_detection",
                "significance_level",
                "effect_size_calculated",
                "performance_ms",
            ],
        ),
        (
            "t4_excellence",
            &["threshold", "compliance_validated", "overall_compliant", "performance_ms"],
        ),
        (
            "reporting",
            &[
                "automated_reports",
                "compliance_scoring",
                "recommendations_generated",
                "performance_ms",
            ],
        ),
    ] {
        assert_eq!(keys(&a[section]), want);
        assert!(a[section]["performance_ms"].as_f64().unwrap() > 0.0, "{section}");
    }
    assert_eq!(a["component"], "demo");
    assert_eq!(a["bootstrap_validation"]["samples"], 10_000);
    assert_eq!(a["bootstrap_validation"]["confidence_level"], 0.999);
    assert_eq!(a["statistical_testing"]["significance_level"], 0.001);
    assert_eq!(a["t4_excellence"]["threshold"], 0.0001);
    let stamp = a["validation_timestamp"].as_str().unwrap();
    assert!(stamp.len() == 20 && stamp.ends_with('Z') && &stamp[10..11] == "T", "{stamp}");
    // All true at once.
    for (section, key) in [
        ("bootstrap_validation", "slo_compliance_validated"),
        ("statistical_testing", "regression_detection"),
        ("statistical_testing", "effect_size_calculated"),
        ("t4_excellence", "compliance_validated"),
        ("t4_excellence", "overall_compliant"),
        ("reporting", "automated_reports"),
        ("reporting", "compliance_scoring"),
    ] {
        assert_eq!(a[section][key], true, "{section}.{key}");
    }
}

#[test]
fn each_boolean_can_be_false() {
    let folder = with_files(&[
        ("few.csv", csv("latency_ms", 50)),
        ("many.csv", csv("latency_ms", 1_000)),
        ("events.csv", "good,total\n99999,100000\n".to_owned()),
    ]);
    let at = |args: &[&str]| artifact(folder.path(), args);
    // 50 values cannot decide p95 at 99.9 %.
    let few = at(&["few.csv", "-o", "latency: p95 <= 150ms"]);
    assert_eq!(few["bootstrap_validation"]["slo_compliance_validated"], false);
    assert_eq!(few["reporting"]["recommendations_generated"], true);
    // Without a baseline nothing is compared, and no time is invented.
    assert_eq!(few["statistical_testing"]["regression_detection"], false);
    assert_eq!(few["statistical_testing"]["effect_size_calculated"], false);
    assert_eq!(few["statistical_testing"]["performance_ms"], Value::Null);
    assert!(few["statistical_testing"]["performance_ms_reason"].is_string());
    // Everything in order: nothing to recommend.
    let good = at(&["many.csv", "-o", "latency: p95 <= 150ms"]);
    assert_eq!(good["bootstrap_validation"]["slo_compliance_validated"], true);
    assert_eq!(good["reporting"]["recommendations_generated"], false);
    // 1 % over the target is not T4.
    let missed = at(&["many.csv", "-o", "latency: p95 <= 98ms"]);
    assert_eq!(missed["t4_excellence"]["overall_compliant"], false);
    assert_eq!(missed["t4_excellence"]["compliance_validated"], true);
    // No metric has an upper target: T4 and score were not tested.
    let lower = at(&["many.csv", "-o", "latency: p5 >= 0ms"]);
    assert_eq!(lower["t4_excellence"]["compliance_validated"], false);
    assert_eq!(lower["t4_excellence"]["overall_compliant"], false);
    assert_eq!(lower["reporting"]["compliance_scoring"], false);
    // Event counts have no percentiles: no replicates were drawn.
    let events = at(&["events.csv", "-o", "ratio >= 99.9%"]);
    assert_eq!(events["bootstrap_validation"]["samples"], 0);
}

/// A run always judges something, so `automated_reports` is false only for an artifact of
/// nothing, which the library can make.
#[test]
fn no_findings_no_report() {
    let none = tailproof_reporting::Evidence::new("demo", vec![]);
    assert!(none.findings.is_empty());
    assert!(tailproof_reporting::table(&none, None).contains("INCONCLUSIVE"));
}

#[test]
fn evidence_says_what_it_was_made_from() {
    let folder = with_files(&[
        ("a.csv", csv("latency_ms", 300)),
        ("t.toml", "objectives = [\"latency: p95 <= 150ms\"]".into()),
    ]);
    let a =
        artifact(folder.path(), &["a.csv", "--slo", "t.toml", "--seed", "18446744073709551615"]);
    let e = &a["evidence"];
    assert_eq!(e["schema"], "tailproof.evidence/2");
    assert_eq!(e["tool"]["name"], "tailproof");
    assert_eq!(e["settings"]["seed"], "18446744073709551615");
    let roles: Vec<&str> =
        e["inputs"].as_array().unwrap().iter().map(|i| i["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["data", "configuration"]);
    assert_eq!(e["inputs"][0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        e["environment"]["cores"].as_u64().unwrap() as usize,
        std::thread::available_parallelism().unwrap().get()
    );
    let finding = &e["findings"][0];
    assert_eq!((finding["verdict"].as_str(), finding["unit"].as_str()), (Some("pass"), Some("ms")));
    assert_eq!(finding["n"][0], "300");
    let exhibits = finding["exhibits"].as_array().unwrap();
    let titles: Vec<&str> = exhibits.iter().map(|e| e["title"].as_str().unwrap()).collect();
    let want = [
        "Distribution",
        "Histogram",
        "Bootstrap law of p95",
        "Observations over time",
        "Autocorrelation",
    ];
    assert_eq!(titles, want);
    let result = &e["results"]["slo_compliance"][0];
    for key in [
        "slo_target",
        "p95_estimate",
        "confidence_interval",
        "confidence_level",
        "slo_compliant",
        "compliance_probability",
        "bootstrap_samples",
    ] {
        assert!(!result[key].is_null(), "{key}");
    }
    assert_eq!(result["replicates"]["agrees_with_exact"], true);
}

#[test]
fn both_regression_objects_have_all_fields_of_the_document() {
    let folder =
        with_files(&[("a.csv", csv("latency_ms", 300)), ("b.csv", csv("latency_ms", 200))]);
    let a =
        artifact(folder.path(), &["a.csv", "-o", "latency: p95 <= 150ms", "--baseline", "b.csv"]);
    let r = &a["evidence"]["results"]["regression"][0];
    for key in [
        "baseline_mean",
        "current_mean",
        "difference",
        "p_value",
        "significant",
        "regression_detected",
        "effect_size_cohens_d",
        "confidence_level",
    ] {
        assert!(!r["mean"][key].is_null(), "{key}");
    }
    for key in [
        "historical_median",
        "current_median",
        "median_difference",
        "p_value",
        "significant_change",
        "regression_detected",
        "effect_size",
        "performance_class",
        "sample_sizes",
    ] {
        assert!(!r["latency"][key].is_null(), "{key}");
    }
    assert_eq!(r["latency"]["sample_sizes"]["historical"], 200);
    let t4 = &a["evidence"]["results"]["t4_excellence"]["metrics"]["latency"];
    for key in [
        "slo_target",
        "p95",
        "p99",
        "p99_9",
        "excellence_compliance_rate",
        "t4_compliant",
        "sample_size",
    ] {
        assert!(!t4[key].is_null(), "{key}");
    }
    let report = &a["evidence"]["results"]["compliance_report"];
    assert_eq!(report["overall_compliance"]["risk_level"], "low");
    assert!(report["report_timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_report_of_an_artifact_needs_no_data() {
    let folder = with_files(&[("a.csv", csv("latency_ms", 300))]);
    let _ = artifact(folder.path(), &["a.csv", "-o", "latency: p95 <= 150ms"]);
    fs::remove_file(folder.path().join("a.csv")).unwrap();
    let path = "out/demo_performance_bootstrap_validation.json";
    let first = run(folder.path(), &["report", path]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(first.stdout.starts_with("demo: PASS (1 passed)"), "{}", first.stdout);
    // Evidence that was read and written again is the same.
    let json = run(folder.path(), &["report", path, "--output", "json"]);
    fs::write(folder.path().join("again.json"), &json.stdout).unwrap();
    let again = run(folder.path(), &["report", "again.json", "--output", "json"]);
    assert_eq!(json.stdout, again.stdout);
}
