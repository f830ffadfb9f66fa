//! Wrong verdicts on objectives whose target is the truth.

use tailproof_core::{
    Aggregate, Comparison, Condition, Labels, Level, Objective, Quantity, Rank, Seed, Series,
    Verdict,
};
use tailproof_slo::{Settings, judge};

use super::data::{Design, Process, dataset, laws, pooled, series};
use super::simulate::{Plan, Size, seed_of, size};

const MEAN_SIZES: [Size; 3] = [size(30, 2_000), size(100, 1_000), size(1_000, 150)];
const SERIES_SIZES: [Size; 2] = [size(100, 1_000), size(1_000, 1_000)];
const RUN_SIZES: [Size; 4] = [size(2, 1_000), size(5, 1_000), size(10, 1_000), size(30, 1_000)];
/// Observations in a run.
const EACH: u64 = 20;
/// Samples of dependent data on which an objective on the mean is judged.
const MEANS: u32 = 150;

const MEAN: [&str; 6] = [
    "PASS at 95 %",
    "FAIL at 95 %",
    "open at 95 %",
    "PASS at 99.9 %",
    "FAIL at 99.9 %",
    "open at 99.9 %",
];
const MEAN_BOUNDS: [Option<f64>; 6] =
    [Some(0.05), Some(0.05), None, Some(0.001), Some(0.001), None];
const DEPENDENT: [&str; 4] =
    ["p95: PASS at 95 %", "p95: FAIL at 95 %", "mean: PASS at 95 %", "mean: FAIL at 95 %"];
const DEPENDENT_BOUNDS: [Option<f64>; 4] = [Some(0.05); 4];

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let what = "an objective on a mean";
    let mean = Plan { seed, what, axis: "n", methods: &MEAN, sizes: &MEAN_SIZES }.rates(
        &MEAN_BOUNDS,
        &laws(),
        |law, n, _, rng| {
            let series = series("m", law.sample(n, rng), None);
            let seed = seed_of(rng);
            let at = |level| {
                let verdict = verdict(&series, Aggregate::Mean, law.mean, level, seed);
                let open = matches!(verdict, Verdict::Inconclusive(_));
                [verdict == Verdict::Pass, verdict == Verdict::Fail, open].map(share)
            };
            [at(Level::P95), at(Level::P999)].concat()
        },
    );
    let dependent = plan(Seed(seed.0 + 1), "an objective on a series", "n", &SERIES_SIZES).rates(
        &DEPENDENT_BOUNDS,
        &Process::all(),
        |process, n, r, rng| {
            let series = series("m", process.series(n, rng), None);
            both(&series, process.quantile(Rank::P95), process.mean(), r, seed_of(rng))
        },
    );
    let runs = plan(Seed(seed.0 + 2), "an objective on runs", "runs", &RUN_SIZES).rates(
        &DEPENDENT_BOUNDS,
        &Design::all(),
        |design, count, r, rng| {
            let (sample, ids) = pooled(&design.runs(count, EACH, rng));
            let series = series("m", sample, Some(ids));
            both(&series, design.quantile(Rank::P95), design.mean(), r, seed_of(rng))
        },
    );
    format!(
        "## Wrong verdicts on objectives

The target is the truth itself: the claim `<= T` is just true, the worst case for a wrong FAIL, and
a target a hair below is passed as often as this one. Each share should be at most one minus the
level. Objectives on percentiles of independent data are the first section.

### A mean

The studentized bootstrap, which is asymptotic; open where n is too small or one value is too
heavy.

{}
### One dependent series

In time order, judged with an effective n where the dependence is seen. Means are judged on
{MEANS} samples.

{}
### Runs

{EACH} observations a run, as in \"Intervals from several runs\", with the run of each in the data.
Means are judged on {MEANS} samples.

{}",
        mean.render(),
        dependent.render(),
        runs.render()
    )
}

fn plan<'a>(seed: Seed, what: &'static str, axis: &'static str, sizes: &'a [Size]) -> Plan<'a> {
    Plan { seed, what, axis, methods: &DEPENDENT, sizes }
}

/// PASS and FAIL of both objectives.
fn both(series: &Series, p95: f64, mean: f64, number: u32, seed: Seed) -> Vec<Option<f64>> {
    let at = |aggregate, truth| {
        let verdict = verdict(series, aggregate, truth, Level::P95, seed);
        [verdict == Verdict::Pass, verdict == Verdict::Fail].map(share)
    };
    let of_mean = if number < MEANS { at(Aggregate::Mean, mean) } else { [None; 2] };
    [at(Aggregate::Quantile(Rank::P95), p95), of_mean].concat()
}

fn verdict(series: &Series, aggregate: Aggregate, truth: f64, level: Level, seed: Seed) -> Verdict {
    let objective = Objective {
        metric: None,
        labels: Labels::new(),
        aggregate,
        condition: Condition::Absolute(Comparison::AtMost, Quantity::new(truth, None)),
        pooled: false,
        claim: format!("statistic <= {truth}"),
        promise: format!("<= {truth}"),
    };
    let data = dataset(vec![series.clone()]);
    let judged = judge(&data, &[objective], &Settings::new(seed).level(level))
        .expect("the objective speaks of the only series, in its unit");
    judged.findings.into_iter().next().expect("one objective, one finding").verdict
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a cell that may have no value")]
fn share(happened: bool) -> Option<f64> {
    Some(f64::from(u8::from(happened)))
}
