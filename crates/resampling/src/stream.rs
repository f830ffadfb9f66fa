use rand::Rng;
use rand_pcg::Pcg64Dxsm;
use tailproof_core::Seed;

/// The generator behind every random result.
pub type Stream = Pcg64Dxsm;

/// Generator of task `task`: a function of `(seed, task)` and of nothing else.
///
/// Give every replicate its own task, and results do not depend on threads.
#[must_use]
pub fn stream(seed: Seed, task: u64) -> Stream {
    let lane = mix(task.wrapping_add(0x9e37_79b9_7f4a_7c15)); // SplitMix64, a bijection.
    Pcg64Dxsm::new(u128::from(mix(seed.0 ^ lane)), u128::from(lane))
}

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014).
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number below `n`: the high half of a 128-bit product (Lemire 2019, without the
/// rejection, whose absence biases by less than `n`/2⁶⁴).
#[inline]
pub fn below(rng: &mut Stream, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// Indices below `n`, independent and uniform, drawn two at a time.
///
/// ```text
/// h, g: the halves of 64 random bits       ⌊h·n/2³²⌋, ⌊g·n/2³²⌋
/// both anew when h·n mod 2³² or g·n mod 2³² is below 2³² mod n
/// ```
/// Exactly uniform, since each index is left with `⌊2³²/n⌋` halves and both are kept or neither
/// (Lemire 2019, *ACM Transactions on Modeling and Computer Simulation* 29(1), 3). Above 2²⁴,
/// where drawing anew would not be rare, each index takes 64 bits of its own, see [`below`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indices {
    n: u64,
    /// `2³² mod n`.
    rest: u64,
}

impl Indices {
    /// Largest n of which two indices come from one draw; below it fewer than one pair in 128
    /// is drawn anew.
    const HALVES_UP_TO: u64 = 1 << 24;
    /// The lower half of a word.
    const LOW: u64 = 0xffff_ffff;

    /// Of an n that is not zero.
    pub(crate) fn below(n: usize) -> Self {
        let n = n as u64;
        Self { n, rest: (1 << 32) % n }
    }

    /// Two of them.
    #[inline]
    pub(crate) fn pair(self, rng: &mut Stream) -> [usize; 2] {
        if self.n > Self::HALVES_UP_TO {
            return [below(rng, self.n) as usize, below(rng, self.n) as usize];
        }
        loop {
            let bits = rng.next_u64();
            let (a, b) = ((bits >> 32) * self.n, (bits & Self::LOW) * self.n);
            if (a & Self::LOW).min(b & Self::LOW) >= self.rest {
                return [(a >> 32) as usize, (b >> 32) as usize];
            }
        }
    }

    /// `count` of them in turn; the second of the last pair is left when `count` is odd.
    #[inline]
    pub(crate) fn each(self, rng: &mut Stream, count: usize, mut take: impl FnMut(usize)) {
        for _ in 0..count / 2 {
            let [i, j] = self.pair(rng);
            take(i);
            take(j);
        }
        if !count.is_multiple_of(2) {
            take(self.pair(rng)[0]);
        }
    }
}

/// A number strictly between 0 and 1, a multiple of 2⁻⁵³ plus 2⁻⁵⁴.
#[inline]
pub fn uniform(rng: &mut Stream) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_told_apart_and_repeat() {
        let first = |seed, task| stream(Seed(seed), task).next_u64();
        assert_eq!(first(1, 2), first(1, 2));
        let mut all: Vec<u64> = (0..50).flat_map(|s| (0..50).map(move |t| first(s, t))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2_500);
    }

    #[test]
    fn indices_are_as_likely_one_by_one_and_in_pairs() {
        // 2³² mod n is 0, 1, 4 and 10 952; the last n takes 64 bits an index.
        for n in [1, 5, 6, 12_289, (1 << 24) + 1] {
            let indices = Indices::below(n);
            let cells = n.min(6);
            let mut counts = vec![0_u32; cells * cells];
            let mut rng = stream(Seed(4), n as u64);
            for _ in 0..60_000 {
                let [i, j] = indices.pair(&mut rng);
                assert!(i < n && j < n);
                counts[i * cells / n * cells + j * cells / n] += 1;
            }
            // Cells of a large n differ by one index at most, which cannot be seen.
            let expected = 60_000.0 / counts.len() as f64;
            let chi2: f64 =
                counts.iter().map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
            let df = (counts.len() - 1) as f64;
            assert!(chi2 <= df + 6.0 * (2.0 * df).sqrt(), "{n}: {chi2}");
        }
    }

    #[test]
    fn halves_that_would_favour_an_index_are_drawn_anew() {
        // 2³² = 715 827 882 · 6 + 4: four of the six indices have one half too many.
        let indices = Indices::below(6);
        assert_eq!(indices.rest, 4);
        let lost = |half: u64| (half * 6) & Indices::LOW < indices.rest;
        // The first half of each index leaves less than 6, all others leave more.
        let first = (0..6_u64).map(|index| (index << 32).div_ceil(6));
        assert_eq!(first.clone().filter(|&half| lost(half)).count(), 4);
        assert!(first.skip(1).all(|half| !lost(half - 1) && !lost(half + 1)));
    }

    #[test]
    fn indices_in_turn_are_the_pairs() {
        let indices = Indices::below(1_000);
        for count in [0, 1, 2, 7] {
            let mut drawn = Vec::new();
            indices.each(&mut stream(Seed(1), 2), count, |i| drawn.push(i));
            let mut rng = stream(Seed(1), 2);
            let pairs: Vec<usize> = (0..4).flat_map(|_| indices.pair(&mut rng)).collect();
            assert_eq!(drawn, pairs[..count]);
        }
    }
}
