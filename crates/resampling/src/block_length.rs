use std::num::NonZeroUsize;

use crate::ResamplingError;

/// Block lengths with which a block bootstrap of the mean has the smallest error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockLength {
    /// For [`crate::Blocks::Stationary`]: the mean length. Can be below 1.
    pub stationary: f64,
    /// For [`crate::Blocks::Circular`] and [`crate::Blocks::Moving`]. Can be below 1.
    pub circular: f64,
}

impl BlockLength {
    /// The length to use for blocks of fixed length: `circular`, rounded up, at least 1.
    #[must_use]
    pub fn length(&self) -> NonZeroUsize {
        whole(self.circular)
    }

    /// The mean length to use for the stationary bootstrap: rounded up, at least 1.
    #[must_use]
    pub fn mean_length(&self) -> NonZeroUsize {
        whole(self.stationary)
    }
}

fn whole(length: f64) -> NonZeroUsize {
    NonZeroUsize::new(length.ceil() as usize).unwrap_or(NonZeroUsize::MIN)
}

/// The automatic block length of a series in time order (Politis & White 2004, corrected 2009).
///
/// ```text
/// γ_k = Σ_t (x_t − x̄)(x_{t+k} − x̄)/n       K = max(5, ⌊log₁₀ n⌋)       c = 2√(log₁₀ n / n)
/// m = first lag of K in succession with |ρ_k| < c, at least 1;  M = min(2m, ⌈√n⌉ + K)
/// λ(t) = min(1, 2(1 − |t|))
/// g = Σ_{|k| ≤ M} λ(k/M) |k| γ_k           s = Σ_{|k| ≤ M} λ(k/M) γ_k
/// b = (2 g² n / D)^{1/3}     D = 2s² stationary, 4s²/3 circular,   at most ⌈min(3√n, n/3)⌉
/// ```
/// `ρ_k` is normalised by the two stretches that it compares, without their means. Without
/// a first lag of that kind `M = ⌈√n⌉ + K`. The length is that of a bootstrap of the *mean*; it
/// grows with `n^{1/3}` and with the dependence. When `s` is zero the largest length is given.
///
/// Time `O(n^{3/2})`.
///
/// # Errors
/// Fewer than two observations, or all of them equal.
///
/// # Source
/// Politis & White (2004), *Econometric Reviews* 23(1), 53–70; Patton, Politis & White (2009),
/// *Econometric Reviews* 28(4), 372–375.
///
/// # Example
/// ```
/// use tailproof_resampling::block_length;
///
/// // Each value is seen four times in a row.
/// let series: Vec<f64> = (0..200_u32).map(|t| f64::from((t / 4) * 37 % 101)).collect();
/// let best = block_length(&series)?;
/// assert!(best.length().get() >= 4);
/// # Ok::<(), tailproof_resampling::ResamplingError>(())
/// ```
pub fn block_length(series: &[f64]) -> Result<BlockLength, ResamplingError> {
    let n = series.len();
    if n < 2 {
        return Err(ResamplingError::TooFew { need: 2, got: n });
    }
    let centred = centred(series).ok_or(ResamplingError::NoSpread)?;
    let size = n as f64;
    let run = (size.log10() as usize).max(5);
    let most = n.isqrt() + usize::from(n.isqrt().pow(2) < n) + run;
    let products: Vec<f64> = (0..=most).map(|k| product(&centred, k)).collect();

    let bound = 2.0 * (size.log10() / size).sqrt();
    let small: Vec<bool> = (0..most)
        .map(|k| {
            // Both stretches without their outermost value, so that lag 0 is above 1.
            let inner = (k + 1).min(n);
            let (late, early) = (square(&centred[inner..]), square(&centred[..n - inner]));
            products[k].abs() / (late * early).sqrt() < bound
        })
        .collect();
    let first = small.windows(run).position(|w| w.iter().all(|&s| s));
    let last = first.map_or(most, |m| (2 * m.max(1)).min(most));

    let (mut g, mut s) = (0.0, products[0] / size);
    for (k, product) in products.iter().enumerate().take(last + 1).skip(1) {
        let share = k as f64 / last as f64;
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        let covariance = product / size;
        g += 2.0 * weight * k as f64 * covariance;
        s += 2.0 * weight * covariance;
    }
    let longest = (3.0 * size.sqrt()).min(size / 3.0).ceil();
    // `min` also turns 0/0 into the largest length.
    let length = |d: f64| (2.0 * g * g / (d * s * s) * size).cbrt().min(longest);
    Ok(BlockLength { stationary: length(2.0), circular: length(4.0 / 3.0) })
}

/// Deviations from the mean in units of the largest; `None` when all values are equal.
fn centred(series: &[f64]) -> Option<Vec<f64>> {
    if series.iter().all(|&x| x == series[0]) {
        return None;
    }
    // Halved first: a range of 2·10³⁰⁸ is no double.
    let reference = series[0] / 2.0;
    let shifted: Vec<f64> = series.iter().map(|x| x / 2.0 - reference).collect();
    let range = shifted.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    let mean = shifted.iter().map(|d| d / range).sum::<f64>() / series.len() as f64;
    Some(shifted.iter().map(|d| d / range - mean).collect())
}

/// `Σ_t x_t x_{t+k}`; 0 for lags beyond the series.
fn product(x: &[f64], k: usize) -> f64 {
    x.iter().zip(x.iter().skip(k)).map(|(a, b)| a * b).sum()
}

fn square(x: &[f64]) -> f64 {
    x.iter().map(|a| a * a).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};
    use tailproof_core::Seed;

    fn ar1(n: usize, rho: f64, seed: u64) -> Vec<f64> {
        let mut rng = stream(Seed(seed), 0);
        let mut x = 0.0;
        (0..n)
            .map(|_| {
                x = rho * x + uniform(&mut rng) - 0.5;
                x
            })
            .collect()
    }

    #[test]
    fn blocks_grow_with_the_dependence() {
        let mean = |rho: f64| {
            (0..20).map(|s| block_length(&ar1(1_000, rho, s)).unwrap().circular).sum::<f64>() / 20.0
        };
        let (none, some, strong) = (mean(0.0), mean(0.5), mean(0.9));
        assert!(none < 5.0 && none < some && some < strong, "{none} {some} {strong}");
        // g = 2ργ₀/(1−ρ)² and s = γ₀(1+ρ)/(1−ρ) give (6ρ²n/(1−ρ²)²)^{1/3}: 13.9 for ρ = ½.
        assert!((some - 13.9).abs() < 4.0, "{some}");
    }

    #[test]
    fn offset_and_scale_do_not_matter() {
        let x = ar1(300, 0.6, 3);
        let plain = block_length(&x).unwrap();
        for (shift, scale) in [(0.0, 1e200), (0.0, 1e-200), (64.0, 1.0)] {
            let moved: Vec<f64> = x.iter().map(|v| (v + shift) * scale).collect();
            let got = block_length(&moved).unwrap();
            assert!((got.stationary / plain.stationary - 1.0).abs() < 1e-9, "{shift} {scale}");
            assert!((got.circular / got.stationary / 1.5_f64.cbrt() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn lengths_to_use_are_whole_and_positive() {
        let tiny = BlockLength { stationary: 0.2, circular: 3.1 };
        assert_eq!((tiny.mean_length().get(), tiny.length().get()), (1, 4));
        let none = BlockLength { stationary: 0.0, circular: 0.0 };
        assert_eq!((none.mean_length().get(), none.length().get()), (1, 1));
        assert_eq!(block_length(&[2.0; 30]), Err(ResamplingError::NoSpread));
        assert_eq!(block_length(&[2.0]), Err(ResamplingError::TooFew { need: 2, got: 1 }));
        assert_eq!(block_length(&[1.0, 2.0]).unwrap().length().get(), 1);
    }
}
