//! What a reader and other people's programs make of the reports: the pages in a real browser,
//! every other format in its own checker.

mod pages;
mod tools;

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail, ensure};

use self::tools::{Tools, browser, checkers, on_path, shown, skipped};
use crate::{cargo, target};

/// Makes the pages, opens them, and has every format checked.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let work = work()?;
    let program = program()?;
    pages::make(root, &program, &work)?;
    match browser(root, &work)? {
        Tools::There(node) => {
            let chromium = on_path("chromium").context("chromium was there a moment ago")?;
            let mut check = Command::new("node");
            check.arg("check.mjs").arg(work.join("pages")).current_dir(&node);
            check.env("CHROMIUM", chromium);
            ensure!(shown(&mut check)?, "the pages are not as they should be; see FAILED above");
            eprintln!("screenshots: {}", work.join("pages/shots").display());
        }
        Tools::Missing(why) => skipped("the pages in a browser", &why)?,
    }
    match checkers(root)? {
        Tools::There(python) => {
            let nasty = nasty(&work)?;
            for folder in [work.join("formats"), nasty] {
                let mut check = Command::new(&python);
                check.arg("tests/checkers/check.py").arg(folder).current_dir(root);
                ensure!(shown(&mut check)?, "a format is not as its checker wants it");
            }
        }
        Tools::Missing(why) => skipped("the formats by their own checkers", &why)?,
    }
    eprintln!("browser and checkers: {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Takes the README's pictures of the HTML report of its first command.
pub(crate) fn picture(root: &Path) -> anyhow::Result<()> {
    let work = work()?;
    pages::make(root, &program()?, &work)?;
    let node = match browser(root, &work)? {
        Tools::There(node) => node,
        Tools::Missing(why) => bail!("{why}"),
    };
    let stem = root.join("docs/images/report");
    fs::create_dir_all(root.join("docs/images"))?;
    let mut take = Command::new("node");
    take.args(["check.mjs", "--picture"]).arg(work.join("pages/validate.html")).arg(stem);
    take.current_dir(&node);
    take.env("CHROMIUM", on_path("chromium").context("chromium was there a moment ago")?);
    ensure!(shown(&mut take)?, "the pictures were not taken");
    Ok(())
}

/// The folder for everything made here.
fn work() -> anyhow::Result<PathBuf> {
    let work = std::path::absolute(target().join("browser"))?;
    fs::create_dir_all(&work)?;
    Ok(work)
}

/// Has the tests write every format of evidence whose names want to be something else.
fn nasty(work: &Path) -> anyhow::Result<PathBuf> {
    let folder = work.join("nasty");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let place = folder.to_str().context("the target folder has a name that is no text")?;
    let test = ["test", "--quiet", "--package", "tailproof-tests", "outputs"];
    cargo(&test, &[("TAILPROOF_OUTPUTS", place)])?;
    Ok(folder)
}

/// Builds the program that the tests run too.
fn program() -> anyhow::Result<PathBuf> {
    cargo(&["build", "--quiet", "--package", "tailproof"], &[])?;
    Ok(std::path::absolute(target().join("debug").join(format!("tailproof{EXE_SUFFIX}")))?)
}
