//! False alarms of comparisons: both sides have the same law.

use tailproof_compare::{Settings, compare};
use tailproof_core::{Dataset, Sample, Seed, Verdict};
use tailproof_resampling::Stream;

use super::data::{Design, Process, dataset, laws, pooled, series};
use super::simulate::{Plan, Size, size};

const ONE_SIZES: [Size; 3] = [size(20, 2_000), size(100, 2_000), size(1_000, 600)];
const FAMILY_SIZES: [Size; 3] = [size(20, 1_000), size(100, 400), size(1_000, 150)];
const SERIES_SIZES: [Size; 2] = [size(100, 1_000), size(1_000, 300)];
const RUN_SIZES: [Size; 3] = [size(2, 1_000), size(5, 1_000), size(10, 1_000)];
/// Metrics of a family.
const METRICS: usize = 10;
/// Observations in a run.
const EACH: u64 = 20;

const METHODS: [&str; 5] =
    ["any FAIL", "any FAIL or PASS", "rows FAIL", "rows FAIL or PASS", "rows INCONCLUSIVE"];
/// What `compare` promises of a whole table at its level of 95 %: both sides together, and one.
const BOUNDS: [Option<f64>; 5] = [Some(0.025), Some(0.05), None, None, None];

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let one = plan(seed, "comparisons of one metric", "n", &ONE_SIZES).rates(
        &BOUNDS,
        &laws(),
        |law, n, _, rng| judge(1, rng, |rng| (law.sample(n, rng), None)),
    );
    let family = plan(Seed(seed.0 + 1), "comparisons of ten metrics", "n", &FAMILY_SIZES).rates(
        &BOUNDS,
        &laws(),
        |law, n, _, rng| judge(METRICS, rng, |rng| (law.sample(n, rng), None)),
    );
    let dependent = plan(Seed(seed.0 + 2), "comparisons of series", "n", &SERIES_SIZES).rates(
        &BOUNDS,
        &Process::all(),
        |process, n, _, rng| judge(1, rng, |rng| (process.series(n, rng), None)),
    );
    let runs = plan(Seed(seed.0 + 3), "comparisons by run", "runs", &RUN_SIZES).rates(
        &BOUNDS,
        &Design::all(),
        |design, count, _, rng| {
            judge(1, rng, |rng| {
                let (sample, ids) = pooled(&design.runs(count, EACH, rng));
                (sample, Some(ids))
            })
        },
    );
    format!(
        "## False alarms of comparisons

`compare` with a margin of 0 at 95 % on two data sets of the same law: each FAIL is a false alarm,
each PASS a false claim of an improvement. \"Any\" counts pairs of data sets with such a row, and
should stay at or below 5 %; intervals have two sides, so that FAIL alone is held to 2.5 %.
\"Rows\" are shares of all rows. Sizes are those of a side.

### One metric

{}
### A family of {METRICS} metrics

{}
### One dependent series a side

In time order, without runs.

{}
### Runs

{EACH} observations a run, as in \"Intervals from several runs\".

{}",
        one.render(),
        family.render(),
        dependent.render(),
        runs.render()
    )
}

fn plan<'a>(seed: Seed, what: &'static str, axis: &'static str, sizes: &'a [Size]) -> Plan<'a> {
    Plan { seed, what, axis, methods: &METHODS, sizes }
}

/// What a comparison of two data sets of that many metrics says.
fn judge(
    metrics: usize,
    rng: &mut Stream,
    draw: impl Fn(&mut Stream) -> (Sample, Option<Vec<u32>>),
) -> Vec<Option<f64>> {
    let mut side = || -> Dataset {
        let all = (0..metrics).map(|i| {
            let (sample, run) = draw(rng);
            series(&format!("m{i}"), sample, run)
        });
        dataset(all.collect())
    };
    let (base, candidate) = (side(), side());
    let settings = Settings { min_effect: 0.0, ..Settings::new(Seed(1)) };
    let found = compare(&base, &candidate, &settings)
        .expect("both sides hold the same metrics in the same unit")
        .findings;
    let share = |of: fn(&Verdict) -> bool| {
        found.iter().filter(|f| of(&f.verdict)).count() as f64 / found.len() as f64
    };
    let fail = share(|v| *v == Verdict::Fail);
    let either = share(|v| matches!(v, Verdict::Fail | Verdict::Pass));
    let open = share(|v| matches!(v, Verdict::Inconclusive(_)));
    let any = |share: f64| f64::from(u8::from(share > 0.0));
    [any(fail), any(either), fail, either, open].map(Some).to_vec()
}
