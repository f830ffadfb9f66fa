use tailproof_core::binomial::{lower_rank, samples_to_pass, tails, upper_rank};
use tailproof_core::{Level, Rank, Sample};

use super::{BaseNearZero, Beyond};

/// The box of both order-statistic intervals of a quantile.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    x: Vec<f64>,
    y: Vec<f64>,
    p: Rank,
}

impl Ranks {
    pub(super) fn new(x: &Sample, y: &Sample, p: Rank) -> Result<Self, BaseNearZero> {
        if x.quantile(p) <= 0.0 {
            return Err(BaseNearZero);
        }
        Ok(Self { x: x.sorted().to_vec(), y: y.sorted().to_vec(), p })
    }

    /// Bounds of one side; each end at `1 − α/4`.
    fn bounds(&self, sorted: &[f64], level: Level) -> (f64, f64) {
        let (n, end) = (sorted.len() as u64, level.split(4));
        (
            lower_rank(n, self.p, end).map_or(f64::NEG_INFINITY, |r| sorted[r as usize - 1]),
            upper_rank(n, self.p, end).map_or(f64::INFINITY, |r| sorted[r as usize - 1]),
        )
    }

    pub(super) fn ratio(&self, level: Level) -> Result<(f64, f64), BaseNearZero> {
        let ((x_lo, x_hi), (y_lo, y_hi)) =
            (self.bounds(&self.x, level), self.bounds(&self.y, level));
        if x_lo.is_finite() && x_lo <= 0.0 {
            return Err(BaseNearZero);
        }
        let over = |y: f64, x: f64| (y.is_finite() && x.is_finite()).then(|| y / x);
        Ok((
            over(y_lo, if y_lo < 0.0 { x_lo } else { x_hi }).unwrap_or(f64::NEG_INFINITY),
            over(y_hi, if y_hi < 0.0 { x_hi } else { x_lo }).unwrap_or(f64::INFINITY),
        ))
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        let ((x_lo, x_hi), (y_lo, y_hi)) =
            (self.bounds(&self.x, level), self.bounds(&self.y, level));
        (y_lo - x_hi, y_hi - x_lo)
    }

    /// `P(Bin(n, p) < r)`: that the order statistic of rank r is no lower bound.
    fn fails_below(&self, n: usize, r: usize) -> f64 {
        tails(r as u64, n as u64, self.p.to_f64(), self.p.complement().to_f64()).below
    }

    /// `P(Bin(n, p) ≥ r)`: that it is no upper bound.
    fn fails_above(&self, n: usize, r: usize) -> f64 {
        tails(r as u64, n as u64, self.p.to_f64(), self.p.complement().to_f64()).at_least
    }

    /// The best pair of ranks whose box lies beyond the limit: the worse of its two ends, with
    /// `image` taking a value of the baseline to where the candidate's must be beyond, if it can
    /// be a bound.
    fn best(&self, image: impl Fn(f64) -> Option<f64>, beyond: Beyond) -> f64 {
        let (n, m) = (self.x.len(), self.y.len());
        let mut best = 1.0_f64;
        for i in 0..n {
            let Some(limit) = image(self.x[i]) else { continue };
            let worse = match beyond {
                // x₍i₎ as upper bound, the first y above its image as lower bound.
                Beyond::Above => {
                    let j = self.y.partition_point(|&y| y <= limit);
                    if j == m {
                        continue;
                    }
                    self.fails_above(n, i + 1).max(self.fails_below(m, j + 1))
                }
                // x₍i₎ as lower bound, the last y below its image as upper bound.
                Beyond::Below => {
                    let j = self.y.partition_point(|&y| y < limit);
                    if j == 0 {
                        continue;
                    }
                    self.fails_below(n, i + 1).max(self.fails_above(m, j))
                }
            };
            best = best.min(4.0 * worse);
        }
        best
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        if limit <= 0.0 {
            return 1.0; // Bounds of other signs swap places; nothing is claimed there.
        }
        self.best(|x| (x > 0.0).then_some(limit * x), beyond)
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        self.best(|x| Some(x + limit), beyond)
    }

    pub(super) fn smallest_p(&self, beyond: Beyond) -> f64 {
        let (n, m) = (self.x.len(), self.y.len());
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
