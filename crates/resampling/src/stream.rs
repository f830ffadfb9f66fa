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
}
