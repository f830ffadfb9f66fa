//! Replicates of the scores of a tree, and what is read from them.

use rayon::prelude::*;
use tailproof_resampling::{Stream, stream};

use super::definition::{Child, Combine, Inner, Tree};
use super::settings::{BootstrapError, TreeBootstrap};

/// Draws from which on a bootstrap spreads over threads.
const PARALLEL_FROM: usize = 4_000_000;
/// Most numbers kept of all replicates.
const MOST_KEPT: usize = 1 << 25;

/// Rows of `width` numbers, one a replicate, each from its own stream; in parallel where
/// `work` draws a replicate make it pay.
pub(crate) fn rows<S>(
    settings: &TreeBootstrap,
    (width, work): (usize, usize),
    scratch: impl Fn() -> S + Sync + Send,
    fill: impl Fn(&mut Stream, &mut S, &mut [f64]) + Sync + Send,
) -> Result<Vec<f64>, BootstrapError> {
    let count = settings.count() as usize;
    let kept = width.checked_mul(count).filter(|&kept| kept <= MOST_KEPT);
    let Some(kept) = kept else {
        return Err(BootstrapError::TooLarge { nodes: width, replicates: settings.count() });
    };
    let mut all = vec![0.0; kept];
    let one = |scratch: &mut S, (b, row): (usize, &mut [f64])| {
        fill(&mut stream(settings.seed(), b as u64), scratch, row);
    };
    if work.saturating_mul(count) < PARALLEL_FROM {
        let mut scratch = scratch();
        all.chunks_mut(width).enumerate().for_each(|row| one(&mut scratch, row));
    } else {
        all.par_chunks_mut(width).enumerate().for_each_init(scratch, one);
    }
    Ok(all)
}

/// The scores of all nodes, as [`Tree::evaluate`], for replicates.
pub(crate) fn evaluate(tree: &Tree, leaves: &[f64], values: &mut [f64]) {
    for (at, node) in tree.nodes().iter().enumerate() {
        let (below, rest) = values.split_at_mut(at);
        let below: &[f64] = below;
        rest[0] = quick(node, |child| match child {
            Child::Leaf(i) => leaves[i],
            Child::Inner(i) => below[i],
        });
    }
}

/// The score of a node, without guards against rounding.
#[inline]
fn quick(node: &Inner, of: impl Fn(Child) -> f64 + Copy) -> f64 {
    if node.combine == Combine::WeightedMean && node.penalty == 0.0 {
        node.children.iter().map(|&(child, weight)| weight * of(child)).sum()
    } else {
        node.score(of)
    }
}

/// Number `at` of each row.
pub(crate) fn column(rows: &[f64], width: usize, at: usize) -> Vec<f64> {
    rows.iter().skip(at).step_by(width).copied().collect()
}

/// The `k`-th smallest and the `k`-th largest, `k` from 1 to half of them.
pub(crate) fn ends(values: &mut [f64], k: usize) -> (f64, f64) {
    let last = values.len() - k;
    let (_, lo, _) = values.select_nth_unstable_by(k - 1, f64::total_cmp);
    let lo = *lo;
    let (_, hi, _) = values.select_nth_unstable_by(last, f64::total_cmp);
    (lo, *hi)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{irregular, scores, sixty};
    use super::*;

    #[test]
    fn quick_scores_are_those_of_the_tree_up_to_rounding() {
        for tree in [sixty(), irregular()] {
            for row in scores(&tree, 50).rows() {
                let row = row.to_slice().unwrap();
                let mut quick = vec![0.0; tree.nodes().len()];
                evaluate(&tree, row, &mut quick);
                for (a, b) in quick.iter().zip(tree.aggregate(row).unwrap()) {
                    assert!((a - b).abs() < 1e-13, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn columns_and_their_ends() {
        let rows = [1.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0, 6.0];
        assert_eq!(column(&rows, 2, 1), [9.0, 7.0, 8.0, 6.0]);
        assert_eq!(ends(&mut column(&rows, 2, 0), 1), (1.0, 4.0));
        assert_eq!(ends(&mut column(&rows, 2, 0), 2), (2.0, 3.0));
    }
}
