//! What tells recorded evidence from the same evidence made again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};
use tailproof_core::{Class, Finding, qualified};

use crate::common::text::printable;

/// Something that was recorded otherwise than it is computed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: a finding, or a part of the evidence.
    pub place: String,
    /// What: `estimate recorded 131.2, recomputed 129.9`.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What a comparison of two pieces of evidence gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// The first [`MOST`](Self::MOST) of them.
    pub found: Vec<Difference>,
    /// How many more there are.
    pub more: usize,
    /// Parts that cannot come out alike, such as timings, by name.
    pub not_recomputable: BTreeSet<String>,
    /// Texts, and parts of free shape, that are not alike and were not compared, by name: only
    /// where another version made the evidence.
    pub texts: BTreeSet<String>,
}

impl Differences {
    /// Most differences that are told; the rest is counted.
    pub const MOST: usize = 50;

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn push(&mut self, place: &str, what: String) {
        if self.found.len() < Self::MOST {
            self.found.push(Difference { place: place.to_owned(), what });
        } else {
            self.more += 1;
        }
    }
}

/// The line by which a finding is known: `slo latency{route=/} checkout p95: p95 <= 150 ms`.
#[must_use]
pub fn expectation(finding: &Finding) -> String {
    let class = match finding.class {
        Class::Slo => "slo",
        Class::Regression => "regression",
        Class::Missing => "missing",
        Class::Decision => "decision",
        _ => "other",
    };
    let s = &finding.subject;
    line(
        class,
        &s.metric,
        &s.labels,
        [&s.benchmark, &s.statistic].map(Option::as_deref),
        &finding.claim,
    )
}

/// The expectations of findings, in their order.
#[must_use]
pub fn expectations(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(expectation).collect()
}

/// Compares evidence objects as JSON: `recorded`, and the same made again.
///
/// Findings are matched by [`expectation`], each then field by field, and so is the rest.
/// Without a tolerance everything is equal to the bit and to the letter. With one, numbers are
/// equal when they differ by no more than that share of the larger, or of what they were computed
/// from (estimate and base of their finding), and texts that decide nothing are named where they
/// changed. When, where and how fast evidence was made cannot come out alike: such parts are
/// named and not compared.
#[must_use]
pub fn differences(recorded: &Value, recomputed: &Value, tolerance: Option<f64>) -> Differences {
    /// Parts that are compared otherwise, or not.
    const APART: [&str; 7] =
        ["schema", "tool", "created", "environment", "sha256", "previous", "findings"];
    let mut out = Differences::default();
    let none = Map::new();
    let [old, new] = [recorded, recomputed].map(|v| v.as_object().unwrap_or(&none));
    for part in ["created", "environment"] {
        if !null(old.get(part)) {
            out.not_recomputable.insert(part.to_owned());
        }
    }
    // A schema of later may say more than was recorded.
    let grown = tolerance.is_some() && old.get("schema") != new.get("schema");
    let mut walk = Walk { tolerance, grown, scale: 0.0, place: String::new(), out };
    let empty = Vec::new();
    let [was, is] =
        [old, new].map(|o| o.get("findings").and_then(Value::as_array).unwrap_or(&empty));
    walk.findings(was, is);
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys.into_iter().filter(|k| !APART.contains(&k.as_str())) {
        if key == "configuration" && null(new.get(key)) {
            continue; // It was used, not made.
        }
        walk.place = printable(&short(key));
        let part = if tolerance.is_some() && LOOSE.contains(&key.as_str()) {
            Part::Loose
        } else {
            Part::Plain
        };
        walk.compare(old.get(key), new.get(key), key, "", part);
    }
    walk.out
}

/// Parts whose shape may change from version to version.
const LOOSE: [&str; 3] = ["page", "notes", "recommendations"];

/// Where in a document something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Everything else.
    Plain,
    /// In what a report draws.
    Drawn,
    /// In one of [`LOOSE`].
    Loose,
}

struct Walk {
    tolerance: Option<f64>,
    /// Whether the evidence is of an older schema, which had fewer members.
    grown: bool,
    /// What the numbers of a finding were computed from: a difference of large numbers may be
    /// small, and its error is of theirs.
    scale: f64,
    place: String,
    out: Differences,
}

impl Walk {
    fn differs(&mut self, what: String) {
        self.out.push(&self.place, what);
    }

    /// Matches findings by their lines, the k-th of a line with the k-th.
    fn findings(&mut self, was: &[Value], is: &[Value]) {
        let lines = |all: &[Value]| all.iter().map(recorded_line).collect::<Vec<_>>();
        let (old, new) = (lines(was), lines(is));
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, line) in new.iter().enumerate().rev() {
            places.entry(line).or_default().push(i);
        }
        let mut order = Vec::new();
        for (finding, line) in was.iter().zip(&old) {
            self.place = printable(&short(line));
            let Some(i) = places.get_mut(line.as_str()).and_then(Vec::pop) else {
                self.differs("recorded, but recomputing does not give it".into());
                continue;
            };
            order.push(i);
            self.scale = scale(&is[i]);
            self.compare(Some(finding), Some(&is[i]), "", "", Part::Plain);
        }
        self.scale = 0.0;
        let mut left: Vec<usize> = places.into_values().flatten().collect();
        left.sort_unstable();
        for i in left {
            self.place = printable(&short(&new[i]));
            self.differs("not recorded, but recomputing gives it".into());
        }
        if let Some(at) = order.windows(2).position(|w| w[0] > w[1]) {
            self.place = "findings".into();
            let line = printable(&short(&new[order[at]]));
            self.differs(format!("recorded in another order, from {line:?} on"));
        }
    }

    /// Compares two values; `key` is the last member on the way to them, `path` the whole way.
    fn compare(
        &mut self,
        was: Option<&Value>,
        is: Option<&Value>,
        key: &str,
        path: &str,
        part: Part,
    ) {
        if not_recomputable(key, was) || not_recomputable(key, is) {
            self.out.not_recomputable.insert(key.to_owned());
            return;
        }
        match (was, is) {
            (Some(Value::Object(was)), Some(Value::Object(is))) => {
                let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
                for key in keys {
                    let path = join(path, &printable(&short(key)));
                    let part = if key == "exhibits" { Part::Drawn } else { part };
                    self.compare(was.get(key), is.get(key), key, &path, part);
                }
            }
            (Some(Value::Array(was)), Some(Value::Array(is))) if was.len() == is.len() => {
                for (i, (was, is)) in was.iter().zip(is).enumerate() {
                    self.compare(Some(was), Some(is), key, &format!("{path}[{i}]"), part);
                }
            }
            _ if self.same(was, is, key, part) => {}
            _ if part == Part::Loose || self.is_free_text(was, is, key) => {
                let name = if part == Part::Loose { self.place.as_str() } else { key };
                self.out.texts.insert(printable(&short(name)));
            }
            (Some(Value::Array(was)), Some(Value::Array(is))) => {
                let (n, m) = (was.len(), is.len());
                self.differs(said(path, &format!("has {n} entries"), &m.to_string()));
            }
            _ => self.differs(said(path, &shown(was), &shown(is))),
        }
    }

    /// Whether two values, not both objects or arrays of one length, count as one.
    fn same(&self, was: Option<&Value>, is: Option<&Value>, key: &str, part: Part) -> bool {
        if null(was) && null(is) {
            return true;
        }
        match (was, is) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => {
                let [a, b] = [a, b].map(|n| n.as_f64().unwrap_or(f64::NAN));
                let room = self.tolerance.map_or(0.0, |share| self.room(share, a, b, key, part));
                a == b || (a - b).abs() <= room
            }
            (None, Some(_)) => self.grown,
            _ => was == is,
        }
    }

    /// How far two numbers may be apart.
    fn room(&self, share: f64, a: f64, b: f64, key: &str, part: Part) -> f64 {
        /// Members in the unit of what was measured, or in shares of it.
        const SCALED: [&str; 7] =
            ["estimate", "base", "target", "target_upper", "lo", "hi", "value"];
        /// Below, two probabilities, and two places in a picture, are one.
        const FLOOR: f64 = 1e-12;
        let own = share * a.abs().max(b.abs());
        if part == Part::Drawn || key == "p" || key == "adjusted_p" || key.starts_with("p_") {
            own.max(FLOOR)
        } else if SCALED.contains(&key) {
            own.max(share * self.scale)
        } else {
            own
        }
    }

    /// Whether two texts differ in words that decide nothing; of another version only.
    fn is_free_text(&self, was: Option<&Value>, is: Option<&Value>, key: &str) -> bool {
        /// Members whose words decide something.
        const WORDS: [&str; 23] = [
            "class",
            "metric",
            "labels",
            "benchmark",
            "statistic",
            "claim",
            "verdict",
            "code",
            "unit",
            "direction",
            "guarantee",
            "provenance",
            "side",
            "name",
            "method",
            "test",
            "correction",
            "kind",
            "shape",
            "verb",
            "arguments",
            "expects",
            "role",
        ];
        let (Some(_), Some(Value::String(a)), Some(Value::String(b))) = (self.tolerance, was, is)
        else {
            return false;
        };
        let number = |text: &str| text.parse::<f64>().is_ok();
        // Of a configuration the hash follows from the rest.
        let hash = key == "sha256" && self.place != "configuration";
        !(WORDS.contains(&key) || hash || number(a) || number(b))
    }
}

/// What the numbers of a finding were computed from: its estimate and its base, or one where
/// shares of the base are smaller.
fn scale(finding: &Value) -> f64 {
    let number = |key: &str| finding.get(key).and_then(Value::as_f64).map_or(0.0, f64::abs);
    let (estimate, base) = (number("estimate"), number("base"));
    let whole = estimate + base;
    if base > 0.0 { whole.min(whole / base) } else { whole }
}

fn null(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_null)
}

/// Times, and how long something took: never twice the same.
fn not_recomputable(key: &str, value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(_)) => key.ends_with("timestamp"),
        Some(Value::Number(_)) => key.ends_with("_ms"),
        _ => false,
    }
}

/// The line of a finding in JSON; of anything else, what can be told.
fn recorded_line(finding: &Value) -> String {
    let word = |key: &str| finding.get(key).and_then(Value::as_str);
    let labels: BTreeMap<String, String> = finding
        .get("labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
        .collect();
    let text = |key| word(key).unwrap_or_default();
    line(
        text("class"),
        text("metric"),
        &labels,
        [word("benchmark"), word("statistic")],
        text("claim"),
    )
}

fn line(
    class: &str,
    metric: &str,
    labels: &BTreeMap<String, String>,
    optional: [Option<&str>; 2],
    claim: &str,
) -> String {
    let mut text = format!("{class} {}", qualified(metric, labels));
    for part in optional.into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    text.push_str(": ");
    text.push_str(claim);
    text
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn said(path: &str, was: &str, is: &str) -> String {
    let space = if path.is_empty() { "" } else { " " };
    format!("{path}{space}recorded {was}, recomputed {is}")
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
        Some(Value::Array(all)) => format!("a list of {}", all.len()),
        Some(Value::String(text)) => format!("{:?}", short(text)),
        Some(other) => other.to_string(),
    }
}

/// The beginning of a text that may be long.
fn short(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evidence;
    use serde_json::json;
    use tailproof_core::{Subject, Verdict};

    fn evidence() -> Value {
        let finding = |metric: &str, estimate| {
            let subject = Subject { metric: metric.into(), ..Subject::default() };
            let mut f = Finding::new(Class::Slo, subject, "p95 <= 150 ms", Verdict::Pass);
            (f.estimate, f.n, f.why) = (Some(estimate), vec![300], "because".into());
            f
        };
        Evidence::new("a", vec![finding("latency", 131.2), finding("size", f64::INFINITY)])
            .to_value()
    }

    fn after(change: impl FnOnce(&mut Value), tolerance: Option<f64>) -> Vec<String> {
        let mut other = evidence();
        change(&mut other);
        differences(&other, &evidence(), tolerance).found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_field_and_both_numbers_are_named() {
        assert!(after(|_| (), None).is_empty());
        let found = after(|e| e["findings"][0]["estimate"] = json!(129.9), None);
        let want = "slo latency: p95 <= 150 ms: estimate recorded 129.9, recomputed 131.2";
        assert_eq!(found, [want]);
        let next = 131.2_f64.next_up();
        assert_eq!(after(|e| e["findings"][0]["estimate"] = json!(next), None).len(), 1);
        assert!(after(|e| e["findings"][0]["estimate"] = json!(next), Some(1e-9)).is_empty());
        assert_eq!(after(|e| e["component"] = json!("b"), None).len(), 1);
        assert_eq!(after(|e| e["extra"] = json!(1), None).len(), 1);
    }

    #[test]
    fn with_a_tolerance_words_of_no_consequence_are_named() {
        let loose = Some(1e-9);
        let texts = |change: &dyn Fn(&mut Value)| {
            let mut other = evidence();
            change(&mut other);
            let all = differences(&other, &evidence(), loose);
            assert!(all.is_empty(), "{all:?}");
            all.texts.into_iter().collect::<Vec<_>>()
        };
        assert!(texts(&|_| ()).is_empty());
        assert_eq!(texts(&|e| e["findings"][0]["why"] = json!("since")), ["why"]);
        assert_eq!(texts(&|e| e["notes"] = json!(["news"])), ["notes"]);
        assert_eq!(after(|e| e["findings"][0]["why"] = json!("since"), None).len(), 1);
        for (key, value) in [
            ("verdict", json!("fail")),
            ("estimate", json!(131.3)),
            ("estimate", Value::Null),
            ("n", json!(["301"])),
            ("unit", json!("s")),
            ("target", json!(3)),
            ("warnings", json!(["careful"])),
            ("exhibits", json!([{}])),
        ] {
            let change = |e: &mut Value| e["findings"][0][key] = value.clone();
            assert_eq!(after(change, loose).len(), 1, "{key}");
        }
        assert_eq!(after(|e| e["findings"][1]["estimate"] = json!("-inf"), loose).len(), 1);
    }

    #[test]
    fn what_is_missing_differs_unless_the_schema_was_older() {
        let less = |schema: &str| {
            let change = |e: &mut Value| {
                e["schema"] = json!(schema);
                e["findings"][0].as_object_mut().unwrap().shift_remove("estimate");
            };
            after(change, Some(1e-9)).len()
        };
        assert_eq!((less(crate::SCHEMA), less("tailproof.evidence/1")), (1, 0));
    }

    #[test]
    fn tolerance_is_of_what_numbers_were_computed_from() {
        let compared = |lo: f64, p: f64| {
            json!({"findings": [{
                "estimate": 5e6, "base": 5e6, "p": p, "n": [1],
                "interval": {"lo": lo, "hi": 0.5, "level": 0.95, "method": "bootstrap"},
                "exhibits": [{"title": "a", "points": [[0.0, 1.0]]}],
            }]})
        };
        let good = compared(0.0, 0.0);
        let count = |other: &Value| differences(other, &good, Some(1e-9)).found.len();
        // The end of a change near nothing, in shares of the base; a p of nothing.
        assert_eq!(count(&compared(1e-9, 1e-13)), 0);
        assert_eq!((count(&compared(1e-6, 0.0)), count(&compared(0.0, 1e-9))), (1, 1));
        for (path, new) in [
            ("/findings/0/interval/method", json!("guess")),
            ("/findings/0/interval/level", json!(0.951)),
            ("/findings/0/exhibits/0/points", json!([[0.0, 1.0], [1.0, 1.0]])),
            ("/findings/0/exhibits/0/points/0/0", json!(1e-6)),
        ] {
            let mut other = good.clone();
            *other.pointer_mut(path).unwrap() = new;
            assert_eq!(count(&other), 1, "{path}");
        }
    }

    #[test]
    fn missing_added_and_reordered_findings_are_told() {
        let list = |e: &mut Value| e["findings"].as_array_mut().unwrap().clone();
        let swapped = after(|e| e["findings"].as_array_mut().unwrap().swap(0, 1), None);
        assert!(swapped.len() == 1 && swapped[0].contains("another order"), "{swapped:?}");
        let dropped = after(|e| e["findings"] = json!(list(e)[..1]), None);
        assert!(dropped.len() == 1 && dropped[0].contains("not recorded"), "{dropped:?}");
        let twice = after(|e| e["findings"] = json!([list(e)[0], list(e)[0], list(e)[1]]), None);
        assert!(twice.len() == 1 && twice[0].contains("does not give it"), "{twice:?}");
        assert_eq!(after(|e| e["findings"] = Value::Null, None).len(), 2);
    }

    #[test]
    fn times_are_named_and_output_is_bounded() {
        let mut other = evidence();
        other["created"] = json!("2026-01-31T00:00:00Z");
        other["results"] = json!({"report_timestamp": "x", "load_ms": 3.5});
        let mut again = evidence();
        again["results"] = json!({"report_timestamp": "y", "load_ms": 4.5});
        let all = differences(&other, &again, None);
        assert!(all.is_empty(), "{all:?}");
        let named: Vec<&str> = all.not_recomputable.iter().map(String::as_str).collect();
        assert_eq!(named, ["created", "environment", "load_ms", "report_timestamp"]);
        other["notes"] = (0..200).map(|i| json!(i.to_string())).collect();
        again["notes"] = (0..200).map(|_| json!("x".repeat(9_999))).collect();
        let all = differences(&other, &again, None);
        assert_eq!((all.found.len(), all.more), (50, 150));
        assert!(all.found.iter().all(|d| d.what.len() < 600));
        // Anything at all may be compared.
        for odd in [json!(null), json!([]), json!({"findings": [3, {"labels": 1}]})] {
            let _ = differences(&odd, &again, Some(f64::NAN));
        }
    }
}
