//! JTL as XML: `<testResults>` of samples; samples inside samples are parts of them.

use std::io::{self, BufRead, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Request, announce};
use crate::builder::{At, Builder};
use crate::error::IngestError;
use crate::format::Head;
use crate::format::cache::ByLabels;
use crate::input::Opened;

/// Deepest nesting of elements.
const DEEPEST: usize = 64;
/// Longest tag or text; a longer one is no record of a request.
const LONGEST: u64 = 16 << 20;

/// CSV name and XML attribute of what can be a label.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("label", "lb"),
    ("responseCode", "rc"),
    ("responseMessage", "rm"),
    ("threadName", "tn"),
    ("dataType", "dt"),
    ("Hostname", "hn"),
];

/// Whether this is the XML form.
pub(super) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with('<') && head.text.contains("<testResults")
}

pub(super) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    announce(builder);
    let labels = chosen(builder)?;
    let mut series = ByLabels::default();
    let source = Bounded { inner: &mut input.reader, left: LONGEST, lines: 1 };
    let mut reader = Reader::from_reader(source);
    let mut buffer = Vec::new();
    let mut depth = 0;
    loop {
        buffer.clear();
        reader.get_mut().left = LONGEST;
        let event = reader.read_event_into(&mut buffer);
        let line = reader.get_ref().lines;
        match event.map_err(|e| builder.line_error(line, format!("not XML: {e}")))? {
            Event::Eof => break,
            Event::Start(element) => {
                depth += 1;
                if depth > DEEPEST {
                    let problem = format!("elements nested deeper than {DEEPEST}");
                    return Err(builder.line_error(line, problem));
                }
                if depth == 2 {
                    sample(&mut series, builder, &element, &labels, line)?;
                }
            }
            Event::Empty(element) if depth == 1 => {
                sample(&mut series, builder, &element, &labels, line)?;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if depth > 0 {
        let problem = "the file ends inside an element; it may be cut off";
        return Err(builder.line_error(reader.get_ref().lines, problem));
    }
    Ok(())
}

/// The labels with their attributes.
fn chosen(builder: &Builder<'_>) -> Result<Vec<(String, &'static str)>, IngestError> {
    let Some(asked) = &builder.options.labels else { return Ok(vec![("label".into(), "lb")]) };
    let attribute = |label: &String| {
        let found = ATTRIBUTES.iter().find(|(name, short)| name == label || short == label);
        let (_, short) = found.ok_or_else(|| IngestError::MissingLabel {
            file: builder.file().to_owned(),
            label: label.clone(),
            have: ATTRIBUTES.map(|a| a.0).join(", "),
        })?;
        Ok((label.clone(), *short))
    };
    asked.iter().map(attribute).collect()
}

/// One element below the root.
fn sample(
    series: &mut ByLabels,
    builder: &mut Builder<'_>,
    element: &BytesStart<'_>,
    labels: &[(String, &'static str)],
    line: u64,
) -> Result<(), IngestError> {
    if !matches!(element.name().into_inner(), "httpSample" | "sample") {
        return Ok(());
    }
    let (mut elapsed, mut start, mut success) = (None, None, true);
    let mut values = vec![String::new(); labels.len()];
    for attribute in element.attributes() {
        let attribute =
            attribute.map_err(|e| builder.line_error(line, format!("not an attribute: {e}")))?;
        let name = attribute.key.into_inner();
        let text = quick_xml::escape::unescape(&attribute.value)
            .map_err(|e| builder.line_error(line, format!("attribute {name}: {e}")))?;
        match name {
            "t" => elapsed = Some(text.to_string()),
            "ts" => start = Some(text.to_string()),
            "s" if text == "true" || text == "false" => success = text == "true",
            "s" => {
                return Err(builder.cell(At { line, column: "s", text: &text }, "true or false"));
            }
            _ => {}
        }
        for (value, (_, short)) in values.iter_mut().zip(labels) {
            if *short == name {
                value.clear();
                value.push_str(&text);
            }
        }
    }
    let Some(elapsed) = elapsed else {
        return Err(builder.line_error(line, "a sample without its elapsed time (attribute t)"));
    };
    let at = At { line, column: "t", text: &elapsed };
    let Ok(milliseconds) = elapsed.parse::<f64>() else {
        return Err(builder.cell(at, "text where a number belongs"));
    };
    let pairs: Vec<(&str, &str)> = labels
        .iter()
        .zip(&values)
        .map(|((name, _), value)| (name.as_str(), value.as_str()))
        .collect();
    let request =
        Request { elapsed: milliseconds, at, start: start.as_deref(), success, labels: &pairs };
    request.push(builder, series)
}

/// Counts lines, and stops a tag or text that has no end.
struct Bounded<R> {
    inner: R,
    left: u64,
    lines: u64,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("a tag or text of more than 16 MiB"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // What was just looked at is still buffered.
        if let Ok(seen) = self.inner.fill_buf() {
            self.lines += seen[..n.min(seen.len())].iter().filter(|&&b| b == b'\n').count() as u64;
        }
        self.left = self.left.saturating_sub(n as u64);
        self.inner.consume(n);
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use crate::{IngestError, Input, Options, read};

    fn parse(text: &str) -> Result<Dataset, IngestError> {
        read(vec![Input::from_bytes("a.jtl", text)], &Options::default())
    }

    #[test]
    fn samples_inside_samples_count_once() {
        let data = parse(
            "<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n\
             <sample t=\"30\" ts=\"1132668448174\" s=\"false\" lb=\"a &amp; b\">\n\
             <httpSample t=\"10\" ts=\"1132668448174\" s=\"true\" lb=\"a\"><x>1</x></httpSample>\n\
             </sample>\n<httpSample t=\"7\" ts=\"1132668448274\" s=\"true\" lb=\"a &amp; b\"/>\n\
             </testResults>\n",
        )
        .unwrap();
        assert_eq!(data.series.len(), 1);
        assert_eq!(data.series[0].name(), "latency{label=a & b}");
        let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
        assert_eq!((raw.sample.values(), raw.above()), (&[30.0, 7.0][..], &[0][..]));
    }

    #[test]
    fn broken_files_are_errors() {
        let deep = format!("<testResults>{}", "<a>".repeat(1_000));
        let cut = "<testResults>\n<sample t=\"1\" lb=\"a\"/>\n".to_owned();
        let wrong = "<testResults>\n<sample lb=\"a\"/></testResults>".to_owned();
        for (text, problem) in [(deep, "deeper"), (cut, "cut off"), (wrong, "line 2")] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
