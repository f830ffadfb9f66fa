//! Peak memory: of reading a wide file, and of calls of the libraries.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tailproof_tests::program;

/// One column of twenty is judged: at most 24 bytes a value and 64 MiB.
#[test]
fn a_wide_file_costs_its_wanted_column_only() {
    const ROWS: usize = 1_000_000;
    let mut child = Command::new(program::tailproof())
        .args(["validate", "-", "--objective", "latency: p95 <= 9ms"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut stdin = child.stdin.take().unwrap();
    let others = (1..20).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",");
    writeln!(stdin, "latency_ms,{others}").unwrap();
    let mut chunk = String::new();
    for block in 0..ROWS / 1_000 {
        chunk.clear();
        for i in 0..1_000 {
            let x = (block * 1_000 + i).wrapping_mul(2_654_435_761) % 8_191;
            write!(chunk, "{}.{}", x % 8, x).unwrap();
            for c in 1..20 {
                write!(chunk, ",{}", x % (c + 7)).unwrap();
            }
            chunk.push('\n');
        }
        stdin.write_all(chunk.as_bytes()).unwrap();
    }
    drop(stdin);
    // The high-water mark only rises; the last reading before the end counts.
    let mut peak_kib = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status)
            && let Some(line) = text.lines().find(|l| l.starts_with("VmHWM:"))
        {
            peak_kib = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        }
        if let Some(end) = child.try_wait().unwrap() {
            assert_eq!(end.code(), Some(0));
            break;
        }
    }
    let allowed_kib = 24 * ROWS / 1_024 + 64 * 1_024;
    assert!(
        (8 * ROWS / 1_024..=allowed_kib).contains(&peak_kib),
        "{peak_kib} KiB, allowed {allowed_kib}"
    );
}

/// Bytes that a call adds to the peak for each value more of a sample.
fn bytes_a_value(call: &str, threads: u32) -> f64 {
    // Two sizes, so that stacks, tables and what the allocator keeps cancel.
    const SIZES: [u32; 2] = [1_000_000, 3_000_000];
    let [small, large] = SIZES.map(|n| {
        let output = Command::new(env!("CARGO_BIN_EXE_peak"))
            .args([call, &n.to_string()])
            .env("RAYON_NUM_THREADS", threads.to_string())
            .output()
            .unwrap();
        assert!(output.status.success(), "{call}: {output:?}");
        let kib: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        kib * 1_024.0
    });
    (large - small) / f64::from(SIZES[1] - SIZES[0])
}

/// What the kernel, which counts pages in batches, may add to a value.
const SLACK: f64 = 1.0;

/// A value takes 8 bytes; calls on two samples are allowed both.
#[test]
fn exact_methods_allocate_no_more_than_the_data_once_more() {
    for (call, data) in
        [("quantile", 8.0), ("median", 8.0), ("ratio", 16.0), ("mann_whitney", 16.0)]
    {
        let bytes = bytes_a_value(call, 2);
        assert!(bytes <= data + SLACK, "{call}: {bytes} bytes a value, the data take {data}");
    }
}

/// More than the data once more: sorted values, distinct ones with counts, deviations with
/// shares.
#[test]
fn the_law_of_a_mean_allocates_five_times_the_data() {
    let bytes = bytes_a_value("mean", 1);
    assert!(bytes <= 40.0 + SLACK, "{bytes} bytes a value");
}

#[test]
fn the_general_bootstrap_has_a_buffer_a_thread() {
    for threads in [1, 4] {
        let bytes = bytes_a_value("bootstrap", threads);
        let buffers = 8.0 * f64::from(threads);
        let allowed = 8.0 - SLACK..=buffers + SLACK;
        assert!(allowed.contains(&bytes), "{threads} threads: {bytes} bytes a value");
    }
}
