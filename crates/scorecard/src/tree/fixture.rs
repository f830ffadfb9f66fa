//! Trees and scores of the tests of this folder.

use ndarray::Array2;
use tailproof_core::Seed;
use tailproof_resampling::{stream, uniform};

use super::{Combine, Node, Tree};

/// Document 4's tree: ten areas of six dimensions, weights 1 to 6.
pub(super) fn sixty() -> Tree {
    let area = |i: u32| {
        let leaves = (1..=6).map(|d| Node::leaf(format!("D{d}"), f64::from(d))).collect();
        Node::inner(format!("PA{i:02}"), f64::from(i), Combine::WeightedMean, leaves)
    };
    let areas = (1..=10).map(area).collect();
    Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, areas)).unwrap()
}

/// Every way to combine, penalties, a weight of zero, leaves beside nodes, and three levels.
pub(super) fn irregular() -> Tree {
    let leaf = Node::leaf;
    let severe = Node {
        penalty: 0.5,
        ..Node::inner(
            "severe",
            2.0,
            Combine::WeightedMean,
            vec![leaf("a", 1.0), leaf("b", 0.0), leaf("c", 7.0)],
        )
    };
    let geometric = Node {
        penalty: 0.3,
        ..Node::inner(
            "geometric",
            3.0,
            Combine::Geometric,
            vec![leaf("a", 1.0), leaf("b", 0.0), leaf("c", 2.0), leaf("d", 0.3)],
        )
    };
    let weakest = Node::inner(
        "weakest",
        1.0,
        Combine::Minimum,
        vec![leaf("a", 0.0), severe, leaf("z", 1.0), geometric],
    );
    let parts = vec![leaf("first", 1.0), weakest, leaf("zero", 0.0), leaf("zz", 0.1)];
    Tree::new(Node::inner("all", 1.0, Combine::Geometric, parts)).unwrap()
}

/// Scores in the range, one row a batch; about one in sixteen lies at an end of it.
pub(super) fn scores(tree: &Tree, batches: usize) -> Array2<f64> {
    let (mut rng, (lo, hi)) = (stream(Seed(5), 0), tree.range());
    Array2::from_shape_simple_fn((batches, tree.leaves().len()), || {
        let u = uniform(&mut rng);
        let at = if u < 1.0 / 32.0 {
            0.0
        } else if u > 31.0 / 32.0 {
            1.0
        } else {
            u
        };
        lo + (hi - lo) * at
    })
}
