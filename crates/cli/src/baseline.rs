use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use tailproof_core::{Dataset, number};
use tailproof_reporting::Grid;
use tailproof_store::{Baseline, Store, differences};

use crate::exit;
use crate::inputs::{Columns, Reading};
use crate::output::{print, terminal_width, timestamp};

/// Keep measurements to compare with, as files that are made to be committed
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tailproof baseline save main target/criterion --commit $(git \
                        rev-parse HEAD)\n  tailproof compare --baseline main target/criterion")]
pub(crate) struct Baselines {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    place: Place,
}

/// Where baselines lie.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// The folder of baselines and accepted changes
    #[arg(long, default_value = ".tailproof", value_name = "FOLDER", global = true)]
    store: PathBuf,
}

impl Place {
    /// The store there.
    pub(crate) fn store(&self) -> Store {
        Store::new(&self.store)
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Keep measurements under a name, with the machine they were made on
    Save {
        /// Name of the baseline
        name: String,
        /// Measurements: files, folders, or - for standard input
        #[arg(required = true)]
        data: Vec<PathBuf>,
        /// Keep only these metrics, with * and ?; repeatable
        #[arg(long, value_name = "GLOB")]
        metric: Vec<String>,
        /// The commit they were made at
        #[arg(long)]
        commit: Option<String>,
        #[command(flatten)]
        reading: Box<Reading>,
    },
    /// List the baselines
    List,
    /// Show what a baseline holds
    Show {
        /// Name of the baseline
        name: String,
    },
    /// Remove a baseline
    Drop {
        /// Name of the baseline
        name: String,
    },
}

impl Baselines {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.place.store();
        match self.verb {
            Verb::Save { name, data, metric, commit, reading } => {
                store.path(&name)?;
                let data = reading.read(&data, Columns::matching(&metric))?;
                let mut baseline = Baseline::new(name, data);
                baseline.created = Some(timestamp());
                baseline.commit = commit;
                baseline.environment = tailproof_ingest::environment();
                let path = store.save(&baseline)?;
                let held = holds(&baseline.data);
                print(&format!("{}: {held}; commit it with the code\n", path.display()))?;
            }
            Verb::List => list(&store)?,
            Verb::Show { name } => {
                let baseline = store.load(&name)?;
                let mut grid = crate::import::table(&baseline.data);
                grid.title = title(&baseline);
                let e = &baseline.environment;
                let facts = [
                    e.cpu.clone(),
                    e.cores.map(|c| format!("{c} cores")),
                    e.os.clone(),
                    e.kernel.clone(),
                ];
                let facts: Vec<String> = facts.into_iter().flatten().collect();
                if !facts.is_empty() {
                    grid.notes.push(format!("measured on {}", facts.join(", ")));
                }
                print(&grid.table(terminal_width()))?;
            }
            Verb::Drop { name } => {
                store.remove(&name)?;
                print(&format!("{name}: dropped\n"))?;
            }
        }
        Ok(ExitCode::from(exit::PASSED))
    }
}

fn list(store: &Store) -> anyhow::Result<()> {
    let here = tailproof_ingest::environment();
    let mut rows = Vec::new();
    for name in store.names()? {
        let baseline = store.load(&name)?;
        let differs = differences(&baseline.environment, &here);
        let machine = if differs.is_empty() { "this one".to_owned() } else { differs.join("; ") };
        rows.push(vec![
            name,
            baseline.created.clone().unwrap_or_default(),
            baseline.commit.clone().unwrap_or_default(),
            machine,
            baseline.data.series.len().to_string(),
        ]);
    }
    if rows.is_empty() {
        return print("no baseline yet: tailproof baseline save NAME DATA\n");
    }
    let header = ["baseline", "saved", "commit", "machine", "series"];
    let grid = Grid {
        title: "baselines".to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows,
        words: 4,
        notes: Vec::new(),
    };
    print(&grid.table(terminal_width()))
}

fn title(baseline: &Baseline) -> String {
    let saved = baseline.created.as_ref().map(|t| format!(", saved {t}"));
    let commit = baseline.commit.as_ref().map(|c| format!(" at {c}"));
    format!("{}{}{}", baseline.name, saved.unwrap_or_default(), commit.unwrap_or_default())
}

/// `12 series, 480 elements`.
fn holds(data: &Dataset) -> String {
    let n: usize = data.series.iter().map(|s| s.observations.len()).sum();
    format!("{} series, {} elements", number(data.series.len() as f64), number(n as f64))
}
