use std::num::NonZeroU32;

use tailproof_core::Seed;

/// Settings of a permutation test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permutation {
    /// Seed of the random relabellings.
    pub seed: Seed,
    /// Random relabellings when there are too many to enumerate.
    pub replicates: NonZeroU32,
    /// All relabellings are tried when there are at most this many.
    pub enumerate_up_to: u64,
}

impl Permutation {
    /// 10 000 relabellings, enumeration up to 10⁶.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const REPLICATES: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
        Self { seed, replicates: REPLICATES, enumerate_up_to: 1_000_000 }
    }

    /// Sets the number of random relabellings.
    #[must_use]
    pub const fn replicates(self, replicates: NonZeroU32) -> Self {
        Self { replicates, ..self }
    }
}

/// Why a permutation test has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PermutationError {
    /// Samples that must have equal lengths do not.
    #[error("the samples must be of equal length, got {0} and {1}")]
    Lengths(usize, usize),
    /// Fewer groups, strata, runs or observations than the test needs.
    #[error("needs at least {need} {what}, got {got}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// Smallest number accepted.
        need: usize,
        /// Number received.
        got: usize,
    },
    /// The saddlepoint equations have no numerical solution: the difference is all but the
    /// largest that relabelling can give.
    #[error("no saddlepoint: the difference is too near the largest attainable one")]
    NoSaddlepoint,
}
