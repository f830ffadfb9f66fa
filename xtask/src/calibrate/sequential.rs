//! Wrong conclusions of what may be looked at after every observation.

use tailproof_core::{Comparison, Level, Rank, Seed};
use tailproof_hypothesis::sequential::{
    BinomialMixture, BoundedMean, Decision, Msprt, MsprtProportions, QuantileSequence, Sprt,
    SubGaussian,
};
use tailproof_resampling::{Stream, uniform};
use tailproof_slo::gate::Gate;

use super::data::{laws, normal};
use super::simulate::{Size, replicate, size};
use super::table::{Cell, Table};

const LEVEL: Level = Level::P95;
const ALPHA: f64 = 0.05;
/// Looks, one after each observation.
const SIZES: [Size; 2] = [size(100, 2_000), size(1_000, 2_000)];
/// Samples for confidence sequences of quantiles, which cost O(n) a look.
const QUANTILES: u32 = 500;

/// Whether a sequence of so many looks is ever wrong.
type Wrong = dyn Fn(u64, &mut Stream) -> bool + Sync;

/// A way to be wrong at some look.
struct Case {
    data: &'static str,
    method: &'static str,
    bound: f64,
    samples: u32,
    /// Whether it is wrong at any of that many looks.
    wrong: Box<Wrong>,
}

/// The section of the document.
pub(super) fn section(seed: Seed) -> String {
    let mut table = Table::rates("continuous looking", "looks", &SIZES);
    let mut number = 0;
    for case in cases() {
        let mut columns = Vec::new();
        for size in SIZES {
            number += 1;
            let samples = size.samples.min(case.samples);
            let label = format!("{}, {}, {} looks", case.method, case.data, size.at);
            let wrong: Vec<f64> = replicate(seed, number, &label, samples, |_, rng| {
                f64::from(u8::from((case.wrong)(size.at, rng)))
            });
            columns.push(vec![Cell::rate(&wrong, Some(case.bound), size.samples as usize)]);
        }
        table.block(case.data, &[case.method], columns);
    }
    format!(
        "## Looking after every observation

The share of sequences that are wrong at one of the looks or more. \"Share 0.95\" is a percentile
objective with its true p95 as target. The last two lines are methods for one look, used as they
must not be.

{}",
        table.render()
    )
}

fn cases() -> Vec<Case> {
    let mut all = mixtures();
    all.extend(quantiles());
    all.extend(means());
    all.extend(rates());
    all.extend(misused());
    all
}

fn case(
    data: &'static str,
    method: &'static str,
    bound: f64,
    wrong: impl Fn(u64, &mut Stream) -> bool + Sync + 'static,
) -> Case {
    Case { data, method, bound, samples: u32::MAX, wrong: Box::new(wrong) }
}

fn mixtures() -> Vec<Case> {
    let observed = |looks: u64, rng: &mut Stream| {
        let mut gate = BinomialMixture::new(Rank::P95);
        for _ in 0..looks {
            gate.observe(uniform(rng) < 0.95);
        }
        gate
    };
    let data = "share 0.95";
    // The p-values are minima over all looks.
    vec![
        case(data, "BinomialMixture, PASS at 95 %", ALPHA, move |looks, rng| {
            observed(looks, rng).p_share_above() <= ALPHA
        }),
        case(data, "BinomialMixture, FAIL at 95 %", ALPHA, move |looks, rng| {
            observed(looks, rng).p_share_below() <= ALPHA
        }),
        case(data, "BinomialMixture, PASS at 99.9 %", 0.001, move |looks, rng| {
            observed(looks, rng).p_share_above() <= 0.001
        }),
        case(data, "BinomialMixture, FAIL at 99.9 %", 0.001, move |looks, rng| {
            observed(looks, rng).p_share_below() <= 0.001
        }),
    ]
}

fn quantiles() -> Vec<Case> {
    let of = |p: Rank, method| Case {
        samples: QUANTILES,
        ..case("exponential", method, ALPHA, move |looks, rng| {
            let [law, ..] = laws();
            let mut sequence = QuantileSequence::new(p, LEVEL);
            missed(looks, law.quantile(p), || {
                sequence.observe(law.draw(rng));
                sequence.interval()
            })
        })
    };
    vec![
        of(Rank::MEDIAN, "QuantileSequence, median at 95 %"),
        of(Rank::P95, "QuantileSequence, p95 at 95 %"),
    ]
}

fn means() -> Vec<Case> {
    let [exponential, _, _, bimodal] = laws();
    let (lo, hi) = bimodal.range.expect("the bimodal law is bounded");
    vec![
        case("bimodal", "BoundedMean at 95 %", ALPHA, move |looks, rng| {
            let mut sequence = BoundedMean::new(lo, hi, LEVEL).expect("a range");
            missed(looks, bimodal.mean, || {
                sequence.observe(bimodal.draw(rng)).expect("inside of the range");
                sequence.interval()
            })
        }),
        case("bimodal", "SubGaussian, half the range, at 95 %", ALPHA, move |looks, rng| {
            let sigma = (hi - lo) / 2.0;
            let mut sequence = SubGaussian::new(sigma, LEVEL, 300).expect("a positive sigma");
            missed(looks, bimodal.mean, || {
                sequence.observe(bimodal.draw(rng));
                sequence.interval()
            })
        }),
        case("normal", "SubGaussian, known σ, at 95 %", ALPHA, |looks, rng| {
            let mut sequence = SubGaussian::new(1.0, LEVEL, 300).expect("a positive sigma");
            missed(looks, 0.0, || {
                sequence.observe(normal(rng));
                sequence.interval()
            })
        }),
        case("normal", "Msprt, known variance", ALPHA, |looks, rng| {
            let mut test = Msprt::new(1.0, 0.01, 0.0).expect("positive parameters");
            for _ in 0..looks {
                test.observe(normal(rng));
            }
            test.p() <= ALPHA
        }),
        case("exponential", "Msprt, known variance", ALPHA, move |looks, rng| {
            let mut test = Msprt::new(1.0, 0.01, exponential.mean).expect("positive parameters");
            for _ in 0..looks {
                test.observe(exponential.draw(rng));
            }
            test.p() <= ALPHA
        }),
    ]
}

fn rates() -> Vec<Case> {
    vec![
        case("two rates of 0.05", "MsprtProportions", ALPHA, |looks, rng| {
            let mut test = MsprtProportions::new(0.001).expect("a positive parameter");
            let event = |rng: &mut Stream| uniform(rng) < 0.05;
            for _ in 0..looks {
                test.observe(event(rng), event(rng));
            }
            test.p() <= ALPHA
        }),
        // Wald's bound of the real rate is α/(1 − β).
        case("a rate of 0.05", "Sprt, 0.05 against 0.1", ALPHA / 0.9, |looks, rng| {
            let mut test = Sprt::bernoulli(0.05, 0.1, ALPHA, 0.1).expect("rates and errors");
            for _ in 0..looks {
                test.observe(f64::from(u8::from(uniform(rng) < 0.05)));
            }
            test.decision() == Decision::AcceptH1
        }),
    ]
}

fn misused() -> Vec<Case> {
    let last = SIZES[SIZES.len() - 1].at;
    // A count passes from the first rank on, and fails below the second.
    let ranks: Vec<(u64, u64)> = (1..=last)
        .map(|n| {
            let gate = Gate::new(Rank::P95, n, Comparison::AtMost, LEVEL, LEVEL);
            (gate.upper().0.unwrap_or(u64::MAX), gate.lower().0.unwrap_or(0))
        })
        .collect();
    let of = |pass: bool| {
        let ranks = ranks.clone();
        move |looks: u64, rng: &mut Stream| {
            let mut within = 0;
            ranks.iter().zip(0..looks).any(|(&(from, below), _)| {
                within += u64::from(uniform(rng) < 0.95);
                if pass { within >= from } else { within < below }
            })
        }
    };
    vec![
        case("share 0.95", "the gate for one look, PASS at 95 %", ALPHA, of(true)),
        case("share 0.95", "the gate for one look, FAIL at 95 %", ALPHA, of(false)),
    ]
}

/// Whether any of that many intervals misses the truth.
fn missed(looks: u64, truth: f64, mut interval: impl FnMut() -> (f64, f64)) -> bool {
    (0..looks).any(|_| {
        let (lo, hi) = interval();
        lo > truth || hi < truth
    })
}
