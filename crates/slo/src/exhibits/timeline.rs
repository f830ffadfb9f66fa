use tailproof_core::descriptive::median;
use tailproof_core::{Exhibit, Mark, Objective, Order, Place, Plot, Sample, Series, Shape, number};

use super::clock::Clock;
use super::marks::{Marks, percentage, promised_shares, put};

/// Windows of the picture.
const WINDOWS: usize = Exhibit::MAX_POINTS;
/// One window of the picture.
#[derive(Clone, Debug)]
struct Window {
    from: u64,
    to: u64,
    values: Vec<f64>,
}

/// The observations as they came: smallest, largest and median of at most 64 windows, exact.
///
/// Windows are equally many observations, or equally long where there are times; a window in
/// which nothing was observed is left out. Up to 64 observations are drawn one by one. On a
/// logarithmic axis only positive ones are, and the title says how many are not.
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
    let drawn = || values.iter().enumerate().filter(move |(_, x)| !log || **x > 0.0);
    let plot = Plot::new(clock.label(), axis);
    let mut plot = if log { plot.log_y() } else { plot };
    if n <= WINDOWS {
        let at = |i: usize| clock.middle(clock.ticks(i), clock.ticks(i), n);
        let mut points: Vec<(f64, f64)> = drawn().map(|(i, &x)| (at(i), x)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        plot = plot.layer("", Shape::Points(points));
    } else {
        let mut windows = vec![Window { from: u64::MAX, to: 0, values: Vec::new() }; WINDOWS];
        let scale = clock.scale(WINDOWS);
        for (i, &x) in drawn() {
            let ticks = clock.ticks(i);
            let window = &mut windows[((ticks as f64 * scale) as usize).min(WINDOWS - 1)];
            (window.from, window.to) = (window.from.min(ticks), window.to.max(ticks));
            window.values.push(x);
        }
        let (mut band, mut line) = (Vec::new(), Vec::new());
        for Window { from, to, values } in windows {
            let Ok(values) = Sample::new(values) else { continue };
            let at = clock.middle(from, to, WINDOWS);
            let (lo, hi) = values.range();
            band.push((at, lo, hi));
            line.push((at, median(&values)));
        }
        plot = plot.layer("smallest to largest", Shape::Band(band));
        plot = plot.layer("median", Shape::Line(line));
    }
    let mut title = "Observations over time".to_owned();
    let hidden = n - drawn().count();
    if hidden > 0 {
        let (hidden, n) = (number(hidden as f64), number(n as f64));
        title += &format!(" (not shown of {n}: {hidden} not positive)");
    }
    Some(Exhibit::plot(title, marks.targets_on_y(plot)))
}

/// The share of good events in each of at most 64 groups of neighbouring windows, in percent.
///
/// ```text
/// 100·good/total of the events of a group; a group without events is left out
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
        (total > 0.0).then(|| (at, percentage(good / total)))
    };
    let line: Vec<(f64, f64)> = events.chunks(size).enumerate().filter_map(point).collect();
    let label = if clock.is_timed() { clock.label() } else { "window".to_owned() };
    let plot = Plot::new(label, "share of good events, %").layer("", Shape::Line(line));
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
    fn medians_are_those_of_all_observations() {
        // 62 observations are between two that a stride would look at, twice the period.
        let sample = Sample::new((0..1_000_000).map(|i| f64::from(i % 31)).collect()).unwrap();
        let found = drawn(&sample.in_time_order(), None);
        let [Shape::Band(_), Shape::Line(line)] = &found[..] else { panic!("{found:?}") };
        assert!(line.len() == 64 && line.iter().all(|p| p.1 == 15.0), "{line:?}");
    }

    #[test]
    fn what_is_not_positive_is_told_on_a_logarithmic_axis() {
        for n in [20, 500] {
            // Every value once, in no order.
            let values = (0..n).map(|i| f64::from(i * 7 % n)).collect();
            let sample = Sample::new(values).unwrap().in_time_order();
            let raw = Observations::Raw(Raw::complete(sample.clone()));
            let series = Series::new(Metric::new("latency", None), raw);
            let exhibit = timeline(&series, &sample, true, &Marks::default(), "latency").unwrap();
            let want = format!("Observations over time (not shown of {n}: 1 not positive)");
            assert_eq!(exhibit.title, want);
            let found = layers(Some(exhibit));
            match &found[0] {
                Shape::Points(points) => assert_eq!(points.len(), 19),
                Shape::Band(band) => assert!(band.iter().all(|b| b.1 > 0.0)),
                other => panic!("{other:?}"),
            }
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
        assert!(line.len() <= 64 && line[1..].iter().any(|p| p.1 == 50.0), "{line:?}");
        assert_eq!(ratios(&series, &events[..1], &[]), None);
    }
}
