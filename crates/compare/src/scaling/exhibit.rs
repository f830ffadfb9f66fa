//! What the pictures of curves have in common.

use tailproof_core::{Exhibit, Level, Plot, Shape, descriptive};

use super::{Curve, Estimate};

/// Adds what a fit expects between two ends: its pointwise interval and its line.
pub(super) fn fitted(
    plot: Plot,
    name: &str,
    level: Level,
    (from, to): (f64, f64),
    at: impl Fn(f64) -> Estimate,
) -> Plot {
    const LAST: usize = Exhibit::MAX_POINTS - 1;
    let share = |i: usize| i as f64 / LAST as f64;
    let place = |i: usize| from * (1.0 - share(i)) + to * share(i);
    let all: Vec<(f64, Estimate)> = (0..=LAST).map(|i| (place(i), at(place(i)))).collect();
    let bounded = all.iter().filter(|(_, e)| e.lo.is_finite() && e.hi.is_finite());
    let band: Vec<(f64, f64, f64)> = bounded.map(|&(x, e)| (x, e.lo, e.hi)).collect();
    let line = all.iter().filter(|(_, e)| e.value.is_finite()).map(|&(x, e)| (x, e.value));
    let line = Shape::Line(line.collect());
    plot.layer(format!("{name}, {level} interval"), Shape::Band(band)).layer(name, line)
}

/// The medians of a curve, at most as many as an exhibit holds.
pub(super) fn medians(curve: &Curve) -> Vec<(f64, f64)> {
    let median = |i: usize| (curve.points[i].x, descriptive::median(&curve.points[i].values));
    picked(curve.points.len()).map(median).collect()
}

/// At most 64 of so many indices, evenly, with both ends.
pub(super) fn picked(n: usize) -> impl Iterator<Item = usize> {
    let count = n.min(Exhibit::MAX_POINTS);
    (0..count).map(move |i| i * (n - 1) / (count - 1).max(1))
}

/// Adds the speed-up of workers that are never in the way of one another, as far as the measured
/// ones come near it: beyond, it would leave no room for them.
pub(super) fn perfect(plot: Plot, base: f64, to: f64, measured: &[(f64, f64)]) -> Plot {
    let most = measured.iter().map(|p| p.1).fold(1.0, f64::max);
    let end = to.min(1.5 * most * base);
    plot.layer("perfect", Shape::Line(vec![(base, 1.0), (end, end / base)]))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::noisy;
    use super::*;

    #[test]
    fn fits_are_drawn_from_end_to_end_and_only_where_they_are_bounded() {
        let at = |x: f64| Estimate {
            value: x,
            lo: x - 1.0,
            hi: if x > 5.0 { f64::INFINITY } else { x + 1.0 },
        };
        let plot = fitted(Plot::new("size", "time"), "fit", Level::P95, (1.0, 9.0), at);
        let [band, line] = plot.layers.as_slice() else { panic!("two layers") };
        assert_eq!((band.name.as_str(), line.name.as_str()), ("fit, 95 % interval", "fit"));
        let Shape::Line(points) = &line.shape else { panic!("a line") };
        assert_eq!((points[0], points[63]), ((1.0, 1.0), (9.0, 9.0)));
        let Shape::Band(ends) = &band.shape else { panic!("a band") };
        assert!(ends.len() == 32 && ends.iter().all(|e| e.2 <= 6.0), "{}", ends.len());
    }

    #[test]
    fn many_sizes_are_thinned_with_both_ends() {
        let xs: Vec<f64> = (1..=200).map(f64::from).collect();
        let all = medians(&noisy(&xs, 1, 0.0, 0, |x| x));
        assert_eq!((all.len(), all[0].0, all[63].0), (64, 1.0, 200.0));
        assert_eq!(picked(1).collect::<Vec<_>>(), [0]);
        assert_eq!(picked(0).count(), 0);
    }

    #[test]
    fn perfection_ends_near_what_was_measured() {
        let plot = perfect(Plot::new("workers", "speed-up"), 2.0, 512.0, &[(512.0, 4.0)]);
        assert_eq!(plot.layers[0].shape, Shape::Line(vec![(2.0, 1.0), (12.0, 6.0)]));
    }
}
