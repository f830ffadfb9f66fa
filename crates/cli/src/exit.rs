use std::process::ExitCode;

use clap::ValueEnum;
use tailproof_core::{Class, Finding, Reason, Verdict};

/// Judged, and acceptable; includes "no detectable change".
pub(crate) const PASSED: u8 = 0;
/// Judged, and a check failed.
pub(crate) const FAILED: u8 = 1;
/// Bad usage, configuration or input; comes from errors, never from a finding.
pub(crate) const ERROR: u8 = 2;
/// Could not tell.
pub(crate) const UNDECIDED: u8 = 3;

/// What makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A comparison found a regression
    Regression,
    /// An objective is not met
    Slo,
    /// A declared benchmark vanished
    Missing,
    /// Something could not be decided
    Inconclusive,
}

/// How findings become an exit code.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Gate {
    /// What makes the run fail with exit code 1: regression, slo, missing, inconclusive
    /// [default: regression,slo,missing]
    #[arg(long, value_delimiter = ',', value_name = "KINDS", hide_possible_values = true)]
    fail_on: Vec<FailOn>,
    /// Report everything, but exit 0 unless there is an error
    #[arg(long)]
    advisory: bool,
    /// Whether a person has accepted the conditions of a decision.
    #[arg(skip)]
    accepted: bool,
}

impl Gate {
    /// A gate on these kinds; none makes every run that was made pass.
    pub(crate) fn on(fail_on: Vec<FailOn>) -> Self {
        let advisory = fail_on.is_empty();
        Self { fail_on, advisory, accepted: false }
    }

    /// The same after a person has accepted the conditions of a decision: they no longer gate,
    /// and that they would have is said. *Not ready* gates as before.
    pub(crate) fn accepting_conditions(&self) -> Self {
        Self { accepted: true, ..self.clone() }
    }

    /// With what a file says, where nothing was typed.
    pub(crate) fn or(&self, config: Option<&[String]>) -> anyhow::Result<Self> {
        let mut gate = self.clone();
        if let Some(kinds) = config.filter(|_| self.fail_on.is_empty()) {
            gate.fail_on = kinds
                .iter()
                .map(|k| FailOn::from_str(k, true).map_err(|e| anyhow::anyhow!("fail_on: {e}")))
                .collect::<Result<_, _>>()?;
        }
        Ok(gate)
    }

    fn fails_on(&self, kind: FailOn) -> bool {
        if self.fail_on.is_empty() {
            return kind != FailOn::Inconclusive;
        }
        self.fail_on.contains(&kind)
    }

    /// Whether an answer that is open fails the run.
    pub(crate) fn fails_on_open(&self) -> bool {
        self.fails_on(FailOn::Inconclusive)
    }

    /// Whether nothing but an error fails the run.
    pub(crate) fn is_advisory(&self) -> bool {
        self.advisory
    }

    /// The exit code of a run that could not judge anything.
    pub(crate) fn undecided(&self) -> u8 {
        number(&[], self)
    }
}

/// The worst of 1, 3, 0, in that order, over all findings that were tested; 3 when none was.
///
/// A decision has weighed the others already and stands for them: 1 when it failed, whatever the
/// run is to fail on; 3, or 1 when it is to fail on what is inconclusive, when a person decides.
pub(crate) fn code(findings: &[Finding], gate: &Gate) -> ExitCode {
    let code = number(findings, gate);
    if let Some(withheld) = withheld(findings, gate) {
        eprintln!("{withheld}");
    }
    ExitCode::from(code)
}

/// Which exit code was withheld, and why.
fn withheld(findings: &[Finding], gate: &Gate) -> Option<String> {
    let code = number(findings, gate);
    let own = number(findings, &Gate { advisory: false, accepted: false, ..gate.clone() });
    let why = if gate.advisory { "advisory" } else { "conditions accepted" };
    (own != code && !findings.is_empty())
        .then(|| format!("{why}: exit code {code} instead of {own}"))
}

fn number(findings: &[Finding], gate: &Gate) -> u8 {
    if gate.advisory {
        return PASSED;
    }
    let on = |kind| gate.fails_on(kind);
    let decided = findings.iter().any(|f| f.class == Class::Decision);
    let undecided = if on(FailOn::Inconclusive) { FAILED } else { UNDECIDED };
    findings
        .iter()
        .filter(|f| f.verdict != Verdict::Inconclusive(Reason::NotTested))
        .filter(|f| !decided || f.class == Class::Decision)
        .map(|f| match (&f.verdict, f.class) {
            (Verdict::Fail, Class::Decision) => FAILED,
            (Verdict::Fail, Class::Slo) if on(FailOn::Slo) => FAILED,
            (Verdict::Fail, Class::Regression) if on(FailOn::Regression) => FAILED,
            (Verdict::Fail, Class::Missing) if on(FailOn::Missing) => FAILED,
            (Verdict::Inconclusive(Reason::Conditions), _) if gate.accepted => PASSED,
            (Verdict::Inconclusive(_), _) => undecided,
            _ => PASSED,
        })
        .max_by_key(|&c| [PASSED, UNDECIDED, FAILED].iter().position(|&x| x == c))
        .unwrap_or(undecided)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Subject;

    #[test]
    fn the_worst_of_1_3_0_wins() {
        let f = |class, verdict| Finding::new(class, Subject::default(), "", verdict);
        let pass = f(Class::Slo, Verdict::Pass);
        let pass_too = pass.clone();
        let fail = f(Class::Slo, Verdict::Fail);
        let slower = f(Class::Regression, Verdict::Fail);
        let open = f(Class::Slo, Verdict::Inconclusive(Reason::Absent));
        let same = f(Class::Regression, Verdict::NoDetectableChange { would_have_shown: None });
        let untested = f(Class::Other, Verdict::Inconclusive(Reason::NotTested));
        let gate = |kinds: &[FailOn], advisory| Gate {
            fail_on: kinds.to_vec(),
            advisory,
            accepted: false,
        };
        let default = gate(&[FailOn::Regression, FailOn::Slo, FailOn::Missing], false);
        let all = gate(&[FailOn::Slo, FailOn::Inconclusive], false);
        let ready = f(Class::Decision, Verdict::Pass);
        let not_ready = f(Class::Decision, Verdict::Fail);
        for (findings, gate, want) in [
            (vec![pass.clone(), same.clone()], &default, 0),
            (vec![pass.clone(), open.clone()], &default, 3),
            (vec![open.clone(), fail.clone()], &default, 1),
            (vec![slower.clone()], &default, 1),
            (vec![slower.clone()], &all, 0),
            (vec![open.clone()], &all, 1),
            (vec![untested.clone(), pass], &default, 0),
            (vec![untested.clone()], &default, 3),
            (vec![], &default, 3),
            (vec![ready, fail.clone(), open.clone()], &default, 0),
            (vec![pass_too, not_ready], &default, 1),
            (vec![fail, open], &gate(&[FailOn::Slo], true), 0),
        ] {
            assert_eq!(number(&findings, gate), want, "{findings:?}");
        }
    }

    #[test]
    fn a_decision_stands_for_the_rest() {
        let f = |class, verdict| Finding::new(class, Subject::default(), "", verdict);
        let decision = |verdict| vec![f(Class::Slo, Verdict::Fail), f(Class::Decision, verdict)];
        let ready = decision(Verdict::Pass);
        let conditions = decision(Verdict::Inconclusive(Reason::Conditions));
        let not_ready = decision(Verdict::Fail);
        let on =
            |kinds: &[FailOn]| Gate { fail_on: kinds.to_vec(), advisory: false, accepted: false };
        let advisory = Gate { advisory: true, ..on(&[]) };
        for (gate, codes) in [
            (on(&[]), [0, 3, 1]),
            (on(&[FailOn::Slo]), [0, 3, 1]),
            // What it is to fail on cannot make a release ready.
            (on(&[FailOn::Missing]), [0, 3, 1]),
            (on(&[FailOn::Regression]), [0, 3, 1]),
            (on(&[FailOn::Inconclusive]), [0, 1, 1]),
            (on(&[]).accepting_conditions(), [0, 0, 1]),
            (on(&[FailOn::Inconclusive]).accepting_conditions(), [0, 0, 1]),
            (advisory, [0, 0, 0]),
        ] {
            let found = [&ready, &conditions, &not_ready].map(|all| number(all, &gate));
            assert_eq!(found, codes, "{gate:?}");
        }
        let accepted = on(&[]).accepting_conditions();
        let said = |findings: &[Finding]| withheld(findings, &accepted);
        assert_eq!(
            said(&conditions).as_deref(),
            Some("conditions accepted: exit code 0 instead of 3")
        );
        assert_eq!((said(&ready), said(&not_ready)), (None, None));
    }
}
