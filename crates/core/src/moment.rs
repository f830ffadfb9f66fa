//! Moments for people, without a library of calendars.

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The day of a time in nanoseconds since 1970, UTC: `2025-01-13`.
///
/// Days are counted from 1 March of year 0 in eras of 400 years, so that leap days come last.
///
/// # Example
/// ```
/// assert_eq!(tailproof_core::day(951_782_400_000_000_000), "2000-02-29");
/// ```
#[must_use]
pub fn day(nanoseconds: i64) -> String {
    let days = nanoseconds.div_euclid(DAY) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A time in nanoseconds since 1970, UTC: `2025-01-13 00:05 UTC`, with seconds where it has some.
///
/// # Example
/// ```
/// use tailproof_core::moment;
///
/// assert_eq!(moment(90_000_000_000), "1970-01-01 00:01:30 UTC");
/// assert_eq!(moment(3_600_000_000_000), "1970-01-01 01:00 UTC");
/// ```
#[must_use]
pub fn moment(nanoseconds: i64) -> String {
    let seconds = nanoseconds.rem_euclid(DAY) / SECOND;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let second = if second == 0 { String::new() } else { format!(":{second:02}") };
    format!("{} {hour:02}:{minute:02}{second} UTC", day(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, want) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_709_251_200, "2024-03-01"),
            (4_102_444_799, "2099-12-31"),
        ] {
            assert_eq!(day(seconds * SECOND), want);
        }
    }

    #[test]
    fn a_moment_before_1970_counts_forwards() {
        assert_eq!(moment(-SECOND), "1969-12-31 23:59:59 UTC");
        assert_eq!(moment(i64::MIN), "1677-09-21 00:12:43 UTC");
        assert_eq!(moment(1_736_726_400 * SECOND), "2025-01-13 00:00 UTC");
    }
}
