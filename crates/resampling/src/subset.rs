use crate::stream::{Stream, below};
use rand::Rng;

/// Fills `bits` with a uniformly random subset of `m` among `n` elements, `m ≤ n/2`.
///
/// Each element is first included independently with the power of 1/2 nearest to `m/n`;
/// then uniformly chosen members leave, or non-members join, until `m` are in. Whatever the
/// first size was, the result is uniform: the construction treats all elements alike.
///
/// # Panics
/// `m > n`, or `bits` does not hold `n` bits.
pub(crate) fn fill(rng: &mut Stream, bits: &mut [u64], n: usize, m: usize) {
    assert!(m <= n && bits.len() == n.div_ceil(64), "{m} of {n} in {} words", bits.len());
    let share = |halvings: u32| (n as f64 / f64::from(1_u32 << halvings) - m as f64).abs();
    let halvings = (1..30).min_by(|&a, &b| share(a).total_cmp(&share(b))).expect("not empty");
    let mut size = 0;
    let last = bits.len() - 1;
    for (i, word) in bits.iter_mut().enumerate() {
        let mut w = rng.next_u64();
        for _ in 1..halvings {
            w &= rng.next_u64();
        }
        if i == last && !n.is_multiple_of(64) {
            w &= (1 << (n % 64)) - 1;
        }
        *word = w;
        size += w.count_ones() as usize;
    }
    let leaving = size > m;
    for _ in 0..size.abs_diff(m) {
        loop {
            let at = below(rng, n as u64) as usize;
            let (word, bit) = (at / 64, 1 << (at % 64));
            if (bits[word] & bit != 0) == leaving {
                bits[word] ^= bit;
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream;
    use tailproof_core::Seed;

    #[test]
    fn every_subset_is_as_likely() {
        for (n, m) in [(6, 3), (7, 2), (5, 1)] {
            let mut seen = std::collections::BTreeMap::new();
            let draws = 60_000;
            for task in 0..draws {
                let mut bits = [0];
                fill(&mut stream(Seed(3), task), &mut bits, n, m);
                assert_eq!(bits[0].count_ones() as usize, m);
                *seen.entry(bits[0]).or_insert(0_u32) += 1;
            }
            let subsets = [20.0, 21.0, 5.0][if n == 6 {
                0
            } else if n == 7 {
                1
            } else {
                2
            }];
            assert_eq!(seen.len() as f64, subsets);
            let expected = draws as f64 / subsets;
            let chi2: f64 =
                seen.values().map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
            assert!(chi2 < subsets + 6.0 * (2.0 * subsets).sqrt(), "{n} {m}: {chi2}");
        }
    }
}
