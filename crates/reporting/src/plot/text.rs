//! Words in a picture: how wide they are, and how they are cut and escaped.

use tailproof_core::Axis;

/// Height of the letters, in units of the picture.
pub(crate) const SIZE: i32 = 39;

/// Widths of `' '..='~'` in hundredths of the height, as in DejaVu Sans.
///
/// A page may show a narrower font, so words never need more room than this.
const WIDTHS: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75,
    79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35,
    63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// How wide `text` is, in units of the picture.
pub(crate) fn width(text: &str) -> i32 {
    text.chars().map(hundredths).sum::<i32>() * SIZE / 100
}

fn hundredths(c: char) -> i32 {
    match c {
        ' '..='~' => i32::from(WIDTHS[c as usize - 32]),
        '\u{a0}'..='\u{10ff}' => 75,
        _ => 100,
    }
}

/// `text` in one line without marks that change how it is read, cut to `most` units.
pub(crate) fn fit(text: &str, most: i32) -> String {
    let mut out = String::new();
    let (mut used, mut keep) = (0, 0);
    let most = most * 100 / SIZE;
    for c in text.trim().chars().map(harmless) {
        used += hundredths(c);
        if used > most {
            out.truncate(keep);
            out.push('…');
            return out;
        }
        out.push(c);
        if used + hundredths('…') <= most {
            keep = out.len();
        }
    }
    out
}

/// The first `letters` of `text`, with an ellipsis for the rest.
pub(crate) fn brief(text: &str, letters: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(letters) {
        Some(_) => text.chars().take(letters.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// What an axis measures, and whether it is logarithmic, cut to `most` units.
pub(crate) fn axis(axis: &Axis, most: i32) -> String {
    const LOG: &str = " (log)";
    if !axis.log {
        return fit(&axis.label, most);
    }
    let label = axis.label.trim();
    let label = label.strip_suffix(LOG.trim()).unwrap_or(label);
    format!("{}{LOG}", fit(label, most - width(LOG))).trim_start().to_owned()
}

/// Line breaks, other controls, and marks that reverse the reading direction, become blanks.
fn harmless(c: char) -> char {
    let marks = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{fffe}' | '\u{ffff}'
        | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || marks { ' ' } else { c }
}

/// Adds `text` as it stands in an element or in an attribute.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_and_never_wider_than_asked() {
        assert_eq!(fit(" p95, ms\n", 400), "p95, ms");
        assert_eq!(fit("a\u{202e}b\tc", 400), "a b c");
        for most in [40, 100, 333] {
            let cut = fit(&"Wide ".repeat(2_000), most);
            assert!(cut.ends_with('…') && width(&cut) <= most, "{cut}");
        }
        assert_eq!(fit("", 0), "");
    }

    #[test]
    fn names_are_cut_at_letters() {
        assert_eq!(brief(" 12345 ", 5), "12345");
        assert_eq!(brief("123456", 5), "1234…");
    }

    #[test]
    fn logarithmic_axes_say_so() {
        let log = |label: &str| axis(&Axis { label: label.to_owned(), log: true }, 400);
        assert_eq!(
            (log("time, s"), log("time, s (log)")),
            ("time, s (log)".into(), "time, s (log)".into())
        );
        assert_eq!(log(""), "(log)");
        assert!(
            width(&log(&"long ".repeat(90))) <= 400
                && log(&"long ".repeat(90)).ends_with("… (log)")
        );
        assert_eq!(axis(&Axis { label: "run".to_owned(), log: false }, 400), "run");
    }

    #[test]
    fn markup_is_text() {
        let mut out = String::new();
        escape(&mut out, "<a b=\"c\">&");
        assert_eq!(out, "&lt;a b=&quot;c&quot;&gt;&amp;");
    }
}
