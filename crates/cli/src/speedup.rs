use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use tailproof_compare::speedup::{
    Configuration, PublishedFactor, Questions, SpeedUpSettings, Statistic, ablation, claims, layers,
};
use tailproof_core::{Finding, Level, Rank, Series};
use tailproof_reporting::Evidence;

use crate::exit::Gate;
use crate::given::{Analysis, Given};
use crate::inputs::{self, Columns, Named, Reading};
use crate::output::Output;

/// Say how much faster, with intervals: layer by layer, claimed and measured
///
/// A speed-up is a factor (base over candidate); the time that it saves is said beside it. With
/// --claims the arithmetic of published numbers is checked, without any data.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tailproof speedup base=old.csv cache=cache.csv pool=both.csv --layers\n  \
                  tailproof speedup old.csv new.csv --claim 3.99x\n  \
                  tailproof speedup runs.csv --ablation --factors cache,pool\n  \
                  tailproof speedup --claims examples/published-claims/claims.toml"
)]
pub(crate) struct Speedup {
    /// Measurements of the base, as FILE or LABEL=FILE
    #[arg(required_unless_present = "claims")]
    base: Option<Named>,
    /// Measurements of other configurations, in order; `LABEL=` for one that nobody measured
    config: Vec<Named>,
    /// Each configuration is a layer on the one before: its own speed-up, and all so far
    #[arg(long, conflicts_with = "ablation")]
    layers: bool,
    /// The configuration that has all changes of the others: do single speed-ups multiply?
    #[arg(long, value_name = "LABEL", conflicts_with = "ablation")]
    combined: Option<String>,
    /// What is claimed of the last configuration, such as 3.99x or 74.97%; repeatable
    #[arg(long, value_name = "FACTOR", value_parser = claim, conflicts_with = "ablation")]
    claim: Vec<PublishedFactor>,
    /// Check the arithmetic of published speed-ups
    #[arg(long, value_name = "FILE")]
    claims: Vec<PathBuf>,
    /// Main effects and interactions of factors that labels switch on and off
    #[arg(long, requires = "factors")]
    ablation: bool,
    /// The labels that are factors, each on or off
    #[arg(long, value_delimiter = ',', value_name = "LABELS", requires = "ablation")]
    factors: Vec<String>,
    /// Only these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Speed-up of what
    #[arg(long, value_enum, default_value = "mean", value_name = "WHAT")]
    statistic: What,
    /// Factors that differ by less than this share are the same
    #[arg(long, default_value = "10%", value_parser = inputs::share, value_name = "SHARE")]
    margin: f64,
    /// Confidence level of every interval
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The mean
    Mean,
    /// The median
    Median,
    /// The 95th percentile
    P95,
    /// The 99th percentile
    P99,
}

fn claim(text: &str) -> Result<PublishedFactor, String> {
    text.parse().map_err(|e| format!("{e}"))
}

impl Analysis for Speedup {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        let settings = SpeedUpSettings {
            statistic: match self.statistic {
                What::Mean => Statistic::Mean,
                What::Median => Statistic::Quantile(Rank::MEDIAN),
                What::P95 => Statistic::Quantile(Rank::P95),
                What::P99 => Statistic::Quantile(Rank::P99),
            },
            level: self.level,
            margin: self.margin,
        };
        let mut evidence = Evidence::new("speed-up", Vec::new());
        evidence.settings.level = Some(self.level);
        evidence.settings.min_effect = Some(self.margin);
        let measured = self.measured(&settings, &mut evidence, given)?;
        evidence.findings.extend(measured);
        for path in &self.claims {
            evidence.findings.extend(published(path)?);
            given.configured(&mut evidence, path, "toml").context("reading the claims")?;
        }
        Ok(evidence)
    }
}

impl Speedup {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.conclude(&self, &self.gate, given)
    }

    /// What the data say; nothing without data.
    fn measured(
        &self,
        settings: &SpeedUpSettings,
        evidence: &mut Evidence,
        given: &Given,
    ) -> anyhow::Result<Vec<Finding>> {
        let Some(base) = &self.base else { return Ok(Vec::new()) };
        let mut configurations: Vec<Configuration> = Vec::new();
        for named in [base].into_iter().chain(&self.config) {
            if configurations.iter().any(|c| c.label == named.label) {
                bail!("two configurations are called {}; say LABEL=FILE", named.label);
            }
            let read = |path: &PathBuf| {
                let data = self
                    .reading
                    .read(std::slice::from_ref(path), Columns::matching(&self.metric))
                    .with_context(|| format!("reading {}", named.label))?;
                given.record(evidence, &named.label, &data.sources);
                evidence.notes.extend(data.notes.iter().cloned());
                anyhow::Ok(data)
            };
            let data = named.path.as_ref().map(read).transpose()?;
            configurations.push(Configuration { label: named.label.clone(), data });
        }
        if self.ablation {
            let data = configurations.iter().filter_map(|c| c.data.as_ref());
            let series: Vec<&Series> = data.flat_map(|d| &d.series).collect();
            let found = ablation(&series, &self.factors, settings)?;
            evidence.notes.push(format!(
                "{} settings of {} factors, {} replicates, {} residual degrees of freedom",
                found.settings,
                self.factors.len(),
                found.n,
                found.df
            ));
            return Ok(found.findings);
        }
        if self.config.is_empty() {
            bail!("a speed-up needs a base and another configuration, or --ablation, or --claims");
        }
        let questions = Questions {
            layered: self.layers,
            combined: self.combined.clone(),
            claims: self.claim.clone(),
        };
        Ok(layers(&configurations, &questions, settings)?)
    }
}

/// Findings of a file of claims.
fn published(path: &Path) -> anyhow::Result<Vec<Finding>> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| name.to_string())?;
    let claims = claims::parse(&text).map_err(|e| anyhow!("{name}, {e}"))?;
    Ok(claims::judge(&claims))
}
