//! Shape and measurement of one sample.

use tailproof_hypothesis::{jarque_bera, shapiro_wilk};
use tailproof_resampling::{clock_resolution, dip, modes, pathologies};

use super::catalogue::{Entry, Group, Needs, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "clock",
        Group::Shape,
        Needs::One,
        &[],
        "Smallest step of the clock, and share of repeated values",
        |i| {
            let found = clock_resolution(i.one());
            Ok(Report::new()
                .quantity("smallest gap", found.smallest_gap.unwrap_or(f64::NAN))
                .number("ties", found.ties))
        },
    ),
    entry(
        "dip",
        Group::Shape,
        Needs::One,
        &[Flag::Seed],
        "One mode or more? Hartigan's dip",
        |i| {
            let test = dip(i.one(), i.parameters.seed());
            Ok(Report::new()
                .number("dip", test.statistic)
                .number("p", test.p)
                .count("simulated", u64::from(test.replicates)))
        },
    ),
    entry("modes", Group::Shape, Needs::One, &[], "Which modes? Ask dip first", |i| Ok(peaks(i))),
    entry(
        "pathologies",
        Group::Shape,
        Needs::One,
        &[],
        "What is wrong with how it was measured? Stalls, warm-up, clock, modes",
        |i| {
            let found = pathologies(&i.samples[0].series(), None);
            let report = Report::new().count("found", found.len() as u64);
            Ok(found
                .into_iter()
                .enumerate()
                .fold(report, |report, (k, text)| report.text(format!("finding {}", k + 1), text)))
        },
    ),
    entry(
        "shapiro-wilk",
        Group::Shape,
        Needs::One,
        &[],
        "Could it be normal? 3 to 5000 observations",
        |i| {
            let test = shapiro_wilk(i.one())?;
            Ok(Report::new().number("w", test.w).number("p", test.p))
        },
    ),
    entry(
        "jarque-bera",
        Group::Shape,
        Needs::One,
        &[],
        "Are skewness and kurtosis normal? Thousands of observations",
        |i| {
            let test = jarque_bera(i.one())?;
            Ok(Report::new()
                .number("jb", test.jb)
                .number("skewness", test.skewness)
                .number("excess kurtosis", test.kurtosis_excess)
                .number("p", test.p))
        },
    ),
];

fn peaks(input: &Input) -> Report {
    let found = modes(input.one());
    let mut report = Report::new().count("modes", found.len() as u64);
    for (i, mode) in found.iter().enumerate() {
        let name = |what: &str| format!("mode {} {what}", i + 1);
        report = report
            .number(name("share"), mode.share)
            .quantity(name("from"), mode.lo)
            .quantity(name("to"), mode.hi)
            .quantity(name("median"), mode.median);
    }
    report.warn_if(found.len() > 1, "peaks are found whether they are real or not: ask dip")
}
