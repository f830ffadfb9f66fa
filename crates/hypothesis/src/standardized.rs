use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, Sample};

use crate::noncentral_t::noncentral_t_cdf;
use tailproof_core::distributions::{ln_gamma, normal_cdf, normal_quantile};

/// Why a standardized effect does not exist.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EffectError {
    /// The yardstick is zero; the means differ by this much.
    #[error("no spread to measure the difference of {difference} by")]
    NoSpread {
        /// `mean(y) − mean(x)`.
        difference: f64,
    },
    /// A standard deviation needs at least two observations.
    #[error("a standard deviation needs at least two observations")]
    TooFew,
}

impl EffectError {
    /// The limit that the effect tends to: ±∞ when the means differ, 0 when they do not.
    #[must_use]
    pub fn limit(&self) -> f64 {
        match *self {
            Self::NoSpread { difference } if difference != 0.0 => {
                f64::INFINITY.copysign(difference)
            }
            Self::NoSpread { .. } => 0.0,
            Self::TooFew => f64::NAN,
        }
    }
}

/// What standardized effects are made of: two samples, measured from a common origin so that
/// a large offset costs no digits.
#[derive(Clone, Copy, Debug)]
pub struct Standardized {
    n1: f64,
    n2: f64,
    sd1: f64,
    sd2: f64,
    sd1_population: f64,
    sd2_population: f64,
    difference: f64,
}

impl Standardized {
    /// Moments of both samples.
    #[must_use]
    pub fn of(x: &Sample, y: &Sample) -> Self {
        let origin = x.values()[0];
        let shifted = |s: &Sample| -> Vec<f64> { s.values().iter().map(|v| v - origin).collect() };
        let (mut a, mut b) = (shifted(x), shifted(y));
        if !a.iter().chain(&b).all(|v| v.is_finite()) {
            (a, b) = (x.values().to_vec(), y.values().to_vec());
        }
        let (a, b) = (Moments::of_values(&a), Moments::of_values(&b));
        Self {
            n1: a.n(),
            n2: b.n(),
            sd1: a.sd(1),
            sd2: b.sd(1),
            sd1_population: a.sd(0),
            sd2_population: b.sd(0),
            difference: b.mean() - a.mean(),
        }
    }

    /// `mean(y) − mean(x)`.
    #[must_use]
    pub const fn difference(&self) -> f64 {
        self.difference
    }

    /// Pooled sample standard deviation, `√(((n₁−1)s₁² + (n₂−1)s₂²)/(n₁+n₂−2))`.
    #[must_use]
    pub fn pooled_sd(&self) -> f64 {
        let df = self.n1 + self.n2 - 2.0;
        root(self.sd1, self.sd2, (self.n1 - 1.0) / df, (self.n2 - 1.0) / df)
    }

    fn divide(&self, by: f64) -> Result<f64, EffectError> {
        if self.n1 < 2.0 || self.n2 < 2.0 {
            return Err(EffectError::TooFew);
        }
        ratio(self.difference, by)
    }

    /// Cohen's d with the pooled sample standard deviation.
    ///
    /// # Errors
    /// A sample of one value, or no spread.
    pub fn cohens_d(&self) -> Result<f64, EffectError> {
        self.divide(self.pooled_sd())
    }

    /// The difference over `√((s₁² + s₂²)/2)` with sample variances.
    ///
    /// # Errors
    /// A sample of one value, or no spread.
    pub fn cohens_d_average(&self) -> Result<f64, EffectError> {
        self.divide(root(self.sd1, self.sd2, 0.5, 0.5))
    }

    /// The document's form: `√((v₁ + v₂)/2)` with population variances.
    ///
    /// # Errors
    /// No spread.
    pub fn cohens_d_document(&self) -> Result<f64, EffectError> {
        ratio(self.difference, root(self.sd1_population, self.sd2_population, 0.5, 0.5))
    }

    /// Hedges' g: d times `J = Γ(df/2)/(√(df/2) Γ((df−1)/2))`, which removes its bias.
    ///
    /// # Errors
    /// As [`Standardized::cohens_d`].
    pub fn hedges_g(&self) -> Result<f64, EffectError> {
        let df = self.n1 + self.n2 - 2.0;
        let j = (ln_gamma(df / 2.0) - ln_gamma((df - 1.0) / 2.0)).exp() / (df / 2.0).sqrt();
        self.cohens_d().map(|d| d * j)
    }

    /// Hedges' g with `J ≈ 1 − 3/(4df − 1)`.
    ///
    /// # Errors
    /// As [`Standardized::cohens_d`].
    pub fn hedges_g_approximate(&self) -> Result<f64, EffectError> {
        let df = self.n1 + self.n2 - 2.0;
        self.cohens_d().map(|d| d * (1.0 - 3.0 / (4.0 * df - 1.0)))
    }

    /// Large-sample variance of the approximate g,
    /// `N/(n₁n₂) + g²/(2(N − 3.94))`.
    ///
    /// # Errors
    /// As [`Standardized::cohens_d`].
    pub fn hedges_g_variance(&self) -> Result<f64, EffectError> {
        let n = self.n1 + self.n2;
        self.hedges_g_approximate().map(|g| n / (self.n1 * self.n2) + g * g / (2.0 * (n - 3.94)))
    }

    /// Glass' Δ: the difference over the standard deviation of `x`, the control.
    ///
    /// # Errors
    /// A control of one value or without spread.
    pub fn glass_delta(&self) -> Result<f64, EffectError> {
        if self.n1 < 2.0 {
            return Err(EffectError::TooFew);
        }
        ratio(self.difference, self.sd1)
    }

    /// `P(y > x)` for normal data, `Φ(difference/√(s₁² + s₂²))`.
    ///
    /// # Errors
    /// A sample of one value, or no spread.
    pub fn common_language(&self) -> Result<f64, EffectError> {
        self.divide(root(self.sd1, self.sd2, 1.0, 1.0)).map(normal_cdf)
    }

    /// Normal interval `d ± z√(N/(n₁n₂) + d²/(2N))` of Cohen's d.
    ///
    /// # Errors
    /// As [`Standardized::cohens_d`].
    pub fn cohens_d_normal_interval(&self, level: Level) -> Result<(f64, f64), EffectError> {
        let n = self.n1 + self.n2;
        self.cohens_d().map(|d| self.normal_interval(d, 2.0 * n, level))
    }

    /// Normal interval of Glass' Δ, with `2(n₁ − 1)` under its square.
    ///
    /// # Errors
    /// As [`Standardized::glass_delta`].
    pub fn glass_delta_interval(&self, level: Level) -> Result<(f64, f64), EffectError> {
        self.glass_delta().map(|d| self.normal_interval(d, 2.0 * (self.n1 - 1.0), level))
    }

    fn normal_interval(&self, d: f64, weight: f64, level: Level) -> (f64, f64) {
        let se = ((self.n1 + self.n2) / (self.n1 * self.n2) + d * d / weight).sqrt();
        let z = normal_quantile(1.0 - level.alpha().to_f64() / 2.0);
        (d - z * se, d + z * se)
    }
}

/// `√(w₁s₁² + w₂s₂²)` without overflow or underflow of the squares.
fn root(s1: f64, s2: f64, w1: f64, w2: f64) -> f64 {
    let scale = s1.max(s2);
    if scale == 0.0 || !scale.is_finite() {
        return scale;
    }
    let (a, b) = (s1 / scale, s2 / scale);
    scale * (w1 * a * a + w2 * b * b).sqrt()
}

fn ratio(difference: f64, by: f64) -> Result<f64, EffectError> {
    if by > 0.0 { Ok(difference / by) } else { Err(EffectError::NoSpread { difference }) }
}

/// Cohen's d of `y` against `x` with the pooled sample standard deviation.
///
/// ```text
/// d = (ȳ − x̄)/s_p        s_p² = ((n₁−1)s_x² + (n₂−1)s_y²)/(n₁+n₂−2)
/// ```
/// Unitless; positive when `y` is larger.
///
/// # Errors
/// A sample of one value, or no spread: two different constants have no finite d
/// ([`EffectError::limit`] is ±∞).
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis*, §2.5.
pub fn cohens_d(x: &Sample, y: &Sample) -> Result<f64, EffectError> {
    Standardized::of(x, y).cohens_d()
}

/// Cohen's d as document 0 writes it: population variances, averaged without regard to size.
///
/// # Errors
/// No spread.
pub fn cohens_d_document(x: &Sample, y: &Sample) -> Result<f64, EffectError> {
    Standardized::of(x, y).cohens_d_document()
}

/// Hedges' g: Cohen's d without its small-sample bias.
///
/// # Errors
/// As [`cohens_d`].
///
/// # Source
/// Hedges (1981), *J. Educational Statistics* 6(2), 107–128.
pub fn hedges_g(x: &Sample, y: &Sample) -> Result<f64, EffectError> {
    Standardized::of(x, y).hedges_g()
}

/// Glass' Δ of `y` against the control `x`.
///
/// # Errors
/// A control of one value, or without spread.
///
/// # Source
/// Glass (1976), *Educational Researcher* 5(10), 3–8.
pub fn glass_delta(x: &Sample, y: &Sample) -> Result<f64, EffectError> {
    Standardized::of(x, y).glass_delta()
}

/// Interval of Cohen's d by inverting the noncentral t distribution.
///
/// ```text
/// t = d √(n₁n₂/(n₁+n₂)),   P(T ≥ t; λ_lo) = P(T ≤ t; λ_hi) = α/2,   d = λ √((n₁+n₂)/(n₁n₂))
/// ```
/// Exact for normal data of equal variance.
///
/// # Errors
/// As [`cohens_d`].
///
/// # Source
/// Cumming & Finch (2001), *Educational and Psychological Measurement* 61(4), 532–574.
pub fn cohens_d_interval(x: &Sample, y: &Sample, level: Level) -> Result<(f64, f64), EffectError> {
    let parts = Standardized::of(x, y);
    let d = parts.cohens_d()?;
    let df = parts.n1 + parts.n2 - 2.0;
    let k = (parts.n1 * parts.n2 / (parts.n1 + parts.n2)).sqrt();
    let t = d * k;
    let half = level.alpha().to_f64() / 2.0;
    // P(T ≤ t; λ) falls with λ.
    let solve = |p: f64| {
        let reach = 2.0 + t.abs() + 10.0 * (1.0 + t * t / (2.0 * df)).sqrt();
        let (mut lo, mut hi) = (t - reach, t + reach);
        for _ in 0..80 {
            let mid = f64::midpoint(lo, hi);
            if noncentral_t_cdf(t, df, mid) > p { lo = mid } else { hi = mid }
        }
        f64::midpoint(lo, hi) / k
    };
    Ok((solve(1.0 - half), solve(half)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn constants_have_no_finite_effect() {
        let (a, b) = (sample(&[3.0; 4]), sample(&[4.0; 5]));
        let error = cohens_d(&a, &b).unwrap_err();
        assert_eq!(error, EffectError::NoSpread { difference: 1.0 });
        assert_eq!(error.limit(), f64::INFINITY);
        assert_eq!(cohens_d(&a, &a).unwrap_err().limit(), 0.0);
        assert_eq!(cohens_d(&sample(&[1.0]), &b), Err(EffectError::TooFew));
    }

    #[test]
    fn effects_change_sign_with_the_order_and_ignore_scale() {
        let (a, b) = (sample(&[1.0, 2.0, 4.0]), sample(&[3.0, 5.0, 9.0, 4.0]));
        let times =
            |s: &Sample, f: f64| sample(&s.values().iter().map(|x| x * f).collect::<Vec<_>>());
        let d = cohens_d(&a, &b).unwrap();
        assert!((d + cohens_d(&b, &a).unwrap()).abs() < 1e-12);
        for f in [1e-300, 1e300] {
            assert!((cohens_d(&times(&a, f), &times(&b, f)).unwrap() - d).abs() < 1e-12, "{f}");
        }
    }
}
