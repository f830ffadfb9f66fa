//! OpenMetrics text, for a textfile collector or a push gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tailproof_core::{Class, Finding, Reason, Side, Verdict};

use crate::common::facts::{decimal, guarantee};
use crate::common::gating::{self, Outcome, outcomes};
use crate::common::text::{printable, shortened};
use crate::common::time;
use crate::evidence::Evidence;

/// Labels in the order in which they are written.
type Labels = Vec<(String, String)>;

/// Names that labels of data must not take.
const OURS: [&str; 16] = [
    "benchmark",
    "bound",
    "class",
    "claim",
    "component",
    "end",
    "guarantee",
    "level",
    "metric",
    "provenance",
    "repeat",
    "sample",
    "side",
    "statistic",
    "unit",
    "verdict",
];

/// Verdicts, of a finding and of the whole.
const VERDICTS: [&str; 5] = ["pass", "fail", "no_detectable_change", "inconclusive", "not_tested"];

/// Families: name and what it says.
const FAMILIES: [(&str, &str); 11] = [
    ("tailproof_passed", "1 when the whole is acceptable, 0 when it failed or cannot be told"),
    ("tailproof_overall", "1 for the verdict of the whole, 0 for those it does not have"),
    ("tailproof_verdict", "1 for the verdict of a finding, 0 for those it does not have"),
    ("tailproof_basis", "What a finding rests on: guarantee and provenance; always 1"),
    ("tailproof_estimate", "Point estimate, in the unit of the label"),
    ("tailproof_base", "Estimate of the baseline, in the unit of the label"),
    ("tailproof_target", "What was promised, in the unit of the label; of a range both ends"),
    ("tailproof_bound", "One-sided bound that decides, at the level of the label"),
    ("tailproof_interval", "Ends of the interval shown, at the level of the label"),
    ("tailproof_observations", "Observations of a side"),
    ("tailproof_run_timestamp_seconds", "When the evidence was made"),
];

/// OpenMetrics text: verdicts, estimates, bounds, targets and counts as gauges.
///
/// `tailproof_passed` is the whole of a component in one number, so that one rule suffices:
/// `tailproof_passed == 0`; one on stale evidence is
/// `time() - tailproof_run_timestamp_seconds > 86400`. It goes by the exit code of a run without
/// settings of its own: 1 for 0, and 0 for 1 and 3, which `tailproof_overall` tells apart.
///
/// Every finding has five series of `tailproof_verdict`, and every part five of
/// `tailproof_overall`, one for each `verdict`: `pass`, `fail`, `no_detectable_change`,
/// `inconclusive`, `not_tested`; the one it has is 1, the others are 0. None comes or goes with
/// the answer, so an alert on a finding is `tailproof_verdict{verdict="fail",class!="other"} == 1`
/// (class `other` never gates).
///
/// What may change with the data is no label of a verdict: `guarantee` (of the verdict) and
/// `provenance` are labels of `tailproof_basis`, which is joined to others; bounds have the one,
/// estimates the other. The ends of a target that is a range have the label `end`.
///
/// Values stay in the unit of the data, which is a label and no suffix of the name: a family has
/// one unit, and these hold latencies, sizes and shares; conversion would also change the digits
/// that the evidence states. With a base, bounds and intervals are of the relative change, unit
/// `ratio`. What is not there (an estimate without data) has no series.
///
/// Labels of data are labels; one whose name is no label name, or one of ours, is changed to one
/// (`endpoint-a` to `endpoint_a`, `metric` to `metric_`). Findings alike get a label `repeat`.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, openmetrics};
///
/// let finding = Finding::new(Class::Slo, Subject::default(), "p95 <= 1 ms", Verdict::Pass);
/// let text = openmetrics(&[Evidence::new("checkout", vec![finding])]);
/// assert!(text.contains(r#"claim="p95 <= 1 ms",verdict="pass"} 1"#), "{text}");
/// assert!(text.ends_with("# EOF\n"));
/// ```
#[must_use]
pub fn openmetrics(parts: &[Evidence]) -> String {
    let mut families = Families::default();
    for part in parts {
        let component = families.named(vec![label("component", &part.component)]);
        families.whole(&component, overall(part));
        if let Some(seconds) = part.created.as_deref().and_then(time::seconds) {
            families.push("tailproof_run_timestamp_seconds", &component, &[], seconds);
        }
        for f in &part.findings {
            let labels = families.named(labels(part, f));
            families.finding(&labels, f);
        }
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(families));
    let mut text = String::new();
    encode(&mut text, &registry).expect("memory takes any text");
    infinite(&text)
}

/// Infinities as OpenMetrics writes them. A line ends in its value: no label holds a line end.
fn infinite(text: &str) -> String {
    let line = |line: &str| match line.strip_suffix(" inf") {
        Some(rest) => format!("{rest} +Inf\n"),
        None => match line.strip_suffix(" -inf") {
            Some(rest) => format!("{rest} -Inf\n"),
            None => format!("{line}\n"),
        },
    };
    text.split_terminator('\n').map(line).collect()
}

/// All series by family, in the order in which they came: the library's own keep none.
#[derive(Debug, Default)]
struct Families {
    series: BTreeMap<&'static str, Vec<(Labels, f64)>>,
    seen: BTreeMap<Labels, usize>,
}

impl Families {
    /// The labels of a part or a finding, told apart from those of others alike.
    fn named(&mut self, mut labels: Labels) -> Labels {
        let before = self.seen.entry(labels.clone()).or_default();
        *before += 1;
        if *before > 1 {
            labels.push(("repeat".to_owned(), before.to_string()));
        }
        labels
    }

    fn push(&mut self, family: &'static str, labels: &Labels, more: &[(&str, &str)], value: f64) {
        if value.is_nan() {
            return;
        }
        let mut labels = labels.clone();
        labels.extend(more.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| label(k, v)));
        self.series.entry(family).or_default().push((labels, value));
    }

    /// A series for each verdict; one is 1.
    fn verdicts(&mut self, family: &'static str, labels: &Labels, is: &str) {
        for name in VERDICTS {
            let value = f64::from(u8::from(name == is));
            self.push(family, labels, &[("verdict", name)], value);
        }
    }

    fn whole(&mut self, labels: &Labels, is: &str) {
        let passed = matches!(is, "pass" | "no_detectable_change");
        self.push("tailproof_passed", labels, &[], f64::from(u8::from(passed)));
        self.verdicts("tailproof_overall", labels, is);
    }

    fn finding(&mut self, labels: &Labels, f: &Finding) {
        let (guarantee, provenance) =
            (("guarantee", guarantee(f)), ("provenance", f.provenance.name()));
        self.verdicts("tailproof_verdict", labels, verdict(&f.verdict));
        self.push("tailproof_basis", labels, &[guarantee, provenance], 1.0);
        let unit = f.unit.as_ref().map(ToString::to_string).unwrap_or_default();
        for (family, value) in [("tailproof_estimate", f.estimate), ("tailproof_base", f.base)] {
            if let Some(value) = value {
                self.push(family, labels, &[("unit", &unit), provenance], value);
            }
        }
        let lower = if f.target_upper.is_some() { "lower" } else { "" };
        for (end, value) in [(lower, f.target), ("upper", f.target_upper)] {
            if let Some(value) = value {
                self.push("tailproof_target", labels, &[("end", end), ("unit", &unit)], value);
            }
        }
        self.ends(labels, f, &unit);
        let samples: &[&str] = if f.n.len() > 1 { &["base", "candidate"] } else { &[""] };
        for (sample, n) in samples.iter().zip(&f.n) {
            self.push("tailproof_observations", labels, &[("sample", sample)], *n as f64);
        }
    }

    /// Bounds, which decide, and the interval shown.
    fn ends(&mut self, labels: &Labels, f: &Finding, unit: &str) {
        let unit = if f.base.is_some() { "ratio" } else { unit };
        let mut before: Vec<(Side, String)> = Vec::new();
        for b in &f.bounds {
            let side = if b.side == Side::Lower { "lower" } else { "upper" };
            let key = (b.side, decimal(b.level.to_f64()));
            // Both ends of a range have bounds of both sides.
            let same = before.iter().filter(|k| **k == key).count();
            let nth = if same == 0 { String::new() } else { (same + 1).to_string() };
            let rests = ("guarantee", guarantee(f));
            let more = [("side", side), ("level", &key.1), ("unit", unit), ("bound", &nth), rests];
            self.push("tailproof_bound", labels, &more, b.value);
            before.push(key);
        }
        if let Some(i) = &f.interval {
            let level = decimal(i.level.to_f64());
            for (side, value) in [("lower", i.lo), ("upper", i.hi)] {
                let more = [("side", side), ("level", &level), ("unit", unit)];
                self.push("tailproof_interval", labels, &more, value);
            }
        }
    }
}

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help) in FAMILIES {
            let Some(series) = self.series.get(name) else { continue };
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (labels, value) in series {
                if value.fract() == 0.0 && value.abs() < 1e15 {
                    family.encode_family(labels)?.encode_gauge(&(*value as i64))?;
                } else {
                    family.encode_family(labels)?.encode_gauge(value)?;
                }
            }
        }
        Ok(())
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::NoDetectableChange { .. } => "no_detectable_change",
        Verdict::Inconclusive(Reason::NotTested) => "not_tested",
        Verdict::Inconclusive(_) => "inconclusive",
    }
}

/// The verdict of the whole, as the exit code of a run has it; a decision stands for the rest.
fn overall(part: &Evidence) -> &'static str {
    let decided = part.findings.iter().any(|f| f.class == Class::Decision);
    let counted = |f: &Finding| !decided || f.class == Class::Decision;
    let all: Vec<Outcome> = outcomes(part).filter(|(f, _)| counted(f)).map(|(_, o)| o).collect();
    let ranked = [
        (Outcome::Failed, "fail"),
        (Outcome::Open, "inconclusive"),
        (Outcome::Passed, "pass"),
        // It is refuted or accepted: the run passes.
        (Outcome::Ungated, "pass"),
        (Outcome::Unchanged, "no_detectable_change"),
    ];
    let worst = ranked.iter().find(|(outcome, _)| all.contains(outcome));
    worst.map_or("not_tested", |(_, word)| *word)
}

/// A label; its value is cut where nobody would read it.
fn label(name: &str, value: &str) -> (String, String) {
    const MOST: usize = 500;
    (name.to_owned(), printable(&shortened(value, MOST)))
}

/// What a finding is about; an empty label is as good as none, so there is none.
fn labels(part: &Evidence, f: &Finding) -> Labels {
    let s = &f.subject;
    let ours = [
        ("component", part.component.as_str()),
        ("class", gating::class(f)),
        ("metric", &s.metric),
        ("benchmark", s.benchmark.as_deref().unwrap_or_default()),
        ("statistic", s.statistic.as_deref().unwrap_or_default()),
        ("claim", &f.claim),
    ];
    let filled = ours.into_iter().filter(|(_, value)| !value.is_empty());
    let mut all: Labels = filled.map(|(name, value)| label(name, value)).collect();
    let mut taken: BTreeSet<String> = OURS.map(str::to_owned).into();
    for (name, value) in s.labels.iter().filter(|(_, value)| !value.is_empty()) {
        let mut safe = label_name(name);
        while !taken.insert(safe.clone()) {
            safe.push('_');
        }
        all.push(label(&safe, value));
    }
    all
}

/// A name of letters, digits and underscores that begins with neither a digit nor two
/// underscores, which are reserved.
fn label_name(name: &str) -> String {
    const MOST: usize = 100;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let safe: String = name.chars().take(MOST).map(plain).collect();
    let begins_well = safe.starts_with(|c: char| !c.is_ascii_digit()) && !safe.starts_with("__");
    if begins_well { safe } else { format!("label_{safe}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Bound, Class, Level, Subject, Unit};

    fn finding() -> Finding {
        let subject = Subject { metric: "latency".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "p95 <= 1", Verdict::Fail);
        (f.estimate, f.unit, f.n) = (Some(2.5), Unit::known("ms"), vec![500]);
        let bound = |side, value| Bound { side, value, level: Level::P999, method: String::new() };
        f.bounds = vec![
            bound(Side::Lower, f64::NEG_INFINITY),
            bound(Side::Upper, f64::INFINITY),
            bound(Side::Upper, 3.0),
        ];
        f
    }

    #[test]
    fn every_verdict_has_a_series_and_one_is_1() {
        let text = openmetrics(&[Evidence::new("c", vec![finding()])]);
        let series = "component=\"c\",class=\"slo\",metric=\"latency\",claim=\"p95 <= 1\"";
        assert!(
            text.contains(&format!("tailproof_verdict{{{series},verdict=\"fail\"}} 1\n")),
            "{text}"
        );
        let verdicts: Vec<&str> =
            text.lines().filter(|l| l.starts_with("tailproof_verdict{")).collect();
        assert_eq!(verdicts.len(), 5);
        assert_eq!(verdicts.iter().filter(|l| l.ends_with("\"} 1")).count(), 1);
        let rest = ",guarantee=\"exact\"}";
        for line in [
            format!("tailproof_estimate{{{series},unit=\"ms\",provenance=\"measured\"}} 2.5\n"),
            format!("{{{series},guarantee=\"exact\",provenance=\"measured\"}} 1\n"),
            format!("side=\"upper\",level=\"0.999\",unit=\"ms\"{rest} +Inf\n"),
            format!("side=\"lower\",level=\"0.999\",unit=\"ms\"{rest} -Inf\n"),
            format!("unit=\"ms\",bound=\"2\"{rest} 3\n"),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
        assert_eq!(openmetrics(&[]), "# EOF\n");
    }

    #[test]
    fn the_whole_is_one_number_and_one_verdict() {
        let of = |class, verdict| Finding::new(class, Subject::default(), "c", verdict);
        let open = || of(Class::Slo, Verdict::Inconclusive(Reason::Absent));
        let same = of(Class::Regression, Verdict::NoDetectableChange { would_have_shown: None });
        let (pass, fail) = (of(Class::Slo, Verdict::Pass), of(Class::Slo, Verdict::Fail));
        for (findings, passed, is) in [
            (vec![], 0, "not_tested"),
            (vec![same.clone()], 1, "no_detectable_change"),
            (vec![same, of(Class::Other, Verdict::Fail)], 1, "pass"),
            (vec![pass.clone(), open()], 0, "inconclusive"),
            (vec![pass, open(), fail.clone()], 0, "fail"),
            (vec![fail, of(Class::Decision, Verdict::Pass)], 1, "pass"),
        ] {
            let text = openmetrics(&[Evidence::new("c", findings)]);
            let line = format!("tailproof_passed{{component=\"c\"}} {passed}\n");
            assert!(text.contains(&line), "{is}: {text}");
            let line = format!("tailproof_overall{{component=\"c\",verdict=\"{is}\"}} 1\n");
            assert!(text.contains(&line), "{text}");
            assert_eq!(text.matches("tailproof_overall{").count(), 5);
        }
    }

    #[test]
    fn a_range_has_two_targets() {
        let mut f = finding();
        f.target = Some(1.0);
        let one = openmetrics(&[Evidence::new("c", vec![f.clone()])]);
        assert!(one.contains(",unit=\"ms\"} 1\n") && !one.contains("end="), "{one}");
        f.target_upper = Some(2.0);
        let two = openmetrics(&[Evidence::new("c", vec![f])]);
        for line in ["end=\"lower\",unit=\"ms\"} 1\n", "end=\"upper\",unit=\"ms\"} 2\n"] {
            assert!(two.contains(line), "{two}");
        }
    }

    #[test]
    fn labels_are_safe_and_series_unique() {
        let mut f = finding();
        for name in ["metric", "a-b", "a_b", "9", "__x", "ü", ""] {
            f.subject.labels.insert(name.to_owned(), "v\"\\\n inf".to_owned());
        }
        let mut part = Evidence::new("c", vec![f.clone(), f]);
        part.created = Some("1970-01-01T00:01:00Z".to_owned());
        let text = openmetrics(&[part.clone(), part]);
        for name in ["metric_", "a_b", "a_b_", "label_9", "label___x", "_", "label_"] {
            assert!(text.contains(&format!(",{name}=\"v\\\"\\\\\u{fffd} inf\"")), "{name}: {text}");
        }
        let names: BTreeSet<&str> =
            text.lines().filter_map(|l| Some(l.rsplit_once(' ')?.0)).collect();
        assert_eq!(names.len(), text.lines().count());
        assert!(
            text.contains("tailproof_run_timestamp_seconds{component=\"c\",repeat=\"2\"} 60\n")
        );
    }
}
