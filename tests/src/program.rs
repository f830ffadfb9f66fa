//! The program under test, and folders to run it in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The `tailproof` program of the profile that the tests are built in; built when needed.
///
/// # Panics
/// It does not build.
pub fn tailproof() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // target/PROFILE/deps/test-binary → target/PROFILE
        let own = std::env::current_exe().expect("a running program has a path");
        let profile = own.ancestors().nth(2).expect("tests run from target/PROFILE/deps");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "tailproof"]);
        if profile.file_name().is_some_and(|n| n == "release") {
            cargo.arg("--release");
        }
        cargo.arg("--target-dir").arg(profile.parent().expect("a profile is in a target folder"));
        cargo.current_dir(root());
        assert!(cargo.status().expect("cargo runs").success(), "tailproof builds");
        profile.join(format!("tailproof{}", std::env::consts::EXE_SUFFIX))
    })
}

/// The root of the workspace.
///
/// # Panics
/// Never: the package lies one folder below the root.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace")
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `tailproof ARGS` in `folder`.
///
/// # Panics
/// The program cannot be started, or was killed.
#[must_use]
pub fn run(folder: &Path, args: &[&str]) -> Run {
    with_input(folder, args, "")
}

/// The same with standard input.
///
/// # Panics
/// The program cannot be started, or was killed.
#[must_use]
pub fn with_input(folder: &Path, args: &[&str], input: &str) -> Run {
    use std::io::Write;
    let mut child = Command::new(tailproof())
        .args(args)
        .current_dir(folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("tailproof starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let _ = stdin.write_all(input.as_bytes()); // It need not read all of it.
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("tailproof ends");
    Run {
        code: status.code().expect("tailproof is not killed"),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8(stderr).expect("UTF-8"),
    }
}
