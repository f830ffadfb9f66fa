//! hey: the rows of `-o csv`, one a request, and its summary. Everything is in seconds.

use tailproof_core::{Binned, Closed, Loop, Metric, Rank, Summary, Unit};

use super::{Head, lines, totals};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;
use crate::timestamp;

/// hey keeps no more rows than this.
const MOST_ROWS: u64 = 1_000_000;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let summary = head.first == "Summary:"
        && ["Slowest:", "Response time histogram:", "Details (average, fastest, slowest):"]
            .iter()
            .all(|part| head.text.contains(part))
        // oha prints the same headings, and this line.
        && !head.text.contains("Success rate:");
    summary || is_heading(head.first)
}

fn is_heading(text: &str) -> bool {
    text.starts_with("response-time,DNS+dialup,")
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    builder.generator(Loop::Closed);
    let mut rows: Option<Rows> = None;
    let mut report = Report::default();
    lines::each(input, builder, |builder, line, text| {
        let text = text.trim();
        match &mut rows {
            _ if text.is_empty() => Ok(()),
            Some(rows) => rows.row(text, builder, line),
            None if is_heading(text) => {
                rows = Some(Rows::new(text, builder, line)?);
                Ok(())
            }
            None => report.line(text).map_err(|problem| builder.line_error(line, problem)),
        }
    })?;
    match rows {
        Some(rows) => rows.finish(builder),
        None => report.finish(builder),
    }
}

/// The rows of a CSV.
struct Rows {
    headings: usize,
    status: Option<usize>,
    offset: Option<usize>,
    series: Option<usize>,
    second: Option<Unit>,
    good: u64,
    total: u64,
}

impl Rows {
    fn new(heading: &str, builder: &mut Builder<'_>, line: u64) -> Result<Self, IngestError> {
        let names: Vec<&str> = heading.split(',').collect();
        let find = |name: &str| names.iter().position(|&n| n == name);
        let second = Unit::known("s");
        let metric = Metric::new("latency", second.clone());
        Ok(Self {
            headings: names.len(),
            status: find("status-code"),
            offset: find("offset"),
            series: builder.described(metric, &[], Kind::Raw, line)?,
            second,
            good: 0,
            total: 0,
        })
    }

    fn row(&mut self, text: &str, builder: &mut Builder<'_>, line: u64) -> Result<(), IngestError> {
        let cells: Vec<&str> = text.split(',').collect();
        if cells.len() != self.headings {
            let problem = format!(
                "{} cells where there are {} headings; the file may be cut off",
                cells.len(),
                self.headings
            );
            return Err(builder.line_error(line, problem));
        }
        let at = At { line, column: "response-time", text: cells[0] };
        let Ok(value) = cells[0].parse::<f64>() else {
            return Err(builder.cell(at, "text where a number belongs"));
        };
        let status = match self.status.map(|i| (cells[i], cells[i].parse::<u16>())) {
            Some((_, Ok(status))) => status,
            Some((text, Err(_))) => {
                let at = At { line, column: "status-code", text };
                return Err(builder.cell(at, "a status is a whole number"));
            }
            None => 200,
        };
        let time =
            match self.offset.map(|i| (cells[i], timestamp::parse(cells[i], self.second.as_ref())))
            {
                Some((_, Ok(time))) => Some(time),
                Some((text, Err(problem))) => {
                    return Err(builder.cell(At { line, column: "offset", text }, problem));
                }
                None => None,
            };
        let failed = status >= 400;
        self.total += 1;
        self.good += u64::from(!failed);
        let when = When { time, ..When::default() };
        match self.series {
            Some(series) if failed => builder.push_above(series, value, when, at),
            Some(series) => builder.push(series, value, when, at),
            None => Ok(()),
        }
    }

    fn finish(self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        if self.total == 0 {
            return Err(builder.line_error(1, "there is no request below the headings"));
        }
        builder.note(
            "hey writes no row for a request without an answer (refused, reset, timed out): \
             such failures are not in these data"
                .to_owned(),
        );
        if self.total >= MOST_ROWS {
            builder.note("hey keeps the first 1 000 000 requests only".to_owned());
        }
        totals::requests(builder, (self.good, self.total), &[], When::default(), 1)
    }
}

/// The part of a summary that is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Totals,
    Histogram,
    Percentiles,
    Status,
    Errors,
    Other,
}

/// What the summary says.
#[derive(Default)]
struct Report {
    part: Part,
    summary: Summary,
    rate: Option<f64>,
    edges: Vec<f64>,
    counts: Vec<u64>,
    answered: u64,
    good: u64,
    /// Requests without an answer.
    lost: u64,
}

impl Report {
    fn line(&mut self, text: &str) -> Result<(), &'static str> {
        let headings = [
            ("Summary:", Part::Totals),
            ("Response time histogram:", Part::Histogram),
            ("Latency distribution:", Part::Percentiles),
            ("Status code distribution:", Part::Status),
            ("Error distribution:", Part::Errors),
        ];
        if let Some((_, part)) = headings.iter().find(|h| h.0 == text) {
            self.part = *part;
            return Ok(());
        }
        if text.starts_with("Details (") {
            self.part = Part::Other;
            return Ok(());
        }
        match self.part {
            Part::Totals => self.totals(text),
            Part::Histogram => self.bucket(text),
            Part::Percentiles => {
                let (rank, rest) = text.split_once(" in ").ok_or("a line is 50% in 0.1 secs")?;
                // Some versions print two percent signs.
                let rank: Rank = format!("{}%", rank.trim_end_matches('%'))
                    .parse()
                    .map_err(|_| "a percentile lies between 0 % and 100 %")?;
                self.summary.quantiles.push((rank, seconds(rest)?));
                Ok(())
            }
            Part::Status => {
                let (code, count) = counted(text)?;
                let answers = count
                    .split_whitespace()
                    .next()
                    .and_then(|n| n.parse::<u32>().ok())
                    .ok_or("a line is [200] 1000 responses")?;
                let code: u16 = code.parse().map_err(|_| "a status is a whole number")?;
                self.answered += u64::from(answers);
                self.good += if code < 400 { u64::from(answers) } else { 0 };
                Ok(())
            }
            Part::Errors => {
                // An error may have several lines.
                let Ok((count, _)) = counted(text) else { return Ok(()) };
                let count: u32 = count.parse().map_err(|_| "a line is [3] and an error")?;
                self.lost += u64::from(count);
                Ok(())
            }
            Part::Other => Ok(()),
        }
    }

    fn totals(&mut self, text: &str) -> Result<(), &'static str> {
        let Some((name, rest)) = text.split_once(':') else { return Ok(()) };
        match name {
            "Slowest" => self.summary.max = Some(seconds(rest)?),
            "Fastest" => self.summary.min = Some(seconds(rest)?),
            "Average" => self.summary.mean = Some(seconds(rest)?),
            "Requests/sec" => self.rate = Some(seconds(rest)?),
            _ => {}
        }
        Ok(())
    }

    /// Reads `0.045 [377] |■■■`: so many requests up to that time, and above the previous one.
    fn bucket(&mut self, text: &str) -> Result<(), &'static str> {
        let wrong = "a bucket is a time and a count in brackets";
        let (edge, rest) = text.split_once('[').ok_or(wrong)?;
        let (count, _) = rest.split_once(']').ok_or(wrong)?;
        let edge = seconds(edge)?;
        let count = count.parse::<u32>().map(u64::from).map_err(|_| wrong)?;
        match self.edges.last() {
            None => self.edges.push(if edge > 0.0 { 0.0 } else { f64::NEG_INFINITY }),
            Some(&last) if edge < last => return Err("the times of a histogram do not fall"),
            Some(_) => {}
        }
        // Fast answers differ by less than the three decimals printed.
        let repeated = !self.counts.is_empty() && self.edges.last() == Some(&edge);
        if let Some(own) = self.counts.last_mut().filter(|_| repeated) {
            *own += count;
        } else {
            self.edges.push(edge);
            self.counts.push(count);
        }
        Ok(())
    }

    fn finish(mut self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        if self.answered + self.lost == 0 {
            let problem = "the summary is cut off: it ends with the distribution of status codes";
            return Err(builder.line_error(1, problem));
        }
        let second = || Unit::known("s");
        if self.answered > 0 && self.summary.mean.is_some() {
            self.summary.n = Some(self.answered);
            let metric = Metric::new("latency", second());
            if let Some(series) = builder.described(metric, &[], Kind::Summary, 1)? {
                builder.push_summary(series, self.summary, When::default(), 1)?;
            }
        }
        if let Ok(binned) = Binned::new(self.edges, self.counts, Closed::Upper) {
            let metric = Metric::new("latency_histogram", second());
            if let Some(series) = builder.described(metric, &[], Kind::Binned, 1)? {
                builder.push_binned(series, binned, When::default(), 1)?;
            }
        }
        if let Some(rate) = self.rate {
            totals::throughput(builder, rate, &[], When::default(), 1)?;
        }
        let total = self.answered + self.lost;
        if self.good < total {
            builder.note(format!(
                "{} of {total} requests failed ({} without an answer); latencies are those of \
                 all answers, errors included",
                total - self.good,
                self.lost
            ));
        }
        totals::requests(builder, (self.good, total), &[], When::default(), 1)
    }
}

/// The number that a text begins with.
fn seconds(text: &str) -> Result<f64, &'static str> {
    let number = text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    number.filter(|x| x.is_finite()).ok_or("a number of seconds")
}

/// Splits `[200] 1000 responses`.
fn counted(text: &str) -> Result<(&str, &str), &'static str> {
    let rest = text.strip_prefix('[').and_then(|t| t.split_once(']'));
    rest.ok_or("a line begins with a number in brackets")
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    const HEADING: &str = "response-time,DNS+dialup,DNS,Request-write,Response-delay,\
                           Response-read,status-code,offset";

    #[test]
    fn failed_requests_are_limits() {
        let rows = "0.0051,0.0003,0,0.0002,0.0045,0.0001,200,0.0080\n\
                    0.0002,0.0003,0,0.0002,0.0045,0.0001,503,0.0001\n";
        let input = Input::from_bytes("a.csv", format!("{HEADING}\n{rows}"));
        let data = crate::read(vec![input], &Options::default()).unwrap();
        let Observations::Raw(raw) = &data.series[0].observations else { panic!("values") };
        // In the order of their offsets.
        assert_eq!(raw.sample.values(), [0.0002, 0.0051]);
        assert_eq!(raw.above(), [0]);
        assert_eq!(data.series[0].time, Some(vec![100_000, 8_000_000]));
        assert_eq!(data.series[1].observations, Observations::Events(vec![(1, 2)]));
        let cut = Input::from_bytes("a.csv", format!("{HEADING}\n0.0051,0.0003\n"));
        let error = crate::read(vec![cut], &Options::default()).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("cut off"), "{error}");
    }

    #[test]
    fn a_summary_is_no_sample() {
        let text = "Summary:\n  Total:\t5.9 secs\n  Slowest:\t0.0601 secs\n  Fastest:\t0.0081 secs\n  \
                    Average:\t0.0466 secs\n  Requests/sec:\t169.4545\n\n\
                    Response time histogram:\n  0.008 [1]\t|\n  0.013 [3]\t|\n\n\
                    Latency distribution:\n  50% in 0.0479 secs\n\n\
                    Details (average, fastest, slowest):\n  DNS+dialup:\t0.0000 secs\n\n\
                    Status code distribution:\n  [200]\t4 responses\n  [500]\t1 responses\n\n\
                    Error distribution:\n  [2]\tGet \"http://host\": EOF\n";
        let input = Input::from_bytes("a.txt", text);
        let data = crate::read(vec![input], &Options::default()).unwrap();
        let [latency, histogram, _, requests] = &data.series[..] else { panic!("four series") };
        let Observations::Summary(summary) = &latency.observations else { panic!("a summary") };
        assert_eq!((summary[0].n, summary[0].mean), (Some(5), Some(0.0466)));
        assert_eq!(summary[0].quantiles, [(Rank::MEDIAN, 0.0479)]);
        let Observations::Binned(binned) = &histogram.observations else { panic!("buckets") };
        assert_eq!(binned[0].edges(), [0.0, 0.008, 0.013]);
        assert_eq!(requests.observations, Observations::Events(vec![(4, 7)]));
    }
}
