use tailproof_core::descriptive::Moments;
use tailproof_core::{Interval, Memo, NoMemo, Sample};

use super::cache::{bootstrap_key, remembered};
use super::corners::Corners;
use super::definition::Tree;
use super::error::ScoresError;
use super::redraw::Means;
use super::replicates::{column, ends, evaluate, rows};
use super::settings::{BootstrapError, TreeBootstrap};

/// How sure the score of a node is.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeBootstrap {
    /// Score from the means of the leaves.
    pub score: f64,
    /// Standard error, by replicates.
    pub sd: f64,
    /// Interval, and how it was made: by percentiles of replicates, or as a box.
    pub interval: Interval,
}

/// What [`bootstrap()`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrapped {
    /// Mean of each leaf.
    pub leaves: Vec<f64>,
    /// Values of each leaf.
    pub n: Vec<u64>,
    /// A result for each inner node.
    pub nodes: Vec<NodeBootstrap>,
    /// Leaves with a single value, taken to be constant because nothing is known of their spread.
    pub constant: Vec<String>,
    /// The settings.
    pub settings: TreeBootstrap,
}

/// The bootstrap of every score of a tree from samples of its leaves, which are independent.
///
/// ```text
/// x̄*ₗ = x̄ₗ + √(n/(n−1)) (mean of n draws − x̄ₗ)        each leaf l, cut to the range
/// S*  = the tree's scores of all x̄*ₗ
/// ```
/// The factor makes `Var x̄* = s²/n` with the unbiased `s²`. Without it every leaf of ten values
/// would vary by 5 % too little, and so would the total, however many leaves it has. A leaf
/// with one value is constant, and listed.
///
/// Replicate `b` uses stream `(seed, b)` for all leaves in order; results do not depend on
/// threads. Intervals are of percentiles, and as close as the leaves' samples are long and many:
/// below ten values in all they cover clearly less than they say.
///
/// Where a minimum or a penalty stands at a node or below it, percentiles would be those of a
/// biased law: of the minimum of ten equal leaves they cover nothing. There the interval is the
/// box of the intervals of its parts (Bonferroni), which covers at least what it says, as far as
/// Student's t does for the parts, and is wider than need be where the children differ:
///
/// ```text
/// parts     the largest nodes below without minimum and penalty, and leaves; m that vary
/// part      s ± t(1 − α/(2m), ν) se          se² = Σ g² s²/n, ν of Welch and Satterthwaite
/// node      [S(all lower ends), S(all upper ends)]
/// ```
///
/// # Errors
/// Not one sample for each leaf, values outside the range, and a number of replicates too small
/// for the level or too large to keep.
///
/// # Source
/// Efron (1979), *Annals of Statistics* 7(1), 1–26; the factor: Rao & Wu (1988), *JASA*
/// 83(401), 231–241.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed};
/// use tailproof_scorecard::tree::{Combine, Node, Tree, TreeBootstrap, bootstrap};
///
/// let leaves = vec![Node::leaf("D1", 1.0), Node::leaf("D2", 1.0)];
/// let tree = Tree::new(Node::inner("PA01", 1.0, Combine::Minimum, leaves))?;
/// let samples = [vec![0.7, 0.8, 0.75, 0.72, 0.78], vec![0.9, 0.95, 0.85, 0.92, 0.9]]
///     .map(|values| Sample::new(values).expect("finite"));
/// let found = bootstrap(&tree, &samples, &TreeBootstrap::new(Seed(42)))?;
/// let area = &found.nodes[0];
/// assert_eq!(area.score, 0.75);
/// assert!(0.68 < area.interval.lo && area.interval.hi < 0.82);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bootstrap(
    tree: &Tree,
    samples: &[Sample],
    settings: &TreeBootstrap,
) -> Result<Bootstrapped, BootstrapError> {
    bootstrap_with(tree, samples, settings, &NoMemo)
}

/// The same, taken from a cache where it was computed before, and kept there otherwise.
///
/// The key is the content: tree, samples, method, level, replicates and seed. Boxes are made
/// anew, which takes less time than to find them.
///
/// # Errors
/// Those of [`bootstrap()`].
pub fn bootstrap_with(
    tree: &Tree,
    samples: &[Sample],
    settings: &TreeBootstrap,
    memo: &dyn Memo,
) -> Result<Bootstrapped, BootstrapError> {
    check(tree, samples)?;
    let tail = settings.tail()?;
    let means = Means::new([samples]);
    let leaves = means.observed(0);
    // The mean of values in the range may leave it by its rounding.
    let (lo, hi) = tree.range();
    let within: Vec<f64> = leaves.iter().map(|x| x.clamp(lo, hi)).collect();
    let mut scores = vec![0.0; tree.nodes().len()];
    tree.evaluate(&within, &mut scores);

    let drawn = remembered(memo, &key(tree, samples, settings), 3 * scores.len(), || {
        let rows = replicates(tree, &means, settings)?;
        let summaries =
            (0..scores.len()).flat_map(|at| summary(column(&rows, scores.len(), at), tail));
        Ok::<_, BootstrapError>(summaries.collect())
    })?;
    let corners = Corners::new(tree, samples, &within, true);
    let node = |(at, (&score, drawn)): (usize, (&f64, &[f64]))| {
        let ((lo, hi), method) = if corners.bent(at) {
            (corners.interval(at, settings.level.alpha().to_f64()), corners.method(at))
        } else {
            let method = format!("percentile bootstrap, {} replicates", settings.count());
            ((drawn[1], drawn[2]), method)
        };
        let interval = Interval { lo, hi, level: settings.level, method };
        NodeBootstrap { score, sd: drawn[0], interval }
    };
    let nodes = scores.iter().zip(drawn.chunks_exact(3)).enumerate().map(node).collect();
    Ok(Bootstrapped::new(tree, samples, within, nodes, settings))
}

/// The key of a bootstrap of a tree.
fn key(tree: &Tree, samples: &[Sample], settings: &TreeBootstrap) -> [u8; 32] {
    let data: Vec<&[f64]> = samples.iter().map(Sample::values).collect();
    // The whole tree: names, ways to combine, weights, penalties and the range, in full.
    let method = format!("percentile bootstrap of {tree:?}");
    bootstrap_key(&data, &method, settings.level, settings.count(), settings.seed())
}

impl Bootstrapped {
    fn new(
        tree: &Tree,
        samples: &[Sample],
        leaves: Vec<f64>,
        nodes: Vec<NodeBootstrap>,
        settings: &TreeBootstrap,
    ) -> Self {
        let constant = tree.leaves().iter().zip(samples).filter(|(_, sample)| sample.len() == 1);
        let constant = constant.map(|(name, _)| name.clone()).collect();
        let n = samples.iter().map(|sample| sample.len() as u64).collect();
        Self { leaves, n, nodes, constant, settings: *settings }
    }
}

/// Whether there is a sample for each leaf, with values in the range.
pub(crate) fn check(tree: &Tree, samples: &[Sample]) -> Result<(), ScoresError> {
    tree.count(samples.len())?;
    let lo = tree.range().0;
    let worst: Vec<f64> = samples
        .iter()
        .map(|sample| {
            let (least, most) = sample.range();
            if least < lo { least } else { most }
        })
        .collect();
    tree.check(&worst)
}

fn replicates(
    tree: &Tree,
    means: &Means<1>,
    settings: &TreeBootstrap,
) -> Result<Vec<f64>, BootstrapError> {
    let leaves = tree.leaves().len();
    rows(
        settings,
        (tree.nodes().len(), means.work()),
        || vec![0.0; leaves],
        |rng, drawn, row| {
            means.redraw(rng, tree.range(), [drawn]);
            evaluate(tree, drawn, row);
        },
    )
}

/// Standard deviation and ends of the interval.
fn summary(mut values: Vec<f64>, tail: usize) -> [f64; 3] {
    let sd = if values.len() == 1 { 0.0 } else { Moments::of_values(&values).sd(1) };
    let (lo, hi) = ends(&mut values, tail);
    [sd, lo, hi]
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::super::{Combine, Node};
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    fn tree(combine: Combine) -> Tree {
        let leaves = || vec![Node::leaf("D1", 1.0), Node::leaf("D2", 2.0)];
        let areas = ["A", "B"].map(|name| Node::inner(name, 1.0, combine, leaves()));
        Tree::new(Node::inner("t", 1.0, Combine::WeightedMean, areas.to_vec())).unwrap()
    }

    fn samples() -> Vec<Sample> {
        let values = |k: u32| (0..12).map(|i| 0.5 + f64::from(i * (k + 3) % 11) / 40.0).collect();
        (0..4).map(|k| Sample::new(values(k)).unwrap()).collect()
    }

    #[test]
    fn replicates_agree_with_propagation() {
        let (tree, samples) = (tree(Combine::WeightedMean), samples());
        let many = NonZeroU32::new(20_000).unwrap();
        let settings = TreeBootstrap::new(Seed(1)).replicates(many);
        let drawn = bootstrap(&tree, &samples, &settings).unwrap();
        let errors: Vec<f64> = samples.iter().map(|s| Moments::of(s).standard_error()).collect();
        let propagated = tree.deviations(&drawn.leaves, &errors).unwrap();
        for (node, sd) in drawn.nodes.iter().zip(propagated) {
            let sd = sd.unwrap();
            assert!((node.sd / sd - 1.0).abs() < 0.02);
            // Nearly normal: 1.96 standard errors on either side.
            for end in [node.score - node.interval.lo, node.interval.hi - node.score] {
                assert!((end / sd - 1.96).abs() < 0.15, "{} {sd}", end / sd);
            }
        }
    }

    /// How many of 500 intervals of the root hold the true score, all leaves being equal.
    fn covered(combine: Combine, penalty: f64, leaves: u32) -> usize {
        let children = (0..leaves).map(|i| Node::leaf(i.to_string(), 1.0)).collect();
        let root = Node { penalty, ..Node::inner("t", 1.0, combine, children) };
        let tree = Tree::new(root).unwrap();
        let least = NonZeroU32::new(39).unwrap();
        let holds = |task: &u64| {
            let mut rng = stream(Seed(20), *task);
            let mut leaf = || (0..30).map(|_| 0.3 + 0.4 * uniform(&mut rng)).collect();
            let samples: Vec<Sample> = (0..leaves).map(|_| Sample::new(leaf()).unwrap()).collect();
            let settings = TreeBootstrap::new(Seed(*task)).replicates(least);
            let found = bootstrap(&tree, &samples, &settings).unwrap();
            let interval = &found.nodes[0].interval;
            interval.lo <= 0.5 && 0.5 <= interval.hi
        };
        (0..500).filter(holds).count()
    }

    #[test]
    fn scores_with_a_kink_are_covered() {
        // By percentiles: 0 %, 63 %, 78 %.
        assert!(covered(Combine::Minimum, 0.0, 10) >= 475);
        assert!(covered(Combine::WeightedMean, 0.5, 10) >= 475);
        assert!(covered(Combine::WeightedMean, 0.1, 60) >= 475);
    }

    #[test]
    fn only_what_stands_above_a_kink_is_a_box() {
        let method = |combine| {
            let found = bootstrap(&tree(combine), &samples(), &TreeBootstrap::new(Seed(1)));
            found.unwrap().nodes.into_iter().map(|n| n.interval.method).collect::<Vec<_>>()
        };
        let areas = "box of the intervals of 2 parts (Bonferroni), conservative";
        let total = "box of the intervals of 4 parts (Bonferroni), conservative";
        assert_eq!(method(Combine::Minimum), [areas, areas, total]);
        assert_eq!(method(Combine::Geometric), ["percentile bootstrap, 1000 replicates"; 3]);
    }

    #[test]
    fn a_leaf_with_one_value_is_constant_and_listed() {
        let one = |x| Sample::new(vec![x]).unwrap();
        let samples = [one(0.4), one(0.5), one(0.6), one(0.7)];
        for combine in [Combine::WeightedMean, Combine::Minimum] {
            let found = bootstrap(&tree(combine), &samples, &TreeBootstrap::new(Seed(1))).unwrap();
            assert_eq!(found.constant.len(), 4);
            let total = &found.nodes[2];
            assert!(total.sd < 1e-15);
            assert!((total.interval.lo - total.score).abs() < 1e-15);
        }
    }

    #[test]
    fn threads_change_nothing() {
        let (tree, samples) = (tree(Combine::Geometric), samples());
        let many = NonZeroU32::new(200_000).unwrap(); // Enough to spread.
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                bootstrap(&tree, &samples, &TreeBootstrap::new(Seed(5)).replicates(many))
            })
        };
        assert_eq!(run(1).unwrap(), run(8).unwrap());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let (tree, samples) = (tree(Combine::Minimum), samples());
        let settings = TreeBootstrap::new(Seed(1));
        assert!(matches!(
            bootstrap(&tree, &samples[1..], &settings),
            Err(BootstrapError::Scores(ScoresError::Count { need: 4, got: 3 }))
        ));
        let mut wild = samples.clone();
        wild[1] = Sample::new(vec![0.5, 1.5, -0.5]).unwrap();
        let message = bootstrap(&tree, &wild, &settings).unwrap_err().to_string();
        assert_eq!(message, "scores must lie in 0..1, got A/D2 = -0.5");
        let few = settings.replicates(NonZeroU32::new(38).unwrap());
        let message = bootstrap(&tree, &samples, &few).unwrap_err().to_string();
        assert_eq!(message, "an interval at 95 % needs at least 39 replicates");
        let vast = settings.replicates(NonZeroU32::MAX);
        assert!(matches!(bootstrap(&tree, &samples, &vast), Err(BootstrapError::TooLarge { .. })));
    }
}
