//! The text of `go test -bench`: one line a measurement, repeated lines are samples.
//!
//! ```text
//! pkg: hash/crc32
//! Unit text-bytes assume=exact
//! BenchmarkCRC32/size=15-8    3000000    43.6 ns/op    343.87 MB/s
//! ```
//! Names stay as printed, prefix and processor count included. Of the configuration lines
//! only `pkg` is a label: two packages may have a benchmark of one name, whereas machine and
//! commit differ between files that are to be compared. Another key that changes *within* a
//! file is noted, for benchstat would make tables of it.
//!
//! # Source
//! The Go benchmark data format, golang.org/design/14313-benchmark-format.

use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::{Direction, Metric, Noise, Unit};

use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::{Head, lines};
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.text.lines().any(|line| measurement(line).is_some())
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut state = State::default();
    lines::each(input, builder, |builder, line, text| state.line(builder, line, text))?;
    state.finish(builder);
    Ok(())
}

/// A benchmark's name and its value-unit pairs.
fn measurement(line: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let name = line.split_whitespace().next().filter(|_| is_benchmark(line))?;
    let mut fields = line.split_whitespace().skip(1);
    fields.next()?.parse::<u64>().ok()?;
    let fields: Vec<&str> = fields.collect();
    let pairs: Vec<(&str, &str)> = fields
        .chunks(2)
        .map(|pair| match pair {
            [value, unit] => {
                let fits = value.parse::<f64>().is_ok() && unit.parse::<f64>().is_err();
                fits.then_some((*value, *unit))
            }
            _ => None,
        })
        .collect::<Option<_>>()?;
    (!pairs.is_empty()).then_some((name, pairs))
}

/// `BenchmarkX`, `Benchmark_x`, `Benchmark`; not `Benchmarking`.
fn is_benchmark(line: &str) -> bool {
    let rest = line.strip_prefix("Benchmark");
    rest.is_some_and(|r| !r.starts_with(char::is_lowercase))
}

/// `pkg: hash/crc32`: a key that begins in lower case and has no space, and its value.
fn configuration(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let named = key.starts_with(char::is_lowercase)
        && !key.contains(|c: char| c.is_whitespace() || c.is_uppercase());
    let apart = value.is_empty() || value.starts_with([' ', '\t']);
    (named && apart).then_some((key, value.trim()))
}

/// How lines begin that tell of a failure.
const FAILURES: [&str; 3] = ["--- FAIL", "FAIL\t", "panic:"];

#[derive(Default)]
struct State {
    /// What `Unit` lines say of a unit.
    units: BTreeMap<String, Stated>,
    /// Units that have been measured.
    met: BTreeMap<String, Metric>,
    configuration: BTreeMap<String, String>,
    /// Keys whose change has been noted.
    changed: BTreeSet<String>,
    measured: bool,
    /// Lines of the text that hold no measurement, failed benchmarks among them.
    foreign: u64,
    failed: u64,
}

#[derive(Clone, Copy, Default)]
struct Stated {
    exact: bool,
    better: Option<Direction>,
}

impl State {
    fn line(
        &mut self,
        builder: &mut Builder<'_>,
        line: u64,
        text: &str,
    ) -> Result<(), IngestError> {
        if let Some((name, pairs)) = measurement(text) {
            return self.add(builder, line, name, &pairs);
        }
        if let Some(rest) = text.strip_prefix("Unit ") {
            self.unit(builder, line, rest);
        } else if FAILURES.iter().any(|f| text.trim_start().starts_with(f)) {
            self.failed += 1;
        } else if let Some((key, value)) = configuration(text) {
            self.configure(builder, line, key, value);
        } else if !is_frame(text) {
            self.foreign += 1;
        }
        Ok(())
    }

    fn add(
        &mut self,
        builder: &mut Builder<'_>,
        line: u64,
        name: &str,
        pairs: &[(&str, &str)],
    ) -> Result<(), IngestError> {
        self.measured = true;
        let package = self.configuration.get("pkg").filter(|p| !p.is_empty());
        let mut labels = vec![("benchmark", name)];
        labels.extend(package.map(|p| ("pkg", p.as_str())));
        for &(text, unit) in pairs {
            let stated = self.units.get(unit).copied().unwrap_or_default();
            let entry = self.met.entry(unit.to_owned());
            let metric = entry.or_insert_with(|| metric(unit, stated)).clone();
            let Some(series) = builder.described(metric, &labels, Kind::Raw, line)? else {
                continue;
            };
            let at = At { line, column: unit, text };
            let Ok(value) = text.parse::<f64>() else { return Err(builder.cell(at, "a number")) };
            builder.push(series, value, When::default(), at)?;
        }
        Ok(())
    }

    /// `Unit text-bytes assume=exact better=lower`.
    fn unit(&mut self, builder: &mut Builder<'_>, line: u64, rest: &str) {
        let mut fields = rest.split_whitespace();
        let Some(unit) = fields.next() else { return };
        if self.met.contains_key(unit) {
            builder.note(format!(
                "{}, line {line}: what is said of unit {unit} comes after its measurements, and \
                 is not used",
                builder.file()
            ));
            return;
        }
        let stated = self.units.entry(unit.to_owned()).or_default();
        for field in fields {
            match field {
                "assume=exact" => stated.exact = true,
                "assume=nothing" => stated.exact = false,
                "better=higher" => stated.better = Some(Direction::Higher),
                "better=lower" => stated.better = Some(Direction::Lower),
                _ => {}
            }
        }
    }

    fn configure(&mut self, builder: &mut Builder<'_>, line: u64, key: &str, value: &str) {
        let before = self.configuration.insert(key.to_owned(), value.to_owned());
        let before = before.filter(|b| b != value && key != "pkg" && self.measured);
        if let Some(before) = before.filter(|_| self.changed.insert(key.to_owned())) {
            builder.note(format!(
                "{}, line {line}: {key} changes from {before:?} to {value:?}; measurements under \
                 both stand together (split the file to compare them)",
                builder.file()
            ));
        }
    }

    fn finish(self, builder: &mut Builder<'_>) {
        for (count, what) in [
            (self.failed, "say that a test or benchmark failed"),
            (self.foreign, "are no benchmark results and were skipped"),
        ] {
            if count > 0 {
                builder.note(format!("{}: {count} lines {what}", builder.file()));
            }
        }
    }
}

/// Lines that frame the results: blank ones, comments, verdicts, a name without a result.
fn is_frame(line: &str) -> bool {
    let text = line.trim();
    text.is_empty()
        || text.starts_with('#')
        || ["PASS", "FAIL", "ok", "testing:", "---", "===", "coverage:", "?"]
            .contains(&text.split_whitespace().next().unwrap_or_default())
        || is_benchmark(text) && !text.contains(char::is_whitespace)
}

/// The metric of a unit, which is also its name, but for the two that every tool has.
fn metric(unit: &str, stated: Stated) -> Metric {
    let mut metric = match unit {
        "ns/op" => Metric::new("time", Unit::known("ns")),
        "MB/s" | "B/s" => Metric::new("throughput", Unit::known(unit)),
        "B/op" => Metric::new(unit, Unit::known("B")),
        _ => Metric::new(unit, Some(Unit::Named(unit.to_owned()))),
    };
    // What an operation costs, by the format's conventions for names of units.
    let cost = ["/op", "-op", "-bytes", "-ns"].iter().any(|suffix| unit.ends_with(suffix));
    if cost && metric.direction == Direction::Unknown {
        metric.direction = Direction::Lower;
    }
    metric.direction = stated.better.unwrap_or(metric.direction);
    if stated.exact {
        metric.noise = Noise::Exact;
    }
    metric
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options};

    fn parse(text: &str) -> Dataset {
        crate::read(vec![Input::from_bytes("a.txt", text)], &Options::default()).unwrap()
    }

    #[test]
    fn repeated_lines_are_samples() {
        let data =
            parse("BenchmarkA-8 10 5 ns/op 2 allocs/op\nBenchmarkA-8 10 7.5 ns/op 2 allocs/op\n");
        let (time, allocs) = (&data.series[0], &data.series[1]);
        let Observations::Raw(raw) = &time.observations else { panic!("raw") };
        assert_eq!(raw.sample.values(), [5.0, 7.5]);
        assert_eq!(time.name(), "time{benchmark=BenchmarkA-8}");
        assert_eq!(time.metric.direction, Direction::Lower);
        assert_eq!(
            (allocs.metric.name.as_str(), allocs.metric.noise),
            ("allocs/op", Noise::Random)
        );
        assert_eq!(allocs.metric.direction, Direction::Lower);
    }

    #[test]
    fn packages_are_kept_apart_and_units_are_as_declared() {
        let data = parse(
            "Unit size assume=exact better=higher\npkg: a\nBenchmarkX 1 3 size\nPASS\npkg: b\n\
             BenchmarkX 1 4 size\nnote: x\nBenchmarkX 1 5 size\nnote: y\noops\n--- FAIL: BenchmarkY\n",
        );
        assert_eq!(data.series.len(), 2);
        assert_eq!(data.series[1].labels["pkg"], "b");
        let metric = &data.series[0].metric;
        assert_eq!((metric.noise, metric.direction), (Noise::Exact, Direction::Higher));
        assert!(data.notes.iter().any(|n| n.contains("note changes from \"x\" to \"y\"")));
        assert!(data.notes.iter().any(|n| n.contains("1 lines are no benchmark results")));
        assert!(data.notes.iter().any(|n| n.contains("1 lines say that a test")));
    }

    #[test]
    fn other_text_is_no_measurement() {
        for line in [
            "Benchmarking file: Warming up for 3.0000 s",
            "BenchmarkFib10",
            "BenchmarkA-8 10 5",
            "BenchmarkA-8 x 5 ns/op",
            "BenchmarkA-8 10 5 6",
            "benchmarkA 10 5 ns/op",
        ] {
            assert!(measurement(line).is_none(), "{line}");
        }
    }
}
