use tailproof_core::{Exhibit, Plot, Shape, percent};

use super::axis;
use super::values::Values;
use crate::two::{SIDES, Two};

/// Largest over smallest value from which on values are shown on a logarithmic axis.
const WIDE: f64 = 100.0;

/// The distribution functions of both sides over each other; `None` when all of a side failed.
pub(super) fn distributions(two: &Two<'_>, values: &Values<'_>) -> Option<Exhibit> {
    let steps = values.steps();
    let ends = |all: &[(f64, f64)]| Some((all.first()?.0, all.last()?.0));
    let (x, y) = (ends(&steps[0])?, ends(&steps[1])?);
    let (least, most) = (x.0.min(y.0), x.1.max(y.1));
    let label = axis(&two.candidate.metric.name, two.unit());
    let mut plot = Plot::new(label, "share of observations at most x");
    if least > 0.0 && most / least >= WIDE {
        plot = plot.log_x();
    }
    for ((side, steps), failed) in SIDES.into_iter().zip(steps).zip(values.failed()) {
        let name = if failed > 0.0 {
            format!("{side}, {} failed", percent(failed))
        } else {
            side.to_owned()
        };
        plot = plot.layer(name, Shape::Steps(steps));
    }
    Some(Exhibit::plot("Distributions of base and candidate", plot))
}
