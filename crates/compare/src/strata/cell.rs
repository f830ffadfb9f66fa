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

    /// The mean; of events half a good and half a bad one more, so that none and all have a
    /// logarithm and an error.
    pub(super) fn centre(self) -> f64 {
        if !self.plain_rate() {
            return self.unit.mean;
        }
        let n = self.whole.n as f64;
        (self.whole.mean * n + 0.5) / (n + 1.0)
    }

    /// Squared relative error of that.
    pub(super) fn error(self) -> f64 {
        if self.plain_rate() {
            let p = self.centre();
            return (1.0 - p) / (p * (self.whole.n as f64 + 1.0));
        }
        (self.unit.sd / self.unit.mean).powi(2) / self.unit.n as f64
    }

    /// Degrees of freedom of the error; infinite for events, whose error follows from the share.
    fn df(self) -> f64 {
        if self.plain_rate() { f64::INFINITY } else { (self.unit.n as f64 - 1.0).max(1.0) }
    }

    /// Whether it is a share of events that are taken one by one.
    fn plain_rate(self) -> bool {
        self.rate && self.unit == self.whole
    }
}

/// Satterthwaite's degrees of freedom of the error of both sides together.
pub(super) fn degrees(x: Cell, y: Cell) -> f64 {
    let (a, b) = (x.error(), y.error());
    let df = (a + b) * (a + b) / (a * a / x.df() + b * b / y.df());
    if df.is_nan() { f64::INFINITY } else { df }
}

/// Interval of the relative change from one side to the other.
pub(super) fn change(x: Cell, y: Cell, level: Level) -> Option<(f64, f64)> {
    let events = x.plain_rate() && y.plain_rate();
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
