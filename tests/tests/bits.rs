//! Results do not depend on threads, nor on the build profile.
//!
//! `cargo xtask test` runs these in debug and in release; both must meet the same constants.

use std::num::{NonZeroU32, NonZeroUsize};

use ndarray::Array2;
use tailproof_core::{NoMemo, QuantileType, Rank, Sample, Seed};
use tailproof_hypothesis::{AndersonDarlingVariant, anderson_darling_permuted};
use tailproof_resampling::{
    Blocks, Bootstrap, Branch, Counts, Law, MeanBootstrap, Permutation, QuantileBootstrap,
    bayesian, blocks, bootstrap, dip, hierarchical, joint_quantiles, m_out_of_n, mean_with_error,
    paired, permute_any, permute_groups, permute_means, permute_pairs, permute_runs,
    permute_strata, poisson, smoothed, stratified, stream, studentized, two_samples, uniform,
    weighted_mean,
};
use tailproof_scorecard::tree::{
    Combine, Modes, Node, Switch, Tree, TreeBootstrap, aggregate_batch, bootstrap as bootstrap_tree,
};

fn sample(n: usize, task: u64) -> Sample {
    let mut rng = stream(Seed(1), task);
    Sample::new((0..n).map(|_| 10.0 + 5.0 * uniform(&mut rng)).collect()).unwrap()
}

fn in_pool<T: Send>(threads: usize, call: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(call)
}

/// FNV-1a of the bits of all values.
fn digest(values: &[f64]) -> u64 {
    values
        .iter()
        .flat_map(|v| v.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

type Row = (&'static str, u64, fn() -> Vec<f64>);

fn settings() -> Bootstrap {
    Bootstrap::new(Seed(42)).replicates(NonZeroU32::new(500).unwrap())
}

fn draws() -> Permutation {
    // Few enough to draw what could be enumerated.
    let few = Permutation::new(Seed(42)).replicates(NonZeroU32::new(500).unwrap());
    Permutation { enumerate_up_to: 100, ..few }
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

fn change(x: &[f64], y: &[f64]) -> f64 {
    mean(y) - mean(x)
}

fn nested(groups: &[Vec<f64>]) -> f64 {
    groups.iter().map(|g| mean(g)).sum()
}

fn counts(c: &Counts) -> Vec<f64> {
    [c.at_least, c.at_most, c.abs_at_least, c.total].map(|n| n as f64).to_vec()
}

fn runs() -> Vec<Sample> {
    (0..5).map(|task| sample(40, task)).collect()
}

fn series(kind: Blocks) -> Vec<f64> {
    let x = sample(300, 0).in_time_order();
    let length = NonZeroUsize::new(7).unwrap();
    blocks(&x, kind, length, &settings(), mean).unwrap().values().to_vec()
}

/// Every way to combine, with penalties, a weight of zero and leaves beside nodes.
fn tree() -> Tree {
    let leaves = || (1..=6).map(|d| Node::leaf(format!("D{d}"), f64::from(d % 6))).collect();
    let area = |i: u32| {
        let (combine, penalty) = match i % 3 {
            0 => (Combine::WeightedMean, 0.3),
            1 => (Combine::Geometric, 0.1),
            _ => (Combine::Minimum, 0.0),
        };
        Node { penalty, ..Node::inner(format!("A{i}"), f64::from(i), combine, leaves()) }
    };
    let mut parts: Vec<Node> = (1..=9).map(area).collect();
    parts.push(Node::leaf("alone", 1.0));
    let root = Node::inner("total", 1.0, Combine::WeightedMean, parts);
    Tree::new(Node { penalty: 0.2, ..root }).unwrap()
}

/// All nodes of more batches than one task takes.
fn aggregated(modes: Modes) -> Vec<f64> {
    let (tree, mut rng) = (tree(), stream(Seed(1), 0));
    let shape = (2_000, tree.leaves().len());
    let scores = Array2::from_shape_simple_fn(shape, || uniform(&mut rng));
    let parallel = Modes { parallel: Switch::On, ..modes };
    let values = aggregate_batch(&tree, scores.view(), &parallel, &NoMemo).unwrap();
    values.into_raw_vec_and_offset().0
}

/// Scores, intervals and standard errors of all nodes.
fn resampled() -> Vec<f64> {
    let tree = tree();
    let leaf = |task: u64| {
        let mut rng = stream(Seed(2), task);
        Sample::new((0..12).map(|_| uniform(&mut rng)).collect()).unwrap()
    };
    let samples: Vec<Sample> = (0..tree.leaves().len() as u64).map(leaf).collect();
    let found = bootstrap_tree(&tree, &samples, &TreeBootstrap::new(Seed(42))).unwrap();
    let numbers = found.nodes.iter().flat_map(|n| [n.score, n.interval.lo, n.interval.hi, n.sd]);
    numbers.collect()
}

/// Everything that draws or adds up in parallel, with the digest that both profiles and any
/// threads must meet.
const ROWS: &[Row] = &[
    ("bootstrap", 0xc84d_8542_a56b_c9d0, || {
        bootstrap(&sample(500, 0), &settings(), mean).values().to_vec()
    }),
    ("replicates of a quantile", 0xd785_f76f_134e_7a82, || {
        QuantileBootstrap::of(&sample(500, 0), Rank::P95, QuantileType::Linear)
            .replicates(Seed(42), NonZeroU32::new(2_000).unwrap())
            .values()
            .to_vec()
    }),
    ("joint quantiles", 0xa461_f603_284f_5dec, || {
        let ranks = [Rank::P95, Rank::MEDIAN];
        let kind = QuantileType::Linear;
        let all = joint_quantiles(&sample(500, 0), &ranks, kind, &settings());
        all.iter().flat_map(|r| r.values().to_vec()).collect()
    }),
    ("stratified", 0x1a37_c692_dd53_2206, || {
        stratified(&runs(), &settings(), nested).unwrap().values().to_vec()
    }),
    ("paired", 0x02f1_5ab1_7c6a_ac70, || {
        paired(&sample(60, 1), &sample(60, 2), &settings(), change).unwrap().values().to_vec()
    }),
    ("two samples", 0x0a5e_6969_1cad_244b, || {
        two_samples(&sample(60, 1), &sample(70, 2), &settings(), change).values().to_vec()
    }),
    ("hierarchical", 0xafe7_6326_0752_a001, || {
        hierarchical(&runs(), &settings(), nested).unwrap().values().to_vec()
    }),
    ("moving blocks", 0x5eba_279c_cc23_9620, || series(Blocks::Moving)),
    ("circular blocks", 0x5165_aa35_6954_53a2, || series(Blocks::Circular)),
    ("stationary blocks", 0x159d_e1f1_5510_1b10, || series(Blocks::Stationary)),
    ("poisson", 0xc522_4aa9_bb6e_ba35, || {
        poisson(&sample(200, 0), &settings(), weighted_mean).values().to_vec()
    }),
    ("bayesian", 0xee24_0270_4696_5ebb, || {
        bayesian(&sample(200, 0), &settings(), weighted_mean).values().to_vec()
    }),
    ("m out of n", 0xb797_3aaa_3fb0_b4d3, || {
        m_out_of_n(&sample(200, 0), NonZeroUsize::new(40).unwrap(), &settings(), mean)
            .unwrap()
            .values()
            .to_vec()
    }),
    ("smoothed", 0xc079_3c95_741f_7f86, || {
        let s = smoothed(&sample(100, 0), &settings(), mean);
        vec![s.estimate, s.error]
    }),
    ("studentized", 0x4ce2_a900_ac13_5a63, || {
        let s = studentized(&sample(100, 0), &settings(), mean_with_error).unwrap();
        vec![s.upper(0.05), s.lower(0.05)]
    }),
    ("law of a mean by replicates", 0x6a7e_ab61_0cc0_06f5, || {
        let law = MeanBootstrap::of(&sample(13, 0), Seed(42));
        assert_eq!(law.branch(), Branch::Replicates);
        vec![law.quantile(0.1), law.quantile(0.9)]
    }),
    ("permutation of means", 0xb3f4_58b3_1b95_3ce5, || {
        let test = permute_means(&sample(300, 1), &sample(280, 2), &Permutation::new(Seed(42)));
        [counts(&test.raw), counts(&test.studentized.unwrap())].concat()
    }),
    ("permutation of anything", 0x4844_4994_e5df_d41b, || {
        counts(&permute_any(&sample(30, 1), &sample(20, 2), &draws(), change).counts)
    }),
    ("permutation of pairs", 0xded6_af29_73e0_954b, || {
        counts(&permute_pairs(&sample(30, 1), &sample(30, 2), &draws()).unwrap().counts.unwrap())
    }),
    ("permutation of groups", 0xa908_4a32_2850_a910, || {
        vec![permute_groups(&runs(), &draws()).unwrap().p.count() as f64]
    }),
    ("permutation of strata", 0xc48d_5065_24d8_da57, || {
        counts(&permute_strata(&[(sample(20, 1), sample(25, 2))], &draws()).unwrap().counts)
    }),
    ("permutation of runs", 0x331d_ecb6_faf1_74be, || {
        counts(&permute_runs(&runs(), &runs(), &draws()).unwrap().means.raw)
    }),
    ("dip", 0x15fa_9db1_af4f_d759, || vec![dip(&sample(200, 0), Seed(42)).p]),
    ("anderson-darling by relabelling", 0xc7c3_c741_acdf_19fe, || {
        let variant = AndersonDarlingVariant::Midrank;
        vec![anderson_darling_permuted(&runs(), variant, &draws()).unwrap().p]
    }),
    // Whatever the modes, the bits are the same.
    ("aggregation, row by row", 0xaea8_107b_ce77_ad73, || aggregated(Modes::SERIAL)),
    ("aggregation, side by side", 0xaea8_107b_ce77_ad73, || aggregated(Modes::default())),
    ("bootstrap of a tree", 0x0c91_7968_b110_1bb4, resampled),
];

#[test]
fn what_is_computed_depends_on_seed_and_task_only() {
    let mut wrong = Vec::new();
    for &(name, want, run) in ROWS {
        let one = in_pool(1, run);
        assert_eq!(one, in_pool(2, run), "{name}");
        assert_eq!(one, in_pool(8, run), "{name}");
        let got = digest(&one);
        if got != want {
            wrong.push(format!("{name}: {got:#x}"));
        }
    }
    assert!(wrong.is_empty(), "digests:\n{}", wrong.join("\n"));
}
