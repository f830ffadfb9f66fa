use std::borrow::Cow;
use std::collections::BTreeMap;

use tailproof_core::descriptive::Moments;
use tailproof_core::{Loop, Observations, Order, Rank, Sample, Series, number, percent};

use crate::clock::clock_resolution;
use crate::dip::{dip_statistic, modes};
use crate::stalls::stalls;
use crate::warm_up::{WarmUp, warm_up};

/// Values looked at for clock and modes; of longer series every k-th.
const LOOKED_AT: usize = 2_000;
/// `√n · dip` beyond which one mode is refuted: fewer than one in a thousand samples of one
/// mode reach it, whatever n (a test simulates it).
const DIP: f64 = 0.70;
/// Standard errors by which a warm-up must differ from what follows: MSER cuts somewhere in
/// noise too.
const SHIFT: f64 = 4.0;

/// What is wrong with how a series was measured, each with its number: a closed loop that
/// stalled, a warm-up, a clock too coarse, several modes.
///
/// - *Stalls*: the longest interval between times, when it is over 10 medians; of a source
///   that is not known to be a closed loop only when arrivals at random would not show it in one
///   of 1 000 series either, `ratio > (ln n + ln 1000)/ln 2`. With runs, within each.
/// - *Warm-up*: per run, of series in time order: [`warm_up`] with at least 5 % to leave out, or
///   no steady state, when both stretches lie over 4 standard errors apart. Nothing is trimmed.
/// - *Clock*: over 20 % of the observations repeat a value, and one step of the clock is over a
///   tenth of the middle half of them. (Large samples of a fine clock repeat values too.)
/// - *Modes*: `√n·dip ≥ 0.70` (p < 0.001), with the shares and medians of the modes, unless the
///   clock is too coarse to tell.
///
/// Empty for anything but raw observations, and below 20 of them. O(n) but for sorting at most
/// 2 000 values.
#[must_use]
pub fn pathologies(series: &Series, source: Option<Loop>) -> Vec<String> {
    let Observations::Raw(raw) = &series.observations else { return Vec::new() };
    let values = raw.sample.values();
    if values.len() < 20 {
        return Vec::new();
    }
    let step = values.len().div_ceil(LOOKED_AT);
    let some: Vec<f64> = values.iter().step_by(step).copied().collect();
    let some = Sample::new(some).expect("finite, from a sample");
    let mut found = Vec::new();
    let run = series.run.as_deref();
    if let Some(time) = &series.time {
        found.extend(stalled(&by_run(run, time), source));
    }
    if raw.sample.order() == Order::Time || series.time.is_some() {
        found.extend(warming(&by_run(run, values), &some));
    }
    let clock = coarse(&some);
    if clock.is_none() {
        found.extend(several_modes(&some));
    }
    found.extend(clock);
    found
}

/// What belongs to each run, in its order; everything without a column.
fn by_run<'a, T: Copy>(run: Option<&[u32]>, all: &'a [T]) -> Vec<Cow<'a, [T]>> {
    let Some(run) = run else { return vec![Cow::Borrowed(all)] };
    let mut runs: BTreeMap<u32, Vec<T>> = BTreeMap::new();
    for (&r, &x) in run.iter().zip(all) {
        runs.entry(r).or_default().push(x);
    }
    runs.into_values().map(Cow::Owned).collect()
}

fn stalled(runs: &[Cow<'_, [i64]>], source: Option<Loop>) -> Option<String> {
    let worst = runs
        .iter()
        .filter_map(|run| {
            let mut times = run.to_vec();
            times.sort_unstable();
            let limit = if source == Some(Loop::Closed) {
                10.0
            } else {
                ((times.len() as f64).ln() + 1_000_f64.ln()) / std::f64::consts::LN_2
            };
            stalls(&times).filter(|s| s.ratio > limit)
        })
        .max_by(|a, b| a.ratio.total_cmp(&b.ratio))?;
    Some(format!(
        "the load stalled: {} ms without an arrival, {} times the median interval; if the source \
         waits for answers, requests that would have been slow were never sent (coordinated \
         omission)",
        number(worst.longest_ns as f64 / 1e6),
        number(worst.ratio.round()),
    ))
}

/// Outliers are clipped at the 95th percentile and long runs averaged to at most 400 values,
/// as MSER takes neither far outliers nor dependence well.
fn warming(runs: &[Cow<'_, [f64]>], some: &Sample) -> Option<String> {
    const MOST: usize = 400;
    let clip = some.quantile(Rank::P95);
    let found: Vec<_> = runs
        .iter()
        .filter_map(|run| {
            let size = run.len().div_ceil(MOST);
            let means: Vec<f64> = run
                .chunks_exact(size)
                .map(|c| c.iter().map(|x| x.min(clip)).sum::<f64>() / size as f64)
                .collect();
            let found = warm_up(&means)?;
            let cut = if found.steady { found.truncate } else { means.len() / 2 };
            let moved = distance(&means[..cut], &means[cut..]) > SHIFT;
            moved.then_some(WarmUp { truncate: found.truncate * size, ..found })
        })
        .collect();
    let unsteady = found.iter().filter(|w| !w.steady).count();
    let of = if found.len() > 1 { format!(" of {} runs", found.len()) } else { String::new() };
    if unsteady > 0 {
        let which = if found.len() > 1 { format!("{unsteady}{of}") } else { "the series".into() };
        return Some(format!(
            "{which} had not settled by the middle (MSER-5): results depend on when the \
             measurement stopped"
        ));
    }
    let worst = found.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
    (worst.share >= 0.05).then(|| {
        format!(
            "warm-up: the first {} observations ({}) differ from the rest (MSER-5); they were \
             kept",
            number(worst.truncate as f64),
            percent(worst.share),
        )
    })
}

/// How far two stretches lie apart, in standard errors of their difference; 0 for short ones.
fn distance(first: &[f64], second: &[f64]) -> f64 {
    if first.len() < 2 || second.len() < 2 {
        return 0.0;
    }
    let (a, b) = (Moments::of_values(first), Moments::of_values(second));
    let error = a.standard_error().hypot(b.standard_error());
    if error == 0.0 { 0.0 } else { (a.mean() - b.mean()).abs() / error }
}

fn coarse(sample: &Sample) -> Option<String> {
    let clock = clock_resolution(sample);
    let gap = clock.step();
    let sorted = sample.sorted();
    let middle = sorted[sorted.len() * 3 / 4] - sorted[sorted.len() / 4];
    (gap > middle / 10.0).then(|| {
        format!(
            "coarse clock: {} of the values repeat and its step is {}; differences below twice \
             that cannot be seen",
            percent(clock.ties),
            number(gap),
        )
    })
}

fn several_modes(sample: &Sample) -> Option<String> {
    let n = sample.len() as f64;
    let dip = dip_statistic(sample);
    if dip * n.sqrt() < DIP {
        return None;
    }
    let found = modes(sample);
    if found.len() < 2 {
        return None;
    }
    let list: Vec<String> =
        found.iter().map(|m| format!("{} around {}", percent(m.share), number(m.median))).collect();
    Some(format!(
        "{} modes (dip {}, p < 0.001): {}; a mean describes none of them",
        found.len(),
        number(dip),
        list.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};
    use tailproof_core::{Labels, Metric, Raw, Seed, Unit};

    fn series(values: Vec<f64>, time: Option<Vec<i64>>) -> Series {
        let sample = Sample::new(values).unwrap().in_time_order();
        Series {
            metric: Metric::new("m", Unit::known("ms")),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(sample)),
            run: None,
            time,
            marks: None,
        }
    }

    fn exponential(n: usize, task: u64) -> Vec<f64> {
        let mut rng = stream(Seed(3), task);
        (0..n).map(|_| -10.0 * uniform(&mut rng).ln()).collect()
    }

    #[test]
    fn a_healthy_series_has_no_warnings() {
        let accused: usize = (0..60)
            .map(|task| {
                // Poisson arrivals, exponential latencies.
                let mut at = 0.0;
                let time = exponential(2_000, 2 * task)
                    .iter()
                    .map(|gap| {
                        at += gap * 1e6;
                        at as i64
                    })
                    .collect();
                let s = series(exponential(2_000, 2 * task + 1), Some(time));
                pathologies(&s, None).len()
            })
            .sum();
        assert!(accused <= 2, "{accused} warnings of 60 series");
    }

    #[test]
    fn each_pathology_is_named_with_its_number() {
        let mut values = exponential(1_000, 1);
        for x in &mut values[..200] {
            *x += 60.0;
        }
        let text = pathologies(&series(values, None), None).join("\n");
        assert!(text.contains("warm-up: the first 2"), "{text}");

        let time = (0..1_000).map(|i| i * 1_000_000 + if i < 500 { 0 } else { 900_000_000 });
        let s = series(exponential(1_000, 2), Some(time.collect()));
        let text = pathologies(&s, Some(Loop::Closed)).join("\n");
        assert!(text.contains("901 ms without an arrival, 901 times"), "{text}");

        let coarse = exponential(1_000, 3).iter().map(|x| (x / 5.0).round() * 5.0).collect();
        let text = pathologies(&series(coarse, None), None).join("\n");
        assert!(text.contains("coarse clock") && text.contains("step is 5"), "{text}");
        assert!(!text.contains("modes"));

        let mixed: Vec<f64> = exponential(1_000, 4)
            .iter()
            .enumerate()
            .map(|(i, x)| x / 10.0 + if i % 3 == 0 { 50.0 } else { 10.0 })
            .collect();
        let text = pathologies(&series(mixed, None), None).join("\n");
        assert!(text.starts_with("2 modes") && text.contains("around 5"), "{text}");

        assert!(pathologies(&series(vec![1.0; 500], None), None).is_empty());
    }

    #[test]
    fn one_mode_rarely_reaches_the_limit() {
        for n in [20, 50, 200, 2_000] {
            let reached = (0..3_000)
                .filter(|&task| {
                    let mut rng = stream(Seed(n), task);
                    let drawn = (0..n).map(|_| uniform(&mut rng)).collect();
                    dip_statistic(&Sample::new(drawn).unwrap()) * (n as f64).sqrt() >= DIP
                })
                .count();
            assert!(reached <= 8, "n = {n}: {reached} of 3 000");
        }
    }
}
