//! A run again, from what evidence says of itself.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
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
/// Files that are given are linked and never written.
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
    // Deeper than a reader looks for descriptions above its data.
    let inside = folder.path().join("run/of/evidence");
    fs::create_dir_all(&inside).context("making a folder to run in")?;
    for (name, path) in files {
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        place(&inside, name, |there| link(&path, there))?;
    }
    // What is given has the hash that the evidence says, and so has its text there.
    for (name, text) in configuration.files.iter().filter(|(name, _)| !files.contains_key(*name)) {
        place(&inside, name, |there| write_new(text, there))?;
    }
    // Names of files are those of the working folder.
    let before = env::current_dir().context("finding the working folder")?;
    env::set_current_dir(&inside).context("entering the folder to run in")?;
    let made = run(evidence, configuration);
    env::set_current_dir(before).context("going back to the working folder")?;
    made
}

/// The run, in the working folder.
fn run(evidence: &Evidence, configuration: &Configuration) -> anyhow::Result<Evidence> {
    let piped = evidence.inputs.iter().any(|input| input.name == "-");
    let (command, invocation) = command(configuration, piped)?;
    let given = given(evidence, configuration, invocation)?;
    let analysis = analysis(&command).context("it cannot be run again")?;
    let mut made = analysis.evidence(&given)?;
    given.complete(&mut made);
    Ok(made)
}

/// What was typed, parsed again; `piped` says whether standard input was an input.
///
/// Arguments that would write anything, or read outside of the folder, are refused: evidence may
/// be a stranger's.
fn command(configuration: &Configuration, piped: bool) -> anyhow::Result<(Command, Invocation)> {
    let mut words = vec!["tailproof".to_owned(), configuration.verb.clone()];
    words.extend(configuration.arguments.iter().map(|word| match word.strip_suffix('-') {
        // What came from standard input is a file of that name now.
        Some(flag) if piped && (flag.is_empty() || flag.ends_with('=')) => {
            format!("{flag}{STANDARD_INPUT}")
        }
        _ => word.clone(),
    }));
    let program = Cli::command();
    let matches = program.clone().try_get_matches_from(&words).map_err(|e| {
        let text = e.to_string();
        let first = text.lines().next().unwrap_or_default().to_owned();
        anyhow::anyhow!("its arguments are not understood: {first}")
    })?;
    let command = Cli::from_arg_matches(&matches)?.command;
    ensure!(analysis(&command).is_some(), "tailproof {} cannot be run again", configuration.verb);
    if let Some(path) = Invocation::leaving(&program, &matches) {
        bail!("its arguments are not those of a run: {path:?} is outside of its folder");
    }
    let mut invocation = Invocation::of(&program, &matches);
    if invocation.arguments != words[2..] {
        bail!("its arguments are not those of a run: they name outputs");
    }
    // Evidence says what was typed then.
    invocation.arguments.clone_from(&configuration.arguments);
    if piped {
        invocation.names.rename(STANDARD_INPUT, "-");
    }
    Ok((command, invocation))
}

/// The file that stands for standard input: of the same label, and read as a file.
const STANDARD_INPUT: &str = "./-";

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

/// The verbs that give the same numbers when they are run again on the same files.
fn analysis(command: &Command) -> Option<&dyn Analysis> {
    Some(match command {
        Command::Validate(c) => c.as_ref(),
        Command::Compare(c) => c.as_ref(),
        Command::Changes(c) => c.as_ref(),
        Command::Speedup(c) => c.as_ref(),
        Command::Scaling(c) => c.as_ref(),
        Command::Leak(c) => c.as_ref(),
        Command::Score(c) => c.as_ref(),
        Command::Flame(c) => c,
        _ => return None,
    })
}

/// Puts a file into a folder; a name that leaves the folder is refused.
fn place(
    folder: &Path,
    name: &str,
    put: impl FnOnce(&Path) -> io::Result<()>,
) -> anyhow::Result<()> {
    let relative = Path::new(name);
    let stays =
        relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !stays || relative.file_name().is_none() {
        bail!("an input is called {name:?}, which is no name inside of a folder");
    }
    let there = folder.join(relative);
    let parent = there.parent().expect("it is below the folder");
    fs::create_dir_all(parent)
        .and_then(|()| put(&there))
        .with_context(|| format!("placing {name:?}"))
}

/// Writes a file that was not there; nothing that is there is followed or changed.
fn write_new(text: &str, there: &Path) -> io::Result<()> {
    File::options().write(true).create_new(true).open(there)?.write_all(text.as_bytes())
}

/// Makes a file of a folder stand for a file that is given.
fn link(path: &Path, there: &Path) -> io::Result<()> {
    // One file may have two names, such as a.csv and ./a.csv.
    if there.canonicalize().is_ok_and(|known| known == path) {
        return Ok(());
    }
    link_new(path, there)
}

#[cfg(unix)]
fn link_new(path: &Path, there: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(path, there)
}

#[cfg(not(unix))]
fn link_new(path: &Path, there: &Path) -> io::Result<()> {
    let mut copy = File::options().write(true).create_new(true).open(there)?;
    io::copy(&mut File::open(path)?, &mut copy).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, PoisonError};

    /// The working folder belongs to the whole process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

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
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let none = BTreeMap::new();
        let said = |evidence: &Evidence, files: &BTreeMap<String, PathBuf>| {
            format!("{:#}", replay(evidence, files).unwrap_err())
        };
        assert!(said(&Evidence::new("x", vec![]), &none).contains("does not say how"));
        assert!(said(&evidence("run", &["--", "x"]), &none).contains("cannot be run again"));
        assert!(said(&evidence("keygen", &["x"]), &none).contains("cannot be run again"));
        assert!(said(&evidence("validate", &["--nope"]), &none).contains("not understood"));
        for words in
            [["--artifacts=x", "--", "a.csv"], ["--t4", "--", "/"], ["--t4", "--", "/no/such"]]
        {
            assert!(said(&evidence("validate", &words), &none).contains("not those of a run"));
        }
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("a.csv");
        fs::write(&here, "1\n").unwrap();
        for name in ["../x", "a/../../x", "", ".", std::path::MAIN_SEPARATOR_STR] {
            let files = BTreeMap::from([(name.to_owned(), here.clone())]);
            assert!(said(&evidence("validate", &["a"]), &files).contains("no name inside"));
        }
    }

    #[test]
    fn nothing_that_is_given_is_written() {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.toml");
        fs::write(&own, "mine").unwrap();
        let mut evidence = evidence("validate", &["--nope"]);
        let configuration = evidence.configuration.as_mut().unwrap();
        // The same file under three names, with another text in the evidence.
        for name in ["t.toml", "./t.toml", "a/t.toml"] {
            configuration.files.insert(name.to_owned(), "theirs".to_owned());
        }
        let files = ["t.toml", "a/t.toml"].map(|name| (name.to_owned(), own.clone()));
        assert!(replay(&evidence, &BTreeMap::from(files)).is_err());
        assert_eq!(fs::read_to_string(&own).unwrap(), "mine");
    }
}
