//! Means of resamples, for many leaves with few values each.

use rand::Rng;
use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;
use tailproof_resampling::Stream;

/// Resampled means of all leaves; with `W` = 2 of two variants whose values are pairs.
#[derive(Clone, Debug)]
pub(crate) struct Means<const W: usize> {
    leaves: Vec<Leaf<W>>,
}

#[derive(Clone, Debug)]
struct Leaf<const W: usize> {
    means: [f64; W],
    /// None for a single value, which cannot vary.
    draws: Vec<Draws<W>>,
}

/// Sums of draws from a table, several to a random word.
///
/// ```text
/// h·mᵏ: digits d₁ … d_k to the base m, one product each, from 64 random bits h
/// drawn anew when what is left of h is below 2⁶⁴ mod mᵏ
/// ```
/// Exactly uniform.
///
/// # Source
/// Brackett-Rozinsky & Lemire (2024), *Software: Practice and Experience* 55(1), 293–306.
#[derive(Clone, Debug)]
struct Draws<const W: usize> {
    table: Vec<[f64; W]>,
    count: usize,
    per_word: usize,
    /// `2⁶⁴ mod mᵏ` of a word with `per_word` draws, and of the last one when it has fewer.
    least: [u64; 2],
}

impl<const W: usize> Means<W> {
    /// Of `sides[variant][leaf]`; variants that are paired have samples of equal length.
    pub(crate) fn new(sides: [&[Sample]; W]) -> Self {
        let leaves = sides.first().map_or(0, |side| side.len());
        Self { leaves: (0..leaves).map(|i| Leaf::new(sides.map(|side| &side[i]))).collect() }
    }

    /// Observed means of one variant.
    pub(crate) fn observed(&self, side: usize) -> Vec<f64> {
        self.leaves.iter().map(|leaf| leaf.means[side]).collect()
    }

    /// Draws that a replicate takes.
    pub(crate) fn work(&self) -> usize {
        self.leaves.iter().flat_map(|leaf| &leaf.draws).map(|draws| draws.count).sum()
    }

    /// Means of one resample of every leaf, cut to a range, a slice for each variant.
    pub(crate) fn redraw(&self, rng: &mut Stream, (lo, hi): (f64, f64), mut into: [&mut [f64]; W]) {
        for (i, leaf) in self.leaves.iter().enumerate() {
            let mut means = leaf.means;
            for draws in &leaf.draws {
                draws.add(rng, &mut means);
            }
            for (side, mean) in into.iter_mut().zip(means) {
                side[i] = mean.clamp(lo, hi);
            }
        }
    }
}

impl<const W: usize> Leaf<W> {
    /// Largest sample of which sums of two draws are tabled.
    const PAIRS_UP_TO: usize = 16;

    fn new(samples: [&Sample; W]) -> Self {
        let n = samples.first().map_or(1, |sample| sample.len());
        let means = samples.map(|sample| Moments::of(sample).mean());
        if n == 1 {
            return Self { means, draws: Vec::new() };
        }
        // 1/n of a deviation, stretched by √(n/(n−1)): the mean then varies by s²/n.
        let share = 1.0 / (n as f64 * (n - 1) as f64).sqrt();
        let deviation =
            |i: usize| std::array::from_fn(|w| (samples[w].values()[i] - means[w]) * share);
        let single: Vec<[f64; W]> = (0..n).map(deviation).collect();
        if n > Self::PAIRS_UP_TO {
            return Self { means, draws: vec![Draws::new(single, n)] };
        }
        let sum = |a: &[f64; W], b: &[f64; W]| std::array::from_fn(|w| a[w] + b[w]);
        let pairs = single.iter().flat_map(|a| single.iter().map(move |b| sum(a, b))).collect();
        let mut draws = vec![Draws::new(pairs, n / 2)];
        if !n.is_multiple_of(2) {
            draws.push(Draws::new(single, 1));
        }
        Self { means, draws }
    }
}

impl<const W: usize> Draws<W> {
    /// Most outcomes of the draws of one word: one word in 2¹⁶ is drawn anew at most.
    const OUTCOMES: u64 = 1 << 48;

    fn new(table: Vec<[f64; W]>, count: usize) -> Self {
        let size = table.len() as u64;
        let (mut outcomes, mut per_word) = (size, 1);
        while per_word < count && outcomes.saturating_mul(size) <= Self::OUTCOMES {
            outcomes *= size;
            per_word += 1;
        }
        let last = size.pow((count % per_word) as u32);
        let rest = |m: u64| (u64::MAX % m + 1) % m;
        Self { table, count, per_word, least: [rest(outcomes), rest(last)] }
    }

    #[inline]
    fn add(&self, rng: &mut Stream, to: &mut [f64; W]) {
        let mut left = self.count;
        while left > 0 {
            let draws = left.min(self.per_word);
            let least = self.least[usize::from(draws < self.per_word)];
            for (sum, x) in to.iter_mut().zip(self.word(rng, draws, least)) {
                *sum += x;
            }
            left -= draws;
        }
    }

    #[inline]
    fn word(&self, rng: &mut Stream, draws: usize, least: u64) -> [f64; W] {
        let size = self.table.len() as u128;
        loop {
            let mut bits = rng.next_u64();
            let mut sum = [0.0; W];
            for _ in 0..draws {
                let product = u128::from(bits) * size;
                for (s, x) in sum.iter_mut().zip(&self.table[(product >> 64) as usize]) {
                    *s += x;
                }
                bits = product as u64;
            }
            if bits >= least {
                return sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::stream;

    fn sample(n: u32) -> Sample {
        Sample::new((0..n).map(|i| f64::from(i * i % 7) / 10.0).collect()).unwrap()
    }

    #[test]
    fn resampled_means_vary_as_the_unbiased_variance_says() {
        // Tables of pairs, with an odd one, of single values, and a constant leaf.
        let samples = [2, 5, 10, 16, 17, 60, 1].map(sample);
        let means = Means::new([&samples[..]]);
        assert_eq!(means.work(), 1 + 3 + 5 + 8 + 17 + 60);
        let replicates = 20_000;
        let mut sums = [(0.0, 0.0); 7];
        let mut drawn = [0.0; 7];
        for b in 0..replicates {
            means.redraw(&mut stream(Seed(3), b), (-9.0, 9.0), [&mut drawn]);
            for (sum, x) in sums.iter_mut().zip(drawn) {
                *sum = (sum.0 + x, sum.1 + x * x);
            }
        }
        for (sample, (sum, squares)) in samples.iter().zip(sums) {
            let moments = Moments::of(sample);
            let mean = sum / replicates as f64;
            let sd = (squares / replicates as f64 - mean * mean).max(0.0).sqrt();
            let error = if sample.len() == 1 { 0.0 } else { moments.standard_error() };
            assert!((mean - moments.mean()).abs() < 0.03 * error + 1e-12);
            assert!((sd - error).abs() < 0.03 * error + 1e-7, "{} {sd} {error}", sample.len());
        }
    }

    #[test]
    fn pairs_stay_together() {
        let one = [sample(9)];
        let two = [Sample::new(one[0].values().iter().map(|x| x + 0.25).collect()).unwrap()];
        let means = Means::new([&one[..], &two[..]]);
        let (mut x, mut y) = ([0.0], [0.0]);
        for b in 0..100 {
            means.redraw(&mut stream(Seed(3), b), (-9.0, 9.0), [&mut x, &mut y]);
            assert!((y[0] - x[0] - 0.25).abs() < 1e-14);
        }
    }

    #[test]
    fn every_outcome_of_a_word_is_as_likely() {
        // Three draws of three: 27 outcomes, told apart as digits.
        let draws = Draws::new(vec![[0.0], [1.0], [2.0]], 3);
        assert_eq!(draws.per_word, 3);
        let mut counts = [0_u32; 7];
        let mut rng = stream(Seed(4), 0);
        for _ in 0..27_000 {
            let mut sum = [0.0];
            draws.add(&mut rng, &mut sum);
            counts[sum[0] as usize] += 1;
        }
        for (count, ways) in counts.into_iter().zip([1, 3, 6, 7, 6, 3, 1]) {
            let expected = f64::from(ways) * 1_000.0;
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt(), "{counts:?}");
        }
    }
}
