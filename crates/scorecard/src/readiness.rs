use std::fmt;
use std::str::FromStr;

use tailproof_core::{Class, Finding, Reason, Subject, Verdict, percent};

use crate::parts::{Part, PartKind};
use crate::row::Row;
use crate::state::State;
use crate::success::WeightedScore;
use crate::whole::at_most;

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
    /// Share of the weight that may be open for [`Readiness::Conditions`].
    pub open_at_most: f64,
    /// What a critical row or part makes of the decision that was not shown to hold.
    pub critical_undecided: Readiness,
}

impl Default for Rules {
    /// 95 %, 80 %, and half of the weight may be open; what is critical must have been shown.
    fn default() -> Self {
        Self {
            ready: 0.95,
            conditions: 0.8,
            open_at_most: 0.5,
            critical_undecided: Readiness::NotReady,
        }
    }
}

impl Rules {
    /// What a row or a part makes of the decision; `None` of one that is met.
    const fn of(&self, state: State, critical: bool) -> Option<Readiness> {
        match (state, critical) {
            (State::Met, _) => None,
            (State::Missed | State::Firing, true) => Some(Readiness::NotReady),
            (State::Open | State::Overspent, true) => Some(self.critical_undecided),
            (_, false) => Some(Readiness::Conditions),
        }
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
    /// Whether there was anything to decide: a row, or a part that asks for something. Scores
    /// that are only added up ask for nothing.
    pub asked: bool,
}

/// Said where nothing was asked that could decide.
const IDLE: &str = "no target, budget, stage or improvement is asked for";

/// Said of a decision that rests on no measurement.
const NOTHING: &str = "nothing was measured";

/// Decides by the gravest of these:
///
/// ```text
/// not ready               nothing was measured
///                         something critical is missed, or its alert fires
///                         something critical is not shown           (by default)
///                         more than `open_at_most` of the weight is open
///                         the weighted score is below `conditions` even if all that is open is met
/// ready with conditions   anything else is missed, fires, is overspent or open
///                         the weighted score is below `ready` while rows are open
///                         the file is a draft
/// ready                   otherwise: every row and part was measured and is met
/// ```
/// Rows and parts are treated alike. What is not measured is open, whatever its number says.
/// Projections of error budgets, and scores that stand on all their leaves, are shown only. The
/// reasons for the decision come first; among them what is missed, what fires, what is overspent,
/// then what is open.
#[must_use]
pub fn decide(
    rows: &[Row],
    parts: &[Part],
    score: &WeightedScore,
    rules: &Rules,
    draft: bool,
) -> Decision {
    let judged = rows.iter().filter(|row| row.is_judged()).count()
        + parts.iter().filter(|part| part.is_judged()).count();
    let weighed = |state: State, critical: bool, said: &dyn Fn() -> String| {
        let makes = rules.of(state, critical)?;
        let label = if critical { "critical " } else { "" };
        Some((makes, Some(state), format!("{label}{}", said())))
    };
    let of_rows = rows.iter().filter_map(|r| weighed(r.state(), r.critical, &|| of_row(r)));
    let of_parts = parts.iter().filter_map(|p| weighed(p.state()?, p.critical, &|| p.said()));
    let mut all: Vec<(Readiness, Option<State>, String)> = of_rows.chain(of_parts).collect();
    if judged > 0 && !rows.is_empty() {
        all.extend(of_score(score, rules).map(|(makes, text)| (makes, None, text)));
    }
    if draft {
        let text = "the targets are a draft: check each, then take `draft = true` out";
        all.push((Readiness::Conditions, None, text.to_owned()));
    }
    all.sort_by_key(|(makes, state, _)| std::cmp::Reverse((*makes, *state)));
    let mut readiness = all.first().map_or(Readiness::Ready, |first| first.0);
    let mut because: Vec<String> = all.into_iter().map(|reason| reason.2).collect();
    let asked = !rows.is_empty() || parts.iter().any(|part| part.kind != PartKind::Aggregation);
    if !asked {
        readiness = Readiness::NotReady;
        because.insert(0, IDLE.to_owned());
    } else if judged == 0 {
        readiness = Readiness::NotReady;
        because.insert(0, NOTHING.to_owned());
    } else if because.is_empty() {
        because.push(met(rows).to_owned());
    }
    Decision { readiness, because, judged, asked }
}

/// What speaks for a release.
const fn met(rows: &[Row]) -> &'static str {
    if rows.is_empty() {
        "no targets in this file; every budget, stage and tree that was measured is met"
    } else {
        "every target was measured and is met"
    }
}

/// Why a row stands between this and `ready`.
fn of_row(row: &Row) -> String {
    let f = &row.finding;
    let how = match &f.verdict {
        Verdict::Fail => "misses its target".to_owned(),
        Verdict::Inconclusive(Reason::NotTested) | Verdict::Pass if f.estimate.is_some() => {
            format!("{}, not measured", f.provenance)
        }
        Verdict::Inconclusive(Reason::NotTested) | Verdict::Pass => "not tested".to_owned(),
        Verdict::Inconclusive(reason) => format!("cannot be decided, {reason}"),
        Verdict::NoDetectableChange { .. } => "no change shown, which is no proof".to_owned(),
    };
    format!("{}: {how}", row.name)
}

/// What the weights say against a release.
fn of_score(score: &WeightedScore, rules: &Rules) -> impl Iterator<Item = (Readiness, String)> {
    let open = (!at_most(score.open(), rules.open_at_most)).then(|| {
        let (open, most) = (percent(score.open()), percent(rules.open_at_most));
        let text = format!("{open} of the weight is open, at most {most} may be");
        (Readiness::NotReady, text)
    });
    let short = if score.at_most < rules.conditions {
        let (most, need) = (percent(score.at_most), percent(rules.conditions));
        let text =
            format!("the weighted score is at most {most}, below the {need} that conditions need");
        Some((Readiness::NotReady, text))
    } else if score.at_least < rules.ready {
        let text = format!("the weighted score is {score}, `ready` needs {}", percent(rules.ready));
        Some((Readiness::Conditions, text))
    } else {
        None
    };
    open.into_iter().chain(short)
}

impl Decision {
    /// The decision in a few words, for a headline: `not ready, nothing was measured`.
    #[must_use]
    pub fn headline(&self) -> String {
        if !self.asked {
            return format!("nothing to decide, {IDLE}");
        }
        if self.judged == 0 {
            return format!("{}, {NOTHING}", self.readiness);
        }
        self.readiness.to_string()
    }

    /// What led to it beside what the headline says.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.because[usize::from(self.judged == 0).min(self.because.len())..]
    }

    /// The decision as a finding that gates: `ready` passes, `not ready` fails, conditions are
    /// for a person to decide.
    ///
    /// A run that judged nothing fails too: who asks whether to release has no reason to. That
    /// differs from runs without a decision, which could then not tell.
    #[must_use]
    pub fn finding(&self, title: &str) -> Finding {
        let subject = Subject { metric: "readiness".to_owned(), ..Subject::default() };
        let verdict = match self.readiness {
            // As everywhere: a run that was asked for no verdict could not tell.
            _ if !self.asked => Verdict::Inconclusive(Reason::NotTested),
            Readiness::Ready => Verdict::Pass,
            Readiness::Conditions => Verdict::Inconclusive(Reason::Conditions),
            Readiness::NotReady => Verdict::Fail,
        };
        let mut finding = Finding::new(Class::Decision, subject, "ready", verdict);
        finding.why = format!("{title}: {}", self.headline());
        if !self.reasons().is_empty() {
            finding.why.push_str(&format!("; {}", self.reasons().join("; ")));
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{judged, part};
    use crate::parts::PartKind;
    use tailproof_core::Provenance;

    const WHOLE: WeightedScore = WeightedScore { at_least: 1.0, at_most: 1.0 };

    fn open() -> Verdict {
        Verdict::Inconclusive(Reason::OneRun)
    }

    fn untested() -> Verdict {
        Verdict::Inconclusive(Reason::NotTested)
    }

    /// A row that is met, and one with a verdict.
    fn rows(critical: bool, verdict: Verdict) -> Vec<Row> {
        vec![judged("met", false, Verdict::Pass), judged("a", critical, verdict)]
    }

    #[test]
    fn rows_are_decided_by_the_table() {
        use Readiness::{Conditions, NotReady, Ready};
        let unchanged = || Verdict::NoDetectableChange { would_have_shown: None };
        for (critical, verdict, by_default, lenient, because) in [
            (false, Verdict::Pass, Ready, Ready, "every target was measured and is met"),
            (true, Verdict::Pass, Ready, Ready, "every target was measured and is met"),
            (false, Verdict::Fail, Conditions, Conditions, "a: misses its target"),
            (true, Verdict::Fail, NotReady, NotReady, "critical a: misses its target"),
            (false, open(), Conditions, Conditions, "a: cannot be decided, one side has"),
            (true, open(), NotReady, Conditions, "critical a: cannot be decided, one side"),
            (false, untested(), Conditions, Conditions, "a: measured, not measured"),
            (true, untested(), NotReady, Conditions, "critical a: measured, not measured"),
            (false, unchanged(), Conditions, Conditions, "a: no change shown"),
        ] {
            let rows = rows(critical, verdict);
            let rules = Rules { critical_undecided: Conditions, ..Rules::default() };
            let found = decide(&rows, &[], &WHOLE, &Rules::default(), false);
            assert_eq!(found.readiness, by_default, "{because}");
            assert!(found.because[0].starts_with(because), "{:?}", found.because);
            assert_eq!(decide(&rows, &[], &WHOLE, &rules, false).readiness, lenient, "{because}");
        }
    }

    #[test]
    fn parts_are_decided_like_rows() {
        use PartKind::{Aggregation, Alert, Budget, Capacity, Projection, Resource, Stages};
        use Provenance::{Estimated, Measured, Projected};
        use Readiness::{Conditions, NotReady, Ready};
        for (kind, verdict, provenance, otherwise, critical) in [
            (Budget, Verdict::Pass, Measured, Ready, Ready),
            (Budget, Verdict::Pass, Estimated, Conditions, NotReady),
            (Budget, Verdict::Fail, Measured, Conditions, NotReady),
            (Budget, open(), Measured, Conditions, NotReady),
            (Resource, Verdict::Pass, Estimated, Conditions, NotReady),
            (Resource, Verdict::Fail, Estimated, Conditions, NotReady),
            (Stages, Verdict::Fail, Measured, Conditions, NotReady),
            (Capacity, untested(), Projected, Conditions, NotReady),
            (Alert, Verdict::Fail, Measured, Conditions, NotReady),
            // Only shown.
            (Projection, Verdict::Fail, Projected, Ready, Ready),
            (Projection, open(), Projected, Ready, Ready),
            (Aggregation, Verdict::Pass, Measured, Ready, Ready),
        ] {
            let rows = [judged("met", false, Verdict::Pass)];
            for (is_critical, want) in [(false, otherwise), (true, critical)] {
                let mut part = part(kind, verdict.clone(), provenance);
                part.critical = is_critical;
                let found = decide(&rows, &[part], &WHOLE, &Rules::default(), false);
                assert_eq!(found.readiness, want, "{kind:?} {verdict:?} {:?}", found.because);
            }
        }
        // An alert of something critical is no matter of taste.
        let lenient = Rules { critical_undecided: Conditions, ..Rules::default() };
        let mut alert = part(Alert, Verdict::Fail, Measured);
        alert.critical = true;
        let rows = [judged("met", false, Verdict::Pass)];
        assert_eq!(decide(&rows, &[alert], &WHOLE, &lenient, false).readiness, NotReady);
    }

    #[test]
    fn what_is_not_measured_makes_nothing_ready() {
        use PartKind::{Aggregation, Budget};
        use Provenance::{Estimated, Measured};
        let none = WeightedScore::default();
        let nothing = |parts: &[Part]| decide(&[], parts, &none, &Rules::default(), false);
        for parts in [vec![], vec![part(Aggregation, Verdict::Pass, Measured)]] {
            let found = nothing(&parts);
            assert!(!found.asked && found.headline().starts_with("nothing to decide"));
            assert_eq!(found.finding("x").verdict, Verdict::Inconclusive(Reason::NotTested));
        }
        for parts in [
            vec![part(Budget, Verdict::Pass, Estimated)],
            vec![
                part(Budget, Verdict::Pass, Estimated),
                part(Aggregation, Verdict::Pass, Measured),
            ],
        ] {
            let found = nothing(&parts);
            assert_eq!((found.readiness, found.judged), (Readiness::NotReady, 0), "{parts:?}");
            assert_eq!(found.because[0], NOTHING);
            assert_eq!(found.reasons().len(), found.because.len() - 1);
            assert_eq!(found.headline(), "not ready, nothing was measured");
            assert_eq!(found.finding("x").verdict, Verdict::Fail);
        }
        let budget = nothing(&[part(Budget, Verdict::Pass, Measured)]);
        assert_eq!(budget.readiness, Readiness::Ready);
        assert!(budget.because[0].starts_with("no targets in this file"), "{budget:?}");
    }

    #[test]
    fn weights_and_drafts_are_decided_by_the_table() {
        use Readiness::{Conditions, NotReady, Ready};
        let met = [judged("met", false, Verdict::Pass)];
        for (at_least, at_most, draft, want, because) in [
            (0.95, 1.0, false, Ready, "every target"),
            (0.94, 1.0, false, Conditions, "the weighted score is 94 % to 100 %, `ready` needs"),
            (0.5, 1.0, false, Conditions, "the weighted score is 50 % to 100 %"),
            (0.1, 1.0, false, NotReady, "90 % of the weight is open"),
            (0.7, 0.79, false, NotReady, "the weighted score is at most 79 %, below the 80 %"),
            (1.0, 1.0, true, Conditions, "the targets are a draft"),
        ] {
            let score = WeightedScore { at_least, at_most };
            let found = decide(&met, &[], &score, &Rules::default(), draft);
            assert_eq!(found.readiness, want, "{because}");
            assert!(found.because[0].starts_with(because), "{:?}", found.because);
        }
        let wide = Rules { open_at_most: 0.9, ..Rules::default() };
        let score = WeightedScore { at_least: 0.1, at_most: 1.0 };
        assert_eq!(decide(&met, &[], &score, &wide, false).readiness, Conditions);
    }

    #[test]
    fn the_gravest_reason_comes_first() {
        use PartKind::{Alert, Budget};
        use Provenance::Measured;
        let rows = [
            judged("open", false, open()),
            judged("missed", false, Verdict::Fail),
            judged("needed", true, open()),
        ];
        let parts = [part(Budget, open(), Measured), part(Alert, Verdict::Fail, Measured)];
        let found = decide(&rows, &parts, &WHOLE, &Rules::default(), true);
        let want = [
            "critical needed: cannot",
            "missed: misses",
            "alert of x",
            "error budget of x: 120 % used, overspent as counted",
            "open: cannot",
            "the targets are a draft",
        ];
        let order: Vec<bool> =
            found.because.iter().zip(want).map(|(text, want)| text.starts_with(want)).collect();
        assert_eq!((found.because.len(), order), (6, vec![true; 6]), "{:?}", found.because);
        let finding = found.finding("release");
        assert!(finding.why.starts_with("release: not ready; critical needed"), "{}", finding.why);
    }
}
