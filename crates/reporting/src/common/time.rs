//! Times of evidence as numbers, without a library of calendars.

/// Seconds since 1970 of an RFC 3339 time; `None` when the text is none.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !text.is_ascii() || bytes.len() < 20 || marks.iter().any(|&(at, c)| bytes[at] != c) {
        return None;
    }
    let (year, month, day) =
        (digits(&text[..4])?, within(&text[5..7], 1, 12)?, within(&text[8..10], 1, 31)?);
    let (hour, minute) = (within(&text[11..13], 0, 23)?, within(&text[14..16], 0, 59)?);
    let second = within(&text[17..19], 0, 60)?;
    let rest = text[19..].strip_prefix('.').unwrap_or(&text[19..]);
    let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let parts = &rest[..rest.len() - zone.len()];
    if parts.is_empty() == text[19..].starts_with('.') {
        return None;
    }
    let part: f64 =
        if parts.is_empty() { 0.0 } else { format!("0.{parts}").parse().ok().unwrap_or(0.0) };
    let whole =
        days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(whole as f64 + part)
}

/// Seconds that a zone is ahead of UTC: of `Z`, `+02:00`.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hour, minute) = rest.split_once(':').filter(|_| rest.len() == 5)?;
    Some(sign * (within(hour, 0, 23)? * 3_600 + within(minute, 0, 59)? * 60))
}

fn within(text: &str, least: i64, most: i64) -> Option<i64> {
    digits(text).filter(|n| text.len() == 2 && (least..=most).contains(n))
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Days from 1970-01-01, counted in eras of 400 years that begin in March, so that leap days
/// come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        for (text, want) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("1969-12-31T23:59:59Z", -1.0),
            ("2000-02-29T12:00:00Z", 951_825_600.0),
            ("2026-11-22T00:19:12Z", 1_795_306_752.0),
            ("2026-11-22T02:19:12.5+02:00", 1_795_306_752.5),
            ("2099-12-31T23:59:59Z", 4_102_444_799.0),
        ] {
            assert_eq!(seconds(text), Some(want), "{text}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "yesterday",
            "2026-11-22",
            "2026-13-22T00:00:00Z",
            "2026-11-22T00:00:00",
            "2026-11-22T00:00:00.Z",
            "2026-11-22T00:00:00+2:00",
            "2026-11-22T00:00:00+02:é",
            "2026-11-22T00:00:00Zé",
            "+026-11-22T00:00:00Z",
            "2026-11-22T00:00:001Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
