//! Resampling for samples of measurements: the bootstrap of a quantile without Monte-Carlo
//! error, general bootstraps, permutation tests, and how dependent observations are.
//!
//! | Question                                                  | Item                       |
//! | --------------------------------------------------------- | -------------------------- |
//! | How sure is a percentile?                                 | [`QuantileBootstrap`]      |
//! | The same as replicates, for people who expect them        | [`QuantileBootstrap::replicates`] |
//! | How sure is any statistic?                                | [`bootstrap`]              |
//! | How sure is a mean or a standard deviation?               | [`studentized`]            |
//! | Could a difference of means be chance?                    | [`permute_means`]          |
//! | How many independent observations is this sample worth?   | [`dependence`]             |
//! | A random generator per task, whatever the threads         | [`stream`]                 |
//!
//! ```
//! use tailproof_core::{Level, QuantileType, Rank, Sample};
//! use tailproof_resampling::QuantileBootstrap;
//!
//! let latency = Sample::new((1..=500).map(f64::from).collect())?; // ms
//! let p95 = QuantileBootstrap::of(&latency, Rank::P95, QuantileType::Linear);
//! let (lo, hi) = p95.interval(Level::P95); // B → ∞: no seed, no noise.
//! assert_eq!((lo.round(), hi.round()), (464.0, 483.0));
//! assert!(p95.cdf(490.0) > 0.99);
//! # Ok::<(), tailproof_core::SampleError>(())
//! ```
//!
//! Results depend on data, settings and seed only, never on the number of threads.

mod bootstrap;
mod dependence;
mod independent;
mod law;
mod linear;
mod mean;
mod permutation;
mod quantile;
mod stream;
mod studentized;
mod subset;

pub use bootstrap::{Bootstrap, Replicates, bootstrap};
pub use dependence::{Dependence, autocorrelation, dependence, dependence_by};
pub use independent::{DifferenceBootstrap, NearZero, RatioBootstrap, clearly_positive, ratio_set};
pub use law::{Discrete, Law};
pub use linear::Branch;
pub use mean::{CensoredMean, MeanBootstrap};
pub use permutation::{Counts, Permutation, Permuted, permute_means};
pub use quantile::QuantileBootstrap;
pub use stream::{Stream, below, stream, uniform};
pub use studentized::{Studentized, StudentizedError, mean_with_error, sd_with_error, studentized};
