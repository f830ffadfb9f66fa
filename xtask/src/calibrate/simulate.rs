//! Simulated samples, and what methods did with each.

use std::time::Instant;

use rayon::prelude::*;
use tailproof_core::Seed;
use tailproof_resampling::{Stream, below, stream};

use super::data::Named;
use super::table::{Cell, Table, Tally};

/// What one interval did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hit {
    /// The truth is inside.
    Inside,
    /// All of it lies below the truth.
    Below,
    /// All of it lies above the truth.
    Above,
    /// It does not exist or bounds nothing, and so misses nothing either.
    Absent,
    /// Not computed for this sample, because it is expensive or does not apply.
    Skipped,
}

impl Hit {
    /// An interval, when there is one, against the truth.
    pub(super) fn of(interval: Option<(f64, f64)>, truth: f64) -> Self {
        match interval {
            Some((_, hi)) if hi < truth => Self::Below,
            Some((lo, _)) if lo > truth => Self::Above,
            Some((lo, hi)) if lo.is_finite() || hi.is_finite() => Self::Inside,
            _ => Self::Absent,
        }
    }
}

/// A column of a table: a number of observations or runs, and the simulated samples there.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) at: u64,
    pub(super) samples: u32,
}

/// `samples` simulated samples at `at`.
pub(super) const fn size(at: u64, samples: u32) -> Size {
    Size { at, samples }
}

/// A table to fill.
pub(super) struct Plan<'a> {
    pub(super) seed: Seed,
    /// What is estimated or decided.
    pub(super) what: &'static str,
    /// Of what there are `Size::at`.
    pub(super) axis: &'static str,
    pub(super) methods: &'a [&'static str],
    pub(super) sizes: &'a [Size],
}

impl Plan<'_> {
    /// Coverage of intervals; `one` gets data, size, number of the sample and its generator, and
    /// says what each method did.
    pub(super) fn coverage<D: Named + Sync>(
        &self,
        data: &[D],
        one: impl Fn(&D, u64, u32, &mut Stream) -> Vec<Hit> + Sync,
    ) -> Table {
        let mut table = Table::coverage(self.what, self.axis, self.sizes);
        self.fill(&mut table, data, one, |hits: &[Vec<Hit>], method| {
            let mut tally = Tally::default();
            for sample in hits {
                tally.add(sample[method]);
            }
            Cell::coverage(tally, hits.len() as u32)
        });
        table
    }

    /// Rates of what should be rare; `one` says for each method whether it happened (0 or 1, or a
    /// share where nothing is promised), or that it was not computed. `bounds` are the promises.
    pub(super) fn rates<D: Named + Sync>(
        &self,
        bounds: &[Option<f64>],
        data: &[D],
        one: impl Fn(&D, u64, u32, &mut Stream) -> Vec<Option<f64>> + Sync,
    ) -> Table {
        let mut table = Table::rates(self.what, self.axis, self.sizes);
        self.fill(&mut table, data, one, |all: &[Vec<Option<f64>>], method| {
            let shares: Vec<f64> = all.iter().filter_map(|sample| sample[method]).collect();
            Cell::rate(&shares, bounds[method], all.len())
        });
        table
    }

    fn fill<D: Named + Sync, T: Send>(
        &self,
        table: &mut Table,
        data: &[D],
        one: impl Fn(&D, u64, u32, &mut Stream) -> Vec<T> + Sync,
        cell: impl Fn(&[Vec<T>], usize) -> Option<Cell>,
    ) {
        let mut number = 0;
        for d in data {
            let mut columns = Vec::with_capacity(self.sizes.len());
            for size in self.sizes {
                number += 1;
                let label = format!("{}, {}, {} = {}", self.what, d.name(), self.axis, size.at);
                let all = replicate(self.seed, number, &label, size.samples, |r, rng| {
                    one(d, size.at, r, rng)
                });
                columns.push((0..self.methods.len()).map(|m| cell(&all, m)).collect());
            }
            table.block(&d.name(), self.methods, columns);
        }
    }
}

/// What `one` says of each simulated sample, in their order. Sample r of a cell has a generator
/// of its own, so that threads change nothing. Prints the time taken.
pub(super) fn replicate<T: Send>(
    seed: Seed,
    cell: u64,
    label: &str,
    samples: u32,
    one: impl Fn(u32, &mut Stream) -> T + Sync,
) -> Vec<T> {
    let start = Instant::now();
    let all = (0..samples)
        .into_par_iter()
        .map(|r| one(r, &mut stream(seed, (cell << 32) | u64::from(r))))
        .collect();
    eprintln!("  {label}: {samples} samples, {:.1?}", start.elapsed());
    all
}

/// A seed for the random parts of a method, of its own for each sample.
pub(super) fn seed_of(rng: &mut Stream) -> Seed {
    Seed(below(rng, u64::MAX))
}
