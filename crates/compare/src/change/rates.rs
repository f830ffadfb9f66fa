use tailproof_core::Level;
use tailproof_core::distributions::normal_cdf;
use tailproof_hypothesis::{Proportion, difference_score, ratio_score, ratio_score_z};

use super::{BaseNearZero, Beyond, is_beyond, smallest_alpha};

/// Two shares of good events by Miettinen and Nurminen's score test.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    x: Proportion,
    y: Proportion,
}

impl Rates {
    pub(super) const fn new(x: Proportion, y: Proportion) -> Self {
        Self { x, y }
    }

    /// Whether the baseline has an event.
    pub(super) const fn relative(&self) -> bool {
        self.x.successes() > 0
    }

    pub(super) fn ratio(&self, level: Level) -> Result<(f64, f64), BaseNearZero> {
        if self.relative() { Ok(ratio_score(self.x, self.y, level)) } else { Err(BaseNearZero) }
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        difference_score(self.x, self.y, level)
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        if limit <= 0.0 || !self.relative() {
            return 1.0; // No ratio of shares lies below 0, and 0 is never shown to be exceeded.
        }
        let z = ratio_score_z(self.x, self.y, limit);
        let right = match beyond {
            Beyond::Above => z > 0.0,
            Beyond::Below => z < 0.0,
        };
        if right { (2.0 * normal_cdf(-z.abs())).min(1.0) } else { 1.0 }
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        smallest_alpha(|level| is_beyond(self.difference(level), limit, beyond))
    }
}
