//! `tailproof score`: a targets file, judged on evidence and data, up to a release decision.

mod init;
mod page;
mod parts;
mod results;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use tailproof_core::{Dataset, Finding, Level, Memo, NoMemo, Objective, Seed};
use tailproof_reporting::Evidence;
use tailproof_scorecard::config::{self, Targets};
use tailproof_scorecard::{Readiness, Scorecard, Settings, Supplied, score};
use tailproof_store::DiskMemo;

use crate::exit::{self, Gate};
use crate::inputs::{self, Columns, Reading};
use crate::output::{Output, print};

/// Judge a file of targets, and say whether to release
///
/// Every target becomes a row with its value, interval, status and provenance. Values come from
/// evidence files, from data, or from the file itself. Only measured rows count towards the
/// success rate; what was estimated, projected or not tested is never a pass.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tailproof score --init latency.csv > targets.toml
  tailproof score targets.toml latency.csv
  tailproof score targets.toml artifacts/checkout_performance_bootstrap_validation.json --output markdown")]
pub(crate) struct Score {
    /// The targets, in TOML; with --init data
    #[arg(required_unless_present = "init", value_name = "TARGETS")]
    targets: Option<PathBuf>,
    /// Evidence of earlier runs, and measurements
    #[arg(value_name = "EVIDENCE|DATA")]
    data: Vec<PathBuf>,
    /// Measurements to compare with, for relative targets; repeatable
    #[arg(long, value_name = "DATA")]
    baseline: Vec<PathBuf>,
    /// Print a commented targets file to begin with, for the data that are given
    #[arg(long)]
    init: bool,
    /// Seed of everything random, recorded in the evidence
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Confidence level of intervals, where the file says none [default: 0.999]
    #[arg(long, value_parser = inputs::level)]
    level: Option<Level>,
    /// Keep what takes long to compute in this folder, and take it from there the next time
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Exit 0 for "ready with conditions" too: a person has accepted them
    #[arg(long)]
    accept_conditions: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

/// Most bytes that `--cache` keeps.
const CACHE_BYTES: u64 = 256 << 20;

/// What was read beside the targets.
struct Inputs {
    data: Dataset,
    baseline: Option<Dataset>,
    evidence: Vec<(String, Vec<Finding>)>,
    /// Files of evidence, for the record.
    records: Vec<PathBuf>,
    files: BTreeMap<String, Dataset>,
}

impl Score {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if self.init {
            return self.example();
        }
        let path = self.targets.as_deref().context("no targets file")?;
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| name.to_string())?;
        let targets = config::parse(&text).map_err(|e| anyhow!("{name}, {e}"))?;
        let inputs = self.inputs(path, &targets)?;
        let memo = self.cache.as_ref().map(|folder| DiskMemo::new(folder, CACHE_BYTES));
        let host = targets.needs_host().then(tailproof_ingest::host);
        let supplied = Supplied {
            host: host.as_ref(),
            memo: memo.as_ref().map_or(&NoMemo, |memo| memo as &dyn Memo),
            data: &inputs.data,
            baseline: inputs.baseline.as_ref(),
            evidence: &inputs.evidence,
            files: &inputs.files,
        };
        let level = self.level.unwrap_or(Level::P999);
        let settings = Settings { level, seed: Seed(self.seed) };
        let card = score(&targets, &supplied, &settings).map_err(|e| anyhow!("{name}, {e}"))?;
        let mut evidence = evidence(&card);
        evidence.settings.level = Some(targets.level.unwrap_or(level));
        evidence.settings.seed = Some(Seed(self.seed));
        evidence.add_sources("configuration", &[tailproof_ingest::source(path, "toml")?]);
        record(&mut evidence, &inputs)?;
        let accepted = self.accept_conditions && card.decision.readiness == Readiness::Conditions;
        // What a person has accepted no longer gates; that it would have is said.
        let gate = if accepted { Gate::on(Vec::new()) } else { self.gate.clone() };
        self.output.finish(evidence, &gate)
    }

    /// Reads evidence, data, the baseline, and the files that rows name.
    fn inputs(&self, targets_file: &Path, targets: &Targets) -> anyhow::Result<Inputs> {
        let mut evidence = Vec::new();
        let (mut records, mut paths) = (Vec::new(), Vec::new());
        for path in &self.data {
            match findings(path)? {
                Some(found) => {
                    evidence.push((short_name(path), found));
                    records.push(path.clone());
                }
                None => paths.push(path.clone()),
            }
        }
        let objectives = targets.objectives();
        let read = |paths: &[PathBuf], objectives: &[Objective]| {
            self.reading.read(paths, Columns::of(objectives, &BTreeMap::new()))
        };
        let data = if paths.is_empty() { Dataset::default() } else { read(&paths, &objectives)? };
        let baseline = if self.baseline.is_empty() {
            None
        } else {
            Some(read(&self.baseline, &objectives).context("reading the baseline")?)
        };
        let folder = targets_file.parent().unwrap_or_else(|| Path::new(""));
        let mut files = BTreeMap::new();
        for (file, own) in targets.files() {
            let path = folder.join(&file);
            let data = read(std::slice::from_ref(&path), &own)
                .with_context(|| format!("reading {file}"))?;
            files.insert(file, data);
        }
        Ok(Inputs { data, baseline, evidence, records, files })
    }

    /// Prints a targets file to begin with.
    fn example(&self) -> anyhow::Result<ExitCode> {
        let paths: Vec<PathBuf> = self.targets.iter().chain(&self.data).cloned().collect();
        if let Some(toml) = paths.iter().find(|p| p.extension().is_some_and(|e| e == "toml")) {
            bail!(
                "--init takes data; to make the targets file, say: tailproof score --init DATA > {}",
                toml.display()
            );
        }
        let text = if paths.is_empty() {
            init::generic()
        } else {
            init::of(&self.reading.read(&paths, Columns::default())?)
        };
        print(&text)?;
        Ok(ExitCode::from(exit::PASSED))
    }
}

/// The name of a file without its folder, which says something about the machine.
fn short_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The findings of a file of evidence; `None` for anything else, which is data.
fn findings(path: &Path) -> anyhow::Result<Option<Vec<Finding>>> {
    /// Bytes in which evidence has named its schema.
    const HEAD: u64 = 64 << 10;
    if !path.is_file() {
        return Ok(None);
    }
    let name = || path.display().to_string();
    let mut head = Vec::new();
    File::open(path).with_context(name)?.take(HEAD).read_to_end(&mut head).with_context(name)?;
    let schema = b"\"tailproof.evidence/";
    if head.first() != Some(&b'{') || !head.windows(schema.len()).any(|w| w == schema) {
        return Ok(None);
    }
    let text = fs::read_to_string(path).with_context(name)?;
    Ok(Some(Evidence::from_json(&text).with_context(name)?.findings))
}

/// The scorecard as evidence, with the document that people read.
fn evidence(card: &Scorecard) -> Evidence {
    let mut evidence = Evidence::new(card.title.clone(), card.findings());
    evidence.page = Some(page::page(card));
    evidence.results.insert("scorecard".to_owned(), results::results(card));
    evidence.recommendations = card.recommendations.iter().map(page::recommended).collect();
    evidence.notes.clone_from(&card.notes);
    evidence
}

/// Notes everything that was read.
fn record(evidence: &mut Evidence, inputs: &Inputs) -> anyhow::Result<()> {
    evidence.add_sources("data", &inputs.data.sources);
    for data in inputs.files.values() {
        evidence.add_sources("data", &data.sources);
    }
    if let Some(baseline) = &inputs.baseline {
        evidence.add_sources("baseline", &baseline.sources);
    }
    for path in &inputs.records {
        evidence.add_sources("evidence", &[tailproof_ingest::source(path, "json")?]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_told_from_data_by_its_schema() {
        let folder = std::env::temp_dir().join(format!("tailproof-score-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let evidence = Evidence::new("a", vec![]).to_json();
        let kept = findings(&write("a.json", &evidence)).unwrap();
        assert_eq!(kept, Some(vec![]));
        let newer = write("b.json", &evidence.replace("evidence/1", "evidence/2"));
        assert!(format!("{:#}", findings(&newer).unwrap_err()).contains("a newer tailproof"));
        for text in ["latency_ms\n1\n", "{\"latency_ms\": 3}", ""] {
            assert_eq!(findings(&write("c", text)).unwrap(), None, "{text}");
        }
        assert_eq!(findings(&folder).unwrap(), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
