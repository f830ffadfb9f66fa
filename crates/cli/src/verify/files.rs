use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tailproof_reporting::{
    Check, GivenFile, Outcome, evidence_object, sha256_hex, sha256_of, strict,
};

use crate::{report, signing};

/// A document of evidence.
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

impl Files {
    /// Tells evidence from data, and hashes everything.
    pub(super) fn sort(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut all = Self { evidence: Vec::new(), given: Vec::new() };
        for path in paths {
            all.add(path).with_context(|| path.display().to_string())?;
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

    fn add(&mut self, path: &Path) -> anyhow::Result<()> {
        if path.is_dir() {
            let mut found = Vec::new();
            list(path, &mut found)?;
            for path in found {
                let file = given(&path, false).with_context(|| path.display().to_string())?;
                self.given.push(file);
            }
            return Ok(());
        }
        // What has a signature beside it was evidence, whatever it is now.
        let beside = signing::envelope_path(path);
        let signed = beside.is_file();
        if !signed && !report::is_evidence(path)? {
            self.given.push(given(path, true)?);
            return Ok(());
        }
        let name = path.display().to_string();
        let bytes = report::bytes(report::open(path)?)?;
        self.given.push(given(path, false)?);
        let parts = str::from_utf8(&bytes).ok().and_then(|text| report::parts(text).ok()?);
        if let Some(parts) = parts {
            self.evidence.extend(parts.into_iter().enumerate().map(|(i, text)| Kept {
                name: format!("{name}, part {}", i + 1),
                bytes: text.into_bytes(),
                // A signature would be of the whole.
                envelope: None,
            }));
            return Ok(());
        }
        let envelope = signed.then(|| report::bytes(report::open(&beside)?)).transpose();
        let envelope = envelope.with_context(|| beside.display().to_string())?;
        self.evidence.push(Kept { name, bytes, envelope });
        Ok(())
    }

    /// Evidence that other evidence was made from, as a scorecard is, is an input and no link of
    /// a chain.
    fn set_inputs_apart(&mut self) {
        if self.evidence.len() < 2 {
            return;
        }
        let inputs: BTreeSet<String> = self.evidence.iter().flat_map(input_hashes).collect();
        self.evidence.retain(|kept| !inputs.contains(&sha256_hex(&kept.bytes)));
    }

    /// Whether a file is the signature of another that was given, which is read with it.
    fn is_signature(&self, file: &Given) -> bool {
        self.given.iter().any(|evidence| signing::envelope_path(&evidence.path) == file.path)
    }

    /// Files that were named and are no input of any evidence: keys, signatures, anything.
    pub(super) fn stray(&self, used: &BTreeSet<usize>) -> Vec<Check> {
        let stray =
            |(i, g): &(usize, &Given)| g.named && !used.contains(i) && !self.is_signature(g);
        let told = |(_, g): (usize, &Given)| {
            Check::new("input", Outcome::Told, format!("{}: not an input: ignored", g.file.name))
        };
        self.given.iter().enumerate().filter(stray).map(told).collect()
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

fn given(path: &Path, named: bool) -> anyhow::Result<Given> {
    let sha256 = sha256_of(report::open(path)?)?;
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
