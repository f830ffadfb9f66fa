use std::cell::RefCell;

use tailproof_core::{
    Class, Direction, Finding, Loop, Observations, Order, Rank, Reason, Sample, Series, Subject,
    Unit, Verdict, number,
};
use tailproof_resampling::{clock_resolution, dependence_by, pathologies};

use crate::change::{BaseNearZero, Change};
use crate::settings::{CompareError, Test};

/// Observations beyond a percentile from which on its bootstrap is near its normal limit.
pub(crate) const BEYOND: f64 = 10.0;

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Row {
    Mean,
    Quantile(Rank),
    Shift,
}

impl Row {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Mean => "mean".to_owned(),
            Self::Quantile(p) => p.to_string(),
            Self::Shift => "shift".to_owned(),
        }
    }

    pub(crate) fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::Mean => tailproof_core::descriptive::mean(sample),
            Self::Quantile(p) => sample.quantile(p),
            Self::Shift => sample.quantile(Rank::MEDIAN),
        }
    }
}

/// Two series of the same metric.
pub(crate) struct Pair<'a> {
    base: &'a Series,
    candidate: &'a Series,
    pub(crate) x: &'a Sample,
    pub(crate) y: &'a Sample,
    pub(crate) direction: Direction,
    /// Autocorrelation times found so far: a transform of the whole series each.
    times: RefCell<Vec<(Option<Rank>, [f64; 2])>>,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(base: &'a Series, candidate: &'a Series) -> Result<Self, CompareError> {
        let raw = |s: &'a Series| match &s.observations {
            Observations::Raw(raw) if raw.is_complete() => Ok(&raw.sample),
            _ => Err(CompareError::NotRaw(s.name())),
        };
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
        let times = RefCell::default();
        Ok(Self { base, candidate, x: raw(base)?, y: raw(candidate)?, direction, times })
    }

    /// Mean, median, and the percentiles with ten observations beyond them on both sides, as
    /// far as the test asks for them.
    pub(crate) fn rows(&self, test: Test) -> Vec<Row> {
        let least = self.x.len().min(self.y.len()) as f64;
        let tails = [Rank::P95, Rank::P99]
            .into_iter()
            .filter(|p| least * p.complement().to_f64() >= BEYOND)
            .map(Row::Quantile);
        let quantiles = [Row::Quantile(Rank::MEDIAN)].into_iter().chain(tails);
        match test {
            Test::Auto => [Row::Mean].into_iter().chain(quantiles).collect(),
            Test::Welch => vec![Row::Mean],
            Test::Quantiles => quantiles.collect(),
            Test::MannWhitney => vec![Row::Shift],
        }
    }

    /// The unit of the values.
    pub(crate) fn unit(&self) -> Option<&Unit> {
        self.candidate.metric.unit.as_ref().or(self.base.metric.unit.as_ref())
    }

    pub(crate) fn runs(&self) -> [u64; 2] {
        [self.base.runs(), self.candidate.runs()]
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

    /// The larger step of both clocks; 0 when neither repeats a value.
    pub(crate) fn clock(&self) -> f64 {
        [self.x, self.y].into_iter().map(|s| clock_resolution(s).step()).fold(0.0, f64::max)
    }

    /// Autocorrelation times a side: of the values, or of being at most their `p`-quantile.
    fn times(&self, p: Option<Rank>) -> [f64; 2] {
        if let Some(found) = self.times.borrow().iter().find(|t| t.0 == p) {
            return found.1;
        }
        let found = [self.x, self.y].map(|s| match p.map(|p| s.quantile(p)) {
            None => time(s, |x| x),
            Some(q) => time(s, |x| f64::from(u8::from(x <= q))),
        });
        self.times.borrow_mut().push((p, found));
        found
    }

    /// How many independent observations the smaller side is worth for a quantile; by run, all
    /// of them.
    pub(crate) fn worth(&self, p: Rank) -> f64 {
        if self.by_run() {
            return self.x.len().min(self.y.len()) as f64;
        }
        let [a, b] = self.times(Some(p));
        (self.x.len() as f64 / a).min(self.y.len() as f64 / b)
    }

    /// Whether both sides have several runs, which are then the unit.
    pub(crate) fn by_run(&self) -> bool {
        self.runs().iter().all(|&r| r >= 2)
    }

    /// The change of a row, by run where both sides have several.
    pub(crate) fn change(&self, row: Row) -> Result<Change, BaseNearZero> {
        if self.by_run() {
            let (x, y) = (by_run(self.base, self.x, row), by_run(self.candidate, self.y, row));
            if row == Row::Shift {
                return Change::of_shift(&x, &y, [1.0; 2]);
            }
            return Change::of_means(&x, &y, [1.0; 2]).map(|c| c.called("t on run statistics"));
        }
        match row {
            Row::Mean => Change::of_means(self.x, self.y, [self.x, self.y].map(|s| time(s, |x| x))),
            Row::Quantile(p) => Change::of_quantiles(self.x, self.y, p, self.times(Some(p))),
            Row::Shift => Change::of_shift(self.x, self.y, self.times(None)),
        }
    }

    /// A finding with everything but verdict and wording.
    pub(crate) fn blank(&self, class: Class, claim: String) -> Finding {
        let metric = &self.candidate.metric;
        let subject = Subject {
            metric: metric.name.clone(),
            labels: self.candidate.labels.clone(),
            benchmark: None,
            statistic: None,
        };
        let mut finding =
            Finding::new(class, subject, claim, Verdict::Inconclusive(Reason::Absent));
        finding.unit = self.unit().cloned();
        finding.direction = self.direction;
        finding.n = vec![self.x.len() as u64, self.y.len() as u64];
        finding.runs = self.runs().to_vec();
        if self.by_run() {
            finding.warnings.push(
                "judged by run; the permutation and Mann-Whitney results in the evidence treat \
                 observations as independent of their runs"
                    .to_owned(),
            );
        }
        if self.runs().contains(&1) {
            finding.warnings.push(
                "one run a side: says nothing about other runs (a run column with several would)"
                    .to_owned(),
            );
            let tau = self.times(None);
            if tau != [1.0; 2] {
                finding.warnings.push(format!(
                    "successive observations depend on each other (autocorrelation times {} and \
                     {}): interval and p allow for it, approximately; the permutation and \
                     Mann-Whitney results in the evidence do not",
                    number(tau[0]),
                    number(tau[1]),
                ));
            }
        }
        finding
    }
}

/// Autocorrelation time of numbers derived from a sample in time order; 1 without an order, or
/// when it is not above 1 beyond chance.
fn time(sample: &Sample, derived: impl Fn(f64) -> f64) -> f64 {
    if sample.order() != Order::Time {
        return 1.0;
    }
    let found = dependence_by(sample.len(), |i| derived(sample.values()[i]));
    if found.significant { found.tau } else { 1.0 }
}

/// The statistic of each run.
fn by_run(series: &Series, sample: &Sample, row: Row) -> Sample {
    let run = series.run.as_deref().expect("a series with several runs has a run column");
    let statistics = sample.split(run).iter().map(|s| row.of(s)).collect();
    Sample::new(statistics).expect("a statistic of finite values is finite")
}
