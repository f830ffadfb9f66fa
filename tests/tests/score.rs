//! The scorecard: both documents replayed, a release decided, scores aggregated, bad input refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tailproof_tests::program::{Run, root, run};

const PUBLISHED: &str = "examples/published-claims/document-1-as-published.toml";
const SUPPORTED: &str = "examples/published-claims/document-1-as-supported.toml";
const RELEASE: [&str; 4] = [
    "examples/release/targets.toml",
    "examples/release/requests.csv",
    "examples/release/events.csv",
    "examples/release/load.csv",
];
const TREE: &str = "examples/aggregation/tree.toml";

/// `tailproof score ARGS MORE` at the root of the workspace.
fn score(args: &[&str], more: &[&str]) -> Run {
    run(root(), &[&["score"][..], args, more].concat())
}

/// Every part stands somewhere in the text.
fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stdout.contains(part), "{part:?} is not in\n{}{}", run.stdout, run.stderr);
    }
}

/// One line of the text holds all parts.
fn says_together(run: &Run, parts: &[&str]) {
    let found = run.stdout.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(found, "{parts:?} are in no line of\n{}{}", run.stdout, run.stderr);
}

fn findings(args: &[&str]) -> Vec<Value> {
    let run = score(args, &["--output", "json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    json["findings"].as_array().unwrap().clone()
}

/// The finding of a row, by its name in the file, or of a part, by what it is about.
fn of<'a>(findings: &'a [Value], name: &str) -> &'a Value {
    let row = |f: &&Value| f["standing"]["name"] == name;
    let part = |f: &&Value| f["standing"].is_null() && f["metric"] == name;
    let mut found: Vec<&Value> = findings.iter().filter(row).collect();
    if found.is_empty() {
        found = findings.iter().filter(part).collect();
    }
    assert_eq!(found.len(), 1, "findings of {name:?} in {findings:#?}");
    found[0]
}

/// The decision, which every scorecard ends with.
fn decision(findings: &[Value]) -> &Value {
    let last = findings.last().unwrap();
    assert_eq!((&last["class"], &last["metric"]), (&"decision".into(), &"readiness".into()));
    last
}

/// Names with the verdicts that they must have.
fn verdicts(findings: &[Value], wanted: &[(&str, &str)]) {
    for (name, verdict) in wanted {
        assert_eq!(of(findings, name)["verdict"], *verdict, "{name}");
    }
}

#[test]
fn the_matrix_of_document_1_has_8_of_9_and_not_10_of_11() {
    let run = score(&[PUBLISHED], &[]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    // Nine rows have a number, one of them is projected; the summary table has eight domains.
    says(&run, &["88.89 %", "7 of 8", "87.5 %", "91%", "NOT READY"]);
    says_together(&run, &["8 of", "9", "would meet"]);
    says(&run, &["52.91 %", "97.76 %"]); // Wilson, 7 of 8.
    says_together(&run, &["domains", "8", "9"]);
    let found = findings(&[PUBLISHED]);
    verdicts(
        &found,
        &[
            ("prediction accuracy", "pass"),
            ("batch throughput", "fail"),
            ("model serving uptime", "inconclusive"),
            ("storage", "pass"),
            ("security overhead", "pass"),
            ("feature serving latency", "inconclusive"),
        ],
    );
    assert_eq!(of(&found, "model serving uptime")["provenance"], "projected");
    assert_eq!(of(&found, "model serving uptime")["reason"]["code"], "not_tested");
    insta::assert_snapshot!("score_document_1_as_published", run.stdout);
}

#[test]
fn what_the_text_of_document_1_supports() {
    let run = score(&[SUPPORTED], &[]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    says(&run, &["6 of 9", "66.67 %", "35.42 %", "87.94 %", "NOT READY"]);
    // 16 replicas make 960/s; 17 are needed, at 45 usd each, and 10 are allowed.
    says_together(&run, &["17", "replicas"]);
    says(&run, &["765"]);
    // "17 ms E2E" is one stage of 3.6 s.
    says_together(&run, &["end to end", "3.617 s"]);
    says(&run, &["dashboard rendering"]);
    let found = findings(&[SUPPORTED]);
    verdicts(
        &found,
        &[
            ("forecast error", "pass"),
            ("bottleneck detection", "fail"),
            ("batch throughput", "fail"),
            ("three sources", "fail"),
            ("security overhead", "pass"),
            ("inference latency p99", "inconclusive"),
            ("failure prevention", "inconclusive"),
            ("resource optimization", "inconclusive"),
            ("test pass rate", "inconclusive"),
            ("cache hit ratio", "inconclusive"),
            ("model serving uptime", "inconclusive"),
            ("cores", "inconclusive"),
            ("memory", "fail"),
            ("storage", "inconclusive"),
        ],
    );
    // Seven of seven is no proof of 99 %.
    let tests = of(&found, "test pass rate");
    assert_eq!(tests["reason"]["code"], "too_few", "{tests}");
    for (name, provenance) in [
        ("resource optimization", "simulated"),
        ("inference latency p95", "estimated"),
        ("end to end within 100 ms", "estimated"),
        ("throughput of 16 replicas", "projected"),
        ("failure prevention", "not_tested"),
    ] {
        let row = of(&found, name);
        assert_eq!(row["provenance"], provenance, "{name}");
        assert_eq!(row["verdict"], "inconclusive", "{name} was not measured");
        assert_eq!(row["reason"]["code"], "not_tested", "{name} was not measured");
    }
    insta::assert_snapshot!("score_document_1_as_supported", run.stdout);
}

#[test]
fn the_tables_of_document_4_are_judged_again() {
    let file = "examples/published-claims/document-4.toml";
    let claims = run(root(), &["speedup", "--claims", file]);
    assert_eq!(claims.code, 0, "{}", claims.stderr);
    says(
        &claims,
        &["5× parallel contradicts its own Amdahl 4.71", "it predicts 50, 40 was measured"],
    );
    says(&claims, &["it predicts 100 to 1500, 40 was measured", "it predicts 10, 5 was measured"]);
    says_together(&claims, &["JIT compilation", "NOT TESTED"]);
    insta::assert_snapshot!("published_claims_document_4", claims.stdout);
}

#[test]
fn a_release_is_ready_with_conditions() {
    let run = score(&RELEASE, &[]);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    says(&run, &["8 of 8", "67.56 %", "READY WITH CONDITIONS"]);
    // 300 checkouts prove no p99; the step of the file is what to do.
    says(&run, &["688", "Replay a day of checkouts"]);
    let found = findings(&RELEASE);
    verdicts(
        &found,
        &[
            ("search p99", "pass"),
            ("search below 150 ms", "pass"),
            ("checkout p99", "inconclusive"),
            ("availability", "pass"),
            ("throughput", "pass"),
            ("memory", "pass"),
            ("cost of TLS", "pass"),
            ("known vulnerabilities", "pass"),
            ("fail-over", "pass"),
            ("restore from backup", "inconclusive"),
        ],
    );
    assert_eq!(of(&found, "checkout p99")["reason"]["need"], "688");
    assert_eq!(score(&RELEASE, &["--accept-conditions"]).code, 0);
    insta::assert_snapshot!("score_release", run.stdout);
}

#[test]
fn accepting_conditions_accepts_nothing_else() {
    for file in [PUBLISHED, SUPPORTED] {
        assert_eq!(score(&[file], &["--accept-conditions"]).code, 1);
    }
    // Without data the critical rows are not shown.
    let without = score(&RELEASE[..1], &["--accept-conditions"]);
    assert_eq!(without.code, 1, "{}{}", without.stdout, without.stderr);
    says(&without, &["not tested"]);
}

#[test]
fn evidence_supplies_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let data = root().join(RELEASE[1]);
    let at = |args: &[&str]| run(folder.path(), args);
    let objective = "latency{route=search}: p99 <= 200ms";
    let args = ["validate", data.to_str().unwrap(), "-o", objective, "--out", "json=evidence.json"];
    let validated = at(&args);
    assert_eq!(validated.code, 0, "{}{}", validated.stdout, validated.stderr);
    let row = format!("[[target]]\ndomain = \"api\"\nname = \"search\"\nclaim = \"{objective}\"\n");
    fs::write(folder.path().join("targets.toml"), &row).unwrap();
    let scored = at(&["score", "targets.toml", "evidence.json"]);
    assert_eq!(scored.code, 0, "{}{}", scored.stdout, scored.stderr);
    says(&scored, &["1 of 1"]);
    // A stricter target of the same statistic is judged by the same bounds, [.., 146.2] ms.
    fs::write(folder.path().join("targets.toml"), row.replace("200ms", "50ms")).unwrap();
    let strict = at(&["score", "targets.toml", "evidence.json"]);
    assert_eq!(strict.code, 1, "{}{}", strict.stdout, strict.stderr); // Nothing else is weighed.
}

#[test]
fn reports_are_in_the_shape_of_document_1() {
    let run = score(&RELEASE, &["--output", "markdown"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let heads: Vec<String> =
        run.stdout.lines().filter(|line| line.starts_with('#')).map(str::to_lowercase).collect();
    for part in ["summary", "matrix", "readiness", "risk", "recommendation", "conclusion"] {
        assert!(heads.iter().any(|head| head.contains(part)), "no {part:?} in {heads:?}");
    }
    says(&run, &["Checkout service 4.2", "requests", "capacity", "security", "operations"]);
}

#[test]
fn sixty_scores_become_one() {
    let a = "examples/aggregation/scores.csv";
    let alone = score(&[TREE, a], &[]);
    // An improvement is asked for, and there is nothing to improve on.
    assert_eq!(alone.code, 1, "{}{}", alone.stdout, alone.stderr);
    says(&alone, &["NOT READY, nothing was measured"]);
    let open = |f: &&Value| f["verdict"] == "inconclusive";
    let found = findings(&[TREE, a]);
    let open: Vec<&Value> =
        found.iter().filter(open).filter(|f| f["class"] != "decision").collect();
    assert_eq!(open.len(), 1, "{found:#?}");
    assert_eq!(
        (&open[0]["metric"], &open[0]["reason"]["code"]),
        (&"total".into(), &"not_tested".into())
    );
    assert_eq!(score(&[TREE, a], &["--accept-conditions"]).code, 1);
    says_together(&alone, &["total", "0.5954"]);
    says_together(&alone, &["PA09", "0.58"]); // CL04 is as weak as PA09.
    says_together(&alone, &["CL04", "0.58"]);
    says(&alone, &["acceptable"]);
    let b = "examples/aggregation/scores-b.csv";
    let better = score(&[TREE, b], &["--baseline", a]);
    assert_eq!(better.code, 0, "{}{}", better.stdout, better.stderr);
    says_together(&better, &["total", "0.7216"]);
    says(&better, &["21.2 %"]);
    // The other way round it is none.
    let worse = score(&[TREE, a], &["--baseline", b]);
    assert_eq!(worse.code, 3, "{}{}", worse.stdout, worse.stderr);
    assert_eq!(decision(&findings(&[TREE, b, "--baseline", a]))["verdict"], "pass");
}

#[test]
fn what_a_cache_holds_is_what_was_computed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().to_str().unwrap();
    let args = [TREE, "examples/aggregation/scores.csv", "--output", "json"];
    let without = score(&args, &[]);
    let first = score(&args, &["--cache", cache]);
    assert!(!names(folder.path()).is_empty(), "nothing was kept");
    let second = score(&args, &["--cache", cache]);
    for run in [&first, &second] {
        assert_eq!(
            (run.code, run.stdout == without.stdout),
            (without.code, true),
            "{}",
            run.stderr
        );
    }
}

/// A folder with these files.
fn holding(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Judges `targets.toml` and what else is named in the folder; the code and the findings.
fn judged(folder: &Path, more: &[&str]) -> (i32, Vec<Value>) {
    let run = run(folder, &[&["score", "targets.toml", "--output", "json"][..], more].concat());
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    (run.code, json["findings"].as_array().unwrap().clone())
}

#[test]
fn not_ready_fails_whatever_fails() {
    let missed = "[[target]]\nname = \"a\"\ncritical = true\nclaim = \"x: value <= 100 ms\"\n\
                  actual = \"120 ms\"\nprovenance = \"measured\"\n";
    let folder = holding(&[("targets.toml", missed)]);
    for kind in ["slo", "regression", "missing", "inconclusive"] {
        let run = run(folder.path(), &["score", "targets.toml", "--fail-on", kind]);
        assert_eq!(run.code, 1, "--fail-on {kind}: {}{}", run.stdout, run.stderr);
    }
    // Conditions are what `inconclusive` is about.
    for (kind, code) in [("slo", 3), ("regression", 3), ("missing", 3), ("inconclusive", 1)] {
        let run = score(&RELEASE, &["--fail-on", kind]);
        assert_eq!(run.code, code, "--fail-on {kind}: {}", run.stderr);
    }
}

#[test]
fn evidence_proves_no_more_than_it_did() {
    let few = "latency_ms\n1\n2\n3\n4\n5\n";
    let rows: String = (0..100).map(|i| format!("{}\n", 100 + i * 7 % 11)).collect();
    let many = format!("latency_ms\n{rows}");
    for (data, statistic, level) in [
        // Five values bound nothing at 99.9 %, whatever the target.
        (few, "mean", "99.9%"),
        (few, "p95", "99.9%"),
        // A hundred do at 90 %, which is not what is asked for here.
        (many.as_str(), "p95", "90%"),
    ] {
        for limit in ["150ms", "200ms"] {
            let claim = format!("latency: {statistic} <= {limit}");
            let targets = format!("[[target]]\nname = \"a\"\nclaim = \"{claim}\"\n");
            let folder = holding(&[("data.csv", data), ("targets.toml", targets.as_str())]);
            let asked = format!("latency: {statistic} <= 200ms");
            let args = ["validate", "data.csv", "-o", asked.as_str(), "--level", level];
            let made = run(folder.path(), &[&args[..], &["--out", "json=kept.json"][..]].concat());
            assert_ne!(made.code, 2, "{}", made.stderr);
            let (code, found) = judged(folder.path(), &["kept.json"]);
            let verdict = &of(&found, "a")["verdict"];
            assert_eq!((code, verdict), (1, &"inconclusive".into()), "{claim}, {level}");
        }
    }
}

#[test]
fn a_series_on_one_side_only_is_a_row() {
    let side = |routes: &[&str]| {
        let rows = (0..200).flat_map(|i| routes.iter().map(move |r| (i, r)));
        let rows: String = rows.map(|(i, r)| format!("{r},{}\n", 100 + i * 7 % 11)).collect();
        format!("route,latency_ms\n{rows}")
    };
    let (both, one) = (side(&["a", "b"]), side(&["a"]));
    let targets = "[[target]]\nname = \"cost\"\nclaim = \"latency: mean <= +10%\"\n";
    let files = [("targets.toml", targets), ("both.csv", both.as_str()), ("one.csv", one.as_str())];
    let folder = holding(&files);
    for (data, baseline) in [("both.csv", "one.csv"), ("one.csv", "both.csv")] {
        let (code, found) = judged(folder.path(), &[data, "--baseline", baseline]);
        assert_eq!(code, 3, "{found:#?}");
        let rows: Vec<&Value> = found.iter().filter(|f| !f["standing"].is_null()).collect();
        let of_route = |route: &str| {
            let found = rows.iter().find(|f| f["labels"]["route"] == route);
            found.unwrap_or_else(|| panic!("no row of {route} in {rows:#?}"))
        };
        assert_eq!(rows.len(), 2, "{rows:#?}");
        assert_eq!(of_route("a")["verdict"], "pass");
        assert_eq!(of_route("b")["verdict"], "inconclusive");
        assert_eq!(of_route("b")["reason"]["code"], "not_tested");
    }
    assert_eq!(judged(folder.path(), &["both.csv", "--baseline", "both.csv"]).0, 0);
}

#[test]
fn a_budget_says_when_the_data_are_shorter_than_its_window() {
    let days = |n: u32| -> String {
        let rows: String =
            (1..=n).map(|d| format!("2026-01-{d:02}T00:00:00Z,9990,10000\n")).collect();
        format!("time,good,total\n{rows}")
    };
    let budget = "[[budget]]\nname = \"availability\"\nobjective = \"99%\"\nwindow = \"30d\"\n\
                  metric = \"requests\"\n";
    let (half, whole) = (days(15), days(30));
    let files =
        [("targets.toml", budget), ("half.csv", half.as_str()), ("whole.csv", whole.as_str())];
    let folder = holding(&files);
    let warned = |data: &str| {
        let (_, found) = judged(folder.path(), &[data]);
        let warnings = |f: &Value| f["warnings"].as_array().unwrap().clone();
        found.iter().flat_map(warnings).any(|w| w.as_str().unwrap().contains("elapsed"))
    };
    assert!(warned("half.csv") && !warned("whole.csv"));
}

#[test]
fn parts_without_which_there_is_no_release() {
    let memory = "[[resource]]\nname = \"memory\"\nrequired = \"8 GB\"\navailable = \"24 GB\"\n\
                  used = \"23 GB\"\n";
    let met = "[[target]]\nclaim = \"speed: value >= 2/s\"\nactual = \"3/s\"\n\
               provenance = \"measured\"\n";
    let memory = format!("{met}{memory}");
    let critical = format!("{memory}critical = true\n");
    for (targets, code) in [(memory.as_str(), 3), (critical.as_str(), 1)] {
        let folder = holding(&[("targets.toml", targets)]);
        let (got, found) = judged(folder.path(), &[]);
        assert_eq!((got, &of(&found, "memory")["verdict"]), (code, &"fail".into()), "{targets}");
    }
}

/// What lies in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

/// Runs `score` on these files; the message must hold every part, and nothing may be written.
fn refuses(targets: &str, data: Option<(&str, &str)>, parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("targets.toml"), targets).unwrap();
    let mut args = vec!["score", "targets.toml"];
    if let Some((name, text)) = data {
        fs::write(folder.path().join(name), text).unwrap();
        args.push(name);
    }
    args.extend(["--out", "json=out.json", "--out", "markdown=out.md"]);
    let before = names(folder.path());
    let run = run(folder.path(), &args);
    assert_eq!(run.code, 2, "{targets}\n{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("error: ") && run.stderr.lines().count() == 1, "{}", run.stderr);
    for part in parts {
        assert!(run.stderr.contains(part), "{part:?} is not in {:?}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked"));
    assert_eq!(names(folder.path()), before, "something was written");
}

/// A row about latency, and more keys of it.
fn row(more: &str) -> String {
    format!("[[target]]\nclaim = \"latency: p99 <= 100ms\"\n{more}\n")
}

#[test]
fn targets_that_are_wrong() {
    let cases: [(String, &[&str]); 18] = [
        (row("weight = -1"), &["targets.toml, line 3", "not negative", "-1"]),
        (row("weight = nan"), &["line 3", "not negative"]),
        (row("weight = 0"), &["line 2", "all weights are zero"]),
        (row("actual = \"17 ms\""), &["line 3", "provenance"]),
        (row("actual = \"17 ms\"\nprovenance = \"guessed\""), &["line 4", "guessed"]),
        (row("actual = \"~17 ms\"\nprovenance = \"estimated\""), &["line 3", "~17 ms"]),
        (row("actual = \"17 GB\"\nprovenance = \"measured\""), &["line 2", "GB", "ms"]),
        (row("wieght = 1"), &["line 3", "wieght"]),
        (row("data = \"gone.csv\""), &["gone.csv", "No such file"]),
        (
            row("[[target]]\nclaim = \"latency: p99 >= 200ms\""),
            &["line 4", "contradict", ">= 200ms", "<= 100ms", "line 2"],
        ),
        ("[[target]]\nclaim = \"latency: p99 =< 100ms\"\n".to_owned(), &["line 2", "column 14"]),
        (
            "[[target]]\nclaim = \"a: value <= 100\"\nactual = \"3 ms\"\nprovenance = \"measured\"\n"
                .to_owned(),
            &["line 2", "no unit"],
        ),
        // 85 of what: 85 %, or 85 times as much?
        (
            "[[target]]\nclaim = \"a: value >= 90%\"\nactual = \"85\"\nprovenance = \"measured\"\n"
                .to_owned(),
            &["targets.toml, line", "85"],
        ),
        (
            "[[chain]]\nname = \"end to end\"\nbudget = \"5 s\"\n\
             stages = [{ name = \"collect\", value = \"1.0 s\" }]\n"
                .to_owned(),
            &["line 4", "provenance"],
        ),
        (
            "[capacity]\ntarget = \"1000/s\"\none = \"60/s\"\n".to_owned(),
            &["line 3", "provenance"],
        ),
        ("title = \"nothing\"\n".to_owned(), &["targets.toml", "nothing"]),
        ("[[target]\n".to_owned(), &["line 1"]),
        (String::new(), &["targets.toml", "nothing"]),
    ];
    for (targets, parts) in cases {
        refuses(&targets, None, parts);
    }
}

#[test]
fn units_that_the_data_have_and_the_target_has_not() {
    let data = Some(("data.csv", "latency_ms\n1\n2\n3\n"));
    let plain = "title = \"t\"\n[[target]]\nclaim = \"latency: p99 <= 100\"\n";
    refuses(plain, data, &["targets.toml, line 3", "no unit", "100 ms"]);
    refuses(&plain.replace("100", "100 MB"), data, &["line 3", "MB"]);
    // Data without a unit take that of the target, and a share needs none.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "latency\n1\n2\n3\n").unwrap();
    let claims = "[[target]]\nclaim = \"latency: p99 <= 100ms\"\n\
                  [[target]]\nclaim = \"latency: rate(<= 100ms) >= 0.5\"\n";
    fs::write(folder.path().join("t.toml"), claims).unwrap();
    let run = run(folder.path(), &["score", "t.toml", "a.csv"]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr); // Three values decide nothing.
}

#[test]
fn evidence_that_cannot_be_read() {
    let newer = Some(("kept.json", "{\"schema\": \"tailproof.evidence/9\"}"));
    refuses(&row(""), newer, &["kept.json", "newer", "tailproof.evidence/9"]);
    refuses(&row(""), Some(("data.csv", "latency_ms\n1\nNaN\n")), &["data.csv, line 3", "NaN"]);
    refuses(&row(""), Some(("data.csv", "")), &["data.csv", "empty"]);
}

/// A tree of two areas by two dimensions, with one leaf's weight and further lines as given.
fn tree(weight: &str, more: &str) -> String {
    format!(
        "[tree]\nname = \"total\"\nmetric = \"score\"\nlabels = [\"area\", \"dimension\"]\nrange = \"0..1\"\n\
         [[node]]\nname = \"A\"\nleaves = {{ x = {weight}, y = 1 }}\n\
         [[node]]\nname = \"B\"\nleaves = {{ x = 1, y = 1 }}\n{more}"
    )
}

const SCORES: &str = "area,dimension,score\nA,x,0.5\nA,y,0.6\nB,x,0.7\nB,y,0.8\n";

#[test]
fn weights_that_are_wrong() {
    let data = Some(("scores.csv", SCORES));
    refuses(&tree("-1", ""), data, &["targets.toml, line", "weight", "-1"]);
    refuses(&tree("nan", ""), data, &["targets.toml, line", "weight"]);
    let zero = tree("0", "").replacen("y = 1", "y = 0", 1);
    refuses(&zero, data, &["targets.toml, line", "\"A\"", "weight 0"]);
    refuses(&tree("\"much\"", ""), data, &["targets.toml, line 8"]);
    // Weights that leave out a leaf of the data, and one that the data lack: both are listed.
    let uncovered = tree("1", "").replace("x = 1, y = 1 }\n[[node]]", "x = 1, z = 1 }\n[[node]]");
    refuses(&uncovered, data, &["A/y", "A/z"]);
}

#[test]
fn trees_that_are_none() {
    let data = Some(("scores.csv", SCORES));
    let cycle = "[[node]]\nname = \"C\"\nparent = \"D\"\n[[node]]\nname = \"D\"\nparent = \"C\"\n";
    refuses(&tree("1", cycle), data, &["targets.toml, line", "cycle", "C", "D"]);
    let own = "[[node]]\nname = \"C\"\nparent = \"C\"\n";
    refuses(&tree("1", own), data, &["line", "cycle", "C"]);
    let orphan = "[[node]]\nname = \"C\"\nparent = \"E\"\nleaves = [\"x\"]\n";
    refuses(&tree("1", orphan), data, &["\"E\""]);
    let twice = "[[node]]\nname = \"A\"\nleaves = [\"x\"]\n";
    refuses(&tree("1", twice), data, &["\"A\"", "two nodes are named"]);
    let combine = "[[node]]\nname = \"C\"\ncombine = \"best\"\nleaves = [\"x\"]\n";
    refuses(&tree("1", combine), data, &["line 14", "best"]);
}

#[test]
fn scores_that_are_wrong() {
    let with = |from: &str, to: &str| SCORES.replace(from, to);
    let at =
        |text: &str, parts: &[&str]| refuses(&tree("1", ""), Some(("scores.csv", text)), parts);
    at(&with("0.6", "NaN"), &["scores.csv, line 3", "NaN"]);
    at(&with("0.6", "inf"), &["scores.csv, line 3", "inf"]);
    at(&with("0.6", "1.5"), &["A/y", "1.5"]);
    // Whatever is missing, strange or out of range is listed at once.
    let wrong = with("A,y,0.6\n", "").replace("B,y,0.8", "C,y,0.8\nB,y,-3");
    at(&wrong, &["A/y", "C/y", "B/y", "-3"]);
}

#[test]
fn the_example_for_a_new_user_is_a_draft_to_be_edited() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("targets.toml");
    let undone = |text: &str| -> String {
        let is_draft = |line: &&str| line.trim_start().starts_with("draft = true");
        assert_eq!(text.lines().filter(is_draft).count(), 1, "{text}");
        text.lines().filter(|line| !is_draft(line)).map(|line| format!("{line}\n")).collect()
    };
    // The limits of an example are such that the data meet them: what is open is the draft.
    for data in [RELEASE[1], RELEASE[2]] {
        let data = root().join(data);
        let data = data.to_str().unwrap();
        let init = run(folder.path(), &["score", "--init", data]);
        assert_eq!(init.code, 0, "{}", init.stderr);
        for (text, code) in [(init.stdout.clone(), 3), (undone(&init.stdout), 0)] {
            fs::write(&file, &text).unwrap();
            let scored = run(folder.path(), &["score", "targets.toml", data]);
            assert_eq!(scored.code, code, "{text}{}{}", scored.stdout, scored.stderr);
        }
    }
    // Without data its critical row has none either.
    let init = run(folder.path(), &["score", "--init"]);
    assert_eq!(init.code, 0, "{}", init.stderr);
    for text in [init.stdout.clone(), undone(&init.stdout)] {
        fs::write(&file, &text).unwrap();
        let scored = run(folder.path(), &["score", "targets.toml"]);
        assert_eq!(scored.code, 1, "{}{}", scored.stdout, scored.stderr);
    }
}
