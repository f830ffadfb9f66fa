//! A series as a history: one value a point.

use std::collections::BTreeMap;

use tailproof_core::descriptive::median;
use tailproof_core::{Observations, Order, Rank, Sample, Series, Summary};

use super::HistoryError;

/// The values of a history with what is known of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Points {
    pub(super) values: Vec<f64>,
    pub(super) marks: Option<Vec<String>>,
    /// Nanoseconds since 1970.
    pub(super) times: Option<Vec<i64>>,
    pub(super) warnings: Vec<String>,
}

impl Points {
    /// One point an element; elements next to each other with the same mark, else elements of
    /// the same run where there are several runs, are one point, their median.
    pub(super) fn of(series: &Series) -> Result<Self, HistoryError> {
        let mut points = Self::default();
        let values = values(series, &mut points.warnings)?;
        if unordered(series) {
            points.warnings.push(
                "the order of the points is not known to be that of time (a time column says)"
                    .to_owned(),
            );
        }
        let groups = groups(series, values.len());
        if groups.len() < values.len() {
            points.warnings.push(format!(
                "{} observations of {} commits or runs: each is judged by its median",
                values.len(),
                groups.len()
            ));
        }
        let middle = |group: &Vec<usize>| {
            let of = group.iter().map(|&i| values[i]).collect();
            median(&Sample::new(of).expect("a group has an element, and all are finite"))
        };
        points.values = groups.iter().map(middle).collect();
        let last = |group: &Vec<usize>| group[group.len() - 1];
        points.marks = series
            .marks
            .as_ref()
            .map(|marks| groups.iter().map(|g| marks[last(g)].clone()).collect());
        points.times =
            series.time.as_ref().map(|times| groups.iter().map(|g| times[last(g)]).collect());
        Ok(points)
    }
}

/// Whether nothing says that the values stand in the order in which they were taken.
fn unordered(series: &Series) -> bool {
    let Observations::Raw(raw) = &series.observations else { return false };
    let order = raw.sample.order();
    series.time.is_none() && raw.sample.len() > 2 && order == Order::Unknown
}

/// Elements of each point, in order.
fn groups(series: &Series, n: usize) -> Vec<Vec<usize>> {
    if let Some(marks) = &series.marks {
        let mut all: Vec<Vec<usize>> = Vec::new();
        for i in 0..n {
            match all.last_mut() {
                // Elements without a mark stand for themselves.
                Some(group) if !marks[i].is_empty() && marks[i] == marks[group[0]] => group.push(i),
                _ => all.push(vec![i]),
            }
        }
        return all;
    }
    let runs = series.run.as_ref().filter(|_| series.runs() > 1);
    let Some(runs) = runs else { return (0..n).map(|i| vec![i]).collect() };
    let mut place: BTreeMap<u32, usize> = BTreeMap::new();
    let mut all: Vec<Vec<usize>> = Vec::new();
    for (i, &run) in runs.iter().enumerate() {
        let at = *place.entry(run).or_insert(all.len());
        if at == all.len() {
            all.push(Vec::new());
        }
        all[at].push(i);
    }
    all
}

/// One number an element.
fn values(series: &Series, warnings: &mut Vec<String>) -> Result<Vec<f64>, HistoryError> {
    let wrong = |index: usize, what: &'static str| HistoryError::Element {
        series: series.name(),
        index,
        what,
    };
    match &series.observations {
        Observations::Raw(raw) => {
            if !raw.is_complete() {
                let limits = raw.above().len() + raw.below().len();
                warnings.push(format!(
                    "{limits} of {} observations are only limits, and count as that much",
                    raw.sample.len()
                ));
            }
            Ok(raw.sample.values().to_vec())
        }
        Observations::Summary(summaries) => {
            let means = summaries.iter().all(|s| s.mean.is_some());
            let value = |s: &Summary| if means { s.mean } else { middle(s) };
            summaries
                .iter()
                .enumerate()
                .map(|(i, s)| {
                    value(s)
                        .filter(|x| x.is_finite())
                        .ok_or_else(|| wrong(i, "has neither a mean nor a median"))
                })
                .collect()
        }
        Observations::Events(events) => events
            .iter()
            .enumerate()
            .map(|(i, &(good, total))| {
                if total == 0 {
                    Err(wrong(i, "has no events"))
                } else {
                    Ok(good as f64 / total as f64)
                }
            })
            .collect(),
        _ => Err(HistoryError::Kind(series.name())),
    }
}

/// The median that a tool printed.
fn middle(summary: &Summary) -> Option<f64> {
    summary.quantiles.iter().find(|q| q.0 == Rank::MEDIAN).map(|q| q.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Raw};

    fn raw(values: &[f64]) -> Series {
        let sample = Sample::new(values.to_vec()).unwrap();
        Series::new(Metric::new("m", None), Observations::Raw(Raw::complete(sample)))
    }

    #[test]
    fn a_commit_or_a_run_is_one_point() {
        let mut series = raw(&[1.0, 3.0, 9.0, 4.0]);
        assert_eq!(Points::of(&series).unwrap().values, [1.0, 3.0, 9.0, 4.0]);
        series.run = Some(vec![7, 7, 2, 2]);
        series.time = Some(vec![1, 2, 3, 4]);
        let points = Points::of(&series).unwrap();
        assert_eq!((points.values, points.times), (vec![2.0, 6.5], Some(vec![2, 4])));
        series.marks = Some(["a", "b", "b", "a"].map(str::to_owned).to_vec());
        let points = Points::of(&series).unwrap();
        assert_eq!(points.values, [1.0, 6.0, 4.0]);
        assert_eq!(points.marks.unwrap(), ["a", "b", "a"]);
        // One run holds a whole history.
        series.marks = None;
        series.run = Some(vec![1; 4]);
        assert_eq!(Points::of(&series).unwrap().values.len(), 4);
    }

    #[test]
    fn summaries_are_points_by_mean_or_median() {
        let of = |mean, median: Option<f64>| Summary {
            mean,
            quantiles: median.map(|m| (Rank::MEDIAN, m)).into_iter().collect(),
            ..Summary::default()
        };
        let history =
            |all| Points::of(&Series::new(Metric::new("m", None), Observations::Summary(all)));
        let means = history(vec![of(Some(2.0), Some(1.0)), of(Some(3.0), None)]).unwrap();
        assert_eq!(means.values, [2.0, 3.0]);
        let medians = history(vec![of(Some(2.0), Some(1.0)), of(None, Some(4.0))]).unwrap();
        assert_eq!(medians.values, [1.0, 4.0]);
        assert!(matches!(
            history(vec![of(None, None)]),
            Err(HistoryError::Element { index: 0, .. })
        ));
    }
}
