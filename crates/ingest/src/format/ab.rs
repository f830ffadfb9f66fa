//! ApacheBench: the requests of `-g`, the percentiles of `-e` and its console text. All in
//! milliseconds, of which the first and the last are whole.

use tailproof_core::{Loop, Metric, Rank, Summary, Unit};

use super::{Head, lines, totals};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

const REQUESTS: &str = "starttime\tseconds\tctime\tdtime\tttime\twait";
const PERCENTILES: &str = "Percentage served,Time in ms";

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let console = ["Concurrency Level:", "Time taken for tests:", "Complete requests:"];
    head.first == REQUESTS
        || head.first == PERCENTILES
        || console.iter().all(|part| head.text.lines().any(|l| l.starts_with(part)))
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    builder.generator(Loop::Closed);
    let mut output = None;
    lines::each(input, builder, |builder, line, text| {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        match &mut output {
            None => {
                output = Some(Output::begin(text, builder, line)?);
                Ok(())
            }
            Some(Output::Requests(series)) => request(*series, text, builder, line),
            Some(Output::Percentiles(summary)) => {
                percentile(summary, text).map_err(|problem| builder.line_error(line, problem))
            }
            Some(Output::Console(report)) => {
                report.line(text).map_err(|problem| builder.line_error(line, problem))
            }
        }
    })?;
    match output {
        Some(Output::Requests(_)) => {
            builder.note(
                "ab -g sorts requests by duration: their order in time is lost, and it does not \
                 say which of them failed"
                    .to_owned(),
            );
            Ok(())
        }
        Some(Output::Percentiles(summary)) => tell(summary, builder),
        Some(Output::Console(report)) => report.finish(builder),
        None => Err(builder.line_error(1, "no output of ab")),
    }
}

/// What ab wrote.
enum Output {
    /// The series of durations, `None` when it is not wanted.
    Requests(Option<usize>),
    Percentiles(Summary),
    Console(Box<Report>),
}

impl Output {
    fn begin(text: &str, builder: &mut Builder<'_>, line: u64) -> Result<Self, IngestError> {
        Ok(match text {
            REQUESTS => Self::Requests(builder.described(latency(), &[], Kind::Raw, line)?),
            PERCENTILES => Self::Percentiles(Summary::default()),
            _ => Self::Console(Box::default()),
        })
    }
}

fn latency() -> Metric {
    Metric::new("latency", Unit::known("ms"))
}

/// A row of `-g`: `ttime` is the whole duration.
fn request(
    series: Option<usize>,
    text: &str,
    builder: &mut Builder<'_>,
    line: u64,
) -> Result<(), IngestError> {
    let cells: Vec<&str> = text.split('\t').collect();
    let [_, _, _, _, total, _] = cells[..] else {
        let cells = cells.len();
        let problem = format!("{cells} cells where there are 6 headings; the file may be cut off");
        return Err(builder.line_error(line, problem));
    };
    let at = At { line, column: "ttime", text: total };
    let Ok(value) = total.parse::<f64>() else {
        return Err(builder.cell(at, "text where a number belongs"));
    };
    series.map_or(Ok(()), |series| builder.push(series, value, When::default(), at))
}

/// A row of `-e`: the percentage of requests served within so many milliseconds.
fn percentile(summary: &mut Summary, text: &str) -> Result<(), &'static str> {
    let (percent, time) = text.split_once(',').ok_or("a row is a percentage and a time")?;
    let rank: Rank =
        format!("{percent}%").parse().map_err(|_| "a percentage lies between 0 and 100")?;
    let time = number(time)?;
    if rank.value().num() == 0 {
        summary.min = Some(time);
    } else if rank.complement().num() == 0 {
        summary.max = Some(time);
    }
    summary.quantiles.push((rank, time));
    Ok(())
}

fn number(text: &str) -> Result<f64, &'static str> {
    let number = text.trim().parse::<f64>().ok();
    number.filter(|x| x.is_finite()).ok_or("text where a number belongs")
}

fn count(text: &str) -> Result<u64, &'static str> {
    let first = text.split_whitespace().next().unwrap_or("");
    first.parse::<u32>().map(u64::from).map_err(|_| "a count of requests is a whole number")
}

fn tell(summary: Summary, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    if summary.quantiles.is_empty() && summary.mean.is_none() {
        return Err(builder.line_error(1, "there is no duration in this output of ab"));
    }
    match builder.described(latency(), &[], Kind::Summary, 1)? {
        Some(series) => builder.push_summary(series, summary, When::default(), 1),
        None => Ok(()),
    }
}

/// The console text.
#[derive(Default)]
struct Report {
    complete: Option<u64>,
    failed: u64,
    /// Connections that failed, which are no complete requests.
    unconnected: u64,
    refused: u64,
    rate: Option<f64>,
    summary: Summary,
    median: Option<f64>,
    in_percentiles: bool,
}

impl Report {
    fn line(&mut self, text: &str) -> Result<(), &'static str> {
        if text.starts_with("Percentage of the requests served") {
            self.in_percentiles = true;
            return Ok(());
        }
        if self.in_percentiles {
            let mut words = text.split_whitespace();
            if let Some(rank) = words.next().and_then(|w| w.parse::<Rank>().ok())
                && let Some(time) = words.next()
            {
                self.summary.quantiles.push((rank, number(time)?));
            }
            return Ok(());
        }
        if let Some(parts) = text.strip_prefix("(Connect:") {
            // Connect: 0, Receive: 0, Length: 12, Exceptions: 0
            self.unconnected = count(parts.trim_start().split(',').next().unwrap_or(""))?;
            return Ok(());
        }
        let Some((name, rest)) = text.split_once(':') else { return Ok(()) };
        match name {
            "Complete requests" => self.complete = Some(count(rest)?),
            "Failed requests" => self.failed = count(rest)?,
            "Non-2xx responses" => self.refused = count(rest)?,
            "Requests per second" => {
                self.rate = Some(number(rest.split_whitespace().next().unwrap_or(""))?);
            }
            "Total" => self.total(rest)?,
            _ => {}
        }
        Ok(())
    }

    /// The row of whole durations: min, mean, sd, median, max, or with `-S` min, mean, max.
    fn total(&mut self, text: &str) -> Result<(), &'static str> {
        let numbers =
            text.split_whitespace().map(number).collect::<Result<Vec<f64>, &'static str>>()?;
        match numbers[..] {
            [min, mean, sd, median, max] => {
                (self.summary.min, self.summary.mean) = (Some(min), Some(mean));
                (self.summary.sd, self.summary.max) = (Some(sd), Some(max));
                self.median = Some(median);
            }
            [min, mean, max] => {
                (self.summary.min, self.summary.mean) = (Some(min), Some(mean));
                self.summary.max = Some(max);
            }
            _ => return Err("Total is followed by min, mean, sd, median and max"),
        }
        Ok(())
    }

    fn finish(mut self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        let Some(complete) = self.complete else {
            return Err(builder.line_error(1, "no line \"Complete requests\"; the text is cut off"));
        };
        if complete > 0 {
            self.summary.n = Some(complete);
            if let Some(median) = self.median
                && !self.summary.quantiles.iter().any(|q| q.0 == Rank::MEDIAN)
            {
                self.summary.quantiles.insert(0, (Rank::MEDIAN, median));
            }
            tell(self.summary, builder)?;
            builder.note("ab prints durations to whole milliseconds".to_owned());
        }
        if let Some(rate) = self.rate {
            totals::throughput(builder, rate, &[], When::default(), 1)?;
        }
        let total = complete + self.unconnected;
        // A request can fail by its length and by its status; then it counts twice here.
        let failed = (self.failed + self.refused).min(total);
        if failed > 0 {
            builder.note(format!(
                "{} requests of {total} failed and {} had a status outside 2xx; ab also calls \
                 answers of another length failed",
                self.failed, self.refused
            ));
        }
        totals::requests(builder, (total - failed, total), &[], When::default(), 1)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Observations, Order};

    use super::*;
    use crate::{Input, Options};

    fn data(text: &str) -> tailproof_core::Dataset {
        crate::read(vec![Input::from_bytes("a", text)], &Options::default()).unwrap()
    }

    #[test]
    fn sorted_requests_have_no_order() {
        let day = "Sat Nov 21 01:16:02 2026\t1795223762\t0";
        let rows = [1, 2, 4].map(|t| format!("{day}\t{t}\t{t}\t1\n")).concat();
        let found = data(&format!("{REQUESTS}\n{rows}"));
        let Observations::Raw(raw) = &found.series[0].observations else { panic!("values") };
        assert_eq!(raw.sample.values(), [1.0, 2.0, 4.0]);
        assert_eq!(raw.sample.order(), Order::Unknown);
    }

    #[test]
    fn percentages_are_quantiles() {
        let found = data("Percentage served,Time in ms\n0,1.443\n50,5.913\n100,23.142\n");
        let Observations::Summary(s) = &found.series[0].observations else { panic!("a summary") };
        assert_eq!((s[0].min, s[0].max, s[0].n), (Some(1.443), Some(23.142), None));
        assert_eq!(s[0].quantiles[1], (Rank::MEDIAN, 5.913));
    }

    #[test]
    fn failures_are_counted() {
        let text = "This is ApacheBench, Version 2.3\n\nConcurrency Level:      8\n\
                    Time taken for tests:   0.853 seconds\nComplete requests:      1000\n\
                    Failed requests:        14\n   (Connect: 2, Receive: 0, Length: 12, Exceptions: 0)\n\
                    Non-2xx responses:      5\nRequests per second:    1172.57 [#/sec] (mean)\n\n\
                    Connection Times (ms)\n              min  mean[+/-sd] median   max\n\
                    Total:          1    7   3.5      6      23\n\n\
                    Percentage of the requests served within a certain time (ms)\n  50%      6\n \
                    100%     23 (longest request)\n";
        let found = data(text);
        let [latency, _, requests] = &found.series[..] else { panic!("three series") };
        let Observations::Summary(s) = &latency.observations else { panic!("a summary") };
        assert_eq!((s[0].n, s[0].mean, s[0].sd), (Some(1000), Some(7.0), Some(3.5)));
        assert_eq!(s[0].quantiles.len(), 2);
        assert_eq!(requests.observations, Observations::Events(vec![(983, 1002)]));
    }
}
