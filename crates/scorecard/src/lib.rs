//! From findings to a release decision: a matrix of targets, and aggregation with uncertainty.
//!
//! | Question                                            | Item                        |
//! | --------------------------------------------------- | --------------------------- |
//! | Which targets are met, and may it be released?      | [`score`], [`Scorecard`]    |
//! | What does a targets file say?                       | [`config::parse`]           |
//! | How does each domain stand?                         | [`domains`]                 |
//! | What stands beside the rows?                        | [`Parts`]                   |
//! | How many of the targets are met, and how sure?      | [`Success`], [`WeightedScore`] |
//! | What is a typed number worth?                       | [`Actual`]                  |
//! | Ready, ready with conditions, or not ready?         | [`decide`], [`Decision`]    |
//! | How much of the error budgets is used?              | [`budgets`]                 |
//! | Do the stages of a chain fit into its budget?       | [`stages`]                  |
//! | How many replicas, at what cost, up to which limit? | [`capacity`]                |
//! | Has the host what is required?                      | [`resources`]               |
//! | What is at risk, and what to do first?              | [`risks`], [`recommend`]    |
//! | Which targets do data suggest to begin with?        | [`suggest`]                 |
//!
//! ```
//! use std::collections::BTreeMap;
//! use tailproof_core::{Dataset, Level, Seed};
//! use tailproof_scorecard::{Readiness, Settings, Supplied, config, score};
//!
//! let targets = config::parse(
//!     "[[target]]\nclaim = \"throughput: value >= 1000/s\"\nactual = \"60/s\"\n\
//!      provenance = \"measured\"\ncritical = true\n",
//! )?;
//! let (data, files) = (Dataset::default(), BTreeMap::new());
//! let supplied = Supplied::new(&data, &files);
//! let card = score(&targets, &supplied, &Settings { level: Level::P999, seed: Seed(42) })?;
//! assert_eq!(card.decision.readiness, Readiness::NotReady);
//! assert_eq!(card.rows[0].variance, Some(-0.94));
//! # Ok::<(), tailproof_scorecard::ConfigError>(())
//! ```
//!
//! Nothing here reads a clock, a file or the host.

mod actual;
mod amount;
mod bounds;
pub mod budgets;
pub mod capacity;
pub mod config;
mod distance;
mod domain;
mod evidence;
#[cfg(test)]
mod fixture;
mod judge;
mod parts;
mod published;
mod readiness;
mod recommend;
pub mod resources;
mod risk;
mod row;
mod score;
pub mod stages;
mod state;
mod step;
mod strength;
mod success;
pub mod suggest;
mod supplied;
mod target;
pub mod tree;
mod whole;

pub use actual::{Actual, ActualError, Value};
pub use config::{ConfigError, Targets};
pub use domain::{Domain, Status, domains};
pub use parts::{Part, PartKind, Parts};
pub use published::PublishedClaim;
pub use readiness::{Decision, Readiness, ReadinessError, Rules, decide};
pub use recommend::{Recommendation, When, recommend};
pub use risk::{Risk, RiskLevel, risks};
pub use row::Row;
pub use score::{Scorecard, Settings, score};
pub use success::{Success, WeightedScore};
pub use supplied::Supplied;
pub use target::{Published, Target};
