use tailproof_core::binomial::{proportion_lower, proportion_upper};
use tailproof_core::{
    Comparison, Guarantee, Level, Period, Provenance, Rank, Rational, Reason, Subject, Verdict,
};

use super::tier::{TierState, burn_rate};
use super::{Account, Budget, Counted, Counts, Forecast};
use crate::gate::{Count, Gate};
use crate::share::scaled;

/// What was spent of an error budget, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Spending {
    /// Name of the budget.
    pub name: String,
    /// Whose events they are.
    pub subject: Subject,
    /// The budget.
    pub budget: Budget,
    /// How much of its window is gone.
    pub elapsed: Period,
    /// What was counted in it.
    pub counts: Counts,
    /// Whether events or slices of time.
    pub counted: Counted,
    /// The numbers; `None` without events.
    pub spent: Option<Spent>,
    /// Whether the budget is not exhausted, if the counts are right: by counting, at the level.
    pub verdict: Verdict,
    /// Whether that is arithmetic: so little of the window is gone that not even a total outage
    /// would have exhausted the budget. It then says nothing of the service.
    pub certain: bool,
    /// Level of a pass.
    pub level: Level,
    /// Level of a failure.
    pub fail: Level,
    /// What the verdict rests on.
    pub guarantee: Guarantee,
    /// Whether it is assumed that events are independent: there are too few windows or bad
    /// events to tell, or only counts that somebody typed.
    pub assumed: bool,
    /// The end of the window, when it is still to come.
    pub forecast: Option<Forecast>,
    /// The alerts.
    pub tiers: Vec<TierState>,
    /// The end of the data in nanoseconds since 1970, at which alerts are evaluated; `None`
    /// without times.
    pub end: Option<i64>,
    /// What was left of the budget after each of at most 64 groups of windows, with the end
    /// of the group in nanoseconds since 1970; empty without times.
    pub course: Vec<(i64, f64)>,
    /// Distinct runs of the data.
    pub runs: u64,
    /// How the counts came about.
    pub provenance: Provenance,
    /// What to be careful about.
    pub warnings: Vec<String>,
}

/// The numbers of a budget that has events; shares are of the budget of the whole window.
///
/// ```text
/// b = 1 − objective        r = (bad/total)/b              burn rate
/// allowed  = b·total·W/t                                  W the window, t what is gone of it
/// consumed = bad/allowed = r·t/W     remaining = 1 − consumed
/// left     = remaining·W/r           when that is before the end of the window, W − t
/// ```
/// While t < W the traffic of the rest is taken to be that of the time gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// Bad events that the whole window allows.
    pub allowed: f64,
    /// Share of the budget that is used; a fact about these events.
    pub consumed: f64,
    /// Share that is left, negative when overspent.
    pub remaining: f64,
    /// Whether more was used than there is, compared in whole numbers.
    pub overspent: bool,
    /// Share that would be used if the events came from a service at either of its one-sided
    /// bounds: the lower at the level of a failure, the upper at that of a pass.
    pub bounds: (f64, f64),
    /// Burn rate over the data.
    pub burn: f64,
    /// Two-sided interval of the burn rate at the level of a pass (Clopper and Pearson).
    pub burn_interval: (f64, f64),
    /// Seconds until nothing is left at this burn rate: 0 when nothing is, `None` when it lasts
    /// to the end of the window.
    pub left: Option<f64>,
    /// The same at the upper and at the lower end of the burn rate: the earliest and the latest.
    pub left_interval: (Option<f64>, Option<f64>),
}

/// Counts that are worth `effective` independent ones, charged to an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge<'a> {
    pub(super) account: &'a Account,
    pub(super) counts: Counts,
    pub(super) effective: f64,
    /// Level of a pass and of intervals.
    pub(super) level: Level,
    /// Level of a failure.
    pub(super) fail: Level,
}

impl Charge<'_> {
    /// Bad events that the whole window allows, `b·total·W/t`.
    pub(super) fn allowed(&self) -> f64 {
        self.account.budget().share().to_f64() * self.counts.total() as f64 / self.account.gone()
    }

    /// Clopper and Pearson's bounds of the share of bad events, each at its own level.
    ///
    /// Dependent events count as `effective` ones, rounded away from the estimate; approximate.
    pub(super) fn bad_bounds(&self, lower: Level, upper: Level) -> (f64, f64) {
        let (n, bad) = (self.counts.total(), self.counts.bad());
        let worth = (self.effective as u64).clamp(1, n);
        (
            proportion_lower(scaled(bad, n, worth, false), worth, lower),
            proportion_upper(scaled(bad, n, worth, true), worth, upper),
        )
    }

    /// The numbers; `None` without events.
    pub(super) fn spent(&self) -> Option<Spent> {
        let (account, counts) = (self.account, self.counts);
        let budget = account.budget();
        let burn = burn_rate(budget, counts)?;
        let b = budget.share().to_f64();
        let gone = account.gone();
        let against = self.allowance().map(|part| counts.against(part));
        let overspent = against.is_some_and(|(bad, allowed)| bad > allowed);
        let exhausted = against.is_some_and(|(bad, allowed)| bad >= allowed);
        // At the very limit nothing is left, and what is not overspent is at most all.
        let consumed = if overspent { burn * gone } else { (burn * gone).min(1.0) };
        let (lower, upper) = self.bad_bounds(self.fail, self.level);
        let each = self.level.split(2);
        let (lo, hi) = self.bad_bounds(each, each);
        let burn_interval = (lo / b, hi / b);
        let (used, even) = counts.against(budget.share());
        let ends = |rate: f64| self.ends_after(consumed, rate);
        let left = if exhausted {
            Some(0.0)
        } else if used <= even {
            None
        } else {
            ends(burn)
        };
        Some(Spent {
            allowed: self.allowed(),
            consumed,
            remaining: 1.0 - consumed,
            overspent,
            bounds: (lower / b * gone, upper / b * gone),
            burn,
            burn_interval,
            left,
            left_interval: if exhausted {
                (Some(0.0), Some(0.0))
            } else {
                (ends(burn_interval.1), ends(burn_interval.0))
            },
        })
    }

    /// Seconds until nothing is left at a burn rate; `None` when the window ends first.
    fn ends_after(&self, consumed: f64, rate: f64) -> Option<f64> {
        let window = self.account.budget().window().seconds();
        let rest = window - self.account.time_gone().seconds();
        let left = (1.0 - consumed) * window / rate;
        (left < rest).then_some(left)
    }

    /// Share of the events so far that may be bad before the whole budget is used, `b·W/t`;
    /// `None` when not even all of them would use it.
    fn allowance(&self) -> Option<Rational> {
        let budget = self.account.budget();
        let (share, over) = (budget.share(), budget.window().over(self.account.time_gone()));
        share
            .checked_mul(over)
            .or_else(|| Rational::simplest(share.to_f64() * over.to_f64()).ok())
            .filter(|part| part.num() <= part.den())
    }

    /// Whether the budget is not exhausted, by the gate on the share of good events, and whether
    /// that is certain whatever the service did.
    pub(super) fn verdict(&self) -> (Verdict, bool) {
        let total = self.counts.total();
        if total == 0 {
            return (Verdict::Inconclusive(Reason::TooFew { need: 1 }), false);
        }
        let good = self.allowance().and_then(Rational::complement);
        let Some(good) = good.and_then(|g| Rank::new(g).ok()).filter(|g| g.value().num() > 0)
        else {
            return (Verdict::Pass, true);
        };
        let op = Comparison::AtMost; // "At least q are good" counts like "q-quantile <= T".
        let gate = Gate::with_effective(good, total, self.effective, op, self.level, self.fail);
        (gate.verdict(Count::exact(self.counts.good(), total)), false)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    use super::super::tests::month;
    use super::*;

    fn spending(objective: &str, elapsed: &str, bad: u64, total: u64) -> Spending {
        let account = Account::new("availability", month(objective));
        let account = account.elapsed(elapsed.parse().unwrap()).unwrap();
        let counts = Counts::new(total - bad, total).unwrap();
        account.of_counts(counts, Level::P999, Level::P999).unwrap()
    }

    #[test]
    fn what_a_manager_reads_adds_up() {
        // 78 % of the allowance used with 60 % of the month gone: burn 1.3, over at 30/1.3 days.
        let spent = spending("99.9%", "18d", 1_300, 1_000_000).spent.unwrap();
        assert!((spent.consumed - 0.78).abs() < 1e-12 && (spent.burn - 1.3).abs() < 1e-12);
        assert!((spent.allowed - 1_000.0 / 0.6).abs() < 1e-9 && !spent.overspent);
        let end = spent.left.unwrap() / 86_400.0 + 18.0;
        assert!((end - 30.0 / 1.3).abs() < 1e-9, "{end}");
        let (soonest, latest) = spent.left_interval;
        assert!(soonest.unwrap() < spent.left.unwrap() && latest.unwrap() > spent.left.unwrap());
        // A burn rate of exactly 1 lasts.
        assert_eq!(spending("99.9%", "18d", 1_000, 1_000_000).spent.unwrap().left, None);
    }

    #[test]
    fn an_overspent_budget_has_less_than_nothing_left() {
        let over = spending("99.9%", "30d", 1_500, 1_000_000);
        let spent = over.spent.unwrap();
        assert!((spent.remaining + 0.5).abs() < 1e-12 && spent.overspent);
        assert_eq!((spent.left, over.verdict), (Some(0.0), Verdict::Fail));
        // One too many is overspent as counted, and may be chance.
        let one = spending("99.9%", "30d", 1_001, 1_000_000);
        assert!(one.spent.unwrap().overspent && one.spent.unwrap().remaining < 0.0);
        assert!(matches!(one.verdict, Verdict::Inconclusive(Reason::Straddles { .. })));
        // All of it, to the last event, is not.
        let all = spending("99.9%", "30d", 1_000, 1_000_000).spent.unwrap();
        assert_eq!((all.overspent, all.remaining, all.left), (false, 0.0, Some(0.0)));
    }

    #[test]
    fn no_events_and_nothing_but_bad_ones() {
        let none = spending("99.9%", "30d", 0, 0);
        assert_eq!(none.spent, None);
        assert_eq!(none.verdict, Verdict::Inconclusive(Reason::TooFew { need: 1 }));
        let all = spending("99.9%", "30d", 500, 500);
        assert_eq!(all.verdict, Verdict::Fail);
        assert!((all.spent.unwrap().burn - 1_000.0).abs() < 1e-9);
        // Of 99 % over 30 d, the first two hours cannot use more than 28 %.
        let early = spending("99%", "2h", 500, 500);
        assert_eq!((early.verdict, early.certain), (Verdict::Pass, true));
        assert!(early.spent.unwrap().left.unwrap() < 6.0 * 3_600.0);
        // After 7.2 h, b·W, an outage may have used all: the counts decide.
        let later = spending("99%", "8h", 500, 500);
        assert_eq!((later.verdict, later.certain), (Verdict::Fail, false));
        // A few good ones prove nothing, and nothing bad ends nothing.
        let few = spending("99.9%", "30d", 0, 100);
        assert_eq!(few.verdict, Verdict::Inconclusive(Reason::TooFew { need: 6_905 }));
        assert_eq!(few.spent.unwrap().left, None);
    }

    #[test]
    fn wrong_verdicts_are_as_rare_as_promised() {
        // Errors come exactly as often as the budget allows: neither verdict may be common, and
        // the forecast of the end holds the end.
        let account = Account::new("simulated", month("99%")).elapsed("15d".parse().unwrap());
        let account = account.unwrap();
        let whole = Account::new("simulated", month("99%"));
        let (mut passed, mut failed, mut missed) = (0, 0, 0);
        let rounds = 1_000;
        for round in 0..rounds {
            let mut rng = stream(Seed(5), round);
            let mut bad = |n: u64| (0..n).filter(|_| uniform(&mut rng) < 0.01).count() as u64;
            let (first, second) = (bad(1_500), bad(1_500));
            let of = |account: &Account, bad: u64, n: u64| {
                let counts = Counts::new(n - bad, n).unwrap();
                account.of_counts(counts, Level::P95, Level::P95).unwrap()
            };
            let end = of(&whole, first + second, 3_000);
            passed += u32::from(end.verdict == Verdict::Pass);
            failed += u32::from(end.verdict == Verdict::Fail);
            let forecast = of(&account, first, 1_500).forecast.unwrap();
            let used = end.spent.unwrap().consumed;
            missed += u32::from(used < forecast.lo || used > forecast.hi);
        }
        // At most 50 are expected of each verdict; 78 is four standard deviations more.
        assert!(passed <= 78 && failed <= 78 && missed <= 100, "{passed} {failed} {missed}");
        assert!(passed + failed > 10, "it decides at times: {passed} {failed}");
    }
}
