//! Rows of a CSV file with named columns, for tools whose columns are known.

use super::records::{Records, Texts};
use crate::builder::{At, Builder};
use crate::error::{IngestError, listed};
use crate::input::Opened;

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) line: u64,
    headings: &'a [String],
    cells: Texts<'a>,
}

impl<'a> Row<'a> {
    /// The cell without surrounding blanks; empty when the row has no such column.
    pub(crate) fn text(&self, column: usize) -> &'a str {
        self.cells.cell(column)
    }

    /// Where a cell stands, for messages.
    pub(crate) fn at(&self, column: usize) -> At<'a> {
        let heading = self.headings.get(column).map_or("", String::as_str);
        At { line: self.line, column: heading, text: self.text(column) }
    }

    /// A number.
    pub(crate) fn number(&self, builder: &Builder<'_>, column: usize) -> Result<f64, IngestError> {
        self.text(column)
            .parse()
            .map_err(|_| builder.cell(self.at(column), "text where a number belongs"))
    }

    /// A count.
    pub(crate) fn count(&self, builder: &Builder<'_>, column: usize) -> Result<u64, IngestError> {
        self.text(column)
            .parse()
            .map_err(|_| builder.cell(self.at(column), "a count is a whole number"))
    }
}

/// Names of columns, and where each stands.
pub(crate) struct Headings<'a> {
    pub(crate) names: &'a [String],
    file: &'a str,
}

impl Headings<'_> {
    /// The position of a column, when it is there.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The position of a column that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<usize, IngestError> {
        self.find(name).ok_or_else(|| IngestError::MissingColumn {
            file: self.file.to_owned(),
            wanted: name.to_owned(),
            have: listed(self.names),
        })
    }

    /// The columns that are labels: those of `--labels`, or else the `usual` ones that are there.
    pub(crate) fn labels(
        &self,
        builder: &Builder<'_>,
        usual: &[&str],
    ) -> Result<Vec<(String, usize)>, IngestError> {
        let Some(asked) = &builder.options.labels else {
            let there = |name: &&str| Some(((*name).to_owned(), self.find(name)?));
            return Ok(usual.iter().filter_map(there).collect());
        };
        let place = |label: &String| {
            let column = self.find(label).ok_or_else(|| IngestError::MissingLabel {
                file: self.file.to_owned(),
                label: label.clone(),
                have: listed(self.names),
            })?;
            Ok((label.clone(), column))
        };
        asked.iter().map(place).collect()
    }
}

/// How a table is written.
#[derive(Clone, Copy)]
pub(crate) struct Style<'a> {
    pub(crate) delimiter: u8,
    /// Names of the columns of a table without a heading line.
    pub(crate) names: Option<&'a [&'a str]>,
}

/// A heading line, then rows with commas.
pub(crate) const COMMAS: Style<'static> = Style { delimiter: b',', names: None };

/// Looks at the headings with `prepare`, then at every row with `row`; blank lines are skipped.
pub(crate) fn each<S>(
    input: &mut Opened,
    builder: &mut Builder<'_>,
    style: Style<'_>,
    prepare: impl FnOnce(&Headings<'_>, &mut Builder<'_>) -> Result<S, IngestError>,
    mut row: impl FnMut(&mut S, &mut Builder<'_>, &Row<'_>) -> Result<(), IngestError>,
) -> Result<S, IngestError> {
    let file = input.name.clone();
    let mut records = Records::new(&mut input.reader, style.delimiter);
    let not_text = |builder: &Builder<'_>, line| builder.line_error(line, "is not UTF-8");
    let names: Vec<String> = if let Some(names) = style.names {
        names.iter().map(|&n| n.to_owned()).collect()
    } else if let Some(record) = records.next(builder)? {
        let cells = record.text().ok_or_else(|| not_text(builder, record.line))?;
        (0..cells.len()).map(|i| cells.cell(i).to_owned()).collect()
    } else {
        Vec::new()
    };
    let mut state = prepare(&Headings { names: &names, file: &file }, builder)?;
    while let Some(record) = records.next(builder)? {
        let line = record.line;
        let cells = record.text().ok_or_else(|| not_text(builder, line))?;
        if cells.len() == 1 && cells.cell(0).is_empty() {
            continue;
        }
        if cells.len() != names.len() {
            let problem = format!(
                "{} cells where there are {} columns; the file may be cut off",
                cells.len(),
                names.len()
            );
            return Err(builder.line_error(line, problem));
        }
        row(&mut state, builder, &Row { line, headings: &names, cells })?;
    }
    Ok(state)
}

/// The cells of a heading line, for telling formats apart.
pub(crate) fn cells(line: &str, delimiter: char) -> Vec<&str> {
    line.split(delimiter).map(|c| c.trim().trim_matches('"')).collect()
}
