use tailproof_core::{
    Class, Direction, Effect, Finding, Interval, Labels, Level, Loop, Metric, Reason, Series,
    Subject, Unit, Verdict,
};
use tailproof_resampling::pathologies;

use crate::settings::{CompareError, Margins, RowName, Settings};

/// The label that names a benchmark.
pub(crate) const BENCHMARK: &str = "benchmark";

/// Two series of the same metric, whatever they hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Two<'a> {
    pub(crate) base: &'a Series,
    pub(crate) candidate: &'a Series,
    pub(crate) direction: Direction,
}

impl<'a> Two<'a> {
    pub(crate) fn new(base: &'a Series, candidate: &'a Series) -> Result<Self, CompareError> {
        if base.metric.unit != candidate.metric.unit {
            let text = |s: &Series| {
                s.metric.unit.as_ref().map_or_else(|| "no unit".to_owned(), ToString::to_string)
            };
            return Err(CompareError::Units {
                metric: base.name(),
                base: text(base),
                candidate: text(candidate),
            });
        }
        let direction = match candidate.metric.direction {
            Direction::Unknown => base.metric.direction,
            known => known,
        };
        Ok(Self { base, candidate, direction })
    }

    /// The unit of the values.
    pub(crate) fn unit(&self) -> Option<&'a Unit> {
        self.candidate.metric.unit.as_ref().or(self.base.metric.unit.as_ref())
    }

    pub(crate) fn runs(&self) -> [u64; 2] {
        [self.base.runs(), self.candidate.runs()]
    }

    /// Whether both sides have several runs, which are then the unit.
    pub(crate) fn by_run(&self) -> bool {
        self.runs().iter().all(|&r| r >= 2)
    }

    /// Whether only one side has several runs.
    pub(crate) fn one_run(&self) -> bool {
        let [a, b] = self.runs();
        a.min(b) == 1 && a.max(b) > 1
    }

    /// The margins of a row.
    pub(crate) fn margins(&self, statistic: &str, settings: &Settings) -> Margins {
        let benchmark = benchmark(self.candidate);
        let metric = self.candidate.metric.name.as_str();
        settings.margins(&RowName { benchmark: &benchmark, metric, statistic }, self.unit())
    }

    /// What is wrong with how either side was measured.
    pub(crate) fn pathologies(&self, sources: [Option<Loop>; 2]) -> Vec<String> {
        let sides =
            [("baseline", self.base, sources[0]), ("candidate", self.candidate, sources[1])];
        sides
            .into_iter()
            .flat_map(|(side, series, source)| {
                pathologies(series, source).into_iter().map(move |text| format!("{side}: {text}"))
            })
            .collect()
    }

    /// A finding with everything but verdict and wording.
    pub(crate) fn blank(&self, class: Class, claim: String, n: [u64; 2]) -> Finding {
        let subject = subject(self.candidate);
        let mut finding =
            Finding::new(class, subject, claim, Verdict::Inconclusive(Reason::Absent));
        finding.unit = self.unit().cloned();
        finding.direction = self.direction;
        finding.n = n.to_vec();
        finding.runs = self.runs().to_vec();
        finding
    }
}

/// What a finding about a series speaks of.
pub(crate) fn subject(series: &Series) -> Subject {
    subject_of(&series.metric, &series.labels)
}

/// What a finding about a metric under labels speaks of; the label `benchmark` is its name.
pub(crate) fn subject_of(metric: &Metric, labels: &Labels) -> Subject {
    let mut labels = labels.clone();
    let benchmark = labels.remove(BENCHMARK);
    Subject { metric: metric.name.clone(), labels, benchmark, statistic: None }
}

/// The name of the benchmark of a series: its label, or metric and labels without one.
pub(crate) fn benchmark(series: &Series) -> String {
    series.labels.get(BENCHMARK).cloned().unwrap_or_else(|| series.name())
}

/// The two columns of a table: a statistic of one side with its own interval.
pub(crate) fn column(
    name: &str,
    value: f64,
    (lo, hi): (f64, f64),
    level: Level,
    method: &str,
) -> Effect {
    let interval = Some(Interval { lo, hi, level, method: method.to_owned() });
    Effect { name: name.to_owned(), value, interval, note: None }
}

/// Names of the two columns.
pub(crate) const SIDES: [&str; 2] = ["base", "candidate"];
