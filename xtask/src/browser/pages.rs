//! The runs that are looked at: those of the README, one of many metrics, one of several parts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::json;

/// A run that becomes a page.
struct Page {
    name: &'static str,
    arguments: &'static [&'static str],
    /// Exit code of the run.
    code: i32,
    /// What stands at the beginning of the page.
    verdict: &'static str,
    /// Fewest rows of its summaries.
    rows: usize,
    /// Pieces of evidence on the page, each with a summary.
    parts: usize,
}

/// The runs of the README, one a verb.
const PAGES: &[Page] = &[
    Page {
        name: "validate",
        arguments: &[
            "validate",
            "examples/postgres/async.csv",
            "--slo",
            "examples/postgres/tailproof.toml",
        ],
        code: 0,
        verdict: "PASS",
        rows: 2,
        parts: 1,
    },
    Page {
        name: "compare",
        arguments: &[
            "compare",
            "examples/postgres/async.csv",
            "examples/postgres/sync.csv",
            "--min-effect",
            "5%",
        ],
        code: 1,
        verdict: "FAIL",
        rows: 4,
        parts: 1,
    },
    Page {
        name: "changes",
        arguments: &[
            "changes",
            "tests/samples/change-points/mozilla/runs1.json",
            "--direction",
            "lower",
        ],
        code: 1,
        verdict: "FAIL",
        rows: 2,
        parts: 1,
    },
    Page {
        name: "scaling",
        arguments: &["scaling", "examples/scaling/workers.csv", "--metric", "time", "--at", "32"],
        code: 0,
        verdict: "ANSWERED",
        rows: 1,
        parts: 1,
    },
    Page {
        name: "score",
        arguments: &["score", "examples/postgres/targets.toml", "examples/postgres/async.csv"],
        code: 1,
        verdict: "NOT READY",
        rows: 4,
        parts: 1,
    },
];

/// A run of many metrics: passed, failed and open ones.
const MANY: Page = Page {
    name: "many",
    arguments: &["validate", "many.csv", "--unit", "ms", "--slo", "many.toml"],
    code: 1,
    verdict: "FAIL",
    rows: METRICS,
    parts: 1,
};
const METRICS: usize = 100;

/// Two pieces of evidence on one page.
const PARTS: Page = Page {
    name: "parts",
    arguments: &["report", "validate.json", "compare.json"],
    code: 1,
    verdict: "FAIL",
    rows: 6,
    parts: 2,
};

/// Kinds of output that have a checker, and the endings by which it knows their files.
const FORMATS: &[(&str, &str)] = &[
    ("json", "json"),
    ("junit", "junit.xml"),
    ("sarif", "sarif.json"),
    ("openmetrics", "openmetrics.txt"),
    ("csv", "csv"),
    ("gitlab", "gitlab.json"),
    ("github", "github.txt"),
    ("markdown", "md"),
];

/// The pages in `work/pages`, each with what it must show; the other formats in `work/formats`.
pub(super) fn make(root: &Path, program: &Path, work: &Path) -> anyhow::Result<()> {
    for name in ["pages", "formats", "data"] {
        let folder = work.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
    }
    let data = work.join("data");
    fs::write(data.join("many.csv"), measurements())?;
    fs::write(data.join("many.toml"), objectives())?;
    for page in PAGES {
        make_page(page, root, program, work)?;
    }
    make_page(&MANY, &data, program, work)?;
    make_page(&PARTS, &work.join("formats"), program, work)
}

fn make_page(page: &Page, folder: &Path, program: &Path, work: &Path) -> anyhow::Result<()> {
    let html = work.join("pages").join(format!("{}.html", page.name));
    let mut run = Command::new(program);
    run.args(page.arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::piped());
    run.arg("--out").arg(format!("html={}", html.display()));
    for (kind, end) in FORMATS {
        let file = work.join("formats").join(format!("{}.{end}", page.name));
        run.arg("--out").arg(format!("{kind}={}", file.display()));
    }
    let output = run.output().context("starting tailproof")?;
    ensure!(
        output.status.code() == Some(page.code),
        "the run for {} ended with {}, not with exit code {}: {}",
        page.name,
        output.status,
        page.code,
        String::from_utf8_lossy(&output.stderr)
    );
    let expected = json!({ "verdict": page.verdict, "rows": page.rows, "parts": page.parts });
    fs::write(html.with_extension("expect.json"), expected.to_string())?;
    Ok(())
}

/// 200 measurements of each metric, the same every time.
fn measurements() -> String {
    let mut csv = String::from("metric,value\n");
    for metric in 0..METRICS {
        for i in 0..200 {
            let tenths = (i * 7_919 + metric * 31) % 97;
            writeln!(csv, "service-{metric:03},{}.{}", metric + 1 + tenths / 10, tenths % 10)
                .expect("a string takes everything");
        }
    }
    csv
}

/// Objectives that are met, cannot be decided and are missed, in turn.
fn objectives() -> String {
    let mut toml = String::from("component = \"many\"\nobjectives = [\n");
    for metric in 0..METRICS {
        let limit = metric + [9, 5, 2][metric % 3];
        writeln!(toml, "    \"service-{metric:03}: p50 <= {limit}ms\",")
            .expect("a string takes everything");
    }
    toml.push_str("]\n");
    toml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_many_metrics_has_that_many() {
        assert_eq!(objectives().matches("p50").count(), METRICS);
        assert_eq!(measurements().lines().count(), 1 + METRICS * 200);
        assert_eq!(measurements(), measurements());
    }

    #[test]
    fn every_format_has_an_ending_that_the_checker_knows() {
        let checker = crate::root().join("tests/checkers/check.py");
        let checker = fs::read_to_string(checker).unwrap();
        let checks = checker.split("CHECKS = {").nth(1).unwrap().split("\n}").next().unwrap();
        for (kind, end) in FORMATS.iter().filter(|(kind, _)| *kind != "json") {
            assert!(checks.contains(&format!("\".{end}\": ")), "{kind}: {end}");
        }
        assert_eq!(checks.trim().lines().count(), FORMATS.len() - 1);
    }

    #[test]
    fn every_page_has_a_name_of_its_own_and_files_to_read() {
        let root = crate::root();
        let mut names: Vec<&str> = PAGES.iter().chain([&MANY, &PARTS]).map(|p| p.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PAGES.len() + 2);
        for path in PAGES.iter().flat_map(|page| page.arguments).filter(|a| a.contains('/')) {
            assert!(root.join(path).exists(), "{path}");
        }
    }
}
