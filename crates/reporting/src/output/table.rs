use tailproof_core::{Class, Finding, Reason, Side, Verdict, number, percent, signed_percent};

use crate::common::text::printable;
use crate::evidence::Evidence;
use crate::layout::comparison;
use crate::layout::grid::ruled;
use crate::layout::matrix;

/// A report for a terminal: a row per finding, the why-lines, and what to do.
///
/// `width` limits the table; `None` leaves it as wide as it is.
#[must_use]
pub fn table(evidence: &Evidence, width: Option<u16>) -> String {
    if let Some(page) = &evidence.page {
        let mut out = page.table(&evidence.findings, width);
        // The page tells of the parts and of the decision itself, and warns in its footnotes.
        let rows: Vec<&Finding> = evidence.findings.iter().filter(|f| matrix::is_row(f)).collect();
        out.push_str(&reasons(&rows));
        out.push_str(&notes(evidence));
        return out;
    }
    let mut out =
        format!("{}: {}\n\n", printable(&evidence.component), headline(&evidence.findings));
    let (compared, judged): (Vec<&Finding>, Vec<&Finding>) =
        evidence.findings.iter().partition(|f| comparison::is_row(f));
    for grid in comparison::grids(&compared, &|_| true) {
        out.push_str(&grid.table(width));
        out.push('\n');
    }
    if !judged.is_empty() {
        let header = ["metric", "claim", "value", "bound", "n", "verdict"].map(str::to_owned);
        let row = |f: &Finding| {
            let n: Vec<String> = f.n.iter().map(|&n| number(n as f64)).collect();
            let name = printable(&f.name());
            vec![name, printable(&f.claim), value(f), bound(f), n.join(" + "), verdict(f)]
        };
        let rows: Vec<Vec<String>> = judged.iter().copied().map(row).collect();
        out.push_str(&ruled(&header, &rows, 2..5, width));
        out.push('\n');
    }
    out.push_str(&reasons(&evidence.findings.iter().collect::<Vec<_>>()));
    out.push_str(&notes(evidence));
    if !evidence.recommendations.is_empty() {
        out.push_str("\nWhat to do\n");
        for (i, r) in evidence.recommendations.iter().enumerate() {
            out.push_str(&format!("{:>3}. {}\n", i + 1, printable(r)));
        }
    }
    out
}

fn notes(evidence: &Evidence) -> String {
    evidence.notes.iter().map(|note| format!("\nnote: {}\n", printable(note))).collect()
}

/// Why, for each finding; of many rows only those that failed or are open.
fn reasons(findings: &[&Finding]) -> String {
    /// Rows of which each is explained.
    const FEW: usize = 8;
    /// Reasons that somebody reads.
    const MOST: usize = 40;
    let is_row = |f: &Finding| comparison::is_row(f) || matrix::is_row(f);
    let many = findings.iter().filter(|f| is_row(f)).count() > FEW;
    let told = |f: &Finding| {
        !many || !is_row(f) || matches!(&f.verdict, Verdict::Fail | Verdict::Inconclusive(_))
    };
    let (told, rest): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().copied().partition(|f| told(f));
    let mut out = String::new();
    // The same warning on every row is said once.
    let mut seen = std::collections::BTreeSet::new();
    for f in told.iter().take(MOST) {
        out.push_str(&format!("\n{}: {}\n", printable(&name(f)), printable(&f.why)));
        let warnings = f.warnings.iter().filter(|_| !matrix::is_row(f));
        for warning in warnings.filter(|w| seen.insert(w.as_str())) {
            out.push_str(&format!("  warning: {}\n", printable(warning)));
        }
    }
    let silent = rest.len() + told.len().saturating_sub(MOST);
    if silent > 0 {
        out.push_str(&format!("\n{silent} more are explained in --output json\n"));
    }
    out
}

/// Metric and labels; of a row of the matrix what people call it.
pub(crate) fn name(f: &Finding) -> String {
    f.standing.as_ref().map_or_else(|| f.name(), |standing| standing.name.clone())
}

/// The worst verdict and how many there are of each.
pub(crate) fn headline(findings: &[Finding]) -> String {
    let (word, counts) = tally(findings);
    if counts.is_empty() {
        return word.to_owned();
    }
    let parts: Vec<String> = counts.iter().map(|(n, what)| format!("{n} {what}")).collect();
    format!("{word} ({})", parts.join(", "))
}

/// The worst verdict in a word, and how many there are of each that occurs.
pub(crate) fn tally(findings: &[Finding]) -> (&'static str, Vec<(usize, &'static str)>) {
    let count = |f: fn(&Verdict) -> bool| findings.iter().filter(|x| f(&x.verdict)).count();
    let tested = findings.iter().any(|f| f.verdict != Verdict::Inconclusive(Reason::NotTested));
    let against = findings.iter().filter(|f| f.verdict == Verdict::Fail);
    let (refuted, failed): (Vec<&Finding>, Vec<&Finding>) =
        against.partition(|f| f.class == Class::Other);
    let accepted = refuted.iter().filter(|f| comparison::is_row(f)).count();
    let (refuted, failed) = (refuted.len() - accepted, failed.len());
    let open = count(|v| matches!(v, Verdict::Inconclusive(r) if *r != Reason::NotTested));
    let untested = count(|v| *v == Verdict::Inconclusive(Reason::NotTested));
    let passed = count(|v| matches!(v, Verdict::Pass));
    let unchanged = count(|v| matches!(v, Verdict::NoDetectableChange { .. }));
    let word = if failed > 0 {
        "FAIL"
    } else if open > 0 || !tested {
        "INCONCLUSIVE"
    } else if passed + accepted > 0 {
        "PASS"
    } else if refuted > 0 {
        "REFUTED"
    } else {
        "NO CHANGE SHOWN"
    };
    let counts = [
        (passed, "passed"),
        (failed, "failed"),
        (accepted, "accepted"),
        (refuted, "refuted"),
        (open, "open"),
        (untested, "not tested"),
        (unchanged, "without detectable change"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .collect();
    (word, counts)
}

/// The value of a row: an estimate, or base and candidate.
pub(crate) fn value(f: &Finding) -> String {
    let Some(estimate) = f.estimate else { return "?".to_owned() };
    let unit = f.suffix();
    if f.is_share() {
        return percent(estimate);
    }
    match f.base {
        Some(base) => format!("{} -> {}{unit}", number(base), number(estimate)),
        None => format!("{}{unit}", number(estimate)),
    }
}

/// The bound that decided, or both that did not; for comparisons the interval of the change.
pub(crate) fn bound(f: &Finding) -> String {
    let unit = f.suffix();
    let relative = f.base.is_some();
    let show = |x: f64| {
        if relative || f.is_share() { percent(x) } else { format!("{}{unit}", number(x)) }
    };
    if f.class == Class::Regression || relative {
        return f.interval.as_ref().map_or_else(String::new, |i| {
            format!("[{}, {}]", signed_percent(i.lo), signed_percent(i.hi))
        });
    }
    let side = |side| f.bounds.iter().find(|b| b.side == side && b.value.is_finite());
    let (lower, upper) = (side(Side::Lower), side(Side::Upper));
    // The bound between estimate and target is the one that decided.
    let rises = f.estimate.zip(f.target).is_some_and(|(estimate, target)| estimate <= target);
    // Both ends of a range decide.
    let range = f.bounds.len() > 2;
    let decided = !range && matches!(f.verdict, Verdict::Pass | Verdict::Fail);
    let (lower, upper) = match (lower, upper) {
        (_, Some(u)) if decided && rises => (None, Some(u)),
        (Some(l), _) if decided => (Some(l), None),
        both => both,
    };
    match (lower, upper) {
        (Some(l), Some(u)) => format!("{} .. {}", show(l.value), show(u.value)),
        (Some(l), None) => format!(">= {}", show(l.value)),
        (None, Some(u)) => format!("<= {}", show(u.value)),
        (None, None) => String::new(),
    }
}

/// The verdict in one word or two.
pub(crate) fn verdict(f: &Finding) -> String {
    match (&f.verdict, f.class) {
        (Verdict::Fail, Class::Regression) => "REGRESSED".to_owned(),
        (Verdict::NoDetectableChange { would_have_shown: Some(w) }, _) => {
            format!("~ (>= {} would show)", percent(*w))
        }
        (verdict, _) => verdict.word().to_owned(),
    }
}
