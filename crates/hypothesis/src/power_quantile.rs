use tailproof_core::binomial::{samples_to_pass, tails, upper_rank};
use tailproof_core::{Level, Rank};

use crate::error::TestError;
use crate::power_t::check_probability;

/// More observations than this are not planned for.
const MOST: u64 = 1_000_000_000;

/// Probability that `n` observations prove a percentile objective at `level`.
///
/// ```text
/// P(Bin(n, π) ≥ r)      r = min{ r : P(Bin(n, p) ≥ r) ≤ 1 − level }
/// ```
/// `share` is π, the true share of observations within the limit, `p` the share promised. 0
/// when no sample of `n` can prove it (`pⁿ > 1 − level`). Exact for independent observations
/// and one look; at π = p it is the probability of a wrong proof, at most 1 − level.
///
/// # Errors
/// `share` outside [0, 1].
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §9.6.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::gate_power;
///
/// // 135 observations prove p95 only when all are good: 0.999¹³⁵.
/// let power = gate_power(135, Rank::P95, 0.999, Level::P999)?;
/// assert!((power - 0.999_f64.powi(135)).abs() < 1e-12);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn gate_power(n: u64, p: Rank, share: f64, level: Level) -> Result<f64, TestError> {
    check_share(share)?;
    Ok(upper_rank(n, p, level).map_or(0.0, |r| tails(r, n, share, 1.0 - share).at_least))
}

/// The smallest number of observations that prove a percentile objective at `level` with
/// probability `power`, when the true share within the limit is `share`.
///
/// Power falls with n as long as the same number of misses is tolerated, and jumps where one
/// more is: the answer is one of the n at which `c` misses first suffice
/// ([`samples_to_pass`]), and c is found by bisection.
///
/// # Errors
/// `share` not above `p`, or outside [0, 1]; `power` outside (0, 1); more than 10⁹
/// observations needed.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §9.6.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::{gate_power, gate_sample_size};
///
/// let n = gate_sample_size(Rank::P95, 0.97, Level::P95, 0.8)?;
/// assert!(gate_power(n, Rank::P95, 0.97, Level::P95)? >= 0.8);
/// assert!(gate_power(n - 1, Rank::P95, 0.97, Level::P95)? < 0.8);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn gate_sample_size(p: Rank, share: f64, level: Level, power: f64) -> Result<u64, TestError> {
    check_share(share)?;
    check_probability("power", power)?;
    if share <= p.to_f64() {
        return Err(TestError::Parameter { name: "share", must: "above the rank", got: share });
    }
    // The n that tolerates c misses, when its power suffices.
    let fits = |c: u64| {
        let must = "so far above the rank that 10⁹ observations prove it";
        let n = samples_to_pass(p, level, c)
            .filter(|&n| n <= MOST)
            .ok_or(TestError::Parameter { name: "share", must, got: share })?;
        let enough = tails(n - c, n, share, 1.0 - share).at_least >= power;
        Ok::<_, TestError>(enough.then_some(n))
    };
    if let Some(n) = fits(0)? {
        return Ok(n);
    }
    let (mut short, mut c) = (0, 1);
    let mut found = loop {
        if let Some(n) = fits(c)? {
            break n;
        }
        (short, c) = (c, 2 * c);
    };
    while c - short > 1 {
        let mid = short + (c - short) / 2;
        match fits(mid)? {
            Some(n) => (found, c) = (n, mid),
            None => short = mid,
        }
    }
    Ok(found)
}

/// The true share within the limit from which on `n` observations prove a percentile objective
/// at `level` with probability `power`.
///
/// ```text
/// the π with P(Bin(n, π) ≥ r) = power      r as in [`gate_power`]
/// ```
/// Found for the share of misses on a logarithmic scale.
///
/// # Errors
/// `power` outside (0, 1); fewer observations than any proof needs
/// ([`TestError::TooFew`]); `p` of 1, which no sample proves.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::gate_detectable_share;
///
/// // All 135 must be good: π¹³⁵ = 0.8.
/// let share = gate_detectable_share(135, Rank::P95, Level::P999, 0.8)?;
/// assert!((share - 0.8_f64.powf(1.0 / 135.0)).abs() < 1e-12);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn gate_detectable_share(n: u64, p: Rank, level: Level, power: f64) -> Result<f64, TestError> {
    check_probability("power", power)?;
    let Some(need) = samples_to_pass(p, level, 0) else {
        let got = p.to_f64();
        return Err(TestError::Parameter { name: "rank", must: "below 1 by enough", got });
    };
    let Some(r) = upper_rank(n, p, level) else {
        return Err(TestError::TooFew { need: need as usize, got: n as usize });
    };
    // P(Bin ≥ r) falls with the share of misses; bisection on its logarithm.
    let (mut lo, mut hi) = (-690.0_f64, 0.0_f64);
    for _ in 0..100 {
        let mid = f64::midpoint(lo, hi);
        let misses = mid.exp();
        if tails(r, n, 1.0 - misses, misses).at_least >= power { lo = mid } else { hi = mid }
    }
    Ok(1.0 - lo.exp())
}

fn check_share(got: f64) -> Result<(), TestError> {
    if (0.0..=1.0).contains(&got) {
        return Ok(());
    }
    Err(TestError::Parameter { name: "share", must: "in [0, 1]", got })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_n_is_the_smallest_of_all() {
        for (share, level, power) in [(0.97, Level::P95, 0.8), (0.995, Level::P999, 0.5)] {
            let by_looking = (1..20_000)
                .find(|&n| gate_power(n, Rank::P95, share, level).unwrap() >= power)
                .unwrap();
            assert_eq!(gate_sample_size(Rank::P95, share, level, power), Ok(by_looking));
        }
    }

    #[test]
    fn a_wrong_proof_is_as_rare_as_the_level_says() {
        for n in [135, 1_000, 12_345] {
            let wrong = gate_power(n, Rank::P95, 0.95, Level::P999).unwrap();
            assert!(wrong > 0.0 && wrong <= 0.001 * (1.0 + 1e-9), "{n}: {wrong}");
        }
        assert_eq!(gate_power(134, Rank::P95, 1.0, Level::P999), Ok(0.0));
        assert_eq!(gate_power(135, Rank::P95, 1.0, Level::P999), Ok(1.0));
    }

    #[test]
    fn the_detectable_share_has_the_power_asked() {
        for n in [135, 1_000, 50_000] {
            let share = gate_detectable_share(n, Rank::P95, Level::P999, 0.8).unwrap();
            let power = gate_power(n, Rank::P95, share, Level::P999).unwrap();
            assert!(share > 0.95 && (power - 0.8).abs() < 1e-9, "{n}: {share} {power}");
        }
        assert_eq!(
            gate_detectable_share(134, Rank::P95, Level::P999, 0.8),
            Err(TestError::TooFew { need: 135, got: 134 })
        );
        assert!(gate_sample_size(Rank::P95, 0.95, Level::P999, 0.8).is_err());
        assert!(gate_sample_size(Rank::P95, 0.951, Level::P999, 1.0).is_err());
    }
}
