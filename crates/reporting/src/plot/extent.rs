//! What of a plot can be drawn, and how far its axes reach.

use tailproof_core::{Exhibit, Layer, Mark, Place, Plot, Shape};

use super::scale::{place, usable};

/// Most marks of a picture.
pub(crate) const MAX_MARKS: usize = 12;

/// How often the range of the data a mark may be away before it is an arrow at the edge.
const FAR: f64 = 4.0;

/// Smallest and largest number of an axis.
pub(crate) type Span = (f64, f64);

/// The layers that are drawn, with the numbers that tell them apart.
///
/// A band has the number of the layer that it belongs to: the next one where bands come first,
/// else the one before.
pub(crate) fn layers(plot: &Plot) -> impl Iterator<Item = (u8, &Layer)> {
    let band = |layer: &Layer| matches!(layer.shape, Shape::Band(_));
    let first = plot.layers.first().is_some_and(band);
    let others = plot.layers.iter().take(Exhibit::MAX_LAYERS).filter(|l| !band(l)).count() as u8;
    let mut next = 0_u8;
    plot.layers.iter().take(Exhibit::MAX_LAYERS).map(move |layer| {
        let n = match (band(layer), first) {
            (true, true) => next.min(others.saturating_sub(1)),
            (true, false) => next.saturating_sub(1),
            (false, _) => {
                next += 1;
                next - 1
            }
        };
        (n, layer)
    })
}

/// The marks that are drawn.
pub(crate) fn marks(plot: &Plot) -> impl Iterator<Item = &Mark> {
    plot.marks.iter().take(MAX_MARKS)
}

/// The points of a polygon that its axes can show.
pub(crate) fn points<'a>(
    plot: &Plot,
    all: &'a [(f64, f64)],
) -> impl Iterator<Item = (f64, f64)> + use<'a> {
    let (x_log, y_log) = (plot.x.log, plot.y.log);
    cut(all).iter().filter_map(move |&(x, y)| Some((usable(x, x_log)?, usable(y, y_log)?)))
}

/// The bars that the axes can show: from, to, height.
pub(crate) fn bars<'a>(
    plot: &Plot,
    all: &'a [(f64, f64, f64)],
) -> impl Iterator<Item = (f64, f64, f64)> + use<'a> {
    let (x_log, y_log) = (plot.x.log, plot.y.log);
    cut(all).iter().filter_map(move |&(from, to, height)| {
        Some((usable(from, x_log)?, usable(to, x_log)?, usable(height, y_log)?))
    })
}

/// The places of a band: x, lower and upper end; the ends may be infinite.
pub(crate) fn band<'a>(
    plot: &Plot,
    all: &'a [(f64, f64, f64)],
) -> impl Iterator<Item = (f64, f64, f64)> + use<'a> {
    let log = plot.x.log;
    let known = |&&(_, lo, hi): &&(f64, f64, f64)| !lo.is_nan() && !hi.is_nan();
    cut(all).iter().filter(known).filter_map(move |&(x, lo, hi)| Some((usable(x, log)?, lo, hi)))
}

/// How far the layers reach; `None` when nothing of them can be drawn.
pub(crate) fn extent(plot: &Plot) -> Option<(Span, Span)> {
    let (mut x, mut y) = (None, None);
    for (_, layer) in layers(plot) {
        match &layer.shape {
            Shape::Steps(all) | Shape::Line(all) | Shape::Points(all) => {
                for (a, b) in points(plot, all) {
                    grow(&mut x, Some(a));
                    grow(&mut y, Some(b));
                }
            }
            Shape::Bars(all) => {
                for (from, to, height) in bars(plot, all) {
                    grow(&mut x, Some(from));
                    grow(&mut x, Some(to));
                    grow(&mut y, Some(height));
                    grow(&mut y, usable(0.0, plot.y.log));
                }
            }
            Shape::Band(all) => {
                for (a, lo, hi) in band(plot, all) {
                    grow(&mut x, Some(a));
                    grow(&mut y, usable(lo, plot.y.log));
                    grow(&mut y, usable(hi, plot.y.log));
                }
            }
        }
    }
    let ends = |along_x: bool| -> Vec<f64> {
        let ends = marks(plot).flat_map(|mark| match (&mark.place, along_x) {
            (&Place::X(a), true) | (&Place::Y(a), false) => [a, a],
            (&Place::XBand(a, b), true) | (&Place::YBand(a, b), false) => [a, b],
            _ => [f64::NAN; 2],
        });
        ends.collect()
    };
    Some((reach(x?, &ends(true), plot.x.log), reach(y?, &ends(false), plot.y.log)))
}

/// `span` with the ends of marks that are not too far away.
fn reach(span: Span, ends: &[f64], log: bool) -> Span {
    let (lo, hi) = (place(span.0, log), place(span.1, log));
    let least = if log { 0.5 } else { hi.abs().max(lo.abs()) * 0.1 };
    let room = (hi - lo).max(least) * FAR;
    let near = |x: &f64| (lo - room..=hi + room).contains(&place(*x, log));
    let near = ends.iter().filter_map(|&x| usable(x, log)).filter(near);
    near.fold(span, |(lo, hi), x| (lo.min(x), hi.max(x)))
}

fn grow(span: &mut Option<Span>, x: Option<f64>) {
    if let Some(x) = x {
        let (lo, hi) = span.unwrap_or((x, x));
        *span = Some((lo.min(x), hi.max(x)));
    }
}

/// As many as an exhibit may hold and more, but not without end.
fn cut<T>(all: &[T]) -> &[T] {
    &all[..all.len().min(16 * Exhibit::MAX_POINTS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: Vec<(f64, f64)>) -> Plot {
        Plot::new("x", "y").layer("", Shape::Line(points))
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        let plot = line(vec![(1.0, 2.0), (f64::NAN, 9.0), (3.0, f64::INFINITY), (5.0, 4.0)]);
        assert_eq!(extent(&plot), Some(((1.0, 5.0), (2.0, 4.0))));
        assert_eq!(extent(&line(vec![(f64::NAN, 1.0)])), None);
        assert_eq!(extent(&line(vec![(-1.0, 1.0)]).log_x()), None);
        let band = Shape::Band(vec![(1.0, f64::NEG_INFINITY, 2.0), (2.0, 1.0, f64::INFINITY)]);
        assert_eq!(extent(&Plot::new("x", "y").layer("", band)), Some(((1.0, 2.0), (1.0, 2.0))));
    }

    #[test]
    fn a_band_looks_like_what_it_belongs_to() {
        let numbers = |shapes: &[bool]| -> Vec<u8> {
            let plot = shapes.iter().fold(Plot::new("x", "y"), |plot, &band| {
                plot.layer("", if band { Shape::Band(vec![]) } else { Shape::Line(vec![]) })
            });
            layers(&plot).map(|(n, _)| n).collect()
        };
        assert_eq!(numbers(&[true, false, true, false, true]), [0, 0, 1, 1, 1]);
        assert_eq!(numbers(&[false, true, false, true]), [0, 0, 1, 1]);
        assert_eq!(numbers(&[true, true]), [0, 0]);
    }

    #[test]
    fn marks_widen_the_axis_unless_they_are_far_away() {
        let plot = line(vec![(100.0, 0.0), (120.0, 1.0)]);
        let near = plot.clone().mark("target", Place::X(150.0));
        assert_eq!(extent(&near).unwrap().0, (100.0, 150.0));
        let far = plot.clone().mark("target", Place::X(5e6)).mark("", Place::X(f64::INFINITY));
        assert_eq!(extent(&far).unwrap().0, (100.0, 120.0));
        let half = plot.mark("", Place::YBand(f64::NEG_INFINITY, 1.5));
        assert_eq!(extent(&half).unwrap().1, (0.0, 1.5));
    }
}
