use std::cmp::Ordering;

use super::p_value::{Directions, PValue};

/// How many relabellings were at least as extreme as the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Statistic at least the observed one.
    pub at_least: u64,
    /// Statistic at most the observed one.
    pub at_most: u64,
    /// Absolute statistic at least the observed one.
    pub abs_at_least: u64,
    /// Relabellings looked at.
    pub total: u64,
    /// Whether they were all there are, the observed one among them.
    pub exhaustive: bool,
}

/// The outcome of a permutation test of any statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relabelled {
    /// The statistic of the data as labelled.
    pub observed: f64,
    /// How the relabelled statistics compare with it.
    pub counts: Counts,
}

impl Counts {
    /// The p-value for "the second sample is larger", with its interval.
    #[must_use]
    pub const fn greater(&self) -> PValue {
        PValue::new(self.at_least, self.total, self.exhaustive)
    }

    /// The p-value for "the second sample is smaller", with its interval.
    #[must_use]
    pub const fn less(&self) -> PValue {
        PValue::new(self.at_most, self.total, self.exhaustive)
    }

    /// The two-sided p-value, the share with `|statistic| ≥ |observed|`, with its interval.
    #[must_use]
    pub const fn two_sided(&self) -> PValue {
        PValue::new(self.abs_at_least, self.total, self.exhaustive)
    }

    /// The three p-values.
    #[must_use]
    pub fn directions(&self) -> Directions {
        Directions { rise: self.p_greater(), fall: self.p_less(), two_sided: self.p_two_sided() }
    }

    /// p-value for "the second sample is larger".
    #[must_use]
    pub fn p_greater(&self) -> f64 {
        self.greater().p()
    }

    /// p-value for "the second sample is smaller".
    #[must_use]
    pub fn p_less(&self) -> f64 {
        self.less().p()
    }

    /// Two-sided p-value: the share with `|statistic| ≥ |observed|`.
    #[must_use]
    pub fn p_two_sided(&self) -> f64 {
        self.two_sided().p()
    }

    /// Two-sided p-value as twice the smaller one-sided one, at most 1.
    #[must_use]
    pub fn p_doubled(&self) -> f64 {
        self.directions().doubled()
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            at_least: self.at_least + other.at_least,
            at_most: self.at_most + other.at_most,
            abs_at_least: self.abs_at_least + other.abs_at_least,
            total: self.total + other.total,
            exhaustive: self.exhaustive,
        }
    }

    /// Compares relabelled statistics with the observed one.
    ///
    /// Those within `1e-12·(|observed| + median |statistic|)` count as ties: the median is
    /// the size that the data give the statistic, also when the observed one is 0. NaN, of
    /// the data or of a relabelling, counts as extreme in every direction.
    pub(super) fn of(observed: f64, statistics: &[f64], exhaustive: bool) -> Self {
        let slack = slack(observed, statistics);
        let not = |a: f64, order: Ordering, b: f64| u64::from(a.partial_cmp(&b) != Some(order));
        let (low, high) = (observed - slack, observed + slack);
        let size = observed.abs() - slack;
        let mut counts = Self { total: statistics.len() as u64, exhaustive, ..Self::default() };
        for &t in statistics {
            counts.at_least += not(t, Ordering::Less, low);
            counts.at_most += not(t, Ordering::Greater, high);
            counts.abs_at_least += not(t.abs(), Ordering::Less, size);
        }
        counts
    }
}

/// Rounding that any two equal statistics may differ by.
fn slack(observed: f64, statistics: &[f64]) -> f64 {
    const TIE: f64 = 1e-12;
    let own = if observed.is_finite() { observed.abs() } else { 0.0 };
    let mut sizes: Vec<f64> =
        statistics.iter().map(|t| t.abs()).filter(|t| t.is_finite()).collect();
    let half = sizes.len() / 2;
    let typical =
        if sizes.is_empty() { 0.0 } else { *sizes.select_nth_unstable_by(half, f64::total_cmp).1 };
    TIE * own + TIE * typical
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_makes_no_difference_and_nan_is_extreme() {
        let counts = Counts::of(0.3, &[0.1 + 0.2, 0.3, -0.3, 1.0, 0.0], true);
        assert_eq!((counts.at_least, counts.at_most, counts.abs_at_least), (3, 4, 4));
        // An observed 0 has no size of its own.
        let counts = Counts::of(0.0, &[1e-17, -1e-17, 1.0, -1.0, 0.5], true);
        assert_eq!((counts.at_least, counts.at_most, counts.abs_at_least), (4, 3, 5));
        let counts = Counts::of(1.0, &[f64::NAN, 0.0], false);
        assert_eq!((counts.p_greater(), counts.p_less()), (2.0 / 3.0, 1.0));
        assert_eq!(Counts::of(f64::NAN, &[1.0, 2.0], true).p_two_sided(), 1.0);
        assert_eq!(Counts::of(f64::INFINITY, &[1.0, f64::INFINITY], true).at_least, 1);
    }
}
