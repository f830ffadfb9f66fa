use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use tailproof_core::Finding;
use tailproof_reporting::{Evidence, together};

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
    /// Artifacts and evidence files
    #[arg(required = true)]
    evidence: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

impl Report {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let read = self.evidence.iter().map(|path| read(path));
        let (texts, parts): (Vec<String>, Vec<Evidence>) =
            read.collect::<anyhow::Result<Vec<_>>>()?.into_iter().unzip();
        let json = match texts.as_slice() {
            // As it is, with its hash.
            [one] => one.clone(),
            several => format!(
                "[\n{}\n]\n",
                several.iter().map(|t| t.trim_end()).collect::<Vec<_>>().join(",\n")
            ),
        };
        let parts = together(parts);
        self.output.check_signing(false)?;
        self.output.write(&parts, &json, render::text)?;
        let findings: Vec<Finding> = parts.into_iter().flat_map(|part| part.findings).collect();
        Ok(exit::code(&findings, &self.gate))
    }
}

/// The text of a file of evidence, and what it says.
pub(crate) fn read(path: &Path) -> anyhow::Result<(String, Evidence)> {
    let name = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(name)?;
    let evidence = Evidence::from_json(&text).with_context(name)?;
    Ok((text, evidence))
}
