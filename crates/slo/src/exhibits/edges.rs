use tailproof_core::Exhibit;

/// Edges of at most `bins` bins between `lo` and `hi`: of equal width, or of equal ratio on a
/// logarithmic axis.
///
/// ```text
/// eᵢ = lo·(1 − i/k) + hi·i/k        log: the same of the logarithms        i = 0..=k
/// ```
/// Inner edges are rounded to a hundredth of their bin, so that a table of them can be read;
/// the ends stay as they are. There are fewer where doubles cannot tell them apart, and two
/// equal ones where `lo = hi`.
pub(super) fn edges(lo: f64, hi: f64, bins: usize, log: bool) -> Vec<f64> {
    let bins = bins.clamp(1, Exhibit::MAX_POINTS);
    let at = |i: usize| {
        let t = i as f64 / bins as f64;
        if log { (lo.ln() * (1.0 - t) + hi.ln() * t).exp() } else { lo * (1.0 - t) + hi * t }
    };
    let mut edges = vec![lo];
    let mut last = lo;
    for i in 1..bins {
        let edge = rounded(at(i), at(i) - at(i - 1));
        if last < edge && edge < hi {
            edges.push(edge);
            last = edge;
        }
    }
    edges.push(hi);
    edges
}

/// A little to the left and to the right of a value, so that it can be drawn alone.
pub(super) fn around(x: f64) -> (f64, f64) {
    let away = if x == 0.0 { 0.5 } else { x.abs() / 200.0 };
    ((x - away).min(x.next_down()).max(f64::MIN), (x + away).max(x.next_up()).min(f64::MAX))
}

/// `x` with the decimals that a hundredth of `width` has; as it is where that is no number.
pub(super) fn rounded(x: f64, width: f64) -> f64 {
    let digits = (2.0 - width.abs().log10().floor()) as i32;
    let scale = 10_f64.powi(digits.saturating_abs());
    let short = if digits >= 0 { (x * scale).round() / scale } else { (x / scale).round() * scale };
    if short.is_finite() { short } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_rise_and_can_be_read() {
        assert_eq!(edges(0.0, 1.0, 3, false), [0.0, 0.333, 0.667, 1.0]);
        assert_eq!(edges(1.0, 1e4, 4, true), [1.0, 10.0, 100.0, 1_000.0, 1e4]);
        assert_eq!(edges(3.0, 3.0, 5, false), [3.0, 3.0]);
    }

    #[test]
    fn a_value_alone_has_some_room() {
        assert_eq!((around(0.0), around(200.0)), ((-0.5, 0.5), (199.0, 201.0)));
        for x in [5e-324, -5e-324, 1e308, f64::MIN_POSITIVE] {
            let (lo, hi) = around(x);
            assert!(lo < x && x < hi && lo.is_finite() && hi.is_finite(), "{x}");
        }
    }

    #[test]
    fn edges_stay_between_the_ends_whatever_they_are() {
        for (lo, hi, log) in [
            (-1e308, 1e308, false),
            (1.0, 1.0_f64.next_up(), false),
            (5e-324, 1e-323, false),
            (f64::MIN_POSITIVE, f64::MAX, true),
            (0.1, 0.1_f64.next_up(), true),
        ] {
            let found = edges(lo, hi, 1_000, log);
            assert!(found.len() <= 65 && found.windows(2).all(|w| w[0] < w[1]), "{found:?}");
            assert_eq!((found[0], found[found.len() - 1]), (lo, hi));
        }
    }
}
