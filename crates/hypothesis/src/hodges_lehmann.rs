use tailproof_core::distributions::normal_quantile;
use tailproof_core::{Level, Sample};

use crate::mann_whitney::{Method, NullDistribution};
use crate::merge::Merge;

/// The Hodges–Lehmann shift with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HodgesLehmann {
    /// Median of all differences `yⱼ − xᵢ`, in the unit of the samples.
    pub shift: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
    /// Confidence that the interval has (under a pure shift): at least the level asked for, less
    /// when even the extreme differences cannot reach it. Nominal where the method is normal.
    pub achieved: f64,
    /// Exact without ties up to 10⁴ pairs whose counts fit 128 bits (61 v 61), otherwise normal.
    pub method: Method,
}

/// The Hodges–Lehmann estimate of the shift from `x` to `y`, and its distribution-free interval.
///
/// ```text
/// shift = median{ yⱼ − xᵢ }       interval = [D₍c₎, D₍nm+1−c₎],  P(U < c) ≤ (1−level)/2
/// ```
/// `D` are the ordered differences, U the Mann–Whitney statistic. Order statistics of the
/// n·m differences are found by bisection over the implicitly sorted matrix, O(n + m) a
/// step, never by forming it. A wide but honest interval for tiny samples: see `achieved`.
///
/// # Source
/// Hodges & Lehmann (1963), *Annals of Mathematical Statistics* 34(2), 598–611; interval:
/// Hollander, Wolfe & Chicken, *Nonparametric Statistical Methods*, §4.3; selection in
/// sorted matrices: Johnson & Mizoguchi (1978), *SIAM J. Computing* 7(2), 147–153.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::hodges_lehmann;
///
/// let (x, y) = (Sample::new(vec![1.0, 2.0, 4.0])?, Sample::new(vec![3.0, 5.0, 9.0])?);
/// assert_eq!(hodges_lehmann(&x, &y, Level::P95).shift, 3.0);
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn hodges_lehmann(x: &Sample, y: &Sample, level: Level) -> HodgesLehmann {
    let ((a, b), (c, d)) = (x.range(), y.range());
    if !((d - a).is_finite() && (c - b).is_finite()) {
        // Differences beyond the largest double: in quarters, exactly, and back.
        let quarter = |s: &Sample| {
            let values = s.values().iter().map(|v| v / 4.0).collect();
            Sample::new(values).expect("a quarter of a finite number is finite")
        };
        let small = hodges_lehmann(&quarter(x), &quarter(y), level);
        let (shift, lo, hi) = (4.0 * small.shift, 4.0 * small.lo, 4.0 * small.hi);
        return HodgesLehmann { shift, lo, hi, ..small };
    }

    let merge = Merge::of(x, y);
    let matrix = Differences { x: x.sorted(), y: y.sorted() };
    let total = x.len() as u64 * y.len() as u64;
    let half = level.alpha().to_f64() / 2.0;
    let law = (total <= 10_000 && !merge.has_ties())
        .then(|| NullDistribution::new(x.len(), y.len()))
        .flatten();
    let (c, achieved, method) = if let Some(law) = law {
        // c is the smallest u with P(U ≤ u) ≥ α/2, at least 1: then P(U < c) < α/2.
        let c = law.quantile(half).max(1);
        (c, 1.0 - 2.0 * law.at_most(c - 1), Method::Exact)
    } else {
        let sigma = merge.null_variance().sqrt();
        let c = (total as f64 / 2.0 + normal_quantile(half) * sigma - 0.5).floor().max(0.0) + 1.0;
        // Not even the extreme differences reach more than 1 − 2/C(n₁+n₂, n₁).
        let (n, m) = (x.len().max(y.len()), x.len().min(y.len()));
        let splits = (1..=m).fold(1.0_f64, |c, i| (c * (n + i) as f64 / i as f64).min(1e300));
        let achieved = level.to_f64().min(1.0 - 2.0 / splits).max(0.0);
        ((c as u64).min(total.div_ceil(2)), achieved, Method::Normal)
    };
    let middle = matrix.select(total.div_ceil(2));
    let shift = if total.is_multiple_of(2) {
        let next = matrix.select(total / 2 + 1);
        if middle == next { middle } else { middle / 2.0 + next / 2.0 }
    } else {
        middle
    };
    HodgesLehmann {
        shift,
        lo: matrix.select(c),
        hi: matrix.select(total + 1 - c),
        achieved,
        method,
    }
}

/// The matrix `yⱼ − xᵢ` of sorted samples: rising in j, falling in i.
struct Differences<'a> {
    x: &'a [f64],
    y: &'a [f64],
}

impl Differences<'_> {
    /// Number of differences at most `t`.
    fn at_most(&self, t: f64) -> u64 {
        let (mut j, mut count) = (0, 0);
        for &x in self.x {
            while j < self.y.len() && self.y[j] - x <= t {
                j += 1;
            }
            count += j as u64;
        }
        count
    }

    /// The `k`-th smallest difference, from 1.
    fn select(&self, k: u64) -> f64 {
        let (n, m) = (self.x.len(), self.y.len());
        let few = 4 * (n + m) as u64;
        // Invariant: fewer than k differences are ≤ lo, at least k are ≤ hi.
        let mut lo = (self.y[0] - self.x[n - 1]).next_down();
        let mut hi = self.y[m - 1] - self.x[0];
        let (mut below, mut reached) = (0, n as u64 * m as u64);
        let mut halve_values = true;
        while reached - below > few {
            // Values halve fast on even data, keys on data of many magnitudes: take turns.
            let mid = if halve_values { lo / 2.0 + hi / 2.0 } else { between(lo, hi) };
            let mid = if mid > lo && mid < hi { mid } else { between(lo, hi) };
            halve_values = !halve_values;
            if mid <= lo || mid >= hi {
                return hi;
            }
            let count = self.at_most(mid);
            if count >= k {
                (hi, reached) = (mid, count);
            } else {
                (lo, below) = (mid, count);
            }
        }
        let mut rest = Vec::with_capacity((reached - below) as usize);
        let mut first = 0;
        for &x in self.x {
            while first < m && self.y[first] - x <= lo {
                first += 1;
            }
            rest.extend(self.y[first..].iter().map(|y| y - x).take_while(|&d| d <= hi));
        }
        let (_, value, _) = rest.select_nth_unstable_by((k - below - 1) as usize, f64::total_cmp);
        *value
    }
}

/// The double in the middle of all doubles from `lo` to `hi`.
fn between(lo: f64, hi: f64) -> f64 {
    let key = |x: f64| {
        let bits = x.to_bits() as i64;
        if bits < 0 { i64::MIN - bits } else { bits }
    };
    let (a, b) = (key(lo), key(hi));
    let mid = ((i128::from(a) + i128::from(b)) >> 1) as i64;
    f64::from_bits(if mid < 0 { (i64::MIN - mid) as u64 } else { mid as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_beyond_the_doubles_are_no_panic() {
        let wide = Sample::new(vec![-1e308, 1e308, 1e308, 5e307]).unwrap();
        let found = hodges_lehmann(&wide, &wide, Level::P95);
        assert_eq!((found.shift, found.hi), (0.0, f64::INFINITY));
    }

    #[test]
    fn selection_agrees_with_sorting_all_differences() {
        let data: [(Vec<f64>, Vec<f64>); 4] = [
            ((0..60).map(|i| f64::from(i * i % 37)).collect(), (0..45).map(f64::from).collect()),
            (vec![1e-300, 1.0, 1e300, -5.0], vec![0.0, -1e-300, 7e299, 2.0, 2.0]),
            (vec![0.0; 40], vec![3.0; 70]),
            ((0..200).map(|i| f64::from(i).exp2()).collect(), (0..150).map(f64::from).collect()),
        ];
        for (x, y) in data {
            let (sx, sy) = (Sample::new(x.clone()).unwrap(), Sample::new(y.clone()).unwrap());
            let matrix = Differences { x: sx.sorted(), y: sy.sorted() };
            let mut all: Vec<f64> = x.iter().flat_map(|a| y.iter().map(move |b| b - a)).collect();
            all.sort_by(f64::total_cmp);
            for k in [1, 2, all.len() / 3, all.len() / 2, all.len() - 1, all.len()] {
                let k = k.max(1);
                assert_eq!(matrix.select(k as u64), all[k - 1], "{k}");
            }
        }
    }

    #[test]
    fn tiny_samples_say_what_they_achieve() {
        let (x, y) = (vec![1.0, 2.0, 3.5], vec![4.0, 6.0, 7.1]);
        let hl = hodges_lehmann(&Sample::new(x).unwrap(), &Sample::new(y).unwrap(), Level::P95);
        assert_eq!((hl.lo, hl.hi), (0.5, 6.1));
        assert!((hl.achieved - 0.9).abs() < 1e-12); // 3 v 3 cannot do better than 90 %.
    }
}
