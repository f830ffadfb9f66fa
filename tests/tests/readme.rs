//! The README shows what really comes out.

use std::fs;

use tailproof_tests::program::{root, run};

/// Every command of the README, run with the built program, prints what stands below it.
#[test]
fn every_shown_output_is_true() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<&str> = readme.split("```").skip(1).step_by(2).collect();
    let mut checked = 0;
    for pair in blocks.windows(2) {
        let (command, shown) = (pair[0].trim_start_matches("sh").trim(), pair[1]);
        let Some(arguments) = command.strip_prefix("cargo run --release --package tailproof --")
        else {
            continue;
        };
        let shown = shown.trim_start_matches("text").trim();
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().to_str().unwrap();
        // Arguments in single quotes hold spaces.
        let mut args: Vec<String> = Vec::new();
        for (i, part) in arguments.split('\'').enumerate() {
            if i % 2 == 1 {
                args.push(part.to_owned());
            } else {
                args.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let at = args.iter().position(|a| a == "--artifacts").map(|i| i + 1);
        let kept = at.map(|at| std::mem::replace(&mut args[at], out.to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let result = run(root(), &args);
        assert_ne!(result.code, 2, "{}", result.stderr);
        let stderr = result.stderr.replace(out, kept.as_deref().unwrap_or(out));
        let printed = format!("{}{stderr}", result.stdout);
        assert_eq!(printed.trim(), shown, "{command}");
        checked += 1;
    }
    assert_eq!(checked, 13);
}
