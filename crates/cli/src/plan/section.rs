//! A table of a plan, for people and machines.

use serde_json::{Map, Value, json};
use tailproof_core::{Level, number, percent};
use tailproof_hypothesis::{SampleSize, TestError};
use tailproof_reporting::{Grid, Number};

/// What the numbers rest on, said below the tables.
pub(super) fn independent() -> String {
    "Holds for independent observations of one distribution and one look at the data: do not \
     collect until it passes. Where successive observations depend on each other, multiply n by \
     the autocorrelation time, which `tailproof validate` prints. One run says nothing about \
     other runs: spread the observations over several."
        .to_owned()
}

/// A table with its explanation, for people and for machines.
#[derive(Debug)]
pub(super) struct Section {
    /// Name for machines.
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) level: Level,
    pub(super) columns: Vec<Column>,
    /// The first columns, which hold words.
    pub(super) words: usize,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) notes: Vec<String>,
}

/// A heading for people, and a name for machines.
#[derive(Clone, Debug)]
pub(super) struct Column {
    head: String,
    key: String,
}

impl Column {
    pub(super) fn new(head: impl Into<String>, key: impl Into<String>) -> Self {
        Self { head: head.into(), key: key.into() }
    }

    /// One per probability.
    pub(super) fn of_power(power: &[f64], head: &str, key: &str) -> Vec<Self> {
        let column = |p: &f64| Self::new(format!("{head}{}", percent(*p)), format!("{key}_{p}"));
        power.iter().map(column).collect()
    }
}

/// A value of a table.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
    /// A share or a relative change.
    Share(f64),
    /// One too near 0 or 1 to matter is only bounded for people.
    Probability(f64),
    Number(f64),
    /// No value, and why.
    Missing(String),
}

impl Cell {
    /// A size that is rounded up.
    pub(super) fn size(n: Result<f64, TestError>) -> Self {
        Self::of(n, |n| Self::Count(SampleSize { n1: n, n2: n }.ceil().0))
    }

    pub(super) fn share(share: Result<f64, TestError>) -> Self {
        Self::of(share, Self::Share)
    }

    pub(super) fn of<T>(value: Result<T, TestError>, cell: impl Fn(T) -> Self) -> Self {
        value.map_or_else(|e| Self::Missing(e.to_string()), cell)
    }

    pub(super) fn count(n: Option<u64>, otherwise: &str) -> Self {
        n.map_or_else(|| Self::Missing(otherwise.to_owned()), Self::Count)
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(n) => number(*n as f64),
            Self::Probability(x) if *x > 0.0 && *x < 1e-6 => "< 0.0001 %".to_owned(),
            Self::Probability(x) if *x < 1.0 && *x > 1.0 - 1e-6 => "> 99.9999 %".to_owned(),
            Self::Share(x) | Self::Probability(x) => percent(*x),
            Self::Number(x) => number(*x),
            Self::Missing(_) => "-".to_owned(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Count(n) => json!(n),
            Self::Share(x) | Self::Probability(x) | Self::Number(x) => json!(Number(*x)),
            Self::Missing(_) => Value::Null,
        }
    }
}

impl Section {
    /// The table for people; what is missing is explained once below it.
    pub(super) fn grid(&self) -> Grid {
        let mut notes = self.notes.clone();
        for row in &self.rows {
            let name = row.first().map(Cell::text).unwrap_or_default();
            let mut seen: Vec<&str> = Vec::new();
            for cell in row {
                if let Cell::Missing(why) = cell
                    && !seen.contains(&why.as_str())
                {
                    seen.push(why);
                    notes.push(format!("- {name}: {why}"));
                }
            }
        }
        Grid {
            title: self.title.clone(),
            header: self.columns.iter().map(|c| c.head.clone()).collect(),
            rows: self.rows.iter().map(|r| r.iter().map(Cell::text).collect()).collect(),
            words: self.words,
            notes,
        }
    }

    pub(super) fn json(&self) -> Value {
        let row = |cells: &Vec<Cell>| {
            let mut map = Map::new();
            for (column, cell) in self.columns.iter().zip(cells) {
                map.insert(column.key.clone(), cell.json());
                if let Cell::Missing(why) = cell {
                    map.insert(format!("{}_reason", column.key), json!(why));
                }
            }
            Value::Object(map)
        };
        json!({
            "table": self.key,
            "title": self.title,
            "level": Number(self.level.to_f64()),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}
