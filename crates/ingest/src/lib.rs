//! Reads performance measurements into [`tailproof_core::Dataset`]s.
//!
//! | Question                                  | Item                |
//! | ----------------------------------------- | ------------------- |
//! | What is in these files?                   | [`read`]            |
//! | Which columns, in which units?            | [`Options`], [`Wanted`] |
//! | What does a path or a folder hold?        | [`inputs`], [`baselines`] |
//! | Which formats are understood?             | [`Format`]          |
//! | How is a data set written down?           | [`write()`]         |
//! | On what machine does this run?            | [`environment`]     |
//!
//! ```
//! use tailproof_ingest::{Input, Options, read};
//!
//! let text = "run,latency_ms\n1,12.5\n1,11.9\n2,14.0\n";
//! let data = read(vec![Input::from_bytes("demo.csv", text)], &Options::default())?;
//! let series = &data.series[0];
//! assert_eq!((series.name().as_str(), series.runs()), ("latency", 2));
//! assert_eq!(series.metric.unit.as_ref().unwrap().to_string(), "ms");
//! # Ok::<(), tailproof_ingest::IngestError>(())
//! ```
//!
//! Formats are found by content. Files are read as a stream and hashed on the way; only the
//! columns that are wanted are kept. What cannot be read as a person means it is an error
//! that names file, line, column and value; nothing is dropped silently.

mod builder;
mod canonical;
mod decimal;
mod error;
mod folder;
mod format;
mod growing;
mod host;
mod input;
mod options;
mod timestamp;

pub use canonical::write;
pub use error::IngestError;
pub use folder::{baselines, inputs};
pub use format::Format;
pub use host::{environment, host};
pub use input::{COMPANION, Input};
pub use options::{Options, Wanted};

use std::collections::BTreeSet;

use tailproof_core::{Dataset, Source};

/// Hashes a file that is no data, such as a configuration.
///
/// # Errors
/// The file cannot be read, is empty or binary.
pub fn source(path: &std::path::Path, format: &str) -> Result<Source, IngestError> {
    let input = Input::from_path(path);
    let name = input.name().to_owned();
    let (sha256, bytes) = input.open()?.finish()?;
    Ok(Source { name, sha256, bytes, format: format.to_owned() })
}

/// Reads inputs into one data set: one series per metric and label set.
///
/// Series of several inputs with the same metric and labels are merged; without a run
/// column each input is a run of its own. With a time column observations are sorted by
/// time; without one a single input counts as being in the order taken unless it is sorted,
/// and a merger of several has no order.
///
/// The sources are the inputs, then the files that were read beside them ([`COMPANION`]): a
/// folder made of these alone reads the same.
///
/// # Errors
/// Input that cannot be read, or not as numbers; see [`IngestError`].
pub fn read(inputs: Vec<Input>, options: &Options) -> Result<Dataset, IngestError> {
    if inputs.is_empty() {
        return Err(IngestError::NoInput);
    }
    // A folder is one run, and so is a file that is named by itself.
    let mut groups: Vec<Option<String>> = Vec::new();
    let runs: Vec<usize> = inputs
        .iter()
        .map(|input| {
            let group = input.group().map(str::to_owned);
            let known = group.as_ref().and(groups.iter().position(|g| *g == group));
            known.unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            })
        })
        .collect();
    let mut builder = builder::Builder::new(options, groups.len() > 1);
    let (mut sources, mut companions): (Vec<Source>, Vec<Source>) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashMap::new();
    for (input, run) in inputs.into_iter().zip(runs) {
        let (name, labels) = (input.name().to_owned(), input.labels().to_vec());
        let notes = input.notes().to_vec();
        companions.extend_from_slice(input.companions());
        let grouped = input.group().is_some();
        let mut opened = input.open()?;
        let format = match options.format {
            Some(format) => format,
            None => format::detect(&name, opened.head())?,
        };
        builder.start(run, &name, labels);
        for note in notes {
            builder.note(note);
        }
        (format.reader())(&mut opened, &mut builder)?;
        let described = opened.described();
        let (sha256, bytes) = opened.finish()?;
        let source = Source { name, sha256, bytes, format: format.name().to_owned() };
        // Files of a folder speak of different benchmarks and may be equal.
        if let Some(same) = seen.insert(sha256, sources.len()).filter(|_| !grouped) {
            return Err(IngestError::SameContent(sources[same].name.clone(), source.name));
        }
        sources.push(source);
        companions.extend(described.map(|beside| beside.source.clone()));
    }
    // One description may serve many files, and may be equal to another.
    let mut names: BTreeSet<String> = sources.iter().map(|s| s.name.clone()).collect();
    companions.retain(|companion| names.insert(companion.name.clone()));
    sources.append(&mut companions);
    builder.finish(sources)
}
