//! What a report draws of the data behind findings; see [`add_exhibits`].

mod autocorrelation;
mod bootstrap;
pub(crate) mod clock;
mod distribution;
mod edges;
mod histogram;
mod marks;
mod outline;
mod timeline;

use std::collections::BTreeMap;

use rayon::prelude::*;
use tailproof_core::{Dataset, Exhibit, Finding, Labels, Objective, Observations, Sample, Series};

use crate::judge::{matching, pool};
use crate::share::View;
use marks::Marks;
use outline::Outline;

/// A finding and the objective that it answers.
type Answer<'a> = (&'a Objective, &'a mut Finding);

/// Adds to findings what a report draws of the data that they were judged on.
///
/// | Picture                    | Of                                   | On                  |
/// | -------------------------- | ------------------------------------ | ------------------- |
/// | Distribution (ECDF)        | raw and weighted values, buckets     | first of a series   |
/// | Histogram                  | raw values                           | first of a series   |
/// | Bootstrap law              | percentiles of raw values, shares    | each finding        |
/// | Observations over time     | raw values in the order of time      | first of a series   |
/// | Autocorrelation            | the same, 20 of them or more         | first of a series   |
/// | Good events over time      | event counts of two windows or more  | first of a series   |
///
/// What is drawn of a series stands once, on the first of its findings, with the targets of all
/// its objectives; at most 64 points a layer, whatever the number of observations. `answers` are
/// findings with the objectives that they answer, such as [`crate::Judged::answered`] gives. A
/// finding that was judged on another number of observations than the data have, or that is
/// relative to a baseline, is left as it is.
///
/// O(n) a series; large samples are not sorted. A function of the data alone.
///
/// # Example
/// ```
/// use tailproof_core::*;
/// use tailproof_slo::{Settings, add_exhibits, judge};
///
/// let values: Vec<f64> = (0..1_000).map(|i| f64::from(i * 7 % 100)).collect();
/// let raw = Raw::complete(Sample::new(values)?.in_time_order());
/// let series = Series::new(Metric::new("latency", Unit::known("ms")), Observations::Raw(raw));
/// let data = Dataset { series: vec![series], ..Dataset::default() };
/// let objectives: Vec<Objective> = vec!["latency: p95 <= 0.15 s".parse()?];
/// let mut judged = judge(&data, &objectives, &Settings::new(Seed(42)))?;
///
/// add_exhibits(&data, judged.answered(&objectives));
/// let titles: Vec<&str> =
///     judged.findings[0].exhibits.iter().map(|exhibit| exhibit.title.as_str()).collect();
/// assert_eq!(
///     titles,
///     [
///         "Distribution",
///         "Histogram",
///         "Bootstrap law of p95, as if independent",
///         "Observations over time",
///         "Autocorrelation",
///     ]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn add_exhibits<'a>(
    data: &Dataset,
    answers: impl IntoIterator<Item = (&'a Objective, &'a mut Finding)>,
) {
    let mut series: BTreeMap<(&str, &Labels), &Series> = BTreeMap::new();
    for one in &data.series {
        series.entry((one.metric.name.as_str(), &one.labels)).or_insert(one);
    }
    let mut groups: BTreeMap<(String, Labels), Vec<Answer<'a>>> = BTreeMap::new();
    let mut pooled: Vec<Answer<'a>> = Vec::new();
    for (objective, finding) in answers {
        if finding.base.is_some() {
            continue;
        }
        if objective.pooled && matching(data, objective).len() > 1 {
            pooled.push((objective, finding));
        } else {
            let subject = &finding.subject;
            let key = (subject.metric.clone(), subject.labels.clone());
            groups.entry(key).or_default().push((objective, finding));
        }
    }
    let groups: Vec<(&Series, Vec<Answer<'a>>)> = groups
        .into_iter()
        .filter_map(|((metric, labels), answers)| {
            Some((*series.get(&(metric.as_str(), &labels))?, answers))
        })
        .collect();
    groups.into_par_iter().for_each(|(series, answers)| draw(series, answers));
    pooled.into_par_iter().for_each(|(objective, finding)| {
        if let Ok(series) = pool(objective, &matching(data, objective)) {
            draw(&series, vec![(objective, finding)]);
        }
    });
}

/// Draws a series on the findings about it.
fn draw(series: &Series, mut answers: Vec<Answer<'_>>) {
    if series.check().is_err() {
        return;
    }
    if let Observations::Events(events) = &series.observations {
        let total = events.iter().try_fold(0_u64, |sum, e| sum.checked_add(e.1));
        answers.retain(|(_, finding)| total.is_some_and(|n| finding.n == [n]));
        let objectives: Vec<&Objective> = answers.iter().map(|(objective, _)| *objective).collect();
        let ratios = timeline::ratios(series, events, &objectives);
        return place(series, None, answers, [ratios.into_iter().collect(), Vec::new()]);
    }
    let Some(view) = View::of(&series.observations) else { return };
    answers.retain(|(_, finding)| finding.n == [view.n()]);
    if answers.is_empty() {
        return;
    }
    let axis = match &series.metric.unit {
        Some(unit) => format!("{}, {unit}", series.metric.name),
        None => series.metric.name.clone(),
    };
    let marks =
        Marks::of(series, answers.iter().map(|(objective, finding)| (*objective, &**finding)));
    match view {
        View::Values(sample) => {
            let outline = Outline::of(sample, marks.tail());
            let log = outline.log();
            let before = vec![
                distribution::distribution(&outline, &marks, &axis),
                histogram::histogram(&outline, &marks, &axis),
            ];
            let after = timeline::timeline(series, sample, log, &marks, &axis)
                .into_iter()
                .chain(autocorrelation::autocorrelogram(series, sample))
                .collect();
            place(series, Some((sample, outline.range())), answers, [before, after]);
        }
        View::Bracket(lower, upper) => {
            let is_drawn = !(lower.atoms().is_empty() && upper.atoms().is_empty());
            let drawn = is_drawn.then(|| distribution::between(&lower, &upper, &marks, &axis));
            place(series, None, answers, [drawn.into_iter().collect(), Vec::new()]);
        }
    }
}

/// Puts the pictures of a series on the first finding, around its own, and its own on each other.
fn place(
    series: &Series,
    sample: Option<(&Sample, (f64, f64))>,
    answers: Vec<Answer<'_>>,
    [before, after]: [Vec<Exhibit>; 2],
) {
    let (mut before, mut after) = (Some(before), Some(after));
    for (objective, finding) in answers {
        let own = bootstrap::bootstrap(objective, series, sample, finding);
        finding.exhibits.extend(before.take().into_iter().flatten());
        finding.exhibits.extend(own);
        finding.exhibits.extend(after.take().into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{
        Binned, Class, Closed, Ecdf, ExhibitKind, Metric, Place, Raw, Seed, Shape, Subject, Unit,
        Verdict,
    };

    use super::*;
    use crate::{Settings, judge};

    /// A sample without an order: `value` of numbers spread evenly over (0, 1).
    pub(super) fn sample(n: u32, value: impl Fn(f64) -> f64) -> Sample {
        let spread = |i: u32| f64::from(i.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX);
        Sample::new((0..n).map(|i| value(spread(i) * 0.999_998 + 1e-6)).collect()).unwrap()
    }

    /// What an objective marks on a series in milliseconds.
    pub(super) fn marks(objective: &Objective) -> Marks {
        let series = series("latency", Observations::Events(Vec::new()));
        let finding = Finding::new(Class::Slo, Subject::default(), "", Verdict::Pass);
        Marks::of(&series, std::iter::once((objective, &finding)))
    }

    fn series(name: &str, observations: Observations) -> Series {
        Series::new(Metric::new(name, Unit::known("ms")), observations)
    }

    fn drawn(series: Vec<Series>, objectives: &[&str]) -> Vec<Finding> {
        let data = Dataset { series, ..Dataset::default() };
        let objectives: Vec<Objective> = objectives.iter().map(|o| o.parse().unwrap()).collect();
        let mut judged = judge(&data, &objectives, &Settings::new(Seed(1))).unwrap();
        add_exhibits(&data, judged.answered(&objectives));
        judged.findings
    }

    fn titles(finding: &Finding) -> Vec<&str> {
        finding.exhibits.iter().map(|exhibit| exhibit.title.as_str()).collect()
    }

    fn raw(n: u32) -> Observations {
        Observations::Raw(Raw::complete(sample(n, |u| 200.0 * u).in_time_order()))
    }

    #[test]
    fn a_series_is_drawn_once_with_all_its_targets() {
        let found = drawn(
            vec![series("latency", raw(500))],
            &["p95 <= 150ms", "p99 <= 0.18s", "rate(<= 190ms) >= 90%", "mean <= 120ms"],
        );
        assert_eq!(titles(&found[0]).len(), 5);
        assert_eq!(titles(&found[1]), ["Bootstrap law of p99"]);
        assert_eq!(titles(&found[2]), ["Bootstrap law of share <= 190 ms"]);
        assert!(titles(&found[3]).is_empty());
        let ExhibitKind::Plot(plot) = &found[0].exhibits[0].kind else { panic!("a plot") };
        let names: Vec<&str> = plot.marks.iter().map(|m| m.name.as_str()).collect();
        for want in [
            "target p95 <= 150 ms",
            "target p99 <= 180 ms",
            "limit <= 190 ms",
            "target mean <= 120 ms",
            "99.9 % of bootstrap law, p95",
        ] {
            assert!(names.contains(&want), "{want}: {names:?}");
        }
        let decides =
            |name: &&str| name.starts_with("p99: at least ") && name.ends_with(" (decides)");
        assert!(names.iter().any(decides), "{names:?}");
        // 500 observations cannot bound a p99 from above at 99.9 %.
        assert!(!names.contains(&"99.9 % of bootstrap law, p99"), "{names:?}");
        assert!(plot.marks.iter().all(|m| !matches!(m.place, Place::Y(_))), "{names:?}");
        assert_eq!(plot.x.label, "latency, ms");
    }

    #[test]
    fn dependence_is_said_with_the_law_and_what_decides_is_marked() {
        // Each value eight times in a row.
        let spread = sample(500, |u| 200.0 * u);
        let values = spread.values().iter().flat_map(|&x| [x; 8]).collect();
        let raw = Raw::complete(Sample::new(values).unwrap().in_time_order());
        let found = drawn(vec![series("latency", Observations::Raw(raw))], &["p90 <= 198ms"]);
        let title = titles(&found[0]).into_iter().find(|t| t.starts_with("Bootstrap")).unwrap();
        let worth = marks::worth(&found[0]).unwrap();
        let want = format!("; worth {} of 4000", tailproof_core::number(worth as f64));
        assert!(worth < 4_000 && title.contains("as if independent"), "{title}");
        assert!(title.ends_with(&want), "{title}");
        let upper = found[0].bounds.iter().map(|b| b.value).fold(0.0, f64::max);
        for exhibit in &found[0].exhibits {
            let ExhibitKind::Plot(plot) = &exhibit.kind else { panic!("a plot") };
            let is_marked = plot.marks.iter().any(|m| m.place == Place::X(upper));
            let wanted = exhibit.title.starts_with("Bootstrap") || exhibit.title == "Distribution";
            assert_eq!(is_marked, wanted, "{}", exhibit.title);
        }
    }

    #[test]
    fn every_kind_of_observations_is_drawn_as_far_as_it_goes() {
        let edges = vec![0.0, 50.0, 100.0, 200.0, f64::INFINITY];
        let buckets = Binned::new(edges, vec![900, 95, 5, 0], Closed::Upper).unwrap();
        let atoms = Ecdf::new((0..500).map(|i| (f64::from(i), 3)).collect(), 0, 0).unwrap();
        for (observations, objective, want) in [
            (Observations::Binned(vec![buckets]), "p95 <= 150ms", "Distribution"),
            (Observations::Atoms(vec![atoms]), "p95 <= 150ms", "Distribution"),
            (Observations::Events(vec![(99, 100); 80]), "ratio >= 90%", "Good events over time"),
        ] {
            let found = drawn(vec![series("latency", observations)], &[objective]);
            assert_eq!(titles(&found[0])[0], want);
            for exhibit in &found[0].exhibits {
                let ExhibitKind::Plot(plot) = &exhibit.kind else { panic!("a plot") };
                for layer in &plot.layers {
                    match &layer.shape {
                        Shape::Steps(p) | Shape::Line(p) => assert!(p.len() <= 64),
                        Shape::Bars(b) => assert!(b.len() <= 64),
                        Shape::Points(p) => assert!(p.len() <= 48),
                        other @ Shape::Band(_) => panic!("{other:?}"),
                    }
                }
            }
        }
        let pairs = Observations::Pairs(vec![(1.0, 1.0); 50]);
        assert!(titles(&drawn(vec![series("m", pairs)], &["accuracy >= 10%"])[0]).is_empty());
    }

    #[test]
    fn pooled_series_are_drawn_as_one() {
        let label = |name: &str, n: u32| {
            let labels = [("endpoint".to_owned(), name.to_owned())].into();
            Series { labels, ..series("latency", raw(n)) }
        };
        let found = drawn(
            vec![label("a", 300), label("b", 400)],
            &["latency: p50 <= 150ms by (none)", "latency: p95 <= 150ms"],
        );
        assert_eq!(found.len(), 3);
        for finding in &found {
            assert_eq!(titles(finding)[0], "Distribution", "{:?}", finding.subject);
        }
    }

    #[test]
    fn findings_about_other_data_stay_as_they_are() {
        let objective: Objective = "latency: p95 <= 150ms".parse().unwrap();
        let data = Dataset { series: vec![series("latency", raw(300))], ..Dataset::default() };
        let settings = Settings::new(Seed(1));
        let judged = judge(&data, std::slice::from_ref(&objective), &settings).unwrap();
        let mut typed = judged.findings[0].clone();
        typed.n = Vec::new();
        let mut relative = judged.findings[0].clone();
        relative.base = Some(3.0);
        add_exhibits(&data, [(&objective, &mut typed), (&objective, &mut relative)]);
        assert!(typed.exhibits.is_empty() && relative.exhibits.is_empty());
    }
}
