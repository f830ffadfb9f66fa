use tailproof_core::{
    Aggregate, Bound, Claim, Comparison, Finding, Mark, Objective, Place, Plot, Rank, Series, Side,
    Verdict, number, percent,
};

use super::outline::Tail;
use crate::judge::EFFECTIVE;
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
    /// Percentiles that objectives are about.
    pub(super) ranks: Vec<Rank>,
    /// Bounds, estimates and intervals that lie among the observations.
    answers: Vec<Mark>,
}

impl Marks {
    pub(super) fn of<'a>(
        series: &Series,
        answers: impl Iterator<Item = (&'a Objective, &'a Finding)>,
    ) -> Self {
        let answers: Vec<(&Objective, &Finding)> = answers.collect();
        let among = |objective: &Objective| located(objective, series);
        let several = answers.iter().filter(|(objective, _)| among(objective)).count() > 1;
        let mut marks = Self::default();
        let mut parts = <[Vec<Mark>; 3]>::default();
        for (objective, finding) in answers {
            let new = targets(objective, series);
            marks.targets.extend(new.into_iter().filter(|t| t.value.is_finite()));
            if let Aggregate::Quantile(p) = objective.aggregate {
                marks.ranks.push(p);
            }
            if among(objective) {
                let answer = answer(objective, finding, several);
                parts.iter_mut().zip(answer).for_each(|(part, new)| part.extend(new));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        marks.targets.retain(|target| seen.insert(target.name.clone()));
        marks.targets.truncate(MOST);
        marks.ranks.dedup();
        marks.ranks.truncate(MOST);
        // What decided comes first.
        marks.answers = parts.into_iter().flatten().take(2 * MOST).collect();
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

    /// Targets, bounds, estimates and intervals, of a distribution function.
    pub(super) fn all(&self, plot: Plot) -> Plot {
        put(self.targets_on_x(plot), self.answers.iter().cloned())
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
                name: format!("target {name} {}", text(claim.comparison, claim.target)),
                value: claim.target,
                upper: claim.comparison.is_upper(),
            };
            claims.into_iter().map(target).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an objective is about a share.
fn is_share(objective: &Objective) -> bool {
    matches!(objective.aggregate, Aggregate::Rate(..) | Aggregate::Ratio)
}

/// A share in percent, as pictures show it, without the noise of the product.
pub(super) fn percentage(share: f64) -> f64 {
    (share * 1e10).round() / 1e8
}

/// What the axis of shares is called.
pub(super) fn share_axis(objective: &Objective) -> String {
    match objective.aggregate {
        Aggregate::Ratio => "share of good events, %".to_owned(),
        _ => format!("{} of all, %", statistic(objective)),
    }
}

/// What an objective promises, in the unit of the finding; of shares exactly.
fn promises(objective: &Objective, finding: &Finding) -> Vec<Claim> {
    if !is_share(objective) {
        return objective.claims(finding.unit.as_ref()).unwrap_or_default();
    }
    let claims = objective.claims(None).unwrap_or_default();
    let exact = claims.into_iter().zip(shares(&objective.condition));
    exact.map(|(claim, share)| Claim { target: share.to_f64(), ..claim }).collect()
}

/// The promised shares of an objective about shares in percent, with their names.
pub(super) fn promised_shares(objective: &Objective) -> Vec<(String, f64)> {
    if !is_share(objective) {
        return Vec::new();
    }
    let claims = objective.claims(None).unwrap_or_default();
    let exact = claims.into_iter().zip(shares(&objective.condition));
    exact
        .map(|(claim, share)| {
            let share = share.to_f64();
            (format!("target {} {}", claim.comparison, percent(share)), percentage(share))
        })
        .collect()
}

/// What a finding says, on the horizontal axis: the bounds that decide, the estimate, the
/// interval; `several` when other statistics are marked in the same picture.
pub(super) fn answer(objective: &Objective, finding: &Finding, several: bool) -> [Vec<Mark>; 3] {
    let name = statistic(objective);
    let estimate = finding.estimate.map(|e| Mark {
        name: if is_share(objective) {
            format!("estimate {}", percent(e))
        } else {
            format!("{name} = {}", shown(objective, finding, e))
        },
        place: Place::X(placed(objective, e)),
    });
    [
        bounds(objective, finding, several),
        estimate.into_iter().collect(),
        interval(objective, finding, several).into_iter().collect(),
    ]
}

/// A value in words.
fn shown(objective: &Objective, finding: &Finding, x: f64) -> String {
    if is_share(objective) { percent(x) } else { format!("{}{}", number(x), finding.suffix()) }
}

/// A value on its axis.
fn placed(objective: &Objective, x: f64) -> f64 {
    if is_share(objective) { percentage(x) } else { x }
}

/// The bounds that decided; where none did, those that would have to.
///
/// ```text
/// pass           the bound on the side of each target
/// fail           the other one, of the targets that it is beyond
/// inconclusive   both; of a range the one on the side of each target
/// ```
fn bounds(objective: &Objective, finding: &Finding, several: bool) -> Vec<Mark> {
    let claims = promises(objective, finding);
    let mut marks = Vec::new();
    for (pair, claim) in finding.bounds.chunks_exact(2).zip(&claims) {
        let upper = claim.comparison.is_upper();
        let side = |upper: bool| pair.iter().find(|b| (b.side == Side::Upper) == upper);
        let (pass, fail) = (side(upper), side(!upper));
        let beyond = |b: &&Bound| !claim.comparison.holds(b.value, claim.target);
        let (used, decides) = match finding.verdict {
            Verdict::Pass => ([pass, None], true),
            Verdict::Fail => ([None, fail.filter(beyond)], true),
            _ => ([pass, fail.filter(|_| claims.len() == 1)], false),
        };
        let used = used.into_iter().flatten();
        marks.extend(used.map(|b| bound(objective, finding, b, [decides, several])));
    }
    marks
}

fn bound(
    objective: &Objective,
    finding: &Finding,
    bound: &Bound,
    [decides, several]: [bool; 2],
) -> Mark {
    let whose = if several { format!("{}: ", statistic(objective)) } else { String::new() };
    let upper = bound.side == Side::Upper;
    if !bound.value.is_finite() {
        let side = if upper { "upper" } else { "lower" };
        // Nothing is known beyond the estimate.
        let (lo, hi) = (f64::NEG_INFINITY, f64::INFINITY);
        let place = match (finding.estimate, upper) {
            (Some(from), true) => Place::XBand(placed(objective, from), hi),
            (Some(to), false) => Place::XBand(lo, placed(objective, to)),
            (None, _) => Place::XBand(lo, hi),
        };
        return Mark { name: format!("{whose}no {side} bound at {}", bound.level), place };
    }
    let side = if upper { "at most" } else { "at least" };
    let value = shown(objective, finding, bound.value);
    // There is room for a name or for a level.
    let level = if several { String::new() } else { format!(" at {}", bound.level) };
    let decides = if decides { " (decides)" } else { "" };
    Mark {
        name: format!("{whose}{side} {value}{level}{decides}"),
        place: Place::X(placed(objective, bound.value)),
    }
}

/// The interval of a finding. That of a bootstrap law is named so: it decides nothing, and is left
/// out where it is a point, or where observations are too few to reach that far with the level.
///
/// ```text
/// pⁿ > α  or  (1 − p)ⁿ > α       no order statistic bounds the p-quantile on that side
/// ```
fn interval(objective: &Objective, finding: &Finding, several: bool) -> Option<Mark> {
    let interval = finding.interval.as_ref().filter(|i| i.lo < i.hi)?;
    let (level, name) = (interval.level, statistic(objective));
    let is_law = interval.method.starts_with("exact");
    if let (Aggregate::Quantile(p), true) = (&objective.aggregate, is_law) {
        let n = worth(finding).or_else(|| finding.n.first().copied()).unwrap_or(0) as f64;
        let alpha = level.alpha().to_f64();
        if p.to_f64().powf(n) > alpha || (1.0 - p.to_f64()).powf(n) > alpha {
            return None;
        }
    }
    let name = match (is_law, several) {
        (true, false) => format!("{level} of the bootstrap law"),
        (true, true) => format!("{level} of bootstrap law, {name}"),
        (false, _) => format!("{level} interval of {name}"),
    };
    let place = Place::XBand(placed(objective, interval.lo), placed(objective, interval.hi));
    Some(Mark { name, place })
}

/// What the dependent observations of a finding are worth; its warnings say it.
pub(super) fn worth(finding: &Finding) -> Option<u64> {
    let of = |warning: &String| {
        let after = warning.split_once(EFFECTIVE)?.1;
        let worth = after.split(" instead").next()?.split(';').next()?;
        let digits: String = worth.chars().filter(|c| !c.is_whitespace()).collect();
        digits.parse::<f64>().ok().map(|worth| worth as u64)
    };
    finding.warnings.iter().filter_map(of).min()
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
    use tailproof_core::{Class, Interval, Level, Metric, Observations, Reason, Subject, Unit};

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
        assert_eq!(names("p95 <= 0.15 s"), ["target p95 <= 150 ms"]);
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

    /// A finding of 1 000 observations with bounds.
    fn found(objective: &str, verdict: Verdict, bounds: [f64; 2]) -> (Objective, Finding) {
        let mut finding = Finding::new(Class::Slo, Subject::default(), objective, verdict);
        let sides = [Side::Lower, Side::Upper].into_iter().zip(bounds);
        let bound = |(side, value)| Bound { side, value, level: Level::P999, method: "m".into() };
        finding.bounds = sides.map(bound).collect();
        finding.unit = Unit::known("ms");
        (finding.estimate, finding.n) = (Some(140.0), vec![1_000]);
        let method = "exact percentile bootstrap (B → ∞)".to_owned();
        finding.interval = Some(Interval { lo: 136.0, hi: 143.0, level: Level::P999, method });
        (objective.parse().unwrap(), finding)
    }

    fn said((objective, finding): &(Objective, Finding), several: bool) -> Vec<String> {
        answer(objective, finding, several).into_iter().flatten().map(|m| m.name).collect()
    }

    #[test]
    fn the_bound_that_decides_is_marked() {
        let pass = found("p95 <= 150ms", Verdict::Pass, [130.0, 149.0]);
        let law = "99.9 % of the bootstrap law";
        assert_eq!(said(&pass, false), ["at most 149 ms at 99.9 % (decides)", "p95 = 140 ms", law]);
        let law = "99.9 % of bootstrap law, p95";
        assert_eq!(said(&pass, true), ["p95: at most 149 ms (decides)", "p95 = 140 ms", law]);
        let fail = found("p95 <= 120ms", Verdict::Fail, [130.0, 149.0]);
        assert_eq!(said(&fail, false)[0], "at least 130 ms at 99.9 % (decides)");
        let open = Verdict::Inconclusive(Reason::Straddles { projected: None });
        let open = found("p95 <= 145ms", open, [130.0, 149.0]);
        assert_eq!(
            said(&open, false)[..2],
            ["at most 149 ms at 99.9 %", "at least 130 ms at 99.9 %"]
        );
    }

    #[test]
    fn a_law_that_cannot_reach_the_bound_has_no_band() {
        let open = Verdict::Inconclusive(Reason::TooFew { need: 688 });
        let (objective, mut finding) = found("p99 <= 250ms", open, [130.0, f64::INFINITY]);
        finding.n = vec![300];
        let marks: Vec<Mark> = answer(&objective, &finding, false).into_iter().flatten().collect();
        let names: Vec<&str> = marks.iter().map(|m| m.name.as_str()).collect();
        let want = ["no upper bound at 99.9 %", "at least 130 ms at 99.9 %", "p99 = 140 ms"];
        assert_eq!(names, want);
        assert_eq!(marks[0].place, Place::XBand(140.0, f64::INFINITY));
        // Enough of them, but worth too few.
        finding.n = vec![5_000];
        assert!(interval(&objective, &finding, false).is_some());
        finding.warnings = vec![format!("judged with an {EFFECTIVE}300 instead of 5000; so")];
        assert_eq!((worth(&finding), interval(&objective, &finding, false)), (Some(300), None));
        finding.warnings = vec![format!("judged with an {EFFECTIVE}16 085; the guarantee")];
        assert_eq!(worth(&finding), Some(16_085));
    }

    #[test]
    fn a_range_is_decided_on_both_sides_and_shares_are_percentages() {
        let (objective, mut finding) = found("p50 in 120..160 ms", Verdict::Pass, [130.0, 151.0]);
        finding.bounds.extend_from_within(..);
        finding.bounds[2].value = 129.0;
        finding.bounds[3].value = 150.0;
        let names = said(&(objective, finding), false);
        assert_eq!(names[0], "at least 130 ms at 99.9 % (decides)");
        assert_eq!(names[1], "at most 150 ms at 99.9 % (decides)");
        let (objective, mut finding) =
            found("rate(<= 9ms) >= 99.5%", Verdict::Pass, [0.996, 0.999]);
        (finding.unit, finding.estimate) = (Unit::known("ratio"), Some(0.998));
        finding.interval = None;
        let marks: Vec<Mark> = answer(&objective, &finding, false).into_iter().flatten().collect();
        assert_eq!(marks[0].name, "at least 99.6 % at 99.9 % (decides)");
        assert_eq!((marks[0].place, marks[1].place), (Place::X(99.6), Place::X(99.8)));
        assert_eq!(promised_shares(&objective), [("target >= 99.5 %".to_owned(), 99.5)]);
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
