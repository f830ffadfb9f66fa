//! What a finding means to a machine that only knows passed and failed.

use tailproof_core::{Class, Finding, Reason, Verdict};

use crate::evidence::Evidence;

/// What a finding that could not be decided is to machines that know no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Open {
    /// Skipped: it stops nobody.
    #[default]
    Skipped,
    /// An error: it stops the pipeline as a failure does.
    Error,
}

/// What machines are told of a run, so that they show what its exit code does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What an open answer is.
    pub open: Open,
    /// Whether nothing gates, whatever was found.
    pub advisory: bool,
}

impl Told {
    /// Whether an outcome stops the pipeline.
    pub(crate) fn stops(self, outcome: Outcome) -> bool {
        let open = outcome == Outcome::Open && self.open == Open::Error;
        !self.advisory && (open || outcome == Outcome::Failed)
    }
}

/// How a finding enters a report that a machine acts on; as the exit code has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds.
    Passed,
    /// A comparison showed no change, which is no proof that there is none.
    Unchanged,
    /// It failed and gates.
    Failed,
    /// It failed, and a decision over all findings has weighed that.
    Weighed,
    /// It failed and never gates.
    Ungated,
    /// It could not be decided.
    Open,
    /// Nobody looked, or it could not be decided and a decision has weighed that.
    Untested,
}

/// The findings with what they mean, in their order.
pub(crate) fn outcomes(evidence: &Evidence) -> impl Iterator<Item = (&Finding, Outcome)> {
    let decided = evidence.findings.iter().any(|f| f.class == Class::Decision);
    evidence.findings.iter().map(move |f| (f, outcome(f, decided)))
}

fn outcome(f: &Finding, decided: bool) -> Outcome {
    let weighed = decided && f.class != Class::Decision;
    match &f.verdict {
        Verdict::Pass => Outcome::Passed,
        Verdict::NoDetectableChange { .. } => Outcome::Unchanged,
        Verdict::Fail if f.class == Class::Other => Outcome::Ungated,
        Verdict::Fail if weighed => Outcome::Weighed,
        Verdict::Fail => Outcome::Failed,
        Verdict::Inconclusive(Reason::NotTested) => Outcome::Untested,
        Verdict::Inconclusive(_) if weighed => Outcome::Untested,
        Verdict::Inconclusive(_) => Outcome::Open,
    }
}

/// The class in a word.
pub(crate) fn class(f: &Finding) -> &'static str {
    match f.class {
        Class::Slo => "slo",
        Class::Regression => "regression",
        Class::Missing => "missing",
        Class::Decision => "decision",
        _ => "other",
    }
}

/// The subject in words: `api/search latency p99 (endpoint=a)`.
pub(crate) fn subject(f: &Finding) -> String {
    words(f, f.subject.statistic.as_deref())
}

fn words(f: &Finding, statistic: Option<&str>) -> String {
    let s = &f.subject;
    let labels: Vec<String> = s.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mut words: Vec<String> = s.benchmark.iter().cloned().collect();
    words.push(s.metric.clone());
    words.extend(statistic.map(str::to_owned));
    words.push(if labels.is_empty() { String::new() } else { format!("({})", labels.join(", ")) });
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// What is claimed of what: `latency p95 <= 150 ms`; a row of a scorecard begins with its name.
pub(crate) fn claimed(f: &Finding) -> String {
    let subject = match row_name(f) {
        Some(name) => format!("{name}:"),
        None => words(f, unclaimed_statistic(f)),
    };
    let mut both = vec![subject, f.claim.clone()];
    both.retain(|text| !text.is_empty());
    both.join(" ")
}

/// What people call a row of a scorecard.
pub(crate) fn row_name(f: &Finding) -> Option<&str> {
    f.standing.as_ref().map(|standing| standing.name.as_str()).filter(|name| !name.is_empty())
}

/// The statistic, where the claim does not say it.
pub(crate) fn unclaimed_statistic(f: &Finding) -> Option<&str> {
    f.subject.statistic.as_deref().filter(|name| !f.claim.contains(*name))
}

/// Why, or the claim and its verdict where nobody said why.
pub(crate) fn why(f: &Finding) -> String {
    if f.why.is_empty() { format!("{}: {}", f.claim, f.verdict.word()) } else { f.why.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Standing, Subject};

    #[test]
    fn a_decision_stands_for_the_others() {
        let open = || Verdict::Inconclusive(Reason::Absent);
        let of = |class, verdict| Finding::new(class, Subject::default(), "c", verdict);
        let mut findings = vec![
            of(Class::Slo, Verdict::Fail),
            of(Class::Other, Verdict::Fail),
            of(Class::Slo, open()),
        ];
        let all = |findings: &[Finding]| -> Vec<Outcome> {
            outcomes(&Evidence::new("c", findings.to_vec())).map(|(_, o)| o).collect()
        };
        assert_eq!(all(&findings), [Outcome::Failed, Outcome::Ungated, Outcome::Open]);
        findings.push(of(Class::Decision, open()));
        let want = [Outcome::Weighed, Outcome::Ungated, Outcome::Untested, Outcome::Open];
        assert_eq!(all(&findings), want);
        findings[0].subject.benchmark = Some("b".to_owned());
        findings[0].subject.labels.insert("k".to_owned(), "v".to_owned());
        assert_eq!(subject(&findings[0]), "b (k=v)");
        assert_eq!((class(&findings[0]), why(&findings[0])), ("slo", "c: FAIL".to_owned()));
    }

    #[test]
    fn what_stops_is_what_the_exit_code_has() {
        let (failed, open) = (Outcome::Failed, Outcome::Open);
        let told = |open, advisory| Told { open, advisory };
        for (told, wanted) in [
            (Told::default(), [true, false, false]),
            (told(Open::Error, false), [true, true, false]),
            (told(Open::Error, true), [false, false, false]),
        ] {
            let found = [failed, open, Outcome::Unchanged].map(|outcome| told.stops(outcome));
            assert_eq!(found, wanted, "{told:?}");
        }
    }

    #[test]
    fn a_claim_says_of_what_it_is_and_nothing_twice() {
        let subject = Subject { metric: "latency".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "p95 <= 2ms", Verdict::Fail);
        f.subject.statistic = Some("p95".to_owned());
        assert_eq!(
            (claimed(&f), super::subject(&f)),
            ("latency p95 <= 2ms".into(), "latency p95".into())
        );
        f.claim = "no slower than 1 %".to_owned();
        assert_eq!(claimed(&f), "latency p95 no slower than 1 %");
        f.standing = Some(Standing { name: "logins".to_owned(), ..Standing::default() });
        assert_eq!(claimed(&f), "logins: no slower than 1 %");
        let empty = Finding::new(Class::Slo, Subject::default(), "", Verdict::Pass);
        assert_eq!(claimed(&empty), "");
    }
}
