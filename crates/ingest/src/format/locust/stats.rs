//! `…_stats.csv`: one row for each kind of request, and one for all of them.

use tailproof_core::{Rank, Summary};

use super::{ALL, explain_rounding, labels, latency, percentiles, push_requests, quantiles};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::format::{Head, totals};
use crate::input::Opened;

pub(super) fn matches(head: &Head<'_>) -> bool {
    table::cells(head.first, ',').starts_with(&["Type", "Name", "Request Count", "Failure Count"])
}

/// Reads the rows; that of all requests is used only when it stands alone.
pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let columns = table::each(input, builder, COMMAS, Columns::new, Columns::row)?;
    match columns.all {
        Some(entry) if !columns.single => entry.push(builder),
        _ => Ok(()),
    }
}

struct Columns {
    method: usize,
    name: usize,
    count: usize,
    failures: usize,
    mean: Option<usize>,
    min: Option<usize>,
    max: Option<usize>,
    rate: Option<usize>,
    percentiles: Vec<(Rank, usize)>,
    /// Whether a row of a single kind was there.
    single: bool,
    all: Option<Entry>,
}

/// What a row says.
struct Entry {
    method: String,
    name: String,
    failures: u64,
    count: u64,
    rate: Option<f64>,
    summary: Summary,
    line: u64,
}

impl Columns {
    fn new(headings: &Headings<'_>, _: &mut Builder<'_>) -> Result<Self, IngestError> {
        Ok(Self {
            method: headings.need("Type")?,
            name: headings.need("Name")?,
            count: headings.need("Request Count")?,
            failures: headings.need("Failure Count")?,
            mean: headings.find("Average Response Time"),
            min: headings.find("Min Response Time"),
            max: headings.find("Max Response Time"),
            rate: headings.find("Requests/s"),
            percentiles: percentiles(headings),
            single: false,
            all: None,
        })
    }

    fn row(&mut self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        let entry = self.entry(builder, row)?;
        if entry.name == ALL && entry.method.is_empty() {
            self.all = Some(entry);
            return Ok(());
        }
        self.single = true;
        entry.push(builder)
    }

    fn entry(&self, builder: &Builder<'_>, row: &Row<'_>) -> Result<Entry, IngestError> {
        let number = |column: Option<usize>| {
            let column = column.filter(|&c| !matches!(row.text(c), "" | "N/A"));
            column.map(|c| row.number(builder, c)).transpose()
        };
        let count = row.count(builder, self.count)?;
        let failures = row.count(builder, self.failures)?;
        if failures > count {
            return Err(builder.cell(row.at(self.failures), "more failures than requests"));
        }
        Ok(Entry {
            method: row.text(self.method).to_owned(),
            name: row.text(self.name).to_owned(),
            count,
            failures,
            rate: number(self.rate)?,
            summary: Summary {
                n: Some(count),
                mean: number(self.mean)?,
                min: number(self.min)?,
                max: number(self.max)?,
                quantiles: quantiles(builder, row, &self.percentiles)?,
                ..Summary::default()
            },
            line: row.line,
        })
    }
}

impl Entry {
    fn push(self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        if self.count == 0 {
            builder.note(format!("no request of {} was made", self.name));
            return Ok(());
        }
        let labels = labels(&self.method, &self.name);
        let when = When::default();
        let text = self.failures.to_string();
        let at = At { line: self.line, column: "Failure Count", text: &text };
        if let Some(series) = builder.described(latency(), &labels, Kind::Summary, self.line)? {
            explain_rounding(builder);
            builder.push_summary(series, self.summary, when, self.line)?;
        }
        push_requests(builder, &labels, self.count, self.failures, when, at)?;
        if let Some(rate) = self.rate {
            totals::throughput(builder, rate, &labels, when, self.line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations, Rank};

    use crate::{Input, Options, read};

    const TABLE: &str = "Type,Name,Request Count,Failure Count,Median Response Time,\
                         Average Response Time,Min Response Time,Max Response Time,Requests/s,\
                         50%,99.9%,100%\n";

    fn parse(rows: &str) -> Dataset {
        let input = Input::from_bytes("a_stats.csv", format!("{TABLE}{rows}"));
        read(vec![input], &Options::default()).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_sum_is_used_only_alone() {
        let all = ",Aggregated,10,1,6,7.5,1.5,77.2,2.5,6,70,77\n";
        let both = parse(&format!("GET,/a,10,1,6,7.5,1.5,77.2,2.5,6,70,77\n{all}"));
        let names: Vec<String> = both.series.iter().map(tailproof_core::Series::name).collect();
        let labels = "{method=GET,name=/a}";
        let want = ["latency", "requests", "throughput"].map(|n| format!("{n}{labels}"));
        assert_eq!(names, want);
        let alone = parse(all);
        assert_eq!(alone.series[0].name(), "latency");
        let Observations::Summary(list) = &alone.series[0].observations else { panic!() };
        assert_eq!(list[0].quantiles, [(Rank::MEDIAN, 6.0), (Rank::P999, 70.0)]);
        assert_eq!((list[0].n, list[0].max), (Some(10), Some(77.2)));
        assert_eq!(alone.series[1].observations, Observations::Events(vec![(9, 10)]));
    }
}
