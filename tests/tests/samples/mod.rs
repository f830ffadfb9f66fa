//! The sample files of every format against the facts that are known of them.

mod benchstat;
mod langbench;
mod load1;
mod load2;
mod rustbench;

use std::collections::BTreeMap;
use std::path::PathBuf;

use tailproof_tests::samples::fixtures;
pub(crate) use tailproof_tests::samples::{Fixture, folder};

/// Folders of a set of samples that other tests look at.
const ELSEWHERE: [&str; 6] = ["cloudwatch", "datadog", "kayenta", "nab", "openslo", "prometheus"];

type Check = fn(&Fixture);

/// The check of each format's folder.
const CHECKS: &[(&str, Check)] = &[
    ("ab-real", rustbench::ab_real),
    ("apachebench", load2::apachebench),
    ("asv", langbench::asv),
    ("bencher-bmf", langbench::bencher_bmf),
    ("benchmarkdotnet", langbench::benchmarkdotnet),
    ("change-points", langbench::change_points),
    ("criterion", rustbench::criterion),
    ("criterion-text", rustbench::criterion_text),
    ("divan", rustbench::divan),
    ("github-action-benchmark", langbench::github_action_benchmark),
    ("go-bench", rustbench::go_bench),
    ("google-benchmark", langbench::google_benchmark),
    ("hdr-histogram", load2::hdr_histogram),
    ("hey", load2::hey),
    ("history-csv", langbench::history_csv),
    ("hyperfine", rustbench::hyperfine),
    ("jmeter", load1::jmeter),
    ("jmh", langbench::jmh),
    ("k6", load1::k6),
    ("libtest-bench", rustbench::libtest_bench),
    ("locust", load1::locust),
    ("oha", load1::oha),
    ("pytest-benchmark", langbench::pytest_benchmark),
    ("vegeta", load1::vegeta),
    ("wrk", load2::wrk),
];

#[test]
fn every_file_is_what_is_known_of_it() {
    let mut wrong: Vec<String> = Vec::new();
    let mut checked: BTreeMap<String, usize> = BTreeMap::new();
    for (format, file) in fixtures() {
        if ELSEWHERE.contains(&format.as_str()) {
            continue;
        }
        let Some((_, check)) = CHECKS.iter().find(|c| c.0 == format) else {
            wrong.push(format!("{format}/{}: no check for this folder", file.name));
            continue;
        };
        let name = file.name.clone();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&file)));
        match outcome {
            Ok(()) => *checked.entry(format).or_default() += 1,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&s| s.to_owned()));
                wrong.push(format!("{format}/{name}: {}", text.unwrap_or_default()));
            }
        }
    }
    println!("files checked: {checked:?}");
    assert!(
        wrong.is_empty(),
        "{} of {} wrong:\n{}",
        wrong.len(),
        checked.values().sum::<usize>() + wrong.len(),
        wrong.join("\n")
    );
}

/// Where the samples lie.
#[allow(dead_code, reason = "used by some of the checks")]
fn root() -> PathBuf {
    folder()
}
