//! Tests that may be looked at after every observation.
//!
//! A p-value of a fixed sample size is wrong once it is looked at twice; those here stay
//! valid at every look, however often and whenever one stops. Each item takes one observation
//! at a time and keeps a few numbers, unless it says otherwise.
//!
//! | Question                                                   | Item                      |
//! | ---------------------------------------------------------- | ------------------------- |
//! | Is a mean, or a mean difference of pairs, what it was?     | [`Msprt`]                 |
//! | Do two rates differ, observed side by side?                | [`MsprtProportions`]      |
//! | Which of two stated hypotheses holds, as soon as possible? | [`Sprt`]                  |
//! | Has a rate or a mean shifted since some moment?            | [`Cusum`]                 |
//! | Where is the mean of values of a known range?              | [`BoundedMean`]           |
//! | The same for a finished sample                             | [`empirical_bernstein`]   |
//! | Where is the mean, when the noise is known?                | [`SubGaussian`]           |
//! | Is a share of observations within a target, at any look?   | [`BinomialMixture`]       |
//! | Where is a quantile, at any look?                          | [`QuantileSequence`]      |
//!
//! ```
//! use tailproof_core::{Level, Rank};
//! use tailproof_hypothesis::sequential::BinomialMixture;
//!
//! // "p95 <= 150 ms", looked at after every request until it is settled.
//! let mut gate = BinomialMixture::new(Rank::P95);
//! let looks = (1..=1_000).find(|_| {
//!     gate.observe(120.0 <= 150.0);
//!     gate.p_share_above() <= Level::P999.alpha().to_f64()
//! });
//! assert_eq!(looks, Some(178)); // One look at a size fixed beforehand needs 135.
//! ```
//!
//! All of it assumes independent observations of one distribution, unless it says otherwise.

mod bounded_mean;
mod cusum;
mod log_likelihood;
mod msprt;
mod normal_mixture;
mod quantile_sequence;
mod sprt;
mod sub_gaussian;

pub use bounded_mean::{BoundedMean, empirical_bernstein};
pub use cusum::Cusum;
pub use msprt::{Msprt, MsprtProportions};
pub use quantile_sequence::{BinomialMixture, QuantileSequence};
pub use sprt::{Decision, Sprt};
pub use sub_gaussian::SubGaussian;

use crate::error::TestError;

/// A parameter that is positive and finite.
fn positive(name: &'static str, got: f64) -> Result<f64, TestError> {
    if got > 0.0 && got.is_finite() {
        return Ok(got);
    }
    Err(TestError::Parameter { name, must: "positive and finite", got })
}

/// A parameter that is finite.
fn finite(name: &'static str, got: f64) -> Result<f64, TestError> {
    if got.is_finite() {
        return Ok(got);
    }
    Err(TestError::Parameter { name, must: "finite", got })
}

/// A parameter strictly between 0 and 1.
fn probability(name: &'static str, got: f64) -> Result<f64, TestError> {
    if got > 0.0 && got < 1.0 {
        return Ok(got);
    }
    Err(TestError::Parameter { name, must: "strictly between 0 and 1", got })
}
