//! Files in the formats that users have, and the facts that are known of them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tailproof_core::{Dataset, Rank, Sample, descriptive};
use tailproof_ingest::{IngestError, Options};

/// A file and its facts.
#[derive(Debug)]
pub struct Fixture {
    /// Where it lies below its folder, with `/`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is known of it.
    pub facts: Value,
}

/// The folder of sample files: `TAILPROOF_SAMPLES`, or the one in the repository.
///
/// # Panics
/// Never: the package is in the workspace.
#[must_use]
pub fn folder() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // Relative to the workspace, from which cargo is called; tests run in their package.
    let root = own.parent().expect("the package is in the workspace");
    std::env::var_os("TAILPROOF_SAMPLES").map_or_else(|| own.join("samples"), |f| root.join(f))
}

/// Every file of `expected.json` with the folder of its format.
///
/// # Panics
/// `expected.json` is missing or no object of files.
#[must_use]
pub fn fixtures() -> Vec<(String, Fixture)> {
    let root = folder();
    let path = root.join("expected.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("reading {}: {e}", path.display()));
    let facts: Map<String, Value> =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    facts
        .into_iter()
        .map(|(file, facts)| {
            let (format, name) = file.split_once('/').expect("a file lies in its format's folder");
            let fixture = Fixture { name: name.to_owned(), path: root.join(&file), facts };
            (format.to_owned(), fixture)
        })
        .collect()
}

/// Reads one file, whatever its format.
///
/// # Errors
/// As [`tailproof_ingest::read`].
pub fn read(path: &Path, options: &Options) -> Result<Dataset, IngestError> {
    tailproof_ingest::read(tailproof_ingest::inputs(path)?, options)
}

impl Fixture {
    /// The data of the file.
    ///
    /// # Panics
    /// It cannot be read.
    #[must_use]
    pub fn read(&self) -> Dataset {
        read(&self.path, &Options::default()).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// Why the file cannot be read.
    ///
    /// # Panics
    /// It can.
    #[must_use]
    pub fn fails(&self) -> String {
        match read(&self.path, &Options::default()) {
            Err(e) => e.to_string(),
            Ok(data) => panic!("{}: read {} series", self.name, data.series.len()),
        }
    }

    /// Asserts that a number is what the facts say.
    ///
    /// # Panics
    /// It is not, to 1e-9 of its size.
    pub fn close(&self, what: &str, got: f64, want: &Value) {
        let want = want.as_f64().unwrap_or_else(|| panic!("{}: {what} is no number", self.name));
        let near = (got - want).abs() <= 1e-9 * want.abs().max(1e-300);
        assert!(near, "{}: {what} is {got}, not {want}", self.name);
    }

    /// Asserts n, min, median, mean, p95, p99 and max of values, as far as the facts have them.
    ///
    /// # Panics
    /// One of them is different, or is of a kind that is not known here.
    pub fn describes(&self, what: &str, values: &[f64], facts: &Value) {
        let sample =
            Sample::new(values.to_vec()).unwrap_or_else(|e| panic!("{}: {what}: {e}", self.name));
        let facts = facts.as_object().unwrap_or_else(|| panic!("{}: {what}", self.name));
        for (key, want) in facts {
            let got = match key.as_str() {
                "n" => sample.len() as f64,
                "min" => sample.range().0,
                "max" => sample.range().1,
                "mean" => descriptive::mean(&sample),
                "median" => sample.quantile(Rank::MEDIAN),
                "p95" => sample.quantile(Rank::P95),
                "p99" => sample.quantile(Rank::P99),
                other => panic!("{}: {what}: no fact is called {other}", self.name),
            };
            // The facts are printed with ten digits.
            let want = want.as_f64().unwrap_or_else(|| panic!("{}: {what}.{key}", self.name));
            let near = (got - want).abs() <= 1e-9 * want.abs() + 1e-12 * sample.range().1.abs();
            assert!(near, "{}: {what}.{key} is {got}, not {want}", self.name);
        }
    }
}
