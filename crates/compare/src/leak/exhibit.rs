use tailproof_core::descriptive::median;
use tailproof_core::{Exhibit, Plot, Sample, Shape, Unit};

use super::{LeakSettings, Slope};
use crate::exhibits::{axis, course};

/// The values over time with the slope, the interval of the slope, and the growth that is
/// allowed; all three begin where the fitted slope begins, whose place is not in doubt there:
/// the wedge is of slopes, not of values.
///
/// `times` are hours, ascending, and as many as the values; `limit` is the growth per hour in
/// the unit of the values, which the label says.
pub(super) fn exhibit(
    (times, values): (&[f64], &[f64]),
    label: (&str, Option<&Unit>),
    slope: &Slope,
    limit: f64,
    settings: &LeakSettings,
) -> Exhibit {
    let mut plot = course(Plot::new("time, h", axis(label.0, label.1)), times, values);
    let ends = times.first().zip(times.last());
    let rest = values.iter().zip(times).map(|(x, t)| x - slope.per_hour * t).collect();
    // The line through as many values above as below it.
    if let (Some((&from, &to)), Ok(rest)) = (ends, Sample::new(rest)) {
        let start = median(&rest) + slope.per_hour * from;
        let after = |per_hour: f64| start + per_hour * (to - from);
        let line = |per_hour: f64| Shape::Line(vec![(from, start), (to, after(per_hour))]);
        let (lo, hi) = (after(slope.lo), after(slope.hi));
        if lo.is_finite() && hi.is_finite() {
            let band = vec![(from, start, start), (to, lo, hi)];
            let name = format!("{}, slopes from fitted start", settings.level);
            plot = plot.layer(name, Shape::Band(band));
        }
        plot = plot
            .layer("slope", line(slope.per_hour))
            .layer(format!("limit, {}", settings.limit), line(limit));
    }
    Exhibit::plot("Values over time", plot)
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Level};

    use super::*;

    #[test]
    fn the_lines_begin_together_and_end_as_far_apart_as_the_slopes() {
        let times: Vec<f64> = (0..200).map(|i| f64::from(i) / 60.0).collect();
        let values: Vec<f64> = times.iter().map(|t| 500.0 + 3.0 * t).collect();
        let slope = Slope { per_hour: 3.0, lo: 2.5, hi: 3.5, tau: 1.0, wanders: false };
        let settings = LeakSettings {
            limit: "1MiB/h".parse().unwrap(),
            level: Level::P95,
            after: 0.0,
            every: None,
        };
        let drawn = exhibit((&times, &values), ("rss", None), &slope, 1.0, &settings);
        let ExhibitKind::Plot(plot) = drawn.kind else { panic!("a plot") };
        let line = |name: &str| {
            let layer = plot.layers.iter().find(|l| l.name == name);
            let Some(Shape::Line(points)) = layer.map(|l| &l.shape) else { panic!("{name}") };
            (points[0].1, points[1].1)
        };
        let ((a, b), (c, d)) = (line("slope"), line("limit, 1MiB/h"));
        let span = times[199];
        assert!((a - 500.0).abs() < 1e-9 && a == c, "{a} {c}");
        assert!((b - d - 2.0 * span).abs() < 1e-9, "{b} {d}");
        assert_eq!(plot.layers.len(), 5);
        assert_eq!(plot.layers[2].name, "95 %, slopes from fitted start");
    }
}
