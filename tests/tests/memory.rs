//! Peak memory while a wide file is read.
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
