use tailproof_core::{Level, QuantileType, Rank, Sample};
use tailproof_resampling::{DifferenceBootstrap, Law, QuantileBootstrap, RatioBootstrap};

use super::{BaseNearZero, Beyond};

/// Two quantiles by the exact bootstrap of their ratio and difference.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    ratio: RatioBootstrap,
    difference: DifferenceBootstrap,
}

impl Quantiles {
    pub(super) fn new(x: &Sample, y: &Sample, p: Rank) -> Result<Self, BaseNearZero> {
        let law = |s: &Sample| QuantileBootstrap::of(s, p, QuantileType::InvertedCdf).law();
        let (a, b) = (law(x), law(y));
        let ratio = RatioBootstrap::new(a.clone(), b.clone()).map_err(|_| BaseNearZero)?;
        Ok(Self { ratio, difference: DifferenceBootstrap::new(a, b) })
    }

    pub(super) fn ratio(&self, level: Level) -> (f64, f64) {
        self.ratio.interval(level)
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        self.difference.interval(level)
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        tail(|t| self.ratio.cdf(t), limit, beyond)
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        tail(|t| self.difference.cdf(t), limit, beyond)
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
