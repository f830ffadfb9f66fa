//! oha: its report as JSON, and one row a request as CSV. Times are in seconds.

mod report;
mod rows;

use tailproof_core::{Loop, Metric, Unit};

use crate::builder::Builder;
use crate::error::IngestError;
use crate::format::Head;
use crate::input::Opened;

/// Whether oha wrote this.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    report::matches(head) || rows::matches(head)
}

/// Reads either shape.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    builder.generator(Loop::Closed);
    builder.note(
        "oha waits for each answer (closed loop) unless it ran with -q and --latency-correction, \
         which its output does not say"
            .into(),
    );
    if input.head().trim_ascii_start().starts_with(b"{") {
        report::read(input, builder)
    } else {
        rows::read(input, builder)
    }
}

fn latency() -> Metric {
    Metric::new("latency", Unit::known("s"))
}
