//! Notes that GitHub and GitLab put beside a change.

use serde_json::{Value, json};
use tailproof_core::Finding;

use crate::common::gating::{self, Outcome, outcomes};
use crate::common::location::{self, Fingerprints};
use crate::common::text::{printable, shortened};
use crate::evidence::Evidence;
use crate::output::table::headline;

/// Annotations of one kind that GitHub shows of a step.
const SHOWN: usize = 10;
/// Characters of a title and of a message.
const TITLE: usize = 200;
const MESSAGE: usize = 4_000;

/// Workflow commands of GitHub Actions: an `::error` for what failed, a `::warning` for what
/// could not be decided or a decision has weighed, and a `::notice` with the verdict.
///
/// GitHub shows ten of a kind and step; the tenth says how many more there are. Percent signs
/// and line ends are escaped everywhere, colons and commas in properties, as the runner undoes
/// it, so that no text from data is a command.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, github};
///
/// let mut finding = Finding::new(Class::Slo, Subject::default(), "p95 <= 1 ms", Verdict::Fail);
/// finding.why = "p95 = 2 ms, 100 % above".into();
/// let text = github(&[Evidence::new("c", vec![finding])]);
/// assert!(text.contains("::p95 = 2 ms, 100 %25 above\n"), "{text}");
/// ```
#[must_use]
pub fn github(parts: &[Evidence]) -> String {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let mut out = String::new();
    for part in parts {
        for (f, outcome) in outcomes(part) {
            match outcome {
                Outcome::Failed => errors.push((part, f)),
                Outcome::Open | Outcome::Weighed => warnings.push((part, f)),
                Outcome::Passed | Outcome::Told | Outcome::Untested => {}
            }
        }
        out.push_str(&command("notice", None, &part.component, &headline(&part.findings)));
    }
    commands("error", &errors) + &commands("warning", &warnings) + &out
}

fn commands(kind: &str, all: &[(&Evidence, &Finding)]) -> String {
    let shown = if all.len() > SHOWN { SHOWN - 1 } else { all.len() };
    let mut out = String::new();
    for (part, f) in &all[..shown] {
        let file = location::file(part);
        out.push_str(&command(kind, Some(&file), &title(part, f), &gating::why(f)));
    }
    if all.len() > shown {
        let rest = all.len() - shown;
        out.push_str(&command(kind, None, &format!("{rest} more"), &names(&all[shown..])));
    }
    out
}

fn names(all: &[(&Evidence, &Finding)]) -> String {
    /// Names that somebody reads.
    const MOST: usize = 50;
    let some: Vec<String> =
        all.iter().take(MOST).map(|(part, f)| shortened(&title(part, f), TITLE)).collect();
    format!("the evidence explains these too: {}", some.join("; "))
}

fn title(part: &Evidence, f: &Finding) -> String {
    format!("{}: {} {}", part.component, gating::subject(f), f.verdict.word())
}

fn command(kind: &str, file: Option<&str>, title: &str, message: &str) -> String {
    let place = file.map_or_else(String::new, |f| format!("file={},line=1,", property(f)));
    let title = property(&shortened(&printable(title), TITLE));
    format!("::{kind} {place}title={title}::{}\n", data(&shortened(&printable(message), MESSAGE)))
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A Code Quality report of GitLab: an entry for what failed (`major`; `minor` where a decision
/// has weighed it) and for what could not be decided (`minor`).
///
/// Fingerprints hang on what is claimed, not on the numbers: GitLab tells new entries from old
/// ones by them. It compares reports, so what passed is no entry.
#[must_use]
pub fn gitlab(parts: &[Evidence]) -> String {
    let mut seen = Fingerprints::default();
    let mut entries: Vec<Value> = Vec::new();
    for part in parts {
        for (f, outcome) in outcomes(part) {
            let fingerprint = seen.of(part, f);
            let severity = match outcome {
                Outcome::Failed => "major",
                Outcome::Weighed | Outcome::Open => "minor",
                Outcome::Passed | Outcome::Told | Outcome::Untested => continue,
            };
            let text = printable(&format!("{}: {}", title(part, f), gating::why(f)));
            entries.push(json!({
                "description": shortened(&text, MESSAGE),
                "check_name": format!("tailproof/{}", gating::class(f)),
                "fingerprint": fingerprint,
                "severity": severity,
                "location": { "path": printable(&location::file(part)), "lines": { "begin": 1 } },
            }));
        }
    }
    let mut text = serde_json::to_string_pretty(&entries).expect("maps with string keys");
    text.push('\n');
    text
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
    fn no_text_is_a_command() {
        let name = "a\n::add-mask::b\r,50%,c:d";
        let text = github(&[Evidence::new("::c", vec![finding(name, Verdict::Fail)])]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].starts_with("::error file=tailproof.toml,line=1,title=%3A%3Ac%3A a�%3A"));
        assert!(lines[0].contains("b�%2C50%25%2Cc%3Ad FAIL::p95"), "{text}");
        assert_eq!(lines[1], "::notice title=%3A%3Ac::FAIL (1 failed)");
    }

    #[test]
    fn the_tenth_stands_for_all_that_follow() {
        let open = finding("o", Verdict::Inconclusive(Reason::Absent));
        let mut findings: Vec<Finding> =
            (0..12).map(|i| finding(&format!("m{i}"), Verdict::Fail)).collect();
        findings.push(open);
        let text = github(&[Evidence::new("c", findings)]);
        assert_eq!(text.matches("::error ").count(), 10);
        assert!(text.contains("title=3 more::the evidence explains these too: c: m9 FAIL; "));
        assert_eq!(text.matches("::warning ").count(), 1);
    }

    #[test]
    fn gitlab_has_an_entry_for_each_problem() {
        let open = finding("o", Verdict::Inconclusive(Reason::Absent));
        let part = Evidence::new(
            "c",
            vec![finding("f\u{202e}", Verdict::Fail), open, finding("p", Verdict::Pass)],
        );
        let entries: Vec<Value> = serde_json::from_str(&gitlab(&[part])).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["description"], "c: f\u{fffd} FAIL: p95 <= 1: FAIL");
        assert_eq!(
            (&entries[0]["severity"], &entries[1]["severity"]),
            (&json!("major"), &json!("minor"))
        );
        assert_eq!(entries[1]["location"]["lines"]["begin"], 1);
        assert_eq!(gitlab(&[]), "[]\n");
    }
}
