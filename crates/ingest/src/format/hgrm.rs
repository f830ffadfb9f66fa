//! HdrHistogram's percentile distribution, alone (`.hgrm`) or inside the text of wrk2.
//!
//! Each row says how many observations lie at or below a value: the rows are the upper ends
//! of buckets `(previous, value]`, known to the decimals printed.

use tailproof_core::{Binned, Closed, Direction, Metric};

use super::{Head, lines};
use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    Spectrum::heads(head.first)
}

/// Reads the metric `latency`; the file states no unit.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut spectrum = Spectrum::default();
    let mut last = 1;
    lines::each(input, builder, |builder, line, text| {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') || Spectrum::heads(text) {
            return Ok(());
        }
        last = line;
        spectrum.row(text).map_err(|problem| builder.line_error(line, problem))
    })?;
    let binned = spectrum.finish().map_err(|problem| builder.line_error(last, problem))?;
    let unit = builder.options.unit.clone();
    let metric = Metric { direction: Direction::Lower, ..Metric::new("latency", unit) };
    match builder.described(metric, &[], Kind::Binned, 1)? {
        Some(series) => builder.push_binned(series, binned, When::default(), 1),
        None => Ok(()),
    }
}

/// Rows of value, percentile and cumulative count on their way to buckets.
#[derive(Debug, Default)]
pub(super) struct Spectrum {
    edges: Vec<f64>,
    counts: Vec<u64>,
    total: u64,
    percentile: f64,
}

impl Spectrum {
    /// Whether a line is the heading of a distribution, aligned or as CSV.
    pub(super) fn heads(text: &str) -> bool {
        cells(text).eq(["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
    }

    /// Reads a row.
    pub(super) fn row(&mut self, text: &str) -> Result<(), &'static str> {
        let mut cells = cells(text);
        let mut number = || cells.next().and_then(|c| c.parse::<f64>().ok());
        let (value, percentile) = (number(), number());
        let count = cells.next().and_then(|c| c.parse::<u64>().ok());
        let (Some(value), Some(percentile), Some(total)) = (value, percentile, count) else {
            return Err("a row holds a value, its percentile and a count");
        };
        if !value.is_finite() || !(0.0..=1.0).contains(&percentile) {
            return Err("a value is finite, and a percentile lies between 0 and 1");
        }
        let Some(more) = total.checked_sub(self.total) else {
            return Err("the counts of a distribution do not fall");
        };
        match self.edges.last() {
            None => {
                // Durations begin at 0; nothing lies below a first value of 0 but itself.
                self.edges.push(if value > 0.0 { 0.0 } else { f64::NEG_INFINITY });
            }
            Some(&last) if value < last => {
                return Err("the values of a distribution do not fall");
            }
            Some(_) => {}
        }
        let repeated = !self.counts.is_empty() && self.edges.last() == Some(&value);
        if let Some(count) = self.counts.last_mut().filter(|_| repeated) {
            *count += more;
        } else {
            self.edges.push(value);
            self.counts.push(more);
        }
        (self.total, self.percentile) = (total, percentile);
        Ok(())
    }

    /// The buckets of all rows.
    pub(super) fn finish(self) -> Result<Binned, String> {
        if self.percentile < 1.0 {
            let at = 100.0 * self.percentile;
            return Err(format!("the distribution ends at {at} %; the file may be cut off"));
        }
        Binned::new(self.edges, self.counts, Closed::Upper).map_err(|e| e.to_string())
    }
}

fn cells(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .map(|cell| cell.trim_matches('"'))
        .filter(|cell| !cell.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectrum(rows: &[&str]) -> Result<Binned, String> {
        let mut spectrum = Spectrum::default();
        for row in rows {
            spectrum.row(row)?;
        }
        spectrum.finish()
    }

    #[test]
    fn counts_at_or_below_values_become_buckets() {
        let rows = ["0.5 0.0 1 1.00", "2.5 0.5 5 2.00", "2.5,0.75,6,4.00", "4.0 1.0 8 inf"];
        let binned = spectrum(&rows).unwrap();
        assert_eq!(binned.edges(), [0.0, 0.5, 2.5, 4.0]);
        assert_eq!(binned.counts(), [1, 5, 2]);
        assert_eq!(binned.closed(), Closed::Upper);
        let zero = spectrum(&["0.0 1.0 3 inf"]).unwrap();
        assert_eq!(zero.upper().atoms(), [(0.0, 3)]);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for (rows, part) in [
            (&["1.0 0.5 5 2.00"][..], "cut off"),
            (&["2.0 0.5 5 2.00", "1.0 1.0 6 inf"], "values"),
            (&["1.0 0.5 5 2.00", "2.0 1.0 4 inf"], "counts"),
            (&["1.0 0.5 many 2.00"], "a row holds"),
            (&["nan 0.5 5 2.00"], "finite"),
            (&[], "cut off"),
        ] {
            assert!(spectrum(rows).unwrap_err().contains(part), "{rows:?}");
        }
    }
}
