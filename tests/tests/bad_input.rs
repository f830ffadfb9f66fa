//! Bad input: one clear message with file, line, column and value, exit code 2, no artifact.

use std::fs;

use tailproof_tests::program::{run, with_input};

/// Runs `validate` on a file with this content; the message must hold every part.
fn refuses(content: impl AsRef<[u8]>, objective: &str, parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data.csv"), content).unwrap();
    let args = ["validate", "data.csv", "--objective", objective, "--artifacts", "out"];
    let run = run(folder.path(), &args);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("error: ") && run.stderr.lines().count() == 1, "{}", run.stderr);
    for part in parts {
        assert!(run.stderr.contains(part), "{part:?} is not in {:?}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked"));
    assert!(!folder.path().join("out").exists(), "an artifact was left behind");
}

const P95: &str = "latency: p95 <= 150ms";

#[test]
fn cells_that_are_no_measurement() {
    for (cell, problem) in [
        ("NaN", "finite"),
        ("nan", "finite"),
        ("inf", "finite"),
        ("-inf", "finite"),
        ("1e999", "finite"),
        ("fast", "text where a number belongs"),
        ("12,5", "3 cells where there are 2 headings"),
        ("\"1 2\"", "text where a number belongs"),
        ("", "empty cell"),
        ("-3", "a duration is not negative"),
    ] {
        let content = format!("name,latency_ms\na,1.5\na,{cell}\n");
        let value = if cell == "12,5" { "data.csv" } else { cell };
        refuses(content, P95, &["data.csv, line 3", problem, value]);
    }
    refuses("latency_ms\n1\nNaN\n", P95, &["line 3", "column latency_ms", "\"NaN\""]);
}

#[test]
fn a_negative_duration_is_found_even_when_only_the_objective_knows_the_unit() {
    refuses("latency\n4\n-2\n", P95, &["line 3", "a duration is not negative", "\"-2\""]);
    refuses("4\n-2\n", P95, &["line 2", "a duration is not negative"]);
}

#[test]
fn files_without_measurements() {
    refuses("", P95, &["data.csv", "empty"]);
    refuses("\n\n  \n", P95, &["data.csv", "empty"]);
    refuses("latency_ms\n", P95, &["data.csv", "empty"]);
    refuses(b"\x7fELF\x02\x01\x01\x00\x00\x00", P95, &["data.csv", "binary"]);
    refuses(b"\x1f\x8b\x08\x00gzip", P95, &["data.csv", "binary"]);
    refuses("once upon a time\nthere was\n", P95, &["format not recognised"]);
    refuses("other_ms\n1\n2\n", P95, &["no column matches \"latency\"", "other_ms"]);
    refuses("1,2\n3,4\n", P95, &["line 1", "headings"]);
    refuses("1700,200,0.5,GET\n1701,200,0.7,GET\n", P95, &["line 1", "headings"]);
    refuses("latency_ms,latency_ms\n1,2\n", P95, &["line 1", "two columns"]);
}

#[test]
fn files_that_are_cut_off() {
    refuses("time,latency_ms\n1,5\n2\n", P95, &["line 3", "1 cells", "cut off"]);
    refuses("{\"latency_ms\": [1, 2", P95, &["line 1", "not JSON"]);
    refuses("{\"latency_ms\": 1}\n{\"latency_ms\": 2}\n{\"latency", P95, &["line 3", "not JSON"]);
    refuses("{\"latency_ms\": 1}\n{\"latency_ms\": \"x\"}\n", P95, &["line 2", "latency_ms", "x"]);
    refuses("{\"latency_ms\": 1}\n{\"latency_ms\": null}\n", "p95 <= 150", &["line 2", "null"]);
    refuses("{\"latency_ms\": [1, null]}", P95, &["latency_ms", "null"]);
}

#[test]
fn units_that_do_not_fit() {
    refuses("latency_ms\n1\n", "latency: p95 <= 3MB", &["MB does not convert to ms"]);
    refuses("latency\n1\n", "latency: p95 <= 3mss", &["mss"]);
    refuses("latency_ms\n1\n", "rate(<= 3) >= 150ms", &["a share"]);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain.csv"), "latency\n1\n").unwrap();
    fs::write(
        folder.path().join("tailproof.toml"),
        "objectives = [\"latency: p95 <= 1\"]\n[metrics.latency]\nunit = \"s\"\n",
    )
    .unwrap();
    // Objectives that suppose different units of the same bare numbers.
    let two = run(folder.path(), &["validate", "plain.csv", "-o", P95, "-o", "p99 <= 0.3s"]);
    assert_eq!(two.code, 2, "{}", two.stdout);
    assert!(two.stderr.contains("--unit"), "{}", two.stderr);
    fs::write(folder.path().join("a.csv"), "latency_ms\n1\n").unwrap();
    let configured = run(folder.path(), &["validate", "a.csv", "--slo", "tailproof.toml"]);
    assert!(configured.stderr.contains("but the configuration says s"), "{}", configured.stderr);
    let args = ["validate", "a.csv", "--objective", P95, "--unit", "s"];
    let run = run(folder.path(), &args);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("latency is in ms, but --unit says s"), "{}", run.stderr);
}

#[test]
fn objectives_with_typos() {
    for (objective, part) in [
        ("latency: p95 =< 150ms", "column 14: expected one of < <= > >="),
        ("latency: p95", "expected one of < <= > >="),
        ("latency: p995 <= 1", "expected pNN"),
        ("latency: p95 <= 150 ms ms", "nothing more"),
        ("latency{a: p95 <= 1", "labels"),
        ("", "expected pNN"),
    ] {
        refuses("latency_ms\n1\n", objective, &[part]);
    }
    refuses("latency_ms\n1\n", "latency: ratio >= 99%", &["needs event counts"]);
    refuses("good,total\n1\n", P95, &["1 cells"]);
    refuses("good,total\n3,2\n", "ratio >= 99%", &["line 2", "good events are among the total"]);
    refuses("good,total\n1.5,2\n", "ratio >= 99%", &["whole number", "1.5"]);
    refuses("latency_ms\n1\n", "latency: p95 <= +10%", &["needs a baseline"]);
}

#[test]
fn times_that_are_none() {
    refuses("time,latency_ms\nnoon,5\n", P95, &["line 2", "column time", "noon", "RFC 3339"]);
    refuses("time,latency_ms\n-5,5\n", P95, &["line 2", "column time", "not negative"]);
}

#[test]
fn flags_out_of_range() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "latency_ms\n1\n").unwrap();
    for (flag, value) in [
        ("--level", "0"),
        ("--level", "1"),
        ("--level", "nan"),
        ("--resamples", "0"),
        ("--resamples", "ten"),
        ("--seed", "x"),
        ("--component", "../etc"),
        ("--unit", "$"),
        ("--format", "xml"),
        ("--output", "pdf"),
        ("--fail-on", "monday"),
        ("--min-effect", "small"),
        ("--out", "report.json"),
    ] {
        let args = ["validate", "a.csv", "--objective", P95, flag, value, "--artifacts", "out"];
        let run = run(folder.path(), &args);
        assert_eq!(run.code, 2, "{flag} {value}: {}", run.stderr);
        assert!(run.stderr.contains(flag), "{}", run.stderr);
        assert!(run.stderr.contains(value), "{}", run.stderr);
        assert!(!folder.path().join("out").exists());
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dir")).unwrap();
    for (name, part) in [("missing.csv", "No such file"), ("dir", "is empty")] {
        let run = run(folder.path(), &["validate", name, "--objective", P95]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(name) && run.stderr.contains(part), "{}", run.stderr);
    }
    let none = run(folder.path(), &["validate", "--objective", P95]);
    assert_eq!(none.code, 2);
    fs::write(folder.path().join("a.csv"), "latency_ms\n1\n").unwrap();
    let no_objective = run(folder.path(), &["validate", "a.csv"]);
    assert!(
        no_objective.stderr.contains("no objective: add --objective"),
        "{}",
        no_objective.stderr
    );
    assert_eq!(no_objective.code, 2);
}

#[test]
fn configuration_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "latency_ms\n1\n");
    write("bad.toml", "level = 0.999\nobjectives = [\n  \"latency: p95 =< 1\",\n]\n");
    write("bad.yaml", "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec: [\n");
    for (file, part) in
        [("bad.toml", "bad.toml, line 3"), ("bad.yaml", "bad.yaml"), ("no.toml", "no.toml")]
    {
        let run = run(folder.path(), &["validate", "a.csv", "--slo", file]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
}

#[test]
fn evidence_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "{\"schema\": \"tailproof.evidence/9\"}").unwrap();
    fs::write(folder.path().join("b.json"), "[]").unwrap();
    for (name, part) in
        [("a.json", "newer"), ("b.json", "not evidence"), ("c.json", "No such file")]
    {
        let run = run(folder.path(), &["report", name]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(name) && run.stderr.contains(part), "{}", run.stderr);
    }
}

#[test]
fn random_bytes_never_panic() {
    use tailproof_core::Seed;
    use tailproof_resampling::{below, stream};
    let alphabet: &[u8] = b"0123456789.,;\t\n\r\"{}[]:-+eE latency_msNaN\xef\xbb\xbf\x00\xff";
    let folder = tempfile::tempdir().unwrap();
    for task in 0..400 {
        let mut rng = stream(Seed(8), task);
        let n = below(&mut rng, 200) as usize;
        let bytes: Vec<u8> =
            (0..n).map(|_| alphabet[below(&mut rng, alphabet.len() as u64) as usize]).collect();
        for format in [
            None,
            Some(tailproof_ingest::Format::Csv),
            Some(tailproof_ingest::Format::Json),
            Some(tailproof_ingest::Format::Ndjson),
            Some(tailproof_ingest::Format::Criterion),
        ] {
            let options = tailproof_ingest::Options { format, ..Default::default() };
            let input = tailproof_ingest::Input::from_bytes("fuzz", bytes.clone());
            let _ = tailproof_ingest::read(vec![input], &options);
        }
    }
    // And once through the program.
    let run =
        with_input(folder.path(), &["validate", "-", "--objective", "p95 <= 1"], "\u{feff}\"");
    assert_eq!(run.code, 2, "{}", run.stderr);
}
