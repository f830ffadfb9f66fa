//! The speed table: each work by size, the obvious loop beside it.
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks are not an interface")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::process::Command;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tailproof_benches::{lognormal, series};
use tailproof_compare::{Settings as CompareSettings, regression};
use tailproof_core::{Dataset, Objective, Rank, Sample, Seed, Series};
use tailproof_hypothesis::mann_whitney;
use tailproof_reporting::{Evidence, markdown};
use tailproof_resampling::{Bootstrap, bootstrap};
use tailproof_slo::{Settings, judge};
use tailproof_tests::{oracle, program};

fn dataset(series: Vec<Series>) -> Dataset {
    Dataset { series, ..Dataset::default() }
}

fn objectives(texts: &[&str]) -> Vec<Objective> {
    texts.iter().map(|t| t.parse().unwrap()).collect()
}

/// A pool of its own, so that a work and its yardstick have the same threads.
fn threads(count: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(count).build().unwrap()
}

/// S1 and S2: gate and exact interval of p95, from unsorted values.
fn validate_p95(c: &mut Criterion) {
    let mut group = c.benchmark_group("slo/validate_p95");
    let p95 = objectives(&["latency: p95 <= 150ms"]);
    for n in [10_000, 1_000_000] {
        let values = lognormal(n, Seed(1));
        let fresh = || dataset(vec![series("latency", values.clone())]);
        let plain = Settings::new(Seed(42));
        group.bench_function(BenchmarkId::new("exact", n), |b| {
            b.iter_batched_ref(fresh, |d| judge(black_box(d), &p95, &plain), BatchSize::LargeInput);
        });
        let drawn = plain.resamples(NonZeroU32::new(10_000).unwrap());
        group.bench_function(BenchmarkId::new("exact_and_10000_replicates", n), |b| {
            b.iter_batched_ref(fresh, |d| judge(black_box(d), &p95, &drawn), BatchSize::LargeInput);
        });
        if n == 10_000 {
            group.bench_function(BenchmarkId::new("plain_loop_10_of_10000_replicates", n), |b| {
                b.iter(|| oracle::bootstrap_quantile(black_box(&values), Rank::P95, Seed(1), 10));
            });
        }
    }
    group.finish();
}

/// S3 and S4: permutations, Mann–Whitney, effects.
fn detect_regression(c: &mut Criterion) {
    let mut group = c.benchmark_group("compare/regression");
    for n in [1_000, 10_000] {
        let (x, y) = (lognormal(n, Seed(1)), lognormal(n, Seed(2)));
        let settings = CompareSettings::new(Seed(42));
        let fresh = || (series("latency", x.clone()), series("latency", y.clone()));
        group.bench_function(BenchmarkId::new("all_tests_10000_permutations", n), |b| {
            b.iter_batched_ref(
                fresh,
                |(x, y)| regression(black_box(x), black_box(y), &settings),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new("plain_loop_10_of_10000_permutations", n), |b| {
            b.iter(|| oracle::permute_mean_difference(black_box(&x), black_box(&y), Seed(1), 10));
        });
    }
    group.finish();
}

/// S5: Mann–Whitney beside one sort of all values; the keys are made outside of the clock.
fn mann_whitney_large(c: &mut Criterion) {
    let mut group = c.benchmark_group("hypothesis/mann_whitney");
    let n = 1_000_000;
    let (x, y) = (lognormal(n, Seed(1)), lognormal(n, Seed(2)));
    let fresh = || (Sample::new(x.clone()).unwrap(), Sample::new(y.clone()).unwrap());
    // Bits of positive numbers are ordered as the numbers are.
    let keys: Vec<u64> = x.iter().chain(&y).map(|v| v.to_bits()).collect();
    for count in [1, 2] {
        let pool = threads(count);
        group.bench_function(BenchmarkId::new(format!("from_unsorted_threads_{count}"), n), |b| {
            b.iter_batched_ref(
                fresh,
                |(x, y)| pool.install(|| mann_whitney(black_box(x), black_box(y))),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new(format!("sort_pooled_threads_{count}"), n), |b| {
            b.iter_batched_ref(
                || keys.clone(),
                |keys| {
                    if count == 1 {
                        keys.sort_unstable();
                    } else {
                        pool.install(|| keys.par_sort_unstable());
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// S6: the general bootstrap of a mean beside a bare loop, one thread, 100 of 10 000 replicates.
fn general_bootstrap(c: &mut Criterion) {
    let mut group = c.benchmark_group("resampling/bootstrap_mean");
    let n = 10_000;
    let values = lognormal(n, Seed(1));
    let sample = Sample::new(values.clone()).unwrap();
    let settings = Bootstrap::new(Seed(42)).replicates(NonZeroU32::new(100).unwrap());
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let pool = threads(1);
    group.bench_function(BenchmarkId::new("100_of_10000_replicates", n), |b| {
        b.iter(|| pool.install(|| bootstrap(black_box(&sample), &settings, mean)));
    });
    group.bench_function(BenchmarkId::new("bare_loop_100_of_10000_replicates", n), |b| {
        b.iter(|| oracle::bootstrap_mean(black_box(&values), Seed(42), 100));
    });
    group.finish();
}

/// S7: compliance of one metric.
fn compliance(c: &mut Criterion) {
    let mut group = c.benchmark_group("slo/compliance");
    let n = 1_000_000;
    let values = lognormal(n, Seed(1));
    let all = objectives(&[
        "latency: p95 <= 150ms",
        "latency: p99 <= 150ms",
        "latency: p99.9 <= 150ms",
        "latency: rate(<= 150ms) >= 99.9%",
    ]);
    let settings = Settings::new(Seed(42));
    group.bench_function(BenchmarkId::new("p95_p99_p999_rate", n), |b| {
        b.iter_batched_ref(
            || dataset(vec![series("latency", values.clone())]),
            |d| judge(black_box(d), &all, &settings),
            BatchSize::LargeInput,
        );
    });
    group.bench_function(BenchmarkId::new("plain_point_estimates", n), |b| {
        b.iter(|| oracle::compliance(black_box(&values), 150.0));
    });
    group.bench_function(BenchmarkId::new("sort_once", n), |b| {
        b.iter_batched(
            || Sample::new(values.clone()).unwrap(),
            |s| s.sorted()[n / 2],
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// S8 without HTML: JSON and Markdown of 100 metrics.
fn report(c: &mut Criterion) {
    let data =
        dataset((0..100).map(|i| series(&format!("m{i}"), lognormal(1_000, Seed(i)))).collect());
    let settings = Settings::new(Seed(42));
    let objectives = objectives(&["p95 <= 150ms"]);
    let mut judged = judge(&data, &objectives, &settings).unwrap();
    tailproof_slo::add_exhibits(&data, judged.answered(&objectives));
    let evidence = Evidence::new("bench", judged.findings);
    c.bench_function("reporting/json_and_markdown/100", |b| {
        b.iter(|| (black_box(&evidence).to_json(), markdown(black_box(&evidence))));
    });
}

/// S10: the whole program on a CSV of 10 000 rows.
fn process(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latency.csv");
    let rows: String = lognormal(10_000, Seed(1)).iter().map(|x| format!("{x:.3}\n")).collect();
    std::fs::write(&path, format!("latency_ms\n{rows}")).unwrap();
    let program = program::tailproof();
    c.bench_function("cli/validate_process/10000", |b| {
        b.iter(|| {
            let mut run = Command::new(program);
            run.arg("validate").arg(&path).args(["--objective", "latency: p95 <= 150ms"]);
            let output = run.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        });
    });
}

criterion_group! {
    name = speed;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4));
    targets = validate_p95, detect_regression, mann_whitney_large, general_bootstrap, compliance,
        report, process
}
criterion_main!(speed);
