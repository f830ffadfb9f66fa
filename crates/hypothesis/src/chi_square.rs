use crate::error::TestError;
use tailproof_core::distributions::chi_square_upper;

/// Outcome of a χ² test of counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// `Σ (observed − expected)²/expected`.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// The upper tail of the χ² distribution.
    pub p: f64,
}

/// Pearson's χ² test that rows and columns of a table of counts are independent.
///
/// ```text
/// χ² = Σ (|O − E| − c)²/E      E = row·column/N      df = (rows − 1)(columns − 1)
/// ```
/// c is 0; with `yates` and one degree of freedom it is `min(½, |O − E|)`, Yates' correction.
/// Asymptotic: expected counts below 5 call for [`fisher_exact`](crate::fisher_exact). `O − E`
/// is formed over the common denominator N, without cancellation.
///
/// # Errors
/// Fewer than two rows or columns, rows of unequal length, or a row or column without any
/// count ([`TestError::NoSpread`]).
///
/// # Source
/// Pearson (1900), *Philosophical Magazine* 50(302), 157–175; Yates (1934), *Supplement to the
/// Journal of the Royal Statistical Society* 1(2), 217–235.
///
/// # Example
/// ```
/// use tailproof_hypothesis::chi_square_table;
///
/// let by_region: [&[u64]; 3] = [&[90, 60, 104, 95], &[30, 50, 51, 20], &[30, 40, 45, 35]];
/// let test = chi_square_table(&by_region, false)?;
/// assert_eq!(test.df, 6.0);
/// assert!((test.statistic - 24.5712).abs() < 1e-4);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn chi_square_table(table: &[&[u64]], yates: bool) -> Result<ChiSquare, TestError> {
    let width = table.first().map_or(0, |row| row.len());
    if table.len() < 2 || width < 2 {
        return Err(TestError::TooFewGroups { need: 2, got: table.len().min(width) });
    }
    if let Some(row) = table.iter().find(|row| row.len() != width) {
        return Err(TestError::Lengths(width, row.len()));
    }
    let rows: Vec<u64> = table.iter().map(|row| row.iter().sum()).collect();
    let columns: Vec<u64> = (0..width).map(|j| table.iter().map(|row| row[j]).sum()).collect();
    if rows.iter().chain(&columns).any(|&margin| margin == 0) {
        return Err(TestError::NoSpread);
    }
    let total: u64 = rows.iter().sum();
    let df = (rows.len() - 1) as f64 * (width - 1) as f64;
    let correction = if yates && df == 1.0 { 0.5 } else { 0.0 };
    let mut statistic = 0.0;
    for (row, &r) in table.iter().zip(&rows) {
        for (&observed, &c) in row.iter().zip(&columns) {
            let margins = i128::from(r) * i128::from(c);
            let gap = (i128::from(observed) * i128::from(total) - margins).unsigned_abs() as f64
                / total as f64;
            let gap = (gap - correction).max(0.0);
            statistic += gap * gap / (margins as f64 / total as f64);
        }
    }
    Ok(ChiSquare { statistic, df, p: chi_square_upper(statistic, df) })
}

/// Pearson's χ² test that counts follow given proportions.
///
/// ```text
/// χ² = Σ (Oᵢ − N·wᵢ/Σw)² / (N·wᵢ/Σw)      df = categories − 1 − fitted
/// ```
/// `fitted` is the number of parameters of the proportions that were estimated from the same
/// counts, 0 when the weights were fixed beforehand.
///
/// # Errors
/// Fewer than `2 + fitted` categories, unequal lengths, no counts, or a weight that is not
/// positive and finite.
///
/// # Source
/// Pearson (1900), *Philosophical Magazine* 50(302), 157–175.
///
/// # Example
/// ```
/// use tailproof_hypothesis::goodness_of_fit;
///
/// let dice = goodness_of_fit(&[16, 18, 16, 14, 12, 12], &[1.0; 6], 0)?;
/// assert!((dice.statistic - 2.0).abs() < 1e-12 && dice.df == 5.0);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn goodness_of_fit(
    observed: &[u64],
    weights: &[f64],
    fitted: usize,
) -> Result<ChiSquare, TestError> {
    if observed.len() != weights.len() {
        return Err(TestError::Lengths(observed.len(), weights.len()));
    }
    if observed.len() < 2 + fitted {
        return Err(TestError::TooFewGroups { need: 2 + fitted, got: observed.len() });
    }
    let heaviest = weights.iter().fold(0.0_f64, |a, &w| a.max(w));
    if let Some(&got) = weights.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
        let must = "positive and finite";
        return Err(TestError::Parameter { name: "weight", must, got });
    }
    let total: u64 = observed.iter().sum();
    if total == 0 {
        return Err(TestError::TooFew { need: 1, got: 0 });
    }
    let (total, all) = (total as f64, weights.iter().map(|w| w / heaviest).sum::<f64>());
    let statistic = observed
        .iter()
        .zip(weights)
        .map(|(&seen, w)| {
            let w = w / heaviest;
            // Over the common denominator: whole weights lose nothing to a rounded share.
            (seen as f64 * all - total * w).powi(2) / (all * total * w)
        })
        .sum();
    let df = (observed.len() - 1 - fitted) as f64;
    Ok(ChiSquare { statistic, df, p: chi_square_upper(statistic, df) })
}

/// Outcome of a check of the split of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRatio {
    /// The χ² test of the planned split.
    pub test: ChiSquare,
    /// Standardized residual of each group, `(O − E)/√(E(1 − E/N))`: who got too much.
    pub residuals: Vec<f64>,
}

impl SampleRatio {
    /// The usual threshold: a broken split shows a p far below it, and one of 1 000 sound
    /// experiments is stopped in vain.
    pub const THRESHOLD: f64 = 0.001;

    /// Whether p is below [`Self::THRESHOLD`]: the comparison must not be trusted.
    #[must_use]
    pub fn mismatch(&self) -> bool {
        self.test.p < Self::THRESHOLD
    }
}

/// Whether the groups of an experiment have the sizes that their planned weights promise.
///
/// [`goodness_of_fit`] of the counts, with the residual of each group. A mismatch means that
/// the assignment, or the recording, favours a group; no later comparison repairs that.
///
/// # Errors
/// As [`goodness_of_fit`].
///
/// # Source
/// Fabijan et al. (2019), *Diagnosing Sample Ratio Mismatch in Online Controlled
/// Experiments*, KDD '19, 2156–2164.
///
/// # Example
/// ```
/// use tailproof_hypothesis::sample_ratio;
///
/// let split = sample_ratio(&[50_900, 49_100], &[1.0, 1.0])?;
/// assert!(split.mismatch() && split.residuals[0] > 5.0);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn sample_ratio(observed: &[u64], weights: &[f64]) -> Result<SampleRatio, TestError> {
    let test = goodness_of_fit(observed, weights, 0)?;
    let total = observed.iter().sum::<u64>() as f64;
    let heaviest = weights.iter().fold(0.0_f64, |a, &w| a.max(w));
    let all: f64 = weights.iter().map(|w| w / heaviest).sum();
    let residuals = observed
        .iter()
        .zip(weights)
        .map(|(&seen, w)| {
            let share = w / heaviest / all;
            (seen as f64 - total * share) / (total * share * (1.0 - share)).sqrt()
        })
        .collect();
    Ok(SampleRatio { test, residuals })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degenerate_tables_are_refused() {
        assert_eq!(chi_square_table(&[&[0, 9], &[0, 17]], true), Err(TestError::NoSpread));
        assert_eq!(
            chi_square_table(&[&[1, 2]], false),
            Err(TestError::TooFewGroups { need: 2, got: 1 })
        );
        let ragged: [&[u64]; 2] = [&[1, 2], &[1, 2, 3]];
        assert_eq!(chi_square_table(&ragged, false), Err(TestError::Lengths(2, 3)));
        assert!(goodness_of_fit(&[1, 2], &[1.0, 0.0], 0).is_err());
        assert!(goodness_of_fit(&[1, 2], &[1.0, f64::NAN], 0).is_err());
        assert!(goodness_of_fit(&[0, 0], &[1.0, 1.0], 0).is_err());
    }

    #[test]
    fn yates_moves_only_tables_with_one_degree_of_freedom() {
        // 2×2 by hand: N(|ad − bc| − N/2)²/(r₁r₂c₁c₂).
        let test = chi_square_table(&[&[12, 5], &[6, 17]], true).unwrap();
        let want =
            40.0 * (12.0 * 17.0 - 5.0 * 6.0 - 20.0_f64).powi(2) / (17.0 * 23.0 * 18.0 * 22.0);
        assert!((test.statistic - want).abs() < 1e-12, "{} {want}", test.statistic);
        let wide: [&[u64]; 2] = [&[12, 5, 1], &[6, 17, 2]];
        assert_eq!(chi_square_table(&wide, true), chi_square_table(&wide, false));
        // No gap: nothing to correct.
        assert_eq!(chi_square_table(&[&[2, 2], &[3, 3]], true).unwrap().p, 1.0);
    }

    #[test]
    fn residuals_of_two_groups_are_opposite_and_square_to_the_statistic() {
        let split = sample_ratio(&[5_050, 4_900], &[3.0, 3.0]).unwrap();
        assert!((split.residuals[0] + split.residuals[1]).abs() < 1e-12);
        assert!((split.residuals[0].powi(2) - split.test.statistic).abs() < 1e-10);
    }
}
