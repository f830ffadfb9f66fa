//! A tree as flat arrays, and the arithmetic of its nodes for one batch or many side by side.

use std::ops::Range;

use super::cache::Content;
use super::{Child, Combine, Tree};

/// A tree made ready to be evaluated often: flat arrays in place of nodes.
///
/// Children that follow one another are one span, so that an area over six neighbouring leaves
/// is a dot product of two slices. The order of the children is that of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub(super) leaves: Vec<String>,
    pub(super) nodes: Vec<Step>,
    spans: Vec<Span>,
    weights: Vec<f64>,
    pub(super) range: (f64, f64),
}

/// One inner node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    combine: Combine,
    penalty: f64,
    spans: Range<usize>,
}

/// Children that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// Whether they are inner nodes.
    inner: bool,
    /// Index of the first of them.
    first: usize,
    /// Index of its weight.
    weight: usize,
    len: usize,
}

impl Plan {
    /// Lays a tree out.
    #[must_use]
    pub fn new(tree: &Tree) -> Self {
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        let mut spans: Vec<Span> = Vec::new();
        for node in tree.nodes() {
            let begin = spans.len();
            // A child without a weight is left out, as in `Tree::aggregate`.
            for &(child, weight) in node.children.iter().filter(|c| c.1 > 0.0) {
                let (inner, index) = match child {
                    Child::Leaf(leaf) => (false, leaf),
                    Child::Inner(node) => (true, node),
                };
                let next = |s: &&mut Span| s.inner == inner && s.first + s.len == index;
                if let Some(span) = spans[begin..].last_mut().filter(next) {
                    span.len += 1;
                } else {
                    spans.push(Span { inner, first: index, weight: weights.len(), len: 1 });
                }
                weights.push(weight);
            }
            let (combine, penalty) = (node.combine, node.penalty);
            nodes.push(Step { combine, penalty, spans: begin..spans.len() });
        }
        Self { leaves: tree.leaves().to_vec(), nodes, spans, weights, range: tree.range() }
    }

    /// Names of the leaves: the columns of the scores.
    #[must_use]
    pub fn leaves(&self) -> &[String] {
        &self.leaves
    }

    /// Inner nodes: the columns of the result, the root last.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// What the result is a function of, beside the scores: the beginning of every key.
    pub(super) fn content(&self) -> Content {
        let mut content = Content::new("tailproof aggregation", 1).count(self.leaves.len() as u64);
        for node in &self.nodes {
            content = content.text(node.combine.name()).numbers(&[node.penalty]);
            for span in &self.spans[node.spans.clone()] {
                let weights = &self.weights[span.weight..span.weight + span.len];
                content = content
                    .text(if span.inner { "nodes" } else { "leaves" })
                    .count(span.first as u64)
                    .numbers(weights);
            }
        }
        content
    }

    /// All inner nodes of `N` batches, children before parents.
    ///
    /// Element `[i][lane]` belongs to leaf or node `i` of batch `lane`. A lane's operations and
    /// their order do not depend on `N` nor on the other lanes, so every mode gives the same
    /// bits.
    pub(super) fn all<const N: usize>(&self, leaves: &[[f64; N]], nodes: &mut [[f64; N]]) {
        for index in 0..self.nodes.len() {
            let (done, rest) = nodes.split_at_mut(index);
            rest[0] = self.node(index, leaves, done);
        }
    }

    /// One inner node of `N` batches; `done` holds at least the nodes before it.
    pub(super) fn node<const N: usize>(
        &self,
        index: usize,
        leaves: &[[f64; N]],
        done: &[[f64; N]],
    ) -> [f64; N] {
        let node = &self.nodes[index];
        let over = Over { plan: self, spans: &self.spans[node.spans.clone()], leaves, done };
        let (lowest, highest) = over.ends();
        let mut score = match node.combine {
            Combine::Minimum => return lowest,
            Combine::WeightedMean => over.penalised(node.penalty, |x| x),
            Combine::Geometric => over.penalised(node.penalty, f64::ln).map(f64::exp),
        };
        for ((score, lowest), highest) in score.iter_mut().zip(lowest).zip(highest) {
            // A logarithm of zero leaves no number; the geometric mean is then zero.
            let zero = node.combine == Combine::Geometric && lowest <= 0.0;
            *score = if zero { lowest } else { within(*score, lowest, highest) };
        }
        score
    }
}

/// The nearest number between the smallest and the largest child.
fn within(x: f64, lowest: f64, highest: f64) -> f64 {
    let x = if x < lowest { lowest } else { x };
    if x > highest { highest } else { x }
}

/// The children of one node.
#[derive(Clone, Copy)]
struct Over<'a, const N: usize> {
    plan: &'a Plan,
    spans: &'a [Span],
    leaves: &'a [[f64; N]],
    done: &'a [[f64; N]],
}

impl<'a, const N: usize> Over<'a, N> {
    /// Weights and scores in the order of the children.
    #[inline]
    fn parts(self) -> impl Iterator<Item = (&'a [f64], &'a [[f64; N]])> {
        let Self { plan, spans, leaves, done } = self;
        spans.iter().map(move |span| {
            let from = if span.inner { done } else { leaves };
            let weights = &plan.weights[span.weight..span.weight + span.len];
            (weights, &from[span.first..span.first + span.len])
        })
    }

    /// The smallest and the largest child of each lane.
    #[inline]
    fn ends(self) -> ([f64; N], [f64; N]) {
        let (mut lowest, mut highest) = ([f64::INFINITY; N], [f64::NEG_INFINITY; N]);
        for (_, scores) in self.parts() {
            for x in scores {
                for ((lowest, highest), &x) in lowest.iter_mut().zip(&mut highest).zip(x) {
                    // Not `f64::min`, which leaves the sign of a zero open.
                    *lowest = if x < *lowest { x } else { *lowest };
                    *highest = if x > *highest { x } else { *highest };
                }
            }
        }
        (lowest, highest)
    }

    /// `Σ wᵢ f(xᵢ) − λ Σ wᵢ |f(xᵢ) − Σ wⱼ f(xⱼ)|`.
    #[inline]
    fn penalised(self, penalty: f64, f: impl Fn(f64) -> f64 + Copy) -> [f64; N] {
        let mut score = self.total(&[0.0; N], |w, x, _| w * f(x));
        if penalty > 0.0 {
            let spread = self.total(&score, |w, x, mean| w * (f(x) - mean).abs());
            for (score, spread) in score.iter_mut().zip(spread) {
                *score -= penalty * spread;
            }
        }
        score
    }

    /// The sum of `term(weight, score, centre)` in each lane, with its rounding error carried
    /// along (Knuth's exact error of a sum, without a branch; the same bits as Neumaier's).
    #[inline]
    fn total(self, centre: &[f64; N], term: impl Fn(f64, f64, f64) -> f64) -> [f64; N] {
        let (mut sum, mut lost) = ([0.0_f64; N], [0.0_f64; N]);
        for (weights, scores) in self.parts() {
            for (&w, x) in weights.iter().zip(scores) {
                let state = sum.iter_mut().zip(&mut lost);
                for (((sum, lost), &x), &centre) in state.zip(x).zip(centre) {
                    let term = term(w, x, centre);
                    let next = *sum + term;
                    let added = next - *sum;
                    *lost += (*sum - (next - added)) + (term - added);
                    *sum = next;
                }
            }
        }
        for (sum, lost) in sum.iter_mut().zip(lost) {
            *sum += lost;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{irregular, scores, sixty};
    use super::*;

    #[test]
    fn neighbouring_children_are_one_span() {
        let plan = Plan::new(&sixty());
        assert_eq!((plan.leaves().len(), plan.nodes()), (60, 11));
        assert_eq!(plan.spans.len(), 11);
        assert!(plan.spans[..10].iter().all(|s| s.len == 6 && !s.inner));
        assert_eq!((plan.spans[10].len, plan.spans[10].inner), (10, true));
        assert_eq!(plan.weights.len(), 70);
    }

    #[test]
    fn the_plan_is_the_obvious_form() {
        for tree in [sixty(), irregular()] {
            let plan = Plan::new(&tree);
            for row in scores(&tree, 300).rows() {
                let row = row.to_slice().unwrap();
                let mut nodes = vec![0.0; plan.nodes()];
                plan.all(row.as_chunks::<1>().0, nodes.as_chunks_mut::<1>().0);
                let want = tree.aggregate(row).unwrap();
                for (got, want) in nodes.iter().zip(&want) {
                    assert_eq!(got.to_bits(), want.to_bits(), "{got} {want}");
                }
            }
        }
    }

    #[test]
    fn lanes_do_not_see_one_another() {
        let tree = irregular();
        let plan = Plan::new(&tree);
        let score = |leaf: usize, lane: usize| ((leaf * 5 + lane * 3) % 9) as f64 / 9.0;
        let leaves: Vec<[f64; 4]> =
            (0..plan.leaves.len()).map(|i| [0, 1, 2, 3].map(|lane| score(i, lane))).collect();
        let mut four = vec![[0.0; 4]; plan.nodes()];
        plan.all(&leaves, &mut four);
        for lane in 0..4 {
            let alone: Vec<[f64; 1]> = leaves.iter().map(|x| [x[lane]]).collect();
            let mut one = vec![[0.0; 1]; plan.nodes()];
            plan.all(&alone, &mut one);
            for (one, four) in one.iter().zip(&four) {
                assert_eq!(one[0].to_bits(), four[lane].to_bits());
            }
        }
    }
}
