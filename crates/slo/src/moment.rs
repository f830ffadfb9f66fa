use std::num::NonZeroU32;

use tailproof_core::descriptive::{Moments, mad};
use tailproof_core::distributions::normal_quantile;
use tailproof_core::{
    AccuracyMeasure, Aggregate, Bound, Claim, Comparison, Dimension, Finding, Guarantee, Interval,
    Noise, Objective, Observations, Reason, Sample, Series, Side, Unit, Verdict, number, percent,
};
use tailproof_hypothesis::power_factor;
use tailproof_resampling::{
    Bootstrap, Studentized, StudentizedError, below, mean_with_error, sd_with_error, stream,
    studentized,
};

use crate::judge::{Context, SloError, diagnose, kind, promised_direction};
use crate::share::{why, worst};

/// Fewest observations for an asymptotic answer.
const FEWEST: usize = 30;
/// Largest share of the sum of squares that one value may supply.
const HEAVY: f64 = 0.2;
/// Most draws in all replicates; beyond, an expansion is used.
const MOST_DRAWS: u64 = 1_000_000_000;

/// Whether the values of a series are rates themselves.
pub(crate) fn own_rate(series: &Series) -> bool {
    matches!(
        series.metric.unit,
        Some(Unit::Scaled { dimension: Dimension::Frequency | Dimension::Throughput, .. })
    )
}

/// Bounds at any one-sided error, and a standard error that dependence can widen.
struct Answer {
    estimate: f64,
    method: &'static str,
    lower: Box<dyn Fn(f64) -> f64>,
    upper: Box<dyn Fn(f64) -> f64>,
}

impl Answer {
    /// Bounds √τ times as far from the estimate.
    fn widened(self, tau: f64) -> Self {
        let (estimate, factor) = (self.estimate, tau.max(1.0).sqrt());
        let (lower, upper) = (self.lower, self.upper);
        Self {
            lower: Box::new(move |a| estimate + factor * (lower(a) - estimate)),
            upper: Box::new(move |a| estimate + factor * (upper(a) - estimate)),
            ..self
        }
    }
}

/// Judges claims about a mean, a spread, a rate or an extreme.
pub(crate) fn judge(
    context: &Context,
    objective: &Objective,
    series: &Series,
    claims: &[Claim],
    finding: &mut Finding,
) -> Result<(), SloError> {
    let Observations::Raw(raw) = &series.observations else {
        return Err(kind(objective, series, "raw values", &series.observations));
    };
    let sample = &raw.sample;
    finding.n = vec![sample.len() as u64];
    if matches!(objective.aggregate, Aggregate::StdDev | Aggregate::Mad) {
        // A spread is not better the way its values are.
        finding.direction = promised_direction(&objective.condition);
    }
    if objective.aggregate == Aggregate::Value && sample.len() > 1 {
        let needs = "a single value (of several say p95, median, mean, min or max)";
        return Err(kind(objective, series, needs, &series.observations));
    }
    if !raw.is_complete() {
        stop(finding, objective, Reason::Censored);
    } else if matches!(objective.aggregate, Aggregate::Min | Aggregate::Max | Aggregate::Value) {
        judge_extreme(objective, sample, claims, finding);
    } else if matches!(objective.aggregate, Aggregate::Throughput) && !own_rate(series) {
        finding.unit = Unit::known("/s");
        finding.direction = promised_direction(&objective.condition);
        match arrival_gaps(series) {
            // Arrivals per second are one over the mean gap.
            Some(gaps) => judge_smooth(context, objective, series, &gaps, claims, finding),
            None => stop(finding, objective, Reason::Absent),
        }
    } else {
        judge_smooth(context, objective, series, sample, claims, finding);
    }
    Ok(())
}

/// Judges claims about a mean or a spread of `values`: the sample, gaps between arrivals, or
/// errors of predictions.
pub(crate) fn judge_smooth(
    context: &Context,
    objective: &Objective,
    series: &Series,
    values: &Sample,
    claims: &[Claim],
    finding: &mut Finding,
) {
    if values.len() < FEWEST {
        if objective.aggregate == Aggregate::Mean {
            finding.estimate = Some(Moments::of(values).mean());
        }
        return stop(finding, objective, Reason::TooFew { need: FEWEST as u64 });
    }
    finding.guarantee = Guarantee::Asymptotic;
    finding.seed = Some(context.settings.seed);
    let spread = matches!(objective.aggregate, Aggregate::StdDev | Aggregate::Mad);
    let power = if spread { 4 } else { 2 };
    if heaviest(values, power) > HEAVY && objective.aggregate != Aggregate::Mad {
        finding.estimate = match objective.aggregate {
            Aggregate::StdDev => Some(Moments::of(values).sd(1)),
            Aggregate::Mean => Some(Moments::of(values).mean()),
            Aggregate::Accuracy(_) => finding.estimate,
            _ => None,
        };
        return stop(finding, objective, Reason::HeavyTail);
    }
    let (mean, x) = (Moments::of(values).mean(), values.values());
    let derived = |i: usize| if spread { (x[i] - mean).powi(2) } else { x[i] };
    let tau = diagnose(series, values, derived, finding).map_or(1.0, |d| d.tau);
    let finest = context.fail.alpha().to_f64().min(context.settings.level.alpha().to_f64() / 2.0);
    let settings = Bootstrap::new(context.settings.seed).replicates(replicates(finest));
    let answer = match objective.aggregate {
        Aggregate::StdDev => bootstrap_t(values, &settings, sd_with_error, true),
        Aggregate::Mad => Ok(mad_answer(values, context)),
        _ => bootstrap_t(values, &settings, mean_with_error, false),
    };
    let (lo, hi) = values.range();
    let answer = match answer {
        Ok(answer) => answer.widened(tau),
        // No spread to bound with; only a metric without noise is what was seen.
        Err(_) if lo == hi && series.metric.noise == Noise::Exact => constant(objective, values),
        Err(_) if lo == hi => {
            let seen = finding.estimate.filter(|_| predicted(objective));
            finding.estimate = Some(seen.unwrap_or_else(|| constant(objective, values).estimate));
            return stop(finding, objective, Reason::BelowClock);
        }
        // Two values in equal shares: the formula of the error of their spread gives 0.
        Err(_) => return stop(finding, objective, Reason::HeavyTail),
    };
    let answer = match objective.aggregate {
        Aggregate::Throughput if !own_rate(series) => reciprocal(answer),
        Aggregate::Accuracy(measure) => of_errors(answer, measure),
        _ => answer,
    };
    let alpha = context.settings.level.alpha().to_f64();
    finding.estimate = Some(answer.estimate);
    finding.interval = Some(Interval {
        lo: (answer.lower)(alpha / 2.0),
        hi: (answer.upper)(alpha / 2.0),
        level: context.settings.level,
        method: answer.method.to_owned(),
    });
    finding.verdict =
        worst(claims.iter().map(|c| decide(context, c, &answer, values.len(), finding)).collect());
    let suffix = finding.unit.as_ref().map_or_else(String::new, |u| format!(" {u}"));
    let name = objective.claim.split([' ', '<', '>']).next().unwrap_or_default().to_owned();
    let shares = predicted(objective) && finding.is_share();
    let show = |x: f64| if shares { percent(x) } else { format!("{}{suffix}", number(x)) };
    finding.why = why(finding, objective, &name, show, answer.method);
}

/// The verdict on one claim, from the bounds on both sides, which are noted.
fn decide(
    context: &Context,
    claim: &Claim,
    answer: &Answer,
    n: usize,
    finding: &mut Finding,
) -> Verdict {
    let (pass, fail) = (context.settings.level, context.fail);
    let (low, high) = if claim.comparison.is_upper() { (fail, pass) } else { (pass, fail) };
    let lower = (answer.lower)(low.alpha().to_f64());
    let upper = (answer.upper)(high.alpha().to_f64());
    let method = answer.method.to_owned();
    finding.bounds.extend([
        Bound { side: Side::Lower, value: lower, level: low, method: method.clone() },
        Bound { side: Side::Upper, value: upper, level: high, method },
    ]);
    let holds = |x: f64| claim.comparison.holds(x, claim.target);
    match (holds(lower), holds(upper)) {
        (true, true) => Verdict::Pass,
        (false, false) => Verdict::Fail,
        _ => {
            let alpha = context.settings.level.alpha().to_f64();
            Verdict::Inconclusive(straddle(n, answer, claim, (lower, upper), alpha))
        }
    }
}

/// Ends a finding without numbers to decide by.
pub(crate) fn stop(finding: &mut Finding, objective: &Objective, reason: Reason) {
    let detail = match reason {
        Reason::Absent => "the data have no time column with a span".to_owned(),
        ref other => other.to_string(),
    };
    finding.verdict = Verdict::Inconclusive(reason);
    finding.why = format!("{}: {}, {detail}", objective.claim, finding.verdict.word());
}

fn judge_extreme(objective: &Objective, sample: &Sample, claims: &[Claim], finding: &mut Finding) {
    let (lo, hi) = sample.range();
    let (name, value) = match objective.aggregate {
        Aggregate::Min => ("min", lo),
        Aggregate::Value => ("value", lo),
        _ => ("max", hi),
    };
    finding.estimate = Some(value);
    finding.guarantee = Guarantee::Approximate;
    finding.warnings.push(format!("{name} judges this sample only; the next one may differ"));
    let all = claims.iter().all(|c| c.comparison.holds(value, c.target));
    finding.verdict = if all { Verdict::Pass } else { Verdict::Fail };
    let suffix = finding.unit.as_ref().map_or_else(String::new, |u| format!(" {u}"));
    finding.why = format!(
        "{name} = {}{suffix} of this sample (n = {}) vs {}: {}; says nothing about the next one",
        number(value),
        number(sample.len() as f64),
        objective.claim.trim_start_matches(name).trim(),
        finding.verdict.word()
    );
}

/// Seconds between successive arrivals.
fn arrival_gaps(series: &Series) -> Option<Sample> {
    let time = series.time.as_ref()?;
    let run = |i: usize| series.run.as_ref().map(|run| run[i]);
    // Between runs nothing is measured, so that gap is none.
    let gaps: Vec<f64> = (1..time.len())
        .filter(|&i| run(i - 1) == run(i))
        .map(|i| (time[i] - time[i - 1]) as f64 / 1e9)
        .collect();
    Sample::new(gaps).ok().filter(|gaps| gaps.range().1 > 0.0).map(Sample::in_time_order)
}

/// Bounds of a mean gap, turned into bounds of arrivals per second.
fn reciprocal(answer: Answer) -> Answer {
    let (lower, upper) = (answer.lower, answer.upper);
    let inverse = |gap: f64| if gap > 0.0 { 1.0 / gap } else { f64::INFINITY };
    Answer {
        estimate: 1.0 / answer.estimate,
        method: answer.method,
        lower: Box::new(move |a| inverse(upper(a))),
        upper: Box::new(move |a| inverse(lower(a))),
    }
}

/// Whether the values are errors of predictions.
fn predicted(objective: &Objective) -> bool {
    matches!(objective.aggregate, Aggregate::Accuracy(_))
}

/// Bounds of a mean of errors, kept where the measure can lie; the root of those of squares.
fn of_errors(answer: Answer, measure: AccuracyMeasure) -> Answer {
    let kept = move |x: f64| match measure {
        AccuracyMeasure::Rmse => x.max(0.0).sqrt(),
        AccuracyMeasure::Smape => x.clamp(0.0, 2.0),
        _ => x.max(0.0),
    };
    let (lower, upper) = (answer.lower, answer.upper);
    Answer {
        estimate: kept(answer.estimate),
        method: answer.method,
        lower: Box::new(move |a| kept(lower(a))),
        upper: Box::new(move |a| kept(upper(a))),
    }
}

/// Share of the sum of centred powers that the largest deviation supplies: squares for a mean,
/// fourth powers for a spread.
fn heaviest(sample: &Sample, power: i32) -> f64 {
    let mean = Moments::of(sample).mean();
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for x in sample.values() {
        let term = (x - mean).abs().powi(power);
        sum += term;
        largest = largest.max(term);
    }
    if sum > 0.0 { largest / sum } else { 0.0 }
}

/// Replicates that give the finest tail ten pivots, at least 10 000.
fn replicates(alpha: f64) -> NonZeroU32 {
    let count = (10.0 / alpha).clamp(10_000.0, f64::from(u32::MAX)) as u32;
    NonZeroU32::new(count).expect("at least 10 000")
}

/// The studentized bootstrap; where it would take too many draws, the expansion to which it is
/// equal up to O(1/n) for a mean (Hall 1988), and the plain normal bound for a spread.
fn bootstrap_t(
    sample: &Sample,
    settings: &Bootstrap,
    statistic: fn(&[f64]) -> (f64, f64),
    spread: bool,
) -> Result<Answer, StudentizedError> {
    if u64::from(settings.count()) * sample.len() as u64 > MOST_DRAWS {
        let (estimate, error) = statistic(sample.values());
        if !(error > 0.0 && error.is_finite()) {
            return Err(StudentizedError::NoSpread);
        }
        let moments = Moments::of(sample);
        let skew = if spread { 0.0 } else { moments.skewness() / moments.n().sqrt() };
        // One-sided bound x̄ ± se·(z ± γ(2z² + 1)/(6√n)).
        let shift = move |z: f64| skew * (2.0 * z * z + 1.0) / 6.0;
        return Ok(Answer {
            estimate,
            method: if spread { "delta method, normal" } else { "Edgeworth-corrected normal" },
            lower: Box::new(move |a| {
                let z = normal_quantile(1.0 - a);
                estimate - error * (z - shift(z))
            }),
            upper: Box::new(move |a| {
                let z = normal_quantile(1.0 - a);
                estimate + error * (z + shift(z))
            }),
        });
    }
    let t: Studentized = studentized(sample, settings, statistic)?;
    let (low, high) = (t.clone(), t.clone());
    Ok(Answer {
        estimate: t.estimate,
        method: "studentized bootstrap",
        lower: Box::new(move |a| low.lower(a)),
        upper: Box::new(move |a| high.upper(a)),
    })
}

/// MAD with a normal bound; its standard error from an m-out-of-n bootstrap, because it has
/// no formula that does not need the density.
fn mad_answer(sample: &Sample, context: &Context) -> Answer {
    const REPLICATES: u64 = 400;
    let n = sample.len();
    let m = n.min(10_000);
    let values = sample.values();
    let draws: Vec<f64> = (0..REPLICATES)
        .map(|replicate| {
            let mut rng = stream(context.settings.seed, replicate);
            let drawn = (0..m).map(|_| values[below(&mut rng, n as u64) as usize]).collect();
            mad(&Sample::new(drawn).expect("drawn from a sample"))
        })
        .collect();
    let error = Moments::of_values(&draws).sd(1) * (m as f64 / n as f64).sqrt();
    let estimate = mad(sample);
    Answer {
        estimate,
        method: "m-out-of-n bootstrap, normal",
        lower: Box::new(move |a| (estimate - normal_quantile(1.0 - a) * error).max(0.0)),
        upper: Box::new(move |a| estimate + normal_quantile(1.0 - a) * error),
    }
}

/// Equal observations of a metric without noise: the value is what was seen.
fn constant(objective: &Objective, sample: &Sample) -> Answer {
    let estimate = match objective.aggregate {
        Aggregate::StdDev | Aggregate::Mad => 0.0,
        _ => sample.values()[0],
    };
    Answer {
        estimate,
        method: "all observations are equal",
        lower: Box::new(move |_| estimate),
        upper: Box::new(move |_| estimate),
    }
}

/// The n at which bounds as wide as these, shrunk by 1/√n, would leave the target out.
fn straddle(
    n: usize,
    answer: &Answer,
    claim: &Claim,
    (lower, upper): (f64, f64),
    alpha: f64,
) -> Reason {
    let gap = (claim.target - answer.estimate).abs();
    let holds = matches!(claim.comparison, Comparison::AtMost | Comparison::Below)
        == (answer.estimate <= claim.target);
    let reach = if holds == claim.comparison.is_upper() {
        upper - answer.estimate
    } else {
        answer.estimate - lower
    };
    let projected = n as f64 * (power_factor(alpha, 0.9) * reach / gap).powi(2);
    Reason::Straddles {
        projected: (gap > 0.0 && projected < 1e9).then_some(projected.ceil() as u64),
    }
}
