/// The mean of a growing number of observations, as a deviation from a fixed origin.
#[derive(Clone, Debug)]
pub(super) struct RunningMean {
    origin: f64,
    n: u64,
    sum: f64,
    lost: f64,
}

impl RunningMean {
    pub(super) const fn about(origin: f64) -> Self {
        Self { origin, n: 0, sum: 0.0, lost: 0.0 }
    }

    /// Adds an observation; the sum is compensated (Neumaier 1974).
    ///
    /// # Panics
    /// `x` is not finite.
    pub(super) fn add(&mut self, x: f64) {
        assert!(x.is_finite(), "an observation is finite, got {x}");
        let d = x - self.origin;
        let sum = self.sum + d;
        self.lost +=
            if self.sum.abs() >= d.abs() { (self.sum - sum) + d } else { (d - sum) + self.sum };
        self.sum = sum;
        self.n += 1;
    }

    pub(super) const fn n(&self) -> u64 {
        self.n
    }

    /// `mean − origin`; 0 before the first observation.
    pub(super) fn deviation(&self) -> f64 {
        if self.n == 0 { 0.0 } else { (self.sum + self.lost) / self.n as f64 }
    }

    /// The mean; the origin before the first observation.
    pub(super) fn mean(&self) -> f64 {
        self.origin + self.deviation()
    }
}

/// Logarithm of the likelihood ratio, mixed over `N(0, tau2)`, of a mean of `n` observations
/// with variance `v` each that deviates by `deviation` from the hypothesis:
///
/// ```text
/// ln Λ = ½(z²·r/(1 + r) − ln(1 + r))      r = nτ²/V,  z = deviation·√(n/V)
/// ```
pub(super) fn log_lambda(n: u64, deviation: f64, v: f64, tau2: f64) -> f64 {
    if n == 0 {
        return 0.0;
    }
    let n = n as f64;
    let r = n * (tau2 / v);
    let z = deviation / v.sqrt() * n.sqrt();
    0.5 * (z * z / (1.0 + 1.0 / r) - r.ln_1p())
}

/// Half the width of the interval in which `ln Λ < ln(1/α)`; infinite before the first
/// observation.
///
/// ```text
/// √( V/n · (1 + 1/r) · (2 ln(1/α) + ln(1 + r)) )
/// ```
pub(super) fn half_width(n: u64, v: f64, tau2: f64, alpha: f64) -> f64 {
    if n == 0 {
        return f64::INFINITY;
    }
    let n = n as f64;
    let r = n * (tau2 / v);
    (v / n).sqrt() * ((1.0 + 1.0 / r) * (r.ln_1p() - 2.0 * alpha.ln())).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_integral_over_the_mixing_distribution() {
        // ∫ exp(nθ(d − θ/2)/V) N(θ; 0, τ²) dθ by the trapezoidal rule over ±12τ.
        let (n, d, v, tau2) = (7_u64, 0.6, 2.5, 0.4_f64);
        let tau = tau2.sqrt();
        let steps = 4_000;
        let width = 24.0 * tau / f64::from(steps);
        let integral: f64 = (0..=steps)
            .map(|i| {
                let theta = -12.0 * tau + f64::from(i) * width;
                let ratio = 7.0 * theta * (d - theta / 2.0) / v;
                (ratio - theta * theta / (2.0 * tau2)).exp()
            })
            .sum::<f64>()
            * width
            / (std::f64::consts::TAU * tau2).sqrt();
        let got = log_lambda(n, d, v, tau2);
        assert!((got - integral.ln()).abs() < 1e-12, "{got} {}", integral.ln());
    }

    #[test]
    fn the_interval_ends_where_the_ratio_reaches_its_limit() {
        for (n, v, tau2, alpha) in [(1, 1.0, 0.5, 0.05), (400, 1e300, 1e299, 1e-3)] {
            let h = half_width(n, v, tau2, alpha);
            let got = log_lambda(n, h, v, tau2);
            assert!((got + alpha.ln()).abs() < 1e-10, "{n}: {got}");
        }
    }

    #[test]
    fn the_mean_keeps_its_digits_far_from_zero() {
        let mut mean = RunningMean::about(1e9);
        for i in 0..1_000 {
            mean.add(1e9 + f64::from(i % 2));
        }
        assert_eq!((mean.deviation(), mean.n()), (0.5, 1_000));
    }
}
