//! S9: sixty scores to ten areas and a total, in every mode, beside an obvious loop.
#![expect(clippy::needless_pass_by_value, reason = "an array view is a reference")]
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks are not an interface")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::ArrayView2;
use tailproof_benches::{scores, sixty};
use tailproof_core::{
    Dataset, Finding, Level, Metric, NoMemo, Observations, Raw, Sample, Seed, Series, Unit,
};
use tailproof_scorecard::tree::{
    CacheBounds, MemoryCache, Modes, Plan, Streaming, Switch, TreeBootstrap, bootstrap,
    bootstrap_key,
};
use tailproof_scorecard::{Settings, Supplied, config, score};

/// What somebody would write first: loops over areas and dimensions, no checks, no total.
fn obvious(scores: ArrayView2<'_, f64>) -> Vec<[f64; 10]> {
    scores
        .rows()
        .into_iter()
        .map(|row| {
            let mut areas = [0.0; 10];
            for (area, value) in areas.iter_mut().enumerate() {
                let (mut sum, mut weights) = (0.0, 0.0);
                for dimension in 0..6 {
                    let weight = (dimension + 1) as f64;
                    sum += weight * row[6 * area + dimension];
                    weights += weight;
                }
                *value = sum / weights;
            }
            areas
        })
        .collect()
}

/// Every mode; a row of the table is all of a call: validation, result and aggregation.
fn modes(c: &mut Criterion) {
    let tree = sixty();
    let plan = Plan::new(&tree);
    let parallel = Modes { parallel: Switch::On, ..Modes::SERIAL };
    let vectorised = Modes { vectorised: true, ..Modes::SERIAL };
    let memoised = Modes { memoised: true, ..Modes::SERIAL };
    let both = Modes { parallel: Switch::On, ..vectorised };
    for batches in [1, 1_000, 100_000] {
        let mut group = c.benchmark_group(format!("scorecard/aggregate/{batches}"));
        group.throughput(Throughput::Elements(batches as u64));
        let scores = scores(batches, 1_000, Seed(1));
        group.bench_function("obvious_loop", |b| b.iter(|| obvious(black_box(scores.view()))));
        group.bench_function("tree_a_batch", |b| {
            b.iter(|| {
                let rows = black_box(&scores).rows();
                rows.into_iter()
                    .map(|r| tree.aggregate(r.to_slice().unwrap()).unwrap().len())
                    .sum::<usize>()
            });
        });
        for (name, modes) in [
            ("serial", Modes::SERIAL),
            ("parallel", parallel),
            ("vectorised", vectorised),
            ("vectorised_parallel", both),
            ("default", Modes::default()),
        ] {
            group.bench_function(name, |b| {
                b.iter(|| plan.batch(black_box(scores.view()), &modes, &NoMemo).unwrap());
            });
        }
        // Every row is in the cache: the best that it can do.
        let cache = MemoryCache::new(CacheBounds::default());
        plan.batch(scores.view(), &memoised, &cache).unwrap();
        group.bench_function("memoised", |b| {
            b.iter(|| plan.batch(black_box(scores.view()), &memoised, &cache).unwrap());
        });
        group.bench_function("validation_alone", |b| {
            b.iter(|| plan.check(black_box(scores.view()), &Modes::SERIAL).unwrap());
        });
        group.finish();
    }
}

/// Where all threads begin to pay, called from outside of their pool: the sizes around
/// [`Modes::PARALLEL_FROM`]. `cargo xtask ablation` judges the same in interleaved rounds.
fn threshold(c: &mut Criterion) {
    let mut group = c.benchmark_group("scorecard/aggregate_threshold");
    let plan = Plan::new(&sixty());
    for exponent in [-5_i32, -3, -1, 0, 1, 2] {
        let size = (Modes::PARALLEL_FROM as f64 * 2_f64.powi(exponent)) as usize;
        let scores = scores(size / 60, 1_000, Seed(2));
        for (name, parallel) in [("one_thread", Switch::Off), ("all_threads", Switch::On)] {
            let modes = Modes { parallel, ..Modes::default() };
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter(|| plan.batch(black_box(scores.view()), &modes, &NoMemo).unwrap());
            });
        }
    }
    group.finish();
}

/// One changed leaf at a time.
fn streaming(c: &mut Criterion) {
    let mut group = c.benchmark_group("scorecard/streaming");
    let mut streaming = Streaming::new(&sixty(), &[0.5; 60]).unwrap();
    let changes = scores(1_000, 1_000, Seed(3));
    let mut at = 0;
    group.bench_function("set_one_of_60", |b| {
        b.iter(|| {
            at = (at + 61) % changes.len();
            streaming.set(at % 60, changes[[at / 60, at % 60]]).unwrap()
        });
    });
    group.finish();
}

/// 1 000 replicates of sixty leaves with five observations each, and what they are compared
/// with: the aggregation of as many batches, and a key over all of the data.
fn resampling(c: &mut Criterion) {
    let mut group = c.benchmark_group("scorecard/bootstrap_of_a_batch");
    let tree = sixty();
    let observed = scores(5, 5, Seed(4));
    let samples: Vec<Sample> =
        observed.columns().into_iter().map(|leaf| Sample::new(leaf.to_vec()).unwrap()).collect();
    let settings = TreeBootstrap::new(Seed(42));
    group.bench_function("1000_replicates", |b| {
        b.iter(|| bootstrap(&tree, black_box(&samples), &settings).unwrap());
    });
    let (plan, ready) = (Plan::new(&tree), scores(1_000, 1_000, Seed(5)));
    group.bench_function("aggregate_1000_batches", |b| {
        b.iter(|| plan.batch(black_box(ready.view()), &Modes::SERIAL, &NoMemo).unwrap());
    });
    let data: Vec<&[f64]> = samples.iter().map(Sample::values).collect();
    group.bench_function("key_of_the_data", |b| {
        b.iter(|| bootstrap_key(black_box(&data), "percentile", Level::P95, 1_000, Seed(42)));
    });
    group.finish();
}

/// A matrix of a thousand targets: typed, from evidence, and on a thousand series of data.
fn matrix(c: &mut Criterion) {
    const ROWS: usize = 1_000;
    let mut group = c.benchmark_group("scorecard/matrix_of_1000");
    let target = |i: usize, rest: &str| {
        format!("[[target]]\ndomain = \"d{}\"\nclaim = \"m{i}: p50 <= 120ms\"\n{rest}", i % 9)
    };
    let typed: String =
        (0..ROWS).map(|i| target(i, "actual = \"60 ms\"\nprovenance = \"measured\"\n")).collect();
    let asked: String = (0..ROWS).map(|i| target(i, "")).collect();
    let series = |i: usize| {
        let values = (0..100).map(|v| f64::from(v * 7 % 100)).collect();
        let observations = Observations::Raw(Raw::complete(Sample::new(values).unwrap()));
        Series::new(Metric::new(format!("m{i}"), Unit::known("ms")), observations)
    };
    let data = Dataset { series: (0..ROWS).map(series).collect(), ..Dataset::default() };
    let (nothing, files) = (Dataset::default(), BTreeMap::new());
    let settings = Settings { level: Level::P999, seed: Seed(1) };
    let run = |text: &str, data: &Dataset, evidence: &[(String, Vec<Finding>)]| {
        let supplied = Supplied { evidence, ..Supplied::new(data, &files) };
        score(&config::parse(text).unwrap(), &supplied, &settings).unwrap()
    };
    let findings = run(&asked, &data, &[]).rows.into_iter().enumerate().map(|(i, row)| {
        let mut finding = row.finding;
        finding.subject.metric = format!("m{i}");
        finding
    });
    let evidence = [("run.json".to_owned(), findings.collect())];
    group.bench_function("parse_and_score_typed", |b| {
        b.iter(|| run(black_box(&typed), &nothing, &[]));
    });
    group.bench_function("parse_and_score_evidence", |b| {
        b.iter(|| run(black_box(&asked), &nothing, &evidence));
    });
    group.bench_function("parse_and_score_data", |b| b.iter(|| run(black_box(&asked), &data, &[])));
    group.finish();
}

criterion_group! {
    name = aggregation;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    targets = modes, threshold, streaming, resampling, matrix
}
criterion_main!(aggregation);
