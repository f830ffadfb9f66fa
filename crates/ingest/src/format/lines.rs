//! One number a line; blank lines and lines that begin with `#` are skipped.

use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

/// Calls `f` with the number and text of every line.
pub(crate) fn each(
    input: &mut Opened,
    builder: &mut Builder<'_>,
    mut f: impl FnMut(&mut Builder<'_>, u64, &str) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let (mut buffer, mut line) = (Vec::new(), 0);
    while input.line(&mut buffer)? {
        line += 1;
        f(builder, line, &String::from_utf8_lossy(&buffer))?;
    }
    Ok(())
}

/// Reads one number a line.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut series = None;
    each(input, builder, |builder, line, text| {
        // Old line ends are single carriage returns.
        for text in text.split('\r').map(str::trim) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let at = At { line, column: "1", text };
            let Ok(value) = text.parse::<f64>() else {
                return Err(builder.cell(at, "a line holds one number"));
            };
            let series = if let Some(series) = series {
                series
            } else {
                builder.wants("value");
                *series.insert(builder.series("value", &[], None, Kind::Raw, line)?)
            };
            builder.push(series, value, When::default(), at)?;
        }
        Ok(())
    })
}
