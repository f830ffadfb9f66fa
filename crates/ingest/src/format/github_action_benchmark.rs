//! github-action-benchmark's custom JSON: a list of `{name, unit, value, range, extra}`.

use serde::Deserialize;
use serde_json::Value;
use tailproof_core::{Dimension, Direction, Metric, Unit};

use super::{Head, json, values};
use crate::builder::{At, Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

#[derive(Deserialize)]
struct Entry {
    name: String,
    unit: String,
    value: Value,
    #[serde(default)]
    range: Option<Value>,
}

pub(crate) fn matches(head: &Head<'_>) -> bool {
    if !head.first.starts_with('[') {
        return false;
    }
    match serde_json::from_str::<Vec<Entry>>(head.text) {
        Ok(entries) => !entries.is_empty(),
        // A document that is longer than the head fits as far as it goes.
        Err(e) => e.is_eof() && head.text.contains("\"unit\"") && head.text.contains("\"value\""),
    }
}

/// Reads each value as a printed summary. Which way is better is known from the file's name
/// alone: the tools `customBiggerIsBetter` and `customSmallerIsBetter` share one layout.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let entries: Vec<Entry> = json::document(input, builder)?;
    let named = direction(builder.file());
    for (i, entry) in entries.iter().enumerate() {
        let Some(value) = values::number(&entry.value) else {
            let (column, text) = (format!("[{i}].value"), values::text(&entry.value));
            let at = At { line: 0, column: &column, text: &text };
            return Err(builder.cell(at, "text where a number belongs"));
        };
        let mut summary = values::printed(value);
        if let Some(range) = &entry.range {
            let half = spread(&values::text(range), value);
            summary.interval =
                half.and_then(|h| values::interval(value, value - h, value + h, None));
            if half.is_none() {
                builder.note(format!(
                    "{}: a range that is no number or percentage is left out",
                    builder.file()
                ));
            }
        }
        let mut metric = metric(&entry.unit);
        metric.direction = named.unwrap_or(metric.direction);
        let labels = values::benchmark(&entry.name);
        values::summary(builder, metric, &labels, summary, When::default(), 0)?;
    }
    Ok(())
}

/// The direction that the last part of a path names.
fn direction(path: &str) -> Option<Direction> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    match (name.contains("bigger"), name.contains("smaller")) {
        (true, false) => Some(Direction::Higher),
        (false, true) => Some(Direction::Lower),
        _ => None,
    }
}

fn metric(unit: &str) -> Metric {
    let unit = values::unit(unit);
    let name = match &unit {
        Some(Unit::Scaled { dimension: Dimension::Time, .. }) => "time",
        Some(Unit::Scaled { dimension: Dimension::Frequency | Dimension::Throughput, .. }) => {
            "throughput"
        }
        _ => "value",
    };
    Metric::new(name, unit)
}

/// Half the width of a range such as `± 5%`, `+/- 0.3` or `3`.
fn spread(range: &str, value: f64) -> Option<f64> {
    let text = range.trim();
    let text = ["±", "+/-", "+-"].iter().find_map(|s| text.strip_prefix(s)).unwrap_or(text).trim();
    let half = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0 * value.abs(),
        None => text.parse::<f64>().ok()?,
    };
    (half.is_finite() && half >= 0.0).then_some(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_percentages_or_numbers() {
        assert_eq!(spread("± 5%", 50.0), Some(2.5));
        assert_eq!(spread("+/- 0.5", 50.0), Some(0.5));
        assert_eq!(spread("3", -1.0), Some(3.0));
        assert_eq!(spread("wide", 1.0), None);
        assert_eq!(spread("-3", 1.0), None);
    }

    #[test]
    fn the_file_name_tells_the_direction() {
        assert_eq!(direction("a/smaller/customBiggerIsBetter.json"), Some(Direction::Higher));
        assert_eq!(direction("customSmallerIsBetter2.json"), Some(Direction::Lower));
        assert_eq!(direction("bigger/output.json"), None);
        assert_eq!(metric("ops/s").name, "throughput");
    }

    #[test]
    fn only_its_own_shape_matches() {
        let head = |text| Head { text, first: "[" };
        assert!(matches(&head(r#"[{"name": "a", "unit": "ns", "value": 3, "range": "5%"}]"#)));
        assert!(!matches(&head(r#"[{"metric": "a", "unit": "ns", "value": 3}]"#)));
        assert!(!matches(&head("[1, 2]")));
    }
}
