/// Why a resampling scheme or a diagnostic has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResamplingError {
    /// Fewer observations than the method needs.
    #[error("needs at least {need} observations, got {got}")]
    TooFew {
        /// Smallest count accepted.
        need: usize,
        /// Count received.
        got: usize,
    },
    /// No stratum or run at all.
    #[error("needs at least one group of observations")]
    NoGroups,
    /// All observations are equal, so there is nothing to measure.
    #[error("all observations are equal")]
    NoSpread,
    /// Samples that must have equal lengths do not.
    #[error("the samples must be of equal length, got {0} and {1}")]
    Lengths(usize, usize),
    /// A block or a resample longer than the sample.
    #[error("at most the {n} observations of the sample can be taken, got {got}")]
    TooLong {
        /// Length of the sample.
        n: usize,
        /// Length asked for.
        got: usize,
    },
    /// Blocks of a sample whose order means nothing.
    #[error("the order of the observations must be that of time")]
    NoTimeOrder,
}
