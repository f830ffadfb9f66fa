//! The energy statistic of every place at which a series could be split.

/// Counts and sums of values by rank: how far a new value lies from those already there.
struct Ranked {
    counts: Vec<f64>,
    sums: Vec<f64>,
    count: f64,
    sum: f64,
}

impl Ranked {
    fn new(ranks: usize) -> Self {
        Self { counts: vec![0.0; ranks + 1], sums: vec![0.0; ranks + 1], count: 0.0, sum: 0.0 }
    }

    fn clear(&mut self) {
        self.counts.fill(0.0);
        self.sums.fill(0.0);
        self.count = 0.0;
        self.sum = 0.0;
    }

    /// `Σ|x − y|` over the values `y` that are there; `rank` is that of `x`.
    fn distance(&self, x: f64, rank: usize) -> f64 {
        let (mut count, mut sum) = (0.0, 0.0);
        let mut at = rank + 1;
        while at > 0 {
            count += self.counts[at];
            sum += self.sums[at];
            at &= at - 1;
        }
        x * count - sum + (self.sum - sum) - x * (self.count - count)
    }

    fn insert(&mut self, x: f64, rank: usize) {
        let mut at = rank + 1;
        while at < self.counts.len() {
            self.counts[at] += 1.0;
            self.sums[at] += x;
            at += at & at.wrapping_neg();
        }
        self.count += 1.0;
        self.sum += x;
    }
}

/// The values less their first one, with the rank of each among the distinct ones.
fn ranked(series: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let first = series.first().copied().unwrap_or(0.0);
    let values: Vec<f64> = series.iter().map(|x| x - first).collect();
    let mut distinct = values.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let ranks = values.iter().map(|x| distinct.partition_point(|y| y < x)).collect();
    (values, ranks)
}

/// `Σ|xᵢ − xⱼ|` over the pairs among the first t values, for t = 0..=n.
fn within<'a>(pairs: impl Iterator<Item = (&'a f64, &'a usize)>, ranks: usize) -> Vec<f64> {
    let mut seen = Ranked::new(ranks);
    let mut total = 0.0;
    let mut sums = vec![0.0];
    for (&x, &rank) in pairs {
        total += seen.distance(x, rank);
        seen.insert(x, rank);
        sums.push(total);
    }
    sums
}

/// `q̂` of `a` and `b` values from their sums of distances; a single value has none within.
pub(super) fn statistic(a: f64, b: f64, left: f64, right: f64, between: f64) -> f64 {
    let mean = |sum: f64, n: f64| if n > 1.0 { 2.0 * sum / (n * (n - 1.0)) } else { 0.0 };
    a * b / (a + b) * (2.0 * between / (a * b) - mean(left, a) - mean(right, b))
}

/// The energy statistic `q̂(τ)` of every split of a series into `x[..τ]` and `x[τ..]`.
///
/// ```text
/// q̂(τ) = ab/(a+b) · [ 2/(ab) Σ_{i<τ≤j} |xᵢ−xⱼ|  −  2/(a(a−1)) Σ_{i<k<τ} |xᵢ−xₖ|
///                      −  2/(b(b−1)) Σ_{τ≤j<k} |xⱼ−xₖ| ]          a = τ, b = n − τ
/// ```
/// Element τ of the answer; element 0 is 0, and a side of one value has no distance within. The
/// statistic is near 0 where both sides have the same distribution and grows with their number
/// and distance. In the unit of the data. Time `O(n log n)`, by a Fenwick tree.
///
/// # Source
/// Matteson & James (2014), *JASA* 109(505), 334–345; Székely & Rizzo (2005), *Journal of
/// Classification* 22, 151–183.
///
/// # Example
/// ```
/// use tailproof_compare::history::energy;
///
/// let q = energy(&[1.0, 1.0, 1.0, 5.0, 5.0]);
/// assert_eq!(q[3], 3.0 * 2.0 / 5.0 * 8.0); // Twice the distance of 4, none within.
/// assert!(q.iter().all(|&other| other <= q[3]));
/// ```
#[must_use]
pub fn energy(series: &[f64]) -> Vec<f64> {
    let n = series.len();
    let (values, ranks) = ranked(series);
    let left = within(values.iter().zip(&ranks), n);
    let right = within(values.iter().zip(&ranks).rev(), n);
    let at = |t: usize| {
        let between = left[n] - left[t] - right[n - t];
        statistic(t as f64, (n - t) as f64, left[t], right[n - t], between)
    };
    (0..n).map(|t| if t == 0 { 0.0 } else { at(t) }).collect()
}

/// A split of the first `end` values of a series at `index`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergySplit {
    /// The energy statistic.
    pub q: f64,
    /// First value of the second part.
    pub index: usize,
    /// One past the last value of the second part.
    pub end: usize,
}

/// The split of the whole series with the largest energy statistic, the earliest of equals;
/// `None` when a part would be shorter than `min_segment`.
#[must_use]
pub fn energy_split(series: &[f64], min_segment: usize) -> Option<EnergySplit> {
    let (n, least) = (series.len(), min_segment.max(1));
    let q = energy(series);
    let last = n.checked_sub(least)?;
    (least..=last).map(|index| EnergySplit { q: q[index], index, end: n }).reduce(larger)
}

/// The best split of any beginning of the series: a stretch that differs from all before it,
/// whatever follows.
///
/// ```text
/// max over τ < κ of q̂ of x[..τ] and x[τ..κ]
/// ```
/// Time `O(n² log n)`.
///
/// # Source
/// Matteson & James (2014), *JASA* 109(505), 334–345, equation 8.
#[must_use]
pub fn energy_split_anywhere(series: &[f64], min_segment: usize) -> Option<EnergySplit> {
    let (n, least) = (series.len(), min_segment.max(1));
    let (values, ranks) = ranked(series);
    let whole = within(values.iter().zip(&ranks), n);
    let (mut first, mut second) = (Ranked::new(n), Ranked::new(n));
    let mut best: Option<EnergySplit> = None;
    for index in 0..n {
        if index >= least {
            second.clear();
            let (mut right, mut between) = (0.0, 0.0);
            for end in index + 1..=n {
                let (x, rank) = (values[end - 1], ranks[end - 1]);
                right += second.distance(x, rank);
                between += first.distance(x, rank);
                second.insert(x, rank);
                let b = end - index;
                if b >= least {
                    let q = statistic(index as f64, b as f64, whole[index], right, between);
                    let split = EnergySplit { q, index, end };
                    best = Some(best.map_or(split, |best| larger(best, split)));
                }
            }
        }
        first.insert(values[index], ranks[index]);
    }
    best
}

fn larger(a: EnergySplit, b: EnergySplit) -> EnergySplit {
    if b.q > a.q { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{below, stream};

    fn slow(x: &[f64], index: usize, end: usize) -> f64 {
        let sum = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().map(|x| b.iter().map(|y| (x - y).abs()).sum::<f64>()).sum()
        };
        let (a, b) = (&x[..index], &x[index..end]);
        let (left, right) = (sum(a, a) / 2.0, sum(b, b) / 2.0);
        statistic(a.len() as f64, b.len() as f64, left, right, sum(a, b))
    }

    fn tied(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = stream(Seed(seed), 0);
        (0..n).map(|_| below(&mut rng, 7) as f64 + 1e4).collect()
    }

    #[test]
    fn every_split_is_that_of_all_pairs() {
        for n in [2, 3, 17, 40] {
            let x = tied(n, 3);
            for (t, q) in energy(&x).into_iter().enumerate().skip(1) {
                assert!((q - slow(&x, t, n)).abs() < 1e-9, "{n} {t}");
            }
        }
        assert_eq!(energy(&[]), Vec::<f64>::new());
        assert_eq!(energy(&[3.0]), [0.0]);
    }

    #[test]
    fn the_best_split_of_any_beginning_is_found() {
        let x = tied(30, 4);
        let best = energy_split_anywhere(&x, 2).unwrap();
        assert!((best.q - slow(&x, best.index, best.end)).abs() < 1e-9);
        for index in 2..=28 {
            for end in index + 2..=30 {
                assert!(slow(&x, index, end) <= best.q + 1e-9);
            }
        }
        assert_eq!(energy_split(&x[..3], 2), None);
    }
}
