//! Tests and intervals that may be looked at after every observation.

use anyhow::bail;
use tailproof_hypothesis::sequential::{
    BinomialMixture, BoundedMean, Cusum, Decision, Msprt, MsprtProportions, QuantileSequence, Sprt,
    SubGaussian, empirical_bernstein,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::input::Input;
use super::parameters::Hypotheses;
use super::report::Report;

const fn any_time(
    name: &'static str,
    needs: Needs,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::AnyTime, needs, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    any_time(
        "msprt",
        Needs::Series,
        &[Flag::Mu, Flag::Sd, Flag::Effect, Flag::Level],
        "Is a mean of known noise still --mu?",
        |i| mixture(i, i.values().iter().copied()),
    ),
    any_time(
        "msprt-paired",
        Needs::Pairs,
        &[Flag::Mu, Flag::Sd, Flag::Effect, Flag::Level],
        "Is the mean difference of pairs --mu? --sd is that of differences",
        |i| {
            let (x, y) = i.two();
            mixture(i, x.values().iter().zip(y.values()).map(|(x, y)| y - x))
        },
    ),
    any_time(
        "msprt-proportions",
        Needs::Pairs,
        &[Flag::Effect, Flag::Level],
        "Do two event rates differ, side by side? 0 is no event",
        rates,
    ),
    any_time(
        "sprt",
        Needs::Series,
        &[Flag::Share, Flag::OptionalMu, Flag::To, Flag::Sd, Flag::Alpha, Flag::Power],
        "Which of two rates or means, as soon as possible?",
        wald,
    ),
    any_time(
        "cusum",
        Needs::Series,
        &[Flag::Share, Flag::OptionalMu, Flag::To, Flag::Sd, Flag::RunLength],
        "Has a rate or mean shifted since some moment?",
        page,
    ),
    any_time(
        "confidence-sequence",
        Needs::Series,
        &[Flag::Low, Flag::High, Flag::Level],
        "Mean of values from a known range, --low to --high",
        bounded,
    ),
    any_time(
        "empirical-bernstein",
        Needs::One,
        &[Flag::Low, Flag::High, Flag::Level],
        "The same for a finished sample, looked at once",
        |i| {
            let (ends, level) = (i.parameters.range()?, i.parameters.level());
            let found = empirical_bernstein(i.one(), ends, level)?;
            Ok(Report::new().range("interval", found, level, "Maurer-Pontil"))
        },
    ),
    any_time(
        "sub-gaussian",
        Needs::Series,
        &[Flag::Sd, Flag::NarrowAt, Flag::Level],
        "Mean of values of known noise",
        |i| {
            let level = i.parameters.level();
            let mut mean = SubGaussian::new(i.parameters.sd()?, level, i.parameters.narrow_at())?;
            for &x in i.values() {
                mean.observe(x);
            }
            Ok(Report::new().range("interval", mean.interval(), level, "normal mixture"))
        },
    ),
    any_time(
        "sequential-gate",
        Needs::Series,
        &[Flag::Limit, Flag::P, Flag::Level],
        "Do at least --p of the observations lie within --limit?",
        gate,
    ),
    any_time(
        "quantile-sequence",
        Needs::Series,
        &[Flag::P, Flag::Level],
        "Where is a quantile?",
        |i| {
            let (p, level) = (i.parameters.rank(), i.parameters.level());
            let mut sequence = QuantileSequence::new(p, level);
            for &x in i.values() {
                sequence.observe(x);
            }
            Ok(Report::new().quantity("quantile", i.one().quantile(p)).range(
                "interval",
                sequence.interval(),
                level,
                "beta-binomial mixture",
            ))
        },
    ),
];

fn mixture(input: &Input, values: impl Iterator<Item = f64>) -> anyhow::Result<Report> {
    let parameters = &input.parameters;
    let (sd, effect, level) = (parameters.sd()?, parameters.effect()?, parameters.level());
    let mut test = Msprt::new(sd * sd, effect * effect, parameters.mu())?;
    for x in values {
        test.observe(x);
    }
    Ok(Report::new()
        .quantity("mean", test.mean())
        .range("interval", test.confidence(level), level, "mixture, any time")
        .number("p", test.p())
        .number("log likelihood ratio", test.log_lambda()))
}

/// Observations of a rate are 0 and 1.
fn check_rate(values: &[f64]) -> anyhow::Result<()> {
    match values.iter().find(|&&v| v != 0.0 && v != 1.0) {
        Some(v) => bail!("a rate is of observations that are 0 or 1, got {v}"),
        None => Ok(()),
    }
}

fn rates(input: &Input) -> anyhow::Result<Report> {
    let ((x, y), level) = (input.two(), input.parameters.level());
    check_rate(x.values())?;
    check_rate(y.values())?;
    let effect = input.parameters.effect()?;
    let mut test = MsprtProportions::new(effect * effect)?;
    for (x, y) in x.values().iter().zip(y.values()) {
        test.observe(*x != 0.0, *y != 0.0);
    }
    Ok(Report::new()
        .number("difference", test.difference())
        .interval("interval", test.confidence(level), level, "mixture, any time, asymptotic")
        .number("p", test.p())
        .number("log likelihood ratio", test.log_lambda()))
}

fn wald(input: &Input) -> anyhow::Result<Report> {
    let (alpha, beta) = (input.parameters.alpha(), 1.0 - input.parameters.power());
    let mut test = match input.parameters.hypotheses()? {
        Hypotheses::Rates { from, to } => {
            check_rate(input.values())?;
            Sprt::bernoulli(from, to, alpha, beta)?
        }
        Hypotheses::Means { from, to, sd } => Sprt::normal(from, to, sd * sd, alpha, beta)?,
    };
    for &x in input.values() {
        test.observe(x);
    }
    let decision = match test.decision() {
        Decision::AcceptH0 => "the first",
        Decision::AcceptH1 => "the second (--to)",
        Decision::Continue => "open",
    };
    Ok(Report::new()
        .text("decision", decision)
        .count("observations used", test.n())
        .number("log likelihood ratio", test.log_likelihood_ratio())
        .number("lower boundary", test.lower())
        .number("upper boundary", test.upper()))
}

fn page(input: &Input) -> anyhow::Result<Report> {
    /// Replaced by the threshold that the run length asks for.
    const ANY_THRESHOLD: f64 = 1.0;
    let chart = match input.parameters.hypotheses()? {
        Hypotheses::Rates { from, to } => {
            check_rate(input.values())?;
            Cusum::bernoulli(from, to, ANY_THRESHOLD)?
        }
        Hypotheses::Means { from, to, sd } => Cusum::normal(from, to, sd * sd, ANY_THRESHOLD)?,
    };
    let mut chart = chart.for_run_length(input.parameters.run_length())?;
    let alarm = input.values().iter().any(|&x| chart.observe(x));
    let report = Report::new()
        .text("alarm", if alarm { "yes" } else { "no" })
        .number("sum", chart.value())
        .number("threshold", chart.threshold());
    if !alarm {
        return Ok(report);
    }
    Ok(report.count("alarm at", chart.n()).count("shifted for", chart.since()))
}

fn bounded(input: &Input) -> anyhow::Result<Report> {
    let ((low, high), level) = (input.parameters.range()?, input.parameters.level());
    let mut mean = BoundedMean::new(low, high, level)?;
    for &x in input.values() {
        mean.observe(x)?;
    }
    let (lo, hi) = mean.running_intersection();
    Ok(Report::new()
        .range("interval", mean.interval(), level, "empirical Bernstein, any time")
        .range("running intersection", (lo, hi), level, "for a mean that does not move")
        .warn_if(lo > hi, "the intervals have nothing in common: the mean has moved"))
}

fn gate(input: &Input) -> anyhow::Result<Report> {
    let (limit, level) = (input.parameters.limit()?, input.parameters.level());
    let mut test = BinomialMixture::new(input.parameters.rank());
    for &x in input.values() {
        test.observe(x <= limit);
    }
    Ok(Report::new()
        .count("within", test.within())
        .number("p of too few within", test.p_share_above())
        .number("p of enough within", test.p_share_below())
        .number("share at least", test.share_lower(level))
        .number("share at most", test.share_upper(level))
        .warn_if(
            test.p_share_above().max(test.p_share_below()) < level.alpha().to_f64(),
            "both claims are refuted: the observations are not of one distribution (a drift, a \
             slow start)",
        ))
}
