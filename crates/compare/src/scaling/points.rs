use std::collections::HashMap;
use std::ops::Range;

use crate::two::subject_of;
use tailproof_core::{
    Class, Dataset, Finding, Labels, Metric, Observations, Reason, Sample, Series, Unit, Verdict,
    descriptive, qualified,
};

use super::ScalingError;

/// What a curve runs over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axis {
    /// The size of the work: `size`, `n`, `length`, …, or a number at the end of the name.
    Size,
    /// The number of workers: `workers`, `threads`, `jobs`, …
    Workers,
    /// A label by its name.
    Label(String),
}

const SIZES: &[&str] = &[
    "size",
    "n",
    "length",
    "len",
    "count",
    "elements",
    "items",
    "rows",
    "input_size",
    "param",
    "parameter",
];
const WORKERS: &[&str] = &[
    "workers",
    "threads",
    "n_jobs",
    "jobs",
    "processes",
    "procs",
    "cpus",
    "cores",
    "concurrency",
    "clients",
    "connections",
    "vus",
    "gomaxprocs",
];

impl Axis {
    /// The axis that the labels of a data set name: a size before workers, and a size when
    /// there is only a number at the end of names.
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        let named = |axis: &Self| data.series.iter().any(|s| axis.named(s).is_some());
        if !named(&Self::Size) && named(&Self::Workers) { Self::Workers } else { Self::Size }
    }

    /// `size`, `workers`, or the label's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Size => "size",
            Self::Workers => "workers",
            Self::Label(name) => name,
        }
    }

    /// Whether its values are counts of workers.
    #[must_use]
    pub fn counts_workers(&self) -> bool {
        match self {
            Self::Size => false,
            Self::Workers => true,
            Self::Label(name) => WORKERS.iter().any(|w| w.eq_ignore_ascii_case(name)),
        }
    }

    /// Names of labels that give it, the likeliest first.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        match self {
            Self::Size => SIZES.to_vec(),
            Self::Workers => WORKERS.to_vec(),
            Self::Label(name) => vec![name.as_str()],
        }
    }

    /// The value that a label or a named part of the benchmark's name gives.
    fn named(&self, series: &Series) -> Option<Found> {
        for name in self.labels() {
            let label = series.labels.iter().find(|(k, _)| k.eq_ignore_ascii_case(name));
            if let Some((key, text)) = label
                && let Some(x) = quantity(text)
            {
                let mut labels = series.labels.clone();
                labels.remove(key);
                return Some(Found { x, axis: key.clone(), labels });
            }
        }
        let benchmark = series.labels.get("benchmark")?;
        for name in self.labels() {
            let mut next = 0;
            for part in benchmark.split(['/', '[', ']', '(', ')', ',', ' ', '?', '&']) {
                // One byte lies between two parts.
                let at = next;
                next += part.len() + 1;
                let Some((key, text)) = part.split_once(['=', ':']) else { continue };
                let bare = text.rsplit_once('-').map_or(text, |(value, _)| value);
                if key.eq_ignore_ascii_case(name)
                    && let Some(x) = quantity(text).or_else(|| quantity(bare))
                {
                    let axis = key.to_owned();
                    return Some(Found {
                        x,
                        axis,
                        labels: without(series, benchmark, at..at + part.len()),
                    });
                }
            }
        }
        None
    }

    /// The value that a number at the end of the benchmark's name gives.
    fn trailing(&self, series: &Series) -> Option<Found> {
        if matches!(self, Self::Label(_)) {
            return None;
        }
        let benchmark = series.labels.get("benchmark")?;
        // What has a name of its own, such as `threads:8`, is not the size.
        let named = |part: &str| part.contains('=') || (part.contains(':') && !part.contains("::"));
        let mut end = benchmark.len();
        let segment = loop {
            let from = benchmark[..end].rfind('/').map_or(0, |i| i + 1);
            let segment = &benchmark[from..end];
            if from == 0 || !named(segment) {
                break segment;
            }
            end = from - 1;
        };
        let segment = segment.trim_end_matches([')', ']']);
        let number = segment.rsplit(['_', '-', '=', ':', '(', '[', ' ', ',']).next()?;
        let x = quantity(number)?;
        let tail = benchmark[..end].len() - benchmark[..end].trim_end_matches([')', ']']).len();
        let at = end - tail - number.len();
        let axis = self.name().to_owned();
        Some(Found { x, axis, labels: without(series, benchmark, at..at + number.len()) })
    }
}

struct Found {
    x: f64,
    axis: String,
    labels: Labels,
}

/// The labels of a series, the benchmark's name without one part.
fn without(series: &Series, benchmark: &str, part: Range<usize>) -> Labels {
    let mut labels = series.labels.clone();
    let rest = [&benchmark[..part.start], &benchmark[part.end..]].concat();
    let rest = rest.replace("//", "/").replace("[]", "").replace("()", "");
    let rest = rest.trim_matches(|c: char| "/_-=:([ ,".contains(c)).to_owned();
    if rest.is_empty() {
        labels.remove("benchmark");
    } else {
        labels.insert("benchmark".to_owned(), rest);
    }
    labels
}

/// `1000`, `1_000`, `2.5`, `1K` (1 000), `4Ki`, `4KiB` (4 096), `3M`, `1GB`.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'));
    let (digits, suffix) = text.split_at(at.unwrap_or(text.len()));
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let scale = match suffix {
        "" | "B" => 1.0,
        "k" | "K" | "kB" | "KB" => 1e3,
        "m" | "M" | "MB" => 1e6,
        "g" | "G" | "GB" => 1e9,
        "ki" | "Ki" | "KiB" => 1_024.0,
        "Mi" | "MiB" => 1_048_576.0,
        "Gi" | "GiB" => 1_073_741_824.0,
        _ => return None,
    };
    let x: f64 = digits.replace('_', "").parse().ok()?;
    (x * scale).is_finite().then_some(x * scale)
}

/// What was measured at one size or with one number of workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Size, or number of workers.
    pub x: f64,
    /// Run means where the data have several runs, the observations where they have not.
    pub values: Sample,
}

/// Measurements over sizes or workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What was measured.
    pub metric: Metric,
    /// Labels that all points share.
    pub labels: Labels,
    /// Name of x.
    pub axis: String,
    /// The points, x rising.
    pub points: Vec<Point>,
    /// Whether the values are those of whole runs.
    pub by_run: bool,
}

impl Curve {
    /// The metric with its labels.
    #[must_use]
    pub fn name(&self) -> String {
        qualified(&self.metric.name, &self.labels)
    }

    /// Observations of all points.
    #[must_use]
    pub fn n(&self) -> usize {
        self.points.iter().map(|p| p.values.len()).sum()
    }

    /// The smallest and the largest x; zeros without points.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let ends = self.points.first().zip(self.points.last());
        ends.map_or((0.0, 0.0), |(a, b)| (a.x, b.x))
    }

    /// At least so many points and observations.
    pub(crate) fn needs(&self, points: usize, observations: usize) -> Result<(), ScalingError> {
        let (got, n) = (self.points.len(), self.n());
        if got < points {
            let (name, axis) = (self.name(), self.axis.clone());
            return Err(ScalingError::FewPoints { name, axis, got, need: points });
        }
        if n < observations {
            let name = self.name();
            return Err(ScalingError::FewObservations { name, got: n, need: observations });
        }
        Ok(())
    }

    /// Only values above zero.
    pub(crate) fn positive(&self) -> Result<(), ScalingError> {
        for point in &self.points {
            let value = point.values.range().0;
            if value <= 0.0 {
                let (name, axis) = (self.name(), self.axis.clone());
                return Err(ScalingError::NotPositive { name, axis, x: point.x, value });
            }
        }
        Ok(())
    }

    /// A finding with everything but verdict and wording.
    pub(crate) fn blank(&self, claim: String) -> Finding {
        let subject = subject_of(&self.metric, &self.labels);
        let mut finding =
            Finding::new(Class::Other, subject, claim, Verdict::Inconclusive(Reason::Absent));
        finding.direction = self.metric.direction;
        finding.n = vec![self.n() as u64];
        if !self.by_run {
            finding.warnings.push(format!(
                "one run at each {}: the intervals say nothing about other runs (a run column \
                 with several would)",
                self.axis
            ));
        }
        finding
    }
}

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
    use tailproof_core::{Raw, Summary};

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
        assert_eq!(quantity("sha256"), None);
        assert_eq!(quantity("1_000"), Some(1_000.0));
        assert_eq!(quantity("."), None);
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
