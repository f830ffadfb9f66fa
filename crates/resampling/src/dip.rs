use rayon::prelude::*;
use tailproof_core::descriptive::Moments;
use tailproof_core::{Rank, Sample, Seed};

use crate::stream::{stream, uniform};

/// Outcome of Hartigan's dip test of one mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dip {
    /// The dip, at least `1/(2n)`, and at most ¼ for two values or more.
    pub statistic: f64,
    /// p-value against uniform samples, by simulation.
    pub p: f64,
    /// Simulated samples.
    pub replicates: u32,
}

/// One mode of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// Share of the observations.
    pub share: f64,
    /// Smallest observation of the mode.
    pub lo: f64,
    /// Largest observation of the mode.
    pub hi: f64,
    /// Their median.
    pub median: f64,
}

/// Uniform samples behind a p-value.
const REPLICATES: u32 = 2_000;
/// Largest size of a simulated sample.
const LARGEST: usize = 10_000;

/// Hartigan's dip test: has the distribution one mode, or more?
///
/// ```text
/// dip = min over distribution functions F with one mode of sup_x |F_n(x) − F(x)|
/// p   = (1 + #{dip of n uniform values ≥ dip}) / (1 + 2 000)
/// ```
/// The distance is found with greatest convex minorants and least concave majorants of `F_n`
/// over a shrinking interval that holds the mode, in O(n) a step after sorting, in few steps. `F`
/// may have an atom at its mode and nowhere else, so repeated values elsewhere count as
/// modes: judge [`crate::clock_resolution`] first. The dip is at least `1/(2n)`, also for
/// constant data. The uniform distribution is the least favourable of those with one mode up
/// to vanishing terms: small p-values are rare for them all.
///
/// `p` depends on the dip, n and `seed` only. Above 10 000 observations samples of 10 000 are
/// simulated and their dips scaled by `√(10 000/n)`, the rate of the limit law.
///
/// # Source
/// Hartigan & Hartigan (1985), *Annals of Statistics* 13(1), 70–84.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_resampling::{dip, modes};
///
/// // Cache hits about 1 ms, misses about 9 ms.
/// let latency = (0..200).map(|i| f64::from(i) * 0.01 + if i % 4 == 0 { 8.0 } else { 0.0 });
/// let latency = Sample::new(latency.collect())?;
/// assert!(dip(&latency, Seed(1)).p < 0.001);
/// let found = modes(&latency);
/// assert_eq!((found.len(), found[1].share), (2, 0.25));
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn dip(sample: &Sample, seed: Seed) -> Dip {
    let statistic = dip_of(sample.sorted());
    let n = sample.len();
    let size = n.min(LARGEST);
    let scale = (size as f64 / n as f64).sqrt();
    let reached: u32 = (0..REPLICATES)
        .into_par_iter()
        .map(|replicate| {
            let mut rng = stream(seed, u64::from(replicate));
            // Spacings of uniform values are exponential, up to a scale that the dip ignores.
            let mut at = 0.0;
            let uniforms: Vec<f64> = (0..size)
                .map(|_| {
                    at -= uniform(&mut rng).ln();
                    at
                })
                .collect();
            // Rounding must not tell a tie apart.
            u32::from(dip_of(&uniforms) * scale >= statistic * (1.0 - 1e-12))
        })
        .sum();
    let p = f64::from(1 + reached) / f64::from(1 + REPLICATES);
    Dip { statistic, p, replicates: REPLICATES }
}

/// The dip alone, without the simulation that its p-value takes.
#[must_use]
pub fn dip_statistic(sample: &Sample) -> f64 {
    dip_of(sample.sorted())
}

/// A step of an empirical distribution function: counts below and up to a distinct value.
#[derive(Clone, Copy, Debug)]
struct Step {
    x: f64,
    below: f64,
    up_to: f64,
}

/// The dip of sorted values.
fn dip_of(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mut steps: Vec<Step> = Vec::with_capacity(sorted.len());
    for (i, &x) in sorted.iter().enumerate() {
        match steps.last_mut() {
            Some(last) if last.x == x => last.up_to += 1.0,
            _ => steps.push(Step { x, below: i as f64, up_to: (i + 1) as f64 }),
        }
    }
    // Twice the dip in counts: the least that any function with one mode is off by.
    let mut twice = 1.0_f64;
    let (mut low, mut high) = (0, steps.len() - 1);
    while low < high {
        let part = &steps[low..=high];
        let convex = hull(part, |s| s.below, 1.0);
        let concave = hull(part, |s| s.up_to, -1.0);
        let minorant = along(part, &convex, |s| s.below);
        let majorant = along(part, &concave, |s| s.up_to);
        let gap = |i: usize| majorant[i] - minorant[i];
        // The first widest gap at a corner of the minorant, the last at one of the majorant.
        let at_convex = convex.iter().copied().rev().max_by(|&a, &b| gap(a).total_cmp(&gap(b)));
        let at_concave = concave.iter().copied().max_by(|&a, &b| gap(a).total_cmp(&gap(b)));
        let (Some(i), Some(j)) = (at_convex, at_concave) else { break };
        if gap(i).max(gap(j)) <= twice {
            break;
        }
        let (from, to) = if gap(i) >= gap(j) {
            (i, concave[concave.partition_point(|&c| c < i)])
        } else {
            (convex[convex.partition_point(|&c| c <= j) - 1], j)
        };
        // Beyond the new interval the function is fixed, and so is its distance.
        for (k, step) in part.iter().enumerate() {
            if k < from {
                twice = twice.max(step.up_to - minorant[k]);
            } else if k > to {
                twice = twice.max(majorant[k] - step.below);
            }
        }
        if from == 0 && to == part.len() - 1 {
            break;
        }
        (low, high) = (low + from, low + to);
    }
    twice / (2.0 * n)
}

/// Corners of the greatest convex minorant (`sign` 1) or least concave majorant (−1).
fn hull(steps: &[Step], y: impl Fn(&Step) -> f64, sign: f64) -> Vec<usize> {
    let mut corners: Vec<usize> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        while let [.., a, b] = corners[..] {
            let (first, last) = (&steps[a], &steps[b]);
            let turn = (last.x - first.x) * (y(step) - y(first))
                - (y(last) - y(first)) * (step.x - first.x);
            if sign * turn > 0.0 {
                break;
            }
            corners.pop();
        }
        corners.push(i);
    }
    corners
}

/// The ordinate of the polygon through `corners` at every step.
fn along(steps: &[Step], corners: &[usize], y: impl Fn(&Step) -> f64) -> Vec<f64> {
    let mut values = Vec::with_capacity(steps.len());
    for pair in corners.windows(2) {
        let (a, b) = (&steps[pair[0]], &steps[pair[1]]);
        let slope = (y(b) - y(a)) / (b.x - a.x);
        values.extend(steps[pair[0]..pair[1]].iter().map(|s| y(a) + slope * (s.x - a.x)));
    }
    values.extend(corners.last().map(|&last| y(&steps[last])));
    values
}

/// The modes of a sample, from left to right, split where a kernel density is lowest between
/// two peaks.
///
/// ```text
/// f̂(x) = Σ φ((x − xᵢ)/h)/(nh)      h = 0.9·min(s, IQR/1.34)·n^(−1/5)
/// ```
/// binned to 512 points over the central 99 % of the values, widened by 3h. A peak counts
/// when it holds at least 1 % of the observations and the valley to the next one falls below 90 %
/// of the lower of the two and lies more than three times its noise under it; others join the
/// neighbour across the higher valley. While only one peak is left, `h` is halved, four times at
/// most. A wide small mode beside a narrow large one may still fall into pieces.
///
/// It finds peaks whether they are real or not: ask [`dip`] first, and use this when its p is
/// small. Shares add up to 1. Fewer than 10 observations, or equal ones, are one mode.
///
/// # Source
/// Silverman (1986), *Density Estimation*, §3.4.2; the split at the antimode is this program's.
#[must_use]
pub fn modes(sample: &Sample) -> Vec<Mode> {
    let sorted = sample.sorted();
    let n = sorted.len();
    let spread = bandwidth(sample);
    let (Some(mut h), true) = (spread, n >= 10) else { return vec![mode(sorted, n)] };
    for _ in 0..5 {
        let cuts = antimodes(sorted, h);
        if !cuts.is_empty() {
            let mut found = Vec::with_capacity(cuts.len() + 1);
            let mut start = 0;
            for end in cuts.into_iter().chain([n]) {
                found.push(mode(&sorted[start..end], n));
                start = end;
            }
            return found;
        }
        h /= 2.0;
    }
    vec![mode(sorted, n)]
}

fn mode(part: &[f64], n: usize) -> Mode {
    let (a, b) = (part[(part.len() - 1) / 2], part[part.len() / 2]);
    Mode {
        share: part.len() as f64 / n as f64,
        lo: part[0],
        hi: part[part.len() - 1],
        median: f64::midpoint(a, b),
    }
}

/// Silverman's bandwidth; `None` when there is no spread.
fn bandwidth(sample: &Sample) -> Option<f64> {
    let sd = Moments::of(sample).sd(0);
    let quarter = |p: f64| sample.quantile(Rank::from_f64(p).expect("a quarter is a rank"));
    let robust = (quarter(0.75) - quarter(0.25)) / 1.34;
    let scale = if robust > 0.0 { sd.min(robust) } else { sd };
    let h = 0.9 * scale * (sample.len() as f64).powf(-0.2);
    (h > 0.0 && h.is_finite()).then_some(h)
}

/// Indices of the sorted values at which a new mode begins.
fn antimodes(sorted: &[f64], h: f64) -> Vec<usize> {
    const GRID: usize = 512;
    let n = sorted.len();
    let tail = n / 200;
    let start = sorted[tail] - 3.0 * h;
    let step = (sorted[n - 1 - tail] + 3.0 * h - start) / (GRID - 1) as f64;
    let h = h.max(step); // Narrower kernels would fall between the points.
    let mut counts = vec![0.0_f64; GRID];
    for &x in sorted {
        let i = ((x - start) / step).round();
        if (0.0..GRID as f64).contains(&i) {
            counts[i as usize] += 1.0; // Outliers beyond the grid shape nothing.
        }
    }
    let kernel: Vec<f64> =
        (0..GRID).map(|i| (-0.5 * (i as f64 * step / h).powi(2)).exp()).collect();
    let density: Vec<f64> = (0..GRID)
        .map(|i| counts.iter().enumerate().map(|(j, c)| c * kernel[i.abs_diff(j)]).sum::<f64>())
        .collect();
    // Every valley as (density, first index beyond it), with the peaks between them.
    let (mut valleys, mut peaks): (Vec<(f64, usize)>, Vec<f64>) = (Vec::new(), Vec::new());
    let (mut top, mut bottom) = (density[0], (density[0], 0));
    let mut rising = true;
    for (i, &f) in density.iter().enumerate().skip(1) {
        if rising {
            if f < top {
                peaks.push(top);
                (rising, bottom) = (false, (f, i));
            } else {
                top = f;
            }
        } else if f > bottom.0 {
            let cut = start + bottom.1 as f64 * step;
            valleys.push((bottom.0, sorted.partition_point(|&x| x < cut)));
            (rising, top) = (true, f);
        } else {
            bottom = (f, i);
        }
    }
    if rising {
        peaks.push(top);
    }
    merged(valleys, peaks, n)
}

/// Whether a valley could be noise below this peak. Both are sums of kernels of height 1, whose
/// variance is about `1/√2` of the sum.
fn is_shallow(valley: f64, peak: f64) -> bool {
    let noise = ((peak + valley) * std::f64::consts::FRAC_1_SQRT_2).sqrt();
    valley > 0.9 * peak || peak - valley < 3.0 * noise
}

/// Removes peaks that are too small or hardly separated, until all that are left count.
fn merged(mut valleys: Vec<(f64, usize)>, mut peaks: Vec<f64>, n: usize) -> Vec<usize> {
    let least = n.div_ceil(100);
    loop {
        let edge = |i: usize| if i == 0 { 0 } else { valleys[i - 1].1 };
        let end = |i: usize| valleys.get(i).map_or(n, |v| v.1);
        let small = (0..peaks.len()).find(|&i| end(i) - edge(i) < least);
        let shallow =
            (0..valleys.len()).find(|&i| is_shallow(valleys[i].0, peaks[i].min(peaks[i + 1])));
        let remove = match (small, shallow) {
            _ if valleys.is_empty() => None,
            (Some(i), _) => {
                // Across the higher of its valleys.
                let left = i > 0 && (i == valleys.len() || valleys[i - 1].0 >= valleys[i].0);
                Some(if left { i - 1 } else { i })
            }
            (None, shallow) => shallow,
        };
        let Some(i) = remove else { break };
        valleys.remove(i);
        let other = peaks.remove(i + 1);
        peaks[i] = peaks[i].max(other);
    }
    valleys.into_iter().map(|v| v.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: Vec<f64>) -> Sample {
        Sample::new(values).unwrap()
    }

    fn normal(n: usize, seed: u64) -> impl Iterator<Item = f64> {
        let mut rng = stream(Seed(seed), 0);
        (0..n).map(move |_| (0..12).map(|_| uniform(&mut rng)).sum::<f64>() - 6.0)
    }

    /// Sorted values, and their dip by linear programs over all functions with one mode.
    const REFERENCE: &[(&[f64], f64)] = &[
        (&[-1.66, -0.8, -0.45, -0.39, 0.24, 0.25, 0.43, 0.66, 1.14], 7.0 / 69.0),
        (
            &[-2.03, -0.86, -0.05, 0.83, 1.41, 2.52, 3.34, 3.49, 3.6, 4.28, 5.39, 5.57],
            85.0 / 1_182.0,
        ),
        (&[0.0, 1.0, 2.0, 4.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0], 1.0 / 12.0),
        (&[0.1, 0.1, 0.1, 0.2, 0.4, 0.4, 0.5, 0.9, 1.0, 1.1, 1.3, 1.4, 1.9, 2.5], 5.0 / 63.0),
    ];

    #[test]
    fn dips_are_those_of_the_definition() {
        // Half of the mass at either of two points: ¼. Equally spaced: 1/(2n).
        assert_eq!(dip_of(&[0.0, 0.0, 1.0, 1.0]), 0.25);
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert!((dip_of(&even) - 0.01).abs() < 1e-15);
        assert_eq!(dip_of(&[3.0; 8]), 1.0 / 16.0);
        // An atom at the mode is allowed: a decreasing tail after it.
        let tail: Vec<f64> = [0.0; 4].into_iter().chain((1..=10).map(f64::from)).collect();
        assert_eq!(dip_of(&tail), 1.0 / 28.0);
        for (values, want) in REFERENCE {
            assert!((dip_of(values) - want).abs() < 1e-12, "{values:?}: {}", dip_of(values));
        }
    }

    #[test]
    fn two_modes_are_told_from_one() {
        let one = sample(normal(400, 1).collect());
        let two =
            sample(normal(300, 2).chain(normal(100, 3).map(|x| x + 8.0)).collect::<Vec<f64>>());
        let (a, b) = (dip(&one, Seed(7)), dip(&two, Seed(7)));
        assert!(a.p > 0.05 && b.p < 0.001, "{a:?} {b:?}");
        let found = modes(&two);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((found[0].share - 0.75).abs() < 0.01, "{found:?}");
        assert!((found[1].median - 8.0).abs() < 0.5 && found[0].hi < found[1].lo);
    }

    #[test]
    fn p_is_rarely_small_for_one_mode() {
        let small = (0..40)
            .filter(|&s| {
                let mut rng = stream(Seed(100 + s), 0);
                let values = (0..60).map(|_| uniform(&mut rng)).collect();
                dip(&sample(values), Seed(s)).p <= 0.1
            })
            .count();
        assert!(small <= 11, "{small} of 40"); // 4 sd above 10 %.
    }

    #[test]
    fn constants_and_few_values_are_one_mode() {
        let equal = sample(vec![2.0; 30]);
        assert_eq!(dip(&equal, Seed(1)).p, 1.0);
        let one = Mode { share: 1.0, lo: 2.0, hi: 2.0, median: 2.0 };
        assert_eq!(modes(&equal), [one]);
        assert_eq!(modes(&sample(vec![1.0, 9.0])).len(), 1);
    }
}
