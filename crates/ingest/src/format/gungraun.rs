//! What gungraun (formerly iai-callgrind) counts: instructions, cache hits, allocations.
//!
//! ```text
//! bench_file::bench_group::bench_name short:10
//!   Instructions:                1734|1650            (+5.09090%) [+1.04844x]
//! ```
//! The left number is the run's own, the right one that of the run before; only the left one
//! is read. With `--output-format=json` every benchmark is a line of JSON. A benchmark's name
//! is its path and identifier, without arguments, which JSON does not have. Counts do not
//! scatter (`Noise::Exact`) and less is better, but for rates of hits.

use serde_json::Value;
use tailproof_core::{Direction, Metric, Noise, Unit};

use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::{Head, json, lines};
use crate::input::Opened;

/// Names in JSON, and what the text calls them.
const NAMES: [(&str, &str); 17] = [
    ("Ir", "Instructions"),
    ("L1hits", "L1 Hits"),
    ("LLhits", "LL Hits"),
    ("L2 Hits", "LL Hits"), // As older versions call them.
    ("RamHits", "RAM Hits"),
    ("TotalRW", "Total read+write"),
    ("EstimatedCycles", "Estimated Cycles"),
    ("I1MissRate", "I1 Miss Rate"),
    ("LLiMissRate", "LLi Miss Rate"),
    ("D1MissRate", "D1 Miss Rate"),
    ("LLdMissRate", "LLd Miss Rate"),
    ("LLMissRate", "LL Miss Rate"),
    ("L1HitRate", "L1 Hit Rate"),
    ("LLHitRate", "LL Hit Rate"),
    ("RamHitRate", "RAM Hit Rate"),
    ("TotalBytes", "Total bytes"),
    ("TotalBlocks", "Total blocks"),
];

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let mut named = false;
    head.text.lines().any(|line| {
        let count = count(line).filter(|_| named && line.contains('|'));
        named = header(line).is_some() || named && line.starts_with(' ');
        count.is_some() || is_json(line)
    }) || head.first.starts_with('{') && is_json_text(head.text)
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut head = input.head().split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    // One document over several lines: a saved summary.
    if head.find(|line| !line.is_empty()).is_some_and(|line| line == b"{") {
        let value: Value = json::tree(input, builder)?;
        return summary(builder, 1, &value);
    }
    let mut open = Open::default();
    lines::each(input, builder, |builder, line, text| {
        if is_json(text) {
            let value = serde_json::from_str::<Value>(text).map_err(|e| {
                builder.line_error(line, format!("not JSON (column {})", e.column()))
            })?;
            return summary(builder, line, &value);
        }
        if let Some((name, counted)) = count(text).filter(|_| !open.benchmark.is_empty()) {
            open.set(canonical(name).to_owned(), counted, line);
        } else if !text.is_empty() && !text.starts_with(' ') {
            open.flush(builder)?;
            header(text).unwrap_or_default().clone_into(&mut open.benchmark);
        }
        Ok(())
    })?;
    open.flush(builder)
}

/// `path::of::bench id:args`: path and identifier.
fn header(line: &str) -> Option<String> {
    let (path, rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut parts = path.split("::");
    let word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if !path.contains("::") || !parts.all(word) {
        return None;
    }
    let id = rest.split(':').next().unwrap_or_default().trim();
    Some(if id.is_empty() { path.to_owned() } else { format!("{path} {id}") })
}

/// `  Instructions:     1734|1650   (+5.1%)`: the name and the left number, as text.
fn count(line: &str) -> Option<(&str, Option<&str>)> {
    let (name, rest) = line.strip_prefix("  ")?.split_once(':')?;
    let cell = rest.split_whitespace().next()?;
    let left = cell.split('|').next()?;
    let named = name.starts_with(char::is_alphanumeric) && rest.starts_with(' ');
    match left {
        "N/A" if named => Some((name, None)),
        number if named && number.parse::<f64>().is_ok() => Some((name, Some(number))),
        _ => None,
    }
}

fn is_json(line: &str) -> bool {
    line.starts_with('{') && is_json_text(line)
}

fn is_json_text(text: &str) -> bool {
    text.contains("\"module_path\"") && text.contains("\"profiles\"")
}

/// The name that text and JSON share.
fn canonical(name: &str) -> &str {
    NAMES.iter().find(|(json, _)| *json == name).map_or(name, |(_, text)| *text)
}

fn metric(name: &str) -> Metric {
    let unit = if name.ends_with(" Rate") {
        Unit::known("%")
    } else if name.ends_with("bytes") || name.ends_with("Bytes") {
        Unit::known("B")
    } else {
        None
    };
    let mut metric = Metric::new(name, unit);
    let hits = matches!(name, "L1 Hit Rate" | "LL Hit Rate");
    metric.direction = if hits { Direction::Higher } else { Direction::Lower };
    // Time in system calls is measured by a clock.
    if !matches!(name, "SysTime" | "SysCpuTime") {
        metric.noise = Noise::Exact;
    }
    metric
}

/// The benchmark whose lines are being read.
#[derive(Default)]
struct Open {
    benchmark: String,
    counts: Vec<(String, Option<f64>, u64)>,
}

impl Open {
    /// The last one counts: a total follows its parts.
    fn set(&mut self, name: String, number: Option<&str>, line: u64) {
        let number = number.and_then(|n| n.parse().ok());
        match self.counts.iter_mut().find(|c| c.0 == name) {
            Some(own) => (own.1, own.2) = (number, line),
            None => self.counts.push((name, number, line)),
        }
    }

    fn flush(&mut self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        for (name, number, line) in std::mem::take(&mut self.counts) {
            if let Some(number) = number {
                push(builder, &self.benchmark, &name, number, line)?;
            }
        }
        Ok(())
    }
}

fn push(
    builder: &mut Builder<'_>,
    benchmark: &str,
    name: &str,
    number: f64,
    line: u64,
) -> Result<(), IngestError> {
    let labels = [("benchmark", benchmark)];
    let Some(series) = builder.described(metric(name), &labels, Kind::Raw, line)? else {
        return Ok(());
    };
    let text = number.to_string();
    builder.push(series, number, When::default(), At { line, column: name, text: &text })
}

/// One benchmark of JSON: the totals of every profile.
fn summary(builder: &mut Builder<'_>, line: u64, value: &Value) -> Result<(), IngestError> {
    let Some(path) = value["module_path"].as_str() else {
        return Err(builder.line_error(line, "a benchmark has a module_path"));
    };
    let benchmark = match value["id"].as_str() {
        Some(id) if !id.is_empty() => format!("{path} {id}"),
        _ => path.to_owned(),
    };
    for profile in value["profiles"].as_array().into_iter().flatten() {
        let tool = profile["tool"].as_str().unwrap_or_default();
        let kinds = profile["summaries"]["total"]["summary"].as_object();
        for (kind, metrics) in kinds.into_iter().flatten() {
            for (name, entry) in metrics.as_object().into_iter().flatten() {
                // Several tools count errors under the same names.
                let name = match kind.as_str() {
                    "ErrorTool" => format!("{tool} {name}"),
                    _ => canonical(name).to_owned(),
                };
                if let Some(number) = own(&entry["metrics"]) {
                    push(builder, &benchmark, &name, number, line)?;
                }
            }
        }
    }
    Ok(())
}

/// The number of this run: `Left`, or the first of `Both`.
fn own(metrics: &Value) -> Option<f64> {
    let value = metrics.get("Left").or_else(|| metrics.get("Both")?.get(0))?;
    value.get("Int").or_else(|| value.get("Float"))?.as_f64()
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options};

    fn numbers(text: &str) -> Vec<(String, f64)> {
        let input = Input::from_bytes("a.txt", text);
        let data: Dataset = crate::read(vec![input], &Options::default()).unwrap();
        let value = |o: &Observations| match o {
            Observations::Raw(raw) => raw.sample.values()[0],
            other => panic!("{other:?}"),
        };
        data.series.iter().map(|s| (s.name(), value(&s.observations))).collect()
    }

    #[test]
    fn the_left_number_is_the_runs_own() {
        let got = numbers(
            "running 0 tests\n\na::b::c short:10, \"x::y\"\n  Instructions:   1734|1650  (+5.1%)\n\
             \x20 RAM Hits:   N/A|3   (*****)\n  L1 Hit Rate:  99.5|N/A\na::b::c\n\
             \x20 Instructions:   5|N/A\n\nRegressions:\n\n  Instructions: 7|8\n",
        );
        let want = [
            ("Instructions{benchmark=a::b::c short}", 1734.0),
            ("L1 Hit Rate{benchmark=a::b::c short}", 99.5),
            ("Instructions{benchmark=a::b::c}", 5.0),
        ];
        assert_eq!(got, want.map(|(name, x)| (name.to_owned(), x)));
    }

    #[test]
    fn json_and_text_give_the_same_names() {
        let metrics = "{\"Ir\":{\"metrics\":{\"Both\":[{\"Int\":6},{\"Int\":7}]}},\
                       \"D1mr\":{\"metrics\":{\"Right\":{\"Int\":1}}}}";
        let got = numbers(&format!(
            "{{\"module_path\":\"a::b\",\"id\":\"x\",\"profiles\":[{{\"tool\":\"Callgrind\",\
             \"summaries\":{{\"total\":{{\"summary\":{{\"Callgrind\":{metrics}}}}}}}}}]}}\n"
        ));
        assert_eq!(got, [("Instructions{benchmark=a::b x}".to_owned(), 6.0)]);
        assert_eq!(
            (metric("Instructions").noise, metric("SysTime").noise),
            (Noise::Exact, Noise::Random)
        );
    }
}
