use std::fmt;
use std::str::FromStr;

use crate::{Labels, Metric, Rank, Rational, Series, Unit, UnitError, glob};

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

/// A number with an optional unit, as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    value: f64,
    /// The value as an exact decimal when it is not negative and fits.
    exact: Option<Rational>,
    unit: Option<Unit>,
}

impl Quantity {
    /// A number in a unit.
    #[must_use]
    pub fn new(value: f64, unit: Option<Unit>) -> Self {
        Self { value, exact: Rational::from_f64(value).ok(), unit }
    }

    /// The number as typed.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The unit as typed.
    #[must_use]
    pub const fn unit(&self) -> Option<&Unit> {
        self.unit.as_ref()
    }

    /// The number in the unit of the data, converted exactly and rounded once.
    ///
    /// A number without a unit is taken to be in the unit of the data. A number with a unit
    /// gives data without one that unit.
    ///
    /// # Errors
    /// The units measure different things.
    pub fn in_unit(&self, data: Option<&Unit>) -> Result<f64, UnitError> {
        let (Some(from), Some(to)) = (&self.unit, data) else { return Ok(self.value) };
        let factor = from.factor_to(to)?;
        if factor == Rational::ONE {
            return Ok(self.value);
        }
        let exact = self.exact.and_then(|x| x.checked_mul(factor)).map(Rational::to_f64);
        Ok(exact.unwrap_or(self.value * factor.to_f64()))
    }

    /// The number as an exact share: `99.9%` and `0.999` are 999/1000. `None` when it is
    /// negative, has too many digits or has another unit.
    #[must_use]
    pub fn share(&self) -> Option<Rational> {
        let one = Unit::known("ratio").expect("in the table");
        match &self.unit {
            None => self.exact,
            Some(unit) => self.exact?.checked_mul(unit.factor_to(&one).ok()?),
        }
    }

    /// The share `percent` of this quantity.
    fn part(&self, percent: Rational) -> Self {
        let exact = self.exact.and_then(|x| x.checked_mul(percent));
        let value = exact.map_or(self.value * percent.to_f64(), Rational::to_f64);
        Self { value, exact, unit: self.unit.clone() }
    }
}

/// Why a text is no [`Quantity`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// It does not begin with a finite number.
    #[error("expected a number with an optional unit, such as 50us, got {0:?}")]
    NotANumber(String),
    /// What follows the number is no unit.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Reads `50us`, `1.5 MiB`, `-2e3` or `70%`.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (number, unit) = text.trim().split_at(number_end(text.trim()));
        let value = number.parse::<f64>().ok().filter(|v| v.is_finite());
        let value = value.ok_or_else(|| QuantityError::NotANumber(text.to_owned()))?;
        let unit = Some(unit.trim()).filter(|u| !u.is_empty()).map(str::parse).transpose()?;
        Ok(Self { value, exact: number.parse().ok(), unit })
    }
}

/// Where the number ends that a text begins with, and a unit or more may follow.
fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut end = usize::from(text.starts_with(['+', '-']));
    end = digits(end);
    // "2..4" is a range, "2.5" a number.
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        end = digits(end + 1);
    }
    // An exponent's letter may begin a unit too.
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    end
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        match &self.unit {
            Some(unit) => write!(f, " {unit}"),
            None => Ok(()),
        }
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
        Parser { text, rest: text }.objective()
    }
}

/// Whether a target makes sense.
type Fits = fn(&Quantity) -> bool;

/// Which targets an aggregate that is a share can have, in words too.
fn target(aggregate: &Aggregate) -> Option<(Fits, &'static str)> {
    let inside: Fits = |q| q.share().is_some_and(|s| s.num() > 0 && s.num() < s.den());
    // `mape <= 15` would be 1 500 %, and nobody means that.
    let plain: Fits = |q| q.unit().is_some() || q.value() < 1.0;
    match aggregate {
        Aggregate::Accuracy(AccuracyMeasure::Mape | AccuracyMeasure::Smape) => {
            Some((plain, "a share such as 0.15 or 15%, from 1 on only as a percentage"))
        }
        Aggregate::Accuracy(measure) if !measure.is_rate() => None,
        Aggregate::Rate(..) | Aggregate::Ratio | Aggregate::Accuracy(_) => {
            Some((inside, "a share strictly between 0 and 1, such as 99.9%"))
        }
        _ => None,
    }
}

/// A recursive-descent parser; `rest` is what has not been read.
struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

const AGGREGATES: &str = "pNN (p95, p99.9), median, rate(<= VALUE), ratio, mean, stddev, mad, \
                          throughput, min, max, value, mape, smape, mase, rmse, precision, \
                          recall, f1 or accuracy";

impl<'a> Parser<'a> {
    fn fail<T>(&self, expected: impl Into<String>) -> Result<T, ObjectiveError> {
        let column = self.text.len() - self.rest.len();
        let found = if self.rest.is_empty() {
            "the end".to_owned()
        } else {
            format!("{:?}", self.rest.chars().take(24).collect::<String>())
        };
        Err(ObjectiveError {
            text: self.text.to_owned(),
            column: self.text[..column].chars().count() + 1,
            expected: expected.into(),
            found,
        })
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip();
        self.rest.strip_prefix(token).is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn objective(mut self) -> Result<Objective, ObjectiveError> {
        let (metric, labels) = self.subject()?;
        self.skip();
        let claim = self.rest.split_whitespace().collect::<Vec<_>>().join(" ");
        let aggregate = self.aggregate()?;
        let begin = self.rest;
        let condition = self.condition()?;
        let promise = begin[..begin.len() - self.rest.len()].trim().to_owned();
        let pooled = self.eat("by");
        if pooled && !(self.eat("(") && self.eat("none") && self.eat(")")) {
            return self.fail("\"by (none)\"");
        }
        self.skip();
        if !self.rest.is_empty() {
            return self.fail("nothing more, or \"by (none)\"");
        }
        if let Some((fits, wanted)) = target(&aggregate) {
            let ends: Vec<&Quantity> = match &condition {
                Condition::Absolute(_, q) => vec![q],
                Condition::Range(lo, hi) => vec![lo, hi],
                Condition::Relative(..) => Vec::new(),
            };
            if let Some(q) = ends.into_iter().find(|q| !fits(q)) {
                self.rest = "";
                let e = self.fail::<()>(wanted);
                return Err(ObjectiveError { found: q.to_string(), ..e.expect_err("it failed") });
            }
        }
        Ok(Objective { metric, labels, aggregate, condition, pooled, claim, promise })
    }

    /// `METRIC{k=v}:`, where the colon decides that there is one.
    fn subject(&mut self) -> Result<(Option<String>, Labels), ObjectiveError> {
        let mut depth = 0;
        let colon = self.rest.char_indices().find(|&(_, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ':' && depth == 0
        });
        let Some((at, _)) = colon else {
            if depth > 0 {
                return self.fail("labels closed by } and a colon");
            }
            return Ok((None, Labels::new()));
        };
        let (head, tail) = (&self.rest[..at], &self.rest[at + 1..]);
        let (name, filter) = match head.split_once('{') {
            Some((name, filter)) => (name, Some(filter.trim_end().strip_suffix('}'))),
            None => (head, None),
        };
        let mut labels = Labels::new();
        match filter {
            None => {}
            Some(None) => return self.fail("labels closed by }"),
            Some(Some(filter)) => {
                for pair in filter.split(',') {
                    let Some((k, v)) = pair.split_once('=') else {
                        self.rest = &self.rest[name.len() + 1..];
                        return self.fail("labels like {endpoint=search}");
                    };
                    labels.insert(k.trim().to_owned(), v.trim().trim_matches('"').to_owned());
                }
            }
        }
        let name = name.trim();
        if name.is_empty() && labels.is_empty() {
            return self.fail("a metric before the colon");
        }
        self.rest = tail;
        Ok((Some(name.to_owned()).filter(|n| !n.is_empty()), labels))
    }

    /// Whether a condition comes next.
    fn at_condition(&self) -> bool {
        ["<", ">", "in ", "at most", "at least"].iter().any(|t| self.rest.starts_with(t))
            || self.rest.starts_with(|c: char| c.is_ascii_digit())
    }

    fn aggregate(&mut self) -> Result<Aggregate, ObjectiveError> {
        self.skip();
        if self.at_condition() {
            return Ok(Aggregate::Value);
        }
        let start = self.rest;
        let word = self.word();
        Ok(match word {
            "median" => Aggregate::Quantile(Rank::MEDIAN),
            "mean" | "avg" => Aggregate::Mean,
            "stddev" => Aggregate::StdDev,
            "mad" => Aggregate::Mad,
            "throughput" => Aggregate::Throughput,
            "min" => Aggregate::Min,
            "max" => Aggregate::Max,
            "ratio" => Aggregate::Ratio,
            "value" => Aggregate::Value,
            "rate" => {
                if !self.eat("(") {
                    return self.fail("rate(<= VALUE)");
                }
                let comparison = self.comparison()?;
                let limit = self.quantity()?;
                if !self.eat(")") {
                    return self.fail(")");
                }
                Aggregate::Rate(comparison, limit)
            }
            _ => {
                if let Some(measure) = AccuracyMeasure::ALL.into_iter().find(|m| m.name() == word) {
                    return Ok(Aggregate::Accuracy(measure));
                }
                // p0.95 would be the 0.95th percentile, and nobody means that.
                let digits = word.strip_prefix('p').filter(|d| !d.starts_with("0."));
                let rank = digits.and_then(|digits| {
                    format!("{digits}%")
                        .parse::<Rank>()
                        .ok()
                        .filter(|p| p.value().num() > 0 && p.complement().num() > 0)
                });
                let Some(rank) = rank else {
                    self.rest = start;
                    return self.fail(AGGREGATES);
                };
                Aggregate::Quantile(rank)
            }
        })
    }

    fn comparison(&mut self) -> Result<Comparison, ObjectiveError> {
        for (token, op) in [
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Below),
            (">", Comparison::Above),
            ("at most ", Comparison::AtMost),
            ("at least ", Comparison::AtLeast),
        ] {
            if self.eat(token) {
                return Ok(op);
            }
        }
        self.fail("one of < <= > >=, or \"in LO..HI\"")
    }

    fn condition(&mut self) -> Result<Condition, ObjectiveError> {
        self.skip();
        if self.eat("in ") || self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return self.range();
        }
        let op = self.comparison()?;
        self.skip();
        let signed = self.rest.starts_with(['+', '-']);
        let start = self.rest;
        let q = self.quantity()?;
        let percent = Unit::known("%");
        if signed && q.unit == percent {
            return Ok(Condition::Relative(op, q.value / 100.0));
        }
        if start.starts_with('+') {
            self.rest = start;
            return self.fail("a percentage after a sign (+10%), or a target without a sign");
        }
        if q.unit == percent && self.eat("of ") {
            let whole = self.quantity()?;
            let Some(share) = q.share() else {
                self.rest = start;
                return self.fail("a percentage with fewer digits");
            };
            return Ok(Condition::Absolute(op, whole.part(share)));
        }
        Ok(Condition::Absolute(op, q))
    }

    fn range(&mut self) -> Result<Condition, ObjectiveError> {
        let mut lo = self.quantity()?;
        if !self.eat("..") {
            return self.fail("\"..\" between the ends of a range");
        }
        let start = self.rest;
        let hi = self.quantity()?;
        if lo.unit.is_none() {
            lo.unit.clone_from(&hi.unit);
        }
        let top = hi.in_unit(lo.unit.as_ref());
        if !top.is_ok_and(|top| lo.value <= top) {
            self.rest = start;
            return self.fail(format!("an upper end of at least {lo} in a unit that converts"));
        }
        Ok(Condition::Range(lo, hi))
    }

    fn quantity(&mut self) -> Result<Quantity, ObjectiveError> {
        self.skip();
        let start = self.rest;
        let end = number_end(start);
        let number = &start[..end];
        let value = number.parse::<f64>().ok().filter(|v| v.is_finite());
        let Some(value) = value else { return self.fail("a number") };
        self.rest = &start[end..];
        let exact = number.parse::<Rational>().ok();
        let unit = self.unit()?;
        Ok(Quantity { value, exact, unit })
    }

    fn unit(&mut self) -> Result<Option<Unit>, ObjectiveError> {
        let start = self.rest;
        self.skip();
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || "%/_-".contains(c)))
            .unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        if word.is_empty() || matches!(word, "of" | "by") {
            self.rest = start;
            return Ok(None);
        }
        match word.parse::<Unit>() {
            Ok(unit) => {
                self.rest = &self.rest[end..];
                Ok(Some(unit))
            }
            Err(_) => self.fail("a unit, such as ms, MiB, % or req/s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Objective {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn quantities_are_read_by_themselves() {
        for (text, value, unit) in [
            ("50us", 50.0, Some("us")),
            (" 1.5 MiB ", 1.5, Some("MiB")),
            ("-2e3", -2_000.0, None),
            ("5e2ms", 500.0, Some("ms")),
            ("99.9%", 99.9, Some("%")),
        ] {
            let q: Quantity = text.parse().unwrap();
            assert_eq!(
                (q.value(), q.unit().cloned()),
                (value, unit.and_then(Unit::known)),
                "{text}"
            );
        }
        assert_eq!("99.9%".parse::<Quantity>().unwrap().share(), Rational::new(999, 1_000));
        for text in ["", "us", "1e999", "5 furlongs!", "2..4", "+"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
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
