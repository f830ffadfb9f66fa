//! `tailproof calibrate`: a gate on the user's own data.

use std::io::IsTerminal;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tailproof_compare::config::Config;
use tailproof_compare::{
    Advice, Calibration, FalsePositives, Settings, SplitUnit, Splits, calibrate,
};
use tailproof_core::{Level, Seed, number, percent};

use crate::comparison::Comparison;
use crate::exit;
use crate::inputs::{self, Columns, Reading};
use crate::output;

/// Measure a gate's false-positive rate on your own data
///
/// The data are split at random into two sides that cannot differ (whole runs where there are
/// runs), a few thousand times, and compared as `tailproof compare` would. What fails is a false
/// alarm. Also: the change that the gate would find, and the settings that would hold the rate.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  tailproof calibrate examples/postgres/async.csv --min-effect 5%")]
pub(crate) struct Calibrate {
    /// Files with measurements of one version, - for standard input
    #[arg(required = true)]
    base: Vec<PathBuf>,
    /// Compare only these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Random splits
    #[arg(long, default_value = "2000", value_parser = inputs::resamples, value_name = "N")]
    splits: NonZeroU32,
    /// Confidence level of the gate, for the whole table
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    /// Power at which the detectable change is given
    #[arg(long, default_value = "80%", value_parser = inputs::power, value_name = "SHARE")]
    power: f64,
    /// Seed of the splits
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// What goes to standard output
    #[arg(long, value_enum, default_value = "table", value_name = "KIND")]
    output: Kind,
    #[command(flatten)]
    comparison: Comparison,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Sentences
    Table,
    /// Everything, for machines
    Json,
}

impl Calibrate {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let data = self
            .reading
            .read(&self.base, Columns::matching(&self.metric))
            .context("reading the data")?;
        let seed = Seed(self.seed);
        let settings =
            self.comparison.settings(self.level, self.splits, seed, &Config::default())?;
        if settings.equivalence.is_some() || settings.require_power.is_some() {
            bail!(
                "calibrate counts regressions: --equivalence and --require-power change what is \
                 inconclusive, not what fails; give --min-effect"
            );
        }
        let splits = Splits { count: self.splits, seed, power: self.power };
        let bar = progress(self.splits.get());
        let found = calibrate(&data, &settings, &splits, &|| bar.inc(1));
        bar.finish_and_clear();
        let found = found?;
        let text = match self.output {
            Kind::Table => describe(&found, &settings, &splits),
            Kind::Json => {
                format!("{:#}\n", document(&found, &settings, &splits))
            }
        };
        output::print(&text)?;
        Ok(ExitCode::from(exit::PASSED))
    }
}

fn progress(splits: u32) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::from(splits));
    let style = ProgressStyle::with_template("splitting {pos}/{len} {wide_bar} {eta}");
    bar.set_style(style.expect("the template is right"));
    bar
}

fn gate(found: &FalsePositives) -> String {
    format!("margin {}, level {}", percent(found.min_effect), found.level)
}

fn rate(found: &FalsePositives) -> String {
    format!(
        "{} of {} splits fail: {} [{}, {}]",
        number(found.failed as f64),
        number(found.splits as f64),
        percent(found.rate()),
        percent(found.interval.0),
        percent(found.interval.1),
    )
}

fn describe(found: &Calibration, settings: &Settings, splits: &Splits) -> String {
    let mut text = format!(
        "False positives of the gate ({}, correction {}; {} {})\n  {}\n",
        gate(&found.configured),
        settings.correction,
        found.rows,
        if found.rows == 1 { "row" } else { "rows" },
        rate(&found.configured),
    );
    text.push_str(&match found.unit {
        SplitUnit::Runs { runs, distinct } => format!(
            "  {runs} whole runs dealt to two sides; {} distinct splits, so that less than {} \
             cannot be told from none\n",
            number(distinct),
            percent(1.0 / distinct),
        ),
        SplitUnit::Blocks { length } => format!(
            "  successive observations depend on each other: dealt in blocks of {}\n",
            number(length as f64)
        ),
        SplitUnit::Observations => "  single observations dealt to two sides\n".to_owned(),
    });
    text.push_str(&format!(
        "\nDetectable change at {} power, on sides of half the size\n",
        percent(splits.power)
    ));
    for metric in &found.detectable {
        let change = metric.change.map_or_else(
            || "none up to a factor of 4".to_owned(),
            |c| format!("{} worse", percent(c)),
        );
        text.push_str(&format!(
            "  {}: {change} (n = {} + {})\n",
            metric.metric,
            number(metric.n[0] as f64),
            number(metric.n[1] as f64),
        ));
    }
    text.push_str("\nSettings that hold the rate, shown by the upper end of its interval\n");
    for Advice { wish, by_margin, by_level } in &found.advice {
        let now = found.configured;
        let line = match (by_margin, by_level) {
            (Some(m), _) if *m == now => "the gate as it is".to_owned(),
            (margin, level) => {
                let margin = margin.map(|m| {
                    format!("--min-effect {} ({})", flag(m.min_effect), percent(m.rate()))
                });
                let level =
                    level.map(|l| format!("--level {} ({})", l.level.to_f64(), percent(l.rate())));
                let ways: Vec<String> = margin.into_iter().chain(level).collect();
                if ways.is_empty() {
                    "none of those tried; more runs, or a quieter machine".to_owned()
                } else {
                    ways.join(", or ")
                }
            }
        };
        text.push_str(&format!("  below {}: {line}\n", percent(*wish)));
    }
    if !found.skipped.is_empty() {
        text.push_str(&format!(
            "\nLeft out (under four values, or not there as raw values): {}\n",
            found.skipped.join(", ")
        ));
    }
    text.push_str(&format!(
        "\nSplits of the same data: intervals show the error of {} random splits, seed {}, not \
         that of other days.\n",
        number(f64::from(splits.count.get())),
        splits.seed.0
    ));
    text
}

/// A share as it is typed.
fn flag(share: f64) -> String {
    format!("{}%", (share * 1e6).round() / 1e4)
}

fn document(found: &Calibration, settings: &Settings, splits: &Splits) -> Value {
    let gate = |f: &FalsePositives| {
        json!({
            "min_effect": f.min_effect,
            "level": f.level.to_f64(),
            "failed": f.failed,
            "splits": f.splits,
            "rate": f.rate(),
            "interval": [f.interval.0, f.interval.1],
            "interval_level": 0.95,
        })
    };
    let unit = match found.unit {
        SplitUnit::Runs { runs, distinct } => {
            json!({"kind": "runs", "runs": runs, "distinct_splits": distinct})
        }
        SplitUnit::Blocks { length } => json!({"kind": "blocks", "length": length}),
        SplitUnit::Observations => json!({"kind": "observations"}),
    };
    json!({
        "seed": splits.seed.0.to_string(),
        "split_unit": unit,
        "rows": found.rows,
        "skipped": found.skipped,
        "correction": settings.correction.name(),
        "gate": gate(&found.configured),
        "detectable": found.detectable.iter().map(|d| json!({
            "metric": d.metric,
            "n": d.n,
            "power": splits.power,
            "change": d.change,
        })).collect::<Vec<_>>(),
        "advice": found.advice.iter().map(|a| json!({
            "rate_below": a.wish,
            "by_margin": a.by_margin.as_ref().map(gate),
            "by_level": a.by_level.as_ref().map(gate),
        })).collect::<Vec<_>>(),
    })
}
