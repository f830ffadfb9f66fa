use std::cell::RefCell;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// How dependent successive observations are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependence {
    /// Observations.
    pub n: u64,
    /// Integrated autocorrelation time `τ = 1 + 2Σρ_k`; 1 for independent observations.
    pub tau: f64,
    /// Autocorrelation at lag 1; `None` above 10⁵ observations.
    pub lag1: Option<f64>,
    /// Whether `τ > 1` beyond what independent observations rarely show: nominally 0.1 %, up to
    /// a few percent for rare indicators and heavy tails, on the cautious side.
    pub significant: bool,
}

impl Dependence {
    /// Effective sample size `n/τ`, at least 1 and at most n.
    #[must_use]
    pub fn effective(&self) -> f64 {
        (self.n as f64 / self.tau.max(1.0)).max(1.0)
    }
}

/// Longest series whose autocorrelations are computed; longer ones go by batch means.
const LONGEST: usize = 100_000;
/// One-sided normal quantile of 0.1 %.
const Z: f64 = 3.09;

/// Autocorrelations `ρ_0 = 1, ρ_1, …, ρ_{n−1}` of a series in time order, by FFT.
///
/// ```text
/// ρ_k = Σ_{t}(x_t − x̄)(x_{t+k} − x̄) / Σ_t (x_t − x̄)²
/// ```
/// `O(n log n)`. A constant series has no autocorrelation: all lags but 0 are 0.
///
/// # Source
/// Box, Jenkins & Reinsel, *Time Series Analysis*, §2.1.
#[must_use]
pub fn autocorrelation(series: &[f64]) -> Vec<f64> {
    let n = series.len();
    if n == 0 {
        return Vec::new();
    }
    let mut rho = vec![0.0; n];
    rho[0] = 1.0;
    if series.iter().all(|&x| x == series[0]) {
        return rho;
    }
    let reference = series[0];
    let mean = series.iter().map(|x| x - reference).sum::<f64>() / n as f64;
    let largest = series.iter().map(|x| ((x - reference) - mean).abs()).fold(0.0, f64::max);
    let size = (2 * n).next_power_of_two();
    let mut buffer = vec![Complex::new(0.0, 0.0); size];
    for (slot, x) in buffer.iter_mut().zip(series) {
        slot.re = ((x - reference) - mean) / largest;
    }
    let (forward, inverse) = plans(size);
    forward.process(&mut buffer);
    for slot in &mut buffer {
        *slot = Complex::new(slot.norm_sqr(), 0.0);
    }
    inverse.process(&mut buffer);
    let zero = buffer[0].re;
    for (rho, slot) in rho.iter_mut().zip(&buffer).skip(1) {
        *rho = slot.re / zero;
    }
    rho
}

/// The transforms of a size. Those of short series, of which a gate has thousands, are planned
/// once a thread: a plan is a function of the size alone.
fn plans(size: usize) -> (Arc<dyn Fft<f64>>, Arc<dyn Fft<f64>>) {
    /// Larger plans cost little beside what they are for, and are not kept.
    const SHORT: usize = 4_096;
    thread_local! {
        static PLANNER: RefCell<FftPlanner<f64>> = RefCell::new(FftPlanner::new());
    }
    let both = |planner: &mut FftPlanner<f64>| {
        (planner.plan_fft_forward(size), planner.plan_fft_inverse(size))
    };
    if size > SHORT {
        return both(&mut FftPlanner::new());
    }
    PLANNER.with_borrow_mut(both)
}

/// How dependent a series in time order is, and how many independent observations it is worth.
///
/// Up to 10⁵ observations: `τ = 1 + 2Σρ_k` over Geyer's initial positive sequence. Above:
/// `τ` is the variance of √n batch means against that of independent observations. A series
/// of fewer than 8 values, or a constant one, counts as independent.
///
/// # Source
/// Geyer (1992), *Statistical Science* 7(4), 473–483; batch means: Law & Kelton, §9.5.
#[must_use]
pub fn dependence(series: &[f64]) -> Dependence {
    dependence_by(series.len(), |i| series[i])
}

/// The same for a series that is computed value by value, such as `1{x ≤ t}`; a long one is
/// never stored.
#[must_use]
pub fn dependence_by(n: usize, value: impl Fn(usize) -> f64) -> Dependence {
    let independent = Dependence { n: n as u64, tau: 1.0, lag1: None, significant: false };
    if n < 8 || (1..n).all(|i| value(i) == value(0)) {
        return independent;
    }
    if n > LONGEST {
        return batch_means(n, value);
    }
    let series: Vec<f64> = (0..n).map(value).collect();
    let rho = autocorrelation(&series);
    // Γ_m = ρ_{2m} + ρ_{2m+1} is positive for a reversible chain; noise ends the sum.
    let mut tau = -1.0;
    let mut lags = 0;
    for pair in rho.chunks_exact(2) {
        let gamma = pair[0] + pair[1];
        if gamma <= 0.0 {
            break;
        }
        tau += 2.0 * gamma;
        lags += 2;
    }
    let noise = 2.0 * (f64::from(lags) / n as f64).sqrt();
    // Antithetic series (τ < 1) are worth more than n observations; that is not claimed.
    Dependence {
        tau: tau.max(f64::MIN_POSITIVE),
        lag1: Some(rho[1]),
        significant: tau > 1.0 + Z * noise,
        ..independent
    }
}

fn batch_means(n: usize, value: impl Fn(usize) -> f64) -> Dependence {
    let batches = n.isqrt();
    let size = n / batches;
    let used = batches * size;
    let reference = value(0);
    let mean = (0..used).map(|i| value(i) - reference).sum::<f64>() / used as f64;
    let (mut within, mut between) = (0.0, 0.0);
    for batch in 0..batches {
        let mut sum = 0.0;
        for i in batch * size..(batch + 1) * size {
            let d = (value(i) - reference) - mean;
            sum += d;
            within += d * d;
        }
        between += (sum / size as f64).powi(2);
    }
    let variance = within / (used - 1) as f64;
    let tau = size as f64 * between / (batches - 1) as f64 / variance;
    Dependence {
        n: n as u64,
        tau,
        lag1: None,
        significant: tau > 1.0 + Z * (2.0 / batches as f64).sqrt(),
    }
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
                let e: f64 = (0..12).map(|_| uniform(&mut rng)).sum::<f64>() - 6.0;
                x = rho * x + e;
                x
            })
            .collect()
    }

    #[test]
    fn autocorrelations_agree_with_the_definition() {
        let series = ar1(257, 0.4, 1);
        let mean = series.iter().sum::<f64>() / 257.0;
        let at = |k: usize| -> f64 {
            (0..257 - k).map(|t| (series[t] - mean) * (series[t + k] - mean)).sum()
        };
        let rho = autocorrelation(&series);
        for k in [0, 1, 2, 17, 256] {
            assert!((rho[k] - at(k) / at(0)).abs() < 1e-12, "{k}");
        }
    }

    #[test]
    fn the_time_of_an_autoregression_is_found() {
        // τ = (1 + ρ)/(1 − ρ).
        for n in [50_000, 400_000] {
            for (rho, want) in [(0.0, 1.0), (0.5, 3.0), (0.9, 19.0)] {
                let d = dependence(&ar1(n, rho, 9));
                assert!((d.tau / want - 1.0).abs() < 0.2, "{n} {rho} {d:?}");
                assert_eq!(d.significant, rho > 0.0, "{n} {rho} {d:?}");
            }
        }
        assert_eq!(dependence(&[5.0; 100]).effective(), 100.0);
    }

    #[test]
    fn independent_series_are_rarely_accused() {
        let accused = (0..2_000).filter(|&s| dependence(&ar1(300, 0.0, s)).significant).count();
        assert!(accused <= 20, "{accused} of 2 000");
    }
}
