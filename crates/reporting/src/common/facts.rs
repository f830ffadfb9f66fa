//! The facts of a finding as names and values, for formats that are flat.

use tailproof_core::{Bound, Finding, Guarantee, Reason, Side, Verdict};

use crate::common::gating;
use crate::evidence::Evidence;

/// A value; numbers stay numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    Text(String),
    Number(f64),
    Count(u64),
}

/// A double in the shortest form that reads back as the same one: `0.1`, `1e300`, `inf`.
pub(crate) fn decimal(x: f64) -> String {
    let size = x.abs();
    let plain = size == 0.0 || (1e-5..1e16).contains(&size) || !x.is_finite();
    if plain { x.to_string() } else { format!("{x:e}") }
}

/// Everything flat about a finding, always under the same names; `None` where there is none.
pub(crate) fn facts(evidence: &Evidence, f: &Finding) -> Vec<(&'static str, Option<Fact>)> {
    let mut all = subject(evidence, f);
    all.extend(answer(f));
    all.extend(numbers(f));
    all.extend(origin(evidence, f));
    all
}

fn subject(evidence: &Evidence, f: &Finding) -> Vec<(&'static str, Option<Fact>)> {
    let s = &f.subject;
    let labels: Vec<String> = s.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    vec![
        ("component", text(&evidence.component)),
        ("class", text(gating::class(f))),
        ("benchmark", s.benchmark.as_deref().and_then(text)),
        ("metric", text(&s.metric)),
        ("labels", text(&labels.join(";"))),
        ("statistic", s.statistic.as_deref().and_then(text)),
    ]
}

fn answer(f: &Finding) -> Vec<(&'static str, Option<Fact>)> {
    let (mut reason, mut need, mut would_have_shown) = (None, None, None);
    match &f.verdict {
        Verdict::Inconclusive(r) => {
            reason = text(&r.to_string());
            need = match r {
                Reason::TooFew { need } | Reason::Underpowered { need } => Some(*need),
                Reason::Straddles { projected } => *projected,
                _ => None,
            };
        }
        Verdict::NoDetectableChange { would_have_shown: w } => would_have_shown = *w,
        Verdict::Pass | Verdict::Fail => {}
    }
    vec![
        ("claim", text(&f.claim)),
        ("verdict", text(f.verdict.word())),
        ("reason", reason),
        ("need", need.map(Fact::Count)),
        ("would_have_shown", would_have_shown.map(Fact::Number)),
    ]
}

fn numbers(f: &Finding) -> Vec<(&'static str, Option<Fact>)> {
    let real = |x: Option<f64>| x.filter(|x| !x.is_nan()).map(Fact::Number);
    let i = f.interval.as_ref();
    let side = |side| f.bounds.iter().find(|b| b.side == side);
    let (lower, upper) = (side(Side::Lower), side(Side::Upper));
    let level = |b: Option<&Bound>| b.map(|b| Fact::Number(b.level.to_f64()));
    let bounds: Vec<String> = f.bounds.iter().map(bound).collect();
    vec![
        ("unit", f.unit.as_ref().and_then(|u| text(&u.to_string()))),
        ("estimate", real(f.estimate)),
        ("base", real(f.base)),
        // Of a range its lower end.
        ("target", real(f.target)),
        ("target_upper", real(f.target_upper)),
        // Of what the two that follow are: with a base, of the relative change.
        ("interval_of", (i.is_some() || !f.bounds.is_empty()).then(|| of(f)).and_then(text)),
        ("interval_lo", real(i.map(|i| i.lo))),
        ("interval_hi", real(i.map(|i| i.hi))),
        ("interval_level", real(i.map(|i| i.level.to_f64()))),
        ("interval_method", i.and_then(|i| text(&i.method))),
        ("lower_bound", real(lower.map(|b| b.value))),
        ("lower_bound_level", level(lower)),
        ("upper_bound", real(upper.map(|b| b.value))),
        ("upper_bound_level", level(upper)),
        ("bounds", text(&bounds.join("; "))),
        ("p", real(f.p)),
        ("adjusted_p", real(f.adjusted_p)),
    ]
}

fn origin(evidence: &Evidence, f: &Finding) -> Vec<(&'static str, Option<Fact>)> {
    // One number, or base and candidate.
    let sides = |all: &[u64]| match all {
        [] => (None, None),
        [n] => (None, Some(Fact::Count(*n))),
        [base, n, ..] => (Some(Fact::Count(*base)), Some(Fact::Count(*n))),
    };
    let ((n_base, n), (runs_base, runs)) = (sides(&f.n), sides(&f.runs));
    vec![
        ("n_base", n_base),
        ("n", n),
        ("runs_base", runs_base),
        ("runs", runs),
        ("seed", f.seed.map(|s| Fact::Count(s.0))),
        ("guarantee", text(guarantee(f))),
        ("provenance", text(f.provenance.name())),
        ("created", evidence.created.as_deref().and_then(text)),
        ("warnings", text(&f.warnings.join("; "))),
        ("why", text(&f.why)),
    ]
}

fn text(text: &str) -> Option<Fact> {
    (!text.is_empty()).then(|| Fact::Text(text.to_owned()))
}

/// What the verdict rests on, in a word.
pub(crate) fn guarantee(f: &Finding) -> &'static str {
    match f.guarantee {
        Guarantee::Exact => "exact",
        Guarantee::Asymptotic => "asymptotic",
        Guarantee::Approximate => "approximate",
    }
}

/// What interval and bounds are of.
fn of(f: &Finding) -> &'static str {
    if f.base.is_some() { "relative change" } else { "estimate" }
}

/// `>= 131.8 (99.9 %, order statistic)`.
fn bound(b: &Bound) -> String {
    let side = match b.side {
        Side::Lower => ">=",
        Side::Upper => "<=",
    };
    format!("{side} {} ({}, {})", decimal(b.value), b.level, b.method)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Level, Subject};

    #[test]
    fn every_finding_has_the_same_names() {
        let evidence = Evidence::new("c", vec![]);
        let open = Verdict::Inconclusive(Reason::TooFew { need: 135 });
        let mut a = Finding::new(Class::Slo, Subject::default(), "p95 <= 1", open);
        (a.n, a.guarantee) = (vec![5], Guarantee::Approximate);
        (a.target, a.target_upper) = (Some(1.0), Some(2.0));
        let method = "order statistic".to_owned();
        a.bounds = vec![Bound { side: Side::Upper, value: 2.5, level: Level::P999, method }];
        let b = Finding::new(Class::Other, Subject::default(), "", Verdict::Pass);
        let (a, b) = (facts(&evidence, &a), facts(&evidence, &b));
        let names = |all: &[(&'static str, Option<Fact>)]| {
            all.iter().map(|f| f.0).collect::<Vec<&'static str>>()
        };
        assert_eq!(names(&a), names(&b));
        let of = |name: &str| a.iter().find(|f| f.0 == name).and_then(|f| f.1.clone());
        assert_eq!(of("need"), Some(Fact::Count(135)));
        assert_eq!(of("n"), Some(Fact::Count(5)));
        assert_eq!(of("upper_bound"), Some(Fact::Number(2.5)));
        assert_eq!(of("bounds"), text("<= 2.5 (99.9 %, order statistic)"));
        assert_eq!((of("lower_bound"), of("base")), (None, None));
        assert_eq!((of("guarantee"), of("provenance")), (text("approximate"), text("measured")));
        assert_eq!(of("target_upper"), Some(Fact::Number(2.0)));
    }

    #[test]
    fn doubles_are_short_and_exact() {
        for (x, want) in [
            (0.1, "0.1"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(decimal(x), want);
        }
    }
}
