use tailproof_core::binomial::{proportion_lower, proportion_upper, tails};
use tailproof_core::quantile::{QuantileType, position};
use tailproof_core::{
    Aggregate, Binned, Bound, Claim, Comparison, Condition, Ecdf, Interval, Level, Objective,
    Observations, Rank, Raw, Reason, Sample, Series, Side, Unit, Verdict, number, percent,
};
use tailproof_core::{Finding, Guarantee};
use tailproof_resampling::{Dependence, QuantileBootstrap};

use crate::gate::{Count, Gate};
use crate::judge::{Context, EFFECTIVE, SloError, diagnose, dispersion, kind, promised_direction};
use crate::validator::SloCompliance;

/// Values that are known, or known up to a bracket.
pub(crate) enum View<'a> {
    Values(&'a Sample),
    /// Every observation at the lower and at the upper end of where it may lie.
    Bracket(Ecdf, Ecdf),
}

impl<'a> View<'a> {
    pub(crate) fn of(observations: &'a Observations) -> Option<Self> {
        let merge = |parts: &mut dyn Iterator<Item = Ecdf>| {
            let (mut atoms, mut below, mut above) = (Vec::new(), 0, 0);
            for part in parts {
                atoms.extend_from_slice(part.atoms());
                below += part.below();
                above += part.above();
            }
            Ecdf::new(atoms, below, above).ok()
        };
        match observations {
            Observations::Raw(raw) if raw.is_complete() => Some(Self::Values(&raw.sample)),
            Observations::Raw(raw) => {
                let (lower, upper) = censored(raw);
                Some(Self::Bracket(lower, upper))
            }
            Observations::Atoms(parts) => {
                let all = merge(&mut parts.iter().cloned())?;
                Some(Self::Bracket(all.clone(), all))
            }
            Observations::Binned(parts) => Some(Self::Bracket(
                merge(&mut parts.iter().map(Binned::lower))?,
                merge(&mut parts.iter().map(Binned::upper))?,
            )),
            _ => None,
        }
    }

    pub(crate) fn n(&self) -> u64 {
        match self {
            Self::Values(sample) => sample.len() as u64,
            Self::Bracket(lower, _) => lower.n(),
        }
    }

    /// Observations below `t`, or at most `t` when `inclusive`.
    fn count(&self, t: f64, inclusive: bool) -> Count {
        let of = |e: &Ecdf| if inclusive { e.count_at_most(t) } else { e.count_below(t) };
        match self {
            Self::Values(sample) => {
                let below = |x: &&f64| if inclusive { **x <= t } else { **x < t };
                Count::exact(sample.values().iter().filter(below).count() as u64, self.n())
            }
            Self::Bracket(lower, upper) => {
                Count { sure: of(upper), possible: of(lower), n: self.n() }
            }
        }
    }

    /// Order statistic of rank `r`: the end of its bracket that a bound on `side` needs.
    fn order_statistic(&self, r: u64, side: Side) -> f64 {
        match (self, side) {
            (Self::Values(sample), _) => sample.order_statistic(r),
            (Self::Bracket(lower, _), Side::Lower) => lower.order_statistic(r),
            (Self::Bracket(_, upper), Side::Upper) => upper.order_statistic(r),
        }
    }
}

/// Both ends of a raw sample with censored values.
fn censored(raw: &Raw) -> (Ecdf, Ecdf) {
    let mut known = vec![true; raw.sample.len()];
    for &i in raw.above().iter().chain(raw.below()) {
        known[i as usize] = false;
    }
    let values = raw.sample.values();
    let base: Vec<(f64, u64)> =
        values.iter().zip(&known).filter(|(_, k)| **k).map(|(&x, _)| (x, 1)).collect();
    let with = |limits: &[u32], below: u64, above: u64| {
        let mut atoms = base.clone();
        atoms.extend(limits.iter().map(|&i| (values[i as usize], 1)));
        Ecdf::new(atoms, below, above).expect("a sample is not empty and finite")
    };
    (with(raw.above(), raw.below().len() as u64, 0), with(raw.below(), 0, raw.above().len() as u64))
}

/// Judges claims about a percentile.
pub(crate) fn quantile(
    context: &Context,
    objective: &Objective,
    series: &Series,
    p: Rank,
    claims: &[Claim],
    finding: &mut Finding,
) -> Result<Option<SloCompliance>, SloError> {
    let Some(view) = View::of(&series.observations) else {
        return Err(kind(objective, series, "values", &series.observations));
    };
    let n = view.n();
    finding.n = vec![n];
    let law = match &view {
        View::Values(sample) => {
            let law = QuantileBootstrap::of(sample, p, QuantileType::Linear);
            finding.estimate = Some(law.sample_quantile());
            let (lo, hi) = law.interval(context.settings.level);
            let method = "exact percentile bootstrap (B → ∞)".to_owned();
            finding.interval = Some(Interval { lo, hi, level: context.settings.level, method });
            Some(law)
        }
        View::Bracket(lower, upper) => {
            let at = position(n, p, QuantileType::Linear);
            let ends = (lower.order_statistic(at.lower), upper.order_statistic(at.upper));
            finding.estimate = (ends.0 == ends.1).then_some(ends.0);
            None
        }
    };
    let mut verdicts = Vec::new();
    for claim in claims {
        let inclusive = matches!(claim.comparison, Comparison::AtMost | Comparison::Above);
        let count = view.count(claim.target, inclusive);
        let dependence = match &view {
            View::Values(sample) => indicator(series, sample, claim.target, inclusive, finding),
            View::Bracket(..) => None,
        };
        let gate = gate(context, p, n, claim.comparison, dependence);
        let verdict = match gate.verdict(count) {
            Verdict::Inconclusive(Reason::BucketWidth)
                if matches!(series.observations, Observations::Raw(_)) =>
            {
                Verdict::Inconclusive(Reason::Censored)
            }
            verdict => verdict,
        };
        verdicts.push(verdict);
        let value = |rank: Option<u64>, side: Side| match rank {
            Some(r) => law
                .as_ref()
                .and_then(|law| law.order_statistic(r))
                .unwrap_or_else(|| view.order_statistic(r, side)),
            None if side == Side::Upper => f64::INFINITY,
            None => f64::NEG_INFINITY,
        };
        let ((lower, lower_level), (upper, upper_level)) = (gate.lower(), gate.upper());
        let method = "order statistic, binomial".to_owned();
        finding.bounds.extend([
            Bound {
                side: Side::Lower,
                value: value(lower, Side::Lower),
                level: lower_level,
                method: method.clone(),
            },
            Bound {
                side: Side::Upper,
                value: value(upper, Side::Upper),
                level: upper_level,
                method,
            },
        ]);
    }
    finding.verdict = worst(verdicts);
    let suffix = series.metric.suffix();
    finding.why = why(
        finding,
        objective,
        &p_name(objective, p),
        |x| format!("{}{suffix}", number(x)),
        "order statistic",
    );
    let compliance = match (law, claims) {
        (Some(law), [claim]) if claim.comparison.is_upper() => {
            Some(SloCompliance::new(series.name(), p, claim.target, &law, &context.settings))
        }
        _ => None,
    };
    Ok(compliance)
}

/// What a percentile is called: as in the claim.
pub(crate) fn p_name(objective: &Objective, p: Rank) -> String {
    if objective.claim.starts_with("median") { "median".to_owned() } else { p.to_string() }
}

/// The dependence of `1{x ≤ t}`, which is what the gate counts.
fn indicator(
    series: &Series,
    sample: &Sample,
    t: f64,
    inclusive: bool,
    finding: &mut Finding,
) -> Option<Dependence> {
    let x = sample.values();
    let hit = |i: usize| f64::from(u8::from(if inclusive { x[i] <= t } else { x[i] < t }));
    diagnose(series, sample, hit, finding)
}

fn gate(
    context: &Context,
    p: Rank,
    n: u64,
    comparison: Comparison,
    dependence: Option<Dependence>,
) -> Gate {
    let effective = dependence.map_or(n as f64, |d| d.effective());
    Gate::with_effective(p, n, effective, comparison, context.settings.level, context.fail)
}

/// Judges claims about a share: values that meet a limit, or good events among all.
pub(crate) fn rate(
    context: &Context,
    objective: &Objective,
    series: &Series,
    claims: &[Claim],
    finding: &mut Finding,
) -> Result<(), SloError> {
    let (count, dependence) = match (&objective.aggregate, &series.observations) {
        (Aggregate::Ratio, Observations::Events(events)) => {
            let (good, total) =
                events.iter().fold((0, 0), |(g, t), &(good, total)| (g + good, t + total));
            (Count::exact(good, total), windows(events, finding))
        }
        (Aggregate::Ratio, other) => {
            return Err(kind(objective, series, "event counts (columns good,total)", other));
        }
        (Aggregate::Rate(op, limit), observations) => {
            let Some(view) = View::of(observations) else {
                return Err(kind(objective, series, "values", observations));
            };
            let limit = limit
                .in_unit(series.metric.unit.as_ref())
                .expect("the unit was checked before judging");
            let inclusive = matches!(op, Comparison::AtMost | Comparison::Above);
            let near = view.count(limit, inclusive);
            let dependence = match &view {
                View::Values(sample) => indicator(series, sample, limit, inclusive, finding),
                View::Bracket(..) => None,
            };
            let count = if op.is_upper() {
                near
            } else {
                Count { sure: near.n - near.possible, possible: near.n - near.sure, n: near.n }
            };
            (count, dependence)
        }
        _ => unreachable!("only rates and ratios are shares"),
    };
    let n = count.n;
    finding.n = vec![n];
    finding.unit = Unit::known("ratio");
    finding.direction = promised_direction(&objective.condition);
    let shares = shares(&objective.condition);
    finding.target = shares.first().map(|share| share.to_f64());
    finding.target_upper = shares.get(1).map(|share| share.to_f64());
    if n == 0 {
        finding.verdict = Verdict::Inconclusive(Reason::TooFew { need: 1 });
        finding.why = format!("{}: no events", objective.claim);
        return Ok(());
    }
    let share = count.sure as f64 / n as f64;
    if count.sure == count.possible {
        finding.estimate = Some(share);
        let level = context.settings.level;
        let (lo, hi) = binomial_interval(n, share, level);
        let method = "exact percentile bootstrap (B → ∞)".to_owned();
        finding.interval = Some(Interval { lo, hi, level, method });
    }
    let verdicts = decide(context, claims, &shares, count, dependence, finding);
    finding.verdict = worst(verdicts);
    let name = match &objective.aggregate {
        Aggregate::Rate(op, limit) => format!("share {op} {limit}"),
        _ => "good events".to_owned(),
    };
    let method = format!("{} of {}, Clopper-Pearson", number(count.sure as f64), number(n as f64));
    finding.why = why(finding, objective, &name, percent, &method);
    Ok(())
}

/// Verdicts on claims about the share of observations that `count` counts; notes the bounds.
///
/// `shares` are the targets of the claims as exact numbers.
pub(crate) fn decide(
    context: &Context,
    claims: &[Claim],
    shares: &[Rank],
    count: Count,
    dependence: Option<Dependence>,
    finding: &mut Finding,
) -> Vec<Verdict> {
    let n = count.n;
    let effective = dependence.map_or(n as f64, |d| d.effective());
    let mut verdicts = Vec::new();
    for (claim, &rank) in claims.iter().zip(shares) {
        // "At least q are good" counts like "the q-quantile is at most T".
        let side =
            if claim.comparison.is_upper() { Comparison::AtLeast } else { Comparison::AtMost };
        let gate = gate(context, rank, n, side, dependence);
        verdicts.push(gate.verdict(count));
        let (lower, upper) = if claim.comparison.is_upper() {
            (context.fail, context.settings.level)
        } else {
            (context.settings.level, context.fail)
        };
        let worth = (effective as u64).clamp(1, n);
        let method = "Clopper-Pearson".to_owned();
        finding.bounds.extend([
            Bound {
                side: Side::Lower,
                value: proportion_lower(scaled(count.sure, n, worth, false), worth, lower),
                level: lower,
                method: method.clone(),
            },
            Bound {
                side: Side::Upper,
                value: proportion_upper(scaled(count.possible, n, worth, true), worth, upper),
                level: upper,
                method,
            },
        ]);
    }
    verdicts
}

/// Whether the windows of event counts differ more than independent events would (Pearson's
/// dispersion, about 0.1 %): the events are then worth fewer.
pub(crate) fn dispersed(events: &[(u64, u64)]) -> Option<Dependence> {
    let groups: Vec<(f64, f64)> =
        events.iter().filter(|e| e.1 > 0).map(|&(g, t)| (t as f64, g as f64)).collect();
    let (n, good) = groups.iter().fold((0.0, 0.0), |(n, s), g| (n + g.0, s + g.1));
    let share = good / n;
    let ratio = dispersion(&groups, share, share * (1.0 - share))?;
    Some(Dependence { n: n as u64, tau: ratio, lag1: None, significant: true })
}

/// What to say of windows that are [`dispersed`].
pub(crate) fn windows_differ(found: &Dependence) -> String {
    format!(
        "the windows differ {} times as much as independent events would: judged with an \
         {EFFECTIVE}{} instead of {}; the guarantee is approximate",
        number(found.tau),
        number(found.effective().floor()),
        number(found.n as f64),
    )
}

fn windows(events: &[(u64, u64)], finding: &mut Finding) -> Option<Dependence> {
    let found = dispersed(events)?;
    finding.guarantee = Guarantee::Approximate;
    finding.warnings.push(windows_differ(&found));
    Some(found)
}

/// A count of n scaled to the observations that they are worth, rounded down or up.
pub(crate) fn scaled(count: u64, n: u64, worth: u64, up: bool) -> u64 {
    let wide = u128::from(count) * u128::from(worth);
    (if up { wide.div_ceil(u128::from(n)) } else { wide / u128::from(n) }) as u64
}

/// The shares that a condition names, as exact ranks.
pub(crate) fn shares(condition: &Condition) -> Vec<Rank> {
    let rank = |q: &tailproof_core::Quantity| q.share().and_then(|s| Rank::new(s).ok());
    match condition {
        Condition::Absolute(_, q) => rank(q).into_iter().collect(),
        Condition::Range(lo, hi) => rank(lo).into_iter().chain(rank(hi)).collect(),
        _ => Vec::new(),
    }
}

/// Quantiles of `Bin(n, share)/n` at α/2 and 1 − α/2: the bootstrap of a share.
pub(crate) fn binomial_interval(n: u64, share: f64, level: Level) -> (f64, f64) {
    let at = |q: f64| {
        // The smallest c with P(Bin ≤ c) ≥ q.
        let (mut lo, mut hi) = (0, n);
        while lo < hi {
            let mid = lo + (hi - lo) / 2;
            if tails(mid + 1, n, share, 1.0 - share).below >= q { hi = mid } else { lo = mid + 1 }
        }
        lo as f64 / n as f64
    };
    let half = level.alpha().to_f64() / 2.0;
    (at(half), at(1.0 - half))
}

/// Fails before being inconclusive, passes only when all do.
pub(crate) fn worst(verdicts: Vec<Verdict>) -> Verdict {
    let rank = |v: &Verdict| match v {
        Verdict::Fail => 0,
        Verdict::Inconclusive(_) => 1,
        Verdict::NoDetectableChange { .. } => 2,
        Verdict::Pass => 3,
    };
    verdicts.into_iter().min_by_key(rank).unwrap_or(Verdict::Inconclusive(Reason::NotTested))
}

/// The answer in one line: what, how sure, against which limit, by which method, from how many.
pub(crate) fn why(
    finding: &Finding,
    objective: &Objective,
    name: &str,
    show: impl Fn(f64) -> String,
    method: &str,
) -> String {
    let suffix = if finding.is_share() { String::new() } else { finding.suffix() };
    let range = matches!(objective.condition, Condition::Range(..));
    let upper_claim = match objective.condition {
        Condition::Absolute(op, _) | Condition::Relative(op, _) => op.is_upper(),
        _ => true,
    };
    let estimate = finding.estimate.map_or_else(|| "?".to_owned(), &show);
    let pick = |side: Side| {
        finding.bounds.iter().filter(|b| b.side == side && b.value.is_finite()).min_by(|a, b| {
            if side == Side::Lower {
                b.value.total_cmp(&a.value)
            } else {
                a.value.total_cmp(&b.value)
            }
        })
    };
    let (lower, upper) = (pick(Side::Lower), pick(Side::Upper));
    let decided = matches!(finding.verdict, Verdict::Pass | Verdict::Fail);
    let near = upper_claim == (finding.verdict == Verdict::Pass);
    let bounds = match (lower, upper) {
        (_, Some(u)) if decided && near && !range => {
            format!("at most {} at {}", show(u.value), u.level)
        }
        (Some(l), _) if decided && !near && !range => {
            format!("at least {} at {}", show(l.value), l.level)
        }
        (Some(l), Some(u)) => {
            format!("between {} and {} at {} each", show(l.value), show(u.value), u.level)
        }
        (Some(l), None) => format!("at least {} at {}, no upper bound", show(l.value), l.level),
        (None, Some(u)) => format!("at most {} at {}, no lower bound", show(u.value), u.level),
        (None, None) => "no bound exists at this level".to_owned(),
    };
    let reason = match &finding.verdict {
        Verdict::Inconclusive(reason) => format!(", {reason}"),
        _ => String::new(),
    };
    let interval = finding.interval.as_ref().map_or_else(String::new, |i| {
        let what =
            if i.method.starts_with("exact") { "exact bootstrap" } else { i.method.as_str() };
        let bare =
            |x: f64| show(x).strip_suffix(suffix.as_str()).map_or_else(|| show(x), str::to_owned);
        format!("; {what} [{}, {}]", bare(i.lo), bare(i.hi))
    });
    let approximate = match finding.guarantee {
        Guarantee::Exact => "",
        Guarantee::Asymptotic => ", asymptotic",
        Guarantee::Approximate => ", approximate",
    };
    let n: Vec<String> = finding.n.iter().map(|&n| number(n as f64)).collect();
    // A bare number was read in the unit of the data, which the finding's claim adds.
    let unit = finding.claim.strip_prefix(&objective.claim).unwrap_or_default();
    let promise = format!("{}{unit}", objective.promise);
    format!(
        "{name} = {estimate}, {bounds} ({method}, one-sided{approximate}; n = {}) vs {}: {}{reason}{interval}",
        n.join(" + "),
        promise,
        finding.verdict.word(),
    )
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Binned, Closed, Dataset, Direction, Labels, Metric, Seed};

    use super::*;
    use crate::{Settings, judge};

    fn verdict(observations: Observations, objective: &str) -> Verdict {
        let series = Series {
            metric: Metric::new("latency", Unit::known("ms")),
            labels: Labels::new(),
            observations,
            run: None,
            time: None,
            marks: None,
        };
        let data = Dataset { series: vec![series], ..Dataset::default() };
        let judged = judge(&data, &[objective.parse().unwrap()], &Settings::new(Seed(1)));
        judged.unwrap().findings.remove(0).verdict
    }

    fn raw(above: usize) -> Observations {
        let mut values: Vec<f64> = (0..1_000).map(|i| f64::from(i % 100)).collect();
        // Requests that were given up after 30 ms.
        values[..above].fill(30.0);
        let above = (0..above as u32).collect();
        Observations::Raw(Raw::censored(Sample::new(values).unwrap(), above, vec![]).unwrap())
    }

    #[test]
    fn requests_that_were_given_up_count_as_slow() {
        assert_eq!(verdict(raw(10), "p95 <= 120ms"), Verdict::Pass);
        assert_eq!(verdict(raw(200), "p95 <= 20ms"), Verdict::Fail);
        // Between the limit and the target nobody knows where the 200 lie.
        assert_eq!(verdict(raw(200), "p95 <= 120ms"), Verdict::Inconclusive(Reason::Censored));
        assert_eq!(verdict(raw(10), "mean <= 120ms"), Verdict::Inconclusive(Reason::Censored));
    }

    fn finding(observations: Observations, objective: &str) -> Finding {
        let metric = Metric::new("latency", Unit::known("ms"));
        let data =
            Dataset { series: vec![Series::new(metric, observations)], ..Dataset::default() };
        let judged = judge(&data, &[objective.parse().unwrap()], &Settings::new(Seed(1)));
        judged.unwrap().findings.remove(0)
    }

    #[test]
    fn a_share_is_better_the_way_it_is_promised() {
        let direction = |objective| finding(raw(0), objective).direction;
        assert_eq!(direction("rate(<= 50ms) >= 10%"), Direction::Higher);
        assert_eq!(direction("rate(> 50ms) <= 90%"), Direction::Lower);
        assert_eq!(direction("p95 <= 50ms"), Direction::Lower);
        let events = || Observations::Events(vec![(95, 100)]);
        assert_eq!(finding(events(), "ratio >= 90%").direction, Direction::Higher);
        assert_eq!(finding(events(), "ratio in 0.5..0.99").direction, Direction::Unknown);
    }

    #[test]
    fn a_range_has_two_targets() {
        let events = || Observations::Events(vec![(95, 100)]);
        let targets = |f: Finding| (f.target, f.target_upper);
        let found = finding(events(), "ratio in 0.5..0.99");
        assert_eq!(targets(found), (Some(0.5), Some(0.99)));
        assert_eq!(targets(finding(events(), "ratio >= 0.5")), (Some(0.5), None));
        assert_eq!(targets(finding(raw(0), "p50 in 0.02..0.07 s")), (Some(20.0), Some(70.0)));
        assert_eq!(targets(finding(raw(0), "mean <= 50ms")), (Some(50.0), None));
    }

    #[test]
    fn buckets_answer_when_their_edges_allow() {
        let edges = vec![0.0, 50.0, 100.0, 200.0, f64::INFINITY];
        let buckets = Binned::new(edges, vec![900, 95, 5, 0], Closed::Upper).unwrap();
        let of = |objective| verdict(Observations::Binned(vec![buckets.clone()]), objective);
        assert_eq!(of("p95 <= 100ms"), Verdict::Pass);
        assert_eq!(of("p95 <= 40ms"), Verdict::Fail); // 100 of 1 000 are above 50.
        assert_eq!(of("p50 <= 40ms"), Verdict::Inconclusive(Reason::BucketWidth));
        assert_eq!(of("rate(<= 100ms) >= 98%"), Verdict::Pass);
    }
}
