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
    Clock::new(unit).parse(text)
}

/// Reads the times of one column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Power);

/// Which power of ten nanoseconds a number counts.
#[derive(Clone, Copy, Debug)]
enum Power {
    Of(usize),
    /// The magnitude says.
    Guessed,
    /// The heading states a unit that is no such power.
    Unusual,
}

impl Clock {
    /// For a column with this unit in its heading.
    pub(crate) fn new(unit: Option<&Unit>) -> Self {
        let Some(unit) = unit else { return Self(Power::Guessed) };
        let ns = Unit::known("ns").expect("in the table");
        Self(match unit.factor_to(&ns) {
            Ok(factor)
                if factor.den() == 1 && 10_u64.pow(factor.num().ilog10()) == factor.num() =>
            {
                Power::Of(factor.num().ilog10() as usize)
            }
            _ => Power::Unusual,
        })
    }

    /// The time in a cell, when it is written as most are; `None` leaves it to [`Clock::parse`].
    pub(crate) fn quick(self, cell: &[u8]) -> Option<i64> {
        if !matches!(self.0, Power::Guessed | Power::Of(9)) {
            return None;
        }
        let whole = cell.iter().take_while(|b| b.is_ascii_digit()).count();
        // Ten digits of seconds, and then nine, fit 64 bits.
        let seconds = match cell.get(whole) {
            _ if whole == 0 || whole > 10 => return calendar(cell),
            None | Some(b'.') => digits(&cell[..whole])?,
            Some(_) => return calendar(cell),
        };
        let fraction = cell.get(whole + 1..).unwrap_or_default();
        let known = &fraction[..fraction.len().min(9)];
        let nanos = digits(known)? * 10_u64.pow(9 - known.len() as u32);
        let rest = fraction[known.len()..].iter().all(u8::is_ascii_digit);
        rest.then(|| i64::try_from(seconds * 1_000_000_000 + nanos).ok())?
    }

    /// See [`parse`].
    pub(crate) fn parse(self, text: &str) -> Result<i64, &'static str> {
        let text = text.trim();
        if let Some(found) = self.quick(text.as_bytes()) {
            return Ok(found);
        }
        if let Some(found) = self.number(text) {
            return found;
        }
        if let Some(found) = calendar(text.as_bytes()) {
            return Ok(found);
        }
        let spaced = spelled(text);
        OffsetDateTime::parse(&spaced, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&format!("{spaced}Z"), &Rfc3339))
            .ok()
            .and_then(|t| i64::try_from(t.unix_timestamp_nanos()).ok())
            .ok_or("a time is RFC 3339 or a number since 1970")
    }

    /// A plain decimal, scaled in whole numbers: a double does not hold nanoseconds since 1970.
    fn number(self, text: &str) -> Option<Result<i64, &'static str>> {
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
        // Nineteen digits fit 64 bits.
        let seconds: u64 = digits.parse().ok()?;
        let power = match self.0 {
            Power::Of(power) => power,
            Power::Unusual => return Some(Err("a time column is in s, ms, us or ns")),
            Power::Guessed if seconds < 100_000_000_000 => 9,
            Power::Guessed if seconds < 100_000_000_000_000 => 6,
            Power::Guessed if seconds < 100_000_000_000_000_000 => 3,
            Power::Guessed => 0,
        };
        let places = fraction.bytes().chain(std::iter::repeat(b'0')).take(power);
        let nanos = places.fold(0, |sum, digit| 10 * sum + i128::from(digit - b'0'));
        Some(
            i64::try_from(i128::from(seconds) * 10_i128.pow(power as u32) + nanos)
                .map_err(|_| "a time fits 64 bits of nanoseconds"),
        )
    }
}

/// The number of so few digits that 64 bits hold it; 0 for none.
fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |sum, &b| b.is_ascii_digit().then(|| 10 * sum + u64::from(b - b'0')))
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

/// `2023-11-14T22:13:20.123Z`, as most tools write it: a blank may stand for the `T`, and the
/// `Z` may be missing. `None` for anything else, which may still be a time.
fn calendar(text: &[u8]) -> Option<i64> {
    let number = |from: usize, to: usize| {
        text.get(from..to)?
            .iter()
            .try_fold(0_i64, |sum, &b| b.is_ascii_digit().then(|| 10 * sum + i64::from(b - b'0')))
    };
    let mark = |at: usize, any: &[u8]| text.get(at).is_some_and(|b| any.contains(b));
    let marks =
        mark(4, b"-") && mark(7, b"-") && mark(10, b"T ") && mark(13, b":") && mark(16, b":");
    if !marks {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    let date = days(year, month, day);
    // Leap seconds and years beyond 64 bits are left to the general parser.
    let there = (1970..2262).contains(&year) && (1..=12).contains(&month);
    if !there || day == 0 || date >= next || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = text[19..].strip_suffix(b"Z").unwrap_or(&text[19..]);
    let nanos = match rest {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(20, 20 + digits.len())? * 10_i64.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    let seconds = ((date * 24 + hour) * 60 + minute) * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// Days since 1970 of a date of the Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469
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
            ("2023-11-14T22:13:20.123Z", 1_700_000_000_123_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
        ] {
            assert_eq!(parse(text, None), Ok(nanos), "{text}");
            let quick = Clock::new(None).quick(text.as_bytes());
            assert!(quick.is_none_or(|time| time == nanos), "{text}");
        }
        assert_eq!(parse("12", Unit::known("ms").as_ref()), Ok(12_000_000));
        let quick = |text: &str| Clock::new(None).quick(text.as_bytes());
        for text in ["9223372036.8547758079", "0", "1.", "1700000000.000000001"] {
            assert_eq!(quick(text).map(Ok), Clock::new(None).number(text), "{text}");
        }
        // More than 64 bits of nanoseconds.
        assert_eq!(quick("9999999999.5"), None);
        for text in ["", ".", ".5", "-1", "+1", "1e5", "1.5x", "1,5", "17000000000.5"] {
            assert_eq!(quick(text), None, "{text}");
        }
        assert!(parse("12", Unit::known("min").as_ref()).is_err());
        assert!(parse("-1", None).is_err() && parse("noon", None).is_err());
    }

    #[test]
    fn the_quick_way_reads_dates_as_the_general_one_does() {
        for year in [1970, 1972, 1999, 2000, 2023, 2024, 2100, 2261] {
            for (month, day) in [(1, 1), (2, 28), (2, 29), (3, 1), (6, 31), (12, 31), (13, 1)] {
                for rest in ["00:00:00Z", "23:59:59.999999999Z", "12:30:45.5", "24:00:00Z"] {
                    let text = format!("{year}-{month:02}-{day:02}T{rest}");
                    let spelled = format!("{}Z", text.trim_end_matches('Z'));
                    let general = OffsetDateTime::parse(&spelled, &Rfc3339)
                        .ok()
                        .and_then(|t| i64::try_from(t.unix_timestamp_nanos()).ok());
                    assert_eq!(calendar(text.as_bytes()), general, "{text}");
                }
            }
        }
        assert_eq!(calendar(b"2024-02-2x"), None);
        assert_eq!(calendar("2024-02-20T00:00:00\u{e9}".as_bytes()), None);
    }
}
