use std::fmt;

use tailproof_core::{Reason, Verdict, percent};

use crate::row::Row;

/// How grave a risk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskLevel {
    /// Shown to hold.
    Low,
    /// Open, or missed where it is not critical.
    Medium,
    /// A critical target that is missed or was not shown, or any that is missed by a factor of
    /// two.
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
    /// Which row.
    pub what: String,
    /// What drives it.
    pub because: String,
}

/// A pass with less to spare than this share of the target is worth watching.
pub(crate) const THIN: f64 = 0.05;
/// A miss by this share of the target or more is grave whatever its weight.
const FAR: f64 = 0.5;

/// The risk of every row, the gravest first, otherwise in the order of the rows.
///
/// ```text
/// high     a critical row that fails or is not shown; any row that misses by 50 % or more
/// medium   any other row that fails or is open; one that passes with less than 5 % to spare
/// low      the rest
/// ```
#[must_use]
pub fn risks(rows: &[Row]) -> Vec<Risk> {
    let mut risks: Vec<Risk> = rows.iter().map(risk).collect();
    risks.sort_by_key(|r| std::cmp::Reverse(r.level));
    risks
}

fn risk(row: &Row) -> Risk {
    let critical = if row.critical { "critical, " } else { "" };
    let gap = row.gap().map_or_else(String::new, |gap| format!(" ({gap})"));
    let (level, because) = match &row.finding.verdict {
        Verdict::Fail => {
            let far = row.variance.is_some_and(|v| v.abs() >= FAR);
            let level = if row.critical || far { RiskLevel::High } else { RiskLevel::Medium };
            (level, format!("{critical}misses its target{gap}"))
        }
        Verdict::Inconclusive(reason) => {
            let level = if row.critical { RiskLevel::High } else { RiskLevel::Medium };
            let why = match (reason, row.would) {
                (Reason::NotTested, None) => "nobody tested it".to_owned(),
                (Reason::NotTested, Some(true)) => {
                    format!("{} only, not measured{gap}", row.finding.provenance)
                }
                (Reason::NotTested, Some(false)) => {
                    format!("{} only, and even so it would miss{gap}", row.finding.provenance)
                }
                (other, _) => other.to_string(),
            };
            (level, format!("{critical}{why}"))
        }
        _ => match row.slack() {
            Some(slack) if slack < THIN => {
                (RiskLevel::Medium, format!("passes with {} to spare", percent(slack)))
            }
            _ => (RiskLevel::Low, format!("met{gap}")),
        },
    };
    Risk { level, what: row.name.clone(), because }
}
