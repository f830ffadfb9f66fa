//! The two sides of a comparison: files, folders, a kept baseline, or published summaries.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use tailproof_core::{Dataset, Finding, Loop, Provenance, glob};
use tailproof_ingest::{Options, baselines};
use tailproof_reporting::Evidence;
use tailproof_store::{StoreError, differences};

use crate::baseline::Place;
use crate::given::{Given, Nothing};
use crate::inputs::{Columns, Named, Reading};

/// Which measurements are compared.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Sides {
    /// Measurements before, and after; each a file, a folder, FOLDER@BASELINE of criterion, -
    /// for standard input, or LABEL=PATH. A single criterion folder is its `base` against `new`
    #[arg(value_name = "BASE HEAD")]
    paths: Vec<Named>,
    /// Compare with a kept baseline; all paths are then measurements after
    #[arg(long, value_name = "NAME", conflicts_with = "reference")]
    baseline: Option<String>,
    /// Which of the labelled inputs is the base [default: the first]
    #[arg(long, value_name = "LABEL")]
    reference: Option<String>,
    /// Compare published summaries, lines such as `Search: 142.2 ± 2.2 ms (10) -> 145.3 ± 3.6 ms (10)`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "baseline", "reference"])]
    summary: Option<PathBuf>,
    /// Compare only these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Compare only series whose metric, benchmark or label matches, as key:glob; repeatable
    #[arg(long, value_name = "KEY:GLOB", value_parser = filter)]
    filter: Vec<(String, String)>,
    #[command(flatten)]
    place: Place,
}

/// What was read.
pub(crate) struct Measurements {
    pub(crate) base: Dataset,
    /// The name of the base.
    pub(crate) before: String,
    /// Name and data of everything that is compared with it.
    pub(crate) heads: Vec<(String, Dataset)>,
    /// What people should know of where they came from.
    pub(crate) notes: Vec<String>,
    /// Whether these are figures that somebody published.
    published: bool,
}

fn filter(text: &str) -> Result<(String, String), String> {
    let (key, pattern) =
        text.split_once(':').ok_or("expected KEY:GLOB, such as benchmark:hash/*")?;
    Ok((key.to_owned(), pattern.to_owned()))
}

impl Sides {
    /// The store beside the measurements.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Reads both sides; [`Nothing`] when there is nothing to compare with.
    pub(crate) fn read(&self, reading: &Reading, given: &Given) -> anyhow::Result<Measurements> {
        let mut sides = match &self.summary {
            Some(path) => published(path)?,
            None => self.measured(reading, given)?,
        };
        for data in [&mut sides.base].into_iter().chain(sides.heads.iter_mut().map(|h| &mut h.1)) {
            self.keep(data);
        }
        Ok(sides)
    }

    fn measured(&self, reading: &Reading, given: &Given) -> anyhow::Result<Measurements> {
        let read = |named: &Named| -> anyhow::Result<(String, Dataset)> {
            let path = named.path.clone().context("a side of a comparison has a path")?;
            let data = reading.read(&[path], Columns::matching(&self.metric))?;
            Ok((named.label.clone(), data))
        };
        if let Some(name) = &self.baseline {
            ensure!(!self.paths.is_empty(), "name the measurements to compare with {name}");
            // Without any baseline yet there is nothing to compare with; a name beside others is
            // misspelt.
            if self.place.store().names()?.is_empty() {
                bail!(Nothing(StoreError::absent(&self.place.store(), name).to_string()));
            }
            let heads = self.paths.iter().map(read).collect::<anyhow::Result<_>>()?;
            return self.kept(name, heads, given);
        }
        let mut paths = self.paths.clone();
        if let [only] = paths.as_slice() {
            let folder = only.path.clone().unwrap_or_default();
            ensure!(
                folder.as_os_str() == "-" || folder.exists(),
                "{}: no such file or folder",
                folder.display()
            );
            let there = baselines(&folder);
            if !there.iter().any(|b| b == "base") {
                let names = self.place.store().names()?;
                if names.iter().any(|n| n == "main") {
                    let head = read(only)?;
                    let mut sides = self.kept("main", vec![head], given)?;
                    sides
                        .notes
                        .push("one path is named: compared with the kept baseline main".to_owned());
                    return Ok(sides);
                }
                bail!(Nothing(
                    "no baseline: name BASE and HEAD, or keep one with `tailproof baseline save \
                     main DATA`"
                        .to_owned()
                ));
            }
            same_twice(only, &folder)?;
            let at = |baseline: &str| Named {
                label: baseline.to_owned(),
                path: Some(PathBuf::from(format!("{}@{baseline}", folder.display()))),
            };
            paths = vec![at("base"), at("new")];
        }
        ensure!(!paths.is_empty(), "nothing to compare: name BASE and HEAD, or --summary FILE");
        if let Some(label) = &self.reference {
            let at = paths.iter().position(|p| p.label == *label).with_context(|| {
                let have: Vec<&str> = paths.iter().map(|p| p.label.as_str()).collect();
                format!("--reference {label}: there is {}", have.join(", "))
            })?;
            paths[..=at].rotate_right(1);
        }
        let (before, base) = read(&paths[0]).context("reading the baseline")?;
        let heads = paths[1..].iter().map(|p| read(p).context("reading the candidate"));
        let heads = heads.collect::<anyhow::Result<_>>()?;
        Ok(Measurements { base, before, heads, notes: Vec::new(), published: false })
    }

    /// A kept baseline against measurements.
    fn kept(
        &self,
        name: &str,
        heads: Vec<(String, Dataset)>,
        given: &Given,
    ) -> anyhow::Result<Measurements> {
        let store = self.place.store();
        let baseline = store.load(name)?;
        let mut base = baseline.data;
        // What was read is the kept file, not the files that it was once made of.
        base.sources = vec![tailproof_ingest::source(&store.path(name)?, "baseline/1")?];
        base.series.retain(|s| {
            self.metric.is_empty() || self.metric.iter().any(|m| glob(m, &s.metric.name))
        });
        let mut notes = Vec::new();
        let differs = differences(&baseline.environment, &given.environment());
        if !differs.is_empty() {
            notes.push(format!(
                "the baseline was measured on another machine ({}): what differs may be the machine",
                differs.join("; ")
            ));
        }
        Ok(Measurements { base, before: name.to_owned(), heads, notes, published: false })
    }

    /// Keeps the series that every filter lets through.
    fn keep(&self, data: &mut Dataset) {
        data.series.retain(|series| {
            self.filter.iter().all(|(key, pattern)| match key.as_str() {
                "metric" => glob(pattern, &series.metric.name),
                _ => series.labels.get(key).is_some_and(|value| glob(pattern, value)),
            })
        });
    }
}

/// Criterion replaces `base` by `new` when a benchmark has ended, unless it is told to keep one:
/// what is then in the folder is the same measurement twice.
fn same_twice(named: &Named, folder: &Path) -> anyhow::Result<()> {
    let hashes = |baseline: &str| -> anyhow::Result<Vec<[u8; 32]>> {
        let path = PathBuf::from(format!("{}@{baseline}", folder.display()));
        let data = tailproof_ingest::read(tailproof_ingest::inputs(&path)?, &Options::default())?;
        let samples = data.sources.iter().filter(|s| s.format != tailproof_ingest::COMPANION);
        Ok(samples.map(|s| s.sha256).collect())
    };
    if hashes("base")? == hashes("new")? {
        bail!(
            "{}: base and new are the same measurements, which criterion writes unless a baseline is \
             kept: run `cargo bench -- --save-baseline before` first, then `cargo bench`, and \
             compare {1}@before {1}@new",
            named.label,
            folder.display()
        );
    }
    Ok(())
}

/// Published summaries as both sides.
fn published(path: &Path) -> anyhow::Result<Measurements> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| name.to_string())?;
    let pairs = tailproof_compare::published(&text).map_err(|e| anyhow!("{name}, {e}"))?;
    let notes = tailproof_compare::replayed(&pairs);
    let mut base = pairs.base;
    base.sources.push(tailproof_ingest::source(path, "summary")?);
    let heads = vec![("published".to_owned(), pairs.candidate)];
    Ok(Measurements { base, before: "published".to_owned(), heads, notes, published: true })
}

impl Measurements {
    /// Notes where the data came from.
    pub(crate) fn record(&self, evidence: &mut Evidence, given: &Given) {
        given.record(evidence, "baseline", &self.base.sources);
        for (_, head) in &self.heads {
            given.record(evidence, "candidate", &head.sources);
        }
        evidence.notes.extend(self.notes.iter().cloned());
        for data in [&self.base].into_iter().chain(self.heads.iter().map(|h| &h.1)) {
            let new = data.notes.iter().filter(|n| !evidence.notes.contains(n)).cloned();
            let new: Vec<String> = new.collect();
            evidence.notes.extend(new);
        }
        let closed = |d: &Dataset| d.generator == Some(Loop::Closed);
        if closed(&self.base) || self.heads.iter().any(|h| closed(&h.1)) {
            evidence.notes.push(
                "closed loop: requests waited for answers, so that a stall hides those that it \
                 delayed"
                    .to_owned(),
            );
        }
    }

    /// Marks what somebody published as such: nobody measured it here, and each mean stands for
    /// as many runs as were published.
    pub(crate) fn finish(&self, findings: &mut [Finding]) {
        if !self.published {
            return;
        }
        for finding in findings {
            if finding.provenance == Provenance::Measured {
                finding.provenance = Provenance::Estimated;
            }
            finding.warnings.retain(|w| !w.starts_with("one run a side"));
        }
    }

    /// An empty side is an error of the filter, not a verdict.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.base.series.is_empty() {
            bail!("no series is left of {}: see --metric and --filter", self.before);
        }
        if let Some((name, _)) = self.heads.iter().find(|h| h.1.series.is_empty()) {
            bail!("no series is left of {name}: see --metric and --filter");
        }
        Ok(())
    }
}
