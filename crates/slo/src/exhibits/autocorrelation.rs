use std::collections::BTreeMap;

use tailproof_core::{Exhibit, Order, Place, Plot, Sample, Series, Shape, number};
use tailproof_resampling::autocorrelation;

/// Fewest observations of which autocorrelations are drawn.
const FEWEST: usize = 20;
/// Most observations that are looked at: those in the middle of a longer series.
const MOST: usize = 1 << 14;
/// Most lags.
const LAGS: usize = 40;

/// The autocorrelogram: how much an observation says of the one `k` later.
///
/// ```text
/// ρ_k = Σ_t (x_t − x̄)(x_{t+k} − x̄) / Σ_t (x_t − x̄)²        k = 1..=min(40, n/4)
/// ```
/// With runs x̄ is that of the run, products are of pairs of one run, both sums go over all runs,
/// and n under the lags is that of the longest: a difference between runs is no dependence.
/// The band is ±1.96/√n, within which 95 % of the lags of independent observations lie. Of more
/// than 16 384 observations those in the middle are taken, and the title says which. `None` when
/// the order of the observations is not that of time, below 20 of a run, and without spread.
///
/// # Source
/// Box, Jenkins & Reinsel, *Time Series Analysis*, §2.1; the band: Bartlett (1946), *Supplement
/// to the JRSS* 8(1), 27–41.
pub(super) fn autocorrelogram(series: &Series, sample: &Sample) -> Option<Exhibit> {
    let (values, n) = (sample.values(), sample.len());
    let timed = series.time.as_ref().is_some_and(|time| time.len() == n && time.is_sorted());
    if n < FEWEST || !(timed || sample.order() == Order::Time) {
        return None;
    }
    let looked_at = n.min(MOST);
    let from = (n - looked_at) / 2;
    let run = series.run.as_deref().filter(|run| run.len() == n);
    let mut runs: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for i in from..from + looked_at {
        runs.entry(run.map_or(0, |run| run[i])).or_default().push(values[i]);
    }
    let longest = runs.values().map(Vec::len).max().filter(|&longest| longest >= FEWEST)?;
    let rho = within(&runs.into_values().collect::<Vec<_>>(), LAGS.min(longest / 4))?;
    let points = (1_u32..).zip(rho);
    let points: Vec<(f64, f64)> =
        points.map(|(lag, rho)| (f64::from(lag), (rho * 1e4).round() / 1e4)).collect();
    let title = if looked_at == n {
        "Autocorrelation".to_owned()
    } else {
        let (first, last) = (number((from + 1) as f64), number((from + looked_at) as f64));
        format!("Autocorrelation of observations {first} to {last}")
    };
    let band = 1.96 / (looked_at as f64).sqrt();
    let plot = Plot::new("lag, observations", "autocorrelation")
        .layer("", Shape::Points(points))
        .mark("95 % if independent, each lag", Place::YBand(-band, band));
    Some(Exhibit::plot(title, plot))
}

/// Autocorrelations of lags `1..=lags` within runs: those of each run, weighted by its squares.
/// `None` when no run has spread.
fn within(runs: &[Vec<f64>], lags: usize) -> Option<Vec<f64>> {
    // In units of the largest, so that no square overflows.
    let unit = runs.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
    let (mut sums, mut whole) = (vec![0.0; lags], 0.0);
    for run in runs {
        let rho = autocorrelation(run);
        // One value, equal values: no lag has any.
        if rho.iter().skip(1).all(|&r| r == 0.0) {
            continue;
        }
        let scaled: Vec<f64> = run.iter().map(|x| x / unit).collect();
        let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
        let squares: f64 = scaled.iter().map(|x| (x - mean).powi(2)).sum();
        whole += squares;
        for (sum, rho) in sums.iter_mut().zip(&rho[1..]) {
            *sum += squares * rho;
        }
    }
    let rho: Vec<f64> = sums.into_iter().map(|sum| sum / whole).collect();
    rho.iter().all(|r| r.is_finite()).then_some(rho)
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Metric, Observations, Raw};

    use super::*;

    fn drawn(values: Vec<f64>, in_order: bool) -> Option<Exhibit> {
        let sample = Sample::new(values).unwrap();
        let sample = if in_order { sample.in_time_order() } else { sample };
        let observations = Observations::Raw(Raw::complete(sample.clone()));
        autocorrelogram(&Series::new(Metric::new("latency", None), observations), &sample)
    }

    fn points(exhibit: &Exhibit) -> &[(f64, f64)] {
        let ExhibitKind::Plot(plot) = &exhibit.kind else { panic!("a plot") };
        let Shape::Points(points) = &plot.layers[0].shape else { panic!("points") };
        points
    }

    #[test]
    fn a_period_is_seen() {
        let found = drawn((0..100).map(|i| f64::from(i % 4)).collect(), true).unwrap();
        let lags = points(&found);
        assert_eq!((lags.len(), lags[0].0), (25, 1.0));
        assert!(lags[3].1 > 0.9 && lags[1].1 < -0.5, "{lags:?}");
    }

    #[test]
    fn a_difference_between_runs_is_no_dependence() {
        let noise = |i: u32| f64::from(i.wrapping_mul(2_654_435_769) >> 20);
        // Two runs in turn, far apart in level; and one after the other.
        let runs: [fn(u32) -> u32; 2] = [|i| i % 2, |i| i / 500];
        for run_of in runs {
            let level = |i: u32| 1e6 * f64::from(run_of(i));
            // Of a low-discrepancy sequence only the jumps between runs are of interest.
            let values: Vec<f64> = (0..1_000).map(|i| noise(i * i % 997) + level(i)).collect();
            let sample = Sample::new(values).unwrap().in_time_order();
            let raw = Observations::Raw(Raw::complete(sample.clone()));
            let plain = Series::new(Metric::new("latency", None), raw);
            let runs = Series { run: Some((0..1_000).map(run_of).collect()), ..plain.clone() };
            let largest = |series: &Series| {
                let found = autocorrelogram(series, &sample).unwrap();
                points(&found).iter().map(|p| p.1.abs()).fold(0.0, f64::max)
            };
            assert!(largest(&plain) > 0.9, "{}", largest(&plain));
            assert!(largest(&runs) < 0.3, "{}", largest(&runs));
        }
    }

    #[test]
    fn one_run_is_a_series() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i * i % 17)).collect();
        let want = autocorrelation(&values);
        let found = within(std::slice::from_ref(&values), 40).unwrap();
        assert!(found.iter().zip(&want[1..]).all(|(a, b)| (a - b).abs() < 1e-12));
        assert_eq!(within(&[vec![1.0; 50], vec![2.0; 50]], 10), None);
    }

    #[test]
    fn long_series_are_looked_at_in_the_middle() {
        let found = drawn((0..20_000).map(|i| f64::from(i * i % 101)).collect(), true).unwrap();
        assert_eq!(points(&found).len(), 40);
        assert!(found.title.starts_with("Autocorrelation of observations "), "{}", found.title);
    }

    #[test]
    fn what_has_no_order_or_no_spread_is_not_drawn() {
        let values = || (0..100).map(|i| f64::from(i % 7)).collect::<Vec<_>>();
        assert!(drawn(values(), true).is_some());
        assert_eq!(drawn(values(), false), None);
        assert_eq!(drawn(values()[..19].to_vec(), true), None);
        assert_eq!(drawn(vec![3.0; 100], true), None);
    }
}
