//! When did a metric change? Change points of a history with effect, interval and direction.

mod divisive;
mod energy;
mod findings;
mod levels;
mod partition;
mod penalized;
mod points;
mod scale;
mod search;
mod settings;

pub use energy::{EnergySplit, energy, energy_split, energy_split_anywhere};
pub use partition::{
    Kernel, Partition, SegmentCost, SquaredError, binary_segmentation, fixed_changes, objective,
    pelt,
};
pub use scale::noise;
pub use settings::{HistorySettings, SearchMethod, Since};

use rayon::prelude::*;
use tailproof_core::descriptive::{mean, median};
use tailproof_core::{Dataset, Direction, Interval, Metric, Rank, Sample, Series, Subject};

use crate::change::Change;
use crate::two::subject;
use points::Points;
use search::{Found, search};

/// Why a series is not a history, or a settings' mark not one of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// Observations that have no value each.
    #[error("{0}: change points need values, means or events, one or more a point")]
    Kind(String),
    /// An element without a value.
    #[error("{series}: element {index} {what}")]
    Element {
        /// Series.
        series: String,
        /// Index of the element, from 0.
        index: usize,
        /// What is missing.
        what: &'static str,
    },
    /// No point has the mark that the verdict is to begin at.
    #[error("{series}: no point is marked {mark:?}")]
    Mark {
        /// Series.
        series: String,
        /// The mark.
        mark: String,
    },
}

/// A stretch of points on one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its first point.
    pub start: usize,
    /// One past its last point.
    pub end: usize,
    /// Median of its values.
    pub median: f64,
    /// Mean of its values.
    pub mean: f64,
}

/// What a change means for the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The metric became better.
    Better,
    /// The metric became worse.
    Worse,
    /// Nobody said whether less or more is better.
    Unknown,
}

/// A point at which the level of a metric changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first point of the new level.
    pub index: usize,
    /// p of the whole search that found it, within the part of the series that it splits.
    pub p: f64,
    /// The level before, from the change before it.
    pub before: Segment,
    /// The level after, up to the change after it.
    pub after: Segment,
    /// Relative change of the median, `after/before − 1`; infinite from a median of zero.
    pub effect: f64,
    /// Interval of the effect; `None` when the level before is not clearly above zero.
    pub interval: Option<Interval>,
    /// Better or worse.
    pub turn: Turn,
    /// First and last point at which the new level may have begun, at about 95 %.
    pub location: (usize, usize),
    /// Mark of the first point of the new level, such as its commit.
    pub mark: Option<String>,
    /// Time of that point in nanoseconds since 1970.
    pub time: Option<i64>,
    /// Whether the verdict is about it.
    pub recent: bool,
}

/// Change points of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Metric and labels.
    pub subject: Subject,
    /// What was measured.
    pub metric: Metric,
    /// The points, one a commit, run or element.
    pub values: Vec<f64>,
    /// Change points of at least the least effect, ascending.
    pub points: Vec<ChangePoint>,
    /// Significant changes that are smaller.
    pub small: usize,
    /// Fewest points with which a change can be found at all.
    pub need: usize,
    /// First point that the verdict is about.
    pub since: usize,
    /// Longest blocks that were permuted, when neighbours depended on each other.
    pub block: Option<usize>,
    /// How it was searched.
    pub settings: HistorySettings,
    /// What to be careful about.
    pub warnings: Vec<String>,
}

/// Finds the change points of a series in time order.
///
/// ```text
/// split     argmax_τ q̂(τ), kept if p = (1 + #{max_τ q̂*(τ) ≥ max_τ q̂(τ)})/(1 + B) ≤ α
/// values    within median ± 3σ̂ of their part, σ̂ = MAD of first differences/√2, on 32 levels
/// effect    median after / median before − 1
/// location  τ̂ ± 11 (σ̂/shift)²
/// ```
/// Every permutation repeats the whole search in the part being split, with the same shortest
/// segment; later splits come only after significant earlier ones. Where the residuals of the
/// splits depend on each other, splits are found again by permuting blocks of them, and the
/// findings say so. The history is searched from left to right in windows, so that new points
/// leave old changes where they were. Changes below the least effect are counted, and end the
/// segments of their neighbours, but are not reported. With [`SearchMethod::Pelt`] the splits are
/// those of [`pelt()`] with a penalty that a share α of permuted series exceeds.
///
/// The effect at a found point is biased away from zero: where it looked largest, it was found.
/// The location's interval is asymptotic, for independent normal noise. Fewer points than
/// [`History::need`] have no change points whatever they show. A constant series has none.
///
/// # Errors
/// Observations without one value each, or a mark that no point has.
///
/// # Source
/// Matteson & James (2014), *JASA* 109(505), 334–345; Besag & Clifford (1991), *Biometrika*
/// 78(2), 301–304; location: Bai (1997), *Review of Economics and Statistics* 79(4), 551–563;
/// Killick, Fearnhead & Eckley (2012), *JASA* 107(500), 1590–1598.
///
/// # Example
/// ```
/// use tailproof_compare::history::{HistorySettings, Turn, history};
/// use tailproof_core::{Metric, Observations, Raw, Sample, Seed, Series, Unit};
///
/// let ms = |i: u32| f64::from(i * 7 % 5) / 10.0 + if i < 25 { 20.0 } else { 23.0 };
/// let sample = Sample::new((0..40).map(ms).collect())?;
/// let series = Series::new(
///     Metric::new("latency", Unit::known("ms")),
///     Observations::Raw(Raw::complete(sample)),
/// );
/// let found = history(&series, &HistorySettings::new(Seed(42)))?;
/// assert_eq!((found.points[0].index, found.points[0].turn), (25, Turn::Worse));
/// assert!((found.points[0].effect - 0.149).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn history(series: &Series, settings: &HistorySettings) -> Result<History, HistoryError> {
    let Points { values, marks, times, mut warnings } = Points::of(series)?;
    let since = since(series, &settings.since, marks.as_deref(), values.len())?;
    let found = search(&values, settings);
    if let Some(block) = found.block {
        warnings.push(format!(
            "neighbouring points depend on each other: permuted in blocks of up to {block}"
        ));
    }
    let segments = segments(&values, &found);
    let describe = |(split, pair): (&divisive::Split, &[Segment])| {
        let (before, after) = (pair[0], pair[1]);
        let (effect, interval) = effect(&values, (before, after), found.tau, settings);
        ChangePoint {
            index: split.index,
            p: split.p,
            before,
            after,
            effect,
            interval,
            turn: turn(series.metric.direction, after.median - before.median),
            location: location(&values, before, after),
            mark: marks.as_ref().map(|m| m[split.index].clone()).filter(|m| !m.is_empty()),
            time: times.as_ref().map(|t| t[split.index]),
            recent: split.index >= since,
        }
    };
    let all = found.splits.iter().zip(segments.windows(2)).map(describe);
    let points: Vec<ChangePoint> = all.filter(|p| p.effect.abs() >= settings.min_effect).collect();
    Ok(History {
        subject: subject(series),
        metric: series.metric.clone(),
        small: found.splits.len() - points.len(),
        points,
        need: settings.need(),
        since,
        block: found.block,
        settings: settings.clone(),
        warnings,
        values,
    })
}

/// The change points of every series of a data set, in its order; see [`history()`].
///
/// # Errors
/// That of the first series that has one.
pub fn histories(data: &Dataset, settings: &HistorySettings) -> Result<Vec<History>, HistoryError> {
    let all: Vec<Result<History, HistoryError>> =
        data.series.par_iter().map(|series| history(series, settings)).collect();
    all.into_iter().collect()
}

/// First point that the verdict is about.
fn since(
    series: &Series,
    since: &Since,
    marks: Option<&[String]>,
    n: usize,
) -> Result<usize, HistoryError> {
    match since {
        Since::Newest(count) => Ok(n.saturating_sub(*count)),
        Since::Mark(mark) => marks
            .and_then(|marks| marks.iter().position(|m| m == mark))
            .ok_or_else(|| HistoryError::Mark { series: series.name(), mark: mark.clone() }),
    }
}

fn segments(values: &[f64], found: &Found) -> Vec<Segment> {
    let ends = found.splits.iter().map(|s| s.index).chain([values.len()]);
    let mut start = 0;
    let mut all = Vec::new();
    for end in ends {
        let Ok(sample) = Sample::new(values[start..end].to_vec()) else { continue };
        all.push(Segment { start, end, median: median(&sample), mean: mean(&sample) });
        start = end;
    }
    all
}

/// The relative change of the median with its interval.
fn effect(
    values: &[f64],
    (before, after): (Segment, Segment),
    tau: f64,
    settings: &HistorySettings,
) -> (f64, Option<Interval>) {
    let difference = after.median - before.median;
    // 0/0 is no change.
    let effect = if difference == 0.0 { 0.0 } else { difference / before.median.abs() };
    let part = |s: Segment| Sample::new(values[s.start..s.end].to_vec());
    let (Ok(x), Ok(y)) = (part(before), part(after)) else { return (effect, None) };
    let Ok(change) = Change::of_quantiles(&x, &y, Rank::MEDIAN, [tau; 2]) else {
        return (effect, None);
    };
    let interval = change.interval(settings.level).ok().map(|(lo, hi)| Interval {
        lo: lo - 1.0,
        hi: hi - 1.0,
        level: settings.level,
        method: change.method.to_owned(),
    });
    (effect, interval)
}

fn turn(direction: Direction, difference: f64) -> Turn {
    match direction {
        Direction::Unknown => Turn::Unknown,
        Direction::Lower if difference > 0.0 => Turn::Worse,
        Direction::Higher if difference < 0.0 => Turn::Worse,
        _ => Turn::Better,
    }
}

/// First and last point at which the level may have changed: `τ̂ ± 11(σ̂/shift)²`, 95 %.
fn location(values: &[f64], before: Segment, after: Segment) -> (usize, usize) {
    let sigma = noise(&values[before.start..after.end]);
    let ratio = sigma / (after.median - before.median);
    // A shift of nothing may lie anywhere; the cast takes infinity as the largest number.
    let half = (11.0 * ratio * ratio).floor() as usize;
    let at = after.start;
    let first = at.saturating_sub(half).max(before.start + 1).min(at);
    (first, at.saturating_add(half).min(after.end - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Observations, Raw, Reason, Seed, Unit, Verdict};
    use tailproof_resampling::{stream, uniform};

    fn series(unit: Option<&str>, values: Vec<f64>) -> Series {
        let sample = Sample::new(values).unwrap();
        let unit = unit.and_then(Unit::known);
        Series::new(Metric::new("m", unit), Observations::Raw(Raw::complete(sample)))
    }

    fn step(n: usize, at: usize, shift: f64) -> Vec<f64> {
        let mut rng = stream(Seed(12), 0);
        let value = |i| 100.0 + uniform(&mut rng) + if i < at { 0.0 } else { shift };
        (0..n).map(value).collect()
    }

    fn found(series: &Series) -> History {
        history(series, &HistorySettings::new(Seed(1))).unwrap()
    }

    #[test]
    fn direction_decides_what_is_worse() {
        for (unit, shift, turn) in [
            (Some("ms"), 5.0, Turn::Worse),
            (Some("ms"), -5.0, Turn::Better),
            (Some("req/s"), -5.0, Turn::Worse),
            (None, 5.0, Turn::Unknown),
        ] {
            let history = found(&series(unit, step(60, 40, shift)));
            let [point] = history.points.as_slice() else { panic!("{:?}", history.points) };
            assert_eq!((point.index, point.turn, point.recent), (40, turn, true));
            let interval = point.interval.as_ref().unwrap();
            assert!(interval.lo < point.effect && point.effect < interval.hi);
            assert_eq!(point.location, (40, 40));
            let finding = &history.findings()[0];
            let want = match turn {
                Turn::Worse => (Class::Regression, Verdict::Fail),
                Turn::Better => (Class::Other, Verdict::Pass),
                Turn::Unknown => {
                    (Class::Regression, Verdict::Inconclusive(Reason::UnknownDirection))
                }
            };
            assert_eq!((finding.class, finding.verdict.clone()), want);
        }
    }

    #[test]
    fn old_and_small_changes_fail_nothing() {
        let old = found(&series(Some("ms"), step(120, 40, 5.0)));
        assert!(!old.points[0].recent);
        assert!(old.findings().iter().all(|f| f.verdict != Verdict::Fail));
        let mut settings = HistorySettings::new(Seed(1));
        settings.min_effect = 0.1;
        let small = history(&series(Some("ms"), step(60, 40, 5.0)), &settings).unwrap();
        assert_eq!((small.points.len(), small.small), (0, 1));
    }

    #[test]
    fn marks_say_since_when() {
        let mut series = series(Some("ms"), step(60, 40, 5.0));
        series.marks = Some((0..60).map(|i| format!("c{i}")).collect());
        let mut settings = HistorySettings::new(Seed(1));
        for (mark, recent) in [("c40", true), ("c41", false)] {
            settings.since = Since::Mark(mark.to_owned());
            let history = history(&series, &settings).unwrap();
            assert_eq!(history.points[0].mark.as_deref(), Some("c40"));
            assert_eq!(history.points[0].recent, recent);
        }
        settings.since = Since::Mark("d".to_owned());
        assert!(matches!(history(&series, &settings), Err(HistoryError::Mark { .. })));
    }

    #[test]
    fn too_few_points_are_inconclusive() {
        let short = found(&series(Some("ms"), vec![1.0, 1.1, 9.0, 9.1]));
        let verdict = &short.findings()[0].verdict;
        assert_eq!(*verdict, Verdict::Inconclusive(Reason::TooFew { need: 9 }));
        let flat = found(&series(Some("ms"), vec![0.0; 50]));
        assert!(flat.points.is_empty());
        let verdict = &flat.findings()[0].verdict;
        assert_eq!(*verdict, Verdict::NoDetectableChange { would_have_shown: None });
    }
}
