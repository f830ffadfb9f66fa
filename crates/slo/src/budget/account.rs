use tailproof_core::{
    Guarantee, Labels, Level, Period, Provenance, Series, Subject, number, percent,
};
use tailproof_resampling::{Dependence, dependence};

use super::course::course;
use super::events::{Entry, covers, entries, last, step};
use super::spending::Charge;
use super::{Budget, BudgetError, Counted, Counts, Forecast, Slices, Spending, Tier, TierState};
use crate::share::{dispersed, windows_differ};

/// Windows from which on a test of independence can be expected to see anything, and bad events.
const WINDOWS: usize = 30;
const BAD: u64 = 10;
/// The part of a period from which on data cover it: a tenth is what a missing day or an uneven
/// end makes.
const NEARLY: f64 = 0.9;

/// Statistic that subjects of findings carry.
const STATISTIC: &str = "error budget";

/// An error budget that events are charged to.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    name: String,
    budget: Budget,
    elapsed: Period,
    /// Whether somebody said how much of the window is gone.
    stated: bool,
    slices: Option<Slices>,
    tiers: Vec<Tier>,
}

impl Account {
    /// A budget that counts events, with the workbook's alerts. The whole window counts as gone,
    /// or as much of it as the data cover when that is clearly less.
    #[must_use]
    pub fn new(name: impl Into<String>, budget: Budget) -> Self {
        let tiers = Tier::workbook(budget);
        Self {
            name: name.into(),
            budget,
            elapsed: budget.window(),
            stated: false,
            slices: None,
            tiers,
        }
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
        Self { elapsed, stated: true, ..self }.fitting()
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
        let charge =
            Charge { account: self, counts, effective: counts.total() as f64, level, fail };
        Ok(self.spending(&charge, Labels::new(), Counted::Events))
    }

    /// Charges the event counts of a series.
    ///
    /// With times, only windows that end in the last of the elapsed time are charged, and slices
    /// can be cut. Data that cover less than nine tenths of a window of which nobody said how
    /// much is gone: what they cover is gone. Alerts are evaluated on all of the data, at their
    /// end. Events whose windows differ more than chance allows, and slices that depend on their
    /// neighbours, count as fewer: approximate, and said so.
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
        if self.slices.is_some() && !timed {
            return Err(BudgetError::NoTime(series.name()));
        }
        let mut warnings = Vec::new();
        let account = if timed { self.as_covered(&all, &mut warnings) } else { self.clone() };
        let used = if timed { last(&all, account.elapsed) } else { all.as_slice() };
        let (charged, counted) = account.counted(used)?;
        let counts = Counts::sum(&charged)?;
        let found = depends(&charged, counted);
        let effective =
            found.as_ref().map_or(counts.total() as f64, |(found, _)| found.effective());
        let charge = Charge { account: &account, counts, effective, level, fail };
        let mut spending = account.spending(&charge, series.labels.clone(), counted);
        spending.runs = series.runs();
        spending.assumed =
            found.is_none() && (charged.len() < WINDOWS || counts.bad() < BAD) && !spending.certain;
        if found.is_none() && !spending.assumed {
            spending.guarantee = Guarantee::Exact;
        }
        if timed {
            let rate = account.rate(counts);
            let (entries, _) = account.counted(&all)?;
            spending.end = all.last().map(|entry| entry.end);
            let allowed = spending.spent.as_ref().map_or(0.0, |spent| spent.allowed);
            spending.course = course(&charged, allowed);
            for state in &mut spending.tiers {
                let seen = state.tier.seen(account.budget, &entries)?;
                *state = state.tier.state(account.budget, rate, Some(seen));
            }
            warnings.extend(account.about_times(all.len() - used.len(), used));
            warnings.extend(about_coverage(&spending));
        }
        if let (Some(spent), true) = (&spending.spent, account.elapsed < self.elapsed) {
            warnings.insert(
                0,
                format!(
                    "the data cover {} of the window of {}: {} used, with {0} taken as elapsed; \
                     say elapsed",
                    account.elapsed,
                    account.budget.window(),
                    percent(spent.consumed)
                ),
            );
        }
        warnings.extend(found.map(|(_, text)| text));
        warnings.append(&mut spending.warnings);
        spending.warnings = warnings;
        Ok(spending)
    }

    /// The account with as much of the window gone as the data cover, when nobody said how much
    /// that is and they cover clearly less than all of it.
    fn as_covered(&self, all: &[Entry], warnings: &mut Vec<String>) -> Self {
        let mut account = self.clone();
        if self.stated || all.is_empty() {
            return account;
        }
        match covers(all) {
            Some(covers) if covers.seconds() < NEARLY * self.elapsed.seconds() => {
                account.elapsed = covers;
            }
            Some(_) => {}
            None => warnings.push(format!(
                "one window of data: nobody says how much of {} it covers, and all of it counts \
                 as elapsed; say elapsed",
                self.elapsed
            )),
        }
        account
    }

    /// What is counted: the windows as they are, or slices cut of them.
    fn counted(&self, windows: &[Entry]) -> Result<(Vec<Entry>, Counted), BudgetError> {
        let Some(slices) = self.slices else { return Ok((windows.to_vec(), Counted::Events)) };
        let (cut, empty) = slices.cut(windows)?;
        Ok((cut, Counted::Slices { slices, empty }))
    }

    /// What is charged a second.
    fn rate(&self, counts: Counts) -> f64 {
        counts.total() as f64 / self.elapsed.seconds()
    }

    /// What was spent, with alerts planned; that events are independent is assumed.
    fn spending(&self, charge: &Charge<'_>, labels: Labels, counted: Counted) -> Spending {
        let &Charge { counts, level, fail, .. } = charge;
        let rate = self.rate(counts);
        let (verdict, certain) = charge.verdict();
        let tiers: Vec<TierState> =
            self.tiers.iter().map(|tier| tier.state(self.budget, rate, None)).collect();
        Spending {
            name: self.name.clone(),
            subject: Subject {
                metric: self.name.clone(),
                labels,
                benchmark: None,
                statistic: Some(STATISTIC.to_owned()),
            },
            budget: self.budget,
            elapsed: self.elapsed,
            counts,
            counted,
            spent: charge.spent(),
            verdict,
            certain,
            level,
            fail,
            guarantee: if certain { Guarantee::Exact } else { Guarantee::Approximate },
            assumed: !certain,
            forecast: Forecast::new(charge),
            end: None,
            course: Vec::new(),
            runs: 1,
            provenance: Provenance::Measured,
            warnings: about_noise(&tiers).filter(|_| counts.total() > 0).into_iter().collect(),
            tiers,
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
        let span = covers(used).unwrap_or(elapsed);
        if span.seconds() < NEARLY * elapsed.seconds() {
            found.push(format!("the data span {span}, but {elapsed} were said to have elapsed"));
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

/// Alerts that fire though nothing is wrong.
fn about_noise(tiers: &[TierState]) -> Option<String> {
    let noisy: Vec<String> = tiers
        .iter()
        .filter(|state| state.is_noisy())
        .map(|s| format!("{} (up to {} of the time)", s.tier.name(), percent(s.chance)))
        .collect();
    (!noisy.is_empty()).then(|| {
        format!(
            "by chance alone, with errors just as frequent as allowed, these alerts fire too: {}",
            noisy.join(", ")
        )
    })
}

/// Alerts whose long window begins before the data.
fn about_coverage(spending: &Spending) -> Option<String> {
    let short: Vec<String> = spending
        .tiers
        .iter()
        .filter(|state| state.now.is_some_and(|now| !now.covered))
        .map(|state| state.tier.name())
        .collect();
    (!short.is_empty()).then(|| {
        format!(
            "not covered: the data do not reach back over the long window of {}, which says \
             nothing and cannot fire",
            short.join(", ")
        )
    })
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
        assert_eq!((steady.guarantee, steady.assumed), (Guarantee::Exact, false));
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
        let spending = charge(&account, &first_days(2, hourly(|_| 5)));
        assert!(
            spending.warnings.iter().any(|w| w.contains("span 2 d, but 10 d")),
            "{:?}",
            spending.warnings
        );
    }

    /// Its first days alone.
    fn first_days(days: usize, mut series: Series) -> Series {
        if let Observations::Events(events) = &mut series.observations {
            events.truncate(24 * days);
        }
        series.time.as_mut().unwrap().truncate(24 * days);
        series
    }

    #[test]
    fn half_a_month_is_not_charged_as_a_month() {
        let account = Account::new("a", month("99.9%"));
        // Just as many errors as allowed: 14 of 30 days have used 14/30 of the budget.
        let half = charge(&account, &first_days(14, hourly(|_| 10)));
        assert_eq!(half.elapsed, "14d".parse().unwrap());
        assert!((half.spent.unwrap().consumed - 14.0 / 30.0).abs() < 1e-12);
        assert!(half.forecast.is_some(), "16 days are to come");
        let said = "the data cover 14 d of the window of 30 d: 46.67 % used";
        assert!(half.warnings[0].starts_with(said), "{:?}", half.warnings);
        // What somebody says holds, and a missing day is none.
        let stated = account.clone().elapsed("30d".parse().unwrap()).unwrap();
        let stated = charge(&stated, &first_days(14, hourly(|_| 10)));
        assert_eq!(stated.elapsed, "30d".parse().unwrap());
        let nearly = charge(&account, &first_days(29, hourly(|_| 10)));
        assert_eq!((nearly.elapsed, nearly.forecast), ("30d".parse().unwrap(), None));
        // One window covers nobody knows how much.
        let mut one = first_days(1, hourly(|_| 10));
        one.observations = Observations::Events(vec![(9_990, 10_000)]);
        one.time = Some(vec![HOUR]);
        assert!(charge(&account, &one).warnings[0].starts_with("one window of data"));
    }

    #[test]
    fn alerts_look_beyond_the_elapsed_time() {
        // Of a calendar month 5 h are gone; three days of data came before.
        let account = Account::new("a", month("99.9%")).elapsed("5h".parse().unwrap()).unwrap();
        let spending = charge(&account, &first_days(4, hourly(|_| 50)));
        assert_eq!(spending.counts.total(), 5 * 10_000);
        let slow = spending.tiers[2];
        assert!(slow.now.unwrap().covered && slow.now.unwrap().fires, "{slow:?}");
        assert_eq!(spending.end, Some(96 * HOUR));
        assert!(spending.warnings.iter().all(|w| !w.contains("not covered")));
        // With two days of data nobody knows the burn rate over three.
        let spending = charge(&account, &first_days(2, hourly(|_| 50)));
        let now = spending.tiers[2].now.unwrap();
        assert!(!now.covered && !now.fires && now.long.is_none());
        assert!(spending.warnings.iter().any(|w| w.starts_with("not covered")));
    }

    #[test]
    fn alerts_that_fire_by_chance_are_named_by_the_chance() {
        let account = Account::new("a", month("99.9%"));
        let warned = |total: u64| {
            let counts = Counts::new(total, total).unwrap();
            account.of_counts(counts, Level::P999, Level::P999).unwrap().warnings.join("\n")
        };
        // 10 000 requests an hour: 12 bad ones in 5 min are few, and no chance.
        let busy = warned(7_200_000);
        assert!(busy.contains("burn 1 over 3 d and 6 h (up to 50"), "{busy}");
        assert!(!busy.contains("14.4"), "{busy}");
        // 25 an hour: a single bad one fires the second tier, and 1 in 80 of its short windows
        // holds one.
        assert!(warned(18_000).contains("burn 6 over 6 h and 30 min"), "{}", warned(18_000));
        assert_eq!(warned(0), "");
    }

    #[test]
    fn independence_that_nobody_could_test_is_assumed() {
        let account = Account::new("a", month("99.9%"));
        let counts = Counts::new(999_500, 1_000_000).unwrap();
        let typed = account.of_counts(counts, Level::P999, Level::P999).unwrap();
        assert_eq!((typed.guarantee, typed.assumed), (Guarantee::Approximate, true));
        // A day of hours is fewer than 30 windows; a month with nine bad events says no more.
        for series in [first_days(1, hourly(|_| 5)), hourly(|i| u64::from(i % 80 == 0))] {
            let few = charge(&account, &series);
            assert_eq!((few.guarantee, few.assumed), (Guarantee::Approximate, true));
        }
        let some = charge(&account, &hourly(|i| u64::from(i % 70 == 0)));
        assert_eq!((some.guarantee, some.assumed), (Guarantee::Exact, false));
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
