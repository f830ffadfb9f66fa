//! A stretch of a series on a few levels, on which the energy statistic costs little.

use tailproof_resampling::{Stream, below};

use super::energy::statistic;
use super::scale::clipped;

/// Levels that a stretch is brought to.
const LEVELS: usize = 32;
/// Values further from the median than this times the noise count as that far.
pub(super) const CLIP: f64 = 3.0;

/// The values of a stretch, clipped and brought to at most 32 levels: those values where there
/// are no more, else the means of equal shares by rank, ties together.
///
/// A pass over all splits then needs additions of short vectors only; outliers count as three
/// times the noise from the median.
pub(super) struct Levels {
    /// Level of each value.
    pub(super) codes: Vec<u8>,
    distances: Vec<[f64; LEVELS]>,
    /// Sum of the distances of a level from all values.
    totals: [f64; LEVELS],
    /// Sum of the distances of all pairs.
    total: f64,
}

impl Levels {
    pub(super) fn new(series: &[f64]) -> Self {
        let values = clipped(series, CLIP);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let n = values.len();
        let few = distinct.len() <= LEVELS;
        let code = |x: &f64| {
            if few {
                distinct.partition_point(|y| y < x)
            } else {
                sorted.partition_point(|y| y < x) * LEVELS / n
            }
        };
        let codes: Vec<u8> = values.iter().map(|x| code(x) as u8).collect();
        let (mut sums, mut counts) = ([0.0; LEVELS], [0.0; LEVELS]);
        // Less the smallest, so that an offset costs no digits.
        let least = sorted.first().copied().unwrap_or(0.0);
        for (&code, x) in codes.iter().zip(&values) {
            sums[usize::from(code)] += x - least;
            counts[usize::from(code)] += 1.0;
        }
        let mut at = sums;
        for (level, count) in at.iter_mut().zip(&counts) {
            *level = if *count > 0.0 { *level / count } else { 0.0 };
        }
        let distances: Vec<[f64; LEVELS]> =
            at.iter().map(|a| at.map(|b: f64| (a - b).abs())).collect();
        let mut totals = [0.0; LEVELS];
        for (row, count) in distances.iter().zip(&counts) {
            add(&mut totals, row, *count);
        }
        let total = totals.iter().zip(&counts).map(|(t, c)| t * c).sum::<f64>() / 2.0;
        Self { codes, distances, totals, total }
    }

    /// The largest energy statistic of a split of these values in any order, and its place;
    /// `None` when they are too few.
    pub(super) fn best(&self, codes: &[u8], least: usize) -> Option<(f64, usize)> {
        let n = codes.len();
        let last = n.checked_sub(least)?;
        let mut from_left = [0.0; LEVELS];
        let (mut left, mut right) = (0.0, self.total);
        let mut best: Option<(f64, usize)> = None;
        for (i, &code) in codes.iter().enumerate().take(last) {
            let code = usize::from(code);
            left += from_left[code];
            add(&mut from_left, &self.distances[code], 1.0);
            right -= self.totals[code] - from_left[code];
            let t = i + 1;
            if t >= least {
                let between = self.total - left - right;
                let q = statistic(t as f64, (n - t) as f64, left, right, between);
                if best.is_none_or(|b| q > b.0) {
                    best = Some((q, t));
                }
            }
        }
        best
    }
}

#[inline]
fn add(sums: &mut [f64; LEVELS], row: &[f64; LEVELS], times: f64) {
    for (sum, x) in sums.iter_mut().zip(row) {
        *sum += times * x;
    }
}

/// Values in random order: one by one, or in blocks of `block` on the series closed to a circle,
/// whose first block begins anywhere.
pub(super) fn permute<T: Copy>(values: &[T], block: usize, rng: &mut Stream, into: &mut Vec<T>) {
    into.clear();
    let n = values.len();
    if block <= 1 {
        into.extend_from_slice(values);
        shuffle(into, rng);
        return;
    }
    let offset = below(rng, n as u64) as usize;
    let mut starts: Vec<usize> = (0..n).step_by(block).collect();
    shuffle(&mut starts, rng);
    for start in starts {
        let end = (start + block).min(n);
        into.extend((start..end).map(|i| values[(i + offset) % n]));
    }
}

fn shuffle<T>(values: &mut [T], rng: &mut Stream) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::energy::energy;
    use tailproof_core::Seed;
    use tailproof_resampling::stream;

    #[test]
    fn few_values_give_the_statistic_itself() {
        // Three times the noise covers these values, so nothing is clipped.
        let series: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 13) + 1e6).collect();
        let levels = Levels::new(&series);
        let (q, at) = levels.best(&levels.codes, 3).unwrap();
        let slow = energy(&series);
        assert!((q - slow[at]).abs() < 1e-6, "{q} {}", slow[at]);
        assert!(slow[3..=57].iter().all(|&other| other <= q + 1e-6));
        assert_eq!(levels.best(&levels.codes[..5], 3), None);
    }

    #[test]
    fn blocks_keep_their_neighbours() {
        let values: Vec<u32> = (0..23).collect();
        let (mut rng, mut into) = (stream(Seed(5), 0), Vec::new());
        for block in [1, 4, 40] {
            permute(&values, block, &mut rng, &mut into);
            let mut sorted = into.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, values);
            let neighbours = into.windows(2).filter(|w| (w[0] + 1) % 23 == w[1]).count();
            assert!(block == 1 || neighbours >= 23 - 23_usize.div_ceil(block) - 1, "{into:?}");
        }
    }
}
