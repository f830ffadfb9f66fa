//! PELT with a penalty that permuted data rarely exceed.

use tailproof_core::descriptive::median;
use tailproof_core::{Sample, Seed};
use tailproof_resampling::stream;

use super::HistorySettings;
use super::divisive::Split;
use super::levels::permute;
use super::null::{Null, innovations, rejoin};
use super::partition::{SegmentCost, SquaredError, pelt};
use super::scale::noise;

/// Permutations that calibrate the penalty; each costs `O(n²)`.
const PERMUTATIONS: u64 = 199;
/// Values further from the median of their neighbours than this times the noise count as that
/// far.
const CLIP: f64 = 5.0;

/// The splits of `series[start..end]` by PELT with squared errors of values without outliers.
///
/// A value is pulled in to within five times the noise from the median of itself and `min_segment`
/// neighbours on each side, so that single outliers have no segments of their own and levels stay.
///
/// ```text
/// g = max( max_τ gain of one change, ½ max_{s<t} gain of two )   of permuted values
/// β = the (1 − α) quantile of g        gain: what a split takes off the squared error
/// p = (1 + #{g* ≥ gain of leaving out the split})/(1 + 199)
/// ```
/// First the values are permuted, then, so that real changes do not raise the penalty, the
/// residuals of what the first penalty found. Three or more changes that only together are worth
/// their penalty are not looked for in permuted data.
pub(super) fn penalized(
    series: &[f64],
    (start, end): (usize, usize),
    null: Null,
    settings: &HistorySettings,
) -> Vec<Split> {
    let (part, least) = (&series[start..end], settings.least());
    if part.len() / 2 < least || part.iter().all(|&x| x == part[0]) {
        return Vec::new();
    }
    let values = tamed(part, least);
    let cost = SquaredError::new(&values);
    let seed = Seed(settings.seed.0.wrapping_add((part.len() as u64) << 32));
    let calibrated = |values: &[f64]| gains(values, least, null, (seed, start as u64));
    let mut chance = calibrated(&values);
    let mut found = pelt(&cost, penalty(&chance, settings.alpha()), least).changes;
    if !found.is_empty() {
        chance = calibrated(&residuals(&values, &found));
        found = pelt(&cost, penalty(&chance, settings.alpha()), least).changes;
    }
    let ends: Vec<usize> = [0].into_iter().chain(found).chain([part.len()]).collect();
    ends.windows(3)
        .map(|w| {
            let gain = cost.of(w[0], w[2]) - cost.of(w[0], w[1]) - cost.of(w[1], w[2]);
            let exceeding = chance.iter().filter(|&&g| g >= gain).count();
            let p = (1 + exceeding) as f64 / (1 + chance.len()) as f64;
            Split { index: start + w[1], p }
        })
        .collect()
}

/// The smallest penalty that at most a share α of permuted series, this one included, exceed.
fn penalty(sorted: &[f64], alpha: f64) -> f64 {
    let allowed = ((1 + sorted.len()) as f64 * alpha * (1.0 + 1e-12)) as usize;
    // With none allowed, above all that was seen.
    let rank = sorted.len() - allowed.clamp(1, sorted.len());
    let limit = sorted[rank];
    limit + 1e-9 * limit.abs()
}

/// The largest gain a change of each permuted series, ascending.
fn gains(values: &[f64], least: usize, null: Null, (seed, task): (Seed, u64)) -> Vec<f64> {
    let inverse: Vec<f64> = (0..=values.len()).map(|k| 1.0 / k as f64).collect();
    let mut order = Vec::with_capacity(values.len());
    let joined = match null {
        Null::Autoregressive(rho) => {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            innovations(values, mean, rho)
        }
        Null::Blocks(_) => Vec::new(),
    };
    let mut all: Vec<f64> = (0..PERMUTATIONS)
        .map(|i| {
            let mut rng = stream(seed, (task << 32) | i);
            match null {
                Null::Blocks(_) => permute(values, null.block(values.len()), &mut rng, &mut order),
                Null::Autoregressive(rho) => rejoin(&joined, rho, &mut rng, &mut order),
            }
            gain(&order, least, &inverse)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The most that one change takes off the squared error, or two on average.
///
/// ```text
/// gain = Σ_segments (Σx)²/length − (Σx)²/n       of deviations from the mean, so that Σx = 0
/// ```
fn gain(values: &[f64], least: usize, inverse: &[f64]) -> f64 {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for x in values {
        sum += x - mean;
        sums.push(sum);
    }
    let part = |a: usize, b: usize| (sums[b] - sums[a]).powi(2) * inverse[b - a];
    let mut most = 0.0_f64;
    for s in least..=n - least {
        let first = part(0, s);
        most = most.max(first + part(s, n));
        for t in s + least..=n - least {
            most = most.max((first + part(s, t) + part(t, n)) / 2.0);
        }
    }
    most
}

/// Values pulled in to within `CLIP` times the noise from the median of their neighbourhood.
fn tamed(part: &[f64], reach: usize) -> Vec<f64> {
    let limit = CLIP * noise(part);
    let pull = |(i, x): (usize, &f64)| {
        let around = &part[i.saturating_sub(reach)..(i + reach + 1).min(part.len())];
        let centre = Sample::new(around.to_vec()).map_or(*x, |s| median(&s));
        x.clamp(centre - limit, centre + limit)
    };
    part.iter().enumerate().map(pull).collect()
}

/// Deviations from the mean of each segment.
fn residuals(values: &[f64], changes: &[usize]) -> Vec<f64> {
    let ends = changes.iter().copied().chain([values.len()]);
    let mut from = 0;
    let mut all = Vec::with_capacity(values.len());
    for end in ends {
        let segment = &values[from..end];
        let mean = segment.iter().sum::<f64>() / segment.len() as f64;
        all.extend(segment.iter().map(|x| x - mean));
        from = end;
    }
    all
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
    fn a_burst_is_two_splits() {
        let mut series = noise(80, 2);
        for x in &mut series[40..46] {
            *x += 3.0;
        }
        let found = penalized(&series, (0, 80), Null::INDEPENDENT, &HistorySettings::new(Seed(1)));
        let at: Vec<usize> = found.iter().map(|s| s.index).collect();
        assert_eq!(at, [40, 46]);
    }

    #[test]
    fn noise_is_split_as_rarely_as_the_level_says() {
        let settings = HistorySettings::new(Seed(1));
        let split = |seed: &u64| {
            !penalized(&noise(40, *seed), (0, 40), Null::INDEPENDENT, &settings).is_empty()
        };
        let alarms = (0..200).filter(split).count();
        // 2 % of 200 is 4; more than four standard deviations above is 13.
        assert!(alarms <= 13, "{alarms}");
    }

    #[test]
    fn the_penalty_is_an_order_statistic() {
        let gains: Vec<f64> = (1..=199).map(f64::from).collect();
        // Of 200 with the data, 4 may exceed: the data and three of them.
        assert!((penalty(&gains, 0.02) - 196.0).abs() < 1e-6);
        assert!((penalty(&gains, 0.001) - 199.0).abs() < 1e-6);
    }
}
