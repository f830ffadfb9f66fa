use tailproof_core::descriptive::median;
use tailproof_core::{Exhibit, Mark, Objective, Order, Place, Plot, Sample, Series, Shape};

use super::clock::Clock;
use super::marks::{Marks, promised_shares, put};

/// Windows of the picture.
const WINDOWS: usize = Exhibit::MAX_POINTS;
/// Observations of which medians are taken, in all.
const LOOKED_AT: usize = 1 << 14;

/// One window of the picture.
#[derive(Clone, Debug)]
struct Window {
    from: u64,
    to: u64,
    lo: f64,
    hi: f64,
    some: Vec<f64>,
    /// Observations until the next of `some`.
    skip: usize,
}

impl Window {
    const fn new() -> Self {
        let (lo, hi) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { from: u64::MAX, to: 0, lo, hi, some: Vec::new(), skip: 0 }
    }

    fn add(&mut self, ticks: u64, x: f64, stride: usize) {
        (self.from, self.to) = (self.from.min(ticks), self.to.max(ticks));
        (self.lo, self.hi) = (self.lo.min(x), self.hi.max(x));
        if self.skip == 0 {
            self.some.push(x);
            self.skip = stride;
        }
        self.skip -= 1;
    }
}

/// The observations as they came: smallest, largest and median of at most 64 windows.
///
/// Windows are equally many observations, or equally long where there are times; a window in
/// which nothing was observed is left out. Smallest and largest are those of all observations;
/// the median is that of every k-th where there are more than 16 384, which its name says. Up to
/// 64 observations are drawn one by one.
///
/// `None` when the order of the observations is not that of time.
pub(super) fn timeline(
    series: &Series,
    sample: &Sample,
    log: bool,
    marks: &Marks,
    axis: &str,
) -> Option<Exhibit> {
    let (values, n) = (sample.values(), sample.len());
    let clock = Clock::new(series.time.as_deref(), n);
    if n < 2 || !(clock.is_timed() || sample.order() == Order::Time) {
        return None;
    }
    let plot = Plot::new(clock.label(), axis);
    let mut plot = if log { plot.log_y() } else { plot };
    if n <= WINDOWS {
        let at = |i: usize| clock.middle(clock.ticks(i), clock.ticks(i), n);
        let mut points: Vec<(f64, f64)> =
            values.iter().enumerate().map(|(i, &x)| (at(i), x)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        plot = plot.layer("", Shape::Points(points));
    } else {
        let stride = n.div_ceil(LOOKED_AT);
        let mut windows = vec![Window::new(); WINDOWS];
        let scale = clock.scale(WINDOWS);
        for (i, &x) in values.iter().enumerate() {
            let ticks = clock.ticks(i);
            let window = ((ticks as f64 * scale) as usize).min(WINDOWS - 1);
            windows[window].add(ticks, x, stride);
        }
        let (mut band, mut line) = (Vec::new(), Vec::new());
        for Window { from, to, lo, hi, some, .. } in windows {
            let Ok(some) = Sample::new(some) else { continue };
            let at = clock.middle(from, to, WINDOWS);
            band.push((at, lo, hi));
            line.push((at, median(&some)));
        }
        let name = match stride {
            1 => "median".to_owned(),
            _ => format!("median (one observation in {stride})"),
        };
        plot = plot.layer("smallest to largest", Shape::Band(band));
        plot = plot.layer(name, Shape::Line(line));
    }
    Some(Exhibit::plot("Observations over time", marks.targets_on_y(plot)))
}

/// The share of good events in each of at most 64 groups of neighbouring windows.
///
/// ```text
/// good/total of the events of a group; a group without events is left out
/// ```
/// `None` for a single window.
pub(super) fn ratios(
    series: &Series,
    events: &[(u64, u64)],
    objectives: &[&Objective],
) -> Option<Exhibit> {
    if events.len() < 2 {
        return None;
    }
    let rising = series.time.as_deref().filter(|time| time.is_sorted());
    let clock = Clock::new(rising, events.len());
    let size = events.len().div_ceil(WINDOWS);
    let point = |(group, events): (usize, &[(u64, u64)])| {
        let sum = |of: fn(&(u64, u64)) -> u64| events.iter().map(|e| of(e) as f64).sum::<f64>();
        let (good, total) = (sum(|e| e.0), sum(|e| e.1));
        let (from, to) = (group * size, group * size + events.len() - 1);
        let at = clock.middle(clock.ticks(from), clock.ticks(to), WINDOWS);
        (total > 0.0).then_some((at, good / total))
    };
    let line: Vec<(f64, f64)> = events.chunks(size).enumerate().filter_map(point).collect();
    let label = if clock.is_timed() { clock.label() } else { "window".to_owned() };
    let plot = Plot::new(label, "share of good events").layer("", Shape::Line(line));
    let marks = objectives.iter().flat_map(|objective| promised_shares(objective));
    let marks = marks.map(|(name, share)| Mark { name, place: Place::Y(share) });
    Some(Exhibit::plot("Good events over time", put(plot, marks)))
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Metric, Observations, Raw};

    use super::*;

    fn layers(exhibit: Option<Exhibit>) -> Vec<Shape> {
        let Some(ExhibitKind::Plot(plot)) = exhibit.map(|e| e.kind) else { return Vec::new() };
        plot.layers.into_iter().map(|layer| layer.shape).collect()
    }

    fn drawn(sample: &Sample, time: Option<Vec<i64>>) -> Vec<Shape> {
        let raw = Observations::Raw(Raw::complete(sample.clone()));
        let series = Series { time, ..Series::new(Metric::new("latency", None), raw) };
        layers(timeline(&series, sample, false, &Marks::default(), "latency"))
    }

    fn wave(n: usize) -> Sample {
        let mut values: Vec<f64> = (0..n).map(|i| (i % 10) as f64).collect();
        values[n / 2] = 1e6;
        Sample::new(values).unwrap()
    }

    #[test]
    fn a_spike_is_never_left_out() {
        for n in [65, 1_000, 100_000] {
            let found = drawn(&wave(n).in_time_order(), None);
            let [Shape::Band(band), Shape::Line(line)] = &found[..] else { panic!("{found:?}") };
            assert!(band.len() <= 64 && line.len() == band.len());
            assert_eq!(band.iter().filter(|b| b.2 == 1e6).count(), 1, "{n}");
            assert!(band.windows(2).all(|w| w[0].0 < w[1].0), "{n} {band:?}");
        }
    }

    #[test]
    fn windows_of_time_may_be_empty_and_in_any_order() {
        // Two bursts, an hour apart, the later one first.
        let time = (0..200).map(|i: i64| if i < 100 { 3_600_000_000_000 + i } else { i });
        let found = drawn(&wave(200), Some(time.collect()));
        let [Shape::Band(band), Shape::Line(_)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(band.len(), 2);
        assert_eq!((band[0].2, band[1].2), (1e6, 9.0));
    }

    #[test]
    fn few_are_points_and_no_order_is_no_picture() {
        let found = drawn(&wave(20).in_time_order(), None);
        let [Shape::Points(points)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((points.len(), points[0], points[19]), (20, (1.0, 0.0), (20.0, 9.0)));
        assert!(drawn(&wave(20), None).is_empty());
    }

    #[test]
    fn ratios_are_those_of_all_events() {
        let events: Vec<(u64, u64)> = (0..200).map(|i| (i % 2, 1)).chain([(0, 0)]).collect();
        let series =
            Series::new(Metric::new("requests", None), Observations::Events(events.clone()));
        let found = layers(ratios(&series, &events, &[&"ratio >= 50%".parse().unwrap()]));
        let [Shape::Line(line)] = &found[..] else { panic!("{found:?}") };
        assert!(line.len() <= 64 && line[1..].iter().any(|p| p.1 == 0.5), "{line:?}");
        assert_eq!(ratios(&series, &events[..1], &[]), None);
    }
}
