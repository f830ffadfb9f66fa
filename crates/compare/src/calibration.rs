use std::num::NonZeroU32;

use rayon::prelude::*;
use tailproof_core::binomial::{proportion_lower, proportion_upper};
use tailproof_core::{Dataset, Direction, Level, Observations, Order, Raw, Sample, Seed, Series};
use tailproof_resampling::{Stream, below, block_length, dependence, stream};

use crate::family::{Tested, rejected};
use crate::row::Pair;
use crate::settings::{CompareError, Settings};

/// How data are split against themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Splits {
    /// Number of random splits.
    pub count: NonZeroU32,
    /// Seed of the splits.
    pub seed: Seed,
    /// Power at which the detectable change is found.
    pub power: f64,
}

impl Splits {
    /// 2 000 splits, a power of 0.8.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const COUNT: NonZeroU32 = NonZeroU32::new(2_000).expect("not zero");
        Self { count: COUNT, seed, power: 0.8 }
    }
}

/// How often a gate failed on data that did not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalsePositives {
    /// Margin of the gate.
    pub min_effect: f64,
    /// Level of the gate.
    pub level: Level,
    /// Splits in which any row regressed.
    pub failed: u64,
    /// All splits.
    pub splits: u64,
    /// 95 % interval of the share, from the binomial law: Monte-Carlo error only.
    pub interval: (f64, f64),
}

impl FalsePositives {
    /// `failed / splits`.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.failed as f64 / self.splits as f64
    }
}

/// The settings that keep the rate below a wish.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The rate wished for.
    pub wish: f64,
    /// The smallest margin tried at the gate's level whose rate is shown to be below it, and
    /// the lowest of some stricter levels at the gate's margin.
    pub by_margin: Option<FalsePositives>,
    /// See `by_margin`.
    pub by_level: Option<FalsePositives>,
}

/// What a metric's gate could see.
#[derive(Clone, Debug, PartialEq)]
pub struct Detectable {
    /// Metric with labels.
    pub metric: String,
    /// Observations a side.
    pub n: [usize; 2],
    /// The smallest change for the worse, of all values alike and as a share of the baseline,
    /// that fails in this share of splits, the other metrics unchanged; `None` beyond a factor
    /// of 4.
    pub change: Option<f64>,
}

/// A gate measured on the user's own data.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// How data were split.
    pub unit: SplitUnit,
    /// Rows in the family.
    pub rows: usize,
    /// The gate as configured.
    pub configured: FalsePositives,
    /// For rates of 5 % and 1 %.
    pub advice: Vec<Advice>,
    /// One per metric.
    pub detectable: Vec<Detectable>,
    /// Series left out: fewer than four values, or no complete raw values.
    pub skipped: Vec<String>,
}

/// What was dealt to the two sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SplitUnit {
    /// Whole runs, of which there are so many distinct splits.
    Runs {
        /// Runs of the metric with fewest.
        runs: usize,
        /// Distinct splits of these.
        distinct: f64,
    },
    /// Blocks of successive observations, because these depend on each other.
    Blocks {
        /// The longest block used.
        length: usize,
    },
    /// Single observations.
    Observations,
}

/// One metric prepared for splitting: parts that stay together.
struct Parts<'a> {
    series: &'a Series,
    sample: &'a Sample,
    dealt: Vec<Vec<usize>>,
    /// Whether these are runs.
    runs: bool,
}

/// Margins tried, in ascending order.
const MARGINS: [f64; 11] = [0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15, 0.20, 0.30];

/// Levels tried, in ascending order.
const ALPHAS: [f64; 6] = [0.05, 0.02, 0.01, 0.005, 0.001, 0.0001];

/// The gate's false-positive rate on a data set split against itself, the change that it would
/// find, and the settings that would hold the rate.
///
/// Each split deals the observations of every metric to two sides of equal size: whole runs
/// when there are runs; blocks of successive observations when a series in time order depends
/// on itself (twice the automatic block length of Politis & White); single observations else.
/// Both sides are then compared as [`crate::compare`] would, with the settings' margins,
/// test and correction. Any row that regresses is a false positive. Sides are half the size of
/// the data, so a gate on all of it finds smaller changes.
///
/// `tick` is called after each split. The result is a function of data, settings and seed.
///
/// # Errors
/// No raw values, a metric of which a direction is not known, or fewer than four runs (each side
/// needs two).
pub fn calibrate(
    base: &Dataset,
    settings: &Settings,
    splits: &Splits,
    tick: &(dyn Fn() + Sync),
) -> Result<Calibration, CompareError> {
    let (mut metrics, mut skipped) = (Vec::new(), Vec::new());
    for series in &base.series {
        if let Some(parts) = Parts::of(series) {
            if series.metric.direction == Direction::Unknown {
                return Err(CompareError::Direction(series.name()));
            }
            if parts.runs && parts.dealt.len() < 4 {
                return Err(CompareError::FewRuns(series.name(), parts.dealt.len()));
            }
            metrics.push(parts);
        } else {
            skipped.push(series.name());
        }
    }
    if metrics.is_empty() {
        let names: Vec<String> = base.series.iter().map(Series::name).collect();
        return Err(CompareError::NotRaw(names.join(", ")));
    }
    // The changes of one split serve every setting.
    let all: Vec<Vec<Vec<Tested>>> = (0..splits.count.get())
        .into_par_iter()
        .map(|task| {
            let mut rng = stream(splits.seed, u64::from(task));
            let rows = metrics.iter().map(|m| m.changes(&mut rng, 1.0, settings)).collect();
            tick();
            rows
        })
        .collect();
    let rate = |min_effect: f64, level: Level| {
        let failed = all
            .par_iter()
            .filter(|rows| fails(rows.iter(), min_effect, level, settings).contains(&true))
            .count() as u64;
        let splits = all.len() as u64;
        let end: Level = Level::P95.split(2);
        let interval =
            (proportion_lower(failed, splits, end), proportion_upper(failed, splits, end));
        FalsePositives { min_effect, level, failed, splits, interval }
    };
    let configured = rate(settings.margin(), settings.level);
    let unit = unit_of(&metrics);
    let finest = match unit {
        SplitUnit::Runs { distinct, .. } => 1.0 / distinct,
        _ => 0.0,
    };
    let advice = [0.05, 0.01].map(|wish| {
        // A rate below that of one split in all cannot be shown.
        let holds = |found: &FalsePositives| finest <= wish && found.interval.1 <= wish;
        let by_margin = [settings.margin()]
            .into_iter()
            .chain(MARGINS.into_iter().filter(|&m| m > settings.margin()))
            .map(|margin| rate(margin, settings.level))
            .find(holds);
        let now = settings.level.alpha().to_f64();
        let by_level = [now]
            .into_iter()
            .chain(ALPHAS.into_iter().filter(|&a| a < now))
            .filter_map(|alpha| Level::with_alpha(alpha).ok())
            .map(|level| rate(settings.margin(), level))
            .find(holds);
        Advice { wish, by_margin, by_level }
    });
    let detectable =
        (0..metrics.len()).map(|i| metrics[i].detectable(i, &all, settings, splits)).collect();
    Ok(Calibration {
        unit,
        rows: all[0].iter().map(Vec::len).sum(),
        configured,
        advice: advice.to_vec(),
        detectable,
        skipped,
    })
}

/// Which metrics have a row that regresses, all rows of all metrics being one family, as
/// [`crate::compare`] would judge them.
fn fails<'a>(
    metrics: impl IntoIterator<Item = &'a Vec<Tested>>,
    min_effect: f64,
    level: Level,
    settings: &Settings,
) -> Vec<bool> {
    let mut failed = Vec::new();
    let (mut rows, mut p) = (Vec::new(), Vec::new());
    for tested in metrics {
        for row in tested {
            if let Some((smallest, _)) = row.p(min_effect) {
                rows.push((failed.len(), row));
                p.push(smallest);
            }
        }
        failed.push(false);
    }
    let q = level.alpha().to_f64();
    for ((metric, row), p) in rows.into_iter().zip(settings.correction.adjust(&p)) {
        failed[metric] |= rejected(p, q) && !row.below_clock();
    }
    failed
}

fn unit_of(metrics: &[Parts<'_>]) -> SplitUnit {
    if let Some(runs) = metrics.iter().filter(|m| m.runs).map(|m| m.dealt.len()).min() {
        let half = runs / 2;
        let distinct = (1..=half).fold(1.0, |c, i| c * (runs - half + i) as f64 / i as f64);
        return SplitUnit::Runs { runs, distinct };
    }
    let longest = metrics.iter().flat_map(|m| m.dealt.iter().map(Vec::len)).max().unwrap_or(1);
    if longest > 1 { SplitUnit::Blocks { length: longest } } else { SplitUnit::Observations }
}

impl<'a> Parts<'a> {
    /// `None` for anything but complete raw values.
    fn of(series: &'a Series) -> Option<Self> {
        let Observations::Raw(raw) = &series.observations else { return None };
        if !raw.is_complete() || raw.sample.len() < 4 {
            return None;
        }
        let n = raw.sample.len();
        if let Some(run) = series.run.as_ref().filter(|_| series.runs() >= 2) {
            let mut parts: std::collections::BTreeMap<u32, Vec<usize>> =
                std::collections::BTreeMap::new();
            for (i, &r) in run.iter().enumerate() {
                parts.entry(r).or_default().push(i);
            }
            let dealt = parts.into_values().collect();
            return Some(Self { series, sample: &raw.sample, dealt, runs: true });
        }
        let values = raw.sample.values();
        let timed = raw.sample.order() == Order::Time;
        let length = if timed && dependence(values).significant {
            let best = block_length(values).map_or(1, |b| b.length().get());
            (2 * best).clamp(2, (n / 8).max(1))
        } else {
            1
        };
        let dealt = (0..n).collect::<Vec<_>>().chunks(length).map(<[usize]>::to_vec).collect();
        Some(Self { series, sample: &raw.sample, dealt, runs: false })
    }

    /// Both sides of a random split, the second with its values multiplied.
    fn split(&self, rng: &mut Stream, factor: f64) -> [Series; 2] {
        let mut order: Vec<usize> = (0..self.dealt.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, below(rng, i as u64 + 1) as usize);
        }
        let (first, second) = order.split_at(order.len() / 2);
        [(first, 1.0), (second, factor)].map(|(chosen, factor)| {
            let mut indices: Vec<usize> =
                chosen.iter().flat_map(|&part| self.dealt[part].iter().copied()).collect();
            indices.sort_unstable();
            let values: Vec<f64> =
                indices.iter().map(|&i| self.sample.values()[i] * factor).collect();
            let mut sample = Sample::new(values).expect("finite values times a number near 1");
            if self.sample.order() == Order::Time {
                sample = sample.in_time_order();
            }
            Series {
                metric: self.series.metric.clone(),
                labels: self.series.labels.clone(),
                observations: Observations::Raw(Raw::complete(sample)),
                run: self.series.run.as_ref().map(|run| indices.iter().map(|&i| run[i]).collect()),
                time: None,
                marks: None,
            }
        })
    }

    fn changes(&self, rng: &mut Stream, factor: f64, settings: &Settings) -> Vec<Tested> {
        let [x, y] = self.split(rng, factor);
        let pair = Pair::new(&x, &y).expect("two halves of raw values in one unit");
        pair.rows(settings)
            .into_iter()
            .filter_map(|row| Tested::of(&pair, row, settings).ok())
            .collect()
    }

    /// By bisection over changes of this metric, each on the same splits and beside the rows of
    /// the other metrics.
    fn detectable(
        &self,
        own: usize,
        all: &[Vec<Vec<Tested>>],
        settings: &Settings,
        splits: &Splits,
    ) -> Detectable {
        let few = all.len().min(300);
        let higher = self.series.metric.direction == Direction::Higher;
        let most = if higher { 0.75 } else { 3.0 };
        let found = |by: f64| {
            let factor = if higher { 1.0 - by } else { 1.0 + by };
            let failed = (0..few)
                .into_par_iter()
                .filter(|&task| {
                    let mut rng = stream(splits.seed, (task + all.len()) as u64);
                    let changed = self.changes(&mut rng, factor, settings);
                    let family = all[task]
                        .iter()
                        .enumerate()
                        .map(|(i, m)| if i == own { &changed } else { m });
                    fails(family, settings.margin(), settings.level, settings)[own]
                })
                .count();
            failed as f64 / few as f64 >= splits.power
        };
        let total = self.dealt.len();
        let n = [total / 2, total - total / 2].map(|parts| self.sample.len() * parts / total);
        let metric = self.series.name();
        if !found(most) {
            return Detectable { metric, n, change: None };
        }
        let (mut no, mut yes) = (0.0, most);
        for _ in 0..12 {
            let mid = f64::midpoint(no, yes);
            if found(mid) { yes = mid } else { no = mid }
        }
        Detectable { metric, n, change: Some(yes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Labels, Metric, Unit};
    use tailproof_resampling::uniform;

    fn dataset(n: usize, runs: u32) -> Dataset {
        let mut rng = stream(Seed(8), 0);
        let per = n as u32 / runs;
        let offsets: Vec<f64> = (0..runs).map(|_| 10.0 * uniform(&mut rng)).collect();
        let run: Vec<u32> = (0..runs).flat_map(|r| vec![r; per as usize]).collect();
        let values = run
            .iter()
            .map(|&r| {
                let offset = if runs > 1 { offsets[r as usize] } else { 0.0 };
                20.0 + offset - 5.0 * uniform(&mut rng).ln()
            })
            .collect();
        let series = Series {
            metric: Metric::new("latency", Unit::known("ms")),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: (runs > 1).then_some(run),
            time: None,
            marks: None,
        };
        Dataset { series: vec![series], ..Dataset::default() }
    }

    fn run(data: &Dataset, settings: &Settings) -> Calibration {
        let splits = Splits { count: NonZeroU32::new(400).unwrap(), ..Splits::new(Seed(1)) };
        calibrate(data, settings, &splits, &|| ()).unwrap()
    }

    #[test]
    fn the_rate_is_that_of_the_gate() {
        let no_margin = Settings { min_effect: 0.0, ..Settings::new(Seed(1)) };
        let found = run(&dataset(400, 1), &no_margin);
        assert_eq!((found.unit, found.rows), (SplitUnit::Observations, 3));
        // Two-sided intervals at 5 % over three dependent rows: about 2.5 % on the worse side.
        assert!(found.configured.rate() < 0.05, "{:?}", found.configured);
        let (lo, hi) = found.configured.interval;
        assert!(lo <= found.configured.rate() && found.configured.rate() <= hi);
        let seen = found.detectable[0].change.unwrap();
        assert!((0.02..0.12).contains(&seen), "{seen}");
        // A wide margin holds any wish.
        let wide = run(&dataset(400, 1), &Settings { min_effect: 0.3, ..no_margin });
        assert_eq!(wide.configured.failed, 0);
        assert_eq!(wide.advice[1].by_margin.unwrap().min_effect, 0.3);
    }

    #[test]
    fn the_gate_is_that_of_compare() {
        // The same splits, judged by `compare`: with runs, dependence and a coarse clock.
        let settings = Settings { min_effect: 0.0, ..Settings::new(Seed(1)) };
        let mut timed = dataset(600, 1);
        let Observations::Raw(raw) = &timed.series[0].observations else { unreachable!() };
        let mut smooth: Vec<f64> = raw.sample.values().to_vec();
        for i in 1..smooth.len() {
            smooth[i] = (0.8 * smooth[i - 1] + 0.2 * smooth[i]).round();
        }
        timed.series[0].observations =
            Observations::Raw(Raw::complete(Sample::new(smooth).unwrap().in_time_order()));
        let mut failed = [0, 0];
        for data in [dataset(240, 8), dataset(300, 1), timed] {
            let parts = Parts::of(&data.series[0]).unwrap();
            for task in 0..150 {
                let factor = 1.0 + 0.02 * f64::from(task % 5);
                let rows =
                    parts.changes(&mut stream(Seed(4), u64::from(task as u32)), factor, &settings);
                let ours = fails([&rows], 0.0, settings.level, &settings)[0];
                let [x, y] = parts.split(&mut stream(Seed(4), u64::from(task as u32)), factor);
                let side = |s: Series| Dataset { series: vec![s], ..Dataset::default() };
                let compared = crate::compare(&side(x), &side(y), &settings).unwrap();
                let theirs =
                    compared.findings.iter().any(|f| f.verdict == tailproof_core::Verdict::Fail);
                assert_eq!(ours, theirs, "{task}");
                failed[usize::from(ours)] += 1;
            }
        }
        assert!(failed[0] > 50 && failed[1] > 50, "{failed:?}");
    }

    #[test]
    fn runs_stay_whole() {
        let found = run(&dataset(240, 8), &Settings::new(Seed(1)));
        assert_eq!(found.unit, SplitUnit::Runs { runs: 8, distinct: 70.0 });
        assert!(found.configured.rate() < 0.06, "{:?}", found.configured);
        let few =
            calibrate(&dataset(240, 3), &Settings::new(Seed(1)), &Splits::new(Seed(1)), &|| ());
        assert!(matches!(few, Err(CompareError::FewRuns(_, 3))));
    }

    #[test]
    fn an_unknown_direction_is_refused() {
        let mut data = dataset(40, 1);
        data.series[0].metric.direction = Direction::Unknown;
        let splits = Splits::new(Seed(1));
        let refused = calibrate(&data, &Settings::new(Seed(1)), &splits, &|| ());
        assert!(matches!(refused, Err(CompareError::Direction(_))));
    }
}
