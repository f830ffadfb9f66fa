//! What is wrong with targets that are right one by one.

use std::collections::BTreeMap;

use tailproof_core::Claim;

use super::ConfigError;
use crate::target::Target;

/// Checks the targets of a file against each other.
///
/// # Errors
/// Two of one name in a domain, weights that are all zero, or two that no value meets together.
pub(super) fn check(targets: &[Target]) -> Result<(), ConfigError> {
    doubled(targets)?;
    weights(targets)?;
    contradictions(targets)
}

fn doubled(targets: &[Target]) -> Result<(), ConfigError> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for target in targets {
        let key = (target.domain.as_str(), target.name.as_str());
        if let Some(first) = seen.insert(key, target.line) {
            let message = format!(
                "{:?} is there twice in domain {:?}, first in line {first}: give one another name",
                target.name, target.domain
            );
            return Err(ConfigError { line: target.line, message });
        }
    }
    Ok(())
}

/// A matrix whose rows all weigh nothing has no score.
fn weights(targets: &[Target]) -> Result<(), ConfigError> {
    if !targets.is_empty() && targets.iter().all(|t| t.weight == 0.0) {
        let message = "all weights are zero: at least one row must count";
        return Err(ConfigError { line: targets[0].line, message: message.to_owned() });
    }
    Ok(())
}

/// Two targets of one statistic that no value meets together.
fn contradictions(targets: &[Target]) -> Result<(), ConfigError> {
    let mut by_subject: BTreeMap<String, Vec<&Target>> = BTreeMap::new();
    for target in targets.iter().filter(|t| t.objective.metric.is_some()) {
        let o = &target.objective;
        let key = format!("{:?} {:?} {:?}", o.metric, o.labels, o.aggregate);
        by_subject.entry(key).or_default().push(target);
    }
    for group in by_subject.values() {
        for (i, later) in group.iter().enumerate() {
            for earlier in &group[..i] {
                if contradict(earlier, later) {
                    let message = format!(
                        "{:?} and {:?} of line {} contradict each other: no value meets both",
                        later.objective.claim, earlier.objective.claim, earlier.line
                    );
                    return Err(ConfigError { line: later.line, message });
                }
            }
        }
    }
    Ok(())
}

fn contradict(a: &Target, b: &Target) -> bool {
    let Some(unit) = a.quantity().map(|q| q.unit().cloned()) else { return false };
    let (Ok(left), Ok(right)) =
        (a.objective.claims(unit.as_ref()), b.objective.claims(unit.as_ref()))
    else {
        return false;
    };
    let apart = |upper: &Claim, lower: &Claim| {
        use tailproof_core::Comparison::{AtLeast, AtMost};
        upper.comparison.is_upper()
            && !lower.comparison.is_upper()
            && (upper.target < lower.target
                || upper.target == lower.target
                    && !(upper.comparison == AtMost && lower.comparison == AtLeast))
    };
    left.iter().any(|x| right.iter().any(|y| apart(x, y) || apart(y, x)))
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    #[test]
    fn targets_are_checked_against_each_other() {
        let row = |claim: &str| format!("[[target]]\nclaim = \"{claim}\"\n");
        for (second, part) in [
            ("a: p99 <= 100ms", "give one another name"),
            ("a: p99 >= 0.2s", "contradict"),
            ("a: p99 > 100ms", "contradict"),
        ] {
            let error = parse(&(row("a: p99 <= 100ms") + &row(second))).unwrap_err();
            assert!(error.message.contains(part) && error.line == 4, "{second}: {error}");
        }
        for second in ["a: p99 >= 100ms", "a: p95 >= 0.2s", "b: p99 >= 0.2s"] {
            assert!(parse(&(row("a: p99 <= 100ms") + &row(second))).is_ok(), "{second}");
        }
    }
}
