//! BenchmarkDotNet's full JSON: nanoseconds an operation.

use serde::Deserialize;
use serde_json::Value;
use tailproof_core::{Labels, Metric, Summary, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('{')
        && head.text.contains("\"HostEnvironmentInfo\"")
        && head.text.contains("\"BenchmarkDotNetVersion\"")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Benchmark {
    #[serde(default)]
    display_info: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default, rename = "Type")]
    kind: Option<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    parameters: Option<String>,
    #[serde(default)]
    statistics: Option<Statistics>,
    #[serde(default)]
    measurements: Option<Vec<Measurement>>,
    #[serde(default)]
    memory: Option<Memory>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    #[serde(default)]
    original_values: Vec<Value>,
    n: Option<u64>,
    min: Option<f64>,
    q1: Option<f64>,
    median: Option<f64>,
    mean: Option<f64>,
    q3: Option<f64>,
    max: Option<f64>,
    standard_deviation: Option<f64>,
    #[serde(default)]
    confidence_interval: Option<Confidence>,
}

/// Its level is a number that meant different levels in different versions.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Confidence {
    #[serde(default)]
    lower: Value,
    #[serde(default)]
    upper: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Measurement {
    #[serde(default)]
    iteration_stage: Option<String>,
    #[serde(default)]
    launch_index: Option<u64>,
    operations: f64,
    nanoseconds: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Memory {
    #[serde(default)]
    bytes_allocated_per_operation: Option<f64>,
}

/// Reads results of the measurements, else the values of the statistics, else these.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let report: Report = json::document(input, builder)?;
    for benchmark in &report.benchmarks {
        let labels = benchmark.labels();
        times(benchmark, &labels, builder)?;
        let allocated = benchmark.memory.as_ref().and_then(|m| m.bytes_allocated_per_operation);
        if let Some(bytes) = allocated {
            let metric = Metric::new("allocated", Unit::known("B"));
            let summary = values::printed(bytes);
            values::summary(builder, metric, &labels, summary, When::default(), 0)?;
        }
    }
    Ok(())
}

impl Benchmark {
    /// Namespace, type and method; a full name may hold the parameters as well.
    fn name(&self) -> String {
        let parts = [&self.namespace, &self.kind, &self.method];
        let parts: Vec<&str> =
            parts.into_iter().flatten().map(String::as_str).filter(|p| !p.is_empty()).collect();
        let plain = self.parameters.as_deref().is_none_or(str::is_empty);
        match &self.full_name {
            Some(full) if plain || self.method.is_none() => full.clone(),
            _ => parts.join("."),
        }
    }

    /// The name, `N=10&Text=a` as labels, and the job unless it is the default one.
    fn labels(&self) -> Labels {
        let mut labels = values::benchmark(&self.name());
        for part in self.parameters.iter().flat_map(|p| p.split('&')).filter(|p| !p.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or(("parameters", part));
            labels.entry(name.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
        }
        let job = self.display_info.as_deref().and_then(|d| d.split_once(": ")).map(|(_, job)| job);
        let job = job.map(|job| job.split(" [").next().unwrap_or(job).trim());
        if let Some(job) = job.filter(|job| !job.is_empty() && *job != "DefaultJob") {
            labels.entry("job".to_owned()).or_insert_with(|| job.to_owned());
        }
        labels
    }
}

fn times(
    benchmark: &Benchmark,
    labels: &Labels,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    let metric = Metric::new("time", Unit::known("ns"));
    let mut any = false;
    for m in benchmark.measurements.iter().flatten() {
        if m.iteration_stage.as_deref() == Some("Result") && m.operations > 0.0 {
            any = true;
            let run = builder.run(&format!("launch {}", m.launch_index.unwrap_or(1)))?;
            let when = When { run: Some(run), ..When::default() };
            let each = m.nanoseconds / m.operations;
            values::raw(builder, metric.clone(), labels, &[each], when)?;
        }
    }
    let Some(statistics) = benchmark.statistics.as_ref().filter(|_| !any) else {
        if !any {
            builder.note(format!("{}: {} has no result", builder.file(), benchmark.name()));
        }
        return Ok(());
    };
    let original: Option<Vec<f64>> =
        statistics.original_values.iter().map(values::number).collect();
    match original.filter(|values| !values.is_empty()) {
        Some(original) => values::raw(builder, metric, labels, &original, When::default()),
        None => values::summary(builder, metric, labels, statistics.summary(), When::default(), 0),
    }
}

impl Statistics {
    fn summary(&self) -> Summary {
        let interval = self.confidence_interval.as_ref().and_then(|c| {
            let (lo, hi) = (values::number(&c.lower)?, values::number(&c.upper)?);
            values::interval(self.mean?, lo, hi, None)
        });
        Summary {
            n: self.n,
            mean: self.mean,
            sd: self.standard_deviation,
            min: self.min,
            max: self.max,
            quantiles: values::quantiles([
                ("25%", self.q1),
                ("50%", self.median),
                ("75%", self.q3),
            ]),
            interval,
        }
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use crate::{Input, Options, read};

    fn parse(body: &str) -> tailproof_core::Dataset {
        let text = format!(
            r#"{{"HostEnvironmentInfo": {{"BenchmarkDotNetVersion": "0.13"}}, "Benchmarks": [{{
            "Namespace": "A", "Type": "B", "Method": "C", "FullName": "A.B.C(N: 10)",
            "Parameters": "N=10", {body}}}]}}"#
        );
        read(vec![Input::from_bytes("b.json", text)], &Options::default()).unwrap()
    }

    #[test]
    fn results_come_before_values_before_statistics() {
        let statistics = r#""Statistics": {"OriginalValues": [5, 7], "N": 2, "Mean": 6}"#;
        let measured = r#""Measurements": [
            {"IterationMode": "Workload", "IterationStage": "Warmup", "LaunchIndex": 1,
             "Operations": 1, "Nanoseconds": 900},
            {"IterationMode": "Workload", "IterationStage": "Result", "LaunchIndex": 2,
             "Operations": 4, "Nanoseconds": 20}]"#;
        let values = |data: &tailproof_core::Dataset| match &data.series[0].observations {
            Observations::Raw(raw) => raw.sample.values().to_vec(),
            other => panic!("{other:?}"),
        };
        let data = parse(&format!("{statistics}, {measured}"));
        assert_eq!(data.series[0].name(), "time{N=10,benchmark=A.B.C}");
        assert_eq!(values(&data), [5.0]);
        assert_eq!(values(&parse(statistics)), [5.0, 7.0]);
        let data = parse(r#""Statistics": {"N": 2, "Mean": 6, "Median": 5.5}"#);
        let Observations::Summary(all) = &data.series[0].observations else { panic!() };
        assert_eq!((all[0].n, all[0].quantiles[0].1), (Some(2), 5.5));
    }
}
