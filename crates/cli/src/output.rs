use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, anyhow, ensure};
use clap::ValueEnum;
use tailproof_reporting::{Evidence, Open, PrivateKey, Told, archive, whole, write_atomically};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::exit::{self, Gate};
use crate::given::{Analysis, Given, Nothing};
use crate::render::{self, Kind};
use crate::{report, signing};

/// Where reports go.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Output {
    /// What goes to standard output
    #[arg(long = "output", value_enum, default_value = "table", value_name = "KIND")]
    stdout: Kind,
    #[cfg_attr(
        feature = "png",
        doc = "Also write a report to a file, as KIND=FILE; repeatable; png=FOLDER writes every \
               picture"
    )]
    #[cfg_attr(
        not(feature = "png"),
        doc = "Also write a report to a file, as KIND=FILE; repeatable"
    )]
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
    /// What was read before anything was judged.
    #[arg(skip)]
    ready: Arc<Ready>,
}

/// What signing and linking need, read once.
#[derive(Debug, Default)]
struct Ready {
    key: OnceLock<PrivateKey>,
    /// The hash of the evidence before.
    previous: OnceLock<String>,
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
        let (name, path) =
            text.split_once('=').ok_or("expected KIND=FILE, such as html=report.html")?;
        let kind = if name.eq_ignore_ascii_case("png") {
            if !cfg!(feature = "png") {
                return Err("this tailproof was built without PNG pictures: build it with \
                            --features png"
                    .to_owned());
            }
            None
        } else {
            Some(Kind::from_str(name, true).map_err(|_| {
                let png = if cfg!(feature = "png") { " or png" } else { "" };
                format!("KIND is {}{png}, got {name:?}", kinds().join(", "))
            })?)
        };
        match path {
            "" => Err(format!("{name}= names no file: say {name}=FILE")),
            "-" => Err(format!("standard output is --output {name}")),
            path => Ok(Self { kind, path: PathBuf::from(path) }),
        }
    }
}

/// The names of all forms.
fn kinds() -> Vec<String> {
    let values = Kind::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|v| v.get_name().to_owned()).collect()
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

    /// Whether evidence is to be signed.
    pub(crate) fn signs(&self) -> bool {
        self.sign.is_some()
    }

    /// Whether evidence is to be linked to the evidence before it.
    pub(crate) fn links(&self) -> bool {
        self.previous.is_some()
    }

    /// Checks what was typed, and reads the key and the evidence before: comes first, so that
    /// nothing is judged or written when they cannot be used. `also` says whether evidence is
    /// written to a file of its own beside those of --out.
    pub(crate) fn prepare(&self, also: bool) -> anyhow::Result<()> {
        let mut places = BTreeSet::new();
        for Target { path, .. } in &self.out {
            ensure!(places.insert(place(path)), "--out writes {} twice", path.display());
            self.spare(path)?;
        }
        if let Some(path) = &self.previous {
            ensure!(
                also || self.wants_json(),
                "--previous: no link would be kept: add --out json=FILE"
            );
            if self.ready.previous.get().is_none() {
                let hash = previous(path)?;
                let _ = self.ready.previous.set(hash);
            }
        }
        if let Some(path) = &self.sign {
            let file = self.out.iter().any(|target| target.kind == Some(Kind::Json));
            ensure!(also || file, "--sign has nothing to sign: add --out json=FILE");
            if self.ready.key.get().is_none() {
                let key = signing::private_key(path)?;
                let _ = self.ready.key.set(key);
            }
        }
        Ok(())
    }

    /// Refuses to write over the evidence before this one.
    pub(crate) fn spare(&self, path: &Path) -> anyhow::Result<()> {
        let same = self.previous.as_deref().is_some_and(|before| place(before) == place(path));
        ensure!(!same, "{}: it would overwrite the evidence before it", path.display());
        Ok(())
    }

    /// A run of findings from beginning to end.
    pub(crate) fn conclude(
        &self,
        analysis: &impl Analysis,
        gate: &Gate,
        given: &Given,
    ) -> anyhow::Result<ExitCode> {
        self.prepare(false)?;
        match analysis.evidence(given) {
            Ok(evidence) => self.finish(evidence, gate, given),
            Err(error) => nothing(error, gate),
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
        self.prepare(false)?;
        evidence.created = Some(rfc3339(given.time()));
        let mut json = String::new();
        if self.wants_evidence() {
            self.chain(&mut evidence)?;
            given.complete(&mut evidence);
            evidence.environment = given.environment();
            let (document, hash) = evidence.sealed();
            (json, evidence.sha256) = (document, Some(hash));
        }
        self.write(std::slice::from_ref(&evidence), &json, gate, text)?;
        Ok(exit::code(&evidence.findings, gate))
    }

    /// Names the evidence before this one, when there is one.
    pub(crate) fn chain(&self, evidence: &mut Evidence) -> anyhow::Result<()> {
        evidence.previous = match (&self.previous, self.ready.previous.get()) {
            (None, _) => None,
            (Some(_), Some(hash)) => Some(hash.clone()),
            (Some(path), None) => Some(previous(path)?),
        };
        Ok(())
    }

    /// Writes standard output, then files; `json` is the document that machines get, and `text`
    /// renders each part for people; the gate says what CI systems are told.
    pub(crate) fn write(
        &self,
        parts: &[Evidence],
        json: &str,
        gate: &Gate,
        text: impl Fn(&Evidence, Kind, Option<u16>) -> String,
    ) -> anyhow::Result<()> {
        let fails = self.junit_open == JunitOpen::Error || gate.fails_on_open();
        let open = if fails { Open::Error } else { Open::Skipped };
        let told = Told { open, advisory: gate.is_advisory() };
        let render =
            |kind, width| render::render(kind, parts, json, told, |e| text(e, kind, width));
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
        if self.sign.is_none() {
            return signing::clear(path);
        }
        let [evidence] = parts else {
            anyhow::bail!("--sign signs one piece of evidence, and there are {}", parts.len());
        };
        let key = self.ready.key.get().context("the key was not read")?;
        let own = evidence.sha256.as_deref();
        let beside = signing::write(path, json, evidence, own, key)?;
        eprintln!("signature: {}", beside.display());
        Ok(())
    }
}

/// The exit code of a run that had nothing to judge, after saying why; other errors stay errors.
pub(crate) fn nothing(error: anyhow::Error, gate: &Gate) -> anyhow::Result<ExitCode> {
    let nothing: Nothing = error.downcast()?;
    eprintln!("{nothing}");
    Ok(ExitCode::from(gate.undecided()))
}

/// The place that a path names, whether something is there or not.
fn place(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let beside = || {
        let folder = whole.parent()?.canonicalize().ok()?;
        Some(folder.join(whole.file_name()?))
    };
    whole.canonicalize().ok().or_else(beside).unwrap_or_else(|| whole.clone())
}

/// The hash of the evidence that comes before, which has to be right.
fn previous(path: &Path) -> anyhow::Result<String> {
    let name = || path.display().to_string();
    let bytes = File::open(path).map_err(Into::into).and_then(report::bytes).with_context(name)?;
    let text =
        str::from_utf8(&bytes).map_err(|_| anyhow!("not text in UTF-8")).with_context(name)?;
    Ok(whole(text).with_context(name)?.1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_name_a_form_and_a_file() {
        for (text, words) in [
            ("report.html", "KIND=FILE"),
            ("pdf=a", "KIND is table"),
            ("html=", "names no file"),
            ("html=-", "--output html"),
        ] {
            let error = Target::from_str(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert_eq!(Target::from_str("HTML=a=b").unwrap().path, Path::new("a=b"));
        assert_eq!(Target::from_str("png=x").is_ok(), cfg!(feature = "png"));
    }

    #[test]
    fn one_place_has_many_spellings() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| place(&folder.path().join(name));
        assert_eq!(at("a.json"), at("./a.json"));
        assert_ne!(at("a.json"), at("b.json"));
        std::fs::create_dir(folder.path().join("out")).unwrap();
        assert_eq!(at("a.json"), at("out/../a.json"));
    }
}
