//! Counts the instructions of the hottest calls, which are the same on a noisy machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::{cargo, target};

/// The table that is kept, from the root of the workspace.
const TABLE: &str = "benches/instructions.md";

/// A call and its instructions.
struct Row {
    name: String,
    work: String,
    count: u64,
    /// What the kept table says.
    before: Option<u64>,
}

impl Row {
    /// Percent more than before.
    fn change(&self) -> Option<f64> {
        self.before.map(|before| (self.count as f64 / before as f64 - 1.0) * 100.0)
    }

    /// The change as it is printed; `new` without a count before.
    fn shown(&self) -> String {
        self.change().map_or_else(|| "new".to_owned(), |change| format!("{change:+.2} %"))
    }
}

/// Counts all calls and writes the table anew.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let (tools, rows) = counted(root)?;
    fs::write(root.join(TABLE), table(&tools, &rows)).with_context(|| TABLE.to_owned())?;
    eprintln!("{} calls counted; see {TABLE}", rows.len());
    Ok(())
}

/// Counts all calls and fails when one takes over `percent` more instructions than the table
/// says; the table stays as it is.
pub(crate) fn check(root: &Path, percent: &str) -> anyhow::Result<()> {
    let allowed = percent
        .trim_end_matches('%')
        .trim_end()
        .parse::<f64>()
        .ok()
        .filter(|p| (0.0..f64::INFINITY).contains(p))
        .with_context(|| format!("--check needs a percentage such as 2, got {percent:?}"))?;
    ensure!(
        root.join(TABLE).exists(),
        "{TABLE} does not exist, so there is nothing to check against: \
         run `cargo xtask instructions` first"
    );
    let (_, rows) = counted(root)?;
    let risen: Vec<String> = rows
        .iter()
        .filter(|row| row.change().is_some_and(|change| change > allowed))
        .map(|row| format!("{}: {} instructions, {}", row.name, grouped(row.count), row.shown()))
        .collect();
    if !risen.is_empty() {
        bail!("over {allowed} % more instructions than {TABLE} says:\n{}", risen.join("\n"));
    }
    eprintln!("no call takes over {allowed} % more instructions than {TABLE} says");
    Ok(())
}

/// The tools that counted, and a row per call that `hot` lists.
fn counted(root: &Path) -> anyhow::Result<(String, Vec<Row>)> {
    let valgrind = valgrind_version()?;
    let compiler = output(Command::new("rustc").arg("--version").current_dir(root))?;
    let tools = format!("{valgrind}, {}, {}", compiler.trim(), std::env::consts::ARCH);
    cargo(&["build", "--release", "--package", "tailproof-benches", "--bin", "hot"], &[])?;
    let target = std::path::absolute(target())?;
    let hot = target.join("release").join(format!("hot{}", std::env::consts::EXE_SUFFIX));
    let folder = target.join("xtask").join("callgrind");
    fs::create_dir_all(&folder)?;
    let mut before = match fs::read_to_string(root.join(TABLE)) {
        Ok(text) => parsed(&text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).context(TABLE),
    };
    let mut rows = Vec::new();
    for line in output(&mut Command::new(&hot))?.lines() {
        let (name, work) = line.split_once('\t').context("hot lists name, tab, work")?;
        // Start-up and preparation are in both counts.
        let (once, twice) = (total(&hot, &folder, name, "1")?, total(&hot, &folder, name, "2")?);
        let count = twice
            .checked_sub(once)
            .filter(|&count| count > 0)
            .with_context(|| format!("{name}: {once} instructions once, {twice} twice"))?;
        let row = Row {
            name: name.to_owned(),
            work: work.to_owned(),
            count,
            before: before.remove(name),
        };
        eprintln!("{}: {} instructions, {}", row.name, grouped(row.count), row.shown());
        rows.push(row);
    }
    for name in before.keys() {
        eprintln!("note: {TABLE} has {name:?}, which is counted no more");
    }
    fs::remove_dir_all(&folder)?;
    Ok((tools, rows))
}

/// The version of valgrind, or what to do without one.
fn valgrind_version() -> anyhow::Result<String> {
    let mut command = Command::new("valgrind");
    match command.arg("--version").output() {
        Ok(_) => Ok(output(&mut command)?.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "valgrind is not there, and instructions are counted with it: install valgrind \
             (on Debian and Ubuntu `apt-get install valgrind`)"
        ),
        Err(error) => Err(error).context("starting valgrind"),
    }
}

/// Standard output of a command that must succeed.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let done = command.output().with_context(|| format!("starting {shown}"))?;
    ensure!(
        done.status.success(),
        "{shown} ended with {}:\n{}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).with_context(|| format!("{shown} does not print UTF-8"))
}

/// Instructions of the whole program that makes the call `times` times.
fn total(hot: &Path, folder: &Path, name: &str, times: &str) -> anyhow::Result<u64> {
    let file = PathBuf::from(format!("{name}.{times}.out"));
    output(
        Command::new("valgrind")
            .arg("--tool=callgrind")
            // Relative to the folder: a % in a path would mean something to valgrind.
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(hot)
            .args([name, times])
            .current_dir(folder),
    )?;
    let path = folder.join(file);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    collected(&text).with_context(|| format!("{}: no line \"summary: COUNT\"", path.display()))
}

/// The total in what callgrind wrote; instructions are the one event it counts by default.
fn collected(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("summary:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The table as Markdown.
fn table(tools: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "# Instructions of the hottest calls

Written by `cargo xtask instructions`, which needs valgrind; `cargo xtask instructions --check 2`
fails when a call takes over 2 % more than here. Counted under `valgrind --tool=callgrind` on one
thread by {tools}, release; the calls are in `benches/src/bin/hot.rs`. Each
number is two calls less one, so that neither start-up nor preparation counts. Instructions are
not time: caches and mispredicted branches do not show, and another compiler or processor counts
otherwise. A change of the same tools is a change of the code.

| call | work | instructions | change against the table before |
| --- | --- | ---: | ---: |
"
    );
    for row in rows {
        let count = grouped(row.count);
        writeln!(text, "| `{}` | {} | {count} | {} |", row.name, row.work, row.shown())
            .expect("a string can be written to");
    }
    text
}

/// Names and counts of a table that [`table`] made.
fn parsed(text: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((name, rest)) = line.strip_prefix("| `").and_then(|l| l.split_once("` |")) else {
            continue;
        };
        let count = rest.split('|').nth(1).unwrap_or_default();
        let digits: String = count.chars().filter(|c| !c.is_whitespace()).collect();
        let count = digits
            .parse::<u64>()
            .ok()
            .filter(|&count| count > 0)
            .with_context(|| format!("{TABLE}:{number}: {count:?} is no count"))?;
        counts.insert(name.to_owned(), count);
    }
    Ok(counts)
}

/// Digits in groups of three: `1 234 567`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
        .collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrind_states_its_total() {
        let text = "version: 1\ncmd:  hot a 1\n\nevents: Ir\nsummary: 127106\n\nfn=(1) x\n";
        assert_eq!(collected(text), Some(127_106));
        assert_eq!(collected("events: Ir\n"), None);
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let row = |name: &str, count, before| Row {
            name: name.to_owned(),
            work: "something".to_owned(),
            count,
            before,
        };
        let rows = [row("a", 1_234_567, None), row("b", 999, Some(1_000)), row("c", 30, Some(10))];
        let text = table("valgrind", &rows);
        assert!(text.contains("| `b` | something | 999 | -0.10 % |\n"), "{text}");
        assert!(text.contains("| 1 234 567 | new |\n"), "{text}");
        let counts = parsed(&text).unwrap();
        assert_eq!(counts.into_values().collect::<Vec<_>>(), [1_234_567, 999, 30]);
        let error = parsed("| `a` | x | many | new |").unwrap_err();
        assert_eq!(error.to_string(), "benches/instructions.md:1: \" many \" is no count");
    }
}
