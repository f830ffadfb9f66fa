//! What `asv run` prints: a rounded value a benchmark and environment.

use std::collections::BTreeSet;

use tailproof_core::Unit;

use super::{Head, asv, lines, values};
use crate::builder::{Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.text.contains(" total benchmarks (") && head.text.contains("%] ")
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut environment = String::new();
    let (mut without, mut tables) = (BTreeSet::new(), BTreeSet::new());
    lines::each(input, builder, |builder: &mut Builder<'_>, _: u64, text: &str| {
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
        values::summary(builder, asv::metric(name, None), &labels, summary, When::default())
    })?;
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    if !without.is_empty() {
        builder.note(format!("{}: failed or skipped: {}", builder.file(), list(without)));
    }
    if !tables.is_empty() {
        builder.note(format!(
            "{}: tables over parameters are in the result files only: {}",
            builder.file(),
            list(tables)
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
        Some((value, half)) => (value, Some(half.parse::<f64>().ok()?)),
        None => (numbers, None),
    };
    let value: f64 = value.parse().ok()?;
    let (num, den) = match suffix {
        "" => (1, 1),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        symbol => {
            let factor = Unit::known(symbol)?.factor_to(&Unit::known("s")?).ok()?;
            (factor.num(), factor.den())
        }
    };
    let own = |x: f64| x * num as f64 / den as f64;
    value.is_finite().then_some(Printed { value: own(value), half: half.map(own) })
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
