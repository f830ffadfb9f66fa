//! What to do about a part that is not met.

use tailproof_core::{Finding, Host, Provenance, Reason, Verdict, number, percent};

use crate::amount::with_unit;
use crate::capacity::CapacityPlan;
use crate::parts::PartKind;
use crate::resources::ResourceOutcome;
use crate::stages::Total;
use crate::state::settle;

/// Memory that is short: how much to free, or to add.
///
/// ```text
/// free  required + used − (1 − headroom) · available      add  that over (1 − headroom)
/// ```
pub(crate) fn resource(r: &ResourceOutcome) -> String {
    let name = &r.name;
    let Some(available) = r.available else {
        return format!("say how much {name} there is: `available`");
    };
    let kept = 1.0 - r.headroom;
    let short = r.required + r.used.unwrap_or(0.0) - kept * available;
    let show = |x: f64| with_unit(x, r.unit.as_ref());
    let more = if kept > 0.0 { show(short / kept) } else { show(short) };
    match (r.verdict(), r.used) {
        (Verdict::Fail, Some(_)) if r.headroom > 0.0 => {
            format!("free {}, or add {more}", show(short))
        }
        (Verdict::Fail, Some(_)) => format!("free or add {}", show(short)),
        (Verdict::Fail, None) => format!("add {more}"),
        (_, None) => format!("say how much {name} is in use: `used`"),
        _ if Host::NAMES.contains(&name.as_str()) => {
            "let the host say it instead of typing it: `available` and `used` = \"host\"".to_owned()
        }
        _ => "measure what is there and what is used".to_owned(),
    }
}

/// Of a budget, of what is projected of it, and of an alert.
pub(crate) fn budget(kind: PartKind, f: &Finding) -> String {
    let over = f.estimate.map(|used| used - 1.0).filter(|over| *over > 0.0);
    match (kind, over, &f.verdict) {
        (PartKind::Alert, ..) => {
            "it burns now: find what fails and stop it before anything else".to_owned()
        }
        (PartKind::Projection, ..) => {
            "slow down: at this burn rate the budget does not last; make only safe changes until \
             it is below 1"
                .to_owned()
        }
        (_, Some(over), _) => format!(
            "stop risky releases and find the failures by label: {} more than the budget is used",
            percent(over)
        ),
        (_, None, Verdict::Inconclusive(Reason::NotTested)) => {
            "count the events: give data with good and total to `tailproof score`".to_owned()
        }
        (_, None, _) if f.provenance != Provenance::Measured => {
            format!("count the events: the counts are {} only", f.provenance)
        }
        (_, None, Verdict::Inconclusive(reason)) => settle(f, reason, "events"),
        _ => "stop risky releases and find the failures by label".to_owned(),
    }
}

/// Of a chain: which stage must shrink, and by how much.
pub(crate) fn stages(total: &Total, f: &Finding) -> String {
    let show = |x: f64| with_unit(x, total.unit.as_ref());
    let missing: Vec<&str> = total.missing().map(|part| part.name.as_str()).collect();
    match &f.verdict {
        Verdict::Inconclusive(Reason::NotTested) if !missing.is_empty() => {
            format!("measure {}", missing.join(", "))
        }
        Verdict::Inconclusive(Reason::NotTested) => {
            format!("measure the stages that are {} only", total.provenance())
        }
        Verdict::Inconclusive(Reason::SummaryOnly | Reason::Censored) => {
            "measure the whole, or more of what each stage takes".to_owned()
        }
        Verdict::Inconclusive(reason) => settle(f, reason, "observations"),
        _ => {
            let over = total.estimate.unwrap_or(total.lower).max(total.lower) - total.budget;
            let Some(part) = total.dominating() else {
                return format!("the stages must shrink by {}", show(over));
            };
            let takes = part.value.as_ref().map_or(0.0, |actual| actual.estimate);
            if over < takes {
                format!("{} dominates: it must shrink by {}", part.name, show(over))
            } else {
                format!(
                    "the stages must shrink by {}, more than {} takes, which dominates",
                    show(over),
                    part.name
                )
            }
        }
    }
}

/// Of capacity: how many replicas, or what stops them.
pub(crate) fn capacity(plan: &CapacityPlan, f: &Finding) -> String {
    let Some(one) = &plan.one else {
        return "measure the throughput of one replica".to_owned();
    };
    match (&f.verdict, plan.need, plan.binding()) {
        (Verdict::Fail, Some(need), Some(limit)) => format!(
            "run {} replicas: {} allows {}, raise it",
            number(need as f64),
            limit.name,
            number(limit.replicas.unwrap_or(0) as f64)
        ),
        (Verdict::Fail, Some(need), None) => format!("run {} replicas", number(need as f64)),
        (Verdict::Fail, None, _) => {
            "no number of replicas reaches it: speed up one, or remove what they share".to_owned()
        }
        _ if one.provenance != Provenance::Measured => {
            format!("measure the throughput of one replica: it is {} only", one.provenance)
        }
        (Verdict::Inconclusive(Reason::NotTested), need, _) => {
            let unknown = plan.limits.iter().find(|limit| limit.replicas.is_none());
            match (unknown, need) {
                (Some(limit), _) => format!("say how much {} there is", limit.name),
                (None, Some(need)) => format!(
                    "measure what {} replicas deliver together: that is a projection",
                    number(need as f64)
                ),
                (None, None) => "measure what several replicas deliver together".to_owned(),
            }
        }
        (Verdict::Inconclusive(reason), ..) => settle(f, reason, "observations"),
        _ => "little to spare: watch it".to_owned(),
    }
}

/// Of an improvement that was not shown.
pub(crate) fn improvement(f: &Finding) -> String {
    match &f.verdict {
        Verdict::Fail => "find the parts that did not improve, or promise less".to_owned(),
        Verdict::Inconclusive(Reason::NotTested) => {
            "give what it is to be better than: --baseline DATA".to_owned()
        }
        Verdict::Inconclusive(reason) => settle(f, reason, "values"),
        _ => "little to spare: watch it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{card, part};

    use super::*;

    fn steps(text: &str) -> Vec<String> {
        card(text).parts.all().into_iter().map(|part| part.step).collect()
    }

    #[test]
    fn amounts_that_are_short_are_named() {
        let memory = "[[resource]]\nname = \"memory\"\nrequired = \"8 GB\"\n\
                      available = \"24 GB\"\n";
        let host = "let the host say it instead of typing it: `available` and `used` = \"host\"";
        for (more, want) in [
            ("used = \"23 GB\"\n", "free or add 7 GB"),
            // 31 of 16.8 GB; another 14.2 / 0.7 bring the limit there.
            ("used = \"23 GB\"\nheadroom = \"30%\"\n", "free 14.2 GB, or add 20.29 GB"),
            ("", "say how much memory is in use: `used`"),
            ("used = \"1 GB\"\n", host),
        ] {
            assert_eq!(steps(&format!("{memory}{more}")), [want], "{more}");
        }
    }

    #[test]
    fn what_dominates_must_shrink() {
        for (a, b, want) in [
            ("6 s", "1 s", "a dominates: it must shrink by 2 s"),
            ("6 s", "6 s", "the stages must shrink by 7 s, more than a takes, which dominates"),
        ] {
            let text = format!(
                "[[chain]]\nname = \"whole\"\nbudget = \"5 s\"\nstages = [\
                 {{ name = \"a\", value = \"{a}\", provenance = \"measured\" }}, \
                 {{ name = \"b\", value = \"{b}\", provenance = \"measured\" }}]\n"
            );
            assert_eq!(steps(&text), [want], "{a}");
        }
    }

    #[test]
    fn capacity_names_replicas_or_what_binds() {
        let capacity =
            "[capacity]\ntarget = \"1000/s\"\none = \"60/s\"\nprovenance = \"measured\"\n";
        for (more, want) in [
            ("replicas_max = 10\n", "run 17 replicas: replicas_max allows 10, raise it"),
            (
                "replicas_max = 20\n",
                "measure what 17 replicas deliver together: that is a projection",
            ),
            (
                "sigma = 0.1\nkappa = 0.01\n",
                "no number of replicas reaches it: speed up one, or remove what they share",
            ),
        ] {
            assert_eq!(steps(&format!("{capacity}{more}")), [want], "{more}");
        }
    }

    #[test]
    fn every_kind_has_its_step() {
        use PartKind::{Alert, Budget, Projection};
        use Provenance::{Estimated, Measured, NotTested};
        let untested = || Verdict::Inconclusive(Reason::NotTested);
        let few = || Verdict::Inconclusive(Reason::TooFew { need: 7 });
        for (kind, used, verdict, provenance, starts) in [
            (
                Budget,
                Some(1.032),
                Verdict::Fail,
                Measured,
                "stop risky releases and find the failures by label: 3.2 % more",
            ),
            (Budget, Some(0.5), few(), Measured, "collect at least 7 events"),
            (Budget, Some(0.5), Verdict::Pass, Estimated, "count the events: the counts are est"),
            (Budget, None, untested(), NotTested, "count the events: give data"),
            (Alert, Some(66.0), Verdict::Fail, Measured, "it burns now"),
            (Projection, Some(1.3), Verdict::Fail, Measured, "slow down"),
        ] {
            let mut part = part(kind, verdict, provenance);
            part.finding.estimate = used;
            let step = budget(kind, &part.finding);
            assert!(step.starts_with(starts), "{kind:?}: {step}");
        }
        for (verdict, starts) in [
            (Verdict::Fail, "find the parts"),
            (untested(), "give what it is to be better than"),
            (few(), "collect at least 7 values"),
        ] {
            let step = improvement(&part(PartKind::Improvement, verdict, Measured).finding);
            assert!(step.starts_with(starts), "{step}");
        }
    }
}
