//! Google Benchmark's JSON: repetitions of one `run_name` are the observations; aggregates
//! stand alone or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use tailproof_core::{Labels, Metric, Summary, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::{IngestError, listed};
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    head.first.starts_with('{')
        && has("\"context\"")
        && has("\"benchmarks\"")
        && (has("\"cpu_time\"") || has("\"time_unit\"") || has("\"error_occurred\""))
}

#[derive(Deserialize)]
struct Report {
    benchmarks: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    run_name: Option<String>,
    #[serde(default)]
    run_type: Option<String>,
    #[serde(default)]
    aggregate_name: Option<String>,
    #[serde(default)]
    aggregate_unit: Option<String>,
    #[serde(default)]
    repetitions: Option<u64>,
    #[serde(default)]
    time_unit: Option<String>,
    #[serde(default)]
    error_occurred: bool,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    skipped: bool,
    #[serde(default)]
    skip_message: Option<String>,
    /// Measurements, and what says nothing about them.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Numbers that are no measurements.
const DESCRIPTIONS: [&str; 8] = [
    "family_index",
    "per_family_instance_index",
    "repetition_index",
    "threads",
    "iterations",
    "complexity_n",
    "cpu_coefficient",
    "real_coefficient",
];

/// Reads every repetition; aggregates only where a benchmark has no repetitions.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut report: Report = json::document(input, builder)?;
    mark_old_aggregates(&mut report.benchmarks);
    let mut failed = Vec::new();
    let mut repeated = BTreeSet::new();
    for row in &report.benchmarks {
        if row.error_occurred || row.skipped {
            let why = row.error_message.as_deref().or(row.skip_message.as_deref());
            failed.push(format!("{} ({})", row.name, why.unwrap_or("no reason given")));
        } else if !row.is_aggregate() {
            repeated.insert(row.benchmark().to_owned());
            repetition(row, builder)?;
        }
    }
    let mut alone: BTreeMap<(String, String), Aggregates> = BTreeMap::new();
    for row in report.benchmarks.iter().filter(|r| r.is_aggregate() && !r.error_occurred) {
        if !repeated.contains(row.benchmark()) {
            aggregate(row, &mut alone, builder)?;
        }
    }
    for ((name, metric), found) in alone {
        let summary = found.summary;
        let metric = Metric::new(metric, found.unit);
        values::summary(builder, metric, &values::benchmark(&name), summary, When::default(), 0)?;
    }
    if !failed.is_empty() {
        failed.dedup();
        builder.note(format!("{}: failed or skipped: {}", builder.file(), listed(failed)));
    }
    Ok(())
}

impl Row {
    fn is_aggregate(&self) -> bool {
        self.run_type.as_deref() == Some("aggregate")
    }

    fn benchmark(&self) -> &str {
        self.run_name.as_deref().unwrap_or(&self.name)
    }

    fn labels(&self) -> Labels {
        values::benchmark(self.benchmark())
    }

    /// Metrics with their numbers.
    fn measurements(&self) -> Vec<(Metric, f64)> {
        let time = self.time_unit.as_deref().unwrap_or("ns");
        let mut found = Vec::new();
        for (key, value) in &self.rest {
            let Some(x) = value.as_f64() else { continue };
            let (name, unit) = match key.as_str() {
                key if DESCRIPTIONS.contains(&key) => continue,
                "real_time" => ("time", Unit::known(time)),
                "cpu_time" => ("cpu_time", Unit::known(time)),
                "items_per_second" => ("items_per_second", Unit::known("/s")),
                "bytes_per_second" => ("bytes_per_second", Unit::known("B/s")),
                key => (key, None),
            };
            found.push((Metric::new(name, unit), x));
        }
        found
    }
}

/// Before `run_type`, an aggregate was a row named like another with `_mean` behind it.
fn mark_old_aggregates(rows: &mut [Row]) {
    let names: BTreeSet<String> = rows.iter().map(|r| r.name.clone()).collect();
    for row in rows.iter_mut().filter(|r| r.run_type.is_none()) {
        for kind in ["mean", "median", "stddev", "cv"] {
            let stem = row.name.strip_suffix(kind).and_then(|s| s.strip_suffix('_'));
            if let Some(stem) = stem.filter(|s| names.contains(*s)) {
                row.run_type = Some("aggregate".to_owned());
                row.aggregate_name = Some(kind.to_owned());
                row.run_name = Some(stem.to_owned());
                break;
            }
        }
    }
}

fn repetition(row: &Row, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    for (metric, value) in row.measurements() {
        values::raw(builder, metric, &row.labels(), &[value], When::default())?;
    }
    Ok(())
}

/// Aggregates of one metric of one benchmark.
struct Aggregates {
    unit: Option<Unit>,
    summary: Summary,
}

/// Puts an aggregate where it belongs. One whose name says nothing to us is a printed value
/// of its own: without a name of the time itself, else of a metric named after it.
fn aggregate(
    row: &Row,
    alone: &mut BTreeMap<(String, String), Aggregates>,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let name = row.aggregate_name.as_deref().unwrap_or("");
    if ["cv", "BigO", "RMS"].contains(&name) {
        return Ok(());
    }
    for (metric, value) in row.measurements() {
        if !["mean", "median", "stddev"].contains(&name) {
            let (metric, what) = custom(metric, name, row);
            builder.note(format!(
                "{}: {} {what}, it is taken as a printed value",
                builder.file(),
                row.name
            ));
            let summary = values::printed(value);
            values::summary(builder, metric, &row.labels(), summary, When::default(), 0)?;
            continue;
        }
        let key = (row.benchmark().to_owned(), metric.name);
        let found = alone
            .entry(key)
            .or_insert_with(|| Aggregates { unit: metric.unit, summary: Summary::default() });
        found.summary.n = row.repetitions.filter(|&n| n > 0);
        match name {
            "mean" => found.summary.mean = Some(value),
            "stddev" => found.summary.sd = Some(value),
            _ => found.summary.quantiles = values::quantiles([("50%", Some(value))]),
        }
    }
    Ok(())
}

/// The metric of an aggregate that is no mean, median or deviation.
fn custom(metric: Metric, aggregate: &str, row: &Row) -> (Metric, String) {
    if aggregate.is_empty() {
        return (metric, "is an aggregate without a name".to_owned());
    }
    let share = row.aggregate_unit.as_deref() == Some("percentage");
    let unit = if share { Unit::known("ratio") } else { metric.unit };
    let own = Metric::new(format!("{}_{aggregate}", metric.name), unit);
    (own, format!("is the aggregate {aggregate}"))
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    fn parse(rows: &str) -> tailproof_core::Dataset {
        let text = format!(r#"{{"context": {{"num_cpus": 4}}, "benchmarks": [{rows}]}}"#);
        read(vec![Input::from_bytes("g.json", text)], &Options::default()).unwrap()
    }

    #[test]
    fn aggregates_do_not_mix_with_repetitions() {
        let row = |kind: &str, time: f64| {
            format!(
                r#"{{"name": "B_{kind}", "run_name": "B", "run_type": "aggregate", "repetitions": 3,
                "aggregate_name": "{kind}", "real_time": {time}, "time_unit": "us"}}"#
            )
        };
        let all = [row("mean", 5.0), row("stddev", 1.0), row("median", 4.0), row("cv", 0.2)];
        let data = parse(&all.join(","));
        let Observations::Summary(list) = &data.series[0].observations else { panic!() };
        assert_eq!((list.len(), list[0].n, list[0].mean), (1, Some(3), Some(5.0)));
        assert_eq!((list[0].sd, list[0].quantiles[0].1), (Some(1.0), 4.0));
        assert_eq!(data.series.len(), 1);

        let iteration = r#"{"name": "B", "run_name": "B", "run_type": "iteration",
            "real_time": 7, "cpu_time": 6, "items_per_second": 9, "time_unit": "us"}"#;
        let data = parse(&format!("{},{iteration}", all.join(",")));
        let names: Vec<String> = data.series.iter().map(|s| s.metric.name.clone()).collect();
        assert_eq!(names, ["time", "cpu_time", "items_per_second"]);
        assert!(data.series.iter().all(|s| s.observations.len() == 1));
    }

    #[test]
    fn failures_are_listed() {
        let data = parse(
            r#"{"name": "ok", "real_time": 1, "cpu_time": 1, "time_unit": "ns"},
            {"name": "bad", "error_occurred": true, "error_message": "no file"}"#,
        );
        assert!(data.notes.iter().any(|n| n.contains("bad (no file)")), "{:?}", data.notes);
    }
}
