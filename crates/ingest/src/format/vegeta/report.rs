//! `vegeta report -type=json`: percentiles, perhaps a histogram, and counts of one attack.

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::{Binned, Closed, Metric, Rank, Summary, Unit};

use super::latency;
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::{Head, json, totals};
use crate::input::Opened;
use crate::timestamp;

pub(super) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('{')
        && ["\"latencies\"", "\"status_codes\"", "\"bytes_in\"", "\"bytes_out\""]
            .iter()
            .all(|key| head.text.contains(key))
}

#[derive(Deserialize)]
struct Report {
    latencies: BTreeMap<String, f64>,
    buckets: Option<BTreeMap<String, u64>>,
    end: Option<String>,
    latest: Option<String>,
    requests: u64,
    throughput: Option<f64>,
    success: Option<f64>,
}

pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::document(input, builder)?;
    if report.requests == 0 {
        return Err(builder.line_error(1, "a report of no request"));
    }
    let end = report.end.as_ref().or(report.latest.as_ref());
    let time = end.and_then(|text| timestamp::parse(text, None).ok());
    let when = When { time, ..When::default() };
    if let Some(series) = builder.described(latency(), &[], Kind::Summary, 1)? {
        builder.push_summary(series, report.summary(), when, 1)?;
    }
    report.histogram(builder, when)?;
    report.successes(builder, when)?;
    if let Some(rate) = report.throughput {
        totals::throughput(builder, rate, &[], when, 0)?;
    }
    Ok(())
}

impl Report {
    fn summary(&self) -> Summary {
        let number = |key: &str| self.latencies.get(key).copied();
        let mut quantiles: Vec<(Rank, f64)> = self
            .latencies
            .iter()
            .filter_map(|(name, &value)| {
                let rank = format!("{}%", name.strip_suffix("th")?).parse::<Rank>().ok()?;
                Some((rank, value))
            })
            .collect();
        quantiles.sort_by(|a, b| a.0.to_f64().total_cmp(&b.0.to_f64()));
        Summary {
            n: Some(self.requests),
            mean: number("mean"),
            min: number("min"),
            max: number("max"),
            quantiles,
            ..Summary::default()
        }
    }

    /// The buckets: the key is the lower end, which belongs to the bucket; the last has no end.
    fn histogram(&self, builder: &mut Builder<'_>, when: When) -> Result<(), IngestError> {
        let mut buckets = Vec::new();
        for (text, &count) in self.buckets.iter().flatten() {
            let at = At { line: 0, column: "buckets", text };
            match text.parse::<f64>() {
                Ok(begin) if begin.is_finite() => buckets.push((begin, count)),
                _ => return Err(builder.cell(at, "a latency in nanoseconds")),
            }
        }
        let total = buckets.iter().fold(0_u64, |sum, b| sum.saturating_add(b.1));
        if total == 0 {
            return Ok(());
        }
        if total != self.requests {
            builder.note(format!(
                "vegeta's buckets hold {total} latencies, its report speaks of {} requests",
                self.requests
            ));
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut edges: Vec<f64> = buckets.iter().map(|b| b.0).collect();
        edges.push(f64::INFINITY);
        let counts = buckets.iter().map(|b| b.1).collect();
        let binned = Binned::new(edges, counts, Closed::Lower)
            .map_err(|e| builder.line_error(1, format!("buckets: {e}")))?;
        let metric = Metric::new("latency_histogram", Unit::known("ns"));
        match builder.described(metric, &[], Kind::Binned, 1)? {
            Some(series) => builder.push_binned(series, binned, when, 1),
            None => Ok(()),
        }
    }

    fn successes(&self, builder: &mut Builder<'_>, when: When) -> Result<(), IngestError> {
        let Some(share) = self.success else { return Ok(()) };
        if !(0.0..=1.0).contains(&share) {
            let at = At { line: 0, column: "success", text: &share.to_string() };
            return Err(builder.cell(at, "a share from 0 to 1"));
        }
        let good = ((share * self.requests as f64).round() as u64).min(self.requests);
        if good < self.requests {
            builder.note(
                "vegeta's percentiles include the latencies of failed requests, which cannot be \
                 told apart"
                    .into(),
            );
        }
        totals::requests(builder, (good, self.requests), &[], when, 0)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Observations, Rank};

    use crate::{Input, Options, read};

    #[test]
    fn a_report_becomes_what_it_holds() {
        let text = r#"{"latencies": {"total": 40, "mean": 10, "50th": 9, "99th": 20, "max": 21},
            "buckets": {"0": 1, "10": 3}, "bytes_in": {}, "bytes_out": {},
            "end": "2015-09-19T14:45:51.5+02:00", "requests": 4, "success": 0.75,
            "status_codes": {"200": 3, "0": 1}}"#;
        let data = read(vec![Input::from_bytes("a.json", text)], &Options::default());
        let data = data.unwrap_or_else(|e| panic!("{e}"));
        let Observations::Summary(list) = &data.series[0].observations else { panic!() };
        assert_eq!(list[0].quantiles, [(Rank::MEDIAN, 9.0), (Rank::P99, 20.0)]);
        let Observations::Binned(list) = &data.series[1].observations else { panic!() };
        assert_eq!(list[0].edges(), [0.0, 10.0, f64::INFINITY]);
        assert_eq!(data.series[2].observations, Observations::Events(vec![(3, 4)]));
        assert_eq!(data.series[0].time.as_deref(), Some(&[1_442_666_751_500_000_000][..]));
    }
}
