//! How numbers and names look in lines for people.

/// Four significant digits without trailing zeros, thin-spaced thousands above 9 999:
/// `131.2`, `0.00123`, `12 340`, `1.234e12`.
#[must_use]
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() {
            "?".into()
        } else if x > 0.0 {
            "∞".into()
        } else {
            "-∞".into()
        };
    }
    let size = x.abs();
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-5..1e9).contains(&size) {
        return format!("{x:.3e}");
    }
    // One rounding to four digits first, so that 9.9996 becomes 10 and not 10.000.
    let rounded: f64 = format!("{x:.3e}").parse().expect("a formatted float parses");
    let text = if size >= 9_999.5 {
        grouped(x.round().abs() as u64)
    } else {
        trimmed(&rounded.abs().to_string())
    };
    if x < 0.0 { format!("-{text}") } else { text }
}

fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A share as a percentage: four significant digits, and near 100 % as many as the distance
/// from it needs: `47.04 %`, `99.99 %`, `99.9931 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let x = share * 100.0;
    if (99.0..100.0).contains(&x) {
        let digits = 2 - (100.0 - x).log10().floor() as i32;
        let text = format!("{x:.*}", digits.clamp(2, 9) as usize);
        return format!("{} %", trimmed(&text));
    }
    format!("{} %", number(x))
}

/// The same with a plus sign before what is above zero: `+4.5 %`, `-2.22 %`, `0 %`.
#[must_use]
pub fn signed_percent(share: f64) -> String {
    format!("{}{}", if share > 0.0 { "+" } else { "" }, percent(share))
}

/// A p as it stands after the letter: `= 0.042`, or `< 0.001`.
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") }
}

/// Whether `name` matches `pattern`, in which `*` is any run of characters and `?` any one.
#[must_use]
pub fn glob(pattern: &str, name: &str) -> bool {
    let (p, s): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while j < s.len() {
        if i < p.len() && p[i] == '*' {
            star = Some((i, j));
            i += 1;
        } else if i < p.len() && (p[i] == '?' || p[i] == s[j]) {
            i += 1;
            j += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            i = at + 1;
            j = from + 1;
        } else {
            return false;
        }
    }
    p[i..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (x, want) in [
            (131.2, "131.2"),
            (0.001_234_5, "0.001234"),
            (12_340.4, "12 340"),
            (1_000_000.0, "1 000 000"),
            (9.999_96, "10"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (f64::INFINITY, "∞"),
            (1.5e12, "1.500e12"),
        ] {
            assert_eq!(number(x), want);
        }
        assert_eq!(percent(0.9999), "99.99 %");
        assert_eq!(percent(0.95), "95 %");
        assert_eq!(percent(-0.0222), "-2.22 %");
        assert_eq!([0.045, 0.0, -0.01].map(signed_percent), ["+4.5 %", "0 %", "-1 %"]);
        assert_eq!([0.000_9, 0.041_6].map(p_value), ["< 0.001", "= 0.042"]);
    }

    #[test]
    fn globs_match_as_in_a_shell() {
        for (pattern, name, want) in [
            ("*", "", true),
            ("api/*", "api/search", true),
            ("*search", "api/search", true),
            ("a?c", "abc", true),
            ("a*b*c", "aXbYbc", true),
            ("latency", "latency_ms", false),
        ] {
            assert_eq!(glob(pattern, name), want, "{pattern} {name}");
        }
    }
}
