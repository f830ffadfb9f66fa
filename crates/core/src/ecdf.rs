use crate::Rank;
use crate::quantile::{QuantileType, position};

/// A weighted empirical distribution: distinct values with counts, and how many
/// observations are only known to lie below or above all of them.
///
/// A timeout is *above*: it is never dropped, ranks count it, and a quantile that falls
/// there is "more than the largest value".
#[derive(Clone, Debug, PartialEq)]
pub struct Ecdf {
    atoms: Vec<(f64, u64)>,
    below: u64,
    above: u64,
}

/// Why an [`Ecdf`] could not be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EcdfError {
    /// No observation at all.
    #[error("a distribution needs at least one observation")]
    Empty,
    /// A value is NaN or infinite.
    #[error("value {0} is not finite")]
    NotFinite(f64),
    /// The counts do not fit 64 bits.
    #[error("the counts add up to more than 2^64")]
    TooMany,
}

impl Ecdf {
    /// Sorts the values, merges equal ones and drops empty ones.
    ///
    /// # Errors
    /// No observation, a value that is not finite, or counts beyond 64 bits.
    pub fn new(mut atoms: Vec<(f64, u64)>, below: u64, above: u64) -> Result<Self, EcdfError> {
        if let Some(&(x, _)) = atoms.iter().find(|(x, _)| !x.is_finite()) {
            return Err(EcdfError::NotFinite(x));
        }
        let total = atoms
            .iter()
            .try_fold(below.checked_add(above).ok_or(EcdfError::TooMany)?, |sum, &(_, c)| {
                sum.checked_add(c).ok_or(EcdfError::TooMany)
            })?;
        if total == 0 {
            return Err(EcdfError::Empty);
        }
        atoms.retain(|&(_, c)| c > 0);
        atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
        atoms.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Ok(Self { atoms, below, above })
    }

    /// Distinct values in ascending order with their counts.
    #[must_use]
    pub fn atoms(&self) -> &[(f64, u64)] {
        &self.atoms
    }

    /// Observations known only to lie below every value.
    #[must_use]
    pub const fn below(&self) -> u64 {
        self.below
    }

    /// Observations known only to lie above every value.
    #[must_use]
    pub const fn above(&self) -> u64 {
        self.above
    }

    /// All observations, censored ones included.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.below + self.above + self.atoms.iter().map(|a| a.1).sum::<u64>()
    }

    /// Observations at most `t`; those above are never counted, those below always.
    #[must_use]
    pub fn count_at_most(&self, t: f64) -> u64 {
        self.below + self.atoms.iter().take_while(|a| a.0 <= t).map(|a| a.1).sum::<u64>()
    }

    /// Observations below `t`; those above are never counted, those below always.
    #[must_use]
    pub fn count_below(&self, t: f64) -> u64 {
        self.below + self.atoms.iter().take_while(|a| a.0 < t).map(|a| a.1).sum::<u64>()
    }

    /// The order statistic of rank `r` from 1: −∞ or ∞ among the censored.
    ///
    /// # Panics
    /// `r` is 0 or above [`Ecdf::n`].
    #[must_use]
    pub fn order_statistic(&self, r: u64) -> f64 {
        assert!(1 <= r && r <= self.n(), "rank {r} lies within 1..={}", self.n());
        let mut seen = self.below;
        if r <= seen {
            return f64::NEG_INFINITY;
        }
        for &(x, count) in &self.atoms {
            seen += count;
            if r <= seen {
                return x;
            }
        }
        f64::INFINITY
    }

    /// Type-7 quantile; infinite when it falls among the censored observations.
    #[must_use]
    pub fn quantile(&self, p: Rank) -> f64 {
        let at = position(self.n(), p, QuantileType::Linear);
        at.interpolate(self.order_statistic(at.lower), self.order_statistic(at.upper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn censored_counts_keep_their_ranks() {
        let e = Ecdf::new(vec![(2.0, 1), (1.0, 2), (2.0, 1), (9.0, 0)], 1, 2).unwrap();
        assert_eq!(e.atoms(), [(1.0, 2), (2.0, 2)]);
        assert_eq!((e.n(), e.count_at_most(1.5), e.count_at_most(1e9)), (7, 3, 5));
        assert_eq!(e.order_statistic(1), f64::NEG_INFINITY);
        assert_eq!(e.order_statistic(4), 2.0);
        assert_eq!(e.quantile(Rank::P95), f64::INFINITY);
        assert_eq!(Ecdf::new(vec![], 0, 0), Err(EcdfError::Empty));
        assert_eq!(Ecdf::new(vec![(1.0, u64::MAX)], 1, 0), Err(EcdfError::TooMany));
    }
}
