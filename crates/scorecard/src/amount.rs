//! Amounts: how they are read, from a file or from the host, and how they are printed.

use tailproof_core::{Dimension, Host, Quantity, Unit, UnitError, number};
use toml::Spanned;

use crate::config::{ConfigError, Lines};

/// How much there is, or is used: typed, or read from this machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// Typed.
    Given(Quantity),
    /// What the [`Host`] says.
    Host,
}

impl Amount {
    /// An amount that is not below zero, or `host` for one of [`Host::NAMES`].
    fn read(text: &Spanned<String>, name: &str, lines: &Lines) -> Result<Self, ConfigError> {
        if text.get_ref().trim() != "host" {
            return not_below_zero(text, lines).map(Self::Given);
        }
        if Host::NAMES.contains(&name) {
            return Ok(Self::Host);
        }
        let names = Host::NAMES.join(", ");
        let message = format!("a host says its {names}, not its {name:?}; type the amount");
        Err(lines.wrong(text.span().start, message))
    }

    /// Whether it can be held against a requirement of so much.
    fn check(
        &self,
        name: &str,
        required: &Quantity,
        text: &Spanned<String>,
        lines: &Lines,
    ) -> Result<(), ConfigError> {
        let wrong = |message: String| Err(lines.wrong(text.span().start, message));
        let Self::Given(quantity) = self else {
            if suits(name, required.unit()) {
                return Ok(());
            }
            let like = if matches!(name, "memory" | "disk") { "8 GB" } else { "4 cores" };
            return wrong(format!("{name} of a host is required like {like:?}, not {required}"));
        };
        match (quantity.unit(), required.unit()) {
            (unit, other) if is_share(unit) && !is_share(other) => match quantity.share() {
                Some(_) => Ok(()),
                None => wrong("a share with fewer digits is needed".to_owned()),
            },
            (Some(unit), None) => {
                wrong(format!("{quantity} is in {unit}, and what is required has no unit"))
            }
            (_, unit) => quantity.in_unit(unit).map(|_| ()).or_else(|e| wrong(e.to_string())),
        }
    }
}

/// What there is and what is in use of something, both fit to be held against `required`.
pub(crate) fn supply(
    name: &str,
    required: &Quantity,
    available: &Spanned<String>,
    used: Option<&Spanned<String>>,
    lines: &Lines,
) -> Result<(Amount, Option<Amount>), ConfigError> {
    let read = |text: &Spanned<String>| -> Result<Amount, ConfigError> {
        let amount = Amount::read(text, name, lines)?;
        amount.check(name, required, text, lines)?;
        Ok(amount)
    };
    Ok((read(available)?, used.map(read).transpose()?))
}

/// How much there is and how much is used, in a unit; `None` where nobody says. A used share is
/// one of what is available.
pub(crate) fn amounts(
    name: &str,
    available: &Amount,
    used: Option<&Amount>,
    unit: Option<&Unit>,
    host: Option<&Host>,
) -> Result<(Option<f64>, Option<f64>), UnitError> {
    let said = |quantity: Option<Quantity>| quantity.map(|q| q.in_unit(unit)).transpose();
    let available = match available {
        Amount::Given(quantity) => Some(quantity.in_unit(unit)?),
        Amount::Host => said(host.and_then(|h| h.capacity(name)))?,
    };
    let used = match used {
        None => None,
        Some(Amount::Host) => said(host.and_then(|h| h.used(name)))?,
        Some(Amount::Given(quantity)) if is_share(quantity.unit()) && !is_share(unit) => {
            available.zip(quantity.share()).map(|(all, share)| all * share.to_f64())
        }
        Some(Amount::Given(quantity)) => Some(quantity.in_unit(unit)?),
    };
    Ok((available, used))
}

/// An amount that is not below zero.
pub(crate) fn not_below_zero(
    text: &Spanned<String>,
    lines: &Lines,
) -> Result<Quantity, ConfigError> {
    let quantity: Quantity = lines.parse(text)?;
    if quantity.value() < 0.0 {
        return Err(lines.wrong(text.span().start, format!("{quantity} is below zero")));
    }
    Ok(quantity)
}

/// An amount above zero.
pub(crate) fn above_zero(text: &Spanned<String>, lines: &Lines) -> Result<Quantity, ConfigError> {
    let quantity = not_below_zero(text, lines)?;
    if quantity.value() == 0.0 {
        return Err(lines.wrong(text.span().start, format!("{quantity} is not above zero")));
    }
    Ok(quantity)
}

/// A number with its unit: `131.2 ms`.
pub(crate) fn with_unit(x: f64, unit: Option<&Unit>) -> String {
    unit.map_or_else(|| number(x), |unit| format!("{} {unit}", number(x)))
}

fn is_share(unit: Option<&Unit>) -> bool {
    matches!(unit, Some(Unit::Scaled { dimension: Dimension::Share, .. }))
}

/// Whether a requirement can be held against what a host says.
fn suits(name: &str, unit: Option<&Unit>) -> bool {
    match name {
        "memory" | "disk" => {
            matches!(unit, Some(Unit::Scaled { dimension: Dimension::Information, .. }))
        }
        _ => matches!(unit, None | Some(Unit::Named(_))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_share_is_one_of_what_is_there() {
        let given = |text: &str| Amount::Given(text.parse().unwrap());
        let unit = Unit::known("GB");
        let of = |used: &str| {
            amounts("memory", &given("24 GB"), Some(&given(used)), unit.as_ref(), None).unwrap()
        };
        assert_eq!(of("50%"), (Some(24.0), Some(12.0)));
        assert_eq!(of("512 MB"), (Some(24.0), Some(0.512)));
        // The host was asked, and there is none.
        let host = amounts("memory", &Amount::Host, Some(&Amount::Host), unit.as_ref(), None);
        assert_eq!(host.unwrap(), (None, None));
        assert!(amounts("memory", &given("24 ms"), None, unit.as_ref(), None).is_err());
    }

    #[test]
    fn numbers_carry_their_units() {
        assert_eq!(with_unit(131.2, Unit::known("ms").as_ref()), "131.2 ms");
        assert_eq!(with_unit(4.0, None), "4");
    }
}
