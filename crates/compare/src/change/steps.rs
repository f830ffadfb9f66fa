use tailproof_core::{Ecdf, Level, Rank, Sample};

use super::known;

/// Observations in ascending order as distinct values with cumulative counts; those below the
/// first count and above the last are only known to lie there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Steps {
    n: u64,
    below: u64,
    /// A value, and the rank of its last observation.
    values: Vec<(f64, u64)>,
}

impl Steps {
    pub(super) fn of(sample: &Sample) -> Self {
        let mut values: Vec<(f64, u64)> = Vec::with_capacity(sample.len());
        for (&x, rank) in sample.sorted().iter().zip(1..) {
            match values.last_mut() {
                Some(last) if last.0 == x => last.1 = rank,
                _ => values.push((x, rank)),
            }
        }
        Self { n: sample.len() as u64, below: 0, values }
    }

    pub(super) fn of_ecdf(ecdf: &Ecdf) -> Self {
        let mut rank = ecdf.below();
        let values = ecdf
            .atoms()
            .iter()
            .map(|&(x, count)| {
                rank += count;
                (x, rank)
            })
            .collect();
        Self { n: ecdf.n(), below: ecdf.below(), values }
    }

    pub(super) const fn n(&self) -> u64 {
        self.n
    }

    /// The order statistic of a rank from 1; infinite among the censored.
    pub(super) fn at(&self, rank: u64) -> f64 {
        if rank <= self.below {
            return f64::NEG_INFINITY;
        }
        let at = self.values.partition_point(|v| v.1 < rank);
        self.values.get(at).map_or(f64::INFINITY, |v| v.0)
    }

    /// Distinct values with the ranks of their first and last observation.
    pub(super) fn spans(&self) -> impl Iterator<Item = (f64, u64, u64)> + '_ {
        self.values.iter().enumerate().map(|(i, &(x, last))| (x, self.before(i) + 1, last))
    }

    fn before(&self, i: usize) -> u64 {
        if i == 0 { self.below } else { self.values[i - 1].1 }
    }

    /// Rank of the first observation above a limit.
    pub(super) fn first_above(&self, limit: f64) -> Option<u64> {
        let rank = self.before(self.values.partition_point(|v| v.0 <= limit)) + 1;
        (rank <= self.n).then_some(rank)
    }

    /// Rank of the last observation below a limit.
    pub(super) fn last_below(&self, limit: f64) -> Option<u64> {
        let rank = self.before(self.values.partition_point(|v| v.0 < limit));
        (rank > 0).then_some(rank)
    }

    /// Every τ-th observation in order of size, for `τ > 1`.
    pub(super) fn thinned(&self, tau: f64) -> Self {
        let kept = ((self.n as f64 / tau) as u64).max(1);
        let step = self.n as f64 / kept as f64;
        let mut thin = Self { n: kept, below: 0, values: Vec::new() };
        for i in 0..kept {
            match self.at(((i as f64 + 0.5) * step) as u64 + 1) {
                f64::NEG_INFINITY => thin.below += 1,
                f64::INFINITY => break,
                x => match thin.values.last_mut() {
                    Some(last) if last.0 == x => last.1 = i + 1,
                    _ => thin.values.push((x, i + 1)),
                },
            }
        }
        thin
    }
}

/// Where every observation of a side lies at least and at most; the same where values are known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bracket {
    pub(super) low: Steps,
    pub(super) high: Steps,
}

impl Bracket {
    pub(super) fn known(steps: Steps) -> Self {
        Self { high: steps.clone(), low: steps }
    }

    pub(super) const fn n(&self) -> u64 {
        self.low.n()
    }

    /// Bounds of a quantile whose ends each hold at `end`.
    pub(super) fn bounds(&self, p: Rank, end: Level) -> (f64, f64) {
        let (low, high) = known::ranks(self.n(), p, end);
        (
            low.map_or(f64::NEG_INFINITY, |r| self.low.at(r)),
            high.map_or(f64::INFINITY, |r| self.high.at(r)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_order_statistics() {
        let ecdf = Ecdf::new(vec![(1.0, 2), (2.0, 3), (5.0, 1)], 1, 2).unwrap();
        let steps = Steps::of_ecdf(&ecdf);
        for rank in 1..=ecdf.n() {
            assert_eq!(steps.at(rank), ecdf.order_statistic(rank), "{rank}");
        }
        assert_eq!((steps.first_above(1.0), steps.last_below(2.0)), (Some(4), Some(3)));
        assert_eq!((steps.first_above(5.0), steps.last_below(1.0)), (Some(8), Some(1)));
        assert_eq!(steps.spans().nth(1), Some((2.0, 4, 6)));
        let sample = Sample::new(vec![2.0, 1.0, 2.0]).unwrap();
        let listed = Ecdf::new(vec![(1.0, 1), (2.0, 2)], 0, 0).unwrap();
        assert_eq!(Steps::of(&sample), Steps::of_ecdf(&listed));
    }

    #[test]
    fn thinning_keeps_the_shape() {
        let ecdf = Ecdf::new((0..100).map(|i| (f64::from(i), 1)).collect(), 10, 90).unwrap();
        let thin = Steps::of_ecdf(&ecdf).thinned(2.0);
        assert_eq!((thin.n(), thin.below), (100, 5));
        assert_eq!((thin.at(5), thin.at(56)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!((thin.at(30) - 50.0).abs() <= 2.0);
    }
}
