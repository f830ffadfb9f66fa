//! Findings as reports for people and machines, and as JSON evidence that can be checked.
//!
//! | Question                                     | Item                     |
//! | -------------------------------------------- | ------------------------ |
//! | What is kept of a run?                       | [`Evidence`]             |
//! | The artifact of document 0                   | [`Artifact`]             |
//! | For a terminal, for a pull request           | [`table`], [`markdown`]  |
//! | One page with pictures                       | `html` (feature `html`)  |
//! | A plot alone                                 | `svg` (`html`), `png` (`png`) |
//! | Test results, gauges                         | `junit`, `openmetrics` (features of these names) |
//! | A row for every finding                      | [`csv()`]                |
//! | For code-scanning pages and changes          | [`sarif()`], [`github`], [`gitlab`] |
//! | Several runs of a component                  | [`together`]             |
//! | A document around findings, such as a scorecard | [`Page`]              |
//! | The same as the files of an archive          | [`archive()`]            |
//! | The hash that evidence carries               | [`seal()`], [`computed_hash`], [`strict`] |
//! | Who made it?                                 | `PrivateKey`, `sign`, `Envelope` (`sign`) |
//! | Is it whole, and does it follow from the data? | `examine`, `match_inputs`, `compare_again` (`sign`) |
//! | What does its JSON look like?                | `schema`, `artifact_schema` (`schema`) |
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

mod atomic;
#[cfg(feature = "sign")]
mod attest;
mod common;
mod evidence;
mod layout;
mod output;
#[cfg(feature = "plot")]
mod plot;
mod seal;
mod verify;

pub use atomic::write_atomically;
#[cfg(feature = "sign")]
pub use attest::{
    Envelope, EnvelopeError, KeyError, PAYLOAD_TYPE, PREDICATE_TYPE, PrivateKey, PublicKey,
    STATEMENT_TYPE, Signed, pae, sign, statement,
};
pub use common::gating::{Open, Told};
pub use common::text::printable;
pub use evidence::artifact::{
    Artifact, BootstrapValidation, Component, ComponentError, Reporting, StatisticalTesting,
    T4Excellence,
};
pub use evidence::{
    ComparisonSettings, Configuration, Evidence, EvidenceError, HostRecord, InputRecord, Number,
    SCHEMA, Settings, Tool,
};
#[cfg(feature = "schema")]
pub use evidence::{artifact_schema, schema};
pub use layout::grid::Grid;
pub use layout::page::{Block, Page, Section};
pub use layout::trend::together;
pub use output::annotations::{github, gitlab};
pub use output::archive::archive;
pub use output::csv::csv;
#[cfg(feature = "flame")]
pub use output::flame::{differential_flame_graph, flame_graph, flame_picture};
#[cfg(feature = "html")]
pub use output::html::html;
#[cfg(feature = "junit")]
pub use output::junit::junit;
pub use output::markdown::{markdown, markdown_within};
#[cfg(feature = "openmetrics")]
pub use output::openmetrics::openmetrics;
pub use output::sarif::sarif;
pub use output::table::table;
#[cfg(feature = "png")]
pub use plot::{PngError, png};
#[cfg(feature = "plot")]
pub use plot::{svg, svg_document};
pub use seal::{
    computed_hash, evidence_object, recorded_hash, seal, sha256_hex, sha256_of, strict, whole,
};
#[cfg(feature = "sign")]
pub use verify::chain::{Link, links};
pub use verify::difference::{Difference, Differences, differences, expectation, expectations};
#[cfg(feature = "sign")]
pub use verify::examine::{
    Check, EvidenceFile, Examined, GivenFile, Matched, Outcome, compare_again, examine,
    match_inputs,
};
