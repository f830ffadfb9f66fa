use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, anyhow};
use serde_json::Value;
use tailproof_compare as compare;
use tailproof_core::{
    Aggregate, Claim, Condition, Dataset, Finding, Level, Objective, Observations, Sample, Seed,
    Series, number, percent,
};
use tailproof_reporting::{
    Artifact, BootstrapValidation, Component, Evidence, Reporting, StatisticalTesting,
    T4Excellence, markdown, table,
};
use tailproof_slo::compliance::{self, Report};
use tailproof_slo::config::Config;
use tailproof_slo::t4::{self, Excellence};
use tailproof_slo::{Judged, Settings, distribution, judge};

use crate::artifact;
use crate::exit::{self, Gate};
use crate::inputs::{self, Reading};
use crate::output::{self, Output};

/// Judge objectives on measurements
///
/// Reads CSV, TSV, JSON, NDJSON or one number per line, and answers for each objective:
/// PASS, FAIL or INCONCLUSIVE, with the bound that decides and the n that would.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tailproof validate latency.csv --objective 'latency: p95 <= 150ms'
  tailproof validate - --objective 'p99 <= 0.3s' --unit ms < numbers.txt
  tailproof validate data.csv --slo tailproof.toml --baseline before.csv --artifacts artifacts")]
pub(crate) struct Validate {
    /// Files with measurements, - for standard input
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// What is promised, such as 'latency: p95 <= 150ms'; repeatable
    #[arg(short, long, value_name = "TEXT")]
    objective: Vec<String>,
    /// Objectives from a tailproof.toml or OpenSLO v1 YAML file; repeatable
    #[arg(long, value_name = "FILE")]
    slo: Vec<PathBuf>,
    /// Measurements to compare with, for regressions and relative objectives; repeatable
    #[arg(long, value_name = "DATA")]
    baseline: Vec<PathBuf>,
    /// Confidence level of objectives [default: 0.999, or that of the configuration]
    #[arg(long, value_parser = inputs::level)]
    level: Option<Level>,
    /// Replicates drawn beside the exact bootstrap, and relabellings of permutation tests
    #[arg(long, default_value = "10000", value_parser = inputs::resamples, value_name = "N")]
    resamples: NonZeroU32,
    /// Seed of everything random, recorded in the evidence
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// A regression is worse by more than this share of the baseline
    #[arg(long, default_value = "1%", value_parser = inputs::share, value_name = "SHARE")]
    min_effect: f64,
    /// Name of what is tested; begins the artifact's file name [default: service]
    #[arg(long, value_name = "NAME")]
    component: Option<Component>,
    /// Write the evidence to DIR/{component}_performance_bootstrap_validation.json
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Also gate on 99.99 % of the observations meeting each target
    #[arg(long)]
    t4: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

/// A clock around a call, in milliseconds.
fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let value = call();
    (value, start.elapsed().as_secs_f64() * 1e3)
}

impl Validate {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let (mut config, files) = inputs::configuration(&self.objective, &self.slo)?;
        let component = self.component(&config)?;
        let level = self.level.or(config.level).unwrap_or(Level::P999);
        let data = self.reading.read(&self.data, &config.objectives, &config.metrics)?;
        let baseline = self.read_baseline(&config)?;
        let targets = targets(&data, &config.objectives);
        if self.t4 {
            config.objectives.extend(t4_objectives(&targets)?);
        }
        let (relative, absolute): (Vec<Objective>, Vec<Objective>) = config
            .objectives
            .iter()
            .cloned()
            .partition(|o| matches!(o.condition, Condition::Relative(..)));

        let settings = Settings::new(Seed(self.seed)).level(level).resamples(self.resamples);
        let (judged, bootstrap_ms) = timed(|| judge(&data, &absolute, &settings));
        let mut judged = judged?;
        if let Some(objective) = relative.first()
            && baseline.is_none()
        {
            return Err(anyhow!(tailproof_slo::SloError::NoBaseline(objective.claim.clone())));
        }
        let (compared, testing_ms) =
            timed(|| self.compare(baseline.as_ref(), &data, &relative, level));
        let compared = compared?;
        let (excellence, t4_ms) = timed(|| t4(&data, &targets, level));
        if self.artifacts.is_some() || self.output.wants_json() {
            add_exhibits(&data, &mut judged.findings);
        }

        let mut findings = std::mem::take(&mut judged.findings);
        if let Some((regressions, objectives)) = &compared {
            findings.extend(objectives.iter().cloned());
            findings.extend(regressions.iter().flat_map(|r| r.findings.iter().cloned()));
        }
        let timestamp = output::timestamp();
        let (report, score_ms) = timed(|| compliance::report(&excellence, &findings));
        let mut evidence = Evidence::new(component.as_str(), findings);
        evidence.created = Some(timestamp.clone());
        evidence.add_sources("data", &data.sources);
        evidence.add_sources("baseline", baseline.as_ref().map_or(&[], |b| b.sources.as_slice()));
        add_configuration(&mut evidence, &files)?;
        evidence.settings = tailproof_reporting::Settings {
            level: Some(level),
            seed: Some(settings.seed),
            resamples: Some(self.resamples.get()),
            min_effect: baseline.as_ref().map(|_| self.min_effect),
        };
        // T4 is in the evidence always, in what people read only when it gates.
        evidence.recommendations = if self.t4 {
            report.recommendations.clone()
        } else {
            compliance::recommendations(&evidence.findings)
        };
        evidence.notes = if self.t4 { t4_notes(&excellence, &report) } else { Vec::new() };
        evidence.notes.extend(disagreement(&judged));
        evidence.notes.extend(data.notes.iter().cloned());
        if self.artifacts.is_some() || self.output.wants_json() {
            evidence.environment = tailproof_ingest::environment();
        }
        let results = &mut evidence.results;
        results.insert("slo_compliance".into(), artifact::slo_compliance(&judged.compliance));
        results.insert("t4_excellence".into(), artifact::t4_excellence(&excellence));
        results
            .insert("compliance_report".into(), artifact::compliance_report(&report, &timestamp));
        if let Some((regressions, _)) = &compared {
            artifact::add_regressions(&mut evidence, regressions);
        }
        // What people read is rendered here for the clock, and again where it goes.
        let (_, render_ms) =
            timed(|| (table(&evidence, None), markdown(&evidence), evidence.to_json()));
        let mut artifact = Artifact {
            component: component.as_str().to_owned(),
            validation_timestamp: timestamp,
            bootstrap_validation: bootstrap_section(&evidence, &judged, level, bootstrap_ms),
            statistical_testing: testing_section(compared.is_some(), level, testing_ms),
            t4_excellence: t4_section(&excellence, t4_ms),
            reporting: Reporting {
                automated_reports: !evidence.findings.is_empty(),
                compliance_scoring: report.score.is_some(),
                recommendations_generated: !report.recommendations.is_empty(),
                performance_ms: score_ms + render_ms,
            },
            evidence: Value::Null,
        };
        artifact.set_evidence(&evidence);
        let json = artifact.to_json();
        let saved = self.artifacts.as_ref().map(|dir| dir.join(component.file_name()));
        self.output.write(&evidence, &json)?;
        if let Some(path) = &saved {
            output::save(path, &json)?;
        }
        match saved {
            Some(path) => eprintln!("evidence: {}", path.display()),
            None => eprintln!("evidence: not written; add --artifacts DIR to keep it"),
        }
        Ok(exit::code(&evidence.findings, &self.gate))
    }

    fn component(&self, config: &Config) -> anyhow::Result<Component> {
        match (&self.component, &config.component) {
            (Some(component), _) => Ok(component.clone()),
            (None, Some(name)) => Ok(name.parse()?),
            (None, None) => Ok("service".parse()?),
        }
    }

    fn read_baseline(&self, config: &Config) -> anyhow::Result<Option<Dataset>> {
        if self.baseline.is_empty() {
            return Ok(None);
        }
        self.reading
            .read(&self.baseline, &config.objectives, &config.metrics)
            .map(Some)
            .context("reading the baseline")
    }

    /// Regressions, and the findings of relative objectives.
    fn compare(
        &self,
        baseline: Option<&Dataset>,
        data: &Dataset,
        relative: &[Objective],
        level: Level,
    ) -> anyhow::Result<Option<(Vec<compare::Regression>, Vec<Finding>)>> {
        let Some(baseline) = baseline else { return Ok(None) };
        let settings = compare::Settings {
            mean_level: level,
            min_effect: self.min_effect,
            resamples: self.resamples,
            ..compare::Settings::new(Seed(self.seed))
        };
        let compared = compare::compare(baseline, data, &settings)?;
        let mut findings = Vec::new();
        for objective in relative {
            let matching: Vec<(&Series, &Series)> = data
                .series
                .iter()
                .filter(|s| objective.matches(s))
                .filter_map(|s| {
                    let same = |b: &&Series| b.metric.name == s.metric.name && b.labels == s.labels;
                    Some((baseline.series.iter().find(same)?, s))
                })
                .collect();
            if matching.is_empty() {
                return Err(anyhow!(
                    "objective {:?} matches nothing that data and baseline both hold",
                    objective.claim
                ));
            }
            for (base, candidate) in matching {
                findings.push(compare::relative(objective, base, candidate, level)?);
            }
        }
        Ok(Some((compared.regressions, findings)))
    }
}

/// The outermost upper target of each raw series, from percentile and rate objectives.
fn targets<'a>(data: &'a Dataset, objectives: &[Objective]) -> Vec<(&'a Series, Option<f64>)> {
    let limit = |o: &Objective, s: &Series| -> Option<f64> {
        let unit = s.metric.unit.as_ref();
        match &o.aggregate {
            Aggregate::Rate(op, limit) if op.is_upper() => limit.in_unit(unit).ok(),
            Aggregate::Quantile(_) | Aggregate::Max => o
                .claims(unit)
                .ok()?
                .iter()
                .filter(|c: &&Claim| c.comparison.is_upper())
                .map(|c| c.target)
                .reduce(f64::max),
            _ => None,
        }
    };
    data.series
        .iter()
        .filter(|s| raw(s).is_some())
        .map(|s| {
            let matching = objectives.iter().filter(|o| o.matches(s));
            (s, matching.filter_map(|o| limit(o, s)).reduce(f64::max))
        })
        .collect()
}

fn raw(series: &Series) -> Option<&Sample> {
    match &series.observations {
        Observations::Raw(raw) if raw.is_complete() => Some(&raw.sample),
        _ => None,
    }
}

/// T4 as objectives, so that it gates by the same three-valued rule.
fn t4_objectives(targets: &[(&Series, Option<f64>)]) -> anyhow::Result<Vec<Objective>> {
    targets
        .iter()
        .filter_map(|(series, target)| Some((series, (*target)?)))
        .map(|(series, target)| {
            let unit = series.metric.unit.as_ref().map_or_else(String::new, ToString::to_string);
            let claim = format!("rate(<= {target}{unit}) >= 99.99%");
            let mut objective: Objective = claim.parse().map_err(|e| anyhow!("T4: {e}"))?;
            objective.metric = Some(series.metric.name.clone());
            objective.labels.clone_from(&series.labels);
            Ok(objective)
        })
        .collect()
}

fn t4(data: &Dataset, targets: &[(&Series, Option<f64>)], level: Level) -> Excellence {
    let inputs: Vec<t4::Input<'_>> = targets
        .iter()
        .filter_map(|(s, target)| Some((s.name(), s.metric.suffix(), raw(s)?, (*target)?)))
        .collect();
    let judged =
        |s: &Series| targets.iter().any(|(t, target)| t.name() == s.name() && target.is_some());
    let not_tested = data.series.iter().filter(|s| !judged(s)).map(Series::name).collect();
    t4::excellence(&inputs, not_tested, t4::THRESHOLD, level)
}

/// Draws each metric once, on its first finding.
fn add_exhibits(data: &Dataset, findings: &mut [Finding]) {
    for series in &data.series {
        let own = findings
            .iter_mut()
            .find(|f| f.subject.metric == series.metric.name && f.subject.labels == series.labels);
        if let (Some(finding), Some(sample)) = (own, raw(series)) {
            let axis = format!("{}{}", series.metric.name, series.metric.suffix());
            finding.exhibits = distribution(sample, &axis);
        }
    }
}

fn add_configuration(evidence: &mut Evidence, files: &[PathBuf]) -> anyhow::Result<()> {
    for path in files {
        let source = tailproof_ingest::source(path, "configuration")?;
        evidence.add_sources("configuration", &[source]);
    }
    Ok(())
}

/// T4 and score in words.
fn t4_notes(excellence: &Excellence, report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    for m in &excellence.metrics {
        let proof = if m.t4_proven {
            "proven".to_owned()
        } else {
            m.proof_needs.map_or_else(
                || "not provable".to_owned(),
                |n| {
                    let n = number(n as f64);
                    format!("not proven, a proof needs n >= {n} without further misses")
                },
            )
        };
        notes.push(format!(
            "T4 {}: {} of {} within {}{}, {} (lower bound {}; {proof})",
            m.name,
            number(m.compliant as f64),
            number(m.sample_size as f64),
            number(m.slo_target),
            m.suffix,
            if m.t4_compliant { "compliant" } else { "not compliant" },
            percent(m.rate_lower_bound),
        ));
    }
    notes.push(match report.score {
        Some(score) => format!(
            "T4 compliance score {} ({} of {} metrics), risk {}",
            percent(score),
            report.compliant_metrics,
            report.total_metrics,
            report.risk.word()
        ),
        None => "no metric has an upper target: T4 was not tested".to_owned(),
    });
    notes
}

/// A warning when replicates and exact distribution cannot both be right.
fn disagreement(judged: &Judged) -> Option<String> {
    let checks = judged.compliance.iter().filter_map(|c| c.replicates.as_ref());
    checks.into_iter().any(|r| !r.agrees).then(|| {
        "the replicates disagree with the exact bootstrap beyond chance (1e-9): please report \
         this with the evidence file"
            .to_owned()
    })
}

fn bootstrap_section(
    evidence: &Evidence,
    judged: &Judged,
    level: Level,
    performance_ms: f64,
) -> BootstrapValidation {
    use tailproof_core::{Class, Verdict};
    let mut objectives = evidence.findings.iter().filter(|f| f.class == Class::Slo).peekable();
    let any = objectives.peek().is_some();
    BootstrapValidation {
        samples: judged.compliance.iter().map(|c| c.bootstrap_samples).max().unwrap_or(0),
        confidence_level: level.to_f64(),
        slo_compliance_validated: any
            && objectives.all(|f| !matches!(f.verdict, Verdict::Inconclusive(_))),
        performance_ms,
    }
}

fn testing_section(done: bool, level: Level, performance_ms: f64) -> StatisticalTesting {
    StatisticalTesting {
        regression_detection: done,
        significance_level: level.alpha().to_f64(),
        effect_size_calculated: done,
        performance_ms: done.then_some(performance_ms),
        performance_ms_reason: (!done).then(|| "no baseline was given".to_owned()),
    }
}

fn t4_section(excellence: &Excellence, performance_ms: f64) -> T4Excellence {
    T4Excellence {
        threshold: excellence.threshold.to_f64(),
        compliance_validated: !excellence.metrics.is_empty() && excellence.not_tested.is_empty(),
        overall_compliant: excellence.overall_compliant == Some(true),
        performance_ms,
    }
}
