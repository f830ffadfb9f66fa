use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tailproof_reporting::Evidence;

use crate::exit::{self, Gate};
use crate::output::Output;

/// Render evidence that an earlier run wrote
///
/// Needs no raw data. The exit code is that of the run that made the evidence, judged by
/// --fail-on and --advisory anew.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tailproof report artifacts/checkout_performance_bootstrap_validation.json --output markdown"
)]
pub(crate) struct Report {
    /// An artifact or evidence file
    evidence: PathBuf,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

impl Report {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let name = self.evidence.display().to_string();
        let text = fs::read_to_string(&self.evidence).with_context(|| name.clone())?;
        let evidence = Evidence::from_json(&text).with_context(|| name)?;
        self.output.write(&evidence, &evidence.to_json())?;
        Ok(exit::code(&evidence.findings, &self.gate))
    }
}
