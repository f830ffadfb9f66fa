//! A named series: `{name, series: [numbers]}`, or the Turing change-point data sets with
//! `series: [{label, raw: [numbers]}]`.

use serde::Deserialize;
use serde_json::Value;
use tailproof_core::Metric;

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    if !head.first.starts_with('{') || !has("\"name\"") {
        return false;
    }
    // The index of a long series may fill the head alone.
    let turing = has("\"n_obs\"") && has("\"n_dim\"");
    let plain = head.text.split_once("\"series\"").is_some_and(|(_, rest)| {
        let list = rest.trim_start().strip_prefix(':').map(str::trim_start);
        let first = list.and_then(|l| l.strip_prefix('[')).map(str::trim_start);
        first.is_some_and(|f| f.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    });
    turing || plain
}

#[derive(Deserialize)]
struct Report {
    name: String,
    series: Vec<Value>,
}

#[derive(Deserialize)]
struct Dimension {
    #[serde(default)]
    label: Option<String>,
    raw: Vec<Value>,
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::tree(input, builder)?;
    if report.series.first().is_some_and(|first| !first.is_object()) {
        return one(&report.name, None, &report.series, builder);
    }
    let several = report.series.len() > 1;
    for (i, value) in report.series.iter().enumerate() {
        let dimension = Dimension::deserialize(value)
            .map_err(|e| builder.line_error(1, format!("series[{i}]: {e}")))?;
        let label = dimension.label.filter(|_| several);
        one(&report.name, label.as_deref(), &dimension.raw, builder)?;
    }
    Ok(())
}

fn one(
    name: &str,
    dimension: Option<&str>,
    list: &[Value],
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let mut labels = values::benchmark(name);
    if let Some(dimension) = dimension {
        labels.insert("dimension".to_owned(), dimension.to_owned());
    }
    let found: Vec<f64> = list.iter().filter_map(values::number).collect();
    let missing = list.iter().filter(|v| v.is_null()).count();
    let wrong = list.len() - found.len() - missing;
    if wrong > 0 {
        return Err(builder.line_error(1, format!("{name} has {wrong} values that are no numbers")));
    }
    if missing > 0 {
        let note = format!("{}: {missing} values of {name} are missing", builder.file());
        builder.note(note);
    }
    let metric = Metric::new(builder.options.default_name(), None);
    values::raw(builder, metric, &labels, &found, When::default())
}

#[cfg(test)]
mod tests {
    use crate::{Input, Options, read};

    #[test]
    fn both_shapes_are_read() {
        let parse = |text: &str| read(vec![Input::from_bytes("s.json", text)], &Options::default());
        let plain = parse(r#"{"name": "t", "series": [3, 1, 2], "note": "x"}"#).unwrap();
        assert_eq!(plain.series[0].name(), "value{benchmark=t}");
        let turing = r#"{"name": "t", "n_obs": 3, "n_dim": 2, "time": {"index": [0, 1, 2]},
            "series": [{"label": "A", "raw": [1, null, 3]}, {"label": "B", "raw": [4, 5, 7]}]}"#;
        let turing = parse(turing).unwrap();
        let sizes: Vec<usize> = turing.series.iter().map(|s| s.observations.len()).collect();
        assert_eq!((sizes, turing.notes.len()), (vec![2, 3], 1));
        assert!(parse(r#"{"name": "t", "series": [3, "x", 2]}"#).is_err());
    }
}
