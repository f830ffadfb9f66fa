//! What the fuzz targets call: every parser, with bytes that mean nothing.

use tailproof_ingest::{Format, Input, Options, write};
use tailproof_reporting::{
    EvidenceFile, PrivateKey, compare_again, computed_hash, examine, html, match_inputs, seal,
    strict,
};

/// Reads bytes as a format, or as whatever they look like; what is read can be written, and
/// reads back the same.
///
/// # Panics
/// A parser does, which is a finding.
pub fn read(format: Option<&str>, data: &[u8]) {
    let format = format.map(|name| Format::by_name(name).expect("a format of this name"));
    let options = Options { format, ..Options::default() };
    let Ok(first) = tailproof_ingest::read(vec![Input::from_bytes("fuzz", data)], &options) else {
        return;
    };
    for series in &first.series {
        series.check().expect("runs, times and marks belong to the observations");
    }
    let mut text = Vec::new();
    write(&first, &mut text).expect("writing to memory does not fail");
    let again = tailproof_ingest::read(vec![Input::from_bytes("again", text)], &Options::default());
    let again = again.expect("what is written can be read");
    assert_eq!(first.series.len(), again.series.len());
}

fn text(data: &[u8], parse: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(data) {
        parse(text);
    }
}

/// The grammar of objectives.
pub fn objective(data: &[u8]) {
    text(data, |t| drop(t.parse::<tailproof_core::Objective>()));
}

/// Objectives in `tailproof.toml`.
pub fn slo_config(data: &[u8]) {
    text(data, |t| drop(tailproof_slo::config::parse(t)));
}

/// OpenSLO documents.
pub fn openslo(data: &[u8]) {
    text(data, |t| drop(tailproof_slo::openslo::parse(t)));
}

/// The table `[compare]`.
pub fn compare_config(data: &[u8]) {
    text(data, |t| drop(tailproof_compare::config::parse(t)));
}

/// Accepted changes.
pub fn accepted(data: &[u8]) {
    text(data, |t| drop(tailproof_store::Accepted::parse(t)));
}

/// Kept baselines.
pub fn baseline_file(data: &[u8]) {
    text(data, |t| drop(tailproof_store::Baseline::from_json("fuzz", t)));
}

/// Published summaries, which are then compared.
pub fn published(data: &[u8]) {
    text(data, |t| {
        if let Ok(pairs) = tailproof_compare::published(t) {
            drop(tailproof_compare::replayed(&pairs));
            let settings = tailproof_compare::Settings::new(tailproof_core::Seed(1));
            drop(tailproof_compare::compare(&pairs.base, &pairs.candidate, &settings));
        }
    });
}

/// Published speed-ups.
pub fn claims(data: &[u8]) {
    text(data, |t| drop(tailproof_compare::speedup::claims::parse(t)));
}

/// Folded stacks.
pub fn profile(data: &[u8]) {
    text(data, |t| drop(tailproof_compare::profile::Profile::parse(t)));
}

/// Evidence.
pub fn evidence(data: &[u8]) {
    text(data, |t| {
        if let Ok(evidence) = tailproof_reporting::Evidence::from_json(t) {
            drop(tailproof_reporting::table(&evidence, Some(80)));
            drop(tailproof_reporting::markdown(&evidence));
            let json = evidence.to_json();
            let again = tailproof_reporting::Evidence::from_json(&json);
            assert!(again.is_ok(), "what is written can be read");
        }
    });
}

/// Evidence and a signature of a stranger: what `verify` does without other files, and a page.
///
/// # Panics
/// One of them does, or a hash is not that of what it was put into, which is a finding.
pub fn verify(data: &[u8]) {
    let key = PrivateKey::from_seed(&[1; 32]).public();
    let file = EvidenceFile { bytes: data, envelope: Some(data), after: Some("before") };
    let examined = examine(&file, Some(&key));
    if let Some(evidence) = &examined.evidence {
        drop(match_inputs(evidence, &[]));
        drop(compare_again(&examined, evidence));
        assert!(html(std::slice::from_ref(evidence)).starts_with("<!doctype html>"));
    }
    text(data, |t| {
        if let Ok(mut document) = strict(t)
            && let Ok(hash) = seal(&mut document)
        {
            assert_eq!(computed_hash(&document).ok(), Some(hash), "the hash leaves itself out");
        }
    });
}
