//! The sections of `docs/ablation.md` about threads.

use anyhow::Context;
use tailproof_compare::scaling::{Estimate, Law, fit, speed_ups};
use tailproof_compare::speedup::{SpeedUpSettings, speed_up};
use tailproof_core::{Level, Provenance, number, percent};
use tailproof_scorecard::tree::Modes;

use super::measure::{Crossing, Threads};
use super::page::{LEAVES, mean_time, shown};

/// Ten areas and a total.
const NODES: usize = 11;

/// Times and speed-ups by number of threads, and what Amdahl's law makes of them.
pub(super) fn threads(measured: &Threads) -> anyhow::Result<String> {
    let Threads { batches, rounds, direct, curve } = measured;
    let mut out = format!(
        "## Threads\n\n\
         The vectorised form without a cache, {} batches, {rounds} rounds, each number of threads in\n\
         a pool of its own. The first line is the same call without a pool, which is *vectorised\n\
         only* of the times above. A batch of a large call takes longer than one of a small call:\n\
         scores and results are {} MB here, more than a processor keeps at hand.\n\n",
        number(*batches as f64),
        number((*batches * (LEAVES + NODES) * size_of::<f64>()) as f64 / 1e6),
    );
    out += "| threads | time a batch | speed-up | efficiency |\n| ---: | ---: | ---: | ---: |\n";
    out += &format!("| no pool | {} ns | – | – |\n", number(mean_time(direct)));
    if curve.points.len() < 2 {
        out += "\nOne core: nothing is parallel here, and Amdahl's fraction was not tested.\n";
        return Ok(out);
    }
    let rows = speed_ups(curve, Level::P95).context("speed-ups by threads")?.rows;
    for row in &rows {
        out += &format!(
            "| {} | {} ns | {} | {} |\n",
            number(row.workers),
            number(row.mean),
            row.speed_up.text(),
            row.efficiency.text()
        );
    }
    if let [_, last] = rows.as_slice() {
        let sigma = serial_share(last.workers, last.speed_up);
        out += &format!(
            "\nTwo counts fit any serial share, so Amdahl's law is solved for, not tested:\n\
             σ = (p/S − 1)/(p − 1), with p = 2 that is 2/S − 1 = {} [{}, {}] from the speed-up S \
             above and its\ninterval at 95 %. The parallel share α = 1 − σ is {} [{}, {}].\n",
            percent(sigma.value),
            percent(sigma.lo),
            percent(sigma.hi),
            percent(1.0 - sigma.value),
            percent(1.0 - sigma.hi),
            percent(1.0 - sigma.lo),
        );
        return Ok(out);
    }
    let law = fit(curve, Law::Amdahl, Level::P95).context("Amdahl's law")?;
    let few = law.provenance == Provenance::Estimated;
    let few = if few { ", from fewer than six thread counts" } else { "" };
    out += &format!(
        "\n{} ({}{few}; intervals at 95 %). The parallel share α = 1 − σ is {} [{}, {}].\n",
        law.sentence(),
        law.provenance.name(),
        percent(1.0 - law.serial.value),
        percent(1.0 - law.serial.hi),
        percent(1.0 - law.serial.lo),
    );
    Ok(out)
}

/// Amdahl's serial share that gives p workers this speed-up.
///
/// ```text
/// S = 1/(σ + (1 − σ)/p)      σ = (p/S − 1)/(p − 1)      falls as S rises
/// ```
/// Below 0 when the workers are faster than p times one.
fn serial_share(workers: f64, speed_up: Estimate) -> Estimate {
    let share = |s: f64| (workers / s - 1.0) / (workers - 1.0);
    Estimate { value: share(speed_up.value), lo: share(speed_up.hi), hi: share(speed_up.lo) }
}

/// One thread and all of them around the threshold, and whether it is where it should be.
pub(super) fn threshold(around: &[Crossing], settings: &SpeedUpSettings) -> anyhow::Result<String> {
    let mut out = String::from(
        "## From where on several threads\n\n\
         The two forms that `Switch::Auto` chooses between, both vectorised and without a cache.\n\n\
         | batches | scores | rounds | one thread | all threads | speed-up |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut found = Vec::new();
    for size in around {
        let up = speed_up(&size.one, &size.all, settings)?;
        out += &format!(
            "| {} | {} | {} | {} ns | {} ns | {} |\n",
            number(size.batches as f64),
            number((size.batches * LEAVES) as f64),
            size.rounds,
            number(mean_time(&size.one)),
            number(mean_time(&size.all)),
            shown(&up),
        );
        found.push((size.batches, up.interval));
    }
    out += &format!("\n{}", sentence(&found, Modes::PARALLEL_FROM / LEAVES));
    Ok(out)
}

/// The smallest size from which on every size is shown to gain.
fn gains_from(found: &[(usize, (f64, f64))]) -> Option<usize> {
    found.iter().rev().take_while(|(_, interval)| interval.0 > 1.0).last().map(|(size, _)| *size)
}

/// What the table says about a threshold of so many batches.
fn sentence(found: &[(usize, (f64, f64))], threshold: usize) -> String {
    let count = |n: usize| number(n as f64);
    let slower: Vec<String> =
        found.iter().filter(|(_, i)| i.1 < 1.0).map(|(size, _)| count(*size)).collect();
    let slower = if slower.is_empty() {
        "At none of these sizes all threads are shown to be slower than one.".to_owned()
    } else {
        format!("All threads are slower than one at {} batches.", slower.join(", "))
    };
    let Some(from) = gains_from(found) else {
        return format!(
            "{slower} At none of them is a speed-up shown that larger ones keep. The threshold of\n\
             `Modes::PARALLEL_FROM`, {} batches of sixty, is not supported by this table.\n",
            count(threshold)
        );
    };
    let stands = if threshold < from {
        let below = found.iter().rev().find(|(size, _)| *size <= threshold);
        match below {
            // Between the last size without and the first with a speed-up.
            Some((size, _)) if found.iter().all(|(s, _)| *s <= *size || *s >= from) => {
                "lies between the last size without a shown speed-up and the first with one"
            }
            _ => "is too low by this table",
        }
    } else {
        "lies above it"
    };
    format!(
        "{slower} The smallest size from which on the whole interval\nis above ×1 is {} batches. The \
         threshold of `Modes::PARALLEL_FROM`, {} batches of sixty\n({} scores), {stands};\n\
         `Modes::parallel_from` overrides it.\n",
        count(from),
        count(threshold),
        count(Modes::PARALLEL_FROM),
    )
}

#[cfg(test)]
mod tests {
    use tailproof_compare::scaling::{Curve, Point};
    use tailproof_core::{Labels, Metric, Observations, Raw, Sample, Series, Unit};

    use super::*;

    fn times(mean: f64) -> Sample {
        Sample::new((-2..=2).map(|i| mean + f64::from(i)).collect()).unwrap()
    }

    fn series(mean: f64) -> Series {
        let observations = Observations::Raw(Raw::complete(times(mean)));
        Series::new(Metric::new("time", Unit::known("ns")), observations)
    }

    fn measured(counts: &[(f64, f64)]) -> Threads {
        let points = counts.iter().map(|&(x, mean)| Point { x, values: times(mean) }).collect();
        let metric = Metric::new("time", Unit::known("ns"));
        let (labels, axis) = (Labels::new(), "threads".to_owned());
        let curve = Curve { metric, labels, axis, points, by_run: false };
        Threads { batches: 1_000, rounds: 5, direct: series(99.0), curve }
    }

    #[test]
    fn two_counts_are_solved_for_by_the_ratio_of_the_table() {
        let text = threads(&measured(&[(1.0, 400.0), (2.0, 250.0)])).unwrap();
        assert!(
            text.contains("| no pool | 99 ns |") && text.contains("| 2 | 250 ns | 1.6 ["),
            "{text}"
        );
        assert!(
            text.contains("solved for, not tested") && text.contains("2/S − 1 = 25 % ["),
            "{text}"
        );
        assert!(!text.contains("ceiling"), "{text}");
        let more = [(1.0, 400.0), (2.0, 250.0), (3.0, 200.0)];
        assert!(threads(&measured(&more)).unwrap().contains("Amdahl: serial share"));
        assert!(threads(&measured(&more[..1])).unwrap().contains("was not tested"));
    }

    #[test]
    fn the_memory_of_a_call_is_told() {
        let large = Threads { batches: 1_000_000, ..measured(&[(1.0, 400.0)]) };
        assert!(threads(&large).unwrap().contains("results are 568 MB here"));
    }

    #[test]
    fn the_serial_share_gives_the_speed_up_back() {
        let speed_up = Estimate { value: 3.2, lo: 2.5, hi: 4.5 };
        let share = serial_share(4.0, speed_up);
        let amdahl = |sigma: f64| 1.0 / (sigma + (1.0 - sigma) / 4.0);
        assert!((amdahl(share.value) - 3.2).abs() < 1e-12);
        assert!((amdahl(share.lo) - 4.5).abs() < 1e-12 && (amdahl(share.hi) - 2.5).abs() < 1e-12);
        assert!(share.lo < 0.0 && share.lo < share.value && share.value < share.hi);
    }

    #[test]
    fn the_threshold_is_judged_by_its_own_table() {
        let found = [
            (1_000, (0.4, 0.6)),
            (3_000, (1.01, 1.1)), // By chance: the next one is none.
            (10_000, (0.8, 1.02)),
            (30_000, (1.05, 1.4)),
            (100_000, (1.3, 1.8)),
        ];
        assert_eq!(gains_from(&found), Some(30_000));
        let above = sentence(&found, 34_952);
        for part in ["slower than one at 1000 batches", "is 30 000 batches", "lies above it"] {
            assert!(above.contains(part), "{part}: {above}");
        }
        assert!(sentence(&found, 1_092).contains("too low by this table"));
        assert!(sentence(&found, 20_000).contains("lies between"));
        assert!(sentence(&found[..3], 34_952).contains("is not supported"));
        assert!(sentence(&[], 34_952).contains("is not supported"));
    }
}
