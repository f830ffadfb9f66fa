//! The ways into CI: their scripts run as a pipeline runs them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tailproof_tests::program::{Run, root, tailproof};
use tempfile::TempDir;

/// Variables of a step.
type Variables = Vec<(&'static str, String)>;

/// What the gate keeps of a run that judged.
const KEPT: [&str; 7] = [
    "evidence.json",
    "report.md",
    "report.html",
    "junit.xml",
    "tailproof.sarif",
    "codequality.json",
    "exit-code",
];

/// Arguments whose runs pass, fail, cannot tell, and are wrong, with their codes and the words
/// that the scripts have for them.
const CASES: [(&str, i32, &str); 4] = [
    ("a.csv -o 'latency: p95 <= 150ms'", 0, "pass"),
    ("a.csv -o 'latency: p95 <= 80ms'", 1, "fail"),
    ("a.csv -o 'latency: p95 <= 95ms'", 3, "inconclusive"),
    ("a.csv -o 'latency: p95 <= many ms'", 2, "error"),
];

/// A folder with the values 0..100, ten times over, scrambled; `bin` in it comes first on PATH.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..1_000).map(|i| format!("{}\n", i * 7_919 % 100)).collect();
    fs::write(folder.path().join("a.csv"), format!("latency_ms\n{rows}")).unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    folder
}

/// A program in `folder/bin` that is a shell script.
fn stub(folder: &Path, name: &str, script: &str) {
    let path = folder.join("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a program in the folder with these variables and no others of a pipeline.
fn run(folder: &Path, program: &str, arguments: &[&str], variables: &Variables) -> Run {
    let own = tailproof().parent().unwrap();
    let path = format!(
        "{}:{}:{}",
        folder.join("bin").display(),
        own.display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("FOLDER", folder)
        .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
        .output()
        .unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `docs/ci/NAME`.
fn script(folder: &Path, name: &str, arguments: &[&str], variables: &Variables) -> Run {
    let path = root().join("docs/ci").join(name);
    let mut all = vec![path.to_str().unwrap()];
    all.extend(arguments);
    run(folder, "sh", &all, variables)
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&read(root(), name)).unwrap()
}

#[test]
fn the_gate_keeps_everything_and_the_code() {
    let folder = folder();
    let kept = |name: &str| folder.path().join("tailproof-evidence").join(name);
    for (arguments, code, word) in CASES {
        let variables = vec![("TAILPROOF_ARGS", arguments.to_owned())];
        let gate = script(folder.path(), "gate.sh", &["validate"], &variables);
        assert_eq!(gate.code, code, "{arguments}: {}{}", gate.stdout, gate.stderr);
        let later = script(folder.path(), "gate.sh", &["--later", "validate"], &variables);
        assert_eq!(later.code, 0, "{arguments}: {}", later.stderr);
        let end = script(folder.path(), "gate.sh", &["--end"], &vec![]);
        assert_eq!(end.code, code);
        assert!(end.stderr.contains(word), "{}", end.stderr);
        let report = fs::read_to_string(kept("report.md")).unwrap();
        assert!(report.to_uppercase().contains(&word.to_uppercase()), "{report}");
        // The last run is wrong: it leaves nothing of those before it.
        for name in KEPT {
            let there = fs::metadata(kept(name)).is_ok_and(|file| file.len() > 0);
            let wanted = code != 2 || name == "report.md" || name == "exit-code";
            assert_eq!(there, wanted, "{arguments}: {name}");
        }
    }
}

#[test]
fn without_a_run_the_gate_is_shut() {
    let folder = folder();
    let end = script(folder.path(), "gate.sh", &["--end"], &vec![]);
    assert_eq!(end.code, 2, "{}", end.stderr);
    let kept = folder.path().join("tailproof-evidence/exit-code");
    let others = ["", "--version", "../validate", "validate; true", "verify", "report", "keygen"];
    fs::create_dir(folder.path().join("tailproof-evidence")).unwrap();
    for verb in others {
        fs::write(&kept, "0\n").unwrap();
        assert_eq!(script(folder.path(), "gate.sh", &[verb], &vec![]).code, 2, "{verb}");
        assert!(!kept.exists(), "{verb}");
    }
    // A program that is not there, and a folder that cannot be.
    let absent = vec![("TAILPROOF", "/no/such/program".to_owned())];
    let run = script(folder.path(), "gate.sh", &["validate", "a.csv"], &absent);
    assert!(run.code == 2 && run.stderr.contains("no program /no/such/program"), "{}", run.stderr);
    assert!(read(folder.path(), "tailproof-evidence/report.md").contains("no program"));
    let blocked = vec![("TAILPROOF_EVIDENCE", "a.csv/below".to_owned())];
    let run = script(folder.path(), "gate.sh", &["validate", "a.csv"], &blocked);
    assert!(run.code == 2 && run.stderr.contains("cannot be made"), "{}", run.stderr);
    // A program that says that all is well and keeps no evidence is not believed.
    stub(folder.path(), "tailproof", "exit 0\n");
    assert_eq!(script(folder.path(), "gate.sh", &["validate"], &vec![]).code, 2);
}

#[test]
fn an_error_leaves_no_evidence_and_a_run_follows_the_last_one() {
    let folder = folder();
    let kept = |name: &str| folder.path().join("tailproof-evidence").join(name);
    let validate = ["validate", "a.csv", "-o", "latency: p95 <= 150ms"];
    let gate = |more: &[&str], variables: &Variables| {
        script(folder.path(), "gate.sh", &[&validate, more].concat(), variables)
    };
    let first = gate(&[], &vec![]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let hash = |text: &str| -> Value {
        let document: Value = serde_json::from_str(text).unwrap();
        document.get("evidence").unwrap_or(&document)["sha256"].clone()
    };
    let before = hash(&fs::read_to_string(kept("evidence.json")).unwrap());
    let chained = gate(&["--previous", "tailproof-evidence/evidence.json"], &vec![]);
    assert_eq!(chained.code, 0, "{}", chained.stderr);
    let text = fs::read_to_string(kept("evidence.json")).unwrap();
    assert!(before.is_string() && hash(&text) != before);
    assert!(text.contains(&format!("\"previous\": {before}")), "{text}");
    // A key that is none: whatever was written by then is no evidence.
    let bad = gate(&[], &vec![("TAILPROOF_KEY", "no key".to_owned())]);
    assert_eq!(bad.code, 2, "{}", bad.stderr);
    let mut left: Vec<String> = fs::read_dir(kept(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["exit-code", "report.md"]);
    assert!(read(folder.path(), "tailproof-evidence/report.md").contains("judged nothing"));
}

/// Stands for tailproof: keeps its arguments, one a line, and the key with its mode.
const RECORDER: &str = r#"printf '%s\n' "$@" >"$FOLDER/arguments"
while [ $# -gt 1 ]; do
    case $1$2 in
        --outjson=*) echo '{}' >"${2#json=}" ;;
        --sign*) cp "$2" "$FOLDER/key"; ls -l "$2" >"$FOLDER/mode"; echo "$2" >"$FOLDER/where" ;;
    esac
    shift
done
env >"$FOLDER/environment"
echo '::error::from data'
"#;

#[test]
fn arguments_are_words_and_nothing_in_them_is_run() {
    let folder = folder();
    stub(folder.path(), "tailproof", RECORDER);
    let text = "a.csv -o 'x: p95 <= 1ms'\n  # a comment; it's left out\n\n\
                --component \"two words\" $(touch owned) `touch owned` ; touch owned * \\*\n";
    let variables = vec![
        ("TAILPROOF_ARGS", text.to_owned()),
        ("TAILPROOF_FAIL_ON", "slo,inconclusive".to_owned()),
    ];
    let gate = script(folder.path(), "gate.sh", &["validate", "first one"], &variables);
    assert_eq!(gate.code, 0, "{}", gate.stderr);
    assert!(!folder.path().join("owned").exists());
    let arguments = read(folder.path(), "arguments");
    let mut given = arguments.lines().skip_while(|word| *word != "--fail-on");
    let wanted = [
        "--fail-on",
        "slo,inconclusive",
        "first one",
        "a.csv",
        "-o",
        "x: p95 <= 1ms",
        "--component",
        "two words",
        "$(touch",
        "owned)",
        "`touch",
        "owned`",
        ";",
        "touch",
        "owned",
        "*",
        "*",
    ];
    assert!(given.by_ref().eq(wanted), "{arguments}");
    assert_eq!(arguments.lines().next(), Some("validate"));
    // Nothing fails on shares: this verb has no such option.
    assert_eq!(script(folder.path(), "gate.sh", &["flame", "x.folded"], &variables).code, 0);
    assert!(!read(folder.path(), "arguments").contains("--fail-on"));
    let open = vec![("TAILPROOF_ARGS", "a.csv 'never closed".to_owned())];
    assert_eq!(script(folder.path(), "gate.sh", &["validate"], &open).code, 2);
}

#[test]
fn the_key_is_a_file_for_the_owner_alone_and_goes() {
    let folder = folder();
    stub(folder.path(), "tailproof", RECORDER);
    let variables = vec![("TAILPROOF_KEY", "line one\nline two".to_owned())];
    let gate = script(folder.path(), "gate.sh", &["validate"], &variables);
    assert_eq!(gate.code, 0, "{}", gate.stderr);
    assert_eq!(read(folder.path(), "key"), "line one\nline two\n");
    assert!(read(folder.path(), "mode").starts_with("-rw-------"));
    assert!(!Path::new(read(folder.path(), "where").trim()).exists());
    assert!(!read(folder.path(), "environment").contains("TAILPROOF_KEY"));
    assert!(!gate.stdout.contains("line one") && !gate.stderr.contains("line one"));
}

#[test]
fn names_from_data_are_no_commands_of_the_workflow() {
    let folder = folder();
    stub(folder.path(), "tailproof", RECORDER);
    let variables = vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_STEP_SUMMARY", "summary".to_owned()),
        ("GITHUB_OUTPUT", "output".to_owned()),
    ];
    let gate = script(folder.path(), "gate.sh", &["validate"], &variables);
    assert_eq!(gate.code, 0, "{}", gate.stderr);
    let lines: Vec<&str> = gate.stdout.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").unwrap();
    assert_eq!(token.len(), 32);
    assert_eq!(lines[1..], ["::error::from data", &format!("::{token}::")]);
    assert_eq!(
        read(folder.path(), "output"),
        "code=0\nverdict=pass\nevidence=tailproof-evidence\n"
    );
    assert!(!read(folder.path(), "summary").is_empty());
    let variables = vec![("TAILPROOF_EVIDENCE", "a\ncode=0".to_owned())];
    assert_eq!(script(folder.path(), "gate.sh", &["validate"], &variables).code, 2);
}

/// Stands for gh: keeps its calls and the last body; finds the comment that FOUND names.
const GH: &str = r#"echo "$*" >>"$FOLDER/calls"
for argument in "$@"; do
    case $last$argument in
        --body-file*) cp "$argument" "$FOLDER/body" ;;
        --fieldbody=@*) cp "${argument#body=@}" "$FOLDER/body" ;;
    esac
    last=$argument
done
[ "$1 $2" != 'pr view' ] || echo "$FOUND"
"#;

fn on_pull_request(found: &str) -> Variables {
    vec![
        ("TAILPROOF_PULL", "7".to_owned()),
        ("GITHUB_REPOSITORY", "some/where".to_owned()),
        ("TAILPROOF_NAME", "gate-1".to_owned()),
        ("FOUND", found.to_owned()),
    ]
}

#[test]
fn one_comment_is_created_and_then_updated() {
    let folder = folder();
    stub(folder.path(), "stub-gh", GH);
    let comment = |text: &str, found: &str| {
        fs::write(folder.path().join("report.md"), text).unwrap();
        let mut variables = on_pull_request(found);
        variables.push(("GH", "stub-gh".to_owned()));
        let run = script(folder.path(), "comment.sh", &["report.md"], &variables);
        assert_eq!(run.code, 0, "{}", run.stderr);
        read(folder.path(), "body")
    };
    let marker = "<!-- tailproof report: gate-1 -->\n";
    assert_eq!(comment("## first `$(id)`\n", ""), format!("{marker}## first `$(id)`\n"));
    let url = "https://github.com/some/where/pull/7#issuecomment-42";
    assert_eq!(comment("## second\n", url), format!("{marker}## second\n"));
    let calls = read(folder.path(), "calls");
    let calls: Vec<&str> = calls.lines().collect();
    assert_eq!(calls.len(), 4, "{calls:?}");
    assert!(calls[0].starts_with("pr view 7 --repo some/where --json comments --jq "));
    assert!(calls[0].contains(marker.trim()) && calls[0].contains("viewerDidAuthor"));
    assert!(calls[1].starts_with("pr comment 7 --repo some/where --body-file "), "{calls:?}");
    let update = "api --silent --method PATCH repos/some/where/issues/comments/42 --field body=@";
    assert!(calls[3].starts_with(update), "{calls:?}");
    // What GitHub would not take is cut, between characters.
    let long = comment(&"| ü |\n".repeat(20_000), "");
    assert!(long.len() < 65_536 && long.contains("Cut here"), "{}", long.len());
}

#[test]
fn what_is_no_name_never_reaches_gh() {
    let folder = folder();
    stub(folder.path(), "gh", GH);
    fs::write(folder.path().join("report.md"), "## a\n").unwrap();
    for (name, value) in [
        ("TAILPROOF_PULL", "7; id"),
        ("TAILPROOF_PULL", ""),
        ("GITHUB_REPOSITORY", "some/where/else"),
        ("GITHUB_REPOSITORY", "$(id)/where"),
        ("TAILPROOF_NAME", "a --> b"),
        ("TAILPROOF_NAME", "\") | .."),
    ] {
        let mut variables = on_pull_request("");
        variables.push((name, value.to_owned()));
        let run = script(folder.path(), "comment.sh", &["report.md"], &variables);
        assert_eq!(run.code, 2, "{name}={value}: {}", run.stderr);
    }
    assert!(!folder.path().join("calls").exists());
}

/// The steps of the action that have a script.
fn steps() -> Vec<Value> {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    steps.iter().filter(|step| step.get("run").is_some()).cloned().collect()
}

/// Runs a step as a runner does; `values` are what its expressions stand for.
fn step(folder: &Path, name: &str, values: &BTreeMap<&str, &str>) -> Run {
    let step = steps().into_iter().find(|step| step["name"] == name).unwrap();
    let mut variables: Variables = vec![
        ("GITHUB_ACTION_PATH", root().to_str().unwrap().to_owned()),
        ("RUNNER_TEMP", folder.to_str().unwrap().to_owned()),
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_REPOSITORY", "some/where".to_owned()),
        ("GITHUB_OUTPUT", folder.join("output").to_str().unwrap().to_owned()),
        ("GITHUB_STEP_SUMMARY", folder.join("summary").to_str().unwrap().to_owned()),
    ];
    for (variable, text) in step["env"].as_object().into_iter().flatten() {
        let text = text.as_str().unwrap();
        let expression = text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
        let value = expression.map_or(text, |name| values[name]);
        variables.push((Box::leak(variable.clone().into_boxed_str()), value.to_owned()));
    }
    let text = step["run"].as_str().unwrap();
    let bash = ["--noprofile", "--norc", "-eo", "pipefail", "-c", text];
    run(folder, "bash", &bash, &variables)
}

/// What the expressions of the action stand for.
fn values(arguments: &str) -> BTreeMap<&str, &str> {
    BTreeMap::from([
        ("inputs.program", ""),
        ("inputs.command", "validate"),
        ("inputs.args", arguments),
        ("inputs.evidence", "tailproof-evidence"),
        ("inputs.fail-on", ""),
        ("inputs.sign-key", ""),
        ("inputs.name", "tailproof"),
        ("inputs.token", "no token"),
        ("github.event.pull_request.number", "7"),
        ("steps.tool.outputs.program", "tailproof"),
    ])
}

/// The value of an output that steps wrote.
fn output(folder: &Path, name: &str) -> String {
    let all = read(folder, "output");
    let found = all.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no output {name}: {all}")).to_owned()
}

#[test]
fn scripts_of_the_action_take_nothing_from_outside_into_their_source() {
    let steps = steps();
    assert_eq!(steps.len(), 5);
    for step in &steps {
        let run = step["run"].as_str().unwrap();
        assert_eq!(step["shell"], "bash", "{run}");
        assert!(!run.contains("${{"), "{run}");
        let script = run.split("$GITHUB_ACTION_PATH/").nth(1).unwrap().split('"').next().unwrap();
        assert!(script.starts_with("docs/ci/") && root().join(script).is_file(), "{script}");
    }
    // The gate comes last and whatever happened before.
    let action = yaml("action.yml");
    let last = action["runs"]["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["name"], &last["if"]), (&Value::from("Gate"), &Value::from("always()")));
    assert!(last.get("continue-on-error").is_none());
    let page = read(root(), "docs/ci.md");
    for input in action["inputs"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("| `{input}` |")), "docs/ci.md does not explain {input}");
    }
}

#[test]
fn the_steps_of_the_action_run_one_after_the_other() {
    let folder = folder();
    let here = folder.path();
    stub(here, "gh", &format!("FOUND=\n{GH}"));
    for (arguments, code, word) in CASES {
        let values = values(arguments);
        let find = step(here, "Find tailproof", &values);
        assert_eq!(find.code, 0, "{}", find.stderr);
        assert_eq!(Path::new(&output(here, "program")), tailproof());
        let judge = step(here, "Judge", &values);
        assert_eq!(judge.code, 0, "{}{}", judge.stdout, judge.stderr);
        assert_eq!(
            (output(here, "code"), output(here, "verdict")),
            (code.to_string(), word.into())
        );
        let comment = step(here, "Comment on the pull request", &values);
        assert_eq!(comment.code, 0, "{}", comment.stderr);
        assert!(read(here, "body").starts_with("<!-- tailproof report: tailproof -->\n## "));
        let gate = step(here, "Gate", &values);
        assert_eq!(gate.code, code, "{}", gate.stderr);
    }
    assert_eq!(read(here, "summary").matches("\n## ").count() + 1, CASES.len());
}

#[test]
fn the_action_builds_from_its_own_sources_when_nothing_is_installed() {
    let folder = folder();
    let here = folder.path();
    // Stands for cargo: the last argument is the target folder.
    let cargo = "pwd >\"$FOLDER/built-in\"\nfor last in \"$@\"; do :; done\n\
                 mkdir -p \"$last/release\" && echo built >\"$last/release/tailproof\"\n";
    stub(here, "cargo", cargo);
    let build = step(here, "Build tailproof", &values(""));
    assert_eq!(build.code, 0, "{}", build.stderr);
    assert_eq!(read(here, "tailproof-program/tailproof"), "built\n");
    assert_eq!(
        fs::canonicalize(read(here, "built-in").trim()).unwrap(),
        fs::canonicalize(root()).unwrap()
    );
    assert!(!here.join("tailproof-program/target").exists());
    // From the same sources it is not built again, from others it is.
    let program = here.join("tailproof-program/tailproof");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(here.join("built-in")).unwrap();
    let build_again = || assert_eq!(step(here, "Build tailproof", &values("")).code, 0);
    build_again();
    assert!(!here.join("built-in").exists());
    fs::write(here.join("tailproof-program/key"), "other\n").unwrap();
    build_again();
    // What is built is cached under a key of the sources.
    let find = || {
        let variables = vec![("PATH", "/usr/bin:/bin".to_owned())];
        script(here, "tool.sh", &["find"], &variables).stdout
    };
    let key = find();
    let hash = key.strip_prefix("key=tailproof-").unwrap_or_else(|| panic!("{key}")).trim();
    assert!(hash.len() == 40 && find() == key, "{key}");
    let missing = BTreeMap::from([("inputs.program", "/no/such/program")]);
    assert_eq!(step(here, "Find tailproof", &missing).code, 2);
}

#[test]
fn the_job_of_gitlab_runs_and_says_where_reports_are() {
    let template = yaml("docs/ci/gitlab.yml");
    let job = &template[".tailproof"];
    let lines = |key: &str| -> Vec<String> {
        let all = job[key].as_array().unwrap();
        all.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let text = [vec!["set -eo pipefail".to_owned()], lines("before_script"), lines("script")];
    let text = text.concat().join("\n");
    let folder = folder();
    for (arguments, code, _) in CASES {
        let mut variables: Variables = Vec::new();
        for (name, value) in job["variables"].as_object().unwrap() {
            let value = match name.as_str() {
                "TAILPROOF_ARGS" => arguments,
                "TAILPROOF_SOURCES" => root().to_str().unwrap(),
                _ => value.as_str().unwrap(),
            };
            variables.push((Box::leak(name.clone().into_boxed_str()), value.to_owned()));
        }
        let run = run(folder.path(), "bash", &["-c", &text], &variables);
        assert_eq!(run.code, code, "{arguments}: {}{}", run.stdout, run.stderr);
        if code != 2 {
            for report in ["junit", "codequality"] {
                let path = job["artifacts"]["reports"][report].as_str().unwrap();
                assert!(!read(folder.path(), path).is_empty(), "{path}");
            }
        }
    }
    assert_eq!(job["artifacts"]["when"], "always");
    let open = &template[".tailproof-open-warns"];
    assert_eq!(open["extends"], ".tailproof");
    assert_eq!(open["allow_failure"]["exit_codes"], serde_json::json!([3]));
}
