use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use clap::ValueEnum;
use tailproof_reporting::{
    Evidence, Open, archive, computed_hash, recorded_hash, strict, write_atomically,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::exit::{self, Gate};
use crate::given::{Analysis, Given};
use crate::render::{self, Kind};
use crate::signing;

/// Where reports go.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Output {
    /// What goes to standard output
    #[arg(long = "output", value_enum, default_value = "table", value_name = "KIND")]
    stdout: Kind,
    /// Also write a report to a file, as KIND=FILE; repeatable; png=FOLDER writes every picture
    #[arg(long, value_name = "KIND=FILE")]
    out: Vec<Target>,
    /// Also keep results, intervals and tests below a folder, named by date
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,
    /// Sign the evidence that is written, with a key of `tailproof keygen`: FILE.intoto.jsonl
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// The evidence before this one: its hash makes them a chain
    #[arg(long, value_name = "EVIDENCE")]
    previous: Option<PathBuf>,
    /// What JUnit is told of an answer that is open
    #[arg(long, value_enum, default_value = "skipped", value_name = "HOW")]
    junit_open: JunitOpen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum JunitOpen {
    /// A test that was skipped
    Skipped,
    /// A test that could not run
    Error,
}

#[derive(Clone, Debug)]
struct Target {
    /// `None` for pictures.
    kind: Option<Kind>,
    path: PathBuf,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) =
            text.split_once('=').ok_or("expected KIND=FILE, such as html=report.html")?;
        let path = PathBuf::from(path);
        if kind.eq_ignore_ascii_case("png") {
            return Ok(Self { kind: None, path });
        }
        let names = || -> Vec<String> {
            let values = Kind::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            values.map(|v| v.get_name().to_owned()).collect()
        };
        let kind = Kind::from_str(kind, true)
            .map_err(|_| format!("KIND is {} or png, got {kind:?}", names().join(", ")))?;
        Ok(Self { kind: Some(kind), path })
    }
}

impl Output {
    /// Whether anything asked for holds the whole evidence.
    pub(crate) fn wants_json(&self) -> bool {
        self.archive.is_some() || self.kinds().any(|kind| kind == Some(Kind::Json))
    }

    /// Whether anything asked for holds pictures.
    pub(crate) fn wants_pictures(&self) -> bool {
        self.wants_json() || self.kinds().any(|kind| matches!(kind, None | Some(Kind::Html)))
    }

    /// Whether anything asked for tells how the findings were made.
    pub(crate) fn wants_evidence(&self) -> bool {
        let plain = |kind| matches!(kind, Some(Kind::Table | Kind::Markdown));
        self.wants_json() || !self.kinds().all(plain)
    }

    fn kinds(&self) -> impl Iterator<Item = Option<Kind>> {
        std::iter::once(Some(self.stdout)).chain(self.out.iter().map(|target| target.kind))
    }

    /// A run of findings from beginning to end.
    pub(crate) fn conclude(
        &self,
        analysis: &impl Analysis,
        gate: &Gate,
        given: &Given,
    ) -> anyhow::Result<ExitCode> {
        match analysis.evidence(given)? {
            Some(evidence) => self.finish(evidence, gate, given),
            None => Ok(ExitCode::from(gate.undecided())),
        }
    }

    /// The end of a run of findings: dates them, says how and where they were made, writes
    /// everything that is asked for, and gives the exit code.
    pub(crate) fn finish(
        &self,
        evidence: Evidence,
        gate: &Gate,
        given: &Given,
    ) -> anyhow::Result<ExitCode> {
        self.finish_by(evidence, gate, given, render::text)
    }

    /// The same, with a rendering of its own for people.
    pub(crate) fn finish_by(
        &self,
        mut evidence: Evidence,
        gate: &Gate,
        given: &Given,
        text: impl Fn(&Evidence, Kind, Option<u16>) -> String,
    ) -> anyhow::Result<ExitCode> {
        self.check_signing(false)?;
        evidence.created = Some(rfc3339(given.time()));
        let mut json = String::new();
        if self.wants_evidence() {
            self.chain(&mut evidence)?;
            given.complete(&mut evidence);
            evidence.environment = given.environment();
            let (document, hash) = evidence.sealed();
            (json, evidence.sha256) = (document, Some(hash));
        }
        self.write(std::slice::from_ref(&evidence), &json, text)?;
        Ok(exit::code(&evidence.findings, gate))
    }

    /// Names the evidence before this one, when there is one.
    pub(crate) fn chain(&self, evidence: &mut Evidence) -> anyhow::Result<()> {
        if let Some(path) = &self.previous {
            evidence.previous = Some(previous(path)?);
        }
        Ok(())
    }

    /// Writes standard output, then files; `json` is the document that machines get, and `text`
    /// renders each part for people.
    pub(crate) fn write(
        &self,
        parts: &[Evidence],
        json: &str,
        text: impl Fn(&Evidence, Kind, Option<u16>) -> String,
    ) -> anyhow::Result<()> {
        let open = match self.junit_open {
            JunitOpen::Skipped => Open::Skipped,
            JunitOpen::Error => Open::Error,
        };
        let render =
            |kind, width| render::render(kind, parts, json, open, |e| text(e, kind, width));
        print(&render(self.stdout, terminal_width()))?;
        // Files come after: one that cannot be written does not hide the verdict.
        for target in &self.out {
            match target.kind {
                Some(kind) => {
                    save(&target.path, &render(kind, None))?;
                    if kind == Kind::Json {
                        self.sign(&target.path, json, parts)?;
                    }
                }
                None => render::pictures(parts, &target.path)?,
            }
        }
        if let Some(folder) = &self.archive {
            for (name, content) in parts.iter().flat_map(|part| archive(part, json, &date())) {
                save(&folder.join(name), &content)?;
            }
        }
        Ok(())
    }

    /// The folder of the archive, when there is one.
    pub(crate) fn archive_folder(&self) -> Option<&Path> {
        self.archive.as_deref()
    }

    /// Signs a file of evidence that was just written, when that is asked for; else an old
    /// signature of it goes.
    pub(crate) fn sign(&self, path: &Path, json: &str, parts: &[Evidence]) -> anyhow::Result<()> {
        let Some(key) = &self.sign else { return signing::clear(path) };
        let [evidence] = parts else {
            anyhow::bail!("--sign signs one piece of evidence, and there are {}", parts.len());
        };
        let key = signing::private_key(key)?;
        let own = evidence.sha256.as_deref();
        let beside = signing::write(path, json, evidence, own, &key)?;
        eprintln!("signature: {}", beside.display());
        Ok(())
    }

    /// Whether a file of evidence is written that can be signed, where that is asked for.
    pub(crate) fn check_signing(&self, also: bool) -> anyhow::Result<()> {
        let file = self.out.iter().any(|target| target.kind == Some(Kind::Json));
        anyhow::ensure!(
            self.sign.is_none() || also || file,
            "--sign has nothing to sign: add --out json=FILE"
        );
        Ok(())
    }
}

/// The hash of the evidence that comes before, which has to be right.
fn previous(path: &Path) -> anyhow::Result<String> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(name)?;
    let document = strict(&text).with_context(name)?;
    let hash = computed_hash(&document).with_context(name)?;
    anyhow::ensure!(
        recorded_hash(&document) == Some(&hash),
        "{}: its hash is not that of its content; see `tailproof verify`",
        path.display()
    );
    Ok(hash)
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
    rfc3339(OffsetDateTime::now_utc())
}

/// A time as RFC 3339, to the second.
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0)
        .expect("zero is a nanosecond")
        .format(&Rfc3339)
        .expect("a date of this century has an RFC 3339 form")
}
