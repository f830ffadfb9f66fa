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
use tailproof_core::{
    Dataset, Finding, Level, Memo, NoMemo, Objective, Observations, Seed, Series,
};
use tailproof_reporting::Evidence;
use tailproof_scorecard::config::{self, Targets};
use tailproof_scorecard::{Readiness, Scorecard, Settings, Supplied, score};
use tailproof_store::DiskMemo;

use crate::exit::{self, Gate};
use crate::given::{Analysis, Given};
use crate::inputs::{self, Columns, Reading};
use crate::names::within;
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

impl Analysis for Score {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        self.judge(given)
    }
}

impl Score {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        if self.init {
            return self.example();
        }
        self.output.prepare(false)?;
        let evidence = self.judge(given)?;
        // What a person has accepted no longer gates; that it would have is said and recorded.
        let gate = if self.accept_conditions {
            self.gate.accepting_conditions()
        } else {
            self.gate.clone()
        };
        self.output.finish(evidence, &gate, given)
    }

    /// The evidence, with the decision in it.
    fn judge(&self, given: &Given) -> anyhow::Result<Evidence> {
        let path = self.targets.as_deref().context("no targets file")?;
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| name.to_string())?;
        let targets = config::parse(&text).map_err(|e| {
            let data = ": this looks like data: the first file is the targets (TOML), see --init";
            anyhow!("{name}, {e}{}", if toml(path) { "" } else { data })
        })?;
        let inputs = self.inputs(path, &targets, given.is_again())?;
        let memo = self.cache.as_ref().map(|folder| DiskMemo::new(folder, CACHE_BYTES));
        let host = targets.needs_host().then(|| given.host());
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
        let mut card = score(&targets, &supplied, &settings).map_err(|e| anyhow!("{name}, {e}"))?;
        if given.is_again() || self.output.wants_pictures() {
            draw(&mut card, &targets, &inputs);
        }
        let mut evidence = evidence(&card);
        evidence.settings.level = Some(targets.level.unwrap_or(level));
        evidence.settings.seed = Some(Seed(self.seed));
        given.configured(&mut evidence, path, "toml")?;
        record(&mut evidence, &inputs, given)?;
        if let Some(host) = &host {
            Given::keep_host(&mut evidence, host);
        }
        if self.accept_conditions && card.decision.readiness == Readiness::Conditions {
            let note = "a person accepted the conditions (--accept-conditions): exit code 0";
            evidence.notes.push(note.to_owned());
        }
        Ok(evidence)
    }

    /// Reads evidence, data, the baseline, and the files that rows name; in a run again only
    /// those inside of its folder, for the targets may be a stranger's.
    fn inputs(
        &self,
        targets_file: &Path,
        targets: &Targets,
        again: bool,
    ) -> anyhow::Result<Inputs> {
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
        let data =
            if paths.is_empty() { Dataset::default() } else { self.data(&paths, &objectives)? };
        let baseline = if self.baseline.is_empty() {
            None
        } else {
            Some(self.data(&self.baseline, &objectives).context("reading the baseline")?)
        };
        let folder = targets_file.parent().unwrap_or_else(|| Path::new(""));
        let mut files = BTreeMap::new();
        for (file, asked) in targets.files() {
            let path = folder.join(&file);
            let place = || {
                let (name, line, key) = (targets_file.display(), asked.line, asked.key);
                format!("{name}, line {line}: {key} = {file:?}")
            };
            if again && within(&path).is_none() {
                bail!("{} is outside of the folder that it is run again in", place());
            }
            let read = self.data(std::slice::from_ref(&path), &asked.objectives);
            let data = read.with_context(place)?;
            files.insert(file, data);
        }
        Ok(Inputs { data, baseline, evidence, records, files })
    }

    /// Reads data, with or without what is asked of them.
    fn data(&self, paths: &[PathBuf], objectives: &[Objective]) -> anyhow::Result<Dataset> {
        let columns = Columns::of(objectives, &BTreeMap::new());
        let read = |paths: &[PathBuf]| self.reading.read_what_is_there(paths, &columns);
        let data = read(paths).map_err(|e| {
            let said = e.to_string();
            let blamed = |path: &&PathBuf| ends(path, "json") && said.contains(&short_name(path));
            match paths.iter().find(blamed) {
                Some(json) => {
                    let read_as = "read as data: it is not evidence of tailproof";
                    e.context(format!("{} was {read_as}", json.display()))
                }
                None => e,
            }
        })?;
        let counts = |s: &Series| matches!(s.observations, Observations::Events(_));
        if paths.len() < 2 || !data.series.iter().any(counts) {
            return Ok(data);
        }
        // Counts of two files under one name would be added up as if they were of one service.
        let mut known: BTreeMap<String, &PathBuf> = BTreeMap::new();
        for path in paths {
            let Ok(own) = read(std::slice::from_ref(path)) else { continue };
            for series in own.series.iter().filter(|s| counts(s)) {
                if let Some(other) = known.insert(series.name(), path) {
                    bail!(
                        "{} and {} both count {}: put the counts of one service into one file, or \
                         tell them apart by a column of labels",
                        other.display(),
                        path.display(),
                        series.name()
                    );
                }
            }
        }
        Ok(data)
    }

    /// Prints a targets file to begin with.
    fn example(&self) -> anyhow::Result<ExitCode> {
        let paths: Vec<PathBuf> = self.targets.iter().chain(&self.data).cloned().collect();
        if let Some(toml) = paths.iter().find(|p| toml(p)) {
            bail!(
                "--init takes data; to make the targets file, say: tailproof score --init DATA > {}",
                toml.display()
            );
        }
        let text = if paths.is_empty() {
            init::generic()
        } else {
            let read = |path: &PathBuf| {
                let data = self.reading.read(std::slice::from_ref(path), Columns::everything())?;
                Ok((path.to_string_lossy().into_owned(), data))
            };
            init::of(&paths.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?)
        };
        print(&text)?;
        Ok(ExitCode::from(exit::PASSED))
    }
}

/// Whether the name of a file ends so.
fn ends(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension))
}

/// Whether a file is a targets file by its name.
fn toml(path: &Path) -> bool {
    ends(path, "toml")
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

/// Adds what a report draws to the rows that were judged on data, theirs or everybody's.
fn draw(card: &mut Scorecard, targets: &Targets, inputs: &Inputs) {
    let own: BTreeMap<usize, &str> =
        targets.targets.iter().filter_map(|t| Some((t.line, t.data.as_deref()?))).collect();
    let files = inputs.files.iter().map(|(name, data)| (Some(name.as_str()), data));
    for (name, data) in std::iter::once((None, &inputs.data)).chain(files) {
        let rows = card.rows.iter_mut().filter(|row| own.get(&row.line).copied() == name);
        tailproof_slo::add_exhibits(data, rows.map(|row| (&row.objective, &mut row.finding)));
    }
}

/// The scorecard as evidence, with the document that people read.
fn evidence(card: &Scorecard) -> Evidence {
    let mut evidence = Evidence::new(card.title.clone(), card.findings());
    evidence.page = Some(page::page(card));
    evidence.results.insert("scorecard".to_owned(), results::results(card));
    evidence.recommendations = card.recommendations.iter().map(|r| r.text.clone()).collect();
    evidence.notes.clone_from(&card.notes);
    evidence
}

/// Notes everything that was read.
fn record(evidence: &mut Evidence, inputs: &Inputs, given: &Given) -> anyhow::Result<()> {
    given.record(evidence, "data", &inputs.data.sources);
    for data in inputs.files.values() {
        given.record(evidence, "data", &data.sources);
    }
    if let Some(baseline) = &inputs.baseline {
        given.record(evidence, "baseline", &baseline.sources);
    }
    for path in &inputs.records {
        given.record(evidence, "evidence", &[tailproof_ingest::source(path, "json")?]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new folder, and what writes files into it.
    fn folder(name: &str) -> (PathBuf, impl Fn(&str, &str) -> PathBuf) {
        let own = format!("tailproof-score-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(own);
        fs::create_dir_all(&folder).unwrap();
        let place = folder.clone();
        let write = move |name: &str, text: &str| {
            let path = place.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        (folder, write)
    }

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        score: Score,
    }

    /// The inputs of a run on these files; the first is the targets file.
    fn inputs(files: &[&Path]) -> anyhow::Result<Inputs> {
        read(files, false)
    }

    fn read(files: &[&Path], again: bool) -> anyhow::Result<Inputs> {
        let args = std::iter::once(Path::new("tailproof")).chain(files.iter().copied());
        let score = <Command as clap::Parser>::parse_from(args).score;
        let targets = config::parse(&fs::read_to_string(files[0])?)?;
        score.inputs(files[0], &targets, again)
    }

    #[test]
    fn a_metric_that_is_missing_does_not_end_the_run() {
        let (folder, write) = folder("missing");
        let row = |metric: &str| format!("[[target]]\nclaim = \"{metric}: mean <= 9ms\"\n");
        let targets = write("t.toml", &(row("latency") + &row("cpu")));
        let names = |data: &Path| -> Vec<String> {
            inputs(&[&targets, data]).unwrap().data.series.iter().map(Series::name).collect()
        };
        let all = write("a.csv", "latency_ms,memory_MB\n1,5\n2,6\n");
        assert_eq!(names(&all), ["latency", "memory"]);
        // What nobody asked for may be anything.
        let holes = write("b.csv", "latency_ms,memory_MB\n1,5\n2,\n");
        assert_eq!(names(&holes), ["latency"]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn counts_of_two_files_are_not_added_up() {
        let (folder, write) = folder("counts");
        let targets = write("t.toml", "[[target]]\nclaim = \"requests: ratio >= 99%\"\n");
        let counts = |name: &str, n: u32| write(name, &format!("good,total\n{n},100\n"));
        let (a, b) = (counts("a.csv", 99), counts("b.csv", 98));
        let error = inputs(&[&targets, &a, &b]).err().unwrap().to_string();
        assert!(error.contains("a.csv") && error.contains("b.csv"), "{error}");
        assert!(inputs(&[&targets, &a]).is_ok());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn files_that_are_missing_are_named_with_their_line() {
        let (folder, write) = folder("gone");
        let text = "\n[[target]]\nclaim = \"a: mean <= 9ms\"\ndata = \"gone.csv\"\n";
        let targets = write("t.toml", text);
        let error = format!("{:#}", inputs(&[&targets]).err().unwrap());
        assert!(error.contains("t.toml, line 3: data = \"gone.csv\""), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_run_again_reads_nothing_outside_of_its_folder() {
        let (folder, write) = folder("outside");
        let row =
            |file: &Path| format!("[[target]]\nclaim = \"a: mean <= 9ms\"\ndata = {file:?}\n");
        let data = write("a.csv", "a_ms\n1\n2\n");
        let targets = write("t.toml", &row(&data));
        assert!(read(&[&targets], false).is_ok());
        let error = format!("{:#}", read(&[&targets], true).err().unwrap());
        assert!(error.contains("line 2: data") && error.contains("outside"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn evidence_is_told_from_data_by_its_schema() {
        let (folder, write) = folder("evidence");
        let evidence = Evidence::new("a", vec![]).to_json();
        let kept = findings(&write("a.json", &evidence)).unwrap();
        assert_eq!(kept, Some(vec![]));
        let newer = write("b.json", &evidence.replace("evidence/2", "evidence/3"));
        assert!(format!("{:#}", findings(&newer).unwrap_err()).contains("a newer tailproof"));
        for text in ["latency_ms\n1\n", "{\"latency_ms\": 3}", ""] {
            assert_eq!(findings(&write("c", text)).unwrap(), None, "{text}");
        }
        assert_eq!(findings(&folder).unwrap(), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
