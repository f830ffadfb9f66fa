//! `tailproof changes`: when did a metric change?

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use tailproof_compare::history::{History, HistorySettings, SearchMethod, Since, histories};
use tailproof_core::{Dataset, Finding, Level, Seed, number, percent};
use tailproof_reporting::Evidence;

use crate::exit::Gate;
use crate::given::{Analysis, Given};
use crate::inputs::{self, Columns, Reading};
use crate::output::Output;

/// Find when a metric changed, and fail on a recent change for the worse
///
/// The points of a history are its elements in order of time: one a commit where the data say
/// which, one a run or a file where there are several. Every split is tested by permuting the
/// stretch that it splits, search included.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  tailproof changes history.csv --metric latency --min-effect 5% --since 5f3a1c2")]
pub(crate) struct Changes {
    /// Files with a history, - for standard input
    #[arg(required = true)]
    history: Vec<PathBuf>,
    /// Search only these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// How changes are found
    #[arg(long, value_enum, default_value = "divisive", value_name = "NAME")]
    method: Method,
    /// Fewest points between two changes
    #[arg(long, default_value = "3", value_name = "N")]
    min_segment: NonZeroUsize,
    /// Smaller changes of the median are not reported
    #[arg(long, default_value = "1%", value_parser = inputs::share, value_name = "SHARE")]
    min_effect: f64,
    /// Significance level of each split, for the whole search that finds it
    #[arg(long, default_value = "0.02", value_parser = alpha)]
    alpha: Level,
    /// Confidence level of the interval of each change
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    /// Fail on changes from this commit on, or among this many of the newest points
    #[arg(long, default_value = "30", value_name = "MARK|N")]
    since: String,
    /// Most permutations of a test
    #[arg(long, default_value = "999", value_parser = inputs::resamples, value_name = "N")]
    resamples: NonZeroU32,
    /// Seed of the permutations, recorded in the evidence
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Method {
    /// E-divisive: a change of anything in the distribution, tested by permutations
    Divisive,
    /// PELT: a change of the mean, with a penalty calibrated on permuted data
    Pelt,
}

/// For clap: one minus a probability strictly between 0 and 1.
fn alpha(text: &str) -> Result<Level, String> {
    inputs::power(text).and_then(|alpha| Level::with_alpha(alpha).map_err(|e| e.to_string()))
}

impl Changes {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.conclude(&self, &self.gate, given)
    }
}

impl Analysis for Changes {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        let data = self
            .reading
            .read(&self.history, Columns::matching(&self.metric))
            .context("reading the history")?;
        ensure!(!data.series.is_empty(), "no series to search");
        let settings = self.settings(&data);
        let found = histories(&data, &settings)?;
        let findings: Vec<Finding> = found.iter().flat_map(History::findings).collect();
        let mut evidence = Evidence::new("changes", findings);
        given.record(&mut evidence, "history", &data.sources);
        evidence.settings = tailproof_reporting::Settings {
            level: Some(self.level),
            seed: Some(settings.seed),
            resamples: Some(self.resamples.get()),
            min_effect: Some(settings.min_effect),
            comparison_level: None,
            comparison: None,
        };
        evidence.notes.extend(data.notes.iter().cloned());
        evidence.notes.push(summary(&found, &settings));
        Ok(evidence)
    }
}

impl Changes {
    fn settings(&self, data: &Dataset) -> HistorySettings {
        let marked = |s: &tailproof_core::Series| {
            s.marks.as_ref().is_some_and(|marks| marks.contains(&self.since))
        };
        // A commit of digits only is a commit where there is one.
        let since = match self.since.parse() {
            Ok(count) if !data.series.iter().any(marked) => Since::Newest(count),
            _ => Since::Mark(self.since.clone()),
        };
        HistorySettings {
            split: self.alpha,
            level: self.level,
            min_segment: self.min_segment,
            min_effect: self.min_effect,
            permutations: self.resamples,
            method: match self.method {
                Method::Divisive => SearchMethod::Divisive,
                Method::Pelt => SearchMethod::Pelt,
            },
            since,
            ..HistorySettings::new(Seed(self.seed))
        }
    }
}

/// `3 change points in 2 of 4 series of 730 points, each split at 98 %, effects from 1 %`.
fn summary(found: &[History], settings: &HistorySettings) -> String {
    let points: usize = found.iter().map(|h| h.values.len()).sum();
    let changes: usize = found.iter().map(|h| h.points.len()).sum();
    let small: usize = found.iter().map(|h| h.small).sum();
    let changed = found.iter().filter(|h| !h.points.is_empty()).count();
    format!(
        "{changes} change points in {changed} of {} series of {} points by {}, each split at {}; \
         {small} smaller than {} not shown",
        found.len(),
        number(points as f64),
        settings.method.name(),
        settings.split,
        percent(settings.min_effect),
    )
}
