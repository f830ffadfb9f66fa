use tailproof_core::distributions::student_quantile;
use tailproof_core::{Direction, Level};

use super::laws::Law;
use super::search::{lowest, reach};
use super::{Curve, Estimate, LackOfFit};

/// Coefficients that are looked at, besides 0.
const LEAST: f64 = 1e-9;
pub(super) const MOST: f64 = 10.0;
/// Slices of a joint region.
const SLICES: usize = 48;

/// Mean logarithms of the rate per worker count, and the scatter around them.
pub(super) struct Data {
    law: Law,
    /// Workers, observations, mean of `ln X`.
    groups: Vec<(f64, f64, f64)>,
    scatter: f64,
    total: f64,
}

impl Data {
    pub(super) fn of(curve: &Curve, law: Law) -> Self {
        let sign = if curve.metric.direction == Direction::Higher { 1.0 } else { -1.0 };
        let mut scatter = 0.0;
        let mut groups = Vec::new();
        for point in &curve.points {
            let logs: Vec<f64> = point.values.values().iter().map(|y| sign * y.ln()).collect();
            let count = logs.len() as f64;
            let mean = logs.iter().sum::<f64>() / count;
            scatter += logs.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>();
            groups.push((point.x, count, mean));
        }
        let total: f64 = groups.iter().map(|g| g.1).sum();
        // Equal replicates differ by rounding only.
        let scatter = if scatter <= 1e-24 * total { 0.0 } else { scatter };
        Self { law, groups, scatter, total }
    }

    /// The sum of squares of σ and κ with the best λ, without the scatter of replicates.
    pub(super) fn misses(&self, sigma: f64, kappa: f64) -> f64 {
        let off = |&(n, _, mean): &(f64, f64, f64)| mean - self.law.speed_up(sigma, kappa, n).ln();
        let ln_rate = self.groups.iter().map(|g| g.1 * off(g)).sum::<f64>() / self.total;
        let sum: f64 = self.groups.iter().map(|g| g.1 * (off(g) - ln_rate).powi(2)).sum();
        // ln 0 where a share of 1 leaves nothing.
        if sum.is_finite() { sum } else { f64::MAX }
    }

    pub(super) fn over_sigma(&self, kappa: f64) -> (f64, f64) {
        lowest(|s| self.misses(s, kappa), LEAST, self.law.most())
    }

    pub(super) fn over_kappa(&self, sigma: f64) -> (f64, f64) {
        if self.law == Law::Usl {
            lowest(|k| self.misses(sigma, k), LEAST, MOST)
        } else {
            (0.0, self.misses(sigma, 0.0))
        }
    }

    /// σ, κ and their misses, the least there are.
    pub(super) fn best(&self) -> (f64, f64, f64) {
        let kappa = if self.law == Law::Usl {
            lowest(|k| self.over_sigma(k).1, LEAST, MOST).0
        } else {
            0.0
        };
        let (sigma, least) = self.over_sigma(kappa);
        (sigma, kappa, least)
    }

    /// The misses up to which parameters are in the region, the degrees of freedom of the noise,
    /// and the test of the law.
    pub(super) fn limit(&self, least: f64, level: Level) -> (f64, f64, Option<LackOfFit>) {
        let (k, p) = (self.groups.len() as f64, self.law.parameters() as f64);
        let lack = LackOfFit::new((least, k - p), (self.scatter, self.total - k));
        // Replicates that do not scatter are one value each.
        let bent = lack.map_or(self.scatter == 0.0 && k > p, |l| l.refutes(level));
        let (noise, df) =
            if bent { (least, k - p) } else { (least + self.scatter, self.total - p) };
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df);
        // What rounding leaves of data without noise stays inside.
        (least + noise * t * t / df + 1e-24, df, lack)
    }

    pub(super) fn interval(
        &self,
        value: f64,
        limit: f64,
        most: f64,
        profile: impl Fn(f64) -> f64,
    ) -> Estimate {
        let (lo, hi) = reach(profile, value, limit, (LEAST, most));
        let open = if self.law == Law::Usl { f64::INFINITY } else { most };
        Estimate { value, lo, hi: hi.unwrap_or(open) }
    }

    /// The edge of the region, with the estimate first: pairs (σ, κ).
    pub(super) fn region(
        &self,
        serial: &Estimate,
        best: (f64, f64, f64),
        limit: f64,
    ) -> Vec<(f64, f64)> {
        let mut region = vec![(best.0, best.1)];
        let hi = serial.hi.min(self.law.most());
        if self.law != Law::Usl {
            region.extend([(serial.lo, 0.0), (hi, 0.0)]);
            return region;
        }
        for i in 0..=SLICES {
            // Denser at both ends, where the edge turns.
            let share = (1.0 - (std::f64::consts::PI * i as f64 / SLICES as f64).cos()) / 2.0;
            let sigma = serial.lo + share * (hi - serial.lo);
            let (kappa, least) = self.over_kappa(sigma);
            if least > limit {
                // Rounding at the very ends.
                region.push((sigma, kappa));
                continue;
            }
            let (from, to) = reach(|k| self.misses(sigma, k), kappa, limit, (LEAST, MOST));
            region.extend([(sigma, from), (sigma, to.unwrap_or(MOST))]);
        }
        region
    }
}
