/// Why a test or an effect size does not exist for these data.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// A group is too small.
    #[error("needs at least {need} observations, got {got}")]
    TooFew {
        /// Smallest count accepted.
        need: usize,
        /// Count received.
        got: usize,
    },
    /// Too few groups.
    #[error("needs at least {need} groups, got {got}")]
    TooFewGroups {
        /// Smallest count accepted.
        need: usize,
        /// Count received.
        got: usize,
    },
    /// All observations are equal, so there is no statistic.
    #[error("no spread: there is nothing to measure the difference by")]
    NoSpread,
    /// Samples that must have equal lengths do not.
    #[error("the samples must be of equal length, got {0} and {1}")]
    Lengths(usize, usize),
    /// A parameter outside of its range.
    #[error("{name} must be {must}, got {got}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// What it must be.
        must: &'static str,
        /// What it was.
        got: f64,
    },
}
