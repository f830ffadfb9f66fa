//! `tailproof stat`: any statistic of the libraries, on files, standard input or counts.

mod catalogue;
mod change;
mod counts;
mod effects;
mod equivalence;
mod families;
mod flag;
mod functional;
mod groups;
mod input;
mod one;
mod paired;
mod parameters;
mod permuted;
mod render;
mod report;
mod resampled;
mod sequential;
mod series;
mod shape;
#[cfg(test)]
mod tests;
mod two;

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use tailproof_core::{Order, number};
use tailproof_reporting::printable;
use tailproof_resampling::dependence;

use self::catalogue::Entry;
use self::input::Input;
use self::parameters::Parameters;
use self::render::Outcome;
use self::report::{Report, Value};
use crate::exit;
use crate::inputs::Reading;
use crate::output;

/// Compute a statistic of samples, counts or p-values
///
/// Each file, or - for standard input, gives one sample; a single file may hold several, a
/// column each. Shares are typed as 12/1000, tables as rows 12,30 5,7. There is no verdict:
/// the exit code is 0, or 2 for an error.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tailproof stat --list
  tailproof stat mann-whitney before.csv after.csv --metric latency
  tailproof stat proportion 12/1000 --level 0.99 --output line")]
pub(crate) struct Stat {
    /// The statistic, such as welch; --list shows them all
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// Files with measurements, - for standard input; or counts, or p-values
    data: Vec<String>,
    /// List the statistics by question, with what they need, and stop
    #[arg(long)]
    list: bool,
    /// What goes to standard output
    #[arg(long, value_enum, default_value = "table", value_name = "KIND")]
    output: Kind,
    /// Take only these metrics, with * and ?; labels as in 'latency{endpoint=search}'; repeatable
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten, next_help_heading = "Parameters of some statistics")]
    parameters: Parameters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// All on one line
    Line,
    /// A line for each value
    Table,
    /// Everything in full precision, for machines
    Json,
}

impl Stat {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let text = if self.list { self.catalogue() } else { self.statistic()? };
        output::print(&text)?;
        Ok(ExitCode::from(exit::PASSED))
    }

    fn statistic(self) -> anyhow::Result<String> {
        let Some(name) = &self.name else {
            bail!("name a statistic; tailproof stat --list shows them all");
        };
        let (entry, kind) = (known(name)?, self.output);
        let outcome = self.compute(entry)?;
        Ok(match kind {
            Kind::Line => {
                for warning in &outcome.report.warnings {
                    eprintln!("warning: {}", printable(warning));
                }
                render::line(&outcome)
            }
            Kind::Table => render::table(&outcome),
            Kind::Json => render::json(&outcome),
        })
    }

    fn catalogue(&self) -> String {
        match self.output {
            Kind::Line => catalogue::entries().map(|e| format!("{}\n", e.name)).collect(),
            Kind::Table => render::list(),
            Kind::Json => render::list_json(),
        }
    }

    fn compute(self, entry: &'static Entry) -> anyhow::Result<Outcome> {
        refuse_unused(entry, &self.parameters)?;
        let name = entry.name;
        let input =
            Input::collect(entry.needs, &self.data, &self.metric, &self.reading, self.parameters)
                .context(name)?;
        let of = || format!("{name} of {}", self.data.join(" "));
        let mut report = (entry.run)(&input).with_context(of)?;
        report.warnings.extend(input.warnings(entry.needs));
        report.warnings.extend(undefined(&report));
        if entry.group.assumes_independence() {
            report.warnings.extend(dependences(&input));
        }
        Ok(Outcome { entry, input, report })
    }
}

/// The statistic of this name; an error that names the nearest one.
fn known(name: &str) -> anyhow::Result<&'static Entry> {
    catalogue::find(name).ok_or_else(|| match catalogue::nearest(name) {
        Some(near) => anyhow!("no statistic {name:?}; did you mean {near}? --list shows them all"),
        None => anyhow!("no statistic {name:?}; tailproof stat --list shows them all"),
    })
}

/// A flag that changes nothing is a misunderstanding.
fn refuse_unused(entry: &Entry, parameters: &Parameters) -> anyhow::Result<()> {
    let used: Vec<&str> = entry.parameters.iter().map(|p| p.name()).collect();
    let Some(flag) = parameters.given().into_iter().find(|f| !used.contains(f)) else {
        return Ok(());
    };
    let uses = if used.is_empty() { "no parameter".to_owned() } else { used.join(", ") };
    bail!("{} does not use {flag}; it uses {uses}", entry.name)
}

/// A warning for each number that does not exist.
fn undefined(report: &Report) -> Vec<String> {
    let missing = report.rows.iter().filter(|r| matches!(r.value, Value::Number(x) if x.is_nan()));
    missing.map(|r| format!("{} is not defined for these data", r.label)).collect()
}

/// A warning for each sample in time order whose successive observations are alike.
fn dependences(input: &Input) -> Vec<String> {
    let ordered = input.samples.iter().filter(|s| s.sample.order() == Order::Time);
    ordered
        .map(|s| (s, dependence(s.sample.values())))
        .filter(|(_, found)| found.significant)
        .map(|(s, found)| {
            format!(
                "successive observations of {} depend on each other (autocorrelation time {}): \
                 p-values are too small and intervals too narrow",
                s.name,
                number(found.tau)
            )
        })
        .collect()
}
