//! What fuzzing found, and every sample file, through every parser: none may panic.

use std::fs;
use std::path::{Path, PathBuf};

use tailproof_core::Seed;
use tailproof_ingest::{Format, Input, Options, read, write};
use tailproof_reporting::{EvidenceFile, examine, html};
use tailproof_tests::program::root;
use tailproof_tests::samples;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads bytes as every format, and what is read back again.
fn through_every_format(bytes: &[u8]) -> usize {
    let mut understood = 0;
    for format in Format::all().map(Some).chain([None]) {
        let options = Options { format, ..Options::default() };
        let Ok(data) = read(vec![Input::from_bytes("file", bytes)], &options) else { continue };
        understood += 1;
        let mut text = Vec::new();
        write(&data, &mut text).unwrap();
        let again = read(vec![Input::from_bytes("again", text)], &Options::default());
        assert!(again.is_ok(), "{format:?}: {again:?}");
    }
    understood
}

/// Everything that reads text and is no format of measurements.
fn through_every_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(text.parse::<tailproof_core::Objective>());
    drop(tailproof_slo::config::parse(text));
    drop(tailproof_slo::openslo::parse(text));
    drop(tailproof_compare::config::parse(text));
    drop(tailproof_compare::profile::Profile::parse(text));
    drop(tailproof_compare::speedup::claims::parse(text));
    drop(tailproof_store::Accepted::parse(text));
    drop(tailproof_store::Baseline::from_json("file", text));
    drop(tailproof_reporting::Evidence::from_json(text));
    drop(tailproof_reporting::strict(text));
    let file = EvidenceFile { bytes, envelope: Some(bytes) };
    if let Some(evidence) = &examine(&file, None).evidence {
        drop(html(std::slice::from_ref(evidence)));
    }
    if let Ok(pairs) = tailproof_compare::published(text) {
        drop(tailproof_compare::replayed(&pairs));
        let settings = tailproof_compare::Settings::new(Seed(1));
        drop(tailproof_compare::compare(&pairs.base, &pairs.candidate, &settings));
    }
}

#[test]
fn past_findings_stay_mended() {
    let all = files(&root().join("fuzz/findings"));
    assert!(!all.is_empty());
    for path in all {
        let bytes = fs::read(&path).unwrap();
        through_every_format(&bytes);
        through_every_text(&bytes);
    }
}

#[test]
fn every_sample_goes_through_every_parser_whole_and_cut_off() {
    let mut understood = 0;
    for path in files(&samples::folder()) {
        let bytes = fs::read(&path).unwrap();
        understood += through_every_format(&bytes);
        // Half a file is what a full disk leaves.
        through_every_format(&bytes[..bytes.len() / 2]);
        if bytes.len() < 20_000 {
            through_every_text(&bytes);
        }
    }
    assert!(understood > 200, "{understood} readings of a file as a format");
}
