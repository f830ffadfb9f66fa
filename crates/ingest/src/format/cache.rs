//! The series that single rows belong to, looked up by their labels without allocating.

use std::collections::HashMap;

use tailproof_core::Metric;

use crate::builder::{Builder, Kind};
use crate::error::IngestError;

/// Raw series of one metric, by the values of labels whose names stay the same.
#[derive(Default)]
pub(crate) struct ByLabels {
    found: HashMap<String, usize>,
    key: String,
    /// Set once the metric is found not to be wanted.
    unwanted: bool,
}

impl ByLabels {
    /// The series with these labels; `None` when the metric is not wanted.
    pub(crate) fn series(
        &mut self,
        builder: &mut Builder<'_>,
        metric: fn() -> Metric,
        labels: &[(&str, &str)],
        line: u64,
    ) -> Result<Option<usize>, IngestError> {
        if self.unwanted {
            return Ok(None);
        }
        self.key.clear();
        for (_, value) in labels {
            self.key.push_str(value);
            self.key.push('\0');
        }
        if let Some(&series) = self.found.get(self.key.as_str()) {
            return Ok(Some(series));
        }
        let series = builder.described(metric(), labels, Kind::Raw, line)?;
        match series {
            Some(series) => {
                self.found.insert(self.key.clone(), series);
            }
            None => self.unwanted = true,
        }
        Ok(series)
    }
}
