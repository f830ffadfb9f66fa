use tailproof_core::binomial::{lower_rank, samples_to_pass, tails, upper_rank};
use tailproof_core::{Level, Rank};

use crate::error::TestError;

/// How many misses decide a percentile objective at one n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateMisses {
    /// Most observations beyond the limit with which it passes; `None` when none may pass.
    pub passes: Option<u64>,
    /// Fewest observations beyond the limit with which it fails; `None` when not even all do.
    pub fails: Option<u64>,
}

/// The misses that pass and those that fail a percentile objective with `n` observations.
///
/// ```text
/// passes = n − r           r = min{ r : P(Bin(n, p) ≥ r) ≤ 1 − pass }
/// fails  = n − s + 1       s = max{ s : P(Bin(n, p) < s) ≤ 1 − fail }
/// ```
/// `p` is the share promised to lie within the limit. Numbers of misses between the two leave
/// the objective open. A single observation decides nothing.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §5.2–5.3.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::gate_misses;
///
/// let misses = gate_misses(5_000, Rank::P99, Level::P999, Level::P999);
/// assert_eq!((misses.passes, misses.fails), (Some(29), Some(74))); // 50 are expected
/// ```
#[must_use]
pub fn gate_misses(n: u64, p: Rank, pass: Level, fail: Level) -> GateMisses {
    if n < 2 {
        return GateMisses { passes: None, fails: None };
    }
    GateMisses {
        passes: upper_rank(n, p, pass).map(|r| n - r),
        fails: lower_rank(n, p, fail).map(|s| n - s + 1),
    }
}

/// Probabilities of the three answers to a percentile objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateOutcomes {
    /// That it passes.
    pub pass: f64,
    /// That it fails.
    pub fail: f64,
    /// That it stays open.
    pub open: f64,
}

/// How often `n` observations pass, fail and leave open a percentile objective when the true
/// share of observations beyond the limit is `misses`.
///
/// ```text
/// P(Bin(n, 1 − misses) ≥ r)      P(Bin(n, 1 − misses) < s)      r, s as in [`gate_misses`]
/// ```
/// Exact for independent observations of one distribution and one look.
///
/// # Errors
/// `misses` outside [0, 1].
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §9.6.
pub fn gate_outcomes(
    n: u64,
    p: Rank,
    misses: f64,
    pass: Level,
    fail: Level,
) -> Result<GateOutcomes, TestError> {
    if !(0.0..=1.0).contains(&misses) {
        return Err(TestError::Parameter { name: "misses", must: "in [0, 1]", got: misses });
    }
    let limits = gate_misses(n, p, pass, fail);
    let around = |good: u64| tails(good, n, 1.0 - misses, misses);
    let pass = limits.passes.map_or(0.0, |most| around(n - most).at_least);
    let fail = limits.fails.map_or(0.0, |least| around(n - least + 1).below);
    Ok(GateOutcomes { pass, fail, open: (1.0 - pass - fail).max(0.0) })
}

/// The smallest number of observations with which a percentile objective can fail at `level`:
/// all of them beyond the limit.
///
/// ```text
/// max(2, min{ n : (1 − p)ⁿ ≤ 1 − level })
/// ```
/// `None` for p = 0, which nothing refutes.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §5.2.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::samples_to_fail;
///
/// assert_eq!(samples_to_fail(Rank::P95, Level::P999), Some(3)); // 0.05³ ≤ 0.001
/// ```
#[must_use]
pub fn samples_to_fail(p: Rank, level: Level) -> Option<u64> {
    let rest = Rank::new(p.complement()).expect("the complement of a rank is a rank");
    samples_to_pass(rest, level, 0).map(|n| n.max(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate_power;

    #[test]
    fn misses_are_those_of_the_tails() {
        for n in [2, 3, 50, 134, 135, 400, 2_000] {
            let got = gate_misses(n, Rank::P95, Level::P999, Level::P95);
            let within = |c: u64| tails(c, n, 0.95, 0.05);
            let passes = (0..=n).rev().find(|&m| within(n - m).at_least <= 0.001);
            let fails = (0..=n).find(|&m| within(n - m + 1).below <= 0.05);
            assert_eq!((got.passes, got.fails), (passes, fails), "{n}");
        }
        let none = GateMisses { passes: None, fails: None };
        assert_eq!(gate_misses(1, Rank::MEDIAN, Level::P95, Level::P95), none);
    }

    #[test]
    fn outcomes_are_all_there_is_and_errors_are_rare() {
        for n in [10, 135, 5_000] {
            for misses in [0.0, 0.001, 0.03, 0.05, 0.08, 0.5, 1.0] {
                let o = gate_outcomes(n, Rank::P95, misses, Level::P999, Level::P999).unwrap();
                assert!((o.pass + o.fail + o.open - 1.0).abs() < 1e-12, "{o:?}");
                let power = gate_power(n, Rank::P95, 1.0 - misses, Level::P999).unwrap();
                assert!((o.pass - power).abs() < 1e-12);
                assert!(misses < 0.05 || o.pass <= 0.001 * (1.0 + 1e-9));
                assert!(misses > 0.05 || o.fail <= 0.001 * (1.0 + 1e-9));
            }
        }
        assert!(gate_outcomes(9, Rank::P95, 1.1, Level::P999, Level::P999).is_err());
    }

    #[test]
    fn a_failure_needs_this_many() {
        for (p, need) in [(Rank::MEDIAN, 10), (Rank::P95, 3), (Rank::P99, 2), (Rank::P999, 2)] {
            assert_eq!(samples_to_fail(p, Level::P999), Some(need), "{p}");
            let short = gate_misses(need - 1, p, Level::P999, Level::P999);
            assert_eq!(short.fails, None, "{p}");
            assert!(gate_misses(need, p, Level::P999, Level::P999).fails.is_some(), "{p}");
        }
        assert_eq!(samples_to_fail(Rank::from_f64(0.0).unwrap(), Level::P95), None);
    }
}
