//! The grammar of [`Objective`]s, read by recursive descent.

use crate::quantity::number_end;
use crate::{
    AccuracyMeasure, Aggregate, Comparison, Condition, Labels, Objective, ObjectiveError, Quantity,
    Rank, Rational, Unit,
};

/// Reads an objective.
pub(crate) fn parse(text: &str) -> Result<Objective, ObjectiveError> {
    Parser { text, rest: text }.objective()
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
