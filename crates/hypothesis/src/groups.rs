use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;

use crate::error::TestError;

/// All observations, group after group.
pub(crate) fn pooled(groups: &[Sample]) -> Vec<f64> {
    groups.iter().flat_map(|g| g.values().iter().copied()).collect()
}

/// Cuts what belongs to the pooled observations back into groups.
pub(crate) fn parts<'a>(
    groups: &'a [Sample],
    pooled: &'a [f64],
) -> impl Iterator<Item = &'a [f64]> {
    let mut rest = pooled;
    groups.iter().map(move |g| {
        let (own, others) = rest.split_at(g.len());
        rest = others;
        own
    })
}

/// An error unless there are at least `need` groups.
pub(crate) fn need_groups(groups: &[Sample], need: usize) -> Result<(), TestError> {
    if groups.len() < need {
        return Err(TestError::TooFewGroups { need, got: groups.len() });
    }
    Ok(())
}

/// Whether there is no spread at all.
pub(crate) fn all_equal(values: &[f64]) -> bool {
    values.iter().all(|&v| v == values[0])
}

/// The power of two by which values are divided so that the largest is near 1 and below 2:
/// squares of data near 10³⁰⁰ and 10⁻³⁰⁰ stay in range, and no digit is lost.
pub(crate) fn power_of_two(values: impl IntoIterator<Item = f64>) -> f64 {
    let largest = values.into_iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return 1.0;
    }
    2.0_f64.powi(largest.log2().floor().clamp(-1_021.0, 1_023.0) as i32)
}

/// The median of values in ascending order.
pub(crate) fn median_of(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}

/// The mean, rounded once, so that groups of the same values in another order agree.
pub(crate) fn mean_of(values: &[f64]) -> f64 {
    Moments::of_values(values).mean()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_groups() {
        let groups = [
            Sample::new(vec![3.0, 1.0]).unwrap(),
            Sample::new(vec![2.0]).unwrap(),
            Sample::new(vec![5.0, 4.0, 9.0]).unwrap(),
        ];
        let all = pooled(&groups);
        let cut: Vec<&[f64]> = parts(&groups, &all).collect();
        assert_eq!(cut, groups.iter().map(Sample::values).collect::<Vec<_>>());
    }

    #[test]
    fn scales_bring_the_largest_near_one() {
        for largest in [5e-324, 1e-300, 0.7, 1.0, 3.0, 1e300, f64::MAX] {
            let scaled = largest / power_of_two([0.0, -largest]);
            assert!(scaled > 0.0 && scaled < 2.0, "{largest:e}: {scaled}");
        }
        assert_eq!(power_of_two([0.0]), 1.0);
    }
}
