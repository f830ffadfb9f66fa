use tailproof_core::binomial::tails;
use tailproof_core::{
    Aggregate, Exhibit, Finding, Mark, Objective, Place, Plot, QuantileType, Sample, Series, Shape,
};
use tailproof_resampling::QuantileBootstrap;

use super::edges::edges;
use super::marks::{answer, promised_shares, put, statistic, targets};
use super::outline::SKEWED;

/// Bars of the picture.
const BARS: usize = 48;

/// The bootstrap distribution that the interval of a percentile or of a share was read off, for
/// B → ∞: without resampling.
///
/// ```text
/// percentile   P(from < Q* ≤ to)      the law of the quantile of a resample
/// share        P(from < K/n ≤ to)     K ~ Bin(n, share)
/// ```
/// From a quarter of the interval's width below the interval to as much above it, in at most 48
/// bars, which hold all but the rest of `1 − level` of the probability. Marked are the targets,
/// the interval and the estimate. The distribution says how much the estimate would vary from
/// sample to sample; the verdict rests on an order statistic, or on Clopper and Pearson's bounds.
///
/// `None` without an interval or when it is a single point; for means and spreads, the interval
/// of which is studentized and so is none of their own distribution; and where observations are
/// censored or in buckets.
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
    let (axis, log, bars) = match (&objective.aggregate, sample) {
        (Aggregate::Quantile(p), Some((sample, (min, max)))) => {
            let law = QuantileBootstrap::of(sample, *p, QuantileType::Linear);
            let reach = (interval.hi - interval.lo) / 4.0;
            let (lo, hi) = ((interval.lo - reach).max(min), (interval.hi + reach).min(max));
            let log = lo > 0.0 && hi / lo > SKEWED;
            let unit = series.metric.unit.as_ref().map_or_else(String::new, |u| format!(", {u}"));
            (format!("{name}{unit}"), log, quantile_bars(&law, &edges(lo, hi, BARS, log)))
        }
        (Aggregate::Rate(..) | Aggregate::Ratio, _) => {
            let (n, share) = (*finding.n.first()?, finding.estimate?);
            let count = |share: f64| (share * n as f64).round() as u64;
            let bars = share_bars(n, share, count(interval.lo), count(interval.hi));
            (name.clone(), false, bars)
        }
        _ => return None,
    };
    let plot = Plot::new(axis, "probability").layer("", Shape::Bars(bars));
    let plot = if log { plot.log_x() } else { plot };
    let limits: Vec<(String, f64)> = match objective.aggregate {
        Aggregate::Quantile(_) => {
            targets(objective, series).into_iter().map(|t| (t.name, t.value)).collect()
        }
        _ => promised_shares(objective),
    };
    let marks = limits.into_iter().map(|(name, at)| Mark { name, place: Place::X(at) });
    let plot = put(plot, marks.chain(answer(objective, finding)));
    Some(Exhibit::plot(format!("Bootstrap distribution of {name}"), plot))
}

/// A probability as it is drawn: to a millionth.
fn drawn(p: f64) -> f64 {
    (p.max(0.0) * 1e6).round() / 1e6
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

/// The probability of counts of `n`, as many to each bar; edges lie between two counts.
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
    let edge = |k: u64| ((k as f64 - 0.5) / n as f64).clamp(0.0, 1.0);
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
        assert_eq!(names[..2], ["target: p95 <= 0.97 ms", "99.9 % interval of p95"]);
        assert_eq!(plot.x.label, "p95, ms");
    }

    #[test]
    fn shares_are_drawn_on_their_lattice() {
        let objective: Objective = "ratio >= 90%".parse().unwrap();
        for (n, lo, hi) in [(10, 0.3, 1.0), (1_000, 0.65, 0.74), (1_000_000_000, 0.699, 0.701)] {
            let drawn = bootstrap(&objective, &series(), None, &finding(lo, hi, 0.7, n));
            let (_, bars) = bars(drawn.unwrap());
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
