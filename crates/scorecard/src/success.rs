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
    /// Wilson's interval of the rate at 95 %; `None` when nothing was decided.
    pub interval: Option<(f64, f64)>,
    /// Rows that do not count, and why.
    pub left_out: Vec<String>,
    /// Rows that would meet their target among all that have a value, however it came about:
    /// what a report that counts everything would say.
    pub of_all: (u64, u64),
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
            match &row.finding.verdict {
                Verdict::Pass => success.passed += 1,
                Verdict::Fail => success.decided += 1,
                _ => success.left_out.push(format!("{} ({})", row.name, left_out(&row.finding))),
            }
            if let Some(would) = row.would {
                success.of_all.0 += u64::from(would);
                success.of_all.1 += 1;
            }
        }
        success.decided += success.passed;
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(rate), Some((lo, hi))) = (self.rate(), self.interval) else {
            return f.write_str("no measured target could be decided");
        };
        write!(
            f,
            "{} of {} measured targets met: {} [{}, {}] (Wilson, 95 %)",
            self.passed,
            self.decided,
            percent(rate),
            percent(lo),
            percent(hi)
        )
    }
}

/// Why a row is not counted.
fn left_out(finding: &Finding) -> String {
    match &finding.verdict {
        Verdict::Inconclusive(Reason::NotTested) if finding.estimate.is_some() => {
            finding.provenance.to_string()
        }
        Verdict::Inconclusive(Reason::NotTested) => Provenance::NotTested.to_string(),
        Verdict::Inconclusive(_) => "inconclusive".to_owned(),
        _ => "no change shown".to_owned(),
    }
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
}

impl fmt::Display for WeightedScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at_least == self.at_most {
            return f.write_str(&percent(self.at_least));
        }
        write!(f, "{} to {}", percent(self.at_least), percent(self.at_most))
    }
}
