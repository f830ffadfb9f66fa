//! Load tools: k6, JMeter, Locust, oha, vegeta.

use std::fs;

use serde_json::Value;
use tailproof_core::{Dataset, Loop, Observations, Rank, Sample, Series, Summary};
use tailproof_ingest::{Input, Options, read};

use super::Fixture;

pub(super) fn k6(file: &Fixture) {
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Closed));
    let duration = |s: &&Series| s.metric.name.ends_with("req_duration");
    for (key, want) in facts(file) {
        match key.as_str() {
            "metrics" => assert_eq!(data.series.len() as u64, whole(want), "{}", file.name),
            "duration_ms" => {
                let series = data.series.iter().find(|s| duration(s) && s.labels.is_empty());
                let series = series.unwrap();
                assert_eq!(unit(series), "ms");
                summarized(file, &summary(series), want);
            }
            "thresholds" => {
                for (expression, outcome) in want.as_object().unwrap() {
                    // The older shape says whether the threshold was crossed.
                    let passed =
                        outcome["ok"].as_bool().or_else(|| outcome.as_bool().map(|b| !b)).unwrap();
                    let word = if passed { "passed" } else { "failed" };
                    let text = format!("threshold {expression} of ");
                    let told = data.notes.iter().any(|n| n.contains(&text) && n.ends_with(word));
                    assert!(told, "{}: {expression}: {:?}", file.name, data.notes);
                }
            }
            "rows" => k6_rows(file, &data, whole(want)),
            other => {
                let Some(name) = other.strip_suffix("_ms") else {
                    panic!("{}: unknown fact {other}", file.name)
                };
                spread(file, other, values(&data, name, "ms"), want);
            }
        }
    }
}

/// Every row of the CSV is in the data: as a value, as an event, or in the sum of a second.
fn k6_rows(file: &Fixture, data: &Dataset, want: u64) {
    let text = fs::read_to_string(&file.path).unwrap();
    let rows: Vec<(&str, f64)> = text
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0], cells[2].parse().unwrap())
        })
        .collect();
    assert_eq!(rows.len() as u64, want, "{}", file.name);
    let mut names: Vec<&str> = rows.iter().map(|row| row.0).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let own: Vec<f64> = rows.iter().filter(|row| row.0 == name).map(|row| row.1).collect();
        let series: Vec<&Series> = data.series.iter().filter(|s| s.metric.name == name).collect();
        assert!(!series.is_empty(), "{}: {name}", file.name);
        if unit(series[0]).ends_with("/s") {
            let got: f64 = series.iter().flat_map(|s| raw(s)).sum();
            assert_eq!(got, own.iter().sum::<f64>(), "{}: {name}", file.name);
        } else {
            let got: u64 = series.iter().map(|s| held(s)).sum();
            assert_eq!(got, own.len() as u64, "{}: {name}", file.name);
        }
    }
}

pub(super) fn jmeter(file: &Fixture) {
    let text = fs::read_to_string(&file.path).unwrap();
    let first = text.lines().next().unwrap();
    if file.facts["note"].as_str().is_some_and(|note| note.contains("refused")) {
        let error = file.fails();
        assert!(error.contains("elapsed"), "{error}");
        assert_eq!(text.lines().count() as u64 - 1, whole(&file.facts["rows"]));
        assert_eq!(first.split(',').count() as u64, whole(&file.facts["columns"]));
        let known = ["rows", "columns", "note"];
        assert!(facts(file).iter().all(|(key, _)| known.contains(&key.as_str())));
        return;
    }
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Closed));
    for (key, want) in facts(file) {
        match key.as_str() {
            "rows" | "samples" => {
                let got = values(&data, "latency", "ms").len() as u64;
                assert_eq!(got, whole(want), "{}", file.name);
            }
            "columns" => assert_eq!(first.split(',').count() as u64, whole(want), "{}", file.name),
            "failed" => assert_eq!(above(&data), whole(want), "{}", file.name),
            "labels" => {
                let mut got: Vec<&str> =
                    data.series.iter().map(|s| s.labels["label"].as_str()).collect();
                got.sort_unstable();
                let mut want: Vec<&str> =
                    want.as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
                want.sort_unstable();
                assert_eq!(got, want, "{}", file.name);
            }
            "elapsed_ms" => spread(file, "elapsed_ms", values(&data, "latency", "ms"), want),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
    assert!(data.series.iter().all(|s| s.time.is_some()));
}

pub(super) fn locust(file: &Fixture) {
    let text = fs::read_to_string(&file.path).unwrap();
    let first = text.lines().next().unwrap();
    // On some systems lines end in \r\r\n; the facts may count the empty lines between.
    let empty = text.matches("\r\r\n").count() as u64;
    if first.starts_with("Method,Name,Error") || first.starts_with("Count,Message") {
        let error = file.fails();
        assert!(error.contains("_stats.csv"), "{error}");
        for (key, want) in facts(file) {
            assert_eq!(key, "rows", "{}: unknown fact {key}", file.name);
            let told =
                |rows: u64| error.contains(&format!("({} of them)", rows.saturating_sub(empty)));
            assert!(told(whole(want)) || told(whole(want) + empty), "{error}");
        }
        return;
    }
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Closed));
    let (good, total) = events(&data, "requests");
    for (key, want) in facts(file) {
        match key.as_str() {
            // One rate for each row that is used; the sums are left out beside single rows.
            "rows" => {
                let sums = text.lines().filter(|l| l.contains(",Aggregated,")).count() as u64;
                let got = values(&data, "throughput", "req/s").len() as u64;
                let single = data.series.iter().any(|s| !s.labels.is_empty());
                let rows = if single { got + sums } else { got };
                assert!([rows, rows + empty].contains(&whole(want)), "{}: {rows}", file.name);
            }
            "aggregated" => {
                assert_eq!((total, total - good), counts(want), "{}", file.name);
                locust_sum(file, &text, want);
            }
            "entries" => {
                let got = data.series.iter().filter(|s| s.metric.name == "latency").count();
                assert_eq!(got as u64, whole(want), "{}", file.name);
            }
            "requests" => {
                assert_eq!(total, whole(want), "{}", file.name);
                let times: u64 = data
                    .series
                    .iter()
                    .filter(|s| s.metric.name == "latency")
                    .map(|s| match &s.observations {
                        Observations::Atoms(list) => {
                            list.iter().map(tailproof_core::Ecdf::n).sum::<u64>()
                        }
                        other => panic!("{}: {other:?}", file.name),
                    })
                    .sum();
                assert_eq!(times, whole(want), "{}", file.name);
            }
            "failures" => assert_eq!(total - good, whole(want), "{}", file.name),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// The row of all requests, which is used when it stands alone.
fn locust_sum(file: &Fixture, text: &str, want: &Value) {
    let heading = text.lines().next().unwrap();
    let row = text.lines().find(|line| line.starts_with(",Aggregated,")).unwrap();
    let input = Input::from_bytes(file.name.as_str(), format!("{heading}\n{row}\n"));
    let alone = read(vec![input], &Options::default()).unwrap();
    let latency = alone.series.iter().find(|s| s.metric.name == "latency").unwrap();
    let (good, total) = events(&alone, "requests");
    assert_eq!((total, total - good), counts(want), "{}", file.name);
    assert_eq!((unit(latency), summary(latency).n), ("ms".to_owned(), Some(total)));
    for (key, value) in want.as_object().unwrap() {
        if !matches!(key.as_str(), "requests" | "failures") {
            file.close(key, percentile(&summary(latency), key), value);
        }
    }
}

pub(super) fn oha(file: &Fixture) {
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Closed));
    let find = |name: &str| data.series.iter().find(|s| s.metric.name == name).unwrap();
    for (key, want) in facts(file) {
        match key.as_str() {
            "rps" => {
                let got = values(&data, "throughput", "req/s");
                assert_eq!(got.len(), 1, "{}", file.name);
                file.close("rps", got[0], want);
            }
            "codes" => {
                let told = data.notes.iter().find(|n| n.contains("status codes")).unwrap();
                let mut sum = 0;
                for (code, count) in want.as_object().unwrap() {
                    sum += whole(count);
                    let text = format!("{code}: {}", whole(count));
                    assert!(told.contains(&text), "{}: {told}", file.name);
                }
                assert_eq!(summary(find("latency")).n, Some(sum), "{}", file.name);
            }
            "rows" => {
                let got = values(&data, "latency", "s").len() as u64;
                assert_eq!(got, whole(want), "{}", file.name);
            }
            "request_duration_s" => spread(file, &key, values(&data, "latency", "s"), want),
            other => {
                let Some(name) = other.strip_suffix("_s") else {
                    panic!("{}: unknown fact {other}", file.name)
                };
                assert_eq!(unit(find("latency")), "s");
                file.close(other, percentile(&summary(find("latency")), name), want);
            }
        }
    }
}

pub(super) fn vegeta(file: &Fixture) {
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Open));
    let find = |name: &str| data.series.iter().find(|s| s.metric.name == name).unwrap();
    for (key, want) in facts(file) {
        match key.as_str() {
            "requests" => assert_eq!(events(&data, "requests").1, whole(want), "{}", file.name),
            "success" => {
                let (good, total) = events(&data, "requests");
                file.close("success", good as f64 / total as f64, want);
            }
            "buckets" => match &find("latency_histogram").observations {
                Observations::Binned(list) => {
                    assert_eq!(list[0].counts().len() as u64, whole(want), "{}", file.name);
                }
                other => panic!("{}: {other:?}", file.name),
            },
            "latency_ns" => spread(file, "latency_ns", values(&data, "latency", "ns"), want),
            other => {
                let Some(name) = other.strip_suffix("_ns") else {
                    panic!("{}: unknown fact {other}", file.name)
                };
                assert_eq!(unit(find("latency")), "ns");
                file.close(other, percentile(&summary(find("latency")), name), want);
            }
        }
    }
}

fn facts(file: &Fixture) -> Vec<(String, &Value)> {
    file.facts.as_object().unwrap().iter().map(|(key, value)| (key.clone(), value)).collect()
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// Requests and failures.
fn counts(want: &Value) -> (u64, u64) {
    (whole(&want["requests"]), whole(&want["failures"]))
}

fn unit(series: &Series) -> String {
    series.metric.unit.as_ref().map_or_else(String::new, ToString::to_string)
}

fn raw(series: &Series) -> Vec<f64> {
    match &series.observations {
        Observations::Raw(raw) => raw.sample.values().to_vec(),
        other => panic!("{}: {other:?}", series.name()),
    }
}

/// The values of all series of a metric, limits of failed requests included.
fn values(data: &Dataset, name: &str, expected: &str) -> Vec<f64> {
    let own = data.series.iter().filter(|s| s.metric.name == name);
    own.inspect(|s| assert_eq!(unit(s), expected, "{}", s.name())).flat_map(raw).collect()
}

/// Values or events.
fn held(series: &Series) -> u64 {
    match &series.observations {
        Observations::Events(list) => list.iter().map(|e| e.1).sum(),
        other => other.len() as u64,
    }
}

/// Values known only to lie above their limit.
fn above(data: &Dataset) -> u64 {
    let count = |s: &Series| match &s.observations {
        Observations::Raw(raw) => raw.above().len() as u64,
        _ => 0,
    };
    data.series.iter().map(count).sum()
}

/// Good and all events of a metric.
fn events(data: &Dataset, name: &str) -> (u64, u64) {
    let mut sum = (0, 0);
    for series in data.series.iter().filter(|s| s.metric.name == name) {
        let Observations::Events(list) = &series.observations else {
            panic!("{}: {:?}", series.name(), series.observations)
        };
        for &(good, total) in list {
            sum = (sum.0 + good, sum.1 + total);
        }
    }
    sum
}

fn summary(series: &Series) -> Summary {
    match &series.observations {
        Observations::Summary(list) if list.len() == 1 => list[0].clone(),
        other => panic!("{}: {other:?}", series.name()),
    }
}

/// `avg`, `med`, `min`, `max`, `p95`, `p(95)` of a summary.
fn percentile(summary: &Summary, name: &str) -> f64 {
    let rank: Rank = match name {
        "avg" => return summary.mean.unwrap(),
        "min" => return summary.min.unwrap(),
        "max" => return summary.max.unwrap(),
        "med" => Rank::MEDIAN,
        _ => {
            let digits: String = name.chars().filter(|c| !"p()".contains(*c)).collect();
            format!("{digits}%").parse().unwrap()
        }
    };
    summary.quantiles.iter().find(|q| q.0 == rank).unwrap().1
}

fn summarized(file: &Fixture, summary: &Summary, want: &Value) {
    for (key, value) in want.as_object().unwrap() {
        file.close(key, percentile(summary, key), value);
    }
}

/// n, extremes, mean and percentiles of values.
fn spread(file: &Fixture, what: &str, values: Vec<f64>, want: &Value) {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let sample = Sample::new(values).unwrap();
    for (key, value) in want.as_object().unwrap() {
        let got = match key.as_str() {
            "n" => n as f64,
            "mean" => mean,
            "min" => sample.range().0,
            "max" => sample.range().1,
            "median" => sample.quantile(Rank::MEDIAN),
            "p95" => sample.quantile(Rank::P95),
            "p99" => sample.quantile(Rank::P99),
            other => panic!("{}: unknown fact {what}.{other}", file.name),
        };
        file.close(&format!("{what}.{key}"), got, value);
    }
}
