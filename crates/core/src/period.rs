use std::fmt;
use std::str::FromStr;

use crate::{Dimension, Rational, Unit, number};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// A length of time above zero, in whole nanoseconds: `30d`, `4w`, `1h`, `5min`, `90s`.
///
/// The time units of [`Unit`], and beside them `d` and `w` (a heading that ends in `_d` is no
/// column of days, so that [`Unit`] has no day) and `m`, which is a minute as in alerting rules.
///
/// # Example
/// ```
/// use tailproof_core::Period;
///
/// let window: Period = "30d".parse()?;
/// assert_eq!(window.seconds(), 2_592_000.0);
/// assert_eq!("90 min".parse::<Period>()?.to_string(), "1.5 h");
/// # Ok::<(), tailproof_core::PeriodError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(u64);

/// Why a text is no [`Period`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time above 0 with its unit, such as 30d, 4w, 12h, 5min or 90s, got {0:?}")]
pub struct PeriodError(pub String);

impl Period {
    /// Longest one, about 292 years: what a time in nanoseconds holds.
    const MOST: u64 = i64::MAX as u64;

    /// So many nanoseconds; `None` for 0 and for more than 292 years.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Option<Self> {
        if nanos == 0 || nanos > Self::MOST { None } else { Some(Self(nanos)) }
    }

    /// One of a unit of time: `h`, `min`, `d`; `None` when it is none.
    #[must_use]
    pub fn unit(symbol: &str) -> Option<Self> {
        let nanos = match symbol {
            "m" => 60 * SECOND,
            "d" | "day" | "days" => 86_400 * SECOND,
            "w" | "week" | "weeks" => 7 * 86_400 * SECOND,
            _ => match Unit::known(symbol)? {
                Unit::Scaled { dimension: Dimension::Time, scale, .. } => {
                    whole(scale.checked_mul(Rational::new(SECOND, 1)?)?)?
                }
                _ => return None,
            },
        };
        Self::from_nanos(nanos)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Exactly `self / other`.
    #[must_use]
    pub fn over(self, other: Self) -> Rational {
        Rational::new(self.0, other.0).expect("a period is above 0")
    }

    /// The part `share` of it, rounded to nanoseconds, at least one.
    #[must_use]
    pub fn part(self, share: Rational) -> Self {
        let den = u128::from(share.den());
        let nanos = (u128::from(self.0) * u128::from(share.num()) + den / 2) / den;
        Self(u64::try_from(nanos).unwrap_or(Self::MOST).clamp(1, Self::MOST))
    }
}

/// The number itself when it is a whole one.
fn whole(number: Rational) -> Option<u64> {
    (number.den() == 1).then_some(number.num())
}

impl FromStr for Period {
    type Err = PeriodError;

    /// Reads a number and a unit, with or without a blank between.
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let body = text.trim();
        let read = || {
            let at = body.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
            let (amount, unit) = body.split_at(at);
            let one = Rational::new(Self::unit(unit.trim())?.0, 1)?;
            Self::from_nanos(whole(amount.parse::<Rational>().ok()?.checked_mul(one)?)?)
        };
        read().ok_or_else(|| PeriodError(text.to_owned()))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&span(self.seconds()))
    }
}

/// A length of time for people, in the largest unit of which it is at least one: `30 d`,
/// `1.5 h`, `43.2 min`, `51.84 s`.
///
/// # Example
/// ```
/// use tailproof_core::span;
///
/// assert_eq!((span(2_592.0), span(0.25), span(0.0)), ("43.2 min".into(), "250 ms".into(), "0 s".into()));
/// ```
#[must_use]
pub fn span(seconds: f64) -> String {
    const UNITS: [(f64, &str); 7] = [
        (86_400.0, "d"),
        (3_600.0, "h"),
        (60.0, "min"),
        (1.0, "s"),
        (1e-3, "ms"),
        (1e-6, "µs"),
        (1e-9, "ns"),
    ];
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    let found = UNITS.iter().find(|unit| seconds.abs() >= unit.0);
    let &(length, symbol) = found.unwrap_or(&UNITS[6]);
    format!("{} {symbol}", number(seconds / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_exactly() {
        for (text, seconds, shown) in [
            ("30d", 2_592_000.0, "30 d"),
            ("4w", 2_419_200.0, "28 d"),
            (" 1 h ", 3_600.0, "1 h"),
            ("5min", 300.0, "5 min"),
            ("5m", 300.0, "5 min"),
            ("90s", 90.0, "1.5 min"),
            ("1.5 days", 129_600.0, "1.5 d"),
            ("250ms", 0.25, "250 ms"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!((period.seconds(), period.to_string().as_str()), (seconds, shown), "{text}");
        }
        for text in
            ["", "30", "d", "0d", "-1h", "1 month", "1e3 h", "0.1ns", "400y", "1 kB", "9e9d"]
        {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
        assert!("106752d".parse::<Period>().is_err(), "292.3 years do not fit");
    }

    #[test]
    fn parts_are_rounded_to_nanoseconds() {
        let day: Period = "1d".parse().unwrap();
        let hour: Period = "1h".parse().unwrap();
        assert_eq!(day.part(Rational::new(1, 24).unwrap()), hour);
        assert_eq!(day.over(hour), Rational::new(24, 1).unwrap());
        assert_eq!(hour.part(Rational::ZERO).nanos(), 1);
    }
}
