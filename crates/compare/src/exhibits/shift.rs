use std::ops::Range;

use tailproof_core::{
    Exhibit, Level, Place, Plot, Rank, Rational, Shape, Unit, number, signed_percent,
};

use super::values::{Runs, Values};
use crate::change::Change;
use crate::row::BEYOND;
use crate::settings::Settings;
use crate::two::Two;

/// The change of every decile, and of the tail percentiles that both sides carry, with its
/// interval: a shift function.
///
/// ```text
/// Δ(p) = y_p / x_p − 1       where x_p > 0 at every rank p drawn, in percent
/// Δ(p) = y_p − x_p           else, in the unit of the data
/// ```
/// Intervals are those of the row of each rank ([`Change`], with the autocorrelation times of
/// lying below that quantile), each by itself at the level of the settings, not of the family of
/// rows. A rank whose row would have none, because fewer than ten independent observations lie
/// beyond it, has a point only, and so has a decile without bounds. A tail percentile with fewer
/// than ten observations beyond it is left out; `None` when fewer than two ranks are left. Where
/// one side has several runs and the other one, there are no intervals, as there is no row.
///
/// # Source
/// Doksum (1974), *Annals of Statistics* 2(2), 267–277; Rousselet, Pernet & Wilcox (2017),
/// *European Journal of Neuroscience* 46(2), 1738–1748.
pub(super) fn shift(two: &Two<'_>, values: &Values<'_>, settings: &Settings) -> Option<Exhibit> {
    let ranks = Ranks::new(two, values);
    let found: Vec<Found> = ranks.all().filter_map(|p| ranks.at(p, two)).collect();
    if found.len() < 2 {
        return None;
    }
    let relative = found.iter().all(|f| f.change.base > 0.0);
    let points: Vec<At> = found.iter().map(|f| f.at(relative, two, settings)).collect();
    let label = match two.unit() {
        _ if relative => "change, %".to_owned(),
        Some(unit) => format!("candidate − base, {unit}"),
        None => "candidate − base".to_owned(),
    };
    let mut plot = Plot::new("rank, %", label).mark("no change", Place::Y(0.0));
    plot = margin(plot, &points, relative, two.unit());
    let with = longest(&points);
    let band: Vec<(f64, f64, f64)> = points[with.clone()]
        .iter()
        .filter_map(|p| p.interval.map(|(lo, hi)| (p.rank, lo, hi)))
        .collect();
    let without = points.iter().enumerate().filter(|(i, _)| !with.contains(i));
    let alone: Vec<(f64, f64)> = without.map(|(_, p)| (p.rank, p.change)).collect();
    if !band.is_empty() {
        plot = plot.layer(format!("{}, each rank", settings.level), Shape::Band(band));
    }
    let line = points.iter().map(|p| (p.rank, p.change)).collect();
    plot = plot.layer("change", Shape::Line(line));
    if !alone.is_empty() {
        plot = plot.layer("no interval", Shape::Points(alone));
    }
    Some(Exhibit::plot("Change along the distribution", plot))
}

/// The margin as a mark on either side, where it is the same at every rank, else as lines.
fn margin(plot: Plot, points: &[At], relative: bool, unit: Option<&Unit>) -> Plot {
    let first = points.first().map_or(0.0, |p| p.margin);
    if points.iter().any(|p| p.margin <= 0.0) {
        return plot;
    }
    if points.iter().all(|p| p.margin == first) {
        let name = |x: f64| {
            let sign = if x > 0.0 { "+" } else { "" };
            let suffix = unit.map_or_else(String::new, |u| format!(" {u}"));
            let size = if relative {
                signed_percent(x / 100.0)
            } else {
                format!("{sign}{}{suffix}", number(x))
            };
            format!("margin {size}")
        };
        return plot.mark(name(first), Place::Y(first)).mark(name(-first), Place::Y(-first));
    }
    let line = |sign: f64| Shape::Line(points.iter().map(|p| (p.rank, sign * p.margin)).collect());
    plot.layer("margin above", line(1.0)).layer("margin below", line(-1.0))
}

/// The longest stretch of two or more ranks that have intervals: a band across a rank without one
/// would say that it has.
fn longest(points: &[At]) -> Range<usize> {
    let (mut best, mut from) = (0..0, 0);
    for (i, point) in points.iter().enumerate() {
        let end = i + 1;
        if point.interval.is_none() {
            from = end;
        } else if end - from > best.len().max(1) {
            best = from..end;
        }
    }
    best
}

/// A change at a rank, as it is drawn: in percent, or in the unit of the data.
struct At {
    /// In percent.
    rank: f64,
    change: f64,
    /// `None` where its row would have none.
    interval: Option<(f64, f64)>,
    /// A change of this size is not more than the margins.
    margin: f64,
}

/// A change at a rank.
struct Found {
    rank: Rank,
    change: Change,
    bounded: bool,
}

impl Found {
    fn at(&self, relative: bool, two: &Two<'_>, settings: &Settings) -> At {
        let change = &self.change;
        let interval = self.bounded.then(|| self.interval(relative, settings.level)).flatten();
        let margins = two.margins(&self.rank.to_string(), settings);
        let (margin, change) = if relative {
            let absolute = 100.0 * margins.absolute / change.base;
            ((100.0 * margins.relative).max(absolute), 100.0 * (change.ratio() - 1.0))
        } else {
            let margin = (margins.relative * change.base.abs()).max(margins.absolute);
            (margin, change.candidate - change.base)
        };
        At { rank: self.rank.to_f64() * 100.0, change, interval, margin }
    }

    /// `None` without bounds on both sides.
    fn interval(&self, relative: bool, level: Level) -> Option<(f64, f64)> {
        let (lo, hi) = if relative {
            let (lo, hi) = self.change.interval(level).ok()?;
            (100.0 * (lo - 1.0), 100.0 * (hi - 1.0))
        } else {
            self.change.difference(level)
        };
        (lo.is_finite() && hi.is_finite()).then_some((lo, hi))
    }
}

/// How changes at ranks are found.
struct Ranks<'a> {
    values: &'a Values<'a>,
    /// The runs, where they are the unit.
    runs: Option<[Runs<'a>; 2]>,
    /// Observations of the smaller side.
    least: f64,
    bounded: bool,
}

impl<'a> Ranks<'a> {
    fn new(two: &Two<'_>, values: &'a Values<'a>) -> Self {
        let runs = two.by_run().then(|| values.runs(two));
        Self { values, runs, least: values.least() as f64, bounded: !two.one_run() }
    }

    /// Deciles, and the tail as far as there are rows of it.
    fn all(&self) -> impl Iterator<Item = Rank> {
        let rank = |num: u64, den: u64| Rank::new(Rational::new(num, den)?).ok();
        let far = rank(9_999, 10_000);
        let tail = [Rank::P95, Rank::P99, Rank::P999].into_iter().chain(far);
        let least = self.least;
        let carried = move |p: &Rank| least * p.complement().to_f64() >= BEYOND;
        (1..10).filter_map(move |tenth| rank(tenth, 10)).chain(tail.filter(carried))
    }

    fn at(&self, p: Rank, two: &Two<'_>) -> Option<Found> {
        let (change, worth) = match &self.runs {
            Some([x, y]) => {
                (Change::means(&x.quantiles(p)?, &y.quantiles(p)?, [1.0; 2]), self.least)
            }
            None => self.values.judged(p, two)?,
        };
        // Rows ask this of the upper tail; deciles have a lower one, too.
        let tail = p.to_f64().min(p.complement().to_f64());
        let carried = tail >= 0.5 || worth * tail >= BEYOND;
        let known = (change.candidate - change.base).is_finite();
        known.then_some(Found { rank: p, change, bounded: self.bounded && carried })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rank: f64, interval: Option<(f64, f64)>, margin: f64) -> At {
        At { rank, change: 1.0, interval, margin }
    }

    #[test]
    fn a_band_never_crosses_a_rank_without_an_interval() {
        let with = Some((0.0, 2.0));
        let of = |has: &[bool]| {
            let all: Vec<At> = has.iter().map(|&h| at(1.0, with.filter(|_| h), 1.0)).collect();
            longest(&all)
        };
        assert_eq!(of(&[false, true, true, true, false, true, true]), 1..4);
        assert_eq!(of(&[true, true, false]), 0..2);
        // One rank by itself is no band.
        assert!(of(&[true, false, true, false]).is_empty() && of(&[]).is_empty());
    }

    #[test]
    fn margins_are_marks_where_they_are_the_same_everywhere() {
        let plot = |margins: [f64; 2], relative: bool| {
            let points = [at(10.0, None, margins[0]), at(20.0, None, margins[1])];
            margin(Plot::new("rank, %", "y"), &points, relative, Unit::known("ms").as_ref())
        };
        let names = |plot: Plot| plot.marks.into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert_eq!(names(plot([5.0, 5.0], true)), ["margin +5 %", "margin -5 %"]);
        assert_eq!(names(plot([0.5, 0.5], false)), ["margin +0.5 ms", "margin -0.5 ms"]);
        let lines = plot([5.0, 6.0], true);
        assert_eq!((lines.layers.len(), lines.marks.len()), (2, 0));
        let none = plot([0.0, 0.0], true);
        assert_eq!((none.layers.len(), none.marks.len()), (0, 0));
    }
}
