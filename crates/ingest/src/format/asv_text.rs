//! What `asv run` prints: a rounded value a benchmark and environment.

use std::collections::BTreeSet;

use super::scaled::duration;
use super::{Head, asv, lines, values};
use crate::builder::{Builder, When};
use crate::error::{IngestError, listed};
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.text.contains(" total benchmarks (") && head.text.contains("%] ")
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut environment = String::new();
    let (mut without, mut tables) = (BTreeSet::new(), BTreeSet::new());
    lines::each(input, builder, |builder: &mut Builder<'_>, line: u64, text: &str| {
        let Some((_, told)) = text.trim().split_once("%] ") else { return Ok(()) };
        let told = told.trim_start_matches(['·', '-', ' ']);
        if let Some(name) = told.strip_prefix("Benchmarking ") {
            name.trim().clone_into(&mut environment);
            return Ok(());
        }
        let Some((name, value)) = result(told) else { return Ok(()) };
        let Some(found) = printed(value) else {
            let list = if value == "ok" { &mut tables } else { &mut without };
            list.insert(name.to_owned());
            return Ok(());
        };
        let mut labels = values::benchmark(name);
        if !environment.is_empty() {
            labels.insert("env".to_owned(), environment.clone());
        }
        let mut summary = values::printed(found.value);
        if let Some(half) = found.half {
            let (lo, hi) = (found.value - half, found.value + half);
            summary.interval = values::interval(found.value, lo, hi, None);
        }
        values::summary(builder, asv::metric(name, None), &labels, summary, When::default(), line)
    })?;
    if !without.is_empty() {
        builder.note(format!("{}: failed or skipped: {}", builder.file(), listed(without)));
    }
    if !tables.is_empty() {
        builder.note(format!(
            "{}: tables over parameters are in the result files only: {}",
            builder.file(),
            listed(tables)
        ));
    }
    Ok(())
}

/// Name and value of a line that reports a benchmark.
fn result(told: &str) -> Option<(&str, &str)> {
    let (name, value) = told.split_once(' ')?;
    let value = value.trim();
    let plain = name.contains(['.', '_']) && !name.starts_with(['(', '=']);
    (plain && !value.is_empty() && !value.contains(' ')).then_some((name, value))
}

/// A printed value in asv's own unit (seconds, bytes), with what stands behind `±`.
#[derive(Debug, PartialEq)]
struct Printed {
    value: f64,
    half: Option<f64>,
}

/// `11.1±0.01μs`, `2.42k` or `42`. Every line is printed in a unit that suits it.
fn printed(text: &str) -> Option<Printed> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
    let (numbers, suffix) = text.split_at(end);
    let (value, half) = match numbers.split_once('±') {
        Some((value, half)) => (value, Some(half)),
        None => (numbers, None),
    };
    let times = |number: &str, factor: f64| {
        let x: f64 = number.parse().ok()?;
        x.is_finite().then_some(x * factor)
    };
    let own = |number: &str| match suffix {
        "" => times(number, 1.0),
        "k" => times(number, 1e3),
        "M" => times(number, 1e6),
        "G" => times(number, 1e9),
        unit => duration(number, unit, 0),
    };
    let half = match half {
        Some(half) => Some(own(half)?),
        None => None,
    };
    Some(Printed { value: own(value)?, half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_unit_of_the_benchmark() {
        let want = Printed { value: 12e-6, half: Some(0.5e-6) };
        assert_eq!(printed("12±0.5μs"), Some(want));
        assert_eq!(printed("2.5k"), Some(Printed { value: 2500.0, half: None }));
        assert_eq!(printed("failed"), None);
        assert_eq!(printed("±"), None);
    }

    #[test]
    fn only_reports_are_results() {
        let line = "b.Suite.time_a      11.1±0.01μs";
        assert_eq!(result(line), Some(("b.Suite.time_a", "11.1±0.01μs")));
        assert_eq!(result("Building for virtualenv-py3.6.."), None);
        assert_eq!(result("Running (benchmarks.TimeSuite.time_iterkeys--)...."), None);
    }
}
