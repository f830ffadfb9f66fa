use std::fmt;

use tailproof_core::{Finding, Reason, Verdict, percent};

use crate::parts::Part;
use crate::row::Row;
use crate::state::State;

/// How grave a risk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskLevel {
    /// Shown to hold.
    Low,
    /// Open, or missed where it is not critical.
    Medium,
    /// Something critical that is missed or was not shown, or anything that is missed by 50 % of
    /// its target or more.
    High,
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// A risk and what drives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// How grave it is.
    pub level: RiskLevel,
    /// Which row or part.
    pub what: String,
    /// What drives it.
    pub because: String,
}

/// A pass with less to spare than this share of the target is worth watching.
pub(crate) const THIN: f64 = 0.05;
/// A miss by this share of the target or more is grave whatever it is.
const FAR: f64 = 0.5;

/// The risk of every row and part, the gravest first, otherwise in their order.
///
/// ```text
/// high     something critical that is missed, fires, is overspent or is not shown;
///          anything that is missed by 50 % of its target or more
/// medium   anything else that is missed, fires, is overspent or open; a row that passes with less
///          than 5 % to spare; an error budget that is projected not to last
/// low      the rest
/// ```
/// Of a value of which one end is known, the miss and what there is to spare are the least that
/// they may be. What is only shown, a projection that may hold or a score, is no risk.
#[must_use]
pub fn risks(rows: &[Row], parts: &[Part]) -> Vec<Risk> {
    let mut risks: Vec<Risk> = rows.iter().map(of_row).collect();
    risks.extend(parts.iter().filter_map(of_part));
    risks.sort_by_key(|r| std::cmp::Reverse(r.level));
    risks
}

/// The level of what is not met, by the table above.
fn level(state: State, critical: bool, far: bool) -> RiskLevel {
    match state {
        State::Met => RiskLevel::Low,
        _ if critical => RiskLevel::High,
        State::Missed if far => RiskLevel::High,
        _ => RiskLevel::Medium,
    }
}

/// Whether a value misses its target by far.
fn is_far(finding: &Finding) -> bool {
    finding
        .estimate
        .zip(finding.target)
        .is_some_and(|(x, target)| target != 0.0 && ((x - target) / target).abs() >= FAR)
}

fn of_row(row: &Row) -> Risk {
    let critical = if row.critical { "critical, " } else { "" };
    let gap = row.gap().map_or_else(String::new, |gap| format!(" ({gap})"));
    let far = row.variance.is_some_and(|v| v.abs() >= FAR);
    let how = row.finding.provenance;
    let risk = |level, because| Risk { level, what: row.name.clone(), because };
    let state = row.state();
    let why = match (state, &row.finding.verdict, row.would) {
        (State::Met, ..) => {
            return match row.slack().filter(|slack| *slack < THIN) {
                Some(slack) => {
                    let known = if row.known().is_some() { ", as far as is known" } else { "" };
                    let text = format!("passes with {} to spare{known}", percent(slack));
                    risk(RiskLevel::Medium, text)
                }
                None => risk(RiskLevel::Low, format!("met{gap}")),
            };
        }
        (State::Missed, ..) => format!("misses its target{gap}"),
        (_, Verdict::Inconclusive(Reason::NotTested), None) if row.finding.estimate.is_none() => {
            "nobody tested it".to_owned()
        }
        (_, Verdict::Inconclusive(Reason::NotTested) | Verdict::Pass, Some(false)) => {
            format!("{how} only, and even so it would miss{gap}")
        }
        (_, Verdict::Inconclusive(Reason::NotTested) | Verdict::Pass, _) => {
            format!("{how} only, not measured{gap}")
        }
        (_, Verdict::Inconclusive(other), _) => other.to_string(),
        _ => "no change shown, which is no proof".to_owned(),
    };
    risk(level(state, row.critical, far), format!("{critical}{why}"))
}

fn of_part(part: &Part) -> Option<Risk> {
    let what = part.label();
    if part.looms() {
        return Some(Risk { level: RiskLevel::Medium, what, because: part.amount() });
    }
    let state = part.state()?;
    let (critical, standing) = match state {
        State::Met => ("", "met".to_owned()),
        _ if part.critical => ("critical, ", part.standing()),
        _ => ("", part.standing()),
    };
    let because = format!("{critical}{standing} ({})", part.amount());
    let far = state == State::Missed && is_far(&part.finding);
    Some(Risk { level: level(state, part.critical, far), what, because })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{judged, part, row};
    use crate::parts::PartKind;
    use tailproof_core::Provenance;

    fn open() -> Verdict {
        Verdict::Inconclusive(Reason::OneRun)
    }

    #[test]
    fn rows_have_the_level_of_the_table() {
        use RiskLevel::{High, Low, Medium};
        let critical = |mut row: Row| {
            row.critical = true;
            row
        };
        let of = |claim: &str, actual: &str| row(claim, actual, "measured");
        for (row, level, because) in [
            (of("value <= 1 s", "0.5 s"), Low, "met (0.5 s against <= 1 s, -50 %)"),
            (of("value <= 1 s", "0.96 s"), Medium, "passes with 4 % to spare"),
            (
                of("value <= 1 s", "< 0.96 s"),
                Medium,
                "passes with 4 % to spare, as far as is known",
            ),
            (of("value <= 1 s", "1.49 s"), Medium, "misses its target (1.49 s against"),
            (of("value <= 1 s", "1.5 s"), High, "misses its target"),
            (of("value >= 1000/s", "500/s"), High, "misses its target"),
            (of("value <= 1 s", "> 1.5 s"), High, "misses its target (> 1.5 s against"),
            (critical(of("value <= 1 s", "1.1 s")), High, "critical, misses its target"),
            (row("value <= 1 s", "0.5 s", "estimated"), Medium, "estimated only, not measured"),
            (row("value <= 1 s", "9 s", "estimated"), Medium, "estimated only, and even so"),
            (critical(row("value <= 1 s", "0.5 s", "estimated")), High, "critical, estimated"),
            (judged("a", false, open()), Medium, "one side has a single run"),
            (critical(judged("a", false, open())), High, "critical, one side"),
        ] {
            let found = risks(std::slice::from_ref(&row), &[]).remove(0);
            assert_eq!(found.level, level, "{found:?}");
            assert!(found.because.starts_with(because), "{found:?}");
        }
    }

    #[test]
    fn parts_have_the_level_of_the_table() {
        use PartKind::{Aggregation, Alert, Budget, Projection, Resource};
        use Provenance::{Measured, Projected};
        use RiskLevel::{High, Low, Medium};
        for (kind, verdict, provenance, otherwise, critical) in [
            (Budget, Verdict::Pass, Measured, Some(Low), Some(Low)),
            // 120 % of a budget are used: no half more than there is.
            (Budget, Verdict::Fail, Measured, Some(Medium), Some(High)),
            (Budget, open(), Measured, Some(Medium), Some(High)),
            // 1 of 8 GB.
            (Resource, Verdict::Fail, Measured, Some(High), Some(High)),
            (Alert, Verdict::Fail, Measured, Some(Medium), Some(High)),
            (Projection, Verdict::Fail, Projected, Some(Medium), Some(Medium)),
            (Projection, open(), Projected, None, None),
            (Aggregation, Verdict::Pass, Measured, None, None),
        ] {
            for (is_critical, want) in [(false, otherwise), (true, critical)] {
                let mut part = part(kind, verdict.clone(), provenance);
                part.critical = is_critical;
                let found = risks(&[], &[part]).first().map(|risk| risk.level);
                assert_eq!(found, want, "{kind:?} {verdict:?} {is_critical}");
            }
        }
    }

    #[test]
    fn the_gravest_come_first_rows_and_parts_together() {
        let rows = [judged("met", false, Verdict::Pass), judged("missed", false, Verdict::Fail)];
        let memory = part(PartKind::Resource, Verdict::Fail, Provenance::Measured);
        let found: Vec<String> = risks(&rows, &[memory]).into_iter().map(|r| r.what).collect();
        assert_eq!(found, ["resource x", "missed", "met"]);
    }
}
