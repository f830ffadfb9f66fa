//! What load tools say of a whole test: how many requests succeeded, and how many a second.

use tailproof_core::{Direction, Metric, Unit};

use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;

/// Adds `good` of `total` requests to the metric `requests`.
pub(super) fn requests(
    builder: &mut Builder<'_>,
    (good, total): (u64, u64),
    labels: &[(&str, &str)],
    when: When,
    line: u64,
) -> Result<(), IngestError> {
    let metric = Metric { direction: Direction::Higher, ..Metric::new("requests", None) };
    let Some(series) = builder.described(metric, labels, Kind::Events, line)? else {
        return Ok(());
    };
    let text = format!("{good} of {total}");
    builder.push_events(series, good, total, when, At { line, column: "requests", text: &text })
}

/// Adds the requests a second of a whole test, one measurement, to the metric `throughput`.
pub(super) fn throughput(
    builder: &mut Builder<'_>,
    per_second: f64,
    labels: &[(&str, &str)],
    when: When,
    line: u64,
) -> Result<(), IngestError> {
    let metric = Metric::new("throughput", Unit::known("req/s"));
    let Some(series) = builder.described(metric, labels, Kind::Raw, line)? else { return Ok(()) };
    let text = per_second.to_string();
    builder.push(series, per_second, when, At { line, column: "throughput", text: &text })
}
