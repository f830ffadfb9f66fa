//! Runs one of the ten hottest calls, for `cargo xtask instructions`.
//!
//! `hot` lists the calls, name and work apart by a tab; `hot NAME TIMES` makes a call once or
//! twice. The inputs of both times are made first, whatever `TIMES` is, so that two runs differ
//! by one call and by nothing else. One thread, this one: nobody waits for work.
#![expect(clippy::print_stdout, reason = "xtask reads the list")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::process::ExitCode;

use tailproof_benches::lognormal;
use tailproof_core::{Level, QuantileType, Rank, Sample, Seed};
use tailproof_hypothesis::{hodges_lehmann, mann_whitney};
use tailproof_ingest::{Input, Options, read};
use tailproof_resampling::{
    Bootstrap, Law, MeanBootstrap, Permutation, QuantileBootstrap, RatioBootstrap, bootstrap,
    dependence, order_statistic_interval, permute_means,
};

/// Most times that a call is made.
const MOST: usize = 2;
const SEED: Seed = Seed(42);
const THOUSAND: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
const TEN_THOUSAND: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");

/// A call with its input.
type Task = Box<dyn FnOnce()>;

/// Something that is called often, or for long.
struct Hot {
    name: &'static str,
    work: &'static str,
    /// The call on [`MOST`] inputs of its own.
    tasks: fn() -> Vec<Task>,
}

static CALLS: [Hot; 10] = [
    Hot {
        name: "quantile_law",
        work: "exact bootstrap interval and order-statistic interval of p95, n = 10⁴ unsorted",
        tasks: || {
            tasks(
                || sample(10_000, 1),
                |x| {
                    let law = QuantileBootstrap::of(&x, Rank::P95, QuantileType::Linear);
                    let bounds = order_statistic_interval(&x, Rank::P95, Level::P999);
                    (law.interval(Level::P95), bounds)
                },
            )
        },
    },
    Hot {
        name: "quantile_replicates",
        work: "10⁴ replicates of p95 and their interval, n = 10⁴ unsorted",
        tasks: || {
            tasks(
                || sample(10_000, 1),
                |x| {
                    let law = QuantileBootstrap::of(&x, Rank::P95, QuantileType::Linear);
                    law.replicates(SEED, TEN_THOUSAND).percentile_interval(Level::P95)
                },
            )
        },
    },
    Hot {
        name: "permute_means",
        work: "1 000 relabellings of 10³ + 10³, raw and studentized",
        tasks: || {
            tasks(
                || (sample(1_000, 1), sample(1_000, 2)),
                |(x, y)| permute_means(&x, &y, &Permutation::new(SEED).replicates(THOUSAND)),
            )
        },
    },
    Hot {
        name: "mann_whitney",
        work: "Mann–Whitney test of 10⁴ + 10⁴ unsorted",
        tasks: || tasks(|| (sample(10_000, 1), sample(10_000, 2)), |(x, y)| mann_whitney(&x, &y)),
    },
    Hot {
        name: "hodges_lehmann",
        work: "Hodges–Lehmann shift and interval of 10³ + 10³ unsorted",
        tasks: || {
            tasks(
                || (sample(1_000, 1), sample(1_000, 2)),
                |(x, y)| hodges_lehmann(&x, &y, Level::P95),
            )
        },
    },
    Hot {
        name: "bootstrap",
        work: "1 000 replicates of a mean by the general bootstrap, n = 10³",
        tasks: || {
            tasks(
                || sample(1_000, 1),
                |x| {
                    let settings = Bootstrap::new(SEED).replicates(THOUSAND);
                    bootstrap(&x, &settings, |v| v.iter().sum::<f64>() / v.len() as f64)
                },
            )
        },
    },
    Hot {
        name: "mean_law",
        work: "exact bootstrap interval of a mean (cosine expansion), n = 10³",
        tasks: || tasks(|| sample(1_000, 1), |x| MeanBootstrap::of(&x, SEED).interval(Level::P95)),
    },
    Hot {
        name: "ratio_of_quantiles",
        work: "exact bootstrap interval of the ratio of two p95, 10³ + 10³",
        tasks: || {
            tasks(
                || (sample(1_000, 1), sample(1_000, 2)),
                |(x, y)| {
                    RatioBootstrap::of_quantiles(&x, &y, Rank::P95, QuantileType::Linear)
                        .expect("latencies are positive")
                        .interval(Level::P95)
                },
            )
        },
    },
    Hot {
        name: "dependence",
        work: "autocorrelation time of 10⁴ values in time order",
        tasks: || tasks(|| sample(10_000, 1), |x| dependence(x.values())),
    },
    Hot {
        name: "read_csv",
        work: "a CSV of 10⁴ rows with its hash",
        tasks: || {
            tasks(csv, |text| {
                read(vec![Input::from_bytes("latency.csv", text)], &Options::default())
                    .expect("the file is well-formed")
            })
        },
    },
];

/// A call on [`MOST`] inputs of its own.
fn tasks<I: 'static, T: 'static>(input: impl Fn() -> I, call: fn(I) -> T) -> Vec<Task> {
    (0..MOST)
        .map(|_| {
            let own = input();
            Box::new(move || {
                black_box(call(black_box(own)));
            }) as Task
        })
        .collect()
}

fn sample(n: usize, seed: u64) -> Sample {
    Sample::new(lognormal(n, Seed(seed))).expect("latencies are finite")
}

fn csv() -> String {
    let rows: String = lognormal(10_000, Seed(1)).iter().map(|x| format!("{x:.3}\n")).collect();
    format!("latency_ms\n{rows}")
}

fn main() -> ExitCode {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("no pool was used before");
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = args.as_slice() else {
        for call in &CALLS {
            println!("{}\t{}", call.name, call.work);
        }
        return ExitCode::SUCCESS;
    };
    let call = CALLS.iter().find(|c| c.name == name);
    let times = times.parse::<usize>().ok().filter(|times| (0..=MOST).contains(times));
    let (Some(call), Some(times)) = (call, times) else {
        eprintln!("usage: hot [NAME TIMES], TIMES at most {MOST}; hot alone lists the names");
        return ExitCode::from(2);
    };
    let mut tasks = (call.tasks)();
    for task in tasks.drain(..times) {
        task();
    }
    ExitCode::SUCCESS
}
