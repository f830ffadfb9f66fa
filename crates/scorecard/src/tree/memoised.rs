//! Rows that were aggregated before, out of a cache.

use std::sync::atomic::{AtomicU64, Ordering};

use tailproof_core::Memo;

use super::Plan;
use super::batch::Scratch;
use super::cache::{Content, from_bytes, to_bytes};

/// Aggregation of rows by way of a cache, whose entries are found by the content of row and tree.
pub(super) struct Remembered<'a> {
    plan: &'a Plan,
    memo: &'a (dyn Memo + Sync),
    /// What all keys begin with.
    tree: Content,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<'a> Remembered<'a> {
    pub(super) fn new(plan: &'a Plan, memo: &'a (dyn Memo + Sync)) -> Self {
        let tree = plan.content();
        Self { plan, memo, tree, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Aggregates rows: those in the cache are read, the others computed together and kept.
    pub(super) fn fill(&self, rows: &[f64], values: &mut [f64], scratch: Option<&mut Scratch>) {
        let width = self.plan.leaves().len().max(1);
        let nodes = self.plan.nodes().max(1);
        let mut missing: Vec<(usize, [u8; 32])> = Vec::new();
        let mut gathered: Vec<f64> = Vec::new();
        for (index, row) in rows.chunks_exact(width).enumerate() {
            let key = self.tree.clone().numbers(row).key();
            let known = self.memo.get(&key).and_then(|bytes| from_bytes(&bytes, nodes));
            if let Some(known) = known {
                values[index * nodes..][..nodes].copy_from_slice(&known);
            } else {
                missing.push((index, key));
                gathered.extend_from_slice(row);
            }
        }
        let mut computed = vec![0.0; missing.len() * nodes];
        self.plan.aggregate_rows(&gathered, &mut computed, scratch);
        for ((index, key), computed) in missing.iter().zip(computed.chunks_exact(nodes)) {
            values[index * nodes..][..nodes].copy_from_slice(computed);
            self.memo.put(key, &to_bytes(computed));
        }
        let misses = missing.len() as u64;
        self.misses.fetch_add(misses, Ordering::Relaxed);
        self.hits.fetch_add((rows.len() / width) as u64 - misses, Ordering::Relaxed);
    }

    /// Hits and misses so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Memo, NoMemo};

    use super::super::fixture::{irregular, scores, sixty};
    use super::super::{CacheBounds, MemoryCache, Modes, Plan};

    const MEMOISED: Modes = Modes { memoised: true, ..Modes::SERIAL };

    /// Answers every key with bytes that are no result.
    #[derive(Debug)]
    struct Corrupt;

    impl Memo for Corrupt {
        fn get(&self, _key: &[u8; 32]) -> Option<Vec<u8>> {
            Some(vec![1, 2, 3])
        }

        fn put(&self, _key: &[u8; 32], _value: &[u8]) {}
    }

    #[test]
    fn the_second_time_all_are_hits_and_another_tree_has_none() {
        let (one, other) = (Plan::new(&sixty()), Plan::new(&irregular()));
        let cache = MemoryCache::new(CacheBounds::default());
        let (a, b) = (scores(&sixty(), 20), scores(&irregular(), 20));
        let found = |plan: &Plan, scores: &ndarray::Array2<f64>| {
            plan.run(scores.view(), &MEMOISED, &cache, &|| 0).unwrap().found
        };
        assert_eq!(found(&one, &a), (0, 20));
        assert_eq!(found(&one, &a), (20, 0));
        assert_eq!(found(&other, &b), (0, 20));
        let none = one.run(a.view(), &MEMOISED, &NoMemo, &|| 0).unwrap();
        assert_eq!(none.found, (0, 20));
    }

    #[test]
    fn an_entry_of_the_wrong_length_is_a_miss() {
        let plan = Plan::new(&sixty());
        let scores = scores(&sixty(), 5);
        let run = plan.run(scores.view(), &MEMOISED, &Corrupt, &|| 0).unwrap();
        assert_eq!(run.found, (0, 5));
        assert_eq!(run.values, plan.batch(scores.view(), &Modes::SERIAL, &NoMemo).unwrap());
    }
}
