use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use tailproof_compare::scaling::{
    Axis, BreakEven, Cost, Curve, Law, LawFit, PowerLaw, ScalingError, SpeedUps, break_evens, cost,
    fit, gather, power_law, speed_ups,
};
use tailproof_core::{Dataset, Finding, Level, number};
use tailproof_reporting::{Evidence, Grid};

use crate::exit::Gate;
use crate::given::{Analysis, Given};
use crate::inputs::{self, Columns, Reading};
use crate::output::Output;
use crate::render::Kind;

/// Say how cost grows with the size of the work, or speed with the workers
///
/// Over sizes: overhead and cost of each further unit, the power with which the cost grows, and
/// with --variant the size from which on one variant is cheaper. Over workers: speed-up and
/// efficiency, and what Amdahl's, Gustafson's and the universal scalability law make of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tailproof scaling examples/scaling/break_even.csv --over backtests --variant variant\n  tailproof scaling examples/scaling/workers.csv --at 32"
)]
pub(crate) struct Scaling {
    /// Measurements; several files are several runs
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// What it runs over: size, workers, or a label [default: what the labels say]
    #[arg(long, value_name = "NAME")]
    over: Option<String>,
    /// A label with two values: from which size on is one of them cheaper?
    #[arg(long, value_name = "LABEL")]
    variant: Option<String>,
    /// Look only at these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Confidence level of every interval
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    /// Predict at these sizes or worker counts
    #[arg(long, value_delimiter = ',', value_parser = place, value_name = "X", allow_hyphen_values = true)]
    at: Vec<f64>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

/// For clap: a size or a count.
fn place(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|x: &f64| x.is_finite() && *x >= 0.0)
        .ok_or_else(|| "a number that is not negative, such as 500".to_owned())
}

/// What is printed and what is kept.
#[derive(Default)]
struct Report {
    grids: Vec<Grid>,
    findings: Vec<Finding>,
    /// What could not be done, and why.
    refused: Vec<String>,
}

impl Report {
    /// The value of something that may be refused.
    fn keep<T>(&mut self, result: Result<T, ScalingError>) -> Option<T> {
        result.map_err(|e| self.refused.push(e.to_string())).ok()
    }
}

impl Analysis for Scaling {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        Ok(self.judged(given)?.0)
    }
}

impl Scaling {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.prepare(false)?;
        let (evidence, grids) = self.judged(given)?;
        self.output.finish_by(evidence, &self.gate, given, |_, kind, width| match kind {
            Kind::Markdown => joined(&grids, Grid::markdown),
            _ => joined(&grids, |g| g.table(width)),
        })
    }

    /// The evidence, and the tables that people read.
    fn judged(&self, given: &Given) -> anyhow::Result<(Evidence, Vec<Grid>)> {
        let columns = Columns::matching(&self.metric).with_parameters(self.parameters());
        let data = self.reading.read(&self.data, columns)?;
        let axis = self.axis(&data);
        let gathered = gather(&data, &axis)?;
        let mut report = Report::default();
        if axis.counts_workers() {
            if self.variant.is_some() {
                bail!("--variant asks for a break-even size, which workers do not have");
            }
            for curve in &gathered.curves {
                self.workers(curve, &mut report);
            }
        } else {
            self.sizes(&gathered.curves, &mut report)?;
        }
        if report.findings.is_empty() {
            bail!("nothing could be fitted: {}", report.refused.join("; "));
        }
        let mut evidence = Evidence::new("scaling", report.findings);
        given.record(&mut evidence, "data", &data.sources);
        evidence.settings.level = Some(self.level);
        evidence.notes.extend(data.notes);
        evidence.notes.extend(gathered.skipped);
        evidence.notes.extend(report.refused);
        if let Some(last) = report.grids.last_mut() {
            last.notes.extend(evidence.notes.iter().map(|n| format!("note: {n}")));
        }
        Ok((evidence, report.grids))
    }

    /// Columns that are labels although they hold numbers.
    fn parameters(&self) -> Vec<String> {
        let axes = [Axis::Size, Axis::Workers];
        let usual = axes.iter().flat_map(Axis::labels).map(str::to_owned);
        usual.chain(self.over.clone()).chain(self.variant.clone()).collect()
    }

    fn axis(&self, data: &Dataset) -> Axis {
        match self.over.as_deref() {
            None => Axis::of(data),
            Some("size") => Axis::Size,
            Some("workers") => Axis::Workers,
            Some(label) => Axis::Label(label.to_owned()),
        }
    }

    /// A row a curve, and the break-even sizes.
    fn sizes(&self, curves: &[Curve], report: &mut Report) -> anyhow::Result<()> {
        let axis = curves.first().map_or("size", |c| c.axis.as_str());
        let header = ["series", "overhead", "each further unit", "power", "sizes", "n"];
        let mut grid = Grid {
            title: format!("cost over {axis}"),
            header: header.map(str::to_owned).to_vec(),
            words: 1,
            ..Grid::default()
        };
        grid.header.extend(self.at.iter().map(|x| format!("at {}", number(*x))));
        let mut costs = Vec::new();
        for curve in curves {
            let found = report.keep(cost(curve, self.level));
            let power = report.keep(power_law(curve, self.level));
            if found.is_none() && power.is_none() {
                continue;
            }
            let unit = curve.metric.suffix();
            let shown = |e: Option<String>| e.map_or_else(|| "?".to_owned(), |t| t + &unit);
            let mut row = vec![
                curve.name(),
                shown(found.as_ref().map(|c| c.overhead.text())),
                shown(found.as_ref().map(|c| c.marginal.text())),
                power.as_ref().map_or_else(|| "?".to_owned(), |p| p.reported().text()),
                curve.points.len().to_string(),
                number(curve.n() as f64),
            ];
            row.extend(self.at.iter().map(|&x| shown(found.as_ref().map(|c| predicted(c, x)))));
            grid.rows.push(row);
            let findings = found.iter().flat_map(|c| c.findings(&self.at));
            let findings: Vec<Finding> =
                findings.chain(power.iter().flat_map(PowerLaw::findings)).collect();
            notes(&mut grid, &findings);
            report.findings.extend(findings);
            costs.extend(found);
        }
        if let Some(label) = &self.variant {
            let found = break_evens(&costs, label)?;
            let found: Vec<BreakEven> = if found.iter().any(Result::is_ok) {
                found.into_iter().filter_map(|b| report.keep(b)).collect()
            } else {
                found.into_iter().collect::<Result<_, _>>()?
            };
            let findings: Vec<Finding> = found.iter().flat_map(BreakEven::findings).collect();
            // The answer that was asked for stands first.
            let mut first = Grid::default();
            notes(&mut first, &findings);
            grid.notes.splice(0..0, first.notes);
            report.findings.splice(0..0, findings);
        }
        report.grids.push(grid);
        Ok(())
    }

    /// The table of a curve and its laws.
    fn workers(&self, curve: &Curve, report: &mut Report) {
        let Some(table) = report.keep(speed_ups(curve, self.level)) else { return };
        let mut grid = speed_up_grid(curve, &table);
        let mut findings = table.findings();
        for law in [Law::Amdahl, Law::Usl, Law::Gustafson] {
            let Some(fitted) = report.keep(fit(curve, law, self.level)) else { continue };
            let found = fitted.findings(&self.at);
            notes(&mut grid, &found);
            grid.notes.extend(self.at.iter().map(|&n| speed_up_at(&fitted, n)));
            findings.extend(found);
        }
        grid.notes.push(
            "Amdahl and USL are about work of a fixed size, Gustafson about work that grows with \
             the workers"
                .to_owned(),
        );
        report.grids.push(grid);
        report.findings.extend(findings);
    }
}

/// `151 [148, 154]`, and a mark where nobody measured.
fn predicted(cost: &Cost, x: f64) -> String {
    let mark = if cost.projects(x) { " (projected)" } else { "" };
    format!("{}{mark}", cost.at(x).text())
}

/// `  32 workers: 12.4 [11.9, 12.9] times by Amdahl (projected)`.
fn speed_up_at(fit: &LawFit, n: f64) -> String {
    let mark = if fit.projects(n) { " (projected)" } else { "" };
    format!("  {} workers: {} times by {}{mark}", number(n), fit.at(n).text(), fit.law.name())
}

fn speed_up_grid(curve: &Curve, table: &SpeedUps) -> Grid {
    let mean = format!("mean{}", curve.metric.suffix());
    let header = [curve.axis.as_str(), "n", mean.as_str(), "speed-up", "interval", "efficiency"];
    let rows = table.rows.iter().map(|row| {
        let s = &row.speed_up;
        vec![
            number(row.workers),
            row.n.to_string(),
            number(row.mean),
            number(s.value),
            format!("[{}, {}]", number(s.lo), number(s.hi)),
            row.efficiency.text(),
        ]
    });
    Grid {
        title: format!(
            "{}: speed-up over {} {} at {}",
            curve.name(),
            number(table.base),
            curve.axis,
            table.level
        ),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        words: 0,
        notes: Vec::new(),
    }
}

/// The why-lines of findings and their warnings, each warning once.
fn notes(grid: &mut Grid, findings: &[Finding]) {
    for finding in findings {
        grid.notes.push(format!("{}: {}", finding.name(), finding.why));
        for warning in finding.warnings.iter().map(|w| format!("  warning: {w}")) {
            if !grid.notes.contains(&warning) {
                grid.notes.push(warning);
            }
        }
    }
}

fn joined(grids: &[Grid], render: impl Fn(&Grid) -> String) -> String {
    grids.iter().map(render).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbers_that_are_not_negative() {
        assert_eq!(place("500"), Ok(500.0));
        for text in ["-1", "nan", "inf", "many"] {
            assert!(place(text).is_err(), "{text}");
        }
    }
}
