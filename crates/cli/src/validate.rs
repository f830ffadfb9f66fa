use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, anyhow};
use serde_json::Value;
use tailproof_compare as compare;
use tailproof_core::{Condition, Dataset, Finding, Level, Objective, Seed, number, percent};
use tailproof_reporting::{
    Artifact, BootstrapValidation, Component, Evidence, Reporting, StatisticalTesting,
    T4Excellence, markdown, table,
};
use tailproof_slo::compliance::{self, Report};
use tailproof_slo::config::Config;
use tailproof_slo::t4::{self, Excellence};
use tailproof_slo::{Judged, Settings, judge};

use crate::artifact;
use crate::comparison::Comparison;
use crate::exit::{self, Gate};
use crate::given::{Analysis, Given};
use crate::inputs::{self, Columns, Reading};
use crate::output::{self, Output};
use crate::render;

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
    comparison: Comparison,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

/// What was read and judged.
struct Run {
    component: Component,
    level: Level,
    files: Vec<PathBuf>,
    data: Dataset,
    baseline: Option<Dataset>,
    judged: Judged,
    /// The objectives that findings of `judged` answer.
    objectives: Vec<Objective>,
    compared: Option<(compare::Compared, Vec<Finding>)>,
    excellence: Excellence,
    /// Milliseconds of judging objectives, comparing, and T4.
    ms: [f64; 3],
}

/// A clock around a call, in milliseconds.
fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let value = call();
    (value, start.elapsed().as_secs_f64() * 1e3)
}

impl Analysis for Validate {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        let mut run = self.judge()?;
        let findings = self.findings(&mut run, given)?;
        let report = compliance::report(&run.excellence, &findings);
        self.complete(&run, findings, &report, given)
    }
}

impl Validate {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.prepare(self.artifacts.is_some())?;
        let mut run = self.judge()?;
        if let Some(folder) = &self.artifacts {
            self.output.spare(&folder.join(run.component.file_name()))?;
        }
        let findings = self.findings(&mut run, given)?;
        let (report, score_ms) = timed(|| compliance::report(&run.excellence, &findings));
        let mut evidence = self.complete(&run, findings, &report, given)?;
        self.output.chain(&mut evidence)?;
        // What people read is rendered here for the clock, and again where it goes.
        let (_, render_ms) =
            timed(|| (table(&evidence, None), markdown(&evidence), evidence.to_json()));
        let samples = run.judged.compliance.iter().map(|c| c.bootstrap_samples).max();
        let [bootstrap_ms, testing_ms, t4_ms] = run.ms;
        let mut artifact = Artifact {
            component: run.component.as_str().to_owned(),
            validation_timestamp: output::rfc3339(given.time()),
            bootstrap_validation: BootstrapValidation::of(
                &evidence.findings,
                samples.unwrap_or(0),
                run.level,
                bootstrap_ms,
            ),
            statistical_testing: testing_section(run.compared.is_some(), run.level, testing_ms),
            t4_excellence: t4_section(&run.excellence, t4_ms),
            reporting: Reporting::of(
                &evidence.findings,
                report.score.is_some(),
                !report.recommendations.is_empty(),
                score_ms + render_ms,
            ),
            evidence: Value::Null,
        };
        artifact.set_evidence(&evidence);
        let (json, hash) = artifact.sealed();
        evidence.sha256 = Some(hash);
        let parts = std::slice::from_ref(&evidence);
        self.output.write(parts, &json, &self.gate, render::text)?;
        if let Some(folder) = &self.artifacts {
            let path = folder.join(run.component.file_name());
            output::save(&path, &json)?;
            eprintln!("evidence: {}", path.display());
            self.output.sign(&path, &json, parts)?;
        } else if !self.output.wants_evidence() {
            eprintln!("evidence: not written; add --artifacts DIR or --out json=FILE to keep it");
        }
        Ok(exit::code(&evidence.findings, &self.gate))
    }

    /// Everything that was found, with pictures where somebody will look at them.
    fn findings(&self, run: &mut Run, given: &Given) -> anyhow::Result<Vec<Finding>> {
        if given.is_again() || self.artifacts.is_some() || self.output.wants_pictures() {
            tailproof_slo::add_exhibits(&run.data, run.judged.answered(&run.objectives));
            self.add_comparisons(run)?;
        }
        let mut findings = std::mem::take(&mut run.judged.findings);
        if let Some((compared, objectives)) = &run.compared {
            findings.extend(objectives.iter().cloned());
            findings.extend(compared.findings.iter().cloned());
        }
        Ok(findings)
    }

    /// Whether how the findings were made is told anywhere.
    fn is_kept(&self) -> bool {
        self.artifacts.is_some() || self.output.wants_evidence()
    }

    /// Draws both sides of every metric that was compared: on its first row, or on its relative
    /// objective where it has none.
    fn add_comparisons(&self, run: &mut Run) -> anyhow::Result<()> {
        let (Some(base), Some((compared, objectives))) = (&run.baseline, &mut run.compared) else {
            return Ok(());
        };
        let settings = self.comparison_settings()?;
        compare::add_exhibits(base, &run.data, &settings, &mut compared.findings);
        let rows = &compared.findings;
        for objective in objectives {
            let (of, drawn) = (&objective.subject, |f: &Finding| !f.exhibits.is_empty());
            let same = |f: &Finding| {
                let s = &f.subject;
                (&s.metric, &s.labels, &s.benchmark) == (&of.metric, &of.labels, &of.benchmark)
            };
            if !rows.iter().any(|f| drawn(f) && same(f)) {
                let one = std::slice::from_mut(objective);
                compare::add_exhibits(base, &run.data, &settings, one);
            }
        }
        Ok(())
    }

    /// Reads everything and judges it, with a clock around each part.
    fn judge(&self) -> anyhow::Result<Run> {
        let (mut config, files) = inputs::configuration(&self.objective, &self.slo)?;
        let component = self.component(&config)?;
        let level = self.level.or(config.level).unwrap_or(Level::P999);
        let data =
            self.reading.read(&self.data, Columns::of(&config.objectives, &config.metrics))?;
        let baseline = self.read_baseline(&config)?;
        let targets = t4::targets(&data, &config.objectives);
        if self.t4 {
            config.objectives.extend(t4::objectives(&targets));
        }
        let (relative, absolute): (Vec<Objective>, Vec<Objective>) = config
            .objectives
            .iter()
            .cloned()
            .partition(|o| matches!(o.condition, Condition::Relative(..)));
        if let (Some(objective), None) = (relative.first(), &baseline) {
            return Err(anyhow!(tailproof_slo::SloError::NoBaseline(objective.claim.clone())));
        }
        let mut settings = Settings::new(Seed(self.seed)).level(level).resamples(self.resamples);
        settings.beside =
            relative.iter().map(|o| data.series.iter().filter(|s| o.matches(s)).count()).sum();
        let (judged, bootstrap_ms) = timed(|| judge(&data, &absolute, &settings));
        let judged = judged?;
        let fail = level.split(judged.claims + settings.beside);
        let (compared, testing_ms) =
            timed(|| self.compare(baseline.as_ref(), &data, &relative, level, fail));
        let (excellence, t4_ms) =
            timed(|| t4::excellence_of(&data, &targets, t4::THRESHOLD, level));
        let (compared, ms) = (compared?, [bootstrap_ms, testing_ms, t4_ms]);
        drop(targets);
        let objectives = absolute;
        Ok(Run {
            component,
            level,
            files,
            data,
            baseline,
            judged,
            objectives,
            compared,
            excellence,
            ms,
        })
    }

    fn complete(
        &self,
        run: &Run,
        findings: Vec<Finding>,
        report: &Report,
        given: &Given,
    ) -> anyhow::Result<Evidence> {
        let timestamp = output::rfc3339(given.time());
        let mut evidence = Evidence::new(run.component.as_str(), findings);
        given.record(&mut evidence, "data", &run.data.sources);
        let compared = run.baseline.as_ref();
        let baseline = compared.map_or(&[][..], |b| &b.sources);
        given.record(&mut evidence, "baseline", baseline);
        for path in &run.files {
            given.configured(&mut evidence, path, "configuration")?;
        }
        let how = compared.map(|_| self.comparison_settings()).transpose()?;
        evidence.settings = tailproof_reporting::Settings {
            level: Some(run.level),
            seed: Some(Seed(self.seed)),
            resamples: Some(self.resamples.get()),
            min_effect: how.as_ref().map(compare::Settings::margin),
            comparison_level: compared.map(|_| Level::P95),
            comparison: how.as_ref().map(Comparison::record),
        };
        // T4 is in the evidence always, in what people read only when it gates.
        evidence.recommendations = if self.t4 {
            report.recommendations.clone()
        } else {
            compliance::recommendations(&evidence.findings)
        };
        evidence.notes = if self.t4 { t4_notes(&run.excellence, report) } else { Vec::new() };
        evidence.notes.extend(disagreement(&run.judged));
        evidence.notes.extend(run.data.notes.iter().cloned());
        if self.is_kept() {
            evidence.environment = given.environment();
            given.complete(&mut evidence);
        }
        let results = &mut evidence.results;
        results.insert("slo_compliance".into(), artifact::slo_compliance(&run.judged.compliance));
        results.insert("t4_excellence".into(), artifact::t4_excellence(&run.excellence));
        let report = artifact::compliance_report(report, &run.excellence, &timestamp);
        results.insert("compliance_report".into(), report);
        if let Some((compared, _)) = &run.compared {
            artifact::add_regressions(&mut evidence, &compared.regressions);
        }
        evidence.created = Some(timestamp);
        Ok(evidence)
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
            .read(&self.baseline, Columns::of(&config.objectives, &config.metrics))
            .map(Some)
            .context("reading the baseline")
    }

    fn comparison_settings(&self) -> anyhow::Result<compare::Settings> {
        self.comparison.settings(
            Level::P95,
            self.resamples,
            Seed(self.seed),
            &tailproof_compare::config::Config::default(),
        )
    }

    /// Regressions, and the findings of relative objectives.
    fn compare(
        &self,
        baseline: Option<&Dataset>,
        data: &Dataset,
        relative: &[Objective],
        level: Level,
        fail: Level,
    ) -> anyhow::Result<Option<(compare::Compared, Vec<Finding>)>> {
        let Some(baseline) = baseline else { return Ok(None) };
        let settings = compare::Settings { mean_level: level, ..self.comparison_settings()? };
        let compared = compare::compare(baseline, data, &settings)?;
        let mut findings = Vec::new();
        for objective in relative {
            findings.extend(compare::relatives(objective, baseline, data, level, fail)?);
        }
        Ok(Some((compared, findings)))
    }
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
