use tailproof_core::{Ecdf, Exhibit, Rank, Sample, Series};

use crate::change::{Change, Counted};
use crate::row::complete;
use crate::side::{Parts, Side, time};
use crate::two::Two;

/// The values of two sides: all of them, or counts of them with some that are only limits.
pub(super) enum Values<'a> {
    Samples([&'a Sample; 2]),
    Counts([Parts<Counted>; 2]),
}

impl<'a> Values<'a> {
    /// `None` when a side holds no values: buckets, summaries, events.
    pub(super) fn of(two: &Two<'a>) -> Option<Self> {
        let Two { base, candidate, .. } = *two;
        if let Some((x, y)) = complete(base).zip(complete(candidate)) {
            return Some(Self::Samples([x, y]));
        }
        let counts = |series: &Series| match Side::of(series)? {
            Side::Counts(parts) if parts.whole.is_known() => Some(parts),
            _ => None,
        };
        Some(Self::Counts([counts(base)?, counts(candidate)?]))
    }

    /// Observations of the smaller side.
    pub(super) fn least(&self) -> u64 {
        match self {
            Self::Samples(both) => both.map(|s| s.len() as u64).into_iter().min(),
            Self::Counts(both) => both.iter().map(|c| c.whole.n()).min(),
        }
        .unwrap_or(0)
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
    pub(super) fn steps(&self) -> [Vec<(f64, f64)>; 2] {
        match self {
            Self::Samples(both) => both.map(|s| steps_of(s.sorted())),
            Self::Counts([x, y]) => {
                [x, y].map(|c| c.whole.values().map(steps_of_counts).unwrap_or_default())
            }
        }
    }

    /// Observations that one independent observation takes, a side, as the median has it: an
    /// autocorrelation time of every rank would cost a transform of the whole series each.
    pub(super) fn times(&self, two: &Two<'_>) -> [f64; 2] {
        let middle = match self {
            Self::Samples(both) => both.map(|s| s.quantile(Rank::MEDIAN)),
            Self::Counts([x, y]) => [x, y].map(|c| c.whole.quantile(Rank::MEDIAN)),
        };
        [time(two.base, middle[0]), time(two.candidate, middle[1])]
    }

    /// The runs of either side, each by itself.
    pub(super) fn runs(&self, two: &Two<'_>) -> [Runs<'_>; 2] {
        match self {
            Self::Samples([x, y]) => {
                [split(x, two.base), split(y, two.candidate)].map(Runs::Samples)
            }
            Self::Counts([x, y]) => [Runs::Counts(&x.runs), Runs::Counts(&y.runs)],
        }
    }

    /// The change of a quantile of observations.
    pub(super) fn change(&self, p: Rank, tau: [f64; 2]) -> Change {
        match self {
            Self::Samples([x, y]) => Change::quantiles(x, y, p, tau),
            Self::Counts([x, y]) => Change::counts(&x.whole, &y.whole, p, tau),
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

fn steps_of(sorted: &[f64]) -> Vec<(f64, f64)> {
    let n = sorted.len();
    let mut steps: Vec<(f64, f64)> = Vec::with_capacity(Exhibit::MAX_POINTS);
    for rank in ranks(n as u64) {
        let x = sorted[rank as usize - 1];
        if steps.last().is_none_or(|last| last.0 < x) {
            steps.push((x, sorted.partition_point(|&v| v <= x) as f64 / n as f64));
        }
    }
    steps
}

/// Every value where there are few; else those at the thinned ranks. Failures are beyond the end.
fn steps_of_counts(ecdf: &Ecdf) -> Vec<(f64, f64)> {
    let (n, mut upto) = (ecdf.n(), ecdf.below());
    let known: Vec<(f64, u64)> = ecdf
        .atoms()
        .iter()
        .map(|&(x, count)| {
            upto += count;
            (x, upto)
        })
        .collect();
    let mut places: Vec<usize> = if known.len() <= Exhibit::MAX_POINTS {
        (0..known.len()).collect()
    } else {
        ranks(upto).into_iter().map(|rank| known.partition_point(|k| k.1 < rank)).collect()
    };
    places.dedup();
    let at = |i: usize| known.get(i).map(|&(x, upto)| (x, upto as f64 / n as f64));
    places.into_iter().filter_map(at).collect()
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
        let steps = steps_of(&sorted);
        assert!(steps.len() <= 64 && steps.last() == Some(&(3_333.0, 1.0)));
        for &(x, y) in &steps {
            let upto = sorted.iter().filter(|&&v| v <= x).count();
            assert_eq!(y, upto as f64 / 10_000.0);
        }
        assert_eq!(steps_of(&[7.0; 9]), [(7.0, 1.0)]);
        // The same values as counts give steps on the same function.
        let atoms = (0..3_334).map(|i| (f64::from(i), if i == 3_333 { 1 } else { 3 })).collect();
        let counted = steps_of_counts(&Ecdf::new(atoms, 0, 0).unwrap());
        assert_eq!(counted, steps);
    }
}
