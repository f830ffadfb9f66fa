use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tailproof_reporting::{
    Check, GivenFile, Outcome, evidence_object, sha256_hex, sha256_of, strict,
};

use crate::signing;

/// A file of evidence.
pub(super) struct Kept {
    /// Its name as given.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The signature beside it.
    pub(super) envelope: Option<Vec<u8>>,
}

/// A file that may be an input.
pub(super) struct Given {
    pub(super) file: GivenFile,
    pub(super) path: PathBuf,
    /// Whether it was named, and not found in a folder.
    named: bool,
}

/// What was given.
pub(super) struct Files {
    /// Evidence, in the order given.
    pub(super) evidence: Vec<Kept>,
    /// Everything that may be an input: evidence, too, which scorecards read.
    pub(super) given: Vec<Given>,
}

/// Most files of a folder that are looked at.
const MOST_FILES: usize = 10_000;
/// Largest file of evidence, and of a signature.
const LARGEST: u64 = 1 << 30;

impl Files {
    /// Tells evidence from data, and hashes everything.
    pub(super) fn sort(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut all = Self { evidence: Vec::new(), given: Vec::new() };
        for path in paths {
            let name = path.display().to_string();
            if path.is_dir() {
                let mut found = Vec::new();
                list(path, &mut found).with_context(|| name.clone())?;
                for path in found {
                    all.given
                        .push(given(&path, false).with_context(|| path.display().to_string())?);
                }
            } else if is_evidence(path).with_context(|| name.clone())? {
                let bytes = read(path).with_context(|| name.clone())?;
                let beside = signing::envelope_path(path);
                let envelope = beside.is_file().then(|| read(&beside)).transpose();
                let envelope = envelope.with_context(|| beside.display().to_string())?;
                all.given.push(given(path, false).with_context(|| name.clone())?);
                all.evidence.push(Kept { name, bytes, envelope });
            } else if !name.ends_with(".intoto.jsonl") {
                all.given.push(given(path, true).with_context(|| name.clone())?);
            }
        }
        if all.evidence.is_empty() {
            bail!(
                "no evidence among the files: evidence is JSON that names its schema, \
                 tailproof.evidence/2"
            );
        }
        all.set_inputs_apart();
        Ok(all)
    }

    /// Evidence that other evidence was made from, as a scorecard is, is an input and no link of
    /// the chain.
    fn set_inputs_apart(&mut self) {
        if self.evidence.len() < 2 {
            return;
        }
        let inputs: BTreeSet<String> = self.evidence.iter().flat_map(input_hashes).collect();
        self.evidence.retain(|kept| !inputs.contains(&sha256_hex(&kept.bytes)));
    }

    /// Files that were named and are no input of any evidence.
    pub(super) fn stray(&self, used: &BTreeSet<usize>) -> Vec<Check> {
        let stray = self.given.iter().enumerate().filter(|(i, g)| g.named && !used.contains(i));
        stray
            .map(|(_, g)| {
                let words = format!("{} is no input of the evidence", g.file.name);
                Check::new("input", Outcome::Differs, words)
            })
            .collect()
    }
}

/// The hashes of the inputs that evidence names.
fn input_hashes(kept: &Kept) -> Vec<String> {
    let document = str::from_utf8(&kept.bytes).ok().and_then(|text| strict(text).ok());
    let inputs =
        document.as_ref().and_then(evidence_object).and_then(|o| o.get("inputs")?.as_array());
    let hash = |input: &serde_json::Value| Some(input.get("sha256")?.as_str()?.to_owned());
    inputs.into_iter().flatten().filter_map(hash).collect()
}

/// Whether a file says at its beginning that it is evidence.
fn is_evidence(path: &Path) -> anyhow::Result<bool> {
    /// Bytes in which evidence has named its schema.
    const HEAD: u64 = 64 << 10;
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let schema = b"\"tailproof.evidence/";
    Ok(head.windows(schema.len()).any(|w| w == schema))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > LARGEST {
        bail!("larger than 1 GiB");
    }
    Ok(fs::read(path)?)
}

fn given(path: &Path, named: bool) -> anyhow::Result<Given> {
    let sha256 = sha256_of(File::open(path)?)?;
    let name = path.display().to_string();
    Ok(Given { file: GivenFile { name, sha256 }, path: path.to_owned(), named })
}

/// The files below a folder in the order of their names; links are not followed.
fn list(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
        for entry in entries {
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
            if found.len() > MOST_FILES {
                bail!("more than {MOST_FILES} files: name the data");
            }
        }
    }
    found.sort();
    Ok(())
}
