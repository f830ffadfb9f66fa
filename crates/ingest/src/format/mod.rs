//! The formats, and how one is told from another.

mod canonical;
mod criterion;
mod csv;
mod json;
mod lines;

use crate::builder::Builder;
use crate::error::IngestError;
use crate::input::Opened;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Comma- or semicolon-separated values with headings.
    Csv,
    /// Tab-separated values with headings.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// One JSON document: numbers, objects, or an object of lists.
    Json,
    /// One number a line.
    Lines,
    /// Criterion's `sample.json`.
    Criterion,
    /// Tailproof's own.
    Canonical,
}

/// What the format is found by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    /// Name of the file.
    pub(crate) name: &'a str,
    /// Its first 64 KiB.
    pub(crate) text: &'a str,
    /// The first line that is not blank, trimmed.
    pub(crate) first: &'a str,
}

pub(crate) type Reader = fn(&mut Opened, &mut Builder<'_>) -> Result<(), IngestError>;

/// Every format with its name and reader.
pub const FORMATS: [(&str, Format); 7] = [
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("ndjson", Format::Ndjson),
    ("json", Format::Json),
    ("lines", Format::Lines),
    ("criterion", Format::Criterion),
    ("tailproof", Format::Canonical),
];

impl Format {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|f| f.1 == self).expect("every format is listed").0
    }

    /// The format of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        FORMATS.iter().find(|f| f.0 == name).map(|f| f.1)
    }

    pub(crate) fn reader(self) -> Reader {
        match self {
            Self::Csv => csv::read_csv,
            Self::Tsv => csv::read_tsv,
            Self::Ndjson => json::read_lines,
            Self::Json => json::read_document,
            Self::Lines => lines::read,
            Self::Criterion => criterion::read,
            Self::Canonical => canonical::read,
        }
    }
}

/// Finds the format by content.
pub(crate) fn detect(file: &str, head: &[u8]) -> Result<Format, IngestError> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty());
    let Some(first) = lines.next() else { return Err(IngestError::Empty(file.to_owned())) };
    let head = Head { name: file, text: &text, first };
    if canonical::matches(&head) {
        return Ok(Format::Canonical);
    }
    if first.starts_with(['{', '[']) {
        let complete = serde_json::from_str::<serde_json::Value>(first).is_ok();
        let more = lines.next().is_some_and(|l| l.starts_with('{'));
        if first.starts_with('{') && complete && more {
            return Ok(Format::Ndjson);
        }
        let criterion = text.contains("\"iters\"") && text.contains("\"times\"");
        return Ok(if criterion { Format::Criterion } else { Format::Json });
    }
    if first.starts_with('#') || is_number(first) {
        return Ok(Format::Lines);
    }
    if first.contains('\t') {
        return Ok(Format::Tsv);
    }
    // A heading alone, or separated ones.
    if first.contains([',', ';']) || lines.next().is_some_and(is_number) {
        return Ok(Format::Csv);
    }
    // One column of bad numbers is still one column: let its reader say which line is wrong.
    if !first.contains(char::is_whitespace) {
        return Ok(Format::Csv);
    }
    let hint = format!("begins with {:?}", first.chars().take(40).collect::<String>());
    Err(IngestError::Unknown { file: file.to_owned(), hint })
}

pub(crate) fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}
