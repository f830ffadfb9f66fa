//! k6 `--out csv`: one point a row, with the common tags as columns.

use super::announce;
use super::points::{failed, usual_labels};
use super::recorder::{Point, Recorder};
use crate::builder::Builder;
use crate::error::IngestError;
use crate::format::table::{self, COMMAS, Headings, Row};
use crate::format::{Head, is_number};
use crate::input::Opened;
use crate::timestamp;

/// Whether the headings are those of `k6 run --out csv`.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with("metric_name,timestamp,metric_value,")
}

/// Reads the points as those of the JSON form; k6's own metrics are known by name.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    announce(builder);
    let columns = table::each(input, builder, COMMAS, Columns::new, Columns::row)?;
    columns.recorder.finish(builder)
}

struct Columns {
    metric: usize,
    time: usize,
    value: usize,
    scenario: Option<usize>,
    group: Option<usize>,
    name: Option<usize>,
    url: Option<usize>,
    method: Option<usize>,
    status: Option<usize>,
    error_code: Option<usize>,
    expected: Option<usize>,
    extra: Option<usize>,
    /// Labels that were asked for, with their column; without one they are extra tags.
    asked: Option<Vec<(String, Option<usize>)>>,
    recorder: Recorder,
}

impl Columns {
    fn new(headings: &Headings<'_>, builder: &mut Builder<'_>) -> Result<Self, IngestError> {
        let extra = headings.find("extra_tags");
        let asked = match &builder.options.labels {
            None => None,
            Some(names) => {
                let mut asked = Vec::new();
                for name in names {
                    let column = match headings.find(name) {
                        None if extra.is_none() => Some(headings.need(name)?),
                        found => found,
                    };
                    asked.push((name.clone(), column));
                }
                Some(asked)
            }
        };
        Ok(Self {
            metric: headings.need("metric_name")?,
            time: headings.need("timestamp")?,
            value: headings.need("metric_value")?,
            scenario: headings.find("scenario"),
            group: headings.find("group"),
            name: headings.find("name"),
            url: headings.find("url"),
            method: headings.find("method"),
            status: headings.find("status"),
            error_code: headings.find("error_code"),
            expected: headings.find("expected_response"),
            extra,
            asked,
            recorder: Recorder::default(),
        })
    }

    fn row(&mut self, builder: &mut Builder<'_>, row: &Row<'_>) -> Result<(), IngestError> {
        let cell = |column: Option<usize>| column.map_or("", |c| row.text(c));
        let text = row.text(self.time);
        let time = timestamp::parse(text, None)
            .map_err(|problem| builder.cell(row.at(self.time), problem))?;
        let metric = row.text(self.metric);
        if metric.is_empty() || is_number(metric) {
            return Err(builder.cell(row.at(self.metric), "a metric has a name"));
        }
        let usual = usual_labels(
            cell(self.scenario),
            cell(self.group),
            cell(self.name),
            cell(self.url),
            cell(self.method),
        );
        let chosen: Option<Vec<(&str, &str)>> = self.asked.as_ref().map(|asked| {
            let value = |name: &str, column: Option<usize>| match column {
                Some(column) => row.text(column),
                None => extra_tag(cell(self.extra), name),
            };
            asked.iter().map(|(name, column)| (name.as_str(), value(name, *column))).collect()
        });
        let point = Point {
            metric,
            time,
            value: row.number(builder, self.value)?,
            labels: chosen.as_deref().unwrap_or(&usual),
            failed: metric == "http_req_duration"
                && failed(cell(self.expected), cell(self.status), cell(self.error_code)),
        };
        self.recorder.record(builder, &point, row.line)
    }
}

/// The value of a tag among `one=1&two=2`; empty when it is not there.
fn extra_tag<'a>(tags: &'a str, name: &str) -> &'a str {
    tags.split('&')
        .filter_map(|tag| tag.split_once('='))
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options, read};

    const HEADINGS: &str = "metric_name,timestamp,metric_value,check,error,error_code,\
                            expected_response,group,method,name,proto,scenario,service,status,\
                            subproto,tls_version,url,extra_tags,metadata\n";

    #[test]
    fn failed_requests_lie_above_their_time() {
        let text = format!(
            "{HEADINGS}http_req_duration,1735689600,5.0,,,,true,,GET,u,,default,,200,,,u,a=1&b=2,\n\
             http_req_duration,1735689601,60.0,,,1050,false,,GET,u,,default,,0,,,u,a=1&b=2,\n"
        );
        let data = read(vec![Input::from_bytes("a.csv", text.clone())], &Options::default());
        let data = data.unwrap_or_else(|e| panic!("{e}"));
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!(data.series[0].name(), "http_req_duration{method=GET}");
        assert_eq!(raw.above(), [1]);
        let options = Options { labels: Some(vec!["b".into()]), ..Options::default() };
        let data = read(vec![Input::from_bytes("a.csv", text)], &options).unwrap();
        assert_eq!(data.series[0].name(), "http_req_duration{b=2}");
    }

    #[test]
    fn an_extra_tag_is_found_by_name() {
        assert_eq!(extra_tag("a=1&b=2", "b"), "2");
        assert_eq!(extra_tag("", "b"), "");
    }
}
