//! What a bootstrap of a tree is told, and why there may be none.

use std::num::NonZeroU32;

use tailproof_core::{Level, Seed};
use tailproof_resampling::Bootstrap;

use super::error::ScoresError;

/// Settings of the bootstrap of a tree; every value of this type is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeBootstrap {
    resampling: Bootstrap,
    /// Level of the intervals.
    pub level: Level,
}

impl TreeBootstrap {
    /// 1 000 replicates at 95 %. No default seed: evidence must be repeatable.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const REPLICATES: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
        let resampling = Bootstrap::new(seed).replicates(REPLICATES);
        Self { resampling, level: Level::P95 }
    }

    /// Sets the number of replicates.
    #[must_use]
    pub const fn replicates(self, replicates: NonZeroU32) -> Self {
        Self { resampling: self.resampling.replicates(replicates), ..self }
    }

    /// Sets the level of the intervals.
    #[must_use]
    pub const fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.resampling.seed()
    }

    /// The number of replicates.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.resampling.count()
    }

    /// How many replicates lie beyond each end of an interval, that end included.
    ///
    /// ```text
    /// k = ⌊α/2 · (B + 1)⌋        interval [θ*₍k₎, θ*₍B+1−k₎]
    /// ```
    pub(crate) fn tail(&self) -> Result<usize, BootstrapError> {
        let alpha = self.level.alpha();
        let (num, den) = (u128::from(alpha.num()), 2 * u128::from(alpha.den()));
        match num * (u128::from(self.count()) + 1) / den {
            0 => Err(BootstrapError::TooFewReplicates {
                need: u64::try_from(den.div_ceil(num) - 1).unwrap_or(u64::MAX),
                level: self.level,
            }),
            k => Ok(k as usize),
        }
    }
}

/// Why a tree could not be bootstrapped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// Not one sample for each leaf, or values outside the range: the worst of each leaf.
    #[error(transparent)]
    Scores(#[from] ScoresError),
    /// Pairs whose sides differ in length.
    #[error("pairs need samples of equal length; these leaves have others: {}", names(.0))]
    Unpaired(Vec<String>),
    /// Too few replicates for an interval at this level.
    #[error("an interval at {level} needs at least {need} replicates")]
    TooFewReplicates {
        /// Smallest number accepted.
        need: u64,
        /// The level.
        level: Level,
    },
    /// Nodes times replicates exceed what is kept.
    #[error("{nodes} nodes times {replicates} replicates are too many to keep")]
    TooLarge {
        /// Inner nodes.
        nodes: usize,
        /// Replicates.
        replicates: u32,
    },
}

fn names(leaves: &[String]) -> String {
    leaves.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_replicates_as_the_level_needs() {
        let tail = |level, count| {
            let count = NonZeroU32::new(count).unwrap();
            TreeBootstrap::new(Seed(1)).level(level).replicates(count).tail()
        };
        assert_eq!(tail(Level::P95, 39), Ok(1));
        assert_eq!(tail(Level::P95, 1_000), Ok(25));
        let need = BootstrapError::TooFewReplicates { need: 1_999, level: Level::P999 };
        assert_eq!(tail(Level::P999, 1_998), Err(need));
        assert_eq!(TreeBootstrap::new(Seed(1)).level(Level::P999).level, Level::P999);
    }
}
