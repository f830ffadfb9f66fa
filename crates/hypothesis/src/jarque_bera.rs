use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;

use crate::error::TestError;
use crate::groups::all_equal;

/// Outcome of the Jarque–Bera test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JarqueBera {
    /// The statistic.
    pub jb: f64,
    /// Skewness, 0 for a normal distribution.
    pub skewness: f64,
    /// Kurtosis less 3, 0 for a normal distribution.
    pub kurtosis_excess: f64,
    /// `P(χ²₂ ≥ JB)`, asymptotic.
    pub p: f64,
}

/// The Jarque–Bera test: are skewness and kurtosis those of a normal distribution?
///
/// ```text
/// JB = n/6 · (S² + K²/4)      S skewness, K excess kurtosis, both with divisor n
/// p = P(χ²₂ ≥ JB) = exp(−JB/2)
/// ```
/// Slow to converge: the χ² law needs thousands of observations. Below that small p-values are
/// too small: of normal samples 2.1 % have p ≤ 1 % and 0.9 % have p ≤ 0.1 % at n = 100, still
/// 1.3 % and 0.4 % at n = 1 000 (measured; 1.2 % and 0.2 % at n = 5 000). Up to 5 000
/// observations [`crate::shapiro_wilk`] is the better test; this one is for longer samples.
///
/// # Errors
/// Fewer than four observations; all equal.
///
/// # Source
/// Jarque & Bera (1987), *International Statistical Review* 55(2), 163–172.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::jarque_bera;
///
/// let weights = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236];
/// let test = jarque_bera(&Sample::new(weights.map(f64::from).to_vec())?)?;
/// assert!((test.jb - 6.983).abs() < 1e-3 && (test.p - 0.0305).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn jarque_bera(sample: &Sample) -> Result<JarqueBera, TestError> {
    if sample.len() < 4 {
        return Err(TestError::TooFew { need: 4, got: sample.len() });
    }
    if all_equal(sample.values()) {
        return Err(TestError::NoSpread);
    }
    // Moments of differences from one value: an offset costs nothing.
    let origin = sample.values()[0];
    let shifted: Vec<f64> = sample.values().iter().map(|x| x - origin).collect();
    let moments = if shifted.iter().all(|x| x.is_finite()) {
        Moments::of_values(&shifted)
    } else {
        Moments::of(sample)
    };
    let (skewness, kurtosis_excess) = (moments.skewness(), moments.kurtosis_excess());
    let shape = skewness * skewness + kurtosis_excess * kurtosis_excess / 4.0;
    let jb = moments.n() / 6.0 * shape;
    Ok(JarqueBera { jb, skewness, kurtosis_excess, p: (-jb / 2.0).exp() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_scipy() {
        // scipy 1.17.1, scipy.stats.jarque_bera.
        let mut outlier: Vec<f64> = (1..20).map(f64::from).collect();
        outlier.push(40.0);
        for (values, jb, p) in [
            (outlier, 22.225_519_794_808_662, 1.492_071_715_873_743_3e-5),
            (
                vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0],
                0.690_871_063_012_971_9,
                0.707_911_968_350_922_1,
            ),
        ] {
            let got = jarque_bera(&Sample::new(values).unwrap()).unwrap();
            assert!(
                (got.jb / jb - 1.0).abs() < 1e-12 && (got.p / p - 1.0).abs() < 1e-11,
                "{got:?}"
            );
        }
    }

    #[test]
    fn neither_offset_nor_sign_matters() {
        let of = |scale: f64, offset: f64| {
            let values = [3.0, 1.0, 4.0, 1.5, 5.0, 9.0].map(|v| v * scale + offset);
            jarque_bera(&Sample::new(values.to_vec()).unwrap()).unwrap().jb
        };
        assert!((of(1.0 / 1_024.0, 1e9) / of(1.0, 0.0) - 1.0).abs() < 1e-12);
        assert!((of(-1e300, 0.0) / of(1.0, 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn constants_and_short_samples_are_errors() {
        let of = |values: Vec<f64>| jarque_bera(&Sample::new(values).unwrap());
        assert_eq!(of(vec![1.0; 8]), Err(TestError::NoSpread));
        assert_eq!(of(vec![1.0, 2.0, 4.0]), Err(TestError::TooFew { need: 4, got: 3 }));
    }
}
