use std::io;

/// Why an input could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// Nothing was named.
    #[error("no input: name a file, or - for standard input")]
    NoInput,
    /// The file could not be opened or read.
    #[error("{file}: {source}")]
    Io {
        /// File name.
        file: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The name is a directory.
    #[error("{0}: is a directory, name the files in it")]
    Directory(String),
    /// A folder has no results of the baseline that was named.
    #[error("{folder}: no criterion baseline {wanted:?}; there is: {have}")]
    MissingBaseline {
        /// The folder.
        folder: String,
        /// The baseline asked for.
        wanted: String,
        /// What there is.
        have: String,
    },
    /// Folders inside one another without end.
    #[error("{folder}: more than {deepest} folders deep; is it a link that leads back?")]
    TooDeep {
        /// The folder.
        folder: String,
        /// Most folders inside one another.
        deepest: usize,
    },
    /// A folder of too many files.
    #[error("{folder}: holds more than {most} files")]
    TooManyFiles {
        /// The folder.
        folder: String,
        /// Most files.
        most: usize,
    },
    /// There is no byte, or nothing but blank lines and headings.
    #[error("{0}: is empty of measurements: no numbers under a heading, or no rows")]
    Empty(String),
    /// Not text.
    #[error("{0}: is binary, not text of measurements; see tailproof import --help")]
    Binary(String),
    /// A format whose reader is not part of this build.
    #[error("{file}: is {what}, which this build cannot read; build it with --features parquet")]
    NotBuilt {
        /// File name.
        file: String,
        /// The format, with its article.
        what: &'static str,
    },
    /// Text of no known format.
    #[error(
        "{file}: format not recognised ({hint}); name it with --format \
         (tailproof import --help lists them)"
    )]
    Unknown {
        /// File name.
        file: String,
        /// What was seen.
        hint: String,
    },
    /// A cell or value that does not fit.
    #[error("{file}, {}column {column}: {problem}, got {value:?}", line_text(*line))]
    Cell {
        /// File name.
        file: String,
        /// Line, from 1; 0 inside a JSON document, where the column says which element.
        line: u64,
        /// Heading, key or position.
        column: String,
        /// The text.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A line that does not fit.
    #[error("{file}{}: {problem}", line_end(*line))]
    Line {
        /// File name.
        file: String,
        /// Line, from 1; 0 where the file as a whole does not fit.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A wanted column is not there.
    #[error("{file}: no column matches {wanted:?}; there is: {have}")]
    MissingColumn {
        /// File names.
        file: String,
        /// The metric asked for.
        wanted: String,
        /// What there is.
        have: String,
    },
    /// A column named as a label is not there.
    #[error("{file}: no column {label:?} to be a label; there is: {have}")]
    MissingLabel {
        /// File name.
        file: String,
        /// The label asked for.
        label: String,
        /// The columns.
        have: String,
    },
    /// Two inputs with the same content: counting observations twice is no measurement.
    #[error("{0} and {1} have the same content; every observation would count twice")]
    SameContent(String, String),
    /// Units that contradict each other.
    #[error("{file}: {metric} is in {have}, but {said} says {other}")]
    UnitConflict {
        /// File name.
        file: String,
        /// Metric.
        metric: String,
        /// Unit in the file.
        have: String,
        /// Who says otherwise.
        said: &'static str,
        /// The other unit.
        other: String,
    },
    /// Too many label sets to be labels.
    #[error(
        "{file}, line {line}: the text columns {columns} make more than {limit} label sets; \
         say which of them are labels with --labels NAME,… (or --labels none)"
    )]
    TooManySeries {
        /// File name.
        file: String,
        /// Line, from 1.
        line: u64,
        /// The text columns.
        columns: String,
        /// Most label sets.
        limit: usize,
    },
}

/// Most names that a message lists.
const MOST_LISTED: usize = 20;

/// Names one after another, the first of them when there are many.
pub(crate) fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let first: Vec<T> = names.by_ref().take(MOST_LISTED).collect();
    let mut text = first.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    let more = names.count();
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

fn line_end(line: u64) -> String {
    if line == 0 { String::new() } else { format!(", line {line}") }
}

fn line_text(line: u64) -> String {
    if line == 0 { String::new() } else { format!("line {line}, ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(["a", "b"]), "a, b");
        let text = listed((0..25).map(|i| i.to_string()));
        assert!(text.ends_with("18, 19 and 5 more"), "{text}");
    }
}
