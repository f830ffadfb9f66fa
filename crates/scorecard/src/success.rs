use std::fmt;

use tailproof_core::{Finding, Level, Provenance, Reason, Verdict, percent};
use tailproof_hypothesis::Proportion;

use crate::row::Row;

/// How many targets were met, among those that measurements could decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Success {
    /// Measured rows that passed.
    pub passed: u64,
    /// Measured rows that passed or failed.
    pub decided: u64,
    /// Measured rows that could not be decided.
    pub undecided: u64,
    /// Rows that nobody measured.
    pub unmeasured: u64,
    /// Wilson's interval of the rate at 95 %; `None` when nothing was decided.
    pub interval: Option<(f64, f64)>,
    /// Rows that do not count, and why.
    pub left_out: Vec<String>,
    /// Rows that would meet their target, among [`Success::with_a_value`]: what a report that
    /// counts everything would say.
    pub would_meet: u64,
    /// Rows that have a value which meets or misses the target, however it came about.
    pub with_a_value: u64,
}

impl Success {
    /// Counts rows; the rate is never typed in.
    ///
    /// ```text
    /// rate = passed / (passed + failed)      measured rows only; Wilson's interval at 95 %
    /// ```
    /// The interval takes the rows for draws from the targets that could have been set, which
    /// is what a rate of them suggests.
    ///
    /// # Source
    /// Wilson (1927), *Journal of the American Statistical Association* 22, 209–212.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let mut success = Self::default();
        for row in rows {
            let count = match &row.finding.verdict {
                Verdict::Pass => {
                    success.passed += 1;
                    &mut success.decided
                }
                Verdict::Fail => &mut success.decided,
                Verdict::Inconclusive(Reason::NotTested) => &mut success.unmeasured,
                _ => &mut success.undecided,
            };
            *count += 1;
            if let Some(why) = left_out(&row.finding) {
                success.left_out.push(format!("{} ({why})", row.name));
            }
            if let Some(would) = row.would {
                success.would_meet += u64::from(would);
                success.with_a_value += 1;
            }
        }
        success.interval = Proportion::new(success.passed, success.decided)
            .ok()
            .map(|share| share.wilson(Level::P95));
        success
    }

    /// The rate; `None` when nothing was decided.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.decided > 0).then(|| self.passed as f64 / self.decided as f64)
    }
}

impl fmt::Display for Success {
    /// A sentence that can be copied: all that there is, before the rate of what was decided.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.decided + self.undecided + self.unmeasured;
        write!(
            f,
            "{all} target{}: {} met, {} missed, {} measured but undecided, {} not measured. ",
            if all == 1 { "" } else { "s" },
            self.passed,
            self.decided - self.passed,
            self.undecided,
            self.unmeasured
        )?;
        let (Some(rate), Some((lo, hi))) = (self.rate(), self.interval) else {
            return f.write_str("None was decided, so there is no rate");
        };
        write!(
            f,
            "Of those decided {} of {}: {} [{}, {}] (Wilson, 95 %)",
            self.passed,
            self.decided,
            percent(rate),
            percent(lo),
            percent(hi)
        )
    }
}

/// Why a row is not counted; `None` of one that is.
fn left_out(finding: &Finding) -> Option<String> {
    Some(match &finding.verdict {
        Verdict::Pass | Verdict::Fail => return None,
        Verdict::Inconclusive(Reason::NotTested) if finding.estimate.is_some() => {
            finding.provenance.to_string()
        }
        Verdict::Inconclusive(Reason::NotTested) => Provenance::NotTested.to_string(),
        Verdict::Inconclusive(_) => "inconclusive".to_owned(),
        Verdict::NoDetectableChange { .. } => "no change shown".to_owned(),
    })
}

/// The share of the weights that passed.
///
/// ```text
/// at least = Σ w of rows that passed / Σ w         at most = the same with open rows as passed
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightedScore {
    /// Everything open counts as missed.
    pub at_least: f64,
    /// Everything open counts as met.
    pub at_most: f64,
}

impl WeightedScore {
    /// Of rows; 0 to 0 without any.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let sum = |keep: fn(&Verdict) -> bool| -> f64 {
            rows.iter().filter(|r| keep(&r.finding.verdict)).map(|r| r.weight).sum()
        };
        let all = sum(|_| true);
        if all <= 0.0 {
            return Self::default();
        }
        let failed = sum(|v| *v == Verdict::Fail);
        Self { at_least: sum(|v| *v == Verdict::Pass) / all, at_most: (all - failed) / all }
    }

    /// Share of the weights that is neither met nor missed.
    #[must_use]
    pub fn open(&self) -> f64 {
        self.at_most - self.at_least
    }
}

impl fmt::Display for WeightedScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at_least == self.at_most {
            return f.write_str(&percent(self.at_least));
        }
        write!(f, "{} to {}", percent(self.at_least), percent(self.at_most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::judged;

    fn open(reason: Reason) -> Verdict {
        Verdict::Inconclusive(reason)
    }

    #[test]
    fn a_rate_is_never_said_without_what_it_leaves_out() {
        let mut rows: Vec<Row> = (0..4).map(|_| judged("a", false, Verdict::Pass)).collect();
        rows.extend((0..3).map(|_| judged("b", false, open(Reason::OneRun))));
        rows.push(judged("c", false, open(Reason::NotTested)));
        let success = Success::of(&rows);
        assert_eq!(
            success.to_string(),
            "8 targets: 4 met, 0 missed, 3 measured but undecided, 1 not measured. Of those \
             decided 4 of 4: 100 % [51.01 %, 100 %] (Wilson, 95 %)"
        );
        assert_eq!((success.undecided, success.unmeasured, success.left_out.len()), (3, 1, 4));
        assert_eq!((success.would_meet, success.with_a_value), (8, 8));
        let none = Success::of(&rows[7..]);
        assert_eq!(
            none.to_string(),
            "1 target: 0 met, 0 missed, 0 measured but undecided, 1 not measured. None was \
             decided, so there is no rate"
        );
        assert_eq!((none.rate(), none.interval), (None, None));
    }

    #[test]
    fn the_score_is_a_range_while_rows_are_open() {
        let mut rows = vec![
            judged("a", false, Verdict::Pass),
            judged("b", false, Verdict::Fail),
            judged("c", false, open(Reason::OneRun)),
        ];
        rows[2].weight = 2.0;
        let score = WeightedScore::of(&rows);
        assert_eq!((score.at_least, score.at_most, score.open()), (0.25, 0.75, 0.5));
        assert_eq!(score.to_string(), "25 % to 75 %");
        assert_eq!(WeightedScore::of(&[]), WeightedScore::default());
    }
}
