//! Scores that change one at a time.

use super::plan::Plan;
use super::{BatchError, Child, Modes, Tree};

/// The current scores of a tree and all its nodes, kept up to date leaf by leaf.
///
/// A changed leaf recomputes its parent, that node's parent and so on, each from the current
/// scores of its children: O(depth × siblings), and the same to the bit as
/// [`super::aggregate_batch`] on the current scores. Nothing is added or taken away in place, so
/// nothing drifts, however long it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Streaming {
    plan: Plan,
    scores: Vec<[f64; 1]>,
    nodes: Vec<[f64; 1]>,
    /// The node above each leaf.
    above_leaf: Vec<usize>,
    /// The node above each node; itself for the root.
    above_node: Vec<usize>,
}

impl Streaming {
    /// Begins with a score for every leaf.
    ///
    /// # Errors
    /// As [`super::aggregate_batch`], of one batch.
    pub fn new(tree: &Tree, scores: &[f64]) -> Result<Self, BatchError> {
        let plan = Plan::new(tree);
        let view = ndarray::ArrayView2::from_shape((1, scores.len()), scores)
            .expect("one row of all scores");
        plan.check(view, &Modes::SERIAL)?;
        let mut above_leaf = vec![0; plan.leaves().len()];
        let mut above_node: Vec<usize> = (0..plan.nodes()).collect();
        for (index, node) in tree.nodes().iter().enumerate() {
            for (child, _) in &node.children {
                match *child {
                    Child::Leaf(leaf) => above_leaf[leaf] = index,
                    Child::Inner(node) => above_node[node] = index,
                }
            }
        }
        let scores: Vec<[f64; 1]> = scores.iter().map(|&x| [x]).collect();
        let mut nodes = vec![[0.0]; plan.nodes()];
        plan.all(&scores, &mut nodes);
        Ok(Self { plan, scores, nodes, above_leaf, above_node })
    }

    /// Changes the score of a leaf, by its index, and returns that of the root.
    ///
    /// # Errors
    /// There is no such leaf, or the score is not in the range; then nothing changes.
    pub fn set(&mut self, leaf: usize, score: f64) -> Result<f64, BatchError> {
        let Some(&first) = self.above_leaf.get(leaf) else {
            return Err(BatchError::Leaf { index: leaf, leaves: self.scores.len() });
        };
        let range = self.plan.range;
        if !score.is_finite() || !(range.0..=range.1).contains(&score) {
            let leaf = self.plan.leaves()[leaf].clone();
            let (batch, value, count, all) = (0, score, 1, 1);
            return Err(BatchError::Scores { batch, leaf, value, range, count, all });
        }
        self.scores[leaf] = [score];
        let mut node = first;
        loop {
            let value = self.plan.node(node, &self.scores, &self.nodes);
            // Nodes above depend on this one by its value alone.
            let same = value[0].to_bits() == self.nodes[node][0].to_bits();
            self.nodes[node] = value;
            let above = self.above_node[node];
            if same || above == node {
                return Ok(self.total());
            }
            node = above;
        }
    }

    /// The current score of the root.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.nodes.last().map_or(f64::NAN, |x| x[0])
    }

    /// The current scores of the leaves.
    #[must_use]
    pub fn scores(&self) -> &[f64] {
        self.scores.as_flattened()
    }

    /// The current scores of the inner nodes, the root last.
    #[must_use]
    pub fn nodes(&self) -> &[f64] {
        self.nodes.as_flattened()
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{NoMemo, Seed};
    use tailproof_resampling::{below, stream, uniform};

    use super::super::aggregate_batch;
    use super::super::fixture::{irregular, scores, sixty};
    use super::*;

    #[test]
    fn ten_thousand_changes_end_where_a_batch_does() {
        for tree in [sixty(), irregular()] {
            let first = scores(&tree, 1);
            let mut streaming = Streaming::new(&tree, first.as_slice().unwrap()).unwrap();
            let (mut rng, (lo, hi)) = (stream(Seed(1), 0), tree.range());
            for _ in 0..10_000 {
                let leaf = below(&mut rng, tree.leaves().len() as u64) as usize;
                streaming.set(leaf, lo + (hi - lo) * uniform(&mut rng)).unwrap();
            }
            let row = streaming.scores();
            let view = ndarray::ArrayView2::from_shape((1, row.len()), row).unwrap();
            let batch = aggregate_batch(&tree, view, &Modes::default(), &NoMemo).unwrap();
            let bits = |xs: &[f64]| xs.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
            assert_eq!(bits(streaming.nodes()), bits(batch.as_slice().unwrap()));
            assert_eq!(streaming.total(), batch[[0, tree.nodes().len() - 1]]);
        }
    }

    #[test]
    fn what_is_wrong_changes_nothing() {
        let tree = sixty();
        let mut streaming = Streaming::new(&tree, &[0.5; 60]).unwrap();
        let before = streaming.clone();
        assert_eq!(streaming.set(60, 0.5), Err(BatchError::Leaf { index: 60, leaves: 60 }));
        for score in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            assert!(matches!(streaming.set(3, score), Err(BatchError::Scores { .. })), "{score}");
        }
        assert_eq!(streaming, before);
        assert!(Streaming::new(&tree, &[0.5; 59]).is_err());
        assert!(Streaming::new(&tree, &[2.0; 60]).is_err());
    }
}
