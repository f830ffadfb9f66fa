//! A report as a line, a table or JSON, and the catalogue.

use serde_json::{Map, Value as Json, json};
use tailproof_core::{Unit, number};
use tailproof_reporting::{Number, printable};

use super::catalogue::{Entry, Group, entries};
use super::input::Input;
use super::report::{Report, Row, Value};

/// What was computed from what.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) entry: &'static Entry,
    pub(super) input: Input,
    pub(super) report: Report,
}

impl Outcome {
    /// The unit of the data.
    fn unit(&self) -> Option<&Unit> {
        self.input.samples.iter().find_map(|s| s.unit.as_ref())
    }

    /// The parameters that entered, by the names of their flags.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let all = self.entry.parameters.iter();
        all.filter_map(|p| {
            Some((p.name().trim_start_matches('-'), self.input.parameters.value(*p)?))
        })
    }

    fn value(&self, row: &Row) -> String {
        text(&row.value, self.unit().filter(|_| row.unit))
    }
}

/// `name: label value, label value, …`.
pub(super) fn line(outcome: &Outcome) -> String {
    let rows: Vec<String> =
        outcome.report.rows.iter().map(|r| format!("{} {}", r.label, outcome.value(r))).collect();
    format!("{}: {}\n", outcome.entry.name, printable(&rows.join(", ")))
}

/// Two aligned columns: what it was computed from, what was found, with which parameters.
pub(super) fn table(outcome: &Outcome) -> String {
    let entry = outcome.entry;
    let mut text = format!("{}: {}\n\n", entry.name, entry.about);
    let samples = outcome.input.samples.iter();
    let mut rows: Vec<(String, String)> = samples
        .enumerate()
        .map(|(i, s)| {
            let n = number(s.sample.len() as f64);
            (format!("sample {}", i + 1), format!("{} (n = {n})", printable(&s.name)))
        })
        .collect();
    let found = outcome.report.rows.iter();
    rows.extend(found.map(|r| (r.label.clone(), printable(&outcome.value(r)))));
    // Intervals say their level themselves.
    let silent = |name: &str| name == "level" && outcome.report.has_interval();
    rows.extend(
        outcome
            .parameters()
            .filter(|(name, _)| !silent(name))
            .map(|(name, value)| (format!("--{name}"), self::text(&value, None))),
    );
    text.push_str(&aligned(&rows));
    for warning in &outcome.report.warnings {
        text.push_str(&format!("warning: {}\n", printable(warning)));
    }
    text
}

/// Lines of two columns, the second after the widest first.
fn aligned(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|r| r.0.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(label, value)| format!("{label:width$}  {value}\n")).collect()
}

/// One object: statistic, inputs, parameters, results, warnings.
pub(super) fn json(outcome: &Outcome) -> String {
    let input = &outcome.input;
    let unit = |u: Option<&Unit>| u.map(ToString::to_string);
    let samples = input
        .samples
        .iter()
        .map(|s| json!({ "name": s.name, "n": s.sample.len(), "unit": unit(s.unit.as_ref()) }));
    let rows = input.rows.iter().map(|r| r.iter().map(|&n| count(n)).collect::<Json>());
    let p_values = input.p_values.iter().map(|&p| json!(Number(p)));
    let inputs: Vec<Json> = samples.chain(rows).chain(p_values).collect();
    let parameters: Map<String, Json> =
        outcome.parameters().map(|(name, v)| (name.replace('-', "_"), plain(&v))).collect();
    let mut results = Map::new();
    for row in &outcome.report.rows {
        let mut result = match &row.value {
            Value::Interval(i) => json!({
                "lo": Number(i.lo),
                "hi": Number(i.hi),
                "level": i.level.to_f64(),
                "method": i.method,
            }),
            other => json!({ "value": plain(other) }),
        };
        if let Some(unit) = outcome.unit().filter(|_| row.unit) {
            result["unit"] = json!(unit.to_string());
        }
        results.insert(key(&row.label), result);
    }
    let document = json!({
        "statistic": outcome.entry.name,
        "inputs": inputs,
        "parameters": parameters,
        "results": results,
        "warnings": outcome.report.warnings,
    });
    pretty(&document)
}

/// A label as a key: `p two-sided` is `p_two_sided`.
pub(super) fn key(label: &str) -> String {
    label.replace([' ', '-'], "_")
}

fn pretty(document: &Json) -> String {
    format!("{document:#}\n")
}

/// A number that JSON readers keep whole: decimal text beyond 2⁵³.
fn count(n: u64) -> Json {
    if n > 1 << 53 { json!(n.to_string()) } else { json!(n) }
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Number(x) => json!(Number(*x)),
        Value::Count(n) => count(*n),
        Value::Text(text) => json!(text),
        Value::Interval(i) => json!([Number(i.lo), Number(i.hi)]),
        Value::List(values) => values.iter().map(|&x| json!(Number(x))).collect(),
    }
}

/// A value for people.
fn text(value: &Value, unit: Option<&Unit>) -> String {
    /// A longer list is cut; JSON has it all.
    const SHOWN: usize = 20;
    let suffix = unit.map_or_else(String::new, |u| format!(" {u}"));
    match value {
        Value::Number(x) => format!("{}{suffix}", number(*x)),
        Value::Count(n) => number(*n as f64),
        Value::Text(text) => text.clone(),
        Value::Interval(i) => {
            let (lo, hi) = (number(i.lo), number(i.hi));
            format!("[{lo}, {hi}]{suffix} at {} ({})", i.level, i.method)
        }
        Value::List(values) => {
            let mut shown: Vec<String> = values.iter().take(SHOWN).map(|&x| number(x)).collect();
            if values.len() > SHOWN {
                shown.push(format!("… ({} in all)", values.len()));
            }
            shown.join(" ")
        }
    }
}

/// The catalogue by question.
pub(super) fn list() -> String {
    let name = entries().map(|e| e.name.len()).max().unwrap_or(0);
    let needs = entries().map(|e| e.needs.describe().chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for group in Group::ALL {
        text.push_str(&format!("{}\n", group.question()));
        for e in entries().filter(|e| e.group == group) {
            let flags: Vec<&str> = e.parameters.iter().map(|p| p.name()).collect();
            let flags = match flags.as_slice() {
                [] => String::new(),
                flags => format!(" ({})", flags.join(" ")),
            };
            let need = e.needs.describe();
            text.push_str(&format!("  {:name$}  {need:needs$}  {}{flags}\n", e.name, e.about));
        }
        text.push('\n');
    }
    text.push_str("tailproof stat NAME [DATA...] computes one of them.\n");
    text
}

/// The catalogue for machines.
pub(super) fn list_json() -> String {
    let all = entries().map(|e| {
        let flags: Vec<&str> = e.parameters.iter().map(|p| p.name()).collect();
        json!({
            "name": e.name,
            "question": e.group.question(),
            "needs": e.needs.describe(),
            "parameters": flags,
            "about": e.about,
        })
    });
    let all: Json = all.collect();
    pretty(&all)
}
