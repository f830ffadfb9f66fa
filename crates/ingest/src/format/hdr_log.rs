//! HdrHistogram interval logs, as jHiccup and many Java and Rust tools write them: one line an
//! interval, with its histogram; read as one element of buckets each, at the interval's end.

use std::collections::BTreeMap;

use tailproof_core::{Binned, Direction, Metric, Unit};

use super::{Head, hdr_payload, lines};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;
use crate::timestamp;

/// A year; a log that begins earlier than this before its start time counts from that.
const YEAR: i64 = 365 * 86_400 * 1_000_000_000;
/// Buckets that any log may hold; each four bytes of its text allow sixteen more.
const BUCKETS: usize = 1 << 24;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let said = head.first.starts_with("#[") && head.text.contains("Histogram log format version");
    let rows = head.text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    said || rows.take(2).any(|l| l.starts_with("\"StartTimestamp\"") || Row::split(l).is_some())
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut log = Log { room: BUCKETS, ..Log::default() };
    lines::each(input, builder, |builder, line, text| {
        let text = text.trim();
        if text.starts_with('#') {
            log.comment(text).map_err(|problem| builder.line_error(line, problem))
        } else if text.is_empty() || text.starts_with('"') {
            Ok(())
        } else {
            log.interval(text, builder, line)
        }
    })?;
    if log.intervals == 0 {
        return Err(builder.line_error(1, "a histogram log without an interval"));
    }
    if log.empty > 0 {
        builder.note(format!(
            "{} of {} intervals of the log hold no observation",
            log.empty, log.intervals
        ));
    }
    Ok(())
}

/// What the lines so far said.
#[derive(Default)]
struct Log {
    start: Option<i64>,
    /// Added to every time, in nanoseconds since 1970.
    base: Option<i64>,
    hiccup: bool,
    /// Series by tag, `None` when it is not wanted.
    series: BTreeMap<String, Option<usize>>,
    room: usize,
    intervals: u64,
    empty: u64,
}

struct Row<'a> {
    tag: &'a str,
    start: &'a str,
    length: &'a str,
    max: &'a str,
    histogram: &'a str,
}

impl<'a> Row<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let (tag, rest) = match text.strip_prefix("Tag=") {
            Some(tagged) => tagged.split_once(',')?,
            None => ("", text),
        };
        let cells: Vec<&str> = rest.splitn(5, ',').map(str::trim).collect();
        let [start, length, max, histogram] = cells[..] else { return None };
        histogram.starts_with("HIST").then_some(Self { tag, start, length, max, histogram })
    }
}

impl Log {
    fn comment(&mut self, text: &str) -> Result<(), &'static str> {
        self.hiccup |= text.contains("Logged with jHiccup");
        for (key, slot) in [("#[StartTime:", &mut self.start), ("#[BaseTime:", &mut self.base)] {
            if let Some(rest) = text.strip_prefix(key) {
                let number = rest.split_whitespace().next().unwrap_or("").trim_end_matches(']');
                *slot = Some(seconds(number)?);
            }
        }
        Ok(())
    }

    fn interval(
        &mut self,
        text: &str,
        builder: &mut Builder<'_>,
        line: u64,
    ) -> Result<(), IngestError> {
        let Some(row) = Row::split(text) else {
            let problem =
                "an interval is [Tag=…,]start,length,max,histogram; the log may be cut off";
            return Err(builder.line_error(line, problem));
        };
        self.intervals += 1;
        let cell = |column, text| At { line, column, text };
        let part = |builder: &Builder<'_>, column, text| {
            seconds(text).map_err(|problem| builder.cell(cell(column, text), problem))
        };
        let start = part(builder, "StartTimestamp", row.start)?;
        let length = part(builder, "Interval_Length", row.length)?;
        let origin = self.start;
        let base = *self.base.get_or_insert_with(|| match origin {
            Some(origin) if start < origin.saturating_sub(YEAR) => origin,
            _ => 0,
        });
        let Some(time) = base.checked_add(start).and_then(|t| t.checked_add(length)) else {
            let problem = "a time fits 64 bits of nanoseconds";
            return Err(builder.cell(cell("StartTimestamp", row.start), problem));
        };
        let at = cell("Interval_Compressed_Histogram", row.histogram);
        let found =
            hdr_payload::decode(row.histogram).map_err(|problem| builder.cell(at, problem))?;
        let Some(binned) = found else {
            self.empty += 1;
            return Ok(());
        };
        let series = match self.series.get(row.tag) {
            Some(&series) => series,
            None => self.begin(&row, &binned, builder, line)?,
        };
        let Some(series) = series else { return Ok(()) };
        let room = self.room.saturating_add(4 * row.histogram.len());
        self.room = room.checked_sub(binned.counts().len()).ok_or_else(|| {
            builder.line_error(line, "the histograms of this log hold too many buckets")
        })?;
        let when = When { time: Some(time), ..When::default() };
        builder.push_binned(series, binned, when, line)
    }

    /// The series of a tag.
    fn begin(
        &mut self,
        row: &Row<'_>,
        binned: &Binned,
        builder: &mut Builder<'_>,
        line: u64,
    ) -> Result<Option<usize>, IngestError> {
        let unit = if self.hiccup {
            Unit::known("ns")
        } else if builder.options.unit.is_some() {
            builder.options.unit.clone()
        } else if in_nanoseconds(row.max, binned) {
            builder.note(
                "the log states no unit: taken as ns, since its column of maxima is 10^6 times \
                 smaller than its histograms, as ms are"
                    .to_owned(),
            );
            Unit::known("ns")
        } else {
            None
        };
        let labels = [("tag", row.tag)];
        let labels = if row.tag.is_empty() { &[][..] } else { &labels[..] };
        let metric = Metric { direction: Direction::Lower, ..Metric::new("latency", unit) };
        let series = builder.described(metric, labels, Kind::Binned, line)?;
        self.series.insert(row.tag.to_owned(), series);
        Ok(series)
    }
}

/// Nanoseconds of a number of seconds.
fn seconds(text: &str) -> Result<i64, &'static str> {
    timestamp::parse(text, Unit::known("s").as_ref())
}

/// Whether the printed maximum is a millionth of the histogram's.
fn in_nanoseconds(max: &str, binned: &Binned) -> bool {
    let edges = binned.edges();
    let Ok(max) = max.parse::<f64>() else { return false };
    // The maximum is printed to three decimals.
    let (lo, hi) = (edges[edges.len() - 2] - 1e3, edges[edges.len() - 1] + 1e3);
    max > 0.0 && (lo..=hi).contains(&(max * 1e6))
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    const HISTOGRAM: &str = "HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=";

    fn data(head: &str, tag: &str) -> Result<tailproof_core::Dataset, IngestError> {
        let text = format!(
            "{head}\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Histogram\"\n\
             0.127,1.007,2.769,{HISTOGRAM}\n{tag}1.134,1,2.769,{HISTOGRAM}\n"
        );
        crate::read(vec![Input::from_bytes("a.hlog", text)], &Options::default())
    }

    #[test]
    fn times_are_the_ends_of_intervals() {
        let head = "#[Histogram log format version 1.2]\n#[StartTime: 1441812279.474 (seconds)]\n";
        let found = data(head, "").unwrap();
        let [series] = &found.series[..] else { panic!("one series") };
        assert_eq!(series.time, Some(vec![1_441_812_280_608_000_000, 1_441_812_281_608_000_000]));
        assert_eq!(series.metric.unit, Unit::known("ns"));
        assert_eq!(found.notes.len(), 1);
        // Times that stand for themselves.
        let plain = data("", "").unwrap();
        assert_eq!(plain.series[0].time, Some(vec![1_134_000_000, 2_134_000_000]));
    }

    #[test]
    fn tags_are_labels() {
        let found = data("#[Logged with jHiccup version 2]\n", "Tag=A,").unwrap();
        let names: Vec<String> = found.series.iter().map(tailproof_core::Series::name).collect();
        assert_eq!(names, ["latency", "latency{tag=A}"]);
        let Observations::Binned(b) = &found.series[1].observations else { panic!("buckets") };
        assert_eq!(b.len(), 1);
        assert!(data("", "oops,").unwrap_err().to_string().contains("line 3"));
    }
}
