use std::fmt;
use std::str::FromStr;

use crate::quantity::Quantity;
use crate::{Labels, Metric, Rank, Series, Unit, UnitError, glob, grammar};

/// What a series is reduced to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Aggregate {
    /// A percentile, `p95`, or the `median`.
    Quantile(Rank),
    /// The share of observations that meet a condition, `rate(<= 200ms)`.
    Rate(Comparison, Quantity),
    /// Good events among all, `ratio`.
    Ratio,
    /// Arithmetic mean.
    Mean,
    /// Sample standard deviation.
    StdDev,
    /// Median absolute deviation.
    Mad,
    /// Observations per second of the time span, or the metric's own value.
    Throughput,
    /// Smallest observation of this sample.
    Min,
    /// Largest observation of this sample.
    Max,
    /// The value itself: typed, or a single observation.
    Value,
    /// How well predictions agree with what came, on pairs of both.
    Accuracy(AccuracyMeasure),
}

/// How well predictions agree with what came; see [`crate::accuracy`] for the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccuracyMeasure {
    /// Mean absolute percentage error.
    Mape,
    /// Symmetric mean absolute percentage error.
    Smape,
    /// Mean absolute error over that of the naive forecast.
    Mase,
    /// Root of the mean squared error.
    Rmse,
    /// True positives among those predicted.
    Precision,
    /// True positives among those there are.
    Recall,
    /// Harmonic mean of precision and recall.
    F1,
    /// Predictions that agree among all.
    Accuracy,
}

impl AccuracyMeasure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Mape,
        Self::Smape,
        Self::Mase,
        Self::Rmse,
        Self::Precision,
        Self::Recall,
        Self::F1,
        Self::Accuracy,
    ];

    /// The word of the grammar: `mape`, `f1`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mape => "mape",
            Self::Smape => "smape",
            Self::Mase => "mase",
            Self::Rmse => "rmse",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
            Self::Accuracy => "accuracy",
        }
    }

    /// Whether it is a share of counted outcomes, of which more is better; the others are
    /// errors, of which less is better.
    #[must_use]
    pub const fn is_rate(self) -> bool {
        matches!(self, Self::Precision | Self::Recall | Self::F1 | Self::Accuracy)
    }
}

/// `<`, `<=`, `>` or `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether `x OP limit` holds.
    #[must_use]
    pub fn holds(self, x: f64, limit: f64) -> bool {
        match self {
            Self::Below => x < limit,
            Self::AtMost => x <= limit,
            Self::Above => x > limit,
            Self::AtLeast => x >= limit,
        }
    }

    /// Whether the comparison sets an upper limit.
    #[must_use]
    pub const fn is_upper(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        })
    }
}

/// What the aggregate is held against.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// A fixed target, `<= 150ms`.
    Absolute(Comparison, Quantity),
    /// A change relative to the baseline as a share, `<= +10%`.
    Relative(Comparison, f64),
    /// Both ends included, `in 2..4 s`.
    Range(Quantity, Quantity),
}

/// One one-sided claim in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Which side.
    pub comparison: Comparison,
    /// The target.
    pub target: f64,
}

/// What was promised: `latency{endpoint=search}: p95 <= 150ms`.
///
/// ```text
/// [METRIC[{k=v,…}]:] AGG (OP VALUE[UNIT] [of VALUE UNIT] | in LO..HI [UNIT]) [by (none)]
/// AGG   pNN(.N…) | median | rate(OP VALUE[UNIT]) | ratio | mean | stddev | mad | throughput | min | max
///       | value | mape | smape | mase | rmse | precision | recall | f1 | accuracy
/// OP    < | <= | > | >= | at most | at least          relative to a baseline: <= +10%
/// ```
/// Without AGG the value itself is meant, and without `in` a range may follow it:
/// `cpu: 2..4 cores` is `cpu: value in 2..4 cores`.
/// It is judged for each series whose metric and labels match; `by (none)` pools them.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Which metrics, with `*` and `?`; `None` is every metric.
    pub metric: Option<String>,
    /// Labels that must be there, values with `*` and `?`.
    pub labels: Labels,
    /// What they are reduced to.
    pub aggregate: Aggregate,
    /// What is promised of it.
    pub condition: Condition,
    /// Whether all matching series are judged as one.
    pub pooled: bool,
    /// The promise as typed, without metric and labels: `p95 <= 150ms`.
    pub claim: String,
    /// Its condition alone: `<= 150ms`.
    pub promise: String,
}

/// Why a text is not an [`Objective`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("objective {text:?}, column {column}: expected {expected}, found {found}")]
pub struct ObjectiveError {
    /// The text.
    pub text: String,
    /// Column of the trouble, from 1.
    pub column: usize,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl Objective {
    /// Whether the objective speaks of this metric and these labels.
    ///
    /// `latency_ms` also means the metric `latency` in ms, because that is how the column
    /// may be headed.
    #[must_use]
    pub fn matches(&self, series: &Series) -> bool {
        self.matches_metric(&series.metric)
            && self.labels.iter().all(|(k, v)| series.labels.get(k).is_some_and(|s| glob(v, s)))
    }

    /// Whether the objective speaks of this metric.
    #[must_use]
    pub fn matches_metric(&self, metric: &Metric) -> bool {
        let Some(pattern) = &self.metric else { return true };
        if !pattern.contains(['*', '?']) {
            // The usual case, without a copy of the name.
            let Some(rest) = pattern.strip_prefix(metric.name.as_str()) else { return false };
            return rest.is_empty()
                || metric.unit.as_ref().is_some_and(|unit| {
                    let unit = unit.to_string();
                    let bare = rest.strip_prefix(['_', '.']);
                    let inside = || rest.strip_prefix(" (")?.strip_suffix(')');
                    bare == Some(&unit) || inside() == Some(&unit)
                });
        }
        glob(pattern, &metric.name)
            || metric.unit.as_ref().is_some_and(|unit| {
                ["_", "."].iter().any(|sep| glob(pattern, &format!("{}{sep}{unit}", metric.name)))
                    || glob(pattern, &format!("{} ({unit})", metric.name))
            })
    }

    /// The one-sided claims in the unit of the data; a range makes two, a relative
    /// condition none.
    ///
    /// # Errors
    /// The unit of the target does not convert.
    pub fn claims(&self, unit: Option<&Unit>) -> Result<Vec<Claim>, UnitError> {
        let claim = |comparison, q: &Quantity| Ok(Claim { comparison, target: q.in_unit(unit)? });
        match &self.condition {
            Condition::Absolute(op, q) => Ok(vec![claim(*op, q)?]),
            Condition::Range(lo, hi) => {
                Ok(vec![claim(Comparison::AtLeast, lo)?, claim(Comparison::AtMost, hi)?])
            }
            Condition::Relative(..) => Ok(Vec::new()),
        }
    }
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        grammar::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rational;

    fn parse(text: &str) -> Objective {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_grammar_is_read() {
        let o = parse("latency{endpoint=search, zone=eu-*}: p99.9 <= 1.5 s");
        assert_eq!(o.metric.as_deref(), Some("latency"));
        assert_eq!(o.labels["zone"], "eu-*");
        assert_eq!(o.aggregate, Aggregate::Quantile(Rank::P999));
        let ms = Unit::known("ms");
        let claim = Claim { comparison: Comparison::AtMost, target: 1_500.0 };
        assert_eq!(o.claims(ms.as_ref()).unwrap(), [claim]);
        assert_eq!((o.claim.as_str(), o.promise.as_str()), ("p99.9 <= 1.5 s", "<= 1.5 s"));

        let rate = parse("rate(<= 200ms) >= 99.9%");
        let Condition::Absolute(_, q) = &rate.condition else { panic!("{rate:?}") };
        assert_eq!(q.share(), Rational::new(999, 1_000));

        assert_eq!(parse("p95 <= +10%").condition, Condition::Relative(Comparison::AtMost, 0.1));
        assert!(matches!(parse("mean in 2..4.5 s").condition, Condition::Range(..)));
        let heap = parse("heap: max <= 70% of 16 GiB");
        let mib = Unit::known("MiB");
        assert_eq!(heap.claims(mib.as_ref()).unwrap()[0].target, 0.7 * 16.0 * 1_024.0);
        assert!(parse("p95 <= 3 by (none)").pooled);
        assert_eq!(parse("median<1").claim, "median<1");

        let cores = parse("cpu: 2..4 cores");
        assert_eq!(cores.condition, parse("cpu: value in 2..4 cores").condition);
        assert_eq!(cores.aggregate, Aggregate::Value);
        assert_eq!(parse("heap: <= 70% of 16 GiB").aggregate, Aggregate::Value);
        let least = parse("batch throughput: at least 1000/s");
        assert_eq!(least.metric.as_deref(), Some("batch throughput"));
        assert!(matches!(least.condition, Condition::Absolute(Comparison::AtLeast, _)));
        for measure in AccuracyMeasure::ALL {
            let o = parse(&format!("forecast: {} >= 0.5", measure.name()));
            assert_eq!(o.aggregate, Aggregate::Accuracy(measure));
        }
    }

    #[test]
    fn targets_convert_exactly() {
        // 0.3 s in ms is 300, not 300.00000000000006 or 299.99999999999994.
        let target = |text: &str, unit: &str| {
            parse(text).claims(Unit::known(unit).as_ref()).map(|c| c[0].target)
        };
        for (text, unit, want) in [
            ("p95 <= 0.3s", "ms", 300.0),
            ("p95 <= 150ms", "s", 0.15),
            ("p95 <= 1.1 min", "s", 66.0),
            ("p95 <= 7us", "ns", 7_000.0),
            ("p95 <= 0.1 ms", "s", 0.0001),
        ] {
            assert_eq!(target(text, unit).unwrap(), want, "{text}");
        }
        assert!(target("p95 <= 3 MB", "ms").is_err());
    }

    #[test]
    fn typos_say_where_and_what() {
        for (text, column, expected) in [
            ("latency: p95 =< 150ms", 14, "one of < <= > >="),
            ("latency: p9S <= 150ms", 10, "pNN"),
            ("p0.95 <= 150ms", 1, "pNN"),
            ("p95 <= +10ms", 8, "a percentage"),
            ("p100 <= 1", 1, "pNN"),
            ("p95 <= fast", 8, "a number"),
            ("p95 <= 1ms ms", 12, "nothing more"),
            ("rate(<= 1ms) >= 100%", 21, "a share"),
            (": p95 <= 1", 1, "a metric"),
            ("p95 in 4..2 s", 11, "an upper end"),
            ("p95 <= 15$", 10, "nothing more"),
            ("mape <= 15", 11, "a share such as 0.15 or 15%"),
            ("f1 >= 85", 9, "a share"),
            ("cpu: 2 cores", 13, "\"..\""),
            ("", 1, "pNN"),
        ] {
            let e = text.parse::<Objective>().unwrap_err();
            assert_eq!(e.column, column, "{e}");
            assert!(e.expected.starts_with(expected), "{e}");
        }
    }
}
