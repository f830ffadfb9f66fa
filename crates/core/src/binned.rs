use crate::{Ecdf, EcdfError};

/// Which end belongs to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// `(lo, hi]`, as Prometheus' `le`.
    Upper,
    /// `[lo, hi)`.
    Lower,
}

/// Bucketed observations: the values are known only up to their bucket, so that answers
/// are brackets and a pass needs the worse end.
#[derive(Clone, Debug, PartialEq)]
pub struct Binned {
    edges: Vec<f64>,
    counts: Vec<u64>,
    closed: Closed,
}

/// Why a [`Binned`] could not be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BinnedError {
    /// `n` buckets have `n + 1` edges.
    #[error("{counts} buckets need {} edges, got {edges}", counts + 1)]
    Shape {
        /// Edges received.
        edges: usize,
        /// Counts received.
        counts: usize,
    },
    /// Edges must rise and not be NaN.
    #[error("bucket edges must rise: {0} is followed by {1}")]
    NotRising(f64, f64),
    /// No observation, or too many.
    #[error(transparent)]
    Counts(#[from] EcdfError),
}

impl Binned {
    /// Buckets between neighbouring `edges`; the outermost may be infinite.
    ///
    /// # Errors
    /// Counts and edges do not fit together, edges that do not rise, or no observation.
    pub fn new(edges: Vec<f64>, counts: Vec<u64>, closed: Closed) -> Result<Self, BinnedError> {
        if edges.len() != counts.len() + 1 {
            return Err(BinnedError::Shape { edges: edges.len(), counts: counts.len() });
        }
        if let Some(w) = edges.windows(2).find(|w| w[0].is_nan() || w[1].is_nan() || w[0] >= w[1]) {
            return Err(BinnedError::NotRising(w[0], w[1]));
        }
        let binned = Self { edges, counts, closed };
        binned.end(1)?;
        Ok(binned)
    }

    /// Bucket boundaries, one more than buckets.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Observations a bucket.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Which end belongs to a bucket.
    #[must_use]
    pub const fn closed(&self) -> Closed {
        self.closed
    }

    /// Every observation moved to the lower edge of its bucket: the lower end of the bracket.
    #[must_use]
    pub fn lower(&self) -> Ecdf {
        self.end(0).expect("checked when built")
    }

    /// Every observation moved to the upper edge of its bucket: the upper end of the bracket.
    #[must_use]
    pub fn upper(&self) -> Ecdf {
        self.end(1).expect("checked when built")
    }

    fn end(&self, offset: usize) -> Result<Ecdf, EcdfError> {
        let (mut below, mut above, mut atoms) = (0, 0, Vec::new());
        for (i, &count) in self.counts.iter().enumerate() {
            match self.edges[i + offset] {
                f64::NEG_INFINITY => below += count,
                f64::INFINITY => above += count,
                edge => atoms.push((edge, count)),
            }
        }
        Ecdf::new(atoms, below, above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_bracket() {
        let edges = vec![0.0, 0.1, 0.5, f64::INFINITY];
        let b = Binned::new(edges, vec![5, 3, 1], Closed::Upper).unwrap();
        assert_eq!(b.lower().atoms(), [(0.0, 5), (0.1, 3), (0.5, 1)]);
        assert_eq!((b.upper().atoms(), b.upper().above()), (&[(0.1, 5), (0.5, 3)][..], 1));
        assert!(Binned::new(vec![0.0, 0.0], vec![1], Closed::Lower).is_err());
        assert!(Binned::new(vec![0.0], vec![1], Closed::Lower).is_err());
    }
}
