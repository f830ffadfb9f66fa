//! The continuous distributions that tests are made of: both tails with relative precision,
//! and quantiles.
//!
//! | Distribution  | Tails                                     | Quantile                |
//! | ------------- | ----------------------------------------- | ----------------------- |
//! | normal        | [`normal_cdf`], [`normal_density`]        | [`normal_quantile`]     |
//! | Student's t   | [`student_cdf`], [`student_two_sided`]    | [`student_quantile`]    |
//! | χ²            | [`chi_square_upper`]                      | [`chi_square_quantile`] |
//! | F             | [`f_upper`]                               |                         |
//! | Beta          | [`beta_cdf`], [`beta_upper`]              | [`beta_quantile`]       |
//!
//! A tail of 10⁻³⁰⁰ has as many digits as one of 0.3: factors are formed from Stirling errors
//! and deviances as in [`crate::binomial`], not from differences of large logarithms.
//!
//! # Source
//! NIST DLMF 8.9, 8.11, 8.17; Loader (2000).

use crate::binomial::{deviance, fraction, stirling_error};

/// Distribution function of the standard normal distribution; `normal_cdf(-z)` is its upper
/// tail, with full relative precision.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Density of the standard normal distribution.
#[must_use]
pub fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// Quantile of the standard normal distribution; ∓∞ at 0 and 1, NaN outside.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    if tail == 0.0 {
        return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // Abramowitz & Stegun 26.2.23, within 4.5·10⁻⁴, then Halley's method on the small tail.
    let t = (-2.0 * tail.ln()).sqrt();
    let top = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let bottom = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = top / bottom - t;
    for _ in 0..3 {
        let step = (normal_cdf(z) - tail) / normal_density(z);
        z -= step / (1.0 + z * step / 2.0);
    }
    if p < 0.5 { z } else { -z }
}

/// `ln Γ(x)` for `x > 0`.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// `P(T ≤ t)` of Student's distribution with `df > 0` degrees of freedom; the upper tail is
/// `student_cdf(-t, df)`.
///
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn student_cdf(t: f64, df: f64) -> f64 {
    let half = student_two_sided(t, df) / 2.0;
    if t < 0.0 { half } else { 1.0 - half }
}

/// `P(|T| ≥ |t|)` of Student's distribution with `df > 0` degrees of freedom.
///
/// ```text
/// P(|T| ≥ |t|) = I_{df/(df+t²)}(df/2, ½)
/// ```
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn student_two_sided(t: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are positive, got {df}");
    if t.is_infinite() {
        return 0.0;
    }
    // t² beside df, in a form that neither overflows nor loses the small share.
    let r = t / df.sqrt();
    if r.abs() > 1e150 {
        // I_x(a, ½) ≈ x^a / (a B(a, ½)) for tiny x.
        let a = df / 2.0;
        let ln_beta = ln_gamma(a) + ln_gamma(0.5) - ln_gamma(a + 0.5);
        return (-2.0 * a * r.abs().ln() - a.ln() - ln_beta).exp();
    }
    let s = r * r;
    incomplete_beta(df / 2.0, 0.5, 1.0 / (1.0 + s), s / (1.0 + s)).0
}

/// Quantile of Student's distribution with `df > 0` degrees of freedom; ∓∞ at 0 and 1.
///
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn student_quantile(p: f64, df: f64) -> f64 {
    // The lower tail has relative precision; the upper is its mirror.
    let tail = p.min(1.0 - p);
    if tail <= 0.0 {
        return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let (mut near, mut far) = (0.0, 1.0);
    while student_two_sided(far, df) / 2.0 > tail {
        near = far;
        far *= 2.0;
        if far > 1e300 {
            return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
        }
    }
    let t = bisect(near, far, |t| student_two_sided(t, df) / 2.0 <= tail);
    if p < 0.5 { -t } else { t }
}

/// `P(X ≥ x)` of the χ² distribution with `df > 0` degrees of freedom.
///
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn chi_square_upper(x: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are positive, got {df}");
    gamma_tails(df / 2.0, x / 2.0).1
}

/// Quantile of the χ² distribution; 0 and ∞ at 0 and 1.
///
/// # Panics
/// `df` is not positive.
#[must_use]
pub fn chi_square_quantile(p: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are positive, got {df}");
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { 0.0 } else { f64::INFINITY };
    }
    let reached = |ln: f64| {
        let (lower, upper) = gamma_tails(df / 2.0, ln.exp() / 2.0);
        if p < 0.5 { lower >= p } else { upper <= 1.0 - p }
    };
    bisect(-700.0, 700.0, reached).exp()
}

/// `P(F ≥ x)` of the F distribution with `df1, df2 > 0` degrees of freedom.
///
/// # Panics
/// A number of degrees of freedom is not positive.
#[must_use]
pub fn f_upper(x: f64, df1: f64, df2: f64) -> f64 {
    assert!(df1 > 0.0 && df2 > 0.0, "degrees of freedom are positive, got {df1} and {df2}");
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    // P(F ≥ x) = I_{df2/(df2 + df1 x)}(df2/2, df1/2)
    let r = df1 / df2 * x;
    incomplete_beta(df2 / 2.0, df1 / 2.0, 1.0 / (1.0 + r), r / (1.0 + r)).0
}

/// `P(X ≤ x) = I_x(a, b)` of the Beta distribution, `a, b > 0`.
///
/// # Panics
/// A shape is not positive.
#[must_use]
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    incomplete_beta(a, b, x, 1.0 - x).0
}

/// `P(X ≥ x)` of the Beta distribution, `a, b > 0`.
///
/// # Panics
/// A shape is not positive.
#[must_use]
pub fn beta_upper(x: f64, a: f64, b: f64) -> f64 {
    incomplete_beta(a, b, x, 1.0 - x).1
}

/// Quantile of the Beta distribution, `a, b > 0`; 0 and 1 at 0 and 1.
///
/// # Panics
/// A shape is not positive.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { 0.0 } else { 1.0 };
    }
    // On the log-odds scale, where both ends have room.
    let share = |t: f64| if t < 0.0 { t.exp() / (1.0 + t.exp()) } else { 1.0 / (1.0 + (-t).exp()) };
    let reached = |t: f64| {
        let (lower, upper) = incomplete_beta(a, b, share(t), share(-t));
        if p < 0.5 { lower >= p } else { upper <= 1.0 - p }
    };
    share(bisect(-740.0, 740.0, reached))
}

/// `ln C(n, k)` for real arguments.
#[must_use]
pub fn ln_choose(n: f64, k: f64) -> f64 {
    if k == 0.0 || k == n {
        return 0.0;
    }
    let rest = n - k;
    0.5 * (n / (std::f64::consts::TAU * k * rest)).ln() + stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        + k * (n / k).ln()
        + rest * (n / rest).ln()
}

/// The point between `lo` and `hi` at which a monotone condition becomes true.
fn bisect(mut lo: f64, mut hi: f64, reached: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let mid = f64::midpoint(lo, hi);
        if mid <= lo || mid >= hi {
            break;
        }
        if reached(mid) { hi = mid } else { lo = mid }
    }
    f64::midpoint(lo, hi)
}

/// `I_x(a, b)` and its complement; `y = 1 − x` is passed so that neither is formed by
/// cancellation.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    assert!(a > 0.0 && b > 0.0, "shapes are positive, got {a} and {b}");
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    let n = a + b;
    // x^a y^b Γ(n+1)/(Γ(a+1)Γ(b+1)), a binomial mass at real arguments.
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    let mass = (n / (std::f64::consts::TAU * a * b)).sqrt() * exponent.exp();
    if x * n < a {
        let lower = (mass * b / n * fraction(a, b, x)).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (mass * a / n * fraction(b, a, y)).min(1.0);
        (1.0 - upper, upper)
    }
}

/// Lower and upper tail of the Gamma distribution with shape `a` and scale 1.
fn gamma_tails(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    // x^a e^{−x}/Γ(a+1), a Poisson mass at a real argument.
    let mass = (-stirling_error(a) - deviance(a, x)).exp() / (std::f64::consts::TAU * a).sqrt();
    if x < a + 1.0 {
        // Σ x^k / ((a+1)…(a+k)), DLMF 8.11.4.
        let (mut term, mut sum, mut k) = (1.0, 1.0, a);
        while term > 1e-17 * sum {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        let lower = (mass * sum).min(1.0);
        (lower, 1.0 - lower)
    } else {
        // The continued fraction of Γ(a, x), DLMF 8.9.2, by the modified Lentz method.
        let mut b = x + 1.0 - a;
        let mut c = 1e300;
        let mut d = 1.0 / b;
        let mut h = d;
        let mut i = 0.0;
        loop {
            i += 1.0;
            let numerator = -i * (i - a);
            b += 2.0;
            let guard = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
            d = 1.0 / guard(numerator * d + b);
            c = guard(b + numerator / c);
            let step = d * c;
            h *= step;
            if (step - 1.0).abs() < 1e-15 || i > 1e6 {
                break;
            }
        }
        let upper = (mass * a * h).min(1.0);
        (1.0 - upper, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textbook_values() {
        // mpmath at 40 digits.
        for (got, want) in [
            (normal_quantile(0.975), 1.959_963_984_540_054),
            (normal_quantile(1e-12), -7.034_483_825_301_132),
            (normal_cdf(-10.0), 7.619_853_024_160_526e-24),
            (student_quantile(0.975, 10.0), 2.228_138_851_986_274),
            (student_quantile(0.025, 3.5), -2.940_088_637_982_729_6),
            (student_two_sided(2.228_138_851_986_274, 10.0), 0.05),
            (chi_square_quantile(0.95, 3.0), 7.814_727_903_251_179),
        ] {
            assert!((got / want - 1.0_f64).abs() < 1e-12, "{got} {want}");
        }
        assert!(normal_quantile(1.5).is_nan());
    }

    #[test]
    fn tails_and_quantiles_are_inverses() {
        for (a, b) in [(0.5, 0.5), (3.0, 900.0), (2.5, 1e6), (1e5, 2e5)] {
            for p in [1e-12, 0.003, 0.5, 0.97] {
                let x = beta_quantile(p, a, b);
                assert!((beta_cdf(x, a, b) / p - 1.0).abs() < 1e-9, "{a} {b} {p} {x}");
                assert!((beta_cdf(x, a, b) + beta_upper(x, a, b) - 1.0).abs() < 1e-14);
            }
        }
        for df in [0.5, 1.0, 7.3, 1e5] {
            for p in [1e-9, 0.2, 0.9] {
                let (x, t) = (chi_square_quantile(p, df), student_quantile(p, df));
                assert!((1.0 - chi_square_upper(x, df) - p).abs() < 1e-10, "{df} {p}");
                assert!((student_cdf(t, df) / p - 1.0).abs() < 1e-10, "{df} {p}");
            }
        }
    }

    #[test]
    fn choosing_agrees_with_counting() {
        assert!((ln_choose(52.0, 5.0).exp() / 2_598_960.0 - 1.0).abs() < 1e-13);
        assert_eq!(ln_choose(4.0, 0.0), 0.0);
    }
}
