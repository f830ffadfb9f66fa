use tailproof_core::Unit;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Nanoseconds since 1970 of a time cell.
///
/// RFC 3339 (also with dots or slashes in the date, a short hour, and a zone without colon,
/// as in `2024.01.02 3:00:00 +0100`), or a number of seconds, milliseconds, microseconds or
/// nanoseconds since 1970: the unit is that of the heading, or follows from the magnitude. Small
/// numbers are seconds, which also covers times since the start of a run.
pub(crate) fn parse(text: &str, unit: Option<&Unit>) -> Result<i64, &'static str> {
    let text = text.trim();
    if let Some(found) = common(text.as_bytes()) {
        return Ok(found);
    }
    if let Some(found) = number(text, unit) {
        return found;
    }
    let spaced = spelled(text);
    OffsetDateTime::parse(&spaced, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{spaced}Z"), &Rfc3339))
        .ok()
        .and_then(|t| i64::try_from(t.unix_timestamp_nanos()).ok())
        .ok_or("a time is RFC 3339 or a number since 1970")
}

/// RFC 3339 as other tools spell it: dots or slashes in the date, an hour of one digit, a
/// blank before the zone and no colon in it.
fn spelled(text: &str) -> String {
    let Some((date, rest)) = text.split_once([' ', 'T']) else { return text.to_owned() };
    let date = date.replace(['.', '/'], "-");
    let (clock, zone) = rest.split_once(' ').unwrap_or((rest, ""));
    let clock = if clock.find(':') == Some(1) { format!("0{clock}") } else { clock.to_owned() };
    let zone = zone.trim();
    let bare = zone.len() == 5 && zone.is_ascii() && zone.starts_with(['+', '-']);
    match zone {
        "UTC" | "GMT" => format!("{date}T{clock}Z"),
        _ if bare => format!("{date}T{clock}{}:{}", &zone[..3], &zone[3..]),
        _ => format!("{date}T{clock}{zone}"),
    }
}

/// RFC 3339 from 1970 to 2261 as programs print it: the short way, without a leap second.
/// What it does not take is left to the full parser.
///
/// ```text
/// 2025-01-01T00:00:00[.123456789](Z|+02:00)
/// ```
fn common(text: &[u8]) -> Option<i64> {
    let two = |at: usize| -> Option<i64> {
        let (a, b) = (*text.get(at)?, *text.get(at + 1)?);
        (a.is_ascii_digit() && b.is_ascii_digit())
            .then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
    };
    let marked = |at: usize, mark: u8| text.get(at) == Some(&mark);
    let separated = marked(4, b'-')
        && marked(7, b'-')
        && marked(10, b'T')
        && marked(13, b':')
        && marked(16, b':');
    if !separated {
        return None;
    }
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let sound = (1970..=2261).contains(&year)
        && (1..=12).contains(&month)
        && (1..=length).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !sound {
        return None;
    }
    let mut at = 19;
    let (mut nanos, mut scale) = (0, 1_000_000_000);
    if marked(at, b'.') {
        at += 1;
        while let Some(digit) = text.get(at).filter(|b| b.is_ascii_digit()) {
            scale /= 10;
            nanos += i64::from(digit - b'0') * scale;
            at += 1;
        }
        if at == 20 || at > 29 {
            return None;
        }
    }
    let offset = match text.get(at)? {
        b'Z' if text.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if text.len() == at + 6 && marked(at + 3, b':') => {
            let (hours, minutes) = (two(at + 1)?, two(at + 4)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3_600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    // Days before the month in a year that begins in March, so that February is last.
    let (shifted, since_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = (153 * since_march + 2) / 5;
    let years = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400;
    // 719 468 days lie between the first of March of year 0 and 1970.
    let days = years + before + day - 1 - 719_468;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Some(seconds * 1_000_000_000 + nanos)
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
            ("1970.01.02 3:00:00 +0100", (86_400 + 2 * 3_600) * 1_000_000_000),
            ("1970/01/02 03:00:00 UTC", (86_400 + 3 * 3_600) * 1_000_000_000),
        ] {
            assert_eq!(parse(text, None), Ok(nanos), "{text}");
        }
        assert_eq!(parse("12", Unit::known("ms").as_ref()), Ok(12_000_000));
        assert!(parse("12", Unit::known("min").as_ref()).is_err());
        assert!(parse("-1", None).is_err() && parse("noon", None).is_err());
    }

    #[test]
    fn the_short_way_agrees_with_the_full_parser() {
        let full = |text: &str| {
            OffsetDateTime::parse(text, &Rfc3339).unwrap().unix_timestamp_nanos() as i64
        };
        for text in [
            "1970-01-01T00:00:00Z",
            "1972-02-29T23:59:59.5Z",
            "1999-12-31T23:59:59.999999999-11:30",
            "2000-02-29T12:00:00+05:45",
            "2024-03-01T00:00:00.000000001Z",
            "2100-02-28T01:02:03.25+02:00",
            "2261-12-31T00:00:00Z",
        ] {
            assert_eq!(common(text.as_bytes()), Some(full(text)), "{text}");
        }
        for text in [
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.0000000001Z",
            "2024-01-01T00:00:00+0200",
        ] {
            assert_eq!(common(text.as_bytes()), None, "{text}");
        }
    }
}
