use tailproof_core::{Aggregate, Condition, Objective, Rank};

use crate::gate::complement;
use crate::share::shares;

/// The shares of observations that an objective wants within its limits, one per claim: what
/// the gate counts.
///
/// `p99 <= T` promises 0.99, `p5 >= T` 0.95, `rate(<= T) >= 99.9%` 0.999, `rate(> T) <= 1%`
/// 0.99; a range promises two, its lower end first. Empty for what is not counted: means,
/// spreads, throughput, extremes, and objectives relative to a baseline.
///
/// # Example
/// ```
/// use tailproof_core::Rank;
/// use tailproof_slo::promised;
///
/// assert_eq!(promised(&"latency: p99 <= 200ms".parse()?), [Rank::P99]);
/// assert_eq!(promised(&"rate(> 200ms) <= 0.1%".parse()?), [Rank::P999]);
/// assert!(promised(&"mean <= 3ms".parse()?).is_empty());
/// # Ok::<(), tailproof_core::ObjectiveError>(())
/// ```
#[must_use]
pub fn promised(objective: &Objective) -> Vec<Rank> {
    let within = |share: Rank, upper: bool| if upper { share } else { complement(share) };
    match (&objective.aggregate, &objective.condition) {
        (Aggregate::Quantile(p), Condition::Absolute(op, _)) => vec![within(*p, op.is_upper())],
        (Aggregate::Quantile(p), Condition::Range(..)) => vec![complement(*p), *p],
        (Aggregate::Rate(..) | Aggregate::Ratio, Condition::Absolute(op, _)) => {
            // "At most q" promises that the rest is not met.
            shares(&objective.condition).iter().map(|&q| within(q, !op.is_upper())).collect()
        }
        (Aggregate::Rate(..) | Aggregate::Ratio, Condition::Range(..)) => {
            match shares(&objective.condition)[..] {
                [lo, hi] => vec![lo, complement(hi)],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_claim_promises_a_share() {
        for (text, want) in [
            ("p95 <= 3", vec!["0.95"]),
            ("median > 3", vec!["0.5"]),
            ("p5 >= 3", vec!["0.95"]),
            ("p95 in 2..3", vec!["0.05", "0.95"]),
            ("rate(<= 3) >= 99.9%", vec!["0.999"]),
            ("rate(> 3) < 1%", vec!["0.99"]),
            ("ratio >= 0.9999", vec!["0.9999"]),
            ("ratio in 0.9..0.95", vec!["0.9", "0.05"]),
            ("mean <= 3", vec![]),
            ("max <= 3", vec![]),
            ("p95 <= +10%", vec![]),
        ] {
            let want: Vec<Rank> = want.into_iter().map(|r| r.parse().unwrap()).collect();
            assert_eq!(promised(&text.parse().unwrap()), want, "{text}");
        }
    }
}
