use crate::Plot;

/// What a report draws, bounded so that evidence stays small.
///
/// The crate that judges makes it; it is kept in evidence, so `report` needs no raw data.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhibit {
    /// Heading.
    pub title: String,
    /// What is shown.
    pub kind: ExhibitKind,
}

/// What a report can draw.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExhibitKind {
    /// A picture with axes; at most [`Exhibit::MAX_LAYERS`] layers of at most
    /// [`Exhibit::MAX_POINTS`] points.
    Plot(Plot),
    /// A table of at most [`Exhibit::MAX_POINTS`] rows.
    Table {
        /// Column headings.
        columns: Vec<String>,
        /// Rows, each as long as the headings.
        rows: Vec<Vec<Cell>>,
    },
    /// A ready-made picture of at most [`Exhibit::MAX_SVG`] bytes, such as a flame graph.
    Svg(String),
}

/// A cell of a table exhibit.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number in full precision.
    Number(f64),
    /// A count.
    Count(u64),
    /// Text.
    Text(String),
}

impl Exhibit {
    /// Most points of a layer, and most rows of a table.
    pub const MAX_POINTS: usize = 64;
    /// Most layers of a plot.
    pub const MAX_LAYERS: usize = 8;
    /// Most bytes of a ready-made SVG picture.
    pub const MAX_SVG: usize = 200_000;

    /// A picture under a heading.
    #[must_use]
    pub fn plot(title: impl Into<String>, plot: Plot) -> Self {
        Self { title: title.into(), kind: ExhibitKind::Plot(plot) }
    }

    /// A table under a heading.
    #[must_use]
    pub fn table(title: impl Into<String>, columns: Vec<String>, rows: Vec<Vec<Cell>>) -> Self {
        Self { title: title.into(), kind: ExhibitKind::Table { columns, rows } }
    }
}
