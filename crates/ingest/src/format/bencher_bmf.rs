//! Bencher Metric Format: `{benchmark: {measure: {value, lower_value, upper_value}}}`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::{Direction, Metric, Noise, Summary, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

type Report = BTreeMap<String, BTreeMap<String, Measure>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measure {
    value: f64,
    #[serde(default)]
    lower_value: Option<f64>,
    #[serde(default)]
    upper_value: Option<f64>,
}

pub(crate) fn matches(head: &Head<'_>) -> bool {
    if !head.first.starts_with('{') {
        return false;
    }
    match serde_json::from_str::<Report>(head.text) {
        Ok(report) => report.values().any(|measures| !measures.is_empty()),
        // A document that is longer than the head fits as far as it goes.
        Err(e) => e.is_eof() && head.text.contains("\"value\""),
    }
}

/// Reads each value as the summary that it is.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::document(input, builder)?;
    for (name, measures) in &report {
        for (measure, found) in measures {
            let summary = summary(name, measure, found, builder);
            let labels = values::benchmark(name);
            values::summary(builder, metric(measure), &labels, summary, When::default(), 0)?;
        }
    }
    Ok(())
}

/// Latency is in nanoseconds and throughput in operations a second by definition; other
/// measures say by their name what they count, if they do.
fn metric(measure: &str) -> Metric {
    let lower = measure.to_ascii_lowercase();
    let unit = match lower.as_str() {
        "latency" => Unit::known("ns"),
        "throughput" => Unit::known("ops/s"),
        "build-time" | "build time" => Unit::known("s"),
        "file-size" | "file size" => Unit::known("B"),
        name if name.ends_with("bytes") => Unit::known("B"),
        _ => None,
    };
    let mut metric = Metric::new(measure, unit);
    if ["instructions", "blocks", "cycles", "hits"].iter().any(|end| lower.ends_with(end)) {
        metric.noise = Noise::Exact;
        if !lower.ends_with("hits") {
            metric.direction = Direction::Lower;
        }
    }
    metric
}

fn summary(name: &str, measure: &str, found: &Measure, builder: &mut Builder<'_>) -> Summary {
    let mut summary = values::printed(found.value);
    let bounds = (found.lower_value, found.upper_value);
    if let (Some(lo), Some(hi)) = bounds {
        summary.interval = values::interval(found.value, lo, hi, None);
    }
    if summary.interval.is_none() && bounds != (None, None) {
        builder.note(format!(
            "{}: the bounds of {measure} of {name} do not enclose its value, they are left out",
            builder.file()
        ));
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_shape_matches() {
        let head = |text| Head { text, first: "{" };
        assert!(matches(&head(r#"{"b": {"latency": {"value": 1, "lower_value": 0.5}}}"#)));
        assert!(matches(&head(r#"{"b": {"latency": {"value": 1.0, "upper_"#)));
        assert!(!matches(&head(r#"{"metrics": {"checks": {"value": 1, "passes": 3}}}"#)));
        assert!(!matches(&head(r#"{"time": 3, "value": 4}"#)));
        assert!(!matches(&head("{}")));
    }

    #[test]
    fn measures_carry_their_units() {
        assert_eq!(metric("latency").suffix(), " ns");
        assert_eq!(metric("Total Bytes").suffix(), " B");
        assert_eq!(metric("throughput").direction, Direction::Higher);
        assert_eq!(
            (metric("Total Blocks").noise, metric("x").noise),
            (Noise::Exact, Noise::Random)
        );
    }
}
