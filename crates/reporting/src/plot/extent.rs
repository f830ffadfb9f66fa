//! What of a plot can be drawn, and how far its axes reach.

use tailproof_core::{Exhibit, Layer, Mark, Place, Plot, Shape};

use super::scale::{beyond, place, usable};

/// Most marks of a picture.
pub(crate) const MAX_MARKS: usize = 12;

/// How often the range of the data a mark may be away before it is an arrow at the edge.
const FAR: f64 = 4.0;

/// Smallest and largest number of an axis.
pub(crate) type Span = (f64, f64);

/// What tells a layer from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Its number, for colour and dashes.
    pub n: u8,
    /// For bands of one colour: plain, or with one of three outlines.
    pub kind: u8,
}

/// The layers that are drawn, and how they look.
///
/// A band has the number of the layer that it belongs to: the next one where bands come first,
/// else the one before. More than two bands of one layer are numbered by themselves. Bands of
/// one colour differ by kind.
pub(crate) fn layers(plot: &Plot) -> impl Iterator<Item = (Look, &Layer)> {
    let all = &plot.layers[..plot.layers.len().min(Exhibit::MAX_LAYERS)];
    let owners = owners(all);
    let mut seen: Vec<u8> = Vec::new();
    all.iter().enumerate().map(move |(at, layer)| {
        let owner = owners[at];
        if !is_band(layer) {
            return (Look { n: owner, kind: 0 }, layer);
        }
        let siblings = |to: usize| (0..to).filter(|&i| is_band(&all[i]) && owners[i] == owner);
        let many = siblings(all.len()).count() > 2;
        let n = if many { siblings(at).count() as u8 } else { owner };
        let kind = seen.iter().filter(|&&m| m % 4 == n % 4).count().min(3) as u8;
        seen.push(n);
        (Look { n, kind }, layer)
    })
}

/// For each layer its number, for each band the number of the layer that it belongs to.
fn owners(all: &[Layer]) -> Vec<u8> {
    let first = all.first().is_some_and(is_band);
    let others = all.iter().filter(|l| !is_band(l)).count() as u8;
    let mut next = 0_u8;
    let number = |layer| match (is_band(layer), first) {
        (true, true) => next.min(others.saturating_sub(1)),
        (true, false) => next.saturating_sub(1),
        (false, _) => {
            next += 1;
            next - 1
        }
    };
    all.iter().map(number).collect()
}

fn is_band(layer: &Layer) -> bool {
    matches!(layer.shape, Shape::Band(_))
}

/// Whether steps are a distribution function, which is 0 before its first x: shares or percents
/// that never fall, in a plot of nothing but steps and bands.
pub(crate) fn cumulative(plot: &Plot, all: &[(f64, f64)]) -> bool {
    let alone = |layer: &Layer| matches!(layer.shape, Shape::Steps(_) | Shape::Band(_));
    let rising = || points(plot, all).map(|p| p.1);
    let shares = rising().all(|y| (0.0..=1.0).contains(&y));
    let percents =
        || rising().all(|y| (0.0..=100.0).contains(&y)) && rising().last() == Some(100.0);
    let some = rising().next().is_some();
    some && plot.layers.iter().all(alone) && rising().is_sorted() && (shares || percents())
}

/// Which axes, across and up, show whole numbers only: counts, runs, ranks.
pub(crate) fn whole(plot: &Plot) -> (bool, bool) {
    let is = |x: f64| x.fract() == 0.0;
    let mut both = (true, true);
    for (_, layer) in layers(plot) {
        let (across, up) = match &layer.shape {
            Shape::Steps(all) | Shape::Line(all) | Shape::Points(all) => {
                (points(plot, all).all(|p| is(p.0)), false)
            }
            // The ends of bars are between the numbers that they count.
            Shape::Bars(all) => (false, bars(plot, all).all(|b| is(b.2))),
            Shape::Band(all) => (band(plot, all).all(|b| is(b.0)), false),
        };
        both = (both.0 && across, both.1 && up);
    }
    both
}

/// Whether numbers are beyond what the axes can show, so that they are drawn at their ends.
pub(crate) fn clipped(plot: &Plot) -> bool {
    let x = |x: f64| beyond(x, plot.x.log);
    let y = |y: f64| beyond(y, plot.y.log);
    let layer = |(_, layer): (Look, &Layer)| match &layer.shape {
        Shape::Steps(all) | Shape::Line(all) | Shape::Points(all) => {
            cut(all).iter().any(|p| x(p.0) || y(p.1))
        }
        Shape::Bars(all) => cut(all).iter().any(|b| x(b.0) || x(b.1) || y(b.2)),
        Shape::Band(all) => cut(all).iter().any(|b| x(b.0) || y(b.1) || y(b.2)),
    };
    layers(plot).any(layer)
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
                if matches!(layer.shape, Shape::Steps(_)) && y.is_some() && cumulative(plot, all) {
                    grow(&mut y, usable(0.0, plot.y.log));
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
    fn a_band_looks_like_what_it_belongs_to_and_not_like_another() {
        let looks = |shapes: &[bool]| -> Vec<(u8, u8)> {
            let plot = shapes.iter().fold(Plot::new("x", "y"), |plot, &band| {
                plot.layer("", if band { Shape::Band(vec![]) } else { Shape::Line(vec![]) })
            });
            layers(&plot).map(|(look, _)| (look.n, look.kind)).collect()
        };
        assert_eq!(looks(&[false, true, false, true]), [(0, 0), (0, 0), (1, 0), (1, 0)]);
        assert_eq!(looks(&[true, true, false]), [(0, 0), (0, 1), (0, 0)]);
        assert_eq!(looks(&[true, false, true, true]), [(0, 0), (0, 0), (1, 0), (2, 0)]);
        let mut bands = looks(&[true; 8]);
        bands.sort_unstable_by_key(|&(n, kind)| (n % 4, kind));
        bands.dedup_by_key(|&mut (n, kind)| (n % 4, kind));
        assert_eq!(bands.len(), 8);
    }

    #[test]
    fn distribution_functions_begin_at_zero_and_levels_do_not() {
        let steps = |all: Vec<(f64, f64)>| Plot::new("x", "y").layer("", Shape::Steps(all));
        assert_eq!(extent(&steps(vec![(5.0, 1.0)])), Some(((5.0, 5.0), (0.0, 1.0))));
        assert_eq!(extent(&steps(vec![(5.0, 40.0), (6.0, 100.0)])).unwrap().1, (0.0, 100.0));
        assert_eq!(extent(&steps(vec![(5.0, 40.0), (6.0, 30.0)])).unwrap().1, (30.0, 40.0));
        let level = steps(vec![(0.0, 0.5), (9.0, 0.5)]);
        assert_eq!(extent(&level).unwrap().1, (0.0, 0.5));
        let history = level.layer("", Shape::Points(vec![(0.0, 0.6)]));
        assert_eq!(extent(&history).unwrap().1, (0.5, 0.6));
    }

    #[test]
    fn counts_are_whole_and_clipped_numbers_are_noticed() {
        let runs = line(vec![(1.0, 0.5), (2.0, 1.5)]);
        assert_eq!(whole(&runs), (true, false));
        assert_eq!(whole(&line(vec![(1.5, 1.0)])), (false, false));
        let bars = Plot::new("x", "y").layer("", Shape::Bars(vec![(1.0, 2.0, 3.0)]));
        assert_eq!(whole(&bars), (false, true));
        assert!(!clipped(&runs) && clipped(&line(vec![(1.0, 1e305)])));
        assert!(!clipped(&line(vec![(5e-324, f64::INFINITY)])));
        assert!(clipped(&line(vec![(5e-324, 1.0)]).log_x()));
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
