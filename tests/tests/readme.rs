//! The README and the documents beside it show what really comes out.

use std::fs;

use tailproof_tests::program::{root, run};

/// A block of code of a document.
struct Block {
    language: String,
    body: String,
    /// Lines of the document before its first fence and after its last.
    lines: (usize, usize),
}

/// A command of a document and what stands below it.
struct Shown {
    command: String,
    printed: Option<String>,
}

/// The fenced blocks, in order; a fence that is never closed is an error.
fn blocks(document: &str) -> Vec<Block> {
    let mut all = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in document.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let (language, body) = (language.trim().to_owned(), String::new());
                open = Some(Block { language, body, lines: (at, at) });
            }
            (Some(""), Some(_)) => {
                let mut block = open.take().unwrap();
                block.lines.1 = at + 1;
                all.push(block);
            }
            (Some(other), Some(block)) => {
                panic!("line {}: ```{other} within that of line {}", at + 1, block.lines.0 + 1)
            }
            (None, Some(block)) => {
                block.body += line;
                block.body.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    all
}

/// The commands in the two forms that the documents have: a `console` with the output below each
/// line that begins with `$`, and an `sh` with the output of its last line in the `text` that
/// follows at once.
fn commands(document: &str) -> Vec<Shown> {
    let blocks = blocks(document);
    let mut all = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        match block.language.as_str() {
            "console" => {
                let mut here: Vec<Shown> = Vec::new();
                for line in block.body.lines() {
                    if let Some(command) = line.strip_prefix("$ ") {
                        here.push(Shown { command: command.to_owned(), printed: None });
                        continue;
                    }
                    let shown = here.last_mut().expect("a console begins with a command");
                    let printed = shown.printed.get_or_insert_default();
                    *printed += line;
                    printed.push('\n');
                }
                all.extend(here);
            }
            "sh" => {
                let below = blocks
                    .get(at + 1)
                    .filter(|next| next.language == "text" && next.lines.0 <= block.lines.1 + 1);
                let mut lines: Vec<Shown> = block
                    .body
                    .lines()
                    .map(|line| Shown { command: line.to_owned(), printed: None })
                    .collect();
                if let (Some(last), Some(below)) = (lines.last_mut(), below) {
                    last.printed = Some(below.body.clone());
                }
                all.extend(lines);
            }
            _ => {}
        }
    }
    all
}

/// The arguments of a command of this program and the exit code that a comment behind it names;
/// `None` for another program.
fn arguments(command: &str) -> Option<(Vec<String>, Option<i32>)> {
    let (command, comment) = command.split_once(" # ").unwrap_or((command, ""));
    let rest = command
        .strip_prefix("cargo run --release --package tailproof -- ")
        .or_else(|| command.strip_prefix("tailproof "))?;
    // Arguments in single quotes hold spaces.
    let mut args: Vec<String> = Vec::new();
    for (i, part) in rest.split('\'').enumerate() {
        if i % 2 == 1 {
            args.push(part.to_owned());
        } else {
            args.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    let code = comment.trim().strip_prefix("exit code ");
    Some((args, code.map(|code| code.trim().parse().unwrap())))
}

/// Runs what a document shows; how many outputs were compared, and how many commands name their
/// exit code alone.
fn check(document: &str) -> (usize, usize) {
    let (mut compared, mut coded) = (0, 0);
    for Shown { command, printed } in commands(document) {
        let Some((mut args, code)) = arguments(&command) else { continue };
        if printed.is_none() && code.is_none() {
            continue; // A form of a command, with files that are not here.
        }
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().to_str().unwrap();
        let at = args.iter().position(|a| a == "--artifacts").map(|i| i + 1);
        let kept = at.map(|at| std::mem::replace(&mut args[at], out.to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let result = run(root(), &args);
        match code {
            Some(code) => assert_eq!(result.code, code, "{command}: {}", result.stderr),
            None => assert_ne!(result.code, 2, "{command}: {}", result.stderr),
        }
        let Some(shown) = printed else {
            coded += 1;
            continue;
        };
        let stderr = result.stderr.replace(out, kept.as_deref().unwrap_or(out));
        let really = format!("{}{stderr}", result.stdout);
        assert_eq!(really.trim(), shown.trim(), "{command}");
        compared += 1;
    }
    (compared, coded)
}

/// Every command of these documents, run with the built program, prints what stands below it.
/// The counts are of what must be found: a broken fence hides nothing.
#[test]
fn every_shown_output_is_true() {
    for (name, want) in [
        ("README.md", (14, 0)),
        ("docs/evidence.md", (2, 0)),
        ("examples/release/README.md", (1, 0)),
        ("examples/aggregation/README.md", (2, 0)),
        ("examples/published-claims/README.md", (6, 0)),
        ("docs/scorecard.md", (0, 1)),
        ("docs/error-budgets.md", (0, 0)),
    ] {
        let document = fs::read_to_string(root().join(name)).unwrap();
        assert_eq!(check(&document), want, "{name}");
    }
}

#[test]
fn commands_are_found_in_every_form() {
    let document = "```console\n$ tailproof a --b 'c d'\n1\n\n2\n$ tailproof e\n```\n\
                    ```sh\ncargo xtask test\ntailproof f   # exit code 3\n```\n\n```text\n3\n```\n\
                    ```sh\ntailproof g\n```\nand much later\n\n```text\n4\n```\n";
    let found: Vec<(String, Option<String>)> =
        commands(document).into_iter().map(|shown| (shown.command, shown.printed)).collect();
    let wanted = [
        ("tailproof a --b 'c d'", Some("1\n\n2\n")),
        ("tailproof e", None),
        ("cargo xtask test", None),
        ("tailproof f   # exit code 3", Some("3\n")),
        ("tailproof g", None),
    ];
    assert_eq!(found.len(), wanted.len());
    for ((command, printed), wanted) in found.iter().zip(wanted) {
        assert_eq!((command.as_str(), printed.as_deref()), wanted);
    }
    let of = |text: &str| arguments(text).unwrap();
    assert_eq!(of("tailproof a --b 'c d'").0, ["a", "--b", "c d"]);
    assert_eq!(of("tailproof f   # exit code 3"), (vec!["f".to_owned()], Some(3)));
    assert_eq!(arguments("cargo xtask test"), None);
}

#[test]
#[should_panic(expected = "line 3: ```text within that of line 1")]
fn a_fence_that_is_missing_is_seen() {
    blocks("```sh\ntailproof a\n```text\n1\n```\n");
}
