use std::fmt;
use std::str::FromStr;

use tailproof_core::{Class, Finding, Reason, Subject, Verdict, percent};

use crate::row::Row;
use crate::success::WeightedScore;

/// Whether to release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Nothing that was promised is missed or open.
    Ready,
    /// Released with something to be done or to be accepted by a person.
    Conditions,
    /// Not in this state.
    NotReady,
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Conditions => "ready with conditions",
            Self::NotReady => "not ready",
        })
    }
}

/// Why a text is no [`Readiness`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a decision is \"ready\", \"ready with conditions\" or \"not ready\", got {0:?}")]
pub struct ReadinessError(pub String);

impl FromStr for Readiness {
    type Err = ReadinessError;

    fn from_str(text: &str) -> Result<Self, ReadinessError> {
        match text.trim() {
            "ready" => Ok(Self::Ready),
            "conditions" | "ready with conditions" => Ok(Self::Conditions),
            "not ready" => Ok(Self::NotReady),
            _ => Err(ReadinessError(text.to_owned())),
        }
    }
}

/// What the decision needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Weighted score for [`Readiness::Ready`].
    pub ready: f64,
    /// Weighted score for [`Readiness::Conditions`].
    pub conditions: f64,
    /// What a critical row makes of the decision that was not shown to hold.
    pub critical_undecided: Readiness,
}

impl Default for Rules {
    /// 95 % and 80 %; a critical row must have been shown.
    fn default() -> Self {
        Self { ready: 0.95, conditions: 0.8, critical_undecided: Readiness::NotReady }
    }
}

/// The decision and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The decision.
    pub readiness: Readiness,
    /// What led to it, the gravest first; what speaks for it when it is ready.
    pub because: Vec<String>,
    /// Rows and parts that measurements could judge.
    pub judged: usize,
}

/// Decides by the gravest of these:
///
/// ```text
/// not ready               a critical row fails; a critical row is not shown (by default);
///                         the weighted score is below `conditions` even if all that is open passed
/// ready with conditions   any other row or part fails or is open; at least `ready` is not reached
/// ready                   every row passed and was measured, and so did every part
/// ```
/// `parts` are findings beside the rows: capacity, budgets, chains, resources. Without anything
/// that was judged it is not ready.
#[must_use]
pub fn decide(rows: &[Row], parts: &[Finding], score: &WeightedScore, rules: &Rules) -> Decision {
    let mut because: Vec<(Readiness, String)> = Vec::new();
    let mut judged = 0;
    for row in rows {
        let verdict = &row.finding.verdict;
        judged += usize::from(*verdict != Verdict::Inconclusive(Reason::NotTested));
        let label = if row.critical { "critical " } else { "" };
        let open = if row.critical { rules.critical_undecided } else { Readiness::Conditions };
        match verdict {
            Verdict::Fail if row.critical => {
                because
                    .push((Readiness::NotReady, format!("{label}{}: misses its target", row.name)));
            }
            Verdict::Fail => {
                because.push((Readiness::Conditions, format!("{}: misses its target", row.name)));
            }
            Verdict::Inconclusive(Reason::NotTested) => {
                let how = match row.finding.estimate {
                    Some(_) => format!("{}, not measured", row.finding.provenance),
                    None => "not tested".to_owned(),
                };
                because.push((open, format!("{label}{}: {how}", row.name)));
            }
            Verdict::Inconclusive(reason) => {
                because.push((open, format!("{label}{}: cannot be decided, {reason}", row.name)));
            }
            _ => {}
        }
    }
    for finding in parts {
        judged += usize::from(finding.verdict != Verdict::Inconclusive(Reason::NotTested));
        match &finding.verdict {
            Verdict::Fail => {
                because
                    .push((Readiness::Conditions, format!("{}: {}", finding.name(), finding.why)));
            }
            Verdict::Inconclusive(_) => {
                because.push((
                    Readiness::Conditions,
                    format!("{}: {}: not settled", finding.name(), finding.claim),
                ));
            }
            _ => {}
        }
    }
    if judged == 0 {
        because.push((Readiness::NotReady, "nothing was measured".to_owned()));
    } else if !rows.is_empty() && score.at_most < rules.conditions {
        let text = format!(
            "the weighted score is at most {}, below the {} that conditions need",
            percent(score.at_most),
            percent(rules.conditions)
        );
        because.push((Readiness::NotReady, text));
    } else if !rows.is_empty() && score.at_least < rules.ready {
        let text = format!("the weighted score is {score}, `ready` needs {}", percent(rules.ready));
        because.push((Readiness::Conditions, text));
    }
    because.sort_by_key(|(readiness, _)| std::cmp::Reverse(*readiness));
    let readiness = because.first().map_or(Readiness::Ready, |b| b.0);
    let mut because: Vec<String> = because.into_iter().map(|b| b.1).collect();
    if because.is_empty() {
        because.push("every target was measured and is met".to_owned());
    }
    Decision { readiness, because, judged }
}

impl Decision {
    /// The decision as a finding that gates: `ready` passes, `not ready` fails, conditions are
    /// for a person to decide.
    #[must_use]
    pub fn finding(&self, title: &str) -> Finding {
        let subject = Subject { metric: "readiness".to_owned(), ..Subject::default() };
        let verdict = match self.readiness {
            // As everywhere: a run that judged nothing could not tell.
            _ if self.judged == 0 => Verdict::Inconclusive(Reason::NotTested),
            Readiness::Ready => Verdict::Pass,
            Readiness::Conditions => Verdict::Inconclusive(Reason::Conditions),
            Readiness::NotReady => Verdict::Fail,
        };
        let mut finding = Finding::new(Class::Decision, subject, "ready", verdict);
        finding.why = format!("{title}: {}; {}", self.readiness, self.because.join("; "));
        finding
    }
}
