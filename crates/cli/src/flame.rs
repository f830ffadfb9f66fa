use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use tailproof_compare::profile::{Counting, Profile, share_changes};
use tailproof_core::{Level, number, percent, signed_percent};
use tailproof_reporting::{Grid, differential_flame_graph, flame_graph};

use crate::exit;
use crate::inputs;
use crate::output::{date, print, save, terminal_width};

/// Draw folded stacks as a flame graph, and say which functions changed
///
/// Stacks are lines such as `main;parse;next 42`, as stackcollapse tools and py-spy write them.
/// Of two profiles the graph shows what grew and shrank, and the table the functions whose
/// share of the samples changed, with intervals at the level of all of them together.
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
    /// Keep the graph in the folder flame_graphs of an archive, named by date
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,
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
}

impl Flame {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let (first, before) = read(&self.before)?;
        let after = self.after.as_deref().map(read).transpose()?;
        let archived = self.archive.as_ref().map(|folder| {
            let stem = |p: &Path| p.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let name = if after.is_some() { "comparison".to_owned() } else { stem(&self.before) };
            folder.join("flame_graphs").join(format!("{name}_{}.svg", date()))
        });
        if self.svg.is_some() || archived.is_some() {
            let svg = self.graph(&first, after.as_ref().map(|a| a.0.as_str()))?;
            for path in self.svg.iter().chain(&archived) {
                save(path, &svg)?;
            }
        }
        let grid = match &after {
            None => self.shares(&before),
            Some((_, after)) => self.changes(&before, after),
        };
        print(&grid.table(terminal_width()))?;
        Ok(ExitCode::from(exit::PASSED))
    }

    fn graph(&self, before: &str, after: Option<&str>) -> anyhow::Result<String> {
        let names = [Some(&self.before), self.after.as_ref()];
        let title = self.title.clone().unwrap_or_else(|| {
            let names: Vec<String> =
                names.into_iter().flatten().map(|p| p.display().to_string()).collect();
            names.join(" -> ")
        });
        let svg = match after {
            None => flame_graph(before, &title),
            Some(after) => differential_flame_graph(before, after, &title),
        };
        svg.context("drawing the flame graph")
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

    fn changes(&self, before: &Profile, after: &Profile) -> Grid {
        let changes = share_changes(before, after, self.counted(), self.level);
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
                number(before.samples() as f64),
                number(after.samples() as f64),
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
