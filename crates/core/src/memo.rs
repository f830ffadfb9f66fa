/// A cache that the caller passes in; keys are content hashes.
///
/// Pure crates use it without knowing whether it lives in memory or on disk.
pub trait Memo: std::fmt::Debug {
    /// The bytes stored under `key`, if any.
    fn get(&self, key: &[u8; 32]) -> Option<Vec<u8>>;
    /// Stores `value` under `key`; it may be dropped at any time.
    fn put(&self, key: &[u8; 32], value: &[u8]);
}

/// The cache that remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemo;

impl Memo for NoMemo {
    fn get(&self, _key: &[u8; 32]) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _key: &[u8; 32], _value: &[u8]) {}
}
