//! What a call of the batch form cost.
#![expect(clippy::needless_pass_by_value, reason = "an array view is a reference")]

use std::num::NonZeroUsize;

use ndarray::{Array2, ArrayView2};
use tailproof_core::Memo;

use super::batch::{BatchError, Run};
use super::{Modes, Plan, Switch};

/// A clock in nanoseconds from any origin, that never goes back.
pub type Clock<'a> = &'a (dyn Fn() -> u64 + Sync);

/// Times, speed-ups, cache and memory of one call. Times are in nanoseconds of the clock that
/// was passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// From the call to its result: `validation + aggregation` and what it took to lay the
    /// scores out when they did not lie batch by batch.
    pub total: u64,
    /// Every score looked at: finite, and in the range.
    pub validation: u64,
    /// The result allocated and every node of every batch computed or found in the cache.
    pub aggregation: u64,
    /// `T₁/(p·T_p)` on the sample: 1 when p threads take a p-th of the time. `T₁`, `T_p` are
    /// aggregations by one thread and by the p threads of the rayon pool, vectorised or not as
    /// the call was, the least of three each. `None` unless asked for, and with one thread.
    pub parallel_efficiency: Option<f64>,
    /// `T_rows/T_blocks` on the sample: aggregation batch by batch over aggregation of batches
    /// side by side, both by one thread, the least of three each. `None` unless asked for.
    pub vectorisation_speedup: Option<f64>,
    /// Batches found in the cache; two equal batches of one call may both be missed when
    /// threads meet them at the same time.
    pub cache_hits: u64,
    /// Batches looked for in the cache and computed.
    pub cache_misses: u64,
    /// `batches / total`; `None` when the clock did not move.
    pub batches_per_second: Option<f64>,
    /// Bytes allocated for results, for a copy of scores that did not lie batch by batch, and
    /// for what each thread keeps; not those of the caller's scores and of the cache.
    pub peak_buffer_bytes: usize,
}

impl Metrics {
    /// `hits / (hits + misses)`; `None` when the cache was not asked.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let asked = self.cache_hits + self.cache_misses;
        (asked > 0).then(|| self.cache_hits as f64 / asked as f64)
    }
}

impl Plan {
    /// As [`Plan::batch`], with what it cost.
    ///
    /// With `sample` the first so many batches are aggregated twelve times more, after the call
    /// and outside of its times, for the two ratios that one run cannot give. The cache has no
    /// part in them.
    ///
    /// # Errors
    /// As [`Plan::batch`].
    pub fn batch_measured(
        &self,
        scores: ArrayView2<'_, f64>,
        modes: &Modes,
        memo: &(dyn Memo + Sync),
        clock: Clock<'_>,
        sample: Option<NonZeroUsize>,
    ) -> Result<(Array2<f64>, Metrics), BatchError> {
        let Run { values, total, validation, aggregation, found, bytes } =
            self.run(scores, modes, memo, clock)?;
        let batches = values.nrows();
        let mut metrics = Metrics {
            total,
            validation,
            aggregation,
            parallel_efficiency: None,
            vectorisation_speedup: None,
            cache_hits: found.0,
            cache_misses: found.1,
            batches_per_second: ratio(1e9 * batches as f64, total as f64),
            peak_buffer_bytes: bytes,
        };
        if let Some(sample) = sample {
            let rows = sample.get().min(batches);
            let part: Vec<f64> = scores.iter().copied().take(rows * scores.ncols()).collect();
            self.compare(&part, rows, modes, clock, &mut metrics);
        }
        Ok((values, metrics))
    }

    /// The ratios that need more than one run.
    fn compare(
        &self,
        part: &[f64],
        rows: usize,
        modes: &Modes,
        clock: Clock<'_>,
        metrics: &mut Metrics,
    ) {
        let threads = rayon::current_num_threads();
        let alone = |vectorised| Modes { vectorised, ..Modes::SERIAL };
        let same = alone(modes.vectorised);
        let ways = [alone(false), alone(true), same, Modes { parallel: Switch::On, ..same }];
        let mut least = [u64::MAX; 4];
        let mut values = vec![0.0; rows * self.nodes.len()];
        for _ in 0..3 {
            for (way, least) in ways.iter().zip(&mut least) {
                let begin = clock();
                let parallel = way.parallel == Switch::On;
                self.fill(part, &mut values, parallel, way, &tailproof_core::NoMemo);
                *least = clock().saturating_sub(begin).min(*least);
            }
        }
        let [by_row, by_block, one, all] = least.map(|t| t as f64);
        metrics.vectorisation_speedup = ratio(by_row, by_block);
        if threads > 1 {
            metrics.parallel_efficiency = ratio(one, all * threads as f64);
        }
    }
}

/// `None` when there is nothing to divide or to divide by.
fn ratio(over: f64, under: f64) -> Option<f64> {
    (over > 0.0 && under > 0.0).then(|| over / under)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::fixture::{scores, sixty};
    use super::super::{CacheBounds, MemoryCache};
    use super::*;

    #[test]
    fn times_are_those_of_the_clock() {
        let (plan, scores) = (Plan::new(&sixty()), scores(&sixty(), 1_000));
        let now = AtomicU64::new(0);
        // Every look at the clock takes a microsecond: begin, laid out, checked, end.
        let clock = || now.fetch_add(1_000, Ordering::Relaxed);
        let cache = MemoryCache::new(CacheBounds::default());
        let modes = Modes { memoised: true, ..Modes::SERIAL };
        let (values, metrics) =
            plan.batch_measured(scores.view(), &modes, &cache, &clock, None).unwrap();
        assert_eq!(values, plan.batch(scores.view(), &Modes::default(), &cache).unwrap());
        assert_eq!((metrics.total, metrics.validation, metrics.aggregation), (3_000, 1_000, 1_000));
        assert_eq!((metrics.cache_hits, metrics.cache_misses), (0, 1_000));
        assert_eq!((metrics.hit_rate(), metrics.vectorisation_speedup), (Some(0.0), None));
        assert!((metrics.batches_per_second.unwrap() / (1_000.0 / 3e-6) - 1.0).abs() < 1e-12);
        assert!(metrics.peak_buffer_bytes >= 8 * values.len());
    }

    #[test]
    fn ratios_are_measured_when_asked() {
        let (plan, scores) = (Plan::new(&sixty()), scores(&sixty(), 100));
        let now = AtomicU64::new(0);
        let clock = || now.fetch_add(1_000, Ordering::Relaxed);
        let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        for (threads, efficiency) in [(1, None), (2, Some(0.5))] {
            let sample = NonZeroUsize::new(64);
            let run = || {
                let memo = &tailproof_core::NoMemo;
                plan.batch_measured(scores.view(), &Modes::default(), memo, &clock, sample)
            };
            let (_, metrics) = pool(threads).install(run).unwrap();
            assert_eq!(metrics.parallel_efficiency, efficiency);
            assert_eq!(metrics.vectorisation_speedup, Some(1.0));
            assert_eq!(metrics.hit_rate(), None);
        }
        // A clock that stands still gives no rates.
        let (_, still) = plan
            .batch_measured(
                scores.view(),
                &Modes::default(),
                &tailproof_core::NoMemo,
                &|| 7,
                NonZeroUsize::new(10),
            )
            .unwrap();
        assert_eq!((still.total, still.batches_per_second), (0, None));
        assert_eq!(still.vectorisation_speedup, None);
    }
}
