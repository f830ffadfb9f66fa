use tailproof_core::{
    Cell, Direction, Exhibit, Finding, Guarantee, Level, Plot, Sample, Shape, Verdict, descriptive,
    number,
};

use super::exhibit::{perfect, picked};
use super::laws::check;
use super::{Curve, Estimate, ScalingError, state};
use crate::change::Change;

/// Speed-ups over worker counts, each against the smallest count.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedUps {
    /// The count that everything is compared with: 1 when it was measured.
    pub base: f64,
    /// One a count, the base first.
    pub rows: Vec<WorkerSpeedUp>,
    /// Level of the intervals, each by itself.
    pub level: Level,
    curve: Curve,
}

/// How fast some number of workers is.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerSpeedUp {
    /// Workers.
    pub workers: f64,
    /// Values at this count.
    pub n: usize,
    /// Their mean, in the unit of the data.
    pub mean: f64,
    /// How many times as fast as the base.
    pub speed_up: Estimate,
    /// Speed-up over how many times as many workers: 1 is perfect.
    pub efficiency: Estimate,
    /// How the interval was made.
    pub method: &'static str,
    /// What it rests on.
    pub guarantee: Guarantee,
}

/// Speed-up and efficiency of each worker count.
///
/// ```text
/// S(n) = T̄(n₀)/T̄(n)   or, of rates,   X̄(n)/X̄(n₀)        E(n) = S(n)·n₀/n
/// ```
/// with Fieller's interval of the ratio of means ([`Change::of_means`]); n₀ is the smallest
/// count. A count with a single value has no bounds.
///
/// # Errors
/// Fewer than two counts, a count below 1, values that are not positive, an unknown direction.
///
/// # Source
/// As [`Change::of_means`].
pub fn speed_ups(curve: &Curve, level: Level) -> Result<SpeedUps, ScalingError> {
    curve.needs(2, 2)?;
    check(curve)?;
    let first = &curve.points[0];
    let rows = curve
        .points
        .iter()
        .map(|point| {
            let (mean, n) = (descriptive::mean(&point.values), point.values.len());
            let times = curve.metric.direction == Direction::Lower;
            let (speed_up, method, guarantee) = if point.x == first.x {
                (Estimate { value: 1.0, lo: 1.0, hi: 1.0 }, "by definition", Guarantee::Exact)
            } else if times {
                ratio(&point.values, &first.values, level)
            } else {
                ratio(&first.values, &point.values, level)
            };
            let efficiency = speed_up.times(first.x / point.x);
            WorkerSpeedUp { workers: point.x, n, mean, speed_up, efficiency, method, guarantee }
        })
        .collect();
    Ok(SpeedUps { base: first.x, rows, level, curve: curve.clone() })
}

/// The mean of `over` divided by that of `under`.
fn ratio(under: &Sample, over: &Sample, level: Level) -> (Estimate, &'static str, Guarantee) {
    let change = Change::of_means(under, over, [1.0; 2]).expect("all values are positive");
    let (lo, hi) = change.interval(level).unwrap_or((0.0, f64::INFINITY));
    // A ratio of positive means is never below zero.
    let estimate = Estimate { value: change.ratio(), lo: lo.max(0.0), hi };
    (estimate, change.method, change.guarantee)
}

impl SpeedUps {
    /// One finding a count beyond the base: that more workers are faster.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.rows[1..].iter().map(|r| self.finding(r)).collect();
        if let Some(last) = findings.last_mut() {
            last.exhibits = self.exhibits();
        }
        findings
    }

    fn finding(&self, row: &WorkerSpeedUp) -> Finding {
        let (from, to) = (number(self.base), number(row.workers));
        let mut finding = self.curve.blank(format!("{to} workers are faster than {from}"));
        finding.n = vec![self.rows[0].n as u64, row.n as u64];
        // Of the speed-up, whatever is the better of what was measured.
        finding.direction = Direction::Higher;
        state(&mut finding, &row.speed_up, self.level, row.method);
        finding.guarantee = row.guarantee;
        finding.verdict = if row.speed_up.lo > 1.0 {
            Verdict::Pass
        } else if row.speed_up.hi < 1.0 {
            Verdict::Fail
        } else {
            Verdict::NoDetectableChange { would_have_shown: None }
        };
        finding.why = format!(
            "{to} workers are {} times as fast as {from} at {}, efficiency {} ({}; n = {} + {}): {}",
            row.speed_up.text(),
            self.level,
            row.efficiency.text(),
            row.method,
            self.rows[0].n,
            row.n,
            finding.verdict.word(),
        );
        finding
    }

    fn exhibits(&self) -> Vec<Exhibit> {
        let columns = ["workers", "mean", "speed-up", "from", "to", "efficiency"];
        let cells = |r: &WorkerSpeedUp| {
            let e = &r.speed_up;
            [r.workers, r.mean, e.value, e.lo, e.hi, r.efficiency.value].map(Cell::Number).to_vec()
        };
        let shown = || picked(self.rows.len()).map(|i| &self.rows[i]);
        let rows = shown().map(cells).collect();
        let columns = columns.map(str::to_owned).to_vec();
        let title = format!("Speed-up over {} {}", number(self.base), self.curve.axis);
        let bounded = shown().filter(|r| r.speed_up.hi.is_finite());
        let band = bounded.map(|r| (r.workers, r.speed_up.lo, r.speed_up.hi)).collect();
        let points: Vec<(f64, f64)> = shown().map(|r| (r.workers, r.speed_up.value)).collect();
        let plot = Plot::new(self.curve.axis.as_str(), "speed-up")
            .layer(format!("{}, each count", self.level), Shape::Band(band));
        let to = self.curve.range().1;
        let plot = perfect(plot, self.base, to, &points).layer("measured", Shape::Points(points));
        vec![Exhibit::plot(title.clone(), plot), Exhibit::table(title, columns, rows)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::noisy;
    use super::*;
    use tailproof_core::{ExhibitKind, Metric, Unit};

    #[test]
    fn times_and_rates_give_the_same_speed_up() {
        let times = noisy(&[1.0, 2.0, 4.0], 4, 0.0, 0, |n| 100.0 / n.sqrt());
        let mut rates = noisy(&[1.0, 2.0, 4.0], 4, 0.0, 0, f64::sqrt);
        rates.metric = Metric::new("rate", Unit::known("req/s"));
        for curve in [times, rates] {
            let table = speed_ups(&curve, Level::P95).unwrap();
            let last = &table.rows[2];
            assert!((last.speed_up.value - 2.0).abs() < 1e-12);
            assert!((last.efficiency.value - 0.5).abs() < 1e-12);
            assert_eq!(table.rows[0].speed_up.value, 1.0);
        }
    }

    #[test]
    fn noise_makes_intervals_and_verdicts() {
        let curve = noisy(&[2.0, 4.0, 8.0], 6, 0.03, 1, |n| 100.0 / n.min(4.0));
        let table = speed_ups(&curve, Level::P95).unwrap();
        let four = &table.rows[1];
        assert!(four.speed_up.lo < 2.0 && 2.0 < four.speed_up.hi, "{four:?}");
        assert_eq!((table.base, four.efficiency.value), (2.0, four.speed_up.value / 2.0));
        let findings = table.findings();
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].verdict, Verdict::Pass);
        assert_eq!(findings[0].claim, "4 workers are faster than 2");
        assert_eq!(findings[0].direction, Direction::Higher);
        let [plot, rows] = findings[1].exhibits.as_slice() else { panic!("a plot and a table") };
        assert!(matches!(plot.kind, ExhibitKind::Plot(_)), "{plot:?}");
        let ExhibitKind::Table { rows, .. } = &rows.kind else { panic!("a table") };
        assert_eq!(rows[1][2], Cell::Number(four.speed_up.value));
    }

    #[test]
    fn what_is_no_count_or_has_no_direction_is_refused() {
        let half = noisy(&[0.5, 1.0], 3, 0.0, 0, |n| n);
        assert!(matches!(speed_ups(&half, Level::P95), Err(ScalingError::Workers { .. })));
        let mut unknown = noisy(&[1.0, 2.0], 3, 0.0, 0, |n| n);
        unknown.metric.direction = Direction::Unknown;
        assert!(matches!(speed_ups(&unknown, Level::P95), Err(ScalingError::Direction(_))));
    }
}
