//! Whole numbers out of quotients of decimals, without being one off.

use tailproof_core::Rational;

/// Most replicas that are looked for; more is nobody's plan.
pub(crate) const MOST: u64 = 1_000_000_000;

/// Relative slack of the fall-back arithmetic: up to three inputs and two operations are each
/// rounded by at most half an ε, 2.5 ε in all.
const SLACK: f64 = 4.0 * f64::EPSILON;

/// The smallest whole number `n ≥ 1` with `n · Π factors ≥ whole`, or `None` beyond [`MOST`].
///
/// Exact for numbers as they are typed: 2.1 / 0.7 is 3, though 3.0000000000000004 in binary.
/// Where a quotient does not fit 64 bits, a relative 4 ε counts as reached. All arguments are
/// above zero.
pub(crate) fn times_to_reach(whole: f64, factors: &[f64]) -> Option<u64> {
    let n = match quotient(whole, factors) {
        Some(q) => q.num().div_ceil(q.den()),
        None => (factors.iter().fold(whole, |q, f| q / f) * (1.0 - SLACK)).ceil() as u64,
    };
    (n <= MOST).then_some(n.max(1))
}

/// The largest whole number `n` with `used + n · each ≤ available`, at most [`MOST`]; 0 when more
/// is used than there is. `each` is above zero.
pub(crate) fn times_that_fit(available: f64, used: f64, each: f64) -> u64 {
    let n = match free(available, used).and_then(|free| free.checked_div(decimal(each)?)) {
        Some(q) => q.num() / q.den(),
        None => ((available - used + SLACK * available) / each).floor() as u64,
    };
    n.min(MOST)
}

/// Whether `x ≤ limit` for sums of a few typed numbers: 0.1 + 0.2 is at most 0.3.
pub(crate) fn at_most(x: f64, limit: f64) -> bool {
    x <= limit + limit.abs() * SLACK
}

fn decimal(x: f64) -> Option<Rational> {
    Rational::from_f64(x).ok()
}

fn quotient(whole: f64, factors: &[f64]) -> Option<Rational> {
    factors.iter().try_fold(decimal(whole)?, |q, &f| q.checked_div(decimal(f)?))
}

/// `available − used` as `available · (1 − used/available)`, which rationals can do exactly.
fn free(available: f64, used: f64) -> Option<Rational> {
    let available = decimal(available)?;
    available.checked_mul(decimal(used)?.checked_div(available)?.complement()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_of_typed_numbers_are_exact() {
        for (whole, factors, n) in [
            (1_000.0, vec![60.0], 17),
            (960.0, vec![60.0], 16),
            (0.3, vec![0.1], 3),
            (2.1, vec![0.7], 3),
            (2.091, vec![4.1, 0.51], 1),
            (1_000.0, vec![62.5, 0.8], 20),
            (1.0, vec![60.0], 1),
            // Not decimals of few digits: arithmetic in binary, with its slack.
            (std::f64::consts::PI * 1e5, vec![std::f64::consts::PI * 1e-3], 100_000_000),
        ] {
            assert_eq!(times_to_reach(whole, &factors), Some(n), "{whole} {factors:?}");
        }
        assert_eq!(times_to_reach(1e300, &[1e-300]), None);
    }

    #[test]
    fn ceilings_agree_with_whole_numbers() {
        for whole in 1_u32..60 {
            for part in 1_u32..20 {
                let tenth = |k: u32| f64::from(k) / 10.0;
                let n = times_to_reach(tenth(whole), &[tenth(part)]);
                assert_eq!(n, Some(u64::from(whole.div_ceil(part))), "{whole} {part}");
                let fit = times_that_fit(tenth(whole), 0.0, tenth(part));
                assert_eq!(fit, u64::from(whole / part), "{whole} {part}");
            }
        }
    }

    #[test]
    fn what_is_used_does_not_fit() {
        assert_eq!(times_that_fit(24.0, 0.0, 4.0), 6);
        assert_eq!(times_that_fit(24.0, 23.0, 4.0), 0);
        assert_eq!(times_that_fit(0.3, 0.1, 0.1), 2);
        assert_eq!(times_that_fit(1.0, 2.0, 0.5), 0);
        assert_eq!(times_that_fit(0.0, 0.0, 0.5), 0);
        assert!(at_most(0.1 + 0.2, 0.3) && !at_most(0.300_000_1, 0.3));
    }
}
