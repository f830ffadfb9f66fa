//! JTL as CSV: which columns there are is configurable, only `elapsed` must be there.

use super::{Request, announce};
use crate::builder::Builder;
use crate::error::{IngestError, listed};
use crate::format::Head;
use crate::format::cache::ByLabels;
use crate::format::table::{self, Headings, Row, Style};
use crate::input::Opened;

/// Whether the headings are those of a JTL file, with or without `elapsed`.
pub(super) fn matches(head: &Head<'_>) -> bool {
    let cells = table::cells(head.first, char::from(delimiter(head.first.as_bytes())));
    let has = |name: &str| cells.contains(&name);
    has("label")
        && has("success")
        && ["timeStamp", "threadName", "grpThreads", "allThreads"].iter().any(|name| has(name))
}

pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    announce(builder);
    let head = input.head();
    let first = head.split(|&b| b == b'\n' || b == b'\r').find(|l| !l.is_empty()).unwrap_or(head);
    let style = Style { delimiter: delimiter(first), names: None };
    table::each(input, builder, style, Columns::new, Columns::row)?;
    Ok(())
}

fn delimiter(first: &[u8]) -> u8 {
    let count = |c: u8| first.iter().filter(|&&b| b == c).count();
    [b'\t', b';'].into_iter().find(|&c| count(c) > count(b',')).unwrap_or(b',')
}

struct Columns {
    elapsed: usize,
    start: Option<usize>,
    success: Option<usize>,
    labels: Vec<(String, usize)>,
    series: ByLabels,
}

impl Columns {
    fn new(headings: &Headings<'_>, builder: &mut Builder<'_>) -> Result<Self, IngestError> {
        let Some(elapsed) = headings.find("elapsed") else {
            let problem = format!(
                "a JTL file without the column elapsed holds no times (there is: {}); \
                 let JMeter save it with jmeter.save.saveservice.time=true",
                listed(headings.names)
            );
            return Err(builder.line_error(1, problem));
        };
        Ok(Self {
            elapsed,
            start: headings.find("timeStamp"),
            success: headings.find("success"),
            labels: headings.labels(builder, &["label"])?,
            series: ByLabels::default(),
        })
    }

    fn row(&mut self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        let success = match self.success.map(|column| (column, row.text(column))) {
            None | Some((_, "true")) => true,
            Some((_, "false")) => false,
            Some((column, _)) => return Err(builder.cell(row.at(column), "true or false")),
        };
        let labels: Vec<(&str, &str)> =
            self.labels.iter().map(|(name, column)| (name.as_str(), row.text(*column))).collect();
        let request = Request {
            elapsed: row.number(builder, self.elapsed)?,
            at: row.at(self.elapsed),
            start: self.start.map(|column| row.text(column)),
            success,
            labels: &labels,
        };
        request.push(builder, &mut self.series)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn a_failed_request_lies_above_its_time() {
        let text = "timeStamp;elapsed;label;threadName;success\n1549967385359;12;a, b;t;true\n\
                    1549967385459;30;a, b;t;false\n";
        let data = read(vec![Input::from_bytes("a.jtl", text)], &Options::default());
        let data = data.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(data.series[0].name(), "latency{label=a, b}");
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!((raw.sample.values(), raw.above()), (&[12.0, 30.0][..], &[1][..]));
    }

    #[test]
    fn a_file_without_times_is_refused() {
        let text = "label,responseCode,success,grpThreads\na,200,true,1\n";
        let error = read(vec![Input::from_bytes("a.csv", text)], &Options::default()).unwrap_err();
        assert!(error.to_string().contains("without the column elapsed"), "{error}");
    }
}
