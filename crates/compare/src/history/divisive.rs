//! E-divisive: a stretch is split where its sides differ most, as long as chance does not explain it.

use std::num::NonZeroU64;

use tailproof_core::Seed;
use tailproof_resampling::{besag_clifford, stream};

use super::HistorySettings;
use super::levels::{Levels, permute};

/// Null statistics at least as large as the observed one after which drawing stops.
const EXCEEDING: NonZeroU64 = NonZeroU64::new(10).expect("not zero");

/// A place at which the level changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    /// First value of the new level.
    pub(super) index: usize,
    /// p of the whole search that found it.
    pub(super) p: f64,
}

/// Where the energy statistic of a stretch is largest.
pub(super) fn place(series: &[f64], least: usize) -> Option<usize> {
    if series.iter().all(|&x| x == series[0]) {
        return None;
    }
    let levels = Levels::new(series);
    levels.best(&levels.codes, least).map(|b| b.1)
}

/// The splits of `series[start..end]`, ascending, each significant within the part that it
/// splits.
///
/// ```text
/// p = (1 + #{max_τ q̂*(τ) ≥ max_τ q̂(τ)})/(1 + B)
/// ```
/// Every permutation repeats the whole search. A part is split further only after a significant
/// split; drawing stops at the tenth permutation that does as well (Besag & Clifford).
pub(super) fn divide(
    series: &[f64],
    (start, end): (usize, usize),
    block: usize,
    settings: &HistorySettings,
) -> Vec<Split> {
    let mut found = Vec::new();
    let mut open = vec![(start, end)];
    while let Some((a, b)) = open.pop() {
        if let Some(split) = significant(series, (a, b), block, settings) {
            found.push(split);
            open.extend([(a, split.index), (split.index, b)]);
        }
    }
    found.sort_by_key(|s| s.index);
    found
}

fn significant(
    series: &[f64],
    (start, end): (usize, usize),
    block: usize,
    settings: &HistorySettings,
) -> Option<Split> {
    let (part, least) = (&series[start..end], settings.least());
    if part.len() / 2 < least || part.iter().all(|&x| x == part[0]) {
        return None;
    }
    let levels = Levels::new(part);
    let (q, at) = levels.best(&levels.codes, least)?;
    // At least four blocks, or there is nothing to permute.
    let block = block.min(part.len() / 4).max(1);
    // Sums in another order differ in their last digits.
    let limit = q - 1e-12 * q.abs();
    let seed = Seed(settings.seed.0.wrapping_add((part.len() as u64) << 32));
    let mut codes = Vec::with_capacity(part.len());
    let test = besag_clifford(EXCEEDING, settings.draws(), |task| {
        let mut rng = stream(seed, ((start as u64) << 32) | task);
        permute(&levels.codes, block, &mut rng, &mut codes);
        levels.best(&codes, least).is_some_and(|b| b.0 >= limit)
    });
    (test.p <= settings.alpha()).then_some(Split { index: start + at, p: test.p })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_resampling::uniform;

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = stream(Seed(seed), 0);
        (0..n).map(|_| 100.0 + uniform(&mut rng) + uniform(&mut rng)).collect()
    }

    #[test]
    fn two_shifts_are_two_splits() {
        let mut series = noise(90, 1);
        for x in &mut series[30..60] {
            *x += 3.0;
        }
        let found = divide(&series, (0, 90), 1, &HistorySettings::new(Seed(1)));
        let at: Vec<usize> = found.iter().map(|s| s.index).collect();
        assert_eq!(at, [30, 60]);
        assert!(found.iter().all(|s| s.p <= 0.02));
    }

    #[test]
    fn noise_is_split_as_rarely_as_the_level_says() {
        let settings = HistorySettings::new(Seed(1));
        let split = |seed: &u64| !divide(&noise(40, *seed), (0, 40), 1, &settings).is_empty();
        let alarms = (0..300).filter(split).count();
        // 2 % of 300 is 6; four standard deviations above is 16.
        assert!(alarms <= 16, "{alarms}");
    }

    #[test]
    fn what_cannot_be_split_is_not() {
        let settings = HistorySettings::new(Seed(1));
        assert!(divide(&[5.0; 50], (0, 50), 1, &settings).is_empty());
        assert!(divide(&[1.0, 1.0, 9.0, 9.0], (0, 4), 1, &settings).is_empty());
    }
}
