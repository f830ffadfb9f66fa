//! Service level objectives, judged with error rates that hold whatever the distribution.
//!
//! | Question                                        | Item                       |
//! | ----------------------------------------------- | -------------------------- |
//! | Does this data set meet these objectives?       | [`judge`]                  |
//! | Is a percentile below its target, by counting?  | [`gate::Gate`]             |
//! | The result object of the bootstrap validator    | [`SloCompliance`]          |
//! | Do 99.99 % of the observations meet the target? | [`t4::excellence`]         |
//! | How much of an error budget is used, and does it last? | [`budget`]           |
//! | Score, risk and what to do                      | [`compliance::report`]     |
//! | What does a report draw of the data?            | [`add_exhibits`]           |
//! | Objectives from `tailproof.toml` and OpenSLO    | [`config`], [`openslo`]    |
//!
//! ```
//! use tailproof_core::*;
//! use tailproof_slo::{Settings, judge};
//!
//! let ms = Unit::known("ms");
//! let sample = Sample::new((0..1_000).map(|i| f64::from(i % 100)).collect())?;
//! let series = Series {
//!     metric: Metric::new("latency", ms),
//!     labels: Labels::new(),
//!     observations: Observations::Raw(Raw::complete(sample)),
//!     run: None,
//!     time: None,
//!     marks: None,
//! };
//! let data = Dataset { series: vec![series], ..Dataset::default() };
//! let objective: Objective = "latency: p95 <= 0.15 s".parse()?;
//!
//! let judged = judge(&data, &[objective], &Settings::new(Seed(42)))?;
//! assert_eq!(judged.findings[0].verdict, Verdict::Pass);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A verdict has three values: an interval that straddles the target is neither a pass nor
//! a failure. Nothing here does I/O; configuration is parsed from text.

mod accuracy;
pub mod budget;
pub mod compliance;
pub mod config;
mod exhibits;
pub mod gate;
mod judge;
mod moment;
pub mod openslo;
mod promised;
mod share;
pub mod t4;
mod validator;

pub use exhibits::add_exhibits;
pub use judge::{Judged, Settings, SloError, judge};
pub use promised::promised;
pub use validator::{ReplicateCheck, SloCompliance};
