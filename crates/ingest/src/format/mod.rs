//! The formats, and how one is told from another.

mod ab;
pub(crate) mod asv;
mod asv_text;
mod bencher_bmf;
mod benchmarkdotnet;
mod binary_table;
mod cache;
mod canonical;
mod catch2;
mod columns;
mod criterion;
mod criterion_text;
mod csv;
mod divan;
mod github_action_benchmark;
mod go_bench;
mod google_benchmark;
mod gungraun;
mod hdr_log;
mod hdr_payload;
mod hey;
mod hgrm;
mod histostat;
mod hyperfine;
mod jmeter;
mod jmh;
mod jmh_text;
mod json;
mod julia;
mod k6;
mod libtest;
mod lines;
mod locust;
mod named_series;
mod oha;
mod paired;
#[cfg(feature = "parquet")]
mod parquet;
mod pytest_benchmark;
mod records;
mod scaled;
mod table;
mod talos;
mod totals;
mod values;
mod vegeta;
mod wrk;

use crate::builder::Builder;
use crate::error::IngestError;
use crate::input::Opened;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Comma- or semicolon-separated values with headings.
    Csv,
    /// Tab-separated values with headings.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// One JSON document: numbers, objects, or an object of lists.
    Json,
    /// One number a line.
    Lines,
    /// Tailproof's own.
    Canonical,
    /// Criterion's `sample.json` and `raw.csv`.
    Criterion,
    /// Criterion's console output.
    CriterionText,
    /// `cargo bench` of the built-in harness.
    Libtest,
    /// Divan's console output.
    Divan,
    /// Gungraun (iai-callgrind), JSON or console output.
    Gungraun,
    /// `go test -bench`.
    GoBench,
    /// Hyperfine's JSON and CSV.
    Hyperfine,
    /// pytest-benchmark's JSON.
    PytestBenchmark,
    /// JMH's JSON.
    Jmh,
    /// JMH's console output.
    JmhText,
    /// Google Benchmark's JSON.
    GoogleBenchmark,
    /// asv's result files.
    Asv,
    /// asv's console output.
    AsvText,
    /// BenchmarkDotNet's full JSON.
    BenchmarkDotNet,
    /// HistoStat logs.
    HistoStat,
    /// Histories of the Talos graph server.
    Talos,
    /// A named series, such as the Turing change-point data sets.
    NamedSeries,
    /// Catch2's benchmark table.
    Catch2,
    /// BenchmarkTools.jl's JSON.
    Julia,
    /// k6 points, one JSON object a line.
    K6,
    /// k6 points as CSV.
    K6Csv,
    /// k6 summaries of either shape.
    K6Summary,
    /// JMeter results, CSV or XML.
    Jmeter,
    /// Locust statistics, CSV or JSON.
    Locust,
    /// oha's JSON and CSV.
    Oha,
    /// vegeta's results and reports.
    Vegeta,
    /// Parquet; needs the feature `parquet`.
    Parquet,
    /// Arrow IPC files; needs the feature `parquet`.
    Arrow,
    /// Console output of wrk and wrk2.
    Wrk,
    /// hey's CSV and console output.
    Hey,
    /// ApacheBench: rows, percentiles, console output.
    Ab,
    /// HdrHistogram interval logs.
    HdrLog,
    /// HdrHistogram percentile distributions.
    Hgrm,
    /// Bencher Metric Format.
    BencherBmf,
    /// github-action-benchmark's custom JSON.
    GithubActionBenchmark,
}

/// What the format is found by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    /// Its first 64 KiB.
    pub(crate) text: &'a str,
    /// The first line that is not blank, trimmed.
    pub(crate) first: &'a str,
}

pub(crate) type Reader = fn(&mut Opened, &mut Builder<'_>) -> Result<(), IngestError>;
type Matches = fn(&Head<'_>) -> bool;

/// The formats, in the order in which they are asked; what only [`detect`] can tell by the look
/// of its lines comes first, as in messages.
const FORMATS: &[(&str, Format, Reader, Matches)] = &[
    ("csv", Format::Csv, csv::read_csv, by_its_lines),
    ("tsv", Format::Tsv, csv::read_tsv, by_its_lines),
    ("ndjson", Format::Ndjson, json::read_lines, by_its_lines),
    ("json", Format::Json, json::read_document, by_its_lines),
    ("lines", Format::Lines, lines::read, by_its_lines),
    ("tailproof", Format::Canonical, canonical::read, canonical::matches),
    ("criterion", Format::Criterion, criterion::read, criterion::matches),
    ("criterion-text", Format::CriterionText, criterion_text::read, criterion_text::matches),
    ("libtest", Format::Libtest, libtest::read, libtest::matches),
    ("divan", Format::Divan, divan::read, divan::matches),
    ("gungraun", Format::Gungraun, gungraun::read, gungraun::matches),
    ("go-bench", Format::GoBench, go_bench::read, go_bench::matches),
    ("hyperfine", Format::Hyperfine, hyperfine::read, hyperfine::matches),
    (
        "pytest-benchmark",
        Format::PytestBenchmark,
        pytest_benchmark::read,
        pytest_benchmark::matches,
    ),
    ("jmh", Format::Jmh, jmh::read, jmh::matches),
    ("jmh-text", Format::JmhText, jmh_text::read, jmh_text::matches),
    (
        "google-benchmark",
        Format::GoogleBenchmark,
        google_benchmark::read,
        google_benchmark::matches,
    ),
    ("asv", Format::Asv, asv::read, asv::matches),
    ("asv-text", Format::AsvText, asv_text::read, asv_text::matches),
    ("benchmarkdotnet", Format::BenchmarkDotNet, benchmarkdotnet::read, benchmarkdotnet::matches),
    ("histostat", Format::HistoStat, histostat::read, histostat::matches),
    ("talos", Format::Talos, talos::read, talos::matches),
    ("named-series", Format::NamedSeries, named_series::read, named_series::matches),
    ("catch2", Format::Catch2, catch2::read, catch2::matches),
    ("julia", Format::Julia, julia::read, julia::matches),
    ("k6", Format::K6, k6::points::read, k6::points::matches),
    ("k6-csv", Format::K6Csv, k6::csv::read, k6::csv::matches),
    ("k6-summary", Format::K6Summary, k6::summary::read, k6::summary::matches),
    ("jmeter", Format::Jmeter, jmeter::read, jmeter::matches),
    ("locust", Format::Locust, locust::read, locust::matches),
    ("oha", Format::Oha, oha::read, oha::matches),
    ("vegeta", Format::Vegeta, vegeta::read, vegeta::matches),
    ("parquet", Format::Parquet, binary_table::read_parquet, binary_table::is_parquet),
    ("arrow", Format::Arrow, binary_table::read_arrow, binary_table::is_arrow),
    ("wrk", Format::Wrk, wrk::read, wrk::matches),
    ("hey", Format::Hey, hey::read, hey::matches),
    ("ab", Format::Ab, ab::read, ab::matches),
    ("hdr-log", Format::HdrLog, hdr_log::read, hdr_log::matches),
    ("hgrm", Format::Hgrm, hgrm::read, hgrm::matches),
    ("bencher-bmf", Format::BencherBmf, bencher_bmf::read, bencher_bmf::matches),
    (
        "github-action-benchmark",
        Format::GithubActionBenchmark,
        github_action_benchmark::read,
        github_action_benchmark::matches,
    ),
];

/// Plain columns and numbers have no mark of their own.
fn by_its_lines(_: &Head<'_>) -> bool {
    false
}

impl Format {
    /// Every format.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|f| f.1)
    }

    fn entry(self) -> (&'static str, Reader) {
        let found = FORMATS.iter().find(|f| f.1 == self);
        let &(name, _, reader, _) = found.expect("every format is listed");
        (name, reader)
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().0
    }

    /// The format of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|f| f.name() == name)
    }

    pub(crate) fn reader(self) -> Reader {
        self.entry().1
    }
}

/// Finds the format by content.
pub(crate) fn detect(file: &str, head: &[u8]) -> Result<Format, IngestError> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty());
    let Some(first) = lines.next() else { return Err(IngestError::Empty(file.to_owned())) };
    let head = Head { text: &text, first };
    if let Some(found) = FORMATS.iter().find(|f| (f.3)(&head)) {
        return Ok(found.1);
    }
    if first.starts_with(['{', '[']) {
        let complete = serde_json::from_str::<serde_json::Value>(first).is_ok();
        let more = lines.next().is_some_and(|l| l.starts_with('{'));
        if first.starts_with('{') && complete && more {
            return Ok(Format::Ndjson);
        }
        return Ok(Format::Json);
    }
    if first.starts_with('#') || is_number(first) {
        return Ok(Format::Lines);
    }
    if first.contains('\t') {
        return Ok(Format::Tsv);
    }
    // A heading alone, or separated ones.
    if first.contains([',', ';']) || lines.next().is_some_and(is_number) {
        return Ok(Format::Csv);
    }
    // One column of bad numbers is still one column: let its reader say which line is wrong.
    if !first.contains(char::is_whitespace) {
        return Ok(Format::Csv);
    }
    let hint = format!("begins with {:?}", first.chars().take(40).collect::<String>());
    Err(IngestError::Unknown { file: file.to_owned(), hint })
}

pub(crate) fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}
