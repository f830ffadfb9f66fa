//! Transcripts of the gate and its neighbours: command, output, exit code.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tailproof_tests::program::{Run, root, run};

fn here(args: &[&str]) -> Run {
    run(root(), args)
}

fn findings(run: &Run) -> Vec<Value> {
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    json["findings"].as_array().unwrap().clone()
}

/// The verdict of a benchmark's statistic.
fn verdict(findings: &[Value], benchmark: &str, statistic: &str) -> String {
    let same = |f: &&Value| f["benchmark"] == benchmark && f["statistic"] == statistic;
    let found = findings.iter().find(same).unwrap_or_else(|| panic!("{benchmark} {statistic}"));
    found["verdict"].as_str().unwrap().to_owned()
}

const CRITERION: &str = "tests/samples/criterion/v0.8-layout";

#[test]
fn a_criterion_folder_is_compared_with_its_own_baseline() {
    let run = here(&["compare", CRITERION]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn the_known_changes_are_found_and_nothing_else() {
    let run = here(&["compare", CRITERION, "--output", "json"]);
    let found = findings(&run);
    for statistic in ["mean", "p50"] {
        assert_eq!(verdict(&found, "hash/fold/10000", statistic), "fail");
        assert_eq!(verdict(&found, "flat mode/slash/plain", statistic), "no_detectable_change");
        assert_eq!(verdict(&found, "hash/fold/1000", statistic), "no_detectable_change");
    }
    for f in found.iter().filter(|f| f["benchmark"] == "hash/fold/1000") {
        assert!(f["would_have_shown"].as_f64().unwrap() > 0.05, "{f}");
    }
    // The other way round the change is an improvement.
    let back = here(&[
        "compare",
        &format!("{CRITERION}@new"),
        &format!("{CRITERION}@base"),
        "--output",
        "json",
    ]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    assert_eq!(verdict(&findings(&back), "hash/fold/10000", "p50"), "pass");
    // A power that the noise does not allow is inconclusive, with the n that would.
    let args =
        ["compare", CRITERION, "--filter", "benchmark:hash/fold/1000", "--require-power", "5%"];
    let short = here(&args);
    assert_eq!(short.code, 3, "{}", short.stderr);
    assert!(short.stdout.contains("needs n ≥"), "{}", short.stdout);
    let gated = here(&[&args[..], &["--fail-on", "inconclusive"]].concat());
    assert_eq!(gated.code, 1);
}

#[test]
fn go_benchmarks_in_both_directions() {
    let (old, new) = ("tests/samples/go-bench/old.txt", "tests/samples/go-bench/new.txt");
    let better = here(&["compare", old, new]);
    assert_eq!(better.code, 0, "{}", better.stderr);
    insta::assert_snapshot!(better.stdout);
    let worse = here(&["compare", new, old]);
    assert_eq!(worse.code, 1, "{}", worse.stderr);
    // The same file says nothing of itself.
    assert_eq!(here(&["compare", old, old]).code, 0);
}

#[test]
fn load_tools_and_mixed_kinds() {
    for (base, head, code) in [
        ("hey/hey_samples_base.csv", "hey/hey_samples_slower.csv", 1),
        ("hey/hey_samples_slower.csv", "hey/hey_samples_base.csv", 0),
        ("hyperfine/ab.json", "hyperfine/ab.json", 0),
        ("jmh/six.json", "jmh/six.json", 0),
    ] {
        let at = |name: &str| format!("tests/samples/{name}");
        let run = here(&["compare", &at(base), &at(head)]);
        assert_eq!(run.code, code, "{base} {head}: {}{}", run.stdout, run.stderr);
    }
    // A summary with mean, deviation and n is enough, and a closed loop is told.
    let wrk = ["wrk/wrk_latency_base.txt", "wrk/wrk_latency_slower.txt"];
    let wrk = wrk.map(|n| format!("tests/samples/{n}"));
    let run = here(&["compare", &wrk[0], &wrk[1]]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("closed"), "{}", run.stdout);
}

#[test]
fn nothing_in_common_is_undecided() {
    let run =
        here(&["compare", "tests/samples/go-bench/old.txt", "tests/samples/hyperfine/ab.json"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stderr.contains("nothing to compare"), "{}", run.stderr);
    let alone = here(&["compare", "tests/samples/hyperfine/ab.json"]);
    assert_eq!(alone.code, 3);
    assert!(alone.stderr.contains("baseline save"), "{}", alone.stderr);
}

/// A folder with two sets of benchmarks: `a` is 20 % slower in the second, `b` is gone.
fn two_sets() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows = |name: &str, level: f64| -> String {
        (0..40)
            .map(|i| format!("{name},{:.3}\n", level * (1.0 + 0.001 * f64::from(i * 7 % 13))))
            .collect()
    };
    let write = |file: &str, text: String| fs::write(folder.path().join(file), text).unwrap();
    let head = "benchmark,latency_ms\n";
    write("before.csv", format!("{head}{}{}", rows("a", 100.0), rows("b", 50.0)));
    write("after.csv", format!("{head}{}{}", rows("a", 120.0), rows("c", 10.0)));
    folder
}

#[test]
fn baselines_are_kept_compared_and_dropped() {
    let folder = two_sets();
    let at = |args: &[&str]| run(folder.path(), args);
    assert!(at(&["baseline", "list"]).stdout.contains("no baseline yet"));
    let saved = at(&["baseline", "save", "main", "before.csv", "--commit", "c0ffee"]);
    assert_eq!(saved.code, 0, "{}", saved.stderr);
    assert!(folder.path().join(".tailproof/baselines/main.json").is_file());
    assert!(at(&["baseline", "list"]).stdout.contains("c0ffee"));
    assert!(at(&["baseline", "show", "main"]).stdout.contains("latency{benchmark=b}"));
    // More than 10 % slower against the committed baseline fails.
    let gate = at(&["compare", "--baseline", "main", "after.csv", "--min-effect", "10%"]);
    assert_eq!(gate.code, 1, "{}{}", gate.stdout, gate.stderr);
    assert!(gate.stdout.contains("1 of 2 metrics compared, 1 new, 1 gone"), "{}", gate.stdout);
    // `main` is what a single argument is compared with.
    assert_eq!(at(&["compare", "after.csv", "--min-effect", "25%"]).code, 0);
    for args in [&["baseline", "show", "mian"][..], &["baseline", "save", "../x", "after.csv"]] {
        let wrong = at(args);
        assert_eq!(wrong.code, 2, "{}", wrong.stdout);
    }
    assert_eq!(at(&["baseline", "drop", "main"]).code, 0);
    assert_eq!(at(&["compare", "after.csv"]).code, 3);
}

#[test]
fn accepted_changes_do_not_gate_until_their_day() {
    let folder = two_sets();
    let accept = |expires: &str, up_to: &str| {
        let text = format!(
            "[[accepted]]\nbenchmark = \"a\"\nup_to = \"{up_to}\"\nreason = \"checks inputs\"\n\
             expires = \"{expires}\"\n"
        );
        fs::create_dir_all(folder.path().join(".tailproof")).unwrap();
        fs::write(folder.path().join(".tailproof/accepted.toml"), text).unwrap();
        run(folder.path(), &["compare", "before.csv", "after.csv"])
    };
    let accepted = accept("9999-12-31", "25%");
    assert_eq!(accepted.code, 0, "{}{}", accepted.stdout, accepted.stderr);
    assert!(accepted.stdout.contains("worse, accepted"), "{}", accepted.stdout);
    assert!(accepted.stdout.contains("checks inputs"));
    assert_eq!(accept("9999-12-31", "10%").code, 1);
    assert_eq!(accept("2020-01-01", "25%").code, 1);
    let wrong = accept("soon", "25%");
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("accepted.toml, line 5"), "{}", wrong.stderr);
}

#[test]
fn limits_and_declared_benchmarks_come_from_the_file() {
    let folder = two_sets();
    let with = |text: &str, more: &[&str]| {
        fs::write(folder.path().join("tailproof.toml"), text).unwrap();
        run(folder.path(), &[&["compare", "before.csv", "after.csv"], more].concat())
    };
    let limit = "[[compare.limits]]\nbenchmark = \"a*\"\nmin_effect = \"30%\"\n";
    assert_eq!(with(limit, &[]).code, 0);
    assert_eq!(with(&limit.replace("30%", "10%"), &[]).code, 1);
    // What is typed beats the file, but not a limit of a single benchmark.
    assert_eq!(with("[compare]\nmin_effect = \"1%\"\n", &["--min-effect", "30%"]).code, 0);
    let declared = "[compare]\nbenchmarks = [\"b\"]\nmin_effect = \"30%\"\n";
    let gone = with(declared, &[]);
    assert_eq!(gone.code, 1, "{}{}", gone.stdout, gone.stderr);
    assert!(gone.stdout.contains("MISSING") || gone.stdout.contains("missing"), "{}", gone.stdout);
    assert_eq!(with(declared, &["--fail-on", "regression"]).code, 0);
    let fail_on = "[compare]\nfail_on = [\"missing\"]\n";
    assert_eq!(with(fail_on, &[]).code, 0);
    for (text, line) in
        [("[compare]\nlevl = 0.9\n", "line 2"), ("[compare]\nlevel = 2\n", "line 2")]
    {
        let wrong = with(text, &[]);
        assert_eq!(wrong.code, 2, "{}", wrong.stdout);
        assert!(wrong.stderr.contains(line), "{}", wrong.stderr);
    }
}

#[test]
fn several_candidates_are_one_family() {
    let folder = two_sets();
    fs::copy(folder.path().join("before.csv"), folder.path().join("same.csv")).unwrap();
    let args = ["compare", "before.csv", "x=after.csv", "y=same.csv", "--output", "json"];
    let both = run(folder.path(), &args);
    assert_eq!(both.code, 1, "{}", both.stderr);
    let failed: Vec<Value> =
        findings(&both).into_iter().filter(|f| f["verdict"] == "fail").collect();
    assert!(!failed.is_empty() && failed.iter().all(|f| f["labels"]["head"] == "x"), "{failed:?}");
    let other = run(folder.path(), &["compare", "x=after.csv", "y=before.csv", "--reference", "y"]);
    assert_eq!(other.code, 1, "{}", other.stderr);
}

#[test]
fn categories_show_where_they_differ() {
    let folder = tempfile::tempdir().unwrap();
    // Each category is faster, and yet the whole is slower: the mix has changed.
    let text = |small: (f64, i32), large: (f64, i32)| {
        let mut out = "size,latency_ms\n".to_owned();
        for (name, (level, n)) in [("small", small), ("large", large)] {
            for i in 0..n {
                out.push_str(&format!(
                    "{name},{:.3}\n",
                    level * (1.0 + 0.002 * f64::from(i * 7 % 11))
                ));
            }
        }
        out
    };
    fs::write(folder.path().join("a.csv"), text((10.0, 90), (100.0, 10))).unwrap();
    fs::write(folder.path().join("b.csv"), text((9.0, 10), (90.0, 90))).unwrap();
    let run = run(folder.path(), &["compare", "a.csv", "b.csv", "--by", "size"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("Simpson"), "{}", run.stdout);
    assert!(run.stdout.contains("Q = "), "{}", run.stdout);
}

#[test]
fn published_tables_are_judged_again() {
    let run = here(&["compare", "--summary", "examples/published-claims/micro-scale.txt"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!("published_micro_scale", run.stdout);
    let claims = here(&["speedup", "--claims", "examples/published-claims/claims.toml"]);
    assert_eq!(claims.code, 0, "{}", claims.stderr);
    insta::assert_snapshot!("published_claims", claims.stdout);
}

#[test]
fn files_are_shown_and_written_in_the_canonical_form() {
    let run_of = |args: &[&str]| {
        let run = here(args);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    };
    insta::assert_snapshot!(
        "import_k6",
        run_of(&["import", "tests/samples/k6/out_csv_constructed.csv"])
    );
    insta::assert_snapshot!("import_criterion", run_of(&["import", CRITERION]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.ndjson");
    run_of(&["import", "tests/samples/jmh/six.json", "--to", path.to_str().unwrap()]);
    let again = run_of(&["import", path.to_str().unwrap()]);
    let first = run_of(&["import", "tests/samples/jmh/six.json"]);
    let rows = |text: &str| {
        text.lines().filter(|l| l.starts_with('│')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rows(&again), rows(&first));
}

#[test]
fn changes_of_a_history_have_names_and_days() {
    let file = "tests/samples/history-csv/sample.csv";
    let down = here(&["changes", file, "--metric", "metric2", "--direction", "higher"]);
    assert_eq!(down.code, 1, "{}{}", down.stdout, down.stderr);
    assert!(down.stdout.contains("since aaa6 (2024-01-07)"), "{}", down.stdout);
    let up = here(&["changes", file, "--metric", "metric2", "--direction", "lower"]);
    assert_eq!(up.code, 0, "{}{}", up.stdout, up.stderr);
    let unknown = here(&["changes", file, "--metric", "metric2"]);
    assert_eq!(unknown.code, 3);
}

#[test]
fn commands_are_timed_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let args = |more: &[&str]| {
        let base = ["run", "--max-rounds", "12", "--save", "runs.ndjson"];
        let commands = ["--", "a=sleep 0.001", "--", "b=sleep 0.03"];
        run(folder.path(), &[&base[..], more, &commands].concat())
    };
    let plain = args(&[]);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    assert!(plain.stdout.contains("SLOWER"), "{}", plain.stdout);
    assert_eq!(args(&["--fail-on", "regression"]).code, 1);
    let saved = run(folder.path(), &["import", "runs.ndjson"]);
    assert!(saved.stdout.contains("time{benchmark=b}"), "{}", saved.stdout);
    let fails = run(folder.path(), &["run", "--", "false"]);
    assert_eq!(fails.code, 2);
    assert!(fails.stderr.contains("--ignore-failure"), "{}", fails.stderr);
}

#[test]
fn leaks_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |slope: f64| -> String {
        (0..200)
            .map(|i| {
                format!("{},{}\n", i * 60, 1e8 + slope * f64::from(i) + 1e4 * f64::from(i * 7 % 13))
            })
            .collect()
    };
    for (name, slope) in [("flat.csv", 0.0), ("leak.csv", 1e5)] {
        fs::write(folder.path().join(name), format!("time_s,rss_B\n{}", rows(slope))).unwrap();
    }
    let at = |file: &str| run(folder.path(), &["leak", file, "--limit", "1MB/h"]);
    assert_eq!(at("flat.csv").code, 0, "{}{}", at("flat.csv").stdout, at("flat.csv").stderr);
    let leak = at("leak.csv");
    assert_eq!(leak.code, 1, "{}{}", leak.stdout, leak.stderr);
    assert!(leak.stdout.contains("/h"), "{}", leak.stdout);
}

#[test]
fn profiles_say_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("before.folded", "main;parse 600\nmain;write 400\n");
    write("after.folded", "main;parse 300\nmain;write 700\n");
    write("wrong.folded", "main;parse 600\nmain;parse\n");
    let args = ["flame", "before.folded", "after.folded", "--own", "--archive", "kept"];
    let run_of = |args: &[&str]| run(folder.path(), args);
    let changed = run_of(&args);
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    insta::assert_snapshot!("flame_changes", changed.stdout);
    let kept: Vec<_> = fs::read_dir(folder.path().join("kept/flame_graphs")).unwrap().collect();
    let path = kept[0].as_ref().unwrap().path();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        name.starts_with("comparison_20") && fs::read_to_string(path).unwrap().contains("<svg")
    );
    let json = run_of(&["flame", "before.folded", "after.folded", "--own", "--output", "json"]);
    assert_eq!((json.code, json.stderr.as_str()), (0, ""));
    let evidence: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let findings = evidence["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["labels"]["function"], "parse");
    assert_eq!(findings[0]["exhibits"].as_array().unwrap().len(), 2);
    assert!(!json.stdout.contains("<script"), "{}", json.stdout);
    let alone = run_of(&["flame", "before.folded", "--output", "json"]);
    assert_eq!(alone.code, 0, "{}", alone.stderr);
    let wrong = run_of(&["flame", "wrong.folded"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("wrong.folded, line 2"), "{}", wrong.stderr);
}

#[test]
fn an_archive_is_laid_out_by_kind_and_day() {
    let folder = two_sets();
    let run = run(folder.path(), &["compare", "before.csv", "after.csv", "--archive", "kept"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let only = |below: &str| -> Vec<String> {
        let entries = fs::read_dir(folder.path().join("kept").join(below)).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let results = only("benchmark_results");
    assert!(results.len() == 1 && results[0].starts_with("compare_results_20"), "{results:?}");
    let tables = only("statistical_analysis");
    assert!(
        tables[0].starts_with("confidence_intervals_")
            && tables[1].starts_with("significance_tests_")
    );
    let text = |name: &str| {
        let path = Path::new("kept/statistical_analysis").join(name);
        fs::read_to_string(folder.path().join(path)).unwrap()
    };
    assert!(text(&tables[0]).contains("relative change"));
    assert!(text(&tables[1]).contains("FAIL"));
}
