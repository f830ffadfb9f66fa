/// p-values of a test in three directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PValues {
    /// The samples differ.
    pub two_sided: f64,
    /// The first sample tends to be smaller, or has the smaller mean.
    pub less: f64,
    /// The first sample tends to be larger, or has the larger mean.
    pub greater: f64,
}

impl PValues {
    /// From both one-sided p-values; the two-sided one is twice the smaller, at most 1.
    #[must_use]
    pub fn doubled(less: f64, greater: f64) -> Self {
        Self { two_sided: (2.0 * less.min(greater)).min(1.0), less, greater }
    }
}
