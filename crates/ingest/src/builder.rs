use std::collections::{BTreeSet, HashMap, HashSet};

use tailproof_core::{
    Binned, Dataset, Dimension, Direction, Ecdf, Loop, Metric, Source, Summary, Unit, glob,
};

use crate::error::{IngestError, listed};
pub(crate) use crate::growing::Kind;
use crate::growing::{Growing, Values};
use crate::input::COMPANION;
use crate::options::{HISTORY, Options};

/// Most series that text columns make; text that makes more is no label but an identifier.
const MOST_SERIES: usize = 1_000;
/// Most series that formats with benchmarks of their own make.
const MOST_BENCHMARKS: usize = 100_000;
/// Most runs; a column with more texts holds no runs but identifiers.
const MOST_RUNS: usize = 1_000_000;
/// Most texts that elements are marked with.
const MOST_MARKS: usize = 1_000_000;
/// Most notes that are told; of the others only the number is.
const MOST_NOTES: usize = 200;
/// Most notes that are remembered, so that none counts twice.
const MOST_NOTES_KNOWN: usize = 10_000;

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
    /// Numbers of runs by input and label.
    runs: HashMap<usize, HashMap<String, u32>>,
    /// How many of them there are.
    number_of_runs: usize,
    /// Texts that elements are marked with, such as commits.
    marks: Vec<String>,
    by_mark: HashMap<String, u32>,
    /// Metrics met so far, wanted or not, for messages.
    met: BTreeSet<String>,
    /// What people should know of the data, and all that was said of it.
    notes: Vec<String>,
    notes_known: HashSet<String>,
    notes_left_out: usize,
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
            number_of_runs: 0,
            marks: Vec::new(),
            by_mark: HashMap::new(),
            met: BTreeSet::new(),
            notes: Vec::new(),
            notes_known: HashSet::new(),
            notes_left_out: 0,
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
        if self.notes_known.contains(&text) {
            return;
        }
        if self.notes_known.len() < MOST_NOTES_KNOWN {
            self.notes_known.insert(text.clone());
        }
        if self.notes.len() < MOST_NOTES {
            self.notes.push(text);
        } else {
            self.notes_left_out += 1;
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
    pub(crate) fn run(&mut self, label: &str) -> Result<u32, IngestError> {
        let own = self.runs.entry(self.index).or_default();
        if let Some(&known) = own.get(label) {
            return Ok(known);
        }
        if self.number_of_runs >= MOST_RUNS {
            let problem = format!("more than {MOST_RUNS} runs, the last is {label:?}");
            return Err(self.line_error(0, problem));
        }
        let next = self.number_of_runs as u32;
        own.insert(label.to_owned(), next);
        self.number_of_runs += 1;
        Ok(next)
    }

    /// A number standing for the text that elements are marked with, such as a commit.
    pub(crate) fn mark(&mut self, text: &str) -> Result<u32, IngestError> {
        if let Some(&known) = self.by_mark.get(text) {
            return Ok(known);
        }
        if self.marks.len() >= MOST_MARKS {
            let problem = format!("more than {MOST_MARKS} commits, the last is {text:?}");
            return Err(self.line_error(0, problem));
        }
        let next = self.marks.len() as u32;
        self.marks.push(text.to_owned());
        self.by_mark.insert(text.to_owned(), next);
        Ok(next)
    }

    /// The unit of a metric, as the data, the command line or the configuration state it, and
    /// the direction that the configuration states.
    fn unit_of(
        &self,
        name: &str,
        stated: Option<Unit>,
    ) -> Result<(Option<Unit>, Option<Direction>), IngestError> {
        let (configured, direction) = self.options.stated(name);
        for (said, other) in [("--unit", &self.options.unit), ("the configuration", &configured)] {
            if let (Some(have), Some(other)) = (&stated, other)
                && have != other
            {
                return Err(self.unit_conflict(name, have.to_string(), said, other.to_string()));
            }
        }
        Ok((stated.or_else(|| self.options.unit.clone()).or(configured), direction))
    }

    fn unit_conflict(
        &self,
        metric: &str,
        have: String,
        said: &'static str,
        other: String,
    ) -> IngestError {
        let (file, metric) = (self.file.clone(), metric.to_owned());
        IngestError::UnitConflict { file, metric, have, said, other }
    }

    /// The series of a heading and labels, made when it is new.
    pub(crate) fn series(
        &mut self,
        heading: &str,
        labels: &[(String, String)],
        stated: Option<&Unit>,
        kind: Kind,
        line: u64,
    ) -> Result<usize, IngestError> {
        let (name, unit) = if heading == "value" {
            (self.options.default_name(), None)
        } else {
            Unit::split_heading(heading)
        };
        let (known, direction) = self.unit_of(&name, stated.cloned().or(unit))?;
        let supposed = if known.is_some() { Vec::new() } else { self.options.supposed(&name) };
        if let [first, second, ..] = supposed.as_slice() {
            let said = "another objective (say which with --unit)";
            let have = format!("no unit, {first} by one objective");
            return Err(self.unit_conflict(&name, have, said, second.to_string()));
        }
        let unit = known.clone().or_else(|| supposed.into_iter().next());
        let labels = self.with_own(labels.to_vec());
        let key = (name.clone(), labels.clone());
        if let Some(&found) = self.by_key.get(&key) {
            let own = &self.series[found];
            if own.known != known {
                let (have, other) = (unit_text(known.as_ref()), unit_text(own.known.as_ref()));
                return Err(self.unit_conflict(&name, have, "another column or input", other));
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
                columns: listed(labels.iter().map(|l| &l.0)),
                limit: MOST_SERIES,
            });
        }
        let mut metric = Metric::new(name, unit);
        let own = if kind == Kind::Events { Direction::Higher } else { metric.direction };
        metric.direction = self.direction(direction, own);
        Ok(self.begin(metric, labels, known, kind))
    }

    /// The series of the predictions under a heading, or of the values they were trained on.
    pub(crate) fn predicted(
        &mut self,
        heading: &str,
        labels: &[(String, String)],
        actual_unit: Option<&Unit>,
        history: bool,
        line: u64,
    ) -> Result<usize, IngestError> {
        let (name, own) = Unit::split_heading(heading);
        let unit = own.as_ref().or(actual_unit);
        if history {
            self.series(&format!("{name}{HISTORY}"), labels, unit, Kind::Raw, line)
        } else {
            self.series(heading, labels, unit, Kind::Pairs, line)
        }
    }

    /// The labels of the input, then those of its record, which say the same more closely.
    fn with_own(&mut self, labels: Vec<(String, String)>) -> Vec<(String, String)> {
        let (mut all, mut differing) = (Vec::with_capacity(self.labels.len() + labels.len()), None);
        for own in &self.labels {
            match labels.iter().find(|l| l.0 == own.0) {
                None => all.push(own.clone()),
                Some(same) if same.1 == own.1 => {}
                Some(other) => differing = Some((own.clone(), other.1.clone())),
            }
        }
        if let Some(((name, outside), inside)) = differing {
            self.note(format!(
                "{}: its place says {name}={outside}, its records say {name}={inside}, which is kept",
                self.file
            ));
        }
        all.extend(labels);
        all
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
        let mut labels = self.with_own(owned.collect());
        labels.sort();
        labels.dedup_by(|a, b| a.0 == b.0);
        let (unit, direction) = self.unit_of(&metric.name, metric.unit)?;
        metric.unit = unit;
        metric.direction = self.direction(direction, metric.direction);
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
            let have = unit_text(metric.unit.as_ref());
            let other = unit_text(own.metric.unit.as_ref());
            return Err(self.unit_conflict(&metric.name, have, "another record or input", other));
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

    /// What is configured for a metric, then what is known of it, then what is said of the rest.
    fn direction(&self, configured: Option<Direction>, own: Direction) -> Direction {
        match (configured, own) {
            (Some(direction), _) => direction,
            (None, Direction::Unknown) => self.options.direction.unwrap_or_default(),
            (None, known) => known,
        }
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
            let pairs = own.values.kind() == Kind::Pairs;
            let what = if pairs { "a prediction" } else { "a count of events" };
            return Err(self.cell(at, &format!("this metric is {what} elsewhere")));
        };
        values.push(value);
        self.place(series, when, at.line)
    }

    /// Adds observations without run, time or mark that are finite and not negative.
    pub(crate) fn push_plain(
        &mut self,
        series: usize,
        values: &[f64],
        at: At<'_>,
    ) -> Result<(), IngestError> {
        let Some((&first, rest)) = values.split_first() else { return Ok(()) };
        self.push(series, first, When::default(), at)?;
        // Where the first one fits the others do, and its run is that of all.
        let own = &mut self.series[series];
        if let Values::Raw(all, _) = &mut own.values {
            all.extend_from_slice(rest);
        }
        if let Some(&run) = own.run.last() {
            own.run.extend(std::iter::repeat_n(run, rest.len()));
        }
        Ok(())
    }

    /// As [`Builder::push`]; column and text of the value are formed only for a message.
    pub(crate) fn push_told(
        &mut self,
        series: usize,
        value: f64,
        when: When,
        line: u64,
        told: impl FnOnce() -> (String, String),
    ) -> Result<(), IngestError> {
        let pushed = self.push(series, value, when, At { line, column: "", text: "" });
        pushed.map_err(|error| match error {
            IngestError::Cell { problem, .. } => {
                let (column, text) = told();
                self.cell(At { line, column: &column, text: &text }, &problem)
            }
            other => other,
        })
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

    /// Adds what a tool printed instead of samples. A printed error may reach below zero, a
    /// duration does not: there its interval ends.
    pub(crate) fn push_summary(
        &mut self,
        series: usize,
        mut summary: Summary,
        when: When,
        line: u64,
    ) -> Result<(), IngestError> {
        let own = &mut self.series[series];
        let name = own.metric.name.clone();
        if let Some(interval) = summary.interval.as_mut().filter(|_| own.nonnegative) {
            interval.0 = interval.0.max(0.0);
        }
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

    /// Adds an actual value and what was predicted of it.
    pub(crate) fn push_pair(
        &mut self,
        series: usize,
        pair: (f64, f64),
        when: When,
        at: At<'_>,
    ) -> Result<(), IngestError> {
        if !(pair.0.is_finite() && pair.1.is_finite()) {
            return Err(self.cell(at, "a prediction and its actual value are finite numbers"));
        }
        let Values::Pairs(pairs) = &mut self.series[series].values else {
            return Err(self.cell(at, "this metric is no prediction elsewhere"));
        };
        pairs.push(pair);
        self.place(series, when, at.line)
    }

    /// Notes run, time and mark of the element just added.
    fn place(&mut self, series: usize, when: When, line: u64) -> Result<(), IngestError> {
        let run = match when.run.or(self.own_run) {
            None if self.several => {
                self.own_run = Some(self.run("")?);
                self.own_run
            }
            run => run,
        };
        let own = &mut self.series[series];
        own.merged |= own.input != self.index;
        let before = own.values.len() - 1;
        // Each is there for all elements or for none.
        let fits = |has: bool, len: usize| len == if has { before } else { 0 };
        let problem = if !fits(run.is_some(), own.run.len()) {
            "some observations of a series have a run and some do not"
        } else if !fits(when.time.is_some(), own.time.len()) {
            "some observations of a series have a time and some do not"
        } else if !fits(when.mark.is_some(), own.marks.len()) {
            "some observations of a series have a mark and some do not"
        } else {
            own.run.extend(run);
            own.time.extend(when.time);
            own.marks.extend(when.mark);
            return Ok(());
        };
        Err(self.line_error(line, problem))
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

    pub(crate) fn finish(mut self, sources: Vec<Source>) -> Result<Dataset, IngestError> {
        let files = listed(sources.iter().filter(|s| s.format != COMPANION).map(|s| &s.name));
        // What was begun and never got an element is no measurement.
        self.series.retain(|series| series.values.len() > 0);
        if self.series.is_empty() && self.met.is_empty() {
            return Err(IngestError::Empty(files));
        }
        let needed: &[String] = if self.options.lenient { &[] } else { &self.options.wanted };
        for wanted in needed {
            let there = self.series.iter().any(|s| glob(wanted, &s.metric.name))
                || self.met.iter().any(|m| glob(wanted, m));
            if !there {
                let mut have = self.met.clone();
                have.extend(self.series.iter().map(|s| s.metric.name.clone()));
                return Err(IngestError::MissingColumn {
                    file: files,
                    wanted: wanted.clone(),
                    have: if have.is_empty() { "no numeric column".into() } else { listed(have) },
                });
            }
        }
        if self.series.is_empty() {
            return Err(IngestError::Empty(files));
        }
        if self.notes_left_out > 0 {
            self.notes.push(format!("and {} more notes", self.notes_left_out));
        }
        let marks = self.marks;
        let series = self.series.into_iter().map(|series| series.finish(&marks)).collect();
        Ok(Dataset { series, sources, generator: self.generator, notes: self.notes })
    }
}

fn unit_text(unit: Option<&Unit>) -> String {
    unit.map_or_else(|| "no unit".to_owned(), Unit::to_string)
}

/// Every number of a summary.
fn numbers(summary: &Summary) -> Vec<f64> {
    let Summary { mean, sd, min, max, quantiles, interval, .. } = summary;
    let ends = interval.iter().flat_map(|i| [i.0, i.1]);
    let plain = [mean, sd, min, max].into_iter().copied().flatten();
    plain.chain(quantiles.iter().map(|q| q.1)).chain(ends).collect()
}

#[cfg(test)]
mod tests {
    use tailproof_core::Rank;

    use super::*;
    use crate::{Input, read};

    static EMPTY: Options = Options {
        format: None,
        wanted: Vec::new(),
        supposed: Vec::new(),
        events: Vec::new(),
        pairs: Vec::new(),
        known: Vec::new(),
        unit: None,
        labels: None,
        direction: None,
        parameters: Vec::new(),
        lenient: false,
        everything: false,
    };

    #[test]
    fn what_is_wanted_may_be_missing_when_that_is_allowed() {
        let text = "latency_ms,memory_MB\n1,5\n2,6\n";
        let names = |lenient, everything| {
            let wanted = vec!["latency".to_owned(), "cpu".to_owned()];
            let options = Options { wanted, lenient, everything, ..Options::default() };
            let data = read(vec![Input::from_bytes("a.csv", text.to_owned())], &options)?;
            Ok::<_, IngestError>(data.series.into_iter().map(|s| s.metric.name).collect::<Vec<_>>())
        };
        assert!(matches!(names(false, false), Err(IngestError::MissingColumn { .. })));
        assert_eq!(names(true, false).unwrap(), ["latency"]);
        assert_eq!(names(true, true).unwrap(), ["latency", "memory"]);
    }

    #[test]
    fn a_series_without_an_element_is_none() {
        let head = "{\"tailproof\":\"dataset/1\"}\n{\"metric\":\"m\",\"values\":[]}\n";
        let all = |text: String| read(vec![Input::from_bytes("a", text)], &EMPTY);
        assert!(matches!(all(head.to_owned()), Err(IngestError::Empty(_))));
        let data = all(format!("{head}{{\"metric\":\"n\",\"values\":[1.0]}}\n")).unwrap();
        assert_eq!(data.series.len(), 1);
    }

    #[test]
    fn an_interval_of_durations_ends_at_zero() {
        let mut builder = Builder::new(&EMPTY, false);
        let metric = Metric::new("time", Unit::known("ns"));
        let series = builder.described(metric, &[], Kind::Summary, 1).unwrap().unwrap();
        let summary = |lo, hi| Summary {
            quantiles: vec![(Rank::MEDIAN, 5.0)],
            interval: Some((lo, hi, None)),
            ..Summary::default()
        };
        builder.push_summary(series, summary(-1.0, 11.0), When::default(), 1).unwrap();
        assert!(builder.push_summary(series, summary(-2.0, -1.0), When::default(), 1).is_err());
        let Values::Summary(all) = &builder.series[series].values else { panic!("summaries") };
        assert_eq!(all[0].interval, Some((0.0, 11.0, None)));
    }

    #[test]
    fn a_described_unit_is_not_overruled() {
        let options = Options { unit: Unit::known("ms"), ..Options::default() };
        let mut builder = Builder::new(&options, false);
        let metric = |unit| Metric::new("latency", Unit::known(unit));
        let error = builder.described(metric("s"), &[], Kind::Raw, 1).unwrap_err();
        assert!(error.to_string().contains("--unit says ms"), "{error}");
        assert!(builder.described(metric("ms"), &[], Kind::Raw, 1).is_ok());
    }

    #[test]
    fn a_record_knows_its_labels_better_than_its_folder() {
        let mut builder = Builder::new(&EMPTY, false);
        builder.start(0, "a", vec![("zone".into(), "a".into()), ("host".into(), "h".into())]);
        let metric = Metric::new("latency", None);
        builder.described(metric, &[("zone", "b")], Kind::Raw, 1).unwrap();
        let labels = &builder.series[0].labels;
        assert_eq!((labels["zone"].as_str(), labels["host"].as_str()), ("b", "h"));
        assert!(builder.notes[0].contains("zone=b, which is kept"), "{:?}", builder.notes);
    }

    #[test]
    fn notes_end_somewhere() {
        let mut builder = Builder::new(&EMPTY, false);
        let series = builder.series("x", &[], None, Kind::Raw, 1).unwrap();
        let at = At { line: 1, column: "x", text: "1" };
        builder.push(series, 1.0, When::default(), at).unwrap();
        for i in 0..2 * (MOST_NOTES + 7) {
            builder.note(format!("note {}", i % (MOST_NOTES + 7)));
        }
        let notes = builder.finish(Vec::new()).unwrap().notes;
        assert_eq!((notes.len(), notes[MOST_NOTES].as_str()), (MOST_NOTES + 1, "and 7 more notes"));
    }
}
