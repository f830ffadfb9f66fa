//! Hyperfine's exports: JSON with every run's time, and CSV with summaries; seconds.

use csv::ReaderBuilder;
use serde::Deserialize;
use serde_json::{Map, Value};
use tailproof_core::{Metric, Rank, Summary, Unit};

use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::csv::csv_error;
use crate::format::{Head, json};
use crate::input::Opened;

/// Headings of the CSV export, before those of parameters.
const HEADINGS: &str = "command,mean,stddev,median,user,system,min,max";
/// How the CSV export heads the column of a parameter.
const PARAMETER: &str = "parameter_";

#[derive(Deserialize)]
struct Document {
    results: Vec<Outcome>,
}

/// One command. The times of user and system mode are means only, and not read.
#[derive(Deserialize)]
struct Outcome {
    command: String,
    mean: Option<f64>,
    stddev: Option<f64>,
    median: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    times: Option<Vec<f64>>,
    /// `null` for a command that a signal ended.
    exit_codes: Option<Vec<Option<i64>>>,
    memory_usage_byte: Option<Vec<f64>>,
    parameters: Option<Map<String, Value>>,
}

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    let json = head.first.starts_with('{')
        && ["\"results\"", "\"command\"", "\"mean\"", "\"user\"", "\"system\""]
            .into_iter()
            .all(has);
    json || head.first == HEADINGS || head.first.starts_with(&format!("{HEADINGS},{PARAMETER}"))
}

/// Reads one series a command: the label `benchmark` is the command, or the name it was given;
/// parameters are further labels.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    if input.head().trim_ascii_start().starts_with(b"{") {
        document(input, builder)
    } else {
        rows(input, builder)
    }
}

fn document(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let document: Document = json::document(input, builder)?;
    for (i, outcome) in document.results.iter().enumerate() {
        result(builder, i, outcome)?;
    }
    Ok(())
}

fn result(builder: &mut Builder<'_>, index: usize, outcome: &Outcome) -> Result<(), IngestError> {
    let parameters: Vec<(&String, String)> = outcome
        .parameters
        .iter()
        .flatten()
        .map(|(k, v)| (k, v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
        .collect();
    let mut labels = vec![("benchmark", outcome.command.as_str())];
    labels.extend(parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    note_failures(builder, outcome);
    let time = Metric::new("time", Unit::known("s"));
    let Some(times) = &outcome.times else {
        let Outcome { mean, stddev: sd, median, min, max, .. } = *outcome;
        let n = outcome.exit_codes.as_ref().map(|codes| codes.len() as u64);
        let summary = summary(n, [mean, sd, median, min, max]);
        return push_summary(builder, time, &labels, summary, 1);
    };
    raw(builder, time, &labels, times, &format!("results[{index}].times"))?;
    let memory = Metric::new("memory", Unit::known("B"));
    let used = outcome.memory_usage_byte.as_deref().unwrap_or_default();
    // All zero where the system does not tell.
    if used.iter().any(|&bytes| bytes > 0.0) {
        raw(builder, memory, &labels, used, &format!("results[{index}].memory_usage_byte"))?;
    }
    Ok(())
}

fn raw(
    builder: &mut Builder<'_>,
    metric: Metric,
    labels: &[(&str, &str)],
    values: &[f64],
    column: &str,
) -> Result<(), IngestError> {
    if values.is_empty() {
        return Ok(());
    }
    let Some(series) = builder.described(metric, labels, Kind::Raw, 1)? else { return Ok(()) };
    for (i, &value) in values.iter().enumerate() {
        let (column, text) = (format!("{column}[{i}]"), value.to_string());
        let at = At { line: 0, column: &column, text: &text };
        builder.push(series, value, When::default(), at)?;
    }
    Ok(())
}

/// Runs that failed were asked for (`--ignore-failure`), so their times are kept; but how long
/// a failure takes is not how long the work takes, and people must know.
fn note_failures(builder: &mut Builder<'_>, outcome: &Outcome) {
    let codes = outcome.exit_codes.as_deref().unwrap_or_default();
    let failed = codes.iter().filter(|&&code| code != Some(0)).count();
    if failed > 0 {
        builder.note(format!(
            "{}: the command {:?} failed in {failed} of {} runs; the times are those of failures too",
            builder.file(),
            outcome.command,
            codes.len()
        ));
    }
}

/// From mean, standard deviation, median, minimum and maximum.
fn summary(n: Option<u64>, [mean, sd, median, min, max]: [Option<f64>; 5]) -> Summary {
    let quantiles = median.map(|m| (Rank::MEDIAN, m)).into_iter().collect();
    Summary { n, mean, sd, min, max, quantiles, interval: None }
}

fn push_summary(
    builder: &mut Builder<'_>,
    metric: Metric,
    labels: &[(&str, &str)],
    summary: Summary,
    line: u64,
) -> Result<(), IngestError> {
    match builder.described(metric, labels, Kind::Summary, line)? {
        Some(series) => builder.push_summary(series, summary, When::default(), line),
        None => Ok(()),
    }
}

fn rows(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let file = input.name.clone();
    let mut reader = ReaderBuilder::new().from_reader(&mut input.reader);
    let headings = reader.headers().map_err(|e| csv_error(&file, e))?.clone();
    for record in reader.records() {
        let record = record.map_err(|e| csv_error(&file, e))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = || headings.iter().zip(record.iter());
        let mut numbers = [None; 5];
        for (slot, column) in numbers.iter_mut().zip(["mean", "stddev", "median", "min", "max"]) {
            let text = cells().find(|(h, _)| *h == column).map_or("", |(_, cell)| cell.trim());
            let at = At { line, column, text };
            // A single run has no standard deviation.
            if !text.is_empty() {
                *slot =
                    Some(text.parse::<f64>().map_err(|_| builder.cell(at, "a time in seconds"))?);
            }
        }
        let command = cells().find(|(h, _)| *h == "command").map_or("", |(_, cell)| cell);
        let mut labels = vec![("benchmark", command)];
        labels.extend(cells().filter_map(|(h, cell)| Some((h.strip_prefix(PARAMETER)?, cell))));
        let time = Metric::new("time", Unit::known("s"));
        push_summary(builder, time, &labels, summary(None, numbers), line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options};

    fn parse(text: &str) -> Dataset {
        crate::read(vec![Input::from_bytes("a", text)], &Options::default()).unwrap()
    }

    fn document(rest: &str) -> Dataset {
        let head = "{\"results\":[{\"command\":\"work\",\"mean\":2.0,\"stddev\":null,\
                    \"median\":2.0,\"user\":1.0,\"system\":0.5,\"min\":1.0,\"max\":3.0";
        parse(&format!("{head}{rest}}}]}}"))
    }

    #[test]
    fn failures_are_kept_and_noted() {
        let data =
            document(",\"times\":[1.0,3.0],\"exit_codes\":[0,null],\"parameters\":{\"n\":5}");
        let series = &data.series[0];
        assert_eq!(series.name(), "time{benchmark=work,n=5}");
        assert_eq!(series.observations.len(), 2);
        assert!(data.notes.iter().any(|n| n.contains("failed in 1 of 2 runs")), "{:?}", data.notes);
    }

    #[test]
    fn a_summary_is_no_sample() {
        let csv = format!("{HEADINGS},parameter_n\nwork,2,,2,1,0.5,1,3,5\n");
        for data in [document(""), parse(&csv)] {
            let Observations::Summary(all) = &data.series[0].observations else {
                panic!("summary")
            };
            let want = summary(None, [Some(2.0), None, Some(2.0), Some(1.0), Some(3.0)]);
            assert_eq!(all, &[want]);
        }
        assert_eq!(parse(&csv).series[0].labels["n"], "5");
    }

    #[test]
    fn memory_is_a_metric_where_it_is_known() {
        let times = ",\"times\":[1.0,3.0],\"memory_usage_byte\"";
        let data = document(&format!("{times}:[4096,8192]"));
        assert_eq!(data.series[1].metric, Metric::new("memory", Unit::known("B")));
        assert_eq!(document(&format!("{times}:[0,0]")).series.len(), 1);
    }
}
