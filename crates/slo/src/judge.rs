use std::collections::BTreeMap;
use std::num::NonZeroU32;

use rayon::prelude::*;
use tailproof_core::{
    AccuracyMeasure, Aggregate, Claim, Class, Condition, Dataset, Direction, Finding, Guarantee,
    Level, Objective, Observations, Order, Quantity, Raw, Reason, Sample, Seed, Series,
    SeriesError, Subject, Unit, UnitError, Verdict, number, qualified,
};
use tailproof_resampling::{Dependence, dependence, dependence_by, pathologies};

use crate::validator::SloCompliance;
use crate::{accuracy, moment, share};

/// How objectives are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Level of a pass; failures use it split over all claims of the run.
    pub level: Level,
    /// Seed of everything random.
    pub seed: Seed,
    /// Replicates drawn beside the exact bootstrap of a percentile; `None` draws none.
    pub resamples: Option<NonZeroU32>,
    /// Claims judged elsewhere in the same run, over which failures are corrected too.
    pub beside: usize,
}

impl Settings {
    /// 99.9 %, no replicates.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self { level: Level::P999, seed, resamples: None, beside: 0 }
    }

    /// Sets the level.
    #[must_use]
    pub const fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Draws replicates beside the exact bootstrap.
    #[must_use]
    pub const fn resamples(self, resamples: NonZeroU32) -> Self {
        Self { resamples: Some(resamples), ..self }
    }
}

/// What [`judge`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// One finding per objective and series.
    pub findings: Vec<Finding>,
    /// Which objective each of them answers, as an index.
    pub answers: Vec<usize>,
    /// One result object per percentile objective on raw values.
    pub compliance: Vec<SloCompliance>,
    /// One-sided claims judged, over which failures are corrected.
    pub claims: usize,
}

impl Judged {
    /// Each finding with the objective that it answers; `objectives` are those that were judged.
    pub fn answered<'a>(
        &'a mut self,
        objectives: &'a [Objective],
    ) -> impl Iterator<Item = (&'a Objective, &'a mut Finding)> {
        let answers = self.findings.iter_mut().zip(&self.answers);
        answers.filter_map(move |(finding, &index)| Some((objectives.get(index)?, finding)))
    }
}

/// Why objectives could not be judged at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SloError {
    /// No series has the metric and labels that the objective names.
    #[error("objective {objective:?} matches nothing in the data; there is: {have}")]
    NoSuchSeries {
        /// The objective.
        objective: String,
        /// What there is.
        have: String,
    },
    /// The unit of the target does not convert to that of the data.
    #[error("objective {objective:?} on {series}: {source}")]
    Unit {
        /// The objective.
        objective: String,
        /// The series.
        series: String,
        /// The units.
        source: UnitError,
    },
    /// The data are of another kind than the aggregate needs.
    #[error("objective {objective:?} needs {needs}, {series} holds {holds}")]
    Kind {
        /// The objective.
        objective: String,
        /// The series.
        series: String,
        /// What the aggregate needs.
        needs: &'static str,
        /// What the series holds.
        holds: &'static str,
    },
    /// Labels of which none is known to be the positive one.
    #[error(
        "objective {objective:?} on {series}: pair {pair} holds {value}, neither 0 nor 1; write 1 \
         for the positive label and 0 for all others (accuracy takes any numbers)"
    )]
    Labels {
        /// The objective.
        objective: String,
        /// The series.
        series: String,
        /// Which pair, from 1, in order of time where there is one.
        pair: usize,
        /// The label.
        value: f64,
    },
    /// Runs or times that do not fit the observations.
    #[error("{series}: {source}")]
    Series {
        /// The series.
        series: String,
        /// What does not fit.
        source: SeriesError,
    },
    /// A relative objective without a baseline to be relative to.
    #[error("objective {0:?} is relative: it needs a baseline (--baseline DATA)")]
    NoBaseline(String),
    /// Series that cannot be pooled.
    #[error("objective {objective:?} pools series in different units: {units}")]
    Pooled {
        /// The objective.
        objective: String,
        /// The units found.
        units: String,
    },
}

/// Judges every objective on every series it names.
///
/// An objective that names a metric which the data lack is an error, so that a renamed
/// column cannot pass. Failures are corrected for the number of claims judged in this call
/// (Bonferroni), passes need no correction: each is wrong with probability at most
/// `1 − level`, and "all pass" is wrong only when one of them is.
///
/// Relative objectives are not judged here; see `tailproof_compare`.
///
/// # Errors
/// An objective that matches nothing, whose unit does not convert, or whose aggregate does
/// not fit the kind of data.
pub fn judge(
    data: &Dataset,
    objectives: &[Objective],
    settings: &Settings,
) -> Result<Judged, SloError> {
    for series in &data.series {
        series.check().map_err(|source| SloError::Series { series: series.name(), source })?;
    }
    let mut tasks = Vec::new();
    let mut pools = Vec::new();
    let mut of_series = std::collections::BTreeSet::new();
    for (index, objective) in objectives.iter().enumerate() {
        if matches!(objective.condition, Condition::Relative(..)) {
            return Err(SloError::NoBaseline(objective.claim.clone()));
        }
        let matching = matching(data, objective);
        if matching.is_empty() {
            let have: Vec<String> = data.series.iter().map(Series::name).collect();
            let have = if have.is_empty() { "nothing".to_owned() } else { have.join(", ") };
            return Err(SloError::NoSuchSeries { objective: full_text(objective), have });
        }
        if objective.pooled && matching.len() > 1 {
            // Without runs each series is taken for one; it is not called so.
            if matching.iter().all(|s| s.run.is_none()) {
                of_series.insert(index);
            }
            pools.push((index, objective, pool(objective, &matching)?));
        } else {
            tasks.extend(matching.into_iter().map(|series| (index, objective, series)));
        }
    }
    tasks.extend(pools.iter().map(|(index, objective, series)| (*index, *objective, series)));
    let mut claims = Vec::with_capacity(tasks.len());
    for (_, objective, series) in &tasks {
        claims.push(claims_in_unit(objective, series)?);
    }
    let count: usize = claims.iter().map(Vec::len).sum();
    let context =
        Context { settings: *settings, fail: settings.level.split(count + settings.beside) };
    let mut judged = Judged { claims: count, ..Judged::default() };
    let mut warnings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Each objective passes over its series by itself; they are put together in their order.
    let parts: Vec<Result<Judged, SloError>> = tasks
        .par_iter()
        .zip(&claims)
        .map(|((_, objective, series), claims)| {
            let mut part = Judged::default();
            context.judge(data, objective, series, claims, &mut part)?;
            Ok(part)
        })
        .collect();
    for ((index, _, series), part) in tasks.into_iter().zip(parts) {
        let part = part?;
        judged.answers.extend(part.findings.iter().map(|_| index));
        let first = judged.findings.len();
        judged.findings.extend(part.findings);
        judged.compliance.extend(part.compliance);
        // Once a series, however many objectives name it.
        let found =
            warnings.entry(series.name()).or_insert_with(|| pathologies(series, data.generator));
        for finding in &mut judged.findings[first..] {
            if of_series.contains(&index) {
                finding.runs = vec![1];
                finding.warnings.iter_mut().for_each(|w| *w = about_series(w));
            }
            finding.warnings.extend(found.iter().cloned());
        }
    }
    Ok(judged)
}

/// The series that an objective speaks of.
pub(crate) fn matching<'a>(data: &'a Dataset, objective: &Objective) -> Vec<&'a Series> {
    let mut matching: Vec<&Series> = data.series.iter().filter(|s| objective.matches(s)).collect();
    // An objective without a name speaks of what it can speak of; beside predictions stand the
    // values they were trained on.
    if objective.metric.is_none() || matches!(objective.aggregate, Aggregate::Accuracy(_)) {
        let fits = |s: &&Series| speaks_of(&objective.aggregate, &s.observations);
        if matching.iter().any(fits) {
            matching.retain(fits);
        }
    }
    matching
}

/// Whether an aggregate can be formed of such observations, as far as their kind says.
fn speaks_of(aggregate: &Aggregate, observations: &Observations) -> bool {
    match observations {
        Observations::Events(_) => *aggregate == Aggregate::Ratio,
        Observations::Pairs(_) => matches!(aggregate, Aggregate::Accuracy(_)),
        _ => !matches!(aggregate, Aggregate::Ratio | Aggregate::Accuracy(_)),
    }
}

/// A warning about runs, of pooled series.
fn about_series(warning: &str) -> String {
    warning.replacen("the runs differ", "the pooled series differ", 1).replacen(
        " runs: differences between runs that so few",
        " pooled series: differences between series that so few",
        1,
    )
}

/// Metric, labels and claim as typed.
pub(crate) fn full_text(objective: &Objective) -> String {
    let metric = objective.metric.as_deref().unwrap_or_default();
    match qualified(metric, &objective.labels) {
        name if name.is_empty() => objective.claim.clone(),
        name => format!("{name}: {}", objective.claim),
    }
}

fn claims_in_unit(objective: &Objective, series: &Series) -> Result<Vec<Claim>, SloError> {
    let error =
        |source| SloError::Unit { objective: full_text(objective), series: series.name(), source };
    let unit = series.metric.unit.as_ref();
    match &objective.aggregate {
        // The target is a share or a frequency; the limit inside is in the unit of the data.
        Aggregate::Rate(_, limit) => {
            limit.in_unit(unit).map_err(error)?;
            Ok(objective.claims(None).unwrap_or_default())
        }
        Aggregate::Ratio => Ok(objective.claims(None).unwrap_or_default()),
        // Shares, and multiples of the naive error.
        Aggregate::Accuracy(measure) if *measure != AccuracyMeasure::Rmse => {
            objective.claims(Unit::known("ratio").as_ref()).map_err(error)
        }
        Aggregate::Throughput if !moment::own_rate(series) => {
            objective.claims(Unit::known("/s").as_ref()).map_err(error)
        }
        _ => {
            if let Condition::Absolute(_, q) | Condition::Range(q, _) = &objective.condition
                && let Some(named @ Unit::Named(name)) = q.unit()
                && unit != Some(named)
            {
                // A misspelt unit must not be taken for the unit of the data.
                return Err(error(UnitError::NotAUnit(name.clone())));
            }
            objective.claims(unit).map_err(error)
        }
    }
}

/// The claim as typed, and the unit that a bare number was taken to be in.
fn claim_in_unit(objective: &Objective, series: &Series) -> String {
    let quantity = match (&objective.aggregate, &objective.condition) {
        (Aggregate::Rate(_, limit), _) => Some(limit),
        (Aggregate::Ratio | Aggregate::Throughput, _) => None,
        (Aggregate::Accuracy(measure), _) if *measure != AccuracyMeasure::Rmse => None,
        (_, Condition::Absolute(_, q) | Condition::Range(q, _)) => Some(q),
        _ => None,
    };
    match (quantity.map(Quantity::unit), &series.metric.unit) {
        (Some(None), Some(unit)) => format!("{} (in {unit})", objective.claim),
        _ => objective.claim.clone(),
    }
}

/// All matching raw series as one, in the order of time where all have one.
pub(crate) fn pool(objective: &Objective, matching: &[&Series]) -> Result<Series, SloError> {
    let units: Vec<String> = matching
        .iter()
        .map(|s| s.metric.unit.as_ref().map_or_else(|| "no unit".into(), Unit::to_string))
        .collect();
    if units.iter().any(|u| *u != units[0]) {
        return Err(SloError::Pooled { objective: full_text(objective), units: units.join(", ") });
    }
    let mut rows: Vec<(i64, u32, f64)> = Vec::new();
    for (index, series) in matching.iter().enumerate() {
        let raw = match &series.observations {
            Observations::Raw(raw) if raw.is_complete() => raw,
            other => return Err(kind(objective, series, "raw values to pool", other)),
        };
        // Without runs each series is one, so that differences between them are seen.
        rows.extend(raw.sample.values().iter().enumerate().map(|(i, &x)| {
            let time = series.time.as_ref().map_or(0, |t| t[i]);
            (time, series.run.as_ref().map_or(index as u32, |r| r[i]), x)
        }));
    }
    let timed = matching.iter().all(|s| s.time.is_some());
    if timed {
        rows.sort_by_key(|row| row.0);
    }
    let sample = Sample::new(rows.iter().map(|r| r.2).collect())
        .expect("pooled from finite samples, each not empty");
    Ok(Series {
        metric: matching[0].metric.clone(),
        labels: objective.labels.clone(),
        observations: Observations::Raw(Raw::complete(if timed {
            sample.in_time_order()
        } else {
            sample
        })),
        run: Some(rows.iter().map(|r| r.1).collect()),
        time: timed.then(|| rows.iter().map(|r| r.0).collect()),
        marks: None,
    })
}

pub(crate) fn kind(
    objective: &Objective,
    series: &Series,
    needs: &'static str,
    holds: &Observations,
) -> SloError {
    let holds = self::holds(holds);
    SloError::Kind { objective: full_text(objective), series: series.name(), needs, holds }
}

/// What observations are called in messages.
pub(crate) fn holds(observations: &Observations) -> &'static str {
    match observations {
        Observations::Raw(_) => "raw values",
        Observations::Atoms(_) => "weighted values",
        Observations::Binned(_) => "buckets",
        Observations::Summary(_) => "summaries",
        Observations::Events(_) => "event counts",
        Observations::Pairs(_) => "pairs",
        _ => "something else",
    }
}

/// What stands in warnings before the number of independent observations that dependent ones are
/// worth; pictures say it too.
pub(crate) const EFFECTIVE: &str = "effective n of ";

/// Which way a quantity is better, by what is promised of it: for a share, a rate or a spread,
/// of which the metric's own direction says nothing.
pub(crate) fn promised_direction(condition: &Condition) -> Direction {
    match condition {
        Condition::Absolute(op, _) | Condition::Relative(op, _) => {
            if op.is_upper() {
                Direction::Lower
            } else {
                Direction::Higher
            }
        }
        _ => Direction::Unknown,
    }
}

/// What all claims of a call share.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    /// Level of a failure.
    pub(crate) fail: Level,
}

impl Context {
    fn judge(
        &self,
        data: &Dataset,
        objective: &Objective,
        series: &Series,
        claims: &[Claim],
        judged: &mut Judged,
    ) -> Result<(), SloError> {
        let subject = Subject {
            metric: series.metric.name.clone(),
            labels: series.labels.clone(),
            benchmark: None,
            statistic: None,
        };
        let claim = claim_in_unit(objective, series);
        let mut finding = Finding::new(Class::Slo, subject, claim, Verdict::Pass);
        finding.unit.clone_from(&series.metric.unit);
        finding.direction = series.metric.direction;
        finding.runs = vec![series.runs()];
        finding.target = claims.first().map(|c| c.target);
        finding.target_upper = claims.get(1).map(|c| c.target);
        let compliance = match (&objective.aggregate, &series.observations) {
            (_, Observations::Summary(_)) => {
                finding.verdict = Verdict::Inconclusive(Reason::SummaryOnly);
                finding.why = format!("{}: {}", objective.claim, Reason::SummaryOnly);
                None
            }
            (Aggregate::Accuracy(measure), _) => {
                let task = accuracy::Task { objective, measure: *measure, series, claims };
                task.judge(self, data, &mut finding)?;
                None
            }
            (Aggregate::Quantile(p), _) => {
                share::quantile(self, objective, series, *p, claims, &mut finding)?
            }
            (Aggregate::Rate(..) | Aggregate::Ratio, _) => {
                share::rate(self, objective, series, claims, &mut finding)?;
                None
            }
            _ => {
                moment::judge(self, objective, series, claims, &mut finding)?;
                None
            }
        };
        judged.findings.push(finding);
        judged.compliance.extend(compliance);
        Ok(())
    }
}

/// Dependence of a series of numbers derived from `series`, when its order means something;
/// notes what it finds on the finding.
pub(crate) fn diagnose(
    series: &Series,
    sample: &Sample,
    derived: impl Fn(usize) -> f64,
    finding: &mut Finding,
) -> Option<Dependence> {
    let n = sample.len();
    let independent = Dependence { n: n as u64, tau: 1.0, lag1: None, significant: false };
    let (plain, own) = if sample.order() == Order::Time {
        (dependence(sample.values()), dependence_by(n, &derived))
    } else {
        (independent, independent)
    };
    let run = series.run.as_deref().filter(|run| run.len() == n);
    let between = run.and_then(|run| overdispersion(run, &derived));
    let runs = series.runs();
    if (2..10).contains(&runs) {
        finding.guarantee = Guarantee::Approximate;
        finding.warnings.push(format!(
            "{runs} runs: differences between runs that so few cannot show are not covered; ten or \
             more would be"
        ));
    }
    if !plain.significant && !own.significant && between.is_none() {
        return None;
    }
    let tau = if own.significant { own.tau } else { 1.0 }.max(between.unwrap_or(1.0));
    let found = Dependence { tau, significant: true, ..own };
    finding.guarantee = Guarantee::Approximate;
    if plain.significant || own.significant {
        let what = if own.significant {
            format!(
                "judged with an {EFFECTIVE}{} instead of {}; the guarantee is approximate \
                 and the bootstrap interval too narrow",
                number(found.effective().floor()),
                number(n as f64)
            )
        } else {
            "but whether they meet this target does not, so n is kept; the guarantee is \
             approximate"
                .to_owned()
        };
        finding.warnings.push(format!(
            "successive observations depend on each other (autocorrelation time {}): {what}",
            number(own.tau.max(plain.tau)),
        ));
    }
    if let Some(ratio) = between {
        finding.warnings.push(format!(
            "the runs differ {} times as much as independent observations would: judged with an \
             {EFFECTIVE}{}; the guarantee is approximate",
            number(ratio),
            number(found.effective().floor()),
        ));
    }
    Some(found)
}

/// Dispersion of the run means of a series of numbers; see [`dispersion`].
fn overdispersion(run: &[u32], value: impl Fn(usize) -> f64) -> Option<f64> {
    let mut sums = std::collections::BTreeMap::new();
    for (i, &r) in run.iter().enumerate() {
        let (n, s): &mut (f64, f64) = sums.entry(r).or_default();
        *n += 1.0;
        *s += value(i);
    }
    let n = run.len() as f64;
    let mean = sums.values().map(|s| s.1).sum::<f64>() / n;
    let squares: f64 = (0..run.len()).map(|i| (value(i) - mean).powi(2)).sum();
    dispersion(&sums.into_values().collect::<Vec<_>>(), mean, squares / (n - 1.0))
}

/// Pearson's dispersion of group means against the spread of single observations, when it is
/// beyond chance (about 0.1 %, Wilson–Hilferty): `Σ n_g (x̄_g − x̄)²/s² / (G − 1)`.
///
/// `groups` are `(n, sum)`. `None` for one group, or without spread.
pub(crate) fn dispersion(groups: &[(f64, f64)], mean: f64, variance: f64) -> Option<f64> {
    if groups.len() < 2 || variance <= 0.0 {
        return None;
    }
    let df = (groups.len() - 1) as f64;
    let chi2: f64 = groups.iter().map(|&(n, s)| n * (s / n - mean).powi(2) / variance).sum();
    let h = 2.0 / (9.0 * df);
    let z = ((chi2 / df).cbrt() - (1.0 - h)) / h.sqrt();
    (z > 3.09).then_some(chi2 / df)
}
