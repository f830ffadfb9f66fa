//! The series that single rows belong to, looked up by their labels without allocating.

use std::collections::HashMap;

use tailproof_core::Metric;

use crate::builder::{Builder, Kind};
use crate::error::IngestError;

/// Adds a text to a key; its length keeps a,bc and ab,c apart.
pub(crate) fn key_part(key: &mut Vec<u8>, text: &[u8]) {
    key.extend_from_slice(&(text.len() as u64).to_le_bytes());
    key.extend_from_slice(text);
}

/// Raw series of one metric, by the values of labels whose names stay the same.
#[derive(Default)]
pub(crate) struct ByLabels {
    found: HashMap<Vec<u8>, usize>,
    key: Vec<u8>,
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
            key_part(&mut self.key, value.as_bytes());
        }
        if let Some(&series) = self.found.get(&self.key) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn labels_that_run_together_stay_apart() {
        let options = Options::default();
        let mut builder = Builder::new(&options, false);
        let mut cache = ByLabels::default();
        let mut find = |a: &str, b: &str| {
            let labels = [("a", a), ("b", b)];
            cache.series(&mut builder, || Metric::new("m", None), &labels, 1).unwrap().unwrap()
        };
        assert_ne!(find("x\0", "y"), find("x", "\0y"));
        assert_eq!(find("x", "y"), find("x", "y"));
    }
}
