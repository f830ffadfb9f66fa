use crate::{Binned, Ecdf, Sample, Summary};

/// What is known about the observations of a series.
///
/// Element `i` of any kind belongs to `run[i]` and `time[i]` of its [`crate::Series`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Observations {
    /// The values themselves.
    Raw(Raw),
    /// Weighted distributions.
    Atoms(Vec<Ecdf>),
    /// Bucketed values.
    Binned(Vec<Binned>),
    /// What a tool printed instead.
    Summary(Vec<Summary>),
    /// `(good, total)` events.
    Events(Vec<(u64, u64)>),
    /// Pairs, such as prediction and label.
    Pairs(Vec<(f64, f64)>),
}

impl Observations {
    /// Number of elements, each of which may stand for many observations.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Raw(raw) => raw.sample.len(),
            Self::Atoms(v) => v.len(),
            Self::Binned(v) => v.len(),
            Self::Summary(v) => v.len(),
            Self::Events(v) => v.len(),
            Self::Pairs(v) => v.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Raw values, some of which may only be limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// The values; at a censored index the value is the known limit.
    pub sample: Sample,
    above: Vec<u32>,
    below: Vec<u32>,
}

/// Why a [`Raw`] could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("censored index {index} among {len} observations is out of range or repeated")]
pub struct RawError {
    /// The index.
    pub index: u32,
    /// Observations.
    pub len: usize,
}

impl Raw {
    /// Values without censoring.
    #[must_use]
    pub const fn complete(sample: Sample) -> Self {
        Self { sample, above: Vec::new(), below: Vec::new() }
    }

    /// Values of which those at `above` and `below` are only limits.
    ///
    /// # Errors
    /// An index is out of range, or censored twice.
    pub fn censored(
        sample: Sample,
        mut above: Vec<u32>,
        mut below: Vec<u32>,
    ) -> Result<Self, RawError> {
        above.sort_unstable();
        below.sort_unstable();
        let mut all = [above.as_slice(), below.as_slice()].concat();
        all.sort_unstable();
        let len = sample.len();
        let repeated = all.windows(2).find(|w| w[0] == w[1]).map(|w| w[0]);
        let beyond = all.last().copied().filter(|&i| i as usize >= len);
        match repeated.or(beyond) {
            Some(index) => Err(RawError { index, len }),
            None => Ok(Self { sample, above, below }),
        }
    }

    /// Indices of observations known only to lie above their value, ascending.
    #[must_use]
    pub fn above(&self) -> &[u32] {
        &self.above
    }

    /// Indices of observations known only to lie below their value, ascending.
    #[must_use]
    pub fn below(&self) -> &[u32] {
        &self.below
    }

    /// Whether no value is censored.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.above.is_empty() && self.below.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn censored_indices_are_checked() {
        let sample = || Sample::new(vec![1.0, 2.0]).unwrap();
        assert!(Raw::censored(sample(), vec![1], vec![0]).is_ok());
        assert_eq!(Raw::censored(sample(), vec![2], vec![]), Err(RawError { index: 2, len: 2 }));
        assert_eq!(Raw::censored(sample(), vec![0], vec![0]), Err(RawError { index: 0, len: 2 }));
    }
}
