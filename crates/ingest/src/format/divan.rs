//! Divan's tree: fastest, slowest, median and mean of each benchmark's samples.
//!
//! ```text
//! d            fastest       │ slowest       │ median        │ mean          │ samples │ iters
//! ├─ fold                    │               │               │               │         │
//! │  ├─ 100    70.13 ns      │ 70.79 ns      │ 70.44 ns      │ 70.42 ns      │ 100     │ 3200
//! ```
//! A sample is the mean time of its iterations, so fastest and slowest are those of samples.
//! Names are joined by `::` from the root on. Times are scaled for people, so they are
//! brought to nanoseconds. Rows of counters (throughput, allocations) below a benchmark are
//! passed over; they follow from the times or have no samples.

use tailproof_core::{Metric, Rank, Summary};

use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;
use crate::format::scaled::{nanosecond, nanoseconds};
use crate::format::{Head, lines};
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.text.lines().any(|line| root(line).is_some())
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut path: Vec<String> = Vec::new();
    lines::each(input, builder, |builder, line, text| {
        if let Some(name) = root(text) {
            path = vec![name.to_owned()];
            return Ok(());
        }
        let Some((depth, row)) = branch(text).filter(|_| !path.is_empty()) else { return Ok(()) };
        path.truncate(depth);
        let cells: Vec<&str> = row.split('│').collect();
        let (name, fastest) = name_and_time(cells[0]);
        path.push(name.to_owned());
        let (Some(fastest), Some(rest)) = (fastest, cells.get(1..)) else { return Ok(()) };
        let Some(summary) = summary(fastest, rest) else {
            let problem =
                "a row has fastest, slowest, median and mean times and a number of samples";
            return Err(builder.line_error(line, problem));
        };
        let metric = Metric::new("time", nanosecond());
        let full = path.join("::");
        let labels = [("benchmark", full.as_str())];
        match builder.described(metric, &labels, Kind::Summary, line)? {
            Some(series) => builder.push_summary(series, summary, When::default(), line),
            None => Ok(()),
        }
    })
}

/// The name in a heading.
fn root(line: &str) -> Option<&str> {
    let mut cells = line.split('│').map(str::trim);
    let name = cells.next()?.strip_suffix("fastest")?;
    let rest = ["slowest", "median", "mean", "samples", "iters"];
    cells.eq(rest).then(|| name.trim()).filter(|n| !n.is_empty())
}

/// How deep a row is below the root, which is 0, and what stands behind its branch.
fn branch(line: &str) -> Option<(usize, &str)> {
    let (mut depth, mut rest) = (1, line);
    loop {
        if let Some(row) = rest.strip_prefix("├─ ").or_else(|| rest.strip_prefix("╰─ ")) {
            return Some((depth, row));
        }
        rest = rest.strip_prefix("│  ").or_else(|| rest.strip_prefix("   "))?;
        depth += 1;
    }
}

/// `plain     4.065 µs` apart; a row of a group has a name alone.
fn name_and_time(cell: &str) -> (&str, Option<f64>) {
    let cell = cell.trim();
    let apart = || {
        let (rest, unit) = cell.rsplit_once(' ')?;
        let (name, number) = rest.trim_end().rsplit_once(' ')?;
        Some((name.trim_end(), nanoseconds(number, unit)?))
    };
    match apart() {
        Some((name, time)) => (name, Some(time)),
        None => (cell, None),
    }
}

/// From the cells behind the first: slowest, median, mean, samples, iterations.
fn summary(fastest: f64, cells: &[&str]) -> Option<Summary> {
    let time = |i: usize| {
        let (number, unit) = cells.get(i)?.trim().split_once(' ')?;
        nanoseconds(number, unit.trim())
    };
    Some(Summary {
        n: Some(cells.get(3)?.trim().replace(',', "").parse().ok()?),
        mean: Some(time(2)?),
        min: Some(fastest),
        max: Some(time(0)?),
        quantiles: vec![(Rank::MEDIAN, time(1)?)],
        ..Summary::default()
    })
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    const TREE: &str = "\
d            fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ fold                    │               │               │               │         │
│  ├─ two words  70.13 ns  │ 8.932 µs      │ 70.44 ns      │ 70.42 ns      │ 100     │ 3200
│  │             1.2 GB/s  │ 1.1 GB/s      │ 1.2 GB/s      │ 1.2 GB/s      │         │
│  ╰─ 1000                 │               │               │               │         │
│     ╰─ t=1     1 ms      │ 2 ms          │ 1.5 ms        │ 1.6 ms        │ 7       │ 7
╰─ later     (ignored)
";

    #[test]
    fn the_tree_gives_names_and_summaries() {
        let input = Input::from_bytes("tree.txt", TREE);
        let data = crate::read(vec![input], &Options::default()).unwrap();
        let names: Vec<&str> = data.series.iter().map(|s| &*s.labels["benchmark"]).collect();
        assert_eq!(names, ["d::fold::two words", "d::fold::1000::t=1"]);
        let Observations::Summary(all) = &data.series[0].observations else { panic!("summary") };
        let want = Summary {
            n: Some(100),
            mean: Some(70.42),
            min: Some(70.13),
            max: Some(8932.0),
            quantiles: vec![(Rank::MEDIAN, 70.44)],
            ..Summary::default()
        };
        assert_eq!(all, &[want]);
    }

    #[test]
    fn a_torn_row_is_an_error() {
        let torn = TREE.replace("8.932 µs", "8.932");
        let input = Input::from_bytes("tree.txt", torn);
        let error = crate::read(vec![input], &Options::default()).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
