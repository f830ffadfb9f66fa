//! Tools that are no Rust: found, or installed where that is possible, never in the source tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::target;

/// Whether something could be made ready: where it is, or why not.
pub(super) enum Tools {
    There(PathBuf),
    Missing(String),
}

/// A tool, arguments with which it shows that it is there, and the Debian package it comes in.
struct Tool(&'static str, &'static [&'static str], &'static str);

const BROWSER: &[Tool] = &[
    Tool("chromium", &["--version"], "chromium"),
    Tool("node", &["--version"], "nodejs"),
    Tool("npm", &["--version"], "npm"),
];
const CHECKERS: &[Tool] = &[
    Tool("python3", &["-c", "import ensurepip, venv"], "python3-venv"),
    Tool("xmllint", &["--version"], "libxml2-utils"),
];

/// A folder with the check and what it needs; never in the source tree.
pub(super) fn browser(root: &Path, work: &Path) -> anyhow::Result<Tools> {
    if let Some(why) = provide(BROWSER)? {
        return Ok(Tools::Missing(why));
    }
    let folder = work.join("node");
    let lock = fs::read_to_string(root.join("tests/browser/package-lock.json"))?;
    // Written last: where it stands, all that it names is installed.
    let stamp = folder.join("installed.json");
    let fresh = fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock);
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json", "check.mjs"] {
        fs::copy(root.join("tests/browser").join(name), folder.join(name))?;
    }
    if !fresh {
        let mut install = Command::new("npm");
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        if !shown(&mut install)? {
            return Ok(Tools::Missing("npm ci failed: no network?".to_owned()));
        }
        fs::write(&stamp, lock)?;
    }
    Ok(Tools::There(folder))
}

/// The Python of an environment that has the checkers.
pub(super) fn checkers(root: &Path) -> anyhow::Result<Tools> {
    if let Some(why) = provide(CHECKERS)? {
        return Ok(Tools::Missing(why));
    }
    let folder = std::path::absolute(target().join("checkers"))?;
    let (bin, python) = if cfg!(windows) { ("Scripts", "python.exe") } else { ("bin", "python") };
    let python = folder.join(bin).join(python);
    let requirements = root.join("tests/checkers/requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && python.exists() {
        return Ok(Tools::There(python));
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(&requirements);
    if !shown(&mut venv)? || !shown(&mut install)? {
        return Ok(Tools::Missing("pip install failed: no network?".to_owned()));
    }
    fs::write(&stamp, wanted)?;
    Ok(Tools::There(python))
}

/// Where a program lies that PATH finds.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Shows a command and runs it; whether it ended with 0.
pub(super) fn shown(command: &mut Command) -> anyhow::Result<bool> {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    eprintln!("$ {line}");
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("starting {line}"))?;
    Ok(status.success())
}

/// Says what was not checked; where others rely on it (CI=true), that is an error.
pub(super) fn skipped(what: &str, why: &str) -> anyhow::Result<()> {
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!("CI is set, but {what} cannot be checked: {why}");
    }
    eprintln!("skipped: {what}: {why}");
    Ok(())
}

/// Installs what is missing where that is possible; says what is still missing.
fn provide(tools: &[Tool]) -> anyhow::Result<Option<String>> {
    let missing = || tools.iter().filter(|tool| !is_there(tool)).collect::<Vec<_>>();
    let packages: Vec<&str> = missing().iter().map(|Tool(_, _, package)| *package).collect();
    if packages.is_empty() {
        return Ok(None);
    }
    if let Some(apt) = apt() {
        let get = |arguments: &[&str]| {
            let mut get = Command::new(apt[0]);
            get.args(&apt[1..]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            shown(&mut get)
        };
        let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
        if get(&["update", "--quiet"])? {
            get(&[install.as_slice(), &packages].concat())?;
        }
    }
    let names: Vec<&str> = missing().iter().map(|Tool(name, _, _)| *name).collect();
    Ok((!names.is_empty()).then(|| {
        format!("no {}; on Debian: apt-get install {}", names.join(", "), packages.join(" "))
    }))
}

fn is_there(Tool(name, arguments, _): &Tool) -> bool {
    succeeds(name, arguments)
}

/// apt-get with the rights to install; `None` where there is none, or where it must not be used.
fn apt() -> Option<Vec<&'static str>> {
    if std::env::var_os("TAILPROOF_NO_INSTALL").is_some() {
        return None;
    }
    on_path("apt-get")?;
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if root {
        return Some(vec!["apt-get"]);
    }
    succeeds("sudo", &["-n", "true"]).then(|| vec!["sudo", "-n", "apt-get"])
}

/// Whether a command can be started and ends with 0; what it says is not shown.
fn succeeds(name: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_does_not_exist_is_missing() {
        assert!(!is_there(&Tool("no-such-tool-anywhere", &["--version"], "none")));
        assert!(on_path("no-such-tool-anywhere").is_none());
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let cargo = Tool("cargo", &["--version"], "cargo");
        assert!(provide(&[cargo]).unwrap().is_none());
    }
}
