//! Measures each switch of the aggregation alone and all together, judges the times with
//! Tailproof's own speed-ups, and writes `docs/ablation.md`.

mod measure;
mod page;
mod parallel;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use tailproof_core::Seed;

const SEED: Seed = Seed(20_260_101);

/// Writes `docs/ablation.md`.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut sizes = Vec::new();
    for (batches, rounds) in measure::SIZES {
        eprintln!("{batches} batches, {rounds} rounds");
        sizes.push(measure::size(batches, rounds).with_context(|| format!("{batches} batches"))?);
    }
    let mut around = Vec::new();
    for (batches, rounds) in measure::AROUND {
        eprintln!("{batches} batches, one thread and all, {rounds} rounds");
        around.push(measure::crossing(batches, rounds)?);
    }
    eprintln!("threads");
    let threads = measure::threads(measure::THREADED.0, measure::THREADED.1)?;
    eprintln!("calls");
    let metered = measure::METERED;
    let calls = measure::calls(metered.0, metered.1)?;
    let measured = measure::Measured { sizes, around, threads, calls, metered };
    let text = page::render(&tailproof_ingest::environment(), &measured)?;
    let path = root.join("docs/ablation.md");
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    eprintln!("docs/ablation.md: {:.0?}", start.elapsed());
    Ok(())
}
