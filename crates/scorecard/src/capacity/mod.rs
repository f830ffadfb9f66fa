//! How many replicas does a throughput need, what do they cost, and what stops them first?
//!
//! ```toml
//! [capacity]
//! target = "1000/s"
//! one = "60/s"               # throughput of one replica, typed or `throughput: mean`
//! provenance = "measured"    # of `one`, when it is typed
//! efficiency = "90%"         # or sigma and kappa of the universal scalability law
//! replicas_max = 10
//! cost = "45 usd"            # per replica and month
//! published = 16             # replicas that a report claims to be enough
//! critical = true            # no release without it; default: a miss is a condition
//! constraints = [ { name = "memory", each = "4 GB", available = "24 GB", used = "2 GB" } ]
//! ```
//!
//! | Question                                  | Item                       |
//! | ----------------------------------------- | -------------------------- |
//! | How many, how much, how far?              | [`plan`], [`CapacityPlan`] |
//! | What do `n` replicas deliver together?    | [`Scaling::throughput`]    |

mod config;
mod plan;
mod report;
mod scaling;

pub(crate) use config::CapacityFile;
pub use config::{Capacity, Constraint};
pub use plan::{CapacityPlan, Headroom, Limit, plan};
pub use scaling::Scaling;
