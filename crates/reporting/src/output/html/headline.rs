//! What the findings of a part come to: the verdict, the counts, and how far to trust them.

use tailproof_core::{Class, Finding, Guarantee, Verdict};

use super::text::{Escaped, escaped, prose};
use super::tone::{self, Tone};

/// The worst verdict, and how many there are of each.
#[derive(Debug, PartialEq)]
pub(super) struct Headline {
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    /// Each kind that occurs, with how many there are.
    pub(super) counts: Vec<(usize, &'static str)>,
    /// Whether there are answers only: nothing gates.
    pub(super) answers: bool,
}

impl Headline {
    /// As a terminal has it, except that findings which never gate make no pass.
    pub(super) fn of(findings: &[Finding]) -> Self {
        let count = |fits: &dyn Fn(&Finding) -> bool| findings.iter().filter(|f| fits(f)).count();
        let toned = |tone: Tone| count(&|f| Tone::of(f) == tone);
        let other = |fits: fn(&Verdict) -> bool| {
            count(&|f| f.class == Class::Other && fits(&f.verdict) && !tone::is_accepted(f))
        };
        let (passed, failed) = (toned(Tone::Pass), toned(Tone::Fail));
        let (open, untested) = (toned(Tone::Open), toned(Tone::Untested));
        let accepted = count(&tone::is_accepted);
        let shown = other(|v| *v == Verdict::Pass);
        let refuted = other(|v| *v == Verdict::Fail);
        let not_shown = other(|v| matches!(v, Verdict::NoDetectableChange { .. }));
        let unchanged = toned(Tone::Flat) - accepted - shown - refuted - not_shown;
        let decided = open + untested < findings.len();
        let answers = count(&gates) == 0 && decided;
        let (word, tone) = if failed > 0 {
            ("FAIL", Tone::Fail)
        } else if answers {
            ("ANSWERED", Tone::Flat)
        } else if open > 0 || !decided {
            ("INCONCLUSIVE", Tone::Open)
        } else if passed + accepted > 0 {
            ("PASS", Tone::Pass)
        } else if unchanged > 0 {
            ("NO CHANGE SHOWN", Tone::Flat)
        } else {
            ("NOT TESTED", Tone::Untested)
        };
        let counts = [
            (passed, "passed"),
            (failed, "failed"),
            (accepted, "accepted"),
            (shown, "shown"),
            (not_shown, "not shown"),
            (refuted, "refuted"),
            (open, "open"),
            (untested, "not tested"),
            (unchanged, "without detectable change"),
        ];
        let counts = counts.into_iter().filter(|(n, _)| *n > 0).collect();
        Self { word, tone, counts, answers }
    }
}

/// Whether a finding can fail a run, or could before somebody accepted it.
fn gates(f: &Finding) -> bool {
    f.class != Class::Other || tone::is_accepted(f)
}

/// How many findings hold only as far as something doubtful does, with the first warning:
/// `2 passed, both with warnings: successive observations …`.
pub(super) fn reservations(findings: &[Finding], tone: Tone) -> Option<Escaped> {
    /// Characters of a warning in a headline.
    const LINE: usize = 160;
    let passes = tone == Tone::Pass;
    let told = |f: &&Finding| !passes || Tone::of(f) == Tone::Pass;
    let all = findings.iter().filter(told).count();
    let is_doubtful =
        |f: &&Finding| !f.warnings.is_empty() || f.guarantee == Guarantee::Approximate;
    let doubtful: Vec<&Finding> = findings.iter().filter(told).filter(is_doubtful).collect();
    let many = doubtful.len();
    if many == 0 {
        return None;
    }
    let warning = doubtful.iter().flat_map(|f| &f.warnings).next();
    let with = match (warning.is_some(), many) {
        (true, 1) => "a warning",
        (true, _) => "warnings",
        (false, _) => "an approximate guarantee",
    };
    let text = match (passes, many) {
        (true, 1) if all == 1 => format!("1 passed, with {with}"),
        (true, 2) if all == 2 => format!("2 passed, both with {with}"),
        (true, _) if all == many => format!("{all} passed, all with {with}"),
        (true, _) => format!("{all} passed, {many} of them with {with}"),
        (false, _) => format!("{many} of {all} findings with {with}"),
    };
    let first = warning.map_or_else(String::new, |w| format!(": {}", prose(w).at_most(LINE)));
    Some(escaped(format!("{text}{first}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Reason, Subject};

    fn finding(class: Class, verdict: Verdict) -> Finding {
        Finding::new(class, Subject::default(), "p95 <= 1", verdict)
    }

    #[test]
    fn what_never_gates_makes_no_pass() {
        let other = |verdict| finding(Class::Other, verdict);
        let absent = || Verdict::Inconclusive(Reason::Absent);
        let unchanged = || Verdict::NoDetectableChange { would_have_shown: None };
        let slo = |verdict| finding(Class::Slo, verdict);
        for (findings, word, tone) in [
            (vec![other(Verdict::Pass), other(absent())], "ANSWERED", Tone::Flat),
            (vec![other(Verdict::Fail), other(unchanged())], "ANSWERED", Tone::Flat),
            (vec![other(absent())], "INCONCLUSIVE", Tone::Open),
            (vec![other(Verdict::Pass), slo(Verdict::Pass)], "PASS", Tone::Pass),
            (vec![other(Verdict::Pass), slo(unchanged())], "NO CHANGE SHOWN", Tone::Flat),
            (vec![other(Verdict::Pass), slo(Verdict::Fail)], "FAIL", Tone::Fail),
            (vec![], "INCONCLUSIVE", Tone::Open),
        ] {
            let headline = Headline::of(&findings);
            assert_eq!((headline.word, headline.tone), (word, tone), "{findings:?}");
        }
        let findings = [other(Verdict::Pass), other(unchanged()), other(Verdict::Fail)];
        let want = [(1, "shown"), (1, "not shown"), (1, "refuted")];
        assert_eq!(Headline::of(&findings).counts, want);
    }

    #[test]
    fn a_pass_says_what_it_rests_on() {
        let said = |findings: &[Finding]| {
            reservations(findings, Headline::of(findings).tone).map(|text| text.to_string())
        };
        let plain = || finding(Class::Slo, Verdict::Pass);
        let mut warned = plain();
        warned.warnings = vec!["a < b".to_owned(), "second".to_owned()];
        let mut rough = plain();
        rough.guarantee = Guarantee::Approximate;
        assert_eq!(said(&[plain()]), None);
        let both = said(&[warned.clone(), rough.clone()]);
        assert_eq!(both.as_deref(), Some("2 passed, both with warnings: a &lt; b"));
        let one = said(&[plain(), rough, plain()]);
        assert_eq!(one.as_deref(), Some("3 passed, 1 of them with an approximate guarantee"));
        let failed = said(&[warned, finding(Class::Slo, Verdict::Fail)]);
        assert_eq!(failed.as_deref(), Some("1 of 2 findings with a warning: a &lt; b"));
    }
}
