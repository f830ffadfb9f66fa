//! What data covers, so that words stand elsewhere.

use plotters::coord::CoordTranslate;
use tailproof_core::{Plot, Shape};

use super::extent::{band, bars, layers, points};
use super::layout::{Area, Mark};

/// Places that data covers, close enough to each other for a word to notice.
pub(crate) fn covered(plot: &Plot, marks: &[Mark], area: &Area) -> Vec<(i32, i32)> {
    let mut out = Vec::new();
    for mark in marks.iter().filter(|mark| mark.from.0 == mark.to.0) {
        between(mark.from, mark.to, &mut out);
    }
    for (_, layer) in layers(plot) {
        let mut before = None;
        let mut to = |at: (i32, i32), joined: bool| {
            if let Some(from) = before.filter(|_| joined) {
                between(from, at, &mut out);
            }
            out.push(at);
            before = Some(at);
        };
        match &layer.shape {
            Shape::Steps(all) | Shape::Line(all) => {
                points(plot, all).for_each(|p| to(area.translate(&p), true));
            }
            Shape::Points(all) => {
                points(plot, all).for_each(|p| to(area.translate(&p), false));
            }
            Shape::Bars(all) => bars(plot, all).for_each(|(from, end, height)| {
                to(area.translate(&(from, height)), true);
                to(area.translate(&(end, height)), true);
            }),
            Shape::Band(all) => band(plot, all).for_each(|(x, lo, hi)| {
                to(area.translate(&(x, lo)), false);
                to(area.translate(&(x, hi)), true);
            }),
        }
    }
    out
}

/// Places on the way, some 30 units from each other.
fn between(from: (i32, i32), to: (i32, i32), out: &mut Vec<(i32, i32)>) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let count = dx.abs().max(dy.abs()) / 30;
    out.extend((1..=count).map(|i| (from.0 + dx * i / (count + 1), from.1 + dy * i / (count + 1))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::scale::Scale;

    #[test]
    fn lines_cover_their_way_and_dots_their_places() {
        let scale = || Scale::new((0.0, 10.0), false, false, 6);
        let area = Area::new(scale(), scale(), (0..1_000, 0..1_000));
        let ends = vec![(0.0, 0.0), (10.0, 10.0)];
        let dots = Plot::new("x", "y").layer("", Shape::Points(ends.clone()));
        assert_eq!(covered(&dots, &[], &area), [(0, 0), (1_000, 1_000)]);
        let line = Plot::new("x", "y").layer("", Shape::Line(ends));
        let places = covered(&line, &[], &area);
        assert!(places.len() > 30 && places.contains(&(0, 0)), "{places:?}");
        let pole = Mark { from: (50, 0), to: (50, 90) };
        assert_eq!(covered(&Plot::new("x", "y"), &[pole], &area).len(), 3);
    }
}
