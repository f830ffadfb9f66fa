//! Columns of predictions beside the column of what came of them.

use tailproof_core::Unit;

use crate::builder::Builder;
use crate::error::IngestError;

/// Headings of actual values; of several columns the first of these counts.
const ACTUAL: [&str; 6] = ["actual", "observed", "truth", "y_true", "label", "expected"];

/// The columns of a table, by heading.
pub(super) struct Paired<'a> {
    pub(super) actual: &'a str,
    pub(super) predictions: Vec<&'a str>,
    /// The unit of the actual values.
    pub(super) unit: Option<Unit>,
}

impl<'a> Paired<'a> {
    /// The columns when predictions are wanted and both kinds are there.
    pub(super) fn of(
        headings: impl Iterator<Item = &'a str> + Clone,
        builder: &Builder<'_>,
        line: u64,
    ) -> Result<Option<Self>, IngestError> {
        if builder.options.pairs.is_empty() {
            return Ok(None);
        }
        let is =
            |heading: &str, name: &str| Unit::split_heading(heading).0.eq_ignore_ascii_case(name);
        let found = ACTUAL.iter().find_map(|name| headings.clone().find(|h| is(h, name)));
        let Some(actual) = found else { return Ok(None) };
        let unit = Unit::split_heading(actual).1;
        let mut predictions = Vec::new();
        for heading in headings.filter(|&heading| heading != actual) {
            let (name, own) = Unit::split_heading(heading);
            if !builder.options.predicts(heading, &name) {
                continue;
            }
            if let (Some(own), Some(other)) = (&own, &unit)
                && own != other
            {
                let problem = format!(
                    "{heading} is in {own}, {actual} in {other}: an error needs both in one unit"
                );
                return Err(builder.line_error(line, problem));
            }
            predictions.push(heading);
        }
        Ok((!predictions.is_empty()).then_some(Self { actual, predictions, unit }))
    }

    /// Whether a column is no metric by itself, unless an objective names it.
    pub(super) fn holds(&self, heading: &str, builder: &Builder<'_>) -> bool {
        if heading != self.actual {
            return self.predictions.contains(&heading);
        }
        let name = Unit::split_heading(heading).0;
        !builder.options.asked_for(heading, &name)
    }
}

/// What is wrong with a cell that holds no number; `actual` tells which of both it is.
pub(super) fn no_number(empty: bool, actual: bool) -> &'static str {
    if empty && actual {
        "no actual value to hold the prediction against; leave such rows out"
    } else {
        "text where a number belongs (write labels as 0 and 1)"
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use crate::{IngestError, Input, Options};

    fn read(file: &str, text: &str, pairs: &str) -> Result<Dataset, IngestError> {
        let wanted = if pairs == "*" { Vec::new() } else { vec![pairs.to_owned()] };
        let options = Options { wanted, pairs: vec![pairs.to_owned()], ..Options::default() };
        crate::read(vec![Input::from_bytes(file, text)], &options)
    }

    #[test]
    fn tables_of_all_forms_give_the_same_pairs() {
        let csv = "zone,actual_ms,forecast\na,1,\na,3,\nb,9,\na,10,12\na,20,19.5\n";
        let rows = "{\"zone\":\"a\",\"actual_ms\":1,\"forecast\":null}\n\
            {\"zone\":\"a\",\"actual_ms\":3,\"forecast\":null}\n\
            {\"zone\":\"b\",\"actual_ms\":9,\"forecast\":null}\n\
            {\"zone\":\"a\",\"actual_ms\":10,\"forecast\":12}\n\
            {\"zone\":\"a\",\"actual_ms\":20,\"forecast\":19.5}\n";
        for (file, text) in [
            ("a.csv", csv.to_owned()),
            ("a.tsv", csv.replace(',', "\t")),
            ("a.ndjson", rows.into()),
        ] {
            let data = read(file, &text, "forecast").unwrap();
            let names: Vec<String> = data.series.iter().map(tailproof_core::Series::name).collect();
            assert_eq!(
                names,
                ["forecast.history{zone=a}", "forecast.history{zone=b}", "forecast{zone=a}"],
                "{file}"
            );
            let last = &data.series[2];
            assert_eq!(last.observations, Observations::Pairs(vec![(10.0, 12.0), (20.0, 19.5)]));
            assert!(data.series.iter().all(|s| s.metric.suffix() == " ms"), "{file}");
            let Observations::Raw(history) = &data.series[0].observations else { panic!("values") };
            assert_eq!(history.sample.values(), [1.0, 3.0]);
        }
        let lists = "{\"Actual\":[1,2,3],\"yhat\":[null,2,4]}";
        let data = read("a.json", lists, "*").unwrap();
        assert_eq!(data.series[1].observations, Observations::Pairs(vec![(2.0, 2.0), (3.0, 4.0)]));
    }

    #[test]
    fn predictions_are_in_the_order_of_their_times() {
        let text = "time,label,forecast\n30,0,1\n10,1,1\n20,0,0\n";
        let data = read("a.csv", text, "forecast").unwrap();
        let pairs = Observations::Pairs(vec![(1.0, 1.0), (0.0, 0.0), (0.0, 1.0)]);
        assert_eq!(data.series[0].observations, pairs);
        // Nobody asks for predictions: both are plain columns.
        let plain = crate::read(vec![Input::from_bytes("a.csv", text)], &Options::default());
        assert_eq!(plain.unwrap().series.len(), 2);
    }

    #[test]
    fn a_column_that_an_objective_names_is_a_prediction() {
        let text = "actual,model_a,model_b\n1,2,3\n4,5,6\n";
        let data = read("a.csv", text, "model_b").unwrap();
        assert_eq!(data.series.len(), 1);
        assert_eq!(data.series[0].observations, Observations::Pairs(vec![(1.0, 3.0), (4.0, 6.0)]));
    }

    #[test]
    fn what_is_no_pair_is_refused_with_its_place() {
        for (text, parts) in [
            ("actual,forecast\n1,2\n,3\n", ["line 3", "no actual value"]),
            ("label,forecast\nspam,ham\n", ["line 2", "labels as 0 and 1"]),
            ("actual_ms,forecast_s\n1,2\n", ["line 1", "in one unit"]),
        ] {
            let error = read("a.csv", text, "forecast").unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
        let uneven = read("a.json", "{\"actual\":[1,2],\"forecast\":[1]}", "forecast");
        assert!(uneven.unwrap_err().to_string().contains("actual has 2 values, forecast 1"));
    }
}
