use tailproof_core::Sample;
use tailproof_core::distributions::normal_cdf;

use crate::Method;
use crate::error::TestError;
use crate::groups::all_equal;

/// Longest series without ties whose p-value is exact.
pub(crate) const EXACT_UP_TO: usize = 60;

/// Outcome of the Mann–Kendall test of trend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannKendall {
    /// `S`: rising pairs less falling pairs.
    pub s: i64,
    /// Variance of `S` without a trend, corrected for ties.
    pub variance: f64,
    /// `S`, less its sign, in units of its standard deviation.
    pub z: f64,
    /// Kendall's `τ_b` between order and value, from −1 to 1.
    pub tau: f64,
    /// Two-sided p-value by the method in `method`.
    pub p: f64,
    /// Exact up to 60 values without ties, else the normal approximation.
    pub method: Method,
    /// Two-sided p-value of the normal approximation with continuity correction.
    pub p_normal: f64,
}

/// The Mann–Kendall test: does a series rise or fall with time?
///
/// ```text
/// S = Σ_{i<j} sign(x_j − x_i)
/// Var S = (n(n − 1)(2n + 5) − Σ t(t − 1)(2t + 5))/18          t the tied groups
/// z = (S − sign S)/√Var S                                      p = 2Φ(−|z|)
/// τ_b = S / √(n₀(n₀ − Σ t(t − 1)/2))                           n₀ = n(n − 1)/2
/// exact: #falling pairs is the number of inversions of a random permutation,
///        P_n(d) = (P_{n−1}(d) + … + P_{n−1}(d − n + 1))/n;     p = 2 P(D ≤ min(falling, rising))
/// ```
/// The values stand in the order in which they were taken, see [`Sample::values`]. Assumes
/// independent observations without a trend: autocorrelation alone makes small p-values. Sees any
/// monotone trend; its size is the question of [`crate::theil_sen`]. Time `O(n log n)`.
///
/// # Errors
/// Fewer than three observations; all observations equal.
///
/// # Source
/// Mann (1945), *Econometrica* 13(3), 245–259; Kendall (1975), *Rank Correlation Methods*, ch. 4
/// and 5.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::mann_kendall;
///
/// let leak = Sample::new(vec![10.0, 10.4, 10.3, 10.9, 11.2, 11.8])?; // MB, run by run
/// let test = mann_kendall(&leak)?;
/// // One pair of 15 falls: 6 of the 720 orders have at most one that falls, 6 one that rises.
/// assert_eq!((test.s, test.tau), (13, 13.0 / 15.0));
/// assert!((test.p - 12.0 / 720.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mann_kendall(series: &Sample) -> Result<MannKendall, TestError> {
    let count = series.len();
    if count < 3 {
        return Err(TestError::TooFew { need: 3, got: count });
    }
    if all_equal(series.values()) {
        return Err(TestError::NoSpread);
    }
    let n = count as f64;
    let ties = Ties::of(series);
    let pairs = count as u64 * (count as u64 - 1) / 2;
    let falling = inversions(&mut series.values().to_vec());
    let rising = pairs - ties.pairs - falling;
    let s = rising as i64 - falling as i64;
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties.weight) / 18.0;
    let z = (s - s.signum()) as f64 / variance.sqrt();
    let p_normal = 2.0 * normal_cdf(-z.abs());
    let exact = ties.pairs == 0 && count <= EXACT_UP_TO;
    let (p, method) = if exact {
        let law = inversion_law(count);
        let tail: f64 = law[..=falling.min(rising) as usize].iter().sum();
        ((2.0 * tail).min(1.0), Method::Exact)
    } else {
        (p_normal, Method::Normal)
    };
    let all = pairs as f64;
    let tau = s as f64 / (all * (all - ties.pairs as f64)).sqrt();
    Ok(MannKendall { s, variance, z, tau, p, method, p_normal })
}

/// Tied groups of a sample.
pub(crate) struct Ties {
    /// `Σ t(t − 1)/2`.
    pub(crate) pairs: u64,
    /// `Σ t(t − 1)(2t + 5)`.
    pub(crate) weight: f64,
}

impl Ties {
    pub(crate) fn of(sample: &Sample) -> Self {
        let mut ties = Self { pairs: 0, weight: 0.0 };
        for group in sample.sorted().chunk_by(|a, b| a == b) {
            let t = group.len();
            ties.pairs += t as u64 * (t as u64 - 1) / 2;
            let t = t as f64;
            ties.weight += t * (t - 1.0) * (2.0 * t + 5.0);
        }
        ties
    }
}

/// `P(D = d)` for the inversions `D` of a random permutation of `n`, a sum of positive terms: the
/// tails have full relative precision.
pub(crate) fn inversion_law(n: usize) -> Vec<f64> {
    let mut law = vec![1.0];
    for m in 2..=n {
        law = (0..=m * (m - 1) / 2)
            .map(|d| {
                let (from, to) = ((d + 1).saturating_sub(m), (d + 1).min(law.len()));
                law[from..to].iter().sum::<f64>() / m as f64
            })
            .collect();
    }
    law
}

/// Pairs that stand in falling order; sorts the values.
fn inversions(values: &mut [f64]) -> u64 {
    let n = values.len();
    if n < 2 {
        return 0;
    }
    let (left, right) = values.split_at_mut(n / 2);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(n);
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if right[j] < left[i] {
            count += (left.len() - i) as u64;
            merged.push(right[j]);
            j += 1;
        } else {
            merged.push(left[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    values.copy_from_slice(&merged);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_law_of_inversions_counts_permutations() {
        // 1, 5, 14, 29, … permutations of six have 0, 1, 2, 3, … inversions.
        let counts = [1, 5, 14, 29, 49, 71, 90, 101, 101, 90, 71, 49, 29, 14, 5, 1];
        let law = inversion_law(6);
        assert_eq!(law.len(), counts.len());
        for (p, count) in law.iter().zip(counts) {
            assert!((p - f64::from(count) / 720.0).abs() < 1e-15, "{p} {count}");
        }
        let far = inversion_law(40)[0];
        let factorial: f64 = (1..=40).map(f64::from).product();
        assert!((far * factorial - 1.0).abs() < 1e-12);
    }

    #[test]
    fn pairs_are_counted_one_by_one() {
        let values: Vec<f64> = (0..47).map(|i| f64::from(i * 31 % 17 - i % 5)).collect();
        let mut s = 0;
        for (j, y) in values.iter().enumerate() {
            for x in &values[..j] {
                s += i64::from(y > x) - i64::from(y < x);
            }
        }
        assert_eq!(mann_kendall(&series(&values)).unwrap().s, s);
    }

    #[test]
    fn values_of_scipy() {
        // scipy 1.17.1, scipy.stats.kendalltau(range(10), x): exact without ties.
        let plain = series(&[3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0, 3.5, 8.0]);
        let test = mann_kendall(&plain).unwrap();
        assert_eq!((test.s, test.variance, test.method), (17, 125.0, Method::Exact));
        assert!((test.tau - 0.377_777_777_777_777_77).abs() < 1e-15);
        assert!((test.p / 0.155_741_843_033_509_7 - 1.0).abs() < 1e-12);
        let tied = series(&[1.0, 2.0, 2.0, 3.0, 1.0, 4.0, 5.0, 5.0, 6.0, 4.0]);
        let test = mann_kendall(&tied).unwrap();
        assert_eq!((test.s, test.variance, test.method), (29, 121.0, Method::Normal));
        assert!((test.tau - 0.675_149_285_910_592_3).abs() < 1e-14);
        // z = 28/11; SciPy's own p has no continuity correction.
        assert!((test.p / 0.010_913_557_148_115_46 - 1.0).abs() < 1e-10);
    }

    #[test]
    fn constants_and_short_series_are_errors() {
        assert_eq!(mann_kendall(&series(&[1.0; 5])), Err(TestError::NoSpread));
        assert!(mann_kendall(&series(&[1.0, 2.0])).is_err());
    }
}
