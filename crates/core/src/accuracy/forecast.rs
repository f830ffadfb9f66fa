use crate::descriptive::{self, Moments};
use crate::{Rank, Sample};

/// The mean of what `of` makes of each pair; `None` without pairs, or when one is not finite.
fn mean(pairs: &[(f64, f64)], of: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let values = pairs.iter().map(|&(actual, predicted)| of(actual, predicted)).collect();
    Sample::new(values).ok().map(|sample| descriptive::mean(&sample))
}

/// Absolute errors `|aᵢ − fᵢ|`; `None` without pairs, or when one is not finite.
fn absolute_errors(pairs: &[(f64, f64)]) -> Option<Sample> {
    Sample::new(pairs.iter().map(|&(a, f)| (a - f).abs()).collect()).ok()
}

/// Mean absolute error, in the unit of the pairs.
///
/// ```text
/// MAE = Σ|aᵢ − fᵢ| / n      a actual, f predicted
/// ```
/// `None` without pairs, or when an error is not finite.
///
/// ```
/// use tailproof_core::accuracy::{bias, mae};
///
/// let pairs = [(10.0, 12.0), (20.0, 17.0)];
/// assert_eq!(mae(&pairs), Some(2.5));
/// assert_eq!(bias(&pairs), Some(-0.5)); // Predicted too low on average.
/// ```
#[must_use]
pub fn mae(pairs: &[(f64, f64)]) -> Option<f64> {
    absolute_errors(pairs).map(|errors| descriptive::mean(&errors))
}

/// Root mean squared error, in the unit of the pairs.
///
/// ```text
/// RMSE = √(Σ(aᵢ − fᵢ)² / n)
/// ```
/// Scaled before it is squared, so that it is right wherever the errors are finite. `None`
/// without pairs, or when an error is not finite.
#[must_use]
pub fn rmse(pairs: &[(f64, f64)]) -> Option<f64> {
    let errors = absolute_errors(pairs)?;
    let largest = errors.range().1;
    if largest == 0.0 {
        return Some(0.0);
    }
    let squares = errors.values().iter().map(|e| (e / largest).powi(2)).collect();
    let squares = Sample::new(squares).expect("at most 1, and as many as there are errors");
    Some(largest * descriptive::mean(&squares).sqrt())
}

/// Mean error `Σ(fᵢ − aᵢ)/n`: positive when predictions are too high on average.
///
/// `None` without pairs, or when an error is not finite.
#[must_use]
pub fn bias(pairs: &[(f64, f64)]) -> Option<f64> {
    mean(pairs, |a, f| f - a)
}

/// Median of `|aᵢ − fᵢ|`: what half of the errors do not exceed.
///
/// `None` without pairs, or when an error is not finite.
#[must_use]
pub fn median_absolute_error(pairs: &[(f64, f64)]) -> Option<f64> {
    absolute_errors(pairs).map(|errors| descriptive::median(&errors))
}

/// Mean absolute percentage error as a fraction: 0.15 is 15 %.
///
/// ```text
/// MAPE = Σ|(aᵢ − fᵢ)/aᵢ| / n
/// ```
/// It weighs a prediction that is too high more than one that is too low: those end at 100 %.
/// `None` without pairs and when an actual value is 0, of which nothing is a percentage; also
/// when a ratio is not finite.
///
/// # Source
/// Hyndman & Koehler (2006), *International Journal of Forecasting* 22(4), 679–688.
#[must_use]
pub fn mape(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.iter().any(|pair| pair.0 == 0.0) {
        return None;
    }
    mean(pairs, |a, f| ((a - f) / a).abs())
}

/// Symmetric mean absolute percentage error, in `[0, 2]`.
///
/// ```text
/// sMAPE = Σ 2|aᵢ − fᵢ| / (|aᵢ| + |fᵢ|) / n      a pair of zeros counts 0
/// ```
/// 2 where the signs differ or one of the two is 0. `None` without pairs, or when a term is not
/// finite.
///
/// # Source
/// Hyndman & Koehler (2006), *International Journal of Forecasting* 22(4), 679–688.
#[must_use]
pub fn smape(pairs: &[(f64, f64)]) -> Option<f64> {
    mean(pairs, symmetric_error)
}

/// The error of one pair beside the mean size of both values, in `[0, 2]`; 0 for two zeros.
///
/// [`smape`] is its mean.
#[must_use]
pub fn symmetric_error(actual: f64, predicted: f64) -> f64 {
    let size = actual.abs() + predicted.abs();
    if size == 0.0 { 0.0 } else { 2.0 * (actual - predicted).abs() / size }
}

/// Weighted absolute percentage error `Σ|aᵢ − fᵢ| / Σ|aᵢ|` as a fraction.
///
/// Single zeros among the actual values do no harm. `None` without pairs, when all actual
/// values are 0, or when a sum is not finite.
#[must_use]
pub fn wape(pairs: &[(f64, f64)]) -> Option<f64> {
    let size = mean(pairs, |a, _| a.abs()).filter(|&size| size > 0.0)?;
    Some(mae(pairs)? / size).filter(|share| share.is_finite())
}

/// Mean absolute error of the naive forecast over the training values: each value is predicted
/// by the one a season before.
///
/// ```text
/// Q = Σ_{t > m} |y_t − y_{t−m}| / (T − m)      m the season; 1 is the value before
/// ```
/// `None` when there are not more values than the season has, when the season is 0, or when the
/// error is 0 or not finite: nothing can be measured by it.
#[must_use]
pub fn naive_error(training: &[f64], season: usize) -> Option<f64> {
    let later = training.get(season..).filter(|_| season > 0)?;
    let errors = later.iter().zip(training).map(|(y, before)| (y - before).abs()).collect();
    Some(descriptive::mean(&Sample::new(errors).ok()?)).filter(|&error| error > 0.0)
}

/// Mean absolute scaled error: below 1 the predictions beat the naive forecast of the training
/// values.
///
/// ```text
/// MASE = MAE / Q      Q of naive_error
/// ```
/// `None` without pairs, or without a [`naive_error`].
///
/// ```
/// use tailproof_core::accuracy::mase;
///
/// // The training values step by 2, the predictions are off by 1.
/// assert_eq!(mase(&[(10.0, 11.0)], &[4.0, 6.0, 8.0], 1), Some(0.5));
/// assert_eq!(mase(&[(10.0, 11.0)], &[4.0, 4.0, 4.0], 1), None);
/// ```
///
/// # Source
/// Hyndman & Koehler (2006), *International Journal of Forecasting* 22(4), 679–688.
#[must_use]
pub fn mase(pairs: &[(f64, f64)], training: &[f64], season: usize) -> Option<f64> {
    Some(mae(pairs)? / naive_error(training, season)?).filter(|error| error.is_finite())
}

/// Coefficient of determination: the share of the variation of the actual values that the
/// predictions explain; negative when their mean would have predicted better.
///
/// ```text
/// R² = 1 − Σ(aᵢ − fᵢ)² / Σ(aᵢ − ā)²
/// ```
/// `None` without pairs, when all actual values are equal, or when a sum is not finite.
#[must_use]
pub fn r_squared(pairs: &[(f64, f64)]) -> Option<f64> {
    let actual = Sample::new(pairs.iter().map(|pair| pair.0).collect()).ok()?;
    let spread = Moments::of(&actual).sd(0);
    if spread == 0.0 {
        return None;
    }
    Some(1.0 - (rmse(pairs)? / spread).powi(2)).filter(|share| share.is_finite())
}

/// Mean pinball loss of predictions of the `p`-quantile, in the unit of the pairs.
///
/// ```text
/// L = Σ max(p(aᵢ − fᵢ), (p − 1)(aᵢ − fᵢ)) / n
/// ```
/// Smallest on average for the true quantile; half the [`mae`] at the median. `None` without
/// pairs, or when an error is not finite.
///
/// # Source
/// Koenker & Bassett (1978), *Econometrica* 46(1), 33–50.
#[must_use]
pub fn pinball(pairs: &[(f64, f64)], p: Rank) -> Option<f64> {
    let (over, under) = (p.complement().to_f64(), p.to_f64());
    mean(pairs, |a, f| if a >= f { under * (a - f) } else { over * (f - a) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: [(f64, f64); 4] = [(10.0, 12.0), (20.0, 18.0), (40.0, 40.0), (5.0, 10.0)];

    #[test]
    fn the_formulas_by_hand() {
        assert_eq!(mae(&PAIRS), Some(2.25));
        assert_eq!(bias(&PAIRS), Some(1.25));
        assert_eq!(median_absolute_error(&PAIRS), Some(2.0));
        assert!((rmse(&PAIRS).unwrap() - 8.25_f64.sqrt()).abs() < 1e-15);
        assert!((mape(&PAIRS).unwrap() - (0.2 + 0.1 + 1.0) / 4.0).abs() < 1e-15);
        let symmetric = (4.0 / 22.0 + 4.0 / 38.0 + 10.0 / 15.0) / 4.0;
        assert!((smape(&PAIRS).unwrap() - symmetric).abs() < 1e-15);
        assert_eq!(wape(&PAIRS), Some(9.0 / 75.0));
        assert_eq!(pinball(&PAIRS, Rank::MEDIAN), Some(2.25 / 2.0));
        // Σ(a − ā)² = 718.75, Σe² = 33.
        assert!((r_squared(&PAIRS).unwrap() - (1.0 - 33.0 / 718.75)).abs() < 1e-15);
    }

    #[test]
    fn what_does_not_exist_is_none() {
        for answer in [mae(&[]), rmse(&[]), bias(&[]), mape(&[]), smape(&[]), wape(&[])] {
            assert_eq!(answer, None);
        }
        assert_eq!(mape(&[(0.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(smape(&[(0.0, 0.0)]), Some(0.0));
        assert_eq!(smape(&[(0.0, 3.0)]), Some(2.0));
        assert_eq!(wape(&[(0.0, 3.0)]), None);
        assert_eq!(r_squared(&[(2.0, 3.0), (2.0, 1.0)]), None);
        assert_eq!(mae(&[(f64::MAX, -f64::MAX)]), None);
        for (training, season) in [(&[1.0, 2.0][..], 2), (&[], 1), (&[1.0, 2.0], 0)] {
            assert_eq!(naive_error(training, season), None, "{training:?} {season}");
        }
        assert_eq!(naive_error(&[1.0, 5.0, 2.0, 7.0], 2), Some(1.5));
    }

    #[test]
    fn scale_changes_only_what_has_a_unit() {
        for scale in [1e-160, 1e160] {
            let scaled = PAIRS.map(|(a, f)| (a * scale, f * scale));
            let close = |x: Option<f64>, y: f64| (x.unwrap() / y - 1.0).abs() < 1e-13;
            assert!(close(rmse(&scaled), rmse(&PAIRS).unwrap() * scale));
            assert!(close(mape(&scaled), mape(&PAIRS).unwrap()));
            assert!(close(r_squared(&scaled), r_squared(&PAIRS).unwrap()));
        }
    }
}
