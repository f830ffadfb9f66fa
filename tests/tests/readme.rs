//! The README shows what really comes out.

use std::fs;

use tailproof_tests::program::{root, run};

/// The first command of the README, run with the built program, prints what stands below it.
#[test]
fn the_first_screen_is_true() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = readme.split("```").skip(1).step_by(2);
    let command = blocks.next().unwrap().trim_start_matches("sh").trim().to_owned();
    let shown = blocks.next().unwrap().trim_start_matches("text").trim().to_owned();
    let arguments = command
        .strip_prefix("cargo run --release --package tailproof --")
        .unwrap_or_else(|| panic!("{command}"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut args: Vec<&str> = arguments.split_whitespace().filter(|a| *a != "\\").collect();
    let at = args.iter().position(|a| *a == "--artifacts").unwrap() + 1;
    let shown_folder = std::mem::replace(&mut args[at], out);
    let result = run(root(), &args);
    assert_eq!(result.code, 0, "{}", result.stderr);
    let printed = format!("{}{}", result.stdout, result.stderr.replace(out, shown_folder));
    assert_eq!(printed.trim(), shown);
}
