use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// JSON for people and for `diff`: indented, but with arrays inside of arrays on one line, so
/// that a point of a picture is a line and not four.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Lines::default());
    value.serialize(&mut serializer).expect("strings, numbers and maps with string keys");
    out.push(b'\n');
    String::from_utf8(out).expect("JSON is written as UTF-8")
}

#[derive(Default)]
struct Lines {
    indented: PrettyFormatter<'static>,
    /// Whether each open container is an array.
    arrays: Vec<bool>,
    /// How many of the innermost containers are written on one line.
    inline: usize,
}

impl Lines {
    /// Opens a container; says whether it stays on the line.
    fn open(&mut self, array: bool) -> bool {
        let nested = array && self.arrays.last() == Some(&true);
        if nested || self.inline > 0 {
            self.inline += 1;
        }
        self.arrays.push(array);
        self.inline > 0
    }

    /// Closes a container; says whether it stood on the line.
    fn close(&mut self) -> bool {
        self.arrays.pop();
        let inline = self.inline > 0;
        self.inline = self.inline.saturating_sub(1);
        inline
    }

    fn separate<W: ?Sized + io::Write>(writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.open(true) { writer.write_all(b"[") } else { self.indented.begin_array(writer) }
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.close() { writer.write_all(b"]") } else { self.indented.end_array(writer) }
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if self.inline > 0 {
            return Self::separate(writer, first);
        }
        self.indented.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.inline > 0 { Ok(()) } else { self.indented.end_array_value(writer) }
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.open(false) { writer.write_all(b"{") } else { self.indented.begin_object(writer) }
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.close() { writer.write_all(b"}") } else { self.indented.end_object(writer) }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if self.inline > 0 {
            return Self::separate(writer, first);
        }
        self.indented.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.inline > 0 { Ok(()) } else { self.indented.end_object_value(writer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_point_is_a_line() {
        let value = json!({
            "points": [[1, 2.5], ["inf", null]], "flat": [1, 2], "empty": [], "nothing": {},
            "rows": [[{"text": "a"}, {"deep": [[1], {}]}]], "last": [{"a": 1}]
        });
        let text = pretty(&value);
        let want = r#"{
  "points": [
    [1, 2.5],
    ["inf", null]
  ],
  "flat": [
    1,
    2
  ],
  "empty": [],
  "nothing": {},
  "rows": [
    [{"text": "a"}, {"deep": [[1], {}]}]
  ],
  "last": [
    {
      "a": 1
    }
  ]
}
"#;
        assert_eq!(text, want);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
