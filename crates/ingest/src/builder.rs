use std::collections::{BTreeSet, HashMap};

use tailproof_core::{
    Dataset, Dimension, Direction, Labels, Metric, Observations, Raw, Sample, Series, Source, Unit,
    glob,
};

use crate::error::IngestError;
use crate::options::Options;

/// Most series of a data set; text that makes more is no label but an identifier.
const MOST_SERIES: usize = 1_000;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) line: u64,
    pub(crate) column: &'a str,
    pub(crate) text: &'a str,
}

/// Run and time of an observation, when the input has such columns.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct When {
    pub(crate) run: Option<u32>,
    pub(crate) time: Option<i64>,
}

/// Collects observations of all inputs, series by series.
pub(crate) struct Builder<'a> {
    pub(crate) options: &'a Options,
    inputs: usize,
    index: usize,
    file: String,
    series: Vec<Growing>,
    by_key: HashMap<(String, Vec<(String, String)>), usize>,
    runs: HashMap<(usize, String), u32>,
    /// Metrics met so far, wanted or not, for messages.
    met: BTreeSet<String>,
    /// What people should know of the data.
    notes: Vec<String>,
}

struct Growing {
    metric: Metric,
    labels: Labels,
    /// The unit that data, command line or configuration state.
    known: Option<Unit>,
    nonnegative: bool,
    values: Values,
    run: Vec<u32>,
    time: Vec<i64>,
    /// Input of the first element, and whether another one followed.
    input: usize,
    merged: bool,
}

enum Values {
    Raw(Vec<f64>),
    Events(Vec<(u64, u64)>),
}

impl Growing {
    fn len(&self) -> usize {
        match &self.values {
            Values::Raw(v) => v.len(),
            Values::Events(v) => v.len(),
        }
    }
}

impl<'a> Builder<'a> {
    pub(crate) fn new(options: &'a Options, inputs: usize) -> Self {
        Self {
            options,
            inputs,
            index: 0,
            file: String::new(),
            series: Vec::new(),
            by_key: HashMap::new(),
            runs: HashMap::new(),
            met: BTreeSet::new(),
            notes: Vec::new(),
        }
    }

    /// Begins an input.
    pub(crate) fn start(&mut self, index: usize, file: &str) {
        self.index = index;
        file.clone_into(&mut self.file);
    }

    /// Whether the metric under this heading is kept; remembers it for messages.
    pub(crate) fn wants(&mut self, heading: &str) -> bool {
        let (name, _) = Unit::split_heading(heading);
        // Enough for a message; what is wanted is always remembered by its series.
        if self.met.len() < MOST_SERIES && !self.met.contains(heading) {
            self.met.insert(heading.to_owned());
        }
        self.options.wants(heading, &name)
    }

    /// Whether this heading has been a metric before.
    pub(crate) fn has_met(&self, heading: &str) -> bool {
        self.met.contains(heading)
    }

    /// A number identifying a run of this input by its label.
    pub(crate) fn run(&mut self, label: &str) -> u32 {
        let next = self.runs.len() as u32;
        *self.runs.entry((self.index, label.to_owned())).or_insert(next)
    }

    /// The series of a heading and labels, made when it is new.
    pub(crate) fn series(
        &mut self,
        heading: &str,
        labels: &[(String, String)],
        stated: Option<&Unit>,
        events: bool,
        line: u64,
    ) -> Result<usize, IngestError> {
        let (name, unit) = if heading == "value" {
            (self.options.default_name(), None)
        } else {
            Unit::split_heading(heading)
        };
        let unit = stated.cloned().or(unit);
        let (configured, direction) = self.options.stated(&name);
        for (said, other) in [("--unit", &self.options.unit), ("the configuration", &configured)] {
            if let (Some(have), Some(other)) = (&unit, other)
                && have != other
            {
                return Err(IngestError::UnitConflict {
                    file: self.file.clone(),
                    metric: name,
                    have: have.to_string(),
                    said,
                    other: other.to_string(),
                });
            }
        }
        let known = unit.or_else(|| self.options.unit.clone()).or(configured);
        let supposed = if known.is_some() { Vec::new() } else { self.options.supposed(&name) };
        if let [first, second, ..] = supposed.as_slice() {
            return Err(IngestError::UnitConflict {
                file: self.file.clone(),
                metric: name,
                have: format!("no unit, {first} by one objective"),
                said: "another objective (say which with --unit)",
                other: second.to_string(),
            });
        }
        let unit = known.clone().or_else(|| supposed.into_iter().next());
        let key = (name.clone(), labels.to_vec());
        if let Some(&found) = self.by_key.get(&key) {
            let own = &self.series[found];
            if own.known != known {
                let text = |u: &Option<Unit>| u.as_ref().map_or("no unit".into(), Unit::to_string);
                return Err(IngestError::UnitConflict {
                    file: self.file.clone(),
                    metric: name,
                    have: text(&known),
                    said: "another column or input",
                    other: text(&own.known),
                });
            }
            return Ok(found);
        }
        if known.is_none()
            && let Some(unit) = &unit
        {
            let note = format!(
                "the data state no unit for {name}: taken as {unit}, which the objective uses \
                 (--unit says otherwise)"
            );
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        if self.series.len() >= MOST_SERIES {
            return Err(IngestError::TooManySeries {
                file: self.file.clone(),
                line,
                columns: labels.iter().map(|l| l.0.as_str()).collect::<Vec<_>>().join(", "),
                limit: MOST_SERIES,
            });
        }
        let mut metric = Metric::new(name, unit);
        if let Some(direction) = direction {
            metric.direction = direction;
        } else if events {
            metric.direction = Direction::Higher;
        }
        let nonnegative =
            matches!(metric.unit, Some(Unit::Scaled { dimension: Dimension::Time, .. }));
        self.series.push(Growing {
            metric,
            labels: labels.iter().cloned().collect(),
            known,
            nonnegative,
            values: if events { Values::Events(Vec::new()) } else { Values::Raw(Vec::new()) },
            run: Vec::new(),
            time: Vec::new(),
            input: self.index,
            merged: false,
        });
        self.by_key.insert(key, self.series.len() - 1);
        Ok(self.series.len() - 1)
    }

    /// Adds an observation; refuses what is not finite, and negative durations.
    pub(crate) fn push(
        &mut self,
        series: usize,
        value: f64,
        when: When,
        at: At<'_>,
    ) -> Result<(), IngestError> {
        if !value.is_finite() {
            return Err(self.cell(at, "a measurement is a finite number"));
        }
        let own = &mut self.series[series];
        if own.nonnegative && value < 0.0 {
            return Err(self.cell(at, "a duration is not negative"));
        }
        let Values::Raw(values) = &mut own.values else {
            return Err(self.cell(at, "this metric is a count of events elsewhere"));
        };
        values.push(value);
        self.place(series, when).map_err(|problem| self.line_error(at.line, problem))
    }

    /// Adds a window of events.
    pub(crate) fn push_events(
        &mut self,
        series: usize,
        good: u64,
        total: u64,
        when: When,
        at: At<'_>,
    ) -> Result<(), IngestError> {
        /// Largest total of a window; sums of 2¹² of them still fit exactly.
        const MOST_EVENTS: u64 = 1 << 40;
        if total > MOST_EVENTS {
            return Err(self.cell(at, "a window counts at most 2^40 events"));
        }
        if good > total {
            return Err(self.cell(at, "good events are among the total"));
        }
        let Values::Events(events) = &mut self.series[series].values else {
            return Err(self.cell(at, "this metric holds values elsewhere"));
        };
        events.push((good, total));
        self.place(series, when).map_err(|problem| self.line_error(at.line, problem))
    }

    /// Notes run and time of the element just added.
    fn place(&mut self, series: usize, when: When) -> Result<(), &'static str> {
        let (index, several) = (self.index, self.inputs > 1);
        let run = when.run.or_else(|| several.then(|| self.run("")));
        let own = &mut self.series[series];
        own.merged |= own.input != index;
        let before = own.len() - 1;
        let mixed = |has: bool, len: usize| has && len != before || !has && len != 0;
        if mixed(run.is_some(), own.run.len()) {
            return Err("some observations of a series have a run and some do not");
        }
        if mixed(when.time.is_some(), own.time.len()) {
            return Err("some observations of a series have a time and some do not");
        }
        own.run.extend(run);
        own.time.extend(when.time);
        Ok(())
    }

    pub(crate) fn cell(&self, at: At<'_>, problem: &str) -> IngestError {
        IngestError::Cell {
            file: self.file.clone(),
            line: at.line,
            column: at.column.to_owned(),
            value: at.text.chars().take(80).collect(),
            problem: problem.to_owned(),
        }
    }

    pub(crate) fn line_error(&self, line: u64, problem: impl Into<String>) -> IngestError {
        IngestError::Line { file: self.file.clone(), line, problem: problem.into() }
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn finish(self, sources: Vec<Source>) -> Result<Dataset, IngestError> {
        let files = sources.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        if self.series.is_empty() && self.met.is_empty() {
            return Err(IngestError::Empty(files));
        }
        for wanted in &self.options.wanted {
            let there = self.series.iter().any(|s| glob(wanted, &s.metric.name))
                || self.met.iter().any(|m| glob(wanted, m));
            if !there {
                let mut have = self.met.clone();
                have.extend(self.series.iter().map(|s| s.metric.name.clone()));
                let have: Vec<String> = have.into_iter().collect();
                return Err(IngestError::MissingColumn {
                    file: files,
                    wanted: wanted.clone(),
                    have: if have.is_empty() {
                        "no numeric column".into()
                    } else {
                        have.join(", ")
                    },
                });
            }
        }
        if self.series.is_empty() {
            return Err(IngestError::Empty(files));
        }
        let series = self.series.into_iter().map(Growing::finish).collect();
        Ok(Dataset { series, sources, generator: None, notes: self.notes })
    }
}

impl Growing {
    fn finish(self) -> Series {
        let Self { metric, labels, mut values, mut run, mut time, merged, .. } = self;
        let timed = !time.is_empty();
        if timed && !time.is_sorted() {
            let mut order: Vec<u32> = (0..time.len() as u32).collect();
            order.sort_by_key(|&i| time[i as usize]);
            match &mut values {
                Values::Raw(v) => permute(v, &order),
                Values::Events(v) => permute(v, &order),
            }
            permute(&mut time, &order);
            if !run.is_empty() {
                permute(&mut run, &order);
            }
        }
        let observations = match values {
            Values::Events(events) => Observations::Events(events),
            Values::Raw(mut values) => {
                values.shrink_to_fit();
                let sample =
                    Sample::new(values).expect("only finite values are pushed, one at least");
                let ordered = timed || !merged;
                Observations::Raw(Raw::complete(if ordered {
                    sample.in_time_order()
                } else {
                    sample
                }))
            }
        };
        Series {
            metric,
            labels,
            observations,
            run: (!run.is_empty()).then_some(run),
            time: timed.then_some(time),
        }
    }
}

fn permute<T: Copy>(values: &mut [T], order: &[u32]) {
    let old = values.to_vec();
    for (slot, &i) in values.iter_mut().zip(order) {
        *slot = old[i as usize];
    }
}
