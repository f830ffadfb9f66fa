//! Resampling for samples of measurements: the bootstrap of a quantile without Monte-Carlo
//! error, general bootstraps, permutation tests, and how dependent observations are.
//!
//! | Question                                                  | Item                       |
//! | --------------------------------------------------------- | -------------------------- |
//! | **Exact laws, B → ∞**                                     | [`Law`]                    |
//! | How sure is a percentile?                                 | [`QuantileBootstrap`]      |
//! | How sure is a mean, a sum, a difference of means?         | [`MeanBootstrap`]          |
//! | … a difference or ratio of two percentiles or means?      | [`DifferenceBootstrap`], [`RatioBootstrap`], [`ratio_set`] |
//! | **Replicates**                                            | [`Replicates`]             |
//! | How sure is any statistic?                                | [`bootstrap`]              |
//! | … a percentile, for people who expect replicates?         | [`QuantileBootstrap::replicates`] |
//! | … several percentiles at once?                            | [`joint_quantiles`]        |
//! | … of strata of fixed sizes?                               | [`stratified`]             |
//! | … of pairs, of two independent samples?                   | [`paired()`], [`two_samples`] |
//! | … of several runs?                                        | [`hierarchical`]           |
//! | … of dependent observations?                              | [`blocks()`], [`block_length()`] |
//! | … with weights: streams, a posterior                      | [`poisson()`], [`bayesian()`] |
//! | … that the bootstrap gets wrong, such as a maximum?       | [`m_out_of_n`]             |
//! | **Intervals**                                             |                            |
//! | Percentile, basic, normal, BC and BCa                     | [`Intervals`]              |
//! | … of an exact law, without replicates                     | [`bca_of_law`], [`basic_of_law`] |
//! | How sure is a mean or a standard deviation?               | [`studentized`]            |
//! | An interval of a percentile that covers whatever the law  | [`order_statistic_interval`] |
//! | Bias, standard error, acceleration?                       | [`jackknife()`], [`infinitesimal_jackknife`] |
//! | How sure is a bagged statistic?                           | [`smoothed`]               |
//! | **Permutation**                                           |                            |
//! | Could a difference of means be chance?                    | [`permute_means`]          |
//! | Could a difference in any statistic be chance?            | [`permute_any`]            |
//! | Could a mean difference of pairs be chance?               | [`permute_pairs`]          |
//! | Do several groups differ?                                 | [`permute_groups`]         |
//! | Do two sides differ within machines, days, endpoints?     | [`permute_strata`]         |
//! | Do two sides of whole runs differ?                        | [`permute_runs`]           |
//! | All relabellings of decimals, however many                | [`permute_lattice`]        |
//! | A permutation p-value far below one in a million          | [`saddlepoint_means`]      |
//! | A Monte-Carlo p-value with few draws                      | [`besag_clifford`]         |
//! | Only the decision at one α, with few draws                | [`curtailed`]              |
//! | How far can a Monte-Carlo p-value be trusted?             | [`PValue::interval`]       |
//! | **Dependence**                                            |                            |
//! | How many independent observations is this sample worth?   | [`dependence`], [`autocorrelation_time`] |
//! | Are the first autocorrelations zero?                      | [`ljung_box()`]            |
//! | **Pathologies of measurement**                            |                            |
//! | Everything of this kind about a series                    | [`pathologies`]            |
//! | Did a closed-loop load generator stand still?             | [`stalls`], [`coordinated_omission_corrected`] |
//! | How long did it take to become steady?                    | [`warm_up()`]              |
//! | Can the clock show this effect?                           | [`clock_resolution`]       |
//! | One mode or more, and which?                              | [`dip()`], [`modes`]       |
//! | **Randomness**                                            |                            |
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

mod bayesian;
mod bca;
mod block_length;
mod blocks;
mod bootstrap;
mod clock;
mod dependence;
mod dip;
mod effective;
mod error;
mod exact_intervals;
mod hierarchical;
mod independent;
mod infinitesimal;
mod intervals;
mod jackknife;
mod joint;
mod law;
mod linear;
mod ljung_box;
mod m_out_of_n;
mod mean;
mod paired;
mod pathologies;
mod permutation;
mod poisson;
mod quantile;
mod redraw;
mod stalls;
mod stratified;
mod stream;
mod studentized;
mod subset;
mod two_samples;
mod warm_up;
mod weighted;

pub use bayesian::bayesian;
pub use bca::{bca_levels, bias_correction};
pub use block_length::{BlockLength, block_length};
pub use blocks::{Blocks, blocks};
pub use bootstrap::{Bootstrap, Replicates, bootstrap};
pub use clock::{ClockResolution, clock_resolution};
pub use dependence::{Dependence, autocorrelation, dependence, dependence_by};
pub use dip::{Dip, Mode, dip, dip_statistic, modes};
pub use effective::{AutocorrelationTime, TimeEstimator, autocorrelation_time, bartlett_lag};
pub use error::ResamplingError;
pub use exact_intervals::{basic_of_law, bca_of_law, order_statistic_interval};
pub use hierarchical::hierarchical;
pub use independent::{DifferenceBootstrap, NearZero, RatioBootstrap, clearly_positive, ratio_set};
pub use infinitesimal::{Influence, Smoothed, infinitesimal_jackknife, smoothed};
pub use intervals::{IntervalError, Intervals};
pub use jackknife::{Jackknife, jackknife};
pub use joint::joint_quantiles;
pub use law::{Discrete, Law};
pub use linear::Branch;
pub use ljung_box::{LjungBox, ljung_box};
pub use m_out_of_n::{m_out_of_n, rescaled};
pub use mean::{CensoredMean, MeanBootstrap};
pub use paired::paired;
pub use pathologies::pathologies;
pub use permutation::{
    BesagClifford, Bound, Counts, CurtailedDecision, Directions, GroupsPermuted, LatticePermuted,
    PValue, PairsPermuted, Permutation, PermutationError, Permuted, Relabelled, RunsPermuted,
    Saddlepoint, besag_clifford, curtailed, permute_any, permute_groups, permute_groups_by,
    permute_lattice, permute_means, permute_pairs, permute_runs, permute_strata, permute_strata_by,
    saddlepoint_means,
};
pub use poisson::poisson;
pub use quantile::QuantileBootstrap;
pub use stalls::{Stalls, coordinated_omission_corrected, stalls};
pub use stratified::stratified;
pub use stream::{Stream, below, stream, uniform};
pub use studentized::{Studentized, StudentizedError, mean_with_error, sd_with_error, studentized};
pub use two_samples::two_samples;
pub use warm_up::{WarmUp, warm_up};
pub use weighted::weighted_mean;
