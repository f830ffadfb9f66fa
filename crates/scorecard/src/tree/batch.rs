//! Many batches of scores at once.
#![expect(clippy::needless_pass_by_value, reason = "an array view is a reference")]

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use tailproof_core::{Memo, number};

use super::memoised::Remembered;
use super::{Modes, Plan, Tree};

/// Batches that lie side by side: one cache line a leaf, four vector registers of two numbers.
const LANES: usize = 8;
/// Batches of one task, a multiple of [`LANES`].
pub(super) const ROWS: usize = 512;

/// Why batches could not be aggregated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The columns are not the leaves.
    #[error("the scores have {got} columns, the tree has {want} leaves")]
    Columns {
        /// Columns there.
        got: usize,
        /// Leaves of the tree.
        want: usize,
    },
    /// Scores are not finite or outside of the range.
    #[error(
        "batch {batch} (counted from 0), leaf {leaf:?}: {value} is not a number from {} to {}; {count} of {all} scores are not",
        number(.range.0),
        number(.range.1)
    )]
    Scores {
        /// The first batch with such a score, from 0.
        batch: usize,
        /// The first such leaf in it.
        leaf: String,
        /// Its score.
        value: f64,
        /// Where scores may lie.
        range: (f64, f64),
        /// Scores that are wrong.
        count: usize,
        /// Scores in all.
        all: usize,
    },
    /// There is no leaf of that index.
    #[error("leaf {index} (counted from 0) of {leaves}")]
    Leaf {
        /// The index asked for.
        index: usize,
        /// Leaves of the tree.
        leaves: usize,
    },
}

/// The scores of all inner nodes for every batch.
///
/// ```text
/// scores   batches × leaves, in the order of `tree.leaves()`
/// result   batches × inner nodes, in the order of `tree.nodes()`, the root last
/// ```
/// Each node is as [`Tree::aggregate`] defines it, to the bit, whatever [`Modes`] say and however
/// many threads there are: a batch is summed in the order of the children by the same
/// operations, whichever batches it stands beside. `memo` is used when `modes.memoised` is set;
/// pass [`tailproof_core::NoMemo`] otherwise. No batches give a result without rows. Whoever
/// calls often makes the [`Plan`] once.
///
/// # Errors
/// As many columns as leaves are needed, and finite scores in the range of the tree; the first
/// that is not is named, with how many there are.
///
/// # Source
/// Document 4, where sixty scores become ten areas.
///
/// # Example
/// ```
/// use ndarray::array;
/// use tailproof_core::NoMemo;
/// use tailproof_scorecard::tree::{Combine, Modes, Node, Tree, aggregate_batch};
///
/// let leaves = vec![Node::leaf("D1", 1.0), Node::leaf("D2", 3.0)];
/// let tree = Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, leaves))?;
/// let scores = array![[0.0, 1.0], [0.5, 0.5]];
/// let totals = aggregate_batch(&tree, scores.view(), &Modes::default(), &NoMemo)?;
/// assert_eq!(totals, array![[0.75], [0.5]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn aggregate_batch(
    tree: &Tree,
    scores: ArrayView2<'_, f64>,
    modes: &Modes,
    memo: &(dyn Memo + Sync),
) -> Result<Array2<f64>, BatchError> {
    Plan::new(tree).batch(scores, modes, memo)
}

impl Plan {
    /// As [`aggregate_batch`].
    ///
    /// # Errors
    /// As [`aggregate_batch`].
    pub fn batch(
        &self,
        scores: ArrayView2<'_, f64>,
        modes: &Modes,
        memo: &(dyn Memo + Sync),
    ) -> Result<Array2<f64>, BatchError> {
        self.run(scores, modes, memo, &|| 0).map(|run| run.values)
    }

    /// The validation of [`aggregate_batch`] alone.
    ///
    /// # Errors
    /// As [`aggregate_batch`].
    pub fn check(&self, scores: ArrayView2<'_, f64>, modes: &Modes) -> Result<(), BatchError> {
        let rows = self.rows_of(scores)?;
        self.check_rows(&rows, modes.is_parallel(rows.len()))
    }

    /// Validates, allocates and aggregates, and says when it did what.
    pub(super) fn run(
        &self,
        scores: ArrayView2<'_, f64>,
        modes: &Modes,
        memo: &(dyn Memo + Sync),
        clock: &dyn Fn() -> u64,
    ) -> Result<Run, BatchError> {
        let begin = clock();
        let rows = self.rows_of(scores)?;
        let parallel = modes.is_parallel(rows.len());
        let laid_out = clock();
        self.check_rows(&rows, parallel)?;
        let checked = clock();
        let shape = (scores.nrows(), self.nodes.len());
        let mut values = vec![0.0; shape.0 * shape.1];
        let found = self.fill(&rows, &mut values, parallel, modes, memo);
        let values = Array2::from_shape_vec(shape, values).expect("one value a batch and node");
        let end = clock();
        let copied = if matches!(rows, Cow::Owned(_)) { rows.len() } else { 0 };
        let workers = if parallel { rayon::current_num_threads() } else { 1 };
        let numbers = copied + values.len() + workers * self.scratch_numbers(modes);
        Ok(Run {
            values,
            total: end.saturating_sub(begin),
            validation: checked.saturating_sub(laid_out),
            aggregation: end.saturating_sub(checked),
            found,
            bytes: numbers * size_of::<f64>(),
        })
    }

    /// The scores batch by batch; copied when they do not lie so.
    fn rows_of<'a>(&self, scores: ArrayView2<'a, f64>) -> Result<Cow<'a, [f64]>, BatchError> {
        let (got, want) = (scores.ncols(), self.leaves.len());
        if got != want {
            return Err(BatchError::Columns { got, want });
        }
        let copied = || Cow::Owned(scores.iter().copied().collect());
        Ok(scores.to_slice().map_or_else(copied, Cow::Borrowed))
    }

    fn check_rows(&self, rows: &[f64], parallel: bool) -> Result<(), BatchError> {
        // The ends of the range are finite numbers here, so what lies between them is one too.
        let (lo, hi) = (self.range.0.max(f64::MIN), self.range.1.min(f64::MAX));
        let size = ROWS * self.leaves.len().max(1);
        let part = |(index, part): (usize, &[f64])| -> (Option<usize>, usize) {
            let count = outside(part, lo, hi);
            let wrong = |x: &f64| !(lo..=hi).contains(x);
            let first = if count > 0 { part.iter().position(wrong) } else { None };
            (first.map(|i| index * size + i), count)
        };
        let merge = |a: (Option<usize>, usize), b: (Option<usize>, usize)| {
            (a.0.into_iter().chain(b.0).min(), a.1 + b.1)
        };
        let (first, count) = if parallel {
            rows.par_chunks(size).enumerate().map(part).reduce(|| (None, 0), merge)
        } else {
            rows.chunks(size).enumerate().map(part).fold((None, 0), merge)
        };
        first.map_or(Ok(()), |at| {
            let (width, range, all) = (self.leaves.len(), self.range, rows.len());
            let (leaf, value) = (self.leaves[at % width].clone(), rows[at]);
            Err(BatchError::Scores { batch: at / width, leaf, value, range, count, all })
        })
    }

    /// Aggregates checked rows; how many came out of the cache and how many did not.
    pub(super) fn fill(
        &self,
        rows: &[f64],
        values: &mut [f64],
        parallel: bool,
        modes: &Modes,
        memo: &(dyn Memo + Sync),
    ) -> (u64, u64) {
        let remembered = modes.memoised.then(|| Remembered::new(self, memo));
        let scratch = || modes.vectorised.then(|| Scratch::new(self));
        let part =
            |scratch: &mut Option<Scratch>, rows: &[f64], values: &mut [f64]| match &remembered {
                Some(remembered) => remembered.fill(rows, values, scratch.as_mut()),
                None => self.aggregate_rows(rows, values, scratch.as_mut()),
            };
        let rows_size = ROWS * self.leaves.len().max(1);
        let values_size = ROWS * self.nodes.len().max(1);
        if parallel {
            values
                .par_chunks_mut(values_size)
                .zip(rows.par_chunks(rows_size))
                .for_each_init(scratch, |scratch, (values, rows)| part(scratch, rows, values));
        } else {
            let mut scratch = scratch();
            for (values, rows) in values.chunks_mut(values_size).zip(rows.chunks(rows_size)) {
                part(&mut scratch, rows, values);
            }
        }
        remembered.map_or((0, 0), |r| r.counts())
    }

    /// Aggregates a few rows, side by side where there is room for it.
    pub(super) fn aggregate_rows(
        &self,
        rows: &[f64],
        values: &mut [f64],
        scratch: Option<&mut Scratch>,
    ) {
        let (width, nodes) = (self.leaves.len().max(1), self.nodes.len().max(1));
        let blocks = if scratch.is_some() { rows.len() / (LANES * width) } else { 0 };
        let (blocked, rest) = rows.split_at(blocks * LANES * width);
        let (blocked_values, rest_values) = values.split_at_mut(blocks * LANES * nodes);
        if let Some(scratch) = scratch {
            let blocked_values = blocked_values.chunks_exact_mut(LANES * nodes);
            for (rows, values) in blocked.chunks_exact(LANES * width).zip(blocked_values) {
                scratch.load(rows, width);
                self.all(&scratch.leaves, &mut scratch.nodes);
                scratch.store(values, nodes);
            }
        }
        for (row, values) in rest.chunks_exact(width).zip(rest_values.chunks_exact_mut(nodes)) {
            self.all(row.as_chunks::<1>().0, values.as_chunks_mut::<1>().0);
        }
    }

    /// Numbers that one thread keeps beside scores and results.
    fn scratch_numbers(&self, modes: &Modes) -> usize {
        let wide = self.leaves.len() + self.nodes.len();
        let side_by_side = if modes.vectorised { LANES * wide } else { 0 };
        side_by_side + if modes.memoised { ROWS * wide } else { 0 }
    }
}

/// How many numbers lie outside `[lo, hi]`, NaN among them.
///
/// A function of its own, so that the loop is the same fast one on every thread.
#[inline(never)]
fn outside(part: &[f64], lo: f64, hi: f64) -> usize {
    part.iter().map(|&x| usize::from(!(x >= lo && x <= hi))).sum()
}

/// What a call found and how long it took, in the clock's nanoseconds.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) values: Array2<f64>,
    pub(super) total: u64,
    pub(super) validation: u64,
    pub(super) aggregation: u64,
    /// Rows out of the cache, and others.
    pub(super) found: (u64, u64),
    pub(super) bytes: usize,
}

/// Scores and results of a block of batches, leaf by leaf and node by node.
#[derive(Debug)]
pub(super) struct Scratch {
    leaves: Vec<[f64; LANES]>,
    nodes: Vec<[f64; LANES]>,
}

impl Scratch {
    pub(super) fn new(plan: &Plan) -> Self {
        let of = |len| vec![[0.0; LANES]; len];
        Self { leaves: of(plan.leaves.len()), nodes: of(plan.nodes.len()) }
    }

    fn load(&mut self, rows: &[f64], width: usize) {
        for (lane, row) in rows.chunks_exact(width).enumerate() {
            for (leaf, &x) in self.leaves.iter_mut().zip(row) {
                leaf[lane % LANES] = x; // The compiler sees the bound.
            }
        }
    }

    fn store(&self, values: &mut [f64], nodes: usize) {
        for (lane, row) in values.chunks_exact_mut(nodes).enumerate() {
            for (value, node) in row.iter_mut().zip(&self.nodes) {
                *value = node[lane % LANES];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Axis;
    use tailproof_core::NoMemo;

    use super::super::fixture::{irregular, scores, sixty};
    use super::super::{CacheBounds, MemoryCache, Switch};
    use super::*;

    fn bits(values: &Array2<f64>) -> Vec<u64> {
        values.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn every_mode_gives_the_same_bits() {
        // Tails of blocks and of tasks.
        for (tree, batches) in [(sixty(), 2 * ROWS + 37), (irregular(), 100), (sixty(), 1)] {
            let scores = scores(&tree, batches);
            let serial = aggregate_batch(&tree, scores.view(), &Modes::SERIAL, &NoMemo).unwrap();
            assert_eq!(serial.dim(), (batches, tree.nodes().len()));
            for (row, values) in scores.rows().into_iter().zip(serial.rows()) {
                let want = tree.aggregate(row.to_slice().unwrap()).unwrap();
                assert_eq!(values.to_slice().unwrap(), want);
            }
            for code in 0..8_u32 {
                let on = |bit: u32| code & bit > 0;
                let parallel = if on(1) { Switch::On } else { Switch::Off };
                let (vectorised, memoised) = (on(2), on(4));
                let modes = Modes { parallel, vectorised, memoised, ..Modes::default() };
                let cache = MemoryCache::new(CacheBounds::default());
                for threads in [1, 3] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                    let run = || aggregate_batch(&tree, scores.view(), &modes, &cache).unwrap();
                    let got = pool.unwrap().install(run);
                    assert_eq!(bits(&got), bits(&serial), "{modes:?}, {threads} threads");
                }
            }
        }
    }

    #[test]
    fn a_view_that_lies_otherwise_is_read_in_order() {
        let tree = sixty();
        let scores = scores(&tree, 40);
        let columns = scores.t().as_standard_layout().into_owned();
        let run = |view| aggregate_batch(&tree, view, &Modes::default(), &NoMemo).unwrap();
        assert_eq!(run(columns.t()), run(scores.view()));
        let mut reversed = scores.view();
        reversed.invert_axis(Axis(0));
        let (straight, backwards) = (run(scores.view()), run(reversed));
        assert_eq!(backwards.row(0), straight.row(39));
        let none = Array2::zeros((0, 60));
        assert_eq!(run(none.view()).dim(), (0, 11));
    }

    #[test]
    fn what_is_wrong_is_named_first_and_counted() {
        let tree = sixty();
        let mut scores = scores(&tree, 3 * ROWS);
        scores[[1_300, 2]] = f64::NAN;
        scores[[1_200, 59]] = 1.5;
        scores[[1_200, 7]] = f64::NEG_INFINITY;
        for parallel in [Switch::Off, Switch::On] {
            let modes = Modes { parallel, ..Modes::default() };
            let error = aggregate_batch(&tree, scores.view(), &modes, &NoMemo).unwrap_err();
            let leaf = &tree.leaves()[7];
            let want = format!(
                "batch 1200 (counted from 0), leaf {leaf:?}: -inf is not a number from 0 to 1; 3 of {} scores are not",
                scores.len()
            );
            assert_eq!(error.to_string(), want);
        }
        let narrow = Array2::zeros((2, 59));
        let error = Plan::new(&tree).check(narrow.view(), &Modes::SERIAL).unwrap_err();
        assert_eq!(error, BatchError::Columns { got: 59, want: 60 });
    }
}
