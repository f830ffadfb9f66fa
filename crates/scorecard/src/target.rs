use tailproof_core::{Aggregate, Condition, Objective, Quantity, Unit};

use crate::actual::Actual;

/// One row of the matrix as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Which part of the whole it belongs to: model, load, security, …
    pub domain: String,
    /// What people call it.
    pub name: String,
    /// What is promised.
    pub objective: Objective,
    /// How much it weighs in the score.
    pub weight: f64,
    /// Whether there is no release without it.
    pub critical: bool,
    /// The value, when somebody types it.
    pub actual: Option<Actual>,
    /// Whether the file says that nobody tested it.
    pub untested: bool,
    /// Where the value is from, or why there is none.
    pub source: Option<String>,
    /// What to do about it, instead of what its kind suggests.
    pub step: Option<String>,
    /// Data of this row alone.
    pub data: Option<String>,
    /// Baseline of this row alone.
    pub without: Option<String>,
    /// Line in the file, from 1.
    pub line: usize,
}

impl Target {
    /// Whether the promise is a change from a baseline.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        matches!(self.objective.condition, Condition::Relative(..))
    }

    /// The quantity that is promised: the limit, or the lower end of a range.
    #[must_use]
    pub fn quantity(&self) -> Option<&Quantity> {
        match &self.objective.condition {
            Condition::Absolute(_, q) | Condition::Range(q, _) => Some(q),
            _ => None,
        }
    }

    /// Whether the promise is about a share whatever the unit of the data: a rate, a ratio, an
    /// accuracy.
    #[must_use]
    pub fn is_share(&self) -> bool {
        use tailproof_core::AccuracyMeasure::{Mase, Rmse};
        match &self.objective.aggregate {
            Aggregate::Rate(..) | Aggregate::Ratio => true,
            Aggregate::Accuracy(measure) => !matches!(measure, Mase | Rmse),
            _ => false,
        }
    }

    /// Why a value in a unit cannot be held against this target: it has a unit and the target
    /// has none, or they measure different things.
    pub(crate) fn unit_problem(&self, unit: Option<&Unit>) -> Option<String> {
        if self.is_share() || self.objective.aggregate == Aggregate::Throughput {
            return None;
        }
        let (quantity, unit) = (self.quantity()?, unit?);
        if quantity.unit().is_none() {
            return Some(format!(
                "the target of {:?} has no unit, its value is in {unit}: write {} {unit}",
                self.name,
                quantity.value()
            ));
        }
        quantity.in_unit(Some(unit)).err().map(|e| format!("{:?}: {e}", self.name))
    }
}

/// What a report says of itself; recomputed here and never believed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Published {
    /// Share of targets met, with its text.
    pub success_rate: Option<(f64, String)>,
    /// Number of domains.
    pub domains: Option<u64>,
    /// Rows of the matrix.
    pub rows: Option<u64>,
    /// Rows that passed.
    pub passed: Option<u64>,
    /// `ready`, `ready with conditions` or `not ready`.
    pub decision: Option<crate::Readiness>,
}
