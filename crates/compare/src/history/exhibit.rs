//! A history as a picture.

use tailproof_core::descriptive::median;
use tailproof_core::{Exhibit, Place, Plot, Sample, Shape};

use super::{ChangePoint, History};
use crate::exhibits::{axis, course};

/// Changes that are marked: the newest, which a verdict is about.
const MARKED: usize = 12;

impl History {
    /// The values by their index, the level of each stretch between changes, and the changes with
    /// where they may have begun.
    ///
    /// More than 64 values are drawn as range and median of windows.
    pub(super) fn exhibit(&self) -> Exhibit {
        let label = axis(&self.metric.name, self.metric.unit.as_ref());
        let index: Vec<f64> = (0..self.values.len()).map(|i| i as f64).collect();
        let mut plot = course(Plot::new("point", label), &index, &self.values);
        plot = plot.layer("level", Shape::Steps(self.levels()));
        if (1..self.values.len()).contains(&self.since) {
            plot = plot.mark("judged from here on", Place::X(self.since as f64));
        }
        for point in &self.points[self.points.len().saturating_sub(MARKED)..] {
            let (first, last) = point.location;
            if first < last {
                let name = format!("{} began (about 95 %)", point.label());
                plot = plot.mark(name, Place::XBand(first as f64, last as f64));
            }
            plot = plot.mark(named(point), Place::X(point.index as f64));
        }
        Exhibit::plot("History", plot)
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

/// `5f3a1c2 (2024-03-01)`, `point 71`.
fn named(point: &ChangePoint) -> String {
    let day = point.time.map_or_else(String::new, |t| format!(" ({})", tailproof_core::day(t)));
    format!("{}{day}", point.label())
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Metric, Observations, Raw, Seed, Series, Unit};

    use super::super::{HistorySettings, history};
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
        assert!(findings[1..].iter().all(|f| f.exhibits.is_empty()));
        let ExhibitKind::Plot(plot) = findings[0].exhibits.remove(0).kind else { panic!("a plot") };
        (plot, found.points.len())
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
        let places: Vec<(&str, Place)> =
            plot.marks.iter().map(|m| (m.name.as_str(), m.place)).collect();
        assert!(places.contains(&("c60", Place::X(60.0))), "{places:?}");
        assert!(places.contains(&("judged from here on", Place::X(70.0))), "{places:?}");
    }

    #[test]
    fn a_quiet_series_is_drawn_as_well() {
        let (plot, changes) = drawn((0..30).map(value).collect());
        assert_eq!((changes, levels(&plot)), (0, vec![(0.0, 0.2), (29.0, 0.2)]));
        // A history of one value, and one of nothing but one value.
        assert_eq!(levels(&drawn(vec![3.0]).0), [(0.0, 3.0), (0.0, 3.0)]);
        assert!(drawn(vec![7.0; 500]).0.layers[0].name.starts_with("range of 8"));
    }
}
