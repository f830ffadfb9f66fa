use tailproof_core::{Exhibit, Plot, Sample, Shape, descriptive};

/// Adds values over time, or over their index, to a plot: each as a point where an exhibit holds
/// that many, else the range and the median of windows of successive values.
///
/// `x` ascends, and is as long as the values; both are finite.
pub(crate) fn course(plot: Plot, x: &[f64], values: &[f64]) -> Plot {
    let width = values.len().div_ceil(Exhibit::MAX_POINTS);
    if width <= 1 {
        let points = x.iter().copied().zip(values.iter().copied()).collect();
        return plot.layer("values", Shape::Points(points));
    }
    let (mut band, mut line) = (Vec::new(), Vec::new());
    for (x, values) in x.chunks(width).zip(values.chunks(width)) {
        let Ok(sample) = Sample::new(values.to_vec()) else { continue };
        let at = f64::midpoint(x[0], x[x.len() - 1]);
        let (lo, hi) = sample.range();
        band.push((at, lo, hi));
        line.push((at, descriptive::median(&sample)));
    }
    plot.layer("window range", Shape::Band(band))
        .layer(format!("window median of {width} values"), Shape::Line(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_courses_are_thinned_and_keep_every_peak() {
        for (n, layers) in [(1, 1), (64, 1), (65, 2), (1_000, 2)] {
            let x: Vec<f64> = (0..n).map(f64::from).collect();
            let mut values = vec![1.0; x.len()];
            values[x.len() / 2] = 9.0;
            let plot = course(Plot::new("point", "y"), &x, &values);
            assert_eq!(plot.layers.len(), layers, "{n}");
            let most = match &plot.layers[0].shape {
                Shape::Points(points) => {
                    points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max)
                }
                Shape::Band(band) => {
                    assert!(band.len() <= Exhibit::MAX_POINTS);
                    band.iter().map(|b| b.2).fold(f64::NEG_INFINITY, f64::max)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(most, 9.0, "{n}");
        }
    }
}
