//! What a folder holds: criterion's results, or plain files.
//!
//! Criterion writes `<group>/<function>/<value>/<baseline>/sample.json` below
//! `target/criterion`. Folder names are made fit for file systems (`/` becomes `_`), so the
//! name of a benchmark is read from the `benchmark.json` beside its sample.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tailproof_core::Source;

use crate::IngestError;
use crate::error::listed;
use crate::format::asv;
use crate::input::{Input, companion};

/// Most files of a folder.
const MOST_FILES: usize = 10_000;
/// Most folders inside one another; links that lead back exceed it.
const DEEPEST: usize = 16;
/// The file beside a sample that names the benchmark.
const DESCRIPTION: &str = "benchmark.json";
/// Largest `benchmark.json` looked at, in bytes.
const LARGEST_DESCRIPTION: u64 = 1 << 20;

/// What a path names: standard input for `-`, a file, or the files of a folder.
///
/// A folder of criterion results holds one run: the samples of its baseline `new`, or of the
/// one named as `FOLDER@BASELINE`. A folder of asv results holds a history, commit by commit.
/// Of any other folder each file is a run of its own, as if all were named.
///
/// # Errors
/// The folder cannot be read, or there is nothing in it.
pub fn inputs(path: &Path) -> Result<Vec<Input>, IngestError> {
    let text = path.to_string_lossy();
    let (folder, baseline) = match text.rsplit_once('@') {
        Some((folder, name)) if !path.exists() => (Path::new(folder), Some(name)),
        _ => (path, None),
    };
    if !folder.is_dir() {
        let mut input = Input::from_path(path);
        if path.ends_with("sample.json") {
            let labels = full_id(path).into_iter().map(|id| ("benchmark".to_owned(), id));
            input = input.labelled(labels.collect());
            input.accompany(companion(&path.with_file_name(DESCRIPTION)));
        }
        return Ok(vec![match asv::described(path) {
            Some(beside) => input.beside(beside),
            None => input,
        }]);
    }
    if baseline.is_some() || is_criterion(folder) {
        let found = criterion(folder, baseline.unwrap_or("new"))?;
        let input = |f: Found| {
            let beside = description(&f.path);
            let mut input = Input::from_path(f.path).labelled(f.labels).part_of(text.clone());
            input.accompany(beside);
            input
        };
        return Ok(found.into_iter().map(input).collect());
    }
    if asv::is_folder(folder) {
        return asv_inputs(folder);
    }
    let files = files(folder)?;
    if files.is_empty() {
        return Err(IngestError::Empty(folder.display().to_string()));
    }
    Ok(files.into_iter().map(Input::from_path).collect())
}

/// The result files of asv; what is wrong with one is told with the next.
fn asv_inputs(folder: &Path) -> Result<Vec<Input>, IngestError> {
    let (mut inputs, mut notes) = (Vec::new(), Vec::new());
    let (found, companions) = asv::folder(folder)?;
    for found in found {
        if let Some(note) = found.note {
            notes.push(note);
            continue;
        }
        let mut input = Input::from_path(found.path).labelled(found.labels);
        if let Some(beside) = found.beside {
            input = input.beside(beside);
        }
        inputs.push(notes.drain(..).fold(input, Input::noted));
    }
    match (inputs.pop(), notes) {
        (Some(last), notes) => inputs.push(notes.into_iter().fold(last, Input::noted)),
        (None, _) => return Err(IngestError::Empty(folder.display().to_string())),
    }
    inputs[0].accompany(companions);
    Ok(inputs)
}

/// A file to read, with what its place in the folder says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) labels: Vec<(String, String)>,
}

/// Every sample of one baseline below a criterion folder, sorted by the benchmark's name.
///
/// The folder may be `target/criterion`, any folder in or above it, or the folder of one
/// baseline itself, whose sample is taken whatever it is called.
pub(crate) fn criterion(path: &Path, baseline: &str) -> Result<Vec<Found>, IngestError> {
    let mut found: Vec<Found> = Vec::new();
    for sample in samples(path)? {
        let own = sample.parent() == Some(path);
        if own || baseline_of(&sample).as_deref() == Some(baseline) {
            let id = full_id(&sample).unwrap_or_else(|| id_of_path(path, &sample));
            found.push(Found { path: sample, labels: vec![("benchmark".to_owned(), id)] });
        }
    }
    if found.is_empty() {
        let have = baselines(path);
        return Err(IngestError::MissingBaseline {
            folder: path.display().to_string(),
            wanted: baseline.to_owned(),
            have: if have.is_empty() { "none".to_owned() } else { listed(have) },
        });
    }
    found.sort_by(|a, b| (&a.labels, &a.path).cmp(&(&b.labels, &b.path)));
    Ok(found)
}

/// The baselines below a criterion folder, such as `base` and `new`.
#[must_use]
pub fn baselines(path: &Path) -> Vec<String> {
    let samples = samples(path).unwrap_or_default();
    let mut names: Vec<String> = samples.iter().filter_map(|s| baseline_of(s)).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether there is a folder with criterion's results here or below.
pub(crate) fn is_criterion(path: &Path) -> bool {
    samples(path).is_ok_and(|samples| samples.iter().any(|s| described_by(s).is_some()))
}

/// The file beside a sample that tells that it is criterion's, and most often its name.
fn description(sample: &Path) -> Option<Source> {
    companion(&described_by(sample)?)
}

fn described_by(sample: &Path) -> Option<PathBuf> {
    let beside = [DESCRIPTION, "estimates.json"].map(|name| sample.with_file_name(name));
    beside.into_iter().find(|path| path.is_file())
}

/// The plain files of a folder and of those in it, sorted by name; hidden ones are skipped.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, IngestError> {
    walk(path, |_| true, |_| true)
}

/// The `full_id` of the `benchmark.json` beside a sample.
pub(crate) fn full_id(sample: &Path) -> Option<String> {
    let file = File::open(sample.with_file_name(DESCRIPTION)).ok()?;
    let mut text = String::new();
    file.take(LARGEST_DESCRIPTION).read_to_string(&mut text).ok()?;
    let description: Value = serde_json::from_str(&text).ok()?;
    description["full_id"].as_str().map(str::to_owned)
}

fn samples(path: &Path) -> Result<Vec<PathBuf>, IngestError> {
    // `report` holds pictures and pages; a benchmark's own folder is never called so.
    walk(path, |folder| folder != "report", |file| file == "sample.json")
}

/// The folder that a sample is in, which has the name of its baseline.
fn baseline_of(sample: &Path) -> Option<String> {
    Some(sample.parent()?.file_name()?.to_string_lossy().into_owned())
}

/// A name for a sample without a description: the folders above its baseline.
fn id_of_path(root: &Path, sample: &Path) -> String {
    let folder = sample.parent().and_then(Path::parent).unwrap_or(root);
    let inside = folder.strip_prefix(root).unwrap_or(folder);
    let parts: Vec<String> =
        inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}

/// Files below `root` whose name is wanted, in folders whose name is wanted.
fn walk(
    root: &Path,
    folder_wanted: impl Fn(&str) -> bool,
    file_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, IngestError> {
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    // The last one first: a link that leads back soon goes too deep, and is refused.
    while let Some((folder, depth)) = folders.pop() {
        if depth > DEEPEST {
            let folder = folder.display().to_string();
            return Err(IngestError::TooDeep { folder, deepest: DEEPEST });
        }
        let io = |source| IngestError::Io { file: folder.display().to_string(), source };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            // Follows links; one that leads nowhere is no file.
            let about = match fs::metadata(&path) {
                Ok(about) => about,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(source) => {
                    return Err(IngestError::Io { file: path.display().to_string(), source });
                }
            };
            if about.is_dir() && folder_wanted(&name) {
                folders.push((path, depth + 1));
            } else if about.is_file() && file_wanted(&name) {
                if files.len() >= MOST_FILES {
                    let folder = root.display().to_string();
                    return Err(IngestError::TooManyFiles { folder, most: MOST_FILES });
                }
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{COMPANION, Options};

    fn fixture(name: &str) -> PathBuf {
        let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples");
        samples.join("criterion").join(name)
    }

    fn ids(found: &[Found]) -> Vec<&str> {
        found.iter().map(|f| f.labels[0].1.as_str()).collect()
    }

    #[test]
    fn names_come_from_the_description() {
        let root = fixture("v0.8-layout");
        assert!(is_criterion(&root));
        assert_eq!(baselines(&root), ["base", "new"]);
        for baseline in ["base", "new"] {
            let found = criterion(&root, baseline).unwrap();
            let want = ["flat mode/slash/plain", "hash/fold/1000", "hash/fold/10000"];
            assert_eq!(ids(&found), want);
        }
        // One baseline's own folder.
        let found = criterion(&root.join("hash/fold/1000/base"), "new").unwrap();
        assert_eq!(ids(&found), ["hash/fold/1000"]);
    }

    #[test]
    fn a_missing_baseline_names_those_there_are() {
        let error = criterion(&fixture("old-layout"), "main").unwrap_err().to_string();
        assert!(error.contains("\"main\"") && error.contains("base, new"), "{error}");
        assert!(criterion(&fixture("no such folder"), "new").is_err());
        assert!(!is_criterion(&fixture("no such folder")));
    }

    #[test]
    fn files_are_sorted_and_complete() {
        let all = files(&fixture("old-layout")).unwrap();
        assert!(all.is_sorted() && all.iter().all(|f| f.is_file()));
        assert!(all.iter().any(|f| f.ends_with("Iterative/new/raw.csv")));
    }

    /// Sources and companions of a sample folder, which read alone what the whole folder does.
    fn read_again(name: &str) -> (usize, usize) {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples");
        let process = std::process::id();
        let copy = std::env::temp_dir()
            .join(format!("tailproof-again-{process}-{}", name.replace('/', "-")));
        let read =
            |at: &Path| crate::read(inputs(&at.join(name)).unwrap(), &Options::default()).unwrap();
        let first = read(&root);
        for source in &first.sources {
            let to = copy.join(Path::new(&source.name).strip_prefix(&root).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&source.name, to).unwrap();
        }
        let second = read(&copy);
        fs::remove_dir_all(&copy).unwrap();
        assert_eq!(first.series, second.series, "{name}");
        assert_eq!(first.notes.len(), second.notes.len(), "{name}");
        let companions = first.sources.iter().filter(|s| s.format == COMPANION).count();
        let main = first.sources.len() - companions;
        assert!(first.sources[..main].iter().all(|s| s.format != COMPANION), "{name}");
        (main, companions)
    }

    #[test]
    fn what_was_read_reads_the_same_alone() {
        assert_eq!(read_again("criterion/v0.8-layout"), (3, 3));
        assert_eq!(read_again("criterion/v0.8-layout/hash/fold/1000/new/sample.json"), (1, 1));
        // The machine, and a result file without results, which is told in a note.
        for folder in ["asv/results", "asv/results/cheetah"] {
            let (main, companions) = read_again(folder);
            assert!(main > 10 && companions >= 2, "{folder}: {main}, {companions}");
        }
    }

    #[test]
    fn equal_descriptions_are_no_mistake() {
        let root = fixture("v0.8-layout/hash/fold/1000");
        let both = ["base", "new"].map(|b| inputs(&root.join(b).join("sample.json")).unwrap());
        let data = crate::read(both.into_iter().flatten().collect(), &Options::default()).unwrap();
        assert_eq!(data.sources.len(), 4);
        assert_eq!(data.sources[2].sha256, data.sources[3].sha256);
        assert_eq!(data.series[0].labels["benchmark"], "hash/fold/1000");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_are_refused() {
        let root = std::env::temp_dir().join(format!("tailproof-folder-{}", std::process::id()));
        fs::create_dir_all(root.join("a")).unwrap();
        std::os::unix::fs::symlink(&root, root.join("a/back")).unwrap();
        let error = files(&root).unwrap_err().to_string();
        fs::remove_dir_all(&root).unwrap();
        assert!(error.contains("folders deep"), "{error}");
    }
}
