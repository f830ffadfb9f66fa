//! `tailproof plan`: numbers of the theory, transcripts, and what it refuses.

use std::fs;

use tailproof_tests::program::{Run, root, run};

fn plan(args: &[&str]) -> Run {
    run(root(), &[&["plan"], args].concat())
}

/// The cells of the row that begins with `first`, of a table in Markdown.
fn row(text: &str, first: &str) -> Vec<String> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect()
    };
    let found = text.lines().filter(|l| l.starts_with('|')).map(cells).find(|c| c[0] == first);
    found.unwrap_or_else(|| panic!("no row {first:?} in\n{text}"))
}

fn markdown(args: &[&str]) -> String {
    let run = plan(&[args, &["--output", "markdown"]].concat());
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run.stdout
}

#[test]
fn percentiles_need_what_the_theory_says() {
    let text = markdown(&[]);
    for (p, want) in [
        ("p50", ["50 %", "10", "14", "18", "27", "10", "10"]),
        ("p90", ["90 %", "66", "89", "108", "159", "16", "3"]),
        ("p95", ["95 %", "135", "181", "220", "324", "17", "3"]),
        ("p99", ["99 %", "688", "920", "1119", "1640", "17", "2"]),
        ("p99.9", ["99.9 %", "6905", "9230", "11 225", "16 450", "17", "2"]),
        ("p99.99", ["99.99 %", "69 075", "92 331", "112 285", "164 542", "17", "2"]),
    ] {
        assert_eq!(row(&text, p)[1..], want, "{p}");
    }
    let weaker = markdown(&["--level", "95%"]);
    assert_eq!(row(&weaker, "p95")[2], "59"); // ln 0.05 / ln 0.95 = 58.4
}

#[test]
fn an_objective_with_an_expected_share() {
    let args = ["latency: p99 <= 200ms", "--share", "99.5%", "--n", "5000"];
    let text = markdown(&args);
    let sizes = row(&text, "latency: p99 &lt;= 200ms");
    assert_eq!(sizes[2..6], ["688", "920", "1119", "1640"]);
    assert_eq!(sizes[8..], ["4842", "5856", "6726"]);
    // Among 5 000, 29 misses pass and 74 fail where 50 are expected.
    assert!(text.contains("| 99 % | 29 | 74 | 99.493 % | 99.535 % | 99.568 % |"), "{text}");
    let likely = row(&text, "99.5 %");
    assert_eq!(likely[1..3], ["50 %", "81.84 %"]);
    let at_target = row(&text, "99 %");
    assert_eq!(at_target[1], "100 %");
    assert!(at_target[2].starts_with("0.0874") && at_target[3].starts_with("0.0834"));
    insta::assert_snapshot!("plan_objective", plan(&args).stdout);
}

#[test]
fn several_objectives_share_the_error_of_failing() {
    let args = ["p95 <= 1s", "rate(> 1s) <= 0.1%", "p50 in 1..2 s", "mean <= 1s"];
    let text = markdown(&args);
    assert_eq!(row(&text, "rate(&gt; 1s) &lt;= 0.1%")[2], "6905");
    assert_eq!(row(&text, "p50 in 1..2 s (upper end)")[2], "10");
    assert_eq!(row(&text, "mean &lt;= 1s")[2], "-");
    assert!(text.contains("5 claims are judged in one run"), "{text}");
    assert!(text.contains("99.98 %"), "Bonferroni: 1 - 0.001/5\n{text}");
}

#[test]
fn objectives_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = "level = \"99%\"\nobjectives = [\"latency: p95 <= 150ms\"]\n";
    fs::write(folder.path().join("slo.toml"), config).unwrap();
    let args = ["plan", "--slo", "slo.toml", "--output", "markdown"];
    let run = run(folder.path(), &args);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(row(&run.stdout, "latency: p95 &lt;= 150ms")[2], "90"); // ln 0.01 / ln 0.95 = 89.8
}

#[test]
fn shares_are_proven_by_few_misses() {
    let args = ["--prove-share", "99.99%"];
    let text = markdown(&args);
    for want in [
        "| 99.99 % | 95 % | 29 956 | 47 437 | 62 956 | 105 128 |",
        "| 99.99 % | 99 % | 46 050 | 66 381 | 84 057 | 131 081 |",
        "| 99.99 % | 99.9 % | 69 075 | 92 331 | 112 285 | 164 542 |",
    ] {
        assert!(text.contains(want), "{want}\n{text}");
    }
    insta::assert_snapshot!("plan_prove_share", plan(&args).stdout);
}

#[test]
fn changes_need_what_scipy_says() {
    let text = markdown(&["--change", "5%", "--cv", "20%", "--n", "500"]);
    // The formulas of `power_change.rs` and its neighbours in SciPy, rounded up.
    for (statistic, want) in [
        ("mean (Welch)", ["20 %", "266", "355", "439"]),
        ("whole sample (Mann-Whitney)", ["56.91 %", "274", "367", "453"]),
        ("p50 (asymptotic)", ["24.82 %", "407", "544", "673"]),
        ("p95 (asymptotic)", ["41.85 %", "1155", "1547", "1913"]),
        ("p99 (asymptotic)", ["73.93 %", "3605", "4826", "5968"]),
    ] {
        assert_eq!(row(&text, statistic)[1..], want, "{statistic}");
    }
    let (_, at_n) = text.split_once("500 observations a side").unwrap();
    assert_eq!(row(at_n, "mean (Welch)")[2..], ["3.612 %", "4.191 %", "4.672 %"]);
    assert_eq!(row(at_n, "p95 (asymptotic)")[2..], ["7.697 %", "8.959 %", "10.01 %"]);
    assert_eq!(row(at_n, "p99 (asymptotic)")[2..], ["-", "-", "-"]);
    assert!(at_n.contains("needs at least 1000 observations, got 500"), "{at_n}");

    let runs = markdown(&["--change", "5%", "--cv", "20%", "--runs-cv", "3%", "--runs", "10"]);
    let (_, by_run) = runs.split_once("runs a side").unwrap();
    assert_eq!(row(by_run, "mean, 100 a run")[2..], ["10", "13", "16"]);
    assert_eq!(row(by_run, "mean, however many a run")[2..], ["8", "10", "11"]);
    let (_, ten) = by_run.split_once("10 runs a side").unwrap();
    assert_eq!(row(ten, "mean, however many a run")[2..], ["4.057 %", "4.711 %", "5.256 %"]);
}

#[test]
fn a_pilot_gives_the_noise() {
    let pilot = "examples/postgres/async.csv";
    let args = ["--change", "10%", "--pilot", pilot, "--metric", "latency", "--n", "20000"];
    let run = plan(&args);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!("plan_pilot", run.stdout);

    // Runs: t on one value a run. Three files are three runs.
    let folder = tempfile::tempdir().unwrap();
    for (name, k) in [("a.csv", 0), ("b.csv", 4), ("c.csv", 8)] {
        let rows: String = (0..400).map(|i| format!("{}\n", 100 + k + i * 7_919 % 50)).collect();
        fs::write(folder.path().join(name), format!("latency_ms\n{rows}")).unwrap();
    }
    let args = ["plan", "--change", "5%", "--pilot", "a.csv", "--pilot", "b.csv", "--pilot"];
    let args = [&args[..], &["c.csv", "--output", "markdown"]].concat();
    let run = tailproof_tests::program::run(folder.path(), &args);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // Run means 124.5, 128.5, 132.5: a spread of 4/128.5.
    assert_eq!(row(&run.stdout, "mean by run")[1], "3.113 %");
    assert!(run.stdout.contains("of 3 runs"), "{}", run.stdout);
}

#[test]
fn two_shares_are_told_apart() {
    let text = markdown(&["--proportions", "1%", "1.5%", "--n", "5000"]);
    assert_eq!(row(&text, "z test, pooled variance")[1..4], ["7750", "10 375", "12 830"]);
    assert_eq!(row(&text, "z test, separate variances")[1..4], ["7747", "10 371", "12 826"]);
    assert_eq!(row(&text, "arcsine")[1..4], ["7674", "10 273", "12 704"]);
}

#[test]
fn machines_get_numbers_and_reasons() {
    let run = plan(&["p99 <= 1s", "mean <= 1s", "--share", "98%", "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["schema"], "tailproof.plan/1");
    let table = &json["tables"][0];
    assert_eq!((&table["table"], &table["level"]), (&"objectives".into(), &0.999.into()));
    let (p99, mean) = (&table["rows"][0], &table["rows"][1]);
    assert_eq!((&p99["claim"], &p99["n_with_0_misses"]), (&"p99 <= 1s".into(), &688.into()));
    // A share below the one promised is not proven by any n.
    assert!(p99["n_for_power_0.8"].is_null());
    assert!(p99["n_for_power_0.8_reason"].as_str().unwrap().contains("above the rank"));
    assert!(mean["share_promised_reason"].as_str().unwrap().contains("--change"));
}

#[test]
fn errors_say_what_to_give() {
    for (args, part) in [
        (&["--change", "5%"][..], "--pilot FILE"),
        (&["--change", "0%", "--cv", "20%"], "above 0"),
        (&["--change", "5%", "--cv", "0%"], "--cv is a standard deviation"),
        (&["--change", "5%", "--runs-cv", "3%", "--n", "9"], "--n needs"),
        (&["--change", "5%", "--cv", "3%", "--runs", "9"], "--runs needs"),
        (&["--cv", "20%"], "--change"),
        (&["--prove-share", "99.99%", "--share", "99%"], "--share belongs to an objective"),
        (&["--prove-share", "99.99%", "--n", "99"], "--n belongs to"),
        (&["--prove-share", "100%"], "strictly between 0 and 1"),
        (&["--proportions", "1%", "1%"], "two different shares"),
        (&["--proportions", "1%"], "--proportions"),
        (&["p99 =< 3"], "column 5"),
        (&["mean <= 3ms"], "rate(<= 200ms)"),
        (&["p99 <= 3", "--n", "1"], "2"),
        (&["p99 <= 3", "--power", "100%"], "a probability"),
        (&["--change", "5%", "--pilot", "absent.csv"], "absent.csv"),
    ] {
        let run = plan(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}\n{}", run.stderr);
        assert!(run.stderr.contains(part), "{args:?}: {part:?} is not in {}", run.stderr);
    }
}

#[test]
fn a_plan_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), &["plan", "--out", "markdown=plan.md", "--out", "json=plan.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let kept = fs::read_to_string(folder.path().join("plan.md")).unwrap();
    assert!(kept.starts_with("### Observations that prove an objective at 99.9 %"), "{kept}");
    assert!(folder.path().join("plan.json").is_file());
}
