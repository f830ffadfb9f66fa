use crate::{Dimension, Unit};

/// Whether less or more of a metric is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Less is better, as for latency.
    Lower,
    /// More is better, as for throughput.
    Higher,
    /// Nobody said.
    #[default]
    Unknown,
}

/// Whether repeated measurements scatter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Noise {
    /// They do.
    #[default]
    Random,
    /// They do not (instruction counts): values are compared as they are, n = 1 suffices.
    Exact,
}

/// What a series measures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Name, without the unit.
    pub name: String,
    /// Unit of the values; `None` when neither the data nor anybody said.
    pub unit: Option<Unit>,
    /// Whether less is better.
    pub direction: Direction,
    /// Whether repeated measurements scatter.
    pub noise: Noise,
}

impl Metric {
    /// A metric whose direction follows from its unit: less time and memory is better,
    /// more per second is better; anything else is [`Direction::Unknown`].
    #[must_use]
    pub fn new(name: impl Into<String>, unit: Option<Unit>) -> Self {
        let direction = match &unit {
            Some(Unit::Scaled { dimension: Dimension::Time | Dimension::Information, .. }) => {
                Direction::Lower
            }
            Some(Unit::Scaled {
                dimension: Dimension::Frequency | Dimension::Throughput, ..
            }) => Direction::Higher,
            _ => Direction::Unknown,
        };
        Self { name: name.into(), unit, direction, noise: Noise::Random }
    }

    /// The unit as it is printed after a number: `" ms"`, or nothing.
    #[must_use]
    pub fn suffix(&self) -> String {
        self.unit.as_ref().map_or_else(String::new, |u| format!(" {u}"))
    }
}
