//! Pictures of a comparison, for reports that have no data any more.

mod course;
mod distributions;
mod shift;
mod values;

use std::collections::BTreeMap;

use rayon::prelude::*;
use tailproof_core::{Class, Dataset, Exhibit, Finding, Labels, Noise, Series, Unit};

use crate::dataset::{by_key, key};
use crate::settings::Settings;
use crate::two::{Two, subject};
use values::Values;

pub(crate) use course::course;

/// Draws each metric that both data sets hold, once, on its first finding of a comparison.
///
/// Two pictures: the distribution functions of both sides over each other, and the change of
/// every decile and of the tail percentiles that both sides carry, with the interval of the row of
/// each at the level of the settings beside the margin. Findings are those of [`crate::compare`] or
/// [`crate::relatives`] on the same data; a finding that has pictures keeps them. Metrics of
/// which a side holds neither values nor counts of values (summaries, buckets, events), and those
/// without noise, have no pictures.
///
/// # Example
/// ```
/// use tailproof_compare::{Settings, add_exhibits, compare};
/// use tailproof_core::*;
///
/// let data = |shift: f64| {
///     let values = (0..200).map(|i| 10.0 + shift + f64::from(i * 7 % 20) / 10.0).collect();
///     let observations = Observations::Raw(Raw::complete(Sample::new(values).expect("finite")));
///     let series = Series::new(Metric::new("latency", Unit::known("ms")), observations);
///     Dataset { series: vec![series], ..Dataset::default() }
/// };
/// let (base, head) = (data(0.0), data(1.0));
/// let settings = Settings::new(Seed(42));
/// let mut findings = compare(&base, &head, &settings)?.findings;
/// add_exhibits(&base, &head, &settings, &mut findings);
/// assert_eq!(findings[0].exhibits.len(), 2);
/// assert!(findings[1..].iter().all(|f| f.exhibits.is_empty()));
/// # Ok::<(), tailproof_compare::CompareError>(())
/// ```
pub fn add_exhibits(base: &Dataset, head: &Dataset, settings: &Settings, findings: &mut [Finding]) {
    let (left, places) = (by_key(base), places(findings));
    let wanted: Vec<(usize, &Series, &Series)> = head
        .series
        .iter()
        .filter_map(|candidate| {
            let base = *left.get(&key(candidate))?;
            let of = subject(candidate);
            let name = (of.metric.as_str(), &of.labels, of.benchmark.as_deref());
            Some((*places.get(&name)?, base, candidate))
        })
        .collect();
    let drawn: Vec<Vec<Exhibit>> =
        wanted.par_iter().map(|&(_, b, c)| pictures(b, c, settings)).collect();
    for ((at, ..), exhibits) in wanted.into_iter().zip(drawn) {
        if findings[at].exhibits.is_empty() {
            findings[at].exhibits = exhibits;
        }
    }
}

/// Metric, labels and benchmark of a finding.
type Name<'a> = (&'a str, &'a Labels, Option<&'a str>);

/// The first finding of a comparison for each subject.
fn places(findings: &[Finding]) -> BTreeMap<Name<'_>, usize> {
    let mut places = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        if finding.class == Class::Regression || finding.class == Class::Slo {
            let of = &finding.subject;
            let name = (of.metric.as_str(), &of.labels, of.benchmark.as_deref());
            places.entry(name).or_insert(i);
        }
    }
    places
}

fn pictures(base: &Series, candidate: &Series, settings: &Settings) -> Vec<Exhibit> {
    let Ok(two) = Two::new(base, candidate) else { return Vec::new() };
    if [base, candidate].iter().any(|s| s.metric.noise == Noise::Exact) {
        return Vec::new();
    }
    let Some(values) = Values::of(&two) else { return Vec::new() };
    let overlaid = distributions::distributions(&two, &values);
    overlaid.into_iter().chain(shift::shift(&two, &values, settings)).collect()
}

/// The label of an axis: `latency, ms`.
pub(crate) fn axis(name: &str, unit: Option<&Unit>) -> String {
    unit.map_or_else(|| name.to_owned(), |unit| format!("{name}, {unit}"))
}

#[cfg(test)]
mod tests {
    use tailproof_core::{
        Ecdf, ExhibitKind, Level, Metric, Observations, Place, Plot, Raw, Sample, Seed, Shape,
        Subject, Summary, Verdict,
    };
    use tailproof_hypothesis::Correction;
    use tailproof_resampling::{stream, uniform};

    use super::*;
    use crate::{compare, regression};

    fn plot(exhibit: &Exhibit) -> &Plot {
        let ExhibitKind::Plot(plot) = &exhibit.kind else { panic!("a plot: {exhibit:?}") };
        plot
    }

    fn series(observations: Observations) -> Series {
        let mut series = Series::new(Metric::new("latency", Unit::known("ms")), observations);
        series.labels.insert("benchmark".to_owned(), "search".to_owned());
        series
    }

    fn raw(n: i32, shift: f64) -> Series {
        let values = (0..n).map(|i| 10.0 + shift + f64::from(i * 37 % 101) / 10.0).collect();
        series(Observations::Raw(Raw::complete(Sample::new(values).unwrap())))
    }

    /// The intervals drawn, and the points drawn without one.
    /// A band, and points.
    type Shown = (Vec<(f64, f64, f64)>, Vec<(f64, f64)>);

    fn shown(exhibit: &Exhibit) -> Shown {
        let (mut band, mut alone) = (Vec::new(), Vec::new());
        for layer in &plot(exhibit).layers {
            match &layer.shape {
                Shape::Band(all) => band.clone_from(all),
                Shape::Points(all) => alone.clone_from(all),
                _ => {}
            }
        }
        (band, alone)
    }

    fn data(series: Series) -> Dataset {
        Dataset { series: vec![series], ..Dataset::default() }
    }

    #[test]
    fn a_metric_is_drawn_once_and_a_shift_is_seen_as_one() {
        let (base, head) = (data(raw(2_000, 0.0)), data(raw(2_000, 3.0)));
        let settings = Settings { tests: false, ..Settings::new(Seed(1)) };
        let mut findings = compare(&base, &head, &settings).unwrap().findings;
        assert!(findings.len() >= 3);
        add_exhibits(&base, &head, &settings, &mut findings);
        assert!(findings[1..].iter().all(|f| f.exhibits.is_empty()));
        let [both, shift] = findings[0].exhibits.as_slice() else { panic!("two pictures") };
        assert_eq!(plot(both).x.label, "latency, ms");
        assert_eq!(plot(both).layers.len(), 2);
        let line = plot(shift).layers.iter().find_map(|l| match &l.shape {
            Shape::Line(points) => Some(points),
            _ => None,
        });
        let line = line.unwrap();
        // Relative to values between 10 and 20.
        assert!(line.windows(2).all(|w| w[0].1 > w[1].1), "{line:?}");
        assert!(line.iter().all(|p| p.1 > 14.9 && p.1 < 30.0), "{line:?}");
        assert!(line.iter().any(|p| p.0 == 50.0) && line.iter().any(|p| p.0 == 99.0));
        assert_eq!(plot(shift).y.label, "change, %");
        let marks: Vec<(&str, Place)> =
            plot(shift).marks.iter().map(|m| (m.name.as_str(), m.place)).collect();
        assert_eq!(
            marks,
            [
                ("no change", Place::Y(0.0)),
                ("margin +1 %", Place::Y(1.0)),
                ("margin -1 %", Place::Y(-1.0))
            ]
        );
    }

    #[test]
    fn values_around_zero_change_in_their_own_unit() {
        let around = |shift: f64| raw(500, shift - 12.0);
        let drawn = pictures(&around(0.0), &around(3.0), &Settings::new(Seed(1)));
        assert_eq!(plot(&drawn[1]).y.label, "candidate − base, ms");
        let (band, alone) = shown(&drawn[1]);
        assert!(band.iter().all(|b| b.1 <= 3.0 + 1e-9 && b.2 >= 3.0 - 1e-9), "{band:?}");
        assert!(band.len() >= 9 && alone.is_empty(), "{alone:?}");
    }

    #[test]
    fn intervals_are_those_of_the_rows_at_the_same_level() {
        // Values that follow each other closely: more so below the median than below p99.
        let wave = |task: u64, shift: f64| {
            let (mut rng, mut level) = (stream(Seed(3), task), 0.0_f64);
            let values = (0..3_500).map(|_| {
                level = 0.93 * level + uniform(&mut rng) - 0.5;
                100.0 * (level + shift).exp()
            });
            let sample = Sample::new(values.collect()).unwrap().in_time_order();
            series(Observations::Raw(Raw::complete(sample)))
        };
        let (base, head) = (wave(0, 0.0), wave(1, 0.3));
        let correction = Correction::None;
        let settings = Settings { correction, tests: false, ..Settings::new(Seed(1)) };
        let (band, alone) = shown(&pictures(&base, &head, &settings)[1]);
        let rows = compare(&data(base), &data(head), &settings).unwrap().findings;
        let (mut with, mut without) = (0, 0);
        for (name, rank) in [("p50", 50.0), ("p95", 95.0), ("p99", 99.0)] {
            let row = rows.iter().find(|f| f.subject.statistic.as_deref() == Some(name)).unwrap();
            let drawn = band.iter().find(|b| (b.0 - rank).abs() < 1e-9);
            let Some(interval) = &row.interval else {
                assert!(drawn.is_none() && alone.iter().any(|p| (p.0 - rank).abs() < 1e-9));
                without += 1;
                continue;
            };
            assert_eq!(interval.level, Level::P95);
            let drawn = drawn.unwrap();
            let (lo, hi) = (100.0 * interval.lo, 100.0 * interval.hi);
            assert!((drawn.1 - lo).abs() < 1e-9 && (drawn.2 - hi).abs() < 1e-9, "{name}: {row:?}");
            with += 1;
        }
        // p99 is worth too few independent observations for a row of its own.
        assert!(with >= 1 && without >= 1, "{with} {without}");
    }

    #[test]
    fn what_has_no_distribution_has_no_pictures() {
        let summary = Summary { n: Some(9), mean: Some(4.0), ..Summary::default() };
        let plain = series(Observations::Summary(vec![summary]));
        let (base, head) = (data(plain), data(raw(50, 0.0)));
        let subject = Subject {
            metric: "latency".to_owned(),
            benchmark: Some("search".to_owned()),
            ..Subject::default()
        };
        let mut findings = vec![Finding::new(Class::Regression, subject, "", Verdict::Pass)];
        add_exhibits(&base, &head, &Settings::new(Seed(1)), &mut findings);
        assert!(findings[0].exhibits.is_empty());
        // Other units, too: such a pair is never compared.
        let mut seconds = raw(50, 0.0);
        seconds.metric.unit = Unit::known("s");
        assert!(pictures(&raw(50, 0.0), &seconds, &Settings::new(Seed(1))).is_empty());
    }

    #[test]
    fn counts_with_failures_are_drawn_up_to_the_share_that_succeeded() {
        let counted = |failed: u64| {
            let atoms = (1..=40).map(|i| (f64::from(i), 10)).collect();
            series(Observations::Atoms(vec![Ecdf::new(atoms, 0, failed).unwrap()]))
        };
        let drawn = pictures(&counted(0), &counted(100), &Settings::new(Seed(1)));
        let layers = &plot(&drawn[0]).layers;
        let last = |i: usize| match &layers[i].shape {
            Shape::Steps(steps) => steps.last().unwrap().1,
            other => panic!("{other:?}"),
        };
        assert_eq!((last(0), last(1)), (1.0, 0.8));
        assert_eq!(layers[1].name, "candidate, 20 % failed");
        // p95 lies among the failures: there is no number to draw.
        let ExhibitKind::Plot(shift) = &drawn[1].kind else { panic!("a plot") };
        for layer in &shift.layers {
            if let Shape::Line(points) = &layer.shape {
                assert!(points.iter().all(|p| p.1.is_finite()), "{points:?}");
            }
        }
    }

    #[test]
    fn runs_are_the_unit_of_the_intervals_where_there_are_runs() {
        let runs = |shift: f64| {
            let of = |run: i32| raw(60, shift + f64::from(run * 5));
            let mut values = Vec::new();
            for run in 0..4 {
                let Observations::Raw(raw) = of(run).observations else { panic!("raw") };
                values.extend_from_slice(raw.sample.values());
            }
            let sample = Sample::new(values).unwrap();
            let run = Some((0..4).flat_map(|r| [r; 60]).collect());
            Series { run, ..series(Observations::Raw(Raw::complete(sample))) }
        };
        let settings = Settings::new(Seed(1));
        let drawn = pictures(&runs(0.0), &runs(1.0), &settings);
        let band = plot(&drawn[1]).layers.iter().find_map(|l| match &l.shape {
            Shape::Band(band) if l.name == "95 %, each rank" => Some(band.clone()),
            _ => None,
        });
        let band = band.unwrap();
        let median = band.iter().find(|b| b.0 == 50.0).unwrap();
        // Runs differ by 5 each: nothing of a shift by 1 is seen, as in the row of the median.
        assert!(median.1 < 0.0 && median.2 > 5.0, "{median:?}");
        let row = &regression(&runs(0.0), &runs(1.0), &settings).unwrap().findings[1];
        assert_eq!(row.subject.statistic.as_deref(), Some("p50"));
        assert!(matches!(row.verdict, Verdict::NoDetectableChange { .. }), "{:?}", row.verdict);
    }
}
