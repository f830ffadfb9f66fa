//! `tailproof plan`: how many observations are needed, before measuring.

mod change;
mod gate;
mod proportions;
mod section;
mod statistic;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;
use tailproof_core::{Level, Rank};

use self::section::Section;
use crate::exit;
use crate::inputs::{self, Reading};
use crate::tables::{Form, Tables};

/// Sample sizes before measuring: the table for a test plan
///
/// Alone: how many observations prove p50 to p99.99. With objectives: how many prove them, and
/// how often n observations would. With --change: how many a side show a change. Numbers hold
/// for independent observations and one look at the data.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tailproof plan 'latency: p99 <= 200ms' --share 99.5% --n 5000
  tailproof plan --change 5% --pilot examples/postgres/async.csv --metric latency
  tailproof plan --prove-share 99.99% --output markdown")]
pub(crate) struct Plan {
    /// What will be promised, such as 'p99 <= 200ms'; repeatable
    #[arg(value_name = "OBJECTIVE")]
    objectives: Vec<String>,
    /// Objectives from a tailproof.toml or OpenSLO v1 YAML file; repeatable
    #[arg(long, value_name = "FILE")]
    slo: Vec<PathBuf>,
    /// Share of observations expected within the limit: how many give a pass then
    #[arg(long, value_parser = expected_share, value_name = "SHARE")]
    share: Option<f64>,
    /// Observations that can be had (a side, for changes and proportions): what they show
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000), value_name = "N")]
    n: Option<u64>,
    /// A change to be found, as a share of the baseline
    #[arg(long, value_parser = inputs::share, value_name = "SHARE")]
    change: Option<f64>,
    /// Standard deviation of an observation over the mean, when there is no pilot
    #[arg(
        long, value_parser = inputs::share, value_name = "SHARE", requires = "change",
        conflicts_with = "pilot"
    )]
    cv: Option<f64>,
    /// Measurements like those planned, to take the noise from; repeatable, a run each
    #[arg(long, value_name = "FILE", requires = "change")]
    pilot: Vec<PathBuf>,
    /// Use only these metrics of the pilot, with * and ? [default: every numeric column]
    #[arg(long, value_name = "GLOB", requires = "pilot")]
    metric: Vec<String>,
    /// Standard deviation between the means of runs over the mean: how many runs are needed
    #[arg(long, value_parser = inputs::share, value_name = "SHARE", requires = "change")]
    runs_cv: Option<f64>,
    /// Runs that can be had a side: what change they show
    #[arg(
        long, value_parser = clap::value_parser!(u64).range(2..=1_000_000), value_name = "N",
        requires = "change"
    )]
    runs: Option<u64>,
    /// A share to be proven, such as 99.99%: how many observations without, or with few, misses
    #[arg(long, value_parser = promised_share, value_name = "SHARE")]
    prove_share: Vec<Rank>,
    /// Two shares to be told apart: how many observations a group
    #[arg(long, num_args = 2, value_parser = inputs::share, value_names = ["SHARE", "SHARE"])]
    proportions: Option<Vec<f64>>,
    /// Probabilities of showing what is true
    #[arg(
        long, value_delimiter = ',', default_value = "80%,90%,95%", value_parser = inputs::power,
        value_name = "SHARES"
    )]
    power: Vec<f64>,
    /// Confidence level [default: 0.999 for objectives and shares, 0.95 for changes]
    #[arg(long, value_parser = inputs::level)]
    level: Option<Level>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Tables,
}

/// For clap: a share strictly between 0 and 1, kept exactly.
fn promised_share(text: &str) -> Result<Rank, String> {
    text.parse::<Rank>()
        .ok()
        .filter(|p| p.value().num() > 0 && p.complement().num() > 0)
        .ok_or_else(|| "a share strictly between 0 and 1, such as 99.99% or 0.9999".to_owned())
}

/// For clap: a share above 0 and at most 1.
fn expected_share(text: &str) -> Result<f64, String> {
    inputs::share(text)
        .ok()
        .filter(|&p| p > 0.0 && p <= 1.0)
        .ok_or_else(|| "a share up to 100%, such as 99.5% or 0.995".to_owned())
}

impl Plan {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let sections = self.sections()?;
        let json = serde_json::to_string_pretty(&json!({
            "schema": "tailproof.plan/1",
            "tool": { "name": "tailproof", "version": env!("CARGO_PKG_VERSION") },
            "tables": sections.iter().map(Section::json).collect::<Vec<_>>(),
        }))?;
        self.output.write(|form, width| match form {
            Form::Json => format!("{json}\n"),
            Form::Table => joined(&sections, |s| s.grid().table(width)),
            Form::Markdown => joined(&sections, |s| s.grid().markdown()),
        })?;
        Ok(ExitCode::from(exit::PASSED))
    }

    fn sections(&self) -> anyhow::Result<Vec<Section>> {
        let asked = !self.objectives.is_empty() || !self.slo.is_empty();
        let other =
            self.change.is_some() || !self.prove_share.is_empty() || self.proportions.is_some();
        let mut all = Vec::new();
        if asked || !other {
            all.extend(self.gate(asked)?);
        } else if self.share.is_some() {
            bail!("--share belongs to an objective: tailproof plan 'p99 <= 200ms' --share 99.5%");
        }
        if self.n.is_some() && all.is_empty() && self.change.is_none() && self.proportions.is_none()
        {
            bail!("--n belongs to an objective, --change or --proportions: say what it is to show");
        }
        if !self.prove_share.is_empty() {
            all.push(gate::prove(&self.prove_share, self.level));
        }
        let level = self.level.unwrap_or(Level::P95);
        if let Some(change) = self.change {
            all.extend(self.change(change, level)?);
        }
        if let Some([p1, p2]) = self.proportions.as_deref() {
            let sections = proportions::proportions((*p1, *p2), self.n, level, &self.power);
            all.extend(sections.map_err(|e| {
                anyhow!(e).context("--proportions needs two different shares up to 100%")
            })?);
        }
        Ok(all)
    }

    /// Tables of objectives, or of the usual percentiles when none is given.
    fn gate(&self, asked: bool) -> anyhow::Result<Vec<Section>> {
        let (claims, configured) = if asked {
            let (config, _) = inputs::configuration(&self.objectives, &self.slo)?;
            (gate::claims(&config.objectives), config.level)
        } else {
            (gate::usual(), None)
        };
        let level = self.level.or(configured).unwrap_or(Level::P999);
        let plan = gate::Gate { claims, asked, level, share: self.share, power: &self.power };
        let mut all = vec![plan.sizes()?];
        if let Some(n) = self.n {
            all.extend(plan.at(n)?);
        }
        Ok(all)
    }

    fn change(&self, change: f64, level: Level) -> anyhow::Result<Vec<Section>> {
        if change <= 0.0 {
            bail!("--change is the share by which a rise is to be found, above 0, such as 5%");
        }
        if self.cv.is_none() && self.pilot.is_empty() && self.runs_cv.is_none() {
            bail!(
                "--change needs the noise: --pilot FILE with measurements, --cv 20% (standard \
                 deviation over mean), or --runs-cv 3% (that of the means of runs)"
            );
        }
        if self.pilot.is_empty() {
            if self.runs.is_some() && self.runs_cv.is_none() {
                bail!("--runs needs the spread between runs: --runs-cv 3%, or --pilot with runs");
            }
            if self.n.is_some() && self.cv.is_none() {
                bail!("--n needs the spread of observations: --cv 20%, or --pilot FILE");
            }
        }
        for (flag, value) in [("--cv", self.cv), ("--runs-cv", self.runs_cv)] {
            if value == Some(0.0) {
                bail!("{flag} is a standard deviation over the mean, above 0, such as 20%");
            }
        }
        let plan = change::Change {
            rise: change,
            level,
            power: &self.power,
            n: self.n,
            runs: self.runs,
            runs_cv: self.runs_cv,
        };
        if self.pilot.is_empty() {
            return Ok(plan.of_cv(self.cv)?);
        }
        let data = self.reading.read(&self.pilot, inputs::Columns::matching(&self.metric))?;
        let mut all = Vec::new();
        for series in &data.series {
            all.extend(plan.of_pilot(series)?);
        }
        Ok(all)
    }
}

fn joined(sections: &[Section], render: impl Fn(&Section) -> String) -> String {
    sections.iter().map(render).collect::<Vec<_>>().join("\n")
}
