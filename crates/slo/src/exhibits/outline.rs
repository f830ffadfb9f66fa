use std::borrow::Cow;

use rayon::prelude::*;
use tailproof_core::Sample;

/// Most observations that are sorted; of larger samples every so-manieth is.
const SORTED: usize = 1 << 15;
/// Observations at an end of a larger sample that are found besides, for each that is left out
/// between two others.
const OUTERMOST: usize = 64;
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
/// Up to 32 768 observations are sorted. Of more, about 16 384 at equal distances are, which
/// only chooses *where* to draw; the outermost ones are found by selection, and what is
/// counted is counted in all of them, in one pass.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    sample: &'a Sample,
    /// All observations or some of them, ascending.
    some: Cow<'a, [f64]>,
    /// The lowest and the highest; empty when `some` are all.
    low: Cow<'a, [f64]>,
    high: Cow<'a, [f64]>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(sample: &'a Sample, tail: Tail) -> Self {
        let n = sample.len();
        if n <= SORTED {
            let (low, high) = (Cow::Borrowed(&[][..]), Cow::Borrowed(&[][..]));
            return Self { sample, some: Cow::Borrowed(sample.sorted()), low, high };
        }
        let stride = n.div_ceil(SORTED / 2);
        let some: Vec<f64> = sample.values().iter().step_by(stride).copied().collect();
        let some = Sample::new(some).expect("finite, from a sample").sorted().to_vec();
        let most = OUTERMOST * stride;
        let (low, high) = match tail {
            Tail::Lower => (most, 1),
            Tail::Upper => (1, most),
            Tail::Both => (most, most),
        };
        Self {
            sample,
            some: Cow::Owned(some),
            low: sample.order_statistics(1, low),
            high: sample.order_statistics(n - high + 1, n),
        }
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

    /// Whether values are drawn on a logarithmic axis: all are positive, and the largest is
    /// over 30 times the median.
    pub(super) fn log(&self) -> bool {
        let (lo, hi) = self.range();
        lo > 0.0 && hi / self.part(0.5) > SKEWED
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
    }
}
