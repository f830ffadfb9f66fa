//! What the compiler does not hold: which crate may depend on which, and what pure crates
//! may not touch.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

/// Crates of the workspace and the crates each may depend on. `ARCHITECTURE.md` explains them.
const ARROWS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("resampling", &["core"]),
    ("hypothesis", &["core", "resampling"]),
    ("slo", &["core", "resampling", "hypothesis"]),
    ("compare", &["core", "resampling", "hypothesis"]),
    ("scorecard", &["core", "resampling", "hypothesis", "slo", "compare"]),
    ("ingest", &["core"]),
    ("store", &["core", "ingest", "reporting"]),
    ("measure", &["core", "resampling", "hypothesis"]),
    ("reporting", &["core"]),
    (
        "cli",
        &[
            "core",
            "resampling",
            "hypothesis",
            "slo",
            "compare",
            "scorecard",
            "ingest",
            "reporting",
            "store",
            "measure",
        ],
    ),
];

/// Crates that are functions of their arguments.
const PURE: &[&str] = &["core", "resampling", "hypothesis", "slo", "compare", "scorecard"];

/// What pure crates may not name: clocks, files, the environment, global generators.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::{env",
    "std::{fs",
    "std::{io",
    "std::io::stdin",
    "std::env",
    "std::time",
    "std::net",
    "std::process",
    "Instant::now",
    "SystemTime",
    "rand::rng(",
    "thread_rng",
    "OsRng",
    "println!",
    "eprintln!",
];

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let folder = root.join("crates");
    for entry in fs::read_dir(&folder).context("reading crates/")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((_, allowed)) = ARROWS.iter().find(|a| a.0 == name) else {
            wrong.push(format!("crates/{name} is not among the arrows in xtask/src/tidy.rs"));
            continue;
        };
        let manifest: toml::Table = fs::read_to_string(path.join("Cargo.toml"))?
            .parse()
            .with_context(|| format!("crates/{name}/Cargo.toml"))?;
        let expected = if name == "cli" { "tailproof".into() } else { format!("tailproof-{name}") };
        if manifest["package"]["name"].as_str() != Some(&expected) {
            wrong.push(format!("crates/{name} should be the package {expected}"));
        }
        for dependency in dependencies(&manifest) {
            if let Some(other) = dependency.strip_prefix("tailproof-")
                && !allowed.contains(&other)
            {
                wrong.push(format!("crates/{name} depends on {other}: no such arrow"));
            }
        }
        if PURE.contains(&name.as_str()) {
            impurities(&path.join("src"), root, &mut wrong)?;
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// Packages that a manifest depends on outside of tests, renamed ones by their own name.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let table = |t: Option<&toml::Value>| t.and_then(|t| t.as_table()).cloned().unwrap_or_default();
    let kinds = ["dependencies", "build-dependencies"];
    let mut all: Vec<toml::Table> = kinds.iter().map(|k| table(manifest.get(*k))).collect();
    for target in table(manifest.get("target")).values() {
        all.extend(kinds.iter().map(|k| table(target.get(*k))));
    }
    all.into_iter()
        .flatten()
        .map(|(name, value)| {
            value.get("package").and_then(|p| p.as_str()).map_or(name, str::to_owned)
        })
        .collect()
}

fn impurities(folder: &Path, root: &Path, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            impurities(&path, root, wrong)?;
            continue;
        }
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        for (i, line) in fs::read_to_string(&path)?.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = IMPURE.iter().find(|w| code.contains(**w)) {
                wrong.push(format!("{shown}:{}: a pure crate names {word}", i + 1));
            }
        }
    }
    Ok(())
}
