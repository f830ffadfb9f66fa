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
    /// Indices of observations known only to lie above their value, ascending.
    pub above: Vec<u32>,
    /// Indices of observations known only to lie below their value, ascending.
    pub below: Vec<u32>,
}

impl Raw {
    /// Values without censoring.
    #[must_use]
    pub const fn complete(sample: Sample) -> Self {
        Self { sample, above: Vec::new(), below: Vec::new() }
    }

    /// Whether no value is censored.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.above.is_empty() && self.below.is_empty()
    }
}
