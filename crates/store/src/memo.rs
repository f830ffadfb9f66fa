//! A cache on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tailproof_core::Memo;
use tailproof_reporting::write_atomically;

/// How every entry begins; another layout would begin otherwise.
const MAGIC: &[u8; 8] = b"TPMEMO1\n";
/// Bytes before the value: the above and a checksum.
const HEAD: usize = MAGIC.len() + 32;

/// A [`Memo`] in a folder, bounded in bytes.
///
/// ```text
/// entry   ab/cdef….memo below the folder, the key in hexadecimal digits
/// bytes   "TPMEMO1\n" · SHA-256 of key and value · value
/// ```
/// Files are written whole or not at all. What is damaged, cut off or under the wrong name does
/// not fit its checksum and is a miss. When the folder would grow beyond its bound, the entries
/// written longest ago go first. A cache that cannot be written is no error, since it may forget
/// at any time: [`DiskMemo::failures`] counts. Every write waits for the disk, so that it is for
/// results that take longer than that.
///
/// Several processes may share a folder; each then keeps to the bound by what it saw last.
///
/// # Example
/// ```
/// use tailproof_core::Memo;
/// use tailproof_store::DiskMemo;
///
/// let folder = tempfile::tempdir()?;
/// let memo = DiskMemo::new(folder.path().join("cache"), 1 << 20);
/// memo.put(&[7; 32], b"expensive");
/// assert_eq!(memo.get(&[7; 32]).as_deref(), Some(&b"expensive"[..]));
/// assert_eq!(memo.get(&[8; 32]), None);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DiskMemo {
    folder: PathBuf,
    most: u64,
    /// Bytes of all entries, once they were counted.
    held: Mutex<Option<u64>>,
    hits: AtomicU64,
    misses: AtomicU64,
    failures: AtomicU64,
    damaged: AtomicU64,
}

impl DiskMemo {
    /// A cache in a folder, which need not exist yet, of at most so many bytes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, most: u64) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            folder: folder.into(),
            most,
            held: Mutex::new(None),
            hits: zero(),
            misses: zero(),
            failures: zero(),
            damaged: zero(),
        }
    }

    /// Look-ups that found something.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Look-ups that found nothing, or nothing whole.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Entries that could not be read, written or removed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Entries that were there and did not fit their checksum.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    /// The file of a key.
    fn path(&self, key: &[u8; 32]) -> PathBuf {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(&hex[..2]).join(format!("{}.memo", &hex[2..]))
    }

    /// The value of an entry, when all of it is there.
    fn read(&self, key: &[u8; 32]) -> Option<Vec<u8>> {
        let bytes = match fs::read(self.path(key)) {
            Ok(bytes) => bytes,
            Err(e) => {
                if e.kind() != io::ErrorKind::NotFound {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                }
                return None;
            }
        };
        let value = opened(key, &bytes);
        if value.is_none() {
            self.damaged.fetch_add(1, Ordering::Relaxed);
        }
        value.map(<[u8]>::to_vec)
    }

    /// Writes an entry after making room for it.
    fn write(&self, key: &[u8; 32], value: &[u8]) -> io::Result<()> {
        let size = (HEAD + value.len()) as u64;
        if size > self.most {
            return Ok(()); // There never is room.
        }
        let path = self.path(key);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = fs::symlink_metadata(&path).map_or(0, |m| m.len());
        let now = match *held {
            Some(now) if now.saturating_sub(before) + size <= self.most => now,
            _ => self.make_room(size)?,
        };
        // What was removed to make room is not there to be replaced.
        let before = if path.exists() { before } else { 0 };
        // Unknown until it is written: then the next write counts anew.
        *held = None;
        write_atomically(&path, &sealed(key, value))?;
        *held = Some(now.saturating_sub(before) + size);
        Ok(())
    }

    /// Counts all entries and removes the oldest until there is room for `size` bytes more;
    /// when some must go, a tenth of the bound is freed, so that not every write has to count.
    fn make_room(&self, size: u64) -> io::Result<u64> {
        let mut entries = entries(&self.folder)?;
        let mut held: u64 = entries.iter().map(|e| e.bytes).sum();
        if held.saturating_add(size) <= self.most {
            return Ok(held);
        }
        let goal = self.most.saturating_sub(size).min(self.most / 10 * 9);
        entries.sort_by(|a, b| (a.written, &a.path).cmp(&(b.written, &b.path)));
        for entry in entries {
            if held <= goal {
                break;
            }
            match fs::remove_file(&entry.path) {
                Ok(()) => held -= entry.bytes,
                Err(e) if e.kind() == io::ErrorKind::NotFound => held -= entry.bytes,
                Err(e) => return Err(e),
            }
        }
        Ok(held)
    }
}

impl Memo for DiskMemo {
    fn get(&self, key: &[u8; 32]) -> Option<Vec<u8>> {
        let found = self.read(key);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn put(&self, key: &[u8; 32], value: &[u8]) {
        if self.write(key, value).is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// An entry on disk.
struct Entry {
    written: SystemTime,
    path: PathBuf,
    bytes: u64,
}

/// All entries below a folder; none when it does not exist. Other files are left alone.
fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let listed = |path: &Path| match fs::read_dir(path) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    };
    let mut all = Vec::new();
    for first in listed(folder)? {
        let name = first.file_name();
        if !is_hex(name.to_str(), 2) || !first.file_type()?.is_dir() {
            continue;
        }
        for entry in listed(&first.path())? {
            let name = entry.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(".memo"));
            if !is_hex(stem, 62) {
                continue;
            }
            // Another process may have removed it meanwhile.
            let Ok(facts) = entry.metadata() else { continue };
            let written = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            all.push(Entry { written, path: entry.path(), bytes: facts.len() });
        }
    }
    Ok(all)
}

/// Whether a name is so many lower-case hexadecimal digits.
fn is_hex(name: Option<&str>, digits: usize) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    name.is_some_and(|name| name.len() == digits && name.bytes().all(hex))
}

fn checksum(key: &[u8; 32], value: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update(value).finalize().into()
}

/// The bytes of an entry.
fn sealed(key: &[u8; 32], value: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &checksum(key, value)[..], value].concat()
}

/// The value in the bytes of an entry, when they are whole and of this key.
fn opened<'a>(key: &[u8; 32], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, value) = bytes.strip_prefix(MAGIC)?.split_at_checked(32)?;
    (sum == checksum(key, value)).then_some(value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(i: u8) -> [u8; 32] {
        [i; 32]
    }

    /// Files below a folder, and their bytes.
    fn found(memo: &DiskMemo) -> (usize, u64) {
        let all = entries(&memo.folder).unwrap();
        (all.len(), all.iter().map(|e| e.bytes).sum())
    }

    #[test]
    fn entries_outlive_the_process_that_wrote_them() {
        let folder = tempfile::tempdir().unwrap();
        let memo = DiskMemo::new(folder.path(), 1 << 20);
        assert_eq!(memo.get(&key(1)), None);
        memo.put(&key(1), b"one");
        memo.put(&key(2), b"");
        memo.put(&key(1), b"other");
        let again = DiskMemo::new(folder.path(), 1 << 20);
        assert_eq!(again.get(&key(1)), Some(b"other".to_vec()));
        assert_eq!(again.get(&key(2)), Some(Vec::new()));
        assert_eq!((again.hits(), again.misses(), again.failures()), (2, 0, 0));
        let (files, bytes) = found(&memo);
        assert_eq!((files, bytes), (2, 2 * HEAD as u64 + 5));
        assert_eq!(*memo.held.lock().unwrap(), Some(bytes));
    }

    #[test]
    fn what_is_damaged_is_a_miss_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let memo = DiskMemo::new(folder.path(), 1 << 20);
        memo.put(&key(1), b"a value of some length");
        let path = memo.path(&key(1));
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let renamed = sealed(&key(2), b"a value of some length");
        for bad in
            [&whole[..whole.len() - 1], &whole[..10], &[], &flipped[..], &renamed[..], &b"text"[..]]
        {
            fs::write(&path, bad).unwrap();
            assert_eq!(memo.get(&key(1)), None);
        }
        assert_eq!((memo.damaged(), memo.misses(), memo.failures()), (6, 6, 0));
        memo.put(&key(1), b"new");
        assert_eq!(memo.get(&key(1)), Some(b"new".to_vec()));
    }

    #[test]
    fn the_oldest_go_first_and_the_bound_holds() {
        let folder = tempfile::tempdir().unwrap();
        let most = 10 * (HEAD as u64 + 60);
        let memo = DiskMemo::new(folder.path(), most);
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for i in 0..30 {
            memo.put(&key(i), &[i; 60]);
            // Times that no clock makes equal.
            let file = fs::File::options().write(true).open(memo.path(&key(i))).unwrap();
            file.set_modified(start + Duration::from_secs(u64::from(i))).unwrap();
            assert!(found(&memo).1 <= most, "{i}");
        }
        assert!(memo.get(&key(29)).is_some() && memo.get(&key(28)).is_some());
        assert_eq!(memo.get(&key(0)), None);
        memo.put(&key(40), &vec![0; 10_000]);
        assert_eq!((memo.get(&key(40)), memo.failures()), (None, 0));
        // Files of others are left alone.
        let stranger = folder.path().join("ab/readme.txt");
        fs::create_dir_all(stranger.parent().unwrap()).unwrap();
        fs::write(&stranger, vec![0; 5_000]).unwrap();
        for i in 0..30 {
            memo.put(&key(i), &[i; 60]);
        }
        assert!(stranger.exists() && found(&memo).1 <= most);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let memo = DiskMemo::new(&file, 1 << 20);
        memo.put(&key(1), b"x");
        assert_eq!(memo.get(&key(1)), None);
        assert!(memo.failures() >= 1 && memo.hits() == 0);
    }
}
