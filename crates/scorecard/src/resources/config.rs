use serde::Deserialize;
use tailproof_core::{Dimension, Host, Quantity, Unit};
use toml::Spanned;

use super::{Amount, Resource, is_share};
use crate::config::{ConfigError, Lines};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceFile {
    name: Spanned<String>,
    required: Spanned<String>,
    available: Spanned<String>,
    used: Option<Spanned<String>>,
    headroom: Option<Spanned<String>>,
}

impl Amount {
    /// An amount that is not below zero, or `host` for one of [`Host::NAMES`].
    pub(crate) fn read(
        text: &Spanned<String>,
        name: &str,
        lines: &Lines,
    ) -> Result<Self, ConfigError> {
        let at = text.span().start;
        if text.get_ref().trim() != "host" {
            let quantity: Quantity = lines.parse(text)?;
            if quantity.value() < 0.0 {
                return Err(lines.wrong(at, format!("{quantity} is below zero")));
            }
            return Ok(Self::Given(quantity));
        }
        if Host::NAMES.contains(&name) {
            return Ok(Self::Host);
        }
        let names = Host::NAMES.join(", ");
        Err(lines.wrong(at, format!("a host says its {names}, not its {name:?}; type the amount")))
    }

    /// Whether it can be held against a requirement of so much.
    pub(crate) fn check(
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

impl ResourceFile {
    pub(crate) fn read(self, lines: &Lines) -> Result<Resource, ConfigError> {
        let name = self.name.into_inner();
        let (required, range) = required(&self.required, lines)?;
        let available = Amount::read(&self.available, &name, lines)?;
        let used = match &self.used {
            Some(text) => Some(Amount::read(text, &name, lines)?),
            None => None,
        };
        for (amount, text) in
            [(Some(&available), Some(&self.available)), (used.as_ref(), self.used.as_ref())]
        {
            let (Some(amount), Some(text)) = (amount, text) else { continue };
            amount.check(&name, &required, text, lines)?;
        }
        let headroom = self.headroom.as_ref().map_or(Ok(0.0), |h| lines.share(h))?;
        if let Some(text) = self.headroom.as_ref().filter(|_| headroom >= 1.0) {
            let message = "headroom is a share below 100% of what is available";
            return Err(lines.wrong(text.span().start, message));
        }
        Ok(Resource { name, required, range, available, used, headroom })
    }
}

/// An amount, or the upper end of a range with the range as typed.
fn required(
    text: &Spanned<String>,
    lines: &Lines,
) -> Result<(Quantity, Option<String>), ConfigError> {
    let wrong = |message: String| lines.wrong(text.span().start, message);
    let Some((lo, hi)) = text.get_ref().split_once("..") else {
        let quantity: Quantity = lines.parse(text)?;
        return match quantity.value() {
            x if x < 0.0 => Err(wrong(format!("{quantity} is below zero"))),
            _ => Ok((quantity, None)),
        };
    };
    let parse = |part: &str| part.parse::<Quantity>().map_err(|e| wrong(e.to_string()));
    let (lo, hi) = (parse(lo)?, parse(hi)?);
    let top = hi.in_unit(lo.unit()).map_err(|e| wrong(e.to_string()))?;
    if lo.value() < 0.0 || top < lo.value() {
        return Err(wrong(format!("{lo}..{hi} is no range; the upper end comes last")));
    }
    let hi = if hi.unit().is_none() { Quantity::new(hi.value(), lo.unit().cloned()) } else { hi };
    Ok((hi, Some(text.get_ref().trim().to_owned())))
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
pub(super) mod tests {
    use super::*;

    pub(crate) const MEMORY: &str =
        "name = \"memory\"\nrequired = \"4..8 GB\"\navailable = \"24 GB\"\n";

    pub(crate) fn parse(text: &str) -> Result<Resource, ConfigError> {
        toml::from_str::<ResourceFile>(text).unwrap().read(&Lines::new(text))
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, part) in [
            (MEMORY.replace("4..8 GB", "8..4 GB"), 2, "upper end"),
            (MEMORY.replace("4..8 GB", "-8 GB"), 2, "below zero"),
            (MEMORY.replace("24 GB", "24 ms"), 3, "does not convert"),
            (MEMORY.replace("4..8 GB", "8"), 3, "no unit"),
            (MEMORY.replace("24 GB", "host").replace("4..8 GB", "8"), 3, "8 GB"),
            (MEMORY.replace("24 GB", "host").replace("memory", "gpus"), 3, "gpus"),
            (format!("{MEMORY}headroom = \"100%\"\n"), 4, "below 100%"),
        ] {
            let e = parse(&text).unwrap_err();
            assert_eq!(e.line, line, "{e}");
            assert!(e.message.contains(part), "{e}");
        }
    }
}
