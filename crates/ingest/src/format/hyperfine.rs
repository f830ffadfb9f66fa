//! Hyperfine's exports: JSON with every run's time, and CSV with summaries; seconds.

use serde::Deserialize;
use serde_json::{Map, Value};
use tailproof_core::{Labels, Metric, Rank, Summary, Unit};

use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::format::{Head, json, values};
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
    for outcome in &document.results {
        result(builder, outcome)?;
    }
    Ok(())
}

fn result(builder: &mut Builder<'_>, outcome: &Outcome) -> Result<(), IngestError> {
    let parameters = outcome.parameters.iter().flatten().map(|(k, v)| (k.clone(), values::text(v)));
    let labels = labels(&outcome.command, parameters);
    note_failures(builder, outcome);
    let time = Metric::new("time", Unit::known("s"));
    let Some(times) = &outcome.times else {
        let Outcome { mean, stddev: sd, median, min, max, .. } = *outcome;
        let n = outcome.exit_codes.as_ref().map(|codes| codes.len() as u64);
        let summary = summary(n, [mean, sd, median, min, max]);
        return values::summary(builder, time, &labels, summary, When::default(), 0);
    };
    values::raw(builder, time, &labels, times, When::default())?;
    let used = outcome.memory_usage_byte.as_deref().unwrap_or_default();
    // All zero where the system does not tell.
    if used.iter().any(|&bytes| bytes > 0.0) {
        let memory = Metric::new("memory", Unit::known("B"));
        values::raw(builder, memory, &labels, used, When::default())?;
    }
    Ok(())
}

/// The label `benchmark` is the command; parameters are further labels.
fn labels(command: &str, parameters: impl IntoIterator<Item = (String, String)>) -> Labels {
    let mut labels = values::benchmark(command);
    for (name, value) in parameters {
        labels.entry(name).or_insert(value);
    }
    labels
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

fn rows(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    table::each(input, builder, COMMAS, Columns::new, |columns, builder, row| {
        columns.row(builder, row)
    })?;
    Ok(())
}

/// The columns of the CSV export.
struct Columns {
    command: usize,
    /// Mean, standard deviation, median, minimum and maximum.
    numbers: [usize; 5],
    parameters: Vec<(String, usize)>,
}

impl Columns {
    fn new(headings: &Headings<'_>, _: &mut Builder<'_>) -> Result<Self, IngestError> {
        let parameter = |(column, name): (usize, &String)| {
            Some((name.strip_prefix(PARAMETER)?.to_owned(), column))
        };
        let mut numbers = [0; 5];
        for (slot, name) in numbers.iter_mut().zip(["mean", "stddev", "median", "min", "max"]) {
            *slot = headings.need(name)?;
        }
        Ok(Self {
            command: headings.need("command")?,
            numbers,
            parameters: headings.names.iter().enumerate().filter_map(parameter).collect(),
        })
    }

    fn row(&self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        let mut numbers = [None; 5];
        for (slot, column) in numbers.iter_mut().zip(self.numbers) {
            // A single run has no standard deviation.
            if !row.text(column).is_empty() {
                *slot = Some(row.number(builder, column)?);
            }
        }
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|(name, i)| (name.clone(), row.text(*i).to_owned()));
        let labels = labels(row.text(self.command), parameters);
        let time = Metric::new("time", Unit::known("s"));
        values::summary(builder, time, &labels, summary(None, numbers), When::default(), row.line)
    }
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
