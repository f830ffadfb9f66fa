//! Parquet and Arrow (IPC file) tables; their columns mean what those of a CSV file mean.
//!
//! Both keep their directory at the end, so that the whole file is held in memory. Cells become
//! text and go the way of CSV: the shortest text of a float reads back as the same number.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::columns::Columns;
use super::records::Cells;
use crate::builder::Builder;
use crate::error::IngestError;
use crate::input::Opened;

/// Largest file.
const LARGEST: u64 = 1 << 30;
/// Rows decoded at a time.
const ROWS: usize = 8_192;

/// What both kinds of file consist of.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

pub(super) fn read_parquet(
    input: &mut Opened,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    read(input, builder, |bytes| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let batches = reader.with_batch_size(ROWS).build()?;
        Ok(Box::new(batches))
    })
}

pub(super) fn read_arrow(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    read(input, builder, |bytes| Ok(Box::new(FileReader::try_new(Cursor::new(bytes), None)?)))
}

fn read(
    input: &mut Opened,
    builder: &mut Builder<'_>,
    open: fn(Bytes) -> Result<Batches, ArrowError>,
) -> Result<(), IngestError> {
    let mut bytes = Vec::new();
    let read = input.reader.by_ref().take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|source| input.io(source))?;
    if bytes.len() as u64 > LARGEST {
        return Err(builder.line_error(1, "a binary table of more than 1 GiB; split it"));
    }
    let mut batches = guarded(builder, 1, || open(Bytes::from(bytes)))?;
    let mut columns: Option<Columns> = None;
    let mut cells = Cells::default();
    let mut line = 1;
    while let Some(batch) = guarded(builder, line, || batches.next().transpose())? {
        if columns.is_none() {
            cells.clear();
            for field in batch.schema().fields() {
                cells.write(field.name().as_bytes());
                cells.end();
            }
            columns = Some(Columns::new(&cells.record(1), builder)?);
        }
        let columns = columns.as_mut().expect("made from the first batch");
        let options = FormatOptions::default();
        let formatters = batch
            .columns()
            .iter()
            .map(|array| ArrayFormatter::try_new(array.as_ref(), &options))
            .collect::<Result<Vec<_>, ArrowError>>()
            .map_err(|e| builder.line_error(line, e.to_string()))?;
        for row in 0..batch.num_rows() {
            // Rows count from 1, below the headings.
            line += 1;
            cells.clear();
            for formatter in &formatters {
                let text = formatter
                    .value(row)
                    .try_to_string()
                    .map_err(|e| builder.line_error(line, e.to_string()))?;
                cells.write(text.as_bytes());
                cells.end();
            }
            columns.row(&cells.record(line), builder)?;
        }
    }
    Ok(())
}

/// Calls a decoder: bytes that it does not expect are an error, also where it panics.
fn guarded<T>(
    builder: &Builder<'_>,
    line: u64,
    decode: impl FnOnce() -> Result<T, ArrowError>,
) -> Result<T, IngestError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(e)) => Err(builder.line_error(line, format!("not a sound table: {e}"))),
        Err(_) => Err(builder.line_error(line, "not a sound table")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, StringArray};
    use arrow::ipc::writer::FileWriter;
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options};

    fn table() -> RecordBatch {
        let latency: ArrayRef = Arc::new(Float64Array::from(vec![12.5, 0.1 + 0.2, 7.0]));
        let endpoint: ArrayRef = Arc::new(StringArray::from(vec!["a", "a", "b"]));
        RecordBatch::try_from_iter([("latency_ms", latency), ("endpoint", endpoint)]).unwrap()
    }

    fn arrow_file() -> Vec<u8> {
        let table = table();
        let mut writer = FileWriter::try_new(Vec::new(), &table.schema()).unwrap();
        writer.write(&table).unwrap();
        writer.into_inner().unwrap()
    }

    fn parquet_file() -> Vec<u8> {
        let (table, mut bytes) = (table(), Vec::new());
        let schema = table.schema();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
        writer.write(&table).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn data(bytes: Vec<u8>) -> Result<Dataset, IngestError> {
        crate::read(vec![Input::from_bytes("a", bytes)], &Options::default())
    }

    #[test]
    fn columns_mean_what_those_of_a_csv_mean() {
        for bytes in [arrow_file(), parquet_file()] {
            let found = data(bytes).unwrap();
            let names: Vec<String> =
                found.series.iter().map(tailproof_core::Series::name).collect();
            assert_eq!(names, ["latency{endpoint=a}", "latency{endpoint=b}"]);
            let Observations::Raw(raw) = &found.series[0].observations else { panic!("values") };
            assert_eq!(raw.sample.values(), [12.5, 0.1 + 0.2]);
        }
    }

    #[test]
    fn a_cut_file_is_an_error() {
        for bytes in [arrow_file(), parquet_file()] {
            for length in [8, 40, bytes.len() / 2, bytes.len() - 1] {
                assert!(data(bytes[..length].to_vec()).is_err());
            }
        }
    }
}
