use tailproof_core::distributions::{chi_square_upper, ln_gamma, normal_cdf, normal_density};

/// `P(T ≤ t)` of the noncentral t distribution with `df` degrees of freedom and noncentrality
/// `lambda`, where `T = (Z + λ)/S` and `df·S² ~ χ²_df`:
///
/// ```text
/// |t| ≤ 20  ∫ Φ(t s − λ) f(s) ds            in u = ln s
/// t > 20    ∫ φ(z) P(S ≥ (z + λ)/t) dz      t < −20 by P(T ≤ t; λ) = 1 − P(T ≤ −t; −λ)
/// ```
/// Either integrand is smooth on the scale of its variable, so the trapezoidal rule converges
/// geometrically. Absolute error below 10⁻⁹.
///
/// # Panics
/// `df` is not positive.
///
/// # Source
/// Johnson, Kotz & Balakrishnan (1995), *Continuous Univariate Distributions* 2, §31.
#[must_use]
pub fn noncentral_t_cdf(t: f64, df: f64, lambda: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are positive, got {df}");
    if t < -20.0 {
        return 1.0 - noncentral_t_cdf(-t, df, -lambda);
    }
    let sum = if t > 20.0 {
        trapezoid(-9.0, 9.0, |z| {
            let s = (z + lambda) / t;
            let beyond = if s <= 0.0 { 1.0 } else { chi_square_upper(df * s * s, df) };
            normal_density(z) * beyond
        })
    } else {
        // ln f(s)·s at s = e^u: df·u − df·e^{2u}/2 and a constant, highest at u = 0.
        let constant = (df / 2.0) * (df / 2.0).ln() + std::f64::consts::LN_2 - ln_gamma(df / 2.0);
        // Ends where the density has fallen by e^-50: quadratic near 0, linear far below it.
        let width = (50.0 / df).sqrt();
        let hi = width.min(0.5 * (1.0 + 100.0 / df).ln() + width.min(0.5));
        trapezoid(-(width + 50.0 / df), hi, |u| {
            (constant + df * u - df / 2.0 * (2.0 * u).exp()).exp()
                * normal_cdf(t * u.exp() - lambda)
        })
    };
    sum.clamp(0.0, 1.0)
}

fn trapezoid(lo: f64, hi: f64, f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 4_000;
    let h = (hi - lo) / f64::from(STEPS);
    (0..=STEPS).map(|i| f(lo + h * f64::from(i))).sum::<f64>() * h
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::distributions::student_two_sided;

    #[test]
    fn without_noncentrality_it_is_student() {
        for df in [2.0, 3.0, 7.5, 30.0, 1_000.0] {
            for t in [0.3, 1.0, 2.5, 8.0] {
                let upper = 1.0 - noncentral_t_cdf(t, df, 0.0);
                assert!((2.0 * upper - student_two_sided(t, df)).abs() < 1e-10, "{df} {t}");
            }
        }
    }

    #[test]
    fn values_of_scipy() {
        // scipy.stats.nct.cdf, SciPy 1.17.
        for (t, df, lambda, want) in [
            (2.0, 5.0, 1.0, 0.778_074_662_616_214_8),
            (0.5, 5.0, 1.0, 0.302_125_861_936_113_57),
            (-2.0, 9.0, -1.0, 0.195_855_981_744_409_6),
            (60.0, 4.0, 60.0, 0.406_155_951_157_993_74),
            (200.0, 4.0, 200.0, 0.406_019_381_039_204_3),
            (1.5, 300.0, 2.0, 0.308_426_923_133_907_35),
        ] {
            let got = noncentral_t_cdf(t, df, lambda);
            assert!((got - want).abs() < 1e-8, "{t} {df} {lambda}: {got} {want}");
        }
    }
}
