//! Objectives from `tailproof.toml`.
//!
//! ```toml
//! level = "99.9%"
//! component = "checkout"
//! objectives = [
//!     "latency: p95 <= 150ms",
//!     "latency{endpoint=search}: rate(<= 200ms) >= 99.9%",
//! ]
//!
//! [metrics.latency]      # where neither the heading nor the objective says
//! unit = "ms"
//! direction = "lower"
//! ```
//!
//! The table `[compare]` is left to `tailproof_compare`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tailproof_core::{Direction, Level, Objective, Unit};
use toml::Spanned;

/// What `tailproof.toml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Level of objectives.
    pub level: Option<Level>,
    /// Name of the component, for the artifact.
    pub component: Option<String>,
    /// The objectives.
    pub objectives: Vec<Objective>,
    /// Units and directions of metrics, by name.
    pub metrics: BTreeMap<String, MetricConfig>,
}

/// Unit and direction of a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricConfig {
    /// Unit of its values.
    pub unit: Option<Unit>,
    /// Whether less is better.
    pub direction: Option<Direction>,
}

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    level: Option<Spanned<Number>>,
    component: Option<String>,
    #[serde(default)]
    objectives: Vec<Spanned<String>>,
    #[serde(default)]
    metrics: BTreeMap<String, MetricFile>,
    /// Read by `tailproof_compare::config`.
    #[serde(default, rename = "compare")]
    _compare: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricFile {
    unit: Option<Spanned<String>>,
    direction: Option<Spanned<String>>,
}

/// A number that may be written as text: `0.999` or `"99.9%"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Float(f64),
}

/// Parses the text of a `tailproof.toml`.
///
/// # Errors
/// Names the line of the first thing that is wrong; unknown keys are wrong.
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|e| ConfigError {
        line: line(e.span().map_or(0, |s| s.start)),
        message: e.message().to_owned(),
    })?;
    let wrong = |at: usize, message: String| ConfigError { line: line(at), message };
    let level = file
        .level
        .map(|l| {
            let at = l.span().start;
            let text = match l.into_inner() {
                Number::Text(t) => t,
                Number::Float(x) => x.to_string(),
            };
            text.parse::<Level>().map_err(|e| wrong(at, e.to_string()))
        })
        .transpose()?;
    let mut objectives = Vec::new();
    for text in file.objectives {
        let at = text.span().start;
        objectives.push(text.get_ref().parse().map_err(|e| wrong(at, format!("{e}")))?);
    }
    let mut metrics = BTreeMap::new();
    for (name, metric) in file.metrics {
        let mut config = MetricConfig::default();
        if let Some(unit) = metric.unit {
            let parsed = unit.get_ref().parse::<Unit>();
            config.unit = Some(parsed.map_err(|e| wrong(unit.span().start, e.to_string()))?);
        }
        if let Some(direction) = metric.direction {
            config.direction = Some(match direction.get_ref().as_str() {
                "lower" => Direction::Lower,
                "higher" => Direction::Higher,
                other => {
                    let message = format!("direction is \"lower\" or \"higher\", got {other:?}");
                    return Err(wrong(direction.span().start, message));
                }
            });
        }
        metrics.insert(name, config);
    }
    Ok(Config { level, component: file.component, objectives, metrics })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let config = parse(
            "level = 0.999\nobjectives = [\"latency: p95 <= 150ms\"]\n[metrics.latency]\nunit = \"ms\"\n",
        )
        .unwrap();
        assert_eq!(config.level, Some(Level::P999));
        assert_eq!(config.objectives.len(), 1);
        assert_eq!(config.metrics["latency"].unit, Unit::known("ms"));
        // What comparisons are told is for others to read.
        let both = "level = 0.999\n[compare]\nmin_effect = \"5%\"\n[[compare.limits]]\nx = 1\n";
        assert_eq!(parse(both).unwrap().level, Some(Level::P999));
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, part) in [
            ("level = 1.0\n", 1, "strictly between"),
            ("\nlevle = 0.9\n", 2, "levle"),
            ("objectives = [\n\"p95 <= 1\",\n\"p95 =< 1\",\n]\n", 3, "column 5"),
            ("[metrics.a]\ndirection = \"up\"\n", 2, "lower"),
            ("objectives = [\n", 1, ""),
        ] {
            let e = parse(text).unwrap_err();
            assert_eq!(e.line, line, "{e}");
            assert!(e.message.contains(part), "{e}");
        }
    }
}
