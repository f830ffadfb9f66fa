use tailproof_core::Sample;
use tailproof_core::distributions::{chi_square_upper, normal_quantile};

use crate::error::TestError;
use crate::groups::{all_equal, mean_of, median_of, need_groups, parts, pooled};
use crate::ranks::midranks;

/// Outcome of the Fligner–Killeen test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlignerKilleen {
    /// The χ² statistic.
    pub statistic: f64,
    /// Degrees of freedom, the number of groups less one.
    pub df: f64,
    /// `P(χ²_df ≥ statistic)`.
    pub p: f64,
}

/// The Fligner–Killeen test of equal spread, by ranks: for heavy tails and outliers.
///
/// ```text
/// z_ij = |x_ij − median_i|      r_ij rank of z_ij among all N (mid-ranks)
/// a_ij = Φ⁻¹(1/2 + r_ij/(2(N + 1)))
/// χ² = Σ nᵢ(āᵢ − ā)² / s_a²     s_a² variance of all a (N − 1)      p = P(χ²_{k−1} ≥ χ²)
/// ```
/// The most robust of the usual tests of spread against departures from the normal law. An
/// approximation: trust it from about ten observations a group. Deviations tie when they are
/// equal as doubles.
///
/// # Errors
/// Fewer than two groups; all deviations equal.
///
/// # Source
/// Fligner & Killeen (1976), *Journal of the American Statistical Association* 71(353), 210–213;
/// centred on medians: Conover, Johnson & Johnson (1981), *Technometrics* 23(4), 351–361.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::fligner_killeen;
///
/// let calm = Sample::new((0..41).map(|i| 100.0 + f64::from(i)).collect())?;
/// let rough = Sample::new((0..41).map(|i| 100.0 + 3.0 * f64::from(i)).collect())?;
/// assert!(fligner_killeen(&[calm, rough])?.p < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fligner_killeen(groups: &[Sample]) -> Result<FlignerKilleen, TestError> {
    need_groups(groups, 2)?;
    // Halves of the largest doubles have differences; ranks do not mind.
    let huge = pooled(groups).iter().any(|v| v.abs() > 1e307);
    let scale = if huge { 0.5 } else { 1.0 };
    let deviations: Vec<f64> = groups
        .iter()
        .flat_map(|g| {
            let median = scale * median_of(g.sorted());
            g.values().iter().map(move |x| (x * scale - median).abs())
        })
        .collect();
    if all_equal(&deviations) {
        return Err(TestError::NoSpread);
    }
    let n = deviations.len() as f64;
    let scores: Vec<f64> = midranks(&deviations)
        .iter()
        .map(|rank| normal_quantile(0.5 + rank / (2.0 * (n + 1.0))))
        .collect();
    let mean = mean_of(&scores);
    let variance = scores.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / (n - 1.0);
    let between: f64 = parts(groups, &scores)
        .map(|own| {
            let shift = mean_of(own) - mean;
            own.len() as f64 * shift * shift
        })
        .sum();
    let (statistic, df) = (between / variance, (groups.len() - 1) as f64);
    Ok(FlignerKilleen { statistic, df, p: chi_square_upper(statistic, df) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn a_small_case_by_hand() {
        // Deviations 2, 0, 1 and 0, 6, 7: ranks 4, 1.5, 3 and 1.5, 5, 6 of 6.
        let test = fligner_killeen(&[group(&[1.0, 3.0, 4.0]), group(&[10.0, 4.0, 17.0])]).unwrap();
        let a = |rank: f64| normal_quantile(0.5 + rank / 14.0);
        let (x, y) = ([a(4.0), a(1.5), a(3.0)], [a(1.5), a(5.0), a(6.0)]);
        let mean = (x.iter().sum::<f64>() + y.iter().sum::<f64>()) / 6.0;
        let variance = x.iter().chain(&y).map(|v| (v - mean).powi(2)).sum::<f64>() / 5.0;
        let half = x.iter().sum::<f64>() / 3.0 - mean;
        let want = 6.0 * half * half / variance;
        assert!((test.statistic - want).abs() < 1e-12 * want, "{} {want}", test.statistic);
    }

    #[test]
    fn the_largest_doubles_do_not_overflow() {
        let groups = |by: f64| {
            [&[-1.7, 1.0, 1.7, 0.3, 0.8][..], &[0.1, 0.2, -0.45]]
                .map(|g| group(&g.iter().map(|v| v * by).collect::<Vec<_>>()))
        };
        let (plain, huge) = (fligner_killeen(&groups(1.0)), fligner_killeen(&groups(1e308)));
        assert!((plain.unwrap().statistic - huge.unwrap().statistic).abs() < 1e-12);
    }

    #[test]
    fn equal_deviations_are_an_error() {
        let constants = [group(&[1.0, 1.0]), group(&[2.0])];
        assert_eq!(fligner_killeen(&constants), Err(TestError::NoSpread));
        assert!(fligner_killeen(&constants[..1]).is_err());
    }
}
