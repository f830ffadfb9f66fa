//! Text of strangers, written so that it stays text.

use std::fmt::{self, Write};

use askama::filters::{HtmlSafe, HtmlSafeOutput};
use askama::{FastWritable, Values};

/// What has been escaped.
pub(super) type Escaped = HtmlSafeOutput<String>;

/// Text from data: escaped, cut, and with marks that could repaint or reverse the line shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain<'a> {
    text: &'a str,
    most: usize,
    /// Whether it is a sentence: what stands between backticks is code, a new line a space.
    sentence: bool,
}

/// Text that is read as it is.
pub(super) fn plain(text: &str) -> Plain<'_> {
    Plain { text, most: 2_000, sentence: false }
}

/// Text that is read as sentences; no value of an attribute.
pub(super) fn prose(text: &str) -> Plain<'_> {
    Plain { sentence: true, ..plain(text) }
}

/// Text that names something in a table or a heading.
pub(super) fn short(text: &str) -> Plain<'_> {
    plain(text).at_most(120)
}

/// Text that has been escaped already.
pub(super) fn escaped(text: String) -> Escaped {
    HtmlSafeOutput(text)
}

impl Plain<'_> {
    /// The same, cut after so many characters.
    pub(super) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    pub(super) fn write(self, out: &mut dyn Write) -> fmt::Result {
        let mut from = 0;
        let mut code = false;
        let mut cut = false;
        for (count, (at, c)) in self.text.char_indices().enumerate() {
            cut = count == self.most;
            if cut {
                out.write_str(&self.text[from..at])?;
                break;
            }
            let entity = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                '\n' if !self.sentence => "⏎",
                '\n' | '\t' => " ",
                '`' if code => "</code>",
                '`' if self.sentence && self.text[at + 1..].contains('`') => "<code>",
                c if c.is_control() => "\u{fffd}",
                // Marks that change the direction of what follows, and those that cannot be seen.
                '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}' => "",
                _ => continue,
            };
            code = (code || entity == "<code>") && entity != "</code>";
            out.write_str(&self.text[from..at])?;
            if entity.is_empty() {
                write!(out, "[U+{:04X}]", u32::from(c))?;
            } else {
                out.write_str(entity)?;
            }
            from = at + c.len_utf8();
        }
        if !cut {
            out.write_str(&self.text[from..])?;
        }
        out.write_str(if code { "</code>" } else { "" })?;
        out.write_str(if cut { "…" } else { "" })
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl FastWritable for Plain<'_> {
    fn write_into(&self, dest: &mut dyn Write, _: &dyn Values) -> askama::Result<()> {
        self.write(dest).map_err(askama::Error::from)
    }
}

// It has escaped itself.
impl HtmlSafe for Plain<'_> {}

/// Appends text from data.
pub(super) fn push(out: &mut String, text: Plain<'_>) {
    text.write(out).expect("a String takes every text");
}

/// Appends a number with five significant digits, for the tables under pictures.
pub(super) fn digits(out: &mut String, x: f64) {
    const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    let size = x.abs();
    if size == 0.0 {
        out.push('0');
    } else if !x.is_finite() {
        out.push_str(&tailproof_core::number(x));
    } else if !(1e-5..1e15).contains(&size) {
        out.push_str(&format!("{x:.4e}"));
    } else {
        if x < 0.0 {
            out.push('-');
        }
        // Digits after the point: four for 1 to 10, none from 10 000 on.
        let places = (4 - size.log10().floor() as i32).clamp(0, 9) as usize;
        let scale = POWERS[places] as u64;
        let whole = (size * POWERS[places]).round() as u64;
        let mut fraction = whole % scale;
        push_integer(out, whole / scale, 1);
        let mut width = places;
        while width > 0 && fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        if width > 0 {
            out.push('.');
            push_integer(out, fraction, width);
        }
    }
}

/// Appends an integer, with zeros before it up to a width.
fn push_integer(out: &mut String, mut n: u64, width: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while n > 0 || buffer.len() - at < width {
        at -= 1;
        buffer[at] = b'0' + (n % 10) as u8;
        n /= 10;
    }
    out.extend(buffer[at..].iter().map(|&b| char::from(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, want) in [
            ("a", "a"),
            ("<b a='1' c=\"2\">&", "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;"),
            ("x\ny\tz\u{1b}`a`", "x⏎y z\u{fffd}`a`"),
            ("a\u{202e}b\u{200b}", "a[U+202E]b[U+200B]"),
            ("שלום µs", "שלום µs"),
        ] {
            assert_eq!(plain(text).to_string(), want);
        }
        let long = "é".repeat(10_000);
        assert_eq!(short(&long).to_string(), format!("{}…", "é".repeat(120)));
        assert_eq!(short(&"<".repeat(120)).to_string(), "&lt;".repeat(120));
    }

    #[test]
    fn code_stands_between_backticks() {
        for (text, want) in [
            ("run `a <b>` and\nsee", "run <code>a &lt;b&gt;</code> and see"),
            ("a lone ` stays", "a lone ` stays"),
            ("`a` and `", "<code>a</code> and `"),
        ] {
            assert_eq!(prose(text).to_string(), want);
        }
        assert_eq!(prose("`abc` d").at_most(3).to_string(), "<code>ab</code>…");
    }

    #[test]
    fn five_digits_are_enough_for_a_table() {
        let text = |x| {
            let mut out = String::new();
            digits(&mut out, x);
            out
        };
        for (x, want) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.5, "-12.5"),
            (123.456_78, "123.46"),
            (0.012_345_678, "0.012346"),
            (0.05, "0.05"),
            (9.999_99, "10"),
            (1_234_567.8, "1234568"),
            (3e-7, "3.0000e-7"),
            (f64::MAX, "1.7977e308"),
            (f64::NEG_INFINITY, "-∞"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(text(x), want);
        }
    }
}
