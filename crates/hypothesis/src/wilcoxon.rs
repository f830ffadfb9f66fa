use tailproof_core::Sample;
use tailproof_core::distributions::normal_cdf;

use crate::error::TestError;
use crate::mann_whitney::Method;
use crate::p_values::PValues;
use crate::ranks::{midranks, tie_sum};

/// Most non-zero differences for which the sign flips are counted: 7·10⁶ additions.
const FLIP_LIMIT: usize = 300;

/// What becomes of pairs without a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroHandling {
    /// They are dropped before ranking (Wilcoxon 1945).
    Wilcox,
    /// They take the lowest ranks, and these ranks are dropped (Pratt 1959; Cureton 1967).
    Pratt,
    /// They take the lowest ranks, half of them on either side.
    ZSplit,
}

/// Outcome of the Wilcoxon signed-rank test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wilcoxon {
    /// Sum of the ranks of the differences `y − x` above 0, zeros dropped.
    pub w_plus: f64,
    /// Sum of the ranks of the differences below 0.
    pub w_minus: f64,
    /// Pairs with `y > x`.
    pub positive: usize,
    /// Pairs with `y < x`.
    pub negative: usize,
    /// Pairs with `y = x`.
    pub zero: usize,
    /// The p-values of the method in `method`.
    pub p: PValues,
    /// Exact (`sign_flip`) for at most 300 non-zero differences; otherwise the normal
    /// approximation without zeros, with continuity correction.
    pub method: Method,
    /// From all `2^m` equally likely signs of the mid-ranks of the m non-zero differences;
    /// `None` for m > 300.
    pub sign_flip: Option<PValues>,
    /// `Σ(t³ − t)` over tied magnitudes of the non-zero differences.
    ties: f64,
}

/// The Wilcoxon signed-rank test of paired samples.
///
/// ```text
/// dᵢ = yᵢ − xᵢ      W⁺ = Σ rank|dᵢ| over dᵢ > 0, without the zeros, ties at mid-ranks
/// exact: under H₀ every sign is a fair coin, P(W⁺ ≤ w) = #{sign patterns with W⁺ ≤ w} / 2^m
/// ```
/// Tests that the differences are symmetric about 0. The sign patterns are counted by a
/// recursion over the doubled ranks, which serves ties as well as distinct values; zeros keep
/// their place under the null and are left out. `less` says that the first sample is the
/// smaller one. When all differences are 0 every p is 1. Magnitudes are compared as computed:
/// decimal data whose differences should tie may differ in the last bit.
///
/// # Errors
/// Samples of different lengths.
///
/// # Source
/// Wilcoxon (1945), *Biometrics Bulletin* 1(6), 80–83; ties and the exact distribution:
/// Lehmann (2006), *Nonparametrics*, §3.2; Pratt (1959), *JASA* 54, 655–667; Cureton (1967),
/// *JASA* 62, 1068–1069.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::wilcoxon_signed_rank;
///
/// let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3, 13.0])?; // ms
/// let after = Sample::new(vec![11.0, 11.5, 11.9, 12.1, 11.2])?;
/// let test = wilcoxon_signed_rank(&before, &after)?;
/// assert_eq!((test.w_plus, test.w_minus), (0.0, 15.0));
/// assert_eq!((test.p.greater, test.p.two_sided), (1.0 / 32.0, 1.0 / 16.0)); // 1 of 2⁵, twice.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wilcoxon_signed_rank(x: &Sample, y: &Sample) -> Result<Wilcoxon, TestError> {
    if x.len() != y.len() {
        return Err(TestError::Lengths(x.len(), y.len()));
    }
    let pairs = || x.values().iter().copied().zip(y.values().iter().copied());
    // Opposite values near the largest double: halves have a finite difference.
    let unit = if pairs().all(|(a, b)| (b - a).is_finite()) { 1.0 } else { 0.5 };
    let (mut magnitudes, mut rises) = (Vec::new(), Vec::new());
    for (a, b) in pairs().filter(|(a, b)| a != b) {
        magnitudes.push((b * unit - a * unit).abs());
        rises.push(b > a);
    }
    let ranks = midranks(&magnitudes);
    let (mut w_plus, mut w_minus) = (0.0_f64, 0.0_f64);
    for (rank, &rise) in ranks.iter().zip(&rises) {
        if rise {
            w_plus += rank;
        } else {
            w_minus += rank;
        }
    }
    let positive = rises.iter().filter(|&&rise| rise).count();
    let mut test = Wilcoxon {
        w_plus,
        w_minus,
        positive,
        negative: rises.len() - positive,
        zero: x.len() - rises.len(),
        p: PValues { two_sided: 1.0, less: 1.0, greater: 1.0 },
        method: Method::Exact,
        sign_flip: sign_flip(&ranks, w_plus, w_minus),
        ties: tie_sum(&magnitudes),
    };
    if let Some(p) = test.sign_flip {
        test.p = p;
    } else if let Some(p) = test.normal(ZeroHandling::Wilcox, true) {
        test.p = p;
        test.method = Method::Normal;
    }
    Ok(test)
}

impl Wilcoxon {
    /// The normal approximation, with or without continuity correction.
    ///
    /// ```text
    /// z = (W⁺ − E W⁺ ∓ ½)/σ      n = m + z₀ pairs, z₀ zeros, S(k) = k(k + 1)(2k + 1)
    /// Wilcox   σ² = (S(m) − Σ(t³ − t)/2)/24
    /// Pratt    σ² = (S(n) − S(z₀) − Σ(t³ − t)/2)/24
    /// ZSplit   σ² = (S(n) − Σ(t³ − t)/2 − (z₀³ − z₀)/2)/24
    /// ```
    /// `None` when σ is 0: no non-zero difference, with [`ZeroHandling::Wilcox`] or
    /// [`ZeroHandling::Pratt`].
    #[must_use]
    pub fn normal(&self, zeros: ZeroHandling, continuity: bool) -> Option<PValues> {
        let squares = |k: f64| k * (k + 1.0) * (2.0 * k + 1.0);
        let z = self.zero as f64;
        let m = (self.positive + self.negative) as f64;
        // Zeros that are ranked lift every other rank by their number.
        let (lift, sum) = match zeros {
            ZeroHandling::Wilcox => (0.0, squares(m)),
            ZeroHandling::Pratt => (z, squares(m + z) - squares(z)),
            ZeroHandling::ZSplit => (z, squares(m + z) - z * (z * z - 1.0) / 2.0),
        };
        let variance = (sum - self.ties / 2.0) / 24.0;
        if variance <= 0.0 {
            return None;
        }
        // Half of the total is the mean, zeros on neither side or on both alike.
        let signs = self.positive as f64 - self.negative as f64;
        let deviation = 0.5 * (self.w_plus - self.w_minus + lift * signs);
        let correction = if continuity { 0.5 } else { 0.0 };
        let tail = |above: f64| normal_cdf(-(above - correction) / variance.sqrt());
        let (less, greater) = (tail(deviation), tail(-deviation));
        Some(PValues { two_sided: (2.0 * less.min(greater)).min(1.0), less, greater })
    }

    /// The exact p-values of the textbook: differences without zeros and without ties;
    /// `None` with either, or above 300 pairs.
    #[must_use]
    pub fn exact(&self) -> Option<PValues> {
        self.sign_flip.filter(|_| self.zero == 0 && self.ties == 0.0)
    }
}

/// The p-values over all signs of `ranks`, which are multiples of ½.
fn sign_flip(ranks: &[f64], w_plus: f64, w_minus: f64) -> Option<PValues> {
    if ranks.len() > FLIP_LIMIT {
        return None;
    }
    // The law is symmetric, so only sums up to the smaller of the two are needed.
    let smaller = (2.0 * w_plus.min(w_minus)) as usize;
    let mut counts = vec![0.0_f64; smaller + 1]; // Of sign patterns: below 2^300.
    counts[0] = 1.0;
    for rank in ranks {
        let doubled = (2.0 * rank) as usize;
        for sum in (doubled..=smaller).rev() {
            counts[sum] += counts[sum - doubled];
        }
    }
    let patterns = 2.0_f64.powi(ranks.len() as i32);
    let below: f64 = counts[..smaller].iter().sum();
    let small = (below + counts[smaller]) / patterns;
    let large = if w_plus == w_minus { small } else { 1.0 - below / patterns };
    let (less, greater) = if w_plus >= w_minus { (small, large) } else { (large, small) };
    Some(PValues { two_sided: (2.0 * small).min(1.0), less, greater })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(differences: &[f64]) -> Wilcoxon {
        let zeros = Sample::new(vec![0.0; differences.len()]).unwrap();
        wilcoxon_signed_rank(&zeros, &Sample::new(differences.to_vec()).unwrap()).unwrap()
    }

    #[test]
    fn sign_flips_agree_with_enumeration() {
        for d in [
            vec![1.0, -2.0, 3.0, 4.0, -5.0, 6.0],
            vec![1.0, 1.0, -1.0, 2.0, 2.0, 0.0, -3.0, 3.0, 0.0],
            vec![-1.0, -1.0, -1.0, 2.0],
            vec![1.0, -2.0, -3.0, 4.0], // W⁺ = W⁻.
        ] {
            let nonzero: Vec<f64> = d.iter().map(|v: &f64| v.abs()).filter(|&v| v > 0.0).collect();
            let ranks = midranks(&nonzero);
            let got = test(&d);
            let (mut up, mut down) = (0_u32, 0_u32);
            for signs in 0_u32..1 << ranks.len() {
                let w: f64 =
                    (0..ranks.len()).filter(|i| signs >> i & 1 == 1).map(|i| ranks[i]).sum();
                up += u32::from(w >= got.w_plus);
                down += u32::from(w <= got.w_plus);
            }
            let all = f64::from(1_u32 << ranks.len());
            assert_eq!(got.p.less, f64::from(up) / all, "{d:?}");
            assert_eq!(got.p.greater, f64::from(down) / all, "{d:?}");
        }
    }

    #[test]
    fn the_tables_of_the_textbook() {
        // n = 10: P(W ≤ 8) = 25/1024; here W⁻ = 8 = 1 + 7.
        let d = [-1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -7.0, 8.0, 9.0, 10.0];
        let exact = test(&d).exact().unwrap();
        assert_eq!((exact.less, exact.two_sided), (25.0 / 1_024.0, 50.0 / 1_024.0));
        assert_eq!(test(&[1.0, -1.0]).exact(), None);
        assert_eq!(test(&[1.0, 0.0]).exact(), None);
    }

    #[test]
    fn many_pairs_use_the_normal_approximation() {
        let d: Vec<f64> = (1..=301).map(|i| f64::from(if i % 5 < 2 { -i } else { i })).collect();
        let (exact, normal) = (test(&d[..300]), test(&d));
        assert_eq!((exact.method, normal.method), (Method::Exact, Method::Normal));
        let near = exact.normal(ZeroHandling::Wilcox, true).unwrap();
        assert!((near.two_sided / exact.p.two_sided - 1.0).abs() < 0.1, "{near:?} {exact:?}");
    }

    #[test]
    fn degenerate_differences() {
        let none = test(&[0.0; 4]);
        assert_eq!((none.p.two_sided, none.p.less, none.p.greater), (1.0, 1.0, 1.0));
        assert_eq!(none.normal(ZeroHandling::Pratt, false), None);
        assert_eq!(none.normal(ZeroHandling::ZSplit, false).map(|p| p.less), Some(0.5));
        let s = |v: &[f64]| Sample::new(v.to_vec()).unwrap();
        let huge = wilcoxon_signed_rank(&s(&[-1.6e308, 2.0]), &s(&[1.6e308, 1.0])).unwrap();
        assert_eq!((huge.w_plus, huge.w_minus), (2.0, 1.0));
        assert_eq!(
            wilcoxon_signed_rank(&s(&[1.0]), &s(&[1.0, 2.0])),
            Err(TestError::Lengths(1, 2))
        );
    }
}
