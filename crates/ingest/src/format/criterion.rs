//! Criterion's measurements: `sample.json` of every version, and the `raw.csv` of old ones.
//!
//! Both hold total nanoseconds for so many iterations, one pair a sample. A `sample.json`
//! is `[[iters],[times]]` in old versions and an object with `sampling_mode` in newer ones.
//! It does not say which benchmark it belongs to: `folder.rs` reads that from the
//! `benchmark.json` beside it.

use serde::Deserialize;
use tailproof_core::{Metric, Unit};

use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::format::{Head, json};
use crate::input::Opened;

/// Total time of a sample in `raw.csv`, by the name it had in old and in newer versions.
const TOTAL: [&str; 2] = ["sample_time_nanos", "sample_measured_value"];

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    if head.first.starts_with('{') {
        return has("\"iters\"") && (has("\"times\"") || has("\"sampling_mode\""));
    }
    if head.first.starts_with('[') {
        return is_pair_of_lists(head.text);
    }
    head.first.starts_with("group,function,value,")
        && head.first.ends_with(",iteration_count")
        && TOTAL.iter().any(|t| head.first.contains(t))
}

/// Reads nanoseconds per iteration; the metric is named `time` unless another is wanted.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let first = input.head().iter().copied().find(|b| !b.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[')) { sample(input, builder) } else { rows(input, builder) }
}

/// Two lists of numbers of one length, and nothing else; of a longer text, its beginning.
fn is_pair_of_lists(text: &str) -> bool {
    if let Ok(pair) = serde_json::from_str::<[Vec<f64>; 2]>(text) {
        return !pair[0].is_empty() && pair[0].len() == pair[1].len();
    }
    let mut bare = text.bytes().filter(|b| !b.is_ascii_whitespace());
    let opens = bare.next() == Some(b'[') && bare.next() == Some(b'[');
    // Cut off where the head ends: a complete document would have parsed.
    let cut = !text.trim_end().ends_with(']');
    opens && cut && bare.all(|b| b.is_ascii_digit() || b"[].,eE+-".contains(&b))
}

fn metric(builder: &Builder<'_>) -> Metric {
    let name = match builder.options.default_name() {
        name if name == "value" => "time".to_owned(),
        name => name,
    };
    Metric::new(name, Unit::known("ns"))
}

/// A sample of newer versions.
#[derive(Deserialize)]
struct Measured {
    iters: Vec<f64>,
    times: Vec<f64>,
}

fn sample(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let bytes = json::whole(input, builder)?;
    let [iters, times]: [Vec<f64>; 2] = if bytes.trim_ascii_start().starts_with(b"[") {
        json::parse(&bytes, builder)?
    } else {
        let Measured { iters, times } = json::parse(&bytes, builder)?;
        [iters, times]
    };
    if iters.is_empty() || iters.len() != times.len() {
        return Err(builder.line_error(1, "iters and times are lists of the same length"));
    }
    let metric = metric(builder);
    let Some(series) = builder.described(metric, &[], Kind::Raw, 1)? else { return Ok(()) };
    for (i, (&n, &t)) in iters.iter().zip(&times).enumerate() {
        let told = || (format!("times[{i}]"), format!("{t} for {n} iterations"));
        let Some(value) = per_iteration(n, t) else {
            let (column, text) = told();
            return Err(builder.cell(At { line: 0, column: &column, text: &text }, PROBLEM));
        };
        builder.push_told(series, value, When::default(), 0, told)?;
    }
    Ok(())
}

const PROBLEM: &str = "a time for at least one iteration";

fn per_iteration(iterations: f64, total: f64) -> Option<f64> {
    (iterations >= 1.0).then_some(total / iterations)
}

/// `raw.csv`: the columns group, function and value make the name, as `full_id` does.
fn rows(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    table::each(input, builder, COMMAS, Columns::new, |columns, builder, row| {
        columns.row(builder, row)
    })?;
    Ok(())
}

/// The columns of `raw.csv`.
struct Columns {
    parts: [Option<usize>; 3],
    total: usize,
    iterations: usize,
    unit: Option<usize>,
    metric: Metric,
}

impl Columns {
    fn new(headings: &Headings<'_>, builder: &mut Builder<'_>) -> Result<Self, IngestError> {
        let total = TOTAL.iter().find_map(|&t| headings.find(t));
        let (Some(total), Some(iterations)) = (total, headings.find("iteration_count")) else {
            let problem = "criterion's raw.csv has the columns sample_time_nanos, iteration_count";
            return Err(builder.line_error(1, problem));
        };
        Ok(Self {
            parts: ["group", "function", "value"].map(|name| headings.find(name)),
            total,
            iterations,
            unit: headings.find("unit"),
            metric: metric(builder),
        })
    }

    fn row(&self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        if let Some(column) = self.unit.filter(|&column| row.text(column) != "ns") {
            return Err(builder.cell(row.at(column), "the unit is ns"));
        }
        let parts = self.parts.iter().flatten().map(|&column| row.text(column));
        let id = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let (n, t) = (row.number(builder, self.iterations)?, row.number(builder, self.total)?);
        let value = per_iteration(n, t);
        let value = value.ok_or_else(|| builder.cell(row.at(self.iterations), PROBLEM))?;
        let labels = [("benchmark", id.as_str())];
        match builder.described(self.metric.clone(), &labels, Kind::Raw, row.line)? {
            Some(series) => builder.push(series, value, When::default(), row.at(self.total)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options};

    fn parse(text: &str) -> Result<Dataset, IngestError> {
        crate::read(vec![Input::from_bytes("sample.json", text)], &Options::default())
    }

    fn values(data: &Dataset) -> &[f64] {
        let Observations::Raw(raw) = &data.series[0].observations else { panic!("raw") };
        raw.sample.values()
    }

    #[test]
    fn totals_are_divided_in_every_version() {
        let old = parse("[[2.0,4.0],[10.0,24.0]]").unwrap();
        let new = parse("{\"sampling_mode\":\"Flat\",\"iters\":[2.0,4.0],\"times\":[10.0,24.0]}")
            .unwrap();
        let header = "group,function,value,sample_time_nanos,iteration_count";
        let csv = parse(&format!("{header}\nG,f,20,10,2\nG,f,20,24,4\n")).unwrap();
        for data in [&old, &new, &csv] {
            assert_eq!(values(data), [5.0, 6.0]);
            assert_eq!(data.series[0].metric.name, "time");
        }
        assert_eq!(csv.series[0].labels["benchmark"], "G/f/20");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for text in [
            "{\"iters\":[1.0],\"times\":[]}",
            "{\"iters\":[0.0],\"times\":[5.0]}",
            "{\"iters\":[1.0],\"times\":[\"x\"]}",
            "group,function,value,sample_time_nanos,iteration_count\na,b,,x,1\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn other_lists_are_not_samples() {
        for (text, is) in [
            ("[[1,2],[3,4]]", true),
            ("[[1,2],[3,4], ", true), // The head of a longer file.
            ("[[1,2],[3]]", false),
            ("[[1,2],[3,4],[5,6]]", false),
            ("[1,2]", false),
            ("[[\"a\"],[1]]", false),
        ] {
            assert_eq!(is_pair_of_lists(text), is, "{text}");
        }
    }
}
