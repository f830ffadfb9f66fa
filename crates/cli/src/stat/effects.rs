//! Effect sizes of two samples with their intervals.

use tailproof_hypothesis::{
    FiellerSet, Standardized, cliffs_delta, cliffs_delta_interval, cohens_d, cohens_d_document,
    cohens_d_interval, glass_delta, hedges_g, hodges_lehmann, hodges_lehmann_ratio, ratio_of_means,
    ratio_of_medians, vargha_delaney, vargha_delaney_interval,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;

const fn effect(name: &'static str, about: &'static str, run: Run) -> Entry {
    entry(name, Group::Effect, Needs::Two, &[Flag::Level], about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    effect("cohens-d", "Difference of means in pooled standard deviations", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let of = Standardized::of(x, y);
        Ok(Report::new()
            .number("d", cohens_d(x, y)?)
            .interval("interval", cohens_d_interval(x, y, level)?, level, "noncentral t")
            .interval("normal interval", of.cohens_d_normal_interval(level)?, level, "normal")
            .number("d by average variance", of.cohens_d_average()?)
            .number("d by population variances", cohens_d_document(x, y)?)
            .number("p exceeds if normal", of.common_language()?))
    }),
    entry(
        "hedges-g",
        Group::Effect,
        Needs::Two,
        &[],
        "Cohen's d without its small-sample bias",
        |i| {
            let (x, y) = i.two();
            let of = Standardized::of(x, y);
            Ok(Report::new()
                .number("g", hedges_g(x, y)?)
                .number("approximate g", of.hedges_g_approximate()?)
                .number("variance", of.hedges_g_variance()?))
        },
    ),
    effect("glass-delta", "Difference in standard deviations of the first", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let ends = Standardized::of(x, y).glass_delta_interval(level)?;
        Ok(Report::new()
            .number("delta", glass_delta(x, y)?)
            .interval("interval", ends, level, "normal"))
    }),
    effect("cliffs-delta", "How often the first exceeds the second, less the reverse", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let ends = cliffs_delta_interval(x, y, level)?;
        Ok(Report::new().number("delta", cliffs_delta(x, y)).interval(
            "interval",
            ends,
            level,
            "Feng-Cliff",
        ))
    }),
    effect("vargha-delaney", "How often the second exceeds the first", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let ends = vargha_delaney_interval(x, y, level)?;
        Ok(Report::new().number("a", vargha_delaney(x, y)).interval(
            "interval",
            ends,
            level,
            "Feng-Cliff",
        ))
    }),
    effect("hodges-lehmann", "Shift from the first to the second", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let found = hodges_lehmann(x, y, level);
        Ok(Report::new()
            .quantity("shift", found.shift)
            .range("interval", (found.lo, found.hi), level, "rank sums")
            .number("achieved level", found.achieved)
            .method(found.method))
    }),
    effect("hodges-lehmann-ratio", "Factor from the first to the second, positive data", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let found = hodges_lehmann_ratio(x, y, level)?;
        Ok(Report::new()
            .number("ratio", found.ratio)
            .interval("interval", (found.lo, found.hi), level, "rank sums of logarithms")
            .number("achieved level", found.achieved)
            .method(found.method))
    }),
    effect("ratio-of-means", "Ratio of means with Fieller's set", fieller),
    effect("ratio-of-medians", "Ratio of medians of positive data", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let found = ratio_of_medians(x, y, level)?;
        Ok(Report::new().number("ratio", found.ratio).interval(
            "interval",
            (found.lo, found.hi),
            level,
            "Price-Bonett",
        ))
    }),
];

fn fieller(input: &Input) -> anyhow::Result<Report> {
    let ((x, y), level) = (input.two(), input.parameters.level());
    let found = ratio_of_means(x, y, level)?;
    let report = Report::new().number("ratio", found.ratio);
    let report = match found.set {
        FiellerSet::Interval(lo, hi) => report.interval("interval", (lo, hi), level, "Fieller"),
        FiellerSet::Outside(below, above) => report
            .interval("below", (f64::NEG_INFINITY, below), level, "Fieller, either this")
            .interval("above", (above, f64::INFINITY), level, "Fieller, or this")
            .warn("the first mean may be 0: the set of ratios is not an interval"),
        FiellerSet::All => report
            .interval("interval", (f64::NEG_INFINITY, f64::INFINITY), level, "Fieller")
            .warn("both means may be 0: the data do not bound the ratio"),
    };
    Ok(report.number("df", found.df))
}
