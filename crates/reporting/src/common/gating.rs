//! What a finding means to a machine that only knows passed and failed.

use tailproof_core::{Class, Finding, Reason, Verdict};

use crate::evidence::Evidence;

/// How a finding enters a report that a machine acts on; as the exit code has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds, or a comparison showed no change.
    Passed,
    /// It failed and gates.
    Failed,
    /// It failed, and a decision over all findings has weighed that.
    Weighed,
    /// It failed and never gates.
    Told,
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
        Verdict::Pass | Verdict::NoDetectableChange { .. } => Outcome::Passed,
        Verdict::Fail if f.class == Class::Other => Outcome::Told,
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
    let s = &f.subject;
    let labels: Vec<String> = s.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mut words: Vec<String> = s.benchmark.iter().cloned().collect();
    words.push(s.metric.clone());
    words.extend(s.statistic.clone());
    words.push(if labels.is_empty() { String::new() } else { format!("({})", labels.join(", ")) });
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// Why, or the claim and its verdict where nobody said why.
pub(crate) fn why(f: &Finding) -> String {
    if f.why.is_empty() { format!("{}: {}", f.claim, f.verdict.word()) } else { f.why.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Subject;

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
        assert_eq!(all(&findings), [Outcome::Failed, Outcome::Told, Outcome::Open]);
        findings.push(of(Class::Decision, open()));
        let want = [Outcome::Weighed, Outcome::Told, Outcome::Untested, Outcome::Open];
        assert_eq!(all(&findings), want);
        findings[0].subject.benchmark = Some("b".to_owned());
        findings[0].subject.labels.insert("k".to_owned(), "v".to_owned());
        assert_eq!(subject(&findings[0]), "b (k=v)");
        assert_eq!((class(&findings[0]), why(&findings[0])), ("slo", "c: FAIL".to_owned()));
    }
}
