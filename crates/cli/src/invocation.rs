use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use clap::{ArgAction, ArgMatches, Command};

/// What was typed, as far as findings depend on it: what `verify` needs to run it again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invocation {
    /// The verb.
    pub(crate) verb: String,
    /// Its arguments; files outside of the working folder go by public names.
    pub(crate) arguments: Vec<String>,
    names: Names,
}

/// Arguments that say where reports go, what gates, or where to remember: none bears on what is
/// found.
const SILENT: [&str; 15] = [
    "stdout",
    "out",
    "archive",
    "artifacts",
    "sign",
    "previous",
    "open",
    "fail_on",
    "advisory",
    "accept_conditions",
    "cache",
    "save",
    "svg",
    "top",
    "help",
];

impl Invocation {
    /// Of the program's parsed arguments.
    pub(crate) fn of(program: &Command, matches: &ArgMatches) -> Self {
        let Some((verb, typed)) = matches.subcommand() else { return Self::default() };
        let Some(command) = program.find_subcommand(verb) else { return Self::default() };
        let mut invocation = Self { verb: verb.to_owned(), ..Self::default() };
        if verb == "run" {
            // Commands may hold anything, and measuring again gives other numbers.
            return invocation;
        }
        let mut trailing = Vec::new();
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            if SILENT.contains(&id) || !is_typed(typed, id) {
                continue;
            }
            let values: Vec<Vec<String>> = typed
                .get_raw_occurrences(id)
                .into_iter()
                .flatten()
                .map(|values| values.map(|v| v.to_string_lossy().into_owned()).collect())
                .collect();
            let flag = arg.get_long().map(|long| format!("--{long}"));
            match (flag, arg.get_action()) {
                (Some(flag), ArgAction::SetTrue) => invocation.arguments.push(flag),
                (Some(flag), _) => {
                    for value in values {
                        let value: Vec<String> =
                            value.iter().map(|v| invocation.names.argument(v)).collect();
                        // A value may begin with a dash.
                        invocation.arguments.push(format!("{flag}={}", value.join(",")));
                    }
                }
                (None, _) => {
                    let names = &mut invocation.names;
                    trailing.extend(values.iter().flatten().map(|v| names.argument(v)));
                }
            }
        }
        if !trailing.is_empty() {
            invocation.arguments.push("--".to_owned());
            invocation.arguments.append(&mut trailing);
        }
        invocation
    }

    /// The name under which an input is told to others.
    pub(crate) fn public(&self, name: &str) -> String {
        self.names.public(name)
    }
}

fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

/// Public names of the files and folders outside of the working folder that were typed.
///
/// A folder says something about a machine and its user; what is told is the last part of the
/// path, behind a number where two are called the same.
#[derive(Clone, Debug, Default)]
struct Names {
    outside: Vec<(PathBuf, String)>,
    taken: BTreeSet<String>,
}

impl Names {
    /// An argument, with the path that it may be or hold (`label=path`, `folder@baseline`)
    /// under its public name.
    fn argument(&mut self, text: &str) -> String {
        if let Some(public) = self.path(text) {
            return public;
        }
        if let Some((label, path)) = text.split_once('=')
            && let Some(public) = self.path(path)
        {
            return format!("{label}={public}");
        }
        text.to_owned()
    }

    /// The public name of a path outside; `None` for anything else.
    fn path(&mut self, text: &str) -> Option<String> {
        if inside(Path::new(text)) {
            return None;
        }
        if Path::new(text).exists() {
            return Some(self.add(Path::new(text)));
        }
        let (folder, baseline) = text.rsplit_once('@')?;
        let exists = Path::new(folder).exists();
        exists.then(|| format!("{}@{baseline}", self.add(Path::new(folder))))
    }

    fn add(&mut self, path: &Path) -> String {
        if let Some((_, public)) = self.outside.iter().find(|(known, _)| known == path) {
            return public.clone();
        }
        let last = last_part(path);
        let numbered = (2..).map(|i| format!("{i}/{last}"));
        let mut free = std::iter::once(last.clone()).chain(numbered);
        let public = free.find(|name| !self.taken.contains(name)).unwrap_or(last);
        self.taken.insert(public.clone());
        self.outside.push((path.to_owned(), public.clone()));
        public
    }

    fn public(&self, name: &str) -> String {
        let path = Path::new(name);
        let below = |(root, public): &(PathBuf, String)| {
            let rest = path.strip_prefix(root).ok()?;
            Some(if rest.as_os_str().is_empty() {
                public.clone()
            } else {
                format!("{public}/{}", rest.display())
            })
        };
        match self.outside.iter().find_map(below) {
            Some(public) => public,
            None if inside(path) => name.to_owned(),
            None => last_part(path),
        }
    }
}

/// Whether a path stays inside of the working folder.
fn inside(path: &Path) -> bool {
    path.is_relative() && !path.components().any(|part| part == Component::ParentDir)
}

fn last_part(path: &Path) -> String {
    let last = path.file_name().map(|n| n.to_string_lossy().into_owned());
    last.unwrap_or_else(|| "data".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn typed(arguments: &[&str]) -> Invocation {
        let program = <crate::Cli as clap::CommandFactory>::command();
        let words = std::iter::once("tailproof").chain(arguments.iter().copied());
        let matches = program.clone().try_get_matches_from(words).unwrap();
        Invocation::of(&program, &matches)
    }

    #[test]
    fn what_bears_on_findings_is_kept() {
        let made = typed(&[
            "validate",
            "a.csv",
            "--objective",
            "p95 <= 1ms",
            "--out",
            "json=x",
            "--labels",
            "route,zone",
            "--fail-on",
            "slo",
            "--t4",
            "--objective=-1 <= 2",
        ]);
        assert_eq!(made.verb, "validate");
        let want = [
            "--objective=p95 <= 1ms",
            "--objective=-1 <= 2",
            "--t4",
            "--labels=route,zone",
            "--",
            "a.csv",
        ];
        assert_eq!(made.arguments, want);
    }

    #[test]
    fn paths_outside_are_not_told_and_stay_apart() {
        let folder = std::env::temp_dir().join(format!("tailproof-names-{}", std::process::id()));
        let place = |name: &str| {
            let path = folder.join(name).join("run.csv");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "1\n").unwrap();
            path.to_string_lossy().into_owned()
        };
        let (a, b) = (place("a"), place("b"));
        let labelled = format!("new={b}");
        let made = typed(&["compare", &a, &labelled]);
        assert_eq!(made.arguments, ["--", "run.csv", "new=2/run.csv"]);
        assert_eq!((made.public(&a), made.public(&b)), ("run.csv".into(), "2/run.csv".into()));
        let whole = folder.to_string_lossy().into_owned();
        let made = typed(&["compare", &whole]);
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(made.public(&a), format!("{name}/a/run.csv"));
        assert_eq!(made.public("../elsewhere/x.csv"), "x.csv");
        assert_eq!(made.public("here/x.csv"), "here/x.csv");
        fs::remove_dir_all(&folder).unwrap();
    }
}
