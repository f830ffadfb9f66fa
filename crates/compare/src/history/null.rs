//! Series as they would be without a change.

use tailproof_resampling::Stream;

use super::levels::permute;

/// How the values of a part are put into another order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Null {
    /// In blocks of at most this many; 1 for independent values.
    Blocks(usize),
    /// As an autoregression with this coefficient, whose innovations are permuted.
    Autoregressive(f64),
}

impl Null {
    pub(super) const INDEPENDENT: Self = Self::Blocks(1);

    /// The length of blocks for a part of n values: at least four blocks, or there is nothing to
    /// permute.
    pub(super) fn block(self, n: usize) -> usize {
        match self {
            Self::Blocks(block) => block.min(n / 4).max(1),
            Self::Autoregressive(_) => 1,
        }
    }
}

/// The innovations of values about a centre, the first brought to the variance of the others.
///
/// ```text
/// e₀ = √(1 − ρ²) (x₀ − c)      e_t = (x_t − c) − ρ (x_{t−1} − c)
/// ```
pub(super) fn innovations(values: &[f64], centre: f64, rho: f64) -> Vec<f64> {
    let first = values.first().map(|x| (1.0 - rho * rho).sqrt() * (x - centre));
    let others = values.windows(2).map(|w| (w[1] - centre) - rho * (w[0] - centre));
    first.into_iter().chain(others).collect()
}

/// A series with the same innovations in random order, about 0.
pub(super) fn rejoin(innovations: &[f64], rho: f64, rng: &mut Stream, into: &mut Vec<f64>) {
    permute(innovations, 1, rng, into);
    let mut before = 0.0;
    for (i, x) in into.iter_mut().enumerate() {
        *x = if i == 0 { *x / (1.0 - rho * rho).sqrt() } else { *x + rho * before };
        before = *x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::stream;

    #[test]
    fn a_rejoined_series_has_the_same_innovations() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 17)).collect();
        let sorted = |mut e: Vec<f64>| {
            e.sort_by(f64::total_cmp);
            e
        };
        let e = innovations(&values, 8.0, 0.6);
        let mut again = Vec::new();
        rejoin(&e, 0.6, &mut stream(Seed(3), 0), &mut again);
        let (a, b) = (sorted(e), sorted(innovations(&again, 0.0, 0.6)));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-9));
        assert!(innovations(&[], 0.0, 0.5).is_empty());
    }
}
