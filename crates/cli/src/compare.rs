use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use tailproof_compare::config::{self, Config};
use tailproof_compare::{
    CompareError, Compared, Grouping, Settings, add_exhibits, compare_all, strata,
};
use tailproof_core::{Dataset, Finding, Level, Seed};
use tailproof_reporting::Evidence;
use tailproof_store::Accepted;

use crate::artifact;
use crate::comparison::Comparison;
use crate::exit::Gate;
use crate::given::{Analysis, Given, Nothing};
use crate::inputs::{self, Reading};
use crate::output::{self, Output};
use crate::sides::{Measurements, Sides};

/// Compare measurements with a baseline, and fail on a regression
///
/// Every benchmark and metric that both hold is compared: mean, median, and the percentiles
/// that both samples carry. A regression is worse by more than the margin, shown by an
/// interval; "no detectable change" (~) is never a proof of none and names the change that
/// would have shown. Margins, limits per benchmark and declared benchmarks may stand in
/// `[compare]` of tailproof.toml; accepted changes in .tailproof/accepted.toml.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tailproof compare examples/postgres/async.csv examples/postgres/sync.csv --min-effect 5%\n  \
                  tailproof compare target/criterion\n  \
                  tailproof compare --baseline main results.json --fail-on regression,missing"
)]
pub(crate) struct Compare {
    #[command(flatten)]
    sides: Sides,
    /// Confidence level for the whole table [default: 0.95]
    #[arg(long, value_parser = inputs::level)]
    level: Option<Level>,
    /// Random relabellings of the permutation test
    #[arg(long, default_value = "10000", value_parser = inputs::resamples, value_name = "N")]
    resamples: NonZeroU32,
    /// Seed of the relabellings, recorded in the evidence
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Series that differ only in these labels are categories: pooled, with their heterogeneity
    #[arg(long, value_delimiter = ',', value_name = "LABELS")]
    by: Vec<String>,
    /// Observations that a category needs on either side
    #[arg(long, value_name = "N", requires = "by")]
    least_cases: Option<u64>,
    /// File with a table `compare` (default: tailproof.toml, where there is one)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    comparison: Comparison,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

impl Analysis for Compare {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        let (config, file) = configuration(self.config.as_deref())?;
        self.judge(&config, file.as_deref(), given)
    }
}

impl Compare {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.prepare(false)?;
        let (config, file) = configuration(self.config.as_deref())?;
        let gate = self.gate.or(config.fail_on.as_deref())?;
        match self.judge(&config, file.as_deref(), given) {
            Ok(evidence) => self.output.finish(evidence, &gate, given),
            Err(error) => output::nothing(error, &gate),
        }
    }

    fn judge(
        &self,
        config: &Config,
        file: Option<&Path>,
        given: &Given,
    ) -> anyhow::Result<Evidence> {
        let sides = self.sides.read(&self.reading, given)?;
        sides.check()?;
        let settings = self.settings(config, given)?;
        let heads: Vec<&Dataset> = sides.heads.iter().map(|h| &h.1).collect();
        let compared = match compare_all(&sides.base, &heads, &settings) {
            Err(e @ CompareError::NothingInCommon { .. }) => bail!(Nothing(e.to_string())),
            other => other?,
        };
        let mut findings = self.findings(&sides, &compared, &settings, given)?;
        sides.finish(&mut findings);
        let accepted = self.sides.place().store().accepted();
        let accepted = Some(accepted).filter(|path| path.is_file());
        let idle =
            accepted.as_deref().map(|path| accept(path, &mut findings, given)).transpose()?;
        let mut evidence = Evidence::new("compare", findings);
        evidence.notes.extend(idle.flatten());
        sides.record(&mut evidence, given);
        for path in file.into_iter().chain(accepted.as_deref()) {
            given.configured(&mut evidence, path, "toml")?;
        }
        evidence.settings = tailproof_reporting::Settings {
            level: Some(settings.level),
            seed: Some(settings.seed),
            resamples: Some(self.resamples.get()),
            min_effect: Some(settings.margin()),
            comparison_level: None,
            comparison: Some(Comparison::record(&settings)),
        };
        if settings.tests {
            for one in &compared {
                artifact::add_regressions(&mut evidence, &one.regressions);
            }
        }
        for (one, (name, head)) in compared.iter().zip(&sides.heads) {
            evidence.notes.push(summary(one, name, head, compared.len() > 1, &settings));
        }
        Ok(evidence)
    }

    /// What was typed, then what the file says, then what is usual.
    fn settings(&self, config: &Config, given: &Given) -> anyhow::Result<Settings> {
        let level = self.level.or(config.level).unwrap_or(Level::P95);
        let settings = self.comparison.settings(level, self.resamples, Seed(self.seed), config)?;
        Ok(Settings {
            limits: config.limits.clone(),
            declared: config.benchmarks.clone(),
            // The document's tests stand in the evidence only, and take most of the time.
            tests: given.is_again() || self.output.wants_json(),
            ..settings
        })
    }

    /// The findings of all candidates; several are told apart by a label.
    fn findings(
        &self,
        sides: &Measurements,
        compared: &[Compared],
        settings: &Settings,
        given: &Given,
    ) -> anyhow::Result<Vec<Finding>> {
        let mut all = Vec::new();
        for (one, (name, head)) in compared.iter().zip(&sides.heads) {
            let mut findings = one.findings.clone();
            if given.is_again() || self.output.wants_pictures() {
                add_exhibits(&sides.base, head, settings, &mut findings);
            }
            if !self.by.is_empty() {
                let grouping = Grouping { by: self.by.clone(), least_cases: self.least_cases };
                let strata = strata(&sides.base, head, &grouping, settings)?;
                strata.hold(&mut findings);
                findings.extend(strata.findings);
            }
            if compared.len() > 1 {
                for finding in &mut findings {
                    finding.subject.labels.insert("head".to_owned(), name.clone());
                }
            }
            all.extend(findings);
        }
        Ok(all)
    }
}

/// Takes accepted changes out of the gate; says which rows accept nothing that is there.
fn accept(path: &Path, findings: &mut [Finding], given: &Given) -> anyhow::Result<Option<String>> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| name.to_string())?;
    let accepted = Accepted::parse(&text).map_err(|e| anyhow!("{name}, {e}"))?;
    let idle: Vec<String> = accepted.idle(findings).iter().map(ToString::to_string).collect();
    accepted.apply(findings, given.time().date());
    Ok((!idle.is_empty())
        .then(|| format!("{name}: fits nothing that was compared: row {}", idle.join(", "))))
}

/// The table of the file that is named, or of tailproof.toml.
fn configuration(named: Option<&Path>) -> anyhow::Result<(Config, Option<PathBuf>)> {
    let path = match named {
        Some(path) => path.to_owned(),
        None if Path::new("tailproof.toml").is_file() => PathBuf::from("tailproof.toml"),
        None => return Ok((Config::default(), None)),
    };
    let name = path.display();
    let text = fs::read_to_string(&path).with_context(|| name.to_string())?;
    let config = config::parse(&text).map_err(|e| anyhow!("{name}, {e}"))?;
    Ok((config, Some(path)))
}

/// `3 of 3 metrics compared, 0 new, 0 gone; Benjamini-Hochberg over 6 rows …`.
fn summary(
    one: &Compared,
    name: &str,
    head: &Dataset,
    several: bool,
    settings: &Settings,
) -> String {
    let of = if several { format!("{name}: ") } else { String::new() };
    let declared = if settings.declared.is_empty() {
        String::new()
    } else {
        format!("{} declared benchmarks missing, ", one.missing.len())
    };
    format!(
        "{of}{} of {} metrics compared, {declared}{} new, {} gone; {}",
        one.compared,
        head.series.len(),
        one.new.len(),
        one.gone.len(),
        one.family,
    )
}
