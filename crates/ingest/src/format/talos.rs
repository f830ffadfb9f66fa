//! The graph server's history of a Talos test: `test_runs` of
//! `[id, [build, build id, revision], timestamp, value, …]`.

use serde::Deserialize;
use serde_json::Value;
use tailproof_core::Metric;

use super::{Head, json, values};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('{')
        && head.text.contains("\"test_runs\"")
        && head.text.contains("\"stat\"")
}

#[derive(Deserialize)]
struct Report {
    test_runs: Vec<Vec<Value>>,
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::tree(input, builder)?;
    if report.test_runs.is_empty() {
        return Ok(());
    }
    let metric = Metric::new(builder.options.default_name(), None);
    let Some(series) = builder.described(metric, &[], Kind::Raw, 0)? else { return Ok(()) };
    for (i, run) in report.test_runs.iter().enumerate() {
        let told = || (format!("test_runs[{i}]"), Value::from(run.clone()).to_string());
        let seconds = run.get(2).and_then(Value::as_i64).filter(|&s| s >= 0);
        let time = seconds.and_then(|s| s.checked_mul(1_000_000_000));
        let value = run.get(3).and_then(values::number);
        let (Some(time), Some(value)) = (time, value) else {
            let (column, text) = told();
            let at = At { line: 0, column: &column, text: &text };
            return Err(builder.cell(at, "a run has a time in seconds and a value"));
        };
        let revision = run.get(1).and_then(|build| build.get(2)).and_then(Value::as_str);
        let mark = Some(builder.mark(revision.unwrap_or_default())?);
        let when = When { time: Some(time), mark, ..When::default() };
        builder.push_told(series, value, when, 0, told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn runs_are_in_the_order_of_their_time() {
        let text = r#"{"stat": "ok", "test_runs": [[1, [7, 8, "b"], 20, 5.5, 0, [], 3],
            [2, [7, 8, "a"], 10, 4.5, 0, [], 3]], "averages": {}}"#;
        let data = read(vec![Input::from_bytes("r.json", text)], &Options::default()).unwrap();
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!(raw.sample.values(), [4.5, 5.5]);
        assert_eq!(data.series[0].time, Some(vec![10_000_000_000, 20_000_000_000]));
        assert_eq!(data.series[0].marks.as_ref().unwrap()[0], "a");
        let cut = r#"{"stat": "ok", "test_runs": [[1, [7, 8, "b"], 20]]}"#;
        assert!(read(vec![Input::from_bytes("r.json", cut)], &Options::default()).is_err());
    }
}
