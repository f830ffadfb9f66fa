use tailproof_core::Sample;

use super::p_value::Directions;

/// Values as whole steps above the smallest: `xᵢ = min x + jᵢ·step`.
pub(super) struct Lattice {
    /// Distance of neighbouring lattice points, in the unit of the values.
    pub(super) step: f64,
    /// `jᵢ`; their greatest common divisor is 1 unless all are 0.
    pub(super) steps: Vec<u64>,
}

impl Lattice {
    /// The lattice of values that are decimals of at most six places; `None` for others.
    ///
    /// A value is a decimal when it is the double nearest to one, so that nothing is decided
    /// by a tolerance, and sums of steps tie exactly where sums of the decimals do.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2⁵³
        let (power, whole) = POWERS.into_iter().find_map(|power| {
            let whole: Option<Vec<i64>> = values
                .iter()
                .map(|&v| {
                    let k = (v * power).round();
                    (k.abs() < EXACT && k / power == v).then_some(k as i64)
                })
                .collect();
            Some((power, whole?))
        })?;
        let low = *whole.iter().min()?;
        let steps: Vec<u64> = whole.iter().map(|k| k.abs_diff(low)).collect();
        let unit = steps.iter().fold(0, |g, &j| gcd(g, j)).max(1);
        Some(Self {
            step: unit as f64 / power,
            steps: steps.into_iter().map(|j| j / unit).collect(),
        })
    }
}

/// Greatest common divisor; that of 0 and n is n.
pub(super) const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The outcome of [`permute_lattice`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatticePermuted {
    /// `mean(y) − mean(x)`, in the unit of the samples.
    pub difference: f64,
    /// Step of the lattice, in the unit of the samples.
    pub step: f64,
    /// The p-values over all relabellings.
    pub p: Directions,
}

/// The permutation test of the raw difference of two means over *all* relabellings, however
/// many, of data on a lattice.
///
/// ```text
/// q_i(k, s) = (i−k)/i · q_{i−1}(k, s) + k/i · q_{i−1}(k−1, s−z_i)       q_0(0, 0) = 1
/// P(sum of a random n₁-subset = s) = q_N(n₁, s)
/// ```
/// where `q_i(k, ·)` is the law of the sum of k values drawn from the first i. Every term is
/// positive: a p-value of 10⁻³⁰⁰ has as many digits as one of 0.3, and there is neither a seed
/// nor a tie by rounding. Like the raw test of [`crate::permute_means`] it judges *equal
/// distributions*.
///
/// `None` unless all values are decimals of at most six places (`1.25`, not `1/3`), with
/// `n₁·range/step ≤ 10⁷` for the smaller sample, and a table of at most 10⁷ entries and
/// 4·10⁹ operations. Pooled data without spread give p = 1.
///
/// # Source
/// Pagano & Tritchler (1983), *JASA* 78(382), 435–440.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_resampling::permute_lattice;
///
/// let x = Sample::new((0..40).map(|i| f64::from(i % 8) / 2.0).collect())?;
/// let y = Sample::new((0..40).map(|i| f64::from(i % 9) / 2.0 + 1.0).collect())?;
/// let test = permute_lattice(&x, &y).expect("halves are a lattice");
/// assert_eq!(test.step, 0.5);
/// assert!((test.p.two_sided - 1.565e-4).abs() < 1e-7); // Of 10²³ relabellings.
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn permute_lattice(x: &Sample, y: &Sample) -> Option<LatticePermuted> {
    let lattice = Lattice::of(&[x.values(), y.values()].concat())?;
    let (own, other) = lattice.steps.split_at(x.len());
    let y_chosen = y.len() <= x.len();
    let (chosen, rest) = if y_chosen { (other, own) } else { (own, other) };
    if lattice.steps.iter().all(|&j| j == 0) {
        let p = Directions { rise: 1.0, fall: 1.0, two_sided: 1.0 };
        return Some(LatticePermuted { difference: 0.0, step: lattice.step, p });
    }
    let law = SumLaw::new(&lattice.steps, chosen.len())?;
    let s: u64 = chosen.iter().sum();
    let excess = law.excess(s);
    let p = law.p(s);
    let sign = if y_chosen { 1.0 } else { -1.0 };
    Some(LatticePermuted {
        // N·s − n·total over n·(N − n), without rounding before the division.
        difference: sign * excess as f64 / (chosen.len() as f64 * rest.len() as f64) * lattice.step,
        step: lattice.step,
        p: if y_chosen { p } else { p.swapped() },
    })
}

/// The law of the sum of a random subset.
struct SumLaw {
    /// Probability of the sum `low + i`.
    mass: Vec<f64>,
    /// Sum of the smallest members.
    low: u64,
    chosen: i128,
    count: i128,
    total: i128,
}

impl SumLaw {
    /// The law for `chosen` of `steps`, at most half of them; `None` when it is too large.
    fn new(steps: &[u64], chosen: usize) -> Option<Self> {
        const LONGEST: u64 = 10_000_000;
        const CELLS: u64 = 10_000_000;
        const OPERATIONS: u64 = 4_000_000_000;
        let mut z = steps.to_vec();
        z.sort_unstable();
        let n = z.len();
        let range = z[n - 1] - z[0];
        range.checked_mul(chosen as u64).filter(|&longest| longest <= LONGEST)?;
        // Row k holds sums of k values, counted from the sum of the k smallest.
        let lengths: Vec<u64> = std::iter::once(1)
            .chain((0..chosen).scan(1, |length, i| {
                *length += z[n - 1 - i] - z[i];
                Some(*length)
            }))
            .collect();
        let cells: u64 = lengths.iter().sum();
        let visits = (n - chosen + 1) as u64;
        if cells > CELLS || cells.saturating_mul(visits) > OPERATIONS {
            return None;
        }
        let mut rows: Vec<Vec<f64>> = lengths.iter().map(|&l| vec![0.0; l as usize]).collect();
        rows[0][0] = 1.0;
        // Largest index in use of each row.
        let mut tops = vec![0; chosen + 1];
        for i in 1..=n {
            // Rows that can still reach `chosen`; row k reads row k − 1 as it was.
            for k in ((chosen + i).saturating_sub(n).max(1)..=chosen.min(i)).rev() {
                let shift = (z[i - 1] - z[k - 1]) as usize;
                let (stay, join) = ((i - k) as f64 / i as f64, k as f64 / i as f64);
                let (before, after) = rows.split_at_mut(k);
                let (from, to) = (&before[k - 1][..=tops[k - 1]], &mut after[0]);
                for q in &mut to[..=tops[k]] {
                    *q *= stay;
                }
                for (q, joined) in to[shift..].iter_mut().zip(from) {
                    *q += join * joined;
                }
                tops[k] = tops[k - 1] + shift;
            }
        }
        Some(Self {
            mass: rows.pop().expect("row 0 at least"),
            low: z[..chosen].iter().sum(),
            chosen: chosen as i128,
            count: n as i128,
            total: z.iter().map(|&j| i128::from(j)).sum(),
        })
    }

    /// `N·s − n·total`, which has the sign of the difference of means.
    fn excess(&self, s: u64) -> i128 {
        self.count * i128::from(s) - self.chosen * self.total
    }

    /// p-values of the sum `s` of the chosen ones.
    fn p(&self, s: u64) -> Directions {
        // Both tails are added from their far ends.
        let upper = |inside: &dyn Fn(u64) -> bool| -> f64 {
            let tail = self.mass.iter().enumerate().rev();
            tail.take_while(|(i, _)| inside(self.low + *i as u64)).map(|(_, q)| q).sum()
        };
        let lower = |inside: &dyn Fn(u64) -> bool| -> f64 {
            let tail = self.mass.iter().enumerate();
            tail.take_while(|(i, _)| inside(self.low + *i as u64)).map(|(_, q)| q).sum()
        };
        let observed = self.excess(s).abs();
        let far_above = upper(&|t| self.excess(t) >= observed);
        let far_below = lower(&|t| self.excess(t) <= -observed);
        Directions {
            rise: upper(&|t| t >= s).min(1.0),
            fall: lower(&|t| t <= s).min(1.0),
            two_sided: if observed == 0 { 1.0 } else { (far_above + far_below).min(1.0) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permutation, permute_means};
    use tailproof_core::Seed;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn it_counts_what_enumeration_counts() {
        let cases: [(&[f64], &[f64]); 6] = [
            (&[4.0, 4.0, 5.0, 1.0], &[7.0, 3.0, 4.0, 9.0, 4.0]),
            (&[0.1, 0.2, 0.3, 0.4, 0.5], &[0.3, 0.4, 0.5, 0.6, 0.7]),
            (&[-1.25, 3.5, 0.0], &[2.25]),
            (&[1e9 + 1.0, 1e9 + 3.0, 1e9], &[1e9 + 2.0, 1e9 + 9.0]),
            (&[0.0, 1.0, 1.0, 0.0, 1.0, 0.0], &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0]),
            (&[1.0, 5.0, 3.0], &[3.0, 2.0, 4.0]),
        ];
        for (x, y) in cases {
            for (x, y) in [(x, y), (y, x)] {
                let got = permute_lattice(&sample(x), &sample(y)).unwrap();
                let want = permute_means(&sample(x), &sample(y), &Permutation::new(Seed(1)));
                let p = want.raw.directions();
                for (got, want) in
                    [(got.p.rise, p.rise), (got.p.fall, p.fall), (got.p.two_sided, p.two_sided)]
                {
                    assert!((got / want - 1.0).abs() < 1e-13, "{x:?} {y:?}: {got} {want}");
                }
                assert!((got.difference - want.difference).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn small_tails_keep_their_digits() {
        // 0 … 199 apart: one relabelling of C(200, 100) = 9.0548514656103281e58.
        let x: Vec<f64> = (0..100).map(f64::from).collect();
        let y: Vec<f64> = (100..200).map(f64::from).collect();
        let test = permute_lattice(&sample(&x), &sample(&y)).unwrap();
        assert!((test.p.rise * 9.054_851_465_610_328e58 - 1.0).abs() < 1e-12);
        assert!((test.p.fall - 1.0).abs() < 1e-14 && test.difference == 100.0, "{test:?}");
        assert!((test.p.two_sided / test.p.rise - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_lattice_is_recognized_and_anything_else_refused() {
        let lattice = Lattice::of(&[0.3, 0.1, 0.7]).unwrap();
        assert_eq!((lattice.step, lattice.steps), (0.2, vec![1, 0, 3]));
        let lattice = Lattice::of(&[-4.0, 2.0, -1.0]).unwrap();
        assert_eq!((lattice.step, lattice.steps), (3.0, vec![0, 2, 1]));
        assert_eq!(Lattice::of(&[7.5; 3]).unwrap().steps, [0; 3]);
        for other in [&[1.0 / 3.0, 1.0][..], &[1e300, 2.0], &[1e-7, 1.0], &[1e16, 0.0]] {
            assert!(Lattice::of(other).is_none(), "{other:?}");
        }
        // On a lattice, but too wide a one.
        assert!(permute_lattice(&sample(&[0.0, 1e9]), &sample(&[0.001, 1.0])).is_none());
        let flat = permute_lattice(&sample(&[2.0; 3]), &sample(&[2.0; 4])).unwrap();
        assert_eq!((flat.p.rise, flat.p.fall, flat.p.two_sided), (1.0, 1.0, 1.0));
    }
}
