//! Permutation tests of two samples.

use std::num::{NonZeroU32, NonZeroU64};

use anyhow::anyhow;
use tailproof_core::Seed;
use tailproof_resampling::{
    Bound, Permutation, Relabelled, below, besag_clifford, curtailed, permute_any, permute_lattice,
    permute_means, permute_runs, permute_strata, saddlepoint_means, stream,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::functional::Functional;
use super::input::Input;
use super::report::Report;

const RANDOM: &[Flag] = &[Flag::Level, Flag::Seed, Flag::Resamples];
const ANY: &[Flag] = &[Flag::OptionalP, Flag::Level, Flag::Seed, Flag::Resamples];

const fn permuted(
    name: &'static str,
    needs: Needs,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Two, needs, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    permuted("permutation", Needs::Two, RANDOM, "Could the difference of means be chance?", |i| {
        Ok(means(i))
    }),
    permuted(
        "permutation-any",
        Needs::Two,
        ANY,
        "Could the difference of means, or with --p of quantiles, be chance?",
        |i| {
            let (x, y) = i.two();
            let of = Functional::asked_for(&i.parameters);
            let test = permute_any(x, y, &i.parameters.permutation(), |x, y| of.of(y) - of.of(x));
            Ok(relabelled(i, &format!("difference of {}s", of.name()), &test))
        },
    ),
    permuted(
        "permutation-lattice",
        Needs::Two,
        &[],
        "All relabellings of decimals, however many",
        |i| {
            let (x, y) = i.two();
            let test = permute_lattice(x, y).ok_or_else(|| {
                anyhow!("the values are not decimals of at most six places, or too many")
            })?;
            Ok(Report::new()
                .quantity("difference of means", test.difference)
                .quantity("step", test.step)
                .directions(test.p))
        },
    ),
    permuted(
        "saddlepoint",
        Needs::Two,
        &[],
        "Permutation p far below one in a million, approximated",
        |i| {
            let (x, y) = i.two();
            let test = saddlepoint_means(x, y)?;
            Ok(Report::new()
                .quantity("difference of means", test.difference)
                .directions(test.p)
                .text("method", "saddlepoint approximation"))
        },
    ),
    permuted(
        "permutation-strata",
        Needs::Strata,
        RANDOM,
        "Do two sides differ within machines, days, endpoints?",
        |i| {
            let test = permute_strata(&i.strata(), &i.parameters.permutation())?;
            Ok(relabelled(i, "difference of means", &test))
        },
    ),
    permuted(
        "permutation-runs",
        Needs::Runs(2),
        RANDOM,
        "Do two sides of whole runs differ?",
        whole_runs,
    ),
    permuted(
        "besag-clifford",
        Needs::Two,
        &[Flag::OptionalP, Flag::Seed, Flag::Resamples],
        "Permutation p with few draws when it is large",
        |i| {
            let (_, draw) = drawing(i);
            let test = besag_clifford(TEN, most(i), draw);
            Ok(Report::new()
                .number("p two-sided", test.p)
                .count("draws", test.draws)
                .count("exceeding", test.exceeding)
                .text("stopped early", if test.stopped { "yes" } else { "no" }))
        },
    ),
    permuted(
        "curtailed",
        Needs::Two,
        ANY,
        "Only the decision of a permutation test at 1 - level, with few draws",
        |i| Ok(decided(i)),
    ),
];

/// Exceedances at which Besag and Clifford's test stops.
const TEN: NonZeroU64 = NonZeroU64::new(10).expect("not zero");

fn most(input: &Input) -> NonZeroU64 {
    NonZeroU64::from(input.parameters.resamples())
}

fn relabelled(input: &Input, name: &str, test: &Relabelled) -> Report {
    Report::new()
        .quantity(name, test.observed)
        .directions(test.counts.directions())
        .counted(&test.counts.two_sided(), input.parameters.level())
}

fn means(input: &Input) -> Report {
    let (x, y) = input.two();
    let test = permute_means(x, y, &input.parameters.permutation());
    let mut report = Report::new().quantity("difference of means", test.difference);
    if let (Some(t), Some(counts)) = (test.t, &test.studentized) {
        report = report.number("t", t).number("p studentized", counts.p_two_sided());
    }
    report
        .directions(test.raw.directions())
        .counted(&test.raw.two_sided(), input.parameters.level())
}

fn whole_runs(input: &Input) -> anyhow::Result<Report> {
    let (x, y) = (input.samples[0].runs(), input.samples[1].runs());
    let test = permute_runs(&x, &y, &input.parameters.permutation())?;
    let (raw, level) = (&test.means.raw, input.parameters.level());
    Ok(Report::new()
        .quantity("difference of run means", test.means.difference)
        .directions(raw.directions())
        .number("smallest p", test.smallest_p)
        .count("runs of the first", x.len() as u64)
        .count("runs of the second", y.len() as u64)
        .counted(&raw.two_sided(), level))
}

/// The observed difference, and whether that of relabelling `task` is at least as large.
fn drawing(input: &Input) -> (f64, impl FnMut(u64) -> bool) {
    let (x, y) = input.two();
    let of = Functional::asked_for(&input.parameters);
    let seed = input.parameters.seed();
    let observed = of.of(y.values()) - of.of(x.values());
    let draw = move |task: u64| {
        // One relabelling, from a seed of its own.
        let own = Seed(below(&mut stream(seed, task), u64::MAX));
        let settings =
            Permutation { enumerate_up_to: 0, ..Permutation::new(own) }.replicates(NonZeroU32::MIN);
        let drawn = permute_any(x, y, &settings, |x, y| of.of(y) - of.of(x));
        drawn.counts.abs_at_least > 0
    };
    (observed, draw)
}

fn decided(input: &Input) -> Report {
    let (observed, draw) = drawing(input);
    let test = curtailed(input.parameters.level(), most(input), draw);
    let bound = match test.bound {
        Bound::AtMost(p) => format!("at most {p}"),
        Bound::AtLeast(p) => format!("at least {p}"),
    };
    Report::new()
        .quantity("difference", observed)
        .text("significant", if test.significant { "yes" } else { "no" })
        .text("p", bound)
        .count("draws", test.draws)
        .count("exceeding", test.exceeding)
        .warn("p is bounded only: it must not enter a correction for many tests")
}
