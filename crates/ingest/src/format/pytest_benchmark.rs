//! pytest-benchmark's JSON: seconds a round, or what it computed from the rounds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use tailproof_core::{Labels, Metric, Summary, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;
use crate::timestamp;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    head.first.starts_with('{')
        && has("\"benchmarks\"")
        && has("\"stats\"")
        && (has("\"fullname\"") || has("\"machine_info\""))
}

#[derive(Deserialize)]
struct Report {
    benchmarks: Vec<Benchmark>,
    #[serde(default)]
    commit_info: Map<String, Value>,
    #[serde(default)]
    datetime: Option<String>,
}

#[derive(Deserialize)]
struct Benchmark {
    name: String,
    #[serde(default)]
    fullname: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    params: Option<Map<String, Value>>,
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    data: Vec<Value>,
    rounds: Option<u64>,
    mean: Option<f64>,
    stddev: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    median: Option<f64>,
    q1: Option<f64>,
    q3: Option<f64>,
}

/// Reads the rounds where all are there, else the summary of each benchmark, which stands
/// for its file in a history.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::document(input, builder)?;
    let commit = report.commit_info.get("id").and_then(Value::as_str);
    if let Some(commit) = commit {
        let dirty = report.commit_info.get("dirty").and_then(Value::as_bool) == Some(true);
        let changed = if dirty { ", with uncommitted changes" } else { "" };
        builder.note(format!("{}: measured at commit {commit}{changed}", builder.file()));
    }
    let time = report.datetime.as_deref().and_then(|text| timestamp::parse(text, None).ok());
    let mark = Some(builder.mark(commit.unwrap_or_default())?);
    let when = When { time, mark, ..When::default() };
    let repeated = repeated(&report.benchmarks);
    for benchmark in &report.benchmarks {
        one(benchmark, &repeated, when, builder)?;
    }
    Ok(())
}

/// Names that more than one benchmark of the file has.
fn repeated(benchmarks: &[Benchmark]) -> BTreeSet<&str> {
    let mut count: BTreeMap<&str, u32> = BTreeMap::new();
    for benchmark in benchmarks {
        *count.entry(&benchmark.name).or_default() += 1;
    }
    count.into_iter().filter(|&(_, n)| n > 1).map(|(name, _)| name).collect()
}

fn one(
    benchmark: &Benchmark,
    repeated: &BTreeSet<&str>,
    when: When,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let own = benchmark.fullname.as_deref().filter(|_| repeated.contains(benchmark.name.as_str()));
    let mut labels = values::benchmark(own.unwrap_or(&benchmark.name));
    add(&mut labels, "group", benchmark.group.clone());
    for (name, value) in benchmark.params.iter().flatten() {
        add(&mut labels, name, Some(values::text(value)));
    }
    let metric = Metric::new("time", Unit::known("s"));
    let stats = &benchmark.stats;
    let rounds: Option<Vec<f64>> = stats.data.iter().map(values::number).collect();
    let rounds = rounds.unwrap_or_default();
    if !rounds.is_empty() && stats.rounds.is_none_or(|n| n == rounds.len() as u64) {
        return values::raw(builder, metric, &labels, &rounds, When::default());
    }
    if !stats.data.is_empty() {
        builder.note(format!(
            "{}: {} does not list all of its rounds, its summary is used",
            builder.file(),
            benchmark.name
        ));
    }
    let summary = Summary {
        n: stats.rounds,
        mean: stats.mean,
        sd: stats.stddev,
        min: stats.min,
        max: stats.max,
        quantiles: values::quantiles([("25%", stats.q1), ("50%", stats.median), ("75%", stats.q3)]),
        interval: None,
    };
    values::summary(builder, metric, &labels, summary, when, 0)
}

/// A label that is there and does not replace another.
fn add(labels: &mut Labels, name: &str, value: Option<String>) {
    if let Some(value) = value {
        labels.entry(name.to_owned()).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    fn parse(data: &str) -> tailproof_core::Dataset {
        let text = format!(
            r#"{{"machine_info": {{}}, "commit_info": {{"id": "abc", "dirty": true}},
            "benchmarks": [{{"name": "t", "fullname": "a.py::t", "group": "g", "params": {{"n": 3}},
            "stats": {{"rounds": 3, "mean": 2.0, "stddev": 1.0, "median": 2.0, "data": {data}}}}}]}}"#
        );
        read(vec![Input::from_bytes("b.json", text)], &Options::default()).unwrap()
    }

    #[test]
    fn rounds_are_raw_only_when_all_are_there() {
        let data = parse("[1.0, 2.0, 3.0]");
        assert_eq!(data.series[0].name(), "time{benchmark=t,group=g,n=3}");
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!(raw.sample.values(), [1.0, 2.0, 3.0]);
        for cut in ["[1.0, 2.0]", r#"[1.0, 2.0, "... omitted"]"#, "[]"] {
            let data = parse(cut);
            let Observations::Summary(all) = &data.series[0].observations else { panic!("{cut}") };
            assert_eq!((all[0].n, all[0].mean), (Some(3), Some(2.0)));
        }
    }
}
