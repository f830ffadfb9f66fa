use tailproof_core::binomial::tails;
use tailproof_core::{Period, Rational, number};

use super::events::{Entry, Sliding, covers, last, step};
use super::{Budget, BudgetError, Counts};

/// A multi-window alert: it fires when the burn rate reaches `burn` over both windows.
///
/// ```text
/// burn rate of a window     r = (bad/total)/b
/// fires                     r(long) ≥ f and r(short) ≥ f
/// detection time            t = f·b·W/e             W the long window, e the share of errors
/// budget spent when it fires   f·W/window
/// ```
/// The short window ends the alert soon after the errors end.
///
/// # Source
/// Beyer et al. (2018), *The Site Reliability Workbook*, chapter 5, approach 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    burn: Rational,
    long: Period,
    short: Period,
}

impl Tier {
    /// An alert at a burn rate over a long and a short window.
    ///
    /// # Errors
    /// A burn rate of 0, or a short window that is not shorter.
    pub fn new(burn: Rational, long: Period, short: Period) -> Result<Self, BudgetError> {
        if burn.num() == 0 {
            return Err(BudgetError::Burn(0.0));
        }
        if short >= long {
            return Err(BudgetError::TierWindows { long, short });
        }
        Ok(Self { burn, long, short })
    }

    /// The burn rate.
    #[must_use]
    pub const fn burn(self) -> Rational {
        self.burn
    }

    /// The long window.
    #[must_use]
    pub const fn long(self) -> Period {
        self.long
    }

    /// The short window.
    #[must_use]
    pub const fn short(self) -> Period {
        self.short
    }

    /// The tiers of the workbook, which spend 2, 5 and 10 % of the budget before they fire.
    ///
    /// For 30 d: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 1 over 3 d and 6 h. For another
    /// window the burn rates stay and the windows keep their part of it, so that the same shares
    /// are spent: over 7 d, 14.4 means 14 min. (A burn rate scaled instead would fall below 1,
    /// and fire on a pace that lasts.) Tiers that could never fire are left out.
    #[must_use]
    pub fn workbook(budget: Budget) -> Vec<Self> {
        let ratio = |num, den| Rational::new(num, den).expect("not zero");
        [(ratio(72, 5), 720, 12), (ratio(6, 1), 120, 12), (ratio(1, 1), 10, 12)]
            .into_iter()
            .map(|(burn, part, shorter)| Self {
                burn,
                long: budget.window().part(ratio(1, part)),
                short: budget.window().part(ratio(1, part * shorter)),
            })
            .filter(|tier| tier.short < tier.long && tier.check(budget).is_ok())
            .collect()
    }

    /// Whether the alert can fire at all with this budget.
    ///
    /// # Errors
    /// `f > 1/b`: even a total outage burns slower; or a long window beyond that of the budget.
    pub fn check(self, budget: Budget) -> Result<(), BudgetError> {
        let (long, window, share) = (self.long, budget.window(), budget.share());
        let product = |x: Rational, y: Rational| {
            (u128::from(x.num()) * u128::from(y.num()), u128::from(x.den()) * u128::from(y.den()))
        };
        let (num, den) = product(self.burn, share);
        if num > den {
            let (burn, share) = (self.burn.to_f64(), share.to_f64());
            return Err(BudgetError::NeverFires { burn, long, share });
        }
        if long > window {
            return Err(BudgetError::TierTooLong { long, window });
        }
        Ok(())
    }

    /// Seconds from the beginning of errors at a share `e` until the alert fires,
    /// `t = f·b·W/e`; `None` when it never does, `e < f·b`.
    ///
    /// The service had no errors before, and traffic is even.
    #[must_use]
    pub fn detection(self, budget: Budget, errors: f64) -> Option<f64> {
        let fb = self.burn.to_f64() * budget.share().to_f64();
        (fb <= errors).then(|| fb * self.long.seconds() / errors)
    }

    /// Share of the budget that is spent when the alert fires, `f·W/window`.
    #[must_use]
    pub fn spends(self, budget: Budget) -> f64 {
        self.burn.to_f64() * self.long.over(budget.window()).to_f64()
    }

    /// Whether these counts reach the burn rate, in whole numbers where they fit.
    fn reached(self, budget: Budget, counts: Counts) -> bool {
        if counts.total() == 0 {
            return false;
        }
        match self.burn.checked_mul(budget.share()) {
            Some(limit) => {
                let (bad, at) = counts.against(limit);
                bad >= at
            }
            None => burn_rate(budget, counts).is_some_and(|r| r >= self.burn.to_f64()),
        }
    }

    /// What the alert says about all of the data, whose last window ends now, and what it would
    /// have said before.
    pub(super) fn seen(
        self,
        budget: Budget,
        entries: &[Entry],
    ) -> Result<(TierNow, TierPast), BudgetError> {
        let long = Counts::sum(last(entries, self.long))?;
        let short = Counts::sum(last(entries, self.short))?;
        let covered = covers(entries).is_some_and(|covers| covers >= self.long);
        let now = TierNow {
            long: burn_rate(budget, long).filter(|_| covered),
            short: burn_rate(budget, short),
            fires: covered && self.reached(budget, long) && self.reached(budget, short),
            covered,
        };
        Ok((now, self.past(budget, entries)?))
    }

    /// The alert at the end of every window of the data, as both of its own slide along.
    fn past(self, budget: Budget, entries: &[Entry]) -> Result<TierPast, BudgetError> {
        Counts::sum(entries)?; // All of them fit, and so does every part.
        let mut past = TierPast { worst: None, first: None, times: 0 };
        let (Some(first), Some(step)) = (entries.first(), step(entries)) else { return Ok(past) };
        let (mut long, mut short) = (Sliding::new(self.long), Sliding::new(self.short));
        let mut firing = false;
        for (i, entry) in entries.iter().enumerate() {
            let (long, short) = (long.to(entries, i), short.to(entries, i));
            let ends = entries.get(i + 1).is_none_or(|next| next.end > entry.end);
            let back = entry.end.abs_diff(first.end).saturating_add(step.nanos());
            if !ends || back < self.long.nanos() {
                continue;
            }
            let burn = burn_rate(budget, long);
            if burn > past.worst.map(|worst| worst.0) {
                past.worst = burn.map(|burn| (burn, entry.end));
            }
            let fires = self.reached(budget, long) && self.reached(budget, short);
            if fires && !firing {
                past.first = past.first.or(Some(entry.end));
                past.times += 1;
            }
            firing = fires;
        }
        Ok(past)
    }

    /// The alert with what it would do, at `rate` events a second.
    pub(super) fn state(
        self,
        budget: Budget,
        rate: f64,
        seen: Option<(TierNow, TierPast)>,
    ) -> TierState {
        let b = budget.share().to_f64();
        let chance = |period: Period| {
            let n = (rate * period.seconds()).round();
            // At most one bad event suffices where the windows hold few.
            let k = (self.burn.to_f64() * b * n).ceil().max(1.0);
            tails(k as u64, n as u64, b, 1.0 - b).at_least
        };
        TierState {
            tier: self,
            spends: self.spends(budget),
            outage: self.detection(budget, 1.0),
            tenfold: Some(10.0 * b).filter(|&e| e < 1.0).and_then(|e| self.detection(budget, e)),
            expected: self.burn.to_f64() * b * rate * self.short.seconds(),
            chance: chance(self.long).min(chance(self.short)),
            now: seen.map(|seen| seen.0),
            past: seen.map(|seen| seen.1),
        }
    }

    /// `burn 14.4 over 1 h and 5 min`.
    #[must_use]
    pub fn name(self) -> String {
        format!("burn {} over {} and {}", number(self.burn.to_f64()), self.long, self.short)
    }
}

/// How fast counts use the budget: 1 uses it up exactly at the end of the window.
pub(super) fn burn_rate(budget: Budget, counts: Counts) -> Option<f64> {
    Some(counts.bad_share()? / budget.share().to_f64())
}

/// What an alert says at the end of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierNow {
    /// Burn rate over the long window; `None` without events, and where the data do not cover it.
    pub long: Option<f64>,
    /// Burn rate over the short window; `None` without events.
    pub short: Option<f64>,
    /// Whether it fires; never on a long window of which the data cover only a part.
    pub fires: bool,
    /// Whether the data reach back over the long window.
    pub covered: bool,
}

/// What an alert would have said at the end of each window of the data; where they do not reach
/// back over its long window, nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierPast {
    /// Highest burn rate over the long window, and the end of that one in nanoseconds since
    /// 1970; `None` when the data cover none.
    pub worst: Option<(f64, i64)>,
    /// When it would first have fired.
    pub first: Option<i64>,
    /// How many times it would have begun to fire.
    pub times: u64,
}

/// An alert, what it would do, and what it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierState {
    /// The alert.
    pub tier: Tier,
    /// Share of the budget that is spent when it fires.
    pub spends: f64,
    /// Seconds until it fires on a total outage.
    pub outage: Option<f64>,
    /// Seconds until it fires on ten times the errors that the budget allows; `None` when never,
    /// or when that is more than a total outage.
    pub tenfold: Option<f64>,
    /// Bad events in the short window on which it fires, at the traffic of the data.
    pub expected: f64,
    /// Upper bound of the probability that it fires at any one time though errors come, by
    /// themselves, just as often as the budget allows.
    pub chance: f64,
    /// What it says at the end of the data; `None` without times.
    pub now: Option<TierNow>,
    /// What it would have said before; `None` without times.
    pub past: Option<TierPast>,
}

impl TierState {
    /// Share of the time from which on an alert that fires by chance is named.
    pub const NOISE: f64 = 0.01;

    /// Whether it may fire more than 1 % of the time though errors are just as frequent as
    /// allowed; a burn rate of 1 does so about half of the time.
    #[must_use]
    pub fn is_noisy(&self) -> bool {
        self.chance > Self::NOISE
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::month;
    use super::*;

    fn tier(burn: &str, long: &str, short: &str) -> Tier {
        let burn = burn.parse().unwrap();
        Tier::new(burn, long.parse().unwrap(), short.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_workbook_detects_in_so_long() {
        let budget = month("99.9%");
        let tiers = Tier::workbook(budget);
        let own = [tier("14.4", "1h", "5min"), tier("6", "6h", "30min"), tier("1", "3d", "6h")];
        assert_eq!(tiers, own);
        for (tier, spends, outage) in
            [(tiers[0], 0.02, 51.84), (tiers[1], 0.05, 129.6), (tiers[2], 0.10, 259.2)]
        {
            assert!((tier.spends(budget) - spends).abs() < 1e-12);
            let t = tier.detection(budget, 1.0).unwrap();
            assert!((t - outage).abs() < 1e-9, "{t}");
        }
        // Ten times the budget burns at 10: the fast tier never sees it, the next after 3.6 h.
        assert_eq!(tiers[0].detection(budget, 0.01), None);
        assert!((tiers[1].detection(budget, 0.01).unwrap() - 12_960.0).abs() < 1e-6);
        // Another window spends the same shares.
        let week = Budget::new(budget.objective().value(), "7d".parse().unwrap()).unwrap();
        let spends: Vec<f64> = Tier::workbook(week).iter().map(|t| t.spends(week)).collect();
        assert!(spends.iter().zip([0.02, 0.05, 0.1]).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn a_tier_that_can_never_fire_is_refused() {
        let budget = month("90%");
        let e = tier("14.4", "1h", "5min").check(budget).unwrap_err();
        assert!(
            matches!(e, BudgetError::NeverFires { .. }) && e.to_string().contains("at 10,"),
            "{e}"
        );
        // Exactly 1/b fires on a total outage.
        assert_eq!(tier("10", "1h", "5min").check(budget), Ok(()));
        assert_eq!(Tier::workbook(budget).len(), 2, "14.4 is left out");
        assert!(matches!(
            tier("2", "31d", "1d").check(budget),
            Err(BudgetError::TierTooLong { .. })
        ));
        let (long, short) = ("1h".parse().unwrap(), "1h".parse().unwrap());
        assert!(Tier::new(Rational::ONE, long, short).is_err());
        assert_eq!(Tier::new(Rational::ZERO, long, short), Err(BudgetError::Burn(0.0)));
    }

    const MINUTE: i64 = 60_000_000_000;

    /// 100 events a minute for two hours; in the minutes `from..=to` so many of them bad.
    fn two_hours(from: i64, to: i64, bad: u64) -> Vec<Entry> {
        let entry = |i: i64| {
            let good = 100 - if (from..=to).contains(&i) { bad } else { 0 };
            Entry { end: i * MINUTE, counts: Counts::new(good, 100).unwrap() }
        };
        (1..=120).map(entry).collect()
    }

    #[test]
    fn it_fires_when_both_windows_burn() {
        let budget = month("99%");
        let fast = tier("14.4", "1h", "5min");
        let at =
            |from: i64, to: i64, bad: u64| fast.seen(budget, &two_hours(from, to, bad)).unwrap().0;
        // A total outage of 0.144 h = 8.64 min reaches 14.4 % of the hour.
        assert!(!at(113, 120, 100).fires && at(112, 120, 100).fires);
        // It is over: the long window still burns, the short one no more.
        let over = at(100, 114, 100);
        assert!(!over.fires && over.long.unwrap() > 14.4 && over.short == Some(0.0));
        assert!(over.covered);
        // Exactly 14.4 times the budget, 144 of 1 000, is reached.
        let exact = Counts::new(856, 1_000).unwrap();
        assert!(fast.reached(budget, exact));
        assert!(!fast.reached(budget, Counts::new(857, 1_000).unwrap()));
    }

    #[test]
    fn a_window_that_the_data_do_not_cover_says_nothing() {
        let budget = month("99%");
        let entries = two_hours(1, 120, 100);
        let (now, past) = tier("6", "6h", "30min").seen(budget, &entries).unwrap();
        assert!(!now.fires && !now.covered && now.long.is_none());
        assert_eq!(past, TierPast { worst: None, first: None, times: 0 });
        // Two hours of minutes cover two hours exactly.
        let (now, past) = tier("6", "2h", "30min").seen(budget, &entries).unwrap();
        assert!(now.fires && now.covered);
        assert_eq!((past.first, past.times), (Some(120 * MINUTE), 1));
        // A single window covers nobody knows how much.
        assert!(!tier("6", "1h", "5min").seen(budget, &entries[..1]).unwrap().0.covered);
    }

    #[test]
    fn what_is_over_is_found_as_by_looking_every_minute() {
        let budget = month("99%");
        let fast = tier("14.4", "1h", "5min");
        let entries = two_hours(70, 85, 100);
        let (now, past) = fast.seen(budget, &entries).unwrap();
        assert!(!now.fires);
        // Slowly: everything up to each minute, from the first full hour on.
        let slow: Vec<(i64, TierNow)> = (60..=120)
            .map(|n| (entries[n - 1].end, fast.seen(budget, &entries[..n]).unwrap().0))
            .collect();
        let first = slow.iter().find(|(_, now)| now.fires).map(|(end, _)| *end);
        assert_eq!((past.first, past.times), (first, 1));
        let worst = slow.iter().filter_map(|(_, now)| now.long).fold(0.0, f64::max);
        assert_eq!(past.worst.unwrap().0, worst);
        assert_eq!(past.worst.unwrap().1, 85 * MINUTE);
    }

    #[test]
    fn few_events_are_noise() {
        let budget = month("99.9%");
        let fast = tier("14.4", "1h", "5min");
        // 100 requests an hour: two bad ones fire it, and one of them in the short window.
        let slow = fast.state(budget, 100.0 / 3_600.0, None);
        assert!(slow.expected < 1.0 && slow.chance > 1e-3, "{}", slow.chance);
        // 10 000 an hour: 12 bad events in 5 min, which chance does not make.
        let few = fast.state(budget, 10_000.0 / 3_600.0, None);
        assert!(few.expected < 13.0 && !few.is_noisy() && few.chance < 1e-6, "{}", few.chance);
        let busy = fast.state(budget, 1_000.0, None);
        assert!(!busy.is_noisy() && busy.chance < 1e-9);
        // A burn rate of 1 is what is allowed: half of the time, whatever the traffic.
        let steady = tier("1", "3d", "6h").state(budget, 1_000.0, None);
        assert!(steady.is_noisy() && steady.chance > 0.4, "{}", steady.chance);
    }
}
