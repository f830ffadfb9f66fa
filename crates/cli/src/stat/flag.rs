//! The parameters that statistics have, and what margins look like.

use std::str::FromStr;

use anyhow::bail;
use tailproof_core::percent;

use super::report::Value;

/// A parameter of a statistic. Those named `Optional…` share the flag of another and have no
/// default: the statistic does something else without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Level,
    Seed,
    Resamples,
    P,
    OptionalP,
    Type,
    Mu,
    OptionalMu,
    Sd,
    Trim,
    OptionalTrim,
    Low,
    High,
    Margin,
    Share,
    To,
    Effect,
    Alpha,
    Power,
    Ratio,
    Correction,
    Lags,
    Block,
    Draws,
    RunLength,
    Interval,
    Limit,
    NarrowAt,
}

impl Flag {
    /// As it is typed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Level => "--level",
            Self::Seed => "--seed",
            Self::Resamples => "--resamples",
            Self::P | Self::OptionalP => "--p",
            Self::Type => "--type",
            Self::Mu | Self::OptionalMu => "--mu",
            Self::Sd => "--sd",
            Self::Trim | Self::OptionalTrim => "--trim",
            Self::Low => "--low",
            Self::High => "--high",
            Self::Margin => "--margin",
            Self::Share => "--share",
            Self::To => "--to",
            Self::Effect => "--effect",
            Self::Alpha => "--alpha",
            Self::Power => "--power",
            Self::Ratio => "--ratio",
            Self::Correction => "--correction",
            Self::Lags => "--lags",
            Self::Block => "--block",
            Self::Draws => "--draws",
            Self::RunLength => "--run-length",
            Self::Interval => "--interval",
            Self::Limit => "--limit",
            Self::NarrowAt => "--narrow-at",
        }
    }
}

/// A margin: a number in the unit of the data, or a change in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Margin {
    Number(f64),
    /// As a share: `5%` is 0.05.
    Percent(f64),
}

impl FromStr for Margin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let finite = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite());
        let margin = match text.strip_suffix('%') {
            Some(body) => finite(body).map(|x| Self::Percent(x / 100.0)),
            None => finite(text).map(Self::Number),
        };
        margin.ok_or_else(|| "a number such as 0.5, or a percentage such as 5%".to_owned())
    }
}

impl Margin {
    pub(super) fn value(self) -> Value {
        match self {
            Self::Number(x) => Value::Number(x),
            Self::Percent(x) => Value::Text(percent(x)),
        }
    }

    pub(super) fn plain(self, flag: Flag) -> anyhow::Result<f64> {
        match self {
            Self::Number(x) => Ok(x),
            Self::Percent(x) => bail!(
                "{} {} is a percentage, but here it is a number in the unit of the data \
                 (tost-ratio takes margins in percent)",
                flag.name(),
                percent(x)
            ),
        }
    }

    pub(super) const fn ratio(self) -> f64 {
        match self {
            Self::Number(x) => x,
            Self::Percent(x) => 1.0 + x,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_are_numbers_or_percentages() {
        assert_eq!("-0.5".parse(), Ok(Margin::Number(-0.5)));
        assert_eq!("-20%".parse(), Ok(Margin::Percent(-0.2)));
        assert_eq!(Margin::Percent(0.25).ratio(), 1.25);
        for text in ["", "%", "five", "inf", "nan%"] {
            assert!(text.parse::<Margin>().is_err(), "{text}");
        }
        let error = Margin::Percent(0.05).plain(Flag::Low).unwrap_err().to_string();
        assert!(error.starts_with("--low 5 % is a percentage"), "{error}");
    }
}
