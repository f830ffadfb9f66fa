/// Notes below a table, each once, under raised numbers.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<String>);

impl Notes {
    /// The mark of a note.
    pub(crate) fn of(&mut self, text: String) -> String {
        let at = self.0.iter().position(|n| *n == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        mark(at)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The notes behind their marks.
    pub(crate) fn lines(self) -> Vec<String> {
        self.0.into_iter().enumerate().map(|(i, n)| format!("{} {n}", mark(i))).collect()
    }
}

/// ¹, ², … ¹², as the digits of a number from 1.
fn mark(i: usize) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = (i + 1).to_string();
    digits.bytes().map(|b| DIGITS[usize::from(b - b'0')]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_one_mark() {
        let mut notes = Notes::default();
        assert_eq!(["a", "b", "a"].map(|n| notes.of(n.to_owned())), ["¹", "²", "¹"]);
        assert_eq!(notes.len(), 2);
        assert_eq!(notes.lines(), ["¹ a", "² b"]);
        assert_eq!((mark(0), mark(11)), ("¹".to_owned(), "¹²".to_owned()));
    }
}
