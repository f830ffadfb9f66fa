use tailproof_core::{Cell, Exhibit, Level, Place, Plot, Shape, number};

/// Half the width of the bar of an interval; configurations are one apart.
const HALF: f64 = 0.15;

/// A speed-up of one configuration over another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) label: String,
    pub(super) over: String,
    /// Whether it is over the base of all.
    pub(super) whole: bool,
    /// `None` where none can be formed.
    pub(super) factor: Option<f64>,
    /// `None` where the data bound nothing.
    pub(super) interval: Option<(f64, f64)>,
}

/// The speed-ups over the base with their intervals, in the order of the configurations, and a
/// table of all of them.
pub(super) fn exhibits(base: &str, steps: &[Step], level: Level) -> Vec<Exhibit> {
    if steps.is_empty() {
        return Vec::new();
    }
    let title = format!("Speed-up over {base}");
    let drawn: Vec<(&Step, f64)> =
        steps.iter().filter(|s| s.whole).filter_map(|s| Some((s, s.factor?))).collect();
    // A legend of more than the layers of a picture would not fit.
    let fits = !drawn.is_empty() && drawn.len() < Exhibit::MAX_LAYERS;
    let plot = fits.then(|| Exhibit::plot(title.clone(), picture(&drawn, base, level)));
    plot.into_iter().chain([table(title, steps, level)]).collect()
}

fn picture(drawn: &[(&Step, f64)], base: &str, level: Level) -> Plot {
    let label = format!("speed-up, {level} intervals");
    let mut plot = Plot::new("configuration, in the order given", label)
        .mark(format!("as fast as {base}"), Place::Y(1.0));
    let mut points = Vec::new();
    for (i, (step, factor)) in drawn.iter().enumerate() {
        let x = (i + 1) as f64;
        points.push((x, *factor));
        // A band between two near points is the bar of an interval.
        let bar = step
            .interval
            .map_or_else(Vec::new, |(lo, hi)| vec![(x - HALF, lo, hi), (x + HALF, lo, hi)]);
        let name = format!("{}. {}, ×{}", i + 1, step.label, number(*factor));
        plot = plot.layer(name, Shape::Band(bar));
    }
    plot.layer("speed-up", Shape::Points(points))
}

fn table(title: String, steps: &[Step], level: Level) -> Exhibit {
    let value = |x: Option<f64>| x.map_or_else(|| Cell::Text("?".to_owned()), Cell::Number);
    let row = |s: &Step| {
        vec![
            Cell::Text(s.label.clone()),
            Cell::Text(s.over.clone()),
            value(s.factor),
            value(s.interval.map(|i| i.0)),
            value(s.interval.map(|i| i.1)),
        ]
    };
    let rows = steps.iter().take(Exhibit::MAX_POINTS).map(row).collect();
    let from = format!("from, at {level}");
    let columns = ["configuration", "over", "speed-up", &from, "to"];
    Exhibit::table(title, columns.map(str::to_owned).to_vec(), rows)
}

#[cfg(test)]
mod tests {
    use tailproof_core::ExhibitKind;

    use super::*;

    fn step(label: &str, over: &str, factor: Option<f64>) -> Step {
        let interval = factor.map(|f| (0.9 * f, 1.1 * f));
        Step {
            label: label.to_owned(),
            over: over.to_owned(),
            whole: over == "base",
            factor,
            interval,
        }
    }

    #[test]
    fn what_is_over_the_base_is_drawn_and_everything_is_listed() {
        let steps = [
            step("cache", "base", Some(2.0)),
            step("arrays", "base", None),
            step("pool", "cache", Some(2.0)),
            step("pool", "base", Some(4.0)),
        ];
        let all = exhibits("base", &steps, Level::P95);
        let [plot, table] = all.as_slice() else { panic!("two exhibits") };
        let ExhibitKind::Plot(plot) = &plot.kind else { panic!("a plot") };
        let names: Vec<&str> = plot.layers.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["1. cache, ×2", "2. pool, ×4", "speed-up"]);
        let ExhibitKind::Table { columns, rows } = &table.kind else { panic!("a table") };
        assert_eq!((columns.len(), rows.len()), (5, 4));
        assert_eq!(rows[1][2], Cell::Text("?".to_owned()));
    }

    #[test]
    fn too_many_for_a_legend_are_only_listed() {
        let many: Vec<Step> = (0..100).map(|i| step(&format!("c{i}"), "base", Some(1.0))).collect();
        let all = exhibits("base", &many, Level::P95);
        let [Exhibit { kind: ExhibitKind::Table { rows, .. }, .. }] = all.as_slice() else {
            panic!("a table: {all:?}")
        };
        assert_eq!(rows.len(), Exhibit::MAX_POINTS);
        assert!(exhibits("base", &[], Level::P95).is_empty());
    }
}
