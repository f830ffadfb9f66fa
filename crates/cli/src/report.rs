use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::Value;
use tailproof_core::Finding;
use tailproof_reporting::{Evidence, strict, together, whole};

use crate::exit::{self, Gate};
use crate::output::Output;
use crate::render;

/// Render evidence that earlier runs wrote
///
/// Needs no raw data. Several files give one report: runs of one component become a trend, with
/// the findings of the newest. The exit code is that of the findings shown, judged by --fail-on
/// and --advisory anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tailproof report artifacts/checkout_performance_bootstrap_validation.json --output markdown
  tailproof report artifacts/*.json --out html=report.html --out junit=report.xml")]
pub(crate) struct Report {
    /// Artifacts and evidence files, and folders of them
    #[arg(required = true)]
    evidence: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

/// Schema of the JSON of a report of several pieces of evidence.
const SCHEMA: &str = "tailproof.report/1";
/// Most bytes of a file of evidence.
const LARGEST: u64 = 256 << 20;

impl Report {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        ensure!(
            !self.output.links(),
            "--previous is for runs that make evidence: a report gives it as it is"
        );
        self.output.prepare(false)?;
        let mut read = Vec::new();
        for path in &self.evidence {
            read.extend(self::read(path)?);
        }
        let (texts, parts): (Vec<String>, Vec<Evidence>) = read.into_iter().unzip();
        if self.output.signs() {
            ensure!(
                texts.len() == 1,
                "--sign signs one piece of evidence, and there are {}",
                texts.len()
            );
            whole(&texts[0]).with_context(|| self.evidence[0].display().to_string())?;
        }
        let json = match texts.as_slice() {
            // As it is, with its hash.
            [one] => one.clone(),
            several => joined(several),
        };
        let parts = together(parts);
        self.output.write(&parts, &json, &self.gate, render::text)?;
        let findings: Vec<Finding> = parts.into_iter().flat_map(|part| part.findings).collect();
        Ok(exit::code(&findings, &self.gate))
    }
}

/// Several documents of evidence as one.
fn joined(texts: &[String]) -> String {
    let parts: Vec<&str> = texts.iter().map(|text| text.trim_end()).collect();
    format!("{{\n\"schema\": \"{SCHEMA}\",\n\"parts\": [\n{}\n]\n}}\n", parts.join(",\n"))
}

/// The texts of the evidence in a file, or in the files of a folder, and what they say.
fn read(path: &Path) -> anyhow::Result<Vec<(String, Evidence)>> {
    if !path.is_dir() {
        return read_file(path);
    }
    let name = || path.display().to_string();
    let entries = fs::read_dir(path).with_context(name)?.collect::<Result<Vec<_>, _>>();
    let mut files: Vec<PathBuf> =
        entries.with_context(name)?.into_iter().map(|entry| entry.path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let json = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        if json && file.is_file() && is_evidence(&file).with_context(name)? {
            all.extend(read_file(&file)?);
        }
    }
    ensure!(
        !all.is_empty(),
        "{}: a folder without evidence; name its files, such as {0}/*.json",
        path.display()
    );
    Ok(all)
}

fn read_file(path: &Path) -> anyhow::Result<Vec<(String, Evidence)>> {
    let name = || path.display().to_string();
    let bytes = File::open(path).map_err(Into::into).and_then(bytes).with_context(name)?;
    let text =
        String::from_utf8(bytes).map_err(|_| anyhow!("not text in UTF-8")).with_context(name)?;
    let texts = parts(&text).with_context(name)?.unwrap_or_else(|| vec![text]);
    let read = |text: String| {
        let evidence = Evidence::from_json(&text).with_context(name)?;
        Ok((text, evidence))
    };
    texts.into_iter().map(read).collect()
}

/// The documents in a report of several, or in a list; `None` for any other text.
pub(crate) fn parts(text: &str) -> anyhow::Result<Option<Vec<String>>> {
    let list = text.trim_start().starts_with('[');
    if !list && !text.contains(&format!("\"{SCHEMA}\"")) {
        return Ok(None);
    }
    let mut document = match strict(text) {
        Ok(document) => document,
        // Whoever reads it as evidence says what is wrong.
        Err(_) if !list => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let parts = match &mut document {
        Value::Array(all) => std::mem::take(all),
        Value::Object(map) if map.get("schema").is_some_and(|s| s == SCHEMA) => {
            match map.get_mut("parts") {
                Some(Value::Array(all)) => std::mem::take(all),
                _ => Vec::new(),
            }
        }
        _ => return Ok(None),
    };
    if parts.is_empty() {
        bail!("not evidence of Tailproof: a report of nothing");
    }
    let text = |part: Value| format!("{part:#}\n");
    Ok(Some(parts.into_iter().map(text).collect()))
}

/// Whether a file says at its beginning that it is evidence, or a report of several pieces.
pub(crate) fn is_evidence(path: &Path) -> anyhow::Result<bool> {
    /// Bytes in which evidence has named its schema.
    const HEAD: u64 = 64 << 10;
    let mut head = Vec::new();
    open(path)?.take(HEAD).read_to_end(&mut head)?;
    let names = |schema: &str| head.windows(schema.len()).any(|w| w == schema.as_bytes());
    Ok(names("\"tailproof.evidence/") || names(&format!("\"{SCHEMA}\"")))
}

/// Opens a file that ends: no folder, pipe or device.
pub(crate) fn open(path: &Path) -> anyhow::Result<File> {
    // Opening a pipe would wait for somebody who writes.
    ensure!(fs::metadata(path)?.is_file(), "not a file");
    Ok(File::open(path)?)
}

/// Everything in a file, up to the largest evidence.
pub(crate) fn bytes(file: File) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= LARGEST, "larger than 256 MiB, the most that evidence has");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_several_is_read_as_its_parts() {
        let one = Evidence::new("a", vec![]).to_json();
        let several = joined(&[one.clone(), one.clone()]);
        for text in [several, format!("[{one},{one}]")] {
            let found = parts(&text).unwrap().unwrap();
            assert_eq!(found.len(), 2, "{text}");
            // Each part still has the hash that it says.
            assert!(found.iter().all(|part| whole(part).is_ok()));
        }
        assert!(parts(&one).unwrap().is_none());
        let named = Evidence::new(SCHEMA, vec![]).to_json();
        assert!(parts(&named).unwrap().is_none());
        for bad in ["[]", "[", &format!("{{\"schema\": \"{SCHEMA}\"}}")] {
            assert!(parts(bad).is_err(), "{bad}");
        }
    }
}
