use tailproof_core::quantile::position;
use tailproof_core::{Ecdf, Exhibit, Plot, QuantileType, Shape, number, percent};

use super::edges::around;
use super::marks::Marks;
use super::outline::{Outline, Tail};

/// Share of the observations that one value must hold for its step to be drawn as one between
/// points of a thinned function.
const JUMP: f64 = 0.01;

/// A place, how many observations lie below it, and how many at most there.
type Row = (f64, u64, u64);

/// The empirical distribution function of raw observations.
///
/// ```text
/// F(x) = #{xᵢ ≤ x}/n
/// ```
/// Steps from 0 on where there are fewer than 64 different values. Else a line through at most 64
/// points of it, each exact, whose name says of how many: half of them at equal distances in
/// rank, both extremes included; half ever closer to the end where the targets are,
/// geometrically in the share that is left over (½ … 1/n), so that a p99.9 is seen; one at each
/// target, where F is the share that meets it; one at each percentile that is judged; and where
/// there is room two for a value that over 1 % of the observations share.
///
/// The axis is logarithmic when the largest is over 30 times the median and at most one in 20 is
/// 0 or less; the title says how many have no place on it. Marked are targets, bounds, estimates
/// and intervals.
pub(super) fn distribution(outline: &Outline<'_>, marks: &Marks, axis: &str) -> Exhibit {
    let (log, n) = (outline.log(), outline.n() as u64);
    let hidden = outline.hidden(log);
    let places = places(outline, marks, log);
    // Just below each and at each.
    let cuts: Vec<f64> = places.iter().flat_map(|&x| [x.next_down(), x]).collect();
    let counts = outline.at_most(&cuts);
    let rows: Vec<Row> =
        places.iter().zip(counts.chunks_exact(2)).map(|(&x, c)| (x, c[0], c[1])).collect();
    let (name, shape) = shape(&rows, (hidden, n), outline.steps());
    let plot = plot(axis, log).layer(name, shape);
    let mut title = "Distribution".to_owned();
    if hidden > 0 {
        let (hidden, n) = (number(hidden as f64), number(n as f64));
        title += &format!(" (of {n} observations {hidden} not positive, left of the axis)");
    }
    Exhibit::plot(title, marks.all(plot))
}

/// The same of observations that are known up to a bracket: buckets, and censored values.
///
/// Two functions, with every observation at the lower and at the upper end of where it may lie;
/// the truth is between them. One function where both are the same. With observations that are
/// only known to lie above or below something, the functions end or begin at the share that is
/// known, which the title says.
pub(super) fn between(lower: &Ecdf, upper: &Ecdf, marks: &Marks, axis: &str) -> Exhibit {
    let n = lower.n();
    let log = is_long(lower) && is_long(upper);
    let mut plot = plot(axis, log);
    if lower == upper {
        let (name, shape) = weighted(lower, marks);
        plot = plot.layer(name, shape);
    } else {
        for (ecdf, which) in [(lower, "lower"), (upper, "upper")] {
            let (name, shape) = weighted(ecdf, marks);
            let name = if name.is_empty() {
                format!("values at their {which} ends")
            } else {
                format!("{which} ends, {name}")
            };
            plot = plot.layer(name, shape);
        }
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

/// Where the function of raw observations is drawn: at every value, when they are few.
fn places(outline: &Outline<'_>, marks: &Marks, log: bool) -> Vec<f64> {
    let (lo, hi) = outline.range_drawn(log);
    let mut places = if let Some(all) = outline.different(Exhibit::MAX_POINTS - 1) {
        all
    } else {
        let n = outline.n() as u64;
        let targets = marks.targets.iter().map(|t| t.value).filter(|&x| lo < x && x < hi);
        let mut places: Vec<f64> = targets.chain([lo]).collect();
        for &p in &marks.ranks {
            let at = position(n, p, QuantileType::Linear);
            let pair = outline.order_statistics(at.lower, at.upper);
            places.extend([pair[0], pair[pair.len() - 1]]);
        }
        let points = Exhibit::MAX_POINTS.saturating_sub(places.len());
        let ranks = ranks(n, marks.tail(), points);
        places.extend(ranks.into_iter().map(|rank| outline.at(rank as usize)));
        places
    };
    places.retain(|&x| lo <= x);
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// Rows of a distribution function as they are drawn, and what to call it.
///
/// `(hidden, n)` are the observations left of the axis, and all; `steps` how many there are in
/// all. Steps when nothing lies between the rows, else a line.
fn shape(rows: &[Row], (hidden, n): (u64, u64), steps: Option<usize>) -> (String, Shape) {
    let share = |count: u64| count as f64 / n as f64;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return (String::new(), Shape::Steps(Vec::new()));
    };
    let follow = rows.windows(2).all(|pair| pair[0].2 == pair[1].1);
    if follow && first.1 <= hidden && rows.len() < Exhibit::MAX_POINTS {
        // From what lies left of the axis, 0 as a rule.
        let mut all = vec![(first.0, share(first.1))];
        all.extend(rows.iter().map(|&(x, _, upto)| (x, share(upto))));
        if rows.len() == 1 {
            let (left, right) = around(first.0);
            all[0].0 = left;
            all.push((right, share(last.2)));
        }
        return (String::new(), Shape::Steps(all));
    }
    let mut jumps: Vec<&Row> =
        rows.iter().filter(|row| row.2 - row.1 > 1 && share(row.2 - row.1) > JUMP).collect();
    jumps.sort_by_key(|row| std::cmp::Reverse(row.2 - row.1));
    jumps.truncate(Exhibit::MAX_POINTS.saturating_sub(rows.len()));
    let mut points: Vec<(f64, f64)> = jumps.iter().map(|row| (row.0, share(row.1))).collect();
    points.extend(rows.iter().map(|row| (row.0, share(row.2))));
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let name = match steps {
        Some(steps) => format!("{} of {} steps", rows.len(), number(steps as f64)),
        None => format!("{} points of {} values", rows.len(), number(n as f64)),
    };
    (name, Shape::Line(points))
}

/// A weighted distribution as it is drawn, and what to call it: at all of its atoms, or at few
/// of them and at the targets.
fn weighted(ecdf: &Ecdf, marks: &Marks) -> (String, Shape) {
    let (n, atoms) = (ecdf.n(), ecdf.atoms());
    let whole = atoms.len() < Exhibit::MAX_POINTS;
    let mut chosen: Vec<u64> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    if let (false, Some(first), Some(last)) = (whole, atoms.first(), atoms.last()) {
        let inside = marks.targets.iter().map(|t| t.value).filter(|&x| first.0 < x && x < last.0);
        rows.extend(inside.map(|t| (t, ecdf.count_below(t), ecdf.count_at_most(t))));
        for &p in &marks.ranks {
            let at = position(n, p, QuantileType::Linear);
            chosen.extend([at.lower - 1, at.upper - 1]);
        }
        // Beside the first and the last atom.
        let points = Exhibit::MAX_POINTS.saturating_sub(rows.len() + chosen.len() + 2);
        chosen.extend(ranks(n, marks.tail(), points));
        chosen.sort_unstable();
    }
    let mut from = ecdf.below();
    for (i, &(x, count)) in atoms.iter().enumerate() {
        let to = from + count;
        // Ranks from 0 that fall on this atom.
        let is_chosen = chosen.partition_point(|&r| r < from) < chosen.partition_point(|&r| r < to);
        if whole || is_chosen || i == 0 || i + 1 == atoms.len() {
            rows.push((x, from, to));
        }
        from = to;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.dedup_by(|a, b| a.0 == b.0);
    shape(&rows, (ecdf.below(), n), Some(atoms.len()))
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

    /// The name of a layer, whether it is a line, and its points.
    type Drawn = (String, bool, Vec<(f64, f64)>);

    fn layers(exhibit: Exhibit) -> Vec<Drawn> {
        let ExhibitKind::Plot(plot) = exhibit.kind else { panic!("a plot") };
        let layers = plot.layers.into_iter().map(|layer| match layer.shape {
            Shape::Steps(steps) => (layer.name, false, steps),
            Shape::Line(points) => (layer.name, true, points),
            other => panic!("{other:?}"),
        });
        layers.collect()
    }

    fn layer(sample: &Sample, objective: &str) -> (String, bool, Vec<(f64, f64)>) {
        let objective: Objective = objective.parse().unwrap();
        let marks = marks(&objective);
        layers(distribution(&Outline::of(sample, marks.tail()), &marks, "latency, ms")).remove(0)
    }

    fn drawn(sample: &Sample, objective: &str) -> Vec<(f64, f64)> {
        layer(sample, objective).2
    }

    #[test]
    fn few_values_are_steps_from_0() {
        let (name, line, steps) = layer(&sample(63, |u| u), "p95 <= 0.95ms");
        assert!(name.is_empty() && !line && steps.len() == 64);
        assert_eq!((steps[0].0, steps[0].1), (steps[1].0, 0.0));
        // Many observations of few values.
        for n in [1_000, 100_000] {
            let (name, line, steps) = layer(&sample(n, |u| (u * 8.0).floor()), "p95 <= 5.5ms");
            assert!(name.is_empty() && !line && steps.len() == 9, "{n} {steps:?}");
            assert!((steps[4].1 - 0.5).abs() < 1e-2 && steps[8].1 == 1.0, "{n} {steps:?}");
        }
    }

    #[test]
    fn a_constant_is_seen() {
        for values in [vec![200.0], vec![200.0; 50]] {
            let steps = drawn(&Sample::new(values).unwrap(), "p95 <= 0.95ms");
            assert_eq!(steps, [(199.0, 0.0), (200.0, 1.0), (201.0, 1.0)]);
        }
    }

    #[test]
    fn what_is_thinned_is_a_line_that_percentiles_are_read_off() {
        let sample = sample(16_085, |u| (1.0 - u).powf(-1.5));
        let (name, line, points) = layer(&sample, "p97.3 <= 200ms");
        assert!(line && name.ends_with(" of 16 085 steps"), "{name}");
        let sorted = sample.sorted();
        let at = points.iter().find(|point| point.1 >= 0.973).unwrap();
        assert_eq!(at.0, sorted[15_651 - 1], "rank ⌈0.973·16 085⌉");
        // Nowhere is the line further from the truth than half of what is between two points.
        for pair in points.windows(2) {
            let x = f64::midpoint(pair[0].0, pair[1].0);
            let truth = sorted.partition_point(|&v| v <= x) as f64 / 16_085.0;
            let read = f64::midpoint(pair[0].1, pair[1].1);
            assert!((truth - read).abs() < 0.015, "{x} {truth} {read}");
        }
    }

    #[test]
    fn a_large_atom_is_a_jump_of_the_line() {
        let sample = sample(10_000, |u| if u < 0.6 { 5.0 } else { 4.0 + u });
        let points = drawn(&sample, "p95 <= 4.9ms");
        assert!(points.len() <= 64);
        let at: Vec<f64> = points.iter().filter(|p| p.0 == 5.0).map(|p| p.1).collect();
        assert!(at.len() == 2 && (at[0] - 0.4).abs() < 1e-2 && at[1] == 1.0, "{at:?}");
    }

    #[test]
    fn what_has_no_place_on_the_axis_is_told() {
        let values = (0..605).map(|i| if i < 5 { 0.0 } else { f64::from(i - 4).powi(6) });
        let sample = Sample::new(values.collect()).unwrap();
        let marks = Marks::default();
        let exhibit = distribution(&Outline::of(&sample, marks.tail()), &marks, "latency, ms");
        assert!(exhibit.title.contains("of 605 observations 5 not positive"), "{}", exhibit.title);
        let points = layers(exhibit).remove(0).2;
        assert_eq!(points[0], (1.0, 6.0 / 605.0));
    }

    #[test]
    fn points_are_few_exact_and_dense_in_the_tail() {
        for n in [2, 64, 65, 1_000, 100_000] {
            let sample = sample(n, |u| u);
            let (_, line, steps) = layer(&sample, "p95 <= 0.95ms");
            assert!(steps.len() <= 64 && steps[steps.len() - 1].1 == 1.0, "{n} {steps:?}");
            assert_eq!(line, n >= 64);
            for &(x, y) in &steps[usize::from(!line)..] {
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
        assert!(layers.len() == 2 && layers.iter().all(|layer| layer.1 && layer.2.len() <= 64));
        assert!(layers[0].0.starts_with("lower ends, ") && layers[1].0.ends_with(" of 900 steps"));
        assert_eq!(layers[1].2.last(), Some(&(899.0, 0.9)));
        assert_eq!(layers[0].2.last(), Some(&(899.0, 1.0)));
        // The target, and the percentile of all 1 000 observations.
        assert!(layers[1].2.contains(&(150.0, 0.151)) && layers[0].2.iter().any(|p| p.1 == 0.95));
    }

    #[test]
    fn what_is_known_exactly_has_one_function() {
        let objective: Objective = "p95 <= 150ms".parse().unwrap();
        let one = Ecdf::new(vec![(1.0, 3), (1e9, 1)], 0, 0).unwrap();
        let exhibit = between(&one, &one, &marks(&objective), "latency, ms");
        let steps = vec![(1.0, 0.0), (1.0, 0.75), (1e9, 1.0)];
        assert_eq!(layers(exhibit), [(String::new(), false, steps)]);
    }
}
