//! How does the cost grow with the size of the work, and the speed with the workers?
//!
//! | Question                                              | Item                         |
//! | ----------------------------------------------------- | ---------------------------- |
//! | Which series make a curve over sizes or workers?      | [`gather`], [`Curve`]        |
//! | Overhead and cost of one more unit of work            | [`cost`]                     |
//! | With which power of the size does it grow?            | [`power_law`]                |
//! | From which size on is one variant cheaper?            | [`break_even`]               |
//! | How much faster and how efficient are more workers?   | [`speed_ups`]                |
//! | Where does the speed-up end?                          | [`fit`] by a [`Law`]         |
//! | What do the laws of Amdahl, Gustafson and Gunther allow? | [`amdahl`], [`gustafson`], [`usl`] |
//!
//! Noise is taken to be relative to the value, as it is for durations: a size that takes ten
//! times as long scatters ten times as much. What is judged are run means where the data have
//! runs, and the observations where they have not.

mod axis;
mod break_even;
mod cost;
mod curve;
mod exhibit;
mod formulas;
mod gather;
mod laws;
mod likelihood;
mod power_law;
mod robust_line;
mod search;
mod workers;

pub use axis::Axis;
pub use break_even::{BreakEven, Crossing, break_even, break_evens};
pub use cost::{Cost, cost};
pub use curve::{Curve, Point};
pub use formulas::{amdahl, gustafson, usl};
pub use gather::{Gathered, gather};
pub use laws::{Law, LawFit, fit};
pub use power_law::{PowerLaw, WithOverhead, power_law};
pub use workers::{SpeedUps, WorkerSpeedUp, speed_ups};

use tailproof_core::distributions::f_upper;
use tailproof_core::{Bound, Finding, Interval, Level, Side, number};

/// A number with its two-sided interval; ends are infinite where there is no bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Point estimate.
    pub value: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

impl Estimate {
    /// The same in another unit: all three times a positive factor.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, lo: self.lo * factor, hi: self.hi * factor }
    }

    /// As it is printed: `47.2 [39.1, 58]`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} [{}, {}]", number(self.value), number(self.lo), number(self.hi))
    }

    pub(crate) fn interval(&self, level: Level, method: &str) -> Interval {
        Interval { lo: self.lo, hi: self.hi, level, method: method.to_owned() }
    }
}

/// Puts an estimate with its interval and both bounds into a finding.
pub(crate) fn state(finding: &mut Finding, estimate: &Estimate, level: Level, method: &str) {
    finding.estimate = Some(estimate.value);
    finding.interval = Some(estimate.interval(level, method));
    let bound = |side, value| Bound { side, value, level: level.split(2), method: method.into() };
    finding.bounds = vec![bound(Side::Lower, estimate.lo), bound(Side::Upper, estimate.hi)];
}

/// The test of a model against the scatter of replicates: does it miss their means by more than
/// they scatter?
///
/// ```text
/// F = (Σᵢ nᵢ (ȳᵢ − μᵢ)² / (k − p)) / (Σᵢⱼ (yᵢⱼ − ȳᵢ)² / (N − k))
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LackOfFit {
    /// Mean square of the misses over that of the replicates.
    pub f: f64,
    /// Degrees of freedom of both.
    pub df: (f64, f64),
    /// `P(F ≥ f)` when the model is right.
    pub p: f64,
}

impl LackOfFit {
    /// From sums of squares and their degrees of freedom; `None` without misses or replicates to
    /// speak of, or when the replicates do not scatter.
    pub(crate) fn new(misses: (f64, f64), replicates: (f64, f64)) -> Option<Self> {
        let (df1, df2) = (misses.1, replicates.1);
        if df1 < 1.0 || df2 < 1.0 || replicates.0 <= 0.0 {
            return None;
        }
        let f = (misses.0 / df1) / (replicates.0 / df2);
        f.is_finite().then(|| Self { f, df: (df1, df2), p: f_upper(f, df1, df2) })
    }

    /// Whether the model is refuted at a level.
    #[must_use]
    pub fn refutes(&self, level: Level) -> bool {
        self.p < level.alpha().to_f64()
    }
}

/// Why measurements over sizes or workers could not be judged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScalingError {
    /// No series says at which size or with how many workers it was measured.
    #[error(
        "no series says its {axis}: looked for the labels {labels}, and for a number at the end of the benchmark's name; there are {have}"
    )]
    NoAxis {
        /// What was looked for.
        axis: String,
        /// Labels that would have given it.
        labels: String,
        /// Series that are there.
        have: String,
    },
    /// Series have it, but none as complete raw values.
    #[error("nothing to fit: {0}")]
    NotRaw(String),
    /// Too few different sizes or worker counts.
    #[error("{name}: {got} different values of {axis}, {need} are needed")]
    FewPoints {
        /// Curve.
        name: String,
        /// What they are values of.
        axis: String,
        /// Values there.
        got: usize,
        /// Values needed.
        need: usize,
    },
    /// Too few observations in all.
    #[error("{name}: {got} observations in all, {need} are needed")]
    FewObservations {
        /// Curve.
        name: String,
        /// Observations there.
        got: usize,
        /// Observations needed.
        need: usize,
    },
    /// A value that relative noise and ratios have no place for.
    #[error("{name} at {axis} {x}: {value} is not above zero")]
    NotPositive {
        /// Curve.
        name: String,
        /// What `x` is.
        axis: String,
        /// Where.
        x: f64,
        /// The value.
        value: f64,
    },
    /// The numbers are too far apart for arithmetic.
    #[error("{0}: the sizes or values are too far apart to fit")]
    Degenerate(String),
    /// A break-even is about two variants.
    #[error("{label} has the values {have}; a break-even is between two")]
    NotTwo {
        /// Label.
        label: String,
        /// Its values.
        have: String,
    },
    /// Nothing of one variant has its like in the other.
    #[error("{0} and {1} have nothing else in common to compare")]
    Unpaired(String, String),
    /// Two curves that are not of the same kind.
    #[error("{0} and {1} are not in the same unit")]
    Units(String, String),
    /// More is better, so that it is no cost.
    #[error("{0}: more is better, so it is no cost; a cost is a time, or an amount used")]
    NotACost(String),
    /// A worker count below one.
    #[error("{name}: {x} workers; a count of workers is at least 1")]
    Workers {
        /// Curve.
        name: String,
        /// Count.
        x: f64,
    },
    /// It is not known whether the values are times or rates.
    #[error("{0}: it is not known whether more or less is better; say --direction lower or higher")]
    Direction(String),
}

#[cfg(test)]
pub(crate) mod fixture {
    use tailproof_core::{Labels, Metric, Sample, Seed, Unit};
    use tailproof_resampling::{stream, uniform};

    use super::{Curve, Point};

    /// Replicates around a curve with log-normal noise of a coefficient of variation.
    pub(crate) fn noisy(
        xs: &[f64],
        replicates: usize,
        noise: f64,
        task: u64,
        mean: impl Fn(f64) -> f64,
    ) -> Curve {
        let mut rng = stream(Seed(7), task);
        let mut normal = || {
            let (u, v) = (1.0 - uniform(&mut rng), uniform(&mut rng));
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
        };
        let mut point = |&x: &f64| {
            let values = (0..replicates).map(|_| mean(x) * (noise * normal()).exp()).collect();
            Point { x, values: Sample::new(values).unwrap() }
        };
        Curve {
            metric: Metric::new("time", Unit::known("ms")),
            labels: Labels::new(),
            axis: "size".to_owned(),
            points: xs.iter().map(&mut point).collect(),
            by_run: true,
        }
    }
}
