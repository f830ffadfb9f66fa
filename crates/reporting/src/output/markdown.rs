use std::collections::BTreeSet;

use tailproof_core::{Finding, Verdict, number};

use crate::common::text::{escape, printable, shortened};
use crate::evidence::Evidence;
use crate::layout::comparison;
use crate::output::table::{bound, headline, value, verdict};

/// A report for a pull request: the page of the evidence, or the verdict and a table; then
/// folded details.
#[must_use]
pub fn markdown(evidence: &Evidence) -> String {
    render(evidence, Shown { rows: Rows::All, reasons: Some(Rows::All) })
}

/// The reports of all parts one after the other, in at most `limit` characters: GitHub takes
/// 65 536 in a comment.
///
/// The verdict and the table come first. Where there is no room for everything, the reasons of
/// rows that passed are left out, then those rows, then all reasons, then rows from the end; what
/// is left out is counted and said. No row and no tag is ever cut in two.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, markdown_within};
///
/// let finding = Finding::new(Class::Slo, Subject::default(), "p95 <= 1 ms", Verdict::Pass);
/// let parts = [Evidence::new("checkout", vec![finding; 1_000])];
/// let text = markdown_within(&parts, 2_000);
/// assert!(text.len() <= 2_000 && text.starts_with("## checkout: PASS (1000 passed)"));
/// assert!(text.contains("1000 rows that passed are left out"));
/// ```
#[must_use]
pub fn markdown_within(parts: &[Evidence], limit: usize) -> String {
    let all = |shown: Shown| -> String {
        parts.iter().map(|part| render(part, shown)).collect::<Vec<_>>().join("\n")
    };
    for (rows, reasons) in [
        (Rows::All, Some(Rows::All)),
        (Rows::All, Some(Rows::Unsettled)),
        (Rows::Unsettled, Some(Rows::Unsettled)),
        (Rows::Unsettled, None),
    ] {
        let text = all(Shown { rows, reasons });
        if size(&text) <= limit {
            return text;
        }
    }
    // As many rows as there is room for.
    let most = parts.iter().map(|p| p.findings.iter().filter(|f| !settled(f)).count()).max();
    let (mut fits, mut least, mut beyond) = (None, 0, most.unwrap_or(0));
    while least < beyond {
        let middle = least + (beyond - least) / 2;
        let text = all(Shown { rows: Rows::First(middle), reasons: None });
        if size(&text) <= limit {
            (fits, least) = (Some(text), middle + 1);
        } else {
            beyond = middle;
        }
    }
    fits.unwrap_or_else(|| verdicts(parts, limit))
}

/// Which findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    All,
    /// What did not pass.
    Unsettled,
    /// So many of what did not pass; of a page only how it begins.
    First(usize),
}

/// How much is shown.
#[derive(Clone, Copy, Debug)]
struct Shown {
    rows: Rows,
    reasons: Option<Rows>,
}

/// Whether there is nothing to do about it.
fn settled(f: &Finding) -> bool {
    matches!(f.verdict, Verdict::Pass | Verdict::NoDetectableChange { .. })
}

/// The findings of a choice, in their order.
fn chosen(findings: &[Finding], rows: Rows) -> Vec<&Finding> {
    let unsettled = findings.iter().filter(|f| !settled(f));
    match rows {
        Rows::All => findings.iter().collect(),
        Rows::Unsettled => unsettled.collect(),
        Rows::First(n) => unsettled.take(n).collect(),
    }
}

/// Characters as GitHub counts them, at most: those beyond 16 bits as two.
fn size(text: &str) -> usize {
    text.encode_utf16().count()
}

fn render(evidence: &Evidence, shown: Shown) -> String {
    let rows = chosen(&evidence.findings, shown.rows);
    let mut out = match (&evidence.page, shown.rows) {
        (Some(page), Rows::All) => page.markdown(&evidence.findings),
        (Some(page), Rows::Unsettled) => {
            page.markdown(&rows.iter().map(|f| (*f).clone()).collect::<Vec<_>>())
        }
        (Some(page), Rows::First(_)) => {
            let page = crate::Page { sections: Vec::new(), ..page.clone() };
            page.markdown(&[]) + &tables(evidence, &rows)
        }
        (None, _) => listed(evidence, &rows, matches!(shown.rows, Rows::First(_))),
    };
    out.push_str(&left_out(evidence, &rows));
    if let Some(reasons) = shown.reasons {
        out.push_str(&details(evidence, &chosen(&evidence.findings, reasons)));
    }
    out
}

/// How many rows are missing, and where they are.
fn left_out(evidence: &Evidence, rows: &[&Finding]) -> String {
    let count = |keep: fn(&Finding) -> bool| evidence.findings.iter().filter(|f| keep(f)).count();
    let here = |keep: fn(&Finding) -> bool| rows.iter().filter(|f| keep(f)).count();
    let passed = count(settled) - here(settled);
    let others = count(|f| !settled(f)) - here(|f| !settled(f));
    let told: Vec<String> = [(passed, "that passed"), (others, "that did not pass")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, which)| {
            let (row, is) = if n == 1 { ("row", "is") } else { ("rows", "are") };
            format!("{} {row} {which} {is} left out", number(n as f64))
        })
        .collect();
    if told.is_empty() { String::new() } else { format!("{}; {WHERE}.\n\n", told.join(", ")) }
}

/// Where what is left out can be read.
const WHERE: &str = "the evidence holds everything, `tailproof report` shows it";

/// Only the verdicts, of as many parts as there is room for.
fn verdicts(parts: &[Evidence], limit: usize) -> String {
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        let verdict = headline(&part.findings);
        let line = format!("## {}: {verdict}\n\n", escape(&shortened(&part.component, 100)));
        let rest = format!("{} more\n", number((parts.len() - i) as f64));
        if size(&out) + size(&line) + size(&rest) > limit {
            // A verdict alone holds no markup.
            let least = if i == 0 { shortened(&verdict, limit) } else { rest };
            return out + &least;
        }
        out.push_str(&line);
    }
    let all = format!("The rows are left out; {WHERE}.\n");
    if size(&out) + size(&all) <= limit { out + &all } else { out }
}

/// Why, warnings and notes, what it was made from and by what.
fn details(evidence: &Evidence, told: &[&Finding]) -> String {
    let mut out = "<details><summary>Why, and how sure</summary>\n\n".to_owned();
    let mut seen = BTreeSet::new();
    for f in told {
        out.push_str(&format!("- **{}** {}\n", escape(&f.name()), escape(&f.why)));
        for warning in f.warnings.iter().filter(|w| seen.insert(w.as_str())) {
            out.push_str(&format!("  - warning: {}\n", escape(warning)));
        }
    }
    let silent = evidence.findings.len() - told.len();
    if silent > 0 {
        out.push_str(&format!("- {} that passed; {WHERE}\n", number(silent as f64)));
    }
    for note in &evidence.notes {
        out.push_str(&format!("- note: {}\n", escape(note)));
    }
    for input in &evidence.inputs {
        out.push_str(&format!(
            "- {} {}, {} bytes, SHA-256 {}\n",
            escape(&input.role),
            code(&input.name),
            input.bytes,
            code(&input.sha256)
        ));
    }
    let settings = &evidence.settings;
    let mut said = Vec::new();
    said.extend(settings.level.map(|l| format!("level {l}")));
    said.extend(settings.seed.map(|s| format!("seed {s}")));
    said.extend(settings.resamples.map(|r| format!("{r} resamples")));
    said.extend(evidence.created.as_deref().map(escape));
    out.push_str(&format!(
        "- tailproof {}{}\n\n</details>\n",
        escape(&evidence.tool.version),
        said.iter().map(|s| format!(", {s}")).collect::<String>()
    ));
    out
}

/// Text from data as a piece of code, in which nothing is a person, an issue or a link.
fn code(text: &str) -> String {
    let text = printable(&shortened(text, 500)).replace('`', "'");
    format!("`{}`", if text.trim().is_empty() { "?" } else { &text })
}

/// The verdict first, a table, what to do.
fn listed(evidence: &Evidence, rows: &[&Finding], short: bool) -> String {
    let mut out =
        format!("## {}: {}\n\n", escape(&evidence.component), headline(&evidence.findings));
    out.push_str(&tables(evidence, rows));
    if !evidence.recommendations.is_empty() && !short {
        out.push_str("**What to do**\n\n");
        for (i, r) in evidence.recommendations.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", i + 1, escape(r)));
        }
        out.push('\n');
    }
    out
}

/// Comparisons in a table for each metric, the rest in one.
fn tables(evidence: &Evidence, rows: &[&Finding]) -> String {
    let shown: BTreeSet<*const Finding> = rows.iter().map(|f| std::ptr::from_ref(*f)).collect();
    let shows = |f: &Finding| shown.contains(&std::ptr::from_ref(f));
    let mut out = String::new();
    let (compared, judged): (Vec<&Finding>, Vec<&Finding>) =
        evidence.findings.iter().partition(|f| comparison::is_row(f));
    for grid in comparison::grids(&compared, &shows) {
        out.push_str(&grid.markdown());
        out.push('\n');
    }
    let judged: Vec<&Finding> = judged.into_iter().filter(|f| shows(f)).collect();
    if !judged.is_empty() {
        out.push_str("| metric | claim | value | bound | n | verdict |\n");
        out.push_str("| --- | --- | ---: | ---: | ---: | --- |\n");
        for f in judged {
            let n: Vec<String> = f.n.iter().map(|&n| number(n as f64)).collect();
            out.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                escape(&f.name()),
                escape(&f.claim),
                escape(&value(f)),
                escape(&bound(f)),
                n.join(" + "),
                escape(&verdict(f)),
            ));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Block, Page, Section};
    use tailproof_core::{Class, Reason, Subject, Verdict};

    fn finding(metric: &str, verdict: Verdict) -> Finding {
        let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
        Finding::new(Class::Slo, subject, "p95 <= 1", verdict)
    }

    /// Few that failed among many that passed.
    fn many(passed: usize, failed: usize) -> Evidence {
        let mut findings = vec![finding("passed|<b>", Verdict::Pass); passed];
        for i in 0..failed {
            let mut f = finding(&format!("failed{i}"), Verdict::Fail);
            f.why = "because ".repeat(20);
            findings.push(f);
        }
        Evidence::new("c", findings)
    }

    #[test]
    fn names_cannot_leave_their_cell() {
        let name = "a|b<script>\nx\u{202e}[y](z)";
        let text = markdown(&Evidence::new("c", vec![finding(name, Verdict::Pass)]));
        assert!(text.contains("a\\|b&lt;script&gt;⏎x\u{fffd}\\[y\\](z)"), "{text}");
    }

    #[test]
    fn the_worst_verdict_is_the_headline() {
        let open = finding("o", Verdict::Inconclusive(Reason::Absent));
        for (findings, want) in [
            (vec![], "INCONCLUSIVE"),
            (vec![finding("p", Verdict::Pass)], "PASS (1 passed)"),
            (vec![finding("p", Verdict::Pass), open.clone()], "INCONCLUSIVE (1 passed, 1 open)"),
            (vec![finding("f", Verdict::Fail), open], "FAIL (1 failed, 1 open)"),
        ] {
            assert_eq!(headline(&findings), want);
        }
    }

    #[test]
    fn what_passed_gives_way_first() {
        let part = many(300, 10);
        let full = markdown(&part);
        let parts = [part];
        assert_eq!(markdown_within(&parts, 65_536), full);
        let text = markdown_within(&parts, size(&full) - 1);
        assert_eq!(text.matches("| passed").count(), 300);
        assert!(text.contains("- 300 that passed; the evidence holds"), "{text}");
        let text = markdown_within(&parts, 5_000);
        assert_eq!((text.matches("| passed").count(), text.matches("| failed").count()), (0, 10));
        assert!(text.contains("300 rows that passed are left out; "), "{text}");
        assert!(text.contains("- **failed9** because"), "{text}");
        let text = markdown_within(&parts, 600);
        assert!(
            !text.contains("<details>") && text.contains("rows that did not pass are left out")
        );
        assert!(text.contains("| failed0 | p95 &lt;= 1 |"), "{text}");
    }

    #[test]
    fn every_limit_is_kept_and_no_row_cut() {
        let mut paged = many(50, 20);
        let rows = vec![Block::Rows { domain: None }];
        let sections = vec![Section::new("s", rows), Section::new("t", vec![])];
        paged.page = Some(Page { title: "T|".to_owned(), lead: vec!["NOT".to_owned()], sections });
        let parts = [many(100, 40), paged, Evidence::new("x".repeat(10_000), vec![])];
        for limit in (0..12_000).step_by(97) {
            let text = markdown_within(&parts, limit);
            assert!(size(&text) <= limit, "{limit}: {}", size(&text));
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
            assert!(text.lines().all(|l| !l.starts_with('|') || l.ends_with('|')), "{limit}");
        }
        assert_eq!(markdown_within(&parts, 4), "FAI…");
        assert_eq!(markdown_within(&[], 10), "");
    }
}
