use tailproof_core::Rank;

use crate::error::TestError;
use crate::power_change::{MOST, check_change, z};
use crate::power_t::check_probability;

/// Observations beyond a percentile from which on its estimate is treated as normal.
const BEYOND: f64 = 10.0;

/// Observations a side with which a change of a percentile by the share `change` is found with
/// probability `power`; not rounded.
///
/// ```text
/// n = 2·(κ·(z_{1−α/2} + z_power)/ln(1 + c))²      at least 10/min(p, 1−p)
/// ```
/// `noise` is κ, √n times the standard error of the logarithm of the estimated percentile of
/// rank `p`: [`crate::pilot_quantile`] finds it in a pilot sample, [`crate::log_normal_noise`] from a
/// coefficient of variation. The test is that of the logarithm of the ratio of the two
/// percentiles; the wrong tail is neglected. Asymptotic, hence the ten observations beyond the
/// percentile.
///
/// # Errors
/// No change, one not above −1; `noise` not positive; a rank of 0 or 1; `alpha` or `power`
/// outside (0, 1), `power` not above `alpha`; more than 10⁹ observations needed.
///
/// # Source
/// Serfling (1980), *Approximation Theorems of Mathematical Statistics*, §2.3.3 (the variance).
///
/// # Example
/// ```
/// use tailproof_core::Rank;
/// use tailproof_hypothesis::{log_normal_noise, quantile_change_sample_size};
///
/// let noise = log_normal_noise(0.2, Rank::P95)?;
/// let n = quantile_change_sample_size(0.05, noise, Rank::P95, 0.05, 0.8)?;
/// assert_eq!(n.ceil(), 1155.0); // four times what the mean needs
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn quantile_change_sample_size(
    change: f64,
    noise: f64,
    p: Rank,
    alpha: f64,
    power: f64,
) -> Result<f64, TestError> {
    check_change(change)?;
    let least = least(p)?;
    let n = 2.0 * (noise * z(noise, alpha, power)? / change.ln_1p()).powi(2);
    if n > MOST || n.is_nan() {
        let must = "one that 10⁹ observations show";
        return Err(TestError::Parameter { name: "change", must, got: change });
    }
    Ok(n.max(least))
}

/// The increase of a percentile, as a share of it, that is found with probability `power` in
/// `n` observations a side.
///
/// ```text
/// c = exp(κ·(z_{1−α/2} + z_power)·√(2/n)) − 1
/// ```
/// The inverse of [`quantile_change_sample_size`], which explains it.
///
/// # Errors
/// Fewer than 10 observations beyond the percentile; `noise` not positive; a rank of 0 or 1;
/// `alpha` or `power` outside (0, 1), `power` not above `alpha`.
///
/// # Source
/// As [`quantile_change_sample_size`].
pub fn quantile_change_detectable(
    n: f64,
    noise: f64,
    p: Rank,
    alpha: f64,
    power: f64,
) -> Result<f64, TestError> {
    let least = least(p)?;
    if n.is_nan() || n < least {
        return Err(TestError::TooFew { need: least.ceil() as usize, got: n as usize });
    }
    Ok((noise * z(noise, alpha, power)? * (2.0 / n).sqrt()).exp_m1())
}

/// Observations of which ten lie beyond the percentile.
pub(crate) fn least(p: Rank) -> Result<f64, TestError> {
    check_probability("rank", p.to_f64())?;
    Ok(BEYOND / p.to_f64().min(p.complement().to_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_goes_with_the_square_of_the_noise_and_never_below_ten_beyond() {
        let size = |noise: f64, p| quantile_change_sample_size(0.05, noise, p, 0.05, 0.8).unwrap();
        assert!((size(2.0, Rank::P95) / size(1.0, Rank::P95) - 4.0).abs() < 1e-12);
        for (p, least) in [(Rank::MEDIAN, 20.0), (Rank::P95, 200.0), (Rank::P999, 10_000.0)] {
            assert_eq!(size(1e-9, p), least, "{p}");
        }
        // A rise and the fall that undoes it are one change seen from either side.
        let fall = quantile_change_sample_size(1.0 / 1.05 - 1.0, 1.0, Rank::P95, 0.05, 0.8);
        assert!((fall.unwrap() / size(1.0, Rank::P95) - 1.0).abs() < 1e-12);
    }
}
