//! Has it become slower? Regression detection between a baseline and a candidate.
//!
//! | Question                                              | Item                  |
//! | ----------------------------------------------------- | --------------------- |
//! | Did any metric of a data set regress?                 | [`compare`]           |
//! | Of several candidates, in one family                  | [`compare_all`]       |
//! | The same for one metric, with every test behind it    | [`regression`]        |
//! | Is the change relative to the baseline within limits? | [`relative`], [`relatives`] |
//! | Which series does only one side of a change have?     | [`counterparts`]      |
//! | How often does the gate fail on data that did not change? | [`calibrate`]     |
//! | Do categories agree, and does their mix mislead?      | [`strata`]            |
//! | What does `tailproof.toml` say of comparisons?        | [`config::parse`]     |
//! | Intervals of a ratio or difference, and their p       | [`change::Change`]    |
//! | When did a metric change?                             | [`history::history`]  |
//! | How does cost grow with size, speed with workers?     | [`scaling`]           |
//! | How much faster, layer by layer, claimed and measured? | [`speedup`]          |
//! | Does memory grow over time?                           | [`leak()`]            |
//! | What do published summaries say?                      | [`published()`], [`replayed`] |
//! | Which functions take another share of the time?       | [`profile::share_changes`] |
//! | Both distributions, and their change, as pictures     | [`add_exhibits`]      |
//!
//! ```
//! use tailproof_compare::{Settings, regression};
//! use tailproof_core::*;
//!
//! let series = |shift: f64| Series {
//!     metric: Metric::new("latency", Unit::known("ms")),
//!     labels: Labels::new(),
//!     observations: Observations::Raw(Raw::complete(
//!         Sample::new((0..200).map(|i| 10.0 + shift + f64::from(i * 7 % 20) / 10.0).collect())
//!             .expect("finite"),
//!     )),
//!     run: None,
//!     time: None,
//!     marks: None,
//! };
//! let slower = regression(&series(0.0), &series(1.0), &Settings::new(Seed(42)))?;
//! assert!(slower.findings.iter().all(|f| f.verdict == Verdict::Fail));
//! # Ok::<(), tailproof_compare::CompareError>(())
//! ```
//!
//! A regression is a change for the worse beyond a margin, shown by an interval; no
//! detectable change is never called a proof of none.

mod calibration;
pub mod change;
pub mod config;
mod dataset;
mod exact;
mod exhibits;
mod family;
pub mod history;
mod leak;
mod mixed;
pub mod profile;
mod published;
mod regression;
mod relative;
mod row;
pub mod scaling;
mod settings;
mod side;
pub mod speedup;
mod strata;
mod two;

pub use calibration::{
    Advice, Calibration, Detectable, FalsePositives, SplitUnit, Splits, calibrate,
};
pub use dataset::{Compared, Counterparts, compare, compare_all, counterparts, relatives};
pub use exhibits::add_exhibits;
pub use leak::{Growth, GrowthError, LeakError, LeakSettings, Slope, leak, slope};
pub use published::{Published, PublishedError, published, replayed};
pub use regression::{LatencyRegression, MeanRegression, Regression, regression};
pub use relative::relative;
pub use settings::{CompareError, Limit, Settings, Test};
pub use strata::{Category, CategoryError, Group, Grouping, Reversal, Strata, strata};
pub use tailproof_hypothesis::Correction;
