use tailproof_core::{Level, QuantileType, Rank, Sample};
use tailproof_resampling::{DifferenceBootstrap, Law, QuantileBootstrap, RatioBootstrap};

use super::{BaseNearZero, Beyond};

/// Two quantiles by the exact bootstrap of their ratio and difference.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    ratio: RatioBootstrap,
    difference: DifferenceBootstrap,
    /// Ratio and difference of the samples' inverse-CDF quantiles.
    r: f64,
    d: f64,
    /// How much wider dependence makes the intervals, at least 1.
    stretch: f64,
}

impl Quantiles {
    pub(super) fn new(x: &Sample, y: &Sample, p: Rank, tau: f64) -> Result<Self, BaseNearZero> {
        let law = |s: &Sample| QuantileBootstrap::of(s, p, QuantileType::InvertedCdf);
        let (a, b) = (law(x), law(y));
        let ratio = RatioBootstrap::new(a.law(), b.law()).map_err(|_| BaseNearZero)?;
        let difference = DifferenceBootstrap::new(a.law(), b.law());
        let (u, v) = (x.quantile(p), y.quantile(p));
        Ok(Self { ratio, difference, r: v / u, d: v - u, stretch: tau.max(1.0).sqrt() })
    }

    /// Whether there is a logarithm to stretch on.
    fn positive(&self) -> bool {
        self.stretch == 1.0 || (self.r > 0.0 && self.ratio.quantile(0.0) > 0.0)
    }

    pub(super) fn ratio(&self, level: Level) -> (f64, f64) {
        if !self.positive() {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let (lo, hi) = self.ratio.interval(level);
        if self.stretch == 1.0 {
            return (lo, hi);
        }
        let wider = |end: f64| self.r * (end / self.r).powf(self.stretch);
        (wider(lo), wider(hi))
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        let (lo, hi) = self.difference.interval(level);
        let wider = |end: f64| self.d + self.stretch * (end - self.d);
        (wider(lo), wider(hi))
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        if !self.positive() || (self.stretch > 1.0 && limit <= 0.0) {
            return if limit <= 0.0 && self.positive() && beyond == Beyond::Above {
                0.0
            } else {
                1.0
            };
        }
        // The limit that the interval before stretching has to pass.
        let limit = if self.stretch == 1.0 {
            limit
        } else {
            self.r * (limit / self.r).powf(1.0 / self.stretch)
        };
        tail(|t| self.ratio.cdf(t), limit, beyond)
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        tail(|t| self.difference.cdf(t), self.d + (limit - self.d) / self.stretch, beyond)
    }
}

/// Twice the mass on the wrong side of the limit.
fn tail(cdf: impl Fn(f64) -> f64, limit: f64, beyond: Beyond) -> f64 {
    let mass = match beyond {
        Beyond::Above => cdf(limit),
        Beyond::Below => 1.0 - cdf(limit.next_down()),
    };
    (2.0 * mass).clamp(0.0, 1.0)
}
