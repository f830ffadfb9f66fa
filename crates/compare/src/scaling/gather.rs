use std::collections::HashMap;

use tailproof_core::{Dataset, Labels, Observations, Sample, Series, Unit, descriptive};

use super::axis::Found;
use super::{Axis, Curve, Point, ScalingError};

/// What [`gather`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// One curve per metric and set of other labels, in the order in which they appeared.
    pub curves: Vec<Curve>,
    /// Series that are in no curve, and why.
    pub skipped: Vec<String>,
}

/// Gathers the series of a data set into curves over an axis.
///
/// A label of the axis gives x, then a named part of the benchmark's name (`sort/size=1K`,
/// `sort/threads:8`), then a number at its end (`hash/fold/1000`). Series that differ in
/// nothing else are one curve; several of the same x are pooled.
///
/// # Errors
/// No series has an x, or none of those that have is raw and complete.
pub fn gather(data: &Dataset, axis: &Axis) -> Result<Gathered, ScalingError> {
    let mut gathered = Gathered { curves: Vec::new(), skipped: Vec::new() };
    let mut builder = Builder::default();
    let mut placed = false;
    for series in &data.series {
        let Some(found) = axis.named(series).or_else(|| axis.trailing(series)) else {
            gathered.skipped.push(format!("{} does not say its {}", series.name(), axis.name()));
            continue;
        };
        placed = true;
        match &series.observations {
            Observations::Raw(raw) if raw.is_complete() => {
                builder.add(series, found, values(series, &raw.sample));
            }
            _ => gathered.skipped.push(format!(
                "{} is not there as complete raw values, which a fit needs",
                series.name()
            )),
        }
    }
    if !placed {
        let have: Vec<String> = data.series.iter().take(5).map(Series::name).collect();
        let more = data.series.len().saturating_sub(have.len());
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        return Err(ScalingError::NoAxis {
            axis: axis.name().to_owned(),
            labels: axis.labels().join(", "),
            have: format!("{}{rest}", have.join(", ")),
        });
    }
    gathered.curves = builder.curves();
    if gathered.curves.is_empty() {
        return Err(ScalingError::NotRaw(gathered.skipped.join("; ")));
    }
    Ok(gathered)
}

/// Run means when there are several runs.
fn values(series: &Series, sample: &Sample) -> Vec<f64> {
    match &series.run {
        Some(run) if series.runs() >= 2 => {
            sample.split(run).iter().map(descriptive::mean).collect()
        }
        _ => sample.values().to_vec(),
    }
}

/// Curves with the values of each x, while series are still being added.
#[derive(Default)]
struct Builder {
    curves: Vec<(Curve, HashMap<u64, Vec<f64>>)>,
    /// Places of curves by what makes them the same.
    places: HashMap<(String, Option<Unit>, Labels), usize>,
}

impl Builder {
    fn add(&mut self, series: &Series, found: Found, values: Vec<f64>) {
        let metric = &series.metric;
        let key = (metric.name.clone(), metric.unit.clone(), found.labels);
        let at = *self.places.entry(key).or_insert_with_key(|(_, _, labels)| {
            let curve = Curve {
                metric: metric.clone(),
                labels: labels.clone(),
                axis: found.axis,
                points: Vec::new(),
                by_run: true,
            };
            self.curves.push((curve, HashMap::new()));
            self.curves.len() - 1
        });
        let (curve, points) = &mut self.curves[at];
        curve.by_run &= series.runs() >= 2;
        points.entry(found.x.to_bits()).or_default().extend(values);
    }

    /// The curves, x rising.
    fn curves(self) -> Vec<Curve> {
        let pooled = |(x, values): (u64, Vec<f64>)| Point {
            x: f64::from_bits(x),
            values: Sample::new(values).expect("means of finite values, and at least one"),
        };
        let finished = |(mut curve, points): (Curve, HashMap<u64, Vec<f64>>)| {
            curve.points = points.into_iter().map(pooled).collect();
            curve.points.sort_by(|a, b| a.x.total_cmp(&b.x));
            curve
        };
        self.curves.into_iter().map(finished).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Raw, Summary};

    fn series(labels: &[(&str, &str)], values: &[f64], run: Option<Vec<u32>>) -> Series {
        Series {
            metric: Metric::new("time", Unit::known("ms")),
            labels: labels.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect(),
            observations: Observations::Raw(Raw::complete(Sample::new(values.to_vec()).unwrap())),
            run,
            time: None,
            marks: None,
        }
    }

    fn data(series: Vec<Series>) -> Dataset {
        Dataset { series, ..Dataset::default() }
    }

    #[test]
    fn labels_and_names_give_x() {
        for (labels, axis, x, rest) in [
            (
                &[("benchmark", "hash/fold/1000")][..],
                Axis::Size,
                1_000.0,
                "time{benchmark=hash/fold}",
            ),
            (&[("benchmark", "sort/size=1K")][..], Axis::Size, 1_000.0, "time{benchmark=sort}"),
            (&[("benchmark", "sort/size=4Ki-8")][..], Axis::Size, 4_096.0, "time{benchmark=sort}"),
            (
                &[("benchmark", "BM_x/32/threads:8")][..],
                Axis::Workers,
                8.0,
                "time{benchmark=BM_x/32}",
            ),
            (&[("benchmark", "test_x[250]")][..], Axis::Size, 250.0, "time{benchmark=test_x}"),
            (&[("workers", "16"), ("a", "b")][..], Axis::Workers, 16.0, "time{a=b}"),
            (&[("depth", "3"), ("n", "9")][..], Axis::Label("depth".into()), 3.0, "time{n=9}"),
        ] {
            let got = gather(&data(vec![series(labels, &[1.0], None)]), &axis).unwrap();
            let curve = &got.curves[0];
            assert_eq!((curve.points[0].x, curve.name().as_str()), (x, rest), "{labels:?}");
        }
    }

    #[test]
    fn points_are_pooled_and_runs_are_respected() {
        let all = data(vec![
            series(&[("n", "20")], &[1.0, 3.0, 7.0], Some(vec![0, 0, 1])),
            series(&[("n", "10")], &[5.0], None),
            series(&[("n", "10"), ("benchmark", "b")], &[6.0], None),
            series(&[("N", "10.0")], &[4.0], None),
        ]);
        let got = gather(&all, &Axis::Size).unwrap();
        let values = |c: usize, p: usize| got.curves[c].points[p].values.values().to_vec();
        assert_eq!(got.curves.len(), 2);
        assert_eq!((values(0, 0), values(0, 1)), (vec![5.0, 4.0], vec![2.0, 7.0]));
        assert!(!got.curves[0].by_run);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = gather(&data(vec![series(&[("a", "b")], &[1.0], None)]), &Axis::Size);
        let text = error.unwrap_err().to_string();
        assert!(text.contains("labels size, n,") && text.contains("time{a=b}"), "{text}");
        let mut summary = series(&[("n", "1")], &[1.0], None);
        summary.observations = Observations::Summary(vec![Summary::default()]);
        let text = gather(&data(vec![summary]), &Axis::Size).unwrap_err().to_string();
        assert!(text.contains("not there as complete raw values"), "{text}");
    }
}
