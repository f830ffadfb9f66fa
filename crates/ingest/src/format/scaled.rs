//! Times as tools print them for people: each with the unit that reads best.

use tailproof_core::Unit;

/// The unit that times of different scale are brought to, so that series of two files match.
pub(crate) fn nanosecond() -> Option<Unit> {
    Unit::known("ns")
}

/// Nanoseconds of a printed number and unit, `("1.0316", "µs")`.
pub(crate) fn nanoseconds(number: &str, unit: &str) -> Option<f64> {
    duration(number, unit, -9)
}

/// A printed number and unit in `10^power` seconds. The exact decimal is rounded, once.
pub(crate) fn duration(number: &str, unit: &str, power: i32) -> Option<f64> {
    let (own, factor) = match unit {
        "ps" => (-12, 1),
        "ns" => (-9, 1),
        "us" | "µs" | "μs" => (-6, 1),
        "ms" => (-3, 1),
        "s" => (0, 1),
        "m" | "min" => (0, 60),
        "h" => (0, 3_600),
        "d" => (0, 86_400),
        _ => return None,
    };
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let exponent = own - power;
    if factor == 1 {
        return format!("{number}e{exponent}").parse().ok();
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let exponent = exponent - fraction.len() as i32;
    format!("{}e{exponent}", digits.checked_mul(factor)?).parse().ok()
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
        assert_eq!(duration("1.02", "m", -3), Some(61_200.0));
        assert_eq!(duration("11.1", "us", 0), Some(11.1e-6));
        for (number, unit) in
            [("1.2.3", "m"), ("1", "cycles"), ("-1", "ns"), ("", "ns"), ("1e9", "s"), (".", "s")]
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
