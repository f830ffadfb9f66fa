use ndarray::Array1;
use ndarray_stats::histogram::strategies::{BinsBuildingStrategy, FreedmanDiaconis};
use tailproof_core::{Exhibit, Plot, Shape, number};

use super::edges::{around, edges};
use super::marks::Marks;
use super::outline::Outline;

/// How many times the middle half of the observations an end of the picture may lie from the
/// median: a bar is then at most half of the middle half wide.
const FAR: f64 = 16.0;
/// Shares of the observations that may be left out at an end so that the rest can be seen.
const CUTS: [f64; 4] = [0.0, 0.001, 0.01, 0.05];

/// A histogram with Freedman–Diaconis bins (via ndarray-stats, whose random pivots cannot reach
/// the counts), merged to at most 64.
///
/// ```text
/// h = 2·IQR/n^⅓        bar (from, to] holds #{from < xᵢ ≤ to}; the first holds its lower end
/// ```
/// Where the axis is logarithmic (the largest observation over 30 times the median, at most one
/// in 20 not positive), bins are equal in logarithms, h is that of logarithms, and the title says
/// how many observations have no logarithm. The counts are exact, the
/// width is that of at most 32 768 observations. Coinciding quartiles give 64 equal bins (or one
/// for each observation of fewer), a constant sample one bar around its value.
///
/// An end that lies more than 16 interquartile ranges from the median would leave one bar and 63
/// empty ones: of it the smallest of 0.1, 1 and 5 % is left out that brings it near (1 % when
/// none does, or the quartiles coincide), and the title says how many observations are not shown.
///
/// # Source
/// Freedman & Diaconis (1981), *Zeitschrift für Wahrscheinlichkeitstheorie* 57, 453–476.
pub(super) fn histogram(outline: &Outline<'_>, marks: &Marks, axis: &str) -> Exhibit {
    let log = outline.log();
    let (min, max) = outline.range_drawn(log);
    let (lo, hi) = shown(outline, log);
    let edges = if lo < hi {
        edges(lo, hi, bins(outline, (lo, hi), log), log)
    } else {
        let (left, right) = around(lo);
        vec![left, right]
    };
    let counts = outline.at_most(&edges);
    let hidden = outline.hidden(log);
    let mut before = if lo > min { counts[0] } else { hidden };
    let under = before - hidden;
    let bars = edges
        .windows(2)
        .zip(&counts[1..])
        .map(|(edge, &upto)| {
            let height = (upto - before) as f64;
            before = upto;
            (edge[0], edge[1], height)
        })
        .collect();
    let n = outline.n() as u64;
    let over = n - before;
    let mut left_out = Vec::new();
    if hidden > 0 {
        left_out.push(format!("{} not positive", number(hidden as f64)));
    }
    for (count, side, end, last) in [(under, "at most", lo, min), (over, "above", hi, max)] {
        if count > 0 {
            let (count, end, last) = (number(count as f64), number(end), number(last));
            left_out.push(format!("{count} {side} {end}, as far as {last}"));
        }
    }
    let mut title = "Histogram".to_owned();
    if !left_out.is_empty() {
        title += &format!(" (not shown of {}: {})", number(n as f64), left_out.join("; "));
    }
    let plot = Plot::new(axis, "observations").layer("", Shape::Bars(bars));
    let plot = if log { plot.log_x() } else { plot };
    Exhibit::plot(title, marks.targets_on_x(plot))
}

/// A value on the scale of the axis; halved, as a range may overflow.
fn scaled(x: f64, log: bool) -> f64 {
    if log { x.ln() } else { x / 2.0 }
}

/// From where to where the histogram is drawn.
fn shown(outline: &Outline<'_>, log: bool) -> (f64, f64) {
    let place = |share: f64| scaled(outline.part_drawn(share, log), log);
    let (median, middle) = (place(0.5), place(0.75) - place(0.25));
    let end = |upper: bool| {
        let at = |cut: f64| outline.part_drawn(if upper { 1.0 - cut } else { cut }, log);
        let near = |cut: &f64| (scaled(at(*cut), log) - median).abs() <= FAR * middle;
        let cut = CUTS.into_iter().find(near).filter(|_| middle > 0.0);
        at(cut.unwrap_or(0.01))
    };
    let (lo, hi) = (end(false), end(true));
    if lo < hi { (lo, hi) } else { outline.range_drawn(log) }
}

/// Number of Freedman–Diaconis bins, merged to few enough; as many as there may be when the
/// quartiles coincide.
fn bins(outline: &Outline<'_>, (lo, hi): (f64, f64), log: bool) -> usize {
    // In units of the range, as integers: ndarray-stats wants an ordered type.
    const SCALE: f64 = (1_u32 << 30) as f64;
    let (a, b) = (scaled(lo, log), scaled(hi, log));
    let unit = |x: &f64| ((scaled(*x, log) - a) / (b - a)).clamp(0.0, 1.0) * SCALE;
    let units: Array1<i64> = outline.some().iter().map(|x| unit(x) as i64).collect();
    let Ok(strategy) = FreedmanDiaconis::from_array(&units) else {
        return Exhibit::MAX_POINTS.min(outline.n());
    };
    let bins = (SCALE / strategy.bin_width().max(1) as f64).ceil() as usize;
    bins.div_ceil(bins.div_ceil(Exhibit::MAX_POINTS).max(1))
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Sample};

    use super::super::outline::Tail;
    use super::super::tests::sample;
    use super::*;

    fn drawn(sample: &Sample) -> (String, bool, Vec<(f64, f64, f64)>) {
        let outline = Outline::of(sample, Tail::Upper);
        let exhibit = histogram(&outline, &Marks::default(), "latency, ms");
        let ExhibitKind::Plot(plot) = exhibit.kind else { panic!("a plot") };
        let Shape::Bars(bars) = &plot.layers[0].shape else { panic!("bars") };
        (exhibit.title, plot.x.log, bars.clone())
    }

    fn total(bars: &[(f64, f64, f64)]) -> f64 {
        bars.iter().map(|bar| bar.2).sum()
    }

    #[test]
    fn bars_are_few_and_hold_everything() {
        for values in [
            vec![1.0],
            vec![2.0; 50],
            vec![-1e308, 0.0, 1e308],
            (0..10_000).map(|i| f64::from(i % 977)).collect(),
            (0..100_000).map(|i| f64::from(i % 977)).collect(),
        ] {
            let n = values.len() as f64;
            let (title, _, bars) = drawn(&Sample::new(values).unwrap());
            assert!(bars.len() <= 64 && total(&bars) == n, "{title} {bars:?}");
            assert!(bars.windows(2).all(|w| w[0].1 == w[1].0), "{bars:?}");
            assert!(bars.iter().all(|bar| bar.0 < bar.1), "{bars:?}");
        }
    }

    #[test]
    fn a_few_zeros_do_not_empty_the_bars() {
        // Lognormal with a sigma of 3, nearly, and five zeros.
        let mut values = sample(600, |u| (u / (1.0 - u)).powf(1.65)).values().to_vec();
        values.extend([0.0; 5]);
        let (title, log, bars) = drawn(&Sample::new(values).unwrap());
        assert!(log && title.starts_with("Histogram (not shown of 605: 5 not positive"), "{title}");
        let most = bars.iter().map(|bar| bar.2).fold(0.0, f64::max);
        assert!(most < 200.0 && total(&bars) >= 0.85 * 600.0, "{title} {bars:?}");
    }

    #[test]
    fn heavy_tails_do_not_empty_the_bars() {
        let empty = |bars: &[(f64, f64, f64)]| bars.iter().filter(|b| b.2 == 0.0).count();
        // Pareto: a logarithmic axis.
        let (title, log, bars) = drawn(&sample(50_000, |u| (1.0 - u).powf(-1.5)));
        assert!(log && empty(&bars) < bars.len() / 2, "{title} {bars:?}");
        // The same on both sides: what is far out is counted, not drawn.
        let both = sample(50_000, |u| {
            let x = 2.0 * u - 1.0;
            x.signum() * (1.0 - x.abs()).powf(-1.5)
        });
        let (title, log, bars) = drawn(&both);
        assert!(!log && empty(&bars) < bars.len() / 2, "{title} {bars:?}");
        assert!(title.starts_with("Histogram (not shown of 50 000: "), "{title}");
        assert!(total(&bars) >= 0.89 * 50_000.0, "{title}");
    }

    #[test]
    fn mostly_one_value_still_has_bars() {
        let mut values = vec![0.0; 980];
        values.extend((1..=20).map(f64::from));
        values[5] = 1e9;
        let (title, _, bars) = drawn(&Sample::new(values).unwrap());
        assert!(bars.len() > 1 && title.contains("as far as 1"), "{title} {bars:?}");
    }
}
