use tailproof_core::distributions::normal_quantile;

/// How much farther than a one-sided bound at error `alpha` an effect must lie to be found with
/// probability `power`: `(z_{1−α} + z_power)/z_{1−α}`.
#[must_use]
pub fn power_factor(alpha: f64, power: f64) -> f64 {
    let z = normal_quantile(1.0 - alpha);
    (z + normal_quantile(power)) / z
}
