//! Flags that some statistics use, with their defaults.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use anyhow::{anyhow, bail};
use tailproof_core::{Level, QuantileType, Rank, Seed};
use tailproof_hypothesis::Correction;
use tailproof_resampling::{Bootstrap, Permutation};

use super::flag::{Flag, Margin};
use super::report::Value;
use crate::inputs;

/// Quantile types by their NumPy names, number 1 to 9 and the nearest rank.
const TYPES: [(&str, QuantileType); 10] = [
    ("inverted-cdf", QuantileType::InvertedCdf),
    ("averaged-inverted-cdf", QuantileType::AveragedInvertedCdf),
    ("closest-observation", QuantileType::ClosestObservation),
    ("interpolated-inverted-cdf", QuantileType::InterpolatedInvertedCdf),
    ("hazen", QuantileType::Hazen),
    ("weibull", QuantileType::Weibull),
    ("linear", QuantileType::Linear),
    ("median-unbiased", QuantileType::MedianUnbiased),
    ("normal-unbiased", QuantileType::NormalUnbiased),
    ("nearest-rank", QuantileType::NearestRank),
];

fn kind(text: &str) -> Result<QuantileType, String> {
    TYPES
        .iter()
        .find(|t| t.0 == text)
        .map(|t| t.1)
        .ok_or_else(|| format!("not a quantile type; there are {}", TYPES.map(|t| t.0).join(", ")))
}

fn rank(text: &str) -> Result<Rank, String> {
    text.parse().map_err(|e| format!("{e}"))
}

fn correction(text: &str) -> Result<Correction, String> {
    Correction::by_name(text).ok_or_else(|| {
        let known = Correction::ALL.map(Correction::name);
        format!("not a correction; there are {}", known.join(", "))
    })
}

/// Flags of which every statistic uses a few.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Parameters {
    /// Confidence level [default: 0.95]
    #[arg(long, value_parser = inputs::level)]
    level: Option<Level>,
    /// Seed of everything random [default: 42]
    #[arg(long)]
    seed: Option<u64>,
    /// Replicates or relabellings [default: 10000]
    #[arg(long, value_parser = inputs::resamples, value_name = "N")]
    resamples: Option<NonZeroU32>,
    /// Rank of a quantile [default: 0.95]; resampling of any statistic takes the mean without it
    #[arg(long, value_parser = rank, value_name = "RANK")]
    p: Option<Rank>,
    /// Quantile type by its NumPy name, or nearest-rank [default: linear]
    #[arg(long = "type", value_parser = kind, value_name = "TYPE")]
    kind: Option<QuantileType>,
    /// Mean that is tested [default: 0]
    #[arg(long, allow_negative_numbers = true, value_name = "MEAN")]
    mu: Option<f64>,
    /// Known standard deviation of one observation
    #[arg(long, value_name = "SD")]
    sd: Option<f64>,
    /// Share cut from each end [default: 0.2]
    #[arg(long, value_parser = rank, value_name = "SHARE")]
    trim: Option<Rank>,
    /// Lower margin or end of the range: a number, for tost-ratio a ratio or percent
    #[arg(long, allow_hyphen_values = true, value_name = "LOW")]
    low: Option<Margin>,
    /// Upper margin or end of the range
    #[arg(long, allow_hyphen_values = true, value_name = "HIGH")]
    high: Option<Margin>,
    /// Margin of non-inferiority, in the unit of the data
    #[arg(long, allow_hyphen_values = true, value_name = "MARGIN")]
    margin: Option<Margin>,
    /// Share that is tested, or the usual rate
    #[arg(long, value_parser = inputs::share, value_name = "SHARE")]
    share: Option<f64>,
    /// The mean or rate to tell from --mu or --share
    #[arg(long, allow_negative_numbers = true, value_name = "VALUE")]
    to: Option<f64>,
    /// Size of the effects that matter
    #[arg(long, value_name = "SIZE")]
    effect: Option<f64>,
    /// Error of the first kind [default: 0.05]
    #[arg(long, value_parser = inputs::share, value_name = "ALPHA")]
    alpha: Option<f64>,
    /// Chance to find what is there [default: 0.8]
    #[arg(long, value_parser = inputs::share, value_name = "POWER")]
    power: Option<f64>,
    /// Planned split of the counts, such as 1,1 [default: equal]
    #[arg(long, value_delimiter = ',', value_name = "WEIGHTS")]
    ratio: Option<Vec<f64>>,
    /// Correction for many tests [default: bh]
    #[arg(long, value_parser = correction, value_name = "NAME")]
    correction: Option<Correction>,
    /// Number of lags [default: 10]
    #[arg(long, value_name = "N")]
    lags: Option<NonZeroUsize>,
    /// Length of the blocks [default: found from the data]
    #[arg(long, value_name = "N")]
    block: Option<NonZeroUsize>,
    /// Observations a resample
    #[arg(long, value_name = "N")]
    draws: Option<NonZeroUsize>,
    /// Observations between two false alarms, on average [default: 10000]
    #[arg(long, value_name = "N")]
    run_length: Option<f64>,
    /// Time between two requests of the load generator, in the unit of the data
    #[arg(long, value_name = "TIME")]
    interval: Option<f64>,
    /// Limit of an objective, in the unit of the data
    #[arg(long, allow_negative_numbers = true, value_name = "VALUE")]
    limit: Option<f64>,
    /// Number of observations at which the sequence is to be narrow [default: 1000]
    #[arg(long, value_name = "N")]
    narrow_at: Option<NonZeroU64>,
}

fn missing(flag: Flag) -> anyhow::Error {
    anyhow!("needs {}", flag.name())
}

impl Parameters {
    /// The flags that were typed.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let all = [
            (Flag::Level, self.level.is_some()),
            (Flag::Seed, self.seed.is_some()),
            (Flag::Resamples, self.resamples.is_some()),
            (Flag::P, self.p.is_some()),
            (Flag::Type, self.kind.is_some()),
            (Flag::Mu, self.mu.is_some()),
            (Flag::Sd, self.sd.is_some()),
            (Flag::Trim, self.trim.is_some()),
            (Flag::Low, self.low.is_some()),
            (Flag::High, self.high.is_some()),
            (Flag::Margin, self.margin.is_some()),
            (Flag::Share, self.share.is_some()),
            (Flag::To, self.to.is_some()),
            (Flag::Effect, self.effect.is_some()),
            (Flag::Alpha, self.alpha.is_some()),
            (Flag::Power, self.power.is_some()),
            (Flag::Ratio, self.ratio.is_some()),
            (Flag::Correction, self.correction.is_some()),
            (Flag::Lags, self.lags.is_some()),
            (Flag::Block, self.block.is_some()),
            (Flag::Draws, self.draws.is_some()),
            (Flag::RunLength, self.run_length.is_some()),
            (Flag::Interval, self.interval.is_some()),
            (Flag::Limit, self.limit.is_some()),
            (Flag::NarrowAt, self.narrow_at.is_some()),
        ];
        all.into_iter().filter(|f| f.1).map(|f| f.0.name()).collect()
    }

    /// What a statistic with this flag works with: what was typed, or the default.
    pub(crate) fn value(&self, flag: Flag) -> Option<Value> {
        let count = |n: Option<NonZeroUsize>| n.map(|n| Value::Count(n.get() as u64));
        match flag {
            Flag::Level => Some(Value::Number(self.level().to_f64())),
            Flag::Seed => Some(Value::Text(self.seed().to_string())),
            Flag::Resamples => Some(Value::Count(u64::from(self.resamples().get()))),
            Flag::P => Some(Value::Number(self.rank().to_f64())),
            Flag::OptionalP => self.p.map(|p| Value::Number(p.to_f64())),
            Flag::Type => Some(Value::Text(self.kind_name().to_owned())),
            Flag::Mu => Some(Value::Number(self.mu())),
            Flag::OptionalMu => self.mu.map(Value::Number),
            Flag::Sd => self.sd.map(Value::Number),
            Flag::Trim => Some(Value::Number(self.trim().to_f64())),
            Flag::OptionalTrim => self.trim.map(|t| Value::Number(t.to_f64())),
            Flag::Low => self.low.map(Margin::value),
            Flag::High => self.high.map(Margin::value),
            Flag::Margin => self.margin.map(Margin::value),
            Flag::Share => self.share.map(Value::Number),
            Flag::To => self.to.map(Value::Number),
            Flag::Effect => self.effect.map(Value::Number),
            Flag::Alpha => Some(Value::Number(self.alpha())),
            Flag::Power => Some(Value::Number(self.power())),
            Flag::Ratio => self.ratio.clone().map(Value::List),
            Flag::Correction => Some(Value::Text(self.correction().name().to_owned())),
            Flag::Lags => count(Some(self.lags())),
            Flag::Block => count(self.block),
            Flag::Draws => count(self.draws),
            Flag::RunLength => Some(Value::Number(self.run_length())),
            Flag::Interval => self.interval.map(Value::Number),
            Flag::Limit => self.limit.map(Value::Number),
            Flag::NarrowAt => Some(Value::Count(self.narrow_at())),
        }
    }

    pub(super) fn level(&self) -> Level {
        self.level.unwrap_or(Level::P95)
    }

    pub(super) fn seed(&self) -> Seed {
        Seed(self.seed.unwrap_or(42))
    }

    pub(super) fn resamples(&self) -> NonZeroU32 {
        const MANY: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
        self.resamples.unwrap_or(MANY)
    }

    pub(super) fn bootstrap(&self) -> Bootstrap {
        Bootstrap::new(self.seed()).replicates(self.resamples())
    }

    pub(super) fn permutation(&self) -> Permutation {
        Permutation::new(self.seed()).replicates(self.resamples())
    }

    pub(super) fn rank(&self) -> Rank {
        self.p.unwrap_or(Rank::P95)
    }

    pub(super) const fn optional_rank(&self) -> Option<Rank> {
        self.p
    }

    pub(super) fn kind(&self) -> QuantileType {
        self.kind.unwrap_or_default()
    }

    fn kind_name(&self) -> &'static str {
        TYPES.iter().find(|t| t.1 == self.kind()).expect("every type is listed").0
    }

    pub(super) fn mu(&self) -> f64 {
        self.mu.unwrap_or(0.0)
    }

    pub(super) fn sd(&self) -> anyhow::Result<f64> {
        self.sd.ok_or_else(|| missing(Flag::Sd))
    }

    pub(super) fn trim(&self) -> Rank {
        self.trim.unwrap_or_else(|| "0.2".parse().expect("a fifth is a rank"))
    }

    pub(super) const fn optional_trim(&self) -> Option<Rank> {
        self.trim
    }

    /// `--low` and `--high` as numbers in the unit of the data.
    pub(super) fn range(&self) -> anyhow::Result<(f64, f64)> {
        let low = self.low.ok_or_else(|| missing(Flag::Low))?.plain(Flag::Low)?;
        let high = self.high.ok_or_else(|| missing(Flag::High))?.plain(Flag::High)?;
        Ok((low, high))
    }

    /// `--low` and `--high` as ratios; `-20%` is 0.8.
    pub(super) fn ratio_range(&self) -> anyhow::Result<(f64, f64)> {
        let low = self.low.ok_or_else(|| missing(Flag::Low))?.ratio();
        let high = self.high.ok_or_else(|| missing(Flag::High))?.ratio();
        Ok((low, high))
    }

    pub(super) fn margin(&self) -> anyhow::Result<f64> {
        self.margin.ok_or_else(|| missing(Flag::Margin))?.plain(Flag::Margin)
    }

    pub(super) fn share(&self) -> anyhow::Result<f64> {
        self.share.ok_or_else(|| missing(Flag::Share))
    }

    /// What a sequential test tells apart: rates, or means with a standard deviation.
    pub(super) fn hypotheses(&self) -> anyhow::Result<Hypotheses> {
        let to = self.to.ok_or_else(|| missing(Flag::To))?;
        match (self.share, self.mu) {
            (Some(from), None) if self.sd.is_none() => Ok(Hypotheses::Rates { from, to }),
            (None, Some(from)) => Ok(Hypotheses::Means { from, to, sd: self.sd()? }),
            _ => bail!("needs --share and --to for rates, or --mu, --to and --sd for means"),
        }
    }

    pub(super) fn effect(&self) -> anyhow::Result<f64> {
        self.effect.ok_or_else(|| missing(Flag::Effect))
    }

    pub(super) fn alpha(&self) -> f64 {
        self.alpha.unwrap_or(0.05)
    }

    pub(super) fn power(&self) -> f64 {
        self.power.unwrap_or(0.8)
    }

    /// The planned weights of `n` groups; equal ones without `--ratio`.
    pub(super) fn weights(&self, n: usize) -> Vec<f64> {
        self.ratio.clone().unwrap_or_else(|| vec![1.0; n])
    }

    pub(super) fn correction(&self) -> Correction {
        self.correction.unwrap_or(Correction::BenjaminiHochberg)
    }

    pub(super) fn lags(&self) -> NonZeroUsize {
        const TEN: NonZeroUsize = NonZeroUsize::new(10).expect("not zero");
        self.lags.unwrap_or(TEN)
    }

    pub(super) const fn block(&self) -> Option<NonZeroUsize> {
        self.block
    }

    pub(super) fn draws(&self) -> anyhow::Result<NonZeroUsize> {
        self.draws.ok_or_else(|| missing(Flag::Draws))
    }

    pub(super) fn run_length(&self) -> f64 {
        self.run_length.unwrap_or(10_000.0)
    }

    pub(super) fn interval(&self) -> anyhow::Result<f64> {
        self.interval.ok_or_else(|| missing(Flag::Interval))
    }

    pub(super) fn limit(&self) -> anyhow::Result<f64> {
        self.limit.ok_or_else(|| missing(Flag::Limit))
    }

    pub(super) fn narrow_at(&self) -> u64 {
        self.narrow_at.map_or(1_000, NonZeroU64::get)
    }
}

/// Two stated hypotheses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hypotheses {
    Rates { from: f64, to: f64 },
    Means { from: f64, to: f64, sd: f64 },
}

#[cfg(test)]
impl Parameters {
    /// Values with which every statistic runs on the inputs of the tests.
    pub(super) fn for_tests() -> Self {
        Self {
            resamples: NonZeroU32::new(200),
            sd: Some(2.0),
            low: Some(Margin::Number(-50.0)),
            high: Some(Margin::Number(50.0)),
            margin: Some(Margin::Number(5.0)),
            share: Some(0.3),
            to: Some(0.5),
            effect: Some(0.5),
            draws: NonZeroUsize::new(20),
            interval: Some(4.0),
            limit: Some(18.0),
            ..Self::default()
        }
    }

    /// The same with margins that are ratios.
    pub(super) fn with_ratios(self) -> Self {
        Self { low: Some(Margin::Percent(-0.5)), high: Some(Margin::Percent(0.5)), ..self }
    }

    /// The same with means for the hypotheses of a sequential test.
    pub(super) fn with_means(self) -> Self {
        Self { share: None, mu: Some(10.0), to: Some(11.0), ..self }
    }

    /// The same with rates.
    pub(super) fn with_rates(self) -> Self {
        Self { sd: None, ..self }
    }

    /// The same with a rank, which makes quantiles of means.
    pub(super) fn with_rank(self) -> Self {
        Self { p: Some(Rank::MEDIAN), ..self }
    }
}
