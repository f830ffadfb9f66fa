use tailproof_core::Level;
use tailproof_core::binomial::{proportion_lower, proportion_upper};

/// A p-value that is a count of relabellings, and what the number of draws leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PValue {
    count: u64,
    total: u64,
    exhaustive: bool,
}

/// p-values of a statistic in its three directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Directions {
    /// For "the second sample is larger": the statistic is at least the observed one.
    pub rise: f64,
    /// For "the second sample is smaller": the statistic is at most the observed one.
    pub fall: f64,
    /// For "the samples differ": the absolute statistic is at least the observed one.
    pub two_sided: f64,
}

impl Directions {
    /// Two-sided p-value as twice the smaller one-sided one, at most 1.
    #[must_use]
    pub fn doubled(&self) -> f64 {
        (2.0 * self.rise.min(self.fall)).min(1.0)
    }

    /// The same seen from the other sample.
    pub(super) fn swapped(self) -> Self {
        Self { rise: self.fall, fall: self.rise, ..self }
    }
}

impl PValue {
    /// `count` of `total` relabellings were at least as extreme as the data; `exhaustive` when
    /// they were all there are, the observed one among them.
    ///
    /// # Panics
    /// `count > total`, or `total` is zero.
    #[must_use]
    pub const fn new(count: u64, total: u64, exhaustive: bool) -> Self {
        assert!(count <= total && total > 0, "a count is part of a positive total");
        Self { count, total, exhaustive }
    }

    /// Relabellings at least as extreme as the data.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Relabellings looked at.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Whether they were all there are, the observed one among them.
    #[must_use]
    pub const fn exhaustive(&self) -> bool {
        self.exhaustive
    }

    /// The p-value: `b/B` over all relabellings, `(1 + b)/(1 + B)` over random ones, which is
    /// never zero and never too small on average.
    ///
    /// # Source
    /// Phipson & Smyth (2010), *SAGMB* 9(1), 39.
    #[must_use]
    pub fn p(&self) -> f64 {
        if self.exhaustive {
            self.count as f64 / self.total as f64
        } else {
            (1 + self.count) as f64 / (1 + self.total) as f64
        }
    }

    /// Where the p-value of *all* relabellings lies, with confidence `level`.
    ///
    /// ```text
    /// b ~ Bin(B, p_∞)      lo: P(Bin(B, lo) ≥ b) = (1 − level)/2      hi: the mirror
    /// ```
    /// Clopper–Pearson, so at least `level` whatever `p_∞`; the point `(p, p)` when all
    /// relabellings were counted. It tells whether more draws could change a decision; the
    /// test itself uses [`PValue::p`].
    ///
    /// # Source
    /// Clopper & Pearson (1934), *Biometrika* 26(4), 404–413.
    ///
    /// # Example
    /// ```
    /// use tailproof_core::Level;
    /// use tailproof_resampling::PValue;
    ///
    /// let (lo, hi) = PValue::new(0, 9_999, false).interval(Level::P95);
    /// assert_eq!(lo, 0.0);
    /// assert!((hi - 3.688e-4).abs() < 1e-7); // 1 − 0.025^(1/9999)
    /// ```
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        if self.exhaustive {
            return (self.p(), self.p());
        }
        let side = level.split(2);
        (
            proportion_lower(self.count, self.total, side),
            proportion_upper(self.count, self.total, side),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::binomial::tails;

    #[test]
    fn the_interval_inverts_the_binomial() {
        let p = PValue::new(37, 9_999, false);
        assert_eq!(p.p(), 38.0 / 10_000.0);
        let (lo, hi) = p.interval(Level::P95);
        assert!((tails(37, 9_999, lo, 1.0 - lo).at_least - 0.025).abs() < 1e-9);
        assert!((tails(38, 9_999, hi, 1.0 - hi).below - 0.025).abs() < 1e-9);
        assert!(lo < 0.0037 && 0.0037 < hi);
    }

    #[test]
    fn all_relabellings_leave_nothing_open() {
        let p = PValue::new(2, 20, true);
        assert_eq!((p.p(), p.interval(Level::P999)), (0.1, (0.1, 0.1)));
        let all = PValue::new(50, 50, false);
        assert_eq!((all.p(), all.interval(Level::P95).1), (1.0, 1.0));
    }

    #[test]
    fn doubling_is_capped() {
        let p = Directions { rise: 0.03, fall: 0.99, two_sided: 0.05 };
        assert_eq!((p.doubled(), p.swapped().doubled()), (0.06, 0.06));
        assert_eq!(Directions { rise: 0.7, fall: 0.6, two_sided: 1.0 }.doubled(), 1.0);
    }
}
