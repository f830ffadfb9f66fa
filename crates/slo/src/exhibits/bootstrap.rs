use tailproof_core::binomial::tails;
use tailproof_core::quantile::{Position, position};
use tailproof_core::{
    Aggregate, Exhibit, Finding, Guarantee, Mark, Objective, Place, Plot, QuantileType, Sample,
    Series, Shape, number,
};
use tailproof_resampling::QuantileBootstrap;

use super::edges::edges;
use super::marks::{
    answer, percentage, promised_shares, put, share_axis, statistic, targets, worth,
};
use super::outline::SKEWED;

/// Bars of the picture, and most atoms that are drawn one by one.
const BARS: usize = 48;

/// The bootstrap law that the interval of a percentile or of a share was read off, for B → ∞:
/// without resampling.
///
/// ```text
/// percentile   P(from < Q* ≤ to)      the law of the quantile of a resample
/// share        P(from < K/n ≤ to)     K ~ Bin(n, share)
/// ```
/// From a quarter of the interval's width below the interval to as much above it, in at most 48
/// bars, which hold all but the rest of `1 − level` of the probability. Up to 48 atoms are dots
/// at their probabilities; of values on a lattice, such as rounded ones, each bar holds as many
/// places of the lattice. Marked are the targets, the bounds that decide, the estimate and the
/// interval. The law says how much the estimate would vary from sample to sample; the verdict
/// rests on an order statistic, or on Clopper and Pearson's bounds, and where observations
/// depend on each other the law does not know of it: the title does.
///
/// `None` without an interval or when it is a single point; for means and spreads, the interval
/// of which is studentized and so is none of their own law; and where observations are censored
/// or in buckets.
///
/// # Source
/// See [`QuantileBootstrap`].
pub(super) fn bootstrap(
    objective: &Objective,
    series: &Series,
    sample: Option<(&Sample, (f64, f64))>,
    finding: &Finding,
) -> Option<Exhibit> {
    let name = statistic(objective);
    let interval = finding.interval.as_ref().filter(|i| i.lo < i.hi)?;
    let (axis, log, shape) = match (&objective.aggregate, sample) {
        (Aggregate::Quantile(p), Some((sample, (min, max)))) => {
            let law = QuantileBootstrap::of(sample, *p, QuantileType::Linear);
            let at = position(sample.len() as u64, *p, QuantileType::Linear);
            let reach = (interval.hi - interval.lo) / 4.0;
            let (lo, hi) = ((interval.lo - reach).max(min), (interval.hi + reach).min(max));
            let log = lo > 0.0 && hi / lo > SKEWED;
            let unit = series.metric.unit.as_ref().map_or_else(String::new, |u| format!(", {u}"));
            (format!("{name}{unit}"), log, quantile_shape(&law, at, (lo, hi), log))
        }
        (Aggregate::Rate(..) | Aggregate::Ratio, _) => {
            let (n, share) = (*finding.n.first()?, finding.estimate?);
            let count = |share: f64| (share * n as f64).round() as u64;
            let bars = share_bars(n, share, count(interval.lo), count(interval.hi));
            (share_axis(objective), false, Shape::Bars(bars))
        }
        _ => return None,
    };
    let plot = Plot::new(axis, "probability").layer("", shape);
    let plot = if log { plot.log_x() } else { plot };
    let limits: Vec<(String, f64)> = match objective.aggregate {
        Aggregate::Quantile(_) => {
            targets(objective, series).into_iter().map(|t| (t.name, t.value)).collect()
        }
        _ => promised_shares(objective),
    };
    let marks = limits.into_iter().map(|(name, at)| Mark { name, place: Place::X(at) });
    let said = answer(objective, finding, false).into_iter().flatten();
    Some(Exhibit::plot(title(&name, finding), put(plot, marks.chain(said))))
}

/// The law takes observations for independent: where they are not, the title says so.
fn title(name: &str, finding: &Finding) -> String {
    let mut title = format!("Bootstrap law of {name}");
    if finding.guarantee == Guarantee::Approximate {
        title += ", as if independent";
        if let (Some(worth), Some(&n)) = (worth(finding), finding.n.first())
            && worth < n
        {
            title += &format!("; worth {} of {}", number(worth as f64), number(n as f64));
        }
    }
    title
}

/// A probability as it is drawn: to a millionth.
fn drawn(p: f64) -> f64 {
    (p.max(0.0) * 1e6).round() / 1e6
}

/// The law of a percentile: its atoms when they are few, else bars.
fn quantile_shape(law: &QuantileBootstrap, at: Position, (lo, hi): (f64, f64), log: bool) -> Shape {
    let values = carriers(law, at);
    if let Some(atoms) = atoms(law, &values, at.weight, (lo, hi)) {
        return Shape::Points(atoms);
    }
    let edges = match lattice(&values) {
        Some(step) => lattice_edges((values[0], step), (lo, hi), log),
        None => edges(lo, hi, BARS, log),
    };
    Shape::Bars(quantile_bars(law, &edges))
}

/// The different observations that carry the law, ascending; one at least.
fn carriers(law: &QuantileBootstrap, at: Position) -> Vec<f64> {
    let down = (1..=at.lower).rev().map_while(|rank| law.order_statistic(rank));
    let mut values: Vec<f64> = down.collect();
    values.reverse();
    values.extend((at.lower + 1..).map_while(|rank| law.order_statistic(rank)));
    values.dedup();
    values
}

/// The atoms of the law from `lo` to `hi` with their probabilities; `None` for more than 48.
///
/// ```text
/// (1−f)·vᵢ + f·v_j                                                             i ≤ j
/// ```
/// Places that only rounding tells apart are one.
fn atoms(
    law: &QuantileBootstrap,
    values: &[f64],
    weight: f64,
    (lo, hi): (f64, f64),
) -> Option<Vec<(f64, f64)>> {
    let inside = |x: &f64| (lo..=hi).contains(x);
    if values.iter().filter(|x| inside(x)).count() > BARS || values.len() > 2 * BARS {
        return None;
    }
    let mut places = Vec::new();
    for (i, &a) in values.iter().enumerate() {
        let others = if weight > 0.0 { &values[i + 1..] } else { &[] };
        places.push(a);
        places.extend(others.iter().map(|b| (1.0 - weight) * a + weight * b));
    }
    places.retain(inside);
    places.sort_by(f64::total_cmp);
    let same = (hi - lo) * 1e-9;
    let mut found = Vec::new();
    for group in places.chunk_by(|a, b| b - a <= same) {
        let (first, last) = (group[0], group[group.len() - 1]);
        let p = drawn(law.cdf(last) - law.cdf(first.next_down()));
        if p > 0.0 {
            found.push((last, p));
        }
    }
    (1..=BARS).contains(&found.len()).then_some(found)
}

/// The step of the lattice on which all of `values` lie, which rise: their common divisor.
/// `None` when it is too fine to matter.
fn lattice(values: &[f64]) -> Option<f64> {
    let (first, last) = (values.first()?, values.last()?);
    let span = last - first;
    let nothing = span * 1e-7;
    let mut step = f64::INFINITY;
    for pair in values.windows(2) {
        let (mut a, mut b) = (pair[1] - pair[0], step.min(span));
        while b > nothing {
            let rest = (a - (a / b).round() * b).abs();
            (a, b) = (b, rest);
        }
        step = a;
    }
    // A hundred places to a bar are as good as none.
    let places = (span / step).round();
    (places >= 1.0 && places < (100 * BARS) as f64).then(|| span / places)
}

/// Edges half-way between places of a lattice, and a millionth more, so that the mean of two
/// neighbours always lies in the lower bar; as many places to each bar, on a linear axis.
fn lattice_edges((origin, step): (f64, f64), (lo, hi): (f64, f64), log: bool) -> Vec<f64> {
    let half_way = |place: f64| origin + (place + 0.500_001) * step;
    let (first, last) = (((lo - origin) / step - 1e-6).ceil(), ((hi - origin) / step).ceil());
    let mut found: Vec<f64> = if log {
        let near = |x: f64| half_way(((x - origin) / step).floor());
        // An edge below all that is drawn, and above 0.
        let inner = edges(lo, hi, BARS, true).into_iter().skip(1).map(near);
        std::iter::once(lo.min(half_way(first - 1.0).max(lo / 2.0))).chain(inner).collect()
    } else {
        let each = ((last - first + 1.0) / BARS as f64).ceil().max(1.0);
        let bars = ((last - first + 1.0) / each).ceil().clamp(1.0, BARS as f64) as u32;
        (0..=bars).map(|bar| half_way(first - 1.0 + f64::from(bar) * each)).collect()
    };
    found.dedup();
    found
}

/// The probability between neighbouring edges; the first bar holds its lower end.
fn quantile_bars(law: &QuantileBootstrap, edges: &[f64]) -> Vec<(f64, f64, f64)> {
    let mut before = law.cdf(edges[0].next_down());
    edges
        .windows(2)
        .map(|edge| {
            let upto = law.cdf(edge[1]);
            let p = upto - before;
            before = upto;
            (edge[0], edge[1], drawn(p))
        })
        .collect()
}

/// The probability of counts of `n`, as many to each bar; edges lie between two counts, in
/// percent.
fn share_bars(n: u64, share: f64, lo: u64, hi: u64) -> Vec<(f64, f64, f64)> {
    let (lo, hi) = (lo.min(n), hi.min(n));
    let reach = hi.saturating_sub(lo) / 4;
    let (lo, hi) = (lo.saturating_sub(reach), hi.saturating_add(reach).min(n));
    let each = (hi.saturating_sub(lo) + 1).div_ceil(BARS as u64);
    // P(K < k)
    let below = |k: u64| match k {
        0 => 0.0,
        k if k > n => 1.0,
        k => tails(k, n, share, 1.0 - share).below,
    };
    let edge = |k: u64| percentage(((k as f64 - 0.5) / n as f64).clamp(0.0, 1.0));
    let mut bars = Vec::with_capacity(BARS);
    let mut from = lo;
    while from <= hi && bars.len() < BARS {
        let to = from.saturating_add(each);
        bars.push((edge(from), edge(to), drawn(below(to) - below(from))));
        from = to;
    }
    bars
}

#[cfg(test)]
mod tests {
    use tailproof_core::{
        Class, ExhibitKind, Interval, Level, Metric, Observations, Subject, Unit, Verdict,
    };

    use super::super::tests::sample;
    use super::*;
    use crate::judge::EFFECTIVE;

    fn finding(lo: f64, hi: f64, estimate: f64, n: u64) -> Finding {
        let subject = Subject::default();
        let mut finding = Finding::new(Class::Slo, subject, "p95 <= 0.97 ms", Verdict::Pass);
        let method = "exact percentile bootstrap (B → ∞)".to_owned();
        finding.interval = Some(Interval { lo, hi, level: Level::P999, method });
        (finding.estimate, finding.n) = (Some(estimate), vec![n]);
        finding
    }

    fn series() -> Series {
        Series::new(Metric::new("latency", Unit::known("ms")), Observations::Events(vec![]))
    }

    fn bars(exhibit: Exhibit) -> (Plot, Vec<(f64, f64, f64)>) {
        let ExhibitKind::Plot(plot) = exhibit.kind else { panic!("a plot") };
        let Shape::Bars(bars) = plot.layers[0].shape.clone() else { panic!("bars") };
        (plot, bars)
    }

    #[test]
    fn nearly_all_of_the_law_is_drawn() {
        let values = sample(2_000, |u| u);
        let objective: Objective = "p95 <= 0.97ms".parse().unwrap();
        let Aggregate::Quantile(p) = objective.aggregate else { unreachable!() };
        let law = QuantileBootstrap::of(&values, p, QuantileType::Linear);
        let (lo, hi) = law.interval(Level::P999);
        let found = finding(lo, hi, law.sample_quantile(), 2_000);
        let drawn = bootstrap(&objective, &series(), Some((&values, values.range())), &found);
        let (plot, bars) = bars(drawn.unwrap());
        let sum: f64 = bars.iter().map(|b| b.2).sum();
        assert!(bars.len() <= 48 && (0.999..=1.0 + 1e-4).contains(&sum), "{sum}");
        let names: Vec<&str> = plot.marks.iter().map(|m| m.name.as_str()).collect();
        assert_eq!((names[0], names[2]), ("target p95 <= 0.97 ms", "99.9 % of the bootstrap law"));
        assert_eq!(plot.x.label, "p95, ms");
    }

    /// The picture of 99.9 % of the law of a percentile.
    fn shape(values: &Sample, objective: &str) -> Shape {
        let objective: Objective = objective.parse().unwrap();
        let Aggregate::Quantile(p) = objective.aggregate else { unreachable!() };
        let law = QuantileBootstrap::of(values, p, QuantileType::Linear);
        let (lo, hi) = law.interval(Level::P999);
        let found = finding(lo, hi, law.sample_quantile(), values.len() as u64);
        let drawn = bootstrap(&objective, &series(), Some((values, values.range())), &found);
        let ExhibitKind::Plot(plot) = drawn.unwrap().kind else { panic!("a plot") };
        plot.layers[0].shape.clone()
    }

    #[test]
    fn few_atoms_are_dots() {
        // Whole numbers, of which resamples give means of two neighbours too.
        for (n, objective) in [(5, "p50 <= 3ms"), (40, "p50 <= 3ms"), (1_000, "p95 <= 3ms")] {
            let Shape::Points(atoms) = shape(&sample(n, |u| (20.0 * u).floor()), objective) else {
                panic!("{n}: points")
            };
            let sum: f64 = atoms.iter().map(|atom| atom.1).sum();
            assert!(atoms.len() <= 48 && (0.998..=1.0 + 1e-4).contains(&sum), "{n} {atoms:?}");
            assert!(atoms.windows(2).all(|w| w[0].0 < w[1].0), "{n} {atoms:?}");
        }
    }

    #[test]
    fn rounded_values_do_not_alternate() {
        // About 75 tenths in the picture: bars of one and two of them would alternate.
        let values = sample(40_000, |u| (3_000.0 * u).round() / 10.0);
        let Shape::Bars(bars) = shape(&values, "p50 <= 3ms") else { panic!("bars") };
        let sum: f64 = bars.iter().map(|bar| bar.2).sum();
        assert!(bars.len() <= 48 && (0.999..=1.0 + 1e-4).contains(&sum), "{sum} {bars:?}");
        let width = bars[0].1 - bars[0].0;
        assert!(bars.iter().all(|bar| (bar.1 - bar.0 - width).abs() < 1e-6), "{bars:?}");
        for pair in bars.windows(2).filter(|pair| pair[0].2.min(pair[1].2) > 0.04) {
            assert!((0.6..1.7).contains(&(pair[1].2 / pair[0].2)), "{pair:?}");
        }
    }

    #[test]
    fn a_lattice_is_found_where_there_is_one() {
        assert!((lattice(&[1.2, 1.4, 1.7, 2.1]).unwrap() - 0.1).abs() < 1e-12);
        assert!((lattice(&[2.0, 5.0, 9.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(lattice(sample(500, |u| u).sorted()), None);
        assert_eq!((lattice(&[3.0]), lattice(&[])), (None, None));
        for log in [false, true] {
            let edges = lattice_edges((1.0, 1.0), (1.0, 100.0), log);
            assert!(edges.len() <= 49 && edges.windows(2).all(|w| w[0] < w[1]), "{edges:?}");
            assert!(edges[0] > 0.0 && edges[0] <= 1.0 && edges[edges.len() - 1] > 100.0);
        }
    }

    #[test]
    fn what_is_not_independent_is_said_in_the_title() {
        let mut found = finding(0.9, 0.99, 0.95, 16_085);
        assert_eq!(title("p95", &found), "Bootstrap law of p95");
        found.guarantee = Guarantee::Approximate;
        assert_eq!(title("p95", &found), "Bootstrap law of p95, as if independent");
        let worth = format!("judged with an {EFFECTIVE}1217 instead of 16 085; the guarantee is");
        found.warnings = vec![worth];
        let want = "Bootstrap law of p95, as if independent; worth 1217 of 16 085";
        assert_eq!(title("p95", &found), want);
    }

    #[test]
    fn shares_are_drawn_on_their_lattice() {
        let objective: Objective = "ratio >= 90%".parse().unwrap();
        for (n, lo, hi) in [(10, 0.3, 1.0), (1_000, 0.65, 0.74), (1_000_000_000, 0.699, 0.701)] {
            let drawn = bootstrap(&objective, &series(), None, &finding(lo, hi, 0.7, n));
            let (plot, bars) = bars(drawn.unwrap());
            assert_eq!(plot.x.label, "share of good events, %");
            assert!(bars[0].0 > 1.0, "in percent: {bars:?}");
            assert!(bars.len() <= 48 && bars.iter().all(|b| b.0 < b.1 && b.2 >= 0.0), "{bars:?}");
            let sum: f64 = bars.iter().map(|b| b.2).sum();
            assert!((sum - 1.0).abs() < 0.01, "{n} {sum}");
        }
    }

    #[test]
    fn what_has_no_law_is_not_drawn() {
        let values = sample(100, |u| u);
        let given = Some((&values, values.range()));
        let drawn = |text: &str, found: &Finding| {
            bootstrap(&text.parse().unwrap(), &series(), given, found).is_some()
        };
        assert!(drawn("p50 <= 1ms", &finding(0.4, 0.6, 0.5, 100)));
        assert!(!drawn("p50 <= 1ms", &finding(0.5, 0.5, 0.5, 100)));
        assert!(!drawn("mean <= 1ms", &finding(0.4, 0.6, 0.5, 100)));
    }
}
