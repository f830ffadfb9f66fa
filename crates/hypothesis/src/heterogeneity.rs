use tailproof_core::Level;
use tailproof_core::distributions::{
    chi_square_quantile, chi_square_upper, normal_cdf, normal_quantile,
};

use crate::error::TestError;

/// One effect on an additive scale, such as a log ratio, with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stratum {
    /// The estimate.
    pub effect: f64,
    /// Its standard error.
    pub error: f64,
}

/// What several strata say together, and whether they agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heterogeneity {
    /// The estimate pooled with inverse variances as weights (fixed effect).
    pub pooled: f64,
    /// Its standard error.
    pub error: f64,
    /// Cochran's Q.
    pub q: f64,
    /// Degrees of freedom of Q: strata less one.
    pub df: f64,
    /// p of Q against χ² with `df` degrees of freedom: that all strata share one effect.
    pub p: f64,
    /// I²: the share of the scatter of the effects that is beyond their errors, in `[0, 1]`.
    pub i_squared: f64,
    /// Variance of the true effects between strata at both ends of its Q-profile interval.
    pub tau_squared: (f64, f64),
    /// The Q-profile interval of I²; `(0, 1)` bounds nothing.
    pub i_squared_interval: (f64, f64),
}

impl Heterogeneity {
    /// Two-sided interval of the pooled effect, `θ̂ ± z·SE`.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        let reach = -normal_quantile(level.alpha().to_f64() / 2.0) * self.error;
        (self.pooled - reach, self.pooled + reach)
    }

    /// Two-sided p that the pooled effect is 0.
    #[must_use]
    pub fn p_pooled(&self) -> f64 {
        (2.0 * normal_cdf(-(self.pooled / self.error).abs())).min(1.0)
    }
}

/// Pools the effects of strata, and asks whether they are one effect.
///
/// ```text
/// wᵢ = 1/SEᵢ²     θ̂ = Σwᵢθᵢ/Σwᵢ     SE = 1/√Σwᵢ
/// Q  = Σwᵢ(θᵢ − θ̂)²                  against χ² with k − 1 degrees of freedom
/// I² = max(0, (Q − (k−1))/Q)          0 for Q = 0
/// ```
/// The interval at `level` is that of the variance τ² between strata by the Q-profile, carried
/// over to I² with the typical variance s² within strata:
/// ```text
/// Q(τ²) = Σ(θᵢ − θ̂(τ²))²/(SEᵢ² + τ²)  falls in τ²
/// lower end: Q(τ²) = χ²_{1−α/2}      upper end: Q(τ²) = χ²_{α/2}      0 where Q(0) is below
/// s² = (k−1)Σwᵢ/((Σwᵢ)² − Σwᵢ²)      I² = τ²/(τ² + s²)
/// ```
/// The Q-profile is exact for normal effects with known errors. Q itself has little power with
/// few strata: a large p does not show that strata agree.
///
/// # Errors
/// Fewer than two strata, or an effect or error that is not finite, or an error that is not
/// above 0: an effect without error would take all weight.
///
/// # Source
/// Cochran (1954), *Biometrics* 10(1), 101–129; Higgins & Thompson (2002), *Statistics in
/// Medicine* 21(11), 1539–1558; Viechtbauer (2007), *Statistics in Medicine* 26(1), 37–52.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::{Stratum, heterogeneity};
///
/// let strata = [(0.10, 0.02), (0.12, 0.03)].map(|(effect, error)| Stratum { effect, error });
/// let both = heterogeneity(&strata, Level::P95)?;
/// assert!(both.p > 0.5 && both.i_squared == 0.0 && both.error < 0.02);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn heterogeneity(strata: &[Stratum], level: Level) -> Result<Heterogeneity, TestError> {
    if strata.len() < 2 {
        return Err(TestError::TooFewGroups { need: 2, got: strata.len() });
    }
    for stratum in strata {
        if !stratum.effect.is_finite() {
            let (name, must) = ("the effect of a stratum", "finite");
            return Err(TestError::Parameter { name, must, got: stratum.effect });
        }
        if !(stratum.error > 0.0 && stratum.error.is_finite()) {
            let (name, must) = ("the error of a stratum", "above 0 and finite");
            return Err(TestError::Parameter { name, must, got: stratum.error });
        }
    }
    // In units of the smallest error, so that no square overflows or vanishes.
    let unit = strata.iter().map(|s| s.error).fold(f64::INFINITY, f64::min);
    let scaled: Vec<(f64, f64)> =
        strata.iter().map(|s| (s.effect / unit, (s.error / unit).powi(2))).collect();
    let df = strata.len() as f64 - 1.0;
    let (mean, weight) = pool(&scaled, 0.0);
    let q = scatter(&scaled, 0.0);
    let i_squared = if q > 0.0 { ((q - df) / q).max(0.0) } else { 0.0 };
    let half = level.alpha().to_f64() / 2.0;
    let ends = (
        between(&scaled, chi_square_quantile(1.0 - half, df)),
        between(&scaled, chi_square_quantile(half, df)),
    );
    let squares: f64 = scaled.iter().map(|s| (1.0 / s.1).powi(2)).sum();
    let typical = df * weight / (weight * weight - squares);
    let share = |tau: f64| if tau.is_finite() { tau / (tau + typical) } else { 1.0 };
    Ok(Heterogeneity {
        pooled: mean * unit,
        error: unit / weight.sqrt(),
        q,
        df,
        p: chi_square_upper(q, df),
        i_squared,
        tau_squared: (ends.0 * unit * unit, ends.1 * unit * unit),
        i_squared_interval: (share(ends.0), share(ends.1)),
    })
}

/// The pooled effect and the sum of weights, with `tau` added to every variance.
fn pool(strata: &[(f64, f64)], tau: f64) -> (f64, f64) {
    let weight: f64 = strata.iter().map(|s| 1.0 / (s.1 + tau)).sum();
    let sum: f64 = strata.iter().map(|s| s.0 / (s.1 + tau)).sum();
    (sum / weight, weight)
}

/// `Q(τ²)`.
fn scatter(strata: &[(f64, f64)], tau: f64) -> f64 {
    let (mean, _) = pool(strata, tau);
    strata.iter().map(|s| (s.0 - mean).powi(2) / (s.1 + tau)).sum()
}

/// The τ² at which Q is `target`; 0 when Q is below it already without.
fn between(strata: &[(f64, f64)], target: f64) -> f64 {
    if scatter(strata, 0.0) <= target {
        return 0.0;
    }
    let (mut lo, mut hi) = (0.0, 1.0);
    while scatter(strata, hi) > target {
        (lo, hi) = (hi, hi * 2.0);
        if hi.is_infinite() {
            return hi;
        }
    }
    for _ in 0..200 {
        let mid = f64::midpoint(lo, hi);
        if mid <= lo || mid >= hi {
            break;
        }
        if scatter(strata, mid) > target { lo = mid } else { hi = mid }
    }
    f64::midpoint(lo, hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strata(rows: &[(f64, f64)]) -> Vec<Stratum> {
        rows.iter().map(|&(effect, v)| Stratum { effect, error: v.sqrt() }).collect()
    }

    #[test]
    fn statsmodels_agrees() {
        // statsmodels 0.14 combine_effects(effects, variances); Q-profile with SciPy's brentq.
        let rows = [(0.10, 0.03), (0.30, 0.03), (0.35, 0.05), (0.60, 0.01), (0.45, 0.05)];
        let h = heterogeneity(&strata(&rows), Level::P95).unwrap();
        for (what, got, want) in [
            ("pooled", h.pooled, 0.432_258_064_516_129),
            ("error", h.error, 0.069_560_834_364_025_24),
            ("q", h.q, 7.218_279_569_892_466),
            ("p", h.p, 0.124_793_046_346_726_54),
            ("i2", h.i_squared, 0.445_851_333_234_023_04),
            ("tau2", h.tau_squared.1, 0.260_449_711_328_015_6),
            ("i2 upper", h.i_squared_interval.1, 0.903_416_966_068_310_5),
        ] {
            assert!((got / want - 1.0).abs() < 1e-9, "{what}: {got} {want}");
        }
        assert_eq!((h.tau_squared.0, h.i_squared_interval.0), (0.0, 0.0));
        let (lo, hi) = h.interval(Level::P95);
        assert!((lo - 0.295_921_334_6).abs() < 1e-6 && (hi - 0.568_594_794_5).abs() < 1e-6);
    }

    #[test]
    fn equal_effects_have_no_scatter() {
        let h = heterogeneity(&strata(&[(0.2, 0.01), (0.2, 0.04)]), Level::P95).unwrap();
        assert!(h.q < 1e-25 && h.i_squared == 0.0 && h.p > 0.999_999);
        assert!((h.pooled - 0.2).abs() < 1e-15);
        // Opposite effects, known to the third digit: nothing but scatter.
        let h = heterogeneity(&strata(&[(0.2, 1e-6), (-0.2, 1e-6)]), Level::P95).unwrap();
        assert!(h.p < 1e-12 && h.i_squared > 0.99 && h.i_squared_interval.0 > 0.9);
        assert!(h.p_pooled() > 0.99);
    }

    #[test]
    fn scale_changes_nothing() {
        let rows = [(1.0, 0.3), (2.5, 0.2), (0.4, 0.5)];
        let big: Vec<Stratum> = strata(&rows)
            .iter()
            .map(|s| Stratum { effect: s.effect * 1e200, error: s.error * 1e200 })
            .collect();
        let (a, b) = (
            heterogeneity(&strata(&rows), Level::P95).unwrap(),
            heterogeneity(&big, Level::P95).unwrap(),
        );
        assert!((a.q / b.q - 1.0).abs() < 1e-12 && (a.p / b.p - 1.0).abs() < 1e-12);
        assert!((b.pooled / 1e200 / a.pooled - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_weighed_is_refused() {
        let one = strata(&[(1.0, 1.0)]);
        let e = heterogeneity(&one, Level::P95).unwrap_err();
        assert_eq!(e, TestError::TooFewGroups { need: 2, got: 1 });
        assert!(heterogeneity(&strata(&[(1.0, 0.0), (1.0, 1.0)]), Level::P95).is_err());
        assert!(heterogeneity(&strata(&[(f64::NAN, 1.0), (1.0, 1.0)]), Level::P95).is_err());
    }
}
