//! Aggregation: what must hold for any tree, weights and scores.

use std::sync::OnceLock;

use ndarray::Array2;
use proptest::collection::vec;
use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tailproof_core::{NoMemo, Sample, Seed};
use tailproof_resampling::{below, stream, uniform};
use tailproof_scorecard::tree::{
    CacheBounds, Combine, Correlation, Hermetic, MemoryCache, Modes, Node, Plan, Streaming, Switch,
    Tree, TreeBootstrap, bootstrap,
};

/// How an area combines, its penalty, and its leaves with weight and score.
type Area = (Combine, f64, Vec<(f64, f64)>);

fn combine() -> impl Strategy<Value = Combine> {
    prop_oneof![Just(Combine::WeightedMean), Just(Combine::Geometric), Just(Combine::Minimum)]
}

/// Few distinct values, so that ties and zeros are common; the first weight is never zero.
fn areas() -> impl Strategy<Value = Vec<Area>> {
    let leaf = (0..4_u8, 0..=10_u8)
        .prop_map(|(weight, score)| (f64::from(weight) * 0.7, f64::from(score) / 10.0));
    let area = (combine(), 0..=5_u8, vec(leaf, 1..6)).prop_map(|(combine, penalty, mut leaves)| {
        leaves[0].0 += 0.3;
        (combine, f64::from(penalty) / 10.0, leaves)
    });
    vec(area, 1..5)
}

/// The tree with its nodes written forwards or backwards and weights on another scale.
fn tree(areas: &[Area], top: Combine, scale: f64, backwards: bool) -> Tree {
    let turned = |mut nodes: Vec<Node>| {
        if backwards {
            nodes.reverse();
        }
        nodes
    };
    let allowed = |combine, penalty| if combine == Combine::Minimum { 0.0 } else { penalty };
    let area = |(i, (combine, penalty, leaves)): (usize, &Area)| {
        let leaf =
            |(j, (weight, _)): (usize, &(f64, f64))| Node::leaf(format!("D{j}"), weight * scale);
        let leaves = turned(leaves.iter().enumerate().map(leaf).collect());
        let weight = (i + 1) as f64 * scale;
        Node {
            penalty: allowed(*combine, *penalty),
            ..Node::inner(format!("A{i}"), weight, *combine, leaves)
        }
    };
    let nodes = turned(areas.iter().enumerate().map(area).collect());
    let root = Node { penalty: allowed(top, 0.3), ..Node::inner("total", 1.0, top, nodes) };
    Tree::new(root).unwrap()
}

/// Scores in the order of the tree's leaves, which is that of the areas: fewer than ten of each.
fn scores(areas: &[Area]) -> Vec<f64> {
    areas.iter().flat_map(|area| area.2.iter().map(|leaf| leaf.1)).collect()
}

/// Rows of scores for a tree of the range 0..1; one score in eight lies at an end.
fn batches(tree: &Tree, count: usize, seed: u64) -> Array2<f64> {
    let mut rng = stream(Seed(seed), 0);
    Array2::from_shape_simple_fn((count, tree.leaves().len()), || match below(&mut rng, 16) {
        0 => 0.0,
        1 => 1.0,
        _ => uniform(&mut rng),
    })
}

/// How many batches: fewer than lie side by side, and more than one task takes.
fn counts() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 1..40_usize, 1 => 500..1_100_usize]
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Three threads, made once.
fn three() -> &'static ThreadPool {
    static POOL: OnceLock<ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| ThreadPoolBuilder::new().num_threads(3).build().unwrap())
}

fn total(tree: &Tree, scores: &[f64]) -> f64 {
    *tree.aggregate(scores).unwrap().last().unwrap()
}

proptest! {
    #[test]
    fn every_mode_gives_the_bits_of_the_serial_one(
        areas in areas(), top in combine(), count in counts(), seed in any::<u64>(),
    ) {
        let tree = tree(&areas, top, 1.0, false);
        let (plan, scores) = (Plan::new(&tree), batches(&tree, count, seed));
        let cache = MemoryCache::new(CacheBounds::default());
        let serial = plan.batch(scores.view(), &Modes::SERIAL, &NoMemo).unwrap();
        let want = bits(serial.as_slice().unwrap());
        let parallel = Switch::On;
        for modes in [
            Modes { vectorised: true, ..Modes::SERIAL },
            Modes { parallel, ..Modes::SERIAL },
            Modes { parallel, vectorised: true, ..Modes::SERIAL },
            // First nothing is in the cache, then everything.
            Modes { memoised: true, ..Modes::SERIAL },
            Modes { memoised: true, ..Modes::SERIAL },
            Modes { parallel, vectorised: true, memoised: true, ..Modes::SERIAL },
            Modes::default(),
        ] {
            let got = three().install(|| plan.batch(scores.view(), &modes, &cache)).unwrap();
            prop_assert_eq!(&bits(got.as_slice().unwrap()), &want, "{:?}", modes);
        }
        prop_assert!(cache.hits() >= count as u64);
    }

    #[test]
    fn batches_are_the_tree_row_by_row(
        areas in areas(), top in combine(), count in counts(), seed in any::<u64>(),
    ) {
        let tree = tree(&areas, top, 1.0, false);
        let scores = batches(&tree, count, seed);
        let values = Plan::new(&tree).batch(scores.view(), &Modes::default(), &NoMemo).unwrap();
        for (row, values) in scores.rows().into_iter().zip(values.rows()) {
            let want = tree.aggregate(row.to_slice().unwrap()).unwrap();
            for (got, want) in values.iter().zip(want) {
                prop_assert!((got - want).abs() <= 1e-12, "{} {}", got, want);
            }
        }
    }

    #[test]
    fn a_stream_of_changes_ends_where_a_batch_does(
        areas in areas(), top in combine(), changes in 0..60_usize, seed in any::<u64>(),
    ) {
        let tree = tree(&areas, top, 1.0, false);
        let mut current = batches(&tree, 1, seed);
        let mut streaming = Streaming::new(&tree, current.as_slice().unwrap()).unwrap();
        let plan = Plan::new(&tree);
        let mut rng = stream(Seed(seed), 1);
        for _ in 0..=changes {
            let batch = plan.batch(current.view(), &Modes::default(), &NoMemo).unwrap();
            prop_assert_eq!(bits(streaming.nodes()), bits(batch.as_slice().unwrap()));
            prop_assert_eq!(streaming.total().to_bits(), batch[[0, plan.nodes() - 1]].to_bits());
            let leaf = below(&mut rng, current.len() as u64) as usize;
            let score = if below(&mut rng, 8) == 0 { 0.0 } else { uniform(&mut rng) };
            current[[0, leaf]] = score;
            streaming.set(leaf, score).unwrap();
        }
    }

    #[test]
    fn the_order_of_leaves_changes_nothing(areas in areas(), top in combine()) {
        let (one, two) = (tree(&areas, top, 1.0, false), tree(&areas, top, 1.0, true));
        prop_assert_eq!(&one, &two);
        let scores = scores(&areas);
        let named: Vec<(&str, f64)> =
            one.leaves().iter().map(String::as_str).zip(scores.iter().copied()).collect();
        let turned = Hermetic::new(&two).scores(named.into_iter().rev()).unwrap();
        prop_assert_eq!(one.aggregate(&scores).unwrap(), two.aggregate(&turned).unwrap());
    }

    #[test]
    fn the_scale_of_weights_changes_nothing(areas in areas(), top in combine(), scale in 1e-9..1e9) {
        let (one, two) = (tree(&areas, top, 1.0, false), tree(&areas, top, scale, false));
        let scores = scores(&areas);
        let pairs = one.aggregate(&scores).unwrap().into_iter().zip(two.aggregate(&scores).unwrap());
        for (a, b) in pairs {
            prop_assert!((a - b).abs() <= 5e-15, "{} {}", a, b);
        }
    }

    #[test]
    fn a_rise_of_a_leaf_never_lowers_a_score(
        areas in areas(), top in combine(), at in any::<prop::sample::Index>(), rise in 0.0..1.0_f64,
    ) {
        let (tree, before) = (tree(&areas, top, 1.0, false), scores(&areas));
        let mut after = before.clone();
        let leaf = &mut after[at.index(before.len())];
        *leaf = f64::min(*leaf + rise, 1.0);
        let (low, high) = (tree.aggregate(&before).unwrap(), tree.aggregate(&after).unwrap());
        for (a, b) in low.into_iter().zip(high) {
            prop_assert!(b >= a - 1e-14, "{} {}", a, b);
        }
    }

    #[test]
    fn scores_lie_between_the_least_and_the_greatest_leaf(areas in areas(), top in combine()) {
        let scores = scores(&areas);
        let least = scores.iter().copied().fold(1.0, f64::min);
        let greatest = scores.iter().copied().fold(0.0, f64::max);
        let total = total(&tree(&areas, top, 1.0, false), &scores);
        prop_assert!((least..=greatest).contains(&total));
    }

    #[test]
    fn minimum_geometric_and_arithmetic_are_in_order(areas in areas()) {
        let of = |combine| {
            let same: Vec<Area> =
                areas.iter().map(|area| (combine, 0.0, area.2.clone())).collect();
            tree(&same, Combine::WeightedMean, 1.0, false).aggregate(&scores(&areas)).unwrap()
        };
        let means = of(Combine::WeightedMean);
        for (at, (geometric, least)) in
            of(Combine::Geometric).into_iter().zip(of(Combine::Minimum)).enumerate().take(areas.len())
        {
            prop_assert!(geometric <= means[at] + 1e-15 && least <= geometric + 1e-15);
        }
    }

    #[test]
    fn variances_are_never_negative(
        rows in vec(vec(-1.0..1.0, 3), 2..6), sds in vec(0.0..2.0, 6), scores in vec(0.1..0.9, 6),
    ) {
        // Cosines of angles between vectors are always possible correlations.
        let length = |v: &[f64]| v.iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
        prop_assume!(rows.iter().all(|row| length(row) > 1e-3));
        let cosine = |a: &[f64], b: &[f64]| {
            let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            (dot / length(a) / length(b)).clamp(-1.0, 1.0)
        };
        let matrix = rows.iter().map(|a| rows.iter().map(|b| cosine(a, b)).collect()).collect();
        let n = rows.len();
        let leaves = (0..n).map(|i| Node::leaf(format!("{i}"), 1.0)).collect();
        let root = Node {
            correlation: Correlation::Matrix(matrix),
            ..Node::inner("t", 1.0, Combine::WeightedMean, leaves)
        };
        let found = Tree::new(root).unwrap().deviations(&scores[..n], &sds[..n]).unwrap()[0];
        let largest = sds[..n].iter().sum::<f64>() / n as f64;
        prop_assert!(found.is_some_and(|sd| (0.0..=largest + 1e-12).contains(&sd)));
    }

    #[test]
    fn intervals_of_a_bootstrap_stay_in_the_range(areas in areas(), top in combine(), seed in any::<u64>()) {
        let tree = tree(&areas, top, 1.0, false);
        let spread = |x: f64| vec![x, (x + 0.2).min(1.0), (x - 0.2).max(0.0)];
        let samples: Vec<Sample> =
            scores(&areas).into_iter().map(|x| Sample::new(spread(x)).unwrap()).collect();
        let few = std::num::NonZeroU32::new(60).unwrap();
        let settings = TreeBootstrap::new(Seed(seed)).replicates(few);
        for node in bootstrap(&tree, &samples, &settings).unwrap().nodes {
            prop_assert!(node.interval.lo >= -1e-15 && node.interval.lo <= node.interval.hi);
            prop_assert!(node.interval.hi <= 1.0 + 1e-15 && node.sd >= 0.0);
        }
    }
}
