//! The switches of the batch form.

/// Whether something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Switch {
    /// Always.
    On,
    /// Never.
    Off,
    /// Where it pays.
    #[default]
    Auto,
}

/// How batches are aggregated. The results are the same, to the bit, whatever is set; only the
/// time differs. `cargo xtask ablation` measures each switch alone (`docs/ablation.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Blocks of batches on the threads of the current rayon pool.
    pub parallel: Switch,
    /// Eight batches side by side, so that one instruction serves several of them.
    pub vectorised: bool,
    /// Rows that were aggregated before come out of the cache that the caller passes.
    ///
    /// Off by default: the key is a SHA-256 over the row, and hashing the 480 bytes of sixty
    /// scores takes several times as long as adding them up. It pays only where a row costs
    /// more than its hash, which no weighted mean does.
    pub memoised: bool,
    /// Scores (batches × leaves) from which [`Switch::Auto`] uses several threads.
    pub parallel_from: usize,
}

impl Modes {
    /// Scores from which [`Switch::Auto`] spreads the work: about 9 000 batches of sixty, some
    /// millisecond of one thread. On the two cores measured fewer were slower on both, and
    /// more were 1.2 to 1.8 times as fast on both (`docs/ablation.md`).
    ///
    /// `cargo xtask ablation` measures sizes around it, and says when this is below the smallest
    /// one that is shown to be faster; it goes to a power of two not below that. Callers who know
    /// their machine set [`Modes::parallel_from`].
    pub const PARALLEL_FROM: usize = 1 << 19;

    /// One batch after the other, on this thread: what the others are measured against.
    pub const SERIAL: Self = Self {
        parallel: Switch::Off,
        vectorised: false,
        memoised: false,
        parallel_from: Self::PARALLEL_FROM,
    };

    /// Whether so many scores are spread over the threads there are.
    #[must_use]
    pub fn is_parallel(&self, scores: usize) -> bool {
        match self.parallel {
            Switch::On => true,
            Switch::Off => false,
            Switch::Auto => scores >= self.parallel_from && rayon::current_num_threads() > 1,
        }
    }
}

impl Default for Modes {
    /// Vectorised, on several threads where it pays, without a cache.
    fn default() -> Self {
        Self { parallel: Switch::Auto, vectorised: true, ..Self::SERIAL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_calls_stay_on_their_thread() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let is_parallel =
            |batches: usize| pool.install(|| Modes::default().is_parallel(batches * 60));
        assert!([1, 1_000, 5_000].into_iter().all(|batches| !is_parallel(batches)));
        assert!(is_parallel(10_000));
    }

    #[test]
    fn auto_is_off_below_the_threshold_and_without_threads() {
        let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        let modes = Modes { parallel_from: 100, ..Modes::default() };
        assert!(!pool(2).install(|| modes.is_parallel(99)));
        assert!(pool(2).install(|| modes.is_parallel(100)));
        assert!(!pool(1).install(|| modes.is_parallel(1 << 40)));
        let on = Modes { parallel: Switch::On, ..modes };
        assert!(pool(1).install(|| on.is_parallel(1)));
        assert!(!Modes::SERIAL.is_parallel(usize::MAX));
    }
}
