use tailproof_core::distributions::{normal_quantile, student_quantile};
use tailproof_core::{Level, Sample};

use crate::error::TestError;
use crate::hodges_lehmann::hodges_lehmann;
use crate::mann_whitney::Method;
use crate::paired::differences;

/// Interval of Cliff's δ, the statistic of [`crate::cliffs_delta`] in the same order.
///
/// ```text
/// dᵢⱼ = sgn(aᵢ − bⱼ)     δ = mean dᵢⱼ     dᵢ. and d.ⱼ its row and column means
/// s² = ((m−1)s_r² + (n−1)s_c² + s_e²)/(nm)     s_r² = Σ(dᵢ.−δ)²/(n−1)     s_c² = Σ(d.ⱼ−δ)²/(m−1)
/// s_e² = ΣΣ(dᵢⱼ−δ)²/((n−1)(m−1))
/// (δ − δ³ ± t s √((1−δ²)² + t²s²)) / (1 − δ² + t²s²)      t of n + m − 2 degrees of freedom
/// ```
/// `n` and `m` are the sizes of `a` and `b`. The ends stay within [−1, 1] and are not symmetric
/// about δ. Samples that do not overlap (δ = ±1) have s = 0; then the far end is `±(k − z²)/(k +
/// z²)`, k the smaller size: Wilson's interval of k successes in k. Asymptotic.
///
/// # Errors
/// A sample of one value, or all values equal.
///
/// # Source
/// Cliff (1993), *Psychological Bulletin* 114(3), 494–509 (the consistent variance); Feng & Cliff
/// (2004), *J. Modern Applied Statistical Methods* 3(2), 322–332 (the interval).
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::{cliffs_delta, cliffs_delta_interval};
///
/// let before = Sample::new(vec![12.1, 11.8, 12.6, 12.3])?; // ms
/// let after = Sample::new(vec![11.2, 11.0, 11.9, 11.4])?; // ms
/// let (lo, hi) = cliffs_delta_interval(&before, &after, Level::P95)?;
/// assert!(lo < 0.875 && hi > 0.875 && hi <= 1.0);
/// assert_eq!(cliffs_delta(&before, &after), 0.875);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cliffs_delta_interval(
    a: &Sample,
    b: &Sample,
    level: Level,
) -> Result<(f64, f64), TestError> {
    let got = a.len().min(b.len());
    if got < 2 {
        return Err(TestError::TooFew { need: 2, got });
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (rows, columns) = (dominance(a.sorted(), b.sorted()), dominance(b.sorted(), a.sorted()));
    let net: i64 = rows.iter().map(|d| d.net).sum();
    let unequal: i64 = rows.iter().map(|d| d.unequal).sum();
    if unequal == 0 {
        return Err(TestError::NoSpread);
    }
    let delta = net as f64 / (n * m);
    // Columns are seen from b: their sign is the other one.
    let about = |all: &[Dominance], each: f64, centre: f64| -> f64 {
        all.iter().map(|d| (d.net as f64 / each - centre).powi(2)).sum()
    };
    let row = about(&rows, m, delta) / (n - 1.0);
    let column = about(&columns, n, -delta) / (m - 1.0);
    let element = (unequal as f64 - n * m * delta * delta) / ((n - 1.0) * (m - 1.0));
    let variance = ((m - 1.0) * row + (n - 1.0) * column + element) / (n * m);
    let alpha = level.alpha().to_f64();
    let t = -student_quantile(alpha / 2.0, n + m - 2.0);
    Ok(asymmetric(delta, t * t * variance.max(0.0), n.min(m), alpha))
}

/// Interval of Vargha–Delaney's A, the statistic of [`crate::vargha_delaney`], by way of
/// [`cliffs_delta_interval`].
///
/// ```text
/// A = (δ + 1)/2
/// ```
///
/// # Errors
/// As [`cliffs_delta_interval`].
///
/// # Source
/// Vargha & Delaney (2000), *J. Educational and Behavioral Statistics* 25(2), 101–132; Feng &
/// Cliff (2004), *J. Modern Applied Statistical Methods* 3(2), 322–332.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::vargha_delaney_interval;
///
/// let old = Sample::new(vec![1.0, 2.0, 3.0, 4.0, 5.0])?;
/// let new = Sample::new(vec![2.5, 3.5, 4.5, 5.5, 6.5])?;
/// let (lo, hi) = vargha_delaney_interval(&old, &new, Level::P95)?;
/// assert!(lo < 0.5 && hi > 0.8); // it may have risen, and may not
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn vargha_delaney_interval(
    historical: &Sample,
    current: &Sample,
    level: Level,
) -> Result<(f64, f64), TestError> {
    let (lo, hi) = cliffs_delta_interval(current, historical, level)?;
    Ok((f64::midpoint(lo, 1.0), f64::midpoint(hi, 1.0)))
}

/// The rank-biserial correlation of pairs, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankBiserial {
    /// `(W⁺ − W⁻)/(W⁺ + W⁻)`, in [−1, 1]; positive when `y` tends to be larger.
    pub r: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
}

/// The matched-pairs rank-biserial correlation: how one-sided the signed ranks of `yᵢ − xᵢ`
/// are.
///
/// ```text
/// r = (W⁺ − W⁻)/(W⁺ + W⁻)      W± the rank sums of |dᵢ| of positive and negative dᵢ ≠ 0
///   = mean of sgn(dᵢ + dⱼ) over i ≤ j
/// s² = 4/(k(k−1)) · Σ(hᵢ − h̄)²      hᵢ = mean of sgn(dᵢ + dⱼ) over j ≠ i
/// ```
/// of the `k` differences that are not 0, which are dropped. The interval has the shape of
/// [`cliffs_delta_interval`]'s with t of k − 1 degrees of freedom, and at r = ±1 the same
/// far end. Asymptotic.
///
/// # Errors
/// Unequal lengths, no difference other than 0, or only one.
///
/// # Source
/// Kerby (2014), *Comprehensive Psychology* 3, 11.IT.3.1; variance: Hoeffding (1948), *Annals of
/// Mathematical Statistics* 19(3), 293–325, of the U-statistic of Walsh averages.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::rank_biserial;
///
/// let (x, y) = (Sample::new(vec![1.0, 2.0, 3.0])?, Sample::new(vec![3.0, 5.0, 2.0])?);
/// let effect = rank_biserial(&x, &y, Level::P95)?;
/// assert_eq!(effect.r, 4.0 / 6.0); // ranks 2 and 3 against 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rank_biserial(x: &Sample, y: &Sample, level: Level) -> Result<RankBiserial, TestError> {
    let (mut d, _) = differences(x, y)?;
    d.retain(|&d| d != 0.0);
    if d.is_empty() {
        return Err(TestError::NoSpread);
    }
    if d.len() < 2 {
        return Err(TestError::TooFew { need: 2, got: d.len() });
    }
    d.sort_unstable_by(f64::total_cmp);
    let k = d.len() as f64;
    let opposite: Vec<f64> = d.iter().rev().map(|d| -d).collect();
    // sgn(dᵢ + dⱼ) = sgn(dᵢ − (−dⱼ)); the pair of a difference with itself has its own sign.
    let own: Vec<i64> = d.iter().map(|d| if *d > 0.0 { 1 } else { -1 }).collect();
    let others: Vec<i64> =
        dominance(&d, &opposite).iter().zip(&own).map(|(row, own)| row.net - own).collect();
    let (selves, pairs): (i64, i64) = (own.iter().sum(), others.iter().sum());
    // Each pair of two was counted from both sides.
    let r = (selves + pairs / 2) as f64 / (k * (k + 1.0) / 2.0);
    let mean = pairs as f64 / (k * (k - 1.0));
    let spread: f64 = others.iter().map(|&h| (h as f64 / (k - 1.0) - mean).powi(2)).sum();
    let alpha = level.alpha().to_f64();
    let t = -student_quantile(alpha / 2.0, k - 1.0);
    let (lo, hi) = asymmetric(r, t * t * 4.0 * spread / (k * (k - 1.0)), k, alpha);
    Ok(RankBiserial { r, lo, hi })
}

/// The Hodges–Lehmann ratio with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HodgesLehmannRatio {
    /// The geometric middle of all ratios `yⱼ/xᵢ`.
    pub ratio: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
    /// Confidence that the interval has, as in [`crate::HodgesLehmann`].
    pub achieved: f64,
    /// Whether that is exact.
    pub method: Method,
}

/// By what factor positive data changed: the Hodges–Lehmann shift of logarithms, as a ratio.
///
/// ```text
/// ratio = exp( median{ ln yⱼ − ln xᵢ } )
/// ```
/// Multiplying `y` multiplies all of it; the interval is distribution-free under a pure change
/// of scale, and the number survives outliers. See [`crate::hodges_lehmann`].
///
/// # Errors
/// A value that is not positive.
///
/// # Source
/// Hodges & Lehmann (1963), *Annals of Mathematical Statistics* 34(2), 598–611.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::hodges_lehmann_ratio;
///
/// let (x, y) = (Sample::new(vec![1.0, 2.0, 4.0])?, Sample::new(vec![3.0, 6.0, 12.0])?);
/// assert!((hodges_lehmann_ratio(&x, &y, Level::P95)?.ratio - 3.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hodges_lehmann_ratio(
    x: &Sample,
    y: &Sample,
    level: Level,
) -> Result<HodgesLehmannRatio, TestError> {
    let log = |s: &Sample| {
        let (name, must, got) = ("every value", "positive", s.range().0);
        if got <= 0.0 {
            return Err(TestError::Parameter { name, must, got });
        }
        let logs = s.values().iter().map(|v| v.ln()).collect();
        Ok(Sample::new(logs).expect("logarithms of positive numbers are finite"))
    };
    let shift = hodges_lehmann(&log(x)?, &log(y)?, level);
    Ok(HodgesLehmannRatio {
        ratio: shift.shift.exp(),
        lo: shift.lo.exp(),
        hi: shift.hi.exp(),
        achieved: shift.achieved,
        method: shift.method,
    })
}

/// How one value compares with a sample.
struct Dominance {
    /// Values below it minus values above it.
    net: i64,
    /// Values other than it.
    unequal: i64,
}

/// Each of `values` against all of `others`; both sorted.
fn dominance(values: &[f64], others: &[f64]) -> Vec<Dominance> {
    let compare = |&v: &f64| {
        let below = others.partition_point(|&o| o < v) as i64;
        let above = (others.len() - others.partition_point(|&o| o <= v)) as i64;
        Dominance { net: below - above, unequal: below + above }
    };
    values.iter().map(compare).collect()
}

/// Feng & Cliff's interval of an estimate `d` in [−1, 1] with squared half width `reach2`;
/// Wilson's of `k` successes in `k` where `d` is ±1.
fn asymmetric(d: f64, reach2: f64, k: f64, alpha: f64) -> (f64, f64) {
    if d.abs() >= 1.0 {
        let z2 = normal_quantile(alpha / 2.0).powi(2);
        let far = (k - z2) / (k + z2);
        return if d > 0.0 { (far, 1.0) } else { (-1.0, -far) };
    }
    let rest = (1.0 - d) * (1.0 + d);
    let root = (reach2 * (rest * rest + reach2)).sqrt();
    let end = |sign: f64| ((d * rest + sign * root) / (rest + reach2)).clamp(-1.0, 1.0);
    (end(-1.0), end(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dominance::cliffs_delta;
    use crate::ranks::midranks;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_interval_of_delta_agrees_with_the_matrix() {
        let (a, b) = (sample(&[1.0, 4.0, 4.0, 6.0, 7.0]), sample(&[2.0, 4.0, 5.0, 3.0, 3.0, 0.0]));
        let (n, m) = (5.0, 6.0);
        let delta = cliffs_delta(&a, &b);
        let sign = |x: f64, y: f64| f64::from(i8::from(x > y) - i8::from(x < y));
        let (xs, ys) = (a.values(), b.values());
        let mean = |v: Vec<f64>| v.iter().sum::<f64>() / v.len() as f64;
        let row: f64 = xs
            .iter()
            .map(|&x| (mean(ys.iter().map(|&y| sign(x, y)).collect()) - delta).powi(2))
            .sum();
        let column: f64 = ys
            .iter()
            .map(|&y| (mean(xs.iter().map(|&x| sign(x, y)).collect()) - delta).powi(2))
            .sum();
        let element: f64 =
            xs.iter().flat_map(|&x| ys.iter().map(move |&y| (sign(x, y) - delta).powi(2))).sum();
        let (s_r, s_c, s_e) = (row / 4.0, column / 5.0, element / 20.0);
        let s = (((m - 1.0) * s_r + (n - 1.0) * s_c + s_e) / (n * m)).sqrt();
        let t = -student_quantile(0.025, 9.0) * s;
        let v = 1.0 - delta * delta;
        let half = t * (v * v + t * t).sqrt();
        let (lo, hi) = cliffs_delta_interval(&a, &b, Level::P95).unwrap();
        for (got, want) in [(lo, delta * v - half), (hi, delta * v + half)] {
            assert!((got - want / (v + t * t)).abs() < 1e-12, "{got} {want}");
        }
        // The mirror image, and the same of A.
        let (lo2, hi2) = cliffs_delta_interval(&b, &a, Level::P95).unwrap();
        assert!((lo + hi2).abs() < 1e-12 && (hi + lo2).abs() < 1e-12);
        let (a_lo, _) = vargha_delaney_interval(&b, &a, Level::P95).unwrap();
        assert!((a_lo - f64::midpoint(lo, 1.0)).abs() < 1e-12);
    }

    #[test]
    fn separated_samples_are_bounded_by_their_number() {
        let (a, b) = (sample(&[5.0, 6.0, 7.0, 8.0]), sample(&[1.0, 2.0, 3.0, 4.0, 4.5]));
        let (lo, hi) = cliffs_delta_interval(&a, &b, Level::P95).unwrap();
        let z2 = normal_quantile(0.025).powi(2);
        assert_eq!((lo, hi), ((4.0 - z2) / (4.0 + z2), 1.0));
        let c = sample(&[1.0; 4]);
        assert_eq!(cliffs_delta_interval(&c, &c, Level::P95), Err(TestError::NoSpread));
        assert!(cliffs_delta_interval(&c, &sample(&[1.0]), Level::P95).is_err());
    }

    #[test]
    fn rank_biserial_is_that_of_the_signed_ranks() {
        let x = [0.0; 9];
        let y = [3.0, -1.0, 2.0, -2.0, 5.0, 0.0, 1.0, -4.0, 6.0];
        let got = rank_biserial(&sample(&x), &sample(&y), Level::P95).unwrap();
        let d: Vec<f64> = y.into_iter().filter(|&d| d != 0.0).collect();
        let ranks = midranks(&d.iter().map(|d| d.abs()).collect::<Vec<_>>());
        let net: f64 = d.iter().zip(&ranks).map(|(d, r)| d.signum() * r).sum();
        assert!((got.r - net / ranks.iter().sum::<f64>()).abs() < 1e-14, "{got:?}");
        assert!(got.lo < got.r && got.r < got.hi && got.hi < 1.0);
        assert_eq!(rank_biserial(&sample(&x), &sample(&x), Level::P95), Err(TestError::NoSpread));
    }

    #[test]
    fn a_factor_is_found_despite_an_outlier() {
        let (x, y) = (sample(&[1.0, 2.0, 3.0, 4.0, 5.0]), sample(&[2.0, 4.0, 6.0, 8.0, 1e9]));
        let got = hodges_lehmann_ratio(&x, &y, Level::P95).unwrap();
        assert!((got.ratio - 2.0).abs() < 1e-12 && got.lo < 2.0 && got.hi > 2.0, "{got:?}");
        assert!(hodges_lehmann_ratio(&x, &sample(&[0.0]), Level::P95).is_err());
    }
}
