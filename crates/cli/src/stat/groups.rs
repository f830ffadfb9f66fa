//! Tests of several groups.

use tailproof_hypothesis::{
    AndersonDarling, AndersonDarlingVariant, Center, MedianTies, RankPair, TableLimit,
    anderson_darling, anderson_darling_permuted, brown_forsythe, dunn, fligner_killeen, friedman,
    friedman_pairs, kruskal_wallis, levene, mood_median, welch_anova,
};
use tailproof_resampling::permute_groups;

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;

const DRAWN: &[Flag] = &[Flag::Seed, Flag::Resamples];
const RANDOM: &[Flag] = &[Flag::Level, Flag::Seed, Flag::Resamples];

const fn several(
    name: &'static str,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Several, Needs::Groups(2), parameters, about, run)
}

const fn in_blocks(name: &'static str, about: &'static str, run: Run) -> Entry {
    entry(name, Group::Several, Needs::Blocks(3), &[], about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    several("welch-anova", &[], "Do the means differ? Variances apart", |i| {
        let test = welch_anova(&i.groups())?;
        Ok(Report::new()
            .number("f", test.f)
            .number("df between", test.df1)
            .number("df within", test.df2)
            .number("p", test.p))
    }),
    several("kruskal-wallis", &[], "Does one tend to be larger? Ranks", |i| {
        let test = kruskal_wallis(&i.groups())?;
        Ok(chi_square("h", test.h, test.df, test.p))
    }),
    several("dunn", &[], "Which of them? After kruskal-wallis", |i| Ok(pairs(&dunn(&i.groups())?))),
    several("mood-median", &[], "Do they exceed their common median equally often?", median),
    in_blocks("friedman", "Does one tend to be larger within blocks?", |i| {
        let test = friedman(&i.groups())?;
        Ok(chi_square("chi square", test.statistic, test.df, test.p)
            .number("concordance", test.concordance))
    }),
    in_blocks("friedman-pairs", "Which of them? After friedman", |i| {
        Ok(pairs(&friedman_pairs(&i.groups())?))
    }),
    several("brown-forsythe", &[], "Do they spread alike about their medians?", |i| {
        let test = brown_forsythe(&i.groups())?;
        Ok(spread(test.w, test.df_between, test.df_within, test.p))
    }),
    several("levene", &[Flag::OptionalTrim], "… about their means, or trimmed means?", |i| {
        let center = i.parameters.optional_trim().map_or(Center::Mean, Center::Trimmed);
        let test = levene(&i.groups(), center)?;
        Ok(spread(test.w, test.df_between, test.df_within, test.p))
    }),
    several("fligner-killeen", &[], "… by ranks, for heavy tails?", |i| {
        let test = fligner_killeen(&i.groups())?;
        Ok(chi_square("chi square", test.statistic, test.df, test.p))
    }),
    several("anderson-darling", &[], "Do they come from one distribution?", table),
    several("anderson-darling-permuted", DRAWN, "The same by relabelling, for ties", |i| {
        let settings = i.parameters.permutation();
        let midrank = AndersonDarlingVariant::Midrank;
        let test = anderson_darling_permuted(&i.groups(), midrank, &settings)?;
        Ok(Report::new()
            .number("a squared", test.statistic)
            .number("p", test.p)
            .count("relabellings", test.relabellings)
            .text("relabelled", if test.exhaustive { "all" } else { "random" }))
    }),
    several("permutation-groups", RANDOM, "Could the differences of means be chance?", |i| {
        let test = permute_groups(&i.groups(), &i.parameters.permutation())?;
        Ok(Report::new()
            .number("eta squared", test.statistic)
            .number("p", test.p.p())
            .counted(&test.p, i.parameters.level()))
    }),
];

fn chi_square(name: &str, statistic: f64, df: f64, p: f64) -> Report {
    Report::new().number(name, statistic).number("df", df).number("p", p)
}

fn spread(w: f64, between: f64, within: f64, p: f64) -> Report {
    Report::new()
        .number("w", w)
        .number("df between", between)
        .number("df within", within)
        .number("p", p)
}

/// Comparisons by the numbers of the samples.
fn pairs(found: &[RankPair]) -> Report {
    found.iter().fold(Report::new(), |report, pair| {
        let name = |what: &str| format!("{} v {} {what}", pair.first + 1, pair.second + 1);
        report
            .number(name("difference"), pair.difference)
            .number(name("z"), pair.z)
            .number(name("p"), pair.p)
            .number(name("p holm"), pair.p_holm)
    })
}

fn median(input: &Input) -> anyhow::Result<Report> {
    let groups = input.groups();
    let test = mood_median(&groups, MedianTies::Below, false)?;
    let mut report = chi_square("chi square", test.statistic, test.df, test.p);
    if groups.len() == 2 {
        report = report.number("p yates", mood_median(&groups, MedianTies::Below, true)?.p);
    }
    let list = |counts: &[u64]| counts.iter().map(|&n| n as f64).collect();
    Ok(report
        .quantity("median of all", test.grand_median)
        .list("above", list(&test.above))
        .list("not above", list(&test.below)))
}

fn table(input: &Input) -> anyhow::Result<Report> {
    let groups = input.groups();
    let midrank = anderson_darling(&groups, AndersonDarlingVariant::Midrank)?;
    let right = anderson_darling(&groups, AndersonDarlingVariant::Right)?;
    let mut report = Report::new();
    for (name, test) in [("midrank", midrank), ("right", right)] {
        let AndersonDarling { statistic, normalized, p, limit, .. } = test;
        report = report
            .number(format!("{name} a squared"), statistic)
            .number(format!("{name} normalized"), normalized)
            .number(format!("{name} p"), p);
        report = match limit {
            TableLimit::Inside => report,
            TableLimit::AtLeast => report.warn(format!("{name}: p is at least this")),
            TableLimit::AtMost => report.warn(format!("{name}: p is at most this")),
        };
    }
    Ok(report)
}
