//! Evidence of every version is read, and what is written is what the schema says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tailproof_core::{ExhibitKind, Verdict};
use tailproof_reporting::{Evidence, SCHEMA, artifact_schema, html, markdown, schema, table};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Names and texts of the kept files of a version of the schema.
fn kept(version: &str) -> Vec<(String, String)> {
    let folder = root().join("tests/data/evidence").join(version);
    let mut files: Vec<(String, String)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|p| {
            (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(p).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// What a document says that a reader of any version needs: claims, verdicts, estimates.
fn facts(evidence: &Evidence) -> Vec<(String, Verdict, Option<f64>)> {
    evidence
        .findings
        .iter()
        .map(|f| (tailproof_reporting::expectation(f), f.verdict.clone(), f.estimate))
        .collect()
}

#[test]
fn every_version_is_read() {
    for (version, least) in [("1", 6), ("2", 5)] {
        let files = kept(version);
        assert!(files.len() >= least, "{version}: {} files", files.len());
        for (name, text) in files {
            let evidence = Evidence::from_json(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(!evidence.findings.is_empty(), "{name}");
            let again = Evidence::from_json(&evidence.to_json()).unwrap();
            assert_eq!(
                Evidence { sha256: None, ..again },
                Evidence { sha256: None, ..evidence.clone() },
                "{name}"
            );
            for text in
                [table(&evidence, None), markdown(&evidence), html(std::slice::from_ref(&evidence))]
            {
                assert!(
                    text.contains(evidence.findings[0].verdict.word()) || name != "validate.json"
                );
            }
        }
    }
}

#[test]
fn pictures_of_version_1_are_drawn_as_plots() {
    let (_, text) = kept("1").into_iter().find(|(name, _)| name == "validate.json").unwrap();
    let evidence = Evidence::from_json(&text).unwrap();
    let ExhibitKind::Plot(plot) = &evidence.findings[0].exhibits[0].kind else { panic!("a plot") };
    assert_eq!(plot.y.label, "share of observations at most x");
    assert_eq!((plot.layers.len(), plot.marks.len()), (1, 0));
    assert_eq!(evidence.configuration, None);
}

#[test]
fn a_later_version_is_refused_with_its_name_and_more_fields_are_not() {
    let (_, text) = kept("2").swap_remove(0);
    let later = text.replace(SCHEMA, "tailproof.evidence/3");
    let error = Evidence::from_json(&later).unwrap_err().to_string();
    assert!(error.contains("evidence/3") && error.contains("newer"), "{error}");
    // Within a version fields may be added: readers pass over what they do not know.
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let evidence = Evidence::from_json(&text).unwrap();
    let object = document.get_mut("evidence").filter(|e| e.is_object());
    let object = match object {
        Some(_) => &mut document["evidence"],
        None => &mut document,
    };
    object["added_later"] = 1.into();
    object["findings"][0]["added_later"] = 1.into();
    let more = Evidence::from_json(&document.to_string()).unwrap();
    assert_eq!(facts(&more), facts(&evidence));
}

#[test]
fn the_published_schemas_are_those_of_this_version() {
    for (file, schema) in [("evidence-2.json", schema()), ("artifact-2.json", artifact_schema())] {
        let path = root().join("docs/schema").join(file);
        let published: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(published, schema, "{file}: run `cargo xtask schema`");
    }
}

#[test]
fn documents_are_what_the_schema_says() {
    let of_evidence = jsonschema::validator_for(&schema()).unwrap();
    let of_artifact = jsonschema::validator_for(&artifact_schema()).unwrap();
    let mut artifacts = 0;
    for (name, text) in kept("2") {
        let document: Value = serde_json::from_str(&text).unwrap();
        let validator = if document.get("evidence").is_some() {
            artifacts += 1;
            &of_artifact
        } else {
            &of_evidence
        };
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        // The schema is not one that everything passes.
        let mut damaged = document.clone();
        let evidence =
            if damaged.get("evidence").is_some() { &mut damaged["evidence"] } else { &mut damaged };
        evidence["findings"][0]["verdict"] = "perhaps".into();
        assert!(!validator.is_valid(&damaged), "{name}");
    }
    assert!(artifacts > 0);
}
