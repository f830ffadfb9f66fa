use std::ops::Range;

use tailproof_core::{Dataset, Labels, Series};

/// What a curve runs over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axis {
    /// The size of the work: `size`, `n`, `length`, …, or a number at the end of the name.
    Size,
    /// The number of workers: `workers`, `threads`, `jobs`, …
    Workers,
    /// A label by its name.
    Label(String),
}

const SIZES: &[&str] = &[
    "size",
    "n",
    "length",
    "len",
    "count",
    "elements",
    "items",
    "rows",
    "input_size",
    "param",
    "parameter",
];
const WORKERS: &[&str] = &[
    "workers",
    "threads",
    "n_jobs",
    "jobs",
    "processes",
    "procs",
    "cpus",
    "cores",
    "concurrency",
    "clients",
    "connections",
    "vus",
    "gomaxprocs",
];

impl Axis {
    /// The axis that the labels of a data set name: a size before workers, and a size when
    /// there is only a number at the end of names.
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        let named = |axis: &Self| data.series.iter().any(|s| axis.named(s).is_some());
        if !named(&Self::Size) && named(&Self::Workers) { Self::Workers } else { Self::Size }
    }

    /// `size`, `workers`, or the label's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Size => "size",
            Self::Workers => "workers",
            Self::Label(name) => name,
        }
    }

    /// Whether its values are counts of workers.
    #[must_use]
    pub fn counts_workers(&self) -> bool {
        match self {
            Self::Size => false,
            Self::Workers => true,
            Self::Label(name) => WORKERS.iter().any(|w| w.eq_ignore_ascii_case(name)),
        }
    }

    /// Names of labels that give it, the likeliest first.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        match self {
            Self::Size => SIZES.to_vec(),
            Self::Workers => WORKERS.to_vec(),
            Self::Label(name) => vec![name.as_str()],
        }
    }

    /// The value that a label or a named part of the benchmark's name gives.
    pub(super) fn named(&self, series: &Series) -> Option<Found> {
        for name in self.labels() {
            let label = series.labels.iter().find(|(k, _)| k.eq_ignore_ascii_case(name));
            if let Some((key, text)) = label
                && let Some(x) = quantity(text)
            {
                let mut labels = series.labels.clone();
                labels.remove(key);
                return Some(Found { x, axis: key.clone(), labels });
            }
        }
        let benchmark = series.labels.get("benchmark")?;
        for name in self.labels() {
            let mut next = 0;
            for part in benchmark.split(['/', '[', ']', '(', ')', ',', ' ', '?', '&']) {
                // One byte lies between two parts.
                let at = next;
                next += part.len() + 1;
                let Some((key, text)) = part.split_once(['=', ':']) else { continue };
                let bare = text.rsplit_once('-').map_or(text, |(value, _)| value);
                if key.eq_ignore_ascii_case(name)
                    && let Some(x) = quantity(text).or_else(|| quantity(bare))
                {
                    let axis = key.to_owned();
                    return Some(Found {
                        x,
                        axis,
                        labels: without(series, benchmark, at..at + part.len()),
                    });
                }
            }
        }
        None
    }

    /// The value that a number at the end of the benchmark's name gives.
    pub(super) fn trailing(&self, series: &Series) -> Option<Found> {
        if matches!(self, Self::Label(_)) {
            return None;
        }
        let benchmark = series.labels.get("benchmark")?;
        // What has a name of its own, such as `threads:8`, is not the size.
        let named = |part: &str| part.contains('=') || (part.contains(':') && !part.contains("::"));
        let mut end = benchmark.len();
        let segment = loop {
            let from = benchmark[..end].rfind('/').map_or(0, |i| i + 1);
            let segment = &benchmark[from..end];
            if from == 0 || !named(segment) {
                break segment;
            }
            end = from - 1;
        };
        let segment = segment.trim_end_matches([')', ']']);
        let number = segment.rsplit(['_', '-', '=', ':', '(', '[', ' ', ',']).next()?;
        let x = quantity(number)?;
        let tail = benchmark[..end].len() - benchmark[..end].trim_end_matches([')', ']']).len();
        let at = end - tail - number.len();
        let axis = self.name().to_owned();
        Some(Found { x, axis, labels: without(series, benchmark, at..at + number.len()) })
    }
}

pub(super) struct Found {
    pub(super) x: f64,
    pub(super) axis: String,
    pub(super) labels: Labels,
}

/// The labels of a series, the benchmark's name without one part.
fn without(series: &Series, benchmark: &str, part: Range<usize>) -> Labels {
    let mut labels = series.labels.clone();
    let rest = [&benchmark[..part.start], &benchmark[part.end..]].concat();
    let rest = rest.replace("//", "/").replace("[]", "").replace("()", "");
    let rest = rest.trim_matches(|c: char| "/_-=:([ ,".contains(c)).to_owned();
    if rest.is_empty() {
        labels.remove("benchmark");
    } else {
        labels.insert("benchmark".to_owned(), rest);
    }
    labels
}

/// `1000`, `1_000`, `2.5`, `1K` (1 000), `4Ki`, `4KiB` (4 096), `3M`, `1GB`.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'));
    let (digits, suffix) = text.split_at(at.unwrap_or(text.len()));
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let scale = match suffix {
        "" | "B" => 1.0,
        "k" | "K" | "kB" | "KB" => 1e3,
        "m" | "M" | "MB" => 1e6,
        "g" | "G" | "GB" => 1e9,
        "ki" | "Ki" | "KiB" => 1_024.0,
        "Mi" | "MiB" => 1_048_576.0,
        "Gi" | "GiB" => 1_073_741_824.0,
        _ => return None,
    };
    let x: f64 = digits.replace('_', "").parse().ok()?;
    (x * scale).is_finite().then_some(x * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        assert_eq!(quantity("sha256"), None);
        assert_eq!(quantity("1_000"), Some(1_000.0));
        assert_eq!(quantity("."), None);
    }
}
