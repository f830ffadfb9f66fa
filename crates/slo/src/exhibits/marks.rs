use tailproof_core::{
    Aggregate, Claim, Comparison, Finding, Mark, Objective, Place, Plot, Series, number, percent,
};

use super::outline::Tail;
use crate::moment::own_rate;
use crate::share::{p_name, shares};

/// Most marks of a kind in a picture: more are a thicket.
const MOST: usize = 8;

/// A limit on the axis of the observations.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) value: f64,
    /// Whether no more than that is promised.
    upper: bool,
}

/// What the objectives of a series say, as marks of its pictures.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Limits, in the unit of the series.
    pub(super) targets: Vec<Target>,
    /// Promised shares of observations within a limit.
    shares: Vec<Mark>,
    /// Intervals and estimates that lie among the observations.
    answers: Vec<Mark>,
}

impl Marks {
    pub(super) fn of<'a>(
        series: &Series,
        answers: impl Iterator<Item = (&'a Objective, &'a Finding)>,
    ) -> Self {
        let mut marks = Self::default();
        for (objective, finding) in answers {
            let new = targets(objective, series);
            marks.targets.extend(new.into_iter().filter(|t| t.value.is_finite()));
            // Above a lower limit lies what the function leaves over: it has no such line.
            if !matches!(&objective.aggregate, Aggregate::Rate(op, _) if !op.is_upper()) {
                let mark = |(name, share)| Mark { name, place: Place::Y(share) };
                marks.shares.extend(promised_shares(objective).into_iter().map(mark));
            }
            if located(objective, series) {
                marks.answers.extend(answer(objective, finding));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        marks.targets.retain(|target| seen.insert(target.name.clone()));
        marks.targets.truncate(MOST);
        marks.shares.dedup();
        marks.shares.truncate(MOST);
        marks.answers.truncate(2 * MOST);
        marks
    }

    /// Where the targets are.
    pub(super) fn tail(&self) -> Tail {
        let upper = self.targets.iter().any(|target| target.upper);
        match (upper, self.targets.iter().any(|target| !target.upper)) {
            (true, true) => Tail::Both,
            (false, true) => Tail::Lower,
            _ => Tail::Upper,
        }
    }

    /// The targets as vertical lines.
    pub(super) fn targets_on_x(&self, plot: Plot) -> Plot {
        let mark = |t: &Target| Mark { name: t.name.clone(), place: Place::X(t.value) };
        put(plot, self.targets.iter().map(mark))
    }

    /// The targets as horizontal lines.
    pub(super) fn targets_on_y(&self, plot: Plot) -> Plot {
        let mark = |t: &Target| Mark { name: t.name.clone(), place: Place::Y(t.value) };
        put(plot, self.targets.iter().map(mark))
    }

    /// Targets, promised shares, intervals and estimates, of a distribution function.
    pub(super) fn all(&self, plot: Plot) -> Plot {
        let plot = self.targets_on_x(plot);
        put(plot, self.shares.iter().chain(&self.answers).cloned())
    }
}

/// Adds marks to a plot: a logarithmic axis has no place for 0 and less.
pub(super) fn put(mut plot: Plot, marks: impl IntoIterator<Item = Mark>) -> Plot {
    for Mark { name, place } in marks {
        let (log_x, log_y) = (plot.x.log, plot.y.log);
        let line = |log: bool, at: f64| at.is_finite() && !(log && at <= 0.0);
        let band = |log: bool, lo: f64, hi: f64| {
            let from = if log && lo <= 0.0 { f64::NEG_INFINITY } else { lo };
            (lo <= hi && !(log && hi <= 0.0)).then_some((from, hi))
        };
        let place = match place {
            Place::X(at) => line(log_x, at).then_some(place),
            Place::Y(at) => line(log_y, at).then_some(place),
            Place::XBand(lo, hi) => band(log_x, lo, hi).map(|(lo, hi)| Place::XBand(lo, hi)),
            Place::YBand(lo, hi) => band(log_y, lo, hi).map(|(lo, hi)| Place::YBand(lo, hi)),
        };
        if let Some(place) = place {
            plot = plot.mark(name, place);
        }
    }
    plot
}

/// What an objective is about, in a few words: `p95`, `share <= 200 ms`.
pub(super) fn statistic(objective: &Objective) -> String {
    match &objective.aggregate {
        Aggregate::Quantile(p) => p_name(objective, *p),
        Aggregate::Rate(op, limit) => format!("share {op} {limit}"),
        Aggregate::Ratio => "good events".to_owned(),
        Aggregate::Mean => "mean".to_owned(),
        Aggregate::StdDev => "stddev".to_owned(),
        Aggregate::Mad => "mad".to_owned(),
        Aggregate::Throughput => "throughput".to_owned(),
        Aggregate::Min => "min".to_owned(),
        Aggregate::Max => "max".to_owned(),
        Aggregate::Accuracy(measure) => measure.name().to_owned(),
        _ => "value".to_owned(),
    }
}

/// The limits of an objective that lie among the observations, in the unit of the series.
pub(super) fn targets(objective: &Objective, series: &Series) -> Vec<Target> {
    let (unit, suffix) = (series.metric.unit.as_ref(), series.metric.suffix());
    let text = |op: Comparison, value: f64| format!("{op} {}{suffix}", number(value));
    match &objective.aggregate {
        Aggregate::Rate(op, limit) => {
            let target = |value| Target {
                name: format!("limit {}", text(*op, value)),
                value,
                upper: op.is_upper(),
            };
            limit.in_unit(unit).ok().map(target).into_iter().collect()
        }
        _ if located(objective, series) => {
            let claims = objective.claims(unit).unwrap_or_default();
            let name = statistic(objective);
            let target = |claim: Claim| Target {
                name: format!("target: {name} {}", text(claim.comparison, claim.target)),
                value: claim.target,
                upper: claim.comparison.is_upper(),
            };
            claims.into_iter().map(target).collect()
        }
        _ => Vec::new(),
    }
}

/// The promised shares of an objective about shares, with their names.
pub(super) fn promised_shares(objective: &Objective) -> Vec<(String, f64)> {
    if !matches!(objective.aggregate, Aggregate::Rate(..) | Aggregate::Ratio) {
        return Vec::new();
    }
    let claims = objective.claims(None).unwrap_or_default();
    let name = statistic(objective);
    claims
        .into_iter()
        .zip(shares(&objective.condition))
        .map(|(claim, share)| {
            let share = share.to_f64();
            (format!("target: {name} {} {}", claim.comparison, percent(share)), share)
        })
        .collect()
}

/// Interval and estimate of a finding, on the horizontal axis.
pub(super) fn answer(objective: &Objective, finding: &Finding) -> Vec<Mark> {
    let name = statistic(objective);
    let show = |x: f64| {
        if finding.is_share() { percent(x) } else { format!("{}{}", number(x), finding.suffix()) }
    };
    let interval = finding.interval.as_ref().map(|i| Mark {
        name: format!("{} interval of {name}", i.level),
        place: Place::XBand(i.lo, i.hi),
    });
    let estimate = finding
        .estimate
        .map(|e| Mark { name: format!("{name} = {}", show(e)), place: Place::X(e) });
    interval.into_iter().chain(estimate).collect()
}

/// Whether what is judged lies among the observations: a percentile does, a spread does not.
fn located(objective: &Objective, series: &Series) -> bool {
    match objective.aggregate {
        Aggregate::Quantile(_)
        | Aggregate::Mean
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::Value => true,
        Aggregate::Throughput => own_rate(series),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Metric, Observations, Unit};

    use super::*;

    fn series() -> Series {
        Series::new(Metric::new("latency", Unit::known("ms")), Observations::Events(vec![]))
    }

    fn names(text: &str) -> Vec<String> {
        let objective: Objective = text.parse().unwrap();
        targets(&objective, &series()).into_iter().map(|t| t.name).collect()
    }

    #[test]
    fn targets_are_said_in_the_unit_of_the_axis() {
        assert_eq!(names("p95 <= 0.15 s"), ["target: p95 <= 150 ms"]);
        assert_eq!(names("mean in 2..4 ms").len(), 2);
        assert_eq!(names("rate(<= 200ms) >= 99%"), ["limit <= 200 ms"]);
        assert!(names("stddev <= 3ms").is_empty(), "a spread is no place among the values");
    }

    #[test]
    fn the_tail_is_the_one_that_the_target_is_in() {
        let tail = |text: &str| {
            let targets = targets(&text.parse().unwrap(), &series());
            Marks { targets, ..Marks::default() }.tail()
        };
        assert_eq!(tail("p95 <= 150ms"), Tail::Upper);
        assert_eq!(tail("p5 >= 150ms"), Tail::Lower);
        assert_eq!(tail("p50 in 2..4 ms"), Tail::Both);
        assert_eq!(tail("stddev <= 3ms"), Tail::Upper);
    }

    #[test]
    fn a_logarithmic_axis_has_no_zero() {
        let mark = |place| Mark { name: String::new(), place };
        let marks = [
            mark(Place::X(0.0)),
            mark(Place::X(f64::NAN)),
            mark(Place::XBand(-1.0, 2.0)),
            mark(Place::XBand(-2.0, -1.0)),
            mark(Place::Y(0.0)),
        ];
        let plot = put(Plot::new("x", "y").log_x(), marks.clone());
        let places: Vec<Place> = plot.marks.into_iter().map(|m| m.place).collect();
        assert_eq!(places, [Place::XBand(f64::NEG_INFINITY, 2.0), Place::Y(0.0)]);
        assert_eq!(put(Plot::new("x", "y"), marks).marks.len(), 4);
    }
}
