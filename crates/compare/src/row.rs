use std::cell::RefCell;

use tailproof_core::{
    Class, Effect, Finding, Level, Observations, Order, Rank, Sample, Series, number,
};
use tailproof_resampling::{clock_resolution, dependence_by};

use crate::change::{BaseNearZero, Change, Spread, quantile_interval};
use crate::settings::{CompareError, Settings, Test};
use crate::two::{SIDES, Two, column};

/// Observations beyond a percentile from which on its bootstrap is near its normal limit.
pub(crate) const BEYOND: f64 = 10.0;

/// What is said of data of a single run.
pub(crate) const ONE_RUN: &str =
    "one run a side: says nothing about other runs (a run column with several would)";

/// The method where runs are the unit.
pub(crate) const ON_RUNS: &str = "t on run statistics";

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

/// Two series of the same metric with all their values.
pub(crate) struct Pair<'a> {
    pub(crate) two: Two<'a>,
    pub(crate) x: &'a Sample,
    pub(crate) y: &'a Sample,
    /// Autocorrelation times found so far: a transform of the whole series each.
    times: RefCell<Vec<(Option<Rank>, [f64; 2])>>,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(base: &'a Series, candidate: &'a Series) -> Result<Self, CompareError> {
        let two = Two::new(base, candidate)?;
        let raw = |s: &'a Series| complete(s).ok_or_else(|| CompareError::NotRaw(s.name()));
        Ok(Self { two, x: raw(base)?, y: raw(candidate)?, times: RefCell::default() })
    }

    /// The rows that the test asks for and both sides carry.
    pub(crate) fn rows(&self, settings: &Settings) -> Vec<Row> {
        let median = self.by_run();
        rows(self.x.len().min(self.y.len()) as f64, median, settings)
    }

    pub(crate) fn runs(&self) -> [u64; 2] {
        self.two.runs()
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
        self.two.by_run()
    }

    /// The change of a row, by run where both sides have several; whether or not there is a
    /// ratio, but for the shift.
    pub(crate) fn change(&self, row: Row) -> Result<Change, BaseNearZero> {
        if self.by_run() {
            let [x, y] = self.run_statistics(row);
            if row == Row::Shift {
                return Change::of_shift(&x, &y, [1.0; 2]);
            }
            return Ok(Change::means(&x, &y, [1.0; 2]).called(ON_RUNS));
        }
        match row {
            Row::Mean => Ok(Change::means(self.x, self.y, self.times(None))),
            Row::Quantile(p) => Ok(Change::quantiles(self.x, self.y, p, self.times(Some(p)))),
            Row::Shift => Change::of_shift(self.x, self.y, self.times(None)),
        }
    }

    /// The statistic of each run of both sides.
    fn run_statistics(&self, row: Row) -> [Sample; 2] {
        [by_run(self.two.base, self.x, row), by_run(self.two.candidate, self.y, row)]
    }

    /// The statistic of either side with an interval of its own: Student's for a mean and for
    /// runs, order statistics for a quantile. None for the shift, which is of both.
    pub(crate) fn columns(&self, row: Row, level: Level) -> Vec<Effect> {
        if row == Row::Shift {
            return Vec::new();
        }
        if self.by_run() {
            let runs = self.run_statistics(row).map(|s| Spread::of(&s));
            return SIDES
                .into_iter()
                .zip(runs)
                .map(|(name, s)| column(name, s.mean, s.interval(level), level, ON_RUNS))
                .collect();
        }
        let tau = match row {
            Row::Quantile(p) => self.times(Some(p)),
            _ => self.times(None),
        };
        let of = |name: &str, sample: &Sample, tau: f64| {
            if let Row::Quantile(p) = row {
                let ends = quantile_interval(sample, p, tau, level);
                column(name, sample.quantile(p), ends, level, "order statistics")
            } else {
                let spread = Spread::of(sample);
                let worth = ((spread.n as f64 / tau) as u64).max(1);
                let ends = Spread { n: worth, ..spread }.interval(level);
                column(name, spread.mean, ends, level, "Student's t")
            }
        };
        vec![of(SIDES[0], self.x, tau[0]), of(SIDES[1], self.y, tau[1])]
    }

    /// A finding with everything but verdict and wording.
    pub(crate) fn blank(&self, class: Class, claim: String) -> Finding {
        let n = [self.x.len() as u64, self.y.len() as u64];
        let mut finding = self.two.blank(class, claim, n);
        if self.by_run() {
            finding.warnings.push(
                "judged by run; the permutation and Mann-Whitney results in the evidence treat \
                 observations as independent of their runs"
                    .to_owned(),
            );
        }
        if self.runs().contains(&1) {
            finding.warnings.push(ONE_RUN.to_owned());
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

/// Mean, median, and the percentiles with ten observations beyond them on both sides, as far as
/// the test asks for them; the smaller side has `least`. A median that no data of this size could
/// show to have changed is left to the mean, unless it is `always` there.
pub(crate) fn rows(least: f64, always: bool, settings: &Settings) -> Vec<Row> {
    let tails = [Rank::P95, Rank::P99]
        .into_iter()
        .filter(|p| least * p.complement().to_f64() >= BEYOND)
        .map(Row::Quantile);
    let quantiles = [Row::Quantile(Rank::MEDIAN)].into_iter().chain(tails);
    // The box of order statistics: 4·½ⁿ is its smallest p.
    let carried = always || 4.0 * 0.5_f64.powf(least) <= settings.level.alpha().to_f64();
    match settings.test {
        Test::Auto if !carried => vec![Row::Mean],
        Test::Auto => [Row::Mean].into_iter().chain(quantiles).collect(),
        Test::Welch => vec![Row::Mean],
        Test::Quantiles => quantiles.collect(),
        Test::MannWhitney => vec![Row::Shift],
    }
}

/// The values of a series that holds all of them.
pub(crate) fn complete(series: &Series) -> Option<&Sample> {
    match &series.observations {
        Observations::Raw(raw) if raw.is_complete() => Some(&raw.sample),
        _ => None,
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
