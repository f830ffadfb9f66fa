//! Rounds of runs, until it is enough.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tailproof_core::{Dataset, Level, Metric, Observations, Rank, Raw, Sample, Seed, Series, Unit};
use tailproof_hypothesis::sequential::QuantileSequence;
use tailproof_resampling::{below, stream};

use crate::command::{Command, MeasureError, Timing};
use crate::plan::{Plan, Stop};

/// What is known while measuring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Rounds so far.
    pub rounds: u32,
    /// Time so far.
    pub elapsed: Duration,
    /// Half the width of the widest interval as a share; infinite at first.
    pub precision: f64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The commands, the first of which the others are compared with.
    pub commands: Vec<Command>,
    /// The runs of each command, one a round.
    pub timings: Vec<Vec<Timing>>,
    /// For each command but the first, the median over rounds of its time relative to the
    /// first's, and an interval of it that holds at every look; of a single command its own
    /// median time in seconds.
    pub intervals: Vec<(f64, f64)>,
    /// Level of each interval: that of the plan, split among them.
    pub level: Level,
    /// Why it ended.
    pub stop: Stop,
    /// Largest resident set that any process shows that is started from here.
    pub floor: u64,
    /// The seed of the orders.
    pub seed: Seed,
    /// When each round began, nanoseconds since 1970.
    started: Vec<i64>,
}

/// Runs commands in rounds until the plan is fulfilled; `watch` is told after each round.
///
/// Every round runs each command once, in an order drawn anew. Of several commands the ratio
/// `time / time of the first` of each round is followed by a confidence sequence of its
/// median, so that ending when it is narrow enough keeps its level; of a single one the time
/// itself.
///
/// # Errors
/// No command, two of one name, one that cannot be started, or one that fails.
pub fn measure(
    commands: &[Command],
    plan: &Plan,
    mut watch: impl FnMut(Progress),
) -> Result<Measured, MeasureError> {
    if commands.is_empty() {
        return Err(MeasureError::Empty);
    }
    for (i, command) in commands.iter().enumerate() {
        if commands[..i].iter().any(|c| c.name == command.name) {
            return Err(MeasureError::Twice(command.name.clone()));
        }
        // The first run tells what is wrong; it is not one to warm up.
        command.try_out(plan.ignore_failure)?;
    }
    for command in commands {
        for _ in 0..plan.warm_up {
            command.time(plan.ignore_failure)?;
        }
    }
    let compared = commands.len().saturating_sub(1).max(1);
    let level = plan.level.split(compared);
    let mut sequences = vec![QuantileSequence::new(Rank::MEDIAN, level); compared];
    let mut timings: Vec<Vec<Timing>> = vec![Vec::new(); commands.len()];
    let (begin, mut started, mut round) = (Instant::now(), Vec::new(), 0);
    let stop = loop {
        started.push(now());
        for i in order(commands.len(), plan.seed, u64::from(round)) {
            timings[i].push(commands[i].time(plan.ignore_failure)?);
        }
        round += 1;
        let seconds = |i: usize| timings[i].last().map_or(0.0, |t| t.wall.as_secs_f64());
        if commands.len() == 1 {
            sequences[0].observe(seconds(0));
        } else {
            for (k, sequence) in sequences.iter_mut().enumerate() {
                sequence.observe(seconds(k + 1) / seconds(0));
            }
        }
        let precision = sequences.iter().map(|s| half_width(s.interval())).fold(0.0, f64::max);
        watch(Progress { rounds: round, elapsed: begin.elapsed(), precision });
        let last = round >= plan.max_rounds;
        if (last || round >= plan.min_rounds) && precision <= plan.precision {
            break Stop::Precise;
        }
        if last {
            break Stop::Rounds;
        }
        if begin.elapsed() >= plan.limit {
            break Stop::Time;
        }
    };
    // What a process shows that does nothing: the system counts the parent's memory at the fork.
    let floor = Command::nothing().time(true).map_or(0, |t| t.peak);
    let intervals = sequences.iter().map(QuantileSequence::interval).collect();
    let commands = commands.to_vec();
    Ok(Measured { commands, timings, intervals, level, stop, floor, seed: plan.seed, started })
}

/// Half the width of an interval of positive numbers, relative to its middle.
fn half_width((lo, hi): (f64, f64)) -> f64 {
    if lo > 0.0 && hi.is_finite() { (hi - lo) / (hi + lo) } else { f64::INFINITY }
}

/// A random order of `0..n` (Fisher and Yates).
fn order(n: usize, seed: Seed, round: u64) -> Vec<usize> {
    let mut rng = stream(seed, round);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, below(&mut rng, i as u64 + 1) as usize);
    }
    order
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

impl Measured {
    /// Rounds that were run.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.started.len()
    }

    /// Times in seconds of a command.
    pub(crate) fn seconds(&self, command: usize) -> Sample {
        let seconds = self.timings[command].iter().map(|t| t.wall.as_secs_f64()).collect();
        Sample::new(seconds).expect("at least one round was run").in_time_order()
    }

    /// The runs as a data set: `time`, `cpu_time` and `memory` of each command.
    #[must_use]
    pub fn dataset(&self) -> Dataset {
        let mut series = Vec::new();
        for (i, command) in self.commands.iter().enumerate() {
            let runs = &self.timings[i];
            let mut push = |name: &str, unit: &str, values: Vec<f64>| {
                let sample = Sample::new(values).expect("at least one round was run");
                let raw = Raw::complete(sample.in_time_order());
                let metric = Metric::new(name, Unit::known(unit));
                let mut one = Series::new(metric, Observations::Raw(raw));
                one.labels.insert("benchmark".to_owned(), command.name.clone());
                one.time = Some(self.started.clone());
                series.push(one);
            };
            push("time", "s", runs.iter().map(|t| t.wall.as_secs_f64()).collect());
            push("cpu_time", "s", runs.iter().map(|t| t.cpu.as_secs_f64()).collect());
            if runs.iter().all(|t| t.peak > 0) {
                push("memory", "B", runs.iter().map(|t| t.peak as f64).collect());
            }
        }
        Dataset { series, ..Dataset::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_and_all_of_them_come() {
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..200 {
            let mut one = order(3, Seed(1), round);
            seen.insert(one.clone());
            one.sort_unstable();
            assert_eq!(one, [0, 1, 2]);
        }
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn precise_in_the_last_round_is_precise() {
        let command = Command::parse(&["sleep".to_owned(), "0".to_owned()]).unwrap();
        let plan = Plan { max_rounds: 3, precision: f64::INFINITY, ..Plan::new(Seed(1)) };
        let stop =
            |plan: &Plan| measure(std::slice::from_ref(&command), plan, |_| {}).unwrap().stop;
        assert_eq!(stop(&plan), Stop::Precise);
        assert_eq!(stop(&Plan { precision: 0.0, ..plan }), Stop::Rounds);
    }

    #[test]
    fn a_slower_command_is_found() {
        let sleep = |s: &str| Command::parse(&["sleep".to_owned(), s.to_owned()]).unwrap();
        let plan = Plan { max_rounds: 12, ..Plan::new(Seed(1)) };
        let mut told = 0;
        let measured = measure(&[sleep("0.001"), sleep("0.03")], &plan, |_| told += 1).unwrap();
        assert_eq!((told, measured.rounds(), measured.stop), (12, 12, Stop::Rounds));
        assert!(measured.intervals[0].0 > 2.0, "{:?}", measured.intervals);
        let data = measured.dataset();
        assert_eq!(data.series[0].name(), "time{benchmark=sleep 0.001}");
        assert!(measure(&[sleep("0"), sleep("0")], &plan, |_| {}).is_err());
    }
}
