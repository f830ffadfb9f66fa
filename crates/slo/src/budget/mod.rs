//! Error budgets: how many errors an objective allows, how many of them are used, and whether
//! the rest lasts.
//!
//! | Question                                           | Item                     |
//! | -------------------------------------------------- | ------------------------ |
//! | How many errors does 99.9 % over 30 d allow?       | [`Budget`]               |
//! | How much of that is used, and when does it end?    | [`Account`], [`Spending`] |
//! | What if a minute counts, and not a request?        | [`Slices`]               |
//! | Which alert fires now, when did it, and how soon would it? | [`Tier`]         |
//! | Will it last to the end of the window?             | [`Forecast`]             |
//!
//! ```
//! use tailproof_core::{Level, Rational};
//! use tailproof_slo::budget::{Account, Budget, Counts};
//!
//! let budget = Budget::new(Rational::new(999, 1_000).ok_or("zero")?, "30d".parse()?)?;
//! assert_eq!(budget.outage().to_string(), "43.2 min");
//!
//! let account = Account::new("availability", budget).elapsed("18d".parse()?)?;
//! let counts = Counts::new(999_220, 1_000_000)?;
//! let spending = account.of_counts(counts, Level::P999, Level::P999)?;
//! let spent = spending.spent.expect("there are events");
//! // 780 of the 1 667 errors that 30 days allow at this traffic.
//! assert!((spent.consumed - 0.468).abs() < 1e-12 && (spent.burn - 0.78).abs() < 1e-12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Source
//! Beyer et al. (2018), *The Site Reliability Workbook*, chapters 2 and 5.

mod account;
mod course;
mod events;
mod findings;
mod forecast;
mod spending;
mod tier;

use tailproof_core::{Period, Rank, Rational, SeriesError, number, percent};

pub use account::Account;
pub use events::{Counted, Counts, Slices};
pub use forecast::Forecast;
pub use spending::{Spending, Spent};
pub use tier::{Tier, TierNow, TierPast, TierState};

/// What an objective leaves for errors over a window: `b = 1 − objective`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    objective: Rank,
    window: Period,
}

/// Why an error budget cannot be drawn up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// Nothing, or everything, is promised.
    #[error("an objective lies strictly between 0 % and 100 %, got {}", percent(*.0))]
    Objective(f64),
    /// More time is gone than the window has.
    #[error("{elapsed} cannot have elapsed of a window of {window}")]
    Elapsed {
        /// Time gone.
        elapsed: Period,
        /// The window.
        window: Period,
    },
    /// A slice that is not shorter than the time in which slices are counted.
    #[error("a slice of {slice} is not shorter than the {elapsed} that have elapsed")]
    Slice {
        /// Length of a slice.
        slice: Period,
        /// Time gone.
        elapsed: Period,
    },
    /// A share that no slice, or every slice, reaches.
    #[error("a slice is good from a share above 0 % and up to 100 % on, got {}", percent(*.0))]
    SliceTarget(f64),
    /// Slices are made by time.
    #[error("{0}: time slices need event counts with times")]
    NoTime(String),
    /// More good events than events.
    #[error("{good} good events cannot be among {total}")]
    Counts {
        /// Good events.
        good: u64,
        /// All events.
        total: u64,
    },
    /// The sum does not fit.
    #[error("more than 2^64 events")]
    TooMany,
    /// A burn rate that is no number above 0.
    #[error("a burn rate is above 0, got {}", number(*.0))]
    Burn(f64),
    /// The short window is to be part of the long one.
    #[error("the short window of a tier ({short}) must be shorter than its long one ({long})")]
    TierWindows {
        /// Long window.
        long: Period,
        /// Short window.
        short: Period,
    },
    /// The tier asks for more errors than there are events.
    #[error(
        "a burn rate of {} over {long} can never fire: with a budget of {} a total outage burns at \
         {}, which is the largest that can be asked for",
        number(*.burn), percent(*.share), number(1.0 / *.share)
    )]
    NeverFires {
        /// Burn rate asked for.
        burn: f64,
        /// Long window of the tier.
        long: Period,
        /// The budget b.
        share: f64,
    },
    /// The long window of a tier is longer than that of the budget.
    #[error("a tier over {long} is longer than the window of the budget ({window})")]
    TierTooLong {
        /// Long window of the tier.
        long: Period,
        /// Window of the budget.
        window: Period,
    },
    /// Only event counts are spent.
    #[error("{series}: an error budget needs event counts (columns good,total), it holds {holds}")]
    Kind {
        /// The series.
        series: String,
        /// What it holds.
        holds: &'static str,
    },
    /// Times that do not fit the observations.
    #[error("{series}: {source}")]
    Series {
        /// The series.
        series: String,
        /// What does not fit.
        source: SeriesError,
    },
}

impl Budget {
    /// The budget of an objective such as 999/1000 over a window.
    ///
    /// # Errors
    /// The objective is not strictly between 0 and 1.
    pub fn new(objective: Rational, window: Period) -> Result<Self, BudgetError> {
        let inside = objective.num() > 0 && objective.num() < objective.den();
        let rank = Rank::new(objective).ok().filter(|_| inside);
        let objective = rank.ok_or_else(|| BudgetError::Objective(objective.to_f64()))?;
        Ok(Self { objective, window })
    }

    /// Share of good events that is promised.
    #[must_use]
    pub const fn objective(self) -> Rank {
        self.objective
    }

    /// Share of events that may be bad, `b`, exactly.
    #[must_use]
    pub const fn share(self) -> Rational {
        self.objective.complement()
    }

    /// The time in which it may be used.
    #[must_use]
    pub const fn window(self) -> Period {
        self.window
    }

    /// The total outage that uses all of it at even traffic, `b·W`: 43.2 min of 30 d at 99.9 %.
    #[must_use]
    pub fn outage(self) -> Period {
        self.window.part(self.share())
    }

    /// The burn rate of a total outage, `1/b`; no burn rate is higher.
    #[must_use]
    pub fn largest_burn(self) -> f64 {
        let share = self.share();
        share.den() as f64 / share.num() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn month(objective: &str) -> Budget {
        let objective: Rank = objective.parse().unwrap();
        Budget::new(objective.value(), "30d".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_workbook_allows_so_many_minutes() {
        // The Site Reliability Workbook, appendix on availability: 30 d.
        for (objective, outage) in
            [("99%", "7.2 h"), ("99.5%", "3.6 h"), ("99.9%", "43.2 min"), ("99.99%", "4.32 min")]
        {
            assert_eq!(month(objective).outage().to_string(), outage, "{objective}");
        }
        assert_eq!(month("99.9%").share(), Rational::new(1, 1_000).unwrap());
        assert_eq!(month("99.9%").largest_burn(), 1_000.0);
    }

    #[test]
    fn promising_nothing_or_everything_leaves_no_budget() {
        for objective in [Rational::ZERO, Rational::ONE, Rational::new(3, 2).unwrap()] {
            let e = Budget::new(objective, "30d".parse().unwrap()).unwrap_err();
            assert!(e.to_string().contains("strictly between"), "{e}");
        }
    }
}
