//! A run again, from what evidence says of itself.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use clap::{CommandFactory, FromArgMatches};
use tailproof_core::Host;
use tailproof_reporting::{Configuration, Evidence};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::given::{Analysis, Given};
use crate::invocation::Invocation;
use crate::{Cli, Command};

/// Runs the verb of evidence again in a new folder, made of these files under the names by which
/// the evidence knows them, with the time and the host that it says.
///
/// # Errors
/// The evidence does not say how it was made, its verb cannot be run again, its names leave the
/// folder, or the run fails.
pub(crate) fn replay(
    evidence: &Evidence,
    files: &BTreeMap<String, PathBuf>,
) -> anyhow::Result<Evidence> {
    let configuration =
        evidence.configuration.as_ref().context("it does not say how it was made")?;
    let folder = tempfile::tempdir().context("making a folder to run in")?;
    for (name, path) in files {
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        place(folder.path(), name, |there| link(&path, there))?;
    }
    for (name, text) in &configuration.files {
        place(folder.path(), name, |there| fs::write(there, text))?;
    }
    // Names of files are those of the working folder.
    let before = env::current_dir().context("finding the working folder")?;
    env::set_current_dir(folder.path()).context("entering the folder to run in")?;
    let made = run(evidence, configuration);
    env::set_current_dir(before).context("going back to the working folder")?;
    made?.context("there was nothing to judge")
}

/// The run, in the working folder.
fn run(evidence: &Evidence, configuration: &Configuration) -> anyhow::Result<Option<Evidence>> {
    let (command, invocation) = command(configuration)?;
    let given = given(evidence, configuration, invocation)?;
    let made = analysis(&command)?.evidence(&given)?;
    Ok(made.map(|mut made| {
        given.complete(&mut made);
        made
    }))
}

/// Whether a verb gives the same numbers when it is run again on the same files.
pub(crate) fn is_repeatable(verb: &str) -> bool {
    ["validate", "compare", "changes", "speedup", "scaling", "leak", "score", "flame"]
        .contains(&verb)
}

/// What was typed, parsed again.
///
/// Arguments that would write anything, or read outside of the folder, are refused: evidence may
/// be a stranger's.
fn command(configuration: &Configuration) -> anyhow::Result<(Command, Invocation)> {
    let verb = &configuration.verb;
    if !is_repeatable(verb) {
        bail!("tailproof {verb} cannot be run again");
    }
    let mut words = vec!["tailproof".to_owned(), verb.clone()];
    // Standard input was read from a file of that name.
    let dash = |word: &String| if word == "-" { STANDARD_INPUT.to_owned() } else { word.clone() };
    words.extend(configuration.arguments.iter().map(dash));
    let program = Cli::command();
    let matches = program.clone().try_get_matches_from(&words).map_err(|e| {
        let text = e.to_string();
        let first = text.lines().next().unwrap_or_default().to_owned();
        anyhow::anyhow!("its arguments are not understood: {first}")
    })?;
    let invocation = Invocation::of(&program, &matches);
    if invocation.arguments != words[2..] {
        bail!("its arguments are not those of a run: they name files outside, or outputs");
    }
    Ok((Cli::from_arg_matches(&matches)?.command, invocation))
}

/// The name under which standard input is run again.
const STANDARD_INPUT: &str = "standard-input";

fn given(
    evidence: &Evidence,
    configuration: &Configuration,
    invocation: Invocation,
) -> anyhow::Result<Given> {
    let time = match &evidence.created {
        Some(text) => OffsetDateTime::parse(text, &Rfc3339)
            .with_context(|| format!("created is no time: {text:?}"))?,
        None => OffsetDateTime::now_utc(),
    };
    let host = configuration.host.as_ref().map(Host::from);
    Ok(Given::again(invocation, time, evidence.environment.clone(), host))
}

fn analysis(command: &Command) -> anyhow::Result<&dyn Analysis> {
    Ok(match command {
        Command::Validate(c) => c.as_ref(),
        Command::Compare(c) => c.as_ref(),
        Command::Changes(c) => c.as_ref(),
        Command::Speedup(c) => c.as_ref(),
        Command::Scaling(c) => c.as_ref(),
        Command::Leak(c) => c.as_ref(),
        Command::Score(c) => c.as_ref(),
        Command::Flame(c) => c,
        _ => bail!("it cannot be run again"),
    })
}

/// Puts a file into a folder; a name that leaves the folder is refused.
fn place(
    folder: &Path,
    name: &str,
    put: impl FnOnce(&Path) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let name = if name == "-" { STANDARD_INPUT } else { name };
    let relative = Path::new(name);
    let stays = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !stays || name.is_empty() {
        bail!("an input is called {name:?}, which is no name inside of a folder");
    }
    let there = folder.join(relative);
    let parent = there.parent().expect("it is below the folder");
    fs::create_dir_all(parent)
        .and_then(|()| put(&there))
        .with_context(|| format!("placing {name:?}"))
}

#[cfg(unix)]
fn link(path: &Path, there: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(path, there)
}

#[cfg(not(unix))]
fn link(path: &Path, there: &Path) -> std::io::Result<()> {
    fs::copy(path, there).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(verb: &str, arguments: &[&str]) -> Evidence {
        let mut evidence = Evidence::new("x", vec![]);
        evidence.configuration = Some(Configuration {
            verb: verb.to_owned(),
            arguments: arguments.iter().map(|&a| a.to_owned()).collect(),
            ..Configuration::default()
        });
        evidence
    }

    #[test]
    fn what_cannot_be_run_again_says_why() {
        let none = BTreeMap::new();
        let said = |evidence: &Evidence, files: &BTreeMap<String, PathBuf>| {
            format!("{:#}", replay(evidence, files).unwrap_err())
        };
        assert!(said(&Evidence::new("x", vec![]), &none).contains("does not say how"));
        assert!(said(&evidence("run", &[]), &none).contains("cannot be run again"));
        assert!(said(&evidence("keygen", &["x"]), &none).contains("cannot be run again"));
        assert!(said(&evidence("validate", &["--nope"]), &none).contains("not understood"));
        for words in [["--artifacts=x", "--", "a.csv"], ["--t4", "--", "/"]] {
            assert!(said(&evidence("validate", &words), &none).contains("not those of a run"));
        }
        let here = PathBuf::from("Cargo.toml");
        for name in ["../x", "a/../../x", "", std::path::MAIN_SEPARATOR_STR] {
            let files = BTreeMap::from([(name.to_owned(), here.clone())]);
            assert!(said(&evidence("validate", &["a"]), &files).contains("no name inside"));
        }
    }
}
