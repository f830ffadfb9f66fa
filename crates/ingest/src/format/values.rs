//! What the readers of structured results share: numbers, units, labels and summaries.

use serde_json::Value;
use tailproof_core::{Dimension, Labels, Level, Metric, Rank, Rational, Summary, Unit};

use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;

/// A finite number, also one that is written as text (`"NaN"` is none).
pub(crate) fn number(value: &Value) -> Option<f64> {
    let x: f64 = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    x.is_finite().then_some(x)
}

/// A scalar as text, strings without their quotes.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The unit a tool wrote: `ms/op` is `ms`, `ops/ms` a frequency, `MB/sec` a throughput; what
/// is unknown keeps its name.
pub(crate) fn unit(text: &str) -> Option<Unit> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let base = ["/op", "/iter"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    let lower = || Unit::known(&base.to_ascii_lowercase()).filter(|_| base.len() > 2);
    let found = Unit::known(base).or_else(|| rate(base)).or_else(lower);
    Some(found.unwrap_or_else(|| Unit::Named(text.to_owned())))
}

/// Events for any unit of time, or `…/sec`.
fn rate(text: &str) -> Option<Unit> {
    let (counted, time) = text.rsplit_once('/')?;
    if time == "sec" {
        return Unit::known(&format!("{counted}/s"));
    }
    let Some(Unit::Scaled { dimension: Dimension::Time, scale, .. }) = Unit::known(time) else {
        return None;
    };
    if !["", "op", "ops", "req", "requests", "iter", "events"].contains(&counted) {
        return None;
    }
    let scale = Rational::ONE.checked_div(scale)?;
    Some(Unit::Scaled { dimension: Dimension::Frequency, scale, symbol: text.to_owned() })
}

/// Labels as the builder takes them.
pub(crate) fn pairs(labels: &Labels) -> Vec<(&str, &str)> {
    labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The label `benchmark` alone.
pub(crate) fn benchmark(name: &str) -> Labels {
    Labels::from([("benchmark".to_owned(), name.to_owned())])
}

/// Adds raw values of one series; none make no series.
pub(crate) fn raw(
    builder: &mut Builder<'_>,
    metric: Metric,
    labels: &Labels,
    values: &[f64],
    when: When,
) -> Result<(), IngestError> {
    if values.is_empty() {
        return Ok(());
    }
    let column = metric.name.clone();
    let Some(series) = builder.described(metric, &pairs(labels), Kind::Raw, 0)? else {
        return Ok(());
    };
    for (i, &value) in values.iter().enumerate() {
        let told = || (format!("{column}[{i}]"), value.to_string());
        builder.push_told(series, value, when, 0, told)?;
    }
    Ok(())
}

/// Adds a printed summary to its series; `line` is 0 inside a JSON document.
pub(crate) fn summary(
    builder: &mut Builder<'_>,
    metric: Metric,
    labels: &Labels,
    summary: Summary,
    when: When,
    line: u64,
) -> Result<(), IngestError> {
    match builder.described(metric, &pairs(labels), Kind::Summary, line)? {
        Some(series) => builder.push_summary(series, summary, when, line),
        None => Ok(()),
    }
}

/// A printed value of which nothing else is known.
pub(crate) fn printed(value: f64) -> Summary {
    Summary { mean: Some(value), ..Summary::default() }
}

/// An interval that holds its estimate; anything else is none.
pub(crate) fn interval(
    estimate: f64,
    lo: f64,
    hi: f64,
    level: Option<Level>,
) -> Option<(f64, f64, Option<Level>)> {
    let sound = lo.is_finite() && hi.is_finite() && lo <= estimate && estimate <= hi;
    sound.then_some((lo, hi, level))
}

/// Percentiles written as `25%`, those that have a value.
pub(crate) fn quantiles<const N: usize>(list: [(&str, Option<f64>); N]) -> Vec<(Rank, f64)> {
    list.into_iter().filter_map(|(rank, value)| Some((rank.parse().ok()?, value?))).collect()
}

/// The rank of a heading such as `p50`, `p999` (99.9 %) or `P95`.
pub(crate) fn percentile(heading: &str) -> Option<Rank> {
    let digits = heading.strip_prefix(['p', 'P'])?;
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (value, places) = (digits.parse().ok()?, (digits.len() as u32).max(2));
    if digits == "100" {
        return Rank::new(Rational::ONE).ok();
    }
    Rank::new(Rational::new(value, 10_u64.pow(places))?).ok()
}

#[cfg(test)]
mod tests {
    use tailproof_core::Direction;

    use super::*;

    #[test]
    fn units_of_tools_become_units() {
        for (text, symbol, direction) in [
            ("ms/op", "ms", Direction::Lower),
            ("ops/ms", "ops/ms", Direction::Higher),
            ("MB/sec", "MB/s", Direction::Higher),
            ("B/op", "B", Direction::Lower),
            ("Percent", "percent", Direction::Unknown),
            ("counts", "counts", Direction::Unknown),
        ] {
            let metric = Metric::new("m", unit(text));
            assert_eq!((metric.suffix().trim(), metric.direction), (symbol, direction), "{text}");
        }
        let per_ms = unit("ops/ms").unwrap();
        let factor = per_ms.factor_to(&Unit::known("ops/s").unwrap()).unwrap();
        assert_eq!(factor, Rational::new(1_000, 1).unwrap());
        assert_eq!(unit("  "), None);
    }

    #[test]
    fn percentile_headings_are_exact() {
        let rank = |text: &str| text.parse::<Rank>().unwrap();
        assert_eq!(percentile("p999"), Some(rank("99.9%")));
        assert_eq!(percentile("P5"), Some(rank("5%")));
        assert_eq!(percentile("P100"), Some(rank("100%")));
        assert_eq!(percentile("p"), None);
        assert_eq!(percentile("max"), None);
    }

    #[test]
    fn an_interval_holds_its_estimate() {
        assert_eq!(interval(2.0, 1.0, 3.0, None), Some((1.0, 3.0, None)));
        assert_eq!(interval(3247.0, 1044.0, 1044.0, None), None);
        assert_eq!(number(&Value::from("NaN")), None);
    }
}
