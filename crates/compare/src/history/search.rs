//! A history from left to right, window by window, so that its beginning does not depend on its
//! end.

use tailproof_core::Sample;
use tailproof_core::descriptive::median;
use tailproof_resampling::{block_length, dependence};

use super::divisive::{Split, divide, place};
use super::null::Null;
use super::penalized::penalized;
use super::scale::{Persistence, noise, persistence};
use super::{HistorySettings, SearchMethod};

/// Largest autocorrelation of neighbours that is reckoned with.
const STRONGEST: f64 = 0.97;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Changes, ascending.
    pub(super) splits: Vec<Split>,
    /// Longest blocks that were permuted, when only residuals depended on each other.
    pub(super) block: Option<usize>,
    /// Largest autocorrelation of neighbours that was noticed before any split.
    pub(super) rho: Option<f64>,
    /// Longest autocorrelation time among those windows, else 1.
    pub(super) tau: f64,
}

/// Searches windows of a bounded length from left to right.
///
/// A window begins at the last change found in the one before, or half a window after its
/// beginning. Only the last window reaches the end of the series; of all others, which do not
/// change when points are added, the changes in the first three quarters are kept.
pub(super) fn search(series: &[f64], settings: &HistorySettings) -> Found {
    let (n, most, least) = (series.len(), settings.most(), settings.least());
    let mut found = Found { tau: 1.0, ..Found::default() };
    let mut start = 0;
    loop {
        let mut end = (start + most).min(n);
        // A short rest joins the window before it.
        if n - end < most / 4 {
            end = n;
        }
        let mut splits = window(series, (start, end), settings, &mut found);
        if end < n {
            splits.retain(|s| s.index <= start + 3 * most / 4);
        }
        let last = splits.last().map_or(0, |s| s.index);
        for split in splits {
            if found.splits.iter().all(|s| s.index.abs_diff(split.index) >= least) {
                found.splits.push(split);
            }
        }
        if end == n {
            break;
        }
        start = last.max(start + most / 2);
    }
    found.splits.sort_by_key(|s| s.index);
    refine(series, settings, &mut found.splits);
    found
}

/// The splits of one window; when neighbours depend on each other, against series in which they
/// do so too.
///
/// False splits take the dependence out of the residuals, so it is asked for before any. What
/// first differences do not show, such as a wave with a period, residuals may: then blocks are
/// permuted.
fn window(
    series: &[f64],
    (start, end): (usize, usize),
    settings: &HistorySettings,
    found: &mut Found,
) -> Vec<Split> {
    let by = |null: Null| match settings.method {
        SearchMethod::Divisive => divide(series, (start, end), null, settings),
        SearchMethod::Pelt => penalized(series, (start, end), null, settings),
    };
    let part = &series[start..end];
    if let Some(Persistence { rho, cautious }) = persistence(part) {
        let (rho, cautious) = (rho.min(STRONGEST), cautious.min(STRONGEST));
        found.rho = Some(found.rho.map_or(cautious, |other| other.max(cautious)));
        found.tau = found.tau.max((1.0 + rho) / (1.0 - rho));
        return by(Null::Autoregressive(cautious));
    }
    let splits = by(Null::INDEPENDENT);
    let residuals = residuals(part, splits.iter().map(|s| s.index - start));
    let neighbours = dependence(&residuals);
    if !neighbours.significant {
        return splits;
    }
    // The residuals are not constant, or they would not depend on each other.
    let block = block_length(&residuals).map_or(2, |b| b.length().get()).max(2);
    found.block = found.block.max(Some(block));
    found.tau = found.tau.max(neighbours.tau);
    by(Null::Blocks(block))
}

/// Deviations from the median of each segment, at most four times the noise.
fn residuals(part: &[f64], changes: impl Iterator<Item = usize>) -> Vec<f64> {
    let limit = 4.0 * noise(part);
    let mut all = Vec::with_capacity(part.len());
    let mut from = 0;
    for end in changes.chain([part.len()]) {
        let segment = &part[from..end];
        let centre = Sample::new(segment.to_vec()).map_or(0.0, |s| median(&s));
        all.extend(segment.iter().map(|x| (x - centre).clamp(-limit, limit)));
        from = end;
    }
    all
}

/// Puts every change where the statistic is largest between its neighbours, at most a window
/// away.
fn refine(series: &[f64], settings: &HistorySettings, splits: &mut [Split]) {
    let (n, least, reach) = (series.len(), settings.least(), settings.most());
    let mut before = 0;
    for i in 0..splits.len() {
        let at = splits[i].index;
        let after = splits.get(i + 1).map_or(n, |s| s.index);
        let (from, to) = (before.max(at.saturating_sub(reach)), after.min(at + reach));
        if at >= from + least && to >= at + least {
            splits[i].index = place(&series[from..to], least).map_or(at, |t| from + t);
        }
        before = splits[i].index;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    fn steps(n: usize) -> Vec<f64> {
        let mut rng = stream(Seed(6), 0);
        (0..n).map(|i| 50.0 + (i / 90 % 2) as f64 * 4.0 + 2.0 * uniform(&mut rng)).collect()
    }

    fn indices(series: &[f64]) -> Vec<usize> {
        let found = search(series, &HistorySettings::new(Seed(1)));
        found.splits.iter().map(|s| s.index).collect()
    }

    #[test]
    fn windows_lose_no_change() {
        let found = indices(&steps(1_000));
        let want: Vec<usize> = (1..=11).map(|i| i * 90).collect();
        assert!(want.iter().all(|w| found.iter().any(|f| f.abs_diff(*w) <= 1)), "{found:?}");
        assert!(found.len() <= want.len() + 1, "{found:?}");
    }

    #[test]
    fn old_changes_stay_when_points_are_added() {
        let series = steps(700);
        let all = indices(&series);
        for end in (110..700).step_by(37) {
            let old: Vec<usize> = all.iter().copied().filter(|i| i + 15 <= end).collect();
            let then = indices(&series[..end]);
            for change in old {
                assert!(then.iter().any(|t| t.abs_diff(change) <= 2), "{end}: {change} {then:?}");
            }
        }
    }

    #[test]
    fn waves_are_compared_with_waves() {
        let mut rng = stream(Seed(9), 0);
        let mut level = 0.0;
        let wave: Vec<f64> = (0..200)
            .map(|_| {
                level = 0.8 * level + uniform(&mut rng) - 0.5;
                100.0 + level
            })
            .collect();
        let found = search(&wave, &HistorySettings::new(Seed(1)));
        assert!(found.rho.is_some_and(|r| r > 0.5) && found.tau > 3.0, "{found:?}");
        assert!(found.splits.len() <= 2, "{found:?}");
        assert_eq!(search(&[], &HistorySettings::new(Seed(1))).splits.len(), 0);
    }
}
