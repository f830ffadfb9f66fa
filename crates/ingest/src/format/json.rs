//! JSON and NDJSON: a list of numbers, an object of lists, or objects whose keys are columns.

use std::io::Read;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tailproof_core::Unit;

use super::paired::{Paired, no_number};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;
use crate::timestamp;

/// Largest document that is read into types of its own.
const LARGEST: u64 = 256 << 20;
/// Largest document that is read as a tree, which takes many times its length.
const LARGEST_TREE: u64 = 64 << 20;

/// One object a line.
pub(crate) fn read_lines(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let (mut buffer, mut line) = (Vec::new(), 0);
    while input.line(&mut buffer)? {
        line += 1;
        if buffer.trim_ascii().is_empty() {
            continue;
        }
        match parse_line(&buffer, line, builder)? {
            Value::Object(map) => object(&map, builder, line)?,
            other => {
                let text = other.to_string();
                let at = At { line, column: "1", text: &text };
                return Err(builder.cell(at, "a line holds one object"));
            }
        }
    }
    Ok(())
}

/// The whole document as a type.
///
/// JSON that is one document has to be held whole; what is larger than [`LARGEST`] is refused.
pub(crate) fn document<T: DeserializeOwned>(
    input: &mut Opened,
    builder: &Builder<'_>,
) -> Result<T, IngestError> {
    parse(&whole(input, builder)?, builder)
}

/// The whole document as a tree, or as a type that holds trees.
///
/// What is larger than [`LARGEST_TREE`] is refused.
pub(crate) fn tree<T: DeserializeOwned>(
    input: &mut Opened,
    builder: &Builder<'_>,
) -> Result<T, IngestError> {
    parse(&up_to(LARGEST_TREE, input, builder)?, builder)
}

/// The bytes of a document.
pub(crate) fn whole(input: &mut Opened, builder: &Builder<'_>) -> Result<Vec<u8>, IngestError> {
    up_to(LARGEST, input, builder)
}

fn up_to(most: u64, input: &mut Opened, builder: &Builder<'_>) -> Result<Vec<u8>, IngestError> {
    let mut bytes = Vec::new();
    let limited = input.reader.by_ref().take(most + 1).read_to_end(&mut bytes);
    limited.map_err(|source| input.io(source))?;
    if bytes.len() as u64 > most {
        let problem = format!(
            "a JSON document of more than {} MiB; write one object a line (NDJSON), which is read \
             as a stream",
            most >> 20
        );
        return Err(builder.line_error(0, problem));
    }
    Ok(bytes)
}

/// Bytes as a document of a type.
pub(crate) fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    builder: &Builder<'_>,
) -> Result<T, IngestError> {
    serde_json::from_slice(bytes).map_err(|e| builder.line_error(e.line() as u64, json_problem(&e)))
}

/// A line as a type.
pub(crate) fn parse_line<T: DeserializeOwned>(
    bytes: &[u8],
    line: u64,
    builder: &Builder<'_>,
) -> Result<T, IngestError> {
    serde_json::from_slice(bytes).map_err(|e| builder.line_error(line, json_problem(&e)))
}

/// Reads one document.
pub(crate) fn read_document(
    input: &mut Opened,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let value: Value = tree(input, builder)?;
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (i, item) in items.iter().enumerate() {
                match item {
                    Value::Object(map) => object(map, builder, i as u64 + 1)?,
                    other => return Err(misfit(builder, "list", i, other)),
                }
            }
            Ok(())
        }
        Value::Array(items) => list("value", &items, builder),
        Value::Object(map) if map.values().all(Value::is_array) => {
            let paired = Paired::of(map.keys().map(String::as_str), builder, 1)?;
            if let Some(paired) = &paired {
                pair_lists(paired, &map, builder)?;
            }
            for (name, items) in &map {
                let own = paired.as_ref().is_none_or(|p| !p.holds(name, builder));
                if builder.wants(name) && own {
                    list(name, items.as_array().expect("checked above"), builder)?;
                }
            }
            Ok(())
        }
        Value::Object(map) => object(&map, builder, 1),
        _ => Err(IngestError::Unknown {
            file: builder.file().to_owned(),
            hint: "a JSON document is a list or an object".to_owned(),
        }),
    }
}

/// serde_json's words without its position, which is given as the line.
fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cut = text.find(" at line ").unwrap_or(text.len());
    format!("not JSON, {} (column {})", &text[..cut], error.column())
}

fn misfit(builder: &Builder<'_>, column: &str, index: usize, value: &Value) -> IngestError {
    let text = value.to_string();
    let column = format!("{column}[{index}]");
    builder.cell(At { line: 0, column: &column, text: &text }, "text where a number belongs")
}

fn list(name: &str, items: &[Value], builder: &mut Builder<'_>) -> Result<(), IngestError> {
    builder.wants(name);
    if items.is_empty() {
        return Ok(());
    }
    let series = builder.series(name, &[], None, Kind::Raw, 1)?;
    for (i, item) in items.iter().enumerate() {
        let Some(x) = item.as_f64() else { return Err(misfit(builder, name, i, item)) };
        let told = || (format!("{name}[{i}]"), item.to_string());
        builder.push_told(series, x, When::default(), 0, told)?;
    }
    Ok(())
}

/// An object whose keys are columns, as a CSV row.
fn object(
    map: &Map<String, Value>,
    builder: &mut Builder<'_>,
    line: u64,
) -> Result<(), IngestError> {
    let text_of = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut when = When::default();
    let mut labels = Vec::new();
    let long = map.contains_key("metric") && map.contains_key("value");
    let events = map.contains_key("good") && map.contains_key("total");
    let keys = map.keys().map(String::as_str);
    let paired = if long { None } else { Paired::of(keys, builder, line)? };
    let mut numbers = Vec::new();
    for (key, value) in map {
        let (name, unit) = Unit::split_heading(key);
        let reserved = long && ["metric", "value", "unit"].contains(&key.as_str())
            || events && ["good", "total"].contains(&key.as_str())
            || paired.as_ref().is_some_and(|p| p.holds(key, builder));
        let listed = builder.options.labels.as_ref().map(|l| l.contains(key));
        let asked = !long && builder.options.asked_for(key, &name);
        if reserved {
            continue;
        }
        if listed == Some(true) || builder.options.is_parameter(key) {
            labels.push((key.clone(), text_of(value)));
        } else if asked {
            builder.wants(key);
            numbers.push((key, value));
        } else if name == "run" {
            when.run = Some(builder.run(&text_of(value))?);
        } else if name == "time" || name == "timestamp" {
            let text = text_of(value);
            let time = timestamp::parse(&text, unit.as_ref())
                .map_err(|problem| builder.cell(At { line, column: key, text: &text }, problem))?;
            when.time = Some(time);
        } else if value.is_number() {
            if !long && builder.wants(key) {
                numbers.push((key, value));
            }
        } else if builder.has_met(key) && !long {
            // A metric that is suddenly no number is a measurement that would get lost.
            numbers.push((key, value));
        } else if value.is_string() && listed.is_none() {
            labels.push((key.clone(), text_of(value)));
        }
    }
    labels.sort();
    if let Some(paired) = &paired {
        pair(paired, |key| &map[key], &labels, when, line, builder)?;
    }
    if events {
        let count = |key: &str| {
            map[key].as_u64().ok_or_else(|| {
                let text = map[key].to_string();
                builder.cell(
                    At { line, column: key, text: &text },
                    "a count of events is a whole number",
                )
            })
        };
        let (good, total) = (count("good")?, count("total")?);
        let name = builder.options.events_name();
        builder.wants(&name);
        let series = builder.series(&name, &labels, None, Kind::Events, line)?;
        let at = At { line, column: "good", text: &good.to_string() };
        builder.push_events(series, good, total, when, at)?;
    }
    if long {
        let name = text_of(&map["metric"]);
        if !builder.wants(&name) {
            return Ok(());
        }
        let stated = map.get("unit").and_then(Value::as_str).and_then(|u| u.parse::<Unit>().ok());
        let series = builder.series(&name, &labels, stated.as_ref(), Kind::Raw, line)?;
        return push(builder, series, "value", &map["value"], when, line);
    }
    for (key, value) in numbers {
        let series = builder.series(key, &labels, None, Kind::Raw, line)?;
        push(builder, series, key, value, when, line)?;
    }
    Ok(())
}

/// Adds what was predicted of an actual value; `null` is no prediction, and makes that value one
/// of those before the predictions.
fn pair<'v>(
    paired: &Paired<'_>,
    cell: impl Fn(&str) -> &'v Value,
    labels: &[(String, String)],
    when: When,
    line: u64,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let figure = |builder: &Builder<'_>, key: &str| {
        let value = cell(key);
        value.as_f64().ok_or_else(|| {
            let problem = no_number(value.is_null(), key == paired.actual);
            builder.cell(At { line, column: key, text: &value.to_string() }, problem)
        })
    };
    let actual = figure(builder, paired.actual)?;
    for &key in &paired.predictions {
        builder.wants(key);
        let history = cell(key).is_null();
        let prediction = if history { None } else { Some(figure(builder, key)?) };
        let series = builder.predicted(key, labels, paired.unit.as_ref(), history, line)?;
        let text = cell(if history { paired.actual } else { key }).to_string();
        let at = At { line, column: key, text: &text };
        match prediction {
            Some(predicted) => builder.push_pair(series, (actual, predicted), when, at)?,
            None => builder.push(series, actual, when, at)?,
        }
    }
    Ok(())
}

/// Pairs of lists of the same length, element by element.
fn pair_lists(
    paired: &Paired<'_>,
    map: &Map<String, Value>,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let length = |key: &str| map[key].as_array().map_or(0, Vec::len);
    let n = length(paired.actual);
    if let Some(other) = paired.predictions.iter().find(|key| length(key) != n) {
        let problem = format!("{} has {n} values, {other} {}", paired.actual, length(other));
        return Err(builder.line_error(1, problem));
    }
    for i in 0..n {
        pair(paired, |key| &map[key][i], &[], When::default(), 0, builder)?;
    }
    Ok(())
}

fn push(
    builder: &mut Builder<'_>,
    series: usize,
    key: &str,
    value: &Value,
    when: When,
    line: u64,
) -> Result<(), IngestError> {
    let Some(x) = value.as_f64() else {
        let at = At { line, column: key, text: &value.to_string() };
        return Err(builder.cell(at, "text where a number belongs"));
    };
    builder.push_told(series, x, when, line, || (key.to_owned(), value.to_string()))
}
