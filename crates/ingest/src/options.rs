use tailproof_core::{Direction, Unit, glob};

use crate::Format;

/// Headings of predictions.
const PREDICTED: [&str; 5] = ["predicted", "prediction", "forecast", "y_pred", "yhat"];
/// What ends the name of the values that predictions were trained on.
pub(crate) const HISTORY: &str = ".history";

/// What is known of a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Name, with `*` and `?`.
    pub pattern: String,
    /// Unit of its values.
    pub unit: Option<Unit>,
    /// Whether less is better, when the unit does not say.
    pub direction: Option<Direction>,
}

/// How inputs are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The format; `None` finds it by content.
    pub format: Option<Format>,
    /// Patterns of the metrics to keep; empty keeps every numeric column.
    pub wanted: Vec<String>,
    /// Units that objectives suppose, for data that state none.
    pub supposed: Vec<Wanted>,
    /// Names of event counts that are wanted.
    pub events: Vec<String>,
    /// Patterns of predictions that are wanted beside the actual values, as pairs.
    pub pairs: Vec<String>,
    /// What is known of metrics that need not be there.
    pub known: Vec<Wanted>,
    /// Unit of every metric that is kept, from the command line.
    pub unit: Option<Unit>,
    /// Columns that are labels; `None` makes every text column one.
    pub labels: Option<Vec<String>>,
    /// Direction of metrics whose unit and format do not say.
    pub direction: Option<Direction>,
    /// Columns that are labels wherever they are, though they hold numbers.
    pub parameters: Vec<String>,
    /// Whether metrics that are wanted need not be there; without it one that is not is an error.
    pub lenient: bool,
    /// Whether numeric columns that are not wanted are kept as well.
    pub everything: bool,
}

impl Options {
    /// Whether the heading names a metric that is wanted.
    pub(crate) fn wants(&self, heading: &str, name: &str) -> bool {
        // The values that predictions were trained on come with them.
        let predicted = |of: &str| self.pairs.iter().any(|wanted| glob(wanted, of));
        self.everything
            || self.wanted.is_empty()
            || self.asked_for(heading, name)
            || name.strip_suffix(HISTORY).is_some_and(predicted)
    }

    /// Whether predictions under this heading are wanted. A pattern means columns that are
    /// headed as predictions are, a name any column.
    pub(crate) fn predicts(&self, heading: &str, name: &str) -> bool {
        let usual = PREDICTED.contains(&name.to_ascii_lowercase().as_str());
        self.pairs.iter().any(|wanted| {
            (usual || !wanted.contains(['*', '?'])) && (glob(wanted, name) || glob(wanted, heading))
        })
    }

    /// Whether a wanted metric names this heading literally or by pattern.
    pub(crate) fn asked_for(&self, heading: &str, name: &str) -> bool {
        self.wanted.iter().any(|w| glob(w, name) || glob(w, heading))
    }

    /// Whether a column is a label though it holds numbers.
    pub(crate) fn is_parameter(&self, heading: &str) -> bool {
        self.parameters.iter().any(|p| p.eq_ignore_ascii_case(heading))
    }

    /// Unit and direction that the configuration states for a metric.
    pub(crate) fn stated(&self, name: &str) -> (Option<Unit>, Option<Direction>) {
        let matching = || self.known.iter().filter(|w| glob(&w.pattern, name));
        (matching().find_map(|w| w.unit.clone()), matching().find_map(|w| w.direction))
    }

    /// Units that objectives suppose the metric to have, without repetition.
    pub(crate) fn supposed(&self, name: &str) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        for wanted in self.supposed.iter().filter(|w| glob(&w.pattern, name)) {
            if let Some(unit) = wanted.unit.as_ref().filter(|u| !units.contains(u)) {
                units.push(unit.clone());
            }
        }
        units
    }

    /// The name of event counts, which have no heading of their own.
    pub(crate) fn events_name(&self) -> String {
        match self.events.as_slice() {
            [name] if !name.contains(['*', '?']) => name.clone(),
            _ => "events".to_owned(),
        }
    }

    /// The name of a metric whose input has no heading: the one that is wanted, or `value`.
    pub(crate) fn default_name(&self) -> String {
        match self.wanted.as_slice() {
            [first, rest @ ..]
                if !first.contains(['*', '?']) && rest.iter().all(|w| w == first) =>
            {
                first.clone()
            }
            _ => "value".to_owned(),
        }
    }
}
