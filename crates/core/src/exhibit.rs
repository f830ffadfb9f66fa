/// What a report draws, bounded so that evidence stays small.
///
/// The crate that judges makes it; it is kept in evidence, so `report` needs no raw data.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhibit {
    /// Heading.
    pub title: String,
    /// Label and unit of the horizontal axis.
    pub x: String,
    /// Label and unit of the vertical axis.
    pub y: String,
    /// The picture.
    pub kind: ExhibitKind,
}

impl Exhibit {
    /// Most points or rows that an exhibit holds.
    pub const MAX_POINTS: usize = 64;
    /// Most bytes of a ready-made SVG picture.
    pub const MAX_SVG: usize = 200_000;
}

/// The pictures a report can draw; at most [`Exhibit::MAX_POINTS`] points or rows each.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExhibitKind {
    /// A step function, such as an ECDF: `(x, y)` with y constant until the next x.
    Steps(Vec<(f64, f64)>),
    /// A polygon through `(x, y)`.
    Line(Vec<(f64, f64)>),
    /// Histogram bars `(from, to, height)`.
    Bars(Vec<(f64, f64, f64)>),
    /// A band `(x, lo, hi)`.
    Band(Vec<(f64, f64, f64)>),
    /// A table.
    Table {
        /// Column headings.
        columns: Vec<String>,
        /// Rows, each as long as the headings.
        rows: Vec<Vec<Cell>>,
    },
    /// A ready-made picture, such as a flame graph.
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
