//! Records of delimited text: cells between delimiters, quoted when they hold one.
//!
//! A record ends with a line feed, a carriage return or both; empty lines are none. A cell that
//! begins with a quote ends with one, and holds quotes doubled (RFC 4180); the number of cells
//! may differ from record to record. Memory is bounded by the longest record.

use std::io::{self, Read};

use crate::builder::Builder;
use crate::decimal;
use crate::error::IngestError;

/// Longest record; a longer one is no row of measurements, or has a quote left open.
const LONGEST: usize = 16 << 20;

/// Cells, one after another.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    ranges: Vec<(usize, usize)>,
    from: usize,
}

impl Cells {
    /// Adds bytes to the cell that is being written.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Ends a cell.
    pub(crate) fn end(&mut self) {
        self.ranges.push((self.from, self.bytes.len()));
        self.from = self.bytes.len();
    }

    /// Begins anew.
    #[cfg(feature = "parquet")]
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ranges.clear();
        self.from = 0;
    }

    /// The cells as a record.
    pub(crate) fn record(&self, line: u64) -> Record<'_> {
        Record { bytes: &self.bytes, ranges: &self.ranges, line }
    }
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    bytes: &'a [u8],
    ranges: &'a [(usize, usize)],
    /// Where it begins, from 1.
    pub(crate) line: u64,
}

impl<'a> Record<'a> {
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// A cell without surrounding blanks.
    pub(crate) fn cell(&self, column: usize) -> &'a [u8] {
        let (from, to) = self.ranges[column];
        self.bytes[from..to].trim_ascii()
    }

    /// The cells as text; `None` when they are not UTF-8.
    pub(crate) fn text(&self) -> Option<Texts<'a>> {
        let (Some(&(from, _)), Some(&(_, to))) = (self.ranges.first(), self.ranges.last()) else {
            return Some(Texts { text: "", ranges: self.ranges, from: 0 });
        };
        let text = std::str::from_utf8(&self.bytes[from..to]).ok()?;
        // A character that two cells share is one of neither.
        let whole = |at: usize| text.is_char_boundary(at - from);
        let sound = self.ranges.iter().all(|&(begin, end)| whole(begin) && whole(end));
        sound.then_some(Texts { text, ranges: self.ranges, from })
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &'a [u8]> {
        let record = *self;
        (0..record.len()).map(move |column| record.cell(column))
    }
}

/// The cells of a record as text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a> {
    text: &'a str,
    ranges: &'a [(usize, usize)],
    /// Where the first range begins.
    from: usize,
}

impl<'a> Texts<'a> {
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// A cell without surrounding blanks; empty when there is none.
    pub(crate) fn cell(&self, column: usize) -> &'a str {
        let range = self.ranges.get(column);
        range.map_or("", |&(from, to)| self.text[from - self.from..to - self.from].trim())
    }
}

/// Reads records.
pub(crate) struct Records<R> {
    source: R,
    /// What a byte does to a cell that is not quoted.
    classes: [Class; 256],
    buffer: Vec<u8>,
    /// The part of the buffer that is not yet read.
    from: usize,
    to: usize,
    ended: bool,
    line: u64,
    /// The record read last: ranges of the buffer, or cells of their own when one was quoted.
    ranges: Vec<(usize, usize)>,
    unquoted: Option<Cells>,
    begun: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Delimiter,
    Quote,
    End,
}

/// What a look at the buffer found.
enum Scan {
    /// A record up to here, so many line ends included.
    Record(usize, u64),
    /// The record goes on behind the buffer.
    More,
    /// The input ends within quotes.
    Open,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R, delimiter: u8) -> Self {
        let mut classes = [Class::Plain; 256];
        classes[usize::from(b'"')] = Class::Quote;
        classes[usize::from(b'\n')] = Class::End;
        classes[usize::from(b'\r')] = Class::End;
        classes[usize::from(delimiter)] = Class::Delimiter;
        Self {
            source,
            classes,
            buffer: vec![0; 1 << 18],
            from: 0,
            to: 0,
            ended: false,
            line: 1,
            ranges: Vec::new(),
            unquoted: None,
            begun: 1,
        }
    }

    /// The next record, `None` at the end.
    pub(crate) fn next(
        &mut self,
        builder: &Builder<'_>,
    ) -> Result<Option<Record<'_>>, IngestError> {
        loop {
            self.begun = self.line;
            match self.scan() {
                Scan::Record(end, breaks) => {
                    self.from = end;
                    self.line += breaks;
                    // An empty line is no record.
                    let empty = matches!(self.ranges[..], [(from, to)] if from == to);
                    if self.unquoted.is_some() || !empty {
                        break;
                    }
                }
                Scan::More if self.ended && self.from == self.to => return Ok(None),
                Scan::More if self.ended => {
                    let last = (self.last_end(), self.to);
                    self.ranges.push(last);
                    self.from = self.to;
                    break;
                }
                Scan::More => self.fill(builder)?,
                Scan::Open => {
                    let problem = "a quote is opened here and never closed";
                    return Err(builder.line_error(self.begun, problem));
                }
            }
        }
        Ok(Some(match &self.unquoted {
            Some(cells) => cells.record(self.begun),
            None => Record { bytes: &self.buffer, ranges: &self.ranges, line: self.begun },
        }))
    }

    /// Adds the numbers on the next lines, at most so many: as long as each line is in the
    /// buffer and holds digits with at most one point, and nothing else. Returns the number of
    /// the first of these lines.
    pub(crate) fn numbers(&mut self, values: &mut Vec<f64>, most: usize) -> u64 {
        let begin = self.line;
        let mut rest = &self.buffer[self.from..self.to];
        for _ in 0..most {
            let Some((value, used)) = decimal::plain(rest) else { break };
            let end = match rest[used..] {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => break,
            };
            rest = &rest[used + end..];
            self.line += 1;
            values.push(value);
        }
        self.from = self.to - rest.len();
        begin
    }

    /// Where the cell begins that no delimiter has ended.
    fn last_end(&self) -> usize {
        self.ranges.last().map_or(self.from, |r| r.1 + 1)
    }

    fn scan(&mut self) -> Scan {
        self.ranges.clear();
        self.unquoted = None;
        let mut begin = self.from;
        let bytes = &self.buffer[..self.to];
        for (i, &byte) in bytes[self.from..].iter().enumerate() {
            let class = self.classes[usize::from(byte)];
            if class == Class::Plain {
                continue;
            }
            let at = self.from + i;
            match class {
                Class::Delimiter => {
                    self.ranges.push((begin, at));
                    begin = at + 1;
                }
                Class::Quote if at == begin => return self.scan_quoted(),
                Class::Quote | Class::Plain => {}
                Class::End => {
                    let end = match (byte, bytes.get(at + 1)) {
                        (b'\r', Some(b'\n')) => at + 2,
                        (b'\r', None) if !self.ended => return Scan::More,
                        _ => at + 1,
                    };
                    self.ranges.push((begin, at));
                    return Scan::Record(end, 1);
                }
            }
        }
        Scan::More
    }

    /// Reads a record again whose cells are not all as they stand.
    fn scan_quoted(&mut self) -> Scan {
        /// Where in a cell a byte stands.
        enum In {
            Start,
            Plain,
            Quoted,
            /// After a quote inside quotes: the end, or the first of two.
            Closed,
        }
        let mut cells = Cells::default();
        let (mut place, mut breaks) = (In::Start, 0);
        let bytes = &self.buffer[..self.to];
        let mut at = self.from;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match (&place, self.classes[usize::from(byte)]) {
                (In::Quoted, Class::Quote) => place = In::Closed,
                (In::Quoted, _) => {
                    breaks += u64::from(byte == b'\n');
                    cells.write(&[byte]);
                }
                (In::Start, Class::Quote) => place = In::Quoted,
                (In::Closed, Class::Quote) => {
                    cells.write(b"\"");
                    place = In::Quoted;
                }
                (_, Class::Delimiter) => {
                    cells.end();
                    place = In::Start;
                }
                (_, Class::End) => {
                    match (byte, bytes.get(at)) {
                        (b'\r', Some(b'\n')) => at += 1,
                        (b'\r', None) if !self.ended => return Scan::More,
                        _ => {}
                    }
                    cells.end();
                    self.unquoted = Some(cells);
                    return Scan::Record(at, breaks + 1);
                }
                _ => {
                    cells.write(&[byte]);
                    place = In::Plain;
                }
            }
        }
        if !self.ended {
            return Scan::More;
        }
        if matches!(place, In::Quoted) {
            return Scan::Open;
        }
        cells.end();
        self.unquoted = Some(cells);
        Scan::Record(self.to, breaks)
    }

    /// Reads until the buffer is full, which grows when one record fills it.
    fn fill(&mut self, builder: &Builder<'_>) -> Result<(), IngestError> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        if self.to == self.buffer.len() {
            if self.to >= LONGEST {
                let problem = "a record of more than 16 MiB; a quote may have been left open";
                return Err(builder.line_error(self.line, problem));
            }
            self.buffer.resize(2 * self.to, 0);
        }
        while self.to < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.to..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => self.to += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(IngestError::Io { file: builder.file().to_owned(), source });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    /// Hands out bytes one at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(buffer.len()).min(1);
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn all(text: &str) -> Result<Vec<(u64, Vec<String>)>, IngestError> {
        let options = Options::default();
        let builder = Builder::new(&options, false);
        let mut records = Records::new(Drops(text.as_bytes()), b',');
        let mut found = Vec::new();
        while let Some(record) = records.next(&builder)? {
            let text = |c: &[u8]| String::from_utf8_lossy(c).into_owned();
            found.push((record.line, record.cells().map(text).collect()));
        }
        Ok(found)
    }

    #[test]
    fn cells_are_text_or_refused() {
        let options = Options::default();
        let builder = Builder::new(&options, false);
        let text = "\u{e9},b\n\"\u{e9}\",\"c\"\n".as_bytes();
        let broken = b"\"\xc3\",\"\xa9\"\n\xff\n";
        let mut records = Records::new(text.chain(&broken[..]), b',');
        for want in [Some(["\u{e9}", "b"]), Some(["\u{e9}", "c"]), None, None] {
            let record = records.next(&builder).unwrap().unwrap();
            assert_eq!(record.text().map(|t| [t.cell(0), t.cell(1)]), want);
        }
    }

    fn rows(text: &str) -> Vec<(u64, String)> {
        all(text).unwrap().into_iter().map(|(line, cells)| (line, cells.join("|"))).collect()
    }

    #[test]
    fn cells_are_split_and_unquoted() {
        for (text, want) in [
            ("a,b\n1,2\n", &[(1, "a|b"), (2, "1|2")][..]),
            ("a,b\r\n\r\n1,2", &[(1, "a|b"), (3, "1|2")]),
            ("a\rb\r", &[(1, "a"), (2, "b")]),
            ("a,\n,\n\n", &[(1, "a|"), (2, "|")]),
            ("\"x,y\",2\n3\n", &[(1, "x,y|2"), (2, "3")]),
            ("\"one\ntwo\",\"say \"\"hi\"\"\"\n3,4", &[(1, "one\ntwo|say \"hi\""), (3, "3|4")]),
            ("5\" disk,\"a\"b\n", &[(1, "5\" disk|ab")]),
            ("\"\"\n", &[(1, "")]),
            ("\"last\"", &[(1, "last")]),
            ("", &[]),
        ] {
            let want: Vec<(u64, String)> = want.iter().map(|w| (w.0, w.1.to_owned())).collect();
            assert_eq!(rows(text), want, "{text:?}");
        }
    }

    #[test]
    fn an_open_quote_is_found_where_it_is_opened() {
        let error = all("a,b\n1,\"2\n3,4\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("quote"), "{error}");
    }

    #[test]
    fn records_longer_than_the_buffer_are_read() {
        let long = "x".repeat(1 << 19);
        assert_eq!(rows(&format!("{long},1\n2,3\n"))[1], (2, "2|3".to_owned()));
    }

    #[test]
    fn plain_numbers_are_read_without_cells() {
        let options = Options::default();
        let builder = Builder::new(&options, false);
        let mut records = Records::new(&b"ms\n1.5\r\n2\n-3\n4"[..], b',');
        let numbers = |records: &mut Records<&[u8]>, most| {
            let mut found = Vec::new();
            (records.numbers(&mut found, most), found)
        };
        assert_eq!(numbers(&mut records, 9), (1, Vec::new()));
        assert!(records.next(&builder).unwrap().is_some());
        assert_eq!(numbers(&mut records, 1), (2, vec![1.5]));
        assert_eq!(numbers(&mut records, 9), (3, vec![2.0]));
        let record = records.next(&builder).unwrap().unwrap();
        assert_eq!((record.cell(0), record.line), (&b"-3"[..], 4));
        assert_eq!(numbers(&mut records, 9), (5, Vec::new()));
        assert_eq!(records.next(&builder).unwrap().unwrap().cell(0), b"4");
    }
}
