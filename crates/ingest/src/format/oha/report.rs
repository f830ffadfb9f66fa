//! oha `--output-format json`: percentiles, a histogram and counts of one run.

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::{Binned, Closed, Metric, Rank, Summary, Unit};

use super::latency;
use crate::builder::{At, Builder, Kind, When};
use crate::error::{IngestError, listed};
use crate::format::{Head, json, totals};
use crate::input::Opened;

pub(super) fn matches(head: &Head<'_>) -> bool {
    // The schema of the report names the same keys.
    head.first.starts_with('{')
        && !head.text.contains("\"$schema\"")
        && head.text.contains("\"responseTimeHistogram\"")
        && head.text.contains("\"latencyPercentiles\"")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Totals,
    #[serde(default)]
    response_time_histogram: BTreeMap<String, u64>,
    #[serde(default)]
    latency_percentiles: BTreeMap<String, Option<f64>>,
    #[serde(default)]
    status_code_distribution: BTreeMap<String, u64>,
    #[serde(default)]
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Totals {
    slowest: Option<f64>,
    fastest: Option<f64>,
    average: Option<f64>,
    requests_per_sec: Option<f64>,
}

pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::document(input, builder)?;
    let answered = sum(report.status_code_distribution.values());
    let lost = sum(report.error_distribution.values());
    summary(&report, answered, builder)?;
    histogram(&report, answered, lost, builder)?;
    requests(&report, answered, lost, builder)?;
    if let Some(rate) = report.summary.requests_per_sec {
        totals::throughput(builder, rate, &[], When::default(), 0)?;
    }
    Ok(())
}

fn sum<'a>(counts: impl Iterator<Item = &'a u64>) -> u64 {
    counts.fold(0, |sum, &count| sum.saturating_add(count))
}

fn summary(report: &Report, answered: u64, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut quantiles: Vec<(Rank, f64)> = Vec::new();
    for (name, value) in &report.latency_percentiles {
        let rank = name.strip_prefix('p').and_then(|p| format!("{p}%").parse::<Rank>().ok());
        if let (Some(rank), Some(value)) = (rank, *value) {
            quantiles.push((rank, value));
        }
    }
    quantiles.sort_by(|a, b| a.0.to_f64().total_cmp(&b.0.to_f64()));
    let totals = &report.summary;
    if quantiles.is_empty() && totals.average.is_none() {
        return Ok(());
    }
    let Some(series) = builder.described(latency(), &[], Kind::Summary, 1)? else {
        return Ok(());
    };
    let summary = Summary {
        n: (answered > 0).then_some(answered),
        mean: totals.average,
        min: totals.fastest,
        max: totals.slowest,
        quantiles,
        ..Summary::default()
    };
    builder.push_summary(series, summary, When::default(), 1)
}

/// The buckets: the key is the upper end, which belongs to the bucket; the first one holds the
/// fastest requests. Requests without an answer lie above all of them.
fn histogram(
    report: &Report,
    answered: u64,
    lost: u64,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let mut buckets = Vec::new();
    for (text, &count) in &report.response_time_histogram {
        let at = At { line: 0, column: "responseTimeHistogram", text };
        match text.parse::<f64>() {
            Ok(end) if end.is_finite() && end >= 0.0 => buckets.push((end, count)),
            _ => return Err(builder.cell(at, "a response time in seconds")),
        }
    }
    if buckets.is_empty() {
        return Ok(());
    }
    let total = sum(buckets.iter().map(|(_, count)| count));
    if total != answered {
        builder.note(format!(
            "oha's histogram holds {total} requests of {answered} that were answered: left out"
        ));
        return Ok(());
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let begin = if buckets[0].0 > 0.0 { 0.0 } else { f64::NEG_INFINITY };
    let mut edges = vec![begin];
    edges.extend(buckets.iter().map(|b| b.0));
    let mut counts: Vec<u64> = buckets.iter().map(|b| b.1).collect();
    if lost > 0 {
        edges.push(f64::INFINITY);
        counts.push(lost);
    }
    let binned = Binned::new(edges, counts, Closed::Upper)
        .map_err(|e| builder.line_error(1, format!("responseTimeHistogram: {e}")))?;
    let metric = Metric::new("latency_histogram", Unit::known("s"));
    match builder.described(metric, &[], Kind::Binned, 1)? {
        Some(series) => builder.push_binned(series, binned, When::default(), 1),
        None => Ok(()),
    }
}

fn requests(
    report: &Report,
    answered: u64,
    lost: u64,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let codes = &report.status_code_distribution;
    if !codes.is_empty() {
        let list: Vec<String> = codes.iter().map(|(code, n)| format!("{code}: {n}")).collect();
        builder.note(format!("oha counted these status codes: {}", listed(list)));
    }
    if lost > 0 {
        builder.note(format!(
            "{lost} requests got no answer: they are missing in oha's own percentiles, which are \
             too good, and count as above every bucket of the histogram"
        ));
    }
    let total = answered.saturating_add(lost);
    if total == 0 {
        return Ok(());
    }
    let well = |code: &str| code.parse::<u16>().is_ok_and(|code| (100..400).contains(&code));
    let good = sum(codes.iter().filter(|(code, _)| well(code)).map(|(_, n)| n));
    totals::requests(builder, (good, total), &[], When::default(), 0)
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use crate::{Input, Options, read};

    fn parse(codes: &str, errors: &str) -> Dataset {
        let text = format!(
            "{{\"summary\": {{\"successRate\": 1, \"slowest\": 0.5, \"fastest\": 0.125, \
             \"average\": 0.25, \"requestsPerSec\": 8}}, \
             \"responseTimeHistogram\": {{\"0.125\": 1, \"0.5\": 3}}, \
             \"latencyPercentiles\": {{\"p50\": 0.25, \"p99.9\": 0.5}}, \
             \"statusCodeDistribution\": {codes}, \"errorDistribution\": {errors}}}"
        );
        read(vec![Input::from_bytes("a.json", text)], &Options::default())
            .unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_report_has_four_parts() {
        let data = parse("{\"200\": 3, \"404\": 1}", "{\"timeout\": 1}");
        let names: Vec<&str> = data.series.iter().map(|s| s.metric.name.as_str()).collect();
        assert_eq!(names, ["latency", "latency_histogram", "requests", "throughput"]);
        let Observations::Summary(list) = &data.series[0].observations else { panic!() };
        assert_eq!((list[0].n, list[0].quantiles.len()), (Some(4), 2));
        let Observations::Binned(list) = &data.series[1].observations else { panic!() };
        assert_eq!(
            (list[0].edges(), list[0].counts()),
            (&[0.0, 0.125, 0.5, f64::INFINITY][..], &[1, 3, 1][..])
        );
        assert_eq!(data.series[2].observations, Observations::Events(vec![(3, 5)]));
    }

    #[test]
    fn buckets_that_do_not_add_up_are_left_out() {
        let data = parse("{\"200\": 9}", "{}");
        assert!(data.series.iter().all(|s| s.metric.name != "latency_histogram"));
        assert!(data.notes.iter().any(|n| n.contains("left out")));
    }
}
