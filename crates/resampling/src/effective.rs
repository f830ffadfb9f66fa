use crate::dependence::autocorrelation;

/// How the autocorrelations are summed to the integrated autocorrelation time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeEstimator {
    /// `Γ_m = ρ_{2m} + ρ_{2m+1}` while positive (Geyer's initial positive sequence).
    InitialPositive,
    /// The same, each `Γ_m` at most the one before it (Geyer's initial monotone sequence).
    InitialMonotone,
    /// The Bartlett window of `⌊4(n/100)^{2/9}⌋` lags (Newey & West).
    Bartlett,
}

/// The integrated autocorrelation time of a series, and what it was summed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutocorrelationTime {
    /// Observations.
    pub n: usize,
    /// `τ = 1 + 2Σρ_k`; 1 for independent observations, below 1 for alternating ones.
    pub tau: f64,
    /// The largest lag that entered the sum.
    pub lag: usize,
}

impl AutocorrelationTime {
    /// Effective sample size `n/τ`, above n when τ < 1; `None` when τ is not above `10⁻¹²`,
    /// where it is rounding: the mean of such a series is better than any number says.
    ///
    /// [`crate::Dependence::effective`] is the cautious one, at most n.
    #[must_use]
    pub fn effective(&self) -> Option<f64> {
        (self.tau > 1e-12).then(|| self.n as f64 / self.tau)
    }
}

/// The integrated autocorrelation time of a series in time order, by three estimators.
///
/// ```text
/// initial positive   τ = −1 + 2 Σ_m Γ_m,  Γ_m = ρ_{2m} + ρ_{2m+1},   up to the first Γ_m ≤ 0
/// initial monotone   τ = −1 + 2 Σ_m min(Γ_0, …, Γ_m),                up to the first Γ_m ≤ 0
/// Bartlett           τ = 1 + 2 Σ_{j ≤ L} (1 − j/(L+1)) ρ_j,          L = ⌊4 (n/100)^{2/9}⌋
/// ```
/// The variance of the mean of a stationary series is `τσ²/n`. The Bartlett sum ends early: it
/// is steady, and far too small under strong dependence (at ρ = 0.9, n = 1 000 about half). A
/// constant series and a single value count as independent, τ = 1.
///
/// For the yes-or-no question see [`crate::dependence()`], which also takes long series.
///
/// # Panics
/// The series is empty.
///
/// # Source
/// Geyer (1992), *Statistical Science* 7(4), 473–483; Newey & West (1987), *Econometrica*
/// 55(3), 703–708, with the lag rule of Newey & West (1994), *Review of Economic Studies* 61(4),
/// 631–653.
///
/// # Example
/// ```
/// use tailproof_resampling::{TimeEstimator, autocorrelation_time};
///
/// // Ten steps of ten equal values: a hundred observations, worth far fewer.
/// let series: Vec<f64> = (0..100_u32).map(|t| f64::from(t / 10 * 7 % 10)).collect();
/// let time = autocorrelation_time(&series, TimeEstimator::InitialMonotone);
/// assert!(time.effective().is_some_and(|worth| worth < 30.0));
/// ```
#[must_use]
pub fn autocorrelation_time(series: &[f64], by: TimeEstimator) -> AutocorrelationTime {
    assert!(!series.is_empty(), "an autocorrelation time needs observations");
    let rho = autocorrelation(series);
    let n = series.len();
    let (tau, lag) = match by {
        TimeEstimator::InitialPositive => initial(&rho, false),
        TimeEstimator::InitialMonotone => initial(&rho, true),
        TimeEstimator::Bartlett => bartlett(&rho),
    };
    AutocorrelationTime { n, tau, lag }
}

/// Number of lags of the Bartlett window, `⌊4(n/100)^{2/9}⌋`.
#[must_use]
pub fn bartlett_lag(n: usize) -> usize {
    (4.0 * (n as f64 / 100.0).powf(2.0 / 9.0)).floor() as usize
}

fn initial(rho: &[f64], monotone: bool) -> (f64, usize) {
    if rho.len() == 1 {
        return (1.0, 0);
    }
    let mut sum = 0.0;
    let mut before = f64::INFINITY;
    let mut lags = 0_usize;
    for pair in rho.chunks_exact(2) {
        let gamma = pair[0] + pair[1];
        if gamma <= 0.0 {
            break;
        }
        before = if monotone { gamma.min(before) } else { gamma };
        sum += before;
        lags += 2;
    }
    (2.0 * sum - 1.0, lags.saturating_sub(1))
}

fn bartlett(rho: &[f64]) -> (f64, usize) {
    let window = bartlett_lag(rho.len());
    let last = window.min(rho.len() - 1);
    let weighted: f64 = rho
        .iter()
        .enumerate()
        .take(last + 1)
        .skip(1)
        .map(|(j, r)| (1.0 - j as f64 / (window + 1) as f64) * r)
        .sum();
    (1.0 + 2.0 * weighted, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependence;
    use crate::stream::{stream, uniform};
    use tailproof_core::Seed;

    const ALL: [TimeEstimator; 3] =
        [TimeEstimator::InitialPositive, TimeEstimator::InitialMonotone, TimeEstimator::Bartlett];

    #[test]
    fn a_constant_and_a_single_value_are_independent() {
        for by in ALL {
            assert_eq!(autocorrelation_time(&[4.0; 50], by).tau, 1.0, "{by:?}");
            assert_eq!(autocorrelation_time(&[4.0], by).effective(), Some(1.0), "{by:?}");
        }
    }

    #[test]
    fn an_alternating_series_has_no_effective_size() {
        // Γ_m = 1/60 for all 30 pairs: τ = −1 + 2·½ = 0.
        let series: Vec<f64> = (0..60).map(|t| if t % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let time = autocorrelation_time(&series, TimeEstimator::InitialPositive);
        assert!(time.tau.abs() < 1e-13 && time.effective().is_none(), "{time:?}");
        // 1 + 2·(−(3/4)(59/60) + (2/4)(58/60) − (1/4)(57/60)) = 1/60.
        let time = autocorrelation_time(&series, TimeEstimator::Bartlett);
        assert!((time.tau - 1.0 / 60.0).abs() < 1e-13 && time.lag == 3, "{time:?}");
    }

    #[test]
    fn estimators_agree_with_one_another() {
        let mut rng = stream(Seed(5), 0);
        let mut x = 0.0;
        let series: Vec<f64> = (0..20_000)
            .map(|_| {
                x = 0.5 * x + uniform(&mut rng) - 0.5;
                x
            })
            .collect();
        let [positive, monotone, bartlett] = ALL.map(|by| autocorrelation_time(&series, by));
        assert!((positive.tau - dependence(&series).tau).abs() < 1e-12);
        assert!(monotone.tau <= positive.tau && monotone.lag == positive.lag);
        // τ = (1 + ρ)/(1 − ρ) = 3.
        for time in [positive, monotone, bartlett] {
            assert!((time.tau - 3.0).abs() < 0.4, "{time:?}");
        }
    }
}
