use std::collections::BTreeMap;

use tailproof_core::{Ecdf, Observations, Order, Rank, Raw, Reason, Series, Summary};
use tailproof_hypothesis::Proportion;
use tailproof_resampling::dependence_by;

use crate::change::{Counted, Spread};

/// What one side of a comparison holds, when it is not compared as a complete sample.
#[derive(Clone, Debug)]
pub(crate) enum Side {
    /// Values with counts, some of them limits, or buckets.
    Counts(Parts<Counted>),
    /// What a tool printed.
    Digest(Parts<Digest>),
    /// Good events of all.
    Rates(Parts<Proportion>),
}

/// Everything together, and a part a run in order of the runs.
#[derive(Clone, Debug)]
pub(crate) struct Parts<T> {
    pub(crate) whole: T,
    pub(crate) runs: Vec<T>,
}

impl Side {
    /// `None` for pairs of values, and counts beyond 64 bits.
    pub(crate) fn of(series: &Series) -> Option<Self> {
        match &series.observations {
            Observations::Raw(raw) => counts(&raw_by_run(series, raw)?).map(Self::Counts),
            Observations::Atoms(all) => {
                let ends = all.iter().map(|ecdf| Ends { lower: ecdf.clone(), upper: None });
                counts(&by_run(series, ends.collect())).map(Self::Counts)
            }
            Observations::Binned(all) => {
                let ends = all.iter().map(|b| Ends { lower: b.lower(), upper: Some(b.upper()) });
                counts(&by_run(series, ends.collect())).map(Self::Counts)
            }
            Observations::Summary(all) => {
                let runs: Vec<Digest> = by_run(series, all.iter().collect())
                    .iter()
                    .map(|run| Digest::of(run))
                    .collect();
                let whole = Digest::of(&all.iter().collect::<Vec<_>>());
                Some(Self::Digest(Parts { whole, runs }))
            }
            Observations::Events(all) => {
                let runs = by_run(series, all.clone());
                let runs = runs.iter().map(|run| rate(run)).collect::<Option<Vec<_>>>()?;
                Some(Self::Rates(Parts { whole: rate(all)?, runs }))
            }
            _ => None,
        }
    }
}

/// What summaries tell of a mean, and the percentiles as printed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Digest {
    pub(crate) n: Option<u64>,
    pub(crate) mean: Option<f64>,
    /// With n, mean and standard deviation.
    pub(crate) spread: Option<Spread>,
    pub(crate) quantiles: Vec<(Rank, f64)>,
    /// Why there is no spread.
    pub(crate) lack: Reason,
}

impl Digest {
    /// Of one summary, or of several as if of one sample.
    fn of(all: &[&Summary]) -> Self {
        let spread = |s: &&Summary| -> Option<Spread> {
            let (n, mean) = (s.n.filter(|&n| n > 0)?, s.mean?);
            let sd = if n == 1 { 0.0 } else { s.sd.filter(|sd| *sd >= 0.0)? };
            Some(Spread { n, mean, sd })
        };
        let each: Option<Vec<Spread>> = all.iter().map(spread).collect();
        let means: Option<Vec<f64>> = all.iter().map(|s| s.mean).collect();
        let n = all.iter().try_fold(0_u64, |sum, s| sum.checked_add(s.n?)).filter(|&n| n > 0);
        let spread = each.and_then(|each| Spread::merged(&each));
        let average = means
            .filter(|m| !m.is_empty())
            .map(|m| m.iter().map(|x| x / m.len() as f64).sum::<f64>());
        let quantiles = if let [one] = all { one.quantiles.clone() } else { Vec::new() };
        let mean = spread.map(|s| s.mean).or(average);
        Self { n, mean, spread, quantiles, lack: Reason::SummaryOnly }
    }

    /// The moments of counts, for a comparison with a summary.
    pub(crate) fn of_counts(counted: &Counted) -> Self {
        let spread = counted.spread();
        let lack = if counted.is_censored() { Reason::Censored } else { Reason::SummaryOnly };
        let quantiles =
            [Rank::MEDIAN, Rank::P95, Rank::P99].map(|p| (p, counted.quantile(p))).to_vec();
        Self { n: Some(counted.n()), mean: spread.map(|s| s.mean), spread, quantiles, lack }
    }
}

/// Both ends of what is known of every observation.
#[derive(Clone, Debug)]
struct Ends {
    lower: Ecdf,
    upper: Option<Ecdf>,
}

/// The elements of each run, in order of the runs; all together without a column.
fn by_run<T>(series: &Series, elements: Vec<T>) -> Vec<Vec<T>> {
    let Some(run) = &series.run else { return vec![elements] };
    let mut runs: BTreeMap<u32, Vec<T>> = BTreeMap::new();
    for (&run, element) in run.iter().zip(elements) {
        runs.entry(run).or_default().push(element);
    }
    runs.into_values().collect()
}

/// Raw values as counts; those that failed lie above everything.
fn raw_by_run(series: &Series, raw: &Raw) -> Option<Vec<Vec<Ends>>> {
    let known =
        |list: &[u32], i: usize| u32::try_from(i).is_ok_and(|i| list.binary_search(&i).is_ok());
    let places: Vec<usize> = (0..raw.sample.len()).collect();
    by_run(series, places)
        .into_iter()
        .map(|places| {
            let (mut atoms, mut below, mut above) = (Vec::new(), 0, 0);
            for i in places {
                if known(raw.above(), i) {
                    above += 1;
                } else if known(raw.below(), i) {
                    below += 1;
                } else {
                    atoms.push((raw.sample.values()[i], 1));
                }
            }
            let lower = Ecdf::new(atoms, below, above).ok()?;
            Some(vec![Ends { lower, upper: None }])
        })
        .collect()
}

/// `None` when the counts do not fit 64 bits.
fn counts(runs: &[Vec<Ends>]) -> Option<Parts<Counted>> {
    let each = runs.iter().map(|run| pooled(run.iter())).collect::<Option<Vec<_>>>()?;
    let whole = match &each[..] {
        [one] => one.clone(),
        _ => pooled(runs.iter().flatten())?,
    };
    Some(Parts { whole, runs: each })
}

fn pooled<'a>(ends: impl Iterator<Item = &'a Ends> + Clone) -> Option<Counted> {
    let lower = merged(ends.clone().map(|e| &e.lower))?;
    if ends.clone().all(|e| e.upper.is_none()) {
        return Some(Counted::known(lower));
    }
    Some(Counted::between(lower, merged(ends.map(|e| e.upper.as_ref().unwrap_or(&e.lower)))?))
}

fn merged<'a>(all: impl Iterator<Item = &'a Ecdf>) -> Option<Ecdf> {
    let (mut atoms, mut below, mut above) = (Vec::new(), 0_u64, 0_u64);
    for ecdf in all {
        atoms.extend_from_slice(ecdf.atoms());
        below = below.checked_add(ecdf.below())?;
        above = above.checked_add(ecdf.above())?;
    }
    Ecdf::new(atoms, below, above).ok()
}

fn rate(events: &[(u64, u64)]) -> Option<Proportion> {
    let (mut good, mut total) = (0_u64, 0_u64);
    for &(g, t) in events {
        good = good.checked_add(g)?;
        total = total.checked_add(t)?;
    }
    Proportion::new(good, total).ok()
}

/// Autocorrelation time of being at most `q` in raw values in time order, failures being above
/// everything; 1 for anything else, and when it is not above 1 beyond chance.
pub(crate) fn time(series: &Series, q: f64) -> f64 {
    let Observations::Raw(raw) = &series.observations else { return 1.0 };
    if raw.sample.order() != Order::Time || !q.is_finite() {
        return 1.0;
    }
    let mut within: Vec<f64> =
        raw.sample.values().iter().map(|&x| f64::from(u8::from(x <= q))).collect();
    for (list, value) in [(raw.above(), 0.0), (raw.below(), 1.0)] {
        for &i in list {
            within[i as usize] = value;
        }
    }
    let found = dependence_by(within.len(), |i| within[i]);
    if found.significant { found.tau } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Binned, Closed, Labels, Metric, Sample};

    fn series(observations: Observations, run: Option<Vec<u32>>) -> Series {
        let metric = Metric::new("latency", None);
        Series { metric, labels: Labels::new(), observations, run, time: None, marks: None }
    }

    #[test]
    fn failed_requests_lie_above_everything() {
        let sample = Sample::new(vec![3.0, 1.0, 2.0, 0.5]).unwrap();
        let raw = Raw::censored(sample, vec![3], vec![]).unwrap();
        let Some(Side::Counts(parts)) = Side::of(&series(Observations::Raw(raw), None)) else {
            panic!("counts")
        };
        assert!(parts.whole.is_censored() && parts.whole.n() == 4);
        assert_eq!(parts.whole.quantile("1".parse().unwrap()), f64::INFINITY);
        assert_eq!(Digest::of_counts(&parts.whole).lack, Reason::Censored);
    }

    #[test]
    fn elements_are_pooled_within_their_run() {
        let one = |edges: Vec<f64>| Binned::new(edges, vec![1, 1], Closed::Upper).unwrap();
        let all =
            vec![one(vec![0.0, 1.0, 2.0]), one(vec![0.0, 1.5, 2.0]), one(vec![0.0, 1.0, 3.0])];
        let binned = series(Observations::Binned(all), Some(vec![7, 7, 9]));
        let Some(Side::Counts(parts)) = Side::of(&binned) else { panic!("counts") };
        assert_eq!(parts.runs.iter().map(Counted::n).collect::<Vec<_>>(), [4, 2]);
        assert!(!parts.whole.is_known() && parts.whole.n() == 6);
        let events = series(Observations::Events(vec![(9, 10), (1, 10)]), Some(vec![0, 1]));
        let Some(Side::Rates(rates)) = Side::of(&events) else { panic!("rates") };
        assert_eq!((rates.whole.share(), rates.runs[1].share()), (0.5, 0.1));
    }

    #[test]
    fn summaries_without_n_or_sd_have_no_spread() {
        let summary = |n, sd| Summary { n, mean: Some(4.0), sd, ..Summary::default() };
        let full = Digest::of(&[&summary(Some(10), Some(1.0))]);
        assert_eq!(full.spread, Some(Spread { n: 10, mean: 4.0, sd: 1.0 }));
        for (n, sd) in [(None, Some(1.0)), (Some(10), None), (Some(10), Some(-1.0))] {
            let some = Digest::of(&[&summary(n, sd)]);
            assert_eq!((some.spread, some.mean, some.n), (None, Some(4.0), n));
        }
        assert_eq!(Digest::of(&[&Summary::default()]).mean, None);
    }
}
