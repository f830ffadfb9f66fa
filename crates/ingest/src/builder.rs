use std::collections::{BTreeSet, HashMap};

use tailproof_core::{
    Binned, Dataset, Dimension, Direction, Ecdf, Loop, Metric, Source, Summary, Unit, glob,
};

use crate::error::IngestError;
pub(crate) use crate::growing::Kind;
use crate::growing::{Growing, Values};
use crate::options::Options;

/// Most series that text columns make; text that makes more is no label but an identifier.
const MOST_SERIES: usize = 1_000;
/// Most series that formats with benchmarks of their own make.
const MOST_BENCHMARKS: usize = 100_000;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) line: u64,
    pub(crate) column: &'a str,
    pub(crate) text: &'a str,
}

/// Run, time and mark of an observation, when the input has such columns.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct When {
    pub(crate) run: Option<u32>,
    pub(crate) time: Option<i64>,
    /// A number that [`Builder::mark`] gave.
    pub(crate) mark: Option<u32>,
}

/// Collects observations of all inputs, series by series.
pub(crate) struct Builder<'a> {
    pub(crate) options: &'a Options,
    /// Whether there is more than one input, each a run of its own.
    several: bool,
    /// The input, or the folder that it is part of.
    index: usize,
    file: String,
    /// Labels of everything in the input.
    labels: Vec<(String, String)>,
    generator: Option<Loop>,
    /// The number of the input's own run, when it has been asked for.
    own_run: Option<u32>,
    series: Vec<Growing>,
    by_key: HashMap<(String, Vec<(String, String)>), usize>,
    runs: HashMap<(usize, String), u32>,
    /// Texts that elements are marked with, such as commits.
    marks: Vec<String>,
    by_mark: HashMap<String, u32>,
    /// Metrics met so far, wanted or not, for messages.
    met: BTreeSet<String>,
    /// What people should know of the data.
    notes: Vec<String>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(options: &'a Options, several: bool) -> Self {
        Self {
            options,
            several,
            index: 0,
            file: String::new(),
            labels: Vec::new(),
            generator: None,
            own_run: None,
            series: Vec::new(),
            by_key: HashMap::new(),
            runs: HashMap::new(),
            marks: Vec::new(),
            by_mark: HashMap::new(),
            met: BTreeSet::new(),
            notes: Vec::new(),
        }
    }

    /// Begins an input; inputs of the same index are one run.
    pub(crate) fn start(&mut self, index: usize, file: &str, labels: Vec<(String, String)>) {
        self.index = index;
        self.labels = labels;
        self.own_run = None;
        file.clone_into(&mut self.file);
    }

    /// Says what people should know of the data, once.
    pub(crate) fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Says whether the load waited for answers; closed loops count when inputs differ.
    pub(crate) fn generator(&mut self, kind: Loop) {
        if self.generator != Some(Loop::Closed) {
            self.generator = Some(kind);
        }
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

    /// A number standing for the text that elements are marked with, such as a commit.
    pub(crate) fn mark(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.by_mark.get(text) {
            return known;
        }
        self.marks.push(text.to_owned());
        self.by_mark.insert(text.to_owned(), self.marks.len() as u32 - 1);
        self.marks.len() as u32 - 1
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
        let labels = self.with_own(labels);
        let key = (name.clone(), labels.clone());
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
            self.note(format!(
                "the data state no unit for {name}: taken as {unit}, which the objective uses \
                 (--unit says otherwise)"
            ));
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
        let kind = if events { Kind::Events } else { Kind::Raw };
        Ok(self.begin(metric, labels, known, kind))
    }

    /// The labels of the input, then those of its record.
    fn with_own(&self, labels: &[(String, String)]) -> Vec<(String, String)> {
        self.labels.iter().chain(labels).cloned().collect()
    }

    /// The series of a metric that a format with a structure of its own describes; `None` when
    /// it is not wanted.
    pub(crate) fn described(
        &mut self,
        mut metric: Metric,
        labels: &[(&str, &str)],
        kind: Kind,
        line: u64,
    ) -> Result<Option<usize>, IngestError> {
        if !self.wants(&metric.name) {
            return Ok(None);
        }
        let kept = |name: &str| match &self.options.labels {
            Some(listed) => name == "benchmark" || listed.iter().any(|l| l == name),
            None => true,
        };
        let owned = labels.iter().filter(|l| kept(l.0)).map(|l| (l.0.to_owned(), l.1.to_owned()));
        let mut labels = self.with_own(&owned.collect::<Vec<_>>());
        labels.sort();
        labels.dedup_by(|a, b| a.0 == b.0);
        let (configured, direction) = self.options.stated(&metric.name);
        metric.unit = metric.unit.or_else(|| self.options.unit.clone()).or(configured);
        metric.direction = direction.unwrap_or(metric.direction);
        let key = (metric.name.clone(), labels.clone());
        let Some(&found) = self.by_key.get(&key) else {
            if self.series.len() >= MOST_BENCHMARKS {
                return Err(self.line_error(line, format!("more than {MOST_BENCHMARKS} series")));
            }
            let known = metric.unit.clone();
            return Ok(Some(self.begin(metric, labels, known, kind)));
        };
        let own = &self.series[found];
        if own.metric.unit != metric.unit {
            let text = |u: &Option<Unit>| u.as_ref().map_or("no unit".into(), Unit::to_string);
            return Err(IngestError::UnitConflict {
                file: self.file.clone(),
                metric: metric.name,
                have: text(&metric.unit),
                said: "another record or input",
                other: text(&own.metric.unit),
            });
        }
        if own.values.kind() != kind {
            let problem = format!(
                "{} is there in two kinds (samples, summaries, histograms or counts), which cannot \
                 be one series",
                metric.name
            );
            return Err(self.line_error(line, problem));
        }
        Ok(Some(found))
    }

    /// Begins a series.
    fn begin(
        &mut self,
        metric: Metric,
        labels: Vec<(String, String)>,
        known: Option<Unit>,
        kind: Kind,
    ) -> usize {
        let nonnegative =
            matches!(metric.unit, Some(Unit::Scaled { dimension: Dimension::Time, .. }));
        let key = (metric.name.clone(), labels.clone());
        self.series.push(Growing {
            metric,
            labels: labels.into_iter().collect(),
            known,
            nonnegative,
            values: Values::new(kind),
            run: Vec::new(),
            time: Vec::new(),
            marks: Vec::new(),
            input: self.index,
            merged: false,
        });
        self.by_key.insert(key, self.series.len() - 1);
        self.series.len() - 1
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
        let Values::Raw(values, _) = &mut own.values else {
            return Err(self.cell(at, "this metric is a count of events elsewhere"));
        };
        values.push(value);
        self.place(series, when, at.line)
    }

    /// Adds an observation that is only known to lie above `limit`: a request that failed or
    /// timed out after so long.
    pub(crate) fn push_above(
        &mut self,
        series: usize,
        limit: f64,
        when: When,
        at: At<'_>,
    ) -> Result<(), IngestError> {
        self.push(series, limit, when, at)?;
        if let Values::Raw(values, above) = &mut self.series[series].values {
            above.push(values.len() as u32 - 1);
        }
        Ok(())
    }

    /// Adds what a tool printed instead of samples.
    pub(crate) fn push_summary(
        &mut self,
        series: usize,
        summary: Summary,
        when: When,
        line: u64,
    ) -> Result<(), IngestError> {
        let own = &mut self.series[series];
        let name = own.metric.name.clone();
        let wrong = |x: &f64| !x.is_finite() || own.nonnegative && *x < 0.0;
        if let Some(bad) = numbers(&summary).into_iter().find(wrong) {
            return Err(self.line_error(line, format!("{name} cannot be {bad}")));
        }
        let Values::Summary(values) = &mut own.values else {
            return Err(self.line_error(line, format!("{name} is no summary elsewhere")));
        };
        values.push(summary);
        self.place(series, when, line)
    }

    /// Adds a histogram.
    pub(crate) fn push_binned(
        &mut self,
        series: usize,
        binned: Binned,
        when: When,
        line: u64,
    ) -> Result<(), IngestError> {
        let own = &mut self.series[series];
        let Values::Binned(values) = &mut own.values else {
            let problem = format!("{} is no histogram elsewhere", own.metric.name);
            return Err(self.line_error(line, problem));
        };
        values.push(binned);
        self.place(series, when, line)
    }

    /// Adds values with counts.
    pub(crate) fn push_atoms(
        &mut self,
        series: usize,
        atoms: Ecdf,
        when: When,
        line: u64,
    ) -> Result<(), IngestError> {
        let own = &mut self.series[series];
        let Values::Atoms(values) = &mut own.values else {
            let problem = format!("{} has no counted values elsewhere", own.metric.name);
            return Err(self.line_error(line, problem));
        };
        values.push(atoms);
        self.place(series, when, line)
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
        self.place(series, when, at.line)
    }

    /// Notes run and time of the element just added.
    fn place(&mut self, series: usize, when: When, line: u64) -> Result<(), IngestError> {
        let index = self.index;
        let run = match (when.run, self.own_run) {
            (None, Some(own)) => Some(own),
            (None, None) if self.several => {
                self.own_run = Some(self.run(""));
                self.own_run
            }
            (stated, _) => stated,
        };
        let own = &mut self.series[series];
        own.merged |= own.input != index;
        let before = own.values.len() - 1;
        let mixed = |has: bool, len: usize| has && len != before || !has && len != 0;
        let (runs, times, marks) = (own.run.len(), own.time.len(), own.marks.len());
        for (what, has, len) in [
            ("run", run.is_some(), runs),
            ("time", when.time.is_some(), times),
            ("mark", when.mark.is_some(), marks),
        ] {
            if mixed(has, len) {
                let problem =
                    format!("some observations of a series have a {what} and some do not");
                return Err(self.line_error(line, problem));
            }
        }
        let own = &mut self.series[series];
        own.run.extend(run);
        own.time.extend(when.time);
        own.marks.extend(when.mark.map(|m| self.marks[m as usize].clone()));
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
        Ok(Dataset { series, sources, generator: self.generator, notes: self.notes })
    }
}

/// Every number of a summary.
fn numbers(summary: &Summary) -> Vec<f64> {
    let Summary { mean, sd, min, max, quantiles, interval, .. } = summary;
    let ends = interval.iter().flat_map(|i| [i.0, i.1]);
    let plain = [mean, sd, min, max].into_iter().copied().flatten();
    plain.chain(quantiles.iter().map(|q| q.1)).chain(ends).collect()
}
