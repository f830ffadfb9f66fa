use std::path::PathBuf;
use std::process::ExitCode;

use tailproof_compare::{Growth, LeakSettings, leak};
use tailproof_core::{Level, Quantity, Unit};
use tailproof_reporting::Evidence;

use crate::exit::Gate;
use crate::given::{Analysis, Given};
use crate::inputs::{self, Columns, Reading};
use crate::output::Output;

/// Say whether memory grows by less than a limit
///
/// The slope over time is robust (Theil-Sen on blocks), and its interval allows for the strong
/// dependence of memory series. Any metric with a time column may be judged.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tailproof leak rss.csv --metric rss --limit 1MiB/h --after 10%"
)]
pub(crate) struct Leak {
    /// Measurements over time
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// The growth that is allowed, such as 1MiB/h, 10kB/min or 50MB/d
    #[arg(long, value_name = "AMOUNT/TIME", value_parser = growth)]
    limit: Growth,
    /// Leave out this share of the time at the beginning (warm-up)
    #[arg(long, default_value = "0%", value_parser = part, value_name = "SHARE")]
    after: f64,
    /// Time between observations, for data without times, such as 10s
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    every: Option<f64>,
    /// Only these metrics, with * and ?; repeatable [default: every numeric column]
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Confidence level of the interval
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

fn growth(text: &str) -> Result<Growth, String> {
    text.parse().map_err(|e| format!("{e}"))
}

/// For clap: a share below 1.
fn part(text: &str) -> Result<f64, String> {
    inputs::share(text)
        .ok()
        .filter(|&x| x < 1.0)
        .ok_or_else(|| "a share below 100 %, such as 10% or 0.1".to_owned())
}

/// For clap: a duration in seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || "a time above 0, such as 10s or 1min".to_owned();
    let time: Quantity = text.parse().map_err(|_| wrong())?;
    time.unit().ok_or_else(wrong)?;
    let seconds = time.in_unit(Unit::known("s").as_ref()).map_err(|_| wrong())?;
    Some(seconds).filter(|x| x.is_finite() && *x > 0.0).ok_or_else(wrong)
}

impl Leak {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.conclude(&self, &self.gate, given)
    }
}

impl Analysis for Leak {
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence> {
        let data = self.reading.read(&self.data, Columns::matching(&self.metric))?;
        let settings = LeakSettings {
            limit: self.limit.clone(),
            level: self.level,
            after: self.after,
            every: self.every,
        };
        let mut findings = Vec::new();
        for series in &data.series {
            findings.extend(leak(series, &settings)?);
        }
        let mut evidence = Evidence::new("leak", findings);
        evidence.settings.level = Some(self.level);
        given.record(&mut evidence, "data", &data.sources);
        evidence.notes.extend(data.notes.iter().cloned());
        Ok(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shares_are_read() {
        assert_eq!(seconds("10s"), Ok(10.0));
        assert_eq!(seconds("1.5 min"), Ok(90.0));
        assert_eq!(part("10%"), Ok(0.1));
        for text in ["10", "s", "0s", "10MB", "-1s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(part("100%").is_err());
    }
}
