//! Every format of one nasty piece of evidence.
//!
//! The same files are written where `TAILPROOF_OUTPUTS` says, for `tests/checkers/check.py`.

use std::fs;
use std::path::Path;

use tailproof_core::{
    Bound, Class, Effect, Finding, Guarantee, Interval, Level, Provenance, Reason, Seed, Side,
    Standing, Subject, Unit, Verdict,
};
use tailproof_reporting::{
    Evidence, InputRecord, Open, Told, csv, github, gitlab, junit, markdown, markdown_within,
    openmetrics, sarif, table,
};

/// A version that no release changes.
const VERSION: &str = "1.2.3";

/// Names that want to be something else.
const NASTY: &str = "a|b<script>alert(1)</script>\n\u{202e}\u{200b}\u{1b}[2J`*_@octocat #1 GH-2 \
                     https://x.example www.x.example ::error::x [l](u) {0} $y$ \"q\" %0A ]]>";

fn finding(class: Class, metric: &str, claim: &str, verdict: Verdict) -> Finding {
    let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
    let mut f = Finding::new(class, subject, claim, verdict);
    f.why = format!("{claim} of {metric}: as measured");
    (f.unit, f.n, f.seed) = (Unit::known("ms"), vec![500], Some(Seed(u64::MAX)));
    f
}

fn bounds(values: &[(Side, f64)]) -> Vec<Bound> {
    let method = "order statistic, one-sided".to_owned();
    let bound = |&(side, value)| Bound { side, value, level: Level::P999, method: method.clone() };
    values.iter().map(bound).collect()
}

fn judged() -> Vec<Finding> {
    let mut pass = finding(Class::Slo, "latency", "p95 <= 150 ms", Verdict::Pass);
    (pass.estimate, pass.target) = (Some(131.2), Some(150.0));
    pass.bounds = bounds(&[(Side::Lower, 128.1), (Side::Upper, 133.1)]);
    let mut fail = finding(Class::Slo, NASTY, NASTY, Verdict::Fail);
    (fail.estimate, fail.target) = (Some(-0.5), Some(f64::INFINITY));
    fail.bounds = bounds(&[(Side::Lower, f64::NEG_INFINITY), (Side::Upper, f64::INFINITY)]);
    for name in [NASTY, "metric", "__x", "9", "ü", "a-b", "a_b"] {
        fail.subject.labels.insert(name.to_owned(), NASTY.to_owned());
    }
    fail.subject.benchmark = Some("=HYPERLINK(\"https://x.example\")".to_owned());
    fail.warnings = vec![NASTY.to_owned(), "\"=1+1".to_owned()];
    let straddles = Verdict::Inconclusive(Reason::Straddles { projected: Some(69_075) });
    let mut open = finding(Class::Slo, "latency", "p99.9 <= 10 ms", straddles);
    open.estimate = Some(f64::NAN);
    let untested = Verdict::Inconclusive(Reason::NotTested);
    let mut untested = finding(Class::Slo, "throughput", "value >= 1000/s", untested);
    (untested.provenance, untested.n) = (Provenance::NotTested, vec![]);
    let mut range = finding(Class::Slo, "latency", "mean in 1..2 ms", Verdict::Pass);
    let ends = [(Side::Lower, 1.1), (Side::Upper, 1.9)];
    range.bounds = bounds(&[ends, ends].concat());
    (range.target, range.target_upper) = (Some(1.0), Some(2.0));
    range.guarantee = Guarantee::Approximate;
    vec![pass, fail, open, untested, range]
}

fn compared() -> Vec<Finding> {
    let row = |name: &str, verdict: Verdict, class| {
        let mut f = finding(class, "time", "no slower than 1 %", verdict);
        f.subject.benchmark = Some(name.to_owned());
        f.subject.statistic = Some("p50".to_owned());
        (f.base, f.estimate, f.p, f.adjusted_p) = (Some(4.0), Some(5.0), Some(1e-300), Some(0.5));
        (f.n, f.runs) = (vec![1_000, 900], vec![3, 2]);
        let method = "percentile bootstrap".to_owned();
        f.interval = Some(Interval { lo: 0.2, hi: 0.3, level: Level::P95, method });
        f.effects = vec![Effect {
            name: "cliffs_delta".to_owned(),
            value: 0.31,
            interval: None,
            note: None,
        }];
        f
    };
    let unchanged = Verdict::NoDetectableChange { would_have_shown: Some(0.06) };
    let vanished = Subject { benchmark: Some("gone".to_owned()), ..Subject::default() };
    vec![
        row("api/search", Verdict::Fail, Class::Regression),
        row("api/search", Verdict::Fail, Class::Regression),
        row("api/login", unchanged, Class::Regression),
        row("@team/known", Verdict::Fail, Class::Other),
        Finding::new(Class::Missing, vanished, "it was measured", Verdict::Fail),
    ]
}

fn nasty() -> Vec<Evidence> {
    let mut a = Evidence::new(NASTY, judged());
    a.created = Some("2026-01-31T12:00:00Z".to_owned());
    a.tool.version = VERSION.into();
    a.settings.seed = Some(Seed(42));
    a.settings.level = Some(Level::P999);
    let input = |role: &str, name: &str| InputRecord {
        role: role.to_owned(),
        name: name.to_owned(),
        sha256: "0".repeat(64),
        bytes: u64::MAX,
        format: "csv".to_owned(),
    };
    a.inputs = vec![
        input("data", "-"),
        input("data", "data/a b|`ü`\u{202e}.csv"),
        input("configuration", "../ci/tailproof:%.toml"),
    ];
    (a.notes, a.recommendations) = (vec![NASTY.to_owned()], vec![NASTY.to_owned()]);
    let mut b = Evidence::new("compare", compared());
    b.tool.version = VERSION.into();
    // The same component again, and a name as long as a page.
    let long = finding(Class::Slo, &"x".repeat(10_000), "p95 <= 1 ms", Verdict::Fail);
    let mut c = Evidence::new("compare", vec![long]);
    c.tool.version = VERSION.into();
    vec![a, b, c]
}

/// A decision that stands for the rest.
fn decided() -> Vec<Evidence> {
    let mut findings = judged();
    let open = Verdict::Inconclusive(Reason::Conditions);
    findings[0].standing = Some(Standing {
        name: "logins".to_owned(),
        domain: "load 4.2".to_owned(),
        ..Standing::default()
    });
    findings.push(finding(Class::Decision, "readiness", "the release is ready", open));
    let mut part = Evidence::new("release", findings);
    part.tool.version = VERSION.into();
    vec![part]
}

/// What open answers are errors to, and what nothing stops.
const ERRORS: Told = Told { open: Open::Error, advisory: false };
const ADVISORY: Told = Told { open: Open::Error, advisory: true };

/// The same for a run that is told of its answers in another way.
fn retold(name: &str, parts: &[Evidence]) -> Vec<(String, String)> {
    [
        ("errors.github.txt", github(parts, ERRORS)),
        ("errors.gitlab.json", gitlab(parts, ERRORS)),
        ("advisory.junit.xml", junit(parts, ADVISORY)),
        ("advisory.github.txt", github(parts, ADVISORY)),
        ("advisory.gitlab.json", gitlab(parts, ADVISORY)),
    ]
    .map(|(end, text)| (format!("{name}.{end}"), text))
    .to_vec()
}

/// Name of a file and its content.
fn files(name: &str, parts: &[Evidence]) -> Vec<(String, String)> {
    [
        ("junit.xml", junit(parts, Told::default())),
        ("errors.junit.xml", junit(parts, ERRORS)),
        ("openmetrics.txt", openmetrics(parts)),
        ("csv", csv(parts)),
        ("sarif.json", sarif(parts)),
        ("github.txt", github(parts, Told::default())),
        ("gitlab.json", gitlab(parts, Told::default())),
        ("md", markdown_within(parts, 65_536)),
    ]
    .map(|(end, text)| (format!("{name}.{end}"), text))
    .to_vec()
}

#[test]
fn every_format_of_nasty_evidence() {
    // A name as long as a page has its own test; here it would hide the rest.
    for (name, text) in files("nasty", &nasty()[..2]) {
        insta::assert_snapshot!(name.replace('.', "_"), text);
    }
    insta::assert_snapshot!("nasty_table", table(&nasty()[0], None));
    insta::assert_snapshot!("decided_github", github(&decided(), Told::default()));
}

#[test]
fn outputs_are_written_for_the_checkers() {
    let Some(folder) = std::env::var_os("TAILPROOF_OUTPUTS") else { return };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).unwrap();
    for (name, parts) in [
        ("nasty", nasty()),
        ("decided", decided()),
        ("nothing", vec![]),
        ("empty", vec![Evidence::new("", vec![])]),
        ("many", vec![many(1_000)]),
    ] {
        for (name, text) in files(name, &parts).into_iter().chain(retold(name, &parts)) {
            fs::write(folder.join(name), text).unwrap();
        }
    }
}

fn many(n: usize) -> Evidence {
    let one = |i: usize| {
        let verdict = if i.is_multiple_of(7) { Verdict::Fail } else { Verdict::Pass };
        let mut f = finding(Class::Slo, &format!("m{i}"), "p95 <= 150 ms", verdict);
        (f.estimate, f.target) = (Some(i as f64), Some(150.0));
        f
    };
    Evidence::new("many", (0..n).map(one).collect())
}

#[test]
fn names_reach_no_format_raw() {
    let all = files("nasty", &nasty()).into_iter().chain(retold("nasty", &nasty()));
    for (name, text) in all {
        let raw = |c: char| c != '\n' && c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(raw) && !text.contains('\u{200b}'), "{name}");
        let markup = ["xml", "md"].contains(&name.rsplit('.').next().unwrap_or_default());
        assert!(!markup || !text.contains("<script"), "{name}");
    }
    let text: String = nasty().iter().map(markdown).collect();
    for called in ["@octocat", "#1 ", "GH-2", "://", "www.x"] {
        assert!(!text.contains(called), "{called}");
    }
    assert!(text.contains("@&#8203;octocat"));
    assert!(text.contains("&lt;/script&gt;⏎\u{fffd}"), "a line end is told from a space");
}

#[test]
fn a_comment_has_room_for_a_thousand_rows() {
    let part = [many(1_000)];
    assert!(markdown(&part[0]).len() > 65_536);
    let text = markdown_within(&part, 65_536);
    assert!(text.encode_utf16().count() <= 65_536);
    assert!(text.starts_with("## many: FAIL (857 passed, 143 failed)\n"), "{}", &text[..100]);
    assert!(text.contains("| m994 |"), "all that failed is there");
}

#[test]
fn lines_and_columns_hold_together() {
    let parts = nasty();
    let rows = parts.iter().map(|p| p.findings.len()).sum::<usize>();
    assert_eq!(csv(&parts).lines().count(), 1 + rows);
    assert!(github(&parts, Told::default()).lines().all(|l| l.starts_with("::")));
    assert_eq!(junit(&parts, Told::default()).matches("<testcase ").count(), rows);
    let text = openmetrics(&parts);
    assert_eq!(text.lines().filter(|l| l.starts_with("tailproof_verdict{")).count(), 5 * rows);
    assert_eq!(text.lines().filter(|l| l.starts_with("tailproof_passed{")).count(), parts.len());
    let open: serde_json::Value = serde_json::from_str(&sarif(&decided())).unwrap();
    let results = open["runs"][0]["results"].as_array().unwrap();
    let levels: Vec<_> =
        results.iter().map(|r| (r["kind"].as_str(), r["level"].as_str())).collect();
    assert_eq!(levels, [(Some("fail"), Some("warning")), (Some("open"), None)]);
}

#[test]
fn an_advisory_run_stops_nobody() {
    let parts = nasty();
    let told = |told| {
        let (tests, notes) = (junit(&parts, told), github(&parts, told));
        let lists: serde_json::Value = serde_json::from_str(&gitlab(&parts, told)).unwrap();
        let major = lists.as_array().unwrap().iter().filter(|e| e["severity"] == "major").count();
        let of = |what: &str| tests.matches(what).count();
        [of("<failure "), of("<error "), notes.matches("::error ").count(), major]
    };
    assert_eq!(told(Told::default()), [5, 0, 5, 5]);
    assert_eq!(told(ERRORS), [5, 1, 6, 6]);
    assert_eq!(told(ADVISORY), [0, 0, 0, 0]);
    assert_eq!(junit(&parts, ADVISORY).matches("<skipped message=\"advisory: ").count(), 5);
}
