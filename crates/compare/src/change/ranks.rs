use tailproof_core::binomial::{samples_to_pass, tails};
use tailproof_core::{Level, Rank};

use super::steps::Bracket;
use super::{BaseNearZero, Beyond};

/// The box of both order-statistic intervals of a quantile.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    x: Bracket,
    y: Bracket,
    p: Rank,
    relative: bool,
}

impl Ranks {
    /// `base` is the quantile of the baseline.
    pub(super) fn new(x: Bracket, y: Bracket, p: Rank, base: f64) -> Self {
        Self { x, y, p, relative: base > 0.0 }
    }

    /// Whether the baseline's quantile is positive.
    pub(super) const fn relative(&self) -> bool {
        self.relative
    }

    /// Whether the baseline is nothing but zeros.
    pub(super) fn begins_at_nothing(&self) -> bool {
        self.x.low.at(1) == 0.0 && self.x.high.at(self.x.n()) == 0.0
    }

    /// Whether some observations are only known to lie above everything.
    pub(super) fn is_censored(&self) -> bool {
        [&self.x, &self.y].into_iter().any(|side| side.low.at(side.n()).is_infinite())
    }

    /// Bounds of both sides; each end at `1 − α/4`.
    fn bounds(&self, level: Level) -> [(f64, f64); 2] {
        let end = level.split(4);
        [self.x.bounds(self.p, end), self.y.bounds(self.p, end)]
    }

    pub(super) fn ratio(&self, level: Level) -> Result<(f64, f64), BaseNearZero> {
        let [(x_lo, x_hi), (y_lo, y_hi)] = self.bounds(level);
        if !self.relative || x_hi <= 0.0 {
            return Err(BaseNearZero);
        }
        // The lowest ratio is to the highest base, and the other way round below zero; a base
        // that may be as small as nothing bounds no ratio from above.
        let over = |y: f64, x: f64, unknown: f64| {
            if x.is_finite() && x > 0.0 { y / x } else { unknown }
        };
        let lo =
            if y_lo < 0.0 { over(y_lo, x_lo, f64::NEG_INFINITY) } else { over(y_lo, x_hi, 0.0) };
        let hi = over(y_hi, if y_hi < 0.0 { x_hi } else { x_lo }, f64::INFINITY);
        Ok((lo, hi))
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        let [(x_lo, x_hi), (y_lo, y_hi)] = self.bounds(level);
        let minus = |y: f64, x: f64, unknown: f64| if x.is_finite() { y - x } else { unknown };
        (minus(y_lo, x_hi, f64::NEG_INFINITY), minus(y_hi, x_lo, f64::INFINITY))
    }

    /// `P(Bin(n, p) < r)`: that the order statistic of rank r is no lower bound.
    fn fails_below(&self, n: u64, r: u64) -> f64 {
        tails(r, n, self.p.to_f64(), self.p.complement().to_f64()).below
    }

    /// `P(Bin(n, p) ≥ r)`: that it is no upper bound.
    fn fails_above(&self, n: u64, r: u64) -> f64 {
        tails(r, n, self.p.to_f64(), self.p.complement().to_f64()).at_least
    }

    /// The best pair of ranks whose box lies beyond the limit: the worse of its two ends, with
    /// `image` taking a value of the baseline to where the candidate's must be beyond, if it can
    /// be a bound.
    fn best(&self, image: impl Fn(f64) -> Option<f64>, beyond: Beyond) -> f64 {
        let (n, m) = (self.x.n(), self.y.n());
        let side = match beyond {
            Beyond::Above => &self.x.high,
            Beyond::Below => &self.x.low,
        };
        let mut best = 1.0_f64;
        for (x, first, last) in side.spans() {
            let Some(limit) = image(x) else { continue };
            let worse = match beyond {
                // x as upper bound, the first y above its image as lower bound.
                Beyond::Above => {
                    let Some(j) = self.y.low.first_above(limit) else { continue };
                    self.fails_above(n, last).max(self.fails_below(m, j))
                }
                // x as lower bound, the last y below its image as upper bound.
                Beyond::Below => {
                    let Some(j) = self.y.high.last_below(limit) else { continue };
                    self.fails_below(n, first).max(self.fails_above(m, j))
                }
            };
            best = best.min(4.0 * worse);
        }
        best
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        if limit <= 0.0 || !self.relative {
            return 1.0; // Bounds of other signs swap places; nothing is claimed there.
        }
        self.best(|x| (x > 0.0).then_some(limit * x), beyond)
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        self.best(|x| Some(x + limit), beyond)
    }

    pub(super) fn smallest_p(&self, beyond: Beyond) -> f64 {
        let (n, m) = (self.x.n(), self.y.n());
        let worse = match beyond {
            Beyond::Above => self.fails_above(n, n).max(self.fails_below(m, 1)),
            Beyond::Below => self.fails_below(n, 1).max(self.fails_above(m, m)),
        };
        (4.0 * worse).min(1.0)
    }

    pub(super) fn need(&self, level: Level) -> u64 {
        let end = level.split(4);
        [Some(self.p), Rank::new(self.p.complement()).ok()]
            .into_iter()
            .flatten()
            .filter_map(|p| samples_to_pass(p, end, 0))
            .max()
            .unwrap_or(u64::MAX)
    }
}
