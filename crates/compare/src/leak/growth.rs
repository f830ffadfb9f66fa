use std::fmt;
use std::str::FromStr;

use tailproof_core::{Period, Quantity};

/// A growth that is allowed, such as `1MiB/h`.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    text: String,
    pub(super) amount: Quantity,
    /// Hours in which it is allowed.
    pub(super) hours: f64,
}

/// Why a text is no [`Growth`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no growth: write an amount per time, such as 1MiB/h or 10kB/min")]
pub struct GrowthError(String);

impl FromStr for Growth {
    type Err = GrowthError;

    fn from_str(text: &str) -> Result<Self, GrowthError> {
        let err = || GrowthError(text.to_owned());
        let (amount, per) = text.rsplit_once('/').ok_or_else(err)?;
        let hours = Period::unit(per.trim()).ok_or_else(err)?.seconds() / 3_600.0;
        let amount: Quantity = amount.parse().map_err(|_| err())?;
        if amount.value() < 0.0 {
            return Err(err());
        }
        Ok(Self { text: text.trim().to_owned(), amount, hours })
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_growth_is_refused() {
        for text in ["1MiB", "MiB/h", "-1MiB/h", "1MiB/kg", "1 M$/h"] {
            assert!(text.parse::<Growth>().is_err(), "{text}");
        }
    }
}
