use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tailproof_core::Source;

use crate::IngestError;

/// Bytes looked at to find the format.
const HEAD: usize = 64 * 1024;
/// Longest line; a longer one is no record of measurements.
const LONGEST: u64 = 16 << 20;

/// The format of a source that holds no measurements: it was read beside an input, because it
/// says what the input is, as criterion's `benchmark.json` does.
pub const COMPANION: &str = "companion";

/// Something to read.
pub struct Input {
    name: String,
    kind: Kind,
    watch: Option<Watch>,
    labels: Vec<(String, String)>,
    group: Option<String>,
    notes: Vec<String>,
    companions: Vec<Source>,
    beside: Option<Arc<Beside>>,
}

/// A file that describes others beside it.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) source: Source,
    pub(crate) document: Map<String, Value>,
}

/// A file beside an input as a source; `None` when there is none that can be read.
pub(crate) fn companion(path: &Path) -> Option<Source> {
    let file = path.is_file().then(|| File::open(path).ok()).flatten()?;
    let mut hashing = Hashing::new(Box::new(file), None);
    io::copy(&mut hashing, &mut io::sink()).ok()?;
    let Hashing { hash, bytes, .. } = hashing;
    let name = path.display().to_string();
    Some(Source { name, sha256: hash.finalize().into(), bytes, format: COMPANION.to_owned() })
}

/// Told how many bytes have been read since it was told last.
type Watch = Box<dyn FnMut(u64)>;

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Kind {
    Path(PathBuf),
    Stdin,
    Bytes(Vec<u8>),
}

impl Input {
    /// A file, or standard input for `-`.
    #[must_use]
    pub fn from_path(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.display().to_string();
        let kind = if name == "-" { Kind::Stdin } else { Kind::Path(path.to_owned()) };
        Self::new(name, kind)
    }

    /// Bytes in memory, under a name for messages.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let (name, kind) = (name.into(), Kind::Bytes(bytes.into()));
        Self::new(name, kind)
    }

    fn new(name: String, kind: Kind) -> Self {
        let (labels, notes, companions) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, kind, watch: None, labels, group: None, notes, companions, beside: None }
    }

    /// Labels of everything in it, such as the benchmark that a folder tells.
    #[must_use]
    pub fn labelled(self, labels: Vec<(String, String)>) -> Self {
        Self { labels, ..self }
    }

    /// Makes it part of a run: inputs of one group are not runs of their own.
    #[must_use]
    pub fn part_of(self, group: impl Into<String>) -> Self {
        Self { group: Some(group.into()), ..self }
    }

    /// What people should know of it.
    pub(crate) fn noted(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    /// Names files that were read to tell what it is.
    pub(crate) fn accompany(&mut self, companions: impl IntoIterator<Item = Source>) {
        self.companions.extend(companions);
    }

    /// Hands over what a file beside it says of it.
    pub(crate) fn beside(self, beside: Arc<Beside>) -> Self {
        Self { beside: Some(beside), ..self }
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn companions(&self) -> &[Source] {
        &self.companions
    }

    pub(crate) fn labels(&self) -> &[(String, String)] {
        &self.labels
    }

    pub(crate) fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Tells `watch` how many bytes were read, each time some are.
    #[must_use]
    pub fn watched(self, watch: impl FnMut(u64) + 'static) -> Self {
        Self { watch: Some(Box::new(watch)), ..self }
    }

    /// The name as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn open(self) -> Result<Opened, IngestError> {
        let name = self.name;
        let io = |source| IngestError::Io { file: name.clone(), source };
        let source: Box<dyn Read> = match self.kind {
            Kind::Path(path) => {
                let file = File::open(&path).map_err(io)?;
                if file.metadata().map_err(io)?.is_dir() {
                    return Err(IngestError::Directory(name));
                }
                Box::new(file)
            }
            Kind::Stdin => Box::new(io::stdin()),
            Kind::Bytes(bytes) => Box::new(Cursor::new(bytes)),
        };
        let mut hashing = Hashing::new(source, self.watch);
        let mut head = Vec::new();
        hashing.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
        if head.is_empty() {
            return Err(IngestError::Empty(name));
        }
        // A byte-order mark is no part of the first heading.
        let skip = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
        let whole = head.len() < HEAD;
        let text = match std::str::from_utf8(&head) {
            Ok(_) => true,
            // A character may be cut at the end of the head.
            Err(e) => !whole && e.valid_up_to() + 4 > head.len(),
        };
        let table = head.starts_with(b"PAR1") || head.starts_with(b"ARROW1");
        if !table && (!text || head.contains(&0)) {
            return Err(IngestError::Binary(name));
        }
        let rest = Cursor::new(head).chain(hashing);
        let mut reader = BufReader::with_capacity(1 << 16, rest);
        reader.get_mut().get_mut().0.set_position(skip);
        Ok(Opened { name, reader, beside: self.beside, described: None })
    }
}

/// An open input; hashes what passes through.
pub(crate) struct Opened {
    pub(crate) name: String,
    pub(crate) reader: BufReader<io::Chain<Cursor<Vec<u8>>, Hashing>>,
    beside: Option<Arc<Beside>>,
    /// The file beside it, once it was asked for.
    described: Option<Arc<Beside>>,
}

impl Opened {
    /// The first bytes, without byte-order mark.
    pub(crate) fn head(&self) -> &[u8] {
        let (head, _) = self.reader.get_ref().get_ref();
        &head.get_ref()[head.position() as usize..]
    }

    /// What a file beside it says of it, if there is one.
    pub(crate) fn beside(&mut self) -> Option<Arc<Beside>> {
        self.described = self.beside.clone();
        self.beside.clone()
    }

    /// The file beside it, when its words were used.
    pub(crate) fn described(&mut self) -> Option<Arc<Beside>> {
        self.described.take()
    }

    /// The rest is read for the hash; SHA-256 and number of bytes.
    pub(crate) fn finish(mut self) -> Result<([u8; 32], u64), IngestError> {
        let io = |source| IngestError::Io { file: self.name.clone(), source };
        io::copy(&mut self.reader, &mut io::sink()).map_err(io)?;
        let (_, hashing) = self.reader.into_inner().into_inner();
        Ok((hashing.hash.finalize().into(), hashing.bytes))
    }

    pub(crate) fn io(&self, source: io::Error) -> IngestError {
        IngestError::Io { file: self.name.clone(), source }
    }

    /// The next line without its end, `None` at the end of the input.
    pub(crate) fn line(&mut self, buffer: &mut Vec<u8>) -> Result<bool, IngestError> {
        buffer.clear();
        let read = self
            .reader
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', buffer)
            .map_err(|source| IngestError::Io { file: self.name.clone(), source })?;
        if read as u64 == LONGEST && buffer.last() != Some(&b'\n') {
            let hint = "a line of more than 16 MiB".to_owned();
            return Err(IngestError::Unknown { file: self.name.clone(), hint });
        }
        while matches!(buffer.last(), Some(b'\n' | b'\r')) {
            buffer.pop();
        }
        Ok(read > 0)
    }
}

pub(crate) struct Hashing {
    source: Box<dyn Read>,
    hash: Sha256,
    bytes: u64,
    watch: Option<Watch>,
}

impl Hashing {
    fn new(source: Box<dyn Read>, watch: Option<Watch>) -> Self {
        Self { source, hash: Sha256::new(), bytes: 0, watch }
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.bytes += n as u64;
        if let Some(watch) = &mut self.watch {
            watch(n as u64);
        }
        Ok(n)
    }
}
