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
/// The band is ±1.96/√n, within which 95 % of the lags of independent observations lie. Of more
/// than 16 384 observations those in the middle are taken, and the title says which. `None` when
/// the order of the observations is not that of time, below 20 of them, and without spread.
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
    let rho = autocorrelation(&values[from..from + looked_at]);
    let points: Vec<(f64, f64)> = (1..=LAGS.min(looked_at / 4))
        .map(|lag| (lag as f64, (rho[lag] * 1e4).round() / 1e4))
        .collect();
    if rho[1..].iter().all(|&r| r == 0.0) || rho.iter().any(|r| !r.is_finite()) {
        return None;
    }
    let title = if looked_at == n {
        "Autocorrelation".to_owned()
    } else {
        let (first, last) = (number((from + 1) as f64), number((from + looked_at) as f64));
        format!("Autocorrelation of observations {first} to {last}")
    };
    let band = 1.96 / (looked_at as f64).sqrt();
    let plot = Plot::new("lag, observations", "autocorrelation")
        .layer("", Shape::Points(points))
        .mark("±1.96/√n: 95 % of the lags of independent observations", Place::YBand(-band, band));
    Some(Exhibit::plot(title, plot))
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
