//! Findings as tables, Markdown, and JSON evidence that can be read back.
//!
//! | Question                                     | Item                     |
//! | -------------------------------------------- | ------------------------ |
//! | What is kept of a run?                       | [`Evidence`]             |
//! | The artifact of document 0                   | [`Artifact`]             |
//! | For a terminal, for a pull request           | [`table`], [`markdown`]  |
//! | A document around them, such as a scorecard  | [`Page`]                 |
//! | The same as the files of an archive          | [`archive()`]            |
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
//! assert_eq!(Evidence::from_json(&text)?, evidence);
//! assert!(markdown(&evidence).contains("PASS"));
//! # Ok::<(), tailproof_reporting::EvidenceError>(())
//! ```
//!
//! Domain types do not know JSON; the schema lives here and is versioned. JSON has no
//! infinities: they are `"inf"` and `"-inf"`; integers that may exceed 2⁵³ are decimal strings.

mod archive;
mod artifact;
mod atomic;
mod comparison;
mod evidence;
#[cfg(feature = "flame")]
mod flame;
mod grid;
mod markdown;
mod matrix;
mod notes;
mod page;
mod table;

pub use archive::archive;
pub use artifact::{
    Artifact, BootstrapValidation, Component, ComponentError, Reporting, StatisticalTesting,
    T4Excellence,
};
pub use atomic::write_atomically;
pub use evidence::{
    ComparisonSettings, Evidence, EvidenceError, InputRecord, Number, SCHEMA, Settings, Tool,
};
#[cfg(feature = "flame")]
pub use flame::{differential_flame_graph, flame_graph};
pub use grid::Grid;
pub use markdown::markdown;
pub use page::{Block, Page, Section};
pub use table::{printable, table};
