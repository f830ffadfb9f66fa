/// A picture with two axes: layers of data, and marks that say what to look at.
///
/// ```
/// use tailproof_core::{Place, Plot, Shape};
///
/// let ecdf = Plot::new("latency, ms", "share of observations at most x")
///     .layer("sample", Shape::Steps(vec![(1.0, 0.5), (2.0, 1.0)]))
///     .mark("target <= 1.5 ms", Place::X(1.5));
/// assert_eq!((ecdf.layers.len(), ecdf.x.log), (1, false));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the first below the others.
    pub layers: Vec<Layer>,
    /// Lines and bands that say what to look at: targets, intervals, changes.
    pub marks: Vec<Mark>,
}

/// An axis of a [`Plot`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// What it measures, with its unit: `latency, ms`.
    pub label: String,
    /// Whether equal distances are equal ratios.
    pub log: bool,
}

/// One set of points of a [`Plot`].
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// What it is, for the legend; may be empty when it is the only one.
    pub name: String,
    /// How it is drawn.
    pub shape: Shape,
}

/// How the points of a [`Layer`] are drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// `(x, y)` with y constant until the next x, such as an ECDF.
    Steps(Vec<(f64, f64)>),
    /// A polygon through `(x, y)`.
    Line(Vec<(f64, f64)>),
    /// Dots at `(x, y)`.
    Points(Vec<(f64, f64)>),
    /// Histogram bars `(from, to, height)`.
    Bars(Vec<(f64, f64, f64)>),
    /// A band `(x, lo, hi)`.
    Band(Vec<(f64, f64, f64)>),
}

/// Something that a [`Plot`] points out.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What it is: `target <= 150 ms`.
    pub name: String,
    /// Where it is.
    pub place: Place,
}

/// Where a [`Mark`] is; the ends of a band may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A vertical line at x.
    X(f64),
    /// A horizontal line at y.
    Y(f64),
    /// Everything between two x.
    XBand(f64, f64),
    /// Everything between two y.
    YBand(f64, f64),
}

impl Plot {
    /// Empty, with linear axes under these labels.
    #[must_use]
    pub fn new(x: impl Into<String>, y: impl Into<String>) -> Self {
        let axis = |label| Axis { label, log: false };
        Self { x: axis(x.into()), y: axis(y.into()), layers: Vec::new(), marks: Vec::new() }
    }

    /// The same with a logarithmic horizontal axis.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// The same with a logarithmic vertical axis.
    #[must_use]
    pub fn log_y(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// The same with one more layer, above the others.
    #[must_use]
    pub fn layer(mut self, name: impl Into<String>, shape: Shape) -> Self {
        self.layers.push(Layer { name: name.into(), shape });
        self
    }

    /// The same with one more mark.
    #[must_use]
    pub fn mark(mut self, name: impl Into<String>, place: Place) -> Self {
        self.marks.push(Mark { name: name.into(), place });
        self
    }
}
