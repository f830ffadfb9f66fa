//! Objectives from OpenSLO v1 YAML, over local data.
//!
//! A threshold metric becomes `rate(OP VALUE) >= TARGET` on the metric that its source names
//! (`metricSource.spec.metric`, with an optional `unit`); a ratio metric becomes
//! `ratio >= TARGET` on event counts. A query for a service that is not there is an error,
//! and so are time slices: nothing is judged that was not understood.
//!
//! # Source
//! OpenSLO specification v1.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tailproof_core::Objective;

/// Why a document yields no objectives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSloError {
    /// Not YAML, or not of the expected shape; the message has line and column.
    #[error("{0}")]
    Syntax(String),
    /// Something in a named SLO cannot be used.
    #[error("SLO {slo:?}: {problem}")]
    Slo {
        /// Name of the SLO.
        slo: String,
        /// What is wrong.
        problem: String,
    },
    /// The file holds no SLO.
    #[error("no document of kind SLO")]
    Empty,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: String,
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize, Default)]
struct Metadata {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Spec {
    indicator: Option<Indicator>,
    indicator_ref: Option<String>,
    #[serde(default)]
    objectives: Vec<SloObjective>,
    budgeting_method: Option<String>,
    threshold_metric: Option<Metric>,
    ratio_metric: Option<Ratio>,
    #[serde(flatten)]
    #[expect(clippy::zero_sized_map_values, reason = "serde flattens into maps, not sets")]
    rest: BTreeMap<String, IgnoredAny>,
}

/// Fields of an SLO's spec that say nothing about how it is judged.
const HARMLESS: [&str; 4] = ["description", "service", "timeWindow", "alertPolicies"];

#[derive(Deserialize)]
struct Indicator {
    spec: IndicatorSpec,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct IndicatorSpec {
    threshold_metric: Option<Metric>,
    ratio_metric: Option<Ratio>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Ratio {
    good: Option<Metric>,
    bad: Option<Metric>,
    #[serde(rename = "total")]
    _total: Option<IgnoredAny>,
    raw: Option<IgnoredAny>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Metric {
    metric_source: Source,
}

#[derive(Deserialize, Clone)]
struct Source {
    spec: SourceSpec,
}

#[derive(Deserialize, Clone, Default)]
struct SourceSpec {
    metric: Option<String>,
    unit: Option<String>,
    query: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SloObjective {
    #[serde(rename = "displayName")]
    _display_name: Option<String>,
    op: Option<String>,
    value: Option<f64>,
    target: Option<f64>,
    target_percent: Option<f64>,
    time_slice_target: Option<f64>,
    time_slice_window: Option<String>,
    #[serde(rename = "compositeWeight")]
    _weight: Option<f64>,
}

/// Parses YAML that holds one document, several, or a list of them.
///
/// # Errors
/// Bad YAML, another version, an SLO that local data cannot answer, or no SLO at all.
pub fn parse(text: &str) -> Result<Vec<Objective>, OpenSloError> {
    // The first line says what and where; the rest draws the place.
    let syntax = |e: serde_saphyr::Error| {
        let text = e.to_string();
        let line = text.lines().next().unwrap_or_default();
        OpenSloError::Syntax(line.trim_start_matches("error: ").to_owned())
    };
    // A list begins with a dash; an untagged choice would lose line and field of an error.
    let first = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with(['#', '%']));
    let documents: Vec<Document> = if first.is_some_and(|l| l.trim_start().starts_with("- ")) {
        let lists: Vec<Vec<Document>> = serde_saphyr::from_multiple(text).map_err(syntax)?;
        lists.into_iter().flatten().collect()
    } else {
        serde_saphyr::from_multiple(text).map_err(syntax)?
    };
    let indicators: BTreeMap<&str, IndicatorSpec> = documents
        .iter()
        .filter(|d| d.kind == "SLI")
        .map(|d| {
            let spec = IndicatorSpec {
                threshold_metric: d.spec.threshold_metric.clone(),
                ratio_metric: d.spec.ratio_metric.clone(),
            };
            (d.metadata.name.as_str(), spec)
        })
        .collect();
    let mut objectives = Vec::new();
    let slos: Vec<&Document> = documents.iter().filter(|d| d.kind == "SLO").collect();
    if slos.is_empty() {
        return Err(OpenSloError::Empty);
    }
    for slo in slos {
        let fail = |problem: String| OpenSloError::Slo { slo: slo.metadata.name.clone(), problem };
        objectives.extend(translate(slo, &indicators).map_err(fail)?);
    }
    Ok(objectives)
}

fn translate(
    slo: &Document,
    indicators: &BTreeMap<&str, IndicatorSpec>,
) -> Result<Vec<Objective>, String> {
    if slo.api_version != "openslo/v1" {
        return Err(format!("apiVersion {:?} is not openslo/v1", slo.api_version));
    }
    if let Some(field) = slo.spec.rest.keys().find(|k| !HARMLESS.contains(&k.as_str())) {
        return Err(format!("unknown field {field:?} in spec"));
    }
    if let Some(method) = slo.spec.budgeting_method.as_deref().filter(|m| *m != "Occurrences") {
        return Err(format!("budgetingMethod {method:?} is not judged, only Occurrences is"));
    }
    let indicator = match (&slo.spec.indicator, &slo.spec.indicator_ref) {
        (Some(inline), _) => inline.spec.clone(),
        (None, Some(name)) => indicators
            .get(name.as_str())
            .cloned()
            .ok_or_else(|| format!("indicatorRef {name:?} is not in this file"))?,
        (None, None) => return Err("neither indicator nor indicatorRef".to_owned()),
    };
    if slo.spec.objectives.is_empty() {
        return Err("no objectives".to_owned());
    }
    slo.spec.objectives.iter().map(|o| objective(o, &indicator)).collect()
}

fn objective(o: &SloObjective, indicator: &IndicatorSpec) -> Result<Objective, String> {
    if o.time_slice_target.is_some() || o.time_slice_window.is_some() {
        return Err("time slices are not judged, only occurrences are".to_owned());
    }
    let target = match (o.target, o.target_percent) {
        (Some(t), None) => t.to_string(),
        (None, Some(p)) => format!("{p}%"),
        _ => return Err("an objective has either target or targetPercent".to_owned()),
    };
    let text = match (&indicator.threshold_metric, &indicator.ratio_metric) {
        (Some(metric), None) => {
            let op = match o.op.as_deref() {
                Some("lte") => "<=",
                Some("lt") => "<",
                Some("gte") => ">=",
                Some("gt") => ">",
                other => {
                    return Err(format!(
                        "op is lte, lt, gte or gt, got {}",
                        other.unwrap_or("none")
                    ));
                }
            };
            let value = o.value.ok_or("a threshold objective needs a value")?;
            let unit = metric.metric_source.spec.unit.as_deref().unwrap_or("");
            format!("{}: rate({op} {value}{unit}) >= {target}", local(metric)?)
        }
        (None, Some(ratio)) => {
            if ratio.raw.is_some() || ratio.bad.is_some() {
                return Err("only ratios of good and total events are judged".to_owned());
            }
            let good = ratio.good.as_ref().ok_or("a ratio metric needs good and total")?;
            format!("{}: ratio >= {target}", local(good)?)
        }
        _ => return Err("an indicator has either thresholdMetric or ratioMetric".to_owned()),
    };
    text.parse().map_err(|e| format!("{e}"))
}

/// The local metric that a source names.
fn local(metric: &Metric) -> Result<&str, String> {
    let spec = &metric.metric_source.spec;
    if let Some(name) = &spec.metric {
        return Ok(name);
    }
    let query = spec.query.as_deref().unwrap_or("");
    let plain =
        !query.is_empty() && query.chars().all(|c| c.is_alphanumeric() || "_-./*".contains(c));
    if plain {
        return Ok(query);
    }
    Err(format!(
        "the query {query:?} needs a service; for local data name the metric: \
         metricSource: {{ spec: {{ metric: latency, unit: ms }} }}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLD: &str = "
apiVersion: openslo/v1
kind: SLO
metadata: { name: fast-checkout }
spec:
  service: checkout
  budgetingMethod: Occurrences
  indicator:
    metadata: { name: latency }
    spec:
      thresholdMetric:
        metricSource: { type: Local, spec: { metric: latency, unit: ms } }
  objectives:
    - { displayName: most, op: lte, value: 150, target: 0.95 }
    - { displayName: nearly all, op: lte, value: 400, targetPercent: 99.9 }
";

    #[test]
    fn a_threshold_is_a_rate() {
        let objectives = parse(THRESHOLD).unwrap();
        let claims: Vec<&str> = objectives.iter().map(|o| o.claim.as_str()).collect();
        assert_eq!(claims, ["rate(<= 150ms) >= 0.95", "rate(<= 400ms) >= 99.9%"]);
        assert_eq!(objectives[0].metric.as_deref(), Some("latency"));
    }

    #[test]
    fn a_ratio_may_refer_to_its_indicator() {
        let text = "
apiVersion: openslo/v1
kind: SLI
metadata: { name: availability }
spec:
  ratioMetric:
    good: { metricSource: { spec: { metric: requests } } }
    total: { metricSource: { spec: { metric: requests } } }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: up }
spec:
  indicatorRef: availability
  objectives: [ { target: 0.999 } ]
";
        let objectives = parse(text).unwrap();
        assert_eq!(objectives[0].claim, "ratio >= 0.999");
        assert_eq!(objectives[0].metric.as_deref(), Some("requests"));
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        for (from, to, part) in [
            ("openslo/v1\n", "openslo/v1alpha\n", "not openslo/v1"),
            ("Occurrences", "Timeslices", "Timeslices"),
            ("op: lte, value: 150", "op: le, value: 150", "op is lte"),
            ("metric: latency", "query: 'sum(rate(x[5m]))'", "needs a service"),
            ("service: checkout", "servce: checkout", "servce"),
            ("target: 0.95", "target: 1.5", "a share"),
            ("kind: SLO", "kind: Service", "no document"),
        ] {
            let text = THRESHOLD.replacen(from, to, 1);
            assert_ne!(text, THRESHOLD);
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{from} -> {to}: {error}");
        }
        assert!(matches!(parse("a: [1"), Err(OpenSloError::Syntax(_))));
    }
}
