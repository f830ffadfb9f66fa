use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use tailproof_compare::profile::{Counting, Profile, ShareChanges, share_changes};
use tailproof_core::{Exhibit, ExhibitKind, Level, number, percent, signed_percent};
use tailproof_reporting::{Evidence, Grid, differential_flame_graph, flame_graph, flame_picture};

use crate::exit::Gate;
use crate::given::{Analysis, Given};
use crate::inputs;
use crate::output::{Output, date, save};
use crate::render::Kind;

/// Draw folded stacks as a flame graph, and say which functions changed
///
/// Stacks are lines such as `main;parse;next 42`, as stackcollapse tools and py-spy write them.
/// Of two profiles the graph shows what grew and shrank, and the table the functions whose
/// share of the samples changed, with intervals at the level of all of them together. An archive
/// keeps the graph in its folder flame_graphs, named by date.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tailproof flame before.folded after.folded --svg diff.svg")]
pub(crate) struct Flame {
    /// Folded stacks
    before: PathBuf,
    /// Folded stacks to compare with them
    after: Option<PathBuf>,
    /// Write the graph to a file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Title of the graph [default: the names of the files]
    #[arg(long)]
    title: Option<String>,
    /// Count only samples in which a function was running itself
    #[arg(long)]
    own: bool,
    /// Functions listed
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    /// Confidence level of the whole table
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    #[command(flatten)]
    output: Output,
}

impl Analysis for Flame {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        let profiles = self.read()?;
        Ok(self.judged(&profiles, given)?.0)
    }
}

/// What was read: the text of each file and the profile in it.
struct Profiles {
    before: (String, Profile),
    after: Option<(String, Profile)>,
}

impl Flame {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.prepare(false)?;
        let profiles = self.read()?;
        let after = profiles.after.as_ref().map(|a| a.0.as_str());
        self.keep_graph(&profiles.before.0, after)?;
        let (evidence, grid) = self.judged(&profiles, given)?;
        // Shares are no times: whatever changed, nothing has failed.
        self.output.finish_by(evidence, &Gate::on(Vec::new()), given, |_, kind, width| match kind {
            Kind::Markdown => grid.markdown(),
            _ => grid.table(width),
        })
    }

    fn read(&self) -> anyhow::Result<Profiles> {
        let after = self.after.as_deref().map(read).transpose()?;
        Ok(Profiles { before: read(&self.before)?, after })
    }

    /// The evidence, and the table that people read.
    fn judged(&self, profiles: &Profiles, given: &Given) -> anyhow::Result<(Evidence, Grid)> {
        let Profiles { before: (first, before), after } = profiles;
        let second = after.as_ref().map(|a| a.0.as_str());
        let mut evidence = Evidence::new("flame", Vec::new());
        evidence.settings.level = Some(self.level);
        let roles = if after.is_some() { ["baseline", "candidate"] } else { ["data", ""] };
        for (role, path) in roles.into_iter().zip([&self.before].into_iter().chain(&self.after)) {
            given.record(&mut evidence, role, &[tailproof_ingest::source(path, "folded")?]);
        }
        let grid = match &after {
            None => {
                evidence.findings = vec![before.finding(self.counted(), self.level)];
                self.shares(before)
            }
            Some((_, after)) => {
                let changes = share_changes(before, after, self.counted(), self.level);
                let samples = [before.samples(), after.samples()];
                evidence.findings = changes.findings(samples, self.counted(), self.top);
                self.changes(samples, &changes)
            }
        };
        if given.is_again() || self.output.wants_pictures() {
            self.add_picture(&mut evidence, first, second)?;
        }
        Ok((evidence, grid))
    }

    /// Writes the graph with its script where that was asked for.
    fn keep_graph(&self, before: &str, after: Option<&str>) -> anyhow::Result<()> {
        let archived = self.output.archive_folder().map(|folder| {
            let stem = self.before.file_stem().unwrap_or_default().to_string_lossy();
            let name = if after.is_some() { "comparison".into() } else { stem };
            folder.join("flame_graphs").join(format!("{name}_{}.svg", date()))
        });
        if self.svg.is_none() && archived.is_none() {
            return Ok(());
        }
        let title = self.title(|path| path.display().to_string());
        let svg = match after {
            None => flame_graph(before, &title),
            Some(after) => differential_flame_graph(before, after, &title),
        };
        let svg = svg.context("drawing the flame graph")?;
        self.svg.iter().chain(&archived).try_for_each(|path| save(path, &svg))
    }

    /// Puts the graph into evidence, as a still picture on the first finding.
    fn add_picture(
        &self,
        evidence: &mut Evidence,
        before: &str,
        after: Option<&str>,
    ) -> anyhow::Result<()> {
        // Folders say where somebody works.
        let file =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let picture = flame_picture(before, after, &self.title(file), Exhibit::MAX_SVG)
            .context("drawing the flame graph")?;
        match (picture, evidence.findings.first_mut()) {
            (Some(svg), Some(first)) => {
                let title = "Flame graph".to_owned();
                first.exhibits.push(Exhibit { title, kind: ExhibitKind::Svg(svg) });
            }
            _ => evidence
                .notes
                .push("the flame graph is too large for evidence; --svg FILE writes it".to_owned()),
        }
        Ok(())
    }

    fn title(&self, name: impl Fn(&Path) -> String) -> String {
        self.title.clone().unwrap_or_else(|| {
            let paths = [Some(self.before.as_path()), self.after.as_deref()];
            paths.into_iter().flatten().map(name).collect::<Vec<_>>().join(" -> ")
        })
    }

    fn counted(&self) -> Counting {
        if self.own { Counting::Own } else { Counting::Total }
    }

    fn shares(&self, profile: &Profile) -> Grid {
        let rows = profile.shares(self.counted()).into_iter().take(self.top).map(|(f, share)| {
            let (lo, hi) = share.wilson(self.level);
            vec![
                f.to_owned(),
                number(share.successes() as f64),
                percent(share.share()),
                format!("[{}, {}]", percent(lo), percent(hi)),
            ]
        });
        let interval = format!("{} interval", self.level);
        Grid {
            title: format!(
                "{}: {} samples",
                self.before.display(),
                number(profile.samples() as f64)
            ),
            header: ["function", "samples", "share", &interval].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            words: 1,
            notes: vec!["intervals suppose independent samples (Wilson)".to_owned()],
        }
    }

    fn changes(&self, [before, after]: [u64; 2], changes: &ShareChanges) -> Grid {
        let rows = changes.functions.iter().take(self.top).map(|f| {
            let (lo, hi) = f.interval;
            vec![
                f.function.clone(),
                if f.changed { "changed" } else { "~" }.to_owned(),
                percent(f.before),
                percent(f.after),
                signed_percent(f.after - f.before),
                format!("[{}, {}]", signed_percent(lo), signed_percent(hi)),
            ]
        });
        let changed = changes.functions.iter().filter(|f| f.changed).count();
        let interval = format!("{} interval", changes.level);
        let header = ["function", "verdict", "before", "after", "change in points", &interval];
        Grid {
            title: format!(
                "{} samples -> {} samples: {changed} of {} functions take another share",
                number(before as f64),
                number(after as f64),
                changes.functions.len(),
            ),
            header: header.map(str::to_owned).to_vec(),
            rows: rows.collect(),
            words: 2,
            notes: vec![
                "Newcombe's intervals, Benjamini-Hochberg over all functions; samples that follow \
                 each other are taken as independent, which makes the intervals too narrow"
                    .to_owned(),
            ],
        }
    }
}

fn read(path: &Path) -> anyhow::Result<(String, Profile)> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| name.to_string())?;
    let profile = Profile::parse(&text).map_err(|e| anyhow!("{name}, {e}"))?;
    Ok((text, profile))
}
