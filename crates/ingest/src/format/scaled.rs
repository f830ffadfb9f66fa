//! Times as tools print them for people: each with the unit that reads best.

use tailproof_core::Unit;

/// The unit that times of different scale are brought to, so that series of two files match.
pub(crate) fn nanosecond() -> Option<Unit> {
    Unit::known("ns")
}

/// Nanoseconds of a printed number and unit, `("1.0316", "µs")`; correctly rounded.
pub(crate) fn nanoseconds(number: &str, unit: &str) -> Option<f64> {
    let (power, factor) = match unit {
        "ps" => (-3, 1.0),
        "ns" => (0, 1.0),
        "us" | "µs" | "μs" => (3, 1.0),
        "ms" => (6, 1.0),
        "s" => (9, 1.0),
        "m" | "min" => (9, 60.0),
        "h" => (9, 3_600.0),
        "d" => (9, 86_400.0),
        _ => return None,
    };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let scaled: f64 = format!("{number}e{power}").parse().ok().filter(|_| plain)?;
    Some(scaled * factor)
}

/// A number that may have commas between thousands.
pub(crate) fn with_commas(text: &str) -> Option<f64> {
    let value: f64 = text.replace(',', "").parse().ok()?;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_correctly_rounded() {
        for (number, unit, want) in [
            ("1.0316", "µs", 1031.6),
            ("320.62", "ps", 0.320_62),
            ("9.3328", "μs", 9332.8),
            ("2", "m", 120e9),
        ] {
            assert_eq!(nanoseconds(number, unit), Some(want));
        }
        for (number, unit) in [("1", "cycles"), ("-1", "ns"), ("", "ns"), ("1e9", "s"), (".", "s")]
        {
            assert_eq!(nanoseconds(number, unit), None, "{number} {unit}");
        }
    }

    #[test]
    fn commas_separate_thousands() {
        assert_eq!(with_commas("13,967,756.30"), Some(13_967_756.3));
        assert_eq!(with_commas("inf"), None);
        assert_eq!(with_commas(","), None);
    }
}
