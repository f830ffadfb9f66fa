//! Text from data, made safe for each way of showing it.

/// Whether a character could repaint a terminal, hide text or turn its direction, or is none at
/// all in XML: controls, marks and overrides of direction, characters without width, line and
/// paragraph separators, tags, and the two that are no characters.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Text from data in which what could repaint a terminal, hide or turn text is replaced by �.
///
/// ```
/// assert_eq!(tailproof_reporting::printable("a\u{1b}[2Jb\u{202e}c"), "a�[2Jb�c");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}

/// At most so many characters, with an ellipsis where some are missing.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) if most == 0 => String::new(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Text from data for Markdown on GitHub and GitLab, that cannot leave its cell, start a tag,
/// a formula or a link, or call a person or an issue. A line end in it is shown as ⏎, so that no
/// two names look alike.
///
/// People, issues and addresses are looked for after Markdown has been rendered, when a
/// backslash or a character reference is gone already: only a character between helps, here
/// one without width.
pub(crate) fn escape(text: &str) -> String {
    /// Characters of one name or line that somebody reads.
    const MOST: usize = 2_000;
    const GAP: &str = "&#8203;";
    let chars: Vec<char> = shortened(text, MOST).chars().collect();
    let mut out = String::with_capacity(text.len().min(4 * MOST));
    for (i, &c) in chars.iter().enumerate() {
        let (before, after) = (&chars[..i], &chars[i + 1..]);
        let digit = after.first().is_some_and(char::is_ascii_digit);
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '$' => out.push_str("<span>$</span>"),
            '#' if digit => out.push_str(&format!("\\#{GAP}")),
            '|' | '*' | '`' | '[' | ']' | '\\' | '_' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '@' if after.first().is_some_and(|c| c.is_alphanumeric()) => {
                out.push_str(&format!("@{GAP}"));
            }
            ':' if after.starts_with(&['/', '/']) => out.push_str(&format!(":{GAP}")),
            '.' if ends_with(before, "www") => out.push_str(&format!("{GAP}.")),
            '-' if digit && is_issue_prefix(before) => out.push_str(&format!("{GAP}-")),
            '\r' if after.first() == Some(&'\n') => {}
            '\n' | '\r' => out.push('⏎'),
            c if c.is_control() => out.push(' '),
            c if is_unsafe(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Whether `GH` stands at the end as a word of its own, as in `GH-1`.
fn is_issue_prefix(chars: &[char]) -> bool {
    let word = chars.len().checked_sub(3).is_none_or(|i| !chars[i].is_alphanumeric());
    word && ends_with(chars, "gh")
}

/// Whether characters end in a text, in whatever case.
fn ends_with(chars: &[char], end: &str) -> bool {
    let mut from = chars.iter().rev();
    end.chars().rev().all(|c| from.next().is_some_and(|x| x.eq_ignore_ascii_case(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repaints_hides_or_turns_text_is_replaced() {
        for c in
            ['\n', '\u{1b}', '\u{9b}', '\u{200f}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{ffff}']
        {
            assert_eq!(printable(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(printable("µs → 5 °C שלום"), "µs → 5 °C שלום");
    }

    #[test]
    fn nobody_is_called_and_nothing_linked() {
        for (text, want) in [
            ("ask @octocat", "ask @&#8203;octocat"),
            ("a@b.example", "a@&#8203;b.example"),
            ("5 @ 3", "5 @ 3"),
            ("o/r#12", "o/r\\#&#8203;12"),
            ("# 12", "\\# 12"),
            ("gh-7, high-7", "gh&#8203;-7, high-7"),
            ("GH-7", "GH&#8203;-7"),
            ("https://x.example", "https:&#8203;//x.example"),
            ("WWW.x", "WWW&#8203;.x"),
            ("host:80", "host:80"),
            ("$x$", "<span>$</span>x<span>$</span>"),
        ] {
            assert_eq!(escape(text), want);
        }
    }

    #[test]
    fn markup_is_text_and_long_text_is_cut_in_sight() {
        assert_eq!(escape("a|b<i>\n&[c]"), "a\\|b&lt;i&gt;⏎&amp;\\[c\\]");
        assert_eq!(escape("a\r\nb\rc\td e"), "a⏎b⏎c d e");
        assert_eq!(escape("a\u{202e}b"), "a\u{fffd}b");
        let long = escape(&"x".repeat(10_000));
        assert!(long.chars().count() == 2_000 && long.ends_with('…'));
        for (most, want) in [(5, "abcd"), (4, "abcd"), (3, "ab…"), (1, "…"), (0, "")] {
            assert_eq!(shortened("abcd", most), want);
        }
    }
}
