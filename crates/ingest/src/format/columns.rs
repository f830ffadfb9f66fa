//! What the columns of a table with headings mean: one metric each, or long form
//! `metric,value`.
//!
//! Where an objective asks how good predictions are, a column such as `actual` and those of
//! predictions make pairs; see [`super::paired`].
//!
//! `run` and `time` columns say when an observation was made, `good` and `total` make event
//! counts, other text columns are labels. A file with times is a history: its column `commit`
//! (`revision`, `sha`) says of what each observation was made and is no label.

use std::collections::{BTreeSet, HashMap};

use tailproof_core::Unit;

use super::cache::key_part;
use super::is_number;
use super::paired::{Paired, no_number};
use super::records::Record;
use crate::builder::{At, Builder, Kind, When};
use crate::decimal;
use crate::error::{IngestError, listed};
use crate::timestamp::Clock;

/// Headings of what an observation of a history was made of.
const MARKS: [&str; 4] = ["commit", "commit_hash", "revision", "sha"];
/// Most label sets remembered; more are found again by their texts.
const MOST_SETS: usize = 4_096;

/// What a column is for.
enum Role {
    Run,
    Time(Clock),
    Mark,
    Label,
    Metric,
    Skip,
}

/// Columns of one table.
pub(super) struct Columns {
    headings: Vec<String>,
    /// By column; empty before the first row.
    roles: Vec<Role>,
    metrics: Vec<usize>,
    /// Columns whose texts choose the series: labels, and in long form metric and unit.
    choosing: Vec<usize>,
    /// Long form: metric, value and perhaps unit.
    long: Option<(usize, usize, Option<usize>)>,
    events: Option<(usize, usize)>,
    predicted: Option<Predicted>,
    sets: Vec<Set>,
    by_key: HashMap<Vec<u8>, usize>,
    current: usize,
    key: Vec<u8>,
    /// The run met last, by its text.
    run: Option<(Vec<u8>, u32)>,
}

/// Columns of actual values and of predictions, which are no metrics by themselves.
struct Predicted {
    actual: usize,
    predictions: Vec<usize>,
    /// The unit of the actual values.
    unit: Option<Unit>,
    /// Whether the actual values are no metric either.
    alone: bool,
}

/// One choice of texts, and the series that it leads to once they are known.
#[derive(Default)]
struct Set {
    key: Vec<u8>,
    labels: Vec<(String, String)>,
    /// By metric column.
    series: Vec<Option<usize>>,
    long: Long,
    events: Option<usize>,
    /// By column of predictions: its pairs, and the values before them.
    pairs: Vec<[Option<usize>; 2]>,
}

/// What the long form's metric of a set leads to.
#[derive(Clone, Copy, Default)]
enum Long {
    #[default]
    Unknown,
    Unwanted,
    Series(usize),
}

impl Columns {
    /// From the record of headings.
    pub(super) fn new(record: &Record<'_>, builder: &Builder<'_>) -> Result<Self, IngestError> {
        let line = record.line;
        let headings: Vec<String> =
            record.cells().map(|h| String::from_utf8_lossy(h).trim().to_owned()).collect();
        if 2 * headings.iter().filter(|h| is_number(h)).count() > headings.len() {
            let problem = "the first line holds numbers where headings belong";
            return Err(builder.line_error(line, problem));
        }
        let mut seen = BTreeSet::new();
        for h in &headings {
            if !h.is_empty() && !seen.insert(h) {
                return Err(builder.line_error(line, format!("two columns are headed {h:?}")));
            }
        }
        for label in builder.options.labels.iter().flatten() {
            if !headings.contains(label) {
                return Err(IngestError::MissingLabel {
                    file: builder.file().to_owned(),
                    label: label.clone(),
                    have: listed(&headings),
                });
            }
        }
        let find = |name: &str| headings.iter().position(|h| h.eq_ignore_ascii_case(name));
        let long = find("metric").zip(find("value")).map(|(m, v)| (m, v, find("unit")));
        let events = find("good").zip(find("total"));
        let predicted = if long.is_some() { None } else { predicted(&headings, builder, line)? };
        Ok(Self {
            headings,
            roles: Vec::new(),
            metrics: Vec::new(),
            choosing: Vec::new(),
            long,
            events,
            predicted,
            sets: Vec::new(),
            by_key: HashMap::new(),
            current: 0,
            key: Vec::new(),
            run: None,
        })
    }

    /// The series and heading of a table that has nothing but one column of one metric.
    pub(super) fn only(&self) -> Option<(usize, &str)> {
        match (&self.roles[..], self.sets.get(self.current)?.series.first()) {
            ([Role::Metric], Some(&Some(series))) => Some((series, &self.headings[0])),
            _ => None,
        }
    }

    /// Reads a row.
    pub(super) fn row(
        &mut self,
        record: &Record<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), IngestError> {
        if record.len() != self.headings.len() {
            let problem = format!(
                "{} cells where there are {} headings; the file may be cut off",
                record.len(),
                self.headings.len()
            );
            return Err(builder.line_error(record.line, problem));
        }
        if self.roles.is_empty() {
            self.classify(record, builder);
        }
        self.choose(record);
        let when = self.when(record, builder)?;
        if let Some(columns) = self.events {
            self.count(record, builder, columns, when)?;
        }
        self.pair(record, builder, when)?;
        if let Some((metric, value, unit)) = self.long {
            return match self.long_series(record, builder, metric, unit)? {
                Some(series) => self.number(record, builder, value, series, when),
                None => Ok(()),
            };
        }
        for place in 0..self.metrics.len() {
            let column = self.metrics[place];
            let own = &mut self.sets[self.current];
            let series = match own.series[place] {
                Some(series) => series,
                None => *own.series[place].insert(builder.series(
                    &self.headings[column],
                    &own.labels,
                    None,
                    Kind::Raw,
                    record.line,
                )?),
            };
            self.number(record, builder, column, series, when)?;
        }
        Ok(())
    }

    /// Decides by heading and first row what each column is for.
    fn classify(&mut self, first: &Record<'_>, builder: &mut Builder<'_>) {
        let reserved = |i: usize| {
            self.long.is_some_and(|(m, v, u)| i == m || i == v || u == Some(i))
                || self.events.is_some_and(|(g, t)| i == g || i == t)
                || self.predicted.as_ref().is_some_and(|p| p.holds(i))
        };
        let plain = |heading: &str| Unit::split_heading(heading).0.to_ascii_lowercase();
        let timed =
            self.headings.iter().any(|h| ["time", "timestamp"].contains(&plain(h).as_str()));
        // One mark an observation: of two such columns the second stays a label.
        let mut marked = false;
        let mut roles = Vec::new();
        for (i, heading) in self.headings.iter().enumerate() {
            let (name, unit) = Unit::split_heading(heading);
            let lower = name.to_ascii_lowercase();
            let number = std::str::from_utf8(first.cell(i)).is_ok_and(is_number);
            let listed = builder.options.labels.as_ref().map(|l| l.contains(heading));
            let asked = builder.options.asked_for(heading, &name) && self.long.is_none();
            roles.push(if reserved(i) || heading.is_empty() {
                Role::Skip
            } else if listed == Some(true) || builder.options.is_parameter(heading) {
                Role::Label
            } else if asked {
                builder.wants(heading);
                Role::Metric
            } else if lower == "run" {
                Role::Run
            } else if lower == "time" || lower == "timestamp" {
                Role::Time(Clock::new(unit.as_ref()))
            } else if timed && !marked && listed.is_none() && MARKS.contains(&lower.as_str()) {
                marked = true;
                Role::Mark
            } else if number || unit.is_some() {
                let value = self.long.is_none();
                if value && builder.wants(heading) { Role::Metric } else { Role::Skip }
            } else if listed == Some(false) {
                Role::Skip
            } else {
                Role::Label
            });
        }
        for &i in self.predicted.iter().flat_map(|p| &p.predictions) {
            builder.wants(&self.headings[i]); // Remembered for messages.
        }
        let none = !roles.iter().any(|r| matches!(r, Role::Metric))
            && self.long.is_none()
            && self.events.is_none()
            && self.predicted.is_none();
        let with_unit = |i: &usize| {
            matches!(roles[*i], Role::Time(_))
                && Unit::split_heading(&self.headings[*i]).1.is_some()
        };
        let timed = (0..roles.len()).find(with_unit);
        if let Some(i) = self.headings.iter().position(|h| h == "value").filter(|_| none) {
            // A file with a plain `value` column and one metric wanted means that metric.
            builder.wants("value");
            roles[i] = Role::Metric;
        } else if let Some(i) = timed.filter(|_| none)
            && builder.wants(&self.headings[i])
        {
            // `time_ns` that stands beside no other measurement is one: a duration.
            roles[i] = Role::Metric;
        }
        let with = |wanted: fn(&Role) -> bool| {
            let found = roles.iter().enumerate().filter(|(_, role)| wanted(role));
            found.map(|(i, _)| i).collect::<Vec<usize>>()
        };
        self.metrics = with(|role| matches!(role, Role::Metric));
        self.choosing = with(|role| matches!(role, Role::Label));
        if let Some((metric, _, unit)) = self.long {
            self.choosing.push(metric);
            self.choosing.extend(unit);
        }
        self.roles = roles;
    }

    /// Finds the set of the row's texts.
    fn choose(&mut self, record: &Record<'_>) {
        self.key.clear();
        for &i in &self.choosing {
            key_part(&mut self.key, record.cell(i));
        }
        if self.sets.get(self.current).is_some_and(|set| set.key == self.key) {
            return;
        }
        if let Some(&known) = self.by_key.get(&self.key) {
            self.current = known;
            return;
        }
        if self.sets.len() >= MOST_SETS {
            self.sets.clear();
            self.by_key.clear();
        }
        let labels = self.choosing.iter().filter(|&&i| matches!(self.roles[i], Role::Label));
        let text = |i: usize| String::from_utf8_lossy(record.cell(i)).into_owned();
        self.current = self.sets.len();
        self.sets.push(Set {
            key: self.key.clone(),
            labels: labels.map(|&i| (self.headings[i].clone(), text(i))).collect(),
            series: vec![None; self.metrics.len()],
            pairs: vec![[None; 2]; self.predicted.as_ref().map_or(0, |p| p.predictions.len())],
            ..Set::default()
        });
        self.by_key.insert(self.key.clone(), self.current);
    }

    /// Run, time and mark of a row.
    fn when(
        &mut self,
        record: &Record<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<When, IngestError> {
        let mut when = When::default();
        for (i, role) in self.roles.iter().enumerate() {
            match role {
                Role::Run => {
                    let cell = record.cell(i);
                    let run = match &self.run {
                        Some((text, run)) if text == cell => *run,
                        _ => builder.run(&String::from_utf8_lossy(cell))?,
                    };
                    if self.run.as_ref().is_none_or(|known| known.1 != run) {
                        self.run = Some((cell.to_vec(), run));
                    }
                    when.run = Some(run);
                }
                Role::Time(clock) => {
                    let cell = record.cell(i);
                    let time = clock.quick(cell).map_or_else(
                        || {
                            let text = String::from_utf8_lossy(cell);
                            clock.parse(&text).map_err(|problem| {
                                let column = &self.headings[i];
                                builder.cell(At { line: record.line, column, text: &text }, problem)
                            })
                        },
                        Ok,
                    );
                    when.time = Some(time?);
                }
                Role::Mark => {
                    when.mark = Some(builder.mark(&String::from_utf8_lossy(record.cell(i)))?);
                }
                Role::Label | Role::Metric | Role::Skip => {}
            }
        }
        Ok(when)
    }

    /// The series of a row in long form, `None` when its metric is not wanted.
    fn long_series(
        &mut self,
        record: &Record<'_>,
        builder: &mut Builder<'_>,
        metric: usize,
        unit: Option<usize>,
    ) -> Result<Option<usize>, IngestError> {
        let own = &mut self.sets[self.current];
        match own.long {
            Long::Unknown => {}
            Long::Unwanted => return Ok(None),
            Long::Series(series) => return Ok(Some(series)),
        }
        let line = record.line;
        let name = String::from_utf8_lossy(record.cell(metric));
        if name.is_empty() {
            let at = At { line, column: &self.headings[metric], text: "" };
            return Err(builder.cell(at, "a metric has a name"));
        }
        if !builder.wants(&name) {
            own.long = Long::Unwanted;
            return Ok(None);
        }
        let stated = match unit.map(|u| (u, String::from_utf8_lossy(record.cell(u)))) {
            Some((u, text)) if !text.is_empty() => {
                let at = At { line, column: &self.headings[u], text: &text };
                Some(text.parse::<Unit>().map_err(|_| builder.cell(at, "a unit"))?)
            }
            _ => None,
        };
        let series = builder.series(&name, &own.labels, stated.as_ref(), Kind::Raw, line)?;
        own.long = Long::Series(series);
        Ok(Some(series))
    }

    /// Adds the number of a cell.
    fn number(
        &self,
        record: &Record<'_>,
        builder: &mut Builder<'_>,
        column: usize,
        series: usize,
        when: When,
    ) -> Result<(), IngestError> {
        let cell = record.cell(column);
        let Some(value) = decimal::parse(cell) else {
            let problem = if cell.is_empty() {
                "an empty cell where a number belongs (write a failed request as the time-out \
                 it hit, or count events in columns good,total)"
            } else {
                "text where a number belongs"
            };
            return Err(builder.cell(self.at(record, column), problem));
        };
        builder.push_told(series, value, when, record.line, || {
            let at = self.at(record, column);
            (at.column.to_owned(), at.text.to_owned())
        })
    }

    /// Adds what was predicted of the row's actual value, or that value to those before the
    /// predictions where the prediction is left empty.
    fn pair(
        &mut self,
        record: &Record<'_>,
        builder: &mut Builder<'_>,
        when: When,
    ) -> Result<(), IngestError> {
        let Some(columns) = &self.predicted else { return Ok(()) };
        let actual = self.figure(record, builder, columns.actual, true)?;
        for (place, &column) in columns.predictions.iter().enumerate() {
            let history = record.cell(column).is_empty();
            let prediction =
                if history { None } else { Some(self.figure(record, builder, column, false)?) };
            let own = &mut self.sets[self.current];
            let known = &mut own.pairs[place][usize::from(history)];
            let series = match *known {
                Some(series) => series,
                None => *known.insert(builder.predicted(
                    &self.headings[column],
                    &own.labels,
                    columns.unit.as_ref(),
                    history,
                    record.line,
                )?),
            };
            match prediction {
                Some(predicted) => {
                    let at = self.at(record, column);
                    builder.push_pair(series, (actual, predicted), when, at)?;
                }
                None => builder.push(series, actual, when, self.at(record, columns.actual))?,
            }
        }
        Ok(())
    }

    /// The number of a cell of predictions or, when `actual`, of actual values.
    fn figure(
        &self,
        record: &Record<'_>,
        builder: &Builder<'_>,
        column: usize,
        actual: bool,
    ) -> Result<f64, IngestError> {
        let cell = record.cell(column);
        decimal::parse(cell).ok_or_else(|| {
            builder.cell(self.at(record, column), no_number(cell.is_empty(), actual))
        })
    }

    /// Where a cell stands.
    fn at<'a>(&'a self, record: &Record<'a>, column: usize) -> At<'a> {
        let text = std::str::from_utf8(record.cell(column)).unwrap_or("(not UTF-8)");
        At { line: record.line, column: &self.headings[column], text }
    }

    /// Adds a window of events.
    fn count(
        &mut self,
        record: &Record<'_>,
        builder: &mut Builder<'_>,
        (good, total): (usize, usize),
        when: When,
    ) -> Result<(), IngestError> {
        let whole = |builder: &Builder<'_>, i: usize| {
            let at = self.at(record, i);
            let problem = "a count of events is a whole number";
            at.text.parse::<u64>().map_err(|_| builder.cell(at, problem))
        };
        let (g, t) = (whole(builder, good)?, whole(builder, total)?);
        let own = &mut self.sets[self.current];
        let series = if let Some(series) = own.events {
            series
        } else {
            let name = builder.options.events_name();
            builder.wants(&name);
            *own.events.insert(builder.series(
                &name,
                &own.labels,
                None,
                Kind::Events,
                record.line,
            )?)
        };
        builder.push_events(series, g, t, when, self.at(record, good))
    }
}

impl Predicted {
    fn holds(&self, column: usize) -> bool {
        self.predictions.contains(&column) || self.alone && column == self.actual
    }
}

/// Where the columns of predictions stand, when they are wanted and there.
fn predicted(
    headings: &[String],
    builder: &Builder<'_>,
    line: u64,
) -> Result<Option<Predicted>, IngestError> {
    let Some(paired) = Paired::of(headings.iter().map(String::as_str), builder, line)? else {
        return Ok(None);
    };
    let (mut actual, mut predictions) = (0, Vec::new());
    for (i, heading) in headings.iter().enumerate() {
        if heading == paired.actual {
            actual = i;
        } else if paired.predictions.contains(&heading.as_str()) {
            predictions.push(i);
        }
    }
    let alone = paired.holds(paired.actual, builder);
    Ok(Some(Predicted { actual, predictions, unit: paired.unit, alone }))
}
