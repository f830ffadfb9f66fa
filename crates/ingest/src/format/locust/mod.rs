//! Locust: the tables of `--csv` and the document of `--json`.

mod document;
mod history;
mod stats;

use tailproof_core::{Loop, Metric, Rank, Unit};

use crate::builder::{At, Builder, When};
use crate::error::IngestError;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::format::{Head, is_number, totals};
use crate::input::Opened;

/// Whether this is one of the files that Locust writes.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    stats::matches(head)
        || history::matches(head)
        || document::matches(head)
        || failures(head.first).is_some()
}

/// Reads the file, whichever it is.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let text = String::from_utf8_lossy(input.head()).into_owned();
    let first = text.trim_start().lines().next().unwrap_or("").trim();
    if let Some(what) = failures(first) {
        let rows = table::each(
            input,
            builder,
            COMMAS,
            |_, _| Ok(0_u64),
            |rows, _, _| {
                *rows += 1;
                Ok(())
            },
        )?;
        let problem = format!(
            "holds {what} only ({rows} of them) and no measurement: read the file …_stats.csv of \
             the same test"
        );
        return Err(builder.line_error(1, problem));
    }
    builder.generator(Loop::Closed);
    builder.note(
        "Locust's users wait for each answer (closed loop): a stall delays the requests after it"
            .into(),
    );
    if first.starts_with(['[', '{']) {
        document::read(input, builder)
    } else if first.starts_with("Timestamp") {
        history::read(input, builder)
    } else {
        stats::read(input, builder)
    }
}

/// What a file of failures or exceptions holds, by its headings.
fn failures(first: &str) -> Option<&'static str> {
    let cells = table::cells(first, ',');
    if cells.starts_with(&["Method", "Name", "Error", "Occurrences"]) {
        Some("failures")
    } else if cells.starts_with(&["Count", "Message", "Traceback"]) {
        Some("exceptions")
    } else {
        None
    }
}

/// The name under which Locust adds up all requests.
const ALL: &str = "Aggregated";

/// The labels of a request: none for the sum of all.
fn labels<'a>(method: &'a str, name: &'a str) -> Vec<(&'static str, &'a str)> {
    if name == ALL && method.is_empty() {
        return Vec::new();
    }
    let pairs = [("name", name), ("method", method)];
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn latency() -> Metric {
    Metric::new("latency", Unit::known("ms"))
}

/// The columns of percentiles, such as `99.9%`; `100%` is a rounded maximum.
fn percentiles(headings: &Headings<'_>) -> Vec<(Rank, usize)> {
    let rank = |(column, name): (usize, &String)| {
        let percent = name.strip_suffix('%').filter(|n| is_number(n) && *n != "100")?;
        Some((format!("{percent}%").parse::<Rank>().ok()?, column))
    };
    headings.names.iter().enumerate().filter_map(rank).collect()
}

/// The percentiles of a row; those that are not known (N/A) are left out.
fn quantiles(
    builder: &Builder<'_>,
    row: &Row<'_>,
    columns: &[(Rank, usize)],
) -> Result<Vec<(Rank, f64)>, IngestError> {
    let mut quantiles = Vec::new();
    for &(rank, column) in columns {
        if !matches!(row.text(column), "" | "N/A") {
            quantiles.push((rank, row.number(builder, column)?));
        }
    }
    Ok(quantiles)
}

/// Counts of requests, of which some failed.
fn push_requests(
    builder: &mut Builder<'_>,
    labels: &[(&str, &str)],
    total: u64,
    failed: u64,
    when: When,
    at: At<'_>,
) -> Result<(), IngestError> {
    let Some(good) = total.checked_sub(failed) else {
        return Err(builder.cell(at, "more failures than requests"));
    };
    totals::requests(builder, (good, total), labels, when, at.line)?;
    if failed > 0 {
        builder.note(
            "Locust's response times include those of failed requests, which cannot be told apart"
                .into(),
        );
    }
    Ok(())
}

/// Says how exact the percentiles are.
fn explain_rounding(builder: &mut Builder<'_>) {
    let text = "Locust rounds response times above 100 ms to two digits before it counts them";
    builder.note(text.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_measurements_are_known() {
        assert_eq!(
            failures("Method,Name,Error,Occurrences,First Seen,Last Seen"),
            Some("failures")
        );
        assert_eq!(failures("Count,Message,Traceback,Nodes"), Some("exceptions"));
        assert_eq!(failures("Type,Name,Request Count,Failure Count"), None);
    }

    #[test]
    fn the_sum_of_all_has_no_labels() {
        assert!(labels("", ALL).is_empty());
        assert_eq!(labels("GET", "/a"), [("name", "/a"), ("method", "GET")]);
    }
}
