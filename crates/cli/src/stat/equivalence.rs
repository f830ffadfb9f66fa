//! Tests that two samples are the same within margins.

use tailproof_hypothesis::{
    Equivalence, non_inferiority_welch, tost_mann_whitney, tost_paired, tost_pooled, tost_ratio,
    tost_welch,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::report::Report;

const fn tost(name: &'static str, needs: Needs, about: &'static str, run: Run) -> Entry {
    entry(name, Group::Equivalence, needs, &[Flag::Low, Flag::High], about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    tost("tost-welch", Needs::Two, "Difference of means within margins, variances apart", |i| {
        let ((x, y), (low, high)) = (i.two(), i.parameters.range()?);
        Ok(sides(&tost_welch(x, y, low, high)?))
    }),
    tost("tost-pooled", Needs::Two, "Difference of means within margins, one variance", |i| {
        let ((x, y), (low, high)) = (i.two(), i.parameters.range()?);
        Ok(sides(&tost_pooled(x, y, low, high)?))
    }),
    tost("tost-mann-whitney", Needs::Two, "Shift within margins, by ranks", |i| {
        let ((x, y), (low, high)) = (i.two(), i.parameters.range()?);
        let test = tost_mann_whitney(x, y, low, high)?;
        Ok(Report::new()
            .number("p", test.p)
            .number("p above low", test.lower)
            .number("p below high", test.upper)
            .method(test.method))
    }),
    tost("tost-ratio", Needs::Two, "Ratio of means within margins, as 0.8 or -20%", |i| {
        let ((x, y), (low, high)) = (i.two(), i.parameters.ratio_range()?);
        Ok(sides(&tost_ratio(x, y, low, high)?))
    }),
    tost("tost-paired", Needs::Pairs, "Mean difference of pairs within margins", |i| {
        let ((x, y), (low, high)) = (i.two(), i.parameters.range()?);
        Ok(sides(&tost_paired(x, y, low, high)?))
    }),
    entry(
        "non-inferiority",
        Group::Equivalence,
        Needs::Two,
        &[Flag::Margin],
        "Second mean less than a margin above the first (less is better)",
        |i| {
            let ((x, y), margin) = (i.two(), i.parameters.margin()?);
            let test = non_inferiority_welch(x, y, margin)?;
            Ok(Report::new().number("p", test.p).number("t", test.t).number("df", test.df))
        },
    ),
];

/// Both one-sided tests; the claim holds at a level of which `p` is at most alpha.
fn sides(test: &Equivalence) -> Report {
    Report::new()
        .number("p", test.p)
        .number("p above low", test.lower)
        .number("p below high", test.upper)
        .number("t low", test.t_low)
        .number("t high", test.t_high)
        .number("df", test.df)
}
