//! How fast files are read: bytes a second of one core, hashing included.
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks are not an interface")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tailproof_benches::lognormal;
use tailproof_core::Seed;
use tailproof_ingest::{Input, Options, read};

/// Bytes of each file.
const BYTES: usize = 64 << 20;

/// Lines made from latencies in ms until the file is long enough; the latencies repeat.
fn file(heading: &str, mut line: impl FnMut(&mut String, usize, f64)) -> String {
    let latencies = lognormal(100_003, Seed(1));
    let mut text = String::with_capacity(BYTES + 1_024);
    text.push_str(heading);
    for (i, &latency) in latencies.iter().cycle().enumerate() {
        if text.len() >= BYTES {
            break;
        }
        line(&mut text, i, latency);
    }
    text
}

fn one_column() -> String {
    file("latency_ms\n", |text, _, x| writeln!(text, "{x:.3}").unwrap())
}

fn labelled() -> String {
    const ENDPOINTS: [&str; 4] = ["/api/search", "/api/login", "/api/index", "/health"];
    file("timestamp,endpoint,latency_ms,status\n", |text, i, x| {
        let (second, endpoint) = (1_700_000_000 + i / 1_000, ENDPOINTS[i % 4]);
        writeln!(text, "{second}.{:03},{endpoint},{x:.3},200", i % 1_000).unwrap();
    })
}

fn calendar() -> String {
    file("timestamp,endpoint,latency_ms,status\n", |text, i, x| {
        let (minute, second) = (i / 60_000 % 60, i / 1_000 % 60);
        let time = format!("2023-11-14T22:{minute:02}:{second:02}.{:03}Z", i % 1_000);
        writeln!(text, "{time},/api/search,{x:.3},200").unwrap();
    })
}

fn k6() -> String {
    file("", |text, i, x| {
        let (minute, second) = (i / 60_000 % 60, i / 1_000 % 60);
        writeln!(
            text,
            "{{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{{\"time\":\
             \"2023-11-14T22:{minute:02}:{second:02}.{:03}Z\",\"value\":{x:.3},\"tags\":{{\
             \"expected_response\":\"true\",\"method\":\"GET\",\"name\":\"http://localhost/api\",\
             \"scenario\":\"default\",\"status\":\"200\"}}}}}}",
            i % 1_000
        )
        .unwrap();
    })
}

fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("ingest/read_64MB");
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    let files = [
        ("csv_one_column", "a.csv", one_column()),
        ("csv_with_labels", "b.csv", labelled()),
        ("csv_with_dates", "c.csv", calendar()),
        ("k6_ndjson", "d.json", k6()),
    ];
    for (name, file, text) in files {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || vec![Input::from_bytes(file, text.clone())],
                |inputs| read(black_box(inputs), &Options::default()).unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
