//! Benchmark harnesses of Rust and Go, hyperfine, and real A/B timings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use tailproof_core::{
    Dataset, Direction, Noise, Observations, Rank, Sample, Series, Summary, Unit, descriptive,
};
use tailproof_ingest::{Input, Options, read};

use super::Fixture;

fn sample(series: &Series) -> &Sample {
    match &series.observations {
        Observations::Raw(raw) => &raw.sample,
        other => panic!("{}: not raw: {other:?}", series.name()),
    }
}

fn summaries(series: &Series) -> &[Summary] {
    match &series.observations {
        Observations::Summary(all) => all,
        other => panic!("{}: no summary: {other:?}", series.name()),
    }
}

fn benchmark(series: &Series) -> &str {
    &series.labels["benchmark"]
}

fn rank(text: &str) -> Rank {
    text.parse().unwrap()
}

/// Number, extremes, mean and quantiles of a sample.
fn describe(file: &Fixture, what: &str, sample: &Sample, facts: &Value) {
    let (min, max) = sample.range();
    for (key, want) in facts.as_object().unwrap() {
        let got = match key.as_str() {
            "n" => sample.len() as f64,
            "min" => min,
            "max" => max,
            "mean" => descriptive::mean(sample),
            "median" => sample.quantile(Rank::MEDIAN),
            "p95" => sample.quantile(Rank::P95),
            "p99" => sample.quantile(Rank::P99),
            other => panic!("{}: unknown fact {other}", file.name),
        };
        file.close(&format!("{what} {key}"), got, want);
    }
}

fn document(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(super) fn criterion(file: &Fixture) {
    let name = file.path.file_name().unwrap().to_str().unwrap();
    match name {
        "sample.json" => criterion_sample(file),
        "raw.csv" => {
            let data = file.read();
            let first = std::fs::read_to_string(&file.path).unwrap();
            let columns: Vec<&str> = first.lines().next().unwrap().split(',').collect();
            for (key, want) in file.facts.as_object().unwrap() {
                match key.as_str() {
                    "rows" => {
                        let rows: usize = data.series.iter().map(|s| sample(s).len()).sum();
                        file.close("rows", rows as f64, want);
                    }
                    "columns" => assert_eq!(json!(columns), *want, "{}", file.name),
                    other => panic!("{}: unknown fact {other}", file.name),
                }
            }
        }
        "benchmark.json" => criterion_benchmark(file),
        "estimates.json" => criterion_estimates(file),
        "tukey.json" => {
            let values = document(&file.path);
            for (i, want) in file.facts["fences"].as_array().unwrap().iter().enumerate() {
                file.close("fence", values[i].as_f64().unwrap(), want);
            }
            // Not data; but quartiles of the sample beside it give the same fences.
            if let Some(sample) = sample_in(file.path.parent().unwrap()) {
                let (q1, q3) = (sample.quantile(rank("0.25")), sample.quantile(rank("0.75")));
                let range = q3 - q1;
                for (i, k) in [-3.0, -1.5, 1.5, 3.0].into_iter().enumerate() {
                    let fence = if k < 0.0 { q1 + k * range } else { q3 + k * range };
                    file.close("fence from the sample", fence, &file.facts["fences"][i]);
                }
            }
        }
        other => panic!("{}: no reader for {other}", file.name),
    }
}

/// The sample in a baseline's folder, when there is one.
fn sample_in(folder: &Path) -> Option<Sample> {
    let path = folder.join("sample.json");
    let input = path.is_file().then(|| Input::from_path(&path))?;
    let data = read(vec![input], &Options::default()).unwrap();
    Some(sample(&data.series[0]).clone())
}

fn criterion_sample(file: &Fixture) {
    let data = file.read();
    let [series] = data.series.as_slice() else { panic!("{}: one series", file.name) };
    assert_eq!((series.metric.name.as_str(), &series.metric.unit), ("time", &Unit::known("ns")));
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            "per_iter_ns" => describe(file, key, sample(series), want),
            "mode" => {
                let value = document(&file.path);
                let mode = value["sampling_mode"].as_str();
                assert_eq!(mode.unwrap_or("array form [iters,times]"), want, "{}", file.name);
                assert_eq!(mode.is_none(), value.is_array());
            }
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// The description names the sample beside it when the folder is read.
fn criterion_benchmark(file: &Fixture) {
    let value = document(&file.path);
    for (key, want) in file.facts.as_object().unwrap() {
        assert_eq!(value[key], *want, "{}: {key}", file.name);
    }
    let folder = file.path.parent().unwrap();
    let data = tailproof_tests::samples::read(folder, &Options::default()).unwrap();
    assert_eq!(benchmark(&data.series[0]), file.facts["full_id"], "{}", file.name);
}

/// Not data; but the sample beside it gives the same estimates.
fn criterion_estimates(file: &Fixture) {
    let value = document(&file.path);
    let folder = file.path.parent().unwrap();
    for (key, want) in file.facts.as_object().unwrap() {
        file.close(key, value[key]["point_estimate"].as_f64().unwrap(), want);
        if folder.ends_with("change") {
            let beside = |name: &str| sample_in(&folder.with_file_name(name));
            let both = beside("base").zip(beside("new"));
            // Some folders were copied with the same sample as both.
            if let Some((base, new)) = both.filter(|(base, new)| base.values() != new.values()) {
                let of = |f: fn(&Sample) -> f64| f(&new) / f(&base) - 1.0;
                let got = match key.to_lowercase().as_str() {
                    "mean" => of(descriptive::mean),
                    "median" => of(descriptive::median),
                    other => panic!("{}: unknown fact {other}", file.name),
                };
                file.close(&format!("{key} from the samples"), got, want);
            }
            continue;
        }
        let Some(sample) = sample_in(folder) else { continue };
        let got = match key.to_lowercase().replace('_', "").as_str() {
            "mean" => descriptive::mean(&sample),
            "median" => descriptive::median(&sample),
            // The factor passes through single precision there.
            "medianabsdev" => f64::from(1.4826_f32) * descriptive::mad(&sample),
            "stddev" => descriptive::Moments::of(&sample).sd(1),
            "slope" => slope(&document(&folder.join("sample.json"))),
            other => panic!("{}: unknown fact {other}", file.name),
        };
        file.close(&format!("{key} from the sample"), got, want);
    }
}

/// Total time over iterations by least squares through the origin.
fn slope(value: &Value) -> f64 {
    let (iters, times) =
        if value.is_array() { (&value[0], &value[1]) } else { (&value["iters"], &value["times"]) };
    let numbers = |list: &Value| -> Vec<f64> {
        list.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let (x, y) = (numbers(iters), numbers(times));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&x, &y) / dot(&x, &x)
}

pub(super) fn criterion_text(file: &Fixture) {
    let data = file.read();
    let all = || data.series.iter().flat_map(summaries);
    let counted = |want: &str| {
        let note = data.notes.iter().find(|n| n.contains("criterion's comparison"));
        note.map_or(want.starts_with("0 "), |n| n.contains(&format!(" {want}")))
    };
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            "time_lines" => {
                // The fact counts changes in percent as well, which are no times.
                let text = std::fs::read_to_string(&file.path).unwrap();
                let lines = || text.lines().filter(|l| l.contains("time:") && l.contains('['));
                file.close(key, lines().count() as f64, want);
                let times = lines().filter(|l| !l.contains('%')).count();
                let estimates = all().filter(|s| s.mean.is_some() && s.interval.is_some());
                assert_eq!(estimates.count(), times, "{}", file.name);
            }
            "regressed" | "improved" => {
                assert!(counted(&format!("{want} {key}")), "{}: {:?}", file.name, data.notes);
            }
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
    assert!(all().count() > 0, "{}", file.name);
}

pub(super) fn libtest_bench(file: &Fixture) {
    if file.facts["benches"] == 0 {
        assert!(file.fails().contains("is empty of measurements"), "{}", file.name);
        return;
    }
    let data = file.read();
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            // Of things an iteration costs; rates are more.
            "benches" => {
                let costs = data.series.iter().filter(|s| s.metric.name != "throughput");
                let n: usize = costs.map(|s| summaries(s).len()).sum();
                file.close(key, n as f64, want);
            }
            "first" => first_bench(file, &data.series[0], want),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

fn first_bench(file: &Fixture, series: &Series, facts: &Value) {
    let summary = &summaries(series)[0];
    let (lo, hi, level) = summary.interval.unwrap();
    assert_eq!(level, None, "the spread is no interval of a known level");
    for (key, want) in facts.as_object().unwrap() {
        match key.as_str() {
            "name" => assert_eq!(benchmark(series), want, "{}", file.name),
            "unit" => {
                let unit: Unit = want.as_str().unwrap().parse().unwrap();
                assert_eq!(series.metric.unit.as_ref(), Some(&unit), "{}", file.name);
            }
            "value" => {
                assert_eq!(summary.quantiles[0].0, Rank::MEDIAN);
                file.close(key, summary.quantiles[0].1, want);
            }
            "plus_minus" => file.close(key, (hi - lo) / 2.0, want),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

pub(super) fn divan(file: &Fixture) {
    let data = file.read();
    for (key, want) in file.facts.as_object().unwrap() {
        if key == "leaves" {
            file.close(key, data.series.len() as f64, want);
            continue;
        }
        // `fold_100_median` is the median of `…::fold::100`.
        let (path, field) = key.rsplit_once('_').unwrap();
        let end = format!("::{}", path.replace('_', "::"));
        let series = data.series.iter().find(|s| benchmark(s).ends_with(&end)).unwrap();
        let summary = &summaries(series)[0];
        let time = |got: Option<f64>| {
            let (number, unit) = want.as_str().unwrap().split_once(' ').unwrap();
            let ns = Unit::known(unit).unwrap().factor_to(&Unit::known("ns").unwrap()).unwrap();
            let want = number.parse::<f64>().unwrap() * ns.to_f64();
            file.close(key, got.unwrap(), &json!(want));
        };
        match field {
            "samples" => file.close(key, summary.n.unwrap() as f64, want),
            "median" => time(summary.quantiles.first().map(|q| q.1)),
            "mean" => time(summary.mean),
            "fastest" => time(summary.min),
            "slowest" => time(summary.max),
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

pub(super) fn hyperfine(file: &Fixture) {
    let data = file.read();
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    for facts in file.facts.as_array().unwrap() {
        let command = facts["command"].as_str().unwrap();
        let mut labels = BTreeMap::from([("benchmark".to_owned(), command.to_owned())]);
        for (name, value) in facts["parameters"].as_object().into_iter().flatten() {
            labels.insert(name.clone(), text(value));
        }
        let wanted = |s: &&Series| s.metric.name == "time" && s.labels == labels;
        let series = data.series.iter().find(wanted).unwrap_or_else(|| panic!("{command}"));
        assert_eq!(series.metric.unit, Unit::known("s"));
        for (key, want) in facts.as_object().unwrap() {
            match key.as_str() {
                "command" | "parameters" => {}
                "seconds" => describe(file, command, sample(series), want),
                "exit_codes" => {
                    let failed = want.as_array().unwrap().iter().any(|c| text(c) != "0");
                    let said = |n: &String| n.contains(command) && n.contains("failed in");
                    assert_eq!(data.notes.iter().any(said), failed, "{}", file.name);
                }
                other => panic!("{}: unknown fact {other}", file.name),
            }
        }
    }
}

/// The unit as a line of `go test -bench` has it.
fn go_unit(series: &Series) -> String {
    match series.metric.name.as_str() {
        "time" => "ns/op".to_owned(),
        "throughput" => series.metric.unit.as_ref().unwrap().to_string(),
        own => own.to_owned(),
    }
}

pub(super) fn go_bench(file: &Fixture) {
    let data = file.read();
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            "benchmarks" => {
                let names: BTreeSet<&str> = data.series.iter().map(benchmark).collect();
                file.close(key, names.len() as f64, want);
            }
            "measurement_lines" => {
                // A line has one value of each of its units.
                let mut lines = BTreeMap::new();
                for series in &data.series {
                    let n = lines.entry(&series.labels).or_insert(0);
                    *n = sample(series).len().max(*n);
                }
                file.close(key, lines.values().sum::<usize>() as f64, want);
            }
            "units" => {
                let units: BTreeSet<String> = data.series.iter().map(go_unit).collect();
                assert_eq!(json!(units), *want, "{}", file.name);
            }
            "first" => {
                // The facts do not tell packages apart.
                let one = |s: &&Series| benchmark(s) == want["name"] && go_unit(s) == want["unit"];
                let values: Vec<f64> = data
                    .series
                    .iter()
                    .filter(one)
                    .flat_map(|s| sample(s).values())
                    .copied()
                    .collect();
                let pooled = Sample::new(values).unwrap();
                let facts = want.as_object().unwrap().iter();
                let numbers = facts.filter(|(key, _)| *key != "name" && *key != "unit");
                let numbers: serde_json::Map<String, Value> =
                    numbers.map(|(key, value)| (key.clone(), value.clone())).collect();
                describe(file, "first", &pooled, &Value::Object(numbers));
            }
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

pub(super) fn ab_real(file: &Fixture) {
    if let Some(want) = file.facts.get("lines") {
        let text = std::fs::read_to_string(&file.path).unwrap();
        file.close("lines", text.lines().count() as f64, want);
        assert_eq!(file.facts.as_object().unwrap().len(), 1, "{}", file.name);
        if text.contains(" time:   [") {
            let times = text.lines().filter(|l| l.contains(" time:   [")).count();
            let data = file.read();
            let read: usize = data.series.iter().map(|s| summaries(s).len()).sum();
            assert_eq!(read, times, "{}", file.name);
        } else {
            assert!(!file.fails().is_empty(), "{}", file.name);
        }
        return;
    }
    let data = timings(&file.path);
    for (key, want) in file.facts.as_object().unwrap() {
        match key.as_str() {
            "rows" => {
                let rows: usize = data.series.iter().map(|s| sample(s).len()).sum();
                file.close(key, rows as f64, want);
            }
            "series" => file.close(key, data.series.len() as f64, want),
            "benchmarks" => {
                let names: BTreeSet<&str> = data.series.iter().map(benchmark).collect();
                file.close(key, names.len() as f64, want);
            }
            "first" => {
                let series = &data.series[0];
                assert_eq!(benchmark(series), want["benchmark"], "{}", file.name);
                assert_eq!(series.labels["name"], *want["name"].as_str().unwrap());
                describe(file, "first", sample(series), &want["seconds"]);
            }
            other => panic!("{}: unknown fact {other}", file.name),
        }
    }
}

/// Durations by benchmark and program; the command's text and the number of iterations are
/// no circumstances of their own.
fn timings(path: &Path) -> Dataset {
    let options = Options {
        wanted: vec!["duration".to_owned()],
        labels: Some(vec!["benchmark".to_owned(), "name".to_owned()]),
        unit: Unit::known("s"),
        ..Options::default()
    };
    read(vec![Input::from_path(path)], &options).unwrap()
}

/// `expected.json` has no facts of these files; the numbers are those that one reads in them.
#[test]
fn gungraun_counts() {
    let folder = super::folder().join("gungraun");
    let get = |file: &str| read(vec![Input::from_path(folder.join(file))], &Options::default());
    let value = |file: &str, metric: &str, name: &str| {
        let data = get(file).unwrap();
        let one = |s: &&Series| s.metric.name == metric && benchmark(s) == name;
        let series = data.series.iter().find(one).unwrap_or_else(|| panic!("{file} {metric}"));
        assert_eq!(series.metric.noise, Noise::Exact);
        assert_eq!(series.metric.direction, Direction::Lower);
        assert_eq!(sample(series).len(), 1, "{file} {metric}");
        sample(series).values()[0]
    };
    let long = "rust_iai_callgrind::bench_fibonacci_group::bench_fibonacci long";
    let short = "rust_iai_callgrind::bench_fibonacci_group::bench_fibonacci short";
    let regressed = "with-summary-and-regressions.txt";
    assert_eq!(value(regressed, "Instructions", short), 1_734.0);
    assert_eq!(value(regressed, "Instructions", long), 26_214_734.0);
    assert_eq!(value(regressed, "Total read+write", short), 2_362.0);
    assert_eq!(value("delta_with_inf.txt", "Total read+write", short), 0.0);
    assert_eq!(value("delta_with_inf.txt", "Estimated Cycles", short), 2_464.0);
    let all = "rust_iai_callgrind::custom_format::callgrind_format all_with_cachuse";
    assert_eq!(value("callgrind-all.txt", "SpLoss2", all), 34.0);
    let one = "play_game::bench_play_game_group::bench_play_game_100 some_id";
    assert_eq!(value("json_one_callgrind_diff.txt", "D1mr", one), 6.0);
    assert_eq!(value("json_one_callgrind_diff.txt", "D1 Miss Rate", one), 0.1);
    let two = "play_game::bench_play_game_group::bench_play_game_100 second_id";
    assert_eq!(value("json_multiple_benchmarks.txt", "Memcheck Errors", two), 1.0);
    assert_eq!(get("json_multiple_benchmarks.txt").unwrap().series.len(), 7);
}
