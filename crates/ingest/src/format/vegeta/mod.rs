//! vegeta: its report as JSON, and single results as CSV or JSON lines. Times are in ns.

mod report;
mod results;

use tailproof_core::{Loop, Metric, Unit};

use crate::builder::Builder;
use crate::error::IngestError;
use crate::format::Head;
use crate::input::Opened;

/// Whether vegeta wrote this.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    report::matches(head) || results::matches_lines(head.first) || results::matches_csv(head.first)
}

/// Reads any of the three shapes.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    builder.generator(Loop::Open);
    let text = String::from_utf8_lossy(input.head()).into_owned();
    let first = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    if results::matches_lines(first) {
        results::read_lines(input, builder)
    } else if first.starts_with('{') {
        report::read(input, builder)
    } else {
        results::read_csv(input, builder)
    }
}

fn latency() -> Metric {
    Metric::new("latency", Unit::known("ns"))
}
