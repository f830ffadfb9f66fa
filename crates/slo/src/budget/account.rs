use tailproof_core::{Guarantee, Labels, Level, Period, Provenance, Series, Subject, number};
use tailproof_resampling::{Dependence, dependence};

use super::events::{Entry, entries, last, step};
use super::spending::verdict;
use super::{
    Budget, BudgetError, Counted, Counts, Forecast, Slices, Spending, Spent, Tier, TierNow,
};
use crate::share::{dispersed, windows_differ};

/// Statistic that subjects of findings carry.
const STATISTIC: &str = "error budget";

/// An error budget that events are charged to.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    name: String,
    budget: Budget,
    elapsed: Period,
    slices: Option<Slices>,
    tiers: Vec<Tier>,
}

impl Account {
    /// A budget of which the whole window is gone, that counts events, with the workbook's alerts.
    #[must_use]
    pub fn new(name: impl Into<String>, budget: Budget) -> Self {
        let tiers = Tier::workbook(budget);
        Self { name: name.into(), budget, elapsed: budget.window(), slices: None, tiers }
    }

    /// Sets how much of the window is gone.
    ///
    /// # Errors
    /// More than the window has, or not more than a slice.
    pub fn elapsed(self, elapsed: Period) -> Result<Self, BudgetError> {
        let window = self.budget.window();
        if elapsed > window {
            return Err(BudgetError::Elapsed { elapsed, window });
        }
        Self { elapsed, ..self }.fitting()
    }

    /// Counts slices of time instead of events.
    ///
    /// # Errors
    /// A slice is as long as the time that is gone, or longer.
    pub fn slices(self, slices: Slices) -> Result<Self, BudgetError> {
        Self { slices: Some(slices), ..self }.fitting()
    }

    /// Sets the alerts.
    ///
    /// # Errors
    /// One that can never fire; see [`Tier::check`].
    pub fn tiers(self, tiers: Vec<Tier>) -> Result<Self, BudgetError> {
        tiers.iter().try_for_each(|tier| tier.check(self.budget))?;
        Ok(Self { tiers, ..self })
    }

    fn fitting(self) -> Result<Self, BudgetError> {
        let (slice, elapsed) = (self.slices.map(Slices::length), self.elapsed);
        match slice.filter(|&slice| slice >= elapsed) {
            Some(slice) => Err(BudgetError::Slice { slice, elapsed }),
            None => Ok(self),
        }
    }

    /// The budget.
    #[must_use]
    pub const fn budget(&self) -> Budget {
        self.budget
    }

    /// How much of the window is gone.
    pub(super) const fn time_gone(&self) -> Period {
        self.elapsed
    }

    /// The share of the window that is gone.
    pub(super) fn gone(&self) -> f64 {
        self.elapsed.over(self.budget.window()).to_f64()
    }

    /// Charges typed counts, of which no times are known: alerts are planned, not evaluated.
    ///
    /// `level` is that of a pass and of intervals, `fail` that of a failure
    /// ([`Level::split`] over all claims of a run).
    ///
    /// # Errors
    /// Slices of time were asked for.
    pub fn of_counts(
        &self,
        counts: Counts,
        level: Level,
        fail: Level,
    ) -> Result<Spending, BudgetError> {
        if self.slices.is_some() {
            return Err(BudgetError::NoTime(self.name.clone()));
        }
        let subject = Subject {
            metric: self.name.clone(),
            labels: Labels::new(),
            benchmark: None,
            statistic: Some(STATISTIC.to_owned()),
        };
        Ok(self.charge(subject, counts, Counted::Events, None, level, fail))
    }

    /// Charges the event counts of a series.
    ///
    /// With times, only windows that end in the last of the elapsed time are charged, slices can
    /// be cut, and the alerts are evaluated at the end of the data. Events whose windows differ
    /// more than chance allows, and slices that depend on their neighbours, count as fewer:
    /// approximate, and said so.
    ///
    /// # Errors
    /// Other data than event counts, slices without times, and counts that cannot be.
    pub fn of_series(
        &self,
        series: &Series,
        level: Level,
        fail: Level,
    ) -> Result<Spending, BudgetError> {
        let all = entries(series)?;
        let timed = series.time.is_some();
        let used = if timed { last(&all, self.elapsed) } else { all.as_slice() };
        let (charged, counted) = match self.slices {
            None => (used.to_vec(), Counted::Events),
            Some(_) if !timed => return Err(BudgetError::NoTime(series.name())),
            Some(slices) => {
                let (cut, empty) = slices.cut(used)?;
                (cut, Counted::Slices { slices, empty })
            }
        };
        let subject = Subject {
            metric: series.metric.name.clone(),
            labels: series.labels.clone(),
            benchmark: None,
            statistic: Some(STATISTIC.to_owned()),
        };
        let dependence = depends(&charged, counted);
        let counts = Counts::sum(&charged)?;
        let mut spending = self.charge(subject, counts, counted, dependence, level, fail);
        spending.runs = series.runs();
        if timed {
            let rate = self.rate(counts);
            for state in &mut spending.tiers {
                let now: TierNow = state.tier.now(self.budget, &charged)?;
                *state = state.tier.state(self.budget, rate, Some(now));
            }
            spending.warnings.extend(self.about_times(all.len() - used.len(), used));
            let uncovered = about_coverage(&spending);
            spending.warnings.extend(uncovered);
        }
        Ok(spending)
    }

    /// What is charged a second.
    fn rate(&self, counts: Counts) -> f64 {
        counts.total() as f64 / self.elapsed.seconds()
    }

    fn charge(
        &self,
        subject: Subject,
        counts: Counts,
        counted: Counted,
        dependence: Option<(Dependence, String)>,
        level: Level,
        fail: Level,
    ) -> Spending {
        let effective =
            dependence.as_ref().map_or(counts.total() as f64, |(found, _)| found.effective());
        let guarantee =
            if dependence.is_some() { Guarantee::Approximate } else { Guarantee::Exact };
        let rate = self.rate(counts);
        let tiers: Vec<_> =
            self.tiers.iter().map(|tier| tier.state(self.budget, rate, None)).collect();
        let mut warnings: Vec<String> = dependence.into_iter().map(|(_, text)| text).collect();
        let noisy: Vec<String> = tiers
            .iter()
            .filter(|state| counts.total() > 0 && state.is_noisy())
            .map(|s| format!("{} (about {} bad)", s.tier.name(), number(s.expected)))
            .collect();
        if !noisy.is_empty() {
            warnings.push(format!(
                "at this traffic these alerts fire on a handful of events in their short window, \
                 which is noise: {}",
                noisy.join(", ")
            ));
        }
        Spending {
            name: self.name.clone(),
            subject,
            budget: self.budget,
            elapsed: self.elapsed,
            counts,
            counted,
            spent: Spent::new(self, counts, effective, level, fail),
            verdict: verdict(self, counts, effective, level, fail),
            level,
            fail,
            guarantee,
            forecast: Forecast::new(self, counts, effective, level, fail),
            tiers,
            runs: 1,
            provenance: Provenance::Measured,
            warnings,
        }
    }

    /// Where the times of the data do not fit the settings.
    fn about_times(&self, older: usize, used: &[Entry]) -> Vec<String> {
        let mut found = Vec::new();
        let elapsed = self.elapsed;
        if older > 0 {
            found.push(format!(
                "{} windows of the data end before the last {elapsed} and are left out",
                number(older as f64)
            ));
        }
        let Some(step) = step(used) else { return found };
        let seen = used.first().zip(used.last()).map_or(0, |(a, b)| b.end.abs_diff(a.end));
        let span = Period::from_nanos(seen.saturating_add(step.nanos())).unwrap_or(elapsed);
        // A tenth is what a missing day or an uneven end makes.
        if span.seconds() < 0.9 * elapsed.seconds() {
            found.push(format!(
                "the data span {span}, but {elapsed} count as elapsed; say so if the window has \
                 only begun (elapsed = ...)"
            ));
        }
        let slice = self.slices.map(|s| ("a slice", s.length()));
        let shorts = self.tiers.iter().map(|t| ("the short window", t.short()));
        let too_fine: Vec<String> = slice
            .into_iter()
            .chain(shorts)
            .filter(|&(_, period)| period < step)
            .map(|(what, period)| format!("{what} of {period}"))
            .collect();
        if !too_fine.is_empty() {
            found.push(format!(
                "the data come in steps of {step}, coarser than {}: one step stands for it",
                too_fine.join(", ")
            ));
        }
        found
    }
}

/// Alerts whose long window begins before the data.
fn about_coverage(spending: &Spending) -> Option<String> {
    let short: Vec<String> = spending
        .tiers
        .iter()
        .filter(|state| state.now.is_some_and(|now| !now.covered))
        .map(|state| state.tier.name())
        .collect();
    (!short.is_empty())
        .then(|| format!("the data do not reach back over the long window of {}", short.join(", ")))
}

/// Whether what was charged comes in clusters, and what to say of it.
fn depends(charged: &[Entry], counted: Counted) -> Option<(Dependence, String)> {
    match counted {
        Counted::Events => {
            let events: Vec<(u64, u64)> =
                charged.iter().map(|e| (e.counts.good(), e.counts.total())).collect();
            let found = dispersed(&events)?;
            Some((found, windows_differ(&found)))
        }
        Counted::Slices { .. } => {
            let good: Vec<f64> = charged.iter().map(|e| e.counts.good() as f64).collect();
            let found = Some(dependence(&good)).filter(|found| found.significant)?;
            let text = format!(
                "bad slices come in clusters (autocorrelation time {}): judged with an effective \
                 n of {} instead of {}; the guarantee is approximate",
                number(found.tau),
                number(found.effective().floor()),
                number(found.n as f64)
            );
            Some((found, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Metric, Observations, Rational, Verdict};

    use super::super::tests::month;
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    /// 30 d of hours with 10 000 requests, of which `bad` failed.
    fn hourly(bad: impl Fn(i64) -> u64) -> Series {
        let events = (1..=720).map(|i| (10_000 - bad(i), 10_000)).collect();
        let mut series = Series::new(Metric::new("requests", None), Observations::Events(events));
        series.time = Some((1..=720).map(|i| i * HOUR).collect());
        series
    }

    fn charge(account: &Account, series: &Series) -> Spending {
        account.of_series(series, Level::P999, Level::P999).unwrap()
    }

    #[test]
    fn a_month_of_hours_is_charged() {
        let account = Account::new("availability", month("99.9%"));
        let steady = charge(&account, &hourly(|i| 4 + (i % 5) as u64));
        assert_eq!(steady.verdict, Verdict::Pass);
        assert_eq!(steady.guarantee, Guarantee::Exact);
        assert!(steady.tiers.iter().all(|t| !t.now.unwrap().fires));
        assert!(steady.warnings.iter().any(|w| w.contains("steps of 1 h")), "{steady:?}");
        // The last five hours at 20 times the budget: the fast tiers fire, a third is used.
        let burning = charge(&account, &hourly(|i| if i > 715 { 200 } else { 2 }));
        let fires: Vec<bool> = burning.tiers.iter().map(|t| t.now.unwrap().fires).collect();
        assert_eq!(fires, [true, true, true]);
        // One outage says little about the rate of outages, and the finding says that.
        assert_eq!(burning.guarantee, Guarantee::Approximate);
        assert!((burning.spent.unwrap().consumed - 0.3375).abs() < 0.01);
    }

    #[test]
    fn only_the_elapsed_time_is_charged() {
        let account = Account::new("a", month("99.9%")).elapsed("10d".parse().unwrap()).unwrap();
        let spending = charge(&account, &hourly(|_| 5));
        assert_eq!(spending.counts.total(), 240 * 10_000);
        assert!(spending.warnings.iter().any(|w| w.contains("480 windows")));
        assert!((spending.spent.unwrap().consumed - 0.5 / 3.0).abs() < 1e-12);
        let short = Series {
            observations: Observations::Events(vec![(9, 10); 48]),
            time: Some((1..=48).map(|i| i * HOUR).collect()),
            ..hourly(|_| 0)
        };
        let spending = charge(&account, &short);
        assert!(
            spending.warnings.iter().any(|w| w.contains("span 2 d")),
            "{:?}",
            spending.warnings
        );
    }

    #[test]
    fn slices_need_times_and_are_charged_as_slices() {
        let target = Rational::new(99, 100).unwrap();
        let slices = Slices::new("1h".parse().unwrap(), target).unwrap();
        let account = Account::new("a", month("99%")).slices(slices).unwrap();
        // Every hundredth hour loses 2 %: 7 bad slices of the 7.2 that are allowed.
        let spending = charge(&account, &hourly(|i| if i % 100 == 0 { 200 } else { 50 }));
        assert_eq!((spending.counts.bad(), spending.counts.total()), (7, 720));
        assert!(!spending.spent.unwrap().overspent);
        assert!(matches!(spending.verdict, Verdict::Inconclusive(_)));
        let untimed = Series { time: None, ..hourly(|_| 0) };
        let error = account.of_series(&untimed, Level::P999, Level::P999);
        assert_eq!(error, Err(BudgetError::NoTime("requests".to_owned())));
        let counts = Counts::new(1, 1).unwrap();
        assert!(account.of_counts(counts, Level::P999, Level::P999).is_err());
        let day = Slices::new("30d".parse().unwrap(), target).unwrap();
        assert!(Account::new("a", month("99%")).slices(day).is_err());
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let account = || Account::new("a", month("90%"));
        assert!(matches!(
            account().elapsed("31d".parse().unwrap()),
            Err(BudgetError::Elapsed { .. })
        ));
        let burn = Rational::new(11, 1).unwrap();
        let tier = Tier::new(burn, "1h".parse().unwrap(), "5min".parse().unwrap()).unwrap();
        assert!(matches!(account().tiers(vec![tier]), Err(BudgetError::NeverFires { .. })));
        let raw = Series::new(Metric::new("requests", None), Observations::Pairs(vec![(1.0, 1.0)]));
        let error = account().of_series(&raw, Level::P999, Level::P999).unwrap_err();
        assert!(error.to_string().contains("it holds pairs"), "{error}");
    }
}
