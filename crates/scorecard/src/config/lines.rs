use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use tailproof_core::{Aggregate, Objective, Provenance};
use toml::Spanned;

use super::ConfigError;
use crate::actual::{Actual, Value};

/// A number that may be written as text: `0.999` or `"99.9%"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    /// As text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number.
    Float(f64),
}

impl Number {
    /// As text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(n) => n.to_string(),
            Self::Float(x) => x.to_string(),
        }
    }

    /// As text where it stands, for readers of text.
    pub(crate) fn spanned(number: &Spanned<Self>) -> Spanned<String> {
        Spanned::new(number.span(), number.get_ref().text())
    }
}

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

    /// A number as typed, with its provenance: nobody else can know where it comes from.
    pub(crate) fn typed(
        &self,
        text: &Spanned<String>,
        provenance: Option<&Spanned<String>>,
        source: Option<&str>,
    ) -> Result<Actual, ConfigError> {
        let Some(said) = provenance else {
            let message = format!(
                "say where {:?} comes from: provenance = \"measured\", \"simulated\", \
                 \"estimated\" or \"projected\"",
                text.get_ref()
            );
            return Err(self.wrong(text.span().start, message));
        };
        let provenance: Provenance = self.parse(said)?;
        if provenance == Provenance::NotTested {
            let message =
                format!("what nobody tested has no value, and here is {:?}", text.get_ref());
            return Err(self.wrong(said.span().start, message));
        }
        Actual::typed(text.get_ref(), provenance, source.unwrap_or_default())
            .map_err(|e| self.wrong(text.span().start, e))
    }

    /// A number as [`typed`](Self::typed), or what the data are asked for: `60/s` with a
    /// provenance, `throughput: mean` without one.
    pub(crate) fn value(
        &self,
        text: &Spanned<String>,
        provenance: Option<&Spanned<String>>,
        source: Option<&str>,
    ) -> Result<Value, ConfigError> {
        let Some((_, aggregate)) = text.get_ref().rsplit_once(':') else {
            return self.typed(text, provenance, source).map(Value::Typed);
        };
        if let Some(said) = provenance {
            let message = "provenance goes with a typed number; data and evidence bring their own";
            return Err(self.wrong(said.span().start, message));
        }
        // Any condition makes an objective of it.
        let whole = format!("{} >= 0.5", text.get_ref());
        let objective: Objective = whole.parse().map_err(|_| {
            let message =
                format!("{:?} is no aggregate, such as p95, mean or value", aggregate.trim());
            self.wrong(text.span().start, message)
        })?;
        let value = objective.aggregate == Aggregate::Value;
        if value && !text.get_ref().trim_end().ends_with("value") {
            return Err(self.wrong(text.span().start, "write METRIC: AGGREGATE, or a number"));
        }
        Ok(Value::Asked(Box::new(objective)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, provenance: Option<&str>) -> Result<Value, ConfigError> {
        let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
        Lines::new("").value(&spanned(text), provenance.map(spanned).as_ref(), None)
    }

    #[test]
    fn a_typed_number_says_where_it_comes_from() {
        for (text, provenance, part) in [
            ("60/s", None, "provenance = \"measured\""),
            ("60/s", Some("not tested"), "nobody tested"),
            ("60/s", Some("guessed"), "guessed"),
            ("throughput: mean", Some("measured"), "goes with a typed number"),
            ("throughput: fast", None, "no aggregate"),
            ("throughput: 5", None, "no aggregate"),
        ] {
            let error = value(text, provenance).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
        }
        assert!(matches!(value("throughput: mean", None), Ok(Value::Asked(_))));
        match value("60/s", Some("estimated")) {
            Ok(Value::Typed(actual)) => {
                let got = (actual.provenance, actual.source.as_str(), actual.undecided);
                assert_eq!(got, (Provenance::Estimated, "", None));
            }
            other => panic!("{other:?}"),
        }
    }
}
