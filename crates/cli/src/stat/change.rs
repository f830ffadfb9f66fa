//! How sure a difference or a ratio of two samples is.

use tailproof_core::descriptive::mean;
use tailproof_core::{Sample, quantile};
use tailproof_resampling::{
    DifferenceBootstrap, Law, MeanBootstrap, RatioBootstrap, clearly_positive, paired, ratio_set,
    two_samples,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::functional::{Functional, replicated};
use super::input::Input;
use super::report::Report;

const QUANTILE: &[Flag] = &[Flag::P, Flag::Type, Flag::Level];
const MEAN: &[Flag] = &[Flag::Level, Flag::Seed];
const ANY: &[Flag] = &[Flag::OptionalP, Flag::Level, Flag::Seed, Flag::Resamples];

const fn change(
    name: &'static str,
    needs: Needs,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Change, needs, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    change(
        "difference-of-means",
        Needs::Two,
        MEAN,
        "Exact bootstrap (B → ∞) of the difference of means",
        |i| {
            let ((x, y), level) = (i.two(), i.parameters.level());
            let law = MeanBootstrap::difference(x, y, i.parameters.seed());
            let method = format!("percentile bootstrap, {}", law.branch().describe());
            Ok(Report::new()
                .quantity("difference", law.mean())
                .quantity("standard error", law.sd())
                .range("interval", law.interval(level), level, method))
        },
    ),
    change(
        "difference-of-quantiles",
        Needs::Two,
        QUANTILE,
        "Exact bootstrap (B → ∞) of the difference of quantiles",
        |i| {
            let ((x, y), level) = (i.two(), i.parameters.level());
            let (p, kind) = (i.parameters.rank(), i.parameters.kind());
            let law = DifferenceBootstrap::of_quantiles(x, y, p, kind);
            let of = |s: &Sample| quantile(s, p, kind);
            Ok(Report::new()
                .quantity("difference", of(y) - of(x))
                .quantity("standard error", law.sd())
                .range("interval", law.interval(level), level, EXACT))
        },
    ),
    change(
        "ratio-of-quantiles",
        Needs::Two,
        QUANTILE,
        "Exact bootstrap (B → ∞) of the ratio of quantiles",
        |i| {
            let ((x, y), level) = (i.two(), i.parameters.level());
            let (p, kind) = (i.parameters.rank(), i.parameters.kind());
            let law = RatioBootstrap::of_quantiles(x, y, p, kind)?;
            let of = |s: &Sample| quantile(s, p, kind);
            Ok(Report::new().number("ratio", of(y) / of(x)).interval(
                "interval",
                law.interval(level),
                level,
                EXACT,
            ))
        },
    ),
    change(
        "bootstrap-ratio-of-means",
        Needs::Two,
        MEAN,
        "Exact bootstrap (B → ∞) of the ratio of means of positive data",
        |i| {
            let ((x, y), level) = (i.two(), i.parameters.level());
            let law = RatioBootstrap::of_means(x, y, i.parameters.seed())?;
            let method = format!("percentile bootstrap, {}", law.branch().describe());
            Ok(Report::new().number("ratio", mean(y) / mean(x)).interval(
                "interval",
                law.interval(level),
                level,
                method,
            ))
        },
    ),
    change(
        "ratio-set",
        Needs::Two,
        MEAN,
        "All ratios of means that the bootstrap leaves, for data that may be negative",
        |i| Ok(ratios(i)),
    ),
    change(
        "two-sample-bootstrap",
        Needs::Two,
        ANY,
        "Replicates of the difference of means, or with --p of quantiles",
        |i| {
            let (x, y) = i.two();
            let of = Functional::asked_for(&i.parameters);
            let change = |x: &[f64], y: &[f64]| of.of(y) - of.of(x);
            let replicates = two_samples(x, y, &i.parameters.bootstrap(), change);
            let estimate = change(x.values(), y.values());
            Ok(replicated("difference", estimate, &replicates, i.parameters.level()))
        },
    ),
    change("paired-bootstrap", Needs::Pairs, ANY, "The same with pairs that stay together", |i| {
        let (x, y) = i.two();
        let of = Functional::asked_for(&i.parameters);
        let change = |x: &[f64], y: &[f64]| of.of(y) - of.of(x);
        let replicates = paired(x, y, &i.parameters.bootstrap(), change)?;
        let estimate = change(x.values(), y.values());
        Ok(replicated("difference", estimate, &replicates, i.parameters.level()))
    }),
];

const EXACT: &str = "exact percentile bootstrap (B → ∞)";

fn ratios(input: &Input) -> Report {
    let ((x, y), level) = (input.two(), input.parameters.level());
    let seed = input.parameters.seed();
    let set = ratio_set(x, y, level, seed);
    let mut report = Report::new().count("intervals", set.len() as u64);
    for (i, ends) in set.into_iter().enumerate() {
        report = report.interval(format!("interval {}", i + 1), ends, level, "bootstrap set");
    }
    report.warn_if(
        !clearly_positive(x, level, seed),
        "the first mean is not clearly away from zero: state no change in percent of it",
    )
}
