//! Transcripts: command, output, exit code.

use std::fs;
use std::path::Path;

use tailproof_tests::program::{root, run};

fn examples() -> &'static Path {
    root()
}

#[test]
fn validate_on_the_example() {
    let args = [
        "validate",
        "examples/postgres/async.csv",
        "--objective",
        "latency: p95 <= 2ms",
        "--objective",
        "latency: p99.9 <= 10ms",
    ];
    let run = run(examples(), &args);
    assert_eq!(run.code, 3, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn compare_on_the_example_in_both_directions() {
    let (a, b) = ("examples/postgres/async.csv", "examples/postgres/sync.csv");
    let slower = run(examples(), &["compare", a, b]);
    let faster = run(examples(), &["compare", b, a]);
    assert_eq!((slower.code, faster.code), (1, 0));
    insta::assert_snapshot!("compare_slower", slower.stdout);
    insta::assert_snapshot!("compare_faster", faster.stdout);
    let same = run(examples(), &["compare", a, a]);
    assert_eq!(same.code, 0);
    assert!(!same.stdout.contains("REGRESSED"));
}

#[test]
fn markdown_on_the_example() {
    let args = [
        "validate",
        "examples/postgres/async.csv",
        "-o",
        "latency: p95 <= 2ms",
        "--output",
        "markdown",
    ];
    let run = run(examples(), &args);
    assert_eq!(run.code, 0);
    // The time of the run is the only part that changes.
    let stable: String = run
        .stdout
        .lines()
        .map(|l| if l.starts_with("- tailproof") { "- tailproof …" } else { l })
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(stable);
}

/// A folder with a file of the values 0..100, ten times over, scrambled.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..1_000).map(|i| format!("{}\n", i * 7_919 % 100)).collect();
    fs::write(folder.path().join("a.csv"), format!("latency_ms\n{rows}")).unwrap();
    folder
}

#[test]
fn exit_codes_follow_the_findings_and_the_gate() {
    let folder = folder();
    let pass = "latency: p95 <= 150ms";
    let fail = "latency: p95 <= 80ms";
    let open = "latency: p95 <= 95ms";
    for (args, code) in [
        (vec!["-o", pass], 0),
        (vec!["-o", fail], 1),
        (vec!["-o", open], 3),
        (vec!["-o", open, "-o", fail], 1),
        (vec!["-o", open, "-o", pass], 3),
        (vec!["-o", open, "--fail-on", "slo,inconclusive"], 1),
        (vec!["-o", fail, "--fail-on", "regression"], 0),
        (vec!["-o", fail, "--advisory"], 0),
        (vec!["-o", pass, "--t4"], 3), // 1 000 values prove no 99.99 %.
        (vec!["-o", "latency: p95 <= 98ms", "--t4"], 1), // Ten misses refute it.
        (vec!["-o", pass, "--baseline", "a.csv"], 0),
        (vec!["-o", pass, "-o", "latency: p95 <= +50%", "--baseline", "a.csv"], 0),
        (vec!["-o", "latency: mean <= -30%", "--baseline", "a.csv"], 1),
        (vec!["-o", "latency: p50 <= +0.1%", "--baseline", "a.csv"], 3),
        (vec!["-o", "latency: p95 in 80..150 ms"], 0),
        (vec!["-o", "latency: p95 in 120..150 ms"], 1),
        (vec!["-o", "latency: max <= 99ms"], 0),
        (vec!["-o", "latency: min >= 1ms"], 1),
        (vec!["-o", "latency: mean <= 60ms"], 0),
        (vec!["-o", "latency: stddev <= 40ms"], 0),
        (vec!["-o", "latency: mad <= 20ms"], 1),
        (vec!["-o", "latency: mad <= 40ms"], 0),
        (vec!["-o", "latency: throughput >= 1 req/s"], 3), // No time column.
        (vec!["-o", "latency: rate(> 80ms) <= 30%"], 0),
        (vec!["-o", "latency: rate(> 80ms) <= 10%"], 1),
    ] {
        let mut all = vec!["validate", "a.csv"];
        all.extend(&args);
        let run = run(folder.path(), &all);
        assert_eq!(run.code, code, "{args:?}\n{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn spreads_that_cannot_be_bounded_are_not_passed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("two.csv", format!("x_ms\n{}", "1\n3\n".repeat(50)));
    write("flat.csv", format!("x_ms\n{}", "5\n".repeat(100)));
    for (file, objective) in [
        ("two.csv", "x: stddev <= 0.5ms"), // The error of the sd of two even values is 0.
        ("flat.csv", "x: mean <= 6ms"),    // Equal values say nothing of a rare other one.
    ] {
        let run = run(folder.path(), &["validate", file, "-o", objective]);
        assert_eq!(run.code, 3, "{objective}: {}", run.stdout);
    }
    // Two constants of two: no relabelling of 2 v 2 is rarer than one in three.
    write("a.csv", "x_ms\n5\n5\n".to_owned());
    write("b.csv", "x_ms\n6\n6\n".to_owned());
    let few = run(folder.path(), &["compare", "a.csv", "b.csv"]);
    assert_eq!(few.code, 3, "{}", few.stdout);
}

#[test]
fn compare_looks_at_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |k: u32| -> String {
        (0..100_u32).map(|i| format!("{},{}\n", 100 + i % 7, k + i * 37 % 50)).collect()
    };
    for (name, k) in [("a.csv", 0), ("b.csv", 900)] {
        fs::write(folder.path().join(name), format!("latency_ms,offset_ms\n{}", rows(k))).unwrap();
    }
    let all = run(folder.path(), &["compare", "a.csv", "b.csv"]);
    let one = run(folder.path(), &["compare", "a.csv", "b.csv", "--metric", "lat*"]);
    assert!(all.stdout.contains("offset") && !one.stdout.contains("offset"), "{}", one.stdout);
    assert_ne!(all.code, one.code);
    let none = run(folder.path(), &["compare", "a.csv", "b.csv", "--metric", "heap"]);
    assert_eq!(none.code, 2, "{}", none.stderr);
}

#[test]
fn one_proven_end_is_enough() {
    // p99 of 300 values has no upper bound at 99.9 %, but the lower one proves the regression.
    let folder = tempfile::tempdir().unwrap();
    let rows = |n: u32, scale: u32| -> String {
        (0..n).map(|i| format!("{}\n", scale + i * 7_919 % 100)).collect()
    };
    fs::write(folder.path().join("a.csv"), format!("x_ms\n{}", rows(5_000, 100))).unwrap();
    fs::write(folder.path().join("b.csv"), format!("x_ms\n{}", rows(300, 1_000))).unwrap();
    let args = ["validate", "b.csv", "-o", "x: p99 <= +10%", "--baseline", "a.csv"];
    let run = run(folder.path(), &args);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("vs <= 10 %: FAIL"), "{}", run.stdout);
}

#[test]
fn nothing_is_left_behind_unless_asked_for() {
    let folder = folder();
    let quiet = run(folder.path(), &["validate", "a.csv", "-o", "p95 <= 150ms"]);
    assert!(quiet.stderr.contains("add --artifacts DIR"), "{}", quiet.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let args = [
        "validate",
        "a.csv",
        "-o",
        "p95 <= 150ms",
        "--out",
        "json=x/run.json",
        "--out",
        "markdown=run.md",
    ];
    let asked = run(folder.path(), &args);
    assert_eq!(asked.code, 0, "{}", asked.stderr);
    assert!(folder.path().join("x/run.json").is_file() && folder.path().join("run.md").is_file());
}

#[test]
fn help_shows_an_example_for_every_verb() {
    let folder = folder();
    for verb in ["validate", "compare", "calibrate", "plan", "stat", "report"] {
        let help = run(folder.path(), &[verb, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains(&format!("tailproof {verb} ")), "{}", help.stdout);
    }
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let folder = folder();
    let json = |seed: &str| {
        let args = ["compare", "a.csv", "a.csv", "--output", "json", "--seed", seed];
        let text = run(folder.path(), &args).stdout;
        text.lines().filter(|l| !l.contains("\"created\"")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(json("7"), json("7"));
}

#[test]
fn stat_on_two_files_and_on_two_columns() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("before.csv", "latency_ms,heap_MB\n12.1,40\n11.8,42\n12.6,41\n12.3,44\n13.0,43\n");
    write("after.csv", "latency_ms,heap_MB\n11.0,40\n11.5,41\n11.9,45\n12.1,46\n11.2,44\n");
    write(
        "both.csv",
        "before_ms,after_ms\n12.1,11.0\n11.8,11.5\n12.6,11.9\n12.3,12.1\n13.0,11.2\n",
    );
    let files =
        run(folder.path(), &["stat", "welch", "before.csv", "after.csv", "--metric", "latency"]);
    assert_eq!(files.code, 0, "{}", files.stderr);
    insta::assert_snapshot!("stat_welch", files.stdout);
    // The same values from columns give the same numbers.
    let columns = run(folder.path(), &["stat", "welch", "both.csv"]);
    let found = |text: &str| -> Vec<String> {
        text.lines().filter(|l| !l.starts_with("sample")).map(str::to_owned).collect()
    };
    assert_eq!(found(&files.stdout), found(&columns.stdout));
    let open = run(folder.path(), &["stat", "welch", "before.csv", "after.csv"]);
    assert_eq!(open.code, 2);
    assert!(open.stderr.contains("latency, heap") && open.stderr.contains("--metric"));
}

#[test]
fn stat_as_line_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let line = run(folder.path(), &["stat", "proportion", "12/1000", "--output", "line"]);
    assert_eq!(line.code, 0, "{}", line.stderr);
    insta::assert_snapshot!("stat_proportion_line", line.stdout);
    let args = ["stat", "permutation", "x.csv", "--seed", "7", "--output", "json"];
    fs::write(folder.path().join("x.csv"), "a_ms,b_ms\n1,11\n2,12\n3,13\n").unwrap();
    let json = run(folder.path(), &args);
    assert_eq!(json.code, 0, "{}", json.stderr);
    insta::assert_snapshot!("stat_permutation_json", json.stdout);
}

#[test]
fn stat_reads_standard_input_and_says_when_order_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let input: String = (1..=40).map(|i| format!("{i}\n")).collect();
    let args = ["stat", "mann-kendall", "-"];
    let run = tailproof_tests::program::with_input(folder.path(), &args, &input);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!("stat_mann_kendall_stdin", run.stdout);
    assert!(run.stdout.contains("warning: -: value is sorted"), "{}", run.stdout);
}

#[test]
fn stat_on_p_values_tables_and_margins() {
    let folder = tempfile::tempdir().unwrap();
    let p = ["0.001", "0.02", "0.03", "0.5"];
    let adjust = |more: &[&str]| run(folder.path(), &[&["stat", "adjust"][..], &p, more].concat());
    insta::assert_snapshot!("stat_adjust", adjust(&["--correction", "holm"]).stdout);
    fs::write(folder.path().join("p.txt"), p.join("\n")).unwrap();
    let file = run(folder.path(), &["stat", "adjust", "p.txt", "--correction", "holm"]);
    assert_eq!(file.stdout, adjust(&["--correction", "holm"]).stdout);
    let table = run(folder.path(), &["stat", "chi-square", "12,30", "5,7"]);
    insta::assert_snapshot!("stat_chi_square", table.stdout);
    let (x, y) = ("x_ms\n100\n104\n98\n101\n", "x_ms\n101\n99\n103\n102\n");
    fs::write(folder.path().join("x.csv"), x).unwrap();
    fs::write(folder.path().join("y.csv"), y).unwrap();
    let margins = ["stat", "tost-ratio", "x.csv", "y.csv", "--low", "-20%", "--high", "25%"];
    insta::assert_snapshot!("stat_tost_ratio", run(folder.path(), &margins).stdout);
}

#[test]
fn stat_refuses_what_it_cannot_mean() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "a_ms\n1\n3\n2\n");
    write("b.csv", "b_ms\n1\n3\n2\n5\n");
    write("s.csv", "a_s\n1\n3\n2\n");
    write("flat.csv", "a_ms\n5\n5\n5\n");
    for (args, words) in [
        (vec!["welsh", "a.csv", "b.csv"], "did you mean welch?"),
        (vec!["mean", "a.csv", "--seed", "1"], "mean does not use --seed"),
        (vec!["welch", "a.csv"], "needs 2 samples, got 1"),
        (vec!["paired-t", "a.csv", "b.csv"], "pairs need equal numbers"),
        (vec!["welch", "a.csv", "s.csv"], "one unit is needed"),
        (vec!["stalls", "a.csv"], "has no time column"),
        (vec!["permutation-runs", "a.csv", "b.csv"], "has no run column"),
        (vec!["shapiro-wilk", "flat.csv"], "shapiro-wilk of flat.csv: no spread"),
        (vec!["proportion", "12"], "needs a share k/n"),
        (vec!["fisher", "12/10", "3/9"], "12/10"),
        (vec!["adjust", "0.5", "1.5"], "p-value 2 is 1.5"),
        (vec!["tost-welch", "a.csv", "b.csv", "--low", "-5%", "--high", "5%"], "percentage"),
        (vec!["tost-welch", "a.csv", "b.csv"], "needs --low"),
        (vec!["welch", "-", "-"], "once"),
        (vec!["mean", "nowhere.csv"], "nowhere.csv"),
    ] {
        let run = run(folder.path(), &[&["stat"][..], &args].concat());
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
    }
    let list = run(folder.path(), &["stat", "--list"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    insta::assert_snapshot!("stat_list", list.stdout);
}
