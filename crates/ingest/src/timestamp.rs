use tailproof_core::Unit;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Nanoseconds since 1970 of a time cell.
///
/// RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970:
/// the unit is that of the heading, or follows from the magnitude. Small numbers are seconds,
/// which also covers times since the start of a run.
pub(crate) fn parse(text: &str, unit: Option<&Unit>) -> Result<i64, &'static str> {
    let text = text.trim();
    if let Some(found) = number(text, unit) {
        return found;
    }
    let spaced = text.replacen(' ', "T", 1);
    OffsetDateTime::parse(&spaced, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{spaced}Z"), &Rfc3339))
        .ok()
        .and_then(|t| i64::try_from(t.unix_timestamp_nanos()).ok())
        .ok_or("a time is RFC 3339 or a number since 1970")
}

/// A plain decimal, scaled in whole numbers: a double does not hold nanoseconds since 1970.
fn number(text: &str, unit: Option<&Unit>) -> Option<Result<i64, &'static str>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if digits.is_empty() || digits.len() > 19 || !plain(digits) || !plain(fraction) {
        return None;
    }
    if negative {
        return Some(Err("a time is not negative"));
    }
    let seconds: i128 = digits.parse().ok()?;
    let power = match unit {
        Some(unit) => match unit.factor_to(&Unit::known("ns").expect("in the table")) {
            Ok(factor)
                if factor.den() == 1 && 10_u64.pow(factor.num().ilog10()) == factor.num() =>
            {
                factor.num().ilog10() as usize
            }
            _ => return Some(Err("a time column is in s, ms, us or ns")),
        },
        None if seconds < 100_000_000_000 => 9,
        None if seconds < 100_000_000_000_000 => 6,
        None if seconds < 100_000_000_000_000_000 => 3,
        None => 0,
    };
    let padded = format!("{fraction:0<9}");
    let nanos: i128 = padded[..power].parse().unwrap_or(0);
    Some(
        i64::try_from(seconds * 10_i128.pow(power as u32) + nanos)
            .map_err(|_| "a time fits 64 bits of nanoseconds"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact() {
        for (text, nanos) in [
            ("1700000000", 1_700_000_000_000_000_000),
            ("1700000000.123456789", 1_700_000_000_123_456_789),
            ("1700000000123", 1_700_000_000_123_000_000),
            ("1700000000123456", 1_700_000_000_123_456_000),
            ("1700000000123456789", 1_700_000_000_123_456_789),
            ("0.5", 500_000_000),
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01 00:00:01.5+00:00", 1_500_000_000),
            ("1970-01-01 00:00:02", 2_000_000_000),
        ] {
            assert_eq!(parse(text, None), Ok(nanos), "{text}");
        }
        assert_eq!(parse("12", Unit::known("ms").as_ref()), Ok(12_000_000));
        assert!(parse("12", Unit::known("min").as_ref()).is_err());
        assert!(parse("-1", None).is_err() && parse("noon", None).is_err());
    }
}
