//! When did a metric change? Change points of a history with effect, interval and direction.

mod divisive;
mod energy;
mod exhibit;
mod findings;
mod levels;
mod null;
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
use tailproof_core::{Dataset, Direction, Interval, Metric, Rank, Sample, Series, Subject, number};

use crate::change::{Change, quantile_interval};
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

impl Segment {
    fn times(self, factor: f64) -> Self {
        Self { median: self.median * factor, mean: self.mean * factor, ..self }
    }
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
    /// Interval of the effect; `None` when the level before is not clearly above zero. With too
    /// few points on a side for one of the median, that of the factor between both levels
    /// (Hodges & Lehmann).
    pub interval: Option<Interval>,
    /// Whether the median itself changed to the side of the effect: the interval excludes 0.
    ///
    /// Without a level above zero, that of the difference.
    pub shown: bool,
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
    /// Largest autocorrelation of neighbours in a window in which they depended on each other.
    pub rho: Option<f64>,
    /// Longest blocks that were permuted, when only residuals depended on each other.
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
/// segment; later splits come only after significant earlier ones. Where first differences say
/// that neighbours depend on each other, `x_t = ρ x_{t−1} + e_t`, the e are permuted and joined
/// again; where only the residuals of the splits do, splits are found again by permuting blocks.
/// The findings say so. The history is searched from left to right in windows, so that new points
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
    // Powers of two change no digit; only the largest and the smallest doubles need one.
    let unit = scale::unit(&values);
    let original = if unit == 1.0 { None } else { Some(values.clone()) };
    let values: Vec<f64> = values.into_iter().map(|x| x * unit).collect();
    let found = search(&values, settings);
    if let Some(rho) = found.rho {
        warnings.push(format!(
            "neighbouring points depend on each other: compared with series whose neighbours have \
             a correlation of up to {}",
            number((rho * 100.0).round() / 100.0)
        ));
    }
    if let Some(block) = found.block {
        warnings.push(format!(
            "neighbouring points depend on each other: permuted in blocks of up to {block}"
        ));
    }
    let segments = segments(&values, &found);
    let describe = |(split, pair): (&divisive::Split, &[Segment])| {
        let (before, after) = (pair[0], pair[1]);
        let Effect { relative, interval, shown } =
            effect(&values, (before, after), found.tau, settings);
        ChangePoint {
            index: split.index,
            p: split.p,
            before: before.times(1.0 / unit),
            after: after.times(1.0 / unit),
            effect: relative,
            interval,
            shown,
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
        rho: found.rho,
        block: found.block,
        settings: settings.clone(),
        warnings,
        values: original.unwrap_or(values),
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

/// A change of the median relative to the level before.
struct Effect {
    relative: f64,
    interval: Option<Interval>,
    /// Whether 0 is excluded on the side of the effect.
    shown: bool,
}

/// The relative change of the median with its interval: that of the factor between the levels by
/// Mann–Whitney where a side has too few points for a bound of its median.
fn effect(
    values: &[f64],
    (before, after): (Segment, Segment),
    tau: f64,
    settings: &HistorySettings,
) -> Effect {
    let difference = after.median - before.median;
    // 0/0 is no change.
    let effect = if difference == 0.0 { 0.0 } else { difference / before.median.abs() };
    let part = |s: Segment| Sample::new(values[s.start..s.end].to_vec());
    let (Ok(x), Ok(y)) = (part(before), part(after)) else {
        return Effect { relative: effect, interval: None, shown: false };
    };
    let level = settings.level;
    let of = |change: Change| {
        let (lo, hi) = change.interval(level).ok()?;
        let method = change.method.to_owned();
        Some(Interval { lo: lo - 1.0, hi: hi - 1.0, level, method })
    };
    let sides = [&x, &y].map(|s| quantile_interval(s, Rank::MEDIAN, tau, level.split(2)));
    let few = sides.iter().any(|s| s.0.is_infinite() || s.1.is_infinite());
    let change = if few {
        Change::of_shift(&x, &y, [tau; 2])
    } else {
        Change::of_quantiles(&x, &y, Rank::MEDIAN, [tau; 2])
    };
    let interval = change.ok().and_then(of);
    let (lo, hi) = if let Some(interval) = &interval {
        (interval.lo, interval.hi)
    } else if few {
        // The test sees the order only: that of the values moved to where all are positive.
        let moved = |s: &Sample| {
            let (least, most) = (x.range().0.min(y.range().0), x.range().1.max(y.range().1));
            Sample::new(s.values().iter().map(|v| v - least + (most - least)).collect()).ok()
        };
        let both = moved(&x).zip(moved(&y));
        let change = both.and_then(|(x, y)| Change::of_shift(&x, &y, [tau; 2]).ok());
        change.and_then(of).map_or((f64::NEG_INFINITY, f64::INFINITY), |i| (i.lo, i.hi))
    } else {
        (sides[1].0 - sides[0].1, sides[1].1 - sides[0].0)
    };
    let shown = (difference > 0.0 && lo > 0.0) || (difference < 0.0 && hi < 0.0);
    Effect { relative: effect, interval, shown }
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
    fn a_wider_spread_alone_fails_nothing() {
        let normal = |rng: &mut _| (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0;
        let fails = |offset: f64| {
            let mut failed = 0;
            for seed in 0..60 {
                let mut rng = stream(Seed(seed), 0);
                let value = |i| offset + normal(&mut rng) * if i < 75 { 3.0 } else { 25.0 };
                let history = found(&series(Some("ms"), (0..100).map(value).collect()));
                for finding in history.findings().iter().filter(|f| f.verdict == Verdict::Fail) {
                    failed += 1;
                    let excludes = finding.interval.as_ref().is_none_or(|i| i.lo > 0.0);
                    assert!(excludes, "{}", finding.why);
                }
            }
            failed
        };
        // The search picks the place, so more than the level says; a third without the interval.
        let (away, around) = (fails(200.0), fails(0.0));
        assert!(away <= 6 && around <= 6, "{away} {around}");
    }

    #[test]
    fn five_points_on_a_new_level_are_enough() {
        for base in [0.0, 100.0] {
            let values = step(60, 55, 9.0).into_iter().map(|x| x - 100.0 + base).collect();
            let history = found(&series(Some("ms"), values));
            assert_eq!((history.points[0].index, history.points[0].shown), (55, true));
            assert_eq!(history.findings()[0].verdict, Verdict::Fail);
        }
    }

    #[test]
    fn the_largest_doubles_are_searched_as_others() {
        let plain = found(&series(Some("ms"), step(60, 40, 5.0)));
        // A power of two, so that everything but the unit is the same.
        for factor in [2.0_f64.powi(1_017), 2.0_f64.powi(-1_020)] {
            let values = step(60, 40, 5.0).into_iter().map(|x| x * factor).collect();
            let scaled = found(&series(Some("ms"), values));
            let (got, want) = (&scaled.points[0], &plain.points[0]);
            assert_eq!((got.index, got.p, got.shown), (want.index, want.p, want.shown));
            assert!((got.effect / want.effect - 1.0).abs() < 1e-12);
            assert_eq!(got.after.median, want.after.median * factor);
            assert_eq!(scaled.values[0], plain.values[0] * factor);
        }
        let ends: Vec<f64> = (0..60).map(|i| f64::MAX * if i < 40 { -1.0 } else { 1.0 }).collect();
        assert_eq!(found(&series(Some("ms"), ends)).points[0].index, 40);
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
