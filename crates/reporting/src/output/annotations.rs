//! Notes that GitHub and GitLab put beside a change.

use serde_json::{Value, json};
use tailproof_core::Finding;

use crate::common::gating::{self, Outcome, Told, outcomes};
use crate::common::location::{self, Fingerprints};
use crate::common::text::{printable, shortened};
use crate::evidence::Evidence;
use crate::output::table::headline;

/// Annotations of one kind that GitHub shows of a step.
const SHOWN: usize = 10;
/// Characters of a title and of a message.
const TITLE: usize = 200;
const MESSAGE: usize = 4_000;

/// Workflow commands of GitHub Actions: an `::error` for what stops the run, a `::warning` for
/// what failed and does not stop it (in an advisory run, or weighed by a decision) and for what
/// could not be decided, and a `::notice` with the verdict.
///
/// They stand at the configuration file, and at no file where there is none. GitHub shows ten of a kind and step; the tenth says how many more there are. Percent signs
/// and line ends are escaped everywhere, colons and commas in properties, as the runner undoes
/// it, so that no text from data is a command.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, Told, github};
///
/// let mut finding = Finding::new(Class::Slo, Subject::default(), "p95 <= 1 ms", Verdict::Fail);
/// finding.why = "p95 = 2 ms, 100 % above".into();
/// let text = github(&[Evidence::new("c", vec![finding])], Told::default());
/// assert!(text.starts_with("::error title=c%3A p95 <= 1 ms%3A FAIL::p95 = 2 ms, 100 %25 above\n"));
/// ```
#[must_use]
pub fn github(parts: &[Evidence], told: Told) -> String {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let mut out = String::new();
    for part in parts {
        for (f, outcome) in outcomes(part) {
            match outcome {
                _ if told.stops(outcome) => errors.push((part, f)),
                Outcome::Failed | Outcome::Open | Outcome::Weighed => warnings.push((part, f)),
                _ => {}
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
        let file = location::configuration(part);
        out.push_str(&command(kind, file.as_deref(), &title(part, f), &gating::why(f)));
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
    let some: Vec<String> = all.iter().take(MOST).map(|(part, f)| title(part, f)).collect();
    format!("the evidence explains these too: {}", some.join("; "))
}

/// `checkout: latency p95 <= 2ms: FAIL`; however long the names are, the verdict stays.
fn title(part: &Evidence, f: &Finding) -> String {
    let word = f.verdict.word();
    let claimed = format!("{}: {}", part.component, gating::claimed(f));
    format!("{}: {word}", shortened(&claimed, TITLE.saturating_sub(word.len() + 2)))
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

/// A Code Quality report of GitLab: an entry for what stops the run (`major`), for what failed and
/// does not (in an advisory run, or weighed by a decision: `minor`), and for what could not be
/// decided (`minor`; `info` in an advisory run).
///
/// Fingerprints hang on what is claimed, not on the numbers: GitLab tells new entries from old
/// ones by them. It compares reports, so what passed is no entry.
#[must_use]
pub fn gitlab(parts: &[Evidence], told: Told) -> String {
    let mut seen = Fingerprints::default();
    let mut entries: Vec<Value> = Vec::new();
    for part in parts {
        for (f, outcome) in outcomes(part) {
            let fingerprint = seen.of(part, f);
            let severity = match outcome {
                _ if told.stops(outcome) => "major",
                Outcome::Open | Outcome::Weighed if told.advisory => "info",
                Outcome::Failed | Outcome::Open | Outcome::Weighed => "minor",
                _ => continue,
            };
            let mut text = title(part, f);
            if !f.why.is_empty() {
                text.push_str(&format!(": {}", f.why));
            }
            entries.push(json!({
                "description": shortened(&printable(&text), MESSAGE),
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
    use crate::{InputRecord, Open};
    use tailproof_core::{Class, Reason, Subject, Verdict};

    fn finding(metric: &str, verdict: Verdict) -> Finding {
        let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
        Finding::new(Class::Slo, subject, "p95 <= 1", verdict)
    }

    #[test]
    fn no_text_is_a_command() {
        let name = "a\n::add-mask::b\r,50%,c:d";
        let mut part = Evidence::new("::c", vec![finding(name, Verdict::Fail)]);
        let text = github(std::slice::from_ref(&part), Told::default());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].starts_with("::error title=%3A%3Ac%3A a�%3A"), "{text}");
        assert!(lines[0].contains("b�%2C50%25%2Cc%3Ad p95 <= 1%3A FAIL::p95"), "{text}");
        assert_eq!(lines[1], "::notice title=%3A%3Ac::FAIL (1 failed)");
        part.inputs = ["data", "configuration"]
            .map(|role| InputRecord {
                role: role.to_owned(),
                name: format!("{role},1.toml"),
                sha256: String::new(),
                bytes: 0,
                format: String::new(),
            })
            .to_vec();
        let text = github(&[part], Told::default());
        assert!(text.starts_with("::error file=configuration%2C1.toml,line=1,title=%3A%3Ac"));
    }

    #[test]
    fn what_does_not_stop_the_run_is_no_error() {
        let open = finding("o", Verdict::Inconclusive(Reason::Absent));
        let parts = [Evidence::new("c", vec![finding("f", Verdict::Fail), open])];
        for (open, advisory, errors, severities) in [
            (Open::Skipped, false, 1, ["major", "minor"]),
            (Open::Error, false, 2, ["major", "major"]),
            (Open::Error, true, 0, ["minor", "info"]),
        ] {
            let told = Told { open, advisory };
            let text = github(&parts, told);
            assert_eq!(text.matches("::error ").count(), errors, "{text}");
            assert_eq!(text.matches("::warning ").count(), 2 - errors, "{text}");
            let entries: Vec<Value> = serde_json::from_str(&gitlab(&parts, told)).unwrap();
            let found = entries.iter().map(|e| e["severity"].as_str().unwrap());
            assert!(found.eq(severities), "{told:?}");
        }
    }

    #[test]
    fn the_verdict_survives_a_long_name() {
        let part = Evidence::new("c".repeat(10_000), vec![finding("m", Verdict::Fail)]);
        let title = title(&part, &part.findings[0]);
        assert!(title.chars().count() == TITLE && title.ends_with("c…: FAIL"), "{title}");
    }

    #[test]
    fn the_tenth_stands_for_all_that_follow() {
        let open = finding("o", Verdict::Inconclusive(Reason::Absent));
        let mut findings: Vec<Finding> =
            (0..12).map(|i| finding(&format!("m{i}"), Verdict::Fail)).collect();
        findings.push(open);
        let text = github(&[Evidence::new("c", findings)], Told::default());
        assert_eq!(text.matches("::error ").count(), 10);
        let rest = "title=3 more::the evidence explains these too: c: m9 p95 <= 1: FAIL; ";
        assert!(text.contains(rest), "{text}");
        assert_eq!(text.matches("::warning ").count(), 1);
    }

    #[test]
    fn gitlab_has_an_entry_for_each_problem() {
        let open = finding("o", Verdict::Inconclusive(Reason::Absent));
        let part = Evidence::new(
            "c",
            vec![finding("f\u{202e}", Verdict::Fail), open, finding("p", Verdict::Pass)],
        );
        let entries: Vec<Value> = serde_json::from_str(&gitlab(&[part], Told::default())).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["description"], "c: f\u{fffd} p95 <= 1: FAIL");
        assert_eq!(
            (&entries[0]["severity"], &entries[1]["severity"]),
            (&json!("major"), &json!("minor"))
        );
        assert_eq!(entries[1]["location"]["lines"]["begin"], 1);
        assert_eq!(gitlab(&[], Told::default()), "[]\n");
    }
}
