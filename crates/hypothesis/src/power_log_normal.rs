use tailproof_core::Rank;
use tailproof_core::distributions::{normal_cdf, normal_density, normal_quantile};

use crate::error::TestError;
use crate::power_change::{check_change, check_noise};
use crate::power_t::check_probability;

/// √n times the standard error of the logarithm of a percentile of log-normal data with the
/// coefficient of variation `cv`.
///
/// ```text
/// κ = σ·√(p(1−p))/φ(z_p)      σ² = ln(1 + cv²)
/// ```
/// Latencies are rarely log-normal in the far tail: a pilot sample says more
/// ([`crate::pilot_quantile`]).
///
/// # Errors
/// `cv` not positive; a rank of 0 or 1.
///
/// # Source
/// Serfling (1980), *Approximation Theorems of Mathematical Statistics*, §2.3.3.
pub fn log_normal_noise(cv: f64, p: Rank) -> Result<f64, TestError> {
    let sigma = log_sd(cv)?;
    let (share, rest) = (p.to_f64(), p.complement().to_f64());
    check_probability("rank", share)?;
    // From the smaller tail, which has its digits.
    let density = normal_density(normal_quantile(share.min(rest)));
    Ok(sigma * (share * rest).sqrt() / density)
}

/// Probability that a log-normal draw exceeds another one after a change by the share `change`.
///
/// ```text
/// P = Φ(ln(1 + c)/(σ√2))      σ² = ln(1 + cv²)
/// ```
/// For [`crate::mann_whitney_sample_size`]. [`crate::pilot_superiority`] asks a pilot sample.
///
/// # Errors
/// `change` not above −1; `cv` not positive.
pub fn log_normal_superiority(change: f64, cv: f64) -> Result<f64, TestError> {
    check_change(change)?;
    Ok(normal_cdf(change.ln_1p() / (log_sd(cv)? * std::f64::consts::SQRT_2)))
}

/// The change of log-normal data, as a share, after which a draw exceeds one from before with
/// probability `superiority`: the inverse of [`log_normal_superiority`].
///
/// # Errors
/// `superiority` outside (0, 1); `cv` not positive.
pub fn log_normal_change(superiority: f64, cv: f64) -> Result<f64, TestError> {
    check_probability("superiority", superiority)?;
    Ok((log_sd(cv)? * std::f64::consts::SQRT_2 * normal_quantile(superiority)).exp_m1())
}

/// Standard deviation of the logarithm of log-normal data.
fn log_sd(cv: f64) -> Result<f64, TestError> {
    check_noise("cv", cv)?;
    Ok((cv * cv).ln_1p().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_and_its_mirror_vary_alike() {
        let noise = |p: f64| log_normal_noise(0.5, Rank::from_f64(p).unwrap()).unwrap();
        assert!((noise(0.01) / noise(0.99) - 1.0).abs() < 1e-12);
        // √(π/2) for the median of a normal logarithm.
        let sigma = 1.25_f64.ln().sqrt();
        assert!((noise(0.5) / (sigma * std::f64::consts::FRAC_PI_2.sqrt()) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_change_is_a_coin_toss_and_more_is_more() {
        assert!(log_normal_change(0.5, 0.3).unwrap().abs() < 1e-12);
        let at = |c| log_normal_superiority(c, 0.3).unwrap();
        assert!(at(-0.1) < 0.5 && at(0.01) > 0.5 && at(0.2) > at(0.1));
        assert!((at(0.25) + at(-0.2) - 1.0).abs() < 1e-12); // 1.25 · 0.8 = 1
        assert!(log_normal_superiority(0.1, 0.0).is_err() && log_normal_change(1.0, 0.3).is_err());
    }
}
