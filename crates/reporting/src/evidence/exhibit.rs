use serde::{Deserialize, Serialize};
use tailproof_core::{Axis, Cell, Exhibit, ExhibitKind, Layer, Mark, Place, Plot, Shape};

use super::number::{Count, Number};

/// An exhibit in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Exhibit"))]
pub(super) struct Wire {
    title: String,
    /// Labels of the axes in evidence of schema 1.
    #[serde(default, skip_serializing)]
    x: String,
    #[serde(default, skip_serializing)]
    y: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Plot(WirePlot),
    Table {
        columns: Vec<String>,
        rows: Vec<Vec<WireCell>>,
    },
    Svg {
        svg: String,
    },
    // Pictures of schema 1, which had one layer and no marks: read, never written.
    #[serde(skip_serializing)]
    Steps {
        points: Vec<(Number, Number)>,
    },
    #[serde(skip_serializing)]
    Line {
        points: Vec<(Number, Number)>,
    },
    #[serde(skip_serializing)]
    Bars {
        bars: Vec<(Number, Number, Number)>,
    },
    #[serde(skip_serializing)]
    Band {
        points: Vec<(Number, Number, Number)>,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Plot"))]
struct WirePlot {
    x_axis: WireAxis,
    y_axis: WireAxis,
    layers: Vec<WireLayer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<WireMark>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Axis"))]
struct WireAxis {
    label: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    log: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Layer"))]
struct WireLayer {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(flatten)]
    shape: WireShape,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Shape"))]
#[serde(rename_all = "snake_case")]
enum WireShape {
    /// x, y; y is constant until the next x.
    Steps(Vec<(Number, Number)>),
    /// x, y.
    Line(Vec<(Number, Number)>),
    /// x, y.
    Points(Vec<(Number, Number)>),
    /// From, to, height.
    Bars(Vec<(Number, Number, Number)>),
    /// x, low, high.
    Band(Vec<(Number, Number, Number)>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Mark"))]
struct WireMark {
    name: String,
    #[serde(flatten)]
    place: WirePlace,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Place"))]
#[serde(rename_all = "snake_case")]
enum WirePlace {
    X(Number),
    Y(Number),
    XBand(Number, Number),
    YBand(Number, Number),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Cell"))]
#[serde(rename_all = "snake_case")]
enum WireCell {
    Number(Number),
    Count(Count),
    Text(String),
}

fn pairs(points: &[(f64, f64)]) -> Vec<(Number, Number)> {
    points.iter().map(|p| (Number(p.0), Number(p.1))).collect()
}

fn triples(points: &[(f64, f64, f64)]) -> Vec<(Number, Number, Number)> {
    points.iter().map(|p| (Number(p.0), Number(p.1), Number(p.2))).collect()
}

fn plain_pairs(points: Vec<(Number, Number)>) -> Vec<(f64, f64)> {
    points.into_iter().map(|(a, b)| (a.0, b.0)).collect()
}

fn plain_triples(points: Vec<(Number, Number, Number)>) -> Vec<(f64, f64, f64)> {
    points.into_iter().map(|(a, b, c)| (a.0, b.0, c.0)).collect()
}

impl From<&Exhibit> for Wire {
    fn from(e: &Exhibit) -> Self {
        let kind = match &e.kind {
            ExhibitKind::Plot(plot) => Kind::Plot(plot.into()),
            ExhibitKind::Table { columns, rows } => Kind::Table {
                columns: columns.clone(),
                rows: rows.iter().map(|row| row.iter().map(WireCell::from).collect()).collect(),
            },
            ExhibitKind::Svg(svg) => Kind::Svg { svg: svg.clone() },
            other => unreachable!("an exhibit that this version does not know: {other:?}"),
        };
        Self { title: e.title.clone(), x: String::new(), y: String::new(), kind }
    }
}

impl From<Wire> for Exhibit {
    fn from(w: Wire) -> Self {
        let (x, y) = (w.x, w.y);
        let one = |shape| ExhibitKind::Plot(Plot::new(x, y).layer("", shape));
        let kind = match w.kind {
            Kind::Plot(plot) => ExhibitKind::Plot(plot.into()),
            Kind::Table { columns, rows } => ExhibitKind::Table {
                columns,
                rows: rows.into_iter().map(|r| r.into_iter().map(Cell::from).collect()).collect(),
            },
            Kind::Svg { svg } => ExhibitKind::Svg(svg),
            Kind::Steps { points } => one(Shape::Steps(plain_pairs(points))),
            Kind::Line { points } => one(Shape::Line(plain_pairs(points))),
            Kind::Bars { bars } => one(Shape::Bars(plain_triples(bars))),
            Kind::Band { points } => one(Shape::Band(plain_triples(points))),
        };
        Self { title: w.title, kind }
    }
}

impl From<&Plot> for WirePlot {
    fn from(p: &Plot) -> Self {
        let axis = |a: &Axis| WireAxis { label: a.label.clone(), log: a.log };
        Self {
            x_axis: axis(&p.x),
            y_axis: axis(&p.y),
            layers: p
                .layers
                .iter()
                .map(|l| WireLayer { name: l.name.clone(), shape: (&l.shape).into() })
                .collect(),
            marks: p
                .marks
                .iter()
                .map(|m| WireMark { name: m.name.clone(), place: m.place.into() })
                .collect(),
        }
    }
}

impl From<WirePlot> for Plot {
    fn from(w: WirePlot) -> Self {
        let axis = |a: WireAxis| Axis { label: a.label, log: a.log };
        let layer = |l: WireLayer| Layer { name: l.name, shape: l.shape.into() };
        let mark = |m: WireMark| Mark { name: m.name, place: m.place.into() };
        Self {
            x: axis(w.x_axis),
            y: axis(w.y_axis),
            layers: w.layers.into_iter().map(layer).collect(),
            marks: w.marks.into_iter().map(mark).collect(),
        }
    }
}

impl From<&Shape> for WireShape {
    fn from(shape: &Shape) -> Self {
        match shape {
            Shape::Steps(p) => Self::Steps(pairs(p)),
            Shape::Line(p) => Self::Line(pairs(p)),
            Shape::Points(p) => Self::Points(pairs(p)),
            Shape::Bars(b) => Self::Bars(triples(b)),
            Shape::Band(b) => Self::Band(triples(b)),
        }
    }
}

impl From<WireShape> for Shape {
    fn from(w: WireShape) -> Self {
        match w {
            WireShape::Steps(p) => Self::Steps(plain_pairs(p)),
            WireShape::Line(p) => Self::Line(plain_pairs(p)),
            WireShape::Points(p) => Self::Points(plain_pairs(p)),
            WireShape::Bars(b) => Self::Bars(plain_triples(b)),
            WireShape::Band(b) => Self::Band(plain_triples(b)),
        }
    }
}

impl From<Place> for WirePlace {
    fn from(place: Place) -> Self {
        match place {
            Place::X(x) => Self::X(Number(x)),
            Place::Y(y) => Self::Y(Number(y)),
            Place::XBand(lo, hi) => Self::XBand(Number(lo), Number(hi)),
            Place::YBand(lo, hi) => Self::YBand(Number(lo), Number(hi)),
        }
    }
}

impl From<WirePlace> for Place {
    fn from(w: WirePlace) -> Self {
        match w {
            WirePlace::X(x) => Self::X(x.0),
            WirePlace::Y(y) => Self::Y(y.0),
            WirePlace::XBand(lo, hi) => Self::XBand(lo.0, hi.0),
            WirePlace::YBand(lo, hi) => Self::YBand(lo.0, hi.0),
        }
    }
}

impl From<&Cell> for WireCell {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Number(x) => Self::Number(Number(*x)),
            Cell::Count(n) => Self::Count(Count(*n)),
            Cell::Text(t) => Self::Text(t.clone()),
        }
    }
}

impl From<WireCell> for Cell {
    fn from(w: WireCell) -> Self {
        match w {
            WireCell::Number(x) => Self::Number(x.0),
            WireCell::Count(n) => Self::Count(n.0),
            WireCell::Text(t) => Self::Text(t),
        }
    }
}
