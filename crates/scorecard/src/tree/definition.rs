use std::collections::BTreeSet;

use super::build::{assemble, flatten, order};
use super::combine::combined;
use super::error::{ScoresError, TreeError};
use super::propagation::Correlation;

/// How the scores of children become the score of their parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// `Σ wᵢ sᵢ`.
    #[default]
    WeightedMean,
    /// `Π sᵢ^wᵢ`; one zero makes it zero.
    Geometric,
    /// The smallest child that has a weight.
    Minimum,
}

impl Combine {
    /// `mean`, `geometric` or `minimum`, as in a targets file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WeightedMean => "mean",
            Self::Geometric => "geometric",
            Self::Minimum => "minimum",
        }
    }
}

/// A node of a tree as it is written down; [`Tree::new`] checks it.
///
/// # Example
/// ```
/// use tailproof_scorecard::tree::{Combine, Node};
///
/// let area = Node::inner("PA01", 2.0, Combine::WeightedMean, vec![
///     Node::leaf("D1", 1.0),
///     Node::leaf("D2", 3.0),
/// ]);
/// let severe = Node { penalty: 0.25, ..area };
/// assert_eq!(severe.children.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Name, unlike that of any sibling.
    pub name: String,
    /// Weight among its siblings, on any scale; 0 leaves it out of the score. Of no meaning at
    /// the root.
    pub weight: f64,
    /// How its children are combined; of no meaning at a leaf.
    pub combine: Combine,
    /// λ of the penalty for spread, from 0 to ½, see [`Tree::aggregate`]; of no meaning at a
    /// leaf.
    pub penalty: f64,
    /// How the errors of its children hang together, rows in the order of `children`; of no
    /// meaning at a leaf.
    pub correlation: Correlation,
    /// The children; none make a leaf.
    pub children: Vec<Self>,
}

impl Node {
    /// A leaf.
    #[must_use]
    pub fn leaf(name: impl Into<String>, weight: f64) -> Self {
        Self::inner(name, weight, Combine::WeightedMean, Vec::new())
    }

    /// A node with children, without a penalty, whose children err independently.
    #[must_use]
    pub fn inner(
        name: impl Into<String>,
        weight: f64,
        combine: Combine,
        children: Vec<Self>,
    ) -> Self {
        let (name, correlation) = (name.into(), Correlation::Independent);
        Self { name, weight, combine, penalty: 0.0, correlation, children }
    }
}

/// Where the score of a child stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// In [`Tree::leaves`], at this place.
    Leaf(usize),
    /// In [`Tree::nodes`], at this place.
    Inner(usize),
}

/// A node with children, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Inner {
    /// Path from the root, such as `total/PA01`; the root's own name alone.
    pub name: String,
    /// How the children are combined.
    pub combine: Combine,
    /// The children in the order of their names, with weights that sum to 1.
    pub children: Vec<(Child, f64)>,
    /// λ of the penalty for spread.
    pub penalty: f64,
    /// How the errors of the children hang together, rows in the order of `children`.
    pub correlation: Correlation,
}

impl Inner {
    /// Its score from those of its children.
    pub(crate) fn score(&self, of: impl Fn(Child) -> f64 + Copy) -> f64 {
        let parts = self.children.iter().map(move |&(child, weight)| (weight, of(child)));
        combined(self.combine, self.penalty, parts)
    }
}

/// Scores of leaves, combined level by level up to one number; valid once built.
///
/// Siblings stand in the order of their names (by bytes), and leaves as a walk meets them, so
/// that a tree written down in another order is the same tree and gives the same bits.
///
/// # Example
/// ```
/// use tailproof_scorecard::tree::{Combine, Node, Tree};
///
/// let area = |name, d1, d2| {
///     let leaves = vec![Node::leaf("D1", d1), Node::leaf("D2", d2)];
///     Node::inner(name, 1.0, Combine::WeightedMean, leaves)
/// };
/// let areas = vec![area("PA01", 1.0, 1.0), area("PA02", 1.0, 3.0)];
/// let tree = Tree::new(Node::inner("total", 1.0, Combine::Minimum, areas))?;
///
/// assert_eq!(tree.leaves(), ["PA01/D1", "PA01/D2", "PA02/D1", "PA02/D2"]);
/// let scores = tree.aggregate(&[0.5, 1.0, 1.0, 0.5])?;
/// assert_eq!(scores, [0.75, 0.625, 0.625]); // total/PA01, total/PA02, total
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    leaves: Vec<String>,
    nodes: Vec<Inner>,
    range: (f64, f64),
}

impl Tree {
    /// Most levels, root and leaves included.
    pub const MAX_DEPTH: usize = 64;
    /// Most nodes and leaves.
    pub const MAX_NODES: usize = 100_000;
    /// Most bytes of a path.
    pub const MAX_PATH: usize = 1_024;
    /// Largest penalty for spread that leaves every score monotone.
    pub const MAX_PENALTY: f64 = 0.5;

    /// Checks the nodes; scores lie in 0..1 until [`Tree::with_range`] says otherwise.
    ///
    /// Weights are divided by the sum of the siblings' weights, which carries its rounding
    /// error along: weights on another scale change a score by a few units in the last place.
    ///
    /// # Errors
    /// A root without children, names that are empty or doubled, weights that are negative,
    /// not finite or all zero among siblings, a penalty outside 0..½ or at a minimum,
    /// impossible correlations, and more levels, nodes or bytes of a path than the limits.
    /// Neither depth nor number of the nodes can exhaust the stack.
    pub fn new(root: Node) -> Result<Self, TreeError> {
        let mut flat = flatten(root)?;
        let children = order(&flat)?;
        let (leaves, nodes) = assemble(&mut flat, &children)?;
        for names in [&leaves, &nodes.iter().map(|n| n.name.clone()).collect()] {
            let mut seen = BTreeSet::new();
            if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
                return Err(TreeError::Doubled(twice.clone()));
            }
        }
        Ok(Self { leaves, nodes, range: (0.0, 1.0) })
    }

    /// The same tree for scores of another range, both ends included.
    ///
    /// # Errors
    /// An empty range, ends that are not finite or beyond 10¹⁵⁰, and negative scores for a
    /// geometric mean.
    pub fn with_range(self, lo: f64, hi: f64) -> Result<Self, TreeError> {
        const LARGEST: f64 = 1e150; // Squares stay finite.
        if !(lo < hi && lo.abs() <= LARGEST && hi.abs() <= LARGEST) {
            return Err(TreeError::Range(lo, hi));
        }
        if lo < 0.0
            && let Some(node) = self.nodes.iter().find(|n| n.combine == Combine::Geometric)
        {
            return Err(TreeError::NegativeRange { node: node.name.clone(), lo });
        }
        Ok(Self { range: (lo, hi), ..self })
    }

    /// Paths of the leaves below the root, such as `PA01/D1`, in the order of their scores.
    #[must_use]
    pub fn leaves(&self) -> &[String] {
        &self.leaves
    }

    /// The nodes with children: children before parents, the root last.
    #[must_use]
    pub fn nodes(&self) -> &[Inner] {
        &self.nodes
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Inner {
        self.nodes.last().expect("a tree has a root")
    }

    /// Where scores may lie, both ends included.
    #[must_use]
    pub const fn range(&self) -> (f64, f64) {
        self.range
    }

    /// The name of a child: the path of a leaf, or of a node.
    #[must_use]
    pub fn name(&self, child: Child) -> &str {
        match child {
            Child::Leaf(at) => &self.leaves[at],
            Child::Inner(at) => &self.nodes[at].name,
        }
    }

    /// The scores of all inner nodes, from one score for each leaf: the plain form that every
    /// faster one is compared with.
    ///
    /// ```text
    /// mean       S = Σ wᵢ sᵢ − λ D            D = Σ wᵢ |sᵢ − Σ wⱼ sⱼ|
    /// geometric  the same of ln sᵢ, then exp; 0 when a child is 0
    /// minimum    S = min sᵢ                                   Σ wᵢ = 1, children of weight 0 left out
    /// ```
    /// λ, from 0 to ½, is the penalty for spread: `D` is the weighted mean absolute deviation.
    /// Every score rises or stays when a leaf rises, and lies between the smallest and the
    /// largest child; `docs/aggregation.md` has the proof, and why a penalty on the
    /// coefficient of variation has neither property.
    ///
    /// # Errors
    /// Not one score for each leaf; scores that are NaN, infinite or outside the range, all
    /// of them at once.
    pub fn aggregate(&self, scores: &[f64]) -> Result<Vec<f64>, ScoresError> {
        self.check(scores)?;
        let mut values = vec![0.0; self.nodes.len()];
        self.evaluate(scores, &mut values);
        Ok(values)
    }

    /// The scores of all inner nodes into `values`, without checks.
    pub(crate) fn evaluate(&self, scores: &[f64], values: &mut [f64]) {
        for (at, node) in self.nodes.iter().enumerate() {
            let (below, rest) = values.split_at_mut(at);
            let below: &[f64] = below;
            rest[0] = node.score(|child| match child {
                Child::Leaf(i) => scores[i],
                Child::Inner(i) => below[i],
            });
        }
    }

    /// Whether there is one score for each leaf, in the range.
    pub(crate) fn check(&self, scores: &[f64]) -> Result<(), ScoresError> {
        self.count(scores.len())?;
        let range = self.range;
        let bad = self.which(scores, |x| !(range.0 <= x && x <= range.1));
        if bad.is_empty() { Ok(()) } else { Err(ScoresError::Outside { range, bad }) }
    }

    /// Whether there is something for each leaf.
    pub(crate) fn count(&self, got: usize) -> Result<(), ScoresError> {
        let need = self.leaves.len();
        if got == need { Ok(()) } else { Err(ScoresError::Count { need, got }) }
    }

    /// Leaves whose value meets a condition.
    pub(crate) fn which(&self, values: &[f64], bad: impl Fn(f64) -> bool) -> Vec<(String, f64)> {
        let named = self.leaves.iter().zip(values);
        named.filter(|(_, x)| bad(**x)).map(|(name, &x)| (name.clone(), x)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(name: &str, children: Vec<Node>) -> Node {
        Node::inner(name, 1.0, Combine::WeightedMean, children)
    }

    #[test]
    fn a_tree_is_ordered_by_name_whatever_the_order_written() {
        let leaves = || vec![Node::leaf("D2", 1.0), Node::leaf("D1", 3.0)];
        let one = Tree::new(mean("t", vec![mean("b", leaves()), mean("a", leaves())])).unwrap();
        assert_eq!(one.leaves(), ["a/D1", "a/D2", "b/D1", "b/D2"]);
        let names: Vec<&str> = one.nodes().iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["t/a", "t/b", "t"]);
        let turned = || vec![Node::leaf("D1", 3e7), Node::leaf("D2", 1e7)];
        let two = Tree::new(mean("t", vec![mean("a", turned()), mean("b", turned())])).unwrap();
        assert_eq!(one, two);
        assert_eq!(one.aggregate(&[1.0, 0.0, 0.25, 0.5]).unwrap(), [0.75, 0.3125, 0.53125]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let new = |children| Tree::new(mean("t", children));
        let leaf = |name: &str, weight| Node::leaf(name, weight);
        for (children, want) in [
            (vec![], "has no children"),
            (vec![leaf("", 1.0)], "has no name"),
            (vec![leaf("a", 1.0), leaf("b", 1.0), leaf("a", 2.0)], "\"t/a\" is there twice"),
            (vec![leaf("a/b", 1.0), mean("a", vec![leaf("b", 1.0)])], "\"a/b\" is there twice"),
            (vec![leaf("a", -1.0)], "got -1"),
            (vec![leaf("a", f64::NAN)], "got NaN"),
            (vec![leaf("a", f64::INFINITY)], "got inf"),
            (vec![leaf("a", 0.0), leaf("b", 0.0)], "have weight 0"),
            (vec![Node { penalty: 0.6, ..mean("a", vec![leaf("b", 1.0)]) }], "got 0.6"),
            (vec![leaf(&"x".repeat(2_000), 1.0)], "bytes"),
        ] {
            let message = new(children).unwrap_err().to_string();
            assert!(message.contains(want), "{message}");
        }
        let minimum =
            Node { penalty: 0.1, combine: Combine::Minimum, ..mean("t", vec![leaf("a", 1.0)]) };
        assert_eq!(Tree::new(minimum), Err(TreeError::PenaltyOnMinimum("t".into())));
    }

    #[test]
    fn depth_and_size_are_bounded_without_recursion() {
        let mut deep = Node::leaf("x", 1.0);
        for _ in 0..300_000 {
            deep = mean("x", vec![deep]);
        }
        assert_eq!(Tree::new(deep), Err(TreeError::TooDeep));
        let many = (0..Tree::MAX_NODES).map(|i| Node::leaf(i.to_string(), 1.0)).collect();
        assert_eq!(Tree::new(mean("t", many)), Err(TreeError::TooMany));
    }

    #[test]
    fn scores_are_checked_all_at_once() {
        let leaves = vec![Node::leaf("a", 1.0), Node::leaf("b", 1.0), Node::leaf("c", 1.0)];
        let tree = Tree::new(mean("t", leaves)).unwrap();
        assert_eq!(tree.aggregate(&[0.5]), Err(ScoresError::Count { need: 3, got: 1 }));
        let message = tree.aggregate(&[f64::NAN, 0.5, 1.5]).unwrap_err().to_string();
        assert_eq!(message, "scores must lie in 0..1, got a = NaN, c = 1.5");
        let wide = tree.clone().with_range(-10.0, 10.0).unwrap();
        assert_eq!(wide.aggregate(&[-3.0, 0.0, 9.0]).unwrap(), [2.0]);
        assert!(matches!(tree.with_range(1.0, 1.0), Err(TreeError::Range(..))));
    }

    #[test]
    fn huge_and_tiny_weights_are_normalised() {
        for scale in [1e-300, 0.1, 1.0, 3.0, 1e307] {
            let leaves =
                (1..=3).map(|i| Node::leaf(format!("{i}"), f64::from(i) * scale)).collect();
            let tree = Tree::new(mean("t", leaves)).unwrap();
            let score = tree.aggregate(&[0.3, 0.6, 0.9]).unwrap()[0];
            assert!((score - 0.7).abs() < 1e-15, "{scale} {score}");
        }
    }
}
