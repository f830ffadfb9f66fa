use std::f64::consts::PI;

use tailproof_core::Sample;
use tailproof_core::distributions::{normal_cdf, normal_quantile};

use crate::error::TestError;
use crate::groups::{all_equal, mean_of, power_of_two};

/// Outcome of the Shapiro–Wilk test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapiroWilk {
    /// `W`, at most 1; small for data that are not normal.
    pub w: f64,
    /// p-value of Royston's approximation (exact for three observations).
    pub p: f64,
}

/// The Shapiro–Wilk test: could the sample come from a normal distribution?
///
/// ```text
/// W = (Σ aᵢ x₍ᵢ₎)² / Σ (xᵢ − x̄)²      a from normal order statistics, Σaᵢ² = 1
/// n = 3:        p = (6/π)(asin √W − asin √¾)
/// 4 ≤ n ≤ 11:   z = (−ln(γ − ln(1 − W)) − μ)/σ      γ, μ, σ polynomials in n
/// n ≥ 12:       z = (ln(1 − W) − μ)/σ                μ, σ polynomials in ln n      p = 1 − Φ(z)
/// ```
/// Latencies are never normal: with enough observations the test always says so. It answers
/// whether a normal law is a bad description, not whether a mean may be tested. Rounded data are
/// rejected for their ties. `1 − W` is formed from differences, so that W near 1 keeps digits.
///
/// # Errors
/// Fewer than 3 observations; more than 5 000, for which the approximation was not made
/// ([`TestError::Parameter`]); all observations equal.
///
/// # Source
/// Shapiro & Wilk (1965), *Biometrika* 52(3–4), 591–611; Royston (1995), algorithm AS R94,
/// *Applied Statistics* 44(4), 547–551.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::shapiro_wilk;
///
/// // Weights of eleven men, from the paper of Shapiro and Wilk.
/// let weights = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236];
/// let test = shapiro_wilk(&Sample::new(weights.map(f64::from).to_vec())?)?;
/// assert!((test.w - 0.7888).abs() < 1e-4 && (test.p - 0.0067).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shapiro_wilk(sample: &Sample) -> Result<ShapiroWilk, TestError> {
    let n = sample.len();
    if n < 3 {
        return Err(TestError::TooFew { need: 3, got: n });
    }
    if n > 5_000 {
        let got = n as f64;
        return Err(TestError::Parameter { name: "sample size", must: "at most 5000", got });
    }
    let sorted = sample.sorted();
    if all_equal(sorted) {
        return Err(TestError::NoSpread);
    }
    // Scaled, centred on a value and then on the mean; twice, as only the first is near.
    let scale = power_of_two(sorted.iter().copied());
    let origin = sorted[0] / scale;
    let shifted: Vec<f64> = sorted.iter().map(|x| x / scale - origin).collect();
    let largest = shifted[n - 1];
    let shares: Vec<f64> = shifted.iter().map(|x| x / largest).collect();
    let mean = mean_of(&shares);
    let x = unit(shares.iter().map(|x| x - mean).collect());
    let a = unit(weights(n));
    // For unit vectors 1 − r = |x − a|²/2 and 1 − W = (1 − r)(1 + r).
    let gap = x.iter().zip(&a).map(|(x, a)| (x - a) * (x - a)).sum::<f64>() / 2.0;
    let rest = gap * (2.0 - gap);
    Ok(ShapiroWilk { w: 1.0 - rest, p: p_value(rest, n) })
}

fn unit(mut vector: Vec<f64>) -> Vec<f64> {
    let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    for v in &mut vector {
        *v /= length;
    }
    vector
}

/// `c₀ + c₁x + c₂x² + …`
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Royston's weights of the order statistics, up to rounding of unit length.
fn weights(n: usize) -> Vec<f64> {
    const LAST: [f64; 6] = [0.0, 0.221_157, -0.147_981, -2.071_19, 4.434_685, -2.706_056];
    const NEXT: [f64; 6] = [0.0, 0.042_981, -0.293_762, -1.752_461, 5.682_633, -3.582_633];
    if n == 3 {
        return vec![-1.0, 0.0, 1.0];
    }
    let count = n as f64;
    // Blom's scores, antisymmetric by construction.
    let mut m: Vec<f64> =
        (1..=n).map(|i| normal_quantile((i as f64 - 0.375) / (count + 0.25))).collect();
    for i in 0..n / 2 {
        m[n - 1 - i] = -m[i];
    }
    let squares: f64 = m.iter().map(|v| v * v).sum();
    let (length, u) = (squares.sqrt(), 1.0 / count.sqrt());
    let (top, second) = (m[n - 1], m[n - 2]);
    let last = polynomial(&LAST, u) + top / length;
    let mut rest = (squares - 2.0 * top * top, 1.0 - 2.0 * last * last);
    let next = polynomial(&NEXT, u) + second / length;
    if n > 5 {
        rest = (rest.0 - 2.0 * second * second, rest.1 - 2.0 * next * next);
    }
    let divisor = (rest.0 / rest.1).sqrt();
    let mut a: Vec<f64> = m.iter().map(|v| v / divisor).collect();
    (a[0], a[n - 1]) = (-last, last);
    if n > 5 {
        (a[1], a[n - 2]) = (-next, next);
    }
    a
}

/// `rest` is `1 − W`.
fn p_value(rest: f64, n: usize) -> f64 {
    const SMALL_MEAN: [f64; 4] = [0.544, -0.399_78, 0.025_054, -0.000_671_4];
    const SMALL_SD: [f64; 4] = [1.382_2, -0.778_57, 0.062_767, -0.002_032_2];
    const LARGE_MEAN: [f64; 4] = [-1.586_1, -0.310_82, -0.083_751, 0.003_891_5];
    const LARGE_SD: [f64; 3] = [-0.480_3, -0.082_676, 0.003_030_2];
    let count = n as f64;
    if n == 3 {
        // W is at least 3/4, and asin √W = π/2 − asin √(1 − W); rounding can overstep.
        let p = 6.0 / PI * (PI / 2.0 - rest.sqrt().asin() - 0.75_f64.sqrt().asin());
        return p.clamp(0.0, 1.0);
    }
    let (value, mean, sd) = if n <= 11 {
        // γ exceeds every ln(1 − W): 1 − W < 1, and for n = 4 W is at least 0.63.
        let gamma = -2.273 + 0.459 * count;
        let value = -(gamma - rest.ln()).ln();
        (value, polynomial(&SMALL_MEAN, count), polynomial(&SMALL_SD, count).exp())
    } else {
        let ln = count.ln();
        (rest.ln(), polynomial(&LARGE_MEAN, ln), polynomial(&LARGE_SD, ln).exp())
    };
    normal_cdf(-(value - mean) / sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: Vec<f64>, w: f64, p: f64) {
        let got = shapiro_wilk(&Sample::new(values).unwrap()).unwrap();
        // SciPy's normal quantiles have seven digits.
        assert!((got.w - w).abs() < 1e-7, "{got:?} {w}");
        assert!((got.p / p - 1.0).abs() < 1e-5, "{got:?} {p}");
    }

    #[test]
    fn values_of_scipy() {
        // scipy 1.17.1, scipy.stats.shapiro.
        check(vec![1.0, 2.0, 4.0], 0.964_285_714_285_714_2, 0.636_886_845_028_968_9);
        let digits = vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        check(digits, 0.927_724_179_714_73, 0.495_596_912_863_489_7);
        let mut outlier: Vec<f64> = (1..20).map(f64::from).collect();
        outlier.push(40.0);
        check(outlier, 0.846_872_832_183_264_9, 0.004_726_572_624_666_267_6);
        let squares = (0..60).map(|i| f64::from(i * i % 37)).collect();
        check(squares, 0.908_966_761_333_012_6, 0.000_283_744_307_074_362_14);
    }

    #[test]
    fn neither_scale_nor_offset_matters() {
        let of = |scale: f64, offset: f64| {
            let values = [3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0].map(|v| v * scale + offset);
            shapiro_wilk(&Sample::new(values.to_vec()).unwrap()).unwrap().w
        };
        for (scale, offset) in [(1e300, 0.0), (-1e-300, 0.0), (1.0 / 1_024.0, 1e9)] {
            assert!((of(scale, offset) - of(1.0, 0.0)).abs() < 1e-12, "{scale:e} {offset:e}");
        }
    }

    #[test]
    fn sizes_out_of_range_and_constants_are_errors() {
        let of = |values: Vec<f64>| shapiro_wilk(&Sample::new(values).unwrap());
        assert_eq!(of(vec![1.0, 2.0]), Err(TestError::TooFew { need: 3, got: 2 }));
        assert_eq!(of(vec![2.0; 9]), Err(TestError::NoSpread));
        let many = (0..5_001).map(f64::from).collect();
        assert!(matches!(of(many), Err(TestError::Parameter { .. })));
        // Two equal values of three are as far from normal as three values can be: W = 3/4.
        let far = of(vec![1.0, 1.0, 2.0]).unwrap();
        assert!((far.w - 0.75).abs() < 1e-12 && far.p < 1e-7);
    }
}
