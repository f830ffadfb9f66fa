use ndarray::Array1;
use ndarray_stats::histogram::strategies::{BinsBuildingStrategy, FreedmanDiaconis};
use tailproof_core::{Dataset, Exhibit, ExhibitKind, Finding, Sample};

use crate::t4::complete;

/// What a report draws of a sample: its distribution function and a histogram.
///
/// The ECDF is thinned to 64 steps that include the extremes; the histogram has
/// Freedman–Diaconis bins (via ndarray-stats, whose random pivots cannot reach the counts),
/// merged to at most 64. A constant sample has one bar.
#[must_use]
pub fn distribution(sample: &Sample, axis: &str) -> Vec<Exhibit> {
    let sorted = sample.sorted();
    let n = sorted.len();
    let points = n.min(Exhibit::MAX_POINTS);
    let steps = (0..points)
        .map(|i| {
            let at = if points == 1 { 0 } else { i * (n - 1) / (points - 1) };
            let upto = sorted.partition_point(|x| *x <= sorted[at]);
            (sorted[at], upto as f64 / n as f64)
        })
        .collect();
    vec![
        Exhibit {
            title: "Distribution".to_owned(),
            x: axis.to_owned(),
            y: "share of observations at most x".to_owned(),
            kind: ExhibitKind::Steps(steps),
        },
        Exhibit {
            title: "Histogram".to_owned(),
            x: axis.to_owned(),
            y: "observations".to_owned(),
            kind: ExhibitKind::Bars(bars(sorted)),
        },
    ]
}

/// Draws each raw metric of a data set once, on its first finding.
pub fn add_exhibits(data: &Dataset, findings: &mut [Finding]) {
    for series in &data.series {
        let own = findings
            .iter_mut()
            .find(|f| f.subject.metric == series.metric.name && f.subject.labels == series.labels);
        if let (Some(finding), Some(sample)) = (own, complete(series)) {
            let axis = format!("{}{}", series.metric.name, series.metric.suffix());
            finding.exhibits = distribution(sample, &axis);
        }
    }
}

fn bars(sorted: &[f64]) -> Vec<(f64, f64, f64)> {
    let (lo, hi) = (sorted[0], sorted[sorted.len() - 1]);
    if lo == hi {
        return vec![(lo, hi, sorted.len() as f64)];
    }
    let edges = freedman_diaconis(sorted)
        .unwrap_or_else(|| equal_edges(lo, hi, Exhibit::MAX_POINTS.min(sorted.len())));
    let last = edges.len() - 2;
    edges
        .windows(2)
        .enumerate()
        .map(|(i, w)| {
            let from = sorted.partition_point(|&x| x < w[0]);
            let to = if i == last { sorted.len() } else { sorted.partition_point(|&x| x < w[1]) };
            (w[0], w[1], to.saturating_sub(from) as f64)
        })
        .collect()
}

fn equal_edges(lo: f64, hi: f64, bins: usize) -> Vec<f64> {
    let bins = bins.max(1);
    (0..=bins)
        .map(|i| {
            let t = i as f64 / bins as f64;
            lo * (1.0 - t) + hi * t
        })
        .collect()
}

/// Edges of the Freedman–Diaconis histogram, merged to few enough; `None` when the quartiles
/// coincide.
fn freedman_diaconis(sorted: &[f64]) -> Option<Vec<f64>> {
    // In units of the range, as integers: ndarray-stats wants an ordered type.
    const SCALE: f64 = (1_u32 << 30) as f64;
    let (lo, hi) = (sorted[0], sorted[sorted.len() - 1]);
    let (a, b) = (lo / 2.0, hi / 2.0); // The range itself may overflow.
    // Every so-manieth value of a large sample has the same quartiles and costs no copy of it.
    let units: Array1<i64> = sorted
        .iter()
        .step_by(sorted.len().div_ceil(1 << 16))
        .map(|x| ((x / 2.0 - a) / (b - a) * SCALE) as i64)
        .collect();
    let width = FreedmanDiaconis::from_array(&units).ok()?.bin_width();
    let bins = (SCALE / width.max(1) as f64).ceil() as usize;
    Some(equal_edges(lo, hi, bins.div_ceil(bins.div_ceil(Exhibit::MAX_POINTS))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_bounded_and_complete() {
        for values in [
            vec![1.0],
            vec![2.0; 50],
            (0..10_000).map(|i| f64::from(i % 977).powi(3)).collect(),
            vec![-1e308, 0.0, 1e308],
        ] {
            let n = values.len() as f64;
            let exhibits = distribution(&Sample::new(values).unwrap(), "latency, ms");
            for e in exhibits {
                match e.kind {
                    ExhibitKind::Steps(s) => {
                        assert!(s.len() <= 64 && s.last().unwrap().1 == 1.0);
                    }
                    ExhibitKind::Bars(b) => {
                        assert!(b.len() <= 64, "{}", b.len());
                        assert_eq!(b.iter().map(|x| x.2).sum::<f64>(), n);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}
