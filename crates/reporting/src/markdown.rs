use tailproof_core::{Finding, number};

use crate::comparison;
use crate::evidence::Evidence;
use crate::table::{bound, headline, printable, value, verdict};

/// A report for a pull request: the page of the evidence, or the verdict and a table; then
/// folded details.
#[must_use]
pub fn markdown(evidence: &Evidence) -> String {
    let mut out = match &evidence.page {
        Some(page) => page.markdown(&evidence.findings),
        None => listed(evidence),
    };
    out.push_str("<details><summary>Why, and how sure</summary>\n\n");
    let mut seen = std::collections::BTreeSet::new();
    for f in &evidence.findings {
        out.push_str(&format!("- **{}** {}\n", escape(&f.name()), escape(&f.why)));
        for warning in f.warnings.iter().filter(|w| seen.insert(w.as_str())) {
            out.push_str(&format!("  - warning: {}\n", escape(warning)));
        }
    }
    for note in &evidence.notes {
        out.push_str(&format!("- note: {}\n", escape(note)));
    }
    for input in &evidence.inputs {
        out.push_str(&format!(
            "- {} `{}`, {} bytes, SHA-256 `{}`\n",
            escape(&input.role),
            printable(&input.name).replace('`', "'"),
            input.bytes,
            input.sha256
        ));
    }
    let settings = &evidence.settings;
    let mut said = Vec::new();
    said.extend(settings.level.map(|l| format!("level {l}")));
    said.extend(settings.seed.map(|s| format!("seed {s}")));
    said.extend(settings.resamples.map(|r| format!("{r} resamples")));
    said.extend(evidence.created.clone());
    out.push_str(&format!(
        "- tailproof {}{}\n\n</details>\n",
        escape(&evidence.tool.version),
        said.iter().map(|s| format!(", {s}")).collect::<String>()
    ));
    out
}

/// The verdict first, a table, what to do.
fn listed(evidence: &Evidence) -> String {
    let mut out =
        format!("## {}: {}\n\n", escape(&evidence.component), headline(&evidence.findings));
    let (compared, judged): (Vec<&Finding>, Vec<&Finding>) =
        evidence.findings.iter().partition(|f| comparison::is_row(f));
    for grid in comparison::grids(&compared) {
        out.push_str(&grid.markdown());
        out.push('\n');
    }
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
    if !evidence.recommendations.is_empty() {
        out.push_str("**What to do**\n\n");
        for (i, r) in evidence.recommendations.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", i + 1, escape(r)));
        }
        out.push('\n');
    }
    out
}

/// Text from data that cannot leave its cell, start a tag or a link.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(2_000) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '`' | '[' | ']' | '\\' | '_' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // Line breaks, other controls, and marks that reverse the reading direction.
            c if c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c) =>
            {
                out.push(' ');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Reason, Subject, Verdict};

    fn finding(metric: &str, verdict: Verdict) -> Finding {
        let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
        Finding::new(Class::Slo, subject, "p95 <= 1", verdict)
    }

    #[test]
    fn names_cannot_leave_their_cell() {
        let name = "a|b<script>\nx\u{202e}[y](z)";
        let text = markdown(&Evidence::new("c", vec![finding(name, Verdict::Pass)]));
        assert!(text.contains(r"a\|b&lt;script&gt; x \[y\](z)"), "{text}");
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
}
