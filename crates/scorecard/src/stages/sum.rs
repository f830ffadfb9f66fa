use tailproof_core::binomial::samples_to_pass;
use tailproof_core::{Bound, Level, Provenance, Quantity, Reason, Side, Unit, UnitError, Verdict};

use super::{Chain, Stage, Statistic};
use crate::actual::Actual;
use crate::strength::{ends, settles, weakest};
use crate::whole::at_most;

/// A stage in the unit of the budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What that is a statistic of.
    pub statistic: Statistic,
    /// What it takes; `None` when nobody measured it.
    pub value: Option<Actual>,
    /// Its share of what the known stages take; of an upper end where only that is known.
    pub share: Option<f64>,
    /// What it alone may grow to until the budget is used up.
    pub may_grow_to: Option<f64>,
}

/// What the total of a chain says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Means: the mean of the whole.
    Means,
    /// Percentiles: a bound on a percentile of the whole.
    Percentiles {
        /// Share of the passes that stay within the sum at least, `1 − Σ(1 − pᵢ)`.
        guaranteed: f64,
        /// Share of the passes that must fit the budget.
        asked: f64,
        /// Whether that is guaranteed.
        covered: bool,
    },
}

/// The stages of a chain added up, in the unit of the budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Name of the chain.
    pub name: String,
    /// Whether there is no release without it.
    pub critical: bool,
    /// What all stages may take.
    pub budget: f64,
    /// Unit of all amounts.
    pub unit: Option<Unit>,
    /// The stages.
    pub parts: Vec<Part>,
    /// Of what the total speaks.
    pub kind: Kind,
    /// Sum of the means, with the upper end in place of a value of which only that is known;
    /// `None` with stages that nobody measured or that are undecided, and of percentiles.
    pub estimate: Option<f64>,
    /// Lower end of what the stages take together.
    pub lower: f64,
    /// Upper end; infinite when a stage has none.
    pub upper: f64,
    /// Two-sided level of both ends of a sum of means, the lowest of the stages; `None` without
    /// an interval, and of percentiles.
    pub level: Option<Level>,
    /// One-sided levels at which the lower and the upper end of a chain of percentiles hold,
    /// those of all stages together; `None` for ends that rest on typed numbers alone.
    pub levels: (Option<Level>, Option<Level>),
    /// Whether somebody claims that the means were measured independently.
    pub independent: bool,
    /// The total that a report claims, and in the unit of the budget.
    pub published: Option<(Quantity, f64)>,
    /// Lower end of the stages that were measured.
    measured_lower: f64,
}

/// Why the stages of a chain do not add up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// A stage is in a unit that does not convert into that of the budget.
    #[error("stage {name:?}: {source}")]
    Unit {
        /// Stage.
        name: String,
        /// Why.
        source: UnitError,
    },
    /// The budget has no unit, and a stage has one.
    #[error("stage {name:?} is in {unit}, and the budget has no unit")]
    NoUnit {
        /// Stage.
        name: String,
        /// Its unit.
        unit: String,
    },
    /// A stage that takes less than nothing.
    #[error("stage {name:?}: {value} is below zero; no stage takes less than nothing")]
    Negative {
        /// Stage.
        name: String,
        /// What it takes.
        value: String,
    },
}

/// Adds up the stages of a chain; `values` has one for each, `None` when nobody measured it.
///
/// Means add up, whatever the dependence. With estimates `mᵢ` and intervals `[lᵢ, uᵢ]`:
/// ```text
/// M = Σ mᵢ      L = M − Σ(mᵢ − lᵢ)        U = M + Σ(uᵢ − mᵢ)            however they go together
///               L = M − √Σ(mᵢ − lᵢ)²      U = M + √Σ(uᵢ − mᵢ)²          `independent`
/// ```
/// The first holds for normal errors whatever their correlation, because the standard deviation
/// of a sum is at most the sum of those of its parts. The second recovers the variance of each
/// estimate at each end from its own interval, so that skewed intervals give a skewed one, at the
/// lowest of their levels; of stages that were measured on the same passes it is too narrow, and
/// so it has to be claimed. Typed numbers are taken as exact; one of which only an end is known
/// (`< 0.5 s`) adds `[0, 0.5]`: that is no error but a bound. A stage that nobody measured, or
/// whose measurements are too few for any interval, adds `[0, ∞]`.
///
/// Percentiles `qᵢ` at ranks `pᵢ` do not add up to a percentile. What holds, whatever the
/// dependence, is the union bound: a pass is slower than `Σ qᵢ` only when some stage is slower
/// than its `qᵢ`, so
/// ```text
/// P(Σ Xᵢ ≤ Σ qᵢ) ≥ 1 − Σ(1 − pᵢ)
/// ```
/// and no stage takes less than nothing, so the percentile of the whole at a rank of `pᵢ` or
/// more is at least `qᵢ`. With one-sided bounds `[Lᵢ, Uᵢ]` of each `qᵢ` (order statistics, never
/// a bootstrap) at errors `αᵢ`, the ends are `Σ Uᵢ` and the largest such `Lᵢ`, both at `1 − Σ αᵢ`
/// over the stages that bring a bound; typed numbers are their own bounds. A stage whose sample
/// has no upper bound adds `∞`.
///
/// # Errors
/// Units that do not convert, or a stage below zero.
///
/// # Source
/// Zou & Donner (2008), *Statistics in Medicine* 27(10), 1693–1702; Boole's inequality; Hahn &
/// Meeker (1991), *Statistical Intervals*, §5.2.
///
/// # Example
/// ```
/// use tailproof_core::{Provenance, Verdict};
/// use tailproof_scorecard::stages::{Chain, Stage, Statistic, add_up};
/// use tailproof_scorecard::{Actual, Value};
///
/// let values: Vec<Option<Actual>> = ["1.0 s", "17 ms", "< 2.0 s"]
///     .iter()
///     .map(|text| Actual::typed(text, Provenance::Measured, "report").ok())
///     .collect();
/// let stages = values.iter().flatten().map(|actual| Stage {
///     name: actual.text(),
///     value: Value::Typed(actual.clone()),
///     statistic: Statistic::Mean,
/// });
/// let chain = Chain {
///     name: "end to end".to_owned(),
///     line: 1,
///     critical: false,
///     budget: "5 s".parse()?,
///     stages: stages.collect(),
///     percentile: None,
///     independent: false,
///     published: None,
/// };
/// let total = add_up(&chain, &values)?;
/// assert_eq!((total.lower, total.upper), (1.017, 3.017));
/// assert_eq!(total.verdict(), Verdict::Pass);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn add_up(chain: &Chain, values: &[Option<Actual>]) -> Result<Total, StageError> {
    let unit = chain.budget.unit();
    let budget = chain.budget.value();
    let mut known: Vec<Option<Actual>> = Vec::with_capacity(chain.stages.len());
    for (i, stage) in chain.stages.iter().enumerate() {
        let tested = |actual: &&Actual| actual.provenance != Provenance::NotTested;
        let value = values.get(i).and_then(Option::as_ref).filter(tested);
        known.push(value.map(|actual| converted(&stage.name, actual, unit)).transpose()?);
    }
    let sums = |values: &[Option<Actual>]| match kind(chain) {
        Kind::Means => (ends_of_means(values, chain.independent), (None, None)),
        Kind::Percentiles { asked, .. } => ends_of_percentiles(chain, values, asked),
    };
    let ((lower, upper), levels) = sums(&known);
    let measured: Vec<Option<Actual>> = known
        .iter()
        .map(|value| value.clone().filter(|a| a.provenance == Provenance::Measured))
        .collect();
    let ((measured_lower, _), _) = sums(&measured);
    let sum: f64 = known.iter().flatten().map(|actual| actual.estimate).sum();
    let slack = Some(budget - upper).filter(|slack| slack.is_finite());
    let part = |(stage, value): (&Stage, &Option<Actual>)| Part {
        name: stage.name.clone(),
        statistic: stage.statistic,
        share: value.as_ref().filter(|_| sum > 0.0).map(|actual| actual.estimate / sum),
        may_grow_to: value.as_ref().and_then(|actual| Some((actual.estimate + slack?).max(0.0))),
        value: value.clone(),
    };
    let decided = |value: &Option<Actual>| value.as_ref().is_some_and(|a| a.undecided.is_none());
    let means = kind(chain) == Kind::Means;
    let intervals = known.iter().flatten().filter_map(|a| a.interval.as_ref()).filter(|_| means);
    let in_unit = |q: &Quantity| Some((q.clone(), q.in_unit(unit).ok()?));
    Ok(Total {
        name: chain.name.clone(),
        critical: chain.critical,
        budget,
        unit: unit.cloned(),
        parts: chain.stages.iter().zip(&known).map(part).collect(),
        kind: kind(chain),
        estimate: (means && known.iter().all(decided)).then_some(sum),
        lower,
        upper,
        level: intervals.map(|i| i.level).min_by(|a, b| a.to_f64().total_cmp(&b.to_f64())),
        levels,
        independent: chain.independent,
        published: chain.published.as_ref().and_then(in_unit),
        measured_lower,
    })
}

fn converted(name: &str, actual: &Actual, unit: Option<&Unit>) -> Result<Actual, StageError> {
    let name = name.to_owned();
    if actual.estimate < 0.0 {
        return Err(StageError::Negative { name, value: actual.text() });
    }
    match (unit, &actual.unit) {
        (None, Some(unit)) => Err(StageError::NoUnit { name, unit: unit.to_string() }),
        _ => actual.in_unit(unit).map_err(|source| StageError::Unit { name, source }),
    }
}

/// Percentiles only when all stages are: a file with both is refused.
fn kind(chain: &Chain) -> Kind {
    let misses = chain.stages.iter().map(|stage| match stage.statistic {
        Statistic::Quantile(rank) => Some(rank.complement().to_f64()),
        Statistic::Mean => None,
    });
    let Some(misses) = misses.sum::<Option<f64>>().filter(|_| !chain.stages.is_empty()) else {
        return Kind::Means;
    };
    let guaranteed = (1.0 - misses).max(0.0);
    let asked = chain.percentile.map_or(guaranteed, tailproof_core::Rank::to_f64);
    // In misses, where 1 % + 1 % is 2 % of binary numbers too.
    let allowed = chain.percentile.map_or(misses, |rank| rank.complement().to_f64());
    let covered = guaranteed > 0.0 && at_most(misses, allowed);
    Kind::Percentiles { guaranteed, asked, covered }
}

fn ends_of_means(values: &[Option<Actual>], independent: bool) -> (f64, f64) {
    let (mut lower, mut upper) = (0.0, 0.0);
    let (mut below, mut above) = (0.0, 0.0);
    for value in values {
        let Some(actual) = value else {
            upper = f64::INFINITY;
            continue;
        };
        let (lo, hi) = ends(actual);
        if actual.interval.is_none() || actual.undecided.is_some() {
            lower += lo.max(0.0);
            upper += hi;
            continue;
        }
        lower += actual.estimate;
        upper += actual.estimate;
        let down = (actual.estimate - lo.max(0.0)).max(0.0);
        let up = (hi - actual.estimate).max(0.0);
        below += if independent { down * down } else { down };
        above += if independent { up * up } else { up };
    }
    let width = |sum: f64| if independent { sum.sqrt() } else { sum };
    ((lower - width(below)).max(0.0), upper + width(above))
}

/// Both ends of a chain of percentiles, and the levels at which they hold.
type Bounded = ((f64, f64), (Option<Level>, Option<Level>));

fn ends_of_percentiles(chain: &Chain, values: &[Option<Actual>], asked: f64) -> Bounded {
    let ranks = chain.stages.iter().map(|stage| match stage.statistic {
        Statistic::Quantile(rank) => rank.to_f64(),
        Statistic::Mean => f64::INFINITY, // Refused in files; it bounds no percentile.
    });
    let (mut lower, mut upper) = (0.0_f64, 0.0);
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for (rank, value) in ranks.zip(values) {
        let Some(actual) = value else {
            upper += f64::INFINITY;
            continue;
        };
        let (hi, level) = one_sided(actual, Side::Upper);
        upper += hi;
        above.extend(level);
        if rank <= asked {
            let (lo, level) = one_sided(actual, Side::Lower);
            lower = lower.max(lo);
            below.extend(level);
        }
    }
    // Bounds whose errors add up to 1 hold at no level, and say nothing.
    let (below, above) = (together(&below), together(&above));
    let lower = if below.is_err() { 0.0 } else { lower };
    let upper = if above.is_err() { f64::INFINITY } else { upper };
    ((lower, upper), (below.unwrap_or(None), above.unwrap_or(None)))
}

/// The bound of a percentile on one side, with its level when it is of a sample; the widest of
/// several. A typed number is its own; a sample without one has none.
fn one_sided(actual: &Actual, side: Side) -> (f64, Option<Level>) {
    let none = if side == Side::Upper { f64::INFINITY } else { f64::NEG_INFINITY };
    if actual.undecided.is_some() {
        return (none, None);
    }
    if is_typed(actual) {
        return (if side == Side::Upper { actual.upper() } else { actual.lower() }, None);
    }
    let away = |b: &&Bound| if side == Side::Upper { b.value } else { -b.value };
    let bounds = actual.bounds.iter().filter(|bound| bound.side == side);
    bounds
        .max_by(|a, b| away(a).total_cmp(&away(b)))
        .map_or((none, None), |bound| (bound.value, Some(bound.level)))
}

/// Whether somebody typed it: nothing that is made of a sample came with it.
fn is_typed(actual: &Actual) -> bool {
    actual.bounds.is_empty() && actual.interval.is_none() && actual.n.is_empty()
}

/// The level at which all hold together, `1 − Σ αᵢ`; `None` of none.
///
/// # Errors
/// The errors add up to 1 or more.
fn together(levels: &[Level]) -> Result<Option<Level>, ()> {
    if levels.is_empty() {
        return Ok(None);
    }
    let alpha: f64 = levels.iter().map(|level| level.alpha().to_f64()).sum();
    // Thirds of a decimal add up to the decimal.
    let alpha: f64 = format!("{alpha:.12e}").parse().unwrap_or(alpha);
    Level::with_alpha(alpha).map(Some).map_err(|_| ())
}

impl Part {
    /// Why its measurements decide nothing, when they do not: it was inconclusive itself, or its
    /// sample has no bound of the percentile.
    #[must_use]
    pub fn undecided(&self) -> Option<Reason> {
        let actual = self.value.as_ref()?;
        if actual.undecided.is_some() {
            return actual.undecided.clone();
        }
        let Statistic::Quantile(rank) = self.statistic else { return None };
        let unbounded = !is_typed(actual) && one_sided(actual, Side::Upper).0 == f64::INFINITY;
        let level = one_sided(actual, Side::Upper).1.or(actual.interval.as_ref().map(|i| i.level));
        let need = level.and_then(|level| samples_to_pass(rank, level, 0));
        unbounded.then(|| need.map_or(Reason::SummaryOnly, |need| Reason::TooFew { need }))
    }
}

impl Total {
    /// The stage that takes most of the known ones.
    #[must_use]
    pub fn dominating(&self) -> Option<&Part> {
        let share = |part: &Part| part.share.unwrap_or(0.0);
        let known = self.parts.iter().filter(|part| part.share.is_some());
        // The first of equals.
        known.rev().max_by(|a, b| share(a).total_cmp(&share(b)))
    }

    /// What the budget leaves beyond the upper end; below zero when that is beyond the budget.
    #[must_use]
    pub fn slack(&self) -> f64 {
        self.budget - self.upper
    }

    /// Stages that nobody measured.
    pub fn missing(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.value.is_none())
    }

    /// Stages whose measurements decide nothing, and why.
    pub fn undecided(&self) -> impl Iterator<Item = (&Part, Reason)> {
        self.parts.iter().filter_map(|part| Some((part, part.undecided()?)))
    }

    /// Whether only a bound is known of a stage: the total is then "at most", or "at least".
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.parts.iter().flat_map(|part| &part.value).any(|actual| actual.known.is_some())
    }

    /// Whether the stages fit the budget, if the numbers are right; `None` when they cannot say.
    ///
    /// ```text
    /// met      iff  U ≤ budget        and, of percentiles, the share asked for is guaranteed
    /// not met  iff  L > budget
    /// ```
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        let covered = !matches!(self.kind, Kind::Percentiles { covered: false, .. });
        if covered && at_most(self.upper, self.budget) {
            return Some(true);
        }
        (!at_most(self.lower, self.budget)).then_some(false)
    }

    /// The verdict: [`Total::met`] as far as it was measured. Measured stages that are beyond
    /// the budget by themselves fail, whatever the others take.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !at_most(self.measured_lower, self.budget) {
            return Verdict::Fail;
        }
        match (self.provenance(), self.met()) {
            (Provenance::Measured, Some(true)) => Verdict::Pass,
            (Provenance::Measured, Some(false)) => Verdict::Fail,
            (Provenance::Measured, None) => Verdict::Inconclusive(self.reason()),
            _ => Verdict::Inconclusive(Reason::NotTested),
        }
    }

    fn reason(&self) -> Reason {
        if let Some((_, reason)) = self.undecided().next() {
            return reason;
        }
        let estimate = match (self.kind, self.level, self.levels.1) {
            (Kind::Means, Some(_), _) => self.estimate,
            (Kind::Percentiles { covered: true, .. }, _, Some(_)) => {
                let all = self.parts.iter().map(|part| Some(part.value.as_ref()?.estimate));
                // Beyond the budget the sum of the percentiles proves nothing, whatever n is.
                all.sum::<Option<f64>>().filter(|sum| *sum <= self.budget)
            }
            _ => None,
        };
        if self.is_bound() {
            return Reason::Censored; // Of `< 0.5 s` only one end is known.
        }
        let Some(estimate) = estimate else { return Reason::SummaryOnly };
        let half =
            if estimate <= self.budget { self.upper - estimate } else { estimate - self.lower };
        let n = self.parts.iter().flat_map(|part| &part.value).flat_map(|actual| &actual.n);
        Reason::Straddles { projected: settles(n.copied(), half, (estimate - self.budget).abs()) }
    }

    /// As weak as the weakest stage.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        let of = |part: &Part| part.value.as_ref().map_or(Provenance::NotTested, |v| v.provenance);
        weakest(self.parts.iter().map(of))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use tailproof_core::Interval;

    use super::super::config::tests::{REPORT, parse};
    use super::*;
    use crate::actual::Value;

    /// The total of a chain whose stages are all typed.
    pub(crate) fn total(text: &str) -> Total {
        let chain = parse(text).unwrap();
        let value = |stage: &super::super::Stage| match &stage.value {
            Value::Typed(actual) => Some(actual.clone()),
            Value::Asked(_) => None,
        };
        let values: Vec<_> = chain.stages.iter().map(value).collect();
        add_up(&chain, &values).unwrap()
    }

    fn measured(mean: f64, lo: f64, hi: f64) -> Actual {
        let interval = Interval { lo, hi, level: Level::P95, method: "Student t".to_owned() };
        let typed = seconds(mean);
        Actual { interval: Some(interval), n: vec![50], ..typed }
    }

    pub(crate) fn seconds(mean: f64) -> Actual {
        Actual::typed(&format!("{mean} s"), Provenance::Measured, "").unwrap()
    }

    pub(crate) fn chain(stages: usize, independent: bool) -> Chain {
        let stage = |i: usize| format!("{{ name = \"{i}\", value = \"s{i}: mean\" }}");
        let stages: Vec<String> = (0..stages).map(stage).collect();
        let text = format!(
            "budget = \"10 s\"\nindependent = {independent}\nstages = [{}]\n",
            stages.join(", ")
        );
        parse(&text).unwrap()
    }

    #[test]
    fn the_published_pipeline_takes_at_most_3_617_s() {
        let total = total(REPORT);
        assert!((total.upper - 3.617).abs() < 1e-12 && (total.lower - 1.017).abs() < 1e-12);
        assert_eq!((total.verdict(), total.level), (Verdict::Pass, None));
        let most = total.dominating().unwrap();
        assert_eq!(most.name, "dashboard rendering");
        assert!((most.share.unwrap() - 2.0 / 3.617).abs() < 1e-12);
        assert!((most.may_grow_to.unwrap() - 3.383).abs() < 1e-12);
        assert!((total.slack() - 1.383).abs() < 1e-12 && total.is_bound());
        // With a budget between the ends nobody can say; below the lower end it fails.
        let with = |budget: &str| self::total(&REPORT.replace("\"5 s\"", budget)).verdict();
        assert_eq!(with("\"3.6 s\""), Verdict::Inconclusive(Reason::Censored));
        assert_eq!(with("\"3.617 s\""), Verdict::Pass);
        assert_eq!(with("\"1 s\""), Verdict::Fail);
        let guess = REPORT.replace(
            "\"< 2.0 s\", provenance = \"measured\"",
            "\"< 2.0 s\", provenance = \"estimated\"",
        );
        assert_ne!(guess, REPORT);
        assert_eq!(self::total(&guess).verdict(), Verdict::Inconclusive(Reason::NotTested));
    }

    #[test]
    fn only_independent_errors_add_up_by_their_squares() {
        let values = [Some(measured(4.0, 3.7, 4.3)), Some(measured(5.0, 4.6, 5.4))];
        let total = add_up(&chain(2, true), &values).unwrap();
        assert!((total.lower - 8.5).abs() < 1e-12 && (total.upper - 9.5).abs() < 1e-12);
        assert_eq!(total.level, Some(Level::P95));
        // Nobody claims it: the distances themselves.
        let total = add_up(&chain(2, false), &values).unwrap();
        assert!((total.lower - 8.3).abs() < 1e-12 && (total.upper - 9.7).abs() < 1e-12);
        // A single stage keeps its interval, and 2 s of doubt at 1 s need four times as many.
        let one = add_up(&chain(1, false), &[Some(measured(9.0, 8.5, 11.0))]).unwrap();
        assert_eq!((one.lower, one.upper), (8.5, 11.0));
        let reason = Reason::Straddles { projected: Some(200) };
        assert_eq!(one.verdict(), Verdict::Inconclusive(reason));
        let typed = Some(seconds(1.0));
        let both = add_up(&chain(2, false), &[Some(measured(4.0, 3.7, 4.3)), typed]).unwrap();
        assert!((both.lower - 4.7).abs() < 1e-12 && (both.upper - 5.3).abs() < 1e-12);
    }

    #[test]
    fn too_few_measurements_are_no_exact_number() {
        let reason = Reason::TooFew { need: 30 };
        let few = Actual { undecided: Some(reason.clone()), n: vec![3], ..seconds(1.0) };
        let values = [Some(measured(4.0, 3.7, 4.3)), Some(few.clone())];
        let total = add_up(&chain(2, false), &values).unwrap();
        assert_eq!((total.upper, total.estimate), (f64::INFINITY, None));
        assert!((total.lower - 3.7).abs() < 1e-12, "nothing is known of the other");
        assert_eq!(total.verdict(), Verdict::Inconclusive(reason));
        assert_eq!(total.undecided().next().unwrap().0.name, "1");
        // The others are too much already.
        let values = [Some(few), Some(measured(14.0, 13.7, 14.3))];
        assert_eq!(add_up(&chain(2, false), &values).unwrap().verdict(), Verdict::Fail);
    }

    /// A p99 of a sample with an upper bound.
    pub(crate) fn p99(estimate: f64, upper: f64, level: Level) -> Actual {
        let bound =
            |side, value| Bound { side, value, level, method: "order statistic".to_owned() };
        let bounds = vec![bound(Side::Lower, 0.5 * estimate), bound(Side::Upper, upper)];
        // A bootstrap that is far too narrow, as it is in the tail.
        Actual { bounds, ..measured(estimate, estimate, estimate) }
    }

    pub(crate) fn p99s(stages: usize) -> Chain {
        let stage = |i: usize| format!("{{ name = \"{i}\", value = \"s{i}: p99\" }}");
        let stages: Vec<String> = (0..stages).map(stage).collect();
        parse(&format!("budget = \"10 s\"\nstages = [{}]\n", stages.join(", "))).unwrap()
    }

    #[test]
    fn percentiles_are_bounded_by_order_statistics() {
        let each = p99s(2).stage_level(Level::P999);
        assert_eq!(each, Level::P999.split(2));
        let add = |a: Actual, b: Actual| add_up(&p99s(2), &[Some(a), Some(b)]).unwrap();
        let fits = add(p99(4.0, 4.4, each), p99(5.0, 5.5, each));
        assert!((fits.upper - 9.9).abs() < 1e-12);
        assert_eq!((fits.verdict(), fits.levels.1), (Verdict::Pass, Some(Level::P999)));
        assert_eq!((fits.level, fits.levels.0), (None, None), "a p99 bounds no p98 from below");
        // The bootstrap would have passed it.
        let wide = add(p99(4.0, 4.5, each), p99(5.0, 6.0, each));
        let reason = Reason::Straddles { projected: Some(113) };
        assert_eq!(wide.verdict(), Verdict::Inconclusive(reason));
        // Levels that nobody split hold together at less.
        let unsplit = add(p99(4.0, 4.4, Level::P999), p99(5.0, 5.5, Level::P999));
        assert_eq!(unsplit.levels.1, "99.8%".parse().ok());
        // Of 100 values there is no bound of the p99: 688 are needed at 99.9 %.
        let none = add(p99(1.0, 1.1, each), p99(1.0, f64::INFINITY, Level::P999));
        assert_eq!(none.verdict(), Verdict::Inconclusive(Reason::TooFew { need: 688 }));
        assert_eq!(none.undecided().next().unwrap().0.name, "1");
        // No bounds at all, though a sample is there.
        let lost = add(p99(1.0, 1.1, each), measured(1.0, 1.0, 1.0));
        assert!(matches!(lost.verdict(), Verdict::Inconclusive(Reason::TooFew { .. })));
        // Errors that add up to 1 bound nothing.
        let half: Level = "50%".parse().unwrap();
        assert_eq!(add(p99(1.0, 1.1, half), p99(1.0, 1.1, half)).upper, f64::INFINITY);
    }

    #[test]
    fn a_stage_that_nobody_measured_is_no_pass() {
        let values = [Some(measured(4.0, 3.7, 4.3)), None];
        let total = add_up(&chain(2, false), &values).unwrap();
        assert_eq!((total.upper, total.estimate), (f64::INFINITY, None));
        assert_eq!(total.verdict(), Verdict::Inconclusive(Reason::NotTested));
        assert_eq!(total.missing().count(), 1);
        // What was measured is too much already.
        let values = [None, Some(measured(14.0, 13.7, 14.3))];
        assert_eq!(add_up(&chain(2, false), &values).unwrap().verdict(), Verdict::Fail);
    }

    #[test]
    fn percentiles_only_bound() {
        let with = |asked: &str, budget: &str| {
            total(&format!(
                "budget = \"{budget}\"\n{asked}\nstages = [{{ name = \"a\", value = \"1 s\", statistic = \"p99\", provenance = \"measured\" }}, {{ name = \"b\", value = \"2 s\", statistic = \"p99\", provenance = \"measured\" }}]\n"
            ))
        };
        let total = with("", "3 s");
        let Kind::Percentiles { guaranteed, covered, .. } = total.kind else { panic!("they are") };
        assert!((guaranteed - 0.98).abs() < 1e-12 && covered);
        assert_eq!((total.upper, total.estimate), (3.0, None));
        assert_eq!(total.verdict(), Verdict::Pass);
        let word = |asked: &str, budget: &str| with(asked, budget).verdict();
        assert_eq!(word("percentile = \"p98\"", "3 s"), Verdict::Pass);
        let unknown = Verdict::Inconclusive(Reason::SummaryOnly);
        assert_eq!(word("percentile = \"p99\"", "3 s"), unknown);
        assert_eq!(word("percentile = \"p98\"", "2.5 s"), unknown);
        // A p99 of 2 s alone is more than a budget of 1.9 s at p99, but not at p98.
        assert_eq!(word("percentile = \"p99\"", "1.9 s"), Verdict::Fail);
        assert_eq!(word("percentile = \"p98\"", "1.9 s"), unknown);
    }
}
