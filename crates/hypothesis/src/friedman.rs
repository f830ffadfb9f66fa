use tailproof_core::Sample;
use tailproof_core::distributions::chi_square_upper;

use crate::error::TestError;
use crate::groups::need_groups;
use crate::ranks::midranks;

/// Outcome of the Friedman test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Friedman {
    /// The χ² statistic, corrected for ties.
    pub statistic: f64,
    /// Degrees of freedom, the number of treatments less one.
    pub df: f64,
    /// `P(χ²_df ≥ statistic)`.
    pub p: f64,
    /// Kendall's coefficient of concordance `W`, from 0 (the blocks disagree) to 1 (all blocks
    /// rank the treatments alike).
    pub concordance: f64,
}

/// The Friedman test: does one of several treatments tend to be larger within blocks?
///
/// Position `b` of every sample belongs to block `b`: the same machine, day or input.
/// ```text
/// r_bj = rank of treatment j within block b      R_j = Σ_b r_bj
/// χ² = (k − 1) Σ_j (R_j − n(k + 1)/2)² / Σ_b Σ_j (r_bj − (k + 1)/2)²
/// W  = χ² / (n(k − 1))                           p = P(χ²_{k−1} ≥ χ²)
/// ```
/// Assumes independent blocks. The χ² law is an approximation, cautious for few blocks: below
/// about ten blocks small p-values are too large. Which treatments differ is the question of
/// [`crate::friedman_pairs`].
///
/// # Errors
/// Fewer than three treatments (two are a sign test) or two blocks; samples of unequal lengths;
/// all values equal within every block.
///
/// # Source
/// Friedman (1937), *Journal of the American Statistical Association* 32(200), 675–701; ties:
/// Conover (1999), *Practical Nonparametric Statistics*, §5.8.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::friedman;
///
/// let treatments = [
///     Sample::new(vec![1.0, 11.0, 21.0, 31.0])?,
///     Sample::new(vec![2.0, 12.0, 22.0, 32.0])?,
///     Sample::new(vec![3.0, 13.0, 23.0, 33.0])?,
/// ];
/// let test = friedman(&treatments)?; // All four blocks rank the treatments alike.
/// assert_eq!((test.statistic, test.concordance), (8.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn friedman(treatments: &[Sample]) -> Result<Friedman, TestError> {
    let ranks = BlockRanks::of(treatments)?;
    let df = ranks.sums.len() as f64 - 1.0;
    let middle = ranks.blocks * (df + 2.0) / 2.0;
    let between: f64 = ranks.sums.iter().map(|r| (r - middle) * (r - middle)).sum();
    let statistic = df * between / ranks.spread;
    Ok(Friedman {
        statistic,
        df,
        p: chi_square_upper(statistic, df),
        concordance: statistic / (ranks.blocks * df),
    })
}

/// Ranks of treatments within blocks.
pub(crate) struct BlockRanks {
    /// Rank sum of each treatment.
    pub(crate) sums: Vec<f64>,
    /// Blocks.
    pub(crate) blocks: f64,
    /// Squared deviations of all ranks from `(k + 1)/2`; positive.
    pub(crate) spread: f64,
}

impl BlockRanks {
    pub(crate) fn of(treatments: &[Sample]) -> Result<Self, TestError> {
        need_groups(treatments, 3)?;
        let n = treatments[0].len();
        if let Some(other) = treatments.iter().find(|t| t.len() != n) {
            return Err(TestError::Lengths(n, other.len()));
        }
        if n < 2 {
            return Err(TestError::TooFew { need: 2, got: n });
        }
        let middle = f64::midpoint(treatments.len() as f64, 1.0);
        let mut sums = vec![0.0; treatments.len()];
        let mut spread = 0.0;
        for block in 0..n {
            let row: Vec<f64> = treatments.iter().map(|t| t.values()[block]).collect();
            for (sum, rank) in sums.iter_mut().zip(midranks(&row)) {
                *sum += rank;
                spread += (rank - middle) * (rank - middle);
            }
        }
        // Mid-ranks are halves: a spread of rows that are all tied is exactly zero.
        if spread == 0.0 {
            return Err(TestError::NoSpread);
        }
        Ok(Self { sums, blocks: n as f64, spread })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn ties_agree_with_the_textbook_form() {
        // Blocks (1, 2, 2), (1, 3, 2), (2, 1, 2): ranks (1, 2.5, 2.5), (1, 3, 2), (2.5, 1, 2.5).
        let treatments =
            [sample(&[1.0, 1.0, 2.0]), sample(&[2.0, 3.0, 1.0]), sample(&[2.0, 2.0, 2.0])];
        let (n, k) = (3.0, 3.0);
        let sums = 4.5_f64.powi(2) + 6.5_f64.powi(2) + 7.0_f64.powi(2);
        let plain = 12.0 / (n * k * (k + 1.0)) * sums - 3.0 * n * (k + 1.0);
        let want = plain / (1.0 - 2.0 * 6.0 / (n * (k * k * k - k)));
        let test = friedman(&treatments).unwrap();
        assert!((test.statistic - want).abs() < 1e-12, "{} {want}", test.statistic);
        assert!((test.p - (-want / 2.0).exp()).abs() < 1e-12);
    }

    #[test]
    fn degenerate_data_are_errors() {
        let (a, b) = (sample(&[1.0, 2.0]), sample(&[1.0, 2.0, 3.0]));
        let pair = [a.clone(), a.clone()];
        assert_eq!(friedman(&pair), Err(TestError::TooFewGroups { need: 3, got: 2 }));
        let uneven = [a.clone(), a.clone(), b];
        assert_eq!(friedman(&uneven), Err(TestError::Lengths(2, 3)));
        assert_eq!(friedman(&[a.clone(), a.clone(), a]), Err(TestError::NoSpread));
        let one = sample(&[1.0]);
        let single = [one.clone(), one.clone(), one];
        assert_eq!(friedman(&single), Err(TestError::TooFew { need: 2, got: 1 }));
    }
}
