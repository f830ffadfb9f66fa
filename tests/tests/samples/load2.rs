//! wrk, hey, ab and HdrHistogram: every fact of their folders.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use tailproof_core::{Binned, Dataset, Ecdf, Loop, Observations, Rank, Series, Summary, Unit};

use super::Fixture;

/// The only series of a metric.
fn series<'a>(data: &'a Dataset, name: &str) -> &'a Series {
    let mut found = data.series.iter().filter(|s| s.metric.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no series {name} in {data:?}"));
    assert!(found.next().is_none(), "{name} twice");
    first.check().unwrap();
    first
}

fn unit(series: &Series, symbol: &str) {
    assert_eq!(series.metric.unit, Unit::known(symbol), "{}", series.metric.name);
}

/// Good and total requests.
fn requests(data: &Dataset) -> (u64, u64) {
    let Observations::Events(events) = &series(data, "requests").observations else {
        panic!("requests are events")
    };
    let [event] = events[..] else { panic!("one window") };
    event
}

fn summary(series: &Series) -> &Summary {
    let Observations::Summary(summaries) = &series.observations else { panic!("a summary") };
    let [summary] = &summaries[..] else { panic!("one summary") };
    summary
}

fn binned(series: &Series) -> &[Binned] {
    let Observations::Binned(binned) = &series.observations else { panic!("buckets") };
    binned
}

fn raw(series: &Series) -> &[f64] {
    let Observations::Raw(raw) = &series.observations else { panic!("values") };
    raw.sample.values()
}

/// `6.67ms` as milliseconds, and half of its last digit.
fn printed(text: &str) -> (f64, f64) {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap();
    let factor = match &text[end..] {
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 6e4,
        other => panic!("unknown unit {other}"),
    };
    let decimals = text[..end].split_once('.').map_or(0, |(_, d)| d.len());
    let value: f64 = text[..end].parse().unwrap();
    (value * factor, 0.5 * factor * 10_f64.powi(-(decimals as i32)))
}

fn percentile(series: &Series, rank: &str, text: &str) {
    let rank: Rank = format!("{rank}%").parse().unwrap();
    let (want, half) = printed(text);
    if let Observations::Summary(_) = series.observations {
        let found = summary(series).quantiles.iter().find(|q| q.0 == rank).expect("printed");
        assert!((found.1 - want).abs() <= 1e-9 * want, "{rank}: {found:?}, {want}");
        return;
    }
    let [binned] = binned(series) else { panic!("one distribution") };
    let (lower, upper) = (binned.lower(), binned.upper());
    let at = ((rank.to_f64() * upper.n() as f64).ceil() as u64).max(1);
    let (lo, hi) = (lower.order_statistic(at), upper.order_statistic(at));
    assert!(lo - half <= want && want <= hi + half, "{rank}: {want} outside [{lo}, {hi}]");
}

pub(super) fn wrk(file: &Fixture) {
    let data = file.read();
    let latency = series(&data, "latency");
    unit(latency, "ms");
    unit(series(&data, "throughput"), "req/s");
    let (good, total) = requests(&data);
    let text = fs::read_to_string(&file.path).unwrap();
    let scheduled = text.contains("Thread calibration");
    let [connect, read, write, late] = socket_errors(&text);
    let broken = connect + read + write;
    assert_eq!(data.generator, Some(if scheduled { Loop::Open } else { Loop::Closed }));
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            "requests" => {
                let want = want.as_u64().unwrap();
                assert_eq!(total - broken, want, "{}", file.name);
                if !scheduled {
                    assert_eq!(summary(latency).n, Some(want - late));
                }
            }
            "requests_per_sec" => {
                let [rate] = raw(series(&data, "throughput")) else { panic!("one value") };
                file.close(key, *rate, want);
            }
            "non_2xx" => {
                assert_eq!(Some(total - good - broken - late), want.as_u64(), "{}", file.name);
            }
            "percentiles" if want.is_null() => assert!(summary(latency).quantiles.is_empty()),
            "percentiles" => {
                for (rank, value) in want.as_object().unwrap() {
                    percentile(latency, rank, value.as_str().unwrap());
                }
            }
            "spectrum_rows" => spectrum(file, latency, want.as_u64().unwrap()),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// `Socket errors: connect 0, read 0, write 0, timeout 0`.
fn socket_errors(text: &str) -> [u64; 4] {
    let line = text.lines().find_map(|l| l.trim().strip_prefix("Socket errors:"));
    let count = |part: &str| part.split_whitespace().last().unwrap().parse().unwrap();
    line.map_or([0; 4], |l| l.split(',').map(count).collect::<Vec<u64>>().try_into().unwrap())
}

/// The buckets of a percentile distribution against its rows, counted again.
fn spectrum(file: &Fixture, latency: &Series, rows: u64) {
    let text = fs::read_to_string(&file.path).unwrap();
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen = 0;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [value, percentile, total, _] = words[..]
            && value.parse::<f64>().is_ok()
            && percentile.parse::<f64>().is_ok()
            && let Ok(total) = total.parse::<u64>()
        {
            seen += 1;
            ends.insert(format!("{value:>30}"), total);
        }
    }
    assert_eq!(seen, rows, "{}", file.name);
    let [binned] = binned(latency) else { panic!("one distribution") };
    assert_eq!(binned.counts().len(), ends.len());
    let mut total = 0;
    for ((edge, count), (value, want)) in binned.edges()[1..].iter().zip(binned.counts()).zip(&ends)
    {
        total += count;
        assert_eq!((*edge, total), (value.trim().parse().unwrap(), *want));
    }
}

pub(super) fn hey(file: &Fixture) {
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Closed));
    let latency = series(&data, "latency");
    unit(latency, "s");
    let (good, total) = requests(&data);
    assert!(good <= total && total > 0);
    let Some(facts) = file.facts.as_object() else {
        // A summary, of which nothing is stated.
        let n = summary(latency).n.unwrap();
        assert!(n <= total && summary(latency).mean.is_some());
        return;
    };
    for (key, want) in facts {
        match key.as_str() {
            "rows" => {
                assert_eq!(Some(total), want.as_u64());
                assert_eq!(latency.observations.len() as u64, total);
                assert_eq!(latency.time.as_ref().map(Vec::len), Some(total as usize));
            }
            "response_time_s" => file.describes(key, raw(latency), want),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

pub(super) fn apachebench(file: &Fixture) {
    let data = file.read();
    assert_eq!(data.generator, Some(Loop::Closed));
    let latency = series(&data, "latency");
    unit(latency, "ms");
    let Some(facts) = file.facts.as_object() else {
        // The console text.
        let (good, total) = requests(&data);
        assert!(good <= total && summary(latency).n.is_some_and(|n| n <= total));
        assert!(!summary(latency).quantiles.is_empty());
        unit(series(&data, "throughput"), "req/s");
        return;
    };
    for (key, want) in facts {
        match key.as_str() {
            "rows" => {
                let rows = match &latency.observations {
                    Observations::Raw(raw) => raw.sample.len(),
                    _ => summary(latency).quantiles.len(),
                };
                assert_eq!(Some(rows as u64), want.as_u64(), "{}", file.name);
            }
            "ttime_ms" => file.describes(key, raw(latency), want),
            key if key.starts_with('p') && key.ends_with("_ms") => {
                let rank: Rank = format!("{}%", &key[1..key.len() - 3]).parse().unwrap();
                let found = summary(latency).quantiles.iter().find(|q| q.0 == rank).unwrap();
                file.close(key, found.1, want);
            }
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// All intervals of all series as one distribution, at the lower or upper ends of buckets.
fn together<'a>(series: impl IntoIterator<Item = &'a Series>, end: fn(&Binned) -> Ecdf) -> Ecdf {
    let atoms = series.into_iter().flat_map(binned).flat_map(|b| end(b).atoms().to_vec()).collect();
    Ecdf::new(atoms, 0, 0).unwrap()
}

pub(super) fn hdr_histogram(file: &Fixture) {
    let data = file.read();
    for s in &data.series {
        s.check().unwrap();
        assert_eq!(s.metric.name, "latency");
    }
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            "interval_lines" => {
                unit(&data.series[0], "ns");
                let found: usize = data.series.iter().map(|s| s.observations.len()).sum();
                assert_eq!(Some(found as u64), want.as_u64(), "{}", file.name);
            }
            "upstream_asserts" => upstream(file, &data, want),
            "rows" => spectrum(file, series(&data, "latency"), want.as_u64().unwrap()),
            // The last lines are indented there, and hold what the rows say.
            "footer" => assert!(want.is_array()),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// What the upstream tests assert of all intervals added up. They add into a histogram of
/// three digits, so that their values lie within our buckets.
fn upstream(file: &Fixture, data: &Dataset, facts: &Value) {
    let (lower, upper) =
        (together(&data.series, Binned::lower), together(&data.series, Binned::upper));
    let n = upper.n();
    let within = |rank: u64, want: &Value| {
        let (lo, hi) = (lower.order_statistic(rank), upper.order_statistic(rank));
        let want = want.as_f64().unwrap();
        assert!(lo <= want && want < hi, "{}: {want} outside [{lo}, {hi})", file.name);
    };
    for (key, want) in facts.as_object().unwrap() {
        match key.as_str() {
            "histograms" => {
                let found: usize = data.series.iter().map(|s| s.observations.len()).sum();
                assert_eq!(Some(found as u64), want.as_u64());
            }
            "total_count" => assert_eq!(Some(n), want.as_u64(), "{}", file.name),
            "p99_9" => within((0.999 * n as f64 + 0.5) as u64, want),
            "max" => within(n, want),
            "start_time_s" => {
                // The first interval ends its offset and its length after the start.
                let text = fs::read_to_string(&file.path).unwrap();
                let row = text.lines().find(|l| !l.starts_with(['#', '"'])).unwrap();
                let mut cells = row.split(',').map(|c| c.parse::<f64>().unwrap_or(f64::NAN));
                let offset = cells.next().unwrap() + cells.next().unwrap();
                let first = data.series[0].time.as_ref().expect("intervals have times")[0];
                let start = first as f64 / 1e9 - offset;
                assert!((start - want.as_f64().unwrap()).abs() < 1e-3, "{}: {start}", file.name);
            }
            "note" => tags(file, data),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// The intervals of each tag add up to those without one.
fn tags(file: &Fixture, data: &Dataset) {
    let (tagged, plain): (Vec<&Series>, Vec<&Series>) =
        data.series.iter().partition(|s| s.labels.contains_key("tag"));
    assert!(!tagged.is_empty() && plain.len() == 1, "{}", file.name);
    for series in tagged {
        for end in [Binned::lower, Binned::upper] {
            assert_eq!(together([series], end), together([plain[0]], end));
        }
    }
}

/// The console texts, of which `expected.json` says nothing.
#[test]
fn console_texts_are_summaries() {
    let texts: [(&str, super::Check); 2] =
        [("hey/hey_summary.txt", hey), ("apachebench/ab_summary.txt", apachebench)];
    for (name, check) in texts {
        let path = super::folder().join(name);
        if path.exists() {
            check(&Fixture { name: name.to_owned(), path, facts: Value::Null });
        }
    }
}
