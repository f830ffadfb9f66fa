//! Simulates every interval and gate on data whose truth is known, and writes
//! `docs/calibration.md`.

mod comparisons;
mod data;
mod dependent;
mod gate;
mod intervals;
mod objectives;
mod proportions;
mod runs;
mod sequential;
mod simulate;
mod table;
mod two_samples;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use tailproof_core::Seed;

const SEED: Seed = Seed(20_260_101);

/// Writes a section from a seed of its own.
type Section = fn(Seed) -> String;

/// The sections after that of the percentile gate, in the order of the document.
const SECTIONS: [(&str, Section); 8] = [
    ("intervals from one sample", intervals::section),
    ("intervals from two samples", two_samples::section),
    ("intervals of shares", |_| proportions::section()),
    ("intervals from one dependent series", dependent::section),
    ("intervals from several runs", runs::section),
    ("false alarms of comparisons", comparisons::section),
    ("wrong verdicts on objectives", objectives::section),
    ("looking after every observation", sequential::section),
];

/// Writes `docs/calibration.md`; an error when the gate is off its exact probabilities.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let (gate, suspicious) = timed("the percentile gate", || gate::section(SEED))?;
    let mut page = introduction();
    page.push_str(&gate);
    for (index, (name, section)) in (1_u64..).zip(SECTIONS) {
        // Sections take a few seeds from theirs on.
        let seed = Seed(SEED.0 + 100 * index);
        page.push('\n');
        page.push_str(timed(name, || section(seed)).trim_end());
        page.push('\n');
    }
    let path = root.join("docs/calibration.md");
    fs::write(&path, page).with_context(|| format!("writing {}", path.display()))?;
    eprintln!(
        "docs/calibration.md: {:.0?}; {suspicious} rows of the percentile gate beyond chance",
        start.elapsed()
    );
    anyhow::ensure!(suspicious == 0, "{suspicious} rows of the percentile gate are beyond chance");
    Ok(())
}

/// Says on stderr what is being done and how long it took.
fn timed<T>(name: &str, section: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    eprintln!("{name}:");
    let done = section();
    eprintln!("{name}: {:.0?} in all", start.elapsed());
    done
}

fn introduction() -> String {
    format!(
        "# Calibration

Written by `cargo xtask calibrate` (seed {SEED}) and by nothing else: what intervals and gates do
on simulated data whose truth is known. The lists below the tables are made from their figures.

- Intervals are at 95 %. `94.1 ± 0.5 (4.9 / 1.0)`: 94.1 % of the intervals contain the truth, give
  or take a simulation error (one standard error) of 0.5; 4.9 % lie wholly below it, 1.0 % wholly
  above. An interval of equal tails would miss by 2.5 on either side, and a one-sided bound at
  97.5 % is as good as its side.
- `none` is the share of samples without an interval, because n is too small for it or the data
  do not bound it. These claim nothing and count as covering.
- Rates, `4.91 ± 0.48`, are of what should be rare, in percent, with one standard error.
- ✗ marks a row that misses its promise by 3 standard errors or more (a binomial probability below
  0.135 %), ⚠ one that misses it by 2 to 3. One cell in 44 of a method that holds exactly shows
  one of these marks by chance, one in 740 a ✗.
- Numbers in brackets, `(2000)` in a heading or `[500]` in a cell, count the simulated samples. `·`
  was not computed, because it does not apply or costs too much.
- The data: exponential; log-normal with σ = 1; Pareto with α = 2.5, which has a variance and no
  third moment; two modes, 0.9 uniform on 8..12 and 0.1 on 40..60; AR(1) series and runs with
  normal and log-normal margins. The first table has Pareto with α = 1.5
  instead. No other data are spoken of: a heavier tail is worse.

"
    )
}
