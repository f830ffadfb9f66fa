use std::fmt;
use std::str::FromStr;

use crate::{Rational, Unit, UnitError};

/// A number with an optional unit, as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    pub(crate) value: f64,
    /// The value as an exact decimal when it is not negative and fits.
    pub(crate) exact: Option<Rational>,
    pub(crate) unit: Option<Unit>,
}

impl Quantity {
    /// A number in a unit.
    #[must_use]
    pub fn new(value: f64, unit: Option<Unit>) -> Self {
        Self { value, exact: Rational::from_f64(value).ok(), unit }
    }

    /// The number as typed.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The unit as typed.
    #[must_use]
    pub const fn unit(&self) -> Option<&Unit> {
        self.unit.as_ref()
    }

    /// The number in the unit of the data, converted exactly and rounded once.
    ///
    /// A number without a unit is taken to be in the unit of the data. A number with a unit
    /// gives data without one that unit.
    ///
    /// # Errors
    /// The units measure different things.
    pub fn in_unit(&self, data: Option<&Unit>) -> Result<f64, UnitError> {
        let (Some(from), Some(to)) = (&self.unit, data) else { return Ok(self.value) };
        let factor = from.factor_to(to)?;
        if factor == Rational::ONE {
            return Ok(self.value);
        }
        let exact = self.exact.and_then(|x| x.checked_mul(factor)).map(Rational::to_f64);
        Ok(exact.unwrap_or(self.value * factor.to_f64()))
    }

    /// The number as an exact share: `99.9%` and `0.999` are 999/1000. `None` when it is
    /// negative, has too many digits or has another unit.
    #[must_use]
    pub fn share(&self) -> Option<Rational> {
        let one = Unit::known("ratio").expect("in the table");
        match &self.unit {
            None => self.exact,
            Some(unit) => self.exact?.checked_mul(unit.factor_to(&one).ok()?),
        }
    }

    /// The share `percent` of this quantity.
    pub(crate) fn part(&self, percent: Rational) -> Self {
        let exact = self.exact.and_then(|x| x.checked_mul(percent));
        let value = exact.map_or(self.value * percent.to_f64(), Rational::to_f64);
        Self { value, exact, unit: self.unit.clone() }
    }
}

/// Why a text is no [`Quantity`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// It does not begin with a finite number.
    #[error("expected a number with an optional unit, such as 50us, got {0:?}")]
    NotANumber(String),
    /// What follows the number is no unit.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Reads `50us`, `1.5 MiB`, `-2e3` or `70%`.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (number, unit) = text.trim().split_at(number_end(text.trim()));
        let value = number.parse::<f64>().ok().filter(|v| v.is_finite());
        let value = value.ok_or_else(|| QuantityError::NotANumber(text.to_owned()))?;
        let unit = Some(unit.trim()).filter(|u| !u.is_empty()).map(str::parse).transpose()?;
        Ok(Self { value, exact: number.parse().ok(), unit })
    }
}

/// Where the number ends that a text begins with, and a unit or more may follow.
pub(crate) fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut end = usize::from(text.starts_with(['+', '-']));
    end = digits(end);
    // "2..4" is a range, "2.5" a number.
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        end = digits(end + 1);
    }
    // An exponent's letter may begin a unit too.
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    end
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        match &self.unit {
            Some(unit) => write!(f, " {unit}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_by_themselves() {
        for (text, value, unit) in [
            ("50us", 50.0, Some("us")),
            (" 1.5 MiB ", 1.5, Some("MiB")),
            ("-2e3", -2_000.0, None),
            ("5e2ms", 500.0, Some("ms")),
            ("99.9%", 99.9, Some("%")),
        ] {
            let q: Quantity = text.parse().unwrap();
            assert_eq!(
                (q.value(), q.unit().cloned()),
                (value, unit.and_then(Unit::known)),
                "{text}"
            );
        }
        assert_eq!("99.9%".parse::<Quantity>().unwrap().share(), Rational::new(999, 1_000));
        for text in ["", "us", "1e999", "5 furlongs!", "2..4", "+"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }
}
