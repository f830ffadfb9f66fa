use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, QuantileType, Rank, Sample, Seed};

use crate::law::{Discrete, Law, first_true};
use crate::linear::{Branch, Group, Sum, Term, atoms_of, sum, unit_of};
use crate::quantile::QuantileBootstrap;

/// The bootstrap distribution of the difference `η* − θ*` of two independent statistics with
/// discrete laws, such as two quantiles, for B → ∞.
///
/// ```text
/// P(η* − θ* ≤ t) = Σ_i P(θ* = v_i) P(η* ≤ t + v_i)
/// ```
/// # Example
/// ```
/// use tailproof_core::{Level, QuantileType, Rank, Sample};
/// use tailproof_resampling::{DifferenceBootstrap, Law};
///
/// let x = Sample::new((0..200).map(f64::from).collect())?;
/// let y = Sample::new((0..200).map(|v| f64::from(v) + 30.0).collect())?;
/// let law = DifferenceBootstrap::of_quantiles(&x, &y, Rank::MEDIAN, QuantileType::Linear);
/// let (lo, hi) = law.interval(Level::P95);
/// assert!(lo < 30.0 && 30.0 < hi);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DifferenceBootstrap {
    x: Discrete,
    y: Discrete,
}

impl DifferenceBootstrap {
    /// From the laws of both statistics: the second minus the first.
    #[must_use]
    pub const fn new(x: Discrete, y: Discrete) -> Self {
        Self { x, y }
    }

    /// Of the `p`-quantiles of two samples.
    #[must_use]
    pub fn of_quantiles(x: &Sample, y: &Sample, p: Rank, kind: QuantileType) -> Self {
        let law = |s: &Sample| QuantileBootstrap::of(s, p, kind).law();
        Self::new(law(x), law(y))
    }
}

impl Law for DifferenceBootstrap {
    fn cdf(&self, t: f64) -> f64 {
        self.y.at_most(&self.x, |v| t + v)
    }

    fn quantile(&self, q: f64) -> f64 {
        let ((a, b), (c, d)) = (self.x.range(), self.y.range());
        let t = first_true(c - b, d - a, |t| self.cdf(t) >= q);
        self.y.least_from(&self.x, |v| t + v, |u, v| u - v).unwrap_or(t)
    }

    fn mean(&self) -> f64 {
        self.y.mean() - self.x.mean()
    }

    fn sd(&self) -> f64 {
        self.x.sd().hypot(self.y.sd())
    }
}

/// The denominator is not clearly away from zero, so that a ratio to it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the denominator is too close to zero for a ratio")]
pub struct NearZero;

/// The bootstrap distribution of the ratio `η*/θ*` of two independent statistics, θ* > 0, for
/// B → ∞.
///
/// ```text
/// P(η*/θ* ≤ r) = P(η* − r θ* ≤ 0)
/// ```
/// Needs `θ* > 0` with certainty. For means of data that may be negative see [`ratio_set`].
#[derive(Clone, Debug)]
pub struct RatioBootstrap {
    parts: Parts,
    branch: Branch,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one a bootstrap, never in a list")]
enum Parts {
    /// Both laws are discrete.
    Laws(Discrete, Discrete),
    /// Means: the law of `ȳ* − r x̄*` is found for each r.
    Means { x: Group, y: Group, seed: Seed },
}

impl RatioBootstrap {
    /// From the laws of the denominator and the numerator.
    ///
    /// # Errors
    /// The denominator can be zero or negative.
    pub fn new(x: Discrete, y: Discrete) -> Result<Self, NearZero> {
        if x.range().0 <= 0.0 {
            return Err(NearZero);
        }
        Ok(Self { parts: Parts::Laws(x, y), branch: Branch::Enumerated })
    }

    /// Of the `p`-quantiles of two samples: `y` over `x`.
    ///
    /// # Errors
    /// A resample of `x` could have a quantile that is not positive.
    pub fn of_quantiles(
        x: &Sample,
        y: &Sample,
        p: Rank,
        kind: QuantileType,
    ) -> Result<Self, NearZero> {
        let law = |s: &Sample| QuantileBootstrap::of(s, p, kind).law();
        Self::new(law(x), law(y))
    }

    /// Of the means of two samples: `mean(y)/mean(x)`.
    ///
    /// # Errors
    /// A value of `x` is not positive.
    pub fn of_means(x: &Sample, y: &Sample, seed: Seed) -> Result<Self, NearZero> {
        if x.range().0 <= 0.0 {
            return Err(NearZero);
        }
        let (parts, branch) = Parts::of_means(x, y, seed);
        Ok(Self { parts, branch })
    }

    /// How the law was found.
    #[must_use]
    pub const fn branch(&self) -> Branch {
        self.branch
    }

    /// `P(η*/θ* ≤ r)`.
    #[must_use]
    pub fn cdf(&self, r: f64) -> f64 {
        self.parts.at_most(r)
    }

    /// The smallest `r` with `P(η*/θ* ≤ r) ≥ q`.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        let ((a, b), (c, d)) = self.parts.ranges();
        let (lo, hi) = ((c / a).min(c / b), (d / a).max(d / b));
        // The ends themselves are reached but for rounding.
        let r = first_true(lo.next_down(), hi, |r| self.cdf(r) >= q);
        match &self.parts {
            Parts::Laws(x, y) => y.least_from(x, |v| r * v, |u, v| u / v).unwrap_or(r),
            Parts::Means { .. } => r,
        }
    }

    /// Equal-tailed percentile interval.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        let half = level.alpha().to_f64() / 2.0;
        (self.quantile(half), self.quantile(1.0 - half))
    }
}

impl Parts {
    fn of_means(x: &Sample, y: &Sample, seed: Seed) -> (Self, Branch) {
        let (a, b) = (atoms_of(x), atoms_of(y));
        let unit = unit_of(&[&a, &b]);
        let (a, b) = (Group::new(a, unit), Group::new(b, unit));
        let discrete = |g: &Group| Term { c: 1.0, group: g }.discrete();
        if let (Some((x, i)), Some((y, j))) = (discrete(&a), discrete(&b)) {
            return (Self::Laws(x, y), i.max(j));
        }
        // The branch at r = 1 stands for all.
        let terms = [Term { c: -1.0, group: &a }, Term { c: 1.0, group: &b }];
        let branch = sum(&terms, seed).1;
        (Self::Means { x: a, y: b, seed }, branch)
    }

    fn at_most(&self, r: f64) -> f64 {
        match self {
            Self::Laws(x, y) => y.at_most(x, |v| r * v),
            Self::Means { x, y, seed } => {
                let terms = [Term { c: -r, group: x }, Term { c: 1.0, group: y }];
                sum(&terms, *seed).0.cdf(0.0)
            }
        }
    }

    /// Ranges of denominator and numerator.
    fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        match self {
            Self::Laws(x, y) => (x.range(), y.range()),
            Self::Means { x, y, .. } => (x.range(), y.range()),
        }
    }

    /// `P(x̄* ≤ 0)` and `P(x̄* < 0)`.
    fn denominator(&self) -> (f64, f64) {
        match self {
            Self::Laws(x, _) => (x.cdf(0.0), x.cdf(0.0_f64.next_down())),
            Self::Means { x, seed, .. } => {
                let law: Sum = sum(&[Term { c: 1.0, group: x }], *seed).0;
                (law.cdf(0.0), law.cdf(0.0_f64.next_down()))
            }
        }
    }
}

/// The ratios that both tails leave: `{ r : α/2 ≤ P(ȳ* − r x̄* ≤ 0) ≤ 1 − α/2 }`, for data
/// that may be negative.
///
/// Closed intervals in ascending order; ends may be infinite. A denominator that is not
/// clearly away from zero gives a ray, two rays or the whole line, and says so instead of
/// hiding it. The boundary is searched between 720 directions of `(x̄*, ȳ*)`, then bisected.
///
/// # Source
/// The bootstrap form of Fieller (1954), *JRSS B* 16(2), 175–185.
#[must_use]
pub fn ratio_set(x: &Sample, y: &Sample, level: Level, seed: Seed) -> Vec<(f64, f64)> {
    const DIRECTIONS: u32 = 720;
    let parts = Parts::of_means(x, y, seed).0;
    let half = level.alpha().to_f64() / 2.0;
    // r = centre + scale · tan(turn), so that the resolution is where the mass is.
    let (a, b) = (Moments::of(x), Moments::of(y));
    let (mx, my) = (a.mean(), b.mean());
    let errors = [a, b].map(|m| m.sd(0) / m.n().sqrt());
    let centre = if mx == 0.0 { 0.0 } else { my / mx };
    let size = if mx == 0.0 { errors[0] } else { mx.abs() };
    let scale =
        (centre.abs() + (errors[1] + centre.abs() * errors[0]) / size).max(f64::MIN_POSITIVE);
    let scale = if scale.is_finite() { scale } else { 1.0 };
    let ratio = |i: u32| {
        let turn = std::f64::consts::PI * (f64::from(i) / f64::from(DIRECTIONS) - 0.5);
        centre + scale * turn.tan()
    };
    let inside = |r: f64| (half..=1.0 - half).contains(&parts.at_most(r));
    let edge = |mut out: f64, mut within: f64| {
        for _ in 0..100 {
            let mid = f64::midpoint(out, within);
            if mid == out || mid == within {
                break;
            }
            if inside(mid) { within = mid } else { out = mid }
        }
        within
    };
    let mut set: Vec<(f64, f64)> = Vec::new();
    let mut open: Option<f64> = None;
    let mut previous: Option<f64> = None;
    for r in (1..DIRECTIONS).map(ratio) {
        match (open, inside(r)) {
            (None, true) => {
                open = Some(previous.map_or(f64::NEG_INFINITY, |before| edge(before, r)));
            }
            (Some(lo), false) => {
                let before = previous.expect("an open interval has a point before this one");
                set.push((lo, edge(r, before)));
                open = None;
            }
            _ => {}
        }
        previous = Some(r);
    }
    if let Some(lo) = open {
        set.push((lo, f64::INFINITY));
    }
    // A narrow set may lie between two directions.
    if set.is_empty() && mx != 0.0 && inside(my / mx) {
        let r = my / mx;
        let step = scale * 0.1;
        set.push((edge(r - step, r), edge(r + step, r)));
    }
    set
}

/// Whether `x̄*` is on one side of zero but for a probability of `α/2`: only then may a change
/// in percent of it be stated.
#[must_use]
pub fn clearly_positive(x: &Sample, level: Level, seed: Seed) -> bool {
    let parts = Parts::of_means(x, x, seed).0;
    parts.denominator().0 <= level.alpha().to_f64() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};

    fn exponential(n: usize, task: u64, shift: f64) -> Sample {
        let mut rng = stream(Seed(6), task);
        Sample::new((0..n).map(|_| shift - uniform(&mut rng).ln()).collect()).unwrap()
    }

    #[test]
    fn a_ratio_is_a_difference_at_each_point() {
        let (x, y) = (exponential(80, 0, 0.0), exponential(60, 1, 0.2));
        let ratio = RatioBootstrap::of_means(&x, &y, Seed(1)).unwrap();
        assert_eq!(ratio.branch(), Branch::Cosine);
        let difference = crate::MeanBootstrap::difference(&x, &y, Seed(1));
        assert!((ratio.cdf(1.0) - difference.cdf(0.0)).abs() < 1e-10);
        let (lo, hi) = ratio.interval(Level::P95);
        assert!((ratio.cdf(lo) - 0.025).abs() < 1e-9 && (ratio.cdf(hi) - 0.975).abs() < 1e-9);
        // The same set, found by scanning all directions.
        let set = ratio_set(&x, &y, Level::P95, Seed(1));
        assert_eq!(set.len(), 1, "{set:?}");
        assert!((set[0].0 - lo).abs() < 1e-9 && (set[0].1 - hi).abs() < 1e-9, "{set:?} {lo} {hi}");
    }

    #[test]
    fn quantile_ratios_agree_with_pairs_of_replicates() {
        let (x, y) = (exponential(300, 2, 1.0), exponential(200, 3, 1.5));
        let kind = QuantileType::Linear;
        let ratio = RatioBootstrap::of_quantiles(&x, &y, Rank::MEDIAN, kind).unwrap();
        let difference = DifferenceBootstrap::of_quantiles(&x, &y, Rank::MEDIAN, kind);
        let count = std::num::NonZeroU32::new(40_000).unwrap();
        let draw = |s: &Sample, seed| {
            QuantileBootstrap::of(s, Rank::MEDIAN, kind).replicates(Seed(seed), count)
        };
        let (a, b) = (draw(&x, 1), draw(&y, 2));
        for q in [0.025, 0.5, 0.975] {
            let share = |f: &dyn Fn(f64, f64) -> bool| {
                a.values().iter().zip(b.values()).filter(|(x, y)| f(**x, **y)).count() as f64
                    / 40_000.0
            };
            let (r, d) = (ratio.quantile(q), difference.quantile(q));
            assert!((share(&|x, y| y / x <= r) - q).abs() < 0.006, "{q} {r}");
            assert!((share(&|x, y| y - x <= d) - q).abs() < 0.006, "{q} {d}");
        }
        let spread = |v: Vec<f64>| crate::Replicates::new(v).sd();
        let drawn = spread(a.values().iter().zip(b.values()).map(|(x, y)| y - x).collect());
        assert!((difference.sd() / drawn - 1.0).abs() < 0.03);
    }

    #[test]
    fn lattices_of_coprime_sizes_are_convolved_to_the_step() {
        let draw = |n: u32, m: u32| {
            Sample::new((0..n).map(|i| f64::from(1 + i * i % m)).collect()).unwrap()
        };
        let (x, y) = (draw(40, 8), draw(41, 9));
        let atoms = |s: &Sample| {
            let group = Group::new(atoms_of(s), 1.0);
            Term { c: 1.0, group: &group }.discrete().expect("on a lattice").0
        };
        let mut all: Vec<(f64, f64)> = Vec::new();
        for (u, p) in atoms(&x).atoms() {
            all.extend(atoms(&y).atoms().map(|(v, q)| (v - u, p * q)));
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let law = crate::MeanBootstrap::difference(&x, &y, Seed(1));
        for q in [0.025, 0.5, 0.975] {
            let mut sum = 0.0;
            let want = all.iter().find(|a| {
                sum += a.1;
                sum >= q
            });
            assert!((law.quantile(q) - want.unwrap().0).abs() < 1e-9, "{q}");
        }
    }

    #[test]
    fn a_numerator_near_zero_does_not_blow_the_set_up() {
        let x = Sample::new((0..20).map(|i| 9.0 + f64::from(i) / 10.0).collect()).unwrap();
        let y = Sample::new((0..21).map(|i| f64::from(i) / 10.0 - 1.0).collect()).unwrap();
        let set = ratio_set(&x, &y, Level::P95, Seed(1));
        assert_eq!(set.len(), 1);
        assert!(set[0].0 > -0.05 && set[0].0 < -0.01 && set[0].1 < 0.05, "{set:?}");
    }

    #[test]
    fn a_denominator_near_zero_is_not_hidden() {
        let around = Sample::new((-10..=11).map(f64::from).collect()).unwrap();
        let one = Sample::new((0..20).map(|v| 5.0 + f64::from(v)).collect()).unwrap();
        assert_eq!(RatioBootstrap::of_means(&around, &one, Seed(1)).unwrap_err(), NearZero);
        assert!(!clearly_positive(&around, Level::P95, Seed(1)));
        assert!(clearly_positive(&one, Level::P95, Seed(1)));
        // Positive over something that may have either sign: two rays.
        let set = ratio_set(&around, &one, Level::P95, Seed(1));
        assert_eq!(set.len(), 2, "{set:?}");
        assert_eq!((set[0].0, set[1].1), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(set[0].1 < 0.0 && set[1].0 > 0.0);
        // Neither is away from zero: the line.
        assert_eq!(
            ratio_set(&around, &around, Level::P95, Seed(1)),
            [(f64::NEG_INFINITY, f64::INFINITY)]
        );
    }
}
