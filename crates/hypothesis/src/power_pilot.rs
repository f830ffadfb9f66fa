use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::chi_square_quantile;
use tailproof_core::{Level, Order, QuantileType, Rank, Sample};
use tailproof_resampling::{QuantileBootstrap, dependence_by};

use crate::dominance::vargha_delaney;
use crate::error::TestError;
use crate::power_percentile::least;
use crate::power_t::check_probability;
use crate::ranks::midranks;

/// How much a statistic varies, found in a pilot sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PilotNoise {
    /// √n times the relative standard error of the statistic, for independent observations.
    pub noise: f64,
    /// Autocorrelation time: so many observations are worth one independent observation; 1
    /// where nothing is known of the order, or nothing beyond chance was found.
    pub tau: f64,
}

/// The noise of the mean: the coefficient of variation, for
/// [`crate::mean_change_sample_size`]. With the statistics of runs for a sample it is the
/// noise between runs.
///
/// # Errors
/// Fewer than 2 observations, a mean that is not positive, no spread.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::pilot_mean;
///
/// let run_means = Sample::new(vec![98.0, 100.0, 102.0])?; // ms
/// assert!((pilot_mean(&run_means)?.noise - 0.02).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pilot_mean(pilot: &Sample) -> Result<PilotNoise, TestError> {
    if pilot.len() < 2 {
        return Err(TestError::TooFew { need: 2, got: pilot.len() });
    }
    let moments = Moments::of(pilot);
    if moments.mean() <= 0.0 {
        return Err(TestError::Parameter {
            name: "mean of the pilot",
            must: "positive for a relative change",
            got: moments.mean(),
        });
    }
    let noise = moments.coefficient_of_variation(1);
    if noise == 0.0 {
        return Err(TestError::NoSpread);
    }
    Ok(PilotNoise { noise, tau: time(pilot, |i| pilot.values()[i]) })
}

/// The noise of the percentile of rank `p`, for [`crate::quantile_change_sample_size`].
///
/// ```text
/// κ = √m · sd of the exact (B → ∞) bootstrap of ln x₍⌈pm⌉₎      m observations
/// ```
/// The autocorrelation time is that of the indicator 1{x ≤ percentile}.
///
/// # Errors
/// A value that is not positive, fewer than 10 observations beyond the percentile, a rank of 0
/// or 1, values so tied that the percentile does not vary.
///
/// # Source
/// Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, §6; Maritz & Jarrett (1978),
/// *Journal of the American Statistical Association* 73(361), 194–196.
pub fn pilot_quantile(pilot: &Sample, p: Rank) -> Result<PilotNoise, TestError> {
    let need = least(p)?.ceil() as usize;
    if pilot.len() < need {
        return Err(TestError::TooFew { need, got: pilot.len() });
    }
    check_positive(pilot)?;
    let logs = pilot.values().iter().map(|x| x.ln()).collect();
    let logs = Sample::new(logs).expect("logarithms of positive numbers are finite");
    let sd = QuantileBootstrap::of(&logs, p, QuantileType::InvertedCdf).sd();
    if sd == 0.0 {
        return Err(TestError::NoSpread);
    }
    let at = pilot.quantile(p);
    let tau = time(pilot, |i| f64::from(u8::from(pilot.values()[i] <= at)));
    Ok(PilotNoise { noise: sd * (pilot.len() as f64).sqrt(), tau })
}

/// How often a draw exceeds another one after all values rose by the share `change`, estimated
/// from a pilot sample; ties count half. For [`crate::mann_whitney_sample_size`].
///
/// ```text
/// P = #{(1 + c)xⱼ > xᵢ} / (m(m − 1))      i ≠ j
/// ```
/// A value is not compared with its own increase. Time `O(m log m)`.
///
/// # Errors
/// Fewer than 2 observations, a value that is not positive, a change that is not positive.
pub fn pilot_superiority(pilot: &Sample, change: f64) -> Result<f64, TestError> {
    if pilot.len() < 2 {
        return Err(TestError::TooFew { need: 2, got: pilot.len() });
    }
    check_positive(pilot)?;
    if !(change > 0.0 && change.is_finite()) {
        let (name, must) = ("change", "positive and finite");
        return Err(TestError::Parameter { name, must, got: change });
    }
    let risen: Vec<f64> = pilot.sorted().iter().map(|x| x * (1.0 + change)).collect();
    let Ok(risen) = Sample::new(risen) else {
        let (name, must) = ("change", "so small that nothing overflows");
        return Err(TestError::Parameter { name, must, got: change });
    };
    let m = pilot.len() as f64;
    // Every value exceeds itself: m pairs of m² that say nothing.
    Ok((vargha_delaney(pilot, &risen) * m - 1.0) / (m - 1.0))
}

/// The smallest increase, as a share, after which [`pilot_superiority`] reaches `superiority`,
/// by bisection to a relative 10⁻⁹.
///
/// # Errors
/// As [`pilot_superiority`]; `superiority` outside (0, 1).
pub fn pilot_change(pilot: &Sample, superiority: f64) -> Result<f64, TestError> {
    check_probability("superiority", superiority)?;
    let enough = |c: f64| pilot_superiority(pilot, c).map(|p| p >= superiority);
    let (mut lo, mut hi) = (0.0, 1e-6);
    while !enough(hi)? {
        (lo, hi) = (hi, 2.0 * hi);
    }
    while hi - lo > 1e-9 * hi {
        let mid = f64::midpoint(lo, hi);
        if enough(mid)? { hi = mid } else { lo = mid }
    }
    Ok(hi)
}

/// Autocorrelation time of the ranks of a pilot sample, by which the observations of a rank
/// test are to be multiplied; 1 as in [`PilotNoise::tau`].
#[must_use]
pub fn pilot_rank_time(pilot: &Sample) -> f64 {
    let ranks = midranks(pilot.values());
    time(pilot, |i| ranks[i])
}

/// How uncertain a standard deviation from `n` normal observations is: the true one lies
/// between these multiples of it at `level`.
///
/// ```text
/// √((n−1)/χ²_{1−α/2})  √((n−1)/χ²_{α/2})      χ² with n − 1 degrees of freedom
/// ```
/// # Errors
/// Fewer than 2 observations.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §3.4.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::sd_uncertainty;
///
/// // The spread of five runs may be 0.6 or 2.9 times what was seen.
/// let (lo, hi) = sd_uncertainty(5, Level::P95)?;
/// assert!((lo - 0.599_133).abs() < 1e-6 && (hi - 2.873_556).abs() < 1e-6);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn sd_uncertainty(n: u64, level: Level) -> Result<(f64, f64), TestError> {
    if n < 2 {
        return Err(TestError::TooFew { need: 2, got: n as usize });
    }
    let (df, half) = ((n - 1) as f64, level.alpha().to_f64() / 2.0);
    let factor = |q: f64| (df / chi_square_quantile(q, df)).sqrt();
    Ok((factor(1.0 - half), factor(half)))
}

fn check_positive(pilot: &Sample) -> Result<(), TestError> {
    let (got, _) = pilot.range();
    if got > 0.0 {
        return Ok(());
    }
    let (name, must) = ("every value of the pilot", "positive for a relative change");
    Err(TestError::Parameter { name, must, got })
}

/// Autocorrelation time of numbers derived from a sample in time order; 1 without an order, or
/// when it is not above 1 beyond chance.
fn time(pilot: &Sample, derived: impl Fn(usize) -> f64) -> f64 {
    if pilot.order() != Order::Time {
        return 1.0;
    }
    let found = dependence_by(pilot.len(), derived);
    if found.significant { found.tau.max(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power_log_normal::{log_normal_noise, log_normal_superiority};
    use tailproof_core::distributions::normal_quantile;

    /// The quantiles of a log-normal distribution with the coefficient of variation `cv`, in
    /// an order without trend.
    fn log_normal(n: u64, cv: f64) -> Sample {
        let sigma = (cv * cv).ln_1p().sqrt();
        let place = |i: u64| (((i * 7_919) % n) as f64 + 0.5) / n as f64;
        Sample::new((0..n).map(|i| (sigma * normal_quantile(place(i))).exp()).collect()).unwrap()
    }

    #[test]
    fn a_log_normal_pilot_has_the_noise_of_the_formula() {
        let pilot = log_normal(20_000, 0.3);
        assert!((pilot_mean(&pilot).unwrap().noise / 0.3 - 1.0).abs() < 0.01);
        for (p, slack) in [(Rank::MEDIAN, 0.02), (Rank::P95, 0.03), (Rank::P99, 0.08)] {
            let got = pilot_quantile(&pilot, p).unwrap();
            let want = log_normal_noise(0.3, p).unwrap();
            assert!((got.noise / want - 1.0).abs() < slack, "{p}: {} {want}", got.noise);
            assert_eq!(got.tau, 1.0); // Its order is not known.
        }
        let (got, want) =
            (pilot_superiority(&pilot, 0.05).unwrap(), log_normal_superiority(0.05, 0.3).unwrap());
        assert!((got - want).abs() < 1e-3, "{got} {want}");
    }

    #[test]
    fn superiority_leaves_own_increases_out_and_is_inverted() {
        // 1.5·2 > 2: of the pairs i ≠ j, (1.5, 2) is a loss at 1.5·1.2 < 2 and a win at 1.4.
        let pilot = Sample::new(vec![1.5, 2.0]).unwrap();
        assert_eq!(pilot_superiority(&pilot, 0.2), Ok(0.5));
        assert_eq!(pilot_superiority(&pilot, 0.4), Ok(1.0));
        let change = pilot_change(&pilot, 0.7).unwrap();
        assert!((change - 1.0 / 3.0).abs() < 1e-6, "{change}"); // A tie counts half: 0.75.
        let tied = Sample::new(vec![2.0; 5]).unwrap();
        assert_eq!(pilot_superiority(&tied, 0.01), Ok(1.0));
    }

    #[test]
    fn scale_does_not_matter() {
        let a = log_normal(500, 0.4);
        let b = Sample::new(a.values().iter().map(|x| x * 1_024.0).collect()).unwrap();
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        near(pilot_mean(&a).unwrap().noise, pilot_mean(&b).unwrap().noise);
        let noise = |s: &Sample| pilot_quantile(s, Rank::P95).unwrap().noise;
        near(noise(&a), noise(&b));
        near(pilot_superiority(&a, 0.1).unwrap(), pilot_superiority(&b, 0.1).unwrap());
    }

    #[test]
    fn dependent_pilots_are_seen() {
        let values = log_normal(400, 0.2).values().to_vec();
        let held: Vec<f64> = values.iter().flat_map(|&x| [x; 10]).collect();
        let pilot = Sample::new(held).unwrap().in_time_order();
        let tau = pilot_mean(&pilot).unwrap().tau;
        assert!(tau > 5.0, "{tau}");
        assert!(pilot_rank_time(&pilot) > 5.0);
        assert!(pilot_quantile(&pilot, Rank::MEDIAN).unwrap().tau > 5.0);
    }

    #[test]
    fn pilots_that_say_nothing_are_refused() {
        let sample = |values: &[f64]| Sample::new(values.to_vec()).unwrap();
        assert_eq!(pilot_mean(&sample(&[3.0; 9])), Err(TestError::NoSpread));
        assert!(pilot_mean(&sample(&[3.0])).is_err());
        assert!(pilot_mean(&sample(&[-3.0, 1.0])).is_err());
        let few = pilot_quantile(&log_normal(199, 0.1), Rank::P95);
        assert_eq!(few, Err(TestError::TooFew { need: 200, got: 199 }));
        assert_eq!(pilot_quantile(&sample(&[3.0; 40]), Rank::MEDIAN), Err(TestError::NoSpread));
        let mut values = vec![1.0; 30];
        values[3] = 0.0;
        assert!(pilot_quantile(&sample(&values), Rank::MEDIAN).is_err());
        assert!(pilot_superiority(&sample(&values), 0.1).is_err());
        assert!(sd_uncertainty(1, Level::P95).is_err());
    }
}
