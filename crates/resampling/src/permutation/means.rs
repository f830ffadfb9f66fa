use rayon::prelude::*;
use tailproof_core::Sample;

use super::arrangements::choose;
use super::centred::centred;
use super::counts::Counts;
use super::settings::Permutation;
use crate::stream::stream;
use crate::subset;

/// The outcome of [`permute_means`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permuted {
    /// `mean(y) − mean(x)`, in the unit of the samples.
    pub difference: f64,
    /// Welch's t of the difference; `None` when a sample has one value, infinite when
    /// neither sample has spread but the means differ.
    pub t: Option<f64>,
    /// Relabellings by the raw difference. Tests that the *distributions* are equal: with
    /// unequal variances and sizes its false-positive rate for *means* can be far above α.
    pub raw: Counts,
    /// Relabellings by Welch's t, which judges means; `None` when `t` is.
    pub studentized: Option<Counts>,
}

/// The permutation test of the difference of two means, raw and studentized.
///
/// ```text
/// d = ȳ − x̄      t = d / √(s_x²/n₁ + s_y²/n₂)
/// ```
/// Every relabelling of the pooled observations gives both statistics; all of them when
/// there are at most [`Permutation::enumerate_up_to`], otherwise random ones, one random
/// stream each. The pooled mean is subtracted first, and statistics within `1e-12·Σ|z|` of
/// the observed one count as ties. Pooled data without spread give p = 1.
///
/// # Source
/// Pitman (1937), *Suppl. JRSS* 4(1), 119–130; studentized: Janssen (1997), *Statistics &
/// Probability Letters* 36(1), 9–21; Chung & Romano (2013), *Annals of Statistics* 41(2).
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{Permutation, permute_means};
///
/// let x = Sample::new(vec![1.0, 2.0, 3.0])?;
/// let y = Sample::new(vec![11.0, 12.0, 13.0])?;
/// let test = permute_means(&x, &y, &Permutation::new(Seed(42)));
/// assert_eq!(test.raw.p_two_sided(), 0.1); // 2 of the 20 relabellings: no 3 v 3 does better.
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn permute_means(x: &Sample, y: &Sample, settings: &Permutation) -> Permuted {
    let pool = Pool::new(x.values(), y.values());
    let splits = choose(pool.z.len() as u64, pool.chosen as u64)
        .filter(|&splits| splits <= settings.enumerate_up_to);
    let (raw, studentized) = match splits {
        Some(_) => pool.enumerate(),
        None => pool.draw(settings),
    };
    Permuted {
        difference: pool.difference,
        t: pool.t(),
        raw,
        studentized: pool.t().map(|_| studentized),
    }
}

/// Pooled observations, centred and scaled, and what the observed labels give.
struct Pool {
    z: Vec<f64>,
    /// Size of the smaller sample, whose members a relabelling chooses.
    chosen: usize,
    /// +1 when the chosen sample is y, −1 when it is x.
    sign: f64,
    n_chosen: f64,
    n_other: f64,
    /// Sums of `z` and `z²`.
    sum: f64,
    squares: f64,
    /// Tolerance of a sum.
    slack: f64,
    observed: Statistic,
    difference: f64,
}

/// What a relabelling gives, in scaled units.
#[derive(Clone, Copy)]
struct Statistic {
    /// `ȳ* − x̄*`.
    d: f64,
    /// Its Welch standard error squared.
    variance: f64,
}

impl Pool {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let n = x.len() + y.len();
        let (centred, scale) = centred(&[x, y].concat());
        let y_chosen = y.len() <= x.len();
        // The chosen sample comes first.
        let (head, tail) = centred.split_at(x.len());
        let z = if y_chosen { [tail, head].concat() } else { [head, tail].concat() };
        let chosen = x.len().min(y.len());
        let mut pool = Self {
            chosen,
            sign: if y_chosen { 1.0 } else { -1.0 },
            n_chosen: chosen as f64,
            n_other: (n - chosen) as f64,
            sum: z.iter().sum(),
            squares: z.iter().map(|v| v * v).sum(),
            slack: 1e-12 * z.iter().map(|v| v.abs()).sum::<f64>(),
            observed: Statistic { d: 0.0, variance: 0.0 },
            difference: 0.0,
            z,
        };
        let own = &pool.z[..chosen];
        pool.observed = pool.statistic(own.iter().sum(), own.iter().map(|v| v * v).sum());
        pool.difference = pool.observed.d * scale;
        pool
    }

    /// The statistic when the chosen sample has sum `s` and sum of squares `q`.
    #[inline]
    fn statistic(&self, s: f64, q: f64) -> Statistic {
        let (a, b) = (self.n_chosen, self.n_other);
        let (rest, rest_q) = (self.sum - s, self.squares - q);
        let d = self.sign * (s / a - rest / b);
        let spread = |s: f64, q: f64, n: f64| ((q - s * s / n) / (n - 1.0)).max(0.0) / n;
        Statistic { d, variance: spread(s, q, a) + spread(rest, rest_q, b) }
    }

    fn d_slack(&self) -> f64 {
        self.slack * (1.0 / self.n_chosen + 1.0 / self.n_other)
    }

    /// Whether a variance is nothing but rounding.
    fn vanishes(&self, variance: f64) -> bool {
        // The rounding of q − s²/n is about ε·Σz², and is divided by n twice.
        variance <= 4e-15 * self.squares / (self.n_chosen * self.n_chosen)
    }

    fn t(&self) -> Option<f64> {
        if self.chosen < 2 {
            return None;
        }
        let Statistic { d, variance } = self.observed;
        Some(if self.vanishes(variance) {
            if d.abs() <= self.d_slack() { 0.0 } else { f64::INFINITY.copysign(d) }
        } else {
            d / variance.sqrt()
        })
    }

    /// Adds one relabelling to both counts.
    #[inline]
    fn count(&self, s: f64, q: f64, raw: &mut Counts, studentized: &mut Counts, slack: f64) {
        let own = self.statistic(s, q);
        let observed = self.observed;
        raw.at_least += u64::from(own.d >= observed.d - slack);
        raw.at_most += u64::from(own.d <= observed.d + slack);
        raw.abs_at_least += u64::from(own.d.abs() >= observed.d.abs() - slack);
        // t* ≥ t as d*·se ≥ d·se*, which needs no division and knows no infinity.
        let (se, own_se) = (
            if self.vanishes(observed.variance) { 0.0 } else { observed.variance.sqrt() },
            if self.vanishes(own.variance) { 0.0 } else { own.variance.sqrt() },
        );
        let (left, right) = (own.d * se, observed.d * own_se);
        // Both without spread: t is infinite or 0, and the signs of d decide.
        let (left, right) = if se == 0.0 && own_se == 0.0 {
            let sign = |d: f64| if d.abs() <= slack { 0.0 } else { d.signum() };
            (sign(own.d), sign(observed.d))
        } else {
            (left, right)
        };
        let slack = slack * se.max(own_se);
        studentized.at_least += u64::from(left >= right - slack);
        studentized.at_most += u64::from(left <= right + slack);
        studentized.abs_at_least += u64::from(left.abs() >= right.abs() - slack);
    }

    fn enumerate(&self) -> (Counts, Counts) {
        let (n, m) = (self.z.len(), self.chosen);
        let (mut raw, mut studentized) = (Counts::default(), Counts::default());
        let slack = self.d_slack();
        // Prefix sums of the current subset, so that rounding does not build up.
        let mut members: Vec<usize> = (0..m).collect();
        let mut sums = vec![(0.0, 0.0); m + 1];
        let mut from = 0;
        loop {
            for i in from..m {
                let v = self.z[members[i]];
                sums[i + 1] = (sums[i].0 + v, sums[i].1 + v * v);
            }
            self.count(sums[m].0, sums[m].1, &mut raw, &mut studentized, slack);
            raw.total += 1;
            // The next subset in lexicographic order.
            let Some(i) = (0..m).rev().find(|&i| members[i] < n - m + i) else { break };
            members[i] += 1;
            for j in i + 1..m {
                members[j] = members[j - 1] + 1;
            }
            from = i;
        }
        raw.exhaustive = true;
        studentized.total = raw.total;
        studentized.exhaustive = true;
        (raw, studentized)
    }

    fn draw(&self, settings: &Permutation) -> (Counts, Counts) {
        /// Relabellings that share a pass over the data; does not affect the result.
        const BATCH: u64 = 16;
        let total = u64::from(settings.replicates.get());
        let tables = (self.z.len() <= 1 << 18).then(|| self.tables());
        let words = self.z.len().div_ceil(64);
        let slack = self.d_slack();
        let (mut raw, mut studentized) = (0..total.div_ceil(BATCH))
            .into_par_iter()
            .map_init(
                || vec![0_u64; words * BATCH as usize],
                |bits, batch| {
                    let tasks = batch * BATCH..total.min((batch + 1) * BATCH);
                    for (own, task) in bits.chunks_mut(words).zip(tasks.clone()) {
                        let mut rng = stream(settings.seed, task);
                        subset::fill(&mut rng, own, self.z.len(), self.chosen);
                    }
                    let subsets = &bits[..words * (tasks.end - tasks.start) as usize];
                    let (mut raw, mut studentized) = (Counts::default(), Counts::default());
                    for (s, q) in self.sums(subsets, words, tables.as_deref()) {
                        self.count(s, q, &mut raw, &mut studentized, slack);
                    }
                    (raw, studentized)
                },
            )
            .reduce(Default::default, |a, b| (a.0.plus(b.0), a.1.plus(b.1)));
        raw.total = total;
        studentized.total = total;
        (raw, studentized)
    }

    /// For each four elements, the sums of `z` and `z²` over all 16 subsets of them.
    fn tables(&self) -> Vec<[[f64; 2]; 16]> {
        self.z
            .chunks(4)
            .map(|four| {
                let mut table = [[0.0; 2]; 16];
                for (code, sums) in table.iter_mut().enumerate() {
                    for (i, v) in four.iter().enumerate() {
                        if code >> i & 1 == 1 {
                            sums[0] += v;
                            sums[1] += v * v;
                        }
                    }
                }
                table
            })
            .collect()
    }

    /// Sums of `z` and `z²` over each subset; the order of addition depends on nothing but n.
    fn sums(
        &self,
        subsets: &[u64],
        words: usize,
        tables: Option<&[[[f64; 2]; 16]]>,
    ) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); subsets.len() / words];
        let Some(tables) = tables else {
            for (own, bits) in sums.iter_mut().zip(subsets.chunks(words)) {
                for (w, &word) in bits.iter().enumerate() {
                    let mut rest = word;
                    while rest != 0 {
                        let v = self.z[w * 64 + rest.trailing_zeros() as usize];
                        own.0 += v;
                        own.1 += v * v;
                        rest &= rest - 1;
                    }
                }
            }
            return sums;
        };
        // Word by word, so that 16 tables at a time stay in the first cache.
        for w in 0..words {
            let tables = &tables[w * 16..((w + 1) * 16).min(tables.len())];
            for (own, bits) in sums.iter_mut().zip(subsets.chunks(words)) {
                let mut word = bits[w];
                let mut even = [0.0; 2];
                let mut odd = [0.0; 2];
                for pair in tables.chunks(2) {
                    let a = &pair[0][(word & 15) as usize];
                    even[0] += a[0];
                    even[1] += a[1];
                    if let Some(table) = pair.get(1) {
                        let b = &table[(word >> 4 & 15) as usize];
                        odd[0] += b[0];
                        odd[1] += b[1];
                    }
                    word >>= 8;
                }
                own.0 += even[0] + odd[0];
                own.1 += even[1] + odd[1];
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn swapping_the_samples_mirrors_the_counts() {
        let (x, y) = (sample(&[1.0, 5.0, 2.0, 2.5]), sample(&[4.0, 3.0, 8.0]));
        let settings = Permutation::new(Seed(1));
        let (a, b) = (permute_means(&x, &y, &settings), permute_means(&y, &x, &settings));
        assert_eq!(a.difference, -b.difference);
        assert_eq!((a.raw.at_least, a.raw.at_most), (b.raw.at_most, b.raw.at_least));
        assert_eq!(a.raw.total, 35);
        let (s, t) = (a.studentized.unwrap(), b.studentized.unwrap());
        assert_eq!((s.at_least, s.at_most), (t.at_most, t.at_least));
    }

    #[test]
    fn drawing_agrees_with_enumerating() {
        let x = sample(&[1.0, 5.0, 2.0, 2.5, 3.3, 7.1, 0.4, 2.2]);
        let y = sample(&[4.0, 3.0, 8.0, 4.4, 5.9, 6.1, 3.9]);
        let all = permute_means(&x, &y, &Permutation::new(Seed(1)));
        assert!(all.raw.exhaustive && all.raw.total == 6_435);
        let draws = NonZeroU32::new(200_000).unwrap();
        let settings =
            Permutation { enumerate_up_to: 0, ..Permutation::new(Seed(1)).replicates(draws) };
        let some = permute_means(&x, &y, &settings);
        let pairs = [(all.raw, some.raw), (all.studentized.unwrap(), some.studentized.unwrap())];
        for (a, s) in pairs {
            assert!(!s.exhaustive);
            for (a, s) in [
                (a.p_greater(), s.p_greater()),
                (a.p_less(), s.p_less()),
                (a.p_two_sided(), s.p_two_sided()),
            ] {
                assert!((a - s).abs() < 5.0 * (a * (1.0 - a) / 200_000.0).sqrt() + 1e-5, "{a} {s}");
            }
        }
    }

    #[test]
    fn tables_and_plain_sums_agree() {
        let values: Vec<f64> = (0..150).map(|i| f64::from(i * 37 % 101)).collect();
        let pool = Pool::new(&values[..70], &values[70..]);
        let mut bits = vec![0; 3];
        subset::fill(&mut stream(Seed(5), 0), &mut bits, 150, 70);
        let fast = pool.sums(&bits, 3, Some(&pool.tables()))[0];
        let slow = pool.sums(&bits, 3, None)[0];
        assert!((fast.0 - slow.0).abs() < 1e-10 && (fast.1 - slow.1).abs() < 1e-8);
    }

    #[test]
    fn degenerate_data_have_documented_answers() {
        let settings = Permutation::new(Seed(1));
        let equal = permute_means(&sample(&[3.0; 4]), &sample(&[3.0; 5]), &settings);
        assert_eq!((equal.raw.p_two_sided(), equal.t), (1.0, Some(0.0)));
        assert_eq!(equal.studentized.unwrap().p_two_sided(), 1.0);
        let apart = permute_means(&sample(&[3.0; 4]), &sample(&[4.0; 5]), &settings);
        assert_eq!(apart.t, Some(f64::INFINITY));
        assert_eq!(apart.raw.p_two_sided(), 1.0 / 126.0);
        assert_eq!(apart.studentized.unwrap().p_two_sided(), 1.0 / 126.0);
        // Values whose squares round: still 2 of 924 on each side.
        let (a, b) = (sample(&[10.3; 6]), sample(&[19.0; 6]));
        let twelve = permute_means(&a, &b, &settings);
        assert_eq!(twelve.studentized.unwrap().p_two_sided(), 2.0 / 924.0);
        assert_eq!(permute_means(&sample(&[10.3; 7]), &b, &settings).t, Some(f64::INFINITY));
        let single = permute_means(&sample(&[1.0]), &sample(&[2.0, 3.0]), &settings);
        assert_eq!((single.t, single.studentized), (None, None));
    }
}
