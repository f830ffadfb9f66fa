use tailproof_core::{Ecdf, Level, QuantileType, Rank};
use tailproof_resampling::{Discrete, QuantileBootstrap};

use super::Spread;
use super::steps::{Bracket, Steps};

/// Observations that come as counts: of values, some of them only limits, or of buckets.
///
/// A bucket is a bracket: every observation lies between the lower and the upper end, and
/// bounds use the worse of the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    lower: Ecdf,
    upper: Option<Ecdf>,
}

impl Counted {
    /// Values with counts.
    #[must_use]
    pub const fn known(values: Ecdf) -> Self {
        Self { lower: values, upper: None }
    }

    /// Observations moved to the lower and to the upper ends of their buckets, as many of
    /// either.
    ///
    /// # Panics
    /// The two hold different numbers of observations.
    #[must_use]
    pub fn between(lower: Ecdf, upper: Ecdf) -> Self {
        assert!(lower.n() == upper.n(), "both ends hold every observation");
        Self { lower, upper: Some(upper) }
    }

    /// Observations, those of which only a limit is known included.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.lower.n()
    }

    /// The values with their counts; `None` for buckets.
    pub(crate) fn values(&self) -> Option<&Ecdf> {
        self.is_known().then_some(&self.lower)
    }

    /// Whether these are values, not buckets.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.upper.is_none()
    }

    /// Observations known only to lie above everything: requests that failed.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        if self.is_known() { self.lower.above() } else { 0 }
    }

    /// Whether of some observations only a limit is known.
    #[must_use]
    pub const fn is_censored(&self) -> bool {
        self.is_known() && (self.lower.below() > 0 || self.lower.above() > 0)
    }

    /// The moments; `None` for buckets, and where only limits are known.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        if !self.is_known() || self.is_censored() {
            return None;
        }
        Spread::of_counts(self.lower.atoms())
    }

    /// A quantile: of buckets the middle of its bracket, or its finite end; infinite among
    /// limits.
    #[must_use]
    pub fn quantile(&self, p: Rank) -> f64 {
        let lo = self.lower.quantile(p);
        let Some(upper) = &self.upper else { return lo };
        let hi = upper.quantile(p);
        match (lo.is_finite(), hi.is_finite()) {
            (true, true) => f64::midpoint(lo, hi),
            (true, false) => lo,
            (false, _) => hi,
        }
    }

    /// The order-statistic interval of a quantile, whatever the distribution; of buckets with
    /// their outer ends, and infinite where n is too small or only limits are known.
    #[must_use]
    pub fn interval(&self, p: Rank, level: Level) -> (f64, f64) {
        self.bracket(1.0).bounds(p, level.split(2))
    }

    /// What is known of ranks, of every τ-th observation in order of size.
    pub(super) fn bracket(&self, tau: f64) -> Bracket {
        let thin = |ecdf: &Ecdf| {
            let steps = Steps::of_ecdf(ecdf);
            if tau > 1.0 { steps.thinned(tau) } else { steps }
        };
        let low = thin(&self.lower);
        match &self.upper {
            Some(upper) => Bracket { low, high: thin(upper) },
            None => Bracket::known(low),
        }
    }

    /// The exact bootstrap law of a quantile; `None` for buckets, and where limits would have
    /// a say in it.
    pub(super) fn law(&self, p: Rank) -> Option<Discrete> {
        if !self.is_known() {
            return None;
        }
        let law = QuantileBootstrap::of_ecdf(&self.lower, p, QuantileType::InvertedCdf).law();
        let (lo, hi) = law.range();
        (lo.is_finite() && hi.is_finite()).then_some(law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Binned, Closed};

    #[test]
    fn buckets_are_brackets() {
        let edges = vec![0.0, 10.0, 20.0, 30.0, f64::INFINITY];
        let b = Binned::new(edges, vec![30, 40, 20, 10], Closed::Upper).unwrap();
        let counted = Counted::between(b.lower(), b.upper());
        assert!(!counted.is_censored() && counted.spread().is_none() && counted.n() == 100);
        assert_eq!(counted.quantile(Rank::MEDIAN), 15.0);
        assert_eq!(counted.quantile(Rank::P99), 30.0);
        assert_eq!(counted.interval(Rank::MEDIAN, Level::P95), (10.0, 20.0));
        assert_eq!(counted.interval(Rank::P95, Level::P95).1, f64::INFINITY);
    }

    #[test]
    fn a_law_without_limits_is_the_samples() {
        let values = Ecdf::new((0..100).map(|i| (f64::from(i), 1)).collect(), 0, 0).unwrap();
        let failed = Ecdf::new(values.atoms().to_vec(), 0, 5).unwrap();
        assert!(Counted::known(values.clone()).law(Rank::P95).is_some());
        assert!(Counted::known(failed.clone()).law(Rank::P95).is_none());
        let failed = Counted::known(failed);
        assert!(failed.is_censored() && failed.spread().is_none());
        // p50 of a hundred values and five failures lies among the values.
        assert!((failed.quantile(Rank::MEDIAN) - 52.0).abs() < 1e-12);
        assert_eq!(failed.quantile(Rank::P99), f64::INFINITY);
    }
}
