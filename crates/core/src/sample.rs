use std::borrow::Cow;
use std::sync::OnceLock;

use crate::Rank;
use crate::quantile::{self, QuantileType};

/// Whether the position of an observation says when it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// In the order taken.
    Time,
    /// Sorted, merged or shuffled.
    #[default]
    Unknown,
}

/// Observations of one quantity: finite, at least one, in the order taken.
#[derive(Clone, Debug)]
pub struct Sample {
    values: Vec<f64>,
    order: Order,
    sorted: OnceLock<Vec<f64>>,
}

/// Why a [`Sample`] could not be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// Fewer observations than the statistic needs.
    #[error("need at least {need} observations, got {got}")]
    TooFew {
        /// Smallest count accepted.
        need: usize,
        /// Count received.
        got: usize,
    },
    /// The observation at this index is NaN or infinite.
    #[error("observation {0} is not finite: {1}")]
    NotFinite(usize, f64),
}

impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.order == other.order
    }
}

impl Sample {
    /// A sample in an order that means nothing; see [`Sample::in_time_order`].
    ///
    /// # Errors
    /// No observations, or one that is not finite.
    pub fn new(values: Vec<f64>) -> Result<Self, SampleError> {
        if values.is_empty() {
            return Err(SampleError::TooFew { need: 1, got: 0 });
        }
        match values.iter().position(|x| !x.is_finite()) {
            Some(i) => Err(SampleError::NotFinite(i, values[i])),
            None => Ok(Self { values, order: Order::Unknown, sorted: OnceLock::new() }),
        }
    }

    /// States that the observations stand in the order in which they were taken.
    ///
    /// A sorted sample of more than two values stays [`Order::Unknown`]: nobody measures in
    /// sorted order, and its autocorrelation would mean nothing.
    #[must_use]
    pub fn in_time_order(mut self) -> Self {
        let sorted =
            self.len() > 2 && (self.values.is_sorted() || self.values.iter().rev().is_sorted());
        self.order = if sorted { Order::Unknown } else { Order::Time };
        self
    }

    /// The observations as taken.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Number of observations, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a sample is never empty")]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// What the order means.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The observations in ascending order, sorted once, on demand.
    #[must_use]
    pub fn sorted(&self) -> &[f64] {
        self.sorted.get_or_init(|| {
            let mut keys: Vec<u64> = self.values.iter().map(|&x| key(x)).collect();
            keys.sort_unstable();
            keys.into_iter().map(unkey).collect()
        })
    }

    /// The order statistic of rank `r`, counted from 1.
    ///
    /// # Panics
    /// `r` is 0 or above [`Sample::len`].
    #[must_use]
    pub fn order_statistic(&self, r: u64) -> f64 {
        self.order_statistics(r as usize, r as usize)[0]
    }

    /// The order statistics of ranks `lo..=hi`, counted from 1, in ascending order.
    ///
    /// Narrow windows of large samples are found by selection (a bracket from a systematic
    /// subsample, then one pass), without sorting or copying everything.
    ///
    /// # Panics
    /// Unless `1 <= lo <= hi <= len`.
    #[must_use]
    pub fn order_statistics(&self, lo: usize, hi: usize) -> Cow<'_, [f64]> {
        let n = self.len();
        assert!(1 <= lo && lo <= hi && hi <= n, "ranks {lo}..={hi} lie within 1..={n}");
        if self.sorted.get().is_some() || n <= 2_048 || hi - lo >= n / 2 {
            return Cow::Borrowed(&self.sorted()[lo - 1..hi]);
        }
        let (mut keys, below) = self
            .bracket(lo, hi)
            .unwrap_or_else(|| (self.values.iter().map(|&x| key(x)).collect(), 0));
        let (lo, hi) = (lo - 1 - below, hi - 1 - below);
        let (_, _, _) = keys.select_nth_unstable(hi);
        keys.truncate(hi + 1);
        let (_, _, _) = keys.select_nth_unstable(lo);
        let window = &mut keys[lo..];
        window.sort_unstable();
        Cow::Owned(window.iter().map(|&k| unkey(k)).collect())
    }

    /// Keys of a value range that contains ranks `lo..=hi`, and how many values lie below it.
    fn bracket(&self, lo: usize, hi: usize) -> Option<(Vec<u64>, usize)> {
        const PICKS: usize = 2_048;
        let n = self.len();
        let mut picks: Vec<u64> =
            (0..PICKS).map(|i| key(self.values[(i * n + n / 2) / PICKS % n])).collect();
        picks.sort_unstable();
        let place = |rank: usize, sign: f64| {
            let share = rank as f64 / n as f64;
            let at = share * PICKS as f64;
            at + sign * (6.0 * (PICKS as f64 * share * (1.0 - share)).sqrt() + 4.0)
        };
        let (from, to) = (place(lo, -1.0), place(hi, 1.0));
        let floor = if from < 0.0 { f64::NEG_INFINITY } else { unkey(picks[from as usize]) };
        let ceiling =
            if to >= (PICKS - 1) as f64 { f64::INFINITY } else { unkey(picks[to as usize]) };

        let (mut kept, mut len, mut below) = (Vec::new(), 0, 0);
        for chunk in self.values.chunks(1_024) {
            if kept.len() < len + chunk.len() {
                kept.resize((len + chunk.len()).max(2 * len), 0);
            }
            for &x in chunk {
                // Written always, kept only when inside: no branch to mispredict.
                kept[len] = key(x);
                len += usize::from(x >= floor && x <= ceiling);
                below += usize::from(x < floor);
            }
        }
        kept.truncate(len);
        (below < lo && hi <= below + len).then_some((kept, below))
    }

    /// The quantile of rank `p`, Hyndman–Fan type 7 (the default of NumPy and R).
    #[must_use]
    pub fn quantile(&self, p: Rank) -> f64 {
        let at = quantile::position(self.len() as u64, p, QuantileType::Linear);
        let pair = self.order_statistics(at.lower as usize, at.upper as usize);
        at.interpolate(pair[0], pair[pair.len() - 1])
    }

    /// The observations of each group, in the order of the group numbers: `group[i]` is that of
    /// observation `i`. What is known of their order stays.
    ///
    /// # Panics
    /// `group` is not as long as the sample.
    #[must_use]
    pub fn split(&self, group: &[u32]) -> Vec<Self> {
        assert_eq!(group.len(), self.len(), "every observation has a group");
        let mut groups: std::collections::BTreeMap<u32, Vec<f64>> =
            std::collections::BTreeMap::new();
        for (&g, &x) in group.iter().zip(&self.values) {
            groups.entry(g).or_default().push(x);
        }
        let part = |values| {
            let part = Self { values, order: Order::Unknown, sorted: OnceLock::new() };
            if self.order == Order::Time { part.in_time_order() } else { part }
        };
        groups.into_values().map(part).collect()
    }

    /// Smallest and largest observation.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        self.values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &x| (lo.min(x), hi.max(x)))
    }
}

/// A map from `f64` to `u64` that keeps the order.
const fn key(x: f64) -> u64 {
    let bits = x.to_bits();
    bits ^ ((((bits as i64) >> 63) as u64) | (1 << 63))
}

const fn unkey(k: u64) -> f64 {
    f64::from_bits(if k >> 63 == 1 { k ^ (1 << 63) } else { !k })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_order() {
        let sample = Sample::new(vec![3.0, 1.0, 2.0, 5.0]).unwrap();
        let parts = sample.split(&[7, 2, 7, 2]);
        let values: Vec<&[f64]> = parts.iter().map(Sample::values).collect();
        assert_eq!(values, [[1.0, 5.0], [3.0, 2.0]]);
    }

    #[test]
    fn only_finite_values_make_a_sample() {
        assert_eq!(Sample::new(vec![]), Err(SampleError::TooFew { need: 1, got: 0 }));
        assert!(matches!(Sample::new(vec![1.0, f64::NAN]), Err(SampleError::NotFinite(1, _))));
        assert_eq!(Sample::new(vec![f64::INFINITY]), Err(SampleError::NotFinite(0, f64::INFINITY)));
    }

    #[test]
    fn windows_agree_with_sorting() {
        // Periodic, sorted, tied and plain data; the window is found without the sorted view.
        let shapes: [fn(u64) -> f64; 4] = [
            |i| (i % 7) as f64,
            |i| i as f64,
            |i| -(i as f64),
            |i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64,
        ];
        for shape in shapes {
            let values: Vec<f64> = (0..20_000).map(shape).collect();
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            for (lo, hi) in [(1, 1), (1, 40), (9_000, 9_400), (18_900, 19_100), (20_000, 20_000)] {
                let sample = Sample::new(values.clone()).unwrap();
                assert_eq!(*sample.order_statistics(lo, hi), sorted[lo - 1..hi]);
            }
        }
    }

    #[test]
    fn a_sorted_file_has_no_time_order() {
        let order = |v: &[f64]| Sample::new(v.to_vec()).unwrap().in_time_order().order();
        assert_eq!(order(&[1.0, 2.0, 3.0]), Order::Unknown);
        assert_eq!(order(&[3.0, 2.0, 2.0]), Order::Unknown);
        assert_eq!(order(&[3.0, 1.0, 2.0]), Order::Time);
    }
}
