//! Criterion's `sample.json`: total nanoseconds for so many iterations, one pair a sample.

use serde_json::Value;
use tailproof_core::Unit;

use crate::builder::{At, Builder, When};
use crate::error::IngestError;
use crate::input::Opened;

/// Reads nanoseconds per iteration; the metric is named `time` unless another is wanted.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let value: Value = serde_json::from_reader(&mut input.reader)
        .map_err(|e| builder.line_error(e.line() as u64, e.to_string()))?;
    let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    let (iters, times) = (list("iters"), list("times"));
    if iters.is_empty() || iters.len() != times.len() {
        return Err(builder.line_error(1, "iters and times are lists of the same length"));
    }
    let name = match builder.options.default_name() {
        name if name == "value" => "time".to_owned(),
        name => name,
    };
    builder.wants(&name);
    let ns = Unit::known("ns");
    let series = builder.series(&name, &[], ns.as_ref(), false, 1)?;
    for (i, (n, t)) in iters.iter().zip(&times).enumerate() {
        let text = format!("{t} for {n} iterations");
        let at = At { line: i as u64 + 1, column: "times", text: &text };
        match (n.as_f64(), t.as_f64()) {
            (Some(n), Some(t)) if n > 0.0 => builder.push(series, t / n, When::default(), at)?,
            _ => return Err(builder.cell(at, "a time for at least one iteration")),
        }
    }
    Ok(())
}
