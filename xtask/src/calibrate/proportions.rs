//! Coverage of the intervals of shares, exactly: every count is weighed by its probability.

use rayon::prelude::*;
use tailproof_core::Level;
use tailproof_core::binomial::mass;
use tailproof_hypothesis::{
    Proportion, difference_agresti_caffo, difference_newcombe, difference_score, difference_wald,
    odds_ratio, risk_ratio,
};

use super::simulate::{Size, size};
use super::table::{Cell, Table};

const LEVEL: Level = Level::P95;
const ONE_SIZES: [Size; 5] = [size(10, 0), size(30, 0), size(100, 0), size(500, 0), size(2_000, 0)];
const TWO_SIZES: [Size; 3] = [size(10, 0), size(30, 0), size(100, 0)];
const SHARES: [f64; 4] = [0.01, 0.05, 0.2, 0.5];
/// The lowest coverage is sought among the shares i/1000.
const GRID: u32 = 1_000;

const ONE: [&str; 5] = ["Wilson", "Clopper–Pearson", "Jeffreys", "Agresti–Coull", "Wald"];
const TWO: [&str; 6] = [
    "difference, Newcombe",
    "difference, Agresti–Caffo",
    "difference, Miettinen–Nurminen",
    "difference, Wald",
    "odds ratio, Woolf",
    "risk ratio, Katz",
];

/// The section of the document.
pub(super) fn section() -> String {
    format!(
        "## Intervals of shares

Computed, not simulated: all counts, weighed by their probabilities. ⚠ is below 95 %, ✗ more than
one point below. The lowest coverage is that over the shares 0.001, 0.002, …, 0.999.

### One share

{}
### Two shares

Both sides have n trials and the same share; the truth is a difference of 0 and a ratio of 1.

{}",
        one().render(),
        two().render()
    )
}

fn one() -> Table {
    let mut table = Table::coverage("a share", "n", &ONE_SIZES);
    // intervals[size][method][successes]
    let intervals: Vec<Vec<Vec<(f64, f64)>>> = ONE_SIZES
        .iter()
        .map(|size| {
            let all: Vec<[(f64, f64); 5]> =
                (0..=size.at).into_par_iter().map(|k| of_one(k, size.at)).collect();
            (0..ONE.len()).map(|m| all.iter().map(|row| row[m]).collect()).collect()
        })
        .collect();
    let misses = |intervals: &[(f64, f64)], p: f64| {
        let n = intervals.len() as u64 - 1;
        let masses = (0..).zip(intervals).map(|(k, i)| (mass(k, n, p, 1.0 - p), *i, p));
        missed(masses)
    };
    for p in SHARES {
        let columns = intervals
            .iter()
            .map(|size| {
                let cell = |i: &Vec<(f64, f64)>| {
                    let (below, above) = misses(i, p);
                    Some(Cell::exact(below, above))
                };
                size.iter().map(cell).collect()
            })
            .collect();
        table.block(&format!("a share of {p}"), &ONE, columns);
    }
    let lowest = intervals
        .iter()
        .map(|size| {
            size.iter()
                .map(|i| {
                    let (below, above) = (1..GRID)
                        .into_par_iter()
                        .map(|s| misses(i, f64::from(s) / f64::from(GRID)))
                        .max_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)))
                        .expect("the grid is not empty");
                    Some(Cell::exact(below, above))
                })
                .collect()
        })
        .collect();
    table.block("the worst share", &ONE, lowest);
    table
}

fn of_one(successes: u64, trials: u64) -> [(f64, f64); 5] {
    let share = share(successes, trials);
    [
        share.wilson(LEVEL),
        share.clopper_pearson(LEVEL),
        share.jeffreys(LEVEL),
        share.agresti_coull(LEVEL),
        share.wald(LEVEL),
    ]
}

fn two() -> Table {
    let mut table = Table::coverage("a change of a share", "n", &TWO_SIZES);
    let intervals: Vec<Vec<[(f64, f64); 6]>> = TWO_SIZES
        .iter()
        .map(|size| {
            let side = size.at + 1;
            (0..side * side)
                .into_par_iter()
                .map(|i| of_two(share(i / side, size.at), share(i % side, size.at)))
                .collect()
        })
        .collect();
    for p in SHARES {
        let columns = TWO_SIZES
            .iter()
            .zip(&intervals)
            .map(|(size, all)| {
                let masses: Vec<f64> =
                    (0..=size.at).map(|k| mass(k, size.at, p, 1.0 - p)).collect();
                let pairs: Vec<f64> =
                    masses.iter().flat_map(|a| masses.iter().map(move |b| a * b)).collect();
                (0..TWO.len())
                    .map(|m| {
                        // The last two are ratios.
                        let truth = if m < 4 { 0.0 } else { 1.0 };
                        let (below, above) =
                            missed(pairs.iter().zip(all).map(|(w, i)| (*w, i[m], truth)));
                        Some(Cell::exact(below, above))
                    })
                    .collect()
            })
            .collect();
        table.block(&format!("shares of {p}"), &TWO, columns);
    }
    table
}

fn of_two(first: Proportion, second: Proportion) -> [(f64, f64); 6] {
    let (odds, risk) = (odds_ratio(first, second, LEVEL), risk_ratio(first, second, LEVEL));
    [
        difference_newcombe(first, second, LEVEL),
        difference_agresti_caffo(first, second, LEVEL),
        difference_score(first, second, LEVEL),
        difference_wald(first, second, LEVEL),
        (odds.lo, odds.hi),
        (risk.lo, risk.hi),
    ]
}

/// Probabilities that an interval lies below and above the truth, from
/// `(probability, interval, truth)`.
fn missed(intervals: impl Iterator<Item = (f64, (f64, f64), f64)>) -> (f64, f64) {
    intervals.fold((0.0, 0.0), |(below, above), (weight, (lo, hi), truth)| {
        if hi < truth {
            (below + weight, above)
        } else if lo > truth {
            (below, above + weight)
        } else {
            (below, above)
        }
    })
}

fn share(successes: u64, trials: u64) -> Proportion {
    Proportion::new(successes, trials).expect("at most as many successes as trials, and a trial")
}
