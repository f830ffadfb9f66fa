use tailproof_core::{Direction, Sample};

use crate::merge::Merge;

/// How the pairs `(x, y)` of two samples compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// Pairs with `x > y`.
    pub greater: u64,
    /// Pairs with `x = y`.
    pub equal: u64,
    /// Pairs with `x < y`.
    pub less: u64,
}

impl Pairs {
    /// Counts all `n·m` pairs in one merge of the sorted samples, `O(n + m)` after sorting.
    #[must_use]
    pub fn of(x: &Sample, y: &Sample) -> Self {
        Merge::of(x, y).pairs()
    }

    /// All pairs.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.greater + self.equal + self.less
    }

    /// `P(x > y) + ½P(x = y)`.
    #[must_use]
    pub fn superiority(&self) -> f64 {
        (self.greater as f64 + 0.5 * self.equal as f64) / self.total() as f64
    }
}

/// Vargha–Delaney A of `current` over `historical`: how often a draw from the current sample
/// exceeds one from the historical sample, ties counting half.
///
/// ```text
/// A = (#{c > h} + ½#{c = h}) / (n·m)
/// ```
/// Unitless, in [0, 1]; ½ when neither tends to be larger, also when all values are equal.
/// Above ½ means that values *rose*, whatever that means for the metric.
///
/// # Source
/// Vargha & Delaney (2000), *J. Educational and Behavioral Statistics* 25(2), 101–132.
#[must_use]
pub fn vargha_delaney(historical: &Sample, current: &Sample) -> f64 {
    Pairs::of(current, historical).superiority()
}

/// Cliff's δ: how often a draw from `a` exceeds one from `b`, minus the reverse.
///
/// ```text
/// δ = (#{aᵢ > bⱼ} − #{aᵢ < bⱼ}) / (n·m) = 2A − 1
/// ```
/// Unitless, in [−1, 1]; a tie counts for neither side. Equal to the rank-biserial
/// correlation of the two samples.
///
/// # Source
/// Cliff (1993), *Psychological Bulletin* 114(3), 494–509.
#[must_use]
pub fn cliffs_delta(a: &Sample, b: &Sample) -> f64 {
    let pairs = Pairs::of(a, b);
    (pairs.greater as f64 - pairs.less as f64) / pairs.total() as f64
}

/// What Vargha–Delaney's A says of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerformanceClass {
    /// The metric moved to the better side beyond 0.56.
    Improvement,
    /// The metric moved to the worse side beyond 0.56.
    Degradation,
    /// A is within 0.44 to 0.56, or nobody said which side is better.
    NoChange,
}

impl PerformanceClass {
    /// Classifies A of current over historical; 0.44 and 0.56 themselves are no change.
    #[must_use]
    pub fn of(a: f64, direction: Direction) -> Self {
        let rose = match direction {
            Direction::Lower => Self::Degradation,
            Direction::Higher => Self::Improvement,
            Direction::Unknown => return Self::NoChange,
        };
        let fell = match direction {
            Direction::Lower => Self::Improvement,
            _ => Self::Degradation,
        };
        if a > 0.56 {
            rose
        } else if a < 0.44 {
            fell
        } else {
            Self::NoChange
        }
    }

    /// `improvement`, `degradation` or `no_change`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Improvement => "improvement",
            Self::Degradation => "degradation",
            Self::NoChange => "no_change",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn higher_latency_is_a_degradation() {
        let (old, new) = (sample(&[1.0, 2.0, 3.0]), sample(&[2.5, 3.5, 4.5]));
        let a = vargha_delaney(&old, &new);
        assert_eq!(a, 8.0 / 9.0);
        assert_eq!(PerformanceClass::of(a, Direction::Lower), PerformanceClass::Degradation);
        assert_eq!(PerformanceClass::of(a, Direction::Higher), PerformanceClass::Improvement);
        assert_eq!(PerformanceClass::of(a, Direction::Unknown), PerformanceClass::NoChange);
        assert_eq!(PerformanceClass::of(0.56, Direction::Lower), PerformanceClass::NoChange);
        assert_eq!(PerformanceClass::of(0.43, Direction::Lower), PerformanceClass::Improvement);
    }

    #[test]
    fn constants_dominate_wholly_or_not_at_all() {
        assert_eq!(cliffs_delta(&sample(&[2.0; 3]), &sample(&[1.0; 4])), 1.0);
        assert_eq!(cliffs_delta(&sample(&[1.0; 3]), &sample(&[1.0; 4])), 0.0);
    }
}
