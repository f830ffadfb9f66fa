use std::fmt;

use tailproof_core::{
    AccuracyMeasure, Aggregate, Condition, Dimension, Reason, Unit, Verdict, number,
};

use crate::risk::THIN;
use crate::row::Row;

/// When to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Before the release.
    Now,
    /// Soon after.
    Next,
    /// When there is time.
    Later,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now => "fix now",
            Self::Next => "next",
            Self::Later => "later",
        })
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// When.
    pub when: When,
    /// For which row.
    pub row: String,
    /// What: the row, its number, the gap, the step.
    pub text: String,
}

/// What to do, in order: critical misses, other misses by how far they are off, what was not
/// shown, and what passes with little to spare.
#[must_use]
pub fn recommend(rows: &[Row]) -> Vec<Recommendation> {
    let mut all: Vec<((When, bool, f64), Recommendation)> = rows
        .iter()
        .filter_map(|row| {
            let when = when(row)?;
            let off = row.variance.map_or(0.0, f64::abs);
            let gap = row.gap().map_or_else(String::new, |gap| format!(": {gap}"));
            let text = format!("{}{gap}. {}", row.name, capital(&step(row)));
            Some((
                (when, !row.critical, -off),
                Recommendation { when, row: row.name.clone(), text },
            ))
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    all.into_iter().map(|(_, r)| r).collect()
}

fn when(row: &Row) -> Option<When> {
    match &row.finding.verdict {
        Verdict::Fail => {
            Some(if row.critical || row.weight >= 1.0 { When::Now } else { When::Next })
        }
        Verdict::Inconclusive(_) if row.critical => Some(When::Now),
        Verdict::Inconclusive(_) if row.would == Some(true) => Some(When::Later),
        Verdict::Inconclusive(_) => Some(When::Next),
        _ => row.slack().filter(|slack| *slack < THIN).map(|_| When::Later),
    }
}

/// The step that the kind of target suggests, or that the file names.
fn step(row: &Row) -> String {
    if let Some(step) = &row.step {
        return step.clone();
    }
    match &row.finding.verdict {
        Verdict::Inconclusive(Reason::NotTested) if row.finding.estimate.is_some() => {
            format!("measure it: the value is {} only", row.finding.provenance)
        }
        Verdict::Inconclusive(Reason::NotTested) => {
            let metric = row.objective.metric.as_deref().unwrap_or("it");
            format!("measure {metric} and give the file to `tailproof score`")
        }
        Verdict::Inconclusive(Reason::TooFew { need } | Reason::Underpowered { need }) => {
            format!("collect at least {} observations", number(*need as f64))
        }
        Verdict::Inconclusive(Reason::Straddles { projected: Some(n) }) => {
            format!("collect about {} observations", number(*n as f64))
        }
        Verdict::Inconclusive(reason) => format!("settle it: {reason}"),
        Verdict::Fail => mend(row),
        _ => "little to spare: watch it".to_owned(),
    }
}

/// What usually mends a miss of this kind.
fn mend(row: &Row) -> String {
    let upper = match &row.objective.condition {
        Condition::Absolute(op, _) | Condition::Relative(op, _) => op.is_upper(),
        _ => row.variance.is_some_and(|v| v > 0.0),
    };
    let dimension = match &row.finding.unit {
        Some(Unit::Scaled { dimension, .. }) => Some(*dimension),
        _ => None,
    };
    let factor = row.finding.estimate.zip(row.finding.target).and_then(|(actual, target)| {
        let factor = if upper { actual / target } else { target / actual };
        (factor > 1.0 && factor.is_finite()).then(|| number((factor * 100.0).ceil() / 100.0))
    });
    let times = |what: &str| factor.as_ref().map_or_else(String::new, |f| format!(" {what} {f}"));
    match (&row.objective.aggregate, &row.objective.condition, dimension) {
        (_, Condition::Relative(..), _) => {
            "find what the change costs (`tailproof flame --base` names the functions), or accept \
             it with a reason"
                .to_owned()
        }
        (Aggregate::Accuracy(AccuracyMeasure::Precision | AccuracyMeasure::Recall), ..) => {
            "move the decision threshold, or retrain on the cases that are missed".to_owned()
        }
        (Aggregate::Accuracy(_), ..) => "retrain, or look at the cases that are missed".to_owned(),
        (Aggregate::Ratio | Aggregate::Rate(..), ..) => {
            "find the failures by label, and spend no more of the error budget until they are gone"
                .to_owned()
        }
        (Aggregate::Quantile(_) | Aggregate::Max, _, Some(Dimension::Time)) if upper => {
            format!(
                "profile the slow requests, not the average{}",
                times("one: the tail must shrink by a factor of")
            )
        }
        (_, _, Some(Dimension::Time)) if upper => {
            format!("find where the time goes{}", times(": it must shrink by a factor of"))
        }
        (_, _, Some(Dimension::Frequency | Dimension::Throughput)) if !upper => {
            format!("scale out or speed up{}", times("by a factor of"))
        }
        (_, _, Some(Dimension::Information)) if upper => {
            "find what holds the memory (`tailproof leak` says whether it grows), or provide more"
                .to_owned()
        }
        _ => format!("bring it to the target{}", times(", off by a factor of")),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().collect::<String>() + chars.as_str())
}
