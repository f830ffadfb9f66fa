use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::IsTerminal;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use tailproof_core::{
    AccuracyMeasure, Aggregate, Condition, Dataset, Direction, Level, Objective, Unit,
};
use tailproof_ingest::{Format, IngestError, Options, Wanted};
use tailproof_slo::config::{Config, MetricConfig};
use tailproof_slo::{config, openslo};

/// How data are read.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Reading {
    /// Format of the data, when it is not to be found by content: csv, k6, go-bench, …
    #[arg(long, default_value = "auto", value_name = "NAME", value_parser = format)]
    format: Auto,
    /// Unit of the values, when the headings do not say: ms, s, MiB, req/s, …
    #[arg(long, value_parser = unit)]
    unit: Option<Unit>,
    /// Columns that are labels (default: all text columns; "none" for none)
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    labels: Option<Vec<String>>,
    /// Whether less or more is better, when the unit does not say
    #[arg(long)]
    direction: Option<Better>,
}

/// A file with the label it goes by.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) label: String,
    /// `None` when nobody measured it.
    pub(crate) path: Option<PathBuf>,
}

impl From<&str> for Named {
    fn from(text: &str) -> Self {
        match text.split_once('=') {
            Some((label, path)) if !label.is_empty() && !Path::new(text).exists() => {
                let path = (!path.is_empty()).then(|| PathBuf::from(path));
                Self { label: label.to_owned(), path }
            }
            _ => {
                let path = PathBuf::from(text);
                let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
                Self { label: stem.unwrap_or_else(|| text.to_owned()), path: Some(path) }
            }
        }
    }
}

/// A format, or `None` for detection.
#[derive(Clone, Copy, Debug)]
struct Auto(Option<Format>);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Better {
    /// Less is better
    Lower,
    /// More is better
    Higher,
}

fn format(text: &str) -> Result<Auto, String> {
    if text == "auto" {
        return Ok(Auto(None));
    }
    let known: Vec<&str> = Format::all().map(Format::name).collect();
    Format::by_name(text)
        .map(|f| Auto(Some(f)))
        .ok_or_else(|| format!("not a format; there are auto, {}", known.join(", ")))
}

fn unit(text: &str) -> Result<Unit, String> {
    text.parse().map_err(|e| format!("{e}"))
}

/// For clap: a level strictly between 0 and 1.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    let level: Level = text.parse().map_err(|e| format!("{e}"))?;
    if level.to_f64() < 0.5 {
        return Err("a confidence level is at least 50 %, such as 0.95 or 95%".to_owned());
    }
    Ok(level)
}

/// For clap: a positive number of replicates, few enough to wait for.
pub(crate) fn resamples(text: &str) -> Result<NonZeroU32, String> {
    /// Beyond, more replicates tell nothing more, and a stranger's evidence would keep a machine
    /// busy.
    const MOST: u32 = 10_000_000;
    text.parse()
        .ok()
        .filter(|n: &NonZeroU32| n.get() <= MOST)
        .ok_or_else(|| "a whole number from 1 to 10 000 000".to_owned())
}

/// For clap: a share such as `1%` or `0.01`, not negative; from 1 on only as a percentage.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    tailproof_core::share(text).map_err(|e| e.to_string())
}

/// For clap: a probability strictly between 0 and 1.
pub(crate) fn power(text: &str) -> Result<f64, String> {
    share(text)
        .ok()
        .filter(|&p| p > 0.0 && p < 1.0)
        .ok_or_else(|| "a probability strictly between 0 and 1, such as 80% or 0.8".to_owned())
}

/// Which columns are read, and what is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    /// Patterns of metrics; empty for all.
    wanted: Vec<String>,
    supposed: Vec<Wanted>,
    events: Vec<String>,
    /// Patterns of predictions.
    pairs: Vec<String>,
    known: Vec<Wanted>,
    /// Columns that are labels though they hold numbers.
    parameters: Vec<String>,
    absent: Absent,
}

/// What becomes of a metric that is wanted and not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Absent {
    /// An error, so that a renamed column cannot pass.
    #[default]
    Refused,
    /// The others are read.
    Left,
    /// The others are read, and everything else that is there, to say what there is.
    Told,
}

impl Columns {
    /// Everything, and columns that are headed as predictions beside the actual values as pairs.
    pub(crate) fn everything() -> Self {
        Self { pairs: vec!["*".to_owned()], ..Self::default() }
    }

    /// The metrics that match a pattern; all without one.
    pub(crate) fn matching(patterns: &[String]) -> Self {
        Self { wanted: patterns.to_vec(), ..Self::default() }
    }

    /// The same; these columns are labels though they hold numbers.
    pub(crate) fn with_parameters(self, parameters: Vec<String>) -> Self {
        Self { parameters, ..self }
    }

    /// What objectives speak of, and what a configuration says of it.
    pub(crate) fn of(objectives: &[Objective], known: &BTreeMap<String, MetricConfig>) -> Self {
        let named = objectives.iter().map(|o| o.metric.clone());
        let ratios = objectives.iter().filter(|o| o.aggregate == Aggregate::Ratio);
        let of_pairs = |o: &&Objective| matches!(o.aggregate, Aggregate::Accuracy(_));
        let predicted = |o: &Objective| o.metric.clone().unwrap_or_else(|| "*".to_owned());
        let supposed = |o: &Objective| Wanted {
            pattern: o.metric.clone().unwrap_or_else(|| "*".to_owned()),
            unit: data_unit(o),
            direction: None,
        };
        let configured = |(name, m): (&String, &MetricConfig)| Wanted {
            pattern: name.clone(),
            unit: m.unit.clone(),
            direction: m.direction,
        };
        Self {
            // One objective without a name speaks of every metric.
            wanted: named.collect::<Option<_>>().unwrap_or_default(),
            supposed: objectives.iter().map(supposed).collect(),
            events: ratios
                .filter_map(|o| o.metric.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            pairs: objectives.iter().filter(of_pairs).map(predicted).collect(),
            known: known.iter().map(configured).collect(),
            ..Self::default()
        }
    }
}

/// A bar for people who wait for large files; hidden elsewhere.
fn progress(paths: &[PathBuf]) -> ProgressBar {
    /// Smaller inputs are read before a bar could be seen.
    const LARGE: u64 = 64 << 20;
    let bytes: u64 = paths.iter().filter_map(|p| Some(fs::metadata(p).ok()?.len())).sum();
    if bytes < LARGE || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("reading {bytes}/{total_bytes} {wide_bar} {eta}");
    bar.set_style(style.expect("the template is right"));
    bar
}

impl Reading {
    /// Reads files as [`read`](Self::read) does; where something that is wanted is not there, the
    /// rest, and all other columns too if they can be read, so that it can be said what there is.
    ///
    /// A run without missing metrics reads what is wanted and nothing else.
    pub(crate) fn read_what_is_there(
        &self,
        paths: &[PathBuf],
        columns: &Columns,
    ) -> anyhow::Result<Dataset> {
        let with = |absent| self.read(paths, Columns { absent, ..columns.clone() });
        match with(Absent::Refused) {
            Err(error) if is_missing(&error) => {
                // A column that nobody asked for may hold anything.
                with(Absent::Told).or_else(|_| with(Absent::Left))
            }
            read => read,
        }
    }

    /// Reads files into one data set, keeping what is wanted.
    pub(crate) fn read(&self, paths: &[PathBuf], columns: Columns) -> anyhow::Result<Dataset> {
        let mut labels = self.labels.clone();
        if labels.as_ref().is_some_and(|l| l.len() == 1 && l[0] == "none") {
            labels = Some(Vec::new());
        }
        let direction = self.direction.map(|better| match better {
            Better::Lower => Direction::Lower,
            Better::Higher => Direction::Higher,
        });
        let options = Options {
            format: self.format.0,
            wanted: columns.wanted,
            supposed: columns.supposed,
            events: columns.events,
            pairs: columns.pairs,
            known: columns.known,
            unit: self.unit.clone(),
            labels,
            direction,
            parameters: columns.parameters,
            lenient: columns.absent != Absent::Refused,
            everything: columns.absent == Absent::Told,
        };
        let bar = progress(paths);
        let mut inputs = Vec::new();
        for path in paths {
            for input in tailproof_ingest::inputs(path)? {
                let bar = bar.clone();
                inputs.push(input.watched(move |bytes| bar.inc(bytes)));
            }
        }
        let data = tailproof_ingest::read(inputs, &options);
        bar.finish_and_clear();
        Ok(data?)
    }
}

/// Whether reading failed for a metric that is not there.
fn is_missing(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<IngestError>(), Some(IngestError::MissingColumn { .. }))
}

/// The unit that an objective gives data without one.
fn data_unit(objective: &Objective) -> Option<Unit> {
    let quantity = match (&objective.aggregate, &objective.condition) {
        (Aggregate::Rate(_, limit), _) => limit,
        (Aggregate::Throughput | Aggregate::Ratio, _) => return None,
        (Aggregate::Accuracy(measure), _) if *measure != AccuracyMeasure::Rmse => return None,
        (_, Condition::Absolute(_, q) | Condition::Range(q, _)) => q,
        _ => return None,
    };
    quantity.unit().filter(|u| matches!(u, Unit::Scaled { .. })).cloned()
}

/// Objectives and settings from flags and files.
pub(crate) fn configuration(
    typed: &[String],
    files: &[PathBuf],
) -> anyhow::Result<(Config, Vec<PathBuf>)> {
    let mut files = files.to_vec();
    let default = PathBuf::from("tailproof.toml");
    if typed.is_empty() && files.is_empty() && default.is_file() {
        files.push(default);
    }
    let mut all = Config::default();
    for path in &files {
        let config = read_configuration(path)?;
        all.objectives.extend(config.objectives);
        all.metrics.extend(config.metrics);
        all.level = config.level.or(all.level);
        all.component = config.component.or(all.component);
    }
    for text in typed {
        all.objectives.push(text.parse::<Objective>().map_err(|e| anyhow!(e))?);
    }
    if all.objectives.is_empty() {
        bail!(
            "no objective: add --objective 'latency: p95 <= 150ms', --slo FILE, or a \
             tailproof.toml with objectives = [\"latency: p95 <= 150ms\"]"
        );
    }
    Ok((all, files))
}

fn read_configuration(path: &Path) -> anyhow::Result<Config> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| name.to_string())?;
    let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
    if yaml {
        let objectives = openslo::parse(&text).with_context(|| name.to_string())?;
        return Ok(Config { objectives, ..Config::default() });
    }
    config::parse(&text).map_err(|e| anyhow!("{name}, {e}"))
}
