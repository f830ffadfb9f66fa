use std::fmt;
use std::str::FromStr;

/// A non-negative rational number `num / den` in lowest terms.
///
/// Levels, quantile ranks and unit scales are kept this way because `1 − 0.999` is not
/// `0.001` in binary, and a gate must not depend on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rational {
    num: u64,
    den: u64,
}

/// Why a [`Rational`] could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RationalError {
    /// The text is not a non-negative decimal number.
    #[error("not a non-negative decimal number: {0:?}")]
    NotDecimal(String),
    /// More digits than a 64-bit numerator and denominator hold.
    #[error("too many digits to be kept exactly: {0}")]
    TooLong(String),
}

impl Rational {
    /// The number 1.
    pub const ONE: Self = Self { num: 1, den: 1 };
    /// The number 0.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// `num / den`, reduced; `None` when `den` is zero.
    #[must_use]
    pub const fn new(num: u64, den: u64) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let g = gcd(num as u128, den as u128) as u64;
        Some(Self { num: num / g, den: den / g })
    }

    /// Numerator in lowest terms.
    #[must_use]
    pub const fn num(self) -> u64 {
        self.num
    }

    /// Denominator in lowest terms, never zero.
    #[must_use]
    pub const fn den(self) -> u64 {
        self.den
    }

    /// The nearest `f64` (correctly rounded while both parts are below 2⁵³).
    #[must_use]
    pub const fn to_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// The decimal that `x` prints as, exactly: 0.07 is 7/100 whatever its binary form.
    ///
    /// # Errors
    /// Negative, not finite, or more than 19 digits on one side of the fraction.
    pub fn from_f64(x: f64) -> Result<Self, RationalError> {
        format!("{x:e}").parse()
    }

    /// The number with the smallest denominator among those that round to `x`, which gives a
    /// level back that was written as a decimal. `x` is in [0, 1].
    ///
    /// # Errors
    /// `x` is outside [0, 1] or NaN.
    pub fn simplest(x: f64) -> Result<Self, RationalError> {
        if !(0.0..=1.0).contains(&x) {
            return Err(RationalError::NotDecimal(x.to_string()));
        }
        // Convergents of the continued fraction; the first that rounds to x.
        let (mut p, mut q) = ((1_u64, 0_u64), (0_u64, 1_u64));
        let mut rest = x;
        for _ in 0..64 {
            let whole = rest.floor() as u64;
            let step = |(a, b): (u64, u64)| whole.checked_mul(a).and_then(|w| w.checked_add(b));
            let (Some(num), Some(den)) = (step(p), step(q)) else { break };
            (p, q) = ((num, p.0), (den, q.0));
            if num as f64 / den as f64 == x {
                return Self::new(num, den).ok_or_else(|| RationalError::TooLong(x.to_string()));
            }
            rest = 1.0 / (rest - rest.floor());
        }
        Self::from_f64(x)
    }

    /// Product, or `None` when it does not fit.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Self::reduce(
            u128::from(self.num) * u128::from(other.num),
            u128::from(self.den) * u128::from(other.den),
        )
    }

    /// Quotient, or `None` when it does not fit or `other` is zero.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        self.checked_mul(Self::new(other.den, other.num)?)
    }

    /// `1 − self` for numbers up to 1.
    #[must_use]
    pub const fn complement(self) -> Option<Self> {
        if self.num > self.den {
            return None;
        }
        Self::new(self.den - self.num, self.den)
    }

    fn reduce(num: u128, den: u128) -> Option<Self> {
        let g = gcd(num, den);
        if g == 0 || den == 0 {
            return None;
        }
        Some(Self { num: u64::try_from(num / g).ok()?, den: u64::try_from(den / g).ok()? })
    }
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl FromStr for Rational {
    type Err = RationalError;

    /// Reads `12`, `0.95`, `1.5e-3`; no sign but `+`, no spaces.
    fn from_str(text: &str) -> Result<Self, RationalError> {
        let bad = || RationalError::NotDecimal(text.to_owned());
        let long = || RationalError::TooLong(text.to_owned());
        let body = text.strip_prefix('+').unwrap_or(text);
        let (digits, exponent) = match body.split_once(['e', 'E']) {
            Some((d, e)) => (d, e.parse::<i32>().map_err(|_| bad())?),
            None => (body, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0
            || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return Err(bad());
        }
        let mut num: u128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            num = num
                .checked_mul(10)
                .and_then(|n| n.checked_add(u128::from(digit - b'0')))
                .ok_or_else(long)?;
        }
        if num == 0 {
            return Ok(Self::ZERO);
        }
        let power = i64::from(exponent) - fraction.len() as i64;
        let ten = |k: i64| u32::try_from(k).ok().and_then(|k| 10_u128.checked_pow(k));
        let (num, den) = if power >= 0 {
            (ten(power).and_then(|t| num.checked_mul(t)).ok_or_else(long)?, 1)
        } else {
            (num, ten(-power).ok_or_else(long)?)
        };
        Self::reduce(num, den).ok_or_else(long)
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept_exactly() {
        for (text, num, den) in [
            ("0.95", 19, 20),
            ("1e-3", 1, 1_000),
            ("1.5e2", 150, 1),
            ("0", 0, 1),
            (".5", 1, 2),
            ("+2", 2, 1),
        ] {
            let r: Rational = text.parse().unwrap();
            assert_eq!((r.num(), r.den()), (num, den), "{text}");
        }
        assert_eq!(Rational::from_f64(0.07).unwrap(), Rational::new(7, 100).unwrap());
        for (num, den) in [(999, 1_000), (2_999, 3_000), (0, 1), (1, 1), (39_999, 40_000)] {
            let r = Rational::new(num, den).unwrap();
            assert_eq!(Rational::simplest(r.to_f64()).unwrap(), r);
        }
        for text in ["", ".", "-1", "1e", "nan", "1 ", "0x1"] {
            assert!(text.parse::<Rational>().is_err(), "{text}");
        }
        assert!(matches!("1e40".parse::<Rational>(), Err(RationalError::TooLong(_))));
    }
}
