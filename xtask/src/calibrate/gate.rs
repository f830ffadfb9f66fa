//! Simulates the gate on distributions whose quantiles are known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tailproof_core::binomial::tails;
use tailproof_core::{Comparison, Level, Rank, Seed, Verdict};
use tailproof_resampling::{Stream, uniform};
use tailproof_slo::gate::{Count, Gate};

use super::data::normal;
use super::simulate::replicate;

const REPLICATES: u32 = 20_000;
const SIZES: [u64; 3] = [100, 1_000, 10_000];
const RANKS: [Rank; 2] = [Rank::P95, Rank::P99];
/// Targets relative to the true quantile.
const TARGETS: [f64; 3] = [0.9, 1.0, 1.1];

/// A continuous distribution by its quantile function.
struct Law {
    name: &'static str,
    draw: fn(&mut Stream) -> f64,
    quantile: fn(f64) -> f64,
}

const LAWS: [Law; 3] = [
    Law { name: "exponential", draw: |rng| -uniform(rng).ln(), quantile: |p| -(1.0 - p).ln() },
    Law {
        name: "log-normal (σ = 1)",
        draw: |rng| normal(rng).exp(),
        // Φ⁻¹(0.95) and Φ⁻¹(0.99).
        quantile: |p| {
            if p < 0.97 { 1.644_853_626_951_472_7_f64 } else { 2.326_347_874_040_841 }.exp()
        },
    },
    Law {
        name: "Pareto (α = 1.5)",
        draw: |rng| uniform(rng).powf(-1.0 / 1.5),
        quantile: |p| (1.0 - p).powf(-1.0 / 1.5),
    },
];

/// Verdicts at one target.
#[derive(Clone, Copy, Default)]
struct Tally {
    pass: u32,
    fail: u32,
}

/// The section of the document, and how many of its rows are beyond chance.
pub(super) fn section(seed: Seed) -> anyhow::Result<(String, u32)> {
    let levels = [Level::P999, Level::P95];
    let cells = LAWS.len() * SIZES.len() * RANKS.len() * levels.len();
    let mut rows = String::new();
    let mut suspicious = 0;
    for (l, law) in LAWS.iter().enumerate() {
        for (s, &n) in SIZES.iter().enumerate() {
            // counts[rank][target], shared by both levels.
            let task = (l * SIZES.len() + s) as u64;
            let label = format!("the percentile gate, {}, n = {n}", law.name);
            let counts: Vec<[[u64; 3]; 2]> =
                replicate(seed, task, &label, REPLICATES, |_, rng| observe(law, n, rng));
            for level in levels {
                for (k, &p) in RANKS.iter().enumerate() {
                    let gate = Gate::new(p, n, Comparison::AtMost, level, level);
                    let tally = judge(&gate, n, counts.iter().map(|count| &count[k]));
                    let exact = exact(&gate, p, n);
                    let odd = [(tally[1].pass, exact.0), (tally[1].fail, exact.1)]
                        .iter()
                        .any(|&(seen, p)| !plausible(seen, p, cells));
                    suspicious += u32::from(odd);
                    row(&mut rows, law.name, p, n, level, &tally, exact, odd)?;
                }
            }
        }
    }
    Ok((page(seed, &rows, cells, suspicious), suspicious))
}

/// Observations at or below each target, for each rank.
fn observe(law: &Law, n: u64, rng: &mut Stream) -> [[u64; 3]; 2] {
    let targets = RANKS.map(|p| TARGETS.map(|t| t * (law.quantile)(p.to_f64())));
    let mut counts = [[0; 3]; 2];
    for _ in 0..n {
        let x = (law.draw)(rng);
        for (counts, targets) in counts.iter_mut().zip(&targets) {
            for (count, &target) in counts.iter_mut().zip(targets) {
                *count += u64::from(x <= target);
            }
        }
    }
    counts
}

/// Verdicts on the counts at each target; each count is judged once.
fn judge<'a>(gate: &Gate, n: u64, counts: impl Iterator<Item = &'a [u64; 3]>) -> [Tally; 3] {
    let mut verdicts = BTreeMap::new();
    let mut tally = [Tally::default(); 3];
    for count in counts {
        for (t, &c) in tally.iter_mut().zip(count) {
            match verdicts.entry(c).or_insert_with(|| gate.verdict(Count::exact(c, n))) {
                Verdict::Pass => t.pass += 1,
                Verdict::Fail => t.fail += 1,
                _ => {}
            }
        }
    }
    tally
}

/// Exact probabilities of a pass and of a fail when the target is the true quantile.
fn exact(gate: &Gate, p: Rank, n: u64) -> (f64, f64) {
    let (p, q) = (p.to_f64(), p.complement().to_f64());
    let pass = gate.upper().0.map_or(0.0, |r| tails(r, n, p, q).at_least);
    let fail = gate.lower().0.map_or(0.0, |s| tails(s, n, p, q).below);
    (pass, fail)
}

/// Whether a count is within chance of its exact probability, two-sided at 10⁻³ over all cells.
fn plausible(seen: u32, p: f64, cells: usize) -> bool {
    let (k, n) = (u64::from(seen), u64::from(REPLICATES));
    let alpha = 1e-3 / (2 * cells) as f64 / 2.0;
    tails(k, n, p, 1.0 - p).at_least > alpha && tails(k + 1, n, p, 1.0 - p).below > alpha
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
fn row(
    out: &mut String,
    law: &str,
    p: Rank,
    n: u64,
    level: Level,
    tally: &[Tally; 3],
    exact: (f64, f64),
    odd: bool,
) -> anyhow::Result<()> {
    let share = |k: u32| format!("{:.3} %", 100.0 * f64::from(k) / f64::from(REPLICATES));
    let open = |t: &Tally| share(REPLICATES - t.pass - t.fail);
    let [low, at, high] = tally;
    writeln!(
        out,
        "| {law} | {p} | {n} | {level} | {} | {} ({:.3} %) | {} ({:.3} %) | {} | {} | {} | {} | {} | {} |{}",
        share(low.pass),
        share(at.pass),
        100.0 * exact.0,
        share(at.fail),
        100.0 * exact.1,
        share(high.fail),
        share(low.fail),
        share(high.pass),
        open(low),
        open(at),
        open(high),
        if odd { " **beyond chance** |" } else { "" },
    )?;
    Ok(())
}

fn page(seed: Seed, rows: &str, cells: usize, suspicious: u32) -> String {
    format!(
        "## The percentile gate

Of {REPLICATES} simulated samples a row (seed {seed}). The true
quantile q of each distribution is known; the gate judges `pNN <= T` at T = 0.9 q, q and 1.1 q.

- At 0.9 q the claim is false: a pass is wrong, a fail is right.
- At q itself the claim is just true. It is the worst case for both errors: a target a hair
  below q is passed as often, and each share is at most `1 − level`. The exact probability, from
  the binomial distribution, stands in brackets.
- At 1.1 q the claim is true: a fail is wrong, a pass is right.

A gate that always shrugs makes no errors either, so power and the share of `INCONCLUSIVE` are
listed. At n = 100 a pass on p95 at 99.9 % (n >= 135) or on p99 (n >= 688) does not exist, and a
share of 0 says so. At 95 %, p95 needs 59 and p99 needs 299.

Of {cells} rows, {suspicious} differ from the exact probabilities by more than chance allows
(binomial test at 0.001 over all rows).

| distribution | rank | n | level | wrong pass at 0.9 q | pass at q (exact) | fail at q (exact) | wrong fail at 1.1 q | power: fail at 0.9 q | power: pass at 1.1 q | open at 0.9 q | open at q | open at 1.1 q |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
These figures hold for independent observations of one distribution and one look at the data.
Dependence and repeated looks are not covered; see the warnings in `docs/methods.md`.
"
    )
}
