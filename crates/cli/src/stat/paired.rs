//! Tests and effects of paired measurements.

use tailproof_hypothesis::{paired, rank_biserial, sign_test, wilcoxon_signed_rank};
use tailproof_resampling::permute_pairs;

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;
use super::two::t_test;

const fn pairs(
    name: &'static str,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Paired, Needs::Pairs, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    pairs("paired-t", &[Flag::Level], "Is the mean difference of pairs 0?", |i| {
        let (x, y) = i.two();
        let test = paired(x, y)?;
        Ok(t_test(&test, i.parameters.level(), "Student, of pairs").p_values(test.p()))
    }),
    pairs("wilcoxon", &[], "Are the differences symmetric about 0? Signed ranks", |i| {
        let (x, y) = i.two();
        let test = wilcoxon_signed_rank(x, y)?;
        Ok(Report::new()
            .number("w plus", test.w_plus)
            .number("w minus", test.w_minus)
            .count("rising", test.positive as u64)
            .count("falling", test.negative as u64)
            .count("equal", test.zero as u64)
            .p_values(test.p)
            .method(test.method))
    }),
    pairs("sign", &[], "Do as many pairs rise as fall?", |i| {
        let (x, y) = i.two();
        let test = sign_test(x, y)?;
        Ok(Report::new()
            .count("rising", test.positive)
            .count("falling", test.negative)
            .count("equal", test.zero)
            .p_values(test.p))
    }),
    pairs(
        "paired-permutation",
        &[Flag::Level, Flag::Seed, Flag::Resamples],
        "Could the mean difference of pairs be chance?",
        flipped,
    ),
    pairs("rank-biserial", &[Flag::Level], "How one-sided the changes are", |i| {
        let ((x, y), level) = (i.two(), i.parameters.level());
        let found = rank_biserial(x, y, level)?;
        Ok(Report::new().number("r", found.r).interval(
            "interval",
            (found.lo, found.hi),
            level,
            "asymptotic",
        ))
    }),
];

fn flipped(input: &Input) -> anyhow::Result<Report> {
    let (x, y) = input.two();
    let test = permute_pairs(x, y, &input.parameters.permutation())?;
    let report = Report::new().quantity("mean difference", test.mean).directions(test.p);
    Ok(match &test.counts {
        Some(counts) => report.counted(&counts.two_sided(), input.parameters.level()),
        None => report.text("relabelled", "all, by the exact law of the sum"),
    })
}
