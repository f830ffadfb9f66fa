use std::str::FromStr;

use tailproof_core::{Dimension, Direction, Unit, number, percent};

/// A factor as people read it, three significant digits: `×3.99`, `×0.978`, `×40`.
#[must_use]
pub fn factor(x: f64) -> String {
    if !x.is_finite() {
        return format!("×{}", number(x));
    }
    let rounded: f64 = format!("{x:.2e}").parse().expect("a formatted float parses");
    format!("×{}", number(rounded))
}

/// A speed-up said both ways: `×3.99, 74.96 % less time`, `×0.978, 2.22 % more time`.
///
/// For a metric of which more is better: `×1.25, 25 % more`.
#[must_use]
pub fn saying(speed_up: f64, direction: Direction, unit: Option<&Unit>) -> String {
    let (ratio, less, more) = if direction == Direction::Higher {
        (speed_up, "less".to_owned(), "more".to_owned())
    } else {
        let what = match unit {
            Some(Unit::Scaled { dimension: Dimension::Time, .. }) | None => " time",
            Some(Unit::Scaled { dimension: Dimension::Information, .. }) => " memory",
            Some(_) => "",
        };
        (1.0 / speed_up, format!("less{what}"), format!("more{what}"))
    };
    let change = ratio - 1.0;
    let word = if change < 0.0 { less } else { more };
    format!("{}, {} {word}", factor(speed_up), percent(change.abs()))
}

/// A speed-up as somebody published it: a range of factors that its digits leave open.
///
/// `3.99x` may be anything from 3.985 to 3.995; `5-10x` is a range; `74.97 %` is read as time
/// saved, the only reading under which a share below 100 % is a large speed-up, and stands for
/// factors from 3.9944 to 3.9960.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedFactor {
    /// As published.
    pub text: String,
    /// Smallest factor meant.
    pub lo: f64,
    /// The number itself; the middle of a range on the scale of factors.
    pub at: f64,
    /// Largest factor meant.
    pub hi: f64,
    /// Whether it was published as a share of time saved.
    pub saved: bool,
    /// Whether it was published as a range, `5-10x`.
    pub range: bool,
}

/// Why a text is no published speed-up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishedFactorError {
    /// A place kept for a number that nobody measured.
    #[error("{0:?} is a placeholder, not a number")]
    Placeholder(String),
    /// Neither a factor nor a share of time.
    #[error("{0:?} is no speed-up; write a factor (3.99x, 5-10x) or time saved (74.97%)")]
    NotASpeedUp(String),
    /// No speed-up saves all of the time or more.
    #[error("{0:?} is no time saved: it lies below 100 %")]
    Everything(String),
}

impl PublishedFactor {
    /// Whether time saved is called a speed-up.
    #[must_use]
    pub fn misnamed(&self) -> bool {
        let text = self.text.to_lowercase();
        self.saved && (text.contains("speed") || text.contains("faster"))
    }

    /// The factor in words: `×3.99`, or `×3.99 to ×4` when its digits leave that open.
    #[must_use]
    pub fn words(&self) -> String {
        let (lo, hi) = (factor(self.lo), factor(self.hi));
        if self.range || (self.saved && lo != hi) {
            format!("{lo} to {hi}")
        } else {
            factor(self.at)
        }
    }

    /// What it says, both ways: `74.97 % time saved, ×3.99`.
    #[must_use]
    pub fn both_ways(&self) -> String {
        if self.range {
            let saved = |x: f64| percent(1.0 - 1.0 / x);
            return format!(
                "{}, {} to {} time saved",
                self.words(),
                saved(self.lo),
                saved(self.hi)
            );
        }
        let saved = 1.0 - 1.0 / self.at;
        if saved < 0.0 {
            return format!("{} more time, {}", percent(-saved), self.words());
        }
        format!("{} time saved, {}", percent(saved), self.words())
    }

    /// A factor that was computed from two numbers and what their digits leave open.
    #[must_use]
    pub fn of_quotient(text: impl Into<String>, base: Digits, candidate: Digits) -> Self {
        Self {
            text: text.into(),
            lo: (base.value - base.half) / (candidate.value + candidate.half),
            at: base.value / candidate.value,
            hi: (base.value + base.half) / (candidate.value - candidate.half),
            saved: false,
            range: false,
        }
    }

    /// What is left of it when another publication of the same factor is taken in; itself when
    /// they contradict each other.
    #[must_use]
    pub fn narrowed(&self, other: &Self) -> Self {
        if !self.agrees(other) {
            return self.clone();
        }
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        Self { lo, at: self.at.clamp(lo, hi), hi, ..self.clone() }
    }

    /// Whether both can be the same factor.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        self.lo <= other.hi && other.lo <= self.hi
    }

    /// Product of single factors; 1 for none.
    #[must_use]
    pub fn product(factors: &[Self]) -> Self {
        let texts: Vec<&str> = factors.iter().map(|f| f.text.as_str()).collect();
        // Beside a range the last digit of a number plays no part.
        let range = factors.iter().any(|f| f.range);
        let end = |f: &Self, end: f64| if range && !f.range { f.at } else { end };
        Self {
            text: texts.join(" · "),
            lo: factors.iter().map(|f| end(f, f.lo)).product(),
            at: factors.iter().map(|f| f.at).product(),
            hi: factors.iter().map(|f| end(f, f.hi)).product(),
            saved: false,
            range,
        }
    }
}

/// A decimal number and half a unit of its last digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digits {
    /// The number.
    pub value: f64,
    /// How far the number that was rounded to it may be away.
    pub half: f64,
}

impl Digits {
    /// The number of a text such as `74.97`, `1,500` or `2e3`; `None` when it is none above 0.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.trim().replace(',', "");
        let value: f64 = plain.parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0)?;
        let (mantissa, exponent) = plain.split_once(['e', 'E']).unwrap_or((&plain, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, part)| part.len());
        let exponent: i32 = exponent.parse().ok()?;
        let last = exponent.checked_sub(i32::try_from(decimals).ok()?)?;
        Some(Self { value, half: (0.5 * 10.0_f64.powi(last)).min(value / 2.0) })
    }
}

impl FromStr for PublishedFactor {
    type Err = PublishedFactorError;

    /// Reads `3.99x`, `x3.99`, `×3.99 faster`, `5-10x`, `74.97 %`, `74.97% speed-up`, `40`.
    fn from_str(text: &str) -> Result<Self, PublishedFactorError> {
        let shown = text.trim().to_owned();
        let none = || PublishedFactorError::NotASpeedUp(shown.clone());
        if shown.to_uppercase().contains("XX") || shown.contains("[X") {
            return Err(PublishedFactorError::Placeholder(shown));
        }
        let body = shown.trim_matches('*').trim_start_matches(['×', 'x', '~', '≈']).trim_start();
        let end = body.find(|c: char| !(c.is_ascii_digit() || ".,-–".contains(c)));
        let (numbers, rest) = body.split_at(end.unwrap_or(body.len()));
        let rest = rest.trim_start();
        let of = |text: &str| Digits::read(text).ok_or_else(none);
        if let Some((from, to)) = numbers.split_once(['-', '–']) {
            let (from, to) = (of(from)?, of(to)?);
            if !rest.starts_with(['x', '×']) || from.value > to.value {
                return Err(none());
            }
            let at = (from.value * to.value).sqrt();
            return Ok(Self {
                text: shown,
                lo: from.value,
                at,
                hi: to.value,
                saved: false,
                range: true,
            });
        }
        let digits = of(numbers)?;
        if rest.starts_with('%') || rest.starts_with("percent") {
            if digits.value >= 100.0 {
                return Err(PublishedFactorError::Everything(shown));
            }
            let factor = |percent: f64| 100.0 / (100.0 - percent);
            let Digits { value, half } = digits;
            // 99.99 may have been anything up to 99.995, but 99.9999 not 100.
            let most = (value + half).min(f64::midpoint(value, 100.0));
            let (lo, at, hi) = (factor(value - half), factor(value), factor(most));
            return Ok(Self { text: shown, lo, at, hi, saved: true, range: false });
        }
        let known = ["", "x", "×", "times", "fold", "-fold"];
        let unit = rest.split_whitespace().next().unwrap_or("");
        if !known.contains(&unit) {
            return Err(none());
        }
        let Digits { value, half } = digits;
        Ok(Self {
            text: shown,
            lo: value - half,
            at: value,
            hi: value + half,
            saved: false,
            range: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_time_saved_and_no_speed_up() {
        let claim: PublishedFactor = "74.97 % speed-up".parse().unwrap();
        assert!(claim.saved && (claim.at - 3.9952).abs() < 1e-4);
        assert_eq!(claim.both_ways(), "74.97 % time saved, ×3.99 to ×4");
        let runtimes = PublishedFactor::of_quotient(
            "279.48 s / 69.97 s",
            Digits::read("279.48").unwrap(),
            Digits::read("69.97").unwrap(),
        );
        assert_eq!(runtimes.both_ways(), "74.96 % time saved, ×3.99");
        // The three published forms are one number, each within its digits.
        let factor: PublishedFactor = "3.99x faster".parse().unwrap();
        assert_eq!(claim.narrowed(&runtimes).both_ways(), "74.97 % time saved, ×3.99");
        assert!(claim.misnamed() && !factor.misnamed());
        assert!(runtimes.agrees(&claim) && runtimes.agrees(&factor) && factor.agrees(&claim));
        assert!(!"4.1x".parse::<PublishedFactor>().unwrap().agrees(&claim));
    }

    #[test]
    fn factors_are_read_as_people_write_them() {
        for (text, lo, hi) in [
            ("40.0x", 39.95, 40.05),
            ("×40", 39.5, 40.5),
            ("5-10x", 5.0, 10.0),
            ("100–1500x", 100.0, 1500.0),
            ("1,500 times", 1499.5, 1500.5),
        ] {
            let claim: PublishedFactor = text.parse().unwrap();
            assert!((claim.lo - lo).abs() < 1e-9 && (claim.hi - hi).abs() < 1e-9, "{claim:?}");
        }
        for text in ["", "x", "fast", "-3x", "10-5x", "0x", "3 apples", "nanx", "1e999x"] {
            assert!(text.parse::<PublishedFactor>().is_err(), "{text}");
        }
        for text in ["[XX.X%]", "[X.XX]x"] {
            let error = text.parse::<PublishedFactor>().unwrap_err();
            assert!(matches!(error, PublishedFactorError::Placeholder(_)), "{error}");
        }
        let all = "100%".parse::<PublishedFactor>();
        assert_eq!(all, Err(PublishedFactorError::Everything("100%".to_owned())));
    }

    #[test]
    fn a_factor_has_three_digits() {
        for (x, want) in
            [(3.99428, "×3.99"), (73.75, "×73.8"), (0.97826, "×0.978"), (40.0, "×40"), (1.0, "×1")]
        {
            assert_eq!(factor(x), want);
        }
        let ms = Unit::known("ms");
        assert_eq!(saying(4.0, Direction::Lower, ms.as_ref()), "×4, 75 % less time");
        assert_eq!(saying(0.5, Direction::Lower, ms.as_ref()), "×0.5, 100 % more time");
        assert_eq!(saying(1.25, Direction::Higher, None), "×1.25, 25 % more");
    }
}
