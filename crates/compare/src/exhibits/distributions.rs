use tailproof_core::{Exhibit, Plot, Shape, number, percent};

use super::axis;
use super::values::{Steps, Values};
use crate::two::{SIDES, Two};

/// Largest over smallest value from which on values are shown on a logarithmic axis.
const WIDE: f64 = 100.0;

/// The distribution functions of both sides over each other; `None` when all of a side failed.
///
/// With more steps than an exhibit holds a side is a line through points of its function: steps
/// through some of them would lie below it everywhere.
pub(super) fn distributions(two: &Two<'_>, values: &Values<'_>) -> Option<Exhibit> {
    let steps = values.steps();
    let ends = |all: &[(f64, f64)]| Some((all.first()?.0, all.last()?.0));
    let (x, y) = (ends(&steps[0].points)?, ends(&steps[1].points)?);
    let (least, most) = (x.0.min(y.0), x.1.max(y.1));
    let label = axis(&two.candidate.metric.name, two.unit());
    let mut plot = Plot::new(label, "share of observations at most x");
    if least > 0.0 && most / least >= WIDE {
        plot = plot.log_x();
    }
    let title = title(&steps);
    for ((side, steps), failed) in SIDES.into_iter().zip(steps).zip(values.failed()) {
        let name = if failed > 0.0 {
            format!("{side}, {} failed", percent(failed))
        } else {
            side.to_owned()
        };
        let thinned = steps.is_thinned();
        let shape = if thinned { Shape::Line } else { Shape::Steps };
        plot = plot.layer(name, shape(steps.points));
    }
    Some(Exhibit::plot(title, plot))
}

/// Of lines, through how many steps they go: `… (through 64 of 16 085 and 60 of 14 000 steps)`.
fn title(steps: &[Steps; 2]) -> String {
    let through = |s: &Steps| format!("{} of {}", s.points.len(), number(s.all as f64));
    let thinned: Vec<String> = steps.iter().filter(|s| s.is_thinned()).map(through).collect();
    if thinned.is_empty() {
        return "Distributions of base and candidate".to_owned();
    }
    format!("Distributions of base and candidate (through {} steps)", thinned.join(" and "))
}
