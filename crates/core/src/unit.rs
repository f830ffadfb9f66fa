use std::fmt;
use std::str::FromStr;

use crate::Rational;

/// What a unit measures; only units of one dimension convert into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// Time; base unit the second.
    Time,
    /// Information; base unit the byte.
    Information,
    /// A share; base unit 1.
    Share,
    /// Events per time; base unit 1 per second.
    Frequency,
    /// Information per time; base unit the byte per second.
    Throughput,
}

/// A unit: a dimension with an exact scale, or a name that only equals itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A unit that converts within its dimension.
    Scaled {
        /// What it measures.
        dimension: Dimension,
        /// Base units in one of this unit: 1/1000 for milliseconds.
        scale: Rational,
        /// How it is written.
        symbol: String,
    },
    /// Anything else, such as `cores` or `usd`.
    Named(String),
}

/// Why two units do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// The text is no unit.
    #[error(
        "not a unit: {0:?}; known are ns us ms s min h, B kB MB GB KiB MiB GiB, %, req/s, B/s MB/s, or a plain name"
    )]
    NotAUnit(String),
    /// The units measure different things.
    #[error("{from} does not convert to {to}")]
    Incompatible {
        /// Unit of the value.
        from: String,
        /// Unit wanted.
        to: String,
    },
}

impl Unit {
    const TABLE: [(&'static str, Dimension, u64, u64); 45] = {
        use Dimension::{Frequency, Information, Share, Throughput, Time};
        [
            ("ns", Time, 1, 1_000_000_000),
            ("us", Time, 1, 1_000_000),
            ("µs", Time, 1, 1_000_000),
            ("μs", Time, 1, 1_000_000),
            ("ms", Time, 1, 1_000),
            ("msec", Time, 1, 1_000),
            ("s", Time, 1, 1),
            ("sec", Time, 1, 1),
            ("seconds", Time, 1, 1),
            ("min", Time, 60, 1),
            ("h", Time, 3_600, 1),
            ("B", Information, 1, 1),
            ("bytes", Information, 1, 1),
            ("kB", Information, 1_000, 1),
            ("KB", Information, 1_000, 1),
            ("MB", Information, 1_000_000, 1),
            ("GB", Information, 1_000_000_000, 1),
            ("TB", Information, 1_000_000_000_000, 1),
            ("KiB", Information, 1 << 10, 1),
            ("MiB", Information, 1 << 20, 1),
            ("GiB", Information, 1 << 30, 1),
            ("TiB", Information, 1 << 40, 1),
            ("%", Share, 1, 100),
            ("percent", Share, 1, 100),
            ("pct", Share, 1, 100),
            ("ratio", Share, 1, 1),
            ("/s", Frequency, 1, 1),
            ("1/s", Frequency, 1, 1),
            ("/sec", Frequency, 1, 1),
            ("1/sec", Frequency, 1, 1),
            ("Hz", Frequency, 1, 1),
            ("rps", Frequency, 1, 1),
            ("qps", Frequency, 1, 1),
            ("tps", Frequency, 1, 1),
            ("req/s", Frequency, 1, 1),
            ("ops/s", Frequency, 1, 1),
            ("events/s", Frequency, 1, 1),
            ("/min", Frequency, 1, 60),
            ("B/s", Throughput, 1, 1),
            ("kB/s", Throughput, 1_000, 1),
            ("MB/s", Throughput, 1_000_000, 1),
            ("GB/s", Throughput, 1_000_000_000, 1),
            ("KiB/s", Throughput, 1 << 10, 1),
            ("MiB/s", Throughput, 1 << 20, 1),
            ("GiB/s", Throughput, 1 << 30, 1),
        ]
    };

    /// A unit that converts, when `text` is one of the known symbols.
    #[must_use]
    pub fn known(text: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.0 == text).map(|&(symbol, dimension, num, den)| {
            Self::Scaled {
                dimension,
                scale: Rational::new(num, den).expect("no scale has a zero denominator"),
                symbol: if symbol == "μs" { "µs".to_owned() } else { symbol.to_owned() },
            }
        })
    }

    /// Splits a column heading into a name and the unit it ends in:
    /// `latency_ms`, `latency (ms)`, `latency[ms]`, `latency.ms`.
    #[must_use]
    pub fn split_heading(heading: &str) -> (String, Option<Self>) {
        let heading = heading.trim();
        for (open, close) in [('(', ')'), ('[', ']')] {
            if let Some((name, rest)) = heading.split_once(open)
                && let Some(unit) = rest.strip_suffix(close).and_then(|u| Self::known(u.trim()))
                && !name.trim().is_empty()
            {
                return (name.trim().to_owned(), Some(unit));
            }
        }
        for separator in ['_', '.', ' '] {
            if let Some((name, symbol)) = heading.rsplit_once(separator)
                && !name.is_empty()
                && let Some(unit) = Self::known(symbol)
            {
                return (name.to_owned(), Some(unit));
            }
        }
        (heading.to_owned(), None)
    }

    /// What one of `self` is in `other`.
    ///
    /// # Errors
    /// The units measure different things, or the factor does not fit 64 bits.
    pub fn factor_to(&self, other: &Self) -> Result<Rational, UnitError> {
        let incompatible =
            || UnitError::Incompatible { from: self.to_string(), to: other.to_string() };
        match (self, other) {
            (a, b) if a == b => Ok(Rational::ONE),
            (
                Self::Scaled { dimension: a, scale: from, .. },
                Self::Scaled { dimension: b, scale: to, .. },
            ) if a == b => from.checked_div(*to).ok_or_else(incompatible),
            _ => Err(incompatible()),
        }
    }
}

impl FromStr for Unit {
    type Err = UnitError;

    /// A known symbol, or a plain name of letters, digits, `_`, `/` and `-`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        if let Some(unit) = Self::known(text) {
            return Ok(unit);
        }
        let plain = text.starts_with(char::is_alphabetic)
            && text.chars().all(|c| c.is_alphanumeric() || "_/-".contains(c));
        if plain { Ok(Self::Named(text.to_owned())) } else { Err(UnitError::NotAUnit(text.into())) }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scaled { symbol, .. } => f.write_str(symbol),
            Self::Named(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_carry_units() {
        for (heading, name, unit) in [
            ("latency_ms", "latency", Some("ms")),
            ("latency (ms)", "latency", Some("ms")),
            ("heap[MiB]", "heap", Some("MiB")),
            ("p95_latency", "p95_latency", None),
            ("_ms", "_ms", None),
            ("ms", "ms", None),
        ] {
            let (n, u) = Unit::split_heading(heading);
            assert_eq!((n.as_str(), u.map(|u| u.to_string()).as_deref()), (name, unit));
        }
    }

    #[test]
    fn factors_are_exact() {
        let unit = |s: &str| Unit::known(s).unwrap();
        assert_eq!(unit("min").factor_to(&unit("ms")).unwrap(), Rational::new(60_000, 1).unwrap());
        assert_eq!(unit("us").factor_to(&unit("s")).unwrap(), Rational::new(1, 1_000_000).unwrap());
        assert!(unit("ms").factor_to(&unit("MB")).is_err());
        assert!("15$".parse::<Unit>().is_err() && "cores".parse::<Unit>().is_ok());
    }
}
