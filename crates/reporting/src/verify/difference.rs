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
/// Without a tolerance everything is equal to the bit and to the letter; with one, numbers are
/// equal when they differ by no more than that share, and text that decides nothing is not
/// compared. When, where and how fast evidence was made cannot come out alike: such parts are
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
    let mut walk = Walk { tolerance, place: String::new(), out };
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
        let loose = tolerance.is_some() && LOOSE.contains(&key.as_str());
        walk.compare(old.get(key), new.get(key), key, "", loose);
    }
    walk.out
}

/// Parts whose shape may change from version to version.
const LOOSE: [&str; 4] = ["exhibits", "page", "notes", "recommendations"];

struct Walk {
    tolerance: Option<f64>,
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
            self.compare(Some(finding), Some(&is[i]), "", "", false);
        }
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
        loose: bool,
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
                    let loose =
                        loose || (self.tolerance.is_some() && LOOSE.contains(&key.as_str()));
                    self.compare(was.get(key), is.get(key), key, &path, loose);
                }
            }
            (Some(Value::Array(was)), Some(Value::Array(is))) if was.len() == is.len() => {
                for (i, (was, is)) in was.iter().zip(is).enumerate() {
                    self.compare(Some(was), Some(is), key, &format!("{path}[{i}]"), loose);
                }
            }
            (Some(Value::Array(was)), Some(Value::Array(is))) => {
                if !loose {
                    let (n, m) = (was.len(), is.len());
                    self.differs(said(path, &format!("has {n} entries"), &m.to_string()));
                }
            }
            _ if self.same(was, is, key, loose) => {}
            _ => self.differs(said(path, &shown(was), &shown(is))),
        }
    }

    /// Whether two values, not both objects or arrays, count as one.
    fn same(&self, was: Option<&Value>, is: Option<&Value>, key: &str, loose: bool) -> bool {
        /// Members whose words decide something.
        const WORDS: [&str; 14] = [
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
        ];
        if null(was) && null(is) {
            return true;
        }
        let Some(tolerance) = self.tolerance else {
            return match (was, is) {
                (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64() == b.as_f64(),
                _ => was == is,
            };
        };
        match (was, is) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => {
                let [a, b] = [a, b].map(|n| n.as_f64().unwrap_or(f64::NAN));
                a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs())
            }
            (Some(Value::String(a)), Some(Value::String(b))) => {
                let number = |text: &str| text.parse::<f64>().is_ok();
                a == b || loose || !(WORDS.contains(&key) || number(a) || number(b))
            }
            // A newer version may say more.
            (None, Some(_)) => true,
            _ => loose || was == is,
        }
    }
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
    fn with_a_tolerance_words_of_no_consequence_are_left_out() {
        let loose = Some(1e-9);
        assert!(after(|e| e["findings"][0]["why"] = json!("since"), loose).is_empty());
        assert_eq!(after(|e| e["findings"][0]["why"] = json!("since"), None).len(), 1);
        for (key, value) in [
            ("verdict", json!("fail")),
            ("estimate", json!(131.3)),
            ("estimate", Value::Null),
            ("n", json!(["301"])),
            ("unit", json!("s")),
            ("target", json!(3)),
        ] {
            let change = |e: &mut Value| e["findings"][0][key] = value.clone();
            assert_eq!(after(change, loose).len(), 1, "{key}");
        }
        assert_eq!(after(|e| e["findings"][1]["estimate"] = json!("-inf"), loose).len(), 1);
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
