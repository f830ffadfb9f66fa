use serde::Deserialize;
use tailproof_core::Quantity;
use toml::Spanned;

use super::Scaling;
use crate::actual::Value;
use crate::amount::{Amount, above_zero, not_below_zero, supply};
use crate::config::{ConfigError, Lines, Number};

/// A throughput to reach with replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// Where it stands in the file.
    pub line: usize,
    /// Whether there is no release without it.
    pub critical: bool,
    /// Throughput wanted.
    pub target: Quantity,
    /// Throughput of one replica.
    pub one: Value,
    /// How it grows with their number; typed, and so never taken as measured.
    pub scaling: Scaling,
    /// Most replicas that may run.
    pub replicas_max: Option<u64>,
    /// Cost of a replica in a month.
    pub cost: Option<Quantity>,
    /// Replicas that a report claims to be enough.
    pub published: Option<u64>,
    /// What each replica takes of something limited.
    pub constraints: Vec<Constraint>,
}

/// Something limited of which each replica takes its part.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// What it is: `memory`.
    pub name: String,
    /// What one replica takes; above zero.
    pub each: Quantity,
    /// How much there is.
    pub available: Amount,
    /// How much of it is in use by others; nothing, when nobody said.
    pub used: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapacityFile {
    target: Spanned<String>,
    one: Spanned<String>,
    provenance: Option<Spanned<String>>,
    source: Option<String>,
    efficiency: Option<Spanned<Number>>,
    sigma: Option<Spanned<f64>>,
    kappa: Option<Spanned<f64>>,
    replicas_max: Option<u64>,
    cost: Option<Spanned<String>>,
    published: Option<u64>,
    #[serde(default)]
    critical: bool,
    #[serde(default)]
    constraints: Vec<ConstraintFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConstraintFile {
    name: String,
    each: Spanned<String>,
    available: Spanned<String>,
    used: Option<Spanned<String>>,
}

impl CapacityFile {
    /// Checks what the table in `line` says.
    pub(crate) fn read(self, line: usize, lines: &Lines) -> Result<Capacity, ConfigError> {
        let target = above_zero(&self.target, lines)?;
        let one = lines.value(&self.one, self.provenance.as_ref(), self.source.as_deref())?;
        if let Value::Typed(actual) = &one {
            let at = self.target.span().start;
            if let (None, Some(unit)) = (target.unit(), &actual.unit) {
                let message = format!("{target} has no unit, and one replica delivers {unit}");
                return Err(lines.wrong(at, message));
            }
            target.in_unit(actual.unit.as_ref()).map_err(|e| lines.wrong(at, e))?;
        }
        let scaling = scaling(
            self.efficiency.as_ref().map(Number::spanned).as_ref(),
            self.sigma.as_ref(),
            self.kappa.as_ref(),
            lines,
        )?;
        let cost = self.cost.as_ref().map(|text| not_below_zero(text, lines)).transpose()?;
        let constraints: Result<Vec<_>, _> =
            self.constraints.into_iter().map(|constraint| constraint.read(lines)).collect();
        Ok(Capacity {
            line,
            critical: self.critical,
            target,
            one,
            scaling,
            replicas_max: self.replicas_max,
            cost,
            published: self.published,
            constraints: constraints?,
        })
    }
}

impl ConstraintFile {
    fn read(self, lines: &Lines) -> Result<Constraint, ConfigError> {
        let each = above_zero(&self.each, lines)?;
        let (available, used) =
            supply(&self.name, &each, &self.available, self.used.as_ref(), lines)?;
        Ok(Constraint { name: self.name, each, available, used })
    }
}

fn scaling(
    efficiency: Option<&Spanned<String>>,
    sigma: Option<&Spanned<f64>>,
    kappa: Option<&Spanned<f64>>,
    lines: &Lines,
) -> Result<Scaling, ConfigError> {
    let Some(text) = efficiency else { return law(sigma, kappa, lines) };
    let wrong = |message: &str| lines.wrong(text.span().start, message);
    if sigma.or(kappa).is_some() {
        return Err(wrong("efficiency, or sigma and kappa, but not both"));
    }
    let share = lines.share(text)?;
    if share > 0.0 && share <= 1.0 {
        return Ok(Scaling::Efficiency(share));
    }
    Err(wrong("efficiency lies above 0% and is at most 100%"))
}

fn law(
    sigma: Option<&Spanned<f64>>,
    kappa: Option<&Spanned<f64>>,
    lines: &Lines,
) -> Result<Scaling, ConfigError> {
    let within = |x: Option<&Spanned<f64>>, most: f64, message: &str| match x {
        None => Ok(0.0),
        Some(x) if (0.0..=most).contains(x.get_ref()) => Ok(*x.get_ref()),
        Some(x) => Err(lines.wrong(x.span().start, format!("{message}, got {}", x.get_ref()))),
    };
    let law = Scaling::Usl {
        sigma: within(sigma, 1.0, "sigma lies between 0 and 1")?,
        kappa: within(kappa, f64::MAX, "kappa is a number not below 0")?,
    };
    Ok(if sigma.or(kappa).is_none() { Scaling::Perfect } else { law })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What the published validation report says of its throughput.
    pub(crate) const REPORT: &str = "target = \"1000/s\"\none = \"60/s\"\nprovenance = \"measured\"\nreplicas_max = 10\ncost = \"45 usd\"\npublished = 16\n";

    pub(crate) fn parse(text: &str) -> Result<Capacity, ConfigError> {
        toml::from_str::<CapacityFile>(text).unwrap().read(1, &Lines::new(text))
    }

    #[test]
    fn a_table_is_read() {
        let memory = "{ name = \"memory\", each = \"4 GB\", available = \"host\" }";
        let text = format!("{REPORT}sigma = 0\nkappa = 0.001\nconstraints = [{memory}]\n");
        let capacity = parse(&text).unwrap();
        assert_eq!(capacity.scaling, Scaling::Usl { sigma: 0.0, kappa: 0.001 });
        assert_eq!(capacity.constraints[0].available, Amount::Host);
        assert_eq!(parse(REPORT).unwrap().scaling, Scaling::Perfect);
        assert!(!parse(REPORT).unwrap().critical);
        assert!(parse(&format!("{REPORT}critical = true\n")).unwrap().critical);
    }

    #[test]
    fn mistakes_have_a_line() {
        let with = |line: &str| format!("{REPORT}{line}\n");
        let limit = |each: &str, available: &str| {
            with(&format!(
                "constraints = [{{ name = \"seats\", each = \"{each}\", available = \"{available}\" }}]"
            ))
        };
        for (text, line, part) in [
            (REPORT.replace("1000/s", "1000"), 1, "no unit"),
            (REPORT.replace("1000/s", "0/s"), 1, "above zero"),
            (REPORT.replace("1000/s", "1 s"), 1, "does not convert"),
            (with("efficiency = \"0%\""), 7, "above 0%"),
            (with("efficiency = \"120%\""), 7, "at most 100%"),
            (with("efficiency = \"90%\"\nsigma = 0.1"), 7, "not both"),
            (with("sigma = 1.5"), 7, "between 0 and 1, got 1.5"),
            (with("kappa = nan"), 7, "not below 0"),
            (REPORT.replace("provenance = \"measured\"", ""), 2, "provenance"),
            (REPORT.replace("45 usd", "-45 usd"), 5, "below zero"),
            (limit("0", "10"), 7, "above zero"),
            (limit("1", "host"), 7, "seats"),
            (limit("1 GB", "1 s"), 7, "does not convert"),
        ] {
            let e = parse(&text).unwrap_err();
            assert_eq!(e.line, line, "{e}");
            assert!(e.message.contains(part), "{e}");
        }
    }
}
