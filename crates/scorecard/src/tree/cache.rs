//! Results found again by their content.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use sha2::{Digest, Sha256};
use tailproof_core::{Level, Memo, Seed};

/// A key of a [`Memo`]: SHA-256 over all that a result is a function of, in one byte form.
///
/// ```text
/// field   kind (1 byte) · length in bytes (u64, little-endian) · bytes
/// kinds   t text · n count (u64) · f numbers (IEEE 754 bits, each little-endian)
/// ```
/// The first two fields are a domain and its version: change the version whenever the same
/// input may give other bits, so that no older result is taken for a new one. Because every
/// field carries its length, no two lists of fields read the same. `0.0` and `-0.0` are two
/// contents.
///
/// # Example
/// ```
/// use tailproof_scorecard::tree::Content;
///
/// let key = |data: &[f64]| Content::new("demo", 1).text("mean").numbers(data).key();
/// assert_eq!(key(&[1.0, 2.0]), key(&[1.0, 2.0]));
/// assert_ne!(key(&[1.0, 2.0]), key(&[2.0, 1.0]));
/// ```
#[derive(Clone, Debug)]
pub struct Content(Sha256);

impl Content {
    /// Begins with the kind of result, and the version of how it is computed.
    #[must_use]
    pub fn new(domain: &str, version: u32) -> Self {
        Self(Sha256::new()).text(domain).count(u64::from(version))
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.field(b't', text.as_bytes())
    }

    /// Adds a count, a seed or another whole number.
    #[must_use]
    pub fn count(self, n: u64) -> Self {
        self.field(b'n', &n.to_le_bytes())
    }

    /// Adds numbers, as one list.
    #[must_use]
    pub fn numbers(self, numbers: &[f64]) -> Self {
        self.field(b'f', &to_bytes(numbers))
    }

    /// The key.
    #[must_use]
    pub fn key(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn field(mut self, kind: u8, bytes: &[u8]) -> Self {
        self.0.update([kind]);
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }
}

/// The key of a bootstrap: data of each leaf, method, level, replicates and seed.
#[must_use]
pub fn bootstrap_key(
    data: &[&[f64]],
    method: &str,
    level: Level,
    replicates: u32,
    seed: Seed,
) -> [u8; 32] {
    let level = level.value();
    let content = Content::new("tailproof bootstrap of a node", 1)
        .text(method)
        .count(level.num())
        .count(level.den())
        .count(u64::from(replicates))
        .count(seed.0)
        .count(data.len() as u64);
    data.iter().fold(content, |content, sample| content.numbers(sample)).key()
}

/// `n` numbers from a cache, or computed and kept there; entries of another length are computed
/// anew, and errors are not kept.
pub(super) fn remembered<E>(
    memo: &dyn Memo,
    key: &[u8; 32],
    n: usize,
    compute: impl FnOnce() -> Result<Vec<f64>, E>,
) -> Result<Vec<f64>, E> {
    if let Some(known) = memo.get(key).and_then(|bytes| from_bytes(&bytes, n)) {
        return Ok(known);
    }
    let computed = compute()?;
    memo.put(key, &to_bytes(&computed));
    Ok(computed)
}

/// The bits of numbers, little-endian.
pub(super) fn to_bytes(numbers: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * numbers.len());
    for x in numbers {
        bytes.extend_from_slice(&x.to_bits().to_le_bytes());
    }
    bytes
}

/// The numbers back; `None` when they are not `n`.
pub(super) fn from_bytes(bytes: &[u8], n: usize) -> Option<Vec<f64>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let fits = numbers.len() == n && rest.is_empty();
    fits.then(|| numbers.iter().map(|&x| f64::from_bits(u64::from_le_bytes(x))).collect())
}

/// Why [`CacheBounds`] could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cache holds from {least} bytes up to {most}: the first must not be 0 nor above the second"
)]
pub struct CacheBoundsError {
    /// Smallest capacity.
    pub least: u64,
    /// Largest capacity.
    pub most: u64,
}

/// How large a [`MemoryCache`] may be; every value of this type is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheBounds {
    least: u64,
    most: u64,
    window: u64,
}

impl CacheBounds {
    /// Capacities in bytes; it begins with the smallest and looks at its hit rate every 1 024
    /// look-ups.
    ///
    /// # Errors
    /// The smallest is zero or above the largest.
    pub const fn new(least: u64, most: u64) -> Result<Self, CacheBoundsError> {
        if least == 0 || least > most {
            return Err(CacheBoundsError { least, most });
        }
        Ok(Self { least, most, window: 1_024 })
    }

    /// Looks at the hit rate every so many look-ups, at least every one.
    #[must_use]
    pub const fn window(self, lookups: u64) -> Self {
        let window = if lookups == 0 { 1 } else { lookups };
        Self { window, ..self }
    }
}

impl Default for CacheBounds {
    /// From 1 MiB to 64 MiB.
    fn default() -> Self {
        Self::new(1 << 20, 64 << 20).expect("1 MiB is less than 64 MiB")
    }
}

/// Bytes of an entry beside its value: key and bookkeeping.
const OVERHEAD: u64 = 96;
/// Parts that lock independently; not the number of cores, so that what is evicted does not
/// depend on the machine.
const SHARDS: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Weighter<[u8; 32], Arc<[u8]>> for Bytes {
    fn weight(&self, _key: &[u8; 32], value: &Arc<[u8]>) -> u64 {
        OVERHEAD + value.len() as u64
    }
}

/// The default hasher without random keys: keys are hashes already.
type Hashing = BuildHasherDefault<DefaultHasher>;

/// A [`Memo`] in memory, bounded in bytes, that adapts its size to its hit rate.
///
/// ```text
/// every `window` look-ups:   hits > 80 %  capacity × 1.5      hits < 30 %  capacity × 0.7
///                            between `least` and `most` bytes
/// ```
/// That is document 4's rule. It is a bound on memory and no optimum: many hits do not show that
/// more room would give more of them. An entry counts its value and 96 bytes; one larger than an
/// eighth of the capacity may be refused. Meant for results that take milliseconds, such as
/// bootstraps; a hit costs a hash of the content and a copy.
#[derive(Debug)]
pub struct MemoryCache {
    cache: Cache<[u8; 32], Arc<[u8]>, Bytes, Hashing>,
    bounds: CacheBounds,
    capacity: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    /// Hits since the size was last looked at.
    recent: AtomicU64,
    lookups: AtomicU64,
}

impl MemoryCache {
    /// An empty cache of the smallest capacity.
    #[must_use]
    pub fn new(bounds: CacheBounds) -> Self {
        // Of a few hundred bytes each; it sizes the memory of keys that were evicted.
        let items = usize::try_from(bounds.least / 256).unwrap_or(usize::MAX).clamp(1, 1 << 20);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(items)
            .weight_capacity(bounds.least)
            .build()
            .expect("both capacities are set");
        let zero = || AtomicU64::new(0);
        Self {
            cache: Cache::with_options(
                options,
                Bytes,
                Hashing::default(),
                DefaultLifecycle::default(),
            ),
            bounds,
            capacity: AtomicU64::new(bounds.least),
            hits: zero(),
            misses: zero(),
            recent: zero(),
            lookups: zero(),
        }
    }

    /// Look-ups that found something.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Look-ups that found nothing.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Bytes that it may hold now.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.capacity.load(Ordering::Relaxed)
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// Entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    fn count(&self, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        if hit {
            self.recent.fetch_add(1, Ordering::Relaxed);
        }
        let lookups = self.lookups.fetch_add(1, Ordering::Relaxed) + 1;
        if lookups.is_multiple_of(self.bounds.window) {
            let hits = self.recent.swap(0, Ordering::Relaxed);
            let capacity = self.capacity();
            let next = adapted(capacity, hits as f64 / self.bounds.window as f64, &self.bounds);
            if next != capacity {
                self.cache.set_capacity(next);
                self.capacity.store(next, Ordering::Relaxed);
            }
        }
    }
}

/// The capacity after a window with this share of hits.
fn adapted(capacity: u64, rate: f64, bounds: &CacheBounds) -> u64 {
    let wanted = if rate > 0.8 {
        capacity.saturating_add(capacity / 2)
    } else if rate < 0.3 {
        capacity / 10 * 7
    } else {
        capacity
    };
    wanted.clamp(bounds.least, bounds.most)
}

impl Memo for MemoryCache {
    fn get(&self, key: &[u8; 32]) -> Option<Vec<u8>> {
        let found = self.cache.get(key);
        self.count(found.is_some());
        found.map(|bytes| bytes.to_vec())
    }

    fn put(&self, key: &[u8; 32], value: &[u8]) {
        self.cache.insert(*key, Arc::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(i: u64) -> [u8; 32] {
        Content::new("test", 1).count(i).key()
    }

    #[test]
    fn keys_tell_all_that_matters_apart() {
        let base = (vec![1.0, 2.0], vec![3.0]);
        let of = |a: &[f64], b: &[f64], method, level, replicates, seed| {
            bootstrap_key(&[a, b], method, level, replicates, Seed(seed))
        };
        let one = of(&base.0, &base.1, "percentile", Level::P95, 1_000, 42);
        assert_eq!(one, of(&base.0, &base.1, "percentile", Level::P95, 1_000, 42));
        for other in [
            of(&base.1, &base.0, "percentile", Level::P95, 1_000, 42),
            of(&[1.0], &[2.0, 3.0], "percentile", Level::P95, 1_000, 42),
            of(&base.0, &base.1, "basic", Level::P95, 1_000, 42),
            of(&base.0, &base.1, "percentile", Level::P999, 1_000, 42),
            of(&base.0, &base.1, "percentile", Level::P95, 1_001, 42),
            of(&base.0, &base.1, "percentile", Level::P95, 1_000, 43),
            bootstrap_key(&[&[1.0, 2.0, 3.0]], "percentile", Level::P95, 1_000, Seed(42)),
        ] {
            assert_ne!(one, other);
        }
        assert_ne!(
            Content::new("a", 1).text("bc").key(),
            Content::new("a", 1).text("b").text("c").key()
        );
        assert_ne!(Content::new("a", 1).key(), Content::new("a", 2).key());
    }

    #[test]
    fn what_is_kept_comes_back_to_the_bit() {
        let cache = MemoryCache::new(CacheBounds::default());
        let want = [1.5, -0.0, f64::MIN_POSITIVE, 1e300];
        let ask = |n, computed: Result<Vec<f64>, &'static str>| {
            remembered(&cache, &key(1), n, || computed)
        };
        assert_eq!(ask(4, Err("nothing is kept")), Err("nothing is kept"));
        let (first, second) = (ask(4, Ok(want.to_vec())), ask(4, Err("it is in the cache")));
        let bits = |xs: Result<Vec<f64>, _>| {
            xs.unwrap().iter().map(|x: &f64| x.to_bits()).collect::<Vec<u64>>()
        };
        let wanted = bits(Ok(want.to_vec()));
        assert_eq!((bits(first), bits(second)), (wanted.clone(), wanted));
        assert_eq!((cache.hits(), cache.misses(), cache.len()), (1, 2, 1));
        // Another length is no answer.
        assert_eq!(ask(2, Ok(vec![7.0, 8.0])), Ok(vec![7.0, 8.0]));
        assert_eq!(ask(2, Err("it is in the cache")), Ok(vec![7.0, 8.0]));
    }

    #[test]
    fn it_stays_within_its_bytes() {
        let bounds = CacheBounds::new(64 << 10, 64 << 10).unwrap();
        let cache = MemoryCache::new(bounds);
        for i in 0..10_000 {
            cache.put(&key(i), &[0; 160]);
        }
        assert!(cache.bytes() <= 64 << 10, "{}", cache.bytes());
        assert!(cache.len() > 100, "{}", cache.len());
        cache.put(&key(1), &vec![0; 1 << 20]);
        assert!(cache.bytes() <= 64 << 10, "{}", cache.bytes());
        assert!(CacheBounds::new(0, 1).is_err() && CacheBounds::new(2, 1).is_err());
    }

    #[test]
    fn it_grows_by_hits_and_shrinks_by_misses() {
        let bounds = CacheBounds::new(10_000, 30_000).unwrap().window(10);
        assert_eq!(adapted(10_000, 0.81, &bounds), 15_000);
        assert_eq!(adapted(25_000, 0.9, &bounds), 30_000);
        assert_eq!(adapted(20_000, 0.8, &bounds), 20_000);
        assert_eq!(adapted(20_000, 0.3, &bounds), 20_000);
        assert_eq!(adapted(20_000, 0.29, &bounds), 14_000);
        assert_eq!(adapted(12_000, 0.0, &bounds), 10_000);
        let cache = MemoryCache::new(bounds);
        cache.put(&key(1), &[1; 8]);
        for _ in 0..10 {
            assert!(cache.get(&key(1)).is_some());
        }
        assert_eq!(cache.capacity(), 15_000);
        for i in 2..12 {
            assert!(cache.get(&key(i)).is_none());
        }
        assert_eq!(cache.capacity(), 10_500);
        assert_eq!((cache.hits(), cache.misses()), (10, 10));
    }
}
