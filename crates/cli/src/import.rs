use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tailproof_core::{Dataset, Direction, Loop, Noise, Observations, Series, number};
use tailproof_ingest::{COMPANION, write};
use tailproof_reporting::Grid;

use crate::exit;
use crate::inputs::{Columns, Reading};
use crate::output::{self, print};

/// Show what files hold, or write it in the canonical form
///
/// Every format is found by content. The table says what was understood: benchmarks, metrics,
/// numbers of observations, units, runs. With --to the same data are written as NDJSON that
/// every other command reads.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tailproof import target/criterion\n  \
                        tailproof import results.jtl --to results.ndjson")]
pub(crate) struct Import {
    /// Measurements: files, folders, or - for standard input
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// Keep only these metrics, with * and ?; repeatable
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Write the canonical NDJSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

impl Import {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let data = self.reading.read(&self.data, Columns::matching(&self.metric))?;
        let Some(path) = &self.to else {
            print(&table(&data).table(output::terminal_width()))?;
            return Ok(ExitCode::from(exit::PASSED));
        };
        let mut text = BufWriter::new(Vec::new());
        write(&data, &mut text).context("writing to memory")?;
        let text = String::from_utf8(text.into_inner()?).expect("JSON is UTF-8");
        if path.as_os_str() == "-" {
            print(&text)?;
        } else {
            output::save(path, &text)?;
            let elements: usize = data.series.iter().map(|s| s.observations.len()).sum();
            print(&format!(
                "{}: {} series, {} elements\n",
                path.display(),
                number(data.series.len() as f64),
                number(elements as f64)
            ))?;
        }
        Ok(ExitCode::from(exit::PASSED))
    }
}

/// A row a series.
pub(crate) fn table(data: &Dataset) -> Grid {
    let files = data.sources.iter().filter(|s| s.format != COMPANION);
    let formats: Vec<String> = files.map(|s| format!("{} as {}", s.name, s.format)).collect();
    let shown = formats.len().min(3);
    let mut title = formats[..shown].join(", ");
    if formats.len() > shown {
        title.push_str(&format!(" and {} more", formats.len() - shown));
    }
    let mut notes = data.notes.clone();
    match data.generator {
        Some(Loop::Closed) => notes.push(
            "closed loop: requests wait for answers, so that a stall hides those that it delayed"
                .to_owned(),
        ),
        Some(Loop::Open) => notes.push("open loop: requests are sent on schedule".to_owned()),
        None => {}
    }
    let header = ["series", "kind", "n", "unit", "better", "runs", "from", "to"];
    Grid {
        title,
        header: header.map(str::to_owned).to_vec(),
        rows: data.series.iter().map(row).collect(),
        words: 2,
        notes,
    }
}

fn row(series: &Series) -> Vec<String> {
    let metric = &series.metric;
    let (kind, n, ends) = describe(&series.observations);
    let end = |x: Option<f64>| x.map_or_else(String::new, number);
    vec![
        series.name(),
        if metric.noise == Noise::Exact { format!("{kind}, exact") } else { kind.to_owned() },
        n,
        metric.unit.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        match metric.direction {
            Direction::Lower => "less",
            Direction::Higher => "more",
            Direction::Unknown => "?",
        }
        .to_owned(),
        series.runs().to_string(),
        end(ends.map(|e| e.0)),
        end(ends.map(|e| e.1)),
    ]
}

/// The kind, how many observations it stands for, and between which values they lie.
fn describe(observations: &Observations) -> (&'static str, String, Option<(f64, f64)>) {
    let count = |n: u64| number(n as f64);
    match observations {
        Observations::Raw(raw) => {
            let n = count(raw.sample.len() as u64);
            let failed = raw.above().len() as u64;
            let n = if failed > 0 { format!("{n} ({} failed)", count(failed)) } else { n };
            ("samples", n, Some(raw.sample.range()))
        }
        Observations::Atoms(all) => {
            let ends = all.iter().filter_map(|e| Some((e.atoms().first()?.0, e.atoms().last()?.0)));
            ("counted values", count(all.iter().map(tailproof_core::Ecdf::n).sum()), span(ends))
        }
        Observations::Binned(all) => {
            let n = all.iter().flat_map(tailproof_core::Binned::counts).sum();
            let ends = all.iter().filter_map(|b| Some((*b.edges().first()?, *b.edges().last()?)));
            ("histogram", count(n), span(ends))
        }
        Observations::Summary(all) => {
            let n: Option<u64> = all.iter().map(|s| s.n).sum();
            let ends = all.iter().filter_map(|s| s.min.zip(s.max).or(s.mean.map(|m| (m, m))));
            ("summary", n.map_or_else(|| "?".to_owned(), count), span(ends))
        }
        Observations::Events(all) => {
            let (good, total) = all.iter().fold((0, 0), |sum, e| (sum.0 + e.0, sum.1 + e.1));
            ("events", format!("{} of {}", count(good), count(total)), None)
        }
        Observations::Pairs(all) => ("pairs", count(all.len() as u64), None),
        _ => ("?", "?".to_owned(), None),
    }
}

fn span(ends: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}
