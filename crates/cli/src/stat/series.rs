//! One sample in time order.

use anyhow::{anyhow, ensure};
use tailproof_core::{Rank, Sample};
use tailproof_hypothesis::{mann_kendall, runs_test, theil_sen, theil_sen_by_index};
use tailproof_resampling::{
    Blocks, TimeEstimator, autocorrelation, autocorrelation_time, block_length, blocks,
    coordinated_omission_corrected, dependence, ljung_box, stalls, warm_up,
};

use super::catalogue::{Entry, Group, Needs, entry};
use super::flag::Flag;
use super::functional::Functional;
use super::input::Input;
use super::report::Report;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "dependence",
        Group::Time,
        Needs::Series,
        &[],
        "How many independent observations a series is worth",
        |i| {
            let found = dependence(i.values());
            let report = Report::new()
                .number("autocorrelation time", found.tau)
                .number("effective n", found.effective())
                .text("significant", yes(found.significant));
            Ok(match found.lag1 {
                Some(rho) => report.number("lag 1", rho),
                None => report,
            })
        },
    ),
    entry(
        "autocorrelation",
        Group::Time,
        Needs::Series,
        &[Flag::Lags],
        "The first autocorrelations",
        |i| {
            let all = autocorrelation(i.values());
            let lags = i.parameters.lags().get();
            Ok(Report::new().list("from lag 1", all.into_iter().skip(1).take(lags).collect()))
        },
    ),
    entry(
        "autocorrelation-time",
        Group::Time,
        Needs::Series,
        &[],
        "Integrated autocorrelation time by three estimators",
        |i| Ok(times(i)),
    ),
    entry(
        "ljung-box",
        Group::Time,
        Needs::Series,
        &[Flag::Lags],
        "Are the first autocorrelations zero?",
        |i| {
            let test = ljung_box(i.values(), i.parameters.lags())?;
            Ok(Report::new().number("q", test.q).count("df", test.lags as u64).number("p", test.p))
        },
    ),
    entry(
        "block-length",
        Group::Time,
        Needs::Series,
        &[],
        "Best length of blocks for a block bootstrap",
        |i| {
            let found = block_length(i.values())?;
            Ok(Report::new()
                .number("stationary", found.stationary)
                .number("circular", found.circular)
                .count("length", found.length().get() as u64))
        },
    ),
    entry(
        "block-bootstrap",
        Group::Time,
        Needs::Series,
        &[Flag::OptionalP, Flag::Block, Flag::Level, Flag::Seed, Flag::Resamples],
        "Mean or quantile of dependent observations",
        in_blocks,
    ),
    entry(
        "runs-test",
        Group::Time,
        Needs::Series,
        &[],
        "Is its order about the median random?",
        |i| {
            let test = runs_test(i.one())?;
            Ok(Report::new()
                .count("runs", test.runs)
                .count("above", test.above)
                .count("below", test.below)
                .p_values_of(test.p, "p fewer runs", "p more runs"))
        },
    ),
    entry("mann-kendall", Group::Time, Needs::Series, &[], "Does the series rise or fall?", |i| {
        let test = mann_kendall(i.one())?;
        Ok(Report::new()
            .number("s", test.s as f64)
            .number("tau", test.tau)
            .number("z", test.z)
            .number("p two-sided", test.p)
            .method(test.method))
    }),
    entry(
        "theil-sen",
        Group::Time,
        Needs::Series,
        &[Flag::Level],
        "How fast does it rise? Robust slope by time, or by position",
        slope,
    ),
    entry(
        "warm-up",
        Group::Time,
        Needs::Series,
        &[],
        "How long until the series is steady? MSER-5",
        |i| {
            let need = || anyhow!("needs at least 150 observations, got {}", i.values().len());
            let found = warm_up(i.values()).ok_or_else(need)?;
            Ok(Report::new()
                .count("leave out", found.truncate as u64)
                .number("share", found.share)
                .text("steady", yes(found.steady))
                .warn_if(!found.steady, "the series never became steady: leave nothing out"))
        },
    ),
    entry(
        "stalls",
        Group::Time,
        Needs::Times,
        &[],
        "Did a load generator that waits for answers stand still?",
        |i| Ok(stalled(i)),
    ),
    entry(
        "coordinated-omission",
        Group::Time,
        Needs::One,
        &[Flag::Interval],
        "Percentiles with the requests that a stall left out, an estimate",
        omitted,
    ),
];

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn times(input: &Input) -> Report {
    let mut report = Report::new();
    for (name, by) in [
        ("initial positive", TimeEstimator::InitialPositive),
        ("initial monotone", TimeEstimator::InitialMonotone),
        ("bartlett", TimeEstimator::Bartlett),
    ] {
        let found = autocorrelation_time(input.values(), by);
        report = report.number(name, found.tau);
        report = match found.effective() {
            Some(n) => report.number(format!("{name} effective n"), n),
            None => report.warn(format!("{name}: no effective n, the time is not above 0")),
        };
    }
    report
}

fn in_blocks(input: &Input) -> anyhow::Result<Report> {
    let (sample, level) = (input.one(), input.parameters.level());
    let of = Functional::asked_for(&input.parameters);
    let settings = input.parameters.bootstrap();
    let (fixed, mean) = if let Some(length) = input.parameters.block() {
        (length, length)
    } else {
        let best = block_length(sample.values())?;
        (best.length(), best.mean_length())
    };
    let mut report = Report::new().quantity(of.name(), of.of(sample.values()));
    for (name, kind, length) in [
        ("moving", Blocks::Moving, fixed),
        ("circular", Blocks::Circular, fixed),
        ("stationary", Blocks::Stationary, mean),
    ] {
        let replicates = blocks(sample, kind, length, &settings, |v| of.of(v))?;
        let method = format!("percentile, {name} blocks of {length}");
        report = report.quantity(format!("{name} standard error"), replicates.sd()).range(
            name,
            replicates.percentile_interval(level),
            level,
            method,
        );
    }
    Ok(report)
}

fn slope(input: &Input) -> anyhow::Result<Report> {
    /// All pairs are kept: 50 million slopes at this length.
    const LONGEST: usize = 10_000;
    let (values, level) = (input.one(), input.parameters.level());
    let n = values.len();
    ensure!(n <= LONGEST, "takes at most {LONGEST} observations, got {n}: all pairs are compared");
    let (line, per) = match &input.samples[0].time {
        Some(times) => (theil_sen(&seconds(times)?, values, level)?, "second"),
        None => (theil_sen_by_index(values, level)?, "observation"),
    };
    Ok(Report::new()
        .quantity("slope", line.slope)
        .range("interval", (line.lo, line.hi), level, "Theil-Sen")
        .quantity("intercept", line.intercept)
        .text("per", per)
        .method(line.method))
}

/// Times since the first.
fn seconds(times: &[i64]) -> anyhow::Result<Sample> {
    let since = |t: &i64| t.abs_diff(times[0]) as f64 * 1e-9;
    Ok(Sample::new(times.iter().map(since).collect())?)
}

fn stalled(input: &Input) -> Report {
    let times = input.samples[0].time.as_deref().unwrap_or_default();
    let Some(found) = stalls(times) else {
        return Report::new().count("stalls", 0);
    };
    Report::new()
        .count("stalls", found.count as u64)
        .number("longest in seconds", found.longest_ns as f64 * 1e-9)
        .number("median in seconds", found.median_ns as f64 * 1e-9)
        .number("ratio", found.ratio)
        .count("after observation", found.at_index as u64 + 1)
        .warn("arrivals that are meant to be random have such intervals without any fault")
}

fn omitted(input: &Input) -> anyhow::Result<Report> {
    let interval = input.parameters.interval()?;
    ensure!(interval > 0.0, "--interval must be positive, got {interval}");
    let raw = input.one();
    let corrected = coordinated_omission_corrected(raw.values(), interval)
        .ok_or_else(|| anyhow!("--interval {interval} is far too short for these data"))?;
    let corrected = Sample::new(corrected)?;
    let mut report = Report::new().count("added", (corrected.len() - raw.len()) as u64);
    for p in [Rank::MEDIAN, Rank::P95, Rank::P99, Rank::P999] {
        let name = p.to_string().replace('.', "-");
        report = report
            .quantity(format!("{name} as measured"), raw.quantile(p))
            .quantity(format!("{name} corrected"), corrected.quantile(p));
    }
    Ok(report.warn("corrected percentiles are estimates: say so where you show them"))
}
