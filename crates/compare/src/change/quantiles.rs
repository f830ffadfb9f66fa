use tailproof_core::{Level, QuantileType, Rank, Sample};
use tailproof_resampling::{DifferenceBootstrap, Discrete, Law, QuantileBootstrap, RatioBootstrap};

use super::{BaseNearZero, Beyond};

/// Two quantiles by the exact bootstrap of their ratio and difference.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    /// None when the baseline is not clearly above zero.
    ratio: Option<RatioBootstrap>,
    difference: DifferenceBootstrap,
    /// Whether the baseline's law is the point 0.
    nothing: bool,
    /// `P(x* ≤ 0)`: resamples without a ratio, which count against every claim.
    none: f64,
}

impl Quantiles {
    pub(super) fn new(x: &Sample, y: &Sample, p: Rank) -> Self {
        let law = |s: &Sample| QuantileBootstrap::of(s, p, QuantileType::InvertedCdf).law();
        Self::of(law(x), law(y))
    }

    pub(super) fn of(a: Discrete, b: Discrete) -> Self {
        let none = a.cdf(0.0);
        let positive = a.atoms().filter(|atom| atom.0 > 0.0).collect();
        // Above this no level in use leaves room for it.
        let positive = Discrete::new(positive, 0.0).filter(|_| none <= 1e-3);
        let ratio = positive.and_then(|x| RatioBootstrap::new(x, b.clone()).ok());
        let nothing = a.atoms().all(|atom| atom.0 == 0.0);
        Self { ratio, difference: DifferenceBootstrap::new(a, b), nothing, none }
    }

    /// Whether the baseline's quantile is 0 in every resample.
    pub(super) const fn begins_at_nothing(&self) -> bool {
        self.nothing
    }

    /// Whether the baseline is clearly above zero.
    pub(super) fn relative(&self) -> bool {
        self.ratio.is_some()
    }

    pub(super) fn ratio(&self, level: Level) -> Result<(f64, f64), BaseNearZero> {
        let ratio = self.ratio.as_ref().ok_or(BaseNearZero)?;
        let half = level.alpha().to_f64() / 2.0 - self.none;
        if half <= 0.0 {
            return Err(BaseNearZero);
        }
        // Shares of the resamples that have a ratio.
        let share = half / (1.0 - self.none);
        Ok((ratio.quantile(share), ratio.quantile(1.0 - share)))
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        self.difference.interval(level)
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        let Some(ratio) = &self.ratio else { return 1.0 };
        let p = tail(|t| ratio.cdf(t), limit, beyond);
        (p * (1.0 - self.none) + 2.0 * self.none).min(1.0)
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
