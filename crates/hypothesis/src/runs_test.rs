use tailproof_core::distributions::ln_choose;
use tailproof_core::{Rank, Sample};

use crate::error::TestError;
use crate::p_values::PValues;

/// Outcome of the runs test about the median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunsTest {
    /// Stretches of successive observations on one side of the median.
    pub runs: u64,
    /// Observations above and below the median; those equal to it are left out.
    pub above: u64,
    /// See `above`.
    pub below: u64,
    /// Exact p-values: `less` for fewer runs than chance gives (observations that follow each
    /// other are alike), `greater` for more (they alternate).
    pub p: PValues,
}

/// The Wald–Wolfowitz runs test: is the order of a series about its median random?
///
/// ```text
/// P(R = 2k)   = 2 C(n₁−1, k−1) C(n₂−1, k−1) / C(n₁+n₂, n₁)
/// P(R = 2k+1) = [C(n₁−1, k) C(n₂−1, k−1) + C(n₁−1, k−1) C(n₂−1, k)] / C(n₁+n₂, n₁)
/// ```
/// Exact for independent observations of one continuous distribution; it sees dependence of
/// neighbours and trends, whatever the distribution. Time `O(n)`.
///
/// # Errors
/// No observation above the median, or none below it.
///
/// # Source
/// Wald & Wolfowitz (1940), *Annals of Mathematical Statistics* 11(2), 147–162.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::runs_test;
///
/// let drifting = Sample::new(vec![1.0, 2.0, 1.5, 2.5, 8.0, 9.0, 7.5, 8.5])?;
/// let found = runs_test(&drifting)?;
/// assert_eq!(found.runs, 2);
/// assert!((found.p.less - 2.0 / 70.0).abs() < 1e-12); // 2 of C(8, 4) orders.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn runs_test(series: &Sample) -> Result<RunsTest, TestError> {
    let median = series.quantile(Rank::MEDIAN);
    let sides: Vec<bool> =
        series.values().iter().filter(|&&x| x != median).map(|&x| x > median).collect();
    let above = sides.iter().filter(|&&side| side).count() as u64;
    let below = sides.len() as u64 - above;
    if above == 0 || below == 0 {
        return Err(TestError::NoSpread);
    }
    let runs = 1 + sides.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    let most = 2 * above.min(below) + u64::from(above != below);
    let sum = |range: std::ops::RangeInclusive<u64>| -> f64 {
        range.map(|r| mass(r, above, below)).sum::<f64>().min(1.0)
    };
    let p = PValues::doubled(sum(2..=runs), sum(runs..=most));
    Ok(RunsTest { runs, above, below, p })
}

/// `P(R = r)`.
fn mass(r: u64, n1: u64, n2: u64) -> f64 {
    let (a, b, k) = ((n1 - 1) as f64, (n2 - 1) as f64, (r / 2) as f64);
    let total = ln_choose((n1 + n2) as f64, n1 as f64);
    let term = |i: f64, j: f64| {
        if i < 0.0 || j < 0.0 || i > a || j > b {
            return 0.0;
        }
        (ln_choose(a, i) + ln_choose(b, j) - total).exp()
    };
    if r.is_multiple_of(2) {
        2.0 * term(k - 1.0, k - 1.0)
    } else {
        term(k, k - 1.0) + term(k - 1.0, k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_that_of_all_orders() {
        for (n1, n2) in [(1, 1), (1, 4), (3, 3), (5, 4)] {
            let n = n1 + n2;
            let mut counts = vec![0_u32; n + 1];
            for subset in 0_u32..1 << n {
                if subset.count_ones() as usize == n1 {
                    let runs =
                        1 + (1..n).filter(|i| (subset >> i ^ subset >> (i - 1)) & 1 == 1).count();
                    counts[runs] += 1;
                }
            }
            let total: u32 = counts.iter().sum();
            for (r, &count) in counts.iter().enumerate().skip(2) {
                let want = f64::from(count) / f64::from(total);
                let got = mass(r as u64, n1 as u64, n2 as u64);
                assert!((got - want).abs() < 1e-14, "{n1} {n2} {r}: {got} {want}");
            }
        }
    }

    #[test]
    fn equal_values_have_no_sides() {
        let flat = Sample::new(vec![3.0; 9]).unwrap();
        assert_eq!(runs_test(&flat), Err(TestError::NoSpread));
    }
}
