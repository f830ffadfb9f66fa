//! JMH's JSON (`-rf json`): a fork is a run, the unit of the score tells the direction.

use serde::Deserialize;
use serde_json::{Map, Value};
use tailproof_core::{Dimension, Direction, Ecdf, Labels, Level, Metric, Rank, Summary, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    head.first.starts_with('[')
        && has("\"benchmark\"")
        && has("\"mode\"")
        && (has("\"primaryMetric\"") || has("\"jmhVersion\""))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    benchmark: String,
    mode: String,
    #[serde(default)]
    threads: Option<u64>,
    #[serde(default)]
    params: Option<Map<String, Value>>,
    primary_metric: Measured,
    #[serde(default)]
    secondary_metrics: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    #[serde(default)]
    score: Value,
    #[serde(default)]
    score_confidence: Vec<Value>,
    #[serde(default)]
    score_percentiles: Map<String, Value>,
    #[serde(default)]
    score_unit: String,
    /// Forks of iterations.
    #[serde(default)]
    raw_data: Vec<Vec<Value>>,
    /// Forks of iterations of `[value, count]`.
    #[serde(default)]
    raw_data_histogram: Vec<Vec<Vec<(f64, u64)>>>,
}

/// Reads primary and secondary metrics of every entry.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let entries: Vec<Entry> = json::document(input, builder)?;
    for (i, entry) in entries.iter().enumerate() {
        let mut labels = values::benchmark(&entry.benchmark);
        for (name, value) in entry.params.iter().flatten() {
            labels.entry(name.clone()).or_insert_with(|| values::text(value));
        }
        if let Some(threads) = entry.threads.filter(|&n| n > 1) {
            labels.entry("threads".to_owned()).or_insert_with(|| threads.to_string());
        }
        mode_label(&entry.mode, &mut labels);
        let unit = &entry.primary_metric.score_unit;
        let (metric, contradicts) = primary(&entry.mode, unit);
        if contradicts {
            builder.note(format!(
                "{}: {} has mode {} but its scores are in {unit}; the unit decides what is better",
                builder.file(),
                entry.benchmark,
                entry.mode
            ));
        }
        score(&entry.primary_metric, metric, &labels, i, builder)?;
        for (name, value) in &entry.secondary_metrics {
            let Ok(own) = Measured::deserialize(value) else {
                builder.note(format!(
                    "{}: {name} of {} is no metric that can be read, it is left out",
                    builder.file(),
                    entry.benchmark
                ));
                continue;
            };
            score(&own, secondary(name, &own.score_unit), &labels, i, builder)?;
        }
    }
    Ok(())
}

/// Modes other than throughput and average time measure the same `time` in another way.
pub(super) fn mode_label(mode: &str, labels: &mut Labels) {
    if mode == "sample" || mode == "ss" {
        labels.entry("mode".to_owned()).or_insert_with(|| mode.to_owned());
    }
}

/// The metric of the scores, and whether their unit contradicts the mode.
pub(super) fn primary(mode: &str, unit: &str) -> (Metric, bool) {
    let unit = values::unit(unit);
    let throughput = match &unit {
        Some(Unit::Scaled { dimension: Dimension::Time, .. }) => false,
        Some(Unit::Scaled { dimension: Dimension::Frequency, .. }) => true,
        _ => mode == "thrpt",
    };
    let mut metric = Metric::new(if throughput { "throughput" } else { "time" }, unit);
    metric.direction = if throughput { Direction::Higher } else { Direction::Lower };
    (metric, throughput != (mode == "thrpt"))
}

/// A profiler's or counter's metric: only operations say which way is better, a rate of
/// allocation or collection does not.
fn secondary(name: &str, unit: &str) -> Metric {
    let name = name.trim_start_matches(['·', '+']).trim();
    let mut metric = Metric::new(name, values::unit(unit));
    if unit.ends_with("/op") {
        metric.direction = Direction::Lower;
    } else if !unit.starts_with("op") && metric.direction == Direction::Higher {
        metric.direction = Direction::Unknown;
    }
    metric
}

fn score(
    score: &Measured,
    metric: Metric,
    labels: &Labels,
    entry: usize,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    if score.raw_data_histogram.iter().flatten().any(|iteration| !iteration.is_empty()) {
        return histogram(score, metric, labels, entry, builder);
    }
    let (mut any, mut lost) = (false, 0_usize);
    for (fork, iterations) in score.raw_data.iter().enumerate() {
        let run = builder.run(&format!("{entry}.{fork}"))?;
        let found: Vec<f64> = iterations.iter().filter_map(values::number).collect();
        lost += iterations.len() - found.len();
        any |= !found.is_empty();
        let when = When { run: Some(run), ..When::default() };
        values::raw(builder, metric.clone(), labels, &found, when)?;
    }
    let name = || labels.get("benchmark").map_or("", String::as_str);
    if lost > 0 {
        builder.note(format!(
            "{}: {lost} iterations of {} have no number as {}",
            builder.file(),
            name(),
            metric.name
        ));
    }
    if any {
        return Ok(());
    }
    let Some(summary) = summary(score) else {
        builder.note(format!("{}: {} of {} has no value", builder.file(), metric.name, name()));
        return Ok(());
    };
    values::summary(builder, metric, labels, summary, When::default(), 0)
}

/// A fork's sampled durations as one weighted distribution.
fn histogram(
    score: &Measured,
    metric: Metric,
    labels: &Labels,
    entry: usize,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let name = metric.name.clone();
    let pairs = values::pairs(labels);
    let Some(series) = builder.described(metric, &pairs, Kind::Atoms, 0)? else { return Ok(()) };
    for (fork, iterations) in score.raw_data_histogram.iter().enumerate() {
        let run = builder.run(&format!("{entry}.{fork}"))?;
        let atoms: Vec<(f64, u64)> = iterations.iter().flatten().copied().collect();
        if atoms.is_empty() {
            continue;
        }
        let atoms = Ecdf::new(atoms, 0, 0)
            .map_err(|e| builder.line_error(1, format!("the histogram of {name}: {e}")))?;
        builder.push_atoms(series, atoms, When { run: Some(run), ..When::default() }, 0)?;
    }
    Ok(())
}

/// What is printed when raw values are not: the mean, its 99.9 % interval and percentiles.
fn summary(score: &Measured) -> Option<Summary> {
    let mean = values::number(&score.score)?;
    let mut summary = values::printed(mean);
    if let [lo, hi] = score.score_confidence.as_slice()
        && let (Some(lo), Some(hi)) = (values::number(lo), values::number(hi))
    {
        summary.interval = values::interval(mean, lo, hi, Some(Level::P999));
    }
    for (percent, value) in &score.score_percentiles {
        let rank: Option<Rank> = format!("{percent}%").parse().ok();
        if let (Some(rank), Some(value)) = (rank, values::number(value)) {
            summary.quantiles.push((rank, value));
        }
    }
    Some(summary)
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    fn parse(metric: &str) -> tailproof_core::Dataset {
        let text = format!(
            r#"[{{"jmhVersion": "1.36", "benchmark": "a.B.c", "mode": "sample", "threads": 4,
            "params": {{"size": "10"}}, "primaryMetric": {{"score": 2.0, "scoreError": "NaN",
            "scoreUnit": "ms/op", {metric}}}, "secondaryMetrics": {{}}}}]"#
        );
        crate::read(vec![Input::from_bytes("j.json", text)], &Options::default()).unwrap()
    }

    #[test]
    fn forks_are_runs_and_histograms_atoms() {
        let data = parse(r#""rawData": [[1.0, 2.0], [3.0]]"#);
        let series = &data.series[0];
        assert_eq!(series.name(), "time{benchmark=a.B.c,mode=sample,size=10,threads=4}");
        assert_eq!((series.observations.len(), series.runs()), (3, 2));
        let data = parse(r#""rawDataHistogram": [[[[1.5, 2], [2.5, 1]], [[1.5, 4]]]]"#);
        let Observations::Atoms(atoms) = &data.series[0].observations else { panic!() };
        assert_eq!(atoms[0].atoms(), [(1.5, 6), (2.5, 1)]);
        let data = parse(r#""scoreConfidence": ["NaN", "NaN"]"#);
        let Observations::Summary(all) = &data.series[0].observations else { panic!() };
        assert_eq!((all[0].mean, all[0].interval), (Some(2.0), None));
    }

    #[test]
    fn the_unit_wins_over_the_mode() {
        let (metric, contradicts) = primary("thrpt", "s/op");
        assert_eq!((metric.name.as_str(), metric.direction), ("time", Direction::Lower));
        assert!(contradicts && !primary("thrpt", "ops/us").1 && !primary("avgt", "ns/op").1);
        assert_eq!(secondary("·gc.alloc.rate", "MB/sec").direction, Direction::Unknown);
        assert_eq!(secondary("gc.alloc.rate.norm", "B/op").direction, Direction::Lower);
    }
}
