use std::collections::BTreeMap;

use tailproof_core::Series;

use crate::row::complete;

/// Most factors; 78 columns.
const MOST: usize = 12;

/// Replicates under one setting of the factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// On or off, in the order of the factors.
    pub on: Vec<bool>,
    /// Logarithms of what was measured, one a replicate.
    pub logs: Vec<f64>,
}

/// Why on/off measurements cannot be taken apart.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AblationError {
    /// There is no factor, or too many, or one twice.
    #[error("name 1 to {MOST} different factors, got {0:?}")]
    Factors(String),
    /// No series has all of the factors as labels.
    #[error("no series has a label for each of the factors {factors}; there are {labels}")]
    NoSeries {
        /// The factors.
        factors: String,
        /// Labels that the data have.
        labels: String,
    },
    /// A label that is neither on nor off.
    #[error(
        "{series}: {factor} is {value:?}; a factor is on or off (1 or 0, true or false, yes or no)"
    )]
    Setting {
        /// The series.
        series: String,
        /// The factor.
        factor: String,
        /// Its value.
        value: String,
    },
    /// A measurement that has no logarithm, or is no value.
    #[error("{0}: effects that multiply need raw values above 0")]
    NotPositive(String),
    /// Series of several metrics, or in several units.
    #[error("{0} and {1} are not the same metric in the same unit: choose one with --metric")]
    Metrics(String, String),
    /// A factor that never changes.
    #[error("{0} is never switched: measure it both on and off")]
    NeverSwitched(String),
}

/// Sorts series into runs by their labels.
///
/// A series with several runs gives one replicate a run (the mean of its logarithms), for the
/// observations of a run are not replicates; else every value is one.
///
/// # Errors
/// See [`AblationError`].
pub fn runs(series: &[&Series], factors: &[String]) -> Result<Vec<Run>, AblationError> {
    let mut sorted = factors.to_vec();
    sorted.sort();
    sorted.dedup();
    if factors.is_empty() || factors.len() > MOST || sorted.len() < factors.len() {
        return Err(AblationError::Factors(factors.join(", ")));
    }
    let named: Vec<&&Series> =
        series.iter().filter(|s| factors.iter().all(|f| s.labels.contains_key(f))).collect();
    let Some(first) = named.first() else {
        let labels: std::collections::BTreeSet<&str> =
            series.iter().flat_map(|s| s.labels.keys().map(String::as_str)).collect();
        let labels = labels.into_iter().collect::<Vec<_>>().join(", ");
        let labels = if labels.is_empty() { "none".to_owned() } else { labels };
        return Err(AblationError::NoSeries { factors: factors.join(", "), labels });
    };
    let mut cells: BTreeMap<Vec<bool>, Vec<f64>> = BTreeMap::new();
    for one in &named {
        if one.metric.name != first.metric.name || one.metric.unit != first.metric.unit {
            return Err(AblationError::Metrics(first.name(), one.name()));
        }
        let on = factors.iter().map(|f| setting(one, f)).collect::<Result<Vec<bool>, _>>()?;
        cells.entry(on).or_default().extend(replicates(one)?);
    }
    for (i, factor) in factors.iter().enumerate() {
        let count = cells.keys().filter(|on| on[i]).count();
        if count == 0 || count == cells.len() {
            return Err(AblationError::NeverSwitched(factor.clone()));
        }
    }
    Ok(cells.into_iter().map(|(on, logs)| Run { on, logs }).collect())
}

fn setting(series: &Series, factor: &str) -> Result<bool, AblationError> {
    let value = &series.labels[factor];
    match value.to_lowercase().as_str() {
        "on" | "1" | "true" | "yes" | "+" | "enabled" => Ok(true),
        "off" | "0" | "false" | "no" | "-" | "disabled" => Ok(false),
        _ => Err(AblationError::Setting {
            series: series.name(),
            factor: factor.to_owned(),
            value: value.clone(),
        }),
    }
}

fn replicates(series: &Series) -> Result<Vec<f64>, AblationError> {
    let sample = complete(series)
        .filter(|s| s.range().0 > 0.0)
        .ok_or_else(|| AblationError::NotPositive(series.name()))?;
    let logs = |values: &[f64]| values.iter().map(|x| x.ln()).collect::<Vec<f64>>();
    match &series.run {
        Some(run) if series.runs() >= 2 => {
            let mean = |v: Vec<f64>| v.iter().sum::<f64>() / v.len() as f64;
            Ok(sample.split(run).iter().map(|s| mean(logs(s.values()))).collect())
        }
        _ => Ok(logs(sample.values())),
    }
}
