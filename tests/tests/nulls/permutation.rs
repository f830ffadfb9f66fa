//! Permutation tests.

use std::num::{NonZeroU32, NonZeroU64};

use tailproof_core::{Sample, Seed};
use tailproof_resampling::{
    Permutation, besag_clifford, permute_any, permute_groups, permute_lattice, permute_means,
    permute_pairs, permute_runs, permute_strata, saddlepoint_means,
};

/// Name, allowance, and the p-value of two samples of one law.
type Row = (&'static str, f64, fn(&Sample, &Sample) -> f64);

/// Draws of their own for each data set.
fn draws(x: &Sample) -> Permutation {
    let few = NonZeroU32::new(199).expect("not zero");
    Permutation {
        enumerate_up_to: 2_000,
        ..Permutation::new(Seed(x.values()[0].to_bits())).replicates(few)
    }
}

fn split(s: &Sample, parts: usize) -> Vec<Sample> {
    let size = s.len().div_ceil(parts);
    s.values().chunks(size).map(|c| Sample::new(c.to_vec()).expect("finite")).collect()
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

pub(super) const ROWS: &[Row] = &[
    ("permute_any", 0.0, |x, y| {
        permute_any(x, y, &draws(x), |x, y| mean(y) - mean(x)).counts.p_two_sided()
    }),
    ("permute_any, doubled", 0.0, |x, y| {
        permute_any(x, y, &draws(x), |x, y| mean(y) - mean(x)).counts.p_doubled()
    }),
    // Equal lengths.
    ("permute_pairs", 0.0, |x, y| permute_pairs(x, y, &draws(x)).map_or(1.0, |t| t.p.two_sided)),
    ("permute_pairs, greater", 0.0, |x, y| {
        permute_pairs(x, y, &draws(x)).map_or(1.0, |t| t.p.rise)
    }),
    ("permute_groups", 0.0, |x, y| {
        let groups = [split(x, 2), split(y, 2)].concat();
        permute_groups(&groups, &draws(x)).map_or(1.0, |t| t.p.p())
    }),
    ("permute_strata", 0.0, |x, y| {
        // Both halves as strata; any leftover group is dropped by `zip`.
        let strata: Vec<(Sample, Sample)> = split(x, 2).into_iter().zip(split(y, 2)).collect();
        permute_strata(&strata, &draws(x)).map_or(1.0, |t| t.counts.p_two_sided())
    }),
    ("permute_runs", 0.0, |x, y| {
        permute_runs(&split(x, 4), &split(y, 4), &draws(x))
            .map_or(1.0, |t| t.means.raw.p_two_sided())
    }),
    // Rounded to a grid, as data must be decimals: 1.0 when they are not.
    ("permute_lattice", 0.0, |x, y| {
        let grid = |s: &Sample| {
            Sample::new(s.values().iter().map(|v| (v * 10.0).round()).collect()).expect("finite")
        };
        permute_lattice(&grid(x), &grid(y)).map_or(1.0, |t| t.p.two_sided)
    }),
    // At least 10 a side. Asymptotic: allow 1.1·α + simulation error, not α.
    ("saddlepoint_means", 0.006, |x, y| saddlepoint_means(x, y).map_or(1.0, |t| t.p.two_sided)),
    ("besag_clifford", 0.0, |x, y| {
        let pooled = [x.values(), y.values()].concat();
        let (h, max) = (NonZeroU64::new(10).expect("10"), NonZeroU64::new(199).expect("199"));
        besag_clifford(h, max, |task| {
            // One random relabelling a task, by a test of a single draw.
            let one = NonZeroU32::new(1).expect("1");
            let settings = Permutation {
                enumerate_up_to: 0,
                ..Permutation::new(Seed(task ^ x.values()[0].to_bits())).replicates(one)
            };
            let (a, b) = pooled.split_at(x.len());
            let of = |v: &[f64]| Sample::new(v.to_vec()).expect("finite");
            let drawn = permute_means(&of(a), &of(b), &settings);
            drawn.raw.abs_at_least == 1
        })
        .p
    }),
];
