use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, Sample};

use super::known::student;

/// What is known of one side when only its mean counts: how many observations, their mean and
/// their standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Observations.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation with divisor `n − 1`; of no meaning for n = 1.
    pub sd: f64,
}

impl Spread {
    /// Of a sample.
    #[must_use]
    pub fn of(sample: &Sample) -> Self {
        let moments = Moments::of(sample);
        let sd = if sample.len() < 2 { 0.0 } else { moments.sd(1) };
        Self { n: sample.len() as u64, mean: moments.mean(), sd }
    }

    /// Of values with counts; `None` without any.
    ///
    /// ```text
    /// x̄ = Σcᵢxᵢ/n      s² = Σcᵢ(xᵢ − x̄)²/(n − 1)
    /// ```
    #[must_use]
    pub fn of_counts(atoms: &[(f64, u64)]) -> Option<Self> {
        let each: Vec<Self> = atoms.iter().map(|&(mean, n)| Self { n, mean, sd: 0.0 }).collect();
        Self::merged(&each)
    }

    /// Of all observations behind several, as if they had been one sample; `None` when there
    /// are none, or more than 2⁶⁴.
    ///
    /// ```text
    /// x̄ = Σnᵢx̄ᵢ/n      s² = (Σ(nᵢ − 1)sᵢ² + Σnᵢ(x̄ᵢ − x̄)²)/(n − 1)
    /// ```
    #[must_use]
    pub fn merged(parts: &[Self]) -> Option<Self> {
        if let [one] = parts {
            return (one.n > 0).then_some(*one);
        }
        let n = parts.iter().try_fold(0_u64, |sum, p| sum.checked_add(p.n)).filter(|&n| n > 0)?;
        // About the first part's mean, so that a common offset does not cost digits.
        let reference = parts[0].mean;
        let offset: f64 = parts.iter().map(|p| p.n as f64 * (p.mean - reference)).sum();
        let mean = reference + offset / n as f64;
        let squares: f64 = parts
            .iter()
            .map(|p| {
                let within = if p.n < 2 { 0.0 } else { (p.n - 1) as f64 * p.sd * p.sd };
                within + p.n as f64 * (p.mean - mean).powi(2)
            })
            .sum();
        let sd = if n < 2 { 0.0 } else { (squares / (n - 1) as f64).sqrt() };
        (mean.is_finite() && sd.is_finite()).then_some(Self { n, mean, sd })
    }

    /// Student's interval of the mean; without bounds for a single observation.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        if self.n < 2 {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let reach = student(self.n, level) * self.sd / (self.n as f64).sqrt();
        (self.mean - reach, self.mean + reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_merge_into_the_whole() {
        let sample = |v: &[f64]| Sample::new(v.to_vec()).unwrap();
        let (a, b) = (sample(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0]), sample(&[1e9 + 9.0]));
        let whole = Spread::of(&sample(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0, 1e9 + 9.0]));
        let merged = Spread::merged(&[Spread::of(&a), Spread::of(&b)]).unwrap();
        assert_eq!((merged.n, merged.mean), (whole.n, whole.mean));
        // The means that are merged were rounded to the spacing of numbers near 1e9.
        assert!((merged.sd / whole.sd - 1.0).abs() < 1e-7);
        let counted = Spread::of_counts(&[(1.0, 2), (4.0, 1)]).unwrap();
        let listed = Spread::of(&sample(&[1.0, 1.0, 4.0]));
        assert!((counted.sd / listed.sd - 1.0).abs() < 1e-12 && counted.mean == listed.mean);
        assert_eq!(Spread::merged(&[]), None);
        assert_eq!(Spread::of_counts(&[(1.0, u64::MAX), (2.0, 1)]), None);
    }

    #[test]
    fn students_interval() {
        // t₀.₉₇₅ with 9 degrees of freedom is 2.262157.
        let s = Spread { n: 10, mean: 5.0, sd: 2.0 };
        let (lo, hi) = s.interval(Level::P95);
        assert!((hi - 5.0 - 1.430_714).abs() < 1e-5 && (lo + hi - 10.0).abs() < 1e-12);
        let one = Spread { n: 1, mean: 5.0, sd: 0.0 };
        assert_eq!(one.interval(Level::P95), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
