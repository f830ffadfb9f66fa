//! CSV and TSV with headings: one column per metric, or long form `metric,value`.
//!
//! `run` and `time` columns say when an observation was made, `good` and `total` make event
//! counts, other text columns are labels. A file with times is a history: its column `commit`
//! (`revision`, `sha`) says of what each observation was made and is no label.

use csv::{ByteRecord, ReaderBuilder};
use tailproof_core::Unit;

use crate::builder::{At, Builder, When};
use crate::error::IngestError;
use crate::format::is_number;
use crate::input::Opened;
use crate::timestamp;

pub(crate) fn read_csv(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let head = input.head();
    let first = head.split(|&b| b == b'\n' || b == b'\r').find(|l| !l.is_empty()).unwrap_or(head);
    let count = |c: u8| first.iter().filter(|&&b| b == c).count();
    read(input, builder, if count(b';') > count(b',') { b';' } else { b',' })
}

pub(crate) fn read_tsv(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    read(input, builder, b'\t')
}

/// What a column is for.
enum Role {
    Run,
    Time(Option<Unit>),
    Mark,
    Label,
    Metric,
    Skip,
}

/// Headings of what an observation of a history was made of.
const MARKS: [&str; 4] = ["commit", "commit_hash", "revision", "sha"];

/// Columns of one file.
struct Layout {
    headings: Vec<String>,
    roles: Vec<Role>,
    /// Long form: metric, value and perhaps unit.
    long: Option<(usize, usize, Option<usize>)>,
    events: Option<(usize, usize)>,
}

fn read(input: &mut Opened, builder: &mut Builder<'_>, delimiter: u8) -> Result<(), IngestError> {
    let file = input.name.clone();
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(&mut input.reader);
    let mut record = ByteRecord::new();
    let mut layout: Option<Layout> = None;
    // Series of each metric column while labels stay the same.
    let mut cached: Vec<Option<usize>> = Vec::new();
    let mut labels: Vec<(String, String)> = Vec::new();
    loop {
        let more = reader.read_byte_record(&mut record).map_err(|e| csv_error(&file, e))?;
        if !more {
            break;
        }
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() == 1 && record[0].trim_ascii().is_empty() {
            continue;
        }
        let Some(layout) = &mut layout else {
            layout = Some(heading(&record, builder, line)?);
            continue;
        };
        if record.len() != layout.headings.len() {
            return Err(builder.line_error(
                line,
                format!(
                    "{} cells where there are {} headings; the file may be cut off",
                    record.len(),
                    layout.headings.len()
                ),
            ));
        }
        if cached.is_empty() {
            classify(layout, &record, builder);
            cached = vec![None; layout.headings.len()];
        }
        if gather_labels(layout, &record, &mut labels) {
            cached.fill(None);
        }
        row(layout, &record, builder, &labels, &mut cached, line)?;
    }
    Ok(())
}

pub(crate) fn csv_error(file: &str, error: csv::Error) -> IngestError {
    let line = error.position().map_or(0, csv::Position::line);
    let problem = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => IngestError::Io { file: file.to_owned(), source },
        _ => IngestError::Line { file: file.to_owned(), line, problem },
    }
}

fn heading(record: &ByteRecord, builder: &Builder<'_>, line: u64) -> Result<Layout, IngestError> {
    let headings: Vec<String> =
        record.iter().map(|h| String::from_utf8_lossy(h).trim().to_owned()).collect();
    if 2 * headings.iter().filter(|h| is_number(h)).count() > headings.len() {
        let problem = "the first line holds numbers where headings belong";
        return Err(builder.line_error(line, problem));
    }
    let mut seen = std::collections::BTreeSet::new();
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
                have: headings.join(", "),
            });
        }
    }
    let find = |name: &str| headings.iter().position(|h| h.eq_ignore_ascii_case(name));
    let long = find("metric").zip(find("value")).map(|(m, v)| (m, v, find("unit")));
    let events = find("good").zip(find("total"));
    Ok(Layout { headings, roles: Vec::new(), long, events })
}

/// Decides by heading and first row what each column is for.
fn classify(layout: &mut Layout, first: &ByteRecord, builder: &mut Builder<'_>) {
    let reserved = |i: usize| {
        layout.long.is_some_and(|(m, v, u)| i == m || i == v || u == Some(i))
            || layout.events.is_some_and(|(g, t)| i == g || i == t)
    };
    let plain = |heading: &str| Unit::split_heading(heading).0.to_ascii_lowercase();
    let timed = layout.headings.iter().any(|h| ["time", "timestamp"].contains(&plain(h).as_str()));
    // One mark an observation: of two such columns the second stays a label.
    let mut marked = false;
    let mut roles = Vec::new();
    for (i, heading) in layout.headings.iter().enumerate() {
        let (name, unit) = Unit::split_heading(heading);
        let lower = name.to_ascii_lowercase();
        let number = std::str::from_utf8(&first[i]).is_ok_and(is_number);
        let listed = builder.options.labels.as_ref().map(|l| l.contains(heading));
        let asked = builder.options.asked_for(heading, &name) && layout.long.is_none();
        roles.push(if reserved(i) || heading.is_empty() {
            Role::Skip
        } else if listed == Some(true) {
            Role::Label
        } else if asked {
            builder.wants(heading);
            Role::Metric
        } else if lower == "run" {
            Role::Run
        } else if lower == "time" || lower == "timestamp" {
            Role::Time(unit)
        } else if timed && !marked && listed.is_none() && MARKS.contains(&lower.as_str()) {
            marked = true;
            Role::Mark
        } else if number || unit.is_some() {
            let value = layout.long.is_none();
            if value && builder.wants(heading) { Role::Metric } else { Role::Skip }
        } else if listed == Some(false) {
            Role::Skip
        } else {
            Role::Label
        });
    }
    // A file with a plain `value` column and one metric wanted means that metric.
    let metrics = roles.iter().filter(|r| matches!(r, Role::Metric)).count();
    if metrics == 0
        && layout.long.is_none()
        && layout.events.is_none()
        && let Some(i) = layout.headings.iter().position(|h| h == "value")
    {
        builder.wants("value");
        roles[i] = Role::Metric;
    }
    layout.roles = roles;
}

/// Reads the label cells; whether they differ from those before.
fn gather_labels(layout: &Layout, record: &ByteRecord, labels: &mut Vec<(String, String)>) -> bool {
    let cells = layout
        .roles
        .iter()
        .enumerate()
        .filter(|(_, role)| matches!(role, Role::Label))
        .map(|(i, _)| (i, record[i].trim_ascii()));
    if cells.clone().map(|(_, c)| c).eq(labels.iter().map(|(_, v)| v.as_bytes())) {
        return false;
    }
    *labels = cells
        .map(|(i, c)| (layout.headings[i].clone(), String::from_utf8_lossy(c).into_owned()))
        .collect();
    true
}

fn row(
    layout: &Layout,
    record: &ByteRecord,
    builder: &mut Builder<'_>,
    labels: &[(String, String)],
    cached: &mut [Option<usize>],
    line: u64,
) -> Result<(), IngestError> {
    let mut when = When::default();
    for (i, role) in layout.roles.iter().enumerate() {
        match role {
            Role::Run => {
                when.run = Some(builder.run(&String::from_utf8_lossy(record[i].trim_ascii())));
            }
            Role::Time(unit) => {
                let text = String::from_utf8_lossy(&record[i]);
                let time = timestamp::parse(&text, unit.as_ref()).map_err(|problem| {
                    builder.cell(At { line, column: &layout.headings[i], text: &text }, problem)
                })?;
                when.time = Some(time);
            }
            Role::Mark => {
                when.mark = Some(builder.mark(&String::from_utf8_lossy(record[i].trim_ascii())));
            }
            _ => {}
        }
    }
    if let Some((good, total)) = layout.events {
        events(layout, record, builder, labels, (good, total), when, line)?;
    }
    if let Some((metric, value, unit)) = layout.long {
        let name = String::from_utf8_lossy(record[metric].trim_ascii()).into_owned();
        if name.is_empty() {
            let at = At { line, column: &layout.headings[metric], text: "" };
            return Err(builder.cell(at, "a metric has a name"));
        }
        if !builder.wants(&name) {
            return Ok(());
        }
        let stated = match unit.map(|u| String::from_utf8_lossy(record[u].trim_ascii())) {
            Some(text) if !text.is_empty() => {
                let column = unit.map_or("", |u| layout.headings[u].as_str());
                let at = At { line, column, text: &text };
                Some(text.parse::<Unit>().map_err(|_| builder.cell(at, "a unit"))?)
            }
            _ => None,
        };
        let series = builder.series(&name, labels, stated.as_ref(), false, line)?;
        return number(layout, record, builder, value, series, when, line);
    }
    for (i, role) in layout.roles.iter().enumerate() {
        if matches!(role, Role::Metric) {
            let series = match cached[i] {
                Some(series) => series,
                None => *cached[i].insert(builder.series(
                    &layout.headings[i],
                    labels,
                    None,
                    false,
                    line,
                )?),
            };
            number(layout, record, builder, i, series, when, line)?;
        }
    }
    Ok(())
}

fn number(
    layout: &Layout,
    record: &ByteRecord,
    builder: &mut Builder<'_>,
    column: usize,
    series: usize,
    when: When,
    line: u64,
) -> Result<(), IngestError> {
    let cell = record[column].trim_ascii();
    let text = std::str::from_utf8(cell).unwrap_or("(not UTF-8)");
    let at = At { line, column: &layout.headings[column], text };
    match text.parse::<f64>() {
        Ok(value) => builder.push(series, value, when, at),
        Err(_) if text.is_empty() => {
            Err(builder.cell(at, "an empty cell where a number belongs (write a failed request as the time-out it hit, or \
             count events in columns good,total)"))
        }
        Err(_) => Err(builder.cell(at, "text where a number belongs")),
    }
}

fn events(
    layout: &Layout,
    record: &ByteRecord,
    builder: &mut Builder<'_>,
    labels: &[(String, String)],
    (good, total): (usize, usize),
    when: When,
    line: u64,
) -> Result<(), IngestError> {
    let at = |i: usize| {
        let text = std::str::from_utf8(record[i].trim_ascii()).unwrap_or("(not UTF-8)");
        At { line, column: &layout.headings[i], text }
    };
    let count = |builder: &Builder<'_>, i: usize| {
        at(i)
            .text
            .parse::<u64>()
            .map_err(|_| builder.cell(at(i), "a count of events is a whole number"))
    };
    let (g, t) = (count(builder, good)?, count(builder, total)?);
    let name = builder.options.events_name();
    builder.wants(&name);
    let series = builder.series(&name, labels, None, true, line)?;
    builder.push_events(series, g, t, when, at(good))
}
