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
        let change = if quantity.unit() == Unit::known("%").as_ref() {
            format!("; for a change write {}", self.as_change(quantity))
        } else {
            String::new()
        };
        quantity.in_unit(Some(unit)).err().map(|e| format!("{:?}: {e}{change}", self.name))
    }

    /// The promise as one of a change: `mean <= +10%`.
    fn as_change(&self, quantity: &Quantity) -> String {
        let aggregate = crate::supplied::statistic(&self.objective);
        match self.objective.condition {
            Condition::Absolute(op, _) => format!("{aggregate} {op} {:+}%", quantity.value()),
            _ => format!("{aggregate} <= +10%"),
        }
    }

    /// Refuses a share above 100 %, and a share or an error of a forecast below zero.
    fn possible(&self, actual: &Actual) -> Result<(), String> {
        let counted = match &self.objective.aggregate {
            Aggregate::Rate(..) | Aggregate::Ratio => true,
            Aggregate::Accuracy(measure) => measure.is_rate(),
            _ => false,
        };
        let error = matches!(&self.objective.aggregate, Aggregate::Accuracy(m) if !m.is_rate());
        let share = actual.in_unit(Unit::known("ratio").as_ref()).map_or(0.0, |a| a.estimate);
        let above = counted && actual.unit.is_some() && share > 1.0;
        if above || (counted || error) && actual.estimate < 0.0 {
            let most = if counted { " and at most 100 %" } else { "" };
            return Err(format!("actual {}: it is at least 0{most}", actual.text()));
        }
        Ok(())
    }

    /// A typed value as this target takes it; `text` is how it was typed.
    ///
    /// A bare number is a share only below 1 (`85` could mean 85 % or 8500 %), and has no unit
    /// to guess where the target has one.
    ///
    /// # Errors
    /// Says what is wrong, and what to write.
    pub(crate) fn takes(&self, actual: Actual, text: &str) -> Result<Actual, String> {
        let percent = Unit::known("%");
        let share = |unit: Option<&Unit>| {
            unit.zip(percent.as_ref()).is_some_and(|(u, percent)| u.factor_to(percent).is_ok())
        };
        if self.is_relative() {
            if share(actual.unit.as_ref()) {
                return Ok(actual);
            }
            return Err("the change is typed as a percentage: actual = \"+3 %\"".to_owned());
        }
        self.possible(&actual)?;
        if actual.unit.is_some() {
            return Ok(actual);
        }
        let wanted = self.quantity().and_then(Quantity::unit);
        if self.is_share() || share(wanted) {
            if actual.estimate >= 1.0 {
                let known = actual.known.map_or_else(String::new, |op| format!("{op} "));
                if actual.estimate == 1.0 {
                    return Err(format!("actual {text:?}: write {known}100% or {known}1%"));
                }
                return Err(format!(
                    "actual {text:?} is no share: write {known}{}% or {known}{}",
                    actual.estimate,
                    actual.estimate / 100.0
                ));
            }
            // In the unit of a value that is asked for in percent.
            if !self.is_share() && wanted == percent.as_ref() {
                let ratio = Actual { unit: Unit::known("ratio"), ..actual };
                return ratio.in_unit(wanted).map_err(|e| e.to_string());
            }
            return Ok(actual);
        }
        match wanted {
            Some(unit) => Err(format!(
                "actual {text:?} has no unit, the target is in {unit}: write \"{} {unit}\"",
                text.trim()
            )),
            None => Ok(actual),
        }
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
