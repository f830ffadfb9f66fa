//! JUnit XML, as continuous integration reads it.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use tailproof_core::{Finding, Verdict};

use crate::common::facts::{Fact, decimal, facts};
use crate::common::gating::{self, Outcome, Told, outcomes};
use crate::common::text::{printable, shortened};
use crate::common::time;
use crate::evidence::Evidence;

/// JUnit XML: a suite for every part, a case for every finding.
///
/// A case fails as the exit code has it: what never gates (class `other`), and what a decision
/// over all findings has weighed, is no failure and says so in its output. What was not tested is
/// skipped; what could not be decided is skipped or an error, as it is told; what failed in an
/// advisory run is skipped with the message `advisory: …`. The numbers of a case stand in its
/// failure or error, or else in its `system-out`, a `name: value` a line, because the schema
/// allows no properties there; level, seed and inputs are properties of the suite.
///
/// The class of a case is component and metric, of a row of a scorecard component and domain.
/// Viewers make a tree of its dots: those of a name are `_`.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, Told, junit};
///
/// let finding = Finding::new(Class::Slo, Subject::default(), "p95 <= 1 ms", Verdict::Fail);
/// let xml = junit(&[Evidence::new("checkout", vec![finding])], Told::default());
/// assert!(xml.contains(r#"<testcase name="p95 &lt;= 1 ms" classname="checkout">"#), "{xml}");
/// ```
#[must_use]
pub fn junit(parts: &[Evidence], told: Told) -> String {
    let mut report = Report::new("tailproof");
    for part in parts {
        report.add_test_suite(suite(part, told));
    }
    let text = report.to_string().expect("text without control characters is written to memory");
    // The schema knows this attribute on suites only; names cannot hold its quotation marks.
    text.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1)
}

fn suite(part: &Evidence, told: Told) -> TestSuite {
    let mut suite = TestSuite::new(printable(&part.component));
    if let Some(created) = part.created.as_ref().filter(|t| time::seconds(t).is_some()) {
        suite.extra.insert("timestamp".into(), created.as_str().into());
    }
    let settings = &part.settings;
    let mut property = |name: &str, value: String| {
        suite.add_property((name, printable(&value).as_str()));
    };
    property("tailproof.version", part.tool.version.clone());
    for (name, value) in [
        ("level", settings.level.map(|l| decimal(l.to_f64()))),
        ("seed", settings.seed.map(|s| s.to_string())),
        ("resamples", settings.resamples.map(|r| r.to_string())),
        ("min_effect", settings.min_effect.map(decimal)),
        ("comparison_level", settings.comparison_level.map(|l| decimal(l.to_f64()))),
    ] {
        if let Some(value) = value {
            property(name, value);
        }
    }
    for input in &part.inputs {
        property(
            &format!("sha256.{}", printable(&input.role)),
            format!("{} {}", input.sha256, input.name),
        );
    }
    let mut seen = BTreeMap::new();
    for (f, outcome) in outcomes(part) {
        suite.add_test_case(case(part, f, outcome, told, &mut seen));
    }
    suite
}

fn case(
    part: &Evidence,
    f: &Finding,
    outcome: Outcome,
    told: Told,
    seen: &mut BTreeMap<(String, String), usize>,
) -> TestCase {
    let why = printable(&gating::why(f));
    let (class, mut name) = (classname(part, f), name(f));
    let before = seen.entry((class.clone(), name.clone())).or_default();
    *before += 1;
    if *before > 1 {
        name = format!("{name} ({before})");
    }
    let numbers = numbers(part, f);
    let stops = told.stops(outcome);
    let mut status = match outcome {
        Outcome::Failed if stops => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Open if stops => TestCaseStatus::non_success(NonSuccessKind::Error),
        Outcome::Failed | Outcome::Open | Outcome::Untested => TestCaseStatus::skipped(),
        _ => TestCaseStatus::success(),
    };
    if stops {
        status.set_description(format!("{why}\n\n{numbers}"));
    }
    if matches!(outcome, Outcome::Failed | Outcome::Open | Outcome::Untested) {
        let advisory = if outcome == Outcome::Failed && !stops { "advisory: " } else { "" };
        status.set_message(shortened(&format!("{advisory}{why}"), 1_000));
        status.set_type(gating::class(f));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if !stops {
        let said = match outcome {
            Outcome::Ungated => "\nit failed, and never gates",
            Outcome::Weighed => "\nit failed; the decision has weighed that",
            _ => "",
        };
        case.set_system_out(format!("{why}{said}\n{numbers}"));
    }
    case
}

/// `checkout.latency`: component and metric, or the domain of a row of a scorecard; a dot in them
/// would be a level of the tree.
fn classname(part: &Evidence, f: &Finding) -> String {
    let below = match &f.standing {
        Some(standing) if !standing.domain.is_empty() => &standing.domain,
        _ => &f.subject.metric,
    };
    let mut parts = vec![part.component.replace('.', "_"), below.replace('.', "_")];
    parts.retain(|part| !part.is_empty());
    printable(&shortened(&parts.join("."), 500))
}

/// Benchmark, statistic where the claim does not say it, claim and labels; of a row of a
/// scorecard its name and claim.
fn name(f: &Finding) -> String {
    let claim = tailproof_core::qualified(&f.claim, &f.subject.labels);
    let mut words: Vec<String> = Vec::new();
    if let Some(name) = gating::row_name(f) {
        words.push(format!("{name}:"));
    } else {
        words.extend(f.subject.benchmark.clone());
        words.extend(gating::unclaimed_statistic(f).map(str::to_owned));
    }
    words.push(claim);
    printable(&shortened(&words.join(" "), 1_000))
}

/// What machines want of a finding, a line each.
fn numbers(part: &Evidence, f: &Finding) -> String {
    const TOLD_ALREADY: [&str; 5] = ["component", "class", "labels", "created", "why"];
    // A row of a scorecard is told by its own name.
    const NAMES: [&str; 3] = ["benchmark", "metric", "statistic"];
    let told = |name| TOLD_ALREADY.contains(&name) || f.standing.is_none() && NAMES.contains(&name);
    let mut out = String::new();
    for (name, fact) in facts(part, f) {
        let value = match fact {
            None => continue,
            Some(Fact::Text(t)) => printable(&t),
            Some(Fact::Number(x)) => decimal(x),
            Some(Fact::Count(n)) => n.to_string(),
        };
        if !told(name) {
            out.push_str(&format!("{name}: {value}\n"));
        }
    }
    if matches!(f.verdict, Verdict::NoDetectableChange { .. }) {
        out.push_str("no detectable change is no proof that there is none\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Open;
    use tailproof_core::{Class, Reason, Standing, Subject};

    fn finding(class: Class, verdict: Verdict) -> Finding {
        let subject = Subject { metric: "latency".to_owned(), ..Subject::default() };
        let mut f = Finding::new(class, subject, "p95 <= 1", verdict);
        (f.why, f.estimate, f.n) = ("p95 = 2".to_owned(), Some(2.0), vec![500]);
        f
    }

    fn xml(findings: Vec<Finding>, open: Open) -> String {
        junit(&[Evidence::new("c", findings)], Told { open, advisory: false })
    }

    #[test]
    fn only_what_gates_is_a_failure() {
        let open = Verdict::Inconclusive(Reason::Absent);
        let findings = vec![
            finding(Class::Slo, Verdict::Fail),
            finding(Class::Other, Verdict::Fail),
            finding(Class::Slo, open),
            finding(Class::Slo, Verdict::Inconclusive(Reason::NotTested)),
        ];
        let text = xml(findings.clone(), Open::Skipped);
        assert!(
            text.contains(r#"<testsuites name="tailproof" tests="4" failures="1" errors="0">"#),
            "{text}"
        );
        assert!(
            text.contains(r#"<testsuite name="c" tests="4" skipped="2" errors="0" failures="1">"#),
            "{text}"
        );
        assert!(text.contains(r#"<failure message="p95 = 2" type="slo">p95 = 2"#), "{text}");
        assert!(text.contains("it failed, and never gates\n") && text.contains("\nn: 500\n"));
        assert!(text.contains(r#"name="p95 &lt;= 1 (4)""#), "{text}");
        let text = xml(findings.clone(), Open::Error);
        assert!(text.contains(r#"skipped="1" errors="1" failures="1""#), "{text}");
        let advisory = Told { open: Open::Error, advisory: true };
        let text = junit(&[Evidence::new("c", findings)], advisory);
        assert!(text.contains(r#"skipped="3" errors="0" failures="0""#), "{text}");
        assert!(text.contains(r#"<skipped message="advisory: p95 = 2" type="slo"/>"#), "{text}");
        assert!(text.contains(r#"<skipped message="p95 = 2" type="slo"/>"#), "{text}");
    }

    #[test]
    fn a_case_says_its_numbers_once_and_has_one_place_in_the_tree() {
        let mut f = finding(Class::Slo, Verdict::Fail);
        (f.target, f.target_upper) = (Some(1.0), Some(1.5));
        let text = xml(vec![f.clone()], Open::Skipped);
        assert_eq!(text.matches("estimate: 2\n").count(), 1, "{text}");
        assert!(text.contains("target: 1\ntarget_upper: 1.5\n") && !text.contains("system-out"));
        assert!(text.contains("guarantee: exact\nprovenance: measured\n"), "{text}");
        let domain = "load v1.2".to_owned();
        f.standing = Some(Standing { name: "logins".to_owned(), domain, ..Standing::default() });
        let text = junit(&[Evidence::new("4.2", vec![f])], Told::default());
        let case = r#"<testcase name="logins: p95 &lt;= 1" classname="4_2.load v1_2">"#;
        assert!(text.contains(case) && text.contains("\nmetric: latency\n"), "{text}");
    }

    #[test]
    fn text_cannot_leave_its_place() {
        let mut f = finding(Class::Slo, Verdict::Fail);
        f.subject.metric = "a\"<b>&\u{1}\u{1b}[31m\u{fffe}]]>\n skipped=\"0\"".to_owned();
        f.why = "</failure>\u{0}".to_owned();
        let text = xml(vec![f], Open::Skipped);
        assert!(
            text.contains("c.a&quot;&lt;b&gt;&amp;��[31m�]]&gt;� skipped=&quot;0&quot;"),
            "{text}"
        );
        assert_eq!(text.matches("</failure>").count(), 1);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
