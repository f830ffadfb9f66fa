use std::collections::BTreeMap;

use crate::{Metric, Observations};

/// Labels of a series, such as `endpoint = search`.
pub type Labels = BTreeMap<String, String>;

/// Observations of one metric under one set of labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What was measured.
    pub metric: Metric,
    /// Under which circumstances.
    pub labels: Labels,
    /// The observations.
    pub observations: Observations,
    /// Run of each element, when the data say.
    pub run: Option<Vec<u32>>,
    /// End of each element's window in nanoseconds since 1970, when the data say.
    pub time: Option<Vec<i64>>,
    /// What each element is marked with, such as the commit it was measured at.
    pub marks: Option<Vec<String>>,
}

/// Why a [`Series`] is not consistent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} has {got} elements, the observations {want}")]
pub struct SeriesError {
    /// `run`, `time` or `marks`.
    pub field: &'static str,
    /// Elements it has.
    pub got: usize,
    /// Elements it should have.
    pub want: usize,
}

impl Series {
    /// A series without labels, runs, times and marks.
    #[must_use]
    pub const fn new(metric: Metric, observations: Observations) -> Self {
        Self { metric, labels: Labels::new(), observations, run: None, time: None, marks: None }
    }

    /// Checks that `run`, `time` and `marks` are as long as the observations.
    ///
    /// # Errors
    /// One of them is not.
    pub fn check(&self) -> Result<(), SeriesError> {
        let want = self.observations.len();
        let lengths = [
            ("run", self.run.as_ref().map(Vec::len)),
            ("time", self.time.as_ref().map(Vec::len)),
            ("marks", self.marks.as_ref().map(Vec::len)),
        ];
        for (field, len) in lengths {
            if let Some(got) = len.filter(|&len| len != want) {
                return Err(SeriesError { field, got, want });
            }
        }
        Ok(())
    }

    /// Number of distinct runs; 1 when the data do not say.
    #[must_use]
    pub fn runs(&self) -> u64 {
        let Some(run) = &self.run else { return 1 };
        let mut ids = run.clone();
        ids.sort_unstable();
        ids.dedup();
        ids.len() as u64
    }

    /// The metric with its labels: `latency{endpoint=search}`.
    #[must_use]
    pub fn name(&self) -> String {
        qualified(&self.metric.name, &self.labels)
    }
}

/// A metric with its labels, `latency{endpoint=search}`; the metric alone without any.
#[must_use]
pub fn qualified(metric: &str, labels: &Labels) -> String {
    if labels.is_empty() {
        return metric.to_owned();
    }
    let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("{metric}{{{}}}", labels.join(","))
}

/// Whether the load generator waits for answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// Requests are sent on schedule, whatever the server does.
    Open,
    /// The next request waits for the last answer: stalls hide (coordinated omission).
    Closed,
}

/// One input, identified by its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name as given, `-` for standard input.
    pub name: String,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// Bytes read.
    pub bytes: u64,
    /// Name of the format it was read as.
    pub format: String,
}

/// What an input held: one series per metric and label set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// The series, in the order in which they appeared.
    pub series: Vec<Series>,
    /// Where they came from.
    pub sources: Vec<Source>,
    /// Whether the load was open or closed loop, when known.
    pub generator: Option<Loop>,
    /// What the reader wants people to know.
    pub notes: Vec<String>,
}
