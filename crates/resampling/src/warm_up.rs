/// How much of the start of a series to leave out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// Observations before the series is steady, a multiple of 5.
    pub truncate: usize,
    /// Their share of the series.
    pub share: f64,
    /// Whether they lie in the first half. If not, the series never became steady, and
    /// `truncate` must not be used.
    pub steady: bool,
}

/// Observations to a batch.
const BATCH: usize = 5;
/// Fewest batches that are judged.
const FEWEST: usize = 30;
/// Batches at the end at which no truncation is tried: few batches are equal by chance.
const KEPT: usize = 10;

/// How long a series in time order takes to become steady, by MSER-5.
///
/// ```text
/// z_j the mean of batch j of 5, j = 1..m      d* = argmin_d Σ_{j>d} (z_j − z̄_d)² / (m − d)²
/// ```
/// with `z̄_d` the mean of the batches after `d`: what is left out is what makes the mean of the
/// rest more certain. `d` goes from 0 to m − 10, the first of equal minima counts. A minimum in
/// the second half says that the series is still moving. It says so wrongly too: of
/// independent exponential values in 5 % of series of 150, 4 % of 200 and 0.4 % of 500. So
/// it warns; it proves nothing, and nothing is to be trimmed silently.
///
/// `None` for fewer than 150 values. A constant series is steady from the start.
///
/// # Source
/// White (1997), *Simulation* 69(6), 323–334; Franklin & White (2008), *Stationarity tests and
/// MSER-5*, Winter Simulation Conference.
///
/// # Example
/// ```
/// use tailproof_resampling::warm_up;
///
/// // 100 slow requests, then 900 like each other.
/// let series: Vec<f64> =
///     (0..1_000).map(|i| f64::from(i * 7 % 11) + if i < 100 { 50.0 } else { 10.0 }).collect();
/// let found = warm_up(&series).expect("1 000 values are enough");
/// assert!(found.steady && (100..=110).contains(&found.truncate));
/// ```
#[must_use]
pub fn warm_up(series: &[f64]) -> Option<WarmUp> {
    let batches = series.len() / BATCH;
    if batches < FEWEST {
        return None;
    }
    let origin = series[series.len() - 1];
    let mut means: Vec<f64> = series
        .chunks_exact(BATCH)
        .map(|batch| batch.iter().map(|x| x - origin).sum::<f64>() / BATCH as f64)
        .collect();
    let largest = means.iter().fold(0.0_f64, |m, z| m.max(z.abs()));
    if largest > 0.0 {
        for z in &mut means {
            *z /= largest;
        }
    }
    // From the end, so that each step adds a batch to those that are kept (Welford).
    let (mut mean, mut squares) = (0.0, 0.0);
    let (mut best, mut least) = (0, f64::INFINITY);
    for (d, z) in means.iter().enumerate().rev() {
        let kept = (batches - d) as f64;
        let miss = z - mean;
        mean += miss / kept;
        squares += miss * (z - mean);
        let statistic = squares / (kept * kept);
        if batches - d >= KEPT && statistic <= least {
            (best, least) = (d, statistic);
        }
    }
    let truncate = best * BATCH;
    let share = truncate as f64 / series.len() as f64;
    Some(WarmUp { truncate, share, steady: 2 * best <= batches })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};
    use tailproof_core::Seed;

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = stream(Seed(seed), 0);
        (0..n).map(|_| -uniform(&mut rng).ln()).collect()
    }

    #[test]
    fn the_minimum_is_that_of_the_definition() {
        let mut series = noise(400, 2);
        for (i, x) in series.iter_mut().enumerate() {
            *x += 5.0 * (-(i as f64) / 30.0).exp();
        }
        let z: Vec<f64> = series.chunks_exact(5).map(|b| b.iter().sum::<f64>() / 5.0).collect();
        let statistic = |d: usize| {
            let rest = &z[d..];
            let k = rest.len() as f64;
            let mean = rest.iter().sum::<f64>() / k;
            rest.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (k * k)
        };
        let want = (0..=70).min_by(|&a, &b| statistic(a).total_cmp(&statistic(b))).unwrap();
        let found = warm_up(&series).unwrap();
        assert_eq!((found.truncate, found.steady), (5 * want, true));
        assert!(found.truncate > 0);
    }

    #[test]
    fn a_trend_has_no_steady_state() {
        let series: Vec<f64> =
            noise(600, 3).iter().enumerate().map(|(i, x)| x + 0.05 * i as f64).collect();
        assert!(!warm_up(&series).unwrap().steady);
    }

    #[test]
    fn constants_are_steady_and_little_says_nothing() {
        let found = warm_up(&[7.0; 200]).unwrap();
        assert_eq!((found.truncate, found.share, found.steady), (0, 0.0, true));
        assert_eq!(warm_up(&[7.0; 149]), None);
        let unsteady = (0..500).filter(|&s| !warm_up(&noise(500, s)).unwrap().steady).count();
        assert!(unsteady <= 10, "{unsteady} of 500");
    }
}
