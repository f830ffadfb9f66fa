//! Holds our own latency budgets with our own validator.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::{cargo, target};

/// Name of the bench in the group `budgets`, and what is promised of its p95.
const BUDGETS: &[(&str, &str)] = &[
    ("bootstrap", "p95 < 500ms"),
    ("regression", "p95 < 200ms"),
    ("slo_check", "p95 < 100ms"),
    ("report", "p95 < 250ms"),
];
/// Fewest samples of a budget.
const SAMPLES: usize = 200;

pub(crate) fn run(root: &Path, artifacts: &Path) -> anyhow::Result<()> {
    let artifacts = std::path::absolute(artifacts)?;
    let work = std::path::absolute(target().join("xtask"))?;
    let home = work.join("criterion");
    let home_text = home.to_str().context("the target folder has a UTF-8 name")?;
    // Old samples must not be taken for new ones.
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&work)?;
    cargo(
        &["bench", "--package", "tailproof-benches", "--bench", "budgets"],
        &[("CRITERION_HOME", home_text)],
    )?;
    let mut csv = String::from("metric,value\n");
    for (name, _) in BUDGETS {
        for ms in samples(&home.join("budgets").join(name).join("new/sample.json"))? {
            writeln!(csv, "{name},{ms}")?;
        }
    }
    fs::write(work.join("budgets.csv"), csv)?;
    let mut judge = Command::new(env!("CARGO"));
    judge.args(["run", "--release", "--quiet", "--package", "tailproof", "--", "validate"]);
    judge.arg(work.join("budgets.csv")).args(["--unit", "ms", "--component", "tailproof"]);
    judge.arg("--artifacts").arg(&artifacts).current_dir(root);
    for (name, promise) in BUDGETS {
        judge.arg("--objective").arg(format!("{name}: {promise}"));
    }
    let status = judge.status().context("starting tailproof")?;
    match status.code() {
        Some(0) => {}
        Some(1) => bail!("a budget is broken: see FAIL above, with the gap under \"What to do\""),
        Some(3) => bail!("a budget cannot be judged: see INCONCLUSIVE above"),
        _ => bail!("tailproof validate ended with {status}"),
    }
    let shown = artifacts.strip_prefix(root).unwrap_or(&artifacts);
    eprintln!("all {} budgets hold; evidence in {}", BUDGETS.len(), shown.display());
    Ok(())
}

/// Milliseconds of single calls from criterion's raw samples.
fn samples(path: &Path) -> anyhow::Result<Vec<f64>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let value: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let list = |key: &str| -> anyhow::Result<Vec<f64>> {
        let items = value[key].as_array().with_context(|| format!("no list {key:?}"))?;
        items.iter().map(|x| x.as_f64().context("not a number")).collect()
    };
    let (iterations, times) = (list("iters")?, list("times")?);
    ensure!(times.len() >= SAMPLES, "{} samples, need {SAMPLES}", times.len());
    ensure!(
        iterations.iter().all(|&n| n == 1.0),
        "{}: a sample holds several calls, so its p95 is not that of calls",
        path.display()
    );
    Ok(times.iter().map(|ns| ns / 1e6).collect())
}
