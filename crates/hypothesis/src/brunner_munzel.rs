use tailproof_core::Sample;
use tailproof_core::distributions::{normal_cdf, student_cdf, student_two_sided};

use crate::dominance::Pairs;
use crate::error::TestError;
use crate::p_values::PValues;

/// Outcome of the Brunner–Munzel test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrunnerMunzel {
    /// The relative effect `P(x < y) + ½P(x = y)`, in [0, 1].
    pub effect: f64,
    /// The studentized effect; positive when `y` tends to be larger.
    pub statistic: f64,
    /// Satterthwaite's degrees of freedom.
    pub df: f64,
    /// From Student's distribution with `df` degrees of freedom.
    pub p: PValues,
    /// From the normal distribution, the limit for large samples.
    pub normal: PValues,
}

/// The Brunner–Munzel test: does neither sample tend to be larger, whatever their shapes?
///
/// ```text
/// uᵢ = #{y < xᵢ} + ½#{y = xᵢ}      vⱼ = #{x < yⱼ} + ½#{x = yⱼ}      (placements)
/// p̂ = Σ vⱼ/(n₁n₂)                   W = n₁n₂(p̂ − ½)/√(n₁s_u² + n₂s_v²)
/// df = (n₁s_u² + n₂s_v²)² / ( (n₁s_u²)²/(n₁ − 1) + (n₂s_v²)²/(n₂ − 1) )
/// ```
/// Tests `P(x < y) + ½P(x = y) = ½`, without the equal spreads and shapes under which
/// [`mann_whitney`](crate::mann_whitney) is exact. Asymptotic: liberal below about 10 values
/// a sample. `less` says that the first sample tends to be smaller.
///
/// # Errors
/// A sample of one value ([`TestError::TooFew`]); placements without spread
/// ([`TestError::NoSpread`]), which are those of samples that do not overlap, and of equal
/// constants: the statistic is infinite or 0/0, and a p of 0 would claim too much. Use
/// [`mann_whitney`](crate::mann_whitney) there.
///
/// # Source
/// Brunner & Munzel (2000), *Biometrical Journal* 42(1), 17–25.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::brunner_munzel;
///
/// let before = Sample::new(vec![1.0, 2.0, 3.0, 4.0])?;
/// let after = Sample::new(vec![2.5, 3.5, 4.5, 5.5])?;
/// let test = brunner_munzel(&before, &after)?;
/// assert_eq!(test.effect, 13.0 / 16.0); // 13 of 16 pairs rise.
/// assert!((test.df - 6.0).abs() < 1e-12);
/// assert!(test.p.less < test.p.two_sided && test.p.two_sided < test.p.greater);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn brunner_munzel(x: &Sample, y: &Sample) -> Result<BrunnerMunzel, TestError> {
    let few = x.len().min(y.len());
    if few < 2 {
        return Err(TestError::TooFew { need: 2, got: few });
    }
    let (a, b) = (scaled_variance(x, y), scaled_variance(y, x));
    if a == 0.0 && b == 0.0 {
        return Err(TestError::NoSpread);
    }
    let pairs = Pairs::of(x, y);
    // Doubled placements: the factor 2 cancels the ½ of p̂ − ½ = (less − greater)/(2n₁n₂).
    let statistic = (pairs.less as f64 - pairs.greater as f64) / (a + b).sqrt();
    let (n1, n2) = (x.len() as f64, y.len() as f64);
    let df = (a + b).powi(2) / (a * a / (n1 - 1.0) + b * b / (n2 - 1.0));
    Ok(BrunnerMunzel {
        effect: (pairs.less as f64 + 0.5 * pairs.equal as f64) / pairs.total() as f64,
        statistic,
        df,
        p: PValues {
            two_sided: student_two_sided(statistic, df),
            less: student_cdf(-statistic, df),
            greater: student_cdf(statistic, df),
        },
        normal: PValues {
            two_sided: 2.0 * normal_cdf(-statistic.abs()),
            less: normal_cdf(-statistic),
            greater: normal_cdf(statistic),
        },
    })
}

/// `n·s²` of the doubled placements of `own` in `other`; exactly 0 when all are equal.
fn scaled_variance(own: &Sample, other: &Sample) -> f64 {
    let sorted = other.sorted();
    let placements: Vec<f64> = own
        .values()
        .iter()
        .map(|&v| {
            let below = sorted.partition_point(|&w| w < v);
            (below + sorted.partition_point(|&w| w <= v)) as f64
        })
        .collect();
    // Whole numbers against the first of them: equal placements give 0, not rounding.
    let n = placements.len() as f64;
    let mean = placements.iter().map(|u| u - placements[0]).sum::<f64>() / n;
    let squares: f64 = placements.iter().map(|u| (u - placements[0] - mean).powi(2)).sum();
    n * squares / (n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_pain_scores_of_the_paper() {
        // Brunner & Munzel (2000), section 5: W = 3.1375, df = 17.683, p = 0.0058.
        let x = sample(&[1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 1.0, 1.0]);
        let y = sample(&[3.0, 3.0, 4.0, 3.0, 1.0, 2.0, 3.0, 1.0, 1.0, 5.0, 4.0]);
        let test = brunner_munzel(&x, &y).unwrap();
        assert!((test.statistic - 3.137_5).abs() < 5e-5, "{test:?}");
        assert!((test.df - 17.683).abs() < 5e-4, "{test:?}");
        assert!((test.p.two_sided - 0.005_786).abs() < 5e-7, "{test:?}");
        assert!((test.effect - 0.788_961).abs() < 5e-7, "{test:?}");
    }

    #[test]
    fn samples_apart_and_constants_have_no_statistic() {
        let (low, high) = (sample(&[1.0, 2.0, 3.0]), sample(&[7.0, 8.0]));
        assert_eq!(brunner_munzel(&low, &high), Err(TestError::NoSpread));
        assert_eq!(brunner_munzel(&high, &low), Err(TestError::NoSpread));
        let constant = sample(&[4.0; 7]);
        assert_eq!(brunner_munzel(&constant, &constant), Err(TestError::NoSpread));
        let one = sample(&[1.0]);
        assert_eq!(brunner_munzel(&low, &one), Err(TestError::TooFew { need: 2, got: 1 }));
    }

    #[test]
    fn one_constant_is_enough_spread() {
        let test = brunner_munzel(&sample(&[2.0; 4]), &sample(&[1.0, 2.0, 3.0, 4.0])).unwrap();
        // Only the placements 0, 2, 4, 4 of y vary, so df = n₂ − 1.
        assert_eq!(test.effect, 10.0 / 16.0);
        assert!((test.df - 3.0).abs() < 1e-12, "{test:?}");
    }
}
