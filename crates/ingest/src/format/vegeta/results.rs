//! `vegeta encode`: one result a line, as twelve columns without headings or as JSON.

use std::borrow::Cow;

use serde::Deserialize;
use tailproof_core::Unit;

use super::latency;
use crate::builder::{At, Builder, When};
use crate::error::IngestError;
use crate::format::cache::ByLabels;
use crate::format::lines;
use crate::format::table::{self, Row, Style};
use crate::input::Opened;
use crate::timestamp::{self, Clock};

/// The columns of `vegeta encode -to csv`.
const NAMES: [&str; 12] = [
    "timestamp",
    "code",
    "latency",
    "bytes_out",
    "bytes_in",
    "error",
    "body",
    "attack",
    "seq",
    "method",
    "url",
    "headers",
];

/// Whether a line has the twelve columns: the time in ns, a status code, three whole numbers.
pub(super) fn matches_csv(first: &str) -> bool {
    let cells: Vec<&str> = first.split(',').collect();
    let whole = |i: usize, most: usize| {
        !cells[i].is_empty()
            && cells[i].len() <= most
            && cells[i].bytes().all(|b| b.is_ascii_digit())
    };
    cells.len() >= NAMES.len()
        && cells[0].len() >= 16
        && whole(0, 19)
        && whole(1, 3)
        && (2..=4).all(|i| whole(i, 19))
}

/// Whether a line is a result as JSON.
pub(super) fn matches_lines(first: &str) -> bool {
    first.starts_with('{') && serde_json::from_str::<Line<'_>>(first).is_ok()
}

/// A result; what is not named here does not matter.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    attack: Cow<'a, str>,
    #[serde(rename = "seq")]
    _seq: u64,
    code: u16,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    latency: u64,
    #[serde(borrow)]
    error: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

/// One request, of either shape.
struct Outcome<'a> {
    /// When it was sent, in ns.
    sent: i64,
    /// Nanoseconds, and where they stand.
    latency: f64,
    at: At<'a>,
    code: u64,
    error: &'a str,
    labels: Vec<(&'a str, &'a str)>,
}

impl Outcome<'_> {
    fn push(&self, builder: &mut Builder<'_>, series: &mut ByLabels) -> Result<(), IngestError> {
        let found = series.series(builder, latency, &self.labels, self.at.line)?;
        let Some(series) = found else { return Ok(()) };
        let time = self.sent.saturating_add(self.latency as i64);
        let when = When { time: Some(time), ..When::default() };
        if self.error.is_empty() && (1..400).contains(&self.code) {
            builder.push(series, self.latency, when, self.at)
        } else {
            builder.push_above(series, self.latency, when, self.at)
        }
    }
}

pub(super) fn read_csv(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let style = Style { delimiter: b',', names: Some(&NAMES) };
    table::each(
        input,
        builder,
        style,
        |headings, builder| {
            let clock = Clock::new(Unit::known("ns").as_ref());
            Ok((headings.labels(builder, &[])?, ByLabels::default(), clock))
        },
        |(labels, series, clock), builder, row| outcome(builder, row, labels, series, *clock),
    )?;
    Ok(())
}

fn outcome(
    builder: &mut Builder<'_>,
    row: &Row<'_>,
    labels: &[(String, usize)],
    series: &mut ByLabels,
    clock: Clock,
) -> Result<(), IngestError> {
    let latency = row.count(builder, 2)?;
    let sent = clock.parse(row.text(0)).map_err(|problem| builder.cell(row.at(0), problem))?;
    let outcome = Outcome {
        sent,
        latency: latency as f64,
        at: row.at(2),
        code: row.count(builder, 1)?,
        error: row.text(5),
        labels: labels.iter().map(|(name, i)| (name.as_str(), row.text(*i))).collect(),
    };
    outcome.push(builder, series)
}

pub(super) fn read_lines(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let asked = builder.options.labels.clone().unwrap_or_default();
    let mut series = ByLabels::default();
    lines::each(input, builder, |builder, number, text| {
        if text.trim().is_empty() {
            return Ok(());
        }
        let line: Line<'_> = serde_json::from_str(text)
            .map_err(|e| builder.line_error(number, format!("not a result of vegeta: {e}")))?;
        let sent = timestamp::parse(&line.timestamp, None).map_err(|problem| {
            let at = At { line: number, column: "timestamp", text: &line.timestamp };
            builder.cell(at, problem)
        })?;
        let code = line.code.to_string();
        let mut labels = Vec::new();
        for name in &asked {
            let value: &str = match name.as_str() {
                "attack" => &line.attack,
                "method" => &line.method,
                "url" => &line.url,
                "code" => &code,
                _ => {
                    return Err(IngestError::MissingLabel {
                        file: builder.file().to_owned(),
                        label: name.clone(),
                        have: "attack, code, method, url".into(),
                    });
                }
            };
            labels.push((name.as_str(), value));
        }
        let outcome = Outcome {
            sent,
            latency: line.latency as f64,
            at: At { line: number, column: "latency", text: "" },
            code: u64::from(line.code),
            error: &line.error,
            labels,
        };
        outcome.push(builder, &mut series)
    })
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::matches_csv;
    use crate::{Input, Options, read};

    fn parse(text: &str) -> Dataset {
        read(vec![Input::from_bytes("a", text)], &Options::default())
            .unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn both_shapes_say_the_same() {
        let table = parse(
            "1735689600000000000,200,5000,0,2,,b2s=,base,0,GET,http://a,\n\
             1735689600000001000,0,9000,0,0,timeout,,base,1,GET,http://a,\n",
        );
        let lines = parse(
            "{\"attack\":\"base\",\"seq\":0,\"code\":200,\"timestamp\":\"2025-01-01T00:00:00Z\",\
             \"latency\":5000,\"bytes_out\":0,\"bytes_in\":2,\"error\":\"\",\"body\":\"b2s=\",\
             \"method\":\"GET\",\"url\":\"http://a\",\"headers\":null}\n\
             {\"attack\":\"base\",\"seq\":1,\"code\":0,\"timestamp\":\"2025-01-01T00:00:00.000001Z\",\
             \"latency\":9000,\"bytes_out\":0,\"bytes_in\":0,\"error\":\"timeout\",\"body\":null,\
             \"method\":\"GET\",\"url\":\"http://a\",\"headers\":null}\n",
        );
        assert_eq!(table.series, lines.series);
        let Observations::Raw(raw) = &table.series[0].observations else { panic!() };
        assert_eq!((raw.sample.values(), raw.above()), (&[5_000.0, 9_000.0][..], &[1][..]));
        assert_eq!(table.generator, Some(tailproof_core::Loop::Open));
    }

    #[test]
    fn columns_of_numbers_are_not_enough() {
        assert!(!matches_csv("1,2,3,4,5,6,7,8,9,10,11,12"));
        assert!(!matches_csv("1735689600000000000,200,5000"));
    }
}
