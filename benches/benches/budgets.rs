//! The four budgets that `cargo xtask validate` holds: 200 samples of one call each.
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks are not an interface")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use tailproof_benches::{lognormal, series};
use tailproof_compare::{Settings as CompareSettings, regression};
use tailproof_core::{Dataset, Objective, Seed};
use tailproof_reporting::{Evidence, html, markdown};
use tailproof_slo::{Settings, add_exhibits, judge};

fn budgets(c: &mut Criterion) {
    let mut group = c.benchmark_group("budgets");
    // Flat sampling with a tiny time budget makes every sample a single call.
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(200)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1));
    let one = |n: usize, seed| Dataset {
        series: vec![series("latency", lognormal(n, Seed(seed)))],
        ..Dataset::default()
    };
    let p95: Vec<Objective> = vec!["latency: p95 <= 150ms".parse().unwrap()];

    let drawn = Settings::new(Seed(42)).resamples(NonZeroU32::new(10_000).unwrap());
    let data = one(10_000, 1);
    group.bench_function("bootstrap", |b| {
        b.iter_batched_ref(
            || Dataset { series: data.series.clone(), ..Dataset::default() },
            |d| judge(black_box(d), &p95, &drawn),
            BatchSize::PerIteration,
        );
    });

    let (x, y) = (lognormal(10_000, Seed(1)), lognormal(10_000, Seed(2)));
    let settings = CompareSettings::new(Seed(42));
    group.bench_function("regression", |b| {
        b.iter_batched_ref(
            || (series("latency", x.clone()), series("latency", y.clone())),
            |(x, y)| regression(black_box(x), black_box(y), &settings),
            BatchSize::PerIteration,
        );
    });

    let large = one(1_000_000, 1);
    let all: Vec<Objective> =
        ["p95 <= 150ms", "p99 <= 150ms", "p99.9 <= 150ms", "rate(<= 150ms) >= 99.9%"]
            .iter()
            .map(|t| t.parse().unwrap())
            .collect();
    group.bench_function("slo_check", |b| {
        b.iter_batched_ref(
            || Dataset { series: large.series.clone(), ..Dataset::default() },
            |d| judge(black_box(d), &all, &Settings::new(Seed(42))),
            BatchSize::PerIteration,
        );
    });

    let many = Dataset {
        series: (0..100).map(|i| series(&format!("m{i}"), lognormal(1_000, Seed(i)))).collect(),
        ..Dataset::default()
    };
    let any: Vec<Objective> = vec!["p95 <= 150ms".parse().unwrap()];
    let mut judged = judge(&many, &any, &Settings::new(Seed(42))).unwrap();
    add_exhibits(&many, judged.answered(&any));
    let evidence = Evidence::new("budgets", judged.findings);
    group.bench_function("report", |b| {
        b.iter_batched(
            || (),
            |()| {
                let evidence = black_box(&evidence);
                (evidence.to_json(), markdown(evidence), html(std::slice::from_ref(evidence)))
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(all, budgets);
criterion_main!(all);
