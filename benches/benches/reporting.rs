//! Reports of many metrics from evidence, judging not counted; and `verify` beside `validate`.
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks are not an interface")]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tailproof_benches::{lognormal, series};
use tailproof_core::{Dataset, Objective, Observations, Raw, Sample, Seed, Series};
use tailproof_reporting::{Evidence, html, markdown};
use tailproof_slo::{Settings, add_exhibits, judge};
use tailproof_tests::program;

/// A metric of 1 000 observations in order of time, so that every picture is drawn.
fn measured(i: usize) -> Series {
    let sample = Sample::new(lognormal(1_000, Seed(i as u64))).unwrap().in_time_order();
    let observations = Observations::Raw(Raw::complete(sample));
    Series { observations, ..series(&format!("service-{i:04}"), vec![1.0]) }
}

/// Evidence of so many metrics, each with its five pictures.
fn evidence(metrics: usize) -> Evidence {
    let data = Dataset { series: (0..metrics).map(measured).collect(), ..Dataset::default() };
    let objectives: Vec<Objective> = vec!["p95 <= 60ms".parse().unwrap()];
    let mut judged = judge(&data, &objectives, &Settings::new(Seed(42))).unwrap();
    add_exhibits(&data, judged.answered(&objectives));
    Evidence::new("bench", judged.findings)
}

fn report(c: &mut Criterion) {
    let mut group = c.benchmark_group("reporting");
    for metrics in [100, 1_000] {
        let evidence = evidence(metrics);
        let pictures: usize = evidence.findings.iter().map(|f| f.exhibits.len()).sum();
        let page = html(std::slice::from_ref(&evidence));
        eprintln!(
            "{metrics} metrics, {pictures} pictures: HTML {} kB, JSON {} kB, Markdown {} kB",
            page.len() / 1_000,
            evidence.to_json().len() / 1_000,
            markdown(&evidence).len() / 1_000
        );
        let id = |what: &str| BenchmarkId::new(what, metrics);
        group.bench_function(id("json"), |b| b.iter(|| black_box(&evidence).to_json()));
        group.bench_function(id("markdown"), |b| b.iter(|| markdown(black_box(&evidence))));
        group.bench_function(id("html"), |b| {
            b.iter(|| html(std::slice::from_ref(black_box(&evidence))));
        });
        group.bench_function(id("all_three"), |b| {
            b.iter(|| {
                let evidence = black_box(&evidence);
                (evidence.to_json(), markdown(evidence), html(std::slice::from_ref(evidence)))
            });
        });
    }
    group.finish();
}

/// `verify` with data beside the `validate` that made the evidence, as processes.
fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("process");
    for n in [10_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let rows: String = lognormal(n, Seed(1)).iter().map(|x| format!("{x:.3}\n")).collect();
        std::fs::write(folder.path().join("latency.csv"), format!("latency_ms\n{rows}")).unwrap();
        let run = |arguments: &[&str]| {
            let mut command = Command::new(program::tailproof());
            let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        let made = "service_performance_bootstrap_validation.json";
        let claim = "latency: p95 <= 150ms";
        let validate = ["validate", "latency.csv", "-o", claim, "--artifacts", "."];
        group.bench_function(BenchmarkId::new("validate_with_evidence", n), |b| {
            b.iter(|| run(&validate));
        });
        assert!(Path::new(&folder.path().join(made)).is_file());
        group.bench_function(BenchmarkId::new("verify", n), |b| {
            b.iter(|| run(&["verify", made, "latency.csv"]));
        });
    }
    group.finish();
}

criterion_group! {
    name = reporting;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4));
    targets = report, verify
}
criterion_main!(reporting);
