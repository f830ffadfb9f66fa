//! Where baselines lie, one file each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tailproof_ingest::IngestError;
use tailproof_reporting::write_atomically;

use crate::baseline::Baseline;

/// A folder of baselines, usually `.tailproof` at the root of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// What is wrong with a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no baseline of that name.
    #[error("no baseline {name:?} in {folder}; there is: {have}")]
    Absent {
        /// The name asked for.
        name: String,
        /// Where it was looked for.
        folder: String,
        /// The names there are.
        have: String,
    },
    /// A name that is no file name everywhere.
    #[error(
        "a baseline's name is made of letters, digits, '.', '_' and '-' and does not begin with '.', got {0:?}"
    )]
    Name(String),
    /// The file is no baseline.
    #[error("{file}, line {line}: {problem}")]
    Content {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Its measurements cannot be read.
    #[error(transparent)]
    Data(#[from] IngestError),
}

impl Store {
    /// The store in a folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The file of accepted changes.
    #[must_use]
    pub fn accepted(&self) -> PathBuf {
        self.folder.join("accepted.toml")
    }

    /// The file of a baseline.
    ///
    /// # Errors
    /// The name would not be a file name everywhere.
    pub fn path(&self, name: &str) -> Result<PathBuf, StoreError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let fits = !name.is_empty() && name.len() <= 100 && !name.starts_with('.');
        if !fits || !name.chars().all(plain) {
            return Err(StoreError::Name(name.to_owned()));
        }
        Ok(self.folder.join("baselines").join(format!("{name}.json")))
    }

    /// Writes a baseline, whole or not at all; one of the same name is replaced.
    ///
    /// # Errors
    /// Its name, or the file cannot be written.
    pub fn save(&self, baseline: &Baseline) -> Result<PathBuf, StoreError> {
        let path = self.path(&baseline.name)?;
        match write_atomically(&path, baseline.to_json().as_bytes()) {
            Ok(()) => Ok(path),
            Err(source) => Err(StoreError::Io { file: path.display().to_string(), source }),
        }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be read.
    pub fn load(&self, name: &str) -> Result<Baseline, StoreError> {
        let path = self.path(name)?;
        let file = path.display().to_string();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(self.absent(name)),
            Err(source) => return Err(StoreError::Io { file, source }),
        };
        Baseline::from_json(&file, &text)
    }

    /// Removes a baseline.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(self.absent(name)),
            Err(source) => Err(StoreError::Io { file: path.display().to_string(), source }),
        }
    }

    /// The names of all baselines, sorted; none when the folder does not exist.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.folder.join("baselines");
        let io = |source| StoreError::Io { file: folder.display().to_string(), source };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io(source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(io)?.path();
            names.extend(name_of(&path).filter(|name| self.path(name).is_ok()));
        }
        names.sort();
        Ok(names)
    }

    fn absent(&self, name: &str) -> StoreError {
        StoreError::absent(self, name)
    }
}

impl StoreError {
    /// That there is no baseline of a name, with those that there are.
    #[must_use]
    pub fn absent(store: &Store, name: &str) -> Self {
        let have = store.names().unwrap_or_default().join(", ");
        Self::Absent {
            name: name.to_owned(),
            folder: store.folder.display().to_string(),
            have: if have.is_empty() { "none (tailproof baseline save)".to_owned() } else { have },
        }
    }
}

fn name_of(path: &Path) -> Option<String> {
    let json = path.extension().is_some_and(|e| e == "json");
    json.then(|| path.file_stem().and_then(|s| s.to_str()).map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Dataset;

    #[test]
    fn names_are_file_names_and_nothing_else() {
        let store = Store::new("x");
        assert!(store.path("v1.2-rc_3").is_ok());
        for name in ["", ".", "..", "../x", "a/b", "a\\b", "ü", ".hidden", "a b"] {
            assert!(matches!(store.path(name), Err(StoreError::Name(_))), "{name}");
        }
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        assert!(store.load("main").unwrap_err().to_string().contains("baseline save"));
        store.save(&Baseline::new("main", Dataset::default())).unwrap();
        assert!(store.remove("mian").unwrap_err().to_string().ends_with("there is: main"));
        store.remove("main").unwrap();
        assert_eq!(store.names().unwrap(), Vec::<String>::new());
    }
}
