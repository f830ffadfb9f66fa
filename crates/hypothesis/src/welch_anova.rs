use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::f_upper;

use crate::error::TestError;
use crate::t_test::common_exponent;

/// Outcome of Welch's analysis of variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WelchAnova {
    /// The F statistic.
    pub f: f64,
    /// Numerator degrees of freedom, `k − 1`.
    pub df1: f64,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// `P(F ≥ f)`: all means are equal.
    pub p: f64,
}

/// Welch's one-way analysis of variance: whether the means of `k` groups of unequal variance
/// differ.
///
/// ```text
/// wᵢ = nᵢ/sᵢ²     W = Σwᵢ     m = Σwᵢx̄ᵢ/W     Λ = Σ(1 − wᵢ/W)²/(nᵢ − 1)
/// F = Σwᵢ(x̄ᵢ − m)²/(k−1) / (1 + 2(k−2)/(k²−1)·Λ)     df₁ = k − 1     df₂ = (k²−1)/(3Λ)
/// ```
/// For two groups F is the square of [`crate::welch`]'s t, with its degrees of freedom.
/// Approximate for normal data, asymptotic for others; groups are independent.
///
/// # Errors
/// Fewer than two groups, a group of one value, or a group whose values are all equal (its
/// weight would be infinite).
///
/// # Source
/// Welch (1951), *Biometrika* 38(3–4), 330–336.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::welch_anova;
///
/// let groups = [
///     Sample::new(vec![1.0, 2.0, 3.0, 2.0])?,
///     Sample::new(vec![1.0, 3.0, 2.0, 2.0])?,
///     Sample::new(vec![20.0, 30.0, 25.0, 31.0])?,
/// ];
/// let test = welch_anova(&groups)?;
/// assert!(test.df1 == 2.0 && test.p < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn welch_anova(groups: &[Sample]) -> Result<WelchAnova, TestError> {
    if groups.len() < 2 {
        return Err(TestError::TooFewGroups { need: 2, got: groups.len() });
    }
    if let Some(small) = groups.iter().find(|g| g.len() < 2) {
        return Err(TestError::TooFew { need: 2, got: small.len() });
    }
    let moments: Vec<Moments> = groups.iter().map(Moments::of).collect();
    let e = common_exponent(&moments.iter().collect::<Vec<_>>());
    let errors: Vec<f64> = moments.iter().map(|m| m.sd_in(1, e) / m.n().sqrt()).collect();
    let smallest = errors.iter().copied().fold(f64::INFINITY, f64::min);
    if smallest == 0.0 {
        return Err(TestError::NoSpread);
    }
    // Weights relative to the largest, means relative to the first: neither over- nor
    // underflows, and a common offset cancels.
    let weights: Vec<f64> = errors.iter().map(|s| (smallest / s).powi(2)).collect();
    let total: f64 = weights.iter().sum();
    let means: Vec<f64> = moments.iter().map(|m| m.mean_minus(&moments[0], e)).collect();
    let middle = weights.iter().zip(&means).map(|(w, m)| w * m).sum::<f64>() / total;
    let between: f64 = means.iter().zip(&errors).map(|(m, s)| ((m - middle) / s).powi(2)).sum();
    let lambda: f64 = weights
        .iter()
        .enumerate()
        .map(|(i, w)| {
            // 1 − w/W as the sum of the other weights.
            let others = if 2.0 * w > total { rest(&weights, i) } else { total - w };
            (others / total).powi(2) / (moments[i].n() - 1.0)
        })
        .sum();
    let k = groups.len() as f64;
    let f = between / (k - 1.0) / (1.0 + 2.0 * (k - 2.0) / (k * k - 1.0) * lambda);
    let (df1, df2) = (k - 1.0, (k * k - 1.0) / (3.0 * lambda));
    Ok(WelchAnova { f, df1, df2, p: f_upper(f, df1, df2) })
}

/// Sum of all weights but the one at `i`.
fn rest(weights: &[f64], i: usize) -> f64 {
    weights[..i].iter().chain(&weights[i + 1..]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::welch::welch;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn two_groups_are_welchs_t() {
        let groups = [sample(&[1.0, 2.0, 4.0, 4.5]), sample(&[3.0, 25.0, 9.0, 4.0, 2.0])];
        let (anova, t) = (welch_anova(&groups).unwrap(), welch(&groups[0], &groups[1]).unwrap());
        assert!((anova.f / t.t().powi(2) - 1.0).abs() < 1e-13, "{anova:?}");
        assert!((anova.df2 / t.df - 1.0).abs() < 1e-13);
        assert!((anova.p / t.p().two_sided - 1.0).abs() < 1e-10);
    }

    #[test]
    fn three_groups_agree_with_other_software() {
        // statsmodels 0.15.0, anova_oneway(use_var="unequal").
        let groups = [
            sample(&[6.9, 5.4, 5.8, 4.6, 4.0]),
            sample(&[8.3, 6.8, 7.8, 9.2, 6.5, 7.0]),
            sample(&[8.0, 10.5, 8.1, 6.9, 9.3, 12.4, 7.7]),
        ];
        let test = welch_anova(&groups).unwrap();
        for (got, want) in [
            (test.f, 9.657_062_854_327_345),
            (test.df2, 9.685_575_913_229_316),
            (test.p, 0.004_937_813_442_018_582),
        ] {
            assert!((got / want - 1.0).abs() < 1e-9, "{got} {want}");
        }
        let moved: Vec<Sample> = groups
            .iter()
            .map(|g| sample(&g.values().iter().map(|v| (v - 4.0) * 1e-300).collect::<Vec<_>>()))
            .collect();
        assert!((welch_anova(&moved).unwrap().f / test.f - 1.0).abs() < 1e-12);
    }

    #[test]
    fn constant_or_tiny_groups_are_errors() {
        let (a, c) = (sample(&[1.0, 2.0]), sample(&[3.0; 4]));
        assert_eq!(welch_anova(&[a.clone(), c]), Err(TestError::NoSpread));
        let few = Err(TestError::TooFew { need: 2, got: 1 });
        assert_eq!(welch_anova(&[a.clone(), sample(&[1.0])]), few);
        assert_eq!(welch_anova(&[a]), Err(TestError::TooFewGroups { need: 2, got: 1 }));
    }
}
