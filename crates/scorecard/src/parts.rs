//! What stands beside the rows of a matrix, and how the decision sees it.

use tailproof_core::{
    Class, Finding, Provenance, Reason, Verdict, number, percent, signed_percent,
};

use crate::budgets::JudgedBudget;
use crate::capacity::CapacityPlan;
use crate::resources::ResourceOutcome;
use crate::stages::Total;
use crate::state::{State, was_tested};
use crate::step;
use crate::tree::TreeJudged;

/// What stands beside the rows: the outcomes of the other tables of a targets file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// What the host has, against what it must have.
    pub resources: Vec<ResourceOutcome>,
    /// How much of the error budgets is used.
    pub budgets: Vec<JudgedBudget>,
    /// What the chains of stages add up to.
    pub chains: Vec<Total>,
    /// How many replicas are needed.
    pub capacity: Option<CapacityPlan>,
    /// Scores, aggregated.
    pub tree: Option<TreeJudged>,
}

/// What a finding beside the rows is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// What a host must have.
    Resource,
    /// How much of an error budget is used.
    Budget,
    /// An alert that fires.
    Alert,
    /// Whether an error budget will last; shown, and never a condition.
    Projection,
    /// Stages that add up to a budget.
    Stages,
    /// Replicas for a throughput.
    Capacity,
    /// That a score stands on all its leaves, which is no measurement; shown only.
    Aggregation,
    /// The improvement of a score over a baseline.
    Improvement,
}

/// One finding beside the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is about.
    pub kind: PartKind,
    /// What people call it; of an error budget with the labels of the series in brackets that it
    /// is charged with.
    pub name: String,
    /// Whether there is no release without it.
    pub critical: bool,
    /// The verdict with its numbers.
    pub finding: Finding,
    /// Whether it would hold, however its numbers came about; `None` when they cannot say.
    pub would: Option<bool>,
    /// What to do while it is not met.
    pub step: String,
}

impl Parts {
    /// All findings with what they are about: resources, error budgets, stages, capacity, scores.
    #[must_use]
    pub fn all(&self) -> Vec<Part> {
        let resources = self.resources.iter().flat_map(|r| {
            let step = step::resource(r);
            let mut all = parts(
                r.findings(),
                r.critical,
                Some(&r.name),
                |_| PartKind::Resource,
                move |_, _| step.clone(),
            );
            for part in &mut all {
                part.would = match r.verdict() {
                    Verdict::Pass => Some(true),
                    Verdict::Fail => Some(false),
                    _ => None,
                };
            }
            all
        });
        let budgets = self.budgets.iter().flat_map(budget);
        let chains = self.chains.iter().flat_map(|total| {
            let mut all = parts(
                total.findings(),
                total.critical,
                Some(&total.name),
                |_| PartKind::Stages,
                |_, finding| step::stages(total, finding),
            );
            for part in &mut all {
                part.would = total.met();
            }
            all
        });
        let capacity = self.capacity.iter().flat_map(|plan| {
            let mut all = parts(
                plan.findings(),
                plan.critical,
                None,
                |_| PartKind::Capacity,
                |_, finding| step::capacity(plan, finding),
            );
            for part in &mut all {
                part.would = plan.met();
            }
            all
        });
        let kind = |f: &Finding| match f.subject.statistic.as_deref() {
            Some("score") => PartKind::Aggregation,
            _ => PartKind::Improvement,
        };
        let tree = self.tree.iter().flat_map(|tree| {
            parts(tree.findings(), tree.critical, None, kind, |_, finding| {
                step::improvement(finding)
            })
        });
        resources.chain(budgets).chain(chains).chain(capacity).chain(tree).collect()
    }

    /// All findings.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.all().into_iter().map(|part| part.finding).collect()
    }
}

fn parts(
    findings: Vec<Finding>,
    critical: bool,
    name: Option<&str>,
    kind: impl Fn(&Finding) -> PartKind,
    step: impl Fn(PartKind, &Finding) -> String,
) -> Vec<Part> {
    let part = |finding: Finding| {
        let kind = kind(&finding);
        let would = match finding.verdict {
            Verdict::Pass => Some(true),
            Verdict::Fail => Some(false),
            _ => None,
        };
        let name = name.map_or_else(|| finding.name(), str::to_owned);
        let step = step(kind, &finding);
        Part { kind, name, critical, finding, would, step }
    };
    findings.into_iter().map(part).collect()
}

/// The budget, what is projected of it, and its alerts that fire; for each series that it is
/// charged with.
fn budget(budget: &JudgedBudget) -> Vec<Part> {
    let kind = |f: &Finding| match (f.class, f.provenance) {
        (Class::Other, Provenance::Projected) => PartKind::Projection,
        (Class::Other, _) => PartKind::Alert,
        _ => PartKind::Budget,
    };
    let of = |findings| parts(findings, budget.critical, None, kind, step::budget);
    // Without spendings it says why there are none.
    let mut all = if budget.spendings.is_empty() { of(budget.findings()) } else { Vec::new() };
    for spending in &budget.spendings {
        let mut own = of(spending.findings());
        // What its counts mean, whether they were measured or not.
        for part in own.iter_mut().filter(|part| part.kind == PartKind::Budget) {
            part.would = match spending.verdict {
                Verdict::Pass => Some(true),
                Verdict::Fail => Some(false),
                _ => None,
            };
        }
        all.append(&mut own);
    }
    all
}

impl Part {
    /// How the decision sees it; `None` of what is only shown.
    pub(crate) fn state(&self) -> Option<State> {
        let state = State::of(&self.finding);
        let overspent = self.finding.estimate.is_some_and(|used| used > 1.0);
        match (self.kind, state) {
            (PartKind::Projection | PartKind::Aggregation, _) => None,
            (PartKind::Alert, State::Missed) => Some(State::Firing),
            (PartKind::Budget, State::Open) if overspent => Some(State::Overspent),
            _ => Some(state),
        }
    }

    /// Whether measurements judged it: it was measured, or what was measured is too much already.
    pub(crate) fn is_judged(&self) -> bool {
        // Stages and capacity fail only by what was measured, whatever else is projected.
        let fails = self.finding.verdict == Verdict::Fail
            && matches!(self.kind, PartKind::Stages | PartKind::Capacity);
        // Counts without an event measure nothing.
        let empty = self.finding.n == [0];
        self.state().is_some() && !empty && (fails || was_tested(&self.finding))
    }

    /// A budget that is projected not to last: shown as a risk, and no condition.
    pub(crate) fn looms(&self) -> bool {
        self.kind == PartKind::Projection && self.finding.verdict == Verdict::Fail
    }

    /// What people call it, with what it is: `error budget of availability`.
    #[must_use]
    pub fn label(&self) -> String {
        let name = &self.name;
        match self.kind {
            PartKind::Resource => format!("resource {name}"),
            PartKind::Budget => format!("error budget of {name}"),
            PartKind::Alert => format!("alert of {name}"),
            PartKind::Projection => format!("end of the error budget of {name}"),
            PartKind::Stages => format!("stages of {name}"),
            PartKind::Improvement => format!("improvement of {name}"),
            PartKind::Capacity | PartKind::Aggregation => name.clone(),
        }
    }

    /// The number and what it is held against: `103.2 % used`, `1 GB against 8 GB free`.
    #[must_use]
    pub fn amount(&self) -> String {
        let f = &self.finding;
        let claim = f.claim.strip_prefix(&self.label()).map_or(&*f.claim, str::trim);
        let Some(estimate) = f.estimate else {
            let none = self.kind == PartKind::Budget;
            return if none { "no events".to_owned() } else { claim.to_owned() };
        };
        let value = |x: f64| match (f.is_share(), f.base) {
            (_, Some(base)) => signed_percent(x / base - 1.0),
            (true, None) => percent(x),
            (false, None) => format!("{}{}", number(x), f.suffix()),
        };
        match (self.kind, f.target) {
            (PartKind::Budget, _) => format!("{} used", percent(estimate)),
            (PartKind::Projection, _) => {
                format!("{} used at the end of its window, projected", percent(estimate))
            }
            (PartKind::Alert, Some(from)) => {
                format!("burn rate {}, from {} on", number(estimate), number(from))
            }
            (PartKind::Resource, _) => format!("{} free against {claim}", value(estimate)),
            _ => format!("{} against {claim}", value(estimate)),
        }
    }

    /// How it stands, in words: `overspent`, `would hold, not measured (projected)`.
    pub(crate) fn standing(&self) -> String {
        let how = self.finding.provenance;
        let but = match how {
            Provenance::Measured | Provenance::NotTested => String::new(),
            how => format!(" ({how})"),
        };
        match (self.state(), &self.finding.verdict) {
            (None | Some(State::Met), _) => self.finding.verdict.word().to_lowercase(),
            (Some(State::Firing), _) => "fires now".to_owned(),
            (Some(State::Missed), _) if self.kind == PartKind::Budget => format!("overspent{but}"),
            (Some(State::Missed), _) => format!("missed{but}"),
            (Some(State::Overspent), Verdict::Inconclusive(Reason::NotTested) | Verdict::Pass) => {
                format!("overspent, not measured{but}")
            }
            (Some(State::Overspent), _) => {
                format!("overspent as counted, which may be chance{but}")
            }
            (Some(State::Open), Verdict::Pass | Verdict::Inconclusive(Reason::NotTested)) => {
                match self.would.filter(|_| how != Provenance::NotTested) {
                    Some(true) => format!("would hold, not measured{but}"),
                    Some(false) => format!("would not hold, not measured{but}"),
                    None if but.is_empty() => "not tested".to_owned(),
                    None => format!("not measured{but}"),
                }
            }
            (Some(State::Open), Verdict::Inconclusive(reason)) => {
                format!("cannot be decided, {reason}{but}")
            }
            (Some(State::Open), verdict) => verdict.word().to_lowercase(),
        }
    }

    /// Why it stands between this and `ready`, in plain words: `error budget of availability:
    /// 103.2 % used, overspent`.
    pub(crate) fn said(&self) -> String {
        format!("{}: {}, {}", self.label(), self.amount(), self.standing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{card, part};

    #[test]
    fn parts_are_said_in_plain_words() {
        use PartKind::{Aggregation, Alert, Budget, Capacity, Projection, Resource, Stages};
        use Provenance::{Estimated, Measured, NotTested, Projected};
        let untested = || Verdict::Inconclusive(Reason::NotTested);
        let undecided = || Verdict::Inconclusive(Reason::OneRun);
        let ran = "cannot be decided, one side has a single run";
        for (kind, verdict, provenance, state, said) in [
            (
                Budget,
                Verdict::Fail,
                Measured,
                Some(State::Missed),
                "error budget of x: 120 % used, overspent",
            ),
            (
                Budget,
                undecided(),
                Measured,
                Some(State::Overspent),
                "error budget of x: 120 % used, overspent as counted, which may be chance",
            ),
            (
                Alert,
                Verdict::Fail,
                Measured,
                Some(State::Firing),
                "alert of x: burn rate 66.7, from 14.4 on, fires now",
            ),
            (
                Resource,
                Verdict::Fail,
                Estimated,
                Some(State::Missed),
                "resource x: 1 free against 8 GB free, missed (estimated)",
            ),
            (
                Capacity,
                untested(),
                Projected,
                Some(State::Open),
                "x: 1 against 8 GB free, would hold, not measured (projected)",
            ),
            (
                Stages,
                untested(),
                NotTested,
                Some(State::Open),
                "stages of x: 1 against 8 GB free, not tested",
            ),
            (
                Stages,
                undecided(),
                Measured,
                Some(State::Open),
                &*format!("stages of x: 1 against 8 GB free, {ran}"),
            ),
            (
                Projection,
                Verdict::Fail,
                Projected,
                None,
                "end of the error budget of x: 120 % used at the end of its window, projected, fail",
            ),
            (Aggregation, Verdict::Pass, Measured, None, "x: 1 against 8 GB free, pass"),
        ] {
            let mut part = part(kind, verdict, provenance);
            part.would = Some(true);
            assert_eq!((part.state(), part.said().as_str()), (state, said), "{kind:?}");
        }
    }

    #[test]
    fn only_measurements_judge() {
        use PartKind::{Aggregation, Alert, Budget, Capacity, Resource, Stages};
        use Provenance::{Estimated, Measured, Projected};
        for (kind, verdict, provenance, judged) in [
            (Budget, Verdict::Pass, Measured, true),
            (Budget, Verdict::Pass, Estimated, false),
            (Budget, Verdict::Fail, Estimated, false),
            (Resource, Verdict::Fail, Estimated, false),
            (Alert, Verdict::Fail, Measured, true),
            (Stages, Verdict::Fail, Estimated, true),
            (Capacity, Verdict::Fail, Projected, true),
            (Capacity, Verdict::Inconclusive(Reason::NotTested), Projected, false),
            (Aggregation, Verdict::Pass, Measured, false),
        ] {
            assert_eq!(part(kind, verdict, provenance).is_judged(), judged, "{kind:?}");
        }
    }

    #[test]
    fn every_table_gives_its_parts() {
        let parts = card(
            "[[resource]]\nname = \"memory\"\nrequired = \"8 GB\"\navailable = \"24 GB\"\n\
             used = \"23 GB\"\n\
             [[budget]]\nname = \"availability\"\nobjective = \"99.9%\"\nwindow = \"30d\"\n\
             elapsed = \"18d\"\ngood = 998700\ntotal = 1000000\n\
             provenance = \"measured\"\n\
             [[budget]]\nname = \"search\"\nobjective = \"99.9%\"\nwindow = \"30d\"\n\
             metric = \"search\"\n\
             [[chain]]\nname = \"end to end\"\nbudget = \"5 s\"\n\
             stages = [{ name = \"a\", value = \"5 s\", provenance = \"measured\" }, \
             { name = \"b\", value = \"1 s\", provenance = \"measured\" }]\n\
             [capacity]\ntarget = \"1000/s\"\none = \"60/s\"\nprovenance = \"measured\"\n\
             replicas_max = 10\n",
        )
        .parts
        .all();
        let found: Vec<(PartKind, String)> = parts.iter().map(|p| (p.kind, p.label())).collect();
        let want = [
            (PartKind::Resource, "resource memory"),
            (PartKind::Budget, "error budget of availability"),
            (PartKind::Projection, "end of the error budget of availability"),
            (PartKind::Budget, "error budget of search"),
            (PartKind::Stages, "stages of end to end"),
            (PartKind::Capacity, "capacity"),
        ];
        assert_eq!(found, want.map(|(kind, label)| (kind, label.to_owned())));
        let starts = |at: usize, text: &str| {
            let said = parts[at].said();
            assert!(said.starts_with(text), "{said}");
        };
        starts(0, "resource memory: 1 GB free against 8 GB free, missed");
        starts(1, "error budget of availability: 78 % used");
        assert_eq!(parts[3].said(), "error budget of search: no events, not tested");
        starts(4, "stages of end to end: 6 s against 2 stages <= 5 s, missed");
        starts(5, "capacity: 600 /s against throughput >= 1000 /s");
    }
}
