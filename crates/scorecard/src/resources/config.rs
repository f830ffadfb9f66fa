use serde::Deserialize;
use tailproof_core::Quantity;
use toml::Spanned;

use super::Resource;
use crate::amount::{not_below_zero, supply};
use crate::config::{ConfigError, Lines, Number};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceFile {
    name: Spanned<String>,
    required: Spanned<String>,
    available: Spanned<String>,
    used: Option<Spanned<String>>,
    headroom: Option<Spanned<Number>>,
    #[serde(default)]
    critical: bool,
}

impl ResourceFile {
    /// Checks what the table in `line` says.
    pub(crate) fn read(self, line: usize, lines: &Lines) -> Result<Resource, ConfigError> {
        let name = self.name.into_inner();
        let (required, range) = required(&self.required, lines)?;
        let (available, used) =
            supply(&name, &required, &self.available, self.used.as_ref(), lines)?;
        let headroom =
            self.headroom.as_ref().map_or(Ok(0.0), |h| lines.share(&Number::spanned(h)))?;
        if let Some(text) = self.headroom.as_ref().filter(|_| headroom >= 1.0) {
            let message = "headroom is a share below 100% of what is available";
            return Err(lines.wrong(text.span().start, message));
        }
        let critical = self.critical;
        Ok(Resource { name, line, critical, required, range, available, used, headroom })
    }
}

/// An amount, or the upper end of a range with the range as typed.
fn required(
    text: &Spanned<String>,
    lines: &Lines,
) -> Result<(Quantity, Option<String>), ConfigError> {
    let wrong = |message: String| lines.wrong(text.span().start, message);
    let Some((lo, hi)) = text.get_ref().split_once("..") else {
        return Ok((not_below_zero(text, lines)?, None));
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const MEMORY: &str =
        "name = \"memory\"\nrequired = \"4..8 GB\"\navailable = \"24 GB\"\n";

    pub(crate) fn parse(text: &str) -> Result<Resource, ConfigError> {
        toml::from_str::<ResourceFile>(text).unwrap().read(1, &Lines::new(text))
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
            (format!("{MEMORY}headroom = 30\n"), 4, "as a percentage"),
        ] {
            let e = parse(&text).unwrap_err();
            assert_eq!(e.line, line, "{e}");
            assert!(e.message.contains(part), "{e}");
        }
    }
}
