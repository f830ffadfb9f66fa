//! The canonical form: whole data sets as NDJSON, whatever they were read from.
//!
//! The first line is `{"tailproof": "dataset/1"}`, with what else is known of the whole; every
//! further line holds up to 4 096 elements of one series. Numbers are written so that they read
//! back the same; times are decimal strings, infinite edges `"inf"` and `"-inf"`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tailproof_core::{
    Binned, Closed, Dataset, Direction, Ecdf, Level, Loop, Metric, Noise, Observations, Rank,
    Series, Summary, Unit,
};

/// What the first line says the file is.
pub(crate) const SCHEMA: &str = "dataset/1";
/// Most elements a line.
const CHUNK: usize = 4_096;

/// Elements of one series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) metric: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) better: Option<Better>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) exact: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(crate) elements: Elements,
    /// Which of the values are only lower limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) above: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) run: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) time: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) marks: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    Lower,
    Higher,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Elements {
    Values(Vec<f64>),
    Events(Vec<(u64, u64)>),
    /// Actual values, each with its prediction.
    Pairs(Vec<(f64, f64)>),
    Summaries(Vec<Described>),
    Histograms(Vec<Buckets>),
    Counted(Vec<Counted>),
}

impl Default for Elements {
    fn default() -> Self {
        Self::Values(Vec::new())
    }
}

/// A summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Described {
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quantiles: Vec<(String, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<(f64, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
}

/// A histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Buckets {
    edges: Vec<Edge>,
    counts: Vec<u64>,
    /// `upper` or `lower`.
    closed: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Edge {
    Finite(f64),
    Infinite(String),
}

/// Values with counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    values: Vec<(f64, u64)>,
    #[serde(default)]
    below: u64,
    #[serde(default)]
    above: u64,
}

/// Writes a data set in the canonical form, which [`crate::read`] reads back.
///
/// # Errors
/// The writer fails, or a series holds what this form has no way to tell: then nothing is
/// written.
pub fn write(data: &Dataset, out: &mut impl Write) -> io::Result<()> {
    let untold = |s: &&Series| elements(&s.observations, 0..0).is_none();
    if let Some(series) = data.series.iter().find(untold) {
        let problem = format!("{} holds what cannot be written", series.name());
        return Err(io::Error::new(io::ErrorKind::Unsupported, problem));
    }
    let generator = data.generator.map(|g| if g == Loop::Open { "open" } else { "closed" });
    writeln!(out, "{}", json!({"tailproof": SCHEMA, "generator": generator, "notes": data.notes}))?;
    for series in &data.series {
        for line in lines(series) {
            serde_json::to_writer(&mut *out, &line)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The lines of a series.
fn lines(series: &Series) -> impl Iterator<Item = Line> + '_ {
    let n = series.observations.len();
    let Metric { name, unit, direction, noise } = &series.metric;
    (0..n).step_by(CHUNK).map(move |from| {
        let range = from..n.min(from + CHUNK);
        let above = match &series.observations {
            Observations::Raw(raw) => raw.above(),
            _ => &[],
        };
        let inside = above.iter().filter(|&&i| range.contains(&(i as usize)));
        Line {
            metric: name.clone(),
            unit: unit.as_ref().map(Unit::to_string),
            better: match direction {
                Direction::Lower => Some(Better::Lower),
                Direction::Higher => Some(Better::Higher),
                Direction::Unknown => None,
            },
            exact: *noise == Noise::Exact,
            labels: series.labels.clone(),
            elements: elements(&series.observations, range.clone())
                .expect("looked at before anything is written"),
            above: inside.map(|i| i - from as u32).collect(),
            run: series.run.as_ref().map_or_else(Vec::new, |r| r[range.clone()].to_vec()),
            time: series.time.as_ref().map_or_else(Vec::new, |t| {
                t[range.clone()].iter().map(ToString::to_string).collect()
            }),
            marks: series.marks.as_ref().map_or_else(Vec::new, |m| m[range].to_vec()),
        }
    })
}

/// Some of the elements; `None` for a kind that cannot be told.
fn elements(all: &Observations, range: std::ops::Range<usize>) -> Option<Elements> {
    Some(match all {
        Observations::Raw(raw) => Elements::Values(raw.sample.values()[range].to_vec()),
        Observations::Events(v) => Elements::Events(v[range].to_vec()),
        Observations::Pairs(v) => Elements::Pairs(v[range].to_vec()),
        Observations::Summary(v) => {
            Elements::Summaries(v[range].iter().map(Described::of).collect())
        }
        Observations::Binned(v) => Elements::Histograms(v[range].iter().map(Buckets::of).collect()),
        Observations::Atoms(v) => Elements::Counted(
            v[range]
                .iter()
                .map(|e| Counted { values: e.atoms().to_vec(), below: e.below(), above: e.above() })
                .collect(),
        ),
        _ => return None,
    })
}

impl Described {
    fn of(s: &Summary) -> Self {
        Self {
            n: s.n,
            mean: s.mean,
            sd: s.sd,
            min: s.min,
            max: s.max,
            quantiles: s.quantiles.iter().map(|(p, x)| (p.to_string(), *x)).collect(),
            interval: s.interval.as_ref().map(|i| (i.0, i.1)),
            level: s.interval.as_ref().and_then(|i| i.2).map(|l| l.to_string()),
        }
    }

    /// The summary, or what is wrong with it.
    pub(crate) fn summary(self) -> Result<Summary, String> {
        // As they are shown: p99.9 is the rank 99.9 %, and a level may be `95 %`.
        let rank = |text: &str| {
            let plain = text.strip_prefix('p').map(|t| format!("{t}%"));
            let rank = plain.as_deref().unwrap_or(text).parse::<Rank>();
            rank.map_err(|e| format!("quantile {text:?}: {e}"))
        };
        let quantiles = self
            .quantiles
            .iter()
            .map(|(p, x)| Ok((rank(p)?, *x)))
            .collect::<Result<_, String>>()?;
        let level = self
            .level
            .map(|l| l.replace(' ', "").parse::<Level>().map_err(|e| format!("level {l:?}: {e}")));
        let level = level.transpose()?;
        let Self { n, mean, sd, min, max, interval, .. } = self;
        Ok(Summary {
            n,
            mean,
            sd,
            min,
            max,
            quantiles,
            interval: interval.map(|(a, b)| (a, b, level)),
        })
    }
}

impl Buckets {
    fn of(b: &Binned) -> Self {
        let edge = |&x: &f64| {
            if x.is_finite() {
                Edge::Finite(x)
            } else {
                Edge::Infinite(if x > 0.0 { "inf" } else { "-inf" }.to_owned())
            }
        };
        Self {
            edges: b.edges().iter().map(edge).collect(),
            counts: b.counts().to_vec(),
            closed: if b.closed() == Closed::Upper { "upper" } else { "lower" }.to_owned(),
        }
    }

    /// The histogram, or what is wrong with it.
    pub(crate) fn binned(self) -> Result<Binned, String> {
        let edge = |e: &Edge| match e {
            Edge::Finite(x) => Ok(*x),
            Edge::Infinite(text) if text == "inf" => Ok(f64::INFINITY),
            Edge::Infinite(text) if text == "-inf" => Ok(f64::NEG_INFINITY),
            Edge::Infinite(text) => Err(format!("an edge is a number, inf or -inf, got {text:?}")),
        };
        let edges = self.edges.iter().map(edge).collect::<Result<_, _>>()?;
        let closed = match self.closed.as_str() {
            "upper" => Closed::Upper,
            "lower" => Closed::Lower,
            other => return Err(format!("closed is upper or lower, got {other:?}")),
        };
        Binned::new(edges, self.counts, closed).map_err(|e| e.to_string())
    }
}

impl Counted {
    /// The distribution, or what is wrong with it.
    pub(crate) fn ecdf(self) -> Result<Ecdf, String> {
        Ecdf::new(self.values, self.below, self.above).map_err(|e| e.to_string())
    }
}
