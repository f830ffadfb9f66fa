//! Rows, parts and cards of the unit tests.

use std::collections::BTreeMap;

use tailproof_core::{Class, Dataset, Finding, Level, Provenance, Seed, Subject, Verdict};

use crate::parts::{Part, PartKind};
use crate::row::Row;
use crate::score::{Scorecard, Settings};
use crate::supplied::Supplied;

/// A targets file without data.
pub(crate) fn card(text: &str) -> Scorecard {
    let (data, files) = (Dataset::default(), BTreeMap::new());
    let supplied = Supplied::new(&data, &files);
    let settings = Settings { level: Level::P999, seed: Seed(1) };
    crate::score(&crate::config::parse(text).unwrap(), &supplied, &settings).unwrap()
}

/// A row of a typed value.
pub(crate) fn row(claim: &str, actual: &str, provenance: &str) -> Row {
    let text = format!(
        "[[target]]\nname = \"a\"\nclaim = \"{claim}\"\nactual = \"{actual}\"\n\
         provenance = \"{provenance}\"\n"
    );
    card(&text).rows.remove(0)
}

/// A row with a verdict, met or missed by 30 %.
pub(crate) fn judged(name: &str, critical: bool, verdict: Verdict) -> Row {
    let actual = if verdict == Verdict::Fail { "70/s" } else { "130/s" };
    let mut row = row("value >= 100/s", actual, "measured");
    name.clone_into(&mut row.name);
    row.critical = critical;
    row.finding.verdict = verdict;
    row
}

/// A part with a verdict; a resource has 1 of 8 GB, a budget is used up to 120 %.
pub(crate) fn part(kind: PartKind, verdict: Verdict, provenance: Provenance) -> Part {
    let subject = Subject { metric: "x".to_owned(), ..Subject::default() };
    let mut finding = Finding::new(Class::Slo, subject, "8 GB free", verdict);
    finding.provenance = provenance;
    (finding.estimate, finding.target) = match kind {
        PartKind::Budget | PartKind::Projection => (Some(1.2), Some(1.0)),
        PartKind::Alert => (Some(66.7), Some(14.4)),
        _ => (Some(1.0), Some(8.0)),
    };
    let step = "do something".to_owned();
    Part { kind, name: "x".to_owned(), critical: false, finding, would: None, step }
}
