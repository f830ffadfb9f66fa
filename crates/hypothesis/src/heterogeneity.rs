use tailproof_core::Level;
use tailproof_core::distributions::{
    chi_square_quantile, chi_square_upper, f_upper, normal_cdf, normal_quantile, student_quantile,
    student_two_sided,
};

use crate::error::TestError;

/// One effect on an additive scale, such as a log ratio, with its standard error, taken as known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stratum {
    /// The estimate.
    pub effect: f64,
    /// Its standard error.
    pub error: f64,
}

/// One effect with a standard error that is itself an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The estimate.
    pub effect: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of the error; infinite when it is known.
    pub df: f64,
}

impl From<Stratum> for Estimated {
    fn from(known: Stratum) -> Self {
        Self { effect: known.effect, error: known.error, df: f64::INFINITY }
    }
}

/// What several strata say together, and whether they agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heterogeneity {
    /// The estimate pooled with inverse variances as weights (fixed effect).
    pub pooled: f64,
    /// Its standard error, with the part that estimated weights add (Meier).
    pub error: f64,
    /// Degrees of freedom of that error; infinite when all errors are known.
    pub error_df: f64,
    /// Strata that were left out because their error is 0; [`without_error`] says which.
    pub left_out: usize,
    /// Cochran's Q.
    pub q: f64,
    /// Degrees of freedom of Q: strata less one.
    pub df: f64,
    /// Q over `df`, less what estimated errors add to it (Welch's F).
    pub f: f64,
    /// Degrees of freedom of the denominator of F; infinite when all errors are known.
    pub df2: f64,
    /// p of F: that all strata share one effect. With known errors, of Q against χ².
    pub p: f64,
    /// I²: the share of the scatter of the effects that is beyond their errors, in `[0, 1]`.
    pub i_squared: f64,
    /// Variance of the true effects between strata at both ends of its Q-profile interval.
    pub tau_squared: (f64, f64),
    /// The Q-profile interval of I²; `(0, 1)` bounds nothing.
    pub i_squared_interval: (f64, f64),
}

impl Heterogeneity {
    /// Two-sided interval of the pooled effect, `θ̂ ± t·SE`; z for known errors.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        let half = level.alpha().to_f64() / 2.0;
        let quantile = if self.error_df.is_finite() {
            student_quantile(half, self.error_df)
        } else {
            normal_quantile(half)
        };
        let reach = -quantile * self.error;
        (self.pooled - reach, self.pooled + reach)
    }

    /// Two-sided p that the pooled effect is 0.
    #[must_use]
    pub fn p_pooled(&self) -> f64 {
        let t = self.pooled / self.error;
        if self.error_df.is_finite() {
            return student_two_sided(t, self.error_df);
        }
        (2.0 * normal_cdf(-t.abs())).min(1.0)
    }
}

/// Which strata have an error of 0, and so cannot be weighed.
#[must_use]
pub fn without_error<S: Copy + Into<Estimated>>(strata: &[S]) -> Vec<usize> {
    (0..strata.len()).filter(|&i| strata[i].into().error == 0.0).collect()
}

/// Pools the effects of strata, and asks whether they are one effect.
///
/// ```text
/// wᵢ = 1/SEᵢ²     W = Σwᵢ     θ̂ = Σwᵢθᵢ/W     Q = Σwᵢ(θᵢ − θ̂)²
/// F  = Q/(k−1) / (1 + 2(k−2)L/(k²−1))       on k−1 and (k²−1)/(3L) degrees of freedom
/// L  = Σ(1 − wᵢ/W)²/νᵢ                      νᵢ degrees of freedom of SEᵢ
/// SE = √(1 + 4Σ(wᵢ/W)(1 − wᵢ/W)/νᵢ)/√W      t on 1/Σ((wᵢ/W)²/νᵢ) degrees of freedom
/// I² = max(0, (Q − (k−1))/Q)                0 for Q = 0
/// ```
/// With known errors ([`Stratum`], or infinite ν) these are Q against χ² and `θ̂ ± z/√W`. With
/// errors that were estimated ([`Estimated`]) those would find differences too often and pooled
/// intervals would be too narrow: for three strata of three values each, 14 % at 5 % and 82 %
/// at 95 %. Strata whose error is 0 would take all weight, and are left out.
///
/// The interval at `level` is that of the variance τ² between strata by the Q-profile, carried
/// over to I² with the typical variance s² within strata:
/// ```text
/// Q(τ²) = Σ(θᵢ − θ̂(τ²))²/(SEᵢ² + τ²)  falls in τ²
/// lower end: Q(τ²) = χ²_{1−α/2}      upper end: Q(τ²) = χ²_{α/2}      0 where Q(0) is below
/// s² = (k−1)Σwᵢ/((Σwᵢ)² − Σwᵢ²)      I² = τ²/(τ² + s²)
/// ```
/// The Q-profile is exact for normal effects with known errors, too narrow for few degrees of
/// freedom. F itself has little power with
/// few strata: a large p does not show that strata agree.
///
/// # Errors
/// Fewer than two strata with an error above 0, or an effect or error that is not finite, a
/// negative error, or degrees of freedom that are not above 0.
///
/// # Source
/// Cochran (1954), *Biometrics* 10(1), 101–129; Higgins & Thompson (2002), *Statistics in
/// Medicine* 21(11), 1539–1558; Viechtbauer (2007), *Statistics in Medicine* 26(1), 37–52; F:
/// Welch (1951), *Biometrika* 38(3–4), 330–336; SE: Meier (1953), *Biometrics* 9(1), 59–73.
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
pub fn heterogeneity<S: Copy + Into<Estimated>>(
    strata: &[S],
    level: Level,
) -> Result<Heterogeneity, TestError> {
    let all = strata.len();
    let strata: Vec<Estimated> =
        strata.iter().map(|&s| s.into()).filter(|s: &Estimated| s.error != 0.0).collect();
    if strata.len() < 2 {
        return Err(TestError::TooFewGroups { need: 2, got: strata.len() });
    }
    for stratum in &strata {
        if !stratum.effect.is_finite() {
            let (name, must) = ("the effect of a stratum", "finite");
            return Err(TestError::Parameter { name, must, got: stratum.effect });
        }
        if !(stratum.error > 0.0 && stratum.error.is_finite()) {
            let (name, must) = ("the error of a stratum", "above 0 and finite");
            return Err(TestError::Parameter { name, must, got: stratum.error });
        }
        if stratum.df.is_nan() || stratum.df <= 0.0 {
            let (name, must) = ("the degrees of freedom of a stratum", "above 0");
            return Err(TestError::Parameter { name, must, got: stratum.df });
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
    // Of each stratum, its share of the weight and what one degree of freedom is worth.
    let shares: Vec<(f64, f64)> =
        scaled.iter().zip(&strata).map(|(s, e)| (1.0 / s.1 / weight, 1.0 / e.df)).collect();
    let sum = |of: fn(f64) -> f64| shares.iter().map(|&(w, v)| of(w) * v).sum::<f64>();
    let lambda = sum(|w| (1.0 - w).powi(2));
    let k = df + 1.0;
    let f = q / df / (1.0 + 2.0 * (k - 2.0) * lambda / (k * k - 1.0));
    let df2 = (k * k - 1.0) / (3.0 * lambda);
    let wider = (1.0 + 4.0 * sum(|w| w * (1.0 - w))).sqrt();
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
        error: unit * wider / weight.sqrt(),
        error_df: 1.0 / sum(|w| w * w),
        left_out: all - strata.len(),
        q,
        df,
        f,
        df2,
        p: if df2.is_finite() { f_upper(f, df, df2) } else { chi_square_upper(q, df) },
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
    fn estimated_errors_keep_the_level() {
        let moments = |x: [f64; 3]| {
            let mean = x.iter().sum::<f64>() / 3.0;
            (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 6.0)
        };
        let mut rng = StdNormal(1);
        let (mut differ, mut covered, mut old) = (0, 0, 0);
        for _ in 0..2_000 {
            let strata: Vec<Estimated> = (0..3)
                .map(|_| {
                    // The difference of two means of three.
                    let (x, u) = moments([rng.next(), rng.next(), rng.next()]);
                    let (y, v) = moments([rng.next(), rng.next(), rng.next()]);
                    let df = 2.0 * (u + v).powi(2) / (u * u + v * v);
                    Estimated { effect: y - x, error: (u + v).sqrt(), df }
                })
                .collect();
            let h = heterogeneity(&strata, Level::P95).unwrap();
            let (lo, hi) = h.interval(Level::P95);
            differ += i32::from(h.p <= 0.05);
            covered += i32::from(lo <= 0.0 && 0.0 <= hi);
            old += i32::from(chi_square_upper(h.q, h.df) <= 0.05);
        }
        // χ² finds 14 % of differences that are none; 82 % would be covered.
        assert!(old > 240 && differ <= 130 && covered >= 1_840, "{old} {differ} {covered}");
    }

    #[test]
    fn two_strata_are_welchs_test() {
        // Variances 1 and 4 of 5 and 9 values: SciPy's ttest_ind_from_stats(1, 1, 5, 3, 2, 9,
        // equal_var=False).
        let strata = [(1.0, 1.0, 5.0), (3.0, 2.0, 9.0)].map(|(effect, sd, n): (f64, f64, f64)| {
            Estimated { effect, error: sd / n.sqrt(), df: n - 1.0 }
        });
        let h = heterogeneity(&strata, Level::P95).unwrap();
        let variances = (0.2_f64, 4.0 / 9.0);
        let df = (variances.0 + variances.1).powi(2)
            / (variances.0.powi(2) / 4.0 + variances.1.powi(2) / 8.0);
        let t = 2.0 / (variances.0 + variances.1).sqrt();
        assert!((h.f - t * t).abs() < 1e-12 && (h.df2 - df).abs() < 1e-9);
        assert!((h.p - student_two_sided(t, df)).abs() < 1e-12);
    }

    #[test]
    fn a_stratum_without_error_is_left_out() {
        let rows = [(1.0, 0.3), (7.0, 0.0), (0.4, 0.5)];
        let h = heterogeneity(&strata(&rows), Level::P95).unwrap();
        let rest = heterogeneity(&strata(&[rows[0], rows[2]]), Level::P95).unwrap();
        assert_eq!((h.left_out, h.q, h.pooled, h.df), (1, rest.q, rest.pooled, 1.0));
        assert_eq!(without_error(&strata(&rows)), [1]);
    }

    /// Sums of twelve uniform numbers.
    struct StdNormal(u64);

    impl StdNormal {
        fn next(&mut self) -> f64 {
            let mut sum = -6.0;
            for _ in 0..12 {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
                sum += (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
            }
            sum
        }
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
