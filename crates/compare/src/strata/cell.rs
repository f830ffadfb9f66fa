use tailproof_core::{Level, Sample, Series};
use tailproof_hypothesis::Proportion;

use crate::change::{Change, Spread};
use crate::row::complete;
use crate::side::{Digest, Side};

/// One side of a category.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// Of all observations.
    pub(super) whole: Spread,
    /// What the error rests on: the same, or the runs.
    pub(super) unit: Spread,
    /// Whether these are shares of events.
    pub(super) rate: bool,
}

impl Cell {
    pub(super) fn of(series: &Series, by_run: bool) -> Option<Self> {
        let runs = |means: Vec<f64>| Sample::new(means).ok().map(|s| Spread::of(&s));
        let cell = |whole: Spread, means: Option<Vec<f64>>| {
            let unit = if by_run { means.and_then(runs)? } else { whole };
            Some(Self { whole, unit, rate: false })
        };
        if let Some(sample) = complete(series) {
            let means = series.run.as_deref().map(|run| {
                sample.split(run).iter().map(tailproof_core::descriptive::mean).collect()
            });
            return cell(Spread::of(sample), means);
        }
        match Side::of(series)? {
            Side::Counts(parts) => {
                let means = parts.runs.iter().map(|c| c.spread().map(|s| s.mean)).collect();
                cell(Digest::of_counts(&parts.whole).spread?, means)
            }
            Side::Digest(parts) => {
                cell(parts.whole.spread?, parts.runs.iter().map(|d| d.mean).collect())
            }
            Side::Rates(parts) => {
                let (p, n) = (parts.whole.share(), parts.whole.trials());
                let whole = Spread { n, mean: p, sd: (p * (1.0 - p)).sqrt() };
                let means = parts.runs.iter().map(|r| r.share()).collect();
                Some(Self { rate: true, ..cell(whole, Some(means))? })
            }
        }
    }

    /// Squared relative error of the mean.
    pub(super) fn error(self) -> f64 {
        (self.unit.sd / self.unit.mean).powi(2) / self.unit.n as f64
    }
}

/// Interval of the relative change from one side to the other.
pub(super) fn change(x: Cell, y: Cell, level: Level) -> Option<(f64, f64)> {
    let events = [x, y].iter().all(|c| c.rate && c.unit == c.whole);
    let change = if events {
        let share = |c: Cell| {
            let good = (c.whole.mean * c.whole.n as f64).round();
            Proportion::new(good as u64, c.whole.n).ok()
        };
        Change::of_rates(share(x)?, share(y)?).ok()?
    } else {
        Change::of_spreads(x.unit, y.unit).ok()?
    };
    let (lo, hi) = change.interval(level).ok()?;
    Some((lo - 1.0, hi - 1.0))
}
