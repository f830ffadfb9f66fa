//! The words of Tailproof: samples, units, objectives, verdicts and findings, with the
//! quantiles, descriptive statistics and exact binomial bounds that everything else stands on.
//!
//! | Question                                            | Item                              |
//! | --------------------------------------------------- | --------------------------------- |
//! | What was measured?                                  | [`Dataset`], [`Series`], [`Sample`] |
//! | In which unit, and is less better?                  | [`Unit`], [`Metric`]              |
//! | What was promised?                                  | [`Objective`]                     |
//! | What is the 95th percentile?                        | [`quantile()`], [`Sample::quantile`] |
//! | Mean, spread, shape?                                | [`descriptive`]                   |
//! | How good are predictions?                           | [`accuracy`]                      |
//! | How often do `n` coins show `k` heads?              | [`binomial`]                      |
//! | Tails and quantiles of the normal, t, χ², F, Beta   | [`distributions`]                 |
//! | Which order statistics bound a percentile?          | [`binomial::upper_rank`]          |
//! | How long is `30d`?                                  | [`Period`], [`span`]              |
//! | What was found, and how sure?                       | [`Finding`], [`Verdict`]          |
//!
//! ```
//! use tailproof_core::{Level, Rank, Sample, binomial};
//!
//! let latency: Vec<f64> = (1..=1_000).map(f64::from).collect(); // ms
//! let sample = Sample::new(latency)?;
//! let p95: Rank = "0.95".parse()?;
//! assert_eq!(sample.quantile(p95), 950.05);
//!
//! // The order statistic that exceeds the true p95 with 99.9 % confidence.
//! let rank = binomial::upper_rank(1_000, p95, Level::P999).expect("1 000 values are enough");
//! assert_eq!(sample.order_statistic(rank), 971.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here reads a clock, a file, the environment or a random generator.

pub mod accuracy;
mod binned;
pub mod binomial;
pub mod descriptive;
pub mod distributions;
mod ecdf;
mod environment;
mod exhibit;
mod finding;
mod grammar;
mod host;
mod level;
mod memo;
mod metric;
mod moment;
mod objective;
mod observations;
mod period;
mod plot;
pub mod quantile;
mod quantity;
mod rational;
mod sample;
mod series;
mod share;
mod summary;
mod text;
mod unit;
mod verdict;

pub use binned::{Binned, BinnedError, Closed};
pub use ecdf::{Ecdf, EcdfError};
pub use environment::Environment;
pub use exhibit::{Cell, Exhibit, ExhibitKind};
pub use finding::{
    Bound, Class, Effect, Finding, Guarantee, Interval, Provenance, ProvenanceError, Side,
    Standing, Subject,
};
pub use host::Host;
pub use level::{Level, LevelError, Rank, RankError, Seed};
pub use memo::{Memo, NoMemo};
pub use metric::{Direction, Metric, Noise};
pub use moment::{day, moment};
pub use objective::{
    AccuracyMeasure, Aggregate, Claim, Comparison, Condition, Objective, ObjectiveError,
};
pub use observations::{Observations, Raw, RawError};
pub use period::{Period, PeriodError, span};
pub use plot::{Axis, Layer, Mark, Place, Plot, Shape};
pub use quantile::{QuantileType, quantile};
pub use quantity::{Quantity, QuantityError};
pub use rational::{Rational, RationalError};
pub use sample::{Order, Sample, SampleError};
pub use series::{Dataset, Labels, Loop, Series, SeriesError, Source, qualified};
pub use share::{ShareError, share};
pub use summary::Summary;
pub use text::{glob, number, p_value, percent, signed_percent};
pub use unit::{Dimension, Unit, UnitError};
pub use verdict::{Reason, Verdict};
