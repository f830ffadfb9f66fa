//! Coverage of the intervals of a mean, a median and a p95 from independent observations.

use std::num::{NonZeroU32, NonZeroUsize};

use tailproof_core::descriptive::Moments;
use tailproof_core::quantile::position;
use tailproof_core::{Interval, Level, QuantileType, Rank, Sample, Seed};
use tailproof_hypothesis::one_sample;
use tailproof_hypothesis::sequential::empirical_bernstein;
use tailproof_resampling::{
    Bootstrap, Intervals, Law as _, MeanBootstrap, QuantileBootstrap, bayesian, bootstrap,
    m_out_of_n, mean_with_error, order_statistic_interval, poisson, rescaled, studentized,
    weighted_mean,
};

use super::data::{Law, laws};
use super::simulate::{Hit, Plan, Size, seed_of, size};
use super::table::Table;

/// Replicates of each bootstrap.
pub(super) const REPLICATES: NonZeroU32 = NonZeroU32::new(999).expect("not zero");
const LEVEL: Level = Level::P95;

const MEAN_SIZES: [Size; 5] =
    [size(10, 2_000), size(30, 2_000), size(100, 2_000), size(500, 1_000), size(2_000, 400)];
const QUANTILE_SIZES: [Size; 5] =
    [size(10, 2_000), size(30, 2_000), size(100, 2_000), size(500, 2_000), size(2_000, 1_000)];
/// Samples of which all resamples are enumerated, which takes 10 ms each at n = 10.
const ENUMERATED: u32 = 500;
/// Largest n at which Poisson weights are drawn.
const POISSON: usize = 100;

const MEAN: [&str; 12] = [
    "percentile, exact law",
    "percentile",
    "basic",
    "normal",
    "BC",
    "BCa",
    "studentized",
    "Bayesian",
    "Poisson",
    "m out of n",
    "Student's t",
    "empirical Bernstein",
];
const QUANTILE: [&str; 5] = [
    "percentile, exact law",
    "basic, exact law",
    "BC, exact law",
    "BCa, exact law",
    "order statistics",
];

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let mean = Plan { seed, what: "a mean", axis: "n", methods: &MEAN, sizes: &MEAN_SIZES }
        .coverage(&laws(), |law, n, r, rng| {
            let sample = law.sample(n, rng);
            of_mean(&sample, law, r, seed_of(rng))
        });
    let median = quantile("a median", Rank::MEDIAN, &QUANTILE_SIZES, Seed(seed.0 + 1));
    // At least five observations beyond p95.
    let p95 = quantile("a p95", Rank::P95, &QUANTILE_SIZES[2..], Seed(seed.0 + 2));
    format!(
        "## Intervals from one sample

### A mean

Percentile, basic, normal, BC and BCa share {REPLICATES} replicates; the studentized interval has
the same resamples. \"Exact law\" is `MeanBootstrap`, the limit of infinitely many replicates; at
n = 10 it enumerates all resamples, of {ENUMERATED} samples only. \"m out of n\" is the percentile
interval of resamples of n^(2/3), drawn together by √(m/n). Poisson weights stop at n = {POISSON}.
Empirical Bernstein needs bounded data.

{}
### A median

\"Exact law\" is `QuantileBootstrap` of type 7; BC has no acceleration, BCa that of the jackknife.
Order statistics say so when n is too small for them.

{}
### A p95

Where at least five observations are expected beyond it.

{}",
        mean.render(),
        median.render(),
        p95.render()
    )
}

fn quantile(what: &'static str, p: Rank, sizes: &[Size], seed: Seed) -> Table {
    Plan { seed, what, axis: "n", methods: &QUANTILE, sizes }
        .coverage(&laws(), |law, n, _, rng| of_quantile(&law.sample(n, rng), p, law.quantile(p)))
}

fn of_mean(sample: &Sample, law: &Law, number: u32, seed: Seed) -> Vec<Hit> {
    let settings = Bootstrap::new(seed).replicates(REPLICATES);
    let plain = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let n = sample.len();
    let half = LEVEL.alpha().to_f64() / 2.0;
    let replicates = bootstrap(sample, &settings, plain);
    let estimate = plain(sample.values());
    let all = Intervals::new(&replicates, estimate).expect("continuous data have spread");
    // The jackknife's acceleration of a mean, in closed form.
    let acceleration = Moments::of(sample).skewness() / (6.0 * (n as f64).sqrt());
    let ends = |i: Interval| Some((i.lo, i.hi));
    let t = studentized(sample, &settings, mean_with_error).ok();
    let m = NonZeroUsize::new((n as f64).powf(2.0 / 3.0) as usize).expect("n is not zero");
    let few = m_out_of_n(sample, m, &settings, plain).expect("m is at most n");
    let few = rescaled(&few, estimate, (m.get() as f64 / n as f64).sqrt());
    let hit = |interval| Hit::of(interval, law.mean);
    let when = |wanted: bool, interval: &dyn Fn() -> Option<(f64, f64)>| {
        if wanted { hit(interval()) } else { Hit::Skipped }
    };
    vec![
        when(n > 10 || number < ENUMERATED, &|| {
            Some(MeanBootstrap::of(sample, seed).interval(LEVEL))
        }),
        hit(all.percentile(LEVEL).ok().and_then(ends)),
        hit(all.basic(LEVEL).ok().and_then(ends)),
        hit(ends(all.normal(LEVEL))),
        hit(all.bias_corrected(LEVEL).ok().and_then(ends)),
        hit(all.bca(acceleration, LEVEL).ok().and_then(ends)),
        hit(t.map(|t| (t.lower(half), t.upper(half)))),
        hit(Some(bayesian(sample, &settings, weighted_mean).percentile_interval(LEVEL))),
        when(n <= POISSON, &|| {
            Some(poisson(sample, &settings, weighted_mean).percentile_interval(LEVEL))
        }),
        hit(Some(few.percentile_interval(LEVEL))),
        hit(one_sample(sample, 0.0).ok().map(|t| t.interval(LEVEL))),
        when(law.range.is_some(), &|| {
            law.range.and_then(|range| empirical_bernstein(sample, range, LEVEL).ok())
        }),
    ]
}

fn of_quantile(sample: &Sample, p: Rank, truth: f64) -> Vec<Hit> {
    let law = QuantileBootstrap::of(sample, p, QuantileType::Linear);
    let ends = |i: Interval| Some((i.lo, i.hi));
    let bca = |a: f64| law.bca_interval(a, LEVEL).ok().and_then(ends);
    let hit = |interval| Hit::of(interval, truth);
    vec![
        hit(Some(law.interval(LEVEL))),
        hit(ends(law.basic_interval(LEVEL))),
        hit(bca(0.0)),
        hit(acceleration(sample, p).and_then(bca)),
        hit(order_statistic_interval(sample, p, LEVEL)),
    ]
}

/// The jackknife's acceleration of a type-7 quantile; `None` when it does not move.
///
/// `tailproof_resampling::jackknife` would sort n samples of n − 1.
fn acceleration(sample: &Sample, p: Rank) -> Option<f64> {
    let x = sample.sorted();
    let at = position(x.len() as u64 - 1, p, QuantileType::Linear);
    let without: Vec<f64> = (1..=x.len() as u64)
        .map(|left_out| {
            // Ranks from the one left out on are one further.
            let ranked = |r: u64| x[(r - 1 + u64::from(r >= left_out)) as usize];
            at.interpolate(ranked(at.lower), ranked(at.upper))
        })
        .collect();
    // Deviations are counted downwards, hence the sign; NaN without spread.
    let acceleration = -Moments::of_values(&without).skewness() / (6.0 * (x.len() as f64).sqrt());
    acceleration.is_finite().then_some(acceleration)
}
