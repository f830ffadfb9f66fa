//! What `cargo bench` prints for `#[bench]` functions, and criterion's
//! `--output-format bencher`, which imitates it.
//!
//! ```text
//! test bench_fib_20 ... bench:      18,149 ns/iter (+/- 755)
//! ```
//! The number is a median. What stands behind `+/-` depends on who prints it: libtest gives
//! the range, largest minus smallest, of its winsorised samples; criterion gives their
//! standard deviation. Neither is an interval of a known level, nor can one tell which it
//! is, so the ends are kept as an interval *without* a level.

use std::collections::BTreeMap;

use tailproof_core::{Dimension, Direction, Metric, Rank, Summary, Unit};

use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;
use crate::format::scaled::with_commas;
use crate::format::{Head, criterion_text, lines};
use crate::input::Opened;

/// Text of which each line is the test harness's own, or which has a result and nothing of
/// criterion's console output.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    let lines = || head.text.lines().map(str::trim).filter(|l| !l.is_empty());
    let frame = |line: &str| line.starts_with("running ") || line.starts_with("test ");
    let found = lines().any(|line| result(line).is_some());
    (found || head.first.starts_with("running ") && lines().all(frame))
        && !criterion_text::matches(head)
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut harness = Harness::default();
    lines::each(input, builder, |builder, line, text| {
        harness.line(builder, line, text).map(|_| ())
    })?;
    harness.finish(builder);
    Ok(())
}

/// One result.
struct Bench<'a> {
    name: &'a str,
    value: f64,
    spread: f64,
    /// `ns/iter`, `cycles/iter`, `MS/s`.
    unit: &'a str,
}

/// Reads `test NAME ... bench: VALUE UNIT (+/- SPREAD)`, perhaps with ` = RATE MB/s` behind,
/// which says the same once more.
fn result(line: &str) -> Option<Bench<'_>> {
    let (name, rest) = line.trim().strip_prefix("test ")?.split_once("... bench:")?;
    let mut fields = rest.split_whitespace();
    let (value, unit) = (fields.next()?, fields.next()?);
    let spread = fields.next().filter(|&f| f == "(+/-").and_then(|_| fields.next())?;
    let spread = spread.strip_suffix(')')?;
    let (value, spread) = (with_commas(value)?, with_commas(spread)?);
    Some(Bench { name: name.trim(), value, spread, unit })
}

/// `time` for a time an iteration, `throughput` for a rate, else what is counted.
fn metric(unit: &str) -> Metric {
    let Some(counted) = unit.strip_suffix("/iter") else {
        let known = Unit::known(unit).unwrap_or_else(|| Unit::Named(unit.to_owned()));
        let mut metric = Metric::new("throughput", Some(known));
        if unit.ends_with("/s") {
            metric.direction = Direction::Higher;
        }
        return metric;
    };
    let time = |unit: &Unit| matches!(unit, Unit::Scaled { dimension: Dimension::Time, .. });
    if let Some(time) = Unit::known(counted).filter(time) {
        return Metric::new("time", Some(time));
    }
    let mut metric = Metric::new(counted, Some(Unit::Named(counted.to_owned())));
    metric.direction = Direction::Lower; // What one iteration costs.
    metric
}

/// Reads the harness's lines, on their own or among others.
#[derive(Default)]
pub(crate) struct Harness {
    targets: Targets,
    failed: u64,
}

impl Harness {
    /// Whether the line was a result.
    pub(crate) fn line(
        &mut self,
        builder: &mut Builder<'_>,
        line: u64,
        text: &str,
    ) -> Result<bool, IngestError> {
        self.targets.line(text);
        let text = text.trim();
        if text.starts_with("test ") && text.ends_with("... FAILED") {
            self.failed += 1;
        }
        let Some(bench) = result(text) else { return Ok(false) };
        let metric = metric(bench.unit);
        let target = self.targets.label(builder, bench.name);
        let mut labels = vec![("benchmark", bench.name)];
        labels.extend(target.as_deref().map(|t| ("target", t)));
        if let Some(series) = builder.described(metric, &labels, Kind::Summary, line)? {
            let summary = Summary {
                quantiles: vec![(Rank::MEDIAN, bench.value)],
                interval: Some((bench.value - bench.spread, bench.value + bench.spread, None)),
                ..Summary::default()
            };
            builder.push_summary(series, summary, When::default(), line)?;
        }
        Ok(true)
    }

    /// The label of a benchmark that something else than the harness reported.
    pub(crate) fn target(&mut self, builder: &mut Builder<'_>, name: &str) -> Option<String> {
        self.targets.label(builder, name)
    }

    pub(crate) fn finish(self, builder: &mut Builder<'_>) {
        if self.failed > 0 {
            builder.note(format!(
                "{}: {} tests or benchmarks FAILED and have no result",
                builder.file(),
                self.failed
            ));
        }
    }
}

/// Which target of a package is running, and who has used a name before.
#[derive(Default)]
struct Targets {
    now: String,
    owner: BTreeMap<String, String>,
}

impl Targets {
    /// `Running benches/name.rs (target/release/deps/name-0123456789abcdef)`.
    fn line(&mut self, text: &str) {
        let Some(rest) = text.trim().strip_prefix("Running ") else { return };
        let path = rest.rsplit_once('(').map_or(rest, |(_, inside)| inside.trim_end_matches(')'));
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        // The hash changes from build to build.
        file.rsplit_once('-').map_or(file, |(stem, _)| stem).clone_into(&mut self.now);
    }

    /// A target for a name that another target has taken; a name alone suffices otherwise.
    fn label(&mut self, builder: &mut Builder<'_>, name: &str) -> Option<String> {
        let owner = self.owner.entry(name.to_owned()).or_insert_with(|| self.now.clone());
        if *owner == self.now {
            return None;
        }
        builder.note(format!(
            "{}: {name} is in more than one target; those after the first have the label target",
            builder.file()
        ));
        Some(self.now.clone())
    }
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
    fn a_median_is_not_a_sample() {
        let data = parse("test a ... bench:  18,149.50 ns/iter (+/- 755) = 12 MB/s\n");
        let Observations::Summary(all) = &data.series[0].observations else { panic!("summary") };
        assert_eq!(all[0].quantiles, [(Rank::MEDIAN, 18_149.5)]);
        assert_eq!(all[0].interval, Some((17_394.5, 18_904.5, None)));
        assert_eq!(data.series[0].name(), "time{benchmark=a}");
    }

    #[test]
    fn units_say_what_is_measured() {
        for (unit, name, direction) in [
            ("ns/iter", "time", Direction::Lower),
            ("cycles/iter", "cycles", Direction::Lower),
            ("MS/s", "throughput", Direction::Higher),
        ] {
            let metric = metric(unit);
            assert_eq!((metric.name.as_str(), metric.direction), (name, direction));
        }
    }

    #[test]
    fn one_name_in_two_targets_is_two_benchmarks() {
        let bench = "test t::b ... bench: 5 ns/iter (+/- 1)\ntest t::c ... FAILED\n";
        let other = "     Running benches/x.rs (target/release/deps/x-12ab)\n";
        let data = parse(&format!("running 2 tests\n{bench}{other}{bench}"));
        assert_eq!(data.series.len(), 2);
        assert_eq!(data.series[1].labels["target"], "x");
        assert!(data.notes.iter().any(|n| n.contains("2 tests or benchmarks FAILED")));
    }
}
