//! Scores of leaves, aggregated level by level: dimensions, areas, clusters, a total.
//!
//! | Question                                              | Item                        |
//! | ----------------------------------------------------- | --------------------------- |
//! | What stands above what, with which weight?            | [`Node`], [`Tree`]          |
//! | What are the scores of all nodes?                     | [`Tree::aggregate`]         |
//! | Is every leaf there exactly once?                     | [`Hermetic`]                |
//! | How do errors of the leaves pass on?                  | [`Tree::deviations`]        |
//! | How sure is a score, from samples of the leaves?      | [`bootstrap()`]             |
//! | Is one variant better than another by more than 15 %? | [`improvement()`]           |
//! | Good, acceptable, poor?                               | [`Levels`]                  |
//! | All of it, as findings                                | [`TreeOutcome`]             |
//! | Many batches at once, fast                            | [`aggregate_batch`], [`Plan`], [`Modes`] |
//! | One leaf changed                                      | [`Streaming`]               |
//! | How long did it take, and what did each switch give?  | [`Metrics`]                 |
//! | Was it computed before?                               | [`MemoryCache`], [`bootstrap_with`] |
//!
//! `docs/aggregation.md` has the formulas and the proofs.

mod batch;
mod bootstrap;
mod build;
mod cache;
mod combine;
mod config;
mod corners;
mod definition;
mod error;
#[cfg(test)]
mod fixture;
mod hermetic;
mod improvement;
mod judge;
mod levels;
mod memoised;
mod metrics;
mod modes;
mod outcome;
mod pairing;
mod plan;
mod propagation;
mod redraw;
mod replicates;
mod settings;
mod streaming;

pub use batch::{BatchError, aggregate_batch};
pub use bootstrap::{Bootstrapped, NodeBootstrap, bootstrap, bootstrap_with};
pub use cache::{CacheBounds, CacheBoundsError, Content, MemoryCache, bootstrap_key};
pub use config::TreeConfig;
pub(crate) use config::{NodeFile, TreeFile};
pub use definition::{Child, Combine, Inner, Node, Tree};
pub use error::{ScoresError, TreeError};
pub use hermetic::{Hermetic, HermeticityError};
pub use improvement::{Improved, Improvement, improvement};
pub use judge::TreeJudged;
pub(crate) use judge::judge;
pub use levels::{Levels, LevelsError};
pub use metrics::{Clock, Metrics};
pub use modes::{Modes, Switch};
pub use outcome::{NodeScore, Part, TreeOutcome};
pub use pairing::{Pairing, PairingError};
pub use plan::Plan;
pub use propagation::{Correlation, CorrelationError};
pub use settings::{BootstrapError, TreeBootstrap};
pub use streaming::Streaming;
