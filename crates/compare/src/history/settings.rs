//! How changes in a history are looked for.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use tailproof_core::{Level, Seed};

/// How a history is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchMethod {
    /// E-divisive: the energy statistic, with a permutation test of every split.
    #[default]
    Divisive,
    /// PELT: least squares with a penalty calibrated on permuted data.
    Pelt,
}

impl SearchMethod {
    /// Name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Divisive => "E-divisive",
            Self::Pelt => "PELT",
        }
    }
}

/// Which changes a gate is about; older ones are told, but fail nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// Those among the newest points.
    Newest(usize),
    /// Those at the first point with this mark, or later.
    Mark(String),
}

/// How changes in a history are looked for; every value is valid.
#[derive(Clone, Debug, PartialEq)]
pub struct HistorySettings {
    /// Level of each split: it is kept when its p is at most one minus this.
    pub split: Level,
    /// Level of the interval of each effect.
    pub level: Level,
    /// Fewest points between two changes; one counts as two.
    pub min_segment: NonZeroUsize,
    /// Changes of a smaller share of the level before are not reported.
    pub min_effect: f64,
    /// Most points that are searched at once; at least four segments of the least length.
    pub window: NonZeroUsize,
    /// Most permutations of a test, which stops early where the answer is clear.
    pub permutations: NonZeroU32,
    /// Seed of the permutations.
    pub seed: Seed,
    /// How splits are found.
    pub method: SearchMethod,
    /// Which changes the verdict is about.
    pub since: Since,
}

impl HistorySettings {
    /// Splits at α = 0.02, intervals at 95 %, segments of 3 points or more, effects from 1 %,
    /// windows of 200 points, 999 permutations, a verdict about the newest 30 points.
    ///
    /// The α is that of the whole search for one split, not of a t test at a point already
    /// found, for which 0.001 is usual. No smaller one could speak of ten points: the best p of
    /// a change before the last four is 2/210. It costs about 0.1 false alarms per 1 000
    /// independent points (`docs/change-points.md`).
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        const SEGMENT: NonZeroUsize = NonZeroUsize::new(3).expect("not zero");
        const WINDOW: NonZeroUsize = NonZeroUsize::new(200).expect("not zero");
        const PERMUTATIONS: NonZeroU32 = NonZeroU32::new(999).expect("not zero");
        Self {
            split: Level::with_alpha(0.02).expect("between 0 and 1"),
            level: Level::P95,
            min_segment: SEGMENT,
            min_effect: 0.01,
            window: WINDOW,
            permutations: PERMUTATIONS,
            seed,
            method: SearchMethod::Divisive,
            since: Since::Newest(30),
        }
    }

    /// Significance level of a split.
    pub(super) fn alpha(&self) -> f64 {
        self.split.alpha().to_f64()
    }

    /// Fewest points of a segment.
    pub(super) fn least(&self) -> usize {
        self.min_segment.get().max(2)
    }

    /// Most points that are searched at once.
    pub(super) fn most(&self) -> usize {
        self.window.get().max(self.least().saturating_mul(4))
    }

    /// Permutations of a test: as many as asked for, and enough that α can be reached, though
    /// not more than 99 999 for that.
    pub(super) fn draws(&self) -> NonZeroU64 {
        let reach = NonZeroU64::new((1.0 / self.alpha()).ceil().min(1e5) as u64 - 1);
        let asked = NonZeroU64::from(self.permutations);
        reach.map_or(asked, |reach| asked.max(reach))
    }

    /// Fewest points with which a split can be significant at all.
    ///
    /// ```text
    /// smallest n ≥ 2·segment with 2/C(n, ⌊n/2⌋) ≤ α
    /// ```
    /// Two of all orders, or more, separate the sides as well as the best one does.
    #[must_use]
    pub fn need(&self) -> usize {
        let alpha = self.alpha();
        let (mut n, mut ways) = (2_usize, 2.0_f64);
        while n < self.least().saturating_mul(2) || 2.0 / ways > alpha {
            // C(n, ⌊n/2⌋) from n to n + 1.
            n += 1;
            ways *= n as f64 / (n - n / 2) as f64;
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_points_can_speak_at_the_default() {
        let mut settings = HistorySettings::new(Seed(1));
        // C(8, 4) = 70 is too few, C(9, 4) = 126 is enough.
        assert_eq!(settings.need(), 9);
        settings.split = Level::with_alpha(0.001).unwrap();
        // C(13, 6) = 1 716, C(14, 7) = 3 432.
        assert_eq!(settings.need(), 14);
        settings.min_segment = NonZeroUsize::new(40).unwrap();
        assert_eq!((settings.need(), settings.most()), (80, 200));
    }
}
