use tailproof_core::{
    Aggregate, Bound, Class, Comparison, Condition, Finding, Guarantee, Interval, Level, Objective,
    Reason, Series, Side, Verdict, number, percent,
};
use tailproof_hypothesis::power_factor;

use crate::family::heaviest;
use crate::row::{Pair, Row};
use crate::settings::CompareError;

/// Judges a relative objective, such as `p95 <= +10%`, against a baseline.
///
/// It is an objective: one-sided and three-valued, a pass at `level` (0.999 by default), a
/// failure at `fail`, which is `level` split over the claims of the run. The change is bounded
/// by the ends of intervals of the ratio whose ends each hold at that level.
///
/// # Errors
/// Different units, other than raw values, or an aggregate without a relative form.
pub fn relative(
    objective: &Objective,
    base: &Series,
    candidate: &Series,
    level: Level,
    fail: Level,
) -> Result<Finding, CompareError> {
    let Condition::Relative(comparison, limit) = objective.condition else {
        return Err(CompareError::Aggregate(objective.claim.clone()));
    };
    let row = match &objective.aggregate {
        Aggregate::Mean => Row::Mean,
        Aggregate::Quantile(p) => Row::Quantile(*p),
        _ => return Err(CompareError::Aggregate(objective.claim.clone())),
    };
    let pair = Pair::new(base, candidate)?;
    let mut finding = pair.blank(Class::Slo, objective.claim.clone());
    let undecided = |finding: &mut Finding, reason: Reason| {
        finding.why = format!("{}: INCONCLUSIVE, {reason}", objective.claim);
        finding.verdict = Verdict::Inconclusive(reason);
    };
    let [rx, ry] = pair.runs();
    if rx.min(ry) == 1 && rx.max(ry) > 1 {
        undecided(&mut finding, Reason::OneRun);
        return Ok(finding);
    }
    // Two ends at a level each make a two-sided interval at 1 − 2(1 − level).
    let (low, high) = if comparison.is_upper() { (fail, level) } else { (level, fail) };
    if let Some(reason) = unfit(&pair, row) {
        undecided(&mut finding, reason);
        return Ok(finding);
    }
    let change = pair.change(row);
    let end = |level: Level| change.as_ref().ok()?.interval(level.doubled()).ok();
    let (Ok(change), Some((lo, _)), Some((_, hi))) = (&change, end(low), end(high)) else {
        undecided(&mut finding, Reason::BaseNearZero);
        return Ok(finding);
    };
    let (lo, hi) = (lo - 1.0, hi - 1.0);
    finding.guarantee = if rx == 1 { Guarantee::Approximate } else { change.guarantee };
    finding.estimate = Some(change.candidate);
    finding.base = Some(change.base);
    finding.target = Some(change.base * (1.0 + limit));
    let method = change.method.to_owned();
    finding.interval = change.interval(level.doubled()).ok().map(|(lo, hi)| Interval {
        lo: lo - 1.0,
        hi: hi - 1.0,
        level: level.doubled(),
        method: method.clone(),
    });
    finding.bounds = vec![
        Bound { side: Side::Lower, value: lo, level: low, method: method.clone() },
        Bound { side: Side::Upper, value: hi, level: high, method },
    ];
    finding.verdict = match (comparison.holds(lo, limit), comparison.holds(hi, limit)) {
        (true, true) => Verdict::Pass,
        (false, false) => Verdict::Fail,
        _ if !(lo.is_finite() && hi.is_finite()) => {
            Verdict::Inconclusive(Reason::TooFew { need: change.need(level.doubled()) })
        }
        _ => {
            let alpha = level.alpha().to_f64();
            let projected = projected(
                &pair,
                (lo, hi),
                change.ratio() - 1.0,
                (comparison, limit),
                power_factor(alpha, 0.9),
            );
            Verdict::Inconclusive(Reason::Straddles { projected })
        }
    };
    let reason = match &finding.verdict {
        Verdict::Inconclusive(reason) => format!(", {reason}"),
        _ => String::new(),
    };
    finding.why = format!(
        "{} {} -> {}{}, change {} between {} at {low} and {} at {high} ({}; n = {} + {}) vs {comparison} {}: {}{reason}",
        row.name(),
        number(change.base),
        number(change.candidate),
        finding.unit.as_ref().map_or_else(String::new, |u| format!(" {u}")),
        percent(change.ratio() - 1.0),
        percent(lo),
        percent(hi),
        change.method,
        number(pair.x.len() as f64),
        number(pair.y.len() as f64),
        percent(limit),
        finding.verdict.word(),
    );
    Ok(finding)
}

/// Why a row cannot be an objective: the mean of few or heavy-tailed observations, as without a
/// baseline. Runs are judged by Student's t.
fn unfit(pair: &Pair<'_>, row: Row) -> Option<Reason> {
    if pair.by_run() {
        return None;
    }
    let sides = [pair.x, pair.y];
    match row {
        Row::Mean if sides.iter().any(|s| s.len() < 30) => Some(Reason::TooFew { need: 30 }),
        Row::Mean if sides.into_iter().any(|s| heaviest(s) > 0.2) => Some(Reason::HeavyTail),
        _ => None,
    }
}

/// Observations a side at which an interval shrinking as 1/√n would leave the limit out.
fn projected(
    pair: &Pair<'_>,
    (lo, hi): (f64, f64),
    estimate: f64,
    (comparison, limit): (Comparison, f64),
    factor: f64,
) -> Option<u64> {
    let gap = (limit - estimate).abs();
    let reach = if comparison.holds(estimate, limit) == comparison.is_upper() {
        hi - estimate
    } else {
        estimate - lo
    };
    let n = pair.x.len().max(pair.y.len()) as f64 * (factor * reach / gap).powi(2);
    (gap > 0.0 && n < 1e9).then_some(n.ceil() as u64)
}
