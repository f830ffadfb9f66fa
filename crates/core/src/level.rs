use std::fmt;
use std::str::FromStr;

use crate::Rational;

/// A confidence level, an exact rational strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Level(Rational);

/// Why a [`Level`] could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a confidence level lies strictly between 0 and 1 (0.999, or 99.9%), got {0:?}")]
pub struct LevelError(pub String);

impl Level {
    /// 95 %, for comparisons.
    pub const P95: Self = Self(Rational::new(19, 20).expect("20 is not zero"));
    /// 99.9 %, for objectives.
    pub const P999: Self = Self(Rational::new(999, 1_000).expect("1 000 is not zero"));

    /// A level from an exact rational.
    ///
    /// # Errors
    /// The number is not strictly between 0 and 1.
    pub fn new(value: Rational) -> Result<Self, LevelError> {
        if value.num() == 0 || value.num() >= value.den() {
            return Err(LevelError(value.to_string()));
        }
        Ok(Self(value))
    }

    /// `1 − alpha`: the simplest rational that rounds to `alpha`, or `alpha` to 18 decimals.
    ///
    /// # Errors
    /// `alpha` is not strictly between 0 and 1, or below 10⁻¹⁸.
    pub fn with_alpha(alpha: f64) -> Result<Self, LevelError> {
        const PARTS: u64 = 1_000_000_000_000_000_000;
        let outside = || LevelError(format!("1 - {alpha}"));
        Rational::simplest(alpha)
            .ok()
            .or_else(|| Rational::new((alpha * PARTS as f64) as u64, PARTS))
            .and_then(Rational::complement)
            .ok_or_else(outside)
            .and_then(Self::new)
    }

    /// The level as an exact rational.
    #[must_use]
    pub const fn value(self) -> Rational {
        self.0
    }

    /// `1 − level`, formed exactly: 0.999 gives 1/1000.
    #[must_use]
    pub const fn alpha(self) -> Rational {
        self.0.complement().expect("a level is below 1")
    }

    /// The level with which each of `m` one-sided claims holds so that all hold together
    /// at this one (Bonferroni): `1 − (1 − level)/m`.
    ///
    /// `m = 0` is read as 1. An error too fine for 64 bits is rounded down.
    #[must_use]
    pub fn split(self, m: usize) -> Self {
        let (alpha, m) = (self.alpha(), (m as u64).max(1));
        let part =
            Rational::new(1, m).and_then(|part| alpha.checked_mul(part)).unwrap_or_else(|| {
                // Rounded down to one over a whole number, which errs on the strict side.
                let whole = u128::from(alpha.den()) * u128::from(m);
                let n = whole.div_ceil(u128::from(alpha.num()));
                Rational::new(1, u64::try_from(n).unwrap_or(u64::MAX)).expect("not zero")
            });
        let level = part.complement().expect("a part of a number below 1 is below 1");
        Self::new(level).expect("neither 0 nor 1")
    }

    /// The level of a two-sided interval whose ends each hold at this one, `1 − 2(1 − level)`;
    /// this level itself when that is not positive.
    #[must_use]
    pub fn doubled(self) -> Self {
        self.alpha()
            .checked_mul(Rational::new(2, 1).expect("not zero"))
            .and_then(Rational::complement)
            .and_then(|r| Self::new(r).ok())
            .unwrap_or(self)
    }

    /// The nearest `f64`.
    #[must_use]
    pub const fn to_f64(self) -> f64 {
        self.0.to_f64()
    }
}

impl FromStr for Level {
    type Err = LevelError;

    /// Reads `0.999` or `99.9%`.
    fn from_str(text: &str) -> Result<Self, LevelError> {
        let err = || LevelError(text.to_owned());
        Self::new(fraction(text).ok_or_else(err)?).map_err(|_| err())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::percent(self.to_f64()))
    }
}

/// A quantile rank `p`, an exact rational from 0 to 1: p99.9 is 999/1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rank(Rational);

/// Why a [`Rank`] could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantile rank lies between 0 and 1 (0.95, or 95%), got {0:?}")]
pub struct RankError(pub String);

impl Rank {
    /// The median's rank, 1/2.
    pub const MEDIAN: Self = Self(Rational::new(1, 2).expect("2 is not zero"));
    /// The rank of p95, 19/20.
    pub const P95: Self = Self(Rational::new(19, 20).expect("20 is not zero"));
    /// The rank of p99, 99/100.
    pub const P99: Self = Self(Rational::new(99, 100).expect("100 is not zero"));
    /// The rank of p99.9, 999/1000.
    pub const P999: Self = Self(Rational::new(999, 1_000).expect("1 000 is not zero"));

    /// A rank from an exact rational.
    ///
    /// # Errors
    /// The number is above 1.
    pub fn new(value: Rational) -> Result<Self, RankError> {
        if value.num() > value.den() {
            return Err(RankError(value.to_string()));
        }
        Ok(Self(value))
    }

    /// The rank of the decimal that `p` prints as.
    ///
    /// # Errors
    /// `p` is outside `[0, 1]`, NaN, or has more digits than 64 bits hold.
    pub fn from_f64(p: f64) -> Result<Self, RankError> {
        Rational::from_f64(p).map_err(|_| RankError(p.to_string())).and_then(Self::new)
    }

    /// The rank as an exact rational.
    #[must_use]
    pub const fn value(self) -> Rational {
        self.0
    }

    /// `1 − p`, formed exactly.
    #[must_use]
    pub const fn complement(self) -> Rational {
        self.0.complement().expect("a rank is at most 1")
    }

    /// The nearest `f64`.
    #[must_use]
    pub const fn to_f64(self) -> f64 {
        self.0.to_f64()
    }
}

impl FromStr for Rank {
    type Err = RankError;

    /// Reads `0.95` or `95%`.
    fn from_str(text: &str) -> Result<Self, RankError> {
        let err = || RankError(text.to_owned());
        Self::new(fraction(text).ok_or_else(err)?).map_err(|_| err())
    }
}

impl fmt::Display for Rank {
    /// As a percentile: `p99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundred = Rational::new(100, 1).expect("not zero");
        let p = self.0.checked_mul(hundred).map_or(self.to_f64() * 100.0, Rational::to_f64);
        write!(f, "p{p}")
    }
}

/// A decimal or a percentage as an exact rational.
fn fraction(text: &str) -> Option<Rational> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(body) => body.trim_end().parse::<Rational>().ok()?.checked_div(Rational::new(100, 1)?),
        None => text.parse().ok(),
    }
}

/// The seed of every random stream of a run; printed in every report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_strictly_between_0_and_1() {
        for text in ["0", "1", "1.5", "-0.1", "nan", "", "100%", "0%"] {
            assert!(text.parse::<Level>().is_err(), "{text}");
        }
        assert_eq!("99.9%".parse::<Level>().unwrap(), Level::P999);
        assert_eq!(Level::P999.alpha(), Rational::new(1, 1_000).unwrap());
        assert_eq!(Level::P999.split(4).alpha(), Rational::new(1, 4_000).unwrap());
        assert_eq!(Level::P999.to_string(), "99.9 %");
    }

    #[test]
    fn a_rank_prints_as_a_percentile() {
        assert_eq!("0.999".parse::<Rank>().unwrap().to_string(), "p99.9");
        assert_eq!(Rank::MEDIAN.to_string(), "p50");
        assert!(Rank::from_f64(1.01).is_err() && Rank::from_f64(f64::NAN).is_err());
    }
}
