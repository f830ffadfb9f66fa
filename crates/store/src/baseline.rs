//! A baseline: a data set, when and where it was measured.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailproof_core::{Dataset, Environment, Source};
use tailproof_ingest::{Input, Options, read, write};

use crate::store::StoreError;

/// What the file says it is.
const SCHEMA: &str = "baseline/1";

/// A data set to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Its name, which is that of the file.
    pub name: String,
    /// When it was saved, RFC 3339.
    pub created: Option<String>,
    /// The commit it was measured at.
    pub commit: Option<String>,
    /// The machine it was measured on.
    pub environment: Environment,
    /// The measurements; their sources are those of the files they came from.
    pub data: Dataset,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    tailproof: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    environment: Machine,
    sources: Vec<File>,
    /// The lines of the canonical form.
    data: Vec<Value>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Machine {
    cpu: Option<String>,
    cores: Option<u32>,
    os: Option<String>,
    kernel: Option<String>,
    governor: Option<String>,
    limits: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    sha256: String,
    bytes: u64,
    format: String,
}

impl Baseline {
    /// A baseline of which nothing but the data is known.
    #[must_use]
    pub fn new(name: impl Into<String>, data: Dataset) -> Self {
        let environment = Environment::default();
        Self { name: name.into(), created: None, commit: None, environment, data }
    }

    /// The file: one JSON document with a line for each few thousand elements, so that a
    /// difference of two commits shows the series that changed.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut lines = Vec::new();
        write(&self.data, &mut lines).expect("writing to memory does not fail");
        let text = String::from_utf8(lines).expect("JSON is UTF-8");
        let e = self.environment.clone();
        let document = Document {
            tailproof: SCHEMA.to_owned(),
            name: self.name.clone(),
            created: self.created.clone(),
            commit: self.commit.clone(),
            environment: Machine {
                cpu: e.cpu,
                cores: e.cores,
                os: e.os,
                kernel: e.kernel,
                governor: e.governor,
                limits: e.limits,
            },
            sources: self.data.sources.iter().map(File::of).collect(),
            data: Vec::new(),
        };
        let head = serde_json::to_string_pretty(&document).expect("strings and numbers are JSON");
        let head = head.strip_suffix("[]\n}").expect("the data come last and are empty");
        format!("{head}[\n{}\n]}}\n", text.trim_end().replace('\n', ",\n"))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It is no baseline, or of another version.
    pub fn from_json(file: &str, text: &str) -> Result<Self, StoreError> {
        let wrong = |line: usize, problem: String| StoreError::Content {
            file: file.to_owned(),
            line,
            problem,
        };
        let document: Document = serde_json::from_str(text)
            .map_err(|e| wrong(e.line(), format!("no baseline of this version: {e}")))?;
        if document.tailproof != SCHEMA {
            let problem =
                format!("written as {:?}, this version reads {SCHEMA:?}", document.tailproof);
            return Err(wrong(1, problem));
        }
        let lines: Vec<String> = document.data.iter().map(Value::to_string).collect();
        let input = Input::from_bytes(file, lines.join("\n"));
        let mut data = read(vec![input], &Options::default())?;
        data.sources = document
            .sources
            .into_iter()
            .map(|f| f.source().ok_or_else(|| wrong(1, "a SHA-256 has 64 hex digits".to_owned())))
            .collect::<Result<_, _>>()?;
        let m = document.environment;
        Ok(Self {
            name: document.name,
            created: document.created,
            commit: document.commit,
            environment: Environment {
                cpu: m.cpu,
                cores: m.cores,
                os: m.os,
                kernel: m.kernel,
                governor: m.governor,
                limits: m.limits,
            },
            data,
        })
    }
}

impl File {
    fn of(source: &Source) -> Self {
        Self {
            name: source.name.clone(),
            sha256: source.sha256.iter().map(|b| format!("{b:02x}")).collect(),
            bytes: source.bytes,
            format: source.format.clone(),
        }
    }

    fn source(self) -> Option<Source> {
        let mut sha256 = [0; 32];
        if self.sha256.len() != 64 || !self.sha256.is_ascii() {
            return None;
        }
        for (i, byte) in sha256.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&self.sha256[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Source { name: self.name, sha256, bytes: self.bytes, format: self.format })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_reads_back_the_same() {
        let text = "run,endpoint,latency_ms\n1,a,1.5\n1,b,2\n2,a,1.25\n2,b,3e-7\n";
        let data = read(vec![Input::from_bytes("x.csv", text)], &Options::default()).unwrap();
        let mut baseline = Baseline::new("main", data);
        baseline.commit = Some("c0ffee".to_owned());
        baseline.environment.cores = Some(2);
        baseline.environment.limits = vec![("cpu.max".to_owned(), "200000 100000".to_owned())];
        let json = baseline.to_json();
        assert_eq!(Baseline::from_json("main.json", &json).unwrap(), baseline);
        // A series a line.
        assert_eq!(json.lines().filter(|l| l.contains("\"metric\"")).count(), 2);
        for (from, to) in [("baseline/1", "baseline/9"), ("1.5", "\"x\""), ("sources", "sauces")] {
            let error = Baseline::from_json("main.json", &json.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains("main.json"), "{error}");
        }
    }
}
