//! oha `--output-format csv`: one row a request.

use super::latency;
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::format::Head;
use crate::format::cache::ByLabels;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::input::Opened;

pub(super) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with("request-start,DNS,DNS+dialup,Response-delay,request-duration,")
}

pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    table::each(input, builder, COMMAS, Columns::new, Columns::row)?;
    Ok(())
}

struct Columns {
    start: usize,
    duration: usize,
    status: usize,
    labels: Vec<(String, usize)>,
    series: ByLabels,
}

impl Columns {
    fn new(headings: &Headings<'_>, builder: &mut Builder<'_>) -> Result<Self, IngestError> {
        Ok(Self {
            start: headings.need("request-start")?,
            duration: headings.need("request-duration")?,
            status: headings.need("status")?,
            labels: headings.labels(builder, &[])?,
            series: ByLabels::default(),
        })
    }

    fn row(&mut self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        let labels: Vec<(&str, &str)> =
            self.labels.iter().map(|(name, column)| (name.as_str(), row.text(*column))).collect();
        let Some(series) = self.series.series(builder, latency, &labels, row.line)? else {
            return Ok(());
        };
        let start = row.number(builder, self.start)?;
        let duration = row.number(builder, self.duration)?;
        // Seconds since the start of the run; beyond 64 bits the conversion stops at their end.
        let time = ((start + duration) * 1e9).round() as i64;
        let when = When { time: Some(time), ..When::default() };
        let at = row.at(self.duration);
        let status = row.count(builder, self.status)?;
        if (100..400).contains(&status) {
            builder.push(series, duration, when, at)
        } else {
            builder.push_above(series, duration, when, at)
        }
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn failed_requests_lie_above_their_time() {
        let text = "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n\
                    0.5,0,0,0.1,0.25,2,200\n0.6,0,0,0.1,0.5,2,503\n";
        let data = read(vec![Input::from_bytes("a.csv", text)], &Options::default());
        let data = data.unwrap_or_else(|e| panic!("{e}"));
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!((raw.sample.values(), raw.above()), (&[0.25, 0.5][..], &[1][..]));
        assert_eq!(data.series[0].time.as_deref(), Some(&[750_000_000, 1_100_000_000][..]));
        let cut = &text[..text.len() - 12];
        assert!(read(vec![Input::from_bytes("a.csv", cut)], &Options::default()).is_err());
    }
}
