use serde::{Deserialize, Serialize};
use tailproof_core::{Cell, Exhibit, ExhibitKind};

use super::number::{Count, Number};

/// An exhibit in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wire {
    title: String,
    x: String,
    y: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Steps { points: Vec<(Number, Number)> },
    Line { points: Vec<(Number, Number)> },
    Bars { bars: Vec<(Number, Number, Number)> },
    Band { points: Vec<(Number, Number, Number)> },
    Table { columns: Vec<String>, rows: Vec<Vec<WireCell>> },
    Svg { svg: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
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

impl From<&Exhibit> for Wire {
    fn from(e: &Exhibit) -> Self {
        let kind = match &e.kind {
            ExhibitKind::Steps(p) => Kind::Steps { points: pairs(p) },
            ExhibitKind::Line(p) => Kind::Line { points: pairs(p) },
            ExhibitKind::Bars(b) => Kind::Bars { bars: triples(b) },
            ExhibitKind::Band(p) => Kind::Band { points: triples(p) },
            ExhibitKind::Table { columns, rows } => Kind::Table {
                columns: columns.clone(),
                rows: rows
                    .iter()
                    .map(|row| {
                        row.iter()
                            .map(|cell| match cell {
                                Cell::Number(x) => WireCell::Number(Number(*x)),
                                Cell::Count(n) => WireCell::Count(Count(*n)),
                                Cell::Text(t) => WireCell::Text(t.clone()),
                            })
                            .collect()
                    })
                    .collect(),
            },
            ExhibitKind::Svg(svg) => Kind::Svg { svg: svg.clone() },
            other => unreachable!("an exhibit that this version does not know: {other:?}"),
        };
        Self { title: e.title.clone(), x: e.x.clone(), y: e.y.clone(), kind }
    }
}

impl From<Wire> for Exhibit {
    fn from(w: Wire) -> Self {
        let pairs = |p: Vec<(Number, Number)>| p.into_iter().map(|(a, b)| (a.0, b.0)).collect();
        let triples = |p: Vec<(Number, Number, Number)>| {
            p.into_iter().map(|(a, b, c)| (a.0, b.0, c.0)).collect()
        };
        let kind = match w.kind {
            Kind::Steps { points } => ExhibitKind::Steps(pairs(points)),
            Kind::Line { points } => ExhibitKind::Line(pairs(points)),
            Kind::Bars { bars } => ExhibitKind::Bars(triples(bars)),
            Kind::Band { points } => ExhibitKind::Band(triples(points)),
            Kind::Table { columns, rows } => ExhibitKind::Table {
                columns,
                rows: rows
                    .into_iter()
                    .map(|row| {
                        row.into_iter()
                            .map(|cell| match cell {
                                WireCell::Number(x) => Cell::Number(x.0),
                                WireCell::Count(n) => Cell::Count(n.0),
                                WireCell::Text(t) => Cell::Text(t),
                            })
                            .collect()
                    })
                    .collect(),
            },
            Kind::Svg { svg } => ExhibitKind::Svg(svg),
        };
        Self { title: w.title, x: w.x, y: w.y, kind }
    }
}
