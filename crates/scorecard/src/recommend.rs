use std::fmt;

use tailproof_core::{
    AccuracyMeasure, Aggregate, Condition, Dimension, Reason, Unit, Verdict, number,
};

use crate::parts::Part;
use crate::risk::THIN;
use crate::row::Row;
use crate::state::{State, settle};

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
    /// For which row or part.
    pub row: String,
    /// What: the row or part, its number, the gap, the step.
    pub text: String,
}

/// By what recommendations are sorted: when, what is critical first, what is gravest, what is
/// furthest off.
type Urgency = (When, bool, Option<State>, f64);

/// What to do about rows and parts, the most urgent first.
///
/// ```text
/// now     what is missed, fires or is overspent; what is critical and not shown
/// next    what else is open; an error budget that is projected not to last
/// later   what is open and would be met by the number that somebody gave; a row that passes with
///         less than 5 % to spare
/// ```
/// Weights play no part. Within each what is critical comes first, then what is missed, fires, is
/// overspent and is open; among equals what is furthest from its target.
#[must_use]
pub fn recommend(rows: &[Row], parts: &[Part]) -> Vec<Recommendation> {
    let of_rows = rows.iter().filter_map(|row| {
        let state = Some(row.state());
        let when = when(state, row.critical, row.would_do(), row.is_thin())?;
        let gap = row.gap().map_or_else(String::new, |gap| format!(": {gap}"));
        let text = format!("{}{gap}. {}", row.name, capital(&step(row)));
        let off = row.variance.map_or(0.0, f64::abs);
        let urgency = (when, row.critical, state, off);
        Some((urgency, Recommendation { when, row: row.name.clone(), text }))
    });
    let of_parts = parts.iter().filter_map(|part| {
        let state = part.state();
        let when = if part.looms() {
            When::Next
        } else {
            when(state, part.critical, part.would == Some(true), false)?
        };
        let text = format!("{}: {}. {}", part.label(), part.amount(), capital(&part.step));
        let off = part.finding.estimate.zip(part.finding.target);
        let off = off.map_or(0.0, |(x, t)| if t == 0.0 { 0.0 } else { ((x - t) / t).abs() });
        let urgency = (when, part.critical, state, off);
        Some((urgency, Recommendation { when, row: part.label(), text }))
    });
    let mut all: Vec<(Urgency, Recommendation)> = of_rows.chain(of_parts).collect();
    all.sort_by(|(a, _), (b, _)| {
        a.0.cmp(&b.0).then((b.1, b.2).cmp(&(a.1, a.2))).then(b.3.total_cmp(&a.3))
    });
    all.into_iter().map(|(_, r)| r).collect()
}

/// When to do something, by the table of [`recommend`]; `None` of what needs nothing.
fn when(state: Option<State>, critical: bool, would: bool, thin: bool) -> Option<When> {
    Some(match state? {
        State::Missed | State::Firing | State::Overspent => When::Now,
        State::Open if critical => When::Now,
        State::Open if !would => When::Next,
        State::Met if !thin => return None,
        State::Open | State::Met => When::Later,
    })
}

impl Row {
    /// Whether a number that nobody measured would meet the target.
    fn would_do(&self) -> bool {
        self.would == Some(true) && !self.is_judged()
    }

    /// Whether it passes with little to spare.
    fn is_thin(&self) -> bool {
        self.state() == State::Met && self.slack().is_some_and(|slack| slack < THIN)
    }
}

/// The step that the kind of target suggests, or that the file names.
fn step(row: &Row) -> String {
    if let Some(step) = &row.step {
        return step.clone();
    }
    let f = &row.finding;
    match &f.verdict {
        Verdict::Inconclusive(Reason::NotTested) if f.estimate.is_some() => {
            format!("measure it: the value is {} only", f.provenance)
        }
        Verdict::Inconclusive(Reason::NotTested) => {
            let metric = row.objective.metric.as_deref().unwrap_or("it");
            format!(
                "measure {metric} and give the file to `tailproof score`; if it is there under \
                 another name or label, mend the claim"
            )
        }
        Verdict::Inconclusive(_) if row.known().is_some() => {
            "measure the value itself: only one end of it is known".to_owned()
        }
        Verdict::Inconclusive(reason) => settle(f, reason, noun(row)),
        Verdict::Fail => mend(row),
        Verdict::NoDetectableChange { .. } => "settle it: no change shown is no proof".to_owned(),
        Verdict::Pass => "little to spare: watch it".to_owned(),
    }
}

/// What the n of a row counts: of precision, recall and F1 only the pairs that are positive in
/// truth or in the prediction.
const fn noun(row: &Row) -> &'static str {
    use AccuracyMeasure::{F1, Precision, Recall};
    match row.objective.aggregate {
        Aggregate::Accuracy(F1 | Precision | Recall) => "positives",
        _ => "observations",
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
    // Of a value of which one end is known, the factor is the least that it may be.
    let least = if row.known().is_some() { "at least " } else { "" };
    let times =
        |what: &str| factor.as_ref().map_or_else(String::new, |f| format!("{what} {least}{f}"));
    let is_tail = match &row.objective.aggregate {
        Aggregate::Quantile(rank) => rank.to_f64() > 0.5,
        aggregate => *aggregate == Aggregate::Max,
    };
    match (&row.objective.aggregate, &row.objective.condition, dimension) {
        (_, Condition::Relative(..), _) => {
            "find what the change costs (`tailproof flame before.folded after.folded` names the \
             functions), or accept it with a reason"
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
        (_, _, Some(Dimension::Time)) if upper && is_tail => {
            format!(
                "profile the slow requests, not the average one{}",
                times(": the tail must shrink by a factor of")
            )
        }
        (_, _, Some(Dimension::Time)) if upper => {
            format!("find where the time goes{}", times(": it must shrink by a factor of"))
        }
        (_, _, Some(Dimension::Frequency | Dimension::Throughput)) if !upper => {
            format!("scale out or speed up{}", times(" by a factor of"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{judged, part, row};
    use crate::parts::PartKind;
    use tailproof_core::Provenance;

    fn open() -> Verdict {
        Verdict::Inconclusive(Reason::OneRun)
    }

    fn one(row: &Row) -> Option<When> {
        recommend(std::slice::from_ref(row), &[]).first().map(|r| r.when)
    }

    #[test]
    fn when_is_decided_by_what_is_critical_and_by_the_verdict() {
        use When::{Later, Next, Now};
        for (row, otherwise, critical) in [
            (judged("a", false, Verdict::Fail), Some(Now), Some(Now)),
            (judged("a", false, open()), Some(Next), Some(Now)),
            (row("value <= 1 s", "0.5 s", "estimated"), Some(Later), Some(Now)),
            (row("value <= 1 s", "2 s", "estimated"), Some(Next), Some(Now)),
            (row("value <= 1 s", "0.96 s", "measured"), Some(Later), Some(Later)),
            (row("value <= 1 s", "0.5 s", "measured"), None, None),
        ] {
            let mut row = row;
            // A share of a weight, as several series have, changes nothing.
            for weight in [0.0, 1.0 / 3.0, 3.0] {
                row.weight = weight;
                row.critical = false;
                assert_eq!(one(&row), otherwise, "{:?}", row.finding.verdict);
                row.critical = true;
                assert_eq!(one(&row), critical, "{:?}", row.finding.verdict);
            }
        }
    }

    #[test]
    fn parts_are_recommended_like_rows() {
        use PartKind::{Aggregation, Alert, Budget, Capacity, Projection, Resource};
        use Provenance::{Measured, Projected};
        use When::{Later, Next, Now};
        let untested = || Verdict::Inconclusive(Reason::NotTested);
        for (kind, verdict, provenance, would, want) in [
            (Resource, Verdict::Fail, Measured, Some(false), Some(Now)),
            (Resource, Verdict::Pass, Measured, Some(true), None),
            (Budget, open(), Measured, None, Some(Now)), // 120 % as counted.
            (Alert, Verdict::Fail, Measured, None, Some(Now)),
            (Capacity, untested(), Projected, None, Some(Next)),
            (Capacity, untested(), Projected, Some(true), Some(Later)),
            (Projection, Verdict::Fail, Projected, None, Some(Next)),
            (Projection, open(), Projected, None, None),
            (Aggregation, Verdict::Pass, Measured, None, None),
        ] {
            let mut part = part(kind, verdict, provenance);
            part.would = would;
            let found = recommend(&[], &[part]);
            assert_eq!(found.first().map(|r| r.when), want, "{kind:?}");
            assert!(found.iter().all(|r| r.text.ends_with(". Do something")), "{found:?}");
        }
    }

    #[test]
    fn the_most_urgent_comes_first() {
        let mut far = judged("far", false, Verdict::Fail);
        far.variance = Some(-0.9);
        let rows = [
            judged("open", false, open()),
            judged("near", false, Verdict::Fail),
            far,
            judged("needed", true, open()),
        ];
        let alert = part(PartKind::Alert, Verdict::Fail, Provenance::Measured);
        let found: Vec<String> = recommend(&rows, &[alert]).into_iter().map(|r| r.row).collect();
        assert_eq!(found, ["needed", "far", "near", "alert of x", "open"]);
    }

    #[test]
    fn a_miss_is_mended_by_its_kind() {
        for (claim, actual, want) in [
            (
                "p99 <= 100 ms",
                "200 ms",
                "profile the slow requests, not the average one: the tail must shrink by a factor of 2",
            ),
            (
                "median <= 100 ms",
                "200 ms",
                "find where the time goes: it must shrink by a factor of 2",
            ),
            (
                "p10 <= 100 ms",
                "200 ms",
                "find where the time goes: it must shrink by a factor of 2",
            ),
            (
                "max <= 100 ms",
                "> 200 ms",
                "profile the slow requests, not the average one: the tail must shrink by a factor of at least 2",
            ),
            ("value >= 1000/s", "60/s", "scale out or speed up by a factor of 16.67"),
            (
                "value <= 1 GB",
                "2 GB",
                "find what holds the memory (`tailproof leak` says whether it grows), or provide more",
            ),
            ("value <= 0", "3", "bring it to the target"),
        ] {
            assert_eq!(step(&row(claim, actual, "measured")), want, "{claim}");
        }
    }

    #[test]
    fn what_is_open_is_settled_by_its_kind() {
        let mut f1 = row("value >= 90%", "91%", "measured");
        f1.objective = "forecast: f1 >= 90%".parse().unwrap();
        f1.finding.n = vec![355];
        let projected = Some(1_146);
        f1.finding.verdict = Verdict::Inconclusive(Reason::Straddles { projected });
        assert_eq!(step(&f1), "collect about 1146 positives, now 355");
        let end = row("value <= 4 s", "< 5 s", "measured");
        assert_eq!(step(&end), "measure the value itself: only one end of it is known");
        let guess = row("value <= 4 s", "3 s", "estimated");
        assert_eq!(step(&guess), "measure it: the value is estimated only");
        let mut told = judged("a", false, Verdict::Fail);
        told.step = Some("ask Ann".to_owned());
        let first = recommend(&[told], &[]).remove(0);
        assert_eq!(first.text, "a: 70 /s against >= 100/s, -30 %. Ask Ann");
    }
}
