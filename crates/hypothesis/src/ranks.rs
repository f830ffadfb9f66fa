/// Ranks 1 to N of `values` in their order; tied values share the mean of their ranks.
pub(crate) fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for group in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = start as f64 + f64::midpoint(1.0, group.len() as f64);
        for &i in group {
            ranks[i] = rank;
        }
        start += group.len();
    }
    ranks
}

/// `Σ(t³ − t)` over groups of `t` tied values, in any order.
pub(crate) fn tie_sum(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|g| g.len() as f64).map(|t| t * (t * t - 1.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_values_share_their_ranks() {
        assert_eq!(midranks(&[3.0, -0.0, 0.0, 7.0, 3.0]), [3.5, 1.5, 1.5, 5.0, 3.5]);
        assert_eq!(tie_sum(&[3.0, 1.0, 1.0, 7.0, 3.0, 3.0]), 6.0 + 24.0);
    }
}
