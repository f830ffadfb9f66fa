//! Times of the batch form, configuration by configuration in rounds.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use anyhow::ensure;
use ndarray::ArrayView2;
use tailproof_benches::{scores, sixty};
use tailproof_compare::scaling::{Curve, Point};
use tailproof_core::{Labels, Metric, NoMemo, Observations, Raw, Sample, Series, Unit};
use tailproof_resampling::{below, stream};
use tailproof_scorecard::tree::{CacheBounds, MemoryCache, Metrics, Modes, Plan, Switch, Tree};

use super::SEED;

/// Batches of a call, and rounds.
pub(super) const SIZES: [(usize, u32); 5] =
    [(10, 31), (100, 31), (1_000, 31), (10_000, 31), (1_000_000, 5)];
/// Rows that differ, at most: what is beyond repeats them, so that the cache may hold all.
pub(super) const DISTINCT: usize = 10_000;
/// Batches of a call around the threshold of several threads, and rounds.
pub(super) const AROUND: [(usize, u32); 5] =
    [(1_000, 31), (3_000, 31), (10_000, 31), (30_000, 31), (100_000, 31)];
/// Batches of a call while threads are counted, and rounds: the most of [`SIZES`], so that the
/// times are those of the same memory.
pub(super) const THREADED: (usize, u32) = (1_000_000, 15);
/// Batches of a call whose parts are told, and calls of which the median is told.
pub(super) const METERED: (usize, usize) = (1_000_000, 5);
/// A sample times at least so many batches, in several calls where one has fewer.
const LEAST: usize = if cfg!(test) { 200 } else { 20_000 };

/// What is measured, in the order of document 4's table, then what it is to be held against.
pub(super) const CONFIGURATIONS: [(&str, Option<Modes>); 7] = [
    ("baseline", Some(Modes::SERIAL)),
    ("parallel only", Some(Modes { parallel: Switch::On, ..Modes::SERIAL })),
    ("vectorised only", Some(Modes { vectorised: true, ..Modes::SERIAL })),
    ("cache only", Some(Modes { memoised: true, ..Modes::SERIAL })),
    (
        "all",
        Some(Modes { parallel: Switch::On, vectorised: true, memoised: true, ..Modes::SERIAL }),
    ),
    ("default", Some(Modes { parallel: Switch::Auto, vectorised: true, ..Modes::SERIAL })),
    ("plain form", None),
];

/// Times of all configurations for one number of batches.
pub(super) struct Size {
    pub(super) batches: usize,
    pub(super) rounds: u32,
    /// Nanoseconds a batch, in the order of [`CONFIGURATIONS`].
    pub(super) times: Vec<Series>,
}

/// Times around the threshold: one thread, then all, both side by side without a cache.
pub(super) struct Crossing {
    pub(super) batches: usize,
    pub(super) rounds: u32,
    pub(super) one: Series,
    pub(super) all: Series,
}

/// Times by number of threads, and of the same call without a pool of its own.
pub(super) struct Threads {
    pub(super) batches: usize,
    pub(super) rounds: u32,
    pub(super) direct: Series,
    pub(super) curve: Curve,
}

/// Everything that the document shows.
pub(super) struct Measured {
    pub(super) sizes: Vec<Size>,
    pub(super) around: Vec<Crossing>,
    pub(super) threads: Threads,
    /// The median call of every configuration that has modes, and its batches.
    pub(super) calls: Vec<(&'static str, Metrics)>,
    pub(super) metered: (usize, usize),
}

/// What every configuration works on.
struct Work<'a> {
    tree: &'a Tree,
    plan: &'a Plan,
    scores: ArrayView2<'a, f64>,
    cache: &'a MemoryCache,
}

impl Work<'_> {
    /// All nodes of all batches; `None` is the definition of the tree, batch by batch.
    fn once(&self, modes: Option<&Modes>) -> anyhow::Result<Vec<f64>> {
        let Some(modes) = modes else {
            let mut all = Vec::with_capacity(self.scores.nrows() * self.plan.nodes());
            for row in self.scores.rows() {
                let row = row.to_slice().expect("scores lie batch by batch");
                all.extend(self.tree.aggregate(row)?);
            }
            return Ok(all);
        };
        let values = if modes.memoised {
            self.plan.batch(self.scores, modes, self.cache)?
        } else {
            self.plan.batch(self.scores, modes, &NoMemo)?
        };
        Ok(values.into_raw_vec_and_offset().0)
    }

    /// Nanoseconds a batch, over a few calls.
    fn time(&self, modes: Option<&Modes>) -> anyhow::Result<f64> {
        let batches = self.scores.nrows();
        let calls = (LEAST / batches).max(1);
        let start = Instant::now();
        for _ in 0..calls {
            black_box(self.once(modes)?);
        }
        Ok(start.elapsed().as_nanos() as f64 / (calls * batches) as f64)
    }
}

/// Measures all configurations in rounds, in another order each round.
pub(super) fn size(batches: usize, rounds: u32) -> anyhow::Result<Size> {
    let tree = sixty();
    let plan = Plan::new(&tree);
    let scores = scores(batches, DISTINCT, SEED);
    let cache = MemoryCache::new(CacheBounds::new(16 << 20, 16 << 20)?);
    let work = Work { tree: &tree, plan: &plan, scores: scores.view(), cache: &cache };
    let want = work.once(None)?;
    // Fills the cache as well: when it is timed, every row is found.
    for (name, modes) in &CONFIGURATIONS {
        let got = work.once(modes.as_ref())?;
        let same = got.len() == want.len()
            && got.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits());
        ensure!(same, "{name} does not give the bits of the plain form");
    }
    let mut times = vec![Vec::new(); CONFIGURATIONS.len()];
    for round in 0..rounds {
        for index in shuffled(CONFIGURATIONS.len(), u64::from(round)) {
            times[index].push(work.time(CONFIGURATIONS[index].1.as_ref())?);
        }
    }
    let times = times.into_iter().map(series).collect::<anyhow::Result<_>>()?;
    Ok(Size { batches, rounds, times })
}

/// The two forms that the threshold chooses between, in rounds.
pub(super) fn crossing(batches: usize, rounds: u32) -> anyhow::Result<Crossing> {
    let (tree, scores) = (sixty(), scores(batches, DISTINCT, SEED));
    let plan = Plan::new(&tree);
    let cache = MemoryCache::new(CacheBounds::default());
    let work = Work { tree: &tree, plan: &plan, scores: scores.view(), cache: &cache };
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for index in shuffled(2, u64::from(round)) {
            let time = work.time(Some(&[ONE, ALL][index]))?;
            // The first round wakes threads and memory.
            if round > 0 {
                times[index].push(time);
            }
        }
    }
    let [one, all] = times.map(series);
    Ok(Crossing { batches, rounds, one: one?, all: all? })
}

/// Side by side on this thread, and on all.
const ONE: Modes = Modes { vectorised: true, ..Modes::SERIAL };
const ALL: Modes = Modes { parallel: Switch::On, ..ONE };

/// What the calls of every configuration consist of: of several calls the median one.
pub(super) fn calls(batches: usize, calls: usize) -> anyhow::Result<Vec<(&'static str, Metrics)>> {
    /// Batches on which the two ratios are measured.
    const SAMPLE: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");
    let (plan, scores) = (Plan::new(&sixty()), scores(batches, DISTINCT, SEED));
    let cache = MemoryCache::new(CacheBounds::new(16 << 20, 16 << 20)?);
    let start = Instant::now();
    let clock = || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let mut all = Vec::new();
    for (name, modes) in &CONFIGURATIONS {
        let Some(modes) = modes else { continue };
        let mut metered = Vec::new();
        for _ in 0..calls.max(1) {
            let (values, metrics) =
                plan.batch_measured(scores.view(), modes, &cache, &clock, Some(SAMPLE))?;
            black_box(values);
            metered.push(metrics);
        }
        metered.sort_by_key(|m| m.total);
        all.push((*name, metered[metered.len() / 2]));
    }
    Ok(all)
}

/// Times of the vectorised form by number of threads, interleaved in the same way.
pub(super) fn threads(batches: usize, rounds: u32) -> anyhow::Result<Threads> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let counts: Vec<usize> =
        (1..=cores).filter(|n| *n <= 8 || n.is_power_of_two() || *n == cores).collect();
    let (tree, scores) = (sixty(), scores(batches, DISTINCT, SEED));
    let plan = Plan::new(&tree);
    let cache = MemoryCache::new(CacheBounds::default());
    let work = Work { tree: &tree, plan: &plan, scores: scores.view(), cache: &cache };
    let mut pools = Vec::new();
    for &count in &counts {
        pools.push(rayon::ThreadPoolBuilder::new().num_threads(count).build()?);
    }
    // The last is the call without a pool.
    let mut times = vec![Vec::new(); counts.len() + 1];
    for round in 0..=rounds {
        for index in shuffled(counts.len() + 1, u64::from(round)) {
            let time = match pools.get(index) {
                Some(pool) => pool.install(|| work.time(Some(&ALL)))?,
                None => work.time(Some(&ONE))?,
            };
            // The first round wakes threads and memory.
            if round > 0 {
                times[index].push(time);
            }
        }
    }
    let direct = series(times.pop().expect("the call without a pool"))?;
    let mut points = Vec::new();
    for (&count, times) in counts.iter().zip(times) {
        points.push(Point { x: count as f64, values: Sample::new(times)? });
    }
    let (metric, labels, axis) = (metric(), Labels::new(), "threads".to_owned());
    let curve = Curve { metric, labels, axis, points, by_run: false };
    Ok(Threads { batches, rounds, direct, curve })
}

fn metric() -> Metric {
    Metric::new("time a batch", Unit::known("ns"))
}

fn series(times: Vec<f64>) -> anyhow::Result<Series> {
    Ok(Series::new(metric(), Observations::Raw(Raw::complete(Sample::new(times)?))))
}

/// The indices below `n` in an order of its own for every round.
fn shuffled(n: usize, round: u64) -> Vec<usize> {
    let mut rng = stream(SEED, round);
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, below(&mut rng, last as u64 + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_holds_every_index_once() {
        for round in 0..20 {
            let mut order = shuffled(7, round);
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert_ne!(shuffled(7, 0), shuffled(7, 1));
    }

    #[test]
    fn calls_are_told_in_the_order_of_the_configurations() {
        let calls = calls(50, 3).unwrap();
        let names: Vec<&str> = calls.iter().map(|call| call.0).collect();
        let wanted = CONFIGURATIONS.iter().filter(|c| c.1.is_some()).map(|c| c.0);
        assert_eq!(names, wanted.collect::<Vec<_>>());
        // The median of three calls that look everything up: by then everything is there.
        for (name, metrics) in calls {
            let asked = metrics.cache_hits + metrics.cache_misses;
            assert_eq!(asked, if ["cache only", "all"].contains(&name) { 50 } else { 0 }, "{name}");
            assert!(metrics.peak_buffer_bytes >= 50 * 11 * 8);
        }
    }

    #[test]
    fn threads_and_sizes_have_a_time_a_round() {
        let threads = threads(50, 2).unwrap();
        assert_eq!((threads.direct.observations.len(), threads.curve.points[0].x), (2, 1.0));
        let crossing = crossing(50, 2).unwrap();
        assert_eq!([&crossing.one, &crossing.all].map(|s| s.observations.len()), [2, 2]);
    }

    #[test]
    fn every_configuration_gives_the_same_bits() {
        let size = size(50, 2).unwrap();
        assert_eq!(size.times.len(), CONFIGURATIONS.len());
        assert!(size.times.iter().all(|s| s.observations.len() == 2));
    }
}
