use std::f64::consts::PI;

use tailproof_core::Sample;

use crate::error::TestError;
use crate::ranks::midranks;

/// Most additions for which the arrangements are counted, some 30 ms.
const EXACT_WORK: u128 = 20_000_000;

/// Outcome of the two-sample Cramér–von Mises test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CramerVonMises {
    /// Anderson's T; large when the distributions differ.
    pub t: f64,
    /// `exact` where it exists, otherwise `limit`.
    pub p: f64,
    /// From all arrangements of the pooled values, their ties included; `None` when the
    /// samples are too large: above about 16 + 16 values, 28 + 28 of equal size, fewer with ties.
    pub exact: Option<f64>,
    /// From the limiting distribution, T scaled to its mean and variance.
    pub limit: f64,
}

/// The two-sample Cramér–von Mises test: do the samples come from one distribution?
///
/// ```text
/// U = n₁ Σ (rᵢ − i)² + n₂ Σ (sⱼ − j)²       rᵢ, sⱼ the pooled mid-ranks, each sample ascending
/// T = U/(n₁n₂N) − (4n₁n₂ − 1)/(6N)          N = n₁ + n₂
/// E T = (1 + 1/N)/6       Var T = (N + 1)(4n₁n₂N − 3(n₁² + n₂²) − 2n₁n₂)/(180 N² n₁n₂)
/// limit: P(ω² > ⅙ + (T − E T)/√(45 Var T)),   ω² = Σ Zₖ²/(k²π²)
/// ```
/// Without ties T is `n₁n₂/N²` times the sum of `(F_x − F_y)²` over the pooled values: it
/// weighs the whole distribution, where
/// [`kolmogorov_smirnov`](crate::kolmogorov_smirnov) looks at its widest gap. The exact p is
/// the share of the arrangements with at least this U. With ties the arrangements are those
/// of the tied mid-ranks, so the exact p stays valid, while the limit is that of continuous
/// data. Both are upper tails, computed and not subtracted. When all values are equal the
/// exact p is 1.
///
/// # Errors
/// A sample of one value.
///
/// # Source
/// Anderson (1962), *Annals of Mathematical Statistics* 33(3), 1148–1159; the limit: Smirnov
/// (1937), and Anderson & Darling (1952), *Annals of Mathematical Statistics* 23(2), 193–212.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::cramer_von_mises;
///
/// let before = Sample::new(vec![1.0, 2.0, 3.0])?;
/// let after = Sample::new(vec![4.0, 5.0, 6.0])?;
/// let test = cramer_von_mises(&before, &after)?;
/// assert!((test.p - 0.1).abs() < 1e-15); // 2 of 20 arrangements are so far apart.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cramer_von_mises(x: &Sample, y: &Sample) -> Result<CramerVonMises, TestError> {
    let few = x.len().min(y.len());
    if few < 2 {
        return Err(TestError::TooFew { need: 2, got: few });
    }
    // T does not know which sample is the first; the smaller one is.
    let (x, y) = if x.len() > y.len() { (y, x) } else { (x, y) };
    let ranks = doubled_ranks(x, y);
    let (n1, n2) = (x.len() as i128, y.len() as i128);
    let (own, other) = ranks.split_at(x.len());
    let quarters = n1 * squares(own) + n2 * squares(other); // 4U, in whole numbers.
    let (k, n) = (n1 * n2, n1 + n2);
    let t = (6 * quarters - 4 * k * (4 * k - 1)) as f64 / (24 * k * n) as f64;
    let (kf, nf) = (k as f64, n as f64);
    let mean = (1.0 + 1.0 / nf) / 6.0;
    let spread = (4 * k * n - 3 * (n1 * n1 + n2 * n2) - 2 * k) as f64 / (4.0 * kf * nf);
    let variance = spread * (nf + 1.0) / nf; // 45 Var T.
    let limit = limit_upper(1.0 / 6.0 + (t - mean) / variance.sqrt());
    let exact = exact(ranks, x.len(), y.len(), quarters);
    Ok(CramerVonMises { t, p: exact.unwrap_or(limit), exact, limit })
}

/// Doubled pooled mid-ranks of the sorted first sample, then of the second.
fn doubled_ranks(x: &Sample, y: &Sample) -> Vec<i128> {
    let pooled = [x.sorted(), y.sorted()].concat();
    midranks(&pooled).into_iter().map(|r| (2.0 * r) as i128).collect()
}

/// `Σ (2rᵢ − 2i)²` of one sample's doubled ranks.
fn squares(doubled: &[i128]) -> i128 {
    (1_i128..).zip(doubled).map(|(i, rank)| (rank - 2 * i).pow(2)).sum()
}

/// The share of arrangements of these mid-ranks with `4U ≥ quarters`; n₁ ≤ n₂.
///
/// Walks through the pooled ranks in ascending order: the next one belongs to the first
/// sample with probability (values of it left)/(all left), and adds its square to U. Chances
/// of U are kept below the observed value; what reaches it is summed.
fn exact(mut ranks: Vec<i128>, n1: usize, n2: usize, quarters: i128) -> Option<f64> {
    ranks.sort_unstable();
    // Everything added is a multiple of the common divisor, and of 4 unless a mid-rank is halved.
    let whole = ranks.iter().all(|r| r % 2 == 0);
    let unit = greatest_common_divisor(n1, n2) as i128 * if whole { 4 } else { 1 };
    let pairs = (n1 * n2) as u128;
    // U of separated samples, about the largest one, bounds the work whatever the data.
    let largest = pairs.checked_mul(pairs)?.checked_mul(4)? / unit as u128;
    if pairs.checked_mul(largest)? > EXACT_WORK {
        return None;
    }
    let goal = (quarters / unit) as usize;
    if goal == 0 {
        return Some(1.0);
    }
    // rows[i][u]: chance that i values of the first sample have come, and U = u.
    let mut rows = vec![vec![0.0_f64; goal]; n1 + 1];
    rows[0][0] = 1.0;
    let mut reached = 0.0;
    for (seen, rank) in ranks.iter().enumerate() {
        let left = (n1 + n2 - seen) as f64;
        let step = |size: usize, index: usize| {
            (size as i128 * (rank - 2 * index as i128).pow(2) / unit) as usize
        };
        // Descending, so that the row before is still that of the rank before.
        for i in (seen.saturating_sub(n2)..=n1.min(seen + 1)).rev() {
            let (before, row) = rows.split_at_mut(i);
            let row = &mut row[0];
            if i <= seen {
                let j = seen - i;
                reached += advance(row, step(n2, j + 1), (n2 - j) as f64 / left);
            }
            if let Some(before) = before.last() {
                reached += add(row, before, step(n1, i), (n1 - i + 1) as f64 / left);
            }
        }
    }
    Some(reached.min(1.0))
}

/// Moves a row up by `by` and scales it; returns the scaled mass that leaves.
fn advance(row: &mut [f64], by: usize, scale: f64) -> f64 {
    let by = by.min(row.len());
    let stay = row.len() - by;
    let leaving: f64 = row[stay..].iter().sum();
    row.copy_within(..stay, by);
    row[..by].fill(0.0);
    for mass in row.iter_mut() {
        *mass *= scale;
    }
    scale * leaving
}

/// Adds `from`, moved up by `by` and scaled, to `row`; returns the scaled mass that leaves.
fn add(row: &mut [f64], from: &[f64], by: usize, scale: f64) -> f64 {
    let by = by.min(row.len());
    let (staying, leaving) = from.split_at(from.len() - by);
    for (mass, more) in row[by..].iter_mut().zip(staying) {
        *mass += scale * more;
    }
    scale * leaving.iter().sum::<f64>()
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// `P(ω² > x)` of the limit `ω² = Σ Zₖ²/(k²π²)`, Smirnov's integrals.
///
/// ```text
/// P(ω² > x) = (2/π) Σ_{j ≥ 1} (−1)^{j−1} ∫_{(2j−1)π}^{2jπ} exp(−xu²/2) / √(u |sin u|) du
/// ```
/// With `u = (2j − 1)π + π sin²(θ/2)` the ends of an interval are no singularities any more
/// and the integrand is periodic in θ, so that the midpoint rule converges exponentially. The
/// first interval dominates for large x: no digit is lost in the tail.
fn limit_upper(x: f64) -> f64 {
    const NODES: u32 = 256;
    if x < 0.003 {
        return 1.0; // P(ω² ≤ 0.003) < 10⁻¹⁷.
    }
    let lobe = |start: f64| -> f64 {
        let node = |i: u32| {
            let theta = (f64::from(i) + 0.5) * PI / f64::from(NODES);
            let (sine, cosine) = (theta / 2.0).sin_cos();
            let u = start + PI * sine * sine;
            // |sin u| from the nearer end.
            let size = (PI * (sine * sine).min(cosine * cosine)).sin();
            PI * theta.sin() * (-0.5 * x * u * u).exp() / (u * size).sqrt()
        };
        (0..NODES).map(node).sum::<f64>() / f64::from(NODES)
    };
    let (mut sum, mut sign, mut start) = (0.0, 1.0, PI);
    loop {
        let term = lobe(start);
        sum += sign * term;
        if term <= 1e-17 * sum {
            return sum.clamp(0.0, 1.0);
        }
        sign = -sign;
        start += 2.0 * PI;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_exact_p_agrees_with_enumeration() {
        // Distinct values, ties within and between the samples, a constant sample.
        for (x, y) in [
            (vec![1.0, 4.0, 6.0], vec![2.0, 3.0, 5.0, 7.0, 8.0]),
            (vec![1.0, 2.0, 2.0, 5.0], vec![2.0, 3.0, 3.0, 5.0]),
            (vec![2.0, 2.0, 2.0], vec![1.0, 2.0, 3.0, 4.0, 4.0, 4.0]),
            (vec![1.0, 1.0], vec![3.0, 3.0, 3.0]),
        ] {
            let pooled = [x.clone(), y.clone()].concat();
            let observed = cramer_von_mises(&sample(&x), &sample(&y)).unwrap();
            let (mut reached, mut all) = (0.0, 0.0);
            for places in 0_u32..1 << pooled.len() {
                if places.count_ones() as usize != x.len() {
                    continue;
                }
                let side = |bit: u32| -> Vec<f64> {
                    (0..pooled.len())
                        .filter(|i| places >> i & 1 == bit)
                        .map(|i| pooled[i])
                        .collect()
                };
                let other = cramer_von_mises(&sample(&side(1)), &sample(&side(0))).unwrap();
                all += 1.0;
                reached += f64::from(u8::from(other.t >= observed.t));
            }
            let p = observed.exact.unwrap();
            assert!((p - reached / all).abs() < 1e-14, "{x:?} {y:?}: {p} {reached}/{all}");
        }
    }

    #[test]
    fn the_limit_agrees_with_its_table() {
        // Anderson & Darling (1952), table 1: 10, 5, 1 and 0.1 %.
        for (x, p) in [(0.347_30, 0.1), (0.461_36, 0.05), (0.743_46, 0.01), (1.167_86, 0.001)] {
            assert!((limit_upper(x) / p - 1.0).abs() < 2e-4, "{x}: {}", limit_upper(x));
        }
        // The series of Csörgő & Faraway (1996) in 40 digits.
        for (x, p) in [
            (0.01, 0.999_994_135_567_190_1),
            (0.1, 0.584_873_438_406_794_8),
            (1.0, 0.002_460_452_180_133_964),
            (9.0, 6.120_912_969_911_653e-21),
        ] {
            assert!((limit_upper(x) / p - 1.0).abs() < 1e-13, "{x}: {}", limit_upper(x));
        }
    }

    #[test]
    fn degenerate_samples() {
        let constant = sample(&[4.0; 6]);
        let equal = cramer_von_mises(&constant, &sample(&[4.0; 5])).unwrap();
        assert!((equal.exact.unwrap() - 1.0).abs() < 1e-14, "{equal:?}");
        let one = sample(&[1.0]);
        assert_eq!(cramer_von_mises(&constant, &one), Err(TestError::TooFew { need: 2, got: 1 }));
        let many: Vec<f64> = (0..60).map(f64::from).collect();
        let test = cramer_von_mises(&sample(&many), &sample(&many)).unwrap();
        assert_eq!((test.exact, test.t, test.p), (None, 0.0, 1.0));
    }
}
