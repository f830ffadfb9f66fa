//! `--json`: for each kind of request a histogram of rounded response times.

use std::collections::BTreeMap;

use serde::Deserialize;
use tailproof_core::Ecdf;

use super::{explain_rounding, labels, latency, push_requests};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::format::{Head, json};
use crate::input::Opened;

pub(super) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('[')
        && ["\"num_requests\"", "\"response_times\"", "\"num_none_requests\""]
            .iter()
            .all(|key| head.text.contains(key))
}

/// One kind of request.
#[derive(Deserialize)]
struct Entry {
    name: String,
    /// Absent where a task is no HTTP request.
    method: Option<String>,
    last_request_timestamp: Option<f64>,
    num_requests: u64,
    #[serde(default)]
    num_none_requests: u64,
    num_failures: u64,
    #[serde(default)]
    response_times: BTreeMap<String, u64>,
}

pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let entries: Vec<Entry> = json::document(input, builder)?;
    // Times are kept only when every entry has one.
    let timed = entries.iter().filter(|e| e.num_requests > 0).all(|e| e.time().is_some());
    for (i, entry) in entries.iter().enumerate() {
        if entry.num_requests == 0 {
            builder.note(format!("no request of {} was made", entry.name));
            continue;
        }
        let when = When { time: entry.time().filter(|_| timed), ..When::default() };
        entry.push(builder, when, i as u64 + 1)?;
    }
    Ok(())
}

impl Entry {
    /// Nanoseconds since 1970 of the last request.
    fn time(&self) -> Option<i64> {
        let seconds = self.last_request_timestamp?;
        (0.0..9.2e9).contains(&seconds).then(|| (seconds * 1e9).round() as i64)
    }

    fn push(&self, builder: &mut Builder<'_>, when: When, line: u64) -> Result<(), IngestError> {
        let labels = labels(self.method.as_deref().unwrap_or(""), &self.name);
        let mut atoms = Vec::new();
        for (text, &count) in &self.response_times {
            let at = At { line: 0, column: "response_times", text };
            match text.parse::<f64>() {
                Ok(time) if time.is_finite() && time >= 0.0 => atoms.push((time, count)),
                _ => return Err(builder.cell(at, "a response time in milliseconds")),
            }
        }
        if !atoms.is_empty()
            && let Some(series) = builder.described(latency(), &labels, Kind::Atoms, line)?
        {
            let times = Ecdf::new(atoms, 0, 0)
                .map_err(|e| builder.line_error(line, format!("response_times: {e}")))?;
            let answered = self.num_requests.saturating_sub(self.num_none_requests);
            if times.n() != answered {
                builder.note(format!(
                    "{}: {} response times for {answered} requests",
                    self.name,
                    times.n()
                ));
            }
            explain_rounding(builder);
            builder.push_atoms(series, times, when, line)?;
        }
        let text = self.num_failures.to_string();
        let at = At { line: 0, column: "num_failures", text: &text };
        push_requests(builder, &labels, self.num_requests, self.num_failures, when, at)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    #[test]
    fn a_histogram_becomes_atoms() {
        let text = r#"[{"name": "/a", "method": "GET", "last_request_timestamp": 1795223852.5,
            "num_requests": 5, "num_none_requests": 0, "num_failures": 2,
            "response_times": {"77": 1, "4": 3, "210": 1}}]"#;
        let data = read(vec![Input::from_bytes("a.json", text)], &Options::default()).unwrap();
        let Observations::Atoms(list) = &data.series[0].observations else { panic!() };
        assert_eq!(list[0].atoms(), [(4.0, 3), (77.0, 1), (210.0, 1)]);
        assert_eq!(data.series[1].observations, Observations::Events(vec![(3, 5)]));
        assert_eq!(data.series[0].time.as_deref(), Some(&[1_795_223_852_500_000_000][..]));
        let bad = text.replace("\"77\"", "\"seventy\"");
        assert!(read(vec![Input::from_bytes("a.json", bad)], &Options::default()).is_err());
    }
}
