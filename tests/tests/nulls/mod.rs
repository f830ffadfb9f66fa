//! p-values of data for which the null hypothesis holds: `P(p ≤ α) ≤ α`, beyond which
//! asymptotic tests are allowed what stands beside them.

mod counts;
mod groups;
mod means;
mod permutation;
mod ranks;
mod sequential;

use rayon::prelude::*;
use tailproof_core::{Sample, Seed};
use tailproof_resampling::{Stream, stream, uniform};

/// Name, excess allowed at α = 0.05 (0 for exact tests), and the p-value of one data set.
type Null = (&'static str, f64, fn(&mut Stream) -> f64);

const DATA_SETS: u64 = 3_000;

fn holds(name: &str, gap: f64, p: impl Fn(&mut Stream) -> f64 + Sync) -> Result<(), String> {
    let seed = Seed(name.bytes().fold(7, |h, b| h * 31 % 1_000_003 + u64::from(b)));
    let mut drawn: Vec<f64> =
        (0..DATA_SETS).into_par_iter().map(|task| p(&mut stream(seed, task))).collect();
    drawn.sort_by(f64::total_cmp);
    if !drawn.iter().all(|p| (0.0..=1.0).contains(p)) {
        return Err(format!("{name}: a p-value outside of [0, 1]"));
    }
    // A test that never says anything keeps its level too.
    if drawn.partition_point(|&p| p <= 0.5) < drawn.len() / 20 {
        return Err(format!("{name}: hardly ever p ≤ 0.5"));
    }
    for alpha in [0.001, 0.01, 0.05, 0.1] {
        let share = drawn.partition_point(|&p| p <= alpha) as f64 / DATA_SETS as f64;
        let allowed = alpha + gap * f64::min(1.0, (alpha / 0.05_f64).sqrt());
        // One in 10⁶ by chance; the second term is for counts of a few.
        let error = 4.8 * (allowed / DATA_SETS as f64).sqrt() + 8.0 / DATA_SETS as f64;
        if share > allowed + error {
            return Err(format!("{name}: P(p ≤ {alpha}) = {share}, allowed {allowed:.4}"));
        }
    }
    Ok(())
}

#[test]
fn p_values_keep_their_level() {
    let plain = [counts::ROWS, groups::ROWS, means::ROWS, ranks::ROWS, sequential::ROWS].concat();
    let mut failures: Vec<String> =
        plain.iter().filter_map(|&(name, gap, p)| holds(name, gap, p).err()).collect();
    for &(name, gap, p) in permutation::ROWS {
        let two = |rng: &mut Stream| {
            let mut draw =
                || Sample::new((0..12).map(|_| -uniform(rng).ln()).collect()).expect("finite");
            let (x, y) = (draw(), draw());
            p(&x, &y)
        };
        failures.extend(holds(name, gap, two).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_level_that_is_not_kept_is_noticed() {
    // Half of a p-value is none.
    assert!(holds("halved", 0.0, |rng| uniform(rng) / 2.0).is_err());
    assert!(holds("uniform", 0.0, uniform).is_ok());
    assert!(holds("silent", 0.0, |_| 1.0).is_err());
}
