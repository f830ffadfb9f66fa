use std::f64::consts::{PI, TAU};

use tailproof_core::Sample;

use crate::p_values::PValues;

/// Most pairs n₁n₂ for which the paths are followed: about 10⁷ steps, 0.1 s.
const EXACT_PAIRS: u64 = 10_000_000;

/// Outcome of the two-sample Kolmogorov–Smirnov test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// `sup |F_x − F_y|`.
    pub d: f64,
    /// `sup (F_x − F_y)`, large when the first sample tends to be smaller.
    pub d_less: f64,
    /// `sup (F_y − F_x)`, large when the first sample tends to be larger.
    pub d_greater: f64,
    /// `exact` where it exists, otherwise `limit`.
    pub p: PValues,
    /// From all arrangements of the samples; `None` for more than 10⁷ pairs.
    pub exact: Option<PValues>,
    /// Two-sided the limit of Kolmogorov, one-sided that of Smirnov with Hodges' correction.
    pub limit: PValues,
}

/// The two-sample Kolmogorov–Smirnov test: do the samples come from one distribution?
///
/// ```text
/// D⁺ = sup (F_x − F_y)     D⁻ = sup (F_y − F_x)     D = max(D⁺, D⁻)     z = D√(n₁n₂/(n₁ + n₂))
/// exact: P(a random lattice path from (0,0) to (n₁,n₂) meets i/n₁ − j/n₂ ≥ D somewhere)
/// limit: two-sided 2 Σ (−1)^{k−1} exp(−2k²z²)
///        one-sided exp(−2z² − ⅔z(m + 2n)/√(mn(m + n)))      m ≥ n the sizes
/// ```
/// The p-values are exact for continuous data. With ties they are upper bounds: the paths
/// still are those of distinct values. Exact p-values add the chances of all paths that
/// leave, nothing is subtracted, so 10⁻²⁰⁰ has as many digits as 0.3. The limits are poor when
/// one sample has only a few values.
///
/// `less` says that the first sample tends to be *smaller*, as everywhere here. Its
/// distribution function then lies *above*: R and SciPy name these two alternatives after the
/// distribution functions and so call this one `greater`.
///
/// # Errors
/// None. Equal values have D = 0 and p = 1.
///
/// # Source
/// Hodges (1958), *Arkiv för Matematik* 3(43), 469–486, and its equation 5.3 for the one-sided
/// limit; Smirnov (1948), *Annals of Mathematical Statistics* 19(2), 279–281; ties: Noether
/// (1963), *Metrika* 7, 115–116.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::kolmogorov_smirnov;
///
/// let before = Sample::new(vec![1.0, 2.0, 3.0])?;
/// let after = Sample::new(vec![4.0, 5.0, 6.0])?;
/// let test = kolmogorov_smirnov(&before, &after);
/// assert_eq!((test.d_less, test.d_greater), (1.0, 0.0));
/// assert!((test.p.two_sided - 0.1).abs() < 1e-15); // 2 of 20 arrangements are so far apart.
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn kolmogorov_smirnov(x: &Sample, y: &Sample) -> KolmogorovSmirnov {
    let (above, below) = gaps(x, y);
    let either = above.max(below);
    let pairs = x.len() as f64 * y.len() as f64;
    let exact = (x.len() as u64).checked_mul(y.len() as u64).is_some_and(|n| n <= EXACT_PAIRS);
    let exact = exact.then(|| {
        let leaving = |ahead, behind| chance_of_leaving(x.len(), y.len(), ahead, behind);
        PValues {
            two_sided: leaving(either, either),
            less: leaving(above, i64::MAX),
            greater: leaving(i64::MAX, below),
        }
    });
    let (d, d_less, d_greater) =
        (either as f64 / pairs, above as f64 / pairs, below as f64 / pairs);
    let one_sided = |d: f64| one_sided_limit(d, x.len() as f64, y.len() as f64);
    let root = (pairs / (x.len() as f64 + y.len() as f64)).sqrt();
    let limit = PValues {
        two_sided: kolmogorov_upper(root * d),
        less: one_sided(d_less),
        greater: one_sided(d_greater),
    };
    KolmogorovSmirnov { d, d_less, d_greater, p: exact.unwrap_or(limit), exact, limit }
}

/// The largest `n₁n₂(F_x − F_y)` and `n₁n₂(F_y − F_x)`, in whole numbers.
fn gaps(x: &Sample, y: &Sample) -> (i64, i64) {
    let (a, b) = (x.sorted(), y.sorted());
    let (mut i, mut j) = (0, 0);
    let (mut above, mut below) = (0, 0);
    // Once a sample is exhausted the gap only closes.
    while i < a.len() && j < b.len() {
        let value = a[i].min(b[j]);
        while a.get(i) == Some(&value) {
            i += 1;
        }
        while b.get(j) == Some(&value) {
            j += 1;
        }
        let gap = i as i64 * b.len() as i64 - j as i64 * a.len() as i64;
        above = above.max(gap);
        below = below.max(-gap);
    }
    (above, below)
}

/// The chance that a path from (0, 0) to (n₁, n₂), all being equally likely, somewhere has
/// `i·n₂ − j·n₁ ≥ ahead` or `j·n₁ − i·n₂ ≥ behind`.
///
/// The path is an urn emptied one by one: it steps to `i + 1` with probability
/// `(n₁ − i)/(n₁ + n₂ − i − j)`. What arrives outside is summed and goes no further.
fn chance_of_leaving(n1: usize, n2: usize, ahead: i64, behind: i64) -> f64 {
    if n2 > n1 {
        return chance_of_leaving(n2, n1, behind, ahead); // The shorter side is the row.
    }
    if ahead.min(behind) <= 0 {
        return 1.0;
    }
    let (m, n) = (n1 as i64, n2 as i64);
    let mut row = vec![0.0_f64; n2 + 1]; // Chance of a visit to (i, j) from inside.
    let mut left = 0.0;
    let mut first = 0; // Points before it are outside, from here on.
    for i in 0..=n1 {
        let mut beside = 0.0; // Chance of (i, j − 1).
        let x_left = (n1 - i + 1) as f64;
        for (j, cell) in row.iter_mut().enumerate().skip(first) {
            let gap = i as i64 * n - j as i64 * m;
            let arriving = if i + j == 0 {
                1.0
            } else {
                let y_left = (n2 - j + 1) as f64;
                (*cell * x_left + beside * y_left) / (n1 + n2 - i - j + 1) as f64
            };
            if gap >= ahead {
                left += arriving;
                first = j + 1;
                beside = 0.0;
            } else if -gap >= behind {
                left += arriving;
                *cell = 0.0;
                break; // Points beyond were outside before: nothing arrives there.
            } else {
                *cell = arriving;
                beside = arriving;
            }
        }
    }
    left.min(1.0)
}

/// `P(K > z)` of the Kolmogorov distribution, `2 Σ (−1)^{k−1} exp(−2k²z²)`.
fn kolmogorov_upper(z: f64) -> f64 {
    if z < 0.04 {
        return 1.0; // Below, P(K ≤ z) underflows.
    }
    if z < 1.0 {
        // The same function as a theta series in 1/z, which converges where the other does not.
        let term = |k: i32| (-(f64::from(2 * k - 1) * PI / z).powi(2) / 8.0).exp();
        return 1.0 - TAU.sqrt() / z * (1..=4).map(term).sum::<f64>();
    }
    let term = |k: i32| (-2.0 * (f64::from(k) * z).powi(2)).exp();
    2.0 * (term(1) - term(2) + term(3) - term(4) + term(5))
}

/// Smirnov's `exp(−2z²)` with the correction of Hodges (1958), equation 5.3.
fn one_sided_limit(d: f64, n1: f64, n2: f64) -> f64 {
    let (m, n) = (n1.max(n2), n1.min(n2));
    let z = d * (m / (m + n) * n).sqrt();
    let correction = z * (m + 2.0 * n) / (m.sqrt() * (n * (m + n)).sqrt());
    (-2.0 * z * z - 2.0 / 3.0 * correction).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn paths_that_leave_are_counted() {
        // Every arrangement of n₁ values of x and n₂ of y, the slow obvious way.
        for (n1, n2) in [(1, 4), (3, 3), (5, 3), (4, 6), (6, 4)] {
            let (mut above, mut below) = (Vec::new(), Vec::new());
            for places in 0_u32..1 << (n1 + n2) {
                if places.count_ones() as usize != n1 {
                    continue;
                }
                let (mut i, mut j, mut up, mut down) = (0, 0, 0, 0);
                for place in 0..n1 + n2 {
                    if places >> place & 1 == 1 {
                        i += 1;
                    } else {
                        j += 1;
                    }
                    let gap = i * n2 as i64 - j * n1 as i64;
                    (up, down) = (up.max(gap), down.max(-gap));
                }
                above.push(up);
                below.push(down);
            }
            let all = above.len() as f64;
            for h in 0..=(n1 * n2) as i64 {
                let one = above.iter().filter(|&&up| up >= h).count() as f64 / all;
                let other = below.iter().filter(|&&down| down >= h).count() as f64 / all;
                let two = above.iter().zip(&below).filter(|&(&u, &d)| u.max(d) >= h).count();
                let near =
                    |got: f64, want: f64| assert!((got - want).abs() < 1e-14, "{n1} {n2} {h}");
                near(chance_of_leaving(n1, n2, h, i64::MAX), one);
                near(chance_of_leaving(n1, n2, i64::MAX, h), other);
                near(chance_of_leaving(n1, n2, h, h), two as f64 / all);
            }
        }
    }

    #[test]
    fn the_smallest_tails_keep_their_digits() {
        // Apart from each other: one of C(300, 150) arrangements.
        let values = |from: i32| -> Vec<f64> { (from..from + 150).map(f64::from).collect() };
        let test = kolmogorov_smirnov(&sample(&values(0)), &sample(&values(150)));
        let one = (1..=150).map(|k| f64::from(k) / f64::from(150 + k)).product::<f64>();
        assert!((test.p.less / one - 1.0).abs() < 1e-12, "{test:?}");
        assert!((test.p.two_sided / (2.0 * one) - 1.0).abs() < 1e-12, "{test:?}");
        assert_eq!(test.p.greater, 1.0);
    }

    #[test]
    fn the_limit_agrees_with_its_table() {
        // Smirnov (1948): critical values at 10, 5 and 1 %.
        for (z, p) in [(1.223_848, 0.1), (1.358_099, 0.05), (1.627_624, 0.01)] {
            assert!((kolmogorov_upper(z) - p).abs() < 1e-6, "{z}");
        }
        // Both series at their border.
        let (below, above) = (kolmogorov_upper(1.0_f64.next_down()), kolmogorov_upper(1.0));
        assert!((below / above - 1.0).abs() < 1e-14, "{below} {above}");
    }

    #[test]
    fn equal_values_tell_nothing() {
        let s = sample(&[4.0; 9]);
        let test = kolmogorov_smirnov(&s, &sample(&[4.0; 3]));
        assert_eq!((test.d, test.p.two_sided, test.p.less, test.limit.less), (0.0, 1.0, 1.0, 1.0));
        assert_eq!(kolmogorov_smirnov(&sample(&[0.0, 1.0]), &sample(&[-0.0, 1.0])).d, 0.0);
    }
}
