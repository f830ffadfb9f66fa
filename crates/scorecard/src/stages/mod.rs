//! Do the stages of a chain fit a budget together, and which of them dominates?
//!
//! ```toml
//! [[chain]]
//! name = "end to end"
//! budget = "5 s"
//! percentile = "p95"      # of chains of percentiles: the share of all passes that must fit
//! critical = true         # no release without it; default: a miss is a condition
//! independent = true      # of means: claims that no two stages were measured on the same passes
//! published = "17 ms"     # the total that a report claims
//! stages = [
//!     { name = "collect", value = "1.0 s", provenance = "measured" },
//!     { name = "features", value = "< 0.5 s", provenance = "estimated" },
//!     { name = "inference", value = "inference: mean" },
//! ]
//! ```
//!
//! | Question                                    | Item                    |
//! | ------------------------------------------- | ----------------------- |
//! | What do they add up to, how sure, does it fit? | [`add_up`], [`Total`] |
//! | What is a stage a statistic of?             | [`Statistic`]           |

mod config;
mod report;
mod sum;

pub(crate) use config::ChainFile;
pub use config::{Chain, Stage, Statistic};
pub use sum::{Kind, Part, StageError, Total, add_up};
