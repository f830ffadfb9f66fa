use tailproof_core::{Ecdf, Exhibit, Rank, Sample, Series};

use crate::change::{Change, Counted};
use crate::row::{Pair, Row, complete};
use crate::side::{Parts, Side, time};
use crate::two::Two;

/// The values of two sides: all of them, or counts of them with some that are only limits.
pub(super) enum Values<'a> {
    Samples(Pair<'a>),
    Counts([Parts<Counted>; 2]),
}

impl<'a> Values<'a> {
    /// `None` when a side holds no values: buckets, summaries, events.
    pub(super) fn of(two: &Two<'a>) -> Option<Self> {
        let Two { base, candidate, .. } = *two;
        if complete(base).and(complete(candidate)).is_some() {
            return Pair::new(base, candidate).ok().map(Self::Samples);
        }
        let counts = |series: &Series| match Side::of(series)? {
            Side::Counts(parts) if parts.whole.is_known() => Some(parts),
            _ => None,
        };
        Some(Self::Counts([counts(base)?, counts(candidate)?]))
    }

    /// Observations a side.
    fn n(&self) -> [u64; 2] {
        match self {
            Self::Samples(pair) => [pair.x, pair.y].map(|s| s.len() as u64),
            Self::Counts(both) => both.each_ref().map(|c| c.whole.n()),
        }
    }

    /// Observations of the smaller side.
    pub(super) fn least(&self) -> u64 {
        let [x, y] = self.n();
        x.min(y)
    }

    /// The share of observations that failed, a side.
    pub(super) fn failed(&self) -> [f64; 2] {
        match self {
            Self::Samples(_) => [0.0; 2],
            Self::Counts([x, y]) => {
                [x, y].map(|c| c.whole.failed() as f64 / c.whole.n().max(1) as f64)
            }
        }
    }

    /// The distribution function of either side, thinned to what an exhibit holds.
    pub(super) fn steps(&self) -> [Steps; 2] {
        match self {
            Self::Samples(pair) => [pair.x, pair.y].map(|s| Steps::of(s.sorted())),
            Self::Counts(both) => {
                both.each_ref().map(|c| c.whole.values().map(Steps::of_counts).unwrap_or_default())
            }
        }
    }

    /// The runs of either side, each by itself.
    pub(super) fn runs(&self, two: &Two<'_>) -> [Runs<'_>; 2] {
        match self {
            Self::Samples(pair) => {
                [split(pair.x, two.base), split(pair.y, two.candidate)].map(Runs::Samples)
            }
            Self::Counts([x, y]) => [Runs::Counts(&x.runs), Runs::Counts(&y.runs)],
        }
    }

    /// The change of a quantile of observations, and how many independent ones the smaller side
    /// is worth for it. Both are those of the row of that quantile: by the autocorrelation times
    /// of lying below it, which in a tail are longer than in the middle.
    pub(super) fn judged(&self, p: Rank, two: &Two<'_>) -> Option<(Change, f64)> {
        match self {
            Self::Samples(pair) => Some((pair.change(Row::Quantile(p)).ok()?, pair.worth(p))),
            Self::Counts([x, y]) => {
                let (x, y) = (&x.whole, &y.whole);
                let tau = [time(two.base, x.quantile(p)), time(two.candidate, y.quantile(p))];
                let worth = (x.n() as f64 / tau[0]).min(y.n() as f64 / tau[1]);
                Some((Change::counts(x, y, p, tau), worth))
            }
        }
    }
}

/// The runs of a side.
pub(super) enum Runs<'a> {
    Samples(Vec<Sample>),
    Counts(&'a [Counted]),
}

impl Runs<'_> {
    /// A quantile of each run; `None` when that of a run lies among its failures.
    pub(super) fn quantiles(&self, p: Rank) -> Option<Sample> {
        let values = match self {
            Self::Samples(runs) => runs.iter().map(|s| s.quantile(p)).collect(),
            Self::Counts(runs) => runs.iter().map(|c| c.quantile(p)).collect(),
        };
        Sample::new(values).ok()
    }
}

/// The observations of each run; all of them without a run column.
fn split(sample: &Sample, series: &Series) -> Vec<Sample> {
    series.run.as_ref().map_or_else(|| vec![sample.clone()], |run| sample.split(run))
}

/// At most 64 ranks of `1..=n`, ascending, with both ends: half of them equally far apart, half
/// with geometrically fewer observations beyond, so that the tail is as clear as the middle.
fn ranks(n: u64) -> Vec<u64> {
    const HALF: u64 = Exhibit::MAX_POINTS as u64 / 2;
    if n <= 2 * HALF {
        return (1..=n).collect();
    }
    let steps = HALF - 1;
    let even = |i: u64| (u128::from(n - 1) * u128::from(i) / u128::from(steps)) as u64 + 1;
    let far = |i: u64| {
        let beyond = (n as f64).powf(i as f64 / steps as f64).round() as u64;
        n - beyond.saturating_sub(1).min(n - 1)
    };
    let mut ranks: Vec<u64> = (0..HALF).flat_map(|i| [even(i), far(i)]).collect();
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}

/// A distribution function: exact points of it, and how many there would be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Steps {
    /// A value, and the share of observations at most that.
    pub(super) points: Vec<(f64, f64)>,
    /// Distinct values.
    pub(super) all: usize,
}

impl Steps {
    fn of(sorted: &[f64]) -> Self {
        let mut known: Vec<(f64, u64)> = Vec::new();
        for (&x, rank) in sorted.iter().zip(1..) {
            match known.last_mut() {
                Some(last) if last.0 == x => last.1 = rank,
                _ => known.push((x, rank)),
            }
        }
        Self::thinned(&known, sorted.len() as u64)
    }

    /// Failures are beyond the end.
    fn of_counts(ecdf: &Ecdf) -> Self {
        let mut upto = ecdf.below();
        let atoms = ecdf.atoms().iter();
        let known: Vec<(f64, u64)> = atoms
            .map(|&(x, count)| {
                upto += count;
                (x, upto)
            })
            .collect();
        Self::thinned(&known, ecdf.n())
    }

    /// Every value, with the observations up to it, where there are few; else those at the
    /// thinned ranks.
    fn thinned(known: &[(f64, u64)], n: u64) -> Self {
        let upto = known.last().map_or(0, |k| k.1);
        let mut places: Vec<usize> = if known.len() <= Exhibit::MAX_POINTS {
            (0..known.len()).collect()
        } else {
            ranks(upto).into_iter().map(|rank| known.partition_point(|k| k.1 < rank)).collect()
        };
        places.dedup();
        let at = |i: usize| known.get(i).map(|&(x, upto)| (x, upto as f64 / n as f64));
        Self { points: places.into_iter().filter_map(at).collect(), all: known.len() }
    }

    /// Whether steps are left out.
    pub(super) const fn is_thinned(&self) -> bool {
        self.points.len() < self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_hold_both_ends_and_resolve_the_tail() {
        for n in [1, 2, 64, 65, 1_000, 10_000, u64::MAX] {
            let ranks = ranks(n);
            assert!(ranks.len() <= Exhibit::MAX_POINTS, "{n}");
            assert_eq!((ranks[0], *ranks.last().unwrap()), (1, n), "{n}");
            assert!(ranks.windows(2).all(|w| w[0] < w[1]), "{n}");
        }
        let beyond = ranks(10_000).into_iter().filter(|&r| r > 9_900).count();
        assert!(beyond >= 12, "{beyond}");
    }

    #[test]
    fn steps_are_those_of_the_whole_sample() {
        let sorted: Vec<f64> = (0..10_000).map(|i| f64::from(i / 3)).collect();
        let steps = Steps::of(&sorted);
        assert!(steps.is_thinned() && steps.all == 3_334);
        assert!(steps.points.len() <= 64 && steps.points.last() == Some(&(3_333.0, 1.0)));
        for &(x, y) in &steps.points {
            let upto = sorted.iter().filter(|&&v| v <= x).count();
            assert_eq!(y, upto as f64 / 10_000.0);
        }
        assert_eq!(Steps::of(&[7.0; 9]), Steps { points: vec![(7.0, 1.0)], all: 1 });
        // The same values as counts give steps on the same function.
        let atoms = (0..3_334).map(|i| (f64::from(i), if i == 3_333 { 1 } else { 3 })).collect();
        let counted = Steps::of_counts(&Ecdf::new(atoms, 0, 0).unwrap());
        assert_eq!(counted, steps);
    }

    #[test]
    fn few_values_of_many_observations_are_all_steps() {
        // The only one of its kind would be left out by thinned ranks.
        let mut values = vec![1.0; 5_000];
        values.push(2.0);
        values.extend(std::iter::repeat_n(3.0, 5_000));
        let steps = Steps::of(&values);
        assert!(!steps.is_thinned());
        assert_eq!(steps.points.iter().map(|p| p.0).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
    }
}
