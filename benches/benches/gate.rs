//! Gates over many benchmarks and long histories, and the same as a process.
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks are not an interface")]

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tailproof_benches::{lognormal, series};
use tailproof_compare::history::{HistorySettings, history};
use tailproof_compare::{Settings, compare};
use tailproof_core::{Dataset, Sample, Seed, Series};
use tailproof_hypothesis::welch;
use tailproof_tests::{program, samples};

/// 1 000 benchmarks of 30 values, the head 2 % slower.
fn side(seed: u64, factor: f64) -> Dataset {
    let one = |i: u64| -> Series {
        let values = lognormal(30, Seed(seed + i)).into_iter().map(|x| factor * x).collect();
        let mut one = series("time", values);
        one.labels.insert("benchmark".to_owned(), format!("bench/{i}"));
        one
    };
    Dataset { series: (0..1_000).map(one).collect(), ..Dataset::default() }
}

fn many(c: &mut Criterion) {
    let mut group = c.benchmark_group("compare/1000_benchmarks_of_30");
    let (base, head) = (side(1, 1.0), side(5_000, 1.02));
    let settings = Settings { tests: false, ..Settings::new(Seed(42)) };
    group.bench_function("compare", |b| {
        b.iter(|| compare(black_box(&base), black_box(&head), &settings).unwrap());
    });
    let samples = |d: &Dataset| -> Vec<Sample> {
        d.series
            .iter()
            .map(|s| match &s.observations {
                tailproof_core::Observations::Raw(raw) => raw.sample.clone(),
                _ => unreachable!("made above"),
            })
            .collect()
    };
    let (x, y) = (samples(&base), samples(&head));
    group.bench_function("welch_t_alone", |b| {
        b.iter(|| x.iter().zip(&y).filter_map(|(x, y)| welch(x, y).ok()).count());
    });
    group.finish();
}

fn long_history(c: &mut Criterion) {
    let mut group = c.benchmark_group("history/10000_points");
    let mut values = lognormal(10_000, Seed(1));
    for value in &mut values[6_000..] {
        *value *= 1.2;
    }
    let history_of = series("time", values);
    let settings = HistorySettings::new(Seed(42));
    group.bench_function("divisive", |b| {
        b.iter(|| history(black_box(&history_of), &settings).unwrap());
    });
    group.finish();
}

fn process(c: &mut Criterion) {
    let mut group = c.benchmark_group("process");
    let folder = samples::folder().join("criterion").join("v0.8-layout");
    group.bench_function("compare_two_criterion_folders", |b| {
        b.iter(|| {
            let at = |name: &str| format!("{}@{name}", folder.display());
            let output = Command::new(program::tailproof())
                .args(["compare", &at("base"), &at("new"), "--advisory"])
                .output()
                .unwrap();
            assert!(output.status.success());
        });
    });
    group.finish();
}

criterion_group! {
    name = gate;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4));
    targets = many, long_history, process
}
criterion_main!(gate);
