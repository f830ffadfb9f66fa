use tailproof_core::Sample;
use tailproof_core::distributions::normal_cdf;

use crate::dominance::Pairs;
use crate::merge::Merge;
use crate::p_values::PValues;

/// How a p-value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From the exact null distribution.
    Exact,
    /// From the normal approximation, tie- and continuity-corrected.
    Normal,
}

/// Outcome of the Mann–Whitney U test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// `U = #{x > y} + ½#{x = y}`.
    pub u: f64,
    /// How the pairs compare.
    pub pairs: Pairs,
    /// The p-values of the method in `method`.
    pub p: PValues,
    /// Exact for samples without ties of which one has at most 8 values (and at most 4·10⁶
    /// pairs).
    pub method: Method,
    /// The normal approximation, with continuity correction.
    pub normal: PValues,
    /// The normal approximation without continuity correction.
    pub normal_uncorrected: PValues,
}

/// The Mann–Whitney U test (Wilcoxon rank-sum test) of two independent samples.
///
/// ```text
/// U = #{x > y} + ½#{x = y}          μ = n₁n₂/2
/// σ² = n₁n₂/12 · (N + 1 − Σ(t³ − t)/(N(N − 1)))     t the sizes of tied groups
/// z = (U − μ − ½)/σ                 P(greater) = 1 − Φ(z)
/// ```
/// Tests that neither sample tends to be larger, `P(x > y) + ½P(x = y) = ½`, under equal
/// distributions; it is no test of medians unless the shapes are equal. When all values are
/// equal every p is 1. Both samples are sorted, large ones in parallel, and merged once: time
/// `O(N log N)`.
///
/// # Source
/// Mann & Whitney (1947), *Annals of Mathematical Statistics* 18(1), 50–60; ties: Lehmann
/// (2006), *Nonparametrics*, §1.4.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::mann_whitney;
///
/// let test = mann_whitney(&Sample::new(vec![1.0, 2.0, 3.0])?, &Sample::new(vec![4.0, 5.0])?);
/// assert_eq!((test.u, test.p.two_sided), (0.0, 0.2)); // 1 of 10 arrangements, twice.
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn mann_whitney(x: &Sample, y: &Sample) -> MannWhitney {
    let merge = Merge::of(x, y);
    let (pairs, variance) = (merge.pairs(), merge.null_variance());
    let (n1, n2) = (x.len() as f64, y.len() as f64);
    let u = pairs.greater as f64 + 0.5 * pairs.equal as f64;
    let approximate = |correction: f64| {
        let tail = |u: f64| {
            if variance == 0.0 {
                return 1.0;
            }
            normal_cdf(-(u - n1 * n2 / 2.0 - correction) / variance.sqrt())
        };
        let reverse = n1 * n2 - u;
        PValues {
            two_sided: (2.0 * tail(u.max(reverse))).min(1.0),
            less: tail(reverse),
            greater: tail(u),
        }
    };
    let (normal, normal_uncorrected) = (approximate(0.5), approximate(0.0));
    let small = x.len().min(y.len()) <= 8;
    let exact = (small && !merge.has_ties()).then(|| exact(x.len(), y.len(), pairs)).flatten();
    MannWhitney {
        u,
        pairs,
        p: exact.unwrap_or(normal),
        method: if exact.is_some() { Method::Exact } else { Method::Normal },
        normal,
        normal_uncorrected,
    }
}

impl MannWhitney {
    /// The exact p-values of samples without ties, whatever their size; `None` with ties, or
    /// when the null distribution does not fit 128-bit counts or 2·10⁶ entries.
    #[must_use]
    pub fn exact(x: &Sample, y: &Sample) -> Option<PValues> {
        let merge = Merge::of(x, y);
        if merge.has_ties() {
            return None;
        }
        exact(x.len(), y.len(), merge.pairs())
    }
}

fn exact(n1: usize, n2: usize, pairs: Pairs) -> Option<PValues> {
    let law = NullDistribution::new(n1, n2)?;
    let at_least = |u: u64| law.at_most(pairs.total() - u);
    Some(PValues {
        two_sided: (2.0 * at_least(pairs.greater.max(pairs.less))).min(1.0),
        less: at_least(pairs.less),
        greater: at_least(pairs.greater),
    })
}

/// The null distribution of U without ties, as counts of arrangements.
pub(crate) struct NullDistribution {
    /// Arrangements with U ≤ u, for u up to half of the range.
    cumulative: Vec<u128>,
    total: u128,
    pairs: u64,
}

impl NullDistribution {
    /// Coefficients of the Gaussian binomial `[N choose m]_q = Π (1−q^{n+i})/(1−q^i)`, in
    /// whole numbers; `None` when they do not fit.
    pub(crate) fn new(n1: usize, n2: usize) -> Option<Self> {
        let (m, n) = (n1.min(n2), n1.max(n2));
        let pairs = m.checked_mul(n).filter(|&p| p <= 4_000_000)?;
        let half = pairs / 2;
        // C(m+n, m), which bounds every count; intermediate products need headroom.
        let total =
            (1..=m as u128).try_fold(1_u128, |c, i| c.checked_mul(n as u128 + i).map(|c| c / i))?;
        if total > u128::MAX / (4 * m as u128 + 4) {
            return None;
        }
        let mut counts = vec![0_i128; half + 1];
        counts[0] = 1;
        for i in 1..=m {
            // Partitions into at most i parts of at most n: divide first, then multiply.
            for u in i..=half {
                let earlier = counts[u - i];
                counts[u] = counts[u].checked_add(earlier)?;
            }
            for u in (n + i..=half).rev() {
                counts[u] -= counts[u - n - i];
            }
        }
        let cumulative = counts
            .iter()
            .scan(0_u128, |sum, &c| {
                *sum += c as u128;
                Some(*sum)
            })
            .collect();
        Some(Self { cumulative, total, pairs: pairs as u64 })
    }

    /// `P(U ≤ u)`.
    pub(crate) fn at_most(&self, u: u64) -> f64 {
        if u >= self.pairs {
            return 1.0;
        }
        let half = self.pairs / 2;
        let count = if u <= half {
            self.cumulative[u as usize]
        } else {
            self.total - self.cumulative[(self.pairs - u - 1) as usize]
        };
        count as f64 / self.total as f64
    }

    /// The smallest u with `P(U ≤ u) ≥ q`.
    pub(crate) fn quantile(&self, q: f64) -> u64 {
        (0..=self.pairs).find(|&u| self.at_most(u) >= q).unwrap_or(self.pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_null_distribution_counts_arrangements() {
        // Every subset of {0..m+n} of size m, the slow obvious way.
        for (m, n) in [(1, 4), (2, 3), (3, 5), (4, 4), (5, 6)] {
            let law = NullDistribution::new(m, n).unwrap();
            let mut counts = vec![0_u32; m * n + 1];
            for subset in 0_u32..1 << (m + n) {
                if subset.count_ones() as usize != m {
                    continue;
                }
                let u = (0..m + n)
                    .filter(|&i| subset >> i & 1 == 1)
                    .map(|i| (0..i).filter(|&j| subset >> j & 1 == 0).count())
                    .sum::<usize>();
                counts[u] += 1;
            }
            let total: u32 = counts.iter().sum();
            let mut sum = 0;
            for (u, c) in counts.iter().enumerate() {
                sum += c;
                assert_eq!(law.at_most(u as u64), f64::from(sum) / f64::from(total), "{m} {n} {u}");
            }
        }
    }

    #[test]
    fn equal_values_tell_nothing() {
        let s = Sample::new(vec![4.0; 20]).unwrap();
        let test = mann_whitney(&s, &s);
        assert_eq!((test.p.two_sided, test.p.less, test.p.greater), (1.0, 1.0, 1.0));
    }
}
