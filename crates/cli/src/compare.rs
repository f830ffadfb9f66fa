use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tailproof_compare::compare;
use tailproof_core::{Level, Seed};
use tailproof_reporting::Evidence;

use crate::artifact;
use crate::comparison::Comparison;
use crate::exit::{self, Gate};
use crate::inputs::{self, Columns, Reading};
use crate::output::{self, Output};

/// Compare a candidate with a baseline, and fail on a regression
///
/// Every metric that both hold is compared: mean, median, and the percentiles that both
/// samples carry. A regression is worse by more than the margin, shown by an interval; "no
/// detectable change" is never a proof of none and names the change that would have shown.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tailproof compare examples/postgres/async.csv examples/postgres/sync.csv --min-effect 5%"
)]
pub(crate) struct Compare {
    /// Measurements before
    base: PathBuf,
    /// Measurements after
    candidate: PathBuf,
    /// Compare only these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Confidence level for the whole table
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    /// Random relabellings of the permutation test
    #[arg(long, default_value = "10000", value_parser = inputs::resamples, value_name = "N")]
    resamples: NonZeroU32,
    /// Seed of the relabellings, recorded in the evidence
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    comparison: Comparison,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

impl Compare {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let read = |path: &PathBuf| {
            self.reading.read(std::slice::from_ref(path), Columns::matching(&self.metric))
        };
        let base = read(&self.base).context("reading the baseline")?;
        let candidate = read(&self.candidate).context("reading the candidate")?;
        let settings = self.comparison.settings(self.level, self.resamples, Seed(self.seed))?;
        let compared = compare(&base, &candidate, &settings)?;
        let mut evidence = Evidence::new("compare", compared.findings.clone());
        evidence.add_sources("baseline", &base.sources);
        evidence.add_sources("candidate", &candidate.sources);
        evidence.created = Some(output::timestamp());
        evidence.settings = tailproof_reporting::Settings {
            level: Some(self.level),
            seed: Some(settings.seed),
            resamples: Some(self.resamples.get()),
            min_effect: Some(settings.margin()),
            comparison_level: None,
            comparison: Some(Comparison::record(&settings)),
        };
        if self.output.wants_json() {
            evidence.environment = tailproof_ingest::environment();
        }
        artifact::add_regressions(&mut evidence, &compared.regressions);
        evidence.notes.push(format!(
            "{} of {} metrics compared, {} new, {} gone; {}",
            compared.regressions.len(),
            candidate.series.len(),
            compared.new.len(),
            compared.gone.len(),
            compared.family,
        ));
        self.output.write(&evidence, &evidence.to_json())?;
        Ok(exit::code(&evidence.findings, &self.gate))
    }
}
