use tailproof_core::{Ecdf, Exhibit, Plot, Shape, number, percent};

use super::marks::Marks;
use super::outline::{Outline, Tail};

/// The empirical distribution function of raw observations.
///
/// ```text
/// F(x) = #{xᵢ ≤ x}/n
/// ```
/// At most 64 steps, each exact: half of them at equal distances in rank, both extremes
/// included; half ever closer to the end where the targets are, geometrically in the share that
/// is left over (½ … 1/n), so that a p99.9 is seen; and one at each target, where F is the share
/// that meets it. Between two steps that are drawn the function rises unseen.
///
/// The axis is logarithmic when all observations are positive and the largest is over 30 times
/// the median. Marked are targets, intervals and estimates.
pub(super) fn distribution(outline: &Outline<'_>, marks: &Marks, axis: &str) -> Exhibit {
    let (lo, hi) = outline.range();
    let inside: Vec<f64> =
        marks.targets.iter().map(|t| t.value).filter(|&x| lo < x && x < hi).collect();
    let points = Exhibit::MAX_POINTS - inside.len();
    let ranks = ranks(outline.n() as u64, marks.tail(), points);
    let mut places: Vec<f64> = ranks.into_iter().map(|rank| outline.at(rank as usize)).collect();
    places.extend(inside);
    places.sort_by(f64::total_cmp);
    places.dedup();
    let n = outline.n() as f64;
    let counts = outline.at_most(&places);
    let steps = places.into_iter().zip(counts).map(|(x, count)| (x, count as f64 / n)).collect();
    let plot = plot(axis, outline.log()).layer("", Shape::Steps(steps));
    Exhibit::plot("Distribution", marks.all(plot))
}

/// The same of observations that are known up to a bracket: buckets, and censored values.
///
/// Two functions, with every observation at the lower and at the upper end of where it may lie;
/// the truth is between them. One function where both are the same. With observations that are
/// only known to lie above or below something, the functions end or begin at the share that is
/// known, which the title says.
pub(super) fn between(lower: &Ecdf, upper: &Ecdf, marks: &Marks, axis: &str) -> Exhibit {
    let n = lower.n();
    let tail = marks.tail();
    let log = is_long(lower) && is_long(upper);
    let mut plot = plot(axis, log);
    if lower == upper {
        plot = plot.layer("", Shape::Steps(steps(lower, tail)));
    } else {
        plot = plot.layer("values at their lower ends", Shape::Steps(steps(lower, tail)));
        plot = plot.layer("values at their upper ends", Shape::Steps(steps(upper, tail)));
    }
    let part = |count: u64| percent(count as f64 / n as f64);
    let mut title = "Distribution".to_owned();
    let mut open = Vec::new();
    if upper.above() > 0 {
        title += &format!(", known up to {}", part(n - upper.above()));
        open.push(format!("{} only known to be larger", number(upper.above() as f64)));
    }
    if lower.below() > 0 {
        title += &format!(", known from {} on", part(lower.below()));
        open.push(format!("{} only known to be smaller", number(lower.below() as f64)));
    }
    if !open.is_empty() {
        title += &format!(" (of {} observations {})", number(n as f64), open.join(", "));
    }
    Exhibit::plot(title, marks.all(plot))
}

fn plot(axis: &str, log: bool) -> Plot {
    let plot = Plot::new(axis, "share of observations at most x");
    if log { plot.log_x() } else { plot }
}

/// Whether the values of a weighted distribution are drawn on a logarithmic axis.
fn is_long(ecdf: &Ecdf) -> bool {
    let atoms = ecdf.atoms();
    let Some((lo, hi)) = atoms.first().zip(atoms.last()) else { return true };
    let middle = ecdf.order_statistic(ecdf.n().div_ceil(2));
    lo.0 > 0.0 && hi.0 / middle > super::outline::SKEWED
}

/// At most 64 steps of a weighted distribution.
fn steps(ecdf: &Ecdf, tail: Tail) -> Vec<(f64, f64)> {
    let n = ecdf.n();
    let few = ecdf.atoms().len() <= Exhibit::MAX_POINTS;
    let ranks = if few { Vec::new() } else { ranks(n, tail, Exhibit::MAX_POINTS - 2) };
    let (mut from, last) = (ecdf.below(), ecdf.atoms().len().saturating_sub(1));
    let mut steps = Vec::new();
    for (i, &(x, count)) in ecdf.atoms().iter().enumerate() {
        let to = from + count;
        // Ranks from 0 that fall on this atom.
        let chosen = ranks.partition_point(|&r| r < from) < ranks.partition_point(|&r| r < to);
        if few || chosen || i == 0 || i == last {
            steps.push((x, to as f64 / n as f64));
        }
        from = to;
    }
    steps
}

/// At most `points` of the ranks `0..n`, ascending.
fn ranks(n: u64, tail: Tail, points: usize) -> Vec<u64> {
    if n <= points as u64 {
        return (0..n).collect();
    }
    let even = (points / 2).max(2);
    let spread = |i: usize| (i as u128 * u128::from(n - 1) / (even - 1) as u128) as u64;
    let mut ranks: Vec<u64> = (0..even).map(spread).collect();
    let rest = points.saturating_sub(even);
    for i in 0..rest {
        // From n/2 down to 1, geometrically.
        let away = (n as f64 / 2.0).powf(1.0 - i as f64 / rest as f64).round() as u64;
        let from_below = match tail {
            Tail::Lower => true,
            Tail::Upper => false,
            Tail::Both => i % 2 == 0,
        };
        let away = away.min(n - 1);
        ranks.push(if from_below { away } else { n - 1 - away });
    }
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Objective, Sample};

    use super::super::tests::{marks, sample};
    use super::*;

    fn layers(exhibit: Exhibit) -> Vec<Vec<(f64, f64)>> {
        let ExhibitKind::Plot(plot) = exhibit.kind else { panic!("a plot") };
        let steps = |shape| match shape {
            Shape::Steps(steps) => steps,
            other => panic!("{other:?}"),
        };
        plot.layers.into_iter().map(|layer| steps(layer.shape)).collect()
    }

    fn drawn(sample: &Sample, objective: &str) -> Vec<(f64, f64)> {
        let objective: Objective = objective.parse().unwrap();
        let marks = marks(&objective);
        layers(distribution(&Outline::of(sample, marks.tail()), &marks, "latency, ms")).remove(0)
    }

    #[test]
    fn steps_are_few_exact_and_dense_in_the_tail() {
        for n in [1, 2, 63, 64, 65, 1_000, 100_000] {
            let sample = sample(n, |u| u);
            let steps = drawn(&sample, "p95 <= 0.95ms");
            assert!(steps.len() <= 64 && steps[steps.len() - 1].1 == 1.0, "{n} {steps:?}");
            for &(x, y) in &steps {
                let count = sample.values().iter().filter(|&&v| v <= x).count();
                assert_eq!(y, count as f64 / f64::from(n));
            }
            if n >= 1_000 {
                let far = |from: f64| steps.iter().filter(|s| s.1 > from).count();
                assert!(far(0.99) >= 8 && far(0.5) < steps.len(), "{n} {steps:?}");
                // What meets the target is read off it.
                assert!(steps.iter().any(|s| s.0 == 0.95), "{steps:?}");
            }
        }
    }

    #[test]
    fn the_lower_tail_is_resolved_where_the_target_is_there() {
        let steps = drawn(&sample(10_000, |u| u), "p5 >= 0.01ms");
        assert!(steps.iter().filter(|s| s.1 < 0.01).count() >= 10, "{steps:?}");
    }

    #[test]
    fn ends_that_are_not_known_are_named() {
        let objective: Objective = "p95 <= 150ms".parse().unwrap();
        let upper = Ecdf::new((0..900).map(|i| (f64::from(i), 1)).collect(), 0, 100).unwrap();
        let mut atoms = upper.atoms().to_vec();
        atoms.push((30.0, 100));
        let lower = Ecdf::new(atoms, 0, 0).unwrap();
        let exhibit = between(&lower, &upper, &marks(&objective), "latency, ms");
        assert_eq!(
            exhibit.title,
            "Distribution, known up to 90 % (of 1000 observations 100 only known to be larger)"
        );
        let layers = layers(exhibit);
        assert!(layers.len() == 2 && layers.iter().all(|steps| steps.len() <= 64));
        assert_eq!(layers[1].last(), Some(&(899.0, 0.9)));
        assert_eq!(layers[0].last(), Some(&(899.0, 1.0)));
    }

    #[test]
    fn what_is_known_exactly_has_one_function() {
        let objective: Objective = "p95 <= 150ms".parse().unwrap();
        let one = Ecdf::new(vec![(1.0, 3), (1e9, 1)], 0, 0).unwrap();
        let exhibit = between(&one, &one, &marks(&objective), "latency, ms");
        assert_eq!(layers(exhibit), [[(1.0, 0.75), (1e9, 1.0)]]);
    }
}
