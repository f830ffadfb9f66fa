//! BenchmarkTools.jl's JSON: trials are nanoseconds a sample, estimates a printed value.

use serde_json::{Map, Value};
use tailproof_core::{Direction, Labels, Metric, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('[')
        && head.text.contains("\"BenchmarkTools\"")
        && head.text.contains("\"Julia\"")
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let document: Value = json::tree(input, builder)?;
    for (i, value) in document.get(1).and_then(Value::as_array).into_iter().flatten().enumerate() {
        // Several values saved into one file have no names of their own.
        let name = if i == 0 { String::new() } else { format!("{}", i + 1) };
        node(&name, value, builder)?;
    }
    Ok(())
}

/// A `[type, fields]` pair; the depth of the document is limited by its parser.
fn node(name: &str, value: &Value, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let kind = value.get(0).and_then(Value::as_str);
    let (Some(kind), Some(fields)) = (kind, value.get(1).and_then(Value::as_object)) else {
        return Ok(());
    };
    match kind {
        "BenchmarkGroup" => {
            for (key, child) in fields.get("data").and_then(Value::as_object).into_iter().flatten()
            {
                let own = if name.is_empty() { key.clone() } else { format!("{name}/{key}") };
                node(&own, child, builder)?;
            }
            Ok(())
        }
        "Trial" => {
            let list = fields.get("times").and_then(Value::as_array);
            let times: Vec<f64> = list.into_iter().flatten().filter_map(values::number).collect();
            let labels = values::benchmark(name);
            values::raw(builder, time(), &labels, &times, When::default())?;
            counts(fields, &labels, builder)
        }
        "TrialEstimate" => {
            let labels = values::benchmark(name);
            if let Some(x) = fields.get("time").and_then(values::number) {
                let summary = values::printed(x);
                values::summary(builder, time(), &labels, summary, When::default(), 0)?;
            }
            counts(fields, &labels, builder)
        }
        other => {
            builder.note(format!("{}: a {other} is left out", builder.file()));
            Ok(())
        }
    }
}

fn time() -> Metric {
    Metric::new("time", Unit::known("ns"))
}

/// Memory and allocations, of which a trial keeps one number.
fn counts(
    fields: &Map<String, Value>,
    labels: &Labels,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    for (key, unit) in [("memory", Unit::known("B")), ("allocs", None)] {
        if let Some(x) = fields.get(key).and_then(values::number) {
            let mut metric = Metric::new(key, unit);
            metric.direction = Direction::Lower;
            values::summary(builder, metric, labels, values::printed(x), When::default(), 0)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn groups_become_names() {
        let text = r#"[{"Julia": "1.7.0", "BenchmarkTools": "1.0.0"}, [["BenchmarkGroup",
            {"tags": [], "data": {"fib": ["BenchmarkGroup", {"tags": [], "data": {
            "20": ["TrialEstimate", {"time": 31028.0, "memory": 16, "allocs": 1}],
            "10": ["Trial", {"times": [3.0, 1.0, 2.0], "memory": 0, "allocs": 0}]}}]}}]]]"#;
        let data = read(vec![Input::from_bytes("j.json", text)], &Options::default()).unwrap();
        let own = |name: &str| data.series.iter().find(|s| s.name() == name).unwrap();
        let Observations::Raw(raw) = &own("time{benchmark=fib/10}").observations else { panic!() };
        assert_eq!(raw.sample.values(), [3.0, 1.0, 2.0]);
        let estimate = own("time{benchmark=fib/20}");
        let Observations::Summary(all) = &estimate.observations else { panic!() };
        assert_eq!((all[0].n, all[0].mean), (None, Some(31_028.0)));
        assert_eq!(own("memory{benchmark=fib/20}").metric.suffix(), " B");
    }
}
