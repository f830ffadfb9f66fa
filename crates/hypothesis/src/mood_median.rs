use tailproof_core::Sample;
use tailproof_core::distributions::chi_square_upper;

use crate::error::TestError;
use crate::groups::{median_of, need_groups, pooled};

/// Where observations equal to the grand median are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MedianTies {
    /// Below the median (the usual choice).
    Below,
    /// Above the median.
    Above,
    /// Nowhere.
    Ignore,
}

/// Outcome of Mood's median test.
#[derive(Clone, Debug, PartialEq)]
pub struct MoodMedian {
    /// Pearson's χ² of the table.
    pub statistic: f64,
    /// Degrees of freedom, the number of groups less one.
    pub df: f64,
    /// `P(χ²_df ≥ statistic)`.
    pub p: f64,
    /// Median of all observations, in the unit of the samples.
    pub grand_median: f64,
    /// Observations above it, by group.
    pub above: Vec<u64>,
    /// Observations below it, by group.
    pub below: Vec<u64>,
}

/// Mood's median test: do the groups exceed their common median equally often?
///
/// ```text
/// table: aᵢ = #{x_ij > M}, bᵢ = #{x_ij < M}, M the median of all; ties go where `ties` says
/// e = row total · column total / total      χ² = Σ (|o − e| − c)²/e      p = P(χ²_{k−1} ≥ χ²)
/// c = min(½, |o − e|) for two groups with `correction` (Yates), else 0
/// ```
/// Needs nothing but independent observations, and has little power for it: Kruskal–Wallis sees
/// more. The χ² law is an approximation that wants expected counts of at least about five.
///
/// # Errors
/// Fewer than two groups; [`TestError::NoSpread`] when no observation is above the median, or
/// none below; [`TestError::TooFew`] when ignoring ties leaves a group empty.
///
/// # Source
/// Mood (1954), *Annals of Mathematical Statistics* 25(3), 514–522; Yates (1934), *Supplement to
/// the Journal of the Royal Statistical Society* 1(2), 217–235.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::{MedianTies, mood_median};
///
/// let groups = [Sample::new(vec![1.0, 2.0, 3.0, 9.0])?, Sample::new(vec![4.0, 6.0, 7.0, 8.0])?];
/// let test = mood_median(&groups, MedianTies::Below, false)?;
/// assert_eq!((test.grand_median, test.statistic), (5.0, 2.0));
/// assert_eq!((test.above, test.below), (vec![1, 3], vec![3, 1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mood_median(
    groups: &[Sample],
    ties: MedianTies,
    correction: bool,
) -> Result<MoodMedian, TestError> {
    need_groups(groups, 2)?;
    let mut all = pooled(groups);
    all.sort_unstable_by(f64::total_cmp);
    let grand_median = median_of(&all);
    let (above, below): (Vec<u64>, Vec<u64>) =
        groups.iter().map(|g| split(g.values(), grand_median, ties)).unzip();
    let (ups, downs) = (above.iter().sum::<u64>(), below.iter().sum::<u64>());
    if ups == 0 || downs == 0 {
        return Err(TestError::NoSpread);
    }
    if above.iter().zip(&below).any(|(a, b)| a + b == 0) {
        return Err(TestError::TooFew { need: 1, got: 0 });
    }
    let correct = correction && groups.len() == 2;
    let total = (ups + downs) as f64;
    let cell = |observed: u64, row: u64, column: u64| {
        let expected = row as f64 * column as f64 / total;
        let off = (observed as f64 - expected).abs();
        let off = if correct { (off - 0.5).max(0.0) } else { off };
        off * off / expected
    };
    let statistic =
        above.iter().zip(&below).map(|(&a, &b)| cell(a, ups, a + b) + cell(b, downs, a + b)).sum();
    let df = (groups.len() - 1) as f64;
    Ok(MoodMedian { statistic, df, p: chi_square_upper(statistic, df), grand_median, above, below })
}

/// Counts above and below.
fn split(values: &[f64], median: f64, ties: MedianTies) -> (u64, u64) {
    let above = values.iter().filter(|&&x| x > median).count() as u64;
    let below = values.iter().filter(|&&x| x < median).count() as u64;
    let equal = values.len() as u64 - above - below;
    match ties {
        MedianTies::Below => (above, below + equal),
        MedianTies::Above => (above + equal, below),
        MedianTies::Ignore => (above, below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn ties_go_where_they_are_told() {
        let groups = [group(&[1.0, 3.0, 3.0, 5.0, 2.0]), group(&[3.0, 4.0, 6.0, 3.0])];
        let of = |ties| {
            let test = mood_median(&groups, ties, false).unwrap();
            assert_eq!(test.grand_median, 3.0);
            (test.above, test.below)
        };
        assert_eq!(of(MedianTies::Below), (vec![1, 2], vec![4, 2]));
        assert_eq!(of(MedianTies::Above), (vec![3, 4], vec![2, 0]));
        assert_eq!(of(MedianTies::Ignore), (vec![1, 2], vec![2, 0]));
    }

    #[test]
    fn yates_corrects_two_groups_only() {
        let groups = [
            group(&[1.0, 2.0, 3.0, 9.0]),
            group(&[4.0, 6.0, 7.0, 8.0]),
            group(&[0.0, 11.0, 12.0, 5.5]),
        ];
        let of = |k: usize, c| mood_median(&groups[..k], MedianTies::Below, c).unwrap().statistic;
        // All expected counts are 2, all differences 1.
        assert_eq!((of(2, false), of(2, true)), (2.0, 0.5));
        assert_eq!(of(3, false), of(3, true));
    }

    #[test]
    fn empty_rows_and_columns_are_errors() {
        let (a, b) = (group(&[1.0, 1.0]), group(&[1.0, 1.0, 1.0, 2.0]));
        assert_eq!(
            mood_median(&[a.clone(), b.clone()], MedianTies::Above, true),
            Err(TestError::NoSpread)
        );
        let c = group(&[0.0, 1.0, 2.0]);
        assert_eq!(
            mood_median(&[a, c], MedianTies::Ignore, true),
            Err(TestError::TooFew { need: 1, got: 0 })
        );
    }
}
