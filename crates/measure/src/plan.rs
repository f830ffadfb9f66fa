//! How often commands are run.

use std::time::Duration;

use tailproof_core::{Level, Seed};

/// How often commands are run, and when it is enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Runs of each command before the first that counts.
    pub warm_up: u32,
    /// Rounds at least; a round runs every command once, in random order.
    pub min_rounds: u32,
    /// Rounds at most.
    pub max_rounds: u32,
    /// No further round begins after so long.
    pub limit: Duration,
    /// Enough when half the width of each interval is at most this share.
    pub precision: f64,
    /// Level of all intervals together.
    pub level: Level,
    /// Decides the order within the rounds.
    pub seed: Seed,
    /// Whether a run that fails is a measurement all the same.
    pub ignore_failure: bool,
}

impl Plan {
    /// One run to warm up, 10 to 1 000 rounds within 60 seconds, until every interval at 95 %
    /// is within 1 %.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self {
            warm_up: 1,
            min_rounds: 10,
            max_rounds: 1_000,
            limit: Duration::from_mins(1),
            precision: 0.01,
            level: Level::P95,
            seed,
            ignore_failure: false,
        }
    }
}

/// Why measuring ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The intervals are narrow enough.
    Precise,
    /// The most rounds have been run.
    Rounds,
    /// The time is over.
    Time,
}
