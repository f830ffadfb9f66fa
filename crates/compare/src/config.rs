//! How a project wants to be compared, from `tailproof.toml`.
//!
//! ```toml
//! [compare]
//! level = "95%"
//! min_effect = "5%"            # a regression is worse by more than this,
//! min_effect_abs = "50us"      # and by more than this
//! correction = "bh"
//! fail_on = ["regression", "missing"]
//! benchmarks = ["hash/*"]      # declared: it fails when one vanishes
//!
//! [[compare.limits]]           # the first that matches a row counts
//! benchmark = "hash/*"
//! metric = "time"
//! statistic = "p99"
//! min_effect = "10%"
//! direction = "lower"
//! ```

use serde::Deserialize;
use tailproof_core::{Direction, Level, Quantity, QuantityError};
use tailproof_hypothesis::Correction;
use toml::Spanned;

use crate::settings::Limit;

/// The table `[compare]` of `tailproof.toml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Level for the whole table.
    pub level: Option<Level>,
    /// Relative margin.
    pub min_effect: Option<f64>,
    /// Absolute margin.
    pub min_effect_abs: Option<Quantity>,
    /// Correction for the family of rows.
    pub correction: Option<Correction>,
    /// What makes the gate fail, in the words of the command line.
    pub fail_on: Option<Vec<String>>,
    /// Declared benchmarks, as globs.
    pub benchmarks: Vec<String>,
    /// Limits of single benchmarks, metrics and statistics.
    pub limits: Vec<Limit>,
}

/// What is wrong with the table, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// The file: other tables belong to others.
#[derive(Deserialize)]
struct File {
    compare: Option<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    level: Option<Spanned<Number>>,
    min_effect: Option<Spanned<Number>>,
    min_effect_abs: Option<Spanned<Number>>,
    correction: Option<Spanned<String>>,
    fail_on: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    benchmarks: Vec<Spanned<String>>,
    #[serde(default)]
    limits: Vec<LimitTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitTable {
    benchmark: Option<String>,
    metric: Option<String>,
    statistic: Option<String>,
    min_effect: Option<Spanned<Number>>,
    min_effect_abs: Option<Spanned<Number>>,
    direction: Option<Spanned<String>>,
    equivalence: Option<Spanned<Number>>,
}

/// A number that may be written as text: `0.05` or `"5%"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Float(f64),
}

impl Number {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Float(x) => x.to_string(),
        }
    }
}

/// What the gate can fail on.
const FAIL_ON: [&str; 4] = ["regression", "slo", "missing", "inconclusive"];

/// Parses the table `[compare]` of a `tailproof.toml`; without one, nothing is set.
///
/// # Errors
/// Names the line of the first thing that is wrong; unknown keys of the table are wrong, other
/// tables are not looked at.
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    let line = |at: usize| {
        text.as_bytes()[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
    };
    let wrong = |at: usize, message: String| ConfigError { line: line(at), message };
    let file: File = toml::from_str(text)
        .map_err(|e| wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
    let Some(table) = file.compare else { return Ok(Config::default()) };
    let at = |(at, message): (usize, String)| wrong(at, message);
    let correction = table.correction.as_ref().map(correction).transpose().map_err(at)?;
    let fail_on = table
        .fail_on
        .map(|all| all.into_iter().map(class).collect::<Result<Vec<_>, _>>())
        .transpose()
        .map_err(at)?;
    let limits = table.limits.into_iter().map(limit).collect::<Result<Vec<_>, _>>();
    Ok(Config {
        level: table.level.as_ref().map(level).transpose().map_err(at)?,
        min_effect: table.min_effect.as_ref().map(share).transpose().map_err(at)?,
        min_effect_abs: table.min_effect_abs.as_ref().map(quantity).transpose().map_err(at)?,
        correction,
        fail_on,
        benchmarks: table.benchmarks.into_iter().map(Spanned::into_inner).collect(),
        limits: limits.map_err(at)?,
    })
}

/// A mistake: its place and what is wrong.
type Mistake = (usize, String);

fn limit(table: LimitTable) -> Result<Limit, Mistake> {
    let direction = table.direction.as_ref().map(direction).transpose()?;
    Ok(Limit {
        benchmark: table.benchmark,
        metric: table.metric,
        statistic: table.statistic,
        min_effect: table.min_effect.as_ref().map(share).transpose()?,
        min_effect_abs: table.min_effect_abs.as_ref().map(quantity).transpose()?,
        direction,
        equivalence: table.equivalence.as_ref().map(proof).transpose()?,
    })
}

fn level(number: &Spanned<Number>) -> Result<Level, Mistake> {
    let at = number.span().start;
    number.get_ref().text().parse::<Level>().map_err(|e| (at, e.to_string()))
}

/// A share that is not negative: `0.05` or `"5%"`; from 1 on only as a percentage.
fn share(number: &Spanned<Number>) -> Result<f64, Mistake> {
    let (at, text) = (number.span().start, number.get_ref().text());
    tailproof_core::share(&text).map_err(|e| (at, e.to_string()))
}

/// A margin to be proven, which is above 0.
fn proof(number: &Spanned<Number>) -> Result<f64, Mistake> {
    let at = number.span().start;
    let value = share(number)?;
    if value == 0.0 {
        let message = "equivalence 0 cannot be proven: give the slow-down that would not matter";
        return Err((at, message.to_owned()));
    }
    Ok(value)
}

/// A number with an optional unit: `"50us"`.
fn quantity(number: &Spanned<Number>) -> Result<Quantity, Mistake> {
    let (at, text) = (number.span().start, number.get_ref().text());
    let found: Quantity = text.parse().map_err(|e: QuantityError| (at, e.to_string()))?;
    if found.value() < 0.0 {
        return Err((at, format!("expected an amount that is not negative, got {text:?}")));
    }
    Ok(found)
}

fn correction(name: &Spanned<String>) -> Result<Correction, Mistake> {
    let at = name.span().start;
    [
        ("bh", Correction::BenjaminiHochberg),
        ("by", Correction::BenjaminiYekutieli),
        ("holm", Correction::Holm),
        ("none", Correction::None),
    ]
    .into_iter()
    .find(|(known, _)| known == name.get_ref())
    .map(|(_, correction)| correction)
    .ok_or_else(|| {
        (
            at,
            format!("correction is \"bh\", \"by\", \"holm\" or \"none\", got {:?}", name.get_ref()),
        )
    })
}

fn direction(name: &Spanned<String>) -> Result<Direction, Mistake> {
    match name.get_ref().as_str() {
        "lower" => Ok(Direction::Lower),
        "higher" => Ok(Direction::Higher),
        other => {
            let message = format!("direction is \"lower\" or \"higher\", got {other:?}");
            Err((name.span().start, message))
        }
    }
}

fn class(name: Spanned<String>) -> Result<String, Mistake> {
    if FAIL_ON.contains(&name.get_ref().as_str()) {
        return Ok(name.into_inner());
    }
    let message = format!("fail_on knows {}, got {:?}", FAIL_ON.join(", "), name.get_ref());
    Err((name.span().start, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Unit;

    #[test]
    fn a_table_is_read() {
        let config = parse(concat!(
            "level = 0.999\nobjectives = [\"p95 <= 1ms\"]\n",
            "[compare]\nlevel = \"99%\"\nmin_effect = \"5%\"\nmin_effect_abs = \"50us\"\n",
            "correction = \"holm\"\nfail_on = [\"regression\"]\nbenchmarks = [\"hash/*\"]\n",
            "[[compare.limits]]\nbenchmark = \"hash/*\"\nstatistic = \"p99\"\n",
            "min_effect = 0.1\ndirection = \"lower\"\nequivalence = \"2%\"\n",
        ))
        .unwrap();
        assert_eq!(config.level, Level::with_alpha(0.01).ok());
        assert_eq!((config.min_effect, config.correction), (Some(0.05), Some(Correction::Holm)));
        assert_eq!(config.min_effect_abs, Some(Quantity::new(50.0, Unit::known("us"))));
        assert_eq!(config.benchmarks, ["hash/*"]);
        let limit = &config.limits[0];
        assert_eq!((limit.min_effect, limit.equivalence), (Some(0.1), Some(0.02)));
        assert_eq!(limit.direction, Some(Direction::Lower));
        assert_eq!(parse("level = 0.999\n").unwrap(), Config::default());
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, part) in [
            ("[compare]\nlevel = 1.0\n", 2, "strictly between"),
            ("[compare]\n\nmin_efect = 1\n", 3, "min_efect"),
            ("[compare]\nmin_effect = \"-5%\"\n", 2, "not negative"),
            ("[compare]\nmin_effect = 5\n", 2, "only as a percentage"),
            ("[compare]\nmin_effect_abs = \"-5us\"\n", 2, "not negative"),
            ("[compare]\nmin_effect_abs = \"5 furlongs!\"\n", 2, "not a unit"),
            ("[compare]\ncorrection = \"fdr\"\n", 2, "bh"),
            ("[compare]\nfail_on = [\n\"slo\",\n\"all\",\n]\n", 4, "regression"),
            ("[[compare.limits]]\nequivalence = 0\n", 2, "cannot be proven"),
            ("[[compare.limits]]\ndirection = \"up\"\n", 2, "lower"),
            ("[compare\n", 1, ""),
        ] {
            let e = parse(text).unwrap_err();
            assert_eq!(e.line, line, "{e}");
            assert!(e.message.contains(part), "{e}");
        }
    }
}
