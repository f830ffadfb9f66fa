//! What depends only on the number of observations and a level, of which a gate needs the same
//! few thousands of times. Kept per thread: a function of its arguments alone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::thread::LocalKey;

use tailproof_core::binomial::{lower_rank, upper_rank};
use tailproof_core::distributions::student_quantile;
use tailproof_core::{Level, Rank};

/// Entries that are kept; samples of more sizes than this hardly share one.
const MOST: usize = 1_024;

type Table<K, V> = RefCell<HashMap<K, V>>;

/// Ranks of the lower and the upper bound, where there are such.
type Ranks = (Option<u64>, Option<u64>);

thread_local! {
    static RANKS: Table<(u64, Rank, Level), Ranks> = RefCell::default();
    static STUDENT: Table<(u64, Level), f64> = RefCell::default();
}

fn known<K, V>(table: &'static LocalKey<Table<K, V>>, key: K, value: impl FnOnce() -> V) -> V
where
    K: Eq + Hash,
    V: Copy,
{
    table.with_borrow_mut(|table| {
        if table.len() >= MOST {
            table.clear();
        }
        *table.entry(key).or_insert_with(value)
    })
}

/// Ranks of the order statistics of `n` observations between which the `p`-quantile lies, each
/// bound at `end`.
pub(super) fn ranks(n: u64, p: Rank, end: Level) -> Ranks {
    known(&RANKS, (n, p, end), || (lower_rank(n, p, end), upper_rank(n, p, end)))
}

/// Student's t for the two-sided interval of the mean of `n` observations, of which there are at
/// least two.
pub(super) fn student(n: u64, level: Level) -> f64 {
    known(&STUDENT, (n, level), || -student_quantile(level.alpha().to_f64() / 2.0, (n - 1) as f64))
}
