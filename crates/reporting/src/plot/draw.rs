//! Draws a layout on any of plotters' backends.

use plotters::coord::cartesian::MeshLine;
use plotters::coord::{CoordTranslate, Shift};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, TextStyle};
use plotters_backend::DrawingBackend;
use tailproof_core::{Plot, Shape};

use super::extent::{Look, band, bars, cumulative, layers, points};
use super::ink::Ink;
use super::layout::{Area, Layout};
use super::text::SIZE;

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// Draws from back to front: bands of marks, grid, layers, lines of marks, words.
pub(crate) fn draw<B: DrawingBackend>(backend: B, layout: &Layout<'_>) -> Drawn<B> {
    let root = DrawingArea::from(backend);
    if let Some(area) = &layout.area {
        for mark in layout.marks.iter().filter(|m| m.from.0 != m.to.0 && m.from.1 != m.to.1) {
            root.draw(&Rectangle::new([mark.from, mark.to], Ink::Interval.style()))?;
        }
        let chart = root.apply_coord_spec(area.clone());
        grid(&chart, layout)?;
        // What covers more is drawn first.
        for rank in 0..3 {
            for (at, (look, layer)) in layers(layout.plot).enumerate() {
                if rank == depth(&layer.shape) {
                    if let Some(place) = layout.keys.get(at).copied().flatten() {
                        key(&root, place, look, &layer.shape)?;
                    }
                    shape(&root, &chart, layout, look, &layer.shape)?;
                }
            }
        }
        axis(&root, area, layout)?;
        for mark in layout.marks.iter().filter(|m| m.from.0 == m.to.0 || m.from.1 == m.to.1) {
            root.draw(&PathElement::new(vec![mark.from, mark.to], Ink::Target.style()))?;
        }
        for &(from, to) in &layout.leaders {
            root.draw(&PathElement::new(vec![from, to], Ink::Leader.style()))?;
        }
    }
    let font = FontDesc::new(FontFamily::SansSerif, f64::from(SIZE), FontStyle::Normal);
    let mut style = TextStyle::from(font);
    for words in &layout.words {
        style.color = words.ink.color();
        style.pos = Pos::new(words.anchor, VPos::Bottom);
        root.draw_text(&words.text, &style, words.at)?;
    }
    root.present()
}

/// Horizontal lines at the ticks, the one at zero stronger.
fn grid<B: DrawingBackend>(chart: &DrawingArea<B, Area>, layout: &Layout<'_>) -> Drawn<B> {
    let bottom = layout.y.1;
    let (axis, grid) = (Ink::Axis.style(), Ink::Grid.style());
    let zero = if layout.plot.y.log { bottom } else { chart.map_coordinate(&(0.0, 0.0)).1 };
    let draw = |backend: &mut B, line: MeshLine<'_, _, _>| match line {
        MeshLine::YMesh((_, y), _, _) if y != bottom => {
            line.draw(backend, if y == zero { &axis } else { &grid })
        }
        _ => Ok(()),
    };
    chart.draw_mesh(draw, 0, 0)
}

/// The horizontal axis with its ticks.
fn axis<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    area: &Area,
    layout: &Layout<'_>,
) -> Drawn<B> {
    let ((left, right), y) = (layout.x, layout.y.1);
    let style = Ink::Axis.style();
    root.draw(&PathElement::new(vec![(left, y), (right, y)], style))?;
    area.x_spec().ticks().iter().try_for_each(|&x| {
        let x = area.translate(&(x, 0.0)).0;
        root.draw(&PathElement::new(vec![(x, y), (x, y + 10)], style))
    })
}

fn depth(shape: &Shape) -> u8 {
    match shape {
        Shape::Band(_) => 0,
        Shape::Bars(_) => 1,
        _ => 2,
    }
}

/// The sample of a layer in the legend.
fn key<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    (x, y): (i32, i32),
    Look { n, kind }: Look,
    shape: &Shape,
) -> Drawn<B> {
    let block = [(x, y - 14), (x + 64, y + 14)];
    match shape {
        Shape::Steps(_) | Shape::Line(_) => {
            root.draw(&PathElement::new(vec![(x, y), (x + 64, y)], Ink::Line(n).style()))
        }
        Shape::Points(_) => root.draw(&Circle::new((x + 32, y), 8, Ink::Dot(n).style())),
        Shape::Bars(_) => root.draw(&Rectangle::new(block, Ink::Bar(n).style())),
        Shape::Band(_) => root.draw(&Rectangle::new(block, Ink::Band(n, kind).style())),
    }
}

fn shape<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    chart: &DrawingArea<B, Area>,
    layout: &Layout<'_>,
    Look { n, kind }: Look,
    shape: &Shape,
) -> Drawn<B> {
    let plot = layout.plot;
    match shape {
        Shape::Steps(all) => chart.draw(&PathElement::new(steps(plot, all), Ink::Line(n).style())),
        Shape::Line(all) => {
            let path: Vec<_> = points(plot, all).collect();
            chart.draw(&PathElement::new(path, Ink::Line(n).style()))
        }
        Shape::Points(all) => points(plot, all)
            .try_for_each(|point| chart.draw(&Circle::new(point, 8, Ink::Dot(n).style()))),
        Shape::Bars(all) => {
            bars(plot, all).filter(|b| b.2 != 0.0).try_for_each(|(from, to, height)| {
                let corners = [(from.min(to), 0.0), (from.max(to), height)]
                    .map(|at| chart.map_coordinate(&at));
                root.draw(&Rectangle::new(bar(corners), Ink::Bar(n).style()))
            })
        }
        Shape::Band(all) => {
            let (mut outline, mut back) = (Vec::with_capacity(2 * all.len()), Vec::new());
            for (x, lo, hi) in band(plot, all) {
                outline.push((x, hi));
                back.push((x, lo));
            }
            outline.extend(back.into_iter().rev());
            chart.draw(&Polygon::new(outline, Ink::Band(n, kind).style()))
        }
    }
}

/// The corners of steps, on to the right end of the axis; of a distribution function also what
/// is before its first x.
fn steps(plot: &Plot, all: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut path: Vec<(f64, f64)> = Vec::with_capacity(2 * all.len() + 3);
    // What is beyond an axis is drawn at its end.
    if cumulative(plot, all) {
        path.push((f64::MIN, 0.0));
    }
    for (x, y) in points(plot, all) {
        path.extend(path.last().map(|before| (x, before.1)));
        path.push((x, y));
    }
    path.extend(path.last().map(|last| (f64::MAX, last.1)));
    path
}

/// A bar that can be seen however thin or low it is, and that does not touch a wide one beside it.
fn bar([(left, zero), (right, top)]: [(i32, i32); 2]) -> [(i32, i32); 2] {
    /// Two pixels of a page.
    const LEAST: i32 = 6;
    let (left, right) = match right - left {
        0..LEAST => {
            let left = i32::midpoint(left, right) - LEAST / 2;
            (left, left + LEAST)
        }
        12.. => (left + 1, right - 1),
        _ => (left, right),
    };
    let top = if (zero - top).abs() < 3 { zero + if top > zero { 3 } else { -3 } } else { top };
    [(left, zero), (right, top)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_function_rises_from_zero_and_goes_on() {
        let ends = (f64::MIN, f64::MAX);
        let one = vec![(5.0, 1.0)];
        let ecdf = Plot::new("x", "y").layer("", Shape::Steps(one.clone()));
        assert_eq!(steps(&ecdf, &one), [(ends.0, 0.0), (5.0, 0.0), (5.0, 1.0), (ends.1, 1.0)]);
        let level = ecdf.layer("", Shape::Points(one.clone()));
        assert_eq!(steps(&level, &one), [(5.0, 1.0), (ends.1, 1.0)]);
        assert!(steps(&level, &[]).is_empty() && steps(&Plot::new("x", "y"), &[]).is_empty());
    }

    #[test]
    fn every_bar_can_be_seen() {
        assert_eq!(bar([(50, 90), (50, 20)]), [(47, 90), (53, 20)]);
        assert_eq!(bar([(50, 90), (80, 90)]), [(51, 90), (79, 87)]);
        assert_eq!(bar([(50, 90), (58, 92)]), [(50, 90), (58, 93)]);
    }
}
