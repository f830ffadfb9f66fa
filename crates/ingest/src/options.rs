use tailproof_core::{Direction, Unit, glob};

use crate::Format;

/// A metric somebody asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Name, with `*` and `?`.
    pub pattern: String,
    /// Unit of its values when the data do not say.
    pub unit: Option<Unit>,
    /// Whether less is better, when the unit does not say.
    pub direction: Option<Direction>,
}

/// How inputs are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The format; `None` finds it by content.
    pub format: Option<Format>,
    /// Metrics to keep, with what is known of them; empty keeps every numeric column.
    pub wanted: Vec<Wanted>,
    /// What is known of metrics that need not be there.
    pub known: Vec<Wanted>,
    /// Unit of every metric that is kept, from the command line.
    pub unit: Option<Unit>,
    /// Columns that are labels; `None` makes every text column one.
    pub labels: Option<Vec<String>>,
}

impl Options {
    /// Whether the heading names a metric that is wanted.
    pub(crate) fn wants(&self, heading: &str, name: &str) -> bool {
        self.wanted.is_empty() || self.asked_for(heading, name)
    }

    /// Whether a wanted metric names this heading literally or by pattern.
    pub(crate) fn asked_for(&self, heading: &str, name: &str) -> bool {
        self.wanted.iter().any(|w| glob(&w.pattern, name) || glob(&w.pattern, heading))
    }

    /// Unit and direction that the configuration states for a metric.
    pub(crate) fn stated(&self, name: &str) -> (Option<Unit>, Option<Direction>) {
        let matching = || self.known.iter().filter(|w| glob(&w.pattern, name));
        (matching().find_map(|w| w.unit.clone()), matching().find_map(|w| w.direction))
    }

    /// Unit that whoever wants the metric supposes it to have.
    pub(crate) fn supposed(&self, name: &str) -> Option<Unit> {
        self.wanted.iter().filter(|w| glob(&w.pattern, name)).find_map(|w| w.unit.clone())
    }

    /// The name of a metric whose input has no heading: the one that is wanted, or `value`.
    pub(crate) fn default_name(&self) -> String {
        match self.wanted.as_slice() {
            [first, rest @ ..]
                if !first.pattern.contains(['*', '?'])
                    && rest.iter().all(|w| w.pattern == first.pattern) =>
            {
                first.pattern.clone()
            }
            _ => "value".to_owned(),
        }
    }
}
