use tailproof_core::distributions::f_upper;
use tailproof_core::{Rank, Sample};

use crate::error::TestError;
use crate::groups::{mean_of, median_of, need_groups, pooled, power_of_two};

/// The centre from which Levene's test measures deviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Center {
    /// The mean (Levene 1960): best for symmetric data with light tails.
    Mean,
    /// The median (Brown & Forsythe 1974): the robust choice for skewed data.
    Median,
    /// The mean of what remains when this share is cut from each end, for heavy tails.
    Trimmed(Rank),
}

/// Outcome of Levene's test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levene {
    /// The F statistic of the deviations.
    pub w: f64,
    /// Degrees of freedom between groups, `k − 1`.
    pub df_between: f64,
    /// Degrees of freedom within groups, `N − k`.
    pub df_within: f64,
    /// `P(F ≥ W)`.
    pub p: f64,
}

/// The Brown–Forsythe test of equal spread: [`levene`] about the median, the default for
/// latencies and other skewed data.
///
/// # Errors
/// Those of [`levene`].
///
/// # Source
/// Brown & Forsythe (1974), *Journal of the American Statistical Association* 69(346), 364–367.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::brown_forsythe;
///
/// let calm = Sample::new((0..40).map(|i| 100.0 + f64::from(i % 5)).collect())?;
/// let rough = Sample::new((0..40).map(|i| 100.0 + 9.0 * f64::from(i % 5)).collect())?;
/// assert!(brown_forsythe(&[calm, rough])?.p < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn brown_forsythe(groups: &[Sample]) -> Result<Levene, TestError> {
    levene(groups, Center::Median)
}

/// Levene's test: do the groups spread alike about their centres?
///
/// ```text
/// Z_ij = |x_ij − centre_i|      Z̄_i means of the groups, Z̄ of all
/// W = (N − k)/(k − 1) · Σ nᵢ(Z̄ᵢ − Z̄)² / Σᵢ Σⱼ (Z_ij − Z̄ᵢ)²      p = P(F_{k−1, N−k} ≥ W)
/// ```
/// An analysis of variance of the deviations, hence an approximation. Data are scaled by a power
/// of two and each group is centred on one of its own values first, so that neither 10±³⁰⁰ nor
/// an offset of 10⁹ costs digits. Trimming cuts `⌊share·n⌋` values from each end to find the
/// centre; the deviations are those of all values.
///
/// # Errors
/// Fewer than two groups; a trimmed share of 1/2 or more; no spread, which here means that
/// within every group all deviations are equal: constants, and groups of two values.
///
/// # Source
/// Levene (1960), in *Contributions to Probability and Statistics*, 278–292; Brown & Forsythe
/// (1974), *Journal of the American Statistical Association* 69(346), 364–367.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::{Center, levene};
///
/// let groups = [Sample::new(vec![1.0, 2.0, 3.0])?, Sample::new(vec![2.0, 4.0, 6.0])?];
/// let test = levene(&groups, Center::Mean)?; // Deviations 1, 0, 1 and 2, 0, 2.
/// assert!((test.w - 0.8).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn levene(groups: &[Sample], center: Center) -> Result<Levene, TestError> {
    need_groups(groups, 2)?;
    if let Center::Trimmed(share) = center
        && share.to_f64() >= 0.5
    {
        let got = share.to_f64();
        return Err(TestError::Parameter { name: "trimmed share", must: "below 1/2", got });
    }
    if groups.iter().all(|g| deviates_equally(g.sorted())) {
        return Err(TestError::NoSpread);
    }
    let scale = power_of_two(pooled(groups));
    let mut deviations: Vec<Vec<f64>> =
        groups.iter().map(|g| deviations(g.sorted(), scale, center)).collect();
    let largest = deviations.iter().flatten().fold(0.0_f64, |m, &z| m.max(z));
    for z in deviations.iter_mut().flatten() {
        *z /= largest;
    }
    let n: f64 = groups.iter().map(|g| g.len() as f64).sum();
    let k = groups.len() as f64;
    let grand = mean_of(&deviations.concat());
    let (mut between, mut within) = (0.0, 0.0);
    for z in &deviations {
        let mean = mean_of(z);
        between += z.len() as f64 * (mean - grand) * (mean - grand);
        within += z.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    }
    // Deviations some 10¹⁶⁰ times smaller than others vanish when squared; NaN: all vanish.
    if within == 0.0 || within.is_nan() {
        return Err(TestError::NoSpread);
    }
    let (df_between, df_within) = (k - 1.0, n - k);
    let w = df_within / df_between * between / within;
    Ok(Levene { w, df_between, df_within, p: f_upper(w, df_between, df_within) })
}

/// Whether all deviations from the centre are equal: one value, or two in equal numbers. Told
/// from the values, as the computed deviations may differ by rounding.
fn deviates_equally(sorted: &[f64]) -> bool {
    let n = sorted.len();
    let (first, last) = (sorted[0], sorted[n - 1]);
    first == last || (n.is_multiple_of(2) && sorted[n / 2 - 1] == first && sorted[n / 2] == last)
}

fn deviations(sorted: &[f64], scale: f64, center: Center) -> Vec<f64> {
    let origin = sorted[0] / scale;
    let mut z: Vec<f64> = sorted.iter().map(|x| x / scale - origin).collect();
    let n = z.len();
    let centre = match center {
        Center::Mean => mean_of(&z),
        Center::Median => median_of(&z),
        Center::Trimmed(share) => {
            let share = share.value();
            let cut = (u128::from(share.num()) * n as u128 / u128::from(share.den())) as usize;
            mean_of(&z[cut..n - cut])
        }
    };
    for v in &mut z {
        *v = (*v - centre).abs();
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    fn of(scale: f64, offset: f64) -> Vec<Sample> {
        [&[1.0, 2.0, 4.0, 7.0, 11.0][..], &[3.0, 3.5, 4.5, 5.0], &[0.0, 9.0, 2.0, 14.0, 6.0, 6.0]]
            .iter()
            .map(|g| group(&g.iter().map(|v| v * scale + offset).collect::<Vec<_>>()))
            .collect()
    }

    #[test]
    fn neither_scale_nor_offset_matters() {
        let cut: Rank = "0.2".parse().unwrap();
        for center in [Center::Mean, Center::Median, Center::Trimmed(cut)] {
            let plain = levene(&of(1.0, 0.0), center).unwrap();
            for (scale, offset) in [(1e300, 0.0), (1e-300, 0.0), (1.0 / 1_024.0, 1e9)] {
                let other = levene(&of(scale, offset), center).unwrap();
                assert!((other.w / plain.w - 1.0).abs() < 1e-12, "{center:?} {scale:e}");
            }
        }
    }

    #[test]
    fn trimming_moves_the_centre_only() {
        // Values 0, 1, 2, 3, 94 trimmed by one at each end: centre 2, deviations 2, 1, 0, 1, 92.
        let a = group(&[0.0, 1.0, 2.0, 3.0, 94.0]);
        let b = group(&[0.0, 2.0, 4.0, 6.0, 8.0]);
        let cut: Rank = "0.2".parse().unwrap();
        let test = levene(&[a, b], Center::Trimmed(cut)).unwrap();
        let (z1, z2) = ([2.0_f64, 1.0, 0.0, 1.0, 92.0], [4.0_f64, 2.0, 0.0, 2.0, 4.0]);
        let (m1, m2) = (19.2, 2.4);
        let between = 2.0 * 5.0 * 8.4_f64.powi(2);
        let within: f64 = z1.iter().map(|z| (z - m1).powi(2)).sum::<f64>()
            + z2.iter().map(|z| (z - m2).powi(2)).sum::<f64>();
        assert!((test.w - 8.0 * between / within).abs() < 1e-12);
    }

    #[test]
    fn equal_deviations_are_an_error() {
        let pairs = [group(&[1.0, 2.5]), group(&[0.1, 0.1, 0.4, 0.4]), group(&[7.0])];
        assert_eq!(brown_forsythe(&pairs), Err(TestError::NoSpread));
        assert_eq!(levene(&pairs, Center::Mean), Err(TestError::NoSpread));
        let half = Center::Trimmed(Rank::MEDIAN);
        assert!(matches!(levene(&pairs, half), Err(TestError::Parameter { .. })));
    }
}
