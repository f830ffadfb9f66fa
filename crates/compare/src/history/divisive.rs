//! E-divisive: a stretch is split where its sides differ most, as long as chance does not explain it.

use std::num::NonZeroU64;

use tailproof_core::descriptive::median;
use tailproof_core::{Sample, Seed};
use tailproof_resampling::{besag_clifford, stream};

use super::HistorySettings;
use super::levels::{CLIP, Levels, permute};
use super::null::{Null, innovations, rejoin};
use super::scale::clipped;

/// Null statistics at least as large as the observed one after which drawing stops.
const EXCEEDING: NonZeroU64 = NonZeroU64::new(10).expect("not zero");
/// The same where p is near α.
const CLOSE: NonZeroU64 = NonZeroU64::new(100).expect("not zero");
/// Most orders that are all looked at.
const ORDERS: f64 = 1e6;

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
/// split; drawing stops at the tenth permutation that does as well (Besag & Clifford). Where the
/// p so found lies between α/3 and 3α it is found anew, so that the seed hardly matters: of all
/// orders where there are at most 10⁶, else with `100/α` permutations.
pub(super) fn divide(
    series: &[f64],
    (start, end): (usize, usize),
    null: Null,
    settings: &HistorySettings,
) -> Vec<Split> {
    let mut found = Vec::new();
    let mut open = vec![(start, end)];
    while let Some((a, b)) = open.pop() {
        if let Some(split) = significant(series, (a, b), null, settings) {
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
    null: Null,
    settings: &HistorySettings,
) -> Option<Split> {
    let (part, least) = (&series[start..end], settings.least());
    if part.len() < 2 * least || part.iter().all(|&x| x == part[0]) {
        return None;
    }
    let levels = Levels::new(part);
    let (q, at) = levels.best(&levels.codes, least)?;
    // Sums in another order differ in their last digits.
    let limit = q - 1e-12 * q.abs();
    let seed = Seed(settings.seed.0.wrapping_add((part.len() as u64) << 32));
    let (mut codes, mut values) = (Vec::with_capacity(part.len()), Vec::new());
    let exceeds = |q: Option<(f64, usize)>| q.is_some_and(|b| b.0 >= limit);
    let joined = match null {
        Null::Autoregressive(rho) => {
            Some((rho, innovations(&clipped(part, CLIP), middle(part), rho)))
        }
        Null::Blocks(_) => None,
    };
    let mut drawn = |h: NonZeroU64, most: NonZeroU64, first: u64| {
        besag_clifford(h, most, |task| {
            let mut rng = stream(seed, ((start as u64) << 32) | (first + task));
            if let Some((rho, innovations)) = &joined {
                rejoin(innovations, *rho, &mut rng, &mut values);
                let levels = Levels::new(&values);
                return exceeds(levels.best(&levels.codes, least));
            }
            permute(&levels.codes, null.block(part.len()), &mut rng, &mut codes);
            exceeds(levels.best(&codes, least))
        })
        .p
    };
    let (most, alpha) = (settings.draws(), settings.alpha());
    let mut p = drawn(EXCEEDING, most, 0);
    if p > alpha / 3.0 && p <= 3.0 * alpha {
        p = if null == Null::INDEPENDENT && orders(&levels.codes) <= ORDERS {
            of_all(&levels.codes, |codes| exceeds(levels.best(codes, least)))
        } else {
            let enough = (CLOSE.get() as f64 / alpha).min(1e6) as u64;
            drawn(CLOSE, most.max(NonZeroU64::new(enough).unwrap_or(most)), most.get())
        };
    }
    (p <= alpha).then_some(Split { index: start + at, p })
}

fn middle(part: &[f64]) -> f64 {
    Sample::new(part.to_vec()).map_or(0.0, |s| median(&s))
}

/// In how many orders values can stand: `n!/∏ mᵢ!` for values that occur `mᵢ` times.
fn orders(codes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    let mut ways = 1.0;
    for (n, &code) in codes.iter().enumerate() {
        let count = &mut counts[usize::from(code)];
        *count += 1;
        ways *= (n + 1) as f64 / f64::from(*count);
        if ways > 1e3 * ORDERS {
            break;
        }
    }
    ways.round()
}

/// The share of all orders that exceed.
fn of_all(codes: &[u8], exceeds: impl Fn(&[u8]) -> bool) -> f64 {
    let mut order = codes.to_vec();
    order.sort_unstable();
    let (mut all, mut exceeding) = (0_u64, 0_u64);
    loop {
        all += 1;
        exceeding += u64::from(exceeds(&order));
        // The next order of the lexicon.
        let Some(i) = (1..order.len()).rev().find(|&i| order[i - 1] < order[i]) else {
            return exceeding as f64 / all as f64;
        };
        let above = order[i..].partition_point(|&code| code > order[i - 1]);
        order.swap(i - 1, i + above - 1);
        order[i..].reverse();
    }
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
        let found = divide(&series, (0, 90), Null::INDEPENDENT, &HistorySettings::new(Seed(1)));
        let at: Vec<usize> = found.iter().map(|s| s.index).collect();
        assert_eq!(at, [30, 60]);
        assert!(found.iter().all(|s| s.p <= 0.02));
    }

    #[test]
    fn noise_is_split_as_rarely_as_the_level_says() {
        let settings = HistorySettings::new(Seed(1));
        let split = |seed: &u64| {
            !divide(&noise(40, *seed), (0, 40), Null::INDEPENDENT, &settings).is_empty()
        };
        let alarms = (0..300).filter(split).count();
        // 2 % of 300 is 6; four standard deviations above is 16.
        assert!(alarms <= 16, "{alarms}");
    }

    #[test]
    fn few_points_do_not_depend_on_the_seed() {
        // All 9! orders of 9 values: the best split is seen in those with the same two sides,
        // or nearly so.
        let nine = [1.0, 2.0, 1.5, 1.2, 9.0, 8.5, 8.8, 9.1, 8.7];
        let p = |series: &[f64], seed: u64| {
            let settings = HistorySettings::new(Seed(seed));
            divide(series, (0, series.len()), Null::INDEPENDENT, &settings).first().map(|s| s.p)
        };
        let all: Vec<Option<f64>> = (0..20).map(|seed| p(&nine, seed)).collect();
        assert!(all[0].is_some() && all.iter().all(|p| *p == all[0]), "{all:?}");
        assert!((all[0].unwrap() - 2.0 / 126.0).abs() < 1e-12, "{all:?}");
    }

    #[test]
    fn orders_are_counted_and_all_seen() {
        assert_eq!((orders(&[0, 1, 2, 3]), orders(&[0, 0, 1, 1, 1])), (24.0, 10.0));
        assert!(orders(&[7; 300]) == 1.0);
        let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let codes = [2, 0, 1, 1, 0];
        let p = of_all(&codes, |order| seen.borrow_mut().insert(order.to_vec()));
        assert_eq!((p, seen.borrow().len()), (1.0, 30));
        assert_eq!(of_all(&codes, |order| order[0] == 2), 0.2);
    }

    #[test]
    fn what_cannot_be_split_is_not() {
        let settings = HistorySettings::new(Seed(1));
        assert!(divide(&[5.0; 50], (0, 50), Null::INDEPENDENT, &settings).is_empty());
        assert!(divide(&[1.0, 1.0, 9.0, 9.0], (0, 4), Null::INDEPENDENT, &settings).is_empty());
    }
}
