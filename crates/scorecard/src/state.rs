//! How a row or a part stands, as the decision, the risks and the recommendations see it.

use tailproof_core::{Finding, Provenance, Reason, Verdict, number};

use crate::risk::THIN;
use crate::row::Row;

/// How something stands that was asked for, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Measured, and it holds.
    Met,
    /// Not measured, or the data cannot tell.
    Open,
    /// An error budget of which more is used than there is, though that may be chance.
    Overspent,
    /// An alert that fires now.
    Firing,
    /// It does not hold.
    Missed,
}

impl State {
    /// A pass counts only when it was measured; no change shown is no proof.
    pub(crate) const fn of(finding: &Finding) -> Self {
        match (&finding.verdict, finding.provenance) {
            (Verdict::Fail, _) => Self::Missed,
            (Verdict::Pass, Provenance::Measured) => Self::Met,
            _ => Self::Open,
        }
    }
}

impl Row {
    pub(crate) const fn state(&self) -> State {
        State::of(&self.finding)
    }

    /// Whether measurements could judge it, or show that they cannot tell.
    pub(crate) fn is_judged(&self) -> bool {
        was_tested(&self.finding)
    }
}

/// Whether somebody measured it.
pub(crate) fn was_tested(finding: &Finding) -> bool {
    finding.provenance == Provenance::Measured
        && finding.verdict != Verdict::Inconclusive(Reason::NotTested)
}

/// What would settle a finding that was measured and is open.
///
/// ```text
/// too few, underpowered     the number that is needed, and how many there are
/// straddles                 the number that would probably settle it, up to ten times as many
///                           as there are; beyond that, and at the target itself, none
/// ```
pub(crate) fn settle(finding: &Finding, reason: &Reason, noun: &str) -> String {
    /// Times the data at hand that somebody may still collect.
    const MOST: u64 = 10;
    let have = finding.n.iter().copied().max().filter(|n| *n > 0);
    let now = have.map_or_else(String::new, |n| format!(", now {}", number(n as f64)));
    let apart = finding
        .estimate
        .zip(finding.target)
        .is_some_and(|(x, target)| (x - target).abs() > THIN * target.abs());
    match reason {
        Reason::TooFew { need } | Reason::Underpowered { need } => {
            format!("collect at least {} {noun}{now}", number(*need as f64))
        }
        Reason::Straddles { projected: Some(n) }
            if have.is_none_or(|have| *n <= have.saturating_mul(MOST)) =>
        {
            format!("collect about {} {noun}{now}", number(*n as f64))
        }
        Reason::Straddles { projected: None } if apart => format!("collect more {noun}{now}"),
        Reason::Straddles { .. } => {
            "more data will hardly settle this: the value sits at the target".to_owned()
        }
        other => format!("settle it: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Subject};

    fn finding(verdict: Verdict, provenance: Provenance) -> Finding {
        let mut f = Finding::new(Class::Slo, Subject::default(), "", verdict);
        f.provenance = provenance;
        f
    }

    #[test]
    fn only_a_measured_pass_is_met() {
        use Provenance::{Estimated, Measured, NotTested, Projected};
        let unchanged = Verdict::NoDetectableChange { would_have_shown: None };
        for (verdict, provenance, want) in [
            (Verdict::Pass, Measured, State::Met),
            (Verdict::Pass, Estimated, State::Open),
            (Verdict::Fail, Projected, State::Missed),
            (Verdict::Inconclusive(Reason::OneRun), Measured, State::Open),
            (Verdict::Inconclusive(Reason::NotTested), NotTested, State::Open),
            (unchanged, Measured, State::Open),
        ] {
            let f = finding(verdict, provenance);
            assert_eq!(State::of(&f), want, "{f:?}");
        }
        assert!(was_tested(&finding(Verdict::Inconclusive(Reason::OneRun), Measured)));
        assert!(!was_tested(&finding(Verdict::Pass, Estimated)));
        assert!(!was_tested(&finding(Verdict::Inconclusive(Reason::NotTested), Measured)));
    }

    #[test]
    fn nobody_is_sent_for_a_billion_observations() {
        let straddles = |projected| Reason::Straddles { projected };
        let hardly = "more data will hardly settle this: the value sits at the target";
        for (reason, n, estimate, want) in [
            (straddles(Some(3_000)), 300, 99.0, "collect about 3000 observations, now 300"),
            (straddles(Some(3_001)), 300, 99.0, hardly),
            (straddles(Some(6_157_000_000)), 300, 100.0, hardly),
            (straddles(None), 300, 100.0, hardly),
            (straddles(None), 300, 50.0, "collect more observations, now 300"),
            (straddles(Some(40)), 0, 99.0, "collect about 40 observations"),
            (
                Reason::TooFew { need: 68_800 },
                300,
                99.0,
                "collect at least 68 800 observations, now 300",
            ),
            (Reason::OneRun, 300, 99.0, "settle it: one side has a single run"),
        ] {
            let mut f = finding(Verdict::Inconclusive(reason.clone()), Provenance::Measured);
            (f.n, f.estimate, f.target) = (vec![n], Some(estimate), Some(100.0));
            assert_eq!(settle(&f, &reason, "observations"), want, "{reason:?}");
        }
    }
}
