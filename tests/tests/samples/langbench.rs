//! Harnesses of languages, histories and change-point series.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use tailproof_core::{Dataset, Direction, Observations, Rank, Sample, Series, Summary};

use super::Fixture;

/// The facts of a file; none when nothing is expected of it.
fn facts(file: &Fixture) -> impl Iterator<Item = (&str, &Value)> {
    file.facts.as_object().into_iter().flatten().map(|(key, want)| (key.as_str(), want))
}

fn unknown(file: &Fixture, key: &str) -> ! {
    panic!("{}: no test knows the fact {key:?}", file.name)
}

fn benchmark(series: &Series) -> &str {
    series.labels.get("benchmark").map_or("", String::as_str)
}

fn count(file: &Fixture, what: &str, got: usize, want: &Value) {
    assert_eq!(Some(got as u64), want.as_u64(), "{}: {what}", file.name);
}

fn raw(series: &Series) -> &Sample {
    match &series.observations {
        Observations::Raw(raw) => &raw.sample,
        other => panic!("{}: {other:?}", series.name()),
    }
}

fn summaries(series: &Series) -> &[Summary] {
    match &series.observations {
        Observations::Summary(list) => list,
        other => panic!("{}: {other:?}", series.name()),
    }
}

/// Median of raw values, or the printed one.
fn median(series: &Series) -> f64 {
    match &series.observations {
        Observations::Raw(raw) => raw.sample.quantile(Rank::MEDIAN),
        Observations::Summary(list) => {
            list[0].quantiles.iter().find(|q| q.0 == Rank::MEDIAN).expect("a median").1
        }
        other => panic!("{}: {other:?}", series.name()),
    }
}

fn named<'a>(data: &'a Dataset, metric: &str) -> Vec<&'a Series> {
    data.series.iter().filter(|s| s.metric.name == metric).collect()
}

pub(super) fn pytest_benchmark(file: &Fixture) {
    let data = file.read();
    let times = named(&data, "time");
    assert!(times.iter().all(|s| s.metric.suffix() == " s"), "{}", file.name);
    for (key, want) in facts(file) {
        match key {
            "benchmarks" => count(file, key, times.len(), want),
            "first" => pytest_first(file, times[0], want),
            key => unknown(file, key),
        }
    }
}

fn pytest_first(file: &Fixture, series: &Series, first: &Value) {
    let complete = first["rounds"] == first["raw_rounds"];
    for (key, want) in first.as_object().unwrap() {
        match key.as_str() {
            "name" => {
                let name = want.as_str().unwrap();
                let own = benchmark(series);
                assert!(own == name || own.ends_with(&format!("::{name}")), "{own}");
            }
            "median_s" => file.close(key, median(series), want),
            "rounds" if complete => count(file, key, raw(series).len(), want),
            "rounds" => assert_eq!(summaries(series)[0].n, want.as_u64(), "{}", file.name),
            // Rounds that are not all there are not raw values.
            "raw_rounds" => {
                assert_eq!(complete, matches!(series.observations, Observations::Raw(_)));
            }
            key => unknown(file, key),
        }
    }
}

pub(super) fn jmh(file: &Fixture) {
    let data = file.read();
    if file.facts.is_null() {
        // Console text, of which nothing is expected: forks are runs, warm-ups are noted.
        assert!(data.series.iter().all(|s| !benchmark(s).is_empty() && s.run.is_some()));
        assert!(data.notes.iter().any(|n| n.contains("warm-up")), "{:?}", data.notes);
        return;
    }
    let document: Value = serde_json::from_slice(&fs::read(&file.path).unwrap()).unwrap();
    let entries = document.as_array().unwrap();
    let primary: Vec<&Series> =
        data.series.iter().filter(|s| ["time", "throughput"].contains(&&*s.metric.name)).collect();
    for (key, want) in facts(file) {
        match key {
            "benchmarks" => count(file, key, primary.len(), want),
            "modes" => {
                let modes: BTreeSet<&str> =
                    entries.iter().map(|e| e["mode"].as_str().unwrap()).collect();
                assert_eq!(serde_json::json!(modes), *want, "{}", file.name);
                let contradicts = |e: &Value| {
                    let unit = e["primaryMetric"]["scoreUnit"].as_str().unwrap();
                    unit.starts_with("op") != (e["mode"] == "thrpt")
                };
                let noted = data.notes.iter().any(|n| n.contains("the unit decides"));
                assert_eq!(entries.iter().any(contradicts), noted, "{:?}", data.notes);
            }
            "first" => jmh_first(file, primary[0], want),
            key => unknown(file, key),
        }
    }
}

fn jmh_first(file: &Fixture, series: &Series, first: &Value) {
    for (key, want) in first.as_object().unwrap() {
        match key.as_str() {
            "name" => assert_eq!(benchmark(series), want.as_str().unwrap()),
            "score" => {
                let weighted: Vec<(f64, u64)> = match &series.observations {
                    Observations::Atoms(forks) => {
                        forks.iter().flat_map(|fork| fork.atoms().to_vec()).collect()
                    }
                    _ => raw(series).values().iter().map(|&x| (x, 1)).collect(),
                };
                let n: u64 = weighted.iter().map(|a| a.1).sum();
                let sum: f64 = weighted.iter().map(|a| a.0 * a.1 as f64).sum();
                file.close(key, sum / n as f64, want);
            }
            "unit" => {
                let unit = want.as_str().unwrap();
                let rate = unit.starts_with("op");
                let symbol = if rate { unit } else { unit.trim_end_matches("/op") };
                assert_eq!(series.metric.suffix().trim(), symbol);
                let direction = if rate { Direction::Higher } else { Direction::Lower };
                assert_eq!(series.metric.direction, direction);
            }
            "raw_values" => count(file, key, series.observations.len(), want),
            key => unknown(file, key),
        }
    }
}

pub(super) fn google_benchmark(file: &Fixture) {
    let data = file.read();
    let document: Value = serde_json::from_slice(&fs::read(&file.path).unwrap()).unwrap();
    let rows = document["benchmarks"].as_array().unwrap();
    let failed = rows.iter().filter(|r| r["error_occurred"] == true).count();
    let number = |key: &str| file.facts[key].as_u64().unwrap() as usize;
    for (key, want) in facts(file) {
        match key {
            "entries" => {
                let times = named(&data, "time").into_iter();
                let raw = times.filter(|s| matches!(s.observations, Observations::Raw(_)));
                let repetitions: usize = raw.map(|s| s.observations.len()).sum();
                count(file, key, repetitions + number("aggregates") + failed, want);
            }
            "aggregates" => {
                let of = |r: &&Value| r["run_type"] == "aggregate";
                count(file, key, rows.iter().filter(of).count(), want);
            }
            "names" => {
                let have: BTreeSet<&str> = data.series.iter().map(benchmark).collect();
                let named: BTreeSet<&str> =
                    rows.iter().filter_map(|r| r["name"].as_str()).collect();
                count(file, key, named.len(), want);
                assert!(have.len() + failed <= named.len(), "{have:?}");
            }
            "first" => google_first(file, &data, want),
            key => unknown(file, key),
        }
    }
}

fn google_first(file: &Fixture, data: &Dataset, first: &Value) {
    let name = first["name"].as_str().unwrap();
    let own = data.series.iter().find(|s| name.starts_with(benchmark(s))).unwrap();
    for (key, want) in first.as_object().unwrap() {
        match key.as_str() {
            "name" => {}
            "real_time" => {
                let got = match &own.observations {
                    Observations::Raw(raw) => raw.sample.values()[0],
                    _ => summaries(own)[0].mean.unwrap_or_else(|| median(own)),
                };
                file.close(key, got, want);
            }
            // A share of the time has no unit of time.
            "unit" if own.metric.name != "time" => assert_eq!(own.metric.suffix(), " ratio"),
            "unit" => assert_eq!(own.metric.suffix().trim(), want.as_str().unwrap()),
            key => unknown(file, key),
        }
    }
}

pub(super) fn asv(file: &Fixture) {
    if file.facts.is_null() {
        return;
    }
    if file.facts["malformed"] == true {
        for (key, _) in facts(file) {
            assert!(["malformed", "note"].contains(&key), "{key}");
        }
        assert!(file.fails().contains(&file.name), "the message names the file");
        return;
    }
    if file.facts.get("entries").is_some() {
        let said = file.fails();
        for (key, want) in facts(file) {
            match key {
                "entries" => assert!(said.contains(&format!("describes {want} ")), "{said}"),
                "version" => assert!(said.contains(&format!("(version {want})")), "{said}"),
                key => unknown(file, key),
            }
        }
        return;
    }
    let text = fs::read_to_string(&file.path).unwrap().replace("NaN", "null");
    let document: Value = serde_json::from_str(&text).unwrap();
    let results = document["results"].as_object().unwrap();
    let data = if file.facts["numeric"] == 0 {
        assert!(file.fails().contains("is empty of measurements"));
        Dataset::default()
    } else {
        file.read()
    };
    for (key, want) in facts(file) {
        match key {
            "commit" => {
                let commit = want.as_str().unwrap();
                let of = |s: &Series| {
                    s.marks.as_ref().is_some_and(|m| m.iter().all(|m| m.starts_with(commit)))
                };
                assert!(data.series.iter().all(of), "{}", file.name);
            }
            "date_ms" => {
                let nanoseconds = want.as_i64().unwrap() * 1_000_000;
                let times = |s: &Series| s.time.iter().flatten().all(|&t| t == nanoseconds);
                assert!(data.series.iter().all(|s| s.time.is_some() && times(s)), "{}", file.name);
            }
            "results" => count(file, key, results.len(), want),
            "numeric" => {
                let plain = results.iter().filter_map(|(name, value)| {
                    let value = value.as_f64()?;
                    let own = data.series.iter().find(|s| benchmark(s) == name);
                    let own = own.unwrap_or_else(|| panic!("{}: {name} is lost", file.name));
                    assert_eq!(summaries(own)[0].mean, Some(value), "{name}");
                    Some(())
                });
                count(file, key, plain.count(), want);
            }
            key => unknown(file, key),
        }
    }
}

pub(super) fn benchmarkdotnet(file: &Fixture) {
    let data = file.read();
    let times = named(&data, "time");
    for (key, want) in facts(file) {
        match key {
            "benchmarks" => count(file, key, times.len(), want),
            "first" => {
                for (key, want) in want.as_object().unwrap() {
                    match key.as_str() {
                        "name" if want.is_null() => assert!(benchmark(times[0]).contains('.')),
                        "name" => {
                            assert!(want.as_str().unwrap().starts_with(benchmark(times[0])));
                        }
                        "median_ns" => file.close(key, median(times[0]), want),
                        "n" => match &times[0].observations {
                            Observations::Summary(list) => assert_eq!(list[0].n, want.as_u64()),
                            raw => count(file, key, raw.len(), want),
                        },
                        key => unknown(file, key),
                    }
                }
            }
            key => unknown(file, key),
        }
    }
}

pub(super) fn bencher_bmf(file: &Fixture) {
    let data = file.read();
    for (key, want) in facts(file) {
        match key {
            "benchmarks" => {
                let names: BTreeSet<&str> = data.series.iter().map(benchmark).collect();
                count(file, key, names.len(), want);
            }
            "measures" => {
                let measures: BTreeSet<&str> =
                    data.series.iter().map(|s| s.metric.name.as_str()).collect();
                assert_eq!(serde_json::json!(measures), *want, "{}", file.name);
            }
            "first" => {
                let name = want["name"].as_str().unwrap();
                for (measure, want) in want.as_object().unwrap() {
                    if measure == "name" {
                        continue;
                    }
                    let own = named(&data, measure).into_iter().find(|s| benchmark(s) == name);
                    let mean = summaries(own.unwrap())[0].mean.unwrap();
                    file.close(measure, mean, want);
                }
            }
            key => unknown(file, key),
        }
    }
}

pub(super) fn github_action_benchmark(file: &Fixture) {
    let data = file.read();
    let direction = match (file.name.contains("Bigger"), file.name.contains("Smaller")) {
        (true, false) => Some(Direction::Higher),
        (false, true) => Some(Direction::Lower),
        _ => None,
    };
    let told = |s: &Series| direction.is_none_or(|d| s.metric.direction == d);
    assert!(data.series.iter().all(told), "{}", file.name);
    for (key, want) in facts(file) {
        match key {
            "entries" => {
                count(file, key, data.series.iter().map(|s| s.observations.len()).sum(), want);
            }
            "first" => {
                let own = &data.series[0];
                let printed = &summaries(own)[0];
                for (key, want) in want.as_object().unwrap() {
                    match key.as_str() {
                        "name" => assert_eq!(benchmark(own), want.as_str().unwrap()),
                        "unit" => {
                            let (have, unit) = (own.metric.suffix(), want.as_str().unwrap());
                            assert!(have.trim().eq_ignore_ascii_case(unit), "{have} {unit}");
                        }
                        "value" => file.close(key, printed.mean.unwrap(), want),
                        "range" => assert_eq!(printed.interval.is_some(), !want.is_null()),
                        key => unknown(file, key),
                    }
                }
            }
            key => unknown(file, key),
        }
    }
}

pub(super) fn history_csv(file: &Fixture) {
    let data = file.read();
    for (key, want) in facts(file) {
        match key {
            "rows" => {
                let first = data.series.iter().find(|s| raw_values(s).is_some()).unwrap();
                let of = named(&data, &first.metric.name).into_iter();
                count(file, key, of.map(|s| s.observations.len()).sum(), want);
            }
            "columns" => {
                for column in want.as_array().unwrap() {
                    let column = column.as_str().unwrap();
                    let there = |s: &Series| match column {
                        "time" => s.time.is_some(),
                        // Marks of the observations, not labels of series.
                        "commit" => s.marks.is_some() && !s.labels.contains_key("commit"),
                        name => s.metric.name == name || s.labels.contains_key(name),
                    };
                    assert!(data.series.iter().any(there), "{}: {column}", file.name);
                }
            }
            "tags" => {
                let tags: BTreeSet<_> = data.series.iter().map(|s| s.labels.get("tag")).collect();
                count(file, key, tags.len(), want);
            }
            // Asserted where changes are looked for.
            "expected_change" => {}
            metric if want.get("median").is_some() => {
                let values: Vec<f64> =
                    named(&data, metric).into_iter().filter_map(raw_values).flatten().collect();
                let sample = Sample::new(values).unwrap();
                check_sample(file, metric, &sample, want);
            }
            key => unknown(file, key),
        }
    }
}

fn raw_values(series: &Series) -> Option<Vec<f64>> {
    match &series.observations {
        Observations::Raw(raw) => Some(raw.sample.values().to_vec()),
        _ => None,
    }
}

/// Quantiles are those of type 7.
fn check_sample(file: &Fixture, what: &str, sample: &Sample, want: &Value) {
    let n = sample.len();
    for (key, want) in want.as_object().unwrap() {
        let label = format!("{what} {key}");
        let got = match key.as_str() {
            "n" => n as f64,
            "min" => sample.sorted()[0],
            "median" => sample.quantile(Rank::MEDIAN),
            "mean" => sample.values().iter().sum::<f64>() / n as f64,
            "p95" => sample.quantile(Rank::P95),
            "p99" => sample.quantile(Rank::P99),
            "max" => sample.sorted()[n - 1],
            key => unknown(file, key),
        };
        file.close(&label, got, want);
    }
}

pub(super) fn change_points(file: &Fixture) {
    for (key, want) in facts(file) {
        match key {
            "values" | "series" if want.is_object() => {
                let data = file.read();
                assert_eq!(data.series.len(), 1, "{}", file.name);
                check_sample(file, key, raw(&data.series[0]), want);
            }
            // What people annotated is no measurement.
            "series" => {
                let text = fs::read(&file.path).unwrap();
                let document: Value = serde_json::from_slice(&text).unwrap();
                count(file, key, document.as_object().unwrap().len(), want);
                assert!(!file.fails().is_empty());
            }
            // Asserted where changes are looked for.
            "change_points" | "change_timestamps" | "annotated" => {}
            key => unknown(file, key),
        }
    }
}
