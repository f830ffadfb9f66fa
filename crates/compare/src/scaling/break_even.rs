use std::collections::BTreeMap;

use tailproof_core::distributions::student_quantile;
use tailproof_core::{
    Direction, Exhibit, Finding, Guarantee, Interval, Level, Place, Plot, Provenance, Reason,
    Shape, Verdict, number,
};

use super::ScalingError;
use super::cost::Cost;
use super::exhibit::{fitted, medians};
use crate::exhibits::axis;

const METHOD: &str = "Fieller's set of two robust lines";
/// How many times as far as the measurements a picture may reach to show a break-even.
const FAR: f64 = 3.0;

/// The sizes, not below zero, at which two costs may be equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crossing {
    /// From the first to the second, from 0 where smaller sizes are not excluded.
    Between(f64, f64),
    /// At this size or above; no upper bound.
    From(f64),
    /// Up to the first size, or from the second on, not between them.
    Rays(f64, f64),
    /// At no size: one variant is always cheaper.
    Nowhere,
    /// Perhaps anywhere: no break-even can be claimed.
    Anywhere,
}

/// From which size on one variant is cheaper than another.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakEven {
    /// The variant that is cheaper for large sizes, or always.
    pub later: String,
    /// The other.
    pub earlier: String,
    /// Where the lines cross, when that is at a size above zero.
    pub estimate: Option<f64>,
    /// Where the true costs may cross.
    pub crossing: Crossing,
    /// Level of the set.
    pub level: Level,
    /// Sizes at which both were measured: from, to.
    pub measured: (f64, f64),
    /// Degrees of freedom of t.
    pub df: f64,
    later_cost: Cost,
    earlier_cost: Cost,
}

/// The break-even size of two variants, each measured over sizes.
///
/// ```text
/// Δ(x) = Δa + Δb x      {x ≥ 0 : A x² + 2B x + C ≤ 0}
/// A = Δb² − t² V_bb     B = Δa Δb − t² V_ab     C = Δa² − t² V_aa      D = B² − A C
/// ```
/// the sizes at which a difference of zero is not rejected. `A > 0` (the slopes differ) gives
/// an interval, `A < 0` two rays or every size, which is then no break-even at all. t has the
/// degrees of freedom of Welch–Satterthwaite for the difference at the crossing.
///
/// # Errors
/// The curves are in different units.
///
/// # Source
/// Fieller (1954), *JRSS B* 16(2), 175–185.
pub fn break_even(first: (&str, &Cost), second: (&str, &Cost)) -> Result<BreakEven, ScalingError> {
    let (one, two) = (first.1, second.1);
    if one.curve().metric.unit != two.curve().metric.unit {
        return Err(ScalingError::Units(one.curve().name(), two.curve().name()));
    }
    let level = one.level;
    let (ranges, estimate) = ([one.curve().range(), two.curve().range()], crossing_of(one, two));
    let measured = (ranges[0].0.max(ranges[1].0), ranges[0].1.min(ranges[1].1));
    let middle = f64::midpoint(measured.0, measured.1);
    let df = welch(one, two, estimate.unwrap_or(middle));
    let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df);
    let crossing = set(one, two, t);
    let difference = |x: f64| one.at(x).value - two.at(x).value;
    let first_is_later = match crossing {
        Crossing::Nowhere => difference(middle) < 0.0,
        _ => one.marginal.value < two.marginal.value,
    };
    let (later, earlier) = if first_is_later { (first, second) } else { (second, first) };
    Ok(BreakEven {
        later: later.0.to_owned(),
        earlier: earlier.0.to_owned(),
        estimate,
        crossing,
        level,
        measured,
        df,
        later_cost: later.1.clone(),
        earlier_cost: earlier.1.clone(),
    })
}

/// The break-even sizes between both values of a label, for all curves that are alike in all
/// else; a pair of which there is none says why.
///
/// # Errors
/// The label does not have two values, or no curve of one has its like among those of the other.
pub fn break_evens(
    costs: &[Cost],
    label: &str,
) -> Result<Vec<Result<BreakEven, ScalingError>>, ScalingError> {
    let value = |c: &Cost| c.curve().labels.get(label).cloned();
    let mut values: Vec<String> = Vec::new();
    for text in costs.iter().filter_map(value) {
        if !values.contains(&text) {
            values.push(text);
        }
    }
    let [first, second] = values.as_slice() else {
        let have = if values.is_empty() { "none".to_owned() } else { values.join(", ") };
        return Err(ScalingError::NotTwo { label: label.to_owned(), have });
    };
    let rest = |c: &Cost| {
        let mut labels = c.curve().labels.clone();
        labels.remove(label);
        (c.curve().metric.name.clone(), labels)
    };
    let of = |wanted: &String| {
        let wanted = wanted.clone();
        costs.iter().filter(move |c| value(c).as_ref() == Some(&wanted))
    };
    let mut likes = BTreeMap::new();
    for cost in of(second) {
        likes.entry(rest(cost)).or_insert(cost);
    }
    let pairs: Vec<_> = of(first)
        .filter_map(|one| Some((one, *likes.get(&rest(one))?)))
        .map(|(one, two)| break_even((first.as_str(), one), (second.as_str(), two)))
        .collect();
    if pairs.is_empty() {
        return Err(ScalingError::Unpaired(first.clone(), second.clone()));
    }
    Ok(pairs)
}

/// Where the lines cross, when at a size above zero.
fn crossing_of(one: &Cost, two: &Cost) -> Option<f64> {
    let x = (two.overhead.value - one.overhead.value) / (one.marginal.value - two.marginal.value);
    (x.is_finite() && x > 0.0).then_some(x)
}

/// Welch–Satterthwaite degrees of freedom of the difference at a size.
fn welch(one: &Cost, two: &Cost, x: f64) -> f64 {
    let part = |c: &Cost| (c.line().variance(x), c.line().df(1.0, x));
    let ((v, d), (w, e)) = (part(one), part(two));
    let df = (v + w) * (v + w) / (v * v / d + w * w / e);
    if df.is_finite() { df } else { d.min(e) }
}

fn set(one: &Cost, two: &Cost, t: f64) -> Crossing {
    let da = one.overhead.value - two.overhead.value;
    let db = one.marginal.value - two.marginal.value;
    let v = |k: usize| t * t * (one.line().v[k] + two.line().v[k]);
    roots(db * db - v(2), da * db - v(1), da * da - v(0))
}

/// `{x ≥ 0 : A x² + 2B x + C ≤ 0}`.
fn roots(a: f64, b: f64, c: f64) -> Crossing {
    let d = b * b - a * c;
    if a == 0.0 {
        let x = -c / (2.0 * b);
        return if b > 0.0 {
            if x < 0.0 { Crossing::Nowhere } else { Crossing::Between(0.0, x) }
        } else if b < 0.0 {
            if x > 0.0 { Crossing::From(x) } else { Crossing::Anywhere }
        } else if c <= 0.0 {
            Crossing::Anywhere
        } else {
            Crossing::Nowhere
        };
    }
    if a < 0.0 && d <= 0.0 {
        return Crossing::Anywhere;
    }
    // The lines themselves cross in the set: below zero D is only rounding.
    let root = d.max(0.0).sqrt();
    let (p, q) = ((-b - root) / a, (-b + root) / a);
    let (lo, hi) = (p.min(q), p.max(q));
    if a > 0.0 {
        if hi < 0.0 { Crossing::Nowhere } else { Crossing::Between(lo.max(0.0), hi) }
    } else if hi <= 0.0 {
        Crossing::Anywhere
    } else if lo < 0.0 {
        Crossing::From(hi)
    } else {
        Crossing::Rays(lo, hi)
    }
}

impl BreakEven {
    /// Whether the estimate or an end lies beyond the sizes at which both were measured.
    #[must_use]
    pub fn is_projected(&self) -> bool {
        let (from, to) = self.measured;
        let outside = |x: f64| x < from || x > to;
        let ends = match self.crossing {
            Crossing::Between(lo, hi) => outside(lo) || outside(hi),
            Crossing::From(x) => outside(x),
            Crossing::Rays(..) | Crossing::Nowhere | Crossing::Anywhere => false,
        };
        ends || self.estimate.is_some_and(outside)
    }

    /// The answer: `use cache from 47 [39, 58] backtests on`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (axis, later, earlier) = (&self.later_cost.curve().axis, &self.later, &self.earlier);
        let estimate = self.estimate.map_or_else(|| "?".to_owned(), number);
        let projected =
            if self.is_projected() { " (projected: beyond the sizes measured)" } else { "" };
        match self.crossing {
            Crossing::Between(lo, hi) => format!(
                "use {later} from {estimate} [{}, {}] {axis} on, {earlier} below{projected}",
                number(lo),
                number(hi)
            ),
            Crossing::From(lo) => format!(
                "{earlier} is cheaper below {} {axis}; from where on {later} is has no upper \
                 bound{projected}",
                number(lo)
            ),
            Crossing::Rays(lo, hi) => format!(
                "no break-even can be claimed: none between {} and {} {axis}, but perhaps below \
                 or above",
                number(lo),
                number(hi)
            ),
            Crossing::Nowhere => format!("{later} is cheaper than {earlier} at every {axis}"),
            Crossing::Anywhere => {
                format!("no break-even can be claimed between {later} and {earlier}")
            }
        }
    }

    /// One finding: that the later variant is cheaper from some size on.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let curve = self.later_cost.curve();
        let (axis, later, earlier) = (&curve.axis, &self.later, &self.earlier);
        let claim = if self.crossing == Crossing::Nowhere {
            format!("{later} is cheaper than {earlier} at every {axis}")
        } else {
            format!("{later} is cheaper than {earlier} from some {axis} on")
        };
        let mut finding = curve.blank(claim);
        let other = self.earlier_cost.curve();
        finding.subject.labels.retain(|k, v| other.labels.get(k) == Some(v));
        finding.n = vec![other.n() as u64, curve.n() as u64];
        finding.estimate = self.estimate;
        // A size at which costs are equal is neither good nor bad.
        finding.direction = Direction::Unknown;
        let ends = match self.crossing {
            Crossing::Between(lo, hi) => Some((lo, hi)),
            Crossing::From(lo) => Some((lo, f64::INFINITY)),
            Crossing::Anywhere => Some((0.0, f64::INFINITY)),
            Crossing::Rays(..) | Crossing::Nowhere => None,
        };
        finding.interval =
            ends.map(|(lo, hi)| Interval { lo, hi, level: self.level, method: METHOD.to_owned() });
        finding.verdict = match self.crossing {
            Crossing::Between(..) | Crossing::Nowhere => Verdict::Pass,
            _ => Verdict::Inconclusive(Reason::Straddles { projected: None }),
        };
        let bent = self.later_cost.is_bent() || self.earlier_cost.is_bent();
        finding.guarantee = if bent { Guarantee::Approximate } else { Guarantee::Asymptotic };
        if self.is_projected() {
            finding.provenance = Provenance::Projected;
        }
        finding.why = format!(
            "{} at {} ({METHOD}, t on {} degrees of freedom; n = {} + {})",
            self.sentence(),
            self.level,
            number(self.df),
            number(other.n() as f64),
            number(curve.n() as f64),
        );
        let sides = [(earlier, &self.earlier_cost), (later, &self.later_cost)];
        for (name, cost) in sides {
            finding.warnings.extend(cost.warning().map(|w| format!("{name}: {w}")));
        }
        finding.exhibits = vec![self.exhibit()];
        vec![finding]
    }

    /// Both lines with their bands, and where they may cross.
    fn exhibit(&self) -> Exhibit {
        let (curve, other) = (self.later_cost.curve(), self.earlier_cost.curve());
        let ((a, b), (c, d)) = (curve.range(), other.range());
        let (from, mut to) = (a.min(c), b.max(d));
        if let Some(x) = self.estimate.filter(|&x| x > to && x <= FAR * to) {
            to = x;
        }
        let label = axis(&curve.metric.name, curve.metric.unit.as_ref());
        let mut plot = Plot::new(curve.axis.as_str(), label);
        for (name, cost) in [(&self.earlier, &self.earlier_cost), (&self.later, &self.later_cost)] {
            plot = fitted(plot, name, self.level, (from, to), |x| cost.at(x))
                .layer(format!("{name}, medians"), Shape::Points(medians(cost.curve())));
        }
        let open = f64::INFINITY;
        let places = match self.crossing {
            Crossing::Between(lo, hi) => vec![Place::XBand(lo, hi)],
            Crossing::From(lo) => vec![Place::XBand(lo, open)],
            Crossing::Rays(lo, hi) => vec![Place::XBand(0.0, lo), Place::XBand(hi, open)],
            // All of the picture, or nothing of it.
            Crossing::Nowhere | Crossing::Anywhere => Vec::new(),
        };
        let name = format!("{} set of the break-even", self.level);
        for place in places {
            plot = plot.mark(name.as_str(), place);
        }
        if let Some(x) = self.estimate.filter(|&x| x <= to) {
            plot = plot.mark(format!("break-even at {}", number(x)), Place::X(x));
        }
        Exhibit::plot(format!("Cost of {} and {}", self.earlier, self.later), plot)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::ExhibitKind;

    use super::super::cost;
    use super::super::fixture::noisy;
    use super::*;

    const SIZES: [f64; 6] = [5.0, 10.0, 25.0, 50.0, 100.0, 200.0];

    fn fitted(task: u64, noise: f64, a: f64, b: f64) -> Cost {
        cost(&noisy(&SIZES, 5, noise, task, |x| a + b * x), Level::P95).unwrap()
    }

    #[test]
    fn the_set_has_every_shape() {
        // Roots 1 and 3; −1 and 3; −3 and −1; as intervals and turned around as rays.
        for ((a, b, c), want) in [
            ((1.0, -2.0, 3.0), Crossing::Between(1.0, 3.0)),
            ((1.0, -1.0, -3.0), Crossing::Between(0.0, 3.0)),
            ((1.0, 2.0, 3.0), Crossing::Nowhere),
            ((-1.0, 2.0, -3.0), Crossing::Rays(1.0, 3.0)),
            ((-1.0, 1.0, 3.0), Crossing::From(3.0)),
            ((-1.0, -2.0, -3.0), Crossing::Anywhere),
            ((-1.0, 0.0, -1.0), Crossing::Anywhere),
            ((0.0, 1.0, -4.0), Crossing::Between(0.0, 2.0)),
            ((0.0, -1.0, 4.0), Crossing::From(2.0)),
            ((0.0, 0.0, 1.0), Crossing::Nowhere),
        ] {
            assert_eq!(roots(a, b, c), want, "{a} {b} {c}");
        }
    }

    #[test]
    fn a_break_even_is_found_from_either_side() {
        // 14.1 more to begin with, 0.3 less each: 47.
        let (plain, cache) = (fitted(1, 0.02, 3.0, 0.5), fitted(2, 0.02, 17.1, 0.2));
        let found = break_even(("plain", &plain), ("cache", &cache)).unwrap();
        let back = break_even(("cache", &cache), ("plain", &plain)).unwrap();
        let Crossing::Between(lo, hi) = found.crossing else { panic!("{found:?}") };
        assert!(lo < 47.0 && 47.0 < hi && hi - lo < 12.0, "{lo} {hi}");
        assert_eq!((found.later.as_str(), found.earlier.as_str()), ("cache", "plain"));
        assert_eq!(back.sentence(), found.sentence());
        assert!(found.sentence().starts_with("use cache from 4"), "{}", found.sentence());
        let finding = found.findings().remove(0);
        assert_eq!(finding.verdict, Verdict::Pass);
        let ExhibitKind::Plot(plot) = &finding.exhibits[0].kind else { panic!("a plot") };
        assert_eq!(plot.layers.len(), 6);
        assert!(plot.marks.iter().any(|m| m.place == Place::XBand(lo, hi)), "{:?}", plot.marks);
    }

    #[test]
    fn equal_variants_have_none_and_cheaper_ones_are_named() {
        let (one, two) = (fitted(3, 0.1, 5.0, 0.3), fitted(4, 0.1, 5.0, 0.3));
        let same = break_even(("one", &one), ("two", &two)).unwrap();
        assert!(matches!(same.findings()[0].verdict, Verdict::Inconclusive(_)), "{same:?}");
        let dear = fitted(5, 0.01, 9.0, 0.6);
        let always = break_even(("dear", &dear), ("one", &fitted(6, 0.01, 5.0, 0.3))).unwrap();
        assert_eq!(always.crossing, Crossing::Nowhere);
        assert_eq!(always.sentence(), "one is cheaper than dear at every size");
    }

    #[test]
    fn beyond_the_measured_sizes_it_is_projected() {
        let (plain, cache) = (fitted(1, 0.005, 3.0, 0.5), fitted(2, 0.005, 153.0, 0.2));
        let found = break_even(("plain", &plain), ("cache", &cache)).unwrap();
        assert!(found.is_projected() && found.sentence().contains("projected"));
        assert_eq!(found.findings()[0].provenance, Provenance::Projected);
    }
}
