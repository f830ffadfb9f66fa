use tailproof_core::descriptive::Moments;
use tailproof_core::{Level, Sample};

use super::{finite, positive};
use crate::error::TestError;

/// A confidence sequence of the mean of observations that lie in a known range.
///
/// The predictable plug-in empirical-Bernstein sequence, for observations scaled to [0, 1]:
///
/// ```text
/// C_t = ( Σλᵢxᵢ ± (ln(2/α) + Σ vᵢψ(λᵢ)) ) / Σλᵢ           i = 1..t
/// vᵢ = 4(xᵢ − μ̂ᵢ₋₁)²      ψ(λ) = (−ln(1 − λ) − λ)/4
/// λₜ = min( ½, √(2 ln(2/α) / (σ̂²ₜ₋₁·t·ln(1 + t))) )
/// μ̂ₜ = (½ + Σxᵢ)/(t + 1)    σ̂²ₜ = (¼ + Σ(xᵢ − μ̂ᵢ)²)/(t + 1)
/// ```
/// All intervals hold together with probability at least `level`, whatever the distribution
/// in the range; observations need only have the same mean given those before them. The width
/// follows the real spread, not the range.
///
/// # Source
/// Waudby-Smith & Ramdas (2024), *Journal of the Royal Statistical Society B* 86(1), 1–27,
/// Theorem 2 (predictable plug-in) with c = ½.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::sequential::BoundedMean;
///
/// let mut share = BoundedMean::new(0.0, 100.0, Level::P95)?; // percent of CPU
/// for i in 0..1_000 {
///     share.observe(30.0 + f64::from(i % 5))?;
/// }
/// let (lo, hi) = share.interval();
/// assert!(lo < 32.0 && 32.0 < hi && hi - lo < 5.0);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BoundedMean {
    lo: f64,
    hi: f64,
    /// ln(2/α).
    evidence: f64,
    n: u64,
    sum: f64,
    squares: f64,
    weights: f64,
    weighted: f64,
    penalty: f64,
    inside: (f64, f64),
}

impl BoundedMean {
    /// A sequence at `level` for observations in `lo..=hi`.
    ///
    /// # Errors
    /// A bound is not finite, or the width of the range is not positive and finite.
    pub fn new(lo: f64, hi: f64, level: Level) -> Result<Self, TestError> {
        let (lo, hi) = range(lo, hi)?;
        Ok(Self {
            lo,
            hi,
            evidence: (2.0 / level.alpha().to_f64()).ln(),
            n: 0,
            sum: 0.0,
            squares: 0.0,
            weights: 0.0,
            weighted: 0.0,
            penalty: 0.0,
            inside: (lo, hi),
        })
    }

    /// Adds an observation.
    ///
    /// # Errors
    /// The observation is outside of the range: the guarantee rests on the range, so nothing
    /// is clipped, and the observation is not counted.
    pub fn observe(&mut self, x: f64) -> Result<(), TestError> {
        let x = scaled(x, self.lo, self.hi)?;
        let before = self.n as f64 + 1.0; // Observations with the imagined one at ½.
        let mean = (0.5 + self.sum) / before;
        let variance = (0.25 + self.squares) / before;
        let t = before;
        let weight = (2.0 * self.evidence / (variance * t * t.ln_1p())).sqrt().min(0.5);
        let miss = x - mean;
        self.weights += weight;
        self.weighted += weight * x;
        // 4·miss²·ψ, with the 4 and the quarter cancelled.
        self.penalty += miss * miss * (-(-weight).ln_1p() - weight);

        self.n += 1;
        self.sum += x;
        let new = x - (0.5 + self.sum) / (before + 1.0);
        self.squares += new * new;
        let (lo, hi) = self.interval();
        self.inside = (self.inside.0.max(lo), self.inside.1.min(hi));
        Ok(())
    }

    /// Observations so far.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The interval at this n, within the range; the whole range before the first observation.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        if self.n == 0 {
            return (self.lo, self.hi);
        }
        let middle = self.weighted / self.weights;
        let h = (self.evidence + self.penalty) / self.weights;
        let width = self.hi - self.lo;
        let at = |share: f64| self.lo + share.clamp(0.0, 1.0) * width;
        (at(middle - h), at(middle + h))
    }

    /// What is common to all intervals so far: as valid, and never wider, for a mean that does
    /// not move. Low above high says that the mean did move, or that this is one of the rare
    /// wrong sequences.
    #[must_use]
    pub const fn running_intersection(&self) -> (f64, f64) {
        self.inside
    }
}

/// The empirical-Bernstein interval of the mean of a finished sample from a known range.
///
/// ```text
/// x̄ ± ( √(2 s² ln(4/α)/n) + 7w ln(4/α)/(3(n − 1)) )      w the width of the range
/// ```
/// Holds with probability at least `level` for independent observations of one distribution
/// in the range, whatever it is, at one look. `s²` has divisor n − 1. The interval is cut to the
/// range.
///
/// # Errors
/// Fewer than two observations, one outside of the range, or a range without a positive and
/// finite width.
///
/// # Source
/// Maurer & Pontil (2009), *Empirical Bernstein bounds and sample variance penalization*,
/// COLT, Theorem 4, on both sides at α/2.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample};
/// use tailproof_hypothesis::sequential::empirical_bernstein;
///
/// let load = Sample::new((0..1_000).map(|i| 0.3 + 0.01 * f64::from(i % 5)).collect())?;
/// let (lo, hi) = empirical_bernstein(&load, (0.0, 1.0), Level::P95)?;
/// assert!(lo < 0.32 && 0.32 < hi && hi - lo < 0.03);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn empirical_bernstein(
    sample: &Sample,
    (lo, hi): (f64, f64),
    level: Level,
) -> Result<(f64, f64), TestError> {
    let (lo, hi) = range(lo, hi)?;
    for &x in sample.values() {
        scaled(x, lo, hi)?;
    }
    if sample.len() < 2 {
        return Err(TestError::TooFew { need: 2, got: sample.len() });
    }
    let moments = Moments::of(sample);
    let n = moments.n();
    let evidence = (4.0 / level.alpha().to_f64()).ln();
    let h = moments.sd(1) * (2.0 * evidence / n).sqrt()
        + (hi - lo) * (7.0 * evidence / (3.0 * (n - 1.0)));
    Ok(((moments.mean() - h).max(lo), (moments.mean() + h).min(hi)))
}

fn range(lo: f64, hi: f64) -> Result<(f64, f64), TestError> {
    let (lo, hi) = (finite("lower end of the range", lo)?, finite("upper end of the range", hi)?);
    positive("width of the range", hi - lo)?;
    Ok((lo, hi))
}

/// The observation as a share of the range.
fn scaled(x: f64, lo: f64, hi: f64) -> Result<f64, TestError> {
    if !(lo..=hi).contains(&x) {
        let (name, must) = ("observation", "inside of the stated range");
        return Err(TestError::Parameter { name, must, got: x });
    }
    Ok(((x - lo) / (hi - lo)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    /// The formula of the documentation, with everything kept.
    fn slow(xs: &[f64], alpha: f64) -> (f64, f64) {
        let evidence = (2.0 / alpha).ln();
        let mean = |t: usize| (0.5 + xs[..t].iter().sum::<f64>()) / (t as f64 + 1.0);
        let variance = |t: usize| {
            let squares: f64 = (1..=t).map(|i| (xs[i - 1] - mean(i)).powi(2)).sum();
            (0.25 + squares) / (t as f64 + 1.0)
        };
        let lambda = |t: usize| {
            let tf = t as f64;
            (2.0 * evidence / (variance(t - 1) * tf * (1.0 + tf).ln())).sqrt().min(0.5)
        };
        let psi = |l: f64| (-(1.0 - l).ln() - l) / 4.0;
        let (mut weights, mut weighted, mut penalty) = (0.0, 0.0, 0.0);
        for t in 1..=xs.len() {
            let l = lambda(t);
            weights += l;
            weighted += l * xs[t - 1];
            penalty += 4.0 * (xs[t - 1] - mean(t - 1)).powi(2) * psi(l);
        }
        let h = (evidence + penalty) / weights;
        (weighted / weights - h, weighted / weights + h)
    }

    #[test]
    fn the_sequence_is_the_formula() {
        let mut rng = stream(Seed(4), 0);
        let xs: Vec<f64> = (0..300).map(|_| uniform(&mut rng).powi(3)).collect();
        let mut mean = BoundedMean::new(10.0, 14.0, Level::P95).unwrap();
        for x in &xs {
            mean.observe(10.0 + 4.0 * x).unwrap();
        }
        let (want, got) = (slow(&xs, 0.05), mean.interval());
        assert!((got.0 - (10.0 + 4.0 * want.0)).abs() < 1e-9, "{got:?} {want:?}");
        assert!((got.1 - (10.0 + 4.0 * want.1)).abs() < 1e-9, "{got:?} {want:?}");
        let inside = mean.running_intersection();
        assert!(got.0 <= inside.0 && inside.1 <= got.1);
    }

    #[test]
    fn both_intervals_cover_skewed_data() {
        // Rare events, for which Student's interval fails.
        let (mut sequence, mut once) = (0, 0);
        for run in 0..1_000 {
            let mut rng = stream(Seed(6), run);
            let mut mean = BoundedMean::new(0.0, 1.0, Level::P95).unwrap();
            let xs: Vec<f64> =
                (0..400).map(|_| f64::from(u8::from(uniform(&mut rng) < 0.03))).collect();
            for &x in &xs {
                mean.observe(x).unwrap();
            }
            let (lo, hi) = mean.running_intersection();
            sequence += u32::from(!(lo..=hi).contains(&0.03));
            let sample = Sample::new(xs).unwrap();
            let (lo, hi) = empirical_bernstein(&sample, (0.0, 1.0), Level::P95).unwrap();
            once += u32::from(!(lo..=hi).contains(&0.03));
        }
        assert!(sequence <= 78 && once <= 78, "{sequence} {once} of 1 000"); // 4 sd above 5 %.
    }

    #[test]
    fn observations_outside_of_the_range_are_refused() {
        let mut mean = BoundedMean::new(0.0, 1.0, Level::P95).unwrap();
        assert!(mean.observe(1.5).is_err() && mean.observe(f64::NAN).is_err());
        assert_eq!((mean.n(), mean.interval()), (0, (0.0, 1.0)));
        assert!(BoundedMean::new(1.0, 1.0, Level::P95).is_err());
        assert!(BoundedMean::new(-1e308, 1e308, Level::P95).is_err());
        let one = Sample::new(vec![0.5]).unwrap();
        let got = empirical_bernstein(&one, (0.0, 1.0), Level::P95);
        assert_eq!(got, Err(TestError::TooFew { need: 2, got: 1 }));
    }
}
