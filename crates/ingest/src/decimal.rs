//! Numbers as measurements are written, faster than the general parser and equal to it.

/// Largest whole number up to which doubles hold every one.
const EXACT: u64 = 1 << 53;
/// Powers of ten that doubles hold exactly, as far as 19 digits need them.
const POWERS: [f64; 20] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19,
];

/// The number in a cell, exactly as `str::parse::<f64>` reads it; `None` where that fails.
pub(crate) fn parse(cell: &[u8]) -> Option<f64> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    match plain(digits) {
        Some((value, used)) if used == digits.len() => Some(if negative { -value } else { value }),
        _ => std::str::from_utf8(cell).ok()?.parse().ok(),
    }
}

/// The digits, with at most one point, that `bytes` begin with: their value and how many bytes
/// they are. `None` when there is no digit, or too many of them for this way.
///
/// ```text
/// m / 10^d      m ≤ 2⁵³, d ≤ 19: both exact in binary, so that one division rounds correctly
/// ```
pub(crate) fn plain(bytes: &[u8]) -> Option<(f64, usize)> {
    bytes
        .first_chunk::<8>()
        .and_then(|&first| short(u64::from_le_bytes(first)))
        .or_else(|| long(bytes))
}

/// A number that ends within eight bytes, the first of which is the lowest of `word`.
fn short(word: u64) -> Option<(f64, usize)> {
    // Digits become 0 to 9; the high bit of every other byte is set (a carry out of a byte
    // that is not ASCII only reaches bytes after the end of the number).
    let values = word ^ 0x3030_3030_3030_3030;
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    let end = others.trailing_zeros() / 8;
    if end == 8 {
        return None;
    }
    if (word >> (8 * end)) as u8 != b'.' {
        return (end > 0).then(|| (eight(values << (64 - 8 * end)) as f64, end as usize));
    }
    let (point, after) = (end, others & (others - 1));
    let end = after.trailing_zeros() / 8;
    if end == 8 || end == 1 {
        return None;
    }
    // Without the point the digits stand together.
    let before = (1 << (8 * point)) - 1;
    let together = (values & before) | ((values >> 8) & !before);
    let mantissa = eight(together << (64 - 8 * (end - 1)));
    Some((mantissa as f64 / POWERS[(end - point - 1) as usize], end as usize))
}

/// The number of eight digits, one a byte, the first in the lowest.
const fn eight(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff
}

fn long(bytes: &[u8]) -> Option<(f64, usize)> {
    let (mut mantissa, mut digits, mut decimals, mut used) = (0_u64, 0, 0, 0);
    let mut point = false;
    for &byte in bytes {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                // Nineteen digits fit; more are left to the general parser.
                if digits > 19 {
                    return None;
                }
                mantissa = 10 * mantissa + u64::from(byte - b'0');
                decimals += usize::from(point);
            }
            b'.' if !point => point = true,
            _ => break,
        }
        used += 1;
    }
    (digits > 0 && mantissa <= EXACT).then(|| (mantissa as f64 / POWERS[decimals], used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(text: &str) {
        let (got, want) = (parse(text.as_bytes()), text.parse::<f64>().ok());
        assert_eq!(got.map(f64::to_bits), want.map(f64::to_bits), "{text:?}");
    }

    #[test]
    fn every_spelling_reads_as_the_standard_parser_does() {
        for text in [
            "",
            ".",
            "-",
            "+",
            "-.",
            "1",
            "-1",
            "+1",
            "1.",
            ".5",
            "-.5",
            "-0",
            "0.0",
            "1e5",
            "1E-5",
            "1.2.3",
            "1..2",
            "12.345",
            "123.4567",
            "1234567",
            "12345678",
            "1234567.",
            "12345678.9",
            "0.30000000000000004",
            "9007199254740993",
            "9007199254740992",
            "1.7976931348623157e308",
            "00000000000000000001",
            "0.00000000000000000001",
            "NaN",
            "inf",
            "-inf",
            "infinity",
            "1 ",
            " 1",
            "1\u{e9}",
            "1.\u{e9}",
            "12\n",
            "0x10",
            "1_000",
            "4.13ms",
        ] {
            agrees(text);
        }
    }

    #[test]
    fn random_digits_read_as_the_standard_parser_does() {
        let mut state = 7_u64;
        let mut next = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            state >> 33
        };
        for _ in 0..20_000 {
            let number = ((next() << 31) | next()) % 10_u64.pow(1 + (next() % 18) as u32);
            let digits = number.to_string();
            let at = next() as usize % (digits.len() + 1);
            agrees(&format!("{}.{}", &digits[..at], &digits[at..]));
            agrees(&digits);
        }
    }

    #[test]
    fn a_number_ends_where_its_digits_end() {
        assert_eq!(plain(b"12.345\n6.7\n"), Some((12.345, 6)));
        assert_eq!(plain(b"12\r\n345678"), Some((12.0, 2)));
        assert_eq!(plain(b"123456.789,1"), Some((123_456.789, 10)));
        assert_eq!(plain(b"7."), Some((7.0, 2)));
        assert_eq!(plain(b"abc,defgh"), None);
        assert_eq!(plain(b".,1234567"), None);
    }
}
