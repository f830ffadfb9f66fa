use tailproof_core::{Exhibit, Place, Plot, Shape};

use super::Spending;
use super::events::Entry;
use crate::exhibits::clock::Clock;

/// What was left of a budget after each of at most 64 groups of windows, with the end of the
/// group; empty where nothing is allowed.
///
/// ```text
/// left after window k = 1 − Σ_{i ≤ k} badᵢ / allowed
/// ```
pub(super) fn course(charged: &[Entry], allowed: f64) -> Vec<(i64, f64)> {
    if allowed.is_nan() || allowed <= 0.0 {
        return Vec::new();
    }
    let size = charged.len().div_ceil(Exhibit::MAX_POINTS).max(1);
    let mut bad = 0.0;
    charged
        .chunks(size)
        .map(|group| {
            bad += group.iter().map(|entry| entry.counts.bad() as f64).sum::<f64>();
            (group[group.len() - 1].end, 1.0 - bad / allowed)
        })
        .collect()
}

impl Spending {
    /// What was left over time in percent, beside a budget that is used evenly, `1 − t/W`; each
    /// point at the end of a group of windows. `None` without times.
    pub(super) fn burn_down(&self) -> Option<Exhibit> {
        let ends: Vec<i64> = self.course.iter().map(|point| point.0).collect();
        let clock = Clock::new(Some(ends.as_slice()), ends.len());
        if !clock.is_timed() {
            return None;
        }
        let at = |i: usize| clock.middle(clock.ticks(i), clock.ticks(i), Exhibit::MAX_POINTS);
        let left = self.course.iter().enumerate();
        let left = left.map(|(i, point)| (at(i), percentage(point.1))).collect();
        // The last window ends when the elapsed time does.
        let last = ends.len() - 1;
        let pace = |i: usize| {
            let before = (clock.ticks(last) - clock.ticks(i)) as f64 / 1e9;
            let gone = (self.elapsed.seconds() - before).max(0.0) / self.budget.window().seconds();
            (at(i), percentage(1.0 - gone))
        };
        let axis = format!("time from the end of the first group of windows, {}", clock.unit());
        let plot = Plot::new(axis, "share of the budget left, %")
            .layer("left", Shape::Line(left))
            .layer("used evenly", Shape::Line(vec![pace(0), pace(last)]))
            .mark("nothing left", Place::Y(0.0));
        Some(Exhibit::plot(format!("{}: budget left over time", self.name), plot))
    }
}

/// A share in percent, to six digits behind the point.
fn percentage(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Level, Metric, Observations, Series};

    use super::super::tests::month;
    use super::super::{Account, Counts};
    use super::*;

    fn spending(minutes: i64) -> Spending {
        const MINUTE: i64 = 60_000_000_000;
        let events = Observations::Events((0..minutes).map(|_| (999, 1_000)).collect());
        let mut series = Series::new(Metric::new("requests", None), events);
        series.time = Some((1..=minutes).map(|i| i * MINUTE).collect());
        let account = Account::new("availability", month("99.9%"));
        account.of_series(&series, Level::P999, Level::P999).unwrap()
    }

    #[test]
    fn what_is_left_ends_at_what_remains() {
        let spending = spending(1_000);
        let remaining = spending.spent.unwrap().remaining;
        assert!(spending.course.len() <= 64);
        assert!((spending.course.last().unwrap().1 - remaining).abs() < 1e-12);
        let exhibit = spending.burn_down().unwrap();
        let ExhibitKind::Plot(plot) = exhibit.kind else { panic!("a plot") };
        let [Shape::Line(left), Shape::Line(pace)] = [0, 1].map(|i| plot.layers[i].shape.clone())
        else {
            panic!("two lines")
        };
        // One in a thousand is what is allowed: both go down together.
        assert!((left[0].1 - pace[0].1).abs() < 1e-3, "{left:?} {pace:?}");
        assert!((left[left.len() - 1].1 - pace[1].1).abs() < 1e-3);
        // In percent, from the end of the first group on.
        assert!((left[left.len() - 1].1 - 100.0 * remaining).abs() < 1e-5 && left[0].0 == 0.0);
        assert_eq!(plot.y.label, "share of the budget left, %");
        let label = "time from the end of the first group of windows, h";
        assert_eq!(plot.x.label, label);
    }

    #[test]
    fn without_times_there_is_no_course() {
        let account = Account::new("availability", month("99.9%"));
        let counts = Counts::new(999, 1_000).unwrap();
        let spending = account.of_counts(counts, Level::P999, Level::P999).unwrap();
        assert!(spending.course.is_empty() && spending.burn_down().is_none());
        assert!(course(&[], 0.0).is_empty());
    }
}
