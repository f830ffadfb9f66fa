//! A history as a picture.

use tailproof_core::descriptive::median;
use tailproof_core::{Exhibit, Place, Plot, Sample, Shape};

use super::{ChangePoint, History};
use crate::exhibits::{axis, course};

/// Changes that are marked: the newest, which a verdict is about.
const MARKED: usize = 12;
/// Characters of a mark that are shown, so that the name of a change is read as a whole.
const LABEL: usize = 12;

impl History {
    /// The values by their index, the level of each stretch between changes, and the changes with
    /// where they may have begun, numbered as their findings are.
    ///
    /// More than 64 values are drawn as range and median of windows.
    pub(super) fn exhibit(&self) -> Exhibit {
        let label = axis(&self.metric.name, self.metric.unit.as_ref());
        let index: Vec<f64> = (0..self.values.len()).map(|i| i as f64).collect();
        let mut plot = course(Plot::new(self.order(), label), &index, &self.values);
        plot = plot.layer("level", Shape::Steps(self.levels()));
        if (1..self.values.len()).contains(&self.since) {
            plot = plot.mark("judged from here on", Place::X(self.since as f64));
        }
        let older = self.points.len().saturating_sub(MARKED);
        for (number, point) in (1..).zip(&self.points).skip(older) {
            let (first, last) = point.location;
            if first < last {
                let name = format!("{number}. began (about 95 %)");
                plot = plot.mark(name, Place::XBand(first as f64, last as f64));
            }
            plot = plot.mark(named(number, point), Place::X(point.index as f64));
        }
        Exhibit::plot("History", plot)
    }

    /// What the index of a point stands for, as far as the changes say it.
    fn order(&self) -> &'static str {
        if self.points.iter().any(|p| p.mark.is_some()) {
            "point (commit in order)"
        } else if self.points.iter().any(|p| p.time.is_some()) {
            "point (in order of time)"
        } else {
            "point"
        }
    }

    /// The median of each stretch between changes, up to the last point; of more stretches than
    /// an exhibit holds, the newest. Changes that are too small to be shown end stretches of
    /// those beside them: what lies between is a stretch of its own.
    fn levels(&self) -> Vec<(f64, f64)> {
        let mut steps: Vec<(usize, f64)> = Vec::new();
        let mut done = 0;
        let known = self.points.iter().flat_map(|p| [p.before, p.after]);
        for segment in known.filter(|s| s.start < s.end) {
            if segment.start < done {
                continue; // The level after one change is that before the next.
            }
            steps.extend(self.level(done, segment.start));
            steps.push((segment.start, segment.median));
            done = segment.end;
        }
        steps.extend(self.level(done, self.values.len()));
        let Some(&(_, last)) = steps.last() else { return Vec::new() };
        // A step holds until the next one begins.
        steps.push((self.values.len().saturating_sub(1), last));
        let from = steps.len().saturating_sub(Exhibit::MAX_POINTS);
        steps[from..].iter().map(|&(i, level)| (i as f64, level)).collect()
    }

    /// Where a stretch begins and its median; `None` for no points.
    fn level(&self, start: usize, end: usize) -> Option<(usize, f64)> {
        let sample = Sample::new(self.values.get(start..end)?.to_vec()).ok()?;
        Some((start, median(&sample)))
    }
}

/// `2. 5f3a1c2 (2024-03-01)`, `1. point 71`.
fn named(number: usize, point: &ChangePoint) -> String {
    let day = point.time.map_or_else(String::new, |t| format!(" ({})", tailproof_core::day(t)));
    let label = point.label();
    let mut short: String = label.chars().take(LABEL).collect();
    if short.len() < label.len() {
        short.push('…');
    }
    format!("{number}. {short}{day}")
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Metric, Observations, Raw, Seed, Series, Unit, Verdict};

    use super::super::{HistorySettings, Segment, Turn, history};
    use super::*;

    fn drawn(values: Vec<f64>) -> (Plot, usize) {
        let sample = Sample::new(values).unwrap();
        let mut series = Series::new(
            Metric::new("latency", Unit::known("ms")),
            Observations::Raw(Raw::complete(sample)),
        );
        let n = series.observations.len();
        series.marks = Some((0..n).map(|i| format!("c{i}")).collect());
        let found = history(&series, &HistorySettings::new(Seed(1))).unwrap();
        let mut findings = found.findings();
        findings.retain(|f| !f.exhibits.is_empty());
        assert_eq!(findings.len(), 1, "one picture");
        let ExhibitKind::Plot(plot) = findings[0].exhibits.remove(0).kind else { panic!("a plot") };
        (plot, found.points.len())
    }

    fn marked(plot: &Plot) -> Vec<(&str, Place)> {
        plot.marks.iter().map(|m| (m.name.as_str(), m.place)).collect()
    }

    fn levels(plot: &Plot) -> Vec<(f64, f64)> {
        let steps = plot.layers.iter().find_map(|l| match &l.shape {
            Shape::Steps(steps) => Some(steps.clone()),
            _ => None,
        });
        steps.unwrap()
    }

    fn value(i: i32) -> f64 {
        f64::from(i * 7 % 5) / 10.0
    }

    #[test]
    fn levels_and_changes_are_drawn() {
        let (plot, changes) =
            drawn((0..100).map(|i| value(i) + if i < 60 { 20.0 } else { 30.0 }).collect());
        assert_eq!(changes, 1);
        assert_eq!(levels(&plot), [(0.0, 20.2), (60.0, 30.2), (99.0, 30.2)]);
        let places = marked(&plot);
        assert!(places.contains(&("1. c60", Place::X(60.0))), "{places:?}");
        assert!(places.contains(&("judged from here on", Place::X(70.0))), "{places:?}");
        assert_eq!(plot.x.label, "point (commit in order)");
    }

    #[test]
    fn the_change_that_fails_has_the_picture() {
        let level = |i: i32| if (40..80).contains(&i) { 20.0 } else { 30.0 };
        let sample = Sample::new((0..100).map(|i| value(i) + level(i)).collect()).unwrap();
        let series = Series::new(
            Metric::new("latency", Unit::known("ms")),
            Observations::Raw(Raw::complete(sample)),
        );
        let found = history(&series, &HistorySettings::new(Seed(1))).unwrap();
        let findings = found.findings();
        let shown: Vec<(bool, bool)> =
            findings.iter().map(|f| (f.verdict == Verdict::Fail, !f.exhibits.is_empty())).collect();
        assert_eq!(shown, [(false, false), (true, true)]);
        let ExhibitKind::Plot(plot) = &findings[1].exhibits[0].kind else { panic!("a plot") };
        let places = marked(plot);
        assert!(places.contains(&("2. point 80", Place::X(80.0))), "{places:?}");
    }

    #[test]
    fn long_marks_are_cut() {
        let (plot, _) =
            drawn((0..100).map(|i| value(i) + if i < 60 { 20.0 } else { 30.0 }).collect());
        assert!(plot.marks.iter().all(|m| m.name.chars().count() <= 32), "{:?}", plot.marks);
        let segment = Segment { start: 0, end: 1, median: 1.0, mean: 1.0 };
        let point = ChangePoint {
            index: 7,
            p: 0.001,
            before: segment,
            after: segment,
            effect: 0.0,
            interval: None,
            shown: true,
            turn: Turn::Worse,
            location: (7, 7),
            mark: Some("88288ea65ef8a1c2d3e4".to_owned()),
            time: Some(0),
            recent: true,
        };
        assert_eq!(named(3, &point), "3. 88288ea65ef8… (1970-01-01)");
    }

    #[test]
    fn a_quiet_series_is_drawn_as_well() {
        let (plot, changes) = drawn((0..30).map(value).collect());
        assert_eq!((changes, levels(&plot)), (0, vec![(0.0, 0.2), (29.0, 0.2)]));
        // A history of one value, and one of nothing but one value.
        assert_eq!(levels(&drawn(vec![3.0]).0), [(0.0, 3.0), (0.0, 3.0)]);
        assert!(drawn(vec![7.0; 500]).0.layers[1].name.ends_with("of 8 values"));
    }
}
