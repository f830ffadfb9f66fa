//! Sorts single points of k6 into series; counters and rates are gathered by the second.

use std::collections::{BTreeMap, HashMap};

use super::{Contains, Declared, Type, explain_failures, good_when_set};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::cache::key_part;

/// Most metrics of a file; more names than that are no metrics but identifiers.
const MOST_METRICS: usize = 10_000;
const SECOND: i64 = 1_000_000_000;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<'a> {
    pub(super) metric: &'a str,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) value: f64,
    /// Names and values; those with an empty value are not there.
    pub(super) labels: &'a [(&'a str, &'a str)],
    /// Whether the request of this point failed.
    pub(super) failed: bool,
}

/// What happened in a second.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    sum: f64,
    set: u64,
    total: u64,
    line: u64,
}

struct Known {
    declared: Declared,
    /// Set once the metric is found not to be wanted.
    unwanted: bool,
}

struct Target {
    index: usize,
    declared: Declared,
    /// Whether a value that is not zero is a good event.
    good_when_set: bool,
    seconds: BTreeMap<i64, Window>,
}

/// Sorts points into series; looks each up without allocating.
#[derive(Default)]
pub(super) struct Recorder {
    metrics: HashMap<String, Known>,
    /// Positions in `targets` by metric and label values.
    by_key: HashMap<Vec<u8>, usize>,
    targets: Vec<Target>,
    key: Vec<u8>,
}

impl Recorder {
    /// Takes a declaration of a metric.
    pub(super) fn declare(
        &mut self,
        builder: &mut Builder<'_>,
        name: &str,
        declared: Declared,
        line: u64,
    ) -> Result<(), IngestError> {
        if self.metrics.get(name).is_some_and(|known| known.declared != declared) {
            return Err(builder.line_error(line, format!("the metric {name} is declared twice")));
        }
        if self.metrics.len() >= MOST_METRICS {
            let problem = format!("more than {MOST_METRICS} metrics");
            return Err(builder.line_error(line, problem));
        }
        let known = Known { declared, unwanted: false };
        self.metrics.entry(name.to_owned()).or_insert(known);
        Ok(())
    }

    /// Takes a point.
    pub(super) fn record(
        &mut self,
        builder: &mut Builder<'_>,
        point: &Point<'_>,
        line: u64,
    ) -> Result<(), IngestError> {
        self.key.clear();
        key_part(&mut self.key, point.metric.as_bytes());
        for (_, value) in point.labels {
            key_part(&mut self.key, value.as_bytes());
        }
        let found = match self.by_key.get(&self.key) {
            Some(&found) => Some(found),
            None => self.begin(builder, point, line)?,
        };
        let Some(target) = found else { return Ok(()) };
        let target = &mut self.targets[target];
        // The text is formed only for a message.
        let sound = point.value.is_finite() && point.value >= 0.0;
        let text = if sound { String::new() } else { point.value.to_string() };
        let at = At { line, column: "value", text: &text };
        let when = When { time: Some(point.time), ..When::default() };
        match target.declared.kind {
            Type::Trend if point.failed => builder.push_above(target.index, point.value, when, at),
            Type::Trend | Type::Gauge => builder.push(target.index, point.value, when, at),
            Type::Counter | Type::Rate => {
                if !point.value.is_finite() {
                    return Err(builder.cell(at, "a measurement is a finite number"));
                }
                target.count(point, line);
                Ok(())
            }
        }
    }

    /// The series of a point that is the first of its labels; `None` when its metric is not
    /// wanted.
    fn begin(
        &mut self,
        builder: &mut Builder<'_>,
        point: &Point<'_>,
        line: u64,
    ) -> Result<Option<usize>, IngestError> {
        let Some(known) = self.metrics.get(point.metric) else {
            let declared = Declared::built_in(point.metric).unwrap_or_else(|| {
                builder.note(format!(
                    "nothing says what kind of metric {} is: its points are taken as values \
                     without a unit",
                    point.metric
                ));
                Declared { kind: Type::Trend, contains: Contains::Default }
            });
            self.declare(builder, point.metric, declared, line)?;
            return self.begin(builder, point, line);
        };
        if known.unwanted {
            return Ok(None);
        }
        let declared = known.declared;
        let labels: Vec<(&str, &str)> =
            point.labels.iter().filter(|(_, value)| !value.is_empty()).copied().collect();
        let kind = if declared.kind == Type::Rate { Kind::Events } else { Kind::Raw };
        let metric = declared.metric(point.metric);
        let Some(index) = builder.described(metric, &labels, kind, line)? else {
            let known = self.metrics.get_mut(point.metric).expect("looked up above");
            known.unwanted = true;
            return Ok(None);
        };
        match declared.kind {
            Type::Counter => builder.note(
                "counters of k6 are read as totals a second; the first and the last second may be \
                 cut, and seconds without a point are left out"
                    .into(),
            ),
            Type::Rate if point.metric == "http_req_failed" => explain_failures(builder),
            _ => {}
        }
        self.targets.push(Target {
            index,
            declared,
            good_when_set: good_when_set(point.metric),
            seconds: BTreeMap::new(),
        });
        self.by_key.insert(self.key.clone(), self.targets.len() - 1);
        Ok(Some(self.targets.len() - 1))
    }

    /// Hands over what was gathered by the second.
    pub(super) fn finish(self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        for target in self.targets {
            for (second, window) in target.seconds {
                let time = second.saturating_add(1).saturating_mul(SECOND);
                let when = When { time: Some(time), ..When::default() };
                let at = At { line: window.line, column: "value", text: "" };
                if target.declared.kind == Type::Rate {
                    let good =
                        if target.good_when_set { window.set } else { window.total - window.set };
                    builder.push_events(target.index, good, window.total, when, at)?;
                } else {
                    builder.push(target.index, window.sum, when, at)?;
                }
            }
        }
        Ok(())
    }
}

impl Target {
    fn count(&mut self, point: &Point<'_>, line: u64) {
        let window = self.seconds.entry(point.time.div_euclid(SECOND)).or_default();
        window.sum += point.value;
        window.set += u64::from(point.value != 0.0);
        window.total += 1;
        window.line = line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn a_second_is_one_window_whatever_the_order() {
        let options = Options::default();
        let mut builder = Builder::new(&options, false);
        let mut recorder = Recorder::default();
        for (time, value) in [(1, 1.0), (SECOND + 5, 0.0), (SECOND - 1, 1.0), (SECOND, 1.0)] {
            let point = Point { metric: "checks", time, value, labels: &[], failed: false };
            recorder.record(&mut builder, &point, 1).unwrap();
        }
        let windows: Vec<(i64, u64, u64)> =
            recorder.targets[0].seconds.iter().map(|(s, w)| (*s, w.set, w.total)).collect();
        assert_eq!(windows, [(0, 2, 2), (1, 1, 2)]);
        recorder.finish(&mut builder).unwrap();
    }

    #[test]
    fn a_metric_is_declared_once() {
        let options = Options::default();
        let mut builder = Builder::new(&options, false);
        let mut recorder = Recorder::default();
        let mut declare = |kind: &str| {
            let declared = Declared::parse(kind, "time").unwrap();
            recorder.declare(&mut builder, "m", declared, 1)
        };
        assert!(declare("trend").is_ok() && declare("trend").is_ok() && declare("rate").is_err());
    }
}
