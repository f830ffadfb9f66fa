use tailproof_core::{
    Claim, Class, Condition, Finding, Guarantee, Provenance, Reason, Standing, Subject, Unit,
    Verdict,
};

use crate::actual::Actual;
use crate::target::Target;

/// One row of the matrix, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which part of the whole it belongs to.
    pub domain: String,
    /// What people call it.
    pub name: String,
    /// How much it weighs in the score.
    pub weight: f64,
    /// Whether there is no release without it.
    pub critical: bool,
    /// The verdict with its numbers.
    pub finding: Finding,
    /// Whether the value would meet the target, however it came about; `None` without a value,
    /// or when its interval holds the target.
    pub would: Option<bool>,
    /// `(actual − target) / |target|`; `None` without a value, for a target of zero and inside
    /// a range.
    pub variance: Option<f64>,
    /// The step that the file names.
    pub step: Option<String>,
    /// The promise.
    pub objective: tailproof_core::Objective,
    /// Line of the target in the file.
    pub line: usize,
}

impl Row {
    /// A row of a finding that judged the target.
    pub(crate) fn new(
        target: &Target,
        weight: f64,
        mut finding: Finding,
        would: Option<bool>,
    ) -> Self {
        let variance = variance(target, &finding);
        finding.standing = Some(Standing {
            name: target.name.clone(),
            domain: target.domain.clone(),
            weight,
            critical: target.critical,
            variance,
            would_meet: would,
            known: target.actual.as_ref().and_then(|actual| actual.known),
        });
        Self {
            domain: target.domain.clone(),
            name: target.name.clone(),
            weight,
            critical: target.critical,
            finding,
            would,
            variance,
            step: target.step.clone(),
            objective: target.objective.clone(),
            line: target.line,
        }
    }

    /// The row under a name of its own.
    pub(crate) fn named(mut self, name: String) -> Self {
        if let Some(standing) = &mut self.finding.standing {
            standing.name.clone_from(&name);
        }
        Self { name, ..self }
    }

    /// A row without a value.
    pub(crate) fn untested(target: &Target, why: &str) -> Self {
        let mut finding = blank(target);
        finding.verdict = Verdict::Inconclusive(Reason::NotTested);
        finding.provenance = Provenance::NotTested;
        finding.why = format!("{}: NOT TESTED, {why}", target.objective.claim);
        Self::new(target, target.weight, finding, None)
    }

    /// A row of a value with an interval, or without one when it was typed.
    ///
    /// ```text
    /// pass        measured, and the claim holds at all that the value may be
    /// fail        measured, and at none of it
    /// not tested  not measured
    /// ```
    pub(crate) fn of_actual(target: &Target, actual: &Actual, claims: &[Claim]) -> Self {
        let mut finding = blank(target);
        finding.unit.clone_from(&actual.unit);
        finding.estimate = Some(actual.estimate);
        finding.interval.clone_from(&actual.interval);
        finding.target = claims.first().map(|c| c.target);
        finding.target_upper = claims.get(1).map(|c| c.target);
        finding.n.clone_from(&actual.n);
        finding.provenance = actual.provenance;
        finding.guarantee = Guarantee::Approximate;
        let met: Vec<Option<bool>> = claims.iter().map(|c| actual.meets(c)).collect();
        let would = if met.contains(&Some(false)) {
            Some(false)
        } else if met.contains(&None) {
            None
        } else {
            Some(true)
        };
        finding.verdict = match (actual.provenance, would) {
            (Provenance::Measured, Some(true)) => Verdict::Pass,
            (Provenance::Measured, Some(false)) => Verdict::Fail,
            (Provenance::Measured, None) => {
                Verdict::Inconclusive(Reason::Straddles { projected: None })
            }
            _ => Verdict::Inconclusive(Reason::NotTested),
        };
        let typed = if actual.interval.is_none() { ", typed, without an interval" } else { "" };
        let said = match (actual.provenance, would) {
            (Provenance::Measured, _) => finding.verdict.word().to_owned(),
            (_, Some(true)) => "NOT TESTED, it would meet the target if it is right".to_owned(),
            (_, Some(false)) => "NOT TESTED, and even so it would miss the target".to_owned(),
            (_, None) => "NOT TESTED, and it could not decide".to_owned(),
        };
        let source =
            if actual.source.is_empty() { String::new() } else { format!(", {}", actual.source) };
        finding.why = format!(
            "{} ({}{typed}{source}) vs {}: {said}",
            actual.text(),
            actual.provenance,
            target.objective.promise
        );
        if actual.known.is_some() {
            finding.warnings.push("only one end of the value is known".to_owned());
        }
        Self::new(target, target.weight, finding, would)
    }

    /// The status as people read it, with what a number that nobody measured would mean.
    #[must_use]
    pub fn status(&self) -> String {
        match (&self.finding.verdict, self.would) {
            (Verdict::Inconclusive(Reason::NotTested), Some(true)) => {
                "NOT TESTED (would meet it)".to_owned()
            }
            (Verdict::Inconclusive(Reason::NotTested), Some(false)) => {
                "NOT TESTED (would miss it)".to_owned()
            }
            (verdict, _) => verdict.word().to_owned(),
        }
    }
}

/// A finding of the target without numbers.
pub(crate) fn blank(target: &Target) -> Finding {
    let subject = Subject {
        metric: target.objective.metric.clone().unwrap_or_else(|| target.name.clone()),
        labels: target.objective.labels.clone(),
        benchmark: None,
        statistic: None,
    };
    Finding::new(Class::Slo, subject, target.objective.claim.clone(), Verdict::Pass)
}

/// How far a value is from its target: for a range from the nearer end, nothing inside.
fn variance(target: &Target, finding: &Finding) -> Option<f64> {
    let estimate = finding.estimate?;
    let unit = finding.unit.as_ref();
    let limit = match &target.objective.condition {
        Condition::Absolute(..) => match (target.is_share(), target.quantity()) {
            (true, Some(q)) => {
                let share = q.share()?.to_f64();
                if unit == Unit::known("%").as_ref() { share * 100.0 } else { share }
            }
            (_, Some(q)) => q.in_unit(unit).ok()?,
            _ => return None,
        },
        Condition::Range(lo, hi) => {
            let (lo, hi) = (lo.in_unit(unit).ok()?, hi.in_unit(unit).ok()?);
            if estimate < lo {
                lo
            } else if estimate > hi {
                hi
            } else {
                return None;
            }
        }
        _ => return None,
    };
    (limit != 0.0).then(|| (estimate - limit) / limit.abs())
}
