//! What a statistic found: labelled values in order, and warnings.

use tailproof_core::{Interval, Level};
use tailproof_hypothesis::{Method, PValues};
use tailproof_resampling::{Directions, PValue};

/// One value of a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Count(u64),
    Text(String),
    Interval(Interval),
    List(Vec<f64>),
}

/// A value with its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Lower-case words and digits; machines get them joined by `_`.
    pub(crate) label: String,
    pub(crate) value: Value,
    /// Whether it is in the unit of the data.
    pub(crate) unit: bool,
}

/// What a statistic found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) warnings: Vec<String>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn row(mut self, label: impl Into<String>, value: Value, unit: bool) -> Self {
        self.rows.push(Row { label: label.into(), value, unit });
        self
    }

    /// A number without a unit.
    pub(super) fn number(self, label: impl Into<String>, x: f64) -> Self {
        self.row(label, Value::Number(x), false)
    }

    /// A number in the unit of the data.
    pub(super) fn quantity(self, label: impl Into<String>, x: f64) -> Self {
        self.row(label, Value::Number(x), true)
    }

    pub(super) fn count(self, label: impl Into<String>, n: u64) -> Self {
        self.row(label, Value::Count(n), false)
    }

    pub(super) fn text(self, label: impl Into<String>, text: impl Into<String>) -> Self {
        self.row(label, Value::Text(text.into()), false)
    }

    pub(super) fn list(self, label: impl Into<String>, values: Vec<f64>) -> Self {
        self.row(label, Value::List(values), false)
    }

    /// An interval without a unit.
    pub(super) fn interval(
        self,
        label: impl Into<String>,
        (lo, hi): (f64, f64),
        level: Level,
        method: impl Into<String>,
    ) -> Self {
        let interval = Interval { lo, hi, level, method: method.into() };
        self.row(label, Value::Interval(interval), false)
    }

    /// An interval in the unit of the data.
    pub(super) fn range(
        self,
        label: impl Into<String>,
        (lo, hi): (f64, f64),
        level: Level,
        method: impl Into<String>,
    ) -> Self {
        let interval = Interval { lo, hi, level, method: method.into() };
        self.row(label, Value::Interval(interval), true)
    }

    /// Three p-values of two samples.
    pub(super) fn p_values(self, p: PValues) -> Self {
        self.p_values_of(p, "p first smaller", "p first larger")
    }

    /// Three p-values under the names of their one-sided claims.
    pub(super) fn p_values_of(self, p: PValues, less: &str, greater: &str) -> Self {
        self.number("p two-sided", p.two_sided).number(less, p.less).number(greater, p.greater)
    }

    /// Three p-values of a permutation test, which speaks of the second sample.
    pub(super) fn directions(self, p: Directions) -> Self {
        self.number("p two-sided", p.two_sided)
            .number("p first smaller", p.rise)
            .number("p first larger", p.fall)
    }

    /// How a p-value was counted, and what few draws leave open.
    pub(super) fn counted(self, p: &PValue, level: Level) -> Self {
        let how = if p.exhaustive() { "all" } else { "random" };
        let report = self.count("relabellings", p.total()).text("relabelled", how);
        if p.exhaustive() {
            return report;
        }
        report.interval("p of all relabellings", p.interval(level), level, "Clopper-Pearson")
    }

    /// Whether an interval is among the values; it says its level itself.
    pub(super) fn has_interval(&self) -> bool {
        self.rows.iter().any(|r| matches!(r.value, Value::Interval(_)))
    }

    /// How a p-value was found.
    pub(super) fn method(self, method: Method) -> Self {
        self.text("method", method_name(method))
    }

    pub(super) fn warn(mut self, text: impl Into<String>) -> Self {
        self.warnings.push(text.into());
        self
    }

    /// The same with a warning under a condition.
    pub(super) fn warn_if(self, condition: bool, text: impl Into<String>) -> Self {
        if condition { self.warn(text) } else { self }
    }
}

pub(super) const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Exact => "exact",
        Method::Normal => "normal approximation",
    }
}
