use tailproof_core::{Exhibit, Place, Plot, Rank, Rational, Shape, percent};

use super::axis;
use super::values::{Runs, Values};
use crate::change::Change;
use crate::row::BEYOND;
use crate::settings::{Margins, RowName, Settings};
use crate::two::{Two, benchmark};

/// The change of every decile, and of the tail percentiles that both sides carry, with its
/// interval: a shift function.
///
/// ```text
/// Δ(p) = y_p − x_p
/// ```
/// Intervals are those of the difference in [`Change`], each by itself at the level of the
/// settings, not of the family of rows. A decile without bounds, and a tail percentile with fewer
/// than ten observations beyond it, is left out; `None` when fewer than two ranks are left. Where
/// one side has several runs and the other one, there are no intervals, as there is no row.
///
/// # Source
/// Doksum (1974), *Annals of Statistics* 2(2), 267–277; Rousselet, Pernet & Wilcox (2017),
/// *European Journal of Neuroscience* 46(2), 1738–1748.
pub(super) fn shift(two: &Two<'_>, values: &Values<'_>, settings: &Settings) -> Option<Exhibit> {
    let ranks = Ranks::new(two, values);
    let points: Vec<At> = ranks.all().filter_map(|p| ranks.at(p, two, settings)).collect();
    if points.len() < 2 {
        return None;
    }
    let label = axis("candidate − base", two.unit());
    let mut plot = Plot::new("rank, %", label).mark("no change", Place::Y(0.0));
    let margins: Vec<(f64, f64, f64)> =
        points.iter().filter(|p| p.margin > 0.0).map(|p| (p.rank, -p.margin, p.margin)).collect();
    if margins.len() == points.len() {
        plot = plot.layer(ranks.margin_name(two, settings), Shape::Band(margins));
    }
    if points.iter().all(|p| p.interval.is_some()) {
        let band = points.iter().filter_map(|p| p.interval.map(|(lo, hi)| (p.rank, lo, hi)));
        let name = format!("{} interval, each rank by itself", settings.level);
        plot = plot.layer(name, Shape::Band(band.collect()));
    }
    let line = points.iter().map(|p| (p.rank, p.change)).collect();
    plot = plot.layer("change", Shape::Line(line));
    Some(Exhibit::plot("Change along the distribution", plot))
}

/// The change at a rank.
struct At {
    /// In percent.
    rank: f64,
    change: f64,
    interval: Option<(f64, f64)>,
    /// A change of this size is not more than the margins.
    margin: f64,
}

/// How changes at ranks are found.
struct Ranks<'a> {
    values: &'a Values<'a>,
    /// The runs, where they are the unit.
    runs: Option<[Runs<'a>; 2]>,
    tau: [f64; 2],
    /// Independent observations that the smaller side is worth.
    worth: f64,
    bounded: bool,
}

impl<'a> Ranks<'a> {
    fn new(two: &Two<'_>, values: &'a Values<'a>) -> Self {
        let runs = two.by_run().then(|| values.runs(two));
        let tau = if runs.is_some() { [1.0; 2] } else { values.times(two) };
        let worth = values.least() as f64 / tau[0].max(tau[1]).max(1.0);
        Self { values, runs, tau, worth, bounded: !two.one_run() }
    }

    /// Deciles, and the tail as far as it is carried.
    fn all(&self) -> impl Iterator<Item = Rank> {
        let rank = |num: u64, den: u64| Rank::new(Rational::new(num, den)?).ok();
        let far = rank(9_999, 10_000);
        let tail = [Rank::P95, Rank::P99, Rank::P999].into_iter().chain(far);
        let worth = self.worth;
        let carried = move |p: &Rank| worth * p.complement().to_f64() >= BEYOND;
        (1..10).filter_map(move |tenth| rank(tenth, 10)).chain(tail.filter(carried))
    }

    fn at(&self, p: Rank, two: &Two<'_>, settings: &Settings) -> Option<At> {
        let change = match &self.runs {
            Some([x, y]) => Change::means(&x.quantiles(p)?, &y.quantiles(p)?, [1.0; 2]),
            None => self.values.change(p, self.tau),
        };
        let difference = change.candidate - change.base;
        let interval = self.bounded.then(|| change.difference(settings.level));
        let bounds = interval.is_none_or(|(lo, hi)| lo.is_finite() && hi.is_finite());
        if !difference.is_finite() || !bounds {
            return None;
        }
        let margins = margins(two, p, settings);
        let margin = (margins.relative * change.base.abs()).max(margins.absolute);
        Some(At { rank: p.to_f64() * 100.0, change: difference, interval, margin })
    }

    /// What is said of the margins: those of the median.
    fn margin_name(&self, two: &Two<'_>, settings: &Settings) -> String {
        let differs = self.all().any(|p| {
            let (own, middle) = (margins(two, p, settings), margins(two, Rank::MEDIAN, settings));
            own.relative != middle.relative
        });
        let margin = margins(two, Rank::MEDIAN, settings);
        if differs || margin.absolute > 0.0 || margin.relative == 0.0 {
            return "margin".to_owned();
        }
        format!("margin, {} of base", percent(margin.relative))
    }
}

/// The margins of the row of a rank.
fn margins(two: &Two<'_>, p: Rank, settings: &Settings) -> Margins {
    let (benchmark, statistic) = (benchmark(two.candidate), p.to_string());
    let metric = two.candidate.metric.name.as_str();
    settings.margins(&RowName { benchmark: &benchmark, metric, statistic: &statistic }, two.unit())
}
