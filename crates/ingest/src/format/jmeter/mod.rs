//! JMeter's result files (JTL), as CSV with headings and as XML.

pub(crate) mod csv;
pub(crate) mod xml;

use tailproof_core::{Loop, Metric, Unit};

use crate::builder::{At, Builder, When};
use crate::error::IngestError;
use crate::format::Head;
use crate::format::cache::ByLabels;
use crate::input::Opened;
use crate::timestamp;

/// Whether this is a JTL file in either shape.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    csv::matches(head) || xml::matches(head)
}

/// Reads either shape.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let markup = input.head().trim_ascii_start().starts_with(b"<");
    if markup { xml::read(input, builder) } else { csv::read(input, builder) }
}

/// One request.
struct Request<'a> {
    /// Milliseconds, and where they stand.
    elapsed: f64,
    at: At<'a>,
    /// When it began.
    start: Option<&'a str>,
    success: bool,
    labels: &'a [(&'a str, &'a str)],
}

fn latency() -> Metric {
    Metric::new("latency", Unit::known("ms"))
}

impl Request<'_> {
    /// Adds the request to the series of its labels.
    fn push(&self, builder: &mut Builder<'_>, series: &mut ByLabels) -> Result<(), IngestError> {
        let at = self.at;
        let found = series.series(builder, latency, self.labels, at.line)?;
        let Some(series) = found else { return Ok(()) };
        let time = match self.start {
            Some(text) => Some(end(builder, text, self.elapsed, at.line)?),
            None => None,
        };
        let when = When { time, ..When::default() };
        if self.success {
            builder.push(series, self.elapsed, when, at)
        } else {
            builder.push_above(series, self.elapsed, when, at)
        }
    }
}

/// What every JTL file leaves open.
fn announce(builder: &mut Builder<'_>) {
    builder.generator(Loop::Closed);
    builder.note(
        "JMeter's threads wait for each answer (closed loop): a stall delays the requests after it"
            .into(),
    );
}

/// When the request ended: its time stamp is that of its begin.
fn end(builder: &Builder<'_>, text: &str, elapsed: f64, line: u64) -> Result<i64, IngestError> {
    let at = At { line, column: "timeStamp", text };
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let ms = if plain { Unit::known("ms") } else { None };
    // The format of dates can be configured; 2019/02/12 11:29:45.359 is the usual one.
    let start = if text.contains('/') {
        timestamp::parse(&text.replace('/', "-"), None)
    } else {
        timestamp::parse(text, ms.as_ref())
    };
    let start = start.map_err(|problem| builder.cell(at, problem))?;
    // Beyond the range of 64 bits the conversion stops at its end.
    Ok(start.saturating_add((elapsed * 1e6).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn a_window_ends_when_the_answer_is_there() {
        let options = Options::default();
        let builder = Builder::new(&options, false);
        let ns = |text: &str| end(&builder, text, 250.0, 1).unwrap();
        assert_eq!(ns("1549967385359"), 1_549_967_385_609_000_000);
        assert_eq!(ns("2019/02/12 10:29:45.359"), 1_549_967_385_609_000_000);
        assert!(end(&builder, "noon", 1.0, 1).is_err());
    }
}
