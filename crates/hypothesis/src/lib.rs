//! Hypothesis tests and effect sizes for samples of performance measurements.
//!
//! | Question                                              | Item                              |
//! | ----------------------------------------------------- | --------------------------------- |
//! | Does one sample tend to exceed the other?             | [`mann_whitney`]                  |
//! | Do the means differ?                                  | [`welch`]                         |
//! | How often is one sample above another?                | [`vargha_delaney`], [`cliffs_delta`] |
//! | By how much is it shifted?                            | [`hodges_lehmann`]                |
//! | How large is the difference in standard deviations?   | [`cohens_d`], [`hedges_g`], [`glass_delta`] |
//!
//! ```
//! # use tailproof_core::Sample;
//! # use tailproof_hypothesis::cliffs_delta;
//! let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3])?; // ms
//! let after = Sample::new(vec![11.2, 11.0, 11.9, 11.4])?; // ms
//! assert_eq!(cliffs_delta(&before, &after), 0.875);
//! # Ok::<(), tailproof_core::SampleError>(())
//! ```
//!
//! p-values are two-sided unless the name says otherwise; no function does I/O. Permutation
//! tests are in `tailproof_resampling`.

mod dominance;
mod error;
mod hodges_lehmann;
mod mann_whitney;
mod noncentral_t;
mod p_values;
mod power;
mod ranks;
mod standardized;
mod welch;

pub use dominance::{Pairs, PerformanceClass, cliffs_delta, vargha_delaney};
pub use error::TestError;
pub use hodges_lehmann::{HodgesLehmann, hodges_lehmann};
pub use mann_whitney::{MannWhitney, Method, mann_whitney};
pub use noncentral_t::noncentral_t_cdf;
pub use p_values::PValues;
pub use power::power_factor;
pub use standardized::{
    EffectError, Standardized, cohens_d, cohens_d_document, cohens_d_interval, glass_delta,
    hedges_g,
};
pub use welch::{Welch, welch, welch_from_summary};
