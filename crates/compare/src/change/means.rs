use tailproof_core::distributions::{student_quantile, student_two_sided};
use tailproof_core::{Level, Sample};
use tailproof_hypothesis::smallest_p_permutation;

use super::{BaseNearZero, Beyond, Spread};

/// Two means in units of the baseline's, so that nothing overflows.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The baseline's mean; another size of the data where that is not positive.
    scale: f64,
    /// Squared standard errors over the squared scale.
    a: f64,
    b: f64,
    /// Effective observations.
    n: [f64; 2],
    /// Observations.
    sizes: [usize; 2],
}

impl Means {
    pub(super) fn new(x: &Sample, y: &Sample, tau: [f64; 2]) -> Self {
        Self::of(Spread::of(x), Spread::of(y), tau)
    }

    pub(super) fn of(x: Spread, y: Spread, tau: [f64; 2]) -> Self {
        let sizes = [x.mean, y.mean, x.sd, y.sd].map(f64::abs);
        let largest = sizes.into_iter().filter(|s| s.is_finite()).fold(0.0, f64::max);
        let scale = if x.mean > 0.0 {
            x.mean
        } else if largest > 0.0 {
            largest
        } else {
            1.0
        };
        let n = [(x.n as f64 / tau[0]).max(2.0), (y.n as f64 / tau[1]).max(2.0)];
        let square = |s: Spread, n: f64| {
            let spread = if s.n < 2 { 0.0 } else { s.sd / scale };
            spread * spread / n
        };
        let (a, b) = (square(x, n[0]), square(y, n[1]));
        let sizes = [x.n as usize, y.n as usize];
        Self { x: x.mean, y: y.mean, scale, a, b, n, sizes }
    }

    /// Whether the baseline's mean is positive, so that there is a ratio to it.
    pub(super) fn relative(&self) -> bool {
        self.x > 0.0
    }

    /// Whether the baseline is the constant 0.
    pub(super) fn begins_at_nothing(&self) -> bool {
        self.x == 0.0 && self.a == 0.0
    }

    /// Whether both sides are one and the same constant.
    pub(super) fn unchanged(&self) -> bool {
        self.constant() && self.x == self.y
    }

    fn r(&self) -> f64 {
        self.y / self.x
    }

    /// Welch–Satterthwaite degrees of freedom of `ȳ − r x̄`.
    fn df(&self, r: f64) -> f64 {
        let (a, total) = (r * r * self.a, r * r * self.a + self.b);
        if total == 0.0 {
            return self.n[0].min(self.n[1]) - 1.0;
        }
        let df = total * total / (a * a / (self.n[0] - 1.0) + self.b * self.b / (self.n[1] - 1.0));
        // Squares of a spread far beyond the mean overflow.
        if df.is_finite() { df } else { self.n[0].min(self.n[1]) - 1.0 }
    }

    fn alone(&self) -> bool {
        self.sizes.contains(&1)
    }

    fn constant(&self) -> bool {
        self.a + self.b == 0.0
    }

    /// Two constants: only the number of relabellings speaks.
    fn relabelled(&self) -> f64 {
        smallest_p_permutation(self.sizes[0], self.sizes[1])
    }

    fn unbounded(&self, level: Level) -> bool {
        self.alone() || (self.constant() && self.relabelled() > level.alpha().to_f64())
    }

    pub(super) fn ratio(&self, level: Level) -> Result<(f64, f64), BaseNearZero> {
        if !self.relative() {
            return Err(BaseNearZero);
        }
        let r = self.r();
        if self.unbounded(level) {
            return Ok((f64::NEG_INFINITY, f64::INFINITY));
        }
        if self.constant() {
            return Ok((r, r));
        }
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, self.df(r));
        // (1 − t²a) ρ² − 2rρ + (r² − t²b) ≤ 0
        let lead = 1.0 - t * t * self.a;
        if lead <= 0.0 {
            return Err(BaseNearZero);
        }
        let root = (t * t * (self.b * lead + r * r * self.a)).sqrt();
        Ok(((r - root) / lead, (r + root) / lead))
    }

    pub(super) fn difference(&self, level: Level) -> (f64, f64) {
        let gap = self.y - self.x;
        if self.unbounded(level) {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        if self.constant() {
            return (gap, gap);
        }
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, self.df(1.0));
        let reach = t * (self.a + self.b).sqrt() * self.scale;
        (gap - reach, gap + reach)
    }

    fn beyond(&self, distance: f64, error: f64, df: f64, beyond: Beyond) -> f64 {
        let right = match beyond {
            Beyond::Above => distance > 0.0,
            Beyond::Below => distance < 0.0,
        };
        if self.alone() || !right {
            return 1.0;
        }
        if self.constant() { self.relabelled() } else { student_two_sided(distance / error, df) }
    }

    pub(super) fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        if !self.relative() {
            return 1.0;
        }
        let error = (self.b + limit * limit * self.a).sqrt();
        self.beyond(self.r() - limit, error, self.df(self.r()), beyond)
    }

    pub(super) fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        let error = (self.a + self.b).sqrt() * self.scale;
        self.beyond(self.y - self.x - limit, error, self.df(1.0), beyond)
    }

    pub(super) fn smallest_p(&self) -> f64 {
        if self.alone() {
            1.0
        } else if self.constant() {
            self.relabelled()
        } else {
            0.0
        }
    }

    pub(super) fn need(&self, level: Level) -> u64 {
        if self.alone() || !self.constant() {
            return 2;
        }
        let alpha = level.alpha().to_f64();
        (2..1_000).find(|&n| smallest_p_permutation(n, n) <= alpha).map_or(u64::MAX, |n| n as u64)
    }
}
