//! Intervals of scores that have a kink in the leaves: a minimum, or a penalty for spread.

use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::student_quantile;

use super::combine::{combined, gradient};
use super::definition::{Child, Combine, Inner, Tree};

/// Boxes of intervals, for scores whose bootstrap is biased.
///
/// Where children are equal or nearly so, a minimum and a penalty for spread have a kink: the
/// score of noisy means lies below the score of the true ones on average, and replicates repeat
/// that bias without correcting it. But every score rises or stays when a leaf rises, so that
/// bounds which hold for all parts of a node together bound its score:
///
/// ```text
/// parts        the largest nodes below with neither minimum nor penalty, and leaves; m of them
/// of a part    s ± t(1 − α/(2m), ν) √V       V = Σ g² s²/n,  ν of Welch and Satterthwaite
/// of a node    [S(all lower ends), S(all upper ends)]
/// ```
/// It holds at least as often as its level says (Bonferroni), as far as Student's t does for the
/// means; near no kink it is wider than it need be.
///
/// # Source
/// Andrews (2000), *Econometrica* 68(2), 399–405: the bootstrap at a kink. Welch (1947),
/// *Biometrika* 34(1–2), 28–35. Dunn (1961), *JASA* 56(293), 52–64.
pub(crate) struct Corners<'t> {
    tree: &'t Tree,
    leaves: Vec<Part>,
    nodes: Vec<Below>,
}

/// A score that is smooth in the leaves below it.
#[derive(Clone, Copy, Debug)]
struct Part {
    score: f64,
    /// Its standard error.
    error: f64,
    /// Degrees of freedom of the error; of no meaning when that is 0.
    freedom: f64,
}

/// What stands at and below an inner node.
struct Below {
    score: f64,
    /// Whether a kink does.
    bent: bool,
    /// The node as one part.
    part: Option<Part>,
    /// Parts that vary.
    parts: usize,
}

impl<'t> Corners<'t> {
    /// Of samples, and their means cut to the range. With `merged` leaves are independent, and
    /// smooth nodes are parts; otherwise every leaf is one, which holds whatever leaves share.
    pub(crate) fn new(tree: &'t Tree, samples: &[Sample], means: &[f64], merged: bool) -> Self {
        let leaves = samples.iter().zip(means).map(|(s, &mean)| Part::of(s, mean)).collect();
        let mut corners = Self { tree, leaves, nodes: Vec::with_capacity(tree.nodes().len()) };
        for node in tree.nodes() {
            let below = corners.below(node, merged);
            corners.nodes.push(below);
        }
        corners
    }

    /// Whether there is a kink at a node or below it.
    pub(crate) fn bent(&self, at: usize) -> bool {
        self.nodes[at].bent
    }

    /// The interval of the score of a node at level `1 − alpha`.
    pub(crate) fn interval(&self, at: usize, alpha: f64) -> (f64, f64) {
        self.ends(Child::Inner(at), alpha / self.nodes[at].parts.max(1) as f64)
    }

    /// How [`Corners::interval`] is made.
    pub(crate) fn method(&self, at: usize) -> String {
        let parts = self.nodes[at].parts;
        format!("box of the intervals of {parts} parts (Bonferroni), conservative")
    }

    fn below(&self, node: &Inner, merged: bool) -> Below {
        let counting: Vec<(Child, f64)> =
            node.children.iter().copied().filter(|child| child.1 > 0.0).collect();
        let own = node.combine == Combine::Minimum || node.penalty > 0.0;
        let inherited = |child: &(Child, f64)| match child.0 {
            Child::Leaf(_) => false,
            Child::Inner(at) => self.nodes[at].bent,
        };
        let bent = own && counting.len() > 1 || counting.iter().any(inherited);
        let part = if merged && !bent { self.merge(node, &counting) } else { None };
        let parts = counting.iter().map(|&(child, _)| match (self.part(child), child) {
            (None, Child::Inner(at)) => self.nodes[at].parts,
            (part, _) => usize::from(part.is_some_and(|part| part.error > 0.0)),
        });
        let parts = match part {
            Some(part) => usize::from(part.error > 0.0),
            None => parts.sum(),
        };
        Below { score: node.score(|child| self.score(child)), bent, part, parts }
    }

    /// A node as one part; `None` when a child is none, or there are no derivatives.
    fn merge(&self, node: &Inner, counting: &[(Child, f64)]) -> Option<Part> {
        let score = node.score(|child| self.score(child));
        let scores: Vec<(f64, f64)> =
            counting.iter().map(|&(child, weight)| (weight, self.score(child))).collect();
        let slopes = match (node.combine, counting) {
            // A minimum of one.
            (Combine::Minimum, [_]) => vec![1.0],
            _ => gradient(node.combine, node.penalty, &scores)?,
        };
        let terms: Vec<(f64, f64)> = counting
            .iter()
            .zip(slopes)
            .map(|(&(child, _), g)| {
                self.part(child).map(|part| ((g * part.error).powi(2), part.freedom))
            })
            .collect::<Option<_>>()?;
        let variance: f64 = terms.iter().map(|term| term.0).sum();
        let varying = terms.iter().filter(|term| term.0 > 0.0);
        let inverse: f64 = varying.map(|(v, df)| (v / variance).powi(2) / df).sum();
        Some(Part { score, error: variance.sqrt(), freedom: 1.0 / inverse })
    }

    fn part(&self, child: Child) -> Option<Part> {
        match child {
            Child::Leaf(at) => Some(self.leaves[at]),
            Child::Inner(at) => self.nodes[at].part,
        }
    }

    fn score(&self, child: Child) -> f64 {
        match child {
            Child::Leaf(at) => self.leaves[at].score,
            Child::Inner(at) => self.nodes[at].score,
        }
    }

    /// Both ends, with each part at level `1 − alpha`. As deep as the tree: 64 levels at most.
    fn ends(&self, child: Child, alpha: f64) -> (f64, f64) {
        let at = match (self.part(child), child) {
            (None, Child::Inner(at)) => at,
            (Some(part), _) => return part.interval(alpha, self.tree.range()),
            (None, Child::Leaf(_)) => unreachable!("every leaf is a part"),
        };
        let node = &self.tree.nodes()[at];
        let below: Vec<(f64, (f64, f64))> = node
            .children
            .iter()
            .filter(|child| child.1 > 0.0)
            .map(|&(child, weight)| (weight, self.ends(child, alpha)))
            .collect();
        let lower = below.iter().map(|&(weight, ends)| (weight, ends.0));
        let upper = below.iter().map(|&(weight, ends)| (weight, ends.1));
        (combined(node.combine, node.penalty, lower), combined(node.combine, node.penalty, upper))
    }
}

impl Part {
    /// A leaf; a single value does not vary.
    fn of(sample: &Sample, score: f64) -> Self {
        let n = sample.len();
        let error = if n < 2 { 0.0 } else { Moments::of(sample).standard_error() };
        Self { score, error, freedom: n.saturating_sub(1) as f64 }
    }

    fn interval(&self, alpha: f64, (lo, hi): (f64, f64)) -> (f64, f64) {
        if self.error == 0.0 {
            return (self.score, self.score);
        }
        let reach = -student_quantile(alpha / 2.0, self.freedom) * self.error;
        ((self.score - reach).max(lo), (self.score + reach).min(hi))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Node;
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    fn leaves(names: &[&str]) -> Vec<Node> {
        names.iter().map(|name| Node::leaf(*name, 1.0)).collect()
    }

    /// Two means of two leaves, and what takes the minimum of both.
    fn tree() -> Tree {
        let mean = |name| Node::inner(name, 1.0, Combine::WeightedMean, leaves(&["x", "y"]));
        let areas = vec![mean("a"), mean("b")];
        Tree::new(Node::inner("t", 1.0, Combine::Minimum, areas)).unwrap()
    }

    #[test]
    fn a_box_of_leaves_is_that_of_their_t_intervals() {
        let tree = Tree::new(Node::inner("t", 1.0, Combine::Minimum, leaves(&["x", "y"]))).unwrap();
        let samples =
            [sample(&[0.7, 0.8, 0.75, 0.72, 0.78]), sample(&[0.9, 0.95, 0.85, 0.92, 0.9])];
        let corners = Corners::new(&tree, &samples, &[0.75, 0.904], true);
        assert!(corners.bent(0));
        // se = √(0.0068/4/5), t(0.9875, 4) = 3.4954.
        let reach = 3.495_406 * (0.0068_f64 / 20.0).sqrt();
        let (lo, hi) = corners.interval(0, 0.05);
        assert!((lo - (0.75 - reach)).abs() < 1e-6 && (hi - (0.75 + reach)).abs() < 1e-6);
        assert_eq!(corners.method(0), "box of the intervals of 2 parts (Bonferroni), conservative");
    }

    #[test]
    fn smooth_nodes_are_parts_where_leaves_are_independent() {
        let tree = tree();
        let values = sample(&[0.25, 0.5, 0.75, 0.375, 0.625]);
        let samples = vec![values; 4];
        let of = |merged| Corners::new(&tree, &samples, &[0.5; 4], merged);
        assert_eq!([0, 1, 2].map(|at| of(true).bent(at)), [false, false, true]);
        assert_eq!((of(true).nodes[2].parts, of(false).nodes[2].parts), (2, 4));
        // Equal leaves add their degrees of freedom.
        let area = of(true).nodes[0].part.unwrap();
        let error = Moments::of(&samples[0]).standard_error();
        assert!((area.freedom - 8.0).abs() < 1e-9);
        assert!((area.error - error / 2.0_f64.sqrt()).abs() < 1e-15);
        let width = |merged| {
            let (lo, hi) = of(merged).interval(2, 0.05);
            hi - lo
        };
        assert!(width(true) < 0.7 * width(false), "{} {}", width(true), width(false));
    }

    #[test]
    fn what_does_not_vary_or_weigh_takes_no_level() {
        let mut nodes = leaves(&["x", "y"]);
        nodes.push(Node::leaf("z", 0.0));
        let tree = Tree::new(Node::inner("t", 1.0, Combine::Minimum, nodes)).unwrap();
        let samples = [sample(&[0.4]), sample(&[0.5, 0.75]), sample(&[0.0, 1.0])];
        let corners = Corners::new(&tree, &samples, &[0.4, 0.625, 0.5], true);
        assert_eq!(corners.nodes[0].parts, 1);
        let (lo, hi) = corners.interval(0, 0.05);
        assert!(lo < 0.4 && hi == 0.4);
        // A minimum of one child has no kink.
        let one = Tree::new(Node::inner("t", 1.0, Combine::Minimum, leaves(&["x"]))).unwrap();
        let corners = Corners::new(&one, &samples[1..2], &[0.625], true);
        assert!(!corners.bent(0) && corners.nodes[0].part.is_some());
    }
}
