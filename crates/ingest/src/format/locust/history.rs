//! `…_stats_history.csv`: one row a second, for all requests and perhaps for each kind.

use std::collections::HashMap;

use tailproof_core::{Rank, Summary};

use super::{ALL, explain_rounding, labels, latency, percentiles, push_requests, quantiles};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::format::{Head, totals};
use crate::input::Opened;
use crate::timestamp;

/// Most kinds of request whose counts are remembered.
const MOST_KINDS: usize = 1_000;

pub(super) fn matches(head: &Head<'_>) -> bool {
    table::cells(head.first, ',').starts_with(&["Timestamp", "User Count", "Type", "Name"])
}

/// Reads the rows in time; those of all requests are used only when there are no others.
pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut columns = table::each(input, builder, COMMAS, Columns::new, Columns::row)?;
    let all = std::mem::take(&mut columns.all);
    if columns.single {
        let text = "rows of Aggregated are left out: they add up the others";
        builder.note(format!("{} {text}", all.len()));
    } else {
        for entry in all {
            columns.push(builder, entry)?;
        }
    }
    builder.note(
        "Locust's history holds rates and percentiles of the last seconds before each row: \
         neighbouring rows share requests and are not independent"
            .into(),
    );
    Ok(())
}

struct Columns {
    time: usize,
    method: usize,
    name: usize,
    rate: Option<usize>,
    total: Option<usize>,
    failures: Option<usize>,
    percentiles: Vec<(Rank, usize)>,
    single: bool,
    all: Vec<Entry>,
    /// Requests and failures up to the row before.
    before: HashMap<(String, String), (u64, u64)>,
}

/// What a row says.
struct Entry {
    method: String,
    name: String,
    when: When,
    rate: Option<f64>,
    /// Requests and failures since the beginning.
    counts: Option<(u64, u64)>,
    quantiles: Vec<(Rank, f64)>,
    line: u64,
}

impl Columns {
    fn new(headings: &Headings<'_>, _: &mut Builder<'_>) -> Result<Self, IngestError> {
        Ok(Self {
            time: headings.need("Timestamp")?,
            method: headings.need("Type")?,
            name: headings.need("Name")?,
            rate: headings.find("Requests/s"),
            total: headings.find("Total Request Count"),
            failures: headings.find("Total Failure Count"),
            percentiles: percentiles(headings),
            single: false,
            all: Vec::new(),
            before: HashMap::new(),
        })
    }

    fn row(&mut self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        let time = timestamp::parse(row.text(self.time), None)
            .map_err(|problem| builder.cell(row.at(self.time), problem))?;
        let counts = match (self.total, self.failures) {
            (Some(total), Some(failures)) => {
                Some((row.count(builder, total)?, row.count(builder, failures)?))
            }
            _ => None,
        };
        let entry = Entry {
            method: row.text(self.method).to_owned(),
            name: row.text(self.name).to_owned(),
            when: When { time: Some(time), ..When::default() },
            rate: self.rate.map(|column| row.number(builder, column)).transpose()?,
            counts,
            quantiles: quantiles(builder, row, &self.percentiles)?,
            line: row.line,
        };
        if entry.name == ALL && entry.method.is_empty() {
            self.all.push(entry);
            return Ok(());
        }
        self.single = true;
        self.push(builder, entry)
    }

    fn push(&mut self, builder: &mut Builder<'_>, entry: Entry) -> Result<(), IngestError> {
        let labels = labels(&entry.method, &entry.name);
        let (line, when) = (entry.line, entry.when);
        // A window without a request shows as zeros.
        if entry.quantiles.iter().any(|&(_, value)| value > 0.0)
            && let Some(series) = builder.described(latency(), &labels, Kind::Summary, line)?
        {
            explain_rounding(builder);
            let summary = Summary { quantiles: entry.quantiles, ..Summary::default() };
            builder.push_summary(series, summary, when, line)?;
        }
        if let Some(rate) = entry.rate {
            totals::throughput(builder, rate, &labels, when, line)?;
        }
        let Some((total, failures)) = entry.counts else { return Ok(()) };
        let text = failures.to_string();
        let at = At { line, column: "Total Failure Count", text: &text };
        let key = (entry.method.clone(), entry.name.clone());
        if self.before.len() >= MOST_KINDS && !self.before.contains_key(&key) {
            return Err(builder.line_error(line, format!("more than {MOST_KINDS} requests' names")));
        }
        let (old_total, old_failures) =
            self.before.insert(key, (total, failures)).unwrap_or_default();
        // The counts begin again when Locust is told to reset them.
        let reset = total < old_total || failures < old_failures;
        let (requests, failed) =
            if reset { (total, failures) } else { (total - old_total, failures - old_failures) };
        if requests > 0 {
            push_requests(builder, &labels, requests, failed, when, at)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn counts_are_those_of_each_row() {
        let text = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,99%,Total Request Count,\
                    Total Failure Count\n\
                    1772849612,0,,Aggregated,0.0,0.0,N/A,N/A,0,0\n\
                    1772849613,5,,Aggregated,4.0,0.0,7,9,10,1\n\
                    1772849614,5,,Aggregated,8.0,0.0,6,8,25,1\n\
                    1772849615,5,,Aggregated,8.0,0.0,6,8,5,0\n";
        let data = read(vec![Input::from_bytes("a.csv", text)], &Options::default());
        let data = data.unwrap_or_else(|e| panic!("{e}"));
        let find = |name: &str| data.series.iter().find(|s| s.metric.name == name).unwrap();
        assert_eq!(find("latency").observations.len(), 3);
        assert_eq!(find("throughput").observations.len(), 4);
        assert_eq!(
            find("requests").observations,
            Observations::Events(vec![(9, 10), (15, 15), (5, 5)])
        );
    }
}
