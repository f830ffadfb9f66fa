//! Catch2's benchmark table: samples, mean and deviation with their intervals.

use tailproof_core::{Metric, Summary, Unit};

use super::scaled::nanoseconds;
use super::{Head, lines, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.text.contains("benchmark name") && head.text.contains("low mean")
}

/// Where the table stands.
#[derive(Default)]
struct State {
    /// Lines since the last rule, the title of a test case among them.
    title: Vec<String>,
    case: String,
    name: String,
    summary: Summary,
}

/// Reads every benchmark, in nanoseconds: each line of the table has a unit of its own.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut state = State::default();
    lines::each(input, builder, |builder: &mut Builder<'_>, line: u64, text: &str| {
        state.line(line, text.trim(), builder)
    })
}

impl State {
    fn line(
        &mut self,
        line: u64,
        text: &str,
        builder: &mut Builder<'_>,
    ) -> Result<(), IngestError> {
        if text.len() > 10 && text.bytes().all(|b| b == b'-') {
            let table = self.title.iter().any(|line| line.starts_with("benchmark name"));
            if !table && (1..=8).contains(&self.title.len()) {
                self.case = self.title.join("/");
            }
            self.title.clear();
            return Ok(());
        }
        if let Some((name, samples)) = beginning(text) {
            // A long name stands on lines of its own.
            self.name = if name.is_empty() { self.title.join(" ") } else { name.to_owned() };
            self.summary = Summary { n: Some(samples), ..Summary::default() };
            self.title.clear();
            return Ok(());
        }
        let Some([value, lo, hi]) = three(text) else {
            // Enough for a title or a name; more is other output.
            if !text.is_empty() && self.title.len() < 9 {
                self.title.push(text.to_owned());
            }
            return Ok(());
        };
        if self.summary.n.is_none() {
            return Ok(());
        }
        if self.summary.mean.is_none() {
            self.summary.mean = Some(value);
            self.summary.interval = values::interval(value, lo, hi, None);
            return Ok(());
        }
        let mut summary = std::mem::take(&mut self.summary);
        summary.sd = Some(value);
        let mut labels = values::benchmark(&self.name);
        if !self.case.is_empty() {
            labels.insert("case".to_owned(), self.case.clone());
        }
        self.title.clear();
        let metric = Metric::new("time", Unit::known("ns"));
        values::summary(builder, metric, &labels, summary, When::default(), line)
    }
}

/// Name and samples of `Name   100   208   7.1968 ms`.
fn beginning(text: &str) -> Option<(&str, u64)> {
    let (rest, unit) = text.rsplit_once(' ')?;
    Unit::known(unit)?;
    let (rest, estimated) = last(rest)?;
    let (rest, iterations) = last(rest)?;
    let (name, samples) = last(rest)?;
    estimated.parse::<f64>().ok()?;
    iterations.parse::<u64>().ok()?;
    Some((name, samples.parse().ok()?))
}

/// The text before the last word, and the word.
fn last(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let at = text.rfind(' ').map_or(0, |i| i + 1);
    let (rest, word) = text.split_at(at);
    (!word.is_empty()).then_some((rest.trim_end(), word))
}

/// Three durations in nanoseconds.
fn three(text: &str) -> Option<[f64; 3]> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [a, ua, b, ub, c, uc] = words.as_slice() else { return None };
    Some([nanoseconds(a, ua)?, nanoseconds(b, ub)?, nanoseconds(c, uc)?])
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    #[test]
    fn a_table_is_a_summary_a_benchmark() {
        let rule = "-".repeat(79);
        let text = format!(
            "{rule}\nCase\n{rule}\na.cpp:5\n....\n\nbenchmark name   samples  iterations  estimated\n\
            mean  low mean  high mean\nstd dev  low std dev  high std dev\n{rule}\n\
            Fib 20      100     2     8.3712 ms \n  41.5 us  41.25 us  42.5 us \n\
            3 us  2 us  5 us \n   \nFib~ 5!   50   1961   7.0596 ms \n36 ns  35 ns  37 ns \n\
            4 ns  3 ns  6 ns \n"
        );
        let data = crate::read(vec![Input::from_bytes("c.txt", text)], &Options::default());
        let data = data.unwrap();
        assert_eq!(data.series[0].name(), "time{benchmark=Fib 20,case=Case}");
        assert_eq!(data.series[1].labels["benchmark"], "Fib~ 5!");
        let Observations::Summary(all) = &data.series[0].observations else { panic!() };
        assert_eq!((all[0].n, all[0].mean, all[0].sd), (Some(100), Some(41_500.0), Some(3_000.0)));
        assert_eq!(all[0].interval, Some((41_250.0, 42_500.0, None)));
    }

    #[test]
    fn rows_are_told_from_text() {
        assert_eq!(beginning("100  208  7.1968 ms"), Some(("", 100)));
        assert_eq!(beginning("test cases: 2 | 2 passed"), None);
        assert_eq!(three("344 ns 341 ns"), None);
    }
}
