//! CSV and TSV with headings; [`Columns`] says what the columns mean.

use super::columns::Columns;
use super::records::Records;
use crate::builder::{At, Builder};
use crate::error::IngestError;
use crate::input::Opened;

/// Most numbers of one column that are read before they are added.
const MOST_AT_ONCE: usize = 4_096;

pub(crate) fn read_csv(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let head = input.head();
    let first = head.split(|&b| b == b'\n' || b == b'\r').find(|l| !l.is_empty()).unwrap_or(head);
    let count = |c: u8| first.iter().filter(|&&b| b == c).count();
    let delimiter = if count(b';') > count(b',') { b';' } else { b',' };
    read(input, builder, delimiter)
}

pub(crate) fn read_tsv(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    read(input, builder, b'\t')
}

fn read(input: &mut Opened, builder: &mut Builder<'_>, delimiter: u8) -> Result<(), IngestError> {
    let mut records = Records::new(&mut input.reader, delimiter);
    let mut columns: Option<Columns> = None;
    let mut numbers = Vec::new();
    loop {
        // Files of one column are read without looking for cells.
        if let Some((series, column)) = columns.as_ref().and_then(Columns::only) {
            loop {
                numbers.clear();
                let line = records.numbers(&mut numbers, MOST_AT_ONCE);
                if numbers.is_empty() {
                    break;
                }
                // Digits are finite and not negative, so that no message shows their text.
                builder.push_plain(series, &numbers, At { line, column, text: "" })?;
            }
        }
        let Some(record) = records.next(builder)? else { return Ok(()) };
        if record.len() == 1 && record.cell(0).is_empty() {
            continue;
        }
        match &mut columns {
            Some(columns) => columns.row(&record, builder)?,
            None => columns = Some(Columns::new(&record, builder)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use tailproof_core::{Dataset, Observations};

    use crate::{Input, Options};

    fn data(text: &str) -> Dataset {
        crate::read(vec![Input::from_bytes("a.csv", text)], &Options::default()).unwrap()
    }

    fn values(data: &Dataset, series: usize) -> &[f64] {
        let Observations::Raw(raw) = &data.series[series].observations else { panic!("values") };
        raw.sample.values()
    }

    #[test]
    fn the_quick_way_and_the_general_one_agree() {
        // A second column, or quotes, take the general way.
        let (mut one, mut two, mut quoted) =
            ("t_ms\n".to_owned(), "t_ms,x\n".to_owned(), "t_ms\n".to_owned());
        for i in 0..50_000_u32 {
            let cell = match i % 5 {
                0 => format!("{}.{}", i, i % 1_000),
                1 => i.to_string(),
                2 => format!("{i}e-3"),
                3 => format!(" 0.{i} "),
                _ => format!("{}", f64::from(i) / 7.0),
            };
            writeln!(one, "{cell}").unwrap();
            writeln!(two, "{cell},1").unwrap();
            writeln!(quoted, "\"{cell}\"\r").unwrap();
        }
        let (one, two, quoted) = (data(&one), data(&two), data(&quoted));
        assert_eq!(values(&one, 0).len(), 50_000);
        assert_eq!(values(&one, 0), values(&two, 0));
        assert_eq!(values(&one, 0), values(&quoted, 0));
    }

    #[test]
    fn label_sets_that_alternate_stay_apart() {
        let text = "endpoint,zone,t_ms\na,bc,1\nab,c,2\na,bc,3\nab,c,4\n";
        let found = data(text);
        assert_eq!((values(&found, 0), values(&found, 1)), (&[1.0, 3.0][..], &[2.0, 4.0][..]));
        let long = "metric,value,unit,run\nx,1,ms,1\ny,2,B,1\nx,3,ms,2\n";
        let found = data(long);
        assert_eq!((values(&found, 0), values(&found, 1)), (&[1.0, 3.0][..], &[2.0][..]));
        assert_eq!(found.series[0].run, Some(vec![0, 1]));
    }
}
