//! `tailproof verify`: checks evidence, and makes it again from the data.

mod files;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use tailproof_reporting::{
    Check, Differences, Evidence, EvidenceFile, Examined, GivenFile, Matched, Outcome, PublicKey,
    compare_again, examine, links, match_inputs,
};

use crate::output::print;
use crate::{exit, replay, signing};
use files::{Files, Kept};

/// Check evidence, and make it again from the data
///
/// Checks that evidence is whole (its own hash), what signed it, that its inputs are the files
/// that are given, and that making it again from them gives every finding and number. Evidence
/// that names the hash of the evidence before it is checked as a chain, in whatever order it is
/// given; several files that name none stand each by itself. Files that hold no evidence, and
/// folders, are data. Nothing that is given is written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all verified, 1 something differs (or evidence carries no hash, or \
                  --key was given and it is unsigned), 2 a file cannot be read as evidence, 3 \
                  nothing differs, but something could not be made again: data was not given, it \
                  was a measurement, or another version made it and texts changed. Of several the \
                  worst, in the order 1, 2, 3, 0.\n\n\
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
    /// Check hashes, signatures and inputs only, and make nothing again
    #[arg(long)]
    no_recompute: bool,
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
    /// What the evidence says, true or not.
    says: Option<String>,
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
        let examined: Vec<Examined> =
            files.evidence.iter().map(|kept| look(kept, key.as_ref())).collect();
        let given: Vec<GivenFile> = files.given.iter().map(|g| g.file.clone()).collect();
        let mut used = BTreeSet::new();
        let mut all = Vec::new();
        for link in links(&examined) {
            let (kept, seen) = (&files.evidence[link.at], &examined[link.at]);
            let matched = seen.evidence.as_ref().map(|evidence| match_inputs(evidence, &given));
            if let (Some(evidence), Some(matched)) = (&seen.evidence, &matched) {
                used.extend(matched.files.values().copied());
                used.extend(named(evidence, &given));
            }
            all.push(self.one(kept, seen, link.check, matched, &files));
        }
        let mut others = files.stray(&used);
        others.extend(no_chain(&examined));
        let outcome = Outcome::worst(
            all.iter().map(Verified::outcome).chain(others.iter().map(|c| c.outcome)),
        );
        let code = match outcome {
            Outcome::Verified | Outcome::Told => exit::PASSED,
            Outcome::Open => exit::UNDECIDED,
            Outcome::Unreadable => exit::ERROR,
            Outcome::Differs => exit::FAILED,
        };
        print(&match self.output {
            Shape::Table => show::table(&all, &others, outcome, key.is_some()),
            Shape::Json => show::json(&all, &others, outcome, key.is_some(), code),
        })?;
        Ok(ExitCode::from(code))
    }

    /// Verifies one document of evidence.
    fn one(
        &self,
        kept: &Kept,
        examined: &Examined,
        link: Option<Check>,
        matched: Option<Matched>,
        files: &Files,
    ) -> Verified {
        let mut checks = examined.checks.clone();
        checks.extend(link);
        let mut found = Differences::default();
        if let (Some(evidence), Some(matched)) = (&examined.evidence, matched) {
            checks.extend(matched.checks);
            let paths =
                matched.files.into_iter().map(|(name, i)| (name, files.given[i].path.clone()));
            let paths: BTreeMap<String, PathBuf> = paths.collect();
            let (more, differences) = match self.obstacle(&checks, evidence, matched.complete) {
                Some(why) => open(why),
                None => again(examined, evidence, &paths),
            };
            checks.extend(more);
            found = differences;
        }
        let (name, signed) = (kept.name.clone(), kept.envelope.is_some());
        Verified { name, says: examined.says(), checks, differences: found, signed }
    }

    /// Why evidence is not made again.
    fn obstacle(
        &self,
        checks: &[Check],
        evidence: &Evidence,
        complete: bool,
    ) -> Option<&'static str> {
        let signed =
            || checks.iter().any(|c| c.what == "signature" && c.outcome == Outcome::Verified);
        if checks.iter().any(|c| c.outcome == Outcome::Differs) {
            Some("no: what differs above is not to be run")
        } else if self.key.is_some() && !signed() {
            Some("no: the signature was not verified")
        } else if self.no_recompute {
            Some("no: --no-recompute")
        } else if evidence.configuration.as_ref().is_none_or(|c| c.verb.is_empty()) {
            Some("no: the evidence does not say how it was made")
        } else if evidence.configuration.as_ref().is_some_and(|c| c.verb == "run") {
            Some("no: it timed commands, and measuring again gives other times")
        } else if !complete {
            Some("no: not all of its inputs are here as they were")
        } else {
            None
        }
    }
}

/// Looks at a document of evidence by itself.
fn look(kept: &Kept, key: Option<&PublicKey>) -> Examined {
    examine(&EvidenceFile { bytes: &kept.bytes, envelope: kept.envelope.as_deref() }, key)
}

/// Says of several documents that they are no chain.
fn no_chain(examined: &[Examined]) -> Option<Check> {
    let named = |e: &Examined| e.evidence.as_ref().is_some_and(|e| e.previous.is_some());
    (examined.len() > 1 && !examined.iter().any(named)).then(|| {
        let words = "no chain: none names evidence before it, so each stands by itself";
        Check::new("chain", Outcome::Told, words)
    })
}

fn open(words: impl AsRef<str>) -> (Vec<Check>, Differences) {
    (vec![Check::new("recomputed", Outcome::Open, words)], Differences::default())
}

/// Makes evidence again and compares; a run that fails shows nothing to be wrong.
fn again(
    examined: &Examined,
    evidence: &Evidence,
    files: &BTreeMap<String, PathBuf>,
) -> (Vec<Check>, Differences) {
    match replay::replay(evidence, files).context("making it again") {
        Ok(made) => compare_again(examined, &made),
        Err(error) => open(format!("no: {}", crate::one_line(&error))),
    }
}

/// The given files that have the name of an input, whatever their content.
fn named(evidence: &Evidence, given: &[GivenFile]) -> Vec<usize> {
    let names: BTreeSet<&str> = evidence.inputs.iter().map(|i| short(&i.name)).collect();
    (0..given.len()).filter(|&i| names.contains(short(&given[i].name))).collect()
}

/// The name of a file without its folder.
fn short(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}
