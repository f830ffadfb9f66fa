//! How sure statistics of one sample are: exact laws, replicates, intervals.

use anyhow::{anyhow, bail};
use tailproof_core::{Rank, Sample, quantile};
use tailproof_resampling::{
    Bootstrap, IntervalError, Intervals, Law, MeanBootstrap, QuantileBootstrap, Replicates,
    bayesian, bca_of_law, bootstrap, hierarchical, infinitesimal_jackknife, jackknife,
    joint_quantiles, m_out_of_n, mean_with_error, order_statistic_interval, poisson, rescaled,
    sd_with_error, smoothed, stratified, studentized, weighted_mean,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::functional::{Functional, replicated};
use super::input::Input;
use super::report::Report;

const RANDOM: &[Flag] = &[Flag::Level, Flag::Seed, Flag::Resamples];
const ANY: &[Flag] = &[Flag::OptionalP, Flag::Level, Flag::Seed, Flag::Resamples];

const fn sure(
    name: &'static str,
    needs: Needs,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Certainty, needs, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    sure(
        "bootstrap-quantile",
        Needs::One,
        &[Flag::P, Flag::Type, Flag::Level],
        "Exact bootstrap (B → ∞) of a quantile",
        |i| Ok(quantile_law(i)),
    ),
    sure(
        "quantile-replicates",
        Needs::One,
        &[Flag::P, Flag::Type, Flag::Level, Flag::Seed, Flag::Resamples],
        "Bootstrap replicates of a quantile, in constant time each",
        |i| {
            let law = quantile_bootstrap(i);
            let replicates = law.replicates(i.parameters.seed(), i.parameters.resamples());
            Ok(replicated("quantile", law.sample_quantile(), &replicates, i.parameters.level()))
        },
    ),
    sure(
        "tail-ratio",
        Needs::One,
        &[Flag::P, Flag::Type, Flag::Level, Flag::Seed, Flag::Resamples],
        "A percentile over the median, from joint replicates of both",
        tail_ratio,
    ),
    sure(
        "bootstrap-mean",
        Needs::One,
        &[Flag::Level, Flag::Seed],
        "Exact bootstrap (B → ∞) of the mean",
        |i| Ok(mean_law(i, "mean", &MeanBootstrap::of(i.one(), i.parameters.seed()))),
    ),
    sure(
        "bootstrap-sum",
        Needs::One,
        &[Flag::Level, Flag::Seed],
        "Exact bootstrap (B → ∞) of the sum",
        |i| Ok(mean_law(i, "sum", &MeanBootstrap::sum(i.one(), i.parameters.seed()))),
    ),
    sure("bootstrap", Needs::One, ANY, "Five intervals from replicates, of mean or quantile", any),
    sure(
        "bca",
        Needs::One,
        &[Flag::OptionalP, Flag::Level, Flag::Seed],
        "BCa interval of mean or quantile from its exact law",
        bca,
    ),
    sure("studentized", Needs::One, RANDOM, "Bootstrap-t of mean and standard deviation", pivots),
    sure(
        "order-statistic",
        Needs::One,
        &[Flag::P, Flag::Level],
        "Interval of a quantile that covers whatever the law",
        order_statistics,
    ),
    sure(
        "jackknife",
        Needs::One,
        &[Flag::OptionalP],
        "Bias, standard error and acceleration of mean or quantile",
        jackknifed,
    ),
    sure(
        "infinitesimal-jackknife",
        Needs::One,
        &[],
        "Standard error and acceleration of the mean by its derivative",
        |i| {
            let found = infinitesimal_jackknife(i.one(), weighted_mean)?;
            Ok(Report::new()
                .quantity("mean", found.estimate)
                .quantity("standard error", found.error())
                .number("acceleration", found.acceleration().unwrap_or(f64::NAN)))
        },
    ),
    sure(
        "smoothed",
        Needs::One,
        &[Flag::OptionalP, Flag::Seed, Flag::Resamples],
        "Bagged mean or quantile with its standard error",
        |i| {
            let of = Functional::asked_for(&i.parameters);
            let found = smoothed(i.one(), &i.parameters.bootstrap(), |v| of.of(v));
            Ok(Report::new()
                .quantity(format!("bagged {}", of.name()), found.estimate)
                .quantity("standard error", found.error)
                .quantity("corrected standard error", found.error_corrected))
        },
    ),
    sure(
        "poisson-bootstrap",
        Needs::One,
        RANDOM,
        "Poisson weights on the mean, for streams",
        |i| Ok(weighted(i, |s, settings| poisson(s, settings, weighted_mean))),
    ),
    sure(
        "bayesian-bootstrap",
        Needs::One,
        RANDOM,
        "Posterior of the mean, Dirichlet weights",
        |i| Ok(weighted(i, |s, settings| bayesian(s, settings, weighted_mean))),
    ),
    sure(
        "m-out-of-n",
        Needs::One,
        &[Flag::Draws, Flag::OptionalP, Flag::Level, Flag::Seed, Flag::Resamples],
        "Smaller resamples, for laws that the bootstrap gets wrong",
        smaller,
    ),
    sure(
        "stratified-bootstrap",
        Needs::Groups(2),
        ANY,
        "Mean or quantile of strata whose sizes were fixed",
        |i| {
            let of = Functional::asked_for(&i.parameters);
            let strata = i.groups();
            let all: Vec<f64> = strata.iter().flat_map(|s| s.values().to_vec()).collect();
            let replicates =
                stratified(&strata, &i.parameters.bootstrap(), |s| of.of(&s.concat()))?;
            Ok(replicated(of.name(), of.of(&all), &replicates, i.parameters.level()))
        },
    ),
    sure(
        "hierarchical-bootstrap",
        Needs::Runs(1),
        ANY,
        "Mean or quantile of several runs; descriptive below 10 runs",
        |i| {
            let of = Functional::asked_for(&i.parameters);
            let runs = i.samples[0].runs();
            let replicates =
                hierarchical(&runs, &i.parameters.bootstrap(), |r| of.of(&r.concat()))?;
            let estimate = of.of(i.values());
            Ok(replicated(of.name(), estimate, &replicates, i.parameters.level())
                .count("runs", runs.len() as u64)
                .warn_if(
                    runs.len() < 10,
                    "fewer than 10 runs: the interval is descriptive and too narrow",
                ))
        },
    ),
];

fn quantile_bootstrap(input: &Input) -> QuantileBootstrap {
    QuantileBootstrap::of(input.one(), input.parameters.rank(), input.parameters.kind())
}

fn quantile_law(input: &Input) -> Report {
    let (law, level) = (quantile_bootstrap(input), input.parameters.level());
    let basic = law.basic_interval(level);
    Report::new()
        .quantity("quantile", law.sample_quantile())
        .quantity("standard error", law.sd())
        .range("interval", law.interval(level), level, "exact percentile bootstrap (B → ∞)")
        .range("basic interval", (basic.lo, basic.hi), level, "exact basic bootstrap (B → ∞)")
}

/// Mean, standard error and percentile interval of the law of a mean or a sum.
fn mean_law(input: &Input, name: &str, law: &MeanBootstrap) -> Report {
    let level = input.parameters.level();
    let method = format!("percentile bootstrap, {}", law.branch().describe());
    Report::new().quantity(name, law.mean()).quantity("standard error", law.sd()).range(
        "interval",
        law.interval(level),
        level,
        method,
    )
}

fn tail_ratio(i: &Input) -> anyhow::Result<Report> {
    let (x, kind, level) = (i.one(), i.parameters.kind(), i.parameters.level());
    let ranks = [i.parameters.rank(), Rank::MEDIAN];
    let at = ranks.map(|p| quantile(x, p, kind));
    let drawn = joint_quantiles(x, &ranks, kind, &i.parameters.bootstrap());
    let Some(ratios) = drawn[0].over(&drawn[1]) else {
        bail!("a median of zero has no ratio to it");
    };
    let interval = ratios.percentile_interval(level);
    Ok(Report::new().number("ratio", at[0] / at[1]).interval(
        "interval",
        interval,
        level,
        "percentile, joint replicates",
    ))
}

fn any(input: &Input) -> anyhow::Result<Report> {
    let (sample, level) = (input.one(), input.parameters.level());
    let of = Functional::asked_for(&input.parameters);
    let estimate = of.of(sample.values());
    let replicates = bootstrap(sample, &input.parameters.bootstrap(), |v| of.of(v));
    let intervals = Intervals::new(&replicates, estimate)?;
    let mut report = Report::new()
        .quantity(of.name(), estimate)
        .quantity("standard error", replicates.sd())
        .number("bias correction", intervals.z0());
    let acceleration = jackknife(sample, |v| of.of(v))?.acceleration();
    let of_replicates = [
        ("percentile", intervals.percentile(level)),
        ("basic", intervals.basic(level)),
        ("normal", Ok(intervals.normal(level))),
        ("bias-corrected", intervals.bias_corrected(level)),
        ("bca", intervals.bca(acceleration.unwrap_or(0.0), level)),
    ];
    for (name, interval) in of_replicates {
        report = with_interval(report, name, interval);
    }
    Ok(report.warn_if(
        acceleration.is_none(),
        "bca: the jackknife shows no spread, so the acceleration is taken as 0",
    ))
}

/// The interval, or a warning that says why there is none.
fn with_interval(
    report: Report,
    name: &str,
    interval: Result<tailproof_core::Interval, IntervalError>,
) -> Report {
    match interval {
        Ok(i) => report.range(name, (i.lo, i.hi), i.level, i.method),
        Err(e) => report.warn(format!("{name}: {e}")),
    }
}

fn bca(input: &Input) -> anyhow::Result<Report> {
    let (sample, level) = (input.one(), input.parameters.level());
    let of = Functional::asked_for(&input.parameters);
    let found = jackknife(sample, |v| of.of(v))?;
    let acceleration = found.acceleration().unwrap_or(0.0);
    let interval = match of {
        Functional::Mean => {
            let law = MeanBootstrap::of(sample, input.parameters.seed());
            let (cdf, quantile) = (|t: f64| law.cdf(t), |u: f64| law.quantile(u));
            bca_of_law(found.estimate, &cdf, &quantile, acceleration, level)?
        }
        Functional::Quantile(p) => QuantileBootstrap::of(sample, p, input.parameters.kind())
            .bca_interval(acceleration, level)?,
    };
    Ok(Report::new()
        .quantity(of.name(), found.estimate)
        .number("acceleration", acceleration)
        .range("interval", (interval.lo, interval.hi), level, interval.method))
}

fn pivots(input: &Input) -> anyhow::Result<Report> {
    let (sample, level) = (input.one(), input.parameters.level());
    let half = level.alpha().to_f64() / 2.0;
    let settings = input.parameters.bootstrap();
    let mean = studentized(sample, &settings, mean_with_error)?;
    let sd = studentized(sample, &settings, sd_with_error)?;
    let mut report = Report::new();
    for (name, found) in [("mean", mean), ("sd", sd)] {
        let ends = (found.lower(half), found.upper(half));
        report = report
            .quantity(name, found.estimate)
            .quantity(format!("{name} standard error"), found.error)
            .range(format!("{name} interval"), ends, level, "studentized bootstrap");
    }
    Ok(report)
}

fn order_statistics(input: &Input) -> anyhow::Result<Report> {
    let (p, level) = (input.parameters.rank(), input.parameters.level());
    let sample = input.one();
    let ends = order_statistic_interval(sample, p, level).ok_or_else(|| {
        anyhow!("{} observations bound no {p} on both sides at {level}", sample.len())
    })?;
    Ok(Report::new().quantity("quantile", sample.quantile(p)).range(
        "interval",
        ends,
        level,
        "order statistics, covers whatever the law",
    ))
}

fn jackknifed(input: &Input) -> anyhow::Result<Report> {
    let of = Functional::asked_for(&input.parameters);
    let found = jackknife(input.one(), |v| of.of(v))?;
    Ok(Report::new()
        .quantity(of.name(), found.estimate)
        .quantity("bias", found.bias())
        .quantity("corrected", found.corrected())
        .quantity("standard error", found.error())
        .number("acceleration", found.acceleration().unwrap_or(f64::NAN))
        .warn_if(
            matches!(of, Functional::Quantile(_)),
            "the jackknife's standard error of a quantile is wrong however large the sample: \
             see bootstrap-quantile",
        ))
}

/// The mean under random weights.
fn weighted(input: &Input, draw: fn(&Sample, &Bootstrap) -> Replicates) -> Report {
    let replicates = draw(input.one(), &input.parameters.bootstrap());
    let mean = Functional::Mean.of(input.values());
    replicated("mean", mean, &replicates, input.parameters.level())
}

fn smaller(input: &Input) -> anyhow::Result<Report> {
    let (sample, of) = (input.one(), Functional::asked_for(&input.parameters));
    let m = input.parameters.draws()?;
    let replicates = m_out_of_n(sample, m, &input.parameters.bootstrap(), |v| of.of(v))?;
    let estimate = of.of(sample.values());
    // Means and quantiles have errors of order 1/√n.
    let factor = (m.get() as f64 / sample.len() as f64).sqrt();
    let drawn = rescaled(&replicates, estimate, factor);
    Ok(replicated(of.name(), estimate, &drawn, input.parameters.level())
        .number("rescaled by", factor))
}
