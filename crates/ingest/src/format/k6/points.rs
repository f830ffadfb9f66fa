//! k6 `--out json`: one declaration of a metric or one point a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::recorder::{Point, Recorder};
use super::{Declared, announce};
use crate::builder::{At, Builder};
use crate::error::IngestError;
use crate::format::{Head, lines};
use crate::input::Opened;
use crate::timestamp;

/// Whether the first line is a line of `k6 run --out json`.
pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('{')
        && serde_json::from_str::<Line<'_>>(head.first)
            .is_ok_and(|line| matches!(&*line.kind, "Metric" | "Point") && !line.metric.is_empty())
}

/// Reads the points: trends and gauges as values, counters and rates by the second.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    announce(builder);
    let asked = builder.options.labels.clone();
    let mut met = vec![false; asked.as_ref().map_or(0, Vec::len)];
    let mut recorder = Recorder::default();
    lines::each(input, builder, |builder, number, text| {
        if text.trim().is_empty() {
            return Ok(());
        }
        let line: Line<'_> = serde_json::from_str(text)
            .map_err(|e| builder.line_error(number, format!("not a line of k6: {e}")))?;
        match &*line.kind {
            "Metric" => declare(&mut recorder, builder, &line, number),
            "Point" => match &asked {
                None => usual(&mut recorder, builder, &line, number),
                Some(asked) => chosen(&mut recorder, builder, &line, text, asked, &mut met, number),
            },
            other => {
                let at = At { line: number, column: "type", text: other };
                Err(builder.cell(at, "Metric or Point"))
            }
        }
    })?;
    if let Some(at) = met.iter().position(|met| !met) {
        return Err(IngestError::MissingLabel {
            file: builder.file().to_owned(),
            label: asked.unwrap_or_default().swap_remove(at),
            have: "the tags of the points, such as scenario, group, name, method, status".into(),
        });
    }
    recorder.finish(builder)
}

/// One line. An empty text stands for a tag that is not there.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    contains: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Cow<'a, str>,
    value: Option<f64>,
    #[serde(borrow, default)]
    tags: Option<Tags<'a>>,
}

/// The tags that matter unless others are asked for.
#[derive(Deserialize)]
struct Tags<'a> {
    #[serde(borrow, default)]
    scenario: Cow<'a, str>,
    #[serde(borrow, default)]
    group: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    error_code: Cow<'a, str>,
    #[serde(borrow, default)]
    expected_response: Cow<'a, str>,
}

/// All tags, for labels that were asked for.
#[derive(Deserialize)]
struct Tagged {
    data: TaggedData,
}

#[derive(Deserialize)]
struct TaggedData {
    tags: Option<serde_json::Map<String, Value>>,
}

fn declare(
    recorder: &mut Recorder,
    builder: &mut Builder<'_>,
    line: &Line<'_>,
    number: u64,
) -> Result<(), IngestError> {
    let Some(declared) = Declared::parse(&line.data.kind, &line.data.contains) else {
        let at = At { line: number, column: "data.type", text: &line.data.kind };
        return Err(builder.cell(at, "a metric is a trend, counter, rate or gauge"));
    };
    recorder.declare(builder, &line.metric, declared, number)
}

/// A point under the labels that tell requests apart.
fn usual(
    recorder: &mut Recorder,
    builder: &mut Builder<'_>,
    line: &Line<'_>,
    number: u64,
) -> Result<(), IngestError> {
    match &line.data.tags {
        None => point(recorder, builder, line, &[], number),
        Some(tags) => {
            let labels =
                usual_labels(&tags.scenario, &tags.group, &tags.name, &tags.url, &tags.method);
            point(recorder, builder, line, &labels, number)
        }
    }
}

/// The labels that are there unless others are asked for; empty values are left out later.
pub(super) fn usual_labels<'a>(
    scenario: &'a str,
    group: &'a str,
    name: &'a str,
    url: &str,
    method: &'a str,
) -> [(&'a str, &'a str); 4] {
    [
        ("scenario", if scenario == "default" { "" } else { scenario }),
        ("group", group),
        // A name that only repeats the address tells nothing, and addresses hold identifiers.
        ("name", if name == url { "" } else { name }),
        ("method", method),
    ]
}

/// A point under the labels that were asked for.
fn chosen(
    recorder: &mut Recorder,
    builder: &mut Builder<'_>,
    line: &Line<'_>,
    text: &str,
    asked: &[String],
    met: &mut [bool],
    number: u64,
) -> Result<(), IngestError> {
    let all: Tagged = serde_json::from_str(text)
        .map_err(|e| builder.line_error(number, format!("not a line of k6: {e}")))?;
    let tags = all.data.tags.unwrap_or_default();
    let mut labels = Vec::new();
    for (name, met) in asked.iter().zip(met) {
        let value = tags.get(name).and_then(Value::as_str).unwrap_or("");
        *met |= tags.contains_key(name);
        labels.push((name.as_str(), value));
    }
    point(recorder, builder, line, &labels, number)
}

fn point(
    recorder: &mut Recorder,
    builder: &mut Builder<'_>,
    line: &Line<'_>,
    labels: &[(&str, &str)],
    number: u64,
) -> Result<(), IngestError> {
    let data = &line.data;
    let Some(value) = data.value else {
        return Err(builder.line_error(number, "a point has a number as its value"));
    };
    let time = timestamp::parse(&data.time, None).map_err(|problem| {
        builder.cell(At { line: number, column: "time", text: &data.time }, problem)
    })?;
    let failed = line.metric == "http_req_duration"
        && data
            .tags
            .as_ref()
            .is_some_and(|t| failed(&t.expected_response, &t.status, &t.error_code));
    let point = Point { metric: &line.metric, time, value, labels, failed };
    recorder.record(builder, &point, number)
}

/// Whether the tags are those of a request that failed.
pub(super) fn failed(expected_response: &str, status: &str, error_code: &str) -> bool {
    expected_response == "false" || status == "0" || !error_code.is_empty()
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use crate::{Input, Options, read};

    fn line(metric: &str, second: u32, value: f64, more: &str) -> String {
        format!(
            "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"2025-01-01T00:00:0{second}.25Z\",\
             \"value\":{value},\"tags\":{{\"method\":\"GET\",\"name\":\"http://a\",\"url\":\"http://a\",\
             \"scenario\":\"default\",\"group\":\"\"{more}}}}}}}\n"
        )
    }

    fn declaration(metric: &str, kind: &str, contains: &str) -> String {
        format!(
            "{{\"type\":\"Metric\",\"data\":{{\"name\":\"{metric}\",\"type\":\"{kind}\",\"contains\":\"{contains}\",\
             \"thresholds\":[],\"submetrics\":null}},\"metric\":\"{metric}\"}}\n"
        )
    }

    fn parse(text: String, options: &Options) -> Dataset {
        read(vec![Input::from_bytes("k6.json", text)], options).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn points_become_what_their_type_says() {
        let text = [
            declaration("http_req_duration", "trend", "time"),
            declaration("http_req_failed", "rate", "default"),
            declaration("http_reqs", "counter", "default"),
            line("http_req_duration", 1, 5.5, ",\"expected_response\":\"true\",\"status\":\"200\""),
            line("http_req_failed", 1, 0.0, ""),
            line("http_reqs", 1, 1.0, ""),
            line("http_req_duration", 1, 60.0, ",\"status\":\"0\",\"error_code\":\"1050\""),
            line("http_req_failed", 1, 1.0, ""),
            line("http_reqs", 1, 1.0, ""),
            line("http_reqs", 2, 1.0, ""),
        ]
        .concat();
        let data = parse(text, &Options::default());
        let names: Vec<String> = data.series.iter().map(tailproof_core::Series::name).collect();
        assert_eq!(
            names,
            [
                "http_req_duration{method=GET}",
                "http_req_failed{method=GET}",
                "http_reqs{method=GET}"
            ]
        );
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!((raw.sample.values(), raw.above()), (&[5.5, 60.0][..], &[1][..]));
        assert_eq!(data.series[1].observations, Observations::Events(vec![(1, 2)]));
        let Observations::Raw(raw) = &data.series[2].observations else { panic!() };
        assert_eq!(raw.sample.values(), [2.0, 1.0]);
        assert_eq!(data.series[1].time.as_deref(), Some(&[1_735_689_602_000_000_000][..]));
    }

    #[test]
    fn labels_are_chosen() {
        let text = line("http_req_duration", 1, 5.0, ",\"tier\":\"gold\"");
        let options = Options { labels: Some(vec!["tier".into()]), ..Options::default() };
        let data = parse(text.clone(), &options);
        assert_eq!(data.series[0].name(), "http_req_duration{tier=gold}");
        let options = Options { labels: Some(vec!["teir".into()]), ..Options::default() };
        assert!(read(vec![Input::from_bytes("k6.json", text)], &options).is_err());
    }

    #[test]
    fn nonsense_is_an_error() {
        for text in [
            "{\"type\":\"Point\",\"metric\":\"m\",\"data\":{\"time\":\"noon\",\"value\":1}}",
            "{\"type\":\"Point\",\"metric\":\"m\",\"data\":{\"time\":\"2025-01-01T00:00:00Z\"}}",
            "{\"type\":\"Metric\",\"metric\":\"m\",\"data\":{\"type\":\"tree\"}}",
        ] {
            assert!(read(vec![Input::from_bytes("k6.json", text)], &Options::default()).is_err());
        }
    }
}
