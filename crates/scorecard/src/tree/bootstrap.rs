use std::num::NonZeroU32;

use rayon::prelude::*;
use tailproof_core::descriptive::Moments;
use tailproof_core::{Interval, Level, Memo, NoMemo, Sample, Seed};
use tailproof_resampling::{Bootstrap, Law, MeanBootstrap, Stream, stream};

use super::cache::{bootstrap_key, from_bytes, to_bytes};
use super::definition::{Child, Combine, Inner, Tree};
use super::error::ScoresError;
use super::redraw::Means;

/// Settings of the bootstrap of a tree; every value of this type is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeBootstrap {
    settings: Bootstrap,
    level: Level,
    exact: bool,
}

impl TreeBootstrap {
    /// 1 000 replicates at 95 %. No default seed: evidence must be repeatable.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const REPLICATES: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
        let settings = Bootstrap::new(seed).replicates(REPLICATES);
        Self { settings, level: Level::P95, exact: false }
    }

    /// Sets the number of replicates.
    #[must_use]
    pub const fn replicates(self, replicates: NonZeroU32) -> Self {
        Self { settings: self.settings.replicates(replicates), ..self }
    }

    /// Sets the level of the intervals.
    #[must_use]
    pub const fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether nodes below which only weighted means without a penalty stand get the law for
    /// B → ∞ in place of replicates. It takes milliseconds a node; off until asked for.
    #[must_use]
    pub const fn exact(self, exact: bool) -> Self {
        Self { exact, ..self }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.settings.seed()
    }

    /// The number of replicates.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.settings.count()
    }

    /// The level of the intervals.
    #[must_use]
    pub const fn confidence(&self) -> Level {
        self.level
    }

    /// What replicates say of a node.
    fn node(&self, score: f64, sd: f64, (lo, hi): (f64, f64)) -> NodeBootstrap {
        let method = format!("percentile bootstrap, {} replicates", self.count());
        NodeBootstrap { score, sd, interval: Interval { lo, hi, level: self.level, method } }
    }

    /// How many replicates lie beyond each end of an interval, that end included.
    ///
    /// ```text
    /// k = ⌊α/2 · (B + 1)⌋        interval [θ*₍k₎, θ*₍B+1−k₎]
    /// ```
    pub(crate) fn tail(&self) -> Result<usize, BootstrapError> {
        let alpha = self.level.alpha();
        let (num, den) = (u128::from(alpha.num()), 2 * u128::from(alpha.den()));
        match num * (u128::from(self.count()) + 1) / den {
            0 => Err(BootstrapError::TooFewReplicates {
                need: u64::try_from(den.div_ceil(num) - 1).unwrap_or(u64::MAX),
                level: self.level,
            }),
            k => Ok(k as usize),
        }
    }
}

/// Why a tree could not be bootstrapped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// Not one sample for each leaf, or values outside the range: the worst of each leaf.
    #[error(transparent)]
    Scores(#[from] ScoresError),
    /// Pairs whose sides differ in length.
    #[error("pairs need samples of equal length; these leaves have others: {}", names(.0))]
    Unpaired(Vec<String>),
    /// Too few replicates for an interval at this level.
    #[error("an interval at {level} needs at least {need} replicates")]
    TooFewReplicates {
        /// Smallest number accepted.
        need: u64,
        /// The level.
        level: Level,
    },
    /// Nodes times replicates exceed what is kept.
    #[error("{nodes} nodes times {replicates} replicates are too many to keep")]
    TooLarge {
        /// Inner nodes.
        nodes: usize,
        /// Replicates.
        replicates: u32,
    },
}

fn names(leaves: &[String]) -> String {
    leaves.join(", ")
}

/// How sure the score of a node is.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeBootstrap {
    /// Score from the means of the leaves.
    pub score: f64,
    /// Standard error.
    pub sd: f64,
    /// Percentile interval, and how it was made.
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
/// assert!(0.7 < area.interval.lo && area.interval.hi < 0.8);
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
/// The key is the content: tree, samples, method, level, replicates and seed. Exact laws are
/// never kept.
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

    let key = key(tree, samples, settings);
    let known = if settings.exact { None } else { memo.get(&key) };
    if let Some(known) = known.and_then(|bytes| from_bytes(&bytes, 3 * scores.len())) {
        let node = |(&score, x): (&f64, &[f64])| settings.node(score, x[0], (x[1], x[2]));
        let nodes = scores.iter().zip(known.chunks_exact(3)).map(node).collect();
        return Ok(Bootstrapped::new(tree, samples, within, nodes, settings));
    }
    let laws = if settings.exact { exact(tree, samples, settings) } else { Vec::new() };
    let all_exact = laws.len() == scores.len() && laws.iter().all(Option::is_some);
    let rows = if all_exact { Vec::new() } else { replicates(tree, &means, settings)? };
    let node = |(at, &score): (usize, &f64)| match laws.get(at).and_then(Option::as_ref) {
        Some(law) => law.node(score, tree.range(), settings.level),
        None => summary(score, column(&rows, scores.len(), at), tail, settings),
    };
    let nodes: Vec<NodeBootstrap> = scores.iter().enumerate().map(node).collect();
    if !settings.exact {
        let numbers: Vec<f64> =
            nodes.iter().flat_map(|n| [n.sd, n.interval.lo, n.interval.hi]).collect();
        memo.put(&key, &to_bytes(&numbers));
    }
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

/// The score of a node, without guards against rounding.
#[inline]
fn quick(node: &Inner, of: impl Fn(Child) -> f64 + Copy) -> f64 {
    if node.combine == Combine::WeightedMean && node.penalty == 0.0 {
        node.children.iter().map(|&(child, weight)| weight * of(child)).sum()
    } else {
        node.score(of)
    }
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

fn summary(
    score: f64,
    mut values: Vec<f64>,
    tail: usize,
    settings: &TreeBootstrap,
) -> NodeBootstrap {
    let sd = if values.len() == 1 { 0.0 } else { Moments::of_values(&values).sd(1) };
    let (lo, hi) = ends(&mut values, tail);
    settings.node(score, sd, (lo, hi))
}

/// The law of a linear node for B → ∞.
struct Linear {
    /// `None` when no leaf below varies.
    law: Option<MeanBootstrap>,
}

impl Linear {
    fn node(&self, score: f64, (lo, hi): (f64, f64), level: Level) -> NodeBootstrap {
        let (mut ends, mut sd) = ((score, score), 0.0);
        let mut how = "no leaf varies";
        if let Some(law) = &self.law {
            // The law's mean is that of the stretched means; only its spread counts.
            let shift = score - law.mean();
            let (a, b) = law.interval(level);
            ends = ((a + shift).clamp(lo, hi), (b + shift).clamp(lo, hi));
            (sd, how) = (law.sd(), law.branch().describe());
        }
        let method = format!("percentile bootstrap, {how}");
        NodeBootstrap { score, sd, interval: Interval { lo: ends.0, hi: ends.1, level, method } }
    }
}

/// The laws of all nodes below which only weighted means without a penalty stand.
fn exact(tree: &Tree, samples: &[Sample], settings: &TreeBootstrap) -> Vec<Option<Linear>> {
    let mut coefficients: Vec<Option<Vec<(usize, f64)>>> = Vec::with_capacity(tree.nodes().len());
    for node in tree.nodes() {
        let found = leaf_weights(node, &coefficients);
        coefficients.push(found);
    }
    let law = |leaves: &Vec<(usize, f64)>| {
        let varies = |&&(leaf, c): &&(usize, f64)| {
            let (least, most) = samples[leaf].range();
            c > 0.0 && least < most
        };
        let stretched = |&(leaf, c): &(usize, f64)| {
            let n = samples[leaf].len() as f64;
            (c * (n / (n - 1.0)).sqrt(), &samples[leaf])
        };
        let terms: Vec<(f64, &Sample)> = leaves.iter().filter(varies).map(stretched).collect();
        let law = (!terms.is_empty()).then(|| MeanBootstrap::combination(&terms, settings.seed()));
        Linear { law }
    };
    coefficients.iter().map(|leaves| leaves.as_ref().map(law)).collect()
}

/// The weights of all leaves below a node, when its score is linear in them.
fn leaf_weights(node: &Inner, below: &[Option<Vec<(usize, f64)>>]) -> Option<Vec<(usize, f64)>> {
    if node.combine != Combine::WeightedMean || node.penalty > 0.0 {
        return None;
    }
    let mut all = Vec::new();
    for &(child, weight) in &node.children {
        match child {
            Child::Leaf(leaf) => all.push((leaf, weight)),
            Child::Inner(at) => {
                let leaves = below[at].as_ref()?;
                all.extend(leaves.iter().map(|&(leaf, c)| (leaf, c * weight)));
            }
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::super::Node;
    use super::*;

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
    fn replicates_agree_with_propagation_and_with_the_exact_law() {
        let (tree, samples) = (tree(Combine::WeightedMean), samples());
        let many = NonZeroU32::new(20_000).unwrap();
        let settings = TreeBootstrap::new(Seed(1)).replicates(many);
        let drawn = bootstrap(&tree, &samples, &settings).unwrap();
        let exact = bootstrap(&tree, &samples, &settings.exact(true)).unwrap();
        let errors: Vec<f64> = samples.iter().map(|s| Moments::of(s).standard_error()).collect();
        let propagated = tree.deviations(&drawn.leaves, &errors).unwrap();
        for ((a, b), sd) in drawn.nodes.iter().zip(&exact.nodes).zip(propagated) {
            let sd = sd.unwrap();
            assert!((b.sd / sd - 1.0).abs() < 1e-9 && (a.sd / sd - 1.0).abs() < 0.02);
            assert_eq!(a.score, b.score);
            assert!(b.interval.method.contains("exact"), "{}", b.interval.method);
            for (x, y) in [(a.interval.lo, b.interval.lo), (a.interval.hi, b.interval.hi)] {
                assert!((x - y).abs() < 0.1 * sd, "{x} {y} {sd}");
            }
        }
    }

    #[test]
    fn a_leaf_with_one_value_is_constant_and_listed() {
        let one = |x| Sample::new(vec![x]).unwrap();
        let samples = [one(0.4), one(0.5), one(0.6), one(0.7)];
        for exact in [false, true] {
            let settings = TreeBootstrap::new(Seed(1)).exact(exact);
            let found = bootstrap(&tree(Combine::WeightedMean), &samples, &settings).unwrap();
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
