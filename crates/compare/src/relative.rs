use tailproof_core::{
    Aggregate, Bound, Class, Comparison, Condition, Finding, Interval, Level, Objective, Reason,
    Series, Side, Verdict, number, percent,
};

use crate::regression::{Pair, Row};
use crate::settings::CompareError;

/// Judges a relative objective, such as `p95 <= +10%`, against a baseline.
///
/// It is an objective: at `level` (0.999 by default), one-sided, three-valued. The change is
/// bounded by the interval of the ratio whose ends each hold at that level.
///
/// # Errors
/// Different units, other than raw values, or an aggregate without a relative form.
pub fn relative(
    objective: &Objective,
    base: &Series,
    candidate: &Series,
    level: Level,
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
    // Two ends at `level` each make a two-sided interval at 1 − 2(1 − level).
    let two_sided = level.doubled();
    let Ok(change) = pair.change(row, two_sided) else {
        undecided(&mut finding, Reason::BaseNearZero);
        return Ok(finding);
    };
    let (lo, hi) = (change.lo - 1.0, change.hi - 1.0);
    finding.guarantee = change.guarantee;
    finding.estimate = Some(change.candidate);
    finding.base = Some(change.base);
    finding.target = Some(change.base * (1.0 + limit));
    finding.interval =
        Some(Interval { lo, hi, level: two_sided, method: change.method.to_owned() });
    let bound = |side, value| Bound { side, value, level, method: change.method.to_owned() };
    finding.bounds = vec![bound(Side::Lower, lo), bound(Side::Upper, hi)];
    finding.verdict = if lo.is_finite() && hi.is_finite() {
        match (comparison.holds(lo, limit), comparison.holds(hi, limit)) {
            (true, true) => Verdict::Pass,
            (false, false) => Verdict::Fail,
            _ => Verdict::Inconclusive(Reason::Straddles {
                projected: projected(&pair, lo, hi, change.ratio() - 1.0, limit, comparison),
            }),
        }
    } else {
        Verdict::Inconclusive(Reason::TooFew { need: change.need })
    };
    let reason = match &finding.verdict {
        Verdict::Inconclusive(reason) => format!(", {reason}"),
        _ => String::new(),
    };
    finding.why = format!(
        "{} {} -> {}{}, change {} between {} and {} at {level} each ({}; n = {} + {}) vs {comparison} {}: {}{reason}",
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

/// Observations a side at which an interval shrinking as 1/√n would leave the limit out.
fn projected(
    pair: &Pair<'_>,
    lo: f64,
    hi: f64,
    estimate: f64,
    limit: f64,
    comparison: Comparison,
) -> Option<u64> {
    let gap = (limit - estimate).abs();
    let reach = if comparison.holds(estimate, limit) == comparison.is_upper() {
        hi - estimate
    } else {
        estimate - lo
    };
    let n = pair.x.len().max(pair.y.len()) as f64 * (1.41 * reach / gap).powi(2);
    (gap > 0.0 && n < 1e9).then_some(n.ceil() as u64)
}
