use std::borrow::Cow;

use rayon::prelude::*;
use tailproof_core::{Sample, Seed};
use tailproof_resampling::{below, stream};

/// Most observations that are sorted; of larger samples one of every so many is.
const SORTED: usize = 1 << 15;
/// Observations at an end of a larger sample that are found besides, for each that is left out
/// between two others.
const OUTERMOST: usize = 64;
/// Of how many observations one may be 0 or less on a logarithmic axis, where it is not shown.
const NOT_POSITIVE: u64 = 20;
/// How many times something in the middle the largest is, from which on an axis is logarithmic.
pub(super) const SKEWED: f64 = 30.0;

/// Which end of a distribution objectives look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// At least so much.
    Lower,
    /// At most so much.
    Upper,
    /// Both.
    Both,
}

/// A sample as pictures need it, without sorting a large one: places between which to draw,
/// and exact counts at any place.
///
/// Up to 32 768 observations are sorted. Of more, about 16 384 are, one of each group of
/// neighbours, drawn anew in each so that nothing periodic is met at one phase only. That
/// chooses *where* to draw; the outermost ones are found by selection, and what is counted is
/// counted in all of them, in one pass.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    sample: &'a Sample,
    /// All observations or some of them, ascending.
    some: Cow<'a, [f64]>,
    /// The lowest and the highest; empty when `some` are all.
    low: Cow<'a, [f64]>,
    high: Cow<'a, [f64]>,
    /// How many are 0 or less, and the smallest of the others; infinite without others.
    not_positive: u64,
    least: f64,
}

impl<'a> Outline<'a> {
    pub(super) fn of(sample: &'a Sample, tail: Tail) -> Self {
        let n = sample.len();
        if n <= SORTED {
            let (low, high) = (Cow::Borrowed(&[][..]), Cow::Borrowed(&[][..]));
            let some = sample.sorted();
            let not_positive = some.partition_point(|&x| x <= 0.0);
            let least = some.get(not_positive).copied().unwrap_or(f64::INFINITY);
            let (some, not_positive) = (Cow::Borrowed(some), not_positive as u64);
            return Self { sample, some, low, high, not_positive, least };
        }
        let stride = n.div_ceil(SORTED / 2);
        let mut rng = stream(Seed(0), n as u64);
        let groups = sample.values().chunks(stride);
        let some = groups.map(|group| group[below(&mut rng, group.len() as u64) as usize]);
        let mut some: Vec<f64> = some.collect();
        some.sort_unstable_by(f64::total_cmp);
        let most = OUTERMOST * stride;
        let (low, high) = match tail {
            Tail::Lower => (most, 1),
            Tail::Upper => (1, most),
            Tail::Both => (most, most),
        };
        let low = sample.order_statistics(1, low);
        let high = sample.order_statistics(n - high + 1, n);
        let count = |(count, least): (u64, f64), &x: &f64| {
            if x > 0.0 { (count, least.min(x)) } else { (count + 1, least) }
        };
        let (not_positive, least) = if low[0] > 0.0 {
            (0, low[0])
        } else {
            sample.values().iter().fold((0, f64::INFINITY), count)
        };
        Self { sample, some: Cow::Owned(some), low, high, not_positive, least }
    }

    /// Number of observations.
    pub(super) fn n(&self) -> usize {
        self.sample.len()
    }

    /// All observations or some of them, ascending.
    pub(super) fn some(&self) -> &[f64] {
        &self.some
    }

    /// Smallest and largest observation.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.at(0), self.at(self.n() - 1))
    }

    /// The observation with `rank` others below it, or one near it where it lies in the middle
    /// of a large sample.
    pub(super) fn at(&self, rank: usize) -> f64 {
        let last = self.n() - 1;
        let beyond = last.saturating_sub(rank);
        if self.low.is_empty() {
            self.some[rank.min(last)]
        } else if rank < self.low.len() {
            self.low[rank]
        } else if beyond < self.high.len() {
            self.high[self.high.len() - 1 - beyond]
        } else {
            let place = rank as u128 * (self.some.len() - 1) as u128 / last as u128;
            self.some[place as usize]
        }
    }

    /// The observation, or one near it, below which a share of all lie.
    pub(super) fn part(&self, share: f64) -> f64 {
        self.at((share * (self.n() - 1) as f64).round() as usize)
    }

    /// The same of those that are drawn: on a logarithmic axis the positive ones.
    pub(super) fn part_drawn(&self, share: f64, log: bool) -> f64 {
        if !log || self.not_positive == 0 {
            return self.part(share);
        }
        let skip = self.not_positive as usize;
        let others = self.n().saturating_sub(skip + 1) as f64;
        self.at(skip + (share * others).round() as usize).max(self.least)
    }

    /// Smallest and largest observation that is drawn.
    pub(super) fn range_drawn(&self, log: bool) -> (f64, f64) {
        let (lo, hi) = self.range();
        if log { (self.least, hi) } else { (lo, hi) }
    }

    /// How many observations a logarithmic axis has no place for; none of another axis.
    pub(super) fn hidden(&self, log: bool) -> u64 {
        if log { self.not_positive } else { 0 }
    }

    /// Whether values are drawn on a logarithmic axis: at most one in 20 is 0 or less, and the
    /// largest is over 30 times the median.
    pub(super) fn log(&self) -> bool {
        let few = self.not_positive.saturating_mul(NOT_POSITIVE) <= self.n() as u64;
        few && self.range().1 / self.part(0.5).max(self.least) > SKEWED
    }

    /// The order statistics of ranks `lo..=hi`, from 1; exact.
    pub(super) fn order_statistics(&self, lo: u64, hi: u64) -> Cow<'_, [f64]> {
        self.sample.order_statistics(lo as usize, hi as usize)
    }

    /// All different values that are known, ascending; `None` for more than `most`.
    pub(super) fn different(&self, most: usize) -> Option<Vec<f64>> {
        let mut found: Vec<f64> = Vec::new();
        for part in [&self.some, &self.low, &self.high] {
            let mut last = f64::NAN;
            for &x in part.iter().filter(|x| **x != std::mem::replace(&mut last, **x)) {
                found.push(x);
                if found.len() > 3 * most {
                    return None;
                }
            }
        }
        found.sort_by(f64::total_cmp);
        found.dedup();
        (found.len() <= most).then_some(found)
    }

    /// How many different values there are; `None` where only some are sorted.
    pub(super) fn steps(&self) -> Option<usize> {
        let ends = self.some.windows(2).filter(|pair| pair[0] < pair[1]).count() + 1;
        self.low.is_empty().then_some(ends)
    }

    /// How many observations are at most each of `cuts`, which rise; exact. `O(n log cuts)`.
    pub(super) fn at_most(&self, cuts: &[f64]) -> Vec<u64> {
        if self.low.is_empty() {
            let count = |cut: &f64| self.some.partition_point(|x| x <= cut) as u64;
            return cuts.iter().map(count).collect();
        }
        // Cell i holds what lies above cut i − 1 and at most at cut i.
        let blank = || vec![0_u64; cuts.len() + 1];
        let count = |values: &[f64]| {
            let mut cells = blank();
            for x in values {
                cells[cuts.partition_point(|cut| cut < x)] += 1;
            }
            cells
        };
        let add = |mut a: Vec<u64>, b: Vec<u64>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let cells = self.sample.values().par_chunks(1 << 16).map(count).reduce(blank, add);
        let mut sum = 0;
        cells
            .iter()
            .take(cuts.len())
            .map(|cell| {
                sum += cell;
                sum
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without an order, most of them small.
    fn shuffled(n: u64) -> Sample {
        let value = |i: u64| ((i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64).sqrt();
        Sample::new((0..n).map(value).collect()).unwrap()
    }

    #[test]
    fn large_samples_are_counted_exactly() {
        let sample = shuffled(100_000);
        let outline = Outline::of(&sample, Tail::Upper);
        assert!(outline.some().len() < 20_000);
        let copy = sample.clone(); // The sample itself stays unsorted, so that ends are selected.
        let sorted = copy.sorted();
        assert_eq!(outline.range(), (sorted[0], sorted[99_999]));
        let cuts = [-1.0, sorted[0], 700.0, sorted[99_000], 1e9];
        let want: Vec<u64> =
            cuts.iter().map(|c| sorted.partition_point(|x| x <= c) as u64).collect();
        assert_eq!(outline.at_most(&cuts), want);
        // The tail that objectives look at is exact, the middle near.
        assert_eq!(outline.at(99_990), sorted[99_990]);
        assert!((outline.part(0.5) / sorted[50_000] - 1.0).abs() < 0.02);
    }

    #[test]
    fn small_samples_are_known() {
        let sample = shuffled(1_000);
        let outline = Outline::of(&sample, Tail::Both);
        assert_eq!(outline.some(), sample.sorted());
        assert_eq!(outline.at(7), sample.sorted()[7]);
        assert_eq!(outline.at_most(&[sample.sorted()[7]]), [8]);
    }

    #[test]
    fn long_tails_of_positive_values_make_an_axis_logarithmic() {
        let log =
            |values: &[f64]| Outline::of(&Sample::new(values.to_vec()).unwrap(), Tail::Upper).log();
        assert!(log(&[1.0, 2.0, 61.0]));
        assert!(!log(&[1.0, 2.0, 59.0]) && !log(&[0.0, 2.0, 61.0]) && !log(&[5.0]));
        assert!(!log(&[0.0, 0.0]) && !log(&[-3.0, -2.0, -1.0]));
    }

    #[test]
    fn a_single_zero_leaves_the_axis_logarithmic() {
        let values = (0..605).map(|i| if i < 5 { 0.0 } else { f64::from(i - 4).powi(6) });
        let sample = Sample::new(values.collect()).unwrap();
        let outline = Outline::of(&sample, Tail::Upper);
        assert!(outline.log() && outline.hidden(true) == 5 && outline.hidden(false) == 0);
        assert_eq!(outline.range_drawn(true), (1.0, 600_f64.powi(6)));
        assert_eq!(outline.part_drawn(0.0, true), 1.0);
        assert_eq!(outline.part_drawn(1.0, true), 600_f64.powi(6));
        assert_eq!(outline.range_drawn(false).0, 0.0);
        // The same of a large one.
        let values = (0..100_000).map(|i| if i % 1_000 == 0 { 0.0 } else { f64::from(i).powi(6) });
        let sample = Sample::new(values.collect()).unwrap();
        let outline = Outline::of(&sample, Tail::Upper);
        assert!(outline.log() && outline.hidden(true) == 100);
        assert_eq!(outline.range_drawn(true).0, 1.0);
    }

    #[test]
    fn a_period_is_not_met_at_one_phase_only() {
        // Of a million every 62nd would be taken: of a period of 31 always the same two.
        let sample = Sample::new((0..1_000_000).map(|i| f64::from(i % 31)).collect()).unwrap();
        let outline = Outline::of(&sample, Tail::Upper);
        assert!((14.0..=16.0).contains(&outline.part(0.5)), "{}", outline.part(0.5));
        assert!((6.0..=9.0).contains(&outline.part(0.25)), "{}", outline.part(0.25));
        assert_eq!(outline.different(63).unwrap().len(), 31);
        assert_eq!((outline.different(30), outline.steps()), (None, None));
    }
}
