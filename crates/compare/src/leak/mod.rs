//! Does memory grow over time?

mod exhibit;
mod growth;
mod slope;

pub use growth::{Growth, GrowthError};
pub use slope::{Slope, slope};

use std::collections::BTreeMap;

use tailproof_core::{
    Class, Finding, Guarantee, Interval, Level, Observations, Reason, Series, Unit, Verdict,
    number, percent,
};

use crate::two::subject;
use slope::LEAST;

/// Seconds.
const HOUR: f64 = 3_600.0;

/// How a leak is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct LeakSettings {
    /// The growth that is allowed.
    pub limit: Growth,
    /// Two-sided level of the interval.
    pub level: Level,
    /// Share of the time at the beginning that is left out, in [0, 1).
    pub after: f64,
    /// Seconds between observations, for data without times.
    pub every: Option<f64>,
}

/// Why memory cannot be judged over time.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LeakError {
    /// Only values have a slope.
    #[error("{0}: a slope needs raw values")]
    NotRaw(String),
    /// There are no times.
    #[error("{0} has no times; name the time column, or say --every 10s")]
    NoTime(String),
    /// The limit is in a unit that the data do not have.
    #[error("{name}: the limit {limit} does not fit its unit: {reason}")]
    Unit {
        /// Metric.
        name: String,
        /// The limit as typed.
        limit: String,
        /// What does not fit.
        reason: String,
    },
}

/// Whether memory, or anything else, grows by less than a limit: one finding a run.
///
/// The claim is `slope < limit`, of class slo: `Pass` when the whole interval of [`slope`] lies
/// below the limit, `Fail` when it lies at or above, else open, with the time that would
/// probably settle it (the interval narrows as T^−3/2, for a series that wanders as T^−1/2).
///
/// # Errors
/// Observations that are not raw values, no times, or a limit that does not fit the unit.
pub fn leak(series: &Series, settings: &LeakSettings) -> Result<Vec<Finding>, LeakError> {
    let name = series.name();
    let Observations::Raw(raw) = &series.observations else { return Err(LeakError::NotRaw(name)) };
    if !raw.is_complete() {
        return Err(LeakError::NotRaw(name));
    }
    let limit = settings.limit.amount.in_unit(series.metric.unit.as_ref()).map_err(|e| {
        let limit = settings.limit.to_string();
        LeakError::Unit { name: name.clone(), limit, reason: e.to_string() }
    })?;
    let limit = limit / settings.limit.hours;
    let values = raw.sample.values();
    let hours: Vec<f64> = match (&series.time, settings.every) {
        (Some(time), _) => {
            let first = time.iter().copied().min().unwrap_or(0);
            time.iter().map(|t| t.saturating_sub(first) as f64 / (HOUR * 1e9)).collect()
        }
        (None, Some(every)) => (0..values.len()).map(|i| i as f64 * every / HOUR).collect(),
        (None, None) => return Err(LeakError::NoTime(name)),
    };
    let mut runs: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
    for (i, point) in hours.into_iter().zip(values.iter().copied()).enumerate() {
        let run = series.run.as_ref().map_or(0, |all| all[i]);
        runs.entry(run).or_default().push(point);
    }
    let several = runs.len() > 1;
    let each = |(run, mut points): (u32, Vec<(f64, f64)>)| {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let which = if several { format!(", run {run}") } else { String::new() };
        judge(series, points, limit, settings, &which)
    };
    Ok(runs.into_iter().map(each).collect())
}

fn judge(
    series: &Series,
    mut points: Vec<(f64, f64)>,
    limit: f64,
    settings: &LeakSettings,
    which: &str,
) -> Finding {
    let ends = points.first().zip(points.last()).map(|(a, b)| (a.0, b.0));
    if let Some((first, last)) = ends {
        let from = first + settings.after * (last - first);
        points.retain(|p| p.0 >= from);
    }
    let subject = subject(series);
    let claim = format!("grows by less than {}{which}", settings.limit);
    let verdict = Verdict::Inconclusive(Reason::TooFew { need: LEAST as u64 });
    let mut finding = Finding::new(Class::Slo, subject, claim, verdict);
    (finding.unit, finding.direction) =
        (Some(per_hour(series.metric.unit.as_ref())), series.metric.direction);
    (finding.n, finding.target) = (vec![points.len() as u64], Some(limit));
    let (times, values): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let Some(slope) = slope(&times, &values, settings.level) else {
        finding.why = format!(
            "{} observations at advancing times are not enough for a slope: {}",
            number(points.len() as f64),
            text_of(&finding.verdict)
        );
        return finding;
    };
    let span = times[times.len() - 1] - times[0];
    let method = if slope.wanders {
        "Theil–Sen of 8 block medians, widened to a random walk"
    } else {
        "Theil–Sen of 8 block medians"
    };
    let (lo, hi) = (slope.lo, slope.hi);
    let mut needed = None;
    finding.verdict = if hi < limit {
        Verdict::Pass
    } else if lo >= limit {
        Verdict::Fail
    } else {
        let reach = (hi - slope.per_hour).max(slope.per_hour - lo);
        let power = if slope.wanders { 2.0 } else { 2.0 / 3.0 };
        let factor = (reach / (limit - slope.per_hour).abs()).powf(power).max(1.0);
        needed = factor.is_finite().then_some(factor * span);
        let projected = factor.is_finite().then(|| (factor * times.len() as f64).ceil() as u64);
        Verdict::Inconclusive(Reason::Straddles { projected })
    };
    finding.guarantee = if slope.wanders { Guarantee::Approximate } else { Guarantee::Asymptotic };
    finding.estimate = Some(slope.per_hour);
    finding.interval = Some(Interval { lo, hi, level: settings.level, method: method.to_owned() });
    if slope.wanders {
        finding.warnings.push(format!(
            "the series wanders (autocorrelation time {} observations): an eighth of it is not \
             long enough to be independent of the next, measure longer",
            number(slope.tau)
        ));
    }
    let label = (series.metric.name.as_str(), series.metric.unit.as_ref());
    let picture = exhibit::exhibit((&times, &values), label, &slope, limit, settings);
    finding.exhibits = vec![picture];
    let suffix = series.metric.suffix();
    let trimmed = if settings.after > 0.0 {
        format!(", after the first {}", percent(settings.after))
    } else {
        String::new()
    };
    let more = needed.map_or_else(String::new, |hours| {
        format!("; about {} h of measurement would settle it", number(hours))
    });
    finding.why = format!(
        "{}{suffix}/h [{}, {}] at {} over {} h{trimmed} ({method}; n = {}) vs < {}: {}{more}",
        number(slope.per_hour),
        number(lo),
        number(hi),
        settings.level,
        number(span),
        number(times.len() as f64),
        settings.limit,
        text_of(&finding.verdict),
    );
    finding
}

/// The unit of a growth: `MiB/h`.
fn per_hour(unit: Option<&Unit>) -> Unit {
    Unit::Named(unit.map_or_else(|| "/h".to_owned(), |u| format!("{u}/h")))
}

fn text_of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Inconclusive(reason) => format!("{}, {reason}", verdict.word()),
        other => other.word().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Labels, Metric, Raw, Sample};

    use super::slope::tests::memory;
    use super::*;

    fn series(times: &[f64], values: Vec<f64>) -> Series {
        Series {
            metric: Metric::new("rss", Unit::known("MiB")),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: None,
            time: Some(times.iter().map(|t| (t * HOUR * 1e9) as i64).collect()),
            marks: None,
        }
    }

    fn settings(limit: &str) -> LeakSettings {
        LeakSettings { limit: limit.parse().unwrap(), level: Level::P95, after: 0.0, every: None }
    }

    #[test]
    fn a_leak_is_found_and_a_steady_service_passes() {
        let (t, x) = memory(2_000, 0.5, 3.0, 1);
        let verdict =
            |limit: &str| leak(&series(&t, x.clone()), &settings(limit)).unwrap().remove(0);
        assert_eq!(verdict("1MiB/h").verdict, Verdict::Fail);
        assert_eq!(verdict("4MiB/h").verdict, Verdict::Pass);
        assert_eq!(verdict("96 MiB/d").verdict, Verdict::Pass);
        let at = slope(&t, &x, Level::P95).unwrap().per_hour;
        let open = verdict(&format!("{at}MiB/h"));
        assert!(matches!(open.verdict, Verdict::Inconclusive(Reason::Straddles { .. })));
        assert!(open.why.contains(" MiB/h ["), "{}", open.why);
        assert_eq!(open.suffix(), " MiB/h");
        // A constant series grows by nothing.
        let flat = leak(&series(&t, vec![7.0; t.len()]), &settings("1B/h")).unwrap();
        assert_eq!(flat[0].verdict, Verdict::Pass);
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        let (t, x) = memory(30, 0.0, 0.0, 2);
        let few = leak(&series(&t, x.clone()), &settings("1MiB/h")).unwrap().remove(0);
        assert_eq!(few.verdict, Verdict::Inconclusive(Reason::TooFew { need: 40 }));
        let untimed = Series { time: None, ..series(&t, x) };
        assert_eq!(leak(&untimed, &settings("1MiB/h")), Err(LeakError::NoTime("rss".to_owned())));
        assert!(matches!(
            leak(&series(&t, vec![1.0; 30]), &settings("1ms/h")),
            Err(LeakError::Unit { .. })
        ));
    }
}
