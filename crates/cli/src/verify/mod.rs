//! `tailproof verify`: checks evidence, and makes it again from the data.

mod files;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use tailproof_reporting::{
    Check, Differences, Evidence, EvidenceFile, Examined, GivenFile, Outcome, PublicKey,
    compare_again, examine, match_inputs,
};

use crate::output::print;
use crate::{exit, replay, signing};
use files::{Files, Kept};

/// Check evidence, and make it again from the data
///
/// Checks that evidence is whole (its own hash), what signed it, that its inputs are the files
/// that are given, and that making it again from them gives every finding and number. Several
/// files of evidence are a chain: each names the hash of the one before it. Files that hold no
/// evidence, and folders, are data.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all verified, 1 something differs (or evidence carries no hash, or \
                  --key was given and it is unsigned), 2 a file cannot be read as evidence, 3 \
                  nothing differs, but something could not be made again: data was not given, or \
                  it was a measurement. Of several the worst, in the order 1, 2, 3, 0.\n\n\
                  Example:\n  tailproof verify artifacts/checkout_performance_bootstrap_validation.json \
                  latency.csv --key release.key.pub"
)]
pub(crate) struct Verify {
    /// Evidence, and the files it was made from
    #[arg(required = true, value_name = "EVIDENCE|DATA")]
    files: Vec<PathBuf>,
    /// The public key that must have signed the evidence
    #[arg(long, value_name = "PUB")]
    key: Option<PathBuf>,
    /// What goes to standard output
    #[arg(long = "output", value_enum, default_value = "table", value_name = "KIND")]
    output: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// A line for every check
    Table,
    /// The same for machines
    Json,
}

/// What verifying a file of evidence gave.
struct Verified {
    name: String,
    checks: Vec<Check>,
    differences: Differences,
    signed: bool,
}

impl Verified {
    fn outcome(&self) -> Outcome {
        Outcome::worst(self.checks.iter().map(|c| c.outcome))
    }
}

impl Verify {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let key = self.key.as_deref().map(signing::public_key).transpose()?;
        let files = Files::sort(&self.files)?;
        let mut used = BTreeSet::new();
        let mut after: Option<String> = None;
        let mut all = Vec::new();
        for (place, kept) in files.evidence.iter().enumerate() {
            let previous = (place > 0).then(|| after.clone().unwrap_or_default());
            let (verified, hash) = one(kept, &files, previous.as_deref(), key.as_ref(), &mut used);
            all.push(verified);
            after = hash;
        }
        let stray = files.stray(&used);
        let outcome = Outcome::worst(
            all.iter().map(Verified::outcome).chain(stray.iter().map(|c| c.outcome)),
        );
        let code = match outcome {
            Outcome::Verified | Outcome::Told => exit::PASSED,
            Outcome::Open => exit::UNDECIDED,
            Outcome::Unreadable => exit::ERROR,
            Outcome::Differs => exit::FAILED,
        };
        print(&match self.output {
            Shape::Table => show::table(&all, &stray, outcome, key.is_some()),
            Shape::Json => show::json(&all, &stray, outcome, key.is_some(), code),
        })?;
        Ok(ExitCode::from(code))
    }
}

/// Verifies one file of evidence; also gives the hash of its content.
fn one(
    kept: &Kept,
    files: &Files,
    after: Option<&str>,
    key: Option<&PublicKey>,
    used: &mut BTreeSet<usize>,
) -> (Verified, Option<String>) {
    let file = EvidenceFile { bytes: &kept.bytes, envelope: kept.envelope.as_deref(), after };
    let examined = examine(&file, key);
    let mut checks = examined.checks.clone();
    let mut found = Differences::default();
    if let Some(evidence) = &examined.evidence {
        let given: Vec<GivenFile> = files.given.iter().map(|g| g.file.clone()).collect();
        let matched = match_inputs(evidence, &given);
        let by_name: Vec<&str> = evidence.inputs.iter().map(|i| short(&i.name)).collect();
        let known = |g: &GivenFile| by_name.contains(&short(&g.name));
        used.extend(matched.files.values().copied());
        used.extend((0..given.len()).filter(|&i| known(&given[i])));
        checks.extend(matched.checks.iter().cloned());
        let paths = matched.files.iter().map(|(n, &i)| (n.clone(), files.given[i].path.clone()));
        let (more, differences) = again(&examined, evidence, matched.complete, &paths.collect());
        checks.extend(more);
        found = differences;
    }
    let hash = examined.hash.clone();
    let (name, signed) = (kept.name.clone(), kept.envelope.is_some());
    (Verified { name, checks, differences: found, signed }, hash)
}

/// Makes evidence again and compares, when everything for it is there.
fn again(
    examined: &Examined,
    evidence: &Evidence,
    complete: bool,
    files: &BTreeMap<String, PathBuf>,
) -> (Vec<Check>, Differences) {
    let open = |words: &str| {
        (vec![Check::new("recomputed", Outcome::Open, words)], Differences::default())
    };
    let Some(configuration) = &evidence.configuration else {
        return open("no: the evidence does not say how it was made");
    };
    if configuration.verb == "run" {
        return open("no: it timed commands, and measuring again gives other times");
    }
    if !complete {
        return open("no: not all of its inputs are here as they were");
    }
    match replay::replay(evidence, files).context("making it again") {
        Ok(made) => compare_again(examined, &made),
        Err(error) => {
            // The same program on the same files does what it did.
            let same = evidence.tool.version == env!("CARGO_PKG_VERSION");
            let outcome = if same { Outcome::Differs } else { Outcome::Open };
            let words = format!("no: {}", crate::one_line(&error));
            (vec![Check::new("recomputed", outcome, words)], Differences::default())
        }
    }
}

/// The name of a file without its folder.
fn short(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}
