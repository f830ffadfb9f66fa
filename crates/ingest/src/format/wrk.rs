//! The text of wrk, which waits for answers, and of wrk2, which sends on schedule.
//!
//! Both print each duration in the unit that suits it (us, ms, s, m, h); all become
//! milliseconds. A file may hold the output of several tests; each is a run.

use tailproof_core::{Binned, Loop, Metric, Rank, Summary, Unit};

use super::hgrm::Spectrum;
use super::scaled::duration;
use super::{Head, lines, totals};
use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let mut lines = head.text.lines();
    lines.any(|l| begins(l.trim()).is_some()) && lines.any(|l| l.contains("Thread Stats"))
}

/// The address of a test that a line begins.
fn begins(text: &str) -> Option<&str> {
    text.strip_prefix("Running ")?.split_once(" test @ ").map(|(_, address)| address)
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut tests: Vec<Test> = Vec::new();
    lines::each(input, builder, |builder, line, text| {
        let text = text.trim();
        if let Some(address) = begins(text) {
            tests.push(Test { line, address: address.to_owned(), ..Test::default() });
        } else if let Some(test) = tests.last_mut() {
            test.line_of(text).map_err(|problem| builder.line_error(line, problem))?;
        }
        Ok(())
    })?;
    let Some(first) = tests.first() else {
        return Err(builder.line_error(1, "no line \"Running … test @ …\" of wrk"));
    };
    builder.generator(if first.scheduled { Loop::Open } else { Loop::Closed });
    let several = tests.iter().any(|t| t.address != first.address);
    let alone = tests.len() == 1;
    for (number, test) in tests.into_iter().enumerate() {
        let run = if alone { None } else { Some(builder.run(&(number + 1).to_string())?) };
        let when = When { run, ..When::default() };
        let address = test.address.clone();
        let labels = [("url", address.as_str())];
        test.tell(builder, if several { &labels[..] } else { &[] }, when)?;
    }
    Ok(())
}

/// The part of the output that is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Other,
    Percentiles,
    /// Percentiles that leave out how long requests waited to be sent.
    Uncorrected,
    Spectrum,
}

/// The output of one test.
#[derive(Debug, Default)]
struct Test {
    line: u64,
    address: String,
    part: Part,
    /// Whether it is wrk2.
    scheduled: bool,
    latency: Option<[f64; 3]>,
    quantiles: Vec<(Rank, f64)>,
    spectrum: Option<Spectrum>,
    requests: Option<u64>,
    rate: Option<f64>,
    refused: u64,
    /// Connections that failed, and answers that came too late.
    broken: u64,
    late: u64,
}

impl Test {
    fn line_of(&mut self, text: &str) -> Result<(), &'static str> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let Some(rest) = text.strip_prefix("Latency Distribution") {
            self.scheduled |= rest.contains("HdrHistogram");
            let other = rest.contains("Uncorrected");
            self.part = if other { Part::Uncorrected } else { Part::Percentiles };
        } else if text.starts_with("Thread calibration") {
            self.scheduled = true;
        } else if Spectrum::heads(text) && self.part != Part::Uncorrected {
            self.part = Part::Spectrum;
            self.spectrum = Some(Spectrum::default());
        } else if text.starts_with("#[") || text.starts_with("---") {
            self.part = Part::Other;
        } else if let Some(rest) = text.strip_prefix("Requests/sec:") {
            let rate = rest.trim().parse::<f64>().ok().filter(|r| r.is_finite());
            self.rate = Some(rate.ok_or("Requests/sec is a number")?);
        } else if let Some(rest) = text.strip_prefix("Non-2xx or 3xx responses:") {
            self.refused = rest.trim().parse().map_err(|_| "responses are a whole number")?;
        } else if let Some(rest) = text.strip_prefix("Socket errors:") {
            self.socket_errors(rest)?;
        } else if let [count, "requests", "in", ..] = words[..] {
            self.part = Part::Other;
            self.requests = Some(count.parse().map_err(|_| "requests are a whole number")?);
        } else if let ["Latency", mean, sd, max, ..] = words[..]
            && self.latency.is_none()
        {
            let wrong = "Latency is followed by mean, deviation and maximum in us, ms, s, m or h";
            let read = |text| milliseconds(text).ok_or(wrong);
            self.latency = Some([read(mean)?, read(sd)?, read(max)?]);
        } else if let ([rank, value], Part::Percentiles) = (&words[..], self.part)
            && rank.ends_with('%')
        {
            let rank: Rank = rank.parse().map_err(|_| "a percentile lies between 0 % and 100 %")?;
            let value = milliseconds(value).ok_or("a duration in us, ms, s, m or h")?;
            self.quantiles.push((rank, value));
        } else if self.part == Part::Spectrum
            && !words.is_empty()
            && let Some(spectrum) = &mut self.spectrum
        {
            spectrum.row(text)?;
        }
        Ok(())
    }

    /// Reads `connect 0, read 2, write 0, timeout 3`.
    fn socket_errors(&mut self, text: &str) -> Result<(), &'static str> {
        for part in text.split(',') {
            let count = part
                .split_whitespace()
                .last()
                .and_then(|n| n.parse::<u32>().ok())
                .map(u64::from)
                .ok_or("socket errors are whole numbers")?;
            if part.contains("timeout") {
                self.late += count;
            } else {
                self.broken += count;
            }
        }
        Ok(())
    }

    fn tell(
        mut self,
        builder: &mut Builder<'_>,
        labels: &[(&str, &str)],
        when: When,
    ) -> Result<(), IngestError> {
        let line = self.line;
        let (Some(requests), Some(rate)) = (self.requests, self.rate) else {
            let problem = "the output of this test is cut off: its last lines count the requests";
            return Err(builder.line_error(line, problem));
        };
        let metric = || Metric::new("latency", Unit::known("ms"));
        if let Some(spectrum) = self.spectrum.take() {
            let binned: Binned =
                spectrum.finish().map_err(|problem| builder.line_error(line, problem))?;
            if let Some(series) = builder.described(metric(), labels, Kind::Binned, line)? {
                builder.push_binned(series, binned, when, line)?;
            }
        } else if requests > 0
            && let Some([mean, sd, max]) = self.latency
        {
            let summary = Summary {
                // wrk2 forgets what it measured while calibrating, and does not say how much.
                n: (!self.scheduled).then(|| requests.saturating_sub(self.late)),
                mean: Some(mean),
                sd: Some(sd),
                max: Some(max),
                quantiles: self.quantiles,
                ..Summary::default()
            };
            if let Some(series) = builder.described(metric(), labels, Kind::Summary, line)? {
                builder.push_summary(series, summary, when, line)?;
            }
        }
        totals::throughput(builder, rate, labels, when, line)?;
        // A late answer counts among the requests; a broken connection does not.
        let total = requests.saturating_add(self.broken);
        let failed = self.refused.saturating_add(self.late).saturating_add(self.broken);
        if failed > 0 {
            builder.note(format!(
                "{failed} of {total} requests failed ({} by status, {} late, {} connections); \
                 latencies are those of all answers in time, errors included",
                self.refused, self.late, self.broken
            ));
        }
        if self.scheduled {
            let note = "wrk2 keeps latencies only after its calibration: fewer than its requests";
            builder.note(note.to_owned());
        }
        totals::requests(builder, (total.saturating_sub(failed), total), labels, when, line)
    }
}

/// Milliseconds of `921.00us`, `4.13ms`, `1.02s`, `2.00m` or `1.00h`, rounded once.
fn milliseconds(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(end);
    ["us", "ms", "s", "m", "h"].contains(&unit).then(|| duration(number, unit, -3))?
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    const TEXT: &str = "Running 3s test @ http://host/flaky
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   921.00us    2.35ms   1.20s    73.80%
    Req/Sec   846.37     56.59     0.95k    73.33%
  Latency Distribution
     50%  870.00us
     99%    1.02m
  2532 requests in 3.01s, 282.10KB read
  Socket errors: connect 1, read 2, write 0, timeout 3
  Non-2xx or 3xx responses: 145
Requests/sec:    840.61
Transfer/sec:     93.66KB
";

    #[test]
    fn units_are_mixed_in_one_file() {
        for (text, want) in [
            ("921.00us", Some(0.921)),
            ("4.13ms", Some(4.13)),
            ("1.02s", Some(1_020.0)),
            ("1.02m", Some(61_200.0)),
            ("1.00h", Some(3_600_000.0)),
            ("4.13", None),
            ("-nan%", None),
            ("ms", None),
        ] {
            assert_eq!(milliseconds(text), want, "{text}");
        }
    }

    #[test]
    fn failures_are_counted() {
        let data = crate::read(vec![Input::from_bytes("a", TEXT)], &Options::default()).unwrap();
        let [latency, throughput, requests] = &data.series[..] else { panic!("three series") };
        let Observations::Summary(summaries) = &latency.observations else { panic!("a summary") };
        assert_eq!(summaries[0].n, Some(2529));
        assert_eq!((summaries[0].mean, summaries[0].max), (Some(0.921), Some(1_200.0)));
        assert_eq!(summaries[0].quantiles[1], (Rank::P99, 61_200.0));
        assert_eq!(throughput.metric.unit, Unit::known("req/s"));
        // 145 by status, 3 late, and 3 that never became requests.
        assert_eq!(requests.observations, Observations::Events(vec![(2384, 2535)]));
        assert_eq!(data.generator, Some(Loop::Closed));
    }

    #[test]
    fn each_test_of_a_file_is_a_run() {
        let twice = format!("{TEXT}\n{TEXT}");
        let data = crate::read(vec![Input::from_bytes("a", twice)], &Options::default()).unwrap();
        assert_eq!((data.series.len(), data.series[0].runs()), (3, 2));
        let cut = &TEXT[..TEXT.len() - 60];
        let error = crate::read(vec![Input::from_bytes("a", cut)], &Options::default());
        assert!(error.unwrap_err().to_string().contains("cut off"));
    }
}
