//! Findings as tables, Markdown, and JSON evidence that can be read back.
//!
//! | Question                                     | Item                     |
//! | -------------------------------------------- | ------------------------ |
//! | What is kept of a run?                       | [`Evidence`]             |
//! | The artifact of document 0                   | [`Artifact`]             |
//! | For a terminal, for a pull request           | [`table`], [`markdown`]  |
//! | A document around them, such as a scorecard  | [`Page`]                 |
//! | The same as the files of an archive          | [`archive()`]            |
//! | A row for every finding                      | [`csv()`]                |
//! | For code-scanning pages and changes          | [`sarif()`], [`github`], [`gitlab`] |
//! | A file that is either old or new, never half | [`write_atomically`]     |
//!
//! ```
//! use tailproof_core::{Class, Finding, Subject, Verdict};
//! use tailproof_reporting::{Evidence, markdown};
//!
//! let subject = Subject { metric: "latency".into(), ..Subject::default() };
//! let mut finding = Finding::new(Class::Slo, subject, "p95 <= 150 ms", Verdict::Pass);
//! finding.why = "p95 = 131.2 ms, at most 133.1 ms at 99.9 % vs <= 150 ms: PASS".into();
//! let evidence = Evidence::new("checkout", vec![finding]);
//!
//! let text = evidence.to_json();
//! assert_eq!(Evidence::from_json(&text)?.findings, evidence.findings);
//! assert!(markdown(&evidence).contains("PASS"));
//! # Ok::<(), tailproof_reporting::EvidenceError>(())
//! ```
//!
//! Domain types do not know JSON; the schema lives here and is versioned. JSON has no
//! infinities: they are `"inf"` and `"-inf"`; integers that may exceed 2⁵³ are decimal strings.

mod annotations;
mod archive;
mod artifact;
mod atomic;
#[cfg(feature = "sign")]
mod attest;
mod comparison;
mod csv;
mod difference;
mod evidence;
mod facts;
#[cfg(feature = "flame")]
mod flame;
mod grid;
#[cfg(feature = "html")]
mod html;
#[cfg(feature = "junit")]
mod junit;
mod markdown;
mod matrix;
mod notes;
#[cfg(feature = "openmetrics")]
mod openmetrics;
mod outcome;
mod page;
mod place;
#[cfg(feature = "html")]
mod plot;
mod sarif;
mod seal;
mod table;
mod text;
mod trend;
#[cfg(feature = "sign")]
mod verification;
mod when;
#[cfg(feature = "sign")]
mod wrapper;

pub use annotations::{github, gitlab};
pub use archive::archive;
pub use artifact::{
    Artifact, BootstrapValidation, Component, ComponentError, Reporting, StatisticalTesting,
    T4Excellence,
};
pub use atomic::write_atomically;
#[cfg(feature = "sign")]
pub use attest::{
    Envelope, EnvelopeError, KeyError, PAYLOAD_TYPE, PREDICATE_TYPE, PrivateKey, PublicKey,
    STATEMENT_TYPE, Signed, pae, sign, statement,
};
pub use csv::csv;
pub use difference::{Difference, Differences, differences, expectation, expectations};
pub use evidence::{
    ComparisonSettings, Configuration, Evidence, EvidenceError, HostRecord, InputRecord, Number,
    SCHEMA, Settings, Tool,
};
#[cfg(feature = "schema")]
pub use evidence::{artifact_schema, schema};
#[cfg(feature = "flame")]
pub use flame::{differential_flame_graph, flame_graph, flame_picture};
pub use grid::Grid;
#[cfg(feature = "html")]
pub use html::html;
#[cfg(feature = "junit")]
pub use junit::{Open, junit};
pub use markdown::{markdown, markdown_within};
#[cfg(feature = "openmetrics")]
pub use openmetrics::openmetrics;
pub use page::{Block, Page, Section};
#[cfg(feature = "png")]
pub use plot::{PngError, png};
#[cfg(feature = "html")]
pub use plot::{svg, svg_document};
pub use sarif::sarif;
pub use seal::{
    computed_hash, evidence_object, recorded_hash, seal, sha256_hex, sha256_of, strict,
};
pub use table::table;
pub use text::printable;
pub use trend::together;
#[cfg(feature = "sign")]
pub use verification::{
    Check, EvidenceFile, Examined, GivenFile, Matched, Outcome, compare_again, examine,
    match_inputs,
};
