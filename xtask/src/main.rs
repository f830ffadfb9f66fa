//! The chores of the workspace:
//! `cargo xtask test | tidy | validate | calibrate | ablation | instructions | schema | picture`.

mod ablation;
mod browser;
mod calibrate;
mod instructions;
mod schema;
mod tidy;
mod validate;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

const USAGE: &str = "usage: cargo xtask COMMAND

  test                         all that CI checks: fmt, clippy, tidy, tests, docs
  test --browser               the same, then the HTML reports in a real browser and every other
                               format in its own checker; installs on Debian what they need,
                               unless TAILPROOF_NO_INSTALL is set
  browser                      that second part alone
  tidy                         the crate arrows and what pure crates may not touch
  validate [--artifacts DIR]   hold our own latency budgets and write the evidence
  calibrate                    simulate intervals and gates, write docs/calibration.md (minutes)
  ablation                     measure the switches of the aggregation, write docs/ablation.md (minutes)
  instructions                 count the hottest calls with valgrind, write benches/instructions.md
  instructions --check PERCENT fail when a call takes over PERCENT more than that table says
  schema                       write the JSON Schemas of evidence below docs/schema
  picture                      take the README's pictures of a report, write docs/images";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["test"] => test(),
        ["test", "--browser"] => test().and_then(|()| browser::run(root())),
        ["browser"] => browser::run(root()),
        ["tidy"] => tidy::run(root()),
        ["validate"] => validate::run(root(), &root().join("artifacts")),
        ["validate", "--artifacts", folder] => validate::run(root(), Path::new(folder)),
        ["calibrate"] => in_release("calibrate", calibrate::run),
        ["ablation"] => in_release("ablation", ablation::run),
        ["instructions"] => instructions::run(root()),
        ["instructions", "--check", percent] => instructions::check(root(), percent),
        ["schema"] => schema::run(root()),
        ["picture"] => browser::picture(root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace")
}

/// The target folder that cargo uses.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs cargo and fails when it does.
fn cargo(args: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let shown: Vec<String> = environment.iter().map(|(k, v)| format!("{k}='{v}'")).collect();
    eprintln!(
        "$ {}{}cargo {}",
        shown.join(" "),
        if shown.is_empty() { "" } else { " " },
        args.join(" ")
    );
    let status = Command::new(env!("CARGO"))
        .args(args)
        .envs(environment.iter().copied())
        .current_dir(root())
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("cargo {} failed", args.join(" "));
    }
    Ok(())
}

/// Everything that CI checks, as plain commands.
fn test() -> anyhow::Result<()> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    eprintln!("$ cargo xtask tidy");
    tidy::run(root())?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?;
    features()?;
    cargo(&["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    // The same bits in debug and release: these tests hold results against constants.
    cargo(&["test", "--release", "--package", "tailproof-tests", "bits"], &[])?;
    cargo(&["test", "--workspace"], &[])?;
    cargo(&["test", "--package", "tailproof-reporting", "--all-features"], &[])
}

/// Every feature of reporting by itself, so that none leans on another, and the program with
/// what it leaves out of its usual build. The workspace builds only one choice of them.
fn features() -> anyhow::Result<()> {
    const ALONE: [&str; 9] =
        ["", "flame", "plot", "html", "png", "junit", "openmetrics", "sign", "schema"];
    let strict = ["--", "-D", "warnings"];
    for feature in ALONE {
        let one = ["clippy", "--package", "tailproof-reporting", "--features", feature];
        cargo(&[one.as_slice(), &strict].concat(), &[])?;
    }
    let program = ["clippy", "--package", "tailproof", "--features", "png", "--all-targets"];
    cargo(&[program.as_slice(), &strict].concat(), &[])
}

/// Runs a chore in a release build: `cargo xtask` makes one that is several times as slow.
fn in_release(name: &str, chore: fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        return cargo(&["run", "--release", "--quiet", "--package", "xtask", "--", name], &[]);
    }
    chore(root())
}
