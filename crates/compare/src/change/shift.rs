use tailproof_core::{Guarantee, Level, Sample};
use tailproof_hypothesis::{Method, hodges_lehmann, hodges_lehmann_ratio, smallest_p_permutation};

use super::{BaseNearZero, Beyond, is_beyond, smallest_alpha};

/// The Hodges–Lehmann ratio of two samples.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    x: Sample,
    y: Sample,
    pub(super) ratio: f64,
    method: Method,
}

impl Shift {
    pub(super) fn new(x: &Sample, y: &Sample) -> Result<Self, BaseNearZero> {
        let at = hodges_lehmann_ratio(x, y, Level::P95).map_err(|_| BaseNearZero)?;
        Ok(Self { x: x.clone(), y: y.clone(), ratio: at.ratio, method: at.method })
    }

    pub(super) const fn guarantee(&self) -> Guarantee {
        match self.method {
            Method::Exact => Guarantee::Exact,
            Method::Normal => Guarantee::Asymptotic,
        }
    }

    fn reachable(&self, level: Level) -> bool {
        self.smallest_p() <= level.alpha().to_f64()
    }

    pub(super) fn interval(&self, level: Level) -> (f64, f64) {
        if !self.reachable(level) {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        hodges_lehmann_ratio(&self.x, &self.y, level)
            .map_or((f64::NEG_INFINITY, f64::INFINITY), |r| (r.lo, r.hi))
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        if !self.reachable(level) {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let shift = hodges_lehmann(&self.x, &self.y, level);
        (shift.lo, shift.hi)
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        smallest_alpha(|level| is_beyond(self.interval(level), limit, beyond))
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        smallest_alpha(|level| is_beyond(self.difference(level), limit, beyond))
    }

    pub(super) fn smallest_p(&self) -> f64 {
        smallest_p_permutation(self.x.len(), self.y.len())
    }

    #[expect(clippy::unused_self, reason = "the same shape as its siblings")]
    pub(super) fn need(&self, level: Level) -> u64 {
        let alpha = level.alpha().to_f64();
        (1..1_000).find(|&n| smallest_p_permutation(n, n) <= alpha).map_or(u64::MAX, |n| n as u64)
    }
}
