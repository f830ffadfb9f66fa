use rand::Rng;
use rayon::prelude::*;
use tailproof_core::Sample;

use super::centred::scale;
use super::counts::Counts;
use super::lattice::{Lattice, gcd};
use super::p_value::Directions;
use super::settings::{Permutation, PermutationError};
use crate::stream::stream;

/// The outcome of [`permute_pairs`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairsPermuted {
    /// Mean of `yᵢ − xᵢ`, in the unit of the samples.
    pub mean: f64,
    /// The p-values; `greater` is for "the second member tends to be larger".
    pub p: Directions,
    /// The sign patterns looked at, with the intervals of their p-values; `None` when `p` is
    /// from the exact law of the sum on a lattice.
    pub counts: Option<Counts>,
}

/// The permutation test of the mean difference of pairs: signs of the differences are flipped.
///
/// ```text
/// d_i = y_i − x_i      S* = Σ ±d_i      p = #{S* ≥ S} / 2ⁿ
/// ```
/// Exchangeable within each pair under the null; equivalently every difference is symmetric
/// about 0. Pairs without difference say nothing and are left out of the count. In this order:
/// all 2ᵐ patterns of the m differences that are not 0 when half of them are at most
/// [`Permutation::enumerate_up_to`] (m ≤ 20 by default; at most 40), counted from two sorted
/// halves; the exact law of the sum when the values are decimals of at most six places and
/// `m·Σ|d|/step ≤ 10⁹`; otherwise random patterns, one stream each. Sums within `1e-12·Σ|d|`
/// of the observed one count as ties. No difference at all gives p = 1.
///
/// # Errors
/// Samples of different lengths.
///
/// # Source
/// Fisher (1935), *The Design of Experiments*, §21; counting from halves: Horowitz & Sahni
/// (1974), *JACM* 21(2), 277–292; law of the sum: Pagano & Tritchler (1983), *JASA* 78(382).
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_pairs};
///
/// let before = Sample::new(vec![12.1, 14.0, 11.5, 13.2])?;
/// let after = Sample::new(vec![12.9, 15.1, 11.9, 14.8])?;
/// let test = permute_pairs(&before, &after, &Permutation::new(Seed(42)))?;
/// assert_eq!(test.p.two_sided, 0.125); // 2 of 2⁴: four pairs cannot do better.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permute_pairs(
    x: &Sample,
    y: &Sample,
    settings: &Permutation,
) -> Result<PairsPermuted, PermutationError> {
    if x.len() != y.len() {
        return Err(PermutationError::Lengths(x.len(), y.len()));
    }
    let (differences, unit) = differences(x.values(), y.values());
    let flips = Flips::new(&differences.iter().map(|d| d.value()).collect::<Vec<f64>>());
    let mean = flips.observed / x.len() as f64 * unit;
    let m = flips.sizes.len() as u32;
    if m == 0 || (m <= 40 && 1_u64 << (m - 1) <= settings.enumerate_up_to) {
        let counts = flips.enumerate();
        return Ok(PairsPermuted { mean, p: counts.directions(), counts: Some(counts) });
    }
    if let Some(p) = lattice_law(&differences) {
        return Ok(PairsPermuted { mean, p, counts: None });
    }
    let counts = flips.draw(settings);
    Ok(PairsPermuted { mean, p: counts.directions(), counts: Some(counts) })
}

/// A difference of a pair.
#[derive(Clone, Copy)]
enum Difference {
    /// In steps of a lattice.
    Steps(i64),
    /// In a scaled unit.
    Scaled(f64),
}

impl Difference {
    fn value(self) -> f64 {
        match self {
            Self::Steps(k) => k as f64,
            Self::Scaled(d) => d,
        }
    }
}

/// `y − x` and the unit it is in; whole steps where the values are on a lattice, so that
/// decimals that tie do so exactly.
fn differences(x: &[f64], y: &[f64]) -> (Vec<Difference>, f64) {
    let pooled = [x, y].concat();
    if let Some(lattice) = Lattice::of(&pooled) {
        let (from, to) = lattice.steps.split_at(x.len());
        let steps = |(&a, &b): (&u64, &u64)| Difference::Steps(b as i64 - a as i64);
        return (from.iter().zip(to).map(steps).collect(), lattice.step);
    }
    let unit = scale(&pooled);
    let scaled = |(a, b): (&f64, &f64)| Difference::Scaled(b / unit - a / unit);
    (x.iter().zip(y).map(scaled).collect(), unit)
}

/// The differences that are not 0, and their sum.
struct Flips {
    /// `|d|`.
    sizes: Vec<f64>,
    observed: f64,
    /// Tolerance of a sum.
    slack: f64,
}

impl Flips {
    fn new(differences: &[f64]) -> Self {
        let sizes: Vec<f64> =
            differences.iter().map(|d| d.abs()).filter(|&size| size > 0.0).collect();
        let slack = 1e-12 * sizes.iter().sum::<f64>();
        Self { sizes, observed: differences.iter().sum(), slack }
    }

    /// Compares sums with the observed one, given how many are at least a bound; flipping
    /// all signs mirrors the law.
    fn counts(&self, total: u64, at_least: impl Fn(f64) -> u64) -> Counts {
        let far = self.observed.abs() - self.slack;
        Counts {
            at_least: at_least(self.observed - self.slack),
            at_most: at_least(-self.observed - self.slack),
            abs_at_least: if far > 0.0 { 2 * at_least(far) } else { total },
            total,
            exhaustive: true,
        }
    }

    /// All sign patterns: sums of two halves, each sorted, are counted in one walk.
    fn enumerate(&self) -> Counts {
        let (first, second) = self.sizes.split_at(self.sizes.len() / 2);
        let (first, second) = (signed_sums(first), signed_sums(second));
        self.counts((first.len() * second.len()) as u64, |bound| {
            // As a rises, ever more of the second half reach the bound.
            let mut from = second.len();
            let reaching = first.iter().map(|a| {
                while from > 0 && a + second[from - 1] >= bound {
                    from -= 1;
                }
                (second.len() - from) as u64
            });
            reaching.sum()
        })
    }

    fn draw(&self, settings: &Permutation) -> Counts {
        let total = u64::from(settings.replicates.get());
        let far = self.observed.abs() - self.slack;
        let counts = (0..total)
            .into_par_iter()
            .map(|task| {
                let mut rng = stream(settings.seed, task);
                let mut sum = 0.0;
                for sizes in self.sizes.chunks(64) {
                    let bits = rng.next_u64();
                    for (i, size) in sizes.iter().enumerate() {
                        // The random bit becomes the sign.
                        sum += f64::from_bits(size.to_bits() | ((bits >> i & 1) << 63));
                    }
                }
                Counts {
                    at_least: u64::from(sum >= self.observed - self.slack),
                    at_most: u64::from(sum <= self.observed + self.slack),
                    abs_at_least: u64::from(sum.abs() >= far),
                    ..Counts::default()
                }
            })
            .reduce(Counts::default, Counts::plus);
        Counts { total, ..counts }
    }
}

/// The sums `±z₁ ± z₂ …` of all sign patterns, ascending.
fn signed_sums(sizes: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for size in sizes {
        sums = sums.iter().flat_map(|sum| [sum - size, sum + size]).collect();
    }
    sums.sort_unstable_by(f64::total_cmp);
    sums
}

/// The exact law of `S* = 2P − Σ|d|`, where every |d| is in P with probability ½; `None` off
/// the lattice, or when it is too large.
fn lattice_law(differences: &[Difference]) -> Option<Directions> {
    const CELLS: u64 = 10_000_000;
    const OPERATIONS: u64 = 1_000_000_000;
    let steps: Option<Vec<i64>> = differences
        .iter()
        .map(|d| match d {
            Difference::Steps(k) => Some(*k),
            Difference::Scaled(_) => None,
        })
        .collect();
    let steps = steps?;
    let unit = steps.iter().fold(0, |g, k| gcd(g, k.unsigned_abs())).max(1);
    let sizes: Vec<u64> =
        steps.iter().map(|k| k.unsigned_abs() / unit).filter(|&k| k > 0).collect();
    let all = sizes.iter().try_fold(0_u64, |sum, &k| sum.checked_add(k))?;
    if all > CELLS || all.saturating_mul(sizes.len() as u64) > OPERATIONS {
        return None;
    }
    let mut mass = vec![0.0; all as usize + 1];
    mass[0] = 1.0;
    let mut top = 0;
    for size in sizes.iter().map(|&k| k as usize) {
        top += size;
        for p in (0..=top).rev() {
            let joined = if p >= size { mass[p - size] } else { 0.0 };
            mass[p] = 0.5 * (mass[p] + joined);
        }
    }
    // P(P ≥ p), added from the far end.
    let upper = |p: u64| mass[p as usize..].iter().rev().sum::<f64>().min(1.0);
    let above: u64 = steps.iter().filter(|&&k| k > 0).map(|k| k.unsigned_abs() / unit).sum();
    let below = all - above;
    Some(Directions {
        rise: upper(above),
        fall: upper(below),
        two_sided: if above == below { 1.0 } else { (2.0 * upper(above.max(below))).min(1.0) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    fn pairs(d: &[f64]) -> (Sample, Sample) {
        (Sample::new(vec![0.0; d.len()]).unwrap(), Sample::new(d.to_vec()).unwrap())
    }

    /// All 2ⁿ patterns, zeros included, the slow obvious way.
    fn slow(d: &[f64]) -> Directions {
        let observed: f64 = d.iter().sum();
        let n = d.len();
        let sums: Vec<f64> = (0_u32..1 << n)
            .map(|code| (0..n).map(|i| if code >> i & 1 == 1 { d[i] } else { -d[i] }).sum())
            .collect();
        let share = |inside: &dyn Fn(f64) -> bool| {
            sums.iter().filter(|&&s| inside(s)).count() as f64 / sums.len() as f64
        };
        Directions {
            rise: share(&|s| s >= observed - 1e-9),
            fall: share(&|s| s <= observed + 1e-9),
            two_sided: share(&|s| s.abs() >= observed.abs() - 1e-9),
        }
    }

    #[test]
    fn patterns_are_counted_as_the_slow_way_does() {
        let settings = Permutation::new(Seed(1));
        let cases: [&[f64]; 5] = [
            &[0.3, -0.1, 0.2, 0.4, 0.0, -0.3, 0.1],
            &[1.0 / 3.0, -2.0 / 7.0, 0.9, 1.1, 0.123_456_789],
            &[-5.0],
            &[1.0, -1.0, 2.0, -2.0],
            &[2.0, 2.0, -2.0, 2.0, 0.0, 0.0, 2.0, 4.0],
        ];
        for d in cases {
            let (x, y) = pairs(d);
            let test = permute_pairs(&x, &y, &settings).unwrap();
            assert_eq!(test.p, slow(d), "{d:?}");
            // The lattice's law is the same one.
            if let Some(p) = lattice_law(&differences(x.values(), y.values()).0) {
                assert!((p.rise - test.p.rise).abs() < 1e-14, "{d:?} {p:?}");
                assert!((p.fall - test.p.fall).abs() < 1e-14, "{d:?} {p:?}");
                assert!((p.two_sided - test.p.two_sided).abs() < 1e-14, "{d:?} {p:?}");
            }
        }
    }

    #[test]
    fn decimals_tie_whatever_their_offset() {
        // 0.3 − 0.1 and 0.2 differ in binary, and at 10⁶ by far more.
        let x = Sample::new(vec![1e6 + 0.1, 1e6, 1e6 + 0.5, 1e6 + 0.7]).unwrap();
        let y = Sample::new(vec![1e6 + 0.3, 1e6 + 0.2, 1e6 + 0.7, 1e6 + 0.5]).unwrap();
        let test = permute_pairs(&x, &y, &Permutation::new(Seed(1))).unwrap();
        let counts = test.counts.unwrap();
        assert_eq!((counts.at_least, counts.abs_at_least, counts.total), (5, 10, 16));
        assert!((test.mean - 0.1).abs() < 1e-15);
    }

    #[test]
    fn drawing_and_the_exact_law_agree() {
        let d: Vec<f64> = (0..60).map(|i| f64::from(i * 29 % 47) - 19.0).collect();
        let (x, y) = pairs(&d);
        let settings = Permutation::new(Seed(1)).replicates(NonZeroU32::new(20_000).unwrap());
        let exact = permute_pairs(&x, &y, &settings).unwrap();
        assert_eq!(exact.counts, None);
        let drawn = Flips::new(&d).draw(&settings);
        let (lo, hi) = drawn.two_sided().interval("0.999999".parse().unwrap());
        assert!(lo <= exact.p.two_sided && exact.p.two_sided <= hi, "{exact:?} {drawn:?}");
    }

    #[test]
    fn degenerate_pairs_have_documented_answers() {
        let settings = Permutation::new(Seed(1));
        let (x, y) = pairs(&[0.0; 50]);
        let test = permute_pairs(&x, &y, &settings).unwrap();
        assert_eq!((test.p.two_sided, test.p.fall, test.mean), (1.0, 1.0, 0.0));
        let huge = Sample::new(vec![-1.7e308; 3]).unwrap();
        let test = permute_pairs(&huge, &pairs(&[1.6e308; 3]).1, &settings).unwrap();
        assert_eq!(test.p.rise, 0.125);
        let error = permute_pairs(&huge, &x, &settings);
        assert_eq!(error, Err(PermutationError::Lengths(3, 50)));
    }
}
