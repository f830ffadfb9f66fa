use std::collections::BTreeMap;

use tailproof_core::{Observations, Period, Rational, Series};

use super::BudgetError;
use crate::judge::holds;

/// Good events among all; never more good ones than there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    good: u64,
    total: u64,
}

impl Counts {
    /// `good` of `total` events.
    ///
    /// # Errors
    /// More good events than events.
    pub fn new(good: u64, total: u64) -> Result<Self, BudgetError> {
        if good > total {
            return Err(BudgetError::Counts { good, total });
        }
        Ok(Self { good, total })
    }

    /// Good events.
    #[must_use]
    pub const fn good(self) -> u64 {
        self.good
    }

    /// Bad events.
    #[must_use]
    pub const fn bad(self) -> u64 {
        self.total - self.good
    }

    /// All events.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.total
    }

    /// Share of bad events; `None` without events.
    #[must_use]
    pub fn bad_share(self) -> Option<f64> {
        (self.total > 0).then(|| self.bad() as f64 / self.total as f64)
    }

    /// Bad events and `share` of all of them, over one denominator; in whole numbers.
    pub(super) fn against(self, share: Rational) -> (u128, u128) {
        let wide = |a: u64, b: u64| u128::from(a) * u128::from(b);
        (wide(self.bad(), share.den()), wide(self.total, share.num()))
    }

    /// Counts of several windows together.
    pub(super) fn sum<'a>(
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Self, BudgetError> {
        entries.into_iter().try_fold(Self::default(), |sum, entry| {
            let more = entry.counts;
            // Good events are among the total: they fit when it does.
            let total = sum.total.checked_add(more.total).ok_or(BudgetError::TooMany)?;
            Ok(Self { good: sum.good + more.good, total })
        })
    }
}

/// What is counted as good or bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Events.
    Events,
    /// Slices of time in which events happened.
    Slices {
        /// Which, and from when on they are good.
        slices: Slices,
        /// Slices between the first and the last in which nothing happened: neither good nor bad.
        empty: u64,
    },
}

impl Counted {
    /// What they are called: `events` or `slices`.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Slices { .. } => "slices",
        }
    }
}

/// Slices of time, each good when its share of good events reaches a target.
///
/// Slice `i` holds the windows that end in `(i·L, (i+1)·L]` since 1970. One without events is
/// neither good nor bad: it does not enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slices {
    length: Period,
    target: Rational,
}

impl Slices {
    /// Slices of a length that are good from `target` on.
    ///
    /// # Errors
    /// The target is 0 or above 1.
    pub fn new(length: Period, target: Rational) -> Result<Self, BudgetError> {
        if target.num() == 0 || target.num() > target.den() {
            return Err(BudgetError::SliceTarget(target.to_f64()));
        }
        Ok(Self { length, target })
    }

    /// Length of each.
    #[must_use]
    pub const fn length(self) -> Period {
        self.length
    }

    /// Share of good events from which on a slice is good.
    #[must_use]
    pub const fn target(self) -> Rational {
        self.target
    }

    /// Good and bad slices in their order, and how many between them are empty.
    pub(super) fn cut(self, entries: &[Entry]) -> Result<(Vec<Entry>, u64), BudgetError> {
        let length = i64::try_from(self.length.nanos()).expect("a period is at most 2^63 ns");
        let mut by_slice: BTreeMap<i64, Vec<&Entry>> = BTreeMap::new();
        for entry in entries.iter().filter(|e| e.counts.total > 0) {
            by_slice.entry(entry.end.saturating_sub(1).div_euclid(length)).or_default().push(entry);
        }
        let ends = by_slice.first_key_value().zip(by_slice.last_key_value());
        let all =
            ends.map_or(0, |((&first, _), (&last, _))| first.abs_diff(last).saturating_add(1));
        let empty = all - by_slice.len() as u64;
        let bad_allowed = self.target.complement().expect("a target is at most 1");
        let cut = by_slice.into_iter().map(|(index, inside)| {
            let (bad, allowed) = Counts::sum(inside)?.against(bad_allowed);
            let counts = Counts { good: u64::from(bad <= allowed), total: 1 };
            Ok(Entry { end: index.saturating_add(1).saturating_mul(length), counts })
        });
        Ok((cut.collect::<Result<_, _>>()?, empty))
    }
}

/// The events of one window of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// End of the window in nanoseconds since 1970; 0 when the data have no times.
    pub(super) end: i64,
    pub(super) counts: Counts,
}

/// The windows of a series, by time where it has times.
pub(super) fn entries(series: &Series) -> Result<Vec<Entry>, BudgetError> {
    let name = || series.name();
    series.check().map_err(|source| BudgetError::Series { series: name(), source })?;
    let Observations::Events(events) = &series.observations else {
        return Err(BudgetError::Kind { series: name(), holds: holds(&series.observations) });
    };
    let entry = |(i, &(good, total)): (usize, &(u64, u64))| {
        let end = series.time.as_ref().map_or(0, |time| time[i]);
        Ok(Entry { end, counts: Counts::new(good, total)? })
    };
    let mut entries: Vec<Entry> = events.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
    entries.sort_by_key(|e| e.end);
    Ok(entries)
}

/// The windows, sorted by time, that end in the last `period`.
pub(super) fn last(entries: &[Entry], period: Period) -> &[Entry] {
    let Some(now) = entries.last() else { return entries };
    let length = i64::try_from(period.nanos()).expect("a period is at most 2^63 ns");
    let from = now.end.saturating_sub(length);
    &entries[entries.partition_point(|e| e.end <= from)..]
}

/// The usual time from one window to the next: the median of the steps above 0.
pub(super) fn step(entries: &[Entry]) -> Option<Period> {
    let mut steps: Vec<u64> =
        entries.windows(2).map(|w| w[1].end.abs_diff(w[0].end)).filter(|&s| s > 0).collect();
    steps.sort_unstable();
    Period::from_nanos(*steps.get(steps.len() / 2)?)
}

/// The time that the windows cover, the first of which is taken to be as long as a step; `None`
/// when they end at one moment.
pub(super) fn covers(entries: &[Entry]) -> Option<Period> {
    let (first, last) = entries.first().zip(entries.last())?;
    Period::from_nanos(last.end.abs_diff(first.end).saturating_add(step(entries)?.nanos()))
}

/// Counts of the last `period`, which slides along the windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sliding {
    length: i64,
    from: usize,
    sum: Counts,
}

impl Sliding {
    pub(super) fn new(period: Period) -> Self {
        let length = i64::try_from(period.nanos()).expect("a period is at most 2^63 ns");
        Self { length, from: 0, sum: Counts::default() }
    }

    /// Counts of the windows up to number `to`, the next one, that end in the last of the period.
    pub(super) fn to(&mut self, entries: &[Entry], to: usize) -> Counts {
        let new = entries[to];
        self.sum.good += new.counts.good;
        self.sum.total += new.counts.total;
        let from = new.end.saturating_sub(self.length);
        while self.from <= to && entries[self.from].end <= from {
            let old = entries[self.from].counts;
            self.sum.good -= old.good;
            self.sum.total -= old.total;
            self.from += 1;
        }
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000_000;

    fn entry(minutes: i64, good: u64, total: u64) -> Entry {
        Entry { end: minutes * MINUTE, counts: Counts { good, total } }
    }

    #[test]
    fn a_slice_is_good_from_its_target_on() {
        let slices = Slices::new("5min".parse().unwrap(), Rational::new(99, 100).unwrap()).unwrap();
        // Ends at 5 min belong to the first slice; 99 of 100 just reaches the target.
        let data =
            [entry(1, 50, 50), entry(5, 49, 50), entry(6, 9, 10), entry(12, 0, 0), entry(21, 1, 1)];
        let (cut, empty) = slices.cut(&data).unwrap();
        let flat: Vec<(i64, u64)> = cut.iter().map(|e| (e.end / MINUTE, e.counts.good)).collect();
        assert_eq!(flat, [(5, 1), (10, 0), (25, 1)]);
        assert_eq!(empty, 2, "nothing happened from minute 10 to 20");
        assert_eq!(slices.cut(&[]).unwrap(), (Vec::new(), 0));
        assert!(Slices::new("5min".parse().unwrap(), Rational::ZERO).is_err());
    }

    #[test]
    fn the_last_hour_leaves_out_what_ended_before() {
        let data: Vec<Entry> = (1..=120).map(|i| entry(i, 1, 1)).collect();
        assert_eq!(last(&data, "1h".parse().unwrap()).len(), 60);
        assert_eq!(last(&data, "1w".parse().unwrap()).len(), 120);
        assert_eq!(step(&data), Some("1min".parse().unwrap()));
        assert_eq!(step(&data[..1]), None);
        assert!(last(&[], "1h".parse().unwrap()).is_empty());
        assert_eq!(covers(&data), Some("2h".parse().unwrap()));
        assert_eq!((covers(&data[..1]), covers(&[])), (None, None));
    }

    #[test]
    fn a_sliding_sum_is_the_sum_of_what_it_holds() {
        let data: Vec<Entry> =
            [1, 2, 2, 5, 9, 10, 30].map(|i| entry(i, i.unsigned_abs(), 40)).into();
        let period: Period = "5min".parse().unwrap();
        let mut sliding = Sliding::new(period);
        for i in 0..data.len() {
            let whole = Counts::sum(last(&data[..=i], period)).unwrap();
            assert_eq!(sliding.to(&data, i), whole, "{i}");
        }
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        assert_eq!(Counts::new(2, 1), Err(BudgetError::Counts { good: 2, total: 1 }));
        let huge = Entry { end: 0, counts: Counts { good: u64::MAX, total: u64::MAX } };
        assert_eq!(Counts::sum(&[huge, huge]), Err(BudgetError::TooMany));
    }
}
