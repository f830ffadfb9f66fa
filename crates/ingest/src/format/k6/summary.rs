//! k6's end-of-test summaries: the data of `handleSummary`, and the older `--summary-export`.
//!
//! A threshold `{"ok": true}` has passed; a bare `true`, of the older shape, has been crossed.

use serde_json::{Map, Value};
use tailproof_core::{Rank, Summary};

use super::{Contains, Declared, Type, announce, explain_failures, good_when_set};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::{Head, json};
use crate::input::Opened;

/// Whether this is a summary of k6 in either shape.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    head.first.starts_with('{')
        && has("\"metrics\"")
        && (has("\"root_group\"")
            || has("\"contains\"") && has("\"values\"") && has("\"type\"")
            || has("\"iteration_duration\"") && has("\"vus\""))
}

/// Reads every metric: trends as summaries, rates as events, counters per second.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let document: Value = json::tree(input, builder)?;
    let Some(metrics) = document.get("metrics").and_then(Value::as_object) else {
        return Err(builder.line_error(1, "a summary of k6 has metrics"));
    };
    announce(builder);
    let requests = metrics.get("http_reqs").map(values).and_then(|v| v.get("count")?.as_u64());
    for (name, body) in metrics {
        metric(builder, name, body, requests)?;
        thresholds(builder, name, body);
    }
    Ok(())
}

/// Where the numbers are: below `values`, or in the older shape beside the thresholds.
fn values(body: &Value) -> &Value {
    body.get("values").unwrap_or(body)
}

fn metric(
    builder: &mut Builder<'_>,
    full: &str,
    body: &Value,
    requests: Option<u64>,
) -> Result<(), IngestError> {
    let Some(numbers) = values(body).as_object() else {
        let text = body.to_string();
        let at = At { line: 0, column: full, text: &text };
        return Err(builder.cell(at, "a metric is an object"));
    };
    let (name, labels) = split(full);
    let Some(declared) = declared(name, body, numbers) else {
        builder.note(format!("k6's {full} holds no number that is understood: left out"));
        return Ok(());
    };
    let number = |key: &str| numbers.get(key).and_then(Value::as_f64);
    let kind = match declared.kind {
        Type::Trend => Kind::Summary,
        Type::Rate => Kind::Events,
        Type::Counter | Type::Gauge => Kind::Raw,
    };
    let described = declared.metric(name);
    let Some(series) = builder.described(described, &labels, kind, 1)? else { return Ok(()) };
    let when = When::default();
    match declared.kind {
        Type::Trend => {
            let mut summary = trend(numbers);
            if labels.is_empty() && name.starts_with("http_req_") {
                // Every request makes one point of each of these.
                summary.n = summary.n.or(requests);
            }
            builder.push_summary(series, summary, when, 1)
        }
        Type::Rate => {
            let count = |key: &str| numbers.get(key).and_then(Value::as_u64).unwrap_or(0);
            let (set, unset) = (count("passes"), count("fails"));
            let good = if good_when_set(name) { set } else { unset };
            if name == "http_req_failed" {
                explain_failures(builder);
            }
            let text = format!("{set} passes and {unset} fails");
            let at = At { line: 0, column: full, text: &text };
            builder.push_events(series, good, set.saturating_add(unset), when, at)
        }
        Type::Counter | Type::Gauge => {
            let key = if declared.kind == Type::Counter { "rate" } else { "value" };
            let text = numbers.get(key).map_or_else(String::new, Value::to_string);
            let at = At { line: 0, column: full, text: &text };
            match number(key) {
                Some(value) => builder.push(series, value, when, at),
                None => Err(builder.cell(at, "a number is missing")),
            }
        }
    }
}

/// The name and the tags of `http_req_duration{expected_response:true}`.
fn split(full: &str) -> (&str, Vec<(&str, &str)>) {
    let Some((name, tags)) = full.strip_suffix('}').and_then(|f| f.split_once('{')) else {
        return (full, Vec::new());
    };
    let tags = tags.split(',').filter_map(|tag| tag.split_once(':'));
    (name, tags.map(|(key, value)| (key.trim(), value.trim())).collect())
}

/// What kind of metric this is: as the summary says, or by what it holds.
fn declared(name: &str, body: &Value, numbers: &Map<String, Value>) -> Option<Declared> {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    text("type")
        .and_then(|kind| Declared::parse(kind, text("contains").unwrap_or("")))
        .or_else(|| guessed(name, numbers))
}

fn guessed(name: &str, numbers: &Map<String, Value>) -> Option<Declared> {
    let has = |key: &str| numbers.get(key).is_some_and(Value::is_number);
    let kind = if has("passes") && has("fails") {
        Type::Rate
    } else if has("avg") || has("med") {
        Type::Trend
    } else if has("count") && has("rate") {
        Type::Counter
    } else if has("value") {
        Type::Gauge
    } else {
        return None;
    };
    let contains = Declared::built_in(name).map_or(Contains::Default, |known| known.contains);
    Some(Declared { kind, contains })
}

fn trend(numbers: &Map<String, Value>) -> Summary {
    let number = |key: &str| numbers.get(key).and_then(Value::as_f64);
    let mut quantiles: Vec<(Rank, f64)> =
        number("med").map(|median| (Rank::MEDIAN, median)).into_iter().collect();
    for (key, value) in numbers {
        let rank = key
            .strip_prefix("p(")
            .and_then(|k| k.strip_suffix(')'))
            .and_then(|k| format!("{k}%").parse::<Rank>().ok());
        if let (Some(rank), Some(value)) = (rank, value.as_f64())
            && quantiles.iter().all(|(known, _)| *known != rank)
        {
            quantiles.push((rank, value));
        }
    }
    quantiles.sort_by(|a, b| a.0.to_f64().total_cmp(&b.0.to_f64()));
    Summary {
        n: numbers.get("count").and_then(Value::as_u64),
        mean: number("avg"),
        min: number("min"),
        max: number("max"),
        quantiles,
        ..Summary::default()
    }
}

/// Tells how the thresholds of a metric ended.
fn thresholds(builder: &mut Builder<'_>, name: &str, body: &Value) {
    for (expression, outcome) in
        body.get("thresholds").and_then(Value::as_object).into_iter().flatten()
    {
        let passed = match outcome {
            Value::Bool(crossed) => Some(!crossed),
            other => other.get("ok").and_then(Value::as_bool),
        };
        if let Some(passed) = passed {
            let word = if passed { "passed" } else { "failed" };
            builder.note(format!("k6's own threshold {expression} of {name} {word}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options, read};

    fn parse(text: &str) -> Dataset {
        read(vec![Input::from_bytes("summary.json", text)], &Options::default())
            .unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn both_shapes_say_the_same() {
        let new = parse(
            r#"{"root_group": {}, "metrics": {"http_req_duration{tier:gold}": {"type": "trend",
            "contains": "time", "values": {"avg": 5, "med": 4, "p(99.9)": 9, "count": 7},
            "thresholds": {"p(95)<5": {"ok": false}}}}}"#,
        );
        let old = parse(
            r#"{"root_group": {}, "metrics": {"http_req_duration{tier:gold}": {
            "avg": 5, "med": 4, "p(99.9)": 9, "count": 7, "thresholds": {"p(95)<5": true}}}}"#,
        );
        assert_eq!(new.series, old.series);
        assert_eq!(new.notes, old.notes);
        assert_eq!(new.series[0].name(), "http_req_duration{tier=gold}");
        assert!(new.notes.iter().any(|n| n.ends_with("failed")), "{:?}", new.notes);
        let Observations::Summary(list) = &new.series[0].observations else { panic!() };
        assert_eq!(list[0].quantiles, [(Rank::MEDIAN, 4.0), (Rank::P999, 9.0)]);
        assert_eq!((list[0].n, list[0].mean), (Some(7), Some(5.0)));
    }

    #[test]
    fn a_failure_rate_counts_failures() {
        let data = parse(
            r#"{"root_group": {}, "metrics": {
            "http_req_failed": {"passes": 3, "fails": 97, "value": 0.03},
            "checks": {"passes": 3, "fails": 97, "value": 0.03}}}"#,
        );
        assert_eq!(data.series[0].observations, Observations::Events(vec![(97, 100)]));
        assert_eq!(data.series[1].observations, Observations::Events(vec![(3, 100)]));
    }
}
