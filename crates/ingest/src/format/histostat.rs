//! HistoStat logs: percentiles of every interval and tag.

use tailproof_core::{Metric, Rank, Summary, Unit};

use super::{Head, lines, values};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;
use crate::timestamp;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('#')
        && head.text.contains("#Tag,Interval_Start,Interval_Length,count,min,")
}

/// What the comments and the heading said.
#[derive(Default)]
struct Layout {
    unit: Option<Unit>,
    /// Nanoseconds since 1970.
    start: Option<i64>,
    headings: Vec<String>,
}

/// Reads a summary of every interval that observed something, and the rate of every interval.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut layout = Layout::default();
    lines::each(input, builder, |builder: &mut Builder<'_>, line: u64, text: &str| {
        let text = text.trim();
        if let Some(comment) = text.strip_prefix('#') {
            layout.comment(comment);
            return Ok(());
        }
        if text.is_empty() { Ok(()) } else { layout.row(text, line, builder) }
    })
}

impl Layout {
    fn comment(&mut self, text: &str) {
        let inner = text.trim_start_matches('[').trim_end_matches(']');
        if let Some(unit) = inner.strip_prefix("TimeUnit:") {
            self.unit = Unit::known(match unit.trim() {
                "NANOSECONDS" => "ns",
                "MICROSECONDS" => "us",
                "MILLISECONDS" => "ms",
                "SECONDS" => "s",
                _ => "",
            });
        } else if let Some(start) = inner.strip_prefix("StartTime:") {
            let seconds = start.split_whitespace().next().unwrap_or("");
            self.start = timestamp::parse(seconds, Unit::known("s").as_ref()).ok();
        } else if text.starts_with("Tag,") {
            self.headings = text.split(',').map(|h| h.trim().to_owned()).collect();
        }
    }

    fn row(&self, text: &str, line: u64, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        if cells.len() != self.headings.len() {
            let (have, want) = (cells.len(), self.headings.len());
            return Err(builder.line_error(line, format!("{have} cells for {want} headings")));
        }
        let mut summary = Summary::default();
        let (mut begin, mut length, mut tag) = (0.0, 0.0, "");
        for (heading, cell) in self.headings.iter().zip(&cells) {
            if heading == "Tag" {
                tag = cell.strip_prefix("Tag=").unwrap_or(cell);
                continue;
            }
            let at = At { line, column: heading, text: cell };
            let x = cell.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
            let x = x.ok_or_else(|| builder.cell(at, "text where a number belongs"))?;
            match heading.as_str() {
                "Interval_Start" => begin = x,
                "Interval_Length" => length = x,
                "count" => summary.n = Some(x as u64),
                "min" => summary.min = Some(x),
                "max" => summary.max = Some(x),
                other => {
                    let rank: Option<Rank> = values::percentile(other);
                    summary.quantiles.extend(rank.map(|rank| (rank, x)));
                }
            }
        }
        let end = ((begin + length) * 1e9).round() as i64;
        let time = self.start.map(|start| start.saturating_add(end));
        let when = When { time, ..When::default() };
        let n = summary.n.unwrap_or(0);
        let labels = [("tag", tag)];
        if n > 0 {
            let metric = Metric::new("latency", self.unit.clone());
            if let Some(series) = builder.described(metric, &labels, Kind::Summary, line)? {
                builder.push_summary(series, summary, when, line)?;
            }
        }
        if length > 0.0 {
            let metric = Metric::new("throughput", Unit::known("/s"));
            if let Some(series) = builder.described(metric, &labels, Kind::Raw, line)? {
                let (rate, text) = (n as f64 / length, format!("{n} in {length} s"));
                builder.push(series, rate, when, At { line, column: "count", text: &text })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn an_interval_without_observations_has_a_rate_only() {
        let text = "#logging stats for session x\n#[StartTime: 100.5 (seconds since epoch)]\n\
            #[TimeUnit: MICROSECONDS]\n#Tag,Interval_Start,Interval_Length,count,min,p50,p999,max\n\
            Tag=a.b,1.5,2.0,10,3,4,8,9\nTag=a.b,3.5,2.0,0,0,0,0,0\n";
        let data = read(vec![Input::from_bytes("h.csv", text)], &Options::default()).unwrap();
        assert_eq!(data.series[0].name(), "latency{tag=a.b}");
        assert_eq!(data.series[0].metric.suffix(), " us");
        let Observations::Summary(all) = &data.series[0].observations else { panic!() };
        assert_eq!((all.len(), all[0].n, all[0].max), (1, Some(10), Some(9.0)));
        assert_eq!(all[0].quantiles[1].0.to_string(), "p99.9");
        let Observations::Raw(rates) = &data.series[1].observations else { panic!() };
        assert_eq!(rates.sample.values(), [5.0, 0.0]);
        assert_eq!(data.series[1].time.as_ref().unwrap()[0], 104_000_000_000);
    }

    #[test]
    fn a_cut_row_is_an_error() {
        let text = "#[TimeUnit: NANOSECONDS]\n\
            #Tag,Interval_Start,Interval_Length,count,min,max\nTag=a,1.5,2.0,10\n";
        let error = read(vec![Input::from_bytes("h.csv", text)], &Options::default());
        assert!(error.unwrap_err().to_string().contains("line 3"));
    }
}
