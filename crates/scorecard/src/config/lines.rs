use std::fmt::Display;
use std::str::FromStr;

use tailproof_core::{Aggregate, Objective, Provenance};
use toml::Spanned;

use super::ConfigError;
use crate::actual::{Actual, Value};

/// Where the lines of a file end, which turns places into lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    /// Of the text of a file.
    pub(crate) fn new(text: &str) -> Self {
        Self { ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|&end| end < at) + 1
    }

    /// An error at a byte.
    pub(crate) fn wrong(&self, at: usize, message: impl Display) -> ConfigError {
        ConfigError { line: self.line(at), message: message.to_string() }
    }

    /// What a text says, or an error in its line.
    pub(crate) fn parse<T: FromStr>(&self, text: &Spanned<String>) -> Result<T, ConfigError>
    where
        T::Err: Display,
    {
        text.get_ref().parse().map_err(|e| self.wrong(text.span().start, e))
    }

    /// `70%` or `0.7`.
    pub(crate) fn share(&self, text: &Spanned<String>) -> Result<f64, ConfigError> {
        tailproof_core::share(text.get_ref()).map_err(|e| self.wrong(text.span().start, e))
    }

    /// The objective that a text states; its colon may be left out only with a condition.
    pub(crate) fn objective(&self, text: &Spanned<String>) -> Result<Objective, ConfigError> {
        self.parse(text)
    }

    /// A number as typed, or what the data are asked for: `60/s`, `throughput: mean`.
    ///
    /// A typed number is `measured` when nothing else is said.
    pub(crate) fn value(
        &self,
        text: &Spanned<String>,
        provenance: Option<&Spanned<String>>,
        source: Option<&str>,
    ) -> Result<Value, ConfigError> {
        let provenance =
            provenance.map(|p| self.parse(p)).transpose()?.unwrap_or(Provenance::Measured);
        if let Some((_, aggregate)) = text.get_ref().rsplit_once(':') {
            // Any condition makes an objective of it.
            let whole = format!("{} >= 0.5", text.get_ref());
            let objective: Objective = whole.parse().map_err(|_| {
                self.wrong(
                    text.span().start,
                    format!("{:?} is no aggregate, such as p95, mean or value", aggregate.trim()),
                )
            })?;
            let aggregate = &objective.aggregate;
            if aggregate == &Aggregate::Value && !text.get_ref().trim_end().ends_with("value") {
                return Err(self.wrong(text.span().start, "write METRIC: AGGREGATE, or a number"));
            }
            return Ok(Value::Asked(Box::new(objective)));
        }
        Actual::typed(text.get_ref(), provenance, source.unwrap_or_default())
            .map(Value::Typed)
            .map_err(|e| self.wrong(text.span().start, e))
    }
}
