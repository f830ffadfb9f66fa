use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::{Deserialize, Serialize};

use crate::common::text::{escape, printable};

/// A table of words and numbers with a heading and lines that explain it: what `plan` prints,
/// and any other report that is not made of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grid {
    /// Heading.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Headings of the columns.
    pub header: Vec<String>,
    /// Rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
    /// The first columns, which hold words; the rest hold numbers and are aligned right.
    pub words: usize,
    /// Lines below the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Grid {
    /// For a terminal; `width` limits the table, `None` leaves it as wide as it is.
    #[must_use]
    pub fn table(&self, width: Option<u16>) -> String {
        format!("{}\n\n{}", printable(&self.title), self.ruled(width))
    }

    /// Table and notes for a terminal, without the heading.
    pub(crate) fn ruled(&self, width: Option<u16>) -> String {
        let clean = |cells: &[String]| {
            // A row of evidence may be longer than its header.
            cells.iter().take(self.header.len()).map(|c| printable(c)).collect::<Vec<_>>()
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(|r| clean(r)).collect();
        let numbers = self.words..self.header.len();
        let mut out = ruled(&clean(&self.header), &rows, numbers, width);
        out.push('\n');
        for note in &self.notes {
            out.push_str(&format!("{}\n", printable(note)));
        }
        out
    }

    /// For a pull request or a test plan.
    #[must_use]
    pub fn markdown(&self) -> String {
        format!("### {}\n\n{}", escape(&self.title), self.piped())
    }

    /// Table and notes for a pull request, without the heading.
    pub(crate) fn piped(&self) -> String {
        let mut out = piped(&self.header, &self.rows, self.words..self.header.len());
        for note in &self.notes {
            out.push_str(&format!("\n{}\n", escape(note)));
        }
        out
    }
}

/// A table of Markdown; the columns of `numbers` are aligned right. Cells are escaped here.
pub(crate) fn piped(
    header: &[String],
    rows: &[Vec<String>],
    numbers: std::ops::Range<usize>,
) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|c| escape(c)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = format!("{}|", line(header));
    for column in 0..header.len() {
        out.push_str(if numbers.contains(&column) { " ---: |" } else { " --- |" });
    }
    out.push('\n');
    for row in rows {
        out.push_str(&line(row));
    }
    out
}

/// A ruled table; the columns of `numbers` are aligned right.
pub(crate) fn ruled(
    header: &[String],
    rows: &[Vec<String>],
    numbers: std::ops::Range<usize>,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let text = |cells: &[&str]| cells.iter().map(|&c| c.to_owned()).collect::<Vec<_>>();
        let grid = Grid {
            title: "n".to_owned(),
            header: text(&["what", "count"]),
            rows: vec![text(&["a|b", "7"])],
            words: 1,
            notes: text(&["why"]),
        };
        assert_eq!(
            grid.markdown(),
            "### n\n\n| what | count |\n| --- | ---: |\n| a\\|b | 7 |\n\nwhy\n"
        );
        let table = grid.table(None);
        assert!(table.contains("│ a|b  ┆     7 │"), "{table}");
        assert!(table.starts_with("n\n\n┌") && table.ends_with("┘\nwhy\n"), "{table}");
    }
}
