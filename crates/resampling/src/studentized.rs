use rayon::prelude::*;
use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;

use crate::Bootstrap;
use crate::redraw::redraw;
use crate::stream::stream;

/// The bootstrap-t distribution of a statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct Studentized {
    /// The statistic of the sample.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
    /// `(θ* − θ)/se*` in ascending order.
    pivots: Vec<f64>,
}

/// Why a studentized bootstrap does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StudentizedError {
    /// The sample has no spread, so there is nothing to studentize by.
    #[error("all observations are equal: the statistic has no standard error")]
    NoSpread,
    /// Fewer than two observations.
    #[error("a standard error needs at least two observations")]
    TooFew,
}

impl Studentized {
    /// The bound above the statistic with one-sided confidence `1 − alpha`: `θ − t*_α · se`.
    #[must_use]
    pub fn upper(&self, alpha: f64) -> f64 {
        self.estimate - self.pivot(alpha) * self.error
    }

    /// The bound below the statistic with one-sided confidence `1 − alpha`: `θ − t*_{1−α} · se`.
    #[must_use]
    pub fn lower(&self, alpha: f64) -> f64 {
        self.estimate - self.pivot(1.0 - alpha) * self.error
    }

    fn pivot(&self, q: f64) -> f64 {
        // The ⌈(B+1)q⌉-th pivot, and on the lower side its mirror: never inside by rounding.
        let b = self.pivots.len();
        let at = (b + 1) as f64 * q;
        // Beyond the replicates there is no pivot, and so no bound.
        if at < 1.0 {
            return f64::NEG_INFINITY;
        }
        if at > b as f64 {
            return f64::INFINITY;
        }
        let rank = if q < 0.5 { at.floor() } else { at.ceil() };
        self.pivots[(rank.clamp(1.0, b as f64) as usize) - 1]
    }
}

/// The studentized bootstrap (bootstrap-t) of a statistic with a standard error.
///
/// ```text
/// t*_b = (θ*_b − θ)/se*_b       θ ∈ [θ − t*_{1−α/2} se,  θ − t*_{α/2} se]
/// ```
/// `statistic` returns the estimate and its standard error; replicates whose standard error
/// is zero are infinite on the side of their estimate. Second-order correct for smooth
/// statistics, so *asymptotic*: no distribution-free bound of an unbounded mean exists
/// (Bahadur & Savage 1956).
///
/// # Errors
/// Fewer than two observations, or no spread.
///
/// # Source
/// Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, §12.5; Hall (1988),
/// *Annals of Statistics* 16(3), 927–953.
pub fn studentized<F>(
    sample: &Sample,
    settings: &Bootstrap,
    statistic: F,
) -> Result<Studentized, StudentizedError>
where
    F: Fn(&[f64]) -> (f64, f64) + Sync,
{
    let values = sample.values();
    if values.len() < 2 {
        return Err(StudentizedError::TooFew);
    }
    let (estimate, error) = statistic(values);
    if !(error > 0.0 && error.is_finite()) {
        return Err(StudentizedError::NoSpread);
    }
    let mut pivots: Vec<f64> = (0..settings.count())
        .into_par_iter()
        .map_init(
            || vec![0.0; values.len()],
            |buffer, replicate| {
                redraw(&mut stream(settings.seed(), u64::from(replicate)), values, buffer);
                let (theta, se) = statistic(buffer);
                let shift = theta - estimate;
                if se > 0.0 {
                    shift / se
                } else if shift == 0.0 {
                    0.0
                } else {
                    f64::INFINITY.copysign(shift)
                }
            },
        )
        .collect();
    pivots.sort_unstable_by(f64::total_cmp);
    Ok(Studentized { estimate, error, pivots })
}

/// Mean and its standard error `s/√n`, for [`studentized`].
#[must_use]
pub fn mean_with_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let reference = values[0];
    let shift = values.iter().map(|x| x - reference).sum::<f64>() / n;
    let square = values.iter().map(|x| ((x - reference) - shift).powi(2)).sum::<f64>();
    (reference + shift, (square / (n - 1.0) / n).sqrt())
}

/// Sample standard deviation and its delta-method standard error
/// `√((m₄ − m₂²)/(4 m₂ n))`, for [`studentized`].
#[must_use]
pub fn sd_with_error(values: &[f64]) -> (f64, f64) {
    let moments = Moments::of_values(values);
    let sd = moments.sd(1);
    let excess = (moments.kurtosis_excess() + 2.0).max(0.0); // m₄/m₂² − 1.
    let error = if sd > 0.0 { sd * (excess / (4.0 * moments.n())).sqrt() } else { 0.0 };
    (sd, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;

    #[test]
    fn bounds_enclose_the_estimate() {
        let sample = Sample::new((0..60).map(|i| f64::from(i * i % 53)).collect()).unwrap();
        let settings = Bootstrap::new(Seed(3));
        for statistic in [mean_with_error, sd_with_error] {
            let t = studentized(&sample, &settings, statistic).unwrap();
            assert!(t.lower(0.025) < t.estimate && t.estimate < t.upper(0.025));
            assert!(t.lower(0.005) <= t.lower(0.05) && t.upper(0.05) <= t.upper(0.005));
            // 10 000 replicates say nothing about one in a million.
            assert_eq!((t.lower(1e-6), t.upper(1e-6)), (f64::NEG_INFINITY, f64::INFINITY));
        }
        let flat = Sample::new(vec![2.0; 9]).unwrap();
        assert_eq!(studentized(&flat, &settings, mean_with_error), Err(StudentizedError::NoSpread));
    }
}
