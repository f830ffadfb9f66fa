//! Verdicts as words, signs and colours.

use tailproof_core::{Class, Finding, Reason, Verdict, percent};

use crate::layout::comparison;

/// What a verdict means for the reader, the worst first; colour is never its only sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    Fail,
    Open,
    Untested,
    Pass,
    Flat,
}

impl Tone {
    pub(super) fn of(f: &Finding) -> Self {
        match &f.verdict {
            Verdict::Inconclusive(Reason::NotTested) => Self::Untested,
            Verdict::Inconclusive(_) => Self::Open,
            // What gates nothing is an answer, neither good nor bad.
            _ if f.class == Class::Other => Self::Flat,
            Verdict::Fail => Self::Fail,
            Verdict::Pass => Self::Pass,
            Verdict::NoDetectableChange { .. } => Self::Flat,
        }
    }

    /// The class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Fail => "bad",
            Self::Open => "open",
            Self::Untested => "untested",
            Self::Pass => "good",
            Self::Flat => "flat",
        }
    }

    /// The sign beside the word.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Fail => '✕',
            Self::Open => '?',
            Self::Untested => '○',
            Self::Pass => '✓',
            Self::Flat => '~',
        }
    }
}

/// The verdict in one word or two.
pub(super) fn word(f: &Finding) -> &'static str {
    match (&f.verdict, f.class) {
        (Verdict::Fail, Class::Regression) => "REGRESSED",
        (Verdict::Fail, Class::Other) if is_accepted(f) => "ACCEPTED",
        (Verdict::Fail, Class::Other) => "REFUTED",
        (Verdict::Pass, Class::Other) => "SHOWN",
        (Verdict::NoDetectableChange { .. }, Class::Other) => "NOT SHOWN",
        (verdict, _) => verdict.word(),
    }
}

/// Whether a comparison failed and was accepted with a reason; a comparison that was never to
/// gate says no such thing.
pub(super) fn is_accepted(f: &Finding) -> bool {
    let failed = f.class == Class::Other && f.verdict == Verdict::Fail;
    failed && comparison::is_row(f) && f.why.contains("accepted up to ")
}

/// What the word leaves open: why, or what would have shown.
pub(super) fn rest(f: &Finding) -> Option<String> {
    match &f.verdict {
        Verdict::NoDetectableChange { would_have_shown: Some(w) } => {
            Some(format!("would have shown from {} on", percent(*w)))
        }
        Verdict::Inconclusive(reason) if *reason != Reason::NotTested => Some(reason.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Subject;

    #[test]
    fn what_does_not_gate_is_no_failure() {
        let finding = |class, verdict| Finding::new(class, Subject::default(), "", verdict);
        for (class, verdict, want) in [
            (Class::Slo, Verdict::Fail, (Tone::Fail, "FAIL")),
            (Class::Regression, Verdict::Fail, (Tone::Fail, "REGRESSED")),
            (Class::Other, Verdict::Fail, (Tone::Flat, "REFUTED")),
            (Class::Other, Verdict::Pass, (Tone::Flat, "SHOWN")),
            (
                Class::Other,
                Verdict::NoDetectableChange { would_have_shown: None },
                (Tone::Flat, "NOT SHOWN"),
            ),
            (Class::Other, Verdict::Inconclusive(Reason::Absent), (Tone::Open, "INCONCLUSIVE")),
            (Class::Slo, Verdict::Inconclusive(Reason::Absent), (Tone::Open, "INCONCLUSIVE")),
            (Class::Slo, Verdict::Inconclusive(Reason::NotTested), (Tone::Untested, "NOT TESTED")),
        ] {
            let f = finding(class, verdict);
            assert_eq!((Tone::of(&f), word(&f)), want);
        }
        let mut accepted = finding(Class::Other, Verdict::Fail);
        (accepted.base, accepted.subject.statistic) = (Some(1.0), Some("p50".to_owned()));
        assert_eq!(word(&accepted), "REFUTED");
        accepted.why = "p50 1 -> 2; accepted up to 110 % until 2027-01-01: TLS".to_owned();
        assert_eq!(word(&accepted), "ACCEPTED");
    }
}
