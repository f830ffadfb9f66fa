use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use crate::names::{Names, within};

/// What was typed, as far as findings depend on it: what `verify` needs to run it again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invocation {
    /// The verb.
    pub(crate) verb: String,
    /// Its arguments; files outside of the working folder go by public names.
    pub(crate) arguments: Vec<String>,
    /// The names by which files are told to others.
    pub(crate) names: Names,
}

/// Arguments that say where reports go, what gates, or where to remember: none bears on what is
/// found.
const SILENT: [&str; 11] = [
    "stdout",
    "out",
    "archive",
    "artifacts",
    "sign",
    "previous",
    "junit_open",
    "fail_on",
    "advisory",
    "cache",
    "svg",
];

/// Arguments that hold a path behind a label, as `LABEL=PATH`; paths themselves are known by
/// their type.
const LABELLED: [&str; 3] = ["paths", "base", "config"];

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
        let bears = |arg: &&Arg| {
            let id = arg.get_id().as_str();
            !SILENT.contains(&id) && is_typed(typed, id)
        };
        let args: Vec<&Arg> = command.get_arguments().filter(bears).collect();
        for arg in args.iter().filter(|arg| holds_paths(arg)) {
            values(typed, arg).iter().flatten().for_each(|v| invocation.names.reserve(v));
        }
        let mut trailing = Vec::new();
        for arg in args {
            let mut values = values(typed, arg);
            if holds_paths(arg) {
                for value in values.iter_mut().flatten() {
                    *value = invocation.names.argument(value);
                }
            }
            let flag = arg.get_long().map(|long| format!("--{long}"));
            match (flag, arg.get_action()) {
                (Some(flag), ArgAction::SetTrue) => invocation.arguments.push(flag),
                (Some(flag), _) => {
                    // A value may begin with a dash.
                    let word = |value: &Vec<String>| format!("{flag}={}", value.join(","));
                    invocation.arguments.extend(values.iter().map(word));
                }
                (None, _) => trailing.extend(values.into_iter().flatten()),
            }
        }
        if !trailing.is_empty() {
            invocation.arguments.push("--".to_owned());
            invocation.arguments.append(&mut trailing);
        }
        invocation
    }

    /// The first path that was typed and leaves the working folder, whether it is there or not.
    pub(crate) fn leaving(program: &Command, matches: &ArgMatches) -> Option<String> {
        let (verb, typed) = matches.subcommand()?;
        let args = program.find_subcommand(verb)?.get_arguments();
        let mut typed_paths = args
            .filter(|arg| is_typed(typed, arg.get_id().as_str()) && holds_paths(arg))
            .flat_map(|arg| values(typed, arg).into_iter().flatten());
        let leaves = |text: &str| within(Path::new(text)).is_none();
        typed_paths
            .find(|text| leaves(text) || text.split_once('=').is_some_and(|(_, path)| leaves(path)))
    }

    /// The name under which an input is told to others.
    pub(crate) fn public(&self, name: &str) -> String {
        self.names.public(name)
    }
}

fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

/// Whether an argument names files.
fn holds_paths(arg: &Arg) -> bool {
    arg.get_value_hint() == ValueHint::AnyPath || LABELLED.contains(&arg.get_id().as_str())
}

/// What was typed, each time that an argument was.
fn values(matches: &ArgMatches, arg: &Arg) -> Vec<Vec<String>> {
    let typed = matches.get_raw_occurrences(arg.get_id().as_str());
    let text = |value: &std::ffi::OsStr| value.to_string_lossy().into_owned();
    typed.into_iter().flatten().map(|values| values.map(text).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;

    /// Arguments that bear on what is found.
    const BEARS: [&str; 55] = [
        "ablation",
        "accept_conditions",
        "after",
        "alpha",
        "at",
        "base",
        "baseline",
        "before",
        "by",
        "claim",
        "claims",
        "combined",
        "component",
        "config",
        "correction",
        "data",
        "direction",
        "equivalence",
        "every",
        "factors",
        "filter",
        "format",
        "history",
        "init",
        "labels",
        "layers",
        "least_cases",
        "level",
        "limit",
        "margin",
        "method",
        "metric",
        "min_effect",
        "min_effect_abs",
        "min_segment",
        "objective",
        "over",
        "own",
        "paths",
        "reference",
        "require_power",
        "resamples",
        "seed",
        "since",
        "slo",
        "statistic",
        "store",
        "summary",
        "t4",
        "targets",
        "test",
        "title",
        "top",
        "unit",
        "variant",
    ];

    fn program() -> Command {
        <crate::Cli as clap::CommandFactory>::command()
    }

    fn typed(arguments: &[&str]) -> Invocation {
        let program = program();
        let words = std::iter::once("tailproof").chain(arguments.iter().copied());
        let matches = program.clone().try_get_matches_from(words).unwrap();
        Invocation::of(&program, &matches)
    }

    #[test]
    fn every_argument_bears_on_findings_or_is_silent() {
        let program = program();
        let mut seen = BTreeSet::new();
        for verb in program.get_subcommands() {
            // What makes findings has outputs; these two cannot be run again.
            let outputs = verb.get_arguments().any(|arg| arg.get_id() == "junit_open");
            if !outputs || ["run", "report"].contains(&verb.get_name()) {
                continue;
            }
            for arg in verb.get_arguments() {
                let id = arg.get_id().as_str();
                let known = [SILENT.contains(&id), BEARS.contains(&id)];
                assert_eq!(known.iter().filter(|k| **k).count(), 1, "{}: {id}", verb.get_name());
                assert!(!arg.is_positional() || holds_paths(arg), "{}: {id}", verb.get_name());
                seen.insert(id.to_owned());
            }
        }
        for id in SILENT.iter().chain(&BEARS).chain(&LABELLED) {
            assert!(seen.contains(*id), "no argument is called {id}");
        }
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
            "--junit-open",
            "error",
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
        let made = typed(&["flame", "a.folded", "--top", "3", "--svg", "a.svg"]);
        assert_eq!(made.arguments, ["--top=3", "--", "a.folded"]);
    }

    #[test]
    fn paths_that_leave_are_known_by_their_argument() {
        let leaving = |arguments: &[&str]| {
            let program = program();
            let words = std::iter::once("tailproof").chain(arguments.iter().copied());
            let matches = program.clone().try_get_matches_from(words).unwrap();
            Invocation::leaving(&program, &matches)
        };
        for path in ["/no/such/file", "../x", "a/../../x", "/", "new=/no/such/file", "a=../x"] {
            assert_eq!(leaving(&["compare", "a.csv", path]).as_deref(), Some(path));
        }
        assert!(leaving(&["validate", "a.csv", "--slo", "/s.toml"]).is_some());
        // What is no path may look like one.
        for fine in [["--unit", "/s"], ["--metric", "/api/*"], ["--filter", "route:../x"]] {
            assert_eq!(leaving(&["compare", "a.csv", "new=b/../c.csv", fine[0], fine[1]]), None);
        }
    }

    #[test]
    fn a_metric_that_is_called_as_a_folder_keeps_its_name() {
        let folder = std::env::temp_dir().to_string_lossy().into_owned();
        let made = typed(&["compare", "a.csv", "b.csv", "--metric", &folder]);
        assert_eq!(made.arguments[0], format!("--metric={folder}"));
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
