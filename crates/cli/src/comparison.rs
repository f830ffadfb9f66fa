//! The flags that say how two sides are compared.

use std::num::NonZeroU32;

use anyhow::bail;
use clap::ValueEnum;
use tailproof_compare::config::Config;
use tailproof_compare::{Correction, Settings, Test};
use tailproof_core::{Level, Quantity, Seed};

use crate::inputs;

/// How two sides are compared.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Comparison")]
pub(crate) struct Comparison {
    /// What is compared
    #[arg(long, value_enum, default_value = "auto", value_name = "WHAT")]
    test: What,
    /// A regression is worse by more than this share of the baseline [default: 1%]
    #[arg(long, value_parser = inputs::share, value_name = "SHARE", allow_hyphen_values = true, conflicts_with = "equivalence")]
    min_effect: Option<f64>,
    /// And by more than this much, such as 50us, where percent of nothing would fire
    #[arg(long, value_parser = quantity, value_name = "VALUE", allow_hyphen_values = true, conflicts_with = "equivalence")]
    min_effect_abs: Option<Quantity>,
    /// What is held over all rows: false discoveries (bh, by), any false alarm (holm), nothing
    /// [default: bh]
    #[arg(long, value_enum, value_name = "NAME")]
    correction: Option<Family>,
    /// Ask for the proof of no slow-down by this share; what is not proven is inconclusive
    #[arg(long, value_parser = inputs::share, value_name = "SHARE", allow_hyphen_values = true)]
    equivalence: Option<f64>,
    /// Rows that could not have shown a change of this size are inconclusive
    #[arg(long, value_parser = inputs::share, value_name = "SHARE", allow_hyphen_values = true)]
    require_power: Option<f64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Mean, median, and the percentiles that both samples carry
    Auto,
    /// The mean only
    Welch,
    /// Median and percentiles only
    Quantiles,
    /// The factor between the samples, by the Mann–Whitney test
    MannWhitney,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Family {
    /// Benjamini–Hochberg: the share of false alarms among alarms
    Bh,
    /// Benjamini–Yekutieli: the same under any dependence
    By,
    /// Holm: any false alarm at all
    Holm,
    /// Every row by itself
    None,
}

fn quantity(text: &str) -> Result<Quantity, String> {
    let found: Quantity = text.parse().map_err(|e| format!("{e}"))?;
    if found.value() < 0.0 {
        return Err("an amount that is not negative, such as 50us".to_owned());
    }
    Ok(found)
}

impl Comparison {
    /// Settings of the comparison at a level; what was not typed is as the file says.
    pub(crate) fn settings(
        &self,
        level: Level,
        resamples: NonZeroU32,
        seed: Seed,
        config: &Config,
    ) -> anyhow::Result<Settings> {
        let plain = Settings::new(seed);
        let settings = Settings {
            level,
            resamples,
            test: match self.test {
                What::Auto => Test::Auto,
                What::Welch => Test::Welch,
                What::Quantiles => Test::Quantiles,
                What::MannWhitney => Test::MannWhitney,
            },
            min_effect: self.min_effect.or(config.min_effect).unwrap_or(plain.min_effect),
            min_effect_abs: self.min_effect_abs.clone().or_else(|| config.min_effect_abs.clone()),
            correction: match self.correction {
                Some(Family::Bh) => Correction::BenjaminiHochberg,
                Some(Family::By) => Correction::BenjaminiYekutieli,
                Some(Family::Holm) => Correction::Holm,
                Some(Family::None) => Correction::None,
                None => config.correction.unwrap_or(plain.correction),
            },
            equivalence: self.equivalence,
            require_power: self.require_power,
            ..plain
        };
        if let Some(power) = self.require_power
            && power <= settings.margin()
        {
            bail!(
                "--require-power {power} is not above the margin {}: no sample size shows a \
                 change that is within the margin",
                settings.margin()
            );
        }
        if self.equivalence == Some(0.0) {
            bail!("--equivalence 0 cannot be proven: give the slow-down that would not matter");
        }
        Ok(settings)
    }

    /// The same for the evidence.
    pub(crate) fn record(settings: &Settings) -> tailproof_reporting::ComparisonSettings {
        tailproof_reporting::ComparisonSettings {
            test: match settings.test {
                Test::Auto => "auto",
                Test::Welch => "welch",
                Test::Quantiles => "quantiles",
                Test::MannWhitney => "mann-whitney",
            }
            .to_owned(),
            correction: settings.correction.name().to_owned(),
            min_effect_abs: settings.min_effect_abs.as_ref().map(ToString::to_string),
            equivalence: settings.equivalence,
            require_power: settings.require_power,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_a_number_and_a_unit() {
        for (text, value) in [("50us", 50.0), ("0.5 ms", 0.5), ("3", 3.0), ("1e3B", 1_000.0)] {
            assert_eq!(quantity(text).map(|q| q.value()), Ok(value), "{text}");
        }
        for text in ["us", "-3ms", "nanms"] {
            assert!(quantity(text).is_err(), "{text}");
        }
    }
}
