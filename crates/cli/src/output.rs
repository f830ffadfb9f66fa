use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use clap::ValueEnum;
use tailproof_reporting::{Evidence, archive, markdown, table, write_atomically};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::exit::{self, Gate};

/// Where reports go.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Output {
    /// What goes to standard output
    #[arg(long = "output", value_enum, default_value = "table", value_name = "KIND")]
    stdout: Kind,
    /// Also write a report to a file, as KIND=FILE; repeatable
    #[arg(long, value_name = "KIND=FILE")]
    out: Vec<Target>,
    /// Also keep results, intervals and tests below a folder, named by date
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A table and the reasons
    Table,
    /// For pull requests
    Markdown,
    /// Everything, for machines
    Json,
}

#[derive(Clone, Debug)]
struct Target {
    kind: Kind,
    path: PathBuf,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) =
            text.split_once('=').ok_or("expected KIND=FILE, such as json=run.json")?;
        let kind = Kind::from_str(kind, true).map_err(|_| "KIND is table, markdown or json")?;
        Ok(Self { kind, path: PathBuf::from(path) })
    }
}

impl Output {
    /// Whether anything asked for holds the whole evidence.
    pub(crate) fn wants_json(&self) -> bool {
        self.stdout == Kind::Json
            || self.archive.is_some()
            || self.out.iter().any(|t| t.kind == Kind::Json)
    }

    /// Writes standard output, then files; `json` is the document that machines get.
    pub(crate) fn write(&self, evidence: &Evidence, json: &str) -> anyhow::Result<()> {
        self.write_by(|kind, width| render(kind, evidence, json, width))?;
        self.archive(evidence, json)
    }

    /// The end of a run of findings: dates them, says where they were made, writes everything
    /// that is asked for, and gives the exit code.
    pub(crate) fn finish(&self, evidence: Evidence, gate: &Gate) -> anyhow::Result<ExitCode> {
        self.finish_by(evidence, gate, |evidence, kind, width| match kind {
            Kind::Markdown => markdown(evidence),
            _ => table(evidence, width),
        })
    }

    /// The same, with a rendering of its own for people.
    pub(crate) fn finish_by(
        &self,
        mut evidence: Evidence,
        gate: &Gate,
        render: impl Fn(&Evidence, Kind, Option<u16>) -> String,
    ) -> anyhow::Result<ExitCode> {
        evidence.created = Some(timestamp());
        let json = if self.wants_json() {
            evidence.environment = tailproof_ingest::environment();
            evidence.to_json()
        } else {
            String::new()
        };
        self.write_by(|kind, width| match kind {
            Kind::Json => json.clone(),
            Kind::Table | Kind::Markdown => render(&evidence, kind, width),
        })?;
        self.archive(&evidence, &json)?;
        Ok(exit::code(&evidence.findings, gate))
    }

    /// Keeps evidence in the archive, when there is one.
    fn archive(&self, evidence: &Evidence, json: &str) -> anyhow::Result<()> {
        if let Some(folder) = &self.archive {
            for (name, content) in archive(evidence, json, &date()) {
                save(&folder.join(name), &content)?;
            }
        }
        Ok(())
    }

    /// Writes what `render` makes of every kind that is asked for; its second argument is the
    /// width of the terminal, when there is one.
    pub(crate) fn write_by(
        &self,
        render: impl Fn(Kind, Option<u16>) -> String,
    ) -> anyhow::Result<()> {
        let text = render(self.stdout, terminal_width());
        print(&text)?;
        // Files come after: one that cannot be written does not hide the verdict.
        for target in &self.out {
            save(&target.path, &render(target.kind, None))?;
        }
        Ok(())
    }
}

fn render(kind: Kind, evidence: &Evidence, json: &str, width: Option<u16>) -> String {
    match kind {
        Kind::Table => table(evidence, width),
        Kind::Markdown => markdown(evidence),
        Kind::Json => json.to_owned(),
    }
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // A reader that has seen enough is no error of ours.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing to standard output"),
    }
}

/// Writes a file whole or not at all.
pub(crate) fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    write_atomically(path, text.as_bytes()).with_context(|| format!("writing {}", path.display()))
}

/// Columns of the terminal; `None` when there is none.
pub(crate) fn terminal_width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    std::env::var("COLUMNS").ok()?.parse().ok()
}

/// Today, `2026-01-31` UTC.
pub(crate) fn date() -> String {
    timestamp().split('T').next().unwrap_or_default().to_owned()
}

/// Now, RFC 3339 UTC.
pub(crate) fn timestamp() -> String {
    OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .expect("zero is a nanosecond")
        .format(&Rfc3339)
        .expect("a date of this century has an RFC 3339 form")
}
